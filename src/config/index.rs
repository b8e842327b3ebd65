//! Settings of the search index: embedded, unless a Qdrant server is named; how exactly it keeps vectors.

use std::num::NonZeroU32;
use std::path::PathBuf;
use std::time::Duration;

use axum::http::Uri;
use secrecy::SecretString;
use serde::Deserialize;

use super::{ConfigError, secret};
use crate::domain::Quantization;

/// Port of Qdrant's gRPC interface, where an address names none.
const GRPC_PORT: u16 = 6334;
/// Port of Qdrant's REST interface, often taken for the other.
const REST_PORT: u16 = 6333;
/// Bounds of `index.timeout_ms`.
const TIMEOUT_MS: std::ops::RangeInclusive<u64> = 100..=60_000;
/// Longest prefix, characters; the server takes names of 255, of which the encoder's fingerprint is a part.
const LONGEST_PREFIX: usize = 64;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawIndex {
    quantization: String,
    url: Option<String>,
    api_key: Option<SecretString>,
    api_key_file: Option<PathBuf>,
    collection_prefix: String,
    timeout_ms: u64,
    shard_number: NonZeroU32,
    replication_factor: NonZeroU32,
    write_consistency_factor: NonZeroU32,
}

/// A Qdrant server or cluster that keeps the index.
#[derive(Debug, Clone)]
pub struct QdrantServer {
    /// Addresses of its gRPC interface, at least one; several for the peers of one cluster.
    pub addresses: Vec<String>,
    /// Key or token.
    pub api_key: Option<SecretString>,
    /// What names of collections begin with.
    pub collection_prefix: String,
    /// Longest wait for a search at one address.
    pub timeout: Duration,
    /// Parts of a new collection.
    pub shard_number: u32,
    /// Copies of each part.
    pub replication_factor: u32,
    /// Copies that must have a write before it counts.
    pub write_consistency_factor: u32,
}

/// The server that is named, if one is, and how exactly vectors are kept.
pub(super) fn check(raw: RawIndex) -> Result<(Option<QdrantServer>, Quantization), ConfigError> {
    let invalid = |key, detail: String| Err(ConfigError::Invalid { key, detail });
    let Some(quantization) = Quantization::from_code(&raw.quantization) else {
        return invalid("index.quantization", format!("`{}` is not known; write \"none\" or \"int8\"", raw.quantization));
    };
    let api_key = secret("index.api_key", raw.api_key, "index.api_key_file", raw.api_key_file)?;
    // Empty stands for the embedded index, so that an address in the file can be overruled.
    let written = raw.url.unwrap_or_default();
    let addresses: Vec<String> = written.split([' ', ',']).filter(|text| !text.is_empty()).map(address).collect::<Result<_, _>>()?;
    let prefix = raw.collection_prefix;
    let plain = |letter: char| letter.is_ascii_alphanumeric() || letter == '_' || letter == '-';
    if prefix.is_empty() || prefix.len() > LONGEST_PREFIX || !prefix.chars().all(plain) {
        return invalid(
            "index.collection_prefix",
            format!("`{prefix}` can't begin a name; use up to {LONGEST_PREFIX} letters, digits, `-` and `_`"),
        );
    }
    if !TIMEOUT_MS.contains(&raw.timeout_ms) {
        return invalid("index.timeout_ms", format!("{} is not between {} and {}", raw.timeout_ms, TIMEOUT_MS.start(), TIMEOUT_MS.end()));
    }
    if raw.write_consistency_factor > raw.replication_factor {
        return invalid(
            "index.write_consistency_factor",
            format!(
                "no write can be on {} copies where index.replication_factor is {}: lower the one or raise the other",
                raw.write_consistency_factor, raw.replication_factor
            ),
        );
    }
    if addresses.is_empty() {
        return Ok((None, quantization));
    }
    let server = QdrantServer {
        addresses,
        api_key,
        collection_prefix: prefix,
        timeout: Duration::from_millis(raw.timeout_ms),
        shard_number: raw.shard_number.get(),
        replication_factor: raw.replication_factor.get(),
        write_consistency_factor: raw.write_consistency_factor.get(),
    };
    Ok((Some(server), quantization))
}

