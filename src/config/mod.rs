//! Settings: flags > environment > file > built-in defaults. The only module that reads the environment.
//!
//! `raw` mirrors what was written, [`Config`] is checked and typed. Unknown keys are errors wherever they stand.

mod frames;
mod hub;
mod index;
mod raw;

use std::collections::HashMap;
use std::net::SocketAddr;
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};

use secrecy::{ExposeSecret as _, SecretString};

pub use frames::FramedPage;
pub use hub::ModelHub;
pub use index::QdrantServer;
pub use raw::DEFAULT_FILE;
use raw::RawConfig;

use crate::domain::Quantization;

/// Prefix of every environment variable; sections and keys follow behind double underscores (`RIPOSTE__SERVER__LISTEN`).
const PREFIX: &str = "RIPOSTE";

/// Why the settings can't be used.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// A source can't be read, or holds an unknown key or a value of the wrong kind.
    #[error("settings: {0}")]
    Source(#[from] config::ConfigError),
    /// A value makes no sense.
    #[error("setting `{key}`: {detail}")]
    Invalid {
        /// The key.
        key: &'static str,
        /// What is wrong and how to mend it.
        detail: String,
    },
    /// `--set` without `=`.
    #[error("`--set {0}`: write it as key=value, for example --set server.listen=127.0.0.1:9000")]
    Assignment(String),
}

/// What the command line says.
#[derive(Debug, Clone, Default)]
pub struct Flags {
    /// `--data-dir`.
    pub data_dir: Option<PathBuf>,
    /// `--config`.
    pub file: Option<PathBuf>,
    /// `--listen`.
    pub listen: Option<String>,
    /// `--set key=value`, any number.
    pub assignments: Vec<String>,
}

/// Checked settings.
#[derive(Debug, Clone)]
pub struct Config {
    /// The one folder with everything the installation keeps.
    pub data_dir: PathBuf,
    /// Where the server listens.
    pub listen: SocketAddr,
    /// Largest upload, bytes.
    pub upload_limit_bytes: u64,
    /// Whether session cookies are sent over https only.
    pub secure_cookies: bool,
    /// Suggestions computed at a time; the interface's own default where absent.
    pub concurrent_suggestions: Option<NonZeroUsize>,
    /// Folder of the encoder.
    pub encoder: PathBuf,
    /// Vectors kept by text, in memory.
    pub cached_vectors: usize,
    /// Ranker weights file: the setting's, else that of the data folder; `None` for the shipped ones.
    pub ranker: Option<PathBuf>,
    /// Weights file by which mining judges replies; `None` for the shipped ones.
    pub relevance: Option<PathBuf>,
    /// Address of the PostgreSQL database that is the store; `None` for the embedded one.
    pub store_url: Option<SecretString>,
    /// Folder for uploads and adapters that all replicas on the store see; `None` for the data folder.
    pub shared_folder: Option<PathBuf>,
    /// The Qdrant server that keeps the search index; `None` for the embedded one.
    pub index_server: Option<QdrantServer>,
    /// How exactly the index keeps vectors, wherever it lies.
    pub index_quantization: Quantization,
    /// The key that protects texts; `None` for the key file in the data folder.
    pub master_key: Option<SecretString>,
    /// Pages that other sites may show in a frame.
    pub framed_pages: Vec<FramedPage>,
    /// Where metrics are answered; `None` for nowhere.
    pub metrics_listen: Option<SocketAddr>,
    /// Where traces are sent, the gRPC address of a collector; `None` for nowhere.
    pub traces_endpoint: Option<String>,
    /// Share of requests and live suggestions that are traced where the caller has not decided it, 0 to 1.
    pub traces_share: f64,
    /// Which log lines are written (`tracing` filter).
    pub log_filter: String,
    /// Whether log lines are JSON.
    pub log_json: bool,
}

/// Name of the data folder's own ranker weights.
const INSTALLED_RANKER: &str = "ranker.json";

