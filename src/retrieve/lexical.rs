//! Sparse vectors for BM25 (Robertson & Zaragoza 2009): the stored value of a term is its saturated, length-normalised frequency, the
//! query's value is its frequency, the index supplies the inverse document frequency.

use std::collections::{BTreeMap, BTreeSet};

use crate::index::SparseVector;
use crate::text::moment::Moment;
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

/// Most terms kept of what a conversation had been about: more than nine in ten moments have fewer.
const MAX_CONTEXT_TERMS: usize = 128;

/// What a conversation had been about: the different terms of a moment's turn, of what was said just before and of the turns before that, in
/// ascending order; of a long conversation those said last.
#[must_use]
pub fn context_terms(moment: &Moment) -> Vec<u32> {
    let said = [&moment.turn, &moment.previous].into_iter().chain(moment.earlier.iter().map(|turn| &turn.text));
    let mut found = BTreeSet::new();
    for text in said {
        for term in terms(text) {
            if found.len() == MAX_CONTEXT_TERMS {
                return found.into_iter().collect();
            }
            found.insert(term_id(&term));
        }
    }
    found.into_iter().collect()
}

/// How much two conversations had been about the same: the cosine of their terms, each counted once (Ochiai's coefficient), 0–1. Both are in ascending
/// order.
#[must_use]
pub fn context_likeness(a: &[u32], b: &[u32]) -> f32 {
    if a.is_empty() || b.is_empty() {
        return 0.0;
    }
    let (mut rest, mut shared) = (b, 0usize);
    for term in a {
        let smaller = rest.partition_point(|other| other < term);
        rest = &rest[smaller..];
        shared += usize::from(rest.first() == Some(term));
    }
    shared as f32 / ((a.len() * b.len()) as f32).sqrt()
}

/// 32-bit FNV-1a of the term's UTF-8 bytes. Two of 100,000 terms collide about once; a collision costs a little precision, never an error.
#[must_use]
pub fn term_id(term: &str) -> u32 {
    term.bytes().fold(0x811c_9dc5, |hash, byte| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Role;
    use crate::text::moment::Line;

    fn moment(lines: &[(Role, &str)]) -> Moment {
        let lines: Vec<Line<'_>> = lines.iter().map(|&(role, text)| Line { role, text, at: None }).collect();
        Moment::of(&lines).unwrap()
    }

    #[test]
    fn a_conversation_is_about_all_that_was_said_in_it() {
        let before = [(Role::Customer, "想租一套公寓"), (Role::Agent, "预算多少?"), (Role::Customer, "三千"), (Role::Agent, "哪个区?")];
        let all = context_terms(&moment(&[&before[..], &[(Role::Customer, "浦东")]].concat()));
        for word in ["公寓", "预算", "浦东"] {
            assert!(all.contains(&term_id(word)), "{word}");
        }
        assert!(all.windows(2).all(|pair| pair[0] < pair[1]));
        assert!(!context_terms(&moment(&[(Role::Customer, "浦东")])).contains(&term_id("公寓")));
        let words: Vec<String> = (0..200).map(|number| format!("word{number}")).collect();
        let long = context_terms(&moment(&[&before[..], &[(Role::Customer, &words.join(" "))]].concat()));
        assert_eq!(long.len(), MAX_CONTEXT_TERMS);
        assert!(!long.contains(&term_id("预算")), "what was said last is kept");
    }

    #[test]
    fn likeness_of_contexts_is_the_cosine_of_their_terms() {
        assert_eq!(context_likeness(&[1, 4, 9], &[1, 4, 9]), 1.0);
        assert_eq!(context_likeness(&[1, 4, 9, 12], &[4]), 0.5);
        assert_eq!(context_likeness(&[1, 4], &[2, 3, 5]), 0.0);
        assert_eq!(context_likeness(&[], &[1]), 0.0);
    }

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
