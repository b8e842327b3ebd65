//! Tables: one entry a row, for people who keep knowledge in a spreadsheet.
//!
//! Lists stand in one cell: questions one a line, tags between commas. A list that would not come back that way (a question with a line break, a tag
//! with a comma) is written as a JSON list instead; a cell that begins with `[` and holds such a list is read as one. Texts longer than a
//! spreadsheet's cell go on in further columns (`answer (2)`).
//!
//! A cell that a spreadsheet program would take for a formula is written with an apostrophe before it (OWASP, "CSV injection"), and so is
//! one that begins with apostrophes and then like a formula: one apostrophe too many in every case, so that taking one away gives the text back.

use std::collections::BTreeMap;
use std::io::Write;
use std::path::Path;

use super::{ExchangeError, KnowledgeFile, Record, RejectedEntry};
use crate::domain::{DeskId, EntryDraft, EntryStatus, ImportFormat, Language, PairId, Provenance};
use crate::ingest::table::{TextRow, read_table};
use crate::knowledge::content::{Fault, tidy};

/// The columns, in the order they are written, with the other headings they are known by.
const COLUMNS: [(&str, &[&str]); 12] = [
    ("id", &["external_id", "编号"]),
    ("desk", &["客服组", "品牌"]),
    ("language", &["语言"]),
    ("status", &["状态"]),
    ("tags", &["标签"]),
    ("valid_from", &["生效日期", "生效时间"]),
    ("valid_to", &["失效日期", "失效时间"]),
    ("owner", &["负责人"]),
    ("questions", &["question", "问题", "问法"]),
    ("answer", &["答案", "回答", "回复"]),
    ("cluster", &[]),
    ("pairs", &[]),
];
/// Longest part of a text in one cell, in UTF-16 units: a spreadsheet's limit is 32,767, an escape takes up to seven for one.
const CELL_UNITS: usize = 32_000;
/// What spreadsheet programs take for the beginning of a formula, in their full-width forms too.
const FORMULA: [char; 9] = ['=', '+', '-', '@', '\t', '＝', '＋', '－', '＠'];
/// The headings have to be among this many rows.
const HEADING_ROWS: usize = 20;

pub(super) fn read(path: &Path, format: ImportFormat, desk: Option<&DeskId>) -> Result<KnowledgeFile, ExchangeError> {
    let mut rows = read_table(path, format)?.into_iter().map(|row| match format {
        ImportFormat::Xlsx => TextRow { cells: row.cells.iter().map(|cell| from_workbook(cell)).collect(), ..row },
        ImportFormat::Csv | ImportFormat::Jsonl => row,
    });
    let columns = rows.by_ref().take(HEADING_ROWS).find_map(|row| headings(&row.cells));
    let columns = columns.ok_or_else(|| {
        ExchangeError::Unusable("no row of headings was found: name at least the columns `id`, `questions` and `answer`".to_owned())
    })??;
    let mut file = KnowledgeFile::default();
    for row in rows {
        if let Some(fault) = row.fault {
            let (reason, remedy) = (fault.reason, fault.remedy);
            file.rejected.push(RejectedEntry { file: None, line: Some(fault.line), field: fault.field, reason, remedy });
            continue;
        }
        if row.cells.iter().all(|cell| cell.trim().is_empty()) {
            continue;
        }
        match record(&columns, &row.cells).and_then(|record| record.into_draft(desk)) {
            Ok(entry) => file.entries.push(entry),
            Err(fault) => file.rejected.push(RejectedEntry::at_line(row.line, fault)),
        }
    }
    Ok(file)
}

