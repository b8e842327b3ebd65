//! Why an answer is as it is: for those who look after a desk, not for agents.

use riposte::domain::AccessRole;
use riposte::suggest::Ranker;
use riposte::suggest::trees::{BoostedTrees, Split, Tree};
use serde_json::{Value, json};

use crate::support::archive::{INVOICE_ZH, RETURN_ZH};
use crate::support::client::{list, text};
use crate::support::{with_app, with_settings};

fn of<'a>(explanation: &'a Value, answer: &str) -> Vec<&'a Value> {
    list(&explanation["candidates"]).iter().filter(|candidate| candidate["answer"] == answer).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn every_candidate_says_what_it_scored_and_what_became_of_it() {
    // The shipped weights with one tree: what was asked otherwise has less.
    let mut weights = Ranker::shipped().weights().clone();
    weights.trees = Some(BoostedTrees::new(vec![Tree { splits: vec![Split(0, 0.7, -1, -2)], leaves: vec![-0.25, 0.125] }]));
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("ranker.json");
    fs_err::write(&file, serde_json::to_string(&weights).unwrap()).unwrap();
    with_settings(&[&format!("ranker.file={}", file.display())], async |app| {
        app.shop().await;
        let supervisor = app.key(AccessRole::Supervisor, &["shop"]).await;
        let talk = [("customer", "买的外套不合适怎么退货"), ("agent", "七天内可以退"), ("customer", "那运费呢？")];
        let plain = supervisor.suggest_to("shop", &talk, json!({})).await;
        assert!(plain.get("explanation").is_none());
        let set = supervisor.suggest_to("shop", &talk, json!({"explain": true})).await;
        let explanation = &set["explanation"];
        let query = &explanation["query"];
        assert_eq!((&query["questions"][0], &query["turn"]), (&set["query"]["text"], &json!("那运费呢？")));
        assert_eq!((text(&query["previous"]), &query["elliptical"], text(&query["act"])), ("七天内可以退", &json!(true), "question"));
        assert_eq!(query["earlier"], json!([{"customer": true, "text": "买的外套不合适怎么退货"}]));
        assert_eq!((text(&query["language"]), text(&query["wanted"])), ("zh", "question"));

        let threshold = explanation["threshold"].as_f64().unwrap();
        let shown: Vec<&str> = list(&set["suggestions"]).iter().map(|suggestion| text(&suggestion["text"])).collect();
        let mut ranks = Vec::new();
        for candidate in list(&explanation["candidates"]) {
            // Parts are the whole.
            let features = candidate["features"].as_object().unwrap();
            let contributions: f64 = features.values().map(|feature| feature["contribution"].as_f64().unwrap()).sum();
            let boost = candidate["boost"].as_f64().unwrap();
            let near = features.get("question_cosine").is_some_and(|feature| feature["value"].as_f64().unwrap() > 0.7);
            assert_eq!(boost, if near { 0.125 } else { -0.25 }, "{candidate}");
            let parts = contributions + boost;
            let relevance = candidate["relevance"].as_f64().unwrap();
            assert!((parts + candidate["expected"].as_f64().unwrap() - relevance).abs() < 1e-3, "{candidate}");
            let probability = candidate["probability"].as_f64().unwrap();
            match text(&candidate["fate"]) {
                "shown" => {
                    ranks.push(candidate["rank"].as_u64().unwrap());
                    assert!(probability >= threshold && shown.contains(&text(&candidate["answer"])), "{candidate}");
                }
                "same_as" => {
                    let first = list(&explanation["candidates"]).iter().find(|other| other["source"] == candidate["same_as"]).unwrap();
                    assert_eq!((&first["answer"], &first["group"]), (&candidate["answer"], &candidate["group"]));
                }
                "below_threshold" => assert!(probability < threshold, "{candidate}"),
                other => panic!("{other}: {candidate}"),
            }
        }
        ranks.sort_unstable();
        assert_eq!(ranks, (1..=shown.len() as u64).collect::<Vec<_>>());
        assert_eq!(of(explanation, RETURN_ZH).len(), 3, "all that were found, not only the first of a group");
        // What is asked about and what is explained is the same answer.
        assert_eq!(plain["suggestions"][0]["score"], set["suggestions"][0]["score"]);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_shown_says_why() {
    with_app(async |app| {
        app.shop().await;
        app.show_everything("shop").await;
        let supervisor = app.key(AccessRole::Supervisor, &["shop"]).await;
        let ask = async |limit: u32| {
            let more = json!({"explain": true, "limit": limit});
            supervisor.suggest_to("shop", &[("customer", "怎么退货")], more).await
        };
        let set = ask(20).await;
        let fates = |set: &Value, answer: &str| -> Vec<String> {
            of(&set["explanation"], answer).iter().map(|candidate| text(&candidate["fate"]).to_owned()).collect()
        };
        assert_eq!(fates(&set, RETURN_ZH), ["shown", "same_as", "same_as"]);
        let invoice = list(&set["suggestions"]).iter().find(|suggestion| suggestion["text"] == INVOICE_ZH).unwrap();
        let set = ask(1).await;
        assert_eq!(fates(&set, INVOICE_ZH), ["beyond_limit", "same_as", "same_as"]);
        let block = json!({"suggestion_id": invoice["id"], "kind": "block"});
        supervisor.post("/v1/desks/shop/controls", &block).await.expect(201);
        let set = ask(20).await;
        assert_eq!(fates(&set, INVOICE_ZH), ["blocked"; 3]);
        assert!(
            of(&set["explanation"], INVOICE_ZH).iter().all(|candidate| candidate["relevance"].is_null() && candidate["score"].is_null())
        );
        let best = text(&set["suggestions"][0]["id"]).to_owned();
        assert_eq!(set["suggestions"][0]["text"], RETURN_ZH);
        let report = json!({"kind": "rejected", "reason": "outdated"});
        supervisor.post(&format!("/v1/suggestions/{best}/feedback"), &report).await.expect(204);
        assert_eq!(fates(&ask(20).await, RETURN_ZH), ["outdated"; 3]);
        // Silence is explained with what would have been likely enough.
        let silent = supervisor.suggest_to("shop", &[("customer", "在吗")], json!({"explain": true})).await;
        assert_eq!(silent["abstained"]["reason"], "small_talk");
        assert!(list(&silent["explanation"]["candidates"]).iter().all(|candidate| candidate["fate"] != "shown"), "{silent}");
        let nothing = supervisor.suggest_to("shop", &[("agent", "您好")], json!({"explain": true})).await;
        assert!(nothing.get("explanation").is_none(), "nothing was asked: {nothing}");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn agents_and_widgets_are_not_told() {
    with_app(async |app| {
        app.shop().await;
        let ask = json!({"desk": "shop", "conversation": {"messages": [{"role": "customer", "text": "怎么退货"}]}, "explain": true});
        for (role, status) in
            [(AccessRole::Agent, 403), (AccessRole::KbEditor, 200), (AccessRole::Supervisor, 200), (AccessRole::Admin, 200)]
        {
            let client = app.key(role, if role == AccessRole::Admin { &[] } else { &["shop"] }).await;
            client.post("/v1/suggestions", &ask).await.expect(status);
        }
        let host = app.key(AccessRole::Supervisor, &["shop"]).await;
        let made = host.post("/v1/widget-tokens", &json!({"desk": "shop", "agent": "li"})).await.expect(201);
        let widget = app.anonymous().with("authorization", &format!("Bearer {}", text(&made["token"])));
        widget.post("/v1/suggestions", &ask).await.refused(403, "forbidden");
    })
    .await;
}
