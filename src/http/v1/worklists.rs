//! Gaps, conflicts, and the entries that want an editor.

use axum::extract::State;
use axum::http::{HeaderName, StatusCode};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::entries::DeskQuery;
use super::jobs::{JobView, accepted};
use crate::auth::Grant;
use crate::auth::grant::permission::{DecideGaps, ReadClusters, RebuildClusters};
use crate::domain::{DeskId, EntryId, Gap, GapCause, GapId, GapState};
use crate::http::extract::{Json, Path, Query};
use crate::http::gate::GateRef;
use crate::http::page::{Page, checked_limit, decode};
use crate::http::problem::{Problem, problems};
use crate::insight::conflicts::Conflict;
use crate::insight::worklists::{Worklist, WorklistCounts, WorklistItem};

/// A gap with its state.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(super) struct GapView {
    /// The gap.
    #[serde(flatten)]
    gap: Gap,
    /// Its state: a resolved gap that has failed since is `open` again.
    state: GapState,
}

impl From<Gap> for GapView {
    fn from(gap: Gap) -> Self {
        Self { state: gap.state(), gap }
    }
}

/// Which gaps.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct GapsQuery {
    /// The desk.
    desk: DeskId,
    /// Only gaps of this cause.
    #[param(inline)]
    cause: Option<GapCause>,
    /// Only gaps in this state; `open` when absent.
    #[param(inline)]
    state: Option<GapState>,
    /// Only gaps of at least so many distinct customers. The desk's own minimum (3 unless set) when absent; going below it needs the role
    /// supervisor or admin.
    min_customers: Option<u32>,
    /// Items a page, 1 to 200; 50 when absent.
    limit: Option<u32>,
    /// `next_cursor` of the page before.
    cursor: Option<String>,
}

/// Which part of a list.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct ListQuery {
    /// The desk.
    desk: DeskId,
    /// Items a page, 1 to 200; 50 when absent.
    limit: Option<u32>,
    /// `next_cursor` of the page before.
    cursor: Option<String>,
}

/// Asks for a computation.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct GapsCreate {
    /// The desk whose failures are grouped.
    desk: DeskId,
}

/// A decision about a gap.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct GapReview {
    /// The desk.
    desk: DeskId,
    /// `dismissed` needs `why`, `resolved` needs `entry_id`, `open` takes an earlier decision back.
    state: GapState,
    /// Why, for colleagues; at most 500 characters.
    why: Option<String>,
    /// The entry that answers it now.
    #[schema(value_type = Option<String>, format = Uuid)]
    entry_id: Option<EntryId>,
}

problems!(ListProblems: UnknownDesk, InvalidParameter, InvalidCursor);
problems!(CountProblems: UnknownDesk, InvalidParameter);
problems!(FindProblems: InvalidJson, UnknownDesk, UnsupportedMediaType, BodyTooLarge, InvalidField);
problems!(ReviewProblems: InvalidJson, UnknownDesk, UnknownGap, UnsupportedMediaType, BodyTooLarge, InvalidField);

/// One page out of a whole list: the cursor is the number of items before it.
fn page<T>(name: &str, all: Vec<T>, limit: Option<u32>, cursor: Option<&str>) -> Result<Page<T>, Problem> {
    let limit = checked_limit(limit)?;
    let before: u64 = decode(name, cursor)?.unwrap_or(0);
    let rows: Vec<(u64, T)> = (before + 1..).zip(all.into_iter().skip(before as usize)).take(limit as usize + 1).collect();
    Page::cut(rows, limit, name, |(number, _)| *number, |(_, item)| item)
}

/// Lists questions that got no good answer.
///
/// Grouped by meaning as the last `POST /v1/gaps/find` found them, heaviest (customers × failures) first. Groups of few customers are left out,
/// because they could point at a person.
#[utoipa::path(get, path = "/v1/gaps", operation_id = "list_gaps", tag = "worklists", params(GapsQuery), responses(
    (status = 200, description = "A page of gaps", body = Page<GapView>),
    ListProblems,
))]
pub(super) async fn list_gaps(
    State(gate): State<GateRef>,
    grant: Grant<ReadClusters>,
    Query(query): Query<GapsQuery>,
) -> Result<Json<Page<GapView>>, Problem> {
    let (access, desk) = gate.enter(&grant, &query.desk).await?;
    let least = GateRef::least_customers(&access, &desk, query.min_customers)?;
    let gaps = gate.gaps(&access, query.cause, Some(query.state.unwrap_or(GapState::Open)), least).await?;
    Ok(Json(page("gaps", gaps.into_iter().map(GapView::from).collect(), query.limit, query.cursor.as_deref())?))
}

