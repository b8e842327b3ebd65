//! Moves the embedded store to PostgreSQL: every table, row by row, and then reads both back and compares them.
//!
//! Rows are copied as they are, sealed texts included, so that the same key opens both. Tables come in the order of their references, rows in
//! the order of their primary keys, each batch in a transaction of its own: a move that was interrupted goes on behind the last row that
//! arrived. Until it is complete a mark in the table `setting` keeps the database from being used.
//!
//! Columns and keys are read from PostgreSQL's catalogue, so that a new table is moved without a change here. The source is only read.
//!
//! [`copy_to_sqlite`] goes the other way, for backups.

mod catalogue;
mod copy;
mod source;
mod target;
#[cfg(test)]
mod tests;

use std::path::Path;

use secrecy::SecretString;
use sha2::{Digest as _, Sha256};

pub use self::copy::copy_to_sqlite;
use self::source::Source;
use self::target::Target;
use super::cipher::hex;
use super::{Result, StoreError};

/// The row of `setting` that says that the database is not complete; its value tells which store is being moved.
pub(super) const UNFINISHED: &str = "transfer_unfinished";

/// Rows that are read and written at a time.
const BATCH: usize = 500;

/// What a column holds, by its type in PostgreSQL.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Integer,
    Real,
    Boolean,
    Text,
    Bytes,
}

/// One value of a row.
#[derive(Debug, Clone, PartialEq)]
enum Value {
    Integer(Option<i64>),
    Real(Option<f64>),
    Boolean(Option<bool>),
    Text(Option<String>),
    Bytes(Option<Vec<u8>>),
}

/// A table as PostgreSQL describes it.
#[derive(Debug, Clone)]
struct Table {
    name: String,
    columns: Vec<(String, Kind)>,
    /// Places of the primary key's columns in `columns`, in the key's order.
    key: Vec<usize>,
    /// Columns that the database numbers itself.
    numbered: Vec<String>,
}

impl Table {
    /// The columns' names, quoted.
    fn column_list(&self) -> String {
        quoted(self.columns.iter().map(|(name, _)| name.as_str()))
    }

    fn key_list(&self) -> String {
        quoted(self.key.iter().map(|&place| self.columns[place].0.as_str()))
    }

    fn key_of(&self, row: &[Value]) -> Vec<Value> {
        self.key.iter().map(|&place| row[place].clone()).collect()
    }
}

fn quoted<'a>(names: impl Iterator<Item = &'a str>) -> String {
    names.map(|name| format!("\"{name}\"")).collect::<Vec<_>>().join(", ")
}

/// Tells one store from another, by its wrapped data keys.
fn fingerprint(keys: &[(i64, Vec<u8>)]) -> String {
    let mut digest = Sha256::new();
    for (id, wrapped) in keys {
        digest.update(id.to_be_bytes());
        digest.update(wrapped);
    }
    hex(&digest.finalize())
}

/// How many rows a table has, and a sum over them that does not depend on their order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Content {
    /// Rows.
    pub rows: u64,
    /// The sum of the first 128 bits of each row's SHA-256, wrapping.
    sum: u128,
}

impl Content {
    fn add(&mut self, row: &[Value]) {
        let mut digest = Sha256::new();
        // Every value with its kind and its length: no two rows give the same bytes.
        let mut feed = |kind: u8, bytes: Option<&[u8]>| {
            digest.update([kind, u8::from(bytes.is_some())]);
            let bytes = bytes.unwrap_or_default();
            digest.update((bytes.len() as u64).to_be_bytes());
            digest.update(bytes);
        };
        for value in row {
            match value {
                Value::Integer(value) => feed(1, value.map(i64::to_be_bytes).as_ref().map(<[u8; 8]>::as_slice)),
                Value::Real(value) => feed(2, value.map(|value| value.to_bits().to_be_bytes()).as_ref().map(<[u8; 8]>::as_slice)),
                Value::Boolean(value) => feed(3, value.map(|value| [u8::from(value)]).as_ref().map(<[u8; 1]>::as_slice)),
                Value::Text(value) => feed(4, value.as_ref().map(String::as_bytes)),
                Value::Bytes(value) => feed(5, value.as_deref()),
            }
        }
        let digest = digest.finalize();
        self.sum = self.sum.wrapping_add(u128::from_be_bytes(std::array::from_fn(|at| digest[at])));
        self.rows += 1;
    }
}

