//! The outbox of the search index, and settings of the installation.
//!
//! A subject waits at most once: queueing it again removes the older task and adds one with a new number, so acknowledging the older task
//! can't swallow the newer change.
//!
//! Tasks are claimed by the process that writes them, and of two processes one may write what the other has read later. Whoever acknowledges
//! sees that its task was replaced or taken, and queues the subject again: so the last write always follows the last change.

use std::collections::HashSet;

use async_trait::async_trait;
use uuid::Uuid;

use super::dialect::Connection;
use super::statement::{LIST_LIMIT, insert_rows, padded, with_list};
use super::{SqlStore, value};
use crate::domain::{DeskId, EntryId, PairId, ReplicaId, Timestamp};
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

/// Queues the subjects of tasks that were lost again, unless they wait unclaimed.
async fn queue_again(connection: &mut Connection, lost: &[&IndexTask]) -> Result<()> {
    let mut waiting: HashSet<Uuid> = HashSet::new();
    let ids: Vec<Uuid> = lost.iter().map(|task| subject_id(task.subject)).collect();
    for chunk in ids.chunks(LIST_LIMIT) {
        let sql = with_list("select subject_id from index_task where claimed_by is null and subject_id in ({list})", 1, chunk.len());
        let mut query = sqlx::query_scalar::<_, Vec<u8>>(sql);
        for id in padded(chunk) {
            query = query.bind(value::blob(id));
        }
        for id in query.fetch_all(&mut *connection).await? {
            waiting.insert(value::uuid(&id, "index_task.subject_id")?);
        }
    }
    for task in lost.iter().filter(|task| !waiting.contains(&subject_id(task.subject))) {
        queue(connection, &task.desk, &[task.subject]).await?;
    }
    Ok(())
}

const fn subject_id(subject: IndexSubject) -> Uuid {
    match subject {
        IndexSubject::Pair(id) => id.as_uuid(),
        IndexSubject::Entry(id) => id.as_uuid(),
    }
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

    async fn claim_index_tasks(&self, owner: ReplicaId, now: Timestamp, until: Timestamp, limit: u32) -> Result<Vec<IndexTask>> {
        // In a `with` of its own, which is read once: as part of the condition it could be read again and claim more than the limit.
        const ENTRIES: &str = concat!(
            "with next as materialized (select sequence from index_task where subject = 'entry' and claimed_until <= $3 order by sequence limit $4 ",
            skip_locked!(),
            ") update index_task set claimed_by = $1, claimed_until = $2 where sequence in (select sequence from next) \
             returning sequence, desk, subject, subject_id"
        );
        const PAIRS: &str = concat!(
            "with next as materialized (select sequence from index_task where subject = 'pair' and claimed_until <= $3 order by sequence limit $4 ",
            skip_locked!(),
            ") update index_task set claimed_by = $1, claimed_until = $2 where sequence in (select sequence from next) \
             returning sequence, desk, subject, subject_id"
        );
        let mut tasks = Vec::new();
        for statement in [ENTRIES, PAIRS] {
            let rest = limit.saturating_sub(tasks.len() as u32);
            if rest == 0 {
                break;
            }
            let mut rows: Vec<TaskRow> = sqlx::query_as(statement)
                .bind(value::blob(owner.as_uuid()))
                .bind(until.as_micros())
                .bind(now.as_micros())
                .bind(i64::from(rest))
                .fetch_all(&self.writer)
                .await?;
            rows.sort_unstable_by_key(|row| row.sequence);
            for row in rows {
                tasks.push(row.into_task()?);
            }
        }
        Ok(tasks)
    }

    async fn keep_index_claims(&self, owner: ReplicaId, until: Timestamp) -> Result<()> {
        sqlx::query("update index_task set claimed_until = $2 where claimed_by = $1")
            .bind(value::blob(owner.as_uuid()))
            .bind(until.as_micros())
            .execute(&self.writer)
            .await?;
        Ok(())
    }

    async fn release_index_claims(&self, owner: Option<ReplicaId>) -> Result<()> {
        let statement = match owner {
            Some(_) => "update index_task set claimed_by = null, claimed_until = 0 where claimed_by = $1",
            None => "update index_task set claimed_by = null, claimed_until = 0 where claimed_by is not null",
        };
        let mut query = sqlx::query(statement);
        if let Some(owner) = owner {
            query = query.bind(value::blob(owner.as_uuid()));
        }
        query.execute(&self.writer).await?;
        Ok(())
    }

    async fn acknowledge_index_tasks(&self, owner: ReplicaId, tasks: &[IndexTask]) -> Result<()> {
        let mut tx = self.begin().await?;
        for chunk in tasks.chunks(LIST_LIMIT) {
            let sequences: Vec<i64> = chunk.iter().map(|task| task.sequence).collect();
            let sql = with_list("delete from index_task where claimed_by = $1 and sequence in ({list}) returning sequence", 2, chunk.len());
            let mut query = sqlx::query_scalar::<_, i64>(sql).bind(value::blob(owner.as_uuid()));
            for sequence in padded(&sequences) {
                query = query.bind(sequence);
            }
            let removed: HashSet<i64> = query.fetch_all(&mut *tx).await?.into_iter().collect();
            let lost: Vec<&IndexTask> = chunk.iter().filter(|task| !removed.contains(&task.sequence)).collect();
            if !lost.is_empty() {
                queue_again(&mut tx, &lost).await?;
            }
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
