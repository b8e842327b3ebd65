//! The steps of a forward pass, written once against [`Vector`]; `mod` compiles them for every instruction set.
//!
//! A number of a product is always the same chain of additions, in the order of the inner dimension, however many rows are computed
//! together. That is why a text has the same vector, bit for bit, alone and in any batch.

use super::After;
use super::vector::{ROUND, Vector};

/// What a tile starts from.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Start {
    /// Nought.
    Nought,
    /// The bias of its columns.
    Bias,
    /// What stands in the output: the product goes on from a part of the inner dimension done before.
    Output,
}

/// One panel of a product: `rows × depth` times `depth × (registers × LANES)`.
#[derive(Clone, Copy)]
pub(super) struct Panel {
    pub(super) left: *const f32,
    pub(super) left_stride: usize,
    pub(super) rows: usize,
    pub(super) depth: usize,
    /// `depth` times as many numbers as the panel is wide, without a gap.
    pub(super) right: *const f32,
    pub(super) output: *mut f32,
    pub(super) output_stride: usize,
    pub(super) start: Start,
    pub(super) bias: *const f32,
    /// What is applied to the result.
    pub(super) after: After,
    /// What is needed next: as many numbers as the panel's right side has.
    pub(super) next: *const f32,
}

/// Writes `body` out for every value of `index` below `count`, a constant of at most twelve: a loop would leave it to the optimiser whether
/// the sums of a tile are registers or memory, and a development build would decide for memory.
macro_rules! unroll {
    ($index:ident < $count:expr, $body:block) => {
        unroll!($index < $count, $body, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11)
    };
    ($index:ident < $count:expr, $body:block, $($value:literal),+) => {
        $(if $value < $count {
            let $index: usize = $value;
            $body
        })+
    };
}

/// `R` rows of a panel of `C` registers from `row` on: all `R × C` sums stay in registers. Meanwhile the memory system is asked for what
/// stands from `next` on, a register's worth (`lines` of them) for each number of the inner dimension.
///
/// # Safety
/// As the panel says, for `R` rows; `R × C + C + 1` is at most the number of registers.
#[inline(always)]
pub(super) unsafe fn tile<V: Vector, const R: usize, const C: usize>(panel: &Panel, row: usize, next: *const f32, lines: usize) {
    // SAFETY: the caller vouches for rows, columns and depth of the panel; all offsets stay within them.
    unsafe {
        let output = panel.output.add(row * panel.output_stride);
        let mut sums = [[V::splat(0.0); C]; R];
        if panel.start == Start::Bias {
            unroll!(
                c < C,
                {
                    let bias = V::load(panel.bias.add(c * V::LANES));
                    unroll!(r < R, { sums[r][c] = bias });
                },
                0,
                1,
                2,
                3
            );
        } else if panel.start == Start::Output {
            unroll!(r < R, {
                unroll!(c < C, { sums[r][c] = V::load(output.add(r * panel.output_stride + c * V::LANES)) }, 0, 1, 2, 3);
            });
        }
        let stride = panel.left_stride;
        let mut right = panel.right;
        let (mut next, step) = (next, lines * V::LANES);
        // Three rows to a base pointer: the addresses of all rows fit into the general registers.
        let mut bases = [panel.left.add(row * panel.left_stride); 4];
        unroll!(base < R.div_ceil(3), { bases[base] = bases[base].add(base * 3 * stride) }, 0, 1, 2, 3);
        let mut left_over = panel.depth;
        while left_over > 0 {
            let mut columns = [V::splat(0.0); C];
            unroll!(c < C, { columns[c] = V::load(right.add(c * V::LANES)) }, 0, 1, 2, 3);
            V::prefetch(next);
            V::prefetch(next.wrapping_add(step / 2));
            next = next.wrapping_add(step);
            unroll!(r < R, {
                let x = V::splat(*bases[r / 3].add((r % 3) * stride));
                unroll!(c < C, { sums[r][c] = x.fma(columns[c], sums[r][c]) }, 0, 1, 2, 3);
            });
            unroll!(base < R.div_ceil(3), { bases[base] = bases[base].wrapping_add(1) }, 0, 1, 2, 3);
            right = right.add(C * V::LANES);
            left_over -= 1;
        }
        unroll!(r < R, {
            unroll!(
                c < C,
                {
                    sums[r][c].store(output.add(r * panel.output_stride + c * V::LANES));
                },
                0,
                1,
                2,
                3
            );
        });
    }
}

