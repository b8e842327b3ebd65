//! The store: the truth of an installation. Small ports, one per aggregate, implemented by two adapters: `sqlite` and `postgres`. Both are made
//! of the same modules, those in `sql`.
//!
//! Every method takes the desk it may touch; there is no unscoped query over customers' words. Message texts and personal fields are
//! encrypted by `cipher` before they reach SQL; pairs, clusters and suggestions hold masked text only. What has to be written to the
//! search index is queued in the same transaction as the change itself (an outbox), so a crash can't lose it.

pub mod cipher;
mod clusters;
#[cfg(test)]
mod contract;
pub mod postgres;
mod reports;
mod sharing;
pub mod sqlite;
pub mod transfer;

pub use clusters::{ClusterChange, ClusterMemory, ClusterQuery, ClusterSort, ClusterStore, Placement};
pub use reports::{ReplyDelay, ReportStore, SetUse};
pub use sharing::{Notice, Notices, SharedCounts, SharedStore, Sharing, TokenTaken};

use std::collections::HashMap;

use async_trait::async_trait;
use uuid::Uuid;

use crate::domain::{
    Account, AccountId, ApiKey, ApiKeyId, Control, ControlId, Conversation, ConversationDraft, ConversationFilter, ConversationHead,
    ConversationId, ConversationState, Desk, DeskId, DeskSettings, Entry, EntryContent, EntryDraft, EntryFilter, EntryId, EntryVersion,
    FeedbackEvent, FeedbackTally, Gap, GapDecision, GapId, Job, JobId, JobKind, JobLease, JobProgress, JobState, Pair, PairDraft, PairId,
    PairKind, PairWords, Pool, RejectedRow, ReplicaId, RetiredAnswer, SuggestionId, SuggestionSetId, Timestamp, WidgetToken, WordingTally,
};

