//! Who the caller is.

use axum::extract::State;
use serde::Serialize;
use utoipa::ToSchema;

use super::accounts::Desks;
use crate::domain::{AccessRole, PrincipalKind};
use crate::http::extract::{Authenticated, Json};
use crate::http::gate::GateRef;
use crate::suggest::request::ModelView;

/// The caller, and what answers them.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = Me)]
pub(super) struct MeView {
    /// How they came in.
    kind: PrincipalKind,
    /// Account or key name.
    name: String,
    /// What they may do.
    role: AccessRole,
    /// On which desks.
    desks: Desks,
    /// Version of the server.
    #[schema(example = "0.1.0")]
    version: &'static str,
    /// The encoder in use.
    model: ModelView,
}

/// Shows who is asking.
///
/// Name, role and desks of the account or key, with the server's version and encoder. Any role may ask.
#[utoipa::path(get, path = "/v1/me", operation_id = "show_me", tag = "access", responses(
    (status = 200, description = "The caller", body = MeView),
))]
pub(super) async fn show_me(State(gate): State<GateRef>, Authenticated(principal): Authenticated) -> Json<MeView> {
    let model = gate.model();
    Json(MeView {
        kind: principal.kind,
        name: principal.name,
        role: principal.role,
        desks: principal.desks.into(),
        version: env!("CARGO_PKG_VERSION"),
        model: ModelView { name: model.name.clone(), fingerprint: model.fingerprint.clone() },
    })
}
