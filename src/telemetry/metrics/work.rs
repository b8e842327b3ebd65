//! Metrics of what the product does: suggestions, the encoder's batches, jobs.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::Registry;

use super::declared::{
    ENCODER_BATCH, ENCODER_WAIT, FEEDBACK, JOBS_ENDED, SUGGESTION_DURATION, SUGGESTION_STAGE_DURATION, SUGGESTIONS, SUGGESTIONS_IN_FLIGHT,
};
use super::label::{ENDED, LabelValue, QueueLane, Stage, SuggestionOutcome};
use super::series::{Each, Labelled, Words, histogram, labelled, register, register_labelled};
use crate::domain::{FeedbackKind, JobKind, JobState};

/// Metrics of suggestions and feedback. Copies count together; the default ones are shown nowhere.
#[derive(Debug, Clone)]
pub struct SuggestionMetrics {
    outcomes: Each<SuggestionOutcome, Counter>,
    duration: Histogram,
    stages: Each<Stage, Histogram>,
    in_flight: Gauge,
    feedback: Each<FeedbackKind, Counter>,
}

impl Default for SuggestionMetrics {
    fn default() -> Self {
        Self {
            outcomes: Each::new(&SUGGESTIONS),
            duration: histogram(&SUGGESTION_DURATION),
            stages: Each::new(&SUGGESTION_STAGE_DURATION),
            in_flight: Gauge::default(),
            feedback: Each::new(&FEEDBACK),
        }
    }
}

impl SuggestionMetrics {
    /// A request is being worked on.
    #[must_use]
    pub fn begin(&self) -> Suggesting<'_> {
        self.in_flight.inc();
        Suggesting { metrics: self, started: Instant::now(), outcome: SuggestionOutcome::Abandoned }
    }

    /// A request was refused before anything was computed.
    pub fn refused(&self, outcome: SuggestionOutcome) {
        self.outcomes.of(outcome).inc();
    }

    /// A stage of a request has ended.
    pub fn stage(&self, stage: Stage, took: Duration) {
        self.stages.of(stage).observe(took.as_secs_f64());
    }

    /// Feedback has been kept.
    pub fn feedback(&self, kind: FeedbackKind) {
        self.feedback.of(kind).inc();
    }

    pub(super) fn register(&self, registry: &mut Registry) {
        self.outcomes.register(registry, &SUGGESTIONS);
        register(registry, &SUGGESTION_DURATION, self.duration.clone());
        self.stages.register(registry, &SUGGESTION_STAGE_DURATION);
        register(registry, &SUGGESTIONS_IN_FLIGHT, self.in_flight.clone());
        self.feedback.register(registry, &FEEDBACK);
    }
}

/// A request for suggestions that is being worked on; dropped without [`Self::end`], it was abandoned.
#[derive(Debug)]
pub struct Suggesting<'a> {
    metrics: &'a SuggestionMetrics,
    started: Instant,
    outcome: SuggestionOutcome,
}

impl Suggesting<'_> {
    /// The request has ended.
    pub fn end(mut self, outcome: SuggestionOutcome) {
        self.outcome = outcome;
    }
}

impl Drop for Suggesting<'_> {
    fn drop(&mut self) {
        self.metrics.in_flight.dec();
        self.metrics.outcomes.of(self.outcome).inc();
        if self.outcome.is_answer() {
            self.metrics.duration.observe(self.started.elapsed().as_secs_f64());
        }
    }
}

/// Metrics of the encoder's queue that are seen as it works; its counters are read from it. Copies count together.
#[derive(Debug, Clone)]
pub struct EncoderMetrics {
    waits: Each<QueueLane, Histogram>,
    batch_texts: Histogram,
}

impl Default for EncoderMetrics {
    fn default() -> Self {
        Self { waits: Each::new(&ENCODER_WAIT), batch_texts: histogram(&ENCODER_BATCH) }
    }
}

impl EncoderMetrics {
    /// A text has come into a batch.
    pub fn waited(&self, lane: QueueLane, time: Duration) {
        self.waits.of(lane).observe(time.as_secs_f64());
    }

    /// A batch is computed.
    pub fn batch(&self, texts: usize) {
        self.batch_texts.observe(texts as f64);
    }

    pub(super) fn register(&self, registry: &mut Registry) {
        self.waits.register(registry, &ENCODER_WAIT);
        register(registry, &ENCODER_BATCH, self.batch_texts.clone());
    }
}

/// Metrics of jobs that this process runs. Copies count together; the default ones are shown nowhere.
#[derive(Debug, Clone)]
pub struct JobMetrics {
    ended: Labelled<Words<2>, Counter>,
    opened: Instant,
    /// By kind: when the running job last told progress, in milliseconds since `opened` and one; 0 while none runs.
    progress: Arc<[AtomicU64]>,
}

impl Default for JobMetrics {
    fn default() -> Self {
        let ended: Labelled<Words<2>, Counter> = labelled(&JOBS_ENDED);
        for &kind in JobKind::VALUES {
            for &state in ENDED {
                let _zero = ended.get_or_create(&[(JobKind::NAME, kind), ("state", state)]);
            }
        }
        Self { ended, opened: Instant::now(), progress: JobKind::VALUES.iter().map(|_| AtomicU64::new(0)).collect() }
    }
}

impl JobMetrics {
    /// A job begins; it runs until the guard is dropped.
    #[must_use]
    pub fn begin(&self, kind: JobKind) -> RunningJob<'_> {
        self.progress(kind);
        RunningJob { metrics: self, kind }
    }

    /// The running job of this kind has come further.
    pub fn progress(&self, kind: JobKind) {
        let now = self.opened.elapsed().as_millis() as u64 + 1;
        self.progress[kind.place()].store(now, Ordering::Relaxed);
    }

    /// A job has ended for good.
    pub fn ended(&self, kind: JobKind, state: JobState) {
        self.ended.get_or_create(&[(JobKind::NAME, kind.as_str()), ("state", state.as_str())]).inc();
    }

    /// Seconds since the running job of a kind told progress; 0 while none runs.
    pub(super) fn progress_age(&self, kind: usize) -> f64 {
        match self.progress[kind].load(Ordering::Relaxed) {
            0 => 0.0,
            told => (self.opened.elapsed().as_millis() as u64 + 1).saturating_sub(told) as f64 / 1000.0,
        }
    }

    pub(super) fn register(&self, registry: &mut Registry) {
        register_labelled(registry, &JOBS_ENDED, &self.ended);
    }
}

/// A job that runs.
#[derive(Debug)]
pub struct RunningJob<'a> {
    metrics: &'a JobMetrics,
    kind: JobKind,
}

impl Drop for RunningJob<'_> {
    fn drop(&mut self) {
        self.metrics.progress[self.kind.place()].store(0, Ordering::Relaxed);
    }
}
