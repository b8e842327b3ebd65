//! The decision: the newer part of the archive is asked with and without the adapter, through the product's ranking.

use std::sync::Arc;

use super::lessons::{Division, archived_moments, ask, plain};
use super::train::Vectors;
use super::{AdaptError, Observer, Parts};
use crate::domain::{DeskId, Pair, Timestamp};
use crate::retrieve::adapter::{Adapter, JudgedTrial, ScoreScale, Trial};
use crate::retrieve::{Candidate, EncodedQuery, History};
use crate::suggest::ranking::rank;
use crate::suggest::{RankedGroup, Ranker};
use crate::text::chrf::chrf;

/// Answers looked at, as many as an agent sees at first.
const SHOWN: usize = 3;
/// Moments asked between two reports.
const BATCH: usize = 32;
/// Bounds of the scale's slope: scores that hardly differ must not be blown up.
const SLOPES: (f64, f64) = (0.25, 4.0);

/// Says whether a candidate is right where a pair's answer was really given; `None` where that is not known.
pub type Judge<'a> = dyn Fn(&Pair, &Candidate) -> Option<bool> + Send + Sync + 'a;

/// Tags name kinds of question: an answer to the same kind is one that an agent can start from.
#[must_use]
pub fn by_tags(pair: &Pair, candidate: &Candidate) -> Option<bool> {
    (!pair.tags.is_empty()).then(|| pair.tags.iter().any(|tag| candidate.payload.tags.contains(tag)))
}

/// What one moment's ranking gave.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Given {
    /// Best overlap of the first answers.
    shown: f64,
    /// Overlap of the first answer.
    first: f64,
    /// Score of the first answer as it is served, with the trees.
    score: f64,
    /// Whether one of the first answers is right, where that is known.
    right: Option<bool>,
}

/// Asks every moment of the newer part without and with each of `adapters`; says which of them answered best, of those that may be taken if there
/// are any. Answers of the newer part are not found: it lies in the future of what was learnt.
pub(super) async fn hold<O: Observer>(
    parts: &Parts,
    desk: &DeskId,
    division: &Division,
    vectors: &Vectors,
    adapters: &[Adapter],
    now: Timestamp,
    observer: &O,
) -> Result<Held, O::Stop> {
    let (mut before, mut after) = (Vec::new(), vec![Vec::new(); adapters.len()]);
    let rankers = Rankers::of(parts);
    let total = division.newer.len() as u64;
    for batch in division.newer.chunks(BATCH) {
        observer.progress("trying", before.len() as u64, total).await?;
        for (pair, point) in archived_moments(parts, desk, batch).await? {
            let bare = plain(&pair, &point);
            let history = history(vectors, division, &pair).map_err(AdaptError::from)?;
            for (adapter, after) in adapters.iter().zip(&mut after) {
                let adapted = adapter.adapt(EncodedQuery { history: history.clone(), ..bare.clone() });
                after.push(given(parts, &rankers, division, &pair, adapted, now).await?);
            }
            before.push(given(parts, &rankers, division, &pair, bare, now).await?);
        }
    }
    observer.progress("trying", total, total).await?;
    let held = after.iter().enumerate().map(|(adapter, after)| Held {
        adapter,
        trial: trial(&before, after, division.by_time),
        scale: scale(&before, after, parts.ranker.threshold_score()),
    });
    let worth = |held: &Held| (held.trial.is_won(), held.trial.after);
    let best = held.reduce(|best, next| if worth(&next) > worth(&best) { next } else { best });
    best.ok_or_else(|| AdaptError::NoLessons(desk.clone()).into())
}

/// How the best of the adapters fared.
pub(super) struct Held {
    /// Its place among them.
    pub(super) adapter: usize,
    pub(super) trial: Trial,
    pub(super) scale: ScoreScale,
}

/// What led up to an archived moment, as a live one would tell it.
fn history(vectors: &Vectors, division: &Division, pair: &Pair) -> candle_core::Result<History> {
    let mut turns = Vec::new();
    for &(point, field) in division.histories.steps(pair.content.id) {
        turns.extend(vectors.vector(point, field)?);
    }
    Ok(History::of(turns.iter().map(Vec::as_slice)))
}

