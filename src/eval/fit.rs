//! Fits the ranker by replay on an archive: no labels, no human judgement.
//!
//! Every sampled pair is asked as if it were live, its own conversation left out. The answer really given says how good each candidate is:
//! the target is a softmax over the cosines between the candidates' answers and it, raised where archive tags (kinds of question, where the
//! source gives any) agree. Both stages are fitted to that target by listwise
//! cross-entropy (Cao et al. 2007, ListNet) with Adam (Kingma & Ba 2015); the calibration (Platt 1999) is fitted on queries that the
//! weights have not seen. Deterministic: same archive, same weights.

use std::collections::BTreeMap;

use super::workbench::{EvalError, Workbench};
use crate::domain::random::SplitMix64;
use crate::domain::{DeskId, Pair, PairKind};
use crate::embed::{Lane, TextKind};
use crate::index::IndexFilter;
use crate::retrieve::encode::dot;
use crate::retrieve::{QueryText, encode_query};
use crate::suggest::features::{CONSENSUS, FEATURE_COUNT, FEATURE_NAMES, Wanted};
use crate::suggest::group::figures;
use crate::suggest::ranker::{Ranker, RankerWeights, softmax};
use crate::suggest::ranking::gather;
use crate::text::normalise::answer_key;

/// Temperature of the target: 0.05 of cosine is a factor e.
const TARGET_TEMPERATURE: f32 = 0.05;
/// What agreeing tags are worth, in cosine.
const TAG_BONUS: f32 = 0.25;
/// Cosine from which on the best answer counts as right where the archive has no tags.
const RIGHT_COSINE: f32 = 0.8;
/// By how much the share of right answers on held-out moments must rise for new weights to be taken.
const MIN_GAIN: f64 = 0.01;
/// Passes over the queries.
const EPOCHS: usize = 150;
/// Step size of Adam.
const STEP: f32 = 0.08;
/// Pull towards zero, per squared weight: weights that gain nothing disappear.
const DECAY: f32 = 1e-4;

/// One query with everything the fit looks at.
struct Lesson {
    rows: Vec<[f32; FEATURE_COUNT]>,
    answers: Vec<Vec<f32>>,
    target: Vec<f32>,
    right: Vec<bool>,
}

/// What a fit gave.
#[derive(Debug, Clone)]
pub struct Fitted {
    /// The weights.
    pub weights: RankerWeights,
    /// Queries learnt from.
    pub lessons: usize,
    /// Share of held-out queries whose best answer is right, before (the weights that were in use) and after.
    pub before: f64,
    /// See `before`.
    pub after: f64,
    /// Whether new weights were taken; otherwise only the calibration is new.
    pub replaced: bool,
}

/// Fits weights on one desk's archive; `sample` queries at most, `fitted_on` goes into the file.
pub async fn fit(bench: &Workbench, desks: &[DeskId], start: &RankerWeights, sample: usize, fitted_on: &str) -> Result<Fitted, EvalError> {
    let mut lessons = Vec::new();
    for desk in desks {
        lessons.extend(lessons_of(bench, desk, sample / desks.len().max(1)).await?);
    }
    if lessons.len() < 20 {
        return Err(EvalError::Unusable(format!("only {} usable pairs; fitting needs an archive with at least 20", lessons.len())));
    }
    let start = start.clone();
    let fitted_on = fitted_on.to_owned();
    Ok(crate::rt::cpu(move || learn(lessons, &start, &fitted_on)).await?)
}

async fn lessons_of(bench: &Workbench, desk: &DeskId, sample: usize) -> Result<Vec<Lesson>, EvalError> {
    let mut pairs = Vec::new();
    let mut after = None;
    loop {
        let page = bench.store.pairs_page(desk, None, after, 500).await?;
        let Some(last) = page.last() else { break };
        after = Some(last.content.id);
        pairs.extend(page.into_iter().filter(|pair| pair.content.kind != PairKind::Unanswered));
    }
    // Sorted by what was said, since ids may differ between installations; the draw must not.
    pairs.sort_by(|a, b| (&a.content.question, &a.content.answer).cmp(&(&b.content.question, &b.content.answer)));
    SplitMix64::new(7).shuffle(&mut pairs);
    pairs.truncate(sample);
    let mut lessons = Vec::with_capacity(pairs.len());
    for pair in &pairs {
        if let Some(lesson) = lesson(bench, desk, pair).await? {
            lessons.push(lesson);
        }
    }
    Ok(lessons)
}

