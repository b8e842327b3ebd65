//! What the store makes of feedback beyond counting verdicts: which showings count, which wordings agents prefer, which answers are withheld.
//!
//! A decayed sum needs no history: the sum as of one moment, times the decay since, is the sum as of another. Showings are many and are kept
//! that way, one row per answer; each suggestion remembers when it was counted, so that what a later event disproves can be taken back.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::dialect::{Connections, Transaction};
use super::statement::{padded, with_list};
use super::value;
use crate::domain::{
    ControlKind, DeskId, FeedbackEvent, FeedbackKind, Pool, RetiredAnswer, RetirementState, Showing, SuggestionId, Timestamp, WordingTally,
    counted_showings, examination,
};
use crate::store::{MAX_WORDINGS, Result, StoreError};

/// Days after which an event counts half.
const HALF_LIFE_DAYS: f64 = 90.0;
const SECONDS_PER_DAY: f64 = 86_400.0;

/// What an event counts now. One from the future (a clock was set back) counts as just made.
pub(super) fn decay(at: Timestamp, now: Timestamp) -> f64 {
    let days = (now.seconds_since(at) / SECONDS_PER_DAY).max(0.0);
    0.5f64.powf(days / HALF_LIFE_DAYS)
}

// ── showings ──

#[derive(sqlx::FromRow)]
struct ShowingRow {
    id: Vec<u8>,
    answer_key: String,
    rank: i64,
    counted_at: Option<i64>,
    shown: i64,
    used: i64,
    refused: i64,
}

/// Brings the counted showings of the set of `suggestion` into step with what is known of it now.
pub(super) async fn count_showings(tx: &mut Transaction, desk: &DeskId, suggestion: SuggestionId, now: Timestamp) -> Result<()> {
    let rows: Vec<ShowingRow> = sqlx::query_as(
        "select s.id, s.answer_key, s.rank, s.counted_at, \
         count(case when f.kind = 'shown' then 1 end) as shown, \
         count(case when f.kind in ('accepted', 'edited', 'sent') then 1 end) as used, \
         count(case when f.kind = 'rejected' then 1 end) as refused \
         from suggestion s left join feedback f on f.suggestion_id = s.id \
         where s.set_id = (select set_id from suggestion where id = $1) \
         group by s.id, s.answer_key, s.rank, s.counted_at order by s.rank, s.id",
    )
    .bind(value::blob(suggestion.as_uuid()))
    .fetch_all(&mut **tx)
    .await?;
    let mut set = Vec::with_capacity(rows.len());
    for row in &rows {
        let rank = value::count(row.rank, "suggestion.rank")?;
        set.push(Showing { rank, shown: row.shown > 0, used: row.used > 0, refused: row.refused > 0 });
    }
    for ((row, counts), showing) in rows.iter().zip(counted_showings(&set)).zip(&set) {
        let change = match (row.counted_at, counts) {
            (None, true) => examination(showing.rank),
            (Some(at), false) => -examination(showing.rank) * decay(Timestamp::from_micros(at), now),
            (None, false) | (Some(_), true) => continue,
        };
        add_to_showings(tx, desk, &row.answer_key, change, now).await?;
        sqlx::query("update suggestion set counted_at = $2 where id = $1")
            .bind(row.id.as_slice())
            .bind(counts.then_some(now.as_micros()))
            .execute(&mut **tx)
            .await?;
    }
    Ok(())
}

async fn add_to_showings(tx: &mut Transaction, desk: &DeskId, key: &str, change: f64, now: Timestamp) -> Result<()> {
    let known: Option<(f64, i64)> = sqlx::query_as("select weight, as_of from answer_showing where desk = $1 and answer_key = $2")
        .bind(desk.as_str())
        .bind(key)
        .fetch_optional(&mut **tx)
        .await?;
    let (weight, as_of) = known.map_or((0.0, now), |(weight, as_of)| (weight, Timestamp::from_micros(as_of)));
    sqlx::query(
        "insert into answer_showing (desk, answer_key, weight, as_of) values ($1, $2, $3, $4) \
         on conflict (desk, answer_key) do update set weight = excluded.weight, as_of = excluded.as_of",
    )
    .bind(desk.as_str())
    .bind(key)
    // Rounding may leave a hair less than nothing when all is taken back.
    .bind((weight * decay(as_of, now) + change).max(0.0))
    .bind(now.max(as_of).as_micros())
    .execute(&mut **tx)
    .await?;
    Ok(())
}

const SHOWINGS: &str = "select answer_key, weight, as_of from answer_showing where desk = $1 and answer_key in ({list})";

/// Decayed, weighted showings by answer key.
pub(super) async fn showings(readers: &Connections, desk: &DeskId, keys: &[&str], now: Timestamp) -> Result<Vec<(String, f64)>> {
    let mut query = sqlx::query_as::<_, (String, f64, i64)>(with_list(SHOWINGS, 2, keys.len())).bind(desk.as_str());
    for key in padded(keys) {
        query = query.bind(key);
    }
    let rows = query.fetch_all(readers).await?;
    let decayed = |(key, weight, as_of): (String, f64, i64)| (key, weight * decay(Timestamp::from_micros(as_of), now));
    // What was counted and taken back again is as good as never counted.
    Ok(rows.into_iter().map(decayed).filter(|(_, weight)| *weight > 1e-9).collect())
}

