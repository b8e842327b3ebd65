//! Versions in headers: what an editor has read goes out as `ETag`, and comes back as `If-Match` with the change made to it.
//!
//! A tag is the resource's version number between quotes (`"7"`), a strong validator (RFC 9110 §8.8.3). `If-Match: *` and several tags are
//! refused: both would let somebody overwrite what they have not read.

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderName, HeaderValue, header};

use super::problem::{Code, Problem};

/// Longest tag of ours: the quotes and the digits of the largest version.
const MAX_TAG_CHARS: usize = 22;

/// The version a change is made to, from `If-Match`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct IfMatch(pub(super) u64);

impl<S: Send + Sync> FromRequestParts<S> for IfMatch {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Problem> {
        let mut values = parts.headers.get_all(header::IF_MATCH).iter();
        let (Some(value), None) = (values.next(), values.next()) else {
            return Err(Problem::new(Code::IfMatchRequired));
        };
        let tag = value.to_str().unwrap_or_default().trim();
        if tag == "*" || tag.contains(',') {
            return Err(Problem::new(Code::IfMatchRequired).with_detail("send one version, as `ETag` named it, not `*` and not several"));
        }
        if tag.starts_with("W/") {
            let detail = "`If-Match` compares strong tags only: send it as `ETag` named it, such as `\"7\"`; a proxy may have added `W/`";
            return Err(Problem::new(Code::VersionMismatch).with_detail(detail));
        }
        version(tag).map(Self).ok_or_else(|| Problem::new(Code::VersionMismatch).with_detail("no version of ours is named like this"))
    }
}

fn version(tag: &str) -> Option<u64> {
    if tag.len() > MAX_TAG_CHARS {
        return None;
    }
    let digits = tag.strip_prefix('"')?.strip_suffix('"')?;
    if !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    digits.parse().ok()
}

/// The header that names a version, to be put before the body: `(etag(entry.version), Json(view))`.
pub(super) fn etag(version: u64) -> [(HeaderName, HeaderValue); 1] {
    let value = HeaderValue::try_from(format!("\"{version}\"")).expect("digits between quotes are a header value");
    [(header::ETAG, value)]
}

/// The answer to a change of a version that is not the present one.
pub(super) fn mismatch(present: u64) -> Problem {
    Problem::new(Code::VersionMismatch).with_detail(format!(
        "somebody else has changed it: the present version is {present}. Read it again, carry your change over, and send `If-Match: \"{present}\"`"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::Request;

    async fn read(headers: &[&str]) -> Result<u64, Code> {
        let mut request = Request::builder();
        for value in headers {
            request = request.header("if-match", *value);
        }
        let (mut parts, ()) = request.body(()).unwrap().into_parts();
        IfMatch::from_request_parts(&mut parts, &()).await.map(|IfMatch(version)| version).map_err(|problem| problem.code())
    }

    #[tokio::test]
    async fn what_etag_writes_if_match_reads() {
        for number in [0, 1, 7, u64::MAX] {
            let [(name, value)] = etag(number);
            assert_eq!(name, header::ETAG);
            assert_eq!(read(&[value.to_str().unwrap()]).await, Ok(number));
        }
    }

    #[tokio::test]
    async fn a_change_without_one_version_is_refused() {
        for missing in [&[][..], &["*"], &["\"1\", \"2\""], &["\"1\"", "\"2\""]] {
            assert_eq!(read(missing).await, Err(Code::IfMatchRequired), "{missing:?}");
        }
        for other in ["W/\"7\"", "7", "\"seven\"", "\"\"", "\"+7\"", "\"99999999999999999999\"", ""] {
            assert_eq!(read(&[other]).await, Err(Code::VersionMismatch), "{other}");
        }
    }
}
