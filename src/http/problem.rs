//! What clients are told when something goes wrong: `application/problem+json` (RFC 9457).
//!
//! The table below is the only list of public codes; responses, the OpenAPI document, `/errors/{code}` and `docs/errors.md` are made
//! from it. A [`Problem`] carries its cause for the operators' log in a response extension; the body of a 5xx answer has fixed text and the
//! request id, nothing else. Details say how to mend the request and never repeat its content.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::error::Error;
use std::fmt::Write as _;
use std::sync::Arc;

use axum::Json;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use utoipa::ToSchema;
use utoipa::openapi::{Content, Ref, RefOr, ResponseBuilder};

/// Media type of every error body.
pub(super) const MEDIA_TYPE: &str = "application/problem+json";

macro_rules! codes {
    ($($name:ident => $code:literal, $status:ident, $title:literal, retryable: $retryable:literal, $explanation:literal;)+) => {
        /// A public error code. Codes are never renamed; clients may depend on them.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, ToSchema)]
        #[serde(rename_all = "snake_case")]
        #[schema(as = ErrorCode)]
        pub enum Code {
            $(#[doc = $title] $name,)+
        }

        impl Code {
            /// Every code, in the order of the table.
            pub const ALL: &'static [Self] = &[$(Self::$name),+];

            /// The code as clients see it.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$name => $code,)+ }
            }

            /// The HTTP status it comes with.
            #[must_use]
            pub const fn status(self) -> StatusCode {
                match self { $(Self::$name => StatusCode::$status,)+ }
            }

            /// One line for people.
            #[must_use]
            pub const fn title(self) -> &'static str {
                match self { $(Self::$name => $title,)+ }
            }

            /// Whether the same request may succeed later.
            #[must_use]
            pub const fn is_retryable(self) -> bool {
                match self { $(Self::$name => $retryable,)+ }
            }

            /// When it happens and what to do.
            #[must_use]
            pub const fn explanation(self) -> &'static str {
                match self { $(Self::$name => $explanation,)+ }
            }
        }
    };
}

