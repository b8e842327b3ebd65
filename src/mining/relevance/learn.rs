//! Learns relevance weights from judged replies: logistic regression with a Gaussian prior, found by L-BFGS.
//!
//! Deterministic: the same lessons in the same order give the same weights on every machine. Memory is dominated by the hashed pairs of the rows, some
//! four kilobytes a reply.

use std::collections::VecDeque;

use super::features::{NAMES, PAIR_COUNT, Row};
use super::{RelevanceWeights, logistic};

/// Inverse of the prior's precision: how much the lessons count against the prior. Between 0.05 and 0.5 the five-fold figures hardly differ.
const STRENGTH: f64 = 0.2;

/// Updates remembered by L-BFGS (Liu & Nocedal 1989 recommend 3 to 20).
const MEMORY: usize = 6;

/// Steps at most; some forty are usual.
const MAX_STEPS: usize = 120;

/// The search ends when a step gains less than this share of the loss.
const TOLERANCE: f64 = 1e-5;

/// Parts of the lessons that are judged in turn by weights learnt from the others, to find the threshold.
const PARTS: usize = 4;

/// Weights of pairs kept where nobody asks for fewer: the largest. A file of them has 650 kB; the rest changes a probability in the third digit.
pub const KEPT_PAIRS: usize = 40_000;

/// One judged reply.
#[derive(Debug, Clone)]
pub struct Lesson {
    /// The reply beside the others of its exchange.
    pub row: Row,
    /// Whether it answers.
    pub answers: bool,
    /// How much it counts.
    pub weight: f32,
    /// Lessons of one group (a conversation) are never parted.
    pub group: usize,
    /// Whether the threshold may be read from it: only where replies come as they do in conversations.
    pub natural: bool,
}

/// Learns weights, of pairs the `kept_pairs` largest, and the threshold at which F1 was highest on lessons that the weights had not seen.
#[must_use]
pub fn learn(lessons: &[Lesson], fitted_on: &str, kept_pairs: usize) -> RelevanceWeights {
    let judged = cross_judged(lessons, PARTS);
    let natural: Vec<(f32, bool)> = judged
        .iter()
        .zip(lessons)
        .filter(|(_, lesson)| lesson.natural)
        .map(|(&probability, lesson)| (probability, lesson.answers))
        .collect();
    let threshold = best_threshold(&natural);
    let solution = Solution::of(&lessons.iter().collect::<Vec<_>>());
    let rounded = |weight: f64| ((weight * 10_000.0).round() / 10_000.0) as f32;
    let named = NAMES.iter().zip(&solution.weights).filter(|(_, weight)| weight.abs() >= 0.0005);
    let mut pairs: Vec<(u32, f64)> =
        (0_u32..).zip(solution.weights[NAMES.len()..].iter().copied()).filter(|(_, weight)| weight.abs() >= 0.0005).collect();
    pairs.sort_by(|a, b| b.1.abs().total_cmp(&a.1.abs()).then(a.0.cmp(&b.0)));
    pairs.truncate(kept_pairs);
    RelevanceWeights {
        version: 1,
        fitted_on: fitted_on.to_owned(),
        threshold: rounded(f64::from(threshold)),
        named: named.map(|(name, weight)| (name.clone(), rounded(*weight))).collect(),
        pairs: pairs.into_iter().map(|(position, weight)| (position, rounded(weight))).collect(),
    }
}

/// Probability of every lesson by weights learnt from the parts it does not belong to. A group's part follows from its number.
#[must_use]
pub fn cross_judged(lessons: &[Lesson], parts: usize) -> Vec<f32> {
    let mut judged = vec![0.0; lessons.len()];
    for part in 0..parts {
        let others: Vec<&Lesson> = lessons.iter().filter(|lesson| lesson.group % parts != part).collect();
        let solution = Solution::of(&others);
        for (probability, lesson) in judged.iter_mut().zip(lessons).filter(|(_, lesson)| lesson.group % parts == part) {
            *probability = logistic(solution.score(&lesson.row) as f32);
        }
    }
    judged
}

