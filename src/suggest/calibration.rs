//! From a ranking to the probability that its first suggestion is right, and from a stated precision to the threshold.
//!
//! The log odds of being right are linear in a suggestion's score and in [`Signals`] of the whole set it stands in: Platt's (1999) logistic
//! calibration with more than one input. The signals are the same for every suggestion of a set, so within a set a higher score always means
//! a higher probability and points of a control are points of log odds. [`Calibration::fit`] needs moments whose first suggestion is
//! known to be right or wrong; where they come from (replay, feedback, an adapter's trial) is the caller's matter. Moments must not be those
//! that the ranker's weights were fitted on, or the probability will be too high.
//!
//! "Show only what is right in seven of ten cases" is a demand on what is shown as a whole: the threshold is the lowest probability above
//! which the suggestions together are right that often. It lies below the precision, since many of them are surer than the least sure one, but never
//! below half of it: where almost everything is right the sum could bear suggestions that hardly ever are, and an agent reads each by itself.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::features::{ANSWER_LENGTH, CONSENSUS, CONTEXT_WORDS, FEATURE_COUNT, Gates, KIND_MATCH, QUESTION_WORDS, flag};
use super::ranker::{AGREEING_ANSWERS, together};
use crate::domain::PairKind;

/// Number of signals.
pub const SIGNAL_COUNT: usize = 13;

/// Names of the signals, in the order of [`Signals`].
pub const SIGNAL_NAMES: [&str; SIGNAL_COUNT] = [
    "margin",
    "best_cosine",
    "vote_share",
    "support",
    "likeness",
    "words",
    "length",
    "spread",
    "follow_up",
    "small_talk",
    "kind_match",
    "context",
    "answer_length",
];

/// Place of the signal that tells small talk.
const SMALL_TALK: usize = 9;

/// Precision that a calibration aims at unless told otherwise: right in seven of ten cases.
pub const DEFAULT_PRECISION: f64 = 0.7;

/// Precisions for which a fitted calibration keeps the threshold.
const KEPT_PRECISIONS: [f64; 10] = [0.5, 0.55, 0.6, 0.65, 0.7, 0.75, 0.8, 0.85, 0.9, 0.95];

/// Share of a stated precision that each suggestion has to reach by itself, however sure the others are.
const OWN_SHARE: f64 = 0.5;

/// Smallest slope: a higher score must never mean a lower probability.
const MIN_SLOPE: f64 = 0.01;
/// Pull towards the calibration that a fit begins with, in moments: what is far from it must be shown by more moments than these.
const PRIOR_MOMENTS: f64 = 10.0;
/// Steps of Newton's method; it converges in about ten.
const STEPS: usize = 50;

/// What a ranking as a whole says of how sure its first suggestion is; each about 0–1, `context` about 0.
pub type Signals = [f32; SIGNAL_COUNT];

/// Signals of a usual moment; where one probability must stand for all sets, it is taken there.
pub const USUAL_SIGNALS: Signals = [0.4, 0.6, 0.3, 0.25, 0.4, 0.5, 0.5, 0.5, 0.0, 0.0, 1.0, 0.0, 0.8];

/// Answers that say the same at which the signal of support reaches one half.
const SUPPORT_HALF: f32 = 3.0;
/// Standard deviation of the scores at which the signal of their spread reaches one half.
const SPREAD_HALF: f32 = 2.0;

/// What the signals are made of.
#[derive(Debug, Clone, Copy)]
pub struct Standing<'a> {
    /// Scores of all answers, in groups that say the same; the best group first.
    pub scores: &'a [Vec<f32>],
    /// Features of the best answer, with consensus.
    pub first: &'a [f32; FEATURE_COUNT],
    /// What of the query decides how likeness is weighed.
    pub gates: Gates,
    /// The kind of pair that fits the customer's turn.
    pub kind: PairKind,
}

