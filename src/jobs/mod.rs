//! Durable jobs: imports, cluster rebuilds, re-indexing, adapting. Kept in the store, run by one worker of each process, resumable after a kill,
//! observable while they run.

pub mod adapt;
pub mod answered;
pub mod clusters;
pub mod filling;
mod gaps;
mod import;
pub mod indexing;
pub mod mining;
pub mod neighbours;
mod reindex;
pub mod runner;
pub mod succession;

use std::path::PathBuf;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use tokio::sync::broadcast;

use crate::curation::Curator;
use crate::domain::{Clock, DeskId, ImportFormat, Job, JobId, JobKind, JobProgress, JobState, RejectedRow};
use crate::index::VectorIndex;
use crate::insight::Insight;
use crate::store::{Sharing, Store, StoreError};

use adapt::{Adaptation, AdapterStatus};
use indexing::Indexer;
use mining::Miner;
use runner::{Runner, Wake};

/// What subscribers are told.
#[derive(Debug, Clone)]
pub enum JobChange {
    /// A job, as it is now.
    Job(Box<Job>),
    /// Changes may have been missed: the job is to be read again.
    Missed,
}

/// Changes a slow subscriber may fall behind before it misses some.
const CHANGES_KEPT: usize = 256;

/// Why a job was not accepted, or what happened to it.
#[derive(Debug, thiserror::Error)]
pub enum JobError {
    /// There is no such job.
    #[error("no job {0}")]
    Unknown(JobId),
    /// The job has ended already.
    #[error("job {0} has ended already")]
    Ended(JobId),
    /// The upload could not be kept.
    #[error("upload {path}")]
    Spool {
        /// The file.
        path: PathBuf,
        /// What went wrong.
        #[source]
        source: std::io::Error,
    },
    /// A value could not be written down.
    #[error("job parameters")]
    Json(#[from] serde_json::Error),
    /// The store did not answer.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// What an import job is asked to do.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ImportParams {
    /// The file to read: an upload kept in the data folder, or a file of the machine.
    pub path: PathBuf,
    /// Whether the file belongs to the job (an upload) and is deleted when it ends.
    pub owned: bool,
    /// The name the caller gave it, for reports.
    pub file_name: String,
    /// Its format.
    pub format: ImportFormat,
    /// Column mapping, as in a mapping file.
    pub mapping: Option<serde_json::Value>,
    /// Read and report only; nothing is written.
    pub dry_run: bool,
}

/// What jobs are done with, beside the store.
pub struct Tools {
    /// The search index.
    pub index: Arc<dyn VectorIndex>,
    /// The index's writer.
    pub indexer: Arc<Indexer>,
    /// Adapters: learning, switching.
    pub adaptation: Arc<Adaptation>,
    /// Pairs out of conversations.
    pub miner: Miner,
    /// Clusters.
    pub curator: Curator,
    /// What answers lack.
    pub insight: Insight,
}

/// Starts, shows and stops jobs.
#[derive(Clone)]
pub struct Jobs {
    store: Arc<dyn Store>,
    adaptation: Arc<Adaptation>,
    clock: Arc<dyn Clock>,
    uploads: PathBuf,
    changes: broadcast::Sender<JobChange>,
    wake: Arc<Wake>,
}

impl Jobs {
    /// Puts the use case and its worker together. `uploads` is the folder for uploaded files; it exists and is private to the user.
    #[must_use]
    pub fn new(store: Arc<dyn Store>, tools: Tools, clock: Arc<dyn Clock>, uploads: PathBuf) -> (Self, Runner) {
        let (changes, _) = broadcast::channel(CHANGES_KEPT);
        let wake = Arc::<Wake>::default();
        let adaptation = Arc::clone(&tools.adaptation);
        let runner = Runner::new(Arc::clone(&store), tools, Arc::clone(&clock), changes.clone(), Arc::clone(&wake));
        (Self { store, adaptation, clock, uploads, changes, wake }, runner)
    }

    /// A path inside the data folder where an upload can be written before [`Self::start_import`].
    #[must_use]
    pub fn upload_path(&self) -> PathBuf {
        self.uploads.join(JobId::new().to_string())
    }

    /// Queues an import; creates the desk when it does not exist (unless it is a dry run). Where another process may run it, a file of this machine
    /// is copied to the uploads first.
    pub async fn start_import(&self, desk: &DeskId, mut params: ImportParams) -> Result<Job, JobError> {
        if self.store.sharing() == Sharing::Replicas && !params.owned {
            let path = self.upload_path();
            fs_err::tokio::copy(&params.path, &path).await.map_err(|source| JobError::Spool { path: path.clone(), source })?;
            (params.path, params.owned) = (path, true);
        }
        if !params.dry_run {
            self.store.ensure_desk(desk, self.clock.now()).await?;
        }
        self.queue(JobKind::Import, Some(desk), serde_json::to_value(&params)?).await
    }

    /// Queues the grouping of a desk's questions.
    pub async fn start_cluster_rebuild(&self, desk: &DeskId) -> Result<Job, JobError> {
        self.queue(JobKind::RebuildClusters, Some(desk), serde_json::Value::Null).await
    }

    /// Queues the computation of a desk's gap ledger.
    pub async fn start_find_gaps(&self, desk: &DeskId) -> Result<Job, JobError> {
        self.queue(JobKind::FindGaps, Some(desk), serde_json::Value::Null).await
    }

