//! Fills the index anew from the store: for a new encoder, or an index that was lost. Beside an index in force that is searched meanwhile, that
//! is [`Successor`](super::succession::Successor)'s matter; otherwise the index's writer does it by the queue of changes.

use super::filling::Filling;
use super::runner::{JobContext, RunError};
use crate::domain::Job;

/// Queues everything, unless that was done and interrupted, and waits until it is written.
pub(super) async fn run(context: &JobContext, job: &Job) -> Result<serde_json::Value, RunError> {
    if let Some(successor) = context.indexer.successor().filter(|successor| job.params["encoder"] == successor.encoder()) {
        return successor.fill(context).await;
    }
    let encoder = context.indexer.encoder();
    if job.params["encoder"] != encoder {
        // Interrupted, and the program started again with the encoder of before, whose index is in force.
        tracing::info!("re-indexing was for another encoder than the present one and is given up");
        return Err(RunError::Cancelled);
    }
    let filling = Filling::resume_or_begin(context.store.as_ref(), encoder).await?;
    let mut state = context.indexer.watch();
    context.indexer.wake();
    loop {
        // Looked at before counting: a change between the two wakes `changed` below.
        let seen = state.borrow_and_update().clone();
        let pending = context.store.pending_index_count(None).await?;
        context.progress("embedding", filling.done(pending), Some(filling.total)).await?;
        if pending == 0 {
            return Ok(serde_json::json!({ "points_queued": filling.total }));
        }
        if let Some(failure) = seen.failure {
            return Err(RunError::Retry(format!("the index can't be written: {failure}")));
        }
        state.changed().await.map_err(|_closed| RunError::Retry("the index writer has stopped".to_owned()))?;
    }
}
