//! The thread that owns the model: takes, tokenises, fills a batch, computes, answers.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::Instant;

use super::state::{Job, Key, Shared, Waiter};
use super::{QueueSettings, QueueStats};
use crate::embed::{EmbedError, EmbedModel, Embedding, Lane};
use crate::telemetry::metrics::{EncoderMetrics, QueueLane};

pub(super) struct Worker {
    model: Box<dyn EmbedModel>,
    shared: Arc<Shared>,
    batch_texts: usize,
    interactive_tokens: usize,
    bulk_tokens: usize,
    metrics: EncoderMetrics,
}

/// A row of a batch and those who wait for it.
struct Row {
    key: Key,
    truncated: bool,
    waiters: Vec<Waiter>,
}

/// However the thread ends, nobody is left waiting for it.
struct AbandonOnDrop(Arc<Shared>);

impl Drop for AbandonOnDrop {
    fn drop(&mut self) {
        self.0.abandon();
    }
}

impl Worker {
    pub(super) fn new(model: Box<dyn EmbedModel>, shared: Arc<Shared>, settings: &QueueSettings, metrics: EncoderMetrics) -> Self {
        Self {
            model,
            shared,
            batch_texts: settings.batch_texts.max(1),
            interactive_tokens: settings.batch_padded_tokens,
            bulk_tokens: settings.bulk_batch_padded_tokens,
            metrics,
        }
    }

    /// Works until the queue is closed and empty.
    pub(super) fn run(mut self) {
        let _abandon = AbandonOnDrop(Arc::clone(&self.shared));
        while let Some((lane, jobs)) = self.shared.take(self.batch_texts) {
            self.serve(lane, jobs);
        }
    }

    fn serve(&mut self, lane: Lane, jobs: Vec<Job>) {
        let started = Instant::now();
        let (batch, rows) = self.fill(lane, jobs);
        if batch.is_empty() {
            return;
        }
        self.metrics.batch(batch.len());
        let vectors = self.compute(&batch);
        let mut done = QueueStats {
            rows: batch.len() as u64,
            tokens: batch.iter().map(|row| row.len() as u64).sum(),
            batches: 1,
            busy: started.elapsed(),
            ..QueueStats::default()
        };
        match vectors {
            Ok(vectors) => {
                let mut computed = Vec::with_capacity(rows.len());
                let mut answers = Vec::with_capacity(rows.len());
                for (row, vector) in rows.into_iter().zip(vectors) {
                    let embedding = Embedding { vector: vector.into(), truncated: row.truncated };
                    done.texts += row.waiters.len() as u64;
                    computed.push((row.key, embedding.clone()));
                    answers.push((row.waiters, embedding));
                }
                // Before the answers: a caller who asks the same again right away finds the vector, and the counters counted.
                self.shared.learn(computed, done);
                for (waiters, embedding) in answers {
                    answer(waiters, &Ok(embedding));
                }
            }
            Err(error) => {
                self.shared.learn(Vec::new(), done);
                for row in rows {
                    answer(row.waiters, &Err(error.clone()));
                }
            }
        }
    }

    /// Makes a batch of the first jobs that fit; the others go back to the head of the lane with the tokens they already have.
    fn fill(&self, lane: Lane, jobs: Vec<Job>) -> (Vec<Vec<u32>>, Vec<Row>) {
        let (limit, waiting) = match lane {
            Lane::Interactive => (self.interactive_tokens, QueueLane::Interactive),
            Lane::Bulk => (self.bulk_tokens, QueueLane::Bulk),
        };
        let mut batch: Vec<Vec<u32>> = Vec::with_capacity(jobs.len());
        let mut rows = Vec::with_capacity(jobs.len());
        let mut longest = 0;
        let mut jobs = jobs.into_iter();
        while let Some(mut job) = jobs.next() {
            let (tokens, truncated) = match job.tokens.take().map_or_else(|| self.tokenize(&job), Ok) {
                Ok(tokenized) => tokenized,
                Err(error) => {
                    answer(self.shared.claim(&job.key).0, &Err(error));
                    continue;
                }
            };
            if !batch.is_empty() && longest.max(tokens.len()) * (batch.len() + 1) > limit {
                job.tokens = Some((tokens, truncated));
                self.shared.put_back(lane, std::iter::once(job).chain(jobs).collect());
                break;
            }
            match self.shared.claim(&job.key) {
                (waiters, _) if waiters.is_empty() => {}
                (waiters, Some(embedding)) => answer(waiters, &Ok(embedding)),
                (waiters, None) => {
                    self.metrics.waited(waiting, job.since.elapsed());
                    longest = longest.max(tokens.len());
                    batch.push(tokens);
                    rows.push(Row { key: job.key, truncated, waiters });
                }
            }
        }
        (batch, rows)
    }

    fn tokenize(&self, job: &Job) -> Result<(Vec<u32>, bool), EmbedError> {
        guarded("tokenizer", || self.model.tokenize(&job.text, job.kind))
    }

    fn compute(&mut self, batch: &[Vec<u32>]) -> Result<Vec<Vec<f32>>, EmbedError> {
        let vectors = guarded("forward pass", || self.model.forward(batch))?;
        if vectors.len() == batch.len() {
            Ok(vectors)
        } else {
            Err(EmbedError::Model(format!("{} vectors for {} rows", vectors.len(), batch.len())))
        }
    }
}

/// Turns a panic into an error. Its message stays out: it may quote the text.
fn guarded<T>(stage: &str, work: impl FnOnce() -> Result<T, EmbedError>) -> Result<T, EmbedError> {
    // A model keeps nothing between calls that a panic could leave half-written.
    catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(|_payload| {
        tracing::error!(stage, "the encoder panicked");
        Err(EmbedError::Model(format!("the {stage} panicked")))
    })
}

fn answer(waiters: Vec<Waiter>, result: &Result<Embedding, EmbedError>) {
    for waiter in waiters {
        // A caller who left in the meantime needs no answer.
        let _ = waiter.sender.send(result.clone());
    }
}
