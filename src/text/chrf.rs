//! chrF: how much of the characters' n-grams two texts share. Needs no word boundaries, so it serves Chinese and English alike.

use std::collections::HashMap;

/// Longest n-gram looked at.
const ORDER: usize = 6;
/// Recall counts β times as much as precision.
const BETA: f64 = 2.0;

/// chrF2 of `candidate` against `reference`, in 0–1.
///
/// White space is removed and letters are compared as they are. Precision and recall are averaged over those orders for which both
/// texts are long enough to have an n-gram, then joined; so equal texts give 1 however short they are. (The smoothed variant divides by
/// six always: an agent's two-character 是的 would then never reach more than a third.) 0 when a text is blank.
///
/// Popović, "chrF: character n-gram F-score for automatic MT evaluation", WMT 2015; same as sacreBLEU's sentence chrF2 / 100 in its
/// default setting.
#[must_use]
pub fn chrf(candidate: &str, reference: &str) -> f64 {
    let candidate: Vec<char> = candidate.chars().filter(|c| !c.is_whitespace()).collect();
    let reference: Vec<char> = reference.chars().filter(|c| !c.is_whitespace()).collect();
    let orders = ORDER.min(candidate.len()).min(reference.len());
    if orders == 0 {
        return 0.0;
    }
    let (mut precision, mut recall) = (0.0, 0.0);
    for n in 1..=orders {
        let shared = shared_ngrams(&candidate, &reference, n) as f64;
        precision += shared / (candidate.len() + 1 - n) as f64;
        recall += shared / (reference.len() + 1 - n) as f64;
    }
    precision /= orders as f64;
    recall /= orders as f64;
    if precision + recall == 0.0 {
        return 0.0;
    }
    let factor = BETA * BETA;
    (1.0 + factor) * precision * recall / (factor * precision + recall)
}

/// The best [`chrf`] among the first `k` candidates; 0 without any.
#[must_use]
pub fn chrf_at(candidates: &[&str], reference: &str, k: usize) -> f64 {
    candidates.iter().take(k).map(|candidate| chrf(candidate, reference)).fold(0.0, f64::max)
}

/// N-grams of `a` that `b` has too, each as often as both have it.
fn shared_ngrams(a: &[char], b: &[char], n: usize) -> usize {
    let mut left: HashMap<&[char], usize> = HashMap::new();
    for gram in b.windows(n) {
        *left.entry(gram).or_default() += 1;
    }
    let mut shared = 0;
    for gram in a.windows(n) {
        if let Some(count) = left.get_mut(gram).filter(|count| **count > 0) {
            *count -= 1;
            shared += 1;
        }
    }
    shared
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn close(a: f64, b: f64) -> bool {
        (a - b).abs() < 1e-9
    }

    #[test]
    fn hand_computed_values() {
        // "abc" against "abd": unigrams 2/3, bigrams 1/2, trigrams 0/1; precision = recall, so F is their mean.
        assert!(close(chrf("abc", "abd"), (2.0 / 3.0 + 0.5) / 3.0));
        // "ab" against "abcd": precision 1, recall (2/4 + 1/3) / 2 = 5/12; F = 5 · 5/12 / (4 + 5/12) = 25/53.
        assert!(close(chrf("ab", "abcd"), 25.0 / 53.0));
        // Repeats count once each: "aaa" has one "a" too many twice over.
        assert!(close(chrf("aaa", "a"), 5.0 * (1.0 / 3.0) / (4.0 / 3.0 + 1.0)));
    }

    #[test]
    fn equal_texts_give_one_and_blank_ones_nothing() {
        assert!(close(chrf("是的", "是的"), 1.0));
        assert!(close(chrf("可以 退 货\n的", "可以退货的"), 1.0));
        assert!(close(chrf("", "x"), 0.0));
        assert!(close(chrf("  ", " "), 0.0));
        assert!(close(chrf("甲乙", "丙丁"), 0.0));
    }

    #[test]
    fn the_best_of_the_first_k_counts() {
        let candidates = ["丙丁", "甲丙", "甲乙"];
        assert!(close(chrf_at(&candidates, "甲乙", 1), 0.0));
        assert!(close(chrf_at(&candidates, "甲乙", 2), chrf("甲丙", "甲乙")));
        assert!(close(chrf_at(&candidates, "甲乙", 3), 1.0));
        assert!(close(chrf_at(&[], "甲乙", 3), 0.0));
    }

    proptest! {
        #[test]
        fn stays_in_range(a in "[ab 退货]{0,20}", b in "[ab 退货]{0,20}") {
            let value = chrf(&a, &b);
            prop_assert!((0.0..=1.0 + 1e-12).contains(&value));
            if a.chars().any(|c| !c.is_whitespace()) {
                prop_assert!(close(chrf(&a, &a), 1.0));
            }
        }
    }
}
