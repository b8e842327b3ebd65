//! What the ranker looks at, per candidate. Names are those of the weights file; order does not matter there.
//!
//! How much words, vectors and the match of question and answer count depends on the query. In the course of a conversation the situation
//! decides; a question that stands alone is met by its sense, by its words, or by what the answer says, and which of them serves follows from
//! how well the vectors know it and how long it is. So each of the six measures of likeness ([`LIKENESS_NAMES`]) occurs once for itself and
//! once times each of the [`Gates`]; a linear model of these is a linear mix whose weights follow from the query.

use crate::domain::{EntryContent, Language, Outcome, PairKind, Pool, Timestamp};
use crate::retrieve::CandidateSearch;
use crate::retrieve::lexical::context_likeness;

/// Measures of how alike a candidate and the query are: cosines and BM25 as a share of the best.
pub const LIKENESS_NAMES: [&str; LIKENESSES] =
    ["question_cosine", "situation_cosine", "answer_cosine", "question_bm25_share", "situation_bm25_share", "answer_bm25_share"];
const LIKENESSES: usize = 6;

/// What of a query decides how its candidates' likeness is weighed; each lies in 0–1.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Gates {
    /// 1 when nothing was said before the customer's turn, so that the question stands alone; else 0.
    pub first: f32,
    /// Best cosine of a question, unadapted: how well the vectors know what is asked.
    pub best: f32,
    /// How many different words are asked: one half at [`LENGTH_HALF`].
    pub length: f32,
}

/// Number of gates.
const GATES: usize = 3;
/// Gates of a usual moment, which lies in the course of a conversation; where one weight must stand for all queries, it is taken there.
pub const USUAL_GATES: Gates = Gates { first: 0.0, best: 0.6, length: 0.5 };
/// Different words of a question at which the gate of its length reaches one half.
const LENGTH_HALF: f32 = 5.0;

/// Number of features.
pub const FEATURE_COUNT: usize = LIKENESSES * (1 + GATES) + 16;

/// Names, in the order of a feature vector.
pub const FEATURE_NAMES: [&str; FEATURE_COUNT] = [
    LIKENESS_NAMES[0],
    LIKENESS_NAMES[1],
    LIKENESS_NAMES[2],
    LIKENESS_NAMES[3],
    LIKENESS_NAMES[4],
    LIKENESS_NAMES[5],
    "question_cosine*first",
    "situation_cosine*first",
    "answer_cosine*first",
    "question_bm25_share*first",
    "situation_bm25_share*first",
    "answer_bm25_share*first",
    "question_cosine*first_best",
    "situation_cosine*first_best",
    "answer_cosine*first_best",
    "question_bm25_share*first_best",
    "situation_bm25_share*first_best",
    "answer_bm25_share*first_best",
    "question_cosine*first_length",
    "situation_cosine*first_length",
    "answer_cosine*first_length",
    "question_bm25_share*first_length",
    "situation_bm25_share*first_length",
    "answer_bm25_share*first_length",
    "question_bm25",
    "situation_bm25",
    "question_words",
    "situation_words",
    "answer_words",
    "kind_match",
    "answer_quality",
    "knowledge",
    "language_match",
    "thanked",
    "repeated",
    "corrected",
    "recency",
    "answer_length",
    "context_words",
    "consensus",
];

/// Places of the features that are gated.
pub const GATED: std::ops::Range<usize> = LIKENESSES..LIKENESSES * (1 + GATES);
/// Place of the share of the question's words.
pub const QUESTION_WORDS: usize = LIKENESSES * (1 + GATES) + 2;
/// Place of whether the answer was given to the kind of turn that is asked.
pub const KIND_MATCH: usize = QUESTION_WORDS + 3;
/// Place of how long the answer is.
pub const ANSWER_LENGTH: usize = FEATURE_COUNT - 3;
/// Place of how much the conversations had been about the same.
pub const CONTEXT_WORDS: usize = FEATURE_COUNT - 2;
/// Place of the consensus feature, which only the second stage sees.
pub const CONSENSUS: usize = FEATURE_COUNT - 1;

