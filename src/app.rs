//! The composition root: settings in, a running installation out. The only module that knows concrete adapters.
//!
//! [`App::open`] takes the data folder (one process at a time), opens store, encoder and index and puts the use cases together;
//! [`App::serve`] runs the server on a listener the caller owns; the command line uses the same use cases without a server.

use std::path::Path;
use std::sync::Arc;

use anyhow::{Context, bail};
use axum::Router;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::adapt::{Parts, by_tags};
use crate::auth::Authenticator;
use crate::config::Config;
use crate::curation::Curator;
use crate::domain::{Clock, DeskId, Job, JobId};
use crate::embed::Embedder;
use crate::embed::candle::CandleModel;
use crate::embed::queue::{EmbedQueue, QueueSettings};
use crate::eval::report::KeptReports;
use crate::eval::workbench::Workbench;
use crate::http::{FramedPage, HttpSettings, HttpState, Readiness};
use crate::index::VectorIndex;
use crate::insight::Insight;
use crate::jobs::adapt::Adaptation;
use crate::jobs::answered::Answered;
use crate::jobs::indexing::Indexer;
use crate::jobs::mining::Miner;
use crate::jobs::runner::Runner;
use crate::jobs::{Jobs, Tools};
use crate::knowledge::{ImportOptions, Knowledge, KnowledgeFile, KnowledgeFormat, KnowledgeReport};
use crate::live::Live;
use crate::mining::relevance::Relevance;
use crate::retrieve::Adapters;
use crate::store::cipher::KeySource;
use crate::store::postgres::PostgresStore;
use crate::store::sqlite::SqliteStore;
use crate::store::{SharedStore, Sharing, Store};
use crate::suggest::{DeskProfiles, Ranker, Suggester};
use crate::telemetry::metrics::Metrics;

pub mod backup;
mod index_copy;
mod indexes;
mod lock;
pub mod migration;
mod notices;
#[cfg(test)]
mod replica_tests;
mod scrape;
mod serving;
mod succession;
mod upkeep;

use notices::Concerned;

use self::indexes::Indexes;
pub use self::indexes::OnNewEncoder;
use self::succession::{Encoders, Handover, Succeeding};
pub use crate::auth::local_principal;
pub use lock::{FolderLock, LockError, running_server};

/// An open installation.
pub struct App {
    /// Checked settings.
    pub config: Config,
    /// The truth.
    pub store: Arc<dyn Store>,
    /// The search index.
    pub index: Arc<dyn VectorIndex>,
    indexes: Arc<Indexes>,
    /// The encoder behind its queue.
    pub embedder: Arc<EmbedQueue>,
    /// Suggestions and feedback.
    pub suggester: Suggester,
    /// The knowledge base.
    pub knowledge: Knowledge,
    /// Jobs.
    pub jobs: Jobs,
    /// The index's writer.
    pub indexer: Arc<Indexer>,
    /// Clusters and decisions about them.
    pub curator: Curator,
    /// What answers lack or get wrong.
    pub insight: Insight,
    /// Live conversations.
    pub live: Live,
    /// The miner of what is answered in them.
    pub answered: Arc<Answered>,
    /// Adapters: learning, switching.
    pub adaptation: Arc<Adaptation>,
    /// Accounts and keys.
    pub auth: Arc<Authenticator>,
    /// What is counted.
    pub metrics: Arc<Metrics>,
    miner: Miner,
    clock: Arc<dyn Clock>,
    runner: Arc<Runner>,
    /// The change to another encoder that is under way.
    succeeding: Option<Succeeding>,
    local_token: (String, [u8; 32]),
    stop: CancellationToken,
    tasks: TaskTracker,
    lock: FolderLock,
}

