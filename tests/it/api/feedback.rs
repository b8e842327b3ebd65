//! What agents do with suggestions, and what that does to the next ones.

use riposte::domain::AccessRole;
use serde_json::{Value, json};

use crate::support::archive::Talk;
use crate::support::client::{Client, text, texts};
use crate::support::with_app;

/// One question, two answers given equally often.
fn two_answers() -> String {
    let answers = ["在会员中心的积分商城里挑选礼品，点击立即兑换即可。", "请到线下门店出示会员码，由店员帮您兑换礼品。"];
    let mut lines = String::new();
    for question in ["积分怎么兑换礼品？", "积分可以换什么"] {
        for (number, answer) in answers.iter().enumerate() {
            let id = format!("{question}-{number}");
            lines += &Talk::new(&id, 5).customer(question).agent(answer).customer("好的").line();
        }
    }
    lines
}

async fn tell(client: &Client, suggestion: &Value, feedback: Value) {
    client.post(&format!("/v1/suggestions/{}/feedback", text(&suggestion["id"])), &feedback).await.expect(204);
}

#[tokio::test(flavor = "multi_thread")]
async fn rejecting_and_accepting_turns_the_order_round() {
    with_app(async |app| {
        app.import_jsonl("shop", &two_answers()).await;
        let agent = app.key(AccessRole::Agent, &["shop"]).await;
        let ask = async || agent.suggest_to("shop", &[("customer", "积分怎么兑换礼品呢")], json!({"limit": 2})).await;
        let before = ask().await;
        let (first, second) = (texts(&before)[0].to_owned(), texts(&before)[1].to_owned());
        assert_eq!(texts(&ask().await), [&first, &second], "asking alone changes nothing");
        for _ in 0..3 {
            let set = ask().await;
            for suggestion in set["suggestions"].as_array().unwrap() {
                let verdict =
                    if suggestion["text"] == first { json!({"kind": "rejected", "reason": "wrong"}) } else { json!({"kind": "accepted"}) };
                tell(&agent, suggestion, verdict).await;
            }
        }
        let after = ask().await;
        assert_eq!(texts(&after), [&second, &first]);
        let score = |set: &Value, words: &str| {
            let found = set["suggestions"].as_array().unwrap().iter().find(|suggestion| suggestion["text"] == words);
            found.and_then(|suggestion| suggestion["score"].as_f64()).unwrap()
        };
        assert!(score(&after, &first) < score(&before, &first));
        assert!(score(&after, &second) >= score(&before, &second));
        // Verdicts fade: long afterwards little of them is left.
        app.clock.advance(3 * 365 * 86_400);
        assert!(score(&ask().await, &first) > score(&after, &first));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_verdict_twice_counts_once() {
    with_app(async |app| {
        app.import_jsonl("shop", &two_answers()).await;
        let agent = app.key(AccessRole::Agent, &["shop"]).await;
        let ask = async || agent.suggest_to("shop", &[("customer", "积分怎么兑换礼品呢")], json!({"limit": 2})).await;
        let first = ask().await;
        tell(&agent, &first["suggestions"][0], json!({"kind": "rejected", "reason": "tone"})).await;
        let once = ask().await["suggestions"].as_array().unwrap().iter().map(|suggestion| suggestion["score"].clone()).collect::<Vec<_>>();
        for _ in 0..5 {
            tell(&agent, &first["suggestions"][0], json!({"kind": "rejected", "reason": "tone"})).await;
        }
        let often = ask().await["suggestions"].as_array().unwrap().iter().map(|suggestion| suggestion["score"].clone()).collect::<Vec<_>>();
        assert_eq!(once, often);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_reported_outdated_is_flagged() {
    with_app(async |app| {
        app.import_jsonl("shop", &two_answers()).await;
        app.show_everything("shop").await;
        let agent = app.key(AccessRole::Agent, &["shop"]).await;
        let set = agent.suggest("shop", "积分怎么兑换礼品呢").await;
        let reported = text(&set["suggestions"][0]["text"]).to_owned();
        tell(&agent, &set["suggestions"][0], json!({"kind": "rejected", "reason": "outdated"})).await;
        let set = agent.suggest("shop", "积分怎么兑换礼品呢").await;
        for suggestion in set["suggestions"].as_array().unwrap() {
            let flagged = suggestion["flags"].as_array().unwrap().contains(&json!("outdated"));
            assert_eq!(flagged, suggestion["text"] == reported.as_str(), "{suggestion}");
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn feedback_is_checked() {
    with_app(async |app| {
        app.import_jsonl("shop", &two_answers()).await;
        let agent = app.key(AccessRole::Agent, &["shop"]).await;
        let set = agent.suggest("shop", "积分怎么兑换礼品呢").await;
        let suggestion = &set["suggestions"][0];
        let path = format!("/v1/suggestions/{}/feedback", text(&suggestion["id"]));
        for (pointer, feedback) in [
            ("/reason", json!({"kind": "rejected"})),
            ("/reason", json!({"kind": "rejected", "reason": "ugly"})),
            ("/reason", json!({"kind": "accepted", "reason": "wrong"})),
            ("/final_text", json!({"kind": "edited"})),
            ("/final_text", json!({"kind": "edited", "final_text": "  "})),
            ("/final_text", json!({"kind": "accepted", "final_text": "x"})),
            ("/kind", json!({"kind": "liked"})),
            ("/kind", json!({})),
            ("/stars", json!({"kind": "accepted", "stars": 5})),
        ] {
            assert_eq!(agent.post(&path, &feedback).await.refused_field(), pointer, "{feedback}");
        }
        for feedback in [
            json!({"kind": "shown"}),
            json!({"kind": "accepted"}),
            json!({"kind": "edited", "final_text": "您好，可以在积分商城兑换。"}),
            json!({"kind": "rejected", "reason": "incomplete"}),
            json!({"kind": "sent"}),
            json!({"kind": "sent", "final_text": "您好，可以在积分商城兑换。"}),
        ] {
            tell(&agent, suggestion, feedback).await;
        }
        // The id of the set is not that of a suggestion.
        let set_path = format!("/v1/suggestions/{}/feedback", text(&set["id"]));
        agent.post(&set_path, &json!({"kind": "accepted"})).await.refused(404, "unknown_suggestion");
        agent.post("/v1/suggestions/abc/feedback", &json!({"kind": "accepted"})).await.refused(404, "not_found");
    })
    .await;
}
