//! Figures over time.

use riposte::domain::{AccessRole, Timestamp};
use riposte::eval::report::{EvalReport, KeptReports};
use serde_json::{Value, json};

use crate::support::client::{list, text};
use crate::support::with_app;

#[tokio::test(flavor = "multi_thread")]
async fn use_of_suggestions_is_counted_day_by_day() {
    with_app(async |app| {
        app.shop().await;
        let supervisor = app.key(AccessRole::Supervisor, &["shop"]).await;
        let ask = async |words: &str| {
            let conversation = json!({"id": format!("live {words}"), "messages": [{"role": "customer", "text": words}]});
            supervisor.post("/v1/suggestions", &json!({"desk": "shop", "conversation": conversation})).await.ok()
        };
        let told = async |set: &Value, event: Value| {
            let id = text(&set["suggestions"][0]["id"]).to_owned();
            supervisor.post(&format!("/v1/suggestions/{id}/feedback"), &event).await.expect(204);
        };
        let taken = ask("怎么退货").await;
        told(&taken, json!({"kind": "shown"})).await;
        told(&taken, json!({"kind": "accepted"})).await;
        let refused = ask("多久之内可以退货").await;
        told(&refused, json!({"kind": "rejected", "reason": "wrong"})).await;
        let silent = ask("哈哈").await;
        assert_eq!(silent["suggestions"], json!([]));

        let report = supervisor.get("/v1/reports/overview?desk=shop&days=7").await.ok();
        let expected = json!({"asked": 3, "served": 2, "silent": 1, "shown": 2, "accepted": 1, "edited": 0, "rejected": 1});
        assert_eq!(report["total"], expected, "{report}");
        assert_eq!(report["silent_reasons"], json!({"small_talk": 1}));
        let days = list(&report["days"]);
        assert_eq!(days.len(), 7);
        let asked: Vec<u64> = days.iter().map(|day| day["asked"].as_u64().unwrap()).collect();
        assert_eq!(asked.iter().sum::<u64>(), 3);
        assert!(asked[..5].iter().all(|asked| *asked == 0), "today's, or yesterday's where midnight has passed meanwhile: {asked:?}");

        let past = supervisor.get("/v1/reports/overview?desk=shop&days=1&until=2020-02-29T12:00:00Z").await.ok();
        assert_eq!((text(&past["from"]), text(&past["to"])), ("2020-02-29T00:00:00Z", "2020-03-01T00:00:00Z"));
        assert_eq!(past["total"]["asked"], 0);
        for wrong in ["days=0", "days=401", "days=x", "until=yesterday"] {
            supervisor.get(&format!("/v1/reports/overview?desk=shop&{wrong}")).await.refused(422, "invalid_parameter");
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn evaluation_runs_are_listed_newest_first_with_how_to_read_their_figures() {
    with_app(async |app| {
        let supervisor = app.key(AccessRole::Supervisor, &[]).await;
        assert_eq!(supervisor.get("/v1/evaluations").await.ok(), json!({"items": [], "next_cursor": null, "figures": []}));
        let kept = KeptReports::of(&app.app.config.data_dir);
        let run = |task: &str, set: &str, hit: f64| -> EvalReport {
            serde_json::from_value(json!({
                "task": task, "set": set, "n": 40, "seconds": 2.5, "encoder": {"name": "e", "fingerprint": "0123"},
                "systems": {"bm25": {"hit@1": 0.4}, "riposte": {"hit@1": {"mean": hit, "standard_error": 0.01}, "ece": 0.05}},
            }))
            .unwrap()
        };
        for (second, task, set, hit) in
            [(1, "replay", "shop", 0.5), (2, "replay", "bank", 0.6), (3, "intents", "shop", 0.7), (4, "replay", "shop", 0.8)]
        {
            kept.keep(run(task, set, hit), Timestamp::from_micros(second * 1_000_000)).unwrap();
        }
        let all = supervisor.get("/v1/evaluations").await.ok();
        let hits = |page: &Value| -> Vec<f64> {
            list(&page["items"]).iter().map(|run| run["systems"]["riposte"]["hit@1"]["mean"].as_f64().unwrap()).collect()
        };
        assert_eq!(hits(&all), [0.8, 0.7, 0.6, 0.5]);
        assert_eq!(
            all["figures"],
            json!([{"name": "hit@1", "better": "higher", "digits": 3}, {"name": "ece", "better": "lower", "digits": 3}])
        );
        assert_eq!(all["items"][0]["at"], "1970-01-01T00:00:04Z");
        let page = supervisor.get("/v1/evaluations?task=replay&set=shop&limit=1").await.ok();
        assert_eq!(hits(&page), [0.8]);
        let next =
            supervisor.get(&format!("/v1/evaluations?task=replay&set=shop&limit=1&cursor={}", text(&page["next_cursor"]))).await.ok();
        assert_eq!((hits(&next), &next["next_cursor"]), (vec![0.5], &Value::Null));
        supervisor.get("/v1/evaluations?limit=0").await.refused(422, "invalid_parameter");
        supervisor.get("/v1/evaluations?cursor=x").await.refused(422, "invalid_cursor");
        app.key(AccessRole::Agent, &["shop"]).await.get("/v1/evaluations").await.refused(403, "forbidden");
    })
    .await;
}
