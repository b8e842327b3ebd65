//! The embedded store, read row by row.

use std::collections::BTreeSet;
use std::path::Path;

use futures::TryStreamExt as _;
use sqlx::sqlite::SqliteRow;
use sqlx::{AssertSqlSafe, Connection as _, Row as _, SqliteConnection};

use super::{Content, Kind, Table, Value};
use crate::store::sqlite::open_for_reading;
use crate::store::{Result, StoreError};

/// A SQLite file, brought up to date and then only read.
pub(super) struct Source {
    connection: SqliteConnection,
}

impl Source {
    pub(super) async fn open(path: &Path) -> Result<Self> {
        Ok(Self { connection: open_for_reading(path).await? })
    }

    pub(super) async fn close(self) -> Result<()> {
        Ok(self.connection.close().await?)
    }

    /// Tells one store from another.
    pub(super) async fn fingerprint(&mut self) -> Result<String> {
        let keys: Vec<(i64, Vec<u8>)> =
            sqlx::query_as("select id, wrapped from data_key order by id").fetch_all(&mut self.connection).await?;
        Ok(super::fingerprint(&keys))
    }

    /// Whether the two databases agree about what there is.
    pub(super) async fn check_columns(&mut self, tables: &[Table]) -> Result<()> {
        let here: Vec<String> = sqlx::query_scalar(
            "select name from sqlite_master where type = 'table' and name not like 'sqlite!_%' escape '!' and name <> '_sqlx_migrations'",
        )
        .fetch_all(&mut self.connection)
        .await?;
        let there: BTreeSet<&str> = tables.iter().map(|table| table.name.as_str()).collect();
        if let Some(missing) = here.iter().find(|name| !there.contains(name.as_str())) {
            return Err(StoreError::Server(format!("PostgreSQL's schema has no table {missing}; both schemas must be of one version")));
        }
        for table in tables {
            let columns: Vec<String> =
                sqlx::query_scalar("select name from pragma_table_info($1)").bind(&table.name).fetch_all(&mut self.connection).await?;
            let (here, there): (BTreeSet<&str>, BTreeSet<&str>) =
                (columns.iter().map(String::as_str).collect(), table.columns.iter().map(|(name, _)| name.as_str()).collect());
            if here != there {
                let differ: Vec<_> = here.symmetric_difference(&there).copied().collect();
                let (name, differ) = (&table.name, differ.join(", "));
                return Err(StoreError::Server(format!("table {name} differs between the two schemas in {differ}")));
            }
        }
        Ok(())
    }

    pub(super) async fn count(&mut self, table: &Table) -> Result<u64> {
        let statement = format!("select count(*) from \"{}\"", table.name);
        let count: i64 = sqlx::query_scalar(AssertSqlSafe(statement)).fetch_one(&mut self.connection).await?;
        Ok(count.unsigned_abs())
    }

    /// The first `limit` rows behind a primary key, in its order.
    pub(super) async fn rows_behind(&mut self, table: &Table, last: Option<&[Value]>, limit: usize) -> Result<Vec<Vec<Value>>> {
        let keys = table.key_list();
        let behind = last.map_or(String::new(), |last| format!(" where ({keys}) > ({})", vec!["?"; last.len()].join(", ")));
        let statement = format!("select {} from \"{}\"{behind} order by {keys} limit {limit}", table.column_list(), table.name);
        let mut query = sqlx::query(AssertSqlSafe(statement));
        for value in last.unwrap_or_default() {
            query = match value {
                Value::Integer(value) => query.bind(*value),
                Value::Real(value) => query.bind(*value),
                Value::Boolean(value) => query.bind(*value),
                Value::Text(value) => query.bind(value.clone()),
                Value::Bytes(value) => query.bind(value.clone()),
            };
        }
        let rows = query.fetch_all(&mut self.connection).await?;
        rows.iter().map(|row| values(table, row)).collect()
    }

    pub(super) async fn content(&mut self, table: &Table) -> Result<Content> {
        let statement = format!("select {} from \"{}\"", table.column_list(), table.name);
        let mut rows = sqlx::query(AssertSqlSafe(statement)).fetch(&mut self.connection);
        let mut content = Content::default();
        while let Some(row) = rows.try_next().await? {
            content.add(&values(table, &row)?);
        }
        Ok(content)
    }
}

/// A row in PostgreSQL's terms: it has booleans, and its texts hold no NUL (which becomes U+FFFD, as wherever texts are written there).
fn values(table: &Table, row: &SqliteRow) -> Result<Vec<Value>> {
    let value = |(place, (_, kind)): (usize, &(String, Kind))| -> Result<Value> {
        Ok(match kind {
            Kind::Integer => Value::Integer(row.try_get(place)?),
            Kind::Real => Value::Real(row.try_get_unchecked(place)?),
            Kind::Boolean => Value::Boolean(row.try_get_unchecked::<Option<i64>, _>(place)?.map(|value| value != 0)),
            Kind::Text => Value::Text(row.try_get::<Option<String>, _>(place)?.map(|text| text.replace('\0', "\u{fffd}"))),
            Kind::Bytes => Value::Bytes(row.try_get(place)?),
        })
    };
    table.columns.iter().enumerate().map(value).collect()
}
