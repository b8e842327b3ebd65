//! Lessons of authored groups.

use std::collections::HashMap;

use uuid::Uuid;

use super::{Lesson, Verdict, lesson};
use crate::domain::random::SplitMix64;
use crate::domain::{ConversationDraft, Language, MessageDraft, MessageKind, PairId, Pool, Role};
use crate::eval::dataset::{AuthoredIntent, LabelledConversation, Trade};
use crate::eval::workbench::{Archive, EntryText, EvalError, Workbench};
use crate::index::IndexFilter;
use crate::retrieve::{Candidate, QueryText};
use crate::suggest::ranking::wanted;
use crate::text::moment::{Line, Moment};

/// A desk's questions take turns: an entry only, an entry and conversations, conversations only.
const FORMS: usize = 3;
/// Of so many questions on a desk, one is another trade's.
const FOREIGN: usize = 5;

/// Lessons of authored groups: one desk a trade and language, at most `sample` questions asked on each. One in [`FOREIGN`] is another
/// trade's, where there are several: no answer is right there, which only the calibration can learn from.
pub async fn of_trades(bench: &Workbench, trades: &[Trade], sample: usize) -> Result<Vec<Lesson>, EvalError> {
    let mut lessons = Vec::new();
    for (place, trade) in trades.iter().enumerate() {
        let other = &trades[(place + 1) % trades.len()];
        for language in [Language::Zh, Language::En] {
            lessons.extend(of_trade(bench, trade, (other.name != trade.name).then_some(other), language, sample).await?);
        }
    }
    Ok(lessons)
}

async fn of_trade(
    bench: &Workbench,
    trade: &Trade,
    other: Option<&Trade>,
    language: Language,
    sample: usize,
) -> Result<Vec<Lesson>, EvalError> {
    let name = format!("{}-{}", trade.name, language.as_str());
    let mut desk = AuthoredDesk::default();
    for (number, intent) in trade.intents.iter().enumerate() {
        desk.archive(number, intent, language);
    }
    let (id, entries) = bench.publish(&name, desk.entries).await?;
    let archive = bench.ingest(&id, &desk.conversations.iter().collect::<Vec<_>>()).await?;
    let intents: HashMap<Uuid, usize> = entries.iter().map(|entry| entry.as_uuid()).zip(desk.entry_intents).collect();
    SplitMix64::new(11).shuffle(&mut desk.asked);
    let foreign = other.map_or(0, |_| sample / FOREIGN);
    desk.asked.truncate(sample - foreign);
    let mut asked: Vec<(Option<usize>, String)> = desk.asked.into_iter().map(|(intent, words)| (Some(intent), words)).collect();
    if let Some(other) = other {
        let first = other.intents.iter().filter_map(|intent| intent.in_language(language).wordings.first());
        asked.extend(first.take(foreign).map(|words| (None, words.clone())));
    }
    let mut lessons = Vec::new();
    for (number, (intent, words)) in asked.iter().enumerate() {
        (bench.watch)("asking", number, asked.len());
        let Some(moment) = Moment::of(&[Line { role: Role::Customer, text: words, at: None }]) else { continue };
        let text = QueryText { question: moment.question.clone(), turn: moment.turn.clone(), ..QueryText::default() };
        let filter = IndexFilter { language: Some(language), ..IndexFilter::desk(id.clone()) };
        let verdict = |candidate: &Candidate, _: &str, _: f32| Verdict {
            right: intent.is_some() && intent_of(candidate, &intents, &archive) == *intent,
            known: true,
        };
        let wanted = wanted(&moment, language, bench.clock.now());
        lessons.extend(lesson(bench, trade.name.clone(), &filter, &text, wanted, None, verdict).await?);
    }
    Ok(lessons)
}

fn intent_of(candidate: &Candidate, entries: &HashMap<Uuid, usize>, archive: &Archive) -> Option<usize> {
    match candidate.payload.pool {
        Pool::Knowledge => entries.get(&candidate.payload.source).copied(),
        Pool::Archive => archive.labels_of(PairId::from_uuid(candidate.payload.source))?.first()?.parse().ok(),
    }
}

/// Half of a trade's wordings, archived; the other half asks.
#[derive(Default)]
struct AuthoredDesk {
    conversations: Vec<LabelledConversation>,
    entries: Vec<EntryText>,
    entry_intents: Vec<usize>,
    asked: Vec<(usize, String)>,
}

impl AuthoredDesk {
    fn archive(&mut self, number: usize, intent: &AuthoredIntent, language: Language) {
        let mut archived = intent.in_language(language).wordings.clone();
        SplitMix64::new(number as u64).shuffle(&mut archived);
        let asked = archived.split_off(archived.len().div_ceil(2));
        let answers = &intent.in_language(language).answers;
        self.asked.extend(asked.into_iter().map(|words| (number, words)));
        if number % FORMS != 2 {
            let answer = answers[0].clone();
            self.entries.push(EntryText { external_id: intent.id.clone(), questions: archived.clone(), answer });
            self.entry_intents.push(number);
        }
        if !number.is_multiple_of(FORMS) {
            for (place, words) in archived.iter().enumerate() {
                let answer = &answers[place % answers.len()];
                self.conversations.push(conversation(&format!("{}/{place}", intent.id), words, answer, number));
            }
        }
    }
}

fn conversation(id: &str, question: &str, answer: &str, intent: usize) -> LabelledConversation {
    let message = |place: usize, role: Role, text: &str| MessageDraft {
        external_id: Some(place.to_string()),
        role,
        kind: MessageKind::Text,
        text: text.to_owned(),
        media_ref: None,
        at: None,
        author: None,
    };
    LabelledConversation {
        draft: ConversationDraft {
            external_id: id.to_owned(),
            channel: None,
            customer_id: None,
            customer_personal: Vec::new(),
            agent_id: None,
            started_at: None,
            tags: Vec::new(),
            messages: vec![message(0, Role::Customer, question), message(1, Role::Agent, answer)],
        },
        labels: vec![Vec::new(), vec![intent.to_string()]],
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::eval::dataset::Phrasing;

    #[test]
    fn every_wording_is_either_archived_or_asked() {
        let phrasing = |count: usize| Phrasing {
            wordings: (0..count).map(|number| format!("wording {number}")).collect(),
            answers: vec!["one".to_owned(), "two".to_owned()],
        };
        let mut desk = AuthoredDesk::default();
        for number in 0..FORMS {
            let intent = AuthoredIntent { id: number.to_string(), zh: phrasing(5), en: phrasing(2) };
            desk.archive(number, &intent, Language::Zh);
        }
        assert_eq!(desk.asked.iter().map(|(intent, _)| *intent).collect::<Vec<_>>(), [0, 0, 1, 1, 2, 2]);
        assert_eq!(desk.entry_intents, [0, 1]);
        assert_eq!(desk.conversations.len(), 6, "three archived wordings of two questions");
        for (intent, words) in &desk.asked {
            let in_entries = desk.entries.iter().zip(&desk.entry_intents).filter(|(_, of)| *of == intent);
            assert!(in_entries.flat_map(|(entry, _)| &entry.questions).all(|question| question != words));
            let label = [intent.to_string()];
            let talks = desk.conversations.iter().filter(|conversation| conversation.labels[1] == label);
            assert!(talks.flat_map(|talk| &talk.draft.messages).all(|message| message.text != *words));
        }
        let answers: Vec<&str> = desk.conversations.iter().map(|talk| talk.draft.messages[1].text.as_str()).collect();
        assert_eq!(answers, ["one", "two", "one", "one", "two", "one"]);
    }
}
