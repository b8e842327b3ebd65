//! Knowledge entries and their versions.

use std::collections::HashMap;

use super::dialect::Connection;
use super::statement::{LIST_LIMIT, insert_rows, padded, rows_by_id, with_list};
use super::value::{self, from_json, micros, timestamp, to_json};
use super::{SqlStore, not_found, outbox};
use crate::domain::{DeskId, Entry, EntryContent, EntryDraft, EntryFilter, EntryId, EntryStatus, EntryVersion, Timestamp};
use crate::store::{EntryEdit, IndexSubject, KnowledgeStore, Result, StoreError};
use async_trait::async_trait;
use uuid::Uuid;

/// The columns of a content, under the same names in both tables.
#[derive(sqlx::FromRow)]
struct ContentRow {
    language: String,
    status: String,
    tags: String,
    valid_from: Option<i64>,
    valid_to: Option<i64>,
    owner: Option<String>,
    questions: String,
    answer: String,
    provenance: String,
}

impl ContentRow {
    fn into_content(self) -> Result<EntryContent> {
        Ok(EntryContent {
            language: value::language(&self.language)?,
            status: EntryStatus::from_code(&self.status).ok_or(StoreError::Corrupt("entry.status"))?,
            tags: from_json(&self.tags, "entry.tags")?,
            valid_from: timestamp(self.valid_from),
            valid_to: timestamp(self.valid_to),
            owner: self.owner,
            questions: from_json(&self.questions, "entry.questions")?,
            answer: self.answer,
            provenance: from_json(&self.provenance, "entry.provenance")?,
        })
    }
}

#[derive(sqlx::FromRow)]
struct EntryRow {
    id: Vec<u8>,
    desk: String,
    external_id: String,
    #[sqlx(flatten)]
    content: ContentRow,
    version: i64,
    created_by: String,
    created_at: i64,
    updated_by: String,
    updated_at: i64,
}

impl EntryRow {
    fn into_entry(self) -> Result<Entry> {
        Ok(Entry {
            id: EntryId::from_uuid(value::uuid(&self.id, "entry.id")?),
            desk: value::desk(&self.desk)?,
            external_id: self.external_id,
            content: self.content.into_content()?,
            version: self.version as u64,
            created_by: self.created_by,
            created_at: Timestamp::from_micros(self.created_at),
            updated_by: self.updated_by,
            updated_at: Timestamp::from_micros(self.updated_at),
        })
    }
}

#[derive(sqlx::FromRow)]
struct VersionRow {
    version: i64,
    #[sqlx(flatten)]
    content: ContentRow,
    written_by: String,
    written_at: i64,
    note: Option<String>,
}

impl VersionRow {
    fn into_version(self) -> Result<EntryVersion> {
        Ok(EntryVersion {
            version: self.version as u64,
            content: self.content.into_content()?,
            by: self.written_by,
            at: Timestamp::from_micros(self.written_at),
            note: self.note,
        })
    }
}

const INSERT: &str = "insert into entry (id, desk, external_id, language, status, tags, valid_from, valid_to, owner, questions, answer, \
                      provenance, version, created_by, created_at, updated_by, updated_at) values";
/// An entry never moves to another desk: its id is derived from the desk.
const ON_CONFLICT: &str = "on conflict (id) do update set language = excluded.language, status = excluded.status, tags = excluded.tags, \
                           valid_from = excluded.valid_from, valid_to = excluded.valid_to, owner = excluded.owner, \
                           questions = excluded.questions, answer = excluded.answer, provenance = excluded.provenance, \
                           version = excluded.version, updated_by = excluded.updated_by, updated_at = excluded.updated_at \
                           where entry.desk = excluded.desk";
const INSERT_VERSION: &str = "insert into entry_version (entry, version, language, status, tags, valid_from, valid_to, owner, questions, \
                              answer, provenance, written_by, written_at, note) values";

