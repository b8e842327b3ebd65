//! Rows of a workbook's sheet.
//!
//! The cell reader borrows the workbook, so both live on a thread of their own, which sends rows through a short channel and ends when the
//! channel is dropped. The thread also contains whatever a damaged file does to the parser. Shared strings are held in memory by the parser,
//! so [`archive`] looks at their size first; the rows are not held.

mod archive;

use std::io::BufReader;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};

use calamine::{DataRef, ExcelDateTime, ExcelDateTimeType, Reader as _, SheetType, Xlsx, XlsxError};

use super::IngestError;
use super::mapping::ColumnMapping;
use super::rows::{Cell, Row, RowSource};
use super::source::open_file;
use crate::domain::RejectedRow;

/// Rows that wait between parser and reader.
const ROWS_AHEAD: usize = 64;
/// Columns beyond this are not looked at.
const MAX_COLUMNS: u32 = 1_000;
/// Damaged cells in a row until the file is given up.
const MAX_DAMAGED_CELLS: u32 = 1_000;
/// Most memory that shared strings, styles and the like may take.
const MAX_HELD_BYTES: u64 = 512 * 1024 * 1024;
/// Days from the 1900 date system to the 1904 one.
const DAYS_TO_1904: f64 = 1462.0;

enum Event {
    /// The sheet is open; it claims this many rows.
    Opened(u64),
    Row(Row),
    Failed(String),
    End,
}

/// The rows of a sheet.
pub(super) struct SheetRows {
    events: Receiver<Event>,
    path: PathBuf,
    total_bytes: u64,
    total_rows: u64,
    row: u64,
    ended: bool,
}

impl SheetRows {
    pub(super) fn open(path: &Path, mapping: &ColumnMapping, _notes: &mut Vec<String>) -> Result<Self, IngestError> {
        let file = open_file(path)?;
        let total_bytes = file.metadata().map_err(|source| IngestError::Open { path: path.to_owned(), source })?.len();
        let (sender, events) = sync_channel(ROWS_AHEAD);
        let sheet = mapping.sheet.clone();
        std::thread::Builder::new()
            .name("workbook".to_owned())
            .spawn(move || {
                let last = match send_rows(BufReader::new(file), sheet.as_deref(), &sender) {
                    Ok(()) => Event::End,
                    Err(detail) => Event::Failed(detail),
                };
                // Nobody listens any more: nothing to do.
                let _gone = sender.send(last);
            })
            .map_err(|source| IngestError::Open { path: path.to_owned(), source })?;
        let mut rows = Self { events, path: path.to_owned(), total_bytes, total_rows: 1, row: 0, ended: false };
        match rows.next_event()? {
            Event::Opened(total_rows) => rows.total_rows = total_rows.max(1),
            Event::Row(_) | Event::Failed(_) | Event::End => rows.ended = true,
        }
        Ok(rows)
    }

    fn next_event(&mut self) -> Result<Event, IngestError> {
        match self.events.recv() {
            Ok(Event::Failed(detail)) => {
                self.ended = true;
                Err(IngestError::Workbook { path: self.path.clone(), detail })
            }
            Ok(event) => Ok(event),
            // The thread is gone without a last word: the parser panicked.
            Err(_) => {
                self.ended = true;
                let detail = "it is damaged; open it in a spreadsheet program and save it again, or save it as CSV".to_owned();
                Err(IngestError::Workbook { path: self.path.clone(), detail })
            }
        }
    }
}

impl RowSource for SheetRows {
    fn next_row(&mut self) -> Result<Option<Row>, IngestError> {
        if self.ended {
            return Ok(None);
        }
        match self.next_event()? {
            Event::Row(row) => {
                self.row = row.end;
                Ok(Some(row))
            }
            Event::Opened(_) | Event::Failed(_) | Event::End => {
                self.ended = true;
                Ok(None)
            }
        }
    }

    fn bytes_done(&self) -> u64 {
        if self.ended {
            return self.total_bytes;
        }
        let share = self.row.min(self.total_rows) as f64 / self.total_rows as f64;
        (self.total_bytes as f64 * share) as u64
    }

    fn total_bytes(&self) -> u64 {
        self.total_bytes
    }
}

