//! Archived conversations: reading and decrypting. Merging is in `merge`.

use std::collections::HashMap;

use async_trait::async_trait;
use uuid::Uuid;

use super::dialect::Connections;
use super::statement::{LIST_LIMIT, padded, with_list};
use super::value::{self, from_json, timestamp};
use super::{SqlStore, head, merge};
use crate::domain::{
    Conversation, ConversationDraft, ConversationFilter, ConversationHead, ConversationId, ConversationState, DeskId, Message, MessageId,
    MessageKind, Role, Timestamp,
};
use crate::store::cipher::{Cipher, Place};
use crate::store::{ConversationStore, DeskCounts, ImportCheckpoint, Merged, Result, StoreError};

/// One row of `conversation`.
#[derive(sqlx::FromRow)]
pub(super) struct ConversationRow {
    pub(super) id: Vec<u8>,
    desk: String,
    external_id: String,
    pub(super) channel: Option<String>,
    customer_id: Option<Vec<u8>>,
    pub(super) customer_key: Option<String>,
    customer_personal: Option<Vec<u8>>,
    pub(super) agent_id: Option<String>,
    pub(super) started_at: Option<i64>,
    tags: String,
    pub(super) draft_digest: Vec<u8>,
    pub(super) live: bool,
    mining_mark: Option<i64>,
}

impl ConversationRow {
    pub(super) fn uuid(&self) -> Result<Uuid> {
        value::uuid(&self.id, "conversation.id")
    }

    pub(super) fn customer_id(&self, cipher: &Cipher) -> Result<Option<String>> {
        let place = customer_id_place(self.uuid()?);
        self.customer_id.as_deref().map(|sealed| cipher.open(place, sealed)).transpose()
    }

    pub(super) fn customer_personal(&self, cipher: &Cipher) -> Result<Vec<String>> {
        let Some(sealed) = &self.customer_personal else { return Ok(Vec::new()) };
        from_json(&cipher.open(customer_personal_place(self.uuid()?), sealed)?, "conversation.customer_personal")
    }

    pub(super) fn tags(&self) -> Result<Vec<String>> {
        from_json(&self.tags, "conversation.tags")
    }

    fn into_conversation(self, cipher: &Cipher, messages: Vec<Message>) -> Result<Conversation> {
        Ok(Conversation {
            id: ConversationId::from_uuid(self.uuid()?),
            desk: value::desk(&self.desk)?,
            customer_id: self.customer_id(cipher)?,
            customer_personal: self.customer_personal(cipher)?,
            tags: self.tags()?,
            external_id: self.external_id,
            channel: self.channel,
            customer_key: self.customer_key,
            agent_id: self.agent_id,
            started_at: timestamp(self.started_at),
            messages,
        })
    }
}

pub(super) const fn customer_id_place(row: Uuid) -> Place {
    Place { table: "conversation", column: "customer_id", row }
}

pub(super) const fn customer_personal_place(row: Uuid) -> Place {
    Place { table: "conversation", column: "customer_personal", row }
}

pub(super) const fn message_place(column: &'static str, row: Uuid) -> Place {
    Place { table: "message", column, row }
}

#[derive(sqlx::FromRow)]
struct MessageRow {
    conversation_id: Vec<u8>,
    id: Vec<u8>,
    external_key: String,
    position: i64,
    role: String,
    kind: String,
    text: Vec<u8>,
    media_ref: Option<Vec<u8>>,
    author: Option<Vec<u8>>,
    sent_at: Option<i64>,
}

impl MessageRow {
    fn into_message(self, cipher: &Cipher) -> Result<Message> {
        let id = value::uuid(&self.id, "message.id")?;
        let open = |column, sealed: &[u8]| cipher.open(message_place(column, id), sealed);
        Ok(Message {
            id: MessageId::from_uuid(id),
            role: Role::from_code(&self.role).ok_or(StoreError::Corrupt("message.role"))?,
            kind: MessageKind::from_code(&self.kind).ok_or(StoreError::Corrupt("message.kind"))?,
            text: open("text", &self.text)?,
            media_ref: self.media_ref.as_deref().map(|sealed| open("media_ref", sealed)).transpose()?,
            author: self.author.as_deref().map(|sealed| open("author", sealed)).transpose()?,
            external_key: self.external_key,
            position: value::count(self.position, "message.position")?,
            at: timestamp(self.sent_at),
        })
    }
}

/// The last `$1` messages of conversations.
const MESSAGES: &str = "select m.conversation_id, m.id, m.external_key, m.position, m.role, m.kind, m.text, m.media_ref, m.author, m.sent_at \
                        from conversation c join message m on m.conversation_id = c.id \
                        where c.id in ({list}) and m.position >= c.message_count - $1";

