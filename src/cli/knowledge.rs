//! `riposte knowledge`, `riposte reindex`.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::{Context, bail};
use clap::{Args, Subcommand};
use serde_json::{Value, json};

use super::backend::{Backend, known_desk};
use super::progress::follow;
use super::remote::{Remote, encoded};
use super::{desk, print};
use crate::app::{App, OnNewEncoder};
use crate::config::Config;
use crate::domain::{DeskId, EntryDraft, EntryFilter, EntryId, EntryStatus, JobState, Language, SystemClock};
use crate::embed::Embedder as _;
use crate::knowledge::{ImportOptions, KnowledgeFile, KnowledgeFormat, exchange};

/// Entries read at a time.
const PAGE: u32 = 200;
/// Entries sent to a server at a time.
const SENT: usize = 500;
/// Who changes entries where this process does the work.
const ACTOR: &str = "command line";

#[derive(Debug, Subcommand)]
pub(super) enum KnowledgeCommand {
    /// Takes entries from a file or a folder of Markdown (docs/knowledge.md); entries of the same id are replaced, their versions kept
    Import(ImportArgs),
    /// Writes a desk's entries to a file, or to a folder of Markdown
    Export(ExportArgs),
    /// Lists a desk's entries: id, state, version, first question
    List(ListArgs),
    /// Shows an entry as JSON
    Show {
        /// The desk
        #[arg(long, value_parser = desk)]
        desk: DeskId,
        /// The `id` in its file, or its id in the API
        id: String,
        /// This version of it [default: the present one]
        #[arg(long)]
        version: Option<u64>,
    },
    /// Lists the versions of an entry, newest first
    Versions {
        /// The desk
        #[arg(long, value_parser = desk)]
        desk: DeskId,
        /// The `id` in its file, or its id in the API
        id: String,
    },
    /// Brings the content of an earlier version back, as a new version
    Rollback {
        /// The desk
        #[arg(long, value_parser = desk)]
        desk: DeskId,
        /// The `id` in its file, or its id in the API
        id: String,
        /// The version, as listed
        #[arg(long)]
        to: u64,
        /// Why, for colleagues
        #[arg(long, value_name = "TEXT")]
        note: Option<String>,
    },
}

#[derive(Debug, Args)]
pub(super) struct ImportArgs {
    /// A .csv, .xlsx or .jsonl file, or a folder of Markdown files
    path: PathBuf,
    /// Desk for all of them [default: the one each entry names]
    #[arg(long, value_parser = desk)]
    desk: Option<DeskId>,
    /// Format [default: told by the path]
    #[arg(long, value_parser = format)]
    format: Option<KnowledgeFormat>,
    /// Read and report only
    #[arg(long)]
    dry_run: bool,
}

#[derive(Debug, Args)]
pub(super) struct ExportArgs {
    /// The desk
    #[arg(long, value_parser = desk)]
    desk: DeskId,
    /// csv, xlsx, jsonl or md [default: told by the path]
    #[arg(long, value_parser = format)]
    format: Option<KnowledgeFormat>,
    /// The file, or for md the folder
    out: PathBuf,
}

#[derive(Debug, Args)]
pub(super) struct ListArgs {
    /// The desk
    #[arg(long, value_parser = desk)]
    desk: DeskId,
    /// In this state only: draft, published, retired
    #[arg(long, value_parser = status)]
    status: Option<EntryStatus>,
    /// In this language only: zh, en
    #[arg(long, value_parser = language)]
    language: Option<Language>,
    /// With this tag only
    #[arg(long)]
    tag: Option<String>,
    /// Kept by this owner only
    #[arg(long)]
    owner: Option<String>,
    /// Whose questions, answer or id hold these words only
    #[arg(long)]
    words: Option<String>,
}

fn format(code: &str) -> Result<KnowledgeFormat, String> {
    serde_json::from_value(json!(code)).map_err(|_unknown| "write csv, xlsx, jsonl or md".to_owned())
}

fn status(code: &str) -> Result<EntryStatus, String> {
    EntryStatus::from_code(code).ok_or_else(|| "write draft, published or retired".to_owned())
}

