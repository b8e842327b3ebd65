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
    #[serde(default = "one_token_type")]
    pub(super) type_vocab_size: usize,
    #[serde(default = "default_layer_norm_eps")]
    pub(super) layer_norm_eps: f32,
    #[serde(default)]
    pub(super) pad_token_id: usize,
    pub(super) hidden_act: String,
    #[serde(default = "absolute_positions")]
    pub(super) position_embedding_type: String,
}

fn one_token_type() -> usize {
    1
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
        match architecture {
            Architecture::Bert => 0,
            Architecture::XlmRoberta => self.pad_token_id + 1,
        }
    }

    fn check_supported(&self, architecture: Architecture) -> Result<(), LoadError> {
        let unsupported = |field, found: &str| Err(LoadError::Unsupported { field, found: found.to_owned() });
        let of_architecture = match architecture {
            Architecture::Bert => self.model_type == "bert",
            Architecture::XlmRoberta => matches!(self.model_type.as_str(), "xlm-roberta" | "roberta"),
        };
        if !of_architecture {
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
        if self.num_hidden_layers == 0 || self.type_vocab_size == 0 {
            return unsupported("num_hidden_layers or type_vocab_size", "0");
        }
        Ok(())
    }
}
