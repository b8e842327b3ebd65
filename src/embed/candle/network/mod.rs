//! The forward pass on the CPU, without padding.
//!
//! The rows of a batch are laid end to end: one matrix of all tokens goes through the linear layers, so no work is spent on padding
//! whatever the mix of lengths; only attention looks at rows. A row's vector depends on nothing but the row, bit for bit.
//!
//! A large batch is cut into chunks that each go through the whole network on one thread, in memory that stays in its caches; threads
//! meet at the end of the batch alone. A small one is shared out step by step.
//!
//! What is done to a chunk is the architecture's: `bert` (with XLM-RoBERTa), `new` and `qwen3`, one file each. What they share is
//! `rotary` (positions as turns) and `tensors` (linear layers and norms as they are stored). Query, key and value are one product
//! everywhere; the scale of the attention is folded into the weights that make the query.

mod bert;
mod new;
mod qwen3;
mod rotary;
mod tensors;

use std::sync::{Mutex, PoisonError};

use rayon::prelude::*;

use self::bert::Bert;
use self::new::New;
use self::qwen3::Qwen3;
use super::config::{EncoderConfig, Family};
use super::kernel::{Attention, Crew, Kernels, Matrix};
use super::weights::{TokenTable, Weights, WeightsError};

/// Tokens of a chunk, more or less: enough to read the weights for, few enough to stay in a core's second-level cache.
const CHUNK: usize = 160;

/// A batch of fewer tokens is shared out step by step instead.
const SMALL: usize = 96;

/// The weights of one encoder, in f32 but for the table of tokens.
pub(super) struct Network {
    kernels: &'static Kernels,
    words: TokenTable,
    body: Body,
    hidden: usize,
    max_tokens: usize,
    /// Kept from one batch to the next, one for each thread that has been busy at once.
    workspaces: Mutex<Vec<Workspace>>,
}

/// What is done to the tokens' rows of the table.
enum Body {
    Bert(Bert),
    New(New),
    Qwen3(Qwen3),
}

/// One chunk on its way through a network.
struct Pass<'a> {
    kernels: &'static Kernels,
    crew: &'a Crew<'a>,
    /// Where each row starts in the matrices, and its length.
    rows: &'a [(usize, usize)],
}

/// The memory a chunk is computed in.
#[derive(Default)]
struct Workspace {
    /// The tokens' states: rows of the table at first, what the network makes of them in the end.
    states: Matrix,
    positions: Matrix,
    query_key_value: Matrix,
    context: Matrix,
    attended: Matrix,
    wide: Matrix,
    gate: Matrix,
    attention: Attention,
}

impl Network {
    /// Takes the network's tensors out of `weights`.
    ///
    /// # Errors
    /// When a tensor is missing, of a foreign type, or has another shape than `config` says.
    pub(super) fn new(weights: &Weights<'_>, config: &EncoderConfig) -> Result<Self, WeightsError> {
        let kernels = Kernels::best();
        tracing::debug!(instructions = kernels.name, "the encoder computes with these");
        Self::with_kernels(kernels, weights, config)
    }

    /// The same with the steps of a chosen instruction set.
    pub(super) fn with_kernels(kernels: &'static Kernels, weights: &Weights<'_>, config: &EncoderConfig) -> Result<Self, WeightsError> {
        let body = match config.family {
            Family::Bert { first_position, token_types, epsilon } => {
                Body::Bert(Bert::read(kernels, weights, config, first_position, token_types, epsilon)?)
            }
            Family::New { token_types, epsilon, rotation } => {
                Body::New(New::read(kernels, weights, config, token_types, epsilon, rotation)?)
            }
            Family::Qwen3 { epsilon, rotation, attention_bias } => {
                Body::Qwen3(Qwen3::read(kernels, weights, config, epsilon, rotation, attention_bias)?)
            }
        };
        Ok(Self {
            kernels,
            words: weights.token_table(config.vocab_size, config.hidden_size)?,
            body,
            hidden: config.hidden_size,
            max_tokens: config.max_tokens,
            workspaces: Mutex::default(),
        })
    }

    /// The last hidden states of every row: as many numbers as the row has tokens times `hidden_size`.
    ///
    /// # Errors
    /// When a row is longer than the manifest allows or holds a token that is not in the vocabulary.
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
            let length = batch[row].len();
            if length > self.max_tokens {
                candle_core::bail!("a row of {length} tokens, where at most {} are allowed", self.max_tokens);
            }
            rows.push((tokens.len(), length));
            tokens.extend_from_slice(batch[row]);
        }
        workspace.states.resize(tokens.len(), self.hidden);
        for (token, word) in self.words.rows(tokens)?.chunks_exact(self.hidden).enumerate() {
            workspace.states.row_mut(token).copy_from_slice(word);
        }
        let pass = Pass { kernels: self.kernels, crew, rows: &rows };
        match &self.body {
            Body::Bert(bert) => bert.forward(&pass, &mut workspace),
            Body::New(new) => new.forward(&pass, &mut workspace),
            Body::Qwen3(qwen3) => qwen3.forward(&pass, &mut workspace),
        }
        let states = rows
            .iter()
            .map(|&(start, length)| (start..start + length).flat_map(|token| workspace.states.row(token)).copied().collect())
            .collect();
        self.workspaces.lock().unwrap_or_else(PoisonError::into_inner).push(workspace);
        Ok(states)
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
