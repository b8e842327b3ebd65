//! `riposte models`: fetches known encoders, looks at encoder folders, and writes the manifest of one that was published without.
//!
//! Works on folders, not on an installation: of the settings only the hub and the place of the data folder are read, and only to list and
//! to fetch.

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Instant;

use anyhow::{Context, bail};
use clap::{Args, Subcommand};

use super::print;
use super::progress::{draw, progress_bar};
use crate::app::App;
use crate::config::{Flags, ModelHub};
use crate::embed::EmbedModel;
use crate::embed::check::{check, read_references};
use crate::embed::hub::{Hub, KnownModel, Order, Pulled, adopt};
use crate::embed::manifest::{MANIFEST_FILE, Manifest, Pooling};
use crate::embed::proposal::{self, Wishes, propose};

/// Vectors a model folder may bring along, to be compared with.
const REFERENCE_FILE: &str = "reference.jsonl";

#[derive(Debug, Subcommand)]
pub(super) enum ModelsCommand {
    /// Loads an encoder folder, tells what it is and tries it; exit code 1 when something is wrong
    Check {
        /// The folder
        dir: PathBuf,
    },
    /// Lists the encoders that can be fetched by name
    List,
    /// Fetches a known encoder from a hub: resumable, every file checked against the hub's hash
    Pull(PullArgs),
    /// Writes the manifest of an encoder folder as published (Hugging Face, sentence-transformers)
    Manifest(ManifestArgs),
}

#[derive(Debug, Args)]
pub(super) struct PullArgs {
    /// Its name (`riposte models list` has them)
    name: String,
    /// Folder to put it in [default: models/NAME in the data folder]
    #[arg(long, value_name = "DIR")]
    to: Option<PathBuf>,
    /// Address of the hub or of a mirror [default: the setting encoder.hub, else HF_ENDPOINT, else huggingface.co]
    #[arg(long, value_name = "URL")]
    endpoint: Option<String>,
    /// Branch, tag or commit on the hub
    #[arg(long, default_value = "main")]
    revision: String,
    /// Tokens after which a text is cut [default: the model's limit, at most 512]
    #[arg(long)]
    max_tokens: Option<usize>,
    /// Fetch nothing: the files were put into the folder by hand
    #[arg(long, conflicts_with_all = ["endpoint", "revision"])]
    local: bool,
}

#[derive(Debug, Args)]
pub(super) struct ManifestArgs {
    /// The folder: config.json, tokenizer.json, model.safetensors
    dir: PathBuf,
    /// How the tokens' vectors become one: mean, cls or last_token [default: what modules.json says]
    #[arg(long, value_parser = pooling)]
    pooling: Option<Pooling>,
    /// Tokens after which a text is cut [default: the model's limit, at most 512]
    #[arg(long)]
    max_tokens: Option<usize>,
    /// Put in front of every query, blanks included, e.g. 'query: ' [default: the model's prompts]
    #[arg(long)]
    query_prefix: Option<String>,
    /// Put in front of every passage [default: the model's prompts]
    #[arg(long)]
    passage_prefix: Option<String>,
    /// Convert traditional Chinese script first (for models that know simplified script only)
    #[arg(long)]
    fold_to_simplified: bool,
    /// Name shown to people [default: the folder's name]
    #[arg(long)]
    name: Option<String>,
    /// Licence of the weights [default: what README.md says]
    #[arg(long)]
    licence: Option<String>,
    /// Weights file in the folder [default: model.safetensors]
    #[arg(long, value_name = "FILE")]
    weights: Option<String>,
    /// Replace a manifest that is there
    #[arg(long)]
    force: bool,
}

fn pooling(text: &str) -> Result<Pooling, String> {
    match text {
        "mean" => Ok(Pooling::Mean),
        "cls" => Ok(Pooling::Cls),
        "last_token" => Ok(Pooling::LastToken),
        _ => Err("write mean, cls or last_token".to_owned()),
    }
}

pub(super) fn run(command: ModelsCommand, flags: &Flags) -> anyhow::Result<ExitCode> {
    match command {
        ModelsCommand::Check { dir } => run_check(&dir),
        ModelsCommand::List => {
            list(&ModelHub::load(flags)?);
            Ok(ExitCode::SUCCESS)
        }
        ModelsCommand::Pull(args) => {
            pull(args, flags)?;
            Ok(ExitCode::SUCCESS)
        }
        ModelsCommand::Manifest(args) => {
            write_manifest(args)?;
            Ok(ExitCode::SUCCESS)
        }
    }
}

fn list(hub: &ModelHub) {
    print(&format!("{:<23} {:>9} {:>10} {:>8}  {:<11} {:<14} folder", "name", "MB", "dimensions", "tokens", "licence", "languages"));
    for model in KnownModel::all() {
        let folder = hub.folder.join(&model.name);
        let place = if folder.join(MANIFEST_FILE).is_file() { folder.display().to_string() } else { "-".to_owned() };
        let KnownModel { name, megabytes, dimension, max_tokens, licence, languages, .. } = model;
        print(&format!("{name:<23} {megabytes:>9} {dimension:>10} {max_tokens:>8}  {licence:<11} {languages:<14} {place}"));
    }
    print(&format!("from {}; fetch one with riposte models pull NAME", hub.endpoint));
}

