//! The order of what is shown behind the first suggestion: together the suggestions should hold the right answer.
//!
//! The first suggestion is the best one. Each next one is that which adds most to what the chosen ones cover already: the sum, over all
//! groups, of how likely a group holds the right answer times how alike it is to the nearest chosen one. That is the choice of a list by
//! minimum Bayes risk (Kumar & Byrne 2004) under "the best of the list counts", taken greedily, which comes within 1 − 1/e of the best list
//! because the sum is submodular (Nemhauser, Wolsey & Fisher 1978). Three wordings of one answer are worth little more than one.

use super::ranker::softmax;
use super::ranking::RankedGroup;
use crate::retrieve::encode::dot;

/// Exponent on the cosine of two answers: only answers that are really alike stand for each other.
const LIKENESS_POWER: i32 = 8;
/// What a group's own likelihood counts beside what it adds.
const OWN_WEIGHT: f32 = 0.5;
/// Places that are chosen so; behind them the order stays.
const PLACES: usize = 10;

/// Reorders `groups`, given best first.
pub(super) fn order_by_coverage(groups: &mut Vec<(f32, RankedGroup)>) {
    if groups.len() < 3 {
        return;
    }
    let masses: Vec<f32> = groups.iter().map(|(_, group)| group.mass).collect();
    let vectors: Vec<&[f32]> = groups.iter().map(|(_, group)| group.representative().candidate.answer_vector.as_slice()).collect();
    let order = order(&masses, &vectors);
    let mut old: Vec<Option<(f32, RankedGroup)>> = std::mem::take(groups).into_iter().map(Some).collect();
    groups.extend(order.into_iter().filter_map(|place| old[place].take()));
}

/// The order in which groups are listed, by their places in `masses` (log of how likely each is, best group first) and `answers` (their vectors).
#[must_use]
pub fn order(masses: &[f32], answers: &[&[f32]]) -> Vec<usize> {
    cover(&softmax(masses), &likeness(answers), 0, PLACES)
}

/// How well every answer stands for every other: a square matrix, row after row, of values from 0 to 1.
#[must_use]
pub fn likeness(answers: &[&[f32]]) -> Vec<f32> {
    let count = answers.len();
    let mut matrix = vec![1.0; count * count];
    for a in 0..count {
        for b in 0..a {
            let alike = dot(answers[a], answers[b]).max(0.0).powi(LIKENESS_POWER);
            matrix[a * count + b] = alike;
            matrix[b * count + a] = alike;
        }
    }
    matrix
}

/// A list that begins with `first` and covers most within `places`; behind it the others as they stood. `alike` is a [`likeness`].
#[must_use]
pub fn cover(likelihoods: &[f32], alike: &[f32], first: usize, places: usize) -> Vec<usize> {
    let count = likelihoods.len();
    let row = |place: usize| &alike[place * count..(place + 1) * count];
    let mut left: Vec<usize> = (0..count).filter(|&place| place != first).collect();
    let mut covered = row(first).to_vec();
    let mut order = vec![first];
    while order.len() < places && !left.is_empty() {
        // The first of equals: it stood before the others.
        let mut best = (0, f32::MIN);
        for (at, &place) in left.iter().enumerate() {
            let added =
                row(place).iter().zip(&covered).zip(likelihoods).map(|((alike, covered), likely)| likely * (alike - covered).max(0.0));
            let gain = added.sum::<f32>() + OWN_WEIGHT * likelihoods[place] * (1.0 - covered[place]);
            if gain > best.1 {
                best = (at, gain);
            }
        }
        let place = left.remove(best.0);
        for (covered, alike) in covered.iter_mut().zip(row(place)) {
            *covered = covered.max(*alike);
        }
        order.push(place);
    }
    order.extend(left);
    order
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn another_answer_goes_before_another_wording() {
        let (x, almost_x, y): (&[f32], &[f32], &[f32]) = (&[1.0, 0.0], &[0.995, 0.0999], &[0.0, 1.0]);
        assert_eq!(cover(&[0.5, 0.3, 0.2], &likeness(&[x, almost_x, y]), 0, 3), [0, 2, 1]);
    }

    #[test]
    fn unlike_answers_stay_in_order() {
        let axes: Vec<Vec<f32>> = (0..4).map(|at| (0..4).map(|place| if place == at { 1.0 } else { 0.0 }).collect()).collect();
        let vectors: Vec<&[f32]> = axes.iter().map(Vec::as_slice).collect();
        assert_eq!(cover(&[0.4, 0.3, 0.2, 0.1], &likeness(&vectors), 0, 4), [0, 1, 2, 3]);
    }

    #[test]
    fn what_many_unlikely_ones_agree_on_may_be_worth_a_place() {
        // Two groups of one meaning outweigh a single likelier one.
        let (x, y, z, almost_z): (&[f32], &[f32], &[f32], &[f32]) =
            (&[1.0, 0.0, 0.0], &[0.0, 1.0, 0.0], &[0.0, 0.0, 1.0], &[0.0, 0.05, 0.9987]);
        assert_eq!(cover(&[0.4, 0.22, 0.19, 0.19], &likeness(&[x, y, z, almost_z]), 0, 3)[1], 2);
    }
}
