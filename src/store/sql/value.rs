//! Values between the vocabulary and SQL: ids as 16 bytes, times as microseconds, lists as JSON text.

use std::borrow::Cow;

use serde::Serialize;
use serde::de::DeserializeOwned;
use uuid::Uuid;

use crate::domain::{DeskId, Language, Timestamp};
use crate::store::{Result, StoreError};

/// Writes an id.
pub(super) fn blob(id: Uuid) -> Vec<u8> {
    id.as_bytes().to_vec()
}

/// Reads an id back.
pub(super) fn uuid(bytes: &[u8], column: &'static str) -> Result<Uuid> {
    Uuid::from_slice(bytes).map_err(|_length| StoreError::Corrupt(column))
}

/// Writes term ids, four bytes each, the lowest first.
pub(super) fn term_bytes(terms: &[u32]) -> Vec<u8> {
    terms.iter().flat_map(|term| term.to_le_bytes()).collect()
}

/// Reads term ids back.
pub(super) fn terms(bytes: &[u8], column: &'static str) -> Result<Vec<u32>> {
    let (words, []) = bytes.as_chunks::<4>() else { return Err(StoreError::Corrupt(column)) };
    Ok(words.iter().map(|word| u32::from_le_bytes(*word)).collect())
}

/// Writes a list or a free-form value as JSON.
pub(super) fn to_json<T: Serialize + ?Sized>(value: &T) -> String {
    serde_json::to_string(value).expect("only lists, texts and JSON values are written, and those always serialise")
}

/// Reads such a value back.
pub(super) fn from_json<T: DeserializeOwned>(text: &str, column: &'static str) -> Result<T> {
    serde_json::from_str(text).map_err(|_text| StoreError::Corrupt(column))
}

/// Reads such a value back, where there is one.
pub(super) fn from_optional_json<T: DeserializeOwned>(text: Option<&str>, column: &'static str) -> Result<Option<T>> {
    text.map(|text| from_json(text, column)).transpose()
}

/// A text without the one character that PostgreSQL does not keep.
pub(super) fn plain(text: &str) -> Cow<'_, str> {
    if text.contains('\0') { Cow::Owned(text.replace('\0', "\u{FFFD}")) } else { Cow::Borrowed(text) }
}

/// Reads a desk's name back.
pub(super) fn desk(text: &str) -> Result<DeskId> {
    text.parse().map_err(|_name| StoreError::Corrupt("desk"))
}

/// Reads a language back.
pub(super) fn language(code: &str) -> Result<Language> {
    Language::from_code(code).ok_or(StoreError::Corrupt("language"))
}

/// Reads a number that is never negative and never large.
pub(super) fn count(number: i64, column: &'static str) -> Result<u32> {
    u32::try_from(number).map_err(|_range| StoreError::Corrupt(column))
}

/// Writes a time that may be absent.
pub(super) fn micros(time: Option<Timestamp>) -> Option<i64> {
    time.map(Timestamp::as_micros)
}

/// Reads a time that may be absent.
pub(super) fn timestamp(micros: Option<i64>) -> Option<Timestamp> {
    micros.map(Timestamp::from_micros)
}
