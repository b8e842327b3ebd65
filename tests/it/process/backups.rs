//! Copies of an installation: taken beside a running server, checked and put back.

use std::path::Path;

use serde_json::Value;

use super::{Server, fails, mode, riposte, succeeds};
use crate::support::archive::{RETURN_ZH, shop};

fn first_suggestion(folder: &Path, temp: &Path) -> Value {
    let question = temp.join("question.txt");
    fs_err::write(&question, "customer: 衣服不合身，我要退货怎么弄\n").unwrap();
    let answer = succeeds(riposte(folder).args(["suggest", "--desk", "shop", "--json", "--context"]).arg(&question));
    serde_json::from_str::<Value>(&answer).unwrap()["suggestions"][0]["text"].clone()
}

#[test]
fn an_installation_is_copied_while_it_runs_and_put_back() {
    let temp = tempfile::tempdir().unwrap();
    let (folder, other, backup) = (temp.path().join("data"), temp.path().join("other"), temp.path().join("backup"));
    let archive = temp.path().join("archive.jsonl");
    fs_err::write(&archive, shop()).unwrap();
    succeeds(riposte(&folder).args(["import", "--desk", "shop"]).arg(&archive));
    fs_err::write(folder.join("riposte.toml"), "[log]\nfilter = \"error\"\n").unwrap();

    let server = Server::start(&folder);
    let said = succeeds(riposte(&folder).arg("backup").arg(&backup));
    assert!(said.contains("2 files") && said.contains("the key is not in it"), "{said}");
    assert_eq!(mode(&backup), 0o700);
    assert!(!backup.join("master.key").exists());
    assert!(fails(riposte(&folder).arg("backup").arg(&backup)).contains("exists"));
    let with_key = temp.path().join("with key");
    succeeds(riposte(&folder).arg("backup").arg(&with_key).arg("--with-key"));
    server.kill();

    assert!(fails(riposte(&folder).arg("restore").arg(&backup)).contains("holds an installation already"));
    let said = succeeds(riposte(&other).arg("restore").arg(&backup));
    assert!(said.contains("put the key into"), "{said}");
    assert!(fails(riposte(&other).args(["user", "list"])).contains("key file"));
    fs_err::copy(folder.join("master.key"), other.join("master.key")).unwrap();
    assert_eq!(first_suggestion(&other, temp.path()), RETURN_ZH);
    assert_eq!(fs_err::read(folder.join("riposte.toml")).unwrap(), fs_err::read(other.join("riposte.toml")).unwrap());

    let third = temp.path().join("third");
    assert!(!succeeds(riposte(&third).arg("restore").arg(&with_key)).contains("put the key into"));
    assert_eq!(first_suggestion(&third, temp.path()), RETURN_ZH);
}

#[test]
fn what_is_no_whole_backup_is_refused_before_anything_is_written() {
    let temp = tempfile::tempdir().unwrap();
    let (folder, other, backup) = (temp.path().join("data"), temp.path().join("other"), temp.path().join("backup"));
    assert!(fails(riposte(&folder).arg("backup").arg(&backup)).contains("no installation"));
    succeeds(riposte(&folder).args(["user", "list"]));
    succeeds(riposte(&folder).arg("backup").arg(&backup));
    assert!(fails(riposte(&other).arg("restore").arg(temp.path())).contains("is no backup"));

    let mut database = fs_err::read(backup.join("riposte.db")).unwrap();
    let middle = database.len() / 2;
    database[middle] ^= 1;
    fs_err::write(backup.join("riposte.db"), &database).unwrap();
    assert!(fails(riposte(&other).arg("restore").arg(&backup)).contains("`riposte.db` is not as it was"));
    let list = fs_err::read_to_string(backup.join("backup.json")).unwrap();
    fs_err::write(backup.join("backup.json"), list.replace("riposte.db", "../riposte.db")).unwrap();
    assert!(fails(riposte(&other).arg("restore").arg(&backup)).contains("no file of a backup"));
    assert!(!other.join("riposte.db").exists() && !other.join("master.key").exists());
}
