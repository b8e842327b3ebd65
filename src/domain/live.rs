//! Conversations as a desk works with them: live or closed, who waits, what happened last.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{ConversationId, DeskId, Timestamp};

/// Whether a conversation still goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum ConversationState {
    /// It was started through the API and takes messages.
    Live,
    /// It was closed, or imported.
    Closed,
}

/// One conversation as a list shows it, without its words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConversationHead {
    /// Its id.
    pub id: ConversationId,
    /// The desk it belongs to.
    pub desk: DeskId,
    /// The source's own id.
    pub external_id: String,
    /// Channel.
    pub channel: Option<String>,
    /// Keyed hash of the customer's id.
    pub customer_key: Option<String>,
    /// When it began.
    pub started_at: Option<Timestamp>,
    /// Whether it goes on.
    pub state: ConversationState,
    /// When it was closed; `None` for live and imported ones.
    pub closed_at: Option<Timestamp>,
    /// When the last message was sent; without any, when it began or came in.
    pub last_at: Timestamp,
    /// When the first customer message was sent that no agent has answered.
    pub waiting_since: Option<Timestamp>,
    /// Number of messages.
    pub message_count: u32,
}

/// Which conversations of a desk; all conditions must hold.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ConversationFilter {
    /// In this state only.
    pub state: Option<ConversationState>,
    /// Of this channel only.
    pub channel: Option<String>,
    /// Of the customer whom the source knows by this id only.
    pub customer_id: Option<String>,
    /// With the last activity at this moment or later.
    pub since: Option<Timestamp>,
    /// With the last activity before this moment.
    pub until: Option<Timestamp>,
}
