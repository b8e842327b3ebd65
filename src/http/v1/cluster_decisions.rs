//! What people decide about clusters, and take back.

use axum::extract::State;
use axum::response::IntoResponse;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::entries::DeskQuery;
use crate::auth::Grant;
use crate::auth::grant::permission::{ReadClusters, ReviewClusters};
use crate::curation::review::{Review, Seen};
use crate::domain::{Cluster, ClusterDecision, ClusterDecisionId, ClusterId, ClusterState, DeskId, PairId, Timestamp};
use crate::http::etag::{IfMatch, etag};
use crate::http::extract::{Json, Path, Query};
use crate::http::gate::GateRef;
use crate::http::page::{Page, checked_limit, decode};
use crate::http::problem::{Problem, problems};

/// A decision about one cluster; what is absent stays.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ClusterPatch {
    /// The desk.
    desk: DeskId,
    /// Its new review state.
    state: Option<ClusterState>,
    /// With `snoozed`: when it is open again.
    #[schema(value_type = Option<String>, format = DateTime)]
    snoozed_until: Option<Timestamp>,
    /// With `dismissed`: why.
    dismissed_why: Option<String>,
    /// Its name; empty to go back to the one made of its questions.
    name: Option<String>,
}

/// A cluster as it was seen.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct SeenCluster {
    /// The cluster.
    #[schema(value_type = String, format = Uuid)]
    id: ClusterId,
    /// Its `version` then.
    version: u64,
}

impl From<SeenCluster> for Seen {
    fn from(seen: SeenCluster) -> Self {
        Self { id: seen.id, version: seen.version }
    }
}

/// Clusters to put together.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct MergeCreate {
    /// The desk.
    desk: DeskId,
    /// The cluster that stays.
    into: SeenCluster,
    /// The clusters that end; 1 to 50.
    from: Vec<SeenCluster>,
}

/// Questions to take out of a cluster into one of their own.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct SplitCreate {
    /// The desk.
    desk: DeskId,
    /// The questions, by `pair_id`.
    #[schema(value_type = Vec<String>)]
    members: Vec<PairId>,
    /// Name of the new cluster; made of its questions when absent.
    name: Option<String>,
}

/// Questions to move.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct MoveCreate {
    /// The desk.
    desk: DeskId,
    /// The questions, by `pair_id`.
    #[schema(value_type = Vec<String>)]
    members: Vec<PairId>,
    /// The cluster they go to; null to belong to none.
    to: Option<SeenCluster>,
}

/// Clusters after a decision.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(super) struct ChangedClusters {
    /// Those that changed or are new, as they are now.
    items: Vec<Cluster>,
}

/// Which decisions.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct DecisionsQuery {
    /// The desk.
    desk: DeskId,
    /// Only decisions about this cluster.
    #[param(value_type = Option<String>, format = Uuid)]
    cluster: Option<ClusterId>,
    /// Items a page, 1 to 200; 50 when absent.
    limit: Option<u32>,
    /// `next_cursor` of the page before.
    cursor: Option<String>,
}

problems!(ChangeProblems: InvalidJson, UnknownDesk, UnknownCluster, UnsupportedMediaType, BodyTooLarge, InvalidField, VersionMismatch, Busy);
problems!(TaggedProblems: InvalidJson, UnknownDesk, UnknownCluster, UnsupportedMediaType, BodyTooLarge, InvalidField, VersionMismatch, IfMatchRequired, Busy);
problems!(ListProblems: UnknownDesk, InvalidParameter, InvalidCursor);
problems!(UndoProblems: UnknownDesk, UnknownDecision, InvalidParameter, NotUndoable, NotLatestDecision, Busy);

/// Decides about a cluster: its state, its name.
///
/// `If-Match` names the version it is decided about. The cluster's questions of that moment stay in it from then on, whatever a rebuild finds.
#[utoipa::path(patch, path = "/v1/clusters/{id}", operation_id = "review_cluster", tag = "clusters",
    params(("id" = String, Path, description = "The cluster's id", format = Uuid), ("If-Match" = String, Header, description = "Its `ETag`")),
    request_body(content = ClusterPatch, example = json!({"desk": "demo-shop", "state": "dismissed", "dismissed_why": "a campaign that is over"})),
    responses(
        (status = 200, description = "The cluster", body = Cluster, headers(("ETag" = String, description = "Its new version"))),
        TaggedProblems,
    ))]
pub(super) async fn review_cluster(
    State(gate): State<GateRef>,
    grant: Grant<ReviewClusters>,
    Path(id): Path<ClusterId>,
    IfMatch(version): IfMatch,
    Json(patch): Json<ClusterPatch>,
) -> Result<impl IntoResponse, Problem> {
    let (access, desk) = gate.enter(&grant, &patch.desk).await?;
    let review = Review { state: patch.state, snoozed_until: patch.snoozed_until, dismissed_why: patch.dismissed_why, name: patch.name };
    let cluster = gate.review_cluster(&access, &desk, Seen { id, version }, &review).await?;
    Ok((etag(cluster.version), Json(cluster)))
}

/// Puts clusters together.
///
/// All questions go to `into`, which keeps id, state and name; the others end. Each is named with the `version` that was seen.
#[utoipa::path(post, path = "/v1/clusters/merge", operation_id = "merge_clusters", tag = "clusters",
    request_body(content = MergeCreate, example = json!({
        "desk": "demo-shop", "into": {"id": "0192f0c1-a2b3-7c4d-8e5f-60718293a4b5", "version": 3},
        "from": [{"id": "0192f0c1-a2b3-7c4d-8e5f-60718293a4b6", "version": 1}]
    })),
    responses(
        (status = 200, description = "The cluster that stays", body = Cluster, headers(("ETag" = String, description = "Its new version"))),
        ChangeProblems,
    ))]