codes! {
    MalformedRequest => "malformed_request", BAD_REQUEST, "The request can't be read", retryable: false,
        "The body is cut off or not in the announced form, for example a multipart body without its last boundary. Send it again as a whole.";
    InvalidJson => "invalid_json", BAD_REQUEST, "The body is not JSON", retryable: false,
        "The detail names line and column. Check quotes, commas and that the text is UTF-8.";
    Unauthenticated => "unauthenticated", UNAUTHORIZED, "Credentials are needed", retryable: false,
        "Send an API key as `Authorization: Bearer rk_…`, or sign in with `POST /v1/sessions` and send the cookie.";
    InvalidCredentials => "invalid_credentials", UNAUTHORIZED, "The credentials are not valid", retryable: false,
        "Name, password, key, token or session is wrong, expired or withdrawn; which of them is not told.";
    Forbidden => "forbidden", FORBIDDEN, "The role does not allow this", retryable: false,
        "You are known, but your role, or the kind of credential you hold, may not do this. The detail names the action.";
    CsrfRefused => "csrf_refused", FORBIDDEN, "The request may come from another site", retryable: false,
        "Requests with a session cookie that change something need the header `X-Riposte-CSRF: 1`, or a browser that says \
         `Sec-Fetch-Site: same-origin`. API keys are not concerned.";
    LocalOnly => "local_only", FORBIDDEN, "Only the command line of this machine may do this", retryable: false,
        "Importing a file by its path needs the local token of the data folder. From elsewhere upload the file as `multipart/form-data`.";
    NotFound => "not_found", NOT_FOUND, "There is nothing here", retryable: false,
        "No such address, or an id of another form than the ones this server gives.";
    UnknownDesk => "unknown_desk", NOT_FOUND, "There is no such desk", retryable: false,
        "The desk does not exist, or is outside your scope. `GET /v1/desks` lists those you can use.";
    UnknownSuggestion => "unknown_suggestion", NOT_FOUND, "There is no such suggestion", retryable: false,
        "Use the `id` of one suggestion, not that of the set, of a desk in your scope.";
    UnknownAnswer => "unknown_answer", NOT_FOUND, "There is no such reported answer", retryable: false,
        "No answer with this id was reported outdated on this desk. `GET /v1/desks/{desk}/retired` lists those that are withheld.";
    UnknownJob => "unknown_job", NOT_FOUND, "There is no such job", retryable: false,
        "The job does not exist, or is of a desk outside your scope.";
    UnknownCluster => "unknown_cluster", NOT_FOUND, "There is no such cluster", retryable: false,
        "The cluster is not of this desk, is gone since the last rebuild, or has fewer customers than the desk shows.";
    UnknownDecision => "unknown_decision", NOT_FOUND, "There is no such decision", retryable: false,
        "`GET /v1/clusters/decisions` lists the decisions of a desk.";
    UnknownGap => "unknown_gap", NOT_FOUND, "There is no such gap", retryable: false,
        "The gap is not of this desk, is gone since the ledger was computed last, or has fewer customers than the desk shows.";
    UnknownConversation => "unknown_conversation", NOT_FOUND, "There is no such conversation", retryable: false,
        "The conversation is not of this desk, or not the one that a widget's token was made for.";
    UnknownEntry => "unknown_entry", NOT_FOUND, "There is no such entry", retryable: false,
        "The knowledge entry is not of this desk.";
    UnknownVersion => "unknown_version", NOT_FOUND, "There is no such version", retryable: false,
        "The entry has no version of this number. `GET /v1/entries/{id}/versions` lists them.";
    UnknownControl => "unknown_control", NOT_FOUND, "There is no such control", retryable: false,
        "The control is not of this desk, or is removed already. `GET /v1/desks/{desk}/controls` lists them.";
    UnknownAccount => "unknown_account", NOT_FOUND, "There is no such account", retryable: false,
        "`GET /v1/accounts` lists them.";
    UnknownApiKey => "unknown_api_key", NOT_FOUND, "There is no such key", retryable: false,
        "`GET /v1/api-keys` lists them.";
    UnknownErrorCode => "unknown_error_code", NOT_FOUND, "There is no such error code", retryable: false,
        "`GET /errors` lists them.";
    MethodNotAllowed => "method_not_allowed", METHOD_NOT_ALLOWED, "The address does not take this method", retryable: false,
        "The header `Allow` names the methods it takes.";
    Conflict => "conflict", CONFLICT, "It exists already", retryable: false,
        "Something with the same name or id exists already.";
    DeskExists => "desk_exists", CONFLICT, "The desk exists already", retryable: false,
        "Use the existing desk, or another name.";
    EntryExists => "entry_exists", CONFLICT, "The entry exists already", retryable: false,
        "The desk has an entry of this external id. Change that one (`PATCH /v1/entries/{id}`), or leave the external id out.";
    NearDuplicate => "near_duplicate", CONFLICT, "Entries ask the same already", retryable: false,
        "`errors` names the questions that are asked already, and by which entries. Add to one of those, or send `on_duplicate=list` to make \
         the entry nevertheless.";
    AccountExists => "account_exists", CONFLICT, "The name is taken", retryable: false,
        "Choose another name for the account.";
    ConversationClosed => "conversation_closed", CONFLICT, "The conversation is closed", retryable: false,
        "A closed conversation takes no messages. `POST /v1/conversations` with its `external_id` makes it live again.";
    JobEnded => "job_ended", CONFLICT, "The job has ended", retryable: false,
        "A job that has succeeded, failed or been cancelled can't be cancelled any more.";
    NotUndoable => "not_undoable", CONFLICT, "The decision can't be taken back", retryable: false,
        "It has been taken back already, or takes one back itself: decide anew instead.";
    NotLatestDecision => "not_latest_decision", CONFLICT, "A later decision stands", retryable: false,
        "Take the later decision about the same clusters back first; `detail` names it.";
    Busy => "busy", CONFLICT, "Others are changing the same thing", retryable: true,
        "Nothing was changed. Wait as long as `Retry-After` says and send it again.";
    VersionMismatch => "version_mismatch", PRECONDITION_FAILED, "It has changed since you read it", retryable: false,
        "The version in `If-Match` is not the present one. Read the resource again, carry your change over to what it says now, and send \
         its new `ETag` as `If-Match`.";
    BodyTooLarge => "body_too_large", PAYLOAD_TOO_LARGE, "The body is too large", retryable: false,
        "JSON bodies may have 1 MiB, uploads what the server is configured for. Split the file, or import it by path on the machine itself.";
    UnsupportedMediaType => "unsupported_media_type", UNSUPPORTED_MEDIA_TYPE, "The content type is not supported", retryable: false,
        "Send `Content-Type: application/json` (imports also take `multipart/form-data`).";
    UnreadableFile => "unreadable_file", UNPROCESSABLE_ENTITY, "The file can't be used", retryable: false,
        "It is damaged, of another format than the one named, or lacks the columns that are needed. The detail says which. \
         docs/knowledge.md describes the formats.";
    InvalidField => "invalid_field", UNPROCESSABLE_ENTITY, "A field is not valid", retryable: false,
        "`errors` names each field by JSON pointer and says what is expected. Unknown fields are refused too.";
    InvalidParameter => "invalid_parameter", UNPROCESSABLE_ENTITY, "A query parameter is not valid", retryable: false,
        "`errors` names the parameter and says what is expected. `limit` is 1 to 200.";
    InvalidCursor => "invalid_cursor", UNPROCESSABLE_ENTITY, "The cursor is not valid", retryable: false,
        "Use `next_cursor` of the previous page of the same list, unchanged, or leave it out to begin again.";
    IfMatchRequired => "if_match_required", PRECONDITION_REQUIRED, "The change must name the version it is made to", retryable: false,
        "Read the resource and send the `ETag` of the answer as `If-Match`, so that nobody else's change is overwritten unseen.";
    RateLimited => "rate_limited", TOO_MANY_REQUESTS, "Too many requests", retryable: true,
        "This account or key asks too often. Wait as long as `Retry-After` says.";
    TooManyAttempts => "too_many_attempts", TOO_MANY_REQUESTS, "Too many failed sign-ins", retryable: true,
        "After ten failures within five minutes a name is refused for a while. Wait as long as `Retry-After` says.";
    Internal => "internal", INTERNAL_SERVER_ERROR, "Something went wrong here", retryable: false,
        "A fault of the server. Its log has the details under the request id.";
    Starting => "starting", SERVICE_UNAVAILABLE, "The server is starting", retryable: true,
        "The encoder is being loaded or the database brought up to date. `/readyz` says when it is done.";
    Overloaded => "overloaded", SERVICE_UNAVAILABLE, "The server is busy", retryable: true,
        "More requests wait for the encoder than can be answered in time. Wait as long as `Retry-After` says.";
    Unavailable => "unavailable", SERVICE_UNAVAILABLE, "A part of the server is not available", retryable: true,
        "The encoder, the index or the database does not answer, or the server is stopping.";
    DeadlineExceeded => "deadline_exceeded", GATEWAY_TIMEOUT, "The server took too long", retryable: true,
        "The answer was not ready in time and the work was given up.";
}

