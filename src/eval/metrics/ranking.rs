//! Figures for ranked lists: success@k, reciprocal rank, nDCG, average precision over judged documents.
//!
//! Every function looks at one query; [`super::mean`] makes the figure of a set out of them. A list is given as what its places hold,
//! best first: `true` for a right one, or a gain.

use std::cmp::Ordering;

/// 1 when one of the first `k` places is right, else 0. Also known as hit@k; for labelled neighbours, acc@k.
#[must_use]
pub fn success_at(right: &[bool], k: usize) -> f64 {
    if right.iter().take(k).any(|&is_right| is_right) { 1.0 } else { 0.0 }
}

/// One over the place (from 1) of the first right one; 0 when there is none, or none within `cutoff`.
///
/// Voorhees, "The TREC-8 Question Answering Track Report", 1999.
#[must_use]
pub fn reciprocal_rank(right: &[bool], cutoff: Option<usize>) -> f64 {
    let looked_at = &right[..cutoff.unwrap_or(right.len()).min(right.len())];
    looked_at.iter().position(|&is_right| is_right).map_or(0.0, |place| 1.0 / (place + 1) as f64)
}

/// Normalised discounted cumulative gain of the first `k` places, with linear gain and the discount `1 / log2(place + 1)`.
///
/// `gains` is the ranking, `judged` every gain known for the query, in any order: the ideal ranking is made of it. Negative gains count
/// as 0. `None` when nothing judged has a gain: the query can't be scored.
///
/// Järvelin and Kekäläinen, "Cumulated gain-based evaluation of IR techniques", TOIS 2002, in the variant of `trec_eval` (`ndcg_cut`).
#[must_use]
pub fn ndcg_at(gains: &[f64], judged: &[f64], k: usize) -> Option<f64> {
    let mut ideal = judged.to_vec();
    ideal.sort_by(|a, b| b.total_cmp(a));
    let best = discounted_gain(&ideal, k);
    (best > 0.0).then(|| discounted_gain(gains, k) / best)
}

fn discounted_gain(gains: &[f64], k: usize) -> f64 {
    gains.iter().take(k).enumerate().map(|(place, gain)| gain.max(0.0) / (place as f64 + 2.0).log2()).sum()
}

/// Mean of the precisions at the places of the right ones; `relevant` is how many right ones there are in all, so that one which the
/// ranking lacks counts as never found. `None` when there is none.
///
/// Buckley and Voorhees, "Evaluating evaluation measure stability", SIGIR 2000.
#[must_use]
pub fn average_precision(right: &[bool], relevant: usize) -> Option<f64> {
    if relevant == 0 {
        return None;
    }
    let mut found = 0_usize;
    let mut sum = 0.0;
    for (place, _) in right.iter().enumerate().filter(|(_, is_right)| **is_right) {
        found += 1;
        sum += found as f64 / (place + 1) as f64;
    }
    Some(sum / relevant as f64)
}

/// Ranks the judged documents of one query, given as (score, is it right): the list for [`average_precision`] and [`first_judged`].
///
/// A document that a system did not retrieve takes part with that system's lowest score (0 for BM25). Among equal scores the wrong ones
/// come first: a system earns nothing for what it can't tell apart, and the figure does not hang on the order of the file.
#[must_use]
pub fn rank_judged(judged: &[(f32, bool)]) -> Vec<bool> {
    let mut order = judged.to_vec();
    order.sort_by(|a, b| match b.0.total_cmp(&a.0) {
        Ordering::Equal => a.1.cmp(&b.1),
        decided => decided,
    });
    order.into_iter().map(|(_, is_right)| is_right).collect()
}

