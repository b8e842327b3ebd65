//! One conversation that somebody watches: its latest events and what has to be computed. No I/O, so its rules are tested here.
//!
//! Events are kept in a ring and every reader has a place of its own in it: a slow one holds up nobody, and one that has fallen behind the
//! ring reads from the store instead. At most one computation runs, for the newest turn; whatever makes a turn old begins a new *generation*,
//! and a result of an old generation is dropped. While nobody watches, nothing is kept: the run of events ends, and what is missed is in the store.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::watch;
use uuid::Uuid;

use super::ShownMessage;
use super::event::{ConversationEvent, EventId, FailedEvent, StateEvent, SuggestionsEvent, TypingEvent, WithdrawnEvent, WithdrawnReason};
use crate::domain::{ConversationState, Role};
use crate::suggest::SuggestResponse;

/// Events kept for readers that are behind.
const KEPT_EVENTS: usize = 256;

/// An event with its place.
#[derive(Debug, Clone)]
pub struct Sent {
    /// Where it stands.
    pub id: EventId,
    /// What it says.
    pub event: Arc<ConversationEvent>,
}

/// Where a conversation stands, as the store has it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Standing {
    pub(super) state: ConversationState,
    pub(super) messages: u32,
    pub(super) turn: Option<u32>,
}

/// What is to be computed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Task {
    generation: u64,
    /// Position of the customer message, or the one that the draft would have.
    pub(super) turn: u32,
    /// What the customer is writing, if that is what suggestions are wanted for.
    pub(super) draft: Option<String>,
    /// Who asks.
    pub(super) actor: String,
}

/// What a reader at some place finds next.
#[derive(Debug)]
pub(super) enum Next {
    /// An event.
    Event(Sent),
    /// Nothing yet.
    Nothing,
    /// The place is not in the ring any more.
    Lost,
}

/// The set that stands at present.
#[derive(Debug)]
struct Offered {
    number: u64,
    turn: u32,
    provisional: bool,
    event: Arc<ConversationEvent>,
}

#[derive(Debug)]
struct Now {
    run: u64,
    /// Number of the event that comes next.
    next: u64,
    ring: VecDeque<Sent>,
    standing: Standing,
    draft: Option<String>,
    offered: Option<Offered>,
    generation: u64,
    /// The generation that has been answered.
    settled: u64,
    computing: bool,
    watchers: usize,
    actor: String,
    /// Who is writing.
    typing: Vec<Role>,
}

/// One conversation that somebody watches.
#[derive(Debug)]
pub(super) struct Room {
    /// Held while the store is changed and the change is announced, so that both have the same order.
    pub(super) order: tokio::sync::Mutex<()>,
    now: Mutex<Now>,
    changed: watch::Sender<()>,
}

impl Room {
    pub(super) fn new() -> Self {
        let standing = Standing { state: ConversationState::Closed, messages: 0, turn: None };
        let now = Now {
            run: new_run(),
            next: 1,
            ring: VecDeque::new(),
            standing,
            draft: None,
            offered: None,
            generation: 0,
            settled: 0,
            computing: false,
            watchers: 0,
            actor: String::new(),
            typing: Vec::new(),
        };
        Self { order: tokio::sync::Mutex::default(), now: Mutex::new(now), changed: watch::Sender::new(()) }
    }

    fn now(&self) -> MutexGuard<'_, Now> {
        self.now.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Changes what is the case, then wakes everybody.
    fn change<T>(&self, change: impl FnOnce(&mut Now) -> T) -> T {
        let result = change(&mut self.now());
        self.changed.send_replace(());
        result
    }

    /// Wakes when something changes.
    pub(super) fn changes(&self) -> watch::Receiver<()> {
        self.changed.subscribe()
    }

    /// Somebody watches from now on. Their place is behind the last event, or where `resume` says if that is still known; the second
    /// value tells whether it is. The first watcher brings `standing` along, which the others know better.
    pub(super) fn join(&self, actor: &str, standing: Standing, resume: Option<EventId>) -> (u64, bool) {
        self.change(|now| {
            if now.watchers == 0 && now.standing != standing {
                now.begin_run(standing);
            }
            now.watchers += 1;
            actor.clone_into(&mut now.actor);
            let last = now.next - 1;
            let oldest = now.ring.front().map_or(last, |sent| sent.id.number - 1);
            match resume {
                Some(id) if id.run == now.run && (oldest..=last).contains(&id.number) => (id.number, true),
                _ => (last, false),
            }
        })
    }

