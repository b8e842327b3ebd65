//! Frequent-question clusters: read, and grouped again.

use axum::extract::State;
use axum::http::{HeaderName, StatusCode};
use axum::response::IntoResponse;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::entries::DeskQuery;
use super::jobs::{JobView, accepted};
use crate::auth::Grant;
use crate::auth::grant::permission::{ReadClusters, RebuildClusters};
use crate::curation::map::MapPoint;
use crate::curation::promote::proposal;
use crate::curation::review::ProposedPart;
use crate::domain::{Cluster, ClusterId, ClusterMember, ClusterState, DeskId, Language, PairId};
use crate::http::etag::etag;
use crate::http::extract::{Json, Path, Query};
use crate::http::gate::GateRef;
use crate::http::page::{Page, checked_limit, decode};
use crate::http::problem::{Problem, problems};
use crate::store::{ClusterQuery, ClusterSort};

/// Members shown with a cluster.
const MAX_MEMBERS: usize = 200;
/// Longest text that is searched for, in characters.
const MAX_SEARCH: usize = 200;

/// One cluster with its members.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(super) struct ClusterView {
    /// The cluster.
    #[serde(flatten)]
    pub(super) cluster: Cluster,
    /// Its questions, most similar first; at most 200.
    members: Vec<ClusterMember>,
    /// Questions that an entry made of it begins with, unless others are named.
    proposed_questions: Vec<String>,
}

/// Which clusters.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct ClustersQuery {
    /// The desk.
    desk: DeskId,
    /// Only clusters of at least so many distinct customers. The desk's own minimum (3 unless set) when absent; going below it needs the
    /// role supervisor or admin.
    min_customers: Option<u32>,
    /// Only clusters in this state; a snooze that is over counts as `open`.
    #[param(inline)]
    state: Option<ClusterState>,
    /// Only clusters in this language.
    language: Option<Language>,
    /// Only clusters with this in name, representative question or keywords.
    q: Option<String>,
    /// Only clusters whose best answers contradict each other (`true`), or do not.
    conflicting: Option<bool>,
    /// Only clusters that a published entry answers (`true`), or does not.
    covered: Option<bool>,
    /// `size` (when absent), `customers`, `trend`, `recent`, or `impact` (customers of those that no published entry covers and nobody dismissed); highest first.
    #[param(inline)]
    sort: Option<ClusterSort>,
    /// Items a page, 1 to 200; 50 when absent.
    limit: Option<u32>,
    /// `next_cursor` of the page before.
    cursor: Option<String>,
}

/// Which clusters are on a map.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct MapQuery {
    /// The desk.
    desk: DeskId,
    /// Only clusters of at least so many distinct customers, as in the list.
    min_customers: Option<u32>,
    /// Only clusters in this state; a snooze that is over counts as `open`.
    #[param(inline)]
    state: Option<ClusterState>,
    /// Only clusters in this language.
    language: Option<Language>,
}

/// A map of clusters.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct ClusterMap {
    /// The largest clusters, at most 1,000, largest first.
    items: Vec<MapPoint>,
}

/// Which outliers.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct OutliersQuery {
    /// The desk.
    desk: DeskId,
    /// Items a page, 1 to 200; 50 when absent.
    limit: Option<u32>,
    /// `next_cursor` of the page before.
    cursor: Option<String>,
}

/// Asks for a rebuild.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct RebuildCreate {
    /// The desk whose questions are grouped.
    desk: DeskId,
}

problems!(ListProblems: UnknownDesk, InvalidParameter, InvalidCursor);
problems!(MapProblems: UnknownDesk, InvalidParameter);
problems!(ClusterProblems: UnknownDesk, UnknownCluster, InvalidParameter);
problems!(RebuildProblems: InvalidJson, UnknownDesk, UnsupportedMediaType, BodyTooLarge, InvalidField);

/// Lists a desk's frequent questions.
///
/// Largest first unless `sort` says otherwise, in every state unless `state` does. Clusters of few customers are left out, because they could
/// point at a person.
#[utoipa::path(get, path = "/v1/clusters", operation_id = "list_clusters", tag = "clusters", params(ClustersQuery), responses(
    (status = 200, description = "A page of clusters", body = Page<Cluster>),
    ListProblems,
))]
pub(super) async fn list_clusters(
    State(gate): State<GateRef>,
    grant: Grant<ReadClusters>,
    Query(query): Query<ClustersQuery>,
) -> Result<Json<Page<Cluster>>, Problem> {
    let limit = checked_limit(query.limit)?;
    let text = query.q.as_deref().map(str::trim).filter(|text| !text.is_empty()).map(str::to_owned);
    if text.as_ref().is_some_and(|text| text.chars().count() > MAX_SEARCH) {
        return Err(Problem::parameter("q", format!("use at most {MAX_SEARCH} characters")));
    }
    let sort = query.sort.unwrap_or_default();
    // The value's bits: a double read back from decimal digits could miss the row it stands for.
    let list = format!("clusters by {sort:?}");
    let after: Option<(u64, ClusterId)> = decode(&list, query.cursor.as_deref())?;
    let (access, desk) = gate.enter(&grant, &query.desk).await?;
    let asked = ClusterQuery {
        min_customers: GateRef::least_customers(&access, &desk, query.min_customers)?,
        state: query.state,
        language: query.language,
        text,
        conflicting: query.conflicting,
        covered: query.covered,
        sort,
        after: after.map(|(value, id)| (f64::from_bits(value), id)),
        limit: limit + 1,
    };
    let clusters = gate.clusters(&access, &asked).await?;
    Ok(Json(Page::cut(clusters, limit, &list, |cluster| (sort.value(cluster).to_bits(), cluster.id), |cluster| cluster)?))
}

