//! The only place that spawns: work that would block an async worker goes to the blocking lane here, bounded by the cores.

use std::sync::LazyLock;

use tokio::sync::Semaphore;

/// Why a piece of blocking work gave no result.
#[derive(Debug, thiserror::Error)]
#[error("background work failed: {0}")]
pub struct WorkError(String);

static CPU: LazyLock<Semaphore> = LazyLock::new(|| Semaphore::new(std::thread::available_parallelism().map_or(2, std::num::NonZero::get)));

/// Runs CPU-heavy work (masking, mining, clustering, hashing passwords) off the async workers, at most one per core at a time. A panic
/// becomes an error.
///
/// # Cancel safety
/// Dropped while waiting: the work does not start. Dropped later: it runs to its end and its result is lost.
pub async fn cpu<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T, WorkError> {
    let _permit = CPU.acquire().await.map_err(|closed| WorkError(closed.to_string()))?;
    tokio::task::spawn_blocking(work).await.map_err(|failed| WorkError(failed.to_string()))
}
