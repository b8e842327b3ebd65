//! The systems compared: BM25 and the raw encoder, ranked and grouped the way Riposte's own suggestions are, and the sum of the two.

use std::collections::HashMap;

use super::LabelSet;
use super::bm25::{Bm25, baseline_terms};
use crate::retrieve::encode::dot;
use crate::suggest::group::{Answer, group_answers};

/// Documents a baseline ranks before grouping.
const DEPTH: usize = 100;

/// Names of the systems, as in every report.
pub const BM25: &str = "bm25";
/// The raw encoder.
pub const DENSE: &str = "dense";
/// The raw encoder plus a share of BM25 ([`sum_scores`]): what words add to vectors without anything learnt.
pub const SUM: &str = "sum";
/// The product.
pub const RIPOSTE: &str = "riposte";
/// The product with the archive's adapter.
pub const RIPOSTE_ADAPTED: &str = "riposte+adapt";

/// Weight of the words in [`SUM`]: what `riposte eval weight` finds on the authored groups, never on a set that figures are reported for.
///
/// 0, found with the weights of `riposte-zh-en` (2ae460ce17766dd7) that had not learnt `games`, `recruiting` and `grocery`: acc@1 there is
/// zh 0.585, en 0.533 by vectors alone, and less with every step upwards. [`SUM`] is the encoder alone. Find it anew with another encoder.
pub const SUM_WEIGHT: f32 = 0.0;

/// One archived answer as the baselines see it.
#[derive(Debug, Clone)]
pub struct ArchivedAnswer {
    /// What is matched: what was said before, and the customer's turn.
    pub key: String,
    /// Dense vector of `key`.
    pub key_vector: Vec<f32>,
    /// The answer.
    pub answer: String,
    /// Dense vector of the answer, for grouping only.
    pub answer_vector: Vec<f32>,
    /// Labels of the message it comes from.
    pub labels: LabelSet,
}

/// The two baselines over one archive.
pub struct Baselines {
    documents: Vec<ArchivedAnswer>,
    bm25: Bm25,
}

/// One ranked reply of any system.
#[derive(Debug, Clone, PartialEq)]
pub struct RankedReply {
    /// Its words.
    pub text: String,
    /// Labels of its representative's source message; `None` when it comes from no message.
    pub labels: Option<LabelSet>,
}

impl Baselines {
    /// Indexes an archive.
    #[must_use]
    pub fn new(documents: Vec<ArchivedAnswer>) -> Self {
        let terms: Vec<Vec<String>> = documents.iter().map(|document| baseline_terms(&document.key)).collect();
        Self { bm25: Bm25::new(&terms), documents }
    }

    /// Replies by BM25, best first, grouped.
    #[must_use]
    pub fn by_words(&self, key: &str) -> Vec<RankedReply> {
        self.grouped(self.bm25.search(&baseline_terms(key), DEPTH).into_iter().map(|(document, _)| document).collect())
    }

    /// Replies by cosine of the keys' vectors, best first, grouped.
    #[must_use]
    pub fn by_vector(&self, key: &[f32]) -> Vec<RankedReply> {
        let scores = self.documents.iter().map(|document| dot(key, &document.key_vector));
        self.grouped(best(scores, DEPTH))
    }

    fn grouped(&self, ranked: Vec<usize>) -> Vec<RankedReply> {
        let answers: Vec<Answer<'_>> =
            ranked.iter().map(|&document| Answer::new(&self.documents[document].answer, &self.documents[document].answer_vector)).collect();
        group_answers(&answers)
            .into_iter()
            .map(|members| {
                let representative = &self.documents[ranked[members[0]]];
                RankedReply { text: representative.answer.clone(), labels: Some(representative.labels.clone()) }
            })
            .collect()
    }
}

/// Scores of [`SUM`], document by document: cosine + `weight` · (BM25 score ÷ the query's best BM25 score).
///
/// BM25 has no scale of its own, so its share of the best hit is taken, which lies in 0–1 like the cosine of texts that are at all alike.
/// Where no document shares a word with the query the cosine stands alone. A document that must not be found (the query itself) has to be
/// left out of both lists, lest it be the best hit.
#[must_use]
pub fn sum_scores(cosines: &[f32], words: &[f32], weight: f32) -> Vec<f32> {
    let best = words.iter().copied().fold(0.0, f32::max);
    let factor = if best > 0.0 { weight / best } else { 0.0 };
    cosines.iter().zip(words).map(|(cosine, words)| cosine + factor * words).collect()
}

/// Positions of the `limit` best scores, best first; equal ones by position.
#[must_use]
pub fn best(scores: impl Iterator<Item = f32>, limit: usize) -> Vec<usize> {
    let mut scored: Vec<(usize, f32)> = scores.enumerate().collect();
    scored.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
    scored.into_iter().take(limit).map(|(position, _)| position).collect()
}

/// Figures of several systems: system → figure → value.
pub type SystemFigures = std::collections::BTreeMap<String, std::collections::BTreeMap<String, f64>>;

/// Means of per-query figures, by system; figures some queries can't give are averaged over the others.
#[derive(Debug, Default)]
pub struct FigureMeans {
    sums: HashMap<(String, String), (f64, u64)>,
}

impl FigureMeans {
    /// Adds one query's figure.
    pub fn add(&mut self, system: &str, figure: &str, value: f64) {
        let sum = self.sums.entry((system.to_owned(), figure.to_owned())).or_default();
        sum.0 += value;
        sum.1 += 1;
    }

    /// The means.
    #[must_use]
    pub fn means(&self) -> SystemFigures {
        let mut figures = SystemFigures::new();
        let mut keys: Vec<_> = self.sums.keys().collect();
        keys.sort_unstable();
        for key in keys {
            let (sum, count) = self.sums[key];
            figures.entry(key.0.clone()).or_default().insert(key.1.clone(), sum / count as f64);
        }
        figures
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_count_by_their_share_of_the_best_hit() {
        assert_eq!(sum_scores(&[0.5, 0.25, 0.0], &[0.0, 4.0, 1.0], 0.5), [0.5, 0.75, 0.125]);
        assert_eq!(sum_scores(&[0.5, -0.25], &[3.0, 6.0], 0.0), [0.5, -0.25], "weight 0 is the encoder alone");
        assert_eq!(sum_scores(&[0.5, 0.25], &[0.0, 0.0], 1.0), [0.5, 0.25], "no word in common");
        assert!(sum_scores(&[], &[], 1.0).is_empty());
    }
}
