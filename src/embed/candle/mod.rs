//! Encoders on the CPU (BERT, XLM-RoBERTa, `new`, Qwen3), from a model folder: the [`EmbedModel`] of the product.
//!
//! Reads the folder's manifest, checks every file's hash, reads the weights into memory (f16, f32 or 8 bits; computed in f32) and refuses
//! whatever does not fit together. `network` is the forward pass (one file per architecture), `kernel` its arithmetic, `weights` its file, `config` its sizes; candle
//! itself reads the tensors. Nothing here is asynchronous and nothing is shared: one thread owns a model.

mod config;
mod kernel;
mod network;
mod weights;

use std::borrow::Cow;
use std::path::Path;

use tokenizers::{Tokenizer, TruncationParams};

use self::config::EncoderConfig;
use self::network::Network;
use self::weights::Weights;
pub use self::weights::{StoredWeights, WeightsError};
use super::manifest::{Manifest, ManifestError, Pooling};
use super::{EmbedError, EmbedModel, ModelInfo, TextKind};
use crate::text::script::to_simplified;

/// Characters per allowed token after which a text is cut before it reaches the tokenizer. No real text has tokens this long on
/// average; without the cut a pasted book would be tokenised whole for the sake of its first page.
const MAX_CHARACTERS_PER_TOKEN: usize = 32;

/// Why a model folder could not be loaded.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// The manifest, or a file it names, is missing or wrong.
    #[error(transparent)]
    Manifest(#[from] ManifestError),
    /// `config.json` is not JSON or lacks a size.
    #[error("config.json does not describe an encoder")]
    Config(#[source] serde_json::Error),
    /// The network needs something this program does not have.
    #[error(
        "config.json: `{field}` is {found}, which this version cannot run with the manifest's architecture; docs/models.md says which \
         networks it runs (`bert`, `xlm-roberta`, `roberta`, `new`, `qwen3`); take another model, or correct the manifest"
    )]
    Unsupported {
        /// The field of `config.json`.
        field: &'static str,
        /// Its value.
        found: String,
    },
    /// The manifest promises vectors of another length than the network makes.
    #[error("the manifest says dimension {manifest}, config.json says hidden_size {config}; correct the manifest")]
    Dimension {
        /// In the manifest.
        manifest: usize,
        /// In `config.json`.
        config: usize,
    },
    /// The manifest allows longer texts than the network has positions.
    #[error("the manifest says max_tokens {manifest}, the network has positions for {positions}; lower max_tokens")]
    MaxTokens {
        /// In the manifest.
        manifest: usize,
        /// Usable rows of the position table.
        positions: usize,
    },
    /// The tokenizer's file is not one, or does not go with the limits.
    #[error("tokenizer.json is not a usable tokenizer")]
    Tokenizer(#[source] tokenizers::Error),
    /// The tokenizer knows more tokens than the network has rows for.
    #[error("tokenizer.json has {tokenizer} tokens, config.json says vocab_size {config}; the two are not of one model")]
    Vocabulary {
        /// Tokens in the tokenizer.
        tokenizer: usize,
        /// Rows of the token table.
        config: usize,
    },
    /// The last token is to be the text's vector, and an empty text would have none.
    #[error(
        "the manifest pools the last token, but tokenizer.json puts no end token behind a text (a post-processor does); fetch \
         tokenizer.json again, as published for embedding"
    )]
    EndToken,
    /// The weights are unreadable, or a tensor is missing or has another shape than `config.json` says.
    #[error("the weights do not make the network that config.json describes")]
    Weights(#[from] WeightsError),
}

/// A loaded encoder.
pub struct CandleModel {
    manifest: Manifest,
    info: ModelInfo,
    stored: StoredWeights,
    tokenizer: Tokenizer,
    network: Network,
}

impl CandleModel {
    /// Loads the model in `folder`. Takes a second for the default, more for larger ones, and blocks: call it outside the async workers.
    ///
    /// # Errors
    /// When a file is missing, changed, or does not fit the others.
    pub fn load(folder: &Path) -> Result<Self, LoadError> {
        let manifest = Manifest::read(folder)?;
        let config = EncoderConfig::parse(&Manifest::read_file(folder, &manifest.files.config)?, &manifest)?;
        let tokenizer = load_tokenizer(&Manifest::read_file(folder, &manifest.files.tokenizer)?, manifest.max_tokens)?;
        let known = tokenizer.get_vocab_size(true);
        if known > config.vocab_size {
            return Err(LoadError::Vocabulary { tokenizer: known, config: config.vocab_size });
        }
        if manifest.pooling == Pooling::LastToken && tokenizer.encode_fast("", true).map_err(LoadError::Tokenizer)?.is_empty() {
            return Err(LoadError::EndToken);
        }
        let bytes = Manifest::read_file(folder, &manifest.files.weights)?;
        let weights = Weights::parse(&bytes, config.token_table())?;
        let network = Network::new(&weights, &config)?;
        Ok(Self { info: manifest.info(), manifest, stored: weights.stored(), tokenizer, network })
    }

