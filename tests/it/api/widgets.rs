//! Widget tokens: one desk or one conversation, for a while, and never more than the key they were made with.

use riposte::domain::AccessRole;
use serde_json::{Value, json};

use super::document::operations;
use super::live::{say, start};
use crate::support::client::{Client, list, text};
use crate::support::{TestApp, with_app};

async fn token(app: &TestApp, host: &Client, body: Value) -> Client {
    let answer = host.post("/v1/widget-tokens", &body).await;
    assert_eq!(answer.headers["cache-control"], "no-store");
    let made = answer.expect(201);
    app.anonymous().with("authorization", &format!("Bearer {}", text(&made["token"])))
}

/// Everything that a widget's token is for.
const OPEN: [&str; 12] = [
    "show_me",
    "delete_session",
    "create_suggestions",
    "create_feedback",
    "create_answers",
    "list_conversations",
    "create_conversation",
    "show_conversation",
    "create_message",
    "report_typing",
    "close_conversation",
    "stream_conversation_events",
];

#[tokio::test(flavor = "multi_thread")]
async fn a_widget_gets_suggestions_and_conversations_and_nothing_else() {
    with_app(async |app| {
        app.shop().await;
        app.admin().await.post("/v1/desks", &json!({"id": "bank"})).await.expect(201);
        let host = app.key(AccessRole::Supervisor, &["shop", "bank"]).await;
        let widget = token(app, &host, json!({"desk": "shop", "agent": "小王"})).await;
        let me = widget.get("/v1/me").await.ok();
        assert_eq!((text(&me["kind"]), text(&me["name"]), text(&me["role"])), ("widget_token", "小王", "agent"));
        assert_eq!(me["desks"], json!(["shop"]));
        let set = widget.suggest("shop", "怎么退货").await;
        let suggestion = text(&set["suggestions"][0]["id"]);
        widget.post(&format!("/v1/suggestions/{suggestion}/feedback"), &json!({"kind": "accepted"})).await.expect(204);
        let id = start(&widget, json!({"desk": "shop"})).await;
        say(&widget, &id, "customer", "怎么退货").await;
        widget.get("/v1/conversations?desk=bank").await.refused(404, "unknown_desk");
        widget.post("/v1/conversations", &json!({"desk": "bank"})).await.refused(404, "unknown_desk");
        for operation in operations().into_iter().filter(|operation| !operation.public) {
            let path = operation.path.replace("{id}", &id).replace("{desk}", "shop").replace("{version}", "1").replace("{list}", "stale");
            let answer = widget.call(&operation.method, &path, Some(&json!({}))).await;
            if OPEN.contains(&operation.id.as_str()) {
                assert!(![401, 403].contains(&answer.status), "{}: {}", operation.id, answer.text);
            } else {
                let problem = answer.refused(403, "forbidden");
                assert!(text(&problem["detail"]).starts_with("a widget token may not"), "{problem}");
            }
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_for_one_conversation_finds_no_other() {
    with_app(async |app| {
        app.shop().await;
        let host = app.key(AccessRole::Agent, &["shop"]).await;
        let own = start(&host, json!({"desk": "shop", "external_id": "mine"})).await;
        let other = start(&host, json!({"desk": "shop", "external_id": "other"})).await;
        let widget = token(app, &host, json!({"desk": "shop", "agent": "li", "conversation": "mine"})).await;
        say(&widget, &own, "customer", "怎么退货").await;
        widget.get(&format!("/v1/conversations/{own}?desk=shop")).await.ok();
        assert_eq!(start(&widget, json!({"desk": "shop"})).await, own);
        let listed = widget.get("/v1/conversations?desk=shop").await.ok();
        assert_eq!(list(&listed["items"]).iter().map(|item| text(&item["id"])).collect::<Vec<_>>(), [own.as_str()]);
        let message = json!({"role": "customer", "text": "x"});
        for answer in [
            widget.get(&format!("/v1/conversations/{other}?desk=shop")).await,
            widget.get(&format!("/v1/conversations/{other}/events?desk=shop")).await,
            widget.post(&format!("/v1/conversations/{other}/messages?desk=shop"), &message).await,
            widget.call("POST", &format!("/v1/conversations/{other}/close?desk=shop"), None).await,
            widget.post("/v1/conversations", &json!({"desk": "shop", "external_id": "other"})).await,
            widget.post("/v1/suggestions", &json!({"desk": "shop", "conversation": {"id": "other", "messages": [message]}})).await,
        ] {
            answer.refused(404, "unknown_conversation");
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_ends_by_itself_and_with_its_key_and_so_do_its_streams() {
    with_app(async |app| {
        app.shop().await;
        let admin = app.admin().await;
        let made = admin.post("/v1/api-keys", &json!({"name": "host", "role": "agent", "desks": ["shop"]})).await.expect(201);
        let host = app.anonymous().with("authorization", &format!("Bearer {}", text(&made["key"])));
        let id = start(&host, json!({"desk": "shop"})).await;
        let widget = token(app, &host, json!({"desk": "shop", "agent": "li", "ttl_seconds": 600})).await;
        let events = format!("/v1/conversations/{id}/events?desk=shop");
        let mut stream = widget.watch(&events).await;
        stream.expect("state").await;
        app.clock.advance(600);
        widget.get("/v1/me").await.refused(401, "invalid_credentials");
        say(&host, &id, "agent", "您好").await;
        assert!(stream.next().await.is_none(), "the stream ends with the token");

        let widget = token(app, &host, json!({"desk": "shop", "agent": "li"})).await;
        let mut stream = widget.watch(&events).await;
        stream.expect("state").await;
        say(&host, &id, "agent", "请稍等").await;
        stream.expect("message").await;
        let person = app.key(AccessRole::Agent, &["shop"]).await;
        admin.delete(&format!("/v1/api-keys/{}", text(&made["id"]))).await.expect(204);
        widget.get("/v1/me").await.refused(401, "invalid_credentials");
        say(&person, &id, "agent", "在吗").await;
        assert!(stream.next().await.is_none(), "the stream ends with the key");
        app.app.answered.settle().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn only_a_key_makes_tokens_and_not_for_longer_than_half_a_day() {
    with_app(async |app| {
        app.shop().await;
        let host = app.key(AccessRole::Agent, &["shop"]).await;
        let widget = token(app, &host, json!({"desk": "shop", "agent": "li"})).await;
        widget.post("/v1/widget-tokens", &json!({"desk": "shop", "agent": "li"})).await.refused(403, "forbidden");
        let auditor = app.key(AccessRole::Auditor, &["shop"]).await;
        auditor.post("/v1/widget-tokens", &json!({"desk": "shop", "agent": "li"})).await.refused(403, "forbidden");
        let new = json!({"name": "li", "password": "a long enough one", "role": "agent", "desks": ["shop"]});
        app.admin().await.post("/v1/accounts", &new).await.expect(201);
        let signed_in = app.anonymous().post("/v1/sessions", &json!({"name": "li", "password": "a long enough one"})).await;
        let cookie = signed_in.headers["set-cookie"].to_str().unwrap().split(';').next().unwrap().to_owned();
        let person = app.anonymous().with("cookie", &cookie).with("x-riposte-csrf", "1");
        let problem = person.post("/v1/widget-tokens", &json!({"desk": "shop", "agent": "li"})).await.refused(403, "forbidden");
        assert!(text(&problem["detail"]).starts_with("only an API key"), "{problem}");
        for (pointer, body) in [
            ("/ttl_seconds", json!({"desk": "shop", "agent": "li", "ttl_seconds": 43_201})),
            ("/agent", json!({"desk": "shop", "agent": ""})),
        ] {
            assert_eq!(host.post("/v1/widget-tokens", &body).await.refused_field(), pointer);
        }
        host.post("/v1/widget-tokens", &json!({"desk": "bank", "agent": "li"})).await.refused(404, "unknown_desk");
    })
    .await;
}
