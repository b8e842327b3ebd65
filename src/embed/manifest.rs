//! What a model folder says about itself: `manifest.json`, and the check that its files are the ones it speaks of.
//!
//! Owns the manifest's format, the hashes and the fingerprint. Knows nothing of tensors: whether the numbers fit the network is
//! checked where the network is built. Everything is refused early and by name: unknown fields, file names that leave the folder,
//! missing files, changed files.

use std::fmt::Write as _;
use std::io::Read;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::{ModelInfo, TextKind};

/// Name of the manifest in a model folder.
pub const MANIFEST_FILE: &str = "manifest.json";

/// Hexadecimal digits of a fingerprint.
const FINGERPRINT_DIGITS: usize = 16;

/// The network's family.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Architecture {
    /// Positions count from 0.
    Bert,
    /// Positions count from one past the padding token's id.
    XlmRoberta,
    /// Positions as turns, gated layers (gte's multilingual and version 1.5 encoders).
    New,
    /// A decoder: a token sees only what stands before it.
    Qwen3,
}

impl Architecture {
    /// The family of a Hugging Face `model_type`; `None` for those this program does not run.
    pub fn of_model_type(model_type: &str) -> Option<Self> {
        match model_type {
            "bert" => Some(Self::Bert),
            "xlm-roberta" | "roberta" => Some(Self::XlmRoberta),
            "new" => Some(Self::New),
            "qwen3" => Some(Self::Qwen3),
            _ => None,
        }
    }

    /// Number of a text's first position (of a table, its row). `pad_token_id` as `config.json` has it; absent, it is the 1 of
    /// every published XLM-RoBERTa.
    pub fn first_position(self, pad_token_id: Option<usize>) -> usize {
        match self {
            Self::Bert | Self::New | Self::Qwen3 => 0,
            Self::XlmRoberta => pad_token_id.unwrap_or(1) + 1,
        }
    }
}

/// How the tokens' vectors become one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Pooling {
    /// Mean over all tokens, special tokens included.
    Mean,
    /// The first token's vector.
    Cls,
    /// The last token's vector: the end token's, where the tokenizer puts one.
    LastToken,
}

/// One file of the model and what it must hash to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ModelFile {
    /// File name inside the model's folder.
    pub path: String,
    /// SHA-256 of the content, 64 lower-case hexadecimal digits.
    pub sha256: String,
}

/// The files a model consists of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ModelFiles {
    /// Safetensors: f16, bf16 or f32, matrices also in 8 bits with one factor per row (`models/README.md`).
    pub weights: ModelFile,
    /// The tokenizer in the `tokenizers` library's JSON.
    pub tokenizer: ModelFile,
    /// The network's sizes (`config.json`).
    pub config: ModelFile,
}

/// Something the weights were made from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Source {
    /// What it is.
    pub name: String,
    /// Under which licence it was used.
    pub licence: String,
    /// What it was used for.
    pub role: String,
}

/// Everything the program needs to know to use a model.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    /// Name shown to people.
    pub name: String,
    /// The network's family.
    pub architecture: Architecture,
    /// How the tokens' vectors become one.
    pub pooling: Pooling,
    /// Whether vectors are brought to length 1.
    pub normalise: bool,
    /// Tokens a text may have, special tokens included; longer texts are cut there.
    pub max_tokens: usize,
    /// Length of a vector.
    pub dimension: usize,
    /// Put in front of every query.
    pub query_prefix: String,
    /// Put in front of every passage.
    pub passage_prefix: String,
    /// Whether texts are brought to simplified script first.
    pub fold_to_simplified: bool,
    /// The files.
    pub files: ModelFiles,
    /// Licence of the weights (SPDX).
    pub licence: String,
    /// What the weights were made from.
    pub sources: Vec<Source>,
}

/// Why a model folder is not usable.
#[derive(Debug, thiserror::Error)]
pub enum ManifestError {
    /// A file is missing or unreadable.
    #[error(
        "cannot read {}; the model folder must hold {MANIFEST_FILE} (`riposte models manifest` writes one) and every file it names",
        path.display()
    )]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// The manifest is not JSON, lacks a field or has one that is not known.
    #[error("{} is not a model manifest; compare it with models/README.md, or let `riposte models manifest` write one", path.display())]
    Malformed {
        /// The manifest.
        path: PathBuf,
        /// Where and why.
        #[source]
        source: serde_json::Error,
    },
    /// A field's value makes no sense.
    #[error("{}: `{field}` {problem}", path.display())]
    Invalid {
        /// The manifest.
        path: PathBuf,
        /// The field.
        field: &'static str,
        /// What is wrong and what would be right.
        problem: &'static str,
    },
    /// A file is not the one the manifest was written for.
    #[error(
        "{} has SHA-256 {found}, the manifest expects {expected}; restore the file, or if it was changed on purpose write its new hash \
         into {MANIFEST_FILE} and run `riposte reindex`",
        path.display()
    )]
    HashMismatch {
        /// The file.
        path: PathBuf,
        /// The manifest's hash.
        expected: String,
        /// The file's hash.
        found: String,
    },
}

