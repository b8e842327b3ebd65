//! Jobs: list, state, events, the report of rejected rows, cancelling.

use std::convert::Infallible;
use std::time::Duration;

use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use futures::stream::{self, Stream};
use serde::{Deserialize, Serialize};
use tokio::sync::broadcast;
use tokio::sync::broadcast::error::RecvError;
use utoipa::{IntoParams, ToSchema};

use crate::auth::Grant;
use crate::auth::grant::permission::{CancelJobs, ReadJobs};
use crate::domain::{DeskId, Job, JobId, JobKind, JobProgress, JobState, RejectedRow, Timestamp};
use crate::http::extract::{Json, Path, Query};
use crate::http::gate::GateRef;
use crate::http::page::{Page, checked_limit, decode};
use crate::http::problem::{Problem, problems};
use crate::jobs::JobChange;

const KEEP_ALIVE: Duration = Duration::from_secs(15);
/// Rows read at a time while a report is downloaded.
const CSV_BATCH: u32 = 1000;

/// One job.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
#[schema(as = Job)]
pub(super) struct JobView {
    /// Its id.
    #[schema(value_type = String, format = Uuid)]
    id: JobId,
    /// What it does.
    kind: JobKind,
    /// The desk it works on; `null` for jobs over all desks.
    desk: Option<DeskId>,
    /// Where it is.
    state: JobState,
    /// How far it is.
    progress: JobProgress,
    /// What it was asked to do; its shape depends on the kind. Places on the server's disk are left out.
    params: serde_json::Value,
    /// What came out; its shape depends on the kind.
    result: Option<serde_json::Value>,
    /// Why it failed.
    error: Option<String>,
    /// When it was asked for.
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
    /// When it last changed.
    #[schema(value_type = String, format = DateTime)]
    updated_at: Timestamp,
}

impl From<Job> for JobView {
    fn from(job: Job) -> Self {
        let mut params = job.params;
        if let Some(fields) = params.as_object_mut() {
            for internal in ["path", "owned"] {
                fields.remove(internal);
            }
        }
        Self {
            id: job.id,
            kind: job.kind,
            desk: job.desk,
            state: job.state,
            progress: job.progress,
            params,
            result: job.result,
            error: job.error,
            created_at: job.created_at,
            updated_at: job.updated_at,
        }
    }
}

/// The answer that a job has been accepted.
pub(super) fn accepted(job: Job) -> (StatusCode, [(HeaderName, String); 1], Json<JobView>) {
    let location = format!("/v1/jobs/{}", job.id);
    (StatusCode::ACCEPTED, [(header::LOCATION, location)], Json(job.into()))
}

/// Which jobs.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct JobsQuery {
    /// Of this desk only; of every desk in scope when absent.
    desk: Option<DeskId>,
    /// Items a page, 1 to 200; 50 when absent.
    limit: Option<u32>,
    /// `next_cursor` of the page before.
    cursor: Option<String>,
}

/// How a report is wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub(super) enum ReportFormat {
    /// Pages of JSON.
    #[default]
    Json,
    /// The whole report as a CSV file.
    Csv,
}

/// Which rejected rows.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct RowsQuery {
    /// Items a page, 1 to 200; 50 when absent. Not for CSV.
    limit: Option<u32>,
    /// `next_cursor` of the page before. Not for CSV.
    cursor: Option<String>,
    /// `json` (pages) or `csv` (the whole report as a download); `json` when absent.
    #[serde(default)]
    #[param(inline)]
    format: ReportFormat,
}

problems!(ListProblems: UnknownDesk, InvalidParameter, InvalidCursor);
problems!(JobProblems: UnknownJob);
problems!(RowsProblems: UnknownJob, InvalidParameter, InvalidCursor);
problems!(CancelProblems: UnknownJob, JobEnded);

/// Lists jobs.
///
/// Newest first, of one desk or of every desk in scope.
#[utoipa::path(get, path = "/v1/jobs", operation_id = "list_jobs", tag = "jobs", params(JobsQuery), responses(
    (status = 200, description = "A page of jobs", body = Page<JobView>),
    ListProblems,
))]
pub(super) async fn list_jobs(
    State(gate): State<GateRef>,
    grant: Grant<ReadJobs>,
    Query(query): Query<JobsQuery>,
) -> Result<Json<Page<JobView>>, Problem> {
    let limit = checked_limit(query.limit)?;
    let after: Option<JobId> = decode("jobs", query.cursor.as_deref())?;
    let jobs = gate.jobs(&grant, query.desk.as_ref(), after, limit + 1).await?;
    Ok(Json(Page::cut(jobs, limit, "jobs", |job| job.id, JobView::from)?))
}

