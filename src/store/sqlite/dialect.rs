//! What SQLite has of its own: sqlx's types, and the fragments of statements that no other database understands. The modules in `sql` are
//! compiled against these names; [`crate::store::postgres`] has the same ones.

use sqlx::sqlite::SqliteArguments;

pub(super) type Database = sqlx::Sqlite;
pub(super) type Connections = sqlx::SqlitePool;
pub(super) type Connection = sqlx::SqliteConnection;
pub(super) type Transaction = sqlx::Transaction<'static, Database>;
pub(super) type Arguments = SqliteArguments;

/// A table with the elements of a JSON list of texts as `value`.
macro_rules! json_elements {
    ($json:literal, $alias:literal) => {
        concat!("json_each(", $json, ") as ", $alias)
    };
}

/// Whether a text contains another one.
macro_rules! contains {
    ($text:literal, $part:literal) => {
        concat!("instr(", $text, ", ", $part, ") > 0")
    };
}

/// Whether an entry answers the cluster of this row.
macro_rules! is_covered {
    () => {
        "(coalesce(json_extract(coverage, '$.covered'), 0) = 1)"
    };
}

/// Whether the conversation of this row is live, in the words of the index.
macro_rules! is_live {
    () => {
        "live = 1"
    };
}

/// Whether the conversation of this row may be of the channel `$7`, in the words of the index.
macro_rules! in_channel {
    () => {
        "channel = $7"
    };
}

/// Names the index that a table is to be read along.
macro_rules! by_index {
    ($index:literal) => {
        concat!("indexed by ", $index)
    };
}

/// Has the row that is found locked, and locked ones passed over. Here there is one writer.
macro_rules! skip_locked {
    () => {
        ""
    };
}
