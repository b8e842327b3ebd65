//! Suggestions: ranked replies offered for one moment of a live conversation, or the reason for silence.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{Language, SuggestionId, SuggestionSetId, Timestamp};

/// Where a suggestion comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Pool {
    /// What a colleague answered in an archived conversation.
    Archive,
    /// A knowledge entry.
    Knowledge,
}

impl Pool {
    /// The code used in the API, the store and the index.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Archive => "archive",
            Self::Knowledge => "knowledge",
        }
    }

    /// Reads the code back.
    #[must_use]
    pub fn from_code(code: &str) -> Option<Self> {
        match code {
            "archive" => Some(Self::Archive),
            "knowledge" => Some(Self::Knowledge),
            _ => None,
        }
    }
}

/// What kind of thing an evidence row points at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum EvidenceKind {
    /// An archived conversation.
    Conversation,
    /// A knowledge entry.
    Entry,
}

/// Where a suggestion was seen: the matched question and when it was answered.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Evidence {
    /// What `id` names.
    pub kind: EvidenceKind,
    /// Id of the conversation or entry.
    pub id: String,
    /// The pair inside the conversation.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pair_id: Option<String>,
    /// The question that matched, masked.
    pub question: String,
    /// When it was answered, or the entry last changed.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub answered_at: Option<Timestamp>,
    /// Who answered, as the source names them; absent when the caller may not see it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub answered_by: Option<String>,
}

/// A placeholder in the text, filled from the live conversation or left for the agent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Slot {
    /// Kind of value, such as `ORDER_NO`.
    pub name: String,
    /// First character of the slot in the text, counted in Unicode scalar values.
    pub start: usize,
    /// First character behind it.
    pub end: usize,
    /// Whether a value of the live conversation stands there; otherwise the placeholder does.
    pub filled: bool,
}

/// What an agent should know before sending.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Flag {
    /// A slot is left open: fill it before sending.
    OpenSlot,
    /// Another suggestion of this set says something else.
    Conflicting,
    /// In another language than the customer's.
    OtherLanguage,
    /// The agent who gave this answer took it back later. (Answers reported outdated are not shown until they are reviewed.)
    Outdated,
    /// An editor has pinned it: it goes first whatever its score.
    Pinned,
    /// Worded as agents have repeatedly edited this answer; the evidence shows where the original was seen.
    EditedWording,
}

/// One ranked reply.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Suggestion {
    /// Names it in feedback.
    #[schema(value_type = String, format = Uuid)]
    pub id: SuggestionId,
    /// 1 for the best.
    pub rank: u32,
    /// The reply, slots filled from the live conversation only.
    pub text: String,
    /// Probability that an agent would use it (0–1).
    pub score: f64,
    /// Which pool it is from.
    pub pool: Pool,
    /// Language of the text.
    pub language: Language,
    /// How many archived answers and entries say the same.
    pub support: u32,
    /// Where it was seen, best match first; at most five.
    pub evidence: Vec<Evidence>,
    /// Slots in the text.
    pub slots: Vec<Slot>,
    /// What to check before sending.
    pub flags: Vec<Flag>,
}

/// Why nothing is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum AbstainReason {
    /// The customer's turn asks nothing: greeting, thanks, acknowledgement.
    SmallTalk,
    /// Nothing in this desk's archive or knowledge is about this.
    OutOfDomain,
    /// Near matches exist, none good enough.
    NoMatch,
    /// Only answers that contradict each other.
    Conflicting,
    /// The conversation holds no customer message to answer.
    MovedOn,
}

/// The reasoned absence of suggestions.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Abstention {
    /// The reason, for programs.
    pub reason: AbstainReason,
    /// The reason, for people.
    pub detail: String,
}

/// What the service answered for one moment.
#[derive(Debug, Clone, PartialEq)]
pub struct SuggestionSet {
    /// Its id.
    pub id: SuggestionSetId,
    /// What is shown, pinned answers first, then best first; empty exactly when `abstained` is set.
    pub suggestions: Vec<Suggestion>,
    /// Why nothing is shown.
    pub abstained: Option<Abstention>,
}
