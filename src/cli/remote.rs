//! The command line as a client of the server on the same folder.

use std::time::Duration;

use anyhow::{Context, bail};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::domain::DeskId;

/// Longest answer that is read.
const MAX_ANSWER_BYTES: u64 = 256 << 20;

/// A server reached with the token of the data folder.
pub(super) struct Remote {
    base: String,
    token: String,
    agent: ureq::Agent,
}

impl Remote {
    pub(super) fn new(base: String, token: String) -> Self {
        let agent = ureq::Agent::config_builder().http_status_as_error(false).timeout_global(Some(Duration::from_mins(1))).build().into();
        Self { base, token, agent }
    }

    /// Whether the server is ready.
    pub(super) fn ready(&self) -> anyhow::Result<()> {
        let response = self.agent.get(format!("{}/readyz", self.base)).call().context("no answer")?;
        if response.status().is_success() { Ok(()) } else { bail!("{} is not ready (status {})", self.base, response.status()) }
    }

    pub(super) fn get<T: DeserializeOwned>(&self, path: &str) -> anyhow::Result<T> {
        let response = self.agent.get(self.url(path)).header("authorization", self.bearer()).call()?;
        read(response)
    }

    pub(super) fn post<T: DeserializeOwned>(&self, path: &str, body: &impl Serialize) -> anyhow::Result<T> {
        let response = self.agent.post(self.url(path)).header("authorization", self.bearer()).send_json(body)?;
        read(response)
    }

    pub(super) fn put<T: DeserializeOwned>(&self, path: &str, body: &impl Serialize) -> anyhow::Result<T> {
        let response = self.agent.put(self.url(path)).header("authorization", self.bearer()).send_json(body)?;
        read(response)
    }

    pub(super) fn patch<T: DeserializeOwned>(&self, path: &str, body: &impl Serialize) -> anyhow::Result<T> {
        let response = self.agent.patch(self.url(path)).header("authorization", self.bearer()).send_json(body)?;
        read(response)
    }

    /// All items of a list, whatever the number of its pages.
    pub(super) fn items(&self, path: &str) -> anyhow::Result<Vec<Value>> {
        self.items_where(path, "")
    }

    /// All items of a list with a query of its own.
    pub(super) fn items_where(&self, path: &str, query: &str) -> anyhow::Result<Vec<Value>> {
        let (mut items, mut cursor) = (Vec::new(), String::new());
        loop {
            let mut page: Value = self.get(&format!("{path}?limit=200&{query}{cursor}"))?;
            if let Value::Array(found) = page["items"].take() {
                items.extend(found);
            }
            match page["next_cursor"].as_str() {
                Some(next) => cursor = format!("&cursor={next}"),
                None => return Ok(items),
            }
        }
    }

    /// All items of a list of a desk.
    pub(super) fn items_of<T: DeserializeOwned>(&self, path: &str, desk: &DeskId) -> anyhow::Result<Vec<T>> {
        Ok(serde_json::from_value(self.items_where(path, &format!("desk={}", desk.path_segment()))?.into())?)
    }

    /// Sends a change made to one version of a thing.
    pub(super) fn post_if_match<T: DeserializeOwned>(&self, path: &str, version: u64, body: &impl Serialize) -> anyhow::Result<T> {
        let request = self.agent.post(self.url(path)).header("authorization", self.bearer());
        read(request.header("if-match", format!("\"{version}\"")).send_json(body)?)
    }

    /// Sends a file.
    pub(super) fn post_bytes<T: DeserializeOwned>(&self, path: &str, media_type: &str, bytes: &[u8]) -> anyhow::Result<T> {
        let request = self.agent.post(self.url(path)).header("authorization", self.bearer());
        read(request.header("content-type", media_type).send(bytes)?)
    }

    /// A file.
    pub(super) fn get_bytes(&self, path: &str) -> anyhow::Result<Vec<u8>> {
        let mut response = self.agent.get(self.url(path)).header("authorization", self.bearer()).call()?;
        if !response.status().is_success() {
            return Err(problem(&response.body_mut().read_json::<Value>().unwrap_or_default()));
        }
        response.body_mut().with_config().limit(MAX_ANSWER_BYTES).read_to_vec().context("the server's answer was cut off")
    }

    /// Makes a desk where there is none.
    pub(super) fn ensure_desk(&self, desk: &DeskId) -> anyhow::Result<()> {
        let made =
            self.agent.post(self.url("/v1/desks")).header("authorization", self.bearer()).send_json(serde_json::json!({"id": desk}))?;
        match made.status().as_u16() {
            200..300 | 409 => Ok(()),
            _ => read::<Value>(made).map(|_| ()),
        }
    }

    pub(super) fn delete(&self, path: &str) -> anyhow::Result<()> {
        let mut response = self.agent.delete(self.url(path)).header("authorization", self.bearer()).call()?;
        if response.status().is_success() { Ok(()) } else { Err(problem(&response.body_mut().read_json::<Value>().unwrap_or_default())) }
    }

    fn url(&self, path: &str) -> String {
        format!("{}{path}", self.base)
    }

    fn bearer(&self) -> String {
        format!("Bearer {}", self.token)
    }
}

fn read<T: DeserializeOwned>(mut response: ureq::http::Response<ureq::Body>) -> anyhow::Result<T> {
    let success = response.status().is_success();
    let body: Value = response.body_mut().with_config().limit(MAX_ANSWER_BYTES).read_json().context("the server's answer is not JSON")?;
    if success { Ok(serde_json::from_value(body)?) } else { Err(problem(&body)) }
}

/// The words of a problem document.
fn problem(body: &Value) -> anyhow::Error {
    let text = |key: &str| body.get(key).and_then(Value::as_str).unwrap_or_default().to_owned();
    let mut message = text("title");
    if !text("detail").is_empty() {
        message = format!("{message}: {}", text("detail"));
    }
    for error in body.get("errors").and_then(Value::as_array).into_iter().flatten() {
        let field = |key: &str| error.get(key).and_then(Value::as_str).unwrap_or_default();
        message = format!("{message}\n  {} {}", field("pointer"), field("detail"));
    }
    anyhow::anyhow!(if message.is_empty() { "the server refused without saying why".to_owned() } else { message })
}

/// A value of a query, percent-encoded (RFC 3986).
pub(super) fn encoded(value: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.' | b'~');
    value.bytes().map(|byte| if plain(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") }).collect()
}
