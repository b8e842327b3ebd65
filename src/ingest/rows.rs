//! Tables: one message a row, whatever the rows come from.
//!
//! Finds the headings, reads each row by them, and groups the rows of a batch by conversation. Messages without an id of their own get
//! one from their content and how often that content occurred before, so that a file that is exported again, longer or in another
//! order, adds nothing twice. For that, 9 bytes a row are kept (a hash); nothing else outlives its batch.

use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use super::mapping::{ColumnMapping, Columns, MissingColumns, Positions};
use super::message::{self, MAX_FIELD_CHARS, Place, RawMessage, Rules};
use super::source::hex;
use super::times::{self, RawTime};
use super::{BATCH_ROWS, BATCH_TEXT_BYTES, Batch, ConversationReader, IngestError, Progress};
use crate::domain::{ConversationDraft, MessageDraft, RejectedRow};

/// The headings have to be among this many rows; exports like to put a title above them.
const HEADING_ROWS: usize = 20;

/// One cell.
#[derive(Debug, Clone, PartialEq, Default)]
pub(super) enum Cell {
    #[default]
    Empty,
    Text(String),
    Number(f64),
    /// A date of a workbook, as a serial day.
    Date(f64),
}

/// One row.
#[derive(Debug, Clone, PartialEq, Default)]
pub(super) struct Row {
    /// Its first line, from 1.
    pub line: u64,
    /// Its last line.
    pub end: u64,
    pub cells: Vec<Cell>,
    /// Why it can't be used.
    pub fault: Option<RejectedRow>,
}

/// Where rows come from.
pub(super) trait RowSource: Send {
    /// The next row, or `None` at the end.
    fn next_row(&mut self) -> Result<Option<Row>, IngestError>;
    /// Bytes of the file read so far.
    fn bytes_done(&self) -> u64;
    /// Size of the file.
    fn total_bytes(&self) -> u64;
}

impl Cell {
    fn is_empty(&self) -> bool {
        match self {
            Self::Empty => true,
            Self::Text(text) => text.trim().is_empty(),
            Self::Number(_) | Self::Date(_) => false,
        }
    }

    pub(super) fn into_text(self) -> Option<String> {
        match self {
            Self::Empty => None,
            Self::Text(text) => Some(text),
            Self::Number(number) => Some(number.to_string()),
            // Spreadsheet programs turn words such as `3-8` into dates on their own: better a date than a serial number.
            Self::Date(serial) => Some(times::written_serial(serial).unwrap_or_else(|| serial.to_string())),
        }
    }

    fn into_time(self) -> RawTime {
        match self {
            Self::Empty => RawTime::Missing,
            Self::Text(text) => RawTime::Text(text),
            Self::Number(number) => RawTime::Number(number),
            Self::Date(serial) => RawTime::Serial(serial),
        }
    }

    fn text_bytes(&self) -> usize {
        match self {
            Self::Text(text) => text.len(),
            Self::Empty | Self::Number(_) | Self::Date(_) => 8,
        }
    }
}

/// Reads a table.
pub(super) struct RowReader<S> {
    source: S,
    rules: Rules,
    progress: Progress,
    mapping: ColumnMapping,
    positions: Positions,
    width: usize,
    position: u64,
    identities: Identities,
    failed: Option<IngestError>,
}

impl<S: RowSource> RowReader<S> {
    pub(super) fn open(
        open_source: impl FnOnce(&Path, &ColumnMapping, &mut Vec<String>) -> Result<S, IngestError>,
        path: &Path,
        mapping: &ColumnMapping,
        rules: Rules,
        mut progress: Progress,
    ) -> Result<Self, IngestError> {
        let mut source = open_source(path, mapping, &mut progress.notes)?;
        let mut best: Option<MissingColumns> = None;
        for _ in 0..HEADING_ROWS {
            let Some(row) = source.next_row()? else { break };
            let headings: Vec<String> = row.cells.into_iter().map(|cell| cell.into_text().unwrap_or_default()).collect();
            match mapping.resolve(&headings) {
                Ok(resolved) => {
                    if row.line > 1 {
                        progress.notes.push(format!("the headings are in line {}; what stands above them is left out", row.line));
                    }
                    return Ok(Self {
                        source,
                        rules,
                        progress,
                        mapping: resolved.mapping,
                        positions: resolved.positions,
                        width: headings.len(),
                        position: row.end,
                        identities: Identities::default(),
                        failed: None,
                    });
                }
                Err(missing) => {
                    if best.as_ref().is_none_or(|best| missing.known > best.known) {
                        best = Some(missing);
                    }
                }
            }
        }
        let detail = best.map_or_else(|| "the table is empty".to_owned(), |missing| missing.explain());
        Err(IngestError::Headings { path: PathBuf::from(path), detail })
    }

