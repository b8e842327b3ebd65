//! Which index an installation searches: the one in its data folder, or one on a Qdrant server, and for which encoder.
//!
//! There is one index for each encoder, beside each other (a folder, or a collection, named after the fingerprint); the store says which
//! encoder's is in force, so that a new one is adopted at once. An index that lacks changes must never be searched. So the store also
//! remembers, for each encoder, which copy it has been feeding, and any other copy that turns up (an index from before the settings were changed,
//! or one that is newer than a restored database) is removed and filled anew.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context, bail};

use super::create_private_dir;
use crate::config::{Config, QdrantServer};
use crate::domain::Quantization;
use crate::embed::{Embedder, ModelInfo};
use crate::index::edge::EdgeIndex;
use crate::index::server::{Collections, ServerSettings};
use crate::index::{IndexError, VectorIndex};
use crate::jobs::filling::Filling;
use crate::jobs::indexing::Target;
use crate::jobs::succession::{Succession, Successor};
use crate::store::{OutboxStore, Store, StoreError};

/// Setting of the store that names the encoder the live index was made with.
const INDEX_MODEL: &str = "index_model";

/// Setting of the store that says where that encoder was when it was last used.
const INDEX_MODEL_FOLDER: &str = "index_model_folder";

/// Setting of the store, and file in the folder `index`, that say which store the index was made from.
const INSTALLATION: &str = "installation";

/// Beginning of the settings of the store that say which copy of an encoder's index has been fed.
const INDEX_COPY: &str = "index_copy";

/// The copy in the data folder; copies on a server have marks of their own.
pub(super) const EMBEDDED: &str = "embedded";

/// In place of a copy's mark: whatever copy turns up is to be made anew.
const NO_COPY: &str = "";

/// File in a data folder that was restored: whatever index there is belongs to another state of the database.
pub(super) const RESTORED: &str = "index-restored";

/// How much of a mismatch between index and encoder is accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OnNewEncoder {
    /// Refuse, and say how to re-index.
    Refuse,
    /// Make a new index beside the old one and fill it.
    Reindex,
    /// As `Refuse`, unless the old encoder is still where it was: then go on with it, and fill an index for the new one beside.
    Beside,
}

/// Where the indexes of an installation are.
pub(super) enum Indexes {
    /// Folders in this one.
    Folder(PathBuf),
    /// Collections on a server.
    Server(Collections),
}

impl Indexes {
    /// What is wrong where a server can't be reached or used.
    pub(super) const UNUSABLE: &str =
        "the index server can't be used (index.url must name the address and port of its gRPC interface, and it must be running)";

    /// Finds where indexes are, and sees that they belong to this store.
    ///
    /// # Errors
    /// When they don't, or the server can't be reached or used; the text says what to do.
    pub(super) async fn find(config: &Config, store: &dyn Store) -> anyhow::Result<Self> {
        let installation = installation_of(store).await?;
        let Some(server) = &config.index_server else {
            let folder = config.data_dir.join("index");
            create_private_dir(&folder)?;
            check_folder_belongs(&folder, &installation)?;
            return Ok(Self::Folder(folder));
        };
        let collections =
            Collections::connect(settings_of(server, config.index_quantization), &installation).await.context(Self::UNUSABLE)?;
        Ok(Self::Server(collections))
    }

