//! JSON lines: one conversation a line.
//!
//! A line that is no conversation (not JSON, no id, no messages) is rejected whole; inside a conversation each message is judged for
//! itself while the line is parsed, so that a line full of rubbish costs no more memory than the line.

use std::collections::HashMap;
use std::fmt;
use std::path::Path;

use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};

use super::mapping::ColumnMapping;
use super::message::{self, MAX_FIELD_CHARS, Place, RawMessage, Rules};
use super::source::Lines;
use super::times::RawTime;
use super::{BATCH_CONVERSATIONS, BATCH_TEXT_BYTES, Batch, ConversationReader, IngestError, Progress, line_fault};
use crate::domain::{ConversationDraft, MessageDraft, RejectedRow};

/// Most messages taken from one line.
const MAX_MESSAGES: usize = 100_000;
/// Most rejections listed for one line; the rest is counted.
const MAX_REJECTED_A_LINE: usize = 1_000;
/// Most rejections in one batch.
const BATCH_REJECTED: usize = 2_000;
/// Fields of `customer` that say nothing about who the person is.
const IMPERSONAL: &[&str] =
    &["id", "gender", "sex", "level", "vip", "grade", "language", "locale", "timezone", "type", "channel", "country", "tags"];

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
                channel: self.short(line.channel.into_text(), "channel", place),
                customer_id: self.short(line.customer_id.into_text().or(customer.id), "customer_id", place),
                customer_personal: customer.personal,
                agent_id: self.short(line.agent_id.into_text(), "agent_id", place),
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

/// A JSON value where one word or number is expected.
#[derive(Debug, Default)]
enum Scalar {
    #[default]
    Missing,
    Text(String),
    Number(f64, String),
    /// `true`, a list, an object.
    Unfit,
}

impl Scalar {
    fn into_text(self) -> Option<String> {
        match self {
            Self::Text(text) | Self::Number(_, text) => Some(text),
            Self::Missing | Self::Unfit => None,
        }
    }

    fn into_time(self) -> RawTime {
        match self {
            Self::Missing => RawTime::Missing,
            Self::Text(text) => RawTime::Text(text),
            Self::Number(number, _) => RawTime::Number(number),
            Self::Unfit => RawTime::Text("?".to_owned()),
        }
    }
}

#[derive(Debug, Default)]
struct RawCustomer {
    id: Option<String>,
    personal: Vec<String>,
}

#[derive(Debug, Default)]
struct RawLine {
    id: Scalar,
    channel: Scalar,
    customer_id: Scalar,
    agent_id: Scalar,
    started_at: Scalar,
    tags: Vec<String>,
    customer: Option<RawCustomer>,
    /// Sound messages with their place in the list.
    messages: Option<Vec<(usize, MessageDraft)>>,
    message_count: usize,
}

// The seeds below accept every kind of value: only broken JSON is an error.

macro_rules! accept_scalars_as {
    ($value:ty, $other:expr) => {
        accept_scalars_as!(@ $value, $other; visit_bool bool, visit_i64 i64, visit_u64 u64, visit_f64 f64, visit_str &str);
    };
    (@ $value:ty, $other:expr; $($name:ident $from:ty),*) => {
        $(fn $name<E>(self, _: $from) -> Result<$value, E> { Ok($other) })*
        fn visit_unit<E>(self) -> Result<$value, E> { Ok($other) }
    };
}

struct LineSeed<'a> {
    rules: &'a Rules,
    outcome: &'a mut Outcome,
}

impl<'de> DeserializeSeed<'de> for LineSeed<'_> {
    type Value = RawLine;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<RawLine, D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for LineSeed<'_> {
    type Value = RawLine;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a conversation")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<RawLine, A::Error> {
        let mut line = RawLine::default();
        while let Some(key) = map.next_key::<String>()? {
            match key.as_str() {
                "id" => line.id = map.next_value_seed(ScalarSeed)?,
                "channel" => line.channel = map.next_value_seed(ScalarSeed)?,
                "customer_id" => line.customer_id = map.next_value_seed(ScalarSeed)?,
                "agent_id" => line.agent_id = map.next_value_seed(ScalarSeed)?,
                "started_at" => line.started_at = map.next_value_seed(ScalarSeed)?,
                "tags" => line.tags = map.next_value_seed(WordsSeed { split: true })?,
                "customer" => line.customer = map.next_value_seed(CustomerSeed)?,
                "messages" => {
                    let seed = MessagesSeed { rules: self.rules, outcome: &mut *self.outcome };
                    match map.next_value_seed(seed)? {
                        Some((messages, count)) => (line.messages, line.message_count) = (Some(messages), count),
                        None => line.messages = None,
                    }
                }
                _ => drop(map.next_value::<IgnoredAny>()?),
            }
        }
        Ok(line)
    }
}

struct ScalarSeed;

impl<'de> DeserializeSeed<'de> for ScalarSeed {
    type Value = Scalar;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Scalar, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for ScalarSeed {
    type Value = Scalar;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("anything")
    }

    fn visit_unit<E>(self) -> Result<Scalar, E> {
        Ok(Scalar::Missing)
    }

    fn visit_bool<E>(self, _: bool) -> Result<Scalar, E> {
        Ok(Scalar::Unfit)
    }

    fn visit_i64<E>(self, number: i64) -> Result<Scalar, E> {
        Ok(Scalar::Number(number as f64, number.to_string()))
    }

    fn visit_u64<E>(self, number: u64) -> Result<Scalar, E> {
        Ok(Scalar::Number(number as f64, number.to_string()))
    }

    fn visit_f64<E>(self, number: f64) -> Result<Scalar, E> {
        Ok(Scalar::Number(number, number.to_string()))
    }

