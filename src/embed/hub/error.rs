//! What can go wrong between here and a hub, and what to do about it.

use std::path::PathBuf;

use crate::embed::manifest::Architecture;
use crate::embed::proposal::ProposalError;

/// Why an encoder was not fetched.
#[derive(Debug, thiserror::Error)]
pub enum HubError {
    /// There is no known encoder of that name.
    #[error(
        "no encoder is known by the name {name}; known are {known}; any other that docs/models.md says runs can be fetched by hand and \
         given a manifest with `riposte models manifest`"
    )]
    Unknown {
        /// What was asked for.
        name: String,
        /// What there is.
        known: String,
    },
    /// The hub gives no answer.
    #[error(
        "{endpoint} can't be reached; name a mirror with --endpoint, HF_ENDPOINT or the setting encoder.hub, or without a network bring \
         the folder by hand: put {files} into {folder}, then run\n  {by_hand}",
        folder = folder.display()
    )]
    Unreachable {
        /// The hub.
        endpoint: String,
        /// The files it was to give, and where they are published.
        files: String,
        /// The encoder's folder.
        folder: PathBuf,
        /// The command for files brought by hand.
        by_hand: String,
        /// Why.
        #[source]
        source: Box<ureq::Error>,
    },
    /// The hub answers, but not with the file.
    #[error(
        "{url} answers with status {status}; check --endpoint (a hub has the file at ENDPOINT/OWNER/NAME/resolve/REVISION/FILE) and --revision"
    )]
    Refused {
        /// What was asked for.
        url: String,
        /// The answer.
        status: u16,
    },
    /// The connection broke.
    #[error("{file}: the connection broke after {done} bytes; the same command goes on where it stopped")]
    Interrupted {
        /// The file.
        file: String,
        /// Bytes that lie on the disk, those of earlier attempts included.
        done: u64,
        /// Why, where that is known.
        #[source]
        source: Option<Box<dyn std::error::Error + Send + Sync>>,
    },
    /// The hub does not say what the file must hash to.
    #[error(
        "{url}: the hub names no hash (X-Linked-Etag or ETag), so the file can't be verified; take another endpoint, or bring the folder by hand (docs/models.md)"
    )]
    NoHash {
        /// What was asked for.
        url: String,
    },
    /// What came is not what the hub says the file is.
    #[error("{file} hashes to {found}, the hub says {expected}; what came was deleted; fetch it again, or from another endpoint")]
    WrongHash {
        /// The file.
        file: String,
        /// The hub's.
        expected: String,
        /// That of what came.
        found: String,
    },
    /// A file that was to be brought by hand is not there.
    #[error("{} is missing; put it there from {published}", path.display())]
    Missing {
        /// The file.
        path: PathBuf,
        /// Where it is published.
        published: String,
    },
    /// The disk refuses.
    #[error("{} can't be written; it needs room for the whole encoder (`riposte models list` has the sizes)", path.display())]
    Disk {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// `pytorch_model.bin` could not be read.
    #[error(
        "{file} can't be rewritten as safetensors; write it with Python (pip install torch transformers):\n  python -c \"from transformers \
         import AutoModel; AutoModel.from_pretrained('{folder}').save_pretrained('{folder}', max_shard_size='100GB')\"\nthen: {by_hand}",
        folder = folder.display()
    )]
    Convert {
        /// The file.
        file: String,
        /// The encoder's folder.
        folder: PathBuf,
        /// The command for files brought by hand.
        by_hand: String,
        /// Why.
        #[source]
        source: Box<candle_core::Error>,
    },
    /// The files make no encoder.
    #[error("the files make no encoder")]
    Proposal(#[from] ProposalError),
    /// The files make another encoder than the known one.
    #[error(
        "the files make an encoder of architecture {found:?} and dimension {dimension}, {name} has {expected:?} and {expected_dimension}; check --endpoint and --revision"
    )]
    Another {
        /// The known encoder.
        name: String,
        /// By the files.
        found: Architecture,
        /// By the files.
        dimension: usize,
        /// Known.
        expected: Architecture,
        /// Known.
        expected_dimension: usize,
    },
    /// The certificates of this machine can't be read.
    #[error("this machine has no certificates to check {endpoint} with; install the package ca-certificates, or set SSL_CERT_FILE")]
    Certificates {
        /// The hub.
        endpoint: String,
    },
}
