//! The way to the knowledge base, and the wait for the index behind every change of it.

use std::path::Path;
use std::time::Duration;

use super::GateRef;
use crate::auth::grant::permission::{CreateDesks, ReadEntries, Suggest, WriteEntries};
use crate::auth::{AuthError, DeskAccess, Grant};
use crate::domain::{DeskId, Entry, EntryDraft, EntryFilter, EntryId, EntryVersion, Pool};
use crate::embed::Lane;
use crate::http::problem::Problem;
use crate::knowledge::diff::EntryDiff;
use crate::knowledge::{
    Asked, EntryCreate, EntryPatch, ImportOptions, KnowledgeError, KnowledgeFile, KnowledgeFormat, KnowledgeReport, NearDuplicate,
    OnDuplicate,
};
use crate::suggest::request::SuggestFilters;
use crate::suggest::{SuggestRequest, SuggestResponse};

/// Longest that an answer waits for the index to have the change. What is not in it by then follows.
const PATIENCE: Duration = Duration::from_secs(2);

/// A change of an entry, and whether the index has it already.
pub(in crate::http) struct Written {
    pub(in crate::http) entry: Entry,
    pub(in crate::http) indexed: bool,
}

impl GateRef {
    async fn settled(&self, entry: Result<Entry, KnowledgeError>) -> Result<Written, Problem> {
        let entry = entry?;
        let indexed = self.0.indexer.settle(&[entry.id], PATIENCE).await?;
        Ok(Written { entry, indexed })
    }

    pub(in crate::http) async fn entries(
        &self,
        access: &DeskAccess<ReadEntries>,
        filter: &EntryFilter,
        after: Option<EntryId>,
        limit: u32,
    ) -> Result<Vec<Entry>, Problem> {
        Ok(self.0.knowledge.entries(access.desk(), filter, after, limit).await?)
    }

    pub(in crate::http) async fn entry(&self, access: &DeskAccess<ReadEntries>, id: EntryId) -> Result<Entry, Problem> {
        Ok(self.0.knowledge.entry(access.desk(), id).await?)
    }

    pub(in crate::http) async fn create_entry(
        &self,
        access: &DeskAccess<WriteEntries>,
        new: EntryCreate,
        on_duplicate: OnDuplicate,
    ) -> Result<(Written, Vec<NearDuplicate>), Problem> {
        let (entry, near) = self.0.knowledge.create(new, on_duplicate, access.actor()).await?;
        Ok((self.settled(Ok(entry)).await?, near))
    }

    pub(in crate::http) async fn change_entry(
        &self,
        access: &DeskAccess<WriteEntries>,
        id: EntryId,
        version: u64,
        patch: EntryPatch,
    ) -> Result<Written, Problem> {
        self.settled(self.0.knowledge.change(access.desk(), id, version, patch, access.actor()).await).await
    }

    pub(in crate::http) async fn roll_entry_back(
        &self,
        access: &DeskAccess<WriteEntries>,
        id: EntryId,
        version: u64,
        to: u64,
        note: Option<&str>,
    ) -> Result<Written, Problem> {
        self.settled(self.0.knowledge.roll_back(access.desk(), id, version, to, note, access.actor()).await).await
    }

    pub(in crate::http) async fn entry_versions(
        &self,
        access: &DeskAccess<ReadEntries>,
        id: EntryId,
        before: Option<u64>,
        limit: u32,
    ) -> Result<Vec<EntryVersion>, Problem> {
        Ok(self.0.knowledge.versions(access.desk(), id, before, limit).await?)
    }

    pub(in crate::http) async fn entry_version(
        &self,
        access: &DeskAccess<ReadEntries>,
        id: EntryId,
        version: u64,
    ) -> Result<EntryVersion, Problem> {
        Ok(self.0.knowledge.version(access.desk(), id, version).await?)
    }

    pub(in crate::http) async fn entry_diff(
        &self,
        access: &DeskAccess<ReadEntries>,
        id: EntryId,
        from: u64,
        to: u64,
    ) -> Result<EntryDiff, Problem> {
        Ok(self.0.knowledge.diff(access.desk(), id, from, to).await?)
    }

    pub(in crate::http) async fn near_duplicates(
        &self,
        access: &DeskAccess<ReadEntries>,
        questions: &[String],
        answer: &str,
        except: Option<EntryId>,
    ) -> Result<Vec<NearDuplicate>, Problem> {
        let asked = Asked { questions, answer, except };
        Ok(self.0.knowledge.near_duplicates(access.desk(), asked, Lane::Interactive).await?)
    }

    /// Writes checked drafts of one desk, creating it for somebody who may, and has them indexed.
    pub(in crate::http) async fn put_entries(
        &self,
        grant: &Grant<WriteEntries>,
        desk: &DeskId,
        drafts: &[EntryDraft],
    ) -> Result<Vec<EntryId>, Problem> {
        let access = self.enter_or_create(grant, desk).await?;
        let changed = self.0.knowledge.put(access.desk(), drafts, access.actor()).await?;
        self.0.indexer.wake();
        Ok(changed)
    }

    /// Waits a little for the index; tells whether it has what was written.
    pub(in crate::http) async fn entries_indexed(&self, _grant: &Grant<WriteEntries>, ids: &[EntryId]) -> Result<bool, Problem> {
        Ok(self.0.indexer.settle(ids, PATIENCE).await?)
    }

    /// Takes the permission to a desk that is made now if it does not exist and the caller may.
    async fn enter_or_create(&self, grant: &Grant<WriteEntries>, desk: &DeskId) -> Result<DeskAccess<WriteEntries>, Problem> {
        let access = grant.enter(desk)?;
        if self.0.store.desk(desk).await?.is_none() {
            access.also::<CreateDesks>().map_err(|_may_not| AuthError::OutsideScope(desk.clone()))?;
            self.0.store.ensure_desk(desk, self.0.clock.now()).await?;
        }
        Ok(access)
    }

    pub(in crate::http) async fn read_entries_file(
        &self,
        access: &DeskAccess<WriteEntries>,
        path: &Path,
        format: KnowledgeFormat,
    ) -> Result<KnowledgeFile, Problem> {
        Ok(self.0.knowledge.read(path, format, Some(access.desk())).await?)
    }

    pub(in crate::http) async fn import_entries(
        &self,
        access: &DeskAccess<WriteEntries>,
        file: KnowledgeFile,
        dry_run: bool,
        compared: usize,
    ) -> Result<(KnowledgeReport, bool), Problem> {
        let options = ImportOptions { dry_run, by: access.actor(), note: Some("imported"), compared };
        let report = self.0.knowledge.import(file, options).await?;
        let ids: Vec<EntryId> = report.items.iter().map(|item| item.id).collect();
        let indexed = dry_run || self.0.indexer.settle(&ids, PATIENCE).await?;
        Ok((report, indexed))
    }

    pub(in crate::http) async fn export_entries(
        &self,
        access: &DeskAccess<ReadEntries>,
        format: KnowledgeFormat,
    ) -> Result<Vec<u8>, Problem> {
        Ok(self.0.knowledge.export(access.desk(), format).await?)
    }

    /// Suggestions from knowledge entries alone.
    pub(in crate::http) async fn answer(&self, grant: &Grant<Suggest>, request: SuggestRequest) -> Result<SuggestResponse, Problem> {
        let filters = SuggestFilters { pools: vec![Pool::Knowledge], ..request.filters.clone() };
        self.suggest(grant, &SuggestRequest { filters, ..request }).await
    }
}
