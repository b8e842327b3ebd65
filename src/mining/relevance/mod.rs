//! Does this reply answer that question? A logistic model over a question and the replies beside each other.
//!
//! Weights are a data file (`models/relevance/default.json`), learnt from conversations whose replies are judged ([`learn`]). Everything here is pure:
//! texts and their vectors in, probabilities out. Mining and its evaluation ask the same function ([`Relevance::probabilities`]).
//! What it was learnt from and what it reaches: `docs/decisions/0010-reply-relevance.md`.

mod cues;
pub mod features;
pub mod learn;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use features::{NAMES, PAIR_COUNT, Row};

/// An agent's message and its vector.
#[derive(Debug, Clone, Copy)]
pub struct Reply<'a> {
    /// What is said, masked.
    pub text: &'a str,
    /// The text's vector as a passage; same length as the question's.
    pub vector: &'a [f32],
}

/// A customer's question and what the agent said to it, in order.
#[derive(Debug, Clone)]
pub struct Exchange<'a> {
    /// The standalone question, masked.
    pub question: &'a str,
    /// Its vector as a query.
    pub vector: &'a [f32],
    /// The agent's messages.
    pub replies: Vec<Reply<'a>>,
}

/// Weights as read from a weights file.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RelevanceWeights {
    /// Version of the file's form.
    pub version: u32,
    /// What the weights were learnt from, in words.
    pub fitted_on: String,
    /// Probability from which on a reply counts as an answer; where F1 was highest in cross-validation.
    pub threshold: f32,
    /// Weights of named features; missing ones count nothing.
    pub named: BTreeMap<String, f32>,
    /// Weights of hashed pairs of what is asked and what is said, by position in the table; missing ones count nothing.
    pub pairs: BTreeMap<u32, f32>,
}

/// Why a weights file can't be used.
#[derive(Debug, thiserror::Error)]
pub enum RelevanceError {
    /// Not the form expected.
    #[error("not the form of reply-relevance weights")]
    Malformed(#[from] serde_json::Error),
    /// A version this program does not know.
    #[error("reply-relevance weights have version {0}, this program reads version 1; fit them again with `riposte eval fit-mining`")]
    Version(u32),
    /// A feature this program does not compute.
    #[error("reply-relevance weights name the unknown feature `{0}`; fit them again with `riposte eval fit-mining`")]
    UnknownFeature(String),
    /// A position outside the table of pairs.
    #[error("reply-relevance weights name the pair {0}, the table has {PAIR_COUNT}; fit them again with `riposte eval fit-mining`")]
    UnknownPair(u32),
    /// A threshold that is no probability.
    #[error("reply-relevance weights have the threshold {0}; it must lie between 0 and 1")]
    Threshold(f32),
}

/// A model ready for use.
#[derive(Debug, Clone)]
pub struct Relevance {
    threshold: f32,
    named: Vec<f32>,
    pairs: Vec<f32>,
}

impl Relevance {
    /// Reads a weights file.
    pub fn from_json(json: &str) -> Result<Self, RelevanceError> {
        Self::new(&serde_json::from_str(json)?)
    }

    /// Checks weights and makes a model of them.
    pub fn new(weights: &RelevanceWeights) -> Result<Self, RelevanceError> {
        if weights.version != 1 {
            return Err(RelevanceError::Version(weights.version));
        }
        if !(0.0..=1.0).contains(&weights.threshold) {
            return Err(RelevanceError::Threshold(weights.threshold));
        }
        let mut named = vec![0.0; NAMES.len()];
        for (name, weight) in &weights.named {
            let position = NAMES.iter().position(|feature| feature == name).ok_or_else(|| RelevanceError::UnknownFeature(name.clone()))?;
            named[position] = *weight;
        }
        let mut pairs = vec![0.0; PAIR_COUNT];
        for (&position, weight) in &weights.pairs {
            *pairs.get_mut(position as usize).ok_or(RelevanceError::UnknownPair(position))? = *weight;
        }
        Ok(Self { threshold: weights.threshold, named, pairs })
    }