/// Writes entries with the versions they have now, and queues them for the index.
async fn write(connection: &mut Connection, desk: &DeskId, entries: &[Entry], note: Option<&str>) -> Result<()> {
    insert_rows(connection, INSERT, 17, ON_CONFLICT, entries, |query, entry| {
        let content = &entry.content;
        query
            .bind(value::blob(entry.id.as_uuid()))
            .bind(entry.desk.as_str())
            .bind(entry.external_id.as_str())
            .bind(content.language.as_str())
            .bind(content.status.as_str())
            .bind(to_json(&content.tags))
            .bind(micros(content.valid_from))
            .bind(micros(content.valid_to))
            .bind(content.owner.as_deref())
            .bind(to_json(&content.questions))
            .bind(content.answer.as_str())
            .bind(to_json(&content.provenance))
            .bind(entry.version as i64)
            .bind(entry.created_by.as_str())
            .bind(entry.created_at.as_micros())
            .bind(entry.updated_by.as_str())
            .bind(entry.updated_at.as_micros())
    })
    .await
    .map_err(|error| not_found(error, "desk"))?;
    let versions: Vec<(&Entry, Option<&str>)> = entries.iter().map(|entry| (entry, note)).collect();
    insert_rows(connection, INSERT_VERSION, 14, "", &versions, |query, (entry, note)| {
        let content = &entry.content;
        query
            .bind(value::blob(entry.id.as_uuid()))
            .bind(entry.version as i64)
            .bind(content.language.as_str())
            .bind(content.status.as_str())
            .bind(to_json(&content.tags))
            .bind(micros(content.valid_from))
            .bind(micros(content.valid_to))
            .bind(content.owner.as_deref())
            .bind(to_json(&content.questions))
            .bind(content.answer.as_str())
            .bind(to_json(&content.provenance))
            .bind(entry.updated_by.as_str())
            .bind(entry.updated_at.as_micros())
            .bind(*note)
    })
    .await?;
    let subjects: Vec<IndexSubject> = entries.iter().map(|entry| IndexSubject::Entry(entry.id)).collect();
    outbox::queue(connection, desk, &subjects).await
}

/// The first version of an entry.
fn first(draft: &EntryDraft, edit: EntryEdit<'_>) -> Entry {
    Entry {
        id: draft.id(),
        desk: draft.desk.clone(),
        external_id: draft.external_id.clone(),
        content: draft.content.clone(),
        version: 1,
        created_by: edit.by.to_owned(),
        created_at: edit.at,
        updated_by: edit.by.to_owned(),
        updated_at: edit.at,
    }
}

/// The version behind `entry`.
fn next(entry: Entry, content: &EntryContent, edit: EntryEdit<'_>) -> Entry {
    Entry { content: content.clone(), version: entry.version + 1, updated_by: edit.by.to_owned(), updated_at: edit.at, ..entry }
}

#[async_trait]
impl KnowledgeStore for SqlStore {
    async fn put_entries(&self, desk: &DeskId, drafts: &[EntryDraft], edit: EntryEdit<'_>) -> Result<Vec<EntryId>> {
        if drafts.iter().any(|draft| draft.desk != *desk) {
            return Err(StoreError::NotFound("entry"));
        }
        // The last of several drafts with one id wins.
        let wanted: HashMap<EntryId, &EntryDraft> = drafts.iter().map(|draft| (draft.id(), draft)).collect();
        let mut ids: Vec<EntryId> = wanted.keys().copied().collect();
        ids.sort_unstable();
        let mut tx = self.begin().await?;
        let mut stored: HashMap<EntryId, Entry> = HashMap::new();
        for chunk in ids.chunks(LIST_LIMIT) {
            let mut query = sqlx::query_as::<_, EntryRow>(with_list("select * from entry where id in ({list})", 1, chunk.len()));
            for id in padded(chunk) {
                query = query.bind(value::blob(id.as_uuid()));
            }
            for row in query.fetch_all(&mut *tx).await? {
                let entry = row.into_entry()?;
                if entry.desk != *desk {
                    return Err(StoreError::Duplicate("entry"));
                }
                stored.insert(entry.id, entry);
            }
        }
        let changed: Vec<Entry> = ids
            .iter()
            .filter_map(|id| {
                let draft = wanted.get(id)?;
                match stored.remove(id) {
                    None => Some(first(draft, edit)),
                    Some(entry) if entry.content != draft.content => Some(next(entry, &draft.content, edit)),
                    Some(_same) => None,
                }
            })
            .collect();
        write(&mut tx, desk, &changed, edit.note).await?;
        tx.commit().await?;
        Ok(changed.iter().map(|entry| entry.id).collect())
    }

    async fn create_entry(&self, draft: &EntryDraft, edit: EntryEdit<'_>) -> Result<Entry> {
        let mut tx = self.begin().await?;
        let there: Option<i64> = sqlx::query_scalar("select cast(1 as bigint) from entry where id = $1")
            .bind(value::blob(draft.id().as_uuid()))
            .fetch_optional(&mut *tx)
            .await?;
        if there.is_some() {
            return Err(StoreError::Duplicate("entry"));
        }
        let entry = first(draft, edit);
        write(&mut tx, &draft.desk, std::slice::from_ref(&entry), edit.note).await?;
        tx.commit().await?;
        Ok(entry)
    }

