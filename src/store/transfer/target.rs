//! The database that is moved to.

use futures::TryStreamExt as _;
use secrecy::SecretString;
use sqlx::postgres::PgRow;
use sqlx::{AssertSqlSafe, Connection as _, PgConnection, QueryBuilder, Row as _};

use super::{Content, Kind, Table, UNFINISHED, Value, catalogue};
use crate::store::postgres::Reserved;
use crate::store::{Result, StoreError};

/// A schema of a database that no other process uses meanwhile.
pub(super) struct Target {
    connection: PgConnection,
    reserved: Reserved,
}

impl Target {
    /// Takes the database and makes or updates its tables.
    pub(super) async fn open(url: &SecretString) -> Result<Self> {
        let (reserved, connection) = Reserved::take(url).await?;
        Ok(Self { connection, reserved })
    }

    pub(super) async fn close(self) {
        if let Err(error) = self.connection.close().await {
            tracing::debug!(error = &error as &dyn std::error::Error, "the session was gone already");
        }
        self.reserved.release().await;
    }

    /// Every table of the store.
    pub(super) async fn tables(&mut self) -> Result<Vec<Table>> {
        catalogue::tables(&mut self.connection).await
    }

    /// Marks the database as being filled from the store with this fingerprint, or sees that it is that one which is marked. Tells whether there is
    /// anything to fill: not where that store has arrived whole.
    pub(super) async fn begin(&mut self, tables: &[Table], fingerprint: &str, afresh: bool) -> Result<bool> {
        let mut tx = self.connection.begin().await?;
        let mark: Option<String> =
            sqlx::query_scalar("select value from setting where name = $1").bind(UNFINISHED).fetch_optional(&mut *tx).await?;
        let keys: Vec<(i64, Vec<u8>)> = sqlx::query_as("select id, wrapped from data_key order by id").fetch_all(&mut *tx).await?;
        match mark {
            Some(found) if found == fingerprint && !afresh => {
                tx.rollback().await?;
                return Ok(true);
            }
            None if !keys.is_empty() && super::fingerprint(&keys) == fingerprint => {
                tx.rollback().await?;
                return Ok(false);
            }
            Some(found) if found != fingerprint && !afresh => {
                return Err(StoreError::Server(
                    "another store is being moved into this database: finish that with its own data folder, or run \
                     `riposte migrate-store --afresh`, which throws away what has arrived of it"
                        .to_owned(),
                ));
            }
            None if !keys.is_empty() => {
                return Err(StoreError::Server(
                    "the database in store.url holds an installation already: name an empty one (createdb NAME)".to_owned(),
                ));
            }
            _ => {}
        }
        let names = super::quoted(tables.iter().map(|table| table.name.as_str()));
        sqlx::query(AssertSqlSafe(format!("truncate {names}"))).execute(&mut *tx).await?;
        sqlx::query("insert into setting (name, value) values ($1, $2)").bind(UNFINISHED).bind(fingerprint).execute(&mut *tx).await?;
        tx.commit().await?;
        Ok(true)
    }

    /// Whether a row is the mark of this move, which is no part of the store.
    fn without_mark(table: &Table) -> String {
        if table.name == "setting" { format!(" where name <> '{UNFINISHED}'") } else { String::new() }
    }

    pub(super) async fn count(&mut self, table: &Table) -> Result<u64> {
        let statement = format!("select count(*) from \"{}\"{}", table.name, Self::without_mark(table));
        let count: i64 = sqlx::query_scalar(AssertSqlSafe(statement)).fetch_one(&mut self.connection).await?;
        Ok(count.unsigned_abs())
    }

    /// The greatest primary key that has arrived.
    pub(super) async fn last_key(&mut self, table: &Table) -> Result<Option<Vec<Value>>> {
        let descending: Vec<String> = table.key.iter().map(|&place| format!("\"{}\" desc", table.columns[place].0)).collect();
        let (columns, mark, order) = (table.column_list(), Self::without_mark(table), descending.join(", "));
        let statement = format!("select {columns} from \"{}\"{mark} order by {order} limit 1", table.name);
        let row = sqlx::query(AssertSqlSafe(statement)).fetch_optional(&mut self.connection).await?;
        row.map(|row| Ok(table.key_of(&values(table, &row)?))).transpose()
    }

    /// Writes rows, all or none.
    pub(super) async fn insert(&mut self, table: &Table, rows: &[Vec<Value>]) -> Result<()> {
        let head = format!("insert into \"{}\" ({}) overriding system value ", table.name, table.column_list());
        // A statement takes 65,535 values at most.
        for rows in rows.chunks((60_000 / table.columns.len().max(1)).max(1)) {
            let mut statement = QueryBuilder::<sqlx::Postgres>::new(&head);
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
            statement.build().execute(&mut self.connection).await?;
        }
        Ok(())
    }

    pub(super) async fn content(&mut self, table: &Table) -> Result<Content> {
        let statement = format!("select {} from \"{}\"{}", table.column_list(), table.name, Self::without_mark(table));
        let mut rows = sqlx::query(AssertSqlSafe(statement)).fetch(&mut self.connection);
        let mut content = Content::default();
        while let Some(row) = rows.try_next().await? {
            content.add(&values(table, &row)?);
        }
        Ok(content)
    }

    /// Lets the database number on behind the rows that came, and takes the mark away.
    pub(super) async fn finish(&mut self, tables: &[Table]) -> Result<()> {
        let mut tx = self.connection.begin().await?;
        for table in tables {
            for column in &table.numbered {
                let name = &table.name;
                let statement = format!(
                    "select setval(pg_get_serial_sequence('\"{name}\"', '{column}'), (select coalesce(max(\"{column}\"), 0) + 1 from \"{name}\"), false)"
                );
                sqlx::query(AssertSqlSafe(statement)).execute(&mut *tx).await?;
            }
        }
        sqlx::query("delete from setting where name = $1").bind(UNFINISHED).execute(&mut *tx).await?;
        Ok(tx.commit().await?)
    }
}

/// A row as it is there.
pub(super) fn values(table: &Table, row: &PgRow) -> Result<Vec<Value>> {
    let value = |(place, (_, kind)): (usize, &(String, Kind))| -> Result<Value> {
        Ok(match kind {
            Kind::Integer => Value::Integer(row.try_get(place)?),
            Kind::Real => Value::Real(row.try_get(place)?),
            Kind::Boolean => Value::Boolean(row.try_get(place)?),
            Kind::Text => Value::Text(row.try_get(place)?),
            Kind::Bytes => Value::Bytes(row.try_get(place)?),
        })
    };
    table.columns.iter().enumerate().map(value).collect()
}
