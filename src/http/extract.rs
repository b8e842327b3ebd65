//! Extractors whose refusals are problems: JSON bodies, query and path parameters, and the caller's permissions.
//!
//! Messages of the parsers are reduced to what was expected and where: they may quote the body, and the body may hold customers' words.

use std::error::Error as _;

use axum::body::Bytes;
use axum::extract::rejection::{JsonRejection, QueryRejection};
use axum::extract::{FromRequest, FromRequestParts, Request};
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::problem::{Code, Problem};
use crate::auth::{AuthError, Grant, Permission, check_has_password};
use crate::domain::Principal;

/// A JSON body, coming or going.
#[derive(Debug, Clone)]
pub(super) struct Json<T>(pub(super) T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for Json<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        if media_type(request.headers()).as_deref() != Some("application/json") {
            return Err(Problem::new(Code::UnsupportedMediaType));
        }
        let bytes = Bytes::from_request(request, state).await.map_err(|rejection| body_problem(rejection.status()))?;
        parse_json(&bytes).map(Self)
    }
}

impl<T: Serialize> IntoResponse for Json<T> {
    fn into_response(self) -> Response {
        axum::Json(self.0).into_response()
    }
}

/// Query parameters. Unknown ones are refused if the type denies them, as all of ours do.
#[derive(Debug, Clone)]
pub(super) struct Query<T>(pub(super) T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequestParts<S> for Query<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        match axum::extract::Query::<T>::from_request_parts(parts, state).await {
            Ok(axum::extract::Query(value)) => Ok(Self(value)),
            Err(rejection) => Err(query_problem(&rejection)),
        }
    }
}

/// Path parameters. Ids are opaque to clients, so one of another form is simply not found.
#[derive(Debug, Clone)]
pub(super) struct Path<T>(pub(super) T);

impl<T: DeserializeOwned + Send, S: Send + Sync> FromRequestParts<S> for Path<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        match axum::extract::Path::<T>::from_request_parts(parts, state).await {
            Ok(axum::extract::Path(value)) => Ok(Self(value)),
            Err(_rejection) => Err(Problem::new(Code::NotFound)),
        }
    }
}

/// Whoever is signed in, whatever their role.
#[derive(Debug, Clone)]
pub(super) struct Authenticated(pub(super) Principal);

impl<S: Send + Sync> FromRequestParts<S> for Authenticated {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Problem> {
        parts.extensions.get::<Principal>().cloned().map(Self).ok_or_else(|| AuthError::Missing.into())
    }
}

/// A person with an account; a key is refused before its body is read.
pub(super) struct Person(pub(super) Principal);

impl<S: Send + Sync> FromRequestParts<S> for Person {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let Authenticated(principal) = Authenticated::from_request_parts(parts, state).await?;
        check_has_password(&principal)?;
        Ok(Self(principal))
    }
}

impl<P: Permission, S: Send + Sync> FromRequestParts<S> for Grant<P> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let Authenticated(principal) = Authenticated::from_request_parts(parts, state).await?;
        Ok(Self::check(&principal)?)
    }
}

/// The bare media type of a body, in lower case; `None` when there is none.
pub(super) fn media_type(headers: &HeaderMap) -> Option<String> {
    let value = headers.get(header::CONTENT_TYPE)?.to_str().ok()?;
    Some(value.split(';').next()?.trim().to_ascii_lowercase())
}

/// What a body that could not be read means.
pub(super) fn body_problem(status: StatusCode) -> Problem {
    Problem::new(if status == StatusCode::PAYLOAD_TOO_LARGE { Code::BodyTooLarge } else { Code::MalformedRequest })
}

/// Parses a JSON body.
pub(super) fn parse_json<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Problem> {
    match axum::Json::<T>::from_bytes(bytes) {
        Ok(axum::Json(value)) => Ok(value),
        Err(rejection) => Err(json_problem::<T>(bytes, &rejection)),
    }
}

fn json_problem<T: DeserializeOwned>(bytes: &[u8], rejection: &JsonRejection) -> Problem {
    // Parsed a second time without the path, only to learn where the path ends and the message begins.
    let Err(plain) = serde_json::from_slice::<T>(bytes) else {
        return Problem::new(Code::InvalidJson);
    };
    if !plain.is_data() {
        return Problem::new(Code::InvalidJson).with_detail(format!("not JSON at line {}, column {}", plain.line(), plain.column()));
    }
    let with_path = rejection.source().map(ToString::to_string).unwrap_or_default();
    let message = plain.to_string();
    let path = with_path.strip_suffix(message.as_str()).map_or("", |path| path.trim_end_matches(": "));
    let message = message.strip_suffix(&format!(" at line {} column {}", plain.line(), plain.column())).unwrap_or(&message);
    Problem::field(pointer(path, message), safe_message(message))
}

fn query_problem(rejection: &QueryRejection) -> Problem {
    let text = rejection.source().map(ToString::to_string).unwrap_or_default();
    let (name, message) = match text.split_once(": ") {
        Some((name, message)) if name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_') => (name, message),
        _ => (quoted_name(&text).unwrap_or(""), text.as_str()),
    };
    Problem::parameter(name, safe_message(message))
}

