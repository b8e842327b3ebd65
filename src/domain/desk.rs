//! Desks: the isolation unit (brand, shop, skill group or corpus). Everything belongs to exactly one.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::Pool;

/// A desk's name, as written on the command line and in the API: 1 to 64 letters (of any script), digits, `-`, `_` or `.`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, ToSchema)]
#[serde(transparent)]
#[schema(value_type = String, example = "demo-shop")]
pub struct DeskId(String);

/// Why a text is no desk name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no desk name: use 1 to 64 letters, digits, `-`, `_` or `.`")]
pub struct InvalidDeskId(pub String);

impl DeskId {
    /// The name as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The name percent-encoded for a place in a URL's path, since it may be in any script.
    #[must_use]
    pub fn path_segment(&self) -> String {
        use std::fmt::Write as _;
        let mut segment = String::with_capacity(self.0.len());
        for byte in self.0.bytes() {
            if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.') {
                segment.push(char::from(byte));
            } else {
                let _ = write!(segment, "%{byte:02X}");
            }
        }
        segment
    }
}

impl FromStr for DeskId {
    type Err = InvalidDeskId;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let length = text.chars().count();
        let allowed = |c: char| c.is_alphanumeric() || matches!(c, '-' | '_' | '.');
        if (1..=64).contains(&length) && text.chars().all(allowed) {
            Ok(Self(text.to_owned()))
        } else {
            Err(InvalidDeskId(text.chars().take(80).collect()))
        }
    }
}

impl<'de> Deserialize<'de> for DeskId {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

impl fmt::Display for DeskId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// What a desk's supervisor may set. Missing fields mean the product's default.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct DeskSettings {
    /// Score below which a suggestion is not shown (0–1). Default: what follows from `precision`.
    pub threshold: Option<f64>,
    /// How often what is shown should be right (0–1): 0.8 shows only what is right in eight of ten cases. Default: that of the ranker's weights.
    pub precision: Option<f64>,
    /// Replies where the request names no number (1–20). Default: 3.
    pub limit: Option<u32>,
    /// Pools used where the request names none; empty for both.
    pub pools: Vec<Pool>,
    /// Whether an answer in another language than the customer's may be suggested.
    pub cross_language: bool,
    /// Distinct customers a cluster needs before it is listed.
    pub min_cluster_customers: Option<u32>,
}

/// Replies where neither the request nor the desk names a number.
pub const DEFAULT_REPLIES: u32 = 3;
/// Most replies to one request.
pub const MAX_REPLIES: u32 = 20;

/// Why settings can't be like this.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{field}: {detail}")]
pub struct InvalidSetting {
    /// The setting at fault.
    pub field: &'static str,
    /// How to mend it.
    pub detail: String,
}

impl DeskSettings {
    /// Distinct customers a cluster or a gap needs before it is shown: fewer could point at a person. 3 unless the desk says otherwise.
    #[must_use]
    pub fn least_customers(&self) -> u32 {
        self.min_cluster_customers.unwrap_or(3)
    }

    /// Checks every setting.
    ///
    /// # Errors
    /// The first one that is out of range.
    pub fn check(&self) -> Result<(), InvalidSetting> {
        let invalid = |field, detail: String| Err(InvalidSetting { field, detail });
        if self.threshold.is_some_and(|threshold| !(0.0..=1.0).contains(&threshold)) {
            return invalid("threshold", "use a number from 0 to 1, or null for the default".to_owned());
        }
        if self.precision.is_some_and(|precision| !(0.0..1.0).contains(&precision)) {
            return invalid("precision", "use a number from 0 to below 1, such as 0.8, or null for the default".to_owned());
        }
        if self.limit.is_some_and(|limit| !(1..=MAX_REPLIES).contains(&limit)) {
            return invalid("limit", format!("use 1 to {MAX_REPLIES}, or null for the default"));
        }
        if self.min_cluster_customers == Some(0) {
            return invalid("min_cluster_customers", "use 1 or more, or null for the default".to_owned());
        }
        Ok(())
    }
}

/// One desk.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct Desk {
    /// Its name.
    pub id: DeskId,
    /// When it was created.
    #[schema(value_type = String, format = DateTime)]
    pub created_at: super::Timestamp,
    /// Its settings.
    pub settings: DeskSettings,
}
