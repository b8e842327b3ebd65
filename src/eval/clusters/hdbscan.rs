//! HDBSCAN over all pairs: a reference of `riposte eval clusters`, quadratic in time and not for the product.
//!
//! Campello, Moulavi and Sander, "Density-based clustering based on hierarchical density estimates", PAKDD 2013: a minimum spanning tree of
//! mutual reachability distances, condensed by the smallest cluster allowed, from which the most stable clusters are taken (excess of mass;
//! never all points as one cluster).

use rayon::prelude::*;

use crate::retrieve::encode::dot;

/// Splits vectors of length 1 by their Euclidean distances; `None` is noise. `smallest` is both the smallest cluster and the neighbour whose
/// distance is a point's core distance, as in the usual implementations' defaults.
pub(super) fn hdbscan<V: AsRef<[f32]> + Sync>(vectors: &[V], smallest: usize) -> Vec<Option<usize>> {
    if vectors.len() <= smallest {
        return vec![None; vectors.len()];
    }
    let core = core_distances(vectors, smallest);
    let tree = dendrogram(vectors.len(), spanning_tree(vectors, &core));
    Condensed::new(&tree, vectors.len(), smallest).labels()
}

fn distance(a: &[f32], b: &[f32]) -> f32 {
    (2.0 - 2.0 * dot(a, b)).max(0.0).sqrt()
}

fn core_distances<V: AsRef<[f32]> + Sync>(vectors: &[V], neighbour: usize) -> Vec<f32> {
    vectors
        .par_iter()
        .map(|vector| {
            let mut distances: Vec<f32> = vectors.iter().map(|other| distance(vector.as_ref(), other.as_ref())).collect();
            *distances.select_nth_unstable_by(neighbour - 1, f32::total_cmp).1
        })
        .collect()
}

/// Edges of the minimum spanning tree of mutual reachability distances (Prim), shortest first.
fn spanning_tree<V: AsRef<[f32]> + Sync>(vectors: &[V], core: &[f32]) -> Vec<(f32, usize, usize)> {
    let mut nearest: Vec<(f32, usize)> = vec![(f32::INFINITY, 0); vectors.len()];
    let mut reached = vec![false; vectors.len()];
    let mut edges = Vec::with_capacity(vectors.len() - 1);
    let mut last = 0;
    for _ in 1..vectors.len() {
        reached[last] = true;
        nearest.par_iter_mut().enumerate().filter(|(place, _)| !reached[*place]).for_each(|(place, near)| {
            let apart = distance(vectors[place].as_ref(), vectors[last].as_ref()).max(core[place]).max(core[last]);
            if apart < near.0 {
                *near = (apart, last);
            }
        });
        let next = (0..vectors.len()).filter(|&place| !reached[place]).min_by(|&a, &b| nearest[a].0.total_cmp(&nearest[b].0));
        let Some(next) = next else { break };
        edges.push((nearest[next].0, nearest[next].1, next));
        last = next;
    }
    edges.sort_by(|a, b| a.0.total_cmp(&b.0));
    edges
}

/// A merge of the single-linkage tree; its parts are points below the number of points, and earlier merges above.
struct Merge {
    parts: [usize; 2],
    distance: f32,
    size: usize,
}

fn dendrogram(points: usize, edges: Vec<(f32, usize, usize)>) -> Vec<Merge> {
    let mut top: Vec<usize> = (0..points * 2).collect();
    let mut merges: Vec<Merge> = Vec::with_capacity(edges.len());
    for (distance, a, b) in edges {
        let parts = [a, b].map(|mut node| {
            while top[node] != node {
                top[node] = top[top[node]];
                node = top[node];
            }
            node
        });
        let size = parts.iter().map(|&part| size_of(&merges, points, part)).sum();
        let node = points + merges.len();
        for part in parts {
            top[part] = node;
        }
        merges.push(Merge { parts, distance, size });
    }
    merges
}

