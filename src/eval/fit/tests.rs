//! What is learnt from made-up lessons, what is left alone, and what is refused.

use super::*;
use crate::domain::PairKind;
use crate::suggest::features::{ANSWER_LENGTH, USUAL_GATES};

/// Four candidates; the right one, `good`, is told by the length of the answer, the first feature says nothing.
fn lesson(number: usize, judged: bool) -> Lesson {
    let good = number % 4;
    let mut rows = vec![[0.0; FEATURE_COUNT]; 4];
    for (at, row) in rows.iter_mut().enumerate() {
        row[ANSWER_LENGTH] = if at == good { 1.0 } else { 0.0 };
        row[0] = if (at + number / 4).is_multiple_of(2) { 1.0 } else { 0.0 };
    }
    let overlap: Vec<f32> = (0..4).map(|at| if at == good { 0.9 } else { 0.1 }).collect();
    let answers = (0..4).map(|at| (0..4).map(|other| if at == other { 1.0 } else { 0.0 }).collect()).collect();
    Lesson {
        fold: (number / 3).to_string(),
        rows,
        answers,
        texts: (0..4).map(|at| format!("answer {at}")).collect(),
        sources: (0..4).map(Uuid::from_u128).collect(),
        likeness: overlap.clone(),
        overlap,
        right: (0..4).map(|at| at == good).collect(),
        judged,
        gates: USUAL_GATES,
        kind: PairKind::Question,
    }
}

fn start() -> RankerWeights {
    RankerWeights { base: BTreeMap::new(), full: BTreeMap::new(), ..Ranker::shipped().weights().clone() }
}

#[test]
fn the_useful_feature_gets_the_weight_by_either_target() {
    for judged in [true, false] {
        let lessons = (0..60).map(|number| lesson(number, judged)).collect();
        let fitted = fit_now(lessons, &start(), Fitting::Weights(None), "a test").unwrap();
        assert!(fitted.replaced, "{fitted:?}");
        assert_eq!(fitted.decided_by, if judged { "mrr@3" } else { "chrf@3" });
        assert!((fitted.after.hit_1 - 1.0).abs() < 1e-9 && fitted.before.hit_1 < 0.5, "{fitted:?}");
        let weight = |name: &str| fitted.weights.full.get(name).copied().unwrap_or_default();
        assert!(weight("answer_length") > 1.0 && weight("question_cosine").abs() < 0.2, "{:?}", fitted.weights.full);
        assert_eq!(fitted.weights.fitted_on, "a test");
    }
}

#[test]
fn what_only_some_archives_bear_out_is_hardly_held() {
    let told_by = |place: usize| {
        let lesson = |number: usize| {
            let mut lesson = lesson(number, true);
            for row in &mut lesson.rows {
                row.swap(ANSWER_LENGTH, place);
            }
            lesson
        };
        let fitted = fit_now((0..60).map(lesson).collect(), &start(), Fitting::Weights(Some(0.1)), "a test").unwrap();
        fitted.weights.full.get(FEATURE_NAMES[place]).copied().unwrap_or_default()
    };
    let (free, held) = (told_by(CONTEXT_WORDS), told_by(ANSWER_LENGTH));
    assert!(free > 1.4 * held && held > 0.5, "{free} {held}");
}

#[test]
fn small_talk_is_not_counted_as_shown() {
    // One in five has no right answer, so that there is something to calibrate; one in four is small talk.
    let talk = |number: usize| {
        let lesson = lesson(number, true);
        let right = lesson.right.iter().map(|right| *right && !number.is_multiple_of(5)).collect();
        Lesson { right, kind: if number.is_multiple_of(4) { PairKind::SmallTalk } else { PairKind::Question }, ..lesson }
    };
    let fitted = fit_now((0..60).map(talk).collect(), &start(), Fitting::Weights(None), "a test").unwrap();
    assert!(fitted.coverage > 0.5 && fitted.coverage <= 0.75, "{fitted:?}");
}

