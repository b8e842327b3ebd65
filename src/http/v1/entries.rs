//! Knowledge entries: read one by one, written in bulk (the life cycle follows with curation).

use std::collections::BTreeMap;

use axum::extract::State;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::auth::Grant;
use crate::auth::grant::permission::{ReadEntries, WriteEntries};
use crate::domain::{DeskId, Entry, EntryId, EntryStatus, Language, Timestamp};
use crate::http::extract::{Json, Path, Query};
use crate::http::gate::GateRef;
use crate::http::page::{Page, checked_limit, decode};
use crate::http::problem::{Problem, problems};

/// One knowledge entry.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = Entry)]
pub(super) struct EntryView {
    /// Its id.
    #[schema(value_type = String, format = Uuid)]
    id: EntryId,
    /// The desk it belongs to.
    desk: DeskId,
    /// The id in its file.
    external_id: String,
    /// Language of the answer.
    language: Language,
    /// Where it is in its life.
    status: EntryStatus,
    /// Tags.
    tags: Vec<String>,
    /// First moment at which it may be suggested.
    #[schema(value_type = Option<String>, format = DateTime)]
    valid_from: Option<Timestamp>,
    /// First moment at which it may no longer be suggested.
    #[schema(value_type = Option<String>, format = DateTime)]
    valid_to: Option<Timestamp>,
    /// Who keeps it.
    owner: Option<String>,
    /// Ways customers ask.
    questions: Vec<String>,
    /// The answer to send.
    answer: String,
    /// When it last changed.
    #[schema(value_type = String, format = DateTime)]
    updated_at: Timestamp,
}

impl From<Entry> for EntryView {
    fn from(entry: Entry) -> Self {
        Self {
            id: entry.id,
            desk: entry.desk,
            external_id: entry.external_id,
            language: entry.language,
            status: entry.status,
            tags: entry.tags,
            valid_from: entry.valid_from,
            valid_to: entry.valid_to,
            owner: entry.owner,
            questions: entry.questions,
            answer: entry.answer,
            updated_at: entry.updated_at,
        }
    }
}

/// Which entries.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct EntriesQuery {
    /// The desk.
    desk: DeskId,
    /// Items a page, 1 to 200; 50 when absent.
    limit: Option<u32>,
    /// `next_cursor` of the page before.
    cursor: Option<String>,
}

/// Of which desk.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct DeskQuery {
    /// The desk.
    pub(super) desk: DeskId,
}

/// Most entries of one request.
const MAX_ENTRIES: usize = 500;

/// One entry to write.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct EntryPut {
    /// The desk it belongs to.
    desk: DeskId,
    /// The id its keeper knows it by; an entry of the same desk and id is replaced.
    external_id: String,
    /// Language of the answer.
    language: Language,
    /// Where it is in its life.
    status: EntryStatus,
    /// Tags.
    #[serde(default)]
    tags: Vec<String>,
    /// First moment at which it may be suggested.
    #[schema(value_type = Option<String>, format = DateTime)]
    valid_from: Option<Timestamp>,
    /// First moment at which it may no longer be suggested.
    #[schema(value_type = Option<String>, format = DateTime)]
    valid_to: Option<Timestamp>,
    /// Who keeps it.
    owner: Option<String>,
    /// Ways customers ask; at least one.
    questions: Vec<String>,
    /// The answer to send.
    answer: String,
}

/// Entries to write.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct EntriesPut {
    /// The entries; at most 500.
    items: Vec<EntryPut>,
}

/// What writing did.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(super) struct EntriesWritten {
    /// Entries that were new or different.
    changed: u32,
}

impl EntryPut {
    fn checked(self, position: usize, now: Timestamp) -> Result<Entry, Problem> {
        let field = |name: &str, detail: &str| Problem::field(format!("/items/{position}/{name}"), detail.to_owned());
        if self.external_id.trim().is_empty() {
            return Err(field("external_id", "give the entry an id"));
        }
        if self.questions.iter().all(|question| question.trim().is_empty()) {
            return Err(field("questions", "list at least one way customers ask"));
        }
        if self.answer.trim().is_empty() {
            return Err(field("answer", "write the answer to send"));
        }
        Ok(Entry {
            id: EntryId::derive(&[self.desk.as_str(), &self.external_id]),
            desk: self.desk,
            external_id: self.external_id,
            language: self.language,
            status: self.status,
            tags: self.tags,
            valid_from: self.valid_from,
            valid_to: self.valid_to,
            owner: self.owner,
            questions: self.questions.into_iter().filter(|question| !question.trim().is_empty()).collect(),
            answer: self.answer,
            updated_at: now,
        })
    }
}

