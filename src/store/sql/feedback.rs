//! Suggestion sets as they were given, and what agents did with them. What follows from that beyond counting verdicts (showings, edited
//! wordings, retired answers) is in [`super::learning`].

use std::collections::{BTreeSet, HashMap};

use async_trait::async_trait;

use super::learning::{self, RetiredRow};
use super::statement::{LIST_LIMIT, insert_rows, padded, with_list};
use super::{SqlStore, not_found, value};
use crate::domain::{
    DeskId, FeedbackEvent, FeedbackKind, FeedbackTally, Pool, RejectReason, RetiredAnswer, RetirementState, SuggestionId, SuggestionSetId,
    Timestamp, WordingTally,
};
use crate::store::cipher::Place;
use crate::store::{FeedbackStore, LiveValue, RecordedSet, RecordedSuggestion, Result, StoreError, UsedSuggestion};

#[derive(sqlx::FromRow)]
struct SuggestionRow {
    id: Vec<u8>,
    desk: String,
    rank: i64,
    pool: String,
    source: Vec<u8>,
    answer_key: String,
    wording: Option<String>,
    like_keys: Option<String>,
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
/// and a reply that is accepted and then sent was taken once. What is sent in words that were not offered was edited, whether or not the
/// host has said so.
const VERDICTS: &str = "select f.answer_key, \
                        max(case when f.kind in ('accepted', 'sent') then f.created_at end) as accepted_at, \
                        max(case when f.kind = 'edited' or (f.kind = 'sent' and f.wording is not null and f.wording is distinct from s.wording) \
                        then f.created_at end) as edited_at, \
                        max(case when f.kind = 'rejected' and (f.reason is null or f.reason <> 'outdated') then f.created_at end) \
                        as rejected_at, \
                        max(case when f.kind = 'rejected' and f.reason = 'outdated' then f.created_at end) as outdated_at \
                        from feedback f join suggestion s on s.id = f.suggestion_id \
                        where f.desk = $1 and f.answer_key in ({list}) and f.kind <> 'shown' group by f.answer_key, f.suggestion_id";

fn live_values_place(set: uuid::Uuid) -> Place {
    Place { table: "suggestion_set", column: "live_values", row: set }
}

#[async_trait]
impl FeedbackStore for SqlStore {
    async fn record_set(&self, desk: &DeskId, set: &RecordedSet) -> Result<()> {
        let live_values = if set.live_values.is_empty() {
            None
        } else {
            Some(self.cipher.seal(live_values_place(set.id.as_uuid()), &value::to_json(&set.live_values))?)
        };
        let mut tx = self.begin_adding().await?;
        sqlx::query(
            "insert into suggestion_set (id, desk, conversation, query, abstained, actor, created_at, live_values) \
             values ($1, $2, $3, $4, $5, $6, $7, $8)",
        )
        .bind(value::blob(set.id.as_uuid()))
        .bind(desk.as_str())
        .bind(set.conversation.as_deref())
        .bind(set.query.as_str())
        .bind(set.abstained.as_deref())
        .bind(set.actor.as_str())
        .bind(set.at.as_micros())
        .bind(live_values)
        .execute(&mut *tx)
        .await
        .map_err(|error| not_found(error, "desk"))?;
        let rows: Vec<_> = set.suggestions.iter().map(|suggestion| (desk, set.id, suggestion)).collect();
        insert_rows(
            &mut tx,
            "insert into suggestion (id, set_id, desk, rank, pool, source, answer_key, wording, like_keys, text, score) values",
            11,
            "",
            &rows,
            |query, (desk, set, suggestion)| {
                query
                    .bind(value::blob(suggestion.id.as_uuid()))
                    .bind(value::blob(set.as_uuid()))
                    .bind(desk.as_str())
                    .bind(i64::from(suggestion.rank))
                    .bind(suggestion.pool.as_str())
                    .bind(value::blob(suggestion.source))
                    .bind(suggestion.answer_key.as_str())
                    .bind(suggestion.wording.as_deref())
                    .bind((!suggestion.like.is_empty()).then(|| value::to_json(&suggestion.like)))
                    .bind(suggestion.text.as_str())
                    .bind(suggestion.score)
            },
        )
        .await?;
        tx.commit().await?;
        Ok(())
    }

