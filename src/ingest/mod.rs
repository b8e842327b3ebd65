//! Readers of conversation files: JSON lines (one conversation a line), CSV and XLSX (one message a row); [`table`] gives the bare rows of
//! tables that hold something else.
//!
//! A reader streams: it holds one batch and one line, never the file. It checks every row by the same rules, hands out what is
//! sound as drafts and reports the rest by line, reason and remedy; neither reports nor errors repeat the customer's words. It writes
//! nothing, masks nothing and knows no store: the caller merges a batch and keeps its [`Cursor`] in the same transaction, so that a killed
//! import goes on where it stopped. Reading blocks; call it off the async workers.
//!
//! Reading the same file again yields the same drafts with the same ids, from any cursor.

mod csv;
mod jsonl;
mod mapping;
mod message;
mod rows;
mod source;
pub mod table;
mod times;
mod xlsx;

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

pub use self::mapping::{ColumnMapping, Columns};
pub use self::message::role_named;
use crate::domain::{ConversationDraft, ImportFormat, RejectedRow, Timestamp};

/// Most conversations in one batch of JSON lines.
const BATCH_CONVERSATIONS: usize = 200;
/// Most rows in one batch of a table.
const BATCH_ROWS: usize = 2_000;
/// A batch ends once it holds this much text.
const BATCH_TEXT_BYTES: usize = 4 * 1024 * 1024;
/// Notes handed out for one file; the rest is counted only.
const MAX_NOTES: usize = 50;

/// Why a file can't be read at all, or not any further.
#[derive(Debug, thiserror::Error)]
pub enum IngestError {
    /// The file can't be opened.
    #[error("can't open {path}")]
    Open {
        /// The file.
        path: PathBuf,
        /// What the system says.
        #[source]
        source: std::io::Error,
    },
    /// Reading broke off; everything before that line has been handed out.
    #[error("can't read {path} from line {line} on (a damaged disk or a cut-off .gz file?)")]
    Read {
        /// The file.
        path: PathBuf,
        /// The first line that could not be read.
        line: u64,
        /// What the system says.
        #[source]
        source: std::io::Error,
    },
    /// The file is of another kind.
    #[error("{path} can't be read in this format: {detail}")]
    WrongFormat {
        /// The file.
        path: PathBuf,
        /// What it looks like, and what to do.
        detail: &'static str,
    },
    /// The workbook is damaged, protected or lacks the sheet.
    #[error("{path} is no readable workbook: {detail}")]
    Workbook {
        /// The file.
        path: PathBuf,
        /// What is wrong, and what to do.
        detail: String,
    },
    /// A mandatory column was not found.
    #[error("{path}: {detail}")]
    Headings {
        /// The file.
        path: PathBuf,
        /// Which fields lack a column, which headings there are, how to write a mapping.
        detail: String,
    },
    /// The mapping makes no sense.
    #[error("mapping{}: {detail}", path.as_ref().map(|path| format!(" {}", path.display())).unwrap_or_default())]
    Mapping {
        /// The mapping file, if it came from one.
        path: Option<PathBuf>,
        /// What is wrong.
        detail: String,
    },
    /// The format can't be told from the file's name.
    #[error("{0}: name the format with `--format jsonl`, `csv` or `xlsx`")]
    UnknownFormat(PathBuf),
}

/// Tells one file from another without reading it whole.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileIdentity {
    /// Size in bytes.
    pub size: u64,
    /// SHA-256 of the first 64 KiB, in hex.
    pub head_sha256: String,
}

/// Where reading goes on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cursor {
    /// The file it belongs to; with another file reading starts anew.
    pub file: FileIdentity,
    /// Lines (JSONL, CSV) or rows (XLSX) that are done.
    pub position: u64,
}

/// How to read.
#[derive(Debug, Clone)]
pub struct ReadOptions {
    /// The file's format.
    pub format: ImportFormat,
    /// Columns, roles, time zone; guessed where left out.
    pub mapping: Option<ColumnMapping>,
    /// Where an earlier run stopped.
    pub start: Option<Cursor>,
    /// The present, to tell absurd times.
    pub now: Timestamp,
}

