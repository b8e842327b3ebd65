//! Merging drafts into the archive.
//!
//! The rule is that merging is idempotent: drafts merged before, alone or in another grouping, change nothing. Hence what is stored wins
//! over what comes later for single fields (absent ones are filled in), lists are united, and a message once known is left as it is.
//!
//! A message without an id of its own is named by a keyed hash of role, time, text and its occurrence (the how-manieth of its draft with the
//! same three; so a draft that holds only the tail of a conversation can't repeat an earlier message that has no time). Keyed, because a
//! plain hash of a short text would give the text away to whoever holds the file without the key.

use std::collections::hash_map::Entry;
use std::collections::{HashMap, HashSet};

use uuid::Uuid;

use super::conversation::{ConversationRow, customer_id_place, customer_personal_place, message_place};
use super::dialect::Connection;
use super::statement::{LIST_LIMIT, insert_rows, padded, with_list};
use super::value::{self, to_json};
use super::{SqlStore, job, not_found};
use crate::domain::{ConversationDraft, ConversationId, DeskId, MessageDraft, MessageId, Role, Timestamp};
use crate::store::cipher::{Cipher, hex};
use crate::store::{ImportCheckpoint, Merged, Result, StoreError};

/// Texts sealed or opened between two chances for other tasks; about a quarter of a millisecond.
pub(super) const SEALED_PER_TURN: usize = 64;
/// Messages held sealed before they are written, so that a giant conversation costs no giant memory.
const BUFFERED_MESSAGES: usize = 1000;

/// The id of the conversation a desk's source knows by `external_id`.
pub(super) fn conversation_id(desk: &DeskId, external_id: &str) -> ConversationId {
    ConversationId::derive(&[desk.as_str(), external_id])
}

pub(super) async fn merge(
    store: &SqlStore,
    desk: &DeskId,
    drafts: &[ConversationDraft],
    now: Timestamp,
    checkpoint: Option<ImportCheckpoint<'_>>,
) -> Result<Vec<Merged>> {
    let cipher = &store.cipher;
    let ids: Vec<Uuid> = drafts.iter().map(|draft| conversation_id(desk, &draft.external_id).as_uuid()).collect();
    let mut digests: Vec<[u8; 32]> = Vec::with_capacity(drafts.len());
    for draft in drafts {
        digests.push(draft_digest(cipher, draft));
        tokio::task::yield_now().await;
    }

    let mut tx = store.begin().await?;
    let rows = stored_rows(&mut tx, &ids).await?;
    let is_unchanged = |at: usize| rows.get(&ids[at]).is_some_and(|row| row.draft_digest == digests[at]);
    let mut touched: Vec<Uuid> =
        (0..drafts.len()).filter(|&at| rows.contains_key(&ids[at]) && !is_unchanged(at)).map(|at| ids[at]).collect();
    touched.sort_unstable();
    touched.dedup();
    let mut known = stored_messages(&mut tx, &touched).await?;

    let mut order: Vec<Uuid> = Vec::new();
    let mut open: HashMap<Uuid, Archived<'_>> = HashMap::new();
    let mut merged = Vec::with_capacity(drafts.len());
    for (at, draft) in drafts.iter().enumerate() {
        let id = ids[at];
        let mut outcome = Merged { id: ConversationId::from_uuid(id), created: false, messages_added: 0 };
        if !is_unchanged(at) {
            let archived = match open.entry(id) {
                Entry::Occupied(opened) => opened.into_mut(),
                Entry::Vacant(place) => {
                    order.push(id);
                    outcome.created = !rows.contains_key(&id);
                    place.insert(match rows.get(&id) {
                        Some(row) => Archived::stored(id, row, known.remove(&id).unwrap_or_default(), cipher)?,
                        None => Archived::new(id, draft),
                    })
                }
            };
            archived.digest = digests[at];
            archived.take_fields(draft);
            // What is said live comes behind what was said before, though the clocks of two processes may differ.
            let is_live = checkpoint.is_none() && rows.get(&id).is_some_and(|row| row.live);
            outcome.messages_added = archived.take_messages(draft, cipher, is_live);
            tokio::task::yield_now().await;
        }
        merged.push(outcome);
    }

    let changed: Vec<&Archived<'_>> = order.iter().filter_map(|id| open.get(id)).filter(|archived| archived.is_changed()).collect();
    let mut mark = next_marks(&mut tx, changed.len() as i64).await?;
    write_conversations(&mut tx, cipher, desk, &changed, now, &mut mark).await?;
    write_messages(&mut tx, cipher, &changed).await?;
    if let Some(checkpoint) = checkpoint {
        job::write_checkpoint(&mut tx, &checkpoint, now).await?;
    }
    tx.commit().await?;
    Ok(merged)
}

