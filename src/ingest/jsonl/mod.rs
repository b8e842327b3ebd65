//! JSON lines: one conversation a line.
//!
//! A line that is no conversation (not JSON, no id, no messages) is rejected whole; inside a conversation each message is judged for
//! itself while the line is parsed, so that a line full of rubbish costs no more memory than the line.

mod parse;

use std::collections::HashMap;
use std::path::Path;

use serde::de::DeserializeSeed as _;

use self::parse::{LineSeed, RawLine};
use super::mapping::ColumnMapping;
use super::message::{self, MAX_FIELD_CHARS, Place, Rules};
use super::source::Lines;
use super::{BATCH_CONVERSATIONS, BATCH_TEXT_BYTES, Batch, ConversationReader, IngestError, Progress, line_fault};
use crate::domain::{ConversationDraft, MessageDraft, RejectedRow};

/// Most messages taken from one line.
const MAX_MESSAGES: usize = 100_000;
/// Most rejections listed for one line; the rest is counted.
const MAX_REJECTED_A_LINE: usize = 1_000;
/// Most rejections in one batch.
const BATCH_REJECTED: usize = 2_000;

/// Reads a JSON lines file.
pub(super) struct JsonlReader {
    path: std::path::PathBuf,
    lines: Lines,
    rules: Rules,
    progress: Progress,
    seen_text: bool,
    failed: Option<IngestError>,
}

impl JsonlReader {
    pub(super) fn open(path: &Path, mapping: &ColumnMapping, rules: Rules, mut progress: Progress) -> Result<Self, IngestError> {
        let encoding = mapping.encoding().map_err(|detail| IngestError::Mapping { path: None, detail })?;
        let mut lines = Lines::open(path, encoding, &mut progress.notes)?;
        lines.skip_to(progress.start)?;
        let seen_text = progress.start > 0;
        Ok(Self { path: path.to_owned(), lines, rules, progress, seen_text, failed: None })
    }

    fn fill(&mut self, batch: &mut Batch) -> Result<bool, IngestError> {
        let mut text_bytes = 0;
        while batch.drafts.len() < BATCH_CONVERSATIONS && text_bytes < BATCH_TEXT_BYTES && batch.rejected.len() < BATCH_REJECTED {
            let Some(line) = self.lines.next_line()? else { return Ok(false) };
            let text = line.text.trim();
            if let Some(fault) = &line.fault {
                batch.rejected.push(line_fault(line.number, fault));
                continue;
            }
            if text.is_empty() {
                continue;
            }
            if !std::mem::replace(&mut self.seen_text, true) && text.starts_with('[') {
                let detail = "it is one JSON list; write one conversation a line, for example with `jq -c '.[]'`";
                return Err(IngestError::WrongFormat { path: self.path.clone(), detail });
            }
            text_bytes += text.len();
            let mut outcome = Outcome { line: line.number, rejected: Vec::new(), notes: Vec::new(), uncounted: 0 };
            if let Some(draft) = self.rules.conversation(text, &mut outcome) {
                batch.messages += draft.messages.len() as u64;
                batch.drafts.push(draft);
            }
            if outcome.uncounted > 0 {
                outcome.rejected.push(RejectedRow {
                    line: line.number,
                    field: Some("/messages".to_owned()),
                    reason: format!("{} more messages of this line are rejected", outcome.uncounted),
                    remedy: "mend the ones listed before; the others likely have the same fault".to_owned(),
                });
            }
            batch.rejected.append(&mut outcome.rejected);
            self.progress.notes.append(&mut outcome.notes);
        }
        Ok(true)
    }
}

