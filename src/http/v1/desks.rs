//! Desks: which there are, what they hold, their settings.

use axum::extract::State;
use axum::http::{HeaderName, StatusCode, header};
use serde::{Deserialize, Deserializer, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::auth::Grant;
use crate::auth::grant::permission::{ChangeDeskSettings, CreateDesks, ReadDesks};
use crate::domain::{Desk, DeskId, DeskSettings};
use crate::http::extract::{Json, Path, Query};
use crate::http::gate::GateRef;
use crate::http::page::{Page, checked_limit, decode};
use crate::http::problem::{Code, Problem, problems};
use crate::store::DeskCounts;

/// One desk and what it holds.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(super) struct DeskView {
    /// The desk.
    #[serde(flatten)]
    desk: Desk,
    /// What it holds.
    counts: DeskCounts,
}

/// Asks for a new desk.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct DeskCreate {
    /// Its name.
    id: DeskId,
}

/// Changes to a desk's settings. An absent field stays as it is; `null` goes back to the product's default.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
#[expect(clippy::option_option, reason = "absent and null mean different things in a patch")]
pub(super) struct DeskSettingsPatch {
    /// Score below which a suggestion is not shown (0–1).
    #[serde(deserialize_with = "present")]
    #[schema(value_type = Option<f64>)]
    threshold: Option<Option<f64>>,
    /// Whether an answer in another language than the customer's may be suggested.
    #[serde(deserialize_with = "present")]
    #[schema(value_type = Option<bool>)]
    cross_language: Option<Option<bool>>,
    /// Distinct customers a cluster needs before it is listed.
    #[serde(deserialize_with = "present")]
    #[schema(value_type = Option<u32>)]
    min_cluster_customers: Option<Option<u32>>,
}

/// Tells an absent field (`None`) from `null` (`Some(None)`).
fn present<'de, T: Deserialize<'de>, D: Deserializer<'de>>(deserializer: D) -> Result<Option<T>, D::Error> {
    T::deserialize(deserializer).map(Some)
}

impl DeskSettingsPatch {
    fn apply(&self, settings: &mut DeskSettings) -> Result<(), Problem> {
        if let Some(Some(threshold)) = self.threshold
            && !(0.0..=1.0).contains(&threshold)
        {
            return Err(Problem::field("/threshold", "use a number from 0 to 1, or null for the default"));
        }
        if self.min_cluster_customers == Some(Some(0)) {
            return Err(Problem::field("/min_cluster_customers", "use 1 or more, or null for the default"));
        }
        if let Some(threshold) = self.threshold {
            settings.threshold = threshold;
        }
        if let Some(cross_language) = self.cross_language {
            settings.cross_language = cross_language.unwrap_or(DeskSettings::default().cross_language);
        }
        if let Some(minimum) = self.min_cluster_customers {
            settings.min_cluster_customers = minimum;
        }
        Ok(())
    }
}

/// Which part of the list.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct DesksQuery {
    /// Items a page, 1 to 200; 50 when absent.
    limit: Option<u32>,
    /// `next_cursor` of the page before.
    cursor: Option<String>,
}

problems!(ListProblems: InvalidParameter, InvalidCursor);
problems!(DeskProblems: UnknownDesk);
problems!(CreateProblems: InvalidJson, DeskExists, UnsupportedMediaType, BodyTooLarge, InvalidField);
problems!(SettingsProblems: InvalidJson, UnknownDesk, UnsupportedMediaType, BodyTooLarge, InvalidField);

/// Lists the desks in scope.
///
/// By name, with their settings and what they hold.
#[utoipa::path(get, path = "/v1/desks", operation_id = "list_desks", tag = "desks", params(DesksQuery), responses(
    (status = 200, description = "A page of desks", body = Page<DeskView>),
    ListProblems,
))]
pub(super) async fn list_desks(
    State(gate): State<GateRef>,
    grant: Grant<ReadDesks>,
    Query(query): Query<DesksQuery>,
) -> Result<Json<Page<DeskView>>, Problem> {
    let limit = checked_limit(query.limit)?;
    let after: Option<DeskId> = decode("desks", query.cursor.as_deref())?;
    let mut desks = gate.desks(&grant).await?;
    desks.retain(|desk| after.as_ref().is_none_or(|after| desk.id > *after));
    desks.sort_by(|left, right| left.id.cmp(&right.id));
    let page = Page::cut(desks, limit, "desks", |desk| desk.id.clone(), |desk| desk)?;
    let mut items = Vec::with_capacity(page.items.len());
    for desk in page.items {
        let counts = gate.counts(&grant.enter(&desk.id)?).await?;
        items.push(DeskView { desk, counts });
    }
    Ok(Json(Page { items, next_cursor: page.next_cursor }))
}

