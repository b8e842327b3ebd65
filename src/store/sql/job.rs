//! Jobs: a durable queue with progress, checkpoints and cancellation.
//!
//! A job is lent to one process at a time. Whatever is written about a running job names owner and generation of the lease in its condition, so
//! that a statement of a process that has lost the job changes nothing.

use super::dialect::Connection;
use super::statement::{insert_rows, padded, with_list};
use super::value::{self, from_json, from_optional_json, to_json};
use super::{SqlStore, duplicate};
use crate::domain::{DeskId, Job, JobId, JobKind, JobLease, JobProgress, JobState, RejectedRow, ReplicaId, Timestamp};
use crate::store::{ImportCheckpoint, JobStore, Result, StoreError};
use async_trait::async_trait;

#[derive(sqlx::FromRow)]
struct JobRow {
    id: Vec<u8>,
    kind: String,
    desk: Option<String>,
    state: String,
    progress: String,
    params: String,
    cursor: Option<String>,
    result: Option<String>,
    error: Option<String>,
    created_at: i64,
    updated_at: i64,
}

impl JobRow {
    fn into_job(self) -> Result<Job> {
        Ok(Job {
            id: JobId::from_uuid(value::uuid(&self.id, "job.id")?),
            kind: JobKind::from_code(&self.kind).ok_or(StoreError::Corrupt("job.kind"))?,
            desk: self.desk.as_deref().map(value::desk).transpose()?,
            state: JobState::from_code(&self.state).ok_or(StoreError::Corrupt("job.state"))?,
            progress: from_json(&self.progress, "job.progress")?,
            params: from_json(&self.params, "job.params")?,
            cursor: from_optional_json(self.cursor.as_deref(), "job.cursor")?,
            result: from_optional_json(self.result.as_deref(), "job.result")?,
            error: self.error,
            created_at: Timestamp::from_micros(self.created_at),
            updated_at: Timestamp::from_micros(self.updated_at),
        })
    }
}

/// A job as it was lent.
#[derive(sqlx::FromRow)]
struct LentRow {
    #[sqlx(flatten)]
    job: JobRow,
    lease_generation: i64,
}

fn blob(id: JobId) -> Vec<u8> {
    value::blob(id.as_uuid())
}

fn owner(id: ReplicaId) -> Vec<u8> {
    value::blob(id.as_uuid())
}

/// Writes how far an import has come, inside the transaction of the conversations it covers.
pub(super) async fn write_checkpoint(tx: &mut Connection, checkpoint: &ImportCheckpoint<'_>, now: Timestamp) -> Result<()> {
    let done = sqlx::query(
        "update job set cursor = $4, result = $5, updated_at = $6 \
         where id = $1 and lease_owner = $2 and lease_generation = $3 and state = 'running'",
    )
    .bind(blob(checkpoint.lease.job))
    .bind(owner(checkpoint.lease.owner))
    .bind(checkpoint.lease.generation)
    .bind(to_json(checkpoint.cursor))
    .bind(to_json(checkpoint.result))
    .bind(now.as_micros())
    .execute(&mut *tx)
    .await?;
    if done.rows_affected() == 0 {
        return Err(StoreError::LeaseLost);
    }
    let rows: Vec<_> = checkpoint.rejected.iter().map(|row| (checkpoint.lease.job, row)).collect();
    insert_rows(tx, "insert into rejected_row (job_id, line, field, reason, remedy) values", 5, "", &rows, |query, (job, row)| {
        query.bind(blob(*job)).bind(row.line as i64).bind(row.field.as_deref()).bind(row.reason.as_str()).bind(row.remedy.as_str())
    })
    .await?;
    Ok(())
}

