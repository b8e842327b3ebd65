//! The element-wise steps between the products, each in one pass over memory and in place.
//!
//! candle has them as separate operations, each of which writes a new tensor, and computes GELU on one thread; fused, a forward pass
//! reads and writes its largest tensors once. Rows are shared out over the thread pool in blocks.

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
    0.5 * x * (1.0 + erf(x * std::f32::consts::FRAC_1_SQRT_2))
}

/// The error function, within 5e-7 (a test holds it to that).
///
/// The library function candle uses took a fifth of the forward pass; this takes one division and no branch. The coefficients are a
/// least-squares fit, weighted towards the largest error, of `x P(x²) / Q(x²)` on 260 Chebyshev points of `[0, LIMIT]`.
fn erf(x: f32) -> f32 {
    /// From here on the value rounds to one.
    const LIMIT: f32 = 3.92;
    let x = x.clamp(-LIMIT, LIMIT);
    let t = x * x;
    let numerator = 1.991_457_5e-8_f32;
    let numerator = numerator * t - 1.992_707_1e-6;
    let numerator = numerator * t + 1.487_501e-4;
    let numerator = numerator * t + 3.964_685e-3;
    let numerator = numerator * t + 5.137_328e-2;
    let numerator = numerator * t + 2.059_328_2e-1;
    let numerator = numerator * t + 1.128_378_8;
    let denominator = 1.021_989_5e-3_f32;
    let denominator = denominator * t + 1.487_340_1e-2;
    let denominator = denominator * t + 1.174_894_2e-1;
    let denominator = denominator * t + 5.158_320_8e-1;
    let denominator = denominator * t + 1.0;
    // Rounding may carry the quotient a digit past one, where the function never is.
    (x * numerator / denominator).clamp(-1.0, 1.0)
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

#[cfg(test)]
mod tests {
    use candle_core::{Device, Tensor};

    use super::*;

    fn values() -> impl Iterator<Item = f32> {
        (-60_000..=60_000).map(|step| step as f32 * 1e-4)
    }

    #[test]
    fn the_error_function_is_the_library_function() {
        for x in values().chain([f32::INFINITY, f32::NEG_INFINITY]) {
            let expected = candle_core::cpu::erf::erf_f64(f64::from(x)) as f32;
            assert!((erf(x) - expected).abs() <= 5e-7, "{x}: {} {expected}", erf(x));
        }
        assert!(erf(f32::NAN).is_nan());
    }

    #[test]
    fn fused_steps_equal_the_separate_ones() {
        let rows = 37;
        let width = 12;
        let table = |seed: usize| -> Vec<f32> { (0..rows * width).map(|i| ((i * seed) % 101) as f32 / 23.0 - 2.0).collect() };
        let tensor = |values: &[f32]| Tensor::from_slice(values, (rows, width), &Device::Cpu).unwrap();
        let vector = |values: &[f32]| Tensor::from_slice(values, width, &Device::Cpu).unwrap();
        let bias = table(7)[..width].to_vec();
        let norm = || NormWeights { scale: table(11)[..width].to_vec(), shift: table(5)[..width].to_vec(), epsilon: 1e-12 };
        let assert_near = |left: &Tensor, right: &Tensor| {
            let difference = (left - right).unwrap().abs().unwrap().max_all().unwrap().to_scalar::<f32>().unwrap();
            assert!(difference < 1e-5, "{difference}");
        };

        let biased = tensor(&table(31));
        biased.inplace_op1(&AddBias { bias: bias.clone() }).unwrap();
        assert_near(&biased, &tensor(&table(31)).broadcast_add(&vector(&bias)).unwrap());

        let activated = tensor(&table(31));
        activated.inplace_op1(&AddBiasGelu { bias: bias.clone() }).unwrap();
        assert_near(&activated, &biased.gelu_erf().unwrap());

        let reference = |x: &Tensor| candle_nn::ops::layer_norm(x, &vector(&norm().scale), &vector(&norm().shift), 1e-12).unwrap();
        let normed = tensor(&table(31));
        normed.inplace_op2(&tensor(&table(17)), &norm()).unwrap();
        assert_near(&normed, &reference(&(tensor(&table(31)) + tensor(&table(17))).unwrap()));

        let normed = tensor(&table(31));
        normed.inplace_op2(&tensor(&table(17)), &AddBiasResidualNorm { bias, norm: norm() }).unwrap();
        assert_near(&normed, &reference(&(biased + tensor(&table(17))).unwrap()));
    }
}
