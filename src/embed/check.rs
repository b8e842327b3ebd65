//! Tries a loaded model: do the vectors keep what is promised of them, does it know a paraphrase, does it give its reference vectors?

use std::path::{Path, PathBuf};

use serde::Deserialize;

use super::{EmbedError, EmbedModel, TextKind};

/// Says the same twice, in the two languages of the product; each sentence's nearest other one should be its partner.
const PARAPHRASES: [[&str; 2]; 6] = [
    ["请问什么时候发货?", "多久能把东西寄出来"],
    ["我要退款,怎么申请", "不想要了,钱怎么退回来"],
    ["忘记登录密码了", "密码不记得了,进不去账号"],
    ["Where is my parcel?", "Has my package been delivered yet?"],
    ["I forgot my password", "How can I reset my login?"],
    ["Can I change the delivery address?", "I'd like it sent to a different place"],
];

/// Lowest cosine between a vector and its reference that rounding explains (weights in 8 bits stay above); below, something is wrong.
pub const LOWEST_REFERENCE_COSINE: f32 = 0.99;

/// Lowest cosine between a text's vectors alone and in a batch (the promise of [`crate::embed`]).
pub const LOWEST_BATCH_COSINE: f32 = 0.9999;

/// How far the length of a normalised vector may be from 1.
const LENGTH_TOLERANCE: f32 = 1e-3;

/// A text with the vector it should get.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct Reference {
    /// The text, a query.
    pub text: String,
    /// Its token ids, special tokens included, where they are known.
    pub ids: Option<Vec<u32>>,
    /// Its vector.
    pub vector: Vec<f32>,
}

/// Why the references can't be read.
#[derive(Debug, thiserror::Error)]
pub enum ReferenceError {
    /// The file is unreadable.
    #[error("cannot read {}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// A line is no reference.
    #[error(r#"{} line {line}: not of the form {{"text": …, "ids": […], "vector": […]}}"#, path.display())]
    Malformed {
        /// The file.
        path: PathBuf,
        /// Counted from 1.
        line: usize,
        /// Why.
        #[source]
        source: serde_json::Error,
    },
}

/// What was found.
#[derive(Debug, Clone, PartialEq)]
pub struct Findings {
    /// Shortest and longest vector.
    pub lengths: (f32, f32),
    /// Lowest cosine between a text's vectors alone and in a batch.
    pub batch_cosine: f32,
    /// Sentences whose nearest other one is their paraphrase, of how many.
    pub paraphrases: (usize, usize),
    /// Against the references, where there are any.
    pub references: Option<ReferenceFindings>,
}

/// How near the vectors are to their references.
#[derive(Debug, Clone, PartialEq)]
pub struct ReferenceFindings {
    /// References compared.
    pub texts: usize,
    /// Texts whose token ids differ from those of the reference.
    pub other_tokens: usize,
    /// Largest difference of a component.
    pub largest_difference: f32,
    /// Lowest cosine.
    pub lowest_cosine: f32,
}

impl Findings {
    /// What is wrong with the model, in words; nothing when all is well. Paraphrases are no matter of right and wrong.
    pub fn faults(&self, normalised: bool) -> Vec<String> {
        let mut faults = Vec::new();
        let (shortest, longest) = self.lengths;
        if normalised && ((shortest - 1.0).abs() > LENGTH_TOLERANCE || (longest - 1.0).abs() > LENGTH_TOLERANCE) {
            faults.push(format!("vectors have lengths from {shortest:.4} to {longest:.4} instead of 1"));
        }
        if self.batch_cosine < LOWEST_BATCH_COSINE {
            faults.push(format!("a text's vector in a batch is another than alone (cosine {:.6})", self.batch_cosine));
        }
        if let Some(references) = &self.references {
            if references.other_tokens > 0 {
                faults.push(format!(
                    "{} reference texts have other tokens: tokenizer.json or a prefix is not the model's",
                    references.other_tokens
                ));
            }
            if references.lowest_cosine < LOWEST_REFERENCE_COSINE {
                faults.push(format!(
                    "a reference vector is missed (cosine {:.4}): pooling, prefixes or weights are not the model's",
                    references.lowest_cosine
                ));
            }
        }
        faults
    }
}

/// Reads `reference.jsonl`.
///
/// # Errors
/// When the file is unreadable or a line is malformed.
pub fn read_references(path: &Path) -> Result<Vec<Reference>, ReferenceError> {
    let text = fs_err::read_to_string(path).map_err(|source| ReferenceError::Unreadable { path: path.to_owned(), source })?;
    let lines = text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty());
    lines
        .map(|(at, line)| {
            serde_json::from_str(line).map_err(|source| ReferenceError::Malformed { path: path.to_owned(), line: at + 1, source })
        })
        .collect()
}

