//! A reader of server-sent events, as a browser reads them.

use std::time::Duration;

use axum::body::{Body, BodyDataStream};
use futures::StreamExt as _;
use serde_json::Value;

/// Nothing in a test takes as long.
const PATIENCE: Duration = Duration::from_mins(1);

/// One event.
#[derive(Debug, Clone)]
pub(crate) struct SentEvent {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) data: Value,
}

/// An open stream; dropping it closes the connection.
pub(crate) struct EventReader {
    body: BodyDataStream,
    buffer: String,
}

impl EventReader {
    pub(super) fn new(body: Body) -> Self {
        Self { body: body.into_data_stream(), buffer: String::new() }
    }

    /// The next event; `None` when the stream has ended.
    pub(crate) async fn next(&mut self) -> Option<SentEvent> {
        loop {
            if let Some((block, rest)) = self.buffer.split_once("\n\n") {
                let (block, rest) = (block.to_owned(), rest.to_owned());
                self.buffer = rest;
                let field = |name: &str| {
                    let lines = block.lines().filter_map(|line| line.strip_prefix(name)?.strip_prefix(':'));
                    lines.map(str::trim_start).collect::<Vec<_>>().join("\n")
                };
                // Comments keep the connection open and say nothing.
                if field("event").is_empty() {
                    continue;
                }
                return Some(SentEvent { id: field("id"), name: field("event"), data: serde_json::from_str(&field("data")).unwrap() });
            }
            let chunk = tokio::time::timeout(PATIENCE, self.body.next()).await.expect("an event was expected")?;
            self.buffer.push_str(std::str::from_utf8(&chunk.unwrap()).unwrap());
        }
    }

    /// The next event, which has to be of this name.
    pub(crate) async fn expect(&mut self, name: &str) -> SentEvent {
        let event = self.next().await.expect("the stream has ended");
        assert_eq!(event.name, name, "{event:?}");
        event
    }
}