impl App {
    /// Opens the data folder and everything in it, and starts the background work (index writer, jobs).
    ///
    /// # Errors
    /// When the folder is in use, a key, model or index does not fit, or the disk refuses; the text says what to do.
    pub async fn open(config: Config, clock: Arc<dyn Clock>, on_new_encoder: OnNewEncoder) -> anyhow::Result<Self> {
        // Taken before anything costly: a second process is told at once.
        let lock = FolderLock::take(&config.data_dir)?;
        let embedder = Arc::new(Self::load_encoder(&config).await?);
        Self::open_with(config, clock, Handover { lock, embedder, local_token: crate::auth::local_token()? }, on_new_encoder).await
    }

    async fn open_with(config: Config, clock: Arc<dyn Clock>, handover: Handover, on_new_encoder: OnNewEncoder) -> anyhow::Result<Self> {
        let ranker = Self::load_ranker(config.ranker.as_deref())?;
        let app = Box::pin(Self::put_together(config, clock, handover, ranker, on_new_encoder)).await?;
        // Others' jobs are theirs; those of a process that is gone are taken over when their lease has run out.
        if app.store.sharing() == Sharing::Alone {
            let interrupted = app.store.requeue_interrupted_jobs(app.clock.now()).await?;
            if interrupted > 0 {
                tracing::info!(jobs = interrupted, "interrupted jobs go on");
            }
        }
        app.start_background_work();
        Ok(app)
    }

    /// Opens a data folder with an encoder that is loaded already and without background work: for evaluation, which drives every step
    /// itself.
    ///
    /// # Errors
    /// As [`Self::open`].
    pub async fn open_idle(config: Config, clock: Arc<dyn Clock>, embedder: Arc<EmbedQueue>) -> anyhow::Result<Self> {
        let lock = FolderLock::take(&config.data_dir)?;
        let ranker = Self::load_ranker(config.ranker.as_deref())?;
        let handover = Handover { lock, embedder, local_token: crate::auth::local_token()? };
        Box::pin(Self::put_together(config, clock, handover, ranker, OnNewEncoder::Refuse)).await
    }

