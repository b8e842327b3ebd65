//! Fits the ranker and its calibration to lessons ([`super::lessons`]).
//!
//! Both stages are fitted by listwise cross-entropy (Cao et al. 2007, ListNet) with Adam (Kingma & Ba 2015), from the weights in use on and
//! pulled towards them, so that a small archive bends them only a little. Where it is known which answers are right (tags, labels, authored
//! groups), the probability that the softmax of the scores gives to right ones is maximised; where only the answer really given is known, the
//! target is a softmax over how much of it each candidate saves (chrF), averaged with how alike the two answers are (cosine).
//!
//! Then trees are grown ([`boost`]) that see these scores, and are taken where they gain.
//!
//! Nothing is judged by what it was fitted on: lessons are divided into folds by conversation (or trade), and each fold is ranked by weights
//! that the others gave. That says which pull serves best, what the new weights and the trees gain, and gives the calibration its moments. Trees of
//! the weights in use may have been grown on the same moments, so they are never built upon: each fit begins with the linear weights alone.
//! Deterministic: same lessons, same weights.

mod boost;

use std::collections::BTreeMap;

use serde::Serialize;
use uuid::Uuid;

use super::lessons::Lesson;
use super::metrics::calibration::{BINS, expected_calibration_error};
use super::metrics::mean_and_standard_error;
use super::metrics::ranking::reciprocal_rank;
use super::workbench::EvalError;
use crate::domain::random::SplitMix64;
use crate::retrieve::encode::dot;
use crate::suggest::calibration::{Calibration, Judged, Standing};
use crate::suggest::cover;
use crate::suggest::features::{CONSENSUS, CONTEXT_WORDS, FEATURE_COUNT, FEATURE_NAMES, GATED};
use crate::suggest::group::{Answer, Weighed, weigh};
use crate::suggest::ranker::{AGREEING_ANSWERS, CONSENSUS_POWER, Ranker, RankerWeights, softmax, together};
use crate::suggest::trees::{BoostedTrees, Inputs, Tree, inputs};

/// Fewest lessons worth fitting to.
pub(crate) const MIN_LESSONS: usize = 20;
/// Parts of the cross-validation.
const FOLDS: usize = 5;
/// Pulls towards the weights in use that are tried, per squared difference.
const PULLS: [f32; 3] = [0.1, 0.01, 0.001];
/// Share of the pull on features that start from nothing and must be free to move: what the query decides, and what only some archives bear out.
const FREE_PULL: f32 = 0.03;
/// Passes over the lessons.
const EPOCHS: usize = 120;
/// Step size of Adam.
const STEP: f32 = 0.05;
/// Temperature of the target where only the answer really given is known: 0.05 of likeness is a factor e.
const TARGET_TEMPERATURE: f32 = 0.05;
/// Suggestions looked at, as many as an agent sees at first.
const SHOWN: usize = 3;

/// Figures of a ranking over all lessons (0–1).
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Figures {
    /// Share of moments whose first suggestion is right.
    #[serde(rename = "hit@1")]
    pub hit_1: f64,
    /// Share with a right one among the first three.
    #[serde(rename = "hit@3")]
    pub hit_3: f64,
    /// Mean overlap of the first suggestion with the answer really given.
    #[serde(rename = "chrf@1")]
    pub chrf_1: f64,
    /// Mean best overlap of the first three.
    #[serde(rename = "chrf@3")]
    pub chrf_3: f64,
}