/// Shows one job.
///
/// Its state, progress, and what came out.
#[utoipa::path(get, path = "/v1/jobs/{id}", operation_id = "show_job", tag = "jobs",
    params(("id" = String, Path, description = "The job's id", format = Uuid)),
    responses((status = 200, description = "The job", body = JobView), JobProblems))]
pub(super) async fn show_job(State(gate): State<GateRef>, grant: Grant<ReadJobs>, Path(id): Path<JobId>) -> Result<Json<JobView>, Problem> {
    Ok(Json(gate.job(&grant, id).await?.into()))
}

/// Follows one job.
///
/// Server-sent events named `job`, each with the whole job as data: first the present state, then every change. The stream ends when the
/// job has ended. Changes that come faster than they are read are skipped, never the last one.
#[utoipa::path(get, path = "/v1/jobs/{id}/events", operation_id = "stream_job_events", tag = "jobs",
    params(("id" = String, Path, description = "The job's id", format = Uuid)),
    responses((status = 200, description = "Events", content_type = "text/event-stream", body = JobView), JobProblems))]
pub(super) async fn stream_job_events(
    State(gate): State<GateRef>,
    grant: Grant<ReadJobs>,
    Path(id): Path<JobId>,
) -> Result<Sse<impl Stream<Item = Result<Event, Infallible>>>, Problem> {
    // Subscribed before the state is read: a change in between comes twice rather than never.
    let changes = gate.job_changes(&grant);
    let first = gate.job(&grant, id).await?;
    let watch = JobWatch { gate, grant, changes, id, next: Some(first), ended: false };
    Ok(Sse::new(stream::unfold(watch, JobWatch::step)).keep_alive(KeepAlive::new().interval(KEEP_ALIVE)))
}

/// One subscriber of one job.
struct JobWatch {
    gate: GateRef,
    grant: Grant<ReadJobs>,
    changes: broadcast::Receiver<JobChange>,
    id: JobId,
    next: Option<Job>,
    ended: bool,
}

impl JobWatch {
    async fn step(mut self) -> Option<(Result<Event, Infallible>, Self)> {
        if self.ended {
            return None;
        }
        let job = match self.next.take() {
            Some(job) => job,
            None => self.change().await?,
        };
        self.ended = job.state.is_final();
        let event = Event::default().event("job").json_data(JobView::from(job)).ok()?;
        Some((Ok(event), self))
    }

    /// The next change of this job; `None` when there will be none.
    async fn change(&mut self) -> Option<Job> {
        let shutdown = self.gate.shutdown().clone();
        loop {
            let received = tokio::select! {
                () = shutdown.cancelled() => return None,
                received = self.changes.recv() => received,
            };
            match received {
                Ok(JobChange::Job(job)) if job.id == self.id => return Some(*job),
                Ok(JobChange::Job(_other)) => {}
                // Some changes are lost, so the truth is read again.
                Ok(JobChange::Missed) | Err(RecvError::Lagged(_)) => return self.gate.job(&self.grant, self.id).await.ok(),
                Err(RecvError::Closed) => return None,
            }
        }
    }
}

/// Lists the rows an import did not take.
///
/// In file order: line, field, reason and how to mend it, never the row's words. With `format=csv` the whole report is downloaded.
#[utoipa::path(get, path = "/v1/jobs/{id}/rejected-rows", operation_id = "list_rejected_rows", tag = "jobs",
    params(("id" = String, Path, description = "The job's id", format = Uuid), RowsQuery),
    responses(
        (status = 200, description = "A page of rows, or the CSV file", content(
            (Page<RejectedRow> = "application/json"),
            (String = "text/csv"),
        )),
        RowsProblems,
    ))]
pub(super) async fn list_rejected_rows(
    State(gate): State<GateRef>,
    grant: Grant<ReadJobs>,
    Path(id): Path<JobId>,
    Query(query): Query<RowsQuery>,
) -> Result<Response, Problem> {
    if query.format == ReportFormat::Csv {
        return csv_report(gate, grant, id).await;
    }
    let limit = checked_limit(query.limit)?;
    let offset: u64 = decode("rejected-rows", query.cursor.as_deref())?.unwrap_or(0);
    let rows = gate.rejected_rows(&grant, id, offset, limit + 1).await?;
    let numbered = (offset..).zip(rows).collect();
    let page = Page::cut(numbered, limit, "rejected-rows", |(number, _)| number + 1, |(_, row): (u64, RejectedRow)| row)?;
    Ok(Json(page).into_response())
}

