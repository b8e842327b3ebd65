//! Controls: what editors decide about single answers of a desk.

use axum::extract::State;
use axum::http::StatusCode;
use serde::Deserialize;
use utoipa::IntoParams;

use super::desks::desk_id;
use crate::auth::Grant;
use crate::auth::grant::permission::{ControlAnswers, ReadControls};
use crate::domain::{Control, ControlId, Timestamp};
use crate::http::extract::{Json, Path, Query};
use crate::http::gate::GateRef;
use crate::http::page::{Page, checked_limit, decode};
use crate::http::problem::{Problem, problems};
use crate::suggest::ControlCreate;

/// Which part of the list.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct ControlsQuery {
    /// Items a page, 1 to 200; 50 when absent.
    limit: Option<u32>,
    /// `next_cursor` of the page before.
    cursor: Option<String>,
}

problems!(ListProblems: UnknownDesk, InvalidParameter, InvalidCursor);
problems!(CreateProblems: InvalidJson, UnknownDesk, UnsupportedMediaType, BodyTooLarge, InvalidField);
problems!(DeleteProblems: UnknownDesk, UnknownControl);

/// Lists a desk's controls.
///
/// Newest first, those that have expired too.
#[utoipa::path(get, path = "/v1/desks/{desk}/controls", operation_id = "list_controls", tag = "controls",
    params(("desk" = String, Path, description = "The desk's name", example = "demo-shop"), ControlsQuery),
    responses((status = 200, description = "A page of controls", body = Page<Control>), ListProblems))]
pub(super) async fn list_controls(
    State(gate): State<GateRef>,
    grant: Grant<ReadControls>,
    Path(name): Path<String>,
    Query(query): Query<ControlsQuery>,
) -> Result<Json<Page<Control>>, Problem> {
    let limit = checked_limit(query.limit)?;
    let after: Option<(Timestamp, ControlId)> = decode("controls", query.cursor.as_deref())?;
    let (access, _) = gate.enter(&grant, &desk_id(&name)?).await?;
    let controls = gate.controls(&access, after, limit + 1).await?;
    Ok(Json(Page::cut(controls, limit, "controls", |control| (control.created_at, control.id), |control| control)?))
}

/// Pins, boosts or blocks an answer, or says what it must not match.
///
/// Name the answer by exactly one of `entry_id`, `pair_id` (of a suggestion's evidence) and `suggestion_id`. The control is kept under the
/// answer as worded, so it holds for the same words from another conversation, too; it holds from the next request on. An answer has at most
/// one control of a kind: the same kind again replaces it (200).
#[utoipa::path(post, path = "/v1/desks/{desk}/controls", operation_id = "create_control", tag = "controls",
    params(("desk" = String, Path, description = "The desk's name", example = "demo-shop")),
    request_body(content = ControlCreate, example = json!({
        "suggestion_id": "0192f0c1-a2b3-7c4d-8e5f-60718293a4b5", "kind": "must_not_match", "phrases": ["预售", "pre-order"],
        "note": "holds for goods in stock only", "expires_at": "2027-01-01T00:00:00Z"
    })),
    responses(
        (status = 201, description = "The control", body = Control),
        (status = 200, description = "The control, in place of the one that there was", body = Control),
        CreateProblems,
    ))]
pub(super) async fn create_control(
    State(gate): State<GateRef>,
    grant: Grant<ControlAnswers>,
    Path(name): Path<String>,
    Json(new): Json<ControlCreate>,
) -> Result<(StatusCode, Json<Control>), Problem> {
    let (access, _) = gate.enter(&grant, &desk_id(&name)?).await?;
    let (control, created) = gate.set_control(&access, &new).await?;
    Ok((if created { StatusCode::CREATED } else { StatusCode::OK }, Json(control)))
}

/// Removes a control.
///
/// From the next request on the answer is ranked as if it had never been there.
#[utoipa::path(delete, path = "/v1/desks/{desk}/controls/{id}", operation_id = "delete_control", tag = "controls",
    params(
        ("desk" = String, Path, description = "The desk's name", example = "demo-shop"),
        ("id" = String, Path, description = "The control's id", format = Uuid),
    ),
    responses((status = 204, description = "Removed"), DeleteProblems))]
pub(super) async fn delete_control(
    State(gate): State<GateRef>,
    grant: Grant<ControlAnswers>,
    Path((name, id)): Path<(String, ControlId)>,
) -> Result<StatusCode, Problem> {
    let (access, _) = gate.enter(&grant, &desk_id(&name)?).await?;
    gate.remove_control(&access, id).await?;
    Ok(StatusCode::NO_CONTENT)
}
