//! `riposte eval`: tasks over labelled sets, in a throw-away installation with the encoder and weights of this one.

mod clusters;
mod encoders;
mod fit;
mod mining;
mod replays;
mod stage;

use std::io::BufWriter;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Instant;

use anyhow::Context;
use clap::{Args, Subcommand};

use replays::{Asking, ReplaySource, Selection};
use stage::Stage;

use super::{EXIT_REGRESSION, print};
use crate::app::App;
use crate::config::Config;
use crate::domain::{Clock, SystemClock};
use crate::embed::Embedder;
use crate::eval::ablation::Part;
use crate::eval::authored::{authored, weight_curve};
use crate::eval::conflicts::{conflicts, read_planted};
use crate::eval::dataset::{read_authored, read_conversations, read_intent_set, read_pairs, read_retrieval_set};
use crate::eval::feedback::{SimulatedClock, SimulationOptions, simulate};
use crate::eval::latency::latency;
use crate::eval::leaks::{LeakOptions, MOST_VALUES, leaks};
use crate::eval::masking::{masking, read_masking_lines};
use crate::eval::mining::mining;
use crate::eval::pairs::{in_traditional_script, pairs};
use crate::eval::replay::ReplayOptions;
use crate::eval::report::{Encoder, EvalReport, KeptReports, over_seeds};
use crate::eval::split::split_conversations;
use crate::eval::texts;

/// Vectors kept during an evaluation: several seeds share nearly all of their texts.
const CACHED_VECTORS: usize = 400_000;

#[derive(Debug, Subcommand)]
pub(super) enum EvalCommand {
    /// Finds the right documents of a BEIR folder (corpus.jsonl, queries.jsonl, qrels.tsv)
    Retrieval {
        /// The folder
        dir: PathBuf,
        #[command(flatten)]
        output: Output,
    },
    /// Nearest archived text has the same label (labelled-train.jsonl, labelled.jsonl); out-of-scope texts are refused
    Intents {
        /// The folder
        dir: PathBuf,
        /// Fit the ranker to the archived texts first
        #[arg(long)]
        fit: bool,
        #[command(flatten)]
        output: Output,
    },
    /// Correlates similarity with judged sentence pairs
    Pairs {
        /// pairs.jsonl
        file: PathBuf,
        /// Convert the pairs to traditional Chinese script first
        #[arg(long)]
        traditional: bool,
        #[command(flatten)]
        output: Output,
    },
    /// Finds another wording of the same question, and its answer, among authored groups of one trade (TRADE.jsonl)
    Authored {
        #[command(flatten)]
        groups: Groups,
        #[command(flatten)]
        output: Output,
    },
    /// Finds the weight of the words in the system `sum`, on authored groups that the encoder has not learnt
    Weight {
        #[command(flatten)]
        groups: Groups,
        #[command(flatten)]
        output: Output,
    },
    /// Ingests an archive and asks every moment of other conversations
    Replay {
        #[command(flatten)]
        source: ReplaySource,
        #[command(flatten)]
        selection: Selection,
        /// Fit the ranker on the archive side first
        #[arg(long)]
        fit: bool,
        /// Then adapt to the archive side as `riposte adapt` does, and ask again (system `riposte+adapt`)
        #[arg(long)]
        adapt: bool,
        /// Write every moment with what was suggested to FILE, a JSON object a line, to be read
        #[arg(long, value_name = "FILE")]
        moments: Option<PathBuf>,
        #[command(flatten)]
        output: Output,
    },
    /// Replays with parts left out or replaced, and shows what each is worth
    Ablation {
        /// `context`: ways to read the conversation; `retrieval`: probes, fusion, features
        #[arg(long, value_parser = ["context", "retrieval"])]
        part: String,
        #[command(flatten)]
        source: ReplaySource,
        #[command(flatten)]
        selection: Selection,
        #[command(flatten)]
        output: Output,
    },
    /// Groups texts and compares with labels, with judged pairs, or with how small talk should be kept out
    Clusters(clusters::ClusterArgs),
    /// Times clusters of many questions: real ones and perturbed copies of them, through the index
    ClustersGrowth(clusters::GrowthArgs),
    /// Fills an index with real questions and perturbed copies of them, and tells how long a search takes and what it misses
    IndexGrowth(clusters::IndexGrowthArgs),
    /// Finds planted clusters whose answers contradict each other among harmless ones
    Conflicts {
        /// planted.jsonl
        file: PathBuf,
        /// Print which were missed, and which were marked for nothing
        #[arg(long)]
        verbose: bool,
        #[command(flatten)]
        output: Output,
    },
    /// Tells answers from other replies (messages labelled `answer` / `other`)
    Mining {
        /// conversations.jsonl
        file: PathBuf,
        /// Also learn from the set itself, in so many folds by conversation, and judge each fold by the others (system `riposte-fitted`)
        #[arg(long, value_parser = clap::value_parser!(u16).range(2..=50))]
        folds: Option<u16>,
        #[command(flatten)]
        output: Output,
    },
    /// Masks labelled lines ({"text", "secrets", "keep"}) and counts what leaks and what is masked for nothing
    Masking {
        /// lines.jsonl
        file: PathBuf,
        /// Print every leak and every loss
        #[arg(long)]
        verbose: bool,
        #[command(flatten)]
        output: Output,
    },
    /// Lets simulated agents with known habits use suggestions, with feedback off, on, and on without correction for position
    Feedback {
        /// Questions asked on each of the three desks
        #[arg(long, default_value_t = 2000, value_parser = clap::value_parser!(u32).range(10..))]
        interactions: u32,
        /// Decides everything that is drawn
        #[arg(long, default_value_t = 1)]
        seed: u64,
        #[command(flatten)]
        output: Output,
    },
    /// Plants marked values of invented customers in an archive and reads every answer to other customers' questions for them
    Leaks {
        /// Values planted
        #[arg(long, default_value_t = 500, value_parser = clap::value_parser!(u32).range(1..=i64::from(MOST_VALUES)))]
        values: u32,
        /// Questions asked
        #[arg(long, default_value_t = 2000, value_parser = clap::value_parser!(u32).range(1..))]
        questions: u32,
        /// Decides everything that is drawn
        #[arg(long, default_value_t = 1)]
        seed: u64,
        /// Print every value seen
        #[arg(long)]
        verbose: bool,
        #[command(flatten)]
        output: Output,
    },
    /// Times the encoder on texts of 16 tokens, in turn with others
    Speed(encoders::SpeedArgs),
    /// Compares the encoder's vectors with those of the same model in f32
    Precision(encoders::PrecisionArgs),
    /// Learns to tell answers from other replies and writes the weights (setting `mining.relevance`)
    FitMining(mining::FitArgs),
    /// Times suggestions, beside the encoder's forward pass for the same texts
    Latency {
        /// Conversations: four in five are archived, the others ask
        file: PathBuf,
        /// Suggestions asked for
        #[arg(long, default_value_t = 200)]
        requests: usize,
        #[command(flatten)]
        output: Output,
    },
    /// Fits the ranker and its calibration to archives, and says what that gains on moments left out
    Fit(fit::FitArgs),
}

