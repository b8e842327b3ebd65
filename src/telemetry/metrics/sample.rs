//! What parts of the program know of themselves, asked when metrics are read: it costs nothing in between.

use std::sync::atomic::Ordering;
use std::time::Duration;

use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::Registry;

use super::declared::{
    CPU, ENCODER_BUSY, ENCODER_TEXTS, ENCODER_TOKENS, ENCODER_WAITING, INDEX_BACKLOG, INDEX_POINTS, INDEX_STOPPED, INDEX_TASKS,
    JOB_PROGRESS_AGE, JOBS, LIVE_CONVERSATIONS, LIVE_WATCHERS, MAX_FILES, OPEN_FILES, RESIDENT_MEMORY, SCRAPE_FAILURES, START_TIME,
    STORE_CONNECTIONS, STORE_POOLS, THREADS,
};
use super::label::{ConnectionState, LabelValue, QueueLane, ScrapeSource, UNFINISHED, VectorSource};
use super::series::{Each, Fractions, Labelled, Number, Words, labelled, register, register_labelled};
use super::work::JobMetrics;
use crate::domain::{JobKind, JobState, Timestamp};
use crate::telemetry::process::ProcessUse;

/// What the encoder's queue knows of itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct EncoderSample {
    /// Agents' texts that wait.
    pub waiting_interactive: usize,
    /// Imports' texts that wait.
    pub waiting_bulk: usize,
    /// Texts answered since the start.
    pub texts: u64,
    /// Of these, from the cache.
    pub cached: u64,
    /// Tokens computed since the start.
    pub tokens: u64,
    /// Time spent tokenising and computing since the start.
    pub busy: Duration,
}

/// Connections of one pool of the store.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PoolSample {
    /// `writer` or `readers`.
    pub pool: &'static str,
    /// Open connections.
    pub open: usize,
    /// Of these, those that wait for work.
    pub idle: usize,
}

/// What parts of the program know of themselves. What is absent was asked for and not told.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Sample {
    /// The encoder's queue.
    pub encoder: EncoderSample,
    /// Points in the index.
    pub index_points: Option<u64>,
    /// Changes that the index has not taken.
    pub index_backlog: Option<u64>,
    /// Changes that the index has taken since the start.
    pub index_tasks: u64,
    /// Whether the index writer has given up until the next change.
    pub index_stopped: bool,
    /// How many jobs of a kind are in a state, of those that have not ended; what is not named has none.
    pub jobs: Option<Vec<(JobKind, JobState, u64)>>,
    /// Live conversations that somebody watches.
    pub watched_conversations: usize,
    /// Open streams of their events.
    pub watchers: usize,
    /// The store's connections.
    pub connections: Vec<PoolSample>,
    /// The process.
    pub process: Option<ProcessUse>,
    /// Sources that did not answer.
    pub failed: Vec<ScrapeSource>,
}

#[derive(Debug)]
pub(super) struct Sampled {
    waiting: Each<QueueLane, Number>,
    texts: Each<VectorSource, Counter>,
    tokens: Counter,
    busy: Fractions,
    index_points: Number,
    index_backlog: Number,
    index_tasks: Counter,
    index_stopped: Gauge,
    jobs: Labelled<Words<2>, Number>,
    progress_age: Each<JobKind, Number>,
    watched_conversations: Gauge,
    watchers: Gauge,
    connections: Labelled<Words<2>, Number>,
    failures: Each<ScrapeSource, Counter>,
    start_time: Number,
    processor: Fractions,
    resident_memory: Number,
    open_files: Number,
    max_files: Number,
    threads: Number,
}

impl Sampled {
    pub(super) fn new(opened: Timestamp) -> Self {
        let start_time = Number::default();
        start_time.set(opened.as_micros() as f64 / 1e6);
        Self {
            waiting: Each::new(&ENCODER_WAITING),
            texts: Each::new(&ENCODER_TEXTS),
            tokens: Counter::default(),
            busy: Fractions::default(),
            index_points: Number::default(),
            index_backlog: Number::default(),
            index_tasks: Counter::default(),
            index_stopped: Gauge::default(),
            jobs: labelled(&JOBS),
            progress_age: Each::new(&JOB_PROGRESS_AGE),
            watched_conversations: Gauge::default(),
            watchers: Gauge::default(),
            connections: labelled(&STORE_CONNECTIONS),
            failures: Each::new(&SCRAPE_FAILURES),
            start_time,
            processor: Fractions::default(),
            resident_memory: Number::default(),
            open_files: Number::default(),
            max_files: Number::default(),
            threads: Number::default(),
        }
    }

