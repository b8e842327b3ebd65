//! Statements whose number of placeholders depends on the data: lists and many rows at once.
//!
//! The only module that builds SQL at run time. What it puts together is constant text and placeholder numbers, never a value. The numbers
//! are rounded to a few sizes, so that the statement cache holds all variants.

use std::collections::HashMap;
use std::fmt::Write as _;
use std::hash::Hash;

use sqlx::{AssertSqlSafe, FromRow};
use uuid::Uuid;

use super::dialect::{Arguments, Connection, Connections, Database};
use super::value;
use crate::domain::DeskId;
use crate::store::Result;

/// A statement with its values.
pub(super) type Query = sqlx::query::Query<'static, Database, Arguments>;

/// Longest list bound at once.
pub(super) const LIST_LIMIT: usize = 500;

/// A suggestion reads up to 80 rows at once. SQLite finds the name of each placeholder by going through all names, so a list far longer
/// than what is asked for is felt.
const LIST_SIZES: [usize; 5] = [1, 8, 32, 96, LIST_LIMIT];
const ROW_SIZES: [usize; 3] = [50, 10, 1];

fn list_size(length: usize) -> usize {
    LIST_SIZES.into_iter().find(|&size| size >= length).unwrap_or(LIST_LIMIT)
}

/// Replaces `{list}` in `sql` by placeholders from `$first` on, enough for [`padded`] values of a chunk with `length` items.
pub(super) fn with_list(sql: &'static str, first: usize, length: usize) -> AssertSqlSafe<String> {
    let mut list = String::new();
    for number in first..first + list_size(length) {
        let comma = if number == first { "" } else { ", " };
        write!(list, "{comma}${number}").expect("writing to a String does not fail");
    }
    AssertSqlSafe(sql.replace("{list}", &list))
}

/// The items of one chunk, the last one repeated up to the size that [`with_list`] made room for. Not for empty chunks.
pub(super) fn padded<T: Copy>(chunk: &[T]) -> impl Iterator<Item = T> + '_ {
    let last = chunk.last().copied();
    chunk.iter().copied().chain(std::iter::repeat_with(move || last).flatten()).take(if last.is_some() {
        list_size(chunk.len())
    } else {
        0
    })
}

/// Reads the rows of a desk that a list of ids names, in no particular order. In `sql` the desk is `$1` and the ids are `{list}`.
pub(super) async fn rows_by_id<R>(readers: &Connections, sql: &'static str, desk: &DeskId, ids: &[Uuid]) -> Result<Vec<R>>
where
    R: for<'row> FromRow<'row, <Database as sqlx::Database>::Row> + Send + Unpin,
{
    let mut rows = Vec::with_capacity(ids.len());
    for chunk in ids.chunks(LIST_LIMIT) {
        let mut query = sqlx::query_as::<_, R>(with_list(sql, 2, chunk.len())).bind(desk.as_str());
        for id in padded(chunk) {
            query = query.bind(value::blob(id));
        }
        rows.extend(query.fetch_all(readers).await?);
    }
    Ok(rows)
}

/// Of several items with one key the last, in the order of these: one statement must not write a row twice.
pub(super) fn last_of_each<T, K: Eq + Hash>(items: &[T], key: impl Fn(&T) -> K) -> Vec<&T> {
    let last: HashMap<K, usize> = items.iter().enumerate().map(|(at, item)| (key(item), at)).collect();
    items.iter().enumerate().filter(|(at, item)| last.get(&key(item)) == Some(at)).map(|(_, item)| item).collect()
}

/// Runs `head` (`insert into … values`), one group of `columns` placeholders for each row, and `tail`.
pub(super) async fn insert_rows<T>(
    connection: &mut Connection,
    head: &'static str,
    columns: usize,
    tail: &'static str,
    rows: &[T],
    bind: fn(Query, &T) -> Query,
) -> std::result::Result<(), sqlx::Error> {
    let mut rest = rows;
    for size in ROW_SIZES {
        while rest.len() >= size {
            let (chunk, behind) = rest.split_at(size);
            let query = chunk.iter().fold(sqlx::query(row_statement(head, columns, tail, size)), bind);
            query.execute(&mut *connection).await?;
            rest = behind;
        }
    }
    Ok(())
}

fn row_statement(head: &str, columns: usize, tail: &str, rows: usize) -> AssertSqlSafe<String> {
    let mut sql = String::with_capacity(head.len() + tail.len() + rows * columns * 6);
    sql.push_str(head);
    for row in 0..rows {
        sql.push_str(if row == 0 { " (" } else { ", (" });
        for column in 0..columns {
            let comma = if column == 0 { "" } else { ", " };
            write!(sql, "{comma}${}", row * columns + column + 1).expect("writing to a String does not fail");
        }
        sql.push(')');
    }
    sql.push(' ');
    sql.push_str(tail);
    AssertSqlSafe(sql)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_are_padded_to_the_size_of_their_statement() {
        for length in [1, 2, 8, 9, 32, 33, 80, 96, 97, 499, 500] {
            let items: Vec<usize> = (0..length).collect();
            let values: Vec<usize> = padded(&items).collect();
            let sql = with_list("in ({list})", 3, length).0;
            assert_eq!(values.len(), sql.matches('$').count(), "length {length}");
            assert!(sql.ends_with(&format!("${})", 2 + values.len())));
            assert_eq!(values[..length], items[..]);
            assert!(values[length..].iter().all(|&value| value == length - 1));
        }
        assert_eq!(padded::<u8>(&[]).count(), 0);
    }

    #[test]
    fn the_last_item_of_a_key_wins() {
        let items = [("a", 1), ("b", 2), ("a", 3), ("c", 4)];
        assert_eq!(last_of_each(&items, |item| item.0), [&("b", 2), &("a", 3), &("c", 4)]);
    }

    #[test]
    fn rows_get_consecutive_placeholders() {
        assert_eq!(
            row_statement("insert into t (a, b) values", 2, "on conflict do nothing", 2).0,
            "insert into t (a, b) values ($1, $2), ($3, $4) on conflict do nothing"
        );
    }
}