/// Why the store did not answer.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// Another process uses the data folder.
    #[error("the data folder {0} is in use by another process")]
    Locked(std::path::PathBuf),
    /// Another process uses the database on a server.
    #[error(
        "the database {0} is in use by another riposte process; stop that one, or name another database in store.url. With the embedded index \
         one process has a database to itself"
    )]
    InUse(String),
    /// The database server can't be used; the text says what to do.
    #[error("{0}")]
    Server(String),
    /// There is no such thing (in that desk).
    #[error("no such {0}")]
    NotFound(&'static str),
    /// There is one already.
    #[error("{0} exists already")]
    Duplicate(&'static str),
    /// It has changed since it was read.
    #[error("{what} has changed since it was read: its version is {present}")]
    Stale {
        /// What.
        what: &'static str,
        /// Its present version.
        present: u64,
    },
    /// The job is lent to another process by now; this one writes nothing about it any more.
    #[error("the job has been taken over by another process")]
    LeaseLost,
    /// Others have changed it since it was read; what was computed from it is not written.
    #[error("{0} changed meanwhile")]
    Overtaken(&'static str),
    /// The key does not fit the data: another key file, or a damaged row.
    #[error("a stored text can't be decrypted: is the key the one this data folder was made with?")]
    Decrypt,
    /// The key file is missing, unreadable or malformed.
    #[error("key: {0}")]
    Key(String),
    /// The schema is newer than this program.
    #[error(
        "the database has schema version {found}, this program knows up to {known} and can't follow the changes since: use a newer riposte"
    )]
    NewerSchema {
        /// Version in the database.
        found: i64,
        /// Newest version this program knows.
        known: i64,
    },
    /// A value read back makes no sense.
    #[error("the database holds an unreadable value in {0}")]
    Corrupt(&'static str),
    /// SQL failed.
    #[error("database")]
    Sql(#[from] sqlx::Error),
    /// Migration failed.
    #[error("migration")]
    Migrate(#[from] sqlx::migrate::MigrateError),
    /// A file could not be read or written.
    #[error("file {path}")]
    Io {
        /// The file.
        path: std::path::PathBuf,
        /// What went wrong.
        #[source]
        source: std::io::Error,
    },
}

impl StoreError {
    /// Whether the database did not answer at all, so that the same may go well later: its server is away, starting, stopping or full.
    #[must_use]
    pub fn is_unreachable(&self) -> bool {
        match self {
            Self::Server(_)
            | Self::InUse(_)
            | Self::Sql(sqlx::Error::Io(_) | sqlx::Error::Tls(_) | sqlx::Error::PoolTimedOut | sqlx::Error::PoolClosed) => true,
            // Connection exceptions; a server that stops, has crashed or starts; no free connection.
            Self::Sql(sqlx::Error::Database(error)) => error.code().is_some_and(|code| {
                code.len() == 5 && (code.starts_with("08") || ["57P01", "57P02", "57P03", "53300"].contains(&code.as_ref()))
            }),
            _ => false,
        }
    }
}

/// Shorthand for store results.
pub type Result<T> = std::result::Result<T, StoreError>;

/// Desks and their settings.
#[async_trait]
pub trait DeskStore: Send + Sync {
    /// Creates the desk unless it exists; tells whether it was created.
    async fn ensure_desk(&self, desk: &DeskId, now: Timestamp) -> Result<bool>;
    /// All desks by name.
    async fn desks(&self) -> Result<Vec<Desk>>;
    /// One desk.
    async fn desk(&self, desk: &DeskId) -> Result<Option<Desk>>;
    /// Replaces a desk's settings. `NotFound` for an unknown desk.
    async fn set_desk_settings(&self, desk: &DeskId, settings: &DeskSettings) -> Result<()>;
}

/// What merging one draft did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Merged {
    /// The conversation.
    pub id: ConversationId,
    /// Whether it was new.
    pub created: bool,
    /// Messages that were new.
    pub messages_added: u32,
}

/// How far an import has come; written in the same transaction as the conversations it covers.
#[derive(Debug, Clone, Copy)]
pub struct ImportCheckpoint<'a> {
    /// The import job, as it is lent to this process. `LeaseLost` when it is not any more; nothing is written then.
    pub lease: JobLease,
    /// Where the reader goes on.
    pub cursor: &'a serde_json::Value,
    /// The report so far.
    pub result: &'a serde_json::Value,
    /// Rows rejected since the last checkpoint.
    pub rejected: &'a [RejectedRow],
}

/// What the whole of one desk holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, serde::Serialize, utoipa::ToSchema)]
pub struct DeskCounts {
    /// Conversations.
    pub conversations: u64,
    /// Messages.
    pub messages: u64,
    /// Pairs of every kind.
    pub pairs: u64,
    /// Pairs of the kind `question`.
    pub questions: u64,
    /// Knowledge entries in every state.
    pub entries: u64,
    /// Points that wait for the index.
    pub index_pending: u64,
}

/// Archived conversations, encrypted.
#[async_trait]
pub trait ConversationStore: Send + Sync {
    /// Merges drafts into the archive, in one transaction together with the checkpoint: unknown conversations are created, unknown messages
    /// added (known ones are left as they are), and conversations that changed are marked for mining. A draft without message ids is merged
    /// by (role, time, text, occurrence). Messages are kept ordered by time where all have one, else in order of arrival.
    async fn merge_conversations(
        &self,
        desk: &DeskId,
        drafts: &[ConversationDraft],
        now: Timestamp,
        checkpoint: Option<ImportCheckpoint<'_>>,
    ) -> Result<Vec<Merged>>;
    /// One conversation with its messages.
    async fn conversation(&self, desk: &DeskId, id: ConversationId) -> Result<Option<Conversation>>;
    /// One conversation by the source's id.
    async fn conversation_by_external_id(&self, desk: &DeskId, external_id: &str) -> Result<Option<Conversation>>;
    /// One conversation without its words.
    async fn conversation_head(&self, desk: &DeskId, id: ConversationId) -> Result<Option<ConversationHead>>;
    /// Conversations by their last activity, newest first, and id, behind `after` (activity and id of the last one seen).
    async fn conversation_heads(
        &self,
        desk: &DeskId,
        filter: &ConversationFilter,
        after: Option<(Timestamp, ConversationId)>,
        limit: u32,
    ) -> Result<Vec<ConversationHead>>;
    /// Conversations by id, each with its last `messages` messages only, in no particular order; unknown ids are left out.
    async fn recent_messages(&self, desk: &DeskId, ids: &[ConversationId], messages: u32) -> Result<Vec<Conversation>>;
    /// Makes a conversation live or closes it; tells whether that changed anything. `NotFound` when it is not this desk's.
    async fn set_conversation_state(&self, desk: &DeskId, id: ConversationId, state: ConversationState, now: Timestamp) -> Result<bool>;
    /// Conversations marked for mining, oldest mark first, with the mark's number.
    async fn unmined_conversations(&self, desk: &DeskId, limit: u32) -> Result<Vec<(Conversation, i64)>>;
    /// What the desk holds.
    async fn counts(&self, desk: &DeskId) -> Result<DeskCounts>;
}

/// Mined pairs, masked.
#[async_trait]
pub trait PairStore: Send + Sync {
    /// Replaces the pairs of conversations, queues the difference for the index and clears each conversation's mark, unless it has been marked
    /// again since (`mark` tells which mark was worked on). Conversations without a mark are passed over: somebody else has mined them, and may
    /// have read more of them. One transaction.
    async fn replace_pairs(&self, desk: &DeskId, mined: &[(ConversationId, i64, Vec<PairDraft>)], now: Timestamp) -> Result<()>;
    /// Pairs by id, in no particular order; unknown ids are left out.
    async fn pairs(&self, desk: &DeskId, ids: &[PairId]) -> Result<Vec<Pair>>;
    /// What pairs say, in no particular order; unknown ids are left out. A suggestion waits for this, and it costs half of [`Self::pairs`].
    async fn pair_words(&self, desk: &DeskId, ids: &[PairId]) -> Result<Vec<PairWords>>;
    /// Pairs of one kind in order of id, from the first one after `after`.
    async fn pairs_page(&self, desk: &DeskId, kind: Option<PairKind>, after: Option<PairId>, limit: u32) -> Result<Vec<Pair>>;
    /// When each pair of one kind was answered, in no particular order.
    async fn answer_times(&self, desk: &DeskId, kind: PairKind) -> Result<Vec<Option<Timestamp>>>;
}

/// Who changes an entry, when and why.
#[derive(Debug, Clone, Copy)]
pub struct EntryEdit<'a> {
    /// The account or key.
    pub by: &'a str,
    /// The present.
    pub at: Timestamp,
    /// Why, in the editor's words.
    pub note: Option<&'a str>,
}

