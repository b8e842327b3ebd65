//! Feedback on trial: simulated agents with known habits use what the product ranks, and what they do changes what it ranks next.
//!
//! Three desks hold the same entries and are asked the same questions by the same agents. On [`OFF`] nobody says anything. On [`IGNORED`] all
//! is told, but every suggestion is recorded as if it had stood first: feedback as it would be without any correction for position. On
//! [`RIPOSTE`] it is told as in the product. Search, ranking and store are the product's own; only the agents are not.
//!
//! An agent reads from the top, looks at rank `k` with [`examination`]'s probability, uses what serves and stops there. Whether an answer
//! serves is drawn with the probability that this question gives it (`USE`, dealt out at random): it is not known to the product. Equal draws
//! on all three desks leave nothing but feedback to tell them apart.

pub mod scenes;

use std::collections::HashMap;
use std::sync::atomic::{AtomicI64, Ordering};

use super::systems::{RIPOSTE, SystemFigures};
use super::workbench::{EntryText, EvalError, Workbench};
use crate::domain::random::SplitMix64;
use crate::domain::{Clock, DeskId, DeskSettings, FeedbackKind, SuggestionId, SuggestionSetId, Timestamp, examination};
use crate::store::RecordedSet;
use crate::suggest::RankedGroup;
use crate::suggest::request::FeedbackCreate;
use crate::text::normalise::answer_key;
use scenes::{ANSWERS, KNOWN_WORDINGS, SCENES, WORDINGS};

/// The desk whose agents say nothing.
pub const OFF: &str = "off";
/// The desk whose suggestions are all recorded as standing first.
pub const IGNORED: &str = "positions-ignored";

/// Suggestions an agent sees.
const SHOWN: usize = ANSWERS;

/// Probabilities that the answers to a question serve; which is whose is drawn.
const USE: [f64; ANSWERS] = [0.7, 0.45, 0.25, 0.1];

/// Probability that the answer to another question serves.
const USE_OF_STRANGER: f64 = 0.02;

/// Parts of a run that figures are given for.
const WINDOWS: u32 = 10;

/// Time from one question to the next: 2,000 of them take four weeks.
const STEP_SECONDS: i64 = 1200;

/// How long and from which seed.
#[derive(Debug, Clone, Copy)]
pub struct SimulationOptions {
    /// Questions asked on each desk.
    pub interactions: u32,
    /// Decides everything that is drawn.
    pub seed: u64,
}

/// Time of a simulation: begins at a fixed moment and moves with every question, so that a seed gives the same figures whenever it is run.
#[derive(Debug)]
pub struct SimulatedClock(AtomicI64);

impl SimulatedClock {
    /// Begins on 2026-01-01.
    #[must_use]
    pub const fn new() -> Self {
        Self(AtomicI64::new(1_767_225_600_000_000))
    }

    /// Moves on to the next question.
    pub fn step(&self) {
        self.0.fetch_add(STEP_SECONDS * 1_000_000, Ordering::SeqCst);
    }
}

impl Default for SimulatedClock {
    fn default() -> Self {
        Self::new()
    }
}

impl Clock for SimulatedClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_micros(self.0.load(Ordering::SeqCst))
    }
}

/// Runs a simulation in an empty installation; `step` is called before every question.
///
/// Figures by desk: `hit@1`, how often the answer that is used most often stood first, and `runaway`, how often a worse one stood first that
/// had stood there from the beginning, while the best was shown below it. Both are given for the last tenth of the questions; `hit@1/N` for
/// the tenth that ends with question N.
///
/// # Errors
/// `Unusable` when a window would be empty; else whatever the installation fails with.
pub async fn simulate(bench: &Workbench, options: &SimulationOptions, mut step: impl FnMut()) -> Result<SystemFigures, EvalError> {
    if options.interactions < WINDOWS {
        return Err(EvalError::Unusable(format!("{} interactions are too few: ask for {WINDOWS} or more", options.interactions)));
    }
    let mut random = SplitMix64::new(options.seed);
    let world = World::drawn(&mut random);
    let mut desks = Vec::new();
    for system in [OFF, IGNORED, RIPOSTE] {
        desks.push(SimulatedDesk::open(bench, system).await?);
    }
    for _ in 0..options.interactions {
        step();
        let draw = Draw::of(&mut random);
        for desk in &mut desks {
            desk.interact(bench, &world, &draw).await?;
        }
    }
    Ok(desks.iter().map(|desk| (desk.system.to_owned(), desk.figures())).collect())
}

