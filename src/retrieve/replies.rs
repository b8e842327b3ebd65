//! What kind of reply an archive gives where a conversation stands.
//!
//! An archive's answers fall into kinds at three grains ([`GRAINS`]): clusters of their vectors, clusters of those clusters, and clusters of
//! these. A network of one hidden layer reads the question, the situation and what led up to it, and says how likely each kind is; a found
//! answer is worth the weighted sum of the log probabilities of its three kinds. Neighbours tell what was answered to words like these;
//! this tells what was answered at points like this one, whatever the words. How it is learnt is `adapt`'s matter.

use std::sync::Arc;

use super::encode::{History, dot};

/// Grains of the kinds of replies, coarse to fine.
pub const GRAINS: usize = 3;

/// Log probability below which a kind is not worth less: what the archive has hardly ever seen says nothing against an answer.
pub const FLOOR: f32 = -7.0;

/// The numbers of a [`ReplyModel`].
#[derive(Debug, Clone, PartialEq)]
pub struct ReplyWeights {
    /// `hidden` rows of [`input_width`] values.
    pub input: Vec<f32>,
    /// `hidden` values.
    pub input_bias: Vec<f32>,
    /// A row of `hidden` values per kind, coarse kinds first.
    pub output: Vec<f32>,
    /// A value per kind.
    pub output_bias: Vec<f32>,
    /// A unit vector per fine kind.
    pub centres: Arc<[f32]>,
    /// Per fine kind the coarse and the middle kind it belongs to.
    pub parents: Vec<[u32; GRAINS - 1]>,
    /// What the log probability of each grain is worth in the ranker's score.
    pub worth: [f32; GRAINS],
}

/// A classifier of replies.
#[derive(Debug, Clone, PartialEq)]
pub struct ReplyModel {
    dimension: usize,
    kinds: [usize; GRAINS],
    weights: ReplyWeights,
}

/// Length of what the classifier reads: question, situation and history of an encoder of this dimension, and how long the history is.
#[must_use]
pub const fn input_width(dimension: usize) -> usize {
    3 * dimension + 1
}

/// What the classifier reads of a moment: [`input_width`] values.
#[must_use]
pub fn reply_input(question: &[f32], situation: &[f32], history: &History) -> Vec<f32> {
    let mut input = Vec::with_capacity(input_width(question.len()));
    input.extend_from_slice(question);
    input.extend_from_slice(situation);
    input.extend_from_slice(&history.vector);
    input.resize(3 * question.len(), 0.0);
    input.push((1.0 + history.turns as f32).ln() / 2.0);
    input
}

impl ReplyModel {
    /// Puts a model together; `None` where the numbers don't fit each other.
    #[must_use]
    pub fn new(dimension: usize, kinds: [usize; GRAINS], weights: ReplyWeights) -> Option<Self> {
        let [coarse, middle, fine] = kinds;
        let hidden = weights.input_bias.len();
        let all: usize = kinds.iter().sum();
        let fits = weights.input.len() == hidden * input_width(dimension)
            && weights.output.len() == hidden * all
            && weights.output_bias.len() == all
            && weights.centres.len() == fine * dimension
            && weights.parents.len() == fine
            && weights.parents.iter().all(|&[a, b]| (a as usize) < coarse && (b as usize) < middle);
        fits.then_some(Self { dimension, kinds, weights })
    }

    /// Numbers of kinds, coarse to fine.
    #[must_use]
    pub const fn kinds(&self) -> [usize; GRAINS] {
        self.kinds
    }

    /// Its numbers.
    #[must_use]
    pub const fn weights(&self) -> &ReplyWeights {
        &self.weights
    }

    /// The same network with another worth of its grains.
    #[must_use]
    pub fn worth(mut self, worth: [f32; GRAINS]) -> Self {
        self.weights.worth = worth;
        self
    }

    /// Log probabilities of all kinds, coarse to fine, at a moment described by [`reply_input`].
    #[must_use]
    pub fn log_probabilities(&self, input: &[f32]) -> [Vec<f32>; GRAINS] {
        let ReplyWeights { input: rows, input_bias, output, output_bias, .. } = &self.weights;
        let hidden: Vec<f32> =
            rows.chunks_exact(input.len()).zip(input_bias).map(|(row, bias)| (dot(row, input) + bias).max(0.0)).collect();
        let mut scores = output.chunks_exact(hidden.len()).zip(output_bias).map(|(row, bias)| dot(row, &hidden) + bias);
        self.kinds.map(|count| log_softmax(scores.by_ref().take(count).collect()))
    }

