//! Made-up drafts, pairs, entries and jobs for the contract tests.

use crate::domain::{
    Cluster, ClusterAnswer, ClusterId, ClusterState, Control, ControlRule, ConversationDraft, ConversationId, DeskId, EntryContent,
    EntryDraft, EntryId, EntryStatus, FeedbackEvent, FeedbackId, FeedbackKind, Job, JobId, JobKind, JobLease, JobProgress, JobState,
    Language, MessageDraft, MessageId, MessageKind, Outcome, PairDraft, PairId, PairKind, Pool, Provenance, RejectReason, ReplicaId, Role,
    SuggestionId, SuggestionSetId, Timestamp, WeekCount,
};
use crate::store::{EntryEdit, RecordedSet, RecordedSuggestion, Store};

pub(in crate::store) const NOW: Timestamp = Timestamp::from_micros(1_760_000_000_000_000);

pub(in crate::store) fn minutes(count: i64) -> Timestamp {
    NOW.plus_seconds(60 * count)
}

pub(in crate::store) fn desk_id(name: &str) -> DeskId {
    name.parse().unwrap()
}

/// Opens a desk and returns its name.
pub(in crate::store) async fn desk(store: &dyn Store, name: &str) -> DeskId {
    let desk = desk_id(name);
    store.ensure_desk(&desk, NOW).await.unwrap();
    desk
}

pub(in crate::store) fn message(role: Role, text: &str, at: Option<Timestamp>) -> MessageDraft {
    MessageDraft { external_id: None, role, kind: MessageKind::Text, text: text.to_owned(), media_ref: None, at, author: None }
}

pub(in crate::store) fn named(external_id: &str, message: MessageDraft) -> MessageDraft {
    MessageDraft { external_id: Some(external_id.to_owned()), ..message }
}

pub(in crate::store) fn conversation(external_id: &str, messages: Vec<MessageDraft>) -> ConversationDraft {
    ConversationDraft {
        external_id: external_id.to_owned(),
        channel: None,
        customer_id: None,
        customer_personal: Vec::new(),
        agent_id: None,
        started_at: None,
        tags: Vec::new(),
        messages,
    }
}

/// A question and its answer, with times.
pub(in crate::store) fn short_talk(external_id: &str) -> ConversationDraft {
    conversation(
        external_id,
        vec![message(Role::Customer, "几天能到?", Some(minutes(0))), message(Role::Agent, "一般三天", Some(minutes(1)))],
    )
}

pub(in crate::store) async fn merge(store: &dyn Store, desk: &DeskId, drafts: &[ConversationDraft]) -> Vec<ConversationId> {
    let merged = store.merge_conversations(desk, drafts, NOW, None).await.unwrap();
    merged.into_iter().map(|merged| merged.id).collect()
}

pub(in crate::store) fn pair(name: &str) -> PairDraft {
    PairDraft {
        id: PairId::derive(&[name]),
        kind: PairKind::Question,
        question: format!("question {name}"),
        turn: "turn".to_owned(),
        previous: String::new(),
        context_terms: vec![3, 70_000, u32::MAX],
        answer: "answer".to_owned(),
        answer_quality: 0.75,
        language: Language::En,
        outcome: Outcome { thanked: true, repeated: false, corrected: false },
        agent_id: Some("a-7".to_owned()),
        position: 3,
        answered_at: Some(minutes(1)),
        answer_messages: vec![MessageId::derive(&[name, "1"]), MessageId::derive(&[name, "2"])],
    }
}

/// Mines `pairs` out of a conversation, under its present mark; one without a mark gets a message and with it one.
pub(in crate::store) async fn mine(store: &dyn Store, desk: &DeskId, conversation: ConversationId, pairs: Vec<PairDraft>) {
    let mark = if let Some(mark) = mark(store, desk, conversation).await {
        mark
    } else {
        mark_again(store, desk, conversation).await;
        self::mark(store, desk, conversation).await.unwrap()
    };
    store.replace_pairs(desk, &[(conversation, mark, pairs)], NOW).await.unwrap();
}

/// The mark under which a conversation waits to be mined.
pub(in crate::store) async fn mark(store: &dyn Store, desk: &DeskId, conversation: ConversationId) -> Option<i64> {
    let unmined = store.unmined_conversations(desk, 1000).await.unwrap();
    unmined.into_iter().find(|(found, _)| found.id == conversation).map(|(_, mark)| mark)
}

/// Adds a message to a conversation, so that it waits to be mined.
pub(in crate::store) async fn mark_again(store: &dyn Store, desk: &DeskId, id: ConversationId) {
    let known = store.conversation(desk, id).await.unwrap().unwrap();
    let count = known.messages.len();
    let more = message(Role::Agent, &format!("message {count}"), Some(minutes(1000 + count as i64)));
    merge(store, desk, &[conversation(&known.external_id, vec![more])]).await;
}

