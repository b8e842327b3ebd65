//! Every instruction set this machine has, and plain arithmetic, against sums written out in f64.

use std::sync::atomic::{AtomicUsize, Ordering};

use super::steps::{self, erf, exp};
use super::vector::{Plain, Vector};
use super::*;

/// Numbers between -2 and 2 that look unrelated.
fn numbers(count: usize, seed: u32) -> Vec<f32> {
    let mut state = seed.wrapping_mul(2_654_435_769).wrapping_add(1);
    let next = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 8) as f32 / (1 << 22) as f32 - 2.0
    };
    std::iter::repeat_with(next).take(count).collect()
}

fn matrix(rows: usize, columns: usize, seed: u32) -> Matrix {
    let mut matrix = Matrix::default();
    matrix.resize(rows, columns);
    // What lies between the rows must not matter.
    matrix.as_mut_slice().fill(f32::NAN);
    for row in 0..rows {
        matrix.row_mut(row).copy_from_slice(&numbers(columns, seed + row as u32));
    }
    matrix
}

/// `size` is that of what was added up.
fn assert_near(found: f32, expected: f64, size: f64, what: &str) {
    assert!((f64::from(found) - expected).abs() <= 1e-6 * size, "{what}: {found}, not {expected}");
}

fn gelu(x: f64) -> f64 {
    0.5 * x * (1.0 + candle_core::cpu::erf::erf_f64(x / std::f64::consts::SQRT_2))
}

fn silu(x: f64) -> f64 {
    x / (1.0 + (-x).exp())
}

#[test]
fn products_of_any_size_are_those_written_out() {
    for kernels in Kernels::all() {
        for (rows, depth, columns) in [(1, 1, 1), (2, 7, 31), (3, 16, 33), (5, 64, 8), (13, 40, 96), (25, 33, 65), (70, 1100, 40)] {
            let what = format!("{} {rows}×{depth}×{columns}", kernels.name);
            let (left, weights, bias) = (matrix(rows, depth, 1), numbers(columns * depth, 99), numbers(columns, 98));
            let packed = Packed::new(kernels, &weights, &bias, depth);
            let (mut output, mut activated, mut shared) = (Matrix::default(), Matrix::default(), Matrix::default());
            let mut gated = Matrix::default();
            kernels.product(&Crew::ALONE, &left, &packed, After::Silu, &mut gated);
            kernels.product(&Crew::ALONE, &left, &packed, After::Nothing, &mut output);
            kernels.product(&Crew::ALONE, &left, &packed, After::Gelu, &mut activated);
            Crew::run(|crew| kernels.product(crew, &left, &packed, After::Nothing, &mut shared));
            for row in 0..rows {
                assert_eq!(output.row(row), shared.row(row), "{what}");
                for column in 0..columns {
                    let weights = &weights[column * depth..][..depth];
                    let terms = || left.row(row).iter().zip(weights).map(|(x, y)| f64::from(*x) * f64::from(*y));
                    let (sum, size) = (terms().sum::<f64>() + f64::from(bias[column]), terms().map(f64::abs).sum::<f64>() + 4.0);
                    assert_near(output.row(row)[column], sum, size, &what);
                    assert_near(activated.row(row)[column], gelu(sum), size, &what);
                    assert_near(gated.row(row)[column], silu(sum), size, &what);
                }
            }
        }
    }
}

#[test]
fn a_row_of_a_product_is_the_same_among_any_others() {
    for kernels in Kernels::all() {
        let depth = 1100;
        let packed = Packed::new(kernels, &numbers(50 * depth, 5), &numbers(50, 6), depth);
        let (all, mut together) = (matrix(90, depth, 3), Matrix::default());
        kernels.product(&Crew::ALONE, &all, &packed, After::Gelu, &mut together);
        for row in [0, 11, 12, 89] {
            let (one, mut alone) = (matrix(1, depth, 3 + row as u32), Matrix::default());
            kernels.product(&Crew::ALONE, &one, &packed, After::Gelu, &mut alone);
            assert_eq!(alone.row(0), together.row(row), "{}", kernels.name);
        }
    }
}