/// Knowledge entries. Each change of an entry's content makes its next version and queues the entry for the index, in one transaction;
/// writing what is there already does neither.
#[async_trait]
pub trait KnowledgeStore: Send + Sync {
    /// Writes entries by id, whatever their version; gives the ids of those that are new or different. One transaction.
    async fn put_entries(&self, desk: &DeskId, drafts: &[EntryDraft], edit: EntryEdit<'_>) -> Result<Vec<EntryId>>;
    /// Adds an entry. `Duplicate` when the desk has one of that external id.
    async fn create_entry(&self, draft: &EntryDraft, edit: EntryEdit<'_>) -> Result<Entry>;
    /// Replaces the content of version `version`. `NotFound` when the entry is not this desk's, `Stale` when it has another version by now.
    async fn change_entry(&self, desk: &DeskId, id: EntryId, version: u64, content: &EntryContent, edit: EntryEdit<'_>) -> Result<Entry>;
    /// Entries by id; unknown ids are left out.
    async fn entries(&self, desk: &DeskId, ids: &[EntryId]) -> Result<Vec<Entry>>;
    /// Entries in order of id, from the first one after `after`.
    async fn entries_page(&self, desk: &DeskId, filter: &EntryFilter, after: Option<EntryId>, limit: u32) -> Result<Vec<Entry>>;
    /// Versions of an entry, newest first, before the version `before`; none for an entry that is not this desk's.
    async fn entry_versions(&self, desk: &DeskId, id: EntryId, before: Option<u64>, limit: u32) -> Result<Vec<EntryVersion>>;
    /// One version of an entry.
    async fn entry_version(&self, desk: &DeskId, id: EntryId, version: u64) -> Result<Option<EntryVersion>>;
}

/// What a queued index change is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum IndexSubject {
    /// A pair: write it if it exists, else delete its points.
    Pair(PairId),
    /// An entry: write it if it exists and is published, else delete its points.
    Entry(EntryId),
}

/// One queued index change.
#[derive(Debug, Clone, PartialEq)]
pub struct IndexTask {
    /// Number in the queue.
    pub sequence: i64,
    /// The desk it belongs to.
    pub desk: DeskId,
    /// What changed.
    pub subject: IndexSubject,
}

/// Changes that wait for the index.
#[async_trait]
pub trait OutboxStore: Send + Sync {
    /// What waits (of one desk, or of all), claimed or not: entries before pairs, since somebody waits for them, and each by age.
    async fn pending_index_tasks(&self, desk: Option<&DeskId>, limit: u32) -> Result<Vec<IndexTask>>;
    /// Claims the next tasks that nobody has claimed until later than `now`, in the same order. Tasks stay until they are acknowledged.
    async fn claim_index_tasks(&self, owner: ReplicaId, now: Timestamp, until: Timestamp, limit: u32) -> Result<Vec<IndexTask>>;
    /// Moves on the end of the owner's claims.
    async fn keep_index_claims(&self, owner: ReplicaId, until: Timestamp) -> Result<()>;
    /// Takes back claims: an owner's, or (`None`) everybody's.
    async fn release_index_claims(&self, owner: Option<ReplicaId>) -> Result<()>;
    /// Removes claimed tasks whose change is in the index. Of a task that is the owner's no more, the subject is queued again, unless it waits
    /// unclaimed already: what the owner has just written of it may be older than what another one has.
    async fn acknowledge_index_tasks(&self, owner: ReplicaId, tasks: &[IndexTask]) -> Result<()>;
    /// Whether a change of one of these entries is not in the index yet.
    async fn entries_wait_for_index(&self, ids: &[EntryId]) -> Result<bool>;
    /// How many wait.
    async fn pending_index_count(&self, desk: Option<&DeskId>) -> Result<u64>;
    /// Queues every pair and entry of every desk, for a new index.
    async fn queue_everything(&self) -> Result<u64>;
    /// A setting of the installation itself, such as the fingerprint the index was made with.
    async fn meta(&self, key: &str) -> Result<Option<String>>;
    /// Writes such a setting.
    async fn set_meta(&self, key: &str, value: &str) -> Result<()>;
}

/// One suggestion as it was given.
#[derive(Debug, Clone, PartialEq)]
pub struct RecordedSuggestion {
    /// Names it in feedback.
    pub id: SuggestionId,
    /// Place in its set, from 1.
    pub rank: u32,
    /// Which pool.
    pub pool: Pool,
    /// The pair or entry whose text was shown.
    pub source: Uuid,
    /// What feedback is counted under: [`crate::text::normalise::answer_key`] of the text as indexed.
    pub answer_key: String,
    /// Key of the edited wording that was offered; absent where the answer's own words were.
    pub wording: Option<String>,
    /// Keys of the archived answers that it stood for, because they say the same; its own is not among them.
    pub like: Vec<String>,
    /// The text offered, masked, slots open.
    pub text: String,
    /// Score shown.
    pub score: f64,
}

/// An answer that an agent used, and what was asked there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UsedSuggestion {
    /// The suggestion.
    pub id: SuggestionId,
    /// The set it stood in.
    pub set: SuggestionSetId,
    /// The query's text, masked.
    pub query: String,
    /// What feedback on the answer is counted under.
    pub answer_key: String,
}

/// A personal value of a live conversation.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct LiveValue {
    /// The slot it fills, such as `ORDER_NO`; absent for what only the customer's profile says.
    pub slot: Option<String>,
    /// The value as written.
    pub value: String,
}

