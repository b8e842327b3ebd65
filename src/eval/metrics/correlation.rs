//! Rank correlation between what a system says and what people said.

/// Spearman's rank correlation: Pearson's correlation of the average ranks, between −1 and 1 (reports show it × 100). `None` when the
/// two differ in length, hold fewer than two values, or one of them is constant.
///
/// Spearman, "The proof and measurement of association between two things", 1904; ties as in `scipy.stats.spearmanr`.
#[must_use]
pub fn spearman(a: &[f64], b: &[f64]) -> Option<f64> {
    if a.len() != b.len() || a.len() < 2 {
        return None;
    }
    pearson(&average_ranks(a), &average_ranks(b))
}

/// Ranks from 1 upwards; equal values share the mean of their ranks.
#[must_use]
pub fn average_ranks(values: &[f64]) -> Vec<f64> {
    let mut order: Vec<usize> = (0..values.len()).collect();
    order.sort_by(|&i, &j| values[i].total_cmp(&values[j]));
    let mut ranks = vec![0.0; values.len()];
    // `chunk_by` with `==`, not with the total order: 0.0 and -0.0 are the same value.
    let mut before = 0_usize;
    #[expect(clippy::float_cmp, reason = "a tie is an exactly equal value")]
    for tied in order.chunk_by(|&i, &j| values[i] == values[j]) {
        let rank = before as f64 + f64::midpoint(tied.len() as f64, 1.0);
        for &i in tied {
            ranks[i] = rank;
        }
        before += tied.len();
    }
    ranks
}

fn pearson(a: &[f64], b: &[f64]) -> Option<f64> {
    let n = a.len() as f64;
    let (mean_a, mean_b) = (a.iter().sum::<f64>() / n, b.iter().sum::<f64>() / n);
    let (mut product, mut square_a, mut square_b) = (0.0, 0.0, 0.0);
    for (x, y) in a.iter().zip(b) {
        product += (x - mean_a) * (y - mean_b);
        square_a += (x - mean_a).powi(2);
        square_b += (y - mean_b).powi(2);
    }
    (square_a > 0.0 && square_b > 0.0).then(|| (product / (square_a.sqrt() * square_b.sqrt())).clamp(-1.0, 1.0))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn ties_share_the_mean_of_their_ranks() {
        assert_eq!(average_ranks(&[10.0, 20.0, 10.0, 5.0]), [2.5, 4.0, 2.5, 1.0]);
        assert_eq!(average_ranks(&[0.0, -0.0]), [1.5, 1.5]);
        assert!(average_ranks(&[]).is_empty());
    }

    #[test]
    fn hand_computed_correlation() {
        // Without ties: 1 − 6 Σd² / (n (n² − 1)); d = 0, 1, −1, 0 → 1 − 12/60.
        assert!((spearman(&[1.0, 2.0, 3.0, 4.0], &[1.0, 3.0, 2.0, 4.0]).unwrap() - 0.8).abs() < 1e-12);
        // Scores against a yes/no label, ranks 1 2 3 4 and 1.5 1.5 3.5 3.5: covariance 4, squares 5 and 4.
        assert!((spearman(&[0.1, 0.2, 0.3, 0.4], &[0.0, 0.0, 1.0, 1.0]).unwrap() - 4.0 / 20.0_f64.sqrt()).abs() < 1e-12);
        assert_eq!(spearman(&[1.0, 1.0], &[1.0, 2.0]), None);
        assert_eq!(spearman(&[1.0], &[1.0]), None);
        assert_eq!(spearman(&[1.0, 2.0], &[1.0]), None);
    }

    proptest! {
        #[test]
        fn range_symmetry_and_invariance(rows in prop::collection::vec((0_i16..50, 0_i16..50), 2..40)) {
            let a: Vec<f64> = rows.iter().map(|row| f64::from(row.0)).collect();
            let b: Vec<f64> = rows.iter().map(|row| f64::from(row.1)).collect();
            let forward = spearman(&a, &b);
            prop_assert_eq!(forward, spearman(&b, &a));
            if let Some(value) = forward {
                prop_assert!((-1.0..=1.0).contains(&value));
                // A monotone change of one side changes nothing; another order of the rows neither.
                let cubed: Vec<f64> = a.iter().map(|x| x.powi(3) + 1.0).collect();
                prop_assert!((spearman(&cubed, &b).unwrap() - value).abs() < 1e-9);
                let (ra, rb): (Vec<f64>, Vec<f64>) = a.iter().copied().zip(b.iter().copied()).rev().unzip();
                prop_assert!((spearman(&ra, &rb).unwrap() - value).abs() < 1e-9);
                prop_assert!((spearman(&a, &a).unwrap() - 1.0).abs() < 1e-9);
                let negated: Vec<f64> = a.iter().map(|x| -x).collect();
                prop_assert!((spearman(&a, &negated).unwrap() + 1.0).abs() < 1e-9);
            }
        }
    }
}
