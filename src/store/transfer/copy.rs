//! The other way: a server's store copied into a new SQLite file, while others use it.

use std::path::Path;

use futures::TryStreamExt as _;
use secrecy::SecretString;
use sqlx::sqlite::SqliteConnection;
use sqlx::{AssertSqlSafe, Connection as _, PgConnection, QueryBuilder};

use super::source::Source;
use super::{BATCH, Content, Moved, Moving, Table, UNFINISHED, Value, catalogue, target};
use crate::store::postgres::snapshot;
use crate::store::sqlite::{fill, settle};
use crate::store::{Result, StoreError};

/// Copies the store in the database at `from` into a new SQLite file `to`: one state, whoever writes meanwhile, without holding them up. What
/// the file reads back is compared with what was sent. Sealed texts stay sealed; the same key opens them.
///
/// # Errors
/// `Server` when the database can't be used, holds no installation or one of another version, or what arrived differs from what was sent;
/// `NewerSchema` for a database of a newer program.
pub async fn copy_to_sqlite(from: &SecretString, to: &Path, mut seen: impl FnMut(Moving<'_>)) -> Result<Moved> {
    let mut server = snapshot(from).await?;
    holds_an_installation(&mut server).await?;
    let tables = catalogue::tables(&mut server).await?;
    let mut file = fill(to).await?;
    empty(&mut file, &tables).await?;
    let mut sent = Vec::with_capacity(tables.len());
    for table in &tables {
        sent.push(copy(&mut server, &mut file, table, &mut seen).await?);
    }
    server.close().await?;
    file.close().await?;
    let mut copied = Source::open(to).await?;
    copied.check_columns(&tables).await?;
    let mut moved = Moved { tables: Vec::with_capacity(tables.len()) };
    for (table, sent) in tables.iter().zip(sent) {
        seen(Moving { step: "checking", table: &table.name, done: 0, of: sent.rows });
        if copied.content(table).await? != sent {
            return Err(StoreError::Corrupt("the copy of the database"));
        }
        moved.tables.push((table.name.clone(), sent.rows));
    }
    copied.close().await?;
    settle(fill(to).await?).await?;
    Ok(moved)
}

async fn holds_an_installation(server: &mut PgConnection) -> Result<()> {
    let unfinished = sqlx::query_scalar("select exists (select 1 from setting where name = $1)").bind(UNFINISHED);
    if unfinished.fetch_one(&mut *server).await? {
        return Err(StoreError::Server(
            "the database is incomplete: moving a store into it was interrupted; run `riposte migrate-store` again".to_owned(),
        ));
    }
    if !sqlx::query_scalar("select exists (select 1 from data_key)").fetch_one(server).await? {
        return Err(StoreError::Server("the database in store.url holds no installation".to_owned()));
    }
    Ok(())
}

/// Takes out what making the tables has put in.
async fn empty(file: &mut SqliteConnection, tables: &[Table]) -> Result<()> {
    for table in tables.iter().rev() {
        sqlx::query(AssertSqlSafe(format!("delete from \"{}\"", table.name))).execute(&mut *file).await?;
    }
    Ok(())
}

async fn copy(server: &mut PgConnection, file: &mut SqliteConnection, table: &Table, seen: &mut impl FnMut(Moving<'_>)) -> Result<Content> {
    let count: i64 = sqlx::query_scalar(AssertSqlSafe(format!("select count(*) from \"{}\"", table.name))).fetch_one(&mut *server).await?;
    let of = count.unsigned_abs();
    // In the order of the key: a row may refer to an earlier one of its own table.
    let statement = format!("select {} from \"{}\" order by {}", table.column_list(), table.name, table.key_list());
    let mut rows = sqlx::query(AssertSqlSafe(statement)).fetch(server).try_chunks(BATCH);
    let mut sent = Content::default();
    seen(Moving { step: "copying", table: &table.name, done: 0, of });
    while let Some(batch) = rows.try_next().await.map_err(|error| error.1)? {
        let batch = batch.iter().map(|row| target::values(table, row)).collect::<Result<Vec<_>>>()?;
        insert(file, table, &batch).await?;
        for row in &batch {
            sent.add(row);
        }
        seen(Moving { step: "copying", table: &table.name, done: sent.rows, of });
    }
    Ok(sent)
}

async fn insert(file: &mut SqliteConnection, table: &Table, rows: &[Vec<Value>]) -> Result<()> {
    let head = format!("insert into \"{}\" ({}) ", table.name, table.column_list());
    let mut tx = file.begin().await?;
    // A statement takes 32,766 values at most.
    for rows in rows.chunks((30_000 / table.columns.len().max(1)).max(1)) {
        let mut statement = QueryBuilder::<sqlx::Sqlite>::new(&head);
        statement.push_values(rows, |mut row, values| {
            for value in values {
                match value {
                    Value::Integer(value) => row.push_bind(*value),
                    Value::Real(value) => row.push_bind(*value),
                    Value::Boolean(value) => row.push_bind(*value),
                    Value::Text(value) => row.push_bind(value.clone()),
                    Value::Bytes(value) => row.push_bind(value.clone()),
                };
            }
        });
        statement.build().execute(&mut *tx).await?;
    }
    Ok(tx.commit().await?)
}
