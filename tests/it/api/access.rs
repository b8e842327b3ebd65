//! Who may come in, and what each role may do.

use riposte::domain::AccessRole;
use serde_json::Value;

use super::document::{Operation, operations};
use crate::support::client::text;
use crate::support::with_app;

#[tokio::test(flavor = "multi_thread")]
async fn nothing_of_the_product_answers_without_credentials() {
    with_app(async |app| {
        let (nobody, stranger) =
            (app.anonymous(), app.anonymous().with("authorization", "Bearer rk_0192f0c1a2b37c4d8e5f60718293a4b5_guessed"));
        let mut guarded = 0;
        for Operation { method, path, public, .. } in operations() {
            let path = path
                .replace("{id}", "0192f0c1-a2b3-7c4d-8e5f-60718293a4b5")
                .replace("{desk}", "shop")
                .replace("{code}", "not_found")
                .replace("{version}", "1")
                .replace("{list}", "stale")
                .replace("{name}", "nobody");
            let answer = nobody.call(&method, &path, None).await;
            if public {
                assert_ne!(answer.status, 401, "{method} {path}");
            } else {
                guarded += 1;
                answer.refused(401, "unauthenticated");
                assert!(answer.headers.contains_key("www-authenticate"));
                stranger.call(&method, &path, None).await.refused(401, "invalid_credentials");
            }
        }
        assert!(guarded >= 25, "{guarded} operations");
        let browser = app.anonymous().with("accept", "text/html");
        for page in ["/", "/livez", "/readyz", "/openapi.json", "/errors", "/docs"] {
            let answer = browser.get(page).await;
            assert!((200..400).contains(&answer.status), "{page}: {}", answer.status);
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn credentials_of_another_form_are_refused_like_wrong_ones() {
    with_app(async |app| {
        for value in ["Bearer", "Bearer ", "Basic YTpi", "Bearer rk_", "Bearer rk_zz_yy", "Bearer rl_00", "Bearer 你好"] {
            app.anonymous().with("authorization", value).get("/v1/me").await.refused(401, "invalid_credentials");
        }
        app.anonymous().with("cookie", "riposte_session=nonsense").get("/v1/me").await.refused(401, "invalid_credentials");
        app.anonymous().with("cookie", "other=1").get("/v1/me").await.refused(401, "unauthenticated");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_withdrawn_key_stops_working_at_once() {
    with_app(async |app| {
        let admin = app.admin().await;
        let made = admin.post("/v1/api-keys", &serde_json::json!({"name": "desk", "role": "agent", "desks": ["shop"]})).await.expect(201);
        let holder = app.anonymous().with("authorization", &format!("Bearer {}", text(&made["key"])));
        let me = holder.get("/v1/me").await.ok();
        assert_eq!((text(&me["kind"]), text(&me["name"]), text(&me["role"])), ("api_key", "desk", "agent"));
        assert_eq!(me["desks"], serde_json::json!(["shop"]));
        let listed = admin.get("/v1/api-keys").await;
        assert!(!listed.text.contains(text(&made["key"])) && listed.text.contains(text(&made["id"])));
        admin.delete(&format!("/v1/api-keys/{}", text(&made["id"]))).await.expect(204);
        holder.get("/v1/me").await.refused(401, "invalid_credentials");
    })
    .await;
}

/// Who may do what; `None` for what needs no role.
fn allowed(operation: &str) -> Option<&'static [AccessRole]> {
    use AccessRole::{Admin, Agent, Auditor, KbEditor, Supervisor};
    Some(match operation {
        "show_me" | "delete_session" => return None,
        "create_suggestions"
        | "create_feedback"
        | "create_answers"
        | "create_conversation"
        | "create_message"
        | "close_conversation"
        | "report_typing"
        | "stream_conversation_events"
        | "create_widget_token" => &[Agent, Supervisor, KbEditor, Admin],
        "show_conversation"
        | "list_conversations"
        | "list_entries"
        | "show_entry"
        | "list_desks"
        | "show_desk"
        | "show_adapter"
        | "list_entry_versions"
        | "show_entry_version"
        | "compare_entry_versions"
        | "find_duplicate_entries"
        | "export_entries" => &[Agent, Supervisor, KbEditor, Auditor, Admin],
        "list_clusters"
        | "list_gaps"
        | "list_conflicts"
        | "count_worklists"
        | "list_worklist"
        | "show_overview"
        | "list_evaluations"
        | "show_cluster"
        | "propose_split"
        | "map_clusters"
        | "list_outliers"
        | "list_cluster_decisions"
        | "list_controls"
        | "list_jobs"
        | "show_job"
        | "stream_job_events"
        | "list_rejected_rows" => &[Supervisor, KbEditor, Auditor, Admin],
        "review_cluster"
        | "find_gaps"
        | "review_gap"
        | "merge_clusters"
        | "split_cluster"
        | "move_questions"
        | "undo_cluster_decision"
        | "promote_cluster"
        | "put_entries"
        | "create_entry"
        | "update_entry"
        | "roll_back_entry"
        | "import_entries"
        | "rebuild_clusters"
        | "create_control"
        | "delete_control"
        | "list_retired"
        | "review_retired" => &[Supervisor, KbEditor, Admin],
        "create_import" | "cancel_job" | "update_desk_settings" => &[Supervisor, Admin],
        "create_adapter" | "delete_adapter" | "create_desk" | "list_accounts" | "create_account" | "list_api_keys" | "create_api_key"
        | "delete_api_key" | "delete_account" | "reset_password" => &[Admin],
        // A key has no password, whatever its role.
        "change_password" => &[],
        other => panic!("say here who may use {other}"),
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn every_operation_asks_for_the_role_it_needs() {
    with_app(async |app| {
        for role in AccessRole::ALL {
            let client = app.key(role, &[]).await;
            for Operation { id, method, path, public, .. } in operations() {
                let Some(roles) = (if public { None } else { allowed(&id) }) else { continue };
                let path = path
                    .replace("{id}", "0192f0c1-a2b3-7c4d-8e5f-60718293a4b5")
                    .replace("{desk}", "absent")
                    .replace("{version}", "1")
                    .replace("{list}", "stale");
                // An empty object is no valid request of any of them: what comes back shows how far it got.
                let answer = client.call(&method, &path, Some(&Value::Object(serde_json::Map::new()))).await;
                if roles.contains(&role) {
                    assert!(
                        ![401, 403].contains(&answer.status) || id == "create_import",
                        "{id} as {role:?}: {} {}",
                        answer.status,
                        answer.text
                    );
                    assert!(!answer.text.contains("\"forbidden\""), "{id} as {role:?}: {}", answer.text);
                } else {
                    let problem = answer.refused(403, "forbidden");
                    assert!(text(&problem["detail"]).contains("may not"), "{problem}");
                }
            }
        }
    })
    .await;
}
