//! Knowledge entries: question variants and the answer the company wants given.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{ClusterId, DeskId, EntryId, Language, PairId, Timestamp};

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

/// What an entry was made from.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Provenance {
    /// The cluster of questions it answers.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = Uuid)]
    pub cluster: Option<ClusterId>,
    /// The archived pairs its questions or its answer are from.
    #[schema(value_type = Vec<String>)]
    pub pairs: Vec<PairId>,
}

impl Provenance {
    /// Whether nothing is known of it.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.cluster.is_none() && self.pairs.is_empty()
    }
}

/// What an editor owns of an entry: every change of it is kept as a version.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = EntryContent)]
pub struct EntryContent {
    /// Language of the answer.
    pub language: Language,
    /// Where it is in its life.
    pub status: EntryStatus,
    /// Tags.
    pub tags: Vec<String>,
    /// First moment at which it may be suggested.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub valid_from: Option<Timestamp>,
    /// First moment at which it may no longer be suggested.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub valid_to: Option<Timestamp>,
    /// Who keeps it.
    pub owner: Option<String>,
    /// Ways customers ask; at least one.
    pub questions: Vec<String>,
    /// The answer to send.
    pub answer: String,
    /// What it was made from.
    pub provenance: Provenance,
}

impl EntryContent {
    /// Whether an entry with it may be suggested at `now`.
    #[must_use]
    pub fn is_live(&self, now: Timestamp) -> bool {
        self.status == EntryStatus::Published && self.valid_from.is_none_or(|from| from <= now) && self.valid_to.is_none_or(|to| now < to)
    }
}

/// An entry as somebody wants it: what files hold and requests bring.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EntryDraft {
    /// The desk it belongs to.
    pub desk: DeskId,
    /// The id its keeper knows it by, unique on its desk.
    pub external_id: String,
    /// Everything else.
    pub content: EntryContent,
}

impl EntryDraft {
    /// The id that follows from desk and external id.
    #[must_use]
    pub fn id(&self) -> EntryId {
        EntryId::derive(&[self.desk.as_str(), &self.external_id])
    }
}

/// One knowledge entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Derived from desk and `external_id`.
    pub id: EntryId,
    /// The desk it belongs to.
    pub desk: DeskId,
    /// The id its keeper knows it by: in its file, or given by the service.
    pub external_id: String,
    /// What its editors own.
    pub content: EntryContent,
    /// Number of its present version, from 1.
    pub version: u64,
    /// Who wrote the first version.
    pub created_by: String,
    /// When it was written.
    pub created_at: Timestamp,
    /// Who wrote the present version.
    pub updated_by: String,
    /// When it was written.
    pub updated_at: Timestamp,
}

/// One version of an entry: the whole content as it then was.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EntryVersion {
    /// Its number, from 1.
    pub version: u64,
    /// The content.
    pub content: EntryContent,
    /// Who wrote it.
    pub by: String,
    /// When.
    pub at: Timestamp,
    /// Why, in the editor's words.
    pub note: Option<String>,
}

/// Which entries of a desk; all conditions must hold.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct EntryFilter {
    /// In this state.
    pub status: Option<EntryStatus>,
    /// In this language.
    pub language: Option<Language>,
    /// With this tag.
    pub tag: Option<String>,
    /// Kept by this owner.
    pub owner: Option<String>,
    /// Whose questions, answer or external id hold these words; ASCII letters match in either case.
    pub words: Option<String>,
}

impl Entry {
    /// The index point of the `variant`-th question (from 0).
    #[must_use]
    pub fn variant_point(&self, variant: usize) -> uuid::Uuid {
        EntryId::derive(&[&self.id.to_string(), &variant.to_string()]).as_uuid()
    }
}