/// One suggestion set as it was given.
#[derive(Debug, Clone, PartialEq)]
pub struct RecordedSet {
    /// Its id.
    pub id: SuggestionSetId,
    /// The live conversation's id at the host, if given.
    pub conversation: Option<String>,
    /// The query's text, masked.
    pub query: String,
    /// Reason code when nothing was shown.
    pub abstained: Option<String>,
    /// What was shown.
    pub suggestions: Vec<RecordedSuggestion>,
    /// What must not be learnt from an edit of these suggestions; kept encrypted.
    pub live_values: Vec<LiveValue>,
    /// Who asked.
    pub actor: String,
    /// When.
    pub at: Timestamp,
}

/// Most edited wordings of one answer that are looked at. Agents' edits of one answer differ in details without end; only one is offered.
pub const MAX_WORDINGS: u32 = 8;

/// Suggestion sets and what agents did with them.
#[async_trait]
pub trait FeedbackStore: Send + Sync {
    /// Keeps a set. One transaction.
    async fn record_set(&self, desk: &DeskId, set: &RecordedSet) -> Result<()>;
    /// The desk and record of one suggestion.
    async fn recorded_suggestion(&self, id: SuggestionId) -> Result<Option<(DeskId, RecordedSuggestion)>>;
    /// Suggestions that were accepted, edited or sent, in order of their ids behind `after`.
    async fn used_suggestions(&self, desk: &DeskId, after: Option<SuggestionId>, limit: u32) -> Result<Vec<UsedSuggestion>>;
    /// The personal values of the live conversation a suggestion was made for; none for a suggestion that is not this desk's.
    async fn live_values(&self, desk: &DeskId, suggestion: SuggestionId) -> Result<Vec<LiveValue>>;
    /// Keeps a feedback event, counts the showings it tells of, and withholds an answer it reports as outdated with all that the suggestion
    /// stood for. One transaction. `NotFound` when the suggestion is not this desk's.
    async fn add_feedback(&self, desk: &DeskId, event: &FeedbackEvent) -> Result<()>;
    /// Decayed sums per answer key (see [`FeedbackTally`]); keys of which nothing is known are left out.
    async fn tallies(&self, desk: &DeskId, answer_keys: &[String], now: Timestamp) -> Result<HashMap<String, FeedbackTally>>;
    /// Edited wordings per answer key: pinned ones and then those used most and latest, [`MAX_WORDINGS`] of an answer at most. Keys whose
    /// answers were never edited are left out.
    async fn wordings(&self, desk: &DeskId, answer_keys: &[String], now: Timestamp) -> Result<HashMap<String, Vec<WordingTally>>>;
    /// Answers that are withheld as outdated, latest report first, behind `after` (time of the report and id of the last one seen).
    async fn retired_answers(&self, desk: &DeskId, after: Option<(Timestamp, String)>, limit: u32) -> Result<Vec<RetiredAnswer>>;
    /// Reviews an answer that was reported outdated: restores it or keeps it retired, and with it all that are withheld because of it.
    /// `NotFound` for one that never was reported.
    async fn review_retired(&self, desk: &DeskId, id: &str, restore: bool, reviewer: &str, now: Timestamp) -> Result<RetiredAnswer>;
}

