//! Metrics: what is declared, counted and exposed for Prometheus.
//!
//! `declared` is the one list of metrics, `label` the closed lists of what they are told apart by, `series` makes series of a declaration,
//! `http` and `work` count as things happen, `sample` takes what parts of the program know of themselves when metrics are read, and `document` writes
//! `docs/metrics.md`. Nothing here is global: an installation owns its [`Metrics`], and parts hold copies of what they count with.
//!
//! Must not: hold customers' words, or ids of people, conversations or desks; nor ask anything of the program (the composition root does).

mod declared;
pub mod document;
mod http;
mod label;
mod sample;
mod series;
mod work;

use std::sync::{Mutex, PoisonError};

use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::info::Info;
use prometheus_client::registry::Registry;

use crate::domain::Timestamp;

pub use declared::{Declared, Kind, Label, METRICS, Unit, Values};
pub use http::{HttpMetrics, InFlight};
pub use label::{ConnectionState, HttpMethod, LabelValue, QueueLane, ScrapeSource, Stage, StatusClass, SuggestionOutcome, VectorSource};
pub use sample::{EncoderSample, PoolSample, Sample};
pub use work::{EncoderMetrics, JobMetrics, RunningJob, Suggesting, SuggestionMetrics};

use sample::Sampled;

/// What the exposed text is: OpenMetrics, which Prometheus reads since 2.5.
pub const CONTENT_TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// The metrics of one installation.
#[derive(Debug)]
pub struct Metrics {
    /// Requests.
    pub http: HttpMetrics,
    /// Suggestions and feedback.
    pub suggestions: SuggestionMetrics,
    /// Jobs.
    pub jobs: JobMetrics,
    /// Held while a sample is put in and written down, so that two readers get one state each.
    sampled: Mutex<Sampled>,
    registry: Registry,
}

impl Metrics {
    /// Makes the metrics of an installation that was opened at `opened`. `encoder` is counted by its queue, which may serve several
    /// installations.
    #[must_use]
    pub fn new(encoder: &EncoderMetrics, opened: Timestamp) -> Self {
        let (http, suggestions, jobs) = (HttpMetrics::default(), SuggestionMetrics::default(), JobMetrics::default());
        let sampled = Sampled::new(opened);
        let mut registry = Registry::default();
        suggestions.register(&mut registry);
        http.register(&mut registry);
        encoder.register(&mut registry);
        jobs.register(&mut registry);
        sampled.register(&mut registry);
        series::register(&mut registry, &declared::BUILD, Info::new([("version", env!("CARGO_PKG_VERSION"))]));
        Self { http, suggestions, jobs, sampled: Mutex::new(sampled), registry }
    }

    /// All metrics in the text form of OpenMetrics, with what was asked of the program just now.
    ///
    /// # Errors
    /// When a metric can't be written down, which would be a bug.
    pub fn expose(&self, sample: &Sample) -> Result<String, std::fmt::Error> {
        let sampled = self.sampled.lock().unwrap_or_else(PoisonError::into_inner);
        sampled.take(sample, &self.jobs);
        let mut text = String::new();
        encode(&mut text, &self.registry)?;
        Ok(text)
    }
}

#[cfg(test)]
mod tests;
