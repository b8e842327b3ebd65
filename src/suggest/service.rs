//! What a caller of the product sees: checks, silence, rendering, records, feedback.

use std::sync::Arc;
use std::time::{Duration, Instant};

use futures::future::try_join_all;
use tracing::Instrument as _;

use super::explain::{Explaining, Explanation, Verdict, explain};
use super::group::{Answer, contradict};
use super::ranker::Ranker;
use super::ranking::{RankedGroup, Ranking, Scoring, find_words, rank_moment, wanted};
use super::render::{LiveValues, render, unfilled};
use super::request::{FeedbackCreate, LiveConversation, MAX_MESSAGE_CHARS, ModelView, QueryView, SuggestRequest, SuggestResponse, Timings};
use super::silence::{DeskProfiles, answers_small_talk, is_small_talk, silence};
use crate::domain::desk::{DEFAULT_REPLIES, MAX_REPLIES};
use crate::domain::{
    AbstainReason, Abstention, Clock, ControlId, ConversationId, DeskId, DeskSettings, Evidence, EvidenceKind, FeedbackEvent, FeedbackId,
    FeedbackKind, Flag, Pool, RetiredAnswer, Role, Suggestion, SuggestionId, SuggestionSetId, Timestamp,
};
use crate::embed::{EmbedError, Embedder, Lane};
use crate::index::{IndexError, IndexFilter, VectorIndex};
use crate::retrieve::{Adapters, QueryTerms, QueryText, RetrieveError, encode_queries};
use crate::store::{LiveValue, RecordedSet, RecordedSuggestion, Store, StoreError};
use crate::telemetry::metrics::{Stage, SuggestionMetrics, SuggestionOutcome};
use crate::text::language::detect;
use crate::text::mask::{mask, mask_conversation};
use crate::text::moment::{Line, Moment, clip};
use crate::text::normalise::{answer_key, clean};

