//! Personal data of the archive never comes out; slots are filled from the live conversation and from nowhere else.

use riposte::domain::AccessRole;
use riposte::eval::leaks::{LeakOptions, UNMASKED, leaks};
use serde_json::{Value, json};

use crate::support::archive::Talk;
use crate::support::client::{Upload, list, text};
use crate::support::with_app;

/// Invented, and all of it in [`delicate`].
const SECRETS: [&str; 9] = [
    "13912345678",
    "13787654321",
    "11010519491231002X",
    "mei.wang@example.com",
    "20260301778899",
    "20260301665544",
    "王晓梅",
    "meimei_1988",
    "6222021234567890128",
];

/// An archive full of personal data, in questions, answers, profiles and authors.
fn delicate() -> String {
    let first = Talk::new("d-1", 2)
        .profile(json!({"name": "王晓梅", "phone": "13912345678", "nick": "meimei_1988"}))
        .customer("帮我查一下订单20260301778899的物流，我叫王晓梅，电话13912345678")
        .agent("王晓梅您好，您的订单20260301778899已经从杭州仓发出，预计明天送达，快递员会打13912345678联系您。")
        .customer("好的，我的昵称是meimei_1988");
    let second = Talk::new("d-2", 3)
        .customer("麻烦看下订单20260301665544到哪了，身份证11010519491231002X，邮箱mei.wang@example.com")
        .agent("您的订单20260301665544已经从杭州仓发出，预计明天送达。证件11010519491231002X已登记，回执发到mei.wang@example.com。")
        .customer("退款请退到6222021234567890128，电话换成13787654321");
    let third = Talk::new("d-3", 4)
        .customer("我的订单到哪了，手机号13787654321")
        .agent("您的订单已经从杭州仓发出，预计明天送达，请保持13787654321畅通。");
    first.line() + &second.line() + &third.line()
}