problems!(PutProblems: InvalidJson, UnknownDesk, UnsupportedMediaType, BodyTooLarge, InvalidField);
problems!(ListProblems: UnknownDesk, InvalidParameter, InvalidCursor);
problems!(EntryProblems: UnknownDesk, UnknownEntry, InvalidParameter);

/// Lists a desk's knowledge entries.
///
/// In order of id, in every state: drafts and retired entries too.
#[utoipa::path(get, path = "/v1/entries", operation_id = "list_entries", tag = "knowledge", params(EntriesQuery), responses(
    (status = 200, description = "A page of entries", body = Page<EntryView>),
    ListProblems,
))]
pub(super) async fn list_entries(
    State(gate): State<GateRef>,
    grant: Grant<ReadEntries>,
    Query(query): Query<EntriesQuery>,
) -> Result<Json<Page<EntryView>>, Problem> {
    let limit = checked_limit(query.limit)?;
    let after: Option<EntryId> = decode("entries", query.cursor.as_deref())?;
    let (access, _) = gate.enter(&grant, &query.desk).await?;
    let entries = gate.entries(&access, after, limit + 1).await?;
    Ok(Json(Page::cut(entries, limit, "entries", |entry| entry.id, EntryView::from)?))
}

/// Shows one knowledge entry.
///
/// With its question variants, its answer and how long it is valid.
#[utoipa::path(get, path = "/v1/entries/{id}", operation_id = "show_entry", tag = "knowledge",
    params(("id" = String, Path, description = "The entry's id", format = Uuid), DeskQuery),
    responses((status = 200, description = "The entry", body = EntryView), EntryProblems))]
pub(super) async fn show_entry(
    State(gate): State<GateRef>,
    grant: Grant<ReadEntries>,
    Path(id): Path<EntryId>,
    Query(query): Query<DeskQuery>,
) -> Result<Json<EntryView>, Problem> {
    let (access, _) = gate.enter(&grant, &query.desk).await?;
    Ok(Json(gate.entry(&access, id).await?.into()))
}

/// Writes knowledge entries.
///
/// Entries of the same desk and id are replaced, others left alone; published ones are suggested as soon as they are indexed (a moment
/// later). All or none of a desk's entries are written.
#[utoipa::path(put, path = "/v1/entries", operation_id = "put_entries", tag = "knowledge", request_body(content = EntriesPut, example = json!({
    "items": [{
        "desk": "demo-shop", "external_id": "return-window", "language": "zh", "status": "published", "tags": ["return"],
        "questions": ["几天内可以退货", "退货有时间限制吗"], "answer": "签收后 7 天内可以无理由退货，吊牌保留、未洗涤即可。"
    }]
})), responses(
    (status = 200, description = "How many entries were new or different", body = EntriesWritten),
    PutProblems,
))]
pub(super) async fn put_entries(
    State(gate): State<GateRef>,
    grant: Grant<WriteEntries>,
    Json(put): Json<EntriesPut>,
) -> Result<Json<EntriesWritten>, Problem> {
    if put.items.len() > MAX_ENTRIES {
        return Err(Problem::field("/items", format!("{} entries; send at most {MAX_ENTRIES} at a time", put.items.len())));
    }
    let now = gate.now();
    let mut by_desk: BTreeMap<DeskId, Vec<Entry>> = BTreeMap::new();
    for (position, item) in put.items.into_iter().enumerate() {
        let entry = item.checked(position, now)?;
        by_desk.entry(entry.desk.clone()).or_default().push(entry);
    }
    let mut changed = 0;
    for (desk, entries) in &by_desk {
        changed += gate.put_entries(&grant, desk, entries).await?;
    }
    Ok(Json(EntriesWritten { changed }))
}
