//! Memory: matrices whose rows are spaced for the caches, weights packed into panels.

/// A line of the cache; memory made of these starts where a line starts, so that no register's load crosses two of them.
#[derive(Debug, Clone, Copy)]
#[repr(C, align(64))]
struct Line([f32; LINE]);

/// Numbers in a line.
const LINE: usize = 16;

/// The widest panel of any instruction set.
const WIDEST: usize = 32;

/// Numbers, the first at the start of a line.
#[derive(Debug, Clone, Default)]
struct Lines(Vec<Line>);

impl Lines {
    fn reserve(&mut self, lines: usize) {
        if self.0.len() < lines {
            self.0.resize(lines, Line([0.0; LINE]));
        }
    }

    fn as_slice(&self) -> &[f32] {
        // SAFETY: a line is sixteen numbers without a gap.
        unsafe { std::slice::from_raw_parts(self.0.as_ptr().cast(), self.0.len() * LINE) }
    }

    fn as_mut_slice(&mut self) -> &mut [f32] {
        // SAFETY: as above, and the lines are borrowed mutably.
        unsafe { std::slice::from_raw_parts_mut(self.0.as_mut_ptr().cast(), self.0.len() * LINE) }
    }
}

/// A matrix, row by row. It keeps its memory when it is given another size; what is in it then is left over from before.
///
/// Each row has room for whole panels, and an odd number of lines: rows an even number apart would share a few sets of the cache.
#[derive(Debug, Default)]
pub(in crate::embed::candle) struct Matrix {
    lines: Lines,
    rows: usize,
    columns: usize,
    stride: usize,
}

impl Matrix {
    /// Makes it one of `rows × columns`.
    pub(in crate::embed::candle) fn resize(&mut self, rows: usize, columns: usize) {
        let lines = (columns.next_multiple_of(WIDEST) / LINE) | 1;
        self.lines.reserve(rows * lines);
        (self.rows, self.columns, self.stride) = (rows, columns, lines * LINE);
    }

    /// Number of rows.
    pub(in crate::embed::candle) fn rows(&self) -> usize {
        self.rows
    }

    /// Number of columns.
    pub(in crate::embed::candle) fn columns(&self) -> usize {
        self.columns
    }

    /// A row.
    pub(in crate::embed::candle) fn row(&self, row: usize) -> &[f32] {
        &self.as_slice()[row * self.stride..][..self.columns]
    }

    /// A row, to write.
    pub(in crate::embed::candle) fn row_mut(&mut self, row: usize) -> &mut [f32] {
        let (stride, columns) = (self.stride, self.columns);
        &mut self.as_mut_slice()[row * stride..][..columns]
    }

    /// Adds `other`'s numbers to its own, place by place.
    ///
    /// # Panics
    /// When the two are of different sizes.
    pub(in crate::embed::candle) fn add(&mut self, other: &Self) {
        self.combine(other, |x, y| x + y);
    }

    /// Multiplies its numbers by `other`'s, place by place.
    ///
    /// # Panics
    /// When the two are of different sizes.
    pub(in crate::embed::candle) fn multiply(&mut self, other: &Self) {
        self.combine(other, |x, y| x * y);
    }

    fn combine(&mut self, other: &Self, f: impl Fn(f32, f32) -> f32) {
        assert!(self.rows == other.rows && self.columns == other.columns, "matrices of different sizes");
        for row in 0..self.rows {
            for (x, y) in self.row_mut(row).iter_mut().zip(other.row(row)) {
                *x = f(*x, *y);
            }
        }
    }

    /// Numbers from the start of a row to the start of the next.
    pub(super) fn stride(&self) -> usize {
        self.stride
    }

    /// All rows with the room behind them.
    pub(super) fn as_slice(&self) -> &[f32] {
        &self.lines.as_slice()[..self.rows * self.stride]
    }

    /// All rows with the room behind them, to write.
    pub(super) fn as_mut_slice(&mut self) -> &mut [f32] {
        let length = self.rows * self.stride;
        &mut self.lines.as_mut_slice()[..length]
    }
}

/// A linear layer, packed for one instruction set: panels of columns, each row after row, so that a product reads them from front to back.
#[derive(Debug)]
pub(in crate::embed::candle) struct Packed {
    lines: Lines,
    /// Nought behind the last output.
    bias: Lines,
    depth: usize,
    columns: usize,
    width: usize,
}

impl Packed {
    /// Packs `weights`, which has a row of `depth` numbers for each output, and `bias`, which has one number for each.
    ///
    /// # Panics
    /// When the two differ in the number of outputs.
    pub(in crate::embed::candle) fn new(kernels: &super::Kernels, weights: &[f32], bias: &[f32], depth: usize) -> Self {
        let (columns, width) = (bias.len(), kernels.width);
        assert_eq!(weights.len(), columns * depth, "weights of another size than the bias");
        let panels = columns.div_ceil(width);
        let mut packed = Self { lines: Lines::default(), bias: Lines::default(), depth, columns, width };
        // A panel may be narrower than a line.
        packed.lines.reserve((panels * width * depth).div_ceil(LINE));
        packed.bias.reserve((panels * width).div_ceil(LINE));
        packed.bias.as_mut_slice()[..columns].copy_from_slice(bias);
        if depth > 0 {
            for (panel, weights) in packed.lines.as_mut_slice().chunks_exact_mut(width * depth).zip(weights.chunks(width * depth)) {
                for (column, weights) in weights.chunks_exact(depth).enumerate() {
                    for (row, &weight) in panel.chunks_exact_mut(width).zip(weights) {
                        row[column] = weight;
                    }
                }
            }
        }
        packed
    }

    /// Inputs.
    pub(in crate::embed::candle) fn depth(&self) -> usize {
        self.depth
    }

    /// Outputs.
    pub(in crate::embed::candle) fn columns(&self) -> usize {
        self.columns
    }

    pub(super) fn width(&self) -> usize {
        self.width
    }

    pub(super) fn panels(&self) -> usize {
        self.columns.div_ceil(self.width)
    }

    pub(super) fn panel(&self, index: usize) -> &[f32] {
        &self.lines.as_slice()[index * self.width * self.depth..][..self.width * self.depth]
    }

    pub(super) fn bias(&self, index: usize) -> &[f32] {
        &self.bias.as_slice()[index * self.width..][..self.width]
    }
}
