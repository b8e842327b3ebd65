//! The data keys that lie in the database, wrapped by the master key, and what broken rules of the schema mean.

use super::SqlStore;
use super::dialect::Transaction;
use crate::domain::Timestamp;
use crate::store::cipher::{Cipher, KeySource, MasterKey, WrappedKey};
use crate::store::{Result, StoreError};

impl SqlStore {
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
                .bind(i64::from(key.id))
                .bind(key.wrapped.as_slice())
                .execute(&mut *tx)
                .await?;
        }
        tx.commit().await?;
        self.master = master;
        Ok(())
    }
}

/// Loads the master key and opens the data keys with it, making the first one when there is none. Commits `tx`, which no other writer
/// may overlap.
pub(super) async fn unlock(mut tx: Transaction, source: &KeySource, now: Timestamp) -> Result<(MasterKey, Cipher)> {
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

async fn insert_data_key(tx: &mut Transaction, key: &WrappedKey, now: Timestamp) -> Result<()> {
    sqlx::query("insert into data_key (id, wrapped, created_at) values ($1, $2, $3)")
        .bind(i64::from(key.id))
        .bind(key.wrapped.as_slice())
        .bind(now.as_micros())
        .execute(&mut **tx)
        .await?;
    Ok(())
}

async fn wrapped_keys(tx: &mut Transaction) -> Result<Vec<WrappedKey>> {
    let rows: Vec<(i64, Vec<u8>)> = sqlx::query_as("select id, wrapped from data_key order by id").fetch_all(&mut **tx).await?;
    rows.into_iter().map(|(id, wrapped)| Ok(WrappedKey { id: super::value::count(id, "data_key.id")?, wrapped })).collect()
}

/// Turns a broken reference into `NotFound`: the statement named something that is not there.
pub(super) fn not_found(error: sqlx::Error, what: &'static str) -> StoreError {
    if error.as_database_error().is_some_and(sqlx::error::DatabaseError::is_foreign_key_violation) {
        StoreError::NotFound(what)
    } else {
        StoreError::Sql(error)
    }
}

/// Turns a broken uniqueness into `Duplicate`.
pub(super) fn duplicate(error: sqlx::Error, what: &'static str) -> StoreError {
    if error.as_database_error().is_some_and(sqlx::error::DatabaseError::is_unique_violation) {
        StoreError::Duplicate(what)
    } else {
        StoreError::Sql(error)
    }
}