#[track_caller]
fn tells_nothing(what: &str) {
    for secret in SECRETS {
        assert!(!what.contains(secret), "{secret} in {what}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn personal_data_of_the_archive_stays_inside() {
    with_app(async |app| {
        let supervisor = app.key(AccessRole::Supervisor, &["shop"]).await;
        let job = supervisor.import(&Upload::jsonl("shop", &delicate())).await;
        assert_eq!(job["state"], "succeeded");
        tells_nothing(&job.to_string());
        app.show_everything("shop").await;
        let mut conversations = std::collections::BTreeSet::new();
        for question in ["帮我看下我的订单到哪了", "帮我查一下物流", "退款退到哪里", "我叫什么名字，电话是多少", "邮箱和身份证登记了吗"]
        {
            let set = supervisor.suggest_to("shop", &[("customer", question)], json!({"limit": 20})).await;
            tells_nothing(&set.to_string());
            for suggestion in list(&set["suggestions"]) {
                conversations.extend(list(&suggestion["evidence"]).iter().map(|evidence| text(&evidence["id"]).to_owned()));
            }
        }
        assert_eq!(conversations.len(), 3);
        for id in conversations {
            let answer = supervisor.get(&format!("/v1/conversations/{id}?desk=shop")).await;
            answer.ok();
            tells_nothing(&answer.text);
            assert!(answer.text.contains("[PHONE]") || answer.text.contains("[ORDER_NO]"), "{}", answer.text);
        }
        let job = supervisor.post("/v1/clusters/rebuild", &json!({"desk": "shop"})).await.expect(202);
        supervisor.follow(&job).await;
        let clusters = supervisor.get("/v1/clusters?desk=shop&min_customers=1").await;
        tells_nothing(&clusters.text);
        for cluster in list(&clusters.ok()["items"]) {
            tells_nothing(&supervisor.get(&format!("/v1/clusters/{}?desk=shop", text(&cluster["id"]))).await.text);
        }
        for path in ["/v1/jobs", "/v1/desks", "/v1/desks/shop"] {
            tells_nothing(&supervisor.get(path).await.text);
        }
    })
    .await;
}

/// The text that a slot covers.
fn slot_text(suggestion: &Value, slot: &Value) -> String {
    let (start, end) = (slot["start"].as_u64().unwrap() as usize, slot["end"].as_u64().unwrap() as usize);
    text(&suggestion["text"]).chars().skip(start).take(end - start).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn slots_are_filled_from_the_live_conversation_only() {
    with_app(async |app| {
        app.import_jsonl("shop", &delicate()).await;
        app.show_everything("shop").await;
        let agent = app.key(AccessRole::Agent, &["shop"]).await;
        let live = "20260309112233";
        let set =
            agent.suggest_to("shop", &[("customer", &format!("你好，我的订单{live}现在到哪了，帮我查下物流"))], json!({"limit": 20})).await;
        tells_nothing(&set.to_string());
        assert!(!text(&set["query"]["text"]).contains(live), "the question is masked");
        let mut filled = 0;
        for suggestion in list(&set["suggestions"]) {
            for slot in list(&suggestion["slots"]) {
                let value = slot_text(suggestion, slot);
                if text(&slot["name"]) == "ORDER_NO" {
                    assert_eq!((value.as_str(), slot["filled"].as_bool()), (live, Some(true)), "{suggestion}");
                    filled += 1;
                } else {
                    assert_eq!((value, slot["filled"].as_bool()), (format!("[{}]", text(&slot["name"])), Some(false)), "{suggestion}");
                    assert!(list(&suggestion["flags"]).contains(&json!("open_slot")), "{suggestion}");
                }
            }
        }
        assert!(filled > 0);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_slot_with_two_possible_values_stays_open() {
    with_app(async |app| {
        app.import_jsonl("shop", &delicate()).await;
        app.show_everything("shop").await;
        let agent = app.key(AccessRole::Agent, &["shop"]).await;
        let talk = [("customer", "订单20260309112233和订单20260309445566到哪了，帮我查下物流")];
        let set = agent.suggest_to("shop", &talk, json!({"limit": 20})).await;
        for suggestion in list(&set["suggestions"]) {
            assert!(list(&suggestion["slots"]).iter().all(|slot| slot["filled"] == false), "{suggestion}");
            assert!(!text(&suggestion["text"]).contains("20260309"), "{suggestion}");
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_host_knows_of_the_customer_is_masked_in_the_question() {
    with_app(async |app| {
        app.shop().await;
        let agent = app.key(AccessRole::Agent, &["shop"]).await;
        let request = json!({
            "desk": "shop",
            "conversation": {
                "customer": {"name": "欧阳不凡", "nick": "buyer_007x"},
                "messages": [{"role": "customer", "text": "我是欧阳不凡，昵称buyer_007x，电话13912345678，想退货怎么操作"}],
            },
        });
        let answer = agent.post("/v1/suggestions", &request).await;
        answer.ok();
        for secret in ["欧阳不凡", "buyer_007x", "13912345678"] {
            assert!(!answer.text.contains(secret), "{secret}: {}", answer.text);
        }
    })
    .await;
}

/// A part of what `riposte eval leaks` asks, which plants 500 values and asks 2,000 questions.
#[tokio::test(flavor = "multi_thread")]
async fn no_value_of_another_customer_is_ever_shown() {
    with_app(async |app| {
        let scratch = tempfile::tempdir().unwrap();
        let options = LeakOptions { values: 200, questions: 150, seed: 7 };
        let found = leaks(&app.app.workbench(), &options, scratch.path(), || app.clock.advance(600)).await.unwrap();
        let riposte = &found.figures["riposte"];
        assert_eq!((riposte["values_seen"], riposte["wrong_slots"]), (0.0, 0.0), "{}", found.faults.join("\n"));
        assert!(found.figures[UNMASKED]["values_seen"] > 500.0, "the values are where the questions lead: {:?}", found.figures);
        for (figure, least) in
            [("planted", 200.0), ("suggestions", 1000.0), ("taught", 10.0), ("slots_filled", 200.0), ("slots_open", 200.0)]
        {
            assert!(riposte[figure] >= least, "{figure}: {riposte:?}");
        }
    })
    .await;
}
