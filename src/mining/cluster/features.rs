//! What a question is about, as numbers: its vector and its words.

use std::collections::{BTreeMap, HashMap};

use super::Question;
use crate::domain::random::SplitMix64;
use crate::retrieve::encode::normalise;
use crate::text::segment::terms;

/// Numbers that the words of a question become.
const WORD_WIDTH: usize = 128;
/// Terms looked at, the most frequent ones: rarer ones join no two questions in a thousand.
const MOST_TERMS: usize = 20_000;
/// Rounds of subspace iteration; the subspace has settled well before.
const ROUNDS: usize = 5;
/// Questions as which the absence of a common mean counts: the mean shrinks to nothing on a desk of a few questions, and is whole on one of hundreds.
const MEAN_PRIOR: f64 = 10.0;
/// Where the iteration starts.
const SEED: u64 = 1;

/// Rows of equal width, one after the other.
pub(super) struct Rows {
    pub(super) width: usize,
    pub(super) values: Vec<f32>,
}

impl Rows {
    pub(super) fn zeroed(rows: usize, width: usize) -> Self {
        Self { width, values: vec![0.0; rows * width] }
    }

    pub(super) fn row(&self, row: usize) -> &[f32] {
        &self.values[row * self.width..(row + 1) * self.width]
    }

    pub(super) fn row_mut(&mut self, row: usize) -> &mut [f32] {
        &mut self.values[row * self.width..(row + 1) * self.width]
    }

    /// Takes the mean row off every row that is not zero, and normalises them. Of few rows less than the whole mean goes: it is then as much what they
    /// are about as what all questions share ([`MEAN_PRIOR`]).
    fn centre(&mut self) {
        let width = self.width;
        let mut mean = vec![0.0_f64; width];
        let mut counted = 0_usize;
        for row in self.values.chunks_exact(width).filter(|row| row.iter().any(|value| *value != 0.0)) {
            counted += 1;
            for (sum, value) in mean.iter_mut().zip(row) {
                *sum += f64::from(*value);
            }
        }
        // A single row is all there is to know: less its mean nothing would be left of it.
        if counted < 2 {
            return;
        }
        for row in self.values.chunks_exact_mut(width).filter(|row| row.iter().any(|value| *value != 0.0)) {
            for (value, sum) in row.iter_mut().zip(&mean) {
                *value -= (sum / (counted as f64 + MEAN_PRIOR)) as f32;
            }
            normalise(row);
        }
    }
}

