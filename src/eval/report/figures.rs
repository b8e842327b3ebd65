//! What the figures are called, in which order they are shown and which way is better: said once, here.

use serde::Serialize;
use utoipa::ToSchema;

/// Which way a figure should go.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Better {
    /// A smaller value is a drop.
    Higher,
    /// A larger value is a drop.
    Lower,
    /// Describes the system; no change of it is a drop.
    Neutral,
}

/// One figure that a report may hold.
struct Known {
    name: &'static str,
    better: Better,
    /// What the value is divided by to lie in 0–1, so that one tolerance suits all.
    scale: f64,
}

const fn known(name: &'static str, better: Better) -> Known {
    Known { name, better, scale: 1.0 }
}

/// Every figure of the tasks, in the order of the columns. `abstained` and `coverage` move against each other with the threshold, so a
/// change of either says nothing by itself (what it does to quality shows in `refused_recall` and `false_refusals`); `k` and `outliers`
/// are what `acc`, `nmi` and `ari` already pay for, `precision` and `recall` what `f1` does.
const FIGURES: &[Known] = &[
    known("success@1", Better::Higher),
    known("success@5", Better::Higher),
    known("hit@1", Better::Higher),
    known("hit@3", Better::Higher),
    known("hit@5", Better::Higher),
    known("runaway", Better::Lower),
    known("mrr", Better::Higher),
    known("mrr@10", Better::Higher),
    known("ndcg@10", Better::Higher),
    known("map_judged", Better::Higher),
    known("first_judged", Better::Higher),
    known("chrf@1", Better::Higher),
    known("chrf@3", Better::Higher),
    known("acc@1", Better::Higher),
    known("acc@5", Better::Higher),
    known("zh/acc@1", Better::Higher),
    known("en/acc@1", Better::Higher),
    known("zh/answer@1", Better::Higher),
    known("en/answer@1", Better::Higher),
    known("weight", Better::Neutral),
    known("auroc_refuse", Better::Higher),
    known("refused_recall", Better::Higher),
    known("false_refusals", Better::Lower),
    known("coverage", Better::Neutral),
    known("abstained", Better::Neutral),
    known("ece", Better::Lower),
    known("ece_equal_mass", Better::Lower),
    known("ece_chance", Better::Neutral),
    Known { name: "spearman", better: Better::Higher, scale: 100.0 },
    known("k", Better::Neutral),
    known("acc", Better::Higher),
    known("nmi", Better::Higher),
    known("ari", Better::Higher),
    known("pair_precision", Better::Higher),
    known("pair_recall", Better::Higher),
    known("pair_f1", Better::Higher),
    known("outliers", Better::Neutral),
    known("found", Better::Higher),
    known("false_conflicts", Better::Lower),
    known("zh/found", Better::Higher),
    known("en/found", Better::Higher),
    known("date/found", Better::Higher),
    known("other/found", Better::Higher),
    known("zh/false_conflicts", Better::Lower),
    known("en/false_conflicts", Better::Lower),
    known("wording/false_conflicts", Better::Lower),
    known("superseded", Better::Higher),
    known("at_once", Better::Higher),
    known("precision_shown", Better::Higher),
    known("f1", Better::Higher),
    known("precision", Better::Neutral),
    known("recall", Better::Neutral),
    known("leaked", Better::Lower),
    known("leaks", Better::Lower),
    known("over_masked", Better::Lower),
    known("clean_lines_touched", Better::Lower),
    known("planted", Better::Neutral),
    known("suggestions", Better::Neutral),
    known("taught", Better::Neutral),
    known("slots_filled", Better::Neutral),
    known("slots_open", Better::Neutral),
    known("wrong_slots", Better::Lower),
    known("values_seen", Better::Lower),
    known("texts_per_second@1", Better::Higher),
    known("texts_per_second@32", Better::Higher),
    known("ratio@1", Better::Higher),
    known("ratio@32", Better::Higher),
    known("times_forward", Better::Lower),
    known("forward_ms", Better::Neutral),
    known("total_ms", Better::Neutral),
    known("total_p95_ms", Better::Neutral),
    known("embed_ms", Better::Neutral),
    known("search_ms", Better::Neutral),
    known("rank_ms", Better::Neutral),
    known("cosine_mean", Better::Higher),
    known("cosine_worst", Better::Higher),
];

fn find(figure: &str) -> Option<(usize, &'static Known)> {
    FIGURES.iter().enumerate().find(|(_, known)| known.name == figure)
}

/// Which way `figure` should go; upwards, for one that isn't listed.
#[must_use]
pub fn better(figure: &str) -> Better {
    find(figure).map_or(Better::Higher, |(_, known)| known.better)
}

/// What a difference of `figure` is divided by before it is held against a tolerance: 100 for Spearman, else 1.
#[must_use]
pub fn scale(figure: &str) -> f64 {
    find(figure).map_or(1.0, |(_, known)| known.scale)
}

/// How a figure is to be read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct FigureInfo {
    /// Its name in reports.
    pub name: String,
    /// Which way it should go.
    pub better: Better,
    /// Digits behind the point that mean something.
    pub digits: u32,
}

/// How each of `figures` is to be read, in the order of the columns.
#[must_use]
pub fn about<'a>(figures: impl IntoIterator<Item = &'a str>) -> Vec<FigureInfo> {
    let mut names: Vec<&str> = figures.into_iter().collect();
    names.sort_by_key(|name| column(name));
    names.dedup();
    names.into_iter().map(|name| FigureInfo { name: name.to_owned(), better: better(name), digits: digits(name) as u32 }).collect()
}

/// Where the column of `figure` stands; unlisted ones stand last, by name.
pub(super) fn column(figure: &str) -> (usize, &str) {
    (find(figure).map_or(FIGURES.len(), |(place, _)| place), figure)
}

/// How a value of `figure` is written: two digits for Spearman and weights, none for counts, one for speeds, five for cosines that are all but 1, else
/// three.
pub(super) fn digits(figure: &str) -> usize {
    match figure {
        "k" | "planted" | "suggestions" | "taught" | "slots_filled" | "slots_open" | "wrong_slots" | "values_seen" => 0,
        "texts_per_second@1"
        | "texts_per_second@32"
        | "forward_ms"
        | "total_ms"
        | "total_p95_ms"
        | "embed_ms"
        | "search_ms"
        | "rank_ms" => 1,
        "cosine_mean" | "cosine_worst" => 5,
        "spearman" | "weight" => 2,
        _ => 3,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_figure_is_listed_twice() {
        for (place, known) in FIGURES.iter().enumerate() {
            assert_eq!(find(known.name).unwrap().0, place, "{}", known.name);
        }
    }

    #[test]
    fn unlisted_figures_are_better_when_higher() {
        assert_eq!(better("hit@100"), Better::Higher);
        assert!(column("hit@100") > column("outliers"));
    }
}
