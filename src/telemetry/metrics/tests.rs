//! The declarations against what is exposed, the page, the dashboard and the alerts.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use regex::Regex;
use serde_json::Value;

use super::document::metrics_document;
use super::*;
use crate::domain::{AbstainReason, FeedbackKind, JobKind, JobState};
use crate::telemetry::process::ProcessUse;

/// Declared metrics that the dashboard does not show, and why.
const NOT_SHOWN: &[(&str, &str)] = &[
    ("process_max_fds", "a limit; the alert on open files uses it"),
    ("process_threads", "for whoever looks for a fault"),
    ("riposte_http_requests_in_flight", "the rate and the latency say the same earlier"),
];

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn new_metrics() -> Metrics {
    Metrics::new(&EncoderMetrics::default(), Timestamp::from_micros(1_500_000))
}

/// The exposed samples, by what stands before the value.
fn samples(metrics: &Metrics, sample: &Sample) -> BTreeMap<String, f64> {
    let text = metrics.expose(sample).unwrap();
    let lines = text.lines().filter(|line| !line.starts_with('#'));
    lines.map(|line| line.rsplit_once(' ').unwrap()).map(|(name, value)| (name.to_owned(), value.parse().unwrap())).collect()
}

/// Every name that a query may use.
fn queryable() -> BTreeMap<String, &'static Declared> {
    let mut names = BTreeMap::new();
    for &metric in METRICS {
        match metric.kind {
            Kind::Histogram(_) => {
                for ending in ["_bucket", "_sum", "_count"] {
                    names.insert(format!("{}{ending}", metric.name), metric);
                }
            }
            Kind::Counter | Kind::Gauge | Kind::Info => {
                names.insert(metric.name.to_owned(), metric);
            }
        }
    }
    names
}

/// Words of a query that are metrics of ours, each checked to be declared, and its labels too.
fn metrics_of_query(query: &str, place: &str) -> BTreeSet<&'static str> {
    let queryable = queryable();
    let word = Regex::new(r"\b(?:riposte|process)_[a-z_]+").unwrap();
    let selector = Regex::new(r"\b((?:riposte|process)_[a-z_]+)\{([^}]*)\}").unwrap();
    let condition = Regex::new(r#"^\s*([a-z_]+)\s*(=~|!~|!=|=)\s*"([^"]*)"\s*$"#).unwrap();
    let mut found = BTreeSet::new();
    for name in word.find_iter(query) {
        let metric = queryable.get(name.as_str()).unwrap_or_else(|| panic!("{place}: no metric {}", name.as_str()));
        found.insert(metric.name);
    }
    for selected in selector.captures_iter(query) {
        let metric = queryable[&selected[1]];
        for part in selected[2].split(',').filter(|part| !part.trim().is_empty()) {
            let parts = condition.captures(part).unwrap_or_else(|| panic!("{place}: `{part}`"));
            if matches!(&parts[1], "job" | "instance") {
                continue;
            }
            let label = metric.labels.iter().find(|label| label.name == &parts[1]);
            let label = label.unwrap_or_else(|| panic!("{place}: {} has no label {}", metric.name, &parts[1]));
            if let Values::Closed(values) = label.values {
                for value in parts[3].split('|') {
                    assert!(values.contains(&value), "{place}: {} of {} is never {value}", label.name, metric.name);
                }
            }
        }
    }
    // What is summed or shown by a label of ours must have it.
    let by = Regex::new(r"\bby\s*\(([^)]*)\)").unwrap();
    for grouped in by.captures_iter(query) {
        for label in grouped[1].split(',').map(str::trim).filter(|label| !matches!(*label, "le" | "job" | "instance" | "")) {
            let known = found.iter().any(|name| {
                METRICS.iter().any(|metric| metric.name == *name && metric.labels.iter().any(|declared| declared.name == label))
            });
            assert!(known, "{place}: no metric of the query has the label {label}");
        }
    }
    found
}

