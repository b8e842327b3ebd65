//! Writes the manifest of a model folder as it is published: what the folder says of itself is read, the rest is asked for.
//!
//! Knows the files of Hugging Face (`config.json`, `tokenizer.json`, the ways weights are stored) and of sentence-transformers
//! (`modules.json`, `1_Pooling/config.json`, `sentence_bert_config.json`, `config_sentence_transformers.json`). Refuses what this program
//! would run wrongly: other poolings, further layers. Whether the network itself fits is found out by loading it.

use std::path::{Path, PathBuf};

use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use super::manifest::{Architecture, MANIFEST_FILE, Manifest, ModelFile, ModelFiles, Pooling, Source, sha256_of_file};

/// `max_tokens` unless asked for: messages are shorter, and a batch of longer texts holds up an agent's query.
const DEFAULT_MAX_TOKENS: usize = 512;

/// From here on `model_max_length` of `tokenizer_config.json` means "no limit" (transformers writes 10^30).
const NO_LIMIT: f64 = 1e6;

/// What the user says about the model; what is absent is read from the folder.
#[derive(Debug, Clone, Default)]
pub struct Wishes {
    /// Name shown to people (default: the folder's name).
    pub name: Option<String>,
    /// How the tokens' vectors become one (default: `modules.json`).
    pub pooling: Option<Pooling>,
    /// Where texts are cut (default: the folder's limit, at most 512).
    pub max_tokens: Option<usize>,
    /// Put in front of every query (default: the folder's prompts).
    pub query_prefix: Option<String>,
    /// Put in front of every passage (default: the folder's prompts).
    pub passage_prefix: Option<String>,
    /// Bring texts to simplified script first.
    pub fold_to_simplified: bool,
    /// Licence of the weights (default: `README.md`).
    pub licence: Option<String>,
    /// The weights file (default: `model.safetensors`, or the only one there).
    pub weights: Option<String>,
}

/// A manifest, and where its values come from.
#[derive(Debug, Clone)]
pub struct Proposal {
    /// The manifest.
    pub manifest: Manifest,
    /// Field, value and origin, for people.
    pub origins: Vec<(&'static str, String, String)>,
}

/// Why no manifest can be written.
#[derive(Debug, thiserror::Error)]
pub enum ProposalError {
    /// A file is missing or unreadable.
    #[error("cannot read {}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// A file is not the JSON it should be.
    #[error("{} is not what its name says", path.display())]
    Malformed {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: serde_json::Error,
    },
    /// The network is of a family this version does not run.
    #[error(
        "config.json: model_type is {found}; this version runs `bert`, `xlm-roberta`, `roberta`, `new` and `qwen3`, see docs/models.md for \
         the choice"
    )]
    Family {
        /// `model_type`.
        found: String,
    },
    /// There are weights, but not in one safetensors file.
    #[error(
        "{found} is not one safetensors file; write one with Python (pip install torch transformers):\n  python -c \"from transformers \
         import AutoModel; AutoModel.from_pretrained('{folder}').save_pretrained('{folder}', max_shard_size='100GB')\"",
        folder = folder.display()
    )]
    Convert {
        /// The model folder.
        folder: PathBuf,
        /// What is there.
        found: &'static str,
    },
    /// There is no weights file, or there are several.
    #[error("{} has {found} *.safetensors files besides model.safetensors; name one with --weights", folder.display())]
    Weights {
        /// The model folder.
        folder: PathBuf,
        /// How many there are.
        found: usize,
    },
    /// There is no `tokenizer.json`.
    #[error(
        "there is no tokenizer.json in {folder}; write it with Python (pip install transformers sentencepiece protobuf):\n  python -c \
         \"from transformers import AutoTokenizer; AutoTokenizer.from_pretrained('{folder}').save_pretrained('{folder}')\"",
        folder = folder.display()
    )]
    Tokenizer {
        /// The model folder.
        folder: PathBuf,
    },
    /// The network lies in a folder below, as old sentence-transformers wrote it.
    #[error("the network lies in {}; copy its config.json, tokenizer.json and weights beside modules.json", path.display())]
    Nested {
        /// Where it lies.
        path: PathBuf,
    },
    /// The folder has a layer behind the pooling that this program does not have.
    #[error("modules.json: the model has a {kind} layer, which this version does not run; take a model without one")]
    Module {
        /// Its kind.
        kind: String,
    },
    /// The pooling is not said.
    #[error(
        "the folder does not say how the tokens' vectors become one; name it with --pooling mean, cls or last_token (see the model's page)"
    )]
    NoPooling,
    /// The pooling is another one.
    #[error("{}: pooling is {found}; this version has mean, cls and last_token", path.display())]
    Pooling {
        /// The file.
        path: PathBuf,
        /// What it asks for.
        found: String,
    },
    /// The prefix must not be pooled over.
    #[error("{}: include_prompt is false (the mean leaves the prefix out), which this version does not do", path.display())]
    PromptLeftOut {
        /// The file.
        path: PathBuf,
    },
}