// ── wordings ──

#[derive(sqlx::FromRow)]
struct WordingRow {
    answer_key: String,
    wording: String,
    suggestion_id: Vec<u8>,
    conversation: String,
    kind: String,
    final_text: Option<String>,
    created_at: i64,
    as_offered: bool,
}

/// The wordings of each answer that are looked at, and what was said about them. Sets without a conversation's id may all be of one
/// conversation, so they count as one.
const WORDINGS: &str = "with ranked as (select f.answer_key, f.wording, row_number() over (partition by f.answer_key \
                        order by max(case when c.kind is not null then 1 else 0 end) desc, count(distinct f.suggestion_id) desc, max(f.created_at) desc, f.wording) as place \
                        from feedback f left join control c on c.desk = f.desk and c.answer_key = f.wording and c.kind = 'pin' \
                        where f.desk = $1 and f.answer_key in ({list}) and f.wording is not null group by f.answer_key, f.wording) \
                        select f.answer_key, f.wording, f.suggestion_id, coalesce(t.conversation, '') as conversation, f.kind, \
                        f.final_text, f.created_at, f.wording is not distinct from s.wording as as_offered \
                        from ranked r join feedback f on f.desk = $1 and f.answer_key = r.answer_key and f.wording = r.wording \
                        join suggestion s on s.id = f.suggestion_id join suggestion_set t on t.id = s.set_id \
                        where r.place <= $2 order by f.created_at, f.id";

/// What is known of one wording while rows are read.
#[derive(Default)]
struct Gathered {
    text: Option<String>,
    conversations: BTreeSet<String>,
    weight: f64,
    accepted: f64,
    edited: f64,
    last_used_at: i64,
}

/// Edited wordings by answer key, in order of their keys; [`MAX_WORDINGS`] of an answer at most.
pub(super) async fn wordings(
    readers: &Connections,
    desk: &DeskId,
    keys: &[&str],
    now: Timestamp,
) -> Result<HashMap<String, Vec<WordingTally>>> {
    // `case` in the statement spells a code out; this fails to compile, rather than to read, when it changes.
    const {
        assert!(matches!(ControlKind::Pin.as_str().as_bytes(), b"pin"));
    }
    let mut query = sqlx::query_as::<_, WordingRow>(with_list(WORDINGS, 3, keys.len())).bind(desk.as_str()).bind(i64::from(MAX_WORDINGS));
    for key in padded(keys) {
        query = query.bind(key);
    }
    let mut by_suggestion: BTreeMap<Vec<u8>, Vec<WordingRow>> = BTreeMap::new();
    for row in query.fetch_all(readers).await? {
        by_suggestion.entry(row.suggestion_id.clone()).or_default().push(row);
    }
    let mut gathered: BTreeMap<(String, String), Gathered> = BTreeMap::new();
    for events in by_suggestion.values() {
        // Rows come in order of time. A suggestion was used once, as the last text that came with it says; an event without a text repeats
        // what was offered.
        let with_text = events.iter().rfind(|event| event.final_text.is_some());
        let used = with_text.or_else(|| events.iter().rfind(|event| event.kind != FeedbackKind::Rejected.as_str()));
        if let Some(event) = used {
            let weight = decay(Timestamp::from_micros(event.created_at), now);
            // As in the tallies: what was not offered in these words was edited into them.
            let edited = !event.as_offered || events.iter().any(|event| event.kind == FeedbackKind::Edited.as_str());
            let wording = gathered.entry((event.answer_key.clone(), event.wording.clone())).or_default();
            wording.weight += weight;
            *(if edited { &mut wording.edited } else { &mut wording.accepted }) += weight;
            wording.conversations.insert(event.conversation.clone());
            if event.created_at >= wording.last_used_at {
                wording.last_used_at = event.created_at;
                wording.text = event.final_text.clone().or_else(|| wording.text.take());
            } else if wording.text.is_none() {
                wording.text.clone_from(&event.final_text);
            }
        }
        if let Some(event) = events.iter().rfind(|event| event.kind == FeedbackKind::Rejected.as_str()) {
            let wording = gathered.entry((event.answer_key.clone(), event.wording.clone())).or_default();
            wording.weight -= decay(Timestamp::from_micros(event.created_at), now);
        }
    }
    let mut found: HashMap<String, Vec<WordingTally>> = HashMap::new();
    for ((answer_key, key), wording) in gathered {
        // A wording nobody ever wrote down can't be offered.
        let Some(text) = wording.text else { continue };
        found.entry(answer_key).or_default().push(WordingTally {
            key,
            text,
            conversations: u32::try_from(wording.conversations.len()).unwrap_or(u32::MAX),
            weight: wording.weight,
            accepted: wording.accepted,
            edited: wording.edited,
            last_used_at: Timestamp::from_micros(wording.last_used_at),
        });
    }
    Ok(found)
}

// ── retired answers ──