/// One fault of one field or parameter.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct FieldError {
    /// JSON pointer (RFC 6901) into the body.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "/conversation/messages/0/role")]
    pub pointer: Option<String>,
    /// Name of the query parameter or form field.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub parameter: Option<String>,
    /// What is expected.
    pub detail: String,
}

/// An error body, RFC 9457.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = Problem)]
pub struct ProblemBody {
    /// Where the code is explained.
    #[serde(rename = "type")]
    #[schema(example = "/errors/unknown_desk")]
    pub kind: String,
    /// One line for people; the same for every occurrence of the code.
    pub title: &'static str,
    /// The HTTP status.
    #[schema(example = 404)]
    pub status: u16,
    /// What happened here and how to mend it.
    pub detail: Cow<'static, str>,
    /// The path that was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub instance: Option<String>,
    /// The code, for programs.
    pub code: Code,
    /// Names this request in the server's log.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub request_id: Option<String>,
    /// The fields at fault, if some are.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub errors: Vec<FieldError>,
}

/// One thing gone wrong, on its way to the client and to the log.
#[derive(Debug, Clone)]
pub struct Problem {
    code: Code,
    detail: Cow<'static, str>,
    errors: Vec<FieldError>,
    retry_after_seconds: Option<u64>,
    cause: Option<Arc<dyn Error + Send + Sync>>,
}

