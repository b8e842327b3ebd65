//! Teaches the three heads to put first what shares most with the answer really given.
//!
//! A lesson is a list of found answers. Its scores are the ranking's own, with the three cosines taken from the mapped vectors; its target
//! is a softmax over the answers' chrF; the loss is listwise cross-entropy (Cao et al., "Learning to rank: from pairwise approach to
//! listwise approach", ICML 2007). Heads begin at zero, so the first step starts from the unadapted ranking; AdamW (Loshchilov & Hutter,
//! ICLR 2019) with weight decay pulls them back there. Runs on the CPU and draws nothing at random but the order of lessons, from a fixed seed.

use std::collections::HashMap;
use std::sync::Arc;

use candle_core::{D, DType, Device, Tensor, Var};
use candle_nn::{AdamW, Optimizer, ParamsAdamW};
use uuid::Uuid;

use super::lessons::{KEPT, Lesson, Lessons};
use super::shown::Likenesses;
use super::{AdaptError, Observer, Parts};
use crate::domain::DeskId;
use crate::domain::random::SplitMix64;
use crate::index::DenseField;
use crate::retrieve::adapter::Head;

/// What a unit of the mapped answer cosine is worth, compared with the weight set for the bare one: the encoder was not made to compare a
/// question with its answer, an adapter is.
pub(super) const ANSWER_GAIN: f32 = 4.0;
/// Temperature of the target: 0.05 of chrF is a factor e.
const TARGET_TEMPERATURE: f64 = 0.05;
/// Step size.
const STEP: f64 = 5e-4;
/// Pull towards the unadapted vectors.
const DECAY: f64 = 0.01;
/// Lessons per step.
const BATCH: usize = 128;
/// Numbers of passes that are tried. A few far apart, because the held-out figure differs from pass to pass by more than it gains.
const STOPS: [u32; 3] = [4, 7, 10];
/// Where the order of lessons comes from.
const SEED: u64 = 11;
/// Score of a place in a batch where a lesson's list has ended.
const NO_ANSWER: f32 = -1e4;
/// Points read from the index at a time.
const PAGE: usize = 500;

/// Every point the lessons speak of, as the encoder made it. Half precision halves the memory (2.3 kB a point of 384 dimensions) and
/// changes a cosine by less than 0.001.
pub(super) struct Vectors {
    rows: HashMap<Uuid, u32>,
    /// One row per point, by [`DenseField::ALL`].
    fields: [Tensor; 3],
}

impl Vectors {
    /// Reads the points of all lessons, and others.
    pub(super) async fn read<O: Observer>(
        parts: &Parts,
        desk: &DeskId,
        lessons: &Lessons,
        others: impl Iterator<Item = Uuid>,
        observer: &O,
    ) -> Result<Self, O::Stop> {
        let all = lessons.older.iter().chain(lessons.newer.iter());
        let mut ids: Vec<Uuid> = all.flat_map(|lesson| lesson.found.iter().copied().chain([lesson.pair.as_uuid()])).chain(others).collect();
        ids.sort_unstable();
        ids.dedup();
        let total = ids.len() as u64;
        let mut rows = HashMap::with_capacity(ids.len());
        let mut pieces: [Vec<Tensor>; 3] = Default::default();
        for chunk in ids.chunks(PAGE) {
            observer.progress("reading vectors", rows.len() as u64, total).await?;
            let points = parts.index.fetch(desk, chunk).await.map_err(AdaptError::from)?;
            if points.is_empty() {
                continue;
            }
            for field in DenseField::ALL {
                let flat: Vec<f32> = points.iter().flat_map(|point| point.dense[field as usize].iter().copied()).collect();
                let piece =
                    Tensor::from_vec(flat, (points.len(), parts.dimension), &Device::Cpu).and_then(|piece| piece.to_dtype(DType::F16));
                pieces[field as usize].push(piece.map_err(AdaptError::from)?);
            }
            for point in points {
                rows.insert(point.id, rows.len() as u32);
            }
        }
        let whole = |field: DenseField| Tensor::cat(&pieces[field as usize], 0).map_err(AdaptError::from);
        let fields = [whole(DenseField::Question)?, whole(DenseField::Situation)?, whole(DenseField::Answer)?];
        Ok(Self { rows, fields })
    }

