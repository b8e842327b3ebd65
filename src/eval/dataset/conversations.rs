//! Conversations whose messages may bear labels.

use std::collections::BTreeSet;
use std::path::Path;

use super::lines::{Lines, Object};
use super::{DatasetError, Problem};
use crate::domain::{ConversationDraft, MessageDraft, MessageKind, Role};
use crate::eval::LabelSet;

/// A conversation as the importer would take it, and what the set's makers say about its messages.
#[derive(Debug, Clone, PartialEq)]
pub struct LabelledConversation {
    /// The conversation. The `external_id` of a message is its place in it (`"0"`, `"1"`, …), so that the message which a suggestion
    /// comes from can be found again.
    pub draft: ConversationDraft,
    /// The labels of each message, in the order of the messages; mostly empty for customers' messages.
    pub labels: Vec<Vec<String>>,
}

impl LabelledConversation {
    /// The labels of one message as a set; empty for a message that isn't there.
    #[must_use]
    pub fn label_set(&self, message: usize) -> LabelSet {
        self.labels.get(message).map(|labels| labels.iter().cloned().collect()).unwrap_or_default()
    }

    /// Whether any message bears a label.
    #[must_use]
    pub fn has_labels(&self) -> bool {
        self.labels.iter().any(|labels| !labels.is_empty())
    }
}

/// Reads a file of conversations, one a line.
///
/// # Errors
/// When the file can't be read, a line isn't a conversation, or an id occurs twice.
pub fn read_conversations(path: &Path) -> Result<Vec<LabelledConversation>, DatasetError> {
    let mut lines = Lines::open(path)?;
    let mut conversations = Vec::new();
    let mut ids = BTreeSet::new();
    while let Some(object) = lines.next_object()? {
        let conversation = conversation(object, lines.number()).map_err(|problem| lines.wrong(problem))?;
        if !ids.insert(conversation.draft.external_id.clone()) {
            return Err(lines.wrong(Problem::Duplicate));
        }
        conversations.push(conversation);
    }
    if conversations.is_empty() {
        return Err(DatasetError::Empty { path: path.to_owned(), what: "conversation" });
    }
    Ok(conversations)
}

fn conversation(mut object: Object, line: usize) -> Result<LabelledConversation, Problem> {
    let mut messages = Vec::new();
    let mut labels = Vec::new();
    for (index, message) in object.take_objects("messages")?.into_iter().enumerate() {
        labels.push(message.texts("labels")?);
        let code = message.text("role")?;
        messages.push(MessageDraft {
            external_id: Some(index.to_string()),
            role: Role::from_code(&code).ok_or_else(|| message.not("role", "customer, agent, bot or system"))?,
            kind: MessageKind::Text,
            text: message.text("text")?,
            media_ref: None,
            at: message.optional_time("at")?,
            author: None,
        });
    }
    let draft = ConversationDraft {
        external_id: object.optional_id("id")?.unwrap_or_else(|| format!("line-{line}")),
        channel: object.optional_text("channel")?,
        customer_id: object.optional_id("customer_id")?,
        customer_personal: Vec::new(),
        agent_id: object.optional_id("agent_id")?,
        started_at: object.optional_time("started_at")?,
        tags: object.texts("tags")?,
        messages,
    };
    Ok(LabelledConversation { draft, labels })
}

#[cfg(test)]
mod tests {
    use super::super::tests::{write, write_gz};
    use super::*;
    use crate::domain::Timestamp;

    const TWO: &str = concat!(
        "\u{feff}{\"id\":\"one\",\"channel\":\"chat\",\"customer_id\":7,\"started_at\":\"1970-01-01T00:00:02Z\",\"tags\":[\"zh\"],",
        "\"messages\":[{\"role\":\"customer\",\"text\":\"在吗\"},",
        "{\"role\":\"agent\",\"text\":\"在的\",\"labels\":[\"b\",\"a\"],\"at\":\"1970-01-01T08:00:03+08:00\"}],\"unknown\":1}\r\n",
        "\n",
        "{\"messages\":[],\"agent_id\":null}\n"
    );

