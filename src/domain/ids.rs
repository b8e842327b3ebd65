//! Identifiers: newtypes over UUIDs, so that a pair's id can't be passed where a conversation's is asked for.
//!
//! New things get a UUIDv7 (sorts by creation time). Things that must keep their id when the same source is read again
//! (conversations, messages, pairs, entries, controls) get an id *derived* from what names them outside: SHA-256 of the parts, written as a
//! UUIDv8 (RFC 9562 §5.8).

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use uuid::Uuid;

macro_rules! id_type {
    ($($(#[$doc:meta])* $name:ident),+ $(,)?) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(Uuid);

        impl $name {
            /// Makes a new id that sorts after the ones made before it (UUIDv7).
            #[must_use]
            pub fn new() -> Self {
                Self(Uuid::now_v7())
            }

            /// Derives the id that belongs to `parts`; the same parts always give the same id.
            #[must_use]
            pub fn derive(parts: &[&str]) -> Self {
                Self(derive_uuid(stringify!($name), parts))
            }

            /// Wraps a UUID read back from a store or an index.
            #[must_use]
            pub const fn from_uuid(id: Uuid) -> Self {
                Self(id)
            }

            /// Returns the bare UUID, for stores and indexes.
            #[must_use]
            pub const fn as_uuid(self) -> Uuid {
                self.0
            }
        }

        impl Default for $name {
            fn default() -> Self {
                Self::new()
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl FromStr for $name {
            type Err = uuid::Error;

            fn from_str(s: &str) -> Result<Self, Self::Err> {
                Uuid::parse_str(s).map(Self)
            }
        }
    )+};
}

id_type!(
    /// One archived conversation.
    ConversationId,
    /// One message of a conversation.
    MessageId,
    /// One mined question/answer pair.
    PairId,
    /// One knowledge entry.
    EntryId,
    /// One answer of the service to one moment of a live conversation.
    SuggestionSetId,
    /// One suggested reply; feedback names it.
    SuggestionId,
    /// One feedback event.
    FeedbackId,
    /// One decision of an editor about an answer.
    ControlId,
    /// One frequent-question cluster.
    ClusterId,
    /// One decision about clusters.
    ClusterDecisionId,
    /// One gap of the ledger.
    GapId,
    /// One long-running job.
    JobId,
    /// One run of one process on a store; each start makes another.
    ReplicaId,
    /// One person's account.
    AccountId,
    /// One API key.
    ApiKeyId,
);

fn derive_uuid(kind: &str, parts: &[&str]) -> Uuid {
    let mut hash = Sha256::new();
    hash.update(kind.as_bytes());
    for part in parts {
        // The length before each part keeps ("ab", "c") and ("a", "bc") apart.
        hash.update((part.len() as u64).to_le_bytes());
        hash.update(part.as_bytes());
    }
    let digest = hash.finalize();
    let mut bytes = [0u8; 16];
    bytes.copy_from_slice(&digest[..16]);
    uuid::Builder::from_custom_bytes(bytes).into_uuid()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn derived_ids_depend_on_every_part_and_its_bounds() {
        let id = PairId::derive(&["desk", "a", "b"]);
        assert_eq!(id, PairId::derive(&["desk", "a", "b"]));
        assert_ne!(id, PairId::derive(&["desk", "ab", ""]));
        assert_ne!(id.as_uuid(), ConversationId::derive(&["desk", "a", "b"]).as_uuid());
        assert_eq!(id.as_uuid().get_version_num(), 8);
    }
}
