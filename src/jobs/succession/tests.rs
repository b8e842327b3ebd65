use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use async_trait::async_trait;

use super::*;
use crate::auth::test_support::ManualClock;
use crate::domain::{EntryContent, EntryDraft, EntryStatus, Language, Provenance, Timestamp};
use crate::embed::fake::FakeEmbedder;
use crate::embed::{EmbedError, Embedder, Embedding, Lane, ModelInfo, TextKind};
use crate::index::exact::ExactIndex;
use crate::index::{IndexFilter, IndexPoint, VectorIndex};
use crate::jobs::indexing::Indexer;
use crate::store::EntryEdit;
use crate::store::cipher::KeySource;
use crate::store::sqlite::SqliteStore;
use crate::suggest::DeskProfiles;

const NOW: Timestamp = Timestamp::from_micros(1_700_000_000_000_000);
const OLD: usize = 8;
const NEW: usize = 16;

struct Site {
    store: Arc<dyn Store>,
    _folder: tempfile::TempDir,
}

impl Site {
    async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let key = KeySource::File(folder.path().join("master.key"));
        let store = Arc::new(Box::pin(SqliteStore::open(&folder.path().join("riposte.db"), &key, NOW)).await.unwrap());
        Self { store, _folder: folder }
    }

    async fn write(&self, name: &str, numbers: std::ops::Range<usize>, answer: &str, status: EntryStatus) {
        self.store.ensure_desk(&desk(name), NOW).await.unwrap();
        let draft = |number: usize| EntryDraft {
            desk: desk(name),
            external_id: number.to_string(),
            content: EntryContent {
                language: Language::En,
                status,
                tags: Vec::new(),
                valid_from: None,
                valid_to: None,
                owner: None,
                questions: vec![format!("Question {number}?"), format!("Asked {number} otherwise?")],
                answer: format!("{answer} {number}."),
                provenance: Provenance::default(),
            },
        };
        let edit = EntryEdit { by: "test", at: NOW, note: None };
        self.store.put_entries(&desk(name), &numbers.map(draft).collect::<Vec<_>>(), edit).await.unwrap();
    }

    fn indexer(&self, target: &Target, successor: Option<&Arc<Successor>>) -> Indexer {
        let Target { index, embedder } = target.clone();
        let profiles = Arc::new(DeskProfiles::new(Arc::clone(&index), Arc::clone(&embedder)));
        Indexer::new(Arc::clone(&self.store), index, embedder, profiles, Arc::new(ManualClock::default()))
            .with_successor(successor.cloned())
    }
}

fn desk(name: &str) -> DeskId {
    name.parse().unwrap()
}

fn target(dimension: usize) -> Target {
    Target { index: Arc::new(ExactIndex::new(dimension)), embedder: Arc::new(FakeEmbedder::new(dimension)) }
}

async fn points(index: &dyn VectorIndex) -> Vec<IndexPoint> {
    let mut all = Vec::new();
    for name in ["boutique", "shop"] {
        all.extend(index.page(&IndexFilter::desk(desk(name)), None, 10_000).await.unwrap());
    }
    all
}

#[tokio::test]
async fn a_walk_that_is_interrupted_goes_on_and_misses_no_change() {
    let site = Site::new().await;
    site.write("boutique", 0..100, "Answer", EntryStatus::Published).await;
    site.write("shop", 0..30, "Answer", EntryStatus::Published).await;
    let (old, new) = (target(OLD), target(NEW));
    let successor = Arc::new(Successor::new(new.clone(), "copy".to_owned()));
    site.indexer(&old, None).drain().await.unwrap();

    let first = successor.step(site.store.as_ref()).await.unwrap().unwrap();
    assert_eq!((first.done, first.total), (u64::from(BATCH), 130));
    // Some of these have been walked over, some not; some are new, some go.
    site.write("boutique", 0..100, "Better", EntryStatus::Published).await;
    site.write("boutique", 90..120, "Another", EntryStatus::Published).await;
    site.write("boutique", 0..20, "Answer", EntryStatus::Retired).await;
    site.indexer(&old, Some(&successor)).drain().await.unwrap();
    site.write("shop", 10..20, "Later", EntryStatus::Published).await;

    // Another process; this copy of the index is still there.
    let again = Arc::new(Successor::new(new.clone(), "copy".to_owned()));
    let second = again.step(site.store.as_ref()).await.unwrap().unwrap();
    assert!(second.done > first.done && second.total == first.total, "it goes on where it stood");
    while again.step(site.store.as_ref()).await.unwrap().is_some() {}
    site.indexer(&old, Some(&again)).drain().await.unwrap();

    let afresh = target(NEW);
    site.store.queue_everything().await.unwrap();
    site.indexer(&afresh, None).drain().await.unwrap();
    assert_eq!(points(new.index.as_ref()).await, points(afresh.index.as_ref()).await);
    assert_eq!(points(old.index.as_ref()).await.len(), 2 * (100 + 30), "the index in force has them, too");

    let other = Successor::new(target(NEW), "another copy".to_owned());
    assert_eq!(other.step(site.store.as_ref()).await.unwrap().unwrap().done, u64::from(BATCH), "an empty copy begins anew");
}

/// An encoder that takes its time over the first texts.
struct Slow {
    encoder: FakeEmbedder,
    awake: AtomicBool,
}

#[async_trait]
impl Embedder for Slow {
    fn info(&self) -> &ModelInfo {
        self.encoder.info()
    }

    async fn embed(&self, texts: Vec<String>, kind: TextKind, lane: Lane) -> Result<Vec<Embedding>, EmbedError> {
        if !self.awake.swap(true, Ordering::SeqCst) {
            tokio::time::sleep(Duration::from_millis(300)).await;
        }
        self.encoder.embed(texts, kind, lane).await
    }
}

#[tokio::test]
async fn a_walk_never_puts_an_older_state_over_a_newer() {
    let site = Site::new().await;
    site.write("shop", 0..1, "Answer", EntryStatus::Published).await;
    let old = target(OLD);
    site.indexer(&old, None).drain().await.unwrap();
    let slow = Arc::new(Slow { encoder: FakeEmbedder::new(NEW), awake: AtomicBool::new(false) });
    let new = Target { index: Arc::new(ExactIndex::new(NEW)), embedder: slow };
    let successor = Arc::new(Successor::new(new.clone(), "copy".to_owned()));
    let walk = async { successor.step(site.store.as_ref()).await.unwrap() };
    let change = async {
        tokio::time::sleep(Duration::from_millis(100)).await;
        site.write("shop", 0..1, "Better", EntryStatus::Published).await;
        site.indexer(&old, Some(&successor)).drain().await.unwrap();
    };
    tokio::join!(walk, change);

    let afresh = target(NEW);
    site.store.queue_everything().await.unwrap();
    site.indexer(&afresh, None).drain().await.unwrap();
    assert_eq!(points(new.index.as_ref()).await, points(afresh.index.as_ref()).await);
}
