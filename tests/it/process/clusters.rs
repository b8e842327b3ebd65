//! Clusters and what is wrong with answers, on the command line, with and without a server on the folder.

use std::path::Path;

use serde_json::Value;

use super::{Server, riposte, run, succeeds, words};

#[test]
fn clusters_are_listed_and_shown_alike_with_and_without_a_server() {
    let temp = tempfile::tempdir().unwrap();
    let folder = temp.path().join("data");
    let archive = Path::new(env!("CARGO_MANIFEST_DIR")).join("knowledge/demo/education/conversations.en.jsonl");
    let desk = "demo-education";
    succeeds(riposte(&folder).args(["import", "--desk", desk]).arg(archive));
    succeeds(riposte(&folder).args(["clusters", "rebuild", "--desk", desk]));
    let clusters = |arguments: &[&str]| succeeds(riposte(&folder).arg("clusters").args(arguments).args(["--desk", desk]));

    let listed = clusters(&["list", "--limit", "5"]);
    assert_eq!(listed.lines().count(), 6, "a heading and five clusters: {listed}");
    let lines = clusters(&["list", "--limit", "5", "--json"]);
    let found: Vec<Value> = lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert!(found.windows(2).all(|pair| pair[0]["size"].as_u64() >= pair[1]["size"].as_u64()), "{lines}");
    let (id, word) = (found[0]["id"].as_str().unwrap(), found[0]["keywords"][0].as_str().unwrap());
    let shown = clusters(&["show", id]);
    assert!(shown.contains(&format!("{} questions of {} customers", found[0]["size"], found[0]["customers"])), "{shown}");
    assert!(clusters(&["list", "--words", word, "--state", "open"]).contains(id));
    assert!(!clusters(&["list", "--state", "dismissed"]).contains(id));
    let conflicts = succeeds(riposte(&folder).args(["conflicts", "--desk", desk]));

    let refused = run(riposte(&folder).args(["clusters", "show", "--desk", desk, "01a201b4-edca-7479-91b0-7a5fb929ca3d"]));
    assert!(!refused.status.success());
    assert!(words(&refused.stderr).contains("clusters list"), "{}", words(&refused.stderr));

    let server = Server::start(&folder);
    assert_eq!(clusters(&["list", "--limit", "5"]), listed);
    assert_eq!(clusters(&["show", id]), shown);
    assert!(clusters(&["list", "--words", word, "--state", "open"]).contains(id));
    assert_eq!(succeeds(riposte(&folder).args(["conflicts", "--desk", desk])), conflicts);
    assert_eq!(server.stop().code(), Some(0));
}
