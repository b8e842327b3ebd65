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
use opentelemetry_otlp::{WithExportConfig, WithTonicConfig};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::error::OTelSdkResult;
use opentelemetry_sdk::propagation::TraceContextPropagator;
use opentelemetry_sdk::trace::{Sampler, SamplingResult, SdkTracerProvider, ShouldSample, SpanData, SpanExporter};
use tonic::transport::ClientTlsConfig;
use tracing::Subscriber;
use tracing_opentelemetry::OpenTelemetrySpanExt;
use tracing_subscriber::Layer;
use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::registry::LookupSpan;

use super::TelemetryError;
use super::trace::TRACEPARENT;

/// How long a collector may take for a batch.
const PATIENCE: Duration = Duration::from_secs(5);

/// Routes that something asks all the time to see whether the program is there; no trace is begun for them.
pub(crate) const PROBED: [&str; 2] = ["/livez", "/readyz"];

/// Attribute of a request's span that names its route.
const ROUTE: &str = "http.route";

/// Where finished spans go, and of how many requests.
#[derive(Debug, Clone, PartialEq)]
pub struct TraceExport {
    /// The collector's gRPC address, `http://` or `https://`.
    pub endpoint: String,
    /// Share of the requests that are traced, 0 to 1, where the caller has not decided it with the flags of `traceparent`.
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
        let mut exporter =
            opentelemetry_otlp::SpanExporter::builder().with_tonic().with_endpoint(export.endpoint.as_str()).with_timeout(PATIENCE);
        if export.endpoint.starts_with("https://") {
            exporter = exporter.with_tls_config(ClientTlsConfig::new().with_native_roots());
        }
        let exporter = exporter.build().map_err(|error| TelemetryError::Traces(error.to_string()))?;
        let resource = Resource::builder()
            .with_service_name("riposte")
            .with_attribute(KeyValue::new("service.version", env!("CARGO_PKG_VERSION")))
            .build();
        let provider = SdkTracerProvider::builder()
            .with_batch_exporter(Told { exporter, away: AtomicBool::new(false) })
            .with_sampler(Sampler::ParentBased(Box::new(Requests { share: Sampler::TraceIdRatioBased(export.share) })))
            .with_resource(resource)
            .build();
        EXPORTING.store(true, Ordering::Relaxed);
        Ok(Self { provider })
    }

    /// The layer that gives it spans: ours with all stages, whatever the log's filter leaves out.
    pub(super) fn layer<S: Subscriber + for<'a> LookupSpan<'a>>(&self) -> impl Layer<S> + use<S> {
        let ours = Targets::new().with_target("riposte", LevelFilter::DEBUG);
        tracing_opentelemetry::layer()
            .with_tracer(self.provider.tracer("riposte"))
            .with_location(false)
            .with_threads(false)
            .with_tracked_inactivity(false)
            .with_filter(ours)
    }
}

impl Drop for Traces {
    fn drop(&mut self) {
        // Says itself what does not arrive.
        let _ = self.provider.shutdown_with_timeout(PATIENCE);
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

/// Begins traces of requests by chance, and none for probes.
#[derive(Debug, Clone)]
struct Requests {
    share: Sampler,
}

impl ShouldSample for Requests {
    fn should_sample(
        &self,
        parent: Option<&Context>,
        trace: ExportedId,
        name: &str,
        kind: &SpanKind,
        attributes: &[KeyValue],
        links: &[opentelemetry::trace::Link],
    ) -> SamplingResult {
        let is_probe = attributes.iter().any(|attribute| {
            let value: Cow<'_, str> = attribute.value.as_str();
            attribute.key.as_str() == ROUTE && PROBED.contains(&value.as_ref())
        });
        let share = if is_probe { &Sampler::AlwaysOff } else { &self.share };
        share.should_sample(parent, trace, name, kind, attributes, links)
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
