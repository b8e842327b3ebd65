//! Measures masking on labelled lines: does a secret leak, is something harmless masked?

use std::path::Path;

use serde::Deserialize;

use super::systems::{RIPOSTE, SystemFigures};
use super::workbench::EvalError;
use crate::text::mask::mask;

/// One labelled line.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MaskingLine {
    /// What a customer or agent wrote.
    text: String,
    /// Parts that identify somebody; none may be left.
    secrets: Vec<String>,
    /// Parts that must stay readable.
    keep: Vec<String>,
}

/// Reads labelled lines, one JSON object a line.
pub fn read_masking_lines(path: &Path) -> Result<Vec<MaskingLine>, EvalError> {
    let unusable = |detail: String| EvalError::Unusable(format!("{}: {detail}", path.display()));
    let text = fs_err::read_to_string(path).map_err(|error| unusable(error.to_string()))?;
    let lines = text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty());
    lines.map(|(number, line)| serde_json::from_str(line).map_err(|error| unusable(format!("line {}: {error}", number + 1)))).collect()
}

/// `leaked`: secrets found again, word for word, in the masked line; `leaks` the share of them; `over_masked`: share of harmless parts that
/// are no longer whole; `clean_lines_touched`: share of lines without a secret in which anything was masked. The third value lists every
/// fault.
#[must_use]
pub fn masking(lines: &[MaskingLine]) -> (SystemFigures, usize, Vec<String>) {
    let (mut secrets, mut leaked, mut kept, mut lost, mut clean, mut touched) = (0u32, 0u32, 0u32, 0u32, 0u32, 0u32);
    let mut faults = Vec::new();
    for (number, line) in lines.iter().enumerate() {
        let masked = mask(&line.text, &[]);
        for secret in &line.secrets {
            secrets += 1;
            if masked.text.contains(secret.as_str()) {
                leaked += 1;
                faults.push(format!("line {}: leak of `{secret}` in: {}", number + 1, masked.text));
            }
        }
        for part in &line.keep {
            kept += 1;
            if !masked.text.contains(part.as_str()) {
                lost += 1;
                faults.push(format!("line {}: lost `{part}` in: {}", number + 1, masked.text));
            }
        }
        if line.secrets.is_empty() {
            clean += 1;
            if !masked.found.is_empty() {
                touched += 1;
                faults.push(format!("line {}: nothing to mask in: {}", number + 1, masked.text));
            }
        }
    }
    let share = |part: u32, whole: u32| if whole == 0 { 0.0 } else { f64::from(part) / f64::from(whole) };
    let mut figures = SystemFigures::new();
    let of_system = figures.entry(RIPOSTE.to_owned()).or_default();
    of_system.insert("leaked".to_owned(), f64::from(leaked));
    of_system.insert("leaks".to_owned(), share(leaked, secrets));
    of_system.insert("over_masked".to_owned(), share(lost, kept));
    of_system.insert("clean_lines_touched".to_owned(), share(touched, clean));
    (figures, lines.len(), faults)
}
