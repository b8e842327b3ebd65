//! Judged sentence pairs: does similarity rise with the judgement?

use super::bm25::{Bm25, baseline_terms};
use super::dataset::TextPair;
use super::metrics::correlation::spearman;
use super::systems::{BM25, DENSE, SystemFigures};
use super::workbench::{EvalError, embed_all};
use crate::embed::{Embedder, TextKind};
use crate::retrieve::encode::dot;
use crate::text::script::to_traditional;

/// Correlates similarity and judgement (Spearman, ×100): `dense` by cosine, `bm25` by [`word_similarities`]. A system that finds all pairs
/// equally alike has no figure.
pub async fn pairs(embedder: &dyn Embedder, pairs: &[TextPair]) -> Result<SystemFigures, EvalError> {
    let judged: Vec<f64> = pairs.iter().map(|pair| pair.label).collect();
    if judged.windows(2).all(|two| two[0] == two[1]) {
        return Err(EvalError::Unusable("all pairs bear the same label: nothing to correlate with".to_owned()));
    }
    let side = |text: fn(&TextPair) -> &String| pairs.iter().map(|pair| text(pair).clone()).collect::<Vec<_>>();
    let (left, right) = (side(|pair| &pair.a), side(|pair| &pair.b));
    let left_vectors = embed_all(embedder, &left, TextKind::Query).await?;
    let right_vectors = embed_all(embedder, &right, TextKind::Query).await?;
    let cosines: Vec<f64> = left_vectors.iter().zip(&right_vectors).map(|(a, b)| f64::from(dot(a, b))).collect();
    let words = crate::rt::cpu(move || word_similarities(&left, &right)).await?;
    let mut figures = SystemFigures::new();
    for (system, similarities) in [(BM25, words), (DENSE, cosines)] {
        if let Some(correlation) = spearman(&similarities, &judged) {
            figures.entry(system.to_owned()).or_default().insert("spearman".to_owned(), correlation * 100.0);
        }
    }
    Ok(figures)
}

/// How alike `left[i]` and `right[i]` are by BM25 over all texts of the set: the score of each for the other as a share of its score for
/// itself, the mean of both ways. 0 for two texts without a word in common.
fn word_similarities(left: &[String], right: &[String]) -> Vec<f64> {
    let terms: Vec<Vec<String>> = left.iter().chain(right).map(|text| baseline_terms(text)).collect();
    let bm25 = Bm25::new(&terms);
    let share = |query: usize, document: usize| {
        let own = bm25.score(&terms[query], query);
        if own > 0.0 { f64::from(bm25.score(&terms[query], document) / own) } else { 0.0 }
    };
    (0..left.len()).map(|pair| f64::midpoint(share(pair, left.len() + pair), share(left.len() + pair, pair))).collect()
}

/// The same pairs in traditional Chinese script.
///
/// # Errors
/// When not one text changes: there is nothing Chinese to convert.
pub fn in_traditional_script(pairs: &[TextPair]) -> Result<Vec<TextPair>, EvalError> {
    let convert = |text: &String| to_traditional(text).into_owned();
    let converted: Vec<TextPair> =
        pairs.iter().map(|pair| TextPair { a: convert(&pair.a), b: convert(&pair.b), label: pair.label }).collect();
    if converted == pairs {
        return Err(EvalError::Unusable("no text changes in traditional script: leave --traditional out for this set".to_owned()));
    }
    Ok(converted)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::embed::fake::FakeEmbedder;

    fn pair(a: &str, b: &str, label: f64) -> TextPair {
        TextPair { a: a.to_owned(), b: b.to_owned(), label }
    }

    fn run(of: &[TextPair]) -> Result<SystemFigures, EvalError> {
        tokio::runtime::Builder::new_multi_thread().build().unwrap().block_on(pairs(&FakeEmbedder::default(), of))
    }

    #[test]
    fn both_systems_are_correlated() {
        let set = [
            pair("怎么申请退款", "怎么申请退款呢", 1.0),
            pair("快递到哪了", "快递到哪里了", 1.0),
            pair("怎么申请退款", "快递到哪了", 0.0),
            pair("开发票", "修改地址", 0.0),
        ];
        let figures = run(&set).unwrap();
        assert_eq!(figures.keys().collect::<Vec<_>>(), ["bm25", "dense"]);
        // Two labels over four pairs that are all told apart give at most 2 / √5.
        assert!(figures["dense"]["spearman"] > 80.0, "{figures:?}");
        assert!(figures["bm25"]["spearman"] > 80.0, "{figures:?}");
        let reversed: Vec<TextPair> = set.iter().map(|pair| TextPair { label: -pair.label, ..pair.clone() }).collect();
        assert!((run(&reversed).unwrap()["bm25"]["spearman"] + figures["bm25"]["spearman"]).abs() < 1e-9);
    }

    #[test]
    fn a_system_without_a_spread_has_no_figure() {
        let strangers = [pair("退款", "快递", 1.0), pair("发票", "refund", 0.0)];
        assert!(!run(&strangers).unwrap().contains_key(BM25));
        assert!(run(&[pair("a", "b", 1.0), pair("a", "c", 1.0)]).unwrap_err().to_string().contains("the same label"));
    }

    #[test]
    fn word_similarity_is_a_share_both_ways() {
        let texts = |of: &[&str]| of.iter().map(|&text| text.to_owned()).collect::<Vec<_>>();
        let found = word_similarities(&texts(&["refund fee", "refund", "!", "a b"]), &texts(&["refund fee", "refund fee", "!", "c d"]));
        assert!((found[0] - 1.0).abs() < 1e-6);
        assert!(found[1] > 0.0 && found[1] < 1.0);
        assert_eq!(found[2..], [0.0, 0.0]);
    }

    #[test]
    fn pairs_in_traditional_script() {
        let set = [pair("订单什么时候发货", "when will it ship", 0.5)];
        assert_eq!(in_traditional_script(&set).unwrap(), [pair("訂單什麼時候發貨", "when will it ship", 0.5)]);
        assert!(in_traditional_script(&[pair("when", "where", 1.0)]).unwrap_err().to_string().contains("--traditional"));
    }
}
