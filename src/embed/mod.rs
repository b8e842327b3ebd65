//! Text to vectors: the port [`Embedder`] (async, batching) and the contract [`EmbedModel`] behind it (synchronous).
//!
//! Callers see only `Embedder`. `candle` implements `EmbedModel` for any encoder of a known architecture described by a manifest, `queue` puts a
//! batching thread in front of a model, `fake` is a deterministic stand-in for tests; `proposal` writes the manifest of a published
//! folder, `hub` fetches one, `check` tries a loaded model. The same text must give the same vector alone or in any batch (cosine ≥ 0.9999).
//!
//! A text longer than the model's `max_tokens` is cut there, its end left out of the vector and [`Embedding::truncated`] set; it is never
//! split (docs/models.md states the rule).

pub mod candle;
pub mod check;
pub mod fake;
pub mod hub;
pub mod manifest;
pub mod proposal;
pub mod queue;

use async_trait::async_trait;

pub use manifest::{Manifest, ManifestError};

/// What a text is for; models with prefixes treat the two apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum TextKind {
    /// Something that asks.
    Query,
    /// Something that is found.
    Passage,
}

/// Who waits for the vectors. The interactive lane goes first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Lane {
    /// An agent is looking at the screen: never waits behind bulk work; refused when the queue is full.
    Interactive,
    /// Imports and evaluation: waits for room.
    Bulk,
}

/// What identifies an encoder. Two encoders with the same fingerprint give the same vectors.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ModelInfo {
    /// Name in the manifest.
    pub name: String,
    /// SHA-256 over the files' hashes, architecture, pooling, normalisation, prefixes, script folding and limits; first 16 hex digits.
    pub fingerprint: String,
    /// Length of a vector.
    pub dimension: usize,
    /// Tokens a text may have, special tokens included; longer texts are cut there.
    pub max_tokens: usize,
}

/// One text's vector.
#[derive(Debug, Clone, PartialEq)]
pub struct Embedding {
    /// `dimension` components; L2-normalised when the manifest says so (the default encoder does).
    pub vector: std::sync::Arc<[f32]>,
    /// Whether the text was longer than the model's limit and its end was left out.
    pub truncated: bool,
}

/// Why there is no vector.
#[derive(Debug, Clone, thiserror::Error)]
pub enum EmbedError {
    /// The interactive lane is full; try again in a moment.
    #[error("the embedding queue is full")]
    Overloaded,
    /// The queue's thread has stopped (shutdown, or it panicked).
    #[error("the embedding queue has stopped")]
    Stopped,
    /// The model failed on this batch.
    #[error("the encoder failed: {0}")]
    Model(String),
}

/// Turns texts into vectors.
#[async_trait]
pub trait Embedder: Send + Sync {
    /// What the vectors are made with.
    fn info(&self) -> &ModelInfo;

    /// Embeds `texts`; the result has the same length and order. An empty or blank text gives the vector of an empty text.
    ///
    /// # Errors
    /// [`EmbedError::Overloaded`] only in the interactive lane.
    ///
    /// # Cancel safety
    /// Dropping the future drops texts that have not been computed yet.
    async fn embed(&self, texts: Vec<String>, kind: TextKind, lane: Lane) -> Result<Vec<Embedding>, EmbedError>;
}

/// A loaded model: synchronous, one batch at a time. Owned by one thread.
pub trait EmbedModel: Send {
    /// What the vectors are made with.
    fn info(&self) -> &ModelInfo;

    /// Token ids of one text, special tokens included, cut at the limit; the flag tells whether something was cut.
    ///
    /// # Errors
    /// When the tokenizer refuses the text.
    fn tokenize(&self, text: &str, kind: TextKind) -> Result<(Vec<u32>, bool), EmbedError>;

    /// One vector per row of `batch` (rows may differ in length).
    ///
    /// # Errors
    /// When the forward pass fails.
    fn forward(&mut self, batch: &[Vec<u32>]) -> Result<Vec<Vec<f32>>, EmbedError>;
}
