//! What agents do with suggestions, and what that does to the next ones.

use riposte::domain::AccessRole;
use riposte::eval::feedback::{SimulationOptions, simulate};
use serde_json::{Value, json};

use crate::support::archive::Talk;
use crate::support::client::{Client, list, text, texts};
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
async fn being_shown_and_passed_by_counts_by_place() {
    with_app(async |app| {
        app.import_jsonl("shop", &two_answers()).await;
        app.show_everything("shop").await;
        let agent = app.key(AccessRole::Agent, &["shop"]).await;
        let ask = async || agent.suggest_to("shop", &[("customer", "积分怎么兑换礼品呢")], json!({"limit": 2})).await;
        let before = ask().await;
        let scores = |set: &Value| -> Vec<(String, f64)> {
            let one = |suggestion: &Value| (text(&suggestion["text"]).to_owned(), suggestion["score"].as_f64().unwrap());
            list(&set["suggestions"]).iter().map(one).collect()
        };
        let old = scores(&before);
        // Shown three times over: a client that retries.
        for _ in 0..3 {
            for suggestion in list(&before["suggestions"]) {
                tell(&agent, suggestion, json!({"kind": "shown"})).await;
            }
        }
        let new = scores(&ask().await);
        let drop_of = |place: usize| old[place].1 - new.iter().find(|(words, _)| *words == old[place].0).unwrap().1;
        assert!(drop_of(0) > drop_of(1) && drop_of(1) > 0.0, "{old:?} {new:?}");
        // The first one is used: nobody needed to look at the second.
        tell(&agent, &before["suggestions"][0], json!({"kind": "sent"})).await;
        let used = scores(&ask().await);
        let score = |set: &[(String, f64)], place: usize| set.iter().find(|(words, _)| *words == old[place].0).unwrap().1;
        assert!(score(&used, 0) > old[0].1);
        assert!((score(&used, 1) - old[1].1).abs() < 1e-9, "{old:?} {used:?}");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_reported_outdated_is_withheld_until_somebody_reviews_it() {
    with_app(async |app| {
        app.import_jsonl("shop", &two_answers()).await;
        app.show_everything("shop").await;
        let agent = app.key(AccessRole::Agent, &["shop"]).await;
        let editor = app.key(AccessRole::KbEditor, &["shop"]).await;
        let ask = async || agent.suggest("shop", "积分怎么兑换礼品呢").await;
        let set = ask().await;
        let reported = text(&set["suggestions"][0]["text"]).to_owned();
        assert!(editor.get("/v1/desks/shop/retired").await.ok()["items"].as_array().unwrap().is_empty());
        tell(&agent, &set["suggestions"][0], json!({"kind": "rejected", "reason": "outdated"})).await;
        let left = ask().await;
        assert!(!texts(&left).contains(&reported.as_str()) && !texts(&left).is_empty(), "{left}");

        agent.get("/v1/desks/shop/retired").await.refused(403, "forbidden");
        let waiting = editor.get("/v1/desks/shop/retired").await.ok();
        let answer = &list(&waiting["items"])[0];
        assert_eq!((text(&answer["text"]), text(&answer["state"]), &answer["reports"]), (reported.as_str(), "reported", &json!(1)));
        let path = format!("/v1/desks/shop/retired/{}", text(&answer["id"]));
        agent.post(&path, &json!({"verdict": "restore"})).await.refused(403, "forbidden");
        assert_eq!(editor.post(&path, &json!({"verdict": "maybe"})).await.refused_field(), "/verdict");
        editor.post("/v1/desks/shop/retired/0000", &json!({"verdict": "restore"})).await.refused(404, "unknown_answer");

        let restored = editor.post(&path, &json!({"verdict": "restore"})).await.expect(200);
        assert_eq!((text(&restored["state"]), text(&restored["reviewed_by"])), ("restored", "test"));
        let again = ask().await;
        assert!(texts(&again).contains(&reported.as_str()), "{again}");
        assert!(list(&editor.get("/v1/desks/shop/retired").await.ok()["items"]).is_empty());
        let score = |set: &Value| {
            let found = list(&set["suggestions"]).iter().find(|suggestion| suggestion["text"] == reported.as_str());
            let score = found.and_then(|suggestion| suggestion["score"].as_f64()).unwrap();
            (score / (1.0 - score)).ln()
        };
        // What is left is one showing without use; the report itself would cost more than twice as much.
        assert!((score(&again) - score(&set)).abs() < 0.1, "the report counts no longer: {} {}", score(&set), score(&again));

        editor.post(&path, &json!({"verdict": "retire"})).await.expect(200);
        assert!(!texts(&ask().await).contains(&reported.as_str()));
        assert_eq!(editor.get("/v1/desks/shop/retired").await.ok()["items"][0]["state"], "retired");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_an_outdated_answer_stood_for_is_withheld_wherever_it_is_found() {
    with_app(async |app| {
        let (first, like) =
            ("在会员中心的积分商城里挑选礼品，点击立即兑换即可。", "在会员中心的积分商城里挑选好礼品，再点击立即兑换即可。");
        let talk = |id: &str, answer: &str| Talk::new(id, 5).customer("积分怎么兑换礼品？").agent(answer).customer("好的").line();
        let more = Talk::new("c", 6).customer("积分可以换什么").agent("请到线下门店出示会员码，由店员帮您兑换礼品。").line();
        app.import_jsonl("shop", &[talk("a", first), talk("b", like), more].concat()).await;
        app.show_everything("shop").await;
        let agent = app.key(AccessRole::Agent, &["shop"]).await;
        let editor = app.key(AccessRole::KbEditor, &["shop"]).await;
        // In an archived conversation itself its own answer is no candidate.
        let ask = async |id: &str| {
            let conversation = json!({"id": id, "messages": [{"role": "customer", "text": "积分怎么兑换礼品呢"}]});
            agent.suggest_to("shop", &[], json!({"conversation": conversation, "limit": 20})).await
        };
        let set = ask("live").await;
        let both = &set["suggestions"][0];
        assert_eq!(both["support"], 2, "{set}");
        let shown_without = async |id: &str| texts(&ask(id).await).iter().any(|text| [first, like].contains(text));
        assert!(shown_without("a").await && shown_without("b").await);
        tell(&agent, both, json!({"kind": "rejected", "reason": "outdated"})).await;
        for id in ["live", "a", "b"] {
            assert!(!shown_without(id).await, "{id}");
        }
        let waiting = editor.get("/v1/desks/shop/retired").await.ok();
        let answer = &list(&waiting["items"])[0];
        assert_eq!((list(&waiting["items"]).len(), &answer["like_answers"]), (1, &json!(1)), "{waiting}");
        let path = format!("/v1/desks/shop/retired/{}", text(&answer["id"]));
        editor.post(&path, &json!({"verdict": "restore"})).await.expect(200);
        for id in ["live", "a", "b"] {
            assert!(shown_without(id).await, "a review restores all: {id}");
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_edit_into_the_words_of_another_suggestion_is_credited_to_that_one() {
    with_app(async |app| {
        app.import_jsonl("shop", &two_answers()).await;
        app.show_everything("shop").await;
        let agent = app.key(AccessRole::Agent, &["shop"]).await;
        let ask = async || agent.suggest("shop", "积分怎么兑换礼品呢").await;
        let before = ask().await;
        let [first, second] = [0, 1].map(|place| texts(&before)[place].to_owned());
        for _ in 0..3 {
            let set = ask().await;
            let edited = list(&set["suggestions"]).iter().find(|suggestion| suggestion["text"] == first.as_str()).unwrap();
            tell(&agent, edited, json!({"kind": "edited", "final_text": second})).await;
        }
        let after = ask().await;
        assert_eq!(texts(&after), [&second, &first]);
        let score = |set: &Value, words: &str| {
            list(&set["suggestions"]).iter().find(|suggestion| suggestion["text"] == words).and_then(|one| one["score"].as_f64()).unwrap()
        };
        assert!(score(&after, &second) > score(&before, &second) && score(&after, &first) < score(&before, &first), "{before} {after}");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_taught_wording_has_the_language_it_is_written_in() {
    with_app(async |app| {
        app.import_jsonl("shop", &two_answers()).await;
        app.show_everything("shop").await;
        app.admin().await.patch("/v1/desks/shop/settings", &json!({"cross_language": true})).await.ok();
        let agent = app.key(AccessRole::Agent, &["shop"]).await;
        let ask = async |id: &str, words: &str| {
            let conversation = json!({"id": id, "messages": [{"role": "customer", "text": words}]});
            agent.suggest_to("shop", &[], json!({"conversation": conversation, "limit": 2})).await
        };
        let (zh, en) = ("积分怎么兑换礼品呢", "How can I redeem my points for a gift?");
        let edit = "Choose a gift in the points mall of the member centre and click Redeem now.";
        let original = texts(&ask("c0", en).await)[0].to_owned();
        for id in ["c1", "c2"] {
            let set = ask(id, en).await;
            let edited = list(&set["suggestions"]).iter().find(|suggestion| suggestion["text"] == original.as_str()).unwrap();
            assert_eq!((text(&edited["language"]), list(&edited["flags"]).contains(&json!("other_language"))), ("zh", true));
            tell(&agent, edited, json!({"kind": "edited", "final_text": edit})).await;
        }
        let english = ask("c3", en).await;
        let taught =
            list(&english["suggestions"]).iter().find(|suggestion| suggestion["text"] == edit).unwrap_or_else(|| panic!("{english}"));
        assert_eq!((text(&taught["language"]), list(&taught["flags"]).contains(&json!("other_language"))), ("en", false));
        let chinese = ask("c4", zh).await;
        assert!(texts(&chinese).contains(&original.as_str()) && !texts(&chinese).contains(&edit), "{chinese}");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_edit_repeated_teaches_its_wording_and_nothing_of_its_customers() {
    with_app(async |app| {
        app.import_jsonl("shop", &two_answers()).await;
        app.show_everything("shop").await;
        let agent = app.key(AccessRole::Agent, &["shop"]).await;
        let ask = async |name: &str| {
            let messages = json!([{"role": "customer", "text": "积分怎么兑换礼品呢"}]);
            let conversation = json!({"id": name, "customer": {"name": name}, "messages": messages});
            agent.suggest_to("shop", &[], json!({"conversation": conversation, "limit": 2})).await
        };
        let original = texts(&ask("欧阳慧").await)[0].to_owned();
        for name in ["欧阳慧", "司徒敏仪"] {
            let set = ask(name).await;
            assert_eq!(texts(&set)[0], original, "one edit may be about one customer");
            let flags = &set["suggestions"][0]["flags"];
            assert!(!list(flags).contains(&json!("edited_wording")));
            let edit = format!("{name}您好，先登录会员中心，再到积分商城里挑选礼品。");
            tell(&agent, &set["suggestions"][0], json!({"kind": "edited", "final_text": edit})).await;
            tell(&agent, &set["suggestions"][0], json!({"kind": "sent", "final_text": edit})).await;
        }
        for round in 0..4 {
            let set = ask("诸葛静").await;
            let taught = list(&set["suggestions"]).iter().find(|suggestion| list(&suggestion["flags"]).contains(&json!("edited_wording")));
            let taught = taught.unwrap_or_else(|| panic!("round {round}: {set}"));
            assert_eq!(text(&taught["text"]), "诸葛静您好，先登录会员中心，再到积分商城里挑选礼品。");
            assert!(!set.to_string().contains("欧阳") && !set.to_string().contains("司徒"), "{set}");
            assert!(!texts(&set).contains(&original.as_str()), "{set}");
            // Taking it as it is confirms the wording, not the original.
            tell(&agent, taught, json!({"kind": "accepted"})).await;
        }
        // Refused more often than it was used: the original is back.
        for _ in 0..7 {
            let set = ask("诸葛静").await;
            let taught = list(&set["suggestions"]).iter().find(|suggestion| list(&suggestion["flags"]).contains(&json!("edited_wording")));
            let Some(taught) = taught else { break };
            tell(&agent, taught, json!({"kind": "rejected", "reason": "tone"})).await;
        }
        assert!(texts(&ask("诸葛静").await).contains(&original.as_str()));
    })
    .await;
}

/// One seed and few questions: `riposte eval feedback` asks more.
#[tokio::test(flavor = "multi_thread")]
async fn simulated_agents_teach_the_product_what_serves() {
    with_app(async |app| {
        let options = SimulationOptions { interactions: 500, seed: 1 };
        let figures = simulate(&app.app.workbench(), &options, || app.clock.advance(1200)).await.unwrap();
        let hit = |system: &str, figure: &str| figures[system][figure];
        assert!(hit("riposte", "hit@1") > hit("riposte", "hit@1/0050") + 0.05, "{figures:?}");
        assert!(hit("riposte", "hit@1") > hit("off", "hit@1") + 0.1, "{figures:?}");
        assert!(hit("riposte", "hit@1") > hit("positions-ignored", "hit@1"), "{figures:?}");
        assert!(hit("riposte", "runaway") < hit("positions-ignored", "runaway"), "{figures:?}");
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
