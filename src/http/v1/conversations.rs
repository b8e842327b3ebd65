//! Archived conversations, as evidence: every text masked, no customer's profile, no names.

use axum::extract::State;
use serde::Serialize;
use utoipa::ToSchema;

use super::entries::DeskQuery;
use crate::auth::Grant;
use crate::auth::grant::permission::ReadConversations;
use crate::domain::{Conversation, ConversationId, DeskId, Message, MessageKind, Role, Timestamp};
use crate::http::extract::{Json, Path, Query};
use crate::http::gate::GateRef;
use crate::http::problem::{Problem, problems};
use crate::text::mask::mask_conversation;

/// One message, masked.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
#[schema(as = ConversationMessage)]
pub(super) struct MessageView {
    /// Position in the conversation, from 0.
    position: u32,
    /// Who speaks.
    role: Role,
    /// What kind of message it is.
    kind: MessageKind,
    /// The words, masked; media as `[image]` and the like, with the caption if there is one.
    #[schema(example = "我的手机号是 [PHONE]")]
    text: String,
    /// When it was sent.
    #[schema(value_type = Option<String>, format = DateTime)]
    at: Option<Timestamp>,
}

/// One archived conversation, masked.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
#[schema(as = Conversation)]
pub(super) struct ConversationView {
    /// Its id.
    #[schema(value_type = String, format = Uuid)]
    id: ConversationId,
    /// The desk it belongs to.
    desk: DeskId,
    /// Channel.
    channel: Option<String>,
    /// When it began.
    #[schema(value_type = Option<String>, format = DateTime)]
    started_at: Option<Timestamp>,
    /// Tags of the source.
    tags: Vec<String>,
    /// Its messages in order.
    messages: Vec<MessageView>,
}

problems!(ConversationProblems: UnknownDesk, UnknownConversation, InvalidParameter);

/// Shows one archived conversation.
///
/// Personal data is masked in every text; media are shown as placeholders. The customer's id and profile are not part of the answer.
#[utoipa::path(get, path = "/v1/conversations/{id}", operation_id = "show_conversation", tag = "archive",
    params(("id" = String, Path, description = "The conversation's id", format = Uuid), DeskQuery),
    responses((status = 200, description = "The conversation, masked", body = ConversationView), ConversationProblems))]
pub(super) async fn show_conversation(
    State(gate): State<GateRef>,
    grant: Grant<ReadConversations>,
    Path(id): Path<ConversationId>,
    Query(query): Query<DeskQuery>,
) -> Result<Json<ConversationView>, Problem> {
    let (access, _) = gate.enter(&grant, &query.desk).await?;
    let conversation = gate.conversation(&access, id).await?;
    // Masking a long conversation takes longer than a worker may be held up.
    let view = tokio::task::spawn_blocking(move || masked(conversation)).await.map_err(Problem::internal)?;
    Ok(Json(view))
}

fn masked(conversation: Conversation) -> ConversationView {
    let mut known = conversation.customer_personal;
    let authors =
        conversation.messages.iter().filter(|message| message.role == Role::Customer).filter_map(|message| message.author.clone());
    known.extend(authors);
    known.extend(conversation.customer_id);
    known.retain(|value| !value.trim().is_empty());
    known.sort_unstable();
    known.dedup();
    let texts: Vec<&str> = conversation.messages.iter().map(|message| message.text.as_str()).collect();
    let words = mask_conversation(&texts, &known);
    ConversationView {
        id: conversation.id,
        desk: conversation.desk,
        channel: conversation.channel,
        started_at: conversation.started_at,
        tags: conversation.tags,
        messages: conversation.messages.into_iter().zip(words).map(|(message, words)| view(&message, words)).collect(),
    }
}

/// A message as it is shown: its words masked, media as placeholders.
fn view(message: &Message, words: String) -> MessageView {
    let text = match message.kind {
        MessageKind::Text => words,
        kind if words.trim().is_empty() => format!("[{}]", kind.as_str()),
        kind => format!("[{}] {words}", kind.as_str()),
    };
    MessageView { position: message.position, role: message.role, kind: message.kind, text, at: message.at }
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
        let shown = |kind: MessageKind, text: &str| view(&message(kind, text), text.to_owned());
        assert_eq!(shown(MessageKind::Image, "").text, "[image]");
        assert_eq!(shown(MessageKind::Voice, "a caption").text, "[voice] a caption");
        let view = serde_json::to_string(&shown(MessageKind::Text, "a question")).unwrap();
        assert!(!view.contains("files.example") && !view.contains("Nobody"));
    }
}
