//! Teaches the classifier of replies ([`crate::retrieve::replies`]) an archive's habits: after such a question, at such a point, what kind of
//! reply was given.
//!
//! Kinds are found by k-means on the answers' vectors. The network is taught by cross-entropy with label smoothing (Szegedy et al., CVPR
//! 2016), dropout (Srivastava et al., JMLR 2014) and AdamW. What a forecast is worth beside the ranking's own scores is found on lessons
//! asked of a network that has not seen their conversations (cross-fitting: three networks, each taught two thirds).

use std::collections::HashMap;

use candle_core::{D, DType, Device, Tensor, Var};
use candle_nn::{AdamW, Optimizer, ParamsAdamW};
use uuid::Uuid;

use super::Moment;
use super::history::Histories;
use super::lessons::Lesson;
use super::shown::Likenesses;
use super::train::Vectors;
use crate::domain::random::SplitMix64;
use crate::domain::{ConversationId, PairId};
use crate::index::DenseField;
use crate::retrieve::History;
use crate::retrieve::kmeans::spherical_k_means;
use crate::retrieve::replies::{GRAINS, ReplyModel, ReplyWeights, input_width, nearest, reply_input};

/// Networks that lessons are asked of.
pub(super) const FOLDS: usize = 3;
/// Width of the hidden layer.
const HIDDEN: usize = 384;
/// Answers per fine kind, and the most kinds there are.
const ANSWERS_PER_KIND: usize = 5;
const MOST_KINDS: usize = 512;
/// Fine kinds per middle kind, and middle kinds per coarse kind.
const BRANCHING: usize = 4;
/// Rounds of k-means.
const ROUNDS: usize = 12;
/// Passes over the archive.
const EPOCHS: usize = 15;
/// Moments per step.
const BATCH: usize = 128;
/// Step size and pull towards zero.
const STEP: f64 = 1e-3;
const DECAY: f64 = 0.01;
/// Share of values left out while learning.
const DROPOUT: f64 = 0.3;
/// Share of the target that goes to all kinds alike.
const SMOOTHING: f64 = 0.05;
/// Where every draw begins.
const SEED: u64 = 23;
/// What the forecast is tried to be worth, in the ranker's score per unit of log probability; 0 is none at all.
const WORTHS: [f32; 6] = [0.0, 0.15, 0.3, 0.5, 0.8, 1.2];
/// How the worth is tried to be shared out among the grains.
const SHARES: [[f32; GRAINS]; 3] = [[1.0, 1.0, 1.0], [0.0, 1.0, 1.0], [0.0, 0.0, 1.0]];

/// Moments as the network sees them.
pub(super) struct Scenes {
    dimension: usize,
    places: HashMap<PairId, usize>,
    conversations: Vec<ConversationId>,
    /// A row of [`input_width`] values per moment.
    inputs: Vec<f32>,
    /// A unit vector per moment.
    answers: Vec<f32>,
}

impl Scenes {
    /// Describes every moment whose point is there.
    pub(super) fn of(vectors: &Vectors, moments: &[Moment], histories: &Histories, dimension: usize) -> candle_core::Result<Self> {
        let fields = [vectors.flat(DenseField::Question)?, vectors.flat(DenseField::Situation)?, vectors.flat(DenseField::Answer)?];
        let vector = |point: Uuid, field: DenseField| -> Option<&[f32]> {
            let row = vectors.row(point)? * dimension;
            Some(&fields[field as usize][row..row + dimension])
        };
        let mut scenes = Self { dimension, places: HashMap::new(), conversations: Vec::new(), inputs: Vec::new(), answers: Vec::new() };
        for moment in moments {
            let point = moment.pair.as_uuid();
            if scenes.places.contains_key(&moment.pair) {
                continue;
            }
            let [Some(question), Some(situation), Some(answer)] = DenseField::ALL.map(|field| vector(point, field)) else { continue };
            let steps = histories.steps(moment.pair);
            let history = History::of(steps.iter().filter_map(|&(point, field)| vector(point, field)));
            scenes.places.insert(moment.pair, scenes.conversations.len());
            scenes.conversations.push(moment.conversation);
            scenes.inputs.extend(reply_input(question, situation, &history));
            scenes.answers.extend_from_slice(answer);
        }
        Ok(scenes)
    }

