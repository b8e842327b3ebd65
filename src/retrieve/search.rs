//! Gathers candidates: six probes, one union, every candidate with every score.

use std::collections::HashMap;

use uuid::Uuid;

use crate::embed::EmbedError;
use crate::index::{DenseField, IndexError, IndexFilter, IndexPoint, PointPayload, Probe, SparseField, VectorIndex};

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

/// Which probes are asked, in the order of the index's fields: question, situation, answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Probes {
    /// By vectors.
    pub dense: [bool; 3],
    /// By words.
    pub sparse: [bool; 3],
}

impl Probes {
    /// All six, as the product asks.
    pub const ALL: Self = Self { dense: [true; 3], sparse: [true; 3] };
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
}

/// Asks the index with `probes` and unites the hits; `per_probe` hits are taken from each. Scores of probes that are not asked are 0.
pub async fn retrieve(
    index: &dyn VectorIndex,
    filter: &IndexFilter,
    query: &EncodedQuery,
    probes: Probes,
    per_probe: usize,
) -> Result<CandidateSearch, RetrieveError> {
    let all = [
        Probe::Dense(DenseField::Question, query.question.clone()),
        Probe::Dense(DenseField::Situation, query.situation.clone()),
        Probe::Dense(DenseField::Answer, query.answer.clone()),
        Probe::Sparse(SparseField::Question, query.question_terms.clone()),
        Probe::Sparse(SparseField::Situation, query.situation_terms.clone()),
        Probe::Sparse(SparseField::Answer, query.question_terms.clone()),
    ];
    let asked: Vec<bool> = probes.dense.into_iter().chain(probes.sparse).collect();
    let wanted = all.into_iter().zip(&asked).filter(|(_, asked)| **asked).map(|(probe, _)| probe).collect();
    let mut found = index.search(filter, wanted, per_probe).await?.into_iter();
    let lists: Vec<_> = asked.iter().map(|&asked| if asked { found.next().unwrap_or_default() } else { Vec::new() }).collect();
    let mut ids: Vec<Uuid> = lists.iter().flatten().map(|hit| hit.id).collect();
    ids.sort_unstable();
    ids.dedup();
    let points = index.fetch(&filter.desk, &ids).await?;
    let scores = |list: usize| -> HashMap<Uuid, f32> { lists.get(list).into_iter().flatten().map(|hit| (hit.id, hit.score)).collect() };
    let (question, situation, answer) = (scores(3), scores(4), scores(5));
    let best = |list: usize| lists.get(list).and_then(|hits| hits.first()).map_or(0.0, |hit| hit.score);
    let score = |scores: &HashMap<Uuid, f32>, point: &IndexPoint| scores.get(&point.id).copied().unwrap_or(0.0);
    let cosine = |field: usize, query: &[f32], point: &IndexPoint| if probes.dense[field] { dot(query, &point.dense[field]) } else { 0.0 };
    let candidates = points.into_iter().map(|point| Candidate {
        question_cosine: cosine(0, &query.question, &point),
        situation_cosine: cosine(1, &query.situation, &point),
        answer_cosine: cosine(2, &query.answer, &point),
        plain_question_cosine: dot(&query.plain_question, &point.dense[0]),
        question_bm25: score(&question, &point),
        situation_bm25: score(&situation, &point),
        answer_bm25: score(&answer, &point),
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
    })
}