    async fn change_entry(&self, desk: &DeskId, id: EntryId, version: u64, content: &EntryContent, edit: EntryEdit<'_>) -> Result<Entry> {
        let mut tx = self.begin().await?;
        let row: Option<EntryRow> = sqlx::query_as("select * from entry where desk = $1 and id = $2")
            .bind(desk.as_str())
            .bind(value::blob(id.as_uuid()))
            .fetch_optional(&mut *tx)
            .await?;
        let entry = row.ok_or(StoreError::NotFound("entry"))?.into_entry()?;
        if entry.version != version {
            return Err(StoreError::Stale { what: "the entry", present: entry.version });
        }
        if entry.content == *content {
            return Ok(entry);
        }
        let entry = next(entry, content, edit);
        write(&mut tx, desk, std::slice::from_ref(&entry), edit.note).await?;
        tx.commit().await?;
        Ok(entry)
    }

    async fn entries(&self, desk: &DeskId, ids: &[EntryId]) -> Result<Vec<Entry>> {
        let ids: Vec<Uuid> = ids.iter().map(|id| id.as_uuid()).collect();
        let rows = rows_by_id(&self.readers, "select * from entry where desk = $1 and id in ({list})", desk, &ids).await?;
        rows.into_iter().map(EntryRow::into_entry).collect()
    }

    async fn entries_page(&self, desk: &DeskId, filter: &EntryFilter, after: Option<EntryId>, limit: u32) -> Result<Vec<Entry>> {
        let rows: Vec<EntryRow> = sqlx::query_as(concat!(
            "select * from entry where desk = $1 and id > $2 and ($3 is null or status = $3) and ($4 is null or language = $4) \
                 and ($5 is null or owner = $5) and ($6 is null or exists (select 1 from ",
            json_elements!("entry.tags", "tag"),
            " where tag.value = $6)) and ($7 is null or ",
            contains!("lower(answer)", "$7"),
            " or ",
            contains!("lower(external_id)", "$7"),
            " or exists (select 1 from ",
            json_elements!("entry.questions", "question"),
            " where ",
            contains!("lower(question.value)", "$7"),
            ")) order by id limit $8"
        ))
        .bind(desk.as_str())
        .bind(after.map(|id| value::blob(id.as_uuid())).unwrap_or_default())
        .bind(filter.status.map(EntryStatus::as_str))
        .bind(filter.language.map(crate::domain::Language::as_str))
        .bind(filter.owner.as_deref())
        .bind(filter.tag.as_deref())
        .bind(filter.words.as_deref().map(str::to_ascii_lowercase))
        .bind(i64::from(limit))
        .fetch_all(&self.readers)
        .await?;
        rows.into_iter().map(EntryRow::into_entry).collect()
    }

    async fn entry_versions(&self, desk: &DeskId, id: EntryId, before: Option<u64>, limit: u32) -> Result<Vec<EntryVersion>> {
        let rows: Vec<VersionRow> = sqlx::query_as(
            "select entry_version.* from entry_version join entry on entry.id = entry_version.entry \
             where entry.desk = $1 and entry_version.entry = $2 and ($3 is null or entry_version.version < $3) \
             order by entry_version.version desc limit $4",
        )
        .bind(desk.as_str())
        .bind(value::blob(id.as_uuid()))
        .bind(before.map(|version| i64::try_from(version).unwrap_or(i64::MAX)))
        .bind(i64::from(limit))
        .fetch_all(&self.readers)
        .await?;
        rows.into_iter().map(VersionRow::into_version).collect()
    }

    async fn entry_version(&self, desk: &DeskId, id: EntryId, version: u64) -> Result<Option<EntryVersion>> {
        let Ok(number) = i64::try_from(version) else { return Ok(None) };
        let row: Option<VersionRow> = sqlx::query_as(
            "select entry_version.* from entry_version join entry on entry.id = entry_version.entry \
             where entry.desk = $1 and entry_version.entry = $2 and entry_version.version = $3",
        )
        .bind(desk.as_str())
        .bind(value::blob(id.as_uuid()))
        .bind(number)
        .fetch_optional(&self.readers)
        .await?;
        row.map(VersionRow::into_version).transpose()
    }
}
