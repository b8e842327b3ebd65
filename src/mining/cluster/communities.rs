//! Communities of the neighbour graph: the floor that [`super::group`] is measured against, and what is left when only neighbours are known.
//!
//! An edge joins two questions that are similar enough, and communities are found by local moving and aggregation (Louvain's scheme, Blondel
//! et al. 2008) under the constant Potts model (Traag, Van Dooren & Nesterov 2011): a question joins the community where the sum of
//! (similarity − resolution) over its edges, missing edges counting as similarity 0, is largest. Because every question has equally many
//! edges, a topic with many more questions than edges falls apart under it.

use std::collections::{BTreeMap, HashMap};

use super::{Constraints, Neighbour, contraction, without_small};

/// How clusters are cut.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ClusterSettings {
    /// Similarity below which there is no edge.
    pub min_similarity: f32,
    /// What an average pair inside a cluster must exceed: higher gives more and tighter clusters.
    pub resolution: f32,
    /// Questions a cluster needs; smaller ones are outliers.
    pub min_size: usize,
}

impl Default for ClusterSettings {
    /// Set by hand from what the default encoder's cosines mean: below 0.5 two questions share a trade at most. Not tuned on any set.
    fn default() -> Self {
        Self { min_similarity: 0.5, resolution: 0.22, min_size: 3 }
    }
}

/// Rounds of local moving; the objective has always settled well before.
const MAX_ROUNDS: usize = 30;

/// Groups questions within `constraints`; `None` marks an outlier. Cluster numbers run from 0 in order of first appearance.
#[must_use]
pub fn communities(neighbours: &[Vec<Neighbour>], constraints: &Constraints, settings: ClusterSettings) -> Vec<Option<usize>> {
    let mut graph = Graph::of_questions(neighbours, settings.min_similarity);
    let (mut membership, held) = contraction(neighbours.len(), constraints);
    graph = graph.aggregated(&membership);
    graph.held = held;
    // Local moving, then the same on the graph of communities, until nothing moves (Louvain's scheme with the CPM objective).
    loop {
        let moved = graph.local_moving(settings.resolution);
        let Some(labels) = moved else { break };
        for member in &mut membership {
            *member = labels[*member];
        }
        graph = graph.aggregated(&labels);
    }
    let membership: Vec<Option<usize>> = membership.into_iter().map(Some).collect();
    without_small(&membership, &graph.held, settings.min_size)
}

struct Graph {
    edges: Vec<Vec<(usize, f32)>>,
    sizes: Vec<f32>,
    /// Nodes that hold a group people have put together: no two of them join.
    held: Vec<bool>,
}

impl Graph {
    fn of_questions(neighbours: &[Vec<Neighbour>], min_similarity: f32) -> Self {
        let mut weights: BTreeMap<(usize, usize), f32> = BTreeMap::new();
        for (question, list) in neighbours.iter().enumerate() {
            for neighbour in list.iter().filter(|neighbour| neighbour.other != question && neighbour.similarity >= min_similarity) {
                let edge = (question.min(neighbour.other), question.max(neighbour.other));
                let weight = weights.entry(edge).or_insert(0.0);
                *weight = weight.max(neighbour.similarity);
            }
        }
        let mut edges = vec![Vec::new(); neighbours.len()];
        for ((a, b), weight) in weights {
            edges[a].push((b, weight));
            edges[b].push((a, weight));
        }
        Self { edges, sizes: vec![1.0; neighbours.len()], held: vec![false; neighbours.len()] }
    }

    /// Moves nodes to better communities until none gains; `None` when nothing has moved at all. Labels are numbered from 0.
    fn local_moving(&self, resolution: f32) -> Option<Vec<usize>> {
        let count = self.edges.len();
        let mut label: Vec<usize> = (0..count).collect();
        let mut size = self.sizes.clone();
        let mut held = self.held.clone();
        let mut any = false;
        for _ in 0..MAX_ROUNDS {
            let mut moved = false;
            for node in 0..count {
                let mut weight_to: BTreeMap<usize, f32> = BTreeMap::new();
                for &(other, weight) in &self.edges[node] {
                    *weight_to.entry(label[other]).or_insert(0.0) += weight;
                }
                let home = label[node];
                let gain = |community: usize, weight: f32| {
                    let others = if community == home { size[community] - self.sizes[node] } else { size[community] };
                    weight - resolution * self.sizes[node] * others
                };
                let staying = gain(home, weight_to.get(&home).copied().unwrap_or(0.0));
                let best = weight_to
                    .iter()
                    .filter(|&(&community, _)| community == home || !(self.held[node] && held[community]))
                    .map(|(&community, &weight)| (community, gain(community, weight)))
                    .max_by(|a, b| a.1.total_cmp(&b.1).then(b.0.cmp(&a.0)));
                if let Some((community, gained)) = best
                    && community != home
                    && gained > staying + 1e-6
                    && gained > 0.0
                {
                    size[home] -= self.sizes[node];
                    size[community] += self.sizes[node];
                    if self.held[node] {
                        held[home] = false;
                        held[community] = true;
                    }
                    label[node] = community;
                    moved = true;
                    any = true;
                }
            }
            if !moved {
                break;
            }
        }
        any.then(|| renumber(&label))
    }

