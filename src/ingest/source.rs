//! Bytes of a file as numbered lines of text: opening, unpacking gzip, telling the encoding, splitting.
//!
//! Holds at most one line ([`MAX_LINE_BYTES`]) plus small fixed buffers, however long the file is. A line that can't be decoded or is too
//! long is handed out as a fault with its number; reading goes on behind it. Knows nothing of conversations.

use std::fs::File;
use std::io::{BufRead, BufReader, Chain, Cursor as MemoryCursor, Read};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use encoding_rs::{CoderResult, DecoderResult, Encoding, GB18030, UTF_8, UTF_16BE, UTF_16LE};
use flate2::read::MultiGzDecoder;
use sha2::{Digest, Sha256};

use super::{FileIdentity, IngestError};

/// Longest line that is read; longer ones are skipped and reported.
pub(super) const MAX_LINE_BYTES: usize = 64 * 1024 * 1024;
/// How much of the file decides its encoding.
const SAMPLE_BYTES: usize = 1024 * 1024;
/// How much of the file goes into its identity.
const IDENTITY_BYTES: u64 = 64 * 1024;

/// One line, without its line break.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Line {
    /// Its number, from 1.
    pub number: u64,
    /// Its text; with replacement characters where `fault` says so, empty when too long.
    pub text: String,
    /// Why it can't be used.
    pub fault: Option<LineFault>,
}

/// What is wrong with a line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum LineFault {
    /// Bytes that are no text in the file's encoding.
    Encoding {
        /// The encoding's name.
        encoding: &'static str,
        /// Where in the (unpacked) file the first such byte is, from 0.
        offset: u64,
    },
    /// Longer than the limit.
    TooLong {
        /// Its length in bytes.
        bytes: u64,
    },
}

/// Opens a file for reading.
pub(super) fn open_file(path: &Path) -> Result<File, IngestError> {
    fs_err::File::open(path).map(fs_err::File::into_parts).map(|(file, _path)| file).map_err(|source| unreadable(path, source))
}

/// Tells which file this is, so that a cursor is not applied to another one.
pub(super) fn identify(path: &Path) -> Result<FileIdentity, IngestError> {
    let file = open_file(path)?;
    let size = file.metadata().map_err(|source| unreadable(path, source))?.len();
    let mut head = Vec::new();
    file.take(IDENTITY_BYTES).read_to_end(&mut head).map_err(|source| unreadable(path, source))?;
    Ok(FileIdentity { size, head_sha256: hex(&Sha256::digest(&head)) })
}

/// Writes bytes in hex.
pub(super) fn hex(bytes: &[u8]) -> String {
    let digit = |half: u8| char::from_digit(u32::from(half), 16).expect("a half byte is below 16");
    bytes.iter().flat_map(|byte| [digit(byte >> 4), digit(byte & 0xf)]).collect()
}

fn unreadable(path: &Path, source: std::io::Error) -> IngestError {
    IngestError::Open { path: path.to_owned(), source }
}

/// Counts the bytes taken from the file itself, for progress.
struct Counting {
    file: File,
    read: Arc<AtomicU64>,
}

impl Read for Counting {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let count = self.file.read(buffer)?;
        self.read.fetch_add(count as u64, Ordering::Relaxed);
        Ok(count)
    }
}

type Bytes = Chain<MemoryCursor<Vec<u8>>, Box<dyn Read + Send>>;

/// Turns UTF-16 into UTF-8, so that the rest sees one kind of line break.
struct Utf16 {
    inner: Bytes,
    decoder: encoding_rs::Decoder,
    input: Vec<u8>,
    start: usize,
    end: usize,
    /// Nothing more comes in.
    exhausted: bool,
    /// The decoder has said its last word.
    finished: bool,
    /// Whether anything had to be replaced.
    damaged: Arc<AtomicBool>,
}

impl Read for Utf16 {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        loop {
            // A decoder needs room for at least one whole character.
            if self.finished || buffer.len() < 4 {
                return Ok(0);
            }
            if self.start == self.end && !self.exhausted {
                self.start = 0;
                self.end = self.inner.read(&mut self.input)?;
                self.exhausted = self.end == 0;
            }
            let (result, consumed, written, replaced) =
                self.decoder.decode_to_utf8(&self.input[self.start..self.end], buffer, self.exhausted);
            self.start += consumed;
            self.finished = self.exhausted && result == CoderResult::InputEmpty;
            if replaced {
                self.damaged.store(true, Ordering::Relaxed);
            }
            if written > 0 {
                return Ok(written);
            }
        }
    }
}

