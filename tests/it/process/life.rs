//! A server's life: what it leaves in its folder, who may use the folder beside it, how it ends.

use std::path::{Path, PathBuf};

use serde_json::json;

use super::{Server, fails, files, mode, riposte, succeeds};
use crate::support::archive::{RETURN_ZH, Talk, shop};

fn write(folder: &Path, name: &str, text: &str) -> PathBuf {
    let path = folder.join(name);
    fs_err::write(&path, text).unwrap();
    path
}

#[test]
fn a_server_ends_cleanly_and_takes_its_traces_along() {
    let temp = tempfile::tempdir().unwrap();
    let folder = temp.path().join("data");
    let server = Server::start(&folder);
    for secret in ["local.token", "master.key", "server.json"] {
        assert_eq!(mode(&folder.join(secret)), 0o600, "{secret}");
    }
    assert_eq!(mode(&folder), 0o700);
    assert!(fs_err::read_to_string(folder.join("server.json")).unwrap().contains(&server.url));
    assert_eq!(succeeds(riposte(&folder).arg("healthcheck")), "ready\n");
    assert_eq!(server.get("/v1/me")["kind"], "local");
    assert_eq!(server.stop().code(), Some(0));
    assert!(!folder.join("server.json").exists() && !folder.join("local.token").exists());
    assert!(fails(riposte(&folder).arg("healthcheck")).contains("no server runs"));
}

#[test]
fn commands_work_with_and_without_a_server_on_the_folder() {
    let temp = tempfile::tempdir().unwrap();
    let folder = temp.path().join("data");
    let archive = write(temp.path(), "archive.jsonl", &(shop() + "not json\n"));
    let question = write(temp.path(), "question.txt", "customer: 衣服不合身，我要退货怎么弄\n");
    let import = || succeeds(riposte(&folder).args(["import", "--desk", "shop"]).arg(&archive));
    let suggest = || {
        let answer = succeeds(riposte(&folder).args(["suggest", "--desk", "shop", "--json", "--context"]).arg(&question));
        serde_json::from_str::<serde_json::Value>(&answer).unwrap()["suggestions"][0]["text"].clone()
    };
    let first = import();
    assert!(first.contains("succeeded · 18 conversations read, 18 new") && first.contains("line 19"), "{first}");
    assert_eq!(suggest(), RETURN_ZH);

    let server = Server::start(&folder);
    assert!(fails(riposte(&folder).args(["serve", "--listen", "127.0.0.1:0"])).contains("in use by another riposte process"));
    let again = import();
    assert!(again.contains("succeeded · 18 conversations read, 0 new, 0 changed") && again.contains("line 19"), "{again}");
    assert_eq!(suggest(), RETURN_ZH);

    // Accounts and keys made over the server work on it.
    for (name, role, desk) in [("li.na", "agent", Some("shop")), ("boss", "admin", None)] {
        let mut command = riposte(&folder);
        command.args(["user", "add", name, "--role", role]);
        command.args(desk.map(|desk| ["--desk", desk]).iter().flatten());
        let printed = succeeds(&mut command);
        let password = printed.lines().find_map(|line| line.strip_prefix("password: ")).unwrap();
        let (status, session) = server.post("/v1/sessions", &json!({"name": name, "password": password}));
        assert_eq!((status, &session["account"]["role"]), (201, &json!(role)));
    }
    let printed = succeeds(riposte(&folder).args(["key", "add", "desk", "--role", "agent", "--desk", "shop"]));
    let key = printed.lines().find_map(|line| line.strip_prefix("key: ")).unwrap();
    let me = server.agent.get(format!("{}/v1/me", server.url)).header("authorization", format!("Bearer {key}")).call().unwrap();
    assert_eq!(me.status(), 200);
    let listed = succeeds(riposte(&folder).args(["user", "list"]));
    assert!(listed.contains("li.na") && listed.contains("boss"), "{listed}");
    assert_eq!(server.stop().code(), Some(0));
    // And what was made over the server is there without it.
    assert_eq!(succeeds(riposte(&folder).args(["user", "list"])).lines().count(), 2);
}