    #[cfg(test)]
    pub(super) fn of(points: &[(Uuid, [Vec<f32>; 3])]) -> candle_core::Result<Self> {
        let rows = points.iter().zip(0..).map(|((id, _), row)| (*id, row)).collect();
        let whole = |field: usize| -> candle_core::Result<Tensor> {
            let flat: Vec<f32> = points.iter().flat_map(|(_, vectors)| vectors[field].iter().copied()).collect();
            Tensor::from_vec(flat, (points.len(), points[0].1[field].len()), &Device::Cpu)?.to_dtype(DType::F16)
        };
        Ok(Self { rows, fields: [whole(0)?, whole(1)?, whole(2)?] })
    }

    /// Row of a point, if it was there.
    pub(super) fn row(&self, point: Uuid) -> Option<usize> {
        self.rows.get(&point).map(|row| *row as usize)
    }

    /// All rows of a field, one after the other.
    pub(super) fn flat(&self, field: DenseField) -> candle_core::Result<Vec<f32>> {
        self.fields[field as usize].to_dtype(DType::F32)?.flatten_all()?.to_vec1()
    }

    /// One vector of a point, if it was there.
    pub(super) fn vector(&self, point: Uuid, field: DenseField) -> candle_core::Result<Option<Vec<f32>>> {
        let Some(row) = self.row(point) else { return Ok(None) };
        self.fields[field as usize].get(row)?.to_dtype(DType::F32)?.to_vec1().map(Some)
    }

    fn pick(&self, field: DenseField, rows: &Tensor) -> candle_core::Result<Tensor> {
        self.fields[field as usize].index_select(rows, 0)?.to_dtype(DType::F32)
    }
}

/// What is taught to: the ranking's weights of the question's, situation's and answer's cosine.
#[derive(Debug, Clone)]
pub(super) struct Course {
    pub(super) weights: [f32; 3],
    pub(super) dimension: usize,
}

/// Learns the three heads on the blocking lane; none in no passes.
pub(super) async fn learn(
    course: &Arc<Course>,
    vectors: &Arc<Vectors>,
    lessons: &Arc<[Lesson]>,
    epochs: u32,
) -> Result<Option<[Head; 3]>, AdaptError> {
    if epochs == 0 {
        return Ok(None);
    }
    let (course, vectors, lessons) = (Arc::clone(course), Arc::clone(vectors), Arc::clone(lessons));
    let heads = crate::rt::cpu(move || {
        let mut learner = Learner::new(&course, &vectors)?;
        for epoch in 0..epochs {
            learner.pass(&lessons, epoch)?;
        }
        learner.heads()
    });
    Ok(Some(heads.await??))
}

impl Course {
    /// The scores of every answer the lessons found, as they are before anything is learnt; empty where a lesson's moment is gone.
    pub(super) fn scores(&self, vectors: &Vectors, lessons: &[Lesson]) -> candle_core::Result<Vec<Vec<f32>>> {
        Learner::new(self, vectors)?.bare_scores_of(lessons)
    }

    /// The number of passes over `lessons`, out of [`STOPS`] and none at all, after which the moments of `held_out` are answered best: by the
    /// overlap of what would be shown.
    pub(super) fn best_epochs(
        &self,
        vectors: &Vectors,
        likenesses: &Likenesses,
        lessons: &[Lesson],
        held_out: &[Lesson],
    ) -> candle_core::Result<u32> {
        let figure =
            |scores: &[Vec<f32>]| -> f64 { held_out.iter().zip(scores).map(|(lesson, scores)| likenesses.overlap(lesson, scores)).sum() };
        let mut learner = Learner::new(self, vectors)?;
        let (mut best, mut passed) = ((figure(&learner.bare_scores_of(held_out)?), 0), 0);
        for stop in STOPS {
            for epoch in passed..stop {
                learner.pass(lessons, epoch)?;
            }
            passed = stop;
            let figure = figure(&learner.scores_of(held_out)?);
            tracing::debug!(passes = stop, figure, bare_or_best = best.0, "passes tried");
            if figure > best.0 {
                best = (figure, stop);
            }
        }
        Ok(best.1)
    }
}

