//! The port for figures over time: how suggestions were used, how fast agents answered.

use async_trait::async_trait;

use super::Result;
use crate::domain::{DeskId, Timestamp};

/// What became of the suggestion sets of one day (UTC) that ended alike.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SetUse {
    /// Midnight the day began at.
    pub day: Timestamp,
    /// Why nothing was suggested; absent where something was.
    pub abstained: Option<String>,
    /// Sets.
    pub sets: u64,
    /// Of these, those that were on an agent's screen, as far as the host has told.
    pub shown: u64,
    /// Of these, those of which a suggestion was taken as it was.
    pub accepted: u64,
    /// Of these, those of which a suggestion was taken and changed.
    pub edited: u64,
    /// Of these, those of which nothing was taken and something refused.
    pub rejected: u64,
}

/// One reply of an agent to a customer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ReplyDelay {
    /// Microseconds from the first customer message that waited to the agent's reply.
    pub micros: i64,
    /// Whether suggestions were given in that conversation within the period.
    pub suggested: bool,
}

/// Figures of a desk over a period, from its beginning up to, not including, its end.
#[async_trait]
pub trait ReportStore: Send + Sync {
    /// What became of the desk's suggestion sets, by the day they were given and the reason for silence; oldest day first.
    async fn set_use(&self, desk: &DeskId, from: Timestamp, to: Timestamp) -> Result<Vec<SetUse>>;
    /// How long customers waited for each reply, in no particular order. Messages without a time tell nothing.
    async fn reply_delays(&self, desk: &DeskId, from: Timestamp, to: Timestamp) -> Result<Vec<ReplyDelay>>;
}