    async fn put_together(
        config: Config,
        clock: Arc<dyn Clock>,
        handover: Handover,
        ranker: Ranker,
        on_new_encoder: OnNewEncoder,
    ) -> anyhow::Result<Self> {
        let Handover { lock, embedder, local_token } = handover;
        let sharing = sharing(&config);
        let files = config.shared_folder.clone().unwrap_or_else(|| config.data_dir.clone());
        let uploads = files.join("uploads");
        create_private_dir(&uploads)?;
        let store = Self::open_store(&config, sharing, clock.as_ref()).await?;
        if sharing == Sharing::Alone {
            // Those of a process before this one.
            store.release_index_claims(None).await?;
        }
        let indexes = Indexes::find(&config, store.as_ref()).await?;
        let Encoders { embedder, next } = Encoders::find(&config, store.as_ref(), embedder, on_new_encoder).await?;
        let index = indexes.open(&config, store.as_ref(), embedder.as_ref(), on_new_encoder).await?;
        let successor =
            indexes.open_successor(&config, store.as_ref(), next.clone().map(|next| next as Arc<dyn Embedder>)).await?.map(Arc::new);
        if next.is_none() {
            Indexes::remember_encoder(store.as_ref(), embedder.info(), &config.encoder).await?;
        }
        let ranker = Arc::new(ranker);
        let profiles = Arc::new(DeskProfiles::new(Arc::clone(&index), Arc::clone(&embedder) as Arc<dyn Embedder>));
        let indexer = Indexer::new(
            Arc::clone(&store),
            Arc::clone(&index),
            Arc::clone(&embedder) as Arc<dyn Embedder>,
            Arc::clone(&profiles),
            Arc::clone(&clock),
        );
        let indexer = Arc::new(indexer.with_successor(successor.clone()));
        let adapters = Arc::new(Adapters::default());
        let parts = Parts {
            store: Arc::clone(&store),
            index: Arc::clone(&index),
            ranker: Arc::clone(&ranker),
            encoder: embedder.info().fingerprint.clone(),
            dimension: embedder.info().dimension,
            judge: Arc::new(by_tags),
        };
        let adaptation = Arc::new(Adaptation::new(parts, Arc::clone(&adapters), files.join("adapters")));
        adaptation.load().await?;
        let relevance = Self::load_relevance(config.relevance.as_deref())?;
        let miner = Miner::new(Arc::clone(&store), Arc::clone(&embedder) as Arc<dyn Embedder>, Arc::new(relevance));
        let curator = Curator::new(Arc::clone(&store), Arc::clone(&index), Arc::clone(&clock));
        let insight = Insight::new(Arc::clone(&store), Arc::clone(&index), Arc::clone(&embedder) as Arc<dyn Embedder>, Arc::clone(&clock));
        let tools = Tools {
            index: Arc::clone(&index),
            indexer: Arc::clone(&indexer),
            adaptation: Arc::clone(&adaptation),
            miner: miner.clone(),
            curator: curator.clone(),
            insight: insight.clone(),
        };
        let metrics = Arc::new(Metrics::new(embedder.metrics(), clock.now()));
        let (jobs, runner) = Jobs::new(Arc::clone(&store), tools, Arc::clone(&clock), uploads);
        let runner = runner.with_metrics(metrics.jobs.clone());
        let suggester = Suggester::new(
            Arc::clone(&store),
            Arc::clone(&index),
            Arc::clone(&embedder) as Arc<dyn Embedder>,
            ranker,
            adapters,
            profiles,
            Arc::clone(&clock),
        )
        .with_metrics(metrics.suggestions.clone());
        let knowledge =
            Knowledge::new(Arc::clone(&store), Arc::clone(&index), Arc::clone(&embedder) as Arc<dyn Embedder>, Arc::clone(&clock));
        let (stop, tasks) = (CancellationToken::new(), TaskTracker::new());
        let answered = Arc::new(Answered::new(miner.clone(), Arc::clone(&indexer), Arc::clone(&clock)));
        let live = Live::new(Arc::clone(&store), suggester.clone(), Arc::clone(&answered), Arc::clone(&clock), tasks.clone(), stop.clone());
        let auth = Authenticator::new(Arc::clone(&store) as Arc<dyn crate::store::AccountStore>, Arc::clone(&clock), local_token.1)
            .counting_with(Arc::clone(&store) as Arc<dyn SharedStore>);
        Ok(Self {
            config,
            store,
            index,
            indexes: Arc::new(indexes),
            embedder,
            suggester,
            knowledge,
            jobs,
            indexer,
            curator,
            insight,
            live,
            answered,
            adaptation,
            auth: Arc::new(auth),
            metrics,
            miner,
            clock,
            runner: Arc::new(runner),
            succeeding: Succeeding::new(successor, next),
            local_token,
            stop,
            tasks,
            lock,
        })
    }

    /// The parts evaluation works with.
    #[must_use]
    pub fn workbench(&self) -> Workbench {
        Workbench {
            store: Arc::clone(&self.store),
            index: Arc::clone(&self.index),
            embedder: Arc::clone(&self.embedder) as Arc<dyn Embedder>,
            indexer: Arc::clone(&self.indexer),
            suggester: self.suggester.clone(),
            adaptation: Arc::clone(&self.adaptation),
            miner: self.miner.clone(),
            clock: Arc::clone(&self.clock),
            watch: Arc::new(|_, _, _| {}),
        }
    }

    /// Opens the store of the settings.
    async fn open_store(config: &Config, sharing: Sharing, clock: &dyn Clock) -> anyhow::Result<Arc<dyn Store>> {
        let key = match &config.master_key {
            Some(key) => KeySource::Text(key.clone()),
            None => KeySource::File(config.data_dir.join("master.key")),
        };
        Ok(match &config.store_url {
            None => Arc::new(Box::pin(SqliteStore::open(&config.data_dir.join("riposte.db"), &key, clock.now())).await?),
            Some(url) => Arc::new(Box::pin(PostgresStore::open(url, &key, sharing, clock.now())).await?),
        })
    }