    /// Puts what was asked for in the place of what was known.
    pub(super) fn take(&self, sample: &Sample, jobs: &JobMetrics) {
        let encoder = &sample.encoder;
        self.waiting.of(QueueLane::Interactive).set(encoder.waiting_interactive as f64);
        self.waiting.of(QueueLane::Bulk).set(encoder.waiting_bulk as f64);
        set_total(self.texts.of(VectorSource::Cache), encoder.cached);
        set_total(self.texts.of(VectorSource::Computed), encoder.texts.saturating_sub(encoder.cached));
        set_total(&self.tokens, encoder.tokens);
        set_fractions(&self.busy, encoder.busy.as_secs_f64());

        self.index_points.set(known(sample.index_points));
        self.index_backlog.set(known(sample.index_backlog));
        set_total(&self.index_tasks, sample.index_tasks);
        self.index_stopped.set(i64::from(sample.index_stopped));

        for (place, &kind) in JobKind::VALUES.iter().enumerate() {
            for &state in UNFINISHED {
                let counted = sample.jobs.as_ref().map(|jobs| {
                    let same = jobs.iter().filter(|(of, at, _)| of.as_str() == kind && at.as_str() == state);
                    same.map(|(_, _, number)| number).sum()
                });
                self.jobs.get_or_create(&[(JobKind::NAME, kind), ("state", state)]).set(known(counted));
            }
            self.progress_age.at(place).set(jobs.progress_age(place));
        }

        self.watched_conversations.set(sample.watched_conversations as i64);
        self.watchers.set(sample.watchers as i64);
        for &pool in STORE_POOLS {
            let told = sample.connections.iter().find(|connections| connections.pool == pool);
            let idle = told.map(|pool| pool.idle as u64);
            let used = told.map(|pool| pool.open.saturating_sub(pool.idle) as u64);
            for (state, number) in [(ConnectionState::Idle, idle), (ConnectionState::Used, used)] {
                let labels = [("pool", pool), (ConnectionState::NAME, state.shown())];
                self.connections.get_or_create(&labels).set(known(number));
            }
        }

        if let Some(process) = &sample.process {
            set_fractions(&self.processor, process.processor.as_secs_f64());
        }
        self.resident_memory.set(known(sample.process.map(|process| process.resident_bytes)));
        self.open_files.set(known(sample.process.map(|process| process.open_files)));
        self.max_files.set(known(sample.process.and_then(|process| process.max_files)));
        self.threads.set(known(sample.process.map(|process| process.threads)));
        for &source in &sample.failed {
            self.failures.of(source).inc();
        }
    }

    pub(super) fn register(&self, registry: &mut Registry) {
        self.waiting.register(registry, &ENCODER_WAITING);
        self.texts.register(registry, &ENCODER_TEXTS);
        register(registry, &ENCODER_TOKENS, self.tokens.clone());
        register(registry, &ENCODER_BUSY, self.busy.clone());
        register(registry, &INDEX_POINTS, self.index_points.clone());
        register(registry, &INDEX_BACKLOG, self.index_backlog.clone());
        register(registry, &INDEX_TASKS, self.index_tasks.clone());
        register(registry, &INDEX_STOPPED, self.index_stopped.clone());
        register_labelled(registry, &JOBS, &self.jobs);
        self.progress_age.register(registry, &JOB_PROGRESS_AGE);
        register(registry, &LIVE_CONVERSATIONS, self.watched_conversations.clone());
        register(registry, &LIVE_WATCHERS, self.watchers.clone());
        register_labelled(registry, &STORE_CONNECTIONS, &self.connections);
        self.failures.register(registry, &SCRAPE_FAILURES);
        register(registry, &START_TIME, self.start_time.clone());
        register(registry, &CPU, self.processor.clone());
        register(registry, &RESIDENT_MEMORY, self.resident_memory.clone());
        register(registry, &OPEN_FILES, self.open_files.clone());
        register(registry, &MAX_FILES, self.max_files.clone());
        register(registry, &THREADS, self.threads.clone());
    }
}

/// NaN says that it is not known, which zero would not.
fn known(number: Option<u64>) -> f64 {
    number.map_or(f64::NAN, |number| number as f64)
}

/// Brings a counter to a total that is counted elsewhere.
fn set_total(counter: &Counter, total: u64) {
    counter.inner().store(total, Ordering::Relaxed);
}

/// The same for a counter of fractions, which the library keeps as the bits of a float.
fn set_fractions(counter: &Fractions, total: f64) {
    counter.inner().store(total.to_bits(), Ordering::Relaxed);
}
