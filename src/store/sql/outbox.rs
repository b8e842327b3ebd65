//! The outbox of the search index, and settings of the installation.
//!
//! A subject waits at most once: queueing it again removes the older task and adds one with a new number, so acknowledging the older task
//! can't swallow the newer change.

use async_trait::async_trait;
use uuid::Uuid;

use super::dialect::Connection;
use super::statement::{LIST_LIMIT, insert_rows, padded, with_list};
use super::{SqlStore, value};
use crate::domain::{DeskId, EntryId, PairId};
use crate::store::{IndexSubject, IndexTask, OutboxStore, Result, StoreError};

const PAIR: &str = "pair";
const ENTRY: &str = "entry";

/// Queues subjects of one desk, inside the caller's transaction.
pub(super) async fn queue(connection: &mut Connection, desk: &DeskId, subjects: &[IndexSubject]) -> Result<()> {
    let rows: Vec<(&str, &str, Uuid)> = subjects
        .iter()
        .map(|subject| match subject {
            IndexSubject::Pair(id) => (desk.as_str(), PAIR, id.as_uuid()),
            IndexSubject::Entry(id) => (desk.as_str(), ENTRY, id.as_uuid()),
        })
        .collect();
    for chunk in rows.chunks(LIST_LIMIT) {
        let mut query = sqlx::query(with_list("delete from index_task where subject_id in ({list})", 1, chunk.len()));
        for (_, _, id) in padded(chunk) {
            query = query.bind(value::blob(id));
        }
        query.execute(&mut *connection).await?;
    }
    insert_rows(connection, "insert into index_task (desk, subject, subject_id) values", 3, "", &rows, |query, (desk, subject, id)| {
        query.bind(*desk).bind(*subject).bind(value::blob(*id))
    })
    .await?;
    Ok(())
}

#[derive(sqlx::FromRow)]
struct TaskRow {
    sequence: i64,
    desk: String,
    subject: String,
    subject_id: Vec<u8>,
}

impl TaskRow {
    fn into_task(self) -> Result<IndexTask> {
        let id = value::uuid(&self.subject_id, "index_task.subject_id")?;
        let subject = match self.subject.as_str() {
            PAIR => IndexSubject::Pair(PairId::from_uuid(id)),
            ENTRY => IndexSubject::Entry(EntryId::from_uuid(id)),
            _ => return Err(StoreError::Corrupt("index_task.subject")),
        };
        Ok(IndexTask { sequence: self.sequence, desk: value::desk(&self.desk)?, subject })
    }
}

#[async_trait]
impl OutboxStore for SqlStore {
    async fn pending_index_tasks(&self, desk: Option<&DeskId>, limit: u32) -> Result<Vec<IndexTask>> {
        // Two statements, each along an index of its own: a queue of a million pairs is not sorted for one entry.
        let mut rows: Vec<TaskRow> = match desk {
            Some(desk) => {
                sqlx::query_as(
                    "select sequence, desk, subject, subject_id from index_task where subject = 'entry' and desk = $1 order by sequence limit $2",
                )
                .bind(desk.as_str())
                .bind(i64::from(limit))
                .fetch_all(&self.readers)
                .await?
            }
            None => {
                sqlx::query_as("select sequence, desk, subject, subject_id from index_task where subject = 'entry' order by sequence limit $1")
                    .bind(i64::from(limit))
                    .fetch_all(&self.readers)
                    .await?
            }
        };
        let rest = limit.saturating_sub(rows.len() as u32);
        let pairs: Vec<TaskRow> = match desk {
            Some(desk) => {
                sqlx::query_as(
                    "select sequence, desk, subject, subject_id from index_task where subject = 'pair' and desk = $1 order by sequence limit $2",
                )
                .bind(desk.as_str())
                .bind(i64::from(rest))
                .fetch_all(&self.readers)
                .await?
            }
            None => {
                sqlx::query_as("select sequence, desk, subject, subject_id from index_task where subject = 'pair' order by sequence limit $1")
                    .bind(i64::from(rest))
                    .fetch_all(&self.readers)
                    .await?
            }
        };
        rows.extend(pairs);
        rows.into_iter().map(TaskRow::into_task).collect()
    }

    async fn acknowledge_index_tasks(&self, sequences: &[i64]) -> Result<()> {
        let mut tx = self.begin().await?;
        for chunk in sequences.chunks(LIST_LIMIT) {
            let mut query = sqlx::query(with_list("delete from index_task where sequence in ({list})", 1, chunk.len()));
            for sequence in padded(chunk) {
                query = query.bind(sequence);
            }
            query.execute(&mut *tx).await?;
        }
        tx.commit().await?;
        Ok(())
    }

    async fn entries_wait_for_index(&self, ids: &[EntryId]) -> Result<bool> {
        for chunk in ids.chunks(LIST_LIMIT) {
            let sql = with_list(
                "select cast(1 as bigint) from index_task where subject = 'entry' and subject_id in ({list}) limit 1",
                1,
                chunk.len(),
            );
            let mut query = sqlx::query_scalar::<_, i64>(sql);
            for id in padded(chunk) {
                query = query.bind(value::blob(id.as_uuid()));
            }
            if query.fetch_optional(&self.readers).await?.is_some() {
                return Ok(true);
            }
        }
        Ok(false)
    }

    async fn pending_index_count(&self, desk: Option<&DeskId>) -> Result<u64> {
        let count: i64 = match desk {
            Some(desk) => {
                sqlx::query_scalar("select count(*) from index_task where desk = $1").bind(desk.as_str()).fetch_one(&self.readers).await?
            }
            None => sqlx::query_scalar("select count(*) from index_task").fetch_one(&self.readers).await?,
        };
        Ok(count as u64)
    }

    async fn queue_everything(&self) -> Result<u64> {
        let mut tx = self.begin().await?;
        // Tasks of subjects that are gone stay: they delete points.
        let mut queued = 0;
        for statement in [
            "delete from index_task where subject_id in (select id from pair) or subject_id in (select id from entry)",
            "insert into index_task (desk, subject, subject_id) select desk, 'pair', id from pair order by desk, id",
            "insert into index_task (desk, subject, subject_id) select desk, 'entry', id from entry order by desk, id",
        ] {
            let done = sqlx::query(statement).execute(&mut *tx).await?;
            if statement.starts_with("insert") {
                queued += done.rows_affected();
            }
        }
        tx.commit().await?;
        Ok(queued)
    }

    async fn meta(&self, key: &str) -> Result<Option<String>> {
        Ok(sqlx::query_scalar("select value from setting where name = $1").bind(key).fetch_optional(&self.readers).await?)
    }

    async fn set_meta(&self, key: &str, value: &str) -> Result<()> {
        sqlx::query("insert into setting (name, value) values ($1, $2) on conflict (name) do update set value = excluded.value")
            .bind(key)
            .bind(value)
            .execute(&self.writer)
            .await?;
        Ok(())
    }
}
