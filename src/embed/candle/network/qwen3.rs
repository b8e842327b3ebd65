//! Qwen3 without its language-model head: a decoder, whose last token has seen the whole text.
//!
//! Norms (by the root of the mean square) stand before attention and gated layer, in every head of queries and keys, and at the end.
//! Several heads of queries share one of keys and values. Positions are turns; the gate goes through SiLU.

use super::super::config::{EncoderConfig, Rotation};
use super::super::kernel::{After, Heads, Kernels, Matrix, Packed, RootMeanSquareNorm};
use super::super::weights::{Weights, WeightsError};
use super::rotary::Rotary;
use super::tensors::{Linear, root_mean_square_norm};
use super::{Pass, Workspace};

/// The weights behind the table of tokens.
pub(super) struct Qwen3 {
    layers: Vec<Layer>,
    norm: RootMeanSquareNorm,
    rotary: Rotary,
    heads: Heads,
}

struct Layer {
    attention_norm: RootMeanSquareNorm,
    query_key_value: Packed,
    /// With the scale of the attention.
    query_norm: RootMeanSquareNorm,
    key_norm: RootMeanSquareNorm,
    attention_output: Packed,
    gated_norm: RootMeanSquareNorm,
    gate: Packed,
    up: Packed,
    down: Packed,
}

impl Qwen3 {
    pub(super) fn read(
        kernels: &Kernels,
        weights: &Weights<'_>,
        config: &EncoderConfig,
        epsilon: f32,
        rotation: Rotation,
        attention_bias: bool,
    ) -> Result<Self, WeightsError> {
        let layer = |index| Layer::new(kernels, weights, config, epsilon, attention_bias, index);
        Ok(Self {
            layers: (0..config.layers).map(layer).collect::<Result<_, _>>()?,
            norm: root_mean_square_norm(weights, "norm", config.hidden_size, epsilon)?,
            rotary: Rotary::new(rotation, config.heads.size, config.max_tokens),
            heads: config.heads,
        })
    }

    /// Replaces the rows of the table in `workspace.states` by the last hidden states.
    pub(super) fn forward(&self, pass: &Pass<'_>, workspace: &mut Workspace) {
        for layer in &self.layers {
            layer.forward(pass, &self.rotary, self.heads, workspace);
        }
        for token in 0..workspace.states.rows() {
            pass.kernels.root_mean_square_norm(workspace.states.row_mut(token), &self.norm);
        }
    }
}

impl Layer {
    fn new(
        kernels: &Kernels,
        weights: &Weights<'_>,
        config: &EncoderConfig,
        epsilon: f32,
        attention_bias: bool,
        index: usize,
    ) -> Result<Self, WeightsError> {
        let (hidden, wide) = (config.hidden_size, config.intermediate_size);
        let Heads { queries, keys, size, .. } = config.heads;
        let name = |part: &str| format!("layers.{index}.{part}");
        let read = if attention_bias { Linear::read } else { Linear::read_without_bias };
        let attention = |part: &str, inputs: usize, outputs: usize| read(weights, &name(part), inputs, outputs);
        let gated = |part: &str, inputs: usize, outputs: usize| Linear::read_without_bias(weights, &name(part), inputs, outputs);
        let norm = |part: &str, size: usize| root_mean_square_norm(weights, &name(part), size, epsilon);
        let mut query_key_value = attention("self_attn.q_proj", hidden, queries * size)?;
        query_key_value.append(attention("self_attn.k_proj", hidden, keys * size)?);
        query_key_value.append(attention("self_attn.v_proj", hidden, keys * size)?);
        // The norm takes any factor of the weights away, so the scale of the attention is one of the norm's.
        let mut query_norm = norm("self_attn.q_norm", size)?;
        let scale = 1.0 / (size as f32).sqrt();
        for factor in &mut query_norm.scale {
            *factor *= scale;
        }
        Ok(Self {
            attention_norm: norm("input_layernorm", hidden)?,
            query_key_value: query_key_value.pack(kernels),
            query_norm,
            key_norm: norm("self_attn.k_norm", size)?,
            attention_output: attention("self_attn.o_proj", queries * size, hidden)?.pack(kernels),
            gated_norm: norm("post_attention_layernorm", hidden)?,
            gate: gated("mlp.gate_proj", hidden, wide)?.pack(kernels),
            up: gated("mlp.up_proj", hidden, wide)?.pack(kernels),
            down: gated("mlp.down_proj", wide, hidden)?.pack(kernels),
        })
    }

    /// Adds to the states in `workspace` what this layer makes of them.
    fn forward(&self, pass: &Pass<'_>, rotary: &Rotary, heads: Heads, workspace: &mut Workspace) {
        let Pass { kernels, crew, rows } = *pass;
        let Workspace { states, query_key_value, context, attended, wide, gate, attention, .. } = workspace;
        normed(kernels, states, &self.attention_norm, attended);
        kernels.product(crew, attended, &self.query_key_value, After::Nothing, query_key_value);
        for &(start, length) in rows {
            for position in 0..length {
                self.place(kernels, rotary, heads, position, query_key_value.row_mut(start + position));
            }
        }
        attention.attend(kernels, crew, query_key_value, rows, heads, context);
        kernels.product(crew, context, &self.attention_output, After::Nothing, attended);
        states.add(attended);
        normed(kernels, states, &self.gated_norm, attended);
        kernels.product(crew, attended, &self.gate, After::Silu, gate);
        kernels.product(crew, attended, &self.up, After::Nothing, wide);
        wide.multiply(gate);
        kernels.product(crew, wide, &self.down, After::Nothing, attended);
        states.add(attended);
    }

    /// Norms a token's queries and keys and turns them to its position.
    fn place(&self, kernels: &Kernels, rotary: &Rotary, heads: Heads, position: usize, token: &mut [f32]) {
        let (queries, rest) = token.split_at_mut(heads.queries * heads.size);
        let keys = &mut rest[..heads.keys * heads.size];
        for (part, norm) in [(&mut *queries, &self.query_norm), (&mut *keys, &self.key_norm)] {
            for head in part.chunks_exact_mut(heads.size) {
                kernels.root_mean_square_norm(head, norm);
            }
            rotary.turn(position, part);
        }
    }
}

/// Writes the normed rows of `states` to `output`.
fn normed(kernels: &Kernels, states: &Matrix, norm: &RootMeanSquareNorm, output: &mut Matrix) {
    output.resize(states.rows(), states.columns());
    for token in 0..states.rows() {
        let row = output.row_mut(token);
        row.copy_from_slice(states.row(token));
        kernels.root_mean_square_norm(row, norm);
    }
}
