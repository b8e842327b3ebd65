//! `riposte serve` and `riposte healthcheck`.

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::Context;
use clap::Args;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use super::print;
use super::remote::Remote;
use crate::app::{App, LockError, OnNewEncoder, running_server};
use crate::config::Config;
use crate::domain::SystemClock;

/// A process that has just been killed holds its folder until the system has taken it down; whoever starts the next one need not wait.
const DYING: Duration = Duration::from_secs(2);

#[derive(Debug, Args)]
pub(super) struct ServeArgs {
    /// Address and port [default: 127.0.0.1:8080]
    #[arg(long, value_name = "ADDR")]
    pub(super) listen: Option<String>,
}

pub(super) async fn run(config: Config) -> anyhow::Result<()> {
    // Bound before anything else: a taken port is told at once.
    let listener = TcpListener::bind(config.listen)
        .await
        .with_context(|| format!("can't listen on {}: choose another address with --listen IP:PORT", config.listen))?;
    let address = listener.local_addr()?;
    let metrics = match config.metrics_listen {
        Some(address) => Some(
            TcpListener::bind(address)
                .await
                .with_context(|| format!("can't listen on {address} for metrics: choose another address in the setting metrics.listen"))?,
        ),
        None => None,
    };
    let folder = config.data_dir.clone();
    let app = open(config).await?;
    load_knowledge(&app, &folder.join("knowledge")).await?;
    let shutdown = CancellationToken::new();
    tokio::spawn(wait_for_signal(shutdown.clone()));
    print(&format!("riposte listens on http://{address} (data folder {})", folder.display()));
    app.serve(listener, metrics, shutdown).await
}

async fn load_knowledge(app: &App, folder: &Path) -> anyhow::Result<()> {
    if folder.is_dir() {
        let load = app.load_knowledge(folder, None).await?;
        tracing::info!(
            knowledge.new = load.new,
            knowledge.changed = load.changed,
            knowledge.rejected = load.rejected.len(),
            "knowledge folder read"
        );
        for file in load.rejected {
            tracing::warn!(file = file.place(), reason = file.reason, remedy = file.remedy, "knowledge file not taken");
        }
    }
    Ok(())
}

async fn open(config: Config) -> anyhow::Result<App> {
    let began = Instant::now();
    loop {
        match App::open(config.clone(), Arc::new(SystemClock), OnNewEncoder::Beside).await {
            Err(error) if matches!(error.downcast_ref(), Some(LockError::InUse(_))) && began.elapsed() < DYING => {
                tokio::time::sleep(DYING / 20).await;
            }
            opened => return opened,
        }
    }
}

/// Cancels at the first SIGINT or SIGTERM; ends the process at the second.
async fn wait_for_signal(shutdown: CancellationToken) {
    signal().await;
    tracing::info!("stopping; a second signal ends at once");
    shutdown.cancel();
    signal().await;
    std::process::exit(130);
}

#[cfg(unix)]
async fn signal() {
    use tokio::signal::unix::{SignalKind, signal};
    let terminated = async {
        match signal(SignalKind::terminate()) {
            Ok(mut stream) => {
                stream.recv().await;
            }
            Err(error) => {
                tracing::warn!(error = &error as &dyn std::error::Error, "SIGTERM can't be watched");
                std::future::pending::<()>().await;
            }
        }
    };
    tokio::select! {
        () = terminated => {}
        _ = tokio::signal::ctrl_c() => {}
    }
}

#[cfg(not(unix))]
async fn signal() {
    let _ = tokio::signal::ctrl_c().await;
}

pub(super) fn healthcheck(config: &Config) -> anyhow::Result<()> {
    let (url, token) = running_server(&config.data_dir).with_context(|| format!("no server runs on {}", config.data_dir.display()))?;
    Remote::new(url, token).ready()?;
    print("ready");
    Ok(())
}
