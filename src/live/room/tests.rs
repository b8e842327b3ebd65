use proptest::prelude::*;

use super::*;
use crate::domain::SuggestionSetId;
use crate::suggest::request::{ModelView, QueryView, Timings};

fn set() -> SuggestResponse {
    SuggestResponse {
        id: SuggestionSetId::new(),
        suggestions: Vec::new(),
        abstained: None,
        query: QueryView { text: String::new(), questions: Vec::new(), used_turns: Vec::new() },
        model: ModelView { name: String::new(), fingerprint: String::new() },
        timings_ms: Timings::default(),
        explanation: None,
    }
}

fn live(messages: u32, turn: Option<u32>) -> Standing {
    Standing { state: ConversationState::Live, messages, turn }
}

fn message(position: u32, role: Role) -> ShownMessage {
    ShownMessage { position, role, kind: crate::domain::MessageKind::Text, text: String::new(), at: None }
}

/// A room where the customer has said one thing, and somebody watches.
fn watched() -> Room {
    let room = Room::new();
    room.join("li", live(1, Some(0)), None);
    room
}

fn asks(room: &Room, position: u32) {
    room.add(vec![message(position, Role::Customer)], live(position + 1, Some(position)));
}

fn answers(room: &Room, position: u32) {
    room.add(vec![message(position, Role::Agent)], live(position + 1, None));
}

/// Names of the events behind a place, and the place behind them.
fn read(room: &Room, mut place: u64) -> (Vec<&'static str>, u64) {
    let mut names = Vec::new();
    while let Next::Event(sent) = room.after(place) {
        names.push(sent.event.name());
        place = sent.id.number;
    }
    (names, place)
}

#[test]
fn nothing_is_computed_while_nobody_watches() {
    let room = Room::new();
    asks(&room, 0);
    assert_eq!(room.task(), None);
    room.join("li", live(1, Some(0)), None);
    assert!(room.begin_computing());
    assert!(!room.begin_computing(), "one computation is enough");
    let task = room.task().unwrap();
    assert_eq!((task.turn, task.draft.as_deref(), task.actor.as_str()), (0, None, "li"));
    room.leave();
    assert_eq!(room.task(), None);
}

#[test]
fn what_another_process_has_added_is_told_once() {
    let room = watched();
    let (place, _) = room.present();
    room.offer(&room.task().unwrap(), Some(set()));
    let all = |count: u32| (0..count).map(|position| message(position, Role::Customer)).collect::<Vec<_>>();
    room.learn(all(1), live(1, Some(0)));
    assert_eq!(read(&room, place).0, ["suggestions"], "nothing new: the set stands");
    room.learn(all(3), live(3, Some(2)));
    // Told again, and by whoever adds the next one without knowing what the watchers were told.
    room.learn(all(3), live(3, Some(2)));
    room.add(all(4), live(4, Some(3)));
    let (names, place) = read(&room, place);
    assert_eq!(names, ["message", "message", "withdrawn", "message"]);
    let closed = Standing { state: ConversationState::Closed, messages: 4, turn: Some(3) };
    room.learn(all(4), closed);
    room.learn(all(4), closed);
    room.tell_typing(Role::Agent, true);
    room.tell_typing(Role::Agent, true);
    assert_eq!(read(&room, place).0, ["state", "typing"]);
}

#[test]
fn a_set_is_withdrawn_before_the_next_one_is_computed() {
    let room = watched();
    let (place, _) = room.present();
    room.offer(&room.task().unwrap(), Some(set()));
    assert_eq!(room.task(), None, "one set for one turn");
    asks(&room, 1);
    assert_eq!(read(&room, place).0, ["message", "withdrawn"], "the old set is passed over");
    room.offer(&room.task().unwrap(), Some(set()));
    answers(&room, 2);
    assert_eq!(room.task(), None);
    assert_eq!(read(&room, place).0, ["message", "withdrawn", "message", "withdrawn"]);
}

#[test]
fn the_result_for_an_older_turn_is_dropped() {
    let room = watched();
    let old = room.task().unwrap();
    asks(&room, 1);
    let new = room.task().unwrap();
    room.offer(&old, Some(set()));
    assert_eq!(read(&room, 0).0, ["message"]);
    room.offer(&new, None);
    assert_eq!(read(&room, 0).0, ["message", "failed"]);
    room.offer(&new, Some(set()));
    assert_eq!(read(&room, 0).0, ["message", "failed"], "a task has one result");
}

#[tokio::test]
async fn a_task_is_outdated_as_soon_as_the_customer_goes_on() {
    let room = watched();
    let task = room.task().unwrap();
    let outdated = room.outdated(&task);
    tokio::pin!(outdated);
    assert!(futures::poll!(&mut outdated).is_pending());
    asks(&room, 1);
    outdated.await;
}

#[test]
fn whoever_comes_back_goes_on_where_they_were_while_the_run_lasts() {
    let room = watched();
    let (place, present) = room.present();
    let seen = present[0].id;
    assert_eq!(seen, EventId { messages: 1, run: seen.run, number: place });
    asks(&room, 1);
    room.join("mei", live(2, Some(1)), None);
    room.leave();
    assert_eq!(room.join("li", live(2, Some(1)), Some(seen)), (place, true));
    assert_eq!(read(&room, place).0, ["message"]);
    for _ in 0..2 {
        room.leave();
    }
    // Nobody is there, but nothing has happened: the run goes on.
    let last = read(&room, place).1;
    assert_eq!(room.join("li", live(2, Some(1)), Some(EventId { messages: 2, number: last, ..seen })), (last, true));
    room.leave();
    answers(&room, 2);
    let (place, is_known) = room.join("li", live(3, None), Some(EventId { messages: 2, number: last, ..seen }));
    assert!(!is_known && room.present().1[0].id.run != seen.run && matches!(room.after(place), Next::Nothing));
}