/// What a fit gave.
#[derive(Debug, Clone, Serialize)]
pub struct Fitted {
    /// The weights to use: new ones, or the old ones with a new calibration.
    #[serde(skip)]
    pub weights: RankerWeights,
    /// Moments learnt from and judged by, each by weights that have not seen it.
    pub lessons: usize,
    /// Parts of the cross-validation.
    pub folds: usize,
    /// Pull towards the weights in use that served best.
    pub pull: f32,
    /// What decides: `mrr@3` where it is known which answers are right, else `chrf@3`.
    pub decided_by: &'static str,
    /// With the linear weights in use.
    pub before: Figures,
    /// With weights fitted to, and trees grown on, the other folds, where each of them gains.
    pub after: Figures,
    /// What that gained in the deciding figure.
    pub gain: f64,
    /// Standard error of the gain, moment by moment.
    pub gain_error: f64,
    /// Whether new linear weights were taken: what they gain exceeds its standard error.
    pub replaced: bool,
    /// Trees that were taken, by the same rule; 0: none.
    pub trees: usize,
    /// What they gained in the deciding figure beside the linear weights.
    pub trees_gain: f64,
    /// Standard error of that gain, moment by moment.
    pub trees_gain_error: f64,
    /// Calibration error of the first suggestions' probabilities (15 bins), calibrated on the other folds.
    pub ece: f64,
    /// Share of first suggestions that are right among those that the new threshold shows.
    pub precision_shown: f64,
    /// Share of moments for which something is shown.
    pub coverage: f64,
}

impl Fitted {
    /// A ranker with the fitted weights.
    ///
    /// # Errors
    /// [`EvalError::Unusable`] when the weights are no ranker's.
    pub fn ranker(&self) -> Result<Ranker, EvalError> {
        ranker(&self.weights)
    }
}

/// What is fitted.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Fitting {
    /// Weights, trees and calibration, with this pull towards the weights in use; without one the cross-validation chooses it.
    Weights(Option<f32>),
    /// The calibration alone. Not of weights with trees: these may know the moments.
    Calibration,
}

impl Fitting {
    fn pulls(self) -> Vec<f32> {
        match self {
            Self::Weights(None) => PULLS.to_vec(),
            Self::Weights(Some(pull)) => vec![pull],
            Self::Calibration => Vec::new(),
        }
    }
}

/// Fits weights to lessons; `fitted_on` goes into the file. Takes seconds to minutes of a core.
///
/// # Errors
/// When there are too few lessons, or all come from one conversation.
pub async fn fit(lessons: Vec<Lesson>, start: &RankerWeights, fitting: Fitting, fitted_on: &str) -> Result<Fitted, EvalError> {
    let (start, fitted_on) = (start.clone(), fitted_on.to_owned());
    crate::rt::cpu(move || fit_now(lessons, &start, fitting, &fitted_on)).await?
}

fn fit_now(lessons: Vec<Lesson>, start: &RankerWeights, fitting: Fitting, fitted_on: &str) -> Result<Fitted, EvalError> {
    if fitting == Fitting::Calibration && start.trees.is_some() {
        return Err(EvalError::Unusable(
            "the weights in use have trees, which may know these moments by heart: fit the weights, too (without --calibrate)".to_owned(),
        ));
    }
    if lessons.len() < MIN_LESSONS {
        let found = lessons.len();
        return Err(EvalError::Unusable(format!(
            "only {found} usable moments; fitting needs at least {MIN_LESSONS}: import more conversations, or give entries more wordings"
        )));
    }
    let start_ranker = ranker(start)?;
    let course = Course { folds: folds(&lessons), moments: lessons.into_iter().map(Moment::new).collect(), start: start_ranker };
    if course.fold_count() < 2 {
        return Err(EvalError::Unusable("all moments come from one conversation; fitting needs several".to_owned()));
    }
    course.run(start, &fitting.pulls(), fitted_on)
}

fn ranker(weights: &RankerWeights) -> Result<Ranker, EvalError> {
    Ranker::new(weights.clone()).map_err(|error| EvalError::Unusable(error.to_string()))
}

/// The fold of every lesson: those that belong together stay together, parts are about equal.
fn folds(lessons: &[Lesson]) -> Vec<usize> {
    let mut names: Vec<&str> = lessons.iter().map(|lesson| lesson.fold.as_str()).collect();
    names.sort_unstable();
    names.dedup();
    SplitMix64::new(3).shuffle(&mut names);
    let place: BTreeMap<&str, usize> = names.into_iter().zip((0..FOLDS).cycle()).collect();
    lessons.iter().map(|lesson| place[lesson.fold.as_str()]).collect()
}

/// A lesson made ready for learning.
struct Moment {
    lesson: Lesson,
    /// For every two candidates, how much the one's answer supports the other: row after row.
    support: Vec<f32>,
    /// What the scores' softmax should be, where no answer is known to be right or wrong.
    target: Option<Vec<f32>>,
}

