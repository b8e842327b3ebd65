//! Controls: what an editor decides about an answer holds at the next request, for its words, on its desk.

use riposte::domain::AccessRole;
use serde_json::{Value, json};

use crate::support::archive::{INVOICE_ZH, RETURN_ZH, Talk, shop};
use crate::support::client::{Client, list, text, texts};
use crate::support::with_app;

const CONTROLS: &str = "/v1/desks/shop/controls";
const QUESTION: &str = "积分怎么兑换礼品呢";

/// One question, two answers given equally often.
fn two_answers() -> String {
    let answers = ["在会员中心的积分商城里挑选礼品，点击立即兑换即可。", "请到线下门店出示会员码，由店员帮您兑换礼品。"];
    let mut lines = String::new();
    for (number, answer) in answers.iter().enumerate() {
        for question in ["积分怎么兑换礼品？", "积分可以换什么"] {
            lines += &Talk::new(&format!("{question}-{number}"), 5).customer(question).agent(answer).customer("好的").line();
        }
    }
    lines
}

async fn ask(client: &Client, desk: &str, words: &str) -> Value {
    client.suggest_to(desk, &[("customer", words)], json!({"limit": 20})).await
}

/// The same in a conversation that has a name: edits teach only where it can be told whose they are.
async fn ask_in(client: &Client, conversation: usize, words: &str) -> Value {
    let conversation = json!({"id": format!("c{conversation}"), "messages": [{"role": "customer", "text": words}]});
    client.suggest_to("shop", &[], json!({"conversation": conversation, "limit": 20})).await
}

/// The suggestion with these words.
#[track_caller]
fn one<'a>(set: &'a Value, words: &str) -> &'a Value {
    let found = list(&set["suggestions"]).iter().find(|suggestion| suggestion["text"] == words);
    found.unwrap_or_else(|| panic!("`{words}` is not shown: {set}"))
}

fn score(set: &Value, words: &str) -> f64 {
    one(set, words)["score"].as_f64().unwrap()
}

fn log_odds(set: &Value, words: &str) -> f64 {
    let score = score(set, words);
    (score / (1.0 - score)).ln()
}