/// What editors have decided about single answers.
#[async_trait]
pub trait ControlStore: Send + Sync {
    /// Writes a control on its desk, in place of one of the same id; tells whether it was new. `NotFound` for an unknown desk, or when
    /// the id is another desk's.
    async fn put_control(&self, control: &Control) -> Result<bool>;
    /// Controls by time, newest first, and id, behind `after` (time and id of the last one seen); those that have expired, too.
    async fn controls_page(&self, desk: &DeskId, after: Option<(Timestamp, ControlId)>, limit: u32) -> Result<Vec<Control>>;
    /// The controls of these answers that hold at `now`, in no particular order.
    async fn controls_of(&self, desk: &DeskId, answer_keys: &[String], now: Timestamp) -> Result<Vec<Control>>;
    /// Removes a control. `NotFound` when it is not this desk's.
    async fn remove_control(&self, desk: &DeskId, id: ControlId) -> Result<()>;
}

/// A live moment for which nothing of use was suggested.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FailedSet {
    /// The suggestion set.
    pub id: SuggestionSetId,
    /// The live conversation's id at the host, if given.
    pub conversation: Option<String>,
    /// The query's text, masked.
    pub query: String,
    /// Reason code when nothing was shown; absent when all that was shown was refused.
    pub abstained: Option<String>,
    /// When it was asked.
    pub at: Timestamp,
}

