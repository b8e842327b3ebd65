//! The request's id, its span, its metrics, its log line, and the completion of problem bodies.
//!
//! Logged are id, the caller's trace, method, matched route (never the path as sent), principal, status and duration; never query strings, headers or bodies.

use std::sync::Arc;
use std::time::Instant;

use axum::extract::{MatchedPath, Request, State};
use axum::http::{HeaderMap, HeaderValue};
use axum::middleware::Next;
use axum::response::Response;
use tracing::Instrument as _;
use tracing::field::Empty;

use super::super::problem::Problem;
use crate::telemetry::export::{PROBED, join_trace};
use crate::telemetry::metrics::{HttpMethod, HttpMetrics, LabelValue as _};
use crate::telemetry::trace::{TRACEPARENT, TraceId};

/// The header that carries the request id, in both directions.
pub(in crate::http) const REQUEST_ID_HEADER: &str = "x-request-id";
const MAX_ID_CHARS: usize = 64;

/// Names one request.
#[derive(Debug, Clone)]
pub(in crate::http) struct RequestId(Arc<str>);

/// Who asked; the access middleware leaves it in the response for the log line.
#[derive(Debug, Clone)]
pub(in crate::http) struct Caller(pub(in crate::http) Arc<str>);

/// Gives the request an id: the caller's own if it is a plain short word, else a new one.
pub(super) async fn identify(mut request: Request, next: Next) -> Response {
    let id = RequestId(incoming_id(request.headers()).unwrap_or_else(|| uuid::Uuid::now_v7().to_string()).into());
    request.extensions_mut().insert(id.clone());
    let mut response = next.run(request).await;
    if let Ok(value) = HeaderValue::from_str(&id.0) {
        response.headers_mut().insert(REQUEST_ID_HEADER, value);
    }
    response
}

fn incoming_id(headers: &HeaderMap) -> Option<String> {
    let text = headers.get(REQUEST_ID_HEADER)?.to_str().ok()?;
    let plain = text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'));
    ((1..=MAX_ID_CHARS).contains(&text.len()) && plain).then(|| text.to_owned())
}

/// Spans and counts the request, completes a problem's body and writes the one log line.
pub(super) async fn observe(State(metrics): State<HttpMetrics>, request: Request, next: Next) -> Response {
    let started = Instant::now();
    let in_flight = metrics.begin();
    let id = request.extensions().get::<RequestId>().map_or_else(|| Arc::from(""), |id| Arc::clone(&id.0));
    // Callers may invent methods.
    let method = HttpMethod::named(request.method().as_str());
    let path = request.uri().path().to_owned();
    let route = request.extensions().get::<MatchedPath>().map_or("unmatched", MatchedPath::as_str).to_owned();
    let span = tracing::info_span!(
        "request",
        request.id = %id,
        trace.id = Empty,
        http.method = method.shown(),
        http.route = %route,
        principal = Empty,
        http.status = Empty,
        duration_ms = Empty,
        otel.kind = Empty,
    );
    let header = request.headers().get(TRACEPARENT).and_then(|value| value.to_str().ok());
    let caller = header.and_then(TraceId::parse);
    let exported = join_trace(&span, format!("{} {route}", method.shown()), caller.and(header));
    if let Some(trace) = exported.as_deref().or(caller.map(TraceId::as_str)) {
        span.record("trace.id", trace);
    }
    let response = next.run(request).instrument(span.clone()).await;
    drop(in_flight);
    let _entered = span.enter();

    let status = response.status().as_u16();
    let duration = started.elapsed();
    metrics.answered(method, &route, status, duration);
    let duration_ms = duration.as_secs_f64() * 1e3;
    span.record("http.status", status);
    span.record("duration_ms", duration_ms);
    if let Some(Caller(name)) = response.extensions().get::<Caller>() {
        span.record("principal", &**name);
    }
    let problem = response.extensions().get::<Arc<Problem>>().cloned();
    let code = problem.as_ref().map_or("", |problem| problem.code().as_str());
    let cause = problem.as_ref().and_then(|problem| problem.cause_chain()).unwrap_or_default();
    let quiet = PROBED.contains(&route.as_str());
    match status {
        _ if quiet => tracing::debug!(http.status = status, duration_ms, "request answered"),
        500 => {
            tracing::error!(http.status = status, duration_ms, error.code = code, error.cause = cause, "request failed: {code}: {cause}");
        }
        501.. => {
            tracing::warn!(http.status = status, duration_ms, error.code = code, error.cause = cause, "request not served: {code} {cause}");
        }
        _ => tracing::info!(http.status = status, duration_ms, error.code = code, "request answered"),
    }

    let Some(problem) = problem else { return response };
    // What the layers below have added (headers, cookies) stays; only the body is written again, now with id and path.
    let complete = problem.render(Some(&id), Some(&path));
    let (mut parts, _) = response.into_parts();
    let (fresh, body) = complete.into_parts();
    for (name, value) in &fresh.headers {
        parts.headers.insert(name, value.clone());
    }
    parts.headers.remove(axum::http::header::CONTENT_LENGTH);
    Response::from_parts(parts, body)
}