    /// The weights shipped with the product.
    ///
    /// # Panics
    /// Never: the file is a part of the program and a test reads it.
    #[must_use]
    pub fn shipped() -> Self {
        Self::from_json(include_str!("../../../models/relevance/default.json")).expect("the shipped weights are read by a test")
    }

    /// Probability from which on a reply counts as an answer.
    #[must_use]
    pub const fn threshold(&self) -> f32 {
        self.threshold
    }

    /// Probability (0–1) of each reply that it answers the question, in order.
    #[must_use]
    pub fn probabilities(&self, exchange: &Exchange<'_>) -> Vec<f32> {
        features::rows(exchange).iter().map(|row| self.probability(row)).collect()
    }

    /// Probability (0–1) of one reply, given as numbers.
    #[must_use]
    pub fn probability(&self, row: &Row) -> f32 {
        logistic(self.score(row))
    }

    fn score(&self, row: &Row) -> f32 {
        let named: f32 = self.named.iter().zip(&row.named).map(|(weight, value)| weight * value).sum();
        named + row.pairs.iter().map(|&(position, value)| self.pairs[position as usize] * value).sum::<f32>()
    }
}

fn logistic(score: f32) -> f32 {
    1.0 / (1.0 + (-score).exp())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shipped_weights_tell_answers_from_chatter() {
        let relevance = Relevance::shipped();
        let near = [1.0, 0.0];
        let far = [0.2, 1.0];
        let exchange = |replies: &[(&'static str, bool)]| Exchange {
            question: "这个小区有地铁吗",
            vector: &near,
            replies: replies.iter().map(|&(text, is_near)| Reply { text, vector: if is_near { &near } else { &far } }).collect(),
        };
        let replies = [
            ("您好", false),
            ("有的，出门三百米就是地铁站", true),
            ("方便加您微信吗？", false),
            ("您想看几居室的？", false),
            ("我查一下", false),
        ];
        let judged = relevance.probabilities(&exchange(&replies));
        for (place, (text, answers)) in replies.iter().enumerate() {
            assert_eq!(judged[place] >= relevance.threshold(), *answers, "{text}: {judged:?} against {}", relevance.threshold());
        }
    }

    #[test]
    fn weights_that_do_not_fit_are_refused() {
        let weights = |json: &str| Relevance::from_json(json);
        let good = r#"{"version":1,"fitted_on":"a test","threshold":0.3,"named":{"first":1.5},"pairs":{"7":0.5}}"#;
        assert!(weights(good).is_ok());
        assert!(matches!(weights(&good.replace(":1,", ":2,")), Err(RelevanceError::Version(2))));
        assert!(matches!(weights(&good.replace("first", "shoe_size")), Err(RelevanceError::UnknownFeature(name)) if name == "shoe_size"));
        assert!(matches!(weights(&good.replace("\"7\"", "\"262144\"")), Err(RelevanceError::UnknownPair(262_144))));
        assert!(matches!(weights(&good.replace("0.3", "3.0")), Err(RelevanceError::Threshold(_))));
    }

    #[test]
    fn a_probability_grows_with_its_features() {
        let relevance =
            Relevance::from_json(r#"{"version":1,"fitted_on":"a test","threshold":0.5,"named":{"first":2.0},"pairs":{}}"#).unwrap();
        let vector = [1.0];
        let reply = |text: &'static str| Reply { text, vector: &vector };
        let judged =
            relevance
                .probabilities(&Exchange { question: "几点开门", vector: &vector, replies: vec![reply("九点"), reply("九点半")] });
        assert!((judged[0] - 0.8808).abs() < 1e-3 && (judged[1] - 0.5).abs() < 1e-6, "{judged:?}");
        assert!(relevance.probabilities(&Exchange { question: "几点开门", vector: &vector, replies: Vec::new() }).is_empty());
    }
}