impl Problem {
    /// A problem with the explanation of its code as detail.
    #[must_use]
    pub fn new(code: Code) -> Self {
        Self { code, detail: Cow::Borrowed(code.explanation()), errors: Vec::new(), retry_after_seconds: None, cause: None }
    }

    /// A fault of one field of the body.
    #[must_use]
    pub fn field(pointer: impl Into<String>, detail: impl Into<String>) -> Self {
        let detail = detail.into();
        let error = FieldError { pointer: Some(pointer.into()), parameter: None, detail: detail.clone() };
        Self { errors: vec![error], ..Self::new(Code::InvalidField) }.with_detail(detail)
    }

    /// A fault of one query parameter or form field.
    #[must_use]
    pub fn parameter(name: impl Into<String>, detail: impl Into<String>) -> Self {
        let detail = detail.into();
        let error = FieldError { pointer: None, parameter: Some(name.into()), detail: detail.clone() };
        Self { errors: vec![error], ..Self::new(Code::InvalidParameter) }.with_detail(detail)
    }

    /// Names the fields at fault.
    #[must_use]
    pub fn with_errors(mut self, errors: Vec<FieldError>) -> Self {
        self.errors = errors;
        self
    }

    /// A fault of the server, with its cause for the log.
    #[must_use]
    pub fn internal(cause: impl Error + Send + Sync + 'static) -> Self {
        Self::new(Code::Internal).caused_by(cause)
    }

    /// Says more than the code does. Ignored for 5xx codes, whose text is fixed.
    #[must_use]
    pub fn with_detail(mut self, detail: impl Into<Cow<'static, str>>) -> Self {
        if !self.code.status().is_server_error() {
            self.detail = detail.into();
        }
        self
    }

    /// Tells the client when to come again.
    #[must_use]
    pub fn retry_after(mut self, seconds: u64) -> Self {
        self.retry_after_seconds = Some(seconds);
        self
    }

    /// Keeps the cause for the log.
    #[must_use]
    pub fn caused_by(mut self, cause: impl Error + Send + Sync + 'static) -> Self {
        self.cause = Some(Arc::new(cause));
        self
    }

    /// Its code.
    #[must_use]
    pub fn code(&self) -> Code {
        self.code
    }

    /// The fields at fault.
    #[must_use]
    pub fn errors(&self) -> &[FieldError] {
        &self.errors
    }

    /// The whole chain of causes in one line, for the log.
    #[must_use]
    pub fn cause_chain(&self) -> Option<String> {
        let first: &(dyn Error + 'static) = self.cause.as_deref()?;
        let mut chain = first.to_string();
        let mut next = first.source();
        while let Some(cause) = next {
            let _ = write!(chain, ": {cause}");
            next = cause.source();
        }
        Some(chain)
    }

    /// The answer, with what only the request middleware knows.
    pub(super) fn render(&self, request_id: Option<&str>, instance: Option<&str>) -> Response {
        let status = self.code.status();
        let body = ProblemBody {
            kind: format!("/errors/{}", self.code.as_str()),
            title: self.code.title(),
            status: status.as_u16(),
            detail: self.detail.clone(),
            instance: instance.map(ToOwned::to_owned),
            code: self.code,
            request_id: request_id.map(ToOwned::to_owned),
            errors: self.errors.clone(),
        };
        let mut response = (status, Json(body)).into_response();
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(MEDIA_TYPE));
        if status == StatusCode::UNAUTHORIZED {
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer realm=\"riposte\""));
        }
        if let Some(seconds) = self.retry_after_seconds {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        response
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let mut response = self.render(None, None);
        response.extensions_mut().insert(Arc::new(self));
        response
    }
}

