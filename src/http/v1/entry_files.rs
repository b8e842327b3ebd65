//! Knowledge as files: imported with a report, exported.

use axum::body::Bytes;
use axum::extract::rejection::BytesRejection;
use axum::extract::{Multipart, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, header};
use axum::response::IntoResponse;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::upload::SpooledFile;
use crate::auth::Grant;
use crate::auth::grant::permission::{ReadEntries, WriteEntries};
use crate::domain::DeskId;
use crate::http::extract::{Json, Query, body_problem, media_type};
use crate::http::gate::GateRef;
use crate::http::problem::{Code, Problem, problems};
use crate::knowledge::{KnowledgeFormat, KnowledgeReport};

/// Largest file of entries, in bytes: it is read whole.
pub(super) const MAX_FILE_BYTES: usize = 64 << 20;

/// New entries of one file that near-duplicates are looked for: as many as fit a request's time.
const MAX_COMPARED: usize = 200;

/// How a file is read.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct ImportQuery {
    /// The desk all entries go to, whatever desk they name.
    desk: DeskId,
    #[param(inline)]
    /// The file's format: `csv`, `xlsx`, `jsonl`, or `md` for a single Markdown file.
    format: KnowledgeFormat,
    /// Read and report only.
    #[serde(default)]
    dry_run: bool,
}

/// What is exported.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct ExportQuery {
    /// The desk.
    desk: DeskId,
    #[param(inline)]
    /// `csv`, `xlsx` or `jsonl`. A folder of Markdown is written by `riposte knowledge export --format md`.
    format: KnowledgeFormat,
}

/// A file to import as a form.
#[derive(ToSchema)]
#[expect(dead_code, reason = "describes the form to OpenAPI; the form itself is read field by field")]
pub(super) struct EntriesUpload {
    /// The file.
    #[schema(value_type = String, format = Binary)]
    file: Vec<u8>,
}

/// What an import did, or would do.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct EntriesImported {
    /// The report.
    #[serde(flatten)]
    report: KnowledgeReport,
    /// Whether what was written is in the search index already; otherwise it follows.
    indexed: bool,
}

problems!(ImportProblems: MalformedRequest, UnknownDesk, UnreadableFile, BodyTooLarge, InvalidField, InvalidParameter, Overloaded);
problems!(ExportProblems: UnknownDesk, UnreadableFile, InvalidParameter);

/// Imports knowledge entries from a file.
///
/// The file is the body, or the field `file` of a form. Entries of the same id are replaced, others left alone; what was there stays in their
/// versions. The report says what is new and changed, names entries that ask the same as new ones (for the first 200 of these), and every row not
/// taken with its line, field, reason and remedy; the other rows are taken. With `dry_run` nothing is written.
#[utoipa::path(post, path = "/v1/entries/import", operation_id = "import_entries", tag = "knowledge", params(ImportQuery),
    request_body(description = "The file", content(
        (Vec<u8> = "application/octet-stream"),
        (EntriesUpload = "multipart/form-data"),
    )),
    responses((status = 200, description = "What was done, or would be", body = EntriesImported), ImportProblems))]
pub(super) async fn import_entries(
    State(gate): State<GateRef>,
    grant: Grant<WriteEntries>,
    Query(query): Query<ImportQuery>,
    request: axum::extract::Request,
) -> Result<Json<EntriesImported>, Problem> {
    let (access, _) = gate.enter(&grant, &query.desk).await?;
    let received = tokio::time::timeout(gate.settings().request_timeout, file_of(request, &gate)).await;
    let bytes = received.map_err(|_elapsed| Problem::new(Code::MalformedRequest).with_detail("the file took too long to come"))??;
    let file = SpooledFile::holding(gate.upload_path(&grant), &bytes).await?;
    drop(bytes);
    let read = gate.read_entries_file(&access, file.path(), query.format).await?;
    let (report, indexed) = gate.import_entries(&access, read, query.dry_run, MAX_COMPARED).await?;
    Ok(Json(EntriesImported { report, indexed }))
}

/// The file, however it is sent.
async fn file_of(request: axum::extract::Request, gate: &GateRef) -> Result<Bytes, Problem> {
    use axum::extract::FromRequest as _;
    if !is_form(request.headers()) {
        return Bytes::from_request(request, gate).await.map_err(|rejection: BytesRejection| body_problem(rejection.status()));
    }
    let mut form = Multipart::from_request(request, gate).await.map_err(|rejection| body_problem(rejection.status()))?;
    while let Some(field) = form.next_field().await.map_err(|error| body_problem(error.status()))? {
        if field.name() == Some("file") {
            return field.bytes().await.map_err(|error| body_problem(error.status()));
        }
    }
    Err(Problem::field("/file", "is missing"))
}

fn is_form(headers: &HeaderMap) -> bool {
    media_type(headers).as_deref() == Some("multipart/form-data")
}

/// Exports a desk's knowledge entries as a file.
///
/// Every entry in every state, with all that its editors own; importing the file gives the same entries. A spreadsheet's cell that a program
/// would take for a formula has an apostrophe before it, which importing takes away.
#[utoipa::path(get, path = "/v1/entries/export", operation_id = "export_entries", tag = "knowledge", params(ExportQuery),
    responses((status = 200, description = "The file", content_type = "application/octet-stream"), ExportProblems))]
pub(super) async fn export_entries(
    State(gate): State<GateRef>,
    grant: Grant<ReadEntries>,
    Query(query): Query<ExportQuery>,
) -> Result<impl IntoResponse, Problem> {
    let (access, _) = gate.enter(&grant, &query.desk).await?;
    if query.format == KnowledgeFormat::Md {
        return Err(
            Problem::new(Code::UnreadableFile).with_detail("Markdown is a folder of files: use csv, xlsx or jsonl, or the command line")
        );
    }
    let bytes = gate.export_entries(&access, query.format).await?;
    let name = format!("attachment; filename=\"knowledge-{}.{}\"", query.desk.path_segment(), query.format.as_str());
    let headers: [(HeaderName, HeaderValue); 2] = [
        (header::CONTENT_TYPE, HeaderValue::from_static(query.format.media_type())),
        (header::CONTENT_DISPOSITION, HeaderValue::try_from(name).map_err(Problem::internal)?),
    ];
    Ok((headers, bytes))
}
