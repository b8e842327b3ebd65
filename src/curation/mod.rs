//! Curating frequent questions: clusters that remember, decisions of people about them, and questions that join as they arrive.
//!
//! `describe` goes from members to what a cluster looks like, `memory` from the past to the ids and groups a rebuild must respect, `rebuild` puts a
//! whole desk together, `join` adds new questions between rebuilds, `review` is what people decide, and takes
//! back, `promote` makes entries of clusters.

pub mod describe;
mod join;
pub mod memory;
pub mod promote;
pub mod rebuild;
pub mod review;

use std::collections::HashMap;
use std::sync::Arc;

use uuid::Uuid;

use crate::domain::{Clock, Cluster, ClusterDecisionId, ClusterId, Coverage, DeskId, Pair, PairId, PairKind, Pool};
use crate::index::{DenseField, IndexError, IndexFilter, Probe, VectorIndex};
use crate::rt::WorkError;
use crate::store::{ClusterQuery, Store, StoreError};

use describe::{Described, Question, Traffic};

/// Keywords kept per cluster.
const KEYWORDS: usize = 6;
/// Clusters that the keywords of one are told apart from, the largest.
const BACKGROUND: u32 = 200;
/// Pairs read at a time.
const PAGE: usize = 500;

/// Why a decision was not taken.
#[derive(Debug, thiserror::Error)]
pub enum CurationError {
    /// There is no such cluster on this desk.
    #[error("no cluster {0}")]
    UnknownCluster(ClusterId),
    /// There is no such decision on this desk.
    #[error("no decision {0}")]
    UnknownDecision(ClusterDecisionId),
    /// Somebody has decided about the cluster meanwhile.
    #[error("cluster {cluster} is at version {present}")]
    VersionMismatch {
        /// The cluster.
        cluster: ClusterId,
        /// Its present version.
        present: u64,
    },
    /// The decision can't be taken back, because a later one about the same clusters stands.
    #[error("decision {later} came after it")]
    NotLatest {
        /// The later decision.
        later: ClusterDecisionId,
    },
    /// The decision has been taken back already, or takes one back itself.
    #[error("decision {0} can't be taken back")]
    NotUndoable(ClusterDecisionId),
    /// A value does not fit.
    #[error("{field}: {detail}")]
    Invalid {
        /// JSON pointer of the field.
        field: &'static str,
        /// What is expected.
        detail: String,
    },
    /// Too many others changed the desk's clusters at the same time.
    #[error("the clusters are being changed by others")]
    Busy,
    /// The store did not answer.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The index did not answer.
    #[error(transparent)]
    Index(#[from] IndexError),
    /// A panic, or the runtime is going down.
    #[error(transparent)]
    Work(#[from] WorkError),
}

/// The use case.
#[derive(Clone)]
pub struct Curator {
    store: Arc<dyn Store>,
    index: Arc<dyn VectorIndex>,
    clock: Arc<dyn Clock>,
    /// One change of this process at a time: the store's revision guards against other processes, and is spared needless retries.
    turn: Arc<tokio::sync::Mutex<()>>,
}

impl Curator {
    /// Puts the use case together.
    #[must_use]
    pub fn new(store: Arc<dyn Store>, index: Arc<dyn VectorIndex>, clock: Arc<dyn Clock>) -> Self {
        Self { store, index, clock, turn: Arc::default() }
    }

    async fn pairs(&self, desk: &DeskId, ids: &[PairId]) -> Result<HashMap<PairId, Pair>, CurationError> {
        let mut pairs = HashMap::with_capacity(ids.len());
        for chunk in ids.chunks(PAGE) {
            pairs.extend(self.store.pairs(desk, chunk).await?.into_iter().map(|pair| (pair.content.id, pair)));
        }
        Ok(pairs)
    }

    /// The vectors of these pairs, as far as the index has them.
    async fn questions(&self, desk: &DeskId, ids: &[PairId]) -> Result<HashMap<PairId, Question>, CurationError> {
        let mut questions = HashMap::with_capacity(ids.len());
        for chunk in ids.chunks(PAGE) {
            let points: Vec<Uuid> = chunk.iter().map(|id| id.as_uuid()).collect();
            let found = self.index.fetch(desk, &points).await?;
            questions.extend(found.into_iter().map(Question::from).map(|question| (question.pair, question)));
        }
        Ok(questions)
    }

    /// Looks up which published entry answers a described cluster.
    async fn look_up_coverage(&self, described: &mut Described) -> Result<(), CurationError> {
        let filter = IndexFilter {
            pools: vec![Pool::Knowledge],
            valid_at: Some(self.clock.now()),
            ..IndexFilter::desk(described.cluster.desk.clone())
        };
        let probe = Probe::Dense(DenseField::Question, described.centre.clone());
        let nearest = self.index.search(&filter, vec![probe], 1).await?.into_iter().flatten().next();
        described.cluster.coverage = match nearest {
            None => None,
            Some(hit) => self.index.fetch(&described.cluster.desk, &[hit.id]).await?.pop().map(|point| Coverage {
                entry_id: crate::domain::EntryId::from_uuid(point.payload.source),
                similarity: hit.score,
                covered: hit.score >= least_similarity_covered(described),
            }),
        };
        Ok(())
    }

    /// What clusters of a desk are described beside. Reads the time of every question: once for a change, not once for a cluster.
    async fn surroundings(&self, desk: &DeskId) -> Result<Surroundings, CurationError> {
        let traffic = Traffic::of(self.store.answer_times(desk, PairKind::Question).await?);
        let largest = ClusterQuery { limit: BACKGROUND, ..ClusterQuery::default() };
        Ok(Surroundings { traffic, largest: self.store.clusters_page(desk, &largest, self.clock.now()).await? })
    }
}

/// The whole of which a cluster is a share, and the clusters that its keywords tell it from.
#[derive(Debug, Default)]
struct Surroundings {
    traffic: Traffic,
    largest: Vec<Cluster>,
}

impl Surroundings {
    /// The representative questions of clusters other than `except`.
    fn other_questions(&self, except: ClusterId) -> impl Iterator<Item = Vec<&str>> {
        self.largest.iter().filter(move |cluster| cluster.id != except).map(|cluster| vec![cluster.representative.as_str()])
    }
}

/// Cosine to the centre from which on an entry's question counts as one of the cluster's: that of its members at the lower quartile.
fn least_similarity_covered(described: &Described) -> f32 {
    // Placements are ordered by falling similarity.
    described
        .placements
        .get(described.placements.len() * 3 / 4)
        .or(described.placements.last())
        .map_or(1.0, |placement| placement.similarity)
}