impl Manifest {
    /// Reads and checks `folder/manifest.json`. The files it names are checked when they are read ([`Manifest::read_file`]).
    ///
    /// # Errors
    /// When the manifest is missing, malformed or contradicts itself.
    pub fn read(folder: &Path) -> Result<Self, ManifestError> {
        let path = folder.join(MANIFEST_FILE);
        let bytes = fs_err::read(&path).map_err(|source| ManifestError::Unreadable { path: path.clone(), source })?;
        let manifest: Self = serde_json::from_slice(&bytes).map_err(|source| ManifestError::Malformed { path: path.clone(), source })?;
        match manifest.problem() {
            Some((field, problem)) => Err(ManifestError::Invalid { path, field, problem }),
            None => Ok(manifest),
        }
    }

    /// Reads one of the manifest's files whole and checks its hash. What is checked is what is returned: the file is opened once.
    ///
    /// # Errors
    /// When the file is missing or not the one the manifest speaks of.
    pub fn read_file(folder: &Path, file: &ModelFile) -> Result<Vec<u8>, ManifestError> {
        let path = folder.join(&file.path);
        let bytes = fs_err::read(&path).map_err(|source| ManifestError::Unreadable { path: path.clone(), source })?;
        let found = sha256_hex(&bytes);
        if found == file.sha256 { Ok(bytes) } else { Err(ManifestError::HashMismatch { path, expected: file.sha256.clone(), found }) }
    }

    /// What identifies the encoder.
    pub fn info(&self) -> ModelInfo {
        ModelInfo { name: self.name.clone(), fingerprint: self.fingerprint(), dimension: self.dimension, max_tokens: self.max_tokens }
    }

    /// The prefix for texts of this kind.
    pub fn prefix(&self, kind: TextKind) -> &str {
        match kind {
            TextKind::Query => &self.query_prefix,
            TextKind::Passage => &self.passage_prefix,
        }
    }

    /// Hash over everything that decides what vector a text gets; the name, the licence and the sources do not.
    fn fingerprint(&self) -> String {
        let parts = (
            (&self.files.weights.sha256, &self.files.tokenizer.sha256, &self.files.config.sha256),
            (self.architecture, self.pooling, self.normalise, self.max_tokens, self.dimension),
            (&self.query_prefix, &self.passage_prefix, self.fold_to_simplified),
        );
        let canonical = serde_json::to_vec(&parts).expect("strings, numbers and plain enums are always JSON");
        let mut digits = sha256_hex(&canonical);
        digits.truncate(FINGERPRINT_DIGITS);
        digits
    }

    fn problem(&self) -> Option<(&'static str, &'static str)> {
        if self.name.trim().is_empty() {
            return Some(("name", "is empty; give the model a name"));
        }
        if self.dimension == 0 {
            return Some(("dimension", "is 0; it is the `hidden_size` of config.json"));
        }
        if self.max_tokens < 3 {
            return Some(("max_tokens", "leaves no room for text beside the special tokens; it must be at least 3"));
        }
        let ModelFiles { weights, tokenizer, config } = &self.files;
        for (field, file) in [("files.weights", weights), ("files.tokenizer", tokenizer), ("files.config", config)] {
            if Path::new(&file.path).file_name().is_none_or(|name| name != file.path.as_str()) {
                return Some((field, "has a path that is not a plain file name; model files lie in the model's own folder"));
            }
            if file.sha256.len() != 64 || !file.sha256.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f')) {
                return Some((field, "has a sha256 that is not 64 lower-case hexadecimal digits"));
            }
        }
        None
    }
}

/// SHA-256 of `bytes` in lower-case hexadecimal digits.
pub(super) fn sha256_hex(bytes: &[u8]) -> String {
    hexadecimal(&Sha256::digest(bytes))
}

/// SHA-256 of a file, which need not fit into memory.
pub(super) fn sha256_of_file(path: &Path) -> std::io::Result<String> {
    let mut file = fs_err::File::open(path)?;
    let mut hash = Sha256::new();
    let mut block = vec![0; 1 << 20];
    loop {
        match file.read(&mut block)? {
            0 => return Ok(hexadecimal(&hash.finalize())),
            read => hash.update(&block[..read]),
        }
    }
}

fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut digits, byte| {
        let _ = write!(digits, "{byte:02x}");
        digits
    })
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn shipped() -> PathBuf {
        Path::new(env!("CARGO_MANIFEST_DIR")).join("models/riposte-zh-en")
    }

    fn shipped_json() -> Value {
        serde_json::from_slice(&fs_err::read(shipped().join(MANIFEST_FILE)).unwrap()).unwrap()
    }

    fn read_changed(change: impl FnOnce(&mut Value)) -> Result<Manifest, ManifestError> {
        let folder = tempfile::tempdir().unwrap();
        let mut value = shipped_json();
        change(&mut value);
        fs_err::write(folder.path().join(MANIFEST_FILE), serde_json::to_vec(&value).unwrap()).unwrap();
        Manifest::read(folder.path())
    }

    #[test]
    fn the_shipped_manifest_speaks_of_the_shipped_files() {
        let manifest = Manifest::read(&shipped()).unwrap();
        let ModelFiles { weights, tokenizer, config } = &manifest.files;
        for file in [weights, tokenizer, config] {
            Manifest::read_file(&shipped(), file).unwrap();
        }
        let info = manifest.info();
        assert_eq!((info.dimension, info.fingerprint.len()), (384, 16));
    }

    #[test]
    fn unknown_and_missing_fields_are_refused_by_name() {
        let unknown = read_changed(|value| value["pool"] = json!("mean")).unwrap_err();
        assert!(matches!(&unknown, ManifestError::Malformed { source, .. } if source.to_string().contains("`pool`")));
        let nested = read_changed(|value| value["files"]["config"]["md5"] = json!("")).unwrap_err();
        assert!(matches!(&nested, ManifestError::Malformed { source, .. } if source.to_string().contains("`md5`")));
        let missing = read_changed(|value| drop(value.as_object_mut().unwrap().remove("pooling"))).unwrap_err();
        assert!(matches!(&missing, ManifestError::Malformed { source, .. } if source.to_string().contains("`pooling`")));
    }

    #[test]
    fn values_that_make_no_sense_are_refused() {
        let cases: [(&str, fn(&mut Value)); 6] = [
            ("name", |value| value["name"] = json!(" ")),
            ("dimension", |value| value["dimension"] = json!(0)),
            ("max_tokens", |value| value["max_tokens"] = json!(2)),
            ("files.weights", |value| value["files"]["weights"]["path"] = json!("../model.safetensors")),
            ("files.tokenizer", |value| value["files"]["tokenizer"]["path"] = json!("/etc/tokenizer.json")),
            ("files.config", |value| value["files"]["config"]["sha256"] = json!("ABC")),
        ];
        for (expected, change) in cases {
            let error = read_changed(change).unwrap_err();
            assert!(matches!(&error, ManifestError::Invalid { field, .. } if *field == expected), "{expected}: {error}");
        }
    }

    #[test]
    fn a_missing_file_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let error = Manifest::read(folder.path()).unwrap_err();
        assert!(matches!(&error, ManifestError::Unreadable { .. }));
        assert!(error.to_string().contains(MANIFEST_FILE));
        let file = ModelFile { path: "weights.bin".into(), sha256: "0".repeat(64) };
        let error = Manifest::read_file(folder.path(), &file).unwrap_err();
        assert!(error.to_string().contains("weights.bin"), "{error}");
    }

    #[test]
    fn a_changed_file_is_named_with_both_hashes() {
        let folder = tempfile::tempdir().unwrap();
        fs_err::write(folder.path().join("config.json"), "abc").unwrap();
        let expected = "0".repeat(64);
        let error = Manifest::read_file(folder.path(), &ModelFile { path: "config.json".into(), sha256: expected.clone() }).unwrap_err();
        let text = error.to_string();
        let found = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        assert!(text.contains("config.json") && text.contains(&expected) && text.contains(found) && text.contains("reindex"), "{text}");
    }

    #[test]
    fn the_fingerprint_follows_what_decides_the_vectors_and_nothing_else() {
        let original = Manifest::read(&shipped()).unwrap().info().fingerprint;
        let same: [fn(&mut Value); 2] = [|value| value["name"] = json!("other"), |value| value["sources"] = json!([])];
        for change in same {
            assert_eq!(read_changed(change).unwrap().info().fingerprint, original);
        }
        let different: [fn(&mut Value); 9] = [
            |value| value["architecture"] = json!("xlm_roberta"),
            |value| value["pooling"] = json!("cls"),
            |value| value["normalise"] = json!(false),
            |value| value["max_tokens"] = json!(128),
            |value| value["query_prefix"] = json!("query: "),
            |value| value["passage_prefix"] = json!("query: "),
            |value| value["fold_to_simplified"] = json!(false),
            |value| value["files"]["weights"]["sha256"] = json!("0".repeat(64)),
            |value| value["files"]["tokenizer"]["sha256"] = json!("0".repeat(64)),
        ];
        let mut seen = std::collections::BTreeSet::from([original]);
        for change in different {
            assert!(seen.insert(read_changed(change).unwrap().info().fingerprint));
        }
    }
}
