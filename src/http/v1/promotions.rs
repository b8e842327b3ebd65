//! From a cluster to a knowledge entry, in one call.

use axum::extract::State;
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::entries::{EntryCreated, Tagged};
use crate::auth::Grant;
use crate::auth::grant::permission::{ReviewClusters, WriteEntries};
use crate::curation::review::Seen;
use crate::domain::{Cluster, ClusterId, DeskId, EntryStatus, PairId};
use crate::http::etag::{IfMatch, etag};
use crate::http::extract::{Json, Path, Query};
use crate::http::gate::GateRef;
use crate::http::problem::{Problem, problems};
use crate::knowledge::OnDuplicate;

/// How a cluster becomes an entry; what is absent is taken from the cluster.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::http) struct PromoteCreate {
    /// The desk.
    pub(in crate::http) desk: DeskId,
    /// Whose answer, by the `pair_id` of one of the cluster's answers; the first one when absent.
    #[schema(value_type = Option<String>, format = Uuid)]
    pub(in crate::http) answer_pair: Option<PairId>,
    /// The answer, where an editor has worded it.
    pub(in crate::http) answer: Option<String>,
    /// Ways customers ask; up to eight of the cluster's questions when absent.
    pub(in crate::http) questions: Option<Vec<String>>,
    /// `draft` when absent; `published` has it suggested at once.
    pub(in crate::http) status: Option<EntryStatus>,
    /// Tags.
    #[serde(default)]
    pub(in crate::http) tags: Vec<String>,
    /// Who keeps it.
    pub(in crate::http) owner: Option<String>,
    /// The id its keeper will know it by; one is made when absent.
    pub(in crate::http) external_id: Option<String>,
    /// Why, for colleagues.
    pub(in crate::http) note: Option<String>,
}

/// What to do when entries ask the same.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct PromoteQuery {
    /// `refuse` with 409 when entries ask the same already (the default), or make the entry and `list` them.
    #[param(inline)]
    on_duplicate: Option<OnDuplicate>,
}

/// The entry that was made, and the cluster it was made of.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(super) struct Promoted {
    /// The entry.
    entry: EntryCreated,
    /// The cluster, approved.
    cluster: Cluster,
}

problems!(PromoteProblems: InvalidJson, UnknownDesk, UnknownCluster, EntryExists, NearDuplicate, UnsupportedMediaType, BodyTooLarge, InvalidField, InvalidParameter, VersionMismatch, IfMatchRequired, Overloaded, Busy);

/// Makes a knowledge entry of a cluster.
///
/// With its questions as variants, its best answer, and where it all came from; the cluster is approved. Placeholders of masked values stay in
/// the answer: read it before it is published. Entries that ask the same are looked for first.
#[utoipa::path(post, path = "/v1/clusters/{id}/promote", operation_id = "promote_cluster", tag = "clusters",
    params(
        ("id" = String, Path, description = "The cluster's id", format = Uuid), PromoteQuery,
        ("If-Match" = String, Header, description = "Its `ETag`"),
    ),
    request_body(content = PromoteCreate, example = json!({"desk": "demo-shop", "status": "published", "tags": ["invoice"], "owner": "kb@qimu.example"})),
    responses(
        (status = 201, description = "The entry and the cluster", body = Promoted, headers(
            ("Location" = String, description = "Where the entry is"), ("ETag" = String, description = "The cluster's new version"))),
        PromoteProblems,
    ))]
pub(super) async fn promote_cluster(
    State(gate): State<GateRef>,
    review: Grant<ReviewClusters>,
    write: Grant<WriteEntries>,
    Path(id): Path<ClusterId>,
    Query(query): Query<PromoteQuery>,
    IfMatch(version): IfMatch,
    Json(new): Json<PromoteCreate>,
) -> Result<(StatusCode, [(HeaderName, HeaderValue); 1], Tagged<Promoted>), Problem> {
    let (access, desk) = gate.enter(&review, &new.desk).await?;
    let (write, _) = gate.enter(&write, &new.desk).await?;
    let on_duplicate = query.on_duplicate.unwrap_or(OnDuplicate::Refuse);
    let (written, near, cluster) = gate.promote_cluster(&access, &write, &desk, Seen { id, version }, new, on_duplicate).await?;
    let location = format!("/v1/entries/{}?desk={}", written.entry.id, written.entry.desk.path_segment());
    let location = HeaderValue::try_from(location).map_err(Problem::internal)?;
    let promoted = Promoted { entry: EntryCreated::of(written, near), cluster };
    Ok((StatusCode::CREATED, [(header::LOCATION, location)], (etag(promoted.cluster.version), Json(promoted))))
}
