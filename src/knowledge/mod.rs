//! The knowledge base: editing entries with versions, finding near-duplicates, exchanging files.
//!
//! Every change goes through the rules of [`content`] and makes a version; what changed is queued for the index with it, in one transaction.
//! Whoever calls waits for the index where somebody is to see the effect at once ([`crate::jobs::indexing::Indexer::settle`]).

pub mod content;
pub mod diff;
pub mod duplicates;
pub mod exchange;
mod import;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde::{Deserialize, Deserializer, Serialize};
use utoipa::ToSchema;

pub use self::content::Fault;
pub use self::duplicates::{Asked, NearDuplicate};
pub use self::exchange::{ExchangeError, KnowledgeFile, KnowledgeFormat, RejectedEntry};
pub use self::import::{EntryEffect, ImportOptions, ImportedEntry, KnowledgeReport};

use self::content::{checked, checked_content};
use self::diff::EntryDiff;
use crate::domain::{
    Clock, DeskId, Entry, EntryContent, EntryDraft, EntryFilter, EntryId, EntryStatus, EntryVersion, Language, Provenance, Timestamp,
};
use crate::embed::{EmbedError, Embedder, Lane};
use crate::index::{IndexError, VectorIndex};
use crate::rt::WorkError;
use crate::store::{EntryEdit, Store, StoreError};
use crate::text::language::detect;

/// Entries read at a time for an export.
const PAGE: u32 = 500;
/// Longest note on a change.
const MAX_NOTE_CHARS: usize = 500;

