//! Signing in and out with a name and a password, and what a cookie alone may not do.

use serde_json::{Value, json};

use crate::support::client::{Answer, Client, text};
use crate::support::{TestApp, with_app, with_settings};

const PASSWORD: &str = "a long enough password";

async fn with_account(app: &TestApp) {
    let account = json!({"name": "li.na", "password": PASSWORD, "role": "agent", "desks": ["shop"]});
    let made = app.admin().await.post("/v1/accounts", &account).await.expect(201);
    assert!(made.get("generated_password").is_none() && !made.to_string().contains(PASSWORD));
}

async fn sign_in(app: &TestApp, name: &str, password: &str) -> Answer {
    app.anonymous().post("/v1/sessions", &json!({"name": name, "password": password})).await
}

fn with_cookie_of(app: &TestApp, answer: &Answer) -> Client {
    let cookie = answer.headers["set-cookie"].to_str().unwrap().split(';').next().unwrap().to_owned();
    app.anonymous().with("cookie", &cookie)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_lasts_from_sign_in_to_sign_out() {
    with_app(async |app| {
        with_account(app).await;
        let answer = sign_in(app, "li.na", PASSWORD).await;
        let body = answer.expect(201);
        assert_eq!(body["account"], json!({"name": "li.na", "role": "agent", "desks": ["shop"]}));
        let cookie = answer.headers["set-cookie"].to_str().unwrap();
        assert!(cookie.starts_with("riposte_session=") && cookie.contains("HttpOnly") && cookie.contains("SameSite=Strict"), "{cookie}");
        assert!(!cookie.contains("Secure"));

        let session = with_cookie_of(app, &answer);
        let me = session.get("/v1/me").await.ok();
        assert_eq!((text(&me["kind"]), text(&me["name"])), ("account", "li.na"));
        session.with("x-riposte-csrf", "1").delete("/v1/sessions/current").await.expect(204);
        session.get("/v1/me").await.refused(401, "invalid_credentials");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_ends_by_itself() {
    with_app(async |app| {
        with_account(app).await;
        let answer = sign_in(app, "li.na", PASSWORD).await;
        let session = with_cookie_of(app, &answer);
        app.clock.advance(11 * 3600);
        session.get("/v1/me").await.ok();
        app.clock.advance(2 * 3600);
        session.get("/v1/me").await.refused(401, "invalid_credentials");
    })
    .await;
}

const NEXT: &str = "another long enough one";

#[tokio::test(flavor = "multi_thread")]
async fn somebody_changes_their_own_password() {
    with_app(async |app| {
        with_account(app).await;
        let elsewhere = with_cookie_of(app, &sign_in(app, "li.na", PASSWORD).await);
        let session = with_cookie_of(app, &sign_in(app, "li.na", PASSWORD).await).with("x-riposte-csrf", "1");
        let change = |present: &str, next: &str| json!({"current_password": present, "new_password": next});
        let wrong = session.put("/v1/me/password", &change("not this one at all", NEXT)).await;
        assert_eq!((wrong.status, wrong.refused_field().as_str()), (422, "/current_password"));
        let short = session.put("/v1/me/password", &change(PASSWORD, "short")).await;
        assert_eq!((short.status, short.refused_field().as_str()), (422, "/new_password"));
        elsewhere.get("/v1/me").await.ok();

        let changed = session.put("/v1/me/password", &change(PASSWORD, NEXT)).await;
        changed.expect(204);
        assert!(changed.headers["set-cookie"].to_str().unwrap().contains("HttpOnly"));
        assert_eq!(with_cookie_of(app, &changed).get("/v1/me").await.ok()["name"], "li.na");
        for ended in [&elsewhere, &session] {
            ended.get("/v1/me").await.refused(401, "invalid_credentials");
        }
        sign_in(app, "li.na", PASSWORD).await.refused(401, "invalid_credentials");
        sign_in(app, "li.na", NEXT).await.expect(201);

        app.admin().await.put("/v1/me/password", &change(PASSWORD, NEXT)).await.refused(403, "forbidden");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn guessing_the_present_password_is_slowed_down() {
    with_app(async |app| {
        with_account(app).await;
        let session = with_cookie_of(app, &sign_in(app, "li.na", PASSWORD).await).with("x-riposte-csrf", "1");
        let guess = json!({"current_password": "not this one at all", "new_password": NEXT});
        for _ in 0..10 {
            assert_eq!(session.put("/v1/me/password", &guess).await.status, 422);
        }
        session.put("/v1/me/password", &guess).await.refused(429, "too_many_attempts");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_administrator_replaces_passwords_and_removes_accounts() {
    with_app(async |app| {
        with_account(app).await;
        let admin = app.admin().await;
        let session = with_cookie_of(app, &sign_in(app, "li.na", PASSWORD).await);
        let made = admin.put("/v1/accounts/li.na/password", &json!({})).await.ok();
        session.get("/v1/me").await.refused(401, "invalid_credentials");
        let answer = sign_in(app, "li.na", text(&made["generated_password"])).await;
        let session = with_cookie_of(app, &answer);
        session.get("/v1/me").await.ok();
        let given = admin.put("/v1/accounts/li.na/password", &json!({"password": NEXT})).await.ok();
        assert!(given.get("generated_password").is_none());
        let session = with_cookie_of(app, &sign_in(app, "li.na", NEXT).await);

        admin.delete("/v1/accounts/li.na").await.expect(204);
        session.get("/v1/me").await.refused(401, "invalid_credentials");
        sign_in(app, "li.na", NEXT).await.refused(401, "invalid_credentials");
        for absent in [admin.delete("/v1/accounts/li.na").await, admin.put("/v1/accounts/li.na/password", &json!({})).await] {
            absent.refused(404, "unknown_account");
        }

        admin.post("/v1/accounts", &json!({"name": "boss", "password": PASSWORD, "role": "admin", "desks": "all"})).await.expect(201);
        let boss = with_cookie_of(app, &sign_in(app, "boss", PASSWORD).await).with("x-riposte-csrf", "1");
        boss.delete("/v1/accounts/boss").await.refused(403, "forbidden");
        boss.get("/v1/me").await.ok();
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cookie_alone_changes_nothing() {
    with_app(async |app| {
        with_account(app).await;
        app.admin().await.post("/v1/desks", &json!({"id": "shop"})).await.expect(201);
        let session = with_cookie_of(app, &sign_in(app, "li.na", PASSWORD).await);
        let request = json!({"desk": "shop", "conversation": {"messages": [{"role": "customer", "text": "怎么退货"}]}});
        session.post("/v1/suggestions", &request).await.refused(403, "csrf_refused");
        session.with("sec-fetch-site", "cross-site").post("/v1/suggestions", &request).await.refused(403, "csrf_refused");
        session.with("sec-fetch-site", "same-origin").post("/v1/suggestions", &request).await.ok();
        session.with("x-riposte-csrf", "1").post("/v1/suggestions", &request).await.ok();
        session.get("/v1/desks").await.ok();
        session.delete("/v1/sessions/current").await.refused(403, "csrf_refused");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_password_and_an_unknown_name_read_alike() {
    with_app(async |app| {
        with_account(app).await;
        let without_ids = |mut problem: Value| {
            problem["request_id"] = Value::Null;
            problem
        };
        let wrong = without_ids(sign_in(app, "li.na", "another long password").await.refused(401, "invalid_credentials"));
        let unknown = without_ids(sign_in(app, "nobody", PASSWORD).await.refused(401, "invalid_credentials"));
        assert_eq!(wrong, unknown);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn guessing_is_slowed_down() {
    with_app(async |app| {
        with_account(app).await;
        for _ in 0..10 {
            sign_in(app, "li.na", "another long password").await.refused(401, "invalid_credentials");
        }
        let answer = sign_in(app, "li.na", PASSWORD).await;
        answer.refused(429, "too_many_attempts");
        let wait: i64 = answer.headers["retry-after"].to_str().unwrap().parse().unwrap();
        app.clock.advance(wait + 1);
        sign_in(app, "li.na", PASSWORD).await.expect(201);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn accounts_are_checked_before_they_are_made() {
    with_app(async |app| {
        with_account(app).await;
        let admin = app.admin().await;
        let account = |change: Value| {
            let mut account = json!({"name": "wang", "password": PASSWORD, "role": "agent", "desks": ["shop"]});
            for (name, value) in change.as_object().unwrap() {
                account[name] = value.clone();
            }
            account
        };
        admin.post("/v1/accounts", &account(json!({"name": "li.na"}))).await.refused(409, "account_exists");
        for (change, pointer) in [
            (json!({"name": "a b"}), "/name"),
            (json!({"password": "short"}), "/password"),
            (json!({"role": "boss"}), "/role"),
            (json!({"desks": "some"}), "/desks"),
            (json!({"desks": null}), "/desks"),
            (json!({"surprise": 1}), "/surprise"),
        ] {
            let answer = admin.post("/v1/accounts", &account(change.clone())).await;
            assert_eq!(answer.refused_field(), pointer, "{change}");
            assert!(!answer.text.contains("short"), "{}", answer.text);
        }
        let made = admin.post("/v1/accounts", &account(json!({"password": null, "desks": "all"}))).await.expect(201);
        sign_in(app, "wang", text(&made["generated_password"])).await.expect(201);
        assert!(!admin.get("/v1/accounts").await.text.contains("password"));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn behind_a_tls_proxy_the_cookie_is_secure() {
    with_settings(&["server.secure_cookies=true"], async |app| {
        with_account(app).await;
        let answer = sign_in(app, "li.na", PASSWORD).await;
        assert!(answer.headers["set-cookie"].to_str().unwrap().contains("; Secure"));
    })
    .await;
}
