//! BERT and XLM-RoBERTa: a table of positions, attention of all to all, norms behind the sums, exact GELU.
//!
//! The token type is folded into the table of positions: only the first type is used.

use super::super::config::EncoderConfig;
use super::super::kernel::{After, Heads, Kernels, Norm, Packed};
use super::super::weights::{Weights, WeightsError};
use super::tensors::{Linear, norm};
use super::{Pass, Workspace};

/// The weights behind the table of tokens.
pub(super) struct Bert {
    /// Position table plus the row of the only token type used.
    positions: Vec<f32>,
    first_position: usize,
    embedding_norm: Norm,
    layers: Vec<Layer>,
    heads: Heads,
}

struct Layer {
    query_key_value: Packed,
    attention_output: Packed,
    attention_norm: Norm,
    intermediate: Packed,
    output: Packed,
    output_norm: Norm,
}

impl Bert {
    pub(super) fn read(
        kernels: &Kernels,
        weights: &Weights<'_>,
        config: &EncoderConfig,
        first_position: usize,
        token_types: usize,
        epsilon: f32,
    ) -> Result<Self, WeightsError> {
        let hidden = config.hidden_size;
        let token_types = weights.matrix("embeddings.token_type_embeddings.weight", token_types, hidden)?;
        let mut positions = weights.matrix("embeddings.position_embeddings.weight", config.positions, hidden)?;
        for position in positions.chunks_exact_mut(hidden) {
            for (value, token_type) in position.iter_mut().zip(&token_types) {
                *value += token_type;
            }
        }
        Ok(Self {
            positions,
            first_position,
            embedding_norm: norm(weights, "embeddings.LayerNorm", hidden, epsilon)?,
            layers: (0..config.layers).map(|index| Layer::new(kernels, weights, config, epsilon, index)).collect::<Result<_, _>>()?,
            heads: config.heads,
        })
    }

    /// Replaces the rows of the table in `workspace.states` by the last hidden states.
    pub(super) fn forward(&self, pass: &Pass<'_>, workspace: &mut Workspace) {
        self.embed(pass, workspace);
        for layer in &self.layers {
            layer.forward(pass, self.heads, workspace);
        }
    }

    fn embed(&self, pass: &Pass<'_>, workspace: &mut Workspace) {
        let Workspace { states, positions, .. } = workspace;
        let hidden = states.columns();
        positions.resize(states.rows(), hidden);
        for &(start, length) in pass.rows {
            // The limit on rows was checked against the table when the configuration was read.
            let table = &self.positions[self.first_position * hidden..][..length * hidden];
            for (token, position) in table.chunks_exact(hidden).enumerate() {
                positions.row_mut(start + token).copy_from_slice(position);
            }
        }
        pass.kernels.add_norm(states, positions, &self.embedding_norm);
    }
}

impl Layer {
    fn new(kernels: &Kernels, weights: &Weights<'_>, config: &EncoderConfig, epsilon: f32, index: usize) -> Result<Self, WeightsError> {
        let (hidden, wide) = (config.hidden_size, config.intermediate_size);
        let name = |part: &str| format!("encoder.layer.{index}.{part}");
        let linear = |part: &str, inputs: usize, outputs: usize| Linear::read(weights, &name(part), inputs, outputs);
        let mut query_key_value = linear("attention.self.query", hidden, hidden)?;
        query_key_value.scale(hidden, 1.0 / (config.heads.size as f32).sqrt());
        for part in ["attention.self.key", "attention.self.value"] {
            query_key_value.append(linear(part, hidden, hidden)?);
        }
        Ok(Self {
            query_key_value: query_key_value.pack(kernels),
            attention_output: linear("attention.output.dense", hidden, hidden)?.pack(kernels),
            attention_norm: norm(weights, &name("attention.output.LayerNorm"), hidden, epsilon)?,
            intermediate: linear("intermediate.dense", hidden, wide)?.pack(kernels),
            output: linear("output.dense", wide, hidden)?.pack(kernels),
            output_norm: norm(weights, &name("output.LayerNorm"), hidden, epsilon)?,
        })
    }

    /// Replaces the states in `workspace` by those behind this layer.
    fn forward(&self, pass: &Pass<'_>, heads: Heads, workspace: &mut Workspace) {
        let Pass { kernels, crew, rows } = *pass;
        let Workspace { states, query_key_value, context, attended, wide, attention, .. } = workspace;
        kernels.product(crew, states, &self.query_key_value, After::Nothing, query_key_value);
        attention.attend(kernels, crew, query_key_value, rows, heads, context);
        kernels.product(crew, context, &self.attention_output, After::Nothing, attended);
        kernels.add_norm(attended, states, &self.attention_norm);
        kernels.product(crew, attended, &self.intermediate, After::Gelu, wide);
        kernels.product(crew, wide, &self.output, After::Nothing, states);
        kernels.add_norm(states, attended, &self.output_norm);
    }
}
