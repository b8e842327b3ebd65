//! Finished spans, sent to a collector by OTLP over gRPC where `traces.endpoint` names one.
//!
//! The collector is the company's own. What is sent is what the log may say: ids, routes, stages and how long they took, log lines within
//! them; never a customer's words.

use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use opentelemetry::propagation::TextMapPropagator;
use opentelemetry::trace::{SpanKind, TraceContextExt, TraceId as ExportedId, TracerProvider};
use opentelemetry::{Context, KeyValue};
use opentelemetry_otlp::{WithExportConfig as _, WithTonicConfig as _};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::error::OTelSdkResult;
use opentelemetry_sdk::propagation::TraceContextPropagator;
use opentelemetry_sdk::trace::{Sampler, SamplingResult, SdkTracerProvider, ShouldSample, SpanData, SpanExporter};
use tonic::transport::{ClientTlsConfig, Endpoint};
use tracing::{Level, Subscriber};
use tracing_opentelemetry::OpenTelemetrySpanExt;
use tracing_subscriber::Layer;
use tracing_subscriber::filter::{FilterFn, LevelFilter};
use tracing_subscriber::registry::LookupSpan;

use super::TelemetryError;
use super::trace::TRACEPARENT;

/// How long a collector may take to take a connection, and a batch.
const PATIENCE: Duration = Duration::from_secs(3);

/// Routes that something asks all the time to see whether the program is there; no trace is begun for them.
pub(crate) const PROBED: [&str; 2] = ["/livez", "/readyz"];

/// Attribute of a request's span that names its route.
const ROUTE: &str = "http.route";

/// Attribute that a job's span has.
const JOB: &str = "job.id";

/// Where finished spans go, and how many.
#[derive(Debug, Clone, PartialEq)]
pub struct TraceExport {
    /// The collector's gRPC address, `http://` or `https://`.
    pub endpoint: String,
    /// Share of what is done for hosts (requests, suggestions to live conversations) that is traced, 0 to 1, where the caller has not decided
    /// it with the flags of `traceparent`. Jobs are always traced.
    pub share: f64,
}

/// Keeps the export going; what has not been sent yet is sent when it is dropped.
#[must_use]
pub struct Traces {
    provider: SdkTracerProvider,
}

impl Traces {
    /// Starts exporting. Needs a runtime; the collector may come later.
    pub(super) fn start(export: &TraceExport) -> Result<Self, TelemetryError> {
        let unusable = |error: &dyn std::error::Error| TelemetryError::Traces(error.to_string());
        let mut collector = Endpoint::from_shared(export.endpoint.clone()).map_err(|error| unusable(&error))?;
        if export.endpoint.starts_with("https://") {
            collector = collector.tls_config(ClientTlsConfig::new().with_native_roots()).map_err(|error| unusable(&error))?;
        }
        // Both: one that takes no connection, and one that takes it and says nothing.
        let channel = collector.connect_timeout(PATIENCE).timeout(PATIENCE).connect_lazy();
        let exporter = opentelemetry_otlp::SpanExporter::builder().with_tonic().with_channel(channel).with_timeout(PATIENCE);
        let exporter = exporter.build().map_err(|error| unusable(&error))?;
        let resource = Resource::builder()
            .with_service_name("riposte")
            .with_attribute(KeyValue::new("service.version", env!("CARGO_PKG_VERSION")))
            .build();
        let provider = SdkTracerProvider::builder()
            .with_batch_exporter(Told { exporter, away: AtomicBool::new(false) })
            .with_sampler(Sampler::ParentBased(Box::new(Begun { share: Sampler::TraceIdRatioBased(export.share) })))
            .with_resource(resource)
            .build();
        EXPORTING.store(true, Ordering::Relaxed);
        Ok(Self { provider })
    }

    /// The layer that gives it our spans with all stages, whatever the log's filter leaves out, and the events of everyday levels in them.
    pub(super) fn layer<S: Subscriber + for<'a> LookupSpan<'a>>(&self) -> impl Layer<S> + use<S> {
        let ours = FilterFn::new(|metadata| {
            let up_to = if metadata.is_span() { Level::DEBUG } else { Level::INFO };
            metadata.target().starts_with("riposte") && *metadata.level() <= up_to
        });
        tracing_opentelemetry::layer()
            .with_tracer(self.provider.tracer("riposte"))
            .with_location(false)
            .with_threads(false)
            .with_tracked_inactivity(false)
            .with_filter(ours.with_max_level_hint(LevelFilter::DEBUG))
    }
}