/// Replaces the numbers in `rows` rows of a panel of `columns` registers, from `row` on, by what `f` makes of them.
///
/// # Safety
/// As the panel says, for these rows; the machine has the instruction set.
#[inline(always)]
pub(super) unsafe fn activate<V: Vector>(panel: &Panel, row: usize, rows: usize, columns: usize, f: impl Fn(V) -> V) {
    for row in row..row + rows {
        for column in 0..columns {
            // SAFETY: the caller vouches for the rows, and a panel is as wide.
            unsafe {
                let at = panel.output.add(row * panel.output_stride + column * V::LANES);
                f(V::load(at)).store(at);
            }
        }
    }
}

/// `x Φ(x)`, with the error function within 5e-7 (a test holds it to that).
///
/// One division and no branch. The coefficients are a least-squares fit, weighted towards the largest error, of `x P(x²) / Q(x²)` to the
/// error function on 260 Chebyshev points of `[0, LIMIT]`.
///
/// # Safety
/// The machine has the instruction set.
#[inline(always)]
pub(super) unsafe fn gelu<V: Vector>(x: V) -> V {
    // SAFETY: the caller's.
    unsafe {
        let half = x.mul(V::splat(0.5));
        half.fma(erf(x.mul(V::splat(std::f32::consts::FRAC_1_SQRT_2))), half)
    }
}

/// `x ÷ (1 + e⁻ˣ)`.
///
/// # Safety
/// The machine has the instruction set.
#[inline(always)]
pub(super) unsafe fn silu<V: Vector>(x: V) -> V {
    // SAFETY: the caller's.
    unsafe {
        let nought = V::splat(0.0);
        // The power of e of a number that is not positive: never too large for its type. What is not a number stays so.
        let (below, above) = (nought.min(x), nought.max(x));
        let power = exp(below.sub(above));
        below.fma(power, above).div(V::splat(1.0).add(power))
    }
}

/// The error function.
///
/// # Safety
/// The machine has the instruction set.
#[inline(always)]
pub(super) unsafe fn erf<V: Vector>(x: V) -> V {
    /// From here on the value rounds to one.
    const LIMIT: f32 = 3.92;
    // SAFETY: the caller's.
    unsafe {
        // The limit first: what is not a number stays so.
        let x = V::splat(LIMIT).min(V::splat(-LIMIT).max(x));
        let t = x.mul(x);
        let numerator = V::splat(1.991_457_5e-8).fma(t, V::splat(-1.992_707_1e-6));
        let numerator = numerator.fma(t, V::splat(1.487_501e-4));
        let numerator = numerator.fma(t, V::splat(3.964_685e-3));
        let numerator = numerator.fma(t, V::splat(5.137_328e-2));
        let numerator = numerator.fma(t, V::splat(2.059_328_2e-1));
        let numerator = numerator.fma(t, V::splat(1.128_378_8));
        let denominator = V::splat(1.021_989_5e-3).fma(t, V::splat(1.487_340_1e-2));
        let denominator = denominator.fma(t, V::splat(1.174_894_2e-1));
        let denominator = denominator.fma(t, V::splat(5.158_320_8e-1));
        let denominator = denominator.fma(t, V::splat(1.0));
        // Rounding may carry the quotient a digit past one, where the function never is.
        V::splat(1.0).min(V::splat(-1.0).max(x.mul(numerator).div(denominator)))
    }
}