impl Standing<'_> {
    /// The signals: how far the first group is ahead of the second, best cosine, the first group's share of all answers (softmax of the
    /// scores), how many say the same, the best answer's likeness to all found, its share of the asked words, the length of what is asked; how far
    /// the scores lie apart, whether the customer goes on with a matter or asks nothing, and of the best answer whether it was given to that kind of
    /// turn, how much more than the others' its conversation had been about the same, and its length.
    #[must_use]
    pub fn signals(&self) -> Signals {
        let evidence = |group: &Vec<f32>| together(group.iter().copied(), AGREEING_ANSWERS).unwrap_or(f32::MIN);
        let Some(first) = self.scores.first().map(evidence) else { return [0.0; SIGNAL_COUNT] };
        let lead = self.scores.get(1).map_or(f32::INFINITY, |second| first - evidence(second)).max(0.0);
        let mass = |group: &Vec<f32>| group.iter().map(|score| (score - first).exp()).sum::<f32>();
        let all: f32 = self.scores.iter().map(mass).sum();
        let margin = if lead.is_finite() { lead / (lead + 1.0) } else { 1.0 };
        let support = self.scores[0].len() as f32;
        let support = support / (support + SUPPORT_HALF);
        let row = self.first;
        [
            margin,
            self.gates.best,
            mass(&self.scores[0]) / all,
            support,
            row[CONSENSUS],
            row[QUESTION_WORDS],
            self.gates.length,
            spread(self.scores.iter().flatten().copied()),
            flag(self.kind == PairKind::FollowUp),
            flag(self.kind == PairKind::SmallTalk),
            row[KIND_MATCH],
            row[CONTEXT_WORDS],
            row[ANSWER_LENGTH],
        ]
    }
}

/// How far scores lie apart: their standard deviation, one half at [`SPREAD_HALF`].
fn spread(scores: impl Iterator<Item = f32> + Clone) -> f32 {
    let count = scores.clone().count().max(1) as f32;
    let mean = scores.clone().sum::<f32>() / count;
    let deviation = (scores.map(|score| (score - mean).powi(2)).sum::<f32>() / count).sqrt();
    deviation / (deviation + SPREAD_HALF)
}

/// One moment whose first suggestion has been judged.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Judged {
    /// Score of the first suggestion.
    pub score: f32,
    /// Signals of the set.
    pub signals: Signals,
    /// Whether it was right; between 0 and 1 where that is only more or less known.
    pub right: f32,
}

impl Judged {
    /// A moment whose first suggestion is known to be right or wrong.
    #[must_use]
    pub fn new(score: f32, signals: Signals, right: bool) -> Self {
        Self { score, signals, right: if right { 1.0 } else { 0.0 } }
    }

    /// Whether the customer's turn was small talk: nothing archived is shown there however likely it is, so no threshold follows from it.
    #[must_use]
    pub fn is_small_talk(&self) -> bool {
        self.signals[SMALL_TALK] > 0.5
    }
}

/// A calibration: numbers in a data file.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Calibration {
    /// Log odds per unit of score; positive.
    pub slope: f32,
    /// Log odds at score 0 without any signal.
    pub intercept: f32,
    /// Log odds per unit of each signal; those not named count nothing.
    #[serde(default)]
    pub signals: BTreeMap<String, f32>,
    /// Thresholds by precision: `[precision, threshold]`, both 0–1 and ascending. Empty where no moment was ever judged.
    #[serde(default)]
    pub thresholds: Vec<[f64; 2]>,
}

impl Calibration {
    /// The first name among the signals that this program does not compute, if any.
    #[must_use]
    pub fn unknown_signal(&self) -> Option<&str> {
        self.signals.keys().map(String::as_str).find(|name| !SIGNAL_NAMES.contains(name))
    }

    /// Log odds that a suggestion of this score is right in a set with these signals.
    #[must_use]
    pub fn log_odds(&self, score: f32, signals: &Signals) -> f64 {
        let of_set: f64 = SIGNAL_NAMES
            .iter()
            .zip(signals)
            .filter_map(|(name, value)| Some(f64::from(*self.signals.get(*name)?) * f64::from(*value)))
            .sum();
        f64::from(self.slope) * f64::from(score) + f64::from(self.intercept) + of_set
    }

