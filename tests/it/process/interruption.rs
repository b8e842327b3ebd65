//! Ended in the middle of an import, gently or hard: nothing acknowledged is lost, nothing is there twice, and it goes on by itself.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use riposte::app::App;
use riposte::domain::SystemClock;
use riposte::index::IndexFilter;
use riposte::store::DeskCounts;
use serde_json::{Value, json};

use super::{Server, riposte, succeeds};
use crate::support::archive::Talk;
use crate::support::config;

const CONVERSATIONS: u64 = 3_000;
/// Lines that can't be read, spread over the file; the report has to name each once.
const BROKEN_EVERY: u64 = 700;

/// A file of 3,000 conversations over a few hundred different questions (so that most of the time is not spent on embedding).
fn big_archive(folder: &Path) -> PathBuf {
    let goods = ["外套", "水壶", "台灯", "耳机", "书包", "雨伞", "手表", "键盘", "鼠标", "枕头"];
    let asks = [
        "怎么退货",
        "多久能发货",
        "可以开发票吗",
        "保修几年",
        "有现货吗",
        "能便宜点吗",
        "怎么换颜色",
        "用什么材料做的",
        "支持货到付款吗",
        "可以改地址吗",
    ];
    let mut file = String::new();
    for number in 0..CONVERSATIONS {
        let (thing, ask) = (goods[(number % 10) as usize], asks[(number / 10 % 10) as usize]);
        let shelf = number % 7;
        let talk = Talk::new(&format!("big-{number}"), (number % 28 + 1) as u32)
            .customer(&format!("请问{shelf}号柜的{thing}{ask}？"))
            .agent(&format!("您好，关于{thing}{ask}，{shelf}号柜的同事会按商品页写明的规则为您办理。"))
            .customer("那要等几天才有结果呢？")
            .agent(&format!("{shelf}号柜一般三个工作日内给您答复，结果会用短信通知。"));
        file += &talk.line();
        if number % BROKEN_EVERY == BROKEN_EVERY - 1 {
            writeln!(file, "line {number} is broken").unwrap();
        }
    }
    let path = folder.join("big.jsonl");
    fs_err::write(&path, file).unwrap();
    path
}

/// What a folder holds that nobody uses at the moment, and how many points the index has. Looking changes nothing.
fn holdings(folder: &Path) -> (DeskCounts, usize) {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let config = config(folder, &[]);
        let embedder = Arc::new(App::load_encoder(&config).await.unwrap());
        let app = App::open_idle(config, Arc::new(SystemClock), embedder).await.unwrap();
        let desk = "big".parse().unwrap();
        let counts = app.store.counts(&desk).await.unwrap();
        let points = app.index.count(&IndexFilter::desk(desk)).await.unwrap();
        app.close().await.unwrap();
        (counts, points)
    })
}

/// What every import of the file has to end with.
#[track_caller]
fn check_holdings(folder: &Path) {
    let (counts, points) = holdings(folder);
    assert_eq!((counts.conversations, counts.messages, counts.index_pending), (CONVERSATIONS, 4 * CONVERSATIONS, 0));
    // Two questions a conversation, as an import of a few conversations shows.
    assert_eq!((counts.pairs, points as u64), (2 * CONVERSATIONS, 2 * CONVERSATIONS));
}

fn at_work(stage: &'static str) -> impl Fn(&Value) -> bool {
    move |job| job["progress"]["stage"] == stage && job["progress"]["done"].as_u64() > Some(0)
}

#[test]
fn a_job_of_a_killed_server_goes_on_by_itself() {
    let temp = tempfile::tempdir().unwrap();
    let folder = temp.path().join("data");
    let archive = big_archive(temp.path());

    let server = Server::start(&folder);
    let (status, job) = server.post("/v1/imports", &json!({"desk": "big", "format": "jsonl", "path": archive}));
    assert_eq!(status, 202, "{job}");
    let id = job["id"].as_str().unwrap().to_owned();
    // Asked to end in the middle of reading: parked at a safe point.
    assert!(server.follow(&id, at_work("reading")).is_some());
    assert_eq!(server.stop().code(), Some(0));
    let (parked, _) = holdings(&folder);
    assert!((1..CONVERSATIONS).contains(&parked.conversations), "{parked:?}");

    // Killed in the middle of reading: what was acknowledged stays.
    let server = Server::start(&folder);
    let further = move |job: &Value| at_work("reading")(job) && job["result"]["conversations_read"].as_u64() > Some(parked.conversations);
    let seen = server.follow(&id, further).unwrap();
    server.kill();
    let (killed, _) = holdings(&folder);
    assert!(killed.conversations < CONVERSATIONS && killed.conversations > parked.conversations, "{killed:?} after {seen}");

    // Killed once more while the last vectors are written.
    let server = Server::start(&folder);
    let stage = server.follow(&id, |job| job["progress"]["stage"] == "embedding");
    assert!(stage.is_some_and(|job| job["state"] == "running"));
    server.kill();

    let server = Server::start(&folder);
    let ended = server.follow(&id, |job| job["state"] == "succeeded").unwrap();
    assert_eq!(ended["result"]["conversations_read"], CONVERSATIONS);
    let rows = server.get(&format!("/v1/jobs/{id}/rejected-rows"));
    let lines: Vec<u64> = rows["items"].as_array().unwrap().iter().map(|row| row["line"].as_u64().unwrap()).collect();
    assert_eq!(lines, [701, 1402, 2103, 2804]);
    assert_eq!(server.get("/v1/jobs")["items"].as_array().unwrap().len(), 1);
    assert_eq!(server.stop().code(), Some(0));
    check_holdings(&folder);
}

#[test]
fn a_killed_import_command_is_simply_given_again() {
    let temp = tempfile::tempdir().unwrap();
    let folder = temp.path().join("data");
    let archive = big_archive(temp.path());
    let import = || {
        let mut command = riposte(&folder);
        command.args(["import", "--desk", "big"]).arg(&archive);
        command
    };
    let written =
        || ["riposte.db", "riposte.db-wal"].iter().filter_map(|file| Some(fs_err::metadata(folder.join(file)).ok()?.len())).sum::<u64>();
    // With its tables made, the database grows by conversations only.
    succeeds(riposte(&folder).args(["desks", "list"]));
    let empty = written();
    let mut killed = import().stdout(std::process::Stdio::null()).spawn().unwrap();
    // There is nobody to ask while the command has the folder; its database grows by more than this while it reads.
    while written() < empty + (1 << 20) {
        assert!(killed.try_wait().unwrap().is_none(), "it has ended before it could be killed");
        std::thread::sleep(Duration::from_millis(5));
    }
    killed.kill().unwrap();
    killed.wait().unwrap();
    let (half, _) = holdings(&folder);
    assert!((1..CONVERSATIONS).contains(&half.conversations), "{half:?}");

    let printed = succeeds(&mut import());
    assert!(printed.contains("succeeded · 3000 conversations read"), "{printed}");
    check_holdings(&folder);
    // And an import that nobody disturbs ends with the same.
    let undisturbed = temp.path().join("undisturbed");
    succeeds(riposte(&undisturbed).args(["import", "--desk", "big"]).arg(&archive));
    assert_eq!(holdings(&undisturbed), holdings(&folder));
}
