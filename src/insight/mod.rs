//! What a desk's answers lack or get wrong: questions without a good answer, answers that disagree, entries that have aged.
//!
//! `gaps` groups failures into the ledger, `conflicts` sets answers side by side that can't both be right, `worklists` lists the entries that want an
//! editor, `overview` counts how suggestions are used, `disagreement` tells a newer practice from two at the same time. Everything is counted or compared; no language model is asked.

pub mod conflicts;
pub mod disagreement;
pub mod gaps;
pub mod overview;
pub mod worklists;

use std::sync::Arc;

use crate::domain::{Clock, DeskId, Entry, EntryFilter};
use crate::embed::{EmbedError, Embedder};
use crate::index::{IndexError, VectorIndex};
use crate::rt::WorkError;
use crate::store::{Store, StoreError};

/// Rows read at a time.
const PAGE: u32 = 500;

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub enum InsightError {
    /// There is no such gap on this desk.
    #[error("no such gap")]
    UnknownGap,
    /// A value does not fit.
    #[error("{field}: {detail}")]
    Invalid {
        /// JSON pointer of the field.
        field: &'static str,
        /// What is expected.
        detail: String,
    },
    /// The store did not answer.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The index did not answer.
    #[error(transparent)]
    Index(#[from] IndexError),
    /// No vector.
    #[error(transparent)]
    Embed(#[from] EmbedError),
    /// A panic, or the runtime is going down.
    #[error(transparent)]
    Work(#[from] WorkError),
}

/// The use case.
#[derive(Clone)]
pub struct Insight {
    store: Arc<dyn Store>,
    index: Arc<dyn VectorIndex>,
    embedder: Arc<dyn Embedder>,
    clock: Arc<dyn Clock>,
}

impl Insight {
    /// Puts the use case together.
    #[must_use]
    pub fn new(store: Arc<dyn Store>, index: Arc<dyn VectorIndex>, embedder: Arc<dyn Embedder>, clock: Arc<dyn Clock>) -> Self {
        Self { store, index, embedder, clock }
    }

    async fn all_entries(&self, desk: &DeskId) -> Result<Vec<Entry>, InsightError> {
        let mut entries: Vec<Entry> = Vec::new();
        loop {
            let page = self.store.entries_page(desk, &EntryFilter::default(), entries.last().map(|entry| entry.id), PAGE).await?;
            if page.is_empty() {
                return Ok(entries);
            }
            entries.extend(page);
        }
    }
}
