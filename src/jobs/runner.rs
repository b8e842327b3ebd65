//! Runs queued jobs, one after the other, and tells everybody how far they are.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{Notify, broadcast};
use tokio_util::sync::CancellationToken;

use super::adapt::Adaptation;
use super::indexing::Indexer;
use super::mining::{Miner, MiningError};
use super::{Tools, clusters, import};
use crate::adapt::AdaptError;
use crate::curation::Curator;
use crate::domain::{Clock, Job, JobId, JobKind, JobProgress, JobState};
use crate::index::{IndexError, VectorIndex};
use crate::ingest::IngestError;
use crate::insight::Insight;
use crate::rt::WorkError;
use crate::store::{Store, StoreError};

/// Everything this worker does.
const KINDS: [JobKind; 5] = [JobKind::Import, JobKind::RebuildClusters, JobKind::Reindex, JobKind::Adapt, JobKind::FindGaps];

/// How long a store or an index server that does not answer is left alone.
pub(super) const STORE_AWAY: Duration = Duration::from_secs(2);

/// How a job ended that did not succeed.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// Doing it again would end the same way; the text helps whoever asked.
    #[error("{0}")]
    Permanent(String),
    /// It may go better later: asked for again, it goes on from what the store holds by then.
    #[error("{0}")]
    Retry(String),
    /// Somebody asked to stop.
    #[error("cancelled")]
    Cancelled,
    /// The file can't be read.
    #[error(transparent)]
    Ingest(#[from] IngestError),
    /// The store did not answer.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The index did not answer.
    #[error(transparent)]
    Index(#[from] IndexError),
    /// A panic, or the runtime is going down.
    #[error(transparent)]
    Work(#[from] WorkError),
    /// No adapter could be learnt.
    #[error(transparent)]
    Adapt(Box<AdaptError>),
    /// A value could not be written down.
    #[error("a job value can't be serialised")]
    Json(#[from] serde_json::Error),
}

/// What a running job works with.
pub struct JobContext {
    pub(super) store: Arc<dyn Store>,
    pub(super) index: Arc<dyn VectorIndex>,
    pub(super) indexer: Arc<Indexer>,
    pub(super) adaptation: Arc<Adaptation>,
    pub(super) miner: Miner,
    pub(super) curator: Curator,
    pub(super) insight: Insight,
    pub(super) clock: Arc<dyn Clock>,
    changes: broadcast::Sender<Job>,
    job: JobId,
}

impl From<MiningError> for RunError {
    fn from(error: MiningError) -> Self {
        match error {
            MiningError::Store(error) => Self::Store(error),
            MiningError::Embed(error) => Self::Retry(format!("replies can't be embedded: {error}")),
            MiningError::Work(error) => Self::Work(error),
        }
    }
}

impl JobContext {
    /// Writes progress down and tells subscribers; [`RunError::Cancelled`] when somebody has asked to stop.
    pub(super) async fn progress(&self, stage: &str, done: u64, total: Option<u64>) -> Result<(), RunError> {
        let progress = JobProgress { stage: stage.to_owned(), done, total };
        let cancelled = self.store.report_progress(self.job, &progress, self.clock.now()).await?;
        announce(self.store.as_ref(), &self.changes, self.job).await?;
        if cancelled { Err(RunError::Cancelled) } else { Ok(()) }
    }
}

/// The worker of this process.
pub struct Runner {
    store: Arc<dyn Store>,
    tools: Tools,
    clock: Arc<dyn Clock>,
    changes: broadcast::Sender<Job>,
    wake: Arc<Notify>,
}

impl Runner {
    pub(super) fn new(
        store: Arc<dyn Store>,
        tools: Tools,
        clock: Arc<dyn Clock>,
        changes: broadcast::Sender<Job>,
        wake: Arc<Notify>,
    ) -> Self {
        Self { store, tools, clock, changes, wake }
    }

    /// Works until `stop`. A job that is running then goes back to the queue and continues at the next start.
    pub async fn run(&self, stop: CancellationToken) {
        loop {
            match self.store.claim_job(&KINDS, self.clock.now()).await {
                Ok(Some(job)) => {
                    let id = job.id;
                    if stop.run_until_cancelled(self.work(job)).await.is_none() {
                        self.park(id).await;
                        return;
                    }
                }
                Ok(None) => {
                    if stop.run_until_cancelled(self.wake.notified()).await.is_none() {
                        return;
                    }
                }
                Err(error) => {
                    tracing::error!(error = &error as &dyn std::error::Error, "jobs can't be read");
                    if stop.run_until_cancelled(tokio::time::sleep(STORE_AWAY)).await.is_none() {
                        return;
                    }
                }
            }
        }
    }

    async fn work(&self, job: Job) {
        tracing::info!(job.id = %job.id, job.kind = job.kind.as_str(), "job started");
        let context = JobContext {
            store: Arc::clone(&self.store),
            index: Arc::clone(&self.tools.index),
            indexer: Arc::clone(&self.tools.indexer),
            adaptation: Arc::clone(&self.tools.adaptation),
            miner: self.tools.miner.clone(),
            curator: self.tools.curator.clone(),
            insight: self.tools.insight.clone(),
            clock: Arc::clone(&self.clock),
            changes: self.changes.clone(),
            job: job.id,
        };
        let outcome = match job.kind {
            JobKind::Import => import::run(&context, &job).await,
            JobKind::RebuildClusters => clusters::run(&context, &job).await,
            JobKind::Reindex => super::reindex::run(&context).await,
            JobKind::Adapt => super::adapt::run(&context, &job).await,
            JobKind::FindGaps => super::gaps::run(&context, &job).await,
        };
        let (state, result, error) = match outcome {
            Ok(result) => (JobState::Succeeded, Some(result), None),
            // No fault of the job's: it goes on at its checkpoint when the store is back.
            Err(RunError::Store(error)) if error.is_unreachable() => {
                tracing::warn!(job.id = %job.id, error = &error as &dyn std::error::Error, "job interrupted; it goes on when the store answers");
                if let Err(error) = self.finish(job.id, JobState::Queued, None, None).await {
                    tracing::error!(job.id = %job.id, error = &error as &dyn std::error::Error, "a job can't be put back; the next start does it");
                }
                return;
            }
            Err(RunError::Index(error)) if error.is_unreachable() => {
                tracing::warn!(job.id = %job.id, error = &error as &dyn std::error::Error, "job interrupted; it goes on when the index server answers");
                if let Err(error) = self.finish(job.id, JobState::Queued, None, None).await {
                    tracing::error!(job.id = %job.id, error = &error as &dyn std::error::Error, "a job can't be put back; the next start does it");
                }
                // It would be claimed again at once.
                tokio::time::sleep(STORE_AWAY).await;
                return;
            }
            Err(RunError::Cancelled) => (JobState::Cancelled, None, None),
            Err(error) => {
                tracing::warn!(job.id = %job.id, error = &error as &dyn std::error::Error, "job failed");
                (JobState::Failed, None, Some(with_causes(&error)))
            }
        };
        if let Err(error) = self.finish(job.id, state, result.as_ref(), error.as_deref()).await {
            tracing::error!(job.id = %job.id, error = &error as &dyn std::error::Error, "a job's end can't be written");
        }
        super::remove_owned_file(&job);
        if job.kind == JobKind::Adapt {
            self.tools.adaptation.tidy(&job.id.to_string());
        }
        tracing::info!(job.id = %job.id, job.state = state.as_str(), "job ended");
        if let Err(error) = announce(self.store.as_ref(), &self.changes, job.id).await {
            tracing::warn!(error = &error as &dyn std::error::Error, "a job's end can't be announced");
        }
    }

    /// Writes a job's end, however long the store is away.
    async fn finish(&self, id: JobId, state: JobState, result: Option<&serde_json::Value>, error: Option<&str>) -> Result<(), StoreError> {
        loop {
            match self.store.finish_job(id, state, result, error, self.clock.now()).await {
                Err(error) if error.is_unreachable() => tokio::time::sleep(STORE_AWAY).await,
                ended => return ended,
            }
        }
    }

    async fn park(&self, id: JobId) {
        if let Err(error) = self.store.finish_job(id, JobState::Queued, None, None, self.clock.now()).await {
            tracing::warn!(job.id = %id, error = &error as &dyn std::error::Error, "a job can't be put back; the next start does it");
        }
    }
}

async fn announce(store: &dyn Store, changes: &broadcast::Sender<Job>, id: JobId) -> Result<(), StoreError> {
    if changes.receiver_count() > 0
        && let Some(job) = store.job(id).await?
    {
        // Nobody listening any more is no error.
        let _ = changes.send(job);
    }
    Ok(())
}

/// An error and its causes in one line, for the person who started the job.
fn with_causes(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(inner) = cause {
        text.push_str(": ");
        text.push_str(&inner.to_string());
        cause = inner.source();
    }
    text
}
