//! Smoothing over the neighbour graph: each question moves towards the mean of its nearest neighbours.
//!
//! The simplified graph convolution (Wu et al., "Simplifying graph convolutional networks", ICML 2019) with edges weighted by similarity,
//! which is a low-pass filter: what tells two wordings of one question apart fades, what tells topics apart stays. The neighbours are chosen
//! anew in every round, among those the caller found.

use rayon::prelude::*;

use super::features::Rows;
use crate::retrieve::encode::{dot, normalise};

/// Rounds. Each reaches one neighbour further.
const ROUNDS: usize = 4;
/// Questions for each neighbour that is followed: as a desk's archive grows, so do its topics, and each has to hold together.
const QUESTIONS_PER_NEIGHBOUR: usize = 100;
/// Fewest neighbours followed: more would reach past the topics of a small desk.
const FEWEST: usize = 5;
/// Most neighbours followed: as far as growing desks was tried.
const MOST: usize = 16;

/// Neighbours followed among so many questions.
pub(super) fn reach(questions: usize) -> usize {
    ((questions + QUESTIONS_PER_NEIGHBOUR / 2) / QUESTIONS_PER_NEIGHBOUR).clamp(FEWEST, MOST)
}

/// Smooths rows of length 1 among `candidates`.
pub(super) fn smooth(rows: Rows, candidates: &[Vec<u32>]) -> Rows {
    let followed = reach(candidates.len());
    let mut now = rows;
    let mut next = Rows::zeroed(candidates.len(), now.width);
    for _ in 0..ROUNDS {
        next.values.par_chunks_mut(now.width).zip(candidates).enumerate().for_each(|(place, (row, candidates))| {
            let mut near: Vec<(f32, u32)> = candidates
                .iter()
                .map(|&other| (dot(now.row(place), now.row(other as usize)), other))
                .filter(|(near, _)| *near > 0.0)
                .collect();
            near.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
            near.truncate(followed);
            row.copy_from_slice(now.row(place));
            let total: f32 = near.iter().map(|(similarity, _)| similarity).sum();
            for (similarity, other) in near {
                for (value, of_other) in row.iter_mut().zip(now.row(other as usize)) {
                    *value += similarity / total * of_other;
                }
            }
            normalise(row);
        });
        std::mem::swap(&mut now, &mut next);
    }
    now
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reaches_further_on_a_larger_desk() {
        assert_eq!([0, 240, 560, 720, 1_597, 300_000].map(reach), [5, 5, 6, 7, 16, 16]);
    }

    #[test]
    fn neighbours_come_closer_and_strangers_stay() {
        let mut rows = Rows { width: 3, values: vec![1.0, 0.3, 0.0, 1.0, -0.3, 0.0, 0.0, 0.0, 1.0] };
        for place in 0..3 {
            normalise(rows.row_mut(place));
        }
        let before = dot(rows.row(0), rows.row(1));
        let smoothed = smooth(rows, &[vec![1, 2], vec![0, 2], vec![0, 1]]);
        assert!(dot(smoothed.row(0), smoothed.row(1)) > before);
        assert_eq!(smoothed.row(2), [0.0, 0.0, 1.0]);
    }
}