/// One head while it is learnt.
struct LearntHead {
    weight: Var,
    bias: Var,
}

struct Learner<'a> {
    course: &'a Course,
    vectors: &'a Vectors,
    heads: [LearntHead; 3],
    optimizer: AdamW,
}

/// Lessons side by side, every list filled up to the same length.
struct Batch {
    /// The moments' points.
    asked: Tensor,
    /// The found points, list after list.
    found: Tensor,
    /// (lessons, [`KEPT`]).
    fixed: Tensor,
    /// The same.
    overlap: Tensor,
    lessons: usize,
}

impl<'a> Learner<'a> {
    fn new(course: &'a Course, vectors: &'a Vectors) -> candle_core::Result<Self> {
        let head = || -> candle_core::Result<LearntHead> {
            Ok(LearntHead {
                weight: Var::zeros((course.dimension, course.dimension), DType::F32, &Device::Cpu)?,
                bias: Var::zeros(course.dimension, DType::F32, &Device::Cpu)?,
            })
        };
        let heads = [head()?, head()?, head()?];
        let variables = heads.iter().flat_map(|head| [head.weight.clone(), head.bias.clone()]).collect();
        let optimizer = AdamW::new(variables, ParamsAdamW { lr: STEP, weight_decay: DECAY, ..ParamsAdamW::default() })?;
        Ok(Self { course, vectors, heads, optimizer })
    }

    /// One pass over all lessons.
    fn pass(&mut self, lessons: &[Lesson], epoch: u32) -> candle_core::Result<()> {
        let mut order: Vec<usize> = (0..lessons.len()).collect();
        SplitMix64::new(SEED + u64::from(epoch)).shuffle(&mut order);
        for chunk in order.chunks(BATCH) {
            let Some(batch) = self.batch(chunk.iter().map(|&place| &lessons[place]))? else { continue };
            let log_votes = candle_nn::ops::log_softmax(&self.scores(&batch)?, D::Minus1)?;
            let target = candle_nn::ops::softmax(&((&batch.overlap / TARGET_TEMPERATURE)? + gaps(&batch.fixed)?)?, D::Minus1)?;
            let loss = ((target * log_votes)?.sum_all()? * (-1.0 / batch.lessons as f64))?;
            self.optimizer.backward_step(&loss)?;
        }
        Ok(())
    }

    /// The scores of every lesson's answers by the heads; empty where its moment is gone.
    fn scores_of(&self, lessons: &[Lesson]) -> candle_core::Result<Vec<Vec<f32>>> {
        self.by_lesson(lessons, |batch| self.scores(batch))
    }

    /// The same without any heads.
    fn bare_scores_of(&self, lessons: &[Lesson]) -> candle_core::Result<Vec<Vec<f32>>> {
        self.by_lesson(lessons, |batch| self.bare_scores(batch))
    }

    fn by_lesson(&self, lessons: &[Lesson], scores: impl Fn(&Batch) -> candle_core::Result<Tensor>) -> candle_core::Result<Vec<Vec<f32>>> {
        let mut all = Vec::with_capacity(lessons.len());
        for chunk in lessons.chunks(BATCH) {
            let there = |lesson: &&Lesson| self.vectors.row(lesson.pair.as_uuid()).is_some();
            let mut rows = match self.batch(chunk.iter().filter(there))? {
                Some(batch) => scores(&batch)?.to_vec2::<f32>()?.into_iter(),
                None => Vec::new().into_iter(),
            };
            all.extend(chunk.iter().map(|lesson| {
                let mut scores = if there(&lesson) { rows.next().unwrap_or_default() } else { Vec::new() };
                scores.truncate(lesson.found.len());
                scores
            }));
        }
        Ok(all)
    }