fn size_of(merges: &[Merge], points: usize, node: usize) -> usize {
    if node < points { 1 } else { merges[node - points].size }
}

/// Clusters that part into clusters, and the points that fall out of each.
struct Condensed {
    parent: Vec<Option<usize>>,
    stability: Vec<f64>,
    /// The last cluster each point was in.
    of_point: Vec<usize>,
}

impl Condensed {
    fn new(merges: &[Merge], points: usize, smallest: usize) -> Self {
        let mut condensed = Self { parent: vec![None], stability: vec![0.0], of_point: vec![0; points] };
        let mut births = vec![0.0_f64];
        let mut open = vec![(points + merges.len() - 1, 0_usize)];
        while let Some((node, cluster)) = open.pop() {
            if node < points {
                continue;
            }
            let merge = &merges[node - points];
            let density = 1.0 / f64::from(merge.distance.max(1e-6));
            let sizes = merge.parts.map(|part| size_of(merges, points, part));
            let parts_in_two = sizes.iter().all(|&size| size >= smallest);
            for (part, size) in merge.parts.into_iter().zip(sizes) {
                if parts_in_two {
                    condensed.stability[cluster] += (density - births[cluster]) * size as f64;
                    let child = births.len();
                    births.push(density);
                    condensed.parent.push(Some(cluster));
                    condensed.stability.push(0.0);
                    open.push((part, child));
                } else if size >= smallest {
                    open.push((part, cluster));
                } else {
                    condensed.stability[cluster] += (density - births[cluster]) * size as f64;
                    condensed.leave(merges, points, part, cluster);
                }
            }
        }
        condensed
    }

    fn leave(&mut self, merges: &[Merge], points: usize, node: usize, cluster: usize) {
        let mut open = vec![node];
        while let Some(node) = open.pop() {
            if node < points {
                self.of_point[node] = cluster;
            } else {
                open.extend(merges[node - points].parts);
            }
        }
    }

    fn labels(self) -> Vec<Option<usize>> {
        let clusters = self.stability.len();
        // A cluster stands when it is more stable than its parts together. Parts have higher numbers than what they are parts of.
        let mut stands = vec![false; clusters];
        let mut best = self.stability.clone();
        let mut of_parts = vec![0.0; clusters];
        for cluster in (1..clusters).rev() {
            stands[cluster] = self.stability[cluster] >= of_parts[cluster];
            best[cluster] = self.stability[cluster].max(of_parts[cluster]);
            if let Some(parent) = self.parent[cluster] {
                of_parts[parent] += best[cluster];
            }
        }
        // The outermost that stands counts.
        let mut chosen: Vec<Option<usize>> = vec![None; clusters];
        let mut next = 0;
        for cluster in 1..clusters {
            chosen[cluster] = self.parent[cluster].and_then(|parent| chosen[parent]);
            if chosen[cluster].is_none() && stands[cluster] {
                chosen[cluster] = Some(next);
                next += 1;
            }
        }
        self.of_point.iter().map(|&cluster| chosen[cluster]).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Directions in the plane by angle in degrees.
    fn directions(angles: &[f32]) -> Vec<[f32; 2]> {
        angles.iter().map(|angle| [angle.to_radians().cos(), angle.to_radians().sin()]).collect()
    }

    #[test]
    fn dense_stretches_are_clusters_and_what_lies_apart_is_noise() {
        let angles: Vec<f32> = (0..8).map(|place| place as f32).chain((0..8).map(|place| 60.0 + place as f32)).chain([150.0]).collect();
        let found = hdbscan(&directions(&angles), 5);
        assert!(found[..8].iter().all(|cluster| cluster.is_some() && *cluster == found[0]));
        assert!(found[8..16].iter().all(|cluster| cluster.is_some() && *cluster == found[8] && *cluster != found[0]));
        assert_eq!(found[16], None);
    }

    #[test]
    fn too_few_points_are_noise() {
        assert_eq!(hdbscan(&directions(&[0.0, 1.0]), 5), [None, None]);
    }
}
