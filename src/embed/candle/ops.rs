//! The element-wise steps between the products, each in one pass over memory and in place.
//!
//! candle has them as separate operations, each of which writes a new tensor, and computes GELU on one thread; fused, a forward pass
//! takes a good deal less (see `docs/` for figures). Rows are shared out over the thread pool in blocks.

use candle_core::{CpuStorage, InplaceOp1, InplaceOp2, Layout, Result, bail};
use rayon::prelude::*;

/// Rows one task works on: small enough to share out a short batch, large enough to be worth a task.
const ROWS_PER_TASK: usize = 16;

/// `x + bias`.
pub(super) struct AddBias {
    pub(super) bias: Vec<f32>,
}

/// `gelu(x + bias)`, the exact one (with the error function).
pub(super) struct AddBiasGelu {
    pub(super) bias: Vec<f32>,
}

/// Layer normalisation; as an operation: `norm(x + residual)`.
pub(super) struct NormWeights {
    pub(super) scale: Vec<f32>,
    pub(super) shift: Vec<f32>,
    pub(super) epsilon: f32,
}

/// `norm(x + bias + residual)`.
pub(super) struct AddBiasResidualNorm {
    pub(super) bias: Vec<f32>,
    pub(super) norm: NormWeights,
}

impl InplaceOp1 for AddBias {
    fn name(&self) -> &'static str {
        "add-bias"
    }

    fn cpu_fwd(&self, storage: &mut CpuStorage, layout: &Layout) -> Result<()> {
        let values = contiguous_mut(storage, layout)?;
        values.par_chunks_mut(self.bias.len() * ROWS_PER_TASK).for_each(|rows| {
            for row in rows.chunks_exact_mut(self.bias.len()) {
                for (value, bias) in row.iter_mut().zip(&self.bias) {
                    *value += bias;
                }
            }
        });
        Ok(())
    }
}

impl InplaceOp1 for AddBiasGelu {
    fn name(&self) -> &'static str {
        "add-bias-gelu"
    }

    fn cpu_fwd(&self, storage: &mut CpuStorage, layout: &Layout) -> Result<()> {
        let values = contiguous_mut(storage, layout)?;
        values.par_chunks_mut(self.bias.len() * ROWS_PER_TASK).for_each(|rows| {
            for row in rows.chunks_exact_mut(self.bias.len()) {
                for (value, bias) in row.iter_mut().zip(&self.bias) {
                    *value = gelu(*value + bias);
                }
            }
        });
        Ok(())
    }
}

impl InplaceOp2 for NormWeights {
    fn name(&self) -> &'static str {
        "add-norm"
    }

    fn cpu_fwd(&self, storage: &mut CpuStorage, layout: &Layout, residual: &CpuStorage, residual_layout: &Layout) -> Result<()> {
        let width = self.scale.len();
        let residual = contiguous(residual, residual_layout)?;
        let values = contiguous_mut(storage, layout)?;
        values.par_chunks_mut(width * ROWS_PER_TASK).zip(residual.par_chunks(width * ROWS_PER_TASK)).for_each(|(rows, residuals)| {
            for (row, residual) in rows.chunks_exact_mut(width).zip(residuals.chunks_exact(width)) {
                for (value, residual) in row.iter_mut().zip(residual) {
                    *value += residual;
                }
                self.normalise(row);
            }
        });
        Ok(())
    }
}

impl InplaceOp2 for AddBiasResidualNorm {
    fn name(&self) -> &'static str {
        "add-bias-residual-norm"
    }

    fn cpu_fwd(&self, storage: &mut CpuStorage, layout: &Layout, residual: &CpuStorage, residual_layout: &Layout) -> Result<()> {
        let width = self.bias.len();
        let residual = contiguous(residual, residual_layout)?;
        let values = contiguous_mut(storage, layout)?;
        values.par_chunks_mut(width * ROWS_PER_TASK).zip(residual.par_chunks(width * ROWS_PER_TASK)).for_each(|(rows, residuals)| {
            for (row, residual) in rows.chunks_exact_mut(width).zip(residuals.chunks_exact(width)) {
                for ((value, residual), bias) in row.iter_mut().zip(residual).zip(&self.bias) {
                    *value += residual + bias;
                }
                self.norm.normalise(row);
            }
        });
        Ok(())
    }
}

impl NormWeights {
    fn normalise(&self, row: &mut [f32]) {
        let width = row.len() as f32;
        let mean = sum(row, |x| x) / width;
        // Two passes: the difference of the mean square and the squared mean loses digits in f32.
        let variance = sum(row, |x| (x - mean) * (x - mean)) / width;
        let inverse = (variance + self.epsilon).sqrt().recip();
        for ((value, scale), shift) in row.iter_mut().zip(&self.scale).zip(&self.shift) {
            *value = (*value - mean) * inverse * scale + shift;
        }
    }
}

/// Sums `f` of all values in four independent chains, so that an addition need not wait for the one before it.
fn sum(values: &[f32], f: impl Fn(f32) -> f32) -> f32 {
    let mut sums = [0.0_f32; 4];
    let (blocks, rest) = values.as_chunks::<4>();
    for block in blocks {
        sums[0] += f(block[0]);
        sums[1] += f(block[1]);
        sums[2] += f(block[2]);
        sums[3] += f(block[3]);
    }
    rest.iter().fold((sums[0] + sums[1]) + (sums[2] + sums[3]), |sum, &value| sum + f(value))
}

fn gelu(x: f32) -> f32 {
    0.5 * x * (1.0 + candle_core::cpu::erf::erf_f32(x * std::f32::consts::FRAC_1_SQRT_2))
}

fn contiguous_mut<'a>(storage: &'a mut CpuStorage, layout: &Layout) -> Result<&'a mut [f32]> {
    match (storage, layout.contiguous_offsets()) {
        (CpuStorage::F32(values), Some((start, end))) => Ok(&mut values[start..end]),
        _ => bail!("expected a contiguous f32 tensor"),
    }
}

fn contiguous<'a>(storage: &'a CpuStorage, layout: &Layout) -> Result<&'a [f32]> {
    match (storage, layout.contiguous_offsets()) {
        (CpuStorage::F32(values), Some((start, end))) => Ok(&values[start..end]),
        _ => bail!("expected a contiguous f32 tensor"),
    }
}
