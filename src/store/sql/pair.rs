//! Mined pairs. Their texts are masked, so they are kept in the clear; tags and the customer's key are read from the conversation.

use std::collections::{HashMap, HashSet};

use async_trait::async_trait;
use sha2::{Digest as _, Sha256};
use uuid::Uuid;

use super::dialect::Connection;
use super::statement::{LIST_LIMIT, insert_rows, padded, rows_by_id, with_list};
use super::value::{self, from_json, micros, timestamp, to_json};
use super::{SqlStore, outbox};
use crate::domain::{ConversationId, DeskId, MessageId, Outcome, Pair, PairDraft, PairId, PairKind, PairWords, Timestamp};
use crate::store::{IndexSubject, PairStore, Result, StoreError};

#[derive(sqlx::FromRow)]
struct PairRow {
    id: Vec<u8>,
    desk: String,
    conversation_id: Vec<u8>,
    kind: String,
    question: String,
    turn: String,
    previous: String,
    context_terms: Vec<u8>,
    answer: String,
    answer_quality: f64,
    language: String,
    thanked: bool,
    repeated: bool,
    corrected: bool,
    agent_id: Option<String>,
    position: i64,
    answered_at: Option<i64>,
    answer_messages: String,
    customer_key: Option<String>,
    tags: String,
}

impl PairRow {
    fn into_pair(self) -> Result<Pair> {
        let messages: Vec<Uuid> = from_json(&self.answer_messages, "pair.answer_messages")?;
        Ok(Pair {
            desk: value::desk(&self.desk)?,
            conversation: ConversationId::from_uuid(value::uuid(&self.conversation_id, "pair.conversation_id")?),
            customer_key: self.customer_key,
            tags: from_json(&self.tags, "conversation.tags")?,
            content: PairDraft {
                id: PairId::from_uuid(value::uuid(&self.id, "pair.id")?),
                kind: PairKind::from_code(&self.kind).ok_or(StoreError::Corrupt("pair.kind"))?,
                question: self.question,
                turn: self.turn,
                previous: self.previous,
                context_terms: value::terms(&self.context_terms, "pair.context_terms")?,
                answer: self.answer,
                answer_quality: self.answer_quality as f32,
                language: value::language(&self.language)?,
                outcome: Outcome { thanked: self.thanked, repeated: self.repeated, corrected: self.corrected },
                agent_id: self.agent_id,
                position: u32::try_from(self.position).map_err(|_| StoreError::Corrupt("pair.position"))?,
                answered_at: timestamp(self.answered_at),
                answer_messages: messages.into_iter().map(MessageId::from_uuid).collect(),
            },
        })
    }
}

/// The columns of [`PairRow`]. A macro, because statements are constant texts.
macro_rules! select_pairs {
    ($condition:literal) => {
        concat!(
            "select p.id, p.desk, p.conversation_id, p.kind, p.question, p.turn, p.previous, p.context_terms, p.answer, p.answer_quality, p.language, ",
            "p.thanked, p.repeated, p.corrected, p.agent_id, p.position, p.answered_at, p.answer_messages, c.customer_key, c.tags ",
            "from pair p join conversation c on c.id = p.conversation_id where ",
            $condition
        )
    };
}

#[derive(sqlx::FromRow)]
struct WordsRow {
    id: Vec<u8>,
    question: String,
    answer: String,
    context_terms: Vec<u8>,
    answer_quality: f64,
    thanked: bool,
    repeated: bool,
    corrected: bool,
    agent_id: Option<String>,
}

impl WordsRow {
    fn into_words(self) -> Result<PairWords> {
        Ok(PairWords {
            id: PairId::from_uuid(value::uuid(&self.id, "pair.id")?),
            question: self.question,
            answer: self.answer,
            context_terms: value::terms(&self.context_terms, "pair.context_terms")?,
            answer_quality: self.answer_quality as f32,
            outcome: Outcome { thanked: self.thanked, repeated: self.repeated, corrected: self.corrected },
            agent_id: self.agent_id,
        })
    }
}

const WORDS: &str = "select id, question, answer, context_terms, answer_quality, thanked, repeated, corrected, agent_id from pair \
                     where desk = $1 and id in ({list})";

/// What of a conversation goes into the index with its pairs.
struct Parent {
    customer_key: Option<String>,
    tags: String,
}

struct PairWrite<'a> {
    desk: &'a DeskId,
    conversation: Uuid,
    draft: &'a PairDraft,
    hash: [u8; 32],
}

const UPSERT: &str = "insert into pair (id, desk, conversation_id, kind, question, turn, previous, context_terms, answer, answer_quality, language, thanked, \
                      repeated, corrected, agent_id, position, answered_at, answer_messages, content_hash) values";