/// What the product does not know: how often each answer serves.
struct World {
    /// By question and answer.
    serves: Vec<[f64; ANSWERS]>,
    /// Question and answer by answer key.
    places: HashMap<String, (usize, usize)>,
}

impl World {
    fn drawn(random: &mut SplitMix64) -> Self {
        let mut places = HashMap::new();
        let mut serves = Vec::new();
        for (scene, known) in SCENES.iter().enumerate() {
            let mut probabilities = USE;
            random.shuffle(&mut probabilities);
            serves.push(probabilities);
            places.extend(known.answers.iter().enumerate().map(|(answer, text)| (answer_key(text), (scene, answer))));
        }
        Self { serves, places }
    }

    /// The answer to this question that a group stands for; `None` for an answer to another.
    fn answer(&self, group: &RankedGroup, scene: usize) -> Option<usize> {
        self.places.get(&group.representative().answer_key).filter(|(of, _)| *of == scene).map(|(_, answer)| *answer)
    }

    fn serves(&self, scene: usize, answer: Option<usize>) -> f64 {
        answer.map_or(USE_OF_STRANGER, |answer| self.serves[scene][answer])
    }
}

/// Everything drawn for one question, the same on every desk.
struct Draw {
    scene: usize,
    wording: usize,
    /// By place on the screen: looked at when below the probability.
    looks: [f64; SHOWN],
    /// By answer: serves when below the probability. The last one is for answers to other questions.
    serves: [f64; ANSWERS + 1],
}

impl Draw {
    fn of(random: &mut SplitMix64) -> Self {
        let mut below = |count: usize| ((random.next_unit() * count as f64) as usize).min(count - 1);
        let (scene, wording) = (below(SCENES.len()), below(WORDINGS));
        Self { scene, wording, looks: std::array::from_fn(|_| random.next_unit()), serves: std::array::from_fn(|_| random.next_unit()) }
    }

    /// The place (from 0) of the suggestion that the agent uses.
    fn used(&self, world: &World, shown: &[Option<usize>]) -> Option<usize> {
        (1..).zip(&self.looks).zip(shown).position(|((rank, look), answer)| {
            let luck = self.serves[answer.unwrap_or(ANSWERS)];
            *look < examination(rank) && luck < world.serves(self.scene, *answer)
        })
    }
}

/// What stood where, once.
#[derive(Debug, Clone, Copy)]
struct Outcome {
    best_first: bool,
    runaway: bool,
}

/// One of the three desks.
struct SimulatedDesk {
    system: &'static str,
    desk: DeskId,
    /// The answer that stood first when a question was first asked, by question and wording.
    began_with: HashMap<(usize, usize), Option<usize>>,
    outcomes: Vec<Outcome>,
}

impl SimulatedDesk {
    async fn open(bench: &Workbench, system: &'static str) -> Result<Self, EvalError> {
        let texts = SCENES.iter().enumerate().flat_map(|(scene, known)| {
            known.answers.iter().enumerate().map(move |(answer, text)| EntryText {
                external_id: format!("{scene}-{answer}"),
                questions: known.questions[..KNOWN_WORDINGS].iter().map(|&question| question.to_owned()).collect(),
                answer: (*text).to_owned(),
            })
        });
        let (desk, _) = bench.publish(system, texts.collect()).await?;
        Ok(Self { system, desk, began_with: HashMap::new(), outcomes: Vec::new() })
    }

