//! What is counted, read as Prometheus reads it.

use std::collections::BTreeMap;

use riposte::domain::AccessRole;
use riposte::index::IndexFilter;
use serde_json::json;

use super::live::{say, start};
use crate::support::archive::RETURN_ZH;
use crate::support::client::{Upload, text, texts};
use crate::support::{TestApp, with_app, with_settings};

/// All samples, by what stands before the value.
async fn scrape(app: &TestApp) -> BTreeMap<String, f64> {
    let answer = app.metrics().get("/metrics").await;
    assert_eq!(answer.status, 200);
    assert_eq!(answer.headers["content-type"], "application/openmetrics-text; version=1.0.0; charset=utf-8");
    assert!(answer.text.ends_with("# EOF\n"));
    let samples = answer.text.lines().filter(|line| !line.starts_with('#'));
    samples.map(|line| line.rsplit_once(' ').unwrap()).map(|(name, value)| (name.to_owned(), value.parse().unwrap())).collect()
}

/// By how much the counters with one of these beginnings have grown; times and what did not move are left out.
fn growth(before: &BTreeMap<String, f64>, after: &BTreeMap<String, f64>, beginnings: &[&str]) -> BTreeMap<String, f64> {
    let counts =
        |name: &str| !name.contains("_sum") && !name.contains("_bucket") && beginnings.iter().any(|beginning| name.starts_with(beginning));
    let moved = after.iter().filter(|(name, _)| counts(name));
    let moved = moved.map(|(name, value)| (name.clone(), value - before.get(name).copied().unwrap_or_default()));
    moved.filter(|(_, difference)| *difference != 0.0).collect()
}