    /// Opens the index for the encoder, making and filling it where there is none that is up to date.
    ///
    /// # Errors
    /// When the index in force is another encoder's, can't be opened, or the store refuses.
    pub(super) async fn open(
        &self,
        config: &Config,
        store: &dyn Store,
        embedder: &dyn Embedder,
        on_new_encoder: OnNewEncoder,
    ) -> anyhow::Result<Arc<dyn VectorIndex>> {
        let info = embedder.info();
        let live = OutboxStore::meta(store, INDEX_MODEL).await?;
        if let Some(live) = live.as_deref().filter(|live| *live != info.fingerprint)
            && on_new_encoder != OnNewEncoder::Reindex
        {
            bail!(
                "the index was made with encoder {live}, this encoder ({}) has fingerprint {}: run `riposte reindex` to make an index for it, or name \
                 the old encoder's folder with --set encoder.folder=DIR",
                info.name,
                info.fingerprint
            );
        }
        let given_up = unfinished(store, live.as_deref()).await?.filter(|filling| filling.encoder != info.fingerprint);
        if let Some(given_up) = &given_up {
            // It misses what changes from now on: made anew if that encoder comes back.
            OutboxStore::set_meta(store, &copy_of(&given_up.encoder), NO_COPY).await?;
        }
        let restored = config.data_dir.join(RESTORED);
        let copy = copy_of(&info.fingerprint);
        let fed = if restored.exists() { Some(NO_COPY.to_owned()) } else { OutboxStore::meta(store, &copy).await? };
        if let Self::Folder(folder) = self
            && !folder.join(&info.fingerprint).exists()
        {
            // A folder that is there without its points having been queued must not be taken for one that is complete.
            OutboxStore::set_meta(store, &copy, NO_COPY).await?;
        }
        let Found { index, mark, fresh } = self.find_copy(config, info, fed.as_deref()).await?;
        let complete = live.as_deref() == Some(info.fingerprint.as_str());
        match given_up {
            _ if fresh => fill(store, info).await?,
            // What waited for this index when the other was begun has gone to the other one.
            Some(given_up) if given_up.waited > 0 || !complete => fill(store, info).await?,
            Some(_given_up) => Filling::end(store).await?,
            None => {}
        }
        // After everything has been queued: where that was interrupted, the next start begins again.
        if fresh || fed.as_deref() != Some(mark.as_str()) {
            OutboxStore::set_meta(store, &copy, &mark).await?;
        }
        if restored.exists() {
            fs_err::remove_file(restored)?;
        }
        if live.is_none() {
            OutboxStore::set_meta(store, INDEX_MODEL, &info.fingerprint).await?;
        }
        Ok(index)
    }

    /// Opens the index that another encoder is to have beside the one in force, as far as it is filled. `None` says that there is to be none:
    /// one that was begun misses changes from now on, and is made anew if its encoder comes back.
    ///
    /// # Errors
    /// When the index can't be opened or made, or the store refuses.
    pub(super) async fn open_successor(
        &self,
        config: &Config,
        store: &dyn Store,
        next: Option<Arc<dyn Embedder>>,
    ) -> anyhow::Result<Option<Successor>> {
        let under_way = Succession::under_way(store).await?;
        let Some(embedder) = next else {
            if under_way.is_some() {
                Succession::end(store).await?;
            }
            return Ok(None);
        };
        let info = embedder.info();
        let under_way = under_way.filter(|found| found.encoder == info.fingerprint);
        let fed = under_way.as_ref().map_or(NO_COPY, |found| &found.copy);
        // It is fed by nobody but the walk until it is in force.
        OutboxStore::set_meta(store, &copy_of(&info.fingerprint), NO_COPY).await?;
        let Found { index, mark, fresh } = self.find_copy(config, info, Some(fed)).await?;
        if fresh || under_way.is_none() {
            Succession::begin(store, &info.fingerprint, &mark).await?;
        }
        Ok(Some(Successor::new(Target { index, embedder }, mark)))
    }

    async fn find_copy(&self, config: &Config, info: &ModelInfo, fed: Option<&str>) -> anyhow::Result<Found> {
        match self {
            Self::Folder(folder) => open_folder(&folder.join(&info.fingerprint), info, fed, config.index_quantization).await,
            Self::Server(collections) => open_collection(collections, info, fed).await,
        }
    }

    /// Puts the index of a successor in force that has been filled; the one before it can still be searched until the program opens again.
    ///
    /// # Errors
    /// When the store refuses; the index before stays in force.
    pub(super) async fn succeed(store: &dyn Store, successor: &Successor) -> Result<(), StoreError> {
        OutboxStore::set_meta(store, &copy_of(successor.encoder()), successor.copy()).await?;
        OutboxStore::set_meta(store, INDEX_MODEL, successor.encoder()).await?;
        Succession::end(store).await
    }

