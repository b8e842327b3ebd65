//! Lists of published entries that want an editor: stale, thin, often refused.

use std::collections::HashMap;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{Insight, InsightError, PAGE};
use crate::domain::{DeskId, Entry, EntryId, EntryStatus, GapState, Pool, RetiredAnswer, Timestamp};
use crate::store::EntryUse;
use crate::text::normalise::answer_key;

/// Uses (or verdicts) below which nothing is said about an entry.
const LEAST_VERDICTS: u32 = 3;
/// Share of uses with changes from which on an entry is thin.
const OFTEN_EDITED: f64 = 0.4;
/// Share of verdicts that are refusals from which on an entry is refused often.
const OFTEN_REJECTED: f64 = 0.5;

/// Which list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Worklist {
    /// Past their validity, reported outdated, or refused as outdated.
    Stale,
    /// Often sent with changes.
    Thin,
    /// Often refused.
    Rejected,
}

impl Worklist {
    /// Every list.
    pub const ALL: [Self; 3] = [Self::Stale, Self::Thin, Self::Rejected];

    /// The code used in the API.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Stale => "stale",
            Self::Thin => "thin",
            Self::Rejected => "rejected",
        }
    }

    /// Reads the code back.
    #[must_use]
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|list| list.as_str() == code)
    }
}

/// Why an entry is on a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum WorklistReason {
    /// Its validity is over.
    PastValidity,
    /// Its answer is withheld because it was reported outdated.
    ReportedOutdated,
    /// Its suggestions were refused as outdated.
    RejectedAsOutdated,
    /// Its suggestions are often sent with changes.
    OftenEdited,
    /// Its suggestions are often refused.
    OftenRejected,
}

/// An entry on a list.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct WorklistItem {
    /// The entry.
    #[schema(value_type = String, format = Uuid)]
    pub entry_id: EntryId,
    /// The id in its file.
    pub external_id: String,
    /// Its first question.
    pub question: String,
    /// Its answer.
    pub answer: String,
    /// Who keeps it.
    pub owner: Option<String>,
    /// Why it is here.
    pub reasons: Vec<WorklistReason>,
    /// Suggestions with its present answer that were accepted, edited or sent.
    pub used: u32,
    /// Of these, sent with changes.
    pub edited: u32,
    /// Suggestions that were refused.
    pub rejected: u32,
    /// Of these, as outdated.
    pub outdated: u32,
    /// First moment at which it may no longer be suggested.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub valid_to: Option<Timestamp>,
    /// When its answer was last reported outdated.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub reported_at: Option<Timestamp>,
    /// The longest of the wordings that agents have sent in its place, masked; on the thin list only.
    pub fuller: Option<String>,
}

/// How long every list of a desk is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, ToSchema)]
pub struct WorklistCounts {
    /// Stale entries.
    pub stale: u64,
    /// Thin entries.
    pub thin: u64,
    /// Entries refused often.
    pub rejected: u64,
    /// Open gaps.
    pub gaps: u64,
    /// Conflicts.
    pub conflicts: u64,
}

/// What is known of one entry.
struct Fared {
    entry: Entry,
    used: u32,
    edited: u32,
    rejected: u32,
    outdated: u32,
    reported_at: Option<Timestamp>,
    answer_key: String,
}

impl Fared {
    fn reasons(&self, list: Worklist, now: Timestamp) -> Vec<WorklistReason> {
        let verdicts = self.used + self.rejected;
        let share = |part: u32, of: u32| f64::from(part) / f64::from(of.max(1));
        let found = match list {
            Worklist::Stale => [
                self.entry.content.valid_to.is_some_and(|to| to <= now).then_some(WorklistReason::PastValidity),
                self.reported_at.map(|_| WorklistReason::ReportedOutdated),
                (self.outdated > 0).then_some(WorklistReason::RejectedAsOutdated),
            ],
            Worklist::Thin => {
                let often = self.used >= LEAST_VERDICTS && share(self.edited, self.used) >= OFTEN_EDITED;
                [often.then_some(WorklistReason::OftenEdited), None, None]
            }
            Worklist::Rejected => {
                let often = verdicts >= LEAST_VERDICTS && share(self.rejected, verdicts) >= OFTEN_REJECTED;
                [often.then_some(WorklistReason::OftenRejected), None, None]
            }
        };
        found.into_iter().flatten().collect()
    }

