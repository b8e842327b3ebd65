//! Settings as they are written.

use std::num::NonZeroUsize;
use std::path::PathBuf;

use secrecy::SecretString;
use serde::Deserialize;

use super::frames::{RawAdapters, RawWidget};
use super::index::RawIndex;

/// The commented reference file; also the built-in defaults. Keys without a default stand commented out.
pub const DEFAULT_FILE: &str = include_str!("default.toml");

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawConfig {
    /// Only looked at on the command line and in the environment; named here so that the environment variable is no unknown key.
    #[serde(rename = "data_dir")]
    _data_dir: Option<PathBuf>,
    pub(super) server: Server,
    pub(super) encoder: Encoder,
    #[serde(default)]
    pub(super) ranker: Ranker,
    #[serde(default)]
    pub(super) mining: Mining,
    #[serde(default)]
    pub(super) store: Store,
    pub(super) index: RawIndex,
    #[serde(default)]
    pub(super) security: Security,
    #[serde(default)]
    pub(super) widget: RawWidget,
    #[serde(default)]
    pub(super) adapters: RawAdapters,
    #[serde(default)]
    pub(super) metrics: Metrics,
    pub(super) traces: Traces,
    pub(super) log: Log,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Server {
    pub(super) listen: String,
    pub(super) upload_limit_bytes: u64,
    pub(super) secure_cookies: bool,
    pub(super) concurrent_suggestions: Option<NonZeroUsize>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Encoder {
    pub(super) folder: Option<PathBuf>,
    pub(super) hub: Option<String>,
    pub(super) cached_vectors: usize,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Ranker {
    pub(super) file: Option<PathBuf>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Mining {
    pub(super) relevance: Option<PathBuf>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Store {
    pub(super) url: Option<SecretString>,
    pub(super) url_file: Option<PathBuf>,
    pub(super) shared_folder: Option<PathBuf>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Security {
    pub(super) master_key: Option<SecretString>,
    pub(super) master_key_file: Option<PathBuf>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Metrics {
    pub(super) listen: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Log {
    pub(super) filter: String,
    pub(super) json: bool,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Traces {
    pub(super) endpoint: Option<String>,
    pub(super) share: f64,
}
