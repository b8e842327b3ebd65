//! The index of another encoder, filled beside the one in force while that one is searched and written.
//!
//! A walk over the store, by desk and id, fills it. Behind every batch it writes down where it stands ([`Succession`]), so that one that was
//! interrupted goes on. What changes meanwhile comes through the outbox as ever: the index's writer brings each change into both indexes before
//! it acknowledges it. Walk and writer take turns, and what is written in a turn is read in it: the walk never puts an older state over a newer.
//!
//! Only for a process that has the store to itself: another one's writer would know nothing of the second index.

use serde::{Deserialize, Serialize};
use tokio::sync::{Mutex, MutexGuard};

use super::indexing::{Documents, IndexingError, Target};
use super::runner::{JobContext, RunError};
use crate::domain::{DeskId, EntryFilter, EntryId, PairId};
use crate::store::{OutboxStore, Store, StoreError};

/// Setting of the store that holds a [`Succession`], or nothing.
const SUCCESSION: &str = "index_succession";

/// Pairs or entries of one turn: about a second of embedding, which a change that somebody waits for may have to wait.
const BATCH: u32 = 64;

/// How far the walk is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Succession {
    /// Fingerprint of the encoder that will be in force.
    pub encoder: String,
    /// Which copy of its index is filled.
    pub copy: String,
    /// Behind what it goes on; none at the beginning.
    place: Option<Place>,
    /// Pairs and entries walked over.
    pub done: u64,
    /// How many there were at the beginning.
    pub total: u64,
}

/// A desk, and what was last taken of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Place {
    desk: DeskId,
    last: Last,
}

/// A desk's pairs come before its entries.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
enum Last {
    Pair(Option<PairId>),
    Entry(Option<EntryId>),
}

impl Succession {
    /// The one that is under way, if one is.
    ///
    /// # Errors
    /// When the store does not answer.
    pub async fn under_way(store: &(impl OutboxStore + ?Sized)) -> Result<Option<Self>, StoreError> {
        let Some(text) = store.meta(SUCCESSION).await?.filter(|text| !text.is_empty()) else { return Ok(None) };
        Ok(Some(serde_json::from_str(&text).map_err(|_malformed| StoreError::Corrupt("setting.index_succession"))?))
    }

    /// Begins with an empty index.
    ///
    /// # Errors
    /// When the store does not answer.
    pub async fn begin(store: &(impl Store + ?Sized), encoder: &str, copy: &str) -> Result<Self, StoreError> {
        let mut total = 0;
        for desk in store.desks().await? {
            let counts = store.counts(&desk.id).await?;
            total += counts.pairs + counts.entries;
        }
        let begun = Self { encoder: encoder.to_owned(), copy: copy.to_owned(), place: None, done: 0, total };
        begun.save(store).await?;
        Ok(begun)
    }

    /// Takes note that none is under way any more.
    ///
    /// # Errors
    /// When the store does not answer.
    pub async fn end(store: &(impl OutboxStore + ?Sized)) -> Result<(), StoreError> {
        store.set_meta(SUCCESSION, "").await
    }

    async fn save(&self, store: &(impl OutboxStore + ?Sized)) -> Result<(), StoreError> {
        let text = serde_json::to_string(self).map_err(|_not_json| StoreError::Corrupt("setting.index_succession"))?;
        store.set_meta(SUCCESSION, &text).await
    }

    /// What comes next, the place moved behind it; nothing at the end.
    async fn next(&mut self, store: &(impl Store + ?Sized)) -> Result<Option<Documents>, StoreError> {
        let mut desks: Vec<DeskId> = store.desks().await?.into_iter().map(|desk| desk.id).collect();
        // Databases sort letters by rules of their own.
        desks.sort_unstable();
        for desk in desks {
            if self.place.as_ref().is_some_and(|place| desk < place.desk) {
                continue;
            }
            let mut last = self.place.take().filter(|place| place.desk == desk).map_or(Last::Pair(None), |place| place.last);
            if let Last::Pair(after) = last {
                let pairs = store.pairs_page(&desk, None, after, BATCH).await?;
                if let Some(pair) = pairs.last() {
                    self.place = Some(Place { desk, last: Last::Pair(Some(pair.content.id)) });
                    self.done += pairs.len() as u64;
                    return Ok(Some(Documents::of(&pairs, &[])));
                }
                last = Last::Entry(None);
            }
            if let Last::Entry(after) = last {
                let entries = store.entries_page(&desk, &EntryFilter::default(), after, BATCH).await?;
                if let Some(entry) = entries.last() {
                    self.place = Some(Place { desk, last: Last::Entry(Some(entry.id)) });
                    self.done += entries.len() as u64;
                    return Ok(Some(Documents::of(&[], &entries)));
                }
            }
            self.place = Some(Place { desk, last });
        }
        Ok(None)
    }
}

/// The index that is being filled, and its encoder.
pub struct Successor {
    target: Target,
    copy: String,
    turn: Mutex<()>,
}

impl Successor {
    /// An index to be filled; `copy` says which copy of it this is.
    #[must_use]
    pub fn new(target: Target, copy: String) -> Self {
        Self { target, copy, turn: Mutex::default() }
    }

    /// Fingerprint of its encoder.
    #[must_use]
    pub fn encoder(&self) -> &str {
        &self.target.embedder.info().fingerprint
    }

    /// Which copy of the encoder's index it is.
    #[must_use]
    pub fn copy(&self) -> &str {
        &self.copy
    }

    /// The index and its encoder.
    #[must_use]
    pub const fn target(&self) -> &Target {
        &self.target
    }

    /// Waits for a turn to read the store and write what was read.
    pub async fn turn(&self) -> MutexGuard<'_, ()> {
        self.turn.lock().await
    }

    /// Takes the next step of the walk: how far it is then, or nothing at its end.
    ///
    /// # Errors
    /// When store, encoder or index do not answer; the step is taken again then.
    ///
    /// # Cancel safety
    /// A dropped future repeats at most one batch.
    pub async fn step(&self, store: &(impl Store + ?Sized)) -> Result<Option<Succession>, IndexingError> {
        let under_way = Succession::under_way(store).await?.filter(|found| found.encoder == self.encoder() && found.copy == self.copy);
        let mut state = match under_way {
            Some(state) => state,
            None => Succession::begin(store, self.encoder(), &self.copy).await?,
        };
        let _turn = self.turn().await;
        let Some(documents) = state.next(store).await? else { return Ok(None) };
        self.target.replace(&documents).await?;
        // First: what is written down as walked over must be there after a crash.
        self.target.index.flush().await?;
        state.save(store).await?;
        Ok(Some(state))
    }

    /// Fills the index and builds its graphs.
    pub(super) async fn fill(&self, context: &JobContext) -> Result<serde_json::Value, RunError> {
        let mut walked = 0;
        while let Some(Succession { done, total, .. }) = self.step(context.store.as_ref()).await? {
            walked = done;
            context.progress("embedding", done, Some(total.max(done))).await?;
        }
        context.progress("building", 0, None).await?;
        self.target.index.optimize().await?;
        self.target.index.flush().await?;
        Ok(serde_json::json!({ "points_queued": walked }))
    }
}

impl From<IndexingError> for RunError {
    fn from(error: IndexingError) -> Self {
        match error {
            IndexingError::Embed(error) => Self::Retry(format!("texts can't be embedded: {error}")),
            IndexingError::Index(error) => Self::Index(error),
            IndexingError::Store(error) => Self::Store(error),
        }
    }
}

#[cfg(test)]
mod tests;