    /// The fold of a moment; a conversation is in one fold as a whole.
    fn fold(&self, place: usize) -> usize {
        (self.conversations[place].as_uuid().as_u128() % FOLDS as u128) as usize
    }

    fn input(&self, place: usize) -> &[f32] {
        let width = input_width(self.dimension);
        &self.inputs[place * width..(place + 1) * width]
    }

    /// Places of the given moments.
    pub(super) fn places(&self, moments: &[Moment]) -> Vec<usize> {
        moments.iter().filter_map(|moment| self.places.get(&moment.pair).copied()).collect()
    }

    /// Teaches a network the moments at `places`; `None` where there are too few to tell kinds apart.
    pub(super) fn learn(&self, places: &[usize]) -> candle_core::Result<Option<ReplyModel>> {
        let fine = (places.len() / ANSWERS_PER_KIND).min(MOST_KINDS);
        if fine < BRANCHING * BRANCHING {
            return Ok(None);
        }
        let answers: Vec<&[f32]> =
            places.iter().map(|&place| &self.answers[place * self.dimension..(place + 1) * self.dimension]).collect();
        let kinds = Kinds::of(&answers, fine, self.dimension);
        Network::new(self.dimension, kinds.counts)?.learn(self, places, &kinds).map(Some)
    }

    /// Teaches the network of one fold: everything at `places` but the fold's conversations.
    pub(super) fn learn_fold(&self, places: &[usize], fold: usize) -> candle_core::Result<Option<ReplyModel>> {
        let others: Vec<usize> = places.iter().copied().filter(|&place| self.fold(place) != fold).collect();
        self.learn(&others)
    }

    /// Whether a network of this fold was not taught the lesson's conversation.
    pub(super) fn is_of_fold(&self, lesson: &Lesson, fold: usize) -> bool {
        self.places.get(&lesson.pair).is_some_and(|&place| self.fold(place) == fold)
    }

    /// The log probabilities of the kinds of every answer a lesson found, by grain.
    pub(super) fn expected(&self, model: &mut Asked<'_>, lesson: &Lesson) -> Vec<[f32; GRAINS]> {
        let Some(&place) = self.places.get(&lesson.pair) else { return vec![[0.0; GRAINS]; lesson.found.len()] };
        let grains = model.model.log_probabilities(self.input(place));
        lesson.found.iter().map(|point| model.grains_of(*point, &grains)).collect()
    }
}

/// A network with the kinds of answers it was asked about.
pub(super) struct Asked<'a> {
    model: &'a ReplyModel,
    vectors: &'a Vectors,
    answers: &'a [f32],
    kinds: HashMap<Uuid, usize>,
}

impl<'a> Asked<'a> {
    /// `answers` are those of [`Vectors::flat`].
    pub(super) fn of(model: &'a ReplyModel, vectors: &'a Vectors, answers: &'a [f32]) -> Self {
        Self { model, vectors, answers, kinds: HashMap::new() }
    }

    fn grains_of(&mut self, point: Uuid, grains: &[Vec<f32>; GRAINS]) -> [f32; GRAINS] {
        let Some(row) = self.vectors.row(point) else { return [0.0; GRAINS] };
        let weights = self.model.weights();
        let dimension = weights.centres.len() / weights.parents.len();
        let fine = *self
            .kinds
            .entry(point)
            .or_insert_with(|| nearest(&self.answers[row * dimension..(row + 1) * dimension], &weights.centres, dimension));
        let [coarse, middle] = weights.parents[fine];
        [grains[0][coarse as usize], grains[1][middle as usize], grains[2][fine]]
    }
}

