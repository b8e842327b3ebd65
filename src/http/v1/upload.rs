//! Receiving a file: field by field, chunk by chunk onto the disk, readable by nobody else, gone again if anything goes wrong.

use std::path::{Path, PathBuf};

use axum::extract::Multipart;
use axum::extract::multipart::{Field, MultipartError};
use tokio::io::AsyncWriteExt as _;

use crate::auth::grant::permission::ManageImports;
use crate::auth::{DeskAccess, Grant};
use crate::domain::{DeskId, ImportFormat};
use crate::http::extract::body_problem;
use crate::http::gate::GateRef;
use crate::http::problem::{Code, Problem};

/// Largest text field of the form (the column mapping is the longest).
const MAX_TEXT_BYTES: usize = 64 * 1024;
const MAX_NAME_CHARS: usize = 200;

/// A file received, and what is to be done with it.
pub(super) struct Upload {
    pub(super) access: DeskAccess<ManageImports>,
    pub(super) format: ImportFormat,
    pub(super) mapping: Option<serde_json::Value>,
    pub(super) dry_run: bool,
    pub(super) file_name: String,
    pub(super) file: SpooledFile,
}

/// A file that is deleted again unless somebody keeps it.
pub(super) struct SpooledFile {
    path: PathBuf,
    kept: bool,
}