#[test]
fn names_follow_the_conventions() {
    let mut seen = BTreeSet::new();
    let name = Regex::new(r"^(riposte|process)(_[a-z]+)+$").unwrap();
    for metric in METRICS {
        assert!(seen.insert(metric.name), "{} twice", metric.name);
        assert!(name.is_match(metric.name), "{}", metric.name);
        assert_eq!(metric.name.ends_with("_total"), metric.kind == Kind::Counter, "{}", metric.name);
        assert_eq!(metric.name.ends_with("_info"), metric.kind == Kind::Info, "{}", metric.name);
        let total = if metric.kind == Kind::Counter { "_total" } else { "" };
        let unit = metric.unit.map_or(String::new(), |unit| format!("_{}", unit.as_str()));
        assert_eq!(format!("{}{unit}{total}", metric.stem()), metric.name.trim_end_matches("_info"));
        assert!(!metric.help.is_empty() && !metric.help.ends_with('.') && !metric.help.contains(['|', '\n']), "{}", metric.name);
        let buckets = metric.buckets();
        assert!(buckets.is_sorted() && !buckets.contains(&f64::INFINITY));
        assert_eq!(buckets.is_empty(), !matches!(metric.kind, Kind::Histogram(_)), "{}", metric.name);
    }
}

#[test]
fn suggestions_are_measured_between_5_milliseconds_and_5_seconds() {
    let duration = METRICS.iter().find(|metric| metric.name == "riposte_suggestion_duration_seconds").unwrap();
    assert_eq!((duration.buckets().first(), duration.buckets().last()), (Some(&0.005), Some(&5.0)));
}

#[test]
fn everything_declared_is_exposed_and_nothing_else() {
    let metrics = new_metrics();
    // Routes are known when they are first asked for.
    metrics.http.answered(HttpMethod::Get, "/livez", 200, std::time::Duration::from_millis(1));
    let text = metrics.expose(&Sample::default()).unwrap();
    assert!(text.ends_with("# EOF\n"));
    let mut exposed: BTreeMap<&str, &str> = text.lines().filter_map(|line| line.strip_prefix("# TYPE ")?.split_once(' ')).collect();
    for metric in METRICS {
        let family = metric.name.trim_end_matches("_total").trim_end_matches("_info");
        let kind = match metric.kind {
            Kind::Counter => "counter",
            Kind::Gauge => "gauge",
            Kind::Histogram(_) => "histogram",
            Kind::Info => "info",
        };
        assert_eq!(exposed.remove(family), Some(kind), "{}", metric.name);
        assert!(text.contains(&format!("# HELP {family} {}.\n", metric.help)), "{}", metric.name);
    }
    assert_eq!(exposed, BTreeMap::new());
}

