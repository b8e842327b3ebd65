//! A batching queue in front of one model: the [`Embedder`] of the product.
//!
//! One thread owns the model. Whenever it is free it takes what waits, interactive texts first, fills a batch by padded tokens and by
//! count, and computes it; there is no timer. A bulk batch is kept small ([`QueueSettings::bulk_batch_padded_tokens`]), because that
//! is how long an interactive text can have to wait for its turn.
//!
//! Invariants: every text whose caller still waits is answered exactly once; texts of a lane are computed in the order they came;
//! identical texts that wait together are computed once; a text whose caller has left is not computed; a panic in the model fails its
//! batch and nothing else. No text is logged or put into an error.

mod cache;
mod state;
mod worker;

use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use async_trait::async_trait;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, TryAcquireError, oneshot};

use self::state::{Shared, Waiter, key};
use super::{EmbedError, EmbedModel, Embedder, Embedding, Lane, ModelInfo, TextKind};
use crate::telemetry::metrics::EncoderMetrics;

/// Texts a bulk call puts into the queue at a time.
const BULK_CHUNK: usize = 64;

/// The queue's bounds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QueueSettings {
    /// Most texts in a batch.
    pub batch_texts: usize,
    /// Most texts times longest text, in tokens, of an interactive batch. A single longer text is a batch of its own.
    pub batch_padded_tokens: usize,
    /// The same for a bulk batch: the longest an interactive text waits for bulk work. 512 tokens are about 24 short texts or two of
    /// the longest; larger batches are hardly faster per text.
    pub bulk_batch_padded_tokens: usize,
    /// Interactive texts that may wait; more are refused with [`EmbedError::Overloaded`].
    pub interactive_texts: usize,
    /// Bulk texts that may wait; callers with more wait for room.
    pub bulk_texts: usize,
    /// Vectors kept for texts that come again; 0 switches the cache off.
    pub cache_vectors: usize,
}

impl Default for QueueSettings {
    fn default() -> Self {
        Self {
            batch_texts: 64,
            batch_padded_tokens: 4096,
            bulk_batch_padded_tokens: 512,
            interactive_texts: 256,
            bulk_texts: 1024,
            cache_vectors: 50_000,
        }
    }
}

/// What the queue has done so far.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct QueueStats {
    /// Texts answered with a vector, however it was come by.
    pub texts: u64,
    /// Texts answered from the cache.
    pub cache_hits: u64,
    /// Rows the model computed: texts neither in the cache nor identical to another in the batch.
    pub rows: u64,
    /// Tokens in those rows.
    pub tokens: u64,
    /// Batches the model computed.
    pub batches: u64,
    /// Time spent tokenising and in the model.
    pub busy: Duration,
}

/// The queue. Dropping it is [`EmbedQueue::close`].
pub struct EmbedQueue {
    info: ModelInfo,
    shared: Arc<Shared>,
    interactive_room: Arc<Semaphore>,
    bulk_room: Arc<Semaphore>,
    bulk_chunk: usize,
    metrics: EncoderMetrics,
    thread: Mutex<Option<JoinHandle<()>>>,
}

impl EmbedQueue {
    /// Starts the thread that owns `model`.
    ///
    /// # Errors
    /// When the operating system gives no thread.
    pub fn start(model: Box<dyn EmbedModel>, settings: &QueueSettings) -> std::io::Result<Self> {
        let info = model.info().clone();
        let shared = Arc::new(Shared::new(settings));
        let metrics = EncoderMetrics::default();
        let worker = worker::Worker::new(model, Arc::clone(&shared), settings, metrics.clone());
        let thread = std::thread::Builder::new().name("riposte-embed".to_owned()).spawn(move || worker.run())?;
        let bulk_texts = settings.bulk_texts.clamp(1, Semaphore::MAX_PERMITS);
        Ok(Self {
            info,
            shared,
            interactive_room: Arc::new(Semaphore::new(settings.interactive_texts.min(Semaphore::MAX_PERMITS))),
            bulk_room: Arc::new(Semaphore::new(bulk_texts)),
            bulk_chunk: bulk_texts.min(BULK_CHUNK),
            metrics,
            thread: Mutex::new(Some(thread)),
        })
    }

