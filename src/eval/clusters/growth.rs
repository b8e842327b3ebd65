//! What clusters cost as an archive grows: real questions and perturbed copies of them, through the real index.

use std::collections::HashMap;
use std::time::Instant;

use uuid::Uuid;

use crate::domain::desk::InvalidDeskId;
use crate::domain::random::SplitMix64;
use crate::domain::{DeskId, Language, PairKind, Pool};
use crate::embed::{Embedder, TextKind};
use crate::eval::systems::{RIPOSTE, SystemFigures};
use crate::eval::workbench::{EvalError, embed_all};
use crate::index::{IndexFilter, IndexPoint, PointPayload, SparseVector, VectorIndex};
use crate::jobs::neighbours::{Asked, neighbours_of};
use crate::mining::cluster::{Constraints, GroupSettings, Question, group};
use crate::retrieve::encode::normalise;
use crate::text::language::detect;

/// Where the drawing of copies starts.
const SEED: u64 = 1;
/// Length of what is added to a copy's vector, in a random direction: a copy is similar to its original by 0.89, as two wordings of one question are.
const NOISE: f32 = 0.5;
/// Share of its words that a copy keeps.
const WORDS_KEPT: f64 = 0.7;
/// Points written at a time.
const WRITTEN: usize = 1_000;
/// Questions asked of the index at a time.
const ASKED: usize = 2_048;

/// Questions with their vectors.
pub struct Grown {
    texts: Vec<String>,
    /// One after the other, each of length 1.
    pub vectors: Vec<f32>,
    dimension: usize,
}

impl Grown {
    /// The questions themselves first, then perturbed copies of them in turn, `count` in all.
    ///
    /// # Errors
    /// When there are no questions, or the encoder fails.
    pub async fn new(embedder: &dyn Embedder, questions: &[String], count: usize) -> Result<Self, EvalError> {
        let questions = &questions[..count.min(questions.len())];
        let real = embed_all(embedder, questions, TextKind::Query).await?;
        let dimension = real.first().map(Vec::len).ok_or_else(|| EvalError::Unusable("there are no questions to grow from".to_owned()))?;
        let mut random = SplitMix64::new(SEED);
        let mut texts: Vec<String> = questions.to_vec();
        let mut vectors: Vec<f32> = real.iter().flatten().copied().collect();
        for copy in questions.len()..count {
            let original = copy % questions.len();
            vectors.extend(perturbed(&real[original], &mut random));
            texts.push(fewer_words(&questions[original], &mut random));
        }
        Ok(Self { texts, vectors, dimension })
    }

    /// How many there are.
    #[must_use]
    pub fn count(&self) -> usize {
        self.texts.len()
    }

    /// Length of a vector.
    #[must_use]
    pub fn dimension(&self) -> usize {
        self.dimension
    }

    pub(in crate::eval) fn text(&self, place: usize) -> &str {
        &self.texts[place]
    }

    pub(in crate::eval) fn vector(&self, place: usize) -> &[f32] {
        &self.vectors[place * self.dimension..(place + 1) * self.dimension]
    }
}

/// What is filtered on, of a question that some conversation of the archive might hold.
pub(in crate::eval) fn payload(desk: &DeskId, id: Uuid, language: Language) -> PointPayload {
    PointPayload {
        desk: desk.clone(),
        pool: Pool::Archive,
        kind: PairKind::Question,
        language,
        source: id,
        conversation: None,
        answered_at: None,
        valid_from: None,
        valid_to: None,
        tags: Vec::new(),
    }
}

/// A vector of length 1 that is similar to another one.
pub(in crate::eval) fn perturbed(original: &[f32], random: &mut SplitMix64) -> Vec<f32> {
    let mut vector: Vec<f32> = original.iter().map(|_| random.next_unit() as f32 - 0.5).collect();
    normalise(&mut vector);
    for (value, of_original) in vector.iter_mut().zip(original) {
        *value = NOISE * *value + of_original;
    }
    normalise(&mut vector);
    vector
}