#[derive(Deserialize)]
struct Config {
    model_type: String,
    hidden_size: usize,
    max_position_embeddings: usize,
    pad_token_id: Option<usize>,
}

/// A line of `modules.json`.
#[derive(Deserialize)]
struct Module {
    path: String,
    #[serde(rename = "type")]
    class: String,
}

impl Module {
    /// `sentence_transformers.models.Pooling`, or `….modules.pooling.Pooling`: `Pooling`.
    fn kind(&self) -> &str {
        self.class.rsplit('.').next().unwrap_or_default()
    }
}

/// Proposes the manifest for `folder`. Reads the weights once, for their hash.
///
/// # Errors
/// When the folder lacks a file, does not say enough, or asks for something this program does not do.
pub fn propose(folder: &Path, wishes: &Wishes) -> Result<Proposal, ProposalError> {
    let config: Config = read(&folder.join("config.json"))?;
    let architecture = Architecture::of_model_type(&config.model_type).ok_or(ProposalError::Family { found: config.model_type })?;
    let mut origins = vec![("architecture", plain(architecture), "config.json".to_owned())];
    let mut note = |field: &'static str, value: String, origin: &str| origins.push((field, value, origin.to_owned()));

    let modules = modules(folder)?;
    let (pooling, prompt_left_out) = match (wishes.pooling, modules.iter().find(|module| module.kind() == "Pooling")) {
        (Some(pooling), _) => {
            note("pooling", plain(pooling), "--pooling");
            (pooling, None)
        }
        (None, Some(module)) => {
            let path = folder.join(&module.path).join("config.json");
            let (pooling, prompt_included) = read_pooling(&path)?;
            note("pooling", plain(pooling), &format!("{}/config.json", module.path));
            (pooling, (!prompt_included).then_some(path))
        }
        (None, None) => return Err(ProposalError::NoPooling),
    };
    let published = if modules.iter().any(|module| module.kind() == "Normalize") {
        "modules.json"
    } else {
        "always, similarity here is the inner product"
    };
    note("normalise", "true".to_owned(), published);

    let positions = config.max_position_embeddings.saturating_sub(architecture.first_position(config.pad_token_id));
    let (max_tokens, origin) = max_tokens(folder, wishes, positions)?;
    note("max_tokens", max_tokens.to_string(), &origin);

    let prompts = prompts(folder)?;
    let mut prefix = |field: &'static str, wish: &Option<String>, names: &[&str]| {
        let found = names.iter().find_map(|name| prompts.get(*name).and_then(Value::as_str).filter(|prompt| !prompt.is_empty()));
        let (value, origin) = match (wish, found) {
            (Some(wish), _) => (wish.clone(), "the command line"),
            (None, Some(found)) => (found.to_owned(), "config_sentence_transformers.json"),
            (None, None) => (String::new(), "nothing said; see the model's page whether it needs one"),
        };
        note(field, format!("{value:?}"), origin);
        value
    };
    let query_prefix = prefix("query_prefix", &wishes.query_prefix, &["query", "s2p_query"]);
    let passage_prefix = prefix("passage_prefix", &wishes.passage_prefix, &["passage", "document", "corpus"]);
    if let Some(path) = prompt_left_out
        && pooling == Pooling::Mean
        && !(query_prefix.is_empty() && passage_prefix.is_empty())
    {
        return Err(ProposalError::PromptLeftOut { path });
    }

    let (licence, origin) = match (&wishes.licence, licence(folder)) {
        (Some(wish), _) => (wish.clone(), "the command line"),
        (None, Some(found)) => (found, "README.md"),
        (None, None) => ("unknown".to_owned(), "nothing said; see the model's page"),
    };
    note("licence", licence.clone(), origin);

    let name = wishes.name.clone().or_else(|| folder_name(folder)).unwrap_or_else(|| "encoder".to_owned());
    let tokenizer = "tokenizer.json";
    if !folder.join(tokenizer).is_file() {
        return Err(ProposalError::Tokenizer { folder: folder.to_owned() });
    }
    let weights = match &wishes.weights {
        Some(file) => file.clone(),
        None => find_weights(folder)?,
    };
    let file = |path: &str| -> Result<ModelFile, ProposalError> {
        let whole = folder.join(path);
        let sha256 = sha256_of_file(&whole).map_err(|source| ProposalError::Unreadable { path: whole, source })?;
        Ok(ModelFile { path: path.to_owned(), sha256 })
    };
    let files = ModelFiles { weights: file(&weights)?, tokenizer: file(tokenizer)?, config: file("config.json")? };
    note("weights", weights, "the folder");
    let manifest = Manifest {
        architecture,
        pooling,
        normalise: true,
        max_tokens,
        dimension: config.hidden_size,
        query_prefix,
        passage_prefix,
        fold_to_simplified: wishes.fold_to_simplified,
        files,
        sources: vec![Source { name: name.clone(), licence: licence.clone(), role: "the weights as published".to_owned() }],
        licence,
        name,
    };
    Ok(Proposal { manifest, origins })
}

