//! The report of one task over one set: as JSON (a stable form, scripts depend on it), as a table, and held against an earlier one.

mod figures;
mod kept;
mod table;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

pub use figures::{Better, FigureInfo, about, better, scale};
pub use kept::{KeptReport, KeptReports};

use super::metrics::mean_and_standard_error;

/// One measured value. In JSON a number, or an object of mean and standard error when several seeds were run.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(untagged)]
pub enum Figure {
    /// Of a single run.
    Value(f64),
    /// Over several seeds.
    Spread {
        /// Mean over the seeds.
        mean: f64,
        /// Standard error of that mean.
        standard_error: f64,
    },
}

impl Figure {
    /// The value, or the mean.
    #[must_use]
    pub const fn centre(self) -> f64 {
        match self {
            Self::Value(value) => value,
            Self::Spread { mean, .. } => mean,
        }
    }
}

/// The figures of one system by name.
pub type Figures = BTreeMap<String, Figure>;

/// Which encoder was used.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = ReportEncoder)]
pub struct Encoder {
    /// Name in its manifest.
    pub name: String,
    /// What identifies it.
    pub fingerprint: String,
}

/// What `riposte eval` found.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct EvalReport {
    /// The task, which is the name of the command: `retrieval`, `replay`, …
    pub task: String,
    /// The set: its folder, and behind a slash what part or form of it was taken.
    pub set: String,
    /// Figures by system: `bm25`, `dense`, `sum`, `riposte`.
    #[schema(value_type = BTreeMap<String, BTreeMap<String, Figure>>)]
    pub systems: BTreeMap<String, Figures>,
    /// How many questions were asked (per seed, the mean rounded).
    pub n: u64,
    /// The encoder behind `dense`, `sum` and `riposte`.
    pub encoder: Encoder,
    /// How long the run took.
    pub seconds: f64,
}

/// A figure that got worse by more than the tolerance.
#[derive(Debug, Clone, PartialEq)]
pub struct Regression {
    /// The system.
    pub system: String,
    /// The figure.
    pub figure: String,
    /// What it was.
    pub before: f64,
    /// What it is; `None` when the report no longer has it.
    pub now: Option<f64>,
}

impl std::fmt::Display for Regression {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let digits = figures::digits(&self.figure).max(1);
        write!(f, "{} {}: {:.digits$} -> ", self.system, self.figure, self.before)?;
        match self.now {
            Some(now) => write!(f, "{now:.digits$}"),
            None => f.write_str("missing"),
        }
    }
}

/// Two reports that say nothing about each other.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the baseline is of another run: its {what} is {before}, this one's {now}")]
pub struct NotComparable {
    /// What differs.
    pub what: &'static str,
    /// The baseline's.
    pub before: String,
    /// This report's.
    pub now: String,
}

impl EvalReport {
    /// Every figure that is worse than in `baseline` by more than `tolerance`, and every one that is gone.
    ///
    /// The tolerance is in units of the 0–1 figures; Spearman's differences are divided by 100 first. Means are compared, standard errors
    /// don't matter. All systems are compared, the floors too: a floor that fell means that the ruler changed. Which way is worse, see
    /// [`better`]; neutral figures never count. What the baseline lacks isn't compared.
    ///
    /// # Errors
    /// When task, set or number of questions differ.
    pub fn compare(&self, baseline: &Self, tolerance: f64) -> Result<Vec<Regression>, NotComparable> {
        let same = |what, before: String, now: String| if before == now { Ok(()) } else { Err(NotComparable { what, before, now }) };
        same("task", baseline.task.clone(), self.task.clone())?;
        same("set", baseline.set.clone(), self.set.clone())?;
        same("number of questions", baseline.n.to_string(), self.n.to_string())?;

        let mut regressions = Vec::new();
        for (system, figures) in &baseline.systems {
            for (figure, before) in figures {
                let before = before.centre();
                let now = self.systems.get(system).and_then(|figures| figures.get(figure)).map(|figure| figure.centre());
                let worse_by = now.map(|now| match better(figure) {
                    Better::Higher => (before - now) / scale(figure),
                    Better::Lower => (now - before) / scale(figure),
                    Better::Neutral => f64::NEG_INFINITY,
                });
                // A hair's breadth more than the tolerance is rounding, not a drop.
                if worse_by.is_none_or(|drop| drop > tolerance + 1e-9) {
                    regressions.push(Regression { system: system.clone(), figure: figure.clone(), before, now });
                }
            }
        }
        Ok(regressions)
    }

