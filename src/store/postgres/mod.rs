//! The store on PostgreSQL (15 or newer): for installations whose database is kept, watched and backed up by others.
//!
//! Readers use plain connections of a pool. Transactions that write are serial, as they are in SQLite: each begins with
//! `pg_advisory_xact_lock` on one key of the schema, so what reads before it writes (merging, clusters, showings) needs no thought about others,
//! now or with several processes on one database. Statements that are a change by themselves do without; so do claims of jobs, which pass over
//! rows that another one holds (`for update skip locked`). The ports themselves are in `src/store/sql`, compiled here against PostgreSQL's
//! `dialect`. Customers' words pass through [`Cipher`] before they reach a statement.
//!
//! A process uses a database (more precisely: a schema of it) alone, or beside others that have said the same ([`Sharing`]); `ownership` sees to
//! that. Those that share it tell each other what they change (`notices`) and count together (`counts`). After the server was away, requests fail
//! until it is back and work again then.
//!
//! Must not: keep a transaction open across anything but SQL and sealing; run behind a pooler that lends connections by the transaction, since
//! the ownership and prepared statements belong to a session.

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

mod connect;
mod counts;
mod notices;
mod ownership;
#[cfg(test)]
mod replica_tests;
mod reserve;
mod schema;
#[cfg(test)]
pub(crate) mod test_schema;
#[cfg(test)]
mod tests;

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use secrecy::SecretString;
use sqlx::postgres::PgPoolOptions;
use sqlx::{AssertSqlSafe, PgPool};

use self::connect::Server;
use self::dialect::Transaction;
use self::keys::{duplicate, not_found};
use self::notices::Listening;
use self::ownership::Ownership;
pub(in crate::store) use self::reserve::{Reserved, snapshot};
use super::cipher::{Cipher, KeySource, MasterKey};
use super::{Notices, PoolConnections, Result, SharedCounts, SharedStore, Sharing, Store, StoreError};
use crate::domain::{ConversationId, DeskId, Role, Timestamp};

/// Reading connections at most.
const READERS: u32 = 8;
/// Writing connections at most. One of them writes while the others wait for it, so that few are enough.
const WRITERS: u32 = 4;
/// Longest wait for a connection; a server that is away is told after that. Those that write may wait behind a long transaction.
const READER_WAIT: Duration = Duration::from_secs(5);
const WRITER_WAIT: Duration = Duration::from_secs(10);
/// Several statements of a reading transaction see one state.
const SNAPSHOT: &str = "begin isolation level repeatable read, read only";

/// The name under which the modules in `sql` know the store.
type SqlStore = PostgresStore;

/// The store in one schema of a PostgreSQL database.
#[derive(Debug)]
pub struct PostgresStore {
    writer: PgPool,
    readers: PgPool,
    cipher: Cipher,
    master: MasterKey,
    /// Begins a transaction and waits until no other one writes.
    begin: Arc<str>,
    ownership: Ownership,
    /// Where there may be other processes.
    listening: Option<Listening>,
}

