//! Single texts with a label, and pairs of texts with a judgement.

use std::path::Path;

use super::DatasetError;
use super::lines::{Lines, in_folder};

/// One text and the group it belongs to; see [`super::is_out_of_scope`] for labels that mean "no group".
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LabelledText {
    /// The text.
    pub text: String,
    /// Its group.
    pub label: String,
    /// A coarser group, where the set has one.
    pub domain: Option<String>,
}

/// Two texts and whether they mean the same.
#[derive(Debug, Clone, PartialEq)]
pub struct TextPair {
    /// One text.
    pub a: String,
    /// The other.
    pub b: String,
    /// 1 the same, 0 not; graded sets have values between or above.
    pub label: f64,
}

/// An archive of labelled questions and the questions to ask it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IntentSet {
    /// `labelled-train.jsonl`.
    pub archive: Vec<LabelledText>,
    /// `labelled.jsonl`.
    pub asked: Vec<LabelledText>,
}

/// Reads a file of labelled texts.
///
/// # Errors
/// When the file can't be read, is empty, or a line lacks `text` or `label`.
pub fn read_labelled(path: &Path) -> Result<Vec<LabelledText>, DatasetError> {
    labelled(Lines::open(path)?)
}

/// Reads the texts of a file, whatever else its lines hold.
///
/// # Errors
/// When the file can't be read, or a line lacks `text`.
pub fn read_texts(path: &Path) -> Result<Vec<String>, DatasetError> {
    let mut lines = Lines::open(path)?;
    let mut texts = Vec::new();
    while let Some(object) = lines.next_object()? {
        texts.push(object.text("text").map_err(|problem| lines.wrong(problem))?);
    }
    Ok(texts)
}

/// Reads a folder that holds `labelled-train.jsonl` and `labelled.jsonl`, each plain or `.gz`.
///
/// # Errors
/// As [`read_labelled`], and when one of the files is missing.
pub fn read_intent_set(folder: &Path) -> Result<IntentSet, DatasetError> {
    Ok(IntentSet {
        archive: labelled(Lines::open_in(folder, "labelled-train.jsonl")?)?,
        asked: labelled(Lines::open_in(folder, "labelled.jsonl")?)?,
    })
}

/// Reads a file of judged pairs; given a folder, its `pairs.jsonl`.
///
/// # Errors
/// When the file can't be read, is empty, or a line lacks `a`, `b` or `label`.
pub fn read_pairs(path: &Path) -> Result<Vec<TextPair>, DatasetError> {
    let mut lines = match in_folder(path, "pairs.jsonl") {
        Some(inside) => Lines::open(&inside)?,
        None => Lines::open(path)?,
    };
    let mut pairs = Vec::new();
    while let Some(object) = lines.next_object()? {
        let read = || Ok(TextPair { a: object.text("a")?, b: object.text("b")?, label: object.number("label")? });
        pairs.push(read().map_err(|problem| lines.wrong(problem))?);
    }
    if pairs.is_empty() {
        return Err(DatasetError::Empty { path: lines.path().to_owned(), what: "pair" });
    }
    Ok(pairs)
}

fn labelled(mut lines: Lines) -> Result<Vec<LabelledText>, DatasetError> {
    let mut texts = Vec::new();
    while let Some(object) = lines.next_object()? {
        let read = || Ok(LabelledText { text: object.text("text")?, label: object.id("label")?, domain: object.optional_text("domain")? });
        texts.push(read().map_err(|problem| lines.wrong(problem))?);
    }
    if texts.is_empty() {
        return Err(DatasetError::Empty { path: lines.path().to_owned(), what: "labelled text" });
    }
    Ok(texts)
}

#[cfg(test)]
mod tests {
    use super::super::tests::{write, write_gz};
    use super::*;

    #[test]
    fn reads_an_intent_folder() {
        let folder = tempfile::tempdir().unwrap();
        write_gz(folder.path(), "labelled-train.jsonl.gz", "{\"text\":\"t\",\"label\":\"x\",\"domain\":\"d\"}\n");
        write(folder.path(), "labelled.jsonl", "{\"text\":\"u\",\"label\":\"oos\"}\n{\"text\":\"v\",\"label\":3}\n");
        let set = read_intent_set(folder.path()).unwrap();
        assert_eq!(set.archive[0].domain.as_deref(), Some("d"));
        assert_eq!(set.asked.iter().map(|text| text.label.as_str()).collect::<Vec<_>>(), ["oos", "3"]);
        assert_eq!(read_labelled(&folder.path().join("labelled.jsonl")).unwrap(), set.asked);
        assert_eq!(read_texts(&folder.path().join("labelled.jsonl")).unwrap(), ["u", "v"]);
    }

    #[test]
    fn reads_pairs_from_a_file_or_its_folder() {
        let folder = tempfile::tempdir().unwrap();
        let path = write(folder.path(), "pairs.jsonl", "{\"a\":\"x\",\"b\":\"y\",\"label\":1}\n{\"a\":\"x\",\"b\":\"z\",\"label\":0.5}\n");
        let pairs = read_pairs(&path).unwrap();
        assert_eq!(pairs[1], TextPair { a: "x".to_owned(), b: "z".to_owned(), label: 0.5 });
        assert_eq!(read_pairs(folder.path()).unwrap(), pairs);
    }

    #[test]
    fn missing_fields_are_named() {
        let folder = tempfile::tempdir().unwrap();
        let path = write(folder.path(), "pairs.jsonl", "{\"a\":\"x\",\"b\":\"y\",\"label\":\"1\"}\n");
        assert!(read_pairs(&path).unwrap_err().to_string().ends_with(":1: field \"label\" must be a number"));
        let path = write(folder.path(), "labelled.jsonl", "{\"text\":\"x\"}\n");
        assert!(read_labelled(&path).unwrap_err().to_string().ends_with(":1: field \"label\" must be a string or a whole number"));
        assert!(matches!(read_intent_set(folder.path()), Err(DatasetError::Missing { name: "labelled-train.jsonl", .. })));
        assert!(matches!(read_pairs(&write(folder.path(), "pairs.jsonl", "")), Err(DatasetError::Empty { .. })));
    }
}
