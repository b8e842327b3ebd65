//! Knowledge as files: CSV, XLSX, JSON lines, and a folder of Markdown. What is written is read back as the same entries.
//!
//! Everything an editor owns goes through every format: id, questions, answer, language, status, tags, validity, owner, provenance. Who wrote an
//! entry when belongs to its versions and stays. The readers check every entry by the rules of `content` and report what they do not take by
//! place, field, reason and remedy; the others are taken. See `docs/knowledge.md` for the formats and `docs/decisions/0014-knowledge.md` for why.

mod jsonl;
mod markdown;
mod sheet;
#[cfg(test)]
mod tests;

use std::io::Write;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::content::{Fault, checked};
use crate::domain::{DeskId, EntryContent, EntryDraft, EntryStatus, ImportFormat, Language, Provenance, Timestamp};
use crate::ingest::IngestError;
use crate::text::language::detect;

pub use markdown::write_folder;

/// Formats of knowledge files.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum KnowledgeFormat {
    /// One entry a row.
    Csv,
    /// One entry a row, first sheet.
    Xlsx,
    /// One entry a line.
    Jsonl,
    /// A folder with one Markdown file for each entry.
    Md,
}

impl KnowledgeFormat {
    /// Tells the format by a path: a folder, or the end of the file's name.
    #[must_use]
    pub fn of(path: &Path) -> Option<Self> {
        if path.is_dir() {
            return Some(Self::Md);
        }
        match path.extension()?.to_str()?.to_ascii_lowercase().as_str() {
            "csv" | "tsv" | "txt" => Some(Self::Csv),
            "xlsx" | "xlsm" => Some(Self::Xlsx),
            "jsonl" | "ndjson" => Some(Self::Jsonl),
            "md" => Some(Self::Md),
            _ => None,
        }
    }

    /// The media type it is sent with; a folder is not sent.
    #[must_use]
    pub const fn media_type(self) -> &'static str {
        match self {
            Self::Csv => "text/csv; charset=utf-8",
            Self::Xlsx => "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
            Self::Jsonl => "application/x-ndjson",
            Self::Md => "text/markdown; charset=utf-8",
        }
    }

    /// The code used on the command line and in the API; also the end of the file's name.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Csv => "csv",
            Self::Xlsx => "xlsx",
            Self::Jsonl => "jsonl",
            Self::Md => "md",
        }
    }
}

/// Why nothing could be read or written.
#[derive(Debug, thiserror::Error)]
pub enum ExchangeError {
    /// A file can't be read or written.
    #[error("{}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// What the system says.
        #[source]
        source: std::io::Error,
    },
    /// The table can't be read.
    #[error(transparent)]
    Table(#[from] IngestError),
    /// The file is not what it is said to be.
    #[error("{0}")]
    Unusable(String),
    /// The table can't be written.
    #[error("the table can't be written")]
    Csv(#[from] csv::Error),
    /// The workbook can't be written.
    #[error("the workbook can't be written")]
    Workbook(#[from] rust_xlsxwriter::XlsxError),
}

/// An entry of a file that was not taken, and why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct RejectedEntry {
    /// The file, below the folder that was read; absent where there is one file only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub file: Option<String>,
    /// Line or row, from 1; absent for Markdown.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub line: Option<u64>,
    /// The field at fault.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub field: Option<String>,
    /// What is wrong.
    pub reason: String,
    /// How to mend it.
    pub remedy: String,
}

impl RejectedEntry {
    fn at_line(line: u64, fault: Fault) -> Self {
        Self { file: None, line: Some(line), field: Some(fault.field.to_owned()), reason: fault.reason, remedy: fault.remedy }
    }

    /// Where it stands, for people.
    #[must_use]
    pub fn place(&self) -> String {
        match (&self.file, self.line) {
            (Some(file), _) => file.clone(),
            (None, Some(line)) => format!("line {line}"),
            (None, None) => "the file".to_owned(),
        }
    }
}

/// What a file holds.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct KnowledgeFile {
    /// What is sound, in the file's order.
    pub entries: Vec<EntryDraft>,
    /// What was not taken.
    pub rejected: Vec<RejectedEntry>,
}

