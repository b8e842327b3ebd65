//! Two replicas in one test: each with its store, its runner, its writer of the index and its live conversations, on one schema of PostgreSQL
//! and one index. Time is the tests'; a replica that hangs is one that is not polled.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use async_trait::async_trait;
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::notices::Concerned;
use crate::adapt::{Parts, by_tags};
use crate::auth::test_support::ManualClock;
use crate::auth::{AuthError, Authenticator};
use crate::curation::Curator;
use crate::domain::{
    AccessRole, Clock, ConversationId, ConversationState, DeskId, DeskScope, EntryContent, EntryDraft, EntryStatus, ImportFormat,
    ImportReport, Job, JobId, JobState, Language, PairKind, Provenance, Role,
};
use crate::embed::fake::FakeEmbedder;
use crate::embed::{EmbedError, Embedder, Embedding, Lane, ModelInfo, TextKind};
use crate::index::exact::ExactIndex;
use crate::index::{IndexFilter, VectorIndex};
use crate::insight::Insight;
use crate::jobs::adapt::Adaptation;
use crate::jobs::answered::Answered;
use crate::jobs::indexing::{Indexer, IndexerState};
use crate::jobs::mining::Miner;
use crate::jobs::runner::Runner;
use crate::jobs::{ImportParams, Jobs, Tools};
use crate::live::{ConversationEvent, Live, NewConversation, NewMessage, WatchFrom, Watcher};
use crate::mining::relevance::Relevance;
use crate::retrieve::Adapters;
use crate::store::postgres::test_schema::Schema;
use crate::store::{AccountStore, EntryEdit, SharedStore, Sharing, Store};
use crate::suggest::{DeskProfiles, Ranker, Suggester};

const DIMENSION: usize = 64;
/// Longer than any lease.
const LEASE_RUNS_OUT: i64 = 120;
/// Two batches of the reader and a half.
const TALKS: usize = 500;

/// An encoder that stops at its `stops_at`-th call, says so, and goes on when it may.
struct Gate {
    encoder: FakeEmbedder,
    calls: AtomicUsize,
    stops_at: usize,
    reached: Notify,
    opened: Notify,
}

impl Gate {
    fn new(stops_at: usize) -> Arc<Self> {
        let encoder = FakeEmbedder::new(DIMENSION);
        Arc::new(Self { encoder, calls: AtomicUsize::new(0), stops_at, reached: Notify::new(), opened: Notify::new() })
    }
}

#[async_trait]
impl Embedder for Gate {
    fn info(&self) -> &ModelInfo {
        self.encoder.info()
    }

    async fn embed(&self, texts: Vec<String>, kind: TextKind, lane: Lane) -> Result<Vec<Embedding>, EmbedError> {
        if self.calls.fetch_add(1, Ordering::SeqCst) + 1 == self.stops_at {
            self.reached.notify_one();
            self.opened.notified().await;
        }
        self.encoder.embed(texts, kind, lane).await
    }
}

/// One process, with everything but its HTTP interface.
struct Replica {
    store: Arc<dyn Store>,
    jobs: Jobs,
    runner: Runner,
    indexer: Arc<Indexer>,
    adaptation: Arc<Adaptation>,
    live: Live,
    stop: CancellationToken,
    tasks: TaskTracker,
}