#[test]
fn rows_are_normalised_with_their_residual() {
    for kernels in Kernels::all() {
        for width in [1, 3, 16, 37, 384] {
            let (mut states, residual) = (matrix(3, width, 7), matrix(3, width, 70));
            let norm = Norm { scale: numbers(width, 8), shift: numbers(width, 9), epsilon: 1e-3 };
            let sums: Vec<Vec<f64>> = (0..3)
                .map(|row| states.row(row).iter().zip(residual.row(row)).map(|(x, y)| f64::from(*x) + f64::from(*y)).collect())
                .collect();
            kernels.add_norm(&mut states, &residual, &norm);
            for (row, sums) in sums.iter().enumerate() {
                let mean = sums.iter().sum::<f64>() / width as f64;
                let variance = sums.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / width as f64;
                for (at, sum) in sums.iter().enumerate() {
                    let expected = (sum - mean) / (variance + 1e-3).sqrt() * f64::from(norm.scale[at]) + f64::from(norm.shift[at]);
                    assert_near(states.row(row)[at], expected, 20.0, &format!("{} {width}", kernels.name));
                }
            }
        }
    }
}

#[test]
fn rows_are_divided_by_the_root_of_their_mean_square() {
    for kernels in Kernels::all() {
        for width in [1, 3, 16, 37, 128] {
            let original = numbers(width, 31);
            let norm = RootMeanSquareNorm { scale: numbers(width, 8), epsilon: 1e-3 };
            let mut row = original.clone();
            kernels.root_mean_square_norm(&mut row, &norm);
            let mean = original.iter().map(|x| f64::from(*x).powi(2)).sum::<f64>() / width as f64;
            for ((found, x), scale) in row.iter().zip(&original).zip(&norm.scale) {
                assert_near(*found, f64::from(*x) / (mean + 1e-3).sqrt() * f64::from(*scale), 20.0, &format!("{} {width}", kernels.name));
            }
        }
    }
}

#[test]
fn rows_attend_to_themselves_alone() {
    let rows = [(0, 1), (1, 17), (18, 130), (148, 40)];
    let kinds = [(3, 3, false), (3, 3, true), (4, 2, true), (6, 2, false)];
    for (kernels, (queries, keys, causal)) in Kernels::all().into_iter().flat_map(|kernels| kinds.map(|kind| (kernels, kind))) {
        let heads = Heads { queries, keys, size: 20, causal };
        let (all, mut output, mut shared) = (matrix(188, heads.columns(), 11), Matrix::default(), Matrix::default());
        let attention = Attention::default();
        attention.attend(kernels, &Crew::ALONE, &all, &rows, heads, &mut output);
        Crew::run(|crew| attention.attend(kernels, crew, &all, &rows, heads, &mut shared));
        assert_eq!(output.columns(), queries * 20);
        let number = |token: usize, head: usize, at: usize| f64::from(all.row(token)[head * 20 + at]);
        for (start, length) in rows {
            for head in 0..queries {
                let (key_head, value_head) = (queries + head / (queries / keys), queries + keys + head / (queries / keys));
                for query in [start, start + length / 2, start + length - 1] {
                    assert_eq!(output.row(query), shared.row(query));
                    let end = if causal { query + 1 } else { start + length };
                    let powers: Vec<f64> = (start..end)
                        .map(|key| (0..20).map(|at| number(query, head, at) * number(key, key_head, at)).sum::<f64>().exp())
                        .collect();
                    for at in 0..20 {
                        let sum: f64 = powers.iter().zip(start..).map(|(power, key)| power * number(key, value_head, at)).sum();
                        let what = format!("{} {heads:?} {length} {head} {query}", kernels.name);
                        assert_near(output.row(query)[head * 20 + at], sum / powers.iter().sum::<f64>(), 20.0, &what);
                    }
                }
            }
        }
    }
}

