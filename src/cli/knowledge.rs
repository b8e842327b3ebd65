//! `riposte knowledge`, `riposte clusters`, `riposte reindex`.

use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, bail};
use clap::Subcommand;
use serde_json::{Value, json};

use super::backend::Backend;
use super::{desk, print};
use crate::app::{App, OnNewEncoder};
use crate::config::Config;
use crate::domain::{Clock, DeskId, JobState, SystemClock};
use crate::ingest::markdown::{RejectedFile, read_entries};

#[derive(Debug, Subcommand)]
pub(super) enum KnowledgeCommand {
    /// Reads a folder of Markdown entries (docs/knowledge.md); entries of the same id are replaced
    Load {
        /// The folder
        folder: PathBuf,
        /// Desk for all of them [default: the one each file names]
        #[arg(long, value_parser = desk)]
        desk: Option<DeskId>,
    },
}

#[derive(Debug, Subcommand)]
pub(super) enum ClustersCommand {
    /// Groups a desk's questions anew
    Rebuild {
        /// The desk
        #[arg(long, value_parser = desk)]
        desk: DeskId,
    },
}

pub(super) async fn run(config: Config, command: KnowledgeCommand) -> anyhow::Result<ExitCode> {
    let KnowledgeCommand::Load { folder, desk } = command;
    let (entries, changed, rejected) = match Backend::open(config).await? {
        Backend::Direct(app) => {
            let load = app.load_knowledge(&folder, desk.as_ref()).await?;
            app.wait_until_indexed().await?;
            app.close().await?;
            (load.entries, u64::from(load.changed), load.rejected)
        }
        Backend::Server(remote) => {
            let (entries, rejected) = read_entries(&folder, desk.as_ref(), SystemClock.now())
                .with_context(|| format!("the folder {} can't be read", folder.display()))?;
            let items: Vec<Value> = entries.iter().map(entry_body).collect();
            let mut changed = 0;
            for chunk in items.chunks(100) {
                let answer: Value = remote.put("/v1/entries", &json!({ "items": chunk }))?;
                changed += answer["changed"].as_u64().unwrap_or(0);
            }
            (entries.len(), changed, rejected)
        }
    };
    print(&format!("{entries} entries read, {changed} new or changed, {} files rejected", rejected.len()));
    for RejectedFile { path, reason } in &rejected {
        print(&format!("  {}: {reason}", path.display()));
    }
    Ok(if rejected.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn entry_body(entry: &crate::domain::Entry) -> Value {
    json!({
        "external_id": entry.external_id, "desk": entry.desk, "language": entry.language, "status": entry.status, "tags": entry.tags,
        "valid_from": entry.valid_from, "valid_to": entry.valid_to, "owner": entry.owner, "questions": entry.questions, "answer": entry.answer,
    })
}

pub(super) async fn run_clusters(config: Config, command: ClustersCommand) -> anyhow::Result<()> {
    let ClustersCommand::Rebuild { desk } = command;
    let (state, result, error) = match Backend::open(config).await? {
        Backend::Direct(app) => {
            app.wait_until_indexed().await?;
            let job = app.jobs.start_cluster_rebuild(&desk).await?;
            let job = app.follow_job(job.id, |_| {}).await?;
            app.close().await?;
            (job.state.as_str().to_owned(), job.result.unwrap_or_default(), job.error)
        }
        Backend::Server(remote) => {
            let mut job: Value = remote.post("/v1/clusters/rebuild", &json!({ "desk": desk }))?;
            let id = job["id"].as_str().context("the server's answer names no job")?.to_owned();
            while !matches!(job["state"].as_str(), Some("succeeded" | "failed" | "cancelled")) {
                std::thread::sleep(Duration::from_millis(200));
                job = remote.get(&format!("/v1/jobs/{id}"))?;
            }
            (job["state"].as_str().unwrap_or_default().to_owned(), job["result"].clone(), job["error"].as_str().map(str::to_owned))
        }
    };
    if state != JobState::Succeeded.as_str() {
        bail!("clustering {state}: {}", error.unwrap_or_default());
    }
    print(&format!("{} clusters, {} questions left as outliers", result["clusters"], result["outliers"]));
    Ok(())
}

pub(super) async fn reindex(config: Config) -> anyhow::Result<()> {
    let app = App::open(config, Arc::new(SystemClock), OnNewEncoder::Reindex)
        .await
        .context("re-indexing needs the data folder for itself: stop the server first")?;
    let job = app.jobs.start_reindex().await?;
    let job = app.follow_job(job.id, |job| tracing::info!(done = job.progress.done, total = job.progress.total, "re-indexing")).await?;
    if job.state != JobState::Succeeded {
        bail!("re-indexing {}: {}", job.state.as_str(), job.error.unwrap_or_default());
    }
    app.adopt_index().await?;
    app.close().await?;
    print("the index is made with the present encoder");
    Ok(())
}
