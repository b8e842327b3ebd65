//! The store on SQLite: one file, no server.
//!
//! One writer connection and a few readers on a WAL database; every change is one transaction on the writer, so what has been acknowledged
//! is complete or absent. One module per port, SQL beside the function that runs it. Placeholders are `$n`, so that the statements are
//! plain enough for another dialect. Customers' words pass through [`Cipher`] before they reach a statement.
//!
//! Must not: be opened by two processes (the data folder's lock is the caller's matter), keep a transaction open across anything but SQL and
//! sealing.

mod account;
mod cluster;
mod control;
mod conversation;
mod desk;
mod feedback;
mod gap;
mod head;
mod job;
mod knowledge;
mod learning;
mod merge;
mod outbox;
mod pair;
mod schema;
mod statement;
#[cfg(test)]
mod tests;
mod value;

use std::path::Path;
use std::time::Duration;

use async_trait::async_trait;
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};
use sqlx::{Sqlite, SqlitePool, Transaction};

use super::cipher::{Cipher, KeySource, MasterKey, WrappedKey};
use super::{Result, Store, StoreError};
use crate::domain::Timestamp;

const READERS: u32 = 4;
/// Another process may hold the file for a moment (a backup tool, the `sqlite3` shell); waiting beats failing.
const BUSY_TIMEOUT: Duration = Duration::from_secs(10);

/// The store in one SQLite file.
#[derive(Debug)]
pub struct SqliteStore {
    writer: SqlitePool,
    readers: SqlitePool,
    cipher: Cipher,
    master: MasterKey,
}

impl SqliteStore {
    /// Opens the database, making it (and a missing key file) if there is none, and bringing an older one up to date after copying it to
    /// `<file>.before-<version>`.
    ///
    /// # Errors
    /// `NewerSchema` for a database of a newer program; `Key` when the key is lost, malformed or another one's.
    pub async fn open(path: &Path, key: &KeySource, now: Timestamp) -> Result<Self> {
        schema::prepare(path, &schema::MIGRATIONS).await?;
        // FULL, not NORMAL: with NORMAL a commit in WAL mode survives a killed process but not a power cut, and what has been acknowledged
        // to a client must survive both. One fsync per transaction is cheap at the size of our batches.
        let writer = SqlitePoolOptions::new().max_connections(1).connect_with(options(path).synchronous(SqliteSynchronous::Full)).await?;
        let (master, cipher) = unlock(&writer, key, now).await?;
        let readers = SqlitePoolOptions::new().max_connections(READERS).connect_with(options(path).read_only(true)).await?;
        Ok(Self { writer, readers, cipher, master })
    }

    /// Makes a new data key; texts written from now on are sealed with it, older ones stay readable.
    ///
    /// # Errors
    /// `Sql`, or `Key` when the system gives no random numbers.
    pub async fn rotate_data_key(&mut self, now: Timestamp) -> Result<()> {
        let key = self.master.new_data_key(self.cipher.current_key() + 1)?;
        let mut tx = self.begin().await?;
        insert_data_key(&mut tx, &key, now).await?;
        let keys = wrapped_keys(&mut tx).await?;
        let cipher = Cipher::unlock(&self.master, &keys)?;
        tx.commit().await?;
        self.cipher = cipher;
        Ok(())
    }

    /// Wraps the data keys with another master key. The caller keeps that key where the next start finds it.
    ///
    /// # Errors
    /// `Sql`, or `Key` when the system gives no random numbers.
    pub async fn replace_master_key(&mut self, master: MasterKey) -> Result<()> {
        let wrapped = self.cipher.wrap_for(&master)?;
        let mut tx = self.begin().await?;
        for key in &wrapped {
            sqlx::query("update data_key set wrapped = $2 where id = $1")
                .bind(key.id)
                .bind(key.wrapped.as_slice())
                .execute(&mut *tx)
                .await?;
        }
        tx.commit().await?;
        self.master = master;
        Ok(())
    }

    /// Begins a transaction on the writer. `immediate` takes the write lock at once: a deferred one could fail half-way.
    async fn begin(&self) -> Result<Transaction<'static, Sqlite>> {
        Ok(self.writer.begin_with("begin immediate").await?)
    }
}

fn options(path: &Path) -> SqliteConnectOptions {
    SqliteConnectOptions::new()
        .filename(path)
        .create_if_missing(true)
        .journal_mode(SqliteJournalMode::Wal)
        .busy_timeout(BUSY_TIMEOUT)
        .foreign_keys(true)
}

async fn unlock(writer: &SqlitePool, source: &KeySource, now: Timestamp) -> Result<(MasterKey, Cipher)> {
    let mut tx = writer.begin_with("begin immediate").await?;
    let mut keys = wrapped_keys(&mut tx).await?;
    let master = source.load(!keys.is_empty())?;
    if keys.is_empty() {
        let first = master.new_data_key(1)?;
        insert_data_key(&mut tx, &first, now).await?;
        keys.push(first);
    }
    let cipher = Cipher::unlock(&master, &keys)?;
    tx.commit().await?;
    Ok((master, cipher))
}

async fn insert_data_key(tx: &mut Transaction<'static, Sqlite>, key: &WrappedKey, now: Timestamp) -> Result<()> {
    sqlx::query("insert into data_key (id, wrapped, created_at) values ($1, $2, $3)")
        .bind(key.id)
        .bind(key.wrapped.as_slice())
        .bind(now.as_micros())
        .execute(&mut **tx)
        .await?;
    Ok(())
}

async fn wrapped_keys(tx: &mut Transaction<'static, Sqlite>) -> Result<Vec<WrappedKey>> {
    let rows: Vec<(u32, Vec<u8>)> = sqlx::query_as("select id, wrapped from data_key order by id").fetch_all(&mut **tx).await?;
    Ok(rows.into_iter().map(|(id, wrapped)| WrappedKey { id, wrapped }).collect())
}

/// Turns a broken reference into `NotFound`: the statement named something that is not there.
fn not_found(error: sqlx::Error, what: &'static str) -> StoreError {
    if error.as_database_error().is_some_and(sqlx::error::DatabaseError::is_foreign_key_violation) {
        StoreError::NotFound(what)
    } else {
        StoreError::Sql(error)
    }
}

/// Turns a broken uniqueness into `Duplicate`.
fn duplicate(error: sqlx::Error, what: &'static str) -> StoreError {
    if error.as_database_error().is_some_and(sqlx::error::DatabaseError::is_unique_violation) {
        StoreError::Duplicate(what)
    } else {
        StoreError::Sql(error)
    }
}

#[async_trait]
impl Store for SqliteStore {
    async fn close(&self) {
        // Readers first: the last connection folds the WAL into the database file, which a read-only one can't.
        self.readers.close().await;
        self.writer.close().await;
    }
}
