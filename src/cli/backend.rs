//! Where a command's work is done: in this process, or by the server that has the data folder.

use std::sync::Arc;

use anyhow::{Context, bail};

use super::remote::Remote;
use crate::app::{App, LockError, OnNewEncoder, running_server};
use crate::config::Config;
use crate::domain::{Desk, DeskId, SystemClock};

/// Who does the work.
pub(super) enum Backend {
    /// This process: nobody else has the folder.
    Direct(Box<App>),
    /// The server that runs on the folder.
    Server(Remote),
}

impl Backend {
    pub(super) async fn open(config: Config) -> anyhow::Result<Self> {
        let folder = config.data_dir.clone();
        match App::open(config, Arc::new(SystemClock), OnNewEncoder::Refuse).await {
            Ok(app) => Ok(Self::Direct(Box::new(app))),
            Err(error) if matches!(error.downcast_ref::<LockError>(), Some(LockError::InUse(_))) => {
                let Some((url, token)) = running_server(&folder) else {
                    bail!("{error}; it is no server (yet): wait for it to end, or use another folder with --data-dir");
                };
                let remote = Remote::new(url, token);
                remote.ready().with_context(|| format!("{error}, and its server does not answer"))?;
                Ok(Self::Server(remote))
            }
            Err(error) => Err(error),
        }
    }

    /// Ends the work of this process properly; a server goes on.
    pub(super) async fn close(self) -> anyhow::Result<()> {
        match self {
            Self::Direct(app) => app.close().await,
            Self::Server(_) => Ok(()),
        }
    }
}

/// A desk that a command names, where this process does the work; a server says itself that there is none.
pub(super) async fn known_desk(app: &App, desk: &DeskId) -> anyhow::Result<Desk> {
    let found = app.store.desk(desk).await?;
    found.with_context(|| format!("there is no desk `{desk}`; importing conversations makes one"))
}