    fn visit_str<E>(self, text: &str) -> Result<Scalar, E> {
        Ok(Scalar::Text(text.to_owned()))
    }

    fn visit_string<E>(self, text: String) -> Result<Scalar, E> {
        Ok(Scalar::Text(text))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Scalar, A::Error> {
        while list.next_element::<IgnoredAny>()?.is_some() {}
        Ok(Scalar::Unfit)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Scalar, A::Error> {
        while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(Scalar::Unfit)
    }
}

/// A word, a number, or a list of them.
struct WordsSeed {
    split: bool,
}

impl<'de> DeserializeSeed<'de> for WordsSeed {
    type Value = Vec<String>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Vec<String>, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for WordsSeed {
    type Value = Vec<String>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("anything")
    }

    fn visit_unit<E>(self) -> Result<Vec<String>, E> {
        Ok(Vec::new())
    }

    fn visit_bool<E>(self, _: bool) -> Result<Vec<String>, E> {
        Ok(Vec::new())
    }

    fn visit_i64<E>(self, number: i64) -> Result<Vec<String>, E> {
        Ok(vec![number.to_string()])
    }

    fn visit_u64<E>(self, number: u64) -> Result<Vec<String>, E> {
        Ok(vec![number.to_string()])
    }

    fn visit_f64<E>(self, number: f64) -> Result<Vec<String>, E> {
        Ok(vec![number.to_string()])
    }

    fn visit_str<E>(self, text: &str) -> Result<Vec<String>, E> {
        if self.split {
            return Ok(message::split_tags(text).collect());
        }
        Ok(message::present(Some(text.to_owned())).into_iter().collect())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Vec<String>, A::Error> {
        let mut words = Vec::new();
        while let Some(word) = list.next_element_seed(ScalarSeed)? {
            if words.len() < 1_000 {
                message::extend_unique(&mut words, message::present(word.into_text()));
            }
        }
        Ok(words)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Vec<String>, A::Error> {
        while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(Vec::new())
    }
}

struct CustomerSeed;

impl<'de> DeserializeSeed<'de> for CustomerSeed {
    type Value = Option<RawCustomer>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for CustomerSeed {
    type Value = Option<RawCustomer>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("anything")
    }

    accept_scalars_as!(Self::Value, None);

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Self::Value, A::Error> {
        while list.next_element::<IgnoredAny>()?.is_some() {}
        Ok(None)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut customer = RawCustomer::default();
        while let Some(key) = map.next_key::<String>()? {
            let values = map.next_value_seed(WordsSeed { split: false })?;
            if key == "id" {
                customer.id = values.into_iter().next();
            } else if !IMPERSONAL.contains(&key.to_lowercase().as_str()) && customer.personal.len() < 1_000 {
                message::extend_unique(&mut customer.personal, values);
            }
        }
        Ok(Some(customer))
    }
}

struct MessagesSeed<'a> {
    rules: &'a Rules,
    outcome: &'a mut Outcome,
}

impl<'de> DeserializeSeed<'de> for MessagesSeed<'_> {
    type Value = Option<(Vec<(usize, MessageDraft)>, usize)>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for MessagesSeed<'_> {
    type Value = Option<(Vec<(usize, MessageDraft)>, usize)>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("anything")
    }

    accept_scalars_as!(Self::Value, None);

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(None)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Self::Value, A::Error> {
        let (mut messages, mut index) = (Vec::new(), 0);
        while let Some(found) = list.next_element_seed(MessageSeed)? {
            if index < MAX_MESSAGES {
                let field = |name: &'static str| format!("/messages/{index}/{name}");
                let draft = self.outcome.with_place(&field, |place| match found {
                    RawElement::Message(raw) => self.rules.message(*raw, place),
                    RawElement::BadText => {
                        place.reject("text", "the text is a list, an object or a truth value", "write the text as one string");
                        None
                    }
                    RawElement::NoObject => {
                        place.reject("role", "the message is not a JSON object", "write each message as {\"role\": …, \"text\": …}");
                        None
                    }
                });
                messages.extend(draft.map(|draft| (index, draft)));
            }
            index += 1;
        }
        Ok(Some((messages, index)))
    }
}

enum RawElement {
    Message(Box<RawMessage>),
    BadText,
    NoObject,
}

struct MessageSeed;

impl<'de> DeserializeSeed<'de> for MessageSeed {
    type Value = RawElement;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<RawElement, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for MessageSeed {
    type Value = RawElement;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("anything")
    }

    accept_scalars_as!(RawElement, RawElement::NoObject);

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<RawElement, A::Error> {
        while list.next_element::<IgnoredAny>()?.is_some() {}
        Ok(RawElement::NoObject)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<RawElement, A::Error> {
        let (mut raw, mut bad_text) = (RawMessage::default(), false);
        while let Some(key) = map.next_key::<String>()? {
            match key.as_str() {
                "id" => raw.id = map.next_value_seed(ScalarSeed)?.into_text(),
                "role" => raw.role = map.next_value_seed(ScalarSeed)?.into_text(),
                "kind" => raw.kind = map.next_value_seed(ScalarSeed)?.into_text(),
                "media_ref" => raw.media_ref = map.next_value_seed(ScalarSeed)?.into_text(),
                "author" => raw.author = map.next_value_seed(ScalarSeed)?.into_text(),
                "at" => raw.at = map.next_value_seed(ScalarSeed)?.into_time(),
                "text" => {
                    let value = map.next_value_seed(ScalarSeed)?;
                    bad_text = matches!(value, Scalar::Unfit);
                    raw.text = value.into_text();
                }
                _ => drop(map.next_value::<IgnoredAny>()?),
            }
        }
        Ok(if bad_text { RawElement::BadText } else { RawElement::Message(Box::new(raw)) })
    }
}