/// BM25 score at which the saturating feature reaches one half.
const BM25_HALF: f32 = 10.0;

/// Days after which the recency feature has fallen to one half.
const RECENCY_HALF_LIFE_DAYS: f64 = 180.0;

/// What the store knows of a candidate.
#[derive(Debug, Clone, PartialEq)]
pub struct Source {
    /// What is known to have happened after the answer; entries: nothing.
    pub outcome: Outcome,
    /// Probability that the reply answers (entries: 1).
    pub answer_quality: f32,
    /// The answer's text, masked.
    pub answer: String,
    /// The question it was given to, masked.
    pub question: String,
    /// Who answered.
    pub answered_by: Option<String>,
    /// What the conversation had been about ([`crate::retrieve::lexical::context_terms`]); entries: nothing.
    pub context_terms: Vec<u32>,
}

impl Source {
    /// What is known of an entry under one of its wordings.
    #[must_use]
    pub fn of_entry(entry: &EntryContent, question: &str) -> Self {
        Self {
            outcome: Outcome::default(),
            answer_quality: 1.0,
            answer: entry.answer.clone(),
            question: question.to_owned(),
            answered_by: entry.owner.clone(),
            context_terms: Vec::new(),
        }
    }
}

/// What the moment says about the answers wanted.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Wanted {
    /// Kind of pair that fits the customer's turn.
    pub kind: PairKind,
    /// Language wanted.
    pub language: Language,
    /// The present.
    pub now: Timestamp,
}

impl Gates {
    /// The gates of the query that found these candidates.
    #[must_use]
    pub fn of(search: &CandidateSearch) -> Self {
        let terms = search.question_terms as f32;
        Self {
            first: flag(!search.has_previous),
            best: search.candidates.iter().map(|candidate| candidate.plain_question_cosine).fold(0.0, f32::max),
            length: terms / (terms + LENGTH_HALF),
        }
    }

    /// In the course of a conversation the mix is one and the same; best cosine and length matter to questions that stand alone.
    const fn in_order(self) -> [f32; GATES] {
        [self.first, self.first * self.best, self.first * self.length]
    }

    /// What one unit of a measure of likeness (its place in [`LIKENESS_NAMES`]) is worth to `weights` here.
    #[must_use]
    pub fn weight(self, weights: &[f32; FEATURE_COUNT], likeness: usize) -> f32 {
        let gated = (1..).zip(self.in_order()).map(|(block, gate)| weights[block * LIKENESSES + likeness] * gate);
        weights[likeness] + gated.sum::<f32>()
    }
}

/// Computes the features of all candidates (consensus still 0); `sources` has one element per candidate.
#[must_use]
pub fn features(search: &CandidateSearch, sources: &[&Source], wanted: Wanted) -> Vec<[f32; FEATURE_COUNT]> {
    let gates = Gates::of(search).in_order();
    let share = |score: f32, best: f32| if best > 0.0 { score / best } else { 0.0 };
    let saturate = |score: f32| score / (score + BM25_HALF);
    let contexts = beside_the_others(&search.context_terms, sources);
    let rows = search.candidates.iter().zip(sources).zip(contexts).map(|((candidate, source), context)| {
        let likeness: [f32; LIKENESSES] = [
            candidate.question_cosine,
            candidate.situation_cosine,
            candidate.answer_cosine,
            share(candidate.question_bm25, search.best_question_bm25),
            share(candidate.situation_bm25, search.best_situation_bm25),
            share(candidate.answer_bm25, search.best_answer_bm25),
        ];
        let others = [
            saturate(candidate.question_bm25),
            saturate(candidate.situation_bm25),
            candidate.words[0],
            candidate.words[1],
            candidate.words[2],
            flag(candidate.payload.kind == wanted.kind),
            source.answer_quality,
            flag(candidate.payload.pool == Pool::Knowledge),
            flag(candidate.payload.language == wanted.language),
            flag(source.outcome.thanked),
            flag(source.outcome.repeated),
            flag(source.outcome.corrected),
            recency(candidate.payload.answered_at, wanted.now),
            length(&source.answer),
            context,
        ];
        let mut row = [0.0; FEATURE_COUNT];
        let gated = gates.iter().flat_map(|gate| likeness.iter().map(move |value| value * gate));
        for (place, value) in row.iter_mut().zip(likeness.iter().copied().chain(gated).chain(others)) {
            *place = value;
        }
        row
    });
    rows.collect()
}

