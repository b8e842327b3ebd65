//! A throw-away installation that evaluation fills and asks, through the same use cases as the product.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::LabelSet;
use super::dataset::LabelledConversation;
use super::systems::ArchivedAnswer;
use crate::adapt::AdaptError;
use crate::domain::desk::InvalidDeskId;
use crate::domain::{
    Clock, ConversationDraft, ConversationId, DeskId, DeskSettings, EntryContent, EntryDraft, EntryId, EntryStatus, MessageId, PairId,
    PairKind, Provenance, Role,
};
use crate::embed::{EmbedError, Embedder, Lane, TextKind};
use crate::index::{IndexError, VectorIndex};
use crate::jobs::adapt::{Adaptation, SwitchError};
use crate::jobs::indexing::{Indexer, IndexingError};
use crate::jobs::mining::{Miner, MiningError};
use crate::rt::WorkError;
use crate::store::{EntryEdit, Store, StoreError};
use crate::suggest::request::{LiveConversation, LiveMessage, SuggestFilters, SuggestRequest};
use crate::suggest::{Ranker, Ranking, SuggestError, Suggester};
use crate::text::language::detect;
use crate::text::moment::{Line, Moment};

/// Conversations merged at a time.
const BATCH: usize = 200;
/// Entries written at a time.
const ENTRIES: usize = 500;

/// What an entry of the knowledge pool says.
#[derive(Debug, Clone)]
pub struct EntryText {
    /// Names it on its desk.
    pub external_id: String,
    /// The questions it answers.
    pub questions: Vec<String>,
    /// Its answer.
    pub answer: String,
}