/// A message of a conversation that is being merged.
struct Slot<'a> {
    id: Uuid,
    role: Role,
    sent_at: Option<i64>,
    /// Position in the store; `None` for a message that is not there yet.
    stored_position: Option<u32>,
    /// What to write, for a message that is not there yet.
    addition: Option<(&'a MessageDraft, String)>,
}

/// A conversation that is being merged.
struct Archived<'a> {
    id: Uuid,
    is_new: bool,
    external_id: &'a str,
    fields: Fields,
    fields_changed: bool,
    /// Messages in order of arrival.
    slots: Vec<Slot<'a>>,
    ids: HashSet<Uuid>,
    additions: usize,
    digest: [u8; 32],
}

#[derive(Default, Clone, PartialEq)]
struct Fields {
    channel: Option<String>,
    customer_id: Option<String>,
    customer_personal: Vec<String>,
    agent_id: Option<String>,
    started_at: Option<i64>,
    tags: Vec<String>,
}

impl<'a> Archived<'a> {
    fn new(id: Uuid, draft: &'a ConversationDraft) -> Self {
        Self {
            id,
            is_new: true,
            external_id: &draft.external_id,
            fields: Fields::default(),
            fields_changed: false,
            slots: Vec::with_capacity(draft.messages.len()),
            ids: HashSet::with_capacity(draft.messages.len()),
            additions: 0,
            digest: [0; 32],
        }
    }

    fn stored(id: Uuid, row: &ConversationRow, slots: Vec<Slot<'a>>, cipher: &Cipher) -> Result<Self> {
        let fields = Fields {
            channel: row.channel.clone(),
            customer_id: row.customer_id(cipher)?,
            customer_personal: row.customer_personal(cipher)?,
            agent_id: row.agent_id.clone(),
            started_at: row.started_at,
            tags: row.tags()?,
        };
        let ids = slots.iter().map(|slot| slot.id).collect();
        Ok(Self { id, is_new: false, external_id: "", fields, fields_changed: false, slots, ids, additions: 0, digest: [0; 32] })
    }

    fn is_changed(&self) -> bool {
        self.is_new || self.fields_changed || self.additions > 0
    }

    fn take_fields(&mut self, draft: &ConversationDraft) {
        let before = self.fields.clone();
        let fields = &mut self.fields;
        let fill = |field: &mut Option<String>, value: &Option<String>| {
            if field.is_none() {
                field.clone_from(value);
            }
        };
        fill(&mut fields.channel, &draft.channel);
        fill(&mut fields.customer_id, &draft.customer_id);
        fill(&mut fields.agent_id, &draft.agent_id);
        let started_at = value::micros(draft.started_at);
        fields.started_at = fields.started_at.into_iter().chain(started_at).min();
        for (list, values) in [(&mut fields.customer_personal, &draft.customer_personal), (&mut fields.tags, &draft.tags)] {
            for value in values {
                if !list.contains(value) {
                    list.push(value.clone());
                }
            }
        }
        self.fields_changed |= before != self.fields;
    }