/// Withholds the answer of a suggestion that `event` reports as outdated, and with it those the suggestion stood for. A suggestion that is
/// reported again counts once; an answer that had been restored waits for review again, without those that were withheld with it before.
pub(super) async fn withhold(tx: &mut Transaction, event: &FeedbackEvent) -> Result<()> {
    sqlx::query(
        "delete from retired_like where (desk, retired_with) in (select r.desk, r.answer_key from retired_answer r \
         join suggestion s on s.desk = r.desk and s.answer_key = r.answer_key where s.id = $1 and r.state = 'restored')",
    )
    .bind(value::blob(event.suggestion.as_uuid()))
    .execute(&mut **tx)
    .await?;
    sqlx::query(concat!(
        "insert into retired_like (desk, answer_key, retired_with) select s.desk, alike.value, s.answer_key from suggestion s, ",
        json_elements!("s.like_keys", "alike"),
        " where s.id = $1 and s.like_keys is not null on conflict do nothing"
    ))
    .bind(value::blob(event.suggestion.as_uuid()))
    .execute(&mut **tx)
    .await?;
    sqlx::query(
        "insert into retired_answer (desk, answer_key, state, text, pool, source, reports, reported_by, reported_at) \
         select desk, answer_key, 'reported', text, pool, source, 1, $2, $3 from suggestion where id = $1 \
         on conflict (desk, answer_key) do update set \
         state = case when retired_answer.state = 'restored' then 'reported' else retired_answer.state end, \
         text = excluded.text, pool = excluded.pool, source = excluded.source, \
         reports = retired_answer.reports + case when (select count(*) from feedback where suggestion_id = $1 and kind = 'rejected' \
         and reason = 'outdated') > 1 then 0 else 1 end, \
         reported_by = excluded.reported_by, reported_at = excluded.reported_at",
    )
    .bind(value::blob(event.suggestion.as_uuid()))
    .bind(event.actor.as_str())
    .bind(event.at.as_micros())
    .execute(&mut **tx)
    .await?;
    Ok(())
}

#[derive(sqlx::FromRow)]
pub(super) struct RetiredRow {
    answer_key: String,
    state: String,
    text: String,
    pool: String,
    source: Vec<u8>,
    reports: i64,
    like_answers: i64,
    reported_by: String,
    reported_at: i64,
    reviewed_by: Option<String>,
    reviewed_at: Option<i64>,
}

impl RetiredRow {
    pub(super) fn into_answer(self) -> Result<RetiredAnswer> {
        Ok(RetiredAnswer {
            state: state(&self.state)?,
            pool: Pool::from_code(&self.pool).ok_or(StoreError::Corrupt("retired_answer.pool"))?,
            source: value::uuid(&self.source, "retired_answer.source")?,
            id: self.answer_key,
            text: self.text,
            reports: value::count(self.reports, "retired_answer.reports")?,
            like_answers: value::count(self.like_answers, "retired_like")?,
            reported_by: self.reported_by,
            reported_at: Timestamp::from_micros(self.reported_at),
            reviewed_by: self.reviewed_by,
            reviewed_at: value::timestamp(self.reviewed_at),
        })
    }
}

fn state(code: &str) -> Result<RetirementState> {
    RetirementState::from_code(code).ok_or(StoreError::Corrupt("retired_answer.state"))
}

/// Where an answer stands, for counting.
pub(super) struct Retirement {
    pub(super) state: RetirementState,
    reviewed_at: Option<i64>,
}

impl Retirement {
    /// When a reviewer brought it back, if it is back.
    pub(super) fn restored_at(&self) -> Option<i64> {
        if self.state.is_withheld() { None } else { self.reviewed_at }
    }
}

const RETIREMENTS: &str = "select answer_key, state, reviewed_at from retired_answer where desk = $1 and answer_key in ({list})";

/// Answers that were ever reported outdated, by key.
pub(super) async fn retirements(readers: &Connections, desk: &DeskId, keys: &[&str]) -> Result<BTreeMap<String, Retirement>> {
    let mut query = sqlx::query_as::<_, (String, String, Option<i64>)>(with_list(RETIREMENTS, 2, keys.len())).bind(desk.as_str());
    for key in padded(keys) {
        query = query.bind(key);
    }
    let rows = query.fetch_all(readers).await?;
    rows.into_iter().map(|(key, code, reviewed_at)| Ok((key, Retirement { state: state(&code)?, reviewed_at }))).collect()
}

const RETIRED_LIKE: &str = "select distinct l.answer_key from retired_like l \
                            join retired_answer r on r.desk = l.desk and r.answer_key = l.retired_with \
                            where l.desk = $1 and r.state <> 'restored' and l.answer_key in ({list})";

/// Those answers that are withheld because one that said the same is.
pub(super) async fn retired_as_like(readers: &Connections, desk: &DeskId, keys: &[&str]) -> Result<Vec<String>> {
    let mut query = sqlx::query_scalar::<_, String>(with_list(RETIRED_LIKE, 2, keys.len())).bind(desk.as_str());
    for key in padded(keys) {
        query = query.bind(key);
    }
    Ok(query.fetch_all(readers).await?)
}
