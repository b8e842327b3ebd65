//! Every metric of the program, declared once: what is exposed, `docs/metrics.md`, the dashboard and the alerts are made from this table or
//! tested against it.
//!
//! Names end in their unit, which is a base unit, and counters in `_total`. No label holds a desk, a person, a conversation or words of
//! either: desks are made through the API without bound, and their names belong to the customer.

use super::label::{
    ConnectionState, ENDED, HttpMethod, LabelValue, QueueLane, ScrapeSource, Stage, StatusClass, SuggestionOutcome, UNFINISHED,
    VectorSource,
};
use crate::domain::{FeedbackKind, JobKind};

/// What kind of number it is.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Kind {
    /// Only grows, from the start of the process on.
    Counter,
    /// Goes up and down.
    Gauge,
    /// How often values up to each bound were seen, their number and their sum.
    Histogram(&'static [f64]),
    /// A constant; what it says is in its labels.
    Info,
}

/// What a metric is counted in, where it is no mere number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unit {
    /// Seconds.
    Seconds,
    /// Bytes.
    Bytes,
}

impl Unit {
    /// As it stands in names.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Seconds => "seconds",
            Self::Bytes => "bytes",
        }
    }
}

/// The values of a label.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Values {
    /// One of these.
    Closed(&'static [&'static str]),
    /// What the text says; bounded by the program.
    Bounded(&'static str),
}

/// A label.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Label {
    /// Its name.
    pub name: &'static str,
    /// Its values.
    pub values: Values,
}

impl Label {
    const fn of<L: LabelValue>() -> Self {
        Self { name: L::NAME, values: Values::Closed(L::VALUES) }
    }
}

/// A metric.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Declared {
    /// Its name as queries use it.
    pub name: &'static str,
    /// What kind of number it is.
    pub kind: Kind,
    /// What it is counted in.
    pub unit: Option<Unit>,
    /// What it tells, without a full stop at the end.
    pub help: &'static str,
    /// What it is told apart by.
    pub labels: &'static [Label],
}

impl Declared {
    /// The name without the endings that the exposition adds.
    pub(super) fn stem(&self) -> &'static str {
        let name = match self.kind {
            Kind::Counter => self.name.strip_suffix("_total"),
            Kind::Info => self.name.strip_suffix("_info"),
            Kind::Gauge | Kind::Histogram(_) => None,
        };
        let name = name.unwrap_or(self.name);
        self.unit.and_then(|unit| name.strip_suffix(unit.as_str())?.strip_suffix('_')).unwrap_or(name)
    }

    /// Upper bounds of a histogram's buckets; none of another metric.
    pub(super) const fn buckets(&self) -> &'static [f64] {
        match self.kind {
            Kind::Histogram(buckets) => buckets,
            Kind::Counter | Kind::Gauge | Kind::Info => &[],
        }
    }
}

/// Suggestions take 5 ms on a small archive and end at the deadline of requests; what is shown to an agent should come within 300 ms.
const SUGGESTION_SECONDS: &[f64] = &[0.005, 0.01, 0.02, 0.03, 0.05, 0.075, 0.1, 0.15, 0.2, 0.3, 0.5, 0.75, 1.0, 2.0, 5.0];

/// A stage may be much shorter than the whole.
const STAGE_SECONDS: &[f64] = &[0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0];

/// Requests of every kind, up to the deadline of 30 s; few bounds, because there are many routes.
const REQUEST_SECONDS: &[f64] = &[0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0];

/// Bulk texts may wait as long as a chunk of 64 takes, and longer behind agents.
const WAIT_SECONDS: &[f64] = &[0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0];

/// A batch holds 64 texts at most.
const BATCH_TEXTS: &[f64] = &[1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0];

const KIND: Label = Label::of::<JobKind>();
const METHOD: Label = Label::of::<HttpMethod>();
const ROUTE: Label =
    Label { name: "route", values: Values::Bounded("template of the matched route, such as `/v1/jobs/{id}`, or `unmatched`") };

const fn counter(name: &'static str, help: &'static str, labels: &'static [Label]) -> Declared {
    Declared { name, kind: Kind::Counter, unit: None, help, labels }
}

const fn gauge(name: &'static str, help: &'static str, labels: &'static [Label]) -> Declared {
    Declared { name, kind: Kind::Gauge, unit: None, help, labels }
}

const fn seconds(name: &'static str, kind: Kind, help: &'static str, labels: &'static [Label]) -> Declared {
    Declared { name, kind, unit: Some(Unit::Seconds), help, labels }
}

/// Declares the metrics and lists them all.
macro_rules! metrics {
    ($($constant:ident = $declared:expr;)+) => {
        $(pub(super) static $constant: Declared = $declared;)+

        /// Every metric, in the order of `docs/metrics.md`.
        pub static METRICS: &[&Declared] = &[$(&$constant),+];
    };
}

