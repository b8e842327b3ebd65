//! Runs of `riposte eval`, to be compared.

use axum::extract::State;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::auth::Grant;
use crate::auth::grant::permission::ReadReports;
use crate::domain::Timestamp;
use crate::eval::report::{FigureInfo, KeptReport, about};
use crate::http::extract::{Json, Query};
use crate::http::gate::GateRef;
use crate::http::page::{Page, checked_limit, decode};
use crate::http::problem::{Problem, problems};

const LIST: &str = "evaluations";

/// Which runs.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct EvaluationsQuery {
    /// Only runs of this task: `replay`, `retrieval`, …
    task: Option<String>,
    /// Only runs over this set.
    set: Option<String>,
    /// Items a page, 1 to 200; 50 when absent.
    limit: Option<u32>,
    /// `next_cursor` of the page before.
    cursor: Option<String>,
}

/// Runs, and how their figures are to be read.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct EvaluationPage {
    /// The runs, newest first.
    items: Vec<KeptReport>,
    /// What to send as `cursor` for the next page; `null` on the last one.
    next_cursor: Option<String>,
    /// Every figure of these runs, in the order in which they are shown.
    figures: Vec<FigureInfo>,
}

problems!(EvaluationProblems: InvalidParameter, InvalidCursor);

/// Lists the evaluation runs that are kept in the data folder, newest first.
///
/// `riposte eval …` keeps each run where there is an installation. Runs of the same task and set with as many questions can be compared.
#[utoipa::path(get, path = "/v1/evaluations", operation_id = "list_evaluations", tag = "reports", params(EvaluationsQuery), responses(
    (status = 200, description = "A page", body = EvaluationPage),
    EvaluationProblems,
))]
pub(super) async fn list_evaluations(
    State(gate): State<GateRef>,
    grant: Grant<ReadReports>,
    Query(query): Query<EvaluationsQuery>,
) -> Result<Json<EvaluationPage>, Problem> {
    let limit = checked_limit(query.limit)?;
    let after: Option<(Timestamp, String)> = decode(LIST, query.cursor.as_deref())?;
    let fits = |wanted: &Option<String>, is: &str| wanted.as_ref().is_none_or(|wanted| wanted == is);
    let runs: Vec<KeptReport> = gate
        .evaluations(&grant)
        .await?
        .into_iter()
        .filter(|run| fits(&query.task, &run.report.task) && fits(&query.set, &run.report.set))
        .filter(|run| after.as_ref().is_none_or(|(at, id)| (run.at, &run.id) < (*at, id)))
        .take(limit as usize + 1)
        .collect();
    let Page { items, next_cursor } = Page::cut(runs, limit, LIST, |run: &KeptReport| (run.at, run.id.clone()), |run| run)?;
    let figures = about(items.iter().flat_map(|run| run.report.systems.values()).flat_map(|figures| figures.keys().map(String::as_str)));
    Ok(Json(EvaluationPage { items, next_cursor, figures }))
}
