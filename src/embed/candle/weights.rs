//! The weights file (safetensors), asked for tensor by tensor under the names Hugging Face gives them.
//!
//! A tensor is read out of the file's bytes when the network asks for it: what the network does not use (a pooler, a language-model head)
//! costs nothing. f16, bf16 and f32 are widened to f32. A matrix may also be stored in 8 bits: `NAME` as I8, and beside it a vector
//! `NAME.scale` (f16, bf16 or f32) with one factor per row; a value is its code times the factor of its row. The table of tokens stays as
//! it is stored and is widened row by row, because it is the largest tensor and a text needs a few rows of it.

use candle_core::safetensors::Load;
use candle_core::{DType, Device, Tensor};
use safetensors::tensor::{Dtype, SafeTensorError, SafeTensors, TensorView};

/// What the name of a matrix in 8 bits is followed by in the name of its factors.
const SCALE: &str = ".scale";

/// Why a weights file does not make the network.
#[derive(Debug, thiserror::Error)]
pub enum WeightsError {
    /// The file is a PyTorch archive.
    #[error(
        "the file is a PyTorch archive (such as pytorch_model.bin), which this program does not read; convert it to safetensors as \
         `riposte models manifest` says"
    )]
    PyTorch,
    /// The file is something else, or cut off.
    #[error("the file is not safetensors, or is cut off; fetch it again")]
    NotSafetensors(#[source] SafeTensorError),
    /// A tensor is not in the file.
    #[error("tensor {name} is missing; the file must hold the network that config.json describes, under the names it is published with")]
    Missing {
        /// Its name.
        name: String,
    },
    /// A tensor has another shape than `config.json` says.
    #[error("tensor {name} has shape {found:?}, config.json asks for {expected:?}")]
    Shape {
        /// Its name.
        name: String,
        /// In the file.
        found: Vec<usize>,
        /// By `config.json`.
        expected: Vec<usize>,
    },
    /// A tensor is of a type that is not read here.
    #[error("tensor {name} is of type {found:?}; weights are f16, bf16 or f32, matrices also I8 with one factor per row in {name}{SCALE}")]
    Type {
        /// Its name.
        name: String,
        /// Its type.
        found: Dtype,
    },
    /// A matrix in 8 bits has no factors.
    #[error("tensor {name} is in 8 bits but {name}{SCALE} is missing; it holds one factor per row")]
    ScaleMissing {
        /// The matrix.
        name: String,
    },
    /// The factors of a matrix in 8 bits do not go with it.
    #[error("tensor {name}{SCALE} has shape {found:?}; {name} needs one factor per row, shape [{rows}]")]
    ScaleShape {
        /// The matrix.
        name: String,
        /// Shape of the factors.
        found: Vec<usize>,
        /// Rows of the matrix.
        rows: usize,
    },
    /// candle refused.
    #[error(transparent)]
    Tensor(#[from] candle_core::Error),
}

/// What the file holds, for people.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct StoredWeights {
    /// Numbers in the file, factors of 8-bit matrices left out.
    pub values: usize,
    /// How many of them are of which type, the most frequent first.
    pub types: Vec<(String, usize)>,
}

/// An open weights file.
pub(super) struct Weights<'bytes> {
    file: SafeTensors<'bytes>,
    /// What stands before the names: nothing, `bert.`, `roberta.`, `new.`, `model.` or whatever a training tool put there.
    prefix: String,
    /// Name of the table of tokens behind the prefix.
    token_table: &'static str,
}

impl<'bytes> Weights<'bytes> {
    /// Reads the file's header. `token_table` is the name of the table of tokens, which every encoder has; what stands before it in the
    /// file stands before every name.
    pub(super) fn parse(bytes: &'bytes [u8], token_table: &'static str) -> Result<Self, WeightsError> {
        // A zip archive, or the bare pickle of older versions.
        if bytes.starts_with(b"PK\x03\x04") || bytes.starts_with(b"\x80\x02") {
            return Err(WeightsError::PyTorch);
        }
        let file = SafeTensors::deserialize(bytes).map_err(WeightsError::NotSafetensors)?;
        // The shortest, should a file hold more than one encoder: always the same one, and the outermost.
        let prefix =
            file.names().into_iter().filter_map(|name| name.strip_suffix(token_table)).min_by_key(|prefix| (prefix.len(), *prefix));
        Ok(Self { prefix: prefix.unwrap_or_default().to_owned(), file, token_table })
    }

    /// What the file holds.
    pub(super) fn stored(&self) -> StoredWeights {
        let mut types: Vec<(String, usize)> = Vec::new();
        for (name, view) in self.file.iter() {
            if !(is_float(view.dtype()) || view.dtype() == Dtype::I8) || name.ends_with(SCALE) {
                continue;
            }
            let (kind, values) = (format!("{:?}", view.dtype()).to_lowercase(), view.shape().iter().product::<usize>());
            match types.iter_mut().find(|(known, _)| *known == kind) {
                Some((_, count)) => *count += values,
                None => types.push((kind, values)),
            }
        }
        types.sort_by(|left, right| right.1.cmp(&left.1).then_with(|| left.0.cmp(&right.0)));
        StoredWeights { values: types.iter().map(|(_, count)| count).sum(), types }
    }