/// The probability from which on to say "answers" so that F1 is highest; 0.5 where nothing answers.
#[must_use]
pub fn best_threshold(judged: &[(f32, bool)]) -> f32 {
    let answers = judged.iter().filter(|(_, answers)| *answers).count() as f64;
    let mut order: Vec<(f32, bool)> = judged.to_vec();
    order.sort_by(|a, b| b.0.total_cmp(&a.0));
    let (mut best, mut threshold, mut hits) = (0.0, 0.5, 0.0);
    for (place, &(probability, is_answer)) in order.iter().enumerate() {
        hits += f64::from(u8::from(is_answer));
        // Equal probabilities fall on the same side.
        if order.get(place + 1).is_some_and(|next| next.0 >= probability) {
            continue;
        }
        let f1 = 2.0 * hits / ((place + 1) as f64 + answers);
        if f1 > best {
            (best, threshold) = (f1, probability);
        }
    }
    threshold
}

/// The most probable weights: those of named features, then those of pairs.
struct Solution {
    weights: Vec<f64>,
}

impl Solution {
    /// L-BFGS with backtracking: Nocedal & Wright, "Numerical Optimization", 2nd ed., algorithms 7.4, 7.5 and 3.1.
    fn of(lessons: &[&Lesson]) -> Self {
        let mut here = Self { weights: vec![0.0; NAMES.len() + PAIR_COUNT] };
        let (mut loss, mut slope) = here.loss(lessons);
        let mut memory: VecDeque<(Vec<f64>, Vec<f64>, f64)> = VecDeque::new();
        for _ in 0..MAX_STEPS {
            let mut direction = downhill(&slope, &memory);
            let mut descent = product(&direction, &slope);
            if descent >= 0.0 {
                memory.clear();
                direction = slope.iter().map(|value| -value).collect();
                descent = -product(&slope, &slope);
            }
            let mut length = if memory.is_empty() { 1.0 / product(&slope, &slope).sqrt().max(1e-12) } else { 1.0 };
            let step = loop {
                let weights = here.weights.iter().zip(&direction).map(|(weight, way)| weight + length * way).collect();
                let there = Self { weights };
                let (new_loss, new_slope) = there.loss(lessons);
                if new_loss <= loss + 1e-4 * length * descent {
                    break Some((there, new_loss, new_slope));
                }
                length /= 2.0;
                if length < 1e-10 {
                    break None;
                }
            };
            let Some((there, new_loss, new_slope)) = step else { break };
            let moved: Vec<f64> = there.weights.iter().zip(&here.weights).map(|(new, old)| new - old).collect();
            let turned: Vec<f64> = new_slope.iter().zip(&slope).map(|(new, old)| new - old).collect();
            let curvature = product(&moved, &turned);
            if curvature > 1e-12 {
                memory.push_back((moved, turned, curvature));
                if memory.len() > MEMORY {
                    memory.pop_front();
                }
            }
            let gained = loss - new_loss;
            (here, loss, slope) = (there, new_loss, new_slope);
            if gained < TOLERANCE * loss {
                break;
            }
        }
        here
    }

    fn score(&self, row: &Row) -> f64 {
        let named: f64 = self.weights.iter().zip(&row.named).map(|(weight, value)| weight * f64::from(*value)).sum();
        let pairs = &self.weights[NAMES.len()..];
        named + row.pairs.iter().map(|&(position, value)| pairs[position as usize] * f64::from(value)).sum::<f64>()
    }

    /// Loss (negative log of the posterior, up to a constant) and its gradient.
    fn loss(&self, lessons: &[&Lesson]) -> (f64, Vec<f64>) {
        let mut loss = product(&self.weights, &self.weights) / (2.0 * STRENGTH);
        let mut slope: Vec<f64> = self.weights.iter().map(|weight| weight / STRENGTH).collect();
        for lesson in lessons {
            let sign = if lesson.answers { 1.0 } else { -1.0 };
            let margin = sign * self.score(&lesson.row);
            let weight = f64::from(lesson.weight);
            loss += weight * if margin > 0.0 { (-margin).exp().ln_1p() } else { margin.exp().ln_1p() - margin };
            let pull = -sign * weight / (1.0 + margin.exp());
            let (named, pairs) = slope.split_at_mut(NAMES.len());
            for (slope, value) in named.iter_mut().zip(&lesson.row.named) {
                *slope += pull * f64::from(*value);
            }
            for &(position, value) in &lesson.row.pairs {
                pairs[position as usize] += pull * f64::from(value);
            }
        }
        (loss, slope)
    }
}