fn language(code: &str) -> Result<Language, String> {
    Language::from_code(code).ok_or_else(|| "write zh or en".to_owned())
}

pub(super) async fn run(config: Config, command: KnowledgeCommand) -> anyhow::Result<ExitCode> {
    let backend = Backend::open(config).await?;
    let done = match &command {
        KnowledgeCommand::Import(args) => import(&backend, args).await,
        KnowledgeCommand::Export(args) => export(&backend, args).await,
        KnowledgeCommand::List(args) => list(&backend, args).await,
        KnowledgeCommand::Show { desk, id, version } => show(&backend, desk, entry_id(desk, id), *version).await,
        KnowledgeCommand::Versions { desk, id } => versions(&backend, desk, entry_id(desk, id)).await,
        KnowledgeCommand::Rollback { desk, id, to, note } => roll_back(&backend, desk, entry_id(desk, id), *to, note.as_deref()).await,
    };
    backend.close().await?;
    done
}

/// An entry's id follows from its desk and the id in its file.
fn entry_id(desk: &DeskId, id: &str) -> EntryId {
    id.parse().unwrap_or_else(|_no_uuid| EntryId::derive(&[desk.as_str(), id]))
}

async fn import(backend: &Backend, args: &ImportArgs) -> anyhow::Result<ExitCode> {
    let format = args.format.or_else(|| KnowledgeFormat::of(&args.path));
    let format = format.with_context(|| format!("{}: name the format with --format csv, xlsx, jsonl or md", args.path.display()))?;
    let mut file = exchange::read(&args.path, format, args.desk.as_ref())?;
    let rejected = std::mem::take(&mut file.rejected);
    let report = match backend {
        Backend::Direct(app) => {
            let name = args.path.file_name().map(|name| format!("imported from {}", name.to_string_lossy()));
            let options = ImportOptions { dry_run: args.dry_run, by: ACTOR, note: name.as_deref(), compared: usize::MAX };
            let report = app.import_knowledge(file, options).await?;
            app.wait_until_indexed().await?;
            serde_json::to_value(report)?
        }
        Backend::Server(remote) => send(remote, &file, args.dry_run)?,
    };
    let done = if args.dry_run { " (nothing is written)" } else { "" };
    let number = |key: &str| report[key].as_u64().unwrap_or_default();
    let not_taken = rejected.len() + report["rejected"].as_array().map_or(0, Vec::len);
    print(&format!("{} new, {} changed, {} unchanged, {not_taken} rejected{done}", number("new"), number("changed"), number("unchanged")));
    for rejected in &rejected {
        let field = rejected.field.as_deref().filter(|field| !field.is_empty()).map(|field| format!("{field}: ")).unwrap_or_default();
        print(&format!("  {}: {field}{}; {}", rejected.place(), rejected.reason, rejected.remedy));
    }
    for item in report["items"].as_array().into_iter().flatten() {
        for near in item["near_duplicates"].as_array().into_iter().flatten() {
            let same = if near["same_answer"] == true { "the same answer" } else { "another answer" };
            let (new, old) = (item["external_id"].as_str().unwrap_or_default(), near["external_id"].as_str().unwrap_or_default());
            print(&format!("  {new} asks the same as {old} ({:.2}, {same})", near["similarity"].as_f64().unwrap_or_default()));
        }
    }
    Ok(if not_taken == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Has the server import entries, desk by desk; the reports become one.
fn send(remote: &Remote, file: &KnowledgeFile, dry_run: bool) -> anyhow::Result<Value> {
    let mut by_desk: BTreeMap<&DeskId, Vec<EntryDraft>> = BTreeMap::new();
    for entry in &file.entries {
        by_desk.entry(&entry.desk).or_default().push(entry.clone());
    }
    let mut whole = json!({"new": 0, "changed": 0, "unchanged": 0, "items": [], "rejected": []});
    for (desk, entries) in by_desk {
        if !dry_run {
            // The import goes to desks that exist.
            remote.ensure_desk(desk)?;
        }
        for chunk in entries.chunks(SENT) {
            let mut lines = Vec::new();
            exchange::write(chunk, KnowledgeFormat::Jsonl, &mut lines)?;
            let path = format!("/v1/entries/import?desk={}&format=jsonl&dry_run={dry_run}", desk.path_segment());
            let report: Value = remote.post_bytes(&path, "application/x-ndjson", &lines)?;
            for key in ["new", "changed", "unchanged"] {
                whole[key] = json!(whole[key].as_u64().unwrap_or_default() + report[key].as_u64().unwrap_or_default());
            }
            for key in ["items", "rejected"] {
                if let (Some(all), Some(more)) = (whole[key].as_array_mut(), report[key].as_array()) {
                    all.extend(more.iter().cloned());
                }
            }
        }
    }
    Ok(whole)
}

async fn export(backend: &Backend, args: &ExportArgs) -> anyhow::Result<ExitCode> {
    let format = args.format.or_else(|| KnowledgeFormat::of(&args.out));
    let format = format.with_context(|| format!("{}: name the format with --format csv, xlsx, jsonl or md", args.out.display()))?;
    let entries = match backend {
        Backend::Direct(app) => {
            known_desk(app, &args.desk).await?;
            app.knowledge.drafts(&args.desk).await?
        }
        Backend::Server(remote) => {
            let lines = remote.get_bytes(&format!("/v1/entries/export?desk={}&format=jsonl", args.desk.path_segment()))?;
            let file = exchange::read_jsonl(&lines, None);
            if let Some(rejected) = file.rejected.first() {
                bail!("the server's answer can't be read ({}: {})", rejected.place(), rejected.reason);
            }
            file.entries
        }
    };
    if format == KnowledgeFormat::Md {
        exchange::write_folder(&entries, &args.out)?;
    } else {
        write_file(&entries, format, &args.out)?;
    }
    print(&format!("{} entries written to {}", entries.len(), args.out.display()));
    Ok(ExitCode::SUCCESS)
}

/// Writes beside the place and moves there: what was there stays whole until the new file is.
fn write_file(entries: &[EntryDraft], format: KnowledgeFormat, out: &Path) -> anyhow::Result<()> {
    let mut bytes = Vec::new();
    exchange::write(entries, format, &mut bytes)?;
    let mut unfinished = out.as_os_str().to_owned();
    unfinished.push(".new");
    fs_err::write(&unfinished, bytes)?;
    fs_err::rename(&unfinished, out)?;
    Ok(())
}

async fn list(backend: &Backend, args: &ListArgs) -> anyhow::Result<ExitCode> {
    match backend {
        Backend::Direct(app) => {
            known_desk(app, &args.desk).await?;
            let filter = EntryFilter {
                status: args.status,
                language: args.language,
                tag: args.tag.clone(),
                owner: args.owner.clone(),
                words: args.words.clone(),
            };
            let mut after = None;
            loop {
                let page = app.knowledge.entries(&args.desk, &filter, after, PAGE).await?;
                let Some(last) = page.last() else { break };
                after = Some(last.id);
                for entry in &page {
                    let question = entry.content.questions.first().map_or("", String::as_str);
                    print(&line(&entry.external_id, entry.content.status.as_str(), entry.version, question));
                }
            }
        }
        Backend::Server(remote) => {
            let mut query = format!("desk={}", args.desk.path_segment());
            let named = [
                ("status", args.status.map(|status| status.as_str().to_owned())),
                ("language", args.language.map(|language| language.as_str().to_owned())),
                ("tag", args.tag.clone()),
                ("owner", args.owner.clone()),
                ("q", args.words.clone()),
            ];
            for (name, value) in named {
                if let Some(value) = value {
                    query.push_str(&format!("&{name}={}", encoded(&value)));
                }
            }
            for entry in remote.items_where("/v1/entries", &query)? {
                let text = |key: &str| entry[key].as_str().unwrap_or_default().to_owned();
                let question = entry["questions"][0].as_str().unwrap_or_default();
                print(&line(&text("external_id"), &text("status"), entry["version"].as_u64().unwrap_or_default(), question));
            }
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// An entry in one line.
fn line(external_id: &str, status: &str, version: u64, question: &str) -> String {
    format!("{external_id}\t{status}\t{version}\t{}", question.split_whitespace().collect::<Vec<_>>().join(" "))
}

async fn show(backend: &Backend, desk: &DeskId, id: EntryId, version: Option<u64>) -> anyhow::Result<ExitCode> {
    let shown = match (backend, version) {
        (Backend::Direct(app), None) => {
            let entry = app.knowledge.entry(desk, id).await?;
            let mut shown = serde_json::to_value(&entry.content)?;
            shown["external_id"] = json!(entry.external_id);
            shown["version"] = json!(entry.version);
            shown["updated_by"] = json!(entry.updated_by);
            shown["updated_at"] = json!(entry.updated_at);
            shown
        }
        (Backend::Direct(app), Some(version)) => serde_json::to_value(&app.knowledge.version(desk, id, version).await?.content)?,
        (Backend::Server(remote), None) => remote.get(&format!("/v1/entries/{id}?desk={}", desk.path_segment()))?,
        (Backend::Server(remote), Some(version)) => {
            remote.get(&format!("/v1/entries/{id}/versions/{version}?desk={}", desk.path_segment()))?
        }
    };
    print(&serde_json::to_string_pretty(&shown)?);
    Ok(ExitCode::SUCCESS)
}

async fn versions(backend: &Backend, desk: &DeskId, id: EntryId) -> anyhow::Result<ExitCode> {
    let row = |version: u64, by: &str, at: &str, note: &str| print(&format!("{version}\t{by}\t{at}\t{note}"));
    match backend {
        Backend::Direct(app) => {
            let mut before = None;
            loop {
                let page = app.knowledge.versions(desk, id, before, PAGE).await?;
                let Some(last) = page.last() else { break };
                before = Some(last.version);
                for version in &page {
                    row(version.version, &version.by, &version.at.to_string(), version.note.as_deref().unwrap_or_default());
                }
            }
        }
        Backend::Server(remote) => {
            for version in remote.items_where(&format!("/v1/entries/{id}/versions"), &format!("desk={}", desk.path_segment()))? {
                let text = |key: &str| version[key].as_str().unwrap_or_default();
                row(version["version"].as_u64().unwrap_or_default(), text("by"), text("at"), text("note"));
            }
        }
    }
    Ok(ExitCode::SUCCESS)
}

async fn roll_back(backend: &Backend, desk: &DeskId, id: EntryId, to: u64, note: Option<&str>) -> anyhow::Result<ExitCode> {
    let version = match backend {
        Backend::Direct(app) => {
            let present = app.knowledge.entry(desk, id).await?.version;
            let entry = app.knowledge.roll_back(desk, id, present, to, note, ACTOR).await?;
            app.wait_until_indexed().await?;
            entry.version
        }
        Backend::Server(remote) => {
            let address = format!("/v1/entries/{id}");
            let query = format!("desk={}", desk.path_segment());
            let present: Value = remote.get(&format!("{address}?{query}"))?;
            let present = present["version"].as_u64().context("the server's answer names no version")?;
            let entry: Value =
                remote.post_if_match(&format!("{address}/rollback?{query}"), present, &json!({"version": to, "note": note}))?;
            entry["version"].as_u64().context("the server's answer names no version")?
        }
    };
    print(&format!("the entry is as in version {to} again, now as version {version}"));
    Ok(ExitCode::SUCCESS)
}

pub(super) async fn reindex(config: Config) -> anyhow::Result<()> {
    let app = App::open(config, Arc::new(SystemClock), OnNewEncoder::Reindex)
        .await
        .context("re-indexing needs the data folder for itself: stop the server first, or restart it with the new encoder.folder: it does the same while it serves")?;
    let job = app.jobs.start_reindex(&app.embedder.info().fingerprint).await?;
    let job = follow(&app, job.id).await?;
    if job.state != JobState::Succeeded {
        bail!("re-indexing {}: {}", job.state.as_str(), job.error.unwrap_or_default());
    }
    // Its graphs, too: the first searches should not compare everything.
    app.wait_until_indexed().await?;
    app.adopt_index().await?;
    app.close().await?;
    print("the index is made with the present encoder");
    Ok(())
}