/// Weights of both stages, and trees.
#[derive(Clone)]
struct Stages {
    base: [f32; FEATURE_COUNT],
    full: [f32; FEATURE_COUNT],
    trees: Vec<Tree>,
}

/// One ranked moment.
struct Ranked {
    judged: Judged,
    figures: Figures,
    /// The figure that decides whether weights are better: `mrr@3`, the reciprocal rank of the first right one among those shown, where it is known
    /// what is right, since `hit@1` alone is blind to what moves up behind the first; else `chrf@3`.
    deciding: f64,
}

impl Moment {
    fn new(lesson: Lesson) -> Self {
        let answers = &lesson.answers;
        let support = answers.iter().flat_map(|a| answers.iter().map(move |b| dot(a, b).max(0.0).powi(CONSENSUS_POWER))).collect();
        let target = (!lesson.judged).then(|| {
            let closeness = lesson.overlap.iter().zip(&lesson.likeness).map(|(overlap, likeness)| f32::midpoint(*overlap, *likeness));
            softmax(&closeness.map(|value| value / TARGET_TEMPERATURE).collect::<Vec<_>>())
        });
        Self { lesson, support, target }
    }

    fn rows_with_consensus(&self, base: &[f32; FEATURE_COUNT]) -> Vec<[f32; FEATURE_COUNT]> {
        let mut rows = self.lesson.rows.clone();
        let votes = softmax(&rows.iter().map(|row| dot(base, row)).collect::<Vec<_>>());
        for (row, support) in rows.iter_mut().zip(self.support.chunks_exact(votes.len())) {
            row[CONSENSUS] = dot(&votes, support);
        }
        rows
    }

    /// What trees look at, by linear weights, and the candidates' linear scores.
    fn tree_inputs(&self, stages: &Stages, rows: &[[f32; FEATURE_COUNT]]) -> (Vec<Inputs>, Vec<f32>) {
        let votes: Vec<f32> = rows.iter().map(|row| dot(&stages.base, row)).collect();
        let scores: Vec<f32> = rows.iter().map(|row| dot(&stages.full, row)).collect();
        (inputs(rows, &votes, &scores, self.lesson.gates), scores)
    }

    /// What trees are grown on; nothing where no order of the candidates is better than another.
    fn query(&self, stages: &Stages) -> Option<boost::Query> {
        let right = || self.lesson.right.iter().map(|right| if *right { 1.0 } else { 0.0 }).collect();
        let gains: Vec<f32> = self.target.clone().unwrap_or_else(right);
        let tells = gains.iter().any(|gain| (gain - gains[0]).abs() > f32::EPSILON);
        tells.then(|| boost::Query { inputs: self.tree_inputs(stages, &self.rows_with_consensus(&stages.base)).0, gains })
    }

    /// Adds the gradient of this moment's loss by the weights; nothing where no answer is right.
    fn add_gradient(&self, rows: &[[f32; FEATURE_COUNT]], weights: &[f32; FEATURE_COUNT], gradient: &mut [f32; FEATURE_COUNT]) {
        let probabilities = softmax(&rows.iter().map(|row| dot(weights, row)).collect::<Vec<_>>());
        let right: f32 =
            probabilities.iter().zip(&self.lesson.right).filter(|(_, right)| **right).map(|(probability, _)| probability).sum();
        if self.target.is_none() && right <= 0.0 {
            return;
        }
        for (at, (probability, row)) in probabilities.iter().zip(rows).enumerate() {
            let wanted = match &self.target {
                Some(target) => target[at],
                None if self.lesson.right[at] => probability / right,
                None => 0.0,
            };
            for (sum, value) in gradient.iter_mut().zip(row) {
                *sum += (probability - wanted) * value;
            }
        }
    }