/// The two-loop recursion.
fn downhill(slope: &[f64], memory: &VecDeque<(Vec<f64>, Vec<f64>, f64)>) -> Vec<f64> {
    let mut direction: Vec<f64> = slope.iter().map(|value| -value).collect();
    let mut shares = Vec::with_capacity(memory.len());
    for (moved, turned, curvature) in memory.iter().rev() {
        let share = product(moved, &direction) / curvature;
        add(&mut direction, -share, turned);
        shares.push(share);
    }
    if let Some((_, turned, curvature)) = memory.back() {
        let scale = curvature / product(turned, turned).max(1e-300);
        for value in &mut direction {
            *value *= scale;
        }
    }
    for ((moved, turned, curvature), share) in memory.iter().zip(shares.into_iter().rev()) {
        let back = product(turned, &direction) / curvature;
        add(&mut direction, share - back, moved);
    }
    direction
}

fn product(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

fn add(sum: &mut [f64], factor: f64, values: &[f64]) {
    for (sum, value) in sum.iter_mut().zip(values) {
        *sum += factor * value;
    }
}

#[cfg(test)]
mod tests {
    use super::super::Relevance;
    use super::*;

    fn lesson(first: f32, pair: u32, answers: bool, group: usize) -> Lesson {
        let mut named = vec![0.0; NAMES.len()];
        named[0] = 1.0;
        named[1] = first;
        Lesson { row: Row { named, pairs: vec![(pair, 1.0)] }, answers, weight: 1.0, group, natural: true }
    }

    #[test]
    fn the_gradient_is_that_of_the_loss() {
        let lessons = [lesson(0.5, 3, true, 0), lesson(-1.0, 3, false, 1), lesson(2.0, 9, false, 2)];
        let lessons: Vec<&Lesson> = lessons.iter().collect();
        let mut at = Solution { weights: vec![0.0; NAMES.len() + PAIR_COUNT] };
        at.weights[1] = 0.7;
        at.weights[NAMES.len() + 3] = -0.4;
        let (_, slope) = at.loss(&lessons);
        for position in [0, 1, NAMES.len() + 3, NAMES.len() + 9] {
            let mut moved = |by: f64| {
                at.weights[position] += by;
                let loss = at.loss(&lessons).0;
                at.weights[position] -= by;
                loss
            };
            let numeric = (moved(1e-5) - moved(-1e-5)) / 2e-5;
            assert!((numeric - slope[position]).abs() < 1e-5, "{position}: {numeric} against {}", slope[position]);
        }
    }

    #[test]
    fn what_tells_answers_apart_gets_the_weight() {
        let lessons: Vec<Lesson> =
            (0..200).map(|number| lesson(if number % 3 == 0 { 1.0 } else { 0.0 }, number as u32 % 7, number % 3 == 0, number)).collect();
        let weights = learn(&lessons, "a test", KEPT_PAIRS);
        assert!(weights.named["first"] > 1.0, "{:?}", weights.named);
        assert!(weights.pairs.values().all(|weight| weight.abs() < 0.5), "{:?}", weights.pairs);
        assert!(Relevance::new(&weights).is_ok());
        let judged = cross_judged(&lessons, 4);
        for (probability, lesson) in judged.iter().zip(&lessons) {
            assert_eq!(*probability >= weights.threshold, lesson.answers, "{probability}");
        }
    }

    #[test]
    fn the_threshold_of_a_hand_computed_list() {
        // Down to 0.9 F1 is 2·1 / (1 + 2), down to 0.6 it is 2·1 / (2 + 2), down to 0.4 it is 2·2 / (3 + 2), the highest.
        assert_eq!(best_threshold(&[(0.9, true), (0.1, false), (0.6, false), (0.4, true)]), 0.4);
        // Equal probabilities can't be parted.
        assert_eq!(best_threshold(&[(0.4, true), (0.4, false), (0.4, false)]), 0.4);
        assert_eq!(best_threshold(&[(0.4, false)]), 0.5);
        assert_eq!(best_threshold(&[]), 0.5);
    }
}
