//! Silence and its reasons, case by case: at the desks of the demo archive, and at a desk whose colleagues contradict each other.

use std::path::Path;

use riposte::domain::AccessRole;
use serde_json::{Value, json};

use crate::support::archive::Talk;
use crate::support::client::{Client, list, text};
use crate::support::{TestApp, with_app};

const DESKS: [&str; 3] = ["shop", "bank", "education"];

/// From November 2026 on the demo archive is the past.
const AFTER_THE_DEMO: i64 = 170 * 86_400;

fn cases(path: &str) -> String {
    fs_err::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases").join(path)).unwrap()
}

/// The lines of a case file with the heading each stands below.
fn below_headings(file: &str) -> Vec<(&str, &str)> {
    let mut heading = "";
    let mut lines = Vec::new();
    for line in file.lines() {
        if let Some(name) = line.strip_prefix("## ") {
            heading = name;
        } else if !line.is_empty() && !line.starts_with('#') {
            lines.push((heading, line));
        }
    }
    lines
}

async fn import_demo(app: &TestApp) {
    app.clock.advance(AFTER_THE_DEMO);
    let demo = Path::new(env!("CARGO_MANIFEST_DIR")).join("knowledge/demo");
    for desk in DESKS {
        let read = |language: &str| fs_err::read_to_string(demo.join(desk).join(format!("conversations.{language}.jsonl"))).unwrap();
        app.import_jsonl(&format!("demo-{desk}"), &format!("{}{}", read("zh"), read("en"))).await;
    }
    app.app.load_knowledge(&demo, None).await.unwrap();
    app.app.wait_until_indexed().await.unwrap();
}

/// What came back: the reason for silence, or `shown`.
fn outcome(set: &Value) -> String {
    if set["abstained"].is_null() { "shown".to_owned() } else { text(&set["abstained"]["reason"]).to_owned() }
}

/// Whether that is right for a case below `heading`.
fn is_right(heading: &str, words: &str, outcome: &str) -> bool {
    // Markup is taken off before anything is read.
    let wordless = words.starts_with('<') || !words.chars().any(char::is_alphanumeric);
    // One letter again and again may as well be a no, a yes or a laugh ("不不不不不", "wwww"): nothing is asked by any of them.
    let one_letter = words.chars().skip(1).all(|c| words.starts_with(c)) && !words.starts_with(|c: char| c.is_ascii_digit());
    match heading.split_whitespace().next().unwrap() {
        "out_of_domain" => outcome == "out_of_domain",
        "gibberish" => matches!(outcome, "out_of_domain" | "no_match") || ((wordless || one_letter) && outcome == "small_talk"),
        "in_domain" => outcome != "out_of_domain",
        "uncovered" => matches!(outcome, "out_of_domain" | "no_match" | "conflicting"),
        "talk" => outcome == "small_talk",
        other => panic!("no such heading: {other}"),
    }
}

