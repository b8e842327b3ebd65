//! Requests that are not as they should be: what is wrong, and where.

use riposte::domain::AccessRole;
use serde_json::{Value, json};

use crate::support::with_app;

fn request(change: impl FnOnce(&mut Value)) -> Value {
    let mut request = json!({"desk": "shop", "conversation": {"messages": [{"role": "customer", "text": "怎么退货"}]}});
    change(&mut request);
    request
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_field_is_named_by_its_pointer() {
    with_app(async |app| {
        app.admin().await.post("/v1/desks", &json!({"id": "shop"})).await.expect(201);
        let agent = app.key(AccessRole::Agent, &["shop"]).await;
        let long: Vec<Value> = (0..501).map(|_| json!({"role": "customer", "text": "怎么退货"})).collect();
        let cases: Vec<(&str, Value)> = vec![
            ("/limit", request(|request| request["limit"] = json!(0))),
            ("/limit", request(|request| request["limit"] = json!(21))),
            ("/limit", request(|request| request["limit"] = json!("three"))),
            ("/limit", request(|request| request["limit"] = json!(-1))),
            ("/surprise", request(|request| request["surprise"] = json!(1))),
            ("/conversation/messages", request(|request| request["conversation"]["messages"] = json!([]))),
            ("/conversation/messages", request(|request| request["conversation"]["messages"] = json!(long))),
            ("/conversation/messages/0/role", request(|request| request["conversation"]["messages"][0]["role"] = json!("boss"))),
            (
                "/conversation/messages/0/text",
                request(|request| request["conversation"]["messages"][0]["text"] = json!(13_912_345_678_u64)),
            ),
            ("/conversation/messages/0/colour", request(|request| request["conversation"]["messages"][0]["colour"] = json!("red"))),
            ("/conversation/messages/0/at", request(|request| request["conversation"]["messages"][0]["at"] = json!("yesterday"))),
            ("/language", request(|request| request["language"] = json!("fr"))),
            ("/filters/answered_from", request(|request| request["filters"] = json!({"answered_from": "13912345678"}))),
            ("/desk", request(|request| request["desk"] = json!("a b"))),
            ("/desk", json!({"conversation": {"messages": []}})),
        ];
        for (pointer, body) in cases {
            let answer = agent.post("/v1/suggestions", &body).await;
            assert_eq!(answer.refused_field(), pointer, "{}", answer.text);
            assert!(!answer.text.contains("13912345678"), "{}", answer.text);
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_that_can_not_be_read_is_told_apart() {
    with_app(async |app| {
        let agent = app.key(AccessRole::Agent, &["shop"]).await;
        let send = async |content_type: Option<&str>, body: &str| {
            agent.send("POST", "/v1/suggestions", content_type, body.as_bytes().to_vec()).await
        };
        let answer = send(Some("application/json"), "{\"desk\": 电话13912345678").await;
        answer.refused(400, "invalid_json");
        assert!(answer.text.contains("line 1") && !answer.text.contains("13912345678"), "{}", answer.text);
        send(Some("application/json"), "").await.refused(400, "invalid_json");
        send(Some("text/plain"), "{}").await.refused(415, "unsupported_media_type");
        send(None, "{}").await.refused(415, "unsupported_media_type");
        let large = request(|request| request["conversation"]["messages"][0]["text"] = json!("长".repeat(400_000)));
        send(Some("application/json"), &large.to_string()).await.refused(413, "body_too_large");
        agent.send("POST", "/v1/suggestions", Some("application/json"), vec![b'"', 0xff, b'"']).await.refused(400, "invalid_json");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn long_messages_are_answered_and_not_refused() {
    with_app(async |app| {
        app.shop().await;
        let agent = app.key(AccessRole::Agent, &["shop"]).await;
        let words = format!("{}怎么退货", "我有点着急，".repeat(10_000));
        let set = agent.suggest("shop", &words).await;
        assert!(set["query"]["text"].as_str().unwrap().chars().count() <= 300);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn ids_and_parameters_are_checked() {
    with_app(async |app| {
        app.admin().await.post("/v1/desks", &json!({"id": "shop"})).await.expect(201);
        let supervisor = app.key(AccessRole::Supervisor, &["shop"]).await;
        supervisor.get("/v1/jobs/abc").await.refused(404, "not_found");
        supervisor.get("/v1/jobs/0192f0c1-a2b3-7c4d-8e5f-60718293a4b5").await.refused(404, "unknown_job");
        supervisor.get("/v1/conversations/0192f0c1-a2b3-7c4d-8e5f-60718293a4b5?desk=shop").await.refused(404, "unknown_conversation");
        supervisor.get("/v1/nowhere").await.refused(404, "not_found");
        for (path, parameter) in [
            ("/v1/jobs?limit=0", "limit"),
            ("/v1/jobs?limit=201", "limit"),
            ("/v1/jobs?limit=many", "limit"),
            ("/v1/jobs?surprise=1", "surprise"),
            ("/v1/entries?limit=5", "desk"),
            ("/v1/clusters?desk=a%20b", "desk"),
        ] {
            let problem = supervisor.get(path).await.refused(422, "invalid_parameter");
            assert_eq!(problem["errors"][0]["parameter"], parameter, "{path}: {problem}");
        }
        for path in ["/v1/jobs?cursor=x", "/v1/entries?desk=shop&cursor=WyJqb2JzIiwxXQ"] {
            supervisor.get(path).await.refused(422, "invalid_cursor");
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn one_who_asks_too_fast_is_told_when_to_come_again() {
    with_app(async |app| {
        app.admin().await.post("/v1/desks", &json!({"id": "shop"})).await.expect(201);
        let agent = app.key(AccessRole::Agent, &["shop"]).await;
        // Counted before the body is read, so that a flood of rubbish is slowed down as well.
        for _ in 0..100 {
            agent.post("/v1/suggestions", &json!({})).await.refused(422, "invalid_field");
        }
        let answer = agent.post("/v1/suggestions", &json!({})).await;
        answer.refused(429, "rate_limited");
        assert_eq!(answer.headers["retry-after"], "1");
        app.clock.advance(1);
        agent.post("/v1/suggestions", &request(|_| {})).await.ok();
    })
    .await;
}