impl Config {
    /// Where the data folder's own ranker weights lie, if it has any.
    #[must_use]
    pub fn installed_ranker(&self) -> PathBuf {
        self.data_dir.join(INSTALLED_RANKER)
    }

    /// Reads settings from the process: its environment and the file named (or `riposte.toml` in the data folder).
    pub fn load(flags: &Flags) -> Result<Self, ConfigError> {
        Self::from_sources(flags, &process_environment())
    }

    /// Reads settings from an explicit environment.
    pub fn from_sources(flags: &Flags, environment: &HashMap<String, String>) -> Result<Self, ConfigError> {
        let (raw, data_dir) = read(flags, environment)?;
        Self::check(raw, data_dir)
    }

    fn check(raw: RawConfig, data_dir: PathBuf) -> Result<Self, ConfigError> {
        let listen = raw.server.listen.parse().map_err(|_not_an_address: std::net::AddrParseError| ConfigError::Invalid {
            key: "server.listen",
            detail: format!("`{}` is no address; write it as IP:PORT, for example 127.0.0.1:8080", raw.server.listen),
        })?;
        let metrics_listen = metrics_address(raw.metrics.listen.as_deref(), listen)?;
        // Empty stands for the embedded store, so that an address in the file can be overruled.
        let store_url =
            secret("store.url", raw.store.url, "store.url_file", raw.store.url_file)?.filter(|url| !url.expose_secret().trim().is_empty());
        let shared_folder = raw.store.shared_folder.filter(|folder| !folder.as_os_str().is_empty());
        if shared_folder.is_some() && store_url.is_none() {
            return Err(ConfigError::Invalid {
                key: "store.shared_folder",
                detail: "only replicas on a PostgreSQL store share a folder: set store.url, too, or leave it out".to_owned(),
            });
        }
        let master_key = secret("security.master_key", raw.security.master_key, "security.master_key_file", raw.security.master_key_file)?;
        let encoder = match raw.encoder.folder {
            Some(folder) => folder,
            None => default_encoder(&data_dir).ok_or_else(|| ConfigError::Invalid {
                key: "encoder.folder",
                detail: "no encoder found (looked for models/riposte-zh-en in the data folder, the working folder and beside the program); name its folder with \
                         --set encoder.folder=DIR"
                    .to_owned(),
            })?,
        };
        let installed = Some(data_dir.join(INSTALLED_RANKER)).filter(|file| file.exists());
        let ranker = raw.ranker.file.or(installed);
        let (index_server, index_quantization) = index::check(raw.index)?;
        Ok(Self {
            data_dir,
            listen,
            upload_limit_bytes: raw.server.upload_limit_bytes,
            secure_cookies: raw.server.secure_cookies,
            concurrent_suggestions: raw.server.concurrent_suggestions,
            encoder,
            cached_vectors: raw.encoder.cached_vectors,
            ranker,
            relevance: raw.mining.relevance,
            store_url,
            shared_folder,
            index_server,
            index_quantization,
            master_key,
            framed_pages: frames::check(raw.widget, raw.adapters)?,
            metrics_listen,
            traces_share: share_of("traces.share", raw.traces.share)?,
            traces_endpoint: collector(raw.traces.endpoint)?,
            log_filter: raw.log.filter,
            log_json: raw.log.json,
        })
    }
}

