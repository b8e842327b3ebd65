//! Live conversations: listed, started, continued, closed.

use std::collections::BTreeMap;

use axum::extract::State;
use axum::http::{HeaderName, StatusCode, header};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::entries::DeskQuery;
use crate::auth::Grant;
use crate::auth::grant::permission::{Converse, ReadConversations};
use crate::domain::{ConversationFilter, ConversationId, ConversationState, DeskId, Role, Timestamp};
use crate::http::extract::{Json, Path, Query};
use crate::http::gate::GateRef;
use crate::http::page::{Page, checked_limit, decode};
use crate::http::problem::{Problem, problems};
use crate::live::{Listed, NewConversation, NewMessage, ShownMessage};

/// Characters of a customer's pseudonym: enough to tell the customers of a page apart.
const PSEUDONYM_CHARS: usize = 12;

/// One conversation of a desk, without its words but the last.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub(super) struct ConversationSummary {
    /// Its id.
    #[schema(value_type = String, format = Uuid)]
    id: ConversationId,
    /// The desk it belongs to.
    desk: DeskId,
    /// The source's own id.
    external_id: String,
    /// Channel.
    channel: Option<String>,
    /// Stands for the customer: equal for equal customers of the desk, says nothing else. `null` when the source does not name them.
    customer: Option<String>,
    /// Whether it goes on. Imported conversations are closed.
    state: ConversationState,
    /// When it began.
    #[schema(value_type = Option<String>, format = DateTime)]
    started_at: Option<Timestamp>,
    /// When it was closed; `null` for live and imported ones.
    #[schema(value_type = Option<String>, format = DateTime)]
    closed_at: Option<Timestamp>,
    /// When the last message was sent; without any, when it began or came in.
    #[schema(value_type = String, format = DateTime)]
    last_at: Timestamp,
    /// When the first customer message was sent that no agent has answered yet; `null` when nobody waits.
    #[schema(value_type = Option<String>, format = DateTime)]
    waiting_since: Option<Timestamp>,
    /// Number of messages.
    messages: u32,
    /// The last message, masked.
    last_message: Option<ShownMessage>,
}

impl From<Listed> for ConversationSummary {
    fn from(Listed { head, last_message }: Listed) -> Self {
        let is_live = head.state == ConversationState::Live;
        Self {
            id: head.id,
            desk: head.desk,
            external_id: head.external_id,
            channel: head.channel,
            customer: head.customer_key.map(|key| key.chars().take(PSEUDONYM_CHARS).collect()),
            state: head.state,
            started_at: head.started_at,
            closed_at: head.closed_at,
            last_at: head.last_at,
            waiting_since: head.waiting_since.filter(|_| is_live),
            messages: head.message_count,
            last_message,
        }
    }
}

/// Which conversations; all conditions must hold.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct ConversationsQuery {
    /// The desk.
    desk: DeskId,
    /// In this state only.
    state: Option<ConversationState>,
    /// Of this channel only.
    channel: Option<String>,
    /// Of the customer whom the source knows by this id only.
    customer: Option<String>,
    /// With the last activity at this moment or later.
    #[param(value_type = Option<String>, format = DateTime)]
    since: Option<Timestamp>,
    /// With the last activity before this moment.
    #[param(value_type = Option<String>, format = DateTime)]
    until: Option<Timestamp>,
    /// Items a page, 1 to 200; 50 when absent.
    limit: Option<u32>,
    /// `next_cursor` of the page before.
    cursor: Option<String>,
}

/// A conversation to be started.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ConversationCreate {
    /// The desk.
    desk: DeskId,
    /// Your own id of it, unique on the desk; one is made when absent.
    external_id: Option<String>,
    /// Channel, such as `webchat`.
    channel: Option<String>,
    /// Your id of the customer.
    customer_id: Option<String>,
    /// What you know of the customer (name, phone, mail …): masked wherever it occurs.
    #[serde(default)]
    customer: BTreeMap<String, String>,
}