    /// Loads the encoder of the settings.
    ///
    /// # Errors
    /// When a file is missing or does not fit its manifest.
    pub async fn load_encoder(config: &Config) -> anyhow::Result<EmbedQueue> {
        let folder = config.encoder.clone();
        let model = crate::rt::cpu(move || CandleModel::load(&folder)).await?.context("the encoder can't be loaded")?;
        Ok(EmbedQueue::start(Box::new(model), &QueueSettings { cache_vectors: config.cached_vectors, ..QueueSettings::default() })?)
    }

    /// Loads an encoder without a queue, to look at it. Blocks.
    ///
    /// # Errors
    /// When a file is missing or does not fit its manifest.
    pub fn load_model(folder: &Path) -> anyhow::Result<CandleModel> {
        CandleModel::load(folder).with_context(|| format!("the encoder in {} can't be loaded", folder.display()))
    }

    /// Loads ranker weights; the shipped ones without a file.
    ///
    /// # Errors
    /// When the file can't be read or does not fit this program.
    pub fn load_ranker(file: Option<&Path>) -> anyhow::Result<Ranker> {
        let Some(file) = file else { return Ok(Ranker::shipped()) };
        let json = fs_err::read_to_string(file)?;
        Ranker::from_json(&json).with_context(|| format!("ranker weights {}", file.display()))
    }

    /// Loads the weights by which mining judges replies; the shipped ones without a file.
    ///
    /// # Errors
    /// When the file can't be read or does not fit this program.
    pub fn load_relevance(file: Option<&Path>) -> anyhow::Result<Relevance> {
        let Some(file) = file else { return Ok(Relevance::shipped()) };
        let json = fs_err::read_to_string(file)?;
        Relevance::from_json(&json).with_context(|| format!("reply-relevance weights {}", file.display()))
    }

    fn start_background_work(&self) {
        let (indexer, runner, answered) = (Arc::clone(&self.indexer), Arc::clone(&self.runner), Arc::clone(&self.answered));
        let (stop_indexer, stop_runner, stop_answered) = (self.stop.clone(), self.stop.clone(), self.stop.clone());
        self.tasks.spawn(async move { indexer.run(stop_indexer).await });
        self.tasks.spawn(async move { runner.run(stop_runner).await });
        self.tasks.spawn(async move { answered.run(stop_answered).await });
        if let Some(notices) = self.store.notices() {
            let (jobs, indexer, live) = (self.jobs.clone(), Arc::clone(&self.indexer), self.live.clone());
            let concerned = Concerned { jobs, indexer, adaptation: Arc::clone(&self.adaptation), live };
            self.tasks.spawn(concerned.run(notices, self.stop.clone()));
        }
    }

    /// The HTTP interface of this installation.
    pub fn router(&self, readiness: Arc<Readiness>) -> Router {
        let default = HttpSettings::default();
        let settings = HttpSettings {
            concurrent_suggestions: self.config.concurrent_suggestions.map_or(default.concurrent_suggestions, usize::from),
            max_upload_bytes: usize::try_from(self.config.upload_limit_bytes).unwrap_or(usize::MAX),
            secure_cookies: self.config.secure_cookies,
            framed_pages: self.config.framed_pages.iter().cloned().map(FramedPage::from).collect(),
            ..default
        };
        crate::http::router(HttpState {
            suggester: self.suggester.clone(),
            jobs: self.jobs.clone(),
            auth: Arc::clone(&self.auth),
            store: Arc::clone(&self.store),
            knowledge: self.knowledge.clone(),
            indexer: Arc::clone(&self.indexer),
            curator: self.curator.clone(),
            insight: self.insight.clone(),
            evaluations: KeptReports::of(&self.config.data_dir),
            live: self.live.clone(),
            embedder_info: self.embedder.info().clone(),
            clock: Arc::clone(&self.clock),
            readiness,
            settings,
            metrics: self.metrics.http.clone(),
            shutdown: self.stop.clone(),
        })
    }

