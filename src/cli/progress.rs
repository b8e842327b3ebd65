//! Waiting for a job, with a bar that shows how far it is.

use std::time::Duration;

use anyhow::{Context, bail};
use indicatif::{ProgressBar, ProgressStyle};
use serde_json::Value;

use super::remote::Remote;
use crate::app::App;
use crate::app::migration::Moving;
use crate::domain::{Job, JobId};

/// Waits for a job of this process. Ctrl-C leaves it where it is.
pub(super) async fn follow(app: &App, id: JobId) -> anyhow::Result<Job> {
    let bar = progress_bar();
    let job = tokio::select! {
        job = app.follow_job(id, |job| draw(&bar, &job.progress.stage, job.progress.done, job.progress.total)) => job?,
        _ = tokio::signal::ctrl_c() => bail!("interrupted; the same command goes on where it stopped"),
    };
    bar.finish_and_clear();
    Ok(job)
}

/// Waits for a job of the server, given as the server answered when it was started.
pub(super) fn follow_remote(remote: &Remote, started: &Value) -> anyhow::Result<Value> {
    let id = started["id"].as_str().context("the server's answer names no job")?;
    let bar = progress_bar();
    let job = loop {
        let job: Value = remote.get(&format!("/v1/jobs/{id}"))?;
        let progress = &job["progress"];
        draw(&bar, progress["stage"].as_str().unwrap_or_default(), progress["done"].as_u64().unwrap_or(0), progress["total"].as_u64());
        if matches!(job["state"].as_str(), Some("succeeded" | "failed" | "cancelled")) {
            break job;
        }
        std::thread::sleep(Duration::from_millis(200));
    };
    bar.finish_and_clear();
    Ok(job)
}

/// A bar on a terminal, nothing elsewhere.
pub(super) fn progress_bar() -> ProgressBar {
    let bar = ProgressBar::new(0);
    if let Ok(style) = ProgressStyle::with_template("{msg:10} [{bar:40}] {percent:>3}% {elapsed} left {eta}") {
        bar.set_style(style.progress_chars("=> "));
    }
    bar
}

/// Shows how far a job is; every stage begins anew.
pub(super) fn draw(bar: &ProgressBar, stage: &str, done: u64, total: Option<u64>) {
    if bar.message() != stage {
        bar.reset();
        bar.set_message(stage.to_owned());
    }
    bar.set_length(total.unwrap_or(done).max(1));
    bar.set_position(done);
}

/// Shows how far a store on its way from one database to another is.
pub(super) fn draw_moving(bar: &ProgressBar) -> impl FnMut(Moving<'_>) {
    let bar = bar.clone();
    move |moving| draw(&bar, &format!("{} {}", moving.step, moving.table), moving.done, Some(moving.of))
}