    /// The fingerprint of the encoder whose index is in force, and the folder in which it was last, where another one is wanted.
    ///
    /// # Errors
    /// When the store does not answer.
    pub(super) async fn predecessor(store: &dyn Store, wanted: &ModelInfo) -> Result<Option<(String, PathBuf)>, StoreError> {
        let live = OutboxStore::meta(store, INDEX_MODEL).await?.filter(|live| *live != wanted.fingerprint);
        let folder = OutboxStore::meta(store, INDEX_MODEL_FOLDER).await?;
        Ok(live.zip(folder).map(|(live, folder)| (live, PathBuf::from(folder))))
    }

    /// Remembers where the encoder of the index in force is; nothing of one whose index is still being filled.
    ///
    /// # Errors
    /// When the store refuses.
    pub(super) async fn remember_encoder(store: &dyn Store, encoder: &ModelInfo, folder: &Path) -> Result<(), StoreError> {
        if OutboxStore::meta(store, INDEX_MODEL).await?.as_deref() != Some(&encoder.fingerprint) {
            return Ok(());
        }
        let folder = std::path::absolute(folder).unwrap_or_else(|_no_current_folder| folder.to_owned());
        match folder.to_str() {
            Some(folder) if OutboxStore::meta(store, INDEX_MODEL_FOLDER).await?.as_deref() != Some(folder) => {
                OutboxStore::set_meta(store, INDEX_MODEL_FOLDER, folder).await
            }
            _ => Ok(()),
        }
    }

    /// Whether indexes can be reached; the data folder always can.
    ///
    /// # Errors
    /// When the server does not answer, or can't be used any more.
    pub(super) async fn check(&self) -> Result<(), IndexError> {
        match self {
            Self::Folder(_) => Ok(()),
            Self::Server(collections) => collections.check().await,
        }
    }

    /// Puts the encoder's index in force and removes those of others.
    ///
    /// # Errors
    /// When the store, the disk or the server refuses.
    pub(super) async fn adopt(&self, store: &dyn Store, fingerprint: &str) -> anyhow::Result<()> {
        OutboxStore::set_meta(store, INDEX_MODEL, fingerprint).await?;
        Filling::end(store).await?;
        match self {
            Self::Folder(indexes) => {
                for folder in fs_err::read_dir(indexes)? {
                    let folder = folder?;
                    if folder.file_name().to_str() != Some(fingerprint) && folder.path().is_dir() {
                        fs_err::remove_dir_all(folder.path())?;
                    }
                }
            }
            Self::Server(collections) => collections.remove_others(fingerprint).await?,
        }
        Ok(())
    }
}

/// An opened index.
struct Found {
    index: Arc<dyn VectorIndex>,
    /// Which copy it is.
    mark: String,
    /// Whether it was made just now and holds nothing.
    fresh: bool,
}

async fn open_folder(folder: &Path, info: &ModelInfo, fed: Option<&str>, quantization: Quantization) -> anyhow::Result<Found> {
    // An index from before copies were remembered is the one in the folder.
    if folder.exists() && fed.is_some_and(|fed| fed != EMBEDDED) {
        tracing::info!("the index in the data folder has missed changes and is made anew");
        fs_err::remove_dir_all(folder)?;
    }
    let fresh = !folder.exists();
    create_private_dir(folder)?;
    let (dimension, fingerprint, at) = (info.dimension, info.fingerprint.clone(), folder.to_path_buf());
    let index = crate::rt::cpu(move || EdgeIndex::open(&at, dimension, &fingerprint, quantization))
        .await?
        .with_context(|| format!("the index {}", folder.display()))?;
    Ok(Found { index: Arc::new(index), mark: EMBEDDED.to_owned(), fresh })
}

async fn open_collection(collections: &Collections, info: &ModelInfo, fed: Option<&str>) -> anyhow::Result<Found> {
    let mut mark = collections.mark(&info.fingerprint).await?;
    if mark.is_some() && mark.as_deref() != fed {
        tracing::info!("the index on the server has missed changes and is made anew");
        collections.remove(&info.fingerprint).await?;
        mark = None;
    }
    let (mark, fresh) = match mark {
        Some(mark) => (mark, false),
        None => (collections.create(info.dimension, &info.fingerprint).await?, true),
    };
    let index = collections.open(info.dimension, &info.fingerprint).await.context("the index on the server")?;
    Ok(Found { index: Arc::new(index), mark, fresh })
}