/// Shows where clusters lie beside each other.
///
/// Places in the plane, computed of the clusters' central questions: topics alike lie near each other. The same clusters give the same map; after a
/// change it may be another one altogether.
#[utoipa::path(get, path = "/v1/clusters/map", operation_id = "map_clusters", tag = "clusters", params(MapQuery), responses(
    (status = 200, description = "The map", body = ClusterMap),
    MapProblems,
))]
pub(super) async fn map_clusters(
    State(gate): State<GateRef>,
    grant: Grant<ReadClusters>,
    Query(query): Query<MapQuery>,
) -> Result<Json<ClusterMap>, Problem> {
    let (access, desk) = gate.enter(&grant, &query.desk).await?;
    let asked = ClusterQuery {
        min_customers: GateRef::least_customers(&access, &desk, query.min_customers)?,
        state: query.state,
        language: query.language,
        ..ClusterQuery::default()
    };
    Ok(Json(ClusterMap { items: gate.cluster_map(&access, &asked).await? }))
}

/// Shows one cluster with its questions.
///
/// With keywords, counts, weeks, the best answers, and up to 200 member questions, most similar first. The `ETag` is what a decision about it
/// sends as `If-Match`.
#[utoipa::path(get, path = "/v1/clusters/{id}", operation_id = "show_cluster", tag = "clusters",
    params(("id" = String, Path, description = "The cluster's id", format = Uuid), DeskQuery),
    responses(
        (status = 200, description = "The cluster", body = ClusterView, headers(("ETag" = String, description = "Its version"))),
        ClusterProblems,
    ))]
pub(super) async fn show_cluster(
    State(gate): State<GateRef>,
    grant: Grant<ReadClusters>,
    Path(id): Path<ClusterId>,
    Query(query): Query<DeskQuery>,
) -> Result<impl IntoResponse, Problem> {
    let (access, desk) = gate.enter(&grant, &query.desk).await?;
    let (cluster, mut members) = gate.cluster(&access, &desk, id).await?;
    let proposed_questions = proposal(&cluster, &members, None).map(|proposal| proposal.questions).unwrap_or_default();
    members.truncate(MAX_MEMBERS);
    Ok((etag(cluster.version), Json(ClusterView { cluster, members, proposed_questions })))
}

/// Proposes how to split a cluster.
///
/// Into two to five parts whose questions lie best apart; one part when it is too small. Nothing is changed: send the `pair_id`s of one part
/// to `POST /v1/clusters/{id}/split`.
#[utoipa::path(get, path = "/v1/clusters/{id}/split", operation_id = "propose_split", tag = "clusters",
    params(("id" = String, Path, description = "The cluster's id", format = Uuid), DeskQuery),
    responses((status = 200, description = "The parts, largest first", body = Vec<ProposedPart>), ClusterProblems))]
pub(super) async fn propose_split(
    State(gate): State<GateRef>,
    grant: Grant<ReadClusters>,
    Path(id): Path<ClusterId>,
    Query(query): Query<DeskQuery>,
) -> Result<Json<Vec<ProposedPart>>, Problem> {
    let (access, desk) = gate.enter(&grant, &query.desk).await?;
    Ok(Json(gate.propose_split(&access, &desk, id).await?))
}

/// Lists the questions that belong to no cluster.
///
/// In order of id. A question of its own is no fault: most of them are asked once.
#[utoipa::path(get, path = "/v1/clusters/outliers", operation_id = "list_outliers", tag = "clusters", params(OutliersQuery), responses(
    (status = 200, description = "A page of questions", body = Page<ClusterMember>),
    ListProblems,
))]
pub(super) async fn list_outliers(
    State(gate): State<GateRef>,
    grant: Grant<ReadClusters>,
    Query(query): Query<OutliersQuery>,
) -> Result<Json<Page<ClusterMember>>, Problem> {
    let limit = checked_limit(query.limit)?;
    let after: Option<PairId> = decode("outliers", query.cursor.as_deref())?;
    let (access, desk) = gate.enter(&grant, &query.desk).await?;
    let outliers = gate.outliers(&access, &desk, after, limit + 1).await?;
    Ok(Json(Page::cut(outliers, limit, "outliers", |member| member.pair_id, |member| member)?))
}

/// Groups a desk's questions again.
///
/// Runs as a job; the present clusters stay readable until it has succeeded. Clusters whose questions stay together keep their ids, and
/// whatever people have decided holds.
#[utoipa::path(post, path = "/v1/clusters/rebuild", operation_id = "rebuild_clusters", tag = "clusters",
    request_body(content = RebuildCreate, example = json!({"desk": "demo-shop"})),
    responses(
        (status = 202, description = "The job", body = JobView, headers(("Location" = String, description = "Where the job is"))),
        RebuildProblems,
    ))]
pub(super) async fn rebuild_clusters(
    State(gate): State<GateRef>,
    grant: Grant<RebuildClusters>,
    Json(request): Json<RebuildCreate>,
) -> Result<(StatusCode, [(HeaderName, String); 1], Json<JobView>), Problem> {
    let (access, _) = gate.enter(&grant, &request.desk).await?;
    Ok(accepted(gate.rebuild_clusters(&access).await?))
}