/// Where each column stands, its parts in order; `None` when the row does not look like headings.
fn headings(cells: &[String]) -> Option<Result<Columns, ExchangeError>> {
    let mut columns: Columns = BTreeMap::new();
    let mut unknown = Vec::new();
    for (position, cell) in cells.iter().enumerate() {
        let name = cell.trim().to_lowercase();
        if name.is_empty() {
            continue;
        }
        let (name, part) = match name.strip_suffix(')').and_then(|name| name.rsplit_once(" (")).map(|(name, part)| (name, part.parse())) {
            Some((name, Ok(part))) => (name.to_owned(), part),
            _ => (name, 1_u32),
        };
        match COLUMNS.iter().find(|(known, others)| *known == name || others.contains(&name.as_str())) {
            Some((known, _)) => {
                columns.entry(known).or_default().insert(part, position);
            }
            None => unknown.push(name),
        }
    }
    if !["id", "questions", "answer"].into_iter().all(|needed| columns.contains_key(needed)) {
        return None;
    }
    if let Some(name) = unknown.first() {
        let known: Vec<&str> = COLUMNS.iter().map(|(name, _)| *name).collect();
        return Some(Err(ExchangeError::Unusable(format!("unknown column `{name}`; known: {}", known.join(", ")))));
    }
    Some(Ok(columns))
}

type Columns = BTreeMap<&'static str, BTreeMap<u32, usize>>;

fn record(columns: &Columns, cells: &[String]) -> Result<Record, Fault> {
    let text = |name: &str| -> String {
        let parts = columns.get(name).into_iter().flat_map(BTreeMap::values);
        parts.map(|&position| cells.get(position).map(|cell| unguarded(&tidy(cell)).to_owned()).unwrap_or_default()).collect()
    };
    let given = |name: &str| Some(text(name)).filter(|text| !text.trim().is_empty());
    let desk = given("desk").map(|name| {
        name.trim()
            .parse::<DeskId>()
            .map_err(|_invalid| Fault::new("desk", "it is no name of a desk", "use 1 to 64 letters, digits, `-`, `_` or `.`"))
    });
    let language = given("language").map(|code| match code.trim().to_lowercase().as_str() {
        "zh" | "中文" => Ok(Language::Zh),
        "en" | "英文" | "英语" => Ok(Language::En),
        _ => Err(Fault::new("language", "it is no language of ours", "write `zh` or `en`, or leave the cell empty")),
    });
    let status = given("status").map(|code| match code.trim().to_lowercase().as_str() {
        "draft" | "草稿" => Ok(EntryStatus::Draft),
        "published" | "已发布" | "发布" => Ok(EntryStatus::Published),
        "retired" | "已停用" | "停用" => Ok(EntryStatus::Retired),
        _ => Err(Fault::new("status", "it is no state of an entry", "write `draft`, `published` or `retired`")),
    });
    let id = |field: &'static str, text: &str| {
        text.trim()
            .parse::<uuid::Uuid>()
            .map_err(|_invalid| Fault::new(field, "it is no id of ours", "leave the cell as it was exported, or empty"))
    };
    let cluster = given("cluster").map(|text| id("cluster", &text).map(crate::domain::ClusterId::from_uuid)).transpose()?;
    let pairs = split_tags(&text("pairs")).iter().map(|text| id("pairs", text).map(PairId::from_uuid)).collect::<Result<Vec<_>, _>>()?;
    Ok(Record {
        id: text("id"),
        desk: desk.transpose()?,
        language: language.transpose()?,
        status: status.transpose()?.unwrap_or(EntryStatus::Published),
        tags: split_tags(&text("tags")),
        valid_from: given("valid_from"),
        valid_to: given("valid_to"),
        owner: given("owner"),
        questions: split_lines(&text("questions")),
        answer: Some(text("answer")),
        provenance: Provenance { cluster, pairs },
    })
}

pub(super) fn write_csv(entries: &[EntryDraft], out: &mut impl Write) -> Result<(), ExchangeError> {
    // Spreadsheet programs take a CSV file for UTF-8 by this mark only.
    out.write_all("\u{feff}".as_bytes()).map_err(csv::Error::from)?;
    let mut table = csv::WriterBuilder::new().quote_style(csv::QuoteStyle::Always).terminator(csv::Terminator::CRLF).from_writer(out);
    for row in table_of(entries) {
        table.write_record(row.iter().map(|cell| guarded(cell)))?;
    }
    table.flush().map_err(csv::Error::from)?;
    Ok(())
}

