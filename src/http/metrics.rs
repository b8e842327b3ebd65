//! `GET /metrics`, on a listener of its own: no credentials are asked there, so the address decides who may read it. It is no part of the API
//! and of no router that agents or hosts reach.

use std::sync::Arc;

use async_trait::async_trait;
use axum::Router;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;

use crate::telemetry::metrics::CONTENT_TYPE;

/// Whoever knows the metrics of an installation.
#[async_trait]
pub trait Scrape: Send + Sync {
    /// All metrics as text, at the present moment.
    ///
    /// # Errors
    /// When a metric can't be written down.
    async fn scrape(&self) -> Result<String, std::fmt::Error>;
}

/// The router of the metrics' own listener.
pub fn metrics_router(source: Arc<dyn Scrape>) -> Router {
    Router::new().route("/metrics", get(show_metrics)).with_state(source)
}

async fn show_metrics(State(source): State<Arc<dyn Scrape>>) -> Response {
    match source.scrape().await {
        Ok(text) => ([(header::CONTENT_TYPE, CONTENT_TYPE), (header::CACHE_CONTROL, "no-store")], text).into_response(),
        Err(error) => {
            tracing::error!(error = &error as &dyn std::error::Error, "metrics can't be written down");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    }
}
