//! Asking for suggestions, reading every word of the answers, and doing what agents do with them.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::people::{Person, compact};
use super::talks::{GREETINGS, PASTED, PROBES, TOPICS, Topic, filled, of_language};
use super::watch::Watch;
use super::{Archive, LeakReport, UNMASKED};
use crate::domain::desk::MAX_REPLIES;
use crate::domain::random::SplitMix64;
use crate::domain::{ConversationId, DeskId, FeedbackKind, Flag, Language, RejectReason, Role, Suggestion};
use crate::embed::Lane;
use crate::eval::systems::{RIPOSTE, SystemFigures};
use crate::eval::workbench::{EvalError, Workbench};
use crate::suggest::request::{FeedbackCreate, LiveConversation, LiveMessage, SuggestFilters, SuggestRequest, SuggestResponse};

/// Questions from one review of answers reported outdated to the next.
const REVIEW_EVERY: u32 = 100;

/// What was counted.
#[derive(Default)]
struct Tally {
    suggestions: u32,
    taught: u32,
    filled: u32,
    open: u32,
    wrong_slots: u32,
    seen: u32,
    unmasked: u32,
    faults: Vec<String>,
}

/// One trial.
pub(super) struct Trial<'a> {
    bench: &'a Workbench,
    desk: DeskId,
    archive: &'a Archive,
    askers: &'a [Person],
    watch: &'a Watch,
    /// The values in each archived conversation as it was received, by its id.
    held: HashMap<String, BTreeSet<usize>>,
    random: SplitMix64,
    tally: Tally,
}

impl<'a> Trial<'a> {
    pub(super) fn new(
        bench: &'a Workbench,
        desk: DeskId,
        archive: &'a Archive,
        askers: &'a [Person],
        watch: &'a Watch,
        random: SplitMix64,
    ) -> Self {
        let id = |name: &str| ConversationId::derive(&[desk.as_str(), name]).to_string();
        let held = archive.talks.iter().map(|(name, words)| (id(name), watch.in_text(words))).collect();
        Self { bench, desk, archive, askers, watch, held, random, tally: Tally::default() }
    }

    fn below(&mut self, bound: usize) -> usize {
        (self.random.next_u64() % bound as u64) as usize
    }

    fn pick<T: Copy>(&mut self, items: &[T]) -> T {
        items[self.below(items.len())]
    }

    /// One question and what is done with the answer.
    pub(super) async fn ask(&mut self, number: u32) -> Result<(), EvalError> {
        let (askers, archive) = (self.askers, self.archive);
        let asker = self.below(askers.len());
        let person = &askers[asker];
        let topics: Vec<&Topic> = TOPICS.iter().filter(|topic| topic.language == person.language).collect();
        let topic = self.pick(&topics);
        let of_language: Vec<&Person> = archive.people.iter().filter(|one| one.language == person.language).collect();
        let other = if of_language.is_empty() { &archive.people[0] } else { self.pick(&of_language) };
        let request = SuggestRequest {
            desk: self.desk.clone(),
            conversation: self.conversation(number, person, topic, other),
            limit: Some(MAX_REPLIES),
            language: None,
            filters: SuggestFilters::default(),
            explain: false,
        };
        let response = self.bench.suggester.suggest(&request, "trial", Lane::Bulk).await?;
        self.read(number, archive.people.len() + asker, &request, &response)?;
        self.react(person, topic, other, &response).await?;
        if number.is_multiple_of(REVIEW_EVERY) {
            self.review_retired().await?;
        }
        Ok(())
    }

