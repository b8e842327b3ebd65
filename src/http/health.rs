//! Liveness and readiness, for whoever watches the process. Answered without credentials: they hold no data.

use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::routes;

use super::Routes;
use super::extract::Json;
use super::readiness::{Readiness, ReadinessState};

/// Whether the process lives, or the service answers.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(super) struct HealthView {
    /// `alive`, `starting`, `ready` or `failing`.
    #[schema(example = "ready")]
    status: &'static str,
    /// What the service is busy with, or what has failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    detail: Option<&'static str>,
}

pub(super) fn routes() -> Routes<Arc<Readiness>> {
    Routes::default().routes(routes!(show_liveness)).routes(routes!(show_readiness))
}

/// Tells that the process lives.
///
/// Always 200 as long as the process answers at all; restart it when this fails.
#[utoipa::path(get, path = "/livez", operation_id = "show_liveness", tag = "health", responses(
    (status = 200, description = "The process lives", body = HealthView, example = json!({"status": "alive"})),
))]
async fn show_liveness() -> Json<HealthView> {
    Json(HealthView { status: "alive", detail: None })
}

/// Tells whether the service answers requests.
///
/// 503 while the database is brought up to date and the encoder is loaded, and when a part has stopped; send no traffic then.
#[utoipa::path(get, path = "/readyz", operation_id = "show_readiness", tag = "health", responses(
    (status = 200, description = "The service answers", body = HealthView, example = json!({"status": "ready"})),
    (status = 503, description = "Not yet, or not any more", body = HealthView,
        example = json!({"status": "starting", "detail": "loading the encoder"})),
))]
async fn show_readiness(State(readiness): State<Arc<Readiness>>) -> Response {
    let (status, view) = match readiness.state() {
        ReadinessState::Starting { stage } => (StatusCode::SERVICE_UNAVAILABLE, HealthView { status: "starting", detail: Some(stage) }),
        ReadinessState::Ready => (StatusCode::OK, HealthView { status: "ready", detail: None }),
        ReadinessState::Failing { reason } => (StatusCode::SERVICE_UNAVAILABLE, HealthView { status: "failing", detail: Some(reason) }),
    };
    (status, Json(view)).into_response()
}
