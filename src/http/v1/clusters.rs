//! Frequent-question clusters.

use axum::extract::State;
use axum::http::{HeaderName, StatusCode};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::entries::DeskQuery;
use super::jobs::{JobView, accepted};
use crate::auth::Grant;
use crate::auth::grant::permission::{ReadClusters, RebuildClusters};
use crate::domain::{Cluster, ClusterId, ClusterMember, DeskId};
use crate::http::extract::{Json, Path, Query};
use crate::http::gate::GateRef;
use crate::http::page::{Page, checked_limit, decode};
use crate::http::problem::{Problem, problems};

/// Members shown with a cluster.
const MAX_MEMBERS: usize = 200;

/// One cluster with its members.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(super) struct ClusterView {
    /// The cluster.
    #[serde(flatten)]
    cluster: Cluster,
    /// Its questions, most similar first; at most 200.
    members: Vec<ClusterMember>,
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
problems!(ClusterProblems: UnknownDesk, UnknownCluster, InvalidParameter);
problems!(RebuildProblems: InvalidJson, UnknownDesk, UnsupportedMediaType, BodyTooLarge, InvalidField);

/// Lists a desk's frequent questions.
///
/// Largest first. Clusters of few customers are left out, because they could point at a person.
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
    let after: Option<(u32, ClusterId)> = decode("clusters", query.cursor.as_deref())?;
    let (access, desk) = gate.enter(&grant, &query.desk).await?;
    let min_customers = GateRef::least_customers(&access, &desk, query.min_customers)?;
    let clusters = gate.clusters(&access, min_customers, after, limit + 1).await?;
    Ok(Json(Page::cut(clusters, limit, "clusters", |cluster| (cluster.size, cluster.id), |cluster| cluster)?))
}

/// Shows one cluster with its questions.
///
/// With keywords, counts, the best answers, and up to 200 member questions, most similar first.
#[utoipa::path(get, path = "/v1/clusters/{id}", operation_id = "show_cluster", tag = "clusters",
    params(("id" = String, Path, description = "The cluster's id", format = Uuid), DeskQuery),
    responses((status = 200, description = "The cluster", body = ClusterView), ClusterProblems))]
pub(super) async fn show_cluster(
    State(gate): State<GateRef>,
    grant: Grant<ReadClusters>,
    Path(id): Path<ClusterId>,
    Query(query): Query<DeskQuery>,
) -> Result<Json<ClusterView>, Problem> {
    let (access, desk) = gate.enter(&grant, &query.desk).await?;
    let (cluster, mut members) = gate.cluster(&access, &desk, id).await?;
    members.truncate(MAX_MEMBERS);
    Ok(Json(ClusterView { cluster, members }))
}

/// Groups a desk's questions again.
///
/// Runs as a job; the present clusters stay readable until it has succeeded.
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
