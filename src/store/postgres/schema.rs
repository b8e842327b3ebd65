//! Brings the tables to what this program knows: forward only. Copies are the operator's matter (`pg_dump`).

use sqlx::PgConnection;
use sqlx::migrate::Migrator;

use crate::store::{Result, StoreError};

/// Every step from an empty schema to the present one.
pub(super) static MIGRATIONS: Migrator = sqlx::migrate!("src/store/migrations/postgres");

/// How a migration begins that programs which do not know it can't work with.
const INCOMPATIBLE: &str = "-- incompatible";
/// Setting that names the newest incompatible migration applied.
const LEAST_VERSION: &str = "least_schema_version";

/// Migrates the schema that the session works in. A newer one is left as it is, and is good enough unless one of its migrations is incompatible.
/// `shared` is the key of the lock that processes on the schema share, where this one has it: an incompatible migration wants it alone.
pub(super) async fn prepare(connection: &mut PgConnection, migrations: &Migrator, shared: Option<i64>) -> Result<()> {
    let known = migrations.iter().map(|migration| migration.version).max().unwrap_or(0);
    let found = version(connection).await?;
    if let Some(found) = found.filter(|found| *found > known) {
        let least: Option<String> =
            sqlx::query_scalar("select value from setting where name = $1").bind(LEAST_VERSION).fetch_optional(connection).await?;
        let least: i64 =
            least.map_or(Ok(0), |least| least.parse()).map_err(|_number| StoreError::Corrupt("setting.least_schema_version"))?;
        return if least > known { Err(StoreError::NewerSchema { found, known }) } else { Ok(()) };
    }
    let incompatible =
        migrations.iter().filter(|migration| migration.sql.as_str().starts_with(INCOMPATIBLE)).map(|migration| migration.version).max();
    let alone = shared.filter(|_key| found.is_some() && incompatible > found);
    if let Some(key) = alone {
        let taken: bool = sqlx::query_scalar("select pg_try_advisory_lock($1)").bind(key).fetch_one(&mut *connection).await?;
        if !taken {
            return Err(StoreError::Server(
                "this version changes the database in a way that the running ones can't follow: stop every replica, then start the new version"
                    .to_owned(),
            ));
        }
    }
    migrate(connection, migrations, incompatible).await?;
    if let Some(key) = alone {
        sqlx::query("select pg_advisory_unlock($1)").bind(key).execute(connection).await?;
    }
    Ok(())
}

async fn migrate(connection: &mut PgConnection, migrations: &Migrator, incompatible: Option<i64>) -> Result<()> {
    migrations.run(&mut *connection).await?;
    if let Some(version) = incompatible {
        let sql = "insert into setting (name, value) values ($1, $2) on conflict (name) do update set value = excluded.value";
        sqlx::query(sql).bind(LEAST_VERSION).bind(version.to_string()).execute(connection).await?;
    }
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
