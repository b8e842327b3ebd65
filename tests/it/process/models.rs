//! `riposte models`: known encoders, and fetching them where there is no network.

use super::{fails, riposte, succeeds};

#[test]
fn known_encoders_are_listed_with_the_hub_they_come_from() {
    let dir = tempfile::tempdir().unwrap();
    let list = succeeds(riposte(dir.path()).env("HF_ENDPOINT", "https://mirror.example/").args(["models", "list"]));
    for name in ["bge-small-zh-v1.5", "multilingual-e5-small", "bge-m3", "gte-multilingual-base", "qwen3-embedding-0.6b"] {
        assert!(list.contains(name), "{list}");
    }
    assert!(list.contains("from https://mirror.example;"), "{list}");
}

#[test]
fn pulling_says_what_is_wrong_and_what_to_do() {
    let dir = tempfile::tempdir().unwrap();
    let unknown = fails(riposte(dir.path()).args(["models", "pull", "bge-huge"]));
    assert!(unknown.contains("bge-huge") && unknown.contains("bge-m3"), "{unknown}");

    // A port that was free a moment ago; the flag beats the setting, which beats the variable.
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let closed = format!("http://127.0.0.1:{port}");
    let pull = |endpoint: &[&str]| {
        let mut command = riposte(dir.path());
        command.env("HF_ENDPOINT", "http://127.0.0.1:1").args(["models", "pull", "BGE-M3"]).args(endpoint);
        fails(&mut command)
    };
    for endpoint in [["--endpoint", closed.as_str()], ["--set", &format!("encoder.hub={closed}")]] {
        let offline = pull(&endpoint);
        assert!(offline.contains(&format!("{closed} can't be reached")), "{offline}");
        assert!(offline.contains("pytorch_model.bin of https://huggingface.co/BAAI/bge-m3"), "{offline}");
    }
    assert!(pull(&[]).contains("http://127.0.0.1:1 can't be reached"));

    let folder = dir.path().join("models/bge-m3");
    let missing = fails(riposte(dir.path()).args(["models", "pull", "bge-m3", "--local"]));
    assert!(missing.contains(folder.to_str().unwrap()) && missing.contains("missing"), "{missing}");
    assert!(!folder.join("manifest.json").exists());
}