    /// (lessons, [`KEPT`]): as the encoder's vectors have it.
    fn bare_scores(&self, batch: &Batch) -> candle_core::Result<Tensor> {
        let mut scores = batch.fixed.clone();
        for (field, weight) in DenseField::ALL.into_iter().zip(self.course.weights) {
            // As `EncodedQuery::plain` does: answers are asked with the question.
            let source = if field == DenseField::Answer { DenseField::Question } else { field };
            let vector = self.vectors.pick(source, &batch.asked)?.unsqueeze(2)?;
            let found = self.vectors.pick(field, &batch.found)?.reshape((batch.lessons, KEPT, self.course.dimension))?;
            scores = (scores + (found.matmul(&vector)?.squeeze(2)? * f64::from(weight))?)?;
        }
        Ok(scores)
    }

    /// (lessons, [`KEPT`]).
    fn scores(&self, batch: &Batch) -> candle_core::Result<Tensor> {
        let mut scores = batch.fixed.clone();
        for (field, (head, weight)) in DenseField::ALL.into_iter().zip(self.heads.iter().zip(self.course.weights)) {
            // As `Adapter::adapt` does: answers are asked with the situation.
            let (source, weight) = match field {
                DenseField::Question => (DenseField::Question, weight),
                DenseField::Situation => (DenseField::Situation, weight),
                DenseField::Answer => (DenseField::Situation, weight * ANSWER_GAIN),
            };
            let vector = self.vectors.pick(source, &batch.asked)?;
            let mapped = ((&vector + vector.matmul(&head.weight.t()?)?)?).broadcast_add(&head.bias)?;
            let length = (mapped.sqr()?.sum_keepdim(1)? + 1e-12)?.sqrt()?;
            let mapped = mapped.broadcast_div(&length)?.unsqueeze(2)?;
            let found = self.vectors.pick(field, &batch.found)?.reshape((batch.lessons, KEPT, self.course.dimension))?;
            scores = (scores + (found.matmul(&mapped)?.squeeze(2)? * f64::from(weight))?)?;
        }
        Ok(scores)
    }

    /// `None` where no lesson's points are there any more.
    fn batch<'l>(&self, lessons: impl Iterator<Item = &'l Lesson>) -> candle_core::Result<Option<Batch>> {
        let (mut asked, mut found, mut fixed, mut overlap) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        for lesson in lessons {
            let Some(&row) = self.vectors.rows.get(&lesson.pair.as_uuid()) else { continue };
            asked.push(row);
            let mut places = 0;
            for ((point, score), share) in lesson.found.iter().zip(&lesson.fixed).zip(&lesson.overlap).take(KEPT) {
                // A point that has left the index meanwhile keeps its place, so that scores and answers stay side by side.
                let there = self.vectors.rows.get(point);
                found.push(there.copied().unwrap_or(row));
                fixed.push(there.map_or(NO_ANSWER, |_| *score));
                overlap.push(there.map_or(0.0, |_| *share));
                places += 1;
            }
            for _ in places..KEPT {
                found.push(row);
                fixed.push(NO_ANSWER);
                overlap.push(0.0);
            }
        }
        let lessons = asked.len();
        if lessons == 0 {
            return Ok(None);
        }
        Ok(Some(Batch {
            asked: Tensor::from_vec(asked, lessons, &Device::Cpu)?,
            found: Tensor::from_vec(found, lessons * KEPT, &Device::Cpu)?,
            fixed: Tensor::from_vec(fixed, (lessons, KEPT), &Device::Cpu)?,
            overlap: Tensor::from_vec(overlap, (lessons, KEPT), &Device::Cpu)?,
            lessons,
        }))
    }

    fn heads(&self) -> candle_core::Result<[Head; 3]> {
        let head = |field: DenseField| -> candle_core::Result<Head> {
            let LearntHead { weight, bias } = &self.heads[field as usize];
            Ok(Head { weight: weight.flatten_all()?.to_vec1()?, bias: bias.to_vec1()? })
        };
        Ok([head(DenseField::Question)?, head(DenseField::Situation)?, head(DenseField::Answer)?])
    }
}