#[derive(Debug, Args)]
pub(super) struct Output {
    /// Write the figures as JSON to FILE, or to standard output with -
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
    /// Compare with an earlier JSON; exit code 3 when a figure has dropped
    #[arg(long, value_name = "FILE")]
    baseline: Option<PathBuf>,
    /// How far a figure may drop
    #[arg(long, default_value_t = 0.0)]
    tolerance: f64,
    /// Ask at most so many queries
    #[arg(long)]
    limit: Option<usize>,
}

#[derive(Debug, Args)]
pub(super) struct Groups {
    /// Folder of authored groups
    dir: PathBuf,
    /// Only these trades, e.g. games,grocery [default: every file of the folder]
    #[arg(long, value_name = "TRADE", value_delimiter = ',')]
    trades: Vec<String>,
}

impl Groups {
    /// Figures over some trades say nothing about those over others, so the trades are a part of the set's name.
    fn set_name(&self) -> String {
        let folder = set_name(&self.dir);
        if self.trades.is_empty() { folder } else { format!("{folder}/{}", self.trades.join(",")) }
    }
}

pub(super) async fn run(config: Config, command: EvalCommand) -> anyhow::Result<ExitCode> {
    let started = Instant::now();
    let encoder = Arc::new(App::load_encoder(&Config { cached_vectors: CACHED_VECTORS, ..config.clone() }).await?);
    let info = encoder.info().clone();
    let data_dir = config.data_dir.clone();
    let stage = Stage::new(config, encoder);
    let (task, set, runs, n, output) = match command {
        EvalCommand::Retrieval { dir, output } => {
            let set = read_retrieval_set(&dir)?;
            let bench = stage.bench().await?;
            let (figures, n) = texts::retrieval(&bench.workbench(), &set, output.limit).await?;
            bench.close().await?;
            ("retrieval", set_name(&dir), vec![figures], n, output)
        }
        EvalCommand::Intents { dir, fit, output } => {
            let set = read_intent_set(&dir)?;
            let bench = stage.bench().await?;
            let asked = texts::intents(&bench.workbench(), &set, fit, output.limit).await?;
            bench.close().await?;
            if let Some(fitted) = &asked.fitted {
                eprintln!("archived texts: {}", fit::decision(fitted));
            }
            ("intents", set_name(&dir), vec![asked.figures], asked.asked, output)
        }
        EvalCommand::Pairs { file, traditional, output } => {
            let mut judged = read_pairs(&file)?;
            judged.truncate(output.limit.unwrap_or(usize::MAX));
            let mut set = set_name(&file);
            if traditional {
                judged = in_traditional_script(&judged)?;
                set.push_str("/traditional");
            }
            let figures = pairs(stage.encoder.as_ref(), &judged).await?;
            ("pairs", set, vec![figures], judged.len(), output)
        }
        EvalCommand::Authored { groups, output } => {
            let trades = read_authored(&groups.dir, &groups.trades)?;
            let (figures, n) = authored(stage.encoder.as_ref(), &trades, output.limit).await?;
            ("authored", groups.set_name(), vec![figures], n, output)
        }
        EvalCommand::Weight { groups, output } => {
            let trades = read_authored(&groups.dir, &groups.trades)?;
            let (curve, n) = weight_curve(stage.encoder.as_ref(), &trades, output.limit).await?;
            ("weight", groups.set_name(), vec![curve], n, output)
        }
        EvalCommand::Clusters(args) => {
            let (set, figures, n) = clusters::run(stage.encoder.as_ref(), &args).await?;
            ("clusters", set, vec![figures], n, args.output)
        }
        EvalCommand::ClustersGrowth(args) => {
            let (set, figures, n) = clusters::run_growth(&stage, &args).await?;
            ("clusters-growth", set, vec![figures], n, args.output)
        }
        EvalCommand::IndexGrowth(args) => {
            let (set, figures, n) = clusters::run_index_growth(&stage, &args).await?;
            ("index-growth", set, vec![figures], n, args.output)
        }
        EvalCommand::Conflicts { file, verbose, output } => {
            let mut planted = read_planted(&file)?;
            planted.truncate(output.limit.unwrap_or(usize::MAX));
            let (figures, faults) = conflicts(stage.encoder.as_ref(), &planted).await?;
            if verbose {
                for fault in &faults {
                    print(fault);
                }
            }
            ("conflicts", set_name(&file), vec![figures], planted.len(), output)
        }
        EvalCommand::Mining { file, folds, output } => {
            let mut conversations = read_conversations(&file)?;
            conversations.truncate(output.limit.unwrap_or(usize::MAX));
            let relevance = App::load_relevance(stage.config.relevance.as_deref())?;
            let (figures, n) = mining(stage.encoder.as_ref(), &conversations, relevance, folds.map(usize::from)).await?;
            ("mining", set_name(&file), vec![figures], n, output)
        }
        EvalCommand::Replay { source, selection, fit, adapt, moments, output } => {
            let options = ReplayOptions { fit, adapt, keep_moments: moments.is_some(), ..selection.options(output.limit) };
            let kept = moments.map(|file| fs_err::File::create(file).map(BufWriter::new)).transpose()?;
            let (set, runs, n) = stage.replays(&source, &options, Asking::Replay, kept).await?;
            ("replay", set_name(&set), runs, n, output)
        }
        EvalCommand::Ablation { part, source, selection, output } => {
            let options = selection.options(output.limit);
            let asking = Asking::Ablation(if part == "context" { Part::Context } else { Part::Retrieval });
            let (set, runs, n) = stage.replays(&source, &options, asking, None).await?;
            ("ablation", format!("{}/{part}", set_name(&set)), runs, n, output)
        }
        EvalCommand::Masking { file, verbose, output } => {
            let (figures, n, faults) = masking(&read_masking_lines(&file)?);
            if verbose {
                for fault in &faults {
                    print(fault);
                }
            }
            // Several sets may lie in one folder.
            let stem = file.file_stem().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default();
            ("masking", format!("{}/{stem}", set_name(&file)), vec![figures], n, output)
        }
        EvalCommand::Feedback { interactions, seed, output } => {
            let interactions =
                output.limit.and_then(|limit| u32::try_from(limit).ok()).map_or(interactions, |limit| limit.min(interactions));
            let options = SimulationOptions { interactions, seed };
            let clock = Arc::new(SimulatedClock::new());
            let bench = stage.bench_at(Arc::clone(&clock) as Arc<dyn Clock>).await?;
            let figures = simulate(&bench.workbench(), &options, || clock.step()).await?;
            bench.close().await?;
            ("feedback", format!("simulated/seed-{seed}"), vec![figures], interactions as usize, output)
        }
        EvalCommand::Leaks { values, questions, seed, verbose, output } => {
            let questions = output.limit.and_then(|limit| u32::try_from(limit).ok()).map_or(questions, |limit| limit.min(questions));
            let options = LeakOptions { values, questions, seed };
            let clock = Arc::new(SimulatedClock::new());
            let bench = stage.bench_at(Arc::clone(&clock) as Arc<dyn Clock>).await?;
            let found = leaks(&bench.workbench(), &options, &bench.folder.0, || clock.step()).await?;
            bench.close().await?;
            if verbose {
                for fault in &found.faults {
                    print(fault);
                }
            }
            ("leaks", format!("planted/seed-{seed}"), vec![found.figures], questions as usize, output)
        }
        EvalCommand::Latency { file, requests, output } => {
            let conversations = read_conversations(&file)?;
            let (archive, queries) = split_conversations(&conversations, 0.8, 0);
            // Its own copy: the queue's one belongs to the queue's thread.
            let mut model = App::load_model(&stage.config.encoder)?;
            // Nothing is cached, as if nobody had ever said the same before.
            let uncached = Config { cached_vectors: 0, ..stage.config.clone() };
            let stage = Stage::new(stage.config, Arc::new(App::load_encoder(&uncached).await?));
            let bench = stage.bench().await?;
            let (figures, n) = latency(&bench.workbench(), &mut model, &conversations, &archive, &queries, requests).await?;
            bench.close().await?;
            ("latency", set_name(&file), vec![figures], n, output)
        }
        EvalCommand::Speed(args) => {
            encoders::run_speed(&stage.config, &args)?;
            return Ok(ExitCode::SUCCESS);
        }
        EvalCommand::Precision(args) => {
            encoders::run_precision(stage.encoder.as_ref(), &args).await?;
            return Ok(ExitCode::SUCCESS);
        }
        EvalCommand::FitMining(args) => {
            mining::run_fit(stage.encoder.as_ref(), &args).await?;
            return Ok(ExitCode::SUCCESS);
        }
        EvalCommand::Fit(args) => {
            fit::run(&stage, &args).await?;
            return Ok(ExitCode::SUCCESS);
        }
    };
    let report = EvalReport {
        task: task.to_owned(),
        set,
        systems: over_seeds(&runs),
        n: n as u64,
        encoder: Encoder { name: info.name, fingerprint: info.fingerprint },
        seconds: started.elapsed().as_secs_f64(),
    };
    keep(&data_dir, &report);
    show(&report, &output)
}