/// 1 when the first judged document is right, else 0; `ranked` as from [`rank_judged`].
#[must_use]
pub fn first_judged(ranked: &[bool]) -> f64 {
    success_at(ranked, 1)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn close(a: f64, b: f64) -> bool {
        (a - b).abs() < 1e-9
    }

    #[test]
    fn success_looks_at_the_first_k_only() {
        let right = [false, false, true];
        assert_eq!(success_at(&right, 2).to_bits(), 0.0_f64.to_bits());
        assert_eq!(success_at(&right, 3).to_bits(), 1.0_f64.to_bits());
        assert_eq!(success_at(&right, 30).to_bits(), 1.0_f64.to_bits());
        assert_eq!(success_at(&[], 3).to_bits(), 0.0_f64.to_bits());
    }

    #[test]
    fn reciprocal_rank_stops_at_the_cutoff() {
        let right = [false, false, true, true];
        assert!(close(reciprocal_rank(&right, None), 1.0 / 3.0));
        assert!(close(reciprocal_rank(&right, Some(10)), 1.0 / 3.0));
        assert!(close(reciprocal_rank(&right, Some(2)), 0.0));
        assert!(close(reciprocal_rank(&[], None), 0.0));
    }

    #[test]
    fn ndcg_of_a_hand_computed_list() {
        // 3/log2(2) + 2/log2(3) + 0 + 1/log2(5) against the ideal 3, 2, 1.
        let got = ndcg_at(&[3.0, 2.0, 0.0, 1.0], &[1.0, 3.0, 2.0, 0.0], 10).unwrap();
        let ideal = 3.0 + 2.0 / 3.0_f64.log2() + 0.5;
        let expected = (3.0 + 2.0 / 3.0_f64.log2() + 1.0 / 5.0_f64.log2()) / ideal;
        assert!(close(got, expected), "{got} {expected}");
        assert!(close(ndcg_at(&[0.0, 1.0], &[1.0], 1).unwrap(), 0.0));
        assert!(close(ndcg_at(&[0.0, 1.0], &[1.0], 2).unwrap(), 1.0 / 3.0_f64.log2()));
        assert_eq!(ndcg_at(&[0.0], &[0.0, -1.0], 10), None);
    }

    #[test]
    fn average_precision_of_a_hand_computed_list() {
        assert!(close(average_precision(&[true, false, true, false], 2).unwrap(), f64::midpoint(1.0, 2.0 / 3.0)));
        assert!(close(average_precision(&[true, false, true, false], 4).unwrap(), (1.0 + 2.0 / 3.0) / 4.0));
        assert_eq!(average_precision(&[false], 0), None);
    }

    #[test]
    fn equal_scores_rank_the_wrong_one_first() {
        assert_eq!(rank_judged(&[(0.0, true), (0.0, false), (2.0, true)]), [true, false, true]);
        assert!(close(first_judged(&rank_judged(&[(1.0, true), (1.0, false)])), 0.0));
        assert!(close(first_judged(&rank_judged(&[(1.1, true), (1.0, false)])), 1.0));
    }

    proptest! {
        #[test]
        fn figures_stay_in_range_and_a_perfect_order_gives_one(
            judged in prop::collection::vec((0_u8..5, any::<bool>()), 1..30), k in 1_usize..12
        ) {
            let scored: Vec<(f32, bool)> = judged.iter().map(|&(score, is_right)| (f32::from(score), is_right)).collect();
            let ranked = rank_judged(&scored);
            let relevant = ranked.iter().filter(|&&is_right| is_right).count();
            prop_assert!((0.0..=1.0).contains(&reciprocal_rank(&ranked, Some(k))));
            let gains: Vec<f64> = ranked.iter().map(|&is_right| f64::from(u8::from(is_right))).collect();
            if relevant > 0 {
                prop_assert!((0.0..=1.0 + 1e-12).contains(&average_precision(&ranked, relevant).unwrap()));
                prop_assert!((0.0..=1.0 + 1e-12).contains(&ndcg_at(&gains, &gains, k).unwrap()));
                let perfect: Vec<bool> = (0..ranked.len()).map(|place| place < relevant).collect();
                let perfect_gains: Vec<f64> = perfect.iter().map(|&is_right| f64::from(u8::from(is_right))).collect();
                prop_assert!(close(average_precision(&perfect, relevant).unwrap(), 1.0));
                prop_assert!(close(ndcg_at(&perfect_gains, &gains, k).unwrap(), 1.0));
                prop_assert!(close(reciprocal_rank(&perfect, Some(k)), 1.0));
            }
        }

        #[test]
        fn the_order_of_the_judgements_does_not_matter(judged in prop::collection::vec((0_u8..4, any::<bool>()), 0..20)) {
            let scored: Vec<(f32, bool)> = judged.iter().map(|&(score, is_right)| (f32::from(score), is_right)).collect();
            let reversed: Vec<(f32, bool)> = scored.iter().rev().copied().collect();
            prop_assert_eq!(rank_judged(&scored), rank_judged(&reversed));
        }
    }
}
