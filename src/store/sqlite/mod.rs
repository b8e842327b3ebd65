//! The store on SQLite: one file, no server.
//!
//! One writer connection and a few readers on a WAL database; every change is one transaction on the writer, so what has been acknowledged
//! is complete or absent. The ports themselves are in `src/store/sql`, compiled here against SQLite's `dialect`. Customers' words pass through
//! [`Cipher`] before they reach a statement.
//!
//! Must not: be opened by two processes (the data folder's lock is the caller's matter), keep a transaction open across anything but SQL and
//! sealing.

#![allow(clippy::duplicate_mod, reason = "the ports are compiled once for each database, see dialect.rs")]

#[macro_use]
mod dialect;

#[path = "../sql/account.rs"]
mod account;
#[path = "../sql/cluster.rs"]
mod cluster;
#[path = "../sql/control.rs"]
mod control;
#[path = "../sql/conversation.rs"]
mod conversation;
#[path = "../sql/desk.rs"]
mod desk;
#[path = "../sql/feedback.rs"]
mod feedback;
#[path = "../sql/gap.rs"]
mod gap;
#[path = "../sql/head.rs"]
mod head;
#[path = "../sql/job.rs"]
mod job;
#[path = "../sql/keys.rs"]
mod keys;
#[path = "../sql/knowledge.rs"]
mod knowledge;
#[path = "../sql/learning.rs"]
mod learning;
#[path = "../sql/merge.rs"]
mod merge;
#[path = "../sql/outbox.rs"]
mod outbox;
#[path = "../sql/pair.rs"]
mod pair;
#[path = "../sql/report.rs"]
mod report;
#[path = "../sql/statement.rs"]
mod statement;
#[path = "../sql/value.rs"]
mod value;

mod backup;
mod schema;
#[cfg(test)]
mod tests;

pub use backup::copy_database;
pub(in crate::store) use backup::{fill, settle};
pub(in crate::store) use schema::open_for_reading;

use std::path::Path;
use std::time::Duration;

use async_trait::async_trait;
use sqlx::SqlitePool;
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};

use self::dialect::Transaction;
use self::keys::{duplicate, not_found};
use self::statement::LIST_LIMIT;
use super::cipher::{Cipher, KeySource, MasterKey};
use super::{PoolConnections, Result, SharedStore, Store};
use crate::domain::Timestamp;

const READERS: u32 = 4;
/// Another process may hold the file for a moment (a backup tool, the `sqlite3` shell); waiting beats failing.
const BUSY_TIMEOUT: Duration = Duration::from_secs(10);
/// Takes the write lock at once: a deferred transaction could fail half-way.
const BEGIN: &str = "begin immediate";

/// The name under which the modules in `sql` know the store.
type SqlStore = SqliteStore;

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
        let (master, cipher) = keys::unlock(writer.begin_with(BEGIN).await?, key, now).await?;
        let readers = SqlitePoolOptions::new().max_connections(READERS).connect_with(options(path).read_only(true)).await?;
        Ok(Self { writer, readers, cipher, master })
    }

    /// Begins a transaction that writes.
    async fn begin(&self) -> Result<Transaction> {
        Ok(self.writer.begin_with(BEGIN).await?)
    }

    /// Begins a transaction that only adds rows; here these wait for each other, too.
    async fn begin_adding(&self) -> Result<Transaction> {
        self.begin().await
    }

    /// Begins a transaction that reads one state of the database.
    async fn snapshot(&self) -> Result<Transaction> {
        Ok(self.readers.begin().await?)
    }
}

fn options(path: &Path) -> SqliteConnectOptions {
    SqliteConnectOptions::new()
        .filename(path)
        .create_if_missing(true)
        .journal_mode(SqliteJournalMode::Wal)
        .busy_timeout(BUSY_TIMEOUT)
        .foreign_keys(true)
        // A whole list at once: reader and database otherwise wait for each other after every 50 rows.
        .row_buffer_size(LIST_LIMIT)
}

impl SharedStore for SqliteStore {}

#[async_trait]
impl Store for SqliteStore {
    fn connections(&self) -> Vec<PoolConnections> {
        [("writer", &self.writer), ("readers", &self.readers)]
            .map(|(pool, connections)| PoolConnections { pool, open: connections.size() as usize, idle: connections.num_idle() })
            .into()
    }

    async fn close(&self) {
        // Readers first: the last connection folds the WAL into the database file, which a read-only one can't.
        self.readers.close().await;
        self.writer.close().await;
    }
}
