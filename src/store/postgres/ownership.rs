//! One process to a database, or several that share it: a lock that a session of its own holds for as long as the process runs, for itself or
//! together with others. Whoever wants the database alone waits for all, whoever shares it for none but that one.
//!
//! PostgreSQL frees the lock when the session ends, however it ends; so a killed process blocks nobody, and a restart of the server takes the
//! lock from a process that goes on. Hence the lock is looked after (every [`LOOK_EVERY`]) and taken again, and no session of a pool opens
//! unless the lock is held at that moment: sessions that a restart has ended come back only behind the lock. When another process has it by
//! then, the pools are closed and this process writes nothing any more.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures::future::BoxFuture;
use sha2::{Digest as _, Sha256};
use sqlx::migrate::Migrator;
use sqlx::pool::PoolConnectionMetadata;
use sqlx::{Connection as _, PgConnection, PgPool};
use tokio_util::sync::{CancellationToken, DropGuard};

use super::connect::Server;
use super::schema;
use crate::store::{Result, Sharing, StoreError};

/// How often the lock is looked after.
const LOOK_EVERY: Duration = Duration::from_secs(2);
/// Longest wait for an answer about it; after that the session counts as lost.
const PATIENCE: Duration = Duration::from_secs(5);
/// How long the lock is waited for: the server may not have noticed yet that a process before this one has ended.
const ATTEMPTS: u32 = 20;
const BETWEEN_ATTEMPTS: Duration = Duration::from_millis(100);

/// The key of an advisory lock of one schema.
pub(super) fn lock_key(purpose: &str, schema: &str) -> i64 {
    let digest = Sha256::digest(format!("riposte {purpose} {schema}").as_bytes());
    i64::from_be_bytes(std::array::from_fn(|at| digest[at]))
}

/// Holds the lock while it lives.
#[derive(Debug)]
pub(super) struct Ownership {
    session: Arc<Session>,
    watch: Mutex<Option<DropGuard>>,
}

/// The session with the lock.
#[derive(Debug)]
struct Session {
    server: Server,
    key: i64,
    /// Of whoever changes the schema.
    migration_key: i64,
    sharing: Sharing,
    held: tokio::sync::Mutex<Held>,
}

#[derive(Debug)]
struct Held {
    connection: Option<PgConnection>,
    /// The server's process of the last session.
    process: i32,
}

impl Ownership {
    /// Takes the lock of the schema that the server opens for us; returns the schema's name.
    ///
    /// # Errors
    /// `InUse` when another process has it and not both share it, `Server` when the server can't be used.
    pub(super) async fn take(server: &Server, sharing: Sharing) -> Result<(Self, String)> {
        let mut connection = server.connect().await?;
        let schema: Option<String> = sqlx::query_scalar("select current_schema()::text").fetch_one(&mut connection).await?;
        let schema = schema.ok_or_else(|| {
            StoreError::Server(format!(
                "the schema that store.url names as search_path is not in {server}: make it with \"create schema NAME\""
            ))
        })?;
        let key = lock_key("owner", &schema);
        if !lock(&mut connection, key, sharing).await? {
            return Err(StoreError::InUse(server.to_string()));
        }
        let process = process(&mut connection).await?;
        let held = tokio::sync::Mutex::new(Held { connection: Some(connection), process });
        let session = Session { server: server.clone(), key, migration_key: lock_key("migrate", &schema), sharing, held };
        Ok((Self { session: Arc::new(session), watch: Mutex::new(None) }, schema))
    }

    /// Brings the schema up to date, in the session that has the lock.
    pub(super) async fn prepare(&self, migrations: &Migrator) -> Result<()> {
        let mut held = self.session.held.lock().await;
        match &mut held.connection {
            Some(connection) => {
                let Session { key, migration_key, sharing, .. } = *self.session;
                // Of several that start at once one changes the schema, and the others find it changed.
                sqlx::query("select pg_advisory_lock($1)").bind(migration_key).execute(&mut *connection).await?;
                let prepared = schema::prepare(connection, migrations, (sharing == Sharing::Replicas).then_some(key)).await;
                let unlocked = sqlx::query("select pg_advisory_unlock($1)").bind(migration_key).execute(connection).await;
                prepared.and(unlocked.map(|_| ()).map_err(StoreError::from))
            }
            None => Err(StoreError::InUse(self.session.server.to_string())),
        }
    }

