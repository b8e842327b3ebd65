//! Slows down whoever guesses passwords: ten failures for one name within five minutes, and the name is refused for a while.
//!
//! Counted per name, known or not, so that the answer says nothing about which names exist: in memory, or in the store where several processes
//! share it. Bounded: an attacker who tries a million names can't make it grow, and in the store nothing is older than five minutes.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::domain::Timestamp;
use crate::store::{SharedStore, StoreError};

const MAX_FAILURES: usize = 10;
const WINDOW_SECONDS: i64 = 5 * 60;
const MAX_NAMES: usize = 10_000;
/// Names are cut here before they are kept; no account has a longer one.
const MAX_NAME_CHARS: usize = 64;

/// Recent failures per name, wherever they are counted.
#[derive(Default)]
pub(super) struct Guesses {
    here: GuessLimiter,
    shared: Option<Arc<dyn SharedStore>>,
}

impl Guesses {
    /// Counts with the other processes on a store, where it has others.
    pub(super) fn shared_by(store: Arc<dyn SharedStore>) -> Self {
        Self { here: GuessLimiter::default(), shared: Some(store) }
    }

    /// Seconds for which attempts on `name` are refused; `None` when one may be made.
    pub(super) async fn refused_for(&self, name: &str, now: Timestamp) -> Result<Option<u64>, StoreError> {
        let Some(counts) = self.shared.as_deref().and_then(SharedStore::counts_with_others) else {
            return Ok(self.here.refused_for(name, now));
        };
        let oldest = counts.sign_in_attempts(&key(name), MAX_FAILURES as u32, window(now)).await?;
        Ok(oldest.map(|oldest| wait(oldest, now)))
    }

    /// Counts an attempt as failed until [`Self::forgive`] takes it back.
    pub(super) async fn count_attempt(&self, name: &str, now: Timestamp) -> Result<(), StoreError> {
        match self.shared.as_deref().and_then(SharedStore::counts_with_others) {
            Some(counts) => counts.count_sign_in_attempt(&key(name), now, window(now)).await?,
            None => self.here.count_attempt(name, now),
        }
        Ok(())
    }

    /// Forgets a name's failures after a success.
    pub(super) async fn forgive(&self, name: &str) -> Result<(), StoreError> {
        match self.shared.as_deref().and_then(SharedStore::counts_with_others) {
            Some(counts) => counts.forget_sign_in_attempts(&key(name)).await?,
            None => self.here.forgive(name),
        }
        Ok(())
    }
}

/// Failures up to here count no more.
const fn window(now: Timestamp) -> Timestamp {
    now.plus_seconds(-WINDOW_SECONDS)
}

/// Seconds until a failure counts no more.
fn wait(oldest: Timestamp, now: Timestamp) -> u64 {
    (oldest.plus_seconds(WINDOW_SECONDS).seconds_since(now).ceil() as u64).max(1)
}

/// Recent failures per name, in memory.
#[derive(Default)]
struct GuessLimiter {
    failures: Mutex<HashMap<String, VecDeque<Timestamp>>>,
}

impl GuessLimiter {
    /// Seconds for which attempts on `name` are refused; `None` when one may be made.
    fn refused_for(&self, name: &str, now: Timestamp) -> Option<u64> {
        let mut failures = self.lock();
        let recent = failures.get_mut(&key(name))?;
        forget_old(recent, now);
        if recent.len() < MAX_FAILURES {
            return None;
        }
        recent.front().map(|oldest| wait(*oldest, now))
    }

    /// Counts an attempt as failed until [`Self::forgive`] takes it back.
    fn count_attempt(&self, name: &str, now: Timestamp) {
        let mut failures = self.lock();
        if failures.len() >= MAX_NAMES {
            failures.retain(|_, recent| {
                forget_old(recent, now);
                !recent.is_empty()
            });
        }
        if failures.len() >= MAX_NAMES {
            // Full of live names: the one tried least recently makes room.
            let stalest = failures.iter().min_by_key(|(_, recent)| recent.back().copied()).map(|(name, _)| name.clone());
            if let Some(stalest) = stalest {
                failures.remove(&stalest);
            }
        }
        failures.entry(key(name)).or_default().push_back(now);
    }

    /// Forgets a name's failures after a success.
    fn forgive(&self, name: &str) {
        self.lock().remove(&key(name));
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<String, VecDeque<Timestamp>>> {
        // A panic while holding the lock leaves at worst one count too few.
        self.failures.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn key(name: &str) -> String {
    name.chars().take(MAX_NAME_CHARS).collect()
}

fn forget_old(recent: &mut VecDeque<Timestamp>, now: Timestamp) {
    while recent.front().is_some_and(|at| now.seconds_since(*at) >= WINDOW_SECONDS as f64) {
        recent.pop_front();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_micros(0).plus_seconds(seconds)
    }

    #[test]
    fn the_eleventh_guess_waits_until_the_first_is_five_minutes_old() {
        let limiter = GuessLimiter::default();
        for second in 0..10 {
            assert_eq!(limiter.refused_for("li", at(second)), None);
            limiter.count_attempt("li", at(second));
        }
        assert_eq!(limiter.refused_for("li", at(10)), Some(290));
        assert_eq!(limiter.refused_for("wang", at(10)), None);
        assert_eq!(limiter.refused_for("li", at(300)), None);
    }

    #[test]
    fn success_forgives() {
        let limiter = GuessLimiter::default();
        for _ in 0..10 {
            limiter.count_attempt("li", at(0));
        }
        limiter.forgive("li");
        assert_eq!(limiter.refused_for("li", at(1)), None);
    }

    #[test]
    fn many_names_do_not_grow_it() {
        let limiter = GuessLimiter::default();
        for number in 0..=MAX_NAMES {
            limiter.count_attempt(&format!("name{number}"), at(number as i64 / 1000));
        }
        assert_eq!(limiter.lock().len(), MAX_NAMES);
    }
}