    fn take_messages(&mut self, draft: &'a ConversationDraft, cipher: &Cipher, is_live: bool) -> u32 {
        let conversation = self.id.to_string();
        let earliest = if is_live { self.slots.iter().filter_map(|slot| slot.sent_at).max() } else { None };
        let mut occurrences: HashMap<[u8; 32], i64> = HashMap::new();
        let before = self.additions;
        for message in &draft.messages {
            let key = match &message.external_id {
                Some(id) => id.clone(),
                None => content_key(cipher, &conversation, message, &mut occurrences),
            };
            let id = MessageId::derive(&[&conversation, &key]).as_uuid();
            if self.ids.insert(id) {
                let sent_at = value::micros(message.at).map(|at| earliest.map_or(at, |earliest| at.max(earliest)));
                self.slots.push(Slot { id, role: message.role, sent_at, stored_position: None, addition: Some((message, key)) });
                self.additions += 1;
            }
        }
        (self.additions - before) as u32
    }

    /// The places of the slots in order: by time where all have one (equal times as they arrived), else as they arrived.
    fn in_order(&self) -> Vec<usize> {
        let mut by_position: Vec<usize> = (0..self.slots.len()).collect();
        if self.slots.iter().all(|slot| slot.sent_at.is_some()) {
            by_position.sort_by_key(|&arrival| self.slots[arrival].sent_at);
        }
        by_position
    }

    /// The position of every slot.
    fn positions(&self) -> Vec<u32> {
        let mut positions = vec![0; self.slots.len()];
        for (position, arrival) in self.in_order().into_iter().enumerate() {
            positions[arrival] = position as u32;
        }
        positions
    }

    /// When something was last said here.
    fn last_at(&self, now: i64) -> i64 {
        self.slots.iter().filter_map(|slot| slot.sent_at).max().or(self.fields.started_at).unwrap_or(now)
    }

    /// When the first customer message was sent that no agent has answered.
    fn waiting_since(&self, now: i64) -> Option<i64> {
        let unanswered = self.in_order().into_iter().rev().map(|arrival| &self.slots[arrival]).take_while(|slot| slot.role != Role::Agent);
        let first = unanswered.filter(|slot| slot.role == Role::Customer).last()?;
        Some(first.sent_at.unwrap_or(now))
    }
}

fn content_key(cipher: &Cipher, conversation: &str, message: &MessageDraft, occurrences: &mut HashMap<[u8; 32], i64>) -> String {
    let content = |occurrence: i64| {
        cipher
            .fingerprint("message")
            .text(conversation)
            .text(message.role.as_str())
            .optional_number(value::micros(message.at))
            .text(&message.text)
            .number(occurrence)
            .finish()
    };
    let first = content(0);
    let count = occurrences.entry(first).or_insert(0);
    let occurrence = *count;
    *count += 1;
    hex(&if occurrence == 0 { first } else { content(occurrence) })
}

/// A keyed hash of everything in a draft: equal only for equal drafts.
fn draft_digest(cipher: &Cipher, draft: &ConversationDraft) -> [u8; 32] {
    let mut digest = cipher
        .fingerprint("draft")
        .text(&draft.external_id)
        .optional_text(draft.channel.as_deref())
        .optional_text(draft.customer_id.as_deref())
        .texts(&draft.customer_personal)
        .optional_text(draft.agent_id.as_deref())
        .optional_number(value::micros(draft.started_at))
        .texts(&draft.tags);
    for message in &draft.messages {
        digest = digest
            .optional_text(message.external_id.as_deref())
            .text(message.role.as_str())
            .text(message.kind.as_str())
            .text(&message.text)
            .optional_text(message.media_ref.as_deref())
            .optional_number(value::micros(message.at))
            .optional_text(message.author.as_deref());
    }
    digest.finish()
}

async fn stored_rows(tx: &mut Connection, ids: &[Uuid]) -> Result<HashMap<Uuid, ConversationRow>> {
    let mut rows = HashMap::new();
    for chunk in ids.chunks(LIST_LIMIT) {
        let mut query = sqlx::query_as::<_, ConversationRow>(with_list("select * from conversation where id in ({list})", 1, chunk.len()));
        for id in padded(chunk) {
            query = query.bind(value::blob(id));
        }
        for row in query.fetch_all(&mut *tx).await? {
            rows.insert(row.uuid()?, row);
        }
    }
    Ok(rows)
}