    /// The report for people: a line about the run, then systems as rows and figures as columns.
    #[must_use]
    pub fn to_table(&self) -> String {
        let mut columns: Vec<&str> = self.systems.values().flat_map(|figures| figures.keys().map(String::as_str)).collect();
        columns.sort_by_key(|figure| figures::column(figure));
        columns.dedup();

        let mut rows = vec![std::iter::once("system").chain(columns.iter().copied()).map(str::to_owned).collect::<Vec<_>>()];
        for (system, figures) in &self.systems {
            let mut row = vec![system.clone()];
            row.extend(columns.iter().map(|&figure| figures.get(figure).map_or_else(|| "-".to_owned(), |value| shown(figure, *value))));
            rows.push(row);
        }
        format!(
            "{} on {}: {} asked, encoder {} ({}), {:.1} s\n{}",
            self.task,
            self.set,
            self.n,
            self.encoder.name,
            self.encoder.fingerprint,
            self.seconds,
            table::lay_out(&rows)
        )
    }
}

/// Joins the figures of several seeds: mean and standard error of each. A single run stays plain values; a figure that some seeds
/// lack is taken over those that have it, and is plain where only one has.
#[must_use]
pub fn over_seeds(runs: &[BTreeMap<String, BTreeMap<String, f64>>]) -> BTreeMap<String, Figures> {
    let mut gathered: BTreeMap<&str, BTreeMap<&str, Vec<f64>>> = BTreeMap::new();
    for (system, figures) in runs.iter().flatten() {
        let of_system = gathered.entry(system).or_default();
        for (figure, value) in figures {
            of_system.entry(figure).or_default().push(*value);
        }
    }
    let mut joined: BTreeMap<String, Figures> = BTreeMap::new();
    for (system, figures) in gathered {
        let of_system = joined.entry(system.to_owned()).or_default();
        for (figure, values) in figures {
            let Some((mean, standard_error)) = mean_and_standard_error(&values) else { continue };
            let value = if values.len() > 1 { Figure::Spread { mean, standard_error } } else { Figure::Value(mean) };
            of_system.insert(figure.to_owned(), value);
        }
    }
    joined
}