/// Why an evaluation stopped.
#[derive(Debug, thiserror::Error)]
pub enum EvalError {
    /// A set can't be read.
    #[error(transparent)]
    Dataset(#[from] super::dataset::DatasetError),
    /// The store did not answer.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The index did not answer.
    #[error(transparent)]
    Index(#[from] IndexError),
    /// The index could not be filled.
    #[error(transparent)]
    Indexing(#[from] IndexingError),
    /// Pairs could not be mined.
    #[error(transparent)]
    Mining(#[from] MiningError),
    /// No vector.
    #[error(transparent)]
    Embed(#[from] EmbedError),
    /// A suggestion failed.
    #[error(transparent)]
    Suggest(#[from] SuggestError),
    /// No adapter could be learnt.
    #[error(transparent)]
    Adapt(#[from] AdaptError),
    /// An adapter could not be put in force.
    #[error(transparent)]
    Switch(#[from] SwitchError),
    /// A background computation failed.
    #[error(transparent)]
    Work(#[from] WorkError),
    /// The set can't be used for this task.
    #[error("{0}")]
    Unusable(String),
}

/// Settings under which everything is asked: a labelled set mixes languages; all else is as the product has it.
pub(super) fn any_language() -> DeskSettings {
    DeskSettings { cross_language: true, ..DeskSettings::default() }
}

/// Is told how far long work is: its stage, how much of it is done, and of how much.
pub type Watch = dyn Fn(&str, usize, usize) + Send + Sync;

/// The installation's parts.
#[derive(Clone)]
pub struct Workbench {
    /// The truth.
    pub store: Arc<dyn Store>,
    /// The search index.
    pub index: Arc<dyn VectorIndex>,
    /// The encoder.
    pub embedder: Arc<dyn Embedder>,
    /// The index's writer.
    pub indexer: Arc<Indexer>,
    /// The use case.
    pub suggester: Suggester,
    /// Adapters: learning, switching.
    pub adaptation: Arc<Adaptation>,
    /// Pairs out of conversations.
    pub miner: Miner,
    /// Where "now" comes from.
    pub clock: Arc<dyn Clock>,
    /// Whoever waits.
    pub watch: Arc<Watch>,
}

/// An ingested archive and where its answers come from.
#[derive(Clone)]
pub struct Archive {
    /// The desk it lies in.
    pub desk: DeskId,
    labels: HashMap<PairId, LabelSet>,
}

impl Archive {
    /// Labels of the messages an answer was made of.
    #[must_use]
    pub fn labels_of(&self, pair: PairId) -> Option<&LabelSet> {
        self.labels.get(&pair)
    }
}

impl Workbench {
    /// The same installation with another ranker in force.
    #[must_use]
    pub fn with_ranker(&self, ranker: Ranker) -> Self {
        let ranker = Arc::new(ranker);
        Self {
            suggester: self.suggester.clone().with_ranker(Arc::clone(&ranker)),
            adaptation: Arc::new(self.adaptation.with_ranker(ranker)),
            ..self.clone()
        }
    }

    /// The same installation, telling `watch` how far it is.
    #[must_use]
    pub fn watched(self, watch: Arc<Watch>) -> Self {
        Self { watch, ..self }
    }

    /// Ingests labelled conversations as the product does ([`Self::import`]) and keeps their labels.
    pub async fn ingest(&self, desk: &DeskId, conversations: &[&LabelledConversation]) -> Result<Archive, EvalError> {
        let drafts: Vec<_> = conversations.iter().map(|conversation| conversation.draft.clone()).collect();
        self.import(desk, &drafts).await?;
        let labels = self.source_labels(desk, conversations).await?;
        Ok(Archive { desk: desk.clone(), labels })
    }

    /// Takes in what a reader has read, as an import does: merged into the encrypted store, masked, mined, embedded, indexed.
    pub async fn import(&self, desk: &DeskId, drafts: &[ConversationDraft]) -> Result<(), EvalError> {
        let now = self.clock.now();
        self.store.ensure_desk(desk, now).await?;
        for (number, chunk) in drafts.chunks(BATCH).enumerate() {
            (self.watch)("reading", number * BATCH, drafts.len());
            self.store.merge_conversations(desk, chunk, now, None).await?;
        }
        let mined = AtomicUsize::new(0);
        let more = || (self.watch)("mining", mined.fetch_add(BATCH, Ordering::Relaxed).min(drafts.len()), drafts.len());
        more();
        self.miner.mine_marked(desk, now, more).await?;
        self.fill_index().await
    }

    /// Has everything that was written embedded and found.
    async fn fill_index(&self) -> Result<(), EvalError> {
        (self.watch)("embedding", 0, 1);
        self.indexer.drain().await?;
        self.index.optimize().await?;
        Ok(())
    }

    /// Fills the knowledge pool of a desk as the product does: written, embedded, indexed. One id per text, in order.
    pub async fn publish(&self, desk: &str, texts: Vec<EntryText>) -> Result<(DeskId, Vec<EntryId>), EvalError> {
        let desk: DeskId = desk.parse().map_err(|error: InvalidDeskId| EvalError::Unusable(error.to_string()))?;
        let now = self.clock.now();
        self.store.ensure_desk(&desk, now).await?;
        let draft = |text: EntryText| EntryDraft {
            desk: desk.clone(),
            external_id: text.external_id,
            content: EntryContent {
                language: detect(&text.answer),
                status: EntryStatus::Published,
                tags: Vec::new(),
                valid_from: None,
                valid_to: None,
                owner: None,
                questions: text.questions,
                answer: text.answer,
                provenance: Provenance::default(),
            },
        };
        let drafts: Vec<EntryDraft> = texts.into_iter().map(draft).collect();
        let edit = EntryEdit { by: "eval", at: now, note: None };
        for chunk in drafts.chunks(ENTRIES) {
            self.store.put_entries(&desk, chunk, edit).await?;
        }
        self.fill_index().await?;
        let ids = drafts.iter().map(EntryDraft::id).collect();
        Ok((desk, ids))
    }

    /// Asks the product `words` as a customer's only turn; `None` where there is nothing to ask.
    pub async fn ask(&self, desk: &DeskId, words: &str, settings: &DeskSettings) -> Result<Option<(Moment, Ranking)>, EvalError> {
        let message = LiveMessage { role: Role::Customer, text: words.to_owned(), at: None, id: None };
        let request = SuggestRequest {
            desk: desk.clone(),
            conversation: LiveConversation { messages: vec![message], ..LiveConversation::default() },
            limit: None,
            language: None,
            filters: SuggestFilters::default(),
            explain: false,
        };
        let Some(moment) = Moment::of(&[Line { role: Role::Customer, text: words, at: None }]) else { return Ok(None) };
        let (ranking, _) = self.suggester.rank(&request, &moment, settings, Lane::Bulk).await?;
        Ok(Some((moment, ranking)))
    }

    async fn source_labels(&self, desk: &DeskId, conversations: &[&LabelledConversation]) -> Result<HashMap<PairId, LabelSet>, EvalError> {
        let mut by_message: HashMap<MessageId, LabelSet> = HashMap::new();
        for conversation in conversations {
            let id = ConversationId::derive(&[desk.as_str(), &conversation.draft.external_id]).to_string();
            for (position, message) in conversation.draft.messages.iter().enumerate() {
                if let Some(external) = &message.external_id {
                    by_message.insert(MessageId::derive(&[&id, external]), conversation.label_set(position));
                }
            }
        }
        let mut labels = HashMap::new();
        for pair in self.all_pairs(desk).await? {
            // An answer of several messages bears the labels of all of them, as the turn that is asked for does.
            let union = pair.content.answer_messages.iter().filter_map(|message| by_message.get(message)).flatten().cloned().collect();
            labels.insert(pair.content.id, union);
        }
        Ok(labels)
    }

    /// Every pair of a desk.
    pub async fn all_pairs(&self, desk: &DeskId) -> Result<Vec<crate::domain::Pair>, EvalError> {
        let mut pairs = Vec::new();
        let mut after = None;
        loop {
            let page = self.store.pairs_page(desk, None, after, 500).await?;
            let Some(last) = page.last() else { return Ok(pairs) };
            after = Some(last.content.id);
            pairs.extend(page);
        }
    }

    /// The archive as the baselines see it: every pair that can be suggested.
    pub async fn archived_answers(&self, archive: &Archive) -> Result<Vec<ArchivedAnswer>, EvalError> {
        let pairs: Vec<_> =
            self.all_pairs(&archive.desk).await?.into_iter().filter(|pair| pair.content.kind != PairKind::Unanswered).collect();
        let keys: Vec<String> = pairs.iter().map(|pair| moment_key(&pair.content.previous, &pair.content.turn)).collect();
        let key_vectors = self.embed(&keys, TextKind::Query).await?;
        let answers: Vec<String> = pairs.iter().map(|pair| pair.content.answer.clone()).collect();
        let answer_vectors = self.embed(&answers, TextKind::Passage).await?;
        let documents = pairs.into_iter().zip(keys).zip(key_vectors.into_iter().zip(answer_vectors)).map(
            |((pair, key), (key_vector, answer_vector))| ArchivedAnswer {
                key,
                key_vector,
                labels: archive.labels_of(pair.content.id).cloned().unwrap_or_default(),
                answer: pair.content.answer,
                answer_vector,
            },
        );
        Ok(documents.collect())
    }

    /// Embeds texts in bulk.
    pub async fn embed(&self, texts: &[String], kind: TextKind) -> Result<Vec<Vec<f32>>, EvalError> {
        embed_all(self.embedder.as_ref(), texts, kind).await
    }
}

/// Embeds texts in bulk, for tasks that need no installation.
pub async fn embed_all(embedder: &dyn Embedder, texts: &[String], kind: TextKind) -> Result<Vec<Vec<f32>>, EvalError> {
    let mut vectors = Vec::with_capacity(texts.len());
    for chunk in texts.chunks(512) {
        let embedded = embedder.embed(chunk.to_vec(), kind, Lane::Bulk).await?;
        vectors.extend(embedded.into_iter().map(|embedding| embedding.vector.to_vec()));
    }
    Ok(vectors)
}

/// What the baselines match: the company's last words and the customer's turn.
#[must_use]
pub fn moment_key(previous: &str, turn: &str) -> String {
    format!("{previous}\n{turn}").trim().to_owned()
}
