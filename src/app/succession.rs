//! Going over to another encoder without a pause: the server goes on with the old one while the index of the new one is filled beside, and then
//! opens again with the new one. Whoever asks in that moment waits for a second or two; nobody is refused.

use std::sync::Arc;
use std::time::Duration;

use tokio_util::sync::CancellationToken;

use super::indexes::Indexes;
use super::lock::FolderLock;
use super::{App, OnNewEncoder};
use crate::config::Config;
use crate::domain::JobState;
use crate::embed::Embedder;
use crate::embed::queue::EmbedQueue;
use crate::index::IndexError;
use crate::jobs::succession::Successor;
use crate::store::{Sharing, Store};

/// How long requests under way may hold up the change.
pub(super) const DRAIN: Duration = Duration::from_secs(10);

/// What one opening of an installation leaves to the next one of the same process.
pub(super) struct Handover {
    /// The folder stays this process's own.
    pub(super) lock: FolderLock,
    pub(super) embedder: Arc<EmbedQueue>,
    /// With its digest.
    pub(super) local_token: (String, [u8; 32]),
}

/// The encoders of an installation.
pub(super) struct Encoders {
    /// That of the index in force.
    pub(super) embedder: Arc<EmbedQueue>,
    /// The one that is to follow it.
    pub(super) next: Option<Arc<EmbedQueue>>,
}

/// A change of encoder that is under way.
pub(super) struct Succeeding {
    successor: Arc<Successor>,
    embedder: Arc<EmbedQueue>,
    /// Cancelled when the new index is in force.
    done: CancellationToken,
}

impl Encoders {
    /// Finds the encoder of the index in force where the settings ask for another one.
    pub(super) async fn find(
        config: &Config,
        store: &dyn Store,
        wanted: Arc<EmbedQueue>,
        on_new_encoder: OnNewEncoder,
    ) -> anyhow::Result<Self> {
        let alone = Self { embedder: Arc::clone(&wanted), next: None };
        if on_new_encoder != OnNewEncoder::Beside || store.sharing() != Sharing::Alone {
            return Ok(alone);
        }
        let Some((live, folder)) = Indexes::predecessor(store, wanted.info()).await? else { return Ok(alone) };
        match App::load_encoder(&Config { encoder: folder.clone(), ..config.clone() }).await {
            Ok(embedder) if embedder.info().fingerprint == live => {
                tracing::info!(
                    encoder = embedder.info().name,
                    next = wanted.info().name,
                    "the index was made with another encoder: this one goes on while an index for the next is filled beside"
                );
                Ok(Self { embedder: Arc::new(embedder), next: Some(wanted) })
            }
            Ok(another) => {
                tracing::warn!(folder = %folder.display(), found = another.info().fingerprint, wanted = live, "the encoder of the index is no longer in its folder");
                Ok(alone)
            }
            Err(error) => {
                tracing::warn!(
                    error = &*error as &dyn std::error::Error,
                    wanted = live,
                    "the encoder of the index is no longer in its folder"
                );
                Ok(alone)
            }
        }
    }
}

impl Succeeding {
    pub(super) fn new(successor: Option<Arc<Successor>>, embedder: Option<Arc<EmbedQueue>>) -> Option<Self> {
        let (successor, embedder) = successor.zip(embedder)?;
        Some(Self { successor, embedder, done: CancellationToken::new() })
    }

    pub(super) async fn close(&self) -> Result<(), IndexError> {
        self.successor.target().index.close().await
    }
}

impl App {
    /// Ends when the index of another encoder has come into force, with that encoder; never where none is to.
    pub(super) async fn succeeded(&self) -> Arc<EmbedQueue> {
        let Some(succeeding) = &self.succeeding else { return std::future::pending().await };
        succeeding.done.cancelled().await;
        Arc::clone(&succeeding.embedder)
    }

    /// Has the next encoder's index filled, and puts it in force.
    pub(super) fn follow_succession(&self) {
        let Some(succeeding) = &self.succeeding else { return };
        let (store, jobs, stop) = (Arc::clone(&self.store), self.jobs.clone(), self.stop.clone());
        let (successor, done) = (Arc::clone(&succeeding.successor), succeeding.done.clone());
        self.tasks.spawn(async move {
            let following = async {
                let id = jobs.start_reindex(successor.encoder()).await?.id;
                let ended = jobs.follow(id, |_job| {}).await?;
                if ended.state != JobState::Succeeded {
                    tracing::warn!(job.id = %id, job.state = ended.state.as_str(), "the index of the next encoder is not filled; the one in force stays, and the next start begins again");
                    return anyhow::Ok(());
                }
                Indexes::succeed(store.as_ref(), &successor).await?;
                tracing::info!(encoder = successor.encoder(), "the index of the next encoder is filled and comes into force");
                done.cancel();
                Ok(())
            };
            if let Some(Err(error)) = stop.run_until_cancelled(following).await {
                tracing::error!(error = &*error as &dyn std::error::Error, "the index of the next encoder can't be filled; the next start goes on with it");
            }
        });
    }
}