    async fn recorded_suggestion(&self, id: SuggestionId) -> Result<Option<(DeskId, RecordedSuggestion)>> {
        let row: Option<SuggestionRow> = sqlx::query_as(
            "select id, desk, rank, pool, source, answer_key, wording, like_keys, text, score from suggestion where id = $1",
        )
        .bind(value::blob(id.as_uuid()))
        .fetch_optional(&self.readers)
        .await?;
        let Some(row) = row else { return Ok(None) };
        let suggestion = RecordedSuggestion {
            id: SuggestionId::from_uuid(value::uuid(&row.id, "suggestion.id")?),
            rank: value::count(row.rank, "suggestion.rank")?,
            pool: Pool::from_code(&row.pool).ok_or(StoreError::Corrupt("suggestion.pool"))?,
            source: value::uuid(&row.source, "suggestion.source")?,
            answer_key: row.answer_key,
            wording: row.wording,
            like: row.like_keys.map_or_else(|| Ok(Vec::new()), |keys| value::from_json(&keys, "suggestion.like_keys"))?,
            text: row.text,
            score: row.score,
        };
        Ok(Some((value::desk(&row.desk)?, suggestion)))
    }

    async fn used_suggestions(&self, desk: &DeskId, after: Option<SuggestionId>, limit: u32) -> Result<Vec<UsedSuggestion>> {
        let rows: Vec<(Vec<u8>, Vec<u8>, String, String)> = sqlx::query_as(
            "select s.id, t.id, t.query, s.answer_key from suggestion s join suggestion_set t on t.id = s.set_id \
             where s.desk = $1 and s.id > $2 \
             and exists (select 1 from feedback f where f.suggestion_id = s.id and f.kind in ('accepted', 'edited', 'sent')) \
             order by s.id limit $3",
        )
        .bind(desk.as_str())
        .bind(after.map(|id| value::blob(id.as_uuid())).unwrap_or_default())
        .bind(i64::from(limit))
        .fetch_all(&self.readers)
        .await?;
        let used = |(id, set, query, answer_key): (Vec<u8>, Vec<u8>, String, String)| {
            let id = SuggestionId::from_uuid(value::uuid(&id, "suggestion.id")?);
            let set = SuggestionSetId::from_uuid(value::uuid(&set, "suggestion.set_id")?);
            Ok(UsedSuggestion { id, set, query, answer_key })
        };
        rows.into_iter().map(used).collect()
    }

    async fn live_values(&self, desk: &DeskId, suggestion: SuggestionId) -> Result<Vec<LiveValue>> {
        let row: Option<(Vec<u8>, Option<Vec<u8>>)> = sqlx::query_as(
            "select t.id, t.live_values from suggestion_set t join suggestion s on s.set_id = t.id where s.id = $1 and s.desk = $2",
        )
        .bind(value::blob(suggestion.as_uuid()))
        .bind(desk.as_str())
        .fetch_optional(&self.readers)
        .await?;
        let Some((set, Some(sealed))) = row else { return Ok(Vec::new()) };
        let place = live_values_place(value::uuid(&set, "suggestion_set.id")?);
        value::from_json(&self.cipher.open(place, &sealed)?, "suggestion_set.live_values")
    }

    async fn add_feedback(&self, desk: &DeskId, event: &FeedbackEvent) -> Result<()> {
        let mut tx = self.begin().await?;
        // The answer key is copied from the suggestion, so that tallies need no join.
        let done = sqlx::query(
            "insert into feedback (id, desk, suggestion_id, answer_key, kind, reason, final_text, wording, actor, created_at) \
             select $1, desk, id, answer_key, $4, $5, $6, $7, $8, $9 from suggestion where id = $3 and desk = $2",
        )
        .bind(value::blob(event.id.as_uuid()))
        .bind(desk.as_str())
        .bind(value::blob(event.suggestion.as_uuid()))
        .bind(event.kind.as_str())
        .bind(event.reason.map(RejectReason::as_str))
        .bind(event.final_text.as_deref())
        .bind(event.wording.as_deref())
        .bind(event.actor.as_str())
        .bind(event.at.as_micros())
        .execute(&mut *tx)
        .await
        .map_err(|error| super::duplicate(error, "feedback event"))?;
        if done.rows_affected() == 0 {
            return Err(StoreError::NotFound("suggestion"));
        }
        learning::count_showings(&mut tx, desk, event.suggestion, event.at).await?;
        if event.kind == FeedbackKind::Rejected && event.reason == Some(RejectReason::Outdated) {
            learning::withhold(&mut tx, event).await?;
        }
        tx.commit().await?;
        Ok(())
    }

