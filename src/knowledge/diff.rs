//! What changed between two versions of an entry, field by field: answers by word, lists by item.
//!
//! Differences are found by Myers' algorithm (E. Myers, "An O(ND) difference algorithm and its variations", 1986) as the crate `similar` has it.

use std::time::{Duration, Instant};

use serde::Serialize;
use serde_json::{Value, json};
use similar::{Algorithm, ChangeTag, capture_diff_slices_deadline};
use utoipa::ToSchema;

use crate::domain::{EntryContent, EntryVersion};

/// Time after which a difference is no longer the smallest one: two texts without anything in common would take minutes.
const PATIENCE: Duration = Duration::from_millis(200);

/// What happened to a piece.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
#[schema(as = EntryPieceKind)]
pub enum PieceKind {
    /// In both versions.
    Same,
    /// In the first one only.
    Removed,
    /// In the second one only.
    Added,
}

/// A run of words, or one item of a list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = EntryPiece)]
pub struct Piece {
    /// What happened to it.
    pub kind: PieceKind,
    /// Its text.
    pub text: String,
}

/// One field that differs.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
#[schema(as = EntryFieldDiff)]
pub struct FieldDiff {
    /// The field's name.
    pub field: &'static str,
    /// Its value in the first version.
    #[schema(value_type = Object)]
    pub old: Value,
    /// Its value in the second one.
    #[schema(value_type = Object)]
    pub new: Value,
    /// The way from one to the other, for the answer (by word) and for lists (by item); left out for single values.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub pieces: Vec<Piece>,
}

/// What changed between two versions.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct EntryDiff {
    /// The first version's number.
    pub from: u64,
    /// The second version's number.
    pub to: u64,
    /// The fields that differ; empty when the two say the same.
    pub fields: Vec<FieldDiff>,
}

/// Compares two versions. Blocks, for a fraction of a second at worst.
#[must_use]
pub fn compare(old: &EntryVersion, new: &EntryVersion) -> EntryDiff {
    let (from, to) = (&old.content, &new.content);
    let mut fields = Vec::new();
    let mut lists = |field, a: &[String], b: &[String]| {
        if a != b {
            let a_items: Vec<&str> = a.iter().map(String::as_str).collect();
            let b_items: Vec<&str> = b.iter().map(String::as_str).collect();
            fields.push(FieldDiff { field, old: json!(a), new: json!(b), pieces: pieces(&a_items, &b_items, false) });
        }
    };
    lists("questions", &from.questions, &to.questions);
    lists("tags", &from.tags, &to.tags);
    if from.answer != to.answer {
        let pieces = pieces(&words(&from.answer), &words(&to.answer), true);
        fields.insert(0, FieldDiff { field: "answer", old: json!(from.answer), new: json!(to.answer), pieces });
    }
    fields.extend(single(from, to));
    EntryDiff { from: old.version, to: new.version, fields }
}

/// The differing fields that hold one value.
fn single(from: &EntryContent, to: &EntryContent) -> Vec<FieldDiff> {
    let values = |content: &EntryContent| {
        [
            ("status", json!(content.status)),
            ("language", json!(content.language)),
            ("valid_from", json!(content.valid_from)),
            ("valid_to", json!(content.valid_to)),
            ("owner", json!(content.owner)),
            ("provenance", json!(content.provenance)),
        ]
    };
    let both = values(from).into_iter().zip(values(to));
    both.filter(|((_, old), (_, new))| old != new)
        .map(|((field, old), (_, new))| FieldDiff { field, old, new, pieces: Vec::new() })
        .collect()
}

/// A text in the units an editor reads: runs of letters and digits of alphabetic scripts, everything else character by character.
fn words(text: &str) -> Vec<&str> {
    let joins =
        |c: char| c.is_alphanumeric() && !matches!(u32::from(c), 0x2E80..=0x9FFF | 0xAC00..=0xD7AF | 0xF900..=0xFAFF | 0x20000..=0x3FFFF);
    let (mut words, mut start, mut open) = (Vec::new(), 0, false);
    for (at, c) in text.char_indices() {
        let joined = joins(c);
        if at > start && !(open && joined) {
            words.push(&text[start..at]);
            start = at;
        }
        open = joined;
    }
    if start < text.len() {
        words.push(&text[start..]);
    }
    words
}

/// The way from `old` to `new`; neighbouring pieces of one kind are joined where `joined` says so.
fn pieces(old: &[&str], new: &[&str], joined: bool) -> Vec<Piece> {
    let mut pieces: Vec<Piece> = Vec::new();
    for step in capture_diff_slices_deadline(Algorithm::Myers, old, new, Some(Instant::now() + PATIENCE)) {
        for change in step.iter_changes(old, new) {
            let kind = match change.tag() {
                ChangeTag::Equal => PieceKind::Same,
                ChangeTag::Delete => PieceKind::Removed,
                ChangeTag::Insert => PieceKind::Added,
            };
            match pieces.last_mut() {
                Some(last) if joined && last.kind == kind => last.text.push_str(change.value()),
                _ => pieces.push(Piece { kind, text: change.value().to_owned() }),
            }
        }
    }
    pieces
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{EntryStatus, Language, Provenance, Timestamp};

    fn version(number: u64, answer: &str, questions: &[&str]) -> EntryVersion {
        let content = EntryContent {
            language: Language::Zh,
            status: EntryStatus::Draft,
            tags: Vec::new(),
            valid_from: None,
            valid_to: None,
            owner: None,
            questions: questions.iter().map(|&question| question.to_owned()).collect(),
            answer: answer.to_owned(),
            provenance: Provenance::default(),
        };
        EntryVersion { version: number, content, by: "li".to_owned(), at: Timestamp::from_micros(0), note: None }
    }

    fn written(pieces: &[Piece]) -> String {
        let mark = |piece: &Piece| match piece.kind {
            PieceKind::Same => piece.text.clone(),
            PieceKind::Removed => format!("[-{}]", piece.text),
            PieceKind::Added => format!("[+{}]", piece.text),
        };
        pieces.iter().map(mark).collect()
    }

    #[test]
    fn answers_are_compared_by_word_and_questions_by_item() {
        let old = version(1, "签收后 7 天内可退，email us.", &["怎么退", "可以退吗"]);
        let new = version(3, "签收后 15 天内可退，call us.", &["怎么退", "能退吗", "可以退吗"]);
        let diff = compare(&old, &new);
        assert_eq!((diff.from, diff.to), (1, 3));
        assert_eq!(diff.fields.iter().map(|field| field.field).collect::<Vec<_>>(), ["answer", "questions"]);
        assert_eq!(written(&diff.fields[0].pieces), "签收后 [-7][+15] 天内可退，[-email][+call] us.");
        assert_eq!(written(&diff.fields[1].pieces), "怎么退[+能退吗]可以退吗");
        assert_eq!(compare(&old, &old).fields, []);
    }

    proptest::proptest! {
        #[test]
        fn the_pieces_make_up_both_texts(a in "[ab 退货\n]{0,30}", b in "[ab 退货\n]{0,30}") {
            let pieces = pieces(&words(&a), &words(&b), true);
            let side = |not: PieceKind| pieces.iter().filter(|piece| piece.kind != not).map(|piece| piece.text.as_str()).collect::<String>();
            proptest::prop_assert_eq!(side(PieceKind::Added), a);
            proptest::prop_assert_eq!(side(PieceKind::Removed), b);
        }
    }
}
