//! Throw-away installations for `riposte eval`, with the encoder and weights of this one.

use std::path::PathBuf;
use std::sync::Arc;

use indicatif::ProgressBar;

use super::super::progress::{draw, progress_bar};
use crate::app::App;
use crate::config::Config;
use crate::domain::{Clock, SystemClock};
use crate::embed::queue::EmbedQueue;
use crate::eval::workbench::Workbench;
use crate::suggest::Ranker;

/// Makes throw-away installations that share one encoder.
pub(super) struct Stage {
    pub(super) config: Config,
    pub(super) encoder: Arc<EmbedQueue>,
    bar: ProgressBar,
}

/// A throw-away installation and its folder, which goes with it.
pub(super) struct Bench {
    app: App,
    pub(super) folder: TemporaryFolder,
    bar: ProgressBar,
}

impl Bench {
    pub(super) fn workbench(&self) -> Workbench {
        watched(&self.app, &self.bar)
    }

    pub(super) async fn close(self) -> anyhow::Result<()> {
        self.bar.finish_and_clear();
        let closed = self.app.close().await;
        drop(self.folder);
        closed
    }
}

/// The parts of an installation; `bar` shows how far long work with them is.
fn watched(app: &App, bar: &ProgressBar) -> Workbench {
    let bar = bar.clone();
    app.workbench().watched(Arc::new(move |stage, done, total| draw(&bar, stage, done as u64, Some(total as u64))))
}

impl Stage {
    pub(super) fn new(config: Config, encoder: Arc<EmbedQueue>) -> Self {
        Self { config, encoder, bar: progress_bar() }
    }

    /// This installation itself, which must not be in use; its parts are watched.
    pub(super) async fn installation(&self) -> anyhow::Result<(App, Workbench)> {
        let app = App::open_idle(self.config.clone(), Arc::new(SystemClock), Arc::clone(&self.encoder)).await?;
        let workbench = watched(&app, &self.bar);
        Ok((app, workbench))
    }

    /// Takes the bar away before anything is printed.
    pub(super) fn done(&self) {
        self.bar.finish_and_clear();
    }

    pub(super) async fn bench(&self) -> anyhow::Result<Bench> {
        self.bench_at(Arc::new(SystemClock)).await
    }

    pub(super) async fn bench_at(&self, clock: Arc<dyn Clock>) -> anyhow::Result<Bench> {
        let folder = TemporaryFolder::new()?;
        let config = Config {
            data_dir: folder.0.clone(),
            master_key: None,
            store_url: None,
            shared_folder: None,
            index_server: None,
            ..self.config.clone()
        };
        let app = App::open_idle(config, clock, Arc::clone(&self.encoder)).await?;
        Ok(Bench { app, folder, bar: self.bar.clone() })
    }

    /// The same installation, closed and opened again.
    pub(super) async fn reopened(&self, bench: Bench) -> anyhow::Result<Bench> {
        let Bench { app, folder, bar } = bench;
        let config = app.config.clone();
        app.close().await?;
        let app = App::open_idle(config, Arc::new(SystemClock), Arc::clone(&self.encoder)).await?;
        Ok(Bench { app, folder, bar })
    }

    pub(super) fn ranker(&self) -> anyhow::Result<Ranker> {
        App::load_ranker(self.config.ranker.as_deref())
    }
}

/// A folder below the system's temporary one that is removed at the end.
pub(super) struct TemporaryFolder(pub(super) PathBuf);

impl TemporaryFolder {
    fn new() -> anyhow::Result<Self> {
        let folder = std::env::temp_dir().join(format!("riposte-eval-{}", uuid::Uuid::new_v4().simple()));
        fs_err::create_dir_all(&folder)?;
        Ok(Self(folder))
    }
}

impl Drop for TemporaryFolder {
    fn drop(&mut self) {
        if let Err(error) = fs_err::remove_dir_all(&self.0) {
            tracing::warn!(error = &error as &dyn std::error::Error, "a temporary folder stays");
        }
    }
}