metrics! {
    SUGGESTIONS = counter("riposte_suggestions_total",
        "Requests for suggestions by how they ended: shown, silent (small_talk, out_of_domain, no_match, conflicting, moved_on), refused (overloaded, rate_limited, invalid), failed, or abandoned by the caller; those of watched conversations are counted, too, each attempt once",
        &[Label::of::<SuggestionOutcome>()]);
    SUGGESTION_DURATION = seconds("riposte_suggestion_duration_seconds", Kind::Histogram(SUGGESTION_SECONDS),
        "Time from the request to the answer, of requests that got suggestions or a reasoned silence", &[]);
    SUGGESTION_STAGE_DURATION = seconds("riposte_suggestion_stage_duration_seconds", Kind::Histogram(STAGE_SECONDS),
        "Time of one stage: moment (cleaning, masking, what is asked), embed (waiting included), search (candidates read, too), rank (grouping, calibrating, rendering), record (keeping the set)",
        &[Label::of::<Stage>()]);
    SUGGESTIONS_IN_FLIGHT = gauge("riposte_suggestions_in_flight", "Suggestions that are being computed", &[]);
    FEEDBACK = counter("riposte_feedback_total", "Feedback kept, by what agents did with a suggestion", &[Label::of::<FeedbackKind>()]);

    HTTP_REQUESTS = counter("riposte_http_requests_total", "HTTP requests answered",
        &[METHOD, ROUTE, Label::of::<StatusClass>()]);
    HTTP_DURATION = seconds("riposte_http_request_duration_seconds", Kind::Histogram(REQUEST_SECONDS),
        "Time from an HTTP request to the head of its answer; event streams go on after that", &[METHOD, ROUTE]);
    HTTP_IN_FLIGHT = gauge("riposte_http_requests_in_flight", "HTTP requests whose answer has not begun", &[]);

    ENCODER_WAITING = gauge("riposte_encoder_waiting_texts", "Texts that wait for the encoder", &[Label::of::<QueueLane>()]);
    ENCODER_WAIT = seconds("riposte_encoder_wait_seconds", Kind::Histogram(WAIT_SECONDS),
        "Time a text waited before its batch was begun", &[Label::of::<QueueLane>()]);
    ENCODER_BATCH = Declared { name: "riposte_encoder_batch_texts", kind: Kind::Histogram(BATCH_TEXTS), unit: None,
        help: "Texts in a batch of the encoder", labels: &[] };
    ENCODER_TEXTS = counter("riposte_encoder_texts_total", "Texts answered with a vector, by how it was come by", &[Label::of::<VectorSource>()]);
    ENCODER_TOKENS = counter("riposte_encoder_tokens_total", "Tokens the encoder has computed", &[]);
    ENCODER_BUSY = seconds("riposte_encoder_busy_seconds_total", Kind::Counter, "Time the encoder has spent tokenising and computing", &[]);

    INDEX_POINTS = gauge("riposte_index_points", "Points in the search index in use; NaN where the index does not tell", &[]);
    INDEX_BACKLOG = gauge("riposte_index_backlog_tasks", "Changes of pairs and entries that the index has not taken yet", &[]);
    INDEX_TASKS = counter("riposte_index_tasks_total", "Changes that the index has taken", &[]);
    INDEX_STOPPED = gauge("riposte_index_writer_stopped", "1 while the index writer has given up until the next change, else 0", &[]);

    JOBS = gauge("riposte_jobs", "Jobs that have not ended, by state", &[KIND, Label { name: "state", values: Values::Closed(UNFINISHED) }]);
    JOBS_ENDED = counter("riposte_jobs_ended_total", "Jobs that ended in this process, by how",
        &[KIND, Label { name: "state", values: Values::Closed(ENDED) }]);
    JOB_PROGRESS_AGE = seconds("riposte_job_progress_age_seconds", Kind::Gauge,
        "Time since the job that this process runs last told progress; 0 while none of this kind runs", &[KIND]);

    LIVE_CONVERSATIONS = gauge("riposte_live_watched_conversations", "Live conversations that somebody watches", &[]);
    LIVE_WATCHERS = gauge("riposte_live_watchers", "Open streams of events of live conversations", &[]);

    STORE_CONNECTIONS = gauge("riposte_store_connections", "Connections to the store, by pool and by what they do",
        &[Label { name: "pool", values: Values::Closed(STORE_POOLS) }, Label::of::<ConnectionState>()]);
    SCRAPE_FAILURES = counter("riposte_scrape_failures_total",
        "Times that a source did not answer when metrics were read; what it would have told is then NaN", &[Label::of::<ScrapeSource>()]);

    BUILD = Declared { name: "riposte_build_info", kind: Kind::Info, unit: None, help: "The program that runs",
        labels: &[Label { name: "version", values: Values::Bounded("version of the program") }] };
    START_TIME = seconds("process_start_time_seconds", Kind::Gauge, "When the installation was opened, seconds since the Unix epoch", &[]);
    CPU = seconds("process_cpu_seconds_total", Kind::Counter, "Processor time used, in user and system mode (Linux)", &[]);
    RESIDENT_MEMORY = Declared { name: "process_resident_memory_bytes", kind: Kind::Gauge, unit: Some(Unit::Bytes),
        help: "Memory in use (Linux)", labels: &[] };
    OPEN_FILES = gauge("process_open_fds", "Open files, sockets included (Linux)", &[]);
    MAX_FILES = gauge("process_max_fds", "Files that may be open (Linux)", &[]);
    THREADS = gauge("process_threads", "Threads (Linux)", &[]);
}

/// The pools of connections that a store has.
pub(super) const STORE_POOLS: &[&str] = &["writer", "readers"];