    fn aggregated(&self, labels: &[usize]) -> Self {
        let count = labels.iter().max().map_or(0, |&most| most + 1);
        let mut sizes = vec![0.0; count];
        let mut held = vec![false; count];
        let mut weights: BTreeMap<(usize, usize), f32> = BTreeMap::new();
        for (node, list) in self.edges.iter().enumerate() {
            sizes[labels[node]] += self.sizes[node];
            held[labels[node]] |= self.held[node];
            for &(other, weight) in list {
                if node < other && labels[node] != labels[other] {
                    let edge = (labels[node].min(labels[other]), labels[node].max(labels[other]));
                    *weights.entry(edge).or_insert(0.0) += weight;
                }
            }
        }
        let mut edges = vec![Vec::new(); count];
        for ((a, b), weight) in weights {
            edges[a].push((b, weight));
            edges[b].push((a, weight));
        }
        Self { edges, sizes, held }
    }
}

fn renumber(labels: &[usize]) -> Vec<usize> {
    let mut numbers: HashMap<usize, usize> = HashMap::new();
    labels
        .iter()
        .map(|label| {
            let next = numbers.len();
            *numbers.entry(*label).or_insert(next)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::super::tests::neighbours;
    use super::*;

    #[test]
    fn two_cliques_with_a_weak_bridge_are_two_clusters_and_a_loner_is_an_outlier() {
        let edges = [(0, 1, 0.9), (1, 2, 0.9), (0, 2, 0.8), (3, 4, 0.9), (4, 5, 0.9), (3, 5, 0.8), (2, 3, 0.55)];
        let found = communities(
            &neighbours(&edges, 7),
            &Constraints::default(),
            ClusterSettings { min_similarity: 0.5, resolution: 0.3, min_size: 3 },
        );
        assert_eq!(found, [Some(0), Some(0), Some(0), Some(1), Some(1), Some(1), None]);
    }

    #[test]
    fn the_same_input_gives_the_same_result() {
        let edges: Vec<(usize, usize, f32)> =
            (0..60).map(|i| (i, (i * 7 + 3) % 60, 0.5 + (i % 5) as f32 / 10.0)).filter(|(a, b, _)| a != b).collect();
        let lists = neighbours(&edges, 60);
        let grouped = || communities(&lists, &Constraints::default(), ClusterSettings::default());
        assert_eq!(grouped(), grouped());
    }

    #[test]
    fn groups_of_people_stay_together_and_apart_however_the_graph_lies() {
        // One clique of six; people have put 0 and 6 (a loner) together, and 1 and 2.
        let edges: Vec<(usize, usize, f32)> = (0..6).flat_map(|a| (a + 1..6).map(move |b| (a, b, 0.9))).collect();
        let settings = ClusterSettings { min_similarity: 0.5, resolution: 0.3, min_size: 3 };
        let constraints = Constraints { together: vec![vec![0, 6], vec![1, 2], vec![7, 99]] };
        let found = communities(&neighbours(&edges, 8), &constraints, settings);
        assert!(found[0].is_some());
        assert_eq!(found[0], found[6]);
        assert_eq!(found[1], found[2]);
        assert_ne!(found[0], found[1]);
        assert!(found[7].is_some_and(|lone| !found[..7].contains(&Some(lone))), "a group is never too small");
        assert!(found.iter().all(Option::is_some), "the others join one of the two: {found:?}");
    }

    #[test]
    fn a_question_in_two_groups_belongs_to_the_first() {
        let constraints = Constraints { together: vec![vec![0, 1], vec![1, 2]] };
        let found = communities(&neighbours(&[], 3), &constraints, ClusterSettings::default());
        assert_eq!(found, [Some(0), Some(0), Some(1)]);
    }
}