fn pull(args: PullArgs, flags: &Flags) -> anyhow::Result<()> {
    let model = KnownModel::find(&args.name)?;
    let settings = ModelHub::load(flags)?;
    let folder = args.to.unwrap_or_else(|| settings.folder.join(&model.name));
    let order = Order { folder, revision: args.revision, max_tokens: args.max_tokens };
    let manifest = if args.local {
        adopt(&model, &order)?
    } else {
        let endpoint = args.endpoint.unwrap_or(settings.endpoint);
        print(&format!("{} of {endpoint} into {}", model.repository, order.folder.display()));
        let bar = progress_bar();
        let pulled = Hub::new(&endpoint)?.pull(&model, &order, &mut |file, done, total| draw(&bar, file, done, total));
        bar.finish_and_clear();
        let Pulled { manifest, files } = pulled?;
        for file in files {
            let fetched = if file.fetched == 0 { "there already".to_owned() } else { format!("{} bytes fetched", file.fetched) };
            print(&format!("{:<20} {:>12} bytes, {fetched}; {} holds", file.name, file.bytes, file.verified));
        }
        manifest
    };
    let folder = order.folder.display();
    print(&format!("{} is at {folder}, texts are cut at {} tokens; next:", manifest.name, manifest.max_tokens));
    print(&format!("  riposte models check '{folder}'"));
    print(&format!("  [encoder] folder = \"{folder}\" in riposte.toml, and restart the server"));
    Ok(())
}

fn run_check(dir: &Path) -> anyhow::Result<ExitCode> {
    let started = Instant::now();
    let mut model = App::load_model(dir)?;
    let seconds = started.elapsed().as_secs_f64();
    let types: Vec<String> = model.stored().types.iter().map(|(kind, values)| format!("{kind} {}", millions(*values))).collect();
    let weights = format!("{} numbers ({})", millions(model.stored().values), types.join(", "));
    describe(model.manifest(), &model.info().fingerprint, &weights, seconds);

    let file = dir.join(REFERENCE_FILE);
    let references = if file.is_file() { read_references(&file)? } else { Vec::new() };
    let normalised = model.manifest().normalise;
    let findings = check(&mut model, &references)?;
    print(&format!("lengths       {:.4} to {:.4}", findings.lengths.0, findings.lengths.1));
    print(&format!("batch         cosine to the same text alone at least {:.6}", findings.batch_cosine));
    let (found, of) = findings.paraphrases;
    let hint = if found * 2 < of { ": few; is it trained for similarity of texts, are pooling and prefixes right?" } else { "" };
    print(&format!("paraphrases   {found} of {of} built-in sentences have theirs nearest{hint}"));
    match &findings.references {
        Some(compared) => print(&format!(
            "references    {} texts, largest difference {:.1e}, lowest cosine {:.6}, {} with other tokens",
            compared.texts, compared.largest_difference, compared.lowest_cosine, compared.other_tokens
        )),
        None => print(&format!("references    none ({REFERENCE_FILE} is not there)")),
    }
    let faults = findings.faults(normalised);
    for fault in &faults {
        eprintln!("wrong: {fault}");
    }
    Ok(if faults.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn describe(manifest: &Manifest, fingerprint: &str, weights: &str, seconds: f64) {
    let normalised = if manifest.normalise { ", length 1" } else { "" };
    print(&format!("name          {} ({fingerprint})", manifest.name));
    print(&format!("architecture  {:?}", manifest.architecture));
    print(&format!("weights       {weights}, loaded in {seconds:.1} s"));
    print(&format!("vectors       {} dimensions, {:?} pooling{normalised}", manifest.dimension, manifest.pooling));
    print(&format!("texts         cut at {} tokens", manifest.max_tokens));
    print(&format!("prefixes      query {:?}, passage {:?}", manifest.query_prefix, manifest.passage_prefix));
    print(&format!("script        {}", if manifest.fold_to_simplified { "traditional is converted to simplified" } else { "as written" }));
    print(&format!("licence       {}", manifest.licence));
}

fn write_manifest(args: ManifestArgs) -> anyhow::Result<()> {
    let path = args.dir.join(MANIFEST_FILE);
    if path.exists() && !args.force {
        bail!("{} is there already; add --force to replace it", path.display());
    }
    let wishes = Wishes {
        name: args.name,
        pooling: args.pooling,
        max_tokens: args.max_tokens,
        query_prefix: args.query_prefix,
        passage_prefix: args.passage_prefix,
        fold_to_simplified: args.fold_to_simplified,
        licence: args.licence,
        weights: args.weights,
    };
    let proposal = propose(&args.dir, &wishes)?;
    proposal::write(&args.dir, &proposal.manifest).with_context(|| format!("{} can't be written", path.display()))?;
    for (field, value, origin) in &proposal.origins {
        print(&format!("{field:<15} {value:<12} {origin}"));
    }
    print(&format!("written to {}; next: riposte models check {}", path.display(), args.dir.display()));
    Ok(())
}

fn millions(count: usize) -> String {
    format!("{:.1} M", count as f64 / 1e6)
}
