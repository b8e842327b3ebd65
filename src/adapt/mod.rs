//! Learns a desk's adapter ([`crate::retrieve::adapter`]) from the desk's own archive, and decides whether it is any better.
//!
//! Every archived moment is asked as if it were live, its own conversation left out. How much of the answer really given each found
//! answer would have saved (chrF) is what the vectors are taught to order by. The vectors are those that the index already holds, so
//! nothing is embedded again; nothing leaves the process. Conversations are divided by time: the older part teaches, the newer part is
//! asked with and without the adapter through the product's own ranking, and the adapter is worth taking only when the mean gain exceeds
//! its standard error and, where conversations bear tags, no fewer moments find an answer with a tag of theirs among the first three, by more
//! than that difference's error. What is taken is then learnt once more from everything.
//!
//! Beside the maps a classifier of replies is taught ([`crate::retrieve::replies`]); it needs no asking, only what was said and answered.
//!
//! `lessons` gathers (the long part; a journal lets it go on after an interruption), `replies` and `train` learn, [`adapt`] does one after the
//! other.
//! Deterministic: same archive, same adapter.

mod history;
mod lessons;
mod replies;
mod shown;
mod train;
mod trial;

use std::path::Path;
use std::sync::Arc;

use async_trait::async_trait;

use self::history::end_mark;
use self::lessons::{Division, Lessons, gather_lessons};
use self::replies::{Asked, Scenes, find_worth, with_forecasts};
use self::shown::Likenesses;
use self::train::{Course, Vectors, learn};
use self::trial::Held;
pub use self::trial::{Judge, by_tags};
use crate::domain::{ConversationId, DeskId, PairId, PairKind, Timestamp};
use crate::index::{DenseField, IndexError, VectorIndex};
use crate::retrieve::adapter::{Adapter, AdapterError, AdapterManifest, ScoreScale, Trial, VERSION};
use crate::retrieve::replies::{GRAINS, ReplyModel};
use crate::rt::WorkError;
use crate::store::{Store, StoreError};
use crate::suggest::{Ranker, SuggestError};

/// Fewest moments an archive must have: the trial of a fifth of them must be able to tell a gain from luck.
pub const MIN_MOMENTS: usize = 200;
/// Most moments learnt from; more cost time and add little to a map of this size.
const MAX_LESSONS: usize = 6_000;
/// Most moments the trial asks.
const MAX_TRIAL: usize = 1_000;
/// Most moments whose replies are learnt.
const MAX_REPLIES: usize = 20_000;
/// Pairs read from the store at a time.
const PAGE: u32 = 500;

