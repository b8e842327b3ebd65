//! The search index: port [`VectorIndex`] and what it stores. Rebuildable from the store at any time.
//!
//! `edge` keeps it in the process (qdrant-edge), `server` on a Qdrant server or cluster, `exact` searches by brute force (the oracle of the
//! contract tests and the baseline of `riposte eval`). All store the same points and answer the same probes. Texts never enter the index: a hit is an id and a score, the
//! words are read from the store.

#[cfg(test)]
pub(crate) mod contract;
pub mod edge;
pub mod exact;
pub mod schema;
pub mod server;

use async_trait::async_trait;
use uuid::Uuid;

use crate::domain::{DeskId, Language, PairKind, Pool, Timestamp};

/// Links of a point in a graph on its upper levels; on the lowest, where all points are, twice as many (M of HNSW: Malkov and Yashunin 2018).
/// With the usual 16, wordings that crowd around one of them get no link from anywhere: of 2,000 questions with 50 similar wordings each, every
/// tenth was not found, however broad the walk.
const LINKS: usize = 32;

/// How many times as many points as are asked for are taken by their codes, where vectors are kept as codes, to be compared again by the vectors
/// themselves.
const OVERSAMPLING: f64 = 2.0;

/// The dense vectors of a point.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum DenseField {
    /// The standalone question.
    Question,
    /// What was said just before, and the customer's turn: where the conversation stood.
    Situation,
    /// The answer.
    Answer,
}

impl DenseField {
    /// Every dense field.
    pub const ALL: [Self; 3] = [Self::Question, Self::Situation, Self::Answer];
}

/// The sparse vectors of a point. Values are BM25 term weights without the inverse document frequency, which the index supplies
/// (over all its points).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum SparseField {
    /// Terms of the standalone question.
    Question,
    /// Terms of what was said just before and of the customer's turn.
    Situation,
    /// Terms of the answer.
    Answer,
}

impl SparseField {
    /// Every sparse field.
    pub const ALL: [Self; 3] = [Self::Question, Self::Situation, Self::Answer];
}

/// Term weights: strictly increasing term ids with their values.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct SparseVector {
    /// Term ids (hashes of terms), strictly increasing.
    pub terms: Vec<u32>,
    /// One value per term.
    pub values: Vec<f32>,
}

/// What is filtered on.
#[derive(Debug, Clone, PartialEq)]
pub struct PointPayload {
    /// The desk the point belongs to.
    pub desk: DeskId,
    /// Which pool.
    pub pool: Pool,
    /// What the customer's side is (entries: `Question`).
    pub kind: PairKind,
    /// Language of the answer.
    pub language: Language,
    /// The pair or entry the point stands for. An entry has one point per question variant.
    pub source: Uuid,
    /// The conversation a pair is from.
    pub conversation: Option<Uuid>,
    /// When it was answered or last changed.
    pub answered_at: Option<Timestamp>,
    /// First moment at which it may be shown.
    pub valid_from: Option<Timestamp>,
    /// First moment at which it may no longer be shown.
    pub valid_to: Option<Timestamp>,
    /// Tags of the conversation or entry.
    pub tags: Vec<String>,
}

/// One point.
#[derive(Debug, Clone, PartialEq)]
pub struct IndexPoint {
    /// Its id: the pair's id, or one derived from entry and variant.
    pub id: Uuid,
    /// What is filtered on.
    pub payload: PointPayload,
    /// Dense vectors in the order of [`DenseField::ALL`], each of the index's dimension.
    pub dense: [Vec<f32>; 3],
    /// Sparse vectors in the order of [`SparseField::ALL`].
    pub sparse: [SparseVector; 3],
}

/// Which points may be found. All conditions must hold.
#[derive(Debug, Clone, PartialEq)]
pub struct IndexFilter {
    /// Points of this desk only. There is no filter without a desk.
    pub desk: DeskId,
    /// Points of these pools; empty for all.
    pub pools: Vec<Pool>,
    /// Points of these kinds; empty for all.
    pub kinds: Vec<PairKind>,
    /// Points of this language.
    pub language: Option<Language>,
    /// No point of this conversation (the live one must not find itself).
    pub not_conversation: Option<Uuid>,
    /// Not this point (a question that is asked again must not find itself).
    pub not_point: Option<Uuid>,
    /// Points that bear at least one of these tags; empty for all.
    pub any_tag: Vec<String>,
    /// Points answered at this moment or later (points without a time are left out).
    pub answered_from: Option<Timestamp>,
    /// Points that may be shown at this moment.
    pub valid_at: Option<Timestamp>,
}

impl IndexFilter {
    /// Everything of one desk.
    #[must_use]
    pub fn desk(desk: DeskId) -> Self {
        Self {
            desk,
            pools: Vec::new(),
            kinds: Vec::new(),
            language: None,
            not_conversation: None,
            not_point: None,
            any_tag: Vec::new(),
            answered_from: None,
            valid_at: None,
        }
    }
}

