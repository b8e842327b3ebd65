//! Gathers candidates: six probes, one union, every candidate with every score.

use std::collections::HashMap;

use uuid::Uuid;

use crate::embed::EmbedError;
use crate::index::{DenseField, Hit, IndexError, IndexFilter, IndexPoint, PointPayload, Probe, SparseField, SparseVector, VectorIndex};

use super::encode::{EncodedQuery, QueryTerms, dot};

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
    /// What the conversation has been about ([`super::lexical::context_terms`]).
    pub context_terms: Vec<u32>,
}

#[cfg(test)]
impl Candidate {
    /// An archived Chinese answer of a desk "shop" that nothing speaks for, for tests.
    pub(crate) fn unlike(point: Uuid) -> Self {
        use crate::domain::{Language, PairKind, Pool};
        let payload = PointPayload {
            desk: "shop".parse().unwrap(),
            pool: Pool::Archive,
            kind: PairKind::Question,
            language: Language::Zh,
            source: point,
            conversation: None,
            answered_at: None,
            valid_from: None,
            valid_to: None,
            tags: Vec::new(),
        };
        Self {
            point,
            payload,
            question_cosine: 0.0,
            situation_cosine: 0.0,
            answer_cosine: 0.0,
            plain_question_cosine: 0.0,
            question_bm25: 0.0,
            situation_bm25: 0.0,
            answer_bm25: 0.0,
            words: [0.0; 3],
            answer_vector: Vec::new(),
        }
    }
}

/// What was found by words: hits on question, situation and answer.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct WordHits([Vec<Hit>; 3]);

/// Asks the index by words with `probes`. Needs no vector, so it can be done while the encoder works.
pub async fn search_words(
    index: &dyn VectorIndex,
    filter: &IndexFilter,
    terms: &QueryTerms,
    probes: Probes,
    per_probe: usize,
) -> Result<WordHits, RetrieveError> {
    let all =
        [(SparseField::Question, &terms.question), (SparseField::Situation, &terms.situation), (SparseField::Answer, &terms.question)];
    let asked = all.into_iter().zip(probes.sparse).filter(|(_, asked)| *asked);
    let wanted = asked.map(|((field, terms), _)| Probe::Sparse(field, terms.clone())).collect();
    let mut found = index.search(filter, wanted, per_probe).await?.into_iter();
    Ok(WordHits(probes.sparse.map(|asked| if asked { found.next().unwrap_or_default() } else { Vec::new() })))
}

/// Asks the index by vectors with `probes` and unites the hits with those by words; `per_probe` hits are taken from each probe. Cosines of
/// probes that are not asked are 0.
pub async fn retrieve(
    index: &dyn VectorIndex,
    filter: &IndexFilter,
    query: &EncodedQuery,
    words: &WordHits,
    probes: Probes,
    per_probe: usize,
) -> Result<CandidateSearch, RetrieveError> {
    let dense = |field: DenseField, vector: &Vec<f32>, asked: bool| asked.then(|| Probe::Dense(field, vector.clone()));
    let [question, situation, answer] = probes.dense;
    // Two calls, which the index answers side by side.
    let first = [dense(DenseField::Question, &query.question, question), dense(DenseField::Answer, &query.answer, answer)];
    let first = first.into_iter().flatten().collect();
    let second = dense(DenseField::Situation, &query.situation, situation).into_iter().collect();
    let (first, second) = futures::try_join!(index.search(filter, first, per_probe), index.search(filter, second, per_probe))?;
    let mut ids: Vec<Uuid> = first.iter().chain(&second).chain(&words.0).flatten().map(|hit| hit.id).collect();
    ids.sort_unstable();
    ids.dedup();
    let points = index.fetch(&filter.desk, &ids).await?;
    let [question, situation, answer] =
        words.0.each_ref().map(|hits| -> HashMap<Uuid, f32> { hits.iter().map(|hit| (hit.id, hit.score)).collect() });
    let best = |list: usize| words.0[list].first().map_or(0.0, |hit| hit.score);
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
        words: [
            shared_words(&query.terms.question, &point.sparse[0]),
            shared_words(&query.terms.situation, &point.sparse[1]),
            shared_words(&query.terms.question, &point.sparse[2]),
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
        best_question_bm25: best(0),
        best_situation_bm25: best(1),
        best_answer_bm25: best(2),
        question_terms: query.terms.question.terms.len(),
        has_previous: query.has_previous,
        context_terms: query.context_terms.clone(),
    })
}

/// Share of `asked`'s terms that `found` has; both are in ascending order of terms.
fn shared_words(asked: &SparseVector, found: &SparseVector) -> f32 {
    let shared = asked.terms.iter().filter(|term| found.terms.binary_search(term).is_ok()).count();
    shared as f32 / asked.terms.len().max(1) as f32
}
