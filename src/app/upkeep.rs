//! What a server does beside answering: prepares desks, tells how far an index is filled, watches the server that keeps it.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

use super::App;
use super::indexes::Indexes;
use crate::http::{Readiness, ReadinessState};
use crate::jobs::filling::Filling;

/// How often a server that keeps the index is asked whether it is there.
const INDEX_CHECK: Duration = Duration::from_secs(5);
/// Desks that are prepared at the start.
const PREPARED_DESKS: usize = 32;
/// How often is said how far the index is filled.
const TELL_FILLING: Duration = Duration::from_mins(1);

impl App {
    /// Prepares the first suggestion of the first desks; the others are prepared when they are first asked for.
    pub(super) fn prepare_desks(&self) {
        let (store, suggester, stop) = (Arc::clone(&self.store), self.suggester.clone(), self.stop.clone());
        self.tasks.spawn(async move {
            let prepare = async {
                for desk in store.desks().await?.into_iter().take(PREPARED_DESKS) {
                    suggester.prepare(&desk.id).await?;
                }
                anyhow::Ok(())
            };
            if let Some(Err(error)) = stop.run_until_cancelled(prepare).await {
                tracing::debug!(error = &*error as &dyn std::error::Error, "desks were not prepared; they are when they are asked for");
            }
        });
    }

    /// Says so while the index is being filled: suggestions are made from the part that is there, and look as if nothing were amiss.
    pub(super) fn tell_filling(&self) {
        let (store, indexer, stop) = (Arc::clone(&self.store), Arc::clone(&self.indexer), self.stop.clone());
        self.tasks.spawn(async move {
            let telling = async {
                let filling = Filling::under_way(store.as_ref()).await?;
                let own = |filling: &Filling| filling.total > 0 && filling.encoder == indexer.encoder();
                let Some(filling) = filling.filter(own) else { return anyhow::Ok(()) };
                let (mut state, mut told) = (indexer.watch(), None);
                loop {
                    // Looked at before counting: a change between the two wakes `changed` below.
                    state.borrow_and_update();
                    let pending = store.pending_index_count(None).await?;
                    let (done, total) = (filling.done(pending), filling.total);
                    if pending == 0 {
                        if told.is_some() {
                            tracing::info!(done, total, "the index is filled");
                        }
                        return Ok(Filling::end(store.as_ref()).await?);
                    }
                    let due = |told: Option<Instant>| told.is_none_or(|told| told.elapsed() >= TELL_FILLING);
                    if due(told) {
                        tracing::warn!(done, total, "the index is being filled; suggestions come as it fills");
                        told = Some(Instant::now());
                    }
                    // Not counted for every batch.
                    while !due(told) {
                        state.changed().await?;
                        if state.borrow_and_update().idle {
                            break;
                        }
                    }
                }
            };
            if let Some(Err(error)) = stop.run_until_cancelled(telling).await {
                tracing::debug!(error = &*error as &dyn std::error::Error, "nothing more is told of the filling of the index");
            }
        });
    }

    /// Has `/readyz` tell while a server that keeps the index is away. What needs no index is answered meanwhile.
    pub(super) fn watch_index(&self, readiness: Arc<Readiness>) {
        if matches!(*self.indexes, Indexes::Folder(_)) {
            return;
        }
        let (indexes, stop) = (Arc::clone(&self.indexes), self.stop.clone());
        self.tasks.spawn(async move {
            let mut away = false;
            while stop.run_until_cancelled(tokio::time::sleep(INDEX_CHECK)).await.is_some() {
                let Some(checked) = stop.run_until_cancelled(indexes.check()).await else { return };
                match checked {
                    Err(error) if !away => {
                        away = true;
                        tracing::error!(
                            error = &error as &dyn std::error::Error,
                            "the index server is away; suggestions fail until it is back"
                        );
                        readiness.set(ReadinessState::Failing { reason: "the index server does not answer" });
                    }
                    Ok(()) if away => {
                        away = false;
                        tracing::info!("the index server is back");
                        readiness.set(ReadinessState::Ready);
                    }
                    Ok(()) | Err(_) => {}
                }
            }
        });
    }
}
