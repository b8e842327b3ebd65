//! A live conversation's events, as they happen.

use std::convert::Infallible;
use std::time::Duration;

use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::sse::{Event, KeepAlive, Sse};
use futures::stream::{self, Stream};
use serde::Deserialize;
use utoipa::IntoParams;

use crate::auth::Grant;
use crate::auth::grant::permission::Converse;
use crate::domain::{ConversationId, DeskId, Principal};
use crate::http::extract::{Path, Query};
use crate::http::gate::GateRef;
use crate::http::problem::{Problem, problems};
use crate::live::{ConversationEvent, WatchFrom, Watcher};

const KEEP_ALIVE: Duration = Duration::from_secs(15);
/// How often it is asked whether the caller's credential is still good.
const CREDENTIAL_CHECK: Duration = Duration::from_secs(15);
/// Tells where to go on; browsers send it by themselves.
const LAST_EVENT_ID: &str = "last-event-id";

/// What is to be watched.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct EventsQuery {
    /// The desk.
    desk: DeskId,
    /// Position of the first message wanted: those that are there already come first. With what happens from now on when absent, or when the
    /// header `Last-Event-ID` says where to go on.
    from: Option<u32>,
}

problems!(EventsProblems: UnknownDesk, UnknownConversation, InvalidParameter);

/// Watches a live conversation.
///
/// Server-sent events: `message` for every message that is added; `suggestions` for the customer's latest turn, empty with the reason where
/// there are none; `withdrawn` at once when a set no longer belongs to the latest turn; `failed` when none could be computed; `typing`; and `state`
/// at the beginning and when the conversation is closed or goes on. Suggestions are computed once, however many watch, and not at all while
/// nobody does. With the `Last-Event-ID` of an earlier stream, messages come without gap or repetition. The stream ends when the server stops or
/// the credential ends; a comment is sent every 15 seconds.
#[utoipa::path(get, path = "/v1/conversations/{id}/events", operation_id = "stream_conversation_events", tag = "conversations",
    params(
        ("id" = String, Path, description = "The conversation's id", format = Uuid),
        EventsQuery,
        ("Last-Event-ID" = Option<String>, Header, description = "Id of the last event read"),
    ),
    responses((status = 200, description = "Events", content_type = "text/event-stream", body = ConversationEvent), EventsProblems))]
pub(super) async fn stream_conversation_events(
    State(gate): State<GateRef>,
    grant: Grant<Converse>,
    Path(id): Path<ConversationId>,
    Query(query): Query<EventsQuery>,
    headers: HeaderMap,
) -> Result<Sse<impl Stream<Item = Result<Event, Infallible>>>, Problem> {
    let (access, _) = gate.enter(&grant, &query.desk).await?;
    let last_read = headers.get(LAST_EVENT_ID).and_then(|value| value.to_str().ok()?.parse().ok());
    let from = match (last_read, query.from) {
        (Some(event), _) => WatchFrom::After(event),
        (None, Some(position)) => WatchFrom::Message(position),
        (None, None) => WatchFrom::Now,
    };
    let watcher = gate.watch_conversation(&access, id, from).await?;
    let stream = ConversationWatch { watcher, principal: grant.principal().clone(), gate };
    Ok(Sse::new(stream::unfold(stream, ConversationWatch::step)).keep_alive(KeepAlive::new().interval(KEEP_ALIVE)))
}

/// One watcher's stream.
struct ConversationWatch {
    watcher: Watcher,
    principal: Principal,
    gate: GateRef,
}

impl ConversationWatch {
    async fn step(mut self) -> Option<(Result<Event, Infallible>, Self)> {
        let shutdown = self.gate.shutdown().clone();
        let mut check = tokio::time::interval_at(tokio::time::Instant::now() + CREDENTIAL_CHECK, CREDENTIAL_CHECK);
        let sent = loop {
            tokio::select! {
                () = shutdown.cancelled() => return None,
                _ = check.tick() => {
                    if !self.gate.still_stands(&self.principal).await {
                        return None;
                    }
                }
                sent = self.watcher.next() => break sent,
            }
        };
        let sent = match sent {
            Ok(sent) => sent,
            Err(error) => {
                tracing::warn!(
                    error = &error as &dyn std::error::Error,
                    "a stream of events ends early; its reader can go on with another"
                );
                return None;
            }
        };
        // A busy conversation must not outlast its credential: an ended one is seen at the next event.
        if self.principal.expires_at.is_some() && !self.gate.still_stands(&self.principal).await {
            return None;
        }
        let event = Event::default().id(sent.id.to_string()).event(sent.event.name()).json_data(&*sent.event).ok()?;
        Some((Ok(event), self))
    }
}