impl Drop for Traces {
    fn drop(&mut self) {
        if let Err(error) = self.provider.shutdown_with_timeout(2 * PATIENCE) {
            tracing::warn!(error = &error as &dyn std::error::Error, "the last traces did not arrive at the collector");
        }
    }
}

/// Whether this process exports: the fields that only traces need are left out of the log otherwise.
static EXPORTING: AtomicBool = AtomicBool::new(false);

/// Makes `span`, a request's that has not been entered, part of the caller's trace, gives it `name`, and tells its trace: the caller's, or one
/// that begins here. `None` while traces are not exported.
pub(crate) fn join_trace(span: &tracing::Span, name: String, traceparent: Option<&str>) -> Option<String> {
    if !EXPORTING.load(Ordering::Relaxed) {
        return None;
    }
    if let Some(header) = traceparent {
        let carrier = HashMap::from([(TRACEPARENT.to_owned(), header.to_owned())]);
        let caller = TraceContextPropagator::new().extract_with_context(&Context::new(), &carrier);
        // Refused for a span that the subscriber does not export only.
        let _ = span.set_parent(caller);
    }
    span.record("otel.kind", "server");
    let context = span.context();
    let joined = context.span();
    joined.update_name(name);
    let id = joined.span_context().trace_id();
    (id != ExportedId::INVALID).then(|| id.to_string())
}

/// Which traces begin: of every job, of none of the probes, of a share of the rest.
#[derive(Debug, Clone)]
struct Begun {
    share: Sampler,
}

impl ShouldSample for Begun {
    fn should_sample(
        &self,
        parent: Option<&Context>,
        trace: ExportedId,
        name: &str,
        kind: &SpanKind,
        attributes: &[KeyValue],
        links: &[opentelemetry::trace::Link],
    ) -> SamplingResult {
        let value_of = |key: &str| attributes.iter().find(|attribute| attribute.key.as_str() == key).map(|found| found.value.as_str());
        let sampler = if value_of(JOB).is_some() {
            &Sampler::AlwaysOn
        } else if value_of(ROUTE).is_some_and(|route: Cow<'_, str>| PROBED.contains(&route.as_ref())) {
            &Sampler::AlwaysOff
        } else {
            &self.share
        };
        sampler.should_sample(parent, trace, name, kind, attributes, links)
    }
}

/// Says once that the collector is away, and once that it is there again; what was to be sent meanwhile is lost.
#[derive(Debug)]
struct Told<E> {
    exporter: E,
    away: AtomicBool,
}

impl<E: SpanExporter> SpanExporter for Told<E> {
    async fn export(&self, batch: Vec<SpanData>) -> OTelSdkResult {
        let sent = self.exporter.export(batch).await;
        let was_away = self.away.swap(sent.is_err(), Ordering::Relaxed);
        match &sent {
            Err(error) if !was_away => {
                tracing::warn!(
                    error = error as &dyn std::error::Error,
                    "traces are lost: the collector at traces.endpoint does not take them"
                );
            }
            Ok(()) if was_away => tracing::info!("traces arrive at the collector again"),
            _ => {}
        }
        sent
    }

    fn shutdown_with_timeout(&self, timeout: Duration) -> OTelSdkResult {
        self.exporter.shutdown_with_timeout(timeout)
    }

    fn force_flush(&self) -> OTelSdkResult {
        self.exporter.force_flush()
    }

    fn set_resource(&mut self, resource: &Resource) {
        self.exporter.set_resource(resource);
    }
}

#[cfg(test)]
mod tests {
    use opentelemetry_sdk::trace::SamplingDecision;

    use super::*;

    #[test]
    fn jobs_are_always_traced_probes_never_and_the_rest_by_its_share() {
        let begins = |share: f64, attributes: &[KeyValue]| {
            let begun = Begun { share: Sampler::TraceIdRatioBased(share) };
            let sampled = begun.should_sample(None, ExportedId::from(1), "", &SpanKind::Internal, attributes, &[]);
            sampled.decision == SamplingDecision::RecordAndSample
        };
        let route = |route: &'static str| [KeyValue::new("http.method", "GET"), KeyValue::new(ROUTE, route)];
        assert!(begins(0.0, &[KeyValue::new(JOB, "01a20739")]));
        assert!(!begins(1.0, &route("/readyz")));
        assert!(begins(1.0, &route("/v1/suggestions")) && !begins(0.0, &route("/v1/suggestions")));
        assert!(begins(1.0, &[]) && !begins(0.0, &[]));
    }
}