/// Where there is an installation, its console shows the run beside others. A run that can't be kept is none the worse.
fn keep(data_dir: &Path, report: &EvalReport) {
    if !data_dir.is_dir() {
        return;
    }
    match KeptReports::of(data_dir).keep(report.clone(), SystemClock.now()) {
        Ok(file) => eprintln!("kept for comparison: {}", file.display()),
        Err(error) => eprintln!("not kept for comparison: {error}"),
    }
}

fn show(report: &EvalReport, output: &Output) -> anyhow::Result<ExitCode> {
    let json = serde_json::to_string_pretty(report)?;
    match &output.json {
        Some(file) if file == Path::new("-") => print(&json),
        Some(file) => {
            fs_err::write(file, json + "\n")?;
            print(&report.to_table());
        }
        None => print(&report.to_table()),
    }
    let Some(file) = &output.baseline else { return Ok(ExitCode::SUCCESS) };
    let baseline: EvalReport =
        serde_json::from_str(&fs_err::read_to_string(file)?).with_context(|| format!("{} is no evaluation result", file.display()))?;
    let regressions = report.compare(&baseline, output.tolerance)?;
    for regression in &regressions {
        let now = regression.now.map_or_else(|| "missing".to_owned(), |now| format!("{now:.4}"));
        eprintln!("worse than the baseline: {} {} was {:.4}, is {now}", regression.system, regression.figure, regression.before);
    }
    Ok(if regressions.is_empty() { ExitCode::SUCCESS } else { ExitCode::from(EXIT_REGRESSION) })
}

/// The folder that names a set: `…/star-en/conversations.jsonl.gz` is `star-en`.
fn set_name(path: &Path) -> String {
    let folder = if path.is_dir() { Some(path) } else { path.parent() };
    folder.and_then(Path::file_name).or_else(|| path.file_name()).map(|name| name.to_string_lossy().into_owned()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Parser)]
    struct Line {
        #[command(subcommand)]
        command: EvalCommand,
    }

    fn groups(line: &[&str]) -> Groups {
        match Line::try_parse_from(line).unwrap().command {
            EvalCommand::Authored { groups, .. } | EvalCommand::Weight { groups, .. } => groups,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn some_trades_are_another_set_than_all() {
        let folder = tempfile::tempdir().unwrap();
        let dir = folder.path().join("authored");
        fs_err::create_dir(&dir).unwrap();
        let dir = dir.to_str().unwrap();
        assert_eq!(groups(&["eval", "authored", dir]).set_name(), "authored");
        let some = groups(&["eval", "weight", dir, "--trades", "games,grocery"]);
        assert_eq!(some.trades, ["games", "grocery"]);
        assert_eq!(some.set_name(), "authored/games,grocery");
    }
}
