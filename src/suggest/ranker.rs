//! The ranker: two linear stages, boosted trees where an archive bears them out, and a calibration, all in a data file.
//!
//! Stage one scores each candidate on its own; its softmax over the candidates says how much each one's answer counts as a vote. The vote
//! (`consensus`) of a candidate is the weighted mean, over all candidates, of how alike the two answers are: minimum-Bayes-risk choice
//! (Kumar & Byrne 2004) among the neighbours' answers, which prefers what several colleagues said in the same situation. Stage two adds it.
//! What the trees ([`super::trees`]) add to a score comes on top.
//! The mix of words and vectors follows from the query ([`super::features`]); the calibration ([`super::calibration`]) turns scores into
//! probabilities.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::calibration::{Calibration, Signals, USUAL_SIGNALS};
use super::features::{CONSENSUS, FEATURE_COUNT, FEATURE_NAMES, Gates, USUAL_GATES};
use super::trees::{BoostedTrees, Tree, inputs};
use crate::retrieve::encode::dot;

/// Exponent on the answers' cosine in the vote: only answers that are really alike support each other.
pub const CONSENSUS_POWER: i32 = 4;

/// Version of the form of a weights file.
pub const VERSION: u32 = 2;

/// Weights of the ranker, as read from a weights file.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RankerWeights {
    /// Version of the file's form.
    pub version: u32,
    /// What the weights were fitted on, in words.
    pub fitted_on: String,
    /// Weights of stage one, by feature name; missing features count nothing.
    pub base: BTreeMap<String, f32>,
    /// Weights of stage two, by feature name.
    pub full: BTreeMap<String, f32>,
    /// Trees whose values are added to the score of stage two; none in the shipped weights.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trees: Option<BoostedTrees>,
    /// Weight of the log odds of feedback (see [`crate::suggest`]).
    pub feedback: f32,
    /// From scores to probabilities.
    pub calibration: Calibration,
    /// How often what is shown should be right (0–1), unless the desk says otherwise; the threshold follows from it.
    pub precision: f64,
    /// Best question cosine below which the question is taken to be about something else altogether.
    pub out_of_domain_cosine: f32,
}

/// Why a weights file can't be used.
#[derive(Debug, thiserror::Error)]
pub enum WeightsError {
    /// Not the form expected.
    #[error("ranker weights: {0}")]
    Malformed(#[from] serde_json::Error),
    /// A version this program does not know.
    #[error(
        "ranker weights have version {0}, this program reads version {VERSION}: go back to the shipped ones (`riposte eval fit --shipped`, or without the setting ranker.file), then fit again"
    )]
    Version(u32),
    /// A signal this program does not compute.
    #[error("ranker weights name the unknown signal `{0}`")]
    UnknownSignal(String),
    /// A calibration by which a higher score would not mean a higher probability.
    #[error("the ranker weights' calibration needs a positive slope, and thresholds from 0 to 1 in ascending order")]
    Calibration,
    /// A precision that is none.
    #[error("ranker weights ask for a precision of {0}: give a number between 0 and 1")]
    Precision(f64),
    /// A feature this program does not compute.
    #[error("ranker weights name the unknown feature `{0}`")]
    UnknownFeature(String),
    /// A tree with a branch, input or value that is none.
    #[error(
        "the ranker weights hold a tree that is cut short or leads in a circle: fit again, or go back to the shipped ones (`riposte eval fit --shipped`)"
    )]
    Tree,
}

/// A ranker ready for use.
#[derive(Debug, Clone)]
pub struct Ranker {
    weights: RankerWeights,
    base: [f32; FEATURE_COUNT],
    full: [f32; FEATURE_COUNT],
    trees: Vec<Tree>,
}

impl Ranker {
    /// Reads a weights file.
    pub fn from_json(json: &str) -> Result<Self, WeightsError> {
        Self::new(serde_json::from_str(json)?)
    }

    /// Checks weights and makes a ranker of them.
    pub fn new(weights: RankerWeights) -> Result<Self, WeightsError> {
        if weights.version != VERSION {
            return Err(WeightsError::Version(weights.version));
        }
        if let Some(signal) = weights.calibration.unknown_signal() {
            return Err(WeightsError::UnknownSignal(signal.to_owned()));
        }
        let Calibration { slope, thresholds, .. } = &weights.calibration;
        let in_order = thresholds.windows(2).all(|pair| pair[0][0] < pair[1][0] && pair[0][1] <= pair[1][1]);
        let within = thresholds.iter().flatten().all(|value| (0.0..=1.0).contains(value));
        let rises = *slope > 0.0 && slope.is_finite();
        if !(rises && in_order && within) {
            return Err(WeightsError::Calibration);
        }
        if !(0.0..1.0).contains(&weights.precision) {
            return Err(WeightsError::Precision(weights.precision));
        }
        let base = by_position(&weights.base)?;
        let full = by_position(&weights.full)?;
        let trees = weights.trees.as_ref().map_or(Ok(Vec::new()), BoostedTrees::checked)?;
        Ok(Self { weights, base, full, trees })
    }

