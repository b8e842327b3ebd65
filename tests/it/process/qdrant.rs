//! The program with its index on a Qdrant server. Needs `TEST_QDRANT_URL` (its gRPC address); without it the tests that do say so and pass.

use std::path::{Path, PathBuf};

use qdrant_client::Qdrant;
use serde_json::Value;

use super::{Server, fails, riposte, succeeds};

/// A prefix whose collections go with the test.
struct Prefix {
    server: String,
    name: String,
}

impl Prefix {
    /// `None` where there is no server.
    fn new() -> Option<Self> {
        let Some(server) = std::env::var_os("TEST_QDRANT_URL").and_then(|url| url.into_string().ok()) else {
            eprintln!("SKIPPED: TEST_QDRANT_URL names no Qdrant server");
            return None;
        };
        Some(Self { server, name: format!("riposte_test_{}", uuid::Uuid::new_v4().simple()) })
    }

    fn key() -> Option<String> {
        std::env::var_os("TEST_QDRANT_API_KEY").and_then(|key| key.into_string().ok())
    }

    /// Writes settings by which a data folder's index is on the server, or in the folder.
    fn settings(&self, data: &Path, on_server: bool) {
        let url = if on_server { self.server.as_str() } else { "" };
        let key = Self::key().map(|key| format!("api_key = \"{key}\"\n")).unwrap_or_default();
        fs_err::create_dir_all(data).unwrap();
        fs_err::write(data.join("riposte.toml"), format!("[index]\nurl = \"{url}\"\ncollection_prefix = \"{}\"\n{key}", self.name))
            .unwrap();
    }

    /// Names of the collections, those of others left out; each is removed if `removed`.
    fn collections(&self, removed: bool) -> Vec<String> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let address = self.server.split(',').next().unwrap();
            let client = Qdrant::from_url(address).api_key(Self::key()).skip_compatibility_check().build().unwrap();
            let mut names = Vec::new();
            for collection in client.list_collections().await.unwrap().collections {
                if collection.name.starts_with(&self.name) {
                    if removed {
                        client.delete_collection(collection.name.clone()).await.unwrap();
                    }
                    names.push(collection.name);
                }
            }
            names
        })
    }
}

impl Drop for Prefix {
    fn drop(&mut self) {
        self.collections(true);
    }
}

fn archive(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("knowledge/demo/shop").join(name)
}