#[async_trait]
impl JobStore for SqlStore {
    async fn add_job(&self, job: &Job) -> Result<()> {
        sqlx::query(
            "insert into job (id, kind, desk, state, progress, params, cursor, result, error, cancel_requested, created_at, updated_at) \
             values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)",
        )
        .bind(blob(job.id))
        .bind(job.kind.as_str())
        .bind(job.desk.as_ref().map(DeskId::as_str))
        .bind(job.state.as_str())
        .bind(to_json(&job.progress))
        .bind(to_json(&job.params))
        .bind(job.cursor.as_ref().map(to_json))
        .bind(job.result.as_ref().map(to_json))
        .bind(job.error.as_deref())
        .bind(false)
        .bind(job.created_at.as_micros())
        .bind(job.updated_at.as_micros())
        .execute(&self.writer)
        .await
        .map_err(|error| duplicate(error, "job"))?;
        Ok(())
    }

    async fn job(&self, id: JobId) -> Result<Option<Job>> {
        let row: Option<JobRow> = sqlx::query_as("select * from job where id = $1").bind(blob(id)).fetch_optional(&self.readers).await?;
        row.map(JobRow::into_job).transpose()
    }

    async fn jobs_page(&self, desk: Option<&DeskId>, after: Option<JobId>, limit: u32) -> Result<Vec<Job>> {
        // `$1 is null` instead of four statements: the table is short and read rarely.
        let rows: Vec<JobRow> = sqlx::query_as(
            "select * from job where ($1 is null or desk = $1) \
             and ($2 is null or (created_at, id) < (select created_at, id from job where id = $2)) \
             order by created_at desc, id desc limit $3",
        )
        .bind(desk.map(DeskId::as_str))
        .bind(after.map(blob))
        .bind(i64::from(limit))
        .fetch_all(&self.readers)
        .await?;
        rows.into_iter().map(JobRow::into_job).collect()
    }

    async fn claim_job(&self, kinds: &[JobKind], to: ReplicaId, now: Timestamp, until: Timestamp) -> Result<Option<(Job, JobLease)>> {
        const SQL: &str = concat!(
            "update job set state = 'running', updated_at = $1, lease_owner = $2, lease_until = $3, lease_generation = lease_generation + 1 \
             where id = (select id from job where (state = 'queued' or (state = 'running' and lease_until <= $1)) \
             and kind in ({list}) order by created_at, id limit 1 ",
            skip_locked!(),
            ") returning *"
        );
        if kinds.is_empty() {
            return Ok(None);
        }
        let mut query =
            sqlx::query_as::<_, LentRow>(with_list(SQL, 4, kinds.len())).bind(now.as_micros()).bind(owner(to)).bind(until.as_micros());
        for kind in padded(kinds) {
            query = query.bind(kind.as_str());
        }
        let Some(row) = query.fetch_optional(&self.writer).await? else { return Ok(None) };
        let generation = row.lease_generation;
        let job = row.job.into_job()?;
        let lease = JobLease { job: job.id, owner: to, generation };
        Ok(Some((job, lease)))
    }

    async fn renew_lease(&self, lease: &JobLease, until: Timestamp) -> Result<bool> {
        let cancel: Option<bool> = sqlx::query_scalar(
            "update job set lease_until = $4 where id = $1 and lease_owner = $2 and lease_generation = $3 and state = 'running' \
             returning cancel_requested",
        )
        .bind(blob(lease.job))
        .bind(owner(lease.owner))
        .bind(lease.generation)
        .bind(until.as_micros())
        .fetch_optional(&self.writer)
        .await?;
        cancel.ok_or(StoreError::LeaseLost)
    }

    async fn requeue_interrupted_jobs(&self, now: Timestamp) -> Result<u32> {
        let mut tx = self.begin().await?;
        // Somebody had asked these to stop; the crash did it.
        sqlx::query("update job set state = 'cancelled', updated_at = $1, lease_owner = null, lease_until = 0 where state = 'running' and cancel_requested")
            .bind(now.as_micros())
            .execute(&mut *tx)
            .await?;
        let done =
            sqlx::query("update job set state = 'queued', updated_at = $1, lease_owner = null, lease_until = 0 where state = 'running'")
                .bind(now.as_micros())
                .execute(&mut *tx)
                .await?;
        tx.commit().await?;
        Ok(done.rows_affected() as u32)
    }