    /// How many watch.
    pub(super) fn watchers(&self) -> usize {
        self.now().watchers
    }

    /// A watcher has left.
    pub(super) fn leave(&self) {
        self.change(|now| now.watchers -= 1);
    }

    /// What a reader is told who can't be led on from their place: where the conversation stands, and the set that stands.
    pub(super) fn present(&self) -> (u64, Vec<Sent>) {
        let now = self.now();
        let place = now.next - 1;
        let mut state = now.sent(place, Arc::new(ConversationEvent::State(now.state_event())));
        let set = now.offered.as_ref().map(|offered| now.sent(place, Arc::clone(&offered.event)));
        if set.is_some() {
            // Whoever is interrupted between the two must not be led on behind both.
            state.id = EventId { run: 0, number: 0, ..state.id };
        }
        (place, std::iter::once(state).chain(set).collect())
    }

    /// The event behind `place`. Sets that have been taken back or replaced meanwhile are passed over.
    pub(super) fn after(&self, place: u64) -> Next {
        let now = self.now();
        let Some(first) = now.ring.front().map(|sent| sent.id.number) else {
            return if place + 1 == now.next { Next::Nothing } else { Next::Lost };
        };
        if place + 1 < first || place >= now.next {
            return Next::Lost;
        }
        let standing = now.offered.as_ref().map(|offered| offered.number);
        let is_old = |sent: &&Sent| matches!(*sent.event, ConversationEvent::Suggestions(_)) && standing != Some(sent.id.number);
        now.ring
            .iter()
            .skip((place + 1 - first) as usize)
            .find(|sent| !is_old(sent))
            .map_or(Next::Nothing, |sent| Next::Event(sent.clone()))
    }

    /// Whether anybody watches.
    pub(super) fn is_watched(&self) -> bool {
        self.now().watchers > 0
    }

    /// Announces those of the conversation's messages that the watchers do not know, and where it stands with them.
    pub(super) fn add(&self, messages: Vec<ShownMessage>, standing: Standing) {
        self.change(|now| now.add(messages, standing));
    }

    /// Announces that the conversation is closed, or goes on.
    pub(super) fn set_state(&self, standing: Standing) {
        self.change(|now| now.set_state(standing));
    }

    /// Announces what another process has done to the conversation, given as the store has it now.
    pub(super) fn learn(&self, messages: Vec<ShownMessage>, standing: Standing) {
        self.change(|now| {
            let state = now.standing.state;
            if standing.messages > now.standing.messages {
                now.add(messages, standing);
            }
            if standing.state != state {
                now.set_state(standing);
            }
        });
    }

    /// Announces that somebody writes, or has stopped to, as another process was told.
    pub(super) fn tell_typing(&self, role: Role, typing: bool) {
        self.change(|now| {
            if now.watchers > 0 {
                now.tell_typing(role, typing);
            }
        });
    }

    /// Announces that somebody writes; a customer's words are what suggestions are then wanted for.
    pub(super) fn set_typing(&self, role: Role, draft: Option<String>, typing: bool) {
        self.change(|now| {
            if now.watchers == 0 {
                return;
            }
            now.tell_typing(role, typing);
            if role != Role::Customer || now.draft == draft {
                return;
            }
            now.draft = draft;
            now.generation += 1;
            if now.draft.is_none() {
                match &now.offered {
                    Some(offered) if offered.provisional => now.withdraw(WithdrawnReason::DraftDropped),
                    // The set of the turn itself still stands.
                    Some(_) => now.settled = now.generation,
                    None => {}
                }
            }
        });
    }

    /// Whether somebody has to begin to compute; the caller then does, until [`Self::task`] gives nothing more.
    pub(super) fn begin_computing(&self) -> bool {
        let mut now = self.now();
        let begins = !now.computing && now.task().is_some();
        now.computing |= begins;
        begins
    }

    /// What to compute next; `None` ends the computing.
    pub(super) fn task(&self) -> Option<Task> {
        let mut now = self.now();
        let task = now.task();
        now.computing = task.is_some();
        task
    }

    /// The computing has broken off.
    pub(super) fn stop_computing(&self) {
        self.now().computing = false;
    }