/// An address as the client takes it: scheme, host and port.
fn address(text: &str) -> Result<String, ConfigError> {
    // What was written may hold a password: it is not repeated.
    let wrong = |why: &str| ConfigError::Invalid {
        key: "index.url",
        detail: format!("{why}; write it as http://HOST:{GRPC_PORT} or https://HOST:{GRPC_PORT}, several divided by commas"),
    };
    let uri: Uri = text.parse().map_err(|_not_an_address| wrong("it can't be read"))?;
    let scheme = uri.scheme_str().filter(|scheme| ["http", "https"].contains(scheme)).ok_or_else(|| wrong("it is no address"))?;
    let authority = uri.authority().ok_or_else(|| wrong("it names no host"))?;
    if authority.as_str().contains('@') {
        return Err(wrong("it holds a user or password, which Qdrant does not know: put its key into index.api_key"));
    }
    if uri.path() != "/" || uri.query().is_some() {
        return Err(wrong("it has a path"));
    }
    let port = uri.port_u16().unwrap_or(GRPC_PORT);
    if port == REST_PORT {
        return Err(wrong("6333 is the port of Qdrant's REST interface, the gRPC interface is asked here"));
    }
    Ok(format!("{scheme}://{}:{port}", authority.host()))
}

#[cfg(test)]
mod tests {
    use secrecy::ExposeSecret as _;

    use super::*;
    use crate::config::DEFAULT_FILE;

    /// The defaults with `lines` in place of theirs.
    fn read(lines: &[&str]) -> Result<Option<QdrantServer>, String> {
        let mut source = config::Config::builder().add_source(config::File::from_str(DEFAULT_FILE, config::FileFormat::Toml));
        for line in lines {
            let (key, value) = line.split_once('=').unwrap();
            source = source.set_override(format!("index.{key}"), value).unwrap();
        }
        let raw: RawIndex = source.build().unwrap().get("index").map_err(|error| error.to_string())?;
        check(raw).map(|(server, _quantization)| server).map_err(|error| error.to_string())
    }

    #[test]
    fn the_index_is_embedded_until_a_server_is_named() {
        assert!(read(&[]).unwrap().is_none());
        assert!(read(&["url="]).unwrap().is_none());
        let server = read(&["url=http://a, https://b:7000/"]).unwrap().unwrap();
        assert_eq!(server.addresses, ["http://a:6334", "https://b:7000"]);
        assert_eq!((server.shard_number, server.replication_factor, server.write_consistency_factor), (1, 1, 1));
        assert_eq!((server.collection_prefix.as_str(), server.timeout), ("riposte", Duration::from_secs(3)));
    }

    #[test]
    fn bad_settings_are_refused_by_their_key() {
        for (lines, key) in [
            (&["url=qdrant:6334"][..], "index.url"),
            (&["url=ftp://a:6334"], "index.url"),
            (&["url=http://a:6333"], "REST"),
            (&["url=http://a/x"], "index.url"),
            (&["url=http://root:s3cret@a"], "index.api_key"),
            (&["collection_prefix=a b"], "index.collection_prefix"),
            (&["collection_prefix="], "index.collection_prefix"),
            (&["timeout_ms=1"], "index.timeout_ms"),
            (&["shard_number=0"], "nonzero"),
            (&["replication_factor=2", "write_consistency_factor=3"], "index.write_consistency_factor"),
            (&["api_key=x", "api_key_file=/x"], "index.api_key_file"),
            (&["quantization=int4"], "index.quantization"),
            (&["colour=red"], "colour"),
        ] {
            let refused = read(lines).unwrap_err();
            assert!(refused.contains(key) && !refused.contains("s3cret"), "{lines:?}: {refused}");
        }
    }

    #[test]
    fn the_key_is_never_shown() {
        let server = read(&["url=http://a", "api_key=s3cret"]).unwrap().unwrap();
        assert_eq!(server.api_key.as_ref().unwrap().expose_secret(), "s3cret");
        assert!(!format!("{server:?}").contains("s3cret"));
    }
}
