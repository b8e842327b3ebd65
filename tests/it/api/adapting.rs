//! Adapting a desk to its own archive: the archive decides, switching is at once, back is one request.

use riposte::domain::AccessRole;
use serde_json::{Value, json};

use crate::support::archive::Talk;
use crate::support::client::text;
use crate::support::with_app;

const THINGS: [&str; 12] = ["外套", "水壶", "台灯", "耳机", "书包", "雨伞", "手表", "键盘", "鼠标", "枕头", "毛毯", "相机"];

/// What customers of this shop call their troubles, and how each is settled. The encoder can't know: to it, the thing is what a
/// question is about.
const TROUBLES: [(&str, &str); 5] = [
    ("闹脾气了", "这种情况请先长按电源键十秒重置，如果还不行我们安排师傅上门检测。"),
    ("掉链子了", "非常抱歉给您添麻烦，请把包装里的序列号拍照发来，我们直接补寄一件新的。"),
    ("没缘分了", "没关系的，七天内保持吊牌完整就能退回，运费由店铺的运费险承担。"),
    ("水土不服", "建议换成当地规格的配件，我们免费寄出转接套装，预计三天内送达。"),
    ("名不副实", "已经为您登记描述不符，质检组核实以后会按差价的两倍退到原支付账户。"),
];

/// Every trouble with every thing, from the first of March on; who asks later meets what was answered before.
fn archive() -> String {
    let mut lines = String::new();
    let mut number = 0;
    for round in 0..4 {
        for (which, thing) in THINGS.iter().enumerate() {
            for (kind, (trouble, answer)) in TROUBLES.iter().enumerate() {
                let question = match (round + which + kind) % 4 {
                    0 => format!("我买的{thing}{trouble}，{thing}怎么办"),
                    1 => format!("这个{thing}和我{trouble}怎么处理{thing}"),
                    2 => format!("{thing}{trouble}要找谁，{thing}是上周买的"),
                    _ => format!("请问{thing}{trouble}的话{thing}能解决吗"),
                };
                let talk = Talk::new(&format!("t-{number}"), round as u32 * 6 + which as u32 / 2 + 1);
                lines += &talk.customer(&question).agent(&format!("您好，您的{thing}{answer}")).line();
                number += 1;
            }
        }
    }
    lines
}

fn question(words: &str) -> Value {
    json!({"desk": "shop", "conversation": {"messages": [{"role": "customer", "text": words}]}})
}

#[tokio::test(flavor = "multi_thread")]
async fn the_archive_decides_and_back_is_one_request() {
    with_app(async |app| {
        app.import_jsonl("shop", &archive()).await;
        app.show_everything("shop").await;
        let admin = app.admin().await;
        let status = admin.get("/v1/desks/shop/adapter").await.ok();
        assert_eq!((&status["in_force"], &status["trial"]), (&json!(false), &json!(null)));
        let asked = question("新买的毛毯掉链子了");
        let bare = admin.post("/v1/suggestions", &asked).await.ok();

        let job = admin.post("/v1/desks/shop/adapter", &json!({})).await.expect(202);
        let job = admin.follow(&job).await;
        assert_eq!((text(&job["kind"]), text(&job["state"])), ("adapt", "succeeded"), "{job}");
        let trial = &job["result"]["trial"];
        assert_eq!((&job["result"]["adapted"], &trial["by_time"]), (&json!(true), &json!(true)), "{job}");
        let gain = trial["after"].as_f64().unwrap() - trial["before"].as_f64().unwrap();
        assert!(gain > trial["standard_error"].as_f64().unwrap(), "{trial}");
        assert!((20..=60).contains(&trial["asked"].as_u64().unwrap()), "a fifth of 240: {trial}");

        let status = admin.get("/v1/desks/shop/adapter").await.ok();
        assert_eq!((&status["in_force"], &status["trial"], &status["problem"]), (&json!(true), trial, &json!(null)));
        let adapted = admin.post("/v1/suggestions", &asked).await.ok();
        assert!(text(&adapted["suggestions"][0]["text"]).contains("补寄一件新的"), "{adapted}");
        assert_ne!(adapted["suggestions"][0]["score"], bare["suggestions"][0]["score"], "the adapter takes part");

        admin.delete("/v1/desks/shop/adapter").await.expect(204);
        assert_eq!(admin.get("/v1/desks/shop/adapter").await.ok()["in_force"], json!(false));
        let back = admin.post("/v1/suggestions", &asked).await.ok();
        let shown = |answer: &Value| -> Vec<Value> {
            answer["suggestions"].as_array().unwrap().iter().map(|one| json!([one["text"], one["score"]])).collect()
        };
        assert_eq!(shown(&back), shown(&bare), "back is what it was");
        admin.delete("/v1/desks/shop/adapter").await.expect(204);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_small_archive_is_refused_and_nobody_but_an_administrator_adapts() {
    with_app(async |app| {
        app.shop().await;
        let supervisor = app.key(AccessRole::Supervisor, &["shop"]).await;
        supervisor.post("/v1/desks/shop/adapter", &json!({})).await.refused(403, "forbidden");
        supervisor.get("/v1/desks/shop/adapter").await.ok();
        let admin = app.admin().await;
        admin.post("/v1/desks/nobody/adapter", &json!({})).await.refused(404, "unknown_desk");
        let job = admin.post("/v1/desks/shop/adapter", &json!({})).await.expect(202);
        let job = admin.follow(&job).await;
        assert_eq!(text(&job["state"]), "failed");
        assert!(text(&job["error"]).contains("at least 200"), "{job}");
        assert_eq!(admin.get("/v1/desks/shop/adapter").await.ok()["in_force"], json!(false));
    })
    .await;
}
