//! Passes on what other processes on the store have changed to whoever keeps something of it in memory.

use std::sync::Arc;

use tokio_util::sync::CancellationToken;

use crate::jobs::Jobs;
use crate::jobs::adapt::Adaptation;
use crate::jobs::indexing::Indexer;
use crate::live::{Live, LiveError};
use crate::store::{Notice, Notices};

/// Whom notices concern.
pub(super) struct Concerned {
    pub(super) jobs: Jobs,
    pub(super) indexer: Arc<Indexer>,
    pub(super) adaptation: Arc<Adaptation>,
    pub(super) live: Live,
}

impl Concerned {
    /// Passes notices on until `stop`.
    pub(super) async fn run(self, mut notices: Notices, stop: CancellationToken) {
        while let Some(Some(notice)) = stop.run_until_cancelled(notices.next()).await {
            if let Err(error) = self.pass(&notice).await {
                // What is read again with the next notice of the same thing, or when somebody asks for it.
                let error: &(dyn std::error::Error + 'static) = error.as_ref();
                tracing::warn!(error, "what another process has changed can't be read");
            }
        }
    }

    async fn pass(&self, notice: &Notice) -> anyhow::Result<()> {
        match notice {
            Notice::Job(id, state) => self.jobs.changed_elsewhere(*id, *state).await?,
            Notice::Conversation(desk, id) => match self.live.changed_elsewhere(desk, *id).await {
                // Deleted meanwhile: nothing to tell.
                Ok(()) | Err(LiveError::UnknownConversation(_)) => {}
                Err(error) => return Err(error.into()),
            },
            Notice::Typing(_desk, id, role, typing) => self.live.typing_elsewhere(*id, *role, *typing),
            Notice::IndexQueued => self.indexer.wake(),
            Notice::IndexWritten(desk, count) => self.indexer.written_elsewhere(desk, usize::try_from(*count).unwrap_or(usize::MAX)),
            Notice::Adapter(desk) => self.adaptation.reload(desk).await?,
            Notice::Missed => self.catch_up().await?,
        }
        Ok(())
    }

    /// Everything that notices could have said.
    async fn catch_up(&self) -> anyhow::Result<()> {
        self.jobs.catch_up();
        self.indexer.wake();
        self.adaptation.load().await?;
        self.live.catch_up().await?;
        Ok(())
    }
}
