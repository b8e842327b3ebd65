//! A client of the router: requests by hand, answers with the checks that every answer deserves.

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::{HeaderMap, Request};
use serde_json::{Value, json};
use tower::ServiceExt as _;

use super::events::EventReader;

/// Somebody who sends requests, with the headers they always send.
#[derive(Clone)]
pub(crate) struct Client {
    router: Router,
    headers: Vec<(String, String)>,
}

/// What came back.
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) text: String,
    pub(crate) bytes: Vec<u8>,
    asked: String,
}

/// A file to import.
#[derive(Clone)]
pub(crate) struct Upload {
    fields: Vec<(&'static str, String)>,
    file_name: &'static str,
    bytes: Vec<u8>,
}

impl Upload {
    pub(crate) fn jsonl(desk: &str, text: &str) -> Self {
        Self::new(desk, "jsonl", "archive.jsonl", text.as_bytes())
    }

    pub(crate) fn new(desk: &str, format: &str, file_name: &'static str, bytes: &[u8]) -> Self {
        let fields = vec![("desk", desk.to_owned()), ("format", format.to_owned())];
        Self { fields, file_name, bytes: bytes.to_vec() }
    }

    pub(crate) fn field(mut self, name: &'static str, value: &str) -> Self {
        self.fields.push((name, value.to_owned()));
        self
    }

    fn form(&self) -> (String, Vec<u8>) {
        let boundary = "riposte-test-boundary";
        let mut form = Vec::new();
        for (name, value) in &self.fields {
            form.extend(format!("--{boundary}\r\ncontent-disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n").into_bytes());
        }
        let file = format!("--{boundary}\r\ncontent-disposition: form-data; name=\"file\"; filename=\"{}\"\r\n\r\n", self.file_name);
        form.extend(file.into_bytes());
        form.extend(&self.bytes);
        form.extend(format!("\r\n--{boundary}--\r\n").into_bytes());
        (format!("multipart/form-data; boundary={boundary}"), form)
    }
}

impl Client {
    pub(super) fn new(router: Router) -> Self {
        Self { router, headers: Vec::new() }
    }

    /// The same client, sending one more header.
    pub(crate) fn with(&self, name: &str, value: &str) -> Self {
        let mut client = self.clone();
        client.headers.push((name.to_owned(), value.to_owned()));
        client
    }

    pub(crate) async fn send(&self, method: &str, path: &str, content_type: Option<&str>, body: Vec<u8>) -> Answer {
        let mut request = Request::builder().method(method).uri(path);
        for (name, value) in &self.headers {
            request = request.header(name, value);
        }
        if let Some(content_type) = content_type {
            request = request.header("content-type", content_type);
        }
        let answer = self.router.clone().oneshot(request.body(Body::from(body)).unwrap()).await.unwrap();
        let (parts, body) = answer.into_parts();
        let bytes = to_bytes(body, 64 << 20).await.unwrap().to_vec();
        let text = String::from_utf8_lossy(&bytes).into_owned();
        Answer { status: parts.status.as_u16(), headers: parts.headers, text, bytes, asked: format!("{method} {path}") }
    }

    /// Opens a stream of events.
    pub(crate) async fn watch(&self, path: &str) -> EventReader {
        let mut request = Request::builder().method("GET").uri(path);
        for (name, value) in &self.headers {
            request = request.header(name, value);
        }
        let answer = self.router.clone().oneshot(request.body(Body::empty()).unwrap()).await.unwrap();
        assert_eq!(answer.status(), 200, "{path}");
        assert_eq!(answer.headers()["content-type"], "text/event-stream", "{path}");
        EventReader::new(answer.into_body())
    }

    /// Sends a body if there is one.
    pub(crate) async fn call(&self, method: &str, path: &str, body: Option<&Value>) -> Answer {
        match body {
            Some(body) => self.send(method, path, Some("application/json"), body.to_string().into_bytes()).await,
            None => self.send(method, path, None, Vec::new()).await,
        }
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.call("GET", path, None).await
    }

    pub(crate) async fn post(&self, path: &str, body: &Value) -> Answer {
        self.call("POST", path, Some(body)).await
    }

    pub(crate) async fn put(&self, path: &str, body: &Value) -> Answer {
        self.call("PUT", path, Some(body)).await
    }

