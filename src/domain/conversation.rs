//! Conversations and messages, as received (drafts) and as stored.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{ConversationId, DeskId, MessageId, Timestamp};

/// Who speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// The person who asks for help.
    Customer,
    /// A human who answers for the company.
    Agent,
    /// A program that answers for the company.
    Bot,
    /// Notices of the desk itself (joined, transferred, closed) and internal notes; never a question or an answer.
    System,
}

impl Role {
    /// The code used in files, the API and the store.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Customer => "customer",
            Self::Agent => "agent",
            Self::Bot => "bot",
            Self::System => "system",
        }
    }

    /// Reads the code back.
    #[must_use]
    pub fn from_code(code: &str) -> Option<Self> {
        match code {
            "customer" => Some(Self::Customer),
            "agent" => Some(Self::Agent),
            "bot" => Some(Self::Bot),
            "system" => Some(Self::System),
            _ => None,
        }
    }
}

/// What a message carries. Anything but text keeps a reference and shows as a typed placeholder such as `[image]`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
#[expect(missing_docs, reason = "the names say it")]
pub enum MessageKind {
    #[default]
    Text,
    Voice,
    Image,
    Video,
    File,
    Other,
}

impl MessageKind {
    /// The code used in files, the API and the store.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Voice => "voice",
            Self::Image => "image",
            Self::Video => "video",
            Self::File => "file",
            Self::Other => "other",
        }
    }

    /// Reads the code back; `None` for an unknown one.
    #[must_use]
    pub fn from_code(code: &str) -> Option<Self> {
        [Self::Text, Self::Voice, Self::Image, Self::Video, Self::File, Self::Other].into_iter().find(|kind| kind.as_str() == code)
    }
}

/// One message as a reader found it. Text is raw: neither masked nor normalised.
#[derive(Debug, Clone, PartialEq)]
pub struct MessageDraft {
    /// The source's own id, unique in its conversation; `None` when the source has none (then content and position name it).
    pub external_id: Option<String>,
    /// Who speaks.
    pub role: Role,
    /// What kind of message it is.
    pub kind: MessageKind,
    /// The words, or the caption; empty only for media.
    pub text: String,
    /// Where the media lies, for media messages.
    pub media_ref: Option<String>,
    /// When it was sent, if the source says.
    pub at: Option<Timestamp>,
    /// The speaker's name or id, if it differs from the conversation's.
    pub author: Option<String>,
}

/// One conversation, or a part of one, as a reader found it.
#[derive(Debug, Clone, PartialEq)]
pub struct ConversationDraft {
    /// The source's own id, unique in its desk.
    pub external_id: String,
    /// Channel, such as `wecom` or `webchat`.
    pub channel: Option<String>,
    /// The source's id of the customer.
    pub customer_id: Option<String>,
    /// The customer's name, phone, mail … : values that must be masked wherever they occur in the texts.
    pub customer_personal: Vec<String>,
    /// The source's id of the agent.
    pub agent_id: Option<String>,
    /// When it began, if the source says.
    pub started_at: Option<Timestamp>,
    /// Tags of the source.
    pub tags: Vec<String>,
    /// Its messages, in order.
    pub messages: Vec<MessageDraft>,
}

/// One stored message, decrypted.
#[derive(Debug, Clone, PartialEq)]
pub struct Message {
    /// Its id, derived from the conversation and `external_key`.
    pub id: MessageId,
    /// What names it inside its conversation: the source's id, or a key made of role, time, text and occurrence.
    pub external_key: String,
    /// Position in the conversation, from 0.
    pub position: u32,
    /// Who speaks.
    pub role: Role,
    /// What kind of message it is.
    pub kind: MessageKind,
    /// Raw text.
    pub text: String,
    /// Where the media lies.
    pub media_ref: Option<String>,
    /// When it was sent.
    pub at: Option<Timestamp>,
    /// The speaker's name or id.
    pub author: Option<String>,
}

/// One stored conversation, decrypted.
#[derive(Debug, Clone, PartialEq)]
pub struct Conversation {
    /// Its id, derived from desk and `external_id`.
    pub id: ConversationId,
    /// The desk it belongs to.
    pub desk: DeskId,
    /// The source's own id.
    pub external_id: String,
    /// Channel.
    pub channel: Option<String>,
    /// The source's id of the customer.
    pub customer_id: Option<String>,
    /// Keyed hash of `customer_id`: equal for equal customers of the same desk, says nothing else.
    pub customer_key: Option<String>,
    /// Values to mask wherever they occur.
    pub customer_personal: Vec<String>,
    /// The source's id of the agent.
    pub agent_id: Option<String>,
    /// When it began.
    pub started_at: Option<Timestamp>,
    /// Tags of the source.
    pub tags: Vec<String>,
    /// Its messages in order.
    pub messages: Vec<Message>,
}
