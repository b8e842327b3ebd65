//! The ranker: two linear stages and a calibration, all weights in a data file.
//!
//! Stage one scores each candidate on its own; its softmax over the candidates says how much each one's answer counts as a vote. The vote
//! (`consensus`) of a candidate is the weighted mean, over all candidates, of how alike the two answers are: minimum-Bayes-risk choice
//! (Kumar & Byrne 2004) among the neighbours' answers, which prefers what several colleagues said in the same situation. Stage two adds it.
//! The calibration (Platt 1999) turns the best score into a probability.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::features::{CONSENSUS, FEATURE_COUNT, FEATURE_NAMES};
use crate::retrieve::encode::dot;

/// Exponent on the answers' cosine in the vote: only answers that are really alike support each other.
const CONSENSUS_POWER: i32 = 4;

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
    /// Weight of the log odds of feedback (see [`crate::suggest`]).
    pub feedback: f32,
    /// Platt calibration: probability = 1 / (1 + exp(−(slope · score + intercept))).
    pub slope: f32,
    /// Platt calibration.
    pub intercept: f32,
    /// Probability below which nothing is shown unless the desk says otherwise.
    pub threshold: f64,
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
    #[error("ranker weights have version {0}, this program reads version 1")]
    Version(u32),
    /// A feature this program does not compute.
    #[error("ranker weights name the unknown feature `{0}`")]
    UnknownFeature(String),
}

/// A ranker ready for use.
#[derive(Debug, Clone)]
pub struct Ranker {
    weights: RankerWeights,
    base: [f32; FEATURE_COUNT],
    full: [f32; FEATURE_COUNT],
}

impl Ranker {
    /// Reads a weights file.
    pub fn from_json(json: &str) -> Result<Self, WeightsError> {
        Self::new(serde_json::from_str(json)?)
    }

    /// Checks weights and makes a ranker of them.
    pub fn new(weights: RankerWeights) -> Result<Self, WeightsError> {
        if weights.version != 1 {
            return Err(WeightsError::Version(weights.version));
        }
        let base = by_position(&weights.base)?;
        let full = by_position(&weights.full)?;
        Ok(Self { weights, base, full })
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

    /// Score of one candidate by both stages, feedback left out.
    #[must_use]
    pub fn score(&self, row: &[f32; FEATURE_COUNT]) -> f32 {
        dot(&self.full, row)
    }

    /// What feedback of these log odds (0 without any) adds to a score.
    #[must_use]
    pub fn feedback_shift(&self, log_odds: f32) -> f32 {
        self.weights.feedback * log_odds
    }

    /// What the second stage makes of one more unit of a candidate's question, situation and answer cosine.
    #[must_use]
    pub fn cosine_weights(&self) -> [f32; 3] {
        let weight = |name: &str| self.weights.full.get(name).copied().unwrap_or(0.0);
        [
            weight("question_cosine") + weight("question_cosine_margin"),
            weight("situation_cosine") + weight("situation_cosine_margin"),
            weight("answer_cosine"),
        ]
    }

    /// What the second stage makes of one more unit of consensus.
    #[must_use]
    pub const fn consensus_weight(&self) -> f32 {
        self.full[CONSENSUS]
    }

    /// The score at which the probability reaches the default threshold.
    #[must_use]
    pub fn threshold_score(&self) -> f64 {
        let RankerWeights { threshold, slope, intercept, .. } = &self.weights;
        ((threshold / (1.0 - threshold)).ln() - f64::from(*intercept)) / f64::from(*slope)
    }

    /// The score that these points are worth: a suggestion whose score grows by it has its log odds grow by `points`.
    #[must_use]
    pub fn score_of_points(&self, points: f32) -> f32 {
        points / self.weights.slope
    }

    /// Probability that an agent would use a suggestion of this score.
    #[must_use]
    pub fn probability(&self, score: f32) -> f64 {
        1.0 / (1.0 + f64::from(-(self.weights.slope * score + self.weights.intercept)).exp())
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
        assert!((0.0..1.0).contains(&ranker.weights().threshold));
    }

    #[test]
    fn unknown_features_are_refused() {
        let mut weights = Ranker::shipped().weights().clone();
        weights.base.insert("shoe_size".into(), 1.0);
        assert!(matches!(Ranker::new(weights), Err(WeightsError::UnknownFeature(name)) if name == "shoe_size"));
    }

    #[test]
    fn points_are_log_odds() {
        let ranker = Ranker::shipped();
        let log_odds = |score: f32| {
            let probability = ranker.probability(score);
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
