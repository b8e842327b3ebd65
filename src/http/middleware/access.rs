//! The door of `/v1`: readiness, CSRF, authentication. A route behind [`guard`] never runs without a principal.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::{HeaderMap, Method, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use axum_extra::extract::CookieJar;

use super::super::problem::{Code, Problem};
use super::super::readiness::{Readiness, ReadinessState};
use super::request::Caller;
use crate::auth::{AuthError, Authenticator};
use crate::domain::Principal;

/// The cookie that holds a session token.
pub(in crate::http) const SESSION_COOKIE: &str = "riposte_session";
/// The header a page of ours sends with requests that change something.
pub(in crate::http) const CSRF_HEADER: &str = "x-riposte-csrf";

/// What the door needs to know.
#[derive(Clone)]
pub(in crate::http) struct Door {
    pub(in crate::http) auth: Arc<Authenticator>,
    pub(in crate::http) readiness: Arc<Readiness>,
}

/// Answers 503 until the service is ready.
pub(in crate::http) async fn wait_until_ready(State(door): State<Door>, request: Request, next: Next) -> Response {
    match door.readiness.state() {
        ReadinessState::Starting { .. } => Problem::new(Code::Starting).retry_after(1).into_response(),
        // Failing: what still works is worth more than a closed door.
        ReadinessState::Ready | ReadinessState::Failing { .. } => next.run(request).await,
    }
}

/// Lets through only whoever has proved who they are.
pub(in crate::http) async fn guard(State(door): State<Door>, mut request: Request, next: Next) -> Response {
    if !passes_csrf(request.method(), request.headers()) {
        return Problem::new(Code::CsrfRefused).into_response();
    }
    let principal = match identify(&door.auth, request.headers()).await {
        Ok(principal) => principal,
        Err(error) => return Problem::from(error).into_response(),
    };
    let caller = Caller(principal.name.as_str().into());
    request.extensions_mut().insert(principal);
    let mut response = next.run(request).await;
    response.extensions_mut().insert(caller);
    response
}

/// Bearer first: a request that shows a key means the key, whatever cookies the client also sends.
async fn identify(auth: &Authenticator, headers: &HeaderMap) -> Result<Principal, AuthError> {
    if let Some(value) = headers.get(header::AUTHORIZATION) {
        let token = value.to_str().ok().and_then(bearer_token).ok_or(AuthError::BadCredentials)?;
        return auth.authenticate_bearer(token).await;
    }
    match CookieJar::from_headers(headers).get(SESSION_COOKIE) {
        Some(cookie) => auth.authenticate_session(cookie.value()).await,
        None => Err(AuthError::Missing),
    }
}

fn bearer_token(value: &str) -> Option<&str> {
    let (scheme, token) = value.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then_some(token.trim())
}

/// Whether a request is safe from being sent by another site's page in the name of somebody signed in here.
///
/// Only cookies are sent by browsers unasked, so only requests that rely on one are concerned. A custom header can't be set across origins
/// without CORS, and `Sec-Fetch-Site` can't be forged by a page.
fn passes_csrf(method: &Method, headers: &HeaderMap) -> bool {
    let changes_nothing = matches!(*method, Method::GET | Method::HEAD | Method::OPTIONS);
    if changes_nothing || headers.contains_key(header::AUTHORIZATION) || !headers.contains_key(header::COOKIE) {
        return true;
    }
    let says = |name: &str, expected: &str| headers.get(name).is_some_and(|value| value == expected);
    says(CSRF_HEADER, "1") || says("sec-fetch-site", "same-origin")
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::{HeaderName, HeaderValue};

    fn headers(pairs: &[(&str, &str)]) -> HeaderMap {
        pairs.iter().map(|(name, value)| (name.parse::<HeaderName>().unwrap(), HeaderValue::from_str(value).unwrap())).collect()
    }

    #[test]
    fn only_cookie_requests_that_change_something_need_proof() {
        let cookie = ("cookie", "riposte_session=x");
        let cases: [(&Method, &[(&str, &str)], bool); 9] = [
            (&Method::GET, &[cookie], true),
            (&Method::POST, &[cookie], false),
            (&Method::DELETE, &[cookie], false),
            (&Method::PATCH, &[cookie, ("sec-fetch-site", "cross-site")], false),
            (&Method::POST, &[cookie, ("sec-fetch-site", "same-site")], false),
            (&Method::POST, &[cookie, ("sec-fetch-site", "same-origin")], true),
            (&Method::POST, &[cookie, ("x-riposte-csrf", "1")], true),
            (&Method::POST, &[cookie, ("x-riposte-csrf", "0")], false),
            (&Method::POST, &[cookie, ("authorization", "Bearer rk_x")], true),
        ];
        for (method, pairs, expected) in cases {
            assert_eq!(passes_csrf(method, &headers(pairs)), expected, "{method} {pairs:?}");
        }
        assert!(passes_csrf(&Method::POST, &headers(&[])));
    }

    #[test]
    fn bearer_is_read_whatever_its_case() {
        assert_eq!(bearer_token("Bearer abc"), Some("abc"));
        assert_eq!(bearer_token("bearer  abc "), Some("abc"));
        assert_eq!(bearer_token("Basic abc"), None);
        assert_eq!(bearer_token("abc"), None);
    }
}
