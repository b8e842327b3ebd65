//! A copy of the database while others read and write it.

use std::path::Path;

use sqlx::{ConnectOptions as _, Connection as _, SqliteConnection};

use super::schema::{MIGRATIONS, prepare, unlogged};
use crate::store::{Result, StoreError};

/// Writes what has been committed to the database at `from` into a new file `to`: one state, whoever writes meanwhile, without holding them
/// up. What the copy reads back is checked.
///
/// # Errors
/// When the database can't be read, `to` exists or can't be written, or the copy is damaged.
pub async fn copy_database(from: &Path, to: &Path) -> Result<()> {
    let target = to.to_str().ok_or(StoreError::Corrupt("the copy's path"))?;
    let mut source = unlogged(from).read_only(true).connect().await?;
    sqlx::query("vacuum into $1").bind(target).execute(&mut source).await?;
    source.close().await?;
    settle(unlogged(to).connect().await?).await
}

/// Makes a new database with empty tables at `to`, to be filled row by row.
pub(in crate::store) async fn fill(to: &Path) -> Result<SqliteConnection> {
    prepare(to, &MIGRATIONS).await?;
    Ok(unlogged(to).connect().await?)
}

/// Checks what has been written and leaves it as one file: it has been opened for writing.
pub(in crate::store) async fn settle(mut copy: SqliteConnection) -> Result<()> {
    let verdict: String = sqlx::query_scalar("pragma quick_check(1)").fetch_one(&mut copy).await?;
    sqlx::query("pragma wal_checkpoint(truncate)").execute(&mut copy).await?;
    copy.close().await?;
    if verdict == "ok" { Ok(()) } else { Err(StoreError::Corrupt("the copy of the database")) }
}
