//! People decide about clusters: what they decide holds, is remembered, can be taken back, and is never overwritten unseen.

use std::collections::BTreeMap;

use riposte::domain::AccessRole;
use serde_json::{Value, json};

use crate::support::archive::{INVOICE_ZH, RETURN_ZH, Talk};
use crate::support::client::{Client, list, text};
use crate::support::{TestApp, with_app};

/// An editor of the shop, its clusters having been made.
async fn editor(app: &TestApp) -> Client {
    app.shop().await;
    rebuild(app).await;
    app.key(AccessRole::KbEditor, &["shop"]).await
}

async fn rebuild(app: &TestApp) -> Value {
    let admin = app.admin().await;
    let job = admin.post("/v1/clusters/rebuild", &json!({"desk": "shop"})).await.expect(202);
    let job = admin.follow(&job).await;
    assert_eq!(job["state"], "succeeded", "{job}");
    job["result"].clone()
}

async fn clusters(client: &Client) -> Vec<Value> {
    list(&client.get("/v1/clusters?desk=shop").await.ok()["items"]).to_vec()
}

async fn about(client: &Client, word: &str) -> Value {
    clusters(client).await.into_iter().find(|cluster| text(&cluster["representative"]).contains(word)).unwrap()
}

async fn show(client: &Client, id: &Value) -> Value {
    client.get(&format!("/v1/clusters/{}?desk=shop", text(id))).await.ok()
}

fn seen(cluster: &Value) -> Value {
    json!({"id": cluster["id"], "version": cluster["version"]})
}

fn questions(cluster: &Value) -> Vec<&str> {
    let mut questions: Vec<&str> = list(&cluster["members"]).iter().map(|member| text(&member["question"])).collect();
    questions.sort_unstable();
    questions
}

fn pair_ids(cluster: &Value, count: usize) -> Vec<Value> {
    list(&cluster["members"]).iter().take(count).map(|member| member["pair_id"].clone()).collect()
}

fn at(client: &Client, cluster: &Value) -> Client {
    client.with("if-match", &format!("\"{}\"", cluster["version"]))
}

