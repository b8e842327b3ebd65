//! What the ranker looks at, per candidate. Names are those of the weights file; order does not matter there.

use crate::domain::{Language, PairKind, Pool, Timestamp};
use crate::retrieve::{Candidate, CandidateSearch};

/// Number of features.
pub const FEATURE_COUNT: usize = 20;

/// Names, in the order of a feature vector.
pub const FEATURE_NAMES: [&str; FEATURE_COUNT] = [
    "question_cosine",
    "situation_cosine",
    "answer_cosine",
    "question_cosine_margin",
    "situation_cosine_margin",
    "question_bm25_share",
    "situation_bm25_share",
    "answer_bm25_share",
    "question_bm25",
    "situation_bm25",
    "kind_match",
    "answer_quality",
    "knowledge",
    "language_match",
    "thanked",
    "repeated",
    "corrected",
    "recency",
    "answer_length",
    "consensus",
];

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
    pub outcome: crate::domain::Outcome,
    /// Probability that the reply answers (entries: 1).
    pub answer_quality: f32,
    /// The answer's text, masked.
    pub answer: String,
    /// The question it was given to, masked.
    pub question: String,
    /// Who answered.
    pub answered_by: Option<String>,
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

/// Computes the features of all candidates (consensus still 0); `sources` has one element per candidate.
#[must_use]
pub fn features(search: &CandidateSearch, sources: &[&Source], wanted: Wanted) -> Vec<[f32; FEATURE_COUNT]> {
    let best = |value: fn(&Candidate) -> f32| search.candidates.iter().map(value).fold(f32::MIN, f32::max);
    let best_question = best(|candidate| candidate.question_cosine);
    let best_situation = best(|candidate| candidate.situation_cosine);
    let share = |score: f32, best: f32| if best > 0.0 { score / best } else { 0.0 };
    let saturate = |score: f32| score / (score + BM25_HALF);
    let rows = search.candidates.iter().zip(sources).map(|(candidate, source)| {
        [
            candidate.question_cosine,
            candidate.situation_cosine,
            candidate.answer_cosine,
            candidate.question_cosine - best_question,
            candidate.situation_cosine - best_situation,
            share(candidate.question_bm25, search.best_question_bm25),
            share(candidate.situation_bm25, search.best_situation_bm25),
            share(candidate.answer_bm25, search.best_answer_bm25),
            saturate(candidate.question_bm25),
            saturate(candidate.situation_bm25),
            flag(candidate.payload.kind == wanted.kind),
            source.answer_quality,
            flag(candidate.payload.pool == Pool::Knowledge),
            flag(candidate.payload.language == wanted.language),
            flag(source.outcome.thanked),
            flag(source.outcome.repeated),
            flag(source.outcome.corrected),
            recency(candidate.payload.answered_at, wanted.now),
            length(&source.answer),
            0.0,
        ]
    });
    rows.collect()
}

fn flag(is: bool) -> f32 {
    if is { 1.0 } else { 0.0 }
}

fn recency(answered_at: Option<Timestamp>, now: Timestamp) -> f32 {
    answered_at.map_or(0.0, |at| 0.5f64.powf((now.seconds_since(at) / 86_400.0).max(0.0) / RECENCY_HALF_LIFE_DAYS) as f32)
}

/// 0 for an empty answer, 1 from about 60 characters on: one-word answers can seldom be used again.
fn length(answer: &str) -> f32 {
    (answer.chars().take(60).count() as f32 / 60.0).sqrt()
}