    /// What the queue has done so far.
    pub fn stats(&self) -> QueueStats {
        self.shared.stats()
    }

    /// Texts that wait, agents' and imports'; those that wait for the same count once.
    pub fn waiting(&self) -> (usize, usize) {
        self.shared.waiting()
    }

    /// What is counted as the queue works.
    pub fn metrics(&self) -> &EncoderMetrics {
        &self.metrics
    }

    /// Refuses new texts, computes those that wait, and returns when the thread has ended. Blocks: call it outside the async workers.
    /// Calling it again does nothing.
    pub fn close(&self) {
        self.interactive_room.close();
        self.bulk_room.close();
        self.shared.close();
        let thread = self.thread.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(thread) = thread
            && thread.join().is_err()
        {
            tracing::error!("the embedding thread ended with a panic");
        }
    }

    /// Puts `texts` into the lane as far as the cache does not answer them.
    async fn submit(&self, texts: Vec<String>, kind: TextKind, lane: Lane) -> Result<Vec<Answer>, EmbedError> {
        let keyed: Vec<_> = texts.into_iter().map(|text| (key(kind, &text), text)).collect();
        let cached = self.shared.cached(keyed.iter().map(|(key, _)| key));
        let missing = cached.iter().filter(|cached| cached.is_none()).count();
        let mut room = self.room(lane, missing).await?;

        let mut answers = Vec::with_capacity(keyed.len());
        let mut jobs = Vec::with_capacity(missing);
        for ((key, text), cached) in keyed.into_iter().zip(cached) {
            if let Some(embedding) = cached {
                answers.push(Answer::Known(embedding));
                continue;
            }
            let (sender, receiver) = oneshot::channel();
            let permit = room.split(1).expect("a place was acquired for every text that is missing");
            jobs.push((key, text, Waiter { sender, permit }));
            answers.push(Answer::Expected(receiver));
        }
        self.shared.push(lane, kind, jobs)?;
        Ok(answers)
    }

    async fn room(&self, lane: Lane, texts: usize) -> Result<OwnedSemaphorePermit, EmbedError> {
        let texts = u32::try_from(texts).map_err(|_| EmbedError::Overloaded)?;
        match lane {
            Lane::Interactive => Arc::clone(&self.interactive_room).try_acquire_many_owned(texts).map_err(|error| match error {
                TryAcquireError::NoPermits => EmbedError::Overloaded,
                TryAcquireError::Closed => EmbedError::Stopped,
            }),
            Lane::Bulk => Arc::clone(&self.bulk_room).acquire_many_owned(texts).await.map_err(|_closed| EmbedError::Stopped),
        }
    }
}

/// A text's vector, or the promise of it.
enum Answer {
    Known(Embedding),
    Expected(oneshot::Receiver<Result<Embedding, EmbedError>>),
}

#[async_trait]
impl Embedder for EmbedQueue {
    fn info(&self) -> &ModelInfo {
        &self.info
    }

    /// An interactive call with more new texts than [`QueueSettings::interactive_texts`] never fits and is always refused.
    async fn embed(&self, texts: Vec<String>, kind: TextKind, lane: Lane) -> Result<Vec<Embedding>, EmbedError> {
        let mut answers = Vec::with_capacity(texts.len());
        match lane {
            Lane::Interactive => answers = self.submit(texts, kind, lane).await?,
            Lane::Bulk => {
                let mut texts = texts.into_iter();
                loop {
                    let chunk: Vec<String> = texts.by_ref().take(self.bulk_chunk).collect();
                    if chunk.is_empty() {
                        break;
                    }
                    answers.extend(self.submit(chunk, kind, lane).await?);
                }
            }
        }
        let mut embeddings = Vec::with_capacity(answers.len());
        for answer in answers {
            embeddings.push(match answer {
                Answer::Known(embedding) => embedding,
                Answer::Expected(receiver) => receiver.await.map_err(|_gone| EmbedError::Stopped)??,
            });
        }
        Ok(embeddings)
    }
}

impl Drop for EmbedQueue {
    fn drop(&mut self) {
        self.close();
    }
}

#[cfg(test)]
mod tests;