    /// The weights shipped with the product.
    ///
    /// # Panics
    /// Never: the file is a part of the program and a test reads it.
    #[must_use]
    pub fn shipped() -> Self {
        Self::from_json(include_str!("../../models/ranker/default.json")).expect("the shipped weights are read by a test")
    }

    /// The weights in use.
    #[must_use]
    pub const fn weights(&self) -> &RankerWeights {
        &self.weights
    }

    /// Weights of stage one, in the order of a feature vector.
    #[must_use]
    pub const fn base_weights(&self) -> &[f32; FEATURE_COUNT] {
        &self.base
    }

    /// Weights of stage two, in the order of a feature vector.
    #[must_use]
    pub const fn full_weights(&self) -> &[f32; FEATURE_COUNT] {
        &self.full
    }

    /// Fills in the consensus of every candidate; `answers` are the normalised answer vectors, `expected` what an adapter adds to each score,
    /// one per row.
    pub fn add_consensus(&self, rows: &mut [[f32; FEATURE_COUNT]], expected: &[f32], answers: &[&[f32]]) {
        let votes = softmax(&rows.iter().zip(expected).map(|(row, expected)| dot(&self.base, row) + expected).collect::<Vec<_>>());
        for (row, answer) in rows.iter_mut().zip(answers) {
            row[CONSENSUS] = votes.iter().zip(answers).map(|(vote, other)| vote * dot(answer, other).max(0.0).powi(CONSENSUS_POWER)).sum();
        }
    }

    /// Score of one candidate by stage one, consensus left out.
    #[must_use]
    pub fn base_score(&self, row: &[f32; FEATURE_COUNT]) -> f32 {
        dot(&self.base, row)
    }

    /// The linear stages alone, for what is asked of the archive that trees were grown on: they may know it by heart.
    #[must_use]
    pub fn without_trees(&self) -> Self {
        Self { trees: Vec::new(), ..self.clone() }
    }

    /// What the trees add to every candidate's score; 0 where there are none. Consensus must be filled in.
    #[must_use]
    pub fn boosts(&self, rows: &[[f32; FEATURE_COUNT]], gates: Gates) -> Vec<f32> {
        if self.trees.is_empty() {
            return vec![0.0; rows.len()];
        }
        let votes: Vec<f32> = rows.iter().map(|row| self.base_score(row)).collect();
        let scores: Vec<f32> = rows.iter().map(|row| self.score(row)).collect();
        inputs(rows, &votes, &scores, gates).iter().map(|inputs| self.trees.iter().map(|tree| tree.value(inputs)).sum()).collect()
    }

    /// Score of one candidate by both linear stages, trees and feedback left out.
    #[must_use]
    pub fn score(&self, row: &[f32; FEATURE_COUNT]) -> f32 {
        dot(&self.full, row)
    }

    /// What feedback of these log odds (0 without any) adds to a score.
    #[must_use]
    pub fn feedback_shift(&self, log_odds: f32) -> f32 {
        self.weights.feedback * log_odds
    }

    /// What the second stage makes of one more unit of a candidate's question, situation and answer cosine, at a usual moment.
    #[must_use]
    pub fn cosine_weights(&self) -> [f32; 3] {
        std::array::from_fn(|cosine| USUAL_GATES.weight(&self.full, cosine))
    }

    /// What the second stage makes of one more unit of consensus.
    #[must_use]
    pub const fn consensus_weight(&self) -> f32 {
        self.full[CONSENSUS]
    }

    /// Probability below which nothing is shown unless the desk says otherwise.
    #[must_use]
    pub fn threshold(&self) -> f64 {
        self.threshold_for(None)
    }

    /// Probability below which nothing is shown where what is shown should be right as often as `precision` says; that of the weights without one.
    #[must_use]
    pub fn threshold_for(&self, precision: Option<f64>) -> f64 {
        self.weights.calibration.threshold(precision.unwrap_or(self.weights.precision))
    }

    /// The score at which the probability reaches the default threshold, at a usual moment.
    #[must_use]
    pub fn threshold_score(&self) -> f64 {
        let threshold = self.threshold();
        let at_zero = self.weights.calibration.log_odds(0.0, &USUAL_SIGNALS);
        ((threshold / (1.0 - threshold)).ln() - at_zero) / f64::from(self.weights.calibration.slope)
    }

    /// The score that these points are worth: a suggestion whose score grows by it has its log odds grow by `points`.
    #[must_use]
    pub fn score_of_points(&self, points: f32) -> f32 {
        self.weights.calibration.score_of_points(points)
    }

    /// Probability that an agent would use a suggestion of this score, in a set with these signals.
    #[must_use]
    pub fn probability(&self, score: f32, signals: &Signals) -> f64 {
        self.weights.calibration.probability(score, signals)
    }
}

