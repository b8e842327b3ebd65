//! CSV rows: quoting over several lines, with a way back.
//!
//! A quote that is never closed would swallow the rest of the file. Here it costs one line: when a quoted text grows past the limit, or is
//! closed in the middle of a word some lines later, its first line is rejected and reading goes on with the second. That is why this is not
//! left to a general parser, which can't go back.

use std::collections::VecDeque;
use std::path::Path;

use super::mapping::ColumnMapping;
use super::rows::{Cell, Row, RowSource};
use super::source::{Line, Lines};
use super::{IngestError, line_fault};
use crate::domain::RejectedRow;

/// Longest row: one message of the greatest length and some room.
const MAX_ROW_BYTES: usize = super::message::MAX_TEXT_BYTES + 1024 * 1024;

/// The rows of a CSV file.
pub(super) struct CsvRows {
    lines: Lines,
    /// Lines that were read ahead and given back.
    ahead: VecDeque<Line>,
    delimiter: char,
    max_row_bytes: usize,
}

impl CsvRows {
    pub(super) fn open(path: &Path, mapping: &ColumnMapping, notes: &mut Vec<String>) -> Result<Self, IngestError> {
        let bad_mapping = |detail| IngestError::Mapping { path: None, detail };
        let encoding = mapping.encoding().map_err(bad_mapping)?;
        let given = mapping.delimiter().map_err(bad_mapping)?;
        let mut rows =
            Self { lines: Lines::open(path, encoding, notes)?, ahead: VecDeque::new(), delimiter: ',', max_row_bytes: MAX_ROW_BYTES };
        while let Some(line) = rows.lines.next_line()? {
            if line.text.trim().is_empty() {
                continue;
            }
            // Spreadsheet programs may write `sep=;` above the headings.
            let declared = line.text.strip_prefix("sep=").and_then(|rest| rest.chars().next());
            rows.delimiter = given.or(declared).unwrap_or_else(|| guess_delimiter(&line.text));
            if declared.is_none() {
                rows.ahead.push_back(line);
            }
            break;
        }
        if rows.delimiter != ',' && given.is_none() {
            let name = if rows.delimiter == '\t' { "tab".to_owned() } else { format!("`{}`", rows.delimiter) };
            notes.push(format!("delimiter: {name}"));
        }
        Ok(rows)
    }

    fn line(&mut self) -> Result<Option<Line>, IngestError> {
        match self.ahead.pop_front() {
            Some(line) => Ok(Some(line)),
            None => self.lines.next_line(),
        }
    }
}

impl RowSource for CsvRows {
    fn next_row(&mut self) -> Result<Option<Row>, IngestError> {
        let Some(first) = self.line()? else { return Ok(None) };
        let line = first.number;
        let mut parser = RowParser::new(self.delimiter);
        let mut fault = first.fault.as_ref().map(|fault| line_fault(line, fault));
        let mut bytes = first.text.len();
        parser.feed(&first.text);
        let (mut end, mut further) = (line, VecDeque::new());
        while parser.is_open() {
            let next = if bytes > self.max_row_bytes { None } else { self.line()? };
            let Some(next) = next else {
                return Ok(Some(self.unclosed(line, further)));
            };
            bytes += next.text.len() + 1;
            end = next.number;
            if fault.is_none() {
                fault = next.fault.as_ref().map(|fault| line_fault(next.number, fault));
            }
            parser.feed(&next.text);
            further.push_back(next);
        }
        if parser.stray && !further.is_empty() {
            return Ok(Some(self.unclosed(line, further)));
        }
        Ok(Some(Row { line, end, cells: parser.finish(), fault }))
    }

    fn bytes_done(&self) -> u64 {
        self.lines.bytes_read()
    }

    fn total_bytes(&self) -> u64 {
        self.lines.total_bytes()
    }
}

impl CsvRows {
    /// Gives the lines behind the first back and reports the first.
    fn unclosed(&mut self, line: u64, mut further: VecDeque<Line>) -> Row {
        further.append(&mut self.ahead);
        self.ahead = further;
        let fault = RejectedRow {
            line,
            field: None,
            reason: "a double quote opens a text here and is not closed properly".to_owned(),
            remedy: "close the quote, and double quotes inside quoted texts (\"\")".to_owned(),
        };
        Row { line, end: line, cells: Vec::new(), fault: Some(fault) }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// At the beginning of a cell.
    Start,
    /// Inside a cell without quotes.
    Plain,
    /// Inside quotes.
    Quoted,
    /// Behind a quote inside quotes: the end, or the first of two.
    Quote,
}

struct RowParser {
    delimiter: char,
    cells: Vec<Cell>,
    current: String,
    state: State,
    fed: bool,
    /// Whether a closing quote stood in the middle of a word.
    stray: bool,
}

impl RowParser {
    fn new(delimiter: char) -> Self {
        Self { delimiter, cells: Vec::new(), current: String::new(), state: State::Start, fed: false, stray: false }
    }