fn send_rows(file: BufReader<std::fs::File>, sheet: Option<&str>, events: &SyncSender<Event>) -> Result<(), String> {
    let mut file = file;
    match archive::held_parts_fit(&mut file, MAX_HELD_BYTES) {
        Ok(true) => {}
        Ok(false) => return Err("its texts take more than 512 MB of memory; save it as CSV and import that".to_owned()),
        Err(error) => return Err(format!("reading failed ({})", error.kind())),
    }
    let mut workbook = Xlsx::new(file).map_err(|error| describe(&error))?;
    let name = if let Some(sheet) = sheet {
        let names = workbook.sheet_names();
        names.iter().find(|name| name.trim() == sheet.trim()).cloned().ok_or_else(|| {
            let there: Vec<String> = names.iter().take(20).map(|name| format!("`{name}`")).collect();
            format!("it has no sheet `{sheet}`; sheets: {}", there.join(", "))
        })?
    } else {
        let first = workbook.sheets_metadata().iter().find(|sheet| sheet.typ == SheetType::WorkSheet);
        first.map(|sheet| sheet.name.clone()).ok_or("it has no worksheet")?
    };
    let mut cells = workbook.worksheet_cells_reader(&name).map_err(|error| describe(&error))?;
    if events.send(Event::Opened(u64::from(cells.dimensions().end.0) + 1)).is_err() {
        return Ok(());
    }
    let mut row = Row::default();
    let mut damaged = 0_u32;
    loop {
        match cells.next_cell() {
            Ok(Some(cell)) => {
                let (at, column) = cell.get_position();
                let number = u64::from(at) + 1;
                if number != row.line && !flush(&mut row, number, events) {
                    return Ok(());
                }
                if column < MAX_COLUMNS {
                    let column = column as usize;
                    if row.cells.len() <= column {
                        row.cells.resize(column + 1, Cell::Empty);
                    }
                    row.cells[column] = read_cell(cell.get_value());
                }
            }
            Ok(None) => {
                flush(&mut row, 0, events);
                return Ok(());
            }
            Err(error) if is_of_one_cell(&error) && damaged < MAX_DAMAGED_CELLS => {
                damaged += 1;
                let line = row.line.max(1);
                row.fault = Some(RejectedRow {
                    line,
                    field: None,
                    reason: "a cell of this row or the next one is damaged".to_owned(),
                    remedy: "open the workbook in a spreadsheet program, correct the cell and save it".to_owned(),
                });
            }
            Err(error) => {
                flush(&mut row, 0, events);
                return Err(describe(&error));
            }
        }
    }
}

/// Sends the row that is complete and begins row `next`; false when nobody listens any more.
fn flush(row: &mut Row, next: u64, events: &SyncSender<Event>) -> bool {
    let complete = std::mem::replace(row, Row { line: next, end: next, ..Row::default() });
    (complete.cells.is_empty() && complete.fault.is_none()) || events.send(Event::Row(complete)).is_ok()
}

fn read_cell(value: &DataRef<'_>) -> Cell {
    match value {
        DataRef::Int(number) => Cell::Text(number.to_string()),
        DataRef::Float(number) => Cell::Number(*number),
        DataRef::String(text) | DataRef::DateTimeIso(text) | DataRef::DurationIso(text) => Cell::Text(text.clone()),
        DataRef::SharedString(text) => Cell::Text((*text).to_owned()),
        DataRef::Bool(value) => Cell::Text(value.to_string()),
        DataRef::DateTime(moment) => {
            let serial = moment.as_f64();
            let kind = if moment.is_duration() { ExcelDateTimeType::TimeDelta } else { ExcelDateTimeType::DateTime };
            let is_1904 = *moment != ExcelDateTime::new(serial, kind, false);
            Cell::Date(if is_1904 { serial + DAYS_TO_1904 } else { serial })
        }
        // `#REF!` and the like carry nothing.
        DataRef::Error(_) | DataRef::Empty => Cell::Empty,
    }
}

/// Whether reading can go on behind the fault.
fn is_of_one_cell(error: &XlsxError) -> bool {
    matches!(
        error,
        XlsxError::Parse(_) | XlsxError::ParseFloat(_) | XlsxError::ParseInt(_) | XlsxError::CellError(_) | XlsxError::CellTAttribute(_)
    )
}

/// Says what is wrong; the parser's own words may quote a cell.
fn describe(error: &XlsxError) -> String {
    match error {
        XlsxError::Password => "it is protected by a password; save it without".to_owned(),
        XlsxError::Zip(_) => {
            "it is no .xlsx file (an old .xls, a .csv or a damaged file?); save it as .xlsx or import it as CSV".to_owned()
        }
        XlsxError::Io(source) => format!("reading failed ({})", source.kind()),
        XlsxError::NotAWorksheet(_) => "the sheet holds no table; name another one with `sheet` in the mapping file".to_owned(),
        _ => "it is damaged; open it in a spreadsheet program and save it again, or save it as CSV".to_owned(),
    }
}