#[test]
fn softmax_is_a_distribution_and_what_is_not_a_number_stays_so() {
    for kernels in Kernels::all() {
        for length in [1, 2, 15, 16, 17, 64, 99] {
            let mut row: Vec<f32> = numbers(length, 21).iter().map(|x| x * 60.0).collect();
            let most = row.iter().copied().fold(f32::MIN, f32::max);
            let powers: Vec<f64> = row.iter().map(|&x| f64::from(x - most).exp()).collect();
            // SAFETY: `all` gives what the machine has.
            unsafe { (kernels.softmax)(&mut row) };
            for (found, power) in row.iter().zip(&powers) {
                assert!((f64::from(*found) - power / powers.iter().sum::<f64>()).abs() < 1e-6);
            }
            row[length / 2] = f32::NAN;
            // SAFETY: as above.
            unsafe { (kernels.softmax)(&mut row) };
            assert!(row.iter().all(|x| x.is_nan()), "{} {length}", kernels.name);
        }
    }
}

fn one(f: impl Fn(Plain) -> Plain, x: f32) -> f32 {
    let mut lanes = [0.0; 4];
    // SAFETY: plain arithmetic runs anywhere; there is room for its four lanes.
    unsafe { f(Plain::splat(x)).store(lanes.as_mut_ptr()) };
    lanes[0]
}

#[test]
fn the_error_function_is_the_library_function() {
    let values = (-60_000..=60_000).map(|step| step as f32 * 1e-4).chain([f32::INFINITY, f32::NEG_INFINITY]);
    for x in values {
        // SAFETY: plain arithmetic runs anywhere.
        let found = one(|x| unsafe { erf(x) }, x);
        let expected = candle_core::cpu::erf::erf_f64(f64::from(x)) as f32;
        assert!((found - expected).abs() <= 5e-7, "{x}: {found} {expected}");
    }
    // SAFETY: as above.
    assert!(one(|x| unsafe { erf(x) }, f32::NAN).is_nan());
}

#[test]
fn silu_is_that_of_the_library_however_large_the_number() {
    let values = (-40_000..=40_000).map(|step| step as f32 * 5e-3).chain([1e30]);
    for x in values {
        // SAFETY: plain arithmetic runs anywhere.
        let found = f64::from(one(|x| unsafe { steps::silu(x) }, x));
        let expected = silu(f64::from(x));
        // Below -87 the power of e no longer shrinks; what is left is far below what any sum notices.
        assert!((found - expected).abs() <= 2e-6 * expected.abs() + if x < -80.0 { 1e-7 } else { 0.0 }, "{x}: {found} {expected}");
    }
    // SAFETY: as above.
    assert!(one(|x| unsafe { steps::silu(x) }, f32::NAN).is_nan());
}

#[test]
fn powers_of_e_are_those_of_the_library() {
    for x in (0..87_000).map(|step| step as f32 * -1e-3) {
        // SAFETY: plain arithmetic runs anywhere.
        let found = f64::from(one(|x| unsafe { exp(x) }, x));
        let expected = f64::from(x).exp();
        assert!((found / expected - 1.0).abs() <= 1e-6, "{x}: {found} {expected}");
    }
    // SAFETY: as above.
    assert!(one(|x| unsafe { exp(x) }, f32::NEG_INFINITY) < 1e-37);
}

#[test]
fn a_crew_does_every_part_once_however_many_steps_there_are() {
    Crew::run(|crew| {
        for parts in (0..40).chain([1000]) {
            let counts: Vec<AtomicUsize> = (0..parts).map(|_| AtomicUsize::new(0)).collect();
            crew.each(parts, &|part| {
                counts[part].fetch_add(1, Ordering::Relaxed);
            });
            assert!(counts.iter().all(|count| count.load(Ordering::Relaxed) == 1), "{parts}");
        }
    });
}

#[test]
fn a_part_that_panics_ends_the_pass() {
    let pass = || Crew::run(|crew| crew.each(100, &|part| assert!(part != 50, "part fifty")));
    assert!(std::panic::catch_unwind(pass).is_err());
}