impl SpooledFile {
    /// Writes what was received to a new file.
    pub(super) async fn holding(path: PathBuf, bytes: &[u8]) -> Result<Self, Problem> {
        let mut out = create(&path).await?;
        let spooled = Self { path, kept: false };
        out.write_all(bytes).await.map_err(Problem::internal)?;
        out.flush().await.map_err(Problem::internal)?;
        Ok(spooled)
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Leaves the file where it is.
    pub(super) fn keep(mut self) {
        self.kept = true;
    }
}

impl Drop for SpooledFile {
    fn drop(&mut self) {
        if !self.kept
            && let Err(error) = fs_err::remove_file(&self.path)
            && error.kind() != std::io::ErrorKind::NotFound
        {
            tracing::warn!(error = %error, "an upload that failed could not be deleted");
        }
    }
}

/// Reads the form. The desk is checked as soon as it is known, so put it first.
pub(super) async fn receive(mut form: Multipart, gate: &GateRef, grant: &Grant<ManageImports>) -> Result<Upload, Problem> {
    let (mut access, mut format, mut mapping, mut dry_run, mut file) = (None, None, None, false, None);
    while let Some(field) = patient(gate, form.next_field()).await? {
        let name = field.name().unwrap_or_default().to_owned();
        match name.as_str() {
            "desk" => {
                let desk: DeskId = text(gate, field)
                    .await?
                    .parse()
                    .map_err(|_invalid| Problem::field("/desk", "use 1 to 64 letters, digits, `-`, `_` or `.`"))?;
                access = Some(grant.enter(&desk)?);
            }
            "format" => format = Some(import_format(&text(gate, field).await?)?),
            "dry_run" => dry_run = flag(&text(gate, field).await?)?,
            "mapping" => {
                let json = text(gate, field).await?;
                let value: serde_json::Value = serde_json::from_str(&json)
                    .map_err(|error| Problem::field("/mapping", format!("not JSON at line {}, column {}", error.line(), error.column())))?;
                mapping = Some(value);
            }
            "file" if file.is_none() => {
                let file_name = plain_name(field.file_name().unwrap_or_default());
                file = Some((file_name, spool(gate, grant, field).await?));
            }
            "file" => return Err(Problem::field("/file", "send one file")),
            _ => return Err(Problem::field("", "unknown form field; known: `desk`, `format`, `dry_run`, `mapping`, `file`")),
        }
    }
    let missing = |field: &str| Problem::field(format!("/{field}"), "is missing");
    let (file_name, file) = file.ok_or_else(|| missing("file"))?;
    Ok(Upload {
        access: access.ok_or_else(|| missing("desk"))?,
        format: format.ok_or_else(|| missing("format"))?,
        mapping,
        dry_run,
        file_name,
        file,
    })
}

/// Makes a file that nobody else can read.
async fn create(path: &Path) -> Result<fs_err::tokio::File, Problem> {
    let mut options = fs_err::tokio::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    options.mode(0o600);
    options.open(path).await.map_err(Problem::internal)
}

/// Writes one field to a new file of the data folder.
async fn spool(gate: &GateRef, grant: &Grant<ManageImports>, mut field: Field<'_>) -> Result<SpooledFile, Problem> {
    let path = gate.upload_path(grant);
    let mut out = create(&path).await?;
    // Made only now: an existing file of that name is not ours to delete.
    let spooled = SpooledFile { path, kept: false };
    while let Some(chunk) = patient(gate, field.chunk()).await? {
        out.write_all(&chunk).await.map_err(Problem::internal)?;
    }
    // The job is acknowledged to the client: its file must survive a power cut from then on.
    out.flush().await.map_err(Problem::internal)?;
    out.sync_all().await.map_err(Problem::internal)?;
    Ok(spooled)
}

async fn text(gate: &GateRef, mut field: Field<'_>) -> Result<String, Problem> {
    let mut bytes = Vec::new();
    while let Some(chunk) = patient(gate, field.chunk()).await? {
        bytes.extend_from_slice(&chunk);
        if bytes.len() > MAX_TEXT_BYTES {
            return Err(Problem::new(Code::BodyTooLarge).with_detail("a text field of the form is longer than 64 KiB"));
        }
    }
    String::from_utf8(bytes).map_err(|_invalid| Problem::new(Code::MalformedRequest).with_detail("a text field of the form is not UTF-8"))
}

/// Waits for the next piece, but not for ever: a client that stands still gives its place to others.
async fn patient<T>(gate: &GateRef, piece: impl Future<Output = Result<T, MultipartError>>) -> Result<T, Problem> {
    match tokio::time::timeout(gate.settings().upload_idle_timeout, piece).await {
        Ok(Ok(piece)) => Ok(piece),
        Ok(Err(error)) => Err(body_problem(error.status())),
        Err(_elapsed) => Err(Problem::new(Code::MalformedRequest).with_detail("the upload stood still for too long")),
    }
}

fn import_format(text: &str) -> Result<ImportFormat, Problem> {
    let formats = [ImportFormat::Jsonl, ImportFormat::Csv, ImportFormat::Xlsx];
    let found = formats.into_iter().find(|format| format.as_str() == text.trim());
    found.ok_or_else(|| Problem::field("/format", "expected one of `jsonl`, `csv`, `xlsx`"))
}

fn flag(text: &str) -> Result<bool, Problem> {
    match text.trim() {
        "true" | "1" => Ok(true),
        "false" | "0" | "" => Ok(false),
        _ => Err(Problem::field("/dry_run", "expected `true` or `false`")),
    }
}

/// The last part of the client's name for the file, for reports only; never used as a path.
fn plain_name(name: &str) -> String {
    let last = name.rsplit(['/', '\\']).next().unwrap_or_default();
    last.chars().filter(|c| !c.is_control()).take(MAX_NAME_CHARS).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_nobody_keeps_is_deleted() {
        let folder = tempfile::tempdir().unwrap();
        let file = |name: &str| {
            let path = folder.path().join(name);
            fs_err::write(&path, "x").unwrap();
            SpooledFile { path, kept: false }
        };
        let (dropped, kept) = (file("dropped"), file("kept"));
        drop(dropped);
        kept.keep();
        assert!(!folder.path().join("dropped").exists());
        assert!(folder.path().join("kept").exists());
    }

    #[test]
    fn names_and_flags_are_read_carefully() {
        assert_eq!(plain_name("C:\\temp\\..\\八月.xlsx"), "八月.xlsx");
        assert_eq!(plain_name("../../etc/passwd"), "passwd");
        assert_eq!(plain_name("a\r\nb"), "ab");
        assert!(flag("true").unwrap() && !flag("").unwrap());
        assert!(flag("yes").is_err());
        assert_eq!(import_format("csv").unwrap(), ImportFormat::Csv);
        assert_eq!(import_format("pdf").unwrap_err().errors()[0].pointer.as_deref(), Some("/format"));
    }
}
