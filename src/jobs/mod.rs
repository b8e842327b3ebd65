//! Durable jobs: imports, cluster rebuilds, re-indexing. Kept in the store, run by one worker of this process, resumable after a kill,
//! observable while they run.

use std::path::PathBuf;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use tokio::sync::broadcast;

use crate::domain::{Clock, DeskId, ImportFormat, Job, JobId, RejectedRow};
use crate::store::{Store, StoreError};

/// Why a job was not accepted, or what happened to it.
#[derive(Debug, thiserror::Error)]
pub enum JobError {
    /// There is no such job.
    #[error("no job {0}")]
    Unknown(JobId),
    /// The upload could not be kept.
    #[error("upload {path}")]
    Spool {
        /// The file.
        path: PathBuf,
        /// What went wrong.
        #[source]
        source: std::io::Error,
    },
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

/// Starts, shows and stops jobs.
#[derive(Clone)]
pub struct Jobs {
    store: Arc<dyn Store>,
    clock: Arc<dyn Clock>,
    changes: broadcast::Sender<Job>,
}

impl Jobs {
    /// A path inside the data folder where an upload can be written before [`Self::start_import`].
    pub fn upload_path(&self) -> PathBuf {
        todo!()
    }

    /// Queues an import; creates the desk when it does not exist (unless it is a dry run).
    pub async fn start_import(&self, desk: &DeskId, params: ImportParams) -> Result<Job, JobError> {
        todo!()
    }

    /// Queues the grouping of a desk's questions.
    pub async fn start_cluster_rebuild(&self, desk: &DeskId) -> Result<Job, JobError> {
        todo!()
    }

    /// One job.
    pub async fn job(&self, id: JobId) -> Result<Job, JobError> {
        todo!()
    }

    /// Jobs of one desk, or of all, newest first, behind `after`.
    pub async fn jobs(&self, desk: Option<&DeskId>, after: Option<JobId>, limit: u32) -> Result<Vec<Job>, JobError> {
        todo!()
    }

    /// Rejected rows of an import, in file order.
    pub async fn rejected_rows(&self, id: JobId, offset: u64, limit: u32) -> Result<Vec<RejectedRow>, JobError> {
        todo!()
    }

    /// Asks a job to stop.
    pub async fn cancel(&self, id: JobId) -> Result<(), JobError> {
        todo!()
    }

    /// Every change of every job from now on; the receiver filters. A slow receiver misses changes and should read the job again.
    pub fn subscribe(&self) -> broadcast::Receiver<Job> {
        self.changes.subscribe()
    }
}