/// Tries `model`.
///
/// # Errors
/// When the model refuses a text.
pub fn check(model: &mut dyn EmbedModel, references: &[Reference]) -> Result<Findings, EmbedError> {
    let sentences: Vec<&str> = PARAPHRASES.iter().flatten().copied().collect();
    let rows = sentences.iter().map(|text| Ok(model.tokenize(text, TextKind::Query)?.0)).collect::<Result<Vec<_>, EmbedError>>()?;
    let together = model.forward(&rows)?;
    let mut batch_cosine = 1.0_f32;
    for (row, vector) in rows.iter().zip(&together) {
        let alone = model.forward(std::slice::from_ref(row))?.remove(0);
        batch_cosine = batch_cosine.min(cosine(&alone, vector));
    }
    let lengths = together.iter().map(|vector| dot(vector, vector).sqrt());
    let lengths = lengths.fold((f32::INFINITY, 0.0_f32), |(low, high), length| (low.min(length), high.max(length)));
    Ok(Findings {
        lengths,
        batch_cosine,
        paraphrases: (paraphrases_found(&together), together.len()),
        references: if references.is_empty() { None } else { Some(compare(model, references)?) },
    })
}

fn compare(model: &mut dyn EmbedModel, references: &[Reference]) -> Result<ReferenceFindings, EmbedError> {
    let mut findings = ReferenceFindings { texts: references.len(), other_tokens: 0, largest_difference: 0.0, lowest_cosine: 1.0 };
    for reference in references {
        let ids = model.tokenize(&reference.text, TextKind::Query)?.0;
        findings.other_tokens += usize::from(reference.ids.as_ref().is_some_and(|expected| *expected != ids));
        let vector = model.forward(&[ids])?.remove(0);
        if vector.len() != reference.vector.len() {
            let (found, expected) = (vector.len(), reference.vector.len());
            return Err(EmbedError::Model(format!("its vectors have {found} components, those of reference.jsonl {expected}")));
        }
        let differences = vector.iter().zip(&reference.vector).map(|(x, y)| (x - y).abs());
        findings.largest_difference = differences.fold(findings.largest_difference, f32::max);
        findings.lowest_cosine = findings.lowest_cosine.min(cosine(&vector, &reference.vector));
    }
    Ok(findings)
}

/// `vectors` are those of [`PARAPHRASES`], partners side by side.
fn paraphrases_found(vectors: &[Vec<f32>]) -> usize {
    let nearest = |at: usize| {
        let others = (0..vectors.len()).filter(|&other| other != at);
        others.max_by(|&x, &y| cosine(&vectors[at], &vectors[x]).total_cmp(&cosine(&vectors[at], &vectors[y])))
    };
    (0..vectors.len()).filter(|&at| nearest(at) == Some(at ^ 1)).count()
}

fn dot(left: &[f32], right: &[f32]) -> f32 {
    left.iter().zip(right).map(|(x, y)| x * y).sum()
}

/// Cosine of two vectors; 0 when one of them is zero.
pub fn cosine(left: &[f32], right: &[f32]) -> f32 {
    let lengths = (dot(left, left) * dot(right, right)).sqrt();
    if lengths > 0.0 { dot(left, right) / lengths } else { 0.0 }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::embed::fake::FakeModel;

    fn reference(text: &str) -> Reference {
        let mut model = FakeModel::default();
        let ids = model.tokenize(text, TextKind::Query).unwrap().0;
        Reference { text: text.to_owned(), vector: model.forward(std::slice::from_ref(&ids)).unwrap().remove(0), ids: Some(ids) }
    }

    #[test]
    fn a_model_that_gives_its_references_has_no_faults() {
        let references = ["退款", "where is my parcel"].map(reference);
        let findings = check(&mut FakeModel::default(), &references).unwrap();
        assert_eq!(findings.faults(true), Vec::<String>::new());
        let compared = findings.references.unwrap();
        assert_eq!((compared.texts, compared.other_tokens, compared.largest_difference), (2, 0, 0.0));
        assert_eq!(findings.paraphrases.1, 12);
    }

    #[test]
    fn other_tokens_and_other_vectors_are_faults() {
        let mut references = ["退款", "where is my parcel"].map(reference);
        references[0].ids = Some(vec![1, 2]);
        references[1].vector.reverse();
        let faults = check(&mut FakeModel::default(), &references).unwrap().faults(true);
        assert_eq!(faults.len(), 2, "{faults:?}");
        assert!(faults[0].contains("tokens") && faults[1].contains("reference vector"), "{faults:?}");
        references[0].vector.pop();
        assert!(check(&mut FakeModel::default(), &references).unwrap_err().to_string().contains("components"));
    }

    #[test]
    fn lengths_matter_where_they_are_promised() {
        let findings = Findings { lengths: (0.9, 1.0), batch_cosine: 0.99, paraphrases: (0, 12), references: None };
        assert_eq!(findings.faults(true).len(), 2);
        assert_eq!(findings.faults(false).len(), 1);
    }

    #[test]
    fn a_malformed_reference_is_named_by_its_line() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("reference.jsonl");
        fs_err::write(&path, "{\"text\": \"a\", \"vector\": [1.0]}\n\n{\"text\": \"b\"}\n").unwrap();
        assert!(matches!(read_references(&path), Err(ReferenceError::Malformed { line: 3, .. })));
    }
}
