//! Question/answer pairs mined from conversations. Every text in here is masked.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{ConversationId, DeskId, Language, MessageId, PairId, Timestamp};

/// What the customer's side of a pair is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum PairKind {
    /// A request or a problem statement, and an answer another agent could send again.
    Question,
    /// The customer supplies something in the course of a dialogue ("two adults", "order 123") and the agent goes on.
    FollowUp,
    /// Greeting, thanks, acknowledgement, farewell.
    SmallTalk,
    /// The customer asked, but the reply does not answer (please wait, transfer, canned opening).
    Unanswered,
}

impl PairKind {
    /// The code used in the API, the store and the index.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Question => "question",
            Self::FollowUp => "follow_up",
            Self::SmallTalk => "small_talk",
            Self::Unanswered => "unanswered",
        }
    }

    /// Reads the code back.
    #[must_use]
    pub fn from_code(code: &str) -> Option<Self> {
        [Self::Question, Self::FollowUp, Self::SmallTalk, Self::Unanswered].into_iter().find(|kind| kind.as_str() == code)
    }
}

/// How it went on after the answer; what the archive itself says about the answer's worth.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, ToSchema)]
#[serde(default)]
pub struct Outcome {
    /// The customer's next turn thanks or accepts.
    pub thanked: bool,
    /// The customer asks the same again later in the conversation.
    pub repeated: bool,
    /// The agent took it back later in the conversation.
    pub corrected: bool,
}

/// One pair before it is stored.
#[derive(Debug, Clone, PartialEq)]
pub struct PairDraft {
    /// Derived from the conversation and the first answer message: stays when the conversation is mined again.
    pub id: PairId,
    /// What it is.
    pub kind: PairKind,
    /// The question, standing alone: earlier customer text is in it when the turn was elliptical.
    pub question: String,
    /// The customer's turn as said (masked).
    pub turn: String,
    /// What the agent or bot had said just before that turn; empty at the beginning.
    pub previous: String,
    /// What the conversation had been about: terms of all that was said in the episode, the turn included ([`crate::retrieve::lexical::context_terms`]).
    pub context_terms: Vec<u32>,
    /// The human answer.
    pub answer: String,
    /// Probability that the reply answers the question (0–1), from [`crate::mining::relevance`].
    pub answer_quality: f32,
    /// Language of the answer.
    pub language: Language,
    /// How it went on.
    pub outcome: Outcome,
    /// The agent who answered, as the source names them.
    pub agent_id: Option<String>,
    /// Place of the answer's first message among the conversation's messages, from 0: puts the pairs of a conversation in order.
    pub position: u32,
    /// When the answer was given.
    pub answered_at: Option<Timestamp>,
    /// The messages that form the answer, first to last; the first is *the source message*.
    pub answer_messages: Vec<MessageId>,
}

/// What a stored pair says: all that a suggestion is made of.
#[derive(Debug, Clone, PartialEq)]
pub struct PairWords {
    /// The pair.
    pub id: PairId,
    /// The standalone question.
    pub question: String,
    /// The answer.
    pub answer: String,
    /// What the conversation had been about ([`PairDraft::context_terms`]).
    pub context_terms: Vec<u32>,
    /// Probability that the reply answers (0–1).
    pub answer_quality: f32,
    /// What is known to have happened after the answer.
    pub outcome: Outcome,
    /// Who answered.
    pub agent_id: Option<String>,
}

/// One stored pair.
#[derive(Debug, Clone, PartialEq)]
pub struct Pair {
    /// The desk it belongs to.
    pub desk: DeskId,
    /// The conversation it was mined from.
    pub conversation: ConversationId,
    /// Keyed hash of the customer's id (the store's blind index), for counting distinct customers.
    pub customer_key: Option<String>,
    /// Tags of the conversation.
    pub tags: Vec<String>,
    /// The pair itself.
    pub content: PairDraft,
}
