//! Sparse vectors for BM25 (Robertson & Zaragoza 2009): the stored value of a term is its saturated, length-normalised frequency, the
//! query's value is its frequency, the index supplies the inverse document frequency.

use std::collections::BTreeMap;

use crate::index::SparseVector;
use crate::text::segment::terms;

/// Term-frequency saturation.
const K1: f32 = 1.2;
/// Strength of length normalisation.
const B: f32 = 0.75;

/// Average number of terms the length normalisation refers to. A constant, so that a stored vector does not depend on what else is in the
/// index; BM25 is insensitive to it (it only shifts where long texts begin to be held back).
#[derive(Debug, Clone, Copy)]
pub struct AverageTerms(pub f32);

/// For questions.
pub const QUESTION_TERMS: AverageTerms = AverageTerms(10.0);
/// For situations (what was said before, and the turn).
pub const SITUATION_TERMS: AverageTerms = AverageTerms(24.0);
/// For answers.
pub const ANSWER_TERMS: AverageTerms = AverageTerms(30.0);

/// The stored vector of a text.
#[must_use]
pub fn document_vector(text: &str, average: AverageTerms) -> SparseVector {
    let counts = counts(text);
    let length: f32 = counts.values().sum();
    let norm = K1 * (1.0 - B + B * length / average.0);
    let (terms, values) = counts.into_iter().map(|(term, count)| (term, count * (K1 + 1.0) / (count + norm))).unzip();
    SparseVector { terms, values }
}

/// The query vector of a text.
#[must_use]
pub fn query_vector(text: &str) -> SparseVector {
    let (terms, values) = counts(text).into_iter().unzip();
    SparseVector { terms, values }
}

fn counts(text: &str) -> BTreeMap<u32, f32> {
    let mut counts = BTreeMap::new();
    for term in terms(text) {
        *counts.entry(term_id(&term)).or_insert(0.0) += 1.0;
    }
    counts
}

/// 32-bit FNV-1a of the term's UTF-8 bytes. Two of 100,000 terms collide about once; a collision costs a little precision, never an error.
#[must_use]
pub fn term_id(term: &str) -> u32 {
    term.bytes().fold(0x811c_9dc5, |hash, byte| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn term_ids_are_strictly_increasing_and_longer_texts_weigh_less_per_term() {
        let short = document_vector("退货 运费", QUESTION_TERMS);
        let long = document_vector("退货 运费 你们 仓库 收到 以后 一般 需要 处理 多久 才能 到账 原路 返回 银行卡", QUESTION_TERMS);
        assert!(short.terms.windows(2).all(|pair| pair[0] < pair[1]));
        let id = term_id("退货");
        let value = |vector: &SparseVector| {
            vector.terms.iter().position(|&term| term == id).map(|at| vector.values[at]).expect("the term is there")
        };
        assert!(value(&short) > value(&long));
    }
}