    async fn interact(&mut self, bench: &Workbench, world: &World, draw: &Draw) -> Result<(), EvalError> {
        let words = SCENES[draw.scene].questions[draw.wording];
        let asked = bench.ask(&self.desk, words, &DeskSettings::default()).await?;
        let (_, ranking) = asked.ok_or_else(|| EvalError::Unusable(format!("`{words}` asks nothing")))?;
        let groups = &ranking.groups[..ranking.groups.len().min(SHOWN)];
        let shown: Vec<Option<usize>> = groups.iter().map(|group| world.answer(group, draw.scene)).collect();
        self.judge(world, draw, &shown);
        if self.system != OFF {
            self.tell(bench, words, groups, draw.used(world, &shown)).await?;
        }
        Ok(())
    }

    fn judge(&mut self, world: &World, draw: &Draw, shown: &[Option<usize>]) {
        let first = shown.first().copied().flatten();
        let began_with = *self.began_with.entry((draw.scene, draw.wording)).or_insert(first);
        let serves = |answer: Option<usize>| world.serves(draw.scene, answer);
        let best = (0..ANSWERS).max_by(|&a, &b| serves(Some(a)).total_cmp(&serves(Some(b))));
        let best_first = first == best;
        let runaway = !best_first && first == began_with && shown.contains(&best);
        self.outcomes.push(Outcome { best_first, runaway });
    }

    /// Tells what the agent saw and used, as a host does.
    async fn tell(&self, bench: &Workbench, words: &str, groups: &[RankedGroup], used: Option<usize>) -> Result<(), EvalError> {
        let rank = |place: u32| if self.system == IGNORED { 1 } else { place };
        let suggestions = groups.iter().zip(1..).map(|(group, place)| group.record(SuggestionId::new(), rank(place)));
        let set = RecordedSet {
            id: SuggestionSetId::new(),
            conversation: None,
            query: words.to_owned(),
            abstained: None,
            suggestions: suggestions.collect(),
            live_values: Vec::new(),
            actor: "simulation".to_owned(),
            at: bench.clock.now(),
        };
        bench.store.record_set(&self.desk, &set).await?;
        let say = async |id: SuggestionId, kind: FeedbackKind| {
            let feedback = FeedbackCreate { kind, reason: None, final_text: None };
            bench.suggester.give_feedback(&self.desk, id, &feedback, "simulation").await
        };
        for suggestion in &set.suggestions {
            say(suggestion.id, FeedbackKind::Shown).await?;
        }
        if let Some(used) = used {
            say(set.suggestions[used].id, FeedbackKind::Accepted).await?;
        }
        Ok(())
    }