/// What agents did with the suggestions of one entry that showed one answer, in suggestions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EntryUse {
    /// The entry.
    pub entry: EntryId,
    /// The answer as it was then: an entry rewritten since has another one.
    pub answer_key: String,
    /// Accepted, edited or sent.
    pub used: u32,
    /// Of these, sent in other words than offered.
    pub edited: u32,
    /// Refused.
    pub rejected: u32,
    /// Of these, as outdated.
    pub outdated: u32,
    /// When something was last done with one.
    pub last_at: Timestamp,
}

/// What answers lack: moments that failed, the ledger made of them, and how entries fare.
#[async_trait]
pub trait GapStore: Send + Sync {
    /// Sets that held nothing, or of which every suggestion was refused and none used, in order of id behind `after`.
    async fn failed_sets(&self, desk: &DeskId, after: Option<SuggestionSetId>, limit: u32) -> Result<Vec<FailedSet>>;
    /// Every gap of a desk with what was decided about it, in no particular order.
    async fn gaps(&self, desk: &DeskId) -> Result<Vec<Gap>>;
    /// Which failure (suggestion set or pair) belongs to which gap.
    async fn gap_failures(&self, desk: &DeskId) -> Result<Vec<(GapId, Uuid)>>;
    /// Replaces a desk's gaps and their failures. Decisions stay with the ids; gaps left out go, unless something was decided about them. One
    /// transaction.
    async fn replace_gaps(&self, desk: &DeskId, gaps: &[(Gap, Vec<Uuid>)]) -> Result<()>;
    /// Decides about a gap. `NotFound` when it is not this desk's.
    async fn decide_gap(&self, desk: &DeskId, id: GapId, decision: &GapDecision) -> Result<()>;
    /// What agents did with suggestions of entries, by entry and answer.
    async fn entry_use(&self, desk: &DeskId) -> Result<Vec<EntryUse>>;
}

/// Jobs.
#[async_trait]
pub trait JobStore: Send + Sync {
    /// Adds a queued job.
    async fn add_job(&self, job: &Job) -> Result<()>;
    /// One job.
    async fn job(&self, id: JobId) -> Result<Option<Job>>;
    /// Jobs (of one desk, or of all), newest first, behind `after`.
    async fn jobs_page(&self, desk: Option<&DeskId>, after: Option<JobId>, limit: u32) -> Result<Vec<Job>>;
    /// Lends the oldest job of these kinds that is queued, or running for somebody whose lease ran out by `now`; marks it running.
    async fn claim_job(&self, kinds: &[JobKind], owner: ReplicaId, now: Timestamp, until: Timestamp) -> Result<Option<(Job, JobLease)>>;
    /// Moves on the end of a lease; tells whether somebody has asked to cancel. `LeaseLost` when the job has been lent anew or has ended.
    async fn renew_lease(&self, lease: &JobLease, until: Timestamp) -> Result<bool>;
    /// Queues again whatever is running, whoever it is lent to; tells how many. For a process that has the store alone, at its start.
    async fn requeue_interrupted_jobs(&self, now: Timestamp) -> Result<u32>;
    /// Writes progress; tells whether somebody has asked to cancel. `LeaseLost` as in [`Self::renew_lease`].
    async fn report_progress(&self, lease: &JobLease, progress: &JobProgress, now: Timestamp) -> Result<bool>;
    /// How many jobs of a kind are queued or running; kinds and states without any are left out.
    async fn unfinished_jobs(&self) -> Result<Vec<(JobKind, JobState, u64)>>;
    /// Replaces a job's parameters (an upload that is complete, a path that moved).
    async fn set_job_params(&self, id: JobId, params: &serde_json::Value, now: Timestamp) -> Result<()>;
    /// Ends a job (or puts it back: `Queued`), and the lease with it. `LeaseLost` as in [`Self::renew_lease`].
    async fn finish_job(
        &self,
        lease: &JobLease,
        state: JobState,
        result: Option<&serde_json::Value>,
        error: Option<&str>,
        now: Timestamp,
    ) -> Result<()>;
    /// Asks a job to stop; a queued one is cancelled at once. `NotFound` for an unknown or ended job.
    async fn request_cancel(&self, id: JobId, now: Timestamp) -> Result<()>;
    /// Rejected rows of an import in file order, from the `offset`-th on.
    async fn rejected_rows(&self, id: JobId, offset: u64, limit: u32) -> Result<Vec<RejectedRow>>;
}

