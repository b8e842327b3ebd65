//! The adapting job, and the switch: which adapter is in force for a desk.
//!
//! The store's setting `adapter/DESK` is the truth; [`Adapters`] is what requests read. An adapter's folder is complete before the setting
//! names it, and the setting changes in one statement, so a crash leaves either the old state or the new one. Nothing in the index changes.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::runner::{JobContext, RunError};
use crate::adapt::{AdaptError, Judge, Observer, Outcome, Parts, adapt};
use crate::domain::{DeskId, Job, Timestamp};
use crate::retrieve::adapter::{AdapterError, AdapterManifest, MANIFEST_FILE, Trial};
use crate::retrieve::{Adapter, Adapters};
use crate::store::{OutboxStore, StoreError};
use crate::suggest::{Ranker, SuggestError};

/// Value of the setting of a desk that has gone back to the bare encoder.
const OFF: &str = "off";

/// Why a desk could not be switched.
#[derive(Debug, thiserror::Error)]
pub enum SwitchError {
    /// The adapter can't be read or written.
    #[error(transparent)]
    Adapter(#[from] AdapterError),
    /// The store did not answer.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// What is known of a desk's adapter.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct AdapterStatus {
    /// Whether suggestions use an adapter.
    pub in_force: bool,
    /// When it was made.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub created_at: Option<Timestamp>,
    /// Archived moments it was learnt from.
    pub lessons: Option<u32>,
    /// How it fared on the newest part of the archive.
    pub trial: Option<Trial>,
    /// Why an adapter that was chosen is not in force.
    pub problem: Option<String>,
}

/// What an adapting job came to.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct AdaptReport {
    /// Whether the desk uses a new adapter now.
    pub adapted: bool,
    /// What decided.
    pub trial: Trial,
}

/// Keeps, loads and switches adapters.
#[derive(Clone)]
pub struct Adaptation {
    parts: Parts,
    adapters: Arc<Adapters>,
    folder: PathBuf,
}

impl Adaptation {
    /// `folder` is where adapters lie, one folder each.
    #[must_use]
    pub const fn new(parts: Parts, adapters: Arc<Adapters>, folder: PathBuf) -> Self {
        Self { parts, adapters, folder }
    }

    /// The same work for another ranker.
    #[must_use]
    pub fn with_ranker(&self, ranker: Arc<Ranker>) -> Self {
        Self { parts: Parts { ranker, ..self.parts.clone() }, ..self.clone() }
    }

    /// The same work, where something else than tags tells which answers are right.
    #[must_use]
    pub fn judged_by(&self, judge: Arc<Judge<'static>>) -> Self {
        Self { parts: Parts { judge, ..self.parts.clone() }, ..self.clone() }
    }

    /// Puts every desk's chosen adapter in force. One that can't be used is left out with a warning: suggestions go on without it.
    ///
    /// # Errors
    /// When the store does not answer.
    pub async fn load(&self) -> Result<(), StoreError> {
        for desk in self.parts.store.desks().await? {
            self.reload(&desk.id).await?;
        }
        Ok(())
    }

    /// Puts a desk's chosen adapter in force, whoever has chosen it: as [`Self::load`] for one desk.
    ///
    /// # Errors
    /// When the store does not answer.
    pub async fn reload(&self, desk: &DeskId) -> Result<(), StoreError> {
        let Some(id) = self.chosen(desk).await? else {
            self.adapters.switch(desk, None);
            return Ok(());
        };
        match Adapter::read(&self.folder.join(&id), &self.parts.encoder) {
            Ok(adapter) => self.adapters.switch(desk, Some(Arc::new(adapter))),
            Err(error) => {
                tracing::warn!(desk = %desk, error = &error as &dyn std::error::Error, "a desk's adapter can't be used; suggestions go on without it");
                self.adapters.switch(desk, None);
            }
        }
        Ok(())
    }

    /// What is known of a desk's adapter.
    ///
    /// # Errors
    /// When the store does not answer.
    pub async fn status(&self, desk: &DeskId) -> Result<AdapterStatus, StoreError> {
        let status = |manifest: Option<&AdapterManifest>, problem| AdapterStatus {
            in_force: manifest.is_some(),
            created_at: manifest.map(|manifest| manifest.created_at),
            lessons: manifest.map(|manifest| manifest.lessons),
            trial: manifest.map(|manifest| manifest.trial),
            problem,
        };
        if let Some(adapter) = self.adapters.of(desk) {
            return Ok(status(Some(adapter.manifest()), None));
        }
        let problem = self.chosen(desk).await?.and_then(|id| Adapter::read(&self.folder.join(id), &self.parts.encoder).err());
        Ok(status(None, problem.map(|error| error.to_string())))
    }

