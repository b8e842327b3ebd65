//! Accounts, API keys and sessions.

use super::sample::{NOW, desk_id, minutes};
use crate::domain::{AccessRole, Account, AccountId, ApiKey, ApiKeyId, DeskScope, WidgetToken};
use crate::store::{Store, StoreError};

fn account(name: &str) -> Account {
    Account {
        id: AccountId::new(),
        name: name.to_owned(),
        password_hash: "$argon2id$made-up".to_owned(),
        role: AccessRole::KbEditor,
        desks: DeskScope::Only([desk_id("shop"), desk_id("bank")].into()),
        created_at: NOW,
    }
}

pub(in crate::store) async fn accounts_are_unique_by_name(store: &dyn Store) {
    let (zoe, amy) = (account("zoe"), Account { desks: DeskScope::All, role: AccessRole::Admin, ..account("amy") });
    store.add_account(&zoe).await.unwrap();
    store.add_account(&amy).await.unwrap();
    let error = store.add_account(&account("zoe")).await.unwrap_err();
    assert!(matches!(error, StoreError::Duplicate("account")), "{error:?}");
    assert_eq!(store.account("zoe").await.unwrap().as_ref(), Some(&zoe));
    assert_eq!(store.account("Zoe").await.unwrap(), None);
    assert_eq!(store.accounts().await.unwrap(), [amy, zoe]);
}

pub(in crate::store) async fn a_new_password_ends_the_sessions_of_its_account(store: &dyn Store) {
    let (zoe, amy) = (account("zoe"), account("amy"));
    for account in [&zoe, &amy] {
        store.add_account(account).await.unwrap();
        store.add_session(account.name.as_bytes(), account.id, minutes(60)).await.unwrap();
    }
    store.set_password_hash("zoe", "$argon2id$another").await.unwrap();
    assert_eq!(store.session_account(b"zoe", NOW).await.unwrap(), None);
    assert_eq!(store.session_account(b"amy", NOW).await.unwrap(), Some(amy));
    assert_eq!(store.account("zoe").await.unwrap().unwrap().password_hash, "$argon2id$another");
    let error = store.set_password_hash("nobody", "x").await.unwrap_err();
    assert!(matches!(error, StoreError::NotFound("account")), "{error:?}");
}

pub(in crate::store) async fn a_removed_account_is_gone_with_its_sessions(store: &dyn Store) {
    let (zoe, amy) = (account("zoe"), account("amy"));
    for account in [&zoe, &amy] {
        store.add_account(account).await.unwrap();
        store.add_session(account.name.as_bytes(), account.id, minutes(60)).await.unwrap();
    }
    store.remove_account("zoe").await.unwrap();
    assert_eq!(store.session_account(b"zoe", NOW).await.unwrap(), None);
    assert_eq!(store.accounts().await.unwrap(), [amy]);
    let error = store.remove_account("zoe").await.unwrap_err();
    assert!(matches!(error, StoreError::NotFound("account")), "{error:?}");
    store.add_account(&account("zoe")).await.unwrap();
}

pub(in crate::store) async fn sessions_expire_and_end(store: &dyn Store) {
    let zoe = account("zoe");
    store.add_account(&zoe).await.unwrap();
    store.add_session(b"first", zoe.id, minutes(10)).await.unwrap();
    store.add_session(b"second", zoe.id, minutes(60)).await.unwrap();
    assert_eq!(store.session_account(b"first", minutes(9)).await.unwrap().as_ref(), Some(&zoe));
    assert_eq!(store.session_account(b"first", minutes(10)).await.unwrap(), None);
    store.end_session(b"second").await.unwrap();
    store.end_session(b"second").await.unwrap();
    assert_eq!(store.session_account(b"second", NOW).await.unwrap(), None);
    assert_eq!(store.session_account(b"unknown", NOW).await.unwrap(), None);
    let error = store.add_session(b"third", AccountId::new(), minutes(60)).await.unwrap_err();
    assert!(matches!(error, StoreError::NotFound("account")), "{error:?}");
}

fn key(name: &str, minute: i64) -> ApiKey {
    ApiKey {
        id: ApiKeyId::new(),
        name: name.to_owned(),
        secret_sha256: vec![7; 32],
        role: AccessRole::Agent,
        desks: DeskScope::Only([desk_id("shop")].into()),
        created_at: minutes(minute),
        revoked_at: None,
    }
}

pub(in crate::store) async fn api_keys_are_kept_and_withdrawn(store: &dyn Store) {
    let (old, new) = (key("crm", 1), ApiKey { desks: DeskScope::All, ..key("crm", 2) });
    store.add_api_key(&old).await.unwrap();
    store.add_api_key(&new).await.unwrap();
    assert_eq!(store.api_keys().await.unwrap(), [new, old.clone()]);
    store.revoke_api_key(old.id, minutes(5)).await.unwrap();
    store.revoke_api_key(old.id, minutes(6)).await.unwrap();
    assert_eq!(store.api_key(old.id).await.unwrap(), Some(ApiKey { revoked_at: Some(minutes(5)), ..old }));
    assert_eq!(store.api_key(ApiKeyId::new()).await.unwrap(), None);
    let error = store.revoke_api_key(ApiKeyId::new(), NOW).await.unwrap_err();
    assert!(matches!(error, StoreError::NotFound("API key")), "{error:?}");
}

pub(in crate::store) async fn widget_tokens_expire_and_are_forgotten(store: &dyn Store) {
    let host = key("host", 0);
    store.add_api_key(&host).await.unwrap();
    let token = |conversation: Option<&str>, from: i64, to: i64| WidgetToken {
        key: host.id,
        desk: desk_id("shop"),
        agent: "小王".to_owned(),
        conversation: conversation.map(str::to_owned),
        created_at: minutes(from),
        expires_at: minutes(to),
    };
    let (first, second) = (token(None, 0, 10), token(Some("c-1"), 20, 30));
    store.add_widget_token(b"first", &first).await.unwrap();
    assert_eq!(store.widget_token(b"first", minutes(9)).await.unwrap().as_ref(), Some(&first));
    assert_eq!(store.widget_token(b"first", minutes(10)).await.unwrap(), None);
    assert_eq!(store.widget_token(b"second", minutes(0)).await.unwrap(), None);
    store.add_widget_token(b"second", &second).await.unwrap();
    assert_eq!(store.widget_token(b"first", minutes(0)).await.unwrap(), None, "forgotten when another one was made");
    assert_eq!(store.widget_token(b"second", minutes(20)).await.unwrap(), Some(second.clone()));
    let error = store.add_widget_token(b"third", &WidgetToken { key: ApiKeyId::new(), ..second }).await.unwrap_err();
    assert!(matches!(error, StoreError::NotFound("API key")), "{error:?}");
}