fn by_position(weights: &BTreeMap<String, f32>) -> Result<[f32; FEATURE_COUNT], WeightsError> {
    let mut by_position = [0.0; FEATURE_COUNT];
    for (name, weight) in weights {
        let position =
            FEATURE_NAMES.iter().position(|feature| feature == name).ok_or_else(|| WeightsError::UnknownFeature(name.clone()))?;
        by_position[position] = *weight;
    }
    Ok(by_position)
}

/// Sharpness with which answers that say the same count together: what several colleagues said in like situations is more often right than
/// what one said, though each of theirs matches less well.
///
/// Found on authored trades that the encoder had not learnt (hit@1 0.487 by the best member alone, 0.516 at 0.5) and the demo archive (no
/// difference from 0.2 to 0.8).
pub const AGREEING_ANSWERS: f32 = 0.5;

/// Sharpness with which the wordings of one entry count together: near ones add to the best, far ones nothing. How many wordings an author
/// thought of says nothing about how often it is asked.
pub const ENTRY_WORDINGS: f32 = 3.0;

/// The evidence of several scores together: ln Σ exp(sharpness · score) ÷ sharpness. That is the score itself for a single one, and never
/// less than the best. `None` of nothing.
#[must_use]
pub fn together(scores: impl Iterator<Item = f32> + Clone, sharpness: f32) -> Option<f32> {
    let best = scores.clone().max_by(f32::total_cmp)?;
    Some(best + scores.map(|score| (sharpness * (score - best)).exp()).sum::<f32>().ln() / sharpness)
}

/// Softmax, safe against large values; empty for empty input.
#[must_use]
pub fn softmax(scores: &[f32]) -> Vec<f32> {
    let best = scores.iter().copied().fold(f32::MIN, f32::max);
    let mut weights: Vec<f32> = scores.iter().map(|score| (score - best).exp()).collect();
    let sum: f32 = weights.iter().sum();
    for weight in &mut weights {
        *weight /= sum;
    }
    weights
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shipped_weights_load() {
        let ranker = Ranker::shipped();
        assert!((0.0..1.0).contains(&ranker.threshold()));
        assert!(!ranker.weights().calibration.thresholds.is_empty(), "it was fitted");
    }

    #[test]
    fn what_this_program_does_not_know_is_refused() {
        let mut weights = Ranker::shipped().weights().clone();
        weights.calibration.signals.insert("mood".into(), 1.0);
        assert!(matches!(Ranker::new(weights), Err(WeightsError::UnknownSignal(name)) if name == "mood"));
        let mut weights = Ranker::shipped().weights().clone();
        weights.version = 1;
        assert!(matches!(Ranker::new(weights), Err(WeightsError::Version(1))));
        let mut weights = Ranker::shipped().weights().clone();
        weights.base.insert("shoe_size".into(), 1.0);
        assert!(matches!(Ranker::new(weights), Err(WeightsError::UnknownFeature(name)) if name == "shoe_size"));
    }

    #[test]
    fn evidence_adds_up_and_depends_on_no_order() {
        let of = |scores: &[f32]| together(scores.iter().copied(), 0.5);
        assert_eq!(of(&[]), None);
        assert_eq!(of(&[3.0]), Some(3.0));
        let two = of(&[3.0, 3.0]).unwrap();
        assert!((two - (3.0 + 2.0 * 2f32.ln())).abs() < 1e-5);
        assert!(of(&[3.0, -50.0]).unwrap() < 3.0001, "what does not match says nothing");
        // Groups of groups are as groups of all.
        let parts = [of(&[1.0, 2.0]).unwrap(), of(&[1.5]).unwrap()];
        assert!((of(&parts).unwrap() - of(&[2.0, 1.5, 1.0]).unwrap()).abs() < 1e-5);
        assert!(together([800.0f32, 801.0].into_iter(), 3.0).unwrap().is_finite());
    }

    #[test]
    fn points_are_log_odds() {
        let ranker = Ranker::shipped();
        let log_odds = |score: f32| {
            let probability = ranker.probability(score, &USUAL_SIGNALS);
            (probability / (1.0 - probability)).ln()
        };
        for points in [-3.0, -0.5, 1.0, 3.0] {
            let moved = log_odds(2.0 + ranker.score_of_points(points)) - log_odds(2.0);
            assert!((moved - f64::from(points)).abs() < 1e-4, "{points}: {moved}");
        }
    }

    #[test]
    fn consensus_prefers_what_several_say() {
        let ranker = Ranker::shipped();
        let mut rows = [[0.0; FEATURE_COUNT]; 3];
        let (a, b) = ([1.0, 0.0], [0.0, 1.0]);
        ranker.add_consensus(&mut rows, &[0.0; 3], &[&a, &b, &b]);
        assert!(rows[1][CONSENSUS] > rows[0][CONSENSUS]);
    }
}
