//! Fetches a known encoder from a hub (Hugging Face or a mirror) into a folder, and writes its manifest.
//!
//! `known` is the list of encoders, `transfer` one file: resumable, checked against the hash that the hub names, put in its place only when
//! it is right. `pytorch` rewrites weights that are published as `pytorch_model.bin` alone. Invariant: `manifest.json`, without which a
//! folder is no encoder, is written last and holds the SHA-256 of what then lies on the disk.
//!
//! Nothing is sent but the names of the files. Everything here blocks: call it outside the async workers.

mod error;
mod known;
mod pytorch;
mod transfer;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

pub use self::error::HubError;
pub use self::known::KnownModel;
use self::transfer::Transfer;
pub use self::transfer::Watch;
use super::manifest::{MANIFEST_FILE, Manifest, ModelFiles, Source};
use super::proposal::{self, propose};

/// Longest wait for a connection.
const CONNECT: Duration = Duration::from_secs(30);

/// Longest wait for an answer to begin, and for its next bytes.
const SILENCE: Duration = Duration::from_mins(1);

/// Where the known encoders are published.
pub const PUBLISHED: &str = "https://huggingface.co";

/// The weights after they were rewritten.
const SAFETENSORS: &str = "model.safetensors";

/// A hub that is reached over HTTP.
pub struct Hub {
    endpoint: String,
    agent: ureq::Agent,
}

/// What is to be fetched, beside the encoder's name.
#[derive(Debug, Clone)]
pub struct Order {
    /// Folder of the encoder; made if it is not there.
    pub folder: PathBuf,
    /// Branch, tag or commit on the hub.
    pub revision: String,
    /// Tokens after which a text is cut; the model's limit, at most 512, where absent.
    pub max_tokens: Option<usize>,
}

/// What was done.
#[derive(Debug, Clone)]
pub struct Pulled {
    /// The manifest of the folder.
    pub manifest: Manifest,
    /// The files, in the order in which they were dealt with.
    pub files: Vec<PulledFile>,
}

/// One file of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PulledFile {
    /// Its name.
    pub name: String,
    /// Its size.
    pub bytes: u64,
    /// How many of these came over the network this time.
    pub fetched: u64,
    /// What it was checked against, in words.
    pub verified: String,
}

impl Hub {
    /// A hub at `endpoint`, `https://huggingface.co` for example.
    ///
    /// # Errors
    /// When the endpoint is an https one and this machine has no certificates.
    pub fn new(endpoint: &str) -> Result<Self, HubError> {
        let endpoint = endpoint.trim_end_matches('/').to_owned();
        let mut config = ureq::Agent::config_builder()
            .http_status_as_error(false)
            .timeout_connect(Some(CONNECT))
            .timeout_recv_response(Some(SILENCE))
            .timeout_per_read(Some(SILENCE))
            .user_agent(concat!("riposte/", env!("CARGO_PKG_VERSION")));
        // A mirror in the house may be a plain http one and send nobody on to https.
        let certificates = rustls_native_certs::load_native_certs().certs;
        if certificates.is_empty() && endpoint.starts_with("https:") {
            return Err(HubError::Certificates { endpoint });
        }
        let certificates: Vec<_> = certificates.iter().map(|der| ureq::tls::Certificate::from_der(der).to_owned()).collect();
        let tls = ureq::tls::TlsConfig::builder()
            .provider(ureq::tls::TlsProvider::Rustls)
            .root_certs(ureq::tls::RootCerts::new_with_certs(&certificates))
            .unversioned_rustls_crypto_provider(Arc::new(rustls::crypto::ring::default_provider()));
        config = config.tls_config(tls.build());
        Ok(Self { endpoint, agent: config.build().into() })
    }

