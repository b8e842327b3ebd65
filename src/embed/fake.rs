//! A deterministic encoder without weights, for tests: similar wordings get similar vectors, at no cost.
//!
//! A text's vector counts its character trigrams, hashed into the components with a sign, and has length 1. Nothing is learnt, so
//! nothing here says anything about the quality of real answers.

use async_trait::async_trait;

use super::{EmbedError, EmbedModel, Embedder, Embedding, Lane, ModelInfo, TextKind};

/// Components of a vector unless told otherwise.
pub const DEFAULT_DIMENSION: usize = 64;

/// Characters a text may have, its two edge marks included.
const MAX_TOKENS: usize = 512;
/// Stands before the first and after the last character; no character has this code.
const EDGE: u32 = u32::MAX;

/// The stand-in for a loaded model.
#[derive(Debug, Clone)]
pub struct FakeModel {
    info: ModelInfo,
}

impl FakeModel {
    /// A model whose vectors have `dimension` components.
    pub fn new(dimension: usize) -> Self {
        let name = "fake".to_owned();
        let fingerprint = format!("fake{dimension:012x}");
        Self { info: ModelInfo { name, fingerprint, dimension, max_tokens: MAX_TOKENS } }
    }

    fn vector(&self, tokens: &[u32]) -> Vec<f32> {
        let mut vector = vec![0.0_f32; self.info.dimension];
        if tokens.len() < 3 {
            add_trigram(&mut vector, tokens);
        }
        for trigram in tokens.windows(3) {
            add_trigram(&mut vector, trigram);
        }
        let length = vector.iter().map(|x| x * x).sum::<f32>().sqrt();
        if length > 0.0 {
            for x in &mut vector {
                *x /= length;
            }
        } else if let Some(first) = vector.first_mut() {
            // Trigrams may cancel each other out; a vector of length 1 is promised all the same.
            *first = 1.0;
        }
        vector
    }
}

impl Default for FakeModel {
    fn default() -> Self {
        Self::new(DEFAULT_DIMENSION)
    }
}

impl EmbedModel for FakeModel {
    fn info(&self) -> &ModelInfo {
        &self.info
    }

    fn tokenize(&self, text: &str, _kind: TextKind) -> Result<(Vec<u32>, bool), EmbedError> {
        let mut characters = text.trim().chars().flat_map(char::to_lowercase).map(u32::from);
        let mut tokens = vec![EDGE];
        tokens.extend(characters.by_ref().take(self.info.max_tokens - 2));
        tokens.push(EDGE);
        Ok((tokens, characters.next().is_some()))
    }

    fn forward(&mut self, batch: &[Vec<u32>]) -> Result<Vec<Vec<f32>>, EmbedError> {
        Ok(batch.iter().map(|tokens| self.vector(tokens)).collect())
    }
}

/// The stand-in for the port: a [`FakeModel`] without a queue, computing in the caller's task.
#[derive(Debug, Clone, Default)]
pub struct FakeEmbedder {
    model: FakeModel,
}

impl FakeEmbedder {
    /// An embedder whose vectors have `dimension` components.
    pub fn new(dimension: usize) -> Self {
        Self { model: FakeModel::new(dimension) }
    }
}

#[async_trait]
impl Embedder for FakeEmbedder {
    fn info(&self) -> &ModelInfo {
        self.model.info()
    }

    async fn embed(&self, texts: Vec<String>, kind: TextKind, _lane: Lane) -> Result<Vec<Embedding>, EmbedError> {
        let embed = |text: &String| {
            let (tokens, truncated) = self.model.tokenize(text, kind)?;
            Ok(Embedding { vector: self.model.vector(&tokens).into(), truncated })
        };
        texts.iter().map(embed).collect()
    }
}

fn add_trigram(vector: &mut [f32], trigram: &[u32]) {
    // FNV-1a, because it never changes between versions of the standard library.
    let hash = trigram
        .iter()
        .flat_map(|code| code.to_le_bytes())
        .fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3));
    let sign = if hash >> 63 == 0 { 1.0 } else { -1.0 };
    if let Some(component) = vector.len().checked_sub(1).map(|last| (hash >> 20) as usize % (last + 1)) {
        vector[component] += sign;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn embed(text: &str) -> Embedding {
        let embedder = FakeEmbedder::default();
        let call = embedder.embed(vec![text.to_owned()], TextKind::Query, Lane::Interactive);
        futures::executor::block_on(call).unwrap().remove(0)
    }

    fn cosine(left: &str, right: &str) -> f32 {
        embed(left).vector.iter().zip(embed(right).vector.iter()).map(|(x, y)| x * y).sum()
    }

    #[test]
    fn similar_wordings_are_nearer_than_others() {
        let near = cosine("where is my parcel?", "Where is my parcel now?");
        let far = cosine("where is my parcel?", "我要退款,怎么申请");
        assert!(near > 0.7 && far < 0.4, "{near} {far}");
    }

    #[test]
    fn vectors_have_length_one_and_the_dimension_asked_for() {
        for text in ["", " ", "a", "退款", "how long does shipping take?"] {
            let vector = embed(text).vector;
            assert_eq!(vector.len(), DEFAULT_DIMENSION);
            assert!((vector.iter().map(|x| x * x).sum::<f32>() - 1.0).abs() < 1e-5, "{text:?}");
        }
        assert_eq!(embed(""), embed("  \n"));
        assert_eq!(FakeEmbedder::new(7).info().dimension, 7);
    }

    #[test]
    fn what_is_beyond_the_limit_is_cut_and_said_so() {
        let limit = "字".repeat(MAX_TOKENS - 2);
        assert!(!embed(&limit).truncated);
        let longer = embed(&format!("{limit}多"));
        assert!(longer.truncated);
        assert_eq!(longer.vector, embed(&limit).vector);
    }
}
