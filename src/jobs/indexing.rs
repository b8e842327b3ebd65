//! Carries queued changes from the store into the index: the only writer of the index.
//!
//! A task is acknowledged only after the index has been flushed, so a crash repeats work and loses none. Runs as one background task per
//! process; whoever has queued something wakes it. Of several processes on one store and index each claims what it writes, for a time that it
//! moves on while it writes; what a process has left behind is claimed by another one.

use std::convert::Infallible;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tokio::sync::{Notify, watch};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::runner::{LOOK_EVERY, STORE_AWAY};
use super::succession::Successor;
use crate::domain::{Clock, DeskId, Entry, EntryId, EntryStatus, Pair, PairId, PairKind, Pool, ReplicaId};
use crate::embed::{EmbedError, Embedder, Lane};
use crate::index::{IndexError, IndexPoint, PointPayload, VectorIndex};
use crate::retrieve::{DocumentText, encode_documents};
use crate::store::{IndexSubject, IndexTask, Sharing, Store, StoreError};
use crate::suggest::DeskProfiles;

/// Tasks taken at a time: a few seconds of embedding, so that progress is seen and little is repeated after a crash.
const BATCH: u32 = 256;

/// How long tasks are claimed, by the clock.
const CLAIM_SECONDS: i64 = 60;
/// How often claims are moved on.
const BEAT: Duration = Duration::from_secs(20);

/// New points after which the approximate-search structures are worth building again. They are also built when settings ask for others.
const OPTIMIZE_AFTER: u64 = 2_000;