/// 0 where a list has an answer, a large negative number where it has ended.
fn gaps(fixed: &Tensor) -> candle_core::Result<Tensor> {
    fixed.le(f64::from(NO_ANSWER))?.to_dtype(DType::F32)? * f64::from(NO_ANSWER)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::PairId;

    const DIMENSION: usize = 16;

    fn axis(at: usize) -> Vec<f32> {
        (0..DIMENSION).map(|place| if place == at { 1.0 } else { 0.0 }).collect()
    }

    fn id(number: usize) -> Uuid {
        Uuid::from_u128(number as u128 + 1)
    }

    /// Questions on axis 0–3 are answered well by answers on axis 8–11, which the bare vectors can't know.
    fn archive() -> (Vectors, Vec<Lesson>) {
        let mut points = Vec::new();
        let mut lessons = Vec::new();
        for number in 0..4 {
            points.push((id(number), [axis(number), axis(number), axis(8 + number)]));
        }
        for repeat in 0..40 {
            for number in 0..4 {
                let asked = 4 + repeat * 4 + number;
                points.push((id(asked), [axis(number), axis(number), axis(15)]));
                let overlap = (0..4).map(|other| if other == number { 0.9 } else { 0.1 }).collect();
                // The question's own likeness is the same everywhere: only the answer can tell.
                lessons.push(Lesson { pair: PairId::from_uuid(id(asked)), found: (0..4).map(id).collect(), fixed: vec![0.0; 4], overlap });
            }
        }
        (Vectors::of(&points).unwrap(), lessons)
    }

    /// Mean overlap of the first answer by score and of the best of three, added.
    fn overlap(learner: &Learner<'_>, lessons: &[Lesson]) -> f64 {
        let scores = learner.scores_of(lessons).unwrap();
        let of = |lesson: &Lesson, scores: &[f32]| {
            let mut order: Vec<usize> = (0..scores.len()).collect();
            order.sort_by(|&a, &b| scores[b].total_cmp(&scores[a]).then(a.cmp(&b)));
            let best = order.iter().take(3).map(|&place| lesson.overlap[place]).fold(0.0, f32::max);
            order.first().map_or(0.0, |&first| f64::from(lesson.overlap[first] + best))
        };
        lessons.iter().zip(&scores).map(|(lesson, scores)| of(lesson, scores)).sum::<f64>() / lessons.len() as f64
    }

    fn course() -> Course {
        Course { weights: [0.0, 0.0, 1.0], dimension: DIMENSION }
    }

    #[test]
    fn learns_which_answers_belong_to_which_questions() {
        let (vectors, lessons) = archive();
        let course = course();
        let mut learner = Learner::new(&course, &vectors).unwrap();
        let before = overlap(&learner, &lessons);
        assert!((before - 1.0).abs() < 1e-3, "four answers alike, in order of id: first 0.3, three 0.7: {before}");
        for epoch in 0..10 {
            learner.pass(&lessons, epoch).unwrap();
        }
        let after = overlap(&learner, &lessons);
        assert!((after - 1.8).abs() < 1e-3, "the right one first, always: {after}");
        let heads = learner.heads().unwrap();
        let mapped = heads[DenseField::Answer as usize].apply(&axis(2));
        let best = (8..12).max_by(|&a, &b| mapped[a].total_cmp(&mapped[b])).unwrap();
        assert_eq!(best, 10, "the saved head maps as the learnt one did");
    }

    #[test]
    fn the_same_lessons_give_the_same_heads() {
        let (vectors, lessons) = archive();
        let learnt = || {
            let course = course();
            let mut learner = Learner::new(&course, &vectors).unwrap();
            learner.pass(&lessons, 0).unwrap();
            learner.heads().unwrap()
        };
        assert_eq!(learnt(), learnt());
    }

    #[test]
    fn short_lists_and_lost_points_count_for_nothing() {
        let (vectors, lessons) = archive();
        let course = course();
        let learner = Learner::new(&course, &vectors).unwrap();
        let lost = Lesson { found: vec![id(0), id(9_999), id(1)], fixed: vec![0.0; 3], overlap: vec![0.6, 1.0, 0.7], ..lessons[0].clone() };
        let gone = Lesson { pair: PairId::from_uuid(id(9_999)), ..lessons[0].clone() };
        let scores = learner.scores_of(&[gone, lost]).unwrap();
        assert!(scores[0].is_empty());
        assert_eq!(scores[1].len(), 3);
        assert!(scores[1][1] < scores[1][0].min(scores[1][2]) - 1e3, "the lost point is last: {scores:?}");
    }
}