/// Writes `manifest.json` into `folder`, over the one that is there.
///
/// # Errors
/// When the disk refuses.
pub fn write(folder: &Path, manifest: &Manifest) -> std::io::Result<()> {
    let json = serde_json::to_string_pretty(manifest).map_err(std::io::Error::other)?;
    fs_err::write(folder.join(MANIFEST_FILE), json + "\n")
}

fn read<T: DeserializeOwned>(path: &Path) -> Result<T, ProposalError> {
    let bytes = fs_err::read(path).map_err(|source| ProposalError::Unreadable { path: path.to_owned(), source })?;
    serde_json::from_slice(&bytes).map_err(|source| ProposalError::Malformed { path: path.to_owned(), source })
}

fn read_if_there<T: DeserializeOwned>(path: &Path) -> Result<Option<T>, ProposalError> {
    if path.is_file() { read(path).map(Some) } else { Ok(None) }
}

/// The modules of a sentence-transformers folder, all of them known here; none for other folders.
fn modules(folder: &Path) -> Result<Vec<Module>, ProposalError> {
    let modules: Vec<Module> = read_if_there(&folder.join("modules.json"))?.unwrap_or_default();
    for module in &modules {
        match module.kind() {
            "Transformer" if !module.path.is_empty() => return Err(ProposalError::Nested { path: folder.join(&module.path) }),
            "Transformer" | "Pooling" | "Normalize" => {}
            other => return Err(ProposalError::Module { kind: other.to_owned() }),
        }
    }
    Ok(modules)
}

/// The pooling, and whether the prefix takes part in it.
fn read_pooling(path: &Path) -> Result<(Pooling, bool), ProposalError> {
    let config: Map<String, Value> = read(path)?;
    // One switch per mode, or (newer) the mode's name.
    let switches = config.iter().filter(|(_, on)| **on == Value::Bool(true)).filter_map(|(key, _)| key.strip_prefix("pooling_mode_"));
    let mut modes: Vec<&str> = switches.collect();
    modes.extend(config.get("pooling_mode").and_then(Value::as_str));
    let pooling = match modes.as_slice() {
        ["cls_token" | "cls"] => Pooling::Cls,
        ["mean_tokens" | "mean"] => Pooling::Mean,
        ["lasttoken"] => Pooling::LastToken,
        other => return Err(ProposalError::Pooling { path: path.to_owned(), found: other.join(" and ") }),
    };
    Ok((pooling, config.get("include_prompt") != Some(&Value::Bool(false))))
}

