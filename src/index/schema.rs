//! What an index holds, in the words of its engine: vector names, payload fields, the term weighting and the checks that every adapter
//! makes before it writes. Shared by the adapters, so that moving an index from one engine to another is a copy of points.
//!
//! Nothing here may depend on an engine; payloads are plain JSON. Any change to names, types or meaning raises [`SCHEMA_VERSION`], and
//! indexes of another version are refused until they have been rebuilt from the store.

use serde_json::{Map, Value};
use uuid::Uuid;

use super::{DenseField, IndexError, IndexPoint, PointPayload, Probe, SparseField, SparseVector};
use crate::domain::{Language, PairKind, Pool, Timestamp};

/// Version of everything in this module. An index of another version is rebuilt, never converted.
pub const SCHEMA_VERSION: u32 = 1;

/// The desk: every search names one.
pub const DESK: &str = "desk";
/// The pool's code.
pub const POOL: &str = "pool";
/// The pair kind's code.
pub const KIND: &str = "kind";
/// The language's code.
pub const LANGUAGE: &str = "language";
/// The pair or entry, as a hyphenated UUID.
pub const SOURCE: &str = "source";
/// The conversation, as a hyphenated UUID; absent for entries.
pub const CONVERSATION: &str = "conversation";
/// When it was answered, in microseconds since the epoch; may be absent.
pub const ANSWERED_AT: &str = "answered_at";
/// First moment at which it may be shown, in microseconds; absent for "since ever".
pub const VALID_FROM: &str = "valid_from";
/// First moment at which it may no longer be shown, in microseconds; absent for "for ever".
pub const VALID_TO: &str = "valid_to";
/// Tags, as a list of strings; absent when there are none.
pub const TAGS: &str = "tags";

/// How a payload field is indexed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FieldKind {
    /// A word by which the whole index is divided: each search stays within one value.
    Tenant,
    /// One of a few words. Searches within one value should be as good as searches without the condition.
    Category,
    /// Words with many values, each on few points.
    Keyword,
    /// UUIDs with many values, each on few points.
    Uuid,
    /// A 64-bit integer, asked for by range.
    Integer,
}

/// Every payload field with the way it is indexed.
pub const FIELDS: [(&str, FieldKind); 10] = [
    (DESK, FieldKind::Tenant),
    (POOL, FieldKind::Category),
    (KIND, FieldKind::Category),
    (LANGUAGE, FieldKind::Category),
    (SOURCE, FieldKind::Uuid),
    (CONVERSATION, FieldKind::Uuid),
    (TAGS, FieldKind::Keyword),
    (ANSWERED_AT, FieldKind::Integer),
    (VALID_FROM, FieldKind::Integer),
    (VALID_TO, FieldKind::Integer),
];

impl DenseField {
    /// The name of the vector in the index.
    #[must_use]
    pub const fn vector_name(self) -> &'static str {
        match self {
            Self::Question => "question",
            Self::Situation => "situation",
            Self::Answer => "answer",
        }
    }
}

impl SparseField {
    /// The name of the vector in the index.
    #[must_use]
    pub const fn vector_name(self) -> &'static str {
        match self {
            Self::Question => "question_terms",
            Self::Situation => "situation_terms",
            Self::Answer => "answer_terms",
        }
    }
}

/// A payload that was not written by [`payload_to_json`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("payload field `{0}` is missing or malformed")]
pub struct PayloadError(pub &'static str);

/// Writes a payload; fields without a value are left out.
#[must_use]
pub fn payload_to_json(payload: &PointPayload) -> Map<String, Value> {
    let mut json = Map::new();
    let mut put = |name: &str, value: Value| json.insert(name.to_owned(), value);
    put(DESK, payload.desk.as_str().into());
    put(POOL, payload.pool.as_str().into());
    put(KIND, payload.kind.as_str().into());
    put(LANGUAGE, payload.language.as_str().into());
    put(SOURCE, payload.source.to_string().into());
    if let Some(conversation) = payload.conversation {
        put(CONVERSATION, conversation.to_string().into());
    }
    for (name, moment) in [(ANSWERED_AT, payload.answered_at), (VALID_FROM, payload.valid_from), (VALID_TO, payload.valid_to)] {
        if let Some(moment) = moment {
            put(name, moment.as_micros().into());
        }
    }
    if !payload.tags.is_empty() {
        put(TAGS, payload.tags.clone().into());
    }
    json
}

/// Reads a payload back.
///
/// # Errors
/// The first field that is missing or of another form; unknown fields are ignored.
pub fn payload_from_json(json: &Map<String, Value>) -> Result<PointPayload, PayloadError> {
    let text = |name: &'static str| json.get(name).and_then(Value::as_str).ok_or(PayloadError(name));
    let uuid = |name: &'static str| text(name)?.parse::<Uuid>().map_err(|_malformed| PayloadError(name));
    let moment = |name: &'static str| match json.get(name) {
        None => Ok(None),
        Some(value) => value.as_i64().map(|micros| Some(Timestamp::from_micros(micros))).ok_or(PayloadError(name)),
    };
    let tags = match json.get(TAGS) {
        None => Vec::new(),
        Some(Value::Array(tags)) => {
            tags.iter().map(|tag| tag.as_str().map(str::to_owned)).collect::<Option<_>>().ok_or(PayloadError(TAGS))?
        }
        Some(Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Object(_)) => return Err(PayloadError(TAGS)),
    };
    Ok(PointPayload {
        desk: text(DESK)?.parse().map_err(|_invalid| PayloadError(DESK))?,
        pool: Pool::from_code(text(POOL)?).ok_or(PayloadError(POOL))?,
        kind: PairKind::from_code(text(KIND)?).ok_or(PayloadError(KIND))?,
        language: Language::from_code(text(LANGUAGE)?).ok_or(PayloadError(LANGUAGE))?,
        source: uuid(SOURCE)?,
        conversation: json.contains_key(CONVERSATION).then(|| uuid(CONVERSATION)).transpose()?,
        answered_at: moment(ANSWERED_AT)?,
        valid_from: moment(VALID_FROM)?,
        valid_to: moment(VALID_TO)?,
        tags,
    })
}

