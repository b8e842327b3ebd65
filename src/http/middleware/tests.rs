//! The layers around a small router: what every answer looks like, whoever made it.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes, to_bytes};
use axum::http::Request;
use axum::middleware::from_fn_with_state;
use axum::response::Response;
use axum::routing::{get, post};
use serde_json::Value;
use tower::ServiceExt as _;

use super::access::{Door, guard, wait_until_ready};
use super::*;
use crate::auth::Grant;
use crate::auth::grant::permission;
use crate::auth::test_support::authenticator;
use crate::domain::{AccessRole, DeskScope};
use crate::http::readiness::{Readiness, ReadinessState};

type AppGrant = Grant<permission::ManageAccess>;

struct Small {
    router: Router,
    agent_key: String,
    admin_key: String,
    cookie: String,
    readiness: Arc<Readiness>,
}

async fn small() -> Small {
    let (auth, _, _) = authenticator();
    let (_, agent_key) = auth.add_api_key("agent", AccessRole::Agent, DeskScope::All).await.unwrap();
    let (_, admin_key) = auth.add_api_key("admin", AccessRole::Admin, DeskScope::All).await.unwrap();
    let (_, password) = auth.add_account("li", None, AccessRole::Admin, DeskScope::All).await.unwrap();
    let session = auth.sign_in("li", &password.unwrap()).await.unwrap();
    let readiness = Arc::new(Readiness::default());
    readiness.set(ReadinessState::Ready);
    let door = Door { auth, readiness: Arc::clone(&readiness) };
    let router = Router::new()
        .route("/admin", get(|_: AppGrant| async { "done" }).post(|_: AppGrant| async { "done" }))
        .route("/panic", get(|| async { panic!("invariant broken") as () }))
        .route("/slow", get(std::future::pending::<()>))
        .route(
            "/body",
            post(|body: Result<Bytes, axum::extract::rejection::BytesRejection>| async move {
                body.map(|_| ()).map_err(|rejection| crate::http::extract::body_problem(rejection.status()))
            }),
        )
        .route_layer(from_fn_with_state(door.clone(), guard))
        .route_layer(from_fn_with_state(door, wait_until_ready));
    let settings = HttpSettings { request_timeout: Duration::from_millis(20), max_json_bytes: 100, ..HttpSettings::default() };
    Small {
        router: around(router, &settings, HttpMetrics::default()),
        agent_key,
        admin_key,
        cookie: format!("riposte_session={}", session.token),
        readiness,
    }
}

impl Small {
    async fn ask(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &str) -> (Response<()>, Value) {
        let mut request = Request::builder().method(method).uri(path);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let response = self.router.clone().oneshot(request.body(Body::from(body.to_owned())).unwrap()).await.unwrap();
        let (parts, body) = response.into_parts();
        let bytes = to_bytes(body, 1 << 20).await.unwrap();
        (Response::from_parts(parts, ()), serde_json::from_slice(&bytes).unwrap_or(Value::Null))
    }
}

#[tokio::test]
async fn only_answers_that_say_who_may_frame_them_can_be_framed() {
    let framed = || async {
        let mut response = Response::new(Body::empty());
        response.extensions_mut().insert(Framed);
        response
    };
    let router = around(
        Router::new().route("/framed", get(framed)).route("/plain", get(|| async { "" })),
        &HttpSettings::default(),
        HttpMetrics::default(),
    );
    for (path, refusal) in [("/framed", None), ("/plain", Some("DENY")), ("/nothing", Some("DENY"))] {
        let response = router.clone().oneshot(Request::get(path).body(Body::empty()).unwrap()).await.unwrap();
        assert_eq!(response.headers().get("x-frame-options").map(|value| value.to_str().unwrap()), refusal, "{path}");
    }
}

