//! `riposte eval clusters`: labelled texts, judged pairs, or labelled texts with small talk mixed in.

use std::path::PathBuf;

use clap::Args;

use super::stage::Stage;
use super::{Output, print, set_name};
use crate::domain::Quantization;
use crate::embed::Embedder;
use crate::eval::clusters::growth::{Grown, growth};
use crate::eval::clusters::{labelled, noise, pairs};
use crate::eval::dataset::{read_labelled, read_pairs, read_texts};
use crate::eval::index_growth::{ask, fill};
use crate::eval::systems::SystemFigures;

#[derive(Debug, Args)]
pub(in crate::cli) struct ClusterArgs {
    /// labelled.jsonl
    #[arg(required_unless_present = "pairs")]
    file: Option<PathBuf>,
    /// Group the texts of pairs.jsonl instead, and ask whether those judged the same share a cluster
    #[arg(long, value_name = "FILE", conflicts_with_all = ["file", "noise"])]
    pairs: Option<PathBuf>,
    /// Mix in the texts of FILE, which belong to no cluster, and count how many are kept out
    #[arg(long, value_name = "FILE")]
    noise: Option<PathBuf>,
    /// Print every cluster: its size and name, keywords, representative question and members
    #[arg(long)]
    verbose: bool,
    #[command(flatten)]
    pub(super) output: Output,
}

/// The set's name, the figures and the number of texts or pairs.
pub(super) async fn run(encoder: &dyn Embedder, args: &ClusterArgs) -> anyhow::Result<(String, SystemFigures, usize)> {
    let limit = args.output.limit.unwrap_or(usize::MAX);
    let (set, figures, listing, n) = match (&args.file, &args.pairs) {
        (Some(file), _) => {
            let mut texts = read_labelled(file)?;
            texts.truncate(limit);
            if let Some(mixed_in) = &args.noise {
                let small_talk = read_texts(mixed_in)?;
                let (figures, listing) = noise(encoder, &texts, &small_talk).await?;
                (format!("{}/noise", set_name(file)), figures, listing, texts.len() + small_talk.len())
            } else {
                let (figures, listing) = labelled(encoder, &texts).await?;
                (set_name(file), figures, listing, texts.len())
            }
        }
        (None, Some(file)) => {
            let mut judged = read_pairs(file)?;
            judged.truncate(limit);
            (format!("{}/pairs", set_name(file)), pairs(encoder, &judged).await?, Vec::new(), judged.len())
        }
        (None, None) => anyhow::bail!("name a file of labelled texts, or of pairs with --pairs"),
    };
    if args.verbose {
        for cluster in &listing {
            print(cluster);
        }
    }
    Ok((set, figures, n))
}

#[derive(Debug, Args)]
pub(in crate::cli) struct GrowthArgs {
    /// Questions to grow from: JSON lines with `text`
    file: PathBuf,
    /// How many there shall be
    #[arg(long, default_value_t = 10_000, value_parser = clap::value_parser!(u32).range(1..))]
    questions: u32,
    /// Also write the vectors to FILE, 32-bit floats one row after the other, for other programs to cluster
    #[arg(long, value_name = "FILE")]
    vectors: Option<PathBuf>,
    #[command(flatten)]
    pub(super) output: Output,
}

pub(super) async fn run_growth(stage: &Stage, args: &GrowthArgs) -> anyhow::Result<(String, SystemFigures, usize)> {
    let count = args.output.limit.map_or(args.questions as usize, |limit| limit.min(args.questions as usize));
    let grown = Grown::new(stage.encoder.as_ref(), &read_texts(&args.file)?, count).await?;
    if let Some(file) = &args.vectors {
        let bytes: Vec<u8> = grown.vectors.iter().flat_map(|value| value.to_le_bytes()).collect();
        fs_err::write(file, bytes)?;
    }
    let bench = stage.bench().await?;
    let figures = growth(bench.workbench().index.as_ref(), grown).await?;
    bench.close().await?;
    Ok((format!("{}/{count}", set_name(&args.file)), figures, count))
}

#[derive(Debug, Args)]
pub(in crate::cli) struct IndexGrowthArgs {
    /// Questions to grow from: JSON lines with `text`
    file: PathBuf,
    /// How many points there shall be
    #[arg(long, default_value_t = 10_000, value_parser = clap::value_parser!(u32).range(1..))]
    points: u32,
    /// How many questions are asked
    #[arg(long, default_value_t = 200, value_parser = clap::value_parser!(u32).range(1..))]
    asked: u32,
    #[command(flatten)]
    pub(super) output: Output,
}

pub(super) async fn run_index_growth(stage: &Stage, args: &IndexGrowthArgs) -> anyhow::Result<(String, SystemFigures, usize)> {
    let grown = Grown::new(stage.encoder.as_ref(), &read_texts(&args.file)?, args.points as usize).await?;
    let bench = stage.bench().await?;
    let folder = bench.folder.0.join("index");
    let filled = fill(bench.workbench().index.as_ref(), &grown).await?;
    let bench = stage.reopened(bench).await?;
    let figures = ask(bench.workbench().index.as_ref(), &folder, &grown, args.asked as usize, &filled).await?;
    bench.close().await?;
    let form = match stage.config.index_quantization {
        Quantization::None => String::new(),
        Quantization::Int8 => format!("/{}", Quantization::Int8.as_str()),
    };
    Ok((format!("{}/{}{form}", set_name(&args.file), args.points), figures, args.asked as usize))
}