/// How the trial ranks.
struct Rankers {
    /// Whether the answers are better is asked of the linear stages alone: trees were grown on this archive.
    linear: Arc<Ranker>,
    /// What scores must be on the scale of: the ranker in use, where it has trees.
    boosted: Option<Arc<Ranker>>,
}

impl Rankers {
    fn of(parts: &Parts) -> Self {
        let boosted = parts.ranker.weights().trees.is_some().then(|| Arc::clone(&parts.ranker));
        Self { linear: Arc::new(parts.ranker.without_trees()), boosted }
    }
}

async fn given(
    parts: &Parts,
    rankers: &Rankers,
    division: &Division,
    pair: &Pair,
    query: EncodedQuery,
    now: Timestamp,
) -> Result<Given, AdaptError> {
    let mut gathered = ask(parts, pair, query, now).await?;
    gathered.retain(|candidate| division.may_find(candidate));
    let (linear, boosted) = (Arc::clone(&rankers.linear), rankers.boosted.clone());
    let (pair, judge) = (pair.clone(), Arc::clone(&parts.judge));
    let first_score = |groups: &[RankedGroup]| groups.first().map_or(0.0, |group| f64::from(group.representative().score));
    let work = move || {
        let served = boosted.map(|boosted| first_score(&rank(&boosted, gathered.clone())));
        let groups = rank(&linear, gathered);
        let shown = || groups.iter().take(SHOWN).map(RankedGroup::representative);
        let overlaps: Vec<f64> = shown().map(|answer| chrf(&answer.source.answer, &pair.content.answer)).collect();
        let right = shown().filter_map(|answer| judge(&pair, &answer.candidate)).reduce(|any, right| any || right);
        Given {
            shown: overlaps.iter().copied().fold(0.0, f64::max),
            first: overlaps.first().copied().unwrap_or(0.0),
            score: served.unwrap_or_else(|| first_score(&groups)),
            right,
        }
    };
    Ok(crate::rt::cpu(work).await?)
}

fn trial(before: &[Given], after: &[Given], by_time: bool) -> Trial {
    let mean = |values: &[Given], of: fn(&Given) -> f64| mean_and_deviation(values.iter().map(of)).0;
    let (_, deviation) = mean_and_deviation(before.iter().zip(after).map(|(before, after)| after.shown - before.shown));
    Trial {
        asked: before.len() as u32,
        by_time,
        before: mean(before, |given| given.shown),
        after: mean(after, |given| given.shown),
        standard_error: deviation / (before.len().max(1) as f64).sqrt(),
        first_before: mean(before, |given| given.first),
        first_after: mean(after, |given| given.first),
        judged: judged(before, after),
    }
}

/// The same moments by what is known to be right; nothing where that is never known.
fn judged(before: &[Given], after: &[Given]) -> Option<JudgedTrial> {
    let hit = |right: bool| if right { 1.0 } else { 0.0 };
    let known: Vec<(f64, f64)> =
        before.iter().zip(after).filter_map(|(before, after)| Some((hit(before.right?), hit(after.right?)))).collect();
    let (_, deviation) = mean_and_deviation(known.iter().map(|(before, after)| after - before));
    (!known.is_empty()).then(|| JudgedTrial {
        asked: known.len() as u32,
        before: mean_and_deviation(known.iter().map(|(before, _)| *before)).0,
        after: mean_and_deviation(known.iter().map(|(_, after)| *after)).0,
        standard_error: deviation / (known.len() as f64).sqrt(),
    })
}

/// Gives the first answers' scores the spread they had unadapted, and has as many of them reach the default threshold's score as did: a
/// desk stays silent about as often as before.
fn scale(before: &[Given], after: &[Given], threshold: f64) -> ScoreScale {
    let (_, spread_before) = mean_and_deviation(before.iter().map(|given| given.score));
    let (_, spread_after) = mean_and_deviation(after.iter().map(|given| given.score));
    let slope = if spread_after > 0.0 { (spread_before / spread_after).clamp(SLOPES.0, SLOPES.1) } else { 1.0 };
    let in_order = |given: &[Given]| {
        let mut scores: Vec<f64> = given.iter().map(|given| given.score).collect();
        scores.sort_by(|a, b| b.total_cmp(a));
        scores
    };
    let (before, after) = (in_order(before), in_order(after));
    let shown = before.iter().filter(|score| **score >= threshold).count();
    // Where all or none are shown, the nearest score stands for the threshold.
    let last = shown.clamp(1, before.len().max(1)) - 1;
    let (Some(at_before), Some(at_after)) = (before.get(last), after.get(last)) else {
        return ScoreScale::SAME;
    };
    ScoreScale { slope: slope as f32, intercept: (at_before - slope * at_after) as f32 }
}

