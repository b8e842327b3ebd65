//! JSON lines: one entry a line, the same keys as in the front matter of Markdown files.

use std::io::Write;

use super::{ExchangeError, KnowledgeFile, Record, RejectedEntry};
use crate::domain::{DeskId, EntryDraft};
use crate::knowledge::content::Fault;

pub(super) fn read(bytes: &[u8], desk: Option<&DeskId>) -> KnowledgeFile {
    let bytes = bytes.strip_prefix("\u{feff}".as_bytes()).unwrap_or(bytes);
    let mut file = KnowledgeFile::default();
    for (number, line) in (1..).zip(bytes.split(|&byte| byte == b'\n')) {
        if line.trim_ascii().is_empty() {
            continue;
        }
        match parse(line).and_then(|record| record.into_draft(desk)) {
            Ok(entry) => file.entries.push(entry),
            Err(fault) => file.rejected.push(RejectedEntry::at_line(number, fault)),
        }
    }
    file
}

fn parse(line: &[u8]) -> Result<Record, Fault> {
    serde_json::from_slice(line).map_err(|error| {
        let remedy = "write one JSON object a line, in UTF-8, with the keys of docs/knowledge.md";
        // The parser's words for a wrong value may quote it; names of fields are ours.
        let text = error.to_string();
        let named = ["missing field", "unknown field", "duplicate field"].into_iter().any(|known| text.starts_with(known));
        let reason = if named { text } else { format!("it is no entry from column {} on", error.column()) };
        Fault::new("", reason, remedy)
    })
}

pub(super) fn write(entries: &[EntryDraft], out: &mut impl Write) -> Result<(), ExchangeError> {
    let failed = |source| ExchangeError::File { path: "export".into(), source };
    for entry in entries {
        let line = serde_json::to_string(&Record::of(entry)).map_err(|error| ExchangeError::Unusable(error.to_string()))?;
        writeln!(out, "{line}").map_err(failed)?;
    }
    out.flush().map_err(failed)
}
