//! The forward pass of a BERT-family encoder on the CPU, without padding.
//!
//! The rows of a batch are laid end to end, sorted by length: one matrix of all tokens goes through the linear layers, so no work is
//! spent on padding whatever the mix of lengths. Only attention looks at rows; rows of equal length lie side by side and are attended
//! together, so that no mask is needed either. A row's vector therefore depends on nothing but the row.
//!
//! Query, key and value are one product; the scale of the attention is folded into the query's weights, the token type into the
//! position table.

use candle_core::{D, Device, Tensor};
use rayon::prelude::*;

use super::config::EncoderConfig;
use super::ops::{AddBias, AddBiasGelu, AddBiasResidualNorm, NormWeights};
use super::weights::{TokenTable, Weights, WeightsError};
use crate::embed::manifest::Architecture;

type Result<T, E = candle_core::Error> = std::result::Result<T, E>;

/// The weights of one encoder, in f32 but for the table of tokens.
pub(super) struct Bert {
    words: TokenTable,
    /// Position table plus the row of the only token type used.
    positions: Tensor,
    embedding_norm: NormWeights,
    layers: Vec<Layer>,
    first_position: u32,
    heads: usize,
    hidden: usize,
}

struct Layer {
    query_key_value: Tensor,
    query_key_value_bias: AddBias,
    attention_output: Tensor,
    attention_norm: AddBiasResidualNorm,
    intermediate: Tensor,
    intermediate_gelu: AddBiasGelu,
    output: Tensor,
    output_norm: AddBiasResidualNorm,
}

/// Rows of equal length that lie side by side in the matrix of tokens.
struct Group {
    start: usize,
    rows: usize,
    length: usize,
}

impl Bert {
    /// Takes the network's tensors out of `weights`.
    ///
    /// # Errors
    /// When a tensor is missing, of a foreign type, or has another shape than `config` says.
    pub(super) fn new(weights: &Weights<'_>, config: &EncoderConfig, architecture: Architecture) -> Result<Self, WeightsError> {
        let hidden = config.hidden_size;
        let token_type = weights.matrix("embeddings.token_type_embeddings.weight", config.type_vocab_size, hidden)?.narrow(0, 0, 1)?;
        let positions = weights.matrix("embeddings.position_embeddings.weight", config.max_position_embeddings, hidden)?;
        let layers = (0..config.num_hidden_layers).map(|index| Layer::new(weights, config, index)).collect::<Result<_, _>>()?;
        Ok(Self {
            words: weights.token_table(config.vocab_size, hidden)?,
            positions: positions.broadcast_add(&token_type)?,
            embedding_norm: norm(weights, "embeddings.LayerNorm", config)?,
            layers,
            first_position: config.first_position(architecture) as u32,
            heads: config.num_attention_heads,
            hidden,
        })
    }

    /// The last hidden states of every row: as many numbers as the row has tokens times `hidden_size`.
    ///
    /// # Errors
    /// When a row is empty, longer than the position table or holds a token that is not in the vocabulary.
    pub(super) fn forward(&self, batch: &[&[u32]]) -> Result<Vec<Vec<f32>>> {
        let mut order: Vec<usize> = (0..batch.len()).collect();
        order.sort_by_key(|&row| batch[row].len());

        let mut tokens = Vec::with_capacity(batch.iter().map(|row| row.len()).sum());
        let mut positions = Vec::with_capacity(tokens.capacity());
        let mut groups: Vec<Group> = Vec::new();
        for &row in &order {
            let length = batch[row].len();
            match groups.last_mut() {
                Some(group) if group.length == length => group.rows += 1,
                _ => groups.push(Group { start: tokens.len(), rows: 1, length }),
            }
            tokens.extend_from_slice(batch[row]);
            positions.extend((self.first_position..).take(length));
        }

        let states = self.encode(tokens, positions, &groups)?.flatten_all()?.to_vec1::<f32>()?;
        let mut rows = vec![Vec::new(); batch.len()];
        let mut rest = states.as_slice();
        for &row in &order {
            let (own, others) = rest.split_at(batch[row].len() * self.hidden);
            rows[row] = own.to_vec();
            rest = others;
        }
        Ok(rows)
    }

    fn encode(&self, tokens: Vec<u32>, positions: Vec<u32>, groups: &[Group]) -> Result<Tensor> {
        let words = self.words.rows(tokens)?;
        let positions = self.positions.index_select(&Tensor::new(positions, &Device::Cpu)?, 0)?;
        words.inplace_op2(&positions, &self.embedding_norm)?;
        self.layers.iter().try_fold(words, |states, layer| layer.forward(&states, groups, self.heads))
    }
}

