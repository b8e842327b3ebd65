//! Whole files through [`open`]: what is kept, what is reported, and that stopping anywhere changes nothing.

use std::io::Write as _;

use proptest::prelude::*;

use super::*;
use crate::domain::{MessageDraft, MessageKind, Role};

fn moment(text: &str) -> Timestamp {
    Timestamp::from_micros(text.parse::<jiff::Timestamp>().unwrap().as_microsecond())
}

fn options(format: ImportFormat) -> ReadOptions {
    ReadOptions { format, mapping: None, start: None, now: moment("2026-09-01T00:00:00Z") }
}

fn case(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases/import").join(name)
}

fn drain(path: &Path, options: ReadOptions) -> Result<Vec<Batch>, IngestError> {
    let mut reader = open(path, options)?;
    let mut batches = Vec::new();
    while let Some(batch) = reader.next_batch()? {
        batches.push(batch);
    }
    Ok(batches)
}

/// Everything a file gives, as one batch.
fn read(path: &Path, options: ReadOptions) -> Batch {
    let batches = drain(path, options).unwrap();
    let mut all = batches.last().unwrap().clone();
    all.drafts = batches.iter().flat_map(|batch| batch.drafts.clone()).collect();
    all.rejected = batches.iter().flat_map(|batch| batch.rejected.clone()).collect();
    all.notes = batches.iter().flat_map(|batch| batch.notes.clone()).collect();
    all.messages = batches.iter().map(|batch| batch.messages).sum();
    all
}

struct Scratch {
    _folder: tempfile::TempDir,
    path: PathBuf,
}