    /// What is said, and what the host knows, before suggestions are asked for.
    fn conversation(&mut self, number: u32, person: &Person, topic: &Topic, other: &Person) -> LiveConversation {
        let says = |role: Role, text: String| LiveMessage { role, text, at: None, id: None };
        let mut messages = Vec::new();
        if self.below(2) == 0 {
            let opening = match person.language {
                Language::Zh => ["你好", "您好，请问有什么可以帮您？"],
                Language::En => ["Hello", "Hello, how can I help you today?"],
            };
            messages.push(says(Role::Customer, opening[0].to_owned()));
            messages.push(says(Role::Agent, opening[1].to_owned()));
        }
        let asked = match self.below(12) {
            // After somebody else's data.
            0 | 1 => filled(self.pick(of_language(PROBES, person.language)), other),
            2 => self.pick(of_language(GREETINGS, person.language)).to_owned(),
            // The very words of the archive.
            3 => filled(self.pick(topic.archived)[0], person),
            // Two values of one kind.
            4 => format!("{} {}", filled(self.pick(topic.asked), person), filled("{order} / {phone}", other)),
            _ => filled(self.pick(topic.asked), person),
        };
        messages.push(says(Role::Customer, asked));
        let customer = match self.below(4) {
            0 => BTreeMap::new(),
            1 => profile(person, &["name"]),
            2 => profile(person, &["name", "phone", "order"]),
            _ => profile(person, &["name", "phone", "email", "address", "bank_card", "plate", "account"]),
        };
        LiveConversation { id: Some(format!("live-{number}")), customer, messages }
    }

    /// Looks for everything that is neither the asker's nor written by the asker.
    fn read(&mut self, number: u32, asker: usize, request: &SuggestRequest, response: &SuggestResponse) -> Result<(), EvalError> {
        let watch = self.watch;
        let written = written_by(request);
        let told = watch.in_text(&written);
        let foreign = |places: BTreeSet<usize>| -> Vec<usize> {
            places.into_iter().filter(|place| watch.values[*place].owner != asker && !told.contains(place)).collect()
        };
        let mut seen: BTreeMap<usize, String> = BTreeMap::new();
        for text in words_of(response) {
            seen.extend(foreign(watch.in_text(text)).into_iter().map(|place| (place, text.to_owned())));
        }
        // Whatever else the body says is looked through for longer values as they are written.
        let body = serde_json::to_string(response).map_err(|error| EvalError::Unusable(error.to_string()))?;
        for (place, value) in watch.values.iter().enumerate() {
            if value.written.chars().count() >= 8 && body.contains(&value.written) && value.owner != asker && !told.contains(&place) {
                seen.entry(place).or_insert_with(|| body.clone());
            }
        }
        for (place, text) in &seen {
            let value = &watch.values[*place];
            self.tally.faults.push(format!("question {number}: {} `{}` of another customer in: {text}", value.field, value.written));
        }
        self.tally.seen += seen.len() as u32;
        let held: BTreeSet<usize> = response
            .suggestions
            .iter()
            .filter_map(|suggestion| self.held.get(&suggestion.evidence.first()?.id))
            .flatten()
            .copied()
            .collect();
        self.tally.unmasked += foreign(held).len() as u32;
        let written = compact(&written);
        for suggestion in &response.suggestions {
            self.read_slots(number, suggestion, &written);
        }
        Ok(())
    }

    /// A slot holds what the asker or the host has written, or else its gap.
    fn read_slots(&mut self, number: u32, suggestion: &Suggestion, written: &str) {
        self.tally.suggestions += 1;
        self.tally.taught += u32::from(suggestion.flags.contains(&Flag::EditedWording));
        for slot in &suggestion.slots {
            let text: String = suggestion.text.chars().skip(slot.start).take(slot.end - slot.start).collect();
            let right = if slot.filled { written.contains(&compact(&text)) } else { text == format!("[{}]", slot.name) };
            *(if slot.filled { &mut self.tally.filled } else { &mut self.tally.open }) += 1;
            if !right {
                self.tally.wrong_slots += 1;
                self.tally.faults.push(format!("question {number}: slot {} holds `{text}` in: {}", slot.name, suggestion.text));
            }
        }
        let open = suggestion.slots.iter().any(|slot| !slot.filled);
        if open != suggestion.flags.contains(&Flag::OpenSlot) {
            self.tally.wrong_slots += 1;
            self.tally.faults.push(format!("question {number}: the flag for open slots is wrong in: {}", suggestion.text));
        }
    }