    fn fill(&mut self, group: &mut Group) -> Result<bool, IngestError> {
        let (mut rows, mut text_bytes) = (0, 0);
        while rows < BATCH_ROWS && text_bytes < BATCH_TEXT_BYTES {
            let Some(row) = self.source.next_row()? else { return Ok(false) };
            let done_before = row.end <= self.progress.start;
            self.position = row.end;
            if row.fault.is_none() && row.cells.iter().all(Cell::is_empty) {
                continue;
            }
            if done_before {
                // Read for its identity only: later rows with the same content have to be told from it.
                self.add(row, &mut Group::default());
                continue;
            }
            rows += 1;
            text_bytes += row.cells.iter().map(Cell::text_bytes).sum::<usize>();
            self.add(row, group);
        }
        Ok(true)
    }

    fn add(&mut self, mut row: Row, group: &mut Group) {
        if let Some(fault) = row.fault {
            group.rejected.push(fault);
            return;
        }
        let line = row.line;
        if row.cells.iter().skip(self.width).any(|cell| !cell.is_empty()) {
            let reason = format!("the row has {} cells, the headings have {}", row.cells.len(), self.width);
            let remedy = "put texts that hold the delimiter or line breaks into double quotes when exporting".to_owned();
            group.rejected.push(RejectedRow { line, field: None, reason, remedy });
            return;
        }
        let at = self.positions;
        let mut take = |position: Option<usize>| position.and_then(|at| row.cells.get_mut(at)).map(std::mem::take).unwrap_or_default();
        let raw = RawMessage {
            id: take(at.message).into_text(),
            role: take(at.role).into_text(),
            kind: take(at.kind).into_text(),
            text: take(at.text).into_text(),
            media_ref: take(at.media_ref).into_text(),
            at: take(at.at).into_time(),
            author: take(at.author).into_text(),
        };
        let columns = &self.mapping.columns;
        let field = |name: &'static str| heading(columns, name);
        let mut place = Place { line, field: &field, rejected: &mut group.rejected, notes: &mut group.notes };
        let Some(conversation) = message::present(take(at.conversation).into_text()) else {
            place.reject("conversation", "the row names no conversation", "fill in the conversation's id in every row");
            return;
        };
        if conversation.chars().nth(MAX_FIELD_CHARS).is_some() {
            let reason = format!("the conversation's id is longer than {MAX_FIELD_CHARS} characters");
            place.reject("conversation", reason, "is this the right column?");
            return;
        }
        let Some(mut draft) = self.rules.message(raw, &mut place) else { return };
        self.identities.name(&conversation, &mut draft, &mut place);

        let started_at = self.rules.time(&take(at.started_at).into_time(), "started_at", &mut place);
        let mut short = |position, name| place.short(take(position).into_text(), name);
        let channel = short(at.channel, "channel");
        let customer_id = short(at.customer, "customer");
        let agent_id = short(at.agent, "agent");
        let personal: Vec<String> = [
            (at.customer_name, "customer_name"),
            (at.customer_phone, "customer_phone"),
            (at.customer_email, "customer_email"),
            (at.customer_address, "customer_address"),
        ]
        .into_iter()
        .filter_map(|(position, name)| short(position, name))
        .collect();
        let tags = take(at.tags).into_text().unwrap_or_default();

        let target = group.conversation(conversation);
        target.channel = target.channel.take().or(channel);
        target.customer_id = target.customer_id.take().or(customer_id);
        target.agent_id = target.agent_id.take().or(agent_id);
        target.started_at = target.started_at.or(started_at);
        message::extend_unique(&mut target.customer_personal, personal);
        message::extend_unique(&mut target.tags, message::split_tags(&tags));
        target.messages.push(draft);
        group.messages += 1;
    }
}

