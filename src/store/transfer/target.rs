//! The database that is moved to.

use futures::TryStreamExt as _;
use secrecy::SecretString;
use sqlx::postgres::PgRow;
use sqlx::{AssertSqlSafe, Connection as _, PgConnection, QueryBuilder, Row as _};

use super::{Content, Kind, Table, UNFINISHED, Value};
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

    /// Every table of the store (unlogged ones hold what replicas count together, and nothing that lasts), those that are referred to before those that refer to them.
    pub(super) async fn tables(&mut self) -> Result<Vec<Table>> {
        let columns: Vec<(String, String, String, bool)> = sqlx::query_as(
            "select cast(table_name as text), cast(column_name as text), cast(data_type as text), is_identity = 'YES' \
             from information_schema.columns join information_schema.tables using (table_schema, table_name) \
             where table_schema = current_schema() and table_type = 'BASE TABLE' and table_name <> '_sqlx_migrations' \
             and (select relpersistence from pg_class where relname = table_name and relnamespace = cast(current_schema() as regnamespace)) = 'p' \
             order by table_name, ordinal_position",
        )
        .fetch_all(&mut self.connection)
        .await?;
        let mut tables: Vec<Table> = Vec::new();
        for (table, column, data_type, numbered) in columns {
            let kind = match data_type.as_str() {
                "bigint" => Kind::Integer,
                "double precision" => Kind::Real,
                "boolean" => Kind::Boolean,
                "text" => Kind::Text,
                "bytea" => Kind::Bytes,
                other => return Err(StoreError::Server(format!("column {table}.{column} has the type {other}, which can't be moved"))),
            };
            if tables.last().is_none_or(|last| last.name != table) {
                tables.push(Table { name: table, columns: Vec::new(), key: Vec::new(), numbered: Vec::new() });
            }
            if let Some(last) = tables.last_mut() {
                if numbered {
                    last.numbered.push(column.clone());
                }
                last.columns.push((column, kind));
            }
        }
        let keys: Vec<(String, String)> = sqlx::query_as(
            "select cast(c.relname as text), cast(a.attname as text) from pg_constraint k join pg_class c on c.oid = k.conrelid \
             cross join lateral unnest(k.conkey) with ordinality as u (number, place) \
             join pg_attribute a on a.attrelid = c.oid and a.attnum = u.number \
             where k.contype = 'p' and c.relnamespace = cast(current_schema() as regnamespace) order by c.relname, u.place",
        )
        .fetch_all(&mut self.connection)
        .await?;
        for (table, column) in keys {
            if let Some(table) = tables.iter_mut().find(|known| known.name == table)
                && let Some(place) = table.columns.iter().position(|(name, _)| *name == column)
            {
                table.key.push(place);
            }
        }
        if let Some(table) = tables.iter().find(|table| table.key.is_empty()) {
            return Err(StoreError::Server(format!("table {} has no primary key, so that it can't be moved", table.name)));
        }
        let references: Vec<(String, String)> = sqlx::query_as(
            "select cast(c.relname as text), cast(r.relname as text) from pg_constraint k \
             join pg_class c on c.oid = k.conrelid join pg_class r on r.oid = k.confrelid \
             where k.contype = 'f' and c.oid <> r.oid and c.relnamespace = cast(current_schema() as regnamespace)",
        )
        .fetch_all(&mut self.connection)
        .await?;
        in_order(tables, &references)
    }

    /// Marks the database as being filled from the store with this fingerprint, or sees that it is that one which is marked.
    pub(super) async fn begin(&mut self, tables: &[Table], fingerprint: &str, afresh: bool) -> Result<()> {
        let mut tx = self.connection.begin().await?;
        let mark: Option<String> =
            sqlx::query_scalar("select value from setting where name = $1").bind(UNFINISHED).fetch_optional(&mut *tx).await?;
        let in_use: bool = sqlx::query_scalar("select exists (select 1 from data_key)").fetch_one(&mut *tx).await?;
        match mark {
            Some(found) if found == fingerprint && !afresh => return Ok(tx.rollback().await?),
            Some(found) if found != fingerprint && !afresh => {
                return Err(StoreError::Server(
                    "another store is being moved into this database: finish that with its own data folder, or run \
                     `riposte migrate-store --afresh`, which throws away what has arrived of it"
                        .to_owned(),
                ));
            }
            None if in_use => {
                return Err(StoreError::Server(
                    "the database in store.url holds an installation already: name an empty one (createdb NAME)".to_owned(),
                ));
            }
            _ => {}
        }
        let names = super::quoted(tables.iter().map(|table| table.name.as_str()));
        sqlx::query(AssertSqlSafe(format!("truncate {names}"))).execute(&mut *tx).await?;
        sqlx::query("insert into setting (name, value) values ($1, $2)").bind(UNFINISHED).bind(fingerprint).execute(&mut *tx).await?;
        Ok(tx.commit().await?)
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

/// Puts tables behind those that they refer to; otherwise by name.
fn in_order(mut tables: Vec<Table>, references: &[(String, String)]) -> Result<Vec<Table>> {
    let mut ordered: Vec<Table> = Vec::with_capacity(tables.len());
    while !tables.is_empty() {
        let placed = |name: &str| ordered.iter().any(|table| table.name == name);
        let next = tables.iter().position(|table| references.iter().all(|(from, to)| *from != table.name || placed(to)));
        let Some(next) = next else {
            return Err(StoreError::Server("the tables of PostgreSQL's schema refer to each other in a circle".to_owned()));
        };
        ordered.push(tables.remove(next));
    }
    Ok(ordered)
}

fn values(table: &Table, row: &PgRow) -> Result<Vec<Value>> {
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