impl Replica {
    async fn open(schema: &Schema, index: &Arc<ExactIndex>, clock: &Arc<ManualClock>, files: &Path, embedder: Arc<dyn Embedder>) -> Self {
        let store: Arc<dyn Store> = Arc::new(schema.open_as(Sharing::Replicas).await.unwrap());
        let clock: Arc<dyn Clock> = Arc::clone(clock) as Arc<dyn Clock>;
        let index: Arc<dyn VectorIndex> = Arc::clone(index) as _;
        let ranker = Arc::new(Ranker::shipped());
        let profiles = Arc::new(DeskProfiles::new(Arc::clone(&index), Arc::clone(&embedder)));
        let indexer = Arc::new(Indexer::new(
            Arc::clone(&store),
            Arc::clone(&index),
            Arc::clone(&embedder),
            Arc::clone(&profiles),
            Arc::clone(&clock),
        ));
        let adapters = Arc::new(Adapters::default());
        let parts = Parts {
            store: Arc::clone(&store),
            index: Arc::clone(&index),
            ranker: Arc::clone(&ranker),
            encoder: embedder.info().fingerprint.clone(),
            dimension: DIMENSION,
            judge: Arc::new(by_tags),
        };
        let adaptation = Arc::new(Adaptation::new(parts, Arc::clone(&adapters), files.join("adapters")));
        let miner = Miner::new(Arc::clone(&store), Arc::clone(&embedder), Arc::new(Relevance::shipped()));
        let tools = Tools {
            index: Arc::clone(&index),
            indexer: Arc::clone(&indexer),
            adaptation: Arc::clone(&adaptation),
            miner: miner.clone(),
            curator: Curator::new(Arc::clone(&store), Arc::clone(&index), Arc::clone(&clock)),
            insight: Insight::new(Arc::clone(&store), Arc::clone(&index), Arc::clone(&embedder), Arc::clone(&clock)),
        };
        let (jobs, runner) = Jobs::new(Arc::clone(&store), tools, Arc::clone(&clock), files.to_owned());
        let suggester =
            Suggester::new(Arc::clone(&store), Arc::clone(&index), Arc::clone(&embedder), ranker, adapters, profiles, Arc::clone(&clock));
        let answered = Arc::new(Answered::new(miner, Arc::clone(&indexer), Arc::clone(&clock)));
        let (stop, tasks) = (CancellationToken::new(), TaskTracker::new());
        let live = Live::new(Arc::clone(&store), suggester, answered, clock, tasks.clone(), stop.clone());
        Self { store, jobs, runner, indexer, adaptation, live, stop, tasks }
    }

    /// Has the index written and notices passed on; jobs are the test's matter.
    fn start(&self) {
        let (indexer, stop) = (Arc::clone(&self.indexer), self.stop.clone());
        self.tasks.spawn(async move { indexer.run(stop).await });
        let concerned = Concerned {
            jobs: self.jobs.clone(),
            indexer: Arc::clone(&self.indexer),
            adaptation: Arc::clone(&self.adaptation),
            live: self.live.clone(),
        };
        self.tasks.spawn(concerned.run(self.store.notices().unwrap(), self.stop.clone()));
    }

    async fn close(self) {
        self.stop.cancel();
        self.tasks.close();
        self.tasks.wait().await;
        self.store.close().await;
    }
}

/// Waits until a job has ended, by what this replica hears of it.
async fn ended(jobs: &Jobs, id: JobId) -> Job {
    let mut changes = jobs.subscribe();
    loop {
        let job = jobs.job(id).await.unwrap();
        if job.state.is_final() {
            return job;
        }
        // A foreign change only means that the job is read once more.
        changes.recv().await.unwrap();
    }
}

/// A clock that stands in September 2026.
fn clock() -> Arc<ManualClock> {
    let clock = ManualClock::default();
    clock.advance_seconds(1_788_300_000);
    Arc::new(clock)
}

fn desk() -> DeskId {
    "shop".parse().unwrap()
}

/// A file of talks of which every hundredth is no JSON.
fn archive(folder: &Path) -> ImportParams {
    let mut lines = String::new();
    for number in 0..TALKS {
        let line = serde_json::json!({"id": format!("t-{number}"), "messages": [
            {"role": "customer", "text": format!("how many days does parcel number {number} take to arrive"), "at": "2026-08-03T09:12:33+08:00"},
            {"role": "agent", "text": format!("parcel number {number} takes three days to arrive"), "at": "2026-08-03T09:13:33+08:00"},
        ]});
        lines.push_str(&format!("{line}\n"));
        if number % 100 == 99 {
            lines.push_str("no json\n");
        }
    }
    let path = folder.join("talks.jsonl");
    fs_err::write(&path, lines).unwrap();
    ImportParams { path, owned: false, file_name: "talks.jsonl".to_owned(), format: ImportFormat::Jsonl, mapping: None, dry_run: false }
}

/// What an import that nothing interrupted leaves behind.
async fn assert_complete(replica: &Replica, job: &Job, index: &ExactIndex) {
    assert_eq!((job.state, &job.error), (JobState::Succeeded, &None));
    let counts = replica.store.counts(&desk()).await.unwrap();
    assert_eq!((counts.conversations, counts.messages, counts.index_pending), (TALKS as u64, 2 * TALKS as u64, 0));
    // Each talk is one question; whether its reply answers is not this test's matter.
    assert_eq!(counts.pairs, TALKS as u64);
    let rejected = replica.store.rejected_rows(job.id, 0, 100).await.unwrap();
    assert_eq!(rejected.iter().map(|row| row.line).collect::<Vec<_>>(), [101, 202, 303, 404, 505]);
    let report: ImportReport = serde_json::from_value(job.result.clone().unwrap()).unwrap();
    assert_eq!((report.conversations_read, report.rejected), (TALKS as u64, 5));
    let answered = replica.store.pairs_page(&desk(), None, None, 2 * TALKS as u32).await.unwrap();
    let answered = answered.iter().filter(|pair| pair.content.kind != PairKind::Unanswered).count();
    assert_eq!(index.count(&IndexFilter::desk(desk())).await.unwrap(), answered);
}

