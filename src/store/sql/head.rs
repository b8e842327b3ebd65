//! Conversations as a desk's list shows them: paged by activity, live or closed. Their words are `conversation`'s matter.

use super::SqlStore;
use super::value::{self, timestamp};
use crate::domain::{ConversationFilter, ConversationHead, ConversationId, ConversationState, DeskId, Timestamp};
use crate::store::{Result, StoreError};

macro_rules! heads {
    ($index:expr, $condition:expr) => {
        concat!(
            "select id, desk, external_id, channel, customer_key, started_at, live, closed_at, last_at, waiting_since, message_count \
             from conversation ",
            $index,
            " where desk = $1 and ",
            $condition
        )
    };
}

macro_rules! page {
    ($index:literal, $condition:expr) => {
        concat!(
            heads!(by_index!($index), $condition),
            " and (last_at, id) < ($2, $3) and last_at >= $4 and last_at < $5 \
             and ($6 is null or live = $6) and ($7 is null or channel = $7) and ($8 is null or customer_key = $8) \
             order by last_at desc, id desc limit $9"
        )
    };
}

/// One statement for each index, since a condition that may be absent can't use one. SQLite is told each by name: without statistics its
/// planner takes the index of all conversations for the few of a customer.
pub(super) const BY_CUSTOMER: &str = page!("conversation_customer", "customer_key = $8");
pub(super) const LIVE: &str = page!("conversation_live", is_live!());
pub(super) const BY_CHANNEL: &str = page!("conversation_channel", in_channel!());
pub(super) const BY_ACTIVITY: &str = page!("conversation_activity", "true");

#[derive(sqlx::FromRow)]
struct HeadRow {
    id: Vec<u8>,
    desk: String,
    external_id: String,
    channel: Option<String>,
    customer_key: Option<String>,
    started_at: Option<i64>,
    live: bool,
    closed_at: Option<i64>,
    last_at: i64,
    waiting_since: Option<i64>,
    message_count: i64,
}

impl HeadRow {
    fn into_head(self) -> Result<ConversationHead> {
        Ok(ConversationHead {
            id: ConversationId::from_uuid(value::uuid(&self.id, "conversation.id")?),
            desk: value::desk(&self.desk)?,
            external_id: self.external_id,
            channel: self.channel,
            customer_key: self.customer_key,
            started_at: timestamp(self.started_at),
            state: if self.live { ConversationState::Live } else { ConversationState::Closed },
            closed_at: timestamp(self.closed_at),
            last_at: Timestamp::from_micros(self.last_at),
            waiting_since: timestamp(self.waiting_since),
            message_count: value::count(self.message_count, "conversation.message_count")?,
        })
    }
}

pub(super) async fn one(store: &SqlStore, desk: &DeskId, id: ConversationId) -> Result<Option<ConversationHead>> {
    let row: Option<HeadRow> =
        sqlx::query_as(heads!("", "id = $2")).bind(desk.as_str()).bind(value::blob(id.as_uuid())).fetch_optional(&store.readers).await?;
    row.map(HeadRow::into_head).transpose()
}

pub(super) async fn page(
    store: &SqlStore,
    desk: &DeskId,
    filter: &ConversationFilter,
    after: Option<(Timestamp, ConversationId)>,
    limit: u32,
) -> Result<Vec<ConversationHead>> {
    let live = filter.state.map(|state| state == ConversationState::Live);
    let statement = match (&filter.customer_id, live, &filter.channel) {
        (Some(_), _, _) => BY_CUSTOMER,
        (None, Some(true), _) => LIVE,
        (None, _, Some(_)) => BY_CHANNEL,
        (None, _, None) => BY_ACTIVITY,
    };
    // Before everything: later than any time.
    let (last_at, id) = after.map_or((i64::MAX, vec![u8::MAX; 16]), |(last_at, id)| (last_at.as_micros(), value::blob(id.as_uuid())));
    let rows: Vec<HeadRow> = sqlx::query_as(statement)
        .bind(desk.as_str())
        .bind(last_at)
        .bind(id)
        .bind(filter.since.map_or(i64::MIN, Timestamp::as_micros))
        .bind(filter.until.map_or(i64::MAX, Timestamp::as_micros))
        .bind(live)
        .bind(filter.channel.as_deref())
        .bind(filter.customer_id.as_deref().map(|id| store.cipher.blind_index(desk.as_str(), id)))
        .bind(i64::from(limit))
        .fetch_all(&store.readers)
        .await?;
    rows.into_iter().map(HeadRow::into_head).collect()
}

pub(super) async fn set_state(
    store: &SqlStore,
    desk: &DeskId,
    id: ConversationId,
    state: ConversationState,
    now: Timestamp,
) -> Result<bool> {
    let live = state == ConversationState::Live;
    let mut tx = store.begin().await?;
    let before: Option<bool> = sqlx::query_scalar("select live from conversation where id = $1 and desk = $2")
        .bind(value::blob(id.as_uuid()))
        .bind(desk.as_str())
        .fetch_optional(&mut *tx)
        .await?;
    if before.ok_or(StoreError::NotFound("conversation"))? == live {
        return Ok(false);
    }
    sqlx::query("update conversation set live = $2, closed_at = $3 where id = $1")
        .bind(value::blob(id.as_uuid()))
        .bind(live)
        .bind((!live).then_some(now.as_micros()))
        .execute(&mut *tx)
        .await?;
    tx.commit().await?;
    Ok(true)
}
