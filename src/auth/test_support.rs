//! A store of accounts in memory, and a clock that stands still, for the tests of `auth` and of the HTTP middleware.

use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex};

use async_trait::async_trait;

use super::Authenticator;
use crate::domain::{Account, AccountId, ApiKey, ApiKeyId, Clock, Timestamp, WidgetToken};
use crate::store::{AccountStore, Result, StoreError};

/// A clock that goes only when told to.
#[derive(Default)]
pub(crate) struct ManualClock(AtomicI64);

impl ManualClock {
    pub(crate) fn advance_seconds(&self, seconds: i64) {
        self.0.fetch_add(seconds * 1_000_000, Ordering::SeqCst);
    }
}

impl Clock for ManualClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_micros(self.0.load(Ordering::SeqCst))
    }
}

#[derive(Default)]
pub(crate) struct MemoryAccounts {
    accounts: Mutex<Vec<Account>>,
    keys: Mutex<Vec<ApiKey>>,
    sessions: Mutex<Vec<(Vec<u8>, AccountId, Timestamp)>>,
    widgets: Mutex<Vec<(Vec<u8>, WidgetToken)>>,
}

/// An authenticator over an empty store, its clock, and its local token.
pub(crate) fn authenticator() -> (Arc<Authenticator>, Arc<ManualClock>, String) {
    let clock = Arc::new(ManualClock::default());
    let (token, digest) = super::local_token().unwrap();
    (Arc::new(Authenticator::new(Arc::new(MemoryAccounts::default()), clock.clone(), digest)), clock, token)
}

#[async_trait]
impl AccountStore for MemoryAccounts {
    async fn add_account(&self, account: &Account) -> Result<()> {
        let mut accounts = self.accounts.lock().unwrap();
        if accounts.iter().any(|known| known.name == account.name) {
            return Err(StoreError::Duplicate("account"));
        }
        accounts.push(account.clone());
        Ok(())
    }

    async fn account(&self, name: &str) -> Result<Option<Account>> {
        Ok(self.accounts.lock().unwrap().iter().find(|account| account.name == name).cloned())
    }

    async fn accounts(&self) -> Result<Vec<Account>> {
        Ok(self.accounts.lock().unwrap().clone())
    }

    async fn set_password_hash(&self, name: &str, password_hash: &str) -> Result<()> {
        let mut accounts = self.accounts.lock().unwrap();
        let account = accounts.iter_mut().find(|account| account.name == name).ok_or(StoreError::NotFound("account"))?;
        password_hash.clone_into(&mut account.password_hash);
        self.sessions.lock().unwrap().retain(|(_, id, _)| *id != account.id);
        Ok(())
    }

    async fn remove_account(&self, name: &str) -> Result<()> {
        let mut accounts = self.accounts.lock().unwrap();
        let place = accounts.iter().position(|account| account.name == name).ok_or(StoreError::NotFound("account"))?;
        let gone = accounts.remove(place);
        self.sessions.lock().unwrap().retain(|(_, id, _)| *id != gone.id);
        Ok(())
    }

    async fn add_api_key(&self, key: &ApiKey) -> Result<()> {
        self.keys.lock().unwrap().push(key.clone());
        Ok(())
    }

    async fn api_key(&self, id: ApiKeyId) -> Result<Option<ApiKey>> {
        Ok(self.keys.lock().unwrap().iter().find(|key| key.id == id).cloned())
    }

    async fn api_keys(&self) -> Result<Vec<ApiKey>> {
        Ok(self.keys.lock().unwrap().clone())
    }

    async fn revoke_api_key(&self, id: ApiKeyId, now: Timestamp) -> Result<()> {
        let mut keys = self.keys.lock().unwrap();
        keys.iter_mut().find(|key| key.id == id).ok_or(StoreError::NotFound("key"))?.revoked_at = Some(now);
        Ok(())
    }

    async fn add_session(&self, token_sha256: &[u8], account: AccountId, expires_at: Timestamp) -> Result<()> {
        self.sessions.lock().unwrap().push((token_sha256.to_vec(), account, expires_at));
        Ok(())
    }

    async fn session_account(&self, token_sha256: &[u8], now: Timestamp) -> Result<Option<Account>> {
        let sessions = self.sessions.lock().unwrap();
        let Some((_, id, _)) = sessions.iter().find(|(token, _, expires_at)| token == token_sha256 && now < *expires_at) else {
            return Ok(None);
        };
        Ok(self.accounts.lock().unwrap().iter().find(|account| account.id == *id).cloned())
    }

    async fn end_session(&self, token_sha256: &[u8]) -> Result<()> {
        self.sessions.lock().unwrap().retain(|(token, _, _)| token != token_sha256);
        Ok(())
    }

    async fn add_widget_token(&self, token_sha256: &[u8], token: &WidgetToken) -> Result<()> {
        self.widgets.lock().unwrap().push((token_sha256.to_vec(), token.clone()));
        Ok(())
    }

    async fn widget_token(&self, token_sha256: &[u8], now: Timestamp) -> Result<Option<WidgetToken>> {
        let widgets = self.widgets.lock().unwrap();
        Ok(widgets.iter().find(|(known, token)| known == token_sha256 && now < token.expires_at).map(|(_, token)| token.clone()))
    }
}