#[tokio::test]
async fn an_import_whose_replica_is_killed_is_finished_by_another_with_exact_counts() {
    let Some(schema) = Schema::new() else { return };
    let (folder, index, clock) = (tempfile::tempdir().unwrap(), Arc::new(ExactIndex::new(DIMENSION)), clock());
    // Stops while it mines the second batch: the checkpoint of that batch is written, its pairs are not.
    let gate = Gate::new(3);
    let first = Replica::open(&schema, &index, &clock, folder.path(), Arc::clone(&gate) as _).await;
    let second = Replica::open(&schema, &index, &clock, folder.path(), Arc::new(FakeEmbedder::new(DIMENSION))).await;
    second.start();
    let job = first.jobs.start_import(&desk(), archive(folder.path())).await.unwrap();
    tokio::select! {
        () = first.runner.run(CancellationToken::new()) => unreachable!("nobody stops it"),
        () = gate.reached.notified() => {}
    }
    // Dropped in the middle: no heartbeat any more, and nothing put back.
    let seen = second.store.counts(&desk()).await.unwrap();
    assert!(seen.conversations > 0 && seen.conversations < TALKS as u64, "{seen:?}");
    let working = second.runner.run(second.stop.clone());
    let watching = async {
        clock.advance_seconds(LEASE_RUNS_OUT);
        second.jobs.catch_up();
        let job = ended(&second.jobs, job.id).await;
        second.stop.cancel();
        job
    };
    let ((), job) = tokio::join!(working, watching);
    assert_complete(&second, &job, &index).await;
    first.close().await;
    second.close().await;
}

#[tokio::test]
async fn a_replica_that_hangs_is_replaced_and_left_behind() {
    let Some(schema) = Schema::new() else { return };
    let (folder, index, clock) = (tempfile::tempdir().unwrap(), Arc::new(ExactIndex::new(DIMENSION)), clock());
    let gate = Gate::new(3);
    let first = Replica::open(&schema, &index, &clock, folder.path(), Arc::clone(&gate) as _).await;
    let second = Replica::open(&schema, &index, &clock, folder.path(), Arc::new(FakeEmbedder::new(DIMENSION))).await;
    second.start();
    let job = first.jobs.start_import(&desk(), archive(folder.path())).await.unwrap();
    let stop_first = CancellationToken::new();
    let mut hanging = Box::pin(first.runner.run(stop_first.clone()));
    tokio::select! {
        () = &mut hanging => unreachable!("nobody stops it"),
        () = gate.reached.notified() => {}
    }
    // Not polled from here on, as a process that is stopped or swapped out.
    clock.advance_seconds(LEASE_RUNS_OUT);
    let stop_second = CancellationToken::new();
    let finishing = async {
        let job = ended(&second.jobs, job.id).await;
        stop_second.cancel();
        job
    };
    let ((), finished) = tokio::join!(second.runner.run(stop_second.clone()), finishing);
    assert_complete(&second, &finished, &index).await;

    // It wakes up, mines what it has read before, finds the job gone, and works on the next one.
    gate.opened.notify_one();
    let next = second.jobs.start_find_gaps(&desk()).await.unwrap();
    first.jobs.catch_up();
    let going_on = async {
        let next = ended(&second.jobs, next.id).await;
        stop_first.cancel();
        next
    };
    let ((), next) = tokio::join!(hanging, going_on);
    assert_eq!((next.state, next.error), (JobState::Succeeded, None));
    assert_eq!(second.jobs.job(job.id).await.unwrap(), finished, "it has written nothing about the job");
    assert_complete(&second, &finished, &index).await;
    first.close().await;
    second.close().await;
}