pub(super) fn write_xlsx(entries: &[EntryDraft], out: &mut (impl Write + Send)) -> Result<(), ExchangeError> {
    let mut book = rust_xlsxwriter::Workbook::new();
    let sheet = book.add_worksheet();
    for (at, row) in (0..).zip(table_of(entries)) {
        for (column, cell) in (0..).zip(&row) {
            if !cell.is_empty() {
                sheet.write_string(at, column, to_workbook(&guarded(cell)))?;
            }
        }
    }
    sheet.set_freeze_panes(1, 0)?;
    let bytes = book.save_to_buffer()?;
    out.write_all(&bytes).map_err(|source| ExchangeError::File { path: "export".into(), source })
}

/// Headings and rows; what is too long for a cell goes on in columns of its own.
fn table_of(entries: &[EntryDraft]) -> Vec<Vec<String>> {
    let rows: Vec<Vec<Vec<String>>> = entries.iter().map(|entry| cells(entry).iter().map(|cell| parts(cell)).collect()).collect();
    let widths: Vec<usize> = (0..COLUMNS.len()).map(|column| rows.iter().map(|row| row[column].len()).max().unwrap_or(1).max(1)).collect();
    let headings = COLUMNS.iter().zip(&widths).flat_map(|((name, _), &width)| {
        (1..=width).map(move |part| if part == 1 { (*name).to_owned() } else { format!("{name} ({part})") })
    });
    let mut table = vec![headings.collect::<Vec<_>>()];
    for row in rows {
        let filled = row.into_iter().zip(&widths).flat_map(|(mut parts, &width)| {
            parts.resize(width, String::new());
            parts
        });
        table.push(filled.collect());
    }
    table
}

fn cells(entry: &EntryDraft) -> [String; 12] {
    let (record, content) = (Record::of(entry), &entry.content);
    let pairs: Vec<String> = content.provenance.pairs.iter().map(ToString::to_string).collect();
    [
        record.id,
        entry.desk.as_str().to_owned(),
        content.language.as_str().to_owned(),
        content.status.as_str().to_owned(),
        join(&content.tags, ", ", split_tags),
        record.valid_from.unwrap_or_default(),
        record.valid_to.unwrap_or_default(),
        content.owner.clone().unwrap_or_default(),
        join(&content.questions, "\n", split_lines),
        content.answer.clone(),
        content.provenance.cluster.map(|cluster| cluster.to_string()).unwrap_or_default(),
        join(&pairs, ", ", split_tags),
    ]
}

/// A list as people write it, or as JSON where it would be read differently.
fn join(items: &[String], between: &str, split: fn(&str) -> Vec<String>) -> String {
    let plain = items.join(between);
    if split(&plain) == items { plain } else { serde_json::to_string(items).expect("texts always serialise") }
}

fn split_lines(cell: &str) -> Vec<String> {
    json_list(cell).unwrap_or_else(|| cell.split('\n').filter(|line| !line.trim().is_empty()).map(ToOwned::to_owned).collect())
}

fn split_tags(cell: &str) -> Vec<String> {
    let separators = [',', '，', '、', ';', '；', '\n'];
    let plain = || cell.split(separators).map(str::trim).filter(|tag| !tag.is_empty()).map(ToOwned::to_owned).collect();
    json_list(cell).unwrap_or_else(plain)
}

fn json_list(cell: &str) -> Option<Vec<String>> {
    if cell.starts_with('[') { serde_json::from_str(cell).ok() } else { None }
}