/// Reads a file or folder; `desk` overrides the desks that entries name. Blocks.
///
/// # Errors
/// When it can't be read at all.
pub fn read(path: &Path, format: KnowledgeFormat, desk: Option<&DeskId>) -> Result<KnowledgeFile, ExchangeError> {
    match format {
        KnowledgeFormat::Csv => sheet::read(path, ImportFormat::Csv, desk),
        KnowledgeFormat::Xlsx => sheet::read(path, ImportFormat::Xlsx, desk),
        KnowledgeFormat::Jsonl => {
            let bytes = fs_err::read(path).map_err(|source| ExchangeError::File { path: path.to_owned(), source })?;
            Ok(jsonl::read(&bytes, desk))
        }
        KnowledgeFormat::Md => markdown::read(path, desk),
    }
}

/// Reads JSON lines from memory.
#[must_use]
pub fn read_jsonl(bytes: &[u8], desk: Option<&DeskId>) -> KnowledgeFile {
    jsonl::read(bytes, desk)
}

/// Writes entries as one file.
///
/// # Errors
/// For Markdown, which is a folder ([`write_folder`]); and when `out` refuses.
pub fn write(entries: &[EntryDraft], format: KnowledgeFormat, out: &mut (impl Write + Send)) -> Result<(), ExchangeError> {
    match format {
        KnowledgeFormat::Csv => sheet::write_csv(entries, out),
        KnowledgeFormat::Xlsx => sheet::write_xlsx(entries, out),
        KnowledgeFormat::Jsonl => jsonl::write(entries, out),
        KnowledgeFormat::Md => {
            Err(ExchangeError::Unusable("Markdown is a folder of files, not one file: use csv, xlsx or jsonl".to_owned()))
        }
    }
}

/// An entry as files spell it: a JSON line, the front matter of a Markdown file, or what the cells of a row come to.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Record {
    id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    desk: Option<DeskId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    language: Option<Language>,
    #[serde(default = "published")]
    status: EntryStatus,
    #[serde(default)]
    tags: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    valid_from: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    valid_to: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    owner: Option<String>,
    #[serde(default)]
    questions: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    answer: Option<String>,
    #[serde(default, skip_serializing_if = "Provenance::is_empty")]
    provenance: Provenance,
}

const fn published() -> EntryStatus {
    EntryStatus::Published
}

impl Record {
    fn of(entry: &EntryDraft) -> Self {
        let content = &entry.content;
        Self {
            id: entry.external_id.clone(),
            desk: Some(entry.desk.clone()),
            language: Some(content.language),
            status: content.status,
            tags: content.tags.clone(),
            valid_from: content.valid_from.map(|moment| moment.to_string()),
            valid_to: content.valid_to.map(|moment| moment.to_string()),
            owner: content.owner.clone(),
            questions: content.questions.clone(),
            answer: Some(content.answer.clone()),
            provenance: content.provenance.clone(),
        }
    }

    /// The entry, checked; `desk` overrides its own.
    fn into_draft(self, desk: Option<&DeskId>) -> Result<EntryDraft, Fault> {
        let desk = desk.cloned().or(self.desk);
        let desk =
            desk.ok_or_else(|| Fault::new("desk", "the entry names no desk", "name one in the entry (`desk`), or one for all of them"))?;
        let answer = self.answer.unwrap_or_default();
        let valid_from = self.valid_from.as_deref().map(|text| moment("valid_from", text)).transpose()?.flatten();
        let valid_to = self.valid_to.as_deref().map(|text| moment("valid_to", text)).transpose()?.flatten();
        let content = EntryContent {
            language: self.language.unwrap_or_else(|| detect(&answer)),
            status: self.status,
            tags: self.tags,
            valid_from,
            valid_to,
            owner: self.owner,
            questions: self.questions,
            answer,
            provenance: self.provenance,
        };
        checked(EntryDraft { desk, external_id: self.id, content })
    }
}

/// An RFC 3339 time, or a date: whole days in UTC, the last day of validity counts in full.
fn moment(field: &'static str, text: &str) -> Result<Option<Timestamp>, Fault> {
    let text = text.trim();
    if text.is_empty() {
        return Ok(None);
    }
    if let Ok(moment) = text.parse::<jiff::Timestamp>() {
        return Ok(Some(Timestamp::from_micros(moment.as_microsecond())));
    }
    let no_date = || Fault::new(field, "it is no date", "write 2026-08-15, or a time with its offset such as 2026-08-15T00:00:00Z");
    let date: jiff::civil::Date = text.parse().map_err(|_invalid| no_date())?;
    let start = date.to_zoned(jiff::tz::TimeZone::UTC).map_err(|_out_of_range| no_date())?;
    let moment = Timestamp::from_micros(start.timestamp().as_microsecond());
    Ok(Some(if field == "valid_to" { moment.plus_seconds(86_400) } else { moment }))
}
