//! What an agent would see of a lesson's answers: the first by score and consensus, the next by what they add ([`crate::suggest::cover`]).

use std::collections::HashMap;

use super::lessons::Lesson;
use super::train::Vectors;
use crate::domain::PairId;
use crate::suggest::cover::{cover, likeness};
use crate::suggest::ranker::softmax;

/// Answers looked at, as many as an agent sees at first.
pub(super) const SHOWN: usize = 3;

/// How alike the answers of every lesson are.
pub(super) struct Likenesses {
    of: HashMap<PairId, Vec<f32>>,
    consensus: f32,
}

impl Likenesses {
    /// Compares the answers of all lessons. `answers` are those of [`Vectors::flat`], `consensus` is what a unit of it is worth to the ranker.
    pub(super) fn of(lessons: &[Lesson], vectors: &Vectors, answers: &[f32], dimension: usize, consensus: f32) -> Self {
        let none = vec![0.0; dimension];
        let vector = |row: Option<usize>| row.map_or(none.as_slice(), |row| &answers[row * dimension..(row + 1) * dimension]);
        let of = lessons.iter().map(|lesson| {
            let found: Vec<&[f32]> = lesson.found.iter().map(|point| vector(vectors.row(*point))).collect();
            (lesson.pair, likeness(&found))
        });
        Self { of: of.collect(), consensus }
    }

    /// Overlap of the first answer and of the best of the first [`SHOWN`], added, when a lesson's answers have these scores.
    pub(super) fn overlap(&self, lesson: &Lesson, scores: &[f32]) -> f64 {
        let count = lesson.found.len();
        let Some(alike) = self.of.get(&lesson.pair).filter(|_| scores.len() >= count && count > 0) else { return 0.0 };
        let scores = &scores[..count];
        let votes = softmax(scores);
        // Consensus is measured by the fourth power of the cosine, likeness by the eighth.
        let agreed = |place: usize| {
            alike[place * count..(place + 1) * count].iter().zip(&votes).map(|(alike, vote)| alike.sqrt() * vote).sum::<f32>()
        };
        let mut first = (0, f32::MIN);
        for (place, score) in scores.iter().enumerate() {
            let score = score + self.consensus * agreed(place);
            if score > first.1 {
                first = (place, score);
            }
        }
        let shown = cover(&votes, alike, first.0, SHOWN);
        let best = shown.iter().take(SHOWN).map(|&place| lesson.overlap[place]).fold(0.0, f32::max);
        f64::from(lesson.overlap[first.0]) + f64::from(best)
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    #[test]
    fn another_answer_is_shown_before_another_wording() {
        let id = |number: u128| Uuid::from_u128(number);
        let point = |number: u128, answer: [f32; 2]| (id(number), [vec![0.0; 2], vec![0.0; 2], answer.to_vec()]);
        let points = [point(1, [1.0, 0.0]), point(2, [1.0, 0.0]), point(3, [1.0, 0.0]), point(4, [0.0, 1.0])];
        let vectors = Vectors::of(&points).unwrap();
        let lesson = Lesson {
            pair: PairId::from_uuid(id(9)),
            found: (1..=4).map(id).collect(),
            fixed: vec![0.0; 4],
            overlap: vec![0.2, 0.2, 0.2, 0.7],
        };
        let answers = vectors.flat(crate::index::DenseField::Answer).unwrap();
        let likenesses = Likenesses::of(std::slice::from_ref(&lesson), &vectors, &answers, 2, 6.0);
        let overlap = likenesses.overlap(&lesson, &[0.4, 0.3, 0.2, 0.1]);
        assert!((overlap - 0.9).abs() < 1e-6, "0.2 first, 0.7 among three: {overlap}");
        let foreign = Lesson { pair: PairId::from_uuid(id(8)), ..lesson };
        assert_eq!(likenesses.overlap(&foreign, &[0.0; 4]), 0.0, "nothing is known of it");
    }
}
