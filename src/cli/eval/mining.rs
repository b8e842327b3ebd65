//! `riposte eval fit-mining`: learns by which weights mining tells answers from other replies.

use std::path::PathBuf;

use clap::Args;

use super::print;
use crate::embed::Embedder;
use crate::eval::dataset::{read_authored, read_conversations};
use crate::eval::mining::material::{KEPT_PAIRS, Material, fit_mining};

#[derive(Debug, Args)]
pub(in crate::cli) struct FitArgs {
    /// Conversations whose replies are labelled `answer` or `other` (repeatable)
    #[arg(long, value_name = "FILE", required_unless_present_any = ["archives", "authored"])]
    labelled: Vec<PathBuf>,
    /// Conversations without labels, well kept: what an agent says to a question counts as its answer (repeatable)
    #[arg(long = "archive", value_name = "FILE")]
    archives: Vec<PathBuf>,
    /// Folder of authored groups (repeatable)
    #[arg(long, value_name = "DIR")]
    authored: Vec<PathBuf>,
    /// Where the weights go
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
    /// What was learnt from, in words, for the file
    #[arg(long, default_value = "own conversations")]
    name: String,
    /// Weights of word pairs kept, the largest: fewer make a smaller file
    #[arg(long, default_value_t = KEPT_PAIRS)]
    pairs: usize,
}

pub(super) async fn run_fit(encoder: &dyn Embedder, args: &FitArgs) -> anyhow::Result<()> {
    let mut material = Material::default();
    for file in &args.labelled {
        material.labelled.extend(read_conversations(file)?);
    }
    for file in &args.archives {
        material.archive.extend(read_conversations(file)?);
    }
    for folder in &args.authored {
        material.authored.extend(read_authored(folder, &[])?);
    }
    let fitted = fit_mining(encoder, &material, &args.name, args.pairs).await?;
    fs_err::write(&args.out, serde_json::to_string(&fitted.weights)? + "\n")?;
    print(&format!(
        "learnt from {} replies; F1 of answers on held-out conversations {:.3}, threshold {:.3}; written to {}",
        fitted.lessons,
        fitted.f1,
        fitted.weights.threshold,
        args.out.display()
    ));
    Ok(())
}