#[tokio::test]
async fn nothing_answers_without_credentials_and_roles_are_checked() {
    let small = small().await;
    let (response, problem) = small.ask("GET", "/admin", &[], "").await;
    assert_eq!((response.status().as_u16(), &problem["code"]), (401, &Value::from("unauthenticated")));
    assert!(response.headers().contains_key("www-authenticate"));

    let (_, problem) = small.ask("GET", "/admin", &[("authorization", "Bearer rk_wrong")], "").await;
    assert_eq!(problem["code"], "invalid_credentials");
    let agent = format!("Bearer {}", small.agent_key);
    let (response, problem) = small.ask("GET", "/admin", &[("authorization", &agent)], "").await;
    assert_eq!((response.status().as_u16(), &problem["code"]), (403, &Value::from("forbidden")));
    let admin = format!("Bearer {}", small.admin_key);
    assert_eq!(small.ask("GET", "/admin", &[("authorization", &admin)], "").await.0.status(), 200);
}

#[tokio::test]
async fn a_session_needs_the_csrf_header_to_change_something() {
    let small = small().await;
    let cookie = ("cookie", small.cookie.as_str());
    assert_eq!(small.ask("GET", "/admin", &[cookie], "").await.0.status(), 200);
    let (response, problem) = small.ask("POST", "/admin", &[cookie], "").await;
    assert_eq!((response.status().as_u16(), &problem["code"]), (403, &Value::from("csrf_refused")));
    assert_eq!(small.ask("POST", "/admin", &[cookie, ("x-riposte-csrf", "1")], "").await.0.status(), 200);
}

#[tokio::test]
async fn a_problem_names_its_request_and_explains_itself() {
    let small = small().await;
    let (response, problem) = small.ask("GET", "/admin?q=13800138000", &[("x-request-id", "host-42")], "").await;
    assert_eq!(response.headers()["content-type"], "application/problem+json");
    assert_eq!(response.headers()["x-request-id"], "host-42");
    assert_eq!(problem["request_id"], "host-42");
    assert_eq!(problem["type"], "/errors/unauthenticated");
    assert_eq!(problem["instance"], "/admin");
    assert_eq!(problem["status"], 401);
    let (response, problem) = small.ask("GET", "/admin", &[("x-request-id", "not a word\\")], "").await;
    assert_ne!(problem["request_id"], "not a word\\");
    assert_eq!(response.headers()["x-request-id"], problem["request_id"].as_str().unwrap());
}

#[tokio::test]
async fn panics_deadlines_and_large_bodies_answer_problems_with_all_headers() {
    let small = small().await;
    let admin = format!("Bearer {}", small.admin_key);
    let long = "x".repeat(101);
    let cases = [
        ("GET", "/panic", "", 500, "internal"),
        ("GET", "/slow", "", 504, "deadline_exceeded"),
        ("POST", "/body", &long, 413, "body_too_large"),
    ];
    for (method, path, body, status, code) in cases {
        let (response, problem) = small.ask(method, path, &[("authorization", &admin)], body).await;
        assert_eq!((response.status().as_u16(), &problem["code"]), (status, &Value::from(code)), "{path}");
        assert_eq!(response.headers()["content-type"], "application/problem+json");
        assert_eq!(response.headers()["x-content-type-options"], "nosniff");
        assert!(response.headers()["content-security-policy"].to_str().unwrap().starts_with("default-src 'self'"));
        assert!(problem["request_id"].is_string());
        assert!(!problem.to_string().contains("invariant broken"));
    }
}

#[tokio::test]
async fn while_starting_everything_behind_the_door_says_so() {
    let small = small().await;
    small.readiness.set(ReadinessState::Starting { stage: "loading the encoder" });
    let (response, problem) = small.ask("GET", "/admin", &[], "").await;
    assert_eq!((response.status().as_u16(), &problem["code"]), (503, &Value::from("starting")));
    assert_eq!(response.headers()["retry-after"], "1");
}

#[tokio::test]
async fn no_other_origin_is_let_in_by_default() {
    let small = small().await;
    let (response, _) = small.ask("GET", "/admin", &[("origin", "https://elsewhere.example")], "").await;
    assert!(!response.headers().contains_key("access-control-allow-origin"));
}