impl ConversationReader for JsonlReader {
    fn next_batch(&mut self) -> Result<Option<Batch>, IngestError> {
        if let Some(error) = self.failed.take() {
            return Err(error);
        }
        let mut batch = Batch {
            drafts: Vec::new(),
            rejected: Vec::new(),
            cursor: self.progress.cursor(0),
            bytes_done: 0,
            messages: 0,
            notes: Vec::new(),
        };
        let more = match self.fill(&mut batch) {
            Ok(more) => more,
            Err(error) if batch.drafts.is_empty() && batch.rejected.is_empty() => return Err(error),
            Err(error) => {
                // What was read before the damage is handed out first.
                self.failed = Some(error);
                true
            }
        };
        batch.notes = self.progress.take_notes();
        if !more && batch.drafts.is_empty() && batch.rejected.is_empty() && batch.notes.is_empty() {
            return Ok(None);
        }
        batch.cursor = self.progress.cursor(self.lines.number());
        batch.bytes_done = self.lines.bytes_read();
        Ok(Some(batch))
    }

    fn total_bytes(&self) -> Option<u64> {
        Some(self.lines.total_bytes())
    }

    fn mapping(&self) -> Option<&ColumnMapping> {
        None
    }
}

/// What reading one line brings besides the conversation.
struct Outcome {
    line: u64,
    rejected: Vec<RejectedRow>,
    notes: Vec<String>,
    uncounted: usize,
}

impl Outcome {
    fn reject(&mut self, field: Option<&str>, reason: impl Into<String>, remedy: impl Into<String>) {
        self.rejected.push(RejectedRow { line: self.line, field: field.map(str::to_owned), reason: reason.into(), remedy: remedy.into() });
    }

    fn with_place<T>(&mut self, field: &dyn Fn(&'static str) -> String, act: impl FnOnce(&mut Place<'_>) -> T) -> T {
        let before = self.rejected.len();
        let result = act(&mut Place { line: self.line, field, rejected: &mut self.rejected, notes: &mut self.notes });
        if self.rejected.len() > MAX_REJECTED_A_LINE {
            self.rejected.truncate(before);
            self.uncounted += 1;
        }
        if self.notes.len() > super::MAX_NOTES {
            self.notes.truncate(super::MAX_NOTES + 1);
        }
        result
    }
}

impl Rules {
    /// Reads one line; `None` when it is no conversation (then `outcome` says why).
    fn conversation(&self, text: &str, outcome: &mut Outcome) -> Option<ConversationDraft> {
        let mut parsed = self.parse(text, outcome);
        if parsed.is_err() {
            // Half a surrogate pair is what is left of an emoji that was cut off by length; no reason to lose the conversation.
            if let Some(mended) = mend_half_characters(text) {
                (outcome.rejected, outcome.uncounted) = (Vec::new(), 0);
                outcome.notes.push(format!("line {}: half a character (a cut-off emoji) was replaced", outcome.line));
                parsed = self.parse(&mended, outcome);
            }
        }
        let line = match parsed {
            Ok(line) => line,
            Err(error) => {
                (outcome.rejected, outcome.uncounted) = (Vec::new(), 0);
                outcome.reject(None, describe(&error), "write one complete JSON object a line, without line breaks inside");
                return None;
            }
        };
        self.assemble(line, outcome)
    }

    fn parse(&self, text: &str, outcome: &mut Outcome) -> Result<RawLine, serde_json::Error> {
        let mut json = serde_json::Deserializer::from_str(text);
        let line = LineSeed { rules: self, outcome }.deserialize(&mut json)?;
        json.end()?;
        Ok(line)
    }

