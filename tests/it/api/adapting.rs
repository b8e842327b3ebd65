//! Adapting a desk to its own archive: the archive decides, switching is at once, back is one request.

use riposte::domain::AccessRole;
use serde_json::{Value, json};

use crate::support::archive::Talk;
use crate::support::client::text;
use crate::support::with_app;

const THINGS: [&str; 45] = [
    "外套", "水壶", "台灯", "耳机", "书包", "雨伞", "手表", "键盘", "毛毯", "相机", "音箱", "枕头", "窗帘", "地毯", "花瓶", "茶杯", "砂锅",
    "菜刀", "拖鞋", "围巾", "帽子", "手套", "皮带", "钱包", "墨镜", "闹钟", "风扇", "烤箱", "冰箱", "电视", "沙发", "书桌", "衣柜", "床垫",
    "镜子", "梯子", "帐篷", "睡袋", "鱼竿", "球拍", "泳镜", "哑铃", "吉他", "口琴", "画架",
];

/// What customers of this shop call their troubles, and how each is settled. The encoder can't know: to it, the thing is what a
/// question is about.
const TROUBLES: [(&str, &str); 8] = [
    ("闹脾气", "请先长按电源键十秒重置，指示灯变绿以后就恢复正常了。"),
    ("掉链子", "把包装里的序列号拍照发来，我们直接补寄一件新的。"),
    ("没缘分", "七天内保持吊牌完整就能退回，运费由店铺的运费险承担。"),
    ("水土不服", "换成当地规格的配件就可以，转接套装免费寄出，三天内送达。"),
    ("名不副实", "质检组核实以后会按差价的两倍退到原支付账户。"),
    ("玩失踪", "包裹停在中转站，明天上午会有快递员重新派送。"),
    ("坐冷板凳", "可以申请延长保修，期限从今天起再加十二个月。"),
    ("翻旧账", "历史订单在会员中心的归档页里，最多能查三年。"),
];

/// Every thing with every trouble, the next trouble of each thing at a time: whoever asks last finds the thing with the other troubles
/// only, and the trouble with the other things.
fn archive() -> String {
    let mut lines = String::new();
    for (round, day) in (0..TROUBLES.len()).zip(1..) {
        for (which, thing) in THINGS.iter().enumerate() {
            let (trouble, answer) = TROUBLES[(round + which) % TROUBLES.len()];
            let talk = Talk::new(&format!("{round}-{which}"), day);
            lines += &talk.customer(&asks(thing, trouble)).agent(answer).line();
        }
    }
    lines
}

fn asks(thing: &str, trouble: &str) -> String {
    format!("{thing}的事，就是上周买的{thing}，{thing}{trouble}了怎么办？")
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
        let asked = question(&asks("毛毯", "掉链子"));
        let bare = admin.post("/v1/suggestions", &asked).await.ok();

        let job = admin.post("/v1/desks/shop/adapter", &json!({})).await.expect(202);
        let job = admin.follow(&job).await;
        assert_eq!((text(&job["kind"]), text(&job["state"])), ("adapt", "succeeded"), "{job}");
        let trial = &job["result"]["trial"];
        assert_eq!((&job["result"]["adapted"], &trial["by_time"]), (&json!(true), &json!(true)), "{job}");
        let gain = trial["after"].as_f64().unwrap() - trial["before"].as_f64().unwrap();
        assert!(gain > trial["standard_error"].as_f64().unwrap(), "{trial}");
        assert!((40..=80).contains(&trial["asked"].as_u64().unwrap()), "about a fifth of 360: {trial}");

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
