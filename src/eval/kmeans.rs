//! K-means on unit vectors: the clustering baseline over the raw encoder (what the organisers of intent-induction contests run).

use crate::domain::random::SplitMix64;
use crate::retrieve::encode::{dot, normalise};

/// Rounds after which it stops in any case.
const MAX_ROUNDS: usize = 50;

/// The rule of thumb for the number of clusters: √(n / 2) (Mardia et al. 1979), since nothing tells the baseline how many there are.
#[must_use]
pub fn usual_count(texts: usize) -> usize {
    ((texts as f64 / 2.0).sqrt().round() as usize).max(1)
}

/// Assigns each normalised vector to one of `count` clusters by cosine (Dhillon & Modha 2001); starts from evenly drawn vectors.
#[must_use]
pub fn spherical_k_means(vectors: &[Vec<f32>], count: usize, seed: u64) -> Vec<Option<usize>> {
    let mut order: Vec<usize> = (0..vectors.len()).collect();
    SplitMix64::new(seed).shuffle(&mut order);
    let mut centres: Vec<Vec<f32>> = order.into_iter().take(count).map(|place| vectors[place].clone()).collect();
    let mut assigned = vec![usize::MAX; vectors.len()];
    for _ in 0..MAX_ROUNDS {
        let nearest: Vec<usize> = vectors.iter().map(|vector| nearest_centre(vector, &centres)).collect();
        if nearest == assigned {
            break;
        }
        assigned = nearest;
        for (number, centre) in centres.iter_mut().enumerate() {
            let members = || vectors.iter().zip(&assigned).filter(|(_, cluster)| **cluster == number).map(|(vector, _)| vector);
            if members().next().is_none() {
                continue;
            }
            centre.fill(0.0);
            for vector in members() {
                for (sum, value) in centre.iter_mut().zip(vector) {
                    *sum += value;
                }
            }
            normalise(centre);
        }
    }
    assigned.into_iter().map(Some).collect()
}

fn nearest_centre(vector: &[f32], centres: &[Vec<f32>]) -> usize {
    let mut best = (0, f32::MIN);
    for (number, centre) in centres.iter().enumerate() {
        let similarity = dot(vector, centre);
        if similarity > best.1 {
            best = (number, similarity);
        }
    }
    best.0
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
        let found = spherical_k_means(&vectors, 2, 3);
        assert!(found[..20].iter().all(|cluster| *cluster == found[0]));
        assert!(found[20..].iter().all(|cluster| *cluster == found[20]) && found[0] != found[20]);
    }
}
