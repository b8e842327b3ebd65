//! Readers of labelled sets: conversations, BEIR folders, labelled texts, pairs, authored groups. The only part of `eval` that touches files.
//!
//! All are UTF-8, one JSON object a line, plain or gzip (told by content, not by name). Unknown fields are passed over. A line that
//! can't be used ends the reading with an error that names file, line and field, never the words that stand there: a set is measured
//! whole or not at all. The product's importer, which takes what it can and reports the rest, is another thing (`ingest`).

mod authored;
mod conversations;
mod lines;
mod retrieval;
mod texts;

use std::path::PathBuf;

pub use authored::{AuthoredIntent, Phrasing, Trade, read_authored};
pub use conversations::{LabelledConversation, read_conversations};
pub use retrieval::{Document, Judgement, RetrievalQuery, RetrievalSet, read_retrieval_set};
pub use texts::{IntentSet, LabelledText, TextPair, read_intent_set, read_labelled, read_pairs, read_texts};

/// Why a set can't be read.
#[derive(Debug, thiserror::Error)]
pub enum DatasetError {
    /// The file can't be opened.
    #[error("cannot open {}", path.display())]
    Open {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// None of the names a folder's file may have is there.
    #[error("{} holds no {name} (nor {name}.gz)", folder.display())]
    Missing {
        /// The folder.
        folder: PathBuf,
        /// The name looked for.
        name: &'static str,
    },
    /// The file broke off, or isn't UTF-8 or valid gzip.
    #[error("{}:{line}: cannot be read", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// The line, from 1.
        line: usize,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// A line isn't what the form asks for.
    #[error("{}:{line}: {problem}", path.display())]
    Line {
        /// The file.
        path: PathBuf,
        /// The line, from 1.
        line: usize,
        /// What is wrong with it.
        problem: Problem,
    },
    /// A trade was asked for that the folder doesn't hold.
    #[error("{} holds no {trade}.jsonl (nor {trade}.jsonl.gz); trades there: {known}", folder.display())]
    NoTrade {
        /// The folder.
        folder: PathBuf,
        /// The trade.
        trade: String,
        /// The trades that it does hold.
        known: String,
    },
    /// A trade was asked for twice.
    #[error("trade {trade} is named twice")]
    NamedTwice {
        /// The trade.
        trade: String,
    },
    /// A trade lies in the folder plain and packed: which one counts?
    #[error("{} holds {trade}.jsonl and {trade}.jsonl.gz: remove one of them", folder.display())]
    StoredTwice {
        /// The folder.
        folder: PathBuf,
        /// The trade.
        trade: String,
    },
    /// The file holds nothing to measure.
    #[error("{} holds no {what}", path.display())]
    Empty {
        /// The file.
        path: PathBuf,
        /// What it should hold.
        what: &'static str,
    },
}

/// What is wrong with a line. Names fields, never quotes values.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Problem {
    /// Not JSON.
    #[error("not valid JSON at column {column}")]
    NotJson {
        /// Where the parser gave up.
        column: usize,
    },
    /// JSON, but not an object.
    #[error("not a JSON object")]
    NotAnObject,
    /// A field is absent, or of another kind.
    #[error("field \"{field}\" must be {expected}")]
    Field {
        /// The field, with the place in a list where there is one: `messages[3].role`.
        field: String,
        /// What it must be.
        expected: &'static str,
    },
    /// A row of a table has too few columns.
    #[error("expected the columns query-id, corpus-id, score, parted by tabs")]
    Columns,
    /// A table names something that isn't in the set.
    #[error("names a {what} that the set does not hold")]
    Unknown {
        /// Query or document.
        what: &'static str,
    },
    /// An id occurs twice.
    #[error("this id occurred before")]
    Duplicate,
    /// A text occurs twice where it may once.
    #[error("field \"{field}\" repeats an earlier text")]
    Repeated {
        /// The field, with the place in its list.
        field: String,
    },
}

/// Whether a label says "belongs to no group" (`none`) or "should be refused" (`oos`).
#[must_use]
pub fn is_out_of_scope(label: &str) -> bool {
    matches!(label, "none" | "oos")
}

#[cfg(test)]
pub(super) mod tests {
    use std::io::Write;
    use std::path::Path;

    use super::*;
    use crate::domain::{ConversationDraft, MessageDraft, MessageKind, Role};

    /// A conversation of (role, text, labels), for the tests of the neighbouring modules.
    pub(in crate::eval) fn conversation(messages: &[(Role, &str, &[&str])]) -> LabelledConversation {
        let draft = ConversationDraft {
            external_id: "c".to_owned(),
            channel: None,
            customer_id: None,
            customer_personal: Vec::new(),
            agent_id: None,
            started_at: None,
            tags: Vec::new(),
            messages: messages
                .iter()
                .enumerate()
                .map(|(index, (role, text, _))| MessageDraft {
                    external_id: Some(index.to_string()),
                    role: *role,
                    kind: MessageKind::Text,
                    text: (*text).to_owned(),
                    media_ref: None,
                    at: None,
                    author: None,
                })
                .collect(),
        };
        let labels = messages.iter().map(|(_, _, labels)| labels.iter().map(|&label| label.to_owned()).collect()).collect();
        LabelledConversation { draft, labels }
    }

    pub(super) fn write(folder: &Path, name: &str, content: &str) -> PathBuf {
        let path = folder.join(name);
        fs_err::write(&path, content).unwrap();
        path
    }

    pub(super) fn write_gz(folder: &Path, name: &str, content: &str) -> PathBuf {
        let path = folder.join(name);
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        encoder.write_all(content.as_bytes()).unwrap();
        fs_err::write(&path, encoder.finish().unwrap()).unwrap();
        path
    }

    #[test]
    fn only_the_two_agreed_labels_are_out_of_scope() {
        assert!(is_out_of_scope("none") && is_out_of_scope("oos"));
        assert!(!is_out_of_scope("None") && !is_out_of_scope("") && !is_out_of_scope("card_arrival"));
    }
}