/// The messages of conversations in order of arrival.
async fn stored_messages<'a>(tx: &mut Connection, conversations: &[Uuid]) -> Result<HashMap<Uuid, Vec<Slot<'a>>>> {
    const SQL: &str = "select conversation_id, id, role, sent_at, position from message where conversation_id in ({list}) order by arrival";
    let mut messages: HashMap<Uuid, Vec<Slot<'a>>> = HashMap::new();
    for chunk in conversations.chunks(LIST_LIMIT) {
        let mut query = sqlx::query_as::<_, (Vec<u8>, Vec<u8>, String, Option<i64>, i64)>(with_list(SQL, 1, chunk.len()));
        for id in padded(chunk) {
            query = query.bind(value::blob(id));
        }
        for (conversation, id, role, sent_at, position) in query.fetch_all(&mut *tx).await? {
            let role = Role::from_code(&role).ok_or(StoreError::Corrupt("message.role"))?;
            let slot = Slot {
                id: value::uuid(&id, "message.id")?,
                role,
                sent_at,
                stored_position: Some(value::count(position, "message.position")?),
                addition: None,
            };
            messages.entry(value::uuid(&conversation, "message.conversation_id")?).or_default().push(slot);
        }
    }
    Ok(messages)
}

/// Takes `count` numbers of the counter and returns the first.
async fn next_marks(tx: &mut Connection, count: i64) -> Result<i64> {
    if count == 0 {
        return Ok(0);
    }
    let last: i64 = sqlx::query_scalar("update counter set value = value + $1 where name = 'mining_mark' returning value")
        .bind(count)
        .fetch_one(tx)
        .await?;
    Ok(last - count + 1)
}

struct ConversationWrite<'a> {
    archived: &'a Archived<'a>,
    desk: &'a DeskId,
    customer_id: Option<Vec<u8>>,
    customer_key: Option<String>,
    customer_personal: Option<Vec<u8>>,
    mark: i64,
    now: i64,
}

const INSERT_CONVERSATION: &str = "insert into conversation (id, desk, external_id, channel, customer_id, customer_key, customer_personal, \
                                   agent_id, started_at, tags, message_count, draft_digest, mining_mark, created_at, updated_at, \
                                   last_at, waiting_since) values";
const UPDATE_CONVERSATION: &str = "update conversation set channel = $2, customer_id = $3, customer_key = $4, customer_personal = $5, \
                                   agent_id = $6, started_at = $7, tags = $8, message_count = $9, draft_digest = $10, mining_mark = $11, \
                                   updated_at = $12, last_at = $13, waiting_since = $14 where id = $1";

async fn write_conversations(
    tx: &mut Connection,
    cipher: &Cipher,
    desk: &DeskId,
    changed: &[&Archived<'_>],
    now: Timestamp,
    mark: &mut i64,
) -> Result<()> {
    let mut new = Vec::new();
    for archived in changed {
        let fields = &archived.fields;
        let personal = (!fields.customer_personal.is_empty()).then(|| to_json(&fields.customer_personal));
        let write = ConversationWrite {
            archived,
            desk,
            customer_id: fields.customer_id.as_deref().map(|id| cipher.seal(customer_id_place(archived.id), id)).transpose()?,
            customer_key: fields.customer_id.as_deref().map(|id| cipher.blind_index(desk.as_str(), id)),
            customer_personal: personal.map(|list| cipher.seal(customer_personal_place(archived.id), &list)).transpose()?,
            mark: *mark,
            now: now.as_micros(),
        };
        *mark += 1;
        if archived.is_new {
            new.push(write);
            continue;
        }
        sqlx::query(UPDATE_CONVERSATION)
            .bind(value::blob(archived.id))
            .bind(fields.channel.as_deref().map(value::plain))
            .bind(write.customer_id)
            .bind(write.customer_key)
            .bind(write.customer_personal)
            .bind(fields.agent_id.as_deref().map(value::plain))
            .bind(fields.started_at)
            .bind(to_json(&fields.tags))
            .bind(archived.slots.len() as i64)
            .bind(archived.digest.as_slice())
            .bind(write.mark)
            .bind(write.now)
            .bind(archived.last_at(write.now))
            .bind(archived.waiting_since(write.now))
            .execute(&mut *tx)
            .await?;
    }
    insert_rows(tx, INSERT_CONVERSATION, 17, "", &new, |query, write| {
        let fields = &write.archived.fields;
        query
            .bind(value::blob(write.archived.id))
            .bind(write.desk.as_str())
            .bind(value::plain(write.archived.external_id))
            .bind(fields.channel.as_deref().map(value::plain))
            .bind(write.customer_id.as_deref())
            .bind(write.customer_key.as_deref())
            .bind(write.customer_personal.as_deref())
            .bind(fields.agent_id.as_deref().map(value::plain))
            .bind(fields.started_at)
            .bind(to_json(&fields.tags))
            .bind(write.archived.slots.len() as i64)
            .bind(write.archived.digest.as_slice())
            .bind(write.mark)
            .bind(write.now)
            .bind(write.now)
            .bind(write.archived.last_at(write.now))
            .bind(write.archived.waiting_since(write.now))
    })
    .await
    .map_err(|error| not_found(error, "desk"))
}

struct MessageWrite<'a> {
    conversation: Uuid,
    id: Uuid,
    external_key: &'a str,
    arrival: i64,
    position: u32,
    draft: &'a MessageDraft,
    text: Vec<u8>,
    media_ref: Option<Vec<u8>>,
    author: Option<Vec<u8>>,
    sent_at: Option<i64>,
}

