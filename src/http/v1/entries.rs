//! Knowledge entries: listed, written one by one and in bulk, asked for near-duplicates.

use std::collections::BTreeMap;

use axum::extract::State;
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::auth::Grant;
use crate::auth::grant::permission::{ReadEntries, WriteEntries};
use crate::domain::{DeskId, Entry, EntryContent, EntryDraft, EntryFilter, EntryId, EntryStatus, Language, Provenance, Timestamp};
use crate::http::etag::{IfMatch, etag};
use crate::http::extract::{Json, Path, Query};
use crate::http::gate::{GateRef, Written};
use crate::http::page::{Page, checked_limit, decode};
use crate::http::problem::{Problem, problems};
use crate::knowledge::content::checked;
use crate::knowledge::{EntryCreate, EntryPatch, NearDuplicate, OnDuplicate};

/// One knowledge entry.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = Entry)]
pub(super) struct EntryView {
    /// Its id.
    #[schema(value_type = String, format = Uuid)]
    id: EntryId,
    /// The desk it belongs to.
    desk: DeskId,
    /// The id its keeper knows it by.
    external_id: String,
    /// What its editors own.
    #[serde(flatten)]
    content: EntryContent,
    /// Number of its present version, from 1; also its `ETag`.
    version: u64,
    /// Who made it.
    created_by: String,
    /// When it was made.
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
    /// Who wrote the present version.
    updated_by: String,
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
            content: entry.content,
            version: entry.version,
            created_by: entry.created_by,
            created_at: entry.created_at,
            updated_by: entry.updated_by,
            updated_at: entry.updated_at,
        }
    }
}

/// An entry as a change has left it.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(super) struct EntryChanged {
    /// The entry.
    #[serde(flatten)]
    entry: EntryView,
    /// Whether the change is in the search index already; otherwise it follows.
    indexed: bool,
}

/// A new entry.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(super) struct EntryCreated {
    /// The entry.
    #[serde(flatten)]
    entry: EntryView,
    /// Whether it is in the search index already; otherwise it follows.
    indexed: bool,
    /// Other entries that ask the same, most alike first.
    near_duplicates: Vec<NearDuplicate>,
}

impl EntryCreated {
    pub(super) fn of(Written { entry, indexed }: Written, near_duplicates: Vec<NearDuplicate>) -> Self {
        Self { entry: entry.into(), indexed, near_duplicates }
    }
}

pub(super) type Tagged<T> = ([(HeaderName, HeaderValue); 1], Json<T>);

/// The answer to a change: the entry with its new tag.
pub(super) fn changed(Written { entry, indexed }: Written) -> Tagged<EntryChanged> {
    (etag(entry.version), Json(EntryChanged { entry: entry.into(), indexed }))
}

/// Which entries; all conditions must hold.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct EntriesQuery {
    /// The desk.
    desk: DeskId,
    /// In this state only.
    status: Option<EntryStatus>,
    /// In this language only.
    language: Option<Language>,
    /// With this tag only.
    tag: Option<String>,
    /// Kept by this owner only.
    owner: Option<String>,
    /// Whose questions, answer or external id hold these words only.
    q: Option<String>,
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

/// How an entry is made.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct CreateQuery {
    /// What to do when entries ask the same: `list` them with the new entry (the default), or `refuse` with 409.
    #[serde(default)]
    #[param(inline)]
    on_duplicate: OnDuplicate,
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
    /// What it was made from.
    #[serde(default)]
    provenance: Provenance,
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
    /// Whether they are in the search index already; otherwise they follow.
    indexed: bool,
}

/// What an editor is about to write.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct DuplicatesAsk {
    /// The desk.
    desk: DeskId,
    /// Ways customers ask; at most 50.
    questions: Vec<String>,
    /// The answer, to tell entries that answer the same.
    #[serde(default)]
    answer: String,
    /// The entry being edited, which is not its own duplicate.
    #[schema(value_type = Option<String>, format = Uuid)]
    except: Option<EntryId>,
}

/// Entries that ask the same.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(super) struct DuplicatesFound {
    /// Most alike first; at most ten.
    items: Vec<NearDuplicate>,
}

