//! Starting an import: a file sent along, or, for the command line of the same machine, the path of one.

use std::path::PathBuf;

use axum::extract::{FromRequest as _, Multipart, Request, State};
use axum::http::{HeaderName, StatusCode};
use serde::Deserialize;
use utoipa::ToSchema;

use super::jobs::{JobView, accepted};
use super::upload::receive;
use crate::auth::Grant;
use crate::auth::grant::permission::ManageImports;
use crate::domain::{DeskId, ImportFormat, Job, PrincipalKind};
use crate::http::extract::{Json, body_problem, media_type};
use crate::http::gate::GateRef;
use crate::http::problem::{Code, Problem, problems};
use crate::jobs::ImportParams;

/// A file to import, sent along. Put `desk` before `file`: a desk you may not use is then refused before the file is sent.
#[derive(ToSchema)]
#[expect(dead_code, reason = "describes the form to OpenAPI; the form itself is read field by field")]
pub(super) struct ImportUpload {
    /// The desk to import into; created when it does not exist.
    desk: DeskId,
    /// The file's format.
    format: ImportFormat,
    /// `true`: read and report only.
    dry_run: Option<bool>,
    /// Column mapping as JSON text, for CSV and XLSX.
    mapping: Option<String>,
    /// The file.
    #[schema(value_type = String, format = Binary)]
    file: Vec<u8>,
}

/// A file of the server's own disk to import.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ImportPathCreate {
    /// The desk to import into; created when it does not exist.
    desk: DeskId,
    /// The file's format.
    format: ImportFormat,
    /// Its absolute path.
    #[schema(value_type = String)]
    path: PathBuf,
    /// Column mapping, for CSV and XLSX.
    #[serde(default)]
    mapping: Option<serde_json::Value>,
    /// Read and report only.
    #[serde(default)]
    dry_run: bool,
}

problems!(ImportProblems: MalformedRequest, InvalidJson, LocalOnly, UnknownDesk, BodyTooLarge, UnsupportedMediaType, InvalidField);

/// Imports conversations.
///
/// Send the file as `multipart/form-data`; it is written to disk as it comes and never held in memory. The answer is a job: follow it under
/// `/v1/jobs/{id}/events`, read what was not taken under `/v1/jobs/{id}/rejected-rows`. The same file twice changes nothing. The JSON form with
/// a path is for the command line on the same machine only.
#[utoipa::path(post, path = "/v1/imports", operation_id = "create_import", tag = "jobs",
    request_body(description = "The file and how to read it", content(
        (ImportUpload = "multipart/form-data"),
        (ImportPathCreate = "application/json", example = json!({"desk": "demo-shop", "format": "jsonl", "path": "/srv/archive/conversations.jsonl"})),
    )),
    responses(
        (status = 202, description = "The job", body = JobView, headers(("Location" = String, description = "Where the job is"))),
        ImportProblems,
    ))]
pub(super) async fn create_import(
    State(gate): State<GateRef>,
    grant: Grant<ManageImports>,
    request: Request,
) -> Result<(StatusCode, [(HeaderName, String); 1], Json<JobView>), Problem> {
    let job = match media_type(request.headers()).as_deref() {
        Some("multipart/form-data") => import_upload(&gate, &grant, request).await?,
        Some("application/json") => import_path(&gate, &grant, request).await?,
        _ => return Err(Problem::new(Code::UnsupportedMediaType)),
    };
    Ok(accepted(job))
}

async fn import_upload(gate: &GateRef, grant: &Grant<ManageImports>, request: Request) -> Result<Job, Problem> {
    let form = Multipart::from_request(request, gate).await.map_err(|rejection| body_problem(rejection.status()))?;
    let upload = receive(form, gate, grant).await?;
    let params = ImportParams {
        path: upload.file.path().to_owned(),
        owned: true,
        file_name: upload.file_name,
        format: upload.format,
        mapping: upload.mapping,
        dry_run: upload.dry_run,
    };
    let job = gate.start_import(&upload.access, params).await?;
    // From here on the file is the job's.
    upload.file.keep();
    Ok(job)
}

async fn import_path(gate: &GateRef, grant: &Grant<ManageImports>, request: Request) -> Result<Job, Problem> {
    if grant.principal().kind != PrincipalKind::Local {
        return Err(Problem::new(Code::LocalOnly));
    }
    let Json(new) = Json::<ImportPathCreate>::from_request(request, gate).await?;
    if !new.path.is_absolute() {
        return Err(Problem::field("/path", "use an absolute path"));
    }
    let access = grant.enter(&new.desk)?;
    let file_name = new.path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let params = ImportParams { path: new.path, owned: false, file_name, format: new.format, mapping: new.mapping, dry_run: new.dry_run };
    gate.start_import(&access, params).await
}
