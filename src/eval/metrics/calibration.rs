//! Is a score of 0.7 right seven times in ten?

use std::ops::Range;

use crate::domain::random::SplitMix64;

/// Bins that reports use.
pub const BINS: usize = 15;

/// Draws over which the error that chance makes is averaged.
const DRAWS: usize = 500;

/// Expected calibration error over `bins` bins of equal width: the mean distance between a bin's mean score and its share of right
/// ones, weighted by how many predictions it holds. `scored` is (score in 0–1, was it right). `None` without predictions.
///
/// Naeini, Cooper and Hauskrecht, "Obtaining Well Calibrated Probabilities Using Bayesian Binning", AAAI 2015.
#[must_use]
pub fn expected_calibration_error(scored: &[(f64, bool)], bins: usize) -> Option<f64> {
    let bins = bins.max(1);
    let mut binned = vec![Vec::new(); bins];
    for &prediction in scored {
        let bin = (prediction.0.clamp(0.0, 1.0) * bins as f64) as usize;
        binned[bin.min(bins - 1)].push(prediction);
    }
    weighted_gap(binned.iter().map(Vec::as_slice), scored.len())
}

/// What [`expected_calibration_error`] is on average where every score is exactly the probability of being right: few predictions in a bin leave
/// its share of right ones to chance. An error no higher than this says nothing against the scores. `None` without predictions; the same draws each
/// time.
///
/// Bröcker and Smith, "Increasing the Reliability of Reliability Diagrams", Weather and Forecasting 2007 (consistency resampling).
#[must_use]
pub fn calibration_error_by_chance(scores: impl Iterator<Item = f64>, bins: usize) -> Option<f64> {
    let scores: Vec<f64> = scores.collect();
    let mut random = SplitMix64::new(1);
    let of_draw = || {
        let drawn: Vec<(f64, bool)> = scores.iter().map(|&score| (score, random.next_unit() < score)).collect();
        expected_calibration_error(&drawn, bins)
    };
    let sum: Option<f64> = std::iter::repeat_with(of_draw).take(DRAWS).sum();
    sum.map(|sum| sum / DRAWS as f64)
}

/// The same over `bins` bins that hold equally many predictions each, as far as equal scores allow: those share a bin.
///
/// Nixon et al., "Measuring Calibration in Deep Learning", 2019 (adaptive binning).
#[must_use]
pub fn expected_calibration_error_equal_mass(scored: &[(f64, bool)], bins: usize) -> Option<f64> {
    let mut sorted = scored.to_vec();
    sorted.sort_by(|a, b| a.0.total_cmp(&b.0));
    weighted_gap(equal_mass_bins(&sorted, bins.max(1)).into_iter().map(|range| &sorted[range]), scored.len())
}

fn equal_mass_bins(sorted: &[(f64, bool)], bins: usize) -> Vec<Range<usize>> {
    let mut ranges = Vec::with_capacity(bins);
    let mut start = 0;
    for bin in 1..=bins {
        let mut end = (bin * sorted.len()).div_ceil(bins);
        while end > 0 && end < sorted.len() && sorted[end].0.total_cmp(&sorted[end - 1].0).is_eq() {
            end += 1;
        }
        if end > start {
            ranges.push(start..end);
            start = end;
        }
    }
    ranges
}

fn weighted_gap<'a>(bins: impl Iterator<Item = &'a [(f64, bool)]>, total: usize) -> Option<f64> {
    if total == 0 {
        return None;
    }
    // |Σ score − Σ right| of a bin is its gap times its size already.
    let gaps: f64 = bins
        .map(|bin| {
            let scores: f64 = bin.iter().map(|(score, _)| score).sum();
            let right = bin.iter().filter(|(_, is_right)| *is_right).count() as f64;
            (scores - right).abs()
        })
        .sum();
    Some(gaps / total as f64)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn hand_computed_values() {
        // Last bin: scores 0.95, 0.95, one of two right: gap 0.45. Fourth bin: score 0.25, wrong: gap 0.25.
        let scored = [(0.95, true), (0.95, false), (0.25, false)];
        let expected = (2.0 * 0.45 + 0.25) / 3.0;
        assert!((expected_calibration_error(&scored, BINS).unwrap() - expected).abs() < 1e-12);
        // Two bins of equal mass: the lower two would part the equal scores, so the first bin ends after 0.25 only when asked for three.
        assert!((expected_calibration_error_equal_mass(&scored, 3).unwrap() - expected).abs() < 1e-12);
        assert_eq!(expected_calibration_error(&[], BINS), None);
        assert_eq!(expected_calibration_error_equal_mass(&[], BINS), None);
    }

    #[test]
    fn chance_makes_an_error_that_more_predictions_lessen() {
        let by_chance = |count: usize| calibration_error_by_chance((0..count).map(|_| 0.5), BINS).unwrap();
        // The mean distance of a share from 0.5 is √(2/π) · 0.5/√count for many draws of many.
        for count in [100, 2500] {
            let expected = (2.0 / std::f64::consts::PI).sqrt() * 0.5 / (count as f64).sqrt();
            assert!((by_chance(count) / expected - 1.0).abs() < 0.15, "{count}: {} for {expected}", by_chance(count));
        }
        assert!(by_chance(2500) < by_chance(100));
        assert_eq!(calibration_error_by_chance([0.0, 1.0, 1.0].into_iter(), BINS), Some(0.0), "nothing is left to chance");
        assert_eq!(calibration_error_by_chance(std::iter::empty(), BINS), None);
    }

    #[test]
    fn equal_scores_are_never_parted() {
        let scored = [(0.5, true), (0.5, false), (0.5, true), (0.5, false)];
        assert!(expected_calibration_error_equal_mass(&scored, BINS).unwrap().abs() < 1e-12);
    }

    #[test]
    fn a_score_of_one_belongs_to_the_last_bin() {
        assert!(expected_calibration_error(&[(1.0, true), (0.0, false)], BINS).unwrap().abs() < 1e-12);
        assert!((expected_calibration_error(&[(1.0, false)], BINS).unwrap() - 1.0).abs() < 1e-12);
    }

    proptest! {
        #[test]
        fn stay_in_range_and_forget_the_order(scored in prop::collection::vec((0.0_f64..=1.0, any::<bool>()), 1..60)) {
            let reversed: Vec<(f64, bool)> = scored.iter().rev().copied().collect();
            for bins in [1, 3, BINS] {
                let width = expected_calibration_error(&scored, bins).unwrap();
                let mass = expected_calibration_error_equal_mass(&scored, bins).unwrap();
                prop_assert!((0.0..=1.0).contains(&width));
                prop_assert!((0.0..=1.0).contains(&mass));
                prop_assert!((width - expected_calibration_error(&reversed, bins).unwrap()).abs() < 1e-9);
                prop_assert!((mass - expected_calibration_error_equal_mass(&reversed, bins).unwrap()).abs() < 1e-9);
            }
        }

        #[test]
        fn every_prediction_lies_in_one_bin(scores in prop::collection::vec(0_u8..20, 0..50), bins in 1_usize..12) {
            let mut sorted: Vec<(f64, bool)> = scores.iter().map(|&score| (f64::from(score) / 20.0, true)).collect();
            sorted.sort_by(|a, b| a.0.total_cmp(&b.0));
            let ranges = equal_mass_bins(&sorted, bins);
            prop_assert!(ranges.len() <= bins);
            let mut next = 0;
            for range in ranges {
                prop_assert_eq!(range.start, next);
                prop_assert!(range.end > range.start);
                next = range.end;
            }
            prop_assert_eq!(next, sorted.len());
        }
    }
}
