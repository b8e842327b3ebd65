//! The life of an entry through the API: versions, two editors at once, what is suggested when, near-duplicates, answers for a bot.

use riposte::domain::AccessRole;
use riposte::embed::{Embedder, Lane, TextKind};
use riposte::eval::lessons::of_entries;
use riposte::eval::workbench::EntryText;
use riposte::knowledge::duplicates::NEAR_DUPLICATE_COSINE;
use riposte::knowledge::{KnowledgeFormat, exchange};
use serde_json::{Value, json};

use crate::support::client::{Client, list, text, texts};
use crate::support::{TestApp, with_app};

const QUESTION: &str = "学生有优惠吗";
const ANSWER: &str = "学生认证后全场九折，在会员中心上传学生证即可。";

async fn editor(app: &TestApp) -> Client {
    app.admin().await.post("/v1/desks", &json!({"id": "shop"})).await.expect(201);
    app.key(AccessRole::KbEditor, &["shop"]).await
}

fn new(change: Value) -> Value {
    let mut entry = json!({"desk": "shop", "questions": [QUESTION], "answer": ANSWER});
    for (name, value) in change.as_object().unwrap() {
        entry[name] = value.clone();
    }
    entry
}

/// Makes an entry; its address.
async fn made(editor: &Client, change: Value) -> String {
    let answer = editor.post("/v1/entries", &new(change)).await;
    answer.expect(201);
    answer.headers["location"].to_str().unwrap().to_owned()
}

async fn change(editor: &Client, address: &str, version: u64, patch: Value) -> crate::support::client::Answer {
    editor.with("if-match", &format!("\"{version}\"")).patch(address, &patch).await
}