/// Most questions that are compared at once.
const MAX_ASKED: usize = 50;

impl EntryPut {
    fn checked(self, position: usize) -> Result<EntryDraft, Problem> {
        let content = EntryContent {
            language: self.language,
            status: self.status,
            tags: self.tags,
            valid_from: self.valid_from,
            valid_to: self.valid_to,
            owner: self.owner,
            questions: self.questions,
            answer: self.answer,
            provenance: self.provenance,
        };
        checked(EntryDraft { desk: self.desk, external_id: self.external_id, content }).map_err(|fault| {
            let name = if fault.field == "id" { "external_id" } else { fault.field };
            Problem::field(format!("/items/{position}/{name}"), format!("{}: {}", fault.reason, fault.remedy))
        })
    }
}

problems!(PutProblems: InvalidJson, UnknownDesk, UnsupportedMediaType, BodyTooLarge, InvalidField);
problems!(ListProblems: UnknownDesk, InvalidParameter, InvalidCursor);
problems!(EntryProblems: UnknownDesk, UnknownEntry, InvalidParameter);
problems!(CreateProblems: InvalidJson, UnknownDesk, EntryExists, NearDuplicate, UnsupportedMediaType, BodyTooLarge, InvalidField, InvalidParameter, Overloaded);
problems!(ChangeProblems: InvalidJson, UnknownDesk, UnknownEntry, VersionMismatch, IfMatchRequired, UnsupportedMediaType, BodyTooLarge, InvalidField, InvalidParameter);
problems!(DuplicatesProblems: InvalidJson, UnknownDesk, UnsupportedMediaType, BodyTooLarge, InvalidField, Overloaded);

/// Lists a desk's knowledge entries.
///
/// In order of id, in every state unless one is asked for: drafts and retired entries too.
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
    let filter = EntryFilter { status: query.status, language: query.language, tag: query.tag, owner: query.owner, words: query.q };
    let entries = gate.entries(&access, &filter, after, limit + 1).await?;
    Ok(Json(Page::cut(entries, limit, "entries", |entry| entry.id, EntryView::from)?))
}

/// Shows one knowledge entry.
///
/// With its question variants, its answer and how long it is valid. `ETag` names its version, to be sent as `If-Match` with a change.
#[utoipa::path(get, path = "/v1/entries/{id}", operation_id = "show_entry", tag = "knowledge",
    params(("id" = String, Path, description = "The entry's id", format = Uuid), DeskQuery),
    responses(
        (status = 200, description = "The entry", body = EntryView, headers(("ETag" = String, description = "Its version"))),
        EntryProblems,
    ))]
pub(super) async fn show_entry(
    State(gate): State<GateRef>,
    grant: Grant<ReadEntries>,
    Path(id): Path<EntryId>,
    Query(query): Query<DeskQuery>,
) -> Result<Tagged<EntryView>, Problem> {
    let (access, _) = gate.enter(&grant, &query.desk).await?;
    let entry = gate.entry(&access, id).await?;
    Ok((etag(entry.version), Json(entry.into())))
}

/// Makes a knowledge entry.
///
/// A draft unless `status` says otherwise; a published one is suggested from the moment of the answer on (`indexed`). Entries that ask the same
/// are named in the answer, or, with `on_duplicate=refuse`, make it a 409.
#[utoipa::path(post, path = "/v1/entries", operation_id = "create_entry", tag = "knowledge", params(CreateQuery),
    request_body(content = EntryCreate, example = json!({
        "desk": "demo-shop", "status": "published", "tags": ["return"], "owner": "kb@qimu.example",
        "questions": ["几天内可以退货", "退货有时间限制吗"], "answer": "签收后 7 天内可以无理由退货，吊牌保留、未洗涤即可。",
        "note": "asked every day since the sale"
    })),
    responses(
        (status = 201, description = "The entry", body = EntryCreated, headers(
            ("Location" = String, description = "Where the entry is"), ("ETag" = String, description = "Its version"))),
        CreateProblems,
    ))]
