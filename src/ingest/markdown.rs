//! Knowledge entries as a folder of Markdown files with YAML front matter.
//!
//! One file per entry, at any depth; the front matter carries what the entry is, the body is the answer. A file that can't be understood is
//! reported and does not stop the others.

use std::path::{Path, PathBuf};

use serde::Deserialize;

use crate::domain::{DeskId, Entry, EntryId, EntryStatus, Language, Timestamp};
use crate::text::language::detect;
use crate::text::normalise::clean;

/// A file that was not taken, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RejectedFile {
    /// The file.
    pub path: PathBuf,
    /// What is wrong and how to mend it.
    pub reason: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct FrontMatter {
    id: String,
    desk: Option<DeskId>,
    language: Option<Language>,
    #[serde(default = "published")]
    status: EntryStatus,
    #[serde(default)]
    tags: Vec<String>,
    valid_from: Option<String>,
    valid_to: Option<String>,
    owner: Option<String>,
    questions: Vec<String>,
}

const fn published() -> EntryStatus {
    EntryStatus::Published
}

/// Reads every `.md` file below `folder`, in order of path. `desk` overrides the files' own desk. Files named `README.md` are left alone.
///
/// # Errors
/// When the folder itself can't be read.
pub fn read_entries(folder: &Path, desk: Option<&DeskId>, now: Timestamp) -> std::io::Result<(Vec<Entry>, Vec<RejectedFile>)> {
    let mut files = Vec::new();
    collect(folder, &mut files)?;
    files.sort();
    let (mut entries, mut rejected) = (Vec::new(), Vec::new());
    for path in files {
        match fs_err::read_to_string(&path).map_err(|error| error.to_string()).and_then(|text| parse(&text, desk, now)) {
            Ok(entry) => entries.push(entry),
            Err(reason) => rejected.push(RejectedFile { path, reason }),
        }
    }
    Ok((entries, rejected))
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

fn parse(text: &str, desk: Option<&DeskId>, now: Timestamp) -> Result<Entry, String> {
    let text = text.trim_start_matches('\u{feff}').replace("\r\n", "\n");
    let rest =
        text.strip_prefix("---\n").ok_or("the file does not begin with front matter: put `---`, the keys, and `---` before the answer")?;
    let (head, body) = rest.split_once("\n---\n").ok_or("the front matter does not end: put `---` on a line of its own behind it")?;
    let front: FrontMatter = yaml_serde::from_str(head).map_err(|error| format!("front matter: {error}"))?;
    let desk = desk.cloned().or(front.desk).ok_or("no desk: name one in the front matter (`desk: NAME`) or on the command line")?;
    let questions: Vec<String> = front.questions.iter().map(|question| clean(question)).filter(|question| !question.is_empty()).collect();
    if questions.is_empty() {
        return Err("no questions: list at least one way customers ask under `questions:`".to_owned());
    }
    let answer = clean(body);
    if answer.is_empty() {
        return Err("no answer: write it behind the front matter".to_owned());
    }
    Ok(Entry {
        id: EntryId::derive(&[desk.as_str(), &front.id]),
        external_id: front.id,
        desk,
        language: front.language.unwrap_or_else(|| detect(&answer)),
        status: front.status,
        tags: front.tags,
        valid_from: front.valid_from.as_deref().map(|text| moment(text, false)).transpose()?,
        valid_to: front.valid_to.as_deref().map(|text| moment(text, true)).transpose()?,
        owner: front.owner,
        questions,
        answer,
        updated_at: now,
    })
}

/// A date (whole days, UTC; the last day of validity counts in full) or an RFC 3339 time.
fn moment(text: &str, end: bool) -> Result<Timestamp, String> {
    if let Ok(moment) = text.parse::<jiff::Timestamp>() {
        return Ok(Timestamp::from_micros(moment.as_microsecond()));
    }
    let date: jiff::civil::Date =
        text.parse().map_err(|_error: jiff::Error| format!("`{text}` is no date: write 2026-08-15 or an RFC 3339 time"))?;
    let start = date.to_zoned(jiff::tz::TimeZone::UTC).map_err(|error| error.to_string())?;
    let moment = Timestamp::from_micros(start.timestamp().as_microsecond());
    Ok(if end { moment.plus_seconds(86_400) } else { moment })
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::from_micros(0);

    #[test]
    fn reads_an_entry() {
        let text = "---\nid: returns\ndesk: shop\ntags: [return]\nvalid_to: 2026-08-14\nquestions:\n  - 怎么退货\n  - 退货入口在哪\n---\n\n在“我的订单”点申请售后。\n";
        let entry = parse(text, None, NOW).unwrap();
        assert_eq!(entry.questions, ["怎么退货", "退货入口在哪"]);
        assert_eq!(entry.answer, "在“我的订单”点申请售后。");
        assert_eq!(entry.status, EntryStatus::Published);
        assert_eq!(entry.valid_to.unwrap().to_string(), "2026-08-15T00:00:00Z");
    }

    #[test]
    fn says_how_to_mend_a_bad_file() {
        for (text, hint) in [
            ("just text", "front matter"),
            ("---\nid: a\n", "does not end"),
            ("---\nid: a\nquestions: [x]\n---\nanswer", "no desk"),
            ("---\nid: a\ndesk: d\nquestions: []\n---\nanswer", "no questions"),
            ("---\nid: a\ndesk: d\nquestions: [x]\ncolour: red\n---\nanswer", "colour"),
            ("---\nid: a\ndesk: d\nquestions: [x]\nvalid_from: tomorrow\n---\nanswer", "no date"),
        ] {
            let reason = parse(text, None, NOW).unwrap_err();
            assert!(reason.contains(hint), "{reason}");
        }
    }
}
