//! The gap ledger, the moments that fail, and how entries fare.

use std::collections::{BTreeSet, HashSet};

use async_trait::async_trait;
use uuid::Uuid;

use super::statement::{LIST_LIMIT, insert_rows, padded, with_list};
use super::value::{self, from_json, to_json};
use super::{SqlStore, not_found};
use crate::domain::{DeskId, EntryId, Gap, GapDecision, GapId, GapState, SuggestionSetId, Timestamp};
use crate::store::{EntryUse, FailedSet, GapStore, Result, StoreError};

#[derive(sqlx::FromRow)]
struct GapRow {
    body: String,
    state: Option<String>,
    why: Option<String>,
    entry_id: Option<Vec<u8>>,
    decided_by: Option<String>,
    decided_at: Option<i64>,
}

impl GapRow {
    fn into_gap(self) -> Result<Gap> {
        let mut gap: Gap = from_json(&self.body, "gap.body")?;
        gap.decision = match (self.state, self.decided_by, self.decided_at) {
            (Some(state), Some(actor), Some(at)) => Some(GapDecision {
                state: GapState::from_code(&state).ok_or(StoreError::Corrupt("gap.state"))?,
                why: self.why,
                entry_id: self.entry_id.map(|id| value::uuid(&id, "gap.entry_id")).transpose()?.map(EntryId::from_uuid),
                actor,
                at: Timestamp::from_micros(at),
            }),
            _ => None,
        };
        Ok(gap)
    }
}

#[derive(sqlx::FromRow)]
struct UseRow {
    source: Vec<u8>,
    answer_key: String,
    used: i64,
    edited: i64,
    rejected: i64,
    outdated: i64,
    last_at: i64,
}

#[async_trait]
impl GapStore for SqlStore {
    async fn failed_sets(&self, desk: &DeskId, after: Option<SuggestionSetId>, limit: u32) -> Result<Vec<FailedSet>> {
        let rows: Vec<(Vec<u8>, Option<String>, String, Option<String>, i64)> = sqlx::query_as(
            "select t.id, t.conversation, t.query, t.abstained, t.created_at from suggestion_set t where t.desk = $1 and t.id > $2 and ( \
             t.abstained is not null or ( \
             exists (select 1 from suggestion s where s.set_id = t.id) \
             and not exists (select 1 from suggestion s where s.set_id = t.id and not exists ( \
             select 1 from feedback f where f.suggestion_id = s.id and f.kind = 'rejected')) \
             and not exists (select 1 from suggestion s join feedback f on f.suggestion_id = s.id \
             where s.set_id = t.id and f.kind in ('accepted', 'edited', 'sent')))) order by t.id limit $3",
        )
        .bind(desk.as_str())
        .bind(after.map(|id| value::blob(id.as_uuid())).unwrap_or_default())
        .bind(i64::from(limit))
        .fetch_all(&self.readers)
        .await?;
        rows.into_iter()
            .map(|(id, conversation, query, abstained, at)| {
                let id = SuggestionSetId::from_uuid(value::uuid(&id, "suggestion_set.id")?);
                Ok(FailedSet { id, conversation, query, abstained, at: Timestamp::from_micros(at) })
            })
            .collect()
    }

    async fn gaps(&self, desk: &DeskId) -> Result<Vec<Gap>> {
        let rows: Vec<GapRow> = sqlx::query_as("select body, state, why, entry_id, decided_by, decided_at from gap where desk = $1")
            .bind(desk.as_str())
            .fetch_all(&self.readers)
            .await?;
        rows.into_iter().map(GapRow::into_gap).collect()
    }

    async fn gap_failures(&self, desk: &DeskId) -> Result<Vec<(GapId, Uuid)>> {
        let rows: Vec<(Vec<u8>, Vec<u8>)> =
            sqlx::query_as("select gap_id, source from gap_failure where desk = $1").bind(desk.as_str()).fetch_all(&self.readers).await?;
        rows.into_iter()
            .map(|(gap, source)| {
                Ok((GapId::from_uuid(value::uuid(&gap, "gap_failure.gap_id")?), value::uuid(&source, "gap_failure.source")?))
            })
            .collect()
    }