#[test]
fn answers_and_settings_are_controlled_with_and_without_a_server() {
    let temp = tempfile::tempdir().unwrap();
    let folder = temp.path().join("data");
    let archive = write(temp.path(), "archive.jsonl", &shop());
    let question = write(temp.path(), "question.txt", "customer: 衣服不合身，我要退货怎么弄\n");
    succeeds(riposte(&folder).args(["import", "--desk", "shop"]).arg(&archive));
    let suggest = || -> serde_json::Value {
        let answer = succeeds(riposte(&folder).args(["suggest", "--desk", "shop", "--json", "--context"]).arg(&question));
        serde_json::from_str(&answer).unwrap()
    };
    let controls = |arguments: &[&str]| succeeds(riposte(&folder).arg("controls").args(arguments));
    let first = suggest()["suggestions"][0].clone();
    assert_eq!(first["text"], RETURN_ZH);
    let pair = first["evidence"][0]["pair_id"].as_str().unwrap();

    let added = controls(&["add", "--desk", "shop", "--pair", pair, "--block", "--note", "under review"]);
    assert!(added.contains("block") && added.contains(RETURN_ZH) && added.contains("under review"), "{added}");
    assert!(!suggest().to_string().contains(RETURN_ZH));
    assert_eq!(controls(&["list", "--desk", "shop"]), added);
    assert!(fails(riposte(&folder).args(["controls", "list", "--desk", "nowhere"])).contains("no desk"));

    let server = Server::start(&folder);
    assert!(!suggest().to_string().contains(RETURN_ZH));
    assert_eq!(controls(&["list", "--desk", "shop"]), added);
    let id = added.split('\t').next().unwrap();
    assert_eq!(controls(&["remove", "--desk", "shop", id]), "removed\n");
    assert_eq!(suggest()["suggestions"][0]["text"], RETURN_ZH);
    assert!(fails(riposte(&folder).args(["controls", "remove", "--desk", "shop", id])).contains("no such control"));
    let lowered = controls(&["add", "--desk", "shop", "--pair", pair, "--boost", "-0.5"]);
    assert!(lowered.contains("boost -0.5"), "{lowered}");

    // A desk's line: its name, and the settings that are its own.
    let settings = |line: &str| -> serde_json::Value {
        let (desk, own) = line.trim_end().split_once('\t').unwrap();
        assert_eq!(desk, "shop");
        serde_json::from_str(own).unwrap()
    };
    let set = |arguments: &[&str]| settings(&succeeds(riposte(&folder).args(["desks", "set", "--desk", "shop"]).args(arguments)));
    let own = set(&["--limit", "1", "--threshold", "0", "--pools", "archive"]);
    assert_eq!(own, json!({"limit": 1, "threshold": 0.0, "pools": ["archive"]}));
    assert_eq!(suggest()["suggestions"].as_array().map(Vec::len), Some(1));
    assert!(fails(riposte(&folder).args(["desks", "set", "--desk", "shop", "--limit", "21"])).contains("use 1 to 20"));
    assert_eq!(server.stop().code(), Some(0));
    assert_eq!(set(&["--limit", "default", "--pools", "default"]), json!({"threshold": 0.0}));
    assert_eq!(settings(&succeeds(riposte(&folder).args(["desks", "list"]))), json!({"threshold": 0.0}));
    assert_eq!(suggest()["suggestions"].as_array().map(Vec::len), Some(3));
    assert!(fails(riposte(&folder).args(["desks", "set", "--desk", "shop"])).contains("at least one setting"));
}

#[test]
fn nothing_personal_lies_in_the_folder_in_the_clear() {
    let temp = tempfile::tempdir().unwrap();
    let folder = temp.path().join("data");
    let phrase = "请把包裹放到白鹭湾三号院的丁香树下面";
    let talk = Talk::new("t-1", 2)
        .profile(json!({"name": "司马听雨", "phone": "13912345678"}))
        .customer("我是司马听雨，电话13912345678，邮箱mei.wang@example.com，订单什么时候发货")
        .agent("现货订单付款后48小时内发出，发出后会有短信提醒。")
        .customer("好的谢谢")
        .agent(&format!("祝您生活愉快，欢迎再次光临。{phrase}"));
    let archive = write(temp.path(), "archive.jsonl", &talk.line());
    succeeds(riposte(&folder).args(["import", "--desk", "shop"]).arg(&archive));
    let server = Server::start(&folder);
    let clear = |secret: &str| {
        let holds = |path: &PathBuf| {
            // Files come and go while it runs.
            let bytes = match fs_err::read(path) {
                Err(error) if error.kind() == std::io::ErrorKind::NotFound => return false,
                read => read.unwrap(),
            };
            bytes.windows(secret.len()).any(|window| window == secret.as_bytes())
        };
        files(&folder).into_iter().filter(holds).collect::<Vec<_>>()
    };
    // While it runs, with its journal, and afterwards.
    for secret in ["13912345678", "mei.wang@example.com", "司马听雨"] {
        assert_eq!(clear(secret), Vec::<PathBuf>::new(), "{secret}");
    }
    assert!(!clear("shop").is_empty(), "the search itself works");
    assert_eq!(server.stop().code(), Some(0));
    for secret in ["13912345678", "mei.wang@example.com", "司马听雨"] {
        assert_eq!(clear(secret), Vec::<PathBuf>::new(), "{secret}");
    }
}
