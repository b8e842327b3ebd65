//! Boosted regression trees: what they add to a candidate's score, beside the linear stages.
//!
//! A linear model gives each feature one price. Trees tell what holds only under conditions: that a likeness is worth more where few words were
//! asked, or that a candidate is hardly behind the best in one respect and far behind in another. So they look at the features (those that are
//! products of others left out: a tree multiplies by itself) and at how a candidate stands beside the others found.
//!
//! The sum of the trees is added to the linear score; without trees nothing is. `riposte eval fit` grows them on an archive of one's own.

use serde::{Deserialize, Serialize};

use super::features::{FEATURE_COUNT, FEATURE_NAMES, GATED, Gates};
use super::ranker::WeightsError;

/// Features that are not products of others.
const PLAIN: usize = FEATURE_COUNT - (GATED.end - GATED.start);
/// Names of what is looked at beside them: how a candidate stands, and what kind of query it is.
const BESIDE_NAMES: [&str; 8] = [
    "score_behind_best",
    "place",
    "vote_behind_best",
    "question_cosine_behind_best",
    "situation_cosine_behind_best",
    "first",
    "best_cosine",
    "length",
];

/// Number of inputs.
pub const INPUT_COUNT: usize = PLAIN + BESIDE_NAMES.len();

/// What trees look at for one candidate, in the order of [`input_names`].
pub type Inputs = [f32; INPUT_COUNT];

/// Names of the inputs, as the weights file has them.
#[must_use]
pub fn input_names() -> [&'static str; INPUT_COUNT] {
    let mut names = [""; INPUT_COUNT];
    let plain = FEATURE_NAMES.iter().enumerate().filter(|(place, _)| !GATED.contains(place)).map(|(_, name)| *name);
    for (place, name) in names.iter_mut().zip(plain.chain(BESIDE_NAMES)) {
        *place = name;
    }
    names
}

/// What trees look at, candidate by candidate: their features with consensus, their scores by stage one and by both linear stages, and what of
/// the query decides how likeness is weighed. What an adapter expects is no part of the scores: trees are grown without one.
#[must_use]
pub fn inputs(rows: &[[f32; FEATURE_COUNT]], votes: &[f32], scores: &[f32], gates: Gates) -> Vec<Inputs> {
    let highest = |values: &mut dyn Iterator<Item = f32>| values.fold(f32::MIN, f32::max);
    let best_score = highest(&mut scores.iter().copied());
    let best_vote = highest(&mut votes.iter().copied());
    let [best_question, best_situation] = [0, 1].map(|cosine| highest(&mut rows.iter().map(|row| row[cosine])));
    let places = places(scores);
    let mut inputs = Vec::with_capacity(rows.len());
    for (at, row) in rows.iter().enumerate() {
        let plain = row.iter().enumerate().filter(|(place, _)| !GATED.contains(place)).map(|(_, value)| *value);
        let beside = [
            scores[at] - best_score,
            places[at] as f32,
            votes[at] - best_vote,
            row[0] - best_question,
            row[1] - best_situation,
            gates.first,
            gates.best,
            gates.length,
        ];
        let mut input = [0.0; INPUT_COUNT];
        for (place, value) in input.iter_mut().zip(plain.chain(beside)) {
            *place = value;
        }
        inputs.push(input);
    }
    inputs
}

/// The place of every score among all, the highest at 0.
fn places(scores: &[f32]) -> Vec<usize> {
    let mut order: Vec<usize> = (0..scores.len()).collect();
    order.sort_by(|&a, &b| scores[b].total_cmp(&scores[a]));
    let mut places = vec![0; scores.len()];
    for (place, at) in order.into_iter().enumerate() {
        places[at] = place;
    }
    places
}

/// Trees in a weights file.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BoostedTrees {
    /// Names of the inputs; a split's input is a place in this list.
    pub inputs: Vec<String>,
    /// The trees; each adds the value of the leaf that a candidate falls into.
    pub trees: Vec<Tree>,
}

/// A regression tree.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Tree {
    /// Its splits; the first is the root.
    pub splits: Vec<Split>,
    /// Values of its leaves.
    pub leaves: Vec<f32>,
}

/// One split, in the file `[input, threshold, left, right]`: where the input is at most the threshold it goes on to the left. A branch of 0 or more is
/// a split, a negative one the leaf at its complement (-1: the first).
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Split(pub u16, pub f32, pub i16, pub i16);

impl Tree {
    /// The value of the leaf that a candidate falls into.
    #[must_use]
    pub fn value(&self, inputs: &Inputs) -> f32 {
        let mut at = 0usize;
        loop {
            let Split(input, threshold, left, right) = self.splits[at];
            let branch = if inputs[usize::from(input)] <= threshold { left } else { right };
            match usize::try_from(branch) {
                Ok(split) => at = split,
                Err(_) => return self.leaves[leaf(branch)],
            }
        }
    }

