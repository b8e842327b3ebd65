//! Who is asking, and what they may do: passwords, sessions, API keys, widget tokens, the local token, permissions.
//!
//! [`Authenticator`] turns credentials into a [`Principal`]; [`grant`] turns a principal into a typed permission, which the HTTP layer asks
//! for before it touches anything. Secrets exist here in clear text only while they are made or compared: stored are an argon2id hash
//! (passwords) and SHA-256 digests (keys, session, widget and local tokens: 256 random bits need no slow hash). No error and no log line of
//! this module holds a secret. Password hashing runs on blocking threads, two at a time.

pub mod grant;
mod guesses;
mod password;
mod secret;

use std::sync::Arc;

use tokio::sync::Semaphore;

use crate::domain::{
    AccessRole, Account, AccountId, ApiKey, ApiKeyId, Clock, DeskId, DeskScope, Principal, PrincipalKind, SuggestionId, Timestamp,
    WidgetToken,
};
use crate::store::{AccountStore, SharedStore, StoreError};

pub use grant::{Action, DeskAccess, Grant, Permission, principal_may};
pub use secret::{API_KEY_PREFIX, LOCAL_TOKEN_PREFIX, RandomError, WIDGET_TOKEN_PREFIX, local_token};

use guesses::Guesses;
use secret::{api_key_text, parse_api_key, random_secret, same_digest, sha256};

/// How long a session lasts.
const SESSION_SECONDS: i64 = 12 * 60 * 60;
/// How long a widget token may last.
const WIDGET_TOKEN_SECONDS: std::ops::RangeInclusive<i64> = 60..=12 * 60 * 60;
/// How long one lasts unless told otherwise.
pub const DEFAULT_WIDGET_TOKEN_SECONDS: i64 = 60 * 60;
/// Passwords somebody chooses are at least this long (NIST SP 800-63B asks for 8, and 15 without a second factor).
const MIN_PASSWORD_CHARS: usize = 12;
/// Longer passwords are refused, so that nobody makes the server hash megabytes.
const MAX_PASSWORD_BYTES: usize = 1024;
/// One argon2id run takes 19 MiB and some tens of milliseconds; this many may run at once, so that a flood of sign-ins can't take the machine.
const PARALLEL_HASHES: usize = 2;