    /// Whether the row goes on in the next line.
    fn is_open(&self) -> bool {
        self.state == State::Quoted
    }

    fn feed(&mut self, line: &str) {
        if std::mem::replace(&mut self.fed, true) {
            self.current.push('\n');
        }
        for c in line.chars() {
            self.state = match (self.state, c) {
                (State::Start, '"') => State::Quoted,
                (State::Quoted, '"') => State::Quote,
                (State::Quote, '"') => {
                    self.current.push('"');
                    State::Quoted
                }
                (State::Start | State::Plain | State::Quote, c) if c == self.delimiter => {
                    self.end_cell();
                    State::Start
                }
                (State::Quoted, c) => {
                    self.current.push(c);
                    State::Quoted
                }
                (State::Start | State::Plain | State::Quote, c) => {
                    self.stray |= self.state == State::Quote && !c.is_whitespace();
                    self.current.push(c);
                    State::Plain
                }
            };
        }
        if self.state == State::Quote {
            self.state = State::Plain;
        }
    }

    fn end_cell(&mut self) {
        let text = std::mem::take(&mut self.current);
        self.cells.push(if text.is_empty() { Cell::Empty } else { Cell::Text(text) });
    }

    fn finish(mut self) -> Vec<Cell> {
        self.end_cell();
        self.cells
    }
}

/// The candidate that occurs most often outside quotes; a comma if none does.
fn guess_delimiter(line: &str) -> char {
    let mut counts = [(',', 0), ('\t', 0), (';', 0), ('|', 0)];
    let mut quoted = false;
    for c in line.chars() {
        quoted ^= c == '"';
        if let Some((_, count)) = counts.iter_mut().find(|(candidate, _)| !quoted && *candidate == c) {
            *count += 1;
        }
    }
    counts.iter().rev().max_by_key(|(_, count)| *count).filter(|(_, count)| *count > 0).map_or(',', |(delimiter, _)| *delimiter)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows_of(text: &str, max_row_bytes: usize) -> Vec<(u64, Result<Vec<String>, String>)> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file.csv");
        fs_err::write(&path, text).unwrap();
        let mut rows = CsvRows::open(&path, &ColumnMapping::default(), &mut Vec::new()).unwrap();
        rows.max_row_bytes = max_row_bytes;
        let mut all = Vec::new();
        while let Some(row) = rows.next_row().unwrap() {
            let cells = row.cells.into_iter().map(|cell| if let Cell::Text(text) = cell { text } else { String::new() }).collect();
            all.push((row.line, row.fault.map_or(Ok(cells), |fault| Err(fault.reason))));
        }
        all
    }

    fn cells(text: &str) -> Vec<Vec<String>> {
        rows_of(text, 1000).into_iter().map(|(_, row)| row.unwrap()).collect()
    }

    #[test]
    fn quotes_delimiters_and_line_breaks() {
        assert_eq!(cells("a,b\n\"x,\"\"y\"\"\",2\r\n"), [["a", "b"], ["x,\"y\"", "2"]]);
        assert_eq!(cells("a,b\n\"one\r\n\r\ntwo\",\n"), [["a", "b"], ["one\n\ntwo", ""]]);
        assert_eq!(cells("a;b\n1;2,3"), [["a", "b"], ["1", "2,3"]]);
        assert_eq!(cells("a\tb\n1\t2"), [["a", "b"], ["1", "2"]]);
        assert_eq!(cells("sep=|\na|b"), [["a", "b"]]);
        assert_eq!(cells("a,b\n\"he said \"hi\" there\",x"), [["a", "b"], ["he said hi\" there\"", "x"]]);
    }

    #[test]
    fn an_unclosed_quote_costs_one_line() {
        let all = rows_of("a,b\n\"x,1\ny,2\nz,3\n", 1000);
        assert_eq!(all.len(), 4);
        assert!(all[1].0 == 2 && all[1].1.is_err());
        assert_eq!(all[3], (4, Ok(vec!["z".to_owned(), "3".to_owned()])));
    }

    #[test]
    fn an_unclosed_quote_that_meets_the_next_quoted_text_costs_one_line() {
        let all = rows_of("a,b\n\"x,1\n2,\"y, z\"\n3,w\n", 1000);
        assert_eq!((all.len(), all[1].0, all[1].1.is_err()), (4, 2, true));
        assert_eq!(all[2], (3, Ok(vec!["2".to_owned(), "y, z".to_owned()])));
    }

    #[test]
    fn a_row_past_the_limit_is_given_up() {
        let long = "x\n".repeat(200);
        let all = rows_of(&format!("a,b\n\"{long}\",1\nq,2\n"), 100);
        assert!(all[1].1.is_err());
        assert_eq!(all.last().unwrap().1, Ok(vec!["q".to_owned(), "2".to_owned()]));
    }
}
