//! The forward pass of a BERT-family encoder on the CPU, without padding.
//!
//! The rows of a batch are laid end to end: one matrix of all tokens goes through the linear layers, so no work is spent on padding
//! whatever the mix of lengths; only attention looks at rows. A row's vector depends on nothing but the row, bit for bit.
//!
//! A large batch is cut into chunks that each go through the whole network on one thread, in memory that stays in its caches; threads
//! meet at the end of the batch alone. A small one is shared out step by step.
//!
//! Query, key and value are one product; the scale of the attention is folded into the query's weights, the token type into the
//! position table.

use std::sync::{Mutex, PoisonError};

use rayon::prelude::*;

use super::config::EncoderConfig;
use super::kernel::{After, Attention, Crew, Kernels, Matrix, Norm, Packed};
use super::weights::{TokenTable, Weights, WeightsError};
use crate::embed::manifest::Architecture;

/// Tokens of a chunk, more or less: enough to read the weights for, few enough to stay in a core's second-level cache.
const CHUNK: usize = 160;

/// A batch of fewer tokens is shared out step by step instead.
const SMALL: usize = 96;

/// The weights of one encoder, in f32 but for the table of tokens.
pub(super) struct Network {
    kernels: &'static Kernels,
    words: TokenTable,
    /// Position table plus the row of the only token type used.
    positions: Vec<f32>,
    embedding_norm: Norm,
    layers: Vec<Layer>,
    first_position: usize,
    heads: usize,
    hidden: usize,
    /// Kept from one batch to the next, one for each thread that has been busy at once.
    workspaces: Mutex<Vec<Workspace>>,
}

struct Layer {
    query_key_value: Packed,
    attention_output: Packed,
    attention_norm: Norm,
    intermediate: Packed,
    output: Packed,
    output_norm: Norm,
}

/// The memory a chunk is computed in.
#[derive(Default)]
struct Workspace {
    states: Matrix,
    positions: Matrix,
    query_key_value: Matrix,
    context: Matrix,
    attended: Matrix,
    wide: Matrix,
    attention: Attention,
}

impl Network {
    /// Takes the network's tensors out of `weights`.
    ///
    /// # Errors
    /// When a tensor is missing, of a foreign type, or has another shape than `config` says.
    pub(super) fn new(weights: &Weights<'_>, config: &EncoderConfig, architecture: Architecture) -> Result<Self, WeightsError> {
        let kernels = Kernels::best();
        tracing::debug!(instructions = kernels.name, "the encoder computes with these");
        Self::with_kernels(kernels, weights, config, architecture)
    }

    /// The same with the steps of a chosen instruction set.
    pub(super) fn with_kernels(
        kernels: &'static Kernels,
        weights: &Weights<'_>,
        config: &EncoderConfig,
        architecture: Architecture,
    ) -> Result<Self, WeightsError> {
        let hidden = config.hidden_size;
        let token_types = weights.matrix("embeddings.token_type_embeddings.weight", config.type_vocab_size, hidden)?;
        let mut positions = weights.matrix("embeddings.position_embeddings.weight", config.max_position_embeddings, hidden)?;
        for position in positions.chunks_exact_mut(hidden) {
            for (value, token_type) in position.iter_mut().zip(&token_types) {
                *value += token_type;
            }
        }
        Ok(Self {
            kernels,
            words: weights.token_table(config.vocab_size, hidden)?,
            positions,
            embedding_norm: norm(weights, "embeddings.LayerNorm", config)?,
            layers: (0..config.num_hidden_layers).map(|index| Layer::new(kernels, weights, config, index)).collect::<Result<_, _>>()?,
            first_position: config.first_position(architecture),
            heads: config.num_attention_heads,
            hidden,
            workspaces: Mutex::default(),
        })
    }

    /// The last hidden states of every row: as many numbers as the row has tokens times `hidden_size`.
    ///
    /// # Errors
    /// When a row is longer than the position table or holds a token that is not in the vocabulary.
    pub(super) fn forward(&self, batch: &[&[u32]]) -> Result<Vec<Vec<f32>>, candle_core::Error> {
        let tokens: usize = batch.iter().map(|row| row.len()).sum();
        let threads = rayon::current_num_threads();
        let mut states = vec![Vec::new(); batch.len()];
        if tokens < SMALL || threads == 1 && tokens <= CHUNK {
            let all: Vec<usize> = (0..batch.len()).collect();
            let computed =
                if threads == 1 { self.encode(&Crew::ALONE, batch, &all) } else { Crew::run(|crew| self.encode(crew, batch, &all)) };
            states = computed?;
        } else {
            let chunks = share_out(batch, tokens.div_ceil(CHUNK).next_multiple_of(threads));
            let computed: Vec<Vec<Vec<f32>>> =
                chunks.par_iter().map(|rows| self.encode(&Crew::ALONE, batch, rows)).collect::<Result<_, _>>()?;
            for (row, computed) in chunks.iter().flatten().zip(computed.into_iter().flatten()) {
                states[*row] = computed;
            }
        }
        Ok(states)
    }

