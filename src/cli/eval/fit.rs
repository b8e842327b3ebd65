//! `riposte eval fit`: fits the ranker's weights and calibration, puts them in force, or goes back to the shipped ones.

use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use clap::Args;

use super::super::{desk, print};
use super::stage::Stage;
use crate::domain::DeskId;
use crate::eval::dataset::{LabelledConversation, read_authored, read_conversations};
use crate::eval::fit::{Figures, Fitted, Fitting, MIN_LESSONS, fit};
use crate::eval::lessons::{Lesson, by_labels, by_tags, by_words, kept, of_archive, of_entries, of_feedback, of_trades};
use crate::eval::workbench::Workbench;

/// Share of moments below which a fit warns that desks would fall silent.
const HARDLY_SHOWN: f64 = 0.05;

#[derive(Debug, Args)]
pub(in crate::cli) struct FitArgs {
    /// Archives to fit to: conversations.jsonl, one desk each
    archives: Vec<PathBuf>,
    /// Fit to the archive of a desk of this installation, or where that is next to nothing to the wordings of its entries, and to the feedback there (repeatable)
    #[arg(long, value_parser = desk)]
    desk: Vec<DeskId>,
    /// Fit to authored groups (a folder of TRADE.jsonl), half of whose wordings are archived and half asked
    #[arg(long, value_name = "DIR")]
    authored: Option<PathBuf>,
    /// Only these trades of the authored groups [default: all]
    #[arg(long, value_name = "TRADE", value_delimiter = ',', requires = "authored")]
    trades: Vec<String>,
    /// Fit to lessons that an earlier run kept (repeatable)
    #[arg(long, value_name = "FILE")]
    lessons: Vec<PathBuf>,
    /// What tells which answers are right [default: labels where a file has any, else words]
    #[arg(long, value_parser = ["labels", "tags", "words"])]
    judge: Option<String>,
    /// Moments asked of each archive, and of each trade in each language, at most
    #[arg(long, default_value_t = 1500)]
    sample: usize,
    /// Pull towards the weights in use, per squared difference [default: chosen by cross-validation]
    #[arg(long)]
    pull: Option<f32>,
    /// Leave the weights as they are and fit only the calibration: what scores mean, and the threshold
    #[arg(long, conflicts_with = "pull")]
    calibrate: bool,
    /// Gather the lessons, keep them in FILE, and fit nothing
    #[arg(long, value_name = "FILE", conflicts_with_all = ["out", "install", "shipped"])]
    keep: Option<PathBuf>,
    /// What it was fitted on, in words, for the file
    #[arg(long, default_value = "own archive")]
    name: String,
    /// Where the weights go
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// Put the weights in force for this installation: they go to ranker.json in the data folder
    #[arg(long)]
    install: bool,
    /// Go back to the shipped weights: removes ranker.json from the data folder
    #[arg(long, conflicts_with_all = ["archives", "desk", "authored", "lessons", "out", "install"])]
    shipped: bool,
    /// Write the report as JSON to FILE, or to standard output with -
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
}

pub(super) async fn run(stage: &Stage, args: &FitArgs) -> anyhow::Result<()> {
    if args.shipped {
        return go_back(stage);
    }
    if let Some(named) = stage.config.ranker.as_ref().filter(|named| args.install && **named != stage.config.installed_ranker()) {
        bail!(
            "the setting ranker.file names {}, so installed weights would not be used: remove the setting, or write there with --out {0}",
            named.display()
        );
    }
    if !args.desk.is_empty() && args.judge.as_deref() == Some("labels") {
        bail!("a desk's archive has no labels: judge by tags or words");
    }
    let mut lessons = Vec::new();
    for file in &args.lessons {
        lessons.extend(kept::read(file)?);
    }
    if !args.desk.is_empty() {
        lessons.extend(of_desks(stage, args).await?);
    }
    if !args.archives.is_empty() || args.authored.is_some() {
        lessons.extend(of_files(stage, args).await?);
    }
    if let Some(file) = &args.keep {
        kept::keep(file, &lessons)?;
        print(&format!("{} lessons kept in {}", lessons.len(), file.display()));
        return Ok(());
    }
    if lessons.is_empty() && args.archives.is_empty() && args.desk.is_empty() && args.authored.is_none() {
        bail!(
            "name what to fit to: archive files, --desk NAME, --authored DIR or --lessons FILE; or --shipped to go back to the shipped weights"
        );
    }
    eprintln!("fitting to {} moments", lessons.len());
    let fitting = if args.calibrate { Fitting::Calibration } else { Fitting::Weights(args.pull) };
    let fitted = fit(lessons, stage.ranker()?.weights(), fitting, &args.name).await?;
    let weights = serde_json::to_string_pretty(&fitted.weights)? + "\n";
    let installed = args.install.then(|| stage.config.installed_ranker());
    for file in args.out.iter().chain(&installed) {
        fs_err::write(file, &weights)?;
    }
    let report = serde_json::to_string_pretty(&fitted)?;
    match &args.json {
        Some(file) if file == Path::new("-") => print(&report),
        Some(file) => {
            fs_err::write(file, report + "\n")?;
            print(&decision(&fitted));
        }
        None => print(&decision(&fitted)),
    }
    for file in args.out.iter().chain(&installed) {
        eprintln!("written to {}", file.display());
    }
    if fitted.coverage < HARDLY_SHOWN {
        eprintln!(
            "with this calibration hardly anything is shown at a precision of {:.2}: few answers of this archive say the same as another. \
             Ask for less (`riposte desks set --desk NAME --precision 0.3`), or tag conversations by topic and judge by tags (--judge tags).",
            fitted.weights.precision
        );
    }
    if args.install {
        eprintln!("in force from the next start on; `riposte eval fit --shipped` goes back");
    }
    Ok(())
}