/// Computes the gap ledger again.
///
/// Runs as a job. Gaps whose failures stay together keep their ids, and decisions hold.
#[utoipa::path(post, path = "/v1/gaps/find", operation_id = "find_gaps", tag = "worklists",
    request_body(content = GapsCreate, example = json!({"desk": "demo-shop"})),
    responses(
        (status = 202, description = "The job", body = JobView, headers(("Location" = String, description = "Where the job is"))),
        FindProblems,
    ))]
pub(super) async fn find_gaps(
    State(gate): State<GateRef>,
    grant: Grant<RebuildClusters>,
    Json(request): Json<GapsCreate>,
) -> Result<(StatusCode, [(HeaderName, String); 1], Json<JobView>), Problem> {
    let (access, _) = gate.enter(&grant, &request.desk).await?;
    Ok(accepted(gate.find_gaps(&access).await?))
}

/// Decides about a gap.
///
/// Dismisses it, says which entry answers it now, or opens it again. Kept when the ledger is computed again; a resolved gap that fails later is
/// open again.
#[utoipa::path(patch, path = "/v1/gaps/{id}", operation_id = "review_gap", tag = "worklists",
    params(("id" = String, Path, description = "The gap's id", format = Uuid)),
    request_body(content = GapReview, example = json!({"desk": "demo-shop", "state": "dismissed", "why": "handled by the bank"})),
    responses((status = 200, description = "The gap", body = GapView), ReviewProblems))]
pub(super) async fn review_gap(
    State(gate): State<GateRef>,
    grant: Grant<DecideGaps>,
    Path(id): Path<GapId>,
    Json(review): Json<GapReview>,
) -> Result<Json<GapView>, Problem> {
    let (access, desk) = gate.enter(&grant, &review.desk).await?;
    let gap = gate.decide_gap(&access, &desk, id, review.state, review.why, review.entry_id).await?;
    Ok(Json(gap.into()))
}

/// Lists answers that can't both be right.
///
/// Best answers of one cluster that contradict each other, and published entries that recent practice contradicts (answers of the 90 days before
/// the archive's latest, by at least two conversations); side by side, heaviest first.
#[utoipa::path(get, path = "/v1/conflicts", operation_id = "list_conflicts", tag = "worklists", params(ListQuery), responses(
    (status = 200, description = "A page of conflicts", body = Page<Conflict>),
    ListProblems,
))]
pub(super) async fn list_conflicts(
    State(gate): State<GateRef>,
    grant: Grant<ReadClusters>,
    Query(query): Query<ListQuery>,
) -> Result<Json<Page<Conflict>>, Problem> {
    let (access, desk) = gate.enter(&grant, &query.desk).await?;
    let conflicts = gate.conflicts(&access, &desk).await?;
    Ok(Json(page("conflicts", conflicts, query.limit, query.cursor.as_deref())?))
}

/// Counts every list of a desk.
///
/// Entries that are stale, thin or refused often, open gaps and conflicts, the last two of at least as many customers as the desk shows.
#[utoipa::path(get, path = "/v1/worklists", operation_id = "count_worklists", tag = "worklists", params(DeskQuery), responses(
    (status = 200, description = "How long each list is", body = WorklistCounts),
    CountProblems,
))]
pub(super) async fn count_worklists(
    State(gate): State<GateRef>,
    grant: Grant<ReadClusters>,
    Query(query): Query<DeskQuery>,
) -> Result<Json<WorklistCounts>, Problem> {
    let (access, desk) = gate.enter(&grant, &query.desk).await?;
    Ok(Json(gate.worklist_counts(&access, &desk).await?))
}

/// Lists entries that want an editor.
///
/// `stale`: past their validity, reported outdated, or refused as outdated. `thin`: at least three uses, two in five of them with changes.
/// `rejected`: at least three verdicts, half of them refusals. Only published entries, and only what was said of their present answer.
#[utoipa::path(get, path = "/v1/worklists/{list}", operation_id = "list_worklist", tag = "worklists",
    params(("list" = String, Path, description = "`stale`, `thin` or `rejected`", example = "stale"), ListQuery),
    responses((status = 200, description = "A page of entries", body = Page<WorklistItem>), ListProblems))]
pub(super) async fn list_worklist(
    State(gate): State<GateRef>,
    grant: Grant<ReadClusters>,
    Path(list): Path<String>,
    Query(query): Query<ListQuery>,
) -> Result<Json<Page<WorklistItem>>, Problem> {
    let (access, _) = gate.enter(&grant, &query.desk).await?;
    let list = Worklist::from_code(&list).ok_or_else(|| Problem::parameter("list", "use stale, thin or rejected"))?;
    let items = gate.worklist(&access, list).await?;
    Ok(Json(page(list.as_str(), items, query.limit, query.cursor.as_deref())?))
}
