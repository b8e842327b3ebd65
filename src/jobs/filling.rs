//! What the store remembers of an index that is being filled anew, so that a filling that was interrupted goes on where it stood.
//!
//! The queue of changes is the checkpoint: what is in the new index has left it. Beside it stands for which encoder it was queued. Under
//! another encoder the rest of the queue says nothing of what that encoder's index holds.

use serde::{Deserialize, Serialize};

use crate::store::{OutboxStore, Result, StoreError};

/// Setting of the store that holds a [`Filling`], or nothing.
const FILLING: &str = "index_filling";

/// An index that is being filled anew.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Filling {
    /// Fingerprint of its encoder.
    pub encoder: String,
    /// Changes that were queued for it.
    pub total: u64,
    /// Changes that waited for the index in force when it was begun (or a filling before it that came to nothing), and went elsewhere.
    pub waited: u64,
}

impl Filling {
    /// The filling that is under way, if one is.
    ///
    /// # Errors
    /// When the store does not answer.
    pub async fn under_way(store: &(impl OutboxStore + ?Sized)) -> Result<Option<Self>> {
        let Some(text) = store.meta(FILLING).await?.filter(|text| !text.is_empty()) else { return Ok(None) };
        Ok(Some(serde_json::from_str(&text).map_err(|_malformed| StoreError::Corrupt("setting.index_filling"))?))
    }

    /// Queues everything for the index of an encoder.
    ///
    /// # Errors
    /// When the store does not answer. What was queued by then is queued again by the next attempt.
    pub async fn begin(store: &(impl OutboxStore + ?Sized), encoder: &str) -> Result<Self> {
        let before = Self::under_way(store).await?.map_or(0, |before| before.waited);
        let waited = before + store.pending_index_count(None).await?;
        let total = store.queue_everything().await?;
        let filling = Self { encoder: encoder.to_owned(), total, waited };
        let text = serde_json::to_string(&filling).map_err(|_not_json| StoreError::Corrupt("setting.index_filling"))?;
        store.set_meta(FILLING, &text).await?;
        Ok(filling)
    }

    /// Goes on with the filling for an encoder that is under way, or begins one.
    ///
    /// # Errors
    /// As [`Self::begin`].
    pub async fn resume_or_begin(store: &(impl OutboxStore + ?Sized), encoder: &str) -> Result<Self> {
        match Self::under_way(store).await? {
            Some(filling) if filling.encoder == encoder => Ok(filling),
            _ => Self::begin(store, encoder).await,
        }
    }

    /// Takes note that nothing is being filled any more.
    ///
    /// # Errors
    /// When the store does not answer.
    pub async fn end(store: &(impl OutboxStore + ?Sized)) -> Result<()> {
        store.set_meta(FILLING, "").await
    }

    /// How many of the changes that were queued are in the index, where `pending` wait. Those that arrived since wait among them.
    #[must_use]
    pub const fn done(&self, pending: u64) -> u64 {
        self.total.saturating_sub(pending)
    }
}
