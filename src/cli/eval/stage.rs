//! Throw-away installations for `riposte eval`, with the encoder and weights of this one.

use std::path::PathBuf;
use std::sync::Arc;

use crate::app::App;
use crate::config::Config;
use crate::domain::{Clock, SystemClock};
use crate::embed::queue::EmbedQueue;
use crate::suggest::Ranker;

/// Makes throw-away installations that share one encoder.
pub(super) struct Stage {
    pub(super) config: Config,
    pub(super) encoder: Arc<EmbedQueue>,
}

/// A throw-away installation and its folder, which goes with it.
pub(super) struct Bench {
    app: App,
    pub(super) folder: TemporaryFolder,
}

impl Bench {
    pub(super) fn workbench(&self) -> crate::eval::workbench::Workbench {
        self.app.workbench()
    }

    pub(super) async fn close(self) -> anyhow::Result<()> {
        let closed = self.app.close().await;
        drop(self.folder);
        closed
    }
}

impl Stage {
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
        Ok(Bench { app, folder })
    }

    /// The same installation, closed and opened again.
    pub(super) async fn reopened(&self, bench: Bench) -> anyhow::Result<Bench> {
        let Bench { app, folder } = bench;
        let config = app.config.clone();
        app.close().await?;
        let app = App::open_idle(config, Arc::new(SystemClock), Arc::clone(&self.encoder)).await?;
        Ok(Bench { app, folder })
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
