//! Lists: `limit`, opaque `cursor`, `{items, next_cursor}`.
//!
//! A cursor is the sort key of the last item seen, with the list it belongs to, as base64url of JSON. It holds nothing secret and is not
//! signed: whatever it says, scope and filters are applied anew on every page.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::problem::{Code, Problem};

const DEFAULT_LIMIT: u32 = 50;
const MAX_LIMIT: u32 = 200;
/// Longer texts are no cursors of ours.
const MAX_CURSOR_CHARS: usize = 512;

/// One page of a list.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub(super) struct Page<T> {
    /// The items, in the list's order.
    pub items: Vec<T>,
    /// What to send as `cursor` for the next page; `null` on the last one.
    pub next_cursor: Option<String>,
}

impl<T> Page<T> {
    /// Makes a page of rows of which one more than `limit` was asked for; `key` gives the sort key the next page begins behind.
    pub(super) fn cut<R, K: Serialize>(
        mut rows: Vec<R>,
        limit: u32,
        list: &str,
        key: impl Fn(&R) -> K,
        view: impl FnMut(R) -> T,
    ) -> Result<Self, Problem> {
        let more = rows.len() > limit as usize;
        rows.truncate(limit as usize);
        let next_cursor = match rows.last() {
            Some(last) if more => Some(encode(list, &key(last))?),
            _ => None,
        };
        Ok(Self { items: rows.into_iter().map(view).collect(), next_cursor })
    }
}

/// The number of items asked for, checked.
pub(super) fn checked_limit(limit: Option<u32>) -> Result<u32, Problem> {
    match limit {
        None => Ok(DEFAULT_LIMIT),
        Some(limit) if (1..=MAX_LIMIT).contains(&limit) => Ok(limit),
        Some(_) => Err(Problem::parameter("limit", format!("use 1 to {MAX_LIMIT}"))),
    }
}

/// Writes a cursor of `list`.
pub(super) fn encode<K: Serialize>(list: &str, key: &K) -> Result<String, Problem> {
    let json = serde_json::to_vec(&(list, key)).map_err(Problem::internal)?;
    Ok(URL_SAFE_NO_PAD.encode(json))
}

/// Reads a cursor of `list` back.
pub(super) fn decode<K: DeserializeOwned>(list: &str, cursor: Option<&str>) -> Result<Option<K>, Problem> {
    let Some(text) = cursor else { return Ok(None) };
    read(list, text).map(Some).ok_or_else(|| Problem::new(Code::InvalidCursor))
}

fn read<K: DeserializeOwned>(list: &str, text: &str) -> Option<K> {
    if text.len() > MAX_CURSOR_CHARS {
        return None;
    }
    let json = URL_SAFE_NO_PAD.decode(text).ok()?;
    let (of, key) = serde_json::from_slice::<Named<K>>(&json).ok().map(|Named(of, key)| (of, key))?;
    (of == list).then_some(key)
}

#[derive(Deserialize)]
struct Named<K>(String, K);

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn cursors_round_trip(size in any::<u32>(), text in "\\PC{0,40}") {
            let key = (size, text);
            let cursor = encode("clusters", &key).unwrap();
            prop_assert!(cursor.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_'));
            prop_assert_eq!(decode::<(u32, String)>("clusters", Some(&cursor)).unwrap(), Some(key));
        }

        #[test]
        fn reading_a_cursor_never_panics(text in "\\PC{0,600}") {
            let _ = decode::<(u32, String)>("clusters", Some(&text));
        }
    }

    #[test]
    fn a_cursor_of_another_list_is_refused() {
        let cursor = encode("jobs", &7u32).unwrap();
        assert_eq!(decode::<u32>("entries", Some(&cursor)).unwrap_err().code(), Code::InvalidCursor);
        assert_eq!(decode::<String>("jobs", Some(&cursor)).unwrap_err().code(), Code::InvalidCursor);
        assert_eq!(decode::<u32>("jobs", None).unwrap(), None);
    }

    #[test]
    fn limits_are_refused_and_not_clamped() {
        assert_eq!(checked_limit(None).unwrap(), 50);
        assert_eq!(checked_limit(Some(200)).unwrap(), 200);
        for bad in [0, 201] {
            let problem = checked_limit(Some(bad)).unwrap_err();
            assert_eq!(problem.code(), Code::InvalidParameter);
            assert_eq!(problem.errors()[0].parameter.as_deref(), Some("limit"));
        }
    }

    #[test]
    fn only_a_full_page_has_a_next_one() {
        let page = |count: u32| Page::cut((0..count).collect(), 3, "numbers", |row| *row, |row| row).unwrap();
        assert_eq!(page(3), Page { items: vec![0, 1, 2], next_cursor: None });
        let first = page(4);
        assert_eq!(first.items, [0, 1, 2]);
        assert_eq!(decode::<u32>("numbers", first.next_cursor.as_deref()).unwrap(), Some(2));
    }
}
