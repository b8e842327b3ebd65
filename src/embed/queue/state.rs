//! What callers and the model's thread share: two lanes of waiting texts, the cache and the counters, behind one lock.
//!
//! The lock is held for look-ups and moves only, never while a text is tokenised or computed.

use std::collections::{HashMap, VecDeque};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use sha2::{Digest, Sha256};
use tokio::sync::{OwnedSemaphorePermit, oneshot};

use super::cache::Cache;
use super::{QueueSettings, QueueStats};
use crate::embed::{EmbedError, Embedding, Lane, TextKind};

/// Stands for a text and its kind: half a SHA-256, so that two texts never share one.
pub(super) type Key = [u8; 16];

/// The key of a text.
pub(super) fn key(kind: TextKind, text: &str) -> Key {
    let kind = match kind {
        TextKind::Query => 0_u8,
        TextKind::Passage => 1,
    };
    let digest = Sha256::new().chain_update([kind]).chain_update(text).finalize();
    std::array::from_fn(|index| digest[index])
}

/// Someone who waits for a text's vector.
pub(super) struct Waiter {
    pub(super) sender: oneshot::Sender<Result<Embedding, EmbedError>>,
    /// The place in the queue; free again as soon as the text is in a batch.
    #[expect(dead_code, reason = "held for its drop")]
    pub(super) permit: OwnedSemaphorePermit,
}

/// A text to compute. Who waits for it is in [`LaneState::waiters`].
pub(super) struct Job {
    pub(super) key: Key,
    pub(super) kind: TextKind,
    pub(super) text: String,
    /// When it began to wait.
    pub(super) since: Instant,
    /// Filled when the text was tokenised for a batch that it then did not fit into.
    pub(super) tokens: Option<(Vec<u32>, bool)>,
}

#[derive(Default)]
struct LaneState {
    jobs: VecDeque<Job>,
    /// By text. A job whose key is not here any more has been answered already, or nobody wants it.
    waiters: HashMap<Key, Vec<Waiter>>,
}

struct State {
    interactive: LaneState,
    bulk: LaneState,
    cache: Cache,
    stats: QueueStats,
    closed: bool,
}

impl State {
    fn lane(&mut self, lane: Lane) -> &mut LaneState {
        match lane {
            Lane::Interactive => &mut self.interactive,
            Lane::Bulk => &mut self.bulk,
        }
    }
}

impl LaneState {
    /// The next jobs that somebody still waits for.
    fn pop(&mut self, limit: usize) -> Vec<Job> {
        let mut wanted = Vec::new();
        while wanted.len() < limit
            && let Some(job) = self.jobs.pop_front()
        {
            let Some(waiters) = self.waiters.get_mut(&job.key) else { continue };
            waiters.retain(|waiter| !waiter.sender.is_closed());
            if waiters.is_empty() {
                self.waiters.remove(&job.key);
            } else {
                wanted.push(job);
            }
        }
        wanted
    }
}

/// The shared state.
pub(super) struct Shared {
    state: Mutex<State>,
    changed: Condvar,
}

impl Shared {
    pub(super) fn new(settings: &QueueSettings) -> Self {
        let state = State {
            interactive: LaneState::default(),
            bulk: LaneState::default(),
            cache: Cache::new(settings.cache_vectors),
            stats: QueueStats::default(),
            closed: false,
        };
        Self { state: Mutex::new(state), changed: Condvar::new() }
    }

    /// Nothing panics while it holds the lock; were it to happen, the state would still be whole.
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn stats(&self) -> QueueStats {
        self.lock().stats
    }

    /// Texts that wait, interactive and bulk.
    pub(super) fn waiting(&self) -> (usize, usize) {
        let state = self.lock();
        (state.interactive.jobs.len(), state.bulk.jobs.len())
    }

    /// What the cache knows of `keys`, in their order.
    pub(super) fn cached<'a>(&self, keys: impl Iterator<Item = &'a Key>) -> Vec<Option<Embedding>> {
        let mut state = self.lock();
        let cached: Vec<_> = keys.map(|key| state.cache.get(key)).collect();
        let hits = cached.iter().flatten().count() as u64;
        state.stats.texts += hits;
        state.stats.cache_hits += hits;
        cached
    }

    /// Lets texts wait in a lane.
    pub(super) fn push(&self, lane: Lane, kind: TextKind, texts: Vec<(Key, String, Waiter)>) -> Result<(), EmbedError> {
        let since = Instant::now();
        let mut state = self.lock();
        if state.closed {
            return Err(EmbedError::Stopped);
        }
        let lane = state.lane(lane);
        for (key, text, waiter) in texts {
            let waiters = lane.waiters.entry(key).or_default();
            if waiters.is_empty() {
                lane.jobs.push_back(Job { key, kind, text, since, tokens: None });
            }
            waiters.push(waiter);
        }
        drop(state);
        self.changed.notify_one();
        Ok(())
    }

    /// Refuses new texts from now on.
    pub(super) fn close(&self) {
        self.lock().closed = true;
        self.changed.notify_all();
    }

    /// Refuses new texts and forgets those that wait; their callers learn that the queue has stopped.
    pub(super) fn abandon(&self) {
        let mut state = self.lock();
        state.closed = true;
        let abandoned = (std::mem::take(&mut state.interactive), std::mem::take(&mut state.bulk));
        drop(state);
        drop(abandoned);
    }

    /// Waits for texts and takes up to `limit` of the first lane that has any; `None` when closed and empty.
    pub(super) fn take(&self, limit: usize) -> Option<(Lane, Vec<Job>)> {
        let mut state = self.lock();
        loop {
            for lane in [Lane::Interactive, Lane::Bulk] {
                let jobs = state.lane(lane).pop(limit);
                if !jobs.is_empty() {
                    return Some((lane, jobs));
                }
            }
            if state.closed {
                return None;
            }
            state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// Puts jobs that did not fit back to the head of their lane.
    pub(super) fn put_back(&self, lane: Lane, jobs: Vec<Job>) {
        let mut state = self.lock();
        let lane = state.lane(lane);
        for job in jobs.into_iter().rev() {
            lane.jobs.push_front(job);
        }
    }

    /// Ends the waiting of everybody who wants `key`, in both lanes. The second value is the cache's, which may have learnt the text
    /// since it was asked for.
    pub(super) fn claim(&self, key: &Key) -> (Vec<Waiter>, Option<Embedding>) {
        let mut state = self.lock();
        let mut waiters = state.interactive.waiters.remove(key).unwrap_or_default();
        waiters.extend(state.bulk.waiters.remove(key).unwrap_or_default());
        waiters.retain(|waiter| !waiter.sender.is_closed());
        let cached = if waiters.is_empty() { None } else { state.cache.get(key) };
        if cached.is_some() {
            state.stats.texts += waiters.len() as u64;
            state.stats.cache_hits += waiters.len() as u64;
        }
        (waiters, cached)
    }

    /// Counts a batch and keeps its vectors.
    pub(super) fn learn(&self, computed: Vec<(Key, Embedding)>, done: QueueStats) {
        let mut state = self.lock();
        state.stats.texts += done.texts;
        state.stats.rows += done.rows;
        state.stats.tokens += done.tokens;
        state.stats.batches += done.batches;
        state.stats.busy += done.busy;
        for (key, embedding) in computed {
            state.cache.insert(key, embedding);
        }
    }
}
