//! The rows of a CSV file or a workbook's first sheet as texts, for tables that hold something other than conversations.
//!
//! The same readers as for conversations: encoding and delimiter are told by the file (UTF-8, UTF-16 and GB18030, with or without a byte order
//! mark), quotes may hold line breaks, a damaged row is reported and does not stop the others.

use std::path::Path;

use super::csv::CsvRows;
use super::mapping::ColumnMapping;
use super::rows::RowSource;
use super::xlsx::SheetRows;
use super::{ImportFormat, IngestError, RejectedRow};

/// One row.
#[derive(Debug, Clone, PartialEq)]
pub struct TextRow {
    /// Its first line, from 1.
    pub line: u64,
    /// Its cells, verbatim; numbers and dates as a spreadsheet program would write them.
    pub cells: Vec<String>,
    /// Why it can't be used.
    pub fault: Option<RejectedRow>,
}

/// Reads a whole table of `format` (not JSON lines, which are no table). Blocks.
///
/// # Errors
/// When the file can't be opened or is of another kind.
pub fn read_table(path: &Path, format: ImportFormat) -> Result<Vec<TextRow>, IngestError> {
    let (mapping, mut notes) = (ColumnMapping::default(), Vec::new());
    match format {
        ImportFormat::Csv => rows(CsvRows::open(path, &mapping, &mut notes)?),
        ImportFormat::Xlsx => rows(SheetRows::open(path, &mapping, &mut notes)?),
        ImportFormat::Jsonl => Err(IngestError::WrongFormat { path: path.to_owned(), detail: "JSON lines are no table" }),
    }
}

fn rows(mut source: impl RowSource) -> Result<Vec<TextRow>, IngestError> {
    let mut rows = Vec::new();
    while let Some(row) = source.next_row()? {
        let cells = row.cells.into_iter().map(|cell| cell.into_text().unwrap_or_default()).collect();
        rows.push(TextRow { line: row.line, cells, fault: row.fault });
    }
    Ok(rows)
}