/// The process of the tests.
pub(in crate::store) fn replica(name: &str) -> ReplicaId {
    ReplicaId::derive(&[name])
}

/// Lends the next job of a kind to process `a` until a minute from now.
pub(in crate::store) async fn claim(store: &dyn Store, kind: JobKind) -> Option<(Job, JobLease)> {
    store.claim_job(&[kind], replica("a"), NOW, minutes(1)).await.unwrap()
}

pub(in crate::store) async fn acknowledge_all(store: &dyn Store) {
    let tasks = store.claim_index_tasks(replica("a"), NOW, minutes(1), 10_000).await.unwrap();
    store.acknowledge_index_tasks(replica("a"), &tasks).await.unwrap();
}

pub(in crate::store) fn draft(desk: &DeskId, external_id: &str) -> EntryDraft {
    EntryDraft {
        desk: desk.clone(),
        external_id: external_id.to_owned(),
        content: EntryContent {
            language: Language::Zh,
            status: EntryStatus::Published,
            tags: vec!["returns".to_owned()],
            valid_from: Some(minutes(-5)),
            valid_to: None,
            owner: Some("kb".to_owned()),
            questions: vec!["怎么退货".to_owned(), "可以退吗".to_owned()],
            answer: "七天内可退".to_owned(),
            provenance: Provenance { cluster: Some(ClusterId::derive(&["returns"])), pairs: vec![PairId::derive(&["a"])] },
        },
    }
}

pub(in crate::store) fn edit(by: &str) -> EntryEdit<'_> {
    EntryEdit { by, at: NOW, note: None }
}

pub(in crate::store) fn suggestion_set(answer_keys: &[&str]) -> RecordedSet {
    let suggestions = answer_keys
        .iter()
        .zip(1..)
        .map(|(key, rank)| RecordedSuggestion {
            id: SuggestionId::new(),
            rank,
            pool: Pool::Archive,
            source: PairId::derive(&[*key]).as_uuid(),
            answer_key: (*key).to_owned(),
            wording: None,
            like: Vec::new(),
            text: format!("text of {key}"),
            score: 0.5,
        })
        .collect();
    RecordedSet {
        id: SuggestionSetId::new(),
        conversation: Some("live-1".to_owned()),
        query: "query".to_owned(),
        abstained: None,
        suggestions,
        live_values: Vec::new(),
        actor: "agent-1".to_owned(),
        at: NOW,
    }
}

pub(in crate::store) fn feedback(
    suggestion: SuggestionId,
    kind: FeedbackKind,
    reason: Option<RejectReason>,
    at: Timestamp,
) -> FeedbackEvent {
    FeedbackEvent { id: FeedbackId::new(), suggestion, kind, reason, final_text: None, wording: None, actor: "agent-1".to_owned(), at }
}

pub(in crate::store) fn control(desk: &DeskId, answer_key: &str, rule: ControlRule) -> Control {
    Control {
        id: Control::id_of(desk, answer_key, rule.kind()),
        desk: desk.clone(),
        rule,
        answer_key: answer_key.to_owned(),
        answer: format!("answer of {answer_key}"),
        pool: Pool::Knowledge,
        source_id: EntryId::derive(&[answer_key]).as_uuid(),
        note: Some("as agreed".to_owned()),
        actor: "editor-1".to_owned(),
        created_at: NOW,
        expires_at: None,
    }
}

pub(in crate::store) fn cluster(desk: &DeskId, name: &str, size: u32) -> Cluster {
    Cluster {
        id: ClusterId::derive(&[desk.as_str(), name]),
        desk: desk.clone(),
        version: 1,
        state: ClusterState::Open,
        snoozed_until: None,
        dismissed_why: None,
        name: format!("name of {name}"),
        renamed: false,
        representative: format!("representative of {name}"),
        keywords: vec!["delivery".to_owned(), "days".to_owned()],
        language: Language::En,
        size,
        conversations: size,
        customers: size,
        share: 0.25,
        weeks: vec![WeekCount { week: minutes(-60), questions: 2 }],
        trend: 0.0,
        last_asked_at: Some(minutes(2)),
        answers: vec![ClusterAnswer {
            text: "three days".to_owned(),
            support: 2,
            pair_id: PairId::derive(&[name]),
            first_answered_at: Some(minutes(1)),
            last_answered_at: Some(minutes(3)),
            thanked: 1,
            repeated: 0,
            newest: true,
            contradicts: Vec::new(),
        }],
        coverage: None,
        updated_at: NOW,
    }
}

pub(in crate::store) fn job(kind: JobKind, desk: Option<&DeskId>, created_at: Timestamp) -> Job {
    Job {
        id: JobId::new(),
        kind,
        desk: desk.cloned(),
        state: JobState::Queued,
        progress: JobProgress::default(),
        params: serde_json::json!({ "path": "talks.jsonl" }),
        cursor: None,
        result: None,
        error: None,
        created_at,
        updated_at: created_at,
    }
}