/// `eˣ` for `x` of at most nought, within 1e-6 of it; below -87, where the value would no longer be a normal number, that of -87.
///
/// # Safety
/// The machine has the instruction set.
#[inline(always)]
pub(super) unsafe fn exp<V: Vector>(x: V) -> V {
    // SAFETY: the caller's.
    unsafe {
        let x = V::splat(-87.0).max(x);
        let power = x.fma(V::splat(std::f32::consts::LOG2_E), V::splat(ROUND));
        let whole = power.sub(V::splat(ROUND));
        // The logarithm of two in two parts, so that little is lost however large the whole part.
        let rest = whole.fma(V::splat(-0.693_359_4), x);
        let rest = whole.fma(V::splat(2.121_944_4e-4), rest);
        // Taylor's series: the rest is at most half that logarithm, where the first term left out is 1.2e-7.
        let sum = V::splat(1.0 / 720.0).fma(rest, V::splat(1.0 / 120.0));
        let sum = sum.fma(rest, V::splat(1.0 / 24.0));
        let sum = sum.fma(rest, V::splat(1.0 / 6.0));
        let sum = sum.fma(rest, V::splat(0.5));
        let sum = sum.fma(rest, V::splat(1.0));
        let sum = sum.fma(rest, V::splat(1.0));
        sum.scale(power)
    }
}

/// The first `count` numbers from `from` on, `fill` in the lanes behind them.
#[inline(always)]
unsafe fn load_some<V: Vector>(from: *const f32, count: usize, fill: f32) -> V {
    let mut lanes = [fill; 16];
    // SAFETY: `count` numbers can be read, as the caller says, and are fewer than a register (of at most sixteen) has.
    unsafe {
        std::ptr::copy_nonoverlapping(from, lanes.as_mut_ptr(), count);
        V::load(lanes.as_ptr())
    }
}

#[inline(always)]
unsafe fn store_some<V: Vector>(value: V, to: *mut f32, count: usize) {
    let mut lanes = [0.0_f32; 16];
    // SAFETY: as above, for writing.
    unsafe {
        value.store(lanes.as_mut_ptr());
        std::ptr::copy_nonoverlapping(lanes.as_ptr(), to, count);
    }
}

#[inline(always)]
unsafe fn lanes<V: Vector>(value: V) -> [f32; 16] {
    let mut lanes = [0.0_f32; 16];
    // SAFETY: a register has at most sixteen lanes.
    unsafe { value.store(lanes.as_mut_ptr()) };
    lanes
}

/// The sum of the lanes, in pairs.
#[inline(always)]
unsafe fn sum<V: Vector>(value: V) -> f32 {
    // SAFETY: the caller's.
    let mut lanes = unsafe { lanes(value) };
    let mut count = V::LANES;
    while count > 1 {
        count /= 2;
        for at in 0..count {
            lanes[at] += lanes[at + count];
        }
    }
    lanes[0]
}

/// Replaces the numbers by their powers of e, over the sum of these.
///
/// # Safety
/// The machine has the instruction set.
#[inline(always)]
pub(super) unsafe fn softmax<V: Vector>(row: &mut [f32]) {
    let (start, length) = (row.as_mut_ptr(), row.len());
    let (whole, rest) = (length / V::LANES * V::LANES, length % V::LANES);
    // SAFETY: all offsets are below the length of the row.
    unsafe {
        let mut most = load_some::<V>(start.add(whole), rest, f32::NEG_INFINITY);
        let mut at = 0;
        while at < whole {
            most = most.max(V::load(start.add(at)));
            at += V::LANES;
        }
        let most = lanes(most)[..V::LANES].iter().fold(f32::NEG_INFINITY, |most, &x| if x > most { x } else { most });
        let most = V::splat(most);
        let mut total = V::splat(0.0);
        at = 0;
        while at < whole {
            let power = exp(V::load(start.add(at)).sub(most));
            power.store(start.add(at));
            total = total.add(power);
            at += V::LANES;
        }
        if rest > 0 {
            let power = exp(load_some::<V>(start.add(whole), rest, 0.0).sub(most));
            store_some(power, start.add(whole), rest);
            total = total.add(load_some::<V>(start.add(whole), rest, 0.0));
        }
        let inverse = V::splat(1.0 / sum(total));
        at = 0;
        while at < whole {
            V::load(start.add(at)).mul(inverse).store(start.add(at));
            at += V::LANES;
        }
        if rest > 0 {
            store_some(load_some::<V>(start.add(whole), rest, 0.0).mul(inverse), start.add(whole), rest);
        }
    }
}