    /// The last hidden states of the rows of `batch` with the numbers in `chunk`.
    fn encode(&self, crew: &Crew<'_>, batch: &[&[u32]], chunk: &[usize]) -> Result<Vec<Vec<f32>>, candle_core::Error> {
        let mut workspace = self.workspaces.lock().unwrap_or_else(PoisonError::into_inner).pop().unwrap_or_default();
        let mut rows = Vec::with_capacity(chunk.len());
        let mut tokens = Vec::new();
        for &row in chunk {
            rows.push((tokens.len(), batch[row].len()));
            tokens.extend_from_slice(batch[row]);
        }
        self.embed(tokens, &rows, &mut workspace)?;
        for layer in &self.layers {
            layer.forward(self.kernels, crew, &rows, self.heads, &mut workspace);
        }
        let states = rows
            .iter()
            .map(|&(start, length)| (start..start + length).flat_map(|token| workspace.states.row(token)).copied().collect())
            .collect();
        self.workspaces.lock().unwrap_or_else(PoisonError::into_inner).push(workspace);
        Ok(states)
    }

    fn embed(&self, tokens: Vec<u32>, rows: &[(usize, usize)], workspace: &mut Workspace) -> Result<(), candle_core::Error> {
        let Workspace { states, positions, .. } = workspace;
        states.resize(tokens.len(), self.hidden);
        positions.resize(tokens.len(), self.hidden);
        for (token, word) in self.words.rows(tokens)?.chunks_exact(self.hidden).enumerate() {
            states.row_mut(token).copy_from_slice(word);
        }
        for &(start, length) in rows {
            let from = self.first_position * self.hidden;
            let Some(table) = self.positions.get(from..from + length * self.hidden) else {
                candle_core::bail!("a row of {length} tokens is longer than the table of positions");
            };
            for (token, position) in table.chunks_exact(self.hidden).enumerate() {
                positions.row_mut(start + token).copy_from_slice(position);
            }
        }
        self.kernels.add_norm(states, positions, &self.embedding_norm);
        Ok(())
    }
}

/// Shares the rows out to `chunks` of much the same number of tokens: the longest first, each to the chunk that has least.
fn share_out(batch: &[&[u32]], chunks: usize) -> Vec<Vec<usize>> {
    let mut order: Vec<usize> = (0..batch.len()).collect();
    order.sort_by_key(|&row| std::cmp::Reverse(batch[row].len()));
    let mut shares: Vec<(usize, Vec<usize>)> = vec![(0, Vec::new()); chunks.min(batch.len())];
    for row in order {
        if let Some((tokens, rows)) = shares.iter_mut().min_by_key(|(tokens, _)| *tokens) {
            *tokens += batch[row].len();
            rows.push(row);
        }
    }
    shares.into_iter().map(|(_, rows)| rows).collect()
}

impl Layer {
    fn new(kernels: &Kernels, weights: &Weights<'_>, config: &EncoderConfig, index: usize) -> Result<Self, WeightsError> {
        let (hidden, wide) = (config.hidden_size, config.intermediate_size);
        let name = |part: &str| format!("encoder.layer.{index}.{part}");
        let packed = |part: &str, inputs: usize, outputs: usize| -> Result<Packed, WeightsError> {
            let (weights, bias) = linear(weights, &name(part), inputs, outputs)?;
            Ok(Packed::new(kernels, &weights, &bias, inputs))
        };
        let (mut query_key_value, mut bias) = linear(weights, &name("attention.self.query"), hidden, hidden)?;
        let scale = 1.0 / ((hidden / config.num_attention_heads) as f32).sqrt();
        for value in query_key_value.iter_mut().chain(&mut bias) {
            *value *= scale;
        }
        for part in ["attention.self.key", "attention.self.value"] {
            let (weights, biases) = linear(weights, &name(part), hidden, hidden)?;
            query_key_value.extend(weights);
            bias.extend(biases);
        }
        Ok(Self {
            query_key_value: Packed::new(kernels, &query_key_value, &bias, hidden),
            attention_output: packed("attention.output.dense", hidden, hidden)?,
            attention_norm: norm(weights, &name("attention.output.LayerNorm"), config)?,
            intermediate: packed("intermediate.dense", hidden, wide)?,
            output: packed("output.dense", wide, hidden)?,
            output_norm: norm(weights, &name("output.LayerNorm"), config)?,
        })
    }

    /// Replaces the states in `workspace` by those behind this layer.
    fn forward(&self, kernels: &Kernels, crew: &Crew<'_>, rows: &[(usize, usize)], heads: usize, workspace: &mut Workspace) {
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

/// The weights (`outputs × inputs`) and the bias of a linear layer.
fn linear(weights: &Weights<'_>, name: &str, inputs: usize, outputs: usize) -> Result<(Vec<f32>, Vec<f32>), WeightsError> {
    Ok((weights.matrix(&format!("{name}.weight"), outputs, inputs)?, weights.vector(&format!("{name}.bias"), outputs)?))
}

fn norm(weights: &Weights<'_>, name: &str, config: &EncoderConfig) -> Result<Norm, WeightsError> {
    // Files converted from TensorFlow's BERT have the names of that time.
    let (scale, shift) = if weights.has(&format!("{name}.gamma")) { ("gamma", "beta") } else { ("weight", "bias") };
    Ok(Norm {
        scale: weights.vector(&format!("{name}.{scale}"), config.hidden_size)?,
        shift: weights.vector(&format!("{name}.{shift}"), config.hidden_size)?,
        epsilon: config.layer_norm_eps,
    })
}