async fn csv_report(gate: GateRef, grant: Grant<ReadJobs>, id: JobId) -> Result<Response, Problem> {
    // Asked for once before the answer begins, so that an unknown job is a 404 and not a broken file.
    gate.job(&grant, id).await?;
    let batches = stream::try_unfold(Some(0u64), move |offset| {
        let (gate, grant) = (gate.clone(), grant.clone());
        async move {
            let Some(offset) = offset else { return Ok(None) };
            let rows = gate.rejected_rows(&grant, id, offset, CSV_BATCH).await.map_err(|_problem| std::io::Error::other("report"))?;
            let last = rows.len() < CSV_BATCH as usize;
            let text = csv_rows(&rows, offset == 0)?;
            Ok::<_, std::io::Error>(Some((text, (!last).then_some(offset + u64::from(CSV_BATCH)))))
        }
    });
    let mut response = Body::from_stream(batches).into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/csv; charset=utf-8"));
    if let Ok(value) = HeaderValue::from_str(&format!("attachment; filename=\"rejected-rows-{id}.csv\"")) {
        headers.insert(header::CONTENT_DISPOSITION, value);
    }
    Ok(response)
}

fn csv_rows(rows: &[RejectedRow], with_heading: bool) -> std::io::Result<Vec<u8>> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    if with_heading {
        writer.write_record(["line", "field", "reason", "remedy"])?;
    }
    for row in rows {
        let field = row.field.as_deref().unwrap_or_default();
        writer.write_record([&row.line.to_string(), &harmless(field), &harmless(&row.reason), &harmless(&row.remedy)])?;
    }
    writer.into_inner().map_err(csv::IntoInnerError::into_error)
}

/// Keeps a spreadsheet from taking a cell for a formula.
fn harmless(cell: &str) -> String {
    match cell.chars().next() {
        Some('=' | '+' | '-' | '@' | '\t' | '\r') => format!("'{cell}"),
        _ => cell.to_owned(),
    }
}

/// Stops a job.
///
/// A queued job ends at once, a running one at its next checkpoint: what it has written so far stays. Answers with the job as it is now.
#[utoipa::path(post, path = "/v1/jobs/{id}/cancel", operation_id = "cancel_job", tag = "jobs",
    params(("id" = String, Path, description = "The job's id", format = Uuid)),
    responses((status = 202, description = "The job", body = JobView), CancelProblems))]
pub(super) async fn cancel_job(
    State(gate): State<GateRef>,
    grant: Grant<CancelJobs>,
    Path(id): Path<JobId>,
) -> Result<(StatusCode, Json<JobView>), Problem> {
    Ok((StatusCode::ACCEPTED, Json(gate.cancel_job(&grant, id).await?.into())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_report_can_not_smuggle_formulas() {
        let row = |field: &str, reason: &str| RejectedRow {
            line: 7,
            field: Some(field.to_owned()),
            reason: reason.to_owned(),
            remedy: "give one, \"quoted\"".to_owned(),
        };
        let text = String::from_utf8(csv_rows(&[row("=cmd()", "no role"), row("@x", "-1")], true).unwrap()).unwrap();
        assert_eq!(
            text,
            "line,field,reason,remedy\n7,'=cmd(),no role,\"give one, \"\"quoted\"\"\"\n7,'@x,'-1,\"give one, \"\"quoted\"\"\"\n"
        );
        assert_eq!(csv_rows(&[], false).unwrap(), b"");
    }

    #[test]
    fn places_on_the_servers_disk_are_not_shown() {
        let now = Timestamp::from_micros(0);
        let job = Job {
            id: JobId::new(),
            kind: JobKind::Import,
            desk: None,
            state: JobState::Queued,
            progress: JobProgress::default(),
            params: serde_json::json!({"path": "/data/uploads/1", "owned": true, "file_name": "a.csv"}),
            cursor: None,
            result: None,
            error: None,
            created_at: now,
            updated_at: now,
        };
        assert_eq!(JobView::from(job).params, serde_json::json!({"file_name": "a.csv"}));
    }
}
