//! A conversation's words as people see them: masked as a whole, media as placeholders, no names and no profile.

use serde::Serialize;
use utoipa::ToSchema;

use crate::domain::{Conversation, Message, MessageKind, Role, Timestamp};
use crate::text::mask::mask_conversation;

/// One message, masked.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
#[schema(as = ConversationMessage)]
pub struct ShownMessage {
    /// Position in the conversation, from 0.
    pub position: u32,
    /// Who speaks.
    pub role: Role,
    /// What kind of message it is.
    pub kind: MessageKind,
    /// The words, masked; media as `[image]` and the like, with the caption if there is one.
    #[schema(example = "我的手机号是 [PHONE]")]
    pub text: String,
    /// When it was sent.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub at: Option<Timestamp>,
}

/// Masks the messages of a conversation. Takes longer for long ones than an async worker may be held up.
#[must_use]
pub(super) fn shown_messages(conversation: &Conversation) -> Vec<ShownMessage> {
    let mut known = conversation.customer_personal.clone();
    let authors =
        conversation.messages.iter().filter(|message| message.role == Role::Customer).filter_map(|message| message.author.clone());
    known.extend(authors);
    known.extend(conversation.customer_id.clone());
    known.retain(|value| !value.trim().is_empty());
    known.sort_unstable();
    known.dedup();
    let texts: Vec<&str> = conversation.messages.iter().map(|message| message.text.as_str()).collect();
    let words = mask_conversation(&texts, &known);
    conversation.messages.iter().zip(words).map(|(message, words)| shown(message, words)).collect()
}

/// A message as it is shown, its words masked already.
fn shown(message: &Message, words: String) -> ShownMessage {
    let text = match message.kind {
        MessageKind::Text => words,
        kind if words.trim().is_empty() => format!("[{}]", kind.as_str()),
        kind => format!("[{}] {words}", kind.as_str()),
    };
    ShownMessage { position: message.position, role: message.role, kind: message.kind, text, at: message.at }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::MessageId;

    fn message(kind: MessageKind, text: &str) -> Message {
        Message {
            id: MessageId::new(),
            external_key: "1".to_owned(),
            position: 0,
            role: Role::Customer,
            kind,
            text: text.to_owned(),
            media_ref: Some("https://files.example/1.png".to_owned()),
            at: None,
            author: Some("Nobody In Particular".to_owned()),
        }
    }

    #[test]
    fn media_are_placeholders_and_references_and_authors_stay_inside() {
        let view = |kind: MessageKind, text: &str| shown(&message(kind, text), text.to_owned());
        assert_eq!(view(MessageKind::Image, "").text, "[image]");
        assert_eq!(view(MessageKind::Voice, "a caption").text, "[voice] a caption");
        let view = serde_json::to_string(&view(MessageKind::Text, "a question")).unwrap();
        assert!(!view.contains("files.example") && !view.contains("Nobody"));
    }
}
