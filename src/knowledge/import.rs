//! Taking entries from a file: what is new, what differs, what was not taken, and what the base has already.

use std::collections::{BTreeMap, HashMap};

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{Asked, Knowledge, KnowledgeError, KnowledgeFile, NearDuplicate, RejectedEntry};
use crate::domain::{DeskId, Entry, EntryDraft, EntryId};
use crate::embed::Lane;

/// Entries written in one transaction.
const CHUNK: usize = 500;

/// How an import is done.
#[derive(Debug, Clone, Copy)]
pub struct ImportOptions<'a> {
    /// Read and report only.
    pub dry_run: bool,
    /// Who imports.
    pub by: &'a str,
    /// Kept with the versions that are made.
    pub note: Option<&'a str>,
    /// New entries that near-duplicates are looked for, from the first on: each costs the encoder its questions.
    pub compared: usize,
}

/// What an import does to one entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum EntryEffect {
    /// There was none of this id.
    New,
    /// It gets a new version.
    Changed,
}

/// One entry that an import writes.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct ImportedEntry {
    /// Its id.
    #[schema(value_type = String, format = Uuid)]
    pub id: EntryId,
    /// Its desk.
    pub desk: DeskId,
    /// The id its keeper knows it by.
    pub external_id: String,
    /// What happens to it.
    pub effect: EntryEffect,
    /// Other entries that ask the same as this new one.
    pub near_duplicates: Vec<NearDuplicate>,
}

/// What an import did, or would do.
#[derive(Debug, Clone, PartialEq, Default, Serialize, ToSchema)]
pub struct KnowledgeReport {
    /// Whether nothing was written.
    pub dry_run: bool,
    /// Entries that were new.
    pub new: u32,
    /// Entries that differed.
    pub changed: u32,
    /// Entries that are there already, just so.
    pub unchanged: u32,
    /// The new and the changed ones, in the order of the file.
    pub items: Vec<ImportedEntry>,
    /// What was not taken, and why.
    pub rejected: Vec<RejectedEntry>,
    /// How many of the new entries near-duplicates were looked for.
    pub compared: u32,
}

impl Knowledge {
    /// Writes what a file holds; its desks must exist. Of several entries with one id the last counts.
    pub async fn import(&self, file: KnowledgeFile, options: ImportOptions<'_>) -> Result<KnowledgeReport, KnowledgeError> {
        let mut report = KnowledgeReport { dry_run: options.dry_run, rejected: file.rejected, ..KnowledgeReport::default() };
        let mut last: HashMap<EntryId, usize> = HashMap::new();
        for (at, draft) in file.entries.iter().enumerate() {
            last.insert(draft.id(), at);
        }
        let mut by_desk: BTreeMap<DeskId, Vec<EntryDraft>> = BTreeMap::new();
        for (at, draft) in file.entries.into_iter().enumerate() {
            if last.get(&draft.id()) == Some(&at) {
                by_desk.entry(draft.desk.clone()).or_default().push(draft);
            }
        }
        for (desk, drafts) in &by_desk {
            for chunk in drafts.chunks(CHUNK) {
                let ids: Vec<EntryId> = chunk.iter().map(EntryDraft::id).collect();
                let stored: HashMap<EntryId, Entry> =
                    self.store.entries(desk, &ids).await?.into_iter().map(|entry| (entry.id, entry)).collect();
                for draft in chunk {
                    let effect = match stored.get(&draft.id()) {
                        None => EntryEffect::New,
                        Some(entry) if entry.content != draft.content => EntryEffect::Changed,
                        Some(_same) => {
                            report.unchanged += 1;
                            continue;
                        }
                    };
                    let item = self.item(desk, draft, effect, &options, &mut report).await?;
                    report.items.push(item);
                }
                if !options.dry_run {
                    self.store.put_entries(desk, chunk, self.edit(options.by, options.note)?).await?;
                }
            }
        }
        Ok(report)
    }

    async fn item(
        &self,
        desk: &DeskId,
        draft: &EntryDraft,
        effect: EntryEffect,
        options: &ImportOptions<'_>,
        report: &mut KnowledgeReport,
    ) -> Result<ImportedEntry, KnowledgeError> {
        let mut near_duplicates = Vec::new();
        match effect {
            EntryEffect::Changed => report.changed += 1,
            EntryEffect::New => {
                report.new += 1;
                if (report.compared as usize) < options.compared {
                    report.compared += 1;
                    let asked = Asked { questions: &draft.content.questions, answer: &draft.content.answer, except: Some(draft.id()) };
                    near_duplicates = self.near_duplicates(desk, asked, Lane::Bulk).await?;
                }
            }
        }
        Ok(ImportedEntry { id: draft.id(), desk: desk.clone(), external_id: draft.external_id.clone(), effect, near_duplicates })
    }
}