    /// Returns when a task's result is not wanted any more.
    pub(super) async fn outdated(&self, task: &Task) {
        let mut changes = self.changes();
        loop {
            changes.borrow_and_update();
            if !self.now().wants(task) {
                return;
            }
            if changes.changed().await.is_err() {
                return;
            }
        }
    }

    /// Announces a task's result (`None`: it failed), unless it is not wanted any more.
    pub(super) fn offer(&self, task: &Task, set: Option<SuggestResponse>) {
        self.change(|now| {
            if !now.wants(task) {
                return;
            }
            now.settled = task.generation;
            let (turn, provisional) = (task.turn, task.draft.is_some());
            let Some(set) = set else {
                return now.push(ConversationEvent::Failed(FailedEvent { turn }));
            };
            let event = Arc::new(ConversationEvent::Suggestions(Box::new(SuggestionsEvent { turn, provisional, set })));
            now.offered = Some(Offered { number: now.next, turn, provisional, event: Arc::clone(&event) });
            now.push_shared(event);
        });
    }
}

impl Now {
    /// Forgets all events: nobody is there whom they were for.
    fn begin_run(&mut self, standing: Standing) {
        self.run = new_run();
        self.next = 1;
        self.ring.clear();
        self.standing = standing;
        self.draft = None;
        self.offered = None;
        self.typing.clear();
        self.generation += 1;
    }

    fn add(&mut self, messages: Vec<ShownMessage>, standing: Standing) {
        if self.watchers == 0 {
            return self.begin_run(standing);
        }
        let answered = standing.turn.is_none();
        self.draft = None;
        for message in messages {
            // Known already. Counted here and not by whoever adds: another process may have added some that nobody here has been told of.
            if message.position < self.standing.messages {
                continue;
            }
            // Whoever has sent something has stopped writing it.
            self.typing.retain(|role| *role != message.role);
            self.standing.messages = message.position + 1;
            self.push(ConversationEvent::Message(message));
        }
        self.standing = standing;
        self.withdraw(if answered { WithdrawnReason::Answered } else { WithdrawnReason::NewerMessage });
        self.generation += 1;
    }

    fn set_state(&mut self, standing: Standing) {
        if self.watchers == 0 {
            return self.begin_run(standing);
        }
        self.standing = standing;
        self.draft = None;
        if standing.state == ConversationState::Closed {
            self.withdraw(WithdrawnReason::Closed);
        }
        self.generation += 1;
        let event = ConversationEvent::State(self.state_event());
        self.push(event);
    }

    fn tell_typing(&mut self, role: Role, typing: bool) {
        if self.typing.contains(&role) != typing {
            self.typing.retain(|other| *other != role);
            self.typing.extend(typing.then_some(role));
            self.push(ConversationEvent::Typing(TypingEvent { role, typing }));
        }
    }

    fn sent(&self, number: u64, event: Arc<ConversationEvent>) -> Sent {
        Sent { id: EventId { messages: self.standing.messages, run: self.run, number }, event }
    }

    fn push(&mut self, event: ConversationEvent) {
        self.push_shared(Arc::new(event));
    }

    fn push_shared(&mut self, event: Arc<ConversationEvent>) {
        let sent = self.sent(self.next, event);
        self.next += 1;
        if self.ring.len() == KEPT_EVENTS {
            self.ring.pop_front();
        }
        self.ring.push_back(sent);
    }

    fn withdraw(&mut self, reason: WithdrawnReason) {
        if let Some(offered) = self.offered.take() {
            self.push(ConversationEvent::Withdrawn(WithdrawnEvent { turn: Some(offered.turn), reason }));
        }
    }

    fn state_event(&self) -> StateEvent {
        let Standing { state, messages, turn } = self.standing;
        StateEvent { state, messages, turn }
    }

    fn task(&self) -> Option<Task> {
        if self.watchers == 0 || self.settled == self.generation || self.standing.state == ConversationState::Closed {
            return None;
        }
        let turn = if self.draft.is_some() { self.standing.messages } else { self.standing.turn? };
        Some(Task { generation: self.generation, turn, draft: self.draft.clone(), actor: self.actor.clone() })
    }

    fn wants(&self, task: &Task) -> bool {
        self.watchers > 0 && self.generation == task.generation && self.settled != task.generation
    }
}

/// Never 0, which stands for no run.
fn new_run() -> u64 {
    Uuid::new_v4().as_u64_pair().0 | 1
}

#[cfg(test)]
mod tests;