fn max_tokens(folder: &Path, wishes: &Wishes, positions: usize) -> Result<(usize, String), ProposalError> {
    if let Some(wish) = wishes.max_tokens {
        return Ok((wish, "--max-tokens".to_owned()));
    }
    let limit = |file: &str, key: &str| -> Result<Option<usize>, ProposalError> {
        let config: Option<Map<String, Value>> = read_if_there(&folder.join(file))?;
        let value = config.and_then(|config| config.get(key).and_then(Value::as_f64));
        Ok(value.filter(|value| (3.0..NO_LIMIT).contains(value)).map(|value| value as usize))
    };
    let mut limits = vec![(positions, "positions of config.json".to_owned())];
    for (file, key) in [("sentence_bert_config.json", "max_seq_length"), ("tokenizer_config.json", "model_max_length")] {
        limits.extend(limit(file, key)?.map(|value| (value, format!("{key} of {file}"))));
    }
    let (value, origin) = limits.into_iter().min_by_key(|(value, _)| *value).unwrap_or_default();
    if value > DEFAULT_MAX_TOKENS {
        return Ok((DEFAULT_MAX_TOKENS, format!("{value} would be possible ({origin}): --max-tokens")));
    }
    Ok((value, origin))
}

fn prompts(folder: &Path) -> Result<Map<String, Value>, ProposalError> {
    let config: Option<Map<String, Value>> = read_if_there(&folder.join("config_sentence_transformers.json"))?;
    Ok(config.and_then(|mut config| config.remove("prompts")).and_then(|prompts| prompts.as_object().cloned()).unwrap_or_default())
}

/// `license:` in the front matter of the model card.
fn licence(folder: &Path) -> Option<String> {
    let card = fs_err::read_to_string(folder.join("README.md")).ok()?;
    let mut lines = card.lines();
    if lines.next()?.trim() != "---" {
        return None;
    }
    let value = lines.take_while(|line| line.trim() != "---").find_map(|line| line.strip_prefix("license:"))?;
    Some(value.trim().trim_matches(['"', '\'']).to_owned()).filter(|value| !value.is_empty())
}

fn folder_name(folder: &Path) -> Option<String> {
    let folder = fs_err::canonicalize(folder).ok()?;
    folder.file_name().map(|name| name.to_string_lossy().into_owned())
}

fn find_weights(folder: &Path) -> Result<String, ProposalError> {
    let usual = "model.safetensors";
    if folder.join(usual).is_file() {
        return Ok(usual.to_owned());
    }
    for found in ["model.safetensors.index.json", "pytorch_model.bin.index.json", "pytorch_model.bin"] {
        if folder.join(found).is_file() {
            return Err(ProposalError::Convert { folder: folder.to_owned(), found });
        }
    }
    let unreadable = |source| ProposalError::Unreadable { path: folder.to_owned(), source };
    let mut others = Vec::new();
    for item in fs_err::read_dir(folder).map_err(unreadable)? {
        let name = item.map_err(unreadable)?.file_name().to_string_lossy().into_owned();
        if name.ends_with(".safetensors") {
            others.push(name);
        }
    }
    match others.as_slice() {
        [only] => Ok(only.clone()),
        _ => Err(ProposalError::Weights { folder: folder.to_owned(), found: others.len() }),
    }
}

/// A value as the manifest writes it, without quotes.
fn plain(value: impl serde::Serialize) -> String {
    serde_json::to_value(value).ok().and_then(|value| value.as_str().map(str::to_owned)).unwrap_or_default()
}

#[cfg(test)]
mod tests;
