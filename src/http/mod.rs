//! The HTTP interface: routes, problems, OpenAPI, the console's files.
//!
//! [`router`] builds it from use cases and ports that the composition root owns; nothing here knows an adapter or SQL. Handlers reach data
//! only through `gate`, which asks for typed permissions. The contract with clients is in `docs/api-design.md`, the error codes in
//! `docs/errors.md`; [`openapi()`] describes every route, and a route can't be registered without being described.

mod assets;
mod errors;
mod etag;
mod extract;
mod failures;
mod frames;
mod gate;
mod health;
mod metrics;
mod middleware;
mod openapi;
mod page;
pub mod problem;
mod readiness;
pub mod relay;
mod v1;

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::http::HeaderValue;
use axum::middleware::from_fn_with_state;
use axum::response::IntoResponse as _;
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;
use utoipa_axum::router::OpenApiRouter;

use crate::auth::Authenticator;
use crate::curation::Curator;
use crate::domain::Clock;
use crate::embed::ModelInfo;
use crate::eval::report::KeptReports;
use crate::insight::Insight;
use crate::jobs::Jobs;
use crate::jobs::indexing::Indexer;
use crate::knowledge::Knowledge;
use crate::live::Live;
use crate::store::Store;
use crate::suggest::Suggester;
use crate::telemetry::metrics::HttpMetrics;

pub use frames::FramedPage;
pub use metrics::{Scrape, metrics_router};
pub use middleware::rate::RateLimit;
pub use openapi::openapi;
pub use readiness::{Readiness, ReadinessState};

use gate::{Gate, GateRef};
use middleware::access::{Door, guard, wait_until_ready};
use middleware::rate::RateLimiter;
use problem::{Code, Problem};

/// Requests that one core works on in turn. Each waits for the others, so this bounds how much slower than alone an answer comes; fewer would
/// refuse what a short burst brings.
const SUGGESTIONS_PER_CORE: usize = 4;

/// Limits and switches of the HTTP interface.
#[derive(Debug, Clone)]
pub struct HttpSettings {
    /// Largest JSON body.
    pub max_json_bytes: usize,
    /// Largest upload.
    pub max_upload_bytes: usize,
    /// How long an upload may stand still before it is given up.
    pub upload_idle_timeout: Duration,
    /// How long a request may take; uploads and event streams are not concerned.
    pub request_timeout: Duration,
    /// How fast one account or key may ask for suggestions.
    pub suggestion_rate: RateLimit,
    /// Suggestions computed at a time; further requests are refused at once, so that those taken are answered soon.
    pub concurrent_suggestions: usize,
    /// Origins whose pages may call the API with a key; none by default.
    pub cors_origins: Vec<HeaderValue>,
    /// Whether the session cookie is sent over HTTPS only: on behind a proxy that speaks it.
    pub secure_cookies: bool,
    /// Pages that other sites may show in a frame; none by default.
    pub framed_pages: Vec<FramedPage>,
}

impl Default for HttpSettings {
    fn default() -> Self {
        Self {
            max_json_bytes: 1 << 20,
            max_upload_bytes: 2 << 30,
            upload_idle_timeout: Duration::from_mins(1),
            request_timeout: Duration::from_secs(30),
            suggestion_rate: RateLimit { per_second: 50.0, burst: 100.0 },
            concurrent_suggestions: SUGGESTIONS_PER_CORE * std::thread::available_parallelism().map_or(1, usize::from),
            cors_origins: Vec::new(),
            secure_cookies: false,
            framed_pages: Vec::new(),
        }
    }
}

/// What the interface is built from.
pub struct HttpState {
    /// Suggests replies.
    pub suggester: Suggester,
    /// Starts and shows jobs.
    pub jobs: Jobs,
    /// Checks credentials.
    pub auth: Arc<Authenticator>,
    /// Read access to desks, archive and clusters.
    pub store: Arc<dyn Store>,
    /// The knowledge base.
    pub knowledge: Knowledge,
    /// The index's writer, woken when an entry changes.
    pub indexer: Arc<Indexer>,
    /// Clusters and decisions about them.
    pub curator: Curator,
    /// What answers lack or get wrong.
    pub insight: Insight,
    /// Evaluation runs that were kept.
    pub evaluations: KeptReports,
    /// Live conversations.
    pub live: Live,
    /// The encoder in use.
    pub embedder_info: ModelInfo,
    /// Where "now" comes from.
    pub clock: Arc<dyn Clock>,
    /// Whether the service can answer yet.
    pub readiness: Arc<Readiness>,
    /// Limits and switches.
    pub settings: HttpSettings,
    /// What requests are counted by.
    pub metrics: HttpMetrics,
    /// Ends event streams when the service stops.
    pub shutdown: CancellationToken,
}

/// Builds the whole interface.
pub fn router(state: HttpState) -> Router {
    let HttpState {
        suggester,
        jobs,
        auth,
        store,
        knowledge,
        indexer,
        curator,
        insight,
        evaluations,
        live,
        embedder_info,
        clock,
        readiness,
        settings,
        metrics,
        shutdown,
    } = state;
    let door = Door { auth: Arc::clone(&auth), readiness: Arc::clone(&readiness) };
    let around = settings.clone();
    let suggestion_rate = RateLimiter::new(settings.suggestion_rate);
    let suggesting = Semaphore::new(settings.concurrent_suggestions);
    let gate = GateRef::new(Gate {
        suggester,
        jobs,
        auth,
        store,
        knowledge,
        indexer,
        curator,
        insight,
        evaluations,
        live,
        clock,
        model: embedder_info,
        settings,
        suggestion_rate,
        suggesting,
        shutdown,
    });

    let (guarded, _) = v1::guarded(&around).split_for_parts();
    let (sign_in, _) = v1::sign_in().split_for_parts();
    // `route_layer` wraps: the last one added runs first.
    let api = guarded
        .route_layer(from_fn_with_state(door.clone(), guard))
        .merge(sign_in)
        .route_layer(from_fn_with_state(door, wait_until_ready))
        .with_state(gate);
    let (health, _) = health::routes().split_for_parts();
    finish(api.merge(health.with_state(readiness)), &around, metrics)
}

/// Answers for the time before the parts of [`HttpState`] exist: health, documents and files; `/v1` says that the service is starting.
pub fn router_while_starting(readiness: Arc<Readiness>, settings: &HttpSettings) -> Router {
    let (health, _) = health::routes().split_for_parts();
    let starting = || async { Problem::new(Code::Starting).retry_after(1).into_response() };
    let api = Router::new().route("/v1/{*rest}", axum::routing::any(starting));
    finish(api.merge(health.with_state(readiness)), settings, HttpMetrics::default())
}

/// Adds what needs no state, and the layers around everything.
fn finish(router: Router, settings: &HttpSettings, metrics: HttpMetrics) -> Router {
    let (errors, _): (Router, _) = errors::routes().split_for_parts();
    let (document, _): (Router, _) = openapi::routes().split_for_parts();
    let whole = router
        .merge(errors)
        .merge(document)
        .merge(assets::routes())
        .merge(frames::routes(&settings.framed_pages))
        .fallback(assets::file)
        .method_not_allowed_fallback(|| async { Problem::new(Code::MethodNotAllowed) });
    middleware::around(whole, settings, metrics)
}

/// Routes with their descriptions over the state `S`.
type Routes<S> = OpenApiRouter<S>;