pub(super) async fn merge_clusters(
    State(gate): State<GateRef>,
    grant: Grant<ReviewClusters>,
    Json(merge): Json<MergeCreate>,
) -> Result<impl IntoResponse, Problem> {
    let (access, desk) = gate.enter(&grant, &merge.desk).await?;
    let from: Vec<Seen> = merge.from.into_iter().map(Seen::from).collect();
    let cluster = gate.merge_clusters(&access, &desk, merge.into.into(), &from).await?;
    Ok((etag(cluster.version), Json(cluster)))
}

/// Takes questions out of a cluster into one of their own.
///
/// `GET /v1/clusters/{id}/split` proposes which. At least one question must remain.
#[utoipa::path(post, path = "/v1/clusters/{id}/split", operation_id = "split_cluster", tag = "clusters",
    params(("id" = String, Path, description = "The cluster's id", format = Uuid), ("If-Match" = String, Header, description = "Its `ETag`")),
    request_body(content = SplitCreate, example = json!({"desk": "demo-shop", "members": ["0192f0c1-a2b3-8c4d-8e5f-60718293a4b7"], "name": "Invoices by post"})),
    responses((status = 200, description = "What remains, and the new cluster", body = ChangedClusters), TaggedProblems))]
pub(super) async fn split_cluster(
    State(gate): State<GateRef>,
    grant: Grant<ReviewClusters>,
    Path(id): Path<ClusterId>,
    IfMatch(version): IfMatch,
    Json(split): Json<SplitCreate>,
) -> Result<Json<ChangedClusters>, Problem> {
    let (access, desk) = gate.enter(&grant, &split.desk).await?;
    let (rest, part) = gate.split_cluster(&access, &desk, Seen { id, version }, &split.members, split.name.as_deref()).await?;
    Ok(Json(ChangedClusters { items: vec![rest, part] }))
}

/// Moves questions into another cluster, or out of all.
///
/// They stay there, whatever a rebuild finds. A cluster that loses its last question ends.
#[utoipa::path(post, path = "/v1/clusters/{id}/move", operation_id = "move_questions", tag = "clusters",
    params(
        ("id" = String, Path, description = "The id of the cluster they are in", format = Uuid),
        ("If-Match" = String, Header, description = "Its `ETag`"),
    ),
    request_body(content = MoveCreate, example = json!({
        "desk": "demo-shop", "members": ["0192f0c1-a2b3-8c4d-8e5f-60718293a4b7"], "to": {"id": "0192f0c1-a2b3-7c4d-8e5f-60718293a4b6", "version": 1}
    })),
    responses((status = 200, description = "The clusters that changed and are still there", body = ChangedClusters), TaggedProblems))]
pub(super) async fn move_questions(
    State(gate): State<GateRef>,
    grant: Grant<ReviewClusters>,
    Path(id): Path<ClusterId>,
    IfMatch(version): IfMatch,
    Json(moved): Json<MoveCreate>,
) -> Result<Json<ChangedClusters>, Problem> {
    let (access, desk) = gate.enter(&grant, &moved.desk).await?;
    let to = moved.to.map(Seen::from);
    Ok(Json(ChangedClusters { items: gate.move_questions(&access, &desk, Seen { id, version }, &moved.members, to).await? }))
}

/// Lists what people have decided.
///
/// Newest first, those that were taken back too.
#[utoipa::path(get, path = "/v1/clusters/decisions", operation_id = "list_cluster_decisions", tag = "clusters", params(DecisionsQuery), responses(
    (status = 200, description = "A page of decisions", body = Page<ClusterDecision>),
    ListProblems,
))]
pub(super) async fn list_cluster_decisions(
    State(gate): State<GateRef>,
    grant: Grant<ReadClusters>,
    Query(query): Query<DecisionsQuery>,
) -> Result<Json<Page<ClusterDecision>>, Problem> {
    let limit = checked_limit(query.limit)?;
    let after: Option<ClusterDecisionId> = decode("decisions", query.cursor.as_deref())?;
    let (access, _) = gate.enter(&grant, &query.desk).await?;
    let decisions = gate.cluster_decisions(&access, query.cluster, after, limit + 1).await?;
    Ok(Json(Page::cut(decisions, limit, "decisions", |decision| decision.id, |decision| decision)?))
}

/// Takes a decision back.
///
/// Its clusters are again what they were before it, with the questions that have joined them since. A later decision about the same clusters has
/// to be taken back first.
#[utoipa::path(post, path = "/v1/clusters/decisions/{id}/undo", operation_id = "undo_cluster_decision", tag = "clusters",
    params(("id" = String, Path, description = "The decision's id", format = Uuid), DeskQuery),
    responses((status = 200, description = "The clusters as they are again", body = ChangedClusters), UndoProblems))]
pub(super) async fn undo_cluster_decision(
    State(gate): State<GateRef>,
    grant: Grant<ReviewClusters>,
    Path(id): Path<ClusterDecisionId>,
    Query(query): Query<DeskQuery>,
) -> Result<Json<ChangedClusters>, Problem> {
    let (access, _) = gate.enter(&grant, &query.desk).await?;
    Ok(Json(ChangedClusters { items: gate.undo_cluster_decision(&access, id).await? }))
}
