//! The versions of a knowledge entry: listed, shown, compared, brought back.

use axum::extract::State;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::entries::{DeskQuery, EntryChanged, Tagged, changed};
use crate::auth::Grant;
use crate::auth::grant::permission::{ReadEntries, WriteEntries};
use crate::domain::{DeskId, EntryContent, EntryId, EntryVersion, Timestamp};
use crate::http::etag::IfMatch;
use crate::http::extract::{Json, Path, Query};
use crate::http::gate::GateRef;
use crate::http::page::{Page, checked_limit, decode};
use crate::http::problem::{Problem, problems};
use crate::knowledge::diff::EntryDiff;

/// One version of an entry.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = EntryVersion)]
pub(super) struct VersionView {
    /// Its number, from 1.
    version: u64,
    /// The content as it then was.
    #[serde(flatten)]
    content: EntryContent,
    /// Who wrote it.
    by: String,
    /// When.
    #[schema(value_type = String, format = DateTime)]
    at: Timestamp,
    /// Why, in the editor's words.
    note: Option<String>,
}

impl From<EntryVersion> for VersionView {
    fn from(version: EntryVersion) -> Self {
        let EntryVersion { version, content, by, at, note } = version;
        Self { version, content, by, at, note }
    }
}

/// Which part of the list.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct VersionsQuery {
    /// The desk.
    desk: DeskId,
    /// Items a page, 1 to 200; 50 when absent.
    limit: Option<u32>,
    /// `next_cursor` of the page before.
    cursor: Option<String>,
}

/// Which versions are compared.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct DiffQuery {
    /// The desk.
    desk: DeskId,
    /// The first version's number.
    from: u64,
    /// The second version's number.
    to: u64,
}

/// What to go back to.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct RollbackCreate {
    /// The version whose content comes back.
    version: u64,
    /// Why, for colleagues.
    note: Option<String>,
}

problems!(ListProblems: UnknownDesk, UnknownEntry, InvalidParameter, InvalidCursor);
problems!(VersionProblems: UnknownDesk, UnknownEntry, UnknownVersion, InvalidParameter);
problems!(RollbackProblems: InvalidJson, UnknownDesk, UnknownEntry, UnknownVersion, VersionMismatch, IfMatchRequired, UnsupportedMediaType, BodyTooLarge, InvalidField, InvalidParameter);

/// Lists the versions of an entry.
///
/// Newest first, each with its whole content, who wrote it, when and why. Every change makes one, writing in bulk and imports too.
#[utoipa::path(get, path = "/v1/entries/{id}/versions", operation_id = "list_entry_versions", tag = "knowledge",
    params(("id" = String, Path, description = "The entry's id", format = Uuid), VersionsQuery),
    responses((status = 200, description = "A page of versions", body = Page<VersionView>), ListProblems))]
pub(super) async fn list_entry_versions(
    State(gate): State<GateRef>,
    grant: Grant<ReadEntries>,
    Path(id): Path<EntryId>,
    Query(query): Query<VersionsQuery>,
) -> Result<Json<Page<VersionView>>, Problem> {
    let limit = checked_limit(query.limit)?;
    let before: Option<u64> = decode("entry_versions", query.cursor.as_deref())?;
    let (access, _) = gate.enter(&grant, &query.desk).await?;
    let versions = gate.entry_versions(&access, id, before, limit + 1).await?;
    Ok(Json(Page::cut(versions, limit, "entry_versions", |version| version.version, VersionView::from)?))
}

/// Shows one version of an entry.
///
/// With its whole content as it then was.
#[utoipa::path(get, path = "/v1/entries/{id}/versions/{version}", operation_id = "show_entry_version", tag = "knowledge",
    params(
        ("id" = String, Path, description = "The entry's id", format = Uuid),
        ("version" = u64, Path, description = "The version's number"),
        DeskQuery,
    ),
    responses((status = 200, description = "The version", body = VersionView), VersionProblems))]
pub(super) async fn show_entry_version(
    State(gate): State<GateRef>,
    grant: Grant<ReadEntries>,
    Path((id, version)): Path<(EntryId, u64)>,
    Query(query): Query<DeskQuery>,
) -> Result<Json<VersionView>, Problem> {
    let (access, _) = gate.enter(&grant, &query.desk).await?;
    Ok(Json(gate.entry_version(&access, id, version).await?.into()))
}

/// Compares two versions of an entry.
///
/// Field by field; the answer also word by word, questions and tags item by item.
#[utoipa::path(get, path = "/v1/entries/{id}/diff", operation_id = "compare_entry_versions", tag = "knowledge",
    params(("id" = String, Path, description = "The entry's id", format = Uuid), DiffQuery),
    responses((status = 200, description = "What differs", body = EntryDiff), VersionProblems))]
pub(super) async fn compare_entry_versions(
    State(gate): State<GateRef>,
    grant: Grant<ReadEntries>,
    Path(id): Path<EntryId>,
    Query(query): Query<DiffQuery>,
) -> Result<Json<EntryDiff>, Problem> {
    let (access, _) = gate.enter(&grant, &query.desk).await?;
    Ok(Json(gate.entry_diff(&access, id, query.from, query.to).await?))
}

/// Brings the content of an earlier version back.
///
/// As a new version: nothing is lost, and this can be undone the same way. The state comes back too: a retired entry may be suggested again.
/// `If-Match` names the present version.
#[utoipa::path(post, path = "/v1/entries/{id}/rollback", operation_id = "roll_back_entry", tag = "knowledge",
    params(
        ("id" = String, Path, description = "The entry's id", format = Uuid), DeskQuery,
        ("If-Match" = String, Header, description = "The present version, as `ETag` named it", example = "\"7\""),
    ),
    request_body(content = RollbackCreate, example = json!({"version": 3, "note": "the old period holds again"})),
    responses(
        (status = 200, description = "The entry as it now is", body = EntryChanged, headers(("ETag" = String, description = "Its version"))),
        RollbackProblems,
    ))]
pub(super) async fn roll_back_entry(
    State(gate): State<GateRef>,
    grant: Grant<WriteEntries>,
    Path(id): Path<EntryId>,
    Query(query): Query<DeskQuery>,
    IfMatch(present): IfMatch,
    Json(rollback): Json<RollbackCreate>,
) -> Result<Tagged<EntryChanged>, Problem> {
    let (access, _) = gate.enter(&grant, &query.desk).await?;
    let written = gate.roll_entry_back(&access, id, present, rollback.version, rollback.note.as_deref()).await?;
    Ok(changed(written))
}
