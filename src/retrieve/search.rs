//! Gathers candidates: six probes, one union, every candidate with every score.

use std::collections::HashMap;

use uuid::Uuid;

use crate::embed::EmbedError;
use crate::index::{DenseField, IndexError, IndexFilter, IndexPoint, PointPayload, Probe, SparseField, SparseVector, VectorIndex};

use super::encode::{EncodedQuery, dot};

/// Why there are no candidates.
#[derive(Debug, thiserror::Error)]
pub enum RetrieveError {
    /// No vector.
    #[error(transparent)]
    Embed(#[from] EmbedError),
    /// The index did not answer.
    #[error(transparent)]
    Index(#[from] IndexError),
}

/// One point that may hold the answer, with everything the ranker looks at.
#[derive(Debug, Clone, PartialEq)]
pub struct Candidate {
    /// The point.
    pub point: Uuid,
    /// What is filtered on; names the pair or entry.
    pub payload: PointPayload,
    /// Cosine of the questions.
    pub question_cosine: f32,
    /// Cosine of the situations.
    pub situation_cosine: f32,
    /// Cosine of the query's question and the answer; with an adapter, of the situation and weighted.
    pub answer_cosine: f32,
    /// Cosine of the questions as the encoder made them.
    pub plain_question_cosine: f32,
    /// BM25 of the questions, 0 when not among the best.
    pub question_bm25: f32,
    /// BM25 of the situations, 0 when not among the best.
    pub situation_bm25: f32,
    /// BM25 of the query's question against the answer, 0 when not among the best.
    pub answer_bm25: f32,
    /// Share of the query's different terms that stand in the question, in the situation (of the situation's terms) and in the answer.
    pub words: [f32; 3],
    /// Dense vector of the answer, for grouping and consensus.
    pub answer_vector: Vec<f32>,
}

/// Candidates of one query and the best sparse scores seen, to which the candidates' are compared.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct CandidateSearch {
    /// The candidates, in no particular order.
    pub candidates: Vec<Candidate>,
    /// Best BM25 of the questions.
    pub best_question_bm25: f32,
    /// Best BM25 of the situations.
    pub best_situation_bm25: f32,
    /// Best BM25 of the answers.
    pub best_answer_bm25: f32,
    /// Different terms of the query's question.
    pub question_terms: usize,
    /// Whether something was said before the customer's turn: only then is the situation another thing than the turn.
    pub has_previous: bool,
}

/// Asks the index with every probe and unites the hits; `per_probe` hits are taken from each.
pub async fn retrieve(
    index: &dyn VectorIndex,
    filter: &IndexFilter,
    query: &EncodedQuery,
    per_probe: usize,
) -> Result<CandidateSearch, RetrieveError> {
    let probes = vec![
        Probe::Dense(DenseField::Question, query.question.clone()),
        Probe::Dense(DenseField::Situation, query.situation.clone()),
        Probe::Dense(DenseField::Answer, query.answer.clone()),
        Probe::Sparse(SparseField::Question, query.question_terms.clone()),
        Probe::Sparse(SparseField::Situation, query.situation_terms.clone()),
        Probe::Sparse(SparseField::Answer, query.question_terms.clone()),
    ];
    let lists = index.search(filter, probes, per_probe).await?;
    let mut ids: Vec<Uuid> = lists.iter().flatten().map(|hit| hit.id).collect();
    ids.sort_unstable();
    ids.dedup();
    let points = index.fetch(&filter.desk, &ids).await?;
    let scores = |list: usize| -> HashMap<Uuid, f32> { lists.get(list).into_iter().flatten().map(|hit| (hit.id, hit.score)).collect() };
    let (question, situation, answer) = (scores(3), scores(4), scores(5));
    let best = |list: usize| lists.get(list).and_then(|hits| hits.first()).map_or(0.0, |hit| hit.score);
    let score = |scores: &HashMap<Uuid, f32>, point: &IndexPoint| scores.get(&point.id).copied().unwrap_or(0.0);
    let candidates = points.into_iter().map(|point| Candidate {
        question_cosine: dot(&query.question, &point.dense[0]),
        situation_cosine: dot(&query.situation, &point.dense[1]),
        answer_cosine: dot(&query.answer, &point.dense[2]),
        plain_question_cosine: dot(&query.plain_question, &point.dense[0]),
        question_bm25: score(&question, &point),
        situation_bm25: score(&situation, &point),
        answer_bm25: score(&answer, &point),
        words: [
            shared_words(&query.question_terms, &point.sparse[0]),
            shared_words(&query.situation_terms, &point.sparse[1]),
            shared_words(&query.question_terms, &point.sparse[2]),
        ],
        point: point.id,
        payload: point.payload,
        answer_vector: {
            let [_, _, answer] = point.dense;
            answer
        },
    });
    Ok(CandidateSearch {
        candidates: candidates.collect(),
        best_question_bm25: best(3),
        best_situation_bm25: best(4),
        best_answer_bm25: best(5),
        question_terms: query.question_terms.terms.len(),
        has_previous: query.has_previous,
    })
}

/// Share of `asked`'s terms that `found` has; both are in ascending order of terms.
fn shared_words(asked: &SparseVector, found: &SparseVector) -> f32 {
    let shared = asked.terms.iter().filter(|term| found.terms.binary_search(term).is_ok()).count();
    shared as f32 / asked.terms.len().max(1) as f32
}