    /// A matrix in f32, row after row.
    pub(super) fn matrix(&self, name: &str, rows: usize, columns: usize) -> Result<Vec<f32>, WeightsError> {
        let (name, view) = self.view(name, &[rows, columns])?;
        if view.dtype() != Dtype::I8 {
            return Ok(floats(&name, &view)?.flatten_all()?.to_vec1()?);
        }
        let scales = self.scales(&name, rows)?;
        let mut values = Vec::with_capacity(rows * columns);
        for (codes, &scale) in view.data().chunks_exact(columns).zip(&scales) {
            values.extend(codes.iter().map(|code| f32::from(code.cast_signed()) * scale));
        }
        Ok(values)
    }

    /// The table of tokens, as it is stored.
    pub(super) fn token_table(&self, rows: usize, columns: usize) -> Result<TokenTable, WeightsError> {
        let (name, view) = self.view(self.token_table, &[rows, columns])?;
        match view.dtype() {
            Dtype::I8 => {
                let codes = view.data().iter().map(|code| code.cast_signed()).collect();
                Ok(TokenTable::Codes { codes, scales: self.scales(&name, rows)?, columns })
            }
            Dtype::F16 | Dtype::BF16 => Ok(TokenTable::Floats(view.load(&Device::Cpu)?)),
            _ => Ok(TokenTable::Floats(floats(&name, &view)?)),
        }
    }

    /// A vector in f32.
    pub(super) fn vector(&self, name: &str, length: usize) -> Result<Vec<f32>, WeightsError> {
        let (name, view) = self.view(name, &[length])?;
        Ok(floats(&name, &view)?.to_vec1()?)
    }

    /// Whether the file has the tensor.
    pub(super) fn has(&self, name: &str) -> bool {
        self.file.tensor(&format!("{}{name}", self.prefix)).is_ok()
    }

    fn view(&self, name: &str, shape: &[usize]) -> Result<(String, TensorView<'bytes>), WeightsError> {
        let name = format!("{}{name}", self.prefix);
        let Ok(view) = self.file.tensor(&name) else { return Err(WeightsError::Missing { name }) };
        if view.shape() != shape {
            return Err(WeightsError::Shape { name, found: view.shape().to_vec(), expected: shape.to_vec() });
        }
        Ok((name, view))
    }

    fn scales(&self, matrix: &str, rows: usize) -> Result<Vec<f32>, WeightsError> {
        let name = format!("{matrix}{SCALE}");
        let Ok(view) = self.file.tensor(&name) else { return Err(WeightsError::ScaleMissing { name: matrix.to_owned() }) };
        if view.shape() != [rows] {
            return Err(WeightsError::ScaleShape { name: matrix.to_owned(), found: view.shape().to_vec(), rows });
        }
        Ok(floats(&name, &view)?.to_vec1()?)
    }
}

/// The table of tokens in the form it is stored in.
pub(super) enum TokenTable {
    /// In f16, bf16 or f32.
    Floats(Tensor),
    /// In 8 bits, row after row, with one factor per row.
    Codes {
        /// Row after row.
        codes: Vec<i8>,
        /// One per row.
        scales: Vec<f32>,
        /// Numbers in a row.
        columns: usize,
    },
}

impl TokenTable {
    /// The rows of `tokens` in f32, one after the other.
    ///
    /// # Errors
    /// When a token has no row.
    pub(super) fn rows(&self, tokens: Vec<u32>) -> candle_core::Result<Vec<f32>> {
        match self {
            Self::Floats(table) => {
                table.index_select(&Tensor::new(tokens, &Device::Cpu)?, 0)?.to_dtype(DType::F32)?.flatten_all()?.to_vec1()
            }
            Self::Codes { codes, scales, columns } => {
                let mut values = Vec::with_capacity(tokens.len() * columns);
                for &token in &tokens {
                    let row = token as usize;
                    let Some(&scale) = scales.get(row) else {
                        candle_core::bail!("token {token} has no row in a table of {}", scales.len());
                    };
                    values.extend(codes[row * columns..][..*columns].iter().map(|&code| f32::from(code) * scale));
                }
                Ok(values)
            }
        }
    }
}

fn is_float(kind: Dtype) -> bool {
    matches!(kind, Dtype::F16 | Dtype::BF16 | Dtype::F32)
}

fn floats(name: &str, view: &TensorView<'_>) -> Result<Tensor, WeightsError> {
    if !is_float(view.dtype()) {
        return Err(WeightsError::Type { name: name.to_owned(), found: view.dtype() });
    }
    Ok(view.load(&Device::Cpu)?.to_dtype(DType::F32)?)
}