/// A text in parts that fit a cell; one part at least.
fn parts(text: &str) -> Vec<String> {
    let mut parts = vec![String::new()];
    let mut units = 0;
    for (at, c) in text.char_indices() {
        let wide = if is_escape(&text[at..]) { 7 } else { c.len_utf16() };
        if units + wide > CELL_UNITS {
            parts.push(String::new());
            units = 0;
        }
        units += wide;
        parts.last_mut().expect("there is a part").push(c);
    }
    parts
}

/// Whether apostrophes (any number) and then the beginning of a formula stand in front.
fn looks_like_formula(text: &str) -> bool {
    text.trim_start_matches('\'').starts_with(FORMULA)
}

fn guarded(cell: &str) -> String {
    if looks_like_formula(cell) { format!("'{cell}") } else { cell.to_owned() }
}

fn unguarded(cell: &str) -> &str {
    match cell.strip_prefix('\'') {
        Some(rest) if looks_like_formula(rest) => rest,
        _ => cell,
    }
}

/// Whether `_xHHHH_` stands in front: a workbook's way to write a character by its number (ECMA-376 part 1, §22.9.2.19).
fn is_escape(text: &str) -> bool {
    let bytes = text.as_bytes();
    bytes.len() >= 7 && bytes.starts_with(b"_x") && bytes[2..6].iter().all(u8::is_ascii_hexdigit) && bytes[6] == b'_'
}

/// Keeps texts that look like such an escape from being taken for one.
fn to_workbook(cell: &str) -> String {
    let mut out = String::with_capacity(cell.len());
    for (at, c) in cell.char_indices() {
        if is_escape(&cell[at..]) {
            out.push_str("_x005F_");
        } else {
            out.push(c);
        }
    }
    out
}

/// Undoes the escapes of a workbook.
fn from_workbook(cell: &str) -> String {
    let (mut out, mut rest) = (String::with_capacity(cell.len()), cell);
    while let Some(c) = rest.chars().next() {
        let escaped = if is_escape(rest) { u32::from_str_radix(&rest[2..6], 16).ok().and_then(char::from_u32) } else { None };
        out.push(escaped.unwrap_or(c));
        rest = &rest[if escaped.is_some() { 7 } else { c.len_utf8() }..];
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formulas_are_guarded_and_the_guard_comes_off() {
        for text in ["=1+1", "+86", "-5", "@home", "\tx", "'=1", "''=1", "＝SUM(A1)", "'tis", "''", "plain", ""] {
            let written = guarded(text);
            assert!(!written.starts_with(FORMULA), "{text:?}");
            assert_eq!(unguarded(&written), text);
        }
        assert_eq!(guarded("'tis"), "'tis", "nothing is added where nothing threatens");
    }

    #[test]
    fn lists_are_written_as_people_write_them_where_they_can_be() {
        let items = |items: &[&str]| items.iter().map(|&item| item.to_owned()).collect::<Vec<_>>();
        assert_eq!(join(&items(&["怎么退", "can I return it?"]), "\n", split_lines), "怎么退\ncan I return it?");
        assert_eq!(join(&items(&["退货", "运费"]), ", ", split_tags), "退货, 运费");
        let cases: [(Vec<String>, fn(&str) -> Vec<String>); 5] = [
            (items(&["a\nb", "c"]), split_lines),
            (items(&["a,b"]), split_tags),
            (items(&["[]"]), split_lines),
            (items(&[]), split_tags),
            (items(&["[1]"]), split_tags),
        ];
        for (list, split) in cases {
            assert_eq!(split(&join(&list, ", ", split)), list);
        }
    }

    #[test]
    fn numbers_of_characters_survive_a_workbook() {
        for text in ["_x0041_", "_x0041_x0042_", "_x005F_x0041_", "__x0041__", "plain_x", "_xZZZZ_"] {
            assert_eq!(from_workbook(&to_workbook(text)), text);
        }
        assert_eq!(from_workbook("a_x000A_b"), "a\nb");
    }
}