    /// What is expected at a moment.
    #[must_use]
    pub fn forecast(&self, input: &[f32]) -> Forecast {
        let log_probabilities = self.log_probabilities(input);
        let [coarse, middle, fine] = &log_probabilities;
        let worth = self.weights.worth;
        let by_kind = fine.iter().zip(&self.weights.parents).map(|(fine, &[coarse_kind, middle_kind])| {
            let grains = [coarse[coarse_kind as usize], middle[middle_kind as usize], *fine];
            worth.iter().zip(grains).map(|(worth, log_probability)| worth * log_probability.max(FLOOR)).sum()
        });
        Forecast { by_kind: by_kind.collect(), dimension: self.dimension, centres: Arc::clone(&self.weights.centres) }
    }
}

/// What kinds of replies are expected at one moment.
#[derive(Debug, Clone, PartialEq)]
pub struct Forecast {
    by_kind: Vec<f32>,
    dimension: usize,
    centres: Arc<[f32]>,
}

impl Forecast {
    /// What an answer of this unit vector is worth, in the ranker's score.
    #[must_use]
    pub fn of(&self, answer: &[f32]) -> f32 {
        self.by_kind[nearest(answer, &self.centres, self.dimension)]
    }
}

/// The row of `centres` that is nearest to `vector`.
#[must_use]
pub fn nearest(vector: &[f32], centres: &[f32], dimension: usize) -> usize {
    let mut best = (0, f32::MIN);
    for (place, centre) in centres.chunks_exact(dimension).enumerate() {
        let cosine = dot(vector, centre);
        if cosine > best.1 {
            best = (place, cosine);
        }
    }
    best.0
}

fn log_softmax(mut scores: Vec<f32>) -> Vec<f32> {
    let best = scores.iter().copied().fold(f32::MIN, f32::max);
    let total = best + scores.iter().map(|score| (score - best).exp()).sum::<f32>().ln();
    for score in &mut scores {
        *score -= total;
    }
    scores
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Two fine kinds on the two axes; the question's first value speaks for the first.
    fn model() -> ReplyModel {
        let weights = ReplyWeights {
            input: [[1.0, 0.0], [0.0; 2], [0.0; 2]].concat().into_iter().chain([0.0]).collect(),
            input_bias: vec![0.0],
            output: vec![0.0, 0.0, 2.0, -2.0],
            output_bias: vec![0.0; 4],
            centres: Arc::from([1.0, 0.0, 0.0, 1.0]),
            parents: vec![[0, 0], [0, 0]],
            worth: [1.0, 1.0, 0.5],
        };
        ReplyModel::new(2, [1, 1, 2], weights).unwrap()
    }

    #[test]
    fn what_is_expected_is_worth_more() {
        let input = reply_input(&[1.0, 0.0], &[0.0, 1.0], &History::default());
        assert_eq!(input.len(), input_width(2));
        let forecast = model().forecast(&input);
        let (likely, unlikely) = (forecast.of(&[0.8, 0.6]), forecast.of(&[0.6, 0.8]));
        assert!((likely - unlikely - 0.5 * 4.0).abs() < 1e-5, "{likely} {unlikely}");
        assert!(likely < 0.0, "a log probability");
    }

    #[test]
    fn the_hopeless_is_not_worth_less_than_the_floor() {
        let input = reply_input(&[50.0, 0.0], &[0.0, 1.0], &History::default());
        assert!((model().forecast(&input).of(&[0.0, 1.0]) - 0.5 * FLOOR).abs() < 1e-5);
    }

    #[test]
    fn numbers_that_do_not_fit_are_no_model() {
        let weights = ReplyWeights { parents: vec![[0, 1], [0, 0]], ..model().weights().clone() };
        assert!(ReplyModel::new(2, [1, 1, 2], weights).is_none(), "there is no middle kind 1");
    }

    #[test]
    fn a_history_weighs_the_latest_most() {
        let history = History::of([[1.0, 0.0], [0.0, 1.0]].iter().map(<[f32; 2]>::as_slice));
        assert!((history.vector[1] / history.vector[0] - 0.7).abs() < 1e-6 && history.turns == 2);
        assert!(History::of(std::iter::empty()).vector.is_empty());
    }
}