/// Why there is no adapter.
#[derive(Debug, thiserror::Error)]
pub enum AdaptError {
    /// The archive is too small.
    #[error(
        "desk `{desk}` has {found} archived answers that can be learnt from, adapting needs at least {MIN_MOMENTS}: import more conversations first"
    )]
    TooSmall {
        /// The desk.
        desk: DeskId,
        /// What it has.
        found: usize,
    },
    /// The archive gives nothing to compare: hardly any moment finds answers of other conversations.
    #[error("desk `{0}` gives no lessons: its conversations have too little in common, or the index is still being filled")]
    NoLessons(DeskId),
    /// The adapter or the journal could not be kept.
    #[error(transparent)]
    Adapter(#[from] AdapterError),
    /// A file of the adapter's folder.
    #[error("cannot read or write {}", path.display())]
    File {
        /// The file.
        path: std::path::PathBuf,
        /// What went wrong.
        #[source]
        source: std::io::Error,
    },
    /// The numbers failed.
    #[error("training failed")]
    Training(#[from] candle_core::Error),
    /// A moment could not be asked.
    #[error(transparent)]
    Suggest(#[from] SuggestError),
    /// The store did not answer.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The index did not answer.
    #[error(transparent)]
    Index(#[from] IndexError),
    /// A background computation failed.
    #[error(transparent)]
    Work(#[from] WorkError),
}

/// Who is told how far it is, and may stop it.
#[async_trait]
pub trait Observer: Send + Sync {
    /// What stopping is, and what failures become.
    type Stop: From<AdaptError>;

    /// `done` of `total` in this stage.
    async fn progress(&self, stage: &str, done: u64, total: u64) -> Result<(), Self::Stop>;
}

/// What adapting works with.
#[derive(Clone)]
pub struct Parts {
    /// The truth.
    pub store: Arc<dyn Store>,
    /// The index, filled with the encoder's vectors.
    pub index: Arc<dyn VectorIndex>,
    /// The ranking that is adapted to.
    pub ranker: Arc<Ranker>,
    /// The encoder's fingerprint.
    pub encoder: String,
    /// Length of its vectors.
    pub dimension: usize,
    /// What tells, beside the words, which answers are right.
    pub judge: Arc<Judge<'static>>,
}

/// What came of it.
#[derive(Debug, Clone)]
pub enum Outcome {
    /// The newest part of the archive is answered better: an adapter learnt from everything.
    Better(Box<Adapter>),
    /// It is not; nothing is to be changed.
    NotBetter(Trial),
}

/// One archived answer that can be learnt from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Moment {
    pair: PairId,
    conversation: ConversationId,
    at: Option<Timestamp>,
    /// Place among the pairs of its conversation.
    position: u32,
    /// Marks by which an answer is recognised in what was said before the next question.
    answer_end: u64,
    previous_end: u64,
}

/// Learns an adapter for `desk`. `id` names it; `folder` keeps the journal, so that the same call after an interruption goes on. The
/// adapter is not written there.
///
/// # Cancel safety
/// Dropped or stopped anywhere, the journal holds what was gathered.
pub async fn adapt<O: Observer>(
    parts: &Parts,
    desk: &DeskId,
    id: &str,
    folder: &Path,
    now: Timestamp,
    observer: &O,
) -> Result<Outcome, O::Stop> {
    let division = divide_archive(parts, desk).await?;
    let gathered = gather_lessons(parts, desk, &division, folder, now, observer).await?;
    let vectors = Arc::new(Vectors::read(parts, desk, &gathered, division.reply_points(), observer).await?);
    let course = Arc::new(Course { weights: parts.ranker.cosine_weights(), dimension: parts.dimension });
    let likenesses = compare_answers(parts, &gathered, &vectors).await?;
    let Forecasts { older, newer, scenes, replies } = forecast(&division, gathered, &course, &vectors, &likenesses, observer).await?;
    // How long to learn is found on the newest fifth of the older part; the trial never sees what that decides by.
    let inner = older.len() * 4 / 5;
    let total = 3;
    observer.progress("learning", 0, total).await?;
    let best = {
        let (older, vectors, course) = (Arc::clone(&older), Arc::clone(&vectors), Arc::clone(&course));
        crate::rt::cpu(move || course.best_epochs(&vectors, &likenesses, &older[..inner], &older[inner..]))
            .await
            .map_err(AdaptError::from)?
    };
    let epochs = best.map_err(AdaptError::from)?;
    observer.progress("learning", 1, total).await?;
    let heads = learn(&course, &vectors, &older, epochs).await?;
    let mut manifest = AdapterManifest {
        version: VERSION,
        id: id.to_owned(),
        desk: desk.clone(),
        encoder: parts.encoder.clone(),
        dimension: parts.dimension,
        created_at: now,
        lessons: (older.len() + newer.len()) as u32,
        epochs,
        trial: Trial {
            asked: 0,
            by_time: division.by_time,
            before: 0.0,
            after: 0.0,
            standard_error: 0.0,
            first_before: 0.0,
            first_after: 0.0,
            judged: None,
        },
        answer_gain: train::ANSWER_GAIN,
        replies: None,
        scale: ScoreScale::SAME,
        sha256: String::new(),
    };
    let mut candidates = vec![Adapter::new(manifest.clone(), heads, replies.clone())];
    if epochs > 0 && replies.is_some() {
        // Maps are taught by the order of few answers; forecasts alone may show better ones.
        candidates.push(Adapter::new(AdapterManifest { epochs: 0, ..manifest.clone() }, None, replies.clone()));
    }
    let Held { adapter, trial, scale } = trial::hold(parts, desk, &division, &vectors, &candidates, now, observer).await?;
    let epochs = candidates[adapter].manifest().epochs;
    manifest.epochs = epochs;
    tracing::info!(desk = %desk, epochs, asked = trial.asked, before = trial.before, after = trial.after, error = trial.standard_error, "adapter tried");
    if !trial.is_won() {
        return Ok(Outcome::NotBetter(trial));
    }
    observer.progress("learning", 2, total).await?;
    let everything: Arc<[lessons::Lesson]> = older.iter().chain(newer.iter()).cloned().collect();
    let heads = learn(&course, &vectors, &everything, epochs).await?;
    let replies = match replies {
        Some(tried) => learn_replies(&scenes, &division, true).await?.map(|model| model.worth(tried.weights().worth)),
        None => None,
    };
    manifest.trial = trial;
    manifest.scale = scale;
    observer.progress("learning", total, total).await?;
    Ok(Outcome::Better(Box::new(Adapter::new(manifest, heads, replies))))
}

/// Log probabilities of the kinds of every answer a lesson found, by grain.
type Expected = Vec<[f32; GRAINS]>;

/// Lessons whose scores have the classifier's forecasts in them, and the classifier that the trial is held with.
struct Forecasts {
    older: Arc<[lessons::Lesson]>,
    newer: Arc<[lessons::Lesson]>,
    scenes: Arc<Scenes>,
    /// None where forecasts are worth nothing.
    replies: Option<ReplyModel>,
}

/// Teaches the classifier of replies and finds what it is worth. No lesson is forecast by a network that was taught its conversation.
async fn forecast<O: Observer>(
    division: &Division,
    gathered: Lessons,
    course: &Arc<Course>,
    vectors: &Arc<Vectors>,
    likenesses: &Arc<Likenesses>,
    observer: &O,
) -> Result<Forecasts, O::Stop> {
    let stage = "learning replies";
    let total = replies::FOLDS as u64 + 1;
    let Lessons { older, newer } = gathered;
    let dimension = course.dimension;
    let scenes = {
        let moments: Vec<Moment> = division.all_replies().copied().collect();
        let (vectors, histories) = (Arc::clone(vectors), Arc::clone(&division.histories));
        crate::rt::cpu(move || Scenes::of(&vectors, &moments, &histories, dimension)).await.map_err(AdaptError::from)?
    };
    let scenes = Arc::new(scenes.map_err(AdaptError::from)?);
    let places: Arc<[usize]> = scenes.places(&division.older_replies).into();
    let answers: Arc<[f32]> = vectors.flat(DenseField::Answer).map_err(AdaptError::from)?.into();
    let mut expected: Vec<Expected> = older.iter().map(|lesson| vec![[0.0; GRAINS]; lesson.found.len()]).collect();
    for fold in 0..replies::FOLDS {
        observer.progress(stage, fold as u64, total).await?;
        let of_fold = {
            let (scenes, places, older) = (Arc::clone(&scenes), Arc::clone(&places), Arc::clone(&older));
            let (vectors, answers) = (Arc::clone(vectors), Arc::clone(&answers));
            let work = move || -> candle_core::Result<Option<Vec<(usize, Expected)>>> {
                let Some(model) = scenes.learn_fold(&places, fold)? else { return Ok(None) };
                let mut asked = Asked::of(&model, &vectors, &answers);
                let of_fold = older.iter().enumerate().filter(|(_, lesson)| scenes.is_of_fold(lesson, fold));
                Ok(Some(of_fold.map(|(place, lesson)| (place, scenes.expected(&mut asked, lesson))).collect()))
            };
            crate::rt::cpu(work).await.map_err(AdaptError::from)?.map_err(AdaptError::from)?
        };
        let Some(of_fold) = of_fold else { return Ok(Forecasts { older, newer, scenes, replies: None }) };
        for (place, forecast) in of_fold {
            expected[place] = forecast;
        }
    }
    observer.progress(stage, replies::FOLDS as u64, total).await?;
    let worth = {
        let (course, vectors, older, expected) = (Arc::clone(course), Arc::clone(vectors), Arc::clone(&older), expected.clone());
        let likenesses = Arc::clone(likenesses);
        let work = move || Ok::<_, candle_core::Error>(find_worth(&older, &likenesses, &course.scores(&vectors, &older)?, &expected));
        crate::rt::cpu(work).await.map_err(AdaptError::from)?.map_err(AdaptError::from)?
    };
    tracing::info!(worth = ?worth, "forecasts of replies tried");
    let model = if worth == [0.0; GRAINS] { None } else { learn_replies(&scenes, division, false).await? };
    let Some(model) = model else { return Ok(Forecasts { older, newer, scenes, replies: None }) };
    let model = model.worth(worth);
    let of_newer: Vec<Expected> = {
        let mut asked = Asked::of(&model, vectors, &answers);
        newer.iter().map(|lesson| scenes.expected(&mut asked, lesson)).collect()
    };
    let (older, newer) = (with_forecasts(&older, &expected, worth).into(), with_forecasts(&newer, &of_newer, worth).into());
    observer.progress(stage, total, total).await?;
    Ok(Forecasts { older, newer, scenes, replies: Some(model) })
}

/// Compares the answers that the older lessons found.
async fn compare_answers(parts: &Parts, gathered: &Lessons, vectors: &Arc<Vectors>) -> Result<Arc<Likenesses>, AdaptError> {
    let (older, vectors) = (Arc::clone(&gathered.older), Arc::clone(vectors));
    let (dimension, consensus) = (parts.dimension, parts.ranker.consensus_weight());
    let work = move || -> candle_core::Result<Likenesses> {
        Ok(Likenesses::of(&older, &vectors, &vectors.flat(DenseField::Answer)?, dimension, consensus))
    };
    Ok(Arc::new(crate::rt::cpu(work).await??))
}

/// Teaches a network the older part's replies, or everything's.
async fn learn_replies(scenes: &Arc<Scenes>, division: &Division, everything: bool) -> Result<Option<ReplyModel>, AdaptError> {
    let mut places = scenes.places(&division.older_replies);
    if everything {
        places.extend(scenes.places(&division.newer_replies));
    }
    let scenes = Arc::clone(scenes);
    Ok(crate::rt::cpu(move || scenes.learn(&places)).await??)
}

/// Deletes the journal of an adapter that is done: ids and figures of what was asked.
pub fn forget_journal(folder: &Path) {
    if let Err(error) = fs_err::remove_file(folder.join(lessons::JOURNAL)) {
        tracing::warn!(error = &error as &dyn std::error::Error, "an adapter's journal stays");
    }
}

async fn divide_archive(parts: &Parts, desk: &DeskId) -> Result<Division, AdaptError> {
    let mut moments = Vec::new();
    let mut after = None;
    loop {
        let page = parts.store.pairs_page(desk, None, after, PAGE).await?;
        let Some(last) = page.last() else { break };
        after = Some(last.content.id);
        let usable = page.iter().filter(|pair| pair.content.kind != PairKind::Unanswered && !pair.content.answer.trim().is_empty());
        moments.extend(usable.map(|pair| Moment {
            pair: pair.content.id,
            conversation: pair.conversation,
            at: pair.content.answered_at,
            position: pair.content.position,
            answer_end: end_mark(&pair.content.answer),
            previous_end: end_mark(&pair.content.previous),
        }));
    }
    if moments.len() < MIN_MOMENTS {
        return Err(AdaptError::TooSmall { desk: desk.clone(), found: moments.len() });
    }
    Ok(Division::of(moments))
}
