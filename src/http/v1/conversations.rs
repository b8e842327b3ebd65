//! One conversation, live or archived: every text masked, no customer's profile, no names.

use axum::extract::State;
use serde::Serialize;
use utoipa::ToSchema;

use super::entries::DeskQuery;
use crate::auth::Grant;
use crate::auth::grant::permission::ReadConversations;
use crate::domain::{ConversationId, ConversationState, DeskId, Timestamp};
use crate::http::extract::{Json, Path, Query};
use crate::http::gate::GateRef;
use crate::http::problem::{Problem, problems};
use crate::live::ShownMessage;

/// One conversation, masked.
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
    /// Whether it goes on. Imported conversations are closed.
    state: ConversationState,
    /// When it began.
    #[schema(value_type = Option<String>, format = DateTime)]
    started_at: Option<Timestamp>,
    /// Tags of the source.
    tags: Vec<String>,
    /// Its messages in order.
    messages: Vec<ShownMessage>,
}

problems!(ConversationProblems: UnknownDesk, UnknownConversation, InvalidParameter);

/// Shows one conversation, live or archived.
///
/// Personal data is masked in every text; media are shown as placeholders. The customer's id and profile are not part of the answer.
#[utoipa::path(get, path = "/v1/conversations/{id}", operation_id = "show_conversation", tag = "conversations",
    params(("id" = String, Path, description = "The conversation's id", format = Uuid), DeskQuery),
    responses((status = 200, description = "The conversation, masked", body = ConversationView), ConversationProblems))]
pub(super) async fn show_conversation(
    State(gate): State<GateRef>,
    grant: Grant<ReadConversations>,
    Path(id): Path<ConversationId>,
    Query(query): Query<DeskQuery>,
) -> Result<Json<ConversationView>, Problem> {
    let (access, _) = gate.enter(&grant, &query.desk).await?;
    let (conversation, messages, state) = gate.conversation(&access, id).await?;
    Ok(Json(ConversationView {
        id: conversation.id,
        desk: conversation.desk.clone(),
        channel: conversation.channel.clone(),
        state,
        started_at: conversation.started_at,
        tags: conversation.tags.clone(),
        messages,
    }))
}
