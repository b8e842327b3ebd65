//! Brings the tables to what this program knows: forward only. Copies are the operator's matter (`pg_dump`).

use sqlx::PgConnection;
use sqlx::migrate::Migrator;

use crate::store::{Result, StoreError};

/// Every step from an empty schema to the present one.
pub(super) static MIGRATIONS: Migrator = sqlx::migrate!("src/store/migrations/postgres");

/// Migrates the schema that the session works in.
pub(super) async fn prepare(connection: &mut PgConnection, migrations: &Migrator) -> Result<()> {
    let known = migrations.iter().map(|migration| migration.version).max().unwrap_or(0);
    if let Some(found) = version(connection).await?
        && found > known
    {
        return Err(StoreError::NewerSchema { found, known });
    }
    migrations.run(connection).await?;
    Ok(())
}

/// The newest migration applied; `None` for a schema that has none yet.
pub(super) async fn version(connection: &mut PgConnection) -> Result<Option<i64>> {
    let there: bool = sqlx::query_scalar(
        "select exists (select 1 from information_schema.tables where table_schema = current_schema() and table_name = '_sqlx_migrations')",
    )
    .fetch_one(&mut *connection)
    .await?;
    if !there {
        return Ok(None);
    }
    Ok(sqlx::query_scalar("select max(version) from _sqlx_migrations").fetch_one(connection).await?)
}