/// The lines of one file.
pub(super) struct Lines {
    reader: BufReader<Box<dyn Read + Send>>,
    encoding: &'static Encoding,
    number: u64,
    offset: u64,
    /// Whether UTF-16 met something that is none.
    damaged: Arc<AtomicBool>,
    bytes_read: Arc<AtomicU64>,
    total_bytes: u64,
    max_line_bytes: usize,
    path: std::path::PathBuf,
}

impl Lines {
    /// Opens `path`, unpacks gzip, and tells the encoding from a byte order mark or the first MiB unless `encoding` names it.
    /// What was assumed is appended to `notes`.
    pub(super) fn open(path: &Path, encoding: Option<&'static Encoding>, notes: &mut Vec<String>) -> Result<Self, IngestError> {
        let file = open_file(path)?;
        let total_bytes = file.metadata().map_err(|source| unreadable(path, source))?.len();
        let bytes_read = Arc::new(AtomicU64::new(0));
        let mut raw = BufReader::new(Counting { file, read: Arc::clone(&bytes_read) });
        let is_gzip = raw.fill_buf().map_err(|source| unreadable(path, source))?.starts_with(&[0x1f, 0x8b]);
        let mut bytes: Box<dyn Read + Send> = if is_gzip { Box::new(MultiGzDecoder::new(raw)) } else { Box::new(raw) };

        let mut sample = Vec::new();
        // A damaged gzip shows its error again when the lines behind the good part are asked for.
        let _partial = bytes.by_ref().take(SAMPLE_BYTES as u64).read_to_end(&mut sample);
        refuse_other_formats(path, &sample)?;
        let (marked, mark_length) = Encoding::for_bom(&sample).map_or((None, 0), |(found, length)| (Some(found), length));
        let encoding = match (marked, encoding) {
            (Some(found), _) => {
                notes.push(format!("encoding: {} (byte order mark)", found.name()));
                found
            }
            (None, Some(given)) => given,
            (None, None) => {
                let guessed = guess_encoding(&sample);
                if guessed != UTF_8 {
                    notes.push(format!(
                        "encoding: read as {}, because the file is not UTF-8; name another one with `encoding` in the mapping file",
                        guessed.name()
                    ));
                }
                guessed
            }
        };
        let offset = mark_length as u64;
        let mut sample = MemoryCursor::new(sample);
        sample.set_position(offset);
        let bytes = sample.chain(bytes);
        let damaged = Arc::new(AtomicBool::new(false));
        let (reader, encoding): (Box<dyn Read + Send>, _) = if encoding == UTF_16LE || encoding == UTF_16BE {
            let utf16 = Utf16 {
                inner: bytes,
                decoder: encoding.new_decoder_without_bom_handling(),
                input: vec![0; 64 * 1024],
                start: 0,
                end: 0,
                exhausted: false,
                finished: false,
                damaged: Arc::clone(&damaged),
            };
            (Box::new(utf16), UTF_8)
        } else {
            (Box::new(bytes), encoding)
        };
        Ok(Self {
            reader: BufReader::with_capacity(256 * 1024, reader),
            encoding,
            number: 0,
            offset,
            damaged,
            bytes_read,
            total_bytes,
            max_line_bytes: MAX_LINE_BYTES,
            path: path.to_owned(),
        })
    }

    /// Bytes of the file taken so far.
    pub(super) fn bytes_read(&self) -> u64 {
        self.bytes_read.load(Ordering::Relaxed)
    }

    /// Size of the file.
    pub(super) fn total_bytes(&self) -> u64 {
        self.total_bytes
    }

    /// Number of the last line read.
    pub(super) fn number(&self) -> u64 {
        self.number
    }

    /// Passes over lines without keeping them, until line `number` has been read.
    pub(super) fn skip_to(&mut self, number: u64) -> Result<(), IngestError> {
        while self.number < number && self.pass_line(None)?.is_some() {}
        Ok(())
    }

    /// The next line, or `None` at the end.
    pub(super) fn next_line(&mut self) -> Result<Option<Line>, IngestError> {
        let start = self.offset;
        let mut kept = Vec::new();
        let Some(length) = self.pass_line(Some(&mut kept))? else { return Ok(None) };
        let number = self.number;
        if length > self.max_line_bytes as u64 {
            return Ok(Some(Line { number, text: String::new(), fault: Some(LineFault::TooLong { bytes: length }) }));
        }
        if kept.last() == Some(&b'\r') {
            kept.pop();
        }
        Ok(Some(self.decode(number, start, kept)))
    }

