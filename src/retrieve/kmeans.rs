//! K-means on unit vectors: the kinds of replies an adapter tells apart, and the baseline that clusters are measured against.

use super::encode::normalise;
use super::replies::nearest;
use crate::domain::random::SplitMix64;

/// Vectors in clusters.
#[derive(Debug, Clone, PartialEq)]
pub struct KMeans {
    /// Cluster of each vector.
    pub assigned: Vec<usize>,
    /// A unit vector per cluster, one after the other.
    pub centres: Vec<f32>,
}

/// The rule of thumb for the number of clusters: √(n / 2) (Mardia et al. 1979), where nothing tells how many there are.
#[must_use]
pub fn usual_count(vectors: usize) -> usize {
    ((vectors as f64 / 2.0).sqrt().round() as usize).max(1)
}

/// Assigns each normalised vector to one of at most `count` clusters by cosine (Dhillon & Modha 2001); starts from evenly drawn vectors and
/// stops when nothing moves or after `rounds`.
#[must_use]
pub fn spherical_k_means<V: AsRef<[f32]>>(vectors: &[V], count: usize, rounds: usize, seed: u64) -> KMeans {
    let dimension = vectors.first().map_or(1, |vector| vector.as_ref().len());
    let mut order: Vec<usize> = (0..vectors.len()).collect();
    SplitMix64::new(seed).shuffle(&mut order);
    let mut centres: Vec<f32> = order.into_iter().take(count).flat_map(|place| vectors[place].as_ref().iter().copied()).collect();
    let mut assigned = vec![usize::MAX; vectors.len()];
    for _ in 0..rounds {
        let found: Vec<usize> = vectors.iter().map(|vector| nearest(vector.as_ref(), &centres, dimension)).collect();
        if found == assigned {
            break;
        }
        assigned = found;
        let mut sums = vec![0.0; centres.len()];
        let mut members = vec![0_usize; centres.len() / dimension];
        for (vector, &cluster) in vectors.iter().zip(&assigned) {
            members[cluster] += 1;
            for (sum, value) in sums[cluster * dimension..(cluster + 1) * dimension].iter_mut().zip(vector.as_ref()) {
                *sum += value;
            }
        }
        for ((centre, sum), members) in centres.chunks_exact_mut(dimension).zip(sums.chunks_exact_mut(dimension)).zip(members) {
            // A cluster that lost its members keeps its centre.
            if members > 0 {
                normalise(sum);
                centre.copy_from_slice(sum);
            }
        }
    }
    KMeans { assigned, centres }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn separate_bundles_are_found() {
        let vectors: Vec<Vec<f32>> = (0..40)
            .map(|place| {
                let tilt = 0.02 * (place % 5) as f32;
                let mut vector = if place < 20 { vec![1.0, tilt] } else { vec![tilt, 1.0] };
                normalise(&mut vector);
                vector
            })
            .collect();
        let found = spherical_k_means(&vectors, 2, 50, 3).assigned;
        assert!(found[..20].iter().all(|cluster| *cluster == found[0]));
        assert!(found[20..].iter().all(|cluster| *cluster == found[20]) && found[0] != found[20]);
    }

    #[test]
    fn more_clusters_than_vectors_are_as_many_as_there_are() {
        let found = spherical_k_means(&[vec![1.0, 0.0], vec![0.0, 1.0]], 5, 50, 3);
        assert_eq!(found.centres.len(), 4);
        assert_ne!(found.assigned[0], found.assigned[1]);
        assert!(spherical_k_means::<Vec<f32>>(&[], 5, 50, 3).assigned.is_empty());
    }
}