    fn figures(&self) -> std::collections::BTreeMap<String, f64> {
        let share = |outcomes: &[Outcome], is: fn(&Outcome) -> bool| {
            outcomes.iter().filter(|outcome| is(outcome)).count() as f64 / outcomes.len() as f64
        };
        let mut figures = std::collections::BTreeMap::new();
        let window = self.outcomes.len() / WINDOWS as usize;
        for number in 1..=WINDOWS as usize {
            // Whatever does not divide evenly goes to the last one.
            let end = if number == WINDOWS as usize { self.outcomes.len() } else { number * window };
            let part = &self.outcomes[(number - 1) * window..end];
            figures.insert(format!("hit@1/{end:04}"), share(part, |outcome| outcome.best_first));
            if number == WINDOWS as usize {
                figures.insert("hit@1".to_owned(), share(part, |outcome| outcome.best_first));
                figures.insert("runaway".to_owned(), share(part, |outcome| outcome.runaway));
            }
        }
        figures
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn world() -> World {
        World::drawn(&mut SplitMix64::new(1))
    }

    fn draw(looks: [f64; SHOWN], serves: [f64; ANSWERS + 1]) -> Draw {
        Draw { scene: 0, wording: 0, looks, serves }
    }

    #[test]
    fn every_question_has_its_best_answer_and_no_answer_stands_twice() {
        let world = world();
        assert_eq!(world.places.len(), SCENES.len() * ANSWERS);
        for serves in &world.serves {
            let mut sorted = *serves;
            sorted.sort_by(|a, b| b.total_cmp(a));
            assert_eq!(sorted, USE);
        }
        assert!(world.serves.iter().any(|serves| *serves != USE), "dealt out at random");
    }

    #[test]
    fn an_agent_uses_the_first_that_is_looked_at_and_serves() {
        let world = world();
        let shown = [Some(0), Some(1), None, Some(3)];
        let always = [0.0; ANSWERS + 1];
        assert_eq!(draw([0.0; SHOWN], always).used(&world, &shown), Some(0));
        assert_eq!(draw([0.0; SHOWN], [1.0; ANSWERS + 1]).used(&world, &shown), None, "nothing serves");
        // The first serves not; the second, third and fourth place are looked at in 1/2, 1/3, 1/4 of all cases.
        let mut not_the_first = always;
        not_the_first[0] = 1.0;
        assert_eq!(draw([0.0, 0.4, 0.0, 0.0], not_the_first).used(&world, &shown), Some(1));
        assert_eq!(draw([0.0, 0.6, 0.3, 0.0], not_the_first).used(&world, &shown), Some(2), "a stranger, by luck");
        let no_stranger = [1.0, 0.0, 0.0, 0.0, 0.5];
        assert_eq!(draw([0.0, 0.6, 0.3, 0.2], no_stranger).used(&world, &shown), Some(3));
        assert_eq!(draw([0.0, 0.6, 0.3, 0.3], no_stranger).used(&world, &shown), None);
    }

    #[test]
    fn a_seed_gives_the_same_draws() {
        let take = |seed: u64| {
            let mut random = SplitMix64::new(seed);
            (0..20).map(|_| Draw::of(&mut random)).map(|draw| (draw.scene, draw.wording, draw.looks, draw.serves)).collect::<Vec<_>>()
        };
        assert_eq!(take(3), take(3));
        assert_ne!(take(3), take(4));
        let scenes: std::collections::BTreeSet<usize> = (0..50).flat_map(take).map(|(scene, ..)| scene).collect();
        assert_eq!(scenes.len(), SCENES.len());
    }

    #[test]
    fn figures_cover_tenths_and_runaway_needs_a_better_one_below() {
        let world = world();
        let best = (0..ANSWERS).max_by(|&a, &b| world.serves[0][a].total_cmp(&world.serves[0][b])).unwrap();
        let other = (best + 1) % ANSWERS;
        let mut desk = SimulatedDesk { system: OFF, desk: "off".parse().unwrap(), began_with: HashMap::new(), outcomes: Vec::new() };
        let question = draw([0.0; SHOWN], [0.0; ANSWERS + 1]);
        for shown in [[Some(other), Some(best)], [Some(best), Some(other)], [Some(other), None], [None, Some(best)]] {
            desk.judge(&world, &question, &shown);
        }
        let judged: Vec<(bool, bool)> = desk.outcomes.iter().map(|outcome| (outcome.best_first, outcome.runaway)).collect();
        assert_eq!(judged, [(false, true), (true, false), (false, false), (false, false)]);
        for _ in 4..23 {
            desk.judge(&world, &question, &[Some(best)]);
        }
        let figures = desk.figures();
        assert_eq!(figures["hit@1/0002"], 0.5);
        assert_eq!((figures["hit@1"], figures["hit@1/0023"], figures["runaway"]), (1.0, 1.0, 0.0));
        assert_eq!(figures.len(), WINDOWS as usize + 2);
    }
}
