//! The network's sizes as `config.json` gives them, and whether they are ones this code can run.

use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use super::LoadError;
use super::kernel::Heads;
use crate::embed::manifest::{Architecture, Manifest};

/// The fields of a Hugging Face `config.json` that decide the forward pass. Others are ignored: such files carry many that do not.
#[derive(Debug, Clone)]
pub(super) struct EncoderConfig {
    pub(super) hidden_size: usize,
    pub(super) layers: usize,
    pub(super) intermediate_size: usize,
    pub(super) vocab_size: usize,
    /// As `config.json` has it: rows of a table of positions, or the longest text the network was made for.
    pub(super) positions: usize,
    pub(super) heads: Heads,
    /// The manifest's limit: no row is longer.
    pub(super) max_tokens: usize,
    pub(super) family: Family,
}

/// What only some networks have.
#[derive(Debug, Clone)]
pub(super) enum Family {
    /// BERT and XLM-RoBERTa.
    Bert {
        /// Row of the position table that belongs to a text's first token.
        first_position: usize,
        token_types: usize,
        epsilon: f32,
    },
    /// `new`.
    New {
        /// None where there is no such table.
        token_types: usize,
        epsilon: f32,
        rotation: Rotation,
    },
    /// `qwen3`.
    Qwen3 { epsilon: f32, rotation: Rotation, attention_bias: bool },
}

/// By how much a head's numbers are turned from one position to the next.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Rotation {
    /// The slowest turn is about its reciprocal.
    pub(super) theta: f64,
    /// By how much texts may be longer than those the network was first trained with ("NTK scaling"); 1 for no longer.
    pub(super) stretch: f64,
}

/// The fields that all have.
#[derive(Deserialize)]
struct Common {
    model_type: String,
    hidden_size: usize,
    num_hidden_layers: usize,
    num_attention_heads: usize,
    intermediate_size: usize,
    max_position_embeddings: usize,
    vocab_size: usize,
}

// Files may leave out what equals the default of the library that wrote them: the defaults below are those of transformers'
// `BertConfig`, `XLMRobertaConfig` and `Qwen3Config`, and of the `NewConfig` published with gte's encoders.

#[derive(Deserialize)]
struct BertFields {
    #[serde(default = "two")]
    type_vocab_size: usize,
    #[serde(default = "layer_norm_epsilon")]
    layer_norm_eps: f32,
    pad_token_id: Option<usize>,
    hidden_act: Option<String>,
    position_embedding_type: Option<String>,
}

#[derive(Deserialize)]
struct NewFields {
    #[serde(default = "one")]
    type_vocab_size: usize,
    #[serde(default = "layer_norm_epsilon")]
    layer_norm_eps: f32,
    hidden_act: Option<String>,
    layer_norm_type: Option<String>,
    position_embedding_type: Option<String>,
    pack_qkv: Option<bool>,
    #[serde(default)]
    logn_attention_scale: bool,
    #[serde(default)]
    logn_attention_clip1: bool,
    #[serde(flatten)]
    rotation: RotationFields,
}

#[derive(Deserialize)]
struct Qwen3Fields {
    num_key_value_heads: Option<usize>,
    head_dim: Option<usize>,
    #[serde(default = "root_mean_square_epsilon")]
    rms_norm_eps: f32,
    hidden_act: Option<String>,
    #[serde(default)]
    attention_bias: bool,
    #[serde(default)]
    use_sliding_window: bool,
    is_causal: Option<bool>,
    #[serde(default)]
    use_bidirectional_attention: bool,
    #[serde(flatten)]
    rotation: RotationFields,
}

/// Both forms: `rope_theta` beside `rope_scaling`, or (transformers 5) both in `rope_parameters`.
#[derive(Deserialize)]
struct RotationFields {
    #[serde(rename = "rope_theta")]
    theta: Option<f64>,
    #[serde(rename = "rope_scaling")]
    scaling: Option<Map<String, Value>>,
    #[serde(rename = "rope_parameters")]
    both: Option<Map<String, Value>>,
}

fn one() -> usize {
    1
}

fn two() -> usize {
    2
}

fn layer_norm_epsilon() -> f32 {
    1e-12
}

fn root_mean_square_epsilon() -> f32 {
    1e-6
}

impl EncoderConfig {
    /// Parses `bytes` and checks them against the manifest.
    pub(super) fn parse(bytes: &[u8], manifest: &Manifest) -> Result<Self, LoadError> {
        let common: Common = read(bytes)?;
        if Architecture::of_model_type(&common.model_type) != Some(manifest.architecture) {
            return unsupported("model_type", &common.model_type);
        }
        let heads = common.num_attention_heads;
        if heads == 0 || manifest.architecture != Architecture::Qwen3 && !common.hidden_size.is_multiple_of(heads) {
            return unsupported("num_attention_heads", heads);
        }
        if common.num_hidden_layers == 0 || common.intermediate_size == 0 {
            return unsupported("num_hidden_layers or intermediate_size", 0);
        }
        let (heads, family) = match manifest.architecture {
            Architecture::Bert | Architecture::XlmRoberta => bert(&common, read(bytes)?, manifest.architecture)?,
            Architecture::New => new(&common, read(bytes)?)?,
            Architecture::Qwen3 => qwen3(&common, read(bytes)?)?,
        };
        let config = Self {
            hidden_size: common.hidden_size,
            layers: common.num_hidden_layers,
            intermediate_size: common.intermediate_size,
            vocab_size: common.vocab_size,
            positions: common.max_position_embeddings,
            heads,
            max_tokens: manifest.max_tokens,
            family,
        };
        if manifest.dimension != config.hidden_size {
            return Err(LoadError::Dimension { manifest: manifest.dimension, config: config.hidden_size });
        }
        let positions = match &config.family {
            Family::Bert { first_position, .. } => config.positions.saturating_sub(*first_position),
            Family::New { .. } | Family::Qwen3 { .. } => config.positions,
        };
        if manifest.max_tokens > positions {
            return Err(LoadError::MaxTokens { manifest: manifest.max_tokens, positions });
        }
        Ok(config)
    }