/// Accounts, API keys and sessions.
#[async_trait]
pub trait AccountStore: Send + Sync {
    /// Adds an account. `Duplicate` when the name is taken.
    async fn add_account(&self, account: &Account) -> Result<()>;
    /// One account by name.
    async fn account(&self, name: &str) -> Result<Option<Account>>;
    /// All accounts by name.
    async fn accounts(&self) -> Result<Vec<Account>>;
    /// Replaces a password hash and ends the account's sessions. `NotFound` for an unknown name.
    async fn set_password_hash(&self, name: &str, password_hash: &str) -> Result<()>;
    /// Removes an account and ends its sessions. What the person did keeps their name. `NotFound` for an unknown name.
    async fn remove_account(&self, name: &str) -> Result<()>;
    /// Adds a key.
    async fn add_api_key(&self, key: &ApiKey) -> Result<()>;
    /// One key.
    async fn api_key(&self, id: ApiKeyId) -> Result<Option<ApiKey>>;
    /// All keys, newest first.
    async fn api_keys(&self) -> Result<Vec<ApiKey>>;
    /// Withdraws a key. `NotFound` for an unknown one.
    async fn revoke_api_key(&self, id: ApiKeyId, now: Timestamp) -> Result<()>;
    /// Opens a session under the SHA-256 of its token.
    async fn add_session(&self, token_sha256: &[u8], account: AccountId, expires_at: Timestamp) -> Result<()>;
    /// The account of a session that has not expired.
    async fn session_account(&self, token_sha256: &[u8], now: Timestamp) -> Result<Option<Account>>;
    /// Ends a session; unknown ones are ignored.
    async fn end_session(&self, token_sha256: &[u8]) -> Result<()>;
    /// Keeps a widget token under its SHA-256, and forgets those that have expired before it was made. `NotFound` for an unknown key.
    async fn add_widget_token(&self, token_sha256: &[u8], token: &WidgetToken) -> Result<()>;
    /// A widget token that has not expired.
    async fn widget_token(&self, token_sha256: &[u8], now: Timestamp) -> Result<Option<WidgetToken>>;
}

/// Connections of one pool.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PoolConnections {
    /// `writer` or `readers`.
    pub pool: &'static str,
    /// Open connections.
    pub open: usize,
    /// Of these, those that wait for work.
    pub idle: usize,
}

/// Everything an installation keeps.
#[async_trait]
pub trait Store:
    DeskStore
    + ConversationStore
    + PairStore
    + KnowledgeStore
    + OutboxStore
    + FeedbackStore
    + ControlStore
    + ClusterStore
    + GapStore
    + ReportStore
    + JobStore
    + AccountStore
    + SharedStore
{
    /// The connections to the database, by pool.
    fn connections(&self) -> Vec<PoolConnections>;
    /// Closes the store after everything acknowledged has been written.
    async fn close(&self);
}
