//! A look into the zip archive that a workbook is, before the parser unpacks parts of it into memory.
//!
//! Measures by unpacking, since sizes written in an archive may lie: a file of a few MB can unpack to many GB. Judges only what it
//! understands; anything odd is left to the parser.

use std::io::{Error, Read, Result, Seek, SeekFrom};

use flate2::read::DeflateDecoder;

/// Longest end record: 22 bytes and a comment.
const END_RECORD_BYTES: u64 = 22 + 65_535;
/// Longest directory that is looked at.
const MAX_DIRECTORY_BYTES: u64 = 16 * 1024 * 1024;
const DEFLATED: u16 = 8;

/// Whether everything but the sheets and media (those are streamed or not read) unpacks to at most `limit` bytes. The position is at the
/// beginning afterwards.
pub(super) fn held_parts_fit(file: &mut (impl Read + Seek), limit: u64) -> Result<bool> {
    let mut left = limit;
    for offset in held_parts(file)? {
        let mut header = [0_u8; 30];
        file.seek(SeekFrom::Start(offset))?;
        if read_exactly(file, &mut header)?.is_none() {
            continue;
        }
        file.seek(SeekFrom::Start(offset + 30 + u64::from(number16(&header, 26)) + u64::from(number16(&header, 28))))?;
        let mut unpacked = DeflateDecoder::new(&mut *file).take(left + 1);
        match std::io::copy(&mut unpacked, &mut std::io::sink()) {
            Ok(bytes) if bytes > left => {
                file.rewind()?;
                return Ok(false);
            }
            Ok(bytes) => left -= bytes,
            Err(error) if is_damage(&error) => {}
            Err(error) => return Err(error),
        }
    }
    file.rewind()?;
    Ok(true)
}

/// Where the deflated parts begin that the parser holds in memory.
fn held_parts(file: &mut (impl Read + Seek)) -> Result<Vec<u64>> {
    let length = file.seek(SeekFrom::End(0))?;
    let tail_length = length.min(END_RECORD_BYTES);
    file.seek(SeekFrom::Start(length - tail_length))?;
    let mut tail = Vec::new();
    file.take(tail_length).read_to_end(&mut tail)?;
    let Some(end) = tail.windows(4).rposition(|window| window == b"PK\x05\x06") else { return Ok(Vec::new()) };
    let Some(end) = tail.get(end..end + 22) else { return Ok(Vec::new()) };
    let directory_length = u64::from(number32(end, 12)).min(MAX_DIRECTORY_BYTES);
    file.seek(SeekFrom::Start(u64::from(number32(end, 16)).min(length)))?;
    let mut directory = Vec::new();
    file.take(directory_length).read_to_end(&mut directory)?;

    let (mut parts, mut rest) = (Vec::new(), directory.as_slice());
    while let Some(entry) = rest.get(..46).filter(|entry| entry.starts_with(b"PK\x01\x02")) {
        let name_end = 46 + usize::from(number16(entry, 28));
        let entry_end = name_end + usize::from(number16(entry, 30)) + usize::from(number16(entry, 32));
        let name = String::from_utf8_lossy(rest.get(46..name_end).unwrap_or_default()).to_lowercase();
        if number16(entry, 10) == DEFLATED && !name.contains("worksheets/") && !name.contains("media/") {
            parts.push(u64::from(number32(entry, 42)));
        }
        rest = rest.get(entry_end..).unwrap_or_default();
    }
    Ok(parts)
}

fn read_exactly(file: &mut impl Read, buffer: &mut [u8]) -> Result<Option<()>> {
    match file.read_exact(buffer) {
        Ok(()) => Ok(Some(())),
        Err(error) if is_damage(&error) => Ok(None),
        Err(error) => Err(error),
    }
}

/// Whether the archive is at fault rather than the disk.
fn is_damage(error: &Error) -> bool {
    use std::io::ErrorKind::{InvalidData, InvalidInput, UnexpectedEof};
    matches!(error.kind(), InvalidData | InvalidInput | UnexpectedEof)
}

fn number16(bytes: &[u8], at: usize) -> u16 {
    u16::from_le_bytes([bytes[at], bytes[at + 1]])
}

fn number32(bytes: &[u8], at: usize) -> u32 {
    u32::from_le_bytes([bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]])
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use super::*;

    #[test]
    fn texts_count_and_sheets_do_not() {
        let mut book = rust_xlsxwriter::Workbook::new();
        book.add_worksheet().write(0, 0, "x".repeat(30_000)).unwrap();
        let bytes = book.save_to_buffer().unwrap();
        // Thirty thousand equal letters are packed into a few bytes.
        assert!(bytes.len() < 20_000);
        assert!(!held_parts_fit(&mut Cursor::new(&bytes), 30_000).unwrap());
        assert!(held_parts_fit(&mut Cursor::new(&bytes), 100_000).unwrap());

        let mut book = rust_xlsxwriter::Workbook::new();
        let sheet = book.add_worksheet();
        for row in 0..5_000 {
            sheet.write(row, 0, f64::from(row)).unwrap();
        }
        assert!(held_parts_fit(&mut Cursor::new(book.save_to_buffer().unwrap()), 50_000).unwrap());
    }

    proptest::proptest! {
        #[test]
        fn no_bytes_panic(bytes in proptest::collection::vec(proptest::num::u8::ANY, 0..200), tail in proptest::collection::vec(proptest::num::u8::ANY, 18)) {
            let bytes = [b"PK\x01\x02", bytes.as_slice(), b"PK\x05\x06", &tail].concat();
            let _outcome = held_parts_fit(&mut Cursor::new(bytes), 1_000);
        }
    }
}
