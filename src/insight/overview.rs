//! How suggestions are used over a period, and how fast agents answer with and without them.

use std::collections::BTreeMap;

use serde::Serialize;
use utoipa::ToSchema;

use super::{Insight, InsightError};
use crate::domain::{DeskId, Timestamp};
use crate::store::{ReplyDelay, SetUse};

/// Longest period, in days.
pub const MAX_DAYS: i64 = 400;
const DAY_MICROS: i64 = 86_400_000_000;
/// Waits beyond this are not an agent at work but a night, a weekend or a new visit (8 hours, as for episodes of a conversation).
const LONGEST_WAIT_MICROS: i64 = 8 * 3600 * 1_000_000;

/// What became of suggestion sets. One is asked for at each customer turn.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, ToSchema)]
pub struct UseCounts {
    /// Times that suggestions were asked for.
    pub asked: u64,
    /// Of these, answered with at least one suggestion.
    pub served: u64,
    /// Of these, answered with silence.
    pub silent: u64,
    /// Sets on an agent's screen, as far as the host has told.
    pub shown: u64,
    /// Sets of which a suggestion was taken as it was.
    pub accepted: u64,
    /// Sets of which a suggestion was taken and changed.
    pub edited: u64,
    /// Sets of which nothing was taken and something refused.
    pub rejected: u64,
}

impl UseCounts {
    fn add(&mut self, row: &SetUse) {
        self.asked += row.sets;
        if row.abstained.is_some() {
            self.silent += row.sets;
        } else {
            self.served += row.sets;
        }
        self.shown += row.shown;
        self.accepted += row.accepted;
        self.edited += row.edited;
        self.rejected += row.rejected;
    }
}

/// One day.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct DayUse {
    /// Midnight (UTC) it began at.
    #[schema(value_type = String, format = DateTime)]
    pub day: Timestamp,
    /// Its counts.
    #[serde(flatten)]
    pub counts: UseCounts,
}

/// How long customers waited for replies, in seconds.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, ToSchema)]
pub struct ReplyTimes {
    /// Replies.
    pub replies: u64,
    /// Half of them came within.
    pub median_seconds: f64,
    /// Nine in ten of them came within.
    pub p90_seconds: f64,
}

impl ReplyTimes {
    /// Nearest-rank percentiles.
    fn of(mut micros: Vec<i64>) -> Self {
        micros.sort_unstable();
        let at = |share: f64| {
            let rank = (share * micros.len() as f64).ceil() as usize;
            micros.get(rank.saturating_sub(1)).map_or(0.0, |micros| *micros as f64 / 1e6)
        };
        Self { replies: micros.len() as u64, median_seconds: at(0.5), p90_seconds: at(0.9) }
    }
}

/// Figures of a desk over a period.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct Overview {
    /// Its beginning: midnight (UTC) of the first day.
    #[schema(value_type = String, format = DateTime)]
    pub from: Timestamp,
    /// Its end, not included.
    #[schema(value_type = String, format = DateTime)]
    pub to: Timestamp,
    /// All days together.
    pub total: UseCounts,
    /// Every day, those without anything included.
    pub days: Vec<DayUse>,
    /// Times of silence by reason.
    pub silent_reasons: BTreeMap<String, u64>,
    /// Waits in conversations in which something was suggested within the period; waits of more than eight hours are left out.
    pub with_suggestions: ReplyTimes,
    /// The same in the other conversations. Which conversations get suggestions is not left to chance: the difference is no proof of what
    /// suggestions do.
    pub without_suggestions: ReplyTimes,
}

impl Insight {
    /// Figures of the `days` days (at least one, at most [`MAX_DAYS`]) up to and including the one that `last` lies in; the present day without `last`.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn overview(&self, desk: &DeskId, last: Option<Timestamp>, days: i64) -> Result<Overview, InsightError> {
        let last = last.unwrap_or_else(|| self.clock.now()).as_micros().div_euclid(DAY_MICROS);
        let (first, end) = (last + 1 - days.clamp(1, MAX_DAYS), last + 1);
        let midnight = |day: i64| Timestamp::from_micros(day.saturating_mul(DAY_MICROS));
        let (from, to) = (midnight(first), midnight(end));
        let rows = self.store.set_use(desk, from, to).await?;
        let delays = self.store.reply_delays(desk, from, to).await?;
        let mut by_day: BTreeMap<Timestamp, UseCounts> = (first..end).map(|day| (midnight(day), UseCounts::default())).collect();
        let mut total = UseCounts::default();
        let mut silent_reasons = BTreeMap::new();
        for row in rows {
            total.add(&row);
            by_day.entry(row.day).or_default().add(&row);
            if let Some(reason) = row.abstained {
                *silent_reasons.entry(reason).or_default() += row.sets;
            }
        }
        let (with, without): (Vec<ReplyDelay>, Vec<ReplyDelay>) =
            delays.into_iter().filter(|delay| (0..=LONGEST_WAIT_MICROS).contains(&delay.micros)).partition(|delay| delay.suggested);
        let times = |delays: Vec<ReplyDelay>| ReplyTimes::of(delays.into_iter().map(|delay| delay.micros).collect());
        Ok(Overview {
            from,
            to,
            total,
            days: by_day.into_iter().map(|(day, counts)| DayUse { day, counts }).collect(),
            silent_reasons,
            with_suggestions: times(with),
            without_suggestions: times(without),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_of_the_nearest_rank() {
        let seconds = |values: &[i64]| values.iter().map(|value| value * 1_000_000).collect::<Vec<_>>();
        assert_eq!(ReplyTimes::of(seconds(&[])), ReplyTimes::default());
        let times = ReplyTimes::of(seconds(&[10, 1, 2, 3, 4, 5, 6, 7, 8, 9]));
        assert_eq!((times.replies, times.median_seconds, times.p90_seconds), (10, 5.0, 9.0));
        assert_eq!(ReplyTimes::of(seconds(&[7])).p90_seconds, 7.0);
    }
}
