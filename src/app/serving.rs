//! The installation as a server, until it is told to stop; opened again on the way where another encoder takes over.

use std::sync::Arc;

use anyhow::Context;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use super::succession::{DRAIN, Handover};
use super::{App, OnNewEncoder, lock};
use crate::embed::queue::EmbedQueue;
use crate::embed::{Embedder, Lane, TextKind};
use crate::http::relay::Relay;
use crate::http::{Readiness, ReadinessState};

impl App {
    /// Serves until `shutdown`, then finishes open requests, parks jobs and flushes. `metrics` is a listener of its own for `GET /metrics`.
    ///
    /// # Errors
    /// When a listener fails, the installation can't be opened again, or the last flush fails.
    pub async fn serve(self, listener: TcpListener, metrics: Option<TcpListener>, shutdown: CancellationToken) -> anyhow::Result<()> {
        let address = listener.local_addr().context("the listener has no address")?;
        let (relay, metrics_relay) = (Relay::default(), Relay::default());
        let listen = |listener: TcpListener, relay: &Relay| {
            let serving = axum::serve(listener, relay.router().into_make_service());
            tokio::spawn(serving.with_graceful_shutdown(shutdown.clone().cancelled_owned()).into_future())
        };
        if let Some(listener) = metrics {
            let address = listener.local_addr().context("the listener of the metrics has no address")?;
            tracing::info!(address = %address, "metrics at http://{address}/metrics");
            // It ends with the process.
            let _serving = listen(listener, &metrics_relay);
        }
        let mut serving = listen(listener, &relay);
        let _presence = lock::Presence::announce(&self.config.data_dir, address, &self.local_token.0)?;
        let mut app = self;
        loop {
            metrics_relay.open(app.metrics_router());
            app.begin(&relay).await?;
            let handover = tokio::select! {
                () = shutdown.cancelled() => None,
                handover = app.succeeded() => Some(handover),
                ended = &mut serving => {
                    ended.context("the server ended")?.context("the server failed")?;
                    None
                }
            };
            // Streams of events end by this.
            app.stop.cancel();
            let Some(next) = handover else {
                if !serving.is_finished() {
                    serving.await.context("the server ended")?.context("the server failed")?;
                }
                return app.close().await;
            };
            if !relay.hold(DRAIN).await {
                tracing::warn!("requests that took too long are cut off to change the encoder");
            }
            metrics_relay.hold(DRAIN).await;
            app = app.open_again(next).await?;
        }
    }

    /// Lets requests in as soon as the encoder works.
    async fn begin(&self, relay: &Relay) -> anyhow::Result<()> {
        let readiness = Arc::new(Readiness::default());
        readiness.set(ReadinessState::Starting { stage: "warming the encoder up" });
        self.embedder
            .embed(vec!["你好 hello".to_owned()], TextKind::Query, Lane::Interactive)
            .await
            .context("the encoder does not work")?;
        readiness.set(ReadinessState::Ready);
        relay.open(self.router(Arc::clone(&readiness)));
        self.watch_index(readiness);
        self.tell_filling();
        self.prepare_desks();
        self.indexer.build_left_over();
        self.follow_succession();
        Ok(())
    }

    /// Closes everything but the folder's lock and opens it with the next encoder. The index of the one before is removed.
    async fn open_again(self, next: Arc<EmbedQueue>) -> anyhow::Result<Self> {
        self.close_parts().await?;
        let Self { config, clock, lock, local_token, .. } = self;
        let app = Self::open_with(config, clock, Handover { lock, embedder: next, local_token }, OnNewEncoder::Refuse).await?;
        app.adopt_index().await?;
        Ok(app)
    }
}
