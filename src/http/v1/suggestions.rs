//! Suggestions and what became of them.

use axum::extract::{FromRequestParts, State};
use axum::http::StatusCode;
use axum::http::request::Parts;

use crate::auth::Grant;
use crate::auth::grant::permission::{GiveFeedback, Suggest};
use crate::domain::SuggestionId;
use crate::http::extract::{Json, Path};
use crate::http::gate::GateRef;
use crate::http::problem::{Problem, problems};
use crate::suggest::{FeedbackCreate, SuggestRequest, SuggestResponse};

/// A permission to suggest whose rate limit has been asked, before any body is read.
pub(super) struct Admitted(pub(super) Grant<Suggest>);

impl FromRequestParts<GateRef> for Admitted {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, gate: &GateRef) -> Result<Self, Problem> {
        let grant = Grant::<Suggest>::from_request_parts(parts, gate).await?;
        gate.admit_suggestion(grant.principal()).await?;
        Ok(Self(grant))
    }
}

problems!(SuggestProblems: InvalidJson, UnknownDesk, UnsupportedMediaType, BodyTooLarge, InvalidField, RateLimited, Overloaded, Unavailable);
problems!(FeedbackProblems: InvalidJson, UnknownSuggestion, UnsupportedMediaType, BodyTooLarge, InvalidField);

/// Suggests replies to the present moment of a conversation.
///
/// Send the conversation so far, oldest message first. The answer holds ranked replies with evidence, or none and the reason. Overload is
/// answered fast with 503 and `Retry-After`.
#[utoipa::path(post, path = "/v1/suggestions", operation_id = "create_suggestions", tag = "suggestions",
    request_body(content = SuggestRequest, example = json!({
        "desk": "demo-shop",
        "conversation": {"messages": [
            {"role": "customer", "text": "你好，我前天买的外套什么时候发货？"},
            {"role": "agent", "text": "您好，现货订单 48 小时内发出。"},
            {"role": "customer", "text": "那运费呢？"}
        ]},
        "limit": 3
    })),
    responses(
        (status = 200, description = "Ranked replies, or the reason for none", body = SuggestResponse),
        SuggestProblems,
    ))]
pub(super) async fn create_suggestions(
    State(gate): State<GateRef>,
    Admitted(grant): Admitted,
    Json(request): Json<SuggestRequest>,
) -> Result<Json<SuggestResponse>, Problem> {
    Ok(Json(gate.suggest(&grant, &request).await?))
}

/// Says what an agent did with a suggestion.
///
/// `{id}` names one suggestion, not the set. `rejected` needs a reason, `edited` the final text. The order of the next suggestions follows, and
/// their words where agents keep editing an answer the same way. Report `shown` for what was on the screen: without it, only use tells what
/// was seen. An answer reported `outdated` is withheld until somebody reviews it (`/v1/desks/{desk}/retired`).
#[utoipa::path(post, path = "/v1/suggestions/{id}/feedback", operation_id = "create_feedback", tag = "suggestions",
    params(("id" = String, Path, description = "The suggestion's id", format = Uuid)),
    request_body(content = FeedbackCreate, example = json!({"kind": "rejected", "reason": "outdated"})),
    responses((status = 204, description = "Kept"), FeedbackProblems))]
pub(super) async fn create_feedback(
    State(gate): State<GateRef>,
    grant: Grant<GiveFeedback>,
    Path(id): Path<SuggestionId>,
    Json(feedback): Json<FeedbackCreate>,
) -> Result<StatusCode, Problem> {
    gate.give_feedback(&grant, id, &feedback).await?;
    Ok(StatusCode::NO_CONTENT)
}