/// One row of length 1 per question: its vector less the mean vector, and its words with `weight`.
pub(super) fn features(questions: &[Question<'_>], weight: f32) -> Rows {
    let dimension = questions.first().map_or(1, |question| question.vector.len());
    let mut vectors = Rows::zeroed(questions.len(), dimension);
    for (row, question) in vectors.values.chunks_exact_mut(dimension).zip(questions) {
        row.copy_from_slice(question.vector);
    }
    vectors.centre();
    let texts: Vec<&str> = questions.iter().map(|question| question.text).collect();
    let mut words = latent_words(&texts);
    words.centre();
    let mut joined = Rows::zeroed(questions.len(), dimension + words.width);
    for place in 0..questions.len() {
        let row = joined.row_mut(place);
        row[..dimension].copy_from_slice(vectors.row(place));
        for (value, word) in row[dimension..].iter_mut().zip(words.row(place)) {
            *value = weight * word;
        }
        normalise(row);
    }
    joined
}

/// Term weights of every text: tf–idf with a logarithmic term frequency, each text of length 1.
struct TermMatrix {
    terms: usize,
    /// Where each text's entries begin, and the end.
    starts: Vec<usize>,
    entries: Vec<(u32, f32)>,
}

impl TermMatrix {
    fn new(texts: &[&str]) -> Self {
        let mut ids: HashMap<String, u32> = HashMap::new();
        let mut held_by: Vec<u32> = Vec::new();
        let mut starts = vec![0];
        let mut entries: Vec<(u32, f32)> = Vec::new();
        for text in texts {
            let mut counts: BTreeMap<u32, f32> = BTreeMap::new();
            for term in terms(text) {
                let next = ids.len() as u32;
                *counts.entry(*ids.entry(term).or_insert(next)).or_insert(0.0) += 1.0;
            }
            held_by.resize(ids.len(), 0);
            for (term, count) in counts {
                held_by[term as usize] += 1;
                entries.push((term, count));
            }
            starts.push(entries.len());
        }
        drop(ids);
        // A term of one text joins it to no other.
        let mut kept: Vec<u32> = (0..held_by.len() as u32).filter(|&term| held_by[term as usize] > 1).collect();
        kept.sort_by(|a, b| held_by[*b as usize].cmp(&held_by[*a as usize]).then(a.cmp(b)));
        kept.truncate(MOST_TERMS);
        let mut place: Vec<Option<u32>> = vec![None; held_by.len()];
        for (new, &old) in kept.iter().enumerate() {
            place[old as usize] = Some(new as u32);
        }
        let mut weighted = Vec::with_capacity(entries.len());
        let mut weighted_starts = vec![0];
        for pair in starts.windows(2) {
            let begin = weighted.len();
            for &(term, count) in &entries[pair[0]..pair[1]] {
                if let Some(term_place) = place[term as usize] {
                    let rarity = (texts.len() as f32 / held_by[term as usize] as f32).ln();
                    weighted.push((term_place, (1.0 + count.ln()) * rarity));
                }
            }
            let length = weighted[begin..].iter().map(|(_, weight)| weight * weight).sum::<f32>().sqrt();
            for (_, weight) in &mut weighted[begin..] {
                *weight /= length.max(f32::MIN_POSITIVE);
            }
            weighted_starts.push(weighted.len());
        }
        Self { terms: kept.len(), starts: weighted_starts, entries: weighted }
    }

    fn texts(&self) -> usize {
        self.starts.len() - 1
    }

    fn of(&self, text: usize) -> &[(u32, f32)] {
        &self.entries[self.starts[text]..self.starts[text + 1]]
    }

    /// Text `text` in the space that `basis` spans.
    fn project(&self, text: usize, basis: &Rows, onto: &mut [f32]) {
        onto.fill(0.0);
        for &(term, weight) in self.of(text) {
            for (sum, value) in onto.iter_mut().zip(basis.row(term as usize)) {
                *sum += weight * value;
            }
        }
    }
}

/// The texts in the space of their most telling combinations of words, each of length 1; zero where a text shares no word with another.
///
/// Latent semantic analysis (Deerwester et al. 1990); the space is found by subspace iteration (Halko, Martinsson & Tropp 2011). Directions
/// within it are arbitrary, cosines are not.
fn latent_words(texts: &[&str]) -> Rows {
    let matrix = TermMatrix::new(texts);
    let width = WORD_WIDTH.min(matrix.terms).min(matrix.texts()).max(1);
    let mut random = SplitMix64::new(SEED);
    let mut basis = Rows::zeroed(matrix.terms, width);
    for value in &mut basis.values {
        *value = random.next_unit() as f32 - 0.5;
    }
    orthonormalise(&mut basis);
    let mut projected = vec![0.0; width];
    for _ in 0..ROUNDS {
        let mut next = Rows::zeroed(matrix.terms, width);
        for text in 0..matrix.texts() {
            matrix.project(text, &basis, &mut projected);
            for &(term, weight) in matrix.of(text) {
                for (sum, value) in next.row_mut(term as usize).iter_mut().zip(&projected) {
                    *sum += weight * value;
                }
            }
        }
        orthonormalise(&mut next);
        basis = next;
    }
    let mut rows = Rows::zeroed(matrix.texts(), width);
    for text in 0..matrix.texts() {
        matrix.project(text, &basis, rows.row_mut(text));
        normalise(rows.row_mut(text));
    }
    rows
}

/// Makes the columns orthonormal (modified Gram–Schmidt); a column that depends on those before it becomes zero.
fn orthonormalise(basis: &mut Rows) {
    let width = basis.width;
    let rows = basis.values.len() / width;
    let mut columns: Vec<Vec<f64>> =
        (0..width).map(|column| (0..rows).map(|row| f64::from(basis.values[row * width + column])).collect()).collect();
    for column in 0..width {
        let (done, rest) = columns.split_at_mut(column);
        let Some(current) = rest.first_mut() else { return };
        let before = length(current);
        for earlier in &*done {
            let shared: f64 = earlier.iter().zip(current.iter()).map(|(a, b)| a * b).sum();
            for (value, other) in current.iter_mut().zip(earlier) {
                *value -= shared * other;
            }
        }
        let after = length(current);
        let scale = if after > before * 1e-9 { 1.0 / after } else { 0.0 };
        for (row, value) in current.iter_mut().enumerate() {
            *value *= scale;
            basis.values[row * width + column] = *value as f32;
        }
    }
}

fn length(column: &[f64]) -> f64 {
    column.iter().map(|value| value * value).sum::<f64>().sqrt()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::retrieve::encode::dot;

    #[test]
    fn texts_are_as_alike_as_their_words() {
        let texts =
            ["return refund", "return refund", "return cash", "return cash", "refund", "cash", "password login", "password login", "login"];
        let rows = latent_words(&texts);
        let cosine = |a: usize, b: usize| dot(rows.row(a), rows.row(b));
        assert!(cosine(6, 8) > 0.5);
        assert!(cosine(4, 8).abs() < 0.01, "{}", cosine(4, 8));
        assert!(cosine(0, 2) > 0.1);
    }

    #[test]
    fn columns_become_orthonormal_and_dependent_ones_zero() {
        let mut basis = Rows { width: 3, values: vec![1.0, 2.0, 2.0, 1.0, 0.0, 2.0, 0.0, 1.0, 0.0] };
        orthonormalise(&mut basis);
        let column = |c: usize| (0..3).map(|row| basis.values[row * 3 + c]).collect::<Vec<f32>>();
        assert!((dot(&column(0), &column(0)) - 1.0).abs() < 1e-6);
        assert!(dot(&column(0), &column(1)).abs() < 1e-6);
        assert_eq!(column(2), [0.0; 3], "the third is twice the first");
    }

    #[test]
    fn a_text_without_words_is_told_by_its_vector_alone() {
        let vectors = [[1.0, 0.0], [0.0, 1.0], [0.6, 0.8]];
        let questions: Vec<Question<'_>> =
            ["", "refund", "refund"].iter().zip(&vectors).map(|(text, vector)| Question { text, vector }).collect();
        let rows = features(&questions, 0.5);
        assert!(rows.row(0)[2..].iter().all(|value| *value == 0.0));
        assert!((dot(rows.row(0), rows.row(0)) - 1.0).abs() < 1e-5);
    }
}
