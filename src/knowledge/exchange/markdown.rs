//! A folder of Markdown files with YAML front matter: one file per entry, at any depth; the front matter says what the entry is, the body is
//! the answer. Made to be kept in git.
//!
//! White space around the body does not belong to the answer. An answer that would not come back as it is (it begins or ends with white space)
//! is written into the front matter instead, as `answer`: the writer reads each file back before it lets it go. A file that can't be understood
//! is reported and does not stop the others; files named `README.md` are left alone.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use super::{ExchangeError, KnowledgeFile, Record, RejectedEntry};
use crate::domain::{DeskId, EntryDraft};
use crate::knowledge::content::Fault;

/// Longest file name made of an id, in bytes, without its end.
const MAX_NAME_BYTES: usize = 100;

pub(super) fn read(path: &Path, desk: Option<&DeskId>) -> Result<KnowledgeFile, ExchangeError> {
    let mut files = Vec::new();
    if path.is_dir() {
        collect(path, &mut files).map_err(|source| ExchangeError::File { path: path.to_owned(), source })?;
        files.sort();
    } else {
        files.push(path.to_owned());
    }
    let mut found = KnowledgeFile::default();
    for file in files {
        let unreadable = |error: std::io::Error| Fault::new("", error.kind().to_string(), "save the file as UTF-8 text");
        match fs_err::read_to_string(&file).map_err(unreadable).and_then(|text| parse(&text, desk)) {
            Ok(entry) => found.entries.push(entry),
            Err(fault) => found.rejected.push(RejectedEntry {
                file: Some(file.strip_prefix(path).ok().filter(|rest| !rest.as_os_str().is_empty()).unwrap_or(&file).display().to_string()),
                line: None,
                field: (!fault.field.is_empty()).then(|| fault.field.to_owned()),
                reason: fault.reason,
                remedy: fault.remedy,
            }),
        }
    }
    Ok(found)
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) -> std::io::Result<()> {
    for item in fs_err::read_dir(folder)? {
        let path = item?.path();
        if path.is_dir() {
            collect(&path, files)?;
        } else if path.extension().is_some_and(|extension| extension == "md") && path.file_name().is_none_or(|name| name != "README.md") {
            files.push(path);
        }
    }
    Ok(())
}

fn parse(text: &str, desk: Option<&DeskId>) -> Result<EntryDraft, Fault> {
    let text = text.trim_start_matches('\u{feff}').replace("\r\n", "\n");
    let no_front = || {
        let remedy = "put `---`, the keys, and `---` on lines of their own before the answer";
        Fault::new("", "the file does not begin with front matter, or that does not end", remedy)
    };
    let rest = text.strip_prefix("---\n").ok_or_else(no_front)?;
    let (head, body) = rest.split_once("\n---\n").or_else(|| Some((rest.strip_suffix("\n---")?, ""))).ok_or_else(no_front)?;
    let record: Record = yaml_serde::from_str(head)
        .map_err(|error| Fault::new("", format!("front matter: {error}"), "write it as YAML with the keys of docs/knowledge.md"))?;
    let body = body.trim();
    if record.answer.is_some() && !body.is_empty() {
        return Err(Fault::new("answer", "the answer stands in the front matter and behind it", "keep one of the two"));
    }
    let answer = record.answer.or_else(|| Some(body.to_owned()));
    Record { answer, ..record }.into_draft(desk)
}

/// Writes one file for each entry below `folder`, which is made where it is missing; files of the same name are replaced, others left alone.
/// The name follows from the id alone, so that exporting again changes only what has changed.
///
/// # Errors
/// When the disk refuses.
pub fn write_folder(entries: &[EntryDraft], folder: &Path) -> Result<(), ExchangeError> {
    let failed = |path: &Path| {
        let path = path.to_owned();
        move |source| ExchangeError::File { path, source }
    };
    fs_err::create_dir_all(folder).map_err(failed(folder))?;
    let mut taken = BTreeSet::new();
    for entry in entries {
        let mut name = file_name(&entry.external_id);
        // Two desks in one folder.
        if !taken.insert(name.to_lowercase()) {
            let _ = write!(name, "-{}", entry.id());
            taken.insert(name.to_lowercase());
        }
        let path = folder.join(format!("{name}.md"));
        fs_err::write(&path, file(entry)?).map_err(failed(&path))?;
    }
    Ok(())
}

/// A name that every file system takes, is as readable as the id, and belongs to no other id.
fn file_name(external_id: &str) -> String {
    let plain = |c: char| {
        c.is_lowercase() || c.is_ascii_digit() || matches!(c, '-' | '_') || (c.is_alphanumeric() && !c.is_ascii() && !c.is_uppercase())
    };
    let mut name = String::new();
    for c in external_id.chars() {
        let c = if plain(c) { c } else { '-' };
        if name.len() + c.len_utf8() > MAX_NAME_BYTES {
            break;
        }
        name.push(c);
    }
    // Names that systems or this reader give another meaning to, and ids that are not told apart by what is left of them.
    let reserved = ["", "con", "prn", "aux", "nul"].contains(&name.as_str()) || name.starts_with('-');
    if name == external_id && !reserved {
        return name;
    }
    let id = crate::domain::EntryId::derive(&["file", external_id]).to_string();
    format!("{name}-{}", &id[..8])
}

