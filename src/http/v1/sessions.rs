//! Signing in and out. The session token lives in a cookie that scripts can't read and other sites don't send.

use axum::extract::State;
use axum::http::StatusCode;
use axum_extra::extract::CookieJar;
use axum_extra::extract::cookie::{Cookie, SameSite};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::accounts::Desks;
use crate::domain::{AccessRole, Timestamp};
use crate::http::extract::{Authenticated, Json, Person};
use crate::http::gate::GateRef;
use crate::http::middleware::access::SESSION_COOKIE;
use crate::http::problem::{Problem, problems};

/// Name and password.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct SessionCreate {
    /// The account's name.
    name: String,
    /// Its password.
    password: String,
}

/// The account of a session.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(super) struct SessionAccount {
    /// Its name.
    name: String,
    /// What the person may do.
    role: AccessRole,
    /// On which desks.
    desks: Desks,
}

/// A session that has begun.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(super) struct SessionCreated {
    /// When it ends.
    #[schema(value_type = String, format = DateTime)]
    expires_at: Timestamp,
    /// Who has signed in.
    account: SessionAccount,
}

problems!(SessionProblems: InvalidJson, InvalidCredentials, UnsupportedMediaType, BodyTooLarge, InvalidField, TooManyAttempts, Starting);

/// Signs in.
///
/// Sets the cookie `riposte_session` (HttpOnly, SameSite=Strict) for twelve hours. Ten failures within five minutes close a name for a while.
#[utoipa::path(post, path = "/v1/sessions", operation_id = "create_session", tag = "access",
    request_body(content = SessionCreate, example = json!({"name": "li.na", "password": "…"})),
    responses(
        (status = 201, description = "Signed in; the cookie is set", body = SessionCreated),
        SessionProblems,
    ))]
pub(super) async fn create_session(
    State(gate): State<GateRef>,
    jar: CookieJar,
    Json(new): Json<SessionCreate>,
) -> Result<(StatusCode, CookieJar, Json<SessionCreated>), Problem> {
    let session = gate.sign_in(&new.name, &new.password).await?;
    let principal = session.principal;
    let account = SessionAccount { name: principal.name, role: principal.role, desks: principal.desks.into() };
    // No Max-Age: the browser drops it when it closes, the server after twelve hours.
    let cookie = session_cookie(session.token, gate.settings().secure_cookies);
    Ok((StatusCode::CREATED, jar.add(cookie), Json(SessionCreated { expires_at: session.expires_at, account })))
}

/// Signs out.
///
/// Ends the session of the cookie at once and takes the cookie back. With an API key there is nothing to end, and that is no error.
#[utoipa::path(delete, path = "/v1/sessions/current", operation_id = "delete_session", tag = "access", responses(
    (status = 204, description = "Signed out"),
))]
pub(super) async fn delete_session(
    State(gate): State<GateRef>,
    _caller: Authenticated,
    jar: CookieJar,
) -> Result<(StatusCode, CookieJar), Problem> {
    gate.sign_out(&jar).await?;
    let removal = session_cookie(String::new(), gate.settings().secure_cookies);
    Ok((StatusCode::NO_CONTENT, jar.remove(removal)))
}

/// The present password and the next.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct PasswordChange {
    /// The present one.
    current_password: String,
    /// The next one, at least 12 characters.
    new_password: String,
}

problems!(PasswordProblems: InvalidJson, UnsupportedMediaType, BodyTooLarge, InvalidField, TooManyAttempts);

/// Changes the caller's own password.
///
/// All sessions of the account end; the cookie of a new one comes with the answer. A key has no password.
#[utoipa::path(put, path = "/v1/me/password", operation_id = "change_password", tag = "access",
    request_body(content = PasswordChange, example = json!({"current_password": "…", "new_password": "…"})),
    responses((status = 204, description = "Changed; the cookie of a new session is set"), PasswordProblems))]
pub(super) async fn change_password(
    State(gate): State<GateRef>,
    Person(principal): Person,
    jar: CookieJar,
    Json(change): Json<PasswordChange>,
) -> Result<(StatusCode, CookieJar), Problem> {
    let session = gate.change_password(&principal, &change.current_password, &change.new_password).await?;
    Ok((StatusCode::NO_CONTENT, jar.add(session_cookie(session.token, gate.settings().secure_cookies))))
}

fn session_cookie(token: String, secure: bool) -> Cookie<'static> {
    Cookie::build((SESSION_COOKIE, token)).path("/").http_only(true).same_site(SameSite::Strict).secure(secure).build()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_cookie_is_out_of_reach_of_scripts_and_other_sites() {
        assert_eq!(session_cookie("t".to_owned(), false).to_string(), "riposte_session=t; HttpOnly; SameSite=Strict; Path=/");
        assert!(session_cookie("t".to_owned(), true).to_string().contains("; Secure"));
    }
}
