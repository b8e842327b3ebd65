//! The figures, as pure functions: numbers in, a number in 0–1 out (Spearman: −1 to 1).
//!
//! A figure that a set can't give (no question out of scope, nothing judged) is `None` and is left out of the report; it is never 0 or
//! NaN. Each file names the source of its definitions.

pub mod calibration;
pub mod clusters;
pub mod correlation;
pub mod ranking;
pub mod refusal;

/// Arithmetic mean; `None` of nothing.
#[must_use]
pub fn mean(values: impl IntoIterator<Item = f64>) -> Option<f64> {
    let (mut sum, mut count) = (0.0, 0_usize);
    for value in values {
        sum += value;
        count += 1;
    }
    (count > 0).then(|| sum / count as f64)
}

/// Mean over seeds, and the standard error of that mean (sample standard deviation over √n; 0 for a single value). `None` of nothing.
#[must_use]
pub fn mean_and_standard_error(values: &[f64]) -> Option<(f64, f64)> {
    let centre = mean(values.iter().copied())?;
    if values.len() < 2 {
        return Some((centre, 0.0));
    }
    let n = values.len() as f64;
    let variance = values.iter().map(|value| (value - centre).powi(2)).sum::<f64>() / (n - 1.0);
    Some((centre, (variance / n).sqrt()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mean_and_error_of_hand_computed_values() {
        assert_eq!(mean([]), None);
        assert_eq!(mean([1.0, 2.0, 6.0]), Some(3.0));
        assert_eq!(mean_and_standard_error(&[]), None);
        assert_eq!(mean_and_standard_error(&[0.4]), Some((0.4, 0.0)));
        // Deviations −2, 0, 2: variance 8 / 2 = 4, error √(4 / 3).
        let (centre, error) = mean_and_standard_error(&[1.0, 3.0, 5.0]).unwrap();
        assert!((centre - 3.0).abs() < 1e-12);
        assert!((error - (4.0_f64 / 3.0).sqrt()).abs() < 1e-12);
    }
}