    /// The answers that would be shown first: of the groups that the product's list begins with.
    fn first(&self, stages: &Stages, rows: &[[f32; FEATURE_COUNT]], groups: &[Vec<(usize, f32)>]) -> Vec<usize> {
        let mass = |group: &Vec<(usize, f32)>| together(group.iter().map(|&(at, _)| dot(&stages.base, &rows[at])), 1.0).unwrap_or(f32::MIN);
        let leaders: Vec<usize> = groups.iter().map(|group| group[0].0).collect();
        let vectors: Vec<&[f32]> = leaders.iter().map(|&at| self.lesson.answers[at].as_slice()).collect();
        let masses: Vec<f32> = groups.iter().map(mass).collect();
        cover::order(&masses, &vectors).into_iter().take(SHOWN).map(|place| leaders[place]).collect()
    }

    fn rank(&self, stages: &Stages) -> Ranked {
        let rows = self.rows_with_consensus(&stages.base);
        let (inputs, mut scores) = self.tree_inputs(stages, &rows);
        for (score, inputs) in scores.iter_mut().zip(&inputs) {
            *score += stages.trees.iter().map(|tree| tree.value(inputs)).sum::<f32>();
        }
        let scored: Vec<Weighed<'_>> = (0..scores.len())
            .map(|at| Weighed {
                point: Uuid::from_u128(at as u128),
                source: self.lesson.sources[at],
                score: scores[at],
                answer: Answer::new(&self.lesson.texts[at], &self.lesson.answers[at]),
            })
            .collect();
        let groups = weigh(&scored);
        let in_groups: Vec<Vec<f32>> = groups.iter().map(|group| group.iter().map(|(_, score)| *score).collect()).collect();
        let first = self.first(stages, &rows, &groups);
        let best = first[0];
        // The score of the group, as the product has it without feedback.
        let score = together(in_groups[0].iter().copied(), AGREEING_ANSWERS).unwrap_or(scores[best]);
        let (gates, kind) = (self.lesson.gates, self.lesson.kind);
        let signals = Standing { scores: &in_groups, first: &rows[best], gates, kind }.signals();
        let right = |at: usize| if self.lesson.right[at] { 1.0 } else { 0.0 };
        let overlap = |at: usize| f64::from(self.lesson.overlap[at]);
        let most = |of: &dyn Fn(usize) -> f64| first.iter().map(|&at| of(at)).fold(0.0, f64::max);
        let figures = Figures { hit_1: right(best), hit_3: most(&right), chrf_1: overlap(best), chrf_3: most(&overlap) };
        let is_right: Vec<bool> = first.iter().map(|&at| self.lesson.right[at]).collect();
        let deciding = if self.lesson.judged { reciprocal_rank(&is_right, Some(SHOWN)) } else { figures.chrf_3 };
        let judged = Judged::new(score, signals, self.lesson.right[best]);
        Ranked { judged, figures, deciding }
    }
}

/// Everything that is learnt from.
struct Course {
    moments: Vec<Moment>,
    folds: Vec<usize>,
    start: Ranker,
}

impl Course {
    fn fold_count(&self) -> usize {
        self.folds.iter().max().map_or(0, |last| last + 1)
    }

