//! Accounts and API keys: administrators only. A generated password and a key's text are in the answer that makes them, and nowhere else.

use axum::extract::State;
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use utoipa::{IntoParams, ToSchema};

use crate::auth::Grant;
use crate::auth::grant::permission::ManageAccess;
use crate::domain::{AccessRole, Account, ApiKey, ApiKeyId, DeskId, DeskScope, Timestamp};
use crate::http::extract::{Json, Path, Query};
use crate::http::gate::GateRef;
use crate::http::page::{Page, checked_limit, decode};
use crate::http::problem::{Problem, problems};

/// Every desk, also those created later.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub(super) enum EveryDesk {
    /// Every desk.
    All,
}

/// The desks somebody may touch: `"all"`, or a list of names.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(untagged, expecting = "\"all\" or a list of desk names")]
#[schema(example = json!(["demo-shop"]))]
pub(super) enum Desks {
    /// Every desk, also those created later.
    Every(EveryDesk),
    /// These desks only.
    Only(BTreeSet<DeskId>),
}

impl From<DeskScope> for Desks {
    fn from(scope: DeskScope) -> Self {
        match scope {
            DeskScope::All => Self::Every(EveryDesk::All),
            DeskScope::Only(desks) => Self::Only(desks),
        }
    }
}

impl From<Desks> for DeskScope {
    fn from(desks: Desks) -> Self {
        match desks {
            Desks::Every(EveryDesk::All) => Self::All,
            Desks::Only(desks) => Self::Only(desks),
        }
    }
}

/// One account.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = Account)]
pub(super) struct AccountView {
    /// The name used to sign in.
    pub(super) name: String,
    /// What the person may do.
    pub(super) role: AccessRole,
    /// On which desks.
    pub(super) desks: Desks,
    /// When it was created.
    #[schema(value_type = String, format = DateTime)]
    pub(super) created_at: Timestamp,
}

impl From<Account> for AccountView {
    fn from(account: Account) -> Self {
        Self { name: account.name, role: account.role, desks: account.desks.into(), created_at: account.created_at }
    }
}

/// Asks for a new account.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct AccountCreate {
    /// The name used to sign in: 1 to 64 letters, digits, `-`, `_`, `.` or `@`.
    name: String,
    /// At least 12 characters. One is made and returned once when absent.
    #[serde(default)]
    password: Option<String>,
    /// What the person may do.
    role: AccessRole,
    /// On which desks.
    desks: Desks,
}

/// A new account.
#[derive(Serialize, ToSchema)]
pub(super) struct AccountCreated {
    /// The account.
    #[serde(flatten)]
    account: AccountView,
    /// The password that was made, if none was given. It is shown here only.
    #[serde(skip_serializing_if = "Option::is_none")]
    generated_password: Option<String>,
}

/// Asks for another password of an account.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct PasswordReset {
    /// At least 12 characters. One is made and returned once when absent.
    #[serde(default)]
    password: Option<String>,
}

/// Another password has been set.
#[derive(Serialize, ToSchema)]
pub(super) struct PasswordWasReset {
    /// The password that was made, if none was given. It is shown here only.
    #[serde(skip_serializing_if = "Option::is_none")]
    generated_password: Option<String>,
}

/// One API key, without its secret.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = ApiKey)]
pub(super) struct ApiKeyView {
    /// Its id.
    #[schema(value_type = String, format = Uuid)]
    id: ApiKeyId,
    /// What it is for.
    name: String,
    /// What its holder may do.
    role: AccessRole,
    /// On which desks.
    desks: Desks,
    /// When it was created.
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
    /// When it was withdrawn.
    #[schema(value_type = Option<String>, format = DateTime)]
    revoked_at: Option<Timestamp>,
}

impl From<ApiKey> for ApiKeyView {
    fn from(key: ApiKey) -> Self {
        Self { id: key.id, name: key.name, role: key.role, desks: key.desks.into(), created_at: key.created_at, revoked_at: key.revoked_at }
    }
}