/// The file of an entry, read back to be sure.
fn file(entry: &EntryDraft) -> Result<String, ExchangeError> {
    let plain = text(entry, false);
    if parse(&plain, None).is_ok_and(|read| read == *entry) {
        return Ok(plain);
    }
    let quoted = text(entry, true);
    match parse(&quoted, None) {
        Ok(read) if read == *entry => Ok(quoted),
        _ => Err(ExchangeError::Unusable(format!("the entry {} can't be written as Markdown", entry.id()))),
    }
}

fn text(entry: &EntryDraft, answer_in_front: bool) -> String {
    let record = Record::of(entry);
    let content = &entry.content;
    let mut out = format!("---\nid: {}\ndesk: {}\n", quoted(&record.id), quoted(entry.desk.as_str()));
    let _ = write!(out, "language: {}\nstatus: {}\n", content.language.as_str(), content.status.as_str());
    let list = |items: &[String]| items.iter().map(|item| quoted(item)).collect::<Vec<_>>().join(", ");
    let _ = writeln!(out, "tags: [{}]", list(&content.tags));
    for (key, value) in [("valid_from", &record.valid_from), ("valid_to", &record.valid_to)] {
        if let Some(value) = value {
            let _ = writeln!(out, "{key}: {}", quoted(value));
        }
    }
    if let Some(owner) = &content.owner {
        let _ = writeln!(out, "owner: {}", quoted(owner));
    }
    if !content.provenance.is_empty() {
        let pairs: Vec<String> = content.provenance.pairs.iter().map(ToString::to_string).collect();
        let cluster = content.provenance.cluster.map(|cluster| format!("cluster: \"{cluster}\", ")).unwrap_or_default();
        let _ = writeln!(out, "provenance: {{{cluster}pairs: [{}]}}", list(&pairs));
    }
    out.push_str("questions:\n");
    for question in &content.questions {
        let _ = writeln!(out, "  - {}", quoted(question));
    }
    if answer_in_front {
        let _ = writeln!(out, "answer: {}", quoted(&content.answer));
        out.push_str("---\n");
    } else {
        let _ = write!(out, "---\n\n{}\n", content.answer);
    }
    out
}

/// A text between double quotes, on one line (YAML 1.2 §7.3.1): what YAML does not count as printable is escaped.
fn quoted(text: &str) -> String {
    let mut out = String::from("\"");
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\t' => out.push_str("\\t"),
            // Line breaks of other scripts, marks without a width, and what is not printable.
            '\u{85}' | '\u{2028}' | '\u{2029}' | '\u{FEFF}' | '\u{FFFE}' | '\u{FFFF}' => {
                let _ = write!(out, "\\u{:04x}", u32::from(c));
            }
            c if c.is_control() => {
                let _ = write!(out, "\\u{:04x}", u32::from(c));
            }
            c => out.push(c),
        }
    }
    out.push('"');
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::EntryStatus;

    #[test]
    fn reads_an_entry() {
        let text = "---\nid: returns\ndesk: shop\ntags: [return]\nvalid_to: 2026-08-14\nquestions:\n  - 怎么退货\n  - 退货入口在哪\n---\n\n在“我的订单”点申请售后。\n";
        let entry = parse(text, None).unwrap();
        assert_eq!(entry.content.questions, ["怎么退货", "退货入口在哪"]);
        assert_eq!(entry.content.answer, "在“我的订单”点申请售后。");
        assert_eq!(entry.content.status, EntryStatus::Published);
        assert_eq!(entry.content.valid_to.unwrap().to_string(), "2026-08-15T00:00:00Z");
    }

    #[test]
    fn says_how_to_mend_a_bad_file() {
        for (text, hint) in [
            ("just text", "front matter"),
            ("---\nid: a\n", "does not end"),
            ("---\nid: a\nquestions: [x]\n---\nanswer", "no desk"),
            ("---\nid: a\ndesk: d\nquestions: []\n---\nanswer", "no questions"),
            ("---\nid: a\ndesk: d\nquestions: [x]\n---\n", "no answer"),
            ("---\nid: a\ndesk: d\nquestions: [x]\ncolour: red\n---\nanswer", "colour"),
            ("---\nid: a\ndesk: d\nquestions: [x]\nvalid_from: tomorrow\n---\nanswer", "no date"),
            ("---\nid: a\ndesk: d\nquestions: [x]\nanswer: y\n---\nz", "keep one"),
        ] {
            let fault = parse(text, None).unwrap_err();
            assert!(format!("{} {}", fault.reason, fault.remedy).contains(hint), "{fault:?}");
        }
    }

    #[test]
    fn file_names_are_plain_and_tell_ids_apart() {
        assert_eq!(file_name("return-window"), "return-window");
        assert_eq!(file_name("退货期限"), "退货期限");
        let names: BTreeSet<String> =
            ["a/b", "a b", "A b", "a-b", "../x", "README", "", "con", "-rf"].map(file_name).map(|name| name.to_lowercase()).into();
        assert_eq!(names.len(), 9, "{names:?}");
        assert!(names.iter().all(|name| !name.contains(['/', '\\', '.', ' ']) && name != "readme" && name != "con"), "{names:?}");
        assert!(file_name(&"长".repeat(300)).len() < 120);
    }
}
