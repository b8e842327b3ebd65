//! Replaying conversations: which moments are asked, and which suggestions are right there.
//!
//! A turn is a run of consecutive messages of one role. Asked is every agent turn that follows a customer turn; notices of the system
//! between the two don't matter. The question is everything before the turn's first message. The turn's labels are those of all its
//! messages together: a set may label the first message of a turn, or only the last one, which links a page. A turn without labels
//! isn't asked, unless words are compared.
//!
//! A suggestion is right when the message it comes from (the first message of the answer it was mined from) bears the same set of
//! labels as the turn: not one label more or less.

use std::collections::BTreeSet;

use super::LabelSet;
use super::dataset::LabelledConversation;
use crate::domain::{MessageDraft, Role};

/// One moment of a conversation that a system is asked to answer.
#[derive(Debug, Clone, PartialEq)]
pub struct Query<'a> {
    /// The conversation, by its place in the set.
    pub conversation: usize,
    /// The first message of the agent's turn, by its place in the conversation.
    pub message: usize,
    /// Every message before that one.
    pub context: &'a [MessageDraft],
    /// The labels of the turn; empty where the set has none.
    pub expected_labels: LabelSet,
    /// What the agent wrote, its messages joined by line breaks.
    pub expected_text: String,
}

/// What a suggestion is held against.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Yardstick {
    /// The labels of the agent's turn.
    Labels,
    /// The agent's own words, by [`crate::text::chrf::chrf_at`].
    Words,
}

/// Which moments are asked.
#[derive(Debug, Clone, PartialEq)]
pub struct Selection {
    /// With [`Yardstick::Labels`] only turns that bear labels are asked, with [`Yardstick::Words`] those without as well.
    pub yardstick: Yardstick,
    /// Turns that bear one of these labels are left out.
    pub skip_labels: BTreeSet<String>,
    /// When given, only turns whose label set is among these are asked; see [`label_sets`]. Of no effect with [`Yardstick::Words`].
    pub known_labels: Option<BTreeSet<LabelSet>>,
    /// At most so many are asked, the first ones.
    pub limit: Option<usize>,
}

impl Selection {
    /// Everything that the yardstick can judge.
    #[must_use]
    pub const fn all(yardstick: Yardstick) -> Self {
        Self { yardstick, skip_labels: BTreeSet::new(), known_labels: None, limit: None }
    }

    fn takes(&self, labels: &LabelSet) -> bool {
        if labels.iter().any(|label| self.skip_labels.contains(label)) {
            return false;
        }
        match self.yardstick {
            Yardstick::Words => true,
            Yardstick::Labels => !labels.is_empty() && self.known_labels.as_ref().is_none_or(|known| known.contains(labels)),
        }
    }
}

/// The yardstick that suits a set: labels when any message bears one, else words.
#[must_use]
pub fn yardstick_for(conversations: &[LabelledConversation]) -> Yardstick {
    if conversations.iter().any(LabelledConversation::has_labels) { Yardstick::Labels } else { Yardstick::Words }
}

/// The queries in the conversations at `places`, in that order.
#[must_use]
pub fn select_queries<'a>(conversations: &'a [LabelledConversation], places: &[usize], selection: &Selection) -> Vec<Query<'a>> {
    let mut queries = Vec::new();
    for &place in places {
        let conversation = &conversations[place];
        let messages = &conversation.draft.messages;
        let mut before = None;
        let mut start = 0;
        for turn in messages.chunk_by(|a, b| a.role == b.role) {
            let first = start;
            start += turn.len();
            match turn[0].role {
                Role::System => continue,
                Role::Agent if before == Some(Role::Customer) => {
                    let expected_labels: LabelSet =
                        (first..start).filter_map(|message| conversation.labels.get(message)).flatten().cloned().collect();
                    if selection.takes(&expected_labels) {
                        let words: Vec<&str> = turn.iter().map(|message| message.text.as_str()).collect();
                        let (context, expected_text) = (&messages[..first], words.join("\n"));
                        queries.push(Query { conversation: place, message: first, context, expected_labels, expected_text });
                    }
                }
                Role::Agent | Role::Customer | Role::Bot => {}
            }
            before = Some(turn[0].role);
            if selection.limit.is_some_and(|limit| queries.len() >= limit) {
                queries.truncate(selection.limit.unwrap_or_default());
                return queries;
            }
        }
    }
    queries
}

/// The label sets that agents' messages of an archive bear: what a suggestion from it can be right about.
#[must_use]
pub fn label_sets<'a>(archive: impl IntoIterator<Item = &'a LabelledConversation>) -> BTreeSet<LabelSet> {
    let mut sets = BTreeSet::new();
    for conversation in archive {
        for (place, message) in conversation.draft.messages.iter().enumerate() {
            if message.role == Role::Agent {
                sets.insert(conversation.label_set(place));
            }
        }
    }
    sets.remove(&LabelSet::new());
    sets
}

