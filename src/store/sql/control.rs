//! Controls of answers.

use async_trait::async_trait;

use super::statement::{LIST_LIMIT, padded, with_list};
use super::value::{self, from_json, micros, timestamp, to_json};
use super::{SqlStore, not_found};
use crate::domain::{Control, ControlId, ControlKind, ControlRule, DeskId, Pool, Timestamp};
use crate::store::{ControlStore, Result, StoreError};

#[derive(sqlx::FromRow)]
struct ControlRow {
    id: Vec<u8>,
    desk: String,
    answer_key: String,
    kind: String,
    points: Option<f64>,
    phrases: String,
    answer: String,
    pool: String,
    source: Vec<u8>,
    note: Option<String>,
    actor: String,
    created_at: i64,
    expires_at: Option<i64>,
}

impl ControlRow {
    fn into_control(self) -> Result<Control> {
        let kind = ControlKind::from_code(&self.kind).ok_or(StoreError::Corrupt("control.kind"))?;
        let phrases = from_json(&self.phrases, "control.phrases")?;
        Ok(Control {
            id: ControlId::from_uuid(value::uuid(&self.id, "control.id")?),
            desk: value::desk(&self.desk)?,
            rule: ControlRule::new(kind, self.points, phrases).map_err(|_invalid| StoreError::Corrupt("control.points"))?,
            answer_key: self.answer_key,
            answer: self.answer,
            pool: Pool::from_code(&self.pool).ok_or(StoreError::Corrupt("control.pool"))?,
            source_id: value::uuid(&self.source, "control.source")?,
            note: self.note,
            actor: self.actor,
            created_at: Timestamp::from_micros(self.created_at),
            expires_at: timestamp(self.expires_at),
        })
    }
}

#[async_trait]
impl ControlStore for SqlStore {
    async fn put_control(&self, control: &Control) -> Result<bool> {
        let mut tx = self.begin().await?;
        let known: Option<i64> = sqlx::query_scalar("select cast(1 as bigint) from control where id = $1")
            .bind(value::blob(control.id.as_uuid()))
            .fetch_optional(&mut *tx)
            .await?;
        // Desk, answer key and kind are what the id is derived from: they never change.
        let done = sqlx::query(
            "insert into control (id, desk, answer_key, kind, points, phrases, answer, pool, source, note, actor, created_at, expires_at) \
             values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13) \
             on conflict (id) do update set points = excluded.points, phrases = excluded.phrases, answer = excluded.answer, \
             pool = excluded.pool, source = excluded.source, note = excluded.note, actor = excluded.actor, \
             created_at = excluded.created_at, expires_at = excluded.expires_at where control.desk = excluded.desk",
        )
        .bind(value::blob(control.id.as_uuid()))
        .bind(control.desk.as_str())
        .bind(control.answer_key.as_str())
        .bind(control.rule.kind().as_str())
        .bind(control.rule.points())
        .bind(to_json(control.rule.phrases()))
        .bind(control.answer.as_str())
        .bind(control.pool.as_str())
        .bind(value::blob(control.source_id))
        .bind(control.note.as_deref())
        .bind(control.actor.as_str())
        .bind(control.created_at.as_micros())
        .bind(micros(control.expires_at))
        .execute(&mut *tx)
        .await
        .map_err(|error| not_found(error, "desk"))?;
        if done.rows_affected() == 0 {
            return Err(StoreError::NotFound("control"));
        }
        tx.commit().await?;
        Ok(known.is_none())
    }

    async fn controls_page(&self, desk: &DeskId, after: Option<(Timestamp, ControlId)>, limit: u32) -> Result<Vec<Control>> {
        let query = match after {
            None => sqlx::query_as::<_, ControlRow>("select * from control where desk = $1 order by created_at desc, id limit $2")
                .bind(desk.as_str())
                .bind(i64::from(limit)),
            Some((at, id)) => sqlx::query_as::<_, ControlRow>(
                "select * from control where desk = $1 and (created_at < $3 or (created_at = $3 and id > $4)) \
                 order by created_at desc, id limit $2",
            )
            .bind(desk.as_str())
            .bind(i64::from(limit))
            .bind(at.as_micros())
            .bind(value::blob(id.as_uuid())),
        };
        query.fetch_all(&self.readers).await?.into_iter().map(ControlRow::into_control).collect()
    }

    async fn controls_of(&self, desk: &DeskId, answer_keys: &[String], now: Timestamp) -> Result<Vec<Control>> {
        let mut keys: Vec<&str> = answer_keys.iter().map(String::as_str).collect();
        keys.sort_unstable();
        keys.dedup();
        let mut controls = Vec::new();
        for chunk in keys.chunks(LIST_LIMIT) {
            let sql = "select * from control where desk = $1 and (expires_at is null or expires_at > $2) and answer_key in ({list})";
            let mut query = sqlx::query_as::<_, ControlRow>(with_list(sql, 3, chunk.len())).bind(desk.as_str()).bind(now.as_micros());
            for key in padded(chunk) {
                query = query.bind(key);
            }
            for row in query.fetch_all(&self.readers).await? {
                controls.push(row.into_control()?);
            }
        }
        Ok(controls)
    }

    async fn remove_control(&self, desk: &DeskId, id: ControlId) -> Result<()> {
        let done = sqlx::query("delete from control where id = $1 and desk = $2")
            .bind(value::blob(id.as_uuid()))
            .bind(desk.as_str())
            .execute(&self.writer)
            .await?;
        if done.rows_affected() == 0 { Err(StoreError::NotFound("control")) } else { Ok(()) }
    }
}
