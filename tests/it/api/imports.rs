//! Importing over the API: the job, its events, its report.

use riposte::domain::AccessRole;
use serde_json::{Value, json};

use crate::support::archive::{Talk, shop};
use crate::support::client::{Upload, list, text, texts};
use crate::support::{TestApp, with_app, with_settings};

async fn counts(app: &TestApp, desk: &str) -> Value {
    app.admin().await.get(&format!("/v1/desks/{desk}")).await.ok()["counts"].clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_import_is_a_job_that_tells_how_far_it_is() {
    with_app(async |app| {
        let supervisor = app.key(AccessRole::Supervisor, &["shop"]).await;
        let answer = supervisor.upload(&Upload::jsonl("shop", &shop())).await;
        let job = answer.expect(202);
        assert_eq!(answer.headers["location"], format!("/v1/jobs/{}", text(&job["id"])));
        assert_eq!((text(&job["kind"]), text(&job["desk"])), ("import", "shop"));
        assert!(!answer.text.contains("uploads"), "no places of the server's disk: {}", answer.text);
        let events = supervisor.events(&job).await;
        let last = events.last().unwrap();
        assert_eq!((text(&last["state"]), &last["error"]), ("succeeded", &Value::Null));
        let report = &last["result"];
        for (figure, expected) in [
            ("conversations_read", 18),
            ("conversations_added", 18),
            ("conversations_changed", 0),
            ("messages_read", 72),
            ("messages_added", 72),
            ("rejected", 0),
        ] {
            assert_eq!(report[figure], expected, "{figure} of {report}");
        }
        assert!(report["pairs_mined"].as_u64() >= Some(18), "{report}");
        let progress = &last["progress"];
        assert_eq!((text(&progress["stage"]), &progress["done"]), ("embedding", &progress["total"]));
        let mut stages: Vec<&str> =
            events.iter().map(|event| text(&event["progress"]["stage"])).filter(|stage| !stage.is_empty()).collect();
        stages.dedup();
        assert!(["reading", "embedding"].ends_with(&stages), "{stages:?}");
        assert_eq!(supervisor.get(&format!("/v1/jobs/{}", text(&job["id"]))).await.ok(), *last);
        let counts = counts(app, "shop").await;
        assert_eq!(
            (counts["conversations"].as_u64(), counts["messages"].as_u64(), counts["index_pending"].as_u64()),
            (Some(18), Some(72), Some(0))
        );
        assert_eq!(counts["pairs"], report["pairs_mined"]);
        // An ended job's file, full of customers' words, is gone; the job can't be stopped any more.
        assert_eq!(app.uploads(), 0);
        supervisor.call("POST", &format!("/v1/jobs/{}/cancel", text(&job["id"])), None).await.refused(409, "job_ended");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_file_again_changes_nothing_and_a_longer_one_adds_the_rest() {
    with_app(async |app| {
        app.shop().await;
        let before = counts(app, "shop").await;
        let again = app.import_jsonl("shop", &shop()).await["result"].clone();
        assert_eq!(
            (again["conversations_added"].as_u64(), again["conversations_changed"].as_u64(), again["messages_added"].as_u64()),
            (Some(0), Some(0), Some(0))
        );
        assert_eq!(counts(app, "shop").await, before);

        let talk = || Talk::new("late", 9).customer("可以货到付款吗").agent("支持货到付款，签收时向快递员付款即可。");
        app.import_jsonl("shop", &talk().line()).await;
        let longer = talk().customer("那可以开箱验货吗").agent("可以当面开箱验货，确认无误再付款。").line();
        let report = app.import_jsonl("shop", &longer).await["result"].clone();
        assert_eq!((report["conversations_changed"].as_u64(), report["messages_added"].as_u64()), (Some(1), Some(2)));
        let agent = app.key(AccessRole::Agent, &["shop"]).await;
        assert_eq!(texts(&agent.suggest("shop", "能不能开箱验货").await)[0], "可以当面开箱验货，确认无误再付款。");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_taken_is_reported_with_a_remedy() {
    with_app(async |app| {
        let supervisor = app.key(AccessRole::Supervisor, &["shop"]).await;
        let good = Talk::new("good", 1).customer("可以货到付款吗").agent("支持货到付款，签收时向快递员付款即可。").line();
        let file = format!(
            "{good}not json 13912345678\n{{\"messages\":[]}}\n{}\n",
            json!({"id": "half", "messages": [{"role": "wizard", "text": "电话13912345678"}, {"role": "customer", "text": "还在吗，想问下发货时间"}]})
        );
        let job = supervisor.import(&Upload::jsonl("shop", &file)).await;
        assert_eq!(job["state"], "succeeded", "{job}");
        let path = format!("/v1/jobs/{}/rejected-rows", text(&job["id"]));
        let answer = supervisor.get(&path).await;
        let page = answer.ok();
        let rows = list(&page["items"]);
        assert_eq!(job["result"]["rejected"].as_u64(), Some(rows.len() as u64));
        let lines: Vec<u64> = rows.iter().map(|row| row["line"].as_u64().unwrap()).collect();
        assert_eq!(lines, [2, 3, 4], "{page}");
        for row in rows {
            assert!(!text(&row["reason"]).is_empty() && !text(&row["remedy"]).is_empty(), "{row}");
        }
        assert!(!answer.text.contains("13912345678"), "{}", answer.text);
        let first = supervisor.get(&format!("{path}?limit=2")).await.ok();
        let rest = supervisor.get(&format!("{path}?limit=2&cursor={}", text(&first["next_cursor"]))).await.ok();
        assert_eq!(list(&rest["items"]), &rows[2..]);
        let csv = supervisor.get(&format!("{path}?format=csv")).await;
        assert_eq!((csv.status, csv.headers["content-type"].to_str().unwrap()), (200, "text/csv; charset=utf-8"));
        assert_eq!(csv.text.lines().count(), 4);
        assert!(csv.text.starts_with("line,field,reason,remedy\n2,"), "{}", csv.text);
        assert_eq!(counts(app, "shop").await["conversations"], 2);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dry_run_writes_nothing() {
    with_app(async |app| {
        let admin = app.admin().await;
        let job = admin.import(&Upload::jsonl("shop", &(shop() + "not json\n")).field("dry_run", "true")).await;
        assert_eq!(job["state"], "succeeded", "{job}");
        let report = &job["result"];
        assert_eq!(
            (report["conversations_read"].as_u64(), report["messages_read"].as_u64(), report["rejected"].as_u64()),
            (Some(18), Some(72), Some(1))
        );
        assert_eq!((report["conversations_added"].as_u64(), report["pairs_mined"].as_u64()), (Some(0), Some(0)));
        let rows = admin.get(&format!("/v1/jobs/{}/rejected-rows", text(&job["id"]))).await.ok();
        assert_eq!(rows["items"][0]["line"], 19);
        admin.get("/v1/desks/shop").await.refused(404, "unknown_desk");
        assert_eq!(app.uploads(), 0);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_table_with_chinese_headings_is_understood() {
    with_app(async |app| {
        let admin = app.admin().await;
        let csv = "会话ID,发送者类型,消息内容,发送时间,客服工号\n\
                   c1,客户,会员生日有礼物吗,2026-03-01 10:00:00,\n\
                   c1,客服,\"生日当月登录即送一张二十元券，记得在月底前使用。\",2026-03-01 10:01:00,kf-9\n\
                   c2,客户,过生日会员送什么,2026-03-02 10:00:00,\n\
                   c2,客服,\"生日当月登录即送一张二十元券，记得在月底前使用。\",2026-03-02 10:01:00,kf-9\n\
                   c2,国王,本行角色不明,2026-03-02 10:02:00,\n";
        let job = admin.import(&Upload::new("shop", "csv", "三月.csv", csv.as_bytes())).await;
        assert_eq!(job["state"], "succeeded", "{job}");
        assert_eq!(job["params"]["file_name"], "三月.csv");
        let report = &job["result"];
        assert_eq!(
            (report["conversations_added"].as_u64(), report["messages_added"].as_u64(), report["rejected"].as_u64()),
            (Some(2), Some(4), Some(1))
        );
        let set = admin.suggest("shop", "会员过生日有礼物吗").await;
        assert_eq!(texts(&set)[0], "生日当月登录即送一张二十元券，记得在月底前使用。");
        assert_eq!((&set["suggestions"][0]["support"], &set["suggestions"][0]["evidence"][0]["answered_by"]), (&json!(2), &json!("kf-9")));

        // Headings nobody can guess: the error says which columns lack, a mapping mends it.
        let strange = "A,B,C\nc9,x,会员生日有礼物吗\nc9,y,生日当月登录即送一张二十元券。\n";
        let failed = admin.import(&Upload::new("shop", "csv", "a.csv", strange.as_bytes())).await;
        assert_eq!(failed["state"], "failed");
        assert!(text(&failed["error"]).contains("conversation"), "{failed}");
        let mapping = json!({"columns": {"conversation": "A", "role": "B", "text": "C"}, "roles": {"x": "customer", "y": "agent"}});
        let mapped = Upload::new("shop", "csv", "a.csv", strange.as_bytes()).field("mapping", &mapping.to_string());
        let job = admin.import(&mapped).await;
        assert_eq!((text(&job["state"]), job["result"]["messages_added"].as_u64()), ("succeeded", Some(2)), "{job}");
        assert_eq!(app.uploads(), 0);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_form_that_is_not_right_leaves_nothing_behind() {
    with_settings(&["server.upload_limit_bytes=100000"], async |app| {
        let admin = app.admin().await;
        let upload = |desk: &str, format: &str| Upload::new(desk, format, "a.jsonl", shop().as_bytes());
        assert_eq!(admin.upload(&upload("a b", "jsonl")).await.refused_field(), "/desk");
        assert_eq!(admin.upload(&upload("shop", "pdf")).await.refused_field(), "/format");
        assert_eq!(admin.upload(&upload("shop", "jsonl").field("dry_run", "perhaps")).await.refused_field(), "/dry_run");
        assert_eq!(admin.upload(&upload("shop", "csv").field("mapping", "{")).await.refused_field(), "/mapping");
        admin.upload(&upload("shop", "jsonl").field("surprise", "1")).await.refused_field();
        admin.upload(&Upload::jsonl("shop", &"x".repeat(200_000))).await.refused(413, "body_too_large");
        admin.send("POST", "/v1/imports", Some("text/csv"), b"a".to_vec()).await.refused(415, "unsupported_media_type");
        let by_path = json!({"desk": "shop", "format": "jsonl", "path": "/etc/hostname"});
        admin.post("/v1/imports", &by_path).await.refused(403, "local_only");
        assert_eq!(app.uploads(), 0);
        let jobs = admin.get("/v1/jobs").await.ok();
        assert_eq!(jobs["items"], json!([]));
    })
    .await;
}
