//! What an entry may hold: one set of rules for requests and files.
//!
//! Texts are kept as written, but for what no format carries: line breaks become LF, other control characters and the two code points that are
//! no characters of XML go. So an entry that is exported and imported is the same entry.

use crate::domain::{EntryContent, EntryDraft, EntryStatus};

/// Most question variants of an entry.
pub const MAX_QUESTIONS: usize = 500;
/// Most tags of an entry.
pub const MAX_TAGS: usize = 100;
/// Most archived pairs an entry may name as its source.
pub const MAX_PAIRS: usize = 1_000;
const MAX_QUESTION_CHARS: usize = 2_000;
const MAX_ANSWER_CHARS: usize = 20_000;
const MAX_NAME_CHARS: usize = 200;

/// Why an entry can't be taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// The field, as the API and files name it.
    pub field: &'static str,
    /// What is wrong.
    pub reason: String,
    /// How to mend it.
    pub remedy: String,
}

impl Fault {
    pub(super) fn new(field: &'static str, reason: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self { field, reason: reason.into(), remedy: remedy.into() }
    }
}

/// The draft as it is kept.
///
/// # Errors
/// The first field that breaks a rule.
pub fn checked(draft: EntryDraft) -> Result<EntryDraft, Fault> {
    let external_id = tidy(&draft.external_id);
    if external_id.trim().is_empty() {
        return Err(Fault::new("id", "the entry has no id", "give the entry an id that is unique on its desk"));
    }
    at_most("id", &external_id, MAX_NAME_CHARS)?;
    Ok(EntryDraft { external_id, content: checked_content(draft.content)?, ..draft })
}

/// The content as it is kept.
///
/// # Errors
/// The first field that breaks a rule.
pub fn checked_content(content: EntryContent) -> Result<EntryContent, Fault> {
    let questions = listed(&content.questions);
    let tags = listed(&content.tags);
    let answer = tidy(&content.answer);
    let owner = content.owner.as_deref().map(tidy).filter(|owner| !owner.trim().is_empty());
    if questions.is_empty() {
        return Err(Fault::new("questions", "the entry has no questions", "list at least one way customers ask"));
    }
    few("questions", questions.len(), MAX_QUESTIONS)?;
    few("tags", tags.len(), MAX_TAGS)?;
    few("provenance", content.provenance.pairs.len(), MAX_PAIRS)?;
    questions.iter().try_for_each(|question| at_most("questions", question, MAX_QUESTION_CHARS))?;
    tags.iter().chain(&owner).try_for_each(|name| at_most("tags", name, MAX_NAME_CHARS))?;
    at_most("answer", &answer, MAX_ANSWER_CHARS)?;
    if content.status == EntryStatus::Published && answer.trim().is_empty() {
        return Err(Fault::new("answer", "the entry has no answer", "write the answer to send, or make it a draft"));
    }
    if let (Some(from), Some(to)) = (content.valid_from, content.valid_to)
        && to <= from
    {
        return Err(Fault::new(
            "valid_to",
            "the entry ends before it begins",
            "`valid_to` is the first moment behind `valid_from` at which it no longer holds",
        ));
    }
    Ok(EntryContent { tags, owner, questions, answer, ..content })
}

fn few(field: &'static str, number: usize, most: usize) -> Result<(), Fault> {
    if number > most {
        return Err(Fault::new(field, format!("{number} items"), format!("use at most {most}")));
    }
    Ok(())
}

fn at_most(field: &'static str, text: &str, most: usize) -> Result<(), Fault> {
    let length = text.chars().count();
    if length > most {
        return Err(Fault::new(field, format!("a text of {length} characters"), format!("use at most {most}")));
    }
    Ok(())
}

/// The items that say something.
fn listed(items: &[String]) -> Vec<String> {
    items.iter().map(|item| tidy(item)).filter(|item| !item.trim().is_empty()).collect()
}

/// A text without what not every format carries.
pub(super) fn tidy(text: &str) -> String {
    let text = text.replace("\r\n", "\n").replace('\r', "\n");
    text.chars().filter(|&c| (!c.is_control() || matches!(c, '\n' | '\t')) && !matches!(c, '\u{FEFF}' | '\u{FFFE}' | '\u{FFFF}')).collect()
}