/// Asks every case at its desk (at all of them where none is named); of each heading's first word, the share that is right, and what is not.
async fn ask(app: &TestApp, agent: &Client, file: &str, only: &[&str]) -> Vec<(String, f64, Vec<String>)> {
    let mut counts: Vec<(String, usize, usize, Vec<String>)> = Vec::new();
    for (heading, words) in below_headings(file) {
        let mut named = heading.split_whitespace();
        let (kind, at) = (named.next().unwrap(), named.next());
        if !only.contains(&kind) {
            continue;
        }
        for desk in DESKS.into_iter().filter(|desk| at.is_none_or(|at| at == *desk)) {
            // The rate limit counts by the test's clock.
            app.clock.advance(1);
            let outcome = outcome(&agent.suggest(&format!("demo-{desk}"), words).await);
            let place = counts.iter().position(|(of, ..)| of == kind).unwrap_or_else(|| {
                counts.push((kind.to_owned(), 0, 0, Vec::new()));
                counts.len() - 1
            });
            let (_, right, all, wrong) = &mut counts[place];
            *all += 1;
            if is_right(heading, words, &outcome) {
                *right += 1;
            } else {
                wrong.push(format!("{desk}: {words} → {outcome}"));
            }
        }
    }
    counts.into_iter().map(|(kind, right, all, wrong)| (kind, right as f64 / all as f64, wrong)).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn every_reason_at_the_demo_desks() {
    with_app(async |app| {
        import_demo(app).await;
        let agent = app.key(AccessRole::Agent, &["demo-shop", "demo-bank", "demo-education"]).await;
        let reasons = ["out_of_domain", "gibberish", "in_domain"];
        let mut failed = Vec::new();
        for (file, kinds) in [
            ("silence/tuned.txt", reasons.as_slice()),
            ("silence/blind.txt", &reasons),
            ("silence/uncovered.txt", &["uncovered"]),
            ("acts/blind.txt", &["talk"]),
        ] {
            for (kind, share, wrong) in ask(app, &agent, &cases(file), kinds).await {
                println!("{file} {kind}: {share:.3}; wrong: {wrong:#?}");
                // Whether a near match is good enough is for the ranking's threshold, not for what is tested here.
                let least = if kind == "uncovered" { 0.3 } else { 0.95 };
                if share < least {
                    failed.push(format!("{file} {kind}: {share:.3}"));
                }
            }
        }
        assert!(failed.is_empty(), "{failed:?}");
    })
    .await;
}

/// What colleagues have said of each question, each answer in two conversations.
fn contradicting(file: &str) -> String {
    let mut lines = String::new();
    for (number, (_, line)) in below_headings(file).into_iter().enumerate() {
        let [question, one, other] = line.split(" ||| ").collect::<Vec<_>>()[..] else { panic!("three parts: {line}") };
        for (place, answer) in [one, other, one, other].into_iter().enumerate() {
            let id = format!("t{number}-{place}");
            lines.push_str(&Talk::new(&id, 1 + place as u32).customer(question).agent(answer).line());
        }
    }
    lines
}

#[tokio::test(flavor = "multi_thread")]
async fn contradicting_answers_are_both_shown_or_named() {
    with_app(async |app| {
        let file = cases("silence/conflicting.txt");
        app.import_jsonl("shop", &contradicting(&file)).await;
        let (agent, supervisor) = (app.key(AccessRole::Agent, &["shop"]).await, app.admin().await);
        let (mut flagged, mut named, mut all, mut wrong) = (0, 0, 0, Vec::new());
        for (_, line) in below_headings(&file) {
            let question = line.split(" ||| ").next().unwrap();
            app.show_everything("shop").await;
            let set = agent.suggest("shop", question).await;
            let marked: Vec<&Value> =
                list(&set["suggestions"]).iter().filter(|suggestion| list(&suggestion["flags"]).contains(&json!("conflicting"))).collect();
            all += 1;
            if marked.len() >= 2 {
                flagged += 1;
            } else {
                wrong.push(format!("not flagged: {question}: {}", set["suggestions"]));
            }
            // Just above the best score neither answer is likely enough, either of the two would be.
            let best = set["suggestions"][0]["score"].as_f64().unwrap();
            let settings = json!({"threshold": (best + 0.001).min(1.0)});
            supervisor.patch("/v1/desks/shop/settings", &settings).await.ok();
            let set = agent.suggest("shop", question).await;
            let detail = text(&set["abstained"]["detail"]);
            if outcome(&set) == "conflicting" && detail.matches('“').count() == 2 {
                named += 1;
            } else {
                wrong.push(format!("not named: {question}: {}", set["abstained"]));
            }
        }
        println!("{flagged} flagged, {named} named of {all}; wrong: {wrong:#?}");
        assert!(flagged * 20 >= all * 19 && named * 20 >= all * 19, "{flagged} flagged, {named} named of {all}");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_an_entry_asks_in_the_same_words_is_no_strange_question() {
    with_app(async |app| {
        let part = |number: u32| {
            json!({
                "desk": "coffee", "external_id": format!("part-{number}"), "language": "en", "status": "published",
                "questions": [format!("What does part number {number} of the coffee machine cost?")],
                "answer": format!("Part number {number} costs {} euros.", number + 3),
            })
        };
        let (question, answer) = ("Do you repair bicycles, too?", "Bicycles are repaired on Fridays.");
        let mut entries: Vec<Value> = (0..80).map(part).collect();
        let editor = app.admin().await;
        editor.post("/v1/desks", &json!({"id": "coffee"})).await.expect(201);
        editor.put("/v1/entries", &json!({"items": entries})).await.ok();
        app.app.wait_until_indexed().await.unwrap();
        assert_eq!(outcome(&editor.suggest("coffee", question).await), "out_of_domain");

        entries = vec![json!({
            "desk": "coffee", "external_id": "bicycles", "language": "en", "status": "published", "questions": [question], "answer": answer,
        })];
        editor.put("/v1/entries", &json!({"items": entries})).await.ok();
        app.app.wait_until_indexed().await.unwrap();
        let set = editor.suggest("coffee", question).await;
        assert_eq!(text(&set["suggestions"][0]["text"]), answer, "{set}");
        assert_eq!(outcome(&editor.suggest("coffee", "Who won the football match yesterday?").await), "out_of_domain");
        // Withheld, it is the desk's own question still.
        let feedback = format!("/v1/suggestions/{}/feedback", text(&set["suggestions"][0]["id"]));
        editor.post(&feedback, &json!({"kind": "rejected", "reason": "outdated"})).await.expect(204);
        assert_eq!(outcome(&editor.suggest("coffee", question).await), "no_match");
    })
    .await;
}
