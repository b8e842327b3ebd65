//! Short-lived tokens for widgets in other pages: made by a host's server with its key, used by one agent's browser.

use axum::extract::State;
use axum::http::{HeaderName, StatusCode, header};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::auth::grant::permission::MakeWidgetTokens;
use crate::auth::{DEFAULT_WIDGET_TOKEN_SECONDS, Grant};
use crate::domain::{DeskId, Timestamp};
use crate::http::extract::Json;
use crate::http::gate::GateRef;
use crate::http::problem::{Problem, problems};

/// A token to be made.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct WidgetTokenCreate {
    /// The only desk it opens.
    desk: DeskId,
    /// The agent's name or id at the host, for records: 1 to 64 characters.
    agent: String,
    /// External id of the only conversation it opens; every one of the desk when absent.
    conversation: Option<String>,
    /// Seconds until it ends: 60 to 43200 (12 hours), 3600 when absent.
    ttl_seconds: Option<i64>,
}

/// A new token.
#[derive(Serialize, ToSchema)]
pub(super) struct WidgetTokenCreated {
    /// The token, to be sent as `Authorization: Bearer …`. It is shown here only.
    #[schema(example = "rw_…")]
    token: String,
    /// The only desk it opens.
    desk: DeskId,
    /// The agent it is for.
    agent: String,
    /// External id of the only conversation it opens.
    conversation: Option<String>,
    /// When it ends.
    #[schema(value_type = String, format = DateTime)]
    expires_at: Timestamp,
}

problems!(WidgetTokenProblems: InvalidJson, UnknownDesk, UnsupportedMediaType, BodyTooLarge, InvalidField);

/// Makes a token for a widget.
///
/// Only with an API key, from the host's server: the token is what a browser may have instead of it. It opens suggestions, feedback and live
/// conversations of one desk, or of one conversation, and nothing else. It ends by itself, and with the key.
#[utoipa::path(post, path = "/v1/widget-tokens", operation_id = "create_widget_token", tag = "access",
    request_body(content = WidgetTokenCreate, example = json!({"desk": "demo-shop", "agent": "li.na", "ttl_seconds": 3600})),
    responses((status = 201, description = "The token", body = WidgetTokenCreated), WidgetTokenProblems))]
pub(super) async fn create_widget_token(
    State(gate): State<GateRef>,
    grant: Grant<MakeWidgetTokens>,
    Json(new): Json<WidgetTokenCreate>,
) -> Result<(StatusCode, [(HeaderName, &'static str); 1], Json<WidgetTokenCreated>), Problem> {
    let (access, _) = gate.enter(&grant, &new.desk).await?;
    let seconds = new.ttl_seconds.unwrap_or(DEFAULT_WIDGET_TOKEN_SECONDS);
    let (made, token) = gate.add_widget_token(&access, &new.agent, new.conversation, seconds).await?;
    let created =
        WidgetTokenCreated { token, desk: made.desk, agent: made.agent, conversation: made.conversation, expires_at: made.expires_at };
    Ok((StatusCode::CREATED, [(header::CACHE_CONTROL, "no-store")], Json(created)))
}
