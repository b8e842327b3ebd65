//! Does a system know when to be silent? Figures over questions that belong to the archive and questions that don't.

/// One question asked, and how sure the system was of its best reply.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Asked {
    /// Score of the best reply; 0 (or the system's lowest score) when it found none.
    pub confidence: f64,
    /// Whether the system would stay silent.
    pub refused: bool,
    /// Whether it should.
    pub out_of_scope: bool,
}

impl Asked {
    /// A question to a system that refuses exactly below `threshold`.
    #[must_use]
    pub fn at_threshold(confidence: f64, threshold: f64, out_of_scope: bool) -> Self {
        Self { confidence, refused: confidence < threshold, out_of_scope }
    }
}

/// Area under the ROC curve of "should be answered": the probability that a question in scope has a higher confidence than one out of
/// scope, ties counting one half. `None` unless there are questions of both kinds.
///
/// Computed from average ranks: Hanley and McNeil, "The meaning and use of the area under a ROC curve", Radiology 1982.
#[must_use]
pub fn auroc_refuse(asked: &[Asked]) -> Option<f64> {
    let in_scope: Vec<f64> = asked.iter().filter(|question| !question.out_of_scope).map(|question| question.confidence).collect();
    let out_of_scope: Vec<f64> = asked.iter().filter(|question| question.out_of_scope).map(|question| question.confidence).collect();
    auroc(&in_scope, &out_of_scope)
}

/// Probability that one of `positive` is above one of `negative`, ties counting one half.
#[must_use]
pub fn auroc(positive: &[f64], negative: &[f64]) -> Option<f64> {
    if positive.is_empty() || negative.is_empty() {
        return None;
    }
    let all: Vec<f64> = positive.iter().chain(negative).copied().collect();
    let ranks = super::correlation::average_ranks(&all);
    let rank_sum: f64 = ranks[..positive.len()].iter().sum();
    let (n, m) = (positive.len() as f64, negative.len() as f64);
    Some((rank_sum - n * (n + 1.0) / 2.0) / (n * m))
}

/// Share of the questions out of scope that were refused; `None` when there are none.
#[must_use]
pub fn refused_recall(asked: &[Asked]) -> Option<f64> {
    share_refused(asked, true)
}

/// Share of the questions in scope that were refused all the same; `None` when there are none.
#[must_use]
pub fn false_refusals(asked: &[Asked]) -> Option<f64> {
    share_refused(asked, false)
}

fn share_refused(asked: &[Asked], out_of_scope: bool) -> Option<f64> {
    super::mean(asked.iter().filter(|question| question.out_of_scope == out_of_scope).map(|question| f64::from(u8::from(question.refused))))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn auroc_of_a_hand_computed_example() {
        // Six comparisons: 0.9 beats all three, 0.4 beats 0.1, ties with 0.4, loses to 0.5: (3 + 1 + 0.5) / 6.
        assert!((auroc(&[0.9, 0.4], &[0.1, 0.4, 0.5]).unwrap() - 0.75).abs() < 1e-12);
        assert_eq!(auroc(&[], &[0.1]), None);
        assert_eq!(auroc(&[0.1], &[]), None);
    }

    #[test]
    fn refusals_are_counted_apart_for_both_kinds() {
        let asked = [
            Asked::at_threshold(0.9, 0.5, false),
            Asked::at_threshold(0.5, 0.5, false),
            Asked::at_threshold(0.4, 0.5, false),
            Asked::at_threshold(0.7, 0.5, false),
            Asked::at_threshold(0.2, 0.5, true),
            Asked::at_threshold(0.6, 0.5, true),
        ];
        assert_eq!(refused_recall(&asked), Some(0.5));
        assert_eq!(false_refusals(&asked), Some(0.25));
        // Of eight comparisons 0.5 and 0.4 lose to 0.6.
        assert_eq!(auroc_refuse(&asked), Some(6.0 / 8.0));
        assert_eq!(refused_recall(&asked[..4]), None);
        assert_eq!(false_refusals(&asked[4..]), None);
    }

    proptest! {
        #[test]
        fn auroc_is_the_share_of_pairs_won(
            positive in prop::collection::vec(0_u8..10, 1..15), negative in prop::collection::vec(0_u8..10, 1..15)
        ) {
            let positive: Vec<f64> = positive.into_iter().map(f64::from).collect();
            let negative: Vec<f64> = negative.into_iter().map(f64::from).collect();
            let mut won = 0.0;
            for p in &positive {
                for n in &negative {
                    won += if p > n { 1.0 } else if p < n { 0.0 } else { 0.5 };
                }
            }
            let expected = won / (positive.len() * negative.len()) as f64;
            prop_assert!((auroc(&positive, &negative).unwrap() - expected).abs() < 1e-9);
            prop_assert!((auroc(&negative, &positive).unwrap() - (1.0 - expected)).abs() < 1e-9);
        }

        #[test]
        fn only_the_order_of_confidences_matters(scores in prop::collection::vec((0.0_f64..1.0, any::<bool>()), 2..30)) {
            let asked: Vec<Asked> = scores.iter().map(|&(score, out)| Asked::at_threshold(score, 0.5, out)).collect();
            let stretched: Vec<Asked> = scores.iter().map(|&(score, out)| Asked::at_threshold(score * 7.0 - 2.0, 0.5, out)).collect();
            prop_assert_eq!(auroc_refuse(&asked), auroc_refuse(&stretched));
        }
    }
}