/// One row of the table, as `/errors` shows it.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = ErrorCodeDescription)]
pub struct CodeView {
    /// The code.
    pub code: Code,
    /// The HTTP status.
    pub status: u16,
    /// One line for people.
    pub title: &'static str,
    /// Whether the same request may succeed later.
    pub retryable: bool,
    /// When it happens and what to do.
    pub explanation: &'static str,
}

impl From<Code> for CodeView {
    fn from(code: Code) -> Self {
        Self { code, status: code.status().as_u16(), title: code.title(), retryable: code.is_retryable(), explanation: code.explanation() }
    }
}

/// OpenAPI responses for these codes, one per status.
pub(super) fn responses(codes: &[Code]) -> BTreeMap<String, RefOr<utoipa::openapi::response::Response>> {
    let mut texts: BTreeMap<String, String> = BTreeMap::new();
    for code in codes {
        let text = texts.entry(code.status().as_u16().to_string()).or_default();
        let separator = if text.is_empty() { "" } else { " · " };
        let _ = write!(text, "{separator}`{}`: {}", code.as_str(), code.title());
    }
    let content = || Content::new(Some(Ref::from_schema_name("Problem")));
    texts
        .into_iter()
        .map(|(status, text)| {
            let response = ResponseBuilder::new().description(text).content(MEDIA_TYPE, content()).build();
            (status, RefOr::T(response))
        })
        .collect()
}

/// Declares the codes of an operation, to be named in its `responses(...)`. Those of every operation are added by `openapi`.
macro_rules! problems {
    ($name:ident: $($code:ident),+ $(,)?) => {
        struct $name;

        impl utoipa::IntoResponses for $name {
            fn responses() -> std::collections::BTreeMap<String, utoipa::openapi::RefOr<utoipa::openapi::response::Response>> {
                $crate::http::problem::responses(&[$($crate::http::problem::Code::$code),+])
            }
        }
    };
}
pub(super) use problems;

/// `docs/errors.md`, made from the table.
#[must_use]
pub fn errors_document() -> String {
    let mut text = String::from(
        "# Error codes\n\n\
         Every error answer is `application/problem+json` (RFC 9457) with a `code` of this list; `errors` names the fields at fault and\n\
         `request_id` the request in the server's log. A running server shows the same list at `/errors`. This page is made from the table in\n\
         `src/http/problem.rs`; a test keeps the two in step.\n\n\
         | code | status | title | same request may succeed later | when, and what to do |\n\
         | --- | --- | --- | --- | --- |\n",
    );
    for code in Code::ALL {
        let retryable = if code.is_retryable() { "yes" } else { "no" };
        let status = code.status().as_u16();
        let _ = writeln!(text, "| `{}` | {status} | {} | {retryable} | {} |", code.as_str(), code.title(), code.explanation());
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_unique_and_spelled_as_they_are_sent() {
        let mut seen = std::collections::BTreeSet::new();
        for &code in Code::ALL {
            assert!(seen.insert(code.as_str()), "{} twice", code.as_str());
            assert_eq!(serde_json::to_value(code).unwrap(), code.as_str());
            assert!(code.status().is_client_error() || code.status().is_server_error());
            assert!(code.status() != StatusCode::REQUEST_TIMEOUT);
        }
    }

    #[test]
    fn the_document_lists_the_table() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/errors.md");
        let expected = errors_document();
        let written = fs_err::read_to_string(path).unwrap_or_default();
        if written != expected {
            let fresh = std::env::temp_dir().join("riposte-errors.md");
            fs_err::write(&fresh, expected).unwrap();
            panic!("docs/errors.md is not what the table says; the right text is in {}", fresh.display());
        }
    }

    #[test]
    fn a_server_fault_tells_the_client_nothing_and_the_log_everything() {
        let inner = std::io::Error::other("disk on fire");
        let cause = crate::store::StoreError::Io { path: "/data/x".into(), source: inner };
        let problem = Problem::internal(cause).with_detail("must not show");
        assert_eq!(problem.cause_chain().unwrap(), "file /data/x: disk on fire");
        assert_eq!(problem.detail, Code::Internal.explanation());
    }
}
