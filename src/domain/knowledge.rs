//! Knowledge entries: question variants and the answer the company wants given.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{DeskId, EntryId, Language, Timestamp};

/// Where an entry is in its life.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum EntryStatus {
    /// Being written; never suggested.
    Draft,
    /// Suggested while it is valid.
    Published,
    /// Withdrawn; never suggested.
    Retired,
}

impl EntryStatus {
    /// The code used in files, the API and the store.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Draft => "draft",
            Self::Published => "published",
            Self::Retired => "retired",
        }
    }

    /// Reads the code back.
    #[must_use]
    pub fn from_code(code: &str) -> Option<Self> {
        [Self::Draft, Self::Published, Self::Retired].into_iter().find(|status| status.as_str() == code)
    }
}

/// One knowledge entry.
#[derive(Debug, Clone, PartialEq)]
pub struct Entry {
    /// Derived from desk and `external_id`.
    pub id: EntryId,
    /// The desk it belongs to.
    pub desk: DeskId,
    /// The id in its file's front matter.
    pub external_id: String,
    /// Language of the answer.
    pub language: Language,
    /// Where it is in its life.
    pub status: EntryStatus,
    /// Tags.
    pub tags: Vec<String>,
    /// First moment at which it may be suggested.
    pub valid_from: Option<Timestamp>,
    /// First moment at which it may no longer be suggested.
    pub valid_to: Option<Timestamp>,
    /// Who keeps it.
    pub owner: Option<String>,
    /// Ways customers ask; at least one.
    pub questions: Vec<String>,
    /// The answer to send.
    pub answer: String,
    /// When it last changed.
    pub updated_at: Timestamp,
}

impl Entry {
    /// The index point of the `variant`-th question (from 0).
    #[must_use]
    pub fn variant_point(&self, variant: usize) -> uuid::Uuid {
        EntryId::derive(&[&self.id.to_string(), &variant.to_string()]).as_uuid()
    }

    /// Whether the entry may be suggested at `now`.
    #[must_use]
    pub fn is_live(&self, now: Timestamp) -> bool {
        self.status == EntryStatus::Published && self.valid_from.is_none_or(|from| from <= now) && self.valid_to.is_none_or(|to| now < to)
    }
}