impl<S: RowSource> ConversationReader for RowReader<S> {
    fn next_batch(&mut self) -> Result<Option<Batch>, IngestError> {
        if let Some(error) = self.failed.take() {
            return Err(error);
        }
        let mut group = Group::default();
        let more = match self.fill(&mut group) {
            Ok(more) => more,
            Err(error) if group.drafts.is_empty() && group.rejected.is_empty() => return Err(error),
            Err(error) => {
                // What was read before the damage is handed out first.
                self.failed = Some(error);
                true
            }
        };
        self.progress.notes.append(&mut group.notes);
        let notes = self.progress.take_notes();
        if !more && group.drafts.is_empty() && group.rejected.is_empty() && notes.is_empty() {
            return Ok(None);
        }
        Ok(Some(Batch {
            drafts: group.drafts,
            rejected: group.rejected,
            cursor: self.progress.cursor(self.position),
            bytes_done: self.source.bytes_done(),
            messages: group.messages,
            notes,
        }))
    }

    fn total_bytes(&self) -> Option<u64> {
        Some(self.source.total_bytes())
    }

    fn mapping(&self) -> Option<&ColumnMapping> {
        Some(&self.mapping)
    }
}

/// The rows of one batch, by conversation.
#[derive(Default)]
struct Group {
    drafts: Vec<ConversationDraft>,
    by_id: HashMap<String, usize>,
    rejected: Vec<RejectedRow>,
    notes: Vec<String>,
    messages: u64,
}

impl Group {
    fn conversation(&mut self, external_id: String) -> &mut ConversationDraft {
        let at = *self.by_id.entry(external_id).or_insert_with_key(|external_id| {
            self.drafts.push(ConversationDraft {
                external_id: external_id.clone(),
                channel: None,
                customer_id: None,
                customer_personal: Vec::new(),
                agent_id: None,
                started_at: None,
                tags: Vec::new(),
                messages: Vec::new(),
            });
            self.drafts.len() - 1
        });
        &mut self.drafts[at]
    }
}

/// Which messages the file has brought so far.
#[derive(Default)]
struct Identities {
    /// Content of messages without id.
    seen: HashSet<u64>,
    /// How often such content came again.
    repeats: HashMap<u64, u32>,
    /// Content by (conversation, id).
    named: HashMap<u64, u32>,
}

impl Identities {
    /// Gives the message an id if it has none, or one that another message has.
    fn name(&mut self, conversation: &str, draft: &mut MessageDraft, place: &mut Place<'_>) {
        let content = content_hash(conversation, draft);
        let head = u64::from_le_bytes(content[..8].try_into().expect("a digest has 32 bytes"));
        if let Some(id) = &draft.external_id {
            let key = digest(&[conversation.as_bytes(), id.as_bytes()]);
            let key = u64::from_le_bytes(key[..8].try_into().expect("a digest has 32 bytes"));
            if *self.named.entry(key).or_insert(head as u32) == head as u32 {
                return;
            }
            place.reject(
                "id",
                "another message of this conversation has the same id; kept under a derived id",
                "check the column of message ids",
            );
        }
        let occurrence = if self.seen.insert(head) {
            0
        } else {
            let count = self.repeats.entry(head).or_insert(0);
            *count += 1;
            *count
        };
        draft.external_id = Some(format!("row-{}-{occurrence}", hex(&content[..16])));
    }
}

fn content_hash(conversation: &str, draft: &MessageDraft) -> [u8; 32] {
    let at = draft.at.map(|at| at.as_micros().to_string()).unwrap_or_default();
    let media_ref = draft.media_ref.as_deref().unwrap_or_default();
    digest(&[
        conversation.as_bytes(),
        draft.role.as_str().as_bytes(),
        at.as_bytes(),
        draft.kind.as_str().as_bytes(),
        media_ref.as_bytes(),
        draft.text.as_bytes(),
    ])
}

fn digest(parts: &[&[u8]]) -> [u8; 32] {
    let mut hash = Sha256::new();
    for part in parts {
        // The length before each part keeps ("ab", "c") and ("a", "bc") apart.
        hash.update((part.len() as u64).to_le_bytes());
        hash.update(part);
    }
    hash.finalize().into()
}

/// The heading a field was read from; the field's name if it has none.
fn heading(columns: &Columns, field: &'static str) -> String {
    let column = match field {
        "id" => &columns.message,
        "conversation" => &columns.conversation,
        "role" => &columns.role,
        "text" => &columns.text,
        "at" => &columns.at,
        "started_at" => &columns.started_at,
        "kind" => &columns.kind,
        "media_ref" => &columns.media_ref,
        "author" => &columns.author,
        "channel" => &columns.channel,
        "customer" => &columns.customer,
        "agent" => &columns.agent,
        _ => &None,
    };
    column.clone().unwrap_or_else(|| field.to_owned())
}
