//! Frequent-question clusters: groups of pairs whose questions mean the same.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{ClusterId, DeskId, Language, PairId, Timestamp};

/// Review state of a cluster.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum ClusterState {
    /// Nobody has looked at it yet. (Review states follow with curation.)
    Open,
}

/// One question inside a cluster.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct ClusterMember {
    /// The pair whose question it is.
    #[schema(value_type = String, format = Uuid)]
    pub pair_id: PairId,
    /// The question, masked.
    pub question: String,
    /// Cosine to the cluster's centre.
    pub similarity: f32,
}

/// One answer given to a cluster's questions, near-identical ones counted together.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ClusterAnswer {
    /// The wording that represents the group, masked.
    pub text: String,
    /// How many answers say the same.
    pub support: u32,
    /// The pair whose answer is shown.
    #[schema(value_type = String, format = Uuid)]
    pub pair_id: PairId,
    /// When it was last given.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub last_answered_at: Option<Timestamp>,
}

/// One cluster without its members.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct Cluster {
    /// Its id.
    #[schema(value_type = String, format = Uuid)]
    pub id: ClusterId,
    /// The desk it belongs to.
    pub desk: DeskId,
    /// Review state.
    pub state: ClusterState,
    /// The member question nearest to the centre, masked.
    pub representative: String,
    /// The words that tell it from the other clusters, best first.
    pub keywords: Vec<String>,
    /// Language of most members.
    pub language: Language,
    /// Questions in it.
    pub size: u32,
    /// Distinct conversations.
    pub conversations: u32,
    /// Distinct customers (a conversation without a customer id counts as one).
    pub customers: u32,
    /// Share of the desk's mined questions (0–1).
    pub share: f64,
    /// Best answers, most supported first; at most five.
    pub answers: Vec<ClusterAnswer>,
    /// When it was last computed.
    #[schema(value_type = String, format = DateTime)]
    pub updated_at: Timestamp,
}