/// A text without some of its words (Latin), or characters.
fn fewer_words(text: &str, random: &mut SplitMix64) -> String {
    let mut keep = || random.next_unit() < WORDS_KEPT;
    if text.contains(' ') {
        return text.split(' ').filter(|_| keep()).collect::<Vec<_>>().join(" ");
    }
    text.chars().filter(|_| keep()).collect()
}

/// Times each part of what the product does with so many questions; memory is the process's own, the index in it included.
///
/// # Errors
/// When the index fails.
pub async fn growth(index: &dyn VectorIndex, grown: Grown) -> Result<SystemFigures, EvalError> {
    let desk: DeskId = "growth".parse().map_err(|error: InvalidDeskId| EvalError::Unusable(error.to_string()))?;
    let count = grown.texts.len();
    let ids: Vec<Uuid> = (0..count as u128).map(|place| Uuid::from_u128(place + 1)).collect();
    let languages: Vec<Language> = grown.texts.iter().map(|text| detect(text)).collect();
    let mut figures = Figures::default();

    let started = Instant::now();
    for (batch, places) in ids.chunks(WRITTEN).zip((0..count).step_by(WRITTEN)) {
        let point = |(offset, id): (usize, &Uuid)| {
            let vector = grown.vector(places + offset).to_vec();
            IndexPoint {
                id: *id,
                payload: payload(&desk, *id, languages[places + offset]),
                dense: [vector.clone(), vector.clone(), vector],
                sparse: std::array::from_fn(|_| SparseVector::default()),
            }
        };
        index.upsert(batch.iter().enumerate().map(point).collect()).await?;
    }
    index.optimize().await?;
    figures.add("index_seconds", started.elapsed().as_secs_f64());
    figures.add("index_mb", resident_mb());

    let started = Instant::now();
    let places: HashMap<Uuid, usize> = ids.iter().enumerate().map(|(place, id)| (*id, place)).collect();
    let filter = IndexFilter { pools: vec![Pool::Archive], kinds: vec![PairKind::Question], ..IndexFilter::desk(desk) };
    let mut neighbours = Vec::with_capacity(count);
    for from in (0..count).step_by(ASKED) {
        let asked: Vec<Asked<'_>> = (from..(from + ASKED).min(count))
            .map(|place| Asked { id: ids[place], language: languages[place], vector: grown.vector(place) })
            .collect();
        neighbours.extend(neighbours_of(index, &filter, &asked, &places).await?);
    }
    drop(places);
    figures.add("neighbour_seconds", started.elapsed().as_secs_f64());

    let started = Instant::now();
    let found = crate::rt::cpu(move || {
        let questions: Vec<Question<'_>> =
            grown.texts.iter().enumerate().map(|(place, text)| Question { text, vector: grown.vector(place) }).collect();
        group(&questions, &neighbours, &Constraints::default(), GroupSettings::default())
    })
    .await?;
    figures.add("group_seconds", started.elapsed().as_secs_f64());
    figures.add("k", super::cluster_count(&found) as f64);
    figures.add("peak_mb", peak_mb());
    Ok(SystemFigures::from([(RIPOSTE.to_owned(), figures.0)]))
}

#[derive(Default)]
struct Figures(std::collections::BTreeMap<String, f64>);

impl Figures {
    /// Notes a figure; what this system can't tell (NaN) is left out.
    fn add(&mut self, name: &str, value: f64) {
        if value.is_finite() {
            self.0.insert(name.to_owned(), value);
        }
    }
}

/// Memory of this process; NaN where the system does not tell.
pub(in crate::eval) fn resident_mb() -> f64 {
    process_mb("VmRSS:")
}

fn peak_mb() -> f64 {
    process_mb("VmHWM:")
}

/// A line of Linux's account of this process, in megabytes; NaN elsewhere.
fn process_mb(field: &str) -> f64 {
    let status = fs_err::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix(field));
    line.and_then(|rest| rest.split_whitespace().next()).and_then(|kb| kb.parse::<f64>().ok()).map_or(f64::NAN, |kb| kb / 1024.0)
}
