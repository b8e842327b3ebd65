//! The arithmetic of the forward pass: products with packed weights, attention, softmax, norms.
//!
//! `steps` holds the steps, written once against the register of `vector`; here they are compiled for every instruction set (`x86`, `neon`,
//! and plain arithmetic for other machines) and the best one the machine has is taken when the model is loaded. `matrix` holds the
//! memory, `crew` shares the parts of one step out over threads.
//!
//! All `unsafe` code of the encoder is in this folder, behind functions that check sizes.

#![expect(unsafe_code, reason = "registers and packed memory; what is public here checks sizes before anything unsafe is done")]
#![expect(
    clippy::inline_always,
    reason = "what is written against a register must end up in the function compiled for its instruction set"
)]

mod attention;
mod crew;
mod matrix;
#[cfg(target_arch = "aarch64")]
mod neon;
mod steps;
mod vector;
#[cfg(target_arch = "x86_64")]
mod x86;

pub(in crate::embed::candle) use self::attention::{Attention, Heads};
pub(in crate::embed::candle) use self::crew::Crew;
pub(in crate::embed::candle) use self::matrix::{Matrix, Packed};
use self::steps::{Panel, Start};

/// Numbers of the inner dimension after which a product of many rows goes on to its next panel: what the rows have of them stays in the
/// second-level cache.
const DEPTH: usize = 512;

/// Parts that the panels of a product are shared out in, at least.
const GROUPS: usize = 6;

/// Up to so many rows the whole inner dimension stays there.
const FEW_ROWS: usize = 64;

/// The steps as compiled for one instruction set.
#[derive(Debug)]
pub(in crate::embed::candle) struct Kernels {
    /// The instruction set, for people.
    pub(in crate::embed::candle) name: &'static str,
    /// Columns of a panel.
    width: usize,
    panel: unsafe fn(&Panel),
    softmax: unsafe fn(&mut [f32]),
    add_norm: unsafe fn(&mut [f32], &[f32], &[f32], &[f32], f32),
    root_mean_square_norm: unsafe fn(&mut [f32], &[f32], f32),
}

/// What is done with a product before it is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::embed::candle) enum After {
    /// Nothing.
    Nothing,
    /// The exact GELU.
    Gelu,
    /// SiLU: the number times its logistic function.
    Silu,
}