#[test]
fn series_bear_the_declared_labels_and_begin_at_zero() {
    let metrics = new_metrics();
    metrics.http.answered(HttpMethod::named("BREW"), "/v1/desks/{desk}", 418, std::time::Duration::from_millis(7));
    let queryable = queryable();
    let label = Regex::new(r#"([a-z_]+)="((?:[^"\\]|\\.)*)""#).unwrap();
    let mut seen = BTreeSet::new();
    for series in samples(&metrics, &Sample::default()).keys() {
        let (name, labels) = series.split_once('{').unwrap_or((series, ""));
        let metric = queryable.get(name).unwrap_or_else(|| panic!("{name} is not declared"));
        seen.insert(metric.name);
        let mut found: BTreeMap<String, String> =
            label.captures_iter(labels).map(|captured| (captured[1].to_owned(), captured[2].to_owned())).collect();
        assert_eq!(found.remove("le").is_some(), name.ends_with("_bucket"), "{series}");
        for declared in metric.labels {
            let value = found.remove(declared.name).unwrap_or_else(|| panic!("{series} lacks {}", declared.name));
            if let Values::Closed(values) = declared.values {
                assert!(values.contains(&value.as_str()), "{series}");
            }
        }
        assert_eq!(found, BTreeMap::new(), "{series}");
    }
    assert_eq!(seen.len(), METRICS.len(), "every metric has a series from the start on");
}

#[test]
fn what_happens_is_counted_once() {
    let metrics = new_metrics();
    let before = samples(&metrics, &Sample::default());
    metrics.suggestions.begin().end(SuggestionOutcome::of_answer(None));
    metrics.suggestions.begin().end(SuggestionOutcome::of_answer(Some(AbstainReason::SmallTalk)));
    metrics.suggestions.begin().end(SuggestionOutcome::Failed);
    drop(metrics.suggestions.begin());
    metrics.suggestions.refused(SuggestionOutcome::Overloaded);
    metrics.suggestions.stage(Stage::Embed, std::time::Duration::from_millis(30));
    metrics.suggestions.feedback(FeedbackKind::Edited);
    metrics.jobs.ended(JobKind::Import, JobState::Failed);
    let waits = metrics.suggestions.begin();
    let open = metrics.http.begin();
    let after = samples(&metrics, &Sample::default());
    let moved: BTreeMap<&str, f64> = after
        .iter()
        .filter(|(name, _)| !name.contains("_bucket") && !name.contains("_sum"))
        .map(|(name, value)| (name.as_str(), value - before[name]))
        .filter(|(_, difference)| difference.abs() > 0.0)
        .collect();
    let expected = BTreeMap::from([
        ("riposte_suggestions_total{outcome=\"shown\"}", 1.0),
        ("riposte_suggestions_total{outcome=\"small_talk\"}", 1.0),
        ("riposte_suggestions_total{outcome=\"failed\"}", 1.0),
        ("riposte_suggestions_total{outcome=\"abandoned\"}", 1.0),
        ("riposte_suggestions_total{outcome=\"overloaded\"}", 1.0),
        ("riposte_suggestion_duration_seconds_count", 2.0),
        ("riposte_suggestion_stage_duration_seconds_count{stage=\"embed\"}", 1.0),
        ("riposte_suggestions_in_flight", 1.0),
        ("riposte_http_requests_in_flight", 1.0),
        ("riposte_feedback_total{action=\"edited\"}", 1.0),
        ("riposte_jobs_ended_total{kind=\"import\",state=\"failed\"}", 1.0),
    ]);
    assert_eq!(moved, expected);
    assert!((after["riposte_suggestion_stage_duration_seconds_sum{stage=\"embed\"}"] - 0.03).abs() < 1e-9);
    drop((waits, open));
    let end = samples(&metrics, &Sample::default());
    assert_eq!((end["riposte_suggestions_in_flight"], end["riposte_http_requests_in_flight"]), (0.0, 0.0));
}

#[test]
fn a_sample_takes_the_place_of_the_one_before() {
    let metrics = new_metrics();
    let full = Sample {
        encoder: EncoderSample {
            waiting_interactive: 3,
            waiting_bulk: 70,
            texts: 10,
            cached: 4,
            tokens: 99,
            busy: std::time::Duration::from_millis(250),
        },
        index_points: Some(1000),
        index_backlog: Some(7),
        index_tasks: 12,
        index_stopped: true,
        jobs: Some(vec![(JobKind::Import, JobState::Queued, 2)]),
        watched_conversations: 5,
        watchers: 6,
        connections: vec![PoolSample { pool: "readers", open: 4, idle: 1 }],
        process: Some(ProcessUse { processor: std::time::Duration::from_secs(8), resident_bytes: 1 << 20, ..ProcessUse::default() }),
        failed: Vec::new(),
    };
    let found = samples(&metrics, &full);
    for (name, value) in [
        ("riposte_encoder_waiting_texts{lane=\"bulk\"}", 70.0),
        ("riposte_encoder_texts_total{source=\"cache\"}", 4.0),
        ("riposte_encoder_texts_total{source=\"computed\"}", 6.0),
        ("riposte_encoder_busy_seconds_total", 0.25),
        ("riposte_index_points", 1000.0),
        ("riposte_index_writer_stopped", 1.0),
        ("riposte_jobs{kind=\"import\",state=\"queued\"}", 2.0),
        ("riposte_jobs{kind=\"import\",state=\"running\"}", 0.0),
        ("riposte_store_connections{pool=\"readers\",state=\"used\"}", 3.0),
        ("process_start_time_seconds", 1.5),
        ("process_cpu_seconds_total", 8.0),
    ] {
        assert_eq!(found[name], value, "{name}");
    }
    assert!(found["riposte_store_connections{pool=\"writer\",state=\"used\"}"].is_nan());
    assert!(found["process_max_fds"].is_nan());
    let silent = Sample { failed: vec![ScrapeSource::Store], ..Sample::default() };
    let found = samples(&metrics, &silent);
    assert!(found["riposte_index_backlog_tasks"].is_nan() && found["riposte_jobs{kind=\"import\",state=\"queued\"}"].is_nan());
    assert_eq!(found["riposte_scrape_failures_total{source=\"store\"}"], 1.0);
}

#[test]
fn a_running_job_that_tells_nothing_ages() {
    let metrics = new_metrics();
    let age = |metrics: &Metrics| samples(metrics, &Sample::default())["riposte_job_progress_age_seconds{kind=\"reindex\"}"];
    assert_eq!(age(&metrics), 0.0);
    let running = metrics.jobs.begin(JobKind::Reindex);
    // The clock of ages has steps of a millisecond.
    while age(&metrics) == 0.0 {
        std::thread::yield_now();
    }
    drop(running);
    assert_eq!(age(&metrics), 0.0);
}

#[test]
fn the_page_lists_the_table() {
    let expected = metrics_document();
    if fs_err::read_to_string(root().join("docs/metrics.md")).unwrap_or_default() != expected {
        let fresh = std::env::temp_dir().join("riposte-metrics.md");
        fs_err::write(&fresh, expected).unwrap();
        panic!("docs/metrics.md is not what the declarations say; the right text is in {}", fresh.display());
    }
}

/// Every `expr` in a document, with where it stands.
fn queries(value: &Value, place: &str, found: &mut Vec<(String, String)>) {
    match value {
        Value::Object(fields) => {
            let title = fields.get("title").or_else(|| fields.get("alert")).and_then(Value::as_str).unwrap_or(place);
            for (name, field) in fields {
                match field.as_str().filter(|_| name == "expr") {
                    Some(query) => found.push((title.to_owned(), query.to_owned())),
                    None => queries(field, title, found),
                }
            }
        }
        Value::Array(items) => items.iter().for_each(|item| queries(item, place, found)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

fn document(path: &str) -> Value {
    let text = fs_err::read_to_string(root().join(path)).unwrap();
    if Path::new(path).extension().is_some_and(|ending| ending == "json") {
        serde_json::from_str(&text).unwrap()
    } else {
        yaml_serde::from_str(&text).unwrap()
    }
}

#[test]
fn the_dashboard_shows_what_is_declared() {
    let dashboard = document("docker/grafana/riposte.json");
    let mut found = Vec::new();
    queries(&dashboard, "dashboard", &mut found);
    let shown: BTreeSet<&str> = found.iter().flat_map(|(place, query)| metrics_of_query(query, place)).collect();
    for metric in METRICS {
        let left_out = NOT_SHOWN.iter().any(|(name, _)| *name == metric.name);
        assert_eq!(!shown.contains(metric.name), left_out, "{}: show it, or say in NOT_SHOWN why not", metric.name);
    }
    let panels = dashboard["panels"].as_array().unwrap();
    let ids: BTreeSet<i64> = panels.iter().map(|panel| panel["id"].as_i64().unwrap()).collect();
    assert_eq!(ids.len(), panels.len(), "ids of panels are unique");
    for panel in panels.iter().filter(|panel| panel["type"] != "row") {
        assert!(panel["description"].as_str().is_some_and(|words| !words.is_empty()), "{} says nothing", panel["title"]);
        assert!(!panel["targets"].as_array().unwrap().is_empty(), "{} is empty", panel["title"]);
    }
}

#[test]
fn the_alerts_ask_for_what_is_declared_and_say_what_to_do() {
    let rules = document("docker/prometheus/alerts.yaml");
    let mut found = Vec::new();
    queries(&rules, "alerts", &mut found);
    assert!(found.len() >= 8);
    for (place, query) in &found {
        let metrics = metrics_of_query(query, place);
        assert!(!metrics.is_empty() || query.contains("up{"), "{place} asks for nothing of ours");
    }
    let operations = fs_err::read_to_string(root().join("docs/operations.md")).unwrap();
    for rule in rules["groups"][0]["rules"].as_array().unwrap() {
        let name = rule["alert"].as_str().unwrap();
        assert!(["critical", "warning"].contains(&rule["labels"]["severity"].as_str().unwrap()), "{name}");
        for field in ["summary", "description"] {
            assert!(rule["annotations"][field].as_str().is_some_and(|words| !words.is_empty()), "{name} has no {field}");
        }
        assert!(operations.contains(&format!("`{name}`")), "docs/operations.md does not say what to do at {name}");
    }
    let scrape = document("docker/prometheus/prometheus.yaml");
    assert_eq!(scrape["rule_files"], serde_json::json!(["alerts.yaml"]));
    assert_eq!(scrape["scrape_configs"][0]["job_name"], "riposte");
}