/// One question to the index.
#[derive(Debug, Clone, PartialEq)]
pub enum Probe {
    /// Nearest by inner product (cosine for normalised vectors).
    Dense(DenseField, Vec<f32>),
    /// Best by BM25: the sum of idf · query value · stored value over shared terms.
    Sparse(SparseField, SparseVector),
}

/// One point found by one probe.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Hit {
    /// The point.
    pub id: Uuid,
    /// Its score; higher is better.
    pub score: f32,
}

/// Why the index did not answer.
#[derive(Debug, thiserror::Error)]
pub enum IndexError {
    /// The folder is in use by another process.
    #[error("the index folder {0} is in use by another process")]
    Locked(std::path::PathBuf),
    /// The index was made with another encoder or schema; `reindex` makes a new one.
    #[error("the index was made with {found}, this program uses {expected}")]
    Mismatch {
        /// What the index says of itself.
        found: String,
        /// What the program would make.
        expected: String,
    },
    /// A vector has the wrong length.
    #[error("a vector has {found} components, the index holds {expected}")]
    Dimension {
        /// Length given.
        found: usize,
        /// Length of the index.
        expected: usize,
    },
    /// A file of the index could not be read or written.
    #[error("index file {path}")]
    Io {
        /// The file.
        path: std::path::PathBuf,
        /// What went wrong.
        #[source]
        source: std::io::Error,
    },
    /// The index server does not answer, not in time, or can't do it at present. Nothing is lost: writes are repeated from the store.
    #[error("the index server ({server}) does not answer")]
    Unreachable {
        /// Its addresses.
        server: String,
        /// What was last heard of it.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// The index server can't be used as it is; the text says what to do.
    #[error("{0}")]
    Server(String),
    /// The engine failed.
    #[error("the index engine failed: {0}")]
    Engine(String),
    /// The index has been closed.
    #[error("the index has been closed")]
    Closed,
}

impl IndexError {
    /// Whether the index did not answer at all, so that the same may go well later.
    #[must_use]
    pub fn is_unreachable(&self) -> bool {
        match self {
            Self::Unreachable { .. } => true,
            Self::Locked(_)
            | Self::Mismatch { .. }
            | Self::Dimension { .. }
            | Self::Io { .. }
            | Self::Server(_)
            | Self::Engine(_)
            | Self::Closed => false,
        }
    }
}

/// A search index over points. Each call sees everything that an earlier call has written.
#[async_trait]
pub trait VectorIndex: Send + Sync {
    /// Writes points, replacing those with the same id.
    ///
    /// # Errors
    /// [`IndexError::Dimension`] for a vector of another length; nothing of the call is written then.
    async fn upsert(&self, points: Vec<IndexPoint>) -> Result<(), IndexError>;

    /// Deletes every point whose `source` is one of these.
    ///
    /// # Errors
    /// When the engine fails.
    async fn delete_sources(&self, sources: &[Uuid]) -> Result<(), IndexError>;

    /// Answers each probe with its best `limit` points that pass `filter`, best first; the result has one list per probe.
    /// Equal scores are ordered by id. A sparse probe finds only points that share a term.
    ///
    /// # Errors
    /// [`IndexError::Dimension`] for a probe of another length.
    async fn search(&self, filter: &IndexFilter, probes: Vec<Probe>, limit: usize) -> Result<Vec<Vec<Hit>>, IndexError>;

    /// Reads points back by different ids, in their order; unknown ids and ids of other desks are left out.
    ///
    /// # Errors
    /// When the engine fails.
    async fn fetch(&self, desk: &DeskId, ids: &[Uuid]) -> Result<Vec<IndexPoint>, IndexError>;

    /// Reads points that pass `filter` in order of id, from the first one after `after`.
    ///
    /// # Errors
    /// When the engine fails.
    async fn page(&self, filter: &IndexFilter, after: Option<Uuid>, limit: usize) -> Result<Vec<IndexPoint>, IndexError>;

    /// Number of points that pass `filter`.
    ///
    /// # Errors
    /// When the engine fails.
    async fn count(&self, filter: &IndexFilter) -> Result<usize, IndexError>;

    /// Number of points of all desks, for whoever watches the installation: cheap, and not exact while the index is changed. `None` where an
    /// index can't tell cheaply.
    ///
    /// # Errors
    /// When the engine fails.
    async fn size(&self) -> Result<Option<u64>, IndexError> {
        Ok(None)
    }

    /// Builds the approximate-search structures for what has been written; searches go on meanwhile. A server does that by itself.
    ///
    /// # Errors
    /// When the engine fails.
    async fn optimize(&self) -> Result<(), IndexError>;

    /// Whether settings have changed since the index was built, so that [`Self::optimize`] is due although little may have been written.
    fn outdated(&self) -> bool {
        false
    }

    /// Makes everything written so far survive a crash.
    ///
    /// # Errors
    /// When the disk refuses.
    async fn flush(&self) -> Result<(), IndexError>;

    /// Flushes and lets go of the folder, or of the server; every later call is [`IndexError::Closed`], closing again is not.
    ///
    /// # Errors
    /// When the disk refuses; the index is closed nevertheless.
    async fn close(&self) -> Result<(), IndexError>;
}