/// An index can always be made again from the store: after a restore without it, for a new encoder, in another place.
async fn fill(store: &dyn Store, info: &ModelInfo) -> anyhow::Result<()> {
    let Filling { total, .. } = Filling::begin(store, &info.fingerprint).await?;
    if total > 0 {
        tracing::info!(points = total, "the index is being filled from the store");
    }
    Ok(())
}

/// The filling that is under way. That of the index in force has ended when nothing waits any more; that of another one, when it is adopted.
async fn unfinished(store: &dyn Store, live: Option<&str>) -> anyhow::Result<Option<Filling>> {
    let Some(filling) = Filling::under_way(store).await? else { return Ok(None) };
    if live == Some(filling.encoder.as_str()) && store.pending_index_count(None).await? == 0 {
        Filling::end(store).await?;
        return Ok(None);
    }
    Ok(Some(filling))
}

/// The setting that says which copy of an encoder's index has been fed.
pub(super) fn copy_of(fingerprint: &str) -> String {
    format!("{INDEX_COPY}.{fingerprint}")
}

pub(super) fn settings_of(server: &QdrantServer, quantization: Quantization) -> ServerSettings {
    let QdrantServer { addresses, api_key, collection_prefix, timeout, shard_number, replication_factor, write_consistency_factor } =
        server.clone();
    ServerSettings {
        addresses,
        api_key,
        collection_prefix,
        timeout,
        shard_number,
        replication_factor,
        write_consistency_factor,
        quantization,
    }
}

/// The id of a store, made when it is first asked for.
pub(super) async fn installation_of(store: &dyn Store) -> anyhow::Result<String> {
    if let Some(known) = OutboxStore::meta(store, INSTALLATION).await? {
        return Ok(known);
    }
    let made = uuid::Uuid::new_v4().to_string();
    OutboxStore::set_meta(store, INSTALLATION, &made).await?;
    Ok(made)
}

