//! Attention of rows that lie end to end in one matrix: each looks at itself only.

use std::ops::Range;
use std::sync::{Mutex, PoisonError};

use super::steps::{Panel, Start};
use super::{After, Crew, Kernels, Matrix, Shared};

/// Queries computed together: their scores stay in the caches however long the row is.
const QUERIES: usize = 96;

/// The memory that attention works in, kept from one call to the next: one piece for each thread that takes part.
#[derive(Debug, Default)]
pub(in crate::embed::candle) struct Attention(Mutex<Vec<Scratch>>);

#[derive(Debug, Default)]
struct Scratch {
    /// Keys in panels of columns, each the transpose of some rows.
    keys: Matrix,
    /// Values in panels, each some columns of them.
    values: Matrix,
    scores: Matrix,
    context: Matrix,
}

/// How queries, keys and values lie in a matrix, and who sees whom.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::embed::candle) struct Heads {
    /// Heads of the queries.
    pub(in crate::embed::candle) queries: usize,
    /// Heads of the keys, and as many of the values: each serves as many neighbouring heads of queries.
    pub(in crate::embed::candle) keys: usize,
    /// Numbers of a head.
    pub(in crate::embed::candle) size: usize,
    /// Whether a token sees only itself and those before it.
    pub(in crate::embed::candle) causal: bool,
}

impl Heads {
    /// Columns of the matrix: queries, then keys, then values, each head by head.
    pub(in crate::embed::candle) fn columns(&self) -> usize {
        (self.queries + 2 * self.keys) * self.size
    }
}

impl Attention {
    /// Writes the attention of `rows` (where each starts in the matrix, and its length) to `output`, a column for each of the queries'.
    ///
    /// # Panics
    /// When the sizes do not fit together, or two rows overlap.
    pub(in crate::embed::candle) fn attend(
        &self,
        kernels: &Kernels,
        crew: &Crew<'_>,
        query_key_value: &Matrix,
        rows: &[(usize, usize)],
        heads: Heads,
        output: &mut Matrix,
    ) {
        let Heads { queries, keys, size, .. } = heads;
        assert!(query_key_value.columns() == heads.columns() && queries.is_multiple_of(keys), "a matrix for other heads than {heads:?}");
        let mut end = 0;
        for &(start, length) in rows {
            assert!(start >= end, "rows that overlap");
            end = start + length;
        }
        assert!(end <= query_key_value.rows(), "rows behind the last token");
        output.resize(query_key_value.rows(), queries * size);
        let stride = output.stride();
        let output = Shared(output.as_mut_slice().as_mut_ptr());
        crew.each(rows.len() * keys, &|part| {
            let ((start, length), head) = (rows[part / keys], part % keys);
            let mut scratch = self.0.lock().unwrap_or_else(PoisonError::into_inner).pop().unwrap_or_default();
            let place = Place { start, length, key: (queries + head) * size, value: (queries + keys + head) * size, heads };
            // A whole reference, so that the closure holds what may be shared and not the bare address in it.
            let output = &output;
            scratch.pack(kernels, query_key_value, &place);
            let served = queries / keys;
            for column in (head * served..(head + 1) * served).map(|head| head * size) {
                for first in (0..length).step_by(QUERIES) {
                    let queries = QUERIES.min(length - first);
                    scratch.attend(kernels, query_key_value, &place, column, first..first + queries);
                    for query in 0..queries {
                        let context = &scratch.context.row(query)[..size];
                        // SAFETY: the place is within the output, and no other part writes this row's numbers of this head.
                        unsafe {
                            let to = output.0.add((start + first + query) * stride + column);
                            std::ptr::copy_nonoverlapping(context.as_ptr(), to, size);
                        }
                    }
                }
            }
            self.0.lock().unwrap_or_else(PoisonError::into_inner).push(scratch);
        });
    }
}

/// A row's keys and values of one head in the matrix of queries, keys and values.
struct Place {
    start: usize,
    length: usize,
    /// First column of the keys.
    key: usize,
    /// First column of the values.
    value: usize,
    heads: Heads,
}

impl Scratch {
    fn pack(&mut self, kernels: &Kernels, query_key_value: &Matrix, place: &Place) {
        let &Place { start, length, key, value, heads: Heads { size, .. } } = place;
        let width = kernels.width;
        let (stride, all) = (query_key_value.stride(), query_key_value.as_slice());
        self.keys.resize(length.div_ceil(width), size * width);
        for panel in 0..length.div_ceil(width) {
            let first = panel * width;
            let count = width.min(length - first);
            let keys = &all[(start + first) * stride + key..];
            for (at, to) in self.keys.row_mut(panel).chunks_exact_mut(width).enumerate() {
                for (key, to) in to[..count].iter_mut().enumerate() {
                    *to = keys[key * stride + at];
                }
                to[count..].fill(0.0);
            }
        }
        self.values.resize(size.div_ceil(width), length * width);
        for panel in 0..size.div_ceil(width) {
            let first = panel * width;
            let count = width.min(size - first);
            for (at, to) in self.values.row_mut(panel).chunks_exact_mut(width).enumerate() {
                to[..count].copy_from_slice(&all[(start + at) * stride + value + first..][..count]);
                to[count..].fill(0.0);
            }
        }
    }

    /// Computes the context of some queries of the row, whose head starts at `column`.
    fn attend(&mut self, kernels: &Kernels, query_key_value: &Matrix, place: &Place, column: usize, queries: Range<usize>) {
        let from = (place.start + queries.start) * query_key_value.stride() + column;
        let size = place.heads.size;
        self.scores.resize(queries.len(), place.length);
        multiply(kernels, (&query_key_value.as_slice()[from..], query_key_value.stride(), size), &self.keys, &mut self.scores);
        for (at, query) in queries.clone().enumerate() {
            let scores = self.scores.row_mut(at);
            let (seen, unseen) = scores.split_at_mut(if place.heads.causal { query + 1 } else { place.length });
            // SAFETY: the instruction set is one the machine has.
            unsafe { (kernels.softmax)(seen) }
            unseen.fill(0.0);
        }
        self.context.resize(queries.len(), size);
        multiply(kernels, (self.scores.as_slice(), self.scores.stride(), place.length), &self.values, &mut self.context);
    }
}

/// Writes the product of `left` (numbers, stride, columns) and the panels that the rows of `right` are.
fn multiply(kernels: &Kernels, left: (&[f32], usize, usize), right: &Matrix, output: &mut Matrix) {
    let (rows, output_stride) = (output.rows(), output.stride());
    let (left, left_stride, depth) = left;
    assert!(rows > 0 && left.len() >= (rows - 1) * left_stride + depth && right.columns() == depth * kernels.width);
    assert!(output.columns().div_ceil(kernels.width) == right.rows());
    let output = output.as_mut_slice().as_mut_ptr();
    for index in 0..right.rows() {
        let panel = right.row(index).as_ptr();
        // SAFETY: the numbers on the left were counted; the panel has `depth` times its width; a matrix has room for whole panels in
        // each of its rows. The instruction set is one the machine has.
        unsafe {
            (kernels.panel)(&Panel {
                left: left.as_ptr(),
                left_stride,
                rows,
                depth,
                right: panel,
                output: output.add(index * kernels.width),
                output_stride,
                start: Start::Nought,
                bias: std::ptr::null(),
                after: After::Nothing,
                next: panel,
            });
        }
    }
}