#[tokio::test]
async fn replicas_share_the_work_of_the_index_and_its_end_is_known_to_all() {
    let Some(schema) = Schema::new() else { return };
    let (folder, index, clock) = (tempfile::tempdir().unwrap(), Arc::new(ExactIndex::new(DIMENSION)), clock());
    let (slow, fast) = (Gate::new(1), Gate::new(usize::MAX));
    let first = Replica::open(&schema, &index, &clock, folder.path(), Arc::clone(&slow) as _).await;
    let second = Replica::open(&schema, &index, &clock, folder.path(), Arc::clone(&fast) as _).await;
    first.start();
    second.start();
    let sample = |number: usize| EntryDraft {
        desk: desk(),
        external_id: format!("e-{number}"),
        content: EntryContent {
            language: Language::En,
            status: EntryStatus::Published,
            tags: Vec::new(),
            valid_from: None,
            valid_to: None,
            owner: None,
            questions: vec![format!("question {number}")],
            answer: format!("answer {number}"),
            provenance: Provenance::default(),
        },
    };
    first.store.ensure_desk(&desk(), clock.now()).await.unwrap();
    let entries: Vec<_> = (0..300).map(sample).collect();
    let edit = EntryEdit { by: "kb", at: clock.now(), note: None };
    let ids = first.store.put_entries(&desk(), &entries, edit).await.unwrap();
    // The first one claims a part and hangs in it; the second one does the rest, and nothing of what the first one has.
    first.indexer.wake();
    let mut state = second.indexer.watch();
    while state.borrow_and_update().done == 0 {
        state.changed().await.unwrap();
    }
    slow.opened.notify_one();
    // Waiting at one replica ends with what the other one has written.
    let all = std::time::Duration::from_mins(1);
    assert!(second.indexer.settle(&ids, all).await.unwrap());
    assert!(first.indexer.settle(&ids, all).await.unwrap());
    let mut states = [first.indexer.watch(), second.indexer.watch()];
    let done = |states: &mut [tokio::sync::watch::Receiver<IndexerState>; 2]| -> u64 {
        states.iter_mut().map(|state| state.borrow_and_update().done).sum()
    };
    while done(&mut states) < 300 {
        let [one, other] = &mut states;
        tokio::select! {
            changed = one.changed() => changed.unwrap(),
            changed = other.changed() => changed.unwrap(),
        }
    }
    assert_eq!(done(&mut states), 300, "nothing was written twice");
    assert_eq!(index.count(&IndexFilter::desk(desk())).await.unwrap(), 300);
    first.close().await;
    second.close().await;
}

/// The next event that is not about suggestions, which each replica computes for its own watchers.
async fn next(watcher: &mut Watcher) -> ConversationEvent {
    loop {
        let event = (*watcher.next().await.unwrap().event).clone();
        if !matches!(event, ConversationEvent::Suggestions(_) | ConversationEvent::Withdrawn(_) | ConversationEvent::Failed(_)) {
            return event;
        }
    }
}

async fn say(live: &Live, id: ConversationId, role: Role, text: &str) -> u32 {
    let message = NewMessage { external_id: None, role, text: text.to_owned(), author: None };
    live.add_message(&desk(), id, message).await.unwrap().0.position
}