/// How far a move is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Moving<'a> {
    /// What is done: "copying" or "checking".
    pub step: &'static str,
    /// With which table.
    pub table: &'a str,
    /// Rows done in it.
    pub done: u64,
    /// Rows it has.
    pub of: u64,
}

/// What was moved.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Moved {
    /// Each table with its rows, in the order in which they were copied.
    pub tables: Vec<(String, u64)>,
}

impl Moved {
    /// Rows of all tables.
    #[must_use]
    pub fn rows(&self) -> u64 {
        self.tables.iter().map(|(_, rows)| rows).sum()
    }
}

/// Moves the store in the SQLite file `from`, which no process may have open, into the database at `to`, which holds no installation; goes on
/// with a move of the same store that was interrupted. `afresh` throws away what an interrupted move has written. The source stays as it is.
/// `None` where that very store is there already: nothing is changed, and nothing compared, since it may have been used since.
///
/// # Errors
/// `Server` when the database can't be used, holds another installation, or what arrived differs from what was sent, with what to do;
/// `NewerSchema` for a source of a newer program.
pub async fn move_to_postgres(from: &Path, to: &SecretString, afresh: bool, mut seen: impl FnMut(Moving<'_>)) -> Result<Option<Moved>> {
    let mut source = Source::open(from).await?;
    let mut target = Target::open(to).await?;
    let moved = copy_and_check(&mut source, &mut target, afresh, &mut seen).await;
    source.close().await?;
    target.close().await;
    moved
}

async fn copy_and_check(
    source: &mut Source,
    target: &mut Target,
    afresh: bool,
    seen: &mut impl FnMut(Moving<'_>),
) -> Result<Option<Moved>> {
    let tables = target.tables().await?;
    source.check_columns(&tables).await?;
    if !target.begin(&tables, &source.fingerprint().await?, afresh).await? {
        return Ok(None);
    }
    for table in &tables {
        copy(source, target, table, seen).await?;
    }
    let mut moved = Vec::with_capacity(tables.len());
    for table in &tables {
        moved.push((table.name.clone(), check(source, target, table, seen).await?.rows));
    }
    target.finish(&tables).await?;
    Ok(Some(Moved { tables: moved }))
}

async fn copy(source: &mut Source, target: &mut Target, table: &Table, seen: &mut impl FnMut(Moving<'_>)) -> Result<()> {
    let of = source.count(table).await?;
    // Rows that are there already are the first ones in the order of the key.
    let mut last = target.last_key(table).await?;
    let mut done = if last.is_some() { target.count(table).await? } else { 0 };
    loop {
        seen(Moving { step: "copying", table: &table.name, done, of });
        let rows = source.rows_behind(table, last.as_deref(), BATCH).await?;
        let Some(end) = rows.last() else { return Ok(()) };
        last = Some(table.key_of(end));
        target.insert(table, &rows).await?;
        done += rows.len() as u64;
    }
}

async fn check(source: &mut Source, target: &mut Target, table: &Table, seen: &mut impl FnMut(Moving<'_>)) -> Result<Content> {
    let of = source.count(table).await?;
    seen(Moving { step: "checking", table: &table.name, done: 0, of });
    let sent = source.content(table).await?;
    let arrived = target.content(table).await?;
    seen(Moving { step: "checking", table: &table.name, done: of, of });
    if sent != arrived {
        return Err(StoreError::Server(format!(
            "table {} arrived with {} rows, {} were sent, or one of them differs: the embedded store was used between two attempts; \
             run `riposte migrate-store --afresh`",
            table.name, arrived.rows, sent.rows
        )));
    }
    Ok(sent)
}
