//! Runs queued jobs, one after the other and re-indexing beside them, and tells everybody how far they are.
//!
//! A job is lent to this worker for [`LEASE_SECONDS`], and moved on every [`BEAT`] while it runs. Whoever has lost a job, because the store was
//! out of reach for too long, drops it where it stands: the store takes nothing more of it, and another worker goes on at the checkpoint.

use std::sync::Arc;
use std::time::Duration;

use futures::future::join_all;
use tokio::sync::{Notify, broadcast};
use tokio_util::sync::CancellationToken;
use tracing::Instrument as _;

use super::adapt::Adaptation;
use super::indexing::Indexer;
use super::mining::{Miner, MiningError};
use super::{JobChange, Tools, clusters, import};
use crate::adapt::AdaptError;
use crate::curation::Curator;
use crate::domain::{Clock, Job, JobId, JobKind, JobLease, JobProgress, JobState, ReplicaId};
use crate::index::{IndexError, VectorIndex};
use crate::ingest::IngestError;
use crate::insight::Insight;
use crate::rt::WorkError;
use crate::store::{Sharing, Store, StoreError};
use crate::telemetry::metrics::JobMetrics;

/// What this worker does, each line one job after the other: filling an index anew can take hours, in which imports go on.
const LINES: [&[JobKind]; 2] = [&[JobKind::Import, JobKind::RebuildClusters, JobKind::Adapt, JobKind::FindGaps], &[JobKind::Reindex]];

/// How long a job is lent, by the clock: what the clocks of processes on one store may differ by, and a pause of one of them, must be shorter.
const LEASE_SECONDS: i64 = 30;
/// How often a lease is moved on.
const BEAT: Duration = Duration::from_secs(10);
/// How often a worker that has nothing to do looks for jobs whose lease has run out, where there are other processes.
pub(super) const LOOK_EVERY: Duration = Duration::from_secs(10);

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
    changes: broadcast::Sender<JobChange>,
    metrics: JobMetrics,
    pub(super) lease: JobLease,
    kind: JobKind,
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
        self.metrics.progress(self.kind);
        let progress = JobProgress { stage: stage.to_owned(), done, total };
        let cancelled = self.store.report_progress(&self.lease, &progress, self.clock.now()).await?;
        announce(self.store.as_ref(), &self.changes, self.lease.job).await?;
        if cancelled { Err(RunError::Cancelled) } else { Ok(()) }
    }
}

/// Wakes the worker, whatever line the new job is for.
#[derive(Debug, Default)]
pub struct Wake([Notify; LINES.len()]);

impl Wake {
    /// Has every line look for jobs.
    pub(super) fn wake(&self) {
        for line in &self.0 {
            line.notify_one();
        }
    }
}

/// The worker of this process.
pub struct Runner {
    store: Arc<dyn Store>,
    tools: Tools,
    clock: Arc<dyn Clock>,
    changes: broadcast::Sender<JobChange>,
    wake: Arc<Wake>,
    metrics: JobMetrics,
    /// Whom jobs are lent to.
    id: ReplicaId,
}

impl Runner {
    pub(super) fn new(
        store: Arc<dyn Store>,
        tools: Tools,
        clock: Arc<dyn Clock>,
        changes: broadcast::Sender<JobChange>,
        wake: Arc<Wake>,
    ) -> Self {
        Self { store, tools, clock, changes, wake, metrics: JobMetrics::default(), id: ReplicaId::new() }
    }

    /// The same worker, its jobs counted by `metrics`.
    #[must_use]
    pub fn with_metrics(self, metrics: JobMetrics) -> Self {
        Self { metrics, ..self }
    }

    /// Works until `stop`. A job that is running then goes back to the queue and continues at the next start.
    pub async fn run(&self, stop: CancellationToken) {
        let lines = LINES.into_iter().zip(&self.wake.0).map(|(kinds, wake)| self.run_line(kinds, wake, &stop));
        join_all(lines).await;
    }

