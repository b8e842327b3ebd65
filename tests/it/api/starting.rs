//! What is answered before the encoder is loaded and the database opened: health, documents and files, nothing of the product.

use std::sync::Arc;

use axum::body::{Body, to_bytes};
use axum::http::{HeaderMap, Request};
use riposte::http::{HttpSettings, Readiness, ReadinessState, openapi, router_while_starting};
use serde_json::Value;
use tower::ServiceExt as _;

async fn ask(readiness: &Arc<Readiness>, method: &str, path: &str) -> (u16, HeaderMap, Vec<u8>) {
    let router = router_while_starting(Arc::clone(readiness), &HttpSettings::default());
    let request = Request::builder().method(method).uri(path).body(Body::empty()).unwrap();
    let (parts, body) = router.oneshot(request).await.unwrap().into_parts();
    (parts.status.as_u16(), parts.headers, to_bytes(body, 4 << 20).await.unwrap().to_vec())
}

fn json(body: &[u8]) -> Value {
    serde_json::from_slice(body).unwrap()
}

#[tokio::test]
async fn health_tells_the_process_from_the_service() {
    let readiness = Arc::new(Readiness::default());
    readiness.set(ReadinessState::Starting { stage: "loading the encoder" });
    assert_eq!(ask(&readiness, "GET", "/livez").await.0, 200);
    let (status, _, body) = ask(&readiness, "GET", "/readyz").await;
    assert_eq!((status, json(&body)), (503, serde_json::json!({"status": "starting", "detail": "loading the encoder"})));
    readiness.set(ReadinessState::Ready);
    assert_eq!(ask(&readiness, "GET", "/readyz").await.0, 200);
    readiness.set(ReadinessState::Failing { reason: "the index has stopped" });
    assert_eq!(json(&ask(&readiness, "GET", "/readyz").await.2)["status"], "failing");
}

#[tokio::test]
async fn the_product_says_that_it_is_starting() {
    let readiness = Arc::new(Readiness::default());
    for (method, path) in [("POST", "/v1/suggestions"), ("GET", "/v1/me"), ("POST", "/v1/sessions")] {
        let (status, headers, body) = ask(&readiness, method, path).await;
        let problem = json(&body);
        assert_eq!((status, problem["code"].as_str()), (503, Some("starting")), "{path}");
        assert_eq!(headers["retry-after"], "1");
        assert_eq!(problem["request_id"].as_str(), headers["x-request-id"].to_str().ok());
    }
}

#[tokio::test]
async fn unknown_addresses_and_methods_are_problems_too() {
    let readiness = Arc::new(Readiness::default());
    let (status, headers, body) = ask(&readiness, "GET", "/nowhere").await;
    assert_eq!((status, json(&body)["code"].as_str()), (404, Some("not_found")));
    assert_eq!(headers["content-type"], "application/problem+json");
    let (status, headers, body) = ask(&readiness, "POST", "/livez").await;
    assert_eq!((status, json(&body)["code"].as_str()), (405, Some("method_not_allowed")));
    assert_eq!(headers["allow"], "GET,HEAD");
}

#[tokio::test]
async fn the_type_of_a_problem_is_a_page_of_this_server() {
    let readiness = Arc::new(Readiness::default());
    let (_, _, body) = ask(&readiness, "GET", "/nowhere").await;
    let kind = json(&body)["type"].as_str().unwrap().to_owned();
    let (status, _, body) = ask(&readiness, "GET", &kind).await;
    assert_eq!((status, json(&body)["status"].as_u64()), (200, Some(404)));
    let (_, _, body) = ask(&readiness, "GET", "/errors").await;
    assert!(json(&body)["items"].as_array().unwrap().len() > 20);
    assert_eq!(ask(&readiness, "GET", "/errors/nonsense").await.0, 404);
}

#[tokio::test]
async fn the_page_is_never_cached_and_loads_nothing_from_elsewhere() {
    let readiness = Arc::new(Readiness::default());
    let (status, headers, body) = ask(&readiness, "GET", "/").await;
    assert_eq!(status, 200);
    assert_eq!(headers["content-type"], "text/html; charset=utf-8");
    assert_eq!(headers["cache-control"], "no-store");
    let policy = headers["content-security-policy"].to_str().unwrap();
    assert!(policy.starts_with("default-src 'self'") && !policy.contains("unsafe-") && !policy.contains("http"));
    assert!(!body.is_empty());
}

#[tokio::test]
async fn the_served_document_is_the_one_the_program_prints() {
    let readiness = Arc::new(Readiness::default());
    let (status, _, body) = ask(&readiness, "GET", "/openapi.json").await;
    assert_eq!(status, 200);
    assert_eq!(json(&body), serde_json::to_value(openapi()).unwrap());
    assert!(json(&body)["paths"]["/v1/suggestions"]["post"].is_object());
}