    /// What puts one entry before another.
    fn weight(&self, list: Worklist) -> (u32, u32) {
        match list {
            Worklist::Stale => (self.outdated + u32::from(self.reported_at.is_some()), self.used),
            Worklist::Thin => (self.edited, self.used),
            Worklist::Rejected => (self.rejected, self.used),
        }
    }
}

impl Insight {
    /// One list, the entries that trouble most first.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn worklist(&self, desk: &DeskId, list: Worklist) -> Result<Vec<WorklistItem>, InsightError> {
        let now = self.clock.now();
        let mut fared = self.fared(desk).await?;
        fared.retain(|entry| !entry.reasons(list, now).is_empty());
        fared.sort_by(|a, b| b.weight(list).cmp(&a.weight(list)).then(a.entry.id.cmp(&b.entry.id)));
        let keys: Vec<String> = fared.iter().map(|entry| entry.answer_key.clone()).collect();
        let wordings = if list == Worklist::Thin { self.store.wordings(desk, &keys, now).await? } else { HashMap::new() };
        let item = |fared: Fared| WorklistItem {
            reasons: fared.reasons(list, now),
            fuller: wordings
                .get(&fared.answer_key)
                .and_then(|wordings| wordings.iter().max_by_key(|wording| wording.text.chars().count()))
                .map(|wording| wording.text.clone()),
            question: fared.entry.content.questions.first().cloned().unwrap_or_default(),
            entry_id: fared.entry.id,
            external_id: fared.entry.external_id,
            answer: fared.entry.content.answer,
            owner: fared.entry.content.owner,
            used: fared.used,
            edited: fared.edited,
            rejected: fared.rejected,
            outdated: fared.outdated,
            valid_to: fared.entry.content.valid_to,
            reported_at: fared.reported_at,
        };
        Ok(fared.into_iter().map(item).collect())
    }

    /// How long every list is; gaps and conflicts of at least so many customers.
    ///
    /// # Errors
    /// When store or index fail.
    pub async fn worklist_counts(&self, desk: &DeskId, least_customers: u32) -> Result<WorklistCounts, InsightError> {
        let now = self.clock.now();
        let fared = self.fared(desk).await?;
        let count = |list| fared.iter().filter(|entry| !entry.reasons(list, now).is_empty()).count() as u64;
        Ok(WorklistCounts {
            stale: count(Worklist::Stale),
            thin: count(Worklist::Thin),
            rejected: count(Worklist::Rejected),
            gaps: self.gaps(desk, None, Some(GapState::Open), least_customers).await?.len() as u64,
            conflicts: self.conflicts(desk, least_customers).await?.len() as u64,
        })
    }

    /// Published entries with what agents did with their present answers.
    async fn fared(&self, desk: &DeskId) -> Result<Vec<Fared>, InsightError> {
        let uses: HashMap<(EntryId, String), EntryUse> =
            self.store.entry_use(desk).await?.into_iter().map(|use_| ((use_.entry, use_.answer_key.clone()), use_)).collect();
        let mut reported: HashMap<String, Timestamp> = HashMap::new();
        let mut after: Option<(Timestamp, String)> = None;
        loop {
            let page: Vec<RetiredAnswer> = self.store.retired_answers(desk, after, PAGE).await?;
            let Some(last) = page.last() else { break };
            after = Some((last.reported_at, last.id.clone()));
            let withheld = page.into_iter().filter(|answer| answer.pool == Pool::Knowledge && answer.state.is_withheld());
            reported.extend(withheld.map(|answer| (answer.id, answer.reported_at)));
        }
        let entries = self.all_entries(desk).await?.into_iter().filter(|entry| entry.content.status == EntryStatus::Published);
        Ok(entries
            .map(|entry| {
                let key = answer_key(&entry.content.answer);
                let of = uses.get(&(entry.id, key.clone()));
                let number = |part: fn(&EntryUse) -> u32| of.map_or(0, part);
                Fared {
                    used: number(|of| of.used),
                    edited: number(|of| of.edited),
                    rejected: number(|of| of.rejected),
                    outdated: number(|of| of.outdated),
                    reported_at: reported.get(&key).copied(),
                    answer_key: key,
                    entry,
                }
            })
            .collect())
    }
}