/// Who speaks in a live conversation.
#[derive(Debug, Clone, Copy, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub(super) enum Speaker {
    /// The person who asks for help.
    Customer,
    /// A human who answers for the company.
    Agent,
}

impl From<Speaker> for Role {
    fn from(speaker: Speaker) -> Self {
        match speaker {
            Speaker::Customer => Self::Customer,
            Speaker::Agent => Self::Agent,
        }
    }
}

/// A message to be added.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct MessageCreate {
    /// Who speaks.
    role: Speaker,
    /// What is said, at most 8,000 characters.
    text: String,
    /// Your own id of the message: sent again under the same id, it is not added again.
    id: Option<String>,
    /// Who speaks, as you name them, where that is an agent; the account or the widget's agent when absent.
    author: Option<String>,
}

/// Somebody writes, or has stopped to.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct TypingReport {
    /// Who.
    role: Speaker,
    /// Whether they write; they do when absent.
    typing: Option<bool>,
    /// The customer's words so far, not sent yet: suggestions then come for these.
    text: Option<String>,
}

problems!(ListProblems: UnknownDesk, InvalidParameter, InvalidCursor);
problems!(CreateProblems: InvalidJson, UnknownDesk, UnknownConversation, UnsupportedMediaType, BodyTooLarge, InvalidField);
problems!(MessageProblems: InvalidJson, UnknownDesk, UnknownConversation, ConversationClosed, UnsupportedMediaType, BodyTooLarge,
    InvalidField, InvalidParameter);
problems!(CloseProblems: UnknownDesk, UnknownConversation, InvalidParameter);

/// Lists conversations.
///
/// Live and archived ones, with the newest activity first. Of each the last message is shown, masked.
#[utoipa::path(get, path = "/v1/conversations", operation_id = "list_conversations", tag = "conversations", params(ConversationsQuery),
    responses((status = 200, description = "A page of conversations", body = Page<ConversationSummary>), ListProblems))]
pub(super) async fn list_conversations(
    State(gate): State<GateRef>,
    grant: Grant<ReadConversations>,
    Query(query): Query<ConversationsQuery>,
) -> Result<Json<Page<ConversationSummary>>, Problem> {
    let limit = checked_limit(query.limit)?;
    let after: Option<(i64, ConversationId)> = decode("conversations", query.cursor.as_deref())?;
    let after = after.map(|(micros, id)| (Timestamp::from_micros(micros), id));
    let (access, _) = gate.enter(&grant, &query.desk).await?;
    let filter = ConversationFilter {
        state: query.state,
        channel: query.channel,
        customer_id: query.customer,
        since: query.since,
        until: query.until,
    };
    let rows = gate.conversations(&access, &filter, after, limit + 1).await?;
    let key = |row: &Listed| (row.head.last_at.as_micros(), row.head.id);
    Ok(Json(Page::cut(rows, limit, "conversations", key, ConversationSummary::from)?))
}

/// Starts a conversation.
///
/// Where the desk knows one of the same `external_id`, that one goes on: a closed or imported conversation is live again, and what was not
/// known of it is filled in.
#[utoipa::path(post, path = "/v1/conversations", operation_id = "create_conversation", tag = "conversations",
    request_body(content = ConversationCreate, example = json!({
        "desk": "demo-shop", "external_id": "chat-4711", "channel": "webchat", "customer_id": "c-81", "customer": {"name": "王晓梅"}
    })),
    responses(
        (status = 201, description = "The conversation, new to the desk", body = ConversationSummary,
            headers(("Location" = String, description = "Its address"))),
        (status = 200, description = "The conversation that the desk knew already", body = ConversationSummary),
        CreateProblems,
    ))]
