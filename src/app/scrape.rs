//! What is asked of an installation's parts when somebody reads its metrics.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use axum::Router;

use super::App;
use crate::embed::queue::EmbedQueue;
use crate::http::{Scrape, metrics_router};
use crate::index::VectorIndex;
use crate::jobs::indexing::Indexer;
use crate::live::Live;
use crate::store::Store;
use crate::telemetry::metrics::{EncoderSample, Metrics, PoolSample, Sample, ScrapeSource};
use crate::telemetry::process::process_use;

/// How long a part may take to answer. Prometheus waits for ten seconds, and what the other parts tell must not be lost with one.
const PATIENCE: Duration = Duration::from_secs(3);

/// The parts that know something of themselves.
struct Scraper {
    metrics: Arc<Metrics>,
    encoder: Arc<EmbedQueue>,
    store: Arc<dyn Store>,
    index: Arc<dyn VectorIndex>,
    indexer: Arc<Indexer>,
    live: Live,
}

impl App {
    /// The interface of the metrics, which is no part of [`Self::router`].
    pub fn metrics_router(&self) -> Router {
        metrics_router(Arc::new(Scraper {
            metrics: Arc::clone(&self.metrics),
            encoder: Arc::clone(&self.embedder),
            store: Arc::clone(&self.store),
            index: Arc::clone(&self.index),
            indexer: Arc::clone(&self.indexer),
            live: self.live.clone(),
        }))
    }
}

#[async_trait]
impl Scrape for Scraper {
    async fn scrape(&self) -> Result<String, std::fmt::Error> {
        let (jobs, backlog, points) = tokio::join!(
            ask("store", self.store.unfinished_jobs()),
            ask("store", self.store.pending_index_count(None)),
            ask("index", self.index.size()),
        );
        let process = process_use();
        let failed = [
            (ScrapeSource::Store, jobs.is_none() || backlog.is_none()),
            (ScrapeSource::Index, points.is_none()),
            (ScrapeSource::Process, process.is_none() && cfg!(target_os = "linux")),
        ];
        let stats = self.encoder.stats();
        let (waiting_interactive, waiting_bulk) = self.encoder.waiting();
        let (index_tasks, index_stopped) = {
            let state = self.indexer.watch();
            let state = state.borrow();
            (state.done, state.failure.is_some())
        };
        let (watched_conversations, watchers) = self.live.watching();
        let pools = self.store.connections().into_iter();
        self.metrics.expose(&Sample {
            encoder: EncoderSample {
                waiting_interactive,
                waiting_bulk,
                texts: stats.texts,
                cached: stats.cache_hits,
                tokens: stats.tokens,
                busy: stats.busy,
            },
            index_points: points.flatten(),
            index_backlog: backlog,
            index_tasks,
            index_stopped,
            jobs,
            watched_conversations,
            watchers,
            connections: pools.map(|pool| PoolSample { pool: pool.pool, open: pool.open, idle: pool.idle }).collect(),
            process,
            failed: failed.into_iter().filter_map(|(source, failed)| failed.then_some(source)).collect(),
        })
    }
}

/// What a part answers, unless it fails or takes too long: its figures are then missing, and counted as such.
async fn ask<T, E: std::error::Error + 'static>(source: &str, answer: impl Future<Output = Result<T, E>>) -> Option<T> {
    match tokio::time::timeout(PATIENCE, answer).await {
        Ok(Ok(known)) => Some(known),
        Ok(Err(error)) => {
            tracing::debug!(source, error = &error as &dyn std::error::Error, "a source of metrics failed");
            None
        }
        Err(_elapsed) => {
            tracing::debug!(source, "a source of metrics took too long");
            None
        }
    }
}