/// Creates a desk.
///
/// Imports create their desk too; this is for setting one up before anything is imported. Administrators only.
#[utoipa::path(post, path = "/v1/desks", operation_id = "create_desk", tag = "desks",
    request_body(content = DeskCreate, example = json!({"id": "demo-shop"})),
    responses(
        (status = 201, description = "The desk", body = Desk, headers(("Location" = String, description = "Where it is"))),
        CreateProblems,
    ))]
pub(super) async fn create_desk(
    State(gate): State<GateRef>,
    grant: Grant<CreateDesks>,
    Json(new): Json<DeskCreate>,
) -> Result<(StatusCode, [(HeaderName, String); 1], Json<Desk>), Problem> {
    let desk = gate.create_desk(&grant, &new.id).await?;
    Ok((StatusCode::CREATED, [(header::LOCATION, format!("/v1/desks/{}", desk.id.path_segment()))], Json(desk)))
}

/// Shows one desk.
///
/// Its settings, and how much it holds.
#[utoipa::path(get, path = "/v1/desks/{desk}", operation_id = "show_desk", tag = "desks",
    params(("desk" = String, Path, description = "The desk's name", example = "demo-shop")),
    responses((status = 200, description = "The desk", body = DeskView), DeskProblems))]
pub(super) async fn show_desk(
    State(gate): State<GateRef>,
    grant: Grant<ReadDesks>,
    Path(name): Path<String>,
) -> Result<Json<DeskView>, Problem> {
    let (access, desk) = gate.enter(&grant, &desk_id(&name)?).await?;
    let counts = gate.counts(&access).await?;
    Ok(Json(DeskView { desk, counts }))
}

/// Changes a desk's settings.
///
/// Absent fields stay as they are, `null` goes back to the default. Answers with all settings.
#[utoipa::path(patch, path = "/v1/desks/{desk}/settings", operation_id = "update_desk_settings", tag = "desks",
    params(("desk" = String, Path, description = "The desk's name", example = "demo-shop")),
    request_body(content = DeskSettingsPatch, example = json!({"threshold": 0.35, "min_cluster_customers": null})),
    responses((status = 200, description = "The settings", body = DeskSettings), SettingsProblems))]
pub(super) async fn update_desk_settings(
    State(gate): State<GateRef>,
    grant: Grant<ChangeDeskSettings>,
    Path(name): Path<String>,
    Json(patch): Json<DeskSettingsPatch>,
) -> Result<Json<DeskSettings>, Problem> {
    let (access, desk) = gate.enter(&grant, &desk_id(&name)?).await?;
    let mut settings = desk.settings;
    patch.apply(&mut settings)?;
    gate.set_desk_settings(&access, &settings).await?;
    Ok(Json(settings))
}

/// A desk's name from the path; one that can't be a name is no desk.
pub(super) fn desk_id(name: &str) -> Result<DeskId, Problem> {
    name.parse().map_err(|_invalid| Problem::new(Code::UnknownDesk))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn patched(body: &str) -> Result<DeskSettings, Problem> {
        let mut settings = DeskSettings { threshold: Some(0.5), cross_language: true, min_cluster_customers: Some(5) };
        serde_json::from_str::<DeskSettingsPatch>(body).unwrap().apply(&mut settings)?;
        Ok(settings)
    }

    #[test]
    fn absent_and_null_are_two_things() {
        let before = DeskSettings { threshold: Some(0.5), cross_language: true, min_cluster_customers: Some(5) };
        assert_eq!(patched("{}").unwrap(), before);
        assert_eq!(patched(r#"{"threshold":null}"#).unwrap(), DeskSettings { threshold: None, ..before.clone() });
        assert_eq!(patched(r#"{"cross_language":null}"#).unwrap(), DeskSettings { cross_language: false, ..before.clone() });
        assert_eq!(patched(r#"{"min_cluster_customers":2}"#).unwrap(), DeskSettings { min_cluster_customers: Some(2), ..before });
    }

    #[test]
    fn settings_out_of_range_name_their_field() {
        for (body, pointer) in [(r#"{"threshold":1.5}"#, "/threshold"), (r#"{"min_cluster_customers":0}"#, "/min_cluster_customers")] {
            assert_eq!(patched(body).unwrap_err().errors()[0].pointer.as_deref(), Some(pointer));
        }
        assert!(serde_json::from_str::<DeskSettingsPatch>(r#"{"thresold":1}"#).is_err());
    }

    #[test]
    fn chinese_names_fit_into_an_address() {
        assert_eq!(desk_id("店铺-1").unwrap().path_segment(), "%E5%BA%97%E9%93%BA-1");
    }
}