async fn write_messages(tx: &mut Connection, cipher: &Cipher, changed: &[&Archived<'_>]) -> Result<()> {
    let mut buffer: Vec<MessageWrite<'_>> = Vec::new();
    for archived in changed {
        for (arrival, (slot, position)) in archived.slots.iter().zip(archived.positions()).enumerate() {
            let Some((draft, external_key)) = &slot.addition else {
                if slot.stored_position != Some(position) {
                    move_message(tx, archived.id, slot.id, position).await?;
                }
                continue;
            };
            let seal = |column, text: &str| cipher.seal(message_place(column, slot.id), text);
            buffer.push(MessageWrite {
                conversation: archived.id,
                id: slot.id,
                external_key,
                arrival: arrival as i64,
                position,
                draft,
                text: seal("text", &draft.text)?,
                media_ref: draft.media_ref.as_deref().map(|reference| seal("media_ref", reference)).transpose()?,
                author: draft.author.as_deref().map(|author| seal("author", author)).transpose()?,
                sent_at: slot.sent_at,
            });
            if buffer.len().is_multiple_of(SEALED_PER_TURN) {
                tokio::task::yield_now().await;
            }
            if buffer.len() >= BUFFERED_MESSAGES {
                insert_messages(tx, &buffer).await?;
                buffer.clear();
            }
        }
    }
    insert_messages(tx, &buffer).await
}

async fn move_message(tx: &mut Connection, conversation: Uuid, id: Uuid, position: u32) -> Result<()> {
    sqlx::query("update message set position = $3 where conversation_id = $1 and id = $2")
        .bind(value::blob(conversation))
        .bind(value::blob(id))
        .bind(i64::from(position))
        .execute(tx)
        .await?;
    Ok(())
}

const INSERT_MESSAGE: &str = "insert into message (conversation_id, id, external_key, arrival, position, role, kind, text, media_ref, author, \
                              sent_at) values";

async fn insert_messages(tx: &mut Connection, rows: &[MessageWrite<'_>]) -> Result<()> {
    insert_rows(tx, INSERT_MESSAGE, 11, "", rows, |query, row| {
        query
            .bind(value::blob(row.conversation))
            .bind(value::blob(row.id))
            .bind(value::plain(row.external_key))
            .bind(row.arrival)
            .bind(i64::from(row.position))
            .bind(row.draft.role.as_str())
            .bind(row.draft.kind.as_str())
            .bind(row.text.as_slice())
            .bind(row.media_ref.as_deref())
            .bind(row.author.as_deref())
            .bind(row.sent_at)
    })
    .await?;
    Ok(())
}