/// What one step read.
#[derive(Debug, Clone, PartialEq)]
pub struct Batch {
    /// What is sound. A conversation of a table may go on in a later batch.
    pub drafts: Vec<ConversationDraft>,
    /// What was left out: rows, messages, or single fields of messages that were kept otherwise.
    pub rejected: Vec<RejectedRow>,
    /// Goes on behind this batch.
    pub cursor: Cursor,
    /// Bytes of the file read so far, for progress.
    pub bytes_done: u64,
    /// Messages in `drafts`.
    pub messages: u64,
    /// What was assumed or is worth knowing about the file.
    pub notes: Vec<String>,
}

/// Reads one file, batch by batch.
pub trait ConversationReader: Send {
    /// The next batch, or `None` at the end. After an error there is nothing more to read.
    fn next_batch(&mut self) -> Result<Option<Batch>, IngestError>;
    /// Size of the file, to show progress against [`Batch::bytes_done`].
    fn total_bytes(&self) -> Option<u64>;
    /// The mapping as it is applied, with the columns that were found (tables only).
    fn mapping(&self) -> Option<&ColumnMapping>;
}

/// Opens a file.
pub fn open(path: &Path, options: ReadOptions) -> Result<Box<dyn ConversationReader>, IngestError> {
    let identity = source::identify(path)?;
    let mut notes = Vec::new();
    let start = match &options.start {
        Some(cursor) if cursor.file == identity => cursor.position,
        Some(_) => {
            notes.push("the file has changed since the import was interrupted: it is read from the beginning".to_owned());
            0
        }
        None => 0,
    };
    let mapping = options.mapping.unwrap_or_default();
    let rules = mapping.rules(options.now)?;
    let progress = Progress { identity, start, notes, notes_left: MAX_NOTES };
    Ok(match options.format {
        ImportFormat::Jsonl => Box::new(jsonl::JsonlReader::open(path, &mapping, rules, progress)?),
        ImportFormat::Csv => Box::new(rows::RowReader::open(csv::CsvRows::open, path, &mapping, rules, progress)?),
        ImportFormat::Xlsx => Box::new(rows::RowReader::open(xlsx::SheetRows::open, path, &mapping, rules, progress)?),
    })
}

/// Tells the format by the file's name, `.gz` aside.
pub fn format_of(path: &Path) -> Result<ImportFormat, IngestError> {
    let name = path.file_name().map(|name| name.to_string_lossy().to_lowercase()).unwrap_or_default();
    let name = name.strip_suffix(".gz").unwrap_or(&name);
    match name.rsplit_once('.').map(|(_, extension)| extension) {
        Some("jsonl" | "ndjson") => Ok(ImportFormat::Jsonl),
        Some("csv" | "tsv" | "txt") => Ok(ImportFormat::Csv),
        Some("xlsx" | "xlsm") => Ok(ImportFormat::Xlsx),
        _ => Err(IngestError::UnknownFormat(path.to_owned())),
    }
}

/// What every reader keeps: which file, where it began, what it has to tell.
struct Progress {
    identity: FileIdentity,
    start: u64,
    notes: Vec<String>,
    notes_left: usize,
}

impl Progress {
    fn cursor(&self, position: u64) -> Cursor {
        Cursor { file: self.identity.clone(), position: position.max(self.start) }
    }

    /// Takes the notes to hand out, up to the limit for the whole file.
    fn take_notes(&mut self) -> Vec<String> {
        let mut notes = std::mem::take(&mut self.notes);
        if notes.len() > self.notes_left {
            notes.truncate(self.notes_left);
            if self.notes_left > 0 {
                notes.push("more notes of this kind are left out".to_owned());
            }
        }
        self.notes_left = self.notes_left.saturating_sub(notes.len());
        notes
    }
}

/// The report on a line that is not text.
fn line_fault(number: u64, fault: &source::LineFault) -> RejectedRow {
    let (reason, remedy) = match fault {
        source::LineFault::Encoding { encoding, offset } => (
            format!("the line is not valid {encoding} (byte {offset} of the file)"),
            "save the file as UTF-8, or name its encoding with `encoding` in the mapping file".to_owned(),
        ),
        source::LineFault::TooLong { bytes } => (
            format!("the line is {:.0} MB long, the limit is {} MB", *bytes as f64 / 1e6, source::MAX_LINE_BYTES / 1_000_000),
            "split the conversation into several lines with the same id".to_owned(),
        ),
    };
    RejectedRow { line: number, field: None, reason, remedy }
}

#[cfg(test)]
mod tests;
