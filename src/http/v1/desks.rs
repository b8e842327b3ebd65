//! Desks: which there are, what they hold, their settings.

use axum::extract::State;
use axum::http::{HeaderName, StatusCode, header};
use serde::{Deserialize, Deserializer, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::auth::Grant;
use crate::auth::grant::permission::{ChangeDeskSettings, CreateDesks, ReadDesks};
use crate::domain::{Desk, DeskId, DeskSettings, InvalidSetting, Pool};
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
    /// How often what is shown should be right (0 to below 1); the threshold follows from it where none is set.
    #[serde(deserialize_with = "present")]
    #[schema(value_type = Option<f64>)]
    precision: Option<Option<f64>>,
    /// Replies where the request names no number (1–20).
    #[serde(deserialize_with = "present")]
    #[schema(value_type = Option<u32>)]
    limit: Option<Option<u32>>,
    /// Pools used where the request names none; empty for both.
    #[serde(deserialize_with = "present")]
    #[schema(value_type = Option<Vec<Pool>>)]
    pools: Option<Option<Vec<Pool>>>,
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
    fn apply(self, settings: &mut DeskSettings) -> Result<(), InvalidSetting> {
        if let Some(threshold) = self.threshold {
            settings.threshold = threshold;
        }
        if let Some(precision) = self.precision {
            settings.precision = precision;
        }
        if let Some(limit) = self.limit {
            settings.limit = limit;
        }
        if let Some(pools) = self.pools {
            let mut pools = pools.unwrap_or_default();
            pools.sort_unstable();
            pools.dedup();
            settings.pools = pools;
        }
        if let Some(cross_language) = self.cross_language {
            settings.cross_language = cross_language.unwrap_or(DeskSettings::default().cross_language);
        }
        if let Some(minimum) = self.min_cluster_customers {
            settings.min_cluster_customers = minimum;
        }
        settings.check()
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
    request_body(content = DeskSettingsPatch, example = json!({"threshold": 0.35, "limit": 5, "pools": ["knowledge"], "min_cluster_customers": null})),
    responses((status = 200, description = "The settings", body = DeskSettings), SettingsProblems))]
pub(super) async fn update_desk_settings(
    State(gate): State<GateRef>,
    grant: Grant<ChangeDeskSettings>,
    Path(name): Path<String>,
    Json(patch): Json<DeskSettingsPatch>,
) -> Result<Json<DeskSettings>, Problem> {
    let (access, desk) = gate.enter(&grant, &desk_id(&name)?).await?;
    let mut settings = desk.settings;
    patch.apply(&mut settings).map_err(|invalid| Problem::field(format!("/{}", invalid.field), invalid.detail))?;
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

    fn before() -> DeskSettings {
        DeskSettings {
            threshold: Some(0.5),
            precision: Some(0.8),
            limit: Some(7),
            pools: vec![Pool::Archive],
            cross_language: true,
            min_cluster_customers: Some(5),
        }
    }

    fn patched(body: &str) -> Result<DeskSettings, InvalidSetting> {
        let mut settings = before();
        serde_json::from_str::<DeskSettingsPatch>(body).unwrap().apply(&mut settings)?;
        Ok(settings)
    }

    #[test]
    fn absent_and_null_are_two_things() {
        let both = vec![Pool::Archive, Pool::Knowledge];
        for (body, after) in [
            ("{}", before()),
            (r#"{"threshold":null}"#, DeskSettings { threshold: None, ..before() }),
            (r#"{"precision":0.9}"#, DeskSettings { precision: Some(0.9), ..before() }),
            (r#"{"limit":null}"#, DeskSettings { limit: None, ..before() }),
            (r#"{"limit":20}"#, DeskSettings { limit: Some(20), ..before() }),
            (r#"{"pools":null}"#, DeskSettings { pools: Vec::new(), ..before() }),
            (r#"{"pools":["knowledge","archive","knowledge"]}"#, DeskSettings { pools: both, ..before() }),
            (r#"{"cross_language":null}"#, DeskSettings { cross_language: false, ..before() }),
            (r#"{"min_cluster_customers":2}"#, DeskSettings { min_cluster_customers: Some(2), ..before() }),
        ] {
            assert_eq!(patched(body).unwrap(), after, "{body}");
        }
    }

    #[test]
    fn settings_out_of_range_name_their_field() {
        for (body, field) in [
            (r#"{"threshold":1.5}"#, "threshold"),
            (r#"{"precision":1}"#, "precision"),
            (r#"{"limit":0}"#, "limit"),
            (r#"{"limit":21}"#, "limit"),
            (r#"{"min_cluster_customers":0}"#, "min_cluster_customers"),
        ] {
            assert_eq!(patched(body).unwrap_err().field, field);
        }
        assert!(serde_json::from_str::<DeskSettingsPatch>(r#"{"pools":["wiki"]}"#).is_err());
        assert!(serde_json::from_str::<DeskSettingsPatch>(r#"{"thresold":1}"#).is_err());
    }

    #[test]
    fn chinese_names_fit_into_an_address() {
        assert_eq!(desk_id("店铺-1").unwrap().path_segment(), "%E5%BA%97%E9%93%BA-1");
    }
}
