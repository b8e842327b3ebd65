//! What PostgreSQL has of its own: sqlx's types, and the fragments of statements that no other database understands. The modules in `sql`
//! are compiled against these names; [`crate::store::sqlite`] has the same ones.

use sqlx::postgres::PgArguments;

pub(super) type Database = sqlx::Postgres;
pub(super) type Connections = sqlx::PgPool;
pub(super) type Connection = sqlx::PgConnection;
pub(super) type Transaction = sqlx::Transaction<'static, Database>;
pub(super) type Arguments = PgArguments;

/// A table with the elements of a JSON list of texts as `value`.
macro_rules! json_elements {
    ($json:literal, $alias:literal) => {
        concat!(
            "lateral (select element.value collate \"C\" as value from jsonb_array_elements_text(cast(",
            $json,
            " as jsonb)) as element (value)) as ",
            $alias
        )
    };
}

/// Whether a text contains another one.
macro_rules! contains {
    ($text:literal, $part:literal) => {
        concat!("strpos(", $text, ", ", $part, ") > 0")
    };
}

/// Whether an entry answers the cluster of this row.
macro_rules! is_covered {
    () => {
        "(coalesce(cast(coverage as jsonb) ->> 'covered', 'false') = 'true')"
    };
}

/// Whether the conversation of this row is live, in the words of the index.
macro_rules! is_live {
    () => {
        "live"
    };
}

/// Whether the conversation of this row may be of the channel `$7`, in the words of the index, which has room for short texts only.
macro_rules! in_channel {
    () => {
        "left(channel, 100) = left($7, 100)"
    };
}

/// Names the index that a table is to be read along. PostgreSQL chooses by its statistics.
macro_rules! by_index {
    ($index:literal) => {
        ""
    };
}

/// Has the row that is found locked, and locked ones passed over.
macro_rules! skip_locked {
    () => {
        "for update skip locked"
    };
}
