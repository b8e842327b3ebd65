//! Knowledge entries.

use std::collections::HashMap;

use async_trait::async_trait;

use super::statement::{LIST_LIMIT, insert_rows, padded, with_list};
use super::value::{self, from_json, micros, timestamp, to_json};
use super::{SqliteStore, not_found, outbox};
use crate::domain::{DeskId, Entry, EntryId, EntryStatus, Timestamp};
use crate::store::{IndexSubject, KnowledgeStore, Result, StoreError};

#[derive(sqlx::FromRow)]
struct EntryRow {
    id: Vec<u8>,
    desk: String,
    external_id: String,
    language: String,
    status: String,
    tags: String,
    valid_from: Option<i64>,
    valid_to: Option<i64>,
    owner: Option<String>,
    questions: String,
    answer: String,
    updated_at: i64,
}

impl EntryRow {
    fn into_entry(self) -> Result<Entry> {
        Ok(Entry {
            id: EntryId::from_uuid(value::uuid(&self.id, "entry.id")?),
            desk: value::desk(&self.desk)?,
            external_id: self.external_id,
            language: value::language(&self.language)?,
            status: EntryStatus::from_code(&self.status).ok_or(StoreError::Corrupt("entry.status"))?,
            tags: from_json(&self.tags, "entry.tags")?,
            valid_from: timestamp(self.valid_from),
            valid_to: timestamp(self.valid_to),
            owner: self.owner,
            questions: from_json(&self.questions, "entry.questions")?,
            answer: self.answer,
            updated_at: Timestamp::from_micros(self.updated_at),
        })
    }
}

const UPSERT: &str = "insert into entry (id, desk, external_id, language, status, tags, valid_from, valid_to, owner, questions, answer, \
                      updated_at) values";
/// An entry never moves to another desk: its id is derived from the desk.
const ON_CONFLICT: &str = "on conflict (id) do update set external_id = excluded.external_id, language = excluded.language, \
                           status = excluded.status, tags = excluded.tags, valid_from = excluded.valid_from, valid_to = excluded.valid_to, \
                           owner = excluded.owner, questions = excluded.questions, answer = excluded.answer, \
                           updated_at = excluded.updated_at where entry.desk = excluded.desk";

#[async_trait]
impl KnowledgeStore for SqliteStore {
    async fn put_entries(&self, desk: &DeskId, entries: &[Entry]) -> Result<u32> {
        if entries.iter().any(|entry| entry.desk != *desk) {
            return Err(StoreError::NotFound("entry"));
        }
        let mut tx = self.begin().await?;
        let mut stored: HashMap<EntryId, Entry> = HashMap::new();
        for chunk in entries.chunks(LIST_LIMIT) {
            let ids: Vec<EntryId> = chunk.iter().map(|entry| entry.id).collect();
            let mut query = sqlx::query_as::<_, EntryRow>(with_list("select * from entry where id in ({list})", 1, ids.len()));
            for id in padded(&ids) {
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
        // The last of several entries with one id wins, as if they had been written one after the other.
        let wanted: HashMap<EntryId, usize> = entries.iter().enumerate().map(|(at, entry)| (entry.id, at)).collect();
        let changed: Vec<&Entry> = entries
            .iter()
            .enumerate()
            .filter(|(at, entry)| wanted.get(&entry.id) == Some(at) && stored.get(&entry.id).is_none_or(|old| !same_content(old, entry)))
            .map(|(_, entry)| entry)
            .collect();
        insert_rows(&mut tx, UPSERT, 12, ON_CONFLICT, &changed, |query, entry| {
            query
                .bind(value::blob(entry.id.as_uuid()))
                .bind(entry.desk.as_str())
                .bind(entry.external_id.as_str())
                .bind(entry.language.as_str())
                .bind(entry.status.as_str())
                .bind(to_json(&entry.tags))
                .bind(micros(entry.valid_from))
                .bind(micros(entry.valid_to))
                .bind(entry.owner.as_deref())
                .bind(to_json(&entry.questions))
                .bind(entry.answer.as_str())
                .bind(entry.updated_at.as_micros())
        })
        .await
        .map_err(|error| not_found(error, "desk"))?;
        let subjects: Vec<IndexSubject> = changed.iter().map(|entry| IndexSubject::Entry(entry.id)).collect();
        outbox::queue(&mut tx, desk, &subjects).await?;
        tx.commit().await?;
        Ok(changed.len() as u32)
    }

    async fn entries(&self, desk: &DeskId, ids: &[EntryId]) -> Result<Vec<Entry>> {
        let mut entries = Vec::with_capacity(ids.len());
        for chunk in ids.chunks(LIST_LIMIT) {
            let sql = with_list("select * from entry where desk = $1 and id in ({list})", 2, chunk.len());
            let mut query = sqlx::query_as::<_, EntryRow>(sql).bind(desk.as_str());
            for id in padded(chunk) {
                query = query.bind(value::blob(id.as_uuid()));
            }
            for row in query.fetch_all(&self.readers).await? {
                entries.push(row.into_entry()?);
            }
        }
        Ok(entries)
    }

    async fn entries_page(&self, desk: &DeskId, after: Option<EntryId>, limit: u32) -> Result<Vec<Entry>> {
        let rows: Vec<EntryRow> = sqlx::query_as("select * from entry where desk = $1 and id > $2 order by id limit $3")
            .bind(desk.as_str())
            .bind(after.map(|id| value::blob(id.as_uuid())).unwrap_or_default())
            .bind(limit)
            .fetch_all(&self.readers)
            .await?;
        rows.into_iter().map(EntryRow::into_entry).collect()
    }
}

/// Whether two entries differ in nothing but `updated_at`.
fn same_content(a: &Entry, b: &Entry) -> bool {
    Entry { updated_at: b.updated_at, ..a.clone() } == *b
}
