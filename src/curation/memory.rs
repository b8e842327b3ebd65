//! What a rebuild owes to the past: clusters keep their ids, and what people have decided holds. Pure functions over positions of questions.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use crate::domain::{Cluster, ClusterId, ClusterState, PairId};
use crate::mining::cluster::{Constraints, Neighbour};
use crate::retrieve::encode::dot;
use crate::store::ClusterMemory;

/// What the past says about the questions of a rebuild.
#[derive(Debug, Clone, PartialEq)]
pub struct Past {
    /// The cluster in which each question lay, by position.
    pub lay_in: Vec<Option<ClusterId>>,
    /// Whether people have put it there (or outside of all clusters).
    pub fixed: Vec<bool>,
}

impl Past {
    /// Reads the placements of these questions.
    #[must_use]
    pub fn of(memory: &ClusterMemory, questions: &[PairId]) -> Self {
        let placed: HashMap<PairId, (Option<ClusterId>, bool)> =
            memory.placements.iter().map(|placement| (placement.pair, (placement.cluster, placement.fixed))).collect();
        let (lay_in, fixed) = questions.iter().map(|pair| placed.get(pair).copied().unwrap_or_default()).unzip();
        Self { lay_in, fixed }
    }

    /// Groups of questions that people have put together, with their clusters.
    #[must_use]
    pub fn groups(&self) -> Vec<(ClusterId, Vec<usize>)> {
        let mut groups: BTreeMap<ClusterId, Vec<usize>> = BTreeMap::new();
        for (position, (cluster, fixed)) in self.lay_in.iter().zip(&self.fixed).enumerate() {
            if let (Some(cluster), true) = (cluster, fixed) {
                groups.entry(*cluster).or_default().push(position);
            }
        }
        groups.into_iter().collect()
    }

    /// Whether people have put any question outside of all clusters.
    #[must_use]
    pub fn holds_outsiders(&self) -> bool {
        (0..self.fixed.len()).any(|position| self.is_outside(position))
    }

    fn is_outside(&self, position: usize) -> bool {
        self.fixed[position] && self.lay_in[position].is_none()
    }

    /// Takes the questions that people have put outside of all clusters out of the graph.
    pub fn isolate(&self, neighbours: &mut [Vec<Neighbour>]) {
        for (position, list) in neighbours.iter_mut().enumerate() {
            if self.is_outside(position) {
                list.clear();
            } else {
                list.retain(|neighbour| !self.is_outside(neighbour.other));
            }
        }
    }

    /// The groups as clustering takes them.
    #[must_use]
    pub fn constraints(&self) -> Constraints {
        Constraints { together: self.groups().into_iter().map(|(_, group)| group).collect() }
    }
}

/// The id that each community keeps; `None` for one that is new. `labels` are communities by position, numbered from 0.
///
/// A community with a fixed group is that group's cluster. Of the others, each takes the id of the cluster with which it shares most questions, largest
/// share first, provided that more than half of the cluster's remaining questions are in it, or more than half of its known questions come from
/// the cluster. Greedy matching by overlap, as is usual for communities that change over time (Greene, Doyle & Cunningham 2010); an optimal
/// assignment differs only where a cluster falls into pieces of like size.
#[must_use]
pub fn keep_ids(labels: &[Option<usize>], past: &Past) -> Vec<Option<ClusterId>> {
    let count = labels.iter().flatten().max().map_or(0, |&last| last + 1);
    let mut kept: Vec<Option<ClusterId>> = vec![None; count];
    let mut taken: BTreeSet<ClusterId> = BTreeSet::new();
    for (cluster, group) in past.groups() {
        if let Some(label) = group.first().and_then(|&position| labels[position]) {
            kept[label] = Some(cluster);
            taken.insert(cluster);
        }
    }
    let mut shared: BTreeMap<(usize, ClusterId), usize> = BTreeMap::new();
    let mut remaining: BTreeMap<ClusterId, usize> = BTreeMap::new();
    let mut known: Vec<usize> = vec![0; count];
    for (label, cluster) in labels.iter().zip(&past.lay_in) {
        let Some(cluster) = cluster else { continue };
        *remaining.entry(*cluster).or_insert(0) += 1;
        if let Some(label) = label {
            *shared.entry((*label, *cluster)).or_insert(0) += 1;
            known[*label] += 1;
        }
    }
    let mut candidates: Vec<(usize, usize, ClusterId)> = shared
        .into_iter()
        .filter(|((label, cluster), both)| both * 2 > remaining[cluster] || both * 2 > known[*label])
        .map(|((label, cluster), both)| (both, label, cluster))
        .collect();
    candidates.sort_by(|a, b| b.0.cmp(&a.0).then(a.2.cmp(&b.2)).then(a.1.cmp(&b.1)));
    for (_, label, cluster) in candidates {
        if kept[label].is_none() && taken.insert(cluster) {
            kept[label] = Some(cluster);
        }
    }
    kept
}

