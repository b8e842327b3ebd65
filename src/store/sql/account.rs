//! Accounts, API keys and sessions. Holds hashes only: no password, key or token can be read back.

use async_trait::async_trait;

use super::value::{self, from_optional_json, timestamp, to_json};
use super::{SqlStore, duplicate, not_found};
use crate::domain::{AccessRole, Account, AccountId, ApiKey, ApiKeyId, DeskScope, Timestamp, WidgetToken};
use crate::store::{AccountStore, Result, StoreError};

/// `null` stands for every desk.
fn scope_to_json(scope: &DeskScope) -> Option<String> {
    match scope {
        DeskScope::All => None,
        DeskScope::Only(desks) => Some(to_json(desks)),
    }
}

fn scope(json: Option<&str>, column: &'static str) -> Result<DeskScope> {
    Ok(from_optional_json(json, column)?.map_or(DeskScope::All, DeskScope::Only))
}

#[derive(sqlx::FromRow)]
struct AccountRow {
    id: Vec<u8>,
    name: String,
    password_hash: String,
    role: String,
    desks: Option<String>,
    created_at: i64,
}

impl AccountRow {
    fn into_account(self) -> Result<Account> {
        Ok(Account {
            id: AccountId::from_uuid(value::uuid(&self.id, "account.id")?),
            name: self.name,
            password_hash: self.password_hash,
            role: AccessRole::from_code(&self.role).ok_or(StoreError::Corrupt("account.role"))?,
            desks: scope(self.desks.as_deref(), "account.desks")?,
            created_at: Timestamp::from_micros(self.created_at),
        })
    }
}

#[derive(sqlx::FromRow)]
struct ApiKeyRow {
    id: Vec<u8>,
    name: String,
    secret_sha256: Vec<u8>,
    role: String,
    desks: Option<String>,
    created_at: i64,
    revoked_at: Option<i64>,
}

impl ApiKeyRow {
    fn into_api_key(self) -> Result<ApiKey> {
        Ok(ApiKey {
            id: ApiKeyId::from_uuid(value::uuid(&self.id, "api_key.id")?),
            name: self.name,
            secret_sha256: self.secret_sha256,
            role: AccessRole::from_code(&self.role).ok_or(StoreError::Corrupt("api_key.role"))?,
            desks: scope(self.desks.as_deref(), "api_key.desks")?,
            created_at: Timestamp::from_micros(self.created_at),
            revoked_at: timestamp(self.revoked_at),
        })
    }
}

#[async_trait]
impl AccountStore for SqlStore {
    async fn add_account(&self, account: &Account) -> Result<()> {
        sqlx::query("insert into account (id, name, password_hash, role, desks, created_at) values ($1, $2, $3, $4, $5, $6)")
            .bind(value::blob(account.id.as_uuid()))
            .bind(account.name.as_str())
            .bind(account.password_hash.as_str())
            .bind(account.role.as_str())
            .bind(scope_to_json(&account.desks))
            .bind(account.created_at.as_micros())
            .execute(&self.writer)
            .await
            .map_err(|error| duplicate(error, "account"))?;
        Ok(())
    }

    async fn account(&self, name: &str) -> Result<Option<Account>> {
        let row: Option<AccountRow> =
            sqlx::query_as("select * from account where name = $1").bind(name).fetch_optional(&self.readers).await?;
        row.map(AccountRow::into_account).transpose()
    }

    async fn accounts(&self) -> Result<Vec<Account>> {
        let rows: Vec<AccountRow> = sqlx::query_as("select * from account order by name").fetch_all(&self.readers).await?;
        rows.into_iter().map(AccountRow::into_account).collect()
    }

    async fn set_password_hash(&self, name: &str, password_hash: &str) -> Result<()> {
        let mut tx = self.begin().await?;
        let done =
            sqlx::query("update account set password_hash = $2 where name = $1").bind(name).bind(password_hash).execute(&mut *tx).await?;
        if done.rows_affected() == 0 {
            return Err(StoreError::NotFound("account"));
        }
        sqlx::query("delete from session where account_id = (select id from account where name = $1)").bind(name).execute(&mut *tx).await?;
        tx.commit().await?;
        Ok(())
    }

    async fn remove_account(&self, name: &str) -> Result<()> {
        let done = sqlx::query("delete from account where name = $1").bind(name).execute(&self.writer).await?;
        if done.rows_affected() == 0 { Err(StoreError::NotFound("account")) } else { Ok(()) }
    }

