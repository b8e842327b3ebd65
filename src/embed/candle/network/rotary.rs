//! Positions as turns: each pair of a head's numbers is turned by an angle that grows with the position, each pair at its own speed.
//!
//! A pair is a number of a head's first half and the one in the same place of its second half.

use super::super::config::Rotation;

/// The turns of every position a text may have.
pub(super) struct Rotary {
    /// Pairs of a head.
    pairs: usize,
    /// For each position the cosines of its angles, then the sines.
    table: Vec<f32>,
}

impl Rotary {
    /// For heads of `size` numbers and texts of at most `positions` tokens.
    pub(super) fn new(rotation: Rotation, size: usize, positions: usize) -> Self {
        let pairs = size / 2;
        // Stretched (https://kexue.fm/archives/9706, formula 6): the fastest pair is slowed by the root of the stretch of its place, the
        // slowest by the whole of it. Rounded to f32 where the published networks do, whose angles far from the start depend on that.
        let theta = rotation.theta * rotation.stretch;
        let slowed = rotation.stretch.powf(2.0 / size as f64) as f32;
        let speeds: Vec<f32> = (0..pairs).map(|pair| theta.powf(-2.0 * pair as f64 / size as f64) as f32 / slowed).collect();
        let mut table = Vec::with_capacity(positions * size);
        for position in 0..positions {
            let angles = || speeds.iter().map(|speed| position as f32 * speed);
            table.extend(angles().map(f32::cos));
            table.extend(angles().map(f32::sin));
        }
        Self { pairs, table }
    }

    /// Turns every head in `heads`, which belong to the token at `position`.
    pub(super) fn turn(&self, position: usize, heads: &mut [f32]) {
        let size = 2 * self.pairs;
        let (cosines, sines) = self.table[position * size..][..size].split_at(self.pairs);
        for head in heads.chunks_exact_mut(size) {
            let (left, right) = head.split_at_mut(self.pairs);
            for (((x, y), cosine), sine) in left.iter_mut().zip(right).zip(cosines).zip(sines) {
                (*x, *y) = (*x * cosine - *y * sine, *y * cosine + *x * sine);
            }
        }
    }
}
