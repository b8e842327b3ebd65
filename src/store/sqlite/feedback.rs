//! Suggestion sets as they were given, and what agents did with them.

use std::collections::HashMap;

use async_trait::async_trait;

use super::statement::{LIST_LIMIT, insert_rows, padded, with_list};
use super::{SqliteStore, not_found, value};
use crate::domain::{DeskId, FeedbackEvent, FeedbackKind, FeedbackTally, Pool, RejectReason, SuggestionId, Timestamp};
use crate::store::{FeedbackStore, RecordedSet, RecordedSuggestion, Result, StoreError};

/// Days after which an event counts half.
const HALF_LIFE_DAYS: f64 = 90.0;
const SECONDS_PER_DAY: f64 = 86_400.0;

#[derive(sqlx::FromRow)]
struct SuggestionRow {
    id: Vec<u8>,
    desk: String,
    rank: u32,
    pool: String,
    source: Vec<u8>,
    answer_key: String,
    text: String,
    score: f64,
}

/// What agents did with one suggestion: when each thing was last said about it.
#[derive(sqlx::FromRow)]
struct Verdict {
    answer_key: String,
    accepted_at: Option<i64>,
    edited_at: Option<i64>,
    rejected_at: Option<i64>,
    outdated_at: Option<i64>,
}

/// One row for each suggestion with feedback. A suggestion has one verdict however often it is repeated: clients retry, agents click twice,
/// and a reply that is accepted and then sent was taken once.
const VERDICTS: &str = "select answer_key, \
                        max(case when kind in ('accepted', 'sent') then created_at end) as accepted_at, \
                        max(case when kind = 'edited' then created_at end) as edited_at, \
                        max(case when kind = 'rejected' then created_at end) as rejected_at, \
                        max(case when kind = 'rejected' and reason = 'outdated' then created_at end) as outdated_at \
                        from feedback where desk = $1 and answer_key in ({list}) and kind <> 'shown' group by answer_key, suggestion_id";

#[async_trait]
impl FeedbackStore for SqliteStore {
    async fn record_set(&self, desk: &DeskId, set: &RecordedSet) -> Result<()> {
        let mut tx = self.begin().await?;
        sqlx::query(
            "insert into suggestion_set (id, desk, conversation, query, abstained, actor, created_at) values ($1, $2, $3, $4, $5, $6, $7)",
        )
        .bind(value::blob(set.id.as_uuid()))
        .bind(desk.as_str())
        .bind(set.conversation.as_deref())
        .bind(set.query.as_str())
        .bind(set.abstained.as_deref())
        .bind(set.actor.as_str())
        .bind(set.at.as_micros())
        .execute(&mut *tx)
        .await
        .map_err(|error| not_found(error, "desk"))?;
        let rows: Vec<_> = set.suggestions.iter().map(|suggestion| (desk, set.id, suggestion)).collect();
        insert_rows(
            &mut tx,
            "insert into suggestion (id, set_id, desk, rank, pool, source, answer_key, text, score) values",
            9,
            "",
            &rows,
            |query, (desk, set, suggestion)| {
                query
                    .bind(value::blob(suggestion.id.as_uuid()))
                    .bind(value::blob(set.as_uuid()))
                    .bind(desk.as_str())
                    .bind(suggestion.rank)
                    .bind(suggestion.pool.as_str())
                    .bind(value::blob(suggestion.source))
                    .bind(suggestion.answer_key.as_str())
                    .bind(suggestion.text.as_str())
                    .bind(suggestion.score)
            },
        )
        .await?;
        tx.commit().await?;
        Ok(())
    }

    async fn recorded_suggestion(&self, id: SuggestionId) -> Result<Option<(DeskId, RecordedSuggestion)>> {
        let row: Option<SuggestionRow> =
            sqlx::query_as("select id, desk, rank, pool, source, answer_key, text, score from suggestion where id = $1")
                .bind(value::blob(id.as_uuid()))
                .fetch_optional(&self.readers)
                .await?;
        let Some(row) = row else { return Ok(None) };
        let suggestion = RecordedSuggestion {
            id: SuggestionId::from_uuid(value::uuid(&row.id, "suggestion.id")?),
            rank: row.rank,
            pool: Pool::from_code(&row.pool).ok_or(StoreError::Corrupt("suggestion.pool"))?,
            source: value::uuid(&row.source, "suggestion.source")?,
            answer_key: row.answer_key,
            text: row.text,
            score: row.score,
        };
        Ok(Some((value::desk(&row.desk)?, suggestion)))
    }

    async fn add_feedback(&self, desk: &DeskId, event: &FeedbackEvent) -> Result<()> {
        // The answer key is copied from the suggestion, so that tallies need no join.
        let done = sqlx::query(
            "insert into feedback (id, desk, suggestion_id, answer_key, kind, reason, final_text, actor, created_at) \
             select $1, desk, id, answer_key, $4, $5, $6, $7, $8 from suggestion where id = $3 and desk = $2",
        )
        .bind(value::blob(event.id.as_uuid()))
        .bind(desk.as_str())
        .bind(value::blob(event.suggestion.as_uuid()))
        .bind(event.kind.as_str())
        .bind(event.reason.map(RejectReason::as_str))
        .bind(event.final_text.as_deref())
        .bind(event.actor.as_str())
        .bind(event.at.as_micros())
        .execute(&self.writer)
        .await
        .map_err(|error| super::duplicate(error, "feedback event"))?;
        if done.rows_affected() == 0 { Err(StoreError::NotFound("suggestion")) } else { Ok(()) }
    }

    async fn tallies(&self, desk: &DeskId, answer_keys: &[String], now: Timestamp) -> Result<HashMap<String, FeedbackTally>> {
        // The statement spells two enums out; this fails to compile, rather than to count, when a code changes.
        const {
            assert!(matches!(FeedbackKind::Rejected.as_str().as_bytes(), b"rejected"));
            assert!(matches!(FeedbackKind::Shown.as_str().as_bytes(), b"shown"));
            assert!(matches!(RejectReason::Outdated.as_str().as_bytes(), b"outdated"));
        }
        let mut keys: Vec<&str> = answer_keys.iter().map(String::as_str).collect();
        keys.sort_unstable();
        keys.dedup();
        let mut tallies: HashMap<String, FeedbackTally> = HashMap::new();
        for chunk in keys.chunks(LIST_LIMIT) {
            let mut query = sqlx::query_as::<_, Verdict>(with_list(VERDICTS, 2, chunk.len())).bind(desk.as_str());
            for key in padded(chunk) {
                query = query.bind(key);
            }
            for verdict in query.fetch_all(&self.readers).await? {
                let weight = |at: Option<i64>| at.map_or(0.0, |at| weight(Timestamp::from_micros(at), now));
                // Sent after an edit is not "sent unchanged".
                let accepted_at = if verdict.edited_at.is_some() { None } else { verdict.accepted_at };
                let tally = tallies.entry(verdict.answer_key).or_default();
                tally.accepted += weight(accepted_at);
                tally.edited += weight(verdict.edited_at);
                tally.rejected += weight(verdict.rejected_at);
                tally.outdated += weight(verdict.outdated_at);
            }
        }
        Ok(tallies)
    }
}

/// What an event counts now. One from the future (a clock was set back) counts as just made.
fn weight(at: Timestamp, now: Timestamp) -> f64 {
    let days = (now.seconds_since(at) / SECONDS_PER_DAY).max(0.0);
    0.5f64.powf(days / HALF_LIFE_DAYS)
}