/// Finds what forecasts are worth beside the scores of lessons: by the overlap of what would be shown. `scores` and `expected` have an
/// element per found answer of each lesson.
pub(super) fn find_worth(
    lessons: &[Lesson],
    likenesses: &Likenesses,
    scores: &[Vec<f32>],
    expected: &[Vec<[f32; GRAINS]>],
) -> [f32; GRAINS] {
    let mut best = (f64::MIN, [0.0; GRAINS]);
    for worth in WORTHS {
        for share in SHARES {
            let worth = share.map(|share| share * worth);
            let figures = lessons.iter().zip(scores).zip(expected).map(|((lesson, scores), expected)| {
                let scores: Vec<f32> = scores.iter().zip(expected).map(|(score, expected)| score + bonus(worth, expected)).collect();
                likenesses.overlap(lesson, &scores)
            });
            let figure = figures.sum::<f64>();
            tracing::debug!(?worth, figure = figure / lessons.len() as f64, "forecasts tried");
            // A tie goes to what was tried before: to less.
            if figure > best.0 + 1e-9 {
                best = (figure, worth);
            }
            if worth == [0.0; GRAINS] {
                break;
            }
        }
    }
    best.1
}

/// Lessons whose fixed scores have the forecasts in them.
pub(super) fn with_forecasts(lessons: &[Lesson], expected: &[Vec<[f32; GRAINS]>], worth: [f32; GRAINS]) -> Vec<Lesson> {
    let lessons = lessons.iter().zip(expected).map(|(lesson, expected)| {
        let fixed = lesson.fixed.iter().zip(expected).map(|(fixed, expected)| fixed + bonus(worth, expected)).collect();
        Lesson { fixed, ..lesson.clone() }
    });
    lessons.collect()
}

fn bonus(worth: [f32; GRAINS], expected: &[f32; GRAINS]) -> f32 {
    // As `Forecast` does.
    worth.iter().zip(expected).map(|(worth, log_probability)| worth * log_probability.max(crate::retrieve::replies::FLOOR)).sum()
}

/// The kinds of an archive's answers.
struct Kinds {
    counts: [usize; GRAINS],
    /// Kind of every answer, by grain.
    of: [Vec<u32>; GRAINS],
    centres: Vec<f32>,
    parents: Vec<[u32; GRAINS - 1]>,
}

impl Kinds {
    fn of(answers: &[&[f32]], fine: usize, dimension: usize) -> Self {
        let found = spherical_k_means(answers, fine, ROUNDS, SEED);
        let centres: Vec<&[f32]> = found.centres.chunks_exact(dimension).collect();
        let middle = spherical_k_means(&centres, centres.len() / BRANCHING, ROUNDS, SEED);
        let middle_centres: Vec<&[f32]> = middle.centres.chunks_exact(dimension).collect();
        let coarse = spherical_k_means(&middle_centres, middle_centres.len() / BRANCHING, ROUNDS, SEED);
        let parents: Vec<[u32; GRAINS - 1]> =
            middle.assigned.iter().map(|&middle| [coarse.assigned[middle] as u32, middle as u32]).collect();
        let of_answers = |grain: usize| found.assigned.iter().map(|&fine| parents[fine][grain]).collect();
        let of = [of_answers(0), of_answers(1), found.assigned.iter().map(|&fine| fine as u32).collect()];
        let counts = [coarse.centres.len() / dimension, middle_centres.len(), centres.len()];
        Self { counts, of, parents, centres: found.centres }
    }
}

/// The network while it is taught.
struct Network {
    kinds: [usize; GRAINS],
    input: Var,
    input_bias: Var,
    output: Var,
    output_bias: Var,
    random: SplitMix64,
}

impl Network {
    fn new(dimension: usize, kinds: [usize; GRAINS]) -> candle_core::Result<Self> {
        let mut random = SplitMix64::new(SEED);
        let width = input_width(dimension);
        let input = drawn(&mut random, HIDDEN, width)?;
        let output = drawn(&mut random, kinds.iter().sum(), HIDDEN)?;
        let zeros = |count: usize| Var::zeros(count, DType::F32, &Device::Cpu);
        Ok(Self { kinds, input, input_bias: zeros(HIDDEN)?, output, output_bias: zeros(kinds.iter().sum())?, random })
    }

