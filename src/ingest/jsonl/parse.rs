//! The JSON of one line, taken apart while it is parsed.
//!
//! Every field accepts every kind of value, so that only broken JSON is an error; messages are judged one by one as they come.

use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};

use super::super::message::{self, RawMessage, Rules};
use super::super::times::RawTime;
use super::{MAX_MESSAGES, Outcome};
use crate::domain::MessageDraft;

/// Fields of `customer` that say nothing about who the person is.
const IMPERSONAL: &[&str] =
    &["id", "gender", "sex", "level", "vip", "grade", "language", "locale", "timezone", "type", "channel", "country", "tags"];

/// A JSON value where one word or number is expected.
#[derive(Debug, Default)]
pub(super) enum Scalar {
    #[default]
    Missing,
    Text(String),
    Number(f64, String),
    /// `true`, a list, an object.
    Unfit,
}

impl Scalar {
    pub(super) fn into_text(self) -> Option<String> {
        match self {
            Self::Text(text) | Self::Number(_, text) => Some(text),
            Self::Missing | Self::Unfit => None,
        }
    }

    pub(super) fn into_time(self) -> RawTime {
        match self {
            Self::Missing => RawTime::Missing,
            Self::Text(text) => RawTime::Text(text),
            Self::Number(number, _) => RawTime::Number(number),
            Self::Unfit => RawTime::Text("?".to_owned()),
        }
    }
}

/// What `customer` says.
#[derive(Debug, Default)]
pub(super) struct RawCustomer {
    pub id: Option<String>,
    pub personal: Vec<String>,
}

/// One conversation, messages already judged.
#[derive(Debug, Default)]
pub(super) struct RawLine {
    pub id: Scalar,
    pub channel: Scalar,
    pub customer_id: Scalar,
    pub agent_id: Scalar,
    pub started_at: Scalar,
    pub tags: Vec<String>,
    pub customer: Option<RawCustomer>,
    /// Sound messages with their place in the list.
    pub messages: Option<Vec<(usize, MessageDraft)>>,
    pub message_count: usize,
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

pub(super) struct LineSeed<'a> {
    pub rules: &'a Rules,
    pub outcome: &'a mut Outcome,
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
