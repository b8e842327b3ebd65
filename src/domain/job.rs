//! Long-running work: imports, re-indexing, clustering, adapting.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{DeskId, JobId, ReplicaId, Timestamp};

/// What a job does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum JobKind {
    /// Reads a file of conversations into a desk.
    Import,
    /// Groups a desk's questions.
    RebuildClusters,
    /// Fills a new index from the store.
    Reindex,
    /// Learns a desk's adapter from its archive.
    Adapt,
    /// Computes a desk's gap ledger.
    FindGaps,
}

impl JobKind {
    /// The code used in the API and the store.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Import => "import",
            Self::RebuildClusters => "rebuild_clusters",
            Self::Reindex => "reindex",
            Self::Adapt => "adapt",
            Self::FindGaps => "find_gaps",
        }
    }

    /// Reads the code back.
    #[must_use]
    pub fn from_code(code: &str) -> Option<Self> {
        [Self::Import, Self::RebuildClusters, Self::Reindex, Self::Adapt, Self::FindGaps].into_iter().find(|kind| kind.as_str() == code)
    }
}

/// Where a job is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "the names say it")]
pub enum JobState {
    Queued,
    Running,
    Succeeded,
    Failed,
    Cancelled,
}

impl JobState {
    /// The code used in the API and the store.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Running => "running",
            Self::Succeeded => "succeeded",
            Self::Failed => "failed",
            Self::Cancelled => "cancelled",
        }
    }

    /// Reads the code back.
    #[must_use]
    pub fn from_code(code: &str) -> Option<Self> {
        [Self::Queued, Self::Running, Self::Succeeded, Self::Failed, Self::Cancelled].into_iter().find(|state| state.as_str() == code)
    }

    /// Whether nothing will happen to the job any more.
    #[must_use]
    pub const fn is_final(self) -> bool {
        matches!(self, Self::Succeeded | Self::Failed | Self::Cancelled)
    }
}

/// How far a job is.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, ToSchema)]
#[serde(default)]
pub struct JobProgress {
    /// What it is doing now, such as `reading` or `embedding`.
    pub stage: String,
    /// Units done in this stage (bytes while reading, pairs while embedding).
    pub done: u64,
    /// Units in all, if known.
    pub total: Option<u64>,
}

/// One job.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct Job {
    /// Its id.
    #[schema(value_type = String, format = Uuid)]
    pub id: JobId,
    /// What it does.
    pub kind: JobKind,
    /// The desk it works on; `None` for jobs over all desks.
    pub desk: Option<DeskId>,
    /// Where it is.
    pub state: JobState,
    /// How far it is.
    pub progress: JobProgress,
    /// What it was asked to do; its shape depends on the kind.
    pub params: serde_json::Value,
    /// Where to go on after an interruption; its shape depends on the kind.
    #[serde(skip)]
    pub cursor: Option<serde_json::Value>,
    /// What came out; its shape depends on the kind (an import's is `ImportReport`).
    pub result: Option<serde_json::Value>,
    /// Why it failed, in words that help.
    pub error: Option<String>,
    /// When it was asked for.
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Timestamp,
    /// When it last changed.
    #[schema(value_type = String, format = DateTime)]
    pub updated_at: Timestamp,
}

/// That a job is lent to a process. Whoever writes about a running job shows it; when the job has been lent to another one meanwhile, the
/// store refuses, so that a process that was slow or cut off can't undo what its successor does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct JobLease {
    /// The job.
    pub job: JobId,
    /// Whom it is lent to.
    pub owner: ReplicaId,
    /// How often it has been lent, this time included.
    pub generation: i64,
}