/// Asks for a new API key.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ApiKeyCreate {
    /// What it is for.
    name: String,
    /// What its holder may do.
    role: AccessRole,
    /// On which desks.
    desks: Desks,
}

/// A new API key.
#[derive(Serialize, ToSchema)]
pub(super) struct ApiKeyCreated {
    /// The key's description.
    #[serde(flatten)]
    api_key: ApiKeyView,
    /// The key itself. It is shown here only.
    #[schema(example = "rk_0192f0c1a2b37c4d8e5f60718293a4b5_…")]
    key: String,
}

/// Which part of a list.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct ListQuery {
    /// Items a page, 1 to 200; 50 when absent.
    limit: Option<u32>,
    /// `next_cursor` of the page before.
    cursor: Option<String>,
}

problems!(ListProblems: InvalidParameter, InvalidCursor);
problems!(AccountCreateProblems: InvalidJson, AccountExists, UnsupportedMediaType, BodyTooLarge, InvalidField);
problems!(PasswordResetProblems: InvalidJson, UnknownAccount, UnsupportedMediaType, BodyTooLarge, InvalidField);
problems!(AccountProblems: UnknownAccount);
problems!(ApiKeyCreateProblems: InvalidJson, UnsupportedMediaType, BodyTooLarge, InvalidField);
problems!(ApiKeyProblems: UnknownApiKey);

/// Lists accounts.
///
/// By name. Passwords and their hashes are never shown.
#[utoipa::path(get, path = "/v1/accounts", operation_id = "list_accounts", tag = "access", params(ListQuery), responses(
    (status = 200, description = "A page of accounts", body = Page<AccountView>),
    ListProblems,
))]
pub(super) async fn list_accounts(
    State(gate): State<GateRef>,
    grant: Grant<ManageAccess>,
    Query(query): Query<ListQuery>,
) -> Result<Json<Page<AccountView>>, Problem> {
    let limit = checked_limit(query.limit)?;
    let after: Option<String> = decode("accounts", query.cursor.as_deref())?;
    let mut accounts = gate.accounts(&grant).await?;
    accounts.retain(|account| after.as_ref().is_none_or(|after| account.name > *after));
    accounts.sort_by(|left, right| left.name.cmp(&right.name));
    Ok(Json(Page::cut(accounts, limit, "accounts", |account| account.name.clone(), AccountView::from)?))
}

/// Adds an account.
///
/// Without a password one is made and returned, once. Admins have every desk; all others name theirs, or `"all"`.
#[utoipa::path(post, path = "/v1/accounts", operation_id = "create_account", tag = "access",
    request_body(content = AccountCreate, example = json!({"name": "li.na", "role": "agent", "desks": ["demo-shop"]})),
    responses(
        (status = 201, description = "The account, and the password if one was made", body = AccountCreated),
        AccountCreateProblems,
    ))]
pub(super) async fn create_account(
    State(gate): State<GateRef>,
    grant: Grant<ManageAccess>,
    Json(new): Json<AccountCreate>,
) -> Result<(StatusCode, Json<AccountCreated>), Problem> {
    let (account, generated_password) = gate.add_account(&grant, &new.name, new.password, new.role, new.desks.into()).await?;
    Ok((StatusCode::CREATED, Json(AccountCreated { account: account.into(), generated_password })))
}

/// Sets another password for an account.
///
/// For somebody who has lost theirs. Their sessions end at once. Without a password one is made and returned, once.
#[utoipa::path(put, path = "/v1/accounts/{name}/password", operation_id = "reset_password", tag = "access",
    params(("name" = String, Path, description = "The account's name")),
    request_body(content = PasswordReset, example = json!({})),
    responses((status = 200, description = "The password, if one was made", body = PasswordWasReset), PasswordResetProblems))]
pub(super) async fn reset_password(
    State(gate): State<GateRef>,
    grant: Grant<ManageAccess>,
    Path(name): Path<String>,
    Json(reset): Json<PasswordReset>,
) -> Result<Json<PasswordWasReset>, Problem> {
    let generated_password = gate.reset_password(&grant, &name, reset.password).await?;
    Ok(Json(PasswordWasReset { generated_password }))
}