    /// Probability that a suggestion of this score is right in a set with these signals.
    #[must_use]
    pub fn probability(&self, score: f32, signals: &Signals) -> f64 {
        logistic(self.log_odds(score, signals))
    }

    /// The score that these points of log odds are worth.
    #[must_use]
    pub fn score_of_points(&self, points: f32) -> f32 {
        points / self.slope
    }

    /// Probability from which on suggestions are to be shown so that together they are right as often as `precision` (0–1) says: between two kept
    /// precisions in proportion, below the first one in proportion to it. Never less than half of `precision`, and never more than `precision` itself, which
    /// is the threshold where nothing is kept and above the last one, on the safe side.
    #[must_use]
    pub fn threshold(&self, precision: f64) -> f64 {
        let at_least = self.thresholds.partition_point(|[kept, _]| *kept < precision - 1e-9);
        let Some([above, threshold]) = self.thresholds.get(at_least) else { return precision };
        let [below, lower] = at_least.checked_sub(1).map_or([0.0, 0.0], |before| self.thresholds[before]);
        let share = if above > &below { (precision - below) / (above - below) } else { 1.0 };
        (lower + share.clamp(0.0, 1.0) * (threshold - lower)).clamp(OWN_SHARE * precision, precision)
    }

    /// Fits a calibration to judged moments by penalised maximum likelihood: what few moments say bends `start` only a little. Without
    /// moments of both kinds there is nothing to fit and `start` comes back.
    #[must_use]
    pub fn fit(moments: &[Judged], start: &Self) -> Self {
        let right: f32 = moments.iter().map(|moment| moment.right).sum();
        if right <= 0.0 || right >= moments.len() as f32 {
            return start.clone();
        }
        let scale = Scale::of(moments);
        let rows: Vec<[f64; INPUTS]> = moments.iter().map(|moment| scale.row(moment)).collect();
        let prior = scale.inward(start);
        let mut weights = newton(&rows, moments, prior, &[true; INPUTS]);
        if scale.slope(&weights) < MIN_SLOPE {
            weights[SCORE] = MIN_SLOPE * scale.spread;
            let mut free = [true; INPUTS];
            free[SCORE] = false;
            let mut fixed = prior;
            fixed[SCORE] = weights[SCORE];
            weights = newton(&rows, moments, fixed, &free);
        }
        let mut fitted = scale.outward(&weights);
        fitted.thresholds = fitted.thresholds_on(moments);
        fitted
    }

    fn thresholds_on(&self, moments: &[Judged]) -> Vec<[f64; 2]> {
        let matters = moments.iter().filter(|moment| !moment.is_small_talk());
        let mut probabilities: Vec<f64> = matters.map(|moment| self.probability(moment.score, &moment.signals)).collect();
        probabilities.sort_by(|a, b| b.total_cmp(a));
        let rounded = |value: f64| (value * 1000.0).round() / 1000.0;
        KEPT_PRECISIONS.iter().map(|&precision| [precision, rounded(lowest(&probabilities, precision))]).collect()
    }
}

/// The lowest of the probabilities, given in descending order, down to which their mean is `precision`; `precision` itself where not even the highest
/// reaches it.
fn lowest(probabilities: &[f64], precision: f64) -> f64 {
    let mut sum = 0.0;
    let mut threshold = precision;
    for (count, probability) in (1..).zip(probabilities) {
        sum += probability;
        if sum / f64::from(count) < precision {
            break;
        }
        threshold = *probability;
    }
    threshold.min(precision)
}

/// Inputs of the regression: the score, the signals, and 1.
const INPUTS: usize = SIGNAL_COUNT + 2;
const SCORE: usize = 0;
const CONSTANT: usize = INPUTS - 1;

/// Where the scores lie: they are brought to mean 0 and spread 1, so that one pull fits all inputs.
struct Scale {
    mean: f64,
    spread: f64,
}

impl Scale {
    fn of(moments: &[Judged]) -> Self {
        let count = moments.len().max(1) as f64;
        let mean = moments.iter().map(|moment| f64::from(moment.score)).sum::<f64>() / count;
        let variance = moments.iter().map(|moment| (f64::from(moment.score) - mean).powi(2)).sum::<f64>() / count;
        Self { mean, spread: variance.sqrt().max(1e-6) }
    }