    pub(crate) async fn patch(&self, path: &str, body: &Value) -> Answer {
        self.call("PATCH", path, Some(body)).await
    }

    pub(crate) async fn delete(&self, path: &str) -> Answer {
        self.call("DELETE", path, None).await
    }

    /// Sends a file to import.
    pub(crate) async fn upload(&self, upload: &Upload) -> Answer {
        let (content_type, form) = upload.form();
        self.send("POST", "/v1/imports", Some(&content_type), form).await
    }

    /// Imports a file and waits for the end, which is also the end of the job's stream of events.
    pub(crate) async fn import(&self, upload: &Upload) -> Value {
        let job = self.upload(upload).await.expect(202);
        self.follow(&job).await
    }

    /// The job at its end.
    pub(crate) async fn follow(&self, job: &Value) -> Value {
        self.events(job).await.pop().unwrap()
    }

    /// All events of a job until it has ended.
    pub(crate) async fn events(&self, job: &Value) -> Vec<Value> {
        let answer = self.get(&format!("/v1/jobs/{}/events", text(&job["id"]))).await;
        assert_eq!(answer.headers["content-type"], "text/event-stream");
        let data = answer.text.lines().filter_map(|line| line.strip_prefix("data:"));
        data.map(|data| serde_json::from_str(data.trim()).unwrap()).collect()
    }

    /// Asks for replies to one customer message.
    pub(crate) async fn suggest(&self, desk: &str, words: &str) -> Value {
        self.suggest_to(desk, &[("customer", words)], json!({})).await
    }

    /// Asks for replies to a conversation; `more` holds further fields of the request.
    pub(crate) async fn suggest_to(&self, desk: &str, messages: &[(&str, &str)], more: Value) -> Value {
        let messages: Vec<Value> = messages.iter().map(|(role, text)| json!({"role": role, "text": text})).collect();
        let mut request = json!({"desk": desk, "conversation": {"messages": messages}});
        for (name, value) in more.as_object().unwrap() {
            request[name] = value.clone();
        }
        self.post("/v1/suggestions", &request).await.ok()
    }
}

impl Answer {
    /// The body of a success.
    #[track_caller]
    pub(crate) fn ok(&self) -> Value {
        assert!((200..300).contains(&self.status), "{}: {} {}", self.asked, self.status, self.text);
        if self.text.is_empty() { Value::Null } else { self.json() }
    }

    /// The body of an answer with this status.
    #[track_caller]
    pub(crate) fn expect(&self, status: u16) -> Value {
        assert_eq!(self.status, status, "{}: {}", self.asked, self.text);
        if self.text.is_empty() { Value::Null } else { self.json() }
    }

    /// The problem document of a refusal, checked for form.
    #[track_caller]
    pub(crate) fn refused(&self, status: u16, code: &str) -> Value {
        let problem = self.expect(status);
        assert_eq!(problem["code"], code, "{}: {}", self.asked, self.text);
        assert_eq!(self.headers["content-type"], "application/problem+json", "{}", self.asked);
        assert_eq!(problem["type"], format!("/errors/{code}"));
        assert_eq!(problem["status"], status);
        assert_eq!(problem["request_id"].as_str(), self.headers["x-request-id"].to_str().ok());
        problem
    }

    /// The JSON pointer of the one field that a 422 names.
    #[track_caller]
    pub(crate) fn refused_field(&self) -> String {
        let problem = self.refused(422, "invalid_field");
        assert_eq!(problem["errors"].as_array().map(Vec::len), Some(1), "{problem}");
        text(&problem["errors"][0]["pointer"]).to_owned()
    }

    #[track_caller]
    fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|error| panic!("{}: {error}: {}", self.asked, self.text))
    }
}

/// A text that has to be there.
#[track_caller]
pub(crate) fn text(value: &Value) -> &str {
    let Some(text) = value.as_str() else { panic!("no text: {value}") };
    text
}

/// A list that has to be there.
#[track_caller]
pub(crate) fn list(value: &Value) -> &[Value] {
    let Some(list) = value.as_array() else { panic!("no list: {value}") };
    list
}

/// The words of a set of suggestions, best first.
pub(crate) fn texts(set: &Value) -> Vec<&str> {
    list(&set["suggestions"]).iter().map(|suggestion| text(&suggestion["text"])).collect()
}
