//! What the steps need of a vector register, and the register of a machine that has none.

/// A register of `LANES` numbers. The steps in `steps` are written against it once and compiled for every instruction set.
///
/// Operations on lanes do not mix lanes, and `fma` rounds once wherever the machine can (all but [`Plain`]).
pub(super) trait Vector: Copy {
    /// Numbers in a register.
    const LANES: usize;

    /// All lanes `x`.
    ///
    /// # Safety
    /// Of this and every other function here: the machine has the instruction set.
    unsafe fn splat(x: f32) -> Self;

    /// `LANES` numbers from `from` on.
    ///
    /// # Safety
    /// They can be read.
    unsafe fn load(from: *const f32) -> Self;

    /// Writes the lanes to `to` and on.
    ///
    /// # Safety
    /// `LANES` numbers can be written there.
    unsafe fn store(self, to: *mut f32);

    /// `self + other`.
    unsafe fn add(self, other: Self) -> Self;

    /// `self - other`.
    unsafe fn sub(self, other: Self) -> Self;

    /// `self × other`.
    unsafe fn mul(self, other: Self) -> Self;

    /// `self ÷ other`.
    unsafe fn div(self, other: Self) -> Self;

    /// `self × factor + addend`.
    unsafe fn fma(self, factor: Self, addend: Self) -> Self;

    /// The lesser of the two; `other` where either is not a number.
    unsafe fn min(self, other: Self) -> Self;

    /// The greater of the two; `other` where either is not a number.
    unsafe fn max(self, other: Self) -> Self;

    /// `self × 2ⁿ` where the last bits of `power` hold `n` (as they do after adding [`ROUND`]).
    unsafe fn scale(self, power: Self) -> Self;

    /// Has the memory system fetch the line of `from`, which may be any address.
    unsafe fn prefetch(_from: *const f32) {}
}

/// Adding it rounds a small number to the nearest whole one and leaves that in the last bits.
pub(super) const ROUND: f32 = 12_582_912.0;

/// Four lanes of ordinary arithmetic; compilers make of it what the machine has.
#[derive(Clone, Copy)]
pub(super) struct Plain([f32; 4]);

impl Plain {
    fn zip(self, other: Self, f: impl Fn(f32, f32) -> f32) -> Self {
        let ([a, b, c, d], [e, g, h, i]) = (self.0, other.0);
        Self([f(a, e), f(b, g), f(c, h), f(d, i)])
    }
}

impl Vector for Plain {
    const LANES: usize = 4;

    #[inline(always)]
    unsafe fn splat(x: f32) -> Self {
        Self([x; 4])
    }

    #[inline(always)]
    unsafe fn load(from: *const f32) -> Self {
        // SAFETY: the caller's: four numbers can be read, at the alignment of one.
        Self(unsafe { from.cast::<[f32; 4]>().read() })
    }

    #[inline(always)]
    unsafe fn store(self, to: *mut f32) {
        // SAFETY: the caller's: four numbers can be written, at the alignment of one.
        unsafe { to.cast::<[f32; 4]>().write(self.0) }
    }

    #[inline(always)]
    unsafe fn add(self, other: Self) -> Self {
        self.zip(other, |x, y| x + y)
    }

    #[inline(always)]
    unsafe fn sub(self, other: Self) -> Self {
        self.zip(other, |x, y| x - y)
    }

    #[inline(always)]
    unsafe fn mul(self, other: Self) -> Self {
        self.zip(other, |x, y| x * y)
    }

    #[inline(always)]
    unsafe fn div(self, other: Self) -> Self {
        self.zip(other, |x, y| x / y)
    }

    // Rounds twice: where the machine has no fused instruction, `mul_add` is a call into the library.
    #[inline(always)]
    unsafe fn fma(self, factor: Self, addend: Self) -> Self {
        self.zip(factor, |x, y| x * y).zip(addend, |x, y| x + y)
    }

    #[inline(always)]
    unsafe fn min(self, other: Self) -> Self {
        self.zip(other, |x, y| if x < y { x } else { y })
    }

    #[inline(always)]
    unsafe fn max(self, other: Self) -> Self {
        self.zip(other, |x, y| if x > y { x } else { y })
    }

    #[inline(always)]
    unsafe fn scale(self, power: Self) -> Self {
        self.zip(power, |x, power| f32::from_bits(x.to_bits().wrapping_add(power.to_bits() << 23)))
    }
}