    async fn run_line(&self, kinds: &[JobKind], wake: &Notify, stop: &CancellationToken) {
        loop {
            let now = self.clock.now();
            match self.store.claim_job(kinds, self.id, now, now.plus_seconds(LEASE_SECONDS)).await {
                Ok(Some((job, lease))) => {
                    let span = tracing::info_span!("job", job.id = %job.id, job.kind = job.kind.as_str());
                    if stop.run_until_cancelled(self.work(job, lease).instrument(span)).await.is_none() {
                        self.park(&lease).await;
                        return;
                    }
                }
                Ok(None) => {
                    if stop.run_until_cancelled(self.something_to_do(wake)).await.is_none() {
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

    async fn something_to_do(&self, wake: &Notify) {
        let woken = wake.notified();
        match self.store.sharing() {
            Sharing::Alone => woken.await,
            // Woken or not, the next look is the same.
            Sharing::Replicas => {
                let _ = tokio::time::timeout(LOOK_EVERY, woken).await;
            }
        }
    }

    /// Moves a lease on while the job runs; returns why it has to stop.
    async fn keep(&self, lease: &JobLease) -> RunError {
        loop {
            let pause = match self.store.renew_lease(lease, self.clock.now().plus_seconds(LEASE_SECONDS)).await {
                Ok(false) => BEAT,
                Ok(true) => return RunError::Cancelled,
                Err(StoreError::LeaseLost) => return RunError::Store(StoreError::LeaseLost),
                // The job meets the same store; if another process takes the job meanwhile, the next beat says so.
                Err(error) => {
                    tracing::warn!(job.id = %lease.job, error = &error as &dyn std::error::Error, "a job's lease can't be moved on");
                    STORE_AWAY
                }
            };
            tokio::time::sleep(pause).await;
        }
    }

    async fn work(&self, job: Job, lease: JobLease) {
        tracing::info!(job.id = %job.id, job.kind = job.kind.as_str(), job.generation = lease.generation, "job started");
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
            metrics: self.metrics.clone(),
            lease,
            kind: job.kind,
        };
        let running = self.metrics.begin(job.kind);
        let working = async {
            match job.kind {
                JobKind::Import => import::run(&context, &job).await,
                JobKind::RebuildClusters => clusters::run(&context, &job).await,
                JobKind::Reindex => super::reindex::run(&context, &job).await,
                JobKind::Adapt => super::adapt::run(&context, &job).await,
                JobKind::FindGaps => super::gaps::run(&context, &job).await,
            }
        };
        let outcome = tokio::select! {
            outcome = working => outcome,
            stopped = self.keep(&lease) => Err(stopped),
        };
        let (state, result, error) = match outcome {
            Ok(result) => (JobState::Succeeded, Some(result), None),
            // What it was given belongs to whoever has it now.
            Err(RunError::Store(StoreError::LeaseLost)) => return lost(&lease),
            // No fault of the job's: it goes on at its checkpoint when the store or the index is back.
            Err(RunError::Store(error)) if error.is_unreachable() => return self.put_back(&lease, &error, "store").await,
            Err(RunError::Index(error)) if error.is_unreachable() => {
                self.put_back(&lease, &error, "index server").await;
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
        match self.finish(&lease, state, result.as_ref(), error.as_deref()).await {
            Ok(()) => {}
            Err(StoreError::LeaseLost) => return lost(&lease),
            Err(error) => tracing::error!(job.id = %job.id, error = &error as &dyn std::error::Error, "a job's end can't be written"),
        }
        self.metrics.ended(job.kind, state);
        drop(running);
        super::remove_owned_file(&job);
        if job.kind == JobKind::Adapt {
            self.tools.adaptation.tidy(&job.id.to_string());
        }
        tracing::info!(job.id = %job.id, job.state = state.as_str(), "job ended");
        if let Err(error) = announce(self.store.as_ref(), &self.changes, job.id).await {
            tracing::warn!(error = &error as &dyn std::error::Error, "a job's end can't be announced");
        }
    }

    /// Queues a job again whose work `away` has interrupted.
    async fn put_back(&self, lease: &JobLease, error: &(dyn std::error::Error + Send + Sync + 'static), away: &'static str) {
        tracing::warn!(job.id = %lease.job, away, error = error as &dyn std::error::Error, "job interrupted; it goes on when what is away answers again");
        queued_again(lease, self.finish(lease, JobState::Queued, None, None).await);
    }

    /// Writes a job's end, however long the store is away.
    async fn finish(
        &self,
        lease: &JobLease,
        state: JobState,
        result: Option<&serde_json::Value>,
        error: Option<&str>,
    ) -> Result<(), StoreError> {
        loop {
            match self.store.finish_job(lease, state, result, error, self.clock.now()).await {
                Err(error) if error.is_unreachable() => tokio::time::sleep(STORE_AWAY).await,
                ended => return ended,
            }
        }
    }

    async fn park(&self, lease: &JobLease) {
        queued_again(lease, self.store.finish_job(lease, JobState::Queued, None, None, self.clock.now()).await);
    }
}

/// Tells where a job could not be put back.
fn queued_again(lease: &JobLease, written: Result<(), StoreError>) {
    match written {
        Ok(()) => {}
        Err(StoreError::LeaseLost) => lost(lease),
        Err(error) => {
            tracing::warn!(job.id = %lease.job, error = &error as &dyn std::error::Error, "a job can't be put back; the next start does it");
        }
    }
}

fn lost(lease: &JobLease) {
    tracing::warn!(job.id = %lease.job, job.generation = lease.generation, "job left to the process that has taken it over");
}

pub(super) async fn announce(store: &dyn Store, changes: &broadcast::Sender<JobChange>, id: JobId) -> Result<(), StoreError> {
    if changes.receiver_count() > 0
        && let Some(job) = store.job(id).await?
    {
        // Nobody listening any more is no error.
        let _ = changes.send(JobChange::Job(Box::new(job)));
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