/// `norm(row + residual)`, into `row`; all slices are of one length.
///
/// # Safety
/// The machine has the instruction set.
#[inline(always)]
pub(super) unsafe fn add_norm<V: Vector>(row: &mut [f32], residual: &[f32], scale: &[f32], shift: &[f32], epsilon: f32) {
    let width = row.len();
    assert!(residual.len() == width && scale.len() == width && shift.len() == width);
    let (whole, rest) = (width / V::LANES * V::LANES, width % V::LANES);
    let (row, residual, scale, shift) = (row.as_mut_ptr(), residual.as_ptr(), scale.as_ptr(), shift.as_ptr());
    // SAFETY: all offsets are below the length that the slices have in common.
    unsafe {
        let mut total = V::splat(0.0);
        let mut at = 0;
        while at < whole {
            let value = V::load(row.add(at)).add(V::load(residual.add(at)));
            value.store(row.add(at));
            total = total.add(value);
            at += V::LANES;
        }
        let tail = load_some::<V>(row.add(whole), rest, 0.0).add(load_some(residual.add(whole), rest, 0.0));
        let mean = sum(total.add(tail)) / width as f32;
        let means = V::splat(mean);
        // Two passes: the difference of the mean square and the squared mean loses digits in f32.
        let mut squares = V::splat(0.0);
        at = 0;
        while at < whole {
            let distance = V::load(row.add(at)).sub(means);
            squares = distance.fma(distance, squares);
            at += V::LANES;
        }
        let mut variance = sum(squares);
        for &value in &lanes(tail)[..rest] {
            variance += (value - mean) * (value - mean);
        }
        let inverse = V::splat((variance / width as f32 + epsilon).sqrt().recip());
        at = 0;
        while at < whole {
            let value = V::load(row.add(at)).sub(means).mul(inverse);
            value.fma(V::load(scale.add(at)), V::load(shift.add(at))).store(row.add(at));
            at += V::LANES;
        }
        if rest > 0 {
            let value = tail.sub(means).mul(inverse);
            let value = value.fma(load_some(scale.add(whole), rest, 0.0), load_some(shift.add(whole), rest, 0.0));
            store_some(value, row.add(whole), rest);
        }
    }
}

/// `row ÷ root of its mean square × scale`, into `row`; both slices are of one length.
///
/// # Safety
/// The machine has the instruction set.
#[inline(always)]
pub(super) unsafe fn root_mean_square_norm<V: Vector>(row: &mut [f32], scale: &[f32], epsilon: f32) {
    let width = row.len();
    assert!(scale.len() == width);
    let (whole, rest) = (width / V::LANES * V::LANES, width % V::LANES);
    let (row, scale) = (row.as_mut_ptr(), scale.as_ptr());
    // SAFETY: all offsets are below the length that the slices have in common.
    unsafe {
        let tail = load_some::<V>(row.add(whole), rest, 0.0);
        let mut squares = tail.mul(tail);
        let mut at = 0;
        while at < whole {
            let value = V::load(row.add(at));
            squares = value.fma(value, squares);
            at += V::LANES;
        }
        let inverse = V::splat((sum(squares) / width as f32 + epsilon).sqrt().recip());
        at = 0;
        while at < whole {
            V::load(row.add(at)).mul(inverse).mul(V::load(scale.add(at))).store(row.add(at));
            at += V::LANES;
        }
        if rest > 0 {
            store_some(tail.mul(inverse).mul(load_some(scale.add(whole), rest, 0.0)), row.add(whole), rest);
        }
    }
}