/// Inverse document frequency of a term that `with_term` of `all` vectors bear: `ln((all - with_term + 0.5) / (with_term + 0.5) + 1)`.
///
/// This is what Qdrant's `Idf` modifier computes, in the process and on a server. Both numbers are sums over all segments of the index,
/// so over *all desks*: `all` counts the points whose vector of that name has a term, `with_term` those whose vector has this term.
/// A search multiplies it into the query's values; stored values stay as written.
#[must_use]
pub fn inverse_document_frequency(all: usize, with_term: usize) -> f32 {
    let (all, with_term) = (all as f32, with_term as f32);
    ((all - with_term + 0.5) / (with_term + 0.5) + 1.).ln()
}

/// Checks that a point fits an index of `dimension`.
///
/// # Errors
/// [`IndexError::Dimension`] for a dense vector of another length, [`IndexError::Engine`] for a sparse vector that is none.
pub fn check_point(point: &IndexPoint, dimension: usize) -> Result<(), IndexError> {
    for vector in &point.dense {
        check_dense(vector, dimension)?;
    }
    point.sparse.iter().try_for_each(check_sparse)
}

/// Checks that a probe fits an index of `dimension`.
///
/// # Errors
/// As for [`check_point`].
pub fn check_probe(probe: &Probe, dimension: usize) -> Result<(), IndexError> {
    match probe {
        Probe::Dense(_, vector) => check_dense(vector, dimension),
        Probe::Sparse(_, vector) => check_sparse(vector),
    }
}

fn check_dense(vector: &[f32], dimension: usize) -> Result<(), IndexError> {
    if vector.len() == dimension { Ok(()) } else { Err(IndexError::Dimension { found: vector.len(), expected: dimension }) }
}

fn check_sparse(vector: &SparseVector) -> Result<(), IndexError> {
    let increasing = vector.terms.windows(2).all(|pair| pair[0] < pair[1]);
    if increasing && vector.terms.len() == vector.values.len() {
        Ok(())
    } else {
        Err(IndexError::Engine("a sparse vector needs strictly increasing terms and one value for each".to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn full_payload() -> PointPayload {
        PointPayload {
            desk: "shop-1".parse().unwrap(),
            pool: Pool::Archive,
            kind: PairKind::FollowUp,
            language: Language::Zh,
            source: Uuid::from_u128(7),
            conversation: Some(Uuid::from_u128(8)),
            answered_at: Some(Timestamp::from_micros(1_700_000_000_123_456)),
            valid_from: Some(Timestamp::from_micros(-5)),
            valid_to: Some(Timestamp::from_micros(5)),
            tags: vec!["vip".to_owned(), "退款".to_owned()],
        }
    }

    #[test]
    fn payloads_round_trip_with_and_without_optional_fields() {
        let full = full_payload();
        assert_eq!(payload_from_json(&payload_to_json(&full)), Ok(full.clone()));

        let bare = PointPayload { conversation: None, answered_at: None, valid_from: None, valid_to: None, tags: Vec::new(), ..full };
        let json = payload_to_json(&bare);
        assert_eq!(json.len(), 5, "absent values are left out, not null");
        assert_eq!(payload_from_json(&json), Ok(bare));
    }

    #[test]
    fn every_written_field_is_indexed() {
        let json = payload_to_json(&full_payload());
        for name in json.keys() {
            assert!(FIELDS.iter().any(|(field, _)| field == name), "{name} has no index");
        }
        assert_eq!(json.len(), FIELDS.len());
    }

    #[test]
    fn malformed_payloads_name_the_field() {
        for (name, value) in [
            (DESK, Value::from("no desk!")),
            (POOL, Value::from("pond")),
            (SOURCE, Value::from("7")),
            (CONVERSATION, Value::Null),
            (VALID_TO, Value::from("soon")),
            (TAGS, Value::from("vip")),
            (TAGS, Value::from(vec![1])),
        ] {
            let mut json = payload_to_json(&full_payload());
            json.insert(name.to_owned(), value);
            assert_eq!(payload_from_json(&json), Err(PayloadError(name)));
        }
        assert_eq!(payload_from_json(&Map::new()), Err(PayloadError(DESK)));
    }

    #[test]
    fn rarer_terms_weigh_more_and_every_term_weighs_something() {
        assert!(inverse_document_frequency(1000, 1) > inverse_document_frequency(1000, 10));
        assert!(inverse_document_frequency(1000, 1000) > 0.0);
        assert!((inverse_document_frequency(3, 1) - (8.0f32 / 3.0).ln()).abs() < 1e-6);
    }

    #[test]
    fn sparse_vectors_must_be_sorted_and_complete() {
        let sparse = |terms: &[u32], values: &[f32]| SparseVector { terms: terms.to_vec(), values: values.to_vec() };
        assert!(check_sparse(&sparse(&[], &[])).is_ok());
        assert!(check_sparse(&sparse(&[1, 5], &[1.0, 2.0])).is_ok());
        assert!(check_sparse(&sparse(&[5, 1], &[1.0, 2.0])).is_err());
        assert!(check_sparse(&sparse(&[1, 1], &[1.0, 2.0])).is_err());
        assert!(check_sparse(&sparse(&[1], &[])).is_err());
    }
}
