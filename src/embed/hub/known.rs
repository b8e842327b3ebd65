//! The encoders that can be fetched by name: `models/known.json`, part of the program.

use serde::Deserialize;

use super::HubError;
use crate::embed::manifest::{Architecture, Pooling};
use crate::embed::proposal::Wishes;

/// The list, as it lies in the source.
const KNOWN: &str = include_str!("../../../models/known.json");

/// A published encoder.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KnownModel {
    /// What it is called here, and its folder.
    pub name: String,
    /// Owner and name on the hub.
    pub repository: String,
    /// The network's family.
    pub architecture: Architecture,
    /// How the tokens' vectors become one.
    pub pooling: Pooling,
    /// Put in front of every query.
    pub query_prefix: String,
    /// Put in front of every passage.
    pub passage_prefix: String,
    /// Length of a vector.
    pub dimension: usize,
    /// Tokens that the model can read; a manifest allows 512 of them unless told otherwise.
    pub max_tokens: usize,
    /// File with the weights: safetensors, or `pytorch_model.bin`.
    pub weights: String,
    /// Size of all files, 10^6 bytes, rounded.
    pub megabytes: u64,
    /// Licence of the weights (SPDX).
    pub licence: String,
    /// Languages, in words.
    pub languages: String,
}

impl KnownModel {
    /// All of them, the smallest first.
    ///
    /// # Panics
    /// When the list in the program is malformed, which a test rules out.
    pub fn all() -> Vec<Self> {
        serde_json::from_str(KNOWN).expect("the list is part of the program, and a test reads it")
    }

    /// The one of that name, whatever the case, or of that repository.
    ///
    /// # Errors
    /// When there is none; the error lists the names.
    pub fn find(name: &str) -> Result<Self, HubError> {
        let matches = |model: &Self| model.name.eq_ignore_ascii_case(name) || model.repository.eq_ignore_ascii_case(name);
        Self::all().into_iter().find(matches).ok_or_else(|| HubError::Unknown {
            name: name.to_owned(),
            known: Self::all().into_iter().map(|model| model.name).collect::<Vec<_>>().join(", "),
        })
    }

    /// The files that are fetched, the weights last: what is small and wrong is noticed before what is large.
    pub fn files(&self) -> [&str; 3] {
        ["config.json", "tokenizer.json", &self.weights]
    }

    /// What its manifest says beyond what its files do.
    pub(super) fn wishes(&self, weights: &str, max_tokens: Option<usize>) -> Wishes {
        Wishes {
            name: Some(self.name.clone()),
            pooling: Some(self.pooling),
            max_tokens,
            query_prefix: Some(self.query_prefix.clone()),
            passage_prefix: Some(self.passage_prefix.clone()),
            fold_to_simplified: false,
            licence: Some(self.licence.clone()),
            weights: Some(weights.to_owned()),
        }
    }
}