/// Why the knowledge base did not do it.
#[derive(Debug, thiserror::Error)]
pub enum KnowledgeError {
    /// A field breaks a rule.
    #[error("{field}: {reason}; {remedy}")]
    Invalid {
        /// The field.
        field: &'static str,
        /// What is wrong.
        reason: String,
        /// How to mend it.
        remedy: String,
    },
    /// The desk has no such entry.
    #[error("no entry {0}")]
    UnknownEntry(EntryId),
    /// The entry has no such version.
    #[error("no version {0}")]
    UnknownVersion(u64),
    /// The desk has an entry of that external id.
    #[error("the entry exists already, as {0}")]
    Exists(EntryId),
    /// Somebody else has changed it; its present version is named.
    #[error("the entry has changed: its version is {0}")]
    Stale(u64),
    /// Entries ask the same, and the caller wanted none then.
    #[error("{} entries ask the same", .0.len())]
    Duplicates(Vec<NearDuplicate>),
    /// A file can't be read or written.
    #[error(transparent)]
    Exchange(#[from] ExchangeError),
    /// No vector.
    #[error(transparent)]
    Embed(#[from] EmbedError),
    /// The index did not answer.
    #[error(transparent)]
    Index(#[from] IndexError),
    /// The store did not answer.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// Background work was lost.
    #[error(transparent)]
    Work(#[from] WorkError),
}

impl From<Fault> for KnowledgeError {
    fn from(fault: Fault) -> Self {
        Self::Invalid { field: fault.field, reason: fault.reason, remedy: fault.remedy }
    }
}

/// A new entry.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct EntryCreate {
    /// The desk it belongs to.
    pub desk: DeskId,
    /// The id its keeper knows it by; one is made when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub external_id: Option<String>,
    /// Language of the answer; told from the answer when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub language: Option<Language>,
    /// Where it is in its life; `draft` when absent.
    #[serde(default = "draft")]
    pub status: EntryStatus,
    /// Tags.
    #[serde(default)]
    pub tags: Vec<String>,
    /// First moment at which it may be suggested.
    #[serde(default)]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub valid_from: Option<Timestamp>,
    /// First moment at which it may no longer be suggested.
    #[serde(default)]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub valid_to: Option<Timestamp>,
    /// Who keeps it.
    #[serde(default)]
    pub owner: Option<String>,
    /// Ways customers ask; at least one.
    pub questions: Vec<String>,
    /// The answer to send; only a draft may lack it.
    #[serde(default)]
    pub answer: String,
    /// What it was made from.
    #[serde(default)]
    pub provenance: Provenance,
    /// Why, for colleagues.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}

const fn draft() -> EntryStatus {
    EntryStatus::Draft
}

/// A change of an entry: what is absent stays, lists are replaced as a whole.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct EntryPatch {
    /// Language of the answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub language: Option<Language>,
    /// Where it is in its life: `published` has it suggested, `retired` withdraws it, both at once.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<EntryStatus>,
    /// Tags.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tags: Option<Vec<String>>,
    /// First moment at which it may be suggested; `null` for no limit.
    #[serde(deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub valid_from: Option<Option<Timestamp>>,
    /// First moment at which it may no longer be suggested; `null` for no limit.
    #[serde(deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub valid_to: Option<Option<Timestamp>>,
    /// Who keeps it; `null` for nobody.
    #[serde(deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub owner: Option<Option<String>>,
    /// Ways customers ask.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub questions: Option<Vec<String>>,
    /// The answer to send.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub answer: Option<String>,
    /// What it was made from.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub provenance: Option<Provenance>,
    /// Why, for colleagues; kept with the version.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}

/// Tells `null` from a field that is not there.
fn present<'de, T: Deserialize<'de>, D: Deserializer<'de>>(deserializer: D) -> Result<Option<T>, D::Error> {
    T::deserialize(deserializer).map(Some)
}

impl EntryPatch {
    fn apply(self, content: EntryContent) -> EntryContent {
        EntryContent {
            language: self.language.unwrap_or(content.language),
            status: self.status.unwrap_or(content.status),
            tags: self.tags.unwrap_or(content.tags),
            valid_from: self.valid_from.unwrap_or(content.valid_from),
            valid_to: self.valid_to.unwrap_or(content.valid_to),
            owner: self.owner.unwrap_or(content.owner),
            questions: self.questions.unwrap_or(content.questions),
            answer: self.answer.unwrap_or(content.answer),
            provenance: self.provenance.unwrap_or(content.provenance),
        }
    }
}

/// What to do with a new entry that asks the same as another one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum OnDuplicate {
    /// Make it, and name the others.
    #[default]
    List,
    /// Don't make it.
    Refuse,
}

/// The knowledge base of an installation.
#[derive(Clone)]
pub struct Knowledge {
    store: Arc<dyn Store>,
    index: Arc<dyn VectorIndex>,
    embedder: Arc<dyn Embedder>,
    clock: Arc<dyn Clock>,
}

impl Knowledge {
    /// Puts the use case together.
    #[must_use]
    pub fn new(store: Arc<dyn Store>, index: Arc<dyn VectorIndex>, embedder: Arc<dyn Embedder>, clock: Arc<dyn Clock>) -> Self {
        Self { store, index, embedder, clock }
    }

    fn edit<'a>(&self, by: &'a str, note: Option<&'a str>) -> Result<EntryEdit<'a>, KnowledgeError> {
        if note.is_some_and(|note| note.chars().count() > MAX_NOTE_CHARS) {
            let remedy = format!("use at most {MAX_NOTE_CHARS} characters");
            return Err(KnowledgeError::Invalid { field: "note", reason: "the note is too long".to_owned(), remedy });
        }
        Ok(EntryEdit { by, at: self.clock.now(), note: note.filter(|note| !note.trim().is_empty()) })
    }

    /// Makes an entry; gives it with those that ask the same.
    pub async fn create(
        &self,
        new: EntryCreate,
        on_duplicate: OnDuplicate,
        by: &str,
    ) -> Result<(Entry, Vec<NearDuplicate>), KnowledgeError> {
        let edit = self.edit(by, new.note.as_deref())?;
        let content = EntryContent {
            language: new.language.unwrap_or_else(|| {
                detect(if new.answer.trim().is_empty() { new.questions.first().map_or("", String::as_str) } else { &new.answer })
            }),
            status: new.status,
            tags: new.tags,
            valid_from: new.valid_from,
            valid_to: new.valid_to,
            owner: new.owner,
            questions: new.questions,
            answer: new.answer,
            provenance: new.provenance,
        };
        let external_id = new.external_id.unwrap_or_else(|| uuid::Uuid::now_v7().to_string());
        let draft = checked(EntryDraft { desk: new.desk, external_id, content })?;
        let asked = Asked { questions: &draft.content.questions, answer: &draft.content.answer, except: Some(draft.id()) };
        let near = self.near_duplicates(&draft.desk, asked, Lane::Interactive).await?;
        if on_duplicate == OnDuplicate::Refuse && !near.is_empty() {
            return Err(KnowledgeError::Duplicates(near));
        }
        match self.store.create_entry(&draft, edit).await {
            Ok(entry) => Ok((entry, near)),
            Err(StoreError::Duplicate(_)) => Err(KnowledgeError::Exists(draft.id())),
            Err(error) => Err(error.into()),
        }
    }

    /// Changes version `version` of an entry; a change that changes nothing makes no version.
    pub async fn change(&self, desk: &DeskId, id: EntryId, version: u64, patch: EntryPatch, by: &str) -> Result<Entry, KnowledgeError> {
        let entry = self.entry(desk, id).await?;
        if entry.version != version {
            return Err(KnowledgeError::Stale(entry.version));
        }
        let note = patch.note.clone();
        let content = checked_content(patch.apply(entry.content))?;
        self.replace(desk, id, version, &content, self.edit(by, note.as_deref())?).await
    }

    /// Brings the content of version `to` back, as a new version behind `version`, the present one.
    pub async fn roll_back(
        &self,
        desk: &DeskId,
        id: EntryId,
        version: u64,
        to: u64,
        note: Option<&str>,
        by: &str,
    ) -> Result<Entry, KnowledgeError> {
        let content = self.version(desk, id, to).await?.content;
        let written = format!("back to version {to}");
        self.replace(desk, id, version, &content, self.edit(by, note.or(Some(&written)))?).await
    }

    async fn replace(
        &self,
        desk: &DeskId,
        id: EntryId,
        version: u64,
        content: &EntryContent,
        edit: EntryEdit<'_>,
    ) -> Result<Entry, KnowledgeError> {
        match self.store.change_entry(desk, id, version, content, edit).await {
            Ok(entry) => Ok(entry),
            Err(StoreError::NotFound(_)) => Err(KnowledgeError::UnknownEntry(id)),
            Err(StoreError::Stale { present, .. }) => Err(KnowledgeError::Stale(present)),
            Err(error) => Err(error.into()),
        }
    }

    /// Writes checked drafts of one desk over whatever is there; gives the ids of those that are new or different.
    pub async fn put(&self, desk: &DeskId, drafts: &[EntryDraft], by: &str) -> Result<Vec<EntryId>, KnowledgeError> {
        Ok(self.store.put_entries(desk, drafts, self.edit(by, None)?).await?)
    }

    /// One entry.
    pub async fn entry(&self, desk: &DeskId, id: EntryId) -> Result<Entry, KnowledgeError> {
        self.store.entries(desk, &[id]).await?.into_iter().next().ok_or(KnowledgeError::UnknownEntry(id))
    }

    /// Entries in order of id, from the first one after `after`.
    pub async fn entries(
        &self,
        desk: &DeskId,
        filter: &EntryFilter,
        after: Option<EntryId>,
        limit: u32,
    ) -> Result<Vec<Entry>, KnowledgeError> {
        Ok(self.store.entries_page(desk, filter, after, limit).await?)
    }

    /// Versions of an entry, newest first, before the version `before`.
    pub async fn versions(&self, desk: &DeskId, id: EntryId, before: Option<u64>, limit: u32) -> Result<Vec<EntryVersion>, KnowledgeError> {
        self.entry(desk, id).await?;
        Ok(self.store.entry_versions(desk, id, before, limit).await?)
    }

    /// One version of an entry.
    pub async fn version(&self, desk: &DeskId, id: EntryId, version: u64) -> Result<EntryVersion, KnowledgeError> {
        if let Some(found) = self.store.entry_version(desk, id, version).await? {
            return Ok(found);
        }
        self.entry(desk, id).await?;
        Err(KnowledgeError::UnknownVersion(version))
    }

    /// What changed from one version to another.
    pub async fn diff(&self, desk: &DeskId, id: EntryId, from: u64, to: u64) -> Result<EntryDiff, KnowledgeError> {
        let (old, new) = (self.version(desk, id, from).await?, self.version(desk, id, to).await?);
        Ok(crate::rt::cpu(move || diff::compare(&old, &new)).await?)
    }

    /// Every entry of a desk as files hold it, in order of external id.
    pub async fn drafts(&self, desk: &DeskId) -> Result<Vec<EntryDraft>, KnowledgeError> {
        let (mut drafts, mut after) = (Vec::new(), None);
        loop {
            let page = self.store.entries_page(desk, &EntryFilter::default(), after, PAGE).await?;
            let Some(last) = page.last() else { break };
            after = Some(last.id);
            drafts.extend(page.into_iter().map(|entry| EntryDraft {
                desk: entry.desk,
                external_id: entry.external_id,
                content: entry.content,
            }));
        }
        drafts.sort_by(|a, b| a.external_id.cmp(&b.external_id));
        Ok(drafts)
    }

    /// A desk's knowledge as one file of `format`.
    pub async fn export(&self, desk: &DeskId, format: KnowledgeFormat) -> Result<Vec<u8>, KnowledgeError> {
        let drafts = self.drafts(desk).await?;
        let written = crate::rt::cpu(move || {
            let mut bytes = Vec::new();
            exchange::write(&drafts, format, &mut bytes).map(|()| bytes)
        });
        Ok(written.await??)
    }

    /// Reads a file or folder off the async workers.
    pub async fn read(&self, path: &Path, format: KnowledgeFormat, desk: Option<&DeskId>) -> Result<KnowledgeFile, KnowledgeError> {
        let (path, desk): (PathBuf, Option<DeskId>) = (path.to_owned(), desk.cloned());
        Ok(crate::rt::cpu(move || exchange::read(&path, format, desk.as_ref())).await??)
    }
}
