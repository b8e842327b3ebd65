//! `new`, the architecture of gte's multilingual and version 1.5 encoders: BERT with positions as turns and gated layers.
//!
//! Norms stand behind the sums as in BERT. The gate is the second half of its matrix and goes through exact GELU.

use super::super::config::{EncoderConfig, Rotation};
use super::super::kernel::{After, Heads, Kernels, Norm, Packed};
use super::super::weights::{Weights, WeightsError};
use super::rotary::Rotary;
use super::tensors::{Linear, norm};
use super::{Pass, Workspace};

/// The weights behind the table of tokens.
pub(super) struct New {
    /// The row of the only token type used; noughts where there is none.
    token_type: Vec<f32>,
    embedding_norm: Norm,
    layers: Vec<Layer>,
    rotary: Rotary,
    heads: Heads,
}

struct Layer {
    query_key_value: Packed,
    attention_output: Packed,
    attention_norm: Norm,
    gate: Packed,
    up: Packed,
    down: Packed,
    output_norm: Norm,
}

impl New {
    pub(super) fn read(
        kernels: &Kernels,
        weights: &Weights<'_>,
        config: &EncoderConfig,
        token_types: usize,
        epsilon: f32,
        rotation: Rotation,
    ) -> Result<Self, WeightsError> {
        let hidden = config.hidden_size;
        let mut token_type = vec![0.0; hidden];
        if token_types > 0 {
            token_type = weights.matrix("embeddings.token_type_embeddings.weight", token_types, hidden)?;
            token_type.truncate(hidden);
        }
        Ok(Self {
            token_type,
            embedding_norm: norm(weights, "embeddings.LayerNorm", hidden, epsilon)?,
            layers: (0..config.layers).map(|index| Layer::new(kernels, weights, config, epsilon, index)).collect::<Result<_, _>>()?,
            rotary: Rotary::new(rotation, config.heads.size, config.max_tokens),
            heads: config.heads,
        })
    }

    /// Replaces the rows of the table in `workspace.states` by the last hidden states.
    pub(super) fn forward(&self, pass: &Pass<'_>, workspace: &mut Workspace) {
        let Workspace { states, positions, .. } = &mut *workspace;
        positions.resize(states.rows(), states.columns());
        for token in 0..states.rows() {
            positions.row_mut(token).copy_from_slice(&self.token_type);
        }
        pass.kernels.add_norm(states, positions, &self.embedding_norm);
        for layer in &self.layers {
            layer.forward(pass, &self.rotary, self.heads, workspace);
        }
    }
}

impl Layer {
    fn new(kernels: &Kernels, weights: &Weights<'_>, config: &EncoderConfig, epsilon: f32, index: usize) -> Result<Self, WeightsError> {
        let (hidden, wide) = (config.hidden_size, config.intermediate_size);
        let name = |part: &str| format!("encoder.layer.{index}.{part}");
        let mut query_key_value = Linear::read(weights, &name("attention.qkv_proj"), hidden, 3 * hidden)?;
        // Turning does not change lengths, so the scale may come before it.
        query_key_value.scale(hidden, 1.0 / (config.heads.size as f32).sqrt());
        let mut up = Linear::read_without_bias(weights, &name("mlp.up_gate_proj"), hidden, 2 * wide)?;
        let gate = up.split_off(wide);
        Ok(Self {
            query_key_value: query_key_value.pack(kernels),
            attention_output: Linear::read(weights, &name("attention.o_proj"), hidden, hidden)?.pack(kernels),
            attention_norm: norm(weights, &name("attn_ln"), hidden, epsilon)?,
            gate: gate.pack(kernels),
            up: up.pack(kernels),
            down: Linear::read(weights, &name("mlp.down_proj"), wide, hidden)?.pack(kernels),
            output_norm: norm(weights, &name("mlp_ln"), hidden, epsilon)?,
        })
    }

    /// Replaces the states in `workspace` by those behind this layer.
    fn forward(&self, pass: &Pass<'_>, rotary: &Rotary, heads: Heads, workspace: &mut Workspace) {
        let Pass { kernels, crew, rows } = *pass;
        let Workspace { states, query_key_value, context, attended, wide, gate, attention, .. } = workspace;
        kernels.product(crew, states, &self.query_key_value, After::Nothing, query_key_value);
        for &(start, length) in rows {
            for position in 0..length {
                let queries_and_keys = &mut query_key_value.row_mut(start + position)[..(heads.queries + heads.keys) * heads.size];
                rotary.turn(position, queries_and_keys);
            }
        }
        attention.attend(kernels, crew, query_key_value, rows, heads, context);
        kernels.product(crew, context, &self.attention_output, After::Nothing, attended);
        kernels.add_norm(attended, states, &self.attention_norm);
        kernels.product(crew, attended, &self.gate, After::Gelu, gate);
        kernels.product(crew, attended, &self.up, After::Nothing, wide);
        wide.multiply(gate);
        kernels.product(crew, wide, &self.down, After::Nothing, states);
        kernels.add_norm(states, attended, &self.output_norm);
    }
}