/// Why somebody was not let in, or not allowed.
#[derive(Debug, thiserror::Error)]
pub enum AuthError {
    /// No credentials, where some are needed.
    #[error("no credentials")]
    Missing,
    /// Name, password, key or token is wrong, expired or withdrawn. Which of them is not told.
    #[error("bad credentials")]
    BadCredentials,
    /// Too many wrong passwords for this name.
    #[error("too many failed attempts, wait {retry_after_seconds} s")]
    TooManyAttempts {
        /// Seconds until the next attempt is looked at.
        retry_after_seconds: u64,
    },
    /// The role does not include the action.
    #[error("the role {} may not {}", role.as_str(), action.as_str())]
    Forbidden {
        /// The role held.
        role: AccessRole,
        /// The action asked for.
        action: Action,
    },
    /// The credential is of a kind that does not allow the action, whatever the role.
    #[error("{who} may not {}", action.as_str())]
    WrongCredential {
        /// Which kind.
        who: &'static str,
        /// The action asked for.
        action: Action,
    },
    /// The desk is outside the scope; callers answer as if it did not exist.
    #[error("desk `{0}` is outside the scope")]
    OutsideScope(DeskId),
    /// The suggestion is of a desk outside the scope; callers answer as if it did not exist.
    #[error("suggestion {0} is outside the scope")]
    SuggestionOutsideScope(SuggestionId),
    /// A new account or key can't be made like this.
    #[error("{detail}")]
    Invalid {
        /// JSON pointer to the field.
        pointer: &'static str,
        /// How to mend it.
        detail: String,
    },
    /// The account's name is taken.
    #[error("the name is taken")]
    NameTaken,
    /// There is no such account.
    #[error("no account `{0}`")]
    UnknownAccount(String),
    /// Nobody removes the account they act with: the last administrator would lock everybody out.
    #[error("nobody removes their own account: ask another administrator")]
    OwnAccount,
    /// Only an account has a password.
    #[error("{0} may not change a password: it has none; sign in with an account")]
    NoPassword(&'static str),
    /// There is no such key, or it is withdrawn already.
    #[error("no key {0}")]
    UnknownKey(ApiKeyId),
    /// The system gives no random numbers.
    #[error(transparent)]
    Random(#[from] RandomError),
    /// Hashing failed, or a stored hash is malformed.
    #[error("password hashing")]
    Hash(#[from] argon2::password_hash::Error),
    /// The blocking thread was lost.
    #[error("password thread")]
    Worker(#[from] tokio::task::JoinError),
    /// The store did not answer.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// A session that has just begun.
#[derive(Debug)]
pub struct NewSession {
    /// The token for the cookie: shown once, stored hashed.
    pub token: String,
    /// Who signed in.
    pub principal: Principal,
    /// When it ends.
    pub expires_at: Timestamp,
}

/// Checks credentials and makes new ones.
pub struct Authenticator {
    store: Arc<dyn AccountStore>,
    clock: Arc<dyn Clock>,
    local_token_sha256: [u8; 32],
    guesses: Guesses,
    hashing: Semaphore,
}

impl Authenticator {
    /// Makes an authenticator; `local_token_sha256` is the digest of the token file in the data folder (see [`local_token`]).
    #[must_use]
    pub fn new(store: Arc<dyn AccountStore>, clock: Arc<dyn Clock>, local_token_sha256: [u8; 32]) -> Self {
        Self { store, clock, local_token_sha256, guesses: Guesses::default(), hashing: Semaphore::new(PARALLEL_HASHES) }
    }

    /// Counts wrong passwords together with the other processes on a store, where it has others.
    #[must_use]
    pub fn counting_with(self, store: Arc<dyn SharedStore>) -> Self {
        Self { guesses: Guesses::shared_by(store), ..self }
    }

    /// Opens a session for somebody who knows the password. An unknown name costs the same time as a wrong password.
    pub async fn sign_in(&self, name: &str, password: &str) -> Result<NewSession, AuthError> {
        let account = self.account_by_password(name, password).await?;
        self.begin_session(account).await
    }

    async fn account_by_password(&self, name: &str, password: &str) -> Result<Account, AuthError> {
        let now = self.clock.now();
        if let Some(retry_after_seconds) = self.guesses.refused_for(name, now).await? {
            return Err(AuthError::TooManyAttempts { retry_after_seconds });
        }
        if password.len() > MAX_PASSWORD_BYTES {
            return Err(AuthError::BadCredentials);
        }
        // Counted before the slow part and taken back on success: a burst of parallel guesses must not slip through.
        self.guesses.count_attempt(name, now).await?;
        let account = self.store.account(name).await?;
        let hash = account.as_ref().map_or(password::UNKNOWN_NAME_HASH, |account| account.password_hash.as_str()).to_owned();
        let password = password.to_owned();
        let _permit = self.hashing.acquire().await;
        let matches = tokio::task::spawn_blocking(move || password::verify(&password, &hash)).await??;
        let Some(account) = account.filter(|_| matches) else {
            return Err(AuthError::BadCredentials);
        };
        self.guesses.forgive(name).await?;
        Ok(account)
    }

    async fn begin_session(&self, account: Account) -> Result<NewSession, AuthError> {
        let token = random_secret()?;
        let expires_at = self.clock.now().plus_seconds(SESSION_SECONDS);
        self.store.add_session(&sha256(&token), account.id, expires_at).await?;
        Ok(NewSession { token, principal: account_principal(account), expires_at })
    }

    /// Ends a session; an unknown token is ignored.
    pub async fn sign_out(&self, token: &str) -> Result<(), AuthError> {
        Ok(self.store.end_session(&sha256(token)).await?)
    }

    /// Tells who holds a session token.
    pub async fn authenticate_session(&self, token: &str) -> Result<Principal, AuthError> {
        let account = self.store.session_account(&sha256(token), self.clock.now()).await?;
        account.map(account_principal).ok_or(AuthError::BadCredentials)
    }

    /// Tells who holds an API key or the local token.
    pub async fn authenticate_bearer(&self, token: &str) -> Result<Principal, AuthError> {
        if token.starts_with(LOCAL_TOKEN_PREFIX) {
            return if same_digest(&sha256(token), &self.local_token_sha256) {
                Ok(local_principal())
            } else {
                Err(AuthError::BadCredentials)
            };
        }
        if token.starts_with(WIDGET_TOKEN_PREFIX) {
            return self.authenticate_widget(token).await;
        }
        let (id, secret) = parse_api_key(token).ok_or(AuthError::BadCredentials)?;
        let key = self.standing_key(id).await?;
        if !same_digest(&sha256(secret), &key.secret_sha256) {
            return Err(AuthError::BadCredentials);
        }
        Ok(key_principal(key))
    }

    /// A widget token opens what an agent may of its desk, and never more than the key it was made with.
    async fn authenticate_widget(&self, token: &str) -> Result<Principal, AuthError> {
        let found = self.store.widget_token(&sha256(token), self.clock.now()).await?.ok_or(AuthError::BadCredentials)?;
        let key = key_principal(self.standing_key(found.key).await?);
        if !key.desks.contains(&found.desk) || !principal_may(&key, Action::MakeWidgetTokens) {
            return Err(AuthError::BadCredentials);
        }
        Ok(Principal {
            kind: PrincipalKind::WidgetToken,
            name: found.agent,
            role: AccessRole::Agent,
            desks: DeskScope::Only([found.desk].into()),
            key: Some(found.key),
            conversation: found.conversation,
            expires_at: Some(found.expires_at),
        })
    }

    async fn standing_key(&self, id: ApiKeyId) -> Result<ApiKey, AuthError> {
        let key = self.store.api_key(id).await?;
        key.filter(|key| key.revoked_at.is_none()).ok_or(AuthError::BadCredentials)
    }

    /// Whether a credential that was good when a long answer began still is: not expired, its key not withdrawn, its account not removed.
    pub async fn still_stands(&self, principal: &Principal) -> Result<bool, AuthError> {
        if principal.expires_at.is_some_and(|end| end <= self.clock.now()) {
            return Ok(false);
        }
        if principal.kind == PrincipalKind::Account {
            return Ok(self.store.account(&principal.name).await?.is_some());
        }
        let Some(key) = principal.key else { return Ok(true) };
        match self.standing_key(key).await {
            Ok(_) => Ok(true),
            Err(AuthError::BadCredentials) => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// Makes a token with which one agent's widget may use one desk, or one conversation of it, for `seconds`. Its text is returned once and
    /// never again.
    pub async fn add_widget_token(
        &self,
        access: &DeskAccess<grant::permission::MakeWidgetTokens>,
        agent: &str,
        conversation: Option<String>,
        seconds: i64,
    ) -> Result<(WidgetToken, String), AuthError> {
        let key = access.principal().key.ok_or(AuthError::WrongCredential { who: "only an API key", action: Action::MakeWidgetTokens })?;
        check_widget(agent, conversation.as_deref(), seconds)?;
        let now = self.clock.now();
        let token = WidgetToken {
            key,
            desk: access.desk().clone(),
            agent: agent.to_owned(),
            conversation,
            created_at: now,
            expires_at: now.plus_seconds(seconds),
        };
        let text = format!("{WIDGET_TOKEN_PREFIX}{}", random_secret()?);
        self.store.add_widget_token(&sha256(&text), &token).await?;
        Ok((token, text))
    }

    /// Adds an account. Without a password one is made and returned, to be shown once.
    pub async fn add_account(
        &self,
        name: &str,
        password: Option<String>,
        role: AccessRole,
        desks: DeskScope,
    ) -> Result<(Account, Option<String>), AuthError> {
        check_name(name)?;
        check_scope(role, &desks)?;
        if let Some(chosen) = &password {
            check_password(chosen, "/password")?;
        }
        if self.store.account(name).await?.is_some() {
            return Err(AuthError::NameTaken);
        }
        let (password_hash, generated) = self.given_or_made(password).await?;
        let account = Account { id: AccountId::new(), name: name.to_owned(), password_hash, role, desks, created_at: self.clock.now() };
        match self.store.add_account(&account).await {
            Ok(()) => Ok((account, generated)),
            Err(StoreError::Duplicate(_)) => Err(AuthError::NameTaken),
            Err(error) => Err(error.into()),
        }
    }

    /// Replaces an account's password, and ends its sessions. Without a password one is made and returned, to be shown once.
    pub async fn reset_password(&self, name: &str, password: Option<String>) -> Result<Option<String>, AuthError> {
        if let Some(chosen) = &password {
            check_password(chosen, "/password")?;
        }
        let (password_hash, generated) = self.given_or_made(password).await?;
        self.store.set_password_hash(name, &password_hash).await.map_err(|error| unknown_account(error, name))?;
        // Whoever was kept out by wrong guesses comes in with the new one.
        self.guesses.forgive(name).await?;
        Ok(generated)
    }

    /// Replaces the caller's own password. All sessions of the account end; the one returned goes on in their place.
    pub async fn change_password(&self, principal: &Principal, present: &str, new: &str) -> Result<NewSession, AuthError> {
        check_has_password(principal)?;
        check_password(new, "/new_password")?;
        let account = self.account_by_password(&principal.name, present).await.map_err(|error| match error {
            AuthError::BadCredentials => {
                AuthError::Invalid { pointer: "/current_password", detail: "this is not the present password".to_owned() }
            }
            other => other,
        })?;
        let (password_hash, _) = self.given_or_made(Some(new.to_owned())).await?;
        self.store.set_password_hash(&account.name, &password_hash).await?;
        self.begin_session(account).await
    }

    /// Removes an account at once.
    pub async fn remove_account(&self, principal: &Principal, name: &str) -> Result<(), AuthError> {
        if principal.kind == PrincipalKind::Account && principal.name == name {
            return Err(AuthError::OwnAccount);
        }
        self.store.remove_account(name).await.map_err(|error| unknown_account(error, name))
    }

    /// The hash of a password; of a new one, which is returned, where none is given.
    async fn given_or_made(&self, password: Option<String>) -> Result<(String, Option<String>), AuthError> {
        let generated = if password.is_none() { Some(random_secret()?) } else { None };
        let clear = password.or_else(|| generated.clone()).unwrap_or_default();
        let _permit = self.hashing.acquire().await;
        let password_hash = tokio::task::spawn_blocking(move || password::hash(&clear)).await??;
        Ok((password_hash, generated))
    }

    /// Adds an API key; the text of the key is returned once and never again.
    pub async fn add_api_key(&self, name: &str, role: AccessRole, desks: DeskScope) -> Result<(ApiKey, String), AuthError> {
        check_name(name)?;
        check_scope(role, &desks)?;
        let id = ApiKeyId::new();
        let secret = random_secret()?;
        let key = ApiKey {
            id,
            name: name.to_owned(),
            secret_sha256: sha256(&secret).to_vec(),
            role,
            desks,
            created_at: self.clock.now(),
            revoked_at: None,
        };
        self.store.add_api_key(&key).await?;
        Ok((key, api_key_text(id, &secret)))
    }

    /// Withdraws an API key at once.
    pub async fn revoke_api_key(&self, id: ApiKeyId) -> Result<(), AuthError> {
        match self.store.revoke_api_key(id, self.clock.now()).await {
            Err(StoreError::NotFound(_)) => Err(AuthError::UnknownKey(id)),
            other => Ok(other?),
        }
    }

    /// All accounts by name.
    pub async fn accounts(&self) -> Result<Vec<Account>, AuthError> {
        Ok(self.store.accounts().await?)
    }

    /// All API keys, newest first, withdrawn ones included.
    pub async fn api_keys(&self) -> Result<Vec<ApiKey>, AuthError> {
        Ok(self.store.api_keys().await?)
    }
}

fn account_principal(account: Account) -> Principal {
    Principal {
        kind: PrincipalKind::Account,
        name: account.name,
        role: account.role,
        desks: account.desks,
        key: None,
        conversation: None,
        expires_at: None,
    }
}

fn key_principal(key: ApiKey) -> Principal {
    Principal {
        kind: PrincipalKind::ApiKey,
        name: key.name,
        role: key.role,
        desks: key.desks,
        key: Some(key.id),
        conversation: None,
        expires_at: None,
    }
}

/// Whoever has the data folder itself: an administrator of everything.
#[must_use]
pub fn local_principal() -> Principal {
    Principal {
        kind: PrincipalKind::Local,
        name: "local".to_owned(),
        role: AccessRole::Admin,
        desks: DeskScope::All,
        key: None,
        conversation: None,
        expires_at: None,
    }
}

/// An agent's name or id at the host may be in any form that fits on one line.
fn check_widget(agent: &str, conversation: Option<&str>, seconds: i64) -> Result<(), AuthError> {
    let is_line =
        |text: &str, longest: usize| !text.trim().is_empty() && text.chars().nth(longest).is_none() && !text.chars().any(char::is_control);
    let (pointer, detail) = if !is_line(agent, 64) {
        ("/agent", "use 1 to 64 characters on one line".to_owned())
    } else if conversation.is_some_and(|id| !is_line(id, 200)) {
        ("/conversation", "use 1 to 200 characters on one line, or leave it out".to_owned())
    } else if !WIDGET_TOKEN_SECONDS.contains(&seconds) {
        ("/ttl_seconds", format!("use {} to {}", WIDGET_TOKEN_SECONDS.start(), WIDGET_TOKEN_SECONDS.end()))
    } else {
        return Ok(());
    };
    Err(AuthError::Invalid { pointer, detail })
}

fn check_name(name: &str) -> Result<(), AuthError> {
    let length = name.chars().count();
    let allowed = |c: char| c.is_alphanumeric() || matches!(c, '-' | '_' | '.' | '@');
    if (1..=64).contains(&length) && name.chars().all(allowed) {
        return Ok(());
    }
    Err(AuthError::Invalid { pointer: "/name", detail: "use 1 to 64 letters, digits, `-`, `_`, `.` or `@`".to_owned() })
}

/// Only somebody with an account has a password.
pub fn check_has_password(principal: &Principal) -> Result<(), AuthError> {
    match principal.kind {
        PrincipalKind::Account => Ok(()),
        PrincipalKind::ApiKey => Err(AuthError::NoPassword("an API key")),
        PrincipalKind::WidgetToken => Err(AuthError::NoPassword("a widget token")),
        PrincipalKind::Local => Err(AuthError::NoPassword("the command line")),
    }
}

fn unknown_account(error: StoreError, name: &str) -> AuthError {
    match error {
        StoreError::NotFound(_) => AuthError::UnknownAccount(name.to_owned()),
        other => other.into(),
    }
}

fn check_password(password: &str, pointer: &'static str) -> Result<(), AuthError> {
    if password.chars().count() >= MIN_PASSWORD_CHARS && password.len() <= MAX_PASSWORD_BYTES {
        return Ok(());
    }
    let detail = format!("use at least {MIN_PASSWORD_CHARS} characters and at most {MAX_PASSWORD_BYTES} bytes");
    Err(AuthError::Invalid { pointer, detail })
}

fn check_scope(role: AccessRole, desks: &DeskScope) -> Result<(), AuthError> {
    let detail = match (role, desks) {
        (AccessRole::Admin, DeskScope::Only(_)) => "an admin has every desk: use \"all\"",
        (_, DeskScope::Only(only)) if only.is_empty() => "name at least one desk, or use \"all\"",
        _ => return Ok(()),
    };
    Err(AuthError::Invalid { pointer: "/desks", detail: detail.to_owned() })
}

#[cfg(test)]
pub(crate) mod test_support;

#[cfg(test)]
mod tests;
