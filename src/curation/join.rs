//! Between rebuilds: new questions join the clusters they are like.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::describe::Question;
use super::review::Scene;
use super::{CurationError, Curator, PAGE, Surroundings};
use crate::domain::{ClusterId, DeskId, PairId, PairKind, Pool};
use crate::index::{DenseField, IndexFilter, Probe};
use crate::store::{ClusterChange, Placement, StoreError};

/// Neighbours that are asked: the nearest ones that have been placed.
const VOTERS: usize = 5;
/// Points looked at to find them; some are as new as the question itself.
const LOOKED_AT: usize = 25;
/// Cosine below which a neighbour has no say: two questions share a trade at most.
const LEAST_SIMILARITY: f32 = 0.5;
/// How often a batch begins again because somebody has changed the clusters meanwhile.
const ATTEMPTS: usize = 8;

impl Curator {
    /// Places the desk's new questions that are in the index: into the cluster that most of its nearest neighbours belong to, else among the
    /// outliers, where the next rebuild looks at them again. Does nothing on a desk that has no clusters. Tells how many have joined
    /// a cluster.
    ///
    /// # Errors
    /// [`CurationError::Busy`] when others change the clusters all the time; what was placed before that stays.
    pub async fn join(&self, desk: &DeskId) -> Result<u64, CurationError> {
        if self.store.cluster_revision(desk).await? == 0 {
            return Ok(0);
        }
        let mut joined = 0;
        let mut after: Option<PairId> = None;
        loop {
            let new = self.store.unplaced_questions(desk, after, PAGE as u32).await?;
            let Some(&last) = new.last() else { return Ok(joined) };
            after = Some(last);
            joined += self.join_some(desk, &new).await?;
        }
    }

    async fn join_some(&self, desk: &DeskId, new: &[PairId]) -> Result<u64, CurationError> {
        let questions = self.questions(desk, new).await?;
        let neighbours = self.nearest(desk, &questions).await?;
        let _turn = self.turn.lock().await;
        for _ in 0..ATTEMPTS {
            let revision = self.store.cluster_revision(desk).await?;
            let asked: BTreeSet<PairId> = neighbours.values().flatten().map(|(pair, _)| *pair).collect();
            let asked: Vec<PairId> = asked.into_iter().collect();
            let placed: HashMap<PairId, Option<ClusterId>> =
                self.store.placements(desk, &asked).await?.into_iter().map(|placement| (placement.pair, placement.cluster)).collect();
            let mut joining: BTreeMap<ClusterId, Vec<PairId>> = BTreeMap::new();
            let mut placements = Vec::new();
            for pair in questions.keys() {
                match elected(&neighbours[pair], &placed) {
                    Some(cluster) => joining.entry(cluster).or_default().push(*pair),
                    None => placements.push(Placement { pair: *pair, cluster: None, similarity: 0.0, fixed: false }),
                }
            }
            let mut clusters = Vec::new();
            let surroundings = if joining.is_empty() { Surroundings::default() } else { self.surroundings(desk).await? };
            for (id, pairs) in &joining {
                let Some((cluster, members)) = self.store.cluster(desk, *id).await? else { continue };
                let mut scene = Scene::of(&cluster, &members);
                scene.add(pairs.iter().map(|pair| (*pair, false)));
                let described = self.described(desk, scene, &surroundings).await?;
                placements.extend(described.placements);
                clusters.push(described.cluster);
            }
            let change = ClusterChange { revision, clusters, placements, ..ClusterChange::default() };
            match self.store.change_clusters(desk, &change).await {
                Err(StoreError::Overtaken(_)) => {}
                Err(error) => return Err(error.into()),
                Ok(()) => return Ok(joining.values().map(|pairs| pairs.len() as u64).sum()),
            }
        }
        Err(CurationError::Busy)
    }

    async fn nearest(
        &self,
        desk: &DeskId,
        questions: &HashMap<PairId, Question>,
    ) -> Result<HashMap<PairId, Vec<(PairId, f32)>>, CurationError> {
        let mut nearest = HashMap::with_capacity(questions.len());
        for question in questions.values() {
            let filter = IndexFilter {
                pools: vec![Pool::Archive],
                kinds: vec![PairKind::Question],
                language: Some(question.language),
                ..IndexFilter::desk(desk.clone())
            };
            let probe = Probe::Dense(DenseField::Question, question.vector.clone());
            let hits = self.index.search(&filter, vec![probe], LOOKED_AT).await?.into_iter().flatten();
            let others = hits.map(|hit| (PairId::from_uuid(hit.id), hit.score)).filter(|(pair, _)| *pair != question.pair);
            nearest.insert(question.pair, others.collect());
        }
        Ok(nearest)
    }
}

/// The cluster of more than half of the nearest placed neighbours that are near enough for an edge.
fn elected(neighbours: &[(PairId, f32)], placed: &HashMap<PairId, Option<ClusterId>>) -> Option<ClusterId> {
    let voters: Vec<Option<ClusterId>> = neighbours
        .iter()
        .filter(|(_, similarity)| *similarity >= LEAST_SIMILARITY)
        .filter_map(|(pair, _)| placed.get(pair).copied())
        .take(VOTERS)
        .collect();
    let mut votes: BTreeMap<ClusterId, usize> = BTreeMap::new();
    for cluster in voters.iter().flatten() {
        *votes.entry(*cluster).or_insert(0) += 1;
    }
    // Of `VOTERS` even where fewer are near: one lonely neighbour is no company.
    votes.into_iter().find(|(_, count)| count * 2 > VOTERS).map(|(cluster, _)| cluster)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_question_joins_where_most_of_its_neighbours_are() {
        let pair = |number: u128| PairId::from_uuid(uuid::Uuid::from_u128(number));
        let cluster = |number: u128| Some(ClusterId::from_uuid(uuid::Uuid::from_u128(number)));
        let near: Vec<(PairId, f32)> = (1..=6).map(|number| (pair(number), 0.9)).collect();
        let placed = |clusters: [Option<ClusterId>; 6]| (1..=6).map(pair).zip(clusters).collect::<HashMap<_, _>>();
        let (a, b) = (cluster(1), cluster(2));
        assert_eq!(elected(&near, &placed([a, a, b, a, b, b])), a, "the five nearest vote");
        assert_eq!(elected(&near, &placed([a, a, b, b, None, None])), None, "no majority");
        assert_eq!(elected(&near[..2], &placed([a, a, a, a, a, a])), None, "two are no company");
        let far: Vec<(PairId, f32)> = near.iter().map(|(pair, _)| (*pair, 0.1)).collect();
        assert_eq!(elected(&far, &placed([a; 6])), None, "too far");
        // New questions have no vote.
        let mut known = placed([b, a, a, a, a, a]);
        known.remove(&pair(1));
        assert_eq!(elected(&near, &known), a);
    }
}