    /// Fetches `model` into the order's folder; what lies there already, whole or in part, is not fetched again. `watch` is told the file,
    /// its bytes so far, and how many it has.
    ///
    /// # Errors
    /// When the hub can't be reached, breaks off, gives something else than it says, or the files make another encoder. What is fetched so
    /// far stays, and the folder is no encoder yet.
    pub fn pull(&self, model: &KnownModel, order: &Order, watch: Watch<'_>) -> Result<Pulled, HubError> {
        if let Some(pulled) = already_there(&order.folder) {
            return Ok(pulled);
        }
        let disk = |source| HubError::Disk { path: order.folder.clone(), source };
        fs_err::create_dir_all(&order.folder).map_err(disk)?;
        let manifest = order.folder.join(MANIFEST_FILE);
        if manifest.exists() {
            // It speaks of other files than those that lie there.
            fs_err::remove_file(&manifest).map_err(disk)?;
        }
        let transfer = Transfer { agent: &self.agent, endpoint: &self.endpoint, model, folder: &order.folder };
        let mut revision = order.revision.clone();
        let mut files = Vec::new();
        for file in model.files() {
            let (pulled, commit) = transfer.fetch(file, &revision, watch)?;
            files.push(pulled);
            // The rest of the same state, whatever is published meanwhile.
            revision = commit.unwrap_or(revision);
        }
        let origin = format!("{} at {revision}, from {}", model.repository, self.endpoint);
        Ok(Pulled { manifest: finish(model, order, &origin)?, files })
    }
}

/// Makes an encoder of the files of `model` that were put into the order's folder by hand.
///
/// # Errors
/// When a file is missing, or the files make another encoder.
pub fn adopt(model: &KnownModel, order: &Order) -> Result<Manifest, HubError> {
    for file in model.files() {
        let path = order.folder.join(file);
        let rewritten = file == model.weights && order.folder.join(SAFETENSORS).is_file();
        if !(path.is_file() || rewritten) {
            return Err(HubError::Missing { path, published: format!("{PUBLISHED}/{}", model.repository) });
        }
    }
    finish(model, order, &format!("{}, brought by hand", model.repository))
}

/// Rewrites the weights if need be, and writes the manifest.
fn finish(model: &KnownModel, order: &Order, origin: &str) -> Result<Manifest, HubError> {
    let weights = if Path::new(&model.weights).extension().is_some_and(|extension| extension == "safetensors") {
        model.weights.as_str()
    } else {
        rewrite(model, &order.folder)?;
        SAFETENSORS
    };
    let mut manifest = propose(&order.folder, &model.wishes(weights, order.max_tokens))?.manifest;
    if (manifest.architecture, manifest.dimension) != (model.architecture, model.dimension) {
        return Err(HubError::Another {
            name: model.name.clone(),
            found: manifest.architecture,
            dimension: manifest.dimension,
            expected: model.architecture,
            expected_dimension: model.dimension,
        });
    }
    manifest.sources =
        vec![Source { name: origin.to_owned(), licence: model.licence.clone(), role: "the weights as published".to_owned() }];
    proposal::write(&order.folder, &manifest).map_err(|source| HubError::Disk { path: order.folder.join(MANIFEST_FILE), source })?;
    Ok(manifest)
}

/// Writes the published weights as safetensors and deletes them, unless that was done before.
fn rewrite(model: &KnownModel, folder: &Path) -> Result<(), HubError> {
    let (from, to) = (folder.join(&model.weights), folder.join(SAFETENSORS));
    if !from.exists() && to.exists() {
        return Ok(());
    }
    pytorch::rewrite(&from, &to).map_err(|source| HubError::Convert {
        file: model.weights.clone(),
        folder: folder.to_owned(),
        by_hand: by_hand(model, folder),
        source: Box::new(source),
    })?;
    fs_err::remove_file(&from).map_err(|source| HubError::Disk { path: from, source })
}

/// The folder's encoder, if it is one and whole.
fn already_there(folder: &Path) -> Option<Pulled> {
    let manifest = Manifest::read(folder).ok()?;
    let ModelFiles { weights, tokenizer, config } = &manifest.files;
    let mut files = Vec::new();
    for file in [config, tokenizer, weights] {
        let path = folder.join(&file.path);
        let bytes = fs_err::metadata(&path).ok()?.len();
        if super::manifest::sha256_of_file(&path).ok()? != file.sha256 {
            return None;
        }
        files.push(PulledFile { name: file.path.clone(), bytes, fetched: 0, verified: "SHA-256 of the manifest".to_owned() });
    }
    Some(Pulled { manifest, files })
}

/// The command that makes an encoder of files brought by hand.
fn by_hand(model: &KnownModel, folder: &Path) -> String {
    format!("riposte models pull {} --to '{}' --local", model.name, folder.display())
}

#[cfg(test)]
mod tests;
