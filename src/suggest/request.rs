//! What a caller asks and gets: the wire form of `POST /v1/suggestions`, used by the API, the command line and the evaluation alike.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::explain::Explanation;
use crate::domain::{Abstention, DeskId, FeedbackKind, Language, Pool, RejectReason, Role, Suggestion, SuggestionSetId, Timestamp};

/// Longest live message that is read, in characters; the rest is ignored.
pub(super) const MAX_MESSAGE_CHARS: usize = 8_000;

/// One message of the live conversation.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct LiveMessage {
    /// Who speaks.
    pub role: Role,
    /// What is said.
    #[schema(example = "拍下三天了还没发货，什么时候能发？")]
    pub text: String,
    /// When it was said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub at: Option<Timestamp>,
    /// The host's id of the message. Of several messages with one id the last counts: the customer has edited it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
}

/// The live conversation, oldest message first.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct LiveConversation {
    /// The host's id of the conversation. An archived conversation of this id is never used as a source for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// What the host knows of the customer (name, phone, mail …): masked wherever it occurs.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub customer: BTreeMap<String, String>,
    /// Its messages, oldest first; at most 500.
    pub messages: Vec<LiveMessage>,
}

/// Which sources may be used.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct SuggestFilters {
    /// Only these pools; empty for those of the desk's settings (both, unless it says otherwise).
    pub pools: Vec<Pool>,
    /// Only conversations and entries with at least one of these tags; empty for all.
    pub tags: Vec<String>,
    /// Only answers given (or entries changed) at this moment or later.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub answered_from: Option<Timestamp>,
}

/// Asks for replies to the present moment of a live conversation.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SuggestRequest {
    /// The desk whose archive and knowledge are used.
    pub desk: DeskId,
    /// The conversation so far.
    pub conversation: LiveConversation,
    /// Replies wanted, 1 to 20; as many as the desk's settings say (3, unless they say otherwise) when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<u32>,
    /// Language of the replies; the customer's own when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub language: Option<Language>,
    /// Which sources may be used.
    #[serde(default)]
    pub filters: SuggestFilters,
    /// Whether to say why the answer is as it is. Not for agents.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub explain: bool,
}

/// The question as the service understood it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct QueryView {
    /// The standalone question, masked.
    pub text: String,
    /// The single questions, masked, where the customer asks several things at once: each is searched for, and the first suggestions serve
    /// each of them. Left out where one thing is asked.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub questions: Vec<String>,
    /// Positions (from 0) of the messages it was made of.
    pub used_turns: Vec<u32>,
}

/// The encoder that was used.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ModelView {
    /// Its name.
    pub name: String,
    /// Its fingerprint.
    pub fingerprint: String,
}

/// Where the time went, milliseconds of wall time.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize, ToSchema)]
pub struct Timings {
    /// From the request to the answer.
    pub total: f64,
    /// Embedding the query, waiting included.
    pub embed: f64,
    /// Searching the index and reading the candidates.
    pub search: f64,
    /// Ranking, grouping, calibrating and rendering.
    pub rank: f64,
}

/// The answer: suggestions, or the reason for silence.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct SuggestResponse {
    /// Names the set.
    #[schema(value_type = String, format = Uuid)]
    pub id: SuggestionSetId,
    /// Replies, pinned ones first, then best first; where the customer asks several things at once, the best reply to each comes before the
    /// others. Empty exactly when `abstained` is set.
    pub suggestions: Vec<Suggestion>,
    /// Why there are none.
    pub abstained: Option<Abstention>,
    /// The question as understood.
    pub query: QueryView,
    /// The encoder used.
    pub model: ModelView,
    /// Where the time went.
    pub timings_ms: Timings,
    /// Why the answer is as it is, where that was asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub explanation: Option<Explanation>,
}

/// Says what an agent did with one suggestion.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct FeedbackCreate {
    /// What happened.
    pub kind: FeedbackKind,
    /// Why it was refused; needed for `rejected`, and only there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<RejectReason>,
    /// The text finally used; needed for `edited`, allowed for `sent`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub final_text: Option<String>,
}
