//! What an import reads and reports.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// File formats the importer reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum ImportFormat {
    /// One conversation a line, the project's own form (`docs/import.md`).
    Jsonl,
    /// One message a row.
    Csv,
    /// One message a row, first sheet.
    Xlsx,
}

impl ImportFormat {
    /// The code used on the command line, in the API and the store.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Jsonl => "jsonl",
            Self::Csv => "csv",
            Self::Xlsx => "xlsx",
        }
    }
}

/// One row (or line, or message of a line) that was not taken, and why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct RejectedRow {
    /// Line (JSONL, CSV) or row (XLSX) in the file, from 1.
    pub line: u64,
    /// Field or JSON pointer at fault, where there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub field: Option<String>,
    /// What is wrong. Never holds the customer's words.
    pub reason: String,
    /// How to mend it.
    pub remedy: String,
}

/// What an import did.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, ToSchema)]
#[serde(default)]
pub struct ImportReport {
    /// Conversations read from the source.
    pub conversations_read: u64,
    /// Conversations that were new.
    pub conversations_added: u64,
    /// Conversations that gained messages.
    pub conversations_changed: u64,
    /// Messages read from the source.
    pub messages_read: u64,
    /// Messages that were new.
    pub messages_added: u64,
    /// Pairs mined from the new and changed conversations.
    pub pairs_mined: u64,
    /// Rows not taken; the rows themselves are kept beside the job.
    pub rejected: u64,
    /// Notes about the file as a whole, such as the encoding that was assumed.
    pub notes: Vec<String>,
}