    /// Reads up to and including the next line break; tells the length without it. Keeps no more than the limit.
    fn pass_line(&mut self, mut kept: Option<&mut Vec<u8>>) -> Result<Option<u64>, IngestError> {
        let mut length = 0_u64;
        let mut consumed = 0_u64;
        loop {
            let available = match self.reader.fill_buf() {
                Ok(available) => available,
                Err(error) if error.kind() == std::io::ErrorKind::Interrupted => continue,
                Err(source) => return Err(IngestError::Read { path: self.path.clone(), line: self.number + 1, source }),
            };
            if available.is_empty() {
                if consumed == 0 {
                    return Ok(None);
                }
                break;
            }
            let line_break = available.iter().position(|&byte| byte == b'\n');
            let part = &available[..line_break.unwrap_or(available.len())];
            length += part.len() as u64;
            if let Some(kept) = kept.as_deref_mut() {
                if length <= self.max_line_bytes as u64 {
                    kept.extend_from_slice(part);
                } else {
                    *kept = Vec::new();
                }
            }
            let used = part.len() + usize::from(line_break.is_some());
            self.reader.consume(used);
            consumed += used as u64;
            if line_break.is_some() {
                break;
            }
        }
        self.number += 1;
        self.offset += consumed;
        Ok(Some(length))
    }

    fn decode(&self, number: u64, start: u64, bytes: Vec<u8>) -> Line {
        if self.encoding == UTF_8 {
            return match String::from_utf8(bytes) {
                Ok(text) => match text.find('\u{fffd}') {
                    Some(at) if self.damaged.load(Ordering::Relaxed) => {
                        let fault = LineFault::Encoding { encoding: "UTF-16", offset: start + at as u64 };
                        Line { number, text, fault: Some(fault) }
                    }
                    Some(_) | None => Line { number, text, fault: None },
                },
                Err(error) => {
                    let offset = start + error.utf8_error().valid_up_to() as u64;
                    let text = String::from_utf8_lossy(error.as_bytes()).into_owned();
                    Line { number, text, fault: Some(LineFault::Encoding { encoding: UTF_8.name(), offset }) }
                }
            };
        }
        if let Some(text) = self.encoding.decode_without_bom_handling_and_without_replacement(&bytes) {
            return Line { number, text: text.into_owned(), fault: None };
        }
        let offset = start + first_malformed(self.encoding, &bytes) as u64;
        let text = self.encoding.decode_without_bom_handling(&bytes).0.into_owned();
        Line { number, text, fault: Some(LineFault::Encoding { encoding: self.encoding.name(), offset }) }
    }

    #[cfg(test)]
    pub(super) fn limit_lines(&mut self, bytes: usize) {
        self.max_line_bytes = bytes;
    }
}

/// Position behind the last byte that decodes; close enough to find the place.
fn first_malformed(encoding: &'static Encoding, bytes: &[u8]) -> usize {
    let mut decoder = encoding.new_decoder_without_bom_handling();
    let mut output = String::with_capacity(decoder.max_utf8_buffer_length_without_replacement(bytes.len()).unwrap_or(bytes.len() * 3));
    match decoder.decode_to_string_without_replacement(bytes, &mut output, true) {
        (DecoderResult::Malformed(length, behind), read) => read.saturating_sub(usize::from(length) + usize::from(behind)),
        (DecoderResult::InputEmpty | DecoderResult::OutputFull, read) => read,
    }
}

/// Decides by the lines that hold more than ASCII: Chinese text in GB18030 is hardly ever valid UTF-8 by chance, while the opposite
/// happens, so UTF-8 wins wherever a good part of the lines is UTF-8.
fn guess_encoding(sample: &[u8]) -> &'static Encoding {
    let whole_lines = match sample.iter().rposition(|&byte| byte == b'\n') {
        Some(end) if sample.len() >= SAMPLE_BYTES => &sample[..end],
        _ => sample,
    };
    let (mut telling, mut utf8, mut gb18030) = (0_u32, 0_u32, 0_u32);
    for line in whole_lines.split(|&byte| byte == b'\n').filter(|line| !line.is_ascii()) {
        telling += 1;
        match std::str::from_utf8(line) {
            Ok(_) => utf8 += 1,
            // One endless line: the sample ends inside a character.
            Err(error) if error.error_len().is_none() && sample.len() >= SAMPLE_BYTES => utf8 += 1,
            Err(_) => gb18030 += u32::from(GB18030.decode_without_bom_handling_and_without_replacement(line).is_some()),
        }
    }
    // Nine in ten of what is not UTF-8 must decode; a damaged line here and there is reported on its own.
    let mostly_gb18030 = gb18030 * 10 >= (telling - utf8) * 9;
    if utf8 * 2 < telling && mostly_gb18030 { GB18030 } else { UTF_8 }
}

