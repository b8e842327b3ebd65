//! The program with its store on a PostgreSQL server. Needs `TEST_POSTGRES_URL`; without it the test says so and passes.

use std::path::{Path, PathBuf};

use serde_json::Value;
use sqlx::{AssertSqlSafe, Connection as _, PgConnection};

use super::{Server, fails, riposte, succeeds};
use crate::support::archive::{RETURN_ZH, shop};

/// A schema that goes with the test.
struct Schema {
    server: String,
    name: String,
}

impl Schema {
    /// `None` where there is no server.
    fn new() -> Option<Self> {
        let Some(server) = std::env::var_os("TEST_POSTGRES_URL").and_then(|url| url.into_string().ok()) else {
            eprintln!("SKIPPED: TEST_POSTGRES_URL names no PostgreSQL server (scripts/postgres.sh starts one)");
            return None;
        };
        let schema = Self { server, name: format!("riposte_test_{}", uuid::Uuid::new_v4().simple()) };
        schema.run(format!("create schema {}", schema.name));
        Some(schema)
    }

    fn url(&self) -> String {
        let separator = if self.server.contains('?') { '&' } else { '?' };
        format!("{}{separator}options[search_path]={}", self.server, self.name)
    }

    fn run(&self, statement: String) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let mut connection = PgConnection::connect(&self.server).await.unwrap();
            sqlx::raw_sql(AssertSqlSafe(statement)).execute(&mut connection).await.unwrap();
        });
    }
}

impl Drop for Schema {
    fn drop(&mut self) {
        self.run(format!("drop schema {} cascade", self.name));
    }
}

/// A data folder whose store is at `url`.
fn folder(temp: &Path, name: &str, url: &str) -> PathBuf {
    let folder = temp.join(name);
    fs_err::create_dir(&folder).unwrap();
    fs_err::write(folder.join("riposte.toml"), format!("[store]\nurl = \"{url}\"\n")).unwrap();
    folder
}

#[test]
fn the_demo_archive_is_kept_on_a_server() {
    let Some(schema) = Schema::new() else { return };
    let temp = tempfile::tempdir().unwrap();
    let data = folder(temp.path(), "data", &schema.url());
    let archive = Path::new(env!("CARGO_MANIFEST_DIR")).join("knowledge/demo/shop/conversations.zh.jsonl");
    let question = temp.path().join("question.txt");
    fs_err::write(&question, "customer: 衣服不合身，我要退货怎么弄\n").unwrap();
    let suggest = || -> Vec<(String, u64)> {
        let answer = succeeds(riposte(&data).args(["suggest", "--desk", "shop", "--json", "--context"]).arg(&question));
        let answer: Value = serde_json::from_str(&answer).unwrap();
        let of = |suggestion: &Value| {
            (suggestion["text"].as_str().unwrap().to_owned(), (suggestion["score"].as_f64().unwrap() * 1e6).round() as u64)
        };
        answer["suggestions"].as_array().unwrap().iter().map(of).collect()
    };

    let imported = succeeds(riposte(&data).args(["import", "--desk", "shop"]).arg(&archive));
    assert!(imported.contains("succeeded"), "{imported}");
    let first = suggest();
    assert!(!first.is_empty());
    assert!(!data.join("riposte.db").exists() && data.join("master.key").exists());
    let shown = succeeds(riposte(&data).args(["config", "show"]));
    assert!(shown.contains("PostgreSQL") && !shown.contains("postgres://"), "{shown}");

    let server = Server::start(&data);
    assert_eq!(suggest(), first);
    // Another folder, on another machine perhaps, and the same database.
    let other = folder(temp.path(), "other", &schema.url());
    assert!(fails(riposte(&other).args(["serve", "--listen", "127.0.0.1:0"])).contains("in use by another riposte process"));
    server.kill();
    // A killed process leaves no lock behind, and nothing it had acknowledged is lost.
    let server = Server::start(&data);
    assert_eq!(suggest(), first);
    let again = succeeds(riposte(&data).args(["import", "--desk", "shop"]).arg(&archive));
    assert!(again.contains(" 0 new, 0 changed"), "{again}");
    assert_eq!(server.stop().code(), Some(0));
    assert_eq!(suggest(), first);

    // The index of this folder belongs to that store.
    let said = fails(riposte(&data).args(["--set", "store.url=", "suggest", "--desk", "shop", "--context"]).arg(&question));
    assert!(said.contains("made from another database"), "{said}");
}

#[test]
fn a_servers_store_is_backed_up_while_it_runs_and_put_back_anywhere() {
    let (Some(schema), Some(new_schema)) = (Schema::new(), Schema::new()) else { return };
    let temp = tempfile::tempdir().unwrap();
    let data = folder(temp.path(), "data", &schema.url());
    let archive = temp.path().join("archive.jsonl");
    fs_err::write(&archive, shop()).unwrap();
    let question = temp.path().join("question.txt");
    fs_err::write(&question, "customer: 衣服不合身，我要退货怎么弄\n").unwrap();
    let first = |folder: &Path, url: &str| -> Value {
        let set = format!("store.url={url}");
        let answer = succeeds(riposte(folder).args(["--set", &set, "suggest", "--desk", "shop", "--json", "--context"]).arg(&question));
        serde_json::from_str::<Value>(&answer).unwrap()["suggestions"][0]["text"].clone()
    };
    succeeds(riposte(&data).args(["import", "--desk", "shop"]).arg(&archive));
    let server = Server::start(&data);
    let backup = temp.path().join("backup");
    let said = succeeds(riposte(&data).args(["backup", "--with-key"]).arg(&backup));
    assert!(said.contains("3 files"), "database, settings and key: {said}");
    server.kill();

    // Into another database …
    let other = temp.path().join("other");
    let set = format!("store.url={}", new_schema.url());
    let said = succeeds(riposte(&other).args(["--set", &set, "restore"]).arg(&backup));
    assert!(said.contains("PostgreSQL") && said.contains("store.url"), "{said}");
    assert!(!other.join("riposte.db").exists() && !other.join("riposte.db.arriving").exists());
    assert_eq!(first(&other, &new_schema.url()), RETURN_ZH);
    // … which then holds an installation …
    let third = temp.path().join("third");
    assert!(fails(riposte(&third).args(["--set", &set, "restore"]).arg(&backup)).contains("holds this installation already"));
    // … or into a folder with an embedded store.
    let embedded = temp.path().join("embedded");
    succeeds(riposte(&embedded).arg("restore").arg(&backup));
    assert!(embedded.join("riposte.db").exists());
    assert_eq!(first(&embedded, ""), RETURN_ZH);
}
