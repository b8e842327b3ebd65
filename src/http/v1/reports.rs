//! Figures over time.

use axum::extract::State;
use serde::Deserialize;
use utoipa::IntoParams;

use crate::auth::Grant;
use crate::auth::grant::permission::ReadReports;
use crate::domain::{DeskId, Timestamp};
use crate::http::extract::{Json, Query};
use crate::http::gate::GateRef;
use crate::http::problem::{Problem, problems};
use crate::insight::overview::{MAX_DAYS, Overview};

/// Days of a report when none are asked for.
const DAYS: i64 = 30;

/// Which period.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct OverviewQuery {
    /// The desk.
    desk: DeskId,
    /// How many days, 1 to 400; 30 when absent.
    days: Option<i64>,
    /// A moment of the last day (RFC 3339); the present when absent.
    #[param(value_type = Option<String>, format = DateTime)]
    until: Option<Timestamp>,
}

problems!(OverviewProblems: UnknownDesk, InvalidParameter);

/// Tells how suggestions are used, day by day.
///
/// Days are those of UTC. Sets count for the day they were given, whenever the feedback on them came.
#[utoipa::path(get, path = "/v1/reports/overview", operation_id = "show_overview", tag = "reports", params(OverviewQuery), responses(
    (status = 200, description = "The figures", body = Overview),
    OverviewProblems,
))]
pub(super) async fn show_overview(
    State(gate): State<GateRef>,
    grant: Grant<ReadReports>,
    Query(query): Query<OverviewQuery>,
) -> Result<Json<Overview>, Problem> {
    let (access, _) = gate.enter(&grant, &query.desk).await?;
    let days = query.days.unwrap_or(DAYS);
    if !(1..=MAX_DAYS).contains(&days) {
        return Err(Problem::parameter("days", format!("use 1 to {MAX_DAYS}")));
    }
    Ok(Json(gate.overview(&access, query.until, days).await?))
}