async fn lesson(bench: &Workbench, desk: &DeskId, pair: &Pair) -> Result<Option<Lesson>, EvalError> {
    let content = &pair.content;
    let text = QueryText {
        question: content.question.clone(),
        turn: content.turn.clone(),
        previous: content.previous.clone(),
        ..QueryText::default()
    };
    let query = encode_query(bench.embedder.as_ref(), None, &text, Lane::Bulk).await?;
    let given = bench.embed(std::slice::from_ref(&content.answer), TextKind::Passage).await?;
    let filter = IndexFilter {
        not_conversation: Some(pair.conversation.as_uuid()),
        language: Some(content.language),
        ..IndexFilter::desk(desk.clone())
    };
    let wanted = Wanted { kind: content.kind, language: content.language, now: bench.clock.now() };
    let gathered = gather(bench.store.as_ref(), bench.index.as_ref(), &filter, &query, wanted).await?;
    if gathered.candidates().len() < 2 {
        return Ok(None);
    }
    let key = answer_key(&content.answer);
    let stated = figures(&content.answer);
    let mut closeness = Vec::new();
    let mut right = Vec::new();
    for candidate in gathered.candidates() {
        let answer = &gathered.source(candidate).answer;
        let same = answer_key(answer) == key;
        let cosine = if same { 1.0 } else { dot(&given[0], &candidate.answer_vector) };
        let tagged = pair.tags.iter().any(|tag| candidate.payload.tags.contains(tag));
        let agreed = if tagged { TAG_BONUS } else { 0.0 };
        closeness.push((cosine + agreed) / TARGET_TEMPERATURE);
        let same_figures = stated.is_empty() || !stated.is_disjoint(&figures(answer));
        // A tag names the kind of question: an answer to the same kind is one that an agent can start from.
        let alike = if pair.tags.is_empty() { cosine >= RIGHT_COSINE && same_figures } else { tagged };
        right.push(same || alike);
    }
    Ok(Some(Lesson {
        rows: gathered.features(),
        answers: gathered.candidates().iter().map(|candidate| candidate.answer_vector.clone()).collect(),
        target: softmax(&closeness),
        right,
    }))
}

fn learn(mut lessons: Vec<Lesson>, start: &RankerWeights, fitted_on: &str) -> Fitted {
    let held_out = lessons.split_off(lessons.len() * 4 / 5);
    let mut weights = start.clone();
    let mut held_out = held_out;
    let before = share_right(&held_out, start);
    let base = descend(&lessons, |position| position != CONSENSUS);
    weights.base = named(&base);
    fitted_on.clone_into(&mut weights.fitted_on);
    add_consensus(&mut lessons, &weights);
    add_consensus(&mut held_out, &weights);
    let full = descend(&lessons, |_| true);
    weights.full = named(&full);
    let learnt = share_right(&held_out, &weights);
    // New weights must earn their place on moments they have not seen; otherwise only the calibration is refitted.
    let kept = if learnt > before + MIN_GAIN { full } else { keep(&mut weights, start) };
    add_consensus(&mut held_out, &weights);
    let scored: Vec<(f32, bool)> = held_out.iter().filter_map(|lesson| best(lesson, &kept)).collect();
    let (slope, intercept) = platt(&scored);
    weights.slope = slope;
    weights.intercept = intercept;
    let after = scored.iter().filter(|(_, right)| *right).count() as f64 / scored.len().max(1) as f64;
    Fitted { weights, lessons: lessons.len(), before, after, replaced: learnt > before + MIN_GAIN }
}

/// Goes back to the weights the fit began with.
fn keep(weights: &mut RankerWeights, start: &RankerWeights) -> [f32; FEATURE_COUNT] {
    weights.base.clone_from(&start.base);
    weights.full.clone_from(&start.full);
    std::array::from_fn(|position| weights.full.get(FEATURE_NAMES[position]).copied().unwrap_or(0.0))
}

fn add_consensus(lessons: &mut [Lesson], weights: &RankerWeights) {
    let Ok(ranker) = Ranker::new(weights.clone()) else { return };
    for lesson in lessons {
        let answers: Vec<&[f32]> = lesson.answers.iter().map(Vec::as_slice).collect();
        ranker.add_consensus(&mut lesson.rows, &vec![0.0; answers.len()], &answers);
    }
}

fn share_right(lessons: &[Lesson], weights: &RankerWeights) -> f64 {
    let Ok(ranker) = Ranker::new(weights.clone()) else { return 0.0 };
    let right = lessons.iter().filter(|lesson| {
        let mut rows = lesson.rows.clone();
        let answers: Vec<&[f32]> = lesson.answers.iter().map(Vec::as_slice).collect();
        ranker.add_consensus(&mut rows, &vec![0.0; answers.len()], &answers);
        let scores = rows.iter().map(|row| ranker.score(row));
        super::systems::best(scores, 1).first().is_some_and(|&position| lesson.right[position])
    });
    right.count() as f64 / lessons.len().max(1) as f64
}