/// Why indexing stopped.
#[derive(Debug, thiserror::Error)]
pub enum IndexingError {
    /// No vector.
    #[error(transparent)]
    Embed(#[from] EmbedError),
    /// The index refused.
    #[error(transparent)]
    Index(#[from] IndexError),
    /// The store did not answer.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// The background writer of the index.
pub struct Indexer {
    store: Arc<dyn Store>,
    target: Target,
    /// An index that is filled beside it and must miss no change.
    successor: Option<Arc<Successor>>,
    profiles: Arc<DeskProfiles>,
    clock: Arc<dyn Clock>,
    /// Who claims.
    id: ReplicaId,
    wake: Notify,
    /// New points since the index was last built.
    written: AtomicU64,
    state: watch::Sender<IndexerState>,
}

/// What the writer last did, for those who wait for it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct IndexerState {
    /// Tasks done since the start.
    pub done: u64,
    /// Whether it found nothing more to do.
    pub idle: bool,
    /// Why it stopped trying, until it is woken again.
    pub failure: Option<String>,
}

impl Indexer {
    /// Makes a writer; [`Self::run`] does the work.
    #[must_use]
    pub fn new(
        store: Arc<dyn Store>,
        index: Arc<dyn VectorIndex>,
        embedder: Arc<dyn Embedder>,
        profiles: Arc<DeskProfiles>,
        clock: Arc<dyn Clock>,
    ) -> Self {
        let (state, _) = watch::channel(IndexerState::default());
        let (id, wake, written) = (ReplicaId::new(), Notify::new(), AtomicU64::new(0));
        Self { store, target: Target { index, embedder }, successor: None, profiles, clock, id, wake, written, state }
    }

    /// The same writer, every change brought into the successor, too.
    #[must_use]
    pub fn with_successor(self, successor: Option<Arc<Successor>>) -> Self {
        Self { successor, ..self }
    }

    /// The index that is filled beside the one in force.
    #[must_use]
    pub fn successor(&self) -> Option<&Arc<Successor>> {
        self.successor.as_ref()
    }

    /// Fingerprint of the encoder it writes with.
    #[must_use]
    pub fn encoder(&self) -> &str {
        &self.target.embedder.info().fingerprint
    }

    /// Tells the writer that something has been queued.
    pub fn wake(&self) {
        self.state.send_modify(|state| {
            state.idle = false;
            state.failure = None;
        });
        self.wake.notify_one();
    }

    /// Has the writer build what a process before this one wrote and did not come to building; where there is nothing, that costs nothing.
    pub fn build_left_over(&self) {
        self.written.fetch_add(OPTIMIZE_AFTER, Ordering::Relaxed);
        self.wake();
    }

    /// Watches what the writer does.
    #[must_use]
    pub fn watch(&self) -> watch::Receiver<IndexerState> {
        self.state.subscribe()
    }

    /// Takes note that another process has written changes of a desk.
    pub fn written_elsewhere(&self, desk: &DeskId, changes: usize) {
        self.profiles.points_changed(desk, changes);
        // Somebody here may be waiting for just these.
        self.state.send_modify(|_state| {});
    }

    /// Has the writer work, and waits until the changes of these entries are in the index, at most for `patience`. Tells whether they are:
    /// if not, they follow.
    ///
    /// # Errors
    /// When the store does not answer.
    ///
    /// # Cancel safety
    /// Dropping the future stops the waiting, not the writing.
    pub async fn settle(&self, entries: &[EntryId], patience: Duration) -> Result<bool, StoreError> {
        let mut state = self.watch();
        self.wake();
        let settled = async {
            loop {
                let failed = state.borrow_and_update().failure.is_some();
                if !self.store.entries_wait_for_index(entries).await? {
                    return Ok(true);
                }
                if failed || state.changed().await.is_err() {
                    return Ok(false);
                }
            }
        };
        tokio::time::timeout(patience, settled).await.unwrap_or(Ok(false))
    }

    /// Works until `stop`; waits while there is nothing to do.
    ///
    /// # Cancel safety
    /// A dropped future repeats at most one batch at the next start.
    pub async fn run(&self, stop: CancellationToken) {
        loop {
            match stop.run_until_cancelled(self.drain()).await {
                None => return self.release().await,
                Some(Ok(())) => self.state.send_modify(|state| state.idle = true),
                // No failure to those who wait: nothing is lost, and it goes on by itself.
                Some(Err(IndexingError::Store(error))) if error.is_unreachable() => {
                    tracing::error!(error = &error as &dyn std::error::Error, "indexing waits for the store");
                    if stop.run_until_cancelled(tokio::time::sleep(STORE_AWAY)).await.is_none() {
                        return;
                    }
                    continue;
                }
                Some(Err(IndexingError::Index(error))) if error.is_unreachable() => {
                    tracing::error!(error = &error as &dyn std::error::Error, "indexing waits for the index server");
                    if stop.run_until_cancelled(tokio::time::sleep(STORE_AWAY)).await.is_none() {
                        return;
                    }
                    continue;
                }
                Some(Err(error)) => {
                    tracing::error!(error = &error as &dyn std::error::Error, "indexing stopped; it goes on when the next change arrives");
                    self.state.send_modify(|state| state.failure = Some(error.to_string()));
                }
            }
            if stop.run_until_cancelled(self.something_to_do()).await.is_none() {
                return;
            }
        }
    }

    async fn something_to_do(&self) {
        let woken = self.wake.notified();
        match self.store.sharing() {
            Sharing::Alone => woken.await,
            // Woken or not, the next look is the same: another process may have left claims behind.
            Sharing::Replicas => {
                let _ = tokio::time::timeout(LOOK_EVERY, woken).await;
            }
        }
    }

    /// Works until nothing is queued that others have not claimed.
    pub async fn drain(&self) -> Result<(), IndexingError> {
        // Claims from before the store was out of reach.
        self.store.release_index_claims(Some(self.id)).await?;
        loop {
            let now = self.clock.now();
            let tasks = self.store.claim_index_tasks(self.id, now, now.plus_seconds(CLAIM_SECONDS), BATCH).await?;
            if tasks.is_empty() {
                break;
            }
            let written = tokio::select! {
                written = self.carry(&tasks) => written,
                never = self.keep() => match never {},
            };
            if let Err(error) = written {
                // So that the next attempt finds them.
                self.release().await;
                return Err(error);
            }
            self.state.send_modify(|state| state.done += tasks.len() as u64);
        }
        let written = self.written.load(Ordering::Relaxed);
        let index = &self.target.index;
        if written >= OPTIMIZE_AFTER || index.outdated() {
            index.optimize().await?;
            index.flush().await?;
            // Only now: where it fails, the next attempt builds.
            self.written.fetch_sub(written, Ordering::Relaxed);
        }
        Ok(())
    }

    /// Brings tasks into the index and acknowledges them.
    async fn carry(&self, tasks: &[IndexTask]) -> Result<(), IndexingError> {
        let _turn = match &self.successor {
            Some(successor) => Some(successor.turn().await),
            None => None,
        };
        self.write(tasks).await?;
        self.target.index.flush().await?;
        if let Some(successor) = &self.successor {
            successor.target().index.flush().await?;
        }
        Ok(self.store.acknowledge_index_tasks(self.id, tasks).await?)
    }

    /// Moves claims on while their tasks are written. One that has run out costs that its subject is written once more.
    async fn keep(&self) -> Infallible {
        loop {
            tokio::time::sleep(BEAT).await;
            if let Err(error) = self.store.keep_index_claims(self.id, self.clock.now().plus_seconds(CLAIM_SECONDS)).await {
                tracing::warn!(error = &error as &dyn std::error::Error, "claims of index changes can't be moved on");
            }
        }
    }

    async fn release(&self) {
        if let Err(error) = self.store.release_index_claims(Some(self.id)).await {
            tracing::warn!(error = &error as &dyn std::error::Error, "claims of index changes stay until they run out");
        }
    }

    async fn write(&self, tasks: &[IndexTask]) -> Result<(), IndexingError> {
        let mut desks: Vec<&DeskId> = tasks.iter().map(|task| &task.desk).collect();
        desks.sort_unstable();
        desks.dedup();
        for desk in desks {
            let mut pair_ids: Vec<PairId> = Vec::new();
            let mut entry_ids: Vec<EntryId> = Vec::new();
            for task in tasks.iter().filter(|task| &task.desk == desk) {
                match task.subject {
                    IndexSubject::Pair(id) => pair_ids.push(id),
                    IndexSubject::Entry(id) => entry_ids.push(id),
                }
            }
            let pairs = self.store.pairs(desk, &pair_ids).await?;
            let entries = self.store.entries(desk, &entry_ids).await?;
            let sources = pair_ids.iter().map(|id| id.as_uuid()).chain(entry_ids.iter().map(|id| id.as_uuid())).collect();
            let documents = Documents { sources, ..Documents::of(&pairs, &entries) };
            self.written.fetch_add(documents.points.len() as u64, Ordering::Relaxed);
            self.target.replace(&documents).await?;
            if let Some(successor) = &self.successor {
                successor.target().replace(&documents).await?;
            }
            self.profiles.points_changed(desk, documents.points.len().max(documents.sources.len()));
        }
        Ok(())
    }
}

/// An index, and the encoder of its vectors.
#[derive(Clone)]
pub struct Target {
    /// The index.
    pub index: Arc<dyn VectorIndex>,
    /// Its encoder.
    pub embedder: Arc<dyn Embedder>,
}

impl Target {
    /// Puts documents in place of whatever the index has of their sources.
    pub(super) async fn replace(&self, documents: &Documents) -> Result<(), IndexingError> {
        let encoded = encode_documents(self.embedder.as_ref(), &documents.texts, Lane::Bulk).await?;
        // Deleted first, written after: an entry may have lost variants, a pair may be gone.
        self.index.delete_sources(&documents.sources).await?;
        let points = documents.points.iter().zip(encoded).map(|(Blank { id, payload }, vectors)| IndexPoint {
            id: *id,
            payload: payload.clone(),
            dense: vectors.dense,
            sparse: vectors.sparse,
        });
        Ok(self.index.upsert(points.collect()).await?)
    }
}

/// What the index should hold of some pairs and entries.
pub(super) struct Documents {
    /// The pairs and entries, those that are gone or not searched among them.
    sources: Vec<Uuid>,
    texts: Vec<DocumentText>,
    /// One for each text.
    points: Vec<Blank>,
}

impl Documents {
    /// Of pairs and entries that are there.
    pub(super) fn of(pairs: &[Pair], entries: &[Entry]) -> Self {
        let sources = pairs.iter().map(|pair| pair.content.id.as_uuid()).chain(entries.iter().map(|entry| entry.id.as_uuid())).collect();
        let (texts, points) = pairs.iter().filter_map(pair_document).chain(entries.iter().flat_map(entry_documents)).unzip();
        Self { sources, texts, points }
    }
}

/// A point that still lacks its vectors.
struct Blank {
    id: Uuid,
    payload: PointPayload,
}

fn pair_document(pair: &Pair) -> Option<(DocumentText, Blank)> {
    let content = &pair.content;
    // "Please wait" is no answer to anybody: such pairs count as unanswered questions and are not searched.
    if content.kind == PairKind::Unanswered || content.answer.trim().is_empty() {
        return None;
    }
    let text = DocumentText {
        question: content.question.clone(),
        turn: content.turn.clone(),
        previous: content.previous.clone(),
        answer: content.answer.clone(),
    };
    let payload = PointPayload {
        desk: pair.desk.clone(),
        pool: Pool::Archive,
        kind: content.kind,
        language: content.language,
        source: content.id.as_uuid(),
        conversation: Some(pair.conversation.as_uuid()),
        answered_at: content.answered_at,
        valid_from: None,
        valid_to: None,
        tags: pair.tags.clone(),
    };
    Some((text, Blank { id: content.id.as_uuid(), payload }))
}

fn entry_documents(entry: &Entry) -> Vec<(DocumentText, Blank)> {
    if entry.content.status != EntryStatus::Published {
        return Vec::new();
    }
    let documents = entry.content.questions.iter().enumerate().map(|(variant, question)| {
        let text = DocumentText {
            question: question.clone(),
            turn: question.clone(),
            previous: String::new(),
            answer: entry.content.answer.clone(),
        };
        let payload = PointPayload {
            desk: entry.desk.clone(),
            pool: Pool::Knowledge,
            kind: PairKind::Question,
            language: entry.content.language,
            source: entry.id.as_uuid(),
            conversation: None,
            answered_at: Some(entry.updated_at),
            valid_from: entry.content.valid_from,
            valid_to: entry.content.valid_to,
            tags: entry.content.tags.clone(),
        };
        (text, Blank { id: entry.variant_point(variant), payload })
    });
    documents.collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::auth::test_support::ManualClock;
    use crate::domain::Timestamp;
    use crate::embed::fake::FakeEmbedder;
    use crate::index::exact::ExactIndex;
    use crate::store::cipher::KeySource;
    use crate::store::sqlite::SqliteStore;

    #[tokio::test]
    async fn what_a_process_before_has_left_unbuilt_is_built_once() {
        let folder = tempfile::tempdir().unwrap();
        let (file, key) = (folder.path().join("riposte.db"), KeySource::File(folder.path().join("master.key")));
        let store: Arc<dyn Store> = Arc::new(Box::pin(SqliteStore::open(&file, &key, Timestamp::from_micros(0))).await.unwrap());
        let (index, embedder) = (Arc::new(ExactIndex::new(8)), Arc::new(FakeEmbedder::new(8)));
        let profiles = Arc::new(DeskProfiles::new(index.clone(), embedder.clone()));
        let indexer = Indexer::new(store, index.clone(), embedder, profiles, Arc::new(ManualClock::default()));
        for (left_over, built) in [(false, 0), (true, 1), (false, 1)] {
            if left_over {
                indexer.build_left_over();
            }
            indexer.drain().await.unwrap();
            assert_eq!(index.optimized.load(Ordering::Relaxed), built);
        }
    }
}
