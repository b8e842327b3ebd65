//! `riposte import`: one job per file, a progress bar, a report of everything that was not taken.

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use anyhow::{Context, bail};
use clap::{Args, ValueEnum};
use serde_json::{Value, json};

use super::backend::Backend;
use super::progress::{follow, follow_remote};
use super::remote::Remote;
use super::{desk, print};
use crate::app::App;
use crate::config::Config;
use crate::domain::{DeskId, ImportFormat, ImportReport, RejectedRow};
use crate::ingest::{ColumnMapping, format_of};
use crate::jobs::ImportParams;

/// Rejected rows printed; the rest is counted (all of them with `--rejected FILE`).
const SHOWN_ROWS: usize = 20;

#[derive(Debug, Args)]
pub(super) struct ImportArgs {
    /// Desk to import into; created when it does not exist
    #[arg(long, value_parser = desk)]
    desk: DeskId,
    /// File format [default: from the file's name]
    #[arg(long, value_enum)]
    format: Option<Format>,
    /// Column mapping for CSV and XLSX (TOML or JSON, see docs/import.md)
    #[arg(long, value_name = "FILE")]
    map: Option<PathBuf>,
    /// Read and report only; write nothing
    #[arg(long)]
    dry_run: bool,
    /// Write every rejected row to FILE (JSON lines)
    #[arg(long, value_name = "FILE")]
    rejected: Option<PathBuf>,
    /// Files to read; .gz is unpacked
    #[arg(required = true)]
    files: Vec<PathBuf>,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Format {
    Jsonl,
    Csv,
    Xlsx,
}

impl From<Format> for ImportFormat {
    fn from(format: Format) -> Self {
        match format {
            Format::Jsonl => Self::Jsonl,
            Format::Csv => Self::Csv,
            Format::Xlsx => Self::Xlsx,
        }
    }
}

/// What a finished import has to say.
struct Finished {
    state: String,
    report: ImportReport,
    error: Option<String>,
    rejected: Vec<RejectedRow>,
}

pub(super) async fn run(config: Config, args: ImportArgs) -> anyhow::Result<ExitCode> {
    let mapping = args.map.as_deref().map(ColumnMapping::load).transpose()?;
    let mapping = mapping.map(serde_json::to_value).transpose()?;
    let mut jobs = Vec::new();
    for file in &args.files {
        // Looked at before anything is opened: a typing error in the third name must not cost the time of the first two.
        let path = fs_err::canonicalize(file)?;
        if !path.is_file() {
            bail!("{} is not a file", file.display());
        }
        let format = args.format.map_or_else(|| format_of(&path), |format| Ok(format.into()))?;
        let file_name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        jobs.push(ImportParams { path, owned: false, file_name, format, mapping: mapping.clone(), dry_run: args.dry_run });
    }
    let backend = Backend::open(config).await?;
    let mut failed = false;
    let mut all_rejected = Vec::new();
    for params in jobs {
        let name = params.file_name.clone();
        let started = Instant::now();
        let finished = match &backend {
            Backend::Direct(app) => direct(app, &args.desk, params).await?,
            Backend::Server(remote) => over_api(remote, &args.desk, &params)?,
        };
        report(&name, &finished, args.dry_run, started.elapsed());
        failed |= finished.state != "succeeded";
        all_rejected.extend(finished.rejected);
    }
    backend.close().await?;
    if let Some(file) = args.rejected {
        let lines: Result<Vec<String>, _> = all_rejected.iter().map(serde_json::to_string).collect();
        fs_err::write(&file, lines?.join("\n") + "\n")?;
    }
    Ok(if failed { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

async fn direct(app: &App, desk: &DeskId, params: ImportParams) -> anyhow::Result<Finished> {
    let job = app.jobs.start_import(desk, params).await?;
    let stopped = follow(app, job.id).await?;
    let rejected = app.jobs.rejected_rows(job.id, 0, u32::MAX).await?;
    Ok(Finished {
        state: stopped.state.as_str().to_owned(),
        report: stopped.result.map(serde_json::from_value).transpose()?.unwrap_or_default(),
        error: stopped.error,
        rejected,
    })
}

fn over_api(remote: &Remote, desk: &DeskId, params: &ImportParams) -> anyhow::Result<Finished> {
    let body = json!({ "desk": desk, "format": params.format, "path": params.path, "mapping": params.mapping, "dry_run": params.dry_run });
    let job: Value = remote.post("/v1/imports", &body)?;
    let id = job["id"].as_str().context("the server's answer names no job")?.to_owned();
    let job = follow_remote(remote, &job)?;
    let mut rejected: Vec<RejectedRow> = Vec::new();
    let mut cursor = String::new();
    loop {
        let page: Value = remote.get(&format!("/v1/jobs/{id}/rejected-rows?limit=200{cursor}"))?;
        rejected.extend(serde_json::from_value::<Vec<RejectedRow>>(page["items"].clone())?);
        match page["next_cursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => break,
        }
    }
    Ok(Finished {
        state: job["state"].as_str().unwrap_or_default().to_owned(),
        report: serde_json::from_value::<Option<ImportReport>>(job["result"].clone())?.unwrap_or_default(),
        error: job["error"].as_str().map(str::to_owned),
        rejected,
    })
}

fn report(name: &str, finished: &Finished, dry_run: bool, took: Duration) {
    let report = &finished.report;
    let rate = report.messages_read as f64 / took.as_secs_f64().max(0.001);
    let what = if dry_run { "dry run" } else { finished.state.as_str() };
    print(&format!(
        "{name}: {what} · {} conversations read, {} new, {} changed · {} messages read, {} new · {} pairs mined · {} rows rejected · {:.1} s ({rate:.0} messages/s)",
        report.conversations_read,
        report.conversations_added,
        report.conversations_changed,
        report.messages_read,
        report.messages_added,
        report.pairs_mined,
        report.rejected,
        took.as_secs_f64(),
    ));
    for note in &report.notes {
        print(&format!("  note: {note}"));
    }
    if let Some(error) = &finished.error {
        print(&format!("  error: {error}"));
    }
    for row in finished.rejected.iter().take(SHOWN_ROWS) {
        let field = row.field.as_deref().map(|field| format!(" {field}")).unwrap_or_default();
        print(&format!("  line {}{field}: {}; {}", row.line, row.reason, row.remedy));
    }
    if finished.rejected.len() > SHOWN_ROWS {
        print(&format!("  … and {} more (all of them with --rejected FILE)", finished.rejected.len() - SHOWN_ROWS));
    }
}