    fn run(&self, start: &RankerWeights, pulls: &[f32], fitted_on: &str) -> Result<Fitted, EvalError> {
        let start_stages = Stages { base: *self.start.base_weights(), full: *self.start.full_weights(), trees: Vec::new() };
        let unfitted = self.of_folds(|_| start_stages.clone());
        let before = self.rank_folds(&unfitted);
        let (mut pull, mut linear): (f32, Option<(Vec<Stages>, Vec<Ranked>)>) = (0.0, None);
        for &tried in pulls {
            let learnt = self.of_folds(|fold| self.learn(&start_stages, tried, |of| of != fold));
            let ranked = self.rank_folds(&learnt);
            if linear.as_ref().is_none_or(|(_, best)| deciding(&ranked) > deciding(best)) {
                (pull, linear) = (tried, Some((learnt, ranked)));
            }
        }
        let linear_gain = linear.as_ref().map_or_else(Gain::default, |(_, ranked)| Gain::of(&before, ranked));
        let replaced = linear_gain.is_worth_taking();
        let (stages, mut after) = linear.filter(|_| replaced).map_or((unfitted, None), |(learnt, ranked)| (learnt, Some(ranked)));

        let (mut trees_gain, mut trees_taken) = (Gain::default(), false);
        if !pulls.is_empty() {
            let grown = self.of_folds(|fold| self.grow(&stages[fold], |of| of != fold));
            let ranked = self.rank_folds(&grown);
            trees_gain = Gain::of(after.as_ref().unwrap_or(&before), &ranked);
            trees_taken = trees_gain.is_worth_taking();
            if trees_taken {
                after = Some(ranked);
            }
        }
        let mut weights = RankerWeights { fitted_on: fitted_on.to_owned(), trees: None, ..start.clone() };
        if replaced {
            let learnt = self.learn(&start_stages, pull, |_| true);
            (weights.base, weights.full) = (named(&learnt.base), named(&learnt.full));
        }
        if trees_taken {
            // On the weights as they stand in the file, rounded.
            let linear = ranker(&weights)?;
            let linear = Stages { base: *linear.base_weights(), full: *linear.full_weights(), trees: Vec::new() };
            weights.trees = Some(BoostedTrees::new(self.grow(&linear, |_| true).trees));
        }
        let after = after.as_ref().unwrap_or(&before);
        let gain = Gain::of(&before, after);
        let moments: Vec<Judged> = after.iter().map(|ranked| ranked.judged).collect();
        weights.calibration = Calibration::fit(&moments, &start.calibration);
        ranker(&weights)?;
        let calibrated = self.calibrated_apart(&moments, start);
        let judged = self.moments.iter().filter(|moment| moment.lesson.judged).count();
        let shown: Vec<f64> = calibrated.iter().filter(|(_, shown, _)| *shown).map(|(.., right)| if *right { 1.0 } else { 0.0 }).collect();
        let probabilities: Vec<(f64, bool)> = calibrated.iter().map(|(probability, _, right)| (*probability, *right)).collect();
        Ok(Fitted {
            trees: weights.trees.as_ref().map_or(0, |trees| trees.trees.len()),
            weights,
            lessons: self.moments.len(),
            folds: self.fold_count(),
            pull,
            decided_by: match judged {
                0 => "chrf@3",
                all if all == self.moments.len() => "mrr@3",
                _ => "mrr@3, or chrf@3 where nothing is judged",
            },
            before: mean_figures(&before),
            after: mean_figures(after),
            gain: gain.mean,
            gain_error: gain.error,
            replaced,
            trees_gain: trees_gain.mean,
            trees_gain_error: trees_gain.error,
            ece: expected_calibration_error(&probabilities, BINS).unwrap_or_default(),
            precision_shown: super::metrics::mean(shown.iter().copied()).unwrap_or_default(),
            coverage: shown.len() as f64 / calibrated.len().max(1) as f64,
        })
    }

    /// Something for every fold.
    fn of_folds<T>(&self, make: impl Fn(usize) -> T) -> Vec<T> {
        (0..self.fold_count()).map(make).collect()
    }

    /// These weights with trees from the folds that `taught_by` takes.
    fn grow(&self, linear: &Stages, taught_by: impl Fn(usize) -> bool) -> Stages {
        let taught = self.moments.iter().zip(&self.folds).filter(|(_, fold)| taught_by(**fold));
        let queries: Vec<boost::Query> = taught.filter_map(|(moment, _)| moment.query(linear)).collect();
        Stages { trees: boost::grow(&queries), ..*linear }
    }

    /// Every moment ranked by the weights of its fold, in order.
    fn rank_folds(&self, stages: &[Stages]) -> Vec<Ranked> {
        self.moments.iter().zip(&self.folds).map(|(moment, fold)| moment.rank(&stages[*fold])).collect()
    }

    /// Probability of every moment's first suggestion by a calibration on the other folds, whether that one's threshold shows it, and whether it is
    /// right.
    fn calibrated_apart(&self, moments: &[Judged], start: &RankerWeights) -> Vec<(f64, bool, bool)> {
        let calibrations: Vec<Calibration> = (0..self.fold_count())
            .map(|fold| {
                let others = moments.iter().zip(&self.folds).filter(|(_, of)| **of != fold).map(|(moment, _)| *moment);
                Calibration::fit(&others.collect::<Vec<_>>(), &start.calibration)
            })
            .collect();
        let of = |(moment, fold): (&Judged, &usize)| {
            let calibration = &calibrations[*fold];
            let probability = calibration.probability(moment.score, &moment.signals);
            let shown = !moment.is_small_talk() && probability >= calibration.threshold(start.precision);
            (probability, shown, moment.right > 0.5)
        };
        moments.iter().zip(&self.folds).map(of).collect()
    }

