//! The way to clusters and to decisions about them. A cluster of fewer customers than the desk shows is hidden here as in the list.

use super::{GateRef, Written};
use crate::auth::grant::permission::{ReadClusters, ReviewClusters, WriteEntries};
use crate::auth::{DeskAccess, Permission};
use crate::curation::map::MapPoint;
use crate::curation::promote::proposal;
use crate::curation::review::{ProposedPart, Review, Seen};
use crate::domain::{Cluster, ClusterDecision, ClusterDecisionId, ClusterId, ClusterMember, Desk, EntryStatus, PairId, Provenance};
use crate::http::etag::mismatch;
use crate::http::problem::{Code, Problem};
use crate::http::v1::promotions::PromoteCreate;
use crate::knowledge::{EntryCreate, NearDuplicate, OnDuplicate};
use crate::store::ClusterQuery;

impl GateRef {
    /// Makes an entry of a cluster, which is approved by that.
    pub(in crate::http) async fn promote_cluster(
        &self,
        access: &DeskAccess<ReviewClusters>,
        write: &DeskAccess<WriteEntries>,
        desk: &Desk,
        seen: Seen,
        new: PromoteCreate,
        on_duplicate: OnDuplicate,
    ) -> Result<(Written, Vec<NearDuplicate>, Cluster), Problem> {
        let (cluster, members) = self.cluster(access, desk, seen.id).await?;
        if cluster.version != seen.version {
            return Err(mismatch(cluster.version));
        }
        let proposal = proposal(&cluster, &members, new.answer_pair)
            .ok_or_else(|| Problem::field("/answer_pair", "name the `pair_id` of one of the cluster's answers"))?;
        let create = EntryCreate {
            desk: new.desk,
            external_id: new.external_id,
            language: new.answer.is_none().then_some(cluster.language),
            status: new.status.unwrap_or(EntryStatus::Draft),
            tags: new.tags,
            valid_from: None,
            valid_to: None,
            owner: new.owner,
            questions: new.questions.unwrap_or(proposal.questions),
            answer: new.answer.unwrap_or(proposal.answer),
            provenance: Provenance { cluster: Some(cluster.id), pairs: proposal.pairs },
            note: new.note,
        };
        let (written, near) = self.create_entry(write, create, on_duplicate).await?;
        let cluster = self.0.curator.promoted(access.desk(), seen, written.entry.id, access.actor()).await?;
        Ok((written, near, cluster))
    }

    pub(in crate::http) async fn clusters(&self, access: &DeskAccess<ReadClusters>, query: &ClusterQuery) -> Result<Vec<Cluster>, Problem> {
        Ok(self.0.curator.clusters(access.desk(), query).await?)
    }

    pub(in crate::http) async fn cluster_map(
        &self,
        access: &DeskAccess<ReadClusters>,
        query: &ClusterQuery,
    ) -> Result<Vec<MapPoint>, Problem> {
        Ok(self.0.curator.map(access.desk(), query).await?)
    }

    pub(in crate::http) async fn cluster<P: Permission>(
        &self,
        access: &DeskAccess<P>,
        desk: &Desk,
        id: ClusterId,
    ) -> Result<(Cluster, Vec<ClusterMember>), Problem> {
        let found = self.0.curator.cluster(access.desk(), id).await?.ok_or_else(|| Problem::new(Code::UnknownCluster))?;
        // One below the minimum is as hidden here as in the list.
        if Self::least_customers(access, desk, Some(found.0.customers)).is_err() {
            return Err(Problem::new(Code::UnknownCluster));
        }
        Ok(found)
    }

    pub(in crate::http) async fn propose_split(
        &self,
        access: &DeskAccess<ReadClusters>,
        desk: &Desk,
        id: ClusterId,
    ) -> Result<Vec<ProposedPart>, Problem> {
        self.cluster(access, desk, id).await?;
        Ok(self.0.curator.propose_split(access.desk(), id).await?)
    }

    /// Questions without a cluster. Each is one customer's, so only those who may see small clusters see them, unless the desk shows clusters of one.
    pub(in crate::http) async fn outliers(
        &self,
        access: &DeskAccess<ReadClusters>,
        desk: &Desk,
        after: Option<PairId>,
        limit: u32,
    ) -> Result<Vec<ClusterMember>, Problem> {
        Self::least_customers(access, desk, Some(1))?;
        Ok(self.0.store.outliers_page(access.desk(), after, limit).await?)
    }

    pub(in crate::http) async fn review_cluster(
        &self,
        access: &DeskAccess<ReviewClusters>,
        desk: &Desk,
        seen: Seen,
        review: &Review,
    ) -> Result<Cluster, Problem> {
        self.cluster(access, desk, seen.id).await?;
        Ok(self.0.curator.review(access.desk(), seen, review, access.actor()).await?)
    }

    pub(in crate::http) async fn merge_clusters(
        &self,
        access: &DeskAccess<ReviewClusters>,
        desk: &Desk,
        into: Seen,
        from: &[Seen],
    ) -> Result<Cluster, Problem> {
        for seen in std::iter::once(&into).chain(from) {
            self.cluster(access, desk, seen.id).await?;
        }
        Ok(self.0.curator.merge(access.desk(), into, from, access.actor()).await?)
    }

    pub(in crate::http) async fn split_cluster(
        &self,
        access: &DeskAccess<ReviewClusters>,
        desk: &Desk,
        seen: Seen,
        members: &[PairId],
        name: Option<&str>,
    ) -> Result<(Cluster, Cluster), Problem> {
        self.cluster(access, desk, seen.id).await?;
        Ok(self.0.curator.split(access.desk(), seen, members, name, access.actor()).await?)
    }

    pub(in crate::http) async fn move_questions(
        &self,
        access: &DeskAccess<ReviewClusters>,
        desk: &Desk,
        from: Seen,
        members: &[PairId],
        to: Option<Seen>,
    ) -> Result<Vec<Cluster>, Problem> {
        for seen in std::iter::once(from).chain(to) {
            self.cluster(access, desk, seen.id).await?;
        }
        Ok(self.0.curator.move_questions(access.desk(), from, members, to, access.actor()).await?)
    }

    pub(in crate::http) async fn cluster_decisions(
        &self,
        access: &DeskAccess<ReadClusters>,
        cluster: Option<ClusterId>,
        after: Option<ClusterDecisionId>,
        limit: u32,
    ) -> Result<Vec<ClusterDecision>, Problem> {
        Ok(self.0.store.cluster_decisions(access.desk(), cluster, after, limit).await?)
    }

    pub(in crate::http) async fn undo_cluster_decision(
        &self,
        access: &DeskAccess<ReviewClusters>,
        id: ClusterDecisionId,
    ) -> Result<Vec<Cluster>, Problem> {
        Ok(self.0.curator.undo(access.desk(), id, access.actor()).await?)
    }
}
