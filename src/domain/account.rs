//! People, keys and what they may do.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{AccountId, ApiKeyId, DeskId, Timestamp};

/// What somebody may do. Handlers hold a role as a value (see `http::extract`), so a forgotten check does not compile.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = AccessRole)]
pub enum Role {
    /// Asks for suggestions and gives feedback.
    Agent,
    /// What an agent may, and imports, clusters, controls and settings of the desk.
    Supervisor,
    /// What an agent may, and clusters, knowledge and controls.
    KbEditor,
    /// Reads everything of the desk, changes nothing.
    Auditor,
    /// Everything, on every desk.
    Admin,
}

impl Role {
    /// Every role, in the order they are documented.
    pub const ALL: [Self; 5] = [Self::Agent, Self::Supervisor, Self::KbEditor, Self::Auditor, Self::Admin];

    /// The code used on the command line, in the API and the store.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Agent => "agent",
            Self::Supervisor => "supervisor",
            Self::KbEditor => "kb_editor",
            Self::Auditor => "auditor",
            Self::Admin => "admin",
        }
    }

    /// Reads the code back.
    #[must_use]
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|role| role.as_str() == code)
    }
}

/// Which desks somebody may touch.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DeskScope {
    /// Every desk, also those created later.
    All,
    /// These desks only.
    Only(BTreeSet<DeskId>),
}

impl DeskScope {
    /// Whether `desk` is inside.
    #[must_use]
    pub fn contains(&self, desk: &DeskId) -> bool {
        match self {
            Self::All => true,
            Self::Only(desks) => desks.contains(desk),
        }
    }
}

/// One person's account.
#[derive(Debug, Clone, PartialEq)]
pub struct Account {
    /// Its id.
    pub id: AccountId,
    /// The name used to sign in.
    pub name: String,
    /// Argon2id hash in PHC form.
    pub password_hash: String,
    /// What the person may do.
    pub role: Role,
    /// On which desks.
    pub desks: DeskScope,
    /// When it was created.
    pub created_at: Timestamp,
}

/// One API key. The key itself is never stored.
#[derive(Debug, Clone, PartialEq)]
pub struct ApiKey {
    /// Its id; a part of the key's text, so that it can be found without hashing every key.
    pub id: ApiKeyId,
    /// What it is for.
    pub name: String,
    /// SHA-256 of the secret part (256 random bits need no slow hash).
    pub secret_sha256: Vec<u8>,
    /// What its holder may do.
    pub role: Role,
    /// On which desks.
    pub desks: DeskScope,
    /// When it was created.
    pub created_at: Timestamp,
    /// When it was withdrawn.
    pub revoked_at: Option<Timestamp>,
}

/// A short-lived credential for one agent's widget, made with an API key. The token itself is never stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WidgetToken {
    /// The key it was made with, and ends with.
    pub key: ApiKeyId,
    /// The only desk it opens.
    pub desk: DeskId,
    /// Who uses it, for records: the agent's name or id at the host.
    pub agent: String,
    /// External id of the only conversation it opens; `None` for every one of the desk.
    pub conversation: Option<String>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it ends.
    pub expires_at: Timestamp,
}

/// How somebody came in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum PrincipalKind {
    /// Signed in with name and password.
    Account,
    /// Holds an API key.
    ApiKey,
    /// The command line on the same machine, with the token file of the data folder.
    Local,
    /// Holds a widget token.
    WidgetToken,
}

/// Somebody whose identity has been checked.
#[derive(Debug, Clone, PartialEq)]
pub struct Principal {
    /// How they came in.
    pub kind: PrincipalKind,
    /// Account or key name, or a widget token's agent, for records.
    pub name: String,
    /// What they may do.
    pub role: Role,
    /// On which desks.
    pub desks: DeskScope,
    /// The API key that they hold, or that their widget token was made with.
    pub key: Option<ApiKeyId>,
    /// External id of the only conversation they may touch.
    pub conversation: Option<String>,
    /// When the credential ends; `None` for those that only end by being withdrawn, and for sessions, which are looked up at every request.
    pub expires_at: Option<Timestamp>,
}