/// Removes an account.
///
/// Its sessions end at once; what the person decided keeps their name. Nobody removes their own account.
#[utoipa::path(delete, path = "/v1/accounts/{name}", operation_id = "delete_account", tag = "access",
    params(("name" = String, Path, description = "The account's name")),
    responses((status = 204, description = "Removed"), AccountProblems))]
pub(super) async fn delete_account(
    State(gate): State<GateRef>,
    grant: Grant<ManageAccess>,
    Path(name): Path<String>,
) -> Result<StatusCode, Problem> {
    gate.remove_account(&grant, &name).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Lists API keys.
///
/// Newest first, withdrawn ones included. The keys themselves are never shown.
#[utoipa::path(get, path = "/v1/api-keys", operation_id = "list_api_keys", tag = "access", params(ListQuery), responses(
    (status = 200, description = "A page of API keys", body = Page<ApiKeyView>),
    ListProblems,
))]
pub(super) async fn list_api_keys(
    State(gate): State<GateRef>,
    grant: Grant<ManageAccess>,
    Query(query): Query<ListQuery>,
) -> Result<Json<Page<ApiKeyView>>, Problem> {
    let limit = checked_limit(query.limit)?;
    let after: Option<ApiKeyId> = decode("api-keys", query.cursor.as_deref())?;
    let mut keys = gate.api_keys(&grant).await?;
    keys.retain(|key| after.is_none_or(|after| key.id < after));
    // Ids are UUIDv7: newest first.
    keys.sort_by_key(|key| std::cmp::Reverse(key.id));
    Ok(Json(Page::cut(keys, limit, "api-keys", |key| key.id, ApiKeyView::from)?))
}

/// Makes an API key.
///
/// The answer holds the key's text, once; it is stored hashed. Send it as `Authorization: Bearer <key>`.
#[utoipa::path(post, path = "/v1/api-keys", operation_id = "create_api_key", tag = "access",
    request_body(content = ApiKeyCreate, example = json!({"name": "shop-desk", "role": "agent", "desks": ["demo-shop"]})),
    responses(
        (status = 201, description = "The key", body = ApiKeyCreated),
        ApiKeyCreateProblems,
    ))]
pub(super) async fn create_api_key(
    State(gate): State<GateRef>,
    grant: Grant<ManageAccess>,
    Json(new): Json<ApiKeyCreate>,
) -> Result<(StatusCode, Json<ApiKeyCreated>), Problem> {
    let (api_key, key) = gate.add_api_key(&grant, &new.name, new.role, new.desks.into()).await?;
    Ok((StatusCode::CREATED, Json(ApiKeyCreated { api_key: api_key.into(), key })))
}

/// Withdraws an API key.
///
/// It stops working at once; the list keeps showing it as withdrawn.
#[utoipa::path(delete, path = "/v1/api-keys/{id}", operation_id = "delete_api_key", tag = "access",
    params(("id" = String, Path, description = "The key's id", format = Uuid)),
    responses((status = 204, description = "Withdrawn"), ApiKeyProblems))]
pub(super) async fn delete_api_key(
    State(gate): State<GateRef>,
    grant: Grant<ManageAccess>,
    Path(id): Path<ApiKeyId>,
) -> Result<StatusCode, Problem> {
    gate.revoke_api_key(&grant, id).await?;
    Ok(StatusCode::NO_CONTENT)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn desks_are_all_or_a_list() {
        assert_eq!(serde_json::to_value(Desks::from(DeskScope::All)).unwrap(), "all");
        let read = |text: &str| serde_json::from_str::<Desks>(text).map(DeskScope::from);
        assert_eq!(read("\"all\"").unwrap(), DeskScope::All);
        assert_eq!(read("[\"b\",\"a\"]").unwrap(), DeskScope::Only(["a".parse().unwrap(), "b".parse().unwrap()].into()));
        for bad in ["null", "\"some\"", "[\"a b\"]", "{}"] {
            assert!(read(bad).is_err(), "{bad}");
        }
    }
}
