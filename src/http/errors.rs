//! The pages that the `type` of a problem points at.

use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::routes;

use super::Routes;
use super::extract::{Json, Path};
use super::problem::{Code, CodeView, Problem, problems};

/// Every error code.
#[derive(Debug, Clone, Serialize, ToSchema)]
struct CodeList {
    /// The codes, in the order of the documentation.
    items: Vec<CodeView>,
}

problems!(ErrorCodeProblems: UnknownErrorCode);

pub(super) fn routes<S: Clone + Send + Sync + 'static>() -> Routes<S> {
    Routes::default().routes(routes!(list_error_codes)).routes(routes!(show_error_code))
}

/// Lists every error code.
///
/// The same list as `docs/errors.md`: code, status, title, whether a retry may help, and what to do.
#[utoipa::path(get, path = "/errors", operation_id = "list_error_codes", tag = "documents", responses(
    (status = 200, description = "All codes", body = CodeList),
))]
async fn list_error_codes() -> Json<CodeList> {
    Json(CodeList { items: Code::ALL.iter().copied().map(CodeView::from).collect() })
}

/// Explains one error code.
///
/// This is where the `type` of an error body points.
#[utoipa::path(get, path = "/errors/{code}", operation_id = "show_error_code", tag = "documents",
    params(("code" = String, Path, description = "The code", example = "unknown_desk")),
    responses(
        (status = 200, description = "The code, explained", body = CodeView),
        ErrorCodeProblems,
    ))]
async fn show_error_code(Path(code): Path<String>) -> Result<Json<CodeView>, Problem> {
    let found = Code::ALL.iter().copied().find(|known| known.as_str() == code);
    found.map(|code| Json(code.into())).ok_or_else(|| Problem::new(Code::UnknownErrorCode))
}
