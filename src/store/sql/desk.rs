//! Desks and their settings.

use async_trait::async_trait;

use super::SqlStore;
use super::value::{self, from_json, to_json};
use crate::domain::{Desk, DeskId, DeskSettings, Timestamp};
use crate::store::{DeskStore, Result, StoreError};

#[derive(sqlx::FromRow)]
struct DeskRow {
    id: String,
    settings: String,
    created_at: i64,
}

impl DeskRow {
    fn into_desk(self) -> Result<Desk> {
        Ok(Desk {
            id: value::desk(&self.id)?,
            created_at: Timestamp::from_micros(self.created_at),
            settings: from_json(&self.settings, "desk.settings")?,
        })
    }
}

#[async_trait]
impl DeskStore for SqlStore {
    async fn ensure_desk(&self, desk: &DeskId, now: Timestamp) -> Result<bool> {
        let done = sqlx::query("insert into desk (id, settings, created_at) values ($1, $2, $3) on conflict (id) do nothing")
            .bind(desk.as_str())
            .bind(to_json(&DeskSettings::default()))
            .bind(now.as_micros())
            .execute(&self.writer)
            .await?;
        Ok(done.rows_affected() > 0)
    }

    async fn desks(&self) -> Result<Vec<Desk>> {
        let rows: Vec<DeskRow> = sqlx::query_as("select id, settings, created_at from desk order by id").fetch_all(&self.readers).await?;
        rows.into_iter().map(DeskRow::into_desk).collect()
    }

    async fn desk(&self, desk: &DeskId) -> Result<Option<Desk>> {
        let row: Option<DeskRow> = sqlx::query_as("select id, settings, created_at from desk where id = $1")
            .bind(desk.as_str())
            .fetch_optional(&self.readers)
            .await?;
        row.map(DeskRow::into_desk).transpose()
    }

    async fn set_desk_settings(&self, desk: &DeskId, settings: &DeskSettings) -> Result<()> {
        let done = sqlx::query("update desk set settings = $2 where id = $1")
            .bind(desk.as_str())
            .bind(to_json(settings))
            .execute(&self.writer)
            .await?;
        if done.rows_affected() == 0 { Err(StoreError::NotFound("desk")) } else { Ok(()) }
    }
}
