//! The product's vocabulary: ids, conversations, pairs, knowledge, suggestions, controls, accounts.
//!
//! Pure data and the rules that hold for it; no I/O, no async, no clock reading. Every other module may import this one,
//! this one imports nothing of ours. Names are those of `docs/architecture.md#words`.

pub mod account;
pub mod cluster;
pub mod control;
pub mod conversation;
pub mod desk;
pub mod feedback;
pub mod gap;
pub mod ids;
pub mod import;
pub mod job;
pub mod knowledge;
pub mod language;
pub mod live;
pub mod pair;
pub mod quantization;
pub mod random;
pub mod suggestion;
pub mod time;

pub use account::{Account, ApiKey, DeskScope, Principal, PrincipalKind, Role as AccessRole, WidgetToken};
pub use cluster::{Cluster, ClusterAnswer, ClusterDecision, ClusterMember, ClusterState, Coverage, DecisionKind, WeekCount};
pub use control::{Control, ControlKind, ControlRule, InvalidControl};
pub use conversation::{Conversation, ConversationDraft, Message, MessageDraft, MessageKind, Role};
pub use desk::{Desk, DeskId, DeskSettings, InvalidSetting};
pub use feedback::{
    FeedbackEvent, FeedbackKind, FeedbackTally, RejectReason, RetiredAnswer, RetirementState, Showing, WordingTally, counted_showings,
    examination,
};
pub use gap::{Gap, GapCause, GapDecision, GapState, Nearest};
pub use ids::{
    AccountId, ApiKeyId, ClusterDecisionId, ClusterId, ControlId, ConversationId, EntryId, FeedbackId, GapId, JobId, MessageId, PairId,
    ReplicaId, SuggestionId, SuggestionSetId,
};
pub use import::{ImportFormat, ImportReport, RejectedRow};
pub use job::{Job, JobKind, JobLease, JobProgress, JobState};
pub use knowledge::{Entry, EntryContent, EntryDraft, EntryFilter, EntryStatus, EntryVersion, Provenance};
pub use language::Language;
pub use live::{ConversationFilter, ConversationHead, ConversationState};
pub use pair::{Outcome, Pair, PairDraft, PairKind, PairWords};
pub use quantization::Quantization;
pub use suggestion::{AbstainReason, Abstention, Evidence, EvidenceKind, Flag, Pool, Slot, Suggestion, SuggestionSet};
pub use time::{Clock, SystemClock, Timestamp};