    async fn report_progress(&self, lease: &JobLease, progress: &JobProgress, now: Timestamp) -> Result<bool> {
        let cancel: Option<bool> = sqlx::query_scalar(
            "update job set progress = $4, updated_at = $5 \
             where id = $1 and lease_owner = $2 and lease_generation = $3 and state = 'running' returning cancel_requested",
        )
        .bind(blob(lease.job))
        .bind(owner(lease.owner))
        .bind(lease.generation)
        .bind(to_json(progress))
        .bind(now.as_micros())
        .fetch_optional(&self.writer)
        .await?;
        cancel.ok_or(StoreError::LeaseLost)
    }

    async fn unfinished_jobs(&self) -> Result<Vec<(JobKind, JobState, u64)>> {
        let rows: Vec<(String, String, i64)> = sqlx::query_as(
            "select kind, state, count(*) from job where state in ('queued', 'running') group by kind, state order by kind, state",
        )
        .fetch_all(&self.readers)
        .await?;
        let counted = rows.into_iter().map(|(kind, state, number)| {
            let kind = JobKind::from_code(&kind).ok_or(StoreError::Corrupt("job.kind"))?;
            let state = JobState::from_code(&state).ok_or(StoreError::Corrupt("job.state"))?;
            Ok((kind, state, number as u64))
        });
        counted.collect()
    }

    async fn set_job_params(&self, id: JobId, params: &serde_json::Value, now: Timestamp) -> Result<()> {
        let done = sqlx::query("update job set params = $2, updated_at = $3 where id = $1")
            .bind(blob(id))
            .bind(to_json(params))
            .bind(now.as_micros())
            .execute(&self.writer)
            .await?;
        if done.rows_affected() == 0 { Err(StoreError::NotFound("job")) } else { Ok(()) }
    }

    async fn finish_job(
        &self,
        lease: &JobLease,
        state: JobState,
        result: Option<&serde_json::Value>,
        error: Option<&str>,
        now: Timestamp,
    ) -> Result<()> {
        // Without a result the last checkpoint's stays. A job put back although somebody asked it to stop is cancelled: nobody would run it
        // for anything else.
        let done = sqlx::query(
            "update job set state = case when $4 = 'queued' and cancel_requested then 'cancelled' else $4 end, \
             result = coalesce($5, result), error = $6, updated_at = $7, lease_owner = null, lease_until = 0 \
             where id = $1 and lease_owner = $2 and lease_generation = $3 and state = 'running'",
        )
        .bind(blob(lease.job))
        .bind(owner(lease.owner))
        .bind(lease.generation)
        .bind(state.as_str())
        .bind(result.map(to_json))
        .bind(error)
        .bind(now.as_micros())
        .execute(&self.writer)
        .await?;
        if done.rows_affected() == 0 { Err(StoreError::LeaseLost) } else { Ok(()) }
    }

    async fn request_cancel(&self, id: JobId, now: Timestamp) -> Result<()> {
        let done = sqlx::query(
            "update job set cancel_requested = true, state = case when state = 'queued' then 'cancelled' else state end, updated_at = $2 \
             where id = $1 and state in ('queued', 'running')",
        )
        .bind(blob(id))
        .bind(now.as_micros())
        .execute(&self.writer)
        .await?;
        if done.rows_affected() == 0 { Err(StoreError::NotFound("job")) } else { Ok(()) }
    }

    async fn rejected_rows(&self, id: JobId, offset: u64, limit: u32) -> Result<Vec<RejectedRow>> {
        let rows: Vec<(i64, Option<String>, String, String)> =
            sqlx::query_as("select line, field, reason, remedy from rejected_row where job_id = $1 order by line, id limit $2 offset $3")
                .bind(blob(id))
                .bind(i64::from(limit))
                .bind(offset as i64)
                .fetch_all(&self.readers)
                .await?;
        Ok(rows.into_iter().map(|(line, field, reason, remedy)| RejectedRow { line: line as u64, field, reason, remedy }).collect())
    }
}