/// Refuses an index that was made from another store: its points would name rows that are not there.
pub(super) fn check_folder_belongs(indexes: &Path, installation: &str) -> anyhow::Result<()> {
    let mark = indexes.join(INSTALLATION);
    match fs_err::read_to_string(&mark) {
        Ok(found) if found.trim() == installation => Ok(()),
        Ok(_another) => bail!(
            "the index in this data folder was made from another database: name that one in store.url, use another data folder, or delete {} \
             (it is filled anew from the present database)",
            indexes.display()
        ),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(fs_err::write(&mark, installation)?),
        Err(error) => Err(error.into()),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use async_trait::async_trait;

    use super::*;
    use crate::auth::test_support::ManualClock;
    use crate::config::Flags;
    use crate::domain::{DeskId, EntryContent, EntryDraft, EntryStatus, Language, Provenance, Timestamp};
    use crate::embed::fake::FakeEmbedder;
    use crate::embed::{EmbedError, Embedding, Lane, TextKind};
    use crate::index::IndexFilter;
    use crate::jobs::indexing::Indexer;
    use crate::store::EntryEdit;
    use crate::store::cipher::KeySource;
    use crate::store::sqlite::SqliteStore;
    use crate::suggest::DeskProfiles;

    const NOW: Timestamp = Timestamp::from_micros(1_700_000_000_000_000);
    /// Two batches of the index writer and a bit.
    const ENTRIES: usize = 600;

    /// An encoder that fails behind its first calls, as a program that is killed.
    struct Failing {
        encoder: FakeEmbedder,
        calls_left: AtomicUsize,
    }

    #[async_trait]
    impl Embedder for Failing {
        fn info(&self) -> &ModelInfo {
            self.encoder.info()
        }

        async fn embed(&self, texts: Vec<String>, kind: TextKind, lane: Lane) -> Result<Vec<Embedding>, EmbedError> {
            let left = self.calls_left.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(1));
            left.map_err(|_none| EmbedError::Stopped)?;
            self.encoder.embed(texts, kind, lane).await
        }
    }

    struct Site {
        config: Config,
        indexes: Indexes,
        store: Arc<dyn Store>,
        _folder: tempfile::TempDir,
    }

    impl Site {
        async fn new() -> Self {
            let folder = tempfile::tempdir().unwrap();
            let flags = Flags {
                data_dir: Some(folder.path().join("data")),
                file: None,
                listen: None,
                assignments: vec![format!("encoder.folder={}", folder.path().display())],
            };
            let config = Config::from_sources(&flags, &HashMap::new()).unwrap();
            create_private_dir(&config.data_dir).unwrap();
            let key = KeySource::File(config.data_dir.join("master.key"));
            let store: Arc<dyn Store> =
                Arc::new(Box::pin(SqliteStore::open(&config.data_dir.join("riposte.db"), &key, NOW)).await.unwrap());
            let indexes = Indexes::find(&config, store.as_ref()).await.unwrap();
            Self { config, indexes, store, _folder: folder }
        }

        async fn write(&self, entries: std::ops::Range<usize>) {
            self.store.ensure_desk(&desk(), NOW).await.unwrap();
            let draft = |number: usize| EntryDraft {
                desk: desk(),
                external_id: number.to_string(),
                content: EntryContent {
                    language: Language::En,
                    status: EntryStatus::Published,
                    tags: Vec::new(),
                    valid_from: None,
                    valid_to: None,
                    owner: None,
                    questions: vec![format!("Question {number}?")],
                    answer: format!("Answer {number}."),
                    provenance: Provenance::default(),
                },
            };
            let edit = EntryEdit { by: "test", at: NOW, note: None };
            self.store.put_entries(&desk(), &entries.map(draft).collect::<Vec<_>>(), edit).await.unwrap();
        }

        /// A process with this encoder, as long as `embed` calls do; how many points its index has at the end.
        async fn run(&self, dimension: usize, on_new_encoder: OnNewEncoder, calls: usize) -> usize {
            let embedder: Arc<dyn Embedder> =
                Arc::new(Failing { encoder: FakeEmbedder::new(dimension), calls_left: AtomicUsize::new(calls) });
            self.store.release_index_claims(None).await.unwrap();
            let index = self.indexes.open(&self.config, self.store.as_ref(), embedder.as_ref(), on_new_encoder).await.unwrap();
            let clock = Arc::new(ManualClock::default());
            clock.advance_seconds(NOW.as_micros() / 1_000_000);
            let profiles = Arc::new(DeskProfiles::new(Arc::clone(&index), Arc::clone(&embedder)));
            let indexer = Indexer::new(Arc::clone(&self.store), Arc::clone(&index), embedder, profiles, clock);
            assert_eq!(indexer.drain().await.is_err(), calls < ENTRIES, "stopped where it should");
            let points = index.count(&IndexFilter::desk(desk())).await.unwrap();
            index.close().await.unwrap();
            points
        }

        async fn filling(&self) -> Option<Filling> {
            Filling::under_way(self.store.as_ref()).await.unwrap()
        }

        async fn pending(&self) -> u64 {
            self.store.pending_index_count(None).await.unwrap()
        }
    }

    fn desk() -> DeskId {
        "shop".parse().unwrap()
    }

    fn fingerprint(dimension: usize) -> String {
        FakeEmbedder::new(dimension).info().fingerprint.clone()
    }

    const OLD: usize = 16;
    const NEW: usize = 32;

    #[tokio::test]
    async fn an_interrupted_filling_goes_on_where_it_stood() {
        let site = Site::new().await;
        site.write(0..ENTRIES).await;
        assert_eq!(site.run(OLD, OnNewEncoder::Refuse, usize::MAX).await, ENTRIES);

        let mut before = ENTRIES as u64;
        for _ in 0..2 {
            // A batch takes two calls.
            let there = site.run(NEW, OnNewEncoder::Reindex, 3).await as u64;
            let filling = site.filling().await.unwrap();
            assert_eq!((filling.encoder.as_str(), filling.total, filling.waited), (fingerprint(NEW).as_str(), ENTRIES as u64, 0));
            assert!(site.pending().await < before, "each goes on where the one before was interrupted");
            assert_eq!(filling.done(site.pending().await), there);
            assert_eq!(Filling::resume_or_begin(site.store.as_ref(), &fingerprint(NEW)).await.unwrap(), filling, "nothing is queued again");
            before = site.pending().await;
        }
        assert_eq!(site.run(NEW, OnNewEncoder::Reindex, usize::MAX).await, ENTRIES);
        assert!(site.filling().await.is_some(), "not adopted yet");
        site.indexes.adopt(site.store.as_ref(), &fingerprint(NEW)).await.unwrap();
        assert_eq!(site.filling().await, None);
        assert_eq!(site.run(NEW, OnNewEncoder::Refuse, usize::MAX).await, ENTRIES);
    }

    #[tokio::test]
    async fn only_the_encoder_of_the_index_in_force_is_remembered() {
        let site = Site::new().await;
        site.write(0..1).await;
        let (old, new) = (FakeEmbedder::new(OLD), FakeEmbedder::new(NEW));
        let remember = async |encoder: &FakeEmbedder, folder: &str| {
            Indexes::remember_encoder(site.store.as_ref(), encoder.info(), Path::new(folder)).await.unwrap();
        };
        site.run(OLD, OnNewEncoder::Refuse, usize::MAX).await;
        remember(&old, "/models/old").await;
        assert_eq!(Indexes::predecessor(site.store.as_ref(), old.info()).await.unwrap(), None);
        // A re-indexing that was not adopted.
        site.run(NEW, OnNewEncoder::Reindex, usize::MAX).await;
        remember(&new, "/models/new").await;
        let before = Some((fingerprint(OLD), PathBuf::from("/models/old")));
        assert_eq!(Indexes::predecessor(site.store.as_ref(), new.info()).await.unwrap(), before);
    }

    #[tokio::test]
    async fn a_filling_that_is_given_up_costs_no_index_a_change() {
        let site = Site::new().await;
        site.write(0..ENTRIES - 1).await;
        for _ in 0..2 {
            assert_eq!(site.run(OLD, OnNewEncoder::Refuse, usize::MAX).await, ENTRIES - 1);
        }
        // A change that has not reached the index in force goes to the new one.
        site.write(ENTRIES - 1..ENTRIES).await;
        assert_eq!(site.run(NEW, OnNewEncoder::Reindex, usize::MAX).await, ENTRIES);
        assert_eq!((site.filling().await.unwrap().waited, site.pending().await), (1, 0));

        assert_eq!(site.run(OLD, OnNewEncoder::Refuse, usize::MAX).await, ENTRIES, "the index in force gets it after all");
        site.write(ENTRIES..ENTRIES + 1).await;
        for _ in 0..2 {
            assert_eq!(site.run(OLD, OnNewEncoder::Refuse, usize::MAX).await, ENTRIES + 1);
        }
        assert_eq!(site.filling().await, None);
        assert_eq!(site.run(NEW, OnNewEncoder::Reindex, usize::MAX).await, ENTRIES + 1, "made anew, not taken for complete");

        assert_eq!(site.filling().await.unwrap().waited, 0);
        assert_eq!(site.run(OLD, OnNewEncoder::Refuse, usize::MAX).await, ENTRIES + 1);
        assert_eq!(site.filling().await, None, "an index that lacks nothing is not filled again");
    }

    #[tokio::test]
    async fn an_index_that_was_deleted_is_filled_although_its_making_was_interrupted() {
        let site = Site::new().await;
        site.write(0..ENTRIES).await;
        site.run(OLD, OnNewEncoder::Refuse, usize::MAX).await;
        let folder = site.config.data_dir.join("index").join(fingerprint(OLD));
        for _ in 0..2 {
            fs_err::remove_dir_all(&folder).unwrap();
            assert_eq!(site.run(OLD, OnNewEncoder::Refuse, 3).await as u64 + site.pending().await, ENTRIES as u64);
            assert_eq!(site.run(OLD, OnNewEncoder::Refuse, usize::MAX).await, ENTRIES, "filled, and not made anew once more");
            assert_eq!(site.pending().await, 0);
        }
        fs_err::remove_dir_all(&folder).unwrap();
        // What a process leaves that is killed after it has made the folder and before anything is queued.
        OutboxStore::set_meta(site.store.as_ref(), &copy_of(&fingerprint(OLD)), NO_COPY).await.unwrap();
        EdgeIndex::open(&folder, OLD, &fingerprint(OLD), Quantization::None).unwrap().close().await.unwrap();
        assert_eq!(site.run(OLD, OnNewEncoder::Refuse, usize::MAX).await, ENTRIES);
    }
}