    fn learn(mut self, scenes: &Scenes, places: &[usize], kinds: &Kinds) -> candle_core::Result<ReplyModel> {
        let variables = [&self.input, &self.input_bias, &self.output, &self.output_bias].map(Var::clone).to_vec();
        let mut optimizer = AdamW::new(variables, ParamsAdamW { lr: STEP, weight_decay: DECAY, ..ParamsAdamW::default() })?;
        for _ in 0..EPOCHS {
            let mut order: Vec<usize> = (0..places.len()).collect();
            self.random.shuffle(&mut order);
            for chunk in order.chunks(BATCH) {
                let loss = self.loss(scenes, places, kinds, chunk)?;
                optimizer.backward_step(&loss)?;
            }
        }
        let numbers = |var: &Var| var.flatten_all()?.to_vec1::<f32>();
        let weights = ReplyWeights {
            input: numbers(&self.input)?,
            input_bias: numbers(&self.input_bias)?,
            output: numbers(&self.output)?,
            output_bias: numbers(&self.output_bias)?,
            centres: kinds.centres.clone().into(),
            parents: kinds.parents.clone(),
            worth: [0.0; GRAINS],
        };
        ReplyModel::new(scenes.dimension, self.kinds, weights)
            .ok_or_else(|| candle_core::Error::Msg("the kinds of replies do not fit".into()))
    }

    fn loss(&mut self, scenes: &Scenes, places: &[usize], kinds: &Kinds, chunk: &[usize]) -> candle_core::Result<Tensor> {
        let width = input_width(scenes.dimension);
        let inputs: Vec<f32> = chunk.iter().flat_map(|&at| scenes.input(places[at]).iter().copied()).collect();
        let inputs = (Tensor::from_vec(inputs, (chunk.len(), width), &Device::Cpu)? * self.kept(chunk.len(), width)?)?;
        let hidden = inputs.matmul(&self.input.t()?)?.broadcast_add(&self.input_bias)?.relu()?;
        let hidden = (hidden * self.kept(chunk.len(), HIDDEN)?)?;
        let scores = hidden.matmul(&self.output.t()?)?.broadcast_add(&self.output_bias)?;
        let mut loss = Tensor::zeros((), DType::F32, &Device::Cpu)?;
        let mut start = 0;
        for (count, of) in self.kinds.into_iter().zip(&kinds.of) {
            let log_probabilities = candle_nn::ops::log_softmax(&scores.narrow(D::Minus1, start, count)?, D::Minus1)?;
            let right: Vec<u32> = chunk.iter().map(|&at| of[at]).collect();
            let right = log_probabilities.gather(&Tensor::from_vec(right, (chunk.len(), 1), &Device::Cpu)?, 1)?.mean_all()?;
            let all = log_probabilities.mean_all()?;
            loss = (loss - ((right * (1.0 - SMOOTHING))? + (all * SMOOTHING)?)?)?;
            start += count;
        }
        Ok(loss)
    }

    /// What dropout leaves: 0 or 1 over the share that is kept.
    fn kept(&mut self, rows: usize, width: usize) -> candle_core::Result<Tensor> {
        let scale = (1.0 / (1.0 - DROPOUT)) as f32;
        let mask: Vec<f32> = (0..rows * width).map(|_| if self.random.next_unit() < DROPOUT { 0.0 } else { scale }).collect();
        Tensor::from_vec(mask, (rows, width), &Device::Cpu)
    }
}

/// Weights drawn evenly from ±1/√width, the usual start of a linear layer.
fn drawn(random: &mut SplitMix64, rows: usize, width: usize) -> candle_core::Result<Var> {
    let bound = 1.0 / (width as f64).sqrt();
    let values: Vec<f32> = (0..rows * width).map(|_| ((random.next_unit() * 2.0 - 1.0) * bound) as f32).collect();
    Var::from_vec(values, (rows, width), &Device::Cpu)
}

#[cfg(test)]
mod tests {
    use super::*;

    const DIMENSION: usize = 8;

    fn axis(at: usize) -> Vec<f32> {
        (0..DIMENSION).map(|place| if place == at { 1.0 } else { 0.0 }).collect()
    }

    fn id(number: usize) -> Uuid {
        Uuid::from_u128(number as u128)
    }