fn scratch(name: &str, bytes: &[u8]) -> Scratch {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(name);
    fs_err::write(&path, bytes).unwrap();
    Scratch { _folder: folder, path }
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn texts(batch: &Batch) -> Vec<&str> {
    batch.drafts.iter().flat_map(|draft| &draft.messages).map(|message| message.text.as_str()).collect()
}

fn rejected(batch: &Batch) -> Vec<(u64, &str)> {
    batch.rejected.iter().map(|row| (row.line, row.field.as_deref().unwrap_or("-"))).collect()
}

#[test]
fn json_lines_keep_everything_the_form_knows() {
    let batch = read(&case("conversations.jsonl"), options(ImportFormat::Jsonl));
    assert_eq!((batch.rejected.len(), batch.messages), (0, 5));
    let draft = &batch.drafts[0];
    assert_eq!((draft.external_id.as_str(), draft.channel.as_deref(), draft.agent_id.as_deref()), ("c-1", Some("webchat"), Some("kf-2")));
    assert_eq!(draft.customer_id.as_deref(), Some("u-7"));
    assert_eq!(draft.customer_personal, ["林小满", "13800001111", "xiaoman@example.com"]);
    assert_eq!(draft.tags, ["售后", "退货"]);
    assert_eq!(draft.started_at, Some(moment("2026-08-03T01:12:00Z")));
    assert_eq!(
        draft.messages[1],
        MessageDraft {
            external_id: Some("m-2".to_owned()),
            role: Role::Agent,
            kind: MessageKind::Text,
            text: "可以的，七天内支持无理由退货。".to_owned(),
            media_ref: None,
            at: Some(moment("2026-08-03T01:13:05Z")),
            author: Some("小周".to_owned()),
        }
    );
    assert_eq!((draft.messages[2].kind, draft.messages[2].media_ref.as_deref()), (MessageKind::Image, Some("kettle.jpg")));
    assert_eq!(batch.drafts[1].external_id, "2");
    assert_eq!(batch.drafts[1].messages[1].role, Role::Bot);
}

#[test]
fn broken_json_lines_are_reported_one_by_one_and_nothing_else_is_lost() {
    let batch = read(&case("broken.jsonl"), options(ImportFormat::Jsonl));
    let ids: Vec<&str> = batch.drafts.iter().map(|draft| draft.external_id.as_str()).collect();
    assert_eq!(ids, ["ok-1", "mixed", "half", "twice", "ok-2"]);
    assert_eq!(texts(&batch), ["你好", "好的", "稍等", "nice \u{fffd}", "one", "two", "one", "bye"]);
    assert_eq!(
        rejected(&batch),
        [
            (2, "-"),
            (3, "-"),
            (4, "-"),
            (5, "-"),
            (6, "/id"),
            (7, "/messages"),
            (8, "/messages"),
            (10, "/messages/0/role"),
            (10, "/messages/1/text"),
            (10, "/messages/2/role"),
            (10, "/messages/3/text"),
            (10, "/messages/4/role"),
            (10, "/messages/5/at"),
            (10, "/messages/6/at"),
            (10, "/started_at"),
            (12, "/messages/1/id"),
        ]
    );
    assert!(batch.notes.iter().any(|note| note.contains("byte order mark")) && batch.notes.iter().any(|note| note.contains("line 11")));
    assert!(batch.rejected.iter().all(|row| !row.remedy.is_empty()));
    let report = serde_json::to_string(&batch.rejected).unwrap();
    assert!(!report.contains("SECRET") && !report.contains("昨天"), "{report}");
}

#[test]
fn a_chinese_table_in_gb18030() {
    let batch = read(&case("shop-gb18030.csv"), options(ImportFormat::Csv));
    assert_eq!(
        texts(&batch),
        ["请问发票怎么开？\n要增值税专票", "您好，在“我的订单”里申请即可", "快递三天没动了", "已为您催件, 请留意", "谢谢"]
    );
    let first = &batch.drafts[0];
    assert_eq!(
        (first.external_id.as_str(), first.agent_id.as_deref(), first.customer_personal.as_slice()),
        ("A1", Some("kf01"), &["13800002222".to_owned()][..])
    );
    assert_eq!(first.messages[0].at, Some(moment("2026-08-03T01:12:00Z")));
    assert_eq!(rejected(&batch), [(7, "发送者类型"), (8, "会话id"), (9, "发送时间")]);
    assert!(batch.notes[0].contains("gb18030"), "{:?}", batch.notes);
}

#[test]
fn a_mapping_file_names_columns_roles_and_zone() {
    let mapping = ColumnMapping::load(&case("columns.toml")).unwrap();
    let batch = read(&case("codes.tsv"), ReadOptions { mapping: Some(mapping), ..options(ImportFormat::Csv) });
    assert_eq!(texts(&batch), ["Is the lamp dimmable?", "Yes, with any wall switch."]);
    assert_eq!(batch.drafts[0].messages[1].role, Role::Agent);
    assert_eq!(batch.drafts[0].messages[0].at, Some(moment("2026-08-03T09:00:00Z")));
    assert_eq!(batch.rejected[0].reason, "unknown role `9`");
    assert!(batch.notes.iter().any(|note| note.contains("line 2")), "{:?}", batch.notes);
    let error = drain(&case("codes.tsv"), options(ImportFormat::Csv)).unwrap_err();
    assert!(matches!(&error, IngestError::Headings { detail, .. } if detail.contains("conversation, role, text")), "{error}");
}

fn workbook(rows: u32) -> Vec<u8> {
    let mut book = rust_xlsxwriter::Workbook::new();
    let sheet = book.add_worksheet();
    for (column, heading) in ["会话编号", "角色", "消息内容", "发送时间", "客户电话"].iter().enumerate() {
        sheet.write(1, column as u16, *heading).unwrap();
    }
    let date = rust_xlsxwriter::Format::new().set_num_format("yyyy-mm-dd hh:mm:ss");
    for row in 0..rows {
        let at = row + 2;
        sheet.write(at, 0, f64::from(1000 + row / 3)).unwrap();
        sheet.write(at, 1, if row % 3 == 1 { "客服" } else { "客户" }).unwrap();
        sheet.write(at, 2, format!("第{row}句")).unwrap();
        sheet
            .write_with_format(at, 3, rust_xlsxwriter::ExcelDateTime::from_ymd(2026, 8, 3).unwrap().and_hms(9, 12, 33).unwrap(), &date)
            .unwrap();
        sheet.write(at, 4, 13_800_003_333.0).unwrap();
    }
    sheet.write(rows + 3, 0, "1000").unwrap();
    book.save_to_buffer().unwrap()
}

#[test]
fn a_workbook_with_dates_and_numbers() {
    let file = scratch("book.xlsx", &workbook(4));
    let mut reader = open(&file.path, options(ImportFormat::Xlsx)).unwrap();
    assert_eq!(reader.mapping().unwrap().columns.text.as_deref(), Some("消息内容"));
    let batch = reader.next_batch().unwrap().unwrap();
    assert_eq!(batch.drafts.iter().map(|draft| draft.external_id.as_str()).collect::<Vec<_>>(), ["1000", "1001"]);
    assert_eq!(texts(&batch), ["第0句", "第1句", "第2句", "第3句"]);
    assert_eq!(batch.drafts[0].messages[0].at, Some(moment("2026-08-03T01:12:33Z")));
    assert_eq!(batch.drafts[0].customer_personal, ["13800003333"]);
    // The last row has a conversation and nothing else.
    assert_eq!(rejected(&batch), [(8, "角色")]);
    assert!(reader.next_batch().unwrap().is_none());
}

#[test]
fn wrong_formats_say_what_to_do() {
    let message = |name: &str, bytes: &[u8], format| drain(&scratch(name, bytes).path, options(format)).unwrap_err().to_string();
    assert!(message("a", &workbook(1), ImportFormat::Jsonl).contains("--format xlsx"));
    assert!(message("a", &workbook(1), ImportFormat::Csv).contains("--format xlsx"));
    assert!(message("a", b"a,b", ImportFormat::Xlsx).contains("no .xlsx file"));
    assert!(message("a", b"[{\"id\":1}]", ImportFormat::Jsonl).contains("jq"));
    assert!(message("a", b"", ImportFormat::Csv).contains("empty"));
    assert!(matches!(open(Path::new("/nonexistent/x"), options(ImportFormat::Csv)), Err(IngestError::Open { .. })));
    let sheet = ColumnMapping { sheet: Some("August".to_owned()), ..ColumnMapping::default() };
    let file = scratch("a.xlsx", &workbook(1));
    let error = open(&file.path, ReadOptions { mapping: Some(sheet), ..options(ImportFormat::Xlsx) }).err().unwrap();
    assert!(error.to_string().contains("`Sheet1`"), "{error}");
    assert!(drain(&scratch("a", b"").path, options(ImportFormat::Jsonl)).unwrap().is_empty());
}

#[test]
fn formats_by_name() {
    assert_eq!(format_of(Path::new("a/B.JSONL.gz")).unwrap(), ImportFormat::Jsonl);
    assert_eq!(format_of(Path::new("x.tsv")).unwrap(), ImportFormat::Csv);
    assert_eq!(format_of(Path::new("x.xlsx")).unwrap(), ImportFormat::Xlsx);
    assert!(format_of(Path::new("x.pdf")).is_err());
}

#[test]
fn gzip_is_read_and_a_cut_off_one_gives_what_it_has() {
    let mut text = String::new();
    for number in 0..2_000_u64 {
        // Hashes don't compress, so that cutting the file cuts lines.
        let noise = number.wrapping_mul(0x9e37_79b9_7f4a_7c15);
        text.push_str(&format!("{{\"id\":{number},\"messages\":[{{\"role\":\"bot\",\"text\":\"{noise:x}\"}}]}}\n"));
    }
    let whole = gzip(text.as_bytes());
    let file = scratch("a.jsonl.gz", &whole);
    let batch = read(&file.path, options(ImportFormat::Jsonl));
    assert_eq!((batch.messages, batch.bytes_done), (2_000, whole.len() as u64));

    let file = scratch("cut.jsonl.gz", &whole[..whole.len() / 2]);
    let mut reader = open(&file.path, options(ImportFormat::Jsonl)).unwrap();
    let mut conversations = 0;
    let error = loop {
        match reader.next_batch() {
            Ok(Some(batch)) => conversations += batch.drafts.len(),
            Ok(None) => panic!("the cut went unnoticed"),
            Err(error) => break error,
        }
    };
    assert!(matches!(error, IngestError::Read { .. }), "{error}");
    assert!((500..2_000).contains(&conversations), "{conversations}");
}

#[test]
fn a_message_of_five_megabytes_is_kept_and_told() {
    let line = format!(
        "{{\"id\":1,\"messages\":[{{\"role\":\"agent\",\"text\":\"{}\"}}]}}\n{{\"id\":2,\"messages\":[{{\"role\":\"agent\",\"text\":\"x\"}}]}}",
        "长".repeat(1_700_000)
    );
    let batch = read(&scratch("a.jsonl", line.as_bytes()).path, options(ImportFormat::Jsonl));
    assert_eq!((texts(&batch)[0].len(), batch.drafts.len()), (5_100_000, 2));
    assert!(batch.notes[0].contains("line 1: a message of 5.1 MB"), "{:?}", batch.notes);
    let table = format!("session_id,role,content\n1,user,\"{}\"\n1,agent,ok\n", "长".repeat(1_700_000));
    let batch = read(&scratch("a.csv", table.as_bytes()).path, options(ImportFormat::Csv));
    assert_eq!((texts(&batch)[0].len(), texts(&batch)[1]), (5_100_000, "ok"));
}

fn table(rows: impl Iterator<Item = u32>) -> String {
    let mut text = "session_id,role,content,time\n".to_owned();
    for row in rows {
        // Every fourth message repeats, every eleventh row is empty, some lack their conversation.
        let session = if row % 97 == 0 { String::new() } else { format!("s{}", row % 50) };
        let words = if row % 11 == 0 { String::new() } else { format!("\"words {}\n, more\"", row % 4) };
        text.push_str(&format!("{session},user,{words},2026-08-03 09:00\n"));
    }
    text
}

#[test]
fn stopping_behind_any_batch_changes_nothing() {
    let lines: String = (0..450)
        .map(|number| {
            if number % 7 == 0 {
                "rubbish\n\n".to_owned()
            } else {
                format!("{{\"id\":{number},\"messages\":[{{\"role\":\"bot\",\"text\":\"{number}\"}}]}}\n")
            }
        })
        .collect();
    let files = [
        (scratch("a.jsonl", lines.as_bytes()), ImportFormat::Jsonl),
        (scratch("a.jsonl.gz", &gzip(lines.as_bytes())), ImportFormat::Jsonl),
        (scratch("a.csv", table(0..5_000).as_bytes()), ImportFormat::Csv),
        (scratch("a.xlsx", &workbook(4_500)), ImportFormat::Xlsx),
    ];
    for (file, format) in files {
        let whole = drain(&file.path, options(format)).unwrap();
        assert!(whole.len() >= 2, "{format:?}");
        for (at, batch) in whole.iter().enumerate() {
            let cursor: Cursor = serde_json::from_str(&serde_json::to_string(&batch.cursor).unwrap()).unwrap();
            let rest = drain(&file.path, ReadOptions { start: Some(cursor), ..options(format) }).unwrap();
            let rest: Vec<_> = rest.into_iter().filter(|batch| !batch.drafts.is_empty()).collect();
            let expected = &whole[at + 1..];
            assert_eq!(rest.len(), expected.len(), "{format:?} from {at}");
            for (rest, expected) in rest.iter().zip(expected) {
                assert_eq!((&rest.drafts, &rest.rejected, &rest.cursor), (&expected.drafts, &expected.rejected, &expected.cursor));
            }
        }
    }
}

#[test]
fn a_cursor_of_another_file_is_not_used() {
    let one = scratch("a.csv", table(0..10).as_bytes());
    let other = scratch("a.csv", table(0..12).as_bytes());
    let cursor = read(&one.path, options(ImportFormat::Csv)).cursor;
    let batch = read(&other.path, ReadOptions { start: Some(cursor), ..options(ImportFormat::Csv) });
    assert_eq!(batch.messages, read(&other.path, options(ImportFormat::Csv)).messages);
    assert!(batch.notes.iter().any(|note| note.contains("changed")));
}

fn ids(batch: &Batch) -> Vec<String> {
    let messages = batch.drafts.iter().flat_map(|draft| draft.messages.iter().map(|message| (&draft.external_id, message)));
    let mut ids: Vec<String> = messages.map(|(id, message)| format!("{id} {}", message.external_id.as_deref().unwrap())).collect();
    ids.sort();
    ids
}

#[test]
fn another_order_or_more_rows_give_known_messages_their_old_ids() {
    let read_table = |text: String| ids(&read(&scratch("a.csv", text.as_bytes()).path, options(ImportFormat::Csv)));
    let first = read_table(table(0..3_000));
    assert_eq!(first, read_table(table((0..3_000).rev())));
    let longer = read_table(table(0..3_500));
    assert!(first.iter().all(|id| longer.binary_search(id).is_ok()));
    let distinct: std::collections::BTreeSet<&String> = longer.iter().collect();
    assert_eq!(distinct.len(), longer.len());
}

#[test]
fn rows_that_don_t_fit_are_reported() {
    let text =
        "session_id,message_id,role,content\n1,a,user,one\n1,a,user,two\n1,a,user,one\n1,b,user,three,four\n\n1,c,user,\n1,d,user,five,,\n";
    let batch = read(&scratch("a.csv", text.as_bytes()).path, options(ImportFormat::Csv));
    assert_eq!(texts(&batch), ["one", "two", "one", "five"]);
    assert_eq!(rejected(&batch), [(3, "message_id"), (5, "-"), (7, "content")]);
    let messages = &batch.drafts[0].messages;
    assert_eq!(messages[0].external_id.as_deref(), Some("a"));
    assert!(messages[1].external_id.as_deref().unwrap().starts_with("row-"));
}

#[test]
fn a_line_of_rubbish_messages_is_summed_up() {
    let line = format!("{{\"id\":1,\"messages\":[{}{{\"role\":\"bot\",\"text\":\"x\"}}]}}", "0,".repeat(99_999 + 50));
    let batch = read(&scratch("a.jsonl", line.as_bytes()).path, options(ImportFormat::Jsonl));
    assert!(batch.drafts.is_empty());
    assert!(batch.rejected.len() < 1_010, "{}", batch.rejected.len());
    assert!(
        batch.rejected.last().unwrap().reason.contains("99000 more")
            || batch.rejected.iter().any(|row| row.reason.contains("more messages"))
    );
}

fn word() -> impl Strategy<Value = String> {
    "\\PC{0,6}[\\PC\"\\\\\n,]{0,6}[a-z\u{4e00}-\u{4e20}]"
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn arbitrary_bytes_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..600)) {
        for format in [ImportFormat::Jsonl, ImportFormat::Csv, ImportFormat::Xlsx] {
            let _outcome = drain(&scratch("a", &bytes).path, options(format));
        }
        let headed = [b"session_id,role,content,time\n", bytes.as_slice()].concat();
        drain(&scratch("a.csv", &headed).path, options(ImportFormat::Csv)).unwrap();
    }

    #[test]
    fn json_like_lines_never_panic(line in "[{}\\[\\]\",:0-9a-z\\\\u]{0,80}", tail in "(id|messages|role|text|at|customer|[\\]\\[{}\":, 01\\\\])*") {
        let bytes = format!("\n{line}\n{{\"id\":1,\"messages\":[{{\"role\":\"bot\",\"text\":\"x\\ud83d{tail}");
        let _outcome = drain(&scratch("a", bytes.as_bytes()).path, options(ImportFormat::Jsonl));
    }

    #[test]
    fn damaged_workbooks_never_panic(places in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6)) {
        let mut bytes = workbook(3);
        for (place, byte) in places {
            let at = place.index(bytes.len());
            bytes[at] = byte;
        }
        let _outcome = drain(&scratch("a.xlsx", &bytes).path, options(ImportFormat::Xlsx));
    }

    #[test]
    fn what_is_written_as_json_lines_is_read_back(conversations in proptest::collection::vec(proptest::collection::vec((0..4_usize, word()), 1..5), 1..8)) {
        let roles = [Role::Customer, Role::Agent, Role::Bot, Role::System];
        let mut lines = String::new();
        for (id, messages) in conversations.iter().enumerate() {
            let messages: Vec<_> = messages.iter().map(|(role, text)| serde_json::json!({"role": roles[*role].as_str(), "text": text})).collect();
            lines.push_str(&serde_json::json!({"id": id.to_string(), "messages": messages}).to_string());
            lines.push('\n');
        }
        let batch = read(&scratch("a", lines.as_bytes()).path, options(ImportFormat::Jsonl));
        prop_assert!(batch.rejected.is_empty());
        let back: Vec<Vec<(usize, String)>> = batch.drafts.iter()
            .map(|draft| draft.messages.iter().map(|message| (roles.iter().position(|role| *role == message.role).unwrap(), message.text.clone())).collect())
            .collect();
        prop_assert_eq!(back, conversations);
    }

    #[test]
    fn what_is_written_as_csv_is_read_back(rows in proptest::collection::vec((0..3_u32, word()), 1..20)) {
        let mut text = "session_id,role,content\n".to_owned();
        for (session, words) in &rows {
            text.push_str(&format!("{session},user,\"{}\"\n", words.replace('"', "\"\"")));
        }
        let batch = read(&scratch("a", text.as_bytes()).path, options(ImportFormat::Csv));
        prop_assert!(batch.rejected.is_empty(), "{:?}", batch.rejected);
        for draft in &batch.drafts {
            let expected: Vec<&String> = rows.iter().filter(|(session, _)| session.to_string() == draft.external_id).map(|(_, words)| words).collect();
            prop_assert_eq!(draft.messages.iter().map(|message| &message.text).collect::<Vec<_>>(), expected);
        }
    }
}
