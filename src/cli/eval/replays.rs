//! Replays and ablations of one or several splits.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{BufWriter, Write};
use std::path::PathBuf;

use anyhow::bail;
use clap::Args;

use super::fit::decision;
use super::stage::Stage;
use crate::eval::ablation::{Part, ablation};
use crate::eval::dataset::{LabelledConversation, read_conversations};
use crate::eval::metrics::calibration::{BINS, calibration_error_by_chance, expected_calibration_error};
use crate::eval::replay::{ReplayOptions, replay};
use crate::eval::split::split_conversations;
use crate::eval::systems::SystemFigures;

#[derive(Debug, Args)]
pub(in crate::cli) struct ReplaySource {
    /// Conversations to ingest
    #[arg(long, value_name = "FILE", requires = "queries", conflicts_with = "split")]
    archive: Option<PathBuf>,
    /// Conversations to ask
    #[arg(long, value_name = "FILE", requires = "archive")]
    queries: Option<PathBuf>,
    /// Share of FILE's conversations that becomes the archive, instead of two files
    #[arg(long, requires = "file")]
    split: Option<f64>,
    /// Repeat the split so many times and print mean and standard error
    #[arg(long, default_value_t = 1)]
    seeds: u64,
    /// Conversations to split
    file: Option<PathBuf>,
}

/// Which moments of conversations are asked, and how answers are judged.
#[derive(Debug, Args)]
pub(in crate::cli) struct Selection {
    /// Leave out turns with this label (repeatable)
    #[arg(long = "skip-label", value_name = "LABEL")]
    skip_labels: Vec<String>,
    /// Ask only turns whose label set occurs in the archive
    #[arg(long)]
    known_labels: bool,
    /// `labels` or `chrf` (the agent's own words) [default: labels where the set has any]
    #[arg(long, value_parser = ["labels", "chrf"])]
    metric: Option<String>,
}

impl Selection {
    pub(super) fn options(self, limit: Option<usize>) -> ReplayOptions {
        ReplayOptions {
            skip_labels: self.skip_labels.into_iter().collect::<BTreeSet<_>>(),
            known_labels: self.known_labels,
            by_words: self.metric.as_deref() == Some("chrf"),
            limit,
            fit: false,
            adapt: false,
            keep_moments: false,
        }
    }
}

/// What is done with an archive and its moments.
#[derive(Debug, Clone, Copy)]
pub(super) enum Asking {
    Replay,
    Ablation(Part),
}

/// Where the moments go that are to be read.
pub(super) type Kept = BufWriter<fs_err::File>;

/// Probabilities of first suggestions and whether they were right, by system.
type Sure = BTreeMap<String, Vec<(f64, bool)>>;

/// What one split gave.
struct Run {
    figures: SystemFigures,
    asked: usize,
    sure: Sure,
}

/// Adds `ece` and what of it chance would make, over the moments of all splits together: a bin must hold enough of them to tell its share of right ones.
fn add_calibration_error(runs: &mut [SystemFigures], sure: &Sure) {
    let Some(first) = runs.first_mut() else { return };
    for (system, judged) in sure {
        let by_chance = calibration_error_by_chance(judged.iter().map(|(score, _)| *score), BINS);
        let Some(figures) = first.get_mut(system) else { continue };
        for (name, error) in [("ece", expected_calibration_error(judged, BINS)), ("ece_chance", by_chance)] {
            figures.extend(error.map(|error| (name.to_owned(), error)));
        }
    }
}

impl Stage {
    pub(super) async fn replays(
        &self,
        source: &ReplaySource,
        options: &ReplayOptions,
        asking: Asking,
        mut moments: Option<Kept>,
    ) -> anyhow::Result<(PathBuf, Vec<SystemFigures>, usize)> {
        match (&source.archive, &source.queries, source.split, &source.file) {
            (Some(archive), Some(queries), None, None) => {
                let mut conversations = read_conversations(archive)?;
                let archived: Vec<usize> = (0..conversations.len()).collect();
                let mut asked = read_conversations(queries)?;
                // The two files may number their conversations alike; a live conversation is never its own source.
                for conversation in &mut asked {
                    conversation.draft.external_id.insert_str(0, "query/");
                }
                conversations.extend(asked);
                let queries_at: Vec<usize> = (archived.len()..conversations.len()).collect();
                let run = self.replay_once(&conversations, &archived, &queries_at, options, asking, moments.as_mut()).await?;
                let mut runs = vec![run.figures];
                add_calibration_error(&mut runs, &run.sure);
                Ok((queries.clone(), runs, run.asked))
            }
            (None, None, Some(share), Some(file)) => {
                if !(0.05..=0.95).contains(&share) {
                    bail!("--split {share}: give a share between 0.05 and 0.95");
                }
                let conversations = read_conversations(file)?;
                let (mut runs, mut asked, mut sure) = (Vec::new(), 0, Sure::new());
                for seed in 0..source.seeds.max(1) {
                    let (archive, queries) = split_conversations(&conversations, share, seed);
                    let run = self.replay_once(&conversations, &archive, &queries, options, asking, moments.as_mut()).await?;
                    runs.push(run.figures);
                    asked += run.asked;
                    run.sure.into_iter().for_each(|(system, judged)| sure.entry(system).or_default().extend(judged));
                }
                add_calibration_error(&mut runs, &sure);
                Ok((file.clone(), runs, asked))
            }
            _ => bail!("name --archive FILE and --queries FILE, or --split SHARE FILE"),
        }
    }

    async fn replay_once(
        &self,
        conversations: &[LabelledConversation],
        archive: &[usize],
        queries: &[usize],
        options: &ReplayOptions,
        asking: Asking,
        moments: Option<&mut Kept>,
    ) -> anyhow::Result<Run> {
        let bench = self.bench().await?;
        if let Asking::Ablation(part) = asking {
            let (figures, asked) = ablation(&bench.workbench(), conversations, archive, queries, options, part).await?;
            bench.close().await?;
            return Ok(Run { figures, asked, sure: Sure::new() });
        }
        let replayed = replay(&bench.workbench(), conversations, archive, queries, options).await?;
        bench.close().await?;
        if let Some(fitted) = &replayed.fitted {
            eprintln!("archive side: {}", decision(fitted));
        }
        if let Some(report) = &replayed.adaptation {
            eprintln!("archive side: {}", crate::cli::adapt::decision(report));
        }
        if let Some(kept) = moments {
            for moment in &replayed.moments {
                writeln!(kept, "{}", serde_json::to_string(moment)?)?;
            }
            kept.flush()?;
        }
        Ok(Run { figures: replayed.figures, asked: replayed.asked, sure: replayed.sure })
    }
}
