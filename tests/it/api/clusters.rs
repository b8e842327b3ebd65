//! Frequent questions: grouped by a job, shown only when enough customers have asked them.

use riposte::domain::AccessRole;
use serde_json::json;

use crate::support::archive::{INVOICE_ZH, Talk};
use crate::support::client::{list, text};
use crate::support::with_app;

#[tokio::test(flavor = "multi_thread")]
async fn questions_are_grouped_and_listed() {
    with_app(async |app| {
        app.shop().await;
        let supervisor = app.key(AccessRole::Supervisor, &["shop"]).await;
        assert_eq!(supervisor.get("/v1/clusters?desk=shop").await.ok()["items"], json!([]));
        let job = supervisor.post("/v1/clusters/rebuild", &json!({"desk": "shop"})).await.expect(202);
        let job = supervisor.follow(&job).await;
        assert_eq!((text(&job["kind"]), text(&job["state"])), ("rebuild_clusters", "succeeded"));
        let page = supervisor.get("/v1/clusters?desk=shop").await.ok();
        let clusters = list(&page["items"]);
        assert!(clusters.len() >= 3, "{page}");
        let sizes: Vec<u64> = clusters.iter().map(|cluster| cluster["size"].as_u64().unwrap()).collect();
        assert!(sizes.is_sorted_by(|a, b| a >= b), "{sizes:?}");
        for cluster in clusters {
            assert!(cluster["customers"].as_u64() >= Some(3) && cluster["conversations"].as_u64() >= Some(3), "{cluster}");
            assert!(!list(&cluster["answers"]).is_empty() && !list(&cluster["keywords"]).is_empty(), "{cluster}");
            let shown = supervisor.get(&format!("/v1/clusters/{}?desk=shop", text(&cluster["id"]))).await.ok();
            let members = list(&shown["members"]);
            assert_eq!(members.len() as u64, cluster["size"].as_u64().unwrap());
            assert!(members.iter().any(|member| member["question"] == cluster["representative"]));
        }
        let invoice = clusters.iter().find(|cluster| text(&cluster["representative"]).contains("发票")).unwrap();
        assert_eq!(invoice["answers"][0]["text"], INVOICE_ZH);
        assert_eq!(invoice["answers"][0]["support"], 3);
        // Pages: every cluster once, in the same order.
        let mut ids = Vec::new();
        let mut path = "/v1/clusters?desk=shop&limit=1".to_owned();
        loop {
            let page = supervisor.get(&path).await.ok();
            ids.extend(list(&page["items"]).iter().map(|cluster| cluster["id"].clone()));
            match page["next_cursor"].as_str() {
                Some(next) => path = format!("/v1/clusters?desk=shop&limit=1&cursor={next}"),
                None => break,
            }
        }
        assert_eq!(ids, clusters.iter().map(|cluster| cluster["id"].clone()).collect::<Vec<_>>());
        // The map shows what the list shows.
        let map = supervisor.get("/v1/clusters/map?desk=shop").await.ok();
        let shown: Vec<_> = list(&map["items"]).iter().map(|point| point["id"].clone()).collect();
        assert_eq!(shown, ids);
        let inside = |place: &serde_json::Value| place.as_f64().is_some_and(|place| (-1.0..=1.0).contains(&place));
        assert!(list(&map["items"]).iter().all(|point| inside(&point["x"]) && inside(&point["y"])), "{map}");
        assert_eq!(supervisor.get("/v1/clusters/map?desk=shop&state=dismissed").await.ok()["items"], json!([]));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_question_of_one_customer_is_not_shown_to_everybody() {
    with_app(async |app| {
        let mut lines = String::new();
        for number in 0..4 {
            // One customer asks the same again and again.
            let talk = Talk::new(&format!("c-{number}"), 2).customer("阁楼漏水谁来修").agent("物业工程部会在两小时内上门维修。").line();
            lines += &talk.replace(&format!("customer-of-c-{number}"), "customer-1");
        }
        app.import_jsonl("shop", &lines).await;
        let supervisor = app.key(AccessRole::Supervisor, &["shop"]).await;
        let job = supervisor.post("/v1/clusters/rebuild", &json!({"desk": "shop"})).await.expect(202);
        supervisor.follow(&job).await;
        assert_eq!(supervisor.get("/v1/clusters?desk=shop").await.ok()["items"], json!([]));
        let all = supervisor.get("/v1/clusters?desk=shop&min_customers=1").await.ok();
        assert_eq!((list(&all["items"]).len(), &all["items"][0]["customers"]), (1, &json!(1)), "{all}");
        let id = text(&all["items"][0]["id"]);
        let auditor = app.key(AccessRole::Auditor, &["shop"]).await;
        auditor.get("/v1/clusters?desk=shop&min_customers=1").await.refused(403, "forbidden");
        auditor.get(&format!("/v1/clusters/{id}?desk=shop")).await.refused(404, "unknown_cluster");
        supervisor.get(&format!("/v1/clusters/{id}?desk=shop")).await.ok();
        supervisor.patch("/v1/desks/shop/settings", &json!({"min_cluster_customers": 1})).await.ok();
        auditor.get(&format!("/v1/clusters/{id}?desk=shop")).await.ok();
    })
    .await;
}