impl Layer {
    fn new(weights: &Weights<'_>, config: &EncoderConfig, index: usize) -> Result<Self, WeightsError> {
        let (hidden, wide) = (config.hidden_size, config.intermediate_size);
        let name = |part: &str| format!("encoder.layer.{index}.{part}");
        let (query, query_bias) = linear(weights, &name("attention.self.query"), hidden, hidden)?;
        let (key, key_bias) = linear(weights, &name("attention.self.key"), hidden, hidden)?;
        let (value, value_bias) = linear(weights, &name("attention.self.value"), hidden, hidden)?;
        let scale = 1.0 / ((hidden / config.num_attention_heads) as f64).sqrt();
        let query_key_value = Tensor::cat(&[(query * scale)?, key, value], 0)?;
        let query_bias = query_bias.into_iter().map(|bias| bias * scale as f32);
        let query_key_value_bias = query_bias.chain(key_bias).chain(value_bias).collect();
        let (attention_output, attention_bias) = linear(weights, &name("attention.output.dense"), hidden, hidden)?;
        let (intermediate, intermediate_bias) = linear(weights, &name("intermediate.dense"), hidden, wide)?;
        let (output, output_bias) = linear(weights, &name("output.dense"), wide, hidden)?;
        let attention_norm = norm(weights, &name("attention.output.LayerNorm"), config)?;
        let output_norm = norm(weights, &name("output.LayerNorm"), config)?;
        Ok(Self {
            query_key_value: query_key_value.t()?,
            query_key_value_bias: AddBias { bias: query_key_value_bias },
            attention_output: attention_output.t()?,
            attention_norm: AddBiasResidualNorm { bias: attention_bias, norm: attention_norm },
            intermediate: intermediate.t()?,
            intermediate_gelu: AddBiasGelu { bias: intermediate_bias },
            output: output.t()?,
            output_norm: AddBiasResidualNorm { bias: output_bias, norm: output_norm },
        })
    }

    fn forward(&self, states: &Tensor, groups: &[Group], heads: usize) -> Result<Tensor> {
        let query_key_value = states.matmul(&self.query_key_value)?;
        query_key_value.inplace_op1(&self.query_key_value_bias)?;
        let attended: Vec<Tensor> = groups.par_iter().map(|group| attend(&query_key_value, group, heads)).collect::<Result<_>>()?;
        let attended = Tensor::cat(&attended, 0)?.matmul(&self.attention_output)?;
        attended.inplace_op2(states, &self.attention_norm)?;

        let wide = attended.matmul(&self.intermediate)?;
        wide.inplace_op1(&self.intermediate_gelu)?;
        let output = wide.matmul(&self.output)?;
        output.inplace_op2(&attended, &self.output_norm)?;
        Ok(output)
    }
}

/// Attention of one group of rows: `[rows × length, 3 × hidden]` to `[rows × length, hidden]`.
fn attend(query_key_value: &Tensor, group: &Group, heads: usize) -> Result<Tensor> {
    let &Group { start, rows, length } = group;
    let size = query_key_value.dim(1)? / 3 / heads;
    let split = query_key_value
        .narrow(0, start, rows * length)?
        .reshape((rows, length, 3, heads, size))?
        .permute((2, 0, 3, 1, 4))?
        .contiguous()?
        .reshape((3, rows * heads, length, size))?;
    let (query, key, value) = (split.get(0)?, split.get(1)?, split.get(2)?);
    let weights = candle_nn::ops::softmax_last_dim(&query.matmul(&key.transpose(D::Minus1, D::Minus2)?)?)?;
    weights.matmul(&value)?.reshape((rows, heads, length, size))?.transpose(1, 2)?.reshape((rows * length, heads * size))
}

/// The weights (`outputs × inputs`) and the bias of a linear layer.
fn linear(weights: &Weights<'_>, name: &str, inputs: usize, outputs: usize) -> Result<(Tensor, Vec<f32>), WeightsError> {
    Ok((weights.matrix(&format!("{name}.weight"), outputs, inputs)?, weights.vector(&format!("{name}.bias"), outputs)?))
}

fn norm(weights: &Weights<'_>, name: &str, config: &EncoderConfig) -> Result<NormWeights, WeightsError> {
    // Files converted from TensorFlow's BERT have the names of that time.
    let (scale, shift) = if weights.has(&format!("{name}.gamma")) { ("gamma", "beta") } else { ("weight", "bias") };
    Ok(NormWeights {
        scale: weights.vector(&format!("{name}.{scale}"), config.hidden_size)?,
        shift: weights.vector(&format!("{name}.{shift}"), config.hidden_size)?,
        epsilon: config.layer_norm_eps,
    })
}
