//! What processes on one database count together: requests, and attempts to sign in. Each count is one statement, so two that come at once are
//! counted one after the other. They take the connections of readers: a request must not wait until an import has written.

use async_trait::async_trait;
use sqlx::PgPool;

use super::PostgresStore;
use crate::domain::Timestamp;
use crate::store::{Result, SharedCounts, TokenTaken};

/// Seconds after which a bucket that nobody has taken from is forgotten; it is full again long before.
const FORGOTTEN_SECONDS: i64 = 24 * 60 * 60;

/// Forgets buckets of principals who have long asked for nothing.
pub(super) async fn forget_old_buckets(connections: &PgPool, now: Timestamp) -> Result<()> {
    sqlx::query("delete from rate_bucket where at < $1")
        .bind(now.plus_seconds(-FORGOTTEN_SECONDS).as_micros())
        .execute(connections)
        .await?;
    Ok(())
}

#[async_trait]
impl SharedCounts for PostgresStore {
    async fn take_token(&self, bucket: &str, per_second: f64, burst: f64, now: Timestamp) -> Result<TokenTaken> {
        // What has come back since; a clock that is behind another process's must not take tokens away, nor give the same ones twice.
        let sql = "insert into rate_bucket as b (name, tokens, taken, at) values ($1, $3 - 1, true, $4) on conflict (name) do update set \
                   taken = least($3, b.tokens + greatest($4 - b.at, 0) * $2 / 1e6) >= 1, \
                   tokens = least($3, b.tokens + greatest($4 - b.at, 0) * $2 / 1e6) \
                   - case when least($3, b.tokens + greatest($4 - b.at, 0) * $2 / 1e6) >= 1 then 1 else 0 end, \
                   at = greatest(b.at, $4) returning taken, tokens";
        let (taken, left): (bool, f64) =
            sqlx::query_as(sql).bind(bucket).bind(per_second).bind(burst).bind(now.as_micros()).fetch_one(&self.readers).await?;
        Ok(TokenTaken { taken, left })
    }

    async fn sign_in_attempts(&self, name: &str, count: u32, since: Timestamp) -> Result<Option<Timestamp>> {
        let oldest: Option<i64> =
            sqlx::query_scalar("select at from sign_in_attempt where name = $1 and at > $2 order by at desc limit 1 offset $3")
                .bind(name)
                .bind(since.as_micros())
                .bind(i64::from(count.saturating_sub(1)))
                .fetch_optional(&self.readers)
                .await?;
        Ok(oldest.map(Timestamp::from_micros))
    }

    async fn count_sign_in_attempt(&self, name: &str, now: Timestamp, since: Timestamp) -> Result<()> {
        sqlx::query("with gone as (delete from sign_in_attempt where at <= $3) insert into sign_in_attempt (name, at) values ($1, $2)")
            .bind(name)
            .bind(now.as_micros())
            .bind(since.as_micros())
            .execute(&self.readers)
            .await?;
        Ok(())
    }

    async fn forget_sign_in_attempts(&self, name: &str) -> Result<()> {
        sqlx::query("delete from sign_in_attempt where name = $1").bind(name).execute(&self.readers).await?;
        Ok(())
    }
}
