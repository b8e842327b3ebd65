//! Brings a database file to the schema this program knows: forward only, after a copy.

use std::path::{Path, PathBuf};

use sqlx::migrate::Migrator;
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{ConnectOptions as _, Connection as _, SqliteConnection};

use super::options;
use crate::store::{Result, StoreError};

/// Every step from an empty database to the present schema.
pub(super) static MIGRATIONS: Migrator = sqlx::migrate!("src/store/migrations/sqlite");

/// Migrates the database at `path`, copying an older one first.
pub(super) async fn prepare(path: &Path, migrations: &Migrator) -> Result<()> {
    let known = migrations.iter().map(|migration| migration.version).max().unwrap_or(0);
    let mut connection = options(path).connect().await?;
    if let Some(found) = version(&mut connection).await? {
        if found > known {
            connection.close().await?;
            return Err(StoreError::NewerSchema { found, known });
        }
        if found < known {
            // Everything into the file itself, so that a plain copy is complete.
            sqlx::query("pragma wal_checkpoint(truncate)").execute(&mut connection).await?;
            connection.close().await?;
            copy(path, &copy_path(path, known)).await?;
            connection = options(path).connect().await?;
        }
    }
    migrations.run(&mut connection).await?;
    connection.close().await?;
    Ok(())
}

/// Brings the database at `path` up to date and opens it for reading only.
pub(in crate::store) async fn open_for_reading(path: &Path) -> Result<SqliteConnection> {
    prepare(path, &MIGRATIONS).await?;
    Ok(unlogged(path).read_only(true).connect().await?)
}

/// Options for a database that is read or written whole: its statements take long, and nothing is wrong with that.
pub(super) fn unlogged(path: &Path) -> SqliteConnectOptions {
    options(path).create_if_missing(false).disable_statement_logging()
}

/// The newest migration applied; `None` for a database that has none yet.
async fn version(connection: &mut SqliteConnection) -> Result<Option<i64>> {
    let table: Option<i64> = sqlx::query_scalar("select 1 from sqlite_master where type = 'table' and name = '_sqlx_migrations'")
        .fetch_optional(&mut *connection)
        .await?;
    if table.is_none() {
        return Ok(None);
    }
    Ok(sqlx::query_scalar("select max(version) from _sqlx_migrations").fetch_one(connection).await?)
}

fn copy_path(path: &Path, version: i64) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(format!(".before-{version}"));
    PathBuf::from(name)
}

/// Copies under another name first: a copy that was interrupted must not look like a complete one.
async fn copy(from: &Path, to: &Path) -> Result<()> {
    let mut unfinished = to.as_os_str().to_owned();
    unfinished.push(".new");
    let unfinished = PathBuf::from(unfinished);
    let failed = |source| StoreError::Io { path: to.to_owned(), source };
    fs_err::tokio::copy(from, &unfinished).await.map_err(failed)?;
    fs_err::tokio::File::open(&unfinished).await.map_err(failed)?.sync_all().await.map_err(failed)?;
    fs_err::tokio::rename(&unfinished, to).await.map_err(failed)
}

#[cfg(test)]
mod tests {
    use std::borrow::Cow;

    use sqlx::SqlSafeStr as _;
    use sqlx::migrate::{Migration, MigrationType};

    use super::*;

    fn with_one_more() -> Migrator {
        let next = MIGRATIONS.iter().map(|migration| migration.version).max().unwrap() + 1;
        let mut all: Vec<Migration> = MIGRATIONS.iter().cloned().collect();
        let sql = "create table later (id integer primary key)".into_sql_str();
        all.push(Migration::new(next, Cow::Borrowed("create later"), MigrationType::Simple, sql, false));
        Migrator::with_migrations(all)
    }

    #[tokio::test]
    async fn an_older_database_is_copied_before_it_is_migrated() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("riposte.db");
        prepare(&path, &MIGRATIONS).await.unwrap();
        prepare(&path, &MIGRATIONS).await.unwrap();
        assert_eq!(fs_err::read_dir(folder.path()).unwrap().count(), 1, "nothing to migrate, nothing copied");

        let later = with_one_more();
        let newest = later.iter().last().unwrap().version;
        prepare(&path, &later).await.unwrap();
        let copied = folder.path().join(format!("riposte.db.before-{newest}"));
        let mut old = options(&copied).connect().await.unwrap();
        let mut new = options(&path).connect().await.unwrap();
        assert_eq!(version(&mut old).await.unwrap(), Some(newest - 1));
        assert_eq!(version(&mut new).await.unwrap(), Some(newest));
    }

    #[tokio::test]
    async fn what_was_reported_outdated_before_waits_for_review_after_the_upgrade() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("riposte.db");
        let first: Vec<Migration> = MIGRATIONS.iter().filter(|migration| migration.version == 1).cloned().collect();
        prepare(&path, &Migrator::with_migrations(first)).await.unwrap();
        let mut old = options(&path).connect().await.unwrap();
        let rows = "insert into desk values ('shop', '{}', 0); \
                    insert into suggestion_set values (x'01', 'shop', null, 'q', null, 'li', 0); \
                    insert into suggestion values (x'11', x'01', 'shop', 1, 'archive', x'aa', 'a', 'old', 0.5); \
                    insert into suggestion values (x'12', x'01', 'shop', 2, 'archive', x'ab', 'b', 'wrong', 0.5); \
                    insert into feedback values (x'21', 'shop', x'11', 'a', 'rejected', 'outdated', null, 'li', 5); \
                    insert into feedback values (x'22', 'shop', x'11', 'a', 'rejected', 'outdated', null, 'mei', 7); \
                    insert into feedback values (x'23', 'shop', x'12', 'b', 'rejected', 'wrong', null, 'mei', 8);";
        sqlx::raw_sql(rows).execute(&mut old).await.unwrap();
        old.close().await.unwrap();
        prepare(&path, &MIGRATIONS).await.unwrap();
        let mut new = options(&path).connect().await.unwrap();
        let found: Vec<(String, String, String, i64, String, i64)> =
            sqlx::query_as("select answer_key, state, text, reports, reported_by, reported_at from retired_answer")
                .fetch_all(&mut new)
                .await
                .unwrap();
        let expected = ("a".to_owned(), "reported".to_owned(), "old".to_owned(), 1, "mei".to_owned(), 7);
        assert_eq!(found, [expected]);
    }

    #[tokio::test]
    async fn a_newer_database_is_refused_and_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("riposte.db");
        let later = with_one_more();
        let newest = later.iter().last().unwrap().version;
        prepare(&path, &later).await.unwrap();
        let error = prepare(&path, &MIGRATIONS).await.unwrap_err();
        assert!(matches!(error, StoreError::NewerSchema { found, known } if found == newest && known == newest - 1));
        prepare(&path, &later).await.unwrap();
    }
}
