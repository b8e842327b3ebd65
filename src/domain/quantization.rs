//! How exactly the index keeps vectors for its search.

use serde::{Deserialize, Serialize};

/// What a search of the index compares first. Scores are always those of the vectors as they were written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Quantization {
    /// The vectors themselves, which are held in memory.
    #[default]
    None,
    /// Codes of one byte per component, which are held in memory; the best by code are compared again by their vectors, which are read from
    /// the disk.
    Int8,
}

impl Quantization {
    /// The code used in the settings and on the command line.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Int8 => "int8",
        }
    }

    /// Reads the code back.
    #[must_use]
    pub fn from_code(code: &str) -> Option<Self> {
        [Self::None, Self::Int8].into_iter().find(|quantization| quantization.as_str() == code)
    }
}