/// Lets new communities that are about a dismissed topic join it, so that it does not come back under another id. `centres` are unit vectors by
/// label. Gives the labels after that; those of absorbed communities are no longer used.
///
/// A community is about a dismissed topic when its centre lies as near to the topic's as the topic's own questions do on average.
#[must_use]
pub fn absorb_dismissed(
    labels: &[Option<usize>],
    kept: &[Option<ClusterId>],
    centres: &[Vec<f32>],
    similarities: &[f32],
    clusters: &[Cluster],
) -> Vec<Option<usize>> {
    let dismissed: BTreeSet<ClusterId> =
        clusters.iter().filter(|cluster| cluster.state == ClusterState::Dismissed).map(|cluster| cluster.id).collect();
    let topics: Vec<usize> = (0..kept.len()).filter(|&label| kept[label].is_some_and(|id| dismissed.contains(&id))).collect();
    let home: Vec<usize> = (0..kept.len())
        .map(|label| {
            if kept[label].is_some() {
                return label;
            }
            let nearest = topics
                .iter()
                .map(|&topic| (topic, dot(&centres[label], &centres[topic])))
                .filter(|&(topic, similarity)| similarity >= similarities[topic])
                .max_by(|a, b| a.1.total_cmp(&b.1).then(b.0.cmp(&a.0)));
            nearest.map_or(label, |(topic, _)| topic)
        })
        .collect();
    labels.iter().map(|label| label.map(|label| home[label])).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn id(number: u128) -> ClusterId {
        ClusterId::from_uuid(uuid::Uuid::from_u128(number))
    }

    fn past(lay_in: &[u128], fixed: &[usize]) -> Past {
        Past {
            lay_in: lay_in.iter().map(|&number| (number > 0).then(|| id(number))).collect(),
            fixed: (0..lay_in.len()).map(|position| fixed.contains(&position)).collect(),
        }
    }

    #[test]
    fn the_larger_part_of_a_cluster_keeps_its_id() {
        let labels = [Some(0), Some(0), Some(0), Some(1), Some(1), None];
        let kept = keep_ids(&labels, &past(&[7, 7, 7, 7, 7, 7], &[]));
        // Both lie wholly in cluster 7; the larger one is it, the other is new.
        assert_eq!(kept, [Some(id(7)), None]);
    }

    #[test]
    fn what_people_put_together_is_the_cluster_however_few_they_are() {
        let labels = [Some(0), Some(0), Some(0), Some(1), Some(1)];
        let kept = keep_ids(&labels, &past(&[7, 7, 7, 7, 7], &[3, 4]));
        assert_eq!(kept, [None, Some(id(7))]);
    }

    #[test]
    fn a_small_leftover_does_not_carry_an_id_away() {
        // Two of ten questions of cluster 7 land among new and other ones.
        let mut lay_in = vec![7; 10];
        lay_in.extend([8, 8, 8]);
        let mut labels: Vec<Option<usize>> = vec![None; 8];
        labels.extend([Some(0), Some(0), Some(0), Some(0), Some(0)]);
        assert_eq!(keep_ids(&labels, &past(&lay_in, &[])), [Some(id(8))]);
    }

    #[test]
    fn questions_put_outside_have_no_neighbours() {
        let near = |other| Neighbour { other, similarity: 0.9 };
        let mut lists = vec![vec![near(1), near(2)], vec![near(0)], vec![near(0)]];
        past(&[7, 0, 7], &[1]).isolate(&mut lists);
        assert_eq!(lists, [vec![near(2)], vec![], vec![near(0)]]);
    }

    proptest! {
        #[test]
        fn the_same_grouping_keeps_every_id(lay_in in proptest::collection::vec(0u128..6, 1..60)) {
            let mut numbers: Vec<u128> = lay_in.iter().copied().filter(|&number| number > 0).collect();
            numbers.sort_unstable();
            numbers.dedup();
            let labels: Vec<Option<usize>> = lay_in.iter().map(|number| numbers.iter().position(|known| known == number)).collect();
            let kept = keep_ids(&labels, &past(&lay_in, &[]));
            prop_assert_eq!(kept, numbers.into_iter().map(|number| Some(id(number))).collect::<Vec<_>>());
        }

        #[test]
        fn no_id_is_given_twice(lay_in in proptest::collection::vec(0u128..6, 1..60), labels in proptest::collection::vec(proptest::option::of(0usize..6), 60)) {
            let kept = keep_ids(&labels[..lay_in.len()], &past(&lay_in, &[]));
            let mut given: Vec<ClusterId> = kept.into_iter().flatten().collect();
            let all = given.len();
            given.sort_unstable();
            given.dedup();
            prop_assert_eq!(given.len(), all);
        }
    }
}