/// Most messages of a live conversation.
const MAX_MESSAGES: usize = 500;
/// Evidence rows per suggestion.
const MAX_EVIDENCE: usize = 5;

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub enum SuggestError {
    /// The request can't be served as it is; the pointer names the field, the text says how to mend it.
    #[error("{detail}")]
    Invalid {
        /// JSON pointer into the request.
        pointer: String,
        /// What to do.
        detail: String,
    },
    /// There is no such desk.
    #[error("no desk `{0}`")]
    UnknownDesk(DeskId),
    /// There is no such suggestion (on a desk the caller may see).
    #[error("no suggestion {0}")]
    UnknownSuggestion(SuggestionId),
    /// There is no such control on this desk.
    #[error("no control {0}")]
    UnknownControl(ControlId),
    /// No answer of this id was ever reported outdated (on that desk).
    #[error("no such reported answer")]
    UnknownAnswer,
    /// No vector.
    #[error(transparent)]
    Embed(#[from] EmbedError),
    /// The index did not answer.
    #[error(transparent)]
    Index(#[from] IndexError),
    /// The store did not answer.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<RetrieveError> for SuggestError {
    fn from(error: RetrieveError) -> Self {
        match error {
            RetrieveError::Embed(error) => Self::Embed(error),
            RetrieveError::Index(error) => Self::Index(error),
        }
    }
}

impl SuggestError {
    /// How a request that ended so is counted.
    const fn outcome(&self) -> SuggestionOutcome {
        match self {
            Self::Embed(EmbedError::Overloaded) => SuggestionOutcome::Overloaded,
            Self::Invalid { .. } | Self::UnknownDesk(_) | Self::UnknownSuggestion(_) | Self::UnknownControl(_) | Self::UnknownAnswer => {
                SuggestionOutcome::Invalid
            }
            Self::Embed(EmbedError::Stopped | EmbedError::Model(_)) | Self::Index(_) | Self::Store(_) => SuggestionOutcome::Failed,
        }
    }
}

/// Suggests replies, takes feedback and what editors decide.
#[derive(Clone)]
pub struct Suggester {
    pub(super) store: Arc<dyn Store>,
    index: Arc<dyn VectorIndex>,
    embedder: Arc<dyn Embedder>,
    ranker: Arc<Ranker>,
    adapters: Arc<Adapters>,
    profiles: Arc<DeskProfiles>,
    pub(super) clock: Arc<dyn Clock>,
    metrics: SuggestionMetrics,
}

impl Suggester {
    /// Puts the use case together.
    #[must_use]
    pub fn new(
        store: Arc<dyn Store>,
        index: Arc<dyn VectorIndex>,
        embedder: Arc<dyn Embedder>,
        ranker: Arc<Ranker>,
        adapters: Arc<Adapters>,
        profiles: Arc<DeskProfiles>,
        clock: Arc<dyn Clock>,
    ) -> Self {
        Self { store, index, embedder, ranker, adapters, profiles, clock, metrics: SuggestionMetrics::default() }
    }

    /// The same use case, counted by `metrics`.
    #[must_use]
    pub fn with_metrics(self, metrics: SuggestionMetrics) -> Self {
        Self { metrics, ..self }
    }

    /// What requests are counted by.
    #[must_use]
    pub fn metrics(&self) -> &SuggestionMetrics {
        &self.metrics
    }

    /// The same use case with another ranker.
    #[must_use]
    pub fn with_ranker(self, ranker: Arc<Ranker>) -> Self {
        Self { ranker, ..self }
    }

    /// Answers one request and keeps the answer, so that feedback can name it. `actor` is the account or key that asks.
    ///
    /// # Cancel safety
    /// Dropping the future keeps no record; nothing else is changed.
    pub async fn suggest(&self, request: &SuggestRequest, actor: &str, lane: Lane) -> Result<SuggestResponse, SuggestError> {
        self.counted(self.answer_and_record(request, actor, lane)).await
    }

    /// Answers one request and keeps nothing of it: feedback can't name the answer.
    pub async fn suggest_unrecorded(&self, request: &SuggestRequest, lane: Lane) -> Result<SuggestResponse, SuggestError> {
        self.counted(async { Ok(self.answer(request, lane).await?.0) }).await
    }

    /// Counts a request by how it ends; one that is dropped counts as abandoned.
    async fn counted(&self, work: impl Future<Output = Result<SuggestResponse, SuggestError>>) -> Result<SuggestResponse, SuggestError> {
        let suggesting = self.metrics.begin();
        let result = work.instrument(tracing::info_span!("suggest")).await;
        suggesting.end(match &result {
            Ok(response) => SuggestionOutcome::of_answer(response.abstained.as_ref().map(|abstention| abstention.reason)),
            Err(error) => error.outcome(),
        });
        result
    }

    async fn answer_and_record(&self, request: &SuggestRequest, actor: &str, lane: Lane) -> Result<SuggestResponse, SuggestError> {
        let (mut response, records, live_values) = self.answer(request, lane).await?;
        let recording = Instant::now();
        let abstained = response.abstained.as_ref();
        let record = RecordedSet {
            id: response.id,
            conversation: request.conversation.id.clone(),
            query: response.query.text.clone(),
            abstained: abstained.and_then(|abstention| serde_json::to_value(abstention.reason).ok()?.as_str().map(str::to_owned)),
            suggestions: records,
            live_values,
            actor: actor.to_owned(),
            at: self.clock.now(),
        };
        self.store.record_set(&request.desk, &record).instrument(tracing::debug_span!("record")).await?;
        let recording = recording.elapsed();
        self.metrics.stage(Stage::Record, recording);
        response.timings_ms.total += milliseconds(recording);
        Ok(response)
    }

    /// An answer with what would be kept of its suggestions.
    async fn answer(
        &self,
        request: &SuggestRequest,
        lane: Lane,
    ) -> Result<(SuggestResponse, Vec<RecordedSuggestion>, Vec<LiveValue>), SuggestError> {
        let started = Instant::now();
        check(request)?;
        let desk = self.store.desk(&request.desk).await?.ok_or_else(|| SuggestError::UnknownDesk(request.desk.clone()))?;
        let limit = request.limit.or(desk.settings.limit).unwrap_or(DEFAULT_REPLIES);
        let finding = Instant::now();
        let span = tracing::debug_span!("moment");
        let masked = span.in_scope(|| masked_messages(&request.conversation));
        let lines: Vec<Line<'_>> = request
            .conversation
            .messages
            .iter()
            .zip(&masked)
            .enumerate()
            .map(|(position, (message, text))| Line { role: present_role(&request.conversation, position), text, at: message.at })
            .collect();
        let mut timings = Timings::default();
        let mut live_values = Vec::new();
        let mut explanation = None;
        let moment = span.in_scope(|| Moment::of(&lines));
        self.metrics.stage(Stage::Moment, finding.elapsed());
        let (query, suggestions, abstained) = match moment {
            None => {
                let detail = "the conversation holds no customer message to answer".to_owned();
                (
                    QueryView { text: String::new(), questions: Vec::new(), used_turns: Vec::new() },
                    Vec::new(),
                    Some(Abstention { reason: AbstainReason::MovedOn, detail }),
                )
            }
            Some(moment) => {
                let decided = self.decide(request, &desk.settings, &moment, limit, lane, &mut timings).await?;
                let Decided { groups, abstained, explanation: explained, rank_time } = decided;
                explanation = explained;
                let rendering = Instant::now();
                let live = LiveValues::of(&request.conversation);
                let suggestions = render_groups(groups, request, &moment, limit, &live);
                // Without suggestions there is nothing to edit, so nothing needs to be kept.
                if !suggestions.is_empty() {
                    live_values = live.personal(&request.conversation);
                }
                let rank_time = rank_time + rendering.elapsed();
                self.metrics.stage(Stage::Rank, rank_time);
                timings.rank = milliseconds(rank_time);
                (QueryView { text: moment.question, questions: moment.questions, used_turns: moment.used }, suggestions, abstained)
            }
        };
        let info = self.embedder.info();
        timings.total = milliseconds(started.elapsed());
        let (suggestions, records) = suggestions.into_iter().unzip();
        let response = SuggestResponse {
            id: SuggestionSetId::new(),
            suggestions,
            abstained,
            query,
            model: ModelView { name: info.name.clone(), fingerprint: info.fingerprint.clone() },
            timings_ms: timings,
            explanation,
        };
        Ok((response, records, live_values))
    }

    /// Everything that may answer by the settings and controls of a desk, ranked, before any threshold: what evaluation looks at.
    pub async fn rank(
        &self,
        request: &SuggestRequest,
        moment: &Moment,
        settings: &DeskSettings,
        lane: Lane,
    ) -> Result<(Ranking, Duration), SuggestError> {
        self.rank_by(self.ranker.as_ref(), request, moment, settings, lane).await
    }

    /// [`Self::rank`] with another way to find and score candidates.
    pub async fn rank_by(
        &self,
        scoring: &dyn Scoring,
        request: &SuggestRequest,
        moment: &Moment,
        settings: &DeskSettings,
        lane: Lane,
    ) -> Result<(Ranking, Duration), SuggestError> {
        let language = request.language.unwrap_or_else(|| detect(&moment.turn));
        let now = self.clock.now();
        let filter = IndexFilter {
            pools: if request.filters.pools.is_empty() { settings.pools.clone() } else { request.filters.pools.clone() },
            language: (!settings.cross_language).then_some(language),
            not_conversation: request.conversation.id.as_deref().map(|id| ConversationId::derive(&[request.desk.as_str(), id]).as_uuid()),
            any_tag: request.filters.tags.clone(),
            answered_from: request.filters.answered_from,
            valid_at: Some(now),
            ..IndexFilter::desk(request.desk.clone())
        };
        let embedding = Instant::now();
        let texts: Vec<(QueryText, QueryTerms)> = query_texts(moment)
            .into_iter()
            .map(|text| {
                let terms = QueryTerms::of(&text);
                (text, terms)
            })
            .collect();
        let adapter = self.adapters.of(&request.desk);
        let probes = scoring.probes();
        // Words are looked up while the encoder works.
        let encoded = async { Ok::<_, SuggestError>(encode_queries(self.embedder.as_ref(), adapter.as_deref(), &texts, lane).await?) };
        let words = try_join_all(texts.iter().map(|(_, terms)| find_words(self.index.as_ref(), &filter, terms, probes)));
        let both = async { futures::try_join!(encoded, words) };
        let (encoded, words) = both.instrument(tracing::debug_span!("embed")).await?;
        let embed_time = embedding.elapsed();
        let wanted = wanted(moment, language, now);
        let (store, index) = (self.store.as_ref(), self.index.as_ref());
        let queries: Vec<_> = encoded.into_iter().zip(words).collect();
        let mut ranking = rank_moment(store, index, scoring, &filter, &queries, moment, wanted).await?;
        let (nearest, (whole, _)) = (ranking.nearest_questions, &queries[0]);
        // A profile is of the whole desk: in a part of it the nearest questions are further away.
        let whole_desk = filter.pools.is_empty() && filter.any_tag.is_empty() && filter.answered_from.is_none();
        if whole_desk {
            ranking.strangeness =
                self.profiles.strangeness(&request.desk, language, nearest, &whole.plain_question, &whole.terms.question).await?;
        }
        Ok((ranking, embed_time))
    }

    /// Prepares the first suggestion of a desk, which otherwise takes longer than those behind it.
    ///
    /// # Errors
    /// When index or encoder do not answer.
    pub async fn prepare(&self, desk: &DeskId) -> Result<(), SuggestError> {
        self.profiles.prepare(desk).await
    }

    /// The ranker in use.
    #[must_use]
    pub fn ranker(&self) -> &Ranker {
        &self.ranker
    }

    /// Probability below which nothing is shown on a desk.
    #[must_use]
    pub fn threshold(&self, settings: &DeskSettings) -> f64 {
        settings.threshold.unwrap_or_else(|| self.ranker.threshold_for(settings.precision))
    }

    async fn decide(
        &self,
        request: &SuggestRequest,
        settings: &DeskSettings,
        moment: &Moment,
        limit: u32,
        lane: Lane,
        timings: &mut Timings,
    ) -> Result<Decided, SuggestError> {
        let explaining = Explaining(self.ranker.as_ref());
        let scoring: &dyn Scoring = if request.explain { &explaining } else { self.ranker.as_ref() };
        let (ranking, embed_time) = self.rank_by(scoring, request, moment, settings, lane).await?;
        self.metrics.stage(Stage::Embed, embed_time);
        self.metrics.stage(Stage::Search, ranking.search_time);
        timings.embed = milliseconds(embed_time);
        timings.search = milliseconds(ranking.search_time);
        let rank_time = ranking.rank_time;
        let threshold = self.threshold(settings);
        let abstained = self.silence(moment, &ranking, threshold);
        let verdict = Verdict { threshold, abstained: abstained.as_ref(), limit };
        let explanation = request.explain.then(|| explain(request, moment, &ranking, self.ranker.as_ref(), &verdict));
        let mut groups = if abstained.is_some() { Vec::new() } else { shown(ranking.groups, threshold) };
        if is_small_talk(moment) {
            groups.retain(|group| answers_small_talk(group.representative()));
        }
        Ok(Decided { groups, abstained, explanation, rank_time })
    }

    /// The reason to show nothing, if there is one.
    #[must_use]
    pub fn silence(&self, moment: &Moment, ranking: &Ranking, threshold: f64) -> Option<Abstention> {
        silence(moment, ranking, threshold, self.ranker.weights().out_of_domain_cosine)
    }

    /// How sure it is that the best reply should be shown: what silence is decided by, as one number (0–1).
    #[must_use]
    pub fn confidence(&self, ranking: &Ranking) -> f64 {
        let familiar = ranking.strangeness.map_or(1.0, |strangeness| strangeness.share);
        ranking.groups.first().map_or(0.0, |group| group.probability) * familiar
    }

    /// The desk a suggestion was made for, to check access before [`Self::give_feedback`].
    pub async fn desk_of_suggestion(&self, id: SuggestionId) -> Result<DeskId, SuggestError> {
        let found = self.store.recorded_suggestion(id).await?;
        found.map(|(desk, _)| desk).ok_or(SuggestError::UnknownSuggestion(id))
    }

    /// Keeps what an agent did; it changes the order, and perhaps the words, of the next suggestions. The text of an edit is kept without
    /// what belongs to this customer.
    pub async fn give_feedback(&self, desk: &DeskId, id: SuggestionId, feedback: &FeedbackCreate, actor: &str) -> Result<(), SuggestError> {
        check_feedback(feedback)?;
        let found = self.store.recorded_suggestion(id).await?;
        let suggestion = found.filter(|(of, _)| of == desk).map(|(_, suggestion)| suggestion).ok_or(SuggestError::UnknownSuggestion(id))?;
        let final_text = match &feedback.final_text {
            Some(text) => Some(unfilled(text, &self.store.live_values(desk, id).await?)),
            None => None,
        };
        let wording = match (&final_text, feedback.kind) {
            (_, FeedbackKind::Shown) => None,
            (Some(text), _) => Some(answer_key(text)).filter(|key| *key != suggestion.answer_key),
            (None, _) => suggestion.wording,
        };
        let event = FeedbackEvent {
            id: FeedbackId::new(),
            suggestion: id,
            kind: feedback.kind,
            reason: feedback.reason,
            final_text,
            wording,
            actor: actor.to_owned(),
            at: self.clock.now(),
        };
        match self.store.add_feedback(desk, &event).await {
            Err(StoreError::NotFound(_)) => Err(SuggestError::UnknownSuggestion(id)),
            Err(error) => Err(error.into()),
            Ok(()) => {
                self.metrics.feedback(feedback.kind);
                Ok(())
            }
        }
    }

    /// Answers withheld as outdated, latest report first, behind `after` (time of the report and id of the last one seen).
    pub async fn retired_answers(
        &self,
        desk: &DeskId,
        after: Option<(Timestamp, String)>,
        limit: u32,
    ) -> Result<Vec<RetiredAnswer>, SuggestError> {
        Ok(self.store.retired_answers(desk, after, limit).await?)
    }

    /// Reviews an answer that was reported outdated: it is suggested again, or stays withheld for good.
    pub async fn review_retired(&self, desk: &DeskId, id: &str, restore: bool, reviewer: &str) -> Result<RetiredAnswer, SuggestError> {
        match self.store.review_retired(desk, id, restore, reviewer, self.clock.now()).await {
            Err(StoreError::NotFound(_)) => Err(SuggestError::UnknownAnswer),
            other => Ok(other?),
        }
    }
}

/// What is shown of a ranking, before it is rendered.
struct Decided {
    groups: Vec<RankedGroup>,
    abstained: Option<Abstention>,
    explanation: Option<Explanation>,
    /// Spent on ranking so far.
    rank_time: Duration,
}

/// What the index is asked at a moment: the whole of it and, where the customer asks several things at once, each of them.
fn query_texts(moment: &Moment) -> Vec<QueryText> {
    let whole = QueryText::of(moment);
    let single = moment.questions.iter().map(|question| QueryText { question: question.clone(), turn: question.clone(), ..whole.clone() });
    std::iter::once(whole.clone()).chain(single).collect()
}

/// What is likely enough, pinned answers first and otherwise in the order of the ranking.
fn shown(groups: Vec<RankedGroup>, threshold: f64) -> Vec<RankedGroup> {
    let mut shown: Vec<RankedGroup> = groups.into_iter().filter(|group| group.clears(threshold)).collect();
    shown.sort_by_key(|group| !group.pinned);
    shown
}

/// What is shown of ranked groups, with the records that feedback will name.
fn render_groups(
    groups: Vec<RankedGroup>,
    request: &SuggestRequest,
    moment: &Moment,
    limit: u32,
    live: &LiveValues,
) -> Vec<(Suggestion, RecordedSuggestion)> {
    let language = request.language.unwrap_or_else(|| detect(&moment.turn));
    let shown: Vec<RankedGroup> = groups.into_iter().take(limit as usize).collect();
    let answers: Vec<Answer<'_>> = shown.iter().map(RankedGroup::answer).collect();
    let conflicts = |at: usize| (0..answers.len()).any(|other| other != at && contradict(&answers[at], &answers[other]));
    let conflicting: Vec<bool> = (0..answers.len()).map(conflicts).collect();
    shown
        .iter()
        .zip(conflicting)
        .zip(1..)
        .map(|((group, conflicting), rank)| {
            let best = group.representative();
            let (text, slots) = render(group.text(), live);
            let mut flags = Vec::new();
            if slots.iter().any(|slot| !slot.filled) {
                flags.push(Flag::OpenSlot);
            }
            if conflicting {
                flags.push(Flag::Conflicting);
            }
            // An edit may be written in another language than the original.
            let written_in = group.wording.as_ref().map_or(best.candidate.payload.language, |wording| detect(&wording.text));
            if written_in != language {
                flags.push(Flag::OtherLanguage);
            }
            if best.source.outcome.corrected {
                flags.push(Flag::Outdated);
            }
            if group.pinned {
                flags.push(Flag::Pinned);
            }
            if group.wording.is_some() {
                flags.push(Flag::EditedWording);
            }
            let id = SuggestionId::new();
            let record = group.record(id, rank);
            let suggestion = Suggestion {
                id,
                rank,
                text,
                score: group.probability,
                pool: best.candidate.payload.pool,
                language: written_in,
                support: group.members.len() as u32,
                evidence: evidence(group),
                slots,
                flags,
            };
            (suggestion, record)
        })
        .collect()
}

/// The live conversation's texts, cleaned and masked.
#[must_use]
pub(crate) fn masked_messages(conversation: &LiveConversation) -> Vec<String> {
    let known: Vec<String> = conversation.customer.values().cloned().collect();
    let texts: Vec<String> = conversation.messages.iter().map(|message| clean(&clip(&message.text, MAX_MESSAGE_CHARS))).collect();
    mask_conversation(&texts, &known)
}

/// Who says a message as far as the moment is concerned: one that a later message of the same id replaces is history, like a notice.
fn present_role(conversation: &LiveConversation, position: usize) -> Role {
    let message = &conversation.messages[position];
    let replaced = message.id.is_some() && conversation.messages[position + 1..].iter().any(|later| later.id == message.id);
    if replaced { Role::System } else { message.role }
}

fn evidence(group: &RankedGroup) -> Vec<Evidence> {
    let rows = group.members.iter().take(MAX_EVIDENCE).map(|member| {
        let payload = &member.candidate.payload;
        let (kind, id, pair_id) = match (payload.pool, payload.conversation) {
            (Pool::Archive, Some(conversation)) => (EvidenceKind::Conversation, conversation, Some(payload.source.to_string())),
            (Pool::Archive, None) | (Pool::Knowledge, _) => (EvidenceKind::Entry, payload.source, None),
        };
        Evidence {
            kind,
            id: id.to_string(),
            pair_id,
            // Once more, as in `render`: masking may have become stricter since this was mined.
            question: mask(&member.source.question, &[]).text,
            answered_at: payload.answered_at,
            answered_by: member.source.answered_by.clone(),
        }
    });
    rows.collect()
}

fn check(request: &SuggestRequest) -> Result<(), SuggestError> {
    let invalid = |pointer: &str, detail: String| Err(SuggestError::Invalid { pointer: pointer.to_owned(), detail });
    if let Some(limit) = request.limit
        && !(1..=MAX_REPLIES).contains(&limit)
    {
        return invalid("/limit", format!("limit is {limit}; ask for 1 to {MAX_REPLIES} suggestions"));
    }
    let count = request.conversation.messages.len();
    if count == 0 {
        return invalid("/conversation/messages", "the conversation is empty; send at least one message".to_owned());
    }
    if count > MAX_MESSAGES {
        return invalid("/conversation/messages", format!("the conversation has {count} messages; send the last {MAX_MESSAGES} at most"));
    }
    Ok(())
}

fn check_feedback(feedback: &FeedbackCreate) -> Result<(), SuggestError> {
    let invalid = |pointer: &str, detail: &str| Err(SuggestError::Invalid { pointer: pointer.to_owned(), detail: detail.to_owned() });
    match feedback.kind {
        FeedbackKind::Rejected if feedback.reason.is_none() => invalid("/reason", "say why: wrong, incomplete, outdated, tone or other"),
        FeedbackKind::Edited if feedback.final_text.as_deref().is_none_or(|text| text.trim().is_empty()) => {
            invalid("/final_text", "an edit needs the text that was finally used")
        }
        FeedbackKind::Shown | FeedbackKind::Accepted | FeedbackKind::Edited | FeedbackKind::Sent if feedback.reason.is_some() => {
            invalid("/reason", "a reason belongs to `rejected` only")
        }
        FeedbackKind::Shown | FeedbackKind::Accepted | FeedbackKind::Rejected if feedback.final_text.is_some() => {
            invalid("/final_text", "a final text belongs to `edited` or `sent` only")
        }
        FeedbackKind::Shown | FeedbackKind::Accepted | FeedbackKind::Edited | FeedbackKind::Rejected | FeedbackKind::Sent => Ok(()),
    }
}

fn milliseconds(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1000.0
}