    /// The manifest the model was loaded by.
    pub fn manifest(&self) -> &Manifest {
        &self.manifest
    }

    /// What the weights file holds.
    pub fn stored(&self) -> &StoredWeights {
        &self.stored
    }

    fn prepare<'a>(&self, text: &'a str, kind: TextKind) -> Cow<'a, str> {
        let text = if text.trim().is_empty() { "" } else { text };
        let text = if self.manifest.fold_to_simplified { to_simplified(text) } else { Cow::Borrowed(text) };
        match self.manifest.prefix(kind) {
            "" => text,
            prefix => Cow::Owned(format!("{prefix}{text}")),
        }
    }

    fn pool(&self, states: &[f32]) -> Vec<f32> {
        let dimension = self.info.dimension;
        let mut vector = match self.manifest.pooling {
            Pooling::Cls => states[..dimension].to_vec(),
            Pooling::Mean => mean(states, dimension),
            Pooling::LastToken => states[states.len() - dimension..].to_vec(),
        };
        if self.manifest.normalise {
            // The floor keeps an all-zero vector zero instead of making it NaN.
            let length = vector.iter().map(|x| x * x).sum::<f32>().sqrt().max(f32::MIN_POSITIVE);
            for x in &mut vector {
                *x /= length;
            }
        }
        vector
    }
}

impl EmbedModel for CandleModel {
    fn info(&self) -> &ModelInfo {
        &self.info
    }

    fn tokenize(&self, text: &str, kind: TextKind) -> Result<(Vec<u32>, bool), EmbedError> {
        let limit = self.info.max_tokens * MAX_CHARACTERS_PER_TOKEN;
        let (text, cut) = match text.char_indices().nth(limit) {
            Some((end, _)) => (&text[..end], true),
            None => (text, false),
        };
        // The tokenizer's own message may quote the text, which must not travel with an error.
        let encoding = self
            .tokenizer
            .encode_fast(self.prepare(text, kind).as_ref(), true)
            .map_err(|_| EmbedError::Model("the tokenizer refused a text".to_owned()))?;
        Ok((encoding.get_ids().to_vec(), cut || !encoding.get_overflowing().is_empty()))
    }

    fn forward(&mut self, batch: &[Vec<u32>]) -> Result<Vec<Vec<f32>>, EmbedError> {
        if batch.is_empty() {
            return Ok(Vec::new());
        }
        if batch.iter().any(|row| row.is_empty() || row.len() > self.info.max_tokens) {
            return Err(EmbedError::Model(format!("a row must have between 1 and {} tokens", self.info.max_tokens)));
        }
        let rows: Vec<&[u32]> = batch.iter().map(Vec::as_slice).collect();
        let states = self.network.forward(&rows).map_err(|error| EmbedError::Model(error.to_string()))?;
        let vectors: Vec<Vec<f32>> = states.iter().map(|states| self.pool(states)).collect();
        if vectors.iter().flatten().all(|x| x.is_finite()) {
            Ok(vectors)
        } else {
            Err(EmbedError::Model("the vectors are not finite; the weights are damaged".to_owned()))
        }
    }
}

fn load_tokenizer(bytes: &[u8], max_tokens: usize) -> Result<Tokenizer, LoadError> {
    let mut tokenizer = Tokenizer::from_bytes(bytes).map_err(LoadError::Tokenizer)?;
    tokenizer.with_padding(None);
    tokenizer
        .with_truncation(Some(TruncationParams { max_length: max_tokens, ..TruncationParams::default() }))
        .map_err(LoadError::Tokenizer)?;
    // A customer who writes "[SEP]" means the word.
    tokenizer.set_encode_special_tokens(true);
    Ok(tokenizer)
}

fn mean(states: &[f32], dimension: usize) -> Vec<f32> {
    let mut mean = vec![0.0_f32; dimension];
    for state in states.chunks_exact(dimension) {
        for (sum, x) in mean.iter_mut().zip(state) {
            *sum += x;
        }
    }
    let tokens = (states.len() / dimension) as f32;
    for x in &mut mean {
        *x /= tokens;
    }
    mean
}

#[cfg(test)]
mod published_tests;
#[cfg(test)]
mod tests;