/// A pair never moves to another conversation: its id is derived from it.
const ON_CONFLICT: &str = "on conflict (id) do update set kind = excluded.kind, question = excluded.question, turn = excluded.turn, \
                           previous = excluded.previous, context_terms = excluded.context_terms, answer = excluded.answer, answer_quality = excluded.answer_quality, \
                           language = excluded.language, thanked = excluded.thanked, repeated = excluded.repeated, \
                           corrected = excluded.corrected, agent_id = excluded.agent_id, position = excluded.position, answered_at = excluded.answered_at, \
                           answer_messages = excluded.answer_messages, content_hash = excluded.content_hash \
                           where pair.conversation_id = excluded.conversation_id";

#[async_trait]
impl PairStore for SqlStore {
    async fn replace_pairs(&self, desk: &DeskId, mined: &[(ConversationId, i64, Vec<PairDraft>)], _now: Timestamp) -> Result<()> {
        let ids: Vec<Uuid> = mined.iter().map(|(id, _, _)| id.as_uuid()).collect();
        let mut tx = self.begin().await?;
        let parents = parents(&mut tx, desk, &ids).await?;
        let known: Vec<Uuid> = ids.into_iter().filter(|id| parents.contains_key(id)).collect();
        let mut stored = stored_hashes(&mut tx, &known).await?;

        let mut writes = Vec::new();
        let mut seen = HashSet::new();
        for (conversation, _, drafts) in mined {
            // A conversation that is gone, another desk's or mined already has no pairs to replace.
            let Some(parent) = parents.get(&conversation.as_uuid()) else { continue };
            for draft in drafts {
                if !seen.insert(draft.id) {
                    continue;
                }
                let hash = content_hash(draft, parent);
                if stored.remove(&draft.id.as_uuid()).is_none_or(|old| old != hash) {
                    writes.push(PairWrite { desk, conversation: conversation.as_uuid(), draft, hash });
                }
            }
        }
        let vanished: Vec<Uuid> = stored.into_keys().collect();

        insert_rows(&mut tx, UPSERT, 19, ON_CONFLICT, &writes, bind_write).await?;
        delete_pairs(&mut tx, &vanished).await?;
        let changed = writes.iter().map(|write| write.draft.id).chain(vanished.into_iter().map(PairId::from_uuid));
        let subjects: Vec<IndexSubject> = changed.map(IndexSubject::Pair).collect();
        outbox::queue(&mut tx, desk, &subjects).await?;
        for (conversation, mark, _) in mined {
            sqlx::query("update conversation set mining_mark = null where id = $1 and desk = $2 and mining_mark = $3")
                .bind(value::blob(conversation.as_uuid()))
                .bind(desk.as_str())
                .bind(*mark)
                .execute(&mut *tx)
                .await?;
        }
        tx.commit().await?;
        Ok(())
    }

    async fn pairs(&self, desk: &DeskId, ids: &[PairId]) -> Result<Vec<Pair>> {
        let ids: Vec<Uuid> = ids.iter().map(|id| id.as_uuid()).collect();
        let rows = rows_by_id(&self.readers, select_pairs!("p.desk = $1 and p.id in ({list})"), desk, &ids).await?;
        rows.into_iter().map(PairRow::into_pair).collect()
    }

    async fn pair_words(&self, desk: &DeskId, ids: &[PairId]) -> Result<Vec<PairWords>> {
        let ids: Vec<Uuid> = ids.iter().map(|id| id.as_uuid()).collect();
        rows_by_id(&self.readers, WORDS, desk, &ids).await?.into_iter().map(WordsRow::into_words).collect()
    }

    async fn pairs_page(&self, desk: &DeskId, kind: Option<PairKind>, after: Option<PairId>, limit: u32) -> Result<Vec<Pair>> {
        let after = after.map(|id| value::blob(id.as_uuid())).unwrap_or_default();
        let query = match kind {
            Some(kind) => sqlx::query_as::<_, PairRow>(select_pairs!("p.desk = $1 and p.id > $2 and p.kind = $4 order by p.id limit $3"))
                .bind(desk.as_str())
                .bind(after)
                .bind(i64::from(limit))
                .bind(kind.as_str()),
            None => sqlx::query_as::<_, PairRow>(select_pairs!("p.desk = $1 and p.id > $2 order by p.id limit $3"))
                .bind(desk.as_str())
                .bind(after)
                .bind(i64::from(limit)),
        };
        query.fetch_all(&self.readers).await?.into_iter().map(PairRow::into_pair).collect()
    }

