//! What those who watch a conversation are told, and the ids by which they go on after an interruption.

use std::fmt;
use std::str::FromStr;

use serde::Serialize;
use utoipa::ToSchema;

use super::ShownMessage;
use crate::domain::{ConversationState, Role};
use crate::suggest::SuggestResponse;

/// Where the conversation stands; the first event of every stream, and sent again when it is closed or goes on.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct StateEvent {
    /// Whether it goes on.
    pub state: ConversationState,
    /// Number of its messages.
    pub messages: u32,
    /// Position of the latest customer message, where no agent has answered it.
    pub turn: Option<u32>,
}

/// Suggestions for the latest customer turn. They replace whatever set was sent before.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct SuggestionsEvent {
    /// Position of the customer message they belong to; of a provisional set: the position that the message being written would have.
    pub turn: u32,
    /// Whether they answer what the customer is still writing. Such a set is kept nowhere, so feedback can't name its suggestions.
    pub provisional: bool,
    /// The suggestions, or the reason for none.
    pub set: SuggestResponse,
}

/// Why a set is taken back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum WithdrawnReason {
    /// The customer has written again.
    NewerMessage,
    /// An agent has answered.
    Answered,
    /// The conversation was closed.
    Closed,
    /// The customer has deleted what they were writing.
    DraftDropped,
    /// The stream goes on after an interruption, and what was sent before it is not known to hold any more.
    Resumed,
}

/// The set sent last no longer belongs to the latest turn.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct WithdrawnEvent {
    /// The `turn` of the set; absent where it is not known.
    pub turn: Option<u32>,
    /// Why.
    pub reason: WithdrawnReason,
}

/// No suggestions could be computed for a turn: a fault of the server, which its log explains.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct FailedEvent {
    /// Position of the customer message.
    pub turn: u32,
}

/// Somebody writes, or has stopped to. What they write is not told.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct TypingEvent {
    /// Who.
    pub role: Role,
    /// Whether they write.
    pub typing: bool,
}

/// The data of one event; its name says which of these it is.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
#[serde(untagged)]
pub enum ConversationEvent {
    /// `state`.
    State(StateEvent),
    /// `message`: a message was added.
    Message(ShownMessage),
    /// `suggestions`.
    Suggestions(Box<SuggestionsEvent>),
    /// `withdrawn`.
    Withdrawn(WithdrawnEvent),
    /// `failed`.
    Failed(FailedEvent),
    /// `typing`.
    Typing(TypingEvent),
}

impl ConversationEvent {
    /// The event's name.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::State(_) => "state",
            Self::Message(_) => "message",
            Self::Suggestions(_) => "suggestions",
            Self::Withdrawn(_) => "withdrawn",
            Self::Failed(_) => "failed",
            Self::Typing(_) => "typing",
        }
    }
}

/// Names an event of a stream: how many messages its reader knows by then, and its number in one run of events. The number leads back to
/// exactly this place while the run lasts; afterwards, and after a restart, the count does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EventId {
    /// Messages known once this event is read.
    pub messages: u32,
    /// The run; 0 for an event that belongs to none.
    pub run: u64,
    /// Number in the run.
    pub number: u64,
}

/// A text that is no event id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("no event id of this server")]
pub struct InvalidEventId;

impl fmt::Display for EventId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{:x}-{}", self.messages, self.run, self.number)
    }
}

impl FromStr for EventId {
    type Err = InvalidEventId;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let mut parts = text.split('-');
        let (Some(messages), Some(run), Some(number), None) = (parts.next(), parts.next(), parts.next(), parts.next()) else {
            return Err(InvalidEventId);
        };
        Ok(Self {
            messages: messages.parse().map_err(|_number| InvalidEventId)?,
            run: u64::from_str_radix(run, 16).map_err(|_number| InvalidEventId)?,
            number: number.parse().map_err(|_number| InvalidEventId)?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_read_back_and_others_are_refused() {
        let id = EventId { messages: 7, run: 0xfeed, number: 12 };
        assert_eq!(id.to_string(), "7-feed-12");
        assert_eq!("7-feed-12".parse(), Ok(id));
        for bad in ["", "7", "7-feed", "7-feed-12-1", "-1-feed-12", "7-xyz-1", "7-feed-x", "99999999999-0-0"] {
            assert_eq!(bad.parse::<EventId>(), Err(InvalidEventId), "{bad}");
        }
    }
}
