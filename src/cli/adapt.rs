//! `riposte adapt`: learns a desk's adapter from its archive, shows it, or goes back to the bare encoder.

use std::process::ExitCode;
use std::time::Instant;

use anyhow::bail;
use clap::Args;
use serde_json::{Value, json};

use super::backend::{Backend, known_desk};
use super::progress::{follow, follow_remote};
use super::remote::Remote;
use super::{desk, print};
use crate::app::App;
use crate::config::Config;
use crate::domain::DeskId;
use crate::jobs::adapt::{AdaptReport, AdapterStatus};

#[derive(Debug, Args)]
pub(super) struct AdaptArgs {
    /// The desk
    #[arg(long, value_parser = desk)]
    desk: DeskId,
    /// Go back to the bare encoder, at once
    #[arg(long, conflicts_with = "status")]
    off: bool,
    /// Show whether an adapter is in force and how it fared
    #[arg(long)]
    status: bool,
}

pub(super) async fn run(config: Config, args: AdaptArgs) -> anyhow::Result<ExitCode> {
    let backend = Backend::open(config).await?;
    let desk = &args.desk;
    if let Backend::Direct(app) = &backend {
        known_desk(app, desk).await?;
    }
    let outcome = if args.status {
        status(&backend, desk).await
    } else if args.off {
        switch_off(&backend, desk).await
    } else {
        adapt(&backend, desk).await
    };
    backend.close().await?;
    outcome
}

async fn status(backend: &Backend, desk: &DeskId) -> anyhow::Result<ExitCode> {
    let status: AdapterStatus = match backend {
        Backend::Direct(app) => app.jobs.adapter_status(desk).await?,
        Backend::Server(remote) => remote.get(&address(desk))?,
    };
    match (status.created_at, status.trial, status.problem) {
        (Some(created_at), Some(trial), _) => {
            let lessons = status.lessons.unwrap_or_default();
            print(&format!("desk {desk} uses an adapter of {created_at}, learnt from {lessons} archived answers"));
            print(&decision(&AdaptReport { adapted: true, trial }));
        }
        (_, _, Some(problem)) => print(&format!("desk {desk} uses the bare encoder: {problem}")),
        (_, _, None) => print(&format!("desk {desk} uses the bare encoder")),
    }
    Ok(ExitCode::SUCCESS)
}

async fn switch_off(backend: &Backend, desk: &DeskId) -> anyhow::Result<ExitCode> {
    let was_on = match backend {
        Backend::Direct(app) => app.jobs.switch_adapter_off(desk).await?,
        Backend::Server(remote) => {
            let status: AdapterStatus = remote.get(&address(desk))?;
            remote.delete(&address(desk))?;
            status.in_force || status.problem.is_some()
        }
    };
    print(&if was_on { format!("desk {desk} uses the bare encoder again") } else { format!("desk {desk} had no adapter") });
    Ok(ExitCode::SUCCESS)
}

async fn adapt(backend: &Backend, desk: &DeskId) -> anyhow::Result<ExitCode> {
    let started = Instant::now();
    let (state, result, error) = match backend {
        Backend::Direct(app) => direct(app, desk).await?,
        Backend::Server(remote) => over_api(remote, desk)?,
    };
    if state != "succeeded" {
        bail!("adapting {state}: {}", error.unwrap_or_else(|| "stopped".to_owned()));
    }
    print(&decision(&serde_json::from_value(result)?));
    print(&format!("{:.0} s", started.elapsed().as_secs_f64()));
    Ok(ExitCode::SUCCESS)
}

async fn direct(app: &App, desk: &DeskId) -> anyhow::Result<(String, Value, Option<String>)> {
    // One that was interrupted has gone on since the folder was opened, and is given back.
    let job = app.jobs.start_adapt(desk).await?;
    let job = follow(app, job.id).await?;
    Ok((job.state.as_str().to_owned(), job.result.unwrap_or_default(), job.error))
}

fn over_api(remote: &Remote, desk: &DeskId) -> anyhow::Result<(String, Value, Option<String>)> {
    let job = follow_remote(remote, &remote.post(&address(desk), &json!({}))?)?;
    let text = |key: &str| job[key].as_str().map(str::to_owned);
    Ok((text("state").unwrap_or_default(), job["result"].clone(), text("error")))
}

fn address(desk: &DeskId) -> String {
    format!("/v1/desks/{}/adapter", desk.path_segment())
}

/// What the newest part of the archive said, in a line.
pub(super) fn decision(report: &AdaptReport) -> String {
    let trial = report.trial;
    let part = if trial.by_time { "the newest fifth of the archive" } else { "a drawn fifth of the archive (it has no times)" };
    let judged = trial.judged.map_or_else(String::new, |judged| {
        format!(
            "; of {} moments where it is known, one of the three is right in {:.3} → {:.3} (± {:.3})",
            judged.asked, judged.before, judged.after, judged.standard_error
        )
    });
    format!(
        "{}: on {part} ({} moments) the best of three suggestions shares {:.4} → {:.4} of the answer really given (chrF, gain {:+.4} ± {:.4}), the first {:.4} → {:.4}{judged}",
        if report.adapted { "adapted" } else { "kept the bare encoder" },
        trial.asked,
        trial.before,
        trial.after,
        trial.after - trial.before,
        trial.standard_error,
        trial.first_before,
        trial.first_after,
    )
}