    async fn replace_gaps(&self, desk: &DeskId, gaps: &[(Gap, Vec<Uuid>)]) -> Result<()> {
        let mut tx = self.begin().await?;
        // Failures of decided gaps that are left out stay with these: they are what the gap is known again by.
        for (gap, sources) in gaps {
            let sources: BTreeSet<Uuid> = sources.iter().copied().collect();
            let failures: Vec<(&DeskId, Uuid, GapId)> = sources.into_iter().map(|source| (desk, source, gap.id)).collect();
            sqlx::query(
                "insert into gap (id, desk, body) values ($1, $2, $3) \
                 on conflict (id) do update set body = excluded.body where gap.desk = excluded.desk",
            )
            .bind(value::blob(gap.id.as_uuid()))
            .bind(desk.as_str())
            .bind(to_json(&Gap { decision: None, ..gap.clone() }))
            .execute(&mut *tx)
            .await
            .map_err(|error| not_found(error, "desk"))?;
            insert_rows(
                &mut tx,
                "insert into gap_failure (desk, source, gap_id) values",
                3,
                "on conflict (desk, source) do update set gap_id = excluded.gap_id",
                &failures,
                |query, (desk, source, gap)| {
                    query.bind(desk.as_str().to_owned()).bind(value::blob(*source)).bind(value::blob(gap.as_uuid()))
                },
            )
            .await?;
        }
        let kept: HashSet<Vec<u8>> = gaps.iter().map(|(gap, _)| value::blob(gap.id.as_uuid())).collect();
        let undecided: Vec<Vec<u8>> =
            sqlx::query_scalar("select id from gap where desk = $1 and state is null").bind(desk.as_str()).fetch_all(&mut *tx).await?;
        let gone: Vec<&[u8]> = undecided.iter().map(Vec::as_slice).filter(|id| !kept.contains(*id)).collect();
        for chunk in gone.chunks(LIST_LIMIT) {
            let sql = with_list("delete from gap where desk = $1 and state is null and id in ({list})", 2, chunk.len());
            let mut query = sqlx::query(sql).bind(desk.as_str());
            for id in padded(chunk) {
                query = query.bind(id);
            }
            query.execute(&mut *tx).await?;
        }
        tx.commit().await?;
        Ok(())
    }

    async fn decide_gap(&self, desk: &DeskId, id: GapId, decision: &GapDecision) -> Result<()> {
        let done =
            sqlx::query("update gap set state = $3, why = $4, entry_id = $5, decided_by = $6, decided_at = $7 where id = $1 and desk = $2")
                .bind(value::blob(id.as_uuid()))
                .bind(desk.as_str())
                .bind(decision.state.as_str())
                .bind(decision.why.as_deref())
                .bind(decision.entry_id.map(|id| value::blob(id.as_uuid())))
                .bind(decision.actor.as_str())
                .bind(decision.at.as_micros())
                .execute(&self.writer)
                .await?;
        if done.rows_affected() == 0 { Err(StoreError::NotFound("gap")) } else { Ok(()) }
    }

    async fn entry_use(&self, desk: &DeskId) -> Result<Vec<EntryUse>> {
        let rows: Vec<UseRow> = sqlx::query_as(
            "select s.source, s.answer_key, \
             count(distinct case when f.kind in ('accepted', 'edited', 'sent') then s.id end) as used, \
             count(distinct case when f.kind = 'edited' or (f.kind = 'sent' and f.wording is not null and f.wording is distinct from s.wording) \
             then s.id end) as edited, \
             count(distinct case when f.kind = 'rejected' then s.id end) as rejected, \
             count(distinct case when f.kind = 'rejected' and f.reason = 'outdated' then s.id end) as outdated, \
             max(f.created_at) as last_at \
             from suggestion s join feedback f on f.suggestion_id = s.id \
             where s.desk = $1 and s.pool = 'knowledge' and f.kind <> 'shown' group by s.source, s.answer_key",
        )
        .bind(desk.as_str())
        .fetch_all(&self.readers)
        .await?;
        rows.into_iter()
            .map(|row| {
                Ok(EntryUse {
                    entry: EntryId::from_uuid(value::uuid(&row.source, "suggestion.source")?),
                    answer_key: row.answer_key,
                    used: value::count(row.used, "used")?,
                    edited: value::count(row.edited, "edited")?,
                    rejected: value::count(row.rejected, "rejected")?,
                    outdated: value::count(row.outdated, "outdated")?,
                    last_at: Timestamp::from_micros(row.last_at),
                })
            })
            .collect()
    }
}