fn refuse_other_formats(path: &Path, sample: &[u8]) -> Result<(), IngestError> {
    let wrong = |detail: &'static str| Err(IngestError::WrongFormat { path: path.to_owned(), detail });
    if sample.starts_with(b"PK\x03\x04") {
        return wrong("it is a zip archive or a workbook: use `--format xlsx` for a workbook, unpack an archive first");
    }
    if sample.starts_with(&[0xd0, 0xcf, 0x11, 0xe0]) {
        return wrong("it is an old (.xls) or password-protected workbook: save it as .xlsx without a password and use `--format xlsx`");
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines_of(bytes: &[u8]) -> (Vec<Line>, Vec<String>) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file");
        fs_err::write(&path, bytes).unwrap();
        let mut notes = Vec::new();
        let mut lines = Lines::open(&path, None, &mut notes).unwrap();
        lines.limit_lines(1000);
        let mut all = Vec::new();
        while let Some(line) = lines.next_line().unwrap() {
            all.push(line);
        }
        (all, notes)
    }

    fn texts(bytes: &[u8]) -> Vec<String> {
        lines_of(bytes).0.into_iter().map(|line| line.text).collect()
    }

    #[test]
    fn line_breaks_of_every_common_kind() {
        assert_eq!(texts(b"a\nb\r\n\nc"), ["a", "b", "", "c"]);
        assert_eq!(texts(b""), Vec::<String>::new());
        assert_eq!(texts(b"a\n"), ["a"]);
    }

    #[test]
    fn byte_order_marks_are_taken_off_and_told() {
        let (lines, notes) = lines_of(b"\xef\xbb\xbfa\nb");
        assert_eq!(lines[0].text, "a");
        assert!(notes[0].contains("UTF-8"), "{notes:?}");
        for (mark, bytes) in [
            ([0xff, 0xfe], "退款\n好".encode_utf16().flat_map(u16::to_le_bytes).collect::<Vec<_>>()),
            ([0xfe, 0xff], "退款\n好".encode_utf16().flat_map(u16::to_be_bytes).collect::<Vec<_>>()),
        ] {
            assert_eq!(texts(&[&mark[..], &bytes[..]].concat()), ["退款", "好"]);
        }
        let half = [&[0xff, 0xfe][..], &[b'a', 0, 0x3d, 0xd8, b'\n', 0, b'b', 0, b'\n', 0, b'c']].concat();
        let faults: Vec<bool> = lines_of(&half).0.iter().map(|line| line.fault.is_some()).collect();
        assert_eq!(faults, [true, false, true]);
    }

    #[test]
    fn gb18030_is_recognised_and_one_bad_line_does_not_spoil_it() {
        let mut bytes = Vec::new();
        for index in 0..20 {
            bytes.extend_from_slice(&GB18030.encode(&format!("{index} 我想退货，谢谢\n")).0);
        }
        bytes.extend_from_slice(b"ok \xff\xff\n");
        let (lines, notes) = lines_of(&bytes);
        assert_eq!(lines[3].text, "3 我想退货，谢谢");
        assert!(notes[0].contains("gb18030"), "{notes:?}");
        let bad = &lines[20];
        assert!(matches!(bad.fault, Some(LineFault::Encoding { encoding: "gb18030", .. })), "{bad:?}");
    }

    #[test]
    fn a_foreign_line_in_utf8_is_a_fault_with_its_offset() {
        let (lines, notes) = lines_of("好的\nname \u{e9}\n".as_bytes());
        assert!(lines.iter().all(|line| line.fault.is_none()) && notes.is_empty());
        let (lines, _) = lines_of(&["好的\n".as_bytes(), b"caf\xe9 x\n", "再见\n".as_bytes()].concat());
        assert_eq!(lines[1].fault, Some(LineFault::Encoding { encoding: "UTF-8", offset: 10 }));
        assert_eq!(lines[2], Line { number: 3, text: "再见".to_owned(), fault: None });
    }

    #[test]
    fn an_endless_line_is_passed_over() {
        let (lines, _) = lines_of(&[b"a\n".as_slice(), &[b'x'; 5000], b"\nb"].concat());
        assert_eq!(lines[1], Line { number: 2, text: String::new(), fault: Some(LineFault::TooLong { bytes: 5000 }) });
        assert_eq!(lines[2].text, "b");
    }
}