    #[test]
    fn reads_plain_and_gzip_alike() {
        let folder = tempfile::tempdir().unwrap();
        let plain = read_conversations(&write(folder.path(), "conversations.jsonl", TWO)).unwrap();
        let packed = read_conversations(&write_gz(folder.path(), "conversations.jsonl.gz", TWO)).unwrap();
        assert_eq!(plain, packed);
        assert_eq!(plain.len(), 2);
        let first = &plain[0];
        assert_eq!(first.draft.external_id, "one");
        assert_eq!(first.draft.customer_id.as_deref(), Some("7"));
        assert_eq!(first.draft.started_at, Some(Timestamp::from_micros(2_000_000)));
        assert_eq!(first.draft.messages[1].at, Some(Timestamp::from_micros(3_000_000)));
        assert_eq!(first.draft.messages[1].external_id.as_deref(), Some("1"));
        assert_eq!(first.labels, [vec![], vec!["b".to_owned(), "a".to_owned()]]);
        assert_eq!(first.label_set(1), LabelSet::from(["a".to_owned(), "b".to_owned()]));
        assert!(first.label_set(9).is_empty());
        assert!(first.has_labels() && !plain[1].has_labels());
        assert_eq!(plain[1].draft.external_id, "line-3");
    }

    #[test]
    fn errors_name_file_line_and_field_but_not_the_words() {
        let folder = tempfile::tempdir().unwrap();
        let good = "{\"id\":\"x\",\"messages\":[]}\n";
        for (bad, expected) in [
            ("{\"id\":\"y\"}", "field \"messages\" must be a list of objects"),
            ("{\"id\":\"y\",\"messages\":[3]}", "field \"messages[0]\" must be an object"),
            ("{\"messages\":[{\"role\":\"secret\",\"text\":\"t\"}]}", "field \"messages[0].role\" must be customer, agent, bot or system"),
            ("{\"messages\":[{\"role\":\"agent\",\"text\":[\"secret\"]}]}", "field \"messages[0].text\" must be a string"),
            ("{\"messages\":[],\"started_at\":\"secret\"}", "field \"started_at\" must be an RFC 3339 time with Z or an offset"),
            ("{\"messages\":[],\"tags\":\"secret\"}", "field \"tags\" must be a list of strings"),
            ("{\"messages\":[secret", "not valid JSON at column 14"),
            ("[\"secret\"]", "not a JSON object"),
            ("{\"id\":\"x\",\"messages\":[]}", "this id occurred before"),
        ] {
            let path = write(folder.path(), "bad.jsonl", &format!("{good}{bad}\n"));
            let message = read_conversations(&path).unwrap_err().to_string();
            assert_eq!(message, format!("{}:2: {expected}", path.display()));
        }
    }

    #[test]
    fn broken_files_are_errors() {
        let folder = tempfile::tempdir().unwrap();
        let missing = folder.path().join("none.jsonl");
        assert!(matches!(read_conversations(&missing), Err(DatasetError::Open { .. })));
        let path = folder.path().join("latin1.jsonl");
        fs_err::write(&path, b"{\"messages\":[]}\n\xff\xfe\n").unwrap();
        assert!(matches!(read_conversations(&path), Err(DatasetError::Read { line: 2, .. })));
        let packed = write_gz(folder.path(), "cut.jsonl.gz", &TWO.repeat(50));
        let whole = fs_err::read(&packed).unwrap();
        fs_err::write(&packed, &whole[..whole.len() / 2]).unwrap();
        assert!(read_conversations(&packed).is_err());
        assert!(matches!(read_conversations(&write(folder.path(), "empty.jsonl", "\n")), Err(DatasetError::Empty { .. })));
    }
}
