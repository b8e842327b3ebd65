//! Databases whose rows are moved or copied, not served: one that is kept for this process meanwhile, and one state of one that others use.

use secrecy::SecretString;
use sqlx::{PgConnection, PgPool};

use super::connect::Server;
use super::ownership::Ownership;
use super::schema;
use crate::store::{Result, Sharing, StoreError, transfer};

/// Keeps other processes off while it lives.
pub(in crate::store) struct Reserved {
    ownership: Ownership,
}

impl Reserved {
    /// Takes the database, makes or updates its tables, and opens a session on it.
    ///
    /// # Errors
    /// As [`super::PostgresStore::open`].
    pub(in crate::store) async fn take(url: &SecretString) -> Result<(Self, PgConnection)> {
        let server = Server::named(url)?.unlogged();
        let (ownership, _schema) = Ownership::take(&server, Sharing::Alone).await?;
        ownership.prepare(&schema::MIGRATIONS).await.map_err(|error| server.explain(error))?;
        Ok((Self { ownership }, server.connect().await?))
    }

    pub(in crate::store) async fn release(self) {
        self.ownership.release().await;
    }
}

/// A session that sees the database as it is now, whatever others write; it only reads.
///
/// # Errors
/// As [`super::PostgresStore::open`]; `Server` for tables of another version than this program's.
pub(in crate::store) async fn snapshot(url: &SecretString) -> Result<PgConnection> {
    let mut connection = Server::named(url)?.unlogged().connect().await?;
    let known = schema::MIGRATIONS.iter().map(|migration| migration.version).max().unwrap_or(0);
    match schema::version(&mut connection).await? {
        None => return Err(StoreError::Server("the database in store.url holds no installation".to_owned())),
        Some(found) if found > known => return Err(StoreError::NewerSchema { found, known }),
        Some(found) if found < known => {
            return Err(StoreError::Server(
                "the database's tables are those of an earlier version: start this version's server once, or use the earlier program"
                    .to_owned(),
            ));
        }
        Some(_known) => {}
    }
    // A table is read in one statement, however long that takes.
    sqlx::query("set statement_timeout = 0").execute(&mut connection).await?;
    sqlx::query("set idle_in_transaction_session_timeout = 0").execute(&mut connection).await?;
    sqlx::query(super::SNAPSHOT).execute(&mut connection).await?;
    Ok(connection)
}

/// Refuses a database into which a store is only half moved.
pub(super) async fn refuse_unfinished(connections: &PgPool, server: &Server) -> Result<()> {
    let unfinished: bool = sqlx::query_scalar("select exists (select 1 from setting where name = $1)")
        .bind(transfer::UNFINISHED)
        .fetch_one(connections)
        .await?;
    if unfinished {
        return Err(StoreError::Server(format!(
            "the database {server} is incomplete: moving a store into it was interrupted; run `riposte migrate-store` again, which goes on"
        )));
    }
    Ok(())
}