    /// 160 conversations of one question each: question `n` is answered by answer `n + 4`, whose words are nothing like it.
    fn archive() -> (Vectors, Vec<Moment>) {
        let points: Vec<(Uuid, [Vec<f32>; 3])> =
            (0..160).map(|number| (id(number), [axis(number % 4), axis(number % 4), axis(4 + number % 4)])).collect();
        let moment = |number: usize| Moment {
            pair: PairId::from_uuid(id(number)),
            conversation: ConversationId::from_uuid(id(number)),
            at: None,
            position: 0,
            answer_end: 0,
            previous_end: 1,
        };
        (Vectors::of(&points).unwrap(), (0..160).map(moment).collect())
    }

    fn scenes(vectors: &Vectors, moments: &[Moment]) -> Scenes {
        Scenes::of(vectors, moments, &Histories::of(moments), DIMENSION).unwrap()
    }

    #[test]
    fn habits_are_learnt() {
        let (vectors, moments) = archive();
        let scenes = scenes(&vectors, &moments);
        let model = scenes.learn(&scenes.places(&moments)).unwrap().unwrap().worth([0.0, 0.0, 1.0]);
        for number in 0..4 {
            let forecast = model.forecast(&reply_input(&axis(number), &axis(number), &History::default()));
            let best = (4..8).max_by(|&a, &b| forecast.of(&axis(a)).total_cmp(&forecast.of(&axis(b))));
            assert_eq!(best, Some(4 + number));
        }
    }

    #[test]
    fn the_same_archive_gives_the_same_network() {
        let (vectors, moments) = archive();
        let scenes = scenes(&vectors, &moments);
        let places = scenes.places(&moments);
        assert_eq!(scenes.learn(&places).unwrap(), scenes.learn(&places).unwrap());
    }

    #[test]
    fn a_small_archive_has_no_kinds() {
        let (vectors, moments) = archive();
        let scenes = scenes(&vectors, &moments);
        assert!(scenes.learn(&scenes.places(&moments[..40])).unwrap().is_none());
    }

    #[test]
    fn every_conversation_is_of_one_fold() {
        let (vectors, moments) = archive();
        let scenes = scenes(&vectors, &moments);
        let lesson =
            |number: usize| Lesson { pair: PairId::from_uuid(id(number)), found: Vec::new(), fixed: Vec::new(), overlap: Vec::new() };
        for number in 0..160 {
            assert_eq!((0..FOLDS).filter(|&fold| scenes.is_of_fold(&lesson(number), fold)).count(), 1);
        }
    }

    #[test]
    fn forecasts_are_worth_what_they_gain() {
        let lesson = |right: usize| Lesson {
            pair: PairId::from_uuid(id(right)),
            found: vec![id(1), id(2), id(3), id(4), id(5)],
            fixed: vec![0.0; 5],
            overlap: (0..5).map(|place| if place == right { 0.9 } else { 0.1 }).collect(),
        };
        let lessons = [lesson(4), lesson(3)];
        let scores = vec![vec![0.9, 0.8, 0.7, 0.6, 0.5]; 2];
        let knowing: Vec<Vec<[f32; GRAINS]>> =
            [4, 3].map(|right| (0..5).map(|place| [-1.0, -1.0, if place == right { -0.1 } else { -4.0 }]).collect()).to_vec();
        let points: Vec<(Uuid, [Vec<f32>; 3])> = (1..=5).map(|number| (id(number), [axis(0), axis(0), axis(number)])).collect();
        let vectors = Vectors::of(&points).unwrap();
        let answers = vectors.flat(DenseField::Answer).unwrap();
        let likenesses = Likenesses::of(&lessons, &vectors, &answers, DIMENSION, 6.0);
        let worth = find_worth(&lessons, &likenesses, &scores, &knowing);
        assert!(worth[GRAINS - 1] > 0.0, "{worth:?}");
        let forecast = with_forecasts(&lessons, &knowing, worth);
        assert!(forecast[0].fixed[4] > forecast[0].fixed[0]);
        let ignorant = vec![vec![[-1.0, -1.0, -2.0]; 5]; 2];
        assert_eq!(find_worth(&lessons, &likenesses, &scores, &ignorant), [0.0; GRAINS], "what changes nothing is worth nothing");
    }
}
