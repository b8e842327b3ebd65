//! What answers lack or get wrong: gaps, conflicts, and entries that want an editor.

use riposte::domain::AccessRole;
use serde_json::{Value, json};

use crate::support::archive::{INVOICE_ZH, Talk};
use crate::support::client::{Client, list, text};
use crate::support::{TestApp, with_app};

const LEAK: [&str; 3] = ["阁楼漏水谁来修", "阁楼漏水找谁维修呀", "请问阁楼漏水了谁来修"];

async fn find_gaps(client: &Client) -> Value {
    let job = client.post("/v1/gaps/find", &json!({"desk": "shop"})).await.expect(202);
    let job = client.follow(&job).await;
    assert_eq!((text(&job["kind"]), text(&job["state"])), ("find_gaps", "succeeded"), "{job}");
    job
}

/// Asks as the live conversation `id`.
async fn ask(client: &Client, id: &str, words: &str) -> Value {
    let conversation = json!({"id": id, "messages": [{"role": "customer", "text": words}]});
    client.post("/v1/suggestions", &json!({"desk": "shop", "conversation": conversation})).await.ok()
}

async fn publish(app: &TestApp, entry: Value) -> String {
    let admin = app.admin().await;
    let mut item = json!({"desk": "shop", "language": "zh", "status": "published", "tags": []});
    for (name, value) in entry.as_object().unwrap() {
        item[name] = value.clone();
    }
    admin.put("/v1/entries", &json!({"items": [item]})).await.ok();
    app.app.wait_until_indexed().await.unwrap();
    let entries = admin.get("/v1/entries?desk=shop&limit=200").await.ok();
    let found = list(&entries["items"]).iter().find(|found| found["external_id"] == entry["external_id"]).unwrap();
    text(&found["id"]).to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn questions_without_an_answer_become_a_gap_that_is_remembered() {
    with_app(async |app| {
        app.shop().await;
        let supervisor = app.key(AccessRole::Supervisor, &["shop"]).await;
        let list_of = async |more: &str| supervisor.get(&format!("/v1/gaps?desk=shop{more}")).await.ok();
        assert_eq!(list_of("").await["items"], json!([]));
        // Two conversations are fewer than the desk shows.
        for (number, words) in LEAK.iter().enumerate().take(2) {
            let set = ask(&supervisor, &format!("live-{number}"), words).await;
            assert_eq!(set["suggestions"], json!([]), "{set}");
        }
        find_gaps(&supervisor).await;
        assert_eq!(list_of("").await["items"], json!([]));
        let hidden = list_of("&min_customers=1").await;
        let id = text(&hidden["items"][0]["id"]).to_owned();
        app.key(AccessRole::Auditor, &["shop"]).await.get("/v1/gaps?desk=shop&min_customers=1").await.refused(403, "forbidden");
        let editor = app.key(AccessRole::KbEditor, &["shop"]).await;
        let dismissal = json!({"desk": "shop", "state": "dismissed", "why": "the landlord's matter"});
        editor.patch(&format!("/v1/gaps/{id}"), &dismissal).await.refused(404, "unknown_gap");
        // The third makes it visible, under the same id; the same words again in a conversation are no new failure.
        ask(&supervisor, "live-2", LEAK[2]).await;
        ask(&supervisor, "live-2", LEAK[2]).await;
        let job = find_gaps(&supervisor).await;
        assert_eq!((job["result"]["gaps"].as_u64(), job["result"]["kept"].as_u64()), (Some(1), Some(1)), "{job}");
        let page = list_of("").await;
        let gap = &page["items"][0];
        assert_eq!((text(&gap["id"]), text(&gap["state"])), (id.as_str(), "open"));
        assert_eq!((&gap["customers"], &gap["failures"], &gap["impact"], &gap["abstained"]), (&json!(3), &json!(3), &json!(9), &json!(3)));
        assert!(["no_knowledge", "not_our_topic"].contains(&text(&gap["cause"])), "{gap}");
        assert_eq!(list(&gap["examples"]).len(), 3);
        assert_eq!(list_of("&cause=not_found").await["items"], json!([]));
        // What editors decide stays when the ledger is computed again.
        let no_reason = editor.patch(&format!("/v1/gaps/{id}"), &json!({"desk": "shop", "state": "dismissed"})).await;
        assert_eq!(no_reason.refused_field(), "/why");
        editor.patch(&format!("/v1/gaps/{id}"), &dismissal).await.ok();
        find_gaps(&supervisor).await;
        assert_eq!(list_of("").await["items"], json!([]));
        let dismissed = list_of("&state=dismissed").await;
        assert_eq!(
            (text(&dismissed["items"][0]["id"]), text(&dismissed["items"][0]["decision"]["why"])),
            (id.as_str(), "the landlord's matter")
        );
        // An entry that answers it: resolved, until it fails again.
        let no_entry = editor.patch(&format!("/v1/gaps/{id}"), &json!({"desk": "shop", "state": "resolved"})).await;
        assert_eq!(no_entry.refused_field(), "/entry_id");
        let entry =
            publish(app, json!({"external_id": "leak", "questions": [LEAK[0]], "answer": "物业工程部会在两小时内上门维修。"})).await;
        let resolved = json!({"desk": "shop", "state": "resolved", "entry_id": entry});
        assert_eq!(editor.patch(&format!("/v1/gaps/{id}"), &resolved).await.ok()["state"], "resolved");
        find_gaps(&supervisor).await;
        let now = list_of("&state=resolved").await;
        assert_eq!(
            (text(&now["items"][0]["cause"]), text(&now["items"][0]["nearest_entry"]["id"])),
            ("not_found", entry.as_str()),
            "{now}"
        );
        app.clock.advance(60);
        let set = ask(&supervisor, "live-9", LEAK[1]).await;
        for suggestion in list(&set["suggestions"]) {
            let refusal = json!({"kind": "rejected", "reason": "wrong"});
            supervisor.post(&format!("/v1/suggestions/{}/feedback", text(&suggestion["id"])), &refusal).await.expect(204);
        }
        find_gaps(&supervisor).await;
        let again = list_of("").await;
        assert_eq!((text(&again["items"][0]["id"]), &again["items"][0]["failures"]), (id.as_str(), &json!(4)), "{again}");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn conflicts_show_both_answers_and_what_changed() {
    with_app(async |app| {
        let mut lines = String::new();
        for number in 0..4 {
            for (kind, day, answer) in [("old", 1, "签收后7天内可以申请退货。"), ("new", 20, "签收后15天内可以申请退货。")]
            {
                let talk = Talk::new(&format!("{kind}-{number}"), day + number).customer("多久之内可以退货").agent(answer);
                lines += &talk.customer("好的谢谢").line();
            }
        }
        app.import_jsonl("shop", &lines).await;
        let supervisor = app.key(AccessRole::Supervisor, &["shop"]).await;
        let job = supervisor.post("/v1/clusters/rebuild", &json!({"desk": "shop"})).await.expect(202);
        supervisor.follow(&job).await;
        let page = supervisor.get("/v1/conflicts?desk=shop").await.ok();
        let conflict = &page["items"][0];
        assert_eq!(
            (list(&page["items"]).len(), text(&conflict["kind"]), text(&conflict["disagreement"])),
            (1, "cluster", "superseded"),
            "{page}"
        );
        assert!(text(&conflict["one"]["text"]).contains("7天") && text(&conflict["other"]["text"]).contains("15天"), "the older one first");
        assert_eq!((&conflict["one"]["support"], &conflict["customers"], &conflict["impact"]), (&json!(4), &json!(8), &json!(32)));
        assert!(!list(&conflict["one"]["pair_ids"]).is_empty());
        // An entry that says what agents no longer say.
        let entry =
            publish(app, json!({"external_id": "return", "questions": ["多久之内可以退货"], "answer": "签收后30天内可以申请退货。"})).await;
        let page = supervisor.get("/v1/conflicts?desk=shop").await.ok();
        let of_entry = list(&page["items"]).iter().find(|conflict| conflict["kind"] == "entry").unwrap();
        assert_eq!((text(&of_entry["id"]), &of_entry["other"]["support"]), (entry.as_str(), &json!(4)));
        assert_eq!(list(&of_entry["other"]["pair_ids"]).len(), 4);
        assert_eq!(supervisor.get("/v1/worklists?desk=shop").await.ok()["conflicts"], 2);
        // One that agrees with one of the practices is in conflict with the other only.
        publish(app, json!({"external_id": "return", "questions": ["多久之内可以退货"], "answer": "签收后15天之内都能退。"})).await;
        let page = supervisor.get("/v1/conflicts?desk=shop").await.ok();
        let against: Vec<&str> =
            list(&page["items"]).iter().filter(|one| one["kind"] == "entry").map(|one| text(&one["other"]["text"])).collect();
        assert_eq!(against, ["签收后7天内可以申请退货。"]);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn entries_that_want_an_editor_are_listed() {
    with_app(async |app| {
        app.shop().await;
        app.show_everything("shop").await;
        let supervisor = app.key(AccessRole::Supervisor, &["shop"]).await;
        let counts = async || supervisor.get("/v1/worklists?desk=shop").await.ok();
        assert_eq!(counts().await, json!({"stale": 0, "thin": 0, "rejected": 0, "gaps": 0, "conflicts": 0}));
        let thin = publish(app, json!({"external_id": "leak", "questions": ["阁楼漏水谁来修"], "answer": "工程部。"})).await;
        let over = publish(
            app,
            json!({"external_id": "sale", "questions": ["夏季促销到几号"], "answer": INVOICE_ZH, "valid_to": "2020-01-01T00:00:00Z"}),
        )
        .await;
        let stale = supervisor.get("/v1/worklists/stale?desk=shop").await.ok();
        assert_eq!(
            (text(&stale["items"][0]["entry_id"]), &stale["items"][0]["reasons"]),
            (over.as_str(), &json!(["past_validity"])),
            "{stale}"
        );
        // Agents take the short answer and write it out; two uses prove nothing yet.
        let fuller = "工程部的同事会在两小时内上门维修，您不用另外付费。";
        for number in 0..3 {
            assert_eq!(counts().await["thin"], 0);
            let set = ask(&supervisor, &format!("live-{number}"), "阁楼漏水谁来修").await;
            let of_entry = |suggestion: &&Value| list(&suggestion["evidence"]).iter().any(|evidence| evidence["id"] == thin.as_str());
            let suggestion = list(&set["suggestions"]).iter().find(of_entry).unwrap();
            let edited = json!({"kind": "edited", "final_text": format!("{fuller}{}", "请".repeat(2 - number))});
            supervisor.post(&format!("/v1/suggestions/{}/feedback", text(&suggestion["id"])), &edited).await.expect(204);
        }
        let page = supervisor.get("/v1/worklists/thin?desk=shop").await.ok();
        let item = &page["items"][0];
        assert_eq!(
            (text(&item["entry_id"]), &item["used"], &item["edited"], text(&item["fuller"])),
            (thin.as_str(), &json!(3), &json!(3), format!("{fuller}请请").as_str())
        );
        assert_eq!(counts().await["thin"], 1);
        supervisor.get("/v1/worklists/other?desk=shop").await.refused(422, "invalid_parameter");
        // Pages hold every item once.
        let first = supervisor.get("/v1/worklists/stale?desk=shop&limit=1").await.ok();
        assert_eq!((list(&first["items"]).len(), &first["next_cursor"]), (1, &Value::Null));
    })
    .await;
}