fn go_back(stage: &Stage) -> anyhow::Result<()> {
    let installed = stage.config.installed_ranker();
    let removed = installed.exists();
    if removed {
        fs_err::remove_file(&installed)?;
    }
    match stage.config.ranker.as_ref().filter(|named| **named != installed) {
        Some(named) => print(&format!("the setting ranker.file still names {}: remove it to go back", named.display())),
        None if removed => print("the shipped weights are in force from the next start on"),
        None => print("the shipped weights were in force already"),
    }
    Ok(())
}

/// What a fit decided, in words.
pub(super) fn decision(fitted: &Fitted) -> String {
    let Fitted { before, after, .. } = fitted;
    let figure = |of: fn(&Figures) -> f64| format!("{:.3} → {:.3}", of(before), of(after));
    let trees = match fitted.trees {
        0 => "no trees".to_owned(),
        count => format!("{count} trees"),
    };
    format!(
        "{} moments in {} parts, each judged by weights fitted to the others, beside the linear weights in use: hit@1 {}, hit@3 {}, chrF@1 {}, chrF@3 {}\n\
         {} gains {:+.4} ± {:.4}: {}; {} (alone {:+.4} ± {:.4})\n\
         calibration error {:.3}; at a precision of {:.2} what is shown is right in {:.3} and something is shown in {:.3} of the moments",
        fitted.lessons,
        fitted.folds,
        figure(|figures| figures.hit_1),
        figure(|figures| figures.hit_3),
        figure(|figures| figures.chrf_1),
        figure(|figures| figures.chrf_3),
        fitted.decided_by,
        fitted.gain,
        fitted.gain_error,
        if fitted.replaced { "new weights and a new calibration" } else { "the weights stay, with a new calibration" },
        trees,
        fitted.trees_gain,
        fitted.trees_gain_error,
        fitted.ece,
        fitted.weights.precision,
        fitted.precision_shown,
        fitted.coverage,
    )
}

/// Lessons of desks of this installation, whose server must not be running.
async fn of_desks(stage: &Stage, args: &FitArgs) -> anyhow::Result<Vec<Lesson>> {
    let (app, workbench) =
        stage.installation().await.context("fitting to a desk needs the data folder for itself: stop the server first")?;
    let mut lessons = Vec::new();
    for desk in &args.desk {
        crate::cli::backend::known_desk(&app, desk).await?;
        let judge: &crate::eval::lessons::Judge<'_> = if args.judge.as_deref() == Some("tags") { &by_tags } else { &by_words };
        let mut of_desk = of_archive(&workbench, desk, args.sample, &|_| true, judge).await?;
        if of_desk.len() < MIN_LESSONS {
            let moments = of_desk.len();
            of_desk.extend(of_entries(&workbench, desk, args.sample).await?);
            eprintln!("desk {desk}: {moments} moments of conversations, {} wordings of entries", of_desk.len() - moments);
        }
        lessons.extend(of_desk);
        lessons.extend(of_feedback(&workbench, desk).await?);
    }
    drop(workbench);
    stage.done();
    app.close().await?;
    Ok(lessons)
}

/// Lessons of archives in files and of authored groups, in a throw-away installation.
async fn of_files(stage: &Stage, args: &FitArgs) -> anyhow::Result<Vec<Lesson>> {
    let bench = stage.bench().await?;
    let workbench = bench.workbench();
    let mut lessons = Vec::new();
    for (number, file) in args.archives.iter().enumerate() {
        lessons.extend(of_file(&workbench, number, file, args).await?);
    }
    if let Some(folder) = &args.authored {
        lessons.extend(of_trades(&workbench, &read_authored(folder, &args.trades)?, args.sample).await?);
    }
    drop(workbench);
    bench.close().await?;
    Ok(lessons)
}

async fn of_file(bench: &Workbench, number: usize, file: &Path, args: &FitArgs) -> anyhow::Result<Vec<Lesson>> {
    let desk: DeskId = format!("archive-{number}").parse()?;
    let conversations = read_conversations(file)?;
    let archive = bench.ingest(&desk, &conversations.iter().collect::<Vec<_>>()).await?;
    let labelled = conversations.iter().any(LabelledConversation::has_labels);
    let judge = args.judge.as_deref().unwrap_or(if labelled { "labels" } else { "words" });
    let lessons = match judge {
        "labels" => {
            let asked = |pair: &crate::domain::Pair| archive.labels_of(pair.content.id).is_some_and(|labels| !labels.is_empty());
            of_archive(bench, &desk, args.sample, &asked, &|pair, candidate| by_labels(&archive, pair, candidate)).await?
        }
        "tags" => of_archive(bench, &desk, args.sample, &|_| true, &by_tags).await?,
        _ => of_archive(bench, &desk, args.sample, &|_| true, &by_words).await?,
    };
    Ok(lessons)
}
