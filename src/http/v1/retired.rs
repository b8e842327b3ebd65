//! Answers that agents reported outdated: what is withheld, and a reviewer's word on it.

use axum::extract::State;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::desks::desk_id;
use crate::auth::Grant;
use crate::auth::grant::permission::ReviewAnswers;
use crate::domain::{RetiredAnswer, Timestamp};
use crate::http::extract::{Json, Path, Query};
use crate::http::gate::GateRef;
use crate::http::page::{Page, checked_limit, decode};
use crate::http::problem::{Problem, problems};

/// Which part of the list.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct RetiredQuery {
    /// Items a page, 1 to 200; 50 when absent.
    limit: Option<u32>,
    /// `next_cursor` of the page before.
    cursor: Option<String>,
}

/// What a reviewer finds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub(super) enum ReviewVerdict {
    /// The answer still holds: it is suggested again, and the reports so far count no longer.
    Restore,
    /// The answer is outdated: it stays withheld, whatever is reported later.
    Retire,
}

/// A review.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ReviewCreate {
    /// What the reviewer finds.
    verdict: ReviewVerdict,
}

problems!(ListProblems: UnknownDesk, InvalidParameter, InvalidCursor);
problems!(ReviewProblems: InvalidJson, UnknownDesk, UnknownAnswer, UnsupportedMediaType, BodyTooLarge, InvalidField);

/// Lists the answers withheld as outdated.
///
/// One report withholds an answer, and with it the archived ones that it stood for, until somebody reviews it. The latest report comes
/// first; restored answers are not listed.
#[utoipa::path(get, path = "/v1/desks/{desk}/retired", operation_id = "list_retired", tag = "desks",
    params(("desk" = String, Path, description = "The desk's name", example = "demo-shop"), RetiredQuery),
    responses((status = 200, description = "A page of answers", body = Page<RetiredAnswer>), ListProblems))]
pub(super) async fn list_retired(
    State(gate): State<GateRef>,
    grant: Grant<ReviewAnswers>,
    Path(name): Path<String>,
    Query(query): Query<RetiredQuery>,
) -> Result<Json<Page<RetiredAnswer>>, Problem> {
    let limit = checked_limit(query.limit)?;
    let after: Option<(i64, String)> = decode("retired", query.cursor.as_deref())?;
    let after = after.map(|(at, id)| (Timestamp::from_micros(at), id));
    let (access, _) = gate.enter(&grant, &desk_id(&name)?).await?;
    let rows = gate.retired_answers(&access, after, limit + 1).await?;
    let key = |answer: &RetiredAnswer| (answer.reported_at.as_micros(), answer.id.clone());
    Ok(Json(Page::cut(rows, limit, "retired", key, |answer| answer)?))
}

/// Reviews an answer that was reported outdated.
///
/// `restore` has it suggested again; `retire` keeps it from agents for good; either holds for the answers that were withheld with it, too,
/// and may be changed later. `{id}` is the answer's id in the list.
#[utoipa::path(post, path = "/v1/desks/{desk}/retired/{id}", operation_id = "review_retired", tag = "desks",
    params(
        ("desk" = String, Path, description = "The desk's name", example = "demo-shop"),
        ("id" = String, Path, description = "The answer's id"),
    ),
    request_body(content = ReviewCreate, example = json!({"verdict": "restore"})),
    responses((status = 200, description = "The answer as it now stands", body = RetiredAnswer), ReviewProblems))]
pub(super) async fn review_retired(
    State(gate): State<GateRef>,
    grant: Grant<ReviewAnswers>,
    Path((name, id)): Path<(String, String)>,
    Json(review): Json<ReviewCreate>,
) -> Result<Json<RetiredAnswer>, Problem> {
    let (access, _) = gate.enter(&grant, &desk_id(&name)?).await?;
    Ok(Json(gate.review_retired(&access, &id, review.verdict == ReviewVerdict::Restore).await?))
}
