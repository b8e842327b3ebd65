//! A database that is kept for this process while its rows are moved, not served.

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
        let server = Server::named(url)?;
        let (ownership, _schema) = Ownership::take(&server, Sharing::Alone).await?;
        ownership.prepare(&schema::MIGRATIONS).await.map_err(|error| server.explain(error))?;
        Ok((Self { ownership }, server.connect().await?))
    }

    pub(in crate::store) async fn release(self) {
        self.ownership.release().await;
    }
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