/// The settings as they are written, and the data folder.
fn read(flags: &Flags, environment: &HashMap<String, String>) -> Result<(RawConfig, PathBuf), ConfigError> {
    let data_dir = flags
        .data_dir
        .clone()
        .or_else(|| environment.get("RIPOSTE__DATA_DIR").filter(|dir| !dir.is_empty()).map(PathBuf::from))
        .or_else(|| default_data_dir(environment))
        .ok_or_else(|| ConfigError::Invalid {
            key: "data_dir",
            detail: "no home folder is known; name one with --data-dir DIR or RIPOSTE__DATA_DIR".to_owned(),
        })?;
    let mut sources = config::Config::builder().add_source(config::File::from_str(DEFAULT_FILE, config::FileFormat::Toml));
    let file = flags.file.clone().unwrap_or_else(|| data_dir.join("riposte.toml"));
    sources = sources.add_source(config::File::from(file).format(config::FileFormat::Toml).required(flags.file.is_some()));
    let own: HashMap<String, String> =
        environment.iter().filter(|(key, _)| key.starts_with("RIPOSTE__")).map(|(key, value)| (key.clone(), value.clone())).collect();
    sources = sources
        .add_source(config::Environment::with_prefix(PREFIX).prefix_separator("__").separator("__").try_parsing(true).source(Some(own)));
    if let Some(listen) = &flags.listen {
        sources = sources.set_override("server.listen", listen.as_str())?;
    }
    for assignment in &flags.assignments {
        let (key, value) = assignment.split_once('=').ok_or_else(|| ConfigError::Assignment(assignment.clone()))?;
        sources = sources.set_override(key.trim(), value)?;
    }
    let raw: RawConfig = sources.build()?.try_deserialize()?;
    Ok((raw, data_dir))
}

/// What of the process's environment is text.
fn process_environment() -> HashMap<String, String> {
    std::env::vars_os().filter_map(|(key, value)| Some((key.into_string().ok()?, value.into_string().ok()?))).collect()
}

/// The address of the metrics, which has to be another one than the server's. Empty stands for none, so that one in the file can be overruled.
fn metrics_address(written: Option<&str>, server: SocketAddr) -> Result<Option<SocketAddr>, ConfigError> {
    const KEY: &str = "metrics.listen";
    let Some(written) = written.map(str::trim).filter(|address| !address.is_empty()) else { return Ok(None) };
    let address: SocketAddr = written.parse().map_err(|_not_an_address: std::net::AddrParseError| ConfigError::Invalid {
        key: KEY,
        detail: format!("`{written}` is no address; write it as IP:PORT, for example 127.0.0.1:9464"),
    })?;
    if address.port() != 0 && address.port() == server.port() {
        let detail = format!("port {} is the server's (server.listen); metrics need a port of their own, for example 9464", address.port());
        return Err(ConfigError::Invalid { key: KEY, detail });
    }
    Ok(Some(address))
}

/// A collector's address. Empty stands for none, so that one in the file can be overruled.
fn collector(written: Option<String>) -> Result<Option<String>, ConfigError> {
    let Some(endpoint) = written.map(|written| written.trim().to_owned()).filter(|endpoint| !endpoint.is_empty()) else { return Ok(None) };
    let host = endpoint.strip_prefix("http://").or_else(|| endpoint.strip_prefix("https://")).unwrap_or_default();
    if host.is_empty() || endpoint.parse::<axum::http::Uri>().is_err() {
        let detail = format!("`{endpoint}` is no address of a collector; write its gRPC address, for example http://127.0.0.1:4317");
        return Err(ConfigError::Invalid { key: "traces.endpoint", detail });
    }
    Ok(Some(endpoint))
}

fn share_of(key: &'static str, share: f64) -> Result<f64, ConfigError> {
    if (0.0..=1.0).contains(&share) {
        return Ok(share);
    }
    Err(ConfigError::Invalid { key, detail: format!("{share} is no share; write a number from 0 to 1") })
}

/// A secret that is written down or lies in a file.
fn secret(
    key: &'static str,
    text: Option<SecretString>,
    file_key: &'static str,
    file: Option<PathBuf>,
) -> Result<Option<SecretString>, ConfigError> {
    match (text, file) {
        (Some(_), Some(_)) => Err(ConfigError::Invalid { key, detail: format!("set either it or {file_key}, not both") }),
        (Some(text), None) => Ok(Some(text)),
        (None, Some(file)) => fs_err::read_to_string(file)
            .map(|text| Some(SecretString::from(text.trim().to_owned())))
            .map_err(|error| ConfigError::Invalid { key: file_key, detail: error.to_string() }),
        (None, None) => Ok(None),
    }
}

