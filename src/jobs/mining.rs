//! Mines what is marked: masks, cuts into pairs, writes the pairs and queues them for the index. Imports and evaluation share it.

use crate::domain::{Conversation, DeskId, Timestamp};
use crate::mining::pairing::{MaskedConversation, mine_pairs};
use crate::rt::{self, WorkError};
use crate::store::{Store, StoreError};

/// Conversations mined at a time.
const BATCH: u32 = 200;

/// Why mining stopped.
#[derive(Debug, thiserror::Error)]
pub enum MiningError {
    /// The store did not answer.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A panic, or the runtime is going down.
    #[error(transparent)]
    Work(#[from] WorkError),
}

/// Mines every conversation of the desk that is marked, calling `written` after each batch; tells how many pairs were written.
///
/// # Cancel safety
/// A dropped future leaves the marks of what has not been written; the next call does it again.
pub async fn mine_marked(store: &dyn Store, desk: &DeskId, now: Timestamp, written: impl Fn()) -> Result<u64, MiningError> {
    let mut pairs = 0;
    loop {
        let marked = store.unmined_conversations(desk, BATCH).await?;
        if marked.is_empty() {
            return Ok(pairs);
        }
        let mine = |(conversation, mark): (Conversation, i64)| (conversation.id, mark, mine_pairs(&MaskedConversation::of(&conversation)));
        let mined = rt::cpu(move || marked.into_iter().map(mine).collect::<Vec<_>>()).await?;
        pairs += mined.iter().map(|(_, _, pairs)| pairs.len() as u64).sum::<u64>();
        store.replace_pairs(desk, &mined, now).await?;
        written();
    }
}