#[test]
fn weights_that_gain_nothing_are_left_alone() {
    // The right one is drawn by a rule that no feature knows.
    let blind = |number: usize| {
        let mut lesson = lesson(number, true);
        for row in &mut lesson.rows {
            row[ANSWER_LENGTH] = 0.0;
            row[0] = 0.0;
        }
        lesson
    };
    let fitted = fit_now((0..60).map(blind).collect(), &start(), Fitting::Weights(None), "noise").unwrap();
    assert!(!fitted.replaced && fitted.weights.full.is_empty() && fitted.weights.trees.is_none(), "{fitted:?}");
    assert!((fitted.after.hit_1 - fitted.before.hit_1).abs() < 1e-9);
    // One in four is right, and the calibration has learnt it.
    assert!(fitted.ece < 0.1, "{fitted:?}");
    assert_ne!(fitted.weights.calibration, start().calibration);
}

#[test]
fn conversations_are_never_parted() {
    let lessons: Vec<Lesson> = (0..60).map(|number| lesson(number, true)).collect();
    let folds = folds(&lessons);
    for (lesson, fold) in lessons.iter().zip(&folds) {
        assert!(lessons.iter().zip(&folds).all(|(other, of)| other.fold != lesson.fold || of == fold));
    }
    assert!((0..FOLDS).all(|fold| folds.iter().filter(|of| **of == fold).count() == 12));
}

#[test]
fn too_little_is_told() {
    assert!(fit_now((0..10).map(|number| lesson(number, true)).collect(), &start(), Fitting::Weights(None), "").is_err());
    let one = |number: usize| Lesson { fold: String::new(), ..lesson(number, true) };
    assert!(fit_now((0..60).map(one).collect(), &start(), Fitting::Weights(None), "").is_err());
}

/// Twenty candidates; the right one is told by a feature that says the opposite where the customer's turn stands alone.
fn conditional(number: usize) -> Lesson {
    let (good, first) = (number * 7 % 20, number.is_multiple_of(2));
    let mut lesson = lesson(0, true);
    lesson.fold = (number / 3).to_string();
    lesson.gates.first = if first { 1.0 } else { 0.0 };
    lesson.rows = vec![[0.0; FEATURE_COUNT]; 20];
    for (at, row) in lesson.rows.iter_mut().enumerate() {
        row[ANSWER_LENGTH] = if (at == good) == first { 0.9 } else { 0.1 + 0.02 * (at % 5) as f32 };
        row[0] = ((at * 13 + number * 5) % 20) as f32 / 20.0;
    }
    lesson.answers = (0..20).map(|at| (0..20).map(|other| if at == other { 1.0 } else { 0.0 }).collect()).collect();
    lesson.texts = (0..20).map(|at| format!("answer {at}")).collect();
    lesson.sources = (0..20).map(Uuid::from_u128).collect();
    lesson.right = (0..20).map(|at| at == good).collect();
    (lesson.overlap, lesson.likeness) = (vec![0.0; 20], vec![0.0; 20]);
    lesson
}

#[test]
fn trees_are_taken_where_they_tell_what_no_weight_can_and_never_built_upon() {
    let lessons = || (0..120).map(conditional).collect();
    let fitted = fit_now(lessons(), &start(), Fitting::Weights(None), "a test").unwrap();
    assert!(fitted.trees > 0 && fitted.trees_gain > 0.3, "{fitted:?}");
    assert!(fitted.after.hit_1 > 0.8 && fitted.gain > fitted.gain_error, "{fitted:?}");
    // They are in force: the ranker that is made of the file boosts the right candidate.
    let (ranker, asked) = (Ranker::new(fitted.weights.clone()).unwrap(), conditional(301));
    let boosts = ranker.boosts(&Moment::new(asked.clone()).rows_with_consensus(ranker.base_weights()), asked.gates);
    let most = (0..20).max_by(|&a, &b| boosts[a].total_cmp(&boosts[b])).unwrap();
    assert!(asked.right[most], "{boosts:?}");

    // Fitted once more, what was before is told without them, though they know these moments by heart.
    let again = fit_now(lessons(), &fitted.weights, Fitting::Weights(None), "again").unwrap();
    assert!(again.before.hit_1 < 0.5 && again.trees > 0, "{again:?}");
    assert!(fit_now(lessons(), &fitted.weights, Fitting::Calibration, "calibrated").is_err());
    // Where they tell nothing, they go.
    let plain = |number| lesson(number, true);
    let without = fit_now((0..60).map(plain).collect(), &fitted.weights, Fitting::Weights(None), "another archive").unwrap();
    assert!(without.trees == 0 && without.weights.trees.is_none(), "{without:?}");
}