/// Adds their last messages (`None`: all) to conversations, keeping the order.
async fn with_messages(
    readers: &Connections,
    cipher: &Cipher,
    rows: Vec<ConversationRow>,
    last: Option<u32>,
) -> Result<Vec<(Conversation, Option<i64>)>> {
    let ids = rows.iter().map(ConversationRow::uuid).collect::<Result<Vec<Uuid>>>()?;
    let mut messages: HashMap<Uuid, Vec<Message>> = HashMap::with_capacity(ids.len());
    for chunk in ids.chunks(LIST_LIMIT) {
        let mut query = sqlx::query_as::<_, MessageRow>(with_list(MESSAGES, 2, chunk.len())).bind(i64::from(last.unwrap_or(u32::MAX)));
        for id in padded(chunk) {
            query = query.bind(value::blob(id));
        }
        for (count, row) in query.fetch_all(readers).await?.into_iter().enumerate() {
            let conversation = value::uuid(&row.conversation_id, "message.conversation_id")?;
            messages.entry(conversation).or_default().push(row.into_message(cipher)?);
            if count.is_multiple_of(merge::SEALED_PER_TURN) {
                tokio::task::yield_now().await;
            }
        }
    }
    rows.into_iter()
        .zip(ids)
        .map(|(row, id)| {
            let mut messages = messages.remove(&id).unwrap_or_default();
            messages.sort_by_key(|message| message.position);
            let mark = row.mining_mark;
            Ok((row.into_conversation(cipher, messages)?, mark))
        })
        .collect()
}

#[async_trait]
impl ConversationStore for SqlStore {
    async fn merge_conversations(
        &self,
        desk: &DeskId,
        drafts: &[ConversationDraft],
        now: Timestamp,
        checkpoint: Option<ImportCheckpoint<'_>>,
    ) -> Result<Vec<Merged>> {
        merge::merge(self, desk, drafts, now, checkpoint).await
    }

    async fn conversation(&self, desk: &DeskId, id: ConversationId) -> Result<Option<Conversation>> {
        let row: Option<ConversationRow> = sqlx::query_as("select * from conversation where id = $1 and desk = $2")
            .bind(value::blob(id.as_uuid()))
            .bind(desk.as_str())
            .fetch_optional(&self.readers)
            .await?;
        let found = with_messages(&self.readers, &self.cipher, row.into_iter().collect(), None).await?;
        Ok(found.into_iter().next().map(|(conversation, _)| conversation))
    }

    async fn conversation_by_external_id(&self, desk: &DeskId, external_id: &str) -> Result<Option<Conversation>> {
        self.conversation(desk, merge::conversation_id(desk, external_id)).await
    }

    async fn conversation_head(&self, desk: &DeskId, id: ConversationId) -> Result<Option<ConversationHead>> {
        head::one(self, desk, id).await
    }

    async fn conversation_heads(
        &self,
        desk: &DeskId,
        filter: &ConversationFilter,
        after: Option<(Timestamp, ConversationId)>,
        limit: u32,
    ) -> Result<Vec<ConversationHead>> {
        head::page(self, desk, filter, after, limit).await
    }

    async fn recent_messages(&self, desk: &DeskId, ids: &[ConversationId], messages: u32) -> Result<Vec<Conversation>> {
        const SQL: &str = "select * from conversation where desk = $1 and id in ({list})";
        let mut found = Vec::with_capacity(ids.len());
        for chunk in ids.chunks(LIST_LIMIT) {
            let mut query = sqlx::query_as::<_, ConversationRow>(with_list(SQL, 2, chunk.len())).bind(desk.as_str());
            for id in padded(chunk) {
                query = query.bind(value::blob(id.as_uuid()));
            }
            let rows = query.fetch_all(&self.readers).await?;
            let conversations = with_messages(&self.readers, &self.cipher, rows, Some(messages)).await?;
            found.extend(conversations.into_iter().map(|(conversation, _)| conversation));
        }
        Ok(found)
    }

    async fn set_conversation_state(&self, desk: &DeskId, id: ConversationId, state: ConversationState, now: Timestamp) -> Result<bool> {
        head::set_state(self, desk, id, state, now).await
    }

    async fn unmined_conversations(&self, desk: &DeskId, limit: u32) -> Result<Vec<(Conversation, i64)>> {
        let rows: Vec<ConversationRow> =
            sqlx::query_as("select * from conversation where desk = $1 and mining_mark is not null order by mining_mark limit $2")
                .bind(desk.as_str())
                .bind(i64::from(limit))
                .fetch_all(&self.readers)
                .await?;
        let found = with_messages(&self.readers, &self.cipher, rows, None).await?;
        Ok(found.into_iter().filter_map(|(conversation, mark)| Some((conversation, mark?))).collect())
    }

    async fn counts(&self, desk: &DeskId) -> Result<DeskCounts> {
        let (conversations, messages, pairs, questions, entries, index_pending): (i64, i64, i64, i64, i64, i64) = sqlx::query_as(
            "select (select count(*) from conversation where desk = $1), \
             (select cast(coalesce(sum(message_count), 0) as bigint) from conversation where desk = $1), \
             (select count(*) from pair where desk = $1), \
             (select count(*) from pair where desk = $1 and kind = 'question'), \
             (select count(*) from entry where desk = $1), \
             (select count(*) from index_task where desk = $1)",
        )
        .bind(desk.as_str())
        .fetch_one(&self.readers)
        .await?;
        Ok(DeskCounts {
            conversations: conversations as u64,
            messages: messages as u64,
            pairs: pairs as u64,
            questions: questions as u64,
            entries: entries as u64,
            index_pending: index_pending as u64,
        })
    }
}