fn shown(figure: &str, value: Figure) -> String {
    let digits = figures::digits(figure);
    match value {
        Figure::Value(value) => format!("{value:.digits$}"),
        Figure::Spread { mean, standard_error } => {
            let digits = digits.max(1);
            format!("{mean:.digits$} ±{standard_error:.digits$}")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn report(figures: &[(&str, &str, Figure)]) -> EvalReport {
        let mut systems: BTreeMap<String, Figures> = BTreeMap::new();
        for (system, figure, value) in figures {
            systems.entry((*system).to_owned()).or_default().insert((*figure).to_owned(), *value);
        }
        EvalReport {
            task: "replay".to_owned(),
            set: "闲聊".to_owned(),
            systems,
            n: 120,
            encoder: Encoder { name: "base".to_owned(), fingerprint: "00ff".to_owned() },
            seconds: 1.25,
        }
    }

    #[test]
    fn the_json_form_is_fixed() {
        let spread = Figure::Spread { mean: 0.5, standard_error: 0.01 };
        let report = report(&[("riposte", "hit@1", spread), ("bm25", "hit@1", Figure::Value(0.25))]);
        let json = serde_json::to_string(&report).unwrap();
        assert_eq!(
            json,
            concat!(
                r#"{"task":"replay","set":"闲聊","systems":{"bm25":{"hit@1":0.25},"#,
                r#""riposte":{"hit@1":{"mean":0.5,"standard_error":0.01}}},"n":120,"#,
                r#""encoder":{"name":"base","fingerprint":"00ff"},"seconds":1.25}"#
            )
        );
        assert_eq!(serde_json::from_str::<EvalReport>(&json).unwrap(), report);
        assert_eq!(serde_json::from_str::<Figure>("1").unwrap(), Figure::Value(1.0), "a whole number is a number too");
    }

    #[test]
    fn the_table_is_aligned_and_ordered() {
        let report = report(&[
            ("riposte", "hit@1", Figure::Spread { mean: 0.5, standard_error: 0.012 }),
            ("riposte", "abstained", Figure::Value(0.1)),
            ("bm25", "hit@1", Figure::Value(0.25)),
        ]);
        let expected = concat!(
            "replay on 闲聊: 120 asked, encoder base (00ff), 1.2 s\n",
            "system          hit@1  abstained\n",
            "bm25            0.250          -\n",
            "riposte  0.500 ±0.012      0.100\n",
        );
        assert_eq!(report.to_table(), expected);
    }

    #[test]
    fn figures_by_language_keep_their_order_and_form() {
        let report = report(&[
            ("best", "weight", Figure::Value(0.35)),
            ("best", "en/acc@1", Figure::Value(0.5)),
            ("best", "acc@1", Figure::Value(0.55)),
            ("best", "zh/acc@1", Figure::Value(0.6)),
            ("w=0.00", "zh/answer@1", Figure::Value(0.25)),
        ]);
        let table = report.to_table();
        let words: Vec<Vec<&str>> = table.lines().skip(1).map(|line| line.split_whitespace().collect()).collect();
        assert_eq!(words[0], ["system", "acc@1", "zh/acc@1", "en/acc@1", "zh/answer@1", "weight"]);
        assert_eq!(words[1], ["best", "0.550", "0.600", "0.500", "-", "0.35"]);
        let json = serde_json::to_value(&report).unwrap();
        assert_eq!(json["systems"]["best"], serde_json::json!({"acc@1": 0.55, "en/acc@1": 0.5, "weight": 0.35, "zh/acc@1": 0.6}));
    }

    #[test]
    fn drops_are_found_in_the_right_direction() {
        let value = Figure::Value;
        let before = report(&[
            ("bm25", "hit@1", value(0.30)),
            ("riposte", "hit@1", value(0.50)),
            ("riposte", "hit@3", value(0.70)),
            ("riposte", "false_refusals", value(0.10)),
            ("riposte", "abstained", value(0.10)),
            ("riposte", "spearman", value(40.0)),
            ("riposte", "mrr", value(0.6)),
        ]);
        let now = report(&[
            ("bm25", "hit@1", value(0.29)),
            ("riposte", "hit@1", Figure::Spread { mean: 0.47, standard_error: 0.1 }),
            ("riposte", "hit@3", value(0.75)),
            ("riposte", "false_refusals", value(0.15)),
            ("riposte", "abstained", value(0.9)),
            ("riposte", "spearman", value(39.5)),
            ("riposte", "ndcg@10", value(0.1)),
        ]);
        let found = now.compare(&before, 0.01).unwrap();
        let names: Vec<(&str, &str)> = found.iter().map(|drop| (drop.system.as_str(), drop.figure.as_str())).collect();
        assert_eq!(names, [("riposte", "false_refusals"), ("riposte", "hit@1"), ("riposte", "mrr")]);
        assert_eq!(found[1].to_string(), "riposte hit@1: 0.500 -> 0.470");
        assert_eq!(found[2].to_string(), "riposte mrr: 0.600 -> missing");
        assert!(before.compare(&before, 0.0).unwrap().is_empty());
        assert_eq!(now.compare(&before, 0.004).unwrap().len(), 5, "bm25 hit@1 and spearman too");
    }

    #[test]
    fn a_drop_of_exactly_the_tolerance_is_allowed() {
        let before = report(&[("riposte", "hit@1", Figure::Value(0.3))]);
        let now = report(&[("riposte", "hit@1", Figure::Value(0.1))]);
        assert!(now.compare(&before, 0.2).unwrap().is_empty());
    }

    #[test]
    fn other_runs_are_not_compared() {
        let one = report(&[]);
        for (what, other) in [
            ("task", EvalReport { task: "pairs".to_owned(), ..one.clone() }),
            ("set", EvalReport { set: "x".to_owned(), ..one.clone() }),
            ("number of questions", EvalReport { n: 1, ..one.clone() }),
        ] {
            assert_eq!(one.compare(&other, 0.1).unwrap_err().what, what);
        }
    }

    #[test]
    fn seeds_are_joined() {
        let run = |value: f64| BTreeMap::from([("dense".to_owned(), BTreeMap::from([("mrr".to_owned(), value)]))]);
        assert_eq!(over_seeds(&[run(0.5)])["dense"]["mrr"], Figure::Value(0.5));
        let Figure::Spread { mean, standard_error } = over_seeds(&[run(0.1), run(0.3), run(0.5)])["dense"]["mrr"] else {
            panic!("several seeds give a spread")
        };
        assert!((mean - 0.3).abs() < 1e-12);
        assert!((standard_error - (0.04_f64 / 3.0).sqrt()).abs() < 1e-12);
        assert!(over_seeds(&[]).is_empty());
    }
}
