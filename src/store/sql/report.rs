//! Figures over time.

use async_trait::async_trait;
use futures::TryStreamExt as _;

use super::SqlStore;
use crate::domain::{DeskId, Role, Timestamp};
use crate::store::{ReplyDelay, ReportStore, Result, SetUse};

const DAY_MICROS: i64 = 86_400_000_000;

#[derive(sqlx::FromRow)]
struct SetUseRow {
    day: i64,
    abstained: Option<String>,
    sets: i64,
    shown: i64,
    accepted: i64,
    edited: i64,
    rejected: i64,
}

#[derive(sqlx::FromRow)]
struct MessageRow {
    conversation_id: Vec<u8>,
    role: String,
    sent_at: i64,
    suggested: bool,
}

#[async_trait]
impl ReportStore for SqlStore {
    async fn set_use(&self, desk: &DeskId, from: Timestamp, to: Timestamp) -> Result<Vec<SetUse>> {
        // A set has one end: what was taken counts, changed or not, before what was refused.
        let rows: Vec<SetUseRow> = sqlx::query_as(
            "with told as (select t.created_at / $4 as day, t.abstained as abstained, \
             coalesce(max(case when f.id is not null then 1 else 0 end), 0) as shown, \
             coalesce(max(case when f.kind = 'edited' or (f.kind = 'sent' and f.wording is not null and f.wording is distinct from s.wording) \
             then 1 else 0 end), 0) as edited, \
             coalesce(max(case when f.kind in ('accepted', 'sent') then 1 else 0 end), 0) as taken, \
             coalesce(max(case when f.kind = 'rejected' then 1 else 0 end), 0) as rejected \
             from suggestion_set t left join suggestion s on s.set_id = t.id left join feedback f on f.suggestion_id = s.id \
             where t.desk = $1 and t.created_at >= $2 and t.created_at < $3 group by t.id) \
             select day, abstained, count(*) as sets, sum(shown) as shown, sum(case when taken = 1 and edited = 0 then 1 else 0 end) as accepted, sum(edited) as edited, \
             sum(case when rejected = 1 and taken = 0 and edited = 0 then 1 else 0 end) as rejected \
             from told group by day, abstained order by day, abstained nulls first",
        )
        .bind(desk.as_str())
        .bind(from.as_micros())
        .bind(to.as_micros())
        .bind(DAY_MICROS)
        .fetch_all(&self.readers)
        .await?;
        let count = |number: i64| u64::try_from(number).unwrap_or_default();
        Ok(rows
            .into_iter()
            .map(|row| SetUse {
                day: Timestamp::from_micros(row.day * DAY_MICROS),
                abstained: row.abstained,
                sets: count(row.sets),
                shown: count(row.shown),
                accepted: count(row.accepted),
                edited: count(row.edited),
                rejected: count(row.rejected),
            })
            .collect())
    }

    async fn reply_delays(&self, desk: &DeskId, from: Timestamp, to: Timestamp) -> Result<Vec<ReplyDelay>> {
        let mut rows = sqlx::query_as::<_, MessageRow>(
            "select m.conversation_id, m.role, m.sent_at, c.external_id in ( \
             select t.conversation from suggestion_set t where t.desk = $1 and t.created_at >= $2 and t.created_at < $3 \
             and t.abstained is null and t.conversation is not null) as suggested \
             from conversation c join message m on m.conversation_id = c.id \
             where c.desk = $1 and m.sent_at >= $2 and m.sent_at < $3 and m.role in ('customer', 'agent') \
             order by m.conversation_id, m.position",
        )
        .bind(desk.as_str())
        .bind(from.as_micros())
        .bind(to.as_micros())
        .fetch(&self.readers);
        let mut delays = Vec::new();
        let mut waiting: Option<(Vec<u8>, i64)> = None;
        while let Some(row) = rows.try_next().await? {
            let same = waiting.as_ref().is_some_and(|(conversation, _)| *conversation == row.conversation_id);
            if row.role == Role::Customer.as_str() {
                if !same {
                    waiting = Some((row.conversation_id, row.sent_at));
                }
            } else if let Some((_, since)) = waiting.take_if(|_| same) {
                delays.push(ReplyDelay { micros: row.sent_at - since, suggested: row.suggested });
            }
        }
        Ok(delays)
    }
}
