//! What comes back for a moment of a live conversation.

use riposte::domain::AccessRole;
use serde_json::{Value, json};

use crate::support::archive::{INVOICE_ZH, POSTAGE_ZH, RETURN_EN, RETURN_ZH, Talk};
use crate::support::client::{list, text, texts};
use crate::support::{with_app, with_settings};

fn check_form(set: &Value) {
    let suggestions = list(&set["suggestions"]);
    assert_eq!(suggestions.is_empty(), !set["abstained"].is_null(), "{set}");
    let mut last_score = 1.0;
    for (rank, suggestion) in (1..).zip(suggestions) {
        assert_eq!(suggestion["rank"], rank);
        let score = suggestion["score"].as_f64().unwrap();
        assert!((0.0..=1.0).contains(&score) && score <= last_score, "{suggestion}");
        last_score = score;
        let support = suggestion["support"].as_u64().unwrap();
        let evidence = list(&suggestion["evidence"]);
        assert!(support >= 1 && !evidence.is_empty() && evidence.len() as u64 <= support, "{suggestion}");
    }
    assert_eq!(set["model"]["name"], "riposte-zh-en");
    assert!(!text(&set["model"]["fingerprint"]).is_empty());
    for timing in ["total", "embed", "search", "rank"] {
        assert!(set["timings_ms"][timing].as_f64().unwrap() >= 0.0, "{timing}");
    }
    assert!(set["timings_ms"]["total"].as_f64() >= set["timings_ms"]["embed"].as_f64());
}

