//! Mines what is marked: masks, finds exchanges, embeds and judges the replies, writes the pairs and queues them for the index. Imports and evaluation
//! share it.

use std::collections::HashMap;
use std::sync::Arc;

use crate::domain::{Conversation, DeskId, PairDraft, Timestamp};
use crate::embed::{EmbedError, Embedder, Embedding, Lane, TextKind};
use crate::mining::pairing::{MaskedConversation, MinedExchange, exchanges, pairs};
use crate::mining::relevance::{Exchange, Relevance, Reply};
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
    /// No vector.
    #[error(transparent)]
    Embed(#[from] EmbedError),
    /// A panic, or the runtime is going down.
    #[error(transparent)]
    Work(#[from] WorkError),
}

/// Makes pairs of marked conversations.
#[derive(Clone)]
pub struct Miner {
    store: Arc<dyn Store>,
    embedder: Arc<dyn Embedder>,
    relevance: Arc<Relevance>,
    /// One at a time: of two that mine one conversation, the one that has read less of it could be the last to write.
    turn: Arc<tokio::sync::Mutex<()>>,
}

/// A conversation and what was found in it.
struct Cut {
    conversation: MaskedConversation,
    mark: i64,
    exchanges: Vec<MinedExchange>,
}

impl Miner {
    /// Puts the use case together.
    #[must_use]
    pub fn new(store: Arc<dyn Store>, embedder: Arc<dyn Embedder>, relevance: Arc<Relevance>) -> Self {
        Self { store, embedder, relevance, turn: Arc::default() }
    }

    /// Mines every conversation of the desk that is marked, calling `written` after each batch; tells how many pairs were written.
    ///
    /// # Cancel safety
    /// A dropped future leaves the marks of what has not been written; the next call does it again.
    pub async fn mine_marked(&self, desk: &DeskId, now: Timestamp, written: impl Fn()) -> Result<u64, MiningError> {
        let _turn = self.turn.lock().await;
        let mut count = 0;
        loop {
            let marked = self.store.unmined_conversations(desk, BATCH).await?;
            if marked.is_empty() {
                return Ok(count);
            }
            let cuts = rt::cpu(move || marked.into_iter().map(cut).collect::<Vec<_>>()).await?;
            let vectors = Vectors::of(self.embedder.as_ref(), cuts.iter().map(|cut| (&cut.conversation, &cut.exchanges[..]))).await?;
            let relevance = Arc::clone(&self.relevance);
            let mined = rt::cpu(move || {
                let mine = |cut: &Cut| {
                    let judged = vectors.judge(&cut.conversation, &cut.exchanges, &relevance);
                    let drafts: Vec<PairDraft> = pairs(&cut.conversation, &cut.exchanges, &judged, relevance.threshold());
                    (cut.conversation.id, cut.mark, drafts)
                };
                cuts.iter().map(mine).collect::<Vec<_>>()
            })
            .await?;
            count += mined.iter().map(|(_, _, pairs)| pairs.len() as u64).sum::<u64>();
            self.store.replace_pairs(desk, &mined, now).await?;
            written();
        }
    }
}

fn cut((conversation, mark): (Conversation, i64)) -> Cut {
    let conversation = MaskedConversation::of(&conversation);
    let exchanges = exchanges(&conversation);
    Cut { conversation, mark, exchanges }
}

/// The vectors of the questions and replies of some conversations.
pub struct Vectors {
    questions: HashMap<String, Embedding>,
    replies: HashMap<String, Embedding>,
}

impl Vectors {
    /// Embeds every distinct text once, in the bulk lane. The index asks for most of these vectors again and finds them cached.
    pub async fn of<'a>(
        embedder: &dyn Embedder,
        cuts: impl Iterator<Item = (&'a MaskedConversation, &'a [MinedExchange])>,
    ) -> Result<Self, EmbedError> {
        let (mut questions, mut replies) = (Vec::new(), Vec::new());
        for (conversation, exchanges) in cuts {
            for exchange in exchanges {
                questions.push(exchange.moment.question.clone());
                replies.extend(exchange.replies.iter().map(|&place| conversation.lines[place].text.clone()));
            }
        }
        Ok(Self {
            questions: embedded(embedder, questions, TextKind::Query).await?,
            replies: embedded(embedder, replies, TextKind::Passage).await?,
        })
    }

    /// Each reply's probability to answer, for each of the exchanges, which must be among those the vectors were made for.
    ///
    /// # Panics
    /// When a text has no vector.
    #[must_use]
    pub fn judge(&self, conversation: &MaskedConversation, exchanges: &[MinedExchange], relevance: &Relevance) -> Vec<Vec<f32>> {
        exchanges.iter().map(|exchange| relevance.probabilities(&self.exchange(conversation, exchange))).collect()
    }

    /// An exchange with its vectors.
    ///
    /// # Panics
    /// When a text has no vector.
    #[must_use]
    pub fn exchange<'a>(&'a self, conversation: &'a MaskedConversation, exchange: &'a MinedExchange) -> Exchange<'a> {
        let reply = |&place: &usize| {
            let text = conversation.lines[place].text.as_str();
            Reply { text, vector: &self.replies[text].vector }
        };
        let question = exchange.moment.question.as_str();
        Exchange { question, vector: &self.questions[question].vector, replies: exchange.replies.iter().map(reply).collect() }
    }
}

async fn embedded(embedder: &dyn Embedder, mut texts: Vec<String>, kind: TextKind) -> Result<HashMap<String, Embedding>, EmbedError> {
    texts.sort_unstable();
    texts.dedup();
    let vectors = embedder.embed(texts.clone(), kind, Lane::Bulk).await?;
    Ok(texts.into_iter().zip(vectors).collect())
}
