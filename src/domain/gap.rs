//! Gaps: questions that customers asked and that got no good answer, grouped by meaning.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use super::{DeskId, EntryId, GapId, Language, Timestamp};

/// Why there was no good answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum GapCause {
    /// Neither the archive nor the knowledge holds anything near: write an entry.
    NoKnowledge,
    /// Something matches when it is looked for by what these questions have in common, but was not shown or always refused: add question
    /// variants, or mend the answer.
    NotFound,
    /// Small talk, or nothing the desk deals with.
    NotOurTopic,
    /// The customer did not agree to the use of their data. Nothing in the product asks for consent yet, so no gap has this cause.
    ConsentRefused,
}

impl GapCause {
    /// Every cause.
    pub const ALL: [Self; 4] = [Self::NoKnowledge, Self::NotFound, Self::NotOurTopic, Self::ConsentRefused];

    /// The code used in the API and the store.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::NoKnowledge => "no_knowledge",
            Self::NotFound => "not_found",
            Self::NotOurTopic => "not_our_topic",
            Self::ConsentRefused => "consent_refused",
        }
    }

    /// Reads the code back.
    #[must_use]
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|cause| cause.as_str() == code)
    }
}

/// What an editor has decided about a gap.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum GapState {
    /// Nothing, or it failed again after it was resolved.
    Open,
    /// An entry answers it now.
    Resolved,
    /// Not worth an entry.
    Dismissed,
}

impl GapState {
    /// The code used in the API and the store.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Resolved => "resolved",
            Self::Dismissed => "dismissed",
        }
    }

    /// Reads the code back.
    #[must_use]
    pub fn from_code(code: &str) -> Option<Self> {
        [Self::Open, Self::Resolved, Self::Dismissed].into_iter().find(|state| state.as_str() == code)
    }
}

/// A decision about a gap.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct GapDecision {
    /// What was decided.
    pub state: GapState,
    /// Why, for colleagues.
    pub why: Option<String>,
    /// The entry that answers it now.
    #[schema(value_type = Option<String>, format = Uuid)]
    pub entry_id: Option<EntryId>,
    /// Who decided (account or key name).
    pub actor: String,
    /// When.
    #[schema(value_type = String, format = DateTime)]
    pub at: Timestamp,
}

/// What lies nearest to a gap.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Nearest {
    /// The entry or cluster.
    #[schema(value_type = String, format = Uuid)]
    pub id: Uuid,
    /// Cosine of its nearest question and the gap's centre.
    pub similarity: f32,
}

/// One gap.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Gap {
    /// Its id; stays when the ledger is computed again for as long as its failures stay together.
    #[schema(value_type = String, format = Uuid)]
    pub id: GapId,
    /// The desk it belongs to.
    pub desk: DeskId,
    /// Why there was no good answer.
    pub cause: GapCause,
    /// The question nearest to the centre, masked.
    pub question: String,
    /// Up to five of the questions, masked, newest first.
    pub examples: Vec<String>,
    /// Language of most of them.
    pub language: Language,
    /// How often it failed; the same words in one conversation count once.
    pub failures: u32,
    /// Of these, sets that held nothing.
    pub abstained: u32,
    /// Of these, sets of which every suggestion was refused.
    pub rejected: u32,
    /// Of these, archived questions whose reply did not answer.
    pub unanswered: u32,
    /// Distinct customers; a live conversation counts as one.
    pub customers: u32,
    /// Customers × failures: what the ledger is ordered by.
    pub impact: u64,
    /// When it first failed.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub first_at: Option<Timestamp>,
    /// When it last failed.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub last_at: Option<Timestamp>,
    /// The published entry that lies nearest.
    pub nearest_entry: Option<Nearest>,
    /// The cluster whose question lies nearest.
    pub nearest_cluster: Option<Nearest>,
    /// What was decided about it last.
    pub decision: Option<GapDecision>,
    /// When it was last computed.
    #[schema(value_type = String, format = DateTime)]
    pub updated_at: Timestamp,
}

impl Gap {
    /// Its state: a resolved gap that has failed since is open again.
    #[must_use]
    pub fn state(&self) -> GapState {
        match &self.decision {
            None => GapState::Open,
            Some(decision) if decision.state == GapState::Resolved && self.last_at.is_some_and(|last| last > decision.at) => GapState::Open,
            Some(decision) => decision.state,
        }
    }
}