    async fn add_api_key(&self, key: &ApiKey) -> Result<()> {
        sqlx::query(
            "insert into api_key (id, name, secret_sha256, role, desks, created_at, revoked_at) values ($1, $2, $3, $4, $5, $6, $7)",
        )
        .bind(value::blob(key.id.as_uuid()))
        .bind(key.name.as_str())
        .bind(key.secret_sha256.as_slice())
        .bind(key.role.as_str())
        .bind(scope_to_json(&key.desks))
        .bind(key.created_at.as_micros())
        .bind(value::micros(key.revoked_at))
        .execute(&self.writer)
        .await
        .map_err(|error| duplicate(error, "API key"))?;
        Ok(())
    }

    async fn api_key(&self, id: ApiKeyId) -> Result<Option<ApiKey>> {
        let row: Option<ApiKeyRow> =
            sqlx::query_as("select * from api_key where id = $1").bind(value::blob(id.as_uuid())).fetch_optional(&self.readers).await?;
        row.map(ApiKeyRow::into_api_key).transpose()
    }

    async fn api_keys(&self) -> Result<Vec<ApiKey>> {
        let rows: Vec<ApiKeyRow> =
            sqlx::query_as("select * from api_key order by created_at desc, id desc").fetch_all(&self.readers).await?;
        rows.into_iter().map(ApiKeyRow::into_api_key).collect()
    }

    async fn revoke_api_key(&self, id: ApiKeyId, now: Timestamp) -> Result<()> {
        // Withdrawn twice, the first time counts.
        let done = sqlx::query("update api_key set revoked_at = coalesce(revoked_at, $2) where id = $1")
            .bind(value::blob(id.as_uuid()))
            .bind(now.as_micros())
            .execute(&self.writer)
            .await?;
        if done.rows_affected() == 0 { Err(StoreError::NotFound("API key")) } else { Ok(()) }
    }

    async fn add_session(&self, token_sha256: &[u8], account: AccountId, expires_at: Timestamp) -> Result<()> {
        sqlx::query("insert into session (token_sha256, account_id, expires_at) values ($1, $2, $3)")
            .bind(token_sha256)
            .bind(value::blob(account.as_uuid()))
            .bind(expires_at.as_micros())
            .execute(&self.writer)
            .await
            .map_err(|error| not_found(error, "account"))?;
        Ok(())
    }

    async fn session_account(&self, token_sha256: &[u8], now: Timestamp) -> Result<Option<Account>> {
        let row: Option<AccountRow> = sqlx::query_as(
            "select a.id, a.name, a.password_hash, a.role, a.desks, a.created_at from session s join account a on a.id = s.account_id \
             where s.token_sha256 = $1 and s.expires_at > $2",
        )
        .bind(token_sha256)
        .bind(now.as_micros())
        .fetch_optional(&self.readers)
        .await?;
        row.map(AccountRow::into_account).transpose()
    }

    async fn end_session(&self, token_sha256: &[u8]) -> Result<()> {
        sqlx::query("delete from session where token_sha256 = $1").bind(token_sha256).execute(&self.writer).await?;
        Ok(())
    }

    async fn add_widget_token(&self, token_sha256: &[u8], token: &WidgetToken) -> Result<()> {
        let mut tx = self.begin().await?;
        sqlx::query("delete from widget_token where expires_at <= $1").bind(token.created_at.as_micros()).execute(&mut *tx).await?;
        sqlx::query(
            "insert into widget_token (token_sha256, api_key_id, desk, agent, conversation, created_at, expires_at) \
             values ($1, $2, $3, $4, $5, $6, $7)",
        )
        .bind(token_sha256)
        .bind(value::blob(token.key.as_uuid()))
        .bind(token.desk.as_str())
        .bind(token.agent.as_str())
        .bind(token.conversation.as_deref())
        .bind(token.created_at.as_micros())
        .bind(token.expires_at.as_micros())
        .execute(&mut *tx)
        .await
        .map_err(|error| not_found(error, "API key"))?;
        tx.commit().await?;
        Ok(())
    }

    async fn widget_token(&self, token_sha256: &[u8], now: Timestamp) -> Result<Option<WidgetToken>> {
        let row: Option<(Vec<u8>, String, String, Option<String>, i64, i64)> = sqlx::query_as(
            "select api_key_id, desk, agent, conversation, created_at, expires_at from widget_token \
             where token_sha256 = $1 and expires_at > $2",
        )
        .bind(token_sha256)
        .bind(now.as_micros())
        .fetch_optional(&self.readers)
        .await?;
        row.map(|(key, desk, agent, conversation, created_at, expires_at)| {
            Ok(WidgetToken {
                key: ApiKeyId::from_uuid(value::uuid(&key, "widget_token.api_key_id")?),
                desk: value::desk(&desk)?,
                agent,
                conversation,
                created_at: Timestamp::from_micros(created_at),
                expires_at: Timestamp::from_micros(expires_at),
            })
        })
        .transpose()
    }
}