    /// What a pool asks before it lends a new session.
    pub(super) fn check(
        &self,
    ) -> impl for<'c> Fn(&'c mut PgConnection, PoolConnectionMetadata) -> BoxFuture<'c, std::result::Result<(), sqlx::Error>>
    + Send
    + Sync
    + 'static {
        let session = Arc::clone(&self.session);
        move |_connection, _metadata| {
            let session = Arc::clone(&session);
            Box::pin(async move {
                session.confirm().await.map_err(|error| match error {
                    StoreError::Sql(error) => error,
                    other => sqlx::Error::Io(std::io::Error::other(other.to_string())),
                })
            })
        }
    }

    /// Looks after the lock from now on; closes `pools` when another process has taken it.
    pub(super) fn watch(&self, pools: [PgPool; 2]) {
        let stop = CancellationToken::new();
        *self.watch.lock().unwrap_or_else(PoisonError::into_inner) = Some(stop.clone().drop_guard());
        let session = Arc::clone(&self.session);
        tokio::spawn(async move {
            while stop.run_until_cancelled(tokio::time::sleep(LOOK_EVERY)).await.is_some() {
                match stop.run_until_cancelled(session.confirm()).await {
                    None => return,
                    Some(Err(StoreError::InUse(_))) => {
                        tracing::error!(server = %session.server, "another riposte process has taken the database; this one stops using it");
                        for pool in &pools {
                            pool.close().await;
                        }
                        return;
                    }
                    // Told when it was lost; the next look tries again.
                    Some(_) => {}
                }
            }
        });
    }

    /// What the server shows as the name of our sessions.
    #[cfg(test)]
    pub(super) fn session_name(&self) -> String {
        self.session.server.session_name.clone()
    }

    /// Gives the lock back.
    pub(super) async fn release(&self) {
        self.watch.lock().unwrap_or_else(PoisonError::into_inner).take();
        let Some(mut connection) = self.session.held.lock().await.connection.take() else { return };
        // Unlocked first: the server ends sessions in its own time, and the next process may be waiting.
        let released = async {
            sqlx::query("select pg_advisory_unlock_all()").execute(&mut connection).await?;
            connection.close().await
        };
        if let Ok(Err(error)) = tokio::time::timeout(PATIENCE, released).await {
            tracing::debug!(error = &error as &dyn std::error::Error, "the session with the lock was gone already");
        }
    }
}

impl Session {
    /// Whether the lock is held; takes it again if its session is gone.
    async fn confirm(&self) -> Result<()> {
        let mut held = self.held.lock().await;
        if let Some(connection) = &mut held.connection {
            let answer = tokio::time::timeout(PATIENCE, connection.ping()).await;
            if matches!(answer, Ok(Ok(()))) {
                return Ok(());
            }
            tracing::error!(server = %self.server, "the session that keeps the database for this process is lost; taking it again");
            held.connection = None;
        }
        let mut connection = self.server.connect().await?;
        // A session that only the network has cut off may live on at the server, with the lock.
        sqlx::query("select pg_terminate_backend(pid) from pg_stat_activity where pid = $1 and application_name = $2")
            .bind(held.process)
            .bind(self.server.session_name.as_str())
            .execute(&mut connection)
            .await?;
        if !lock(&mut connection, self.key, self.sharing).await? {
            return Err(StoreError::InUse(self.server.to_string()));
        }
        held.process = process(&mut connection).await?;
        held.connection = Some(connection);
        tracing::info!(server = %self.server, "the database is kept for this process again");
        Ok(())
    }
}

/// Takes the lock, unless another session keeps it.
async fn lock(connection: &mut PgConnection, key: i64, sharing: Sharing) -> Result<bool> {
    let statement = match sharing {
        Sharing::Alone => "select pg_try_advisory_lock($1)",
        Sharing::Replicas => "select pg_try_advisory_lock_shared($1)",
    };
    for attempt in 0..ATTEMPTS {
        if attempt > 0 {
            tokio::time::sleep(BETWEEN_ATTEMPTS).await;
        }
        let taken: bool = sqlx::query_scalar(statement).bind(key).fetch_one(&mut *connection).await?;
        if taken {
            return Ok(true);
        }
    }
    Ok(false)
}

async fn process(connection: &mut PgConnection) -> Result<i32> {
    Ok(sqlx::query_scalar("select pg_backend_pid()").fetch_one(connection).await?)
}