/// Compiles the steps for one instruction set: its register, how many registers wide a panel is, how many rows a tile may have.
macro_rules! compile {
    ($module:ident, $name:literal, $register:ty, $columns:literal, [$($rows:literal)*], $(#[$feature:meta])*) => {
        mod $module {
            use super::After;
            use super::steps::{self, Panel};
            use super::vector::Vector;

            const ROWS: usize = { const ALL: &[usize] = &[$($rows),*]; ALL.len() };

            pub(super) static KERNELS: super::Kernels =
                super::Kernels { name: $name, width: $columns * <$register>::LANES, panel, softmax, add_norm, root_mean_square_norm };

            $(#[$feature])*
            unsafe fn panel(panel: &Panel) {
                let (mut row, mut next) = (0, panel.next);
                let tiles = panel.rows.div_ceil(ROWS);
                // The memory system fetches the next panel over the first tiles, a line at a time where there are two.
                let lines = if tiles == 1 { $columns } else { 1 };
                // Tiles of much the same height: thirteen rows are seven and six, not twelve and one.
                for left_over in (1..=tiles).rev() {
                    let rows = (panel.rows - row).div_ceil(left_over);
                    match rows {
                        // SAFETY: the caller's; the rows are within the panel.
                        $($rows => unsafe { steps::tile::<$register, $rows, $columns>(panel, row, next, lines) },)*
                        _ => unreachable!("a tile has at most {ROWS} rows"),
                    }
                    match panel.after {
                        After::Nothing => {}
                        // SAFETY: as above.
                        After::Gelu => unsafe { gelu(panel, row, rows) },
                        // SAFETY: as above.
                        After::Silu => unsafe { silu(panel, row, rows) },
                    }
                    row += rows;
                    next = next.wrapping_add(panel.depth * lines * <$register>::LANES);
                }
            }

            // Functions of their own: the registers that their constants take are missing in a tile otherwise.
            $(#[$feature])*
            #[inline(never)]
            unsafe fn gelu(panel: &Panel, row: usize, rows: usize) {
                // SAFETY: the caller's.
                unsafe { steps::activate::<$register>(panel, row, rows, $columns, |x| steps::gelu(x)) }
            }

            $(#[$feature])*
            #[inline(never)]
            unsafe fn silu(panel: &Panel, row: usize, rows: usize) {
                // SAFETY: the caller's.
                unsafe { steps::activate::<$register>(panel, row, rows, $columns, |x| steps::silu(x)) }
            }

            $(#[$feature])*
            unsafe fn softmax(row: &mut [f32]) {
                // SAFETY: the caller's.
                unsafe { steps::softmax::<$register>(row) }
            }

            $(#[$feature])*
            unsafe fn add_norm(row: &mut [f32], residual: &[f32], scale: &[f32], shift: &[f32], epsilon: f32) {
                // SAFETY: the caller's.
                unsafe { steps::add_norm::<$register>(row, residual, scale, shift, epsilon) }
            }

            $(#[$feature])*
            unsafe fn root_mean_square_norm(row: &mut [f32], scale: &[f32], epsilon: f32) {
                // SAFETY: the caller's.
                unsafe { steps::root_mean_square_norm::<$register>(row, scale, epsilon) }
            }
        }
    };
}

#[cfg(target_arch = "x86_64")]
compile!(avx512, "AVX-512", super::x86::Avx512, 2, [1 2 3 4 5 6 7 8 9 10 11 12], #[target_feature(enable = "avx512f")]);
#[cfg(target_arch = "x86_64")]
compile!(avx2, "AVX2", super::x86::Avx2, 2, [1 2 3 4 5 6], #[target_feature(enable = "avx2,fma")]);
#[cfg(target_arch = "aarch64")]
compile!(arm, "NEON", super::neon::Neon, 4, [1 2 3 4 5 6], #[target_feature(enable = "neon")]);
compile!(plain, "plain", super::vector::Plain, 2, [1 2 3 4],);

impl Kernels {
    /// The fastest steps this machine can run.
    pub(in crate::embed::candle) fn best() -> &'static Self {
        Self::all()[0]
    }

    /// All steps this machine can run, the fastest first.
    pub(in crate::embed::candle) fn all() -> Vec<&'static Self> {
        let mut all = Vec::new();
        #[cfg(target_arch = "x86_64")]
        {
            if std::arch::is_x86_feature_detected!("avx512f") {
                all.push(&avx512::KERNELS);
            }
            if std::arch::is_x86_feature_detected!("avx2") && std::arch::is_x86_feature_detected!("fma") {
                all.push(&avx2::KERNELS);
            }
        }
        #[cfg(target_arch = "aarch64")]
        if std::arch::is_aarch64_feature_detected!("neon") {
            all.push(&arm::KERNELS);
        }
        all.push(&plain::KERNELS);
        all
    }

    /// Writes `left × weights + bias`, and what comes after it, to `output`; `crew` shares out the panels of the weights.
    ///
    /// # Panics
    /// When the sizes do not fit together.
    pub(in crate::embed::candle) fn product(&self, crew: &Crew<'_>, left: &Matrix, weights: &Packed, after: After, output: &mut Matrix) {
        let (rows, depth) = (left.rows(), weights.depth());
        assert!(left.columns() == depth && weights.width() == self.width, "a product of {} and {depth}", left.columns());
        output.resize(rows, weights.columns());
        if rows == 0 {
            return;
        }
        let (left_stride, output_stride) = (left.stride(), output.stride());
        let (left, output) = (Shared(left.as_slice().as_ptr().cast_mut()), Shared(output.as_mut_slice().as_mut_ptr()));
        let step = if rows <= FEW_ROWS { depth } else { DEPTH };
        let panels = weights.panels();
        for from in (0..depth).step_by(step) {
            let part = step.min(depth - from);
            // Neighbouring panels go to one thread, so that it finds the next one fetched.
            let group = (panels / GROUPS).max(1);
            crew.each(panels.div_ceil(group), &|part_of_panels| {
                for index in part_of_panels * group..panels.min((part_of_panels + 1) * group) {
                    let right = weights.panel(index);
                    let next = weights.panel((index + 1) % panels);
                    let (left, output) = (&left, &output);
                    // SAFETY: `left` has `rows` rows of `depth` numbers. A matrix has room for whole panels in each of its rows, and every
                    // panel is written by one call, so no two threads write the same place. The instruction set is one the machine has:
                    // `all` hands out no others.
                    unsafe {
                        (self.panel)(&Panel {
                            left: left.0.add(from),
                            left_stride,
                            rows,
                            depth: part,
                            right: right.as_ptr().add(from * self.width),
                            output: output.0.add(index * self.width),
                            output_stride,
                            start: if from == 0 { Start::Bias } else { Start::Output },
                            bias: weights.bias(index).as_ptr(),
                            after: if from + part == depth { after } else { After::Nothing },
                            next: next.as_ptr().add(from * self.width),
                        });
                    }
                }
            });
        }
    }

    /// Replaces every row of `states` by `norm(row + the residual's row)`.
    ///
    /// # Panics
    /// When the sizes do not fit together.
    pub(in crate::embed::candle) fn add_norm(&self, states: &mut Matrix, residual: &Matrix, norm: &Norm) {
        assert!(states.rows() == residual.rows() && states.columns() == residual.columns(), "a residual of another size");
        for row in 0..states.rows() {
            // SAFETY: the instruction set is one the machine has.
            unsafe { (self.add_norm)(states.row_mut(row), residual.row(row), &norm.scale, &norm.shift, norm.epsilon) }
        }
    }

    /// Divides `row` by the root of its mean square and multiplies it by the norm's factors.
    ///
    /// # Panics
    /// When the sizes do not fit together.
    pub(in crate::embed::candle) fn root_mean_square_norm(&self, row: &mut [f32], norm: &RootMeanSquareNorm) {
        // SAFETY: the instruction set is one the machine has.
        unsafe { (self.root_mean_square_norm)(row, &norm.scale, norm.epsilon) }
    }
}

/// The weights of a layer normalisation.
#[derive(Debug)]
pub(in crate::embed::candle) struct Norm {
    /// Factor of each column.
    pub(in crate::embed::candle) scale: Vec<f32>,
    /// Addend of each column.
    pub(in crate::embed::candle) shift: Vec<f32>,
    /// Added to the variance.
    pub(in crate::embed::candle) epsilon: f32,
}

/// The weights of a normalisation by the root of the mean square (RMSNorm).
#[derive(Debug)]
pub(in crate::embed::candle) struct RootMeanSquareNorm {
    /// Factor of each column.
    pub(in crate::embed::candle) scale: Vec<f32>,
    /// Added to the mean square.
    pub(in crate::embed::candle) epsilon: f32,
}

/// Memory that several threads work on in disjoint parts.
#[derive(Clone, Copy)]
struct Shared(*mut f32);

// SAFETY: whoever uses the address says why no part is written by two threads.
unsafe impl Sync for Shared {}

#[cfg(test)]
mod tests;
