//! What led up to an archived moment: the earlier pairs of its conversation, whose vectors the index holds already.

use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};

use uuid::Uuid;

use super::Moment;
use crate::domain::{ConversationId, PairId};
use crate::index::DenseField;

/// Turns looked back on, as many as a live moment tells of.
const TURNS: usize = 8;
/// Characters by which an answer is recognised in what was said before the next question.
const END: usize = 40;

/// Points and the field of each that holds the turn, latest first.
pub(super) type Steps = Vec<(Uuid, DenseField)>;

/// The history of every moment.
#[derive(Debug, Default)]
pub(super) struct Histories {
    steps: HashMap<PairId, Steps>,
}

impl Histories {
    /// Follows every conversation. The answer given just before a moment is part of its situation and not of its history.
    pub(super) fn of(moments: &[Moment]) -> Self {
        let mut conversations: HashMap<ConversationId, Vec<&Moment>> = HashMap::new();
        for moment in moments {
            conversations.entry(moment.conversation).or_default().push(moment);
        }
        let mut steps = HashMap::with_capacity(moments.len());
        for members in conversations.values_mut() {
            members.sort_unstable_by_key(|moment| (moment.position, moment.pair));
            for (place, moment) in members.iter().enumerate() {
                steps.insert(moment.pair, Self::before(&members[..place], moment));
            }
        }
        Self { steps }
    }

    fn before(earlier: &[&Moment], moment: &Moment) -> Steps {
        let mut steps = Steps::with_capacity(TURNS);
        for (back, before) in earlier.iter().rev().enumerate() {
            let just_said = back == 0 && before.answer_end == moment.previous_end;
            if !just_said {
                steps.push((before.pair.as_uuid(), DenseField::Answer));
            }
            steps.push((before.pair.as_uuid(), DenseField::Question));
            if steps.len() >= TURNS {
                break;
            }
        }
        steps.truncate(TURNS);
        steps
    }

    /// What led up to a moment; empty at the beginning of a conversation.
    pub(super) fn steps(&self, pair: PairId) -> &[(Uuid, DenseField)] {
        self.steps.get(&pair).map_or(&[], Vec::as_slice)
    }
}

/// A mark by which the end of a text is recognised.
pub(super) fn end_mark(text: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    let text = text.trim_end();
    let start = text.char_indices().rev().nth(END - 1).map_or(0, |(place, _)| place);
    text[start..].hash(&mut hasher);
    hasher.finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn moment(number: u128, position: u32, answer: &str, previous: &str) -> Moment {
        Moment {
            pair: PairId::from_uuid(Uuid::from_u128(number)),
            conversation: ConversationId::from_uuid(Uuid::from_u128(7)),
            at: None,
            position,
            answer_end: end_mark(answer),
            previous_end: end_mark(previous),
        }
    }

    #[test]
    fn the_answer_just_given_belongs_to_the_situation() {
        let point = Uuid::from_u128;
        // Given out of order; the third question was asked after something that is no archived answer.
        let third = moment(1, 9, "third", "please wait");
        let moments = [third, moment(3, 1, "first", ""), moment(2, 4, "second ", "first")];
        let histories = Histories::of(&moments);
        assert!(histories.steps(moments[1].pair).is_empty());
        assert_eq!(histories.steps(moments[2].pair), [(point(3), DenseField::Question)]);
        assert_eq!(
            histories.steps(third.pair),
            [
                (point(2), DenseField::Answer),
                (point(2), DenseField::Question),
                (point(3), DenseField::Answer),
                (point(3), DenseField::Question)
            ]
        );
    }

    #[test]
    fn no_more_turns_than_a_live_moment_tells_of() {
        let moments: Vec<Moment> = (0..20).map(|number| moment(number.into(), number, "a", "b")).collect();
        assert_eq!(Histories::of(&moments).steps(moments[19].pair).len(), TURNS);
    }

    #[test]
    fn only_the_end_of_a_text_counts() {
        let long = "长".repeat(60);
        assert_eq!(end_mark(&format!("one {long}")), end_mark(&format!("two {long}\n")));
        assert_ne!(end_mark("short"), end_mark("other"));
    }
}
