//! The use case: the present moment of a live conversation in, ranked and explained replies or a reasoned silence out; feedback intake.

pub mod request;

use std::sync::Arc;

use crate::domain::{Clock, DeskId, SuggestionId};
use crate::embed::{EmbedError, Embedder, Lane};
use crate::index::{IndexError, VectorIndex};
use crate::store::{Store, StoreError};

pub use request::{FeedbackCreate, SuggestRequest, SuggestResponse};

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub enum SuggestError {
    /// The request can't be served as it is; the pointer names the field, the text says how to mend it.
    #[error("{detail}")]
    Invalid {
        /// JSON pointer into the request.
        pointer: String,
        /// What to do.
        detail: String,
    },
    /// There is no such desk.
    #[error("no desk `{0}`")]
    UnknownDesk(DeskId),
    /// There is no such suggestion (on a desk the caller may see).
    #[error("no suggestion {0}")]
    UnknownSuggestion(SuggestionId),
    /// No vector.
    #[error(transparent)]
    Embed(#[from] EmbedError),
    /// The index did not answer.
    #[error(transparent)]
    Index(#[from] IndexError),
    /// The store did not answer.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Suggests replies and takes feedback.
#[derive(Clone)]
pub struct Suggester {
    store: Arc<dyn Store>,
    index: Arc<dyn VectorIndex>,
    embedder: Arc<dyn Embedder>,
    clock: Arc<dyn Clock>,
}

impl Suggester {
    /// Answers one request and keeps the answer, so that feedback can name it. `actor` is the account or key that asks.
    pub async fn suggest(&self, request: &SuggestRequest, actor: &str, lane: Lane) -> Result<SuggestResponse, SuggestError> {
        todo!()
    }

    /// The desk a suggestion was made for, to check access before [`Self::give_feedback`].
    pub async fn desk_of_suggestion(&self, id: SuggestionId) -> Result<DeskId, SuggestError> {
        todo!()
    }

    /// Keeps what an agent did; it changes the order of the next suggestions.
    pub async fn give_feedback(&self, desk: &DeskId, id: SuggestionId, feedback: &FeedbackCreate, actor: &str) -> Result<(), SuggestError> {
        todo!()
    }
}
