//! Nothing an editor owns is lost on the way out and in again, in any format, whatever it holds.

use proptest::prelude::*;

use super::*;
use crate::domain::{ClusterId, PairId};

/// Pieces that some format gives a meaning to, or that are easily lost.
const NASTY: [&str; 44] = [
    "\"",
    "'",
    "''",
    "\n",
    "\n\n",
    "\t",
    "\\",
    "\\n",
    ",",
    "，",
    ";",
    "、",
    "=1+1",
    "+86",
    "-5",
    "@SUM(A1)",
    "＝",
    "---",
    "\n---\n",
    "...",
    "# ",
    "- x",
    ": ",
    "{}",
    "[]",
    "[\"a\"]",
    "&amp;",
    "<b>",
    "]]>",
    "_x0041_",
    "_x000D_",
    "%s",
    "繁體字",
    "退貨",
    "简体",
    "🧾",
    "👩‍👩‍👧",
    "مرحبا",
    "\u{202E}x",
    "\u{2028}",
    "\u{A0}",
    " ",
    "null",
    "sep=;",
];

fn nasty(pieces: std::ops::Range<usize>) -> impl Strategy<Value = String> {
    let piece = prop_oneof![4 => proptest::sample::select(NASTY.to_vec()).prop_map(ToOwned::to_owned), 1 => "\\PC{0,6}"];
    proptest::collection::vec(piece, pieces).prop_map(|pieces| pieces.concat())
}

/// A text that says something.
fn text(pieces: std::ops::Range<usize>) -> impl Strategy<Value = String> {
    nasty(pieces).prop_filter("blank texts are no questions, tags or ids", |text| !crate::knowledge::content::tidy(text).trim().is_empty())
}

fn moments() -> impl Strategy<Value = (Option<Timestamp>, Option<Timestamp>)> {
    let moment = || proptest::option::of((0..4_000_000_000_000_000_i64).prop_map(Timestamp::from_micros));
    (moment(), moment()).prop_map(|(a, b)| match (a, b) {
        (Some(a), Some(b)) if a >= b => (Some(b), (a > b).then_some(a)),
        other => other,
    })
}

fn entry() -> impl Strategy<Value = EntryDraft> {
    let status = proptest::sample::select(vec![EntryStatus::Draft, EntryStatus::Published, EntryStatus::Retired]);
    let language = proptest::sample::select(vec![Language::Zh, Language::En]);
    let id = || any::<u128>().prop_map(uuid::Uuid::from_u128);
    let provenance = (proptest::option::of(id()), proptest::collection::vec(id(), 0..4)).prop_map(|(cluster, pairs)| Provenance {
        cluster: cluster.map(ClusterId::from_uuid),
        pairs: pairs.into_iter().map(PairId::from_uuid).collect(),
    });
    let long = prop_oneof![20 => Just(0_usize), 1 => 1_000..18_000_usize];
    let texts = (text(1..5), proptest::collection::vec(text(1..8), 1..5), nasty(0..12), proptest::collection::vec(text(1..3), 0..4));
    (texts, status, language, moments(), proptest::option::of(text(1..3)), provenance, long).prop_filter_map(
        "only what the base takes can be in it",
        |((external_id, questions, answer, tags), status, language, (valid_from, valid_to), owner, provenance, long)| {
            let answer = format!("{answer}{}", "🧾".repeat(long));
            let content = EntryContent { language, status, tags, valid_from, valid_to, owner, questions, answer, provenance };
            checked(EntryDraft { desk: "shop".parse().unwrap(), external_id, content }).ok()
        },
    )
}

/// Entries with ids of their own.
fn entries(number: impl Into<proptest::collection::SizeRange>) -> impl Strategy<Value = Vec<EntryDraft>> {
    proptest::collection::vec(entry(), number).prop_map(|entries| {
        let mut seen = std::collections::BTreeSet::new();
        entries.into_iter().filter(|entry| seen.insert(entry.external_id.clone())).collect()
    })
}

/// Writes entries in a format and reads them back.
fn there_and_back(entries: &[EntryDraft], format: KnowledgeFormat) -> KnowledgeFile {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(format!("knowledge.{}", format.as_str()));
    if format == KnowledgeFormat::Md {
        write_folder(entries, &path).unwrap();
    } else {
        write(entries, format, &mut fs_err::File::create(&path).unwrap()).unwrap();
    }
    assert_eq!(KnowledgeFormat::of(&path), Some(format));
    let mut read = read(&path, format, None).unwrap();
    let place: std::collections::HashMap<&str, usize> =
        entries.iter().enumerate().map(|(at, entry)| (entry.external_id.as_str(), at)).collect();
    if format == KnowledgeFormat::Md {
        read.entries.sort_by_key(|entry| place.get(entry.external_id.as_str()).copied());
    }
    read
}

macro_rules! round_trips {
    ($($name:ident, $thousand:ident => $format:ident;)+) => {$(
        proptest! {
            #![proptest_config(ProptestConfig::with_cases(64))]
            #[test]
            fn $name(entries in entries(0..6)) {
                let read = there_and_back(&entries, KnowledgeFormat::$format);
                prop_assert!(read.rejected.is_empty(), "{:?}", read.rejected);
                prop_assert_eq!(read.entries, entries);
            }
        }

        #[test]
        fn $thousand() {
            let entries = thousand();
            assert!(entries.len() >= 1_000);
            let read = there_and_back(&entries, KnowledgeFormat::$format);
            assert_eq!(read.rejected, []);
            let same = read.entries.iter().zip(&entries).filter(|(read, written)| read == written).count();
            assert_eq!((same, read.entries.len()), (entries.len(), entries.len()));
        }
    )+};
}

