//! Token buckets per principal: what one account or key may ask for in a second. In memory, or in the store where several processes share it.

use std::collections::HashMap;
use std::mem::{Discriminant, discriminant};
use std::sync::{Mutex, PoisonError};

use crate::domain::{Principal, PrincipalKind, Timestamp};
use crate::store::{SharedCounts, StoreError};

/// How fast one principal may ask.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct RateLimit {
    /// Requests a second, sustained.
    pub per_second: f64,
    /// Requests at once after a pause.
    pub burst: f64,
}

struct Bucket {
    tokens: f64,
    at: Timestamp,
}

/// Buckets from which on those that are full again are forgotten: administrators make few principals, but a host may name many agents.
const MANY_BUCKETS: usize = 10_000;

/// The buckets of one kind of request, one per principal.
pub(in crate::http) struct RateLimiter {
    limit: RateLimit,
    buckets: Mutex<HashMap<(Discriminant<PrincipalKind>, String), Bucket>>,
}

impl RateLimiter {
    pub(in crate::http) fn new(limit: RateLimit) -> Self {
        Self { limit, buckets: Mutex::new(HashMap::new()) }
    }

    /// Takes one request's worth.
    ///
    /// # Errors
    /// Whole seconds to wait when there is nothing left.
    pub(in crate::http) fn take(&self, principal: &Principal, now: Timestamp) -> Result<(), u64> {
        let mut buckets = self.buckets.lock().unwrap_or_else(PoisonError::into_inner);
        if buckets.len() >= MANY_BUCKETS {
            let refilled = |bucket: &Bucket| bucket.tokens + now.seconds_since(bucket.at) * self.limit.per_second >= self.limit.burst;
            buckets.retain(|_, bucket| !refilled(bucket));
        }
        let bucket =
            buckets.entry((discriminant(&principal.kind), principal.name.clone())).or_insert(Bucket { tokens: self.limit.burst, at: now });
        // A clock set back must not take tokens away.
        let elapsed = now.seconds_since(bucket.at).max(0.0);
        bucket.tokens = (bucket.tokens + elapsed * self.limit.per_second).min(self.limit.burst);
        bucket.at = now;
        if bucket.tokens >= 1.0 {
            bucket.tokens -= 1.0;
            return Ok(());
        }
        Err(self.wait(bucket.tokens))
    }

    /// The same with a bucket that all processes on the store take from.
    ///
    /// # Errors
    /// When the store does not answer; inside: whole seconds to wait when there is nothing left.
    pub(in crate::http) async fn take_shared(
        &self,
        counts: &dyn SharedCounts,
        principal: &Principal,
        now: Timestamp,
    ) -> Result<Result<(), u64>, StoreError> {
        let kind = match principal.kind {
            PrincipalKind::Account => "account",
            PrincipalKind::ApiKey => "key",
            PrincipalKind::Local => "local",
            PrincipalKind::WidgetToken => "widget",
        };
        let bucket = format!("suggestions/{kind}/{}", principal.name);
        let token = counts.take_token(&bucket, self.limit.per_second, self.limit.burst, now).await?;
        Ok(if token.taken { Ok(()) } else { Err(self.wait(token.left)) })
    }

    /// Whole seconds until there is a token again.
    fn wait(&self, left: f64) -> u64 {
        (((1.0 - left) / self.limit.per_second).ceil() as u64).max(1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{AccessRole, DeskScope};

    fn principal(name: &str) -> Principal {
        Principal {
            kind: PrincipalKind::ApiKey,
            name: name.to_owned(),
            role: AccessRole::Agent,
            desks: DeskScope::All,
            key: None,
            conversation: None,
            expires_at: None,
        }
    }

    #[test]
    fn a_burst_then_the_steady_rate_each_for_itself() {
        let limiter = RateLimiter::new(RateLimit { per_second: 2.0, burst: 3.0 });
        let start = Timestamp::from_micros(0);
        for _ in 0..3 {
            assert_eq!(limiter.take(&principal("a"), start), Ok(()));
        }
        assert_eq!(limiter.take(&principal("a"), start), Err(1));
        assert_eq!(limiter.take(&principal("b"), start), Ok(()));
        let later = start.plus_seconds(1);
        assert_eq!(limiter.take(&principal("a"), later), Ok(()));
        assert_eq!(limiter.take(&principal("a"), later), Ok(()));
        assert_eq!(limiter.take(&principal("a"), later), Err(1));
        assert_eq!(limiter.take(&principal("a"), start), Err(1));
    }
}