pub(super) async fn create_entry(
    State(gate): State<GateRef>,
    grant: Grant<WriteEntries>,
    Query(query): Query<CreateQuery>,
    Json(new): Json<EntryCreate>,
) -> Result<(StatusCode, [(HeaderName, HeaderValue); 1], Tagged<EntryCreated>), Problem> {
    let (access, _) = gate.enter(&grant, &new.desk).await?;
    let (written, near_duplicates) = gate.create_entry(&access, new, query.on_duplicate).await?;
    let location = format!("/v1/entries/{}?desk={}", written.entry.id, written.entry.desk.path_segment());
    let location = HeaderValue::try_from(location).map_err(Problem::internal)?;
    let tag = etag(written.entry.version);
    Ok((StatusCode::CREATED, [(header::LOCATION, location)], (tag, Json(EntryCreated::of(written, near_duplicates)))))
}

/// Changes a knowledge entry.
///
/// `If-Match` names the version the change is made to (the entry's `ETag`): somebody else's change is never overwritten unseen. What is absent
/// stays; a change makes a new version. `status` publishes and retires: the entry is suggested, or no longer suggested, from the moment of
/// the answer on (`indexed`).
#[utoipa::path(patch, path = "/v1/entries/{id}", operation_id = "update_entry", tag = "knowledge",
    params(
        ("id" = String, Path, description = "The entry's id", format = Uuid), DeskQuery,
        ("If-Match" = String, Header, description = "The version it is made to, as `ETag` named it", example = "\"7\""),
    ),
    request_body(content = EntryPatch, example = json!({"status": "published", "note": "approved by the return desk"})),
    responses(
        (status = 200, description = "The entry as it now is", body = EntryChanged, headers(("ETag" = String, description = "Its version"))),
        ChangeProblems,
    ))]
pub(super) async fn update_entry(
    State(gate): State<GateRef>,
    grant: Grant<WriteEntries>,
    Path(id): Path<EntryId>,
    Query(query): Query<DeskQuery>,
    IfMatch(version): IfMatch,
    Json(patch): Json<EntryPatch>,
) -> Result<Tagged<EntryChanged>, Problem> {
    let (access, _) = gate.enter(&grant, &query.desk).await?;
    Ok(changed(gate.change_entry(&access, id, version, patch).await?))
}

/// Writes knowledge entries.
///
/// Entries of the same desk and id are replaced, whatever their version, others left alone; what was there stays in their versions. Published ones
/// are suggested as soon as they are indexed. All or none of a desk's entries are written.
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
    let mut by_desk: BTreeMap<DeskId, Vec<EntryDraft>> = BTreeMap::new();
    for (position, item) in put.items.into_iter().enumerate() {
        let draft = item.checked(position)?;
        by_desk.entry(draft.desk.clone()).or_default().push(draft);
    }
    let mut changed = Vec::new();
    for (desk, drafts) in &by_desk {
        changed.extend(gate.put_entries(&grant, desk, drafts).await?);
    }
    let indexed = gate.entries_indexed(&grant, &changed).await?;
    Ok(Json(EntriesWritten { changed: changed.len() as u32, indexed }))
}

/// Looks for entries that ask the same.
///
/// For an editor before writing: drafts and published entries in the answer's language (the questions', without an answer) whose questions mean
/// the same, by vector. Nothing is kept.
#[utoipa::path(post, path = "/v1/entries/duplicates", operation_id = "find_duplicate_entries", tag = "knowledge",
    request_body(content = DuplicatesAsk, example = json!({"desk": "demo-shop", "questions": ["退货期限是几天"]})),
    responses((status = 200, description = "Entries that ask the same", body = DuplicatesFound), DuplicatesProblems))]
pub(super) async fn find_duplicate_entries(
    State(gate): State<GateRef>,
    grant: Grant<ReadEntries>,
    Json(ask): Json<DuplicatesAsk>,
) -> Result<Json<DuplicatesFound>, Problem> {
    if ask.questions.len() > MAX_ASKED || ask.questions.iter().all(|question| question.trim().is_empty()) {
        return Err(Problem::field("/questions", format!("ask 1 to {MAX_ASKED} questions")));
    }
    let (access, _) = gate.enter(&grant, &ask.desk).await?;
    let items = gate.near_duplicates(&access, &ask.questions, &ask.answer, ask.except).await?;
    Ok(Json(DuplicatesFound { items }))
}
