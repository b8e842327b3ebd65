//! Answers for a bot: the same knowledge, ranking and silence as for agents, without the archive.

use axum::extract::State;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::suggestions::Admitted;
use crate::domain::{
    Abstention, DeskId, EntryId, Evidence, EvidenceKind, Flag, Language, Role, Slot, Suggestion, SuggestionId, SuggestionSetId,
};
use crate::http::extract::Json;
use crate::http::gate::GateRef;
use crate::http::problem::{Problem, problems};
use crate::suggest::request::{LiveConversation, LiveMessage, ModelView, SuggestFilters, Timings};
use crate::suggest::{SuggestRequest, SuggestResponse};

/// A question to the knowledge base.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct AnswersAsk {
    /// The desk.
    desk: DeskId,
    /// What the customer asks.
    #[schema(example = "退货要自己付运费吗")]
    question: String,
    /// Language of the answers; the question's own when absent.
    language: Option<Language>,
    /// Answers wanted, 1 to 20; as many as the desk's settings say when absent.
    limit: Option<u32>,
}

/// One answer.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(super) struct AnswerView {
    /// Names it in feedback (`POST /v1/suggestions/{id}/feedback`).
    #[schema(value_type = String, format = Uuid)]
    id: SuggestionId,
    /// The entry it is from.
    #[schema(value_type = String, format = Uuid)]
    entry: Option<EntryId>,
    /// The words to send.
    text: String,
    /// Probability that it answers the question (0–1).
    score: f64,
    /// Language of the text.
    language: Language,
    /// The entries that say so, with the question that matched, best match first.
    evidence: Vec<Evidence>,
    /// Placeholders in the text that the bot has to fill.
    slots: Vec<Slot>,
    /// What to check before sending.
    flags: Vec<Flag>,
}

/// Answers, or the reason for none.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(super) struct AnswersView {
    /// Names the set.
    #[schema(value_type = String, format = Uuid)]
    id: SuggestionSetId,
    /// Best first; empty exactly when `abstained` is set.
    answers: Vec<AnswerView>,
    /// Why there are none: hand over to a person, or ask again.
    abstained: Option<Abstention>,
    /// The encoder used.
    model: ModelView,
    /// Where the time went.
    timings_ms: Timings,
}

impl From<Suggestion> for AnswerView {
    fn from(suggestion: Suggestion) -> Self {
        let entry = suggestion.evidence.iter().find(|evidence| evidence.kind == EvidenceKind::Entry);
        Self {
            id: suggestion.id,
            entry: entry.and_then(|evidence| evidence.id.parse().ok()),
            text: suggestion.text,
            score: suggestion.score,
            language: suggestion.language,
            evidence: suggestion.evidence,
            slots: suggestion.slots,
            flags: suggestion.flags,
        }
    }
}

impl From<SuggestResponse> for AnswersView {
    fn from(response: SuggestResponse) -> Self {
        Self {
            id: response.id,
            answers: response.suggestions.into_iter().map(AnswerView::from).collect(),
            abstained: response.abstained,
            model: response.model,
            timings_ms: response.timings_ms,
        }
    }
}

problems!(AnswersProblems: InvalidJson, UnknownDesk, UnsupportedMediaType, BodyTooLarge, InvalidField, RateLimited, Overloaded, Unavailable);

/// Answers a question from the knowledge base.
///
/// For a bot: published and valid entries only, never the archive; ranked, scored and withheld by the same rules as suggestions for agents. Where
/// nothing is sure enough there is no answer, but the reason.
#[utoipa::path(post, path = "/v1/answers", operation_id = "create_answers", tag = "knowledge",
    request_body(content = AnswersAsk, example = json!({"desk": "demo-shop", "question": "退货要自己付运费吗", "limit": 1})),
    responses((status = 200, description = "Answers, or the reason for none", body = AnswersView), AnswersProblems))]
pub(super) async fn create_answers(
    State(gate): State<GateRef>,
    Admitted(grant): Admitted,
    Json(ask): Json<AnswersAsk>,
) -> Result<Json<AnswersView>, Problem> {
    if ask.question.trim().is_empty() {
        return Err(Problem::field("/question", "ask something"));
    }
    let message = LiveMessage { role: Role::Customer, text: ask.question, at: None, id: None };
    let request = SuggestRequest {
        desk: ask.desk,
        conversation: LiveConversation { messages: vec![message], ..LiveConversation::default() },
        limit: ask.limit,
        language: ask.language,
        filters: SuggestFilters::default(),
        explain: false,
    };
    Ok(Json(gate.answer(&grant, request).await?.into()))
}