    fn row(&self, moment: &Judged) -> [f64; INPUTS] {
        let mut row = [1.0; INPUTS];
        row[SCORE] = (f64::from(moment.score) - self.mean) / self.spread;
        for (value, signal) in row[1..].iter_mut().zip(&moment.signals) {
            *value = f64::from(*signal);
        }
        row
    }

    fn inward(&self, calibration: &Calibration) -> [f64; INPUTS] {
        let mut weights = [0.0; INPUTS];
        weights[SCORE] = f64::from(calibration.slope) * self.spread;
        for (weight, name) in weights[1..].iter_mut().zip(SIGNAL_NAMES) {
            *weight = calibration.signals.get(name).copied().map_or(0.0, f64::from);
        }
        weights[CONSTANT] = f64::from(calibration.intercept) + f64::from(calibration.slope) * self.mean;
        weights
    }

    fn slope(&self, weights: &[f64; INPUTS]) -> f64 {
        weights[SCORE] / self.spread
    }

    fn outward(&self, weights: &[f64; INPUTS]) -> Calibration {
        let rounded = |weight: f64| ((weight * 10_000.0).round() / 10_000.0) as f32;
        let slope = self.slope(weights);
        let signals = SIGNAL_NAMES.iter().zip(&weights[1..]).map(|(name, weight)| ((*name).to_owned(), rounded(*weight))).collect();
        Calibration {
            slope: rounded(slope).max(MIN_SLOPE as f32),
            intercept: rounded(weights[CONSTANT] - slope * self.mean),
            signals,
            thresholds: Vec::new(),
        }
    }
}

fn logistic(log_odds: f64) -> f64 {
    1.0 / (1.0 + (-log_odds).exp())
}

/// Minimises the cross-entropy plus the pull towards `prior` over the free inputs, from `prior` on. Steps that would go up are halved: far from
/// the optimum the curvature is small and whole steps overshoot.
fn newton(rows: &[[f64; INPUTS]], moments: &[Judged], prior: [f64; INPUTS], free: &[bool; INPUTS]) -> [f64; INPUTS] {
    // A quarter is what one moment adds to the curvature at even odds. The constant is what archives differ by most: it is hardly pulled.
    let pull = |position: usize| 0.25 * PRIOR_MOMENTS * if position == CONSTANT { 0.1 } else { 1.0 };
    let log_odds =
        |row: &[f64; INPUTS], weights: &[f64; INPUTS]| -> f64 { row.iter().zip(weights).map(|(value, weight)| value * weight).sum() };
    let loss = |weights: &[f64; INPUTS]| {
        let of_moment = |(row, moment): (&[f64; INPUTS], &Judged)| {
            let odds = log_odds(row, weights);
            // ln(1 + e^odds) without overflow.
            odds.max(0.0) + (-odds.abs()).exp().ln_1p() - f64::from(moment.right) * odds
        };
        let of_pull = |position: usize| 0.5 * pull(position) * (weights[position] - prior[position]).powi(2);
        rows.iter().zip(moments).map(of_moment).sum::<f64>() + (0..INPUTS).map(of_pull).sum::<f64>()
    };
    let (mut weights, mut lowest) = (prior, loss(&prior));
    for _ in 0..STEPS {
        let mut gradient = [0.0; INPUTS];
        let mut curvature = [[0.0; INPUTS]; INPUTS];
        for (row, moment) in rows.iter().zip(moments) {
            let probability = logistic(log_odds(row, &weights));
            let error = probability - f64::from(moment.right);
            let spread = (probability * (1.0 - probability)).max(1e-6);
            for (position, value) in row.iter().enumerate() {
                gradient[position] += error * value;
                for (other, sum) in curvature[position].iter_mut().enumerate() {
                    *sum += spread * value * row[other];
                }
            }
        }
        for position in 0..INPUTS {
            gradient[position] += pull(position) * (weights[position] - prior[position]);
            curvature[position][position] += pull(position);
            if !free[position] {
                gradient[position] = 0.0;
                curvature[position] = [0.0; INPUTS];
                for row in &mut curvature {
                    row[position] = 0.0;
                }
                curvature[position][position] = 1.0;
            }
        }
        let step = solve(curvature, gradient);
        let shortened = |share: f64| -> [f64; INPUTS] { std::array::from_fn(|position| weights[position] - share * step[position]) };
        let shares = std::iter::successors(Some(1.0), |share| Some(share / 2.0)).take(STEPS);
        let Some((next, reached)) = shares.map(|share| (shortened(share), loss(&shortened(share)))).find(|(_, reached)| *reached < lowest)
        else {
            break;
        };
        let gained = lowest - reached;
        (weights, lowest) = (next, reached);
        if gained < 1e-10 {
            break;
        }
    }
    weights
}

