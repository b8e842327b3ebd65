//! `docs/metrics.md`, made from the declarations.

use std::fmt::Write as _;

use super::declared::{Declared, Kind, METRICS, Values};

/// What stands above the table.
const HEAD: &str = "# Metrics

`metrics.listen` switches them on; `GET /metrics` at that address answers in the text form of OpenMetrics, which Prometheus reads. How to set it
up is said in [operations.md](operations.md#metrics). This page is made from the table in `src/telemetry/metrics/declared.rs`; a test keeps the two in step,
and holds `docker/grafana/riposte.json` and `docker/prometheus/alerts.yaml` to it.

Counters begin at zero with the process. A gauge whose source did not answer is NaN, and `riposte_scrape_failures_total` counts that. The bounds of a histogram's buckets
are in brackets behind its name, in its unit.

No label holds a desk, a person, a conversation or a word of theirs. Desks are made through the API without bound, and each would multiply the series; figures for each desk are in its reports (`/v1/reports/overview`).

| metric | kind | labels | what it tells |
| --- | --- | --- | --- |
";

/// The whole page.
#[must_use]
pub fn metrics_document() -> String {
    let mut text = HEAD.to_owned();
    for metric in METRICS {
        let _ = writeln!(text, "| `{}` | {} | {} | {} |", metric.name, kind(metric), labels(metric), metric.help);
    }
    text
}

fn kind(metric: &Declared) -> String {
    match metric.kind {
        Kind::Counter => "counter".to_owned(),
        Kind::Gauge => "gauge".to_owned(),
        Kind::Info => "info".to_owned(),
        Kind::Histogram(bounds) => {
            let bounds: Vec<String> = bounds.iter().map(ToString::to_string).collect();
            format!("histogram ({})", bounds.join(", "))
        }
    }
}

fn labels(metric: &Declared) -> String {
    let labels = metric.labels.iter().map(|label| match label.values {
        Values::Closed(values) => format!("`{}`: {}", label.name, values.join(", ")),
        Values::Bounded(what) => format!("`{}`: {what}", label.name),
    });
    labels.collect::<Vec<_>>().join("; ")
}
