//! The OpenAPI document, made from the same registrations as the router.
//!
//! What holds for whole groups is added here by construction rather than written on each operation: routes behind the door get the
//! security schemes and the door's error codes, the others get none.

use axum::response::IntoResponse;
use utoipa::openapi::path::Operation;
use utoipa::openapi::security::{ApiKey, ApiKeyValue, HttpAuthScheme, HttpBuilder, SecurityRequirement, SecurityScheme};
use utoipa::openapi::{InfoBuilder, OpenApi, OpenApiBuilder, PathItem, RefOr};
use utoipa::{PartialSchema as _, ToSchema as _};
use utoipa_axum::routes;

use super::extract::Json;
use super::middleware::access::SESSION_COOKIE;
use super::problem::{Code, ProblemBody, responses};
use super::{HttpSettings, Routes, errors, health, v1};

/// Codes that any operation may answer.
const EVERYWHERE: &[Code] = &[Code::Internal, Code::DeadlineExceeded];
/// Codes that any operation behind the door may answer.
const BEHIND_THE_DOOR: &[Code] =
    &[Code::Unauthenticated, Code::InvalidCredentials, Code::Forbidden, Code::CsrfRefused, Code::Starting, Code::Unavailable];

const DESCRIPTION: &str = "Reply suggestions and frequent-question clusters from archived customer conversations.\n\n\
     Every call under `/v1` but the sign-in needs an API key (`Authorization: Bearer rk_…`) or a session cookie. Requests with a cookie \
     that change something also need the header `X-Riposte-CSRF: 1`. Errors are `application/problem+json` with a stable `code`; \
     `GET /errors` explains them. Times are RFC 3339 in UTC. Lists take `limit` (1–200, 50 by default) and `cursor`.";

pub(super) fn routes<S: Clone + Send + Sync + 'static>() -> Routes<S> {
    Routes::default().routes(routes!(show_openapi))
}

/// Describes this interface.
///
/// The OpenAPI document of the running version; `/docs` shows it to people.
#[utoipa::path(get, path = "/openapi.json", operation_id = "show_openapi", tag = "documents", responses(
    (status = 200, description = "The OpenAPI document", content_type = "application/json"),
))]
async fn show_openapi() -> impl IntoResponse {
    Json(openapi())
}

/// Describes the whole interface.
#[must_use]
pub fn openapi() -> OpenApi {
    let (_, mut guarded) = v1::guarded(&HttpSettings::default()).split_for_parts();
    for operation in operations(&mut guarded) {
        operation.security = Some(vec![requirement("api_key"), requirement("session")]);
        add_responses(operation, BEHIND_THE_DOOR);
    }
    let (_, sign_in) = v1::sign_in().split_for_parts();
    let (_, health) = health::routes().split_for_parts();
    let (_, errors) = errors::routes::<()>().split_for_parts();
    let (_, document) = routes::<()>().split_for_parts();

    let info = InfoBuilder::new().title("Riposte").version(env!("CARGO_PKG_VERSION")).description(Some(DESCRIPTION)).build();
    let mut whole = OpenApiBuilder::new().info(info).build();
    whole.merge(guarded);
    for mut open in [sign_in, health, errors, document] {
        for operation in operations(&mut open) {
            // An empty list says "no credentials", where none at all would leave it open.
            operation.security = Some(Vec::new());
        }
        whole.merge(open);
    }
    for operation in operations(&mut whole) {
        add_responses(operation, EVERYWHERE);
    }

    let components = whole.components.get_or_insert_default();
    let mut schemas = Vec::new();
    ProblemBody::schemas(&mut schemas);
    schemas.push((ProblemBody::name().into_owned(), ProblemBody::schema()));
    components.schemas.extend(schemas);
    let bearer =
        HttpBuilder::new().scheme(HttpAuthScheme::Bearer).bearer_format("rk_<id>_<secret>").description(Some("An API key")).build();
    components.add_security_scheme("api_key", SecurityScheme::Http(bearer));
    let cookie = ApiKeyValue::with_description(SESSION_COOKIE, "A session, from `POST /v1/sessions`");
    components.add_security_scheme("session", SecurityScheme::ApiKey(ApiKey::Cookie(cookie)));
    whole
}

fn requirement(scheme: &str) -> SecurityRequirement {
    SecurityRequirement::new::<_, [&str; 0], &str>(scheme, [])
}

