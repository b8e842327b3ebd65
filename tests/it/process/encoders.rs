//! Another encoder: its index is filled beside the one in force, through a kill, while agents are answered and editors write.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::{Server, fails, riposte, riposte_with, succeeds};
use crate::support::encoder_folder;

const ENTRIES: usize = 700;
const DESK: &str = "shop";

/// The encoder of the other tests, cut at another length: as another encoder it has a fingerprint of its own.
fn other_encoder(folder: &Path) -> PathBuf {
    let other = folder.join("other-encoder");
    fs_err::create_dir(&other).unwrap();
    for file in fs_err::read_dir(encoder_folder()).unwrap().map(Result::unwrap) {
        fs_err::copy(file.path(), other.join(file.file_name())).unwrap();
    }
    let path = other.join("manifest.json");
    let mut manifest: Value = serde_json::from_str(&fs_err::read_to_string(&path).unwrap()).unwrap();
    manifest["max_tokens"] = json!(200);
    fs_err::write(&path, manifest.to_string()).unwrap();
    other
}

fn entries(file: &Path) {
    let line = |number: usize| {
        json!({
            "id": format!("entry-{number}"),
            "desk": DESK,
            "questions": [format!("What does part number {number} of the coffee machine cost?")],
            "answer": format!("Part number {number} costs {} euros and is delivered within {} days.", number % 90 + 3, number % 7 + 1),
        })
    };
    let lines: Vec<String> = (0..ENTRIES).map(|number| line(number).to_string()).collect();
    fs_err::write(file, lines.join("\n")).unwrap();
}

/// The fingerprint of the encoder that answered, and the first suggestion.
fn ask(server: &Server, question: &str) -> (String, Option<String>) {
    let messages = json!([{"role": "customer", "text": question}]);
    let (status, answer) = server.post("/v1/suggestions", &json!({"desk": DESK, "conversation": {"messages": messages}}));
    assert_eq!(status, 200, "{answer}");
    let text = answer["suggestions"][0]["text"].as_str().map(str::to_owned);
    (answer["model"]["fingerprint"].as_str().unwrap().to_owned(), text)
}

fn publish(server: &Server, question: &str, answer: &str) {
    let body = json!({"desk": DESK, "language": "en", "status": "published", "questions": [question], "answer": answer});
    let (status, made) = server.post("/v1/entries", &body);
    assert_eq!(status, 201, "{made}");
}

fn reindexing(server: &Server) -> Value {
    let jobs = server.get("/v1/jobs");
    jobs["items"].as_array().unwrap().iter().find(|job| job["kind"] == "reindex").cloned().unwrap_or_default()
}

fn wait_until(what: &str, mut reached: impl FnMut() -> bool) {
    let began = Instant::now();
    while !reached() {
        assert!(began.elapsed() < Duration::from_mins(2), "{what} took too long");
        thread::sleep(Duration::from_millis(50));
    }
}

#[test]
fn another_encoder_takes_over_while_suggestions_go_on() {
    let temp = tempfile::tempdir().unwrap();
    let folder = temp.path().join("data");
    let other = other_encoder(temp.path());
    let file = temp.path().join("entries.jsonl");
    entries(&file);
    succeeds(riposte(&folder).args(["knowledge", "import"]).arg(&file));
    let server = Server::start(&folder);
    let question = "what does part number 12 of the coffee machine cost?";
    let (before, suggested) = ask(&server, question);
    assert!(suggested.is_some());
    assert!(server.stop().success());

    // The new encoder: the old one goes on, and a kill costs what was under way only.
    let server = Server::start_with(&folder, &other);
    assert_eq!(ask(&server, question), (before.clone(), suggested.clone()));
    publish(&server, "What does the water tank of the coffee machine cost?", "The water tank costs 40 euros.");
    let walked = |job: &Value| job["progress"]["done"].as_u64().unwrap_or_default();
    wait_until("the first part", || walked(&reindexing(&server)) > 0);
    let left = walked(&reindexing(&server));
    assert!(left < ENTRIES as u64, "there is something left to do");
    server.kill();

    let server = Server::start_with(&folder, &other);
    publish(&server, "What does the milk jug of the coffee machine cost?", "The milk jug costs 15 euros.");
    let ended = AtomicBool::new(false);
    let asked = thread::scope(|scope| {
        let asking = scope.spawn(|| {
            let mut asked = 0;
            while !ended.load(Ordering::Relaxed) {
                assert!(ask(&server, question).1.is_some());
                asked += 1;
            }
            asked
        });
        let mut smallest = u64::MAX;
        wait_until("the change", || {
            let job = reindexing(&server);
            if job["state"] == "running" && job["progress"]["stage"] == "embedding" {
                smallest = smallest.min(walked(&job));
            }
            ask(&server, question).0 != before
        });
        ended.store(true, Ordering::Relaxed);
        assert!(smallest >= left || smallest == u64::MAX, "it went on at {left}, not at {smallest}");
        asking.join().unwrap()
    });
    assert!(asked > 0);
    assert_eq!(reindexing(&server)["state"], "succeeded");
    for (question, answer) in [
        ("what does the water tank of the coffee machine cost?", "The water tank costs 40 euros."),
        ("what does the milk jug of the coffee machine cost?", "The milk jug costs 15 euros."),
    ] {
        assert_eq!(ask(&server, question).1.as_deref(), Some(answer), "what was published meanwhile is known");
    }
    // The command line finds it as before.
    succeeds(riposte_with(&folder, &other).args(["knowledge", "list", "--desk", DESK]));
    assert!(server.stop().success());
    let indexes = fs_err::read_dir(folder.join("index")).unwrap().map(Result::unwrap).filter(|found| found.path().is_dir());
    assert_eq!(indexes.count(), 1, "the index before is gone");

    let refused = fails(riposte(&folder).args(["knowledge", "list", "--desk", DESK]));
    assert!(refused.contains("riposte reindex"), "{refused}");
    let server = Server::start_with(&folder, &other);
    assert_ne!(ask(&server, question).0, before);
    assert!(server.stop().success());
}

#[test]
fn an_encoder_that_is_gone_can_not_go_on() {
    let temp = tempfile::tempdir().unwrap();
    let folder = temp.path().join("data");
    let other = other_encoder(temp.path());
    let file = temp.path().join("entries.jsonl");
    entries(&file);
    succeeds(riposte_with(&folder, &other).args(["knowledge", "import"]).arg(&file));
    fs_err::remove_dir_all(&other).unwrap();
    let refused = fails(riposte(&folder).args(["serve", "--listen", "127.0.0.1:0"]));
    assert!(refused.contains("the index was made with encoder") && refused.contains("riposte reindex"), "{refused}");
}