#[test]
fn whoever_is_interrupted_before_the_set_is_not_led_on_behind_it() {
    let room = watched();
    room.offer(&room.task().unwrap(), Some(set()));
    let (place, present) = room.present();
    assert_eq!(present.iter().map(|sent| sent.event.name()).collect::<Vec<_>>(), ["state", "suggestions"]);
    assert_eq!((present[0].id.run, present[1].id.number), (0, place));
    assert!(!room.join("li", live(1, Some(0)), Some(present[0].id)).1);
}

#[test]
fn whoever_falls_behind_the_ring_is_told() {
    let room = watched();
    let (place, _) = room.present();
    for position in 1..=KEPT_EVENTS as u32 + 1 {
        asks(&room, position);
    }
    assert!(matches!(room.after(place), Next::Lost));
}

#[test]
fn drafts_bring_provisional_sets_until_they_are_sent_or_dropped() {
    let room = watched();
    let (place, _) = room.present();
    room.offer(&room.task().unwrap(), Some(set()));
    room.set_typing(Role::Customer, Some("怎么".to_owned()), true);
    let task = room.task().unwrap();
    assert_eq!((task.turn, task.draft.as_deref()), (1, Some("怎么")));
    room.set_typing(Role::Customer, Some("怎么退".to_owned()), true);
    room.offer(&task, Some(set()));
    let task = room.task().unwrap();
    room.offer(&task, Some(set()));
    assert_eq!(read(&room, place).0, ["typing", "suggestions"]);
    room.set_typing(Role::Customer, None, false);
    assert_eq!(read(&room, place).0, ["typing", "typing", "withdrawn"]);
    let task = room.task().unwrap();
    assert_eq!((task.turn, task.draft.as_deref()), (0, None), "the turn's own set comes back");
    room.offer(&task, Some(set()));
    room.set_typing(Role::Customer, Some("运费".to_owned()), true);
    room.set_typing(Role::Customer, None, true);
    assert_eq!(room.task(), None, "the turn's own set was never taken back");
    asks(&room, 1);
    assert_eq!(room.task().unwrap().draft, None);
}

#[derive(Debug, Clone, Copy)]
enum Step {
    Ask,
    Answer,
    Type,
    Drop,
    Begin,
    Offer(usize),
    Read(usize, usize),
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        3 => Just(Step::Ask),
        1 => Just(Step::Answer),
        1 => Just(Step::Type),
        1 => Just(Step::Drop),
        3 => Just(Step::Begin),
        3 => (0usize..4).prop_map(Step::Offer),
        3 => ((0usize..2), (1usize..5)).prop_map(|(reader, count)| Step::Read(reader, count)),
    ]
}

/// What one reader sees.
#[derive(Default)]
struct Reader {
    place: u64,
    messages: u32,
    on_screen: Option<(u32, bool)>,
}

impl Reader {
    fn read(&mut self, room: &Room, count: usize) {
        for _ in 0..count {
            let Next::Event(sent) = room.after(self.place) else { return };
            self.place = sent.id.number;
            match &*sent.event {
                ConversationEvent::Message(message) => {
                    assert_eq!(message.position, self.messages, "no gap, no repetition");
                    self.messages += 1;
                    assert_eq!(sent.id.messages, self.messages);
                }
                ConversationEvent::Suggestions(set) => self.on_screen = Some((set.turn, set.provisional)),
                ConversationEvent::Withdrawn(_) => self.on_screen = None,
                ConversationEvent::State(_) | ConversationEvent::Failed(_) | ConversationEvent::Typing(_) => {}
            }
        }
    }
}

proptest! {
    /// Whatever the order of messages, results and reading: what stays on a screen belongs to the latest turn, or to what is being written.
    #[test]
    fn no_stale_set_stays_on_a_screen(steps in proptest::collection::vec(step(), 1..80)) {
        let room = Room::new();
        let mut readers = [Reader::default(), Reader::default()];
        for _ in &readers {
            room.join("li", live(0, None), None);
        }
        let (mut count, mut turn, mut typed, mut tasks) = (0, None, 0, Vec::new());
        for step in steps {
            match step {
                Step::Ask => {
                    turn = Some(count);
                    asks(&room, count);
                    count += 1;
                }
                Step::Answer => {
                    turn = None;
                    answers(&room, count);
                    count += 1;
                }
                Step::Type => {
                    typed += 1;
                    room.set_typing(Role::Customer, Some(format!("{typed}")), true);
                }
                Step::Drop => room.set_typing(Role::Customer, None, false),
                Step::Begin => tasks.extend(room.task()),
                // Results of older tasks come as well.
                Step::Offer(back) => {
                    if let Some(task) = tasks.len().checked_sub(1 + back).and_then(|at| tasks.get(at)) {
                        room.offer(task, Some(set()));
                    }
                }
                Step::Read(reader, count) => readers[reader].read(&room, count),
            }
        }
        for reader in &mut readers {
            reader.read(&room, usize::MAX);
            prop_assert_eq!(reader.messages, count);
            match reader.on_screen {
                Some((of, false)) => prop_assert_eq!(Some(of), turn),
                Some((of, true)) => prop_assert_eq!(of, count),
                None => {}
            }
        }
        if let Some(task) = room.task() {
            room.offer(&task, Some(set()));
            for reader in &mut readers {
                reader.read(&room, usize::MAX);
                prop_assert_eq!(reader.on_screen, Some((task.turn, task.draft.is_some())));
            }
        }
    }
}