#[test]
fn the_index_moves_between_the_folder_and_a_server() {
    let Some(prefix) = Prefix::new() else { return };
    let temp = tempfile::tempdir().unwrap();
    let data = temp.path().join("data");
    let question = temp.path().join("question.txt");
    fs_err::write(&question, "customer: 裙子买小了想退，吊牌还在\n").unwrap();
    // The best two, no scores: a server counts replaced points among those that hold a word until it optimises, each shard for itself, so
    // that what is near the threshold may come or go.
    let suggest = |folder: &Path| -> Vec<String> {
        let answer = succeeds(riposte(folder).args(["suggest", "--desk", "shop", "--json", "--context"]).arg(&question));
        let answer: Value = serde_json::from_str(&answer).unwrap();
        answer["suggestions"].as_array().unwrap().iter().take(2).map(|suggestion| suggestion["text"].as_str().unwrap().to_owned()).collect()
    };

    prefix.settings(&data, false);
    let imported = succeeds(riposte(&data).args(["import", "--desk", "shop"]).arg(archive("conversations.zh.jsonl")));
    assert!(imported.contains("succeeded"), "{imported}");
    let embedded = suggest(&data);
    assert!(!embedded.is_empty() && prefix.collections(false).is_empty());

    // The same answers from a server, which is filled from the store.
    prefix.settings(&data, true);
    assert_eq!(suggest(&data), embedded);
    let made = prefix.collections(false);
    assert_eq!(made.len(), 1, "{made:?}");
    let shown = succeeds(riposte(&data).args(["config", "show"]));
    assert!(shown.contains("Qdrant at"), "{shown}");
    let server = Server::start(&data);
    assert_eq!(suggest(&data), embedded);
    server.kill();
    assert_eq!(suggest(&data), embedded);

    // What is taken out while the index is on the server is not found in the folder's old index either.
    let file = temp.path().join("entry.jsonl");
    fs_err::write(
        &file,
        "{\"id\":\"return\",\"questions\":[\"裙子买小了想退，吊牌还在\"],\"answer\":\"请在订单页点“申请退货”，运费由我们承担。\",\"status\":\"published\"}\n",
    )
    .unwrap();
    succeeds(riposte(&data).args(["knowledge", "import", "--desk", "shop"]).arg(&file));
    let with_entry = suggest(&data);
    assert_ne!(with_entry, embedded);
    prefix.settings(&data, false);
    assert_eq!(suggest(&data), with_entry);
    // Nor is the server's copy taken up where it was left.
    prefix.settings(&data, true);
    assert_eq!(suggest(&data), with_entry);
    assert_eq!(prefix.collections(false), made);

    // Another installation does not answer from it.
    let other = temp.path().join("other");
    prefix.settings(&other, true);
    let said = fails(riposte(&other).args(["import", "--desk", "shop"]).arg(archive("conversations.zh.jsonl")));
    assert!(said.contains("made from another database"), "{said}");

    // A restored database gets an index of its own state.
    let (backup, restored) = (temp.path().join("backup"), temp.path().join("restored"));
    succeeds(riposte(&data).arg("backup").arg("--with-key").arg(&backup));
    succeeds(riposte(&data).args(["import", "--desk", "shop"]).arg(archive("conversations.en.jsonl")));
    succeeds(riposte(&restored).arg("restore").arg(&backup));
    assert_eq!(suggest(&restored), with_entry);
    assert!(!restored.join("index-restored").exists());

    // A collection that is gone is filled anew.
    prefix.collections(true);
    assert_eq!(suggest(&restored), with_entry);
    assert_eq!(prefix.collections(false), made);
}

#[test]
fn the_index_is_copied_to_a_server_without_embedding_anew() {
    let Some(prefix) = Prefix::new() else { return };
    let temp = tempfile::tempdir().unwrap();
    let data = temp.path().join("data");
    prefix.settings(&data, false);
    succeeds(riposte(&data).args(["import", "--desk", "shop"]).arg(archive("conversations.zh.jsonl")));
    assert!(fails(riposte(&data).arg("migrate-store")).contains("nowhere to move to"));
    prefix.settings(&data, true);
    let said = succeeds(riposte(&data).arg("migrate-store"));
    assert!(said.contains("points of the index copied, read back and compared"), "{said}");
    // The next start takes the copy as it is: no point waits to be written.
    assert_eq!(prefix.collections(false).len(), 1);
    let server = Server::start(&data);
    assert_eq!(server.get("/v1/desks/shop")["counts"]["index_pending"], 0);
    server.kill();
    let log = || fs_err::read_to_string(data.with_extension("log")).unwrap();
    assert!(!log().contains("being filled"), "{}", log());
    let again = succeeds(riposte(&data).arg("migrate-store"));
    assert!(again.contains("no index was copied"), "{again}");
    // Where the copy has gone it is told.
    prefix.collections(true);
    Server::start(&data).kill();
    assert!(log().contains("being filled"), "{}", log());
}

#[test]
fn a_server_that_is_not_there_is_told_at_the_start() {
    let temp = tempfile::tempdir().unwrap();
    // A port of the system's choice that nobody listens on any more.
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let url = format!("index.url=http://127.0.0.1:{port}");
    let set = ["--set", &url, "--set", "index.api_key=s3cret"];
    let said = fails(riposte(&temp.path().join("data")).args(set).args(["serve", "--listen", "127.0.0.1:0"]));
    assert!(said.contains(&format!("127.0.0.1:{port}")) && said.contains("index.url") && !said.contains("s3cret"), "{said}");
    let said = fails(riposte(&temp.path().join("data")).args(["--set", "index.url=http://127.0.0.1:6333", "user", "list"]));
    assert!(said.contains("6334"), "{said}");
}