    /// What the agent does with the answer: half of the time something.
    async fn react(&mut self, person: &Person, topic: &Topic, other: &Person, response: &SuggestResponse) -> Result<(), EvalError> {
        let shown = &response.suggestions[..response.suggestions.len().min(3)];
        if shown.is_empty() || self.below(2) == 0 {
            return Ok(());
        }
        let suggestion = &shown[self.below(shown.len())];
        let mut edit = filled(self.pick(topic.edits), person);
        if self.below(4) == 0 {
            edit.push_str(&filled(self.pick(of_language(PASTED, person.language)), other));
        }
        let (kind, reason, final_text) = match self.below(40) {
            0 => (FeedbackKind::Rejected, Some(RejectReason::Outdated), None),
            1..=4 => (FeedbackKind::Rejected, Some(RejectReason::Wrong), None),
            5..=12 => (FeedbackKind::Accepted, None, None),
            13..=16 => (FeedbackKind::Sent, None, Some(edit)),
            _ => (FeedbackKind::Edited, None, Some(edit)),
        };
        let feedback = FeedbackCreate { kind, reason, final_text };
        self.bench.suggester.give_feedback(&self.desk, suggestion.id, &feedback, "trial").await?;
        Ok(())
    }

    /// Reads what reviewers see of answers reported outdated, and restores every other one.
    pub(super) async fn review_retired(&mut self) -> Result<(), EvalError> {
        let (watch, suggester) = (self.watch, &self.bench.suggester);
        for (place, answer) in suggester.retired_answers(&self.desk, None, 200).await?.iter().enumerate() {
            for value in watch.in_text(&answer.text) {
                self.tally.seen += 1;
                let value = &watch.values[value];
                self.tally.faults.push(format!("review: {} `{}` in: {}", value.field, value.written, answer.text));
            }
            if place % 2 == 0 {
                suggester.review_retired(&self.desk, &answer.id, true, "trial").await?;
            }
        }
        Ok(())
    }

    pub(super) fn report(self) -> LeakReport {
        let tally = self.tally;
        let riposte = [
            ("planted", self.archive.planted as f64),
            ("suggestions", f64::from(tally.suggestions)),
            ("taught", f64::from(tally.taught)),
            ("slots_filled", f64::from(tally.filled)),
            ("slots_open", f64::from(tally.open)),
            ("wrong_slots", f64::from(tally.wrong_slots)),
            ("values_seen", f64::from(tally.seen)),
        ];
        let unmasked = [("values_seen", f64::from(tally.unmasked))];
        let named = |figures: &[(&str, f64)]| figures.iter().map(|(name, value)| ((*name).to_owned(), *value)).collect();
        let figures = SystemFigures::from([(RIPOSTE.to_owned(), named(&riposte)), (UNMASKED.to_owned(), named(&unmasked))]);
        LeakReport { figures, faults: tally.faults }
    }
}

fn profile(person: &Person, names: &[&str]) -> BTreeMap<String, String> {
    names.iter().filter_map(|name| Some(((*name).to_owned(), person.written(name)?.to_owned()))).collect()
}

/// Everything that the asker and the host have written.
fn written_by(request: &SuggestRequest) -> String {
    let messages = request.conversation.messages.iter().map(|message| message.text.as_str());
    messages.chain(request.conversation.customer.values().map(String::as_str)).collect::<Vec<_>>().join("\n| ")
}

/// The words of an answer.
fn words_of(response: &SuggestResponse) -> impl Iterator<Item = &str> {
    let suggested = response.suggestions.iter().flat_map(|suggestion| {
        std::iter::once(suggestion.text.as_str()).chain(suggestion.evidence.iter().map(|evidence| evidence.question.as_str()))
    });
    let silence = response.abstained.iter().map(|abstained| abstained.detail.as_str());
    suggested.chain(silence).chain(std::iter::once(response.query.text.as_str()))
}
