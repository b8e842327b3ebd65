//! The store's tables as PostgreSQL describes them.

use sqlx::PgConnection;

use super::{Kind, Table};
use crate::store::{Result, StoreError};

/// Every table of the store (unlogged ones hold what replicas count together, and nothing that lasts), those that are referred to before those
/// that refer to them.
pub(super) async fn tables(connection: &mut PgConnection) -> Result<Vec<Table>> {
    let columns: Vec<(String, String, String, bool)> = sqlx::query_as(
        "select cast(table_name as text), cast(column_name as text), cast(data_type as text), is_identity = 'YES' \
         from information_schema.columns join information_schema.tables using (table_schema, table_name) \
         where table_schema = current_schema() and table_type = 'BASE TABLE' and table_name <> '_sqlx_migrations' \
         and (select relpersistence from pg_class where relname = table_name and relnamespace = cast(current_schema() as regnamespace)) = 'p' \
         order by table_name, ordinal_position",
    )
    .fetch_all(&mut *connection)
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
    .fetch_all(&mut *connection)
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
    .fetch_all(&mut *connection)
    .await?;
    in_order(tables, &references)
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
