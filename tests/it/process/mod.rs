//! The program as a process: started, asked over its socket, stopped gently and hard.

mod backups;
mod clusters;
mod containers;
mod encoders;
mod interruption;
mod knowledge;
mod life;
mod metrics;
mod models;
mod postgres;
mod qdrant;
mod refusals;
mod traces;

use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Output, Stdio};

use serde_json::Value;

use crate::support::encoder_folder;

/// The program with a data folder, independent of the environment.
fn riposte(folder: &Path) -> Command {
    riposte_with(folder, &encoder_folder())
}

/// The program with a data folder and another encoder.
fn riposte_with(folder: &Path, encoder: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_riposte"));
    command.env_clear().env("HOME", folder).arg("--data-dir").arg(folder);
    command.arg("--set").arg(format!("encoder.folder={}", encoder.display()));
    command
}

/// Runs a command to its end.
fn run(command: &mut Command) -> Output {
    command.stdin(Stdio::null()).output().unwrap()
}

/// Standard output of a command that has to succeed.
#[track_caller]
fn succeeds(command: &mut Command) -> String {
    let output = run(command);
    assert!(output.status.success(), "{command:?}: {}", words(&output.stderr));
    words(&output.stdout)
}

/// Standard error of a command that has to fail.
#[track_caller]
fn fails(command: &mut Command) -> String {
    let output = run(command);
    assert_eq!(output.status.code(), Some(1), "{command:?}: {}", words(&output.stdout));
    words(&output.stderr)
}

fn words(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

/// A running server; killed if a test leaves it running.
struct Server {
    child: Child,
    url: String,
    token: String,
    agent: ureq::Agent,
}

impl Server {
    /// Starts a server on a free port and waits until it is ready.
    fn start(folder: &Path) -> Self {
        Self::start_with(folder, &encoder_folder())
    }

    fn start_with(folder: &Path, encoder: &Path) -> Self {
        let log = std::fs::File::options().create(true).append(true).open(folder.with_extension("log")).unwrap();
        let mut command = riposte_with(folder, encoder);
        command.args(["serve", "--listen", "127.0.0.1:0"]).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(log);
        let mut child = command.spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let url = line.split_whitespace().find(|word| word.starts_with("http://")).map(str::to_owned);
        let url =
            url.unwrap_or_else(|| panic!("no address in `{line}`; {}", std::fs::read_to_string(folder.with_extension("log")).unwrap()));
        let agent: ureq::Agent = ureq::Agent::config_builder().http_status_as_error(false).build().into();
        // The socket is open already: the answer comes as soon as the server is ready.
        assert_eq!(agent.get(format!("{url}/readyz")).call().unwrap().status(), 200);
        let token = std::fs::read_to_string(folder.join("local.token")).unwrap();
        Self { child, url, token, agent }
    }

    fn get(&self, path: &str) -> Value {
        let request = self.agent.get(format!("{}{path}", self.url)).header("authorization", format!("Bearer {}", self.token));
        let mut answer = request.call().unwrap();
        assert_eq!(answer.status(), 200, "{path}");
        answer.body_mut().read_json().unwrap()
    }

    fn post(&self, path: &str, body: &Value) -> (u16, Value) {
        let request = self.agent.post(format!("{}{path}", self.url)).header("authorization", format!("Bearer {}", self.token));
        let mut answer = request.send_json(body).unwrap();
        (answer.status().as_u16(), answer.body_mut().read_json().unwrap_or_default())
    }

    /// Follows a job's events until one satisfies `wanted`; the job as it then was. `None` when the stream ends before.
    fn follow(&self, id: &str, wanted: impl Fn(&Value) -> bool) -> Option<Value> {
        let request = self.agent.get(format!("{}/v1/jobs/{id}/events", self.url)).header("authorization", format!("Bearer {}", self.token));
        let body = request.call().unwrap().into_body().into_reader();
        for line in BufReader::new(body).lines().map_while(Result::ok) {
            if let Some(data) = line.strip_prefix("data:") {
                let job: Value = serde_json::from_str(data.trim()).unwrap();
                if wanted(&job) {
                    return Some(job);
                }
            }
        }
        None
    }

    /// Asks it to end (SIGTERM) and waits.
    fn stop(mut self) -> ExitStatus {
        assert!(Command::new("kill").arg("-TERM").arg(self.child.id().to_string()).status().unwrap().success());
        self.child.wait().unwrap()
    }

    /// Ends it at once (SIGKILL).
    fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Every file below a folder. A folder that goes meanwhile has none.
fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).into_iter().flatten() {
        let path = entry.unwrap().path();
        if path.is_dir() { found.extend(files(&path)) } else { found.push(path) }
    }
    found
}

fn mode(path: &Path) -> u32 {
    use std::os::unix::fs::PermissionsExt as _;
    std::fs::metadata(path).unwrap().permissions().mode() & 0o777
}
