//! Frequent-question clusters: groups of pairs whose questions mean the same, and what people have decided about them.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{ClusterDecisionId, ClusterId, DeskId, EntryId, Language, PairId, Timestamp};

/// Review state of a cluster.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum ClusterState {
    /// Nobody has decided about it yet, or it was opened again, or its snooze is over.
    Open,
    /// An editor agrees that these questions ask the same and matter.
    Approved,
    /// Not now: open again at `snoozed_until`.
    Snoozed,
    /// Not worth an entry; it stays away, and questions like it join it silently.
    Dismissed,
}

impl ClusterState {
    /// Every state.
    pub const ALL: [Self; 4] = [Self::Open, Self::Approved, Self::Snoozed, Self::Dismissed];

    /// The code used in the API and the store.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Approved => "approved",
            Self::Snoozed => "snoozed",
            Self::Dismissed => "dismissed",
        }
    }

    /// Reads the code back.
    #[must_use]
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.as_str() == code)
    }
}

/// One question inside a cluster.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ClusterMember {
    /// The pair whose question it is.
    #[schema(value_type = String, format = Uuid)]
    pub pair_id: PairId,
    /// The question, masked.
    pub question: String,
    /// Cosine to the cluster's centre.
    pub similarity: f32,
    /// Whether people have put it here: a rebuild leaves it in this cluster.
    pub fixed: bool,
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
    /// When it was first given.
    #[schema(value_type = Option<String>, format = DateTime)]
    #[serde(default)]
    pub first_answered_at: Option<Timestamp>,
    /// When it was last given.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub last_answered_at: Option<Timestamp>,
    /// How often the customer thanked or accepted afterwards.
    #[serde(default)]
    pub thanked: u32,
    /// How often the customer had to ask again afterwards.
    #[serde(default)]
    pub repeated: u32,
    /// Whether it is the wording given last of all.
    #[serde(default)]
    pub newest: bool,
    /// Places in this list (from 0) of the answers that contradict it.
    #[serde(default)]
    pub contradicts: Vec<u32>,
}

/// Questions of one week.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct WeekCount {
    /// The week's Monday, 00:00 UTC.
    #[schema(value_type = String, format = DateTime)]
    pub week: Timestamp,
    /// Questions answered in it.
    pub questions: u32,
}

/// The published entry nearest to a cluster.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Coverage {
    /// The entry.
    #[schema(value_type = String, format = Uuid)]
    pub entry_id: EntryId,
    /// Cosine of the cluster's centre and the entry's nearest question.
    pub similarity: f32,
    /// Whether that is near enough to say that the entry answers this cluster.
    pub covered: bool,
}

/// One cluster without its members.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Cluster {
    /// Its id; stays through rebuilds for as long as most of its questions stay together.
    #[schema(value_type = String, format = Uuid)]
    pub id: ClusterId,
    /// The desk it belongs to.
    pub desk: DeskId,
    /// Grows with every decision about the cluster; what `ETag` and `If-Match` carry.
    pub version: u64,
    /// Review state.
    pub state: ClusterState,
    /// When a snoozed cluster is open again.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub snoozed_until: Option<Timestamp>,
    /// Why it was dismissed.
    pub dismissed_why: Option<String>,
    /// What it is called: the name that people gave it, else one made of its questions.
    pub name: String,
    /// Whether people gave the name.
    pub renamed: bool,
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
    /// Questions per week, oldest first; weeks without any are left out, and so are questions without a time. At most 53.
    pub weeks: Vec<WeekCount>,
    /// Share of the desk's questions of the last four weeks less the share of the four before (−1 to 1); weeks count back from the desk's
    /// latest question. 0 where times are missing.
    pub trend: f64,
    /// When it was last asked.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub last_asked_at: Option<Timestamp>,
    /// Best answers, most supported first; at most five.
    pub answers: Vec<ClusterAnswer>,
    /// The published entry nearest to it.
    pub coverage: Option<Coverage>,
    /// When it was last computed.
    #[schema(value_type = String, format = DateTime)]
    pub updated_at: Timestamp,
}

impl Cluster {
    /// The cluster as it is at `now`: a snooze that is over is none.
    #[must_use]
    pub fn as_of(self, now: Timestamp) -> Self {
        let over = self.state == ClusterState::Snoozed && self.snoozed_until.is_some_and(|until| until <= now);
        if over { Self { state: ClusterState::Open, snoozed_until: None, ..self } } else { self }
    }

    /// Whether two of its best answers contradict each other.
    #[must_use]
    pub fn conflicting(&self) -> bool {
        self.answers.iter().any(|answer| !answer.contradicts.is_empty())
    }
}

/// What people may decide about clusters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
#[expect(missing_docs, reason = "the names say it")]
pub enum DecisionKind {
    Approve,
    Snooze,
    Dismiss,
    Reopen,
    Rename,
    Merge,
    Split,
    Move,
    /// Takes an earlier decision back.
    Undo,
}

impl DecisionKind {
    /// Every kind.
    pub const ALL: [Self; 9] =
        [Self::Approve, Self::Snooze, Self::Dismiss, Self::Reopen, Self::Rename, Self::Merge, Self::Split, Self::Move, Self::Undo];

    /// The code used in the API and the store.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Approve => "approve",
            Self::Snooze => "snooze",
            Self::Dismiss => "dismiss",
            Self::Reopen => "reopen",
            Self::Rename => "rename",
            Self::Merge => "merge",
            Self::Split => "split",
            Self::Move => "move",
            Self::Undo => "undo",
        }
    }

    /// Reads the code back.
    #[must_use]
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == code)
    }
}

/// One decision about one or more clusters, kept for good.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct ClusterDecision {
    /// Its id; later ones sort behind earlier ones.
    #[schema(value_type = String, format = Uuid)]
    pub id: ClusterDecisionId,
    /// What was decided.
    pub kind: DecisionKind,
    /// The clusters it changed, made or ended.
    #[schema(value_type = Vec<String>)]
    pub clusters: Vec<ClusterId>,
    /// The particulars: the name given, the reason, the date, the number of questions moved.
    pub detail: serde_json::Value,
    /// Who decided (account or key name).
    pub actor: String,
    /// When.
    #[schema(value_type = String, format = DateTime)]
    pub at: Timestamp,
    /// The decision that took it back, if one did.
    #[schema(value_type = Option<String>, format = Uuid)]
    pub undone_by: Option<ClusterDecisionId>,
}