    /// Whether every branch leads on, to a split further down or to a leaf.
    fn is_sound(&self, inputs: usize) -> bool {
        let leads_on = |from: usize, branch: i16| match usize::try_from(branch) {
            Ok(split) => split > from && split < self.splits.len(),
            Err(_) => leaf(branch) < self.leaves.len(),
        };
        let sound = |(at, Split(input, threshold, left, right)): (usize, &Split)| {
            usize::from(*input) < inputs && threshold.is_finite() && leads_on(at, *left) && leads_on(at, *right)
        };
        !self.splits.is_empty() && self.splits.iter().enumerate().all(sound) && self.leaves.iter().all(|value| value.is_finite())
    }
}

/// The leaf that a negative branch means.
fn leaf(branch: i16) -> usize {
    usize::from((!branch).unsigned_abs())
}

impl BoostedTrees {
    /// Trees over [`input_names`].
    #[must_use]
    pub fn new(trees: Vec<Tree>) -> Self {
        Self { inputs: input_names().map(str::to_owned).to_vec(), trees }
    }

    /// The trees with their splits in this program's order of inputs.
    pub(super) fn checked(&self) -> Result<Vec<Tree>, WeightsError> {
        let names = input_names();
        let place = |name: &String| names.iter().position(|known| known == name).ok_or_else(|| WeightsError::UnknownFeature(name.clone()));
        let places: Vec<usize> = self.inputs.iter().map(place).collect::<Result<_, _>>()?;
        let own = |tree: &Tree| {
            if !tree.is_sound(places.len()) {
                return Err(WeightsError::Tree);
            }
            let split = |&Split(input, threshold, left, right): &Split| Split(places[usize::from(input)] as u16, threshold, left, right);
            Ok(Tree { splits: tree.splits.iter().map(split).collect(), leaves: tree.leaves.clone() })
        };
        self.trees.iter().map(own).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::suggest::features::{CONSENSUS, USUAL_GATES};

    fn stump(input: u16, threshold: f32) -> Tree {
        Tree { splits: vec![Split(input, threshold, -1, -2)], leaves: vec![-0.5, 0.25] }
    }

    #[test]
    fn inputs_are_features_and_how_a_candidate_stands() {
        let names = input_names();
        assert!(names.iter().all(|name| !name.is_empty() && !name.contains('*')));
        let mut rows = [[0.0; FEATURE_COUNT]; 3];
        rows[0][0] = 0.5;
        rows[1][0] = 0.75;
        rows[2][CONSENSUS] = 0.125;
        rows[2][GATED.start] = 9.0;
        let found = inputs(&rows, &[1.0, 0.0, 3.0], &[2.0, 4.0, 3.0], USUAL_GATES);
        let of = |at: usize, name: &str| found[at][names.iter().position(|known| *known == name).unwrap()];
        assert_eq!((of(0, "question_cosine"), of(0, "question_cosine_behind_best")), (0.5, -0.25));
        assert_eq!((of(2, "consensus"), of(2, "vote_behind_best"), of(0, "vote_behind_best")), (0.125, 0.0, -2.0));
        assert_eq!([0, 1, 2].map(|at| of(at, "place")), [2.0, 0.0, 1.0]);
        assert_eq!([0, 1, 2].map(|at| of(at, "score_behind_best")), [-2.0, 0.0, -1.0]);
        assert_eq!((of(1, "first"), of(1, "best_cosine"), of(1, "length")), (0.0, USUAL_GATES.best, USUAL_GATES.length));
        assert!(!found[2].contains(&9.0), "products are left out");
    }

    #[test]
    fn a_candidate_falls_into_one_leaf() {
        let tree = Tree { splits: vec![Split(0, 0.5, -1, 1), Split(1, 0.25, -2, -3)], leaves: vec![1.0, 2.0, 3.0] };
        let value = |first: f32, second: f32| {
            let mut inputs = [0.0; INPUT_COUNT];
            (inputs[0], inputs[1]) = (first, second);
            tree.value(&inputs)
        };
        assert_eq!([value(0.5, 9.0), value(0.6, 0.25), value(0.6, 0.3)], [1.0, 2.0, 3.0]);
    }

    #[test]
    fn places_go_by_name() {
        let mut trees = BoostedTrees::new(vec![stump(1, 0.5)]);
        assert_eq!(trees.checked().unwrap(), trees.trees);
        trees.inputs.swap(1, 3);
        assert_eq!(trees.checked().unwrap(), [stump(3, 0.5)]);
    }

    #[test]
    fn trees_that_lead_nowhere_are_refused() {
        let refused = |tree: Tree| matches!(BoostedTrees::new(vec![tree]).checked(), Err(WeightsError::Tree));
        assert!(!refused(stump(0, 0.5)));
        assert!(refused(stump(INPUT_COUNT as u16, 0.5)), "an input too many");
        assert!(refused(stump(0, f32::NAN)));
        assert!(refused(Tree { splits: Vec::new(), leaves: vec![1.0] }));
        assert!(refused(Tree { splits: vec![Split(0, 0.5, -1, -3)], leaves: vec![1.0, 2.0] }), "a leaf that is not there");
        assert!(refused(Tree { splits: vec![Split(0, 0.5, 0, -1)], leaves: vec![1.0] }), "in a circle");
        let unknown = BoostedTrees { inputs: vec!["shoe_size".into()], trees: vec![stump(0, 0.5)] };
        assert!(matches!(unknown.checked(), Err(WeightsError::UnknownFeature(name)) if name == "shoe_size"));
    }
}
