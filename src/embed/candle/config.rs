//! The network's sizes as `config.json` gives them, and whether they are ones this code can run.

use serde::Deserialize;

use super::LoadError;
use crate::embed::manifest::{Architecture, Manifest};

/// The fields of a Hugging Face `config.json` that decide the forward pass. Others are ignored: such files carry many that do not.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct EncoderConfig {
    pub(super) model_type: String,
    pub(super) hidden_size: usize,
    pub(super) num_hidden_layers: usize,
    pub(super) num_attention_heads: usize,
    pub(super) intermediate_size: usize,
    pub(super) max_position_embeddings: usize,
    pub(super) vocab_size: usize,
    #[serde(default = "default_type_vocab_size")]
    pub(super) type_vocab_size: usize,
    #[serde(default = "default_layer_norm_eps")]
    pub(super) layer_norm_eps: f32,
    pub(super) pad_token_id: Option<usize>,
    #[serde(default = "exact_gelu")]
    pub(super) hidden_act: String,
    #[serde(default = "absolute_positions")]
    pub(super) position_embedding_type: String,
}

// Files may leave out what equals the default of the library that wrote them (transformers' `BertConfig`, `XLMRobertaConfig`).

fn default_type_vocab_size() -> usize {
    2
}

fn exact_gelu() -> String {
    "gelu".to_owned()
}

fn default_layer_norm_eps() -> f32 {
    1e-12
}

fn absolute_positions() -> String {
    "absolute".to_owned()
}

impl EncoderConfig {
    /// Parses `bytes` and checks them against the manifest.
    pub(super) fn parse(bytes: &[u8], manifest: &Manifest) -> Result<Self, LoadError> {
        let config: Self = serde_json::from_slice(bytes).map_err(LoadError::Config)?;
        config.check_supported(manifest.architecture)?;
        if manifest.dimension != config.hidden_size {
            return Err(LoadError::Dimension { manifest: manifest.dimension, config: config.hidden_size });
        }
        let positions = config.max_position_embeddings.saturating_sub(config.first_position(manifest.architecture));
        if manifest.max_tokens > positions {
            return Err(LoadError::MaxTokens { manifest: manifest.max_tokens, positions });
        }
        Ok(config)
    }

    /// Row of the position table that belongs to a text's first token.
    pub(super) fn first_position(&self, architecture: Architecture) -> usize {
        architecture.first_position(self.pad_token_id)
    }

    fn check_supported(&self, architecture: Architecture) -> Result<(), LoadError> {
        let unsupported = |field, found: &str| Err(LoadError::Unsupported { field, found: found.to_owned() });
        if Architecture::of_model_type(&self.model_type) != Some(architecture) {
            return unsupported("model_type", &self.model_type);
        }
        if self.hidden_act != "gelu" {
            return unsupported("hidden_act", &self.hidden_act);
        }
        if self.position_embedding_type != "absolute" {
            return unsupported("position_embedding_type", &self.position_embedding_type);
        }
        if self.num_attention_heads == 0 || !self.hidden_size.is_multiple_of(self.num_attention_heads) {
            return unsupported("num_attention_heads", &self.num_attention_heads.to_string());
        }
        if self.num_hidden_layers == 0 || self.type_vocab_size == 0 || self.intermediate_size == 0 {
            return unsupported("num_hidden_layers, type_vocab_size or intermediate_size", "0");
        }
        Ok(())
    }
}
