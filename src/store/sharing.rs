//! What several processes on one store owe each other: whether there may be several, what they tell each other, what they count together.

use async_trait::async_trait;
use tokio::sync::broadcast;

use super::Result;
use crate::domain::{ConversationId, DeskId, JobId, JobState, Role, Timestamp};

/// Notices a slow receiver may fall behind before it is told that it has missed some.
const NOTICES_KEPT: usize = 1024;

/// Whether a process has a store to itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sharing {
    /// Alone: another process is refused.
    Alone,
    /// Beside others that say the same. Whoever wants the store alone is refused.
    Replicas,
}

/// What another process has changed. Only names: the receiver reads what it wants to know.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Notice {
    /// A job was queued, has got on, or has ended.
    Job(JobId, JobState),
    /// A live conversation has got a message, was closed or goes on.
    Conversation(DeskId, ConversationId),
    /// Somebody writes in a live conversation, or has stopped to.
    Typing(DeskId, ConversationId, Role, bool),
    /// Something waits for the index.
    IndexQueued,
    /// So many changes of a desk have reached the index.
    IndexWritten(DeskId, u64),
    /// Another adapter is in force for a desk, or none.
    Adapter(DeskId),
    /// Notices may have been lost: whatever others can have changed is to be read again.
    Missed,
}

impl Notice {
    /// Reads a notice back; `None` for one of a newer program.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (kind, rest) = text.split_once(' ').unwrap_or((text, ""));
        let mut parts = rest.splitn(4, ' ');
        let mut part = || parts.next();
        Some(match kind {
            "job" => {
                let state = JobState::from_code(part()?)?;
                Self::Job(part()?.parse().ok()?, state)
            }
            "conversation" => {
                let id = part()?.parse().ok()?;
                Self::Conversation(part()?.parse().ok()?, id)
            }
            "typing" => {
                let id = part()?.parse().ok()?;
                let role = Role::from_code(part()?)?;
                let typing = part()? == "begins";
                Self::Typing(part()?.parse().ok()?, id, role, typing)
            }
            "queued" => Self::IndexQueued,
            "indexed" => {
                let count = part()?.parse().ok()?;
                Self::IndexWritten(part()?.parse().ok()?, count)
            }
            "adapter" => Self::Adapter(part()?.parse().ok()?),
            _ => return None,
        })
    }
}

/// Notices of other processes.
#[derive(Debug)]
pub struct Notices(broadcast::Receiver<Notice>);

impl Notices {
    /// A place where notices arrive, and their first reader.
    #[must_use]
    pub(super) fn channel() -> broadcast::Sender<Notice> {
        broadcast::Sender::new(NOTICES_KEPT)
    }

    pub(super) fn of(sender: &broadcast::Sender<Notice>) -> Self {
        Self(sender.subscribe())
    }

    /// The next one; `None` when there will be none.
    ///
    /// # Cancel safety
    /// Dropping the future loses none.
    pub async fn next(&mut self) -> Option<Notice> {
        match self.0.recv().await {
            Ok(notice) => Some(notice),
            Err(broadcast::error::RecvError::Lagged(_)) => Some(Notice::Missed),
            Err(broadcast::error::RecvError::Closed) => None,
        }
    }
}

/// What came of asking for a token.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct TokenTaken {
    /// Whether there was one.
    pub taken: bool,
    /// What is left in the bucket.
    pub left: f64,
}

/// What processes on one store count together.
#[async_trait]
pub trait SharedCounts: Send + Sync {
    /// Takes a token from a bucket that holds `burst` at most and gets `per_second` back.
    async fn take_token(&self, bucket: &str, per_second: f64, burst: f64, now: Timestamp) -> Result<TokenTaken>;
    /// When the oldest of the last `count` attempts to sign in under a name after `since` was; `None` where there were fewer.
    async fn sign_in_attempts(&self, name: &str, count: u32, since: Timestamp) -> Result<Option<Timestamp>>;
    /// Counts an attempt and forgets all those before `since`.
    async fn count_sign_in_attempt(&self, name: &str, now: Timestamp, since: Timestamp) -> Result<()>;
    /// Forgets a name's attempts.
    async fn forget_sign_in_attempts(&self, name: &str) -> Result<()>;
}

/// The ties to the other processes on a store. The defaults are those of a store that only one process uses.
#[async_trait]
pub trait SharedStore: Send + Sync {
    /// Whether there may be others.
    fn sharing(&self) -> Sharing {
        Sharing::Alone
    }

    /// Notices of the others from now on; `None` where there are none.
    fn notices(&self) -> Option<Notices> {
        None
    }

    /// Tells the others that somebody writes. What they write is not told.
    async fn tell_typing(&self, _desk: &DeskId, _id: ConversationId, _role: Role, _typing: bool) -> Result<()> {
        Ok(())
    }

    /// What is counted together with the others; `None` where each counts for itself.
    fn counts_with_others(&self) -> Option<&dyn SharedCounts> {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn notices_are_read_back_and_unknown_ones_passed_over() {
        let id = ConversationId::derive(&["shop", "1"]);
        let desk: DeskId = "店铺-1".parse().unwrap();
        let hex = id.as_uuid().simple();
        let job = JobId::from_uuid(id.as_uuid());
        for (text, expected) in [
            (format!("job running {hex}"), Some(Notice::Job(job, JobState::Running))),
            (format!("conversation {hex} 店铺-1"), Some(Notice::Conversation(desk.clone(), id))),
            (format!("typing {hex} customer begins 店铺-1"), Some(Notice::Typing(desk.clone(), id, Role::Customer, true))),
            (format!("typing {hex} agent ends 店铺-1"), Some(Notice::Typing(desk.clone(), id, Role::Agent, false))),
            ("queued".to_owned(), Some(Notice::IndexQueued)),
            ("indexed 7 店铺-1".to_owned(), Some(Notice::IndexWritten(desk.clone(), 7))),
            ("adapter 店铺-1".to_owned(), Some(Notice::Adapter(desk))),
            ("weather fine".to_owned(), None),
            (format!("job asleep {hex}"), None),
            ("indexed many 店铺-1".to_owned(), None),
            ("conversation".to_owned(), None),
        ] {
            assert_eq!(Notice::parse(&text), expected, "{text}");
        }
    }
}