fn told(event: &ConversationEvent) -> (u32, String) {
    match event {
        ConversationEvent::Message(message) => (message.position, message.text.clone()),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn events_of_a_conversation_reach_subscribers_of_every_replica_once_and_in_order() {
    let Some(schema) = Schema::new() else { return };
    let (folder, index, clock) = (tempfile::tempdir().unwrap(), Arc::new(ExactIndex::new(DIMENSION)), clock());
    let first = Replica::open(&schema, &index, &clock, folder.path(), Arc::new(FakeEmbedder::new(DIMENSION))).await;
    let second = Replica::open(&schema, &index, &clock, folder.path(), Arc::new(FakeEmbedder::new(DIMENSION))).await;
    first.start();
    second.start();
    first.store.ensure_desk(&desk(), clock.now()).await.unwrap();
    let (head, _) = first.live.start(&desk(), NewConversation::default()).await.unwrap();
    let mut here = first.live.watch(&desk(), head.id, WatchFrom::Now, "li").await.unwrap();
    let mut there = second.live.watch(&desk(), head.id, WatchFrom::Now, "mei").await.unwrap();
    for watcher in [&mut here, &mut there] {
        assert!(matches!(next(watcher).await, ConversationEvent::State(state) if state.state == ConversationState::Live));
    }
    // One after the other through both, and the last ones at once.
    say(&first.live, head.id, Role::Customer, "hello").await;
    say(&second.live, head.id, Role::Agent, "good morning").await;
    let at_once = (0..6).map(|number| {
        let live = if number % 2 == 0 { first.live.clone() } else { second.live.clone() };
        async move { say(&live, head.id, Role::Customer, &format!("question {number}")).await }
    });
    futures::future::join_all(at_once).await;
    let (_, shown) = first.live.shown(&desk(), head.id).await.unwrap();
    let expected: Vec<(u32, String)> = shown.into_iter().map(|message| (message.position, message.text)).collect();
    assert_eq!(expected.len(), 8);
    for watcher in [&mut here, &mut there] {
        for message in &expected {
            assert_eq!(&told(&next(watcher).await), message);
        }
    }
    first.live.set_typing(&desk(), head.id, Role::Agent, None, true).await.unwrap();
    for watcher in [&mut here, &mut there] {
        assert!(matches!(next(watcher).await, ConversationEvent::Typing(typing) if typing.role == Role::Agent && typing.typing));
    }
    // Not before: a notice of an earlier message may find the conversation closed already, and be passed on before that of the typing.
    first.live.close(&desk(), head.id).await.unwrap();
    for watcher in [&mut here, &mut there] {
        assert!(matches!(next(watcher).await, ConversationEvent::State(state) if state.state == ConversationState::Closed));
    }
    drop((here, there));
    first.close().await;
    second.close().await;
}

#[tokio::test]
async fn what_was_said_while_a_replica_could_not_hear_is_read_again() {
    let Some(schema) = Schema::new() else { return };
    let (folder, index, clock) = (tempfile::tempdir().unwrap(), Arc::new(ExactIndex::new(DIMENSION)), clock());
    let first = Replica::open(&schema, &index, &clock, folder.path(), Arc::new(FakeEmbedder::new(DIMENSION))).await;
    // Not started: it hears nothing.
    let second = Replica::open(&schema, &index, &clock, folder.path(), Arc::new(FakeEmbedder::new(DIMENSION))).await;
    first.store.ensure_desk(&desk(), clock.now()).await.unwrap();
    let (head, _) = first.live.start(&desk(), NewConversation::default()).await.unwrap();
    let mut there = second.live.watch(&desk(), head.id, WatchFrom::Now, "mei").await.unwrap();
    assert!(matches!(next(&mut there).await, ConversationEvent::State(_)));
    say(&first.live, head.id, Role::Customer, "hello").await;
    say(&first.live, head.id, Role::Customer, "anybody there?").await;
    second.live.catch_up().await.unwrap();
    second.live.catch_up().await.unwrap();
    // Said at the replica itself, it comes behind, and nothing comes twice.
    say(&second.live, head.id, Role::Agent, "good morning").await;
    for expected in [(0, "hello"), (1, "anybody there?"), (2, "good morning")] {
        let (position, text) = told(&next(&mut there).await);
        assert_eq!((position, text.as_str()), expected);
    }
    drop(there);
    first.close().await;
    second.close().await;
}

#[tokio::test]
async fn wrong_passwords_are_counted_wherever_they_are_tried() {
    let Some(schema) = Schema::new() else { return };
    let clock = clock();
    let mut doors = Vec::new();
    let mut stores = Vec::new();
    for _ in 0..2 {
        let store: Arc<dyn Store> = Arc::new(schema.open_as(Sharing::Replicas).await.unwrap());
        let (_, digest) = crate::auth::local_token().unwrap();
        let door = Authenticator::new(Arc::clone(&store) as Arc<dyn AccountStore>, Arc::clone(&clock) as Arc<dyn Clock>, digest);
        doors.push(door.counting_with(Arc::clone(&store) as Arc<dyn SharedStore>));
        stores.push(store);
    }
    let password = "correct horse battery".to_owned();
    doors[0].add_account("li", Some(password.clone()), AccessRole::Agent, DeskScope::All).await.unwrap();
    // A session of one holds at the other.
    let session = doors[0].sign_in("li", &password).await.unwrap();
    assert_eq!(doors[1].authenticate_session(&session.token).await.unwrap().name, "li");
    for attempt in 0..10 {
        let refused = doors[attempt % 2].sign_in("li", "wrong").await.unwrap_err();
        assert!(matches!(refused, AuthError::BadCredentials), "{refused:?}");
    }
    for door in &doors {
        let refused = door.sign_in("li", &password).await.unwrap_err();
        assert!(matches!(refused, AuthError::TooManyAttempts { .. }), "{refused:?}");
    }
    clock.advance_seconds(5 * 60);
    doors[1].sign_in("li", &password).await.unwrap();
    for store in stores {
        store.close().await;
    }
}
