//! Attention of rows that lie end to end in one matrix: each looks at itself only.

use std::sync::{Mutex, PoisonError};

use super::steps::{Panel, Start};
use super::{Crew, Kernels, Matrix, Shared};

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

impl Attention {
    /// Writes the attention of `rows` (where each starts in the matrix, and its length) over `heads` to `output`: from
    /// `tokens × 3 hidden` (queries, keys and values, each head by head) to `tokens × hidden`.
    ///
    /// # Panics
    /// When the sizes do not fit together, or two rows overlap.
    pub(in crate::embed::candle) fn attend(
        &self,
        kernels: &Kernels,
        crew: &Crew<'_>,
        query_key_value: &Matrix,
        rows: &[(usize, usize)],
        heads: usize,
        output: &mut Matrix,
    ) {
        let hidden = query_key_value.columns() / 3;
        assert!(query_key_value.columns() == 3 * hidden && hidden.is_multiple_of(heads), "{heads} heads of {hidden} numbers");
        let mut end = 0;
        for &(start, length) in rows {
            assert!(start >= end, "rows that overlap");
            end = start + length;
        }
        assert!(end <= query_key_value.rows(), "rows behind the last token");
        output.resize(query_key_value.rows(), hidden);
        let size = hidden / heads;
        let stride = output.stride();
        let output = Shared(output.as_mut_slice().as_mut_ptr());
        crew.each(rows.len() * heads, &|part| {
            let ((start, length), head) = (rows[part / heads], part % heads);
            let mut scratch = self.0.lock().unwrap_or_else(PoisonError::into_inner).pop().unwrap_or_default();
            let place = Place { start, length, column: head * size, size };
            // A whole reference, so that the closure holds what may be shared and not the bare address in it.
            let output = &output;
            scratch.pack(kernels, query_key_value, &place);
            for first in (0..length).step_by(QUERIES) {
                let queries = QUERIES.min(length - first);
                scratch.attend(kernels, query_key_value, &place, first, queries);
                for query in 0..queries {
                    let context = &scratch.context.row(query)[..size];
                    // SAFETY: the place is within the output, and no other part writes this row's numbers of this head.
                    unsafe {
                        let to = output.0.add((start + first + query) * stride + place.column);
                        std::ptr::copy_nonoverlapping(context.as_ptr(), to, size);
                    }
                }
            }
            self.0.lock().unwrap_or_else(PoisonError::into_inner).push(scratch);
        });
    }
}

/// A row's part of one head in the matrix of queries, keys and values.
struct Place {
    start: usize,
    length: usize,
    /// First column among the queries.
    column: usize,
    size: usize,
}

impl Scratch {
    fn pack(&mut self, kernels: &Kernels, query_key_value: &Matrix, place: &Place) {
        let &Place { start, length, column, size } = place;
        let (width, hidden) = (kernels.width, query_key_value.columns() / 3);
        let (stride, all) = (query_key_value.stride(), query_key_value.as_slice());
        self.keys.resize(length.div_ceil(width), size * width);
        for panel in 0..length.div_ceil(width) {
            let first = panel * width;
            let count = width.min(length - first);
            let keys = &all[(start + first) * stride + hidden + column..];
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
                to[..count].copy_from_slice(&all[(start + at) * stride + 2 * hidden + column + first..][..count]);
                to[count..].fill(0.0);
            }
        }
    }

    /// Computes the context of `queries` queries from `first` on.
    fn attend(&mut self, kernels: &Kernels, query_key_value: &Matrix, place: &Place, first: usize, queries: usize) {
        let from = (place.start + first) * query_key_value.stride() + place.column;
        self.scores.resize(queries, place.length);
        multiply(kernels, (&query_key_value.as_slice()[from..], query_key_value.stride(), place.size), &self.keys, &mut self.scores);
        for query in 0..queries {
            // SAFETY: the instruction set is one the machine has.
            unsafe { (kernels.softmax)(self.scores.row_mut(query)) }
        }
        self.context.resize(queries, place.size);
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
                activate: false,
                next: panel,
            });
        }
    }
}
