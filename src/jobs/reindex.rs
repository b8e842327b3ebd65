//! Fills the index anew from the store: for a new encoder, or an index that was lost.

use super::runner::{JobContext, RunError};

/// Queues everything and waits until it is written.
pub(super) async fn run(context: &JobContext) -> Result<serde_json::Value, RunError> {
    let total = context.store.queue_everything().await?;
    let mut state = context.indexer.watch();
    context.indexer.wake();
    loop {
        // Looked at before counting: a change between the two wakes `changed` below.
        let seen = state.borrow_and_update().clone();
        let pending = context.store.pending_index_count(None).await?;
        context.progress("embedding", total.saturating_sub(pending), Some(total)).await?;
        if pending == 0 {
            return Ok(serde_json::json!({ "points_queued": total }));
        }
        if let Some(failure) = seen.failure {
            return Err(RunError::Retry(format!("the index can't be written: {failure}")));
        }
        state.changed().await.map_err(|_closed| RunError::Retry("the index writer has stopped".to_owned()))?;
    }
}