/// Mean and sample standard deviation; 0 of nothing.
fn mean_and_deviation(values: impl Iterator<Item = f64> + Clone) -> (f64, f64) {
    let count = values.clone().count();
    if count < 2 {
        return (values.sum(), 0.0);
    }
    let mean = values.clone().sum::<f64>() / count as f64;
    let squares: f64 = values.map(|value| (value - mean).powi(2)).sum();
    (mean, (squares / (count - 1) as f64).sqrt())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn given(shown: f64, score: f64) -> Given {
        Given { shown, first: shown / 2.0, score, right: None }
    }

    #[test]
    fn the_error_is_of_the_differences_not_of_the_figures() {
        // Figures far apart, differences all alike: a small gain is certain.
        let before: Vec<Given> = (0..50).map(|number| given(f64::from(number) / 50.0, 0.0)).collect();
        let after: Vec<Given> = before.iter().map(|one| given(one.shown + 0.01, 0.0)).collect();
        let won = trial(&before, &after, true);
        assert!(won.is_won() && won.standard_error < 1e-9);
        let mixed: Vec<Given> =
            before.iter().enumerate().map(|(at, one)| given(one.shown + if at % 2 == 0 { 0.11 } else { -0.1 }, 0.0)).collect();
        assert!(!trial(&before, &mixed, true).is_won(), "the same sign of gain, but it may be luck");
    }

    #[test]
    fn words_alone_do_not_win_where_fewer_are_right() {
        let before: Vec<Given> =
            (0..60).map(|number| Given { right: (number % 3 != 0).then_some(number % 2 == 0), ..given(0.3, 0.0) }).collect();
        let judged = |wrong_from: usize| {
            let change = |(at, one): (usize, &Given)| Given { shown: 0.4, right: one.right.map(|right| right && at < wrong_from), ..*one };
            trial(&before, &before.iter().enumerate().map(change).collect::<Vec<_>>(), true)
        };
        let same = judged(60);
        assert!(same.is_won() && same.judged.is_some_and(|judged| judged.asked == 40 && (judged.before - 0.5).abs() < 1e-9));
        assert!(judged(57).is_won(), "one fewer of forty may be luck");
        for count in 1..60 {
            let of = |right| {
                (0..count).map(|at| Given { right: Some(at > 0 || right), ..given(if right { 0.3 } else { 0.4 }, 0.0) }).collect::<Vec<_>>()
            };
            assert!(trial(&of(true), &of(false), true).is_won(), "one of {count}");
        }
        assert!(!judged(30).is_won(), "half of them are lost: {:?}", judged(30).judged);
        assert_eq!(trial(&[given(0.3, 0.0)], &[given(0.4, 0.0)], true).judged, None);
    }

    #[test]
    fn scores_are_brought_back_to_the_scale_they_had() {
        let before: Vec<Given> = [10.0, 14.0, 12.0].map(|score| given(0.0, score)).to_vec();
        let after: Vec<Given> = [28.0, 20.0, 24.0].map(|score| given(0.0, score)).to_vec();
        for threshold in [9.0, 11.5, 20.0] {
            let scale = scale(&before, &after, threshold);
            assert!((scale.apply(24.0) - 12.0).abs() < 1e-4 && (scale.apply(20.0) - 10.0).abs() < 1e-4, "{scale:?}");
        }
        // Of another shape: two of three reached 11.5, and two of three do.
        let skewed: Vec<Given> = [5.0, 6.0, 9.0].map(|score| given(0.0, score)).to_vec();
        let scale = scale(&before, &skewed, 11.5);
        assert_eq!([5.0, 6.0, 9.0].map(|score| scale.apply(score) >= 11.5), [false, true, true], "{scale:?}");
    }
}