/// `conversation.messages[0]` and a message → `/conversation/messages/0` or the field the message itself names.
fn pointer(path: &str, message: &str) -> String {
    let mut pointer = String::new();
    let mut push = |segment: &str| {
        pointer.push('/');
        pointer.push_str(&segment.replace('~', "~0").replace('/', "~1"));
    };
    for part in path.split(['.', '[']).map(|part| part.trim_end_matches(']')).filter(|part| !part.is_empty() && *part != "?") {
        push(part);
    }
    if let Some(name) = quoted_name(message)
        && !pointer.ends_with(&format!("/{name}"))
    {
        pointer.push('/');
        pointer.push_str(&name.replace('~', "~0").replace('/', "~1"));
    }
    pointer
}

/// The field that "missing field `x`" and "unknown field `x`" are about.
fn quoted_name(message: &str) -> Option<&str> {
    let rest = message.strip_prefix("missing field `").or_else(|| message.strip_prefix("unknown field `"))?;
    rest.split_once('`').map(|(name, _)| name)
}

/// What a parser's message may say without quoting the input.
fn safe_message(message: &str) -> String {
    if message.starts_with("missing field `") {
        return "is missing".to_owned();
    }
    let expected = message.rsplit_once(", expected ").map(|(_, expected)| expected);
    if message.starts_with("unknown field `") {
        return expected.map_or_else(|| "is not a known field".to_owned(), |known| format!("is not a known field; known: {known}"));
    }
    if let Some(expected) = expected {
        return format!("expected {expected}");
    }
    // Custom messages quote what they refuse between back quotes, parsers between double quotes.
    let mut safe = message.to_owned();
    for quote in ['`', '"'] {
        if let (Some(first), Some(last)) = (safe.find(quote), safe.rfind(quote))
            && first < last
        {
            safe.replace_range(first + 1..last, "…");
        }
    }
    safe
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::DeskId;
    use crate::suggest::SuggestRequest;
    use serde::Deserialize;

    fn refusal(body: &str) -> (Code, Option<String>, String) {
        let problem = parse_json::<SuggestRequest>(body.as_bytes()).unwrap_err();
        let error = problem.errors().first().cloned();
        let detail = error.as_ref().map_or_else(|| format!("{problem:?}"), |error| error.detail.clone());
        (problem.code(), error.and_then(|error| error.pointer), detail)
    }

    #[test]
    fn broken_json_is_400_with_its_place_and_nothing_of_its_content() {
        let (code, pointer, detail) = refusal("{\"desk\": \"shop\",\n 我的电话13800138000");
        assert_eq!((code, pointer), (Code::InvalidJson, None));
        assert!(detail.contains("line 2, column 2"), "{detail}");
        assert!(!detail.contains("13800138000"));
        assert_eq!(refusal("").0, Code::InvalidJson);
    }

    #[test]
    fn a_wrong_field_is_422_with_a_pointer() {
        let cases = [
            (r#"{"desk":"shop","conversation":{"messages":[{"role":"customer","text":13800138000}]}}"#, "/conversation/messages/0/text"),
            (r#"{"desk":"shop","conversation":{"messages":[{"role":"13800138000","text":"x"}]}}"#, "/conversation/messages/0/role"),
            (r#"{"desk":"shop","conversation":{"messages":[{"role":"agent"}]}}"#, "/conversation/messages/0/text"),
            (r#"{"desk":"shop","conversation":{"messages":[]},"13800138000":1}"#, "/13800138000"),
            (r#"{"desk":"13800138000 !","conversation":{"messages":[]}}"#, "/desk"),
            (r#"{"desk":"shop","conversation":{"messages":[]},"filters":{"answered_from":"13800138000"}}"#, "/filters/answered_from"),
            (r#"{"conversation":{"messages":[]}}"#, "/desk"),
        ];
        for (body, expected) in cases {
            let (code, pointer, detail) = refusal(body);
            assert_eq!((code, pointer.as_deref()), (Code::InvalidField, Some(expected)), "{body}: {detail}");
            assert!(!detail.contains("13800138000"), "{detail}");
        }
    }

    #[tokio::test]
    async fn query_parameters_are_named() {
        #[derive(Debug, Deserialize)]
        #[serde(deny_unknown_fields)]
        #[expect(dead_code, reason = "only parsed")]
        struct Parameters {
            desk: Option<DeskId>,
            limit: Option<u32>,
        }
        for (query, name) in [("limit=many", "limit"), ("desk=a%20b", "desk"), ("surprise=1", "surprise")] {
            let (mut parts, ()) = axum::http::Request::builder().uri(format!("/x?{query}")).body(()).unwrap().into_parts();
            let problem = Query::<Parameters>::from_request_parts(&mut parts, &()).await.unwrap_err();
            assert_eq!(problem.code(), Code::InvalidParameter);
            assert_eq!(problem.errors()[0].parameter.as_deref(), Some(name), "{query}: {problem:?}");
        }
    }

    #[tokio::test]
    async fn another_content_type_is_415() {
        let request = Request::builder().header("content-type", "text/plain").body("{}".into()).unwrap();
        assert_eq!(Json::<serde_json::Value>::from_request(request, &()).await.unwrap_err().code(), Code::UnsupportedMediaType);
        let request = Request::builder().header("content-type", "Application/JSON; charset=utf-8").body("{}".into()).unwrap();
        assert!(Json::<serde_json::Value>::from_request(request, &()).await.is_ok());
    }
}