    async fn tallies(&self, desk: &DeskId, answer_keys: &[String], now: Timestamp) -> Result<HashMap<String, FeedbackTally>> {
        // The statement spells two enums out; this fails to compile, rather than to count, when a code changes.
        const {
            assert!(matches!(FeedbackKind::Rejected.as_str().as_bytes(), b"rejected"));
            assert!(matches!(FeedbackKind::Shown.as_str().as_bytes(), b"shown"));
            assert!(matches!(RejectReason::Outdated.as_str().as_bytes(), b"outdated"));
        }
        let mut tallies: HashMap<String, FeedbackTally> = HashMap::new();
        for chunk in distinct(answer_keys).chunks(LIST_LIMIT) {
            let mut query = sqlx::query_as::<_, Verdict>(with_list(VERDICTS, 2, chunk.len())).bind(desk.as_str());
            for key in padded(chunk) {
                query = query.bind(key);
            }
            let verdicts = async { Ok(query.fetch_all(&self.readers).await?) };
            // A suggestion waits for all of them.
            let (showings, retired, retired_as_like, verdicts) = futures::try_join!(
                learning::showings(&self.readers, desk, chunk, now),
                learning::retirements(&self.readers, desk, chunk),
                learning::retired_as_like(&self.readers, desk, chunk),
                verdicts
            )?;
            for (key, examined) in showings {
                tallies.entry(key).or_default().examined = examined;
            }
            for (key, retirement) in &retired {
                if retirement.state.is_withheld() {
                    tallies.entry(key.clone()).or_default().retired = true;
                }
            }
            for key in retired_as_like {
                tallies.entry(key).or_default().retired_as_like = true;
            }
            for verdict in verdicts {
                let weight = |at: Option<i64>| at.map_or(0.0, |at| learning::decay(Timestamp::from_micros(at), now));
                // Sent after an edit is not "sent unchanged".
                let accepted_at = if verdict.edited_at.is_some() { None } else { verdict.accepted_at };
                // A reviewer who restores an answer says that the reports before were wrong.
                let restored_at = retired.get(&verdict.answer_key).and_then(learning::Retirement::restored_at);
                let outdated_at = verdict.outdated_at.filter(|&at| restored_at.is_none_or(|restored| at > restored));
                let tally = tallies.entry(verdict.answer_key).or_default();
                tally.accepted += weight(accepted_at);
                tally.edited += weight(verdict.edited_at);
                tally.rejected += weight(verdict.rejected_at.max(outdated_at));
                tally.outdated += weight(outdated_at);
            }
        }
        Ok(tallies)
    }

    async fn wordings(&self, desk: &DeskId, answer_keys: &[String], now: Timestamp) -> Result<HashMap<String, Vec<WordingTally>>> {
        let mut found = HashMap::new();
        for chunk in distinct(answer_keys).chunks(LIST_LIMIT) {
            found.extend(learning::wordings(&self.readers, desk, chunk, now).await?);
        }
        Ok(found)
    }

    async fn retired_answers(&self, desk: &DeskId, after: Option<(Timestamp, String)>, limit: u32) -> Result<Vec<RetiredAnswer>> {
        let (before, last) = after.map_or((i64::MAX, String::new()), |(at, id)| (at.as_micros(), id));
        let rows: Vec<RetiredRow> = sqlx::query_as(
            "select *, (select count(*) from retired_like l where l.desk = r.desk and l.retired_with = r.answer_key) as like_answers \
             from retired_answer r where desk = $1 and state <> 'restored' \
             and (reported_at < $2 or (reported_at = $2 and answer_key > $3)) order by reported_at desc, answer_key limit $4",
        )
        .bind(desk.as_str())
        .bind(before)
        .bind(last)
        .bind(i64::from(limit))
        .fetch_all(&self.readers)
        .await?;
        rows.into_iter().map(RetiredRow::into_answer).collect()
    }

    async fn review_retired(&self, desk: &DeskId, id: &str, restore: bool, reviewer: &str, now: Timestamp) -> Result<RetiredAnswer> {
        let state = if restore { RetirementState::Restored } else { RetirementState::Retired };
        let row: Option<RetiredRow> = sqlx::query_as(
            "update retired_answer set state = $3, reviewed_by = $4, reviewed_at = $5 where desk = $1 and answer_key = $2 \
             returning *, (select count(*) from retired_like where desk = $1 and retired_with = $2) as like_answers",
        )
        .bind(desk.as_str())
        .bind(id)
        .bind(state.as_str())
        .bind(reviewer)
        .bind(now.as_micros())
        .fetch_optional(&self.writer)
        .await?;
        row.ok_or(StoreError::NotFound("reported answer"))?.into_answer()
    }
}

fn distinct(keys: &[String]) -> Vec<&str> {
    keys.iter().map(String::as_str).collect::<BTreeSet<_>>().into_iter().collect()
}
