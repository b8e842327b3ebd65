//! Lines of a file, plain or gzip, and fields of the JSON objects on them.

use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};

use serde_json::{Map, Value};

use super::{DatasetError, Problem};

/// The non-blank lines of a file with their numbers, read one by one.
pub(super) struct Lines {
    path: PathBuf,
    number: usize,
    reader: BufReader<Box<dyn Read>>,
}

impl Lines {
    pub(super) fn open(path: &Path) -> Result<Self, DatasetError> {
        let failed = |source| DatasetError::Open { path: path.to_owned(), source };
        let mut file = BufReader::new(fs_err::File::open(path).map_err(failed)?);
        let is_gzip = file.fill_buf().map_err(failed)?.starts_with(&[0x1f, 0x8b]);
        let content: Box<dyn Read> = if is_gzip { Box::new(flate2::bufread::MultiGzDecoder::new(file)) } else { Box::new(file) };
        Ok(Self { path: path.to_owned(), number: 0, reader: BufReader::with_capacity(1 << 16, content) })
    }

    /// Opens `name` in `folder`, or else `name.gz`.
    pub(super) fn open_in(folder: &Path, name: &'static str) -> Result<Self, DatasetError> {
        match in_folder(folder, name) {
            Some(path) => Self::open(&path),
            None => Err(DatasetError::Missing { folder: folder.to_owned(), name }),
        }
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// An error about the line read last.
    pub(super) fn wrong(&self, problem: Problem) -> DatasetError {
        DatasetError::Line { path: self.path.clone(), line: self.number, problem }
    }

    /// The number of the line read last.
    pub(super) const fn number(&self) -> usize {
        self.number
    }

    /// The next line that isn't blank, without its end.
    pub(super) fn next_line(&mut self) -> Result<Option<String>, DatasetError> {
        loop {
            let mut line = String::new();
            let read = self.reader.read_line(&mut line).map_err(|source| DatasetError::Read {
                path: self.path.clone(),
                line: self.number + 1,
                source,
            })?;
            if read == 0 {
                return Ok(None);
            }
            self.number += 1;
            let content = if self.number == 1 { line.trim_start_matches('\u{feff}') } else { &line };
            let content = content.trim_end_matches(['\r', '\n']);
            if !content.trim().is_empty() {
                return Ok(Some(content.to_owned()));
            }
        }
    }

    /// The object on the next line that isn't blank.
    pub(super) fn next_object(&mut self) -> Result<Option<Object>, DatasetError> {
        let Some(line) = self.next_line()? else { return Ok(None) };
        match serde_json::from_str(&line) {
            Ok(Value::Object(fields)) => Ok(Some(Object { fields, prefix: String::new() })),
            Ok(_other) => Err(self.wrong(Problem::NotAnObject)),
            Err(error) => Err(self.wrong(Problem::NotJson { column: error.column() })),
        }
    }
}

/// `name` in `folder`, or `name.gz`, if one of them is there.
pub(super) fn in_folder(folder: &Path, name: &str) -> Option<PathBuf> {
    [folder.join(name), folder.join(format!("{name}.gz"))].into_iter().find(|path| path.is_file())
}

/// A JSON object whose fields are asked for by name and kind. A `null` counts as absent.
pub(super) struct Object {
    fields: Map<String, Value>,
    /// Where the object stands in its line, such as `messages[3].`.
    prefix: String,
}

impl Object {
    fn field(&self, name: &str) -> Option<&Value> {
        self.fields.get(name).filter(|value| !value.is_null())
    }

    fn wrong(&self, name: &str, expected: &'static str) -> Problem {
        Problem::Field { field: format!("{}{name}", self.prefix), expected }
    }

    /// A text that must be there.
    pub(super) fn text(&self, name: &str) -> Result<String, Problem> {
        self.field(name).and_then(Value::as_str).map(str::to_owned).ok_or_else(|| self.wrong(name, "a string"))
    }

    /// A text that may be absent.
    pub(super) fn optional_text(&self, name: &str) -> Result<Option<String>, Problem> {
        self.field(name).map(|_present| self.text(name)).transpose()
    }

    /// An id that may be absent: a string, or a whole number.
    pub(super) fn optional_id(&self, name: &str) -> Result<Option<String>, Problem> {
        match self.field(name) {
            None => Ok(None),
            Some(Value::String(id)) => Ok(Some(id.clone())),
            Some(Value::Number(id)) if id.is_i64() || id.is_u64() => Ok(Some(id.to_string())),
            Some(_other) => Err(self.wrong(name, "a string or a whole number")),
        }
    }

    /// An id that must be there.
    pub(super) fn id(&self, name: &str) -> Result<String, Problem> {
        self.optional_id(name)?.ok_or_else(|| self.wrong(name, "a string or a whole number"))
    }

    /// A number that must be there.
    pub(super) fn number(&self, name: &str) -> Result<f64, Problem> {
        self.field(name).and_then(Value::as_f64).ok_or_else(|| self.wrong(name, "a number"))
    }

    /// A list of texts; empty when absent.
    pub(super) fn texts(&self, name: &str) -> Result<Vec<String>, Problem> {
        let Some(value) = self.field(name) else { return Ok(Vec::new()) };
        let texts: Option<Vec<String>> =
            value.as_array().and_then(|items| items.iter().map(|item| item.as_str().map(str::to_owned)).collect());
        texts.ok_or_else(|| self.wrong(name, "a list of strings"))
    }

    /// A moment; absent stays absent.
    pub(super) fn optional_time(&self, name: &str) -> Result<Option<crate::domain::Timestamp>, Problem> {
        let Some(value) = self.field(name) else { return Ok(None) };
        serde_json::from_value(value.clone())
            .map(Some)
            .map_err(|_may_quote_the_value| self.wrong(name, "an RFC 3339 time with Z or an offset"))
    }

    /// A list of objects that must be there; taken out of the object.
    pub(super) fn take_objects(&mut self, name: &str) -> Result<Vec<Self>, Problem> {
        let expected = "a list of objects";
        let Some(Value::Array(items)) = self.fields.remove(name) else { return Err(self.wrong(name, expected)) };
        items
            .into_iter()
            .enumerate()
            .map(|(index, item)| match item {
                Value::Object(fields) => Ok(Self { fields, prefix: format!("{}{name}[{index}].", self.prefix) }),
                _ => Err(self.wrong(&format!("{name}[{index}]"), "an object")),
            })
            .collect()
    }

    /// A problem with the value of a field that was there.
    pub(super) fn not(&self, name: &str, expected: &'static str) -> Problem {
        self.wrong(name, expected)
    }
}