    async fn answer_times(&self, desk: &DeskId, kind: PairKind) -> Result<Vec<Option<Timestamp>>> {
        let times: Vec<Option<i64>> = sqlx::query_scalar("select answered_at from pair where desk = $1 and kind = $2")
            .bind(desk.as_str())
            .bind(kind.as_str())
            .fetch_all(&self.readers)
            .await?;
        Ok(times.into_iter().map(timestamp).collect())
    }
}

/// Those of a desk's conversations that wait to be mined.
async fn parents(tx: &mut Connection, desk: &DeskId, ids: &[Uuid]) -> Result<HashMap<Uuid, Parent>> {
    const SQL: &str = "select id, customer_key, tags from conversation where desk = $1 and mining_mark is not null and id in ({list})";
    let mut parents = HashMap::with_capacity(ids.len());
    for chunk in ids.chunks(LIST_LIMIT) {
        let mut query = sqlx::query_as::<_, (Vec<u8>, Option<String>, String)>(with_list(SQL, 2, chunk.len())).bind(desk.as_str());
        for id in padded(chunk) {
            query = query.bind(value::blob(id));
        }
        for (id, customer_key, tags) in query.fetch_all(&mut *tx).await? {
            parents.insert(value::uuid(&id, "conversation.id")?, Parent { customer_key, tags });
        }
    }
    Ok(parents)
}

async fn stored_hashes(tx: &mut Connection, conversations: &[Uuid]) -> Result<HashMap<Uuid, Vec<u8>>> {
    const SQL: &str = "select id, content_hash from pair where conversation_id in ({list})";
    let mut hashes = HashMap::new();
    for chunk in conversations.chunks(LIST_LIMIT) {
        let mut query = sqlx::query_as::<_, (Vec<u8>, Vec<u8>)>(with_list(SQL, 1, chunk.len()));
        for id in padded(chunk) {
            query = query.bind(value::blob(id));
        }
        for (id, hash) in query.fetch_all(&mut *tx).await? {
            hashes.insert(value::uuid(&id, "pair.id")?, hash);
        }
    }
    Ok(hashes)
}

async fn delete_pairs(tx: &mut Connection, ids: &[Uuid]) -> Result<()> {
    for chunk in ids.chunks(LIST_LIMIT) {
        let mut query = sqlx::query(with_list("delete from pair where id in ({list})", 1, chunk.len()));
        for id in padded(chunk) {
            query = query.bind(value::blob(id));
        }
        query.execute(&mut *tx).await?;
    }
    Ok(())
}

fn bind_write(query: super::statement::Query, write: &PairWrite<'_>) -> super::statement::Query {
    let PairWrite { desk, conversation, draft, hash } = write;
    let messages: Vec<Uuid> = draft.answer_messages.iter().map(|id| id.as_uuid()).collect();
    query
        .bind(value::blob(draft.id.as_uuid()))
        .bind(desk.as_str())
        .bind(value::blob(*conversation))
        .bind(draft.kind.as_str())
        .bind(draft.question.as_str())
        .bind(draft.turn.as_str())
        .bind(draft.previous.as_str())
        .bind(value::term_bytes(&draft.context_terms))
        .bind(draft.answer.as_str())
        .bind(f64::from(draft.answer_quality))
        .bind(draft.language.as_str())
        .bind(draft.outcome.thanked)
        .bind(draft.outcome.repeated)
        .bind(draft.outcome.corrected)
        .bind(draft.agent_id.as_deref())
        .bind(i64::from(draft.position))
        .bind(micros(draft.answered_at))
        .bind(to_json(&messages))
        .bind(hash.as_slice())
}

/// Hashes everything that the index or a reader of the pair sees. Plain SHA-256 will do: the texts stand beside it in the clear.
fn content_hash(draft: &PairDraft, parent: &Parent) -> [u8; 32] {
    let mut hash = Sha256::new();
    let mut text = |text: &str| {
        hash.update((text.len() as u64).to_le_bytes());
        hash.update(text.as_bytes());
    };
    for part in [draft.kind.as_str(), &draft.question, &draft.turn, &draft.previous, &draft.answer, draft.language.as_str(), &parent.tags] {
        text(part);
    }
    for optional in [&draft.agent_id, &parent.customer_key] {
        text(if optional.is_some() { "1" } else { "0" });
        text(optional.as_deref().unwrap_or_default());
    }
    for message in &draft.answer_messages {
        text(&message.to_string());
    }
    let Outcome { thanked, repeated, corrected } = draft.outcome;
    hash.update([u8::from(thanked), u8::from(repeated), u8::from(corrected), u8::from(draft.answered_at.is_some())]);
    hash.update(draft.position.to_le_bytes());
    hash.update(micros(draft.answered_at).unwrap_or_default().to_le_bytes());
    hash.update(draft.answer_quality.to_bits().to_le_bytes());
    hash.update(value::term_bytes(&draft.context_terms));
    hash.finalize().into()
}