pub(super) async fn create_conversation(
    State(gate): State<GateRef>,
    grant: Grant<Converse>,
    Json(new): Json<ConversationCreate>,
) -> Result<(StatusCode, [(HeaderName, String); 1], Json<ConversationSummary>), Problem> {
    let (access, _) = gate.enter(&grant, &new.desk).await?;
    let ConversationCreate { external_id, channel, customer_id, customer, .. } = new;
    let (listed, is_new) = gate.start_conversation(&access, NewConversation { external_id, channel, customer_id, customer }).await?;
    let status = if is_new { StatusCode::CREATED } else { StatusCode::OK };
    let location = format!("/v1/conversations/{}?desk={}", listed.head.id, listed.head.desk.path_segment());
    Ok((status, [(header::LOCATION, location)], Json(listed.into())))
}

/// Adds a message to a live conversation.
///
/// It is kept like an imported one: encrypted, and masked wherever it is shown or used. Once an agent has answered, question and answer are
/// mined. Whoever watches the conversation is told.
#[utoipa::path(post, path = "/v1/conversations/{id}/messages", operation_id = "create_message", tag = "conversations",
    params(("id" = String, Path, description = "The conversation's id", format = Uuid), DeskQuery),
    request_body(content = MessageCreate, example = json!({"role": "customer", "text": "外套不合身，怎么退货？", "id": "m-1"})),
    responses(
        (status = 201, description = "The message, masked", body = ShownMessage),
        (status = 200, description = "The message of this id that was there already", body = ShownMessage),
        MessageProblems,
    ))]
pub(super) async fn create_message(
    State(gate): State<GateRef>,
    grant: Grant<Converse>,
    Path(id): Path<ConversationId>,
    Query(query): Query<DeskQuery>,
    Json(new): Json<MessageCreate>,
) -> Result<(StatusCode, Json<ShownMessage>), Problem> {
    let (access, _) = gate.enter(&grant, &query.desk).await?;
    let new = NewMessage { external_id: new.id, role: new.role.into(), text: new.text, author: new.author };
    let (message, is_new) = gate.add_message(&access, id, new).await?;
    Ok((if is_new { StatusCode::CREATED } else { StatusCode::OK }, Json(message)))
}

/// Tells that somebody writes.
///
/// Whoever watches the conversation is told that, not what. With the customer's unsent words, watchers get provisional suggestions for them; the
/// words are kept nowhere. Send the whole of them each time, as often as you like: only the latest count.
#[utoipa::path(post, path = "/v1/conversations/{id}/typing", operation_id = "report_typing", tag = "conversations",
    params(("id" = String, Path, description = "The conversation's id", format = Uuid), DeskQuery),
    request_body(content = TypingReport, example = json!({"role": "customer", "text": "外套不合身，怎么退"})),
    responses((status = 204, description = "Passed on"), MessageProblems))]
pub(super) async fn report_typing(
    State(gate): State<GateRef>,
    grant: Grant<Converse>,
    Path(id): Path<ConversationId>,
    Query(query): Query<DeskQuery>,
    Json(report): Json<TypingReport>,
) -> Result<StatusCode, Problem> {
    let (access, _) = gate.enter(&grant, &query.desk).await?;
    let typing = report.typing.unwrap_or(true);
    gate.report_typing(&access, id, report.role.into(), report.text.as_deref(), typing).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Closes a conversation.
///
/// It takes no more messages until it is started again, and becomes a part of the archive like an imported one. Closing it twice changes nothing.
#[utoipa::path(post, path = "/v1/conversations/{id}/close", operation_id = "close_conversation", tag = "conversations",
    params(("id" = String, Path, description = "The conversation's id", format = Uuid), DeskQuery),
    responses((status = 200, description = "The conversation", body = ConversationSummary), CloseProblems))]
pub(super) async fn close_conversation(
    State(gate): State<GateRef>,
    grant: Grant<Converse>,
    Path(id): Path<ConversationId>,
    Query(query): Query<DeskQuery>,
) -> Result<Json<ConversationSummary>, Problem> {
    let (access, _) = gate.enter(&grant, &query.desk).await?;
    Ok(Json(gate.close_conversation(&access, id).await?.into()))
}
