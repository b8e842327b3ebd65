//! The port for clusters: where questions lie, and the one door for changes.

use async_trait::async_trait;

use super::Result;
use crate::domain::{
    Cluster, ClusterDecision, ClusterDecisionId, ClusterId, ClusterMember, ClusterState, DeskId, Language, PairId, Timestamp,
};

/// Where a question lies.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Placement {
    /// The pair whose question it is.
    pub pair: PairId,
    /// Its cluster; absent for an outlier.
    pub cluster: Option<ClusterId>,
    /// Cosine to the cluster's centre; 0 for an outlier.
    pub similarity: f32,
    /// Whether people have put it there.
    pub fixed: bool,
}

/// What is known of a desk's clusters before they are computed again.
#[derive(Debug, Clone, PartialEq)]
pub struct ClusterMemory {
    /// The state this was read at.
    pub revision: u64,
    /// Every cluster.
    pub clusters: Vec<Cluster>,
    /// Every question that has been placed.
    pub placements: Vec<Placement>,
}

/// A change of a desk's clusters, by people or by a rebuild.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct ClusterChange {
    /// The revision it was computed from.
    pub revision: u64,
    /// Clusters that are new or different, whole.
    pub clusters: Vec<Cluster>,
    /// Clusters that are no more.
    pub removed: Vec<ClusterId>,
    /// Questions that are placed anew.
    pub placements: Vec<Placement>,
    /// The decision behind it with what is needed to take it back.
    pub decision: Option<(ClusterDecision, serde_json::Value)>,
    /// The decision that it takes back.
    pub undone: Option<ClusterDecisionId>,
}

/// In what order clusters are listed; the first is the highest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, serde::Serialize, serde::Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum ClusterSort {
    /// By questions.
    #[default]
    Size,
    /// By distinct customers.
    Customers,
    /// By how much their share has risen.
    Trend,
    /// By when they were last asked.
    Recent,
    /// By what an entry would help: distinct customers of those that no published entry covers and nobody has dismissed.
    Impact,
}

/// Which clusters, in what order.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct ClusterQuery {
    /// Distinct customers at least.
    pub min_customers: u32,
    /// In this state; a snooze that is over counts as open.
    pub state: Option<ClusterState>,
    /// In this language.
    pub language: Option<Language>,
    /// With this in name, representative question or keywords, whatever the case of Latin letters.
    pub text: Option<String>,
    /// Whose best answers contradict each other, or do not.
    pub conflicting: Option<bool>,
    /// That a published entry answers, or does not.
    pub covered: Option<bool>,
    /// The order.
    pub sort: ClusterSort,
    /// Behind this one: its value in that order and its id.
    pub after: Option<(f64, ClusterId)>,
    /// Clusters at most.
    pub limit: u32,
}

impl ClusterSort {
    /// The name of the order.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Size => "size",
            Self::Customers => "customers",
            Self::Trend => "trend",
            Self::Recent => "recent",
            Self::Impact => "impact",
        }
    }

    /// A cluster's value in this order.
    #[must_use]
    pub fn value(self, cluster: &Cluster) -> f64 {
        match self {
            Self::Size => f64::from(cluster.size),
            Self::Customers => f64::from(cluster.customers),
            Self::Trend => cluster.trend,
            // Microseconds: exact in a double until the year 2255.
            Self::Recent => cluster.last_asked_at.map_or(0.0, |at| at.as_micros() as f64),
            Self::Impact => {
                let settled =
                    cluster.state == ClusterState::Dismissed || cluster.coverage.as_ref().is_some_and(|coverage| coverage.covered);
                if settled { 0.0 } else { f64::from(cluster.customers) }
            }
        }
    }
}

/// Frequent-question clusters and what people decided about them.
#[async_trait]
pub trait ClusterStore: Send + Sync {
    /// Number of the present state of a desk's clusters.
    async fn cluster_revision(&self, desk: &DeskId) -> Result<u64>;
    /// Everything that is known of a desk's clusters, of one state.
    async fn cluster_memory(&self, desk: &DeskId) -> Result<ClusterMemory>;
    /// Makes a change. One transaction. `Overtaken` when the desk's clusters have changed since its revision, and nothing is written then; placements
    /// of pairs that are gone are left out.
    async fn change_clusters(&self, desk: &DeskId, change: &ClusterChange) -> Result<()>;
    /// A page of clusters as of `now`.
    async fn clusters_page(&self, desk: &DeskId, query: &ClusterQuery, now: Timestamp) -> Result<Vec<Cluster>>;
    /// One cluster with its members, most similar first.
    async fn cluster(&self, desk: &DeskId, id: ClusterId) -> Result<Option<(Cluster, Vec<ClusterMember>)>>;
    /// Each cluster's question nearest to its centre, in no particular order.
    async fn central_questions(&self, desk: &DeskId) -> Result<Vec<(ClusterId, PairId)>>;
    /// The cluster of each of these pairs; pairs that are not placed are left out.
    async fn placements(&self, desk: &DeskId, pairs: &[PairId]) -> Result<Vec<Placement>>;
    /// Questions that belong to no cluster, in order of the pair's id, from the first one after `after`.
    async fn outliers_page(&self, desk: &DeskId, after: Option<PairId>, limit: u32) -> Result<Vec<ClusterMember>>;
    /// Questions that have not been placed yet, in order of the pair's id, from the first one after `after`.
    async fn unplaced_questions(&self, desk: &DeskId, after: Option<PairId>, limit: u32) -> Result<Vec<PairId>>;
    /// Decisions (about one cluster, or all), newest first, behind `after`.
    async fn cluster_decisions(
        &self,
        desk: &DeskId,
        cluster: Option<ClusterId>,
        after: Option<ClusterDecisionId>,
        limit: u32,
    ) -> Result<Vec<ClusterDecision>>;
    /// One decision with what is needed to take it back, and the id of a later one about the same clusters that stands, if there is one.
    #[allow(clippy::type_complexity, reason = "read in one place")]
    async fn cluster_decision(
        &self,
        desk: &DeskId,
        id: ClusterDecisionId,
    ) -> Result<Option<(ClusterDecision, serde_json::Value, Option<ClusterDecisionId>)>>;
}