    /// Both stages from the folds that `taught_by` takes.
    fn learn(&self, start: &Stages, pull: f32, taught_by: impl Fn(usize) -> bool) -> Stages {
        let taught: Vec<&Moment> =
            self.moments.iter().zip(&self.folds).filter(|(_, fold)| taught_by(**fold)).map(|(moment, _)| moment).collect();
        let plain: Vec<(&Moment, Vec<[f32; FEATURE_COUNT]>)> = taught.iter().map(|moment| (*moment, moment.lesson.rows.clone())).collect();
        let base = descend(&plain, &start.base, pull);
        let voted: Vec<(&Moment, Vec<[f32; FEATURE_COUNT]>)> =
            taught.iter().map(|moment| (*moment, moment.rows_with_consensus(&base))).collect();
        Stages { base, full: descend(&voted, &start.full, pull), ..start.clone() }
    }
}

/// A gain in the deciding figure, moment by moment.
#[derive(Debug, Clone, Copy, Default)]
struct Gain {
    mean: f64,
    error: f64,
}

impl Gain {
    fn of(before: &[Ranked], after: &[Ranked]) -> Self {
        let differences: Vec<f64> = before.iter().zip(after).map(|(before, after)| after.deciding - before.deciding).collect();
        let (mean, error) = mean_and_standard_error(&differences).unwrap_or_default();
        Self { mean, error }
    }

    /// More than chance gives easily.
    fn is_worth_taking(self) -> bool {
        self.mean > self.error
    }
}

fn deciding(ranked: &[Ranked]) -> f64 {
    ranked.iter().map(|one| one.deciding).sum()
}

fn mean_figures(ranked: &[Ranked]) -> Figures {
    let mean = |of: fn(&Figures) -> f64| super::metrics::mean(ranked.iter().map(|one| of(&one.figures))).unwrap_or_default();
    Figures {
        hit_1: mean(|figures| figures.hit_1),
        hit_3: mean(|figures| figures.hit_3),
        chrf_1: mean(|figures| figures.chrf_1),
        chrf_3: mean(|figures| figures.chrf_3),
    }
}

/// Minimises the mean loss plus the pull towards `start`, from `start` on.
fn descend(moments: &[(&Moment, Vec<[f32; FEATURE_COUNT]>)], start: &[f32; FEATURE_COUNT], pull: f32) -> [f32; FEATURE_COUNT] {
    let mut weights = *start;
    let (mut first, mut second) = ([0.0f32; FEATURE_COUNT], [0.0f32; FEATURE_COUNT]);
    for step in 1..=EPOCHS {
        let mut gradient = [0.0f32; FEATURE_COUNT];
        for (moment, rows) in moments {
            moment.add_gradient(rows, &weights, &mut gradient);
        }
        for position in 0..FEATURE_COUNT {
            let held = if GATED.contains(&position) || position == CONTEXT_WORDS { FREE_PULL * pull } else { pull };
            let slope = gradient[position] / moments.len().max(1) as f32 + held * (weights[position] - start[position]);
            first[position] = 0.9 * first[position] + 0.1 * slope;
            second[position] = 0.999 * second[position] + 0.001 * slope * slope;
            let unbiased_first = first[position] / (1.0 - 0.9f32.powi(step as i32));
            let unbiased_second = second[position] / (1.0 - 0.999f32.powi(step as i32));
            weights[position] -= STEP * unbiased_first / (unbiased_second.sqrt() + 1e-8);
        }
    }
    weights
}

fn named(weights: &[f32; FEATURE_COUNT]) -> BTreeMap<String, f32> {
    let rounded = |weight: f32| (weight * 1000.0).round() / 1000.0;
    FEATURE_NAMES
        .iter()
        .zip(weights)
        .filter(|(_, weight)| weight.abs() >= 0.0005)
        .map(|(name, weight)| ((*name).to_owned(), rounded(*weight)))
        .collect()
}

#[cfg(test)]
mod tests;