    /// Queues the learning of a desk's adapter; while one is being learnt, gives that job.
    pub async fn start_adapt(&self, desk: &DeskId) -> Result<Job, JobError> {
        if let Some(job) = self.unfinished_adapt(desk).await? {
            return Ok(job);
        }
        self.queue(JobKind::Adapt, Some(desk), serde_json::Value::Null).await
    }

    async fn unfinished_adapt(&self, desk: &DeskId) -> Result<Option<Job>, JobError> {
        let newest = self.store.jobs_page(Some(desk), None, 50).await?;
        Ok(newest.into_iter().find(|job| job.kind == JobKind::Adapt && !job.state.is_final()))
    }

    /// What is known of a desk's adapter.
    pub async fn adapter_status(&self, desk: &DeskId) -> Result<AdapterStatus, JobError> {
        Ok(self.adaptation.status(desk).await?)
    }

    /// Goes back from a desk's adapter to the bare encoder, at once; tells whether there was one.
    pub async fn switch_adapter_off(&self, desk: &DeskId) -> Result<bool, JobError> {
        Ok(self.adaptation.switch_off(desk).await?)
    }

    /// Queues the filling of the index for the encoder with this fingerprint; while that is under way, gives that job.
    pub async fn start_reindex(&self, encoder: &str) -> Result<Job, JobError> {
        let newest = self.store.jobs_page(None, None, 50).await?;
        let same = |job: &Job| job.kind == JobKind::Reindex && !job.state.is_final() && job.params["encoder"] == encoder;
        match newest.into_iter().find(same) {
            Some(job) => Ok(job),
            None => self.queue(JobKind::Reindex, None, serde_json::json!({ "encoder": encoder })).await,
        }
    }

    async fn queue(&self, kind: JobKind, desk: Option<&DeskId>, params: serde_json::Value) -> Result<Job, JobError> {
        let now = self.clock.now();
        let job = Job {
            id: JobId::new(),
            kind,
            desk: desk.cloned(),
            state: JobState::Queued,
            progress: JobProgress::default(),
            params,
            cursor: None,
            result: None,
            error: None,
            created_at: now,
            updated_at: now,
        };
        self.store.add_job(&job).await?;
        self.wake.wake();
        Ok(job)
    }

    /// One job.
    pub async fn job(&self, id: JobId) -> Result<Job, JobError> {
        self.store.job(id).await?.ok_or(JobError::Unknown(id))
    }

    /// Waits until a job has ended, calling `seen` with every state of it on the way.
    pub async fn follow(&self, id: JobId, mut seen: impl FnMut(&Job)) -> Result<Job, JobError> {
        let mut changes = self.subscribe();
        loop {
            let job = self.job(id).await?;
            seen(&job);
            if job.state.is_final() {
                return Ok(job);
            }
            // A missed or foreign change only means that the job is read once more.
            let _ = changes.recv().await;
        }
    }

    /// Jobs of one desk, or of all, newest first, behind `after`.
    pub async fn jobs(&self, desk: Option<&DeskId>, after: Option<JobId>, limit: u32) -> Result<Vec<Job>, JobError> {
        Ok(self.store.jobs_page(desk, after, limit).await?)
    }

    /// Rejected rows of an import, in file order.
    pub async fn rejected_rows(&self, id: JobId, offset: u64, limit: u32) -> Result<Vec<RejectedRow>, JobError> {
        Ok(self.store.rejected_rows(id, offset, limit).await?)
    }

    /// Asks a job to stop.
    pub async fn cancel(&self, id: JobId) -> Result<(), JobError> {
        let job = self.job(id).await?;
        if job.state.is_final() {
            return Err(JobError::Ended(id));
        }
        self.store.request_cancel(id, self.clock.now()).await?;
        let stopped = self.job(id).await?;
        if stopped.state.is_final() {
            remove_owned_file(&stopped);
            let _ = self.changes.send(JobChange::Job(Box::new(stopped)));
        }
        Ok(())
    }

    /// Takes note that another process has changed a job.
    ///
    /// # Errors
    /// When the store does not answer.
    pub async fn changed_elsewhere(&self, id: JobId, state: JobState) -> Result<(), JobError> {
        if state == JobState::Queued {
            self.wake.wake();
        }
        Ok(runner::announce(self.store.as_ref(), &self.changes, id).await?)
    }

    /// Takes note that changes by other processes may have been missed.
    pub fn catch_up(&self) {
        self.wake.wake();
        // Nobody listening is no error.
        let _ = self.changes.send(JobChange::Missed);
    }

    /// Every change of every job from now on; the receiver filters. A slow receiver misses changes and should read the job again.
    #[must_use]
    pub fn subscribe(&self) -> broadcast::Receiver<JobChange> {
        self.changes.subscribe()
    }
}

/// Deletes an ended import's uploaded file: it holds customers' words in the clear.
fn remove_owned_file(job: &Job) {
    let Ok(params) = serde_json::from_value::<ImportParams>(job.params.clone()) else { return };
    if params.owned
        && let Err(error) = fs_err::remove_file(&params.path)
    {
        tracing::warn!(job.id = %job.id, error = &error as &dyn std::error::Error, "an uploaded file can't be deleted");
    }
}