    fn assemble(&self, line: RawLine, outcome: &mut Outcome) -> Option<ConversationDraft> {
        let Some(external_id) = message::present(line.id.into_text()) else {
            outcome.rejected.clear();
            outcome.uncounted = 0;
            outcome.reject(Some("/id"), "the conversation has no id", "give each conversation an `id` that is unique in its desk");
            return None;
        };
        if external_id.chars().nth(MAX_FIELD_CHARS).is_some() {
            outcome.reject(Some("/id"), format!("the id is longer than {MAX_FIELD_CHARS} characters"), "use a shorter `id`");
            return None;
        }
        let Some(mut messages) = line.messages else {
            outcome.reject(Some("/messages"), "the conversation has no list of messages", "put the messages into a list named `messages`");
            return None;
        };
        if line.message_count == 0 {
            outcome.reject(Some("/messages"), "the conversation has no messages", "nothing to do if it was empty at the source");
            return None;
        }
        if line.message_count > MAX_MESSAGES {
            let rest = line.message_count - MAX_MESSAGES;
            outcome.reject(
                Some("/messages"),
                format!("more than {MAX_MESSAGES} messages in one line; the last {rest} are left out"),
                "split the conversation into several lines with the same id",
            );
        }
        if messages.is_empty() {
            return None;
        }
        unname_repeated(&mut messages, outcome);
        let field = |name: &'static str| format!("/{name}");
        let customer = line.customer.unwrap_or_default();
        let draft = outcome.with_place(&field, |place| {
            let started_at = self.time(&line.started_at.into_time(), "started_at", place);
            ConversationDraft {
                channel: place.short(line.channel.into_text(), "channel"),
                customer_id: place.short(line.customer_id.into_text().or(customer.id), "customer_id"),
                customer_personal: customer.personal,
                agent_id: place.short(line.agent_id.into_text(), "agent_id"),
                started_at,
                tags: line.tags,
                messages: messages.into_iter().map(|(_, message)| message).collect(),
                external_id,
            }
        });
        Some(draft)
    }
}

/// Two different messages under one id would become one: the later one goes on without id.
fn unname_repeated(messages: &mut [(usize, MessageDraft)], outcome: &mut Outcome) {
    let mut first: HashMap<String, usize> = HashMap::new();
    for at in 0..messages.len() {
        let Some(id) = messages[at].1.external_id.clone() else { continue };
        let Some(&earlier) = first.get(&id) else {
            first.insert(id, at);
            continue;
        };
        if messages[earlier].1 != messages[at].1 {
            let index = messages[at].0;
            messages[at].1.external_id = None;
            outcome.with_place(&|name| format!("/messages/{index}/{name}"), |place| {
                place.reject(
                    "id",
                    "another message of this conversation has the same id; kept without id",
                    "give each message an id of its own, or none",
                );
            });
        }
    }
}

/// What is wrong with the JSON, by kind and column: the parser's own words may quote the line.
fn describe(error: &serde_json::Error) -> String {
    match error.classify() {
        serde_json::error::Category::Eof => format!("the JSON breaks off at column {}", error.column()),
        serde_json::error::Category::Data => "the line is JSON, but not an object".to_owned(),
        serde_json::error::Category::Syntax | serde_json::error::Category::Io => format!("not JSON: mistake at column {}", error.column()),
    }
}

/// Replaces `\uD83D` without its other half; `None` if there is none.
fn mend_half_characters(text: &str) -> Option<String> {
    let unit = |at: usize| {
        let escape = text.get(at..at + 6)?;
        let digits = escape.strip_prefix("\\u")?;
        u16::from_str_radix(digits, 16).ok()
    };
    let (mut mended, mut kept, mut at) = (String::new(), 0, 0);
    while let Some(found) = text[at..].find('\\') {
        at += found;
        match unit(at) {
            Some(0xd800..=0xdbff) if matches!(unit(at + 6), Some(0xdc00..=0xdfff)) => at += 12,
            Some(0xd800..=0xdfff) => {
                mended.push_str(&text[kept..at]);
                mended.push_str("\\ufffd");
                at += 6;
                kept = at;
            }
            // An escaped backslash or quote: the character behind it begins nothing.
            Some(_) | None => at += 1 + text[at + 1..].chars().next().map_or(0, char::len_utf8),
        }
    }
    if kept == 0 {
        return None;
    }
    mended.push_str(&text[kept..]);
    Some(mended)
}
