//! `riposte eval speed` and `riposte eval precision`: encoders side by side.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::Context;
use clap::Args;

use super::print;
use crate::app::App;
use crate::config::Config;
use crate::embed::{EmbedModel, Embedder, ModelInfo};
use crate::eval::dataset::read_texts;
use crate::eval::encoders::{SPEED_BATCHES, SPEED_TOKENS, precision, speed};
use crate::eval::report::{Encoder, EvalReport, Figure, Figures};

/// Time a model gets per round and batch size.
const MEASURE: Duration = Duration::from_millis(400);

/// What the encoder of the settings is called in a report.
const DEFAULT: &str = "default";

#[derive(Debug, Args)]
pub(in crate::cli) struct SpeedArgs {
    /// Another encoder folder, measured in turn with the one of the settings (repeatable)
    #[arg(long = "model", value_name = "DIR")]
    models: Vec<PathBuf>,
    /// Rounds; the median counts
    #[arg(long, default_value_t = 7, value_parser = clap::value_parser!(u16).range(5..))]
    rounds: u16,
    /// Read batches of token ids from standard input, one JSON list of lists per line, and answer each with its time and vectors
    #[arg(long, conflicts_with_all = ["models", "json"])]
    serve: bool,
    /// Write the figures as JSON to FILE, or to standard output with -
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(in crate::cli) struct PrecisionArgs {
    /// Encoder folder whose vectors are taken as right: the same model with f32 weights
    #[arg(long, value_name = "DIR")]
    reference: PathBuf,
    /// Lines with a `text`
    #[arg(long, value_name = "FILE")]
    texts: PathBuf,
    /// Compare at most so many texts
    #[arg(long, default_value_t = 1000)]
    limit: usize,
    /// Write the figures as JSON to FILE, or to standard output with -
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
}

pub(super) fn run_speed(config: &Config, args: &SpeedArgs) -> anyhow::Result<()> {
    if args.serve {
        return serve_batches(&mut App::load_model(&config.encoder)?);
    }
    let started = Instant::now();
    // Its own copy of the default: the queue's one belongs to the queue's thread.
    let mut models: Vec<Box<dyn EmbedModel>> = Vec::new();
    for folder in std::iter::once(&config.encoder).chain(&args.models) {
        models.push(Box::new(App::load_model(folder)?));
    }
    let measured = speed(&mut models, usize::from(args.rounds), MEASURE)?;
    let mut systems = BTreeMap::new();
    for (at, figures) in measured.iter().enumerate() {
        let name = if at == 0 { DEFAULT.to_owned() } else { args.models[at - 1].display().to_string() };
        let mut named = Figures::new();
        for ((batch, &figure), &default) in SPEED_BATCHES.iter().zip(figures).zip(&measured[0]) {
            named.insert(format!("texts_per_second@{batch}"), Figure::Value(figure));
            named.insert(format!("ratio@{batch}"), Figure::Value(figure / default));
        }
        systems.insert(name, named);
    }
    let report = EvalReport {
        task: "speed".to_owned(),
        set: format!("{SPEED_TOKENS} tokens"),
        systems,
        n: u64::from(args.rounds),
        encoder: encoder(models[0].info()),
        seconds: started.elapsed().as_secs_f64(),
    };
    show(&report, args.json.as_deref())
}

/// One line in, one line out, so that a script can measure this program and another in turn (`eval/bench/encoder`).
fn serve_batches(model: &mut dyn EmbedModel) -> anyhow::Result<()> {
    for line in std::io::stdin().lines() {
        let batch: Vec<Vec<u32>> = serde_json::from_str(&line?).context("a line is not a list of lists of token ids")?;
        let started = Instant::now();
        let vectors = model.forward(&batch)?;
        let seconds = started.elapsed().as_secs_f64();
        print(&serde_json::json!({ "seconds": seconds, "vectors": vectors }).to_string());
    }
    Ok(())
}

pub(super) async fn run_precision(embedder: &dyn Embedder, args: &PrecisionArgs) -> anyhow::Result<()> {
    let started = Instant::now();
    let mut texts = read_texts(&args.texts)?;
    texts.truncate(args.limit);
    let mut reference = App::load_model(&args.reference)?;
    let found = precision(embedder, &mut reference, &texts).await?;
    let figures = [("cosine_mean", found.mean), ("cosine_worst", found.worst)];
    let report = EvalReport {
        task: "precision".to_owned(),
        set: format!("{} against {}", args.texts.display(), args.reference.display()),
        systems: BTreeMap::from([(
            DEFAULT.to_owned(),
            figures.into_iter().map(|(name, value)| (name.to_owned(), Figure::Value(value))).collect(),
        )]),
        n: texts.len() as u64,
        encoder: encoder(embedder.info()),
        seconds: started.elapsed().as_secs_f64(),
    };
    show(&report, args.json.as_deref())
}

fn encoder(info: &ModelInfo) -> Encoder {
    Encoder { name: info.name.clone(), fingerprint: info.fingerprint.clone() }
}

fn show(report: &EvalReport, json: Option<&Path>) -> anyhow::Result<()> {
    let text = serde_json::to_string_pretty(report)?;
    match json {
        Some(file) if file == Path::new("-") => print(&text),
        Some(file) => {
            fs_err::write(file, text + "\n").context("the figures can't be written")?;
            print(&report.to_table());
        }
        None => print(&report.to_table()),
    }
    Ok(())
}
