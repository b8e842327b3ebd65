//! How texts become the vectors of the index: one place for documents and queries, so that they always match.
//!
//! A *situation* is where a conversation stands: the customer's turn and what the company had said just before. Its dense vector is the
//! normalised weighted sum of the two texts' vectors, which costs no further forward pass (both texts recur all the time and are cached) and
//! keeps the turn from being drowned by a long agent message before it.

use std::sync::Arc;

use crate::domain::PairDraft;
use crate::embed::{EmbedError, Embedder, Lane, TextKind};
use crate::index::SparseVector;
use crate::text::moment::{EarlierTurn, Moment};

use super::adapter::{Adapter, ScoreScale};
use super::lexical::{ANSWER_TERMS, QUESTION_TERMS, SITUATION_TERMS, context_terms, document_vector, query_vector};
use super::replies::Forecast;

/// Weight of the customer's turn in a situation; the rest is what was said before.
const TURN_WEIGHT: f32 = 0.6;

/// The texts of one archived pair or entry variant, masked.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct DocumentText {
    /// The standalone question.
    pub question: String,
    /// The customer's turn as said.
    pub turn: String,
    /// What was said just before; may be empty.
    pub previous: String,
    /// The answer.
    pub answer: String,
}

/// The vectors of one document, in the order of the index's fields.
#[derive(Debug, Clone, PartialEq)]
pub struct EncodedDocument {
    /// Question, situation, answer.
    pub dense: [Vec<f32>; 3],
    /// Terms of question, situation, answer.
    pub sparse: [SparseVector; 3],
}

/// The texts of a live moment, masked.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct QueryText {
    /// The standalone question.
    pub question: String,
    /// The customer's turn as said.
    pub turn: String,
    /// What was said just before; may be empty.
    pub previous: String,
    /// What was said before that, latest first. Only an adapter looks at it.
    pub earlier: Vec<EarlierTurn>,
    /// What the conversation has been about ([`context_terms`]).
    pub context_terms: Vec<u32>,
}

impl QueryText {
    /// The texts of a moment.
    #[must_use]
    pub fn of(moment: &Moment) -> Self {
        Self {
            question: moment.question.clone(),
            turn: moment.turn.clone(),
            previous: moment.previous.clone(),
            earlier: moment.earlier.clone(),
            context_terms: context_terms(moment),
        }
    }

    /// The texts of an archived moment; of what was said further back only the terms.
    #[must_use]
    pub fn of_pair(pair: &PairDraft) -> Self {
        Self {
            question: pair.question.clone(),
            turn: pair.turn.clone(),
            previous: pair.previous.clone(),
            earlier: Vec::new(),
            context_terms: pair.context_terms.clone(),
        }
    }
}

/// What led up to a moment, as one vector: the mean of the earlier turns' vectors, each weighing [`HISTORY_DECAY`] of the one after it.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct History {
    /// Of length 1; empty where nothing was said before.
    pub vector: Vec<f32>,
    /// Turns it is made of.
    pub turns: usize,
}

/// Weight of a turn in a history, compared with the turn after it.
const HISTORY_DECAY: f32 = 0.7;

impl History {
    /// Sums turns up, latest first.
    #[must_use]
    pub fn of<'a>(turns: impl Iterator<Item = &'a [f32]>) -> Self {
        let (mut history, mut weight) = (Self::default(), 1.0);
        for turn in turns {
            history.vector.resize(turn.len(), 0.0);
            for (sum, value) in history.vector.iter_mut().zip(turn) {
                *sum += weight * value;
            }
            weight *= HISTORY_DECAY;
            history.turns += 1;
        }
        normalise(&mut history.vector);
        history
    }
}

/// The terms of one live moment.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct QueryTerms {
    /// Of the question; answers are asked with them, too.
    pub question: SparseVector,
    /// Of the situation.
    pub situation: SparseVector,
}

impl QueryTerms {
    /// The terms of a moment's texts.
    #[must_use]
    pub fn of(text: &QueryText) -> Self {
        Self { question: query_vector(&text.question), situation: query_vector(&situation_text(&text.previous, &text.turn)) }
    }
}

/// The vectors of one live moment.
#[derive(Debug, Clone, PartialEq)]
pub struct EncodedQuery {
    /// Dense vector the archived questions are asked with.
    pub question: Vec<f32>,
    /// Dense vector the archived situations are asked with.
    pub situation: Vec<f32>,
    /// Dense vector the archived answers are asked with; longer than 1 where an adapter trusts it more.
    pub answer: Vec<f32>,
    /// Dense vector of the question as the encoder made it: tells whether the archive knows anything like it.
    pub plain_question: Vec<f32>,
    /// What led up to the moment; empty unless an adapter looks at it.
    pub history: History,
    /// What an adapter expects the reply to be like.
    pub forecast: Option<Arc<Forecast>>,
    /// What it asks by words.
    pub terms: QueryTerms,
    /// Whether something was said before the turn.
    pub has_previous: bool,
    /// What the conversation has been about ([`context_terms`]).
    pub context_terms: Vec<u32>,
    /// How the ranking's scores become comparable with those of unadapted vectors.
    pub scale: ScoreScale,
}

impl EncodedQuery {
    /// What the encoder's bare vectors ask: the question is also what answers are compared with.
    #[must_use]
    pub fn plain(question: Vec<f32>, situation: Vec<f32>, text: &QueryText, terms: QueryTerms) -> Self {
        Self {
            answer: question.clone(),
            plain_question: question.clone(),
            question,
            situation,
            history: History::default(),
            forecast: None,
            terms,
            has_previous: !text.previous.trim().is_empty(),
            context_terms: text.context_terms.clone(),
            scale: ScoreScale::SAME,
        }
    }
}

