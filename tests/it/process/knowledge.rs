//! Knowledge on the command line, with and without a server on the folder.

use std::path::Path;

use serde_json::Value;

use super::{Server, files, riposte, run, succeeds, words};

fn folder_of(path: &Path) -> Vec<(String, String)> {
    let mut found: Vec<(String, String)> = files(path)
        .into_iter()
        .map(|file| (file.strip_prefix(path).unwrap().display().to_string(), fs_err::read_to_string(&file).unwrap()))
        .collect();
    found.sort();
    found
}

#[test]
fn entries_go_out_and_in_again_and_back_in_time() {
    let temp = tempfile::tempdir().unwrap();
    let folder = temp.path().join("data");
    let demo = Path::new(env!("CARGO_MANIFEST_DIR")).join("knowledge/demo/shop/entries");
    let knowledge = |arguments: &[&str]| {
        let mut command = riposte(&folder);
        command.arg("knowledge").args(arguments);
        command
    };
    let path = |name: &str| temp.path().join(name).display().to_string();
    let demo = demo.display().to_string();
    let dry = succeeds(&mut knowledge(&["import", "--dry-run", &demo]));
    assert!(dry.contains("0 changed, 0 unchanged, 0 rejected (nothing is written)"), "{dry}");
    let imported = succeeds(&mut knowledge(&["import", &demo]));
    let number = imported.split(' ').next().unwrap().to_owned();
    assert!(number.parse::<u32>().unwrap() > 10, "{imported}");

    let export = |name: &str| {
        succeeds(&mut knowledge(&["export", "--desk", "demo-shop", "--format", name.rsplit('.').next().unwrap(), &path(name)]))
    };
    for name in ["out.csv", "out.xlsx", "out.jsonl", "direct.md"] {
        assert!(export(name).starts_with(&format!("{number} entries written")));
        let again = succeeds(&mut knowledge(&["import", "--format", name.rsplit('.').next().unwrap(), &path(name)]));
        assert!(again.starts_with(&format!("0 new, 0 changed, {number} unchanged, 0 rejected")), "{name}: {again}");
    }

    let server = Server::start(&folder);
    export("served.md");
    assert_eq!(folder_of(&temp.path().join("served.md")), folder_of(&temp.path().join("direct.md")));
    let listed = succeeds(&mut knowledge(&["list", "--desk", "demo-shop", "--status", "published"]));
    let id = listed.lines().next().unwrap().split('\t').next().unwrap();
    let before: Value = serde_json::from_str(&succeeds(&mut knowledge(&["show", "--desk", "demo-shop", id]))).unwrap();
    let line = serde_json::json!({"id": id, "desk": "demo-shop", "questions": ["one more"], "answer": "another answer"});
    fs_err::write(temp.path().join("change.jsonl"), line.to_string()).unwrap();
    let changed = succeeds(&mut knowledge(&["import", &path("change.jsonl")]));
    assert!(changed.starts_with("0 new, 1 changed, 0 unchanged"), "{changed}");
    let versions = |count: usize| {
        let listed = succeeds(&mut knowledge(&["versions", "--desk", "demo-shop", id]));
        assert_eq!(listed.lines().count(), count, "{listed}");
    };
    versions(2);
    succeeds(&mut knowledge(&["rollback", "--desk", "demo-shop", id, "--to", "1"]));
    versions(3);
    assert_eq!(server.stop().code(), Some(0));
    let after: Value = serde_json::from_str(&succeeds(&mut knowledge(&["show", "--desk", "demo-shop", id]))).unwrap();
    assert_eq!((&after["answer"], &after["questions"], after["version"].as_u64()), (&before["answer"], &before["questions"], Some(3)));
    succeeds(&mut knowledge(&["rollback", "--desk", "demo-shop", id, "--to", "2", "--note", "after all"]));
    versions(4);

    fs_err::write(temp.path().join("bad.csv"), "id,questions,answer\n,q,a\n").unwrap();
    let refused = run(&mut knowledge(&["import", "--desk", "demo-shop", &path("bad.csv")]));
    assert_eq!(refused.status.code(), Some(1));
    assert!(words(&refused.stdout).contains("line 2: id:"), "{}", words(&refused.stdout));
}