async fn patch(client: &Client, cluster: &Value, mut change: Value) -> crate::support::client::Answer {
    change["desk"] = json!("shop");
    at(client, cluster).patch(&format!("/v1/clusters/{}", text(&cluster["id"])), &change).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_decision_names_the_version_it_is_made_to() {
    with_app(async |app| {
        let editor = editor(app).await;
        let invoice = about(&editor, "发票").await;
        assert_eq!((&invoice["state"], &invoice["version"], &invoice["renamed"]), (&json!("open"), &json!(1), &json!(false)));
        let path = format!("/v1/clusters/{}", text(&invoice["id"]));
        editor.patch(&path, &json!({"desk": "shop", "state": "approved"})).await.refused(428, "if_match_required");
        let answer = patch(&editor, &invoice, json!({"state": "approved", "name": " 开发票 "})).await;
        assert_eq!(answer.headers["etag"], "\"2\"");
        let approved = answer.ok();
        assert_eq!((&approved["state"], &approved["name"], &approved["renamed"]), (&json!("approved"), &json!("开发票"), &json!(true)));
        // The second editor has seen version 1.
        let problem = patch(&editor, &invoice, json!({"name": "Rechnung"})).await.refused(412, "version_mismatch");
        assert!(text(&problem["detail"]).contains("present version is 2"), "{problem}");
        let shown = show(&editor, &invoice["id"]).await;
        assert_eq!((&shown["name"], &shown["version"]), (&json!("开发票"), &json!(2)));
        assert!(list(&shown["members"]).iter().all(|member| member["fixed"] == json!(true)));
        // Bad values say what is expected.
        for (change, field) in [
            (json!({}), ""),
            (json!({"state": "dismissed"}), "/dismissed_why"),
            (json!({"state": "snoozed"}), "/snoozed_until"),
            (json!({"state": "snoozed", "snoozed_until": "2020-01-01T00:00:00Z"}), "/snoozed_until"),
            (json!({"state": "open", "dismissed_why": "why"}), "/dismissed_why"),
            (json!({"name": "x".repeat(201)}), "/name"),
        ] {
            assert_eq!(patch(&editor, &shown, change.clone()).await.refused_field(), field, "{change}");
        }
        let back = patch(&editor, &shown, json!({"name": ""})).await.ok();
        assert_eq!((&back["name"], &back["renamed"]), (&invoice["name"], &json!(false)));
        // Auditors read decisions and take none.
        let auditor = app.key(AccessRole::Auditor, &["shop"]).await;
        patch(&auditor, &back, json!({"state": "open"})).await.refused(403, "forbidden");
        let decisions = auditor.get("/v1/clusters/decisions?desk=shop").await.ok();
        let kinds: Vec<&str> = list(&decisions["items"]).iter().map(|decision| text(&decision["kind"])).collect();
        assert_eq!(kinds, ["rename", "approve"]);
        assert_eq!(decisions["items"][1]["detail"], json!({"name": "开发票"}));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_snooze_ends_by_itself() {
    with_app(async |app| {
        let editor = editor(app).await;
        let invoice = about(&editor, "发票").await;
        let now = app.app.store.desks().await.unwrap()[0].created_at;
        let until = riposte::domain::Timestamp::plus_seconds(now, 3600).to_string();
        patch(&editor, &invoice, json!({"state": "snoozed", "snoozed_until": until})).await.ok();
        let open = async || clusters_in(&editor, "open").await.contains(&invoice["id"]);
        assert!(!open().await && clusters_in(&editor, "snoozed").await == [invoice["id"].clone()]);
        app.clock.advance(3601);
        assert!(open().await && clusters_in(&editor, "snoozed").await.is_empty());
        assert_eq!(show(&editor, &invoice["id"]).await["state"], "open");
    })
    .await;
}

async fn clusters_in(client: &Client, state: &str) -> Vec<Value> {
    let page = client.get(&format!("/v1/clusters?desk=shop&state={state}")).await.ok();
    list(&page["items"]).iter().map(|cluster| cluster["id"].clone()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn merges_splits_and_moves_hold_through_a_rebuild_and_can_be_taken_back() {
    with_app(async |app| {
        let editor = editor(app).await;
        let (invoice, dispatch) = (about(&editor, "发票").await, about(&editor, "发货").await);
        let size = |cluster: &Value| cluster["size"].as_u64().unwrap();
        let before = clusters(&editor).await.len();
        let dispatched = questions(&show(&editor, &dispatch["id"]).await).into_iter().map(str::to_owned).collect::<Vec<_>>();
        // Merged: one cluster with all questions, the other gone.
        let merge = json!({"desk": "shop", "into": seen(&invoice), "from": [seen(&dispatch)]});
        let merged = editor.post("/v1/clusters/merge", &merge).await.ok();
        let together = size(&invoice) + size(&dispatch);
        assert_eq!((&merged["id"], size(&merged), &merged["version"]), (&invoice["id"], together, &json!(2)));
        editor.get(&format!("/v1/clusters/{}?desk=shop", text(&dispatch["id"]))).await.refused(404, "unknown_cluster");
        editor.post("/v1/clusters/merge", &merge).await.refused(404, "unknown_cluster");
        let whole = show(&editor, &invoice["id"]).await;
        let all = questions(&whole);
        assert_eq!(all.len() as u64, together);
        let result = rebuild(app).await;
        assert_eq!((&result["kept"], &result["gone"]), (&json!(before - 1), &json!(0)), "{result}");
        assert_eq!(questions(&show(&editor, &invoice["id"]).await), all);
        // Split: the parts are proposed, and one of them is what had been merged in.
        let parts = editor.get(&format!("/v1/clusters/{}/split?desk=shop", text(&invoice["id"]))).await.ok();
        let part = list(&parts).iter().find(|part| questions(part) == dispatched).unwrap_or_else(|| panic!("{parts}"));
        let out = pair_ids(part, dispatched.len());
        let path = format!("/v1/clusters/{}/split", text(&invoice["id"]));
        let stays = editor.with("if-match", "\"2\"");
        let everything = json!({"desk": "shop", "members": pair_ids(&whole, all.len())});
        assert_eq!(stays.post(&path, &everything).await.refused_field(), "/members");
        let split = stays.post(&path, &json!({"desk": "shop", "members": out, "name": "the other"})).await.ok();
        let (rest, part) = (&split["items"][0], &split["items"][1]);
        assert_eq!((size(rest), size(part), &part["name"]), (size(&invoice), size(&dispatch), &json!("the other")));
        rebuild(app).await;
        let part = show(&editor, &part["id"]).await;
        assert_eq!((list(&part["members"]).len(), &part["name"]), (dispatched.len(), &json!("the other")));
        // Moved out of all clusters: it stays outside.
        let rest = show(&editor, &invoice["id"]).await;
        let lonely = pair_ids(&rest, 1);
        let moved = at(&editor, &rest)
            .post(&format!("/v1/clusters/{}/move", text(&rest["id"])), &json!({"desk": "shop", "members": lonely}))
            .await
            .ok();
        assert_eq!(size(&moved["items"][0]), size(&invoice) - 1);
        rebuild(app).await;
        let outliers = app.admin().await.get("/v1/clusters/outliers?desk=shop").await.ok();
        assert!(
            list(&outliers["items"]).iter().any(|member| member["pair_id"] == lonely[0] && member["fixed"] == json!(true)),
            "{outliers}"
        );
        // Taken back, latest first.
        let decisions = editor.get("/v1/clusters/decisions?desk=shop").await.ok();
        let ids: Vec<&str> = list(&decisions["items"]).iter().map(|decision| text(&decision["id"])).collect();
        assert_eq!(ids.len(), 3);
        let undo = async |id: &str| editor.post(&format!("/v1/clusters/decisions/{id}/undo?desk=shop"), &json!({})).await;
        let problem = undo(ids[2]).await.refused(409, "not_latest_decision");
        assert!(text(&problem["detail"]).contains(ids[1]) || text(&problem["detail"]).contains(ids[0]), "{problem}");
        for id in &ids {
            undo(id).await.ok();
        }
        undo(ids[0]).await.refused(409, "not_undoable");
        let again = show(&editor, &dispatch["id"]).await;
        assert_eq!((size(&again), questions(&again)), (size(&dispatch), dispatched.iter().map(String::as_str).collect()));
        assert_eq!(size(&show(&editor, &invoice["id"]).await), size(&invoice));
        assert_eq!(clusters(&editor).await.len(), before);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dismissed_topic_does_not_come_back_and_new_questions_join() {
    with_app(async |app| {
        let editor = editor(app).await;
        let answered = async |answer: &str| {
            let with = |cluster: &Value| list(&cluster["answers"]).iter().any(|given| given["text"] == answer);
            clusters(&editor).await.into_iter().find(with).unwrap()
        };
        let (invoice, returns) = (answered(INVOICE_ZH).await, answered(RETURN_ZH).await);
        patch(&editor, &invoice, json!({"state": "dismissed", "dismissed_why": "answered by the bot"})).await.ok();
        let before = clusters(&editor).await.len();
        // As they arrive, without a rebuild.
        let mut lines = String::new();
        for (number, (question, answer)) in [
            ("请问电子发票怎么开", INVOICE_ZH),
            ("发票在哪里可以开呀", INVOICE_ZH),
            ("想开发票，怎么申请", INVOICE_ZH),
            ("外套不合适想退货，怎么操作", RETURN_ZH),
        ]
        .iter()
        .enumerate()
        {
            lines += &Talk::new(&format!("new-{number}"), 9).customer(question).agent(answer).line();
        }
        app.import_jsonl("shop", &lines).await;
        let sizes = async || {
            let mut sizes = BTreeMap::new();
            for id in [&invoice["id"], &returns["id"]] {
                let shown = show(&editor, id).await;
                assert_eq!(shown["size"].as_u64(), Some(list(&shown["members"]).len() as u64));
                sizes.insert(text(id).to_owned(), shown["size"].as_u64().unwrap());
            }
            sizes
        };
        let joined = sizes().await;
        let grown = |cluster: &Value, by: u64| cluster["size"].as_u64().unwrap() + by;
        assert_eq!((joined[text(&invoice["id"])], joined[text(&returns["id"])]), (grown(&invoice, 3), grown(&returns, 1)), "{joined:?}");
        rebuild(app).await;
        assert_eq!(sizes().await[text(&invoice["id"])], grown(&invoice, 3));
        assert_eq!(clusters(&editor).await.len(), before, "no second cluster of the dismissed topic");
        let shown = show(&editor, &invoice["id"]).await;
        assert_eq!((&shown["state"], &shown["dismissed_why"]), (&json!("dismissed"), &json!("answered by the bot")));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_data_twice_gives_the_same_clusters() {
    with_app(async |app| {
        let editor = editor(app).await;
        let snapshot = async || {
            let mut found = Vec::new();
            for cluster in clusters(&editor).await {
                found.push(show(&editor, &cluster["id"]).await);
            }
            found
        };
        let first = snapshot().await;
        let result = rebuild(app).await;
        assert_eq!((&result["kept"], &result["gone"]), (&result["clusters"], &json!(0)));
        assert_eq!(snapshot().await, first);
    })
    .await;
}

/// Two editors, 1,000 decisions each way at the same time: each is either refused as made to an old version, or holds.
#[tokio::test(flavor = "multi_thread")]
async fn two_editors_at_once_lose_no_update_and_break_no_count() {
    const ROUNDS: usize = 500;
    with_app(async |app| {
        let editors = [editor(app).await, app.key(AccessRole::Supervisor, &["shop"]).await];
        let total: u64 = clusters(&editors[0]).await.iter().map(|cluster| cluster["size"].as_u64().unwrap()).sum();
        let work = async |client: &Client, number: usize| {
            let mut done = Vec::new();
            for round in 0..ROUNDS {
                let known = clusters(client).await;
                let at = |place: usize| &known[place % known.len()];
                let target = at(round * 7 + number);
                let name = format!("name {number}-{round}");
                let answer = match round % 5 {
                    0 if known.len() > 2 => {
                        let other = at(round * 7 + number + 1);
                        client.post("/v1/clusters/merge", &json!({"desk": "shop", "into": seen(target), "from": [seen(other)]})).await
                    }
                    1 => {
                        let whole = client.get(&format!("/v1/clusters/{}?desk=shop", text(&target["id"]))).await;
                        if whole.status == 404 {
                            continue;
                        }
                        let members = pair_ids(&whole.ok(), 3);
                        let path = format!("/v1/clusters/{}/split", text(&target["id"]));
                        super::curation::at(client, target).post(&path, &json!({"desk": "shop", "members": members, "name": name})).await
                    }
                    _ => patch(client, target, json!({"name": name})).await,
                };
                match answer.status {
                    200 => done.push(name),
                    404 | 412 | 422 => {}
                    other => panic!("{other}: {}", answer.text),
                }
            }
            done
        };
        let (a, b) = tokio::join!(work(&editors[0], 0), work(&editors[1], 1));
        assert!(!a.is_empty() && !b.is_empty(), "both got something done");
        // Every acknowledged decision is in the history, and none else.
        let admin = app.admin().await;
        let mut kept = Vec::new();
        let mut path = "/v1/clusters/decisions?desk=shop&limit=200".to_owned();
        loop {
            let page = admin.get(&path).await.ok();
            kept.extend(list(&page["items"]).to_vec());
            match page["next_cursor"].as_str() {
                Some(next) => path = format!("/v1/clusters/decisions?desk=shop&limit=200&cursor={next}"),
                None => break,
            }
        }
        assert_eq!(kept.len(), a.len() + b.len());
        // The last name that was given is the one that stands, and no question is lost or counted twice.
        let mut questions = 0;
        for cluster in clusters(&admin).await {
            let whole = show(&admin, &cluster["id"]).await;
            assert_eq!(whole["size"].as_u64().unwrap(), list(&whole["members"]).len() as u64);
            questions += list(&whole["members"]).len() as u64;
            let last = kept.iter().find(|decision| decision["kind"] == "rename" && list(&decision["clusters"]).contains(&cluster["id"]));
            let made =
                kept.iter().find(|decision| decision["kind"] == "split" && list(&decision["clusters"]).last() == Some(&cluster["id"]));
            match (last, made) {
                (Some(last), _) => assert_eq!(cluster["name"], last["detail"]["name"]),
                (None, Some(_)) => assert_eq!(cluster["renamed"], json!(true)),
                (None, None) => assert_eq!(cluster["renamed"], json!(false)),
            }
        }
        assert_eq!(questions, total);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cluster_becomes_an_entry_that_is_suggested_at_once() {
    with_app(async |app| {
        let editor = editor(app).await;
        let invoice = about(&editor, "发票").await;
        assert_eq!(invoice["coverage"], Value::Null);
        let path = format!("/v1/clusters/{}/promote", text(&invoice["id"]));
        let body = json!({"desk": "shop", "status": "published", "tags": ["发票"], "note": "asked every day"});
        editor.post(&path, &body).await.refused(428, "if_match_required");
        editor.with("if-match", "\"7\"").post(&path, &body).await.refused(412, "version_mismatch");
        let foreign = json!({"desk": "shop", "answer_pair": "0192f0c1-a2b3-8c4d-8e5f-60718293a4b7"});
        assert_eq!(at(&editor, &invoice).post(&path, &foreign).await.refused_field(), "/answer_pair");
        let answer = at(&editor, &invoice).post(&path, &body).await;
        let made = answer.expect(201);
        assert_eq!(answer.headers["etag"], "\"2\"");
        let entry = &made["entry"];
        assert_eq!((&entry["answer"], &entry["questions"][0]), (&json!(INVOICE_ZH), &invoice["representative"]));
        assert_eq!((list(&entry["questions"]).len(), list(&entry["provenance"]["pairs"]).len()), (3, 3));
        assert_eq!((&entry["provenance"]["cluster"], &entry["indexed"]), (&invoice["id"], &json!(true)));
        let cluster = &made["cluster"];
        assert_eq!((&cluster["state"], &cluster["coverage"]["covered"]), (&json!("approved"), &json!(true)));
        assert_eq!(cluster["coverage"]["entry_id"], entry["id"]);
        let set = editor.suggest("shop", "发票怎么开呢").await;
        assert_eq!((&set["suggestions"][0]["pool"], &set["suggestions"][0]["text"]), (&json!("knowledge"), &json!(INVOICE_ZH)), "{set}");
        // Made once; a second time needs the editor's word.
        at(&editor, cluster).post(&path, &body).await.refused(409, "near_duplicate");
        let again = at(&editor, cluster)
            .post(&format!("{path}?on_duplicate=list"), &json!({"desk": "shop", "answer": "新的答复"}))
            .await
            .expect(201);
        assert_eq!((&again["entry"]["status"], &again["entry"]["answer"]), (&json!("draft"), &json!("新的答复")));
        assert_eq!(again["entry"]["near_duplicates"][0]["entry"], entry["id"]);
        let covered = editor.get("/v1/clusters?desk=shop&covered=true").await.ok();
        assert_eq!(list(&covered["items"]).len(), 1);
    })
    .await;
}