#[tokio::test(flavor = "multi_thread")]
async fn replies_come_from_the_archive_in_the_customers_language() {
    with_app(async |app| {
        app.shop().await;
        let agent = app.key(AccessRole::Agent, &["shop"]).await;
        let cases = [
            ("zh", "衣服不合身，我要退货怎么弄", RETURN_ZH, "退"),
            ("en", "How can I return shoes that are too small?", RETURN_EN, "return"),
        ];
        for (language, question, answer, word) in cases {
            let set = agent.suggest("shop", question).await;
            check_form(&set);
            assert_eq!(set["query"], json!({"text": question, "used_turns": [0]}));
            let best = &set["suggestions"][0];
            assert_eq!((text(&best["text"]), text(&best["pool"]), text(&best["language"])), (answer, "archive", language));
            assert_eq!((best["support"].as_u64(), &best["slots"], &best["flags"]), (Some(3), &json!([]), &json!([])));
            for evidence in list(&best["evidence"]) {
                assert_eq!(evidence["kind"], "conversation");
                assert!(text(&evidence["question"]).to_lowercase().contains(word) || language == "en", "{evidence}");
                assert!(text(&evidence["answered_at"]).starts_with("2026-03-"), "{evidence}");
                assert_eq!(evidence["answered_by"], "kf-1");
                // What is named as evidence can be read.
                let path = format!("/v1/conversations/{}?desk=shop", text(&evidence["id"]));
                let conversation = agent.get(&path).await.ok();
                assert!(list(&conversation["messages"]).iter().any(|message| message["text"] == answer));
            }
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn silence_has_a_reason() {
    with_app(async |app| {
        app.shop().await;
        let agent = app.key(AccessRole::Agent, &["shop"]).await;
        for (words, reasons) in [
            ("在吗", ["small_talk"].as_slice()),
            ("Thanks, bye", &["small_talk"]),
            ("what's the capital of France?", &["out_of_domain", "no_match"]),
            ("今天股市大盘涨了多少点", &["out_of_domain", "no_match"]),
        ] {
            let set = agent.suggest("shop", words).await;
            check_form(&set);
            assert!(reasons.contains(&text(&set["abstained"]["reason"])), "{words}: {set}");
            assert!(!text(&set["abstained"]["detail"]).is_empty());
        }
        let set = agent.suggest_to("shop", &[("agent", "您好，请问有什么可以帮您？")], json!({})).await;
        assert_eq!((text(&set["abstained"]["reason"]), &set["query"]["used_turns"]), ("moved_on", &json!([])));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_empty_desk_is_silent() {
    with_app(async |app| {
        app.admin().await.post("/v1/desks", &json!({"id": "店铺-1"})).await.expect(201);
        let set = app.key(AccessRole::Agent, &["店铺-1"]).await.suggest("店铺-1", "怎么退货").await;
        check_form(&set);
        assert_eq!(set["suggestions"], json!([]));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_question_that_needs_the_one_before_is_understood() {
    with_app(async |app| {
        app.shop().await;
        let agent = app.key(AccessRole::Agent, &["shop"]).await;
        let talk = [("customer", "买的外套不合适怎么退货"), ("agent", "七天内可以退"), ("customer", "那运费呢？")];
        let set = agent.suggest_to("shop", &talk, json!({})).await;
        check_form(&set);
        let query = text(&set["query"]["text"]);
        assert!(query.contains("怎么退货") && query.contains("那运费呢"), "{query}");
        assert_eq!(set["query"]["used_turns"], json!([0, 2]));
        assert_eq!(texts(&set)[0], POSTAGE_ZH);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn each_of_several_questions_is_served() {
    with_app(async |app| {
        app.shop().await;
        let agent = app.key(AccessRole::Agent, &["shop"]).await;
        for (turn, questions, answers) in [
            ("我买的外套不合适，怎么退货？另外发票怎么开", ["我买的外套不合适，怎么退货？", "发票怎么开"], [RETURN_ZH, INVOICE_ZH]),
            (
                "电子发票在哪里申请？衣服退货的运费由谁承担呢？",
                ["电子发票在哪里申请？", "衣服退货的运费由谁承担呢？"],
                [INVOICE_ZH, POSTAGE_ZH],
            ),
        ] {
            let set = agent.suggest("shop", turn).await;
            assert_eq!(set["query"]["questions"], json!(questions), "{set}");
            let mut shown = texts(&set);
            shown.truncate(2);
            assert!(answers.iter().all(|answer| shown.contains(answer)), "{set}");
        }
        let set = agent.suggest("shop", "怎么退货").await;
        assert!(set["query"].get("questions").is_none(), "{set}");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn of_an_edited_message_the_last_form_counts() {
    with_app(async |app| {
        app.shop().await;
        let agent = app.key(AccessRole::Agent, &["shop"]).await;
        let messages = json!([
            {"id": "m1", "role": "customer", "text": "发票怎么开？"},
            {"id": "m1", "role": "customer", "text": "退货的运费谁出？"},
        ]);
        let set = agent.post("/v1/suggestions", &json!({"desk": "shop", "conversation": {"messages": messages}})).await.ok();
        assert_eq!(set["query"], json!({"text": "退货的运费谁出？", "used_turns": [1]}));
        assert_eq!(texts(&set)[0], POSTAGE_ZH);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_conversation_is_no_source_for_itself() {
    with_app(async |app| {
        let only = Talk::new("host-7", 3).customer("门店几点关门").agent("门店每天晚上十点关门，节假日照常营业。");
        app.import_jsonl("shop", &only.line()).await;
        let agent = app.key(AccessRole::Agent, &["shop"]).await;
        let ask = async |id: &str| {
            let messages = json!([{"role": "customer", "text": "门店几点关门"}]);
            agent.post("/v1/suggestions", &json!({"desk": "shop", "conversation": {"id": id, "messages": messages}})).await.ok()
        };
        assert_eq!(texts(&ask("host-8").await).len(), 1);
        assert_eq!(texts(&ask("host-7").await).len(), 0);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn filters_keep_to_what_was_asked_for() {
    with_app(async |app| {
        app.shop().await;
        app.show_everything("shop").await;
        let agent = app.key(AccessRole::Agent, &["shop"]).await;
        let ask =
            async |filters: Value| agent.suggest_to("shop", &[("customer", "怎么退货")], json!({"filters": filters, "limit": 20})).await;
        let everything = ask(json!({})).await;
        assert!(texts(&everything).contains(&RETURN_ZH) && texts(&everything).contains(&INVOICE_ZH));
        assert_eq!(texts(&ask(json!({"tags": ["发票"]})).await), [INVOICE_ZH]);
        assert_eq!(texts(&ask(json!({"tags": ["no such tag"]})).await).len(), 0);
        assert_eq!(texts(&ask(json!({"pools": ["knowledge"]})).await).len(), 0);
        assert_eq!(texts(&ask(json!({"pools": ["archive", "knowledge"]})).await), texts(&everything));
        assert_eq!(texts(&ask(json!({"answered_from": "2026-05-01T00:00:00Z"})).await).len(), 0);
        // The second kind of question is answered on 2 March.
        assert!(!texts(&ask(json!({"answered_from": "2026-03-02T00:00:00Z"})).await).contains(&RETURN_ZH));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn limit_and_language_are_heeded() {
    with_app(async |app| {
        app.shop().await;
        app.show_everything("shop").await;
        let agent = app.key(AccessRole::Agent, &["shop"]).await;
        let ask = async |more: Value| agent.suggest_to("shop", &[("customer", "怎么退货")], more).await;
        assert_eq!(texts(&ask(json!({"limit": 1})).await).len(), 1);
        assert_eq!(texts(&ask(json!({})).await).len(), 3);
        let english = ask(json!({"language": "en", "limit": 20})).await;
        assert!(list(&english["suggestions"]).iter().all(|suggestion| suggestion["language"] == "en"), "{english}");
        assert!(!texts(&english).is_empty());
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_desk_has_its_own_limit_and_pools() {
    with_app(async |app| {
        app.shop().await;
        app.show_everything("shop").await;
        let agent = app.key(AccessRole::Agent, &["shop"]).await;
        let supervisor = app.key(AccessRole::Supervisor, &["shop"]).await;
        let ask = async |more: Value| agent.suggest_to("shop", &[("customer", "怎么退货")], more).await;
        let set = async |change: Value| supervisor.patch("/v1/desks/shop/settings", &change).await;
        let settings = set(json!({"limit": 1})).await.ok();
        assert_eq!((&settings["limit"], &settings["pools"]), (&json!(1), &json!([])));
        assert_eq!(texts(&ask(json!({})).await).len(), 1);
        assert_eq!(texts(&ask(json!({"limit": 2})).await).len(), 2, "the request's number comes first");
        set(json!({"limit": null, "pools": ["knowledge"]})).await.ok();
        assert_eq!(texts(&ask(json!({})).await).len(), 0);
        assert_eq!(texts(&ask(json!({"filters": {"pools": ["archive"]}})).await).len(), 3, "the request's pools come first");
        set(json!({"pools": null})).await.ok();
        assert_eq!(texts(&ask(json!({})).await).len(), 3);
        for (pointer, change) in
            [("/limit", json!({"limit": 0})), ("/limit", json!({"limit": 21})), ("/pools", json!({"pools": "archive"}))]
        {
            assert_eq!(set(change).await.refused_field(), pointer);
        }
        assert!(set(json!({"pools": ["wiki"]})).await.refused_field().starts_with("/pools"));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_too_much_is_refused_at_once() {
    with_settings(&["server.concurrent_suggestions=1"], async |app| {
        app.shop().await;
        let agent = app.key(AccessRole::Agent, &["shop"]).await;
        let request = json!({"desk": "shop", "conversation": {"messages": [{"role": "customer", "text": "怎么退货"}]}});
        let answers = futures::future::join_all((0..40).map(|_| agent.post("/v1/suggestions", &request))).await;
        let (taken, refused): (Vec<_>, Vec<_>) = answers.iter().partition(|answer| answer.status == 200);
        assert!(!taken.is_empty() && !refused.is_empty(), "{} answered", taken.len());
        for answer in refused {
            answer.refused(503, "overloaded");
            assert_eq!(answer.headers["retry-after"], "1");
        }
        agent.post("/v1/suggestions", &request).await.ok();
    })
    .await;
}
