//! A desk's adapter: whether one is in force, learning one, going back.

use axum::extract::State;
use axum::http::{HeaderName, StatusCode};

use super::desks::desk_id;
use super::jobs::{JobView, accepted};
use crate::auth::Grant;
use crate::auth::grant::permission::{AdaptDesks, ReadDesks};
use crate::http::extract::{Json, Path};
use crate::http::gate::GateRef;
use crate::http::problem::{Problem, problems};
use crate::jobs::adapt::AdapterStatus;

problems!(AdapterProblems: UnknownDesk);

/// Shows a desk's adapter.
///
/// Whether suggestions use one, and how it fared on the newest part of the archive.
#[utoipa::path(get, path = "/v1/desks/{desk}/adapter", operation_id = "show_adapter", tag = "desks",
    params(("desk" = String, Path, description = "The desk's name", example = "demo-shop")),
    responses((status = 200, description = "The adapter", body = AdapterStatus), AdapterProblems))]
pub(super) async fn show_adapter(
    State(gate): State<GateRef>,
    grant: Grant<ReadDesks>,
    Path(name): Path<String>,
) -> Result<Json<AdapterStatus>, Problem> {
    let (access, _) = gate.enter(&grant, &desk_id(&name)?).await?;
    Ok(Json(gate.adapter_status(&access).await?))
}

/// Adapts the encoder to a desk's archive.
///
/// Runs as a job and takes minutes. The job's result says whether the newest part of the archive is answered better; only then is the
/// adapter put in force, at once and without touching the index. While one is being learnt, that job is given. Administrators only.
#[utoipa::path(post, path = "/v1/desks/{desk}/adapter", operation_id = "create_adapter", tag = "desks",
    params(("desk" = String, Path, description = "The desk's name", example = "demo-shop")),
    responses(
        (status = 202, description = "The job", body = JobView, headers(("Location" = String, description = "Where the job is"))),
        AdapterProblems,
    ))]
pub(super) async fn create_adapter(
    State(gate): State<GateRef>,
    grant: Grant<AdaptDesks>,
    Path(name): Path<String>,
) -> Result<(StatusCode, [(HeaderName, String); 1], Json<JobView>), Problem> {
    let (access, _) = gate.enter(&grant, &desk_id(&name)?).await?;
    Ok(accepted(gate.start_adapt(&access).await?))
}

/// Goes back to the bare encoder.
///
/// At once; without an adapter nothing changes. The adapter is deleted. Administrators only.
#[utoipa::path(delete, path = "/v1/desks/{desk}/adapter", operation_id = "delete_adapter", tag = "desks",
    params(("desk" = String, Path, description = "The desk's name", example = "demo-shop")),
    responses((status = 204, description = "The desk uses the bare encoder"), AdapterProblems))]
pub(super) async fn delete_adapter(
    State(gate): State<GateRef>,
    grant: Grant<AdaptDesks>,
    Path(name): Path<String>,
) -> Result<StatusCode, Problem> {
    let (access, _) = gate.enter(&grant, &desk_id(&name)?).await?;
    gate.switch_adapter_off(&access).await?;
    Ok(StatusCode::NO_CONTENT)
}