    /// Name of the table of tokens.
    pub(super) fn token_table(&self) -> &'static str {
        match self.family {
            Family::Bert { .. } | Family::New { .. } => "embeddings.word_embeddings.weight",
            Family::Qwen3 { .. } => "embed_tokens.weight",
        }
    }
}

fn bert(common: &Common, fields: BertFields, architecture: Architecture) -> Result<(Heads, Family), LoadError> {
    must_be("hidden_act", fields.hidden_act, "gelu")?;
    must_be("position_embedding_type", fields.position_embedding_type, "absolute")?;
    if fields.type_vocab_size == 0 {
        return unsupported("type_vocab_size", 0);
    }
    let first_position = architecture.first_position(fields.pad_token_id);
    Ok((full(common), Family::Bert { first_position, token_types: fields.type_vocab_size, epsilon: fields.layer_norm_eps }))
}

fn new(common: &Common, fields: NewFields) -> Result<(Heads, Family), LoadError> {
    must_be("hidden_act", fields.hidden_act, "gelu")?;
    must_be("layer_norm_type", fields.layer_norm_type, "layer_norm")?;
    must_be("position_embedding_type", fields.position_embedding_type, "rope")?;
    must_not("pack_qkv", fields.pack_qkv == Some(false))?;
    must_not("logn_attention_scale", fields.logn_attention_scale)?;
    must_not("logn_attention_clip1", fields.logn_attention_clip1)?;
    let heads = full(common);
    turns(heads.size)?;
    let rotation = fields.rotation.check(true)?;
    Ok((heads, Family::New { token_types: fields.type_vocab_size, epsilon: fields.layer_norm_eps, rotation }))
}

fn qwen3(common: &Common, fields: Qwen3Fields) -> Result<(Heads, Family), LoadError> {
    must_be("hidden_act", fields.hidden_act, "silu")?;
    must_not("use_sliding_window", fields.use_sliding_window)?;
    must_not("is_causal", fields.is_causal == Some(false))?;
    must_not("use_bidirectional_attention", fields.use_bidirectional_attention)?;
    let queries = common.num_attention_heads;
    let keys = fields.num_key_value_heads.unwrap_or(queries);
    if keys == 0 || !queries.is_multiple_of(keys) {
        return unsupported("num_key_value_heads", keys);
    }
    let heads = Heads { queries, keys, size: fields.head_dim.unwrap_or(128), causal: true };
    turns(heads.size)?;
    let rotation = fields.rotation.check(false)?;
    Ok((heads, Family::Qwen3 { epsilon: fields.rms_norm_eps, rotation, attention_bias: fields.attention_bias }))
}

/// As many heads of keys as of queries, and every token sees all.
fn full(common: &Common) -> Heads {
    let heads = common.num_attention_heads;
    Heads { queries: heads, keys: heads, size: common.hidden_size / heads, causal: false }
}

/// A head is turned in pairs.
fn turns(size: usize) -> Result<(), LoadError> {
    if size > 0 && size.is_multiple_of(2) { Ok(()) } else { unsupported("head_dim", size) }
}

impl RotationFields {
    fn check(&self, may_stretch: bool) -> Result<Rotation, LoadError> {
        const FIELD: &str = "rope_scaling";
        let Some(fields) = self.both.as_ref().or(self.scaling.as_ref()) else {
            return Ok(Rotation { theta: self.theta.unwrap_or(10_000.0), stretch: 1.0 });
        };
        let number = |name: &str| fields.get(name).and_then(Value::as_f64);
        let theta = number("rope_theta").or(self.theta).unwrap_or(10_000.0);
        let kind = fields.get("rope_type").or(fields.get("type")).and_then(Value::as_str).unwrap_or("default");
        let stretch = match (kind, number("factor")) {
            ("default", _) => 1.0,
            ("ntk", Some(factor)) if may_stretch && factor >= 1.0 && fields.get("mixed_b").is_none_or(Value::is_null) => factor,
            _ => return unsupported(FIELD, Value::Object(fields.clone())),
        };
        Ok(Rotation { theta, stretch })
    }
}

fn read<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, LoadError> {
    serde_json::from_slice(bytes).map_err(LoadError::Config)
}

fn must_be(field: &'static str, found: Option<String>, expected: &str) -> Result<(), LoadError> {
    match found {
        Some(found) if found != expected => unsupported(field, found),
        _ => Ok(()),
    }
}

fn must_not(field: &'static str, found: bool) -> Result<(), LoadError> {
    if found { unsupported(field, "set so that the network is another") } else { Ok(()) }
}

fn unsupported<T>(field: &'static str, found: impl std::fmt::Display) -> Result<T, LoadError> {
    Err(LoadError::Unsupported { field, found: found.to_string() })
}