/// Encodes documents; one result per document, in order.
pub async fn encode_documents(embedder: &dyn Embedder, documents: &[DocumentText], lane: Lane) -> Result<Vec<EncodedDocument>, EmbedError> {
    let mut asked = Vec::with_capacity(documents.len() * 3);
    for document in documents {
        asked.extend([document.question.clone(), document.turn.clone(), document.previous.clone()]);
    }
    // What is compared with queries is embedded as queries are; answers are passages.
    let asked = embedder.embed(asked, TextKind::Query, lane).await?;
    let answers = embedder.embed(documents.iter().map(|document| document.answer.clone()).collect(), TextKind::Passage, lane).await?;
    let encoded = documents.iter().zip(asked.chunks_exact(3)).zip(&answers).map(|((text, asked), answer)| EncodedDocument {
        dense: [asked[0].vector.to_vec(), situation_vector(&asked[1].vector, &asked[2].vector, &text.previous), answer.vector.to_vec()],
        sparse: [
            document_vector(&text.question, QUESTION_TERMS),
            document_vector(&situation_text(&text.previous, &text.turn), SITUATION_TERMS),
            document_vector(&text.answer, ANSWER_TERMS),
        ],
    });
    Ok(encoded.collect())
}

/// Encodes one live moment, with the desk's adapter where it has one.
pub async fn encode_query(
    embedder: &dyn Embedder,
    adapter: Option<&Adapter>,
    query: &QueryText,
    lane: Lane,
) -> Result<EncodedQuery, EmbedError> {
    let mut encoded = encode_queries(embedder, adapter, &[(query.clone(), QueryTerms::of(query))], lane).await?;
    Ok(encoded.swap_remove(0))
}

/// Encodes what is asked at one live moment, all of it in one request to the encoder; one result per query, in order.
pub async fn encode_queries(
    embedder: &dyn Embedder,
    adapter: Option<&Adapter>,
    queries: &[(QueryText, QueryTerms)],
    lane: Lane,
) -> Result<Vec<EncodedQuery>, EmbedError> {
    let texts = queries.iter().flat_map(|(query, _)| [query.question.clone(), query.turn.clone(), query.previous.clone()]).collect();
    let vectors = embedder.embed(texts, TextKind::Query, lane).await?;
    let mut encoded = Vec::with_capacity(queries.len());
    for ((query, terms), vectors) in queries.iter().zip(vectors.chunks_exact(3)) {
        let situation = situation_vector(&vectors[1].vector, &vectors[2].vector, &query.previous);
        let plain = EncodedQuery::plain(vectors[0].vector.to_vec(), situation, query, terms.clone());
        encoded.push(match adapter {
            Some(adapter) if adapter.looks_back() => {
                let history = encode_history(embedder, &query.earlier, lane).await?;
                adapter.adapt(EncodedQuery { history, ..plain })
            }
            Some(adapter) => adapter.adapt(plain),
            None => plain,
        });
    }
    Ok(encoded)
}

/// Encodes what led up to a moment. Its texts were turns of the same conversation a moment ago, so the queue's cache mostly has them.
async fn encode_history(embedder: &dyn Embedder, earlier: &[EarlierTurn], lane: Lane) -> Result<History, EmbedError> {
    let texts = |customer: bool| earlier.iter().filter(|turn| turn.customer == customer).map(|turn| turn.text.clone()).collect::<Vec<_>>();
    // As in the archive: what customers say is embedded as queries are, what the company says as passages.
    let asked = embedder.embed(texts(true), TextKind::Query, lane).await?;
    let answered = embedder.embed(texts(false), TextKind::Passage, lane).await?;
    let (mut asked, mut answered) = (asked.iter(), answered.iter());
    let in_order = earlier.iter().filter_map(|turn| if turn.customer { asked.next() } else { answered.next() });
    Ok(History::of(in_order.map(|embedding| &*embedding.vector)))
}

fn situation_text(previous: &str, turn: &str) -> String {
    format!("{previous}\n{turn}")
}

fn situation_vector(turn: &[f32], previous: &[f32], previous_text: &str) -> Vec<f32> {
    if previous_text.trim().is_empty() {
        return turn.to_vec();
    }
    let mut sum: Vec<f32> = turn.iter().zip(previous).map(|(turn, previous)| TURN_WEIGHT * turn + (1.0 - TURN_WEIGHT) * previous).collect();
    normalise(&mut sum);
    sum
}

/// Scales a vector to length 1; a zero vector stays.
pub fn normalise(vector: &mut [f32]) {
    let length = vector.iter().map(|value| value * value).sum::<f32>().sqrt();
    if length > 0.0 {
        for value in vector {
            *value /= length;
        }
    }
}

/// Inner product; the cosine for normalised vectors. Summed in sixteen lanes, which the compiler turns into vector instructions.
#[must_use]
pub fn dot(a: &[f32], b: &[f32]) -> f32 {
    const LANES: usize = 16;
    let mut sums = [0.0f32; LANES];
    let (a_chunks, b_chunks) = (a.chunks_exact(LANES), b.chunks_exact(LANES));
    let rest: f32 = a_chunks.remainder().iter().zip(b_chunks.remainder()).map(|(a, b)| a * b).sum();
    for (a, b) in a_chunks.zip(b_chunks) {
        for lane in 0..LANES {
            sums[lane] += a[lane] * b[lane];
        }
    }
    sums.iter().sum::<f32>() + rest
}
