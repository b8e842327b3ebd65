//! The import job: a file of conversations into a desk's archive, pairs and index.
//!
//! Three stages, each resumable from the store: reading (a checkpoint lies in the same transaction as the conversations it covers), mining
//! (conversations carry a mark until their pairs are written), embedding (the outbox). Killed anywhere, the job goes on where it stood.

use tokio::sync::mpsc;

use super::ImportParams;
use super::runner::{JobContext, RunError};
use crate::domain::{DeskId, ImportReport, Job};
use crate::ingest::{self, Batch, ColumnMapping, ConversationReader, Cursor, ReadOptions};
use crate::rt;
use crate::store::ImportCheckpoint;

/// Runs (or continues) an import.
pub(super) async fn run(context: &JobContext, job: &Job) -> Result<serde_json::Value, RunError> {
    let params: ImportParams =
        serde_json::from_value(job.params.clone()).map_err(|error| RunError::Permanent(format!("unreadable parameters: {error}")))?;
    let desk = job.desk.clone().ok_or_else(|| RunError::Permanent("an import needs a desk".to_owned()))?;
    let cursor: Option<Cursor> = job.cursor.clone().and_then(|cursor| serde_json::from_value(cursor).ok());
    let mut report: ImportReport = if cursor.is_some() {
        job.result.clone().and_then(|report| serde_json::from_value(report).ok()).unwrap_or_default()
    } else {
        ImportReport::default()
    };
    if !params.dry_run {
        context.store.ensure_desk(&desk, context.clock.now()).await?;
    }
    read(context, &desk, &params, cursor, &mut report).await?;
    if !params.dry_run {
        // What an earlier, interrupted import of this desk has left is mined as well.
        report.pairs_mined += mine(context, &desk).await?;
        wait_for_index(context, &desk).await?;
        // Best effort: the next import or rebuild places what is left.
        if let Err(error) = context.curator.join(&desk).await {
            tracing::warn!(desk = %desk, error = &error as &dyn std::error::Error, "new questions have not joined their clusters yet");
        }
    }
    Ok(serde_json::to_value(&report)?)
}

async fn read(
    context: &JobContext,
    desk: &DeskId,
    params: &ImportParams,
    cursor: Option<Cursor>,
    report: &mut ImportReport,
) -> Result<(), RunError> {
    let mapping: Option<ColumnMapping> = params
        .mapping
        .clone()
        .map(serde_json::from_value)
        .transpose()
        .map_err(|error| RunError::Permanent(format!("the column mapping can't be read: {error}")))?;
    let options = ReadOptions { format: params.format, mapping, start: cursor, now: context.clock.now() };
    let path = params.path.clone();
    let reader = rt::cpu(move || ingest::open(&path, options)).await??;
    let total = reader.total_bytes();
    let (mut batches, reading) = batches_of(reader);
    while let Some(batch) = batches.recv().await {
        let batch = batch?;
        report.conversations_read += batch.drafts.len() as u64;
        report.messages_read += batch.messages;
        report.rejected += batch.rejected.len() as u64;
        for note in &batch.notes {
            if !report.notes.contains(note) {
                report.notes.push(note.clone());
            }
        }
        store_batch(context, desk, params.dry_run, &batch, report).await?;
        if !params.dry_run {
            report.pairs_mined += mine(context, desk).await?;
        }
        context.progress("reading", batch.bytes_done, total).await?;
    }
    reading.await.map_err(|failed| RunError::Permanent(failed.to_string()))?;
    Ok(())
}

/// Reads on the blocking lane, two batches ahead at most.
fn batches_of(
    mut reader: Box<dyn ConversationReader>,
) -> (mpsc::Receiver<Result<Batch, ingest::IngestError>>, tokio::task::JoinHandle<()>) {
    let (sender, receiver) = mpsc::channel(2);
    let reading = tokio::task::spawn_blocking(move || {
        loop {
            let batch = match reader.next_batch() {
                Ok(None) => return,
                Ok(Some(batch)) => Ok(batch),
                Err(error) => Err(error),
            };
            let failed = batch.is_err();
            if sender.blocking_send(batch).is_err() || failed {
                return;
            }
        }
    });
    (receiver, reading)
}

async fn store_batch(context: &JobContext, desk: &DeskId, dry_run: bool, batch: &Batch, report: &mut ImportReport) -> Result<(), RunError> {
    let drafts = if dry_run { &[][..] } else { &batch.drafts[..] };
    let cursor = serde_json::to_value(&batch.cursor)?;
    // What this merge adds is known only afterwards and reaches the next checkpoint: after a kill the totals of what was *added* may be
    // short by one batch. The conversations themselves never are.
    let result = serde_json::to_value(&*report)?;
    let checkpoint = ImportCheckpoint { lease: context.lease, cursor: &cursor, result: &result, rejected: &batch.rejected };
    for merged in context.store.merge_conversations(desk, drafts, context.clock.now(), Some(checkpoint)).await? {
        if merged.created {
            report.conversations_added += 1;
        } else if merged.messages_added > 0 {
            report.conversations_changed += 1;
        }
        report.messages_added += u64::from(merged.messages_added);
    }
    Ok(())
}

/// Masks and mines everything marked; tells how many pairs were written.
async fn mine(context: &JobContext, desk: &DeskId) -> Result<u64, RunError> {
    Ok(context.miner.mine_marked(desk, context.clock.now(), || context.indexer.wake()).await?)
}

/// Waits until nothing of the desk waits for the index.
pub(super) async fn wait_for_index(context: &JobContext, desk: &DeskId) -> Result<(), RunError> {
    let mut state = context.indexer.watch();
    context.indexer.wake();
    let total = context.store.pending_index_count(Some(desk)).await?;
    loop {
        // Looked at before counting: a change between the two wakes `changed` below.
        let seen = state.borrow_and_update().clone();
        let pending = context.store.pending_index_count(Some(desk)).await?;
        context.progress("embedding", total.saturating_sub(pending), Some(total)).await?;
        if pending == 0 {
            return Ok(());
        }
        if let Some(failure) = seen.failure {
            return Err(RunError::Retry(format!("the index can't be written: {failure}")));
        }
        state.changed().await.map_err(|_closed| RunError::Retry("the index writer has stopped".to_owned()))?;
    }
}