#[tokio::test(flavor = "multi_thread")]
async fn an_entry_is_edited_version_by_version() {
    with_app(async |app| {
        let editor = editor(app).await;
        let answer = editor.post("/v1/entries", &new(json!({"owner": "运营组", "note": "asked daily"}))).await;
        let entry = answer.expect(201);
        assert_eq!(answer.headers["etag"], "\"1\"");
        assert_eq!((text(&entry["status"]), entry["version"].as_u64(), text(&entry["created_by"])), ("draft", Some(1), "test"));
        let address = answer.headers["location"].to_str().unwrap().to_owned();
        let shown = editor.get(&address).await;
        assert_eq!((shown.ok()["external_id"].clone(), &shown.headers["etag"]), (entry["external_id"].clone(), &answer.headers["etag"]));

        editor.patch(&address, &json!({"tags": ["优惠"]})).await.refused(428, "if_match_required");
        editor.with("if-match", "*").patch(&address, &json!({"tags": ["优惠"]})).await.refused(428, "if_match_required");
        let second = change(&editor, &address, 1, json!({"tags": ["优惠"], "owner": null, "note": "tagged"})).await;
        assert_eq!((second.ok()["version"].as_u64(), &second.headers["etag"]), (Some(2), &"\"2\"".parse().unwrap()));
        assert_eq!((&second.ok()["owner"], &second.ok()["answer"]), (&Value::Null, &json!(ANSWER)));
        let refused = change(&editor, &address, 1, json!({"answer": "八折"})).await.refused(412, "version_mismatch");
        assert!(text(&refused["detail"]).contains("present version is 2"), "{refused}");
        assert_eq!(change(&editor, &address, 2, json!({"questions": [" "]})).await.refused_field(), "/questions");
        assert_eq!(change(&editor, &address, 2, json!({"status": "published", "answer": ""})).await.refused_field(), "/answer");
        let backwards = json!({"valid_from": "2026-06-02T00:00:00Z", "valid_to": "2026-06-01T00:00:00Z"});
        assert_eq!(change(&editor, &address, 2, backwards).await.refused_field(), "/valid_to");
        // Nothing changes: no version.
        assert_eq!(change(&editor, &address, 2, json!({"tags": ["优惠"]})).await.ok()["version"], 2);
        change(&editor, &address, 2, json!({"answer": "学生认证后全场八五折，在会员中心上传学生证即可。"})).await.ok();

        let (path, query) = address.split_once('?').unwrap();
        let versions = editor.get(&format!("{path}/versions?{query}")).await.ok();
        let told: Vec<_> = list(&versions["items"]).iter().map(|version| (version["version"].as_u64().unwrap(), &version["note"])).collect();
        assert_eq!(told, [(3, &Value::Null), (2, &json!("tagged")), (1, &json!("asked daily"))]);
        let page = editor.get(&format!("{path}/versions?{query}&limit=2")).await.ok();
        let rest = editor.get(&format!("{path}/versions?{query}&limit=2&cursor={}", text(&page["next_cursor"]))).await.ok();
        assert_eq!((list(&rest["items"]).len(), &rest["items"][0]["owner"]), (1, &json!("运营组")));
        assert_eq!(editor.get(&format!("{path}/versions/1?{query}")).await.ok()["answer"], ANSWER);
        editor.get(&format!("{path}/versions/9?{query}")).await.refused(404, "unknown_version");
        let diff = editor.get(&format!("{path}/diff?{query}&from=1&to=3")).await.ok();
        let fields: Vec<&str> = list(&diff["fields"]).iter().map(|field| text(&field["field"])).collect();
        assert_eq!(fields, ["answer", "tags", "owner"]);
        let pieces = &diff["fields"][0]["pieces"];
        assert!(list(pieces).iter().any(|piece| piece["kind"] == "added" && text(&piece["text"]).contains('五')), "{pieces}");

        editor.with("if-match", "\"2\"").post(&format!("{path}/rollback?{query}"), &json!({"version": 1})).await.refused(412, "version_mismatch");
        let back = editor.with("if-match", "\"3\"").post(&format!("{path}/rollback?{query}"), &json!({"version": 1})).await.ok();
        assert_eq!((back["version"].as_u64(), &back["owner"], &back["answer"]), (Some(4), &json!("运营组"), &json!(ANSWER)));
        // Writing in bulk loses nothing either.
        let put = json!({"desk": "shop", "external_id": entry["external_id"], "language": "zh", "status": "retired", "questions": ["q"], "answer": "a"});
        assert_eq!(editor.put("/v1/entries", &json!({"items": [put]})).await.ok()["changed"], 1);
        let versions = editor.get(&format!("{path}/versions?{query}")).await.ok();
        assert_eq!((list(&versions["items"]).len(), &versions["items"][1]["answer"]), (5, &json!(ANSWER)));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn two_editors_of_one_entry_lose_no_update() {
    with_app(async |app| {
        let editor = editor(app).await;
        let address = made(&editor, json!({})).await;
        let (one, two) =
            futures::join!(change(&editor, &address, 1, json!({"answer": "一"})), change(&editor, &address, 1, json!({"answer": "二"})));
        let mut statuses = [one.status, two.status];
        statuses.sort_unstable();
        assert_eq!(statuses, [200, 412], "the second one is told");
        // Both go on until each of their changes is in.
        let work = async |name: &str| {
            for round in 0..10 {
                loop {
                    let entry = editor.get(&address).await.ok();
                    let mut tags = list(&entry["tags"]).to_vec();
                    tags.push(json!(format!("{name}-{round}")));
                    let answer = change(&editor, &address, entry["version"].as_u64().unwrap(), json!({"tags": tags})).await;
                    if answer.status == 200 {
                        break;
                    }
                    answer.refused(412, "version_mismatch");
                }
            }
        };
        futures::join!(work("li"), work("mei"));
        let entry = editor.get(&address).await.ok();
        assert_eq!((list(&entry["tags"]).len(), entry["version"].as_u64()), (20, Some(22)));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_published_is_suggested_from_the_answer_on_and_what_is_retired_no_longer() {
    with_app(async |app| {
        let editor = editor(app).await;
        app.show_everything("shop").await;
        let agent = app.key(AccessRole::Agent, &["shop"]).await;
        let suggested = async || texts(&agent.suggest("shop", "请问学生买有优惠吗").await).contains(&ANSWER);
        let address = made(&editor, json!({})).await;
        assert!(!suggested().await, "a draft");
        // No waiting in between: the answer to the change waits for the index itself.
        for version in [1, 3, 5] {
            let published = change(&editor, &address, version, json!({"status": "published"})).await.ok();
            assert_eq!(published["indexed"], true);
            assert!(suggested().await, "published");
            let retired = change(&editor, &address, version + 1, json!({"status": "retired"})).await.ok();
            assert_eq!(retired["indexed"], true);
            assert!(!suggested().await, "retired");
        }
        let back = json!({"version": 2});
        let (path, query) = address.split_once('?').unwrap();
        editor.with("if-match", "\"7\"").post(&format!("{path}/rollback?{query}"), &back).await.ok();
        assert!(suggested().await, "rolled back to a published version");
        let until = json!({"valid_to": "2026-06-01T01:00:00Z"});
        change(&editor, &address, 8, until).await.ok();
        assert!(suggested().await, "still valid");
        app.clock.advance(3_600);
        assert!(!suggested().await, "no longer valid");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn entries_that_ask_the_same_are_named_or_refuse_the_new_one() {
    with_app(async |app| {
        let editor = editor(app).await;
        made(&editor, json!({"external_id": "published", "status": "published"})).await;
        made(&editor, json!({"external_id": "draft", "questions": ["学生买有没有优惠"], "answer": "没有优惠。"})).await;
        made(&editor, json!({"external_id": "retired", "status": "retired", "questions": ["学生有优惠么"]})).await;
        made(
            &editor,
            json!({"external_id": "other", "status": "published", "questions": ["怎么修改收货地址"], "answer": "发货前在订单页修改。"}),
        )
        .await;
        let same = new(json!({"external_id": "new", "questions": ["学生有没有优惠", "学生有优惠吗？"]}));
        let refused = editor.post("/v1/entries?on_duplicate=refuse", &same).await.refused(409, "near_duplicate");
        assert_eq!(list(&refused["errors"]).len(), 2, "{refused}");
        let created = editor.post("/v1/entries", &same).await.expect(201);
        let near = list(&created["near_duplicates"]);
        let mut named: Vec<(&str, bool)> = near.iter().map(|near| (text(&near["external_id"]), near["same_answer"] == true)).collect();
        named.sort_unstable();
        assert_eq!(named, [("draft", false), ("published", true)], "{created}");
        assert!(near.iter().all(|near| near["similarity"].as_f64().is_some_and(|similarity| (0.5..=1.0).contains(&similarity))));
        assert!(near.windows(2).all(|pair| pair[0]["similarity"].as_f64() >= pair[1]["similarity"].as_f64()));

        let ask = |questions: Value, except: Value| json!({"desk": "shop", "questions": questions, "except": except});
        let found = editor.post("/v1/entries/duplicates", &ask(json!(["学生有优惠吗"]), created["id"].clone())).await.ok();
        let mut named: Vec<&str> = list(&found["items"]).iter().map(|near| text(&near["external_id"])).collect();
        named.sort_unstable();
        assert_eq!(named, ["draft", "published"]);
        let found = editor.post("/v1/entries/duplicates", &ask(json!(["你们几点下班"]), Value::Null)).await.ok();
        assert_eq!(found["items"], json!([]));
        assert_eq!(editor.post("/v1/entries/duplicates", &ask(json!([]), Value::Null)).await.refused_field(), "/questions");
        editor.post("/v1/entries", &new(json!({"external_id": "draft"}))).await.refused(409, "entry_exists");
    })
    .await;
}

/// What the threshold finds and what it lets pass, on our own entries: another wording of an entry's question, against those of other entries.
#[tokio::test(flavor = "multi_thread")]
async fn the_threshold_of_near_duplicates_parts_wordings_from_other_questions() {
    with_app(async |app| {
        let demo = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("knowledge/demo");
        let (mut found, mut wordings, mut false_ones, mut others) = ([0; 8], 0, [0; 8], 0);
        let threshold = |step: usize| 0.6 + 0.05 * step as f32;
        for desk in ["shop", "bank", "education"] {
            let entries = exchange::read(&demo.join(desk).join("entries"), KnowledgeFormat::Md, None).unwrap().entries;
            let texts: Vec<String> = entries.iter().flat_map(|entry| entry.content.questions.iter().cloned()).collect();
            let owner: Vec<usize> = entries.iter().enumerate().flat_map(|(at, entry)| vec![at; entry.content.questions.len()]).collect();
            let vectors = app.app.embedder.embed(texts, TextKind::Query, Lane::Bulk).await.unwrap();
            for (at, asked) in vectors.iter().enumerate() {
                let nearest = |own: bool| {
                    let others = (0..vectors.len()).filter(|&other| {
                        let same_language = entries[owner[other]].content.language == entries[owner[at]].content.language;
                        other != at && same_language && (owner[other] == owner[at]) == own
                    });
                    others
                        .map(|other| riposte::retrieve::encode::dot(&asked.vector, &vectors[other].vector))
                        .fold(None, |best: Option<f32>, now| Some(best.map_or(now, |best| best.max(now))))
                };
                if let Some(own) = nearest(true) {
                    wordings += 1;
                    (0..8).filter(|&step| own >= threshold(step)).for_each(|step| found[step] += 1);
                }
                if let Some(other) = nearest(false) {
                    others += 1;
                    (0..8).filter(|&step| other >= threshold(step)).for_each(|step| false_ones[step] += 1);
                }
            }
        }
        for step in 0..8 {
            eprintln!(
                "cosine {:.2}: {}/{wordings} wordings found, {}/{others} other questions taken for the same",
                threshold(step),
                found[step],
                false_ones[step]
            );
        }
        let at = (0..8).find(|&step| (threshold(step) - NEAR_DUPLICATE_COSINE).abs() < 0.01).unwrap();
        assert!(f64::from(found[at]) >= 0.4 * f64::from(wordings), "found {} of {wordings}", found[at]);
        assert!(f64::from(false_ones[at]) <= 0.15 * f64::from(others), "false {} of {others}", false_ones[at]);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bot_is_answered_from_knowledge_alone_or_told_why_not() {
    with_app(async |app| {
        app.shop().await;
        let editor = app.key(AccessRole::KbEditor, &["shop"]).await;
        made(&editor, json!({"external_id": "student", "status": "published", "questions": [QUESTION, "学生证可以打折吗"]})).await;
        let bot = app.key(AccessRole::Agent, &["shop"]).await;
        let set = bot.post("/v1/answers", &json!({"desk": "shop", "question": QUESTION, "limit": 1})).await.ok();
        let best = &set["answers"][0];
        assert_eq!((text(&best["text"]), list(&set["answers"]).len()), (ANSWER, 1), "{set}");
        assert!(best["score"].as_f64().is_some_and(|score| (0.0..=1.0).contains(&score)));
        let entry = editor.get("/v1/entries?desk=shop&q=学生证").await.ok();
        assert_eq!(best["entry"], entry["items"][0]["id"]);
        assert_eq!((&best["evidence"][0]["kind"], &best["evidence"][0]["question"]), (&json!("entry"), &json!(QUESTION)));
        assert!(set["abstained"].is_null());
        bot.post(&format!("/v1/suggestions/{}/feedback", text(&best["id"])), &json!({"kind": "sent"})).await.expect(204);
        // The archive answers agents, never the bot.
        let question = "衣服尺码小了，可以退货吗？";
        assert!(!texts(&bot.suggest("shop", question).await).is_empty());
        app.show_everything("shop").await;
        let set = bot.post("/v1/answers", &json!({"desk": "shop", "question": question, "limit": 20})).await.ok();
        assert!(list(&set["answers"]).iter().all(|answer| answer["text"] == ANSWER), "{set}");
        let settings = json!({"threshold": null});
        app.admin().await.patch("/v1/desks/shop/settings", &settings).await.ok();
        let set = bot.post("/v1/answers", &json!({"desk": "shop", "question": "宇宙飞船怎么开"})).await.ok();
        assert_eq!(set["answers"], json!([]));
        assert!(!text(&set["abstained"]["reason"]).is_empty());
        assert_eq!(bot.post("/v1/answers", &json!({"desk": "shop", "question": " "})).await.refused_field(), "/question");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_fit_learns_from_wordings_that_do_not_find_themselves() {
    with_app(async |app| {
        let bench = app.app.workbench();
        let entry = |id: &str, questions: &[&str], answer: &str| EntryText {
            external_id: id.to_owned(),
            questions: questions.iter().map(|question| (*question).to_owned()).collect(),
            answer: answer.to_owned(),
        };
        let returns = ["How do I return an item?", "Can I send an order back?", "What is the return window?"];
        let delivery = ["When will my order arrive?", "How long does delivery take?"];
        let entries = vec![
            entry("returns", &returns, "You can return it within 30 days, and the label is free."),
            entry("delivery", &delivery, "Delivery takes two working days."),
            entry("gifts", &["Do you wrap gifts?"], "Yes, choose gift wrap at checkout."),
            // A title that is the answer, too: its other wordings would give it away.
            entry("hours", &["We open at nine.", "When do you open?"], "We open at nine."),
        ];
        let (desk, ids) = bench.publish("faq", entries).await.unwrap();

        let lessons = of_entries(&bench, &desk, 100).await.unwrap();
        let mut asked: Vec<(String, usize)> = Vec::new();
        for lesson in &lessons {
            let own: Vec<bool> = lesson.sources.iter().map(|source| source.to_string() == lesson.fold).collect();
            assert_eq!(lesson.right, own, "what the wording's entry says is right, nothing else");
            assert!(lesson.judged && lesson.sources.len() == 7, "everything but the wording itself: {}", lesson.sources.len());
            asked.push((lesson.fold.clone(), own.iter().filter(|own| **own).count()));
        }
        asked.sort();
        let mut expected = vec![(ids[0].to_string(), 2); 3];
        expected.extend(vec![(ids[1].to_string(), 1); 2]);
        expected.push((ids[3].to_string(), 1));
        expected.sort();
        assert_eq!(asked, expected, "each wording of an entry with several, once");
        assert_eq!(of_entries(&bench, &desk, 4).await.unwrap(), lessons[..4], "a sample is the beginning of the same draw");
    })
    .await;
}