impl PostgresStore {
    /// Opens the database at `url` (`postgres://user:password@host:port/database`), making the tables (and a missing key file) if there are
    /// none, and bringing older ones up to date.
    ///
    /// # Errors
    /// `Server` when the server can't be reached or used, with what to do; `InUse` when another process has the database, unless both share it;
    /// `NewerSchema` for a database that a newer program has changed beyond what this one understands; `Key` when the key is lost, malformed or
    /// another one's.
    pub async fn open(url: &SecretString, key: &KeySource, sharing: Sharing, now: Timestamp) -> Result<Self> {
        let server = Server::named(url)?;
        let (ownership, schema) = Ownership::take(&server, sharing).await?;
        ownership.prepare(&schema::MIGRATIONS).await.map_err(|error| server.explain(error))?;
        let begin: Arc<str> = format!("begin; select pg_advisory_xact_lock({})", ownership::lock_key("write", &schema)).into();
        let pool = |connections, wait| -> PgPool {
            let pool = PgPoolOptions::new().max_connections(connections).acquire_timeout(wait);
            pool.after_connect(ownership.check()).connect_lazy_with(server.options.clone())
        };
        let (writer, readers) = (pool(WRITERS, WRITER_WAIT), pool(READERS, READER_WAIT));
        ownership.watch([writer.clone(), readers.clone()]);
        let opened = async {
            reserve::refuse_unfinished(&writer, &server).await?;
            let (master, cipher) = keys::unlock(writer.begin_with(AssertSqlSafe(Arc::clone(&begin))).await?, key, now).await?;
            let listening = match sharing {
                Sharing::Alone => None,
                Sharing::Replicas => {
                    counts::forget_old_buckets(&readers, now).await?;
                    Some(Listening::begin(&server).await?)
                }
            };
            Ok::<_, StoreError>((master, cipher, listening))
        }
        .await;
        match opened {
            Ok((master, cipher, listening)) => {
                tracing::info!(server = %server, replicas = sharing == Sharing::Replicas, "the store is in PostgreSQL");
                Ok(Self { writer, readers, cipher, master, begin, ownership, listening })
            }
            Err(error) => {
                // Orderly, so that the next start finds neither a transaction nor the lock.
                writer.close().await;
                ownership.release().await;
                Err(error)
            }
        }
    }

    /// Begins a transaction that writes, when it is its turn.
    async fn begin(&self) -> Result<Transaction> {
        begun(self.writer.clone(), AssertSqlSafe(Arc::clone(&self.begin))).await
    }

    /// Begins a transaction that only adds rows, whatever others write: it reads nothing, so that it need not wait for its turn.
    async fn begin_adding(&self) -> Result<Transaction> {
        begun(self.writer.clone(), "begin").await
    }

    /// Begins a transaction that reads one state of the database.
    async fn snapshot(&self) -> Result<Transaction> {
        begun(self.readers.clone(), SNAPSHOT).await
    }
}

/// Begins a transaction, in a task of its own: sqlx counts a transaction once it has begun, so that a caller who gives up before that (a request
/// whose client has gone, say) would leave a session to the pool that is in one, with the lock or an old state of the database.
async fn begun(pool: PgPool, statement: impl sqlx::SqlSafeStr + Send + 'static) -> Result<Transaction> {
    let begun = tokio::spawn(async move { pool.begin_with(statement).await });
    begun.await.map_err(|ended| StoreError::Sql(sqlx::Error::Io(std::io::Error::other(ended))))?.map_err(StoreError::Sql)
}

#[async_trait]
impl SharedStore for PostgresStore {
    fn sharing(&self) -> Sharing {
        if self.listening.is_some() { Sharing::Replicas } else { Sharing::Alone }
    }

    fn notices(&self) -> Option<Notices> {
        self.listening.as_ref().map(Listening::notices)
    }

    async fn tell_typing(&self, desk: &DeskId, id: ConversationId, role: Role, typing: bool) -> Result<()> {
        let Some(listening) = &self.listening else { return Ok(()) };
        let what = if typing { "begins" } else { "ends" };
        let notice = format!("typing {} {} {what} {desk}", id.as_uuid().simple(), role.as_str());
        listening.tell(&self.readers, &notice).await
    }

    fn counts_with_others(&self) -> Option<&dyn SharedCounts> {
        self.listening.as_ref().map(|_| self as &dyn SharedCounts)
    }
}

#[async_trait]
impl Store for PostgresStore {
    fn connections(&self) -> Vec<PoolConnections> {
        [("writer", &self.writer), ("readers", &self.readers)]
            .map(|(pool, connections)| PoolConnections { pool, open: connections.size() as usize, idle: connections.num_idle() })
            .into()
    }

    async fn close(&self) {
        if let Some(listening) = &self.listening {
            listening.end();
        }
        self.readers.close().await;
        self.writer.close().await;
        self.ownership.release().await;
    }
}
