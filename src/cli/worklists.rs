//! `riposte gaps`, `riposte conflicts`, `riposte worklists`: what answers lack or get wrong.

use std::time::Duration;

use anyhow::{Context, bail};
use clap::{Args, ValueEnum};
use serde_json::{Value, json};

use super::backend::{Backend, known_desk};
use super::{desk, one_line, print};
use crate::config::Config;
use crate::domain::{DeskId, Gap, GapState};
use crate::insight::conflicts::Conflict;
use crate::insight::disagreement::Disagreement;
use crate::insight::worklists::{Worklist, WorklistCounts, WorklistItem};

#[derive(Debug, Args)]
pub(super) struct GapsArgs {
    /// The desk
    #[arg(long, value_parser = desk)]
    desk: DeskId,
    /// Compute the ledger again first
    #[arg(long)]
    find: bool,
}

#[derive(Debug, Args)]
pub(super) struct ConflictsArgs {
    /// The desk
    #[arg(long, value_parser = desk)]
    desk: DeskId,
}

#[derive(Debug, Args)]
pub(super) struct WorklistsArgs {
    /// The desk
    #[arg(long, value_parser = desk)]
    desk: DeskId,
    /// Show the entries of one list instead of all counts
    #[arg(long, value_enum)]
    list: Option<ListName>,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum ListName {
    Stale,
    Thin,
    Rejected,
}

impl From<ListName> for Worklist {
    fn from(name: ListName) -> Self {
        match name {
            ListName::Stale => Self::Stale,
            ListName::Thin => Self::Thin,
            ListName::Rejected => Self::Rejected,
        }
    }
}

pub(super) async fn run_gaps(config: Config, args: GapsArgs) -> anyhow::Result<()> {
    let backend = Backend::open(config).await?;
    let gaps = gaps(&backend, &args).await;
    backend.close().await?;
    let gaps = gaps?;
    print("impact  customers  failures  cause           question");
    for gap in &gaps {
        let Gap { impact, customers, failures, cause, question, .. } = gap;
        print(&format!("{impact:>6}  {customers:>9}  {failures:>8}  {:<14}  {}", cause.as_str(), one_line(question)));
    }
    Ok(())
}

async fn gaps(backend: &Backend, args: &GapsArgs) -> anyhow::Result<Vec<Gap>> {
    match backend {
        Backend::Direct(app) => {
            let desk = known_desk(app, &args.desk).await?;
            if args.find {
                app.wait_until_indexed().await?;
                let job = app.jobs.start_find_gaps(&args.desk).await?;
                let job = app.follow_job(job.id, |_| {}).await?;
                ended(job.state.as_str(), job.error.as_deref())?;
            }
            Ok(app.insight.gaps(&args.desk, None, Some(GapState::Open), desk.settings.least_customers()).await?)
        }
        Backend::Server(remote) => {
            if args.find {
                let mut job: Value = remote.post("/v1/gaps/find", &json!({ "desk": args.desk }))?;
                let id = job["id"].as_str().context("the server's answer names no job")?.to_owned();
                while !matches!(job["state"].as_str(), Some("succeeded" | "failed" | "cancelled")) {
                    tokio::time::sleep(Duration::from_millis(200)).await;
                    job = remote.get(&format!("/v1/jobs/{id}"))?;
                }
                ended(job["state"].as_str().unwrap_or_default(), job["error"].as_str())?;
            }
            remote.items_of("/v1/gaps", &args.desk)
        }
    }
}

fn ended(state: &str, error: Option<&str>) -> anyhow::Result<()> {
    if state != "succeeded" {
        bail!("the gap ledger could not be computed ({state}): {}", error.unwrap_or_default());
    }
    Ok(())
}

pub(super) async fn run_conflicts(config: Config, args: ConflictsArgs) -> anyhow::Result<()> {
    let backend = Backend::open(config).await?;
    let found: anyhow::Result<Vec<Conflict>> = match &backend {
        Backend::Direct(app) => match known_desk(app, &args.desk).await {
            Ok(desk) => app.insight.conflicts(&args.desk, desk.settings.least_customers()).await.map_err(Into::into),
            Err(unknown) => Err(unknown),
        },
        Backend::Server(remote) => remote.items_of("/v1/conflicts", &args.desk),
    };
    backend.close().await?;
    for conflict in &found? {
        let how = match conflict.disagreement {
            Disagreement::Superseded => "superseded",
            Disagreement::Disagree => "disagree",
        };
        print(&format!("{:>6}  {how:<10}  {}", conflict.impact, one_line(&conflict.question)));
        for side in [&conflict.one, &conflict.other] {
            let support = if side.entry_id.is_some() { "entry".to_owned() } else { format!("{} times", side.support) };
            print(&format!("        {support:>10}  {}", one_line(&side.text)));
        }
    }
    Ok(())
}

pub(super) async fn run_worklists(config: Config, args: WorklistsArgs) -> anyhow::Result<()> {
    let backend = Backend::open(config).await?;
    let done = show_worklists(&backend, &args).await;
    backend.close().await?;
    done
}

async fn show_worklists(backend: &Backend, args: &WorklistsArgs) -> anyhow::Result<()> {
    let Some(list) = args.list.map(Worklist::from) else {
        let counts: WorklistCounts = match backend {
            Backend::Direct(app) => {
                let desk = known_desk(app, &args.desk).await?;
                app.insight.worklist_counts(&args.desk, desk.settings.least_customers()).await?
            }
            Backend::Server(remote) => remote.get(&format!("/v1/worklists?desk={}", args.desk))?,
        };
        let WorklistCounts { stale, thin, rejected, gaps, conflicts } = counts;
        for (name, count) in [("stale", stale), ("thin", thin), ("rejected", rejected), ("gaps", gaps), ("conflicts", conflicts)] {
            print(&format!("{name:<10}{count:>6}"));
        }
        return Ok(());
    };
    let items: Vec<WorklistItem> = match backend {
        Backend::Direct(app) => {
            known_desk(app, &args.desk).await?;
            app.insight.worklist(&args.desk, list).await?
        }
        Backend::Server(remote) => remote.items_of(&format!("/v1/worklists/{}", list.as_str()), &args.desk)?,
    };
    print("used  edited  refused  entry");
    for item in &items {
        print(&format!("{:>4}  {:>6}  {:>7}  {}  {}", item.used, item.edited, item.rejected, item.external_id, one_line(&item.question)));
    }
    Ok(())
}