    /// Goes back to the bare encoder and deletes the desk's adapter; tells whether there was one.
    ///
    /// # Errors
    /// When the store does not answer.
    pub async fn switch_off(&self, desk: &DeskId) -> Result<bool, StoreError> {
        let Some(id) = self.chosen(desk).await? else { return Ok(false) };
        self.parts.store.set_meta(&setting(desk), OFF).await?;
        self.adapters.switch(desk, None);
        remove(&self.folder.join(id));
        Ok(true)
    }

    /// Learns an adapter for the desk and switches to it if it is any better.
    pub(crate) async fn run<O: Observer>(&self, desk: &DeskId, id: &str, now: Timestamp, observer: &O) -> Result<AdaptReport, O::Stop>
    where
        O::Stop: From<SwitchError>,
    {
        let folder = self.folder.join(id);
        let outcome = adapt(&self.parts, desk, id, &folder, now, observer).await;
        match outcome {
            Ok(Outcome::Better(adapter)) => {
                let trial = adapter.manifest().trial;
                self.switch_on(desk, id, &folder, *adapter).await?;
                Ok(AdaptReport { adapted: true, trial })
            }
            Ok(Outcome::NotBetter(trial)) => {
                remove(&folder);
                Ok(AdaptReport { adapted: false, trial })
            }
            Err(stop) => Err(stop),
        }
    }

    async fn switch_on(&self, desk: &DeskId, id: &str, folder: &Path, adapter: Adapter) -> Result<(), SwitchError> {
        let adapter = adapter.write(folder)?;
        let former = self.chosen(desk).await?;
        self.parts.store.set_meta(&setting(desk), id).await?;
        self.adapters.switch(desk, Some(Arc::new(adapter)));
        if let Some(former) = former.filter(|former| former != id) {
            remove(&self.folder.join(former));
        }
        crate::adapt::forget_journal(folder);
        Ok(())
    }

    /// Deletes what an ended job has left: everything but an adapter.
    pub(super) fn tidy(&self, id: &str) {
        let folder = self.folder.join(id);
        if folder.is_dir() && !folder.join(MANIFEST_FILE).exists() {
            remove(&folder);
        }
    }

    async fn chosen(&self, desk: &DeskId) -> Result<Option<String>, StoreError> {
        let value = OutboxStore::meta(self.parts.store.as_ref(), &setting(desk)).await?;
        // The value becomes a folder's name: whatever is no job's id is none.
        Ok(value.filter(|id| id != OFF && id.parse::<crate::domain::JobId>().is_ok()))
    }
}

fn setting(desk: &DeskId) -> String {
    format!("adapter/{desk}")
}

fn remove(folder: &Path) {
    if folder.exists()
        && let Err(error) = fs_err::remove_dir_all(folder)
    {
        tracing::warn!(error = &error as &dyn std::error::Error, "an adapter's folder stays");
    }
}

/// Runs (or continues) adapting.
pub(super) async fn run(context: &JobContext, job: &Job) -> Result<serde_json::Value, RunError> {
    let desk = job.desk.clone().ok_or_else(|| RunError::Permanent("adapting needs a desk".to_owned()))?;
    // What is learnt is read from the index.
    super::import::wait_for_index(context, &desk).await?;
    let report = context.adaptation.run(&desk, &job.id.to_string(), context.clock.now(), context).await?;
    Ok(serde_json::to_value(report)?)
}

#[async_trait]
impl Observer for JobContext {
    type Stop = RunError;

    async fn progress(&self, stage: &str, done: u64, total: u64) -> Result<(), RunError> {
        Self::progress(self, stage, done, Some(total)).await
    }
}

impl From<AdaptError> for RunError {
    fn from(error: AdaptError) -> Self {
        match error {
            // The job goes on when the index is back.
            AdaptError::Index(error) | AdaptError::Suggest(SuggestError::Index(error)) => Self::Index(error),
            other => Self::Adapt(Box::new(other)),
        }
    }
}

impl From<SwitchError> for RunError {
    fn from(error: SwitchError) -> Self {
        match error {
            SwitchError::Adapter(error) => Self::from(AdaptError::Adapter(error)),
            SwitchError::Store(error) => Self::Store(error),
        }
    }
}