/// Which of the ranked suggestions are right, given the labels of the message that each one's representative comes from (`None` for
/// one that comes from no message, such as a knowledge entry).
#[must_use]
pub fn judge_labels(ranked: &[Option<LabelSet>], expected: &LabelSet) -> Vec<bool> {
    ranked.iter().map(|labels| !expected.is_empty() && labels.as_ref() == Some(expected)).collect()
}

#[cfg(test)]
mod tests {
    use super::super::dataset::tests::conversation;
    use super::*;
    use crate::domain::Role::{Agent, Bot, Customer, System};

    fn labels(names: &[&str]) -> LabelSet {
        names.iter().map(|&name| name.to_owned()).collect()
    }

    fn sample() -> Vec<LabelledConversation> {
        vec![
            conversation(&[
                (Agent, "hello", &["greet"]),
                (Customer, "q1", &[]),
                (Customer, "q1 more", &[]),
                (Agent, "wait", &[]),
                (Agent, "a1", &["doc:1"]),
                (Customer, "q2", &[]),
                (System, "transferred", &[]),
                (Agent, "a2", &["x", "y"]),
                (Bot, "menu", &[]),
                (Agent, "after the bot", &["z"]),
                (Customer, "thanks", &[]),
            ]),
            conversation(&[(Customer, "q3", &[]), (Agent, "a3", &[]), (Customer, "q4", &[]), (Agent, "a4", &["custom"])]),
        ]
    }

    fn asked(selection: &Selection) -> Vec<(usize, usize)> {
        select_queries(&sample(), &[0, 1], selection).iter().map(|query| (query.conversation, query.message)).collect()
    }

    #[test]
    fn labelled_agent_turns_after_a_customer_are_asked() {
        let set = sample();
        let queries = select_queries(&set, &[0, 1], &Selection::all(Yardstick::Labels));
        assert_eq!(queries.iter().map(|query| (query.conversation, query.message)).collect::<Vec<_>>(), [(0, 3), (0, 7), (1, 3)]);
        assert_eq!(queries[0].context.len(), 3);
        assert_eq!(queries[0].context[2].text, "q1 more");
        assert_eq!(queries[0].expected_labels, labels(&["doc:1"]), "the label of the turn's last message counts");
        assert_eq!(queries[0].expected_text, "wait\na1");
        assert_eq!(queries[1].expected_labels, labels(&["x", "y"]));
        assert_eq!(queries[1].context.len(), 7);
    }

    #[test]
    fn words_are_compared_on_unlabelled_turns_too() {
        assert_eq!(asked(&Selection::all(Yardstick::Words)), [(0, 3), (0, 7), (1, 1), (1, 3)]);
        assert_eq!(yardstick_for(&sample()), Yardstick::Labels);
        assert_eq!(yardstick_for(&[conversation(&[(Agent, "a", &[])])]), Yardstick::Words);
    }

    #[test]
    fn turns_can_be_left_out() {
        let skip = Selection { skip_labels: labels(&["custom", "x"]), ..Selection::all(Yardstick::Labels) };
        assert_eq!(asked(&skip), [(0, 3)]);
        let known = Selection { known_labels: Some(BTreeSet::from([labels(&["x", "y"])])), ..Selection::all(Yardstick::Labels) };
        assert_eq!(asked(&known), [(0, 7)]);
        let part = Selection { known_labels: Some(BTreeSet::from([labels(&["x"])])), ..Selection::all(Yardstick::Labels) };
        assert!(asked(&part).is_empty(), "a part of the set is not the set");
        let limited = Selection { limit: Some(2), ..Selection::all(Yardstick::Labels) };
        assert_eq!(asked(&limited), [(0, 3), (0, 7)]);
        assert!(asked(&Selection { limit: Some(0), ..Selection::all(Yardstick::Labels) }).is_empty());
    }

    #[test]
    fn the_archive_knows_the_label_sets_of_its_agents_messages() {
        let set = sample();
        assert_eq!(
            label_sets(&set),
            BTreeSet::from([labels(&["greet"]), labels(&["doc:1"]), labels(&["x", "y"]), labels(&["z"]), labels(&["custom"])])
        );
        assert!(label_sets([&conversation(&[(Customer, "q", &["seen"])])]).is_empty());
    }

    #[test]
    fn right_means_the_same_set() {
        let expected = labels(&["x", "y"]);
        let ranked = [Some(labels(&["x"])), None, Some(labels(&["y", "x"])), Some(labels(&["x", "y", "z"])), Some(LabelSet::new())];
        assert_eq!(judge_labels(&ranked, &expected), [false, false, true, false, false]);
        assert_eq!(judge_labels(&[Some(LabelSet::new())], &LabelSet::new()), [false], "nothing said is nothing agreed");
    }
}