/// How much more each candidate's conversation had been about the same than the candidates' conversations on average. An entry belongs to none, nor is that of
/// a pair known which an earlier version mined: 0, neither favoured nor held back.
fn beside_the_others(asked: &[u32], sources: &[&Source]) -> Vec<f32> {
    let likeness = |source: &&Source| (!source.context_terms.is_empty()).then(|| context_likeness(asked, &source.context_terms));
    let found: Vec<Option<f32>> = sources.iter().map(likeness).collect();
    let known = found.iter().flatten().count().max(1) as f32;
    let mean = found.iter().flatten().sum::<f32>() / known;
    found.into_iter().map(|value| value.map_or(0.0, |value| value - mean)).collect()
}

/// 1 for true.
pub(super) fn flag(is: bool) -> f32 {
    if is { 1.0 } else { 0.0 }
}

fn recency(answered_at: Option<Timestamp>, now: Timestamp) -> f32 {
    answered_at.map_or(0.0, |at| 0.5f64.powf((now.seconds_since(at) / 86_400.0).max(0.0) / RECENCY_HALF_LIFE_DAYS) as f32)
}

/// 0 for an empty answer, 1 from about 60 characters on: one-word answers can seldom be used again.
fn length(answer: &str) -> f32 {
    (answer.chars().take(60).count() as f32 / 60.0).sqrt()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gated_names_stand_where_gated_values_do() {
        for (block, gate) in (1..).zip(["first", "first_best", "first_length"]) {
            for (place, name) in LIKENESS_NAMES.iter().enumerate() {
                assert_eq!(FEATURE_NAMES[block * LIKENESSES + place], format!("{name}*{gate}"));
            }
        }
        let places = [QUESTION_WORDS, KIND_MATCH, ANSWER_LENGTH, CONTEXT_WORDS, CONSENSUS];
        let names = ["question_words", "kind_match", "answer_length", "context_words", "consensus"];
        assert_eq!(places.map(|place| FEATURE_NAMES[place]), names);
    }

    #[test]
    fn contexts_are_compared_with_each_other_and_entries_have_none() {
        let source = |context_terms: &[u32]| Source {
            outcome: Outcome::default(),
            answer_quality: 1.0,
            answer: String::new(),
            question: String::new(),
            answered_by: None,
            context_terms: context_terms.to_vec(),
        };
        let (same, other, entry) = (source(&[1, 2]), source(&[3, 4]), source(&[]));
        assert_eq!(beside_the_others(&[1, 2], &[&same, &other, &entry]), [0.5, -0.5, 0.0]);
        assert_eq!(beside_the_others(&[1, 2], &[&entry, &entry]), [0.0, 0.0]);
        assert_eq!(beside_the_others(&[], &[&same, &other]), [0.0, 0.0]);
    }

    #[test]
    fn the_weight_of_a_likeness_follows_from_the_query() {
        let mut weights = [0.0; FEATURE_COUNT];
        let place = |name: &str| FEATURE_NAMES.iter().position(|feature| *feature == name).unwrap();
        weights[place("question_bm25_share")] = 3.0;
        weights[place("question_bm25_share*first_length")] = -4.0;
        weights[place("question_cosine*first_best")] = 2.0;
        let gates = |best: f32, length: f32| Gates { first: 1.0, best, length };
        assert!((gates(0.5, 0.0).weight(&weights, 3) - 3.0).abs() < 1e-6);
        assert!((gates(0.5, 0.5).weight(&weights, 3) - 1.0).abs() < 1e-6);
        assert!((gates(0.5, 0.5).weight(&weights, 0) - 1.0).abs() < 1e-6);
        assert!((Gates { first: 0.0, ..gates(0.5, 0.5) }.weight(&weights, 3) - 3.0).abs() < 1e-6, "not in the course of a conversation");
    }
}
