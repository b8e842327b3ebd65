//! Mines live conversations once something has been answered in them: the same mining as an import's, without a job for every message.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use super::indexing::Indexer;
use super::mining::{Miner, MiningError};
use crate::domain::{Clock, DeskId};

/// Desks where something waits to be mined, and the one task that mines it.
pub struct Answered {
    miner: Miner,
    indexer: Arc<Indexer>,
    clock: Arc<dyn Clock>,
    desks: Mutex<BTreeSet<DeskId>>,
    /// Whether something waits or is being mined.
    busy: watch::Sender<bool>,
}

impl Answered {
    /// Makes a queue; [`Self::run`] does the work.
    #[must_use]
    pub fn new(miner: Miner, indexer: Arc<Indexer>, clock: Arc<dyn Clock>) -> Self {
        Self { miner, indexer, clock, desks: Mutex::default(), busy: watch::Sender::new(false) }
    }

    /// Has a desk's changed conversations mined.
    pub fn wake(&self, desk: &DeskId) {
        self.desks.lock().unwrap_or_else(PoisonError::into_inner).insert(desk.clone());
        self.busy.send_replace(true);
    }

    /// Waits until nothing is left to be mined. What the index has still to take is another matter.
    pub async fn settle(&self) {
        // The sender lives as long as `self`.
        let _ = self.busy.subscribe().wait_for(|busy| !busy).await;
    }

    /// Works until `stop`.
    ///
    /// # Cancel safety
    /// What is not mined keeps its mark in the store; the next answer or import of the desk mines it.
    pub async fn run(&self, stop: CancellationToken) {
        let mut busy = self.busy.subscribe();
        loop {
            if stop.run_until_cancelled(busy.wait_for(|busy| *busy)).await.is_none() {
                return;
            }
            let Some(desk) = self.next() else { continue };
            match stop.run_until_cancelled(self.mine(&desk)).await {
                None => return,
                Some(Ok(())) => {}
                Some(Err(error)) => {
                    tracing::warn!(desk = %desk, error = &error as &dyn std::error::Error, "live conversations are not mined yet");
                }
            }
        }
    }

    /// The next desk; says that there is none while nobody can add one.
    fn next(&self) -> Option<DeskId> {
        let mut desks = self.desks.lock().unwrap_or_else(PoisonError::into_inner);
        let desk = desks.pop_first();
        if desk.is_none() {
            self.busy.send_replace(false);
        }
        desk
    }

    async fn mine(&self, desk: &DeskId) -> Result<(), MiningError> {
        self.miner.mine_marked(desk, self.clock.now(), || self.indexer.wake()).await?;
        Ok(())
    }
}