fn operations(document: &mut OpenApi) -> impl Iterator<Item = &mut Operation> {
    document.paths.paths.values_mut().flat_map(|item: &mut PathItem| {
        [&mut item.get, &mut item.post, &mut item.put, &mut item.patch, &mut item.delete].into_iter().filter_map(Option::as_mut)
    })
}

/// Adds codes to an operation; where a status is described already, to its description.
fn add_responses(operation: &mut Operation, codes: &[Code]) {
    for (status, added) in responses(codes) {
        match (operation.responses.responses.get_mut(&status), added) {
            (Some(RefOr::T(existing)), RefOr::T(added)) => {
                existing.description = format!("{} · {}", existing.description, added.description);
            }
            (_, added) => {
                operation.responses.responses.insert(status, added);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::Value;
    use std::collections::BTreeSet;

    /// Operations that answer without credentials; a new one has to be added here on purpose.
    const PUBLIC: [&str; 6] = ["create_session", "show_liveness", "show_readiness", "list_error_codes", "show_error_code", "show_openapi"];

    fn each_operation(mut check: impl FnMut(&str, &str, &Value)) -> Value {
        let document = serde_json::to_value(openapi()).unwrap();
        for (path, item) in document["paths"].as_object().unwrap() {
            for method in ["get", "post", "put", "patch", "delete"] {
                if let Some(operation) = item.get(method) {
                    check(path, method, operation);
                }
            }
        }
        document
    }

    #[test]
    fn every_operation_is_described() {
        let mut ids = BTreeSet::new();
        each_operation(|path, method, operation| {
            let name = format!("{method} {path}");
            let id = operation["operationId"].as_str().unwrap();
            assert!(ids.insert(id.to_owned()), "{id} twice");
            assert!(id.contains('_'), "{name}: operation ids are <verb>_<resource>");
            assert!(operation["summary"].as_str().is_some_and(|text| text.ends_with('.')), "{name}: summary");
            assert!(operation["description"].as_str().is_some_and(|text| text.len() > 20), "{name}: description");
            assert!(operation["tags"].as_array().is_some_and(|tags| tags.len() == 1), "{name}: one tag");
            let statuses: Vec<&String> = operation["responses"].as_object().unwrap().keys().collect();
            assert!(statuses.iter().any(|status| status.starts_with('2')), "{name}: success");
            assert!(statuses.iter().any(|status| *status == "500"), "{name}: errors");
            if let Some(body) = operation.get("requestBody") {
                let content = body["content"].as_object().unwrap();
                // A file needs no example.
                let json = content.get("application/json");
                assert!(json.is_some() || content.contains_key("multipart/form-data"), "{name}: a body of JSON or a form");
                assert!(json.is_none_or(|json| json.get("example").is_some() || json.get("examples").is_some()), "{name}: example");
            }
        });
        assert!(ids.len() >= 30, "{} operations", ids.len());
    }

    #[test]
    fn every_operation_needs_credentials_or_is_on_the_list() {
        let mut public = BTreeSet::new();
        each_operation(|path, method, operation| {
            let id = operation["operationId"].as_str().unwrap().to_owned();
            let security = operation["security"].as_array().unwrap_or_else(|| panic!("{method} {path}: security"));
            if security.is_empty() {
                public.insert(id);
            } else {
                assert!(path.starts_with("/v1/"), "{path}");
                assert!(operation["responses"].get("401").is_some() && operation["responses"].get("403").is_some(), "{id}");
            }
        });
        assert_eq!(public, PUBLIC.map(ToOwned::to_owned).into());
    }

    #[test]
    fn every_code_is_announced_by_some_operation() {
        let mut announced = String::new();
        each_operation(|_, _, operation| announced.push_str(&operation["responses"].to_string()));
        // Answered by the layers to whatever is no operation.
        let outside = [Code::NotFound, Code::MethodNotAllowed, Code::Conflict];
        for &code in Code::ALL {
            let said = announced.contains(&format!("`{}`", code.as_str()));
            assert!(said || outside.contains(&code), "{} is not announced", code.as_str());
        }
    }

    #[test]
    fn every_reference_leads_somewhere() {
        let document = each_operation(|_, _, _| {});
        let text = document.to_string();
        for reference in text.split("\"$ref\":\"#").skip(1).filter_map(|rest| rest.split('"').next()) {
            assert!(document.pointer(reference).is_some(), "{reference}");
        }
    }
}