fn is_pinned(suggestion: &Value) -> bool {
    list(&suggestion["flags"]).contains(&json!("pinned"))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_blocked_answer_is_gone_at_once_in_all_its_places_and_on_its_desk_only() {
    with_app(async |app| {
        let other_wording = "签收后七天内都能申请无理由退货，到订单页点申请售后，再按提示寄回即可。";
        let polite = format!("您好，{RETURN_ZH}哦");
        let more = Talk::new("polite", 7).customer("外套想退货，怎么退？").agent(&polite).line()
            + &Talk::new("other", 7).customer("外套不喜欢，怎么退货？").agent(other_wording).line();
        for desk in ["shop", "twin"] {
            app.import_jsonl(desk, &(shop() + &more)).await;
            app.show_everything(desk).await;
        }
        let editor = app.key(AccessRole::KbEditor, &["shop", "twin"]).await;
        let shown = async |desk: &str| -> Vec<Value> {
            let set = ask(&editor, desk, "外套不合适，怎么退货？").await;
            list(&set["suggestions"]).iter().map(|suggestion| json!([suggestion["text"], suggestion["score"]])).collect()
        };
        let before = shown("shop").await;
        let set = ask(&editor, "shop", "外套不合适，怎么退货？").await;
        let suggestion = list(&set["suggestions"]).iter().find(|one| text(&one["text"]).contains("都可以申请无理由退货")).unwrap();
        let wanted = json!({"suggestion_id": suggestion["id"], "kind": "block", "note": "法务要求"});
        let control = editor.post(CONTROLS, &wanted).await.expect(201);
        assert_eq!((text(&control["kind"]), text(&control["note"]), text(&control["desk"])), ("block", "法务要求", "shop"));
        assert_eq!((text(&control["actor"]), text(&control["created_at"])), ("test", "2026-06-01T00:00:00Z"));
        assert!(text(&control["answer"]).contains("都可以申请无理由退货"));

        let set = ask(&editor, "shop", "外套不合适，怎么退货？").await;
        assert!(!set.to_string().contains("都可以申请无理由退货"), "{set}");
        assert!(texts(&set).contains(&other_wording), "another wording is another answer: {set}");
        let twin = ask(&editor, "twin", "外套不合适，怎么退货？").await;
        assert!(twin.to_string().contains("都可以申请无理由退货"), "{twin}");
        assert_eq!(editor.get("/v1/desks/twin/controls").await.ok()["items"], json!([]));

        let path = format!("{CONTROLS}/{}", text(&control["id"]));
        editor.delete(&format!("/v1/desks/twin/controls/{}", text(&control["id"]))).await.refused(404, "unknown_control");
        editor.delete(&path).await.expect(204);
        assert_eq!(shown("shop").await, before, "back is what it was");
        editor.delete(&path).await.refused(404, "unknown_control");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pinned_answer_goes_first_if_it_reaches_half_the_threshold() {
    with_app(async |app| {
        app.import_jsonl("shop", &two_answers()).await;
        app.show_everything("shop").await;
        let supervisor = app.key(AccessRole::Supervisor, &["shop"]).await;
        let set_threshold = async |threshold: f64| supervisor.patch("/v1/desks/shop/settings", &json!({"threshold": threshold})).await.ok();
        let before = ask(&supervisor, "shop", QUESTION).await;
        let (first, second) = (texts(&before)[0].to_owned(), texts(&before)[1].to_owned());
        let second_score = score(&before, &second);
        let pair = &one(&before, &second)["evidence"][0]["pair_id"];
        let control = supervisor.post(CONTROLS, &json!({"pair_id": pair, "kind": "pin"})).await.expect(201);
        assert_eq!((text(&control["answer"]), &control["source_id"], text(&control["pool"])), (second.as_str(), pair, "archive"));

        let pinned = ask(&supervisor, "shop", QUESTION).await;
        assert_eq!(texts(&pinned), [&second, &first]);
        assert_eq!(list(&pinned["suggestions"]).iter().map(is_pinned).collect::<Vec<_>>(), [true, false]);
        assert_eq!(score(&pinned, &second), second_score, "its score stays what it is");

        // Half the threshold is enough for it, and needed.
        set_threshold((second_score * 1.5).min(1.0)).await;
        assert_eq!(texts(&ask(&supervisor, "shop", QUESTION).await)[0], second);
        set_threshold(0.0).await;
        let unrelated = "今天股市大盘涨了多少点";
        let low = score(&ask(&supervisor, "shop", unrelated).await, &second);
        set_threshold((low * 2.4).min(1.0)).await;
        assert!(!texts(&ask(&supervisor, "shop", unrelated).await).contains(&second.as_str()), "{low}");

        set_threshold((second_score * 1.5).min(1.0)).await;
        supervisor.delete(&format!("{CONTROLS}/{}", text(&control["id"]))).await.expect(204);
        assert!(!texts(&ask(&supervisor, "shop", QUESTION).await).contains(&second.as_str()));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_boost_moves_the_log_odds_by_its_points_and_is_replaced_by_the_next() {
    with_app(async |app| {
        app.import_jsonl("shop", &two_answers()).await;
        app.show_everything("shop").await;
        let editor = app.key(AccessRole::KbEditor, &["shop"]).await;
        let before = ask(&editor, "shop", QUESTION).await;
        let (first, second) = (texts(&before)[0].to_owned(), texts(&before)[1].to_owned());
        let id = one(&before, &first)["id"].clone();
        let mut controls = Vec::new();
        for (points, status) in [(-3.0, 201), (1.0, 200), (-0.5, 200)] {
            let control = editor.post(CONTROLS, &json!({"suggestion_id": id, "kind": "boost", "points": points})).await.expect(status);
            assert_eq!((text(&control["kind"]), control["points"].as_f64()), ("boost", Some(points)));
            controls.push(text(&control["id"]).to_owned());
            let after = ask(&editor, "shop", QUESTION).await;
            let moved = log_odds(&after, &first) - log_odds(&before, &first);
            assert!((moved - points).abs() < 0.01, "{points}: {moved}");
            assert_eq!(score(&after, &second), score(&before, &second));
            let in_front = if log_odds(&after, &first) > log_odds(&after, &second) { &first } else { &second };
            assert_eq!(texts(&after)[0], in_front);
        }
        assert!(controls.iter().all(|control| *control == controls[0]), "one control of a kind for an answer");
        assert_eq!(list(&editor.get(CONTROLS).await.ok()["items"]).len(), 1);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_is_not_shown_to_questions_it_must_not_match() {
    with_app(async |app| {
        app.shop().await;
        app.show_everything("shop").await;
        let editor = app.key(AccessRole::KbEditor, &["shop"]).await;
        let set = ask(&editor, "shop", "外套不合适，怎么退货？").await;
        let wanted = json!({
            "suggestion_id": one(&set, RETURN_ZH)["id"], "kind": "must_not_match", "phrases": ["預售", "VIP 会员"],
        });
        let control = editor.post(CONTROLS, &wanted).await.expect(201);
        assert_eq!(control["phrases"], json!(["預售", "VIP 会员"]));
        for (question, shown) in [
            ("外套不合适，怎么退货？", true),
            ("预售的外套不合适，怎么退货？", false),
            ("外套不合适，ｖｉｐ　会员怎么退货？", false),
            ("外套不合适，SVIP 会员怎么退货？", true),
        ] {
            let set = ask(&editor, "shop", question).await;
            assert_eq!(texts(&set).contains(&RETURN_ZH), shown, "{question}: {set}");
            assert!(texts(&set).contains(&INVOICE_ZH), "others are not concerned: {set}");
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_control_ends_when_it_expires() {
    with_app(async |app| {
        app.shop().await;
        let editor = app.key(AccessRole::KbEditor, &["shop"]).await;
        let set = editor.suggest("shop", "外套不合适，怎么退货？").await;
        assert_eq!(texts(&set)[0], RETURN_ZH);
        let wanted = json!({"suggestion_id": set["suggestions"][0]["id"], "kind": "block", "expires_at": "2026-06-01T09:00:00+08:00"});
        let control = editor.post(CONTROLS, &wanted).await.expect(201);
        assert_eq!(text(&control["expires_at"]), "2026-06-01T01:00:00Z");
        app.clock.advance(3599);
        assert!(!texts(&editor.suggest("shop", "外套不合适，怎么退货？").await).contains(&RETURN_ZH));
        app.clock.advance(1);
        assert_eq!(texts(&editor.suggest("shop", "外套不合适，怎么退货？").await)[0], RETURN_ZH);
        assert_eq!(editor.get(CONTROLS).await.ok()["items"][0]["id"], control["id"], "the list remembers it");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_control_holds_for_an_entry_as_worded() {
    with_app(async |app| {
        let editor = app.key(AccessRole::KbEditor, &["shop"]).await;
        app.shop().await;
        let write = async |answer: &str| {
            let entry = json!({
                "desk": "shop", "external_id": "student-discount", "language": "zh", "status": "published",
                "questions": ["学生有优惠吗", "学生证可以打折吗"], "answer": answer,
            });
            editor.put("/v1/entries", &json!({"items": [entry]})).await.ok();
            app.app.wait_until_indexed().await.unwrap();
        };
        let ask = async || editor.suggest("shop", "请问学生买有优惠吗").await;
        write("学生认证后全场九折，在会员中心上传学生证即可。").await;
        let id = editor.get("/v1/entries?desk=shop").await.ok()["items"][0]["id"].clone();
        let control = editor.post(CONTROLS, &json!({"entry_id": id, "kind": "pin"})).await.expect(201);
        assert_eq!((&control["source_id"], text(&control["pool"])), (&id, "knowledge"));
        assert!(is_pinned(&ask().await["suggestions"][0]));
        write("亲，学生认证后全场九折，在会员中心上传学生证即可哦～").await;
        assert!(is_pinned(&ask().await["suggestions"][0]), "polite words do not make another answer");
        write("学生认证后全场八折，在会员中心上传学生证即可。").await;
        let rewritten = ask().await;
        assert!(text(&rewritten["suggestions"][0]["text"]).contains("八折") && !is_pinned(&rewritten["suggestions"][0]), "{rewritten}");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_edited_wording_is_controlled_by_its_own_words() {
    with_app(async |app| {
        app.import_jsonl("shop", &two_answers()).await;
        app.show_everything("shop").await;
        let editor = app.key(AccessRole::KbEditor, &["shop"]).await;
        let original = texts(&ask(&editor, "shop", QUESTION).await)[0].to_owned();
        let edited = "先登录会员中心，再到积分商城里挑选礼品。";
        for conversation in 1..=2 {
            let set = ask_in(&editor, conversation, QUESTION).await;
            let path = format!("/v1/suggestions/{}/feedback", text(&one(&set, &original)["id"]));
            editor.post(&path, &json!({"kind": "edited", "final_text": edited})).await.expect(204);
        }
        let before = ask(&editor, "shop", QUESTION).await;
        assert!(texts(&before).contains(&edited) && !texts(&before).contains(&original.as_str()), "{before}");
        let id = &one(&before, edited)["id"];

        let control = editor.post(CONTROLS, &json!({"suggestion_id": id, "kind": "boost", "points": -0.5})).await.expect(201);
        assert_eq!(text(&control["answer"]), edited);
        let lowered = ask(&editor, "shop", QUESTION).await;
        let moved = log_odds(&lowered, edited) - log_odds(&before, edited);
        assert!((moved + 0.5).abs() < 0.01, "{moved}");

        editor.post(CONTROLS, &json!({"suggestion_id": id, "kind": "pin"})).await.expect(201);
        let pinned = ask(&editor, "shop", QUESTION).await;
        let first = &pinned["suggestions"][0];
        assert!(first["text"] == edited && is_pinned(first) && list(&first["flags"]).contains(&json!("edited_wording")), "{pinned}");

        editor.post(CONTROLS, &json!({"suggestion_id": id, "kind": "block"})).await.expect(201);
        let blocked = ask(&editor, "shop", QUESTION).await;
        assert!(!texts(&blocked).contains(&edited), "{blocked}");
        assert!(!is_pinned(one(&blocked, &original)), "the answer's own words are back");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn words_that_are_pinned_or_blocked_are_not_changed_by_edits() {
    with_app(async |app| {
        app.import_jsonl("shop", &two_answers()).await;
        app.show_everything("shop").await;
        let editor = app.key(AccessRole::KbEditor, &["shop"]).await;
        let before = ask(&editor, "shop", QUESTION).await;
        let (kept, gone) = (texts(&before)[0].to_owned(), texts(&before)[1].to_owned());
        let edit_twice = async |edited: &str| {
            for conversation in 1..=2 {
                let set = ask_in(&editor, conversation, QUESTION).await;
                let path = format!("/v1/suggestions/{}/feedback", text(&one(&set, &kept)["id"]));
                editor.post(&path, &json!({"kind": "edited", "final_text": edited})).await.expect(204);
            }
            ask(&editor, "shop", QUESTION).await
        };
        // Edited into the words of the other answer, which is blocked.
        editor.post(CONTROLS, &json!({"suggestion_id": one(&before, &gone)["id"], "kind": "block"})).await.expect(201);
        let blocked = edit_twice(&gone).await;
        assert_eq!(texts(&blocked), [&kept]);
        editor.post(CONTROLS, &json!({"suggestion_id": one(&before, &kept)["id"], "kind": "pin"})).await.expect(201);
        let pinned = edit_twice("积分请到积分商城里兑换。").await;
        assert_eq!(texts(&pinned), [&kept]);
        assert!(is_pinned(one(&pinned, &kept)), "{pinned}");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_control_names_its_field() {
    with_app(async |app| {
        app.shop().await;
        app.import_jsonl("other", &shop()).await;
        let editor = app.key(AccessRole::KbEditor, &["shop", "other"]).await;
        let set = editor.suggest("shop", "外套不合适，怎么退货？").await;
        let suggestion = &set["suggestions"][0];
        let (id, pair) = (&suggestion["id"], &suggestion["evidence"][0]["pair_id"]);
        let absent = "0192f0c1-a2b3-7c4d-8e5f-60718293a4b5";
        let with = |fields: Value| {
            let mut body = json!({"suggestion_id": id});
            for (name, value) in fields.as_object().unwrap() {
                body[name] = value.clone();
            }
            body
        };
        for (pointer, body) in [
            ("/kind", with(json!({}))),
            ("/kind", with(json!({"kind": "hide"}))),
            ("/points", with(json!({"kind": "boost"}))),
            ("/points", with(json!({"kind": "boost", "points": 0}))),
            ("/points", with(json!({"kind": "boost", "points": 3.5}))),
            ("/points", with(json!({"kind": "pin", "points": 1}))),
            ("/phrases", with(json!({"kind": "must_not_match"}))),
            ("/phrases", with(json!({"kind": "must_not_match", "phrases": ["ok", "？"]}))),
            ("/phrases", with(json!({"kind": "block", "phrases": ["预售"]}))),
            ("/note", with(json!({"kind": "block", "note": "长".repeat(501)}))),
            ("/expires_at", with(json!({"kind": "block", "expires_at": "2026-06-01T00:00:00Z"}))),
            ("/expires_at", with(json!({"kind": "block", "expires_at": "tomorrow"}))),
            ("/colour", with(json!({"kind": "block", "colour": "red"}))),
            ("/pair_id", with(json!({"kind": "block", "suggestion_id": null, "entry_id": absent, "pair_id": pair}))),
            ("/suggestion_id", with(json!({"kind": "block", "pair_id": pair}))),
            ("/entry_id", json!({"kind": "block"})),
            ("/entry_id", json!({"kind": "block", "entry_id": absent})),
            ("/entry_id", json!({"kind": "block", "entry_id": "return-window"})),
            ("/pair_id", json!({"kind": "block", "pair_id": absent})),
            ("/suggestion_id", json!({"kind": "block", "suggestion_id": set["id"]})),
        ] {
            assert_eq!(editor.post(CONTROLS, &body).await.refused_field(), pointer, "{body}");
        }
        // What is the other desk's is refused like what there is not.
        for (pointer, body) in [("/suggestion_id", with(json!({"kind": "block"}))), ("/pair_id", json!({"kind": "block", "pair_id": pair}))]
        {
            assert_eq!(editor.post("/v1/desks/other/controls", &body).await.refused_field(), pointer);
        }
        assert_eq!(editor.get(CONTROLS).await.ok()["items"], json!([]), "nothing of all this was kept");
        editor.delete(&format!("{CONTROLS}/abc")).await.refused(404, "not_found");
        let personal = with(json!({"kind": "boost", "points": 1, "note": "客户13800138000投诉过"}));
        let control = editor.post(CONTROLS, &personal).await.expect(201);
        assert!(!control.to_string().contains("13800138000"), "{control}");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn controls_are_listed_in_pages_for_those_who_may_read_them() {
    with_app(async |app| {
        app.shop().await;
        app.show_everything("shop").await;
        let editor = app.key(AccessRole::KbEditor, &["shop"]).await;
        let set = ask(&editor, "shop", "怎么退货").await;
        let mut made = Vec::new();
        for suggestion in &list(&set["suggestions"])[..3] {
            let control =
                editor.post(CONTROLS, &json!({"suggestion_id": suggestion["id"], "kind": "boost", "points": 1})).await.expect(201);
            made.push(control);
            app.clock.advance(1);
        }
        made.reverse();
        let auditor = app.key(AccessRole::Auditor, &["shop"]).await;
        let (mut found, mut cursor) = (Vec::new(), String::new());
        loop {
            let page = auditor.get(&format!("{CONTROLS}?limit=2{cursor}")).await.ok();
            found.extend(list(&page["items"]).iter().cloned());
            let Some(next) = page["next_cursor"].as_str() else { break };
            cursor = format!("&cursor={next}");
        }
        assert_eq!(found, made, "newest first, each once");
        auditor.post(CONTROLS, &json!({"kind": "block"})).await.refused(403, "forbidden");
        let agent = app.key(AccessRole::Agent, &["shop"]).await;
        agent.get(CONTROLS).await.refused(403, "forbidden");
        agent.delete(&format!("{CONTROLS}/{}", text(&made[0]["id"]))).await.refused(403, "forbidden");
        editor.get(&format!("{CONTROLS}?limit=0")).await.refused(422, "invalid_parameter");
        editor.get(&format!("{CONTROLS}?cursor=nonsense")).await.refused(422, "invalid_cursor");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn small_talk_is_answered_with_small_talk_only() {
    with_app(async |app| {
        app.import_jsonl("shop", &two_answers()).await;
        app.show_everything("shop").await;
        let editor = app.key(AccessRole::KbEditor, &["shop"]).await;
        let set = ask(&editor, "shop", QUESTION).await;
        editor.post(CONTROLS, &json!({"suggestion_id": set["suggestions"][0]["id"], "kind": "pin"})).await.expect(201);
        assert_eq!(ask(&editor, "shop", "你好").await["abstained"]["reason"], "small_talk", "a pinned answer is no greeting");
        let entry = json!({
            "desk": "shop", "external_id": "greeting", "language": "zh", "status": "published",
            "questions": ["你好", "在吗"], "answer": "您好，很高兴为您服务，请问有什么可以帮您？",
        });
        editor.put("/v1/entries", &json!({"items": [entry]})).await.ok();
        app.app.wait_until_indexed().await.unwrap();
        let greeted = ask(&editor, "shop", "你好").await;
        assert_eq!(texts(&greeted), ["您好，很高兴为您服务，请问有什么可以帮您？"]);
        assert!(is_pinned(&ask(&editor, "shop", QUESTION).await["suggestions"][0]));
    })
    .await;
}
