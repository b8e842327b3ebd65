//! What agents did with suggestions.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{FeedbackId, SuggestionId, Timestamp};

/// What happened to one suggestion.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum FeedbackKind {
    /// It was on the agent's screen.
    Shown,
    /// The agent took it as it is.
    Accepted,
    /// The agent took it and changed it; the final text comes along.
    Edited,
    /// The agent refused it; a reason comes along.
    Rejected,
    /// It was sent to the customer.
    Sent,
}

impl FeedbackKind {
    /// The code used in the API and the store.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Shown => "shown",
            Self::Accepted => "accepted",
            Self::Edited => "edited",
            Self::Rejected => "rejected",
            Self::Sent => "sent",
        }
    }
}

/// Why an agent refused a suggestion.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
#[expect(missing_docs, reason = "the names say it")]
pub enum RejectReason {
    Wrong,
    Incomplete,
    Outdated,
    Tone,
    Other,
}

impl RejectReason {
    /// The code used in the API and the store.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Wrong => "wrong",
            Self::Incomplete => "incomplete",
            Self::Outdated => "outdated",
            Self::Tone => "tone",
            Self::Other => "other",
        }
    }
}

/// One event to store.
#[derive(Debug, Clone, PartialEq)]
pub struct FeedbackEvent {
    /// Its id.
    pub id: FeedbackId,
    /// The suggestion it is about.
    pub suggestion: SuggestionId,
    /// What happened.
    pub kind: FeedbackKind,
    /// Why it was refused.
    pub reason: Option<RejectReason>,
    /// The text finally sent, masked.
    pub final_text: Option<String>,
    /// Who says so (account or key name).
    pub actor: String,
    /// When.
    pub at: Timestamp,
}

/// Feedback on one answer (all suggestions that offered it), summed with exponential decay.
///
/// Weights are "events now": an event `t` days old counts `0.5^(t / 90)`.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct FeedbackTally {
    /// Accepted or sent unchanged.
    pub accepted: f64,
    /// Taken with changes.
    pub edited: f64,
    /// Refused.
    pub rejected: f64,
    /// Refused as outdated (contained in `rejected`).
    pub outdated: f64,
}