    /// Stops the background work at a safe point and closes everything.
    ///
    /// # Errors
    /// When the last flush fails; nothing acknowledged is lost by that, the index catches up at the next start.
    pub async fn close(self) -> anyhow::Result<()> {
        self.close_parts().await
    }

    async fn close_parts(&self) -> anyhow::Result<()> {
        self.stop.cancel();
        self.tasks.close();
        self.tasks.wait().await;
        self.index.close().await.context("the index can't be flushed")?;
        if let Some(succeeding) = &self.succeeding {
            succeeding.close().await.context("the index of the next encoder can't be flushed")?;
        }
        self.store.close().await;
        Ok(())
    }

    /// Takes the entries of a folder of Markdown files into the knowledge base, creating their desks, and has them indexed.
    ///
    /// # Errors
    /// When the folder can't be read or the store refuses.
    pub async fn load_knowledge(&self, folder: &Path, desk: Option<&DeskId>) -> anyhow::Result<KnowledgeReport> {
        let file = self.knowledge.read(folder, KnowledgeFormat::Md, desk).await?;
        self.import_knowledge(file, ImportOptions { dry_run: false, by: "knowledge folder", note: None, compared: 0 }).await
    }

    /// Takes entries into the knowledge base, creating their desks, and has them indexed.
    ///
    /// # Errors
    /// When the store refuses.
    pub async fn import_knowledge(&self, file: KnowledgeFile, options: ImportOptions<'_>) -> anyhow::Result<KnowledgeReport> {
        if !options.dry_run {
            for entry in &file.entries {
                self.store.ensure_desk(&entry.desk, self.clock.now()).await?;
            }
        }
        let report = self.knowledge.import(file, options).await?;
        self.indexer.wake();
        Ok(report)
    }

    /// Waits until a job has ended, calling `seen` with every state of it on the way.
    ///
    /// # Errors
    /// When the store does not answer.
    pub async fn follow_job(&self, id: JobId, seen: impl FnMut(&Job)) -> anyhow::Result<Job> {
        Ok(self.jobs.follow(id, seen).await?)
    }

    /// Waits until everything queued for the index is in it.
    ///
    /// # Errors
    /// When the index can't be written.
    pub async fn wait_until_indexed(&self) -> anyhow::Result<()> {
        let mut state = self.indexer.watch();
        self.indexer.wake();
        loop {
            let seen = state.borrow_and_update().clone();
            if let Some(failure) = seen.failure {
                bail!("the index can't be written: {failure}");
            }
            if seen.idle && self.store.pending_index_count(None).await? == 0 {
                return Ok(());
            }
            state.changed().await.context("the index writer has stopped")?;
        }
    }

    /// Marks the index as made with the present encoder and removes older ones.
    ///
    /// # Errors
    /// When the store, the disk or the server of the index refuses.
    pub async fn adopt_index(&self) -> anyhow::Result<()> {
        self.indexes.adopt(self.store.as_ref(), &self.embedder.info().fingerprint).await
    }
}

impl From<crate::config::FramedPage> for FramedPage {
    fn from(page: crate::config::FramedPage) -> Self {
        Self { name: page.name, origins: page.origins, sdk_url: page.sdk_url, server_url: page.server_url }
    }
}

/// Whether other processes may use the store, too: where the index is on a server as well, and all of them see the same uploads and adapters.
const fn sharing(config: &Config) -> Sharing {
    if config.store_url.is_some() && config.index_server.is_some() && config.shared_folder.is_some() {
        Sharing::Replicas
    } else {
        Sharing::Alone
    }
}

/// Makes a folder (and its parents) that only the user may enter.
fn create_private_dir(folder: &Path) -> anyhow::Result<()> {
    fs_err::create_dir_all(folder)?;
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        fs_err::set_permissions(folder, std::fs::Permissions::from_mode(0o700))?;
    }
    Ok(())
}