/// The user's data home by the XDG rule.
fn default_data_dir(environment: &HashMap<String, String>) -> Option<PathBuf> {
    let set = |key: &str| environment.get(key).filter(|value| !value.is_empty()).map(PathBuf::from);
    set("XDG_DATA_HOME").or_else(|| set("HOME").map(|home| home.join(".local/share"))).map(|home| home.join("riposte"))
}

/// The encoder in the box, wherever the box stands.
fn default_encoder(data_dir: &Path) -> Option<PathBuf> {
    const FOLDER: &str = "models/riposte-zh-en";
    let beside_program = std::env::current_exe().ok();
    let ancestors = beside_program.iter().flat_map(|program| program.ancestors().skip(1)).map(Path::to_path_buf);
    let working = std::env::current_dir().ok();
    let source = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    std::iter::once(data_dir.to_path_buf())
        .chain(working)
        .chain(ancestors)
        .chain([source])
        .map(|folder| folder.join(FOLDER))
        .find(|folder| folder.join("manifest.json").is_file())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn environment(pairs: &[(&str, &str)]) -> HashMap<String, String> {
        pairs.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
    }

    fn flags(dir: &Path) -> Flags {
        Flags { data_dir: Some(dir.to_path_buf()), ..Flags::default() }
    }

    #[test]
    fn flags_beat_the_environment_which_beats_the_file() {
        let dir = tempfile::tempdir().unwrap();
        fs_err::write(dir.path().join("riposte.toml"), "[server]\nlisten = \"127.0.0.1:1111\"\n[log]\nfilter = \"warn\"\n").unwrap();
        let file_only = Config::from_sources(&flags(dir.path()), &environment(&[])).unwrap();
        assert_eq!((file_only.listen.port(), file_only.log_filter.as_str()), (1111, "warn"));
        let env = environment(&[("RIPOSTE__SERVER__LISTEN", "127.0.0.1:2222")]);
        assert_eq!(Config::from_sources(&flags(dir.path()), &env).unwrap().listen.port(), 2222);
        let flag = Flags { listen: Some("127.0.0.1:3333".into()), ..flags(dir.path()) };
        assert_eq!(Config::from_sources(&flag, &env).unwrap().listen.port(), 3333);
    }

    #[test]
    fn unknown_keys_are_errors_everywhere() {
        let dir = tempfile::tempdir().unwrap();
        assert!(Config::from_sources(&flags(dir.path()), &environment(&[("RIPOSTE__SERVER__LISSEN", "x")])).is_err());
        let set = Flags { assignments: vec!["log.colour=red".into()], ..flags(dir.path()) };
        assert!(Config::from_sources(&set, &environment(&[])).is_err());
        fs_err::write(dir.path().join("riposte.toml"), "[servre]\n").unwrap();
        assert!(Config::from_sources(&flags(dir.path()), &environment(&[])).is_err());
    }

    #[test]
    fn the_data_folder_follows_the_environment_and_the_data_home() {
        let env = environment(&[("RIPOSTE__DATA_DIR", "/srv/riposte"), ("HOME", "/home/x")]);
        assert_eq!(Config::from_sources(&Flags::default(), &env).unwrap().data_dir, Path::new("/srv/riposte"));
        let env = environment(&[("HOME", "/home/x")]);
        assert_eq!(Config::from_sources(&Flags::default(), &env).unwrap().data_dir, Path::new("/home/x/.local/share/riposte"));
    }

    #[test]
    fn a_folder_is_shared_by_those_who_share_a_store() {
        let dir = tempfile::tempdir().unwrap();
        let with = |more: &[&str]| {
            let assignments = more.iter().map(|assignment| (*assignment).to_owned()).collect();
            Config::from_sources(&Flags { assignments, ..flags(dir.path()) }, &environment(&[]))
        };
        let error = with(&["store.shared_folder=/srv/shared"]).unwrap_err().to_string();
        assert!(error.contains("store.shared_folder") && error.contains("store.url"), "{error}");
        let config = with(&["store.shared_folder=/srv/shared", "store.url=postgres://u@db/answers"]).unwrap();
        assert_eq!(config.shared_folder.as_deref(), Some(Path::new("/srv/shared")));
        assert_eq!(with(&["store.shared_folder="]).unwrap().shared_folder, None);
    }

    #[test]
    fn the_address_of_the_store_is_a_secret_given_once() {
        let dir = tempfile::tempdir().unwrap();
        assert!(Config::from_sources(&flags(dir.path()), &environment(&[])).unwrap().store_url.is_none());
        let file = dir.path().join("address");
        fs_err::write(&file, "postgres://u:s3cret@db/answers\n").unwrap();
        let set = Flags { assignments: vec![format!("store.url_file={}", file.display())], ..flags(dir.path()) };
        let config = Config::from_sources(&set, &environment(&[])).unwrap();
        assert_eq!(config.store_url.as_ref().unwrap().expose_secret(), "postgres://u:s3cret@db/answers");
        assert!(!format!("{config:?}").contains("s3cret"));
        let none = Flags { assignments: vec!["store.url=".into()], ..flags(dir.path()) };
        assert!(Config::from_sources(&none, &environment(&[])).unwrap().store_url.is_none());
        let error = Config::from_sources(&set, &environment(&[("RIPOSTE__STORE__URL", "postgres://u:s3cret@db/x")])).unwrap_err();
        assert!(error.to_string().contains("store.url_file") && !error.to_string().contains("s3cret"), "{error}");
    }

    #[test]
    fn metrics_are_off_unless_they_have_a_port_of_their_own() {
        let dir = tempfile::tempdir().unwrap();
        let set = |address: &str| Flags { assignments: vec![format!("metrics.listen={address}")], ..flags(dir.path()) };
        let read = |address: &str| Config::from_sources(&set(address), &environment(&[]));
        assert_eq!(Config::from_sources(&flags(dir.path()), &environment(&[])).unwrap().metrics_listen, None);
        assert_eq!(read("").unwrap().metrics_listen, None);
        assert_eq!(read("127.0.0.1:9464").unwrap().metrics_listen, Some("127.0.0.1:9464".parse().unwrap()));
        for refused in ["9464", "localhost:9464", "0.0.0.0:8080"] {
            let error = read(refused).unwrap_err().to_string();
            assert!(error.contains("metrics.listen") && error.contains("9464"), "{error}");
        }
    }

    #[test]
    fn the_reference_file_documents_every_key() {
        for line in DEFAULT_FILE.lines().filter(|line| line.contains('=') && !line.starts_with("##")) {
            let position = DEFAULT_FILE.find(line).unwrap();
            let before = DEFAULT_FILE[..position].lines().last().unwrap_or_default();
            assert!(before.starts_with("##"), "`{line}` has no comment above it");
        }
    }

    #[test]
    fn traces_go_nowhere_unless_a_collector_is_named() {
        let dir = tempfile::tempdir().unwrap();
        let read = |assignments: &[&str]| {
            let assignments = assignments.iter().map(|&assignment| assignment.to_owned()).collect();
            Config::from_sources(&Flags { assignments, ..flags(dir.path()) }, &environment(&[]))
                .map(|config| (config.traces_endpoint, config.traces_share))
        };
        assert_eq!(read(&[]).unwrap(), (None, 1.0));
        assert_eq!(read(&["traces.endpoint="]).unwrap().0, None);
        let set = read(&["traces.endpoint=http://127.0.0.1:4317", "traces.share=0.25"]).unwrap();
        assert_eq!((set.0.as_deref(), set.1), (Some("http://127.0.0.1:4317"), 0.25));
        for refused in ["traces.endpoint=127.0.0.1:4317", "traces.endpoint=http://", "traces.endpoint=http://a b"] {
            assert!(read(&[refused]).unwrap_err().to_string().contains("http://127.0.0.1:4317"), "{refused}");
        }
        assert!(read(&["traces.share=7"]).unwrap_err().to_string().contains("0 to 1"));
    }
}
