//! What happens around every request, outermost first:
//!
//! 1. request id — everything below can name the request;
//! 2. sensitive headers — marked before anything could print them;
//! 3. trace span, metrics and error log — one span per request, one line per failure, and the problem body completed with the request id;
//! 4. security headers — also on answers made below by a panic or a deadline;
//! 5. catch panic — a bug answers 500 instead of closing the connection;
//! 6. timeout — not for uploads; streams have answered long before;
//! 7. body limit — before anything reads a body; uploads set their own;
//! 8. CORS — closed unless origins are configured;
//! 9. and only for `/v1` behind sign-in: readiness → CSRF → authentication. Rate limits are taken in the handlers' extractors, because
//!    they count per principal.

pub(super) mod access;
pub(super) mod rate;
pub(super) mod request;

use std::any::Any;
use std::time::Duration;

use axum::Router;
use axum::extract::{DefaultBodyLimit, MatchedPath, Request};
use axum::http::{HeaderName, HeaderValue, Method, header};
use axum::middleware::{Next, from_fn, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::cors::{AllowOrigin, CorsLayer};
use tower_http::sensitive_headers::{SetSensitiveRequestHeadersLayer, SetSensitiveResponseHeadersLayer};
use tower_http::set_header::SetResponseHeaderLayer;

use super::HttpSettings;
use super::problem::{Code, Problem};
use crate::telemetry::metrics::HttpMetrics;

/// Nothing but our own files; no inline script or style, no other origin, no framing.
const CONTENT_SECURITY_POLICY: &str = "default-src 'self'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; font-src 'self'; \
     connect-src 'self'; object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'";

/// The policy of the console's page: the same, and styles that carry `nonce`, because its components write theirs at run time.
pub(super) fn page_policy(nonce: &str) -> String {
    CONTENT_SECURITY_POLICY.replace("style-src 'self'", &format!("style-src 'self' 'nonce-{nonce}'"))
}

/// The policy of a page that other sites show: framed by `origins` alone, with a script (`sdk`) and a server of theirs where it needs them.
pub(super) fn framed_policy(nonce: &str, origins: &[String], sdk: Option<&str>, server: Option<&str>) -> String {
    let mut policy = page_policy(nonce);
    if !origins.is_empty() {
        policy = policy.replace("frame-ancestors 'none'", &format!("frame-ancestors {}", origins.join(" ")));
    }
    if let Some(sdk) = sdk {
        policy = policy.replace("script-src 'self'", &format!("script-src 'self' {sdk}"));
    }
    if let Some(server) = server {
        // With the slash at its end: what lies below it.
        policy = policy.replace("connect-src 'self'", &format!("connect-src 'self' {server}/"));
    }
    policy
}

/// Marks an answer whose policy says who may show it in a frame; older browsers would follow `X-Frame-Options` instead.
#[derive(Debug, Clone, Copy)]
pub(super) struct Framed;

/// Lets nobody show an answer in a frame, unless it says itself who may.
async fn refuse_frames(request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    if response.extensions().get::<Framed>().is_none() {
        response.headers_mut().insert(header::X_FRAME_OPTIONS, HeaderValue::from_static("DENY"));
    }
    response
}

/// The routes whose requests may last longer than the deadline, because a large file is on its way or is worked on.
const UPLOAD_ROUTES: [&str; 2] = ["/v1/imports", "/v1/entries/import"];

/// Puts the layers of every request around a router.
pub(super) fn around(router: Router, settings: &HttpSettings, metrics: HttpMetrics) -> Router {
    let headers = [
        (header::CONTENT_SECURITY_POLICY, CONTENT_SECURITY_POLICY),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "no-referrer"),
        (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
    ];
    // `layer` wraps: the last one added is the outermost.
    let mut router = router;
    if !settings.cors_origins.is_empty() {
        router = router.layer(cors(&settings.cors_origins));
    }
    router = router
        .layer(DefaultBodyLimit::max(settings.max_json_bytes))
        .layer(from_fn_with_state(settings.request_timeout, deadline))
        .layer(CatchPanicLayer::custom(panic_answer));
    for (name, value) in headers {
        router = router.layer(SetResponseHeaderLayer::if_not_present(name, HeaderValue::from_static(value)));
    }
    router
        .layer(from_fn(refuse_frames))
        .layer(from_fn_with_state(metrics, request::observe))
        .layer(SetSensitiveRequestHeadersLayer::new([header::AUTHORIZATION, header::COOKIE]))
        .layer(SetSensitiveResponseHeadersLayer::new([header::SET_COOKIE]))
        .layer(from_fn(request::identify))
}

fn cors(origins: &[HeaderValue]) -> CorsLayer {
    // No credentials: another origin's scripts come with an API key, never with a session cookie.
    CorsLayer::new()
        .allow_origin(AllowOrigin::list(origins.iter().cloned()))
        .allow_methods([Method::GET, Method::POST, Method::PATCH, Method::DELETE])
        .allow_headers([header::AUTHORIZATION, header::CONTENT_TYPE, header::IF_MATCH, HeaderName::from_static("last-event-id")])
        .expose_headers([header::LOCATION, header::ETAG, header::RETRY_AFTER, HeaderName::from_static(request::REQUEST_ID_HEADER)])
}

async fn deadline(axum::extract::State(limit): axum::extract::State<Duration>, request: Request, next: Next) -> Response {
    let uploads = request.extensions().get::<MatchedPath>().is_some_and(|path| UPLOAD_ROUTES.contains(&path.as_str()));
    if uploads {
        return next.run(request).await;
    }
    match tokio::time::timeout(limit, next.run(request)).await {
        Ok(response) => response,
        Err(_elapsed) => Problem::new(Code::DeadlineExceeded).into_response(),
    }
}

/// A handler panicked.
#[derive(Debug, thiserror::Error)]
#[error("a handler panicked: {0}")]
struct Panicked(String);

fn panic_answer(panic: Box<dyn Any + Send + 'static>) -> Response {
    // Our own panics name invariants; they are literals or formatted numbers, never request content.
    let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned()).or_else(|| panic.downcast_ref::<String>().cloned());
    Problem::internal(Panicked(text.unwrap_or_else(|| "without a message".to_owned()))).into_response()
}

#[cfg(test)]
mod tests;