fn best(lesson: &Lesson, weights: &[f32; FEATURE_COUNT]) -> Option<(f32, bool)> {
    let scores: Vec<f32> = lesson.rows.iter().map(|row| dot(weights, row)).collect();
    let position = *super::systems::best(scores.iter().copied(), 1).first()?;
    Some((scores[position], lesson.right[position]))
}

/// Minimises the mean cross-entropy between target and softmax of the scores over the allowed features.
fn descend(lessons: &[Lesson], allowed: impl Fn(usize) -> bool) -> [f32; FEATURE_COUNT] {
    let mut weights = [0.0f32; FEATURE_COUNT];
    let (mut first, mut second) = ([0.0f32; FEATURE_COUNT], [0.0f32; FEATURE_COUNT]);
    for step in 1..=EPOCHS {
        let mut gradient = [0.0f32; FEATURE_COUNT];
        for lesson in lessons {
            let scores: Vec<f32> = lesson.rows.iter().map(|row| dot(&weights, row)).collect();
            for ((probability, target), row) in softmax(&scores).iter().zip(&lesson.target).zip(&lesson.rows) {
                for (sum, value) in gradient.iter_mut().zip(row) {
                    *sum += (probability - target) * value;
                }
            }
        }
        for position in (0..FEATURE_COUNT).filter(|&position| allowed(position)) {
            let slope = gradient[position] / lessons.len() as f32 + DECAY * weights[position];
            first[position] = 0.9 * first[position] + 0.1 * slope;
            second[position] = 0.999 * second[position] + 0.001 * slope * slope;
            let unbiased_first = first[position] / (1.0 - 0.9f32.powi(step as i32));
            let unbiased_second = second[position] / (1.0 - 0.999f32.powi(step as i32));
            weights[position] -= STEP * unbiased_first / (unbiased_second.sqrt() + 1e-8);
        }
    }
    weights
}

/// Logistic regression of "right" on the score by Newton's method, with Platt's smoothed targets.
fn platt(scored: &[(f32, bool)]) -> (f32, f32) {
    let right = scored.iter().filter(|(_, right)| *right).count() as f64;
    let wrong = scored.len() as f64 - right;
    let (high, low) = ((right + 1.0) / (right + 2.0), 1.0 / (wrong + 2.0));
    let (mut slope, mut intercept) = (0.0f64, ((right + 1.0) / (wrong + 1.0)).ln());
    for _ in 0..50 {
        let (mut g_slope, mut g_intercept, mut h_ss, mut h_si, mut h_ii) = (0.0, 0.0, 1e-6, 0.0, 1e-6);
        for &(score, right) in scored {
            let score = f64::from(score);
            let probability = 1.0 / (1.0 + (-(slope * score + intercept)).exp());
            let error = probability - if right { high } else { low };
            let spread = probability * (1.0 - probability);
            g_slope += error * score;
            g_intercept += error;
            h_ss += spread * score * score;
            h_si += spread * score;
            h_ii += spread;
        }
        let determinant = h_ss * h_ii - h_si * h_si;
        if determinant.abs() < 1e-12 {
            break;
        }
        let (d_slope, d_intercept) =
            ((h_ii * g_slope - h_si * g_intercept) / determinant, (h_ss * g_intercept - h_si * g_slope) / determinant);
        slope -= d_slope;
        intercept -= d_intercept;
        if d_slope.abs() + d_intercept.abs() < 1e-9 {
            break;
        }
    }
    // A higher score must never mean a lower probability.
    (slope.max(0.01) as f32, intercept as f32)
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
mod tests {
    use super::*;

    #[test]
    fn platt_recovers_a_logistic() {
        let scored: Vec<(f32, bool)> = (0..400)
            .map(|i| (i as f32 / 40.0 - 5.0, (i * 7919 % 400) as f32 / 400.0 < 1.0 / (1.0 + (-(i as f32 / 40.0 - 5.0)).exp())))
            .collect();
        let (slope, intercept) = platt(&scored);
        assert!((slope - 1.0).abs() < 0.25 && intercept.abs() < 0.4, "{slope} {intercept}");
    }

    #[test]
    fn the_useful_feature_gets_the_weight() {
        let lesson = |good: usize| {
            let mut rows = vec![[0.0; FEATURE_COUNT]; 4];
            for (position, row) in rows.iter_mut().enumerate() {
                row[0] = if position == good { 1.0 } else { 0.0 };
                row[1] = (position % 2) as f32;
            }
            let target = (0..4).map(|position| if position == good { 1.0 } else { 0.0 }).collect();
            Lesson { rows, answers: vec![vec![1.0]; 4], target, right: (0..4).map(|position| position == good).collect() }
        };
        let weights = descend(&(0..4).map(lesson).collect::<Vec<_>>(), |_| true);
        assert!(weights[0] > 1.0 && weights[1].abs() < 0.1, "{weights:?}");
    }
}