round_trips! {
    round_trip_through_csv, round_trip_of_a_thousand_entries_through_csv => Csv;
    round_trip_through_xlsx, round_trip_of_a_thousand_entries_through_xlsx => Xlsx;
    round_trip_through_json_lines, round_trip_of_a_thousand_entries_through_json_lines => Jsonl;
    round_trip_through_markdown, round_trip_of_a_thousand_entries_through_markdown => Md;
}

/// A thousand entries, the same at every run.
fn thousand() -> Vec<EntryDraft> {
    use proptest::strategy::ValueTree as _;
    use proptest::test_runner::TestRunner;
    let mut runner = TestRunner::deterministic();
    let mut all: Vec<EntryDraft> = proptest::collection::vec(entry(), 1_000).new_tree(&mut runner).unwrap().current();
    for (number, entry) in all.iter_mut().enumerate() {
        entry.external_id.push_str(&format!(" {number}"));
    }
    all
}

#[test]
fn every_format_writes_the_same_bytes_again() {
    let entries = thousand();
    for format in [KnowledgeFormat::Csv, KnowledgeFormat::Jsonl] {
        let bytes = |entries: &[EntryDraft]| {
            let mut bytes = Vec::new();
            write(entries, format, &mut bytes).unwrap();
            bytes
        };
        let first = bytes(&entries);
        assert!(first == bytes(&there_and_back(&entries, format).entries), "{format:?}");
    }
}

/// Reads a table as somebody's spreadsheet program has left it.
fn table(name: &str, bytes: &[u8]) -> Result<KnowledgeFile, ExchangeError> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(name);
    fs_err::write(&path, bytes).unwrap();
    read(&path, KnowledgeFormat::of(&path).unwrap(), Some(&"shop".parse().unwrap()))
}

#[test]
fn a_table_made_by_hand_is_read_in_any_usual_encoding() {
    let text = "编号,问题,答案,标签,失效日期\r\nreturn,\"怎么退货\n可以退吗\",签收后 7 天内可退。,\"退货，售后\",2026-08-14\r\n";
    let (gb18030, _, _) = encoding_rs::GB18030.encode(text);
    let with_mark = format!("\u{feff}{text}");
    for bytes in [text.as_bytes(), gb18030.as_ref(), with_mark.as_bytes()] {
        let file = table("faq.csv", bytes).unwrap();
        assert_eq!(file.rejected, []);
        let entry = &file.entries[0];
        assert_eq!((entry.external_id.as_str(), entry.content.status), ("return", EntryStatus::Published));
        assert_eq!(entry.content.questions, ["怎么退货", "可以退吗"]);
        assert_eq!(entry.content.tags, ["退货", "售后"]);
        assert_eq!(entry.content.valid_to.unwrap().to_string(), "2026-08-15T00:00:00Z");
        assert_eq!(entry.content.language, Language::Zh);
    }
}

#[test]
fn rows_that_cannot_be_used_are_reported_and_the_others_taken() {
    let file = table("faq.csv", "id,questions,answer,status\na,q,x,\n,q,x,\nb,,x,\nc,q,,\nd,q,x,secret\ne,q,,draft\n".as_bytes()).unwrap();
    let taken: Vec<&str> = file.entries.iter().map(|entry| entry.external_id.as_str()).collect();
    assert_eq!(taken, ["a", "e"]);
    let rejected: Vec<_> = file.rejected.iter().map(|row| (row.line, row.field.as_deref())).collect();
    let expected = [(3, "id"), (4, "questions"), (5, "answer"), (6, "status")].map(|(line, field)| (Some(line), Some(field)));
    assert_eq!(rejected, expected);
    assert!(file.rejected.iter().all(|row| !row.reason.is_empty() && !row.remedy.is_empty()));
    let file = table("faq.jsonl", b"{\"id\":\"a\",\"questions\":[\"q\"],\"answer\":\"x\"}\nnonsense\n\n{\"id\":\"b\"}\n").unwrap();
    assert_eq!(file.entries.len(), 1);
    assert_eq!(file.rejected.iter().map(|row| row.line).collect::<Vec<_>>(), [Some(2), Some(4)]);
}

#[test]
fn a_table_without_its_columns_or_with_a_slip_in_them_is_refused() {
    for (bytes, hint) in [("a,b\n1,2\n", "headings"), ("id,questions,answer,valid_too\n1,2,3,4\n", "valid_too"), ("", "headings")] {
        let error = table("faq.csv", bytes.as_bytes()).unwrap_err();
        assert!(error.to_string().contains(hint), "{error}");
    }
}

#[test]
fn dates_and_numbers_that_a_spreadsheet_made_its_own_are_read() {
    let mut book = rust_xlsxwriter::Workbook::new();
    let sheet = book.add_worksheet();
    for (column, heading) in (0..).zip(["id", "questions", "answer", "valid_from", "tags"]) {
        sheet.write(0, column, heading).unwrap();
    }
    let date = rust_xlsxwriter::Format::new().set_num_format("yyyy-mm-dd");
    sheet.write(1, 0, 42).unwrap();
    sheet.write(1, 1, "怎么退货").unwrap();
    sheet.write(1, 2, "7 天内。").unwrap();
    sheet.write_with_format(1, 3, rust_xlsxwriter::ExcelDateTime::from_ymd(2026, 8, 15).unwrap(), &date).unwrap();
    sheet.write(1, 4, "a, b").unwrap();
    let file = table("faq.xlsx", &book.save_to_buffer().unwrap()).unwrap();
    assert_eq!(file.rejected, []);
    let entry = &file.entries[0];
    assert_eq!(entry.external_id, "42");
    assert_eq!(entry.content.valid_from.unwrap().to_string(), "2026-08-15T00:00:00Z");
    assert_eq!(entry.content.tags, ["a", "b"]);
}
