//! Live conversations: started, continued, listed, closed, and kept like imported ones.

use riposte::domain::AccessRole;
use serde_json::{Value, json};

use crate::support::archive::{RETURN_ZH, Talk};
use crate::support::client::{Client, list, text, texts};
use crate::support::{TestApp, with_app};

const OPENING: &str = "门店周末几点开门？";
const HOURS: &str = "门店周末早上九点半开门，晚上九点关门，节假日照常营业。";

pub(super) async fn start(client: &Client, new: Value) -> String {
    let answer = client.post("/v1/conversations", &new).await.ok();
    text(&answer["id"]).to_owned()
}

pub(super) async fn say(client: &Client, id: &str, role: &str, words: &str) -> Value {
    client.post(&format!("/v1/conversations/{id}/messages?desk=shop"), &json!({"role": role, "text": words})).await.expect(201)
}

async fn mined(app: &TestApp) {
    app.app.answered.settle().await;
    app.app.wait_until_indexed().await.unwrap();
}

async fn listed(client: &Client, query: &str) -> Vec<String> {
    let page = client.get(&format!("/v1/conversations?desk=shop{query}")).await.ok();
    list(&page["items"]).iter().map(|item| text(&item["external_id"]).to_owned()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_conversation_is_started_continued_and_closed() {
    with_app(async |app| {
        app.shop().await;
        let agent = app.key(AccessRole::Agent, &["shop"]).await;
        let new = json!({
            "desk": "shop", "external_id": "chat-1", "channel": "webchat", "customer_id": "c-81", "customer": {"name": "欧阳不凡"},
        });
        let answer = agent.post("/v1/conversations", &new).await;
        let started = answer.expect(201);
        let id = text(&started["id"]);
        assert_eq!(answer.headers["location"], format!("/v1/conversations/{id}?desk=shop").as_str());
        assert_eq!((&started["state"], &started["messages"], &started["last_message"]), (&json!("live"), &json!(0), &Value::Null));
        assert_eq!((text(&started["channel"]), text(&started["started_at"])), ("webchat", "2026-06-01T00:00:00Z"));
        // Started again it is the same.
        assert_eq!(agent.post("/v1/conversations", &new).await.expect(200)["id"], id);

        app.clock.advance(60);
        let messages = format!("/v1/conversations/{id}/messages?desk=shop");
        let words = "我是欧阳不凡，电话13912345678，外套不合适怎么退货？";
        let first = json!({"role": "customer", "text": words, "id": "m-1"});
        let added = agent.post(&messages, &first).await.expect(201);
        assert_eq!((&added["position"], text(&added["role"]), text(&added["at"])), (&json!(0), "customer", "2026-06-01T00:01:00Z"));
        assert!(text(&added["text"]).contains("[NAME]") && !text(&added["text"]).contains("13912345678"), "{added}");
        // The client did not hear of it and sends it again, perhaps in other words: once known, it stays.
        app.clock.advance(60);
        assert_eq!(agent.post(&messages, &json!({"role": "customer", "text": "x", "id": "m-1"})).await.expect(200), added);
        let waiting = agent.get("/v1/conversations?desk=shop&state=live").await.ok()["items"][0].clone();
        assert_eq!((&waiting["messages"], text(&waiting["waiting_since"])), (&json!(1), "2026-06-01T00:01:00Z"));
        assert_eq!(waiting["last_message"], added);
        let answered = say(&agent, id, "agent", RETURN_ZH).await;
        assert_eq!(answered["position"], 1);
        let whole = agent.get(&format!("/v1/conversations/{id}?desk=shop")).await.ok();
        assert_eq!((&whole["state"], &whole["messages"]), (&json!("live"), &json!([added, answered])));

        let closed = agent.call("POST", &format!("/v1/conversations/{id}/close?desk=shop"), None).await.expect(200);
        assert_eq!((text(&closed["state"]), text(&closed["closed_at"])), ("closed", "2026-06-01T00:02:00Z"));
        assert_eq!(closed["waiting_since"], Value::Null);
        let again = agent.call("POST", &format!("/v1/conversations/{id}/close?desk=shop"), None).await.expect(200);
        assert_eq!(again, closed);
        agent.post(&messages, &json!({"role": "customer", "text": "还在吗"})).await.refused(409, "conversation_closed");
        assert_eq!(agent.post("/v1/conversations", &new).await.expect(200)["state"], "live");
        assert_eq!(say(&agent, id, "customer", "还在吗").await["position"], 2);
        mined(app).await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_an_agent_answers_live_is_suggested_to_others_and_not_to_itself() {
    with_app(async |app| {
        app.shop().await;
        let agent = app.key(AccessRole::Agent, &["shop"]).await;
        let pairs = async || app.admin().await.get("/v1/desks/shop").await.ok()["counts"]["pairs"].as_u64().unwrap();
        let before = pairs().await;
        let id = start(&agent, json!({"desk": "shop", "external_id": "chat-1"})).await;
        say(&agent, &id, "customer", OPENING).await;
        mined(app).await;
        assert_eq!(pairs().await, before, "nobody has answered");
        say(&agent, &id, "agent", HOURS).await;
        mined(app).await;
        assert_eq!(pairs().await, before + 1);
        assert_eq!(texts(&agent.suggest("shop", "你们门店周末几点开门").await)[0], HOURS);
        let own = json!({"desk": "shop", "conversation": {"id": "chat-1", "messages": [{"role": "customer", "text": OPENING}]}});
        let own = agent.post("/v1/suggestions", &own).await.ok();
        assert!(!texts(&own).contains(&HOURS), "{own}");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn conversations_are_listed_by_activity_and_filtered() {
    with_app(async |app| {
        app.shop().await;
        let agent = app.key(AccessRole::Agent, &["shop"]).await;
        for (name, channel) in [("a", "webchat"), ("b", "wecom"), ("c", "webchat")] {
            app.clock.advance(60);
            start(&agent, json!({"desk": "shop", "external_id": name, "channel": channel, "customer_id": format!("of-{name}")})).await;
        }
        app.clock.advance(60);
        let a = start(&agent, json!({"desk": "shop", "external_id": "a"})).await;
        say(&agent, &a, "customer", "你好").await;
        assert_eq!(listed(&agent, "&limit=4").await[..3], ["a", "c", "b"]);
        assert_eq!(listed(&agent, "&state=live").await, ["a", "c", "b"]);
        assert_eq!(listed(&agent, "&channel=webchat").await, ["a", "c"]);
        assert_eq!(listed(&agent, "&customer=of-b").await, ["b"]);
        assert_eq!(listed(&agent, "&since=2026-06-01T00:02:30Z").await, ["a", "c"]);
        assert_eq!(listed(&agent, "&state=live&until=2026-06-01T00:03:00Z").await, ["b"]);
        let archived = listed(&agent, "&state=closed&limit=200").await;
        assert_eq!(archived.len(), 18);
        assert!(archived[0].starts_with("track-en"), "the newest of the archive: {archived:?}");
        // Page by page it is the same list.
        let (mut paged, mut cursor) = (Vec::new(), String::new());
        loop {
            let page = agent.get(&format!("/v1/conversations?desk=shop&limit=5{cursor}")).await.ok();
            paged.extend(list(&page["items"]).iter().map(|item| text(&item["external_id"]).to_owned()));
            let Some(next) = page["next_cursor"].as_str() else { break };
            cursor = format!("&cursor={next}");
        }
        assert_eq!(paged, listed(&agent, "&limit=200").await);
        assert_eq!(paged.len(), 21);
        agent.get("/v1/conversations?desk=shop&cursor=nonsense").await.refused(422, "invalid_cursor");
        agent.get("/v1/conversations?desk=shop&state=asleep").await.refused(422, "invalid_parameter");
        agent.get("/v1/conversations").await.refused(422, "invalid_parameter");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_imported_conversation_can_go_on_and_an_import_of_it_adds_nothing_twice() {
    with_app(async |app| {
        let talk = Talk::new("t-1", 3).customer("发票怎么开？").agent("在订单详情页点申请开票。");
        app.import_jsonl("shop", &talk.line()).await;
        let agent = app.key(AccessRole::Agent, &["shop"]).await;
        let known = agent.post("/v1/conversations", &json!({"desk": "shop", "external_id": "t-1"})).await.expect(200);
        assert_eq!((&known["messages"], text(&known["started_at"])), (&json!(2), "2026-03-03T02:00:00Z"));
        let id = text(&known["id"]);
        assert_eq!(say(&agent, id, "customer", "抬头写错了能改吗？").await["position"], 2);
        app.import_jsonl("shop", &talk.line()).await;
        let whole = agent.get(&format!("/v1/conversations/{id}?desk=shop")).await.ok();
        assert_eq!((list(&whole["messages"]).len(), text(&whole["state"])), (3, "live"));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_makes_no_sense_is_refused_and_named() {
    with_app(async |app| {
        app.shop().await;
        let agent = app.key(AccessRole::Agent, &["shop"]).await;
        let id = start(&agent, json!({"desk": "shop"})).await;
        let messages = format!("/v1/conversations/{id}/messages?desk=shop");
        for (pointer, body) in [
            ("/text", json!({"role": "customer", "text": " "})),
            ("/text", json!({"role": "customer", "text": "长".repeat(8_001)})),
            ("/role", json!({"role": "bot", "text": "x"})),
            ("/id", json!({"role": "agent", "text": "x", "id": ""})),
        ] {
            assert_eq!(agent.post(&messages, &body).await.refused_field(), pointer, "{body}");
        }
        for (pointer, field) in [("/external_id", "external_id"), ("/channel", "channel"), ("/customer_id", "customer_id")] {
            assert_eq!(agent.post("/v1/conversations", &json!({"desk": "shop", field: "x".repeat(201)})).await.refused_field(), pointer);
        }
        let profile = json!({"desk": "shop", "customer": {"name": "x".repeat(201)}});
        assert_eq!(agent.post("/v1/conversations", &profile).await.refused_field(), "/customer");
        let nobody = "0192f0c1-a2b3-7c4d-8e5f-60718293a4b5";
        let message = json!({"role": "customer", "text": "x"});
        agent.post(&format!("/v1/conversations/{nobody}/messages?desk=shop"), &message).await.refused(404, "unknown_conversation");
        agent.call("POST", &format!("/v1/conversations/{nobody}/close?desk=shop"), None).await.refused(404, "unknown_conversation");
        agent.get(&format!("/v1/conversations/{nobody}/events?desk=shop")).await.refused(404, "unknown_conversation");
    })
    .await;
}
