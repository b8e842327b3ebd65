//! Learns a desk's adapter ([`crate::retrieve::adapter`]) from the desk's own archive, and decides whether it is any better.
//!
//! Every archived moment is asked as if it were live, its own conversation left out. How much of the answer really given each found
//! answer would have saved (chrF) is what the vectors are taught to order by. The vectors are those that the index already holds, so
//! nothing is embedded again; nothing leaves the process. Conversations are divided by time: the older part teaches, the newer part is
//! asked with and without the adapter through the product's own ranking, and the adapter is worth taking only when the mean gain exceeds
//! its standard error. What is taken is then learnt once more from everything.
//!
//! `lessons` gathers (the long part; a journal lets it go on after an interruption), `train` learns, [`adapt`] does one after the other.
//! Deterministic: same archive, same adapter.

mod lessons;
mod train;
mod trial;

use std::path::Path;
use std::sync::Arc;

use async_trait::async_trait;

use self::lessons::{Division, gather_lessons};
use self::train::{Course, Vectors, learn};
use crate::domain::{ConversationId, DeskId, PairId, PairKind, Timestamp};
use crate::index::{IndexError, VectorIndex};
use crate::retrieve::adapter::{Adapter, AdapterError, AdapterManifest, ScoreScale, Trial, VERSION};
use crate::rt::WorkError;
use crate::store::{Store, StoreError};
use crate::suggest::{Ranker, SuggestError};

/// Fewest moments an archive must have: the trial of a fifth of them must be able to tell a gain from luck.
pub const MIN_MOMENTS: usize = 200;
/// Most moments learnt from; more cost time and add little to a map of this size.
const MAX_LESSONS: usize = 6_000;
/// Most moments the trial asks.
const MAX_TRIAL: usize = 1_000;
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
    let vectors = Vectors::read(parts, desk, &gathered, observer).await?;
    let course = Course { weights: parts.ranker.cosine_weights(), dimension: parts.dimension };
    let (older, newer) = (gathered.older, gathered.newer);
    let (vectors, course) = (Arc::new(vectors), Arc::new(course));
    // How long to learn is found on the newest fifth of the older part; the trial never sees what that decides by.
    let inner = older.len() * 4 / 5;
    let total = 3;
    observer.progress("learning", 0, total).await?;
    let epochs = {
        let (older, vectors, course) = (older.clone(), Arc::clone(&vectors), Arc::clone(&course));
        crate::rt::cpu(move || course.best_epochs(&vectors, &older[..inner], &older[inner..])).await.map_err(AdaptError::from)?
    };
    let epochs = epochs.map_err(AdaptError::from)?;
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
        },
        answer_gain: train::ANSWER_GAIN,
        scale: ScoreScale::SAME,
        sha256: String::new(),
    };
    let candidate = Adapter::new(manifest.clone(), heads);
    let (trial, scale) = trial::hold(parts, desk, &division, &candidate, now, observer).await?;
    tracing::info!(desk = %desk, epochs, asked = trial.asked, before = trial.before, after = trial.after, error = trial.standard_error, "adapter tried");
    if !trial.is_won() {
        return Ok(Outcome::NotBetter(trial));
    }
    observer.progress("learning", 2, total).await?;
    let everything: Arc<[lessons::Lesson]> = older.iter().chain(newer.iter()).cloned().collect();
    let heads = learn(&course, &vectors, &everything, epochs).await?;
    manifest.trial = trial;
    manifest.scale = scale;
    observer.progress("learning", total, total).await?;
    Ok(Outcome::Better(Box::new(Adapter::new(manifest, heads))))
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
        moments.extend(usable.map(|pair| Moment { pair: pair.content.id, conversation: pair.conversation, at: pair.content.answered_at }));
    }
    if moments.len() < MIN_MOMENTS {
        return Err(AdaptError::TooSmall { desk: desk.clone(), found: moments.len() });
    }
    Ok(Division::of(moments))
}
