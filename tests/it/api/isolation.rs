//! One desk's key never reaches another desk's data, and can't even tell whether it exists.

use riposte::domain::AccessRole;
use serde_json::{Value, json};

use super::document::operations;
use crate::support::archive::{RETURN_ZH, Talk};
use crate::support::client::{Upload, list, text};
use crate::support::with_app;

const SECRET_ANSWER: &str = "丙烯颜料课程每周六上午在三号教室，自带围裙即可。";
const SECRET_QUESTION: &str = "丙烯颜料课程什么时候上";

/// Operations that no desk's data passes through; all others are tried below.
const WITHOUT_DESK: [&str; 16] = [
    "show_me",
    "delete_session",
    "list_desks",
    "list_jobs",
    "list_evaluations",
    "create_desk",
    "create_adapter",
    "delete_adapter",
    "list_accounts",
    "create_account",
    "delete_account",
    "reset_password",
    "change_password",
    "list_api_keys",
    "create_api_key",
    "delete_api_key",
];

#[tokio::test(flavor = "multi_thread")]
async fn another_desk_is_as_if_it_did_not_exist() {
    with_app(async |app| {
        app.shop().await;
        let admin = app.admin().await;
        let mut school = String::new();
        for number in 0..4 {
            school += &Talk::new(&format!("s-{number}"), 7).customer(SECRET_QUESTION).agent(SECRET_ANSWER).tag("课程").line();
        }
        let job = app.import_jsonl("school", &(school + "no json\n")).await;
        let entry = json!({
            "desk": "school", "external_id": "e", "language": "zh", "status": "published", "tags": [],
            "questions": ["丙烯颜料课要带什么"], "answer": SECRET_ANSWER,
        });
        admin.put("/v1/entries", &json!({"items": [entry]})).await.ok();
        app.app.wait_until_indexed().await.unwrap();
        let rebuilt = admin.post("/v1/clusters/rebuild", &json!({"desk": "school"})).await.expect(202);
        admin.follow(&rebuilt).await;
        let set = admin.suggest("school", SECRET_QUESTION).await;
        assert_eq!(set["suggestions"][0]["text"], SECRET_ANSWER);
        let suggestion = text(&set["suggestions"][0]["id"]);
        let of_school = |kind: &str| {
            let mut evidence = list(&set["suggestions"]).iter().flat_map(|suggestion| list(&suggestion["evidence"]));
            text(&evidence.find(|evidence| evidence["kind"] == kind).unwrap()["id"]).to_owned()
        };
        let conversation = of_school("conversation");
        let report = json!({"kind": "rejected", "reason": "outdated"});
        admin.post(&format!("/v1/suggestions/{suggestion}/feedback"), &report).await.expect(204);
        let retired = text(&admin.get("/v1/desks/school/retired").await.ok()["items"][0]["id"]).to_owned();
        let entry_id = text(&admin.get("/v1/entries?desk=school").await.ok()["items"][0]["id"]).to_owned();
        // A suggestion set of which everything was refused is a gap.
        let found = admin.post("/v1/gaps/find", &json!({"desk": "school"})).await.expect(202);
        admin.follow(&found).await;
        let gap = text(&admin.get("/v1/gaps?desk=school&min_customers=1").await.ok()["items"][0]["id"]).to_owned();
        let cluster = text(&admin.get("/v1/clusters?desk=school&min_customers=1").await.ok()["items"][0]["id"]).to_owned();
        let named = json!({"desk": "school", "name": "paint"});
        admin.with("if-match", "\"1\"").patch(&format!("/v1/clusters/{cluster}"), &named).await.ok();
        let decision = text(&admin.get("/v1/clusters/decisions?desk=school").await.ok()["items"][0]["id"]).to_owned();
        let merge = |desk: &str| {
            let seen = json!({"id": cluster, "version": 2});
            json!({"desk": desk, "into": seen, "from": [seen]})
        };
        let raised = json!({"entry_id": entry_id, "kind": "boost", "points": 0.5});
        let control = text(&admin.post("/v1/desks/school/controls", &raised).await.expect(201)["id"]).to_owned();
        let job = text(&job["id"]);

        let outsider = app.key(AccessRole::Supervisor, &["shop"]).await.with("if-match", "\"1\"");
        let question = json!([{"role": "customer", "text": SECRET_QUESTION}]);
        let put = |desk: &str| {
            json!({"items": [{"desk": desk, "external_id": "e", "language": "zh", "status": "published", "questions": ["q"], "answer": "a"}]})
        };
        let message = json!({"role": "customer", "text": "x"});
        // Operation, method, path, body, expected code; `DESK` is the other desk, or one that there is not.
        let table: Vec<(&str, &str, String, Option<Value>, &str)> = vec![
            ("create_suggestions", "POST", "/v1/suggestions".into(), Some(json!({"desk": "DESK", "conversation": {"messages": question}})), "unknown_desk"),
            ("create_feedback", "POST", format!("/v1/suggestions/{suggestion}/feedback"), Some(json!({"kind": "accepted"})), "unknown_suggestion"),
            ("show_desk", "GET", "/v1/desks/DESK".into(), None, "unknown_desk"),
            ("show_adapter", "GET", "/v1/desks/DESK/adapter".into(), None, "unknown_desk"),
            ("list_retired", "GET", "/v1/desks/DESK/retired".into(), None, "unknown_desk"),
            ("review_retired", "POST", format!("/v1/desks/DESK/retired/{retired}"), Some(json!({"verdict": "restore"})), "unknown_desk"),
            ("review_retired", "POST", format!("/v1/desks/shop/retired/{retired}"), Some(json!({"verdict": "restore"})), "unknown_answer"),
            ("update_desk_settings", "PATCH", "/v1/desks/DESK/settings".into(), Some(json!({"threshold": 0.1})), "unknown_desk"),
            ("list_controls", "GET", "/v1/desks/DESK/controls".into(), None, "unknown_desk"),
            ("create_control", "POST", "/v1/desks/DESK/controls".into(), Some(json!({"suggestion_id": suggestion, "kind": "block"})), "unknown_desk"),
            ("delete_control", "DELETE", format!("/v1/desks/DESK/controls/{control}"), None, "unknown_desk"),
            ("delete_control", "DELETE", format!("/v1/desks/shop/controls/{control}"), None, "unknown_control"),
            ("list_clusters", "GET", "/v1/clusters?desk=DESK".into(), None, "unknown_desk"),
            ("show_cluster", "GET", format!("/v1/clusters/{cluster}?desk=DESK"), None, "unknown_desk"),
            ("show_cluster", "GET", format!("/v1/clusters/{cluster}?desk=shop"), None, "unknown_cluster"),
            ("propose_split", "GET", format!("/v1/clusters/{cluster}/split?desk=DESK"), None, "unknown_desk"),
            ("propose_split", "GET", format!("/v1/clusters/{cluster}/split?desk=shop"), None, "unknown_cluster"),
            ("map_clusters", "GET", "/v1/clusters/map?desk=DESK".into(), None, "unknown_desk"),
            ("list_outliers", "GET", "/v1/clusters/outliers?desk=DESK".into(), None, "unknown_desk"),
            ("list_cluster_decisions", "GET", "/v1/clusters/decisions?desk=DESK".into(), None, "unknown_desk"),
            ("review_cluster", "PATCH", format!("/v1/clusters/{cluster}"), Some(json!({"desk": "DESK", "state": "approved"})), "unknown_desk"),
            ("review_cluster", "PATCH", format!("/v1/clusters/{cluster}"), Some(json!({"desk": "shop", "state": "approved"})), "unknown_cluster"),
            ("merge_clusters", "POST", "/v1/clusters/merge".into(), Some(merge("DESK")), "unknown_desk"),
            ("merge_clusters", "POST", "/v1/clusters/merge".into(), Some(merge("shop")), "unknown_cluster"),
            ("split_cluster", "POST", format!("/v1/clusters/{cluster}/split"), Some(json!({"desk": "DESK", "members": [cluster]})), "unknown_desk"),
            ("split_cluster", "POST", format!("/v1/clusters/{cluster}/split"), Some(json!({"desk": "shop", "members": [cluster]})), "unknown_cluster"),
            ("move_questions", "POST", format!("/v1/clusters/{cluster}/move"), Some(json!({"desk": "DESK", "members": [cluster]})), "unknown_desk"),
            ("move_questions", "POST", format!("/v1/clusters/{cluster}/move"), Some(json!({"desk": "shop", "members": [cluster]})), "unknown_cluster"),
            ("promote_cluster", "POST", format!("/v1/clusters/{cluster}/promote"), Some(json!({"desk": "DESK"})), "unknown_desk"),
            ("promote_cluster", "POST", format!("/v1/clusters/{cluster}/promote"), Some(json!({"desk": "shop"})), "unknown_cluster"),
            ("undo_cluster_decision", "POST", format!("/v1/clusters/decisions/{decision}/undo?desk=DESK"), None, "unknown_desk"),
            ("undo_cluster_decision", "POST", format!("/v1/clusters/decisions/{decision}/undo?desk=shop"), None, "unknown_decision"),
            ("rebuild_clusters", "POST", "/v1/clusters/rebuild".into(), Some(json!({"desk": "DESK"})), "unknown_desk"),
            ("list_gaps", "GET", "/v1/gaps?desk=DESK".into(), None, "unknown_desk"),
            ("find_gaps", "POST", "/v1/gaps/find".into(), Some(json!({"desk": "DESK"})), "unknown_desk"),
            ("review_gap", "PATCH", format!("/v1/gaps/{gap}"), Some(json!({"desk": "DESK", "state": "open"})), "unknown_desk"),
            ("review_gap", "PATCH", format!("/v1/gaps/{gap}"), Some(json!({"desk": "shop", "state": "open"})), "unknown_gap"),
            ("list_conflicts", "GET", "/v1/conflicts?desk=DESK".into(), None, "unknown_desk"),
            ("count_worklists", "GET", "/v1/worklists?desk=DESK".into(), None, "unknown_desk"),
            ("list_worklist", "GET", "/v1/worklists/stale?desk=DESK".into(), None, "unknown_desk"),
            ("show_overview", "GET", "/v1/reports/overview?desk=DESK".into(), None, "unknown_desk"),
            ("list_jobs", "GET", "/v1/jobs?desk=DESK".into(), None, "unknown_desk"),
            ("show_job", "GET", format!("/v1/jobs/{job}"), None, "unknown_job"),
            ("stream_job_events", "GET", format!("/v1/jobs/{job}/events"), None, "unknown_job"),
            ("list_rejected_rows", "GET", format!("/v1/jobs/{job}/rejected-rows"), None, "unknown_job"),
            ("list_rejected_rows", "GET", format!("/v1/jobs/{job}/rejected-rows?format=csv"), None, "unknown_job"),
            ("cancel_job", "POST", format!("/v1/jobs/{job}/cancel"), None, "unknown_job"),
            ("show_conversation", "GET", format!("/v1/conversations/{conversation}?desk=DESK"), None, "unknown_desk"),
            ("show_conversation", "GET", format!("/v1/conversations/{conversation}?desk=shop"), None, "unknown_conversation"),
            ("list_conversations", "GET", "/v1/conversations?desk=DESK".into(), None, "unknown_desk"),
            ("create_conversation", "POST", "/v1/conversations".into(), Some(json!({"desk": "DESK", "external_id": "s-0"})), "unknown_desk"),
            ("create_message", "POST", format!("/v1/conversations/{conversation}/messages?desk=DESK"), Some(message.clone()), "unknown_desk"),
            ("create_message", "POST", format!("/v1/conversations/{conversation}/messages?desk=shop"), Some(message), "unknown_conversation"),
            ("report_typing", "POST", format!("/v1/conversations/{conversation}/typing?desk=DESK"), Some(json!({"role": "agent"})), "unknown_desk"),
            ("report_typing", "POST", format!("/v1/conversations/{conversation}/typing?desk=shop"), Some(json!({"role": "agent"})), "unknown_conversation"),
            ("close_conversation", "POST", format!("/v1/conversations/{conversation}/close?desk=DESK"), None, "unknown_desk"),
            ("close_conversation", "POST", format!("/v1/conversations/{conversation}/close?desk=shop"), None, "unknown_conversation"),
            ("stream_conversation_events", "GET", format!("/v1/conversations/{conversation}/events?desk=DESK&from=0"), None, "unknown_desk"),
            ("stream_conversation_events", "GET", format!("/v1/conversations/{conversation}/events?desk=shop&from=0"), None, "unknown_conversation"),
            ("create_widget_token", "POST", "/v1/widget-tokens".into(), Some(json!({"desk": "DESK", "agent": "li"})), "unknown_desk"),
            ("list_entries", "GET", "/v1/entries?desk=DESK".into(), None, "unknown_desk"),
            ("show_entry", "GET", format!("/v1/entries/{entry_id}?desk=DESK"), None, "unknown_desk"),
            ("show_entry", "GET", format!("/v1/entries/{entry_id}?desk=shop"), None, "unknown_entry"),
            ("put_entries", "PUT", "/v1/entries".into(), Some(put("DESK")), "unknown_desk"),
            ("create_entry", "POST", "/v1/entries".into(), Some(json!({"desk": "DESK", "questions": ["q"], "answer": "a"})), "unknown_desk"),
            ("update_entry", "PATCH", format!("/v1/entries/{entry_id}?desk=DESK"), Some(json!({"tags": []})), "unknown_desk"),
            ("update_entry", "PATCH", format!("/v1/entries/{entry_id}?desk=shop"), Some(json!({"tags": []})), "unknown_entry"),
            ("list_entry_versions", "GET", format!("/v1/entries/{entry_id}/versions?desk=DESK"), None, "unknown_desk"),
            ("list_entry_versions", "GET", format!("/v1/entries/{entry_id}/versions?desk=shop"), None, "unknown_entry"),
            ("show_entry_version", "GET", format!("/v1/entries/{entry_id}/versions/1?desk=DESK"), None, "unknown_desk"),
            ("show_entry_version", "GET", format!("/v1/entries/{entry_id}/versions/1?desk=shop"), None, "unknown_entry"),
            ("compare_entry_versions", "GET", format!("/v1/entries/{entry_id}/diff?desk=DESK&from=1&to=1"), None, "unknown_desk"),
            ("compare_entry_versions", "GET", format!("/v1/entries/{entry_id}/diff?desk=shop&from=1&to=1"), None, "unknown_entry"),
            ("roll_back_entry", "POST", format!("/v1/entries/{entry_id}/rollback?desk=DESK"), Some(json!({"version": 1})), "unknown_desk"),
            ("roll_back_entry", "POST", format!("/v1/entries/{entry_id}/rollback?desk=shop"), Some(json!({"version": 1})), "unknown_entry"),
            ("find_duplicate_entries", "POST", "/v1/entries/duplicates".into(), Some(json!({"desk": "DESK", "questions": [SECRET_QUESTION]})), "unknown_desk"),
            ("import_entries", "POST", "/v1/entries/import?desk=DESK&format=jsonl".into(), Some(json!({"id": "e", "questions": ["q"], "answer": "a"})), "unknown_desk"),
            ("export_entries", "GET", "/v1/entries/export?desk=DESK&format=csv".into(), None, "unknown_desk"),
            ("create_answers", "POST", "/v1/answers".into(), Some(json!({"desk": "DESK", "question": SECRET_QUESTION})), "unknown_desk"),
        ];
        let mut tried: Vec<&str> = vec!["create_import"];
        for (operation, method, path, body, code) in table {
            tried.push(operation);
            let ask = async |desk: &str| {
                let body = body.as_ref().map(|body| serde_json::from_str(&body.to_string().replace("DESK", desk)).unwrap());
                let answer = outsider.call(method, &path.replace("DESK", desk), body.as_ref()).await;
                let mut problem = answer.refused(404, code);
                assert!(!answer.text.contains("丙烯"), "{}", answer.text);
                problem["request_id"] = Value::Null;
                problem["instance"] = Value::Null;
                problem
            };
            assert_eq!(ask("school").await, ask("absent").await, "{operation}");
        }
        outsider.upload(&Upload::jsonl("school", &Talk::new("x", 1).customer("a").line())).await.refused(404, "unknown_desk");
        assert_eq!(app.uploads(), 0);
        for operation in operations().into_iter().filter(|operation| !operation.public) {
            let known = tried.contains(&operation.id.as_str()) || WITHOUT_DESK.contains(&operation.id.as_str());
            assert!(known, "{} is not tried here", operation.id);
        }

        // Lists hold what is in scope.
        let desks = outsider.get("/v1/desks").await.ok();
        assert_eq!(list(&desks["items"]).iter().map(|desk| text(&desk["id"])).collect::<Vec<_>>(), ["shop"]);
        let jobs = outsider.get("/v1/jobs").await.ok();
        assert!(!list(&jobs["items"]).is_empty() && list(&jobs["items"]).iter().all(|job| job["desk"] == "shop"), "{jobs}");
        // The same question to the own desk finds nothing of the other one, whatever the threshold.
        app.show_everything("shop").await;
        let set = outsider.suggest_to("shop", &[("customer", SECRET_QUESTION)], json!({"limit": 20})).await;
        assert!(!set["suggestions"].to_string().contains("丙烯"), "{set}");
        assert!(set["suggestions"].to_string().contains(RETURN_ZH));
        // Nothing of all this has touched the other desk.
        let school = admin.get("/v1/desks/school").await.ok();
        assert_eq!((&school["settings"]["threshold"], school["counts"]["conversations"].as_u64()), (&Value::Null, Some(4)));
        let controls = admin.get("/v1/desks/school/controls").await.ok();
        assert_eq!(list(&controls["items"]).iter().map(|control| text(&control["kind"])).collect::<Vec<_>>(), ["boost"]);
        assert_eq!(admin.get("/v1/desks/school/retired").await.ok()["items"][0]["state"], "reported");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn one_conversation_id_on_two_desks_is_two_conversations() {
    with_app(async |app| {
        let talk = |answer: &str| Talk::new("same-id", 2).customer("周末营业吗").agent(answer).line();
        app.import_jsonl("north", &talk("北区门店周末照常营业，早上九点开门。")).await;
        app.import_jsonl("south", &talk("南区门店周末休息，周一恢复营业。")).await;
        for (desk, own, other) in [("north", "北区", "南区"), ("south", "南区", "北区")] {
            let agent = app.key(AccessRole::Agent, &[desk]).await;
            let set = agent.suggest(desk, "周末营业吗").await;
            assert!(text(&set["suggestions"][0]["text"]).starts_with(own), "{set}");
            assert!(!set.to_string().contains(other));
        }
    })
    .await;
}