/// Solves a positive definite system by Gaussian elimination.
fn solve(mut matrix: [[f64; INPUTS]; INPUTS], mut right: [f64; INPUTS]) -> [f64; INPUTS] {
    for pivot in 0..INPUTS {
        for row in pivot + 1..INPUTS {
            let of_pivot = matrix[pivot];
            let factor = matrix[row][pivot] / of_pivot[pivot];
            for (value, above) in matrix[row].iter_mut().zip(of_pivot).skip(pivot) {
                *value -= factor * above;
            }
            right[row] -= factor * right[pivot];
        }
    }
    let mut solution = [0.0; INPUTS];
    for row in (0..INPUTS).rev() {
        let known: f64 = (row + 1..INPUTS).map(|column| matrix[row][column] * solution[column]).sum();
        solution[row] = (right[row] - known) / matrix[row][row];
    }
    solution
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::random::SplitMix64;

    fn start() -> Calibration {
        Calibration { slope: 0.2, intercept: 0.0, signals: BTreeMap::new(), thresholds: Vec::new() }
    }

    /// Moments whose log odds are 0.5 · score + 2 · margin − 6, scores about 10.
    fn moments(count: usize) -> Vec<Judged> {
        let mut random = SplitMix64::new(5);
        let mut unit = move || random.next_unit() as f32;
        let truth = Calibration { slope: 0.5, intercept: -6.0, signals: BTreeMap::from([("margin".to_owned(), 2.0)]), ..start() };
        (0..count)
            .map(|_| {
                let mut signals = [0.0; SIGNAL_COUNT];
                signals[0] = unit();
                let score = 4.0 + 12.0 * unit();
                Judged::new(score, signals, f64::from(unit()) < truth.probability(score, &signals))
            })
            .collect()
    }

    #[test]
    fn finds_the_weights_that_made_the_moments() {
        let fitted = Calibration::fit(&moments(6000), &start());
        assert!((fitted.slope - 0.5).abs() < 0.05, "{fitted:?}");
        assert!((fitted.signals["margin"] - 2.0).abs() < 0.4, "{fitted:?}");
        assert!(fitted.signals["best_cosine"].abs() < 0.05, "nothing was known of it: {fitted:?}");
        let mean = |of: &dyn Fn(&Judged) -> f64| moments(6000).iter().map(of).sum::<f64>() / 6000.0;
        let expected = mean(&|moment| fitted.probability(moment.score, &moment.signals));
        assert!((expected - mean(&|moment| f64::from(moment.right))).abs() < 0.01);
    }

    #[test]
    fn few_moments_bend_a_calibration_only_a_little() {
        let shipped = Calibration::fit(&moments(6000), &start());
        let wrong = |moment: Judged| Judged { right: 0.0, ..moment };
        let mut few: Vec<Judged> = moments(6).into_iter().map(wrong).collect();
        few.push(Judged::new(8.0, [0.5; SIGNAL_COUNT], true));
        let fitted = Calibration::fit(&few, &shipped);
        assert!((fitted.slope - shipped.slope).abs() < 0.3, "{fitted:?}");
        assert!(fitted.probability(10.0, &[0.5; SIGNAL_COUNT]) < shipped.probability(10.0, &[0.5; SIGNAL_COUNT]));
        let all_wrong: Vec<Judged> = moments(50).into_iter().map(wrong).collect();
        assert_eq!(Calibration::fit(&all_wrong, &shipped), shipped, "moments of one kind only");
        assert_eq!(Calibration::fit(&[], &shipped), shipped);
    }

    #[test]
    fn a_higher_score_is_never_less_probable() {
        let upside_down: Vec<Judged> = moments(500).into_iter().map(|moment| Judged { right: 1.0 - moment.right, ..moment }).collect();
        let fitted = Calibration::fit(&upside_down, &start());
        assert!(fitted.slope > 0.0);
        assert!(fitted.probability(12.0, &[0.0; SIGNAL_COUNT]) >= fitted.probability(8.0, &[0.0; SIGNAL_COUNT]));
        let same_score: Vec<Judged> = moments(200).into_iter().map(|moment| Judged { score: 3.0, ..moment }).collect();
        assert!(Calibration::fit(&same_score, &start()).probability(3.0, &[0.5; SIGNAL_COUNT]).is_finite());
    }

    #[test]
    fn what_clears_the_threshold_is_right_as_often_as_stated() {
        let moments = moments(6000);
        let fitted = Calibration::fit(&moments, &start());
        for precision in [0.6, 0.7, 0.8, 0.9] {
            let threshold = fitted.threshold(precision);
            assert!(threshold < precision, "the least sure one may be less sure than all together");
            let shown: Vec<&Judged> =
                moments.iter().filter(|moment| fitted.probability(moment.score, &moment.signals) >= threshold).collect();
            let right = shown.iter().map(|moment| f64::from(moment.right)).sum::<f64>() / shown.len() as f64;
            // Where the sum would bear hopeless ones they are left out, and what is shown is right more often.
            let at_floor = threshold <= OWN_SHARE * precision;
            assert!(right > precision - 0.02 && shown.len() > 600, "{precision}: {right} of {}", shown.len());
            assert!(at_floor == (precision < 0.75) && (at_floor || right < precision + 0.02), "{precision}: {right} from {threshold} on");
        }
        let thresholds: Vec<f64> = fitted.thresholds.iter().map(|[_, threshold]| *threshold).collect();
        assert!(thresholds.is_sorted());
        let [low, high] = [fitted.threshold(0.8), fitted.threshold(0.85)];
        assert!((fitted.threshold(0.82) - (low + 0.4 * (high - low))).abs() < 1e-9, "between two in proportion");
        let kept = Calibration { thresholds: vec![[0.5, 0.4], [0.6, 0.2]], ..start() };
        assert!((kept.threshold(0.25) - 0.2).abs() < 1e-9, "below the first in proportion");
        assert!((kept.threshold(0.6) - 0.3).abs() < 1e-9, "each at least half as sure as all together");
        assert_eq!(fitted.threshold(0.99), 0.99);
        assert_eq!(start().threshold(0.7), 0.7, "nothing was ever judged");
    }

    #[test]
    fn small_talk_that_is_never_shown_lowers_no_threshold() {
        let matters = moments(3000);
        // Small talk is easy: what is said to it is right more often than the signals tell of anything else.
        let easy = moments(3000).into_iter().map(|moment| {
            let mut signals = moment.signals;
            signals[SMALL_TALK] = 1.0;
            Judged { score: 16.0, signals, right: 1.0 }
        });
        let both: Vec<Judged> = matters.iter().copied().chain(easy).collect();
        let fitted = Calibration::fit(&both, &start());
        // A precision whose threshold lies above its own half.
        let threshold = fitted.threshold(0.8);
        let shown: Vec<f64> = matters
            .iter()
            .map(|moment| fitted.probability(moment.score, &moment.signals))
            .filter(|probability| *probability >= threshold)
            .collect();
        let mean = shown.iter().sum::<f64>() / shown.len() as f64;
        assert!((mean - 0.8).abs() < 0.01, "{mean}");
    }

    #[test]
    fn easy_small_talk_makes_nothing_else_look_surer() {
        let matters = moments(3000);
        assert_eq!(SIGNAL_NAMES[SMALL_TALK], "small_talk");
        let easy = moments(1000).into_iter().map(|moment| {
            let mut signals = moment.signals;
            signals[SMALL_TALK] = 1.0;
            Judged { signals, right: 1.0, ..moment }
        });
        let both: Vec<Judged> = matters.iter().copied().chain(easy).collect();
        let precision_of = |both: &[Judged]| {
            let fitted = Calibration::fit(both, &start());
            let shown = matters.iter().filter(|moment| fitted.probability(moment.score, &moment.signals) >= fitted.threshold(0.7));
            let shown: Vec<f64> = shown.map(|moment| f64::from(moment.right)).collect();
            shown.iter().sum::<f64>() / shown.len() as f64
        };
        let told = precision_of(&both);
        assert!((told - 0.7).abs() < 0.02, "{told}");
        let untold: Vec<Judged> = both
            .iter()
            .map(|moment| Judged {
                signals: {
                    let mut signals = moment.signals;
                    signals[SMALL_TALK] = 0.0;
                    signals
                },
                ..*moment
            })
            .collect();
        assert!(precision_of(&untold) < 0.67, "what the signal is for");
    }

    #[test]
    fn a_lonely_answer_is_ahead_of_all_and_has_every_vote() {
        let mut first = [0.0; FEATURE_COUNT];
        (first[CONSENSUS], first[QUESTION_WORDS], first[KIND_MATCH], first[CONTEXT_WORDS], first[ANSWER_LENGTH]) =
            (0.4, 0.5, 1.0, -0.2, 0.9);
        let gates = Gates { first: 1.0, best: 0.7, length: 0.25 };
        let of_kind = |kind, scores: &[Vec<f32>]| Standing { scores, first: &first, gates, kind }.signals();
        let standing = |scores: &[Vec<f32>]| of_kind(PairKind::Question, scores);
        assert_eq!(standing(&[vec![3.0]]), [1.0, 0.7, 1.0, 0.25, 0.4, 0.5, 0.25, 0.0, 0.0, 0.0, 1.0, -0.2, 0.9]);
        let kinds = [PairKind::FollowUp, PairKind::SmallTalk].map(|kind| of_kind(kind, &[vec![3.0]])[8..10].to_vec());
        assert_eq!(kinds, [[1.0, 0.0], [0.0, 1.0]]);
        let [.., spread, _, _, _, _, _] = standing(&[vec![5.0, 1.0], vec![5.0], vec![1.0]]);
        assert!((spread - 0.5).abs() < 1e-6, "a deviation of 2: {spread}");
        let [margin, _, share, support, ..] = standing(&[vec![3.0, 3.0], vec![2.0], vec![1.0]]);
        // Two of score 3 are worth 3 + 2 ln 2.
        let lead = 1.0 + 2.0 * 2f32.ln();
        assert!((margin - lead / (lead + 1.0)).abs() < 1e-6 && (support - 0.4).abs() < 1e-6);
        let e = std::f32::consts::E;
        assert!((share - 2.0 / (2.0 + 1.0 / e + 1.0 / (e * e))).abs() < 1e-6);
        assert_eq!(standing(&[]), [0.0; SIGNAL_COUNT]);
        assert_eq!(standing(&[vec![2.0], vec![5.0]])[0], 0.0, "feedback may have put another first");
    }

    #[test]
    fn points_are_log_odds() {
        let fitted = Calibration::fit(&moments(1000), &start());
        let signals = [0.3; SIGNAL_COUNT];
        for points in [-3.0, 1.0] {
            let moved = fitted.log_odds(9.0 + fitted.score_of_points(points), &signals) - fitted.log_odds(9.0, &signals);
            assert!((moved - f64::from(points)).abs() < 1e-4);
        }
    }

    #[test]
    fn signals_of_another_program_are_named() {
        let mut other = start();
        other.signals.insert("mood".to_owned(), 1.0);
        assert_eq!(other.unknown_signal(), Some("mood"));
        assert_eq!(start().unknown_signal(), None);
    }
}