fn expected(counts: &[(&str, u32)]) -> BTreeMap<String, f64> {
    counts.iter().map(|(name, count)| ((*name).to_owned(), f64::from(*count))).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn counters_move_by_what_was_done() {
    with_app(async |app| {
        app.shop().await;
        app.app.wait_until_indexed().await.unwrap();
        let agent = app.key(AccessRole::Agent, &[]).await;
        let before = scrape(app).await;

        let set = agent.suggest("shop", "衣服不合身，我要退货怎么弄").await;
        assert_eq!(texts(&set)[0], RETURN_ZH);
        let thanks = [("customer", "衣服不合身，我要退货怎么弄"), ("agent", RETURN_ZH), ("customer", "好的，谢谢")];
        assert_eq!(agent.suggest_to("shop", &thanks, json!({})).await["abstained"]["reason"], "small_talk");
        let question = json!({"messages": [{"role": "customer", "text": "怎么退货"}]});
        agent.post("/v1/suggestions", &json!({"desk": "shop", "conversation": question, "limit": 0})).await.expect(422);
        agent.post("/v1/suggestions", &json!({"desk": "nowhere", "conversation": question})).await.expect(404);
        let suggestion = text(&set["suggestions"][0]["id"]);
        agent.post(&format!("/v1/suggestions/{suggestion}/feedback"), &json!({"kind": "accepted"})).await.expect(204);
        agent.get("/no/such/path").await;
        agent.send("BREW", "/v1/me", None, Vec::new()).await;

        let after = scrape(app).await;
        let counted = ["riposte_suggestion", "riposte_feedback", "riposte_http", "riposte_jobs", "riposte_index", "riposte_scrape"];
        let stage = |stage: &str| format!("riposte_suggestion_stage_duration_seconds_count{{stage=\"{stage}\"}}");
        let mut wanted = expected(&[
            ("riposte_suggestions_total{outcome=\"shown\"}", 1),
            ("riposte_suggestions_total{outcome=\"small_talk\"}", 1),
            ("riposte_suggestions_total{outcome=\"invalid\"}", 2),
            ("riposte_suggestion_duration_seconds_count", 2),
            ("riposte_feedback_total{action=\"accepted\"}", 1),
            ("riposte_http_requests_total{method=\"POST\",route=\"/v1/suggestions\",status=\"2xx\"}", 2),
            ("riposte_http_requests_total{method=\"POST\",route=\"/v1/suggestions\",status=\"4xx\"}", 2),
            ("riposte_http_request_duration_seconds_count{method=\"POST\",route=\"/v1/suggestions\"}", 4),
            ("riposte_http_requests_total{method=\"POST\",route=\"/v1/suggestions/{id}/feedback\",status=\"2xx\"}", 1),
            ("riposte_http_request_duration_seconds_count{method=\"POST\",route=\"/v1/suggestions/{id}/feedback\"}", 1),
            ("riposte_http_requests_total{method=\"GET\",route=\"unmatched\",status=\"4xx\"}", 1),
            ("riposte_http_request_duration_seconds_count{method=\"GET\",route=\"unmatched\"}", 1),
            ("riposte_http_requests_total{method=\"other\",route=\"/v1/me\",status=\"4xx\"}", 1),
            ("riposte_http_request_duration_seconds_count{method=\"other\",route=\"/v1/me\"}", 1),
        ]);
        wanted.extend(["moment", "embed", "search", "rank", "record"].map(|name| (stage(name), 2.0)));
        assert_eq!(growth(&before, &after, &counted), wanted);

        // The parts of an answer do not take longer than the whole, and buckets hold what was observed.
        let sum = |name: &str| after[name] - before[name];
        let stages = ["moment", "embed", "search", "rank", "record"];
        let parts: f64 =
            stages.iter().map(|stage| sum(&format!("riposte_suggestion_stage_duration_seconds_sum{{stage=\"{stage}\"}}"))).sum();
        let whole = sum("riposte_suggestion_duration_seconds_sum");
        assert!(parts > 0.0 && parts <= whole, "{parts} of {whole}");
        assert_eq!(sum("riposte_suggestion_duration_seconds_bucket{le=\"+Inf\"}"), 2.0);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_import_is_seen_from_the_file_to_the_index() {
    with_app(async |app| {
        let empty = scrape(app).await;
        for name in ["riposte_index_points", "riposte_index_backlog_tasks", "riposte_index_tasks_total", "riposte_encoder_tokens_total"] {
            assert_eq!(empty[name], 0.0, "{name}");
        }
        assert_eq!(empty["process_start_time_seconds"], 1_780_272_000.0);
        app.shop().await;
        app.admin().await.import(&Upload::new("shop", "csv", "a.csv", b"strange,columns\n1,2\n")).await;
        app.app.wait_until_indexed().await.unwrap();
        // A job's end is told before it is counted.
        let full = loop {
            let full = scrape(app).await;
            if growth(&empty, &full, &["riposte_jobs_ended_total"]).values().sum::<f64>() >= 2.0 {
                break full;
            }
            tokio::task::yield_now().await;
        };
        let ended = growth(&empty, &full, &["riposte_jobs_ended_total"]);
        let import = |state: &str| format!("riposte_jobs_ended_total{{kind=\"import\",state=\"{state}\"}}");
        assert_eq!(ended, BTreeMap::from([(import("succeeded"), 1.0), (import("failed"), 1.0)]));
        let points = app.app.index.count(&IndexFilter::desk("shop".parse().unwrap())).await.unwrap();
        assert_eq!(full["riposte_index_points"], points as f64);
        // At least the one answered question of each of the 18 conversations.
        assert!(points > 0 && full["riposte_index_tasks_total"] >= 18.0);
        assert_eq!((full["riposte_index_backlog_tasks"], full["riposte_index_writer_stopped"]), (0.0, 0.0));
        assert!(full["riposte_encoder_texts_total{source=\"computed\"}"] >= 18.0);
        assert!(full["riposte_encoder_busy_seconds_total"] > 0.0);
        assert!(full["riposte_encoder_wait_seconds_count{lane=\"bulk\"}"] >= 18.0);
        assert_eq!(full["riposte_encoder_wait_seconds_count{lane=\"interactive\"}"], 0.0);
        assert!(full["riposte_encoder_batch_texts_sum"] >= full["riposte_encoder_batch_texts_count"]);
        assert!(full["riposte_store_connections{pool=\"readers\",state=\"idle\"}"] >= 1.0);
        assert_eq!(full["riposte_jobs{kind=\"import\",state=\"running\"}"], 0.0);

        // What was asked once is not computed again.
        let agent = app.key(AccessRole::Agent, &["shop"]).await;
        agent.suggest("shop", "衣服不合身，我要退货怎么弄").await;
        let once = scrape(app).await;
        agent.suggest("shop", "衣服不合身，我要退货怎么弄").await;
        let texts = growth(&once, &scrape(app).await, &["riposte_encoder_texts_total"]);
        assert_eq!(texts.keys().collect::<Vec<_>>(), ["riposte_encoder_texts_total{source=\"cache\"}"]);
        assert!(once["riposte_encoder_wait_seconds_count{lane=\"interactive\"}"] > 0.0);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn refusals_and_watchers_are_counted_and_nobody_is_named() {
    with_settings(&["server.concurrent_suggestions=1"], async |app| {
        app.shop().await;
        let agent = app.key(AccessRole::Agent, &["shop"]).await;
        let request = json!({"desk": "shop", "conversation": {"messages": [{"role": "customer", "text": "怎么退货"}]}});
        let answers = futures::future::join_all((0..40).map(|_| agent.post("/v1/suggestions", &request))).await;
        let refused = answers.iter().filter(|answer| answer.status == 503).count();
        let busy = scrape(app).await;
        assert!(refused > 0);
        assert_eq!(busy["riposte_suggestions_total{outcome=\"overloaded\"}"], refused as f64);
        assert_eq!(busy["riposte_suggestion_duration_seconds_count"], (40 - refused) as f64);
        assert_eq!(busy["riposte_http_requests_total{method=\"POST\",route=\"/v1/suggestions\",status=\"5xx\"}"], refused as f64);
        assert_eq!((busy["riposte_suggestions_in_flight"], busy["riposte_http_requests_in_flight"]), (0.0, 0.0));

        let id = start(&agent, json!({"desk": "shop", "external_id": "chat-of-13912345678", "customer": {"name": "张小龙"}})).await;
        let mut reader = agent.watch(&format!("/v1/conversations/{id}/events?desk=shop")).await;
        reader.expect("state").await;
        say(&agent, &id, "customer", "买的外套不合适怎么退货").await;
        reader.expect("message").await;
        reader.expect("suggestions").await;
        let watched = scrape(app).await;
        assert_eq!((watched["riposte_live_watched_conversations"], watched["riposte_live_watchers"]), (1.0, 1.0));
        let suggested = growth(&busy, &watched, &["riposte_suggestions_total"]);
        assert_eq!(suggested, expected(&[("riposte_suggestions_total{outcome=\"shown\"}", 1)]));
        let said = app.metrics().get("/metrics").await.text;
        for secret in ["shop", "chat-of", "13912345678", "张小龙", "外套", "kf-1", "customer-of", id.as_str()] {
            assert!(!said.contains(secret), "{secret}");
        }
        app.app.answered.settle().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn metrics_and_the_api_share_no_address() {
    with_app(async |app| {
        app.admin().await.get("/metrics").await.refused(404, "not_found");
        let metrics = app.metrics();
        for path in ["/", "/v1/me", "/livez", "/metrics/"] {
            assert_eq!(metrics.get(path).await.status, 404, "{path}");
        }
        assert_eq!(metrics.post("/metrics", &json!({})).await.status, 405);
    })
    .await;
}
