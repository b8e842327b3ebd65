//! Knowledge entries: written, suggested, changed, withdrawn.

use riposte::domain::AccessRole;
use serde_json::{Value, json};

use crate::support::client::{list, text, texts};
use crate::support::{TestApp, with_app};

const ANSWER: &str = "学生认证后全场九折，在会员中心上传学生证即可。";

fn entry(change: Value) -> Value {
    let mut entry = json!({
        "desk": "shop", "external_id": "student-discount", "language": "zh", "status": "published", "tags": ["优惠"],
        "questions": ["学生有优惠吗", "学生证可以打折吗"], "answer": ANSWER, "owner": "运营组",
    });
    for (name, value) in change.as_object().unwrap() {
        entry[name] = value.clone();
    }
    entry
}

/// Writes one entry, has it indexed, and tells what is then suggested to a student.
async fn suggested_after(app: &TestApp, change: Value) -> Value {
    let editor = app.key(AccessRole::KbEditor, &["shop"]).await;
    let written = editor.put("/v1/entries", &json!({"items": [entry(change)]})).await.ok();
    assert_eq!(written["changed"], 1);
    app.app.wait_until_indexed().await.unwrap();
    editor.suggest("shop", "请问学生买有优惠吗").await
}

#[tokio::test(flavor = "multi_thread")]
async fn an_entry_is_suggested_until_it_is_withdrawn() {
    with_app(async |app| {
        app.shop().await;
        let set = suggested_after(app, json!({})).await;
        let best = &set["suggestions"][0];
        assert_eq!((text(&best["text"]), text(&best["pool"])), (ANSWER, "knowledge"));
        assert_eq!(best["support"], 1, "two ways to ask are one entry");
        let evidence = &best["evidence"][0];
        assert_eq!((text(&evidence["kind"]), text(&evidence["answered_by"])), ("entry", "运营组"));
        let editor = app.key(AccessRole::KbEditor, &["shop"]).await;
        let shown = editor.get(&format!("/v1/entries/{}?desk=shop", text(&evidence["id"]))).await.ok();
        assert_eq!(shown["external_id"], "student-discount");
        let pools = json!({"filters": {"pools": ["archive"]}});
        let archive_only = editor.suggest_to("shop", &[("customer", "请问学生买有优惠吗")], pools).await;
        assert!(!texts(&archive_only).contains(&ANSWER));

        let set = suggested_after(app, json!({"answer": "学生认证后全场八五折。"})).await;
        assert_eq!(texts(&set)[0], "学生认证后全场八五折。");
        let set = suggested_after(app, json!({"status": "retired"})).await;
        assert!(list(&set["suggestions"]).iter().all(|suggestion| suggestion["pool"] != "knowledge"), "{set}");
        let kept = editor.get("/v1/entries?desk=shop").await.ok();
        assert_eq!(kept["items"][0]["status"], "retired");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn drafts_and_entries_out_of_time_are_not_suggested() {
    with_app(async |app| {
        app.admin().await.post("/v1/desks", &json!({"id": "shop"})).await.expect(201);
        for change in
            [json!({"status": "draft"}), json!({"valid_from": "2026-06-02T00:00:00Z"}), json!({"valid_to": "2026-06-01T00:00:00Z"})]
        {
            let set = suggested_after(app, change.clone()).await;
            assert_eq!(texts(&set).len(), 0, "{change}: {set}");
        }
        let set = suggested_after(app, json!({"valid_from": "2026-06-02T00:00:00Z", "valid_to": "2026-06-03T00:00:00Z"})).await;
        assert_eq!(texts(&set).len(), 0);
        let agent = app.key(AccessRole::Agent, &["shop"]).await;
        app.clock.advance(86_400);
        assert_eq!(texts(&agent.suggest("shop", "请问学生买有优惠吗").await), [ANSWER]);
        app.clock.advance(86_400);
        assert_eq!(texts(&agent.suggest("shop", "请问学生买有优惠吗").await).len(), 0);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn writing_is_all_or_nothing_and_twice_is_once() {
    with_app(async |app| {
        app.admin().await.post("/v1/desks", &json!({"id": "shop"})).await.expect(201);
        let editor = app.key(AccessRole::KbEditor, &["shop"]).await;
        for (change, pointer) in [
            (json!({"questions": []}), "/items/1/questions"),
            (json!({"answer": " "}), "/items/1/answer"),
            (json!({"external_id": ""}), "/items/1/external_id"),
            (json!({"status": "secret"}), "/items/1/status"),
            (json!({"colour": "red"}), "/items/1/colour"),
        ] {
            let answer = editor.put("/v1/entries", &json!({"items": [entry(json!({})), entry(change)]})).await;
            assert_eq!(answer.refused_field(), pointer);
        }
        let none = editor.get("/v1/entries?desk=shop").await.ok();
        assert_eq!(none["items"], json!([]));
        let items = json!({"items": [entry(json!({})), entry(json!({"external_id": "second"}))]});
        assert_eq!(editor.put("/v1/entries", &items).await.ok()["changed"], 2);
        assert_eq!(editor.put("/v1/entries", &items).await.ok()["changed"], 0);
        let many: Vec<Value> = (0..501).map(|number| entry(json!({"external_id": number.to_string()}))).collect();
        assert_eq!(editor.put("/v1/entries", &json!({"items": many})).await.refused_field(), "/items");
        // Pages: every entry once.
        let first = editor.get("/v1/entries?desk=shop&limit=1").await.ok();
        let next = text(&first["next_cursor"]);
        let second = editor.get(&format!("/v1/entries?desk=shop&limit=1&cursor={next}")).await.ok();
        assert_ne!(first["items"][0]["id"], second["items"][0]["id"]);
        assert!(second["next_cursor"].is_null());
        app.app.wait_until_indexed().await.unwrap();
    })
    .await;
}
