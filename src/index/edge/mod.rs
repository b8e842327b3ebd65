//! The index inside the process, kept by `qdrant-edge` in a folder of its own.
//!
//! Owns the folder (one open index per folder, in this or any process), the threads its calls run on and the rules below. Must not be
//! asked for texts, nor decide what is relevant.
//!
//! What the engine (0.7.2) does and does not do, read from its source and held by the tests here:
//!
//! - **A crash loses what was not flushed.** Writes go to a write-ahead log, but loading a folder never replays it. So a task that feeds
//!   the index may be acknowledged only after [`VectorIndex::flush`] has returned; what was flushed survives `kill -9`, the rest is
//!   written again from the store. Upserts and deletes may be repeated freely.
//! - **The log is never shortened.** Only its numbering is used. Opening the folder removes all closed log files but the newest, and
//!   `optimize` reopens the shard when it has run up more than [`CLOSED_LOG_FILES`].
//! - **`flush` panics** when a write or the end of an optimisation holds a lock at that moment. Writes, `flush` and closing therefore
//!   exclude each other, and so do `optimize`, `flush` and closing. A flush that comes during `optimize` waits for its end; searches
//!   and writes go on. A call given up by its caller still keeps its locks until the engine is done.
//! - **Graphs are built by `optimize` only.** Before it, and for what was written since, searches compare everything and are exact.
//! - **Term statistics forget late.** Inverse document frequencies are counted over all segments and desks, and deleted or replaced points
//!   count until their segment is rebuilt. Scores of sparse probes drift a little after deletions; their order hardly does.
//! - **Ties.** Hits come in order of score, then of id. Which of several points with *equal* scores at the limit are returned is up to
//!   the engine.

mod convert;
mod folder;

use std::num::NonZero;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, PoisonError, RwLock};

use async_trait::async_trait;
use futures::future::try_join_all;
use qdrant_edge::{CountRequest, EdgeShard, OperationError, PointId, ScrollRequest, UpdateOperation, WithPayloadInterface, WithVector};
use tokio::sync::{Mutex, OwnedMutexGuard, OwnedSemaphorePermit, Semaphore};
use uuid::Uuid;

use self::convert::{Tuning, Walk};
use self::folder::{Folder, Manifest};
use super::schema::{check_point, check_probe};
use super::{Hit, IndexError, IndexFilter, IndexPoint, Probe, VectorIndex};
use crate::domain::{DeskId, Quantization};

/// Closed files of the write-ahead log (32 MB each) from which `optimize` reopens the shard to be rid of them.
const CLOSED_LOG_FILES: usize = 8;

/// Threads that one fetch is shared out to: it is what a suggestion waits for, and reading a point back takes some 15 µs.
const FETCH_THREADS: usize = 2;
/// Points that are not worth a second thread.
const FETCHED_ALONE: usize = 32;

/// A [`VectorIndex`] in a local folder. Close it with [`EdgeIndex::close`]; dropping it flushes too, but can only log a failure.
pub struct EdgeIndex {
    dimension: usize,
    state: Arc<RwLock<Option<Opened>>>,
    /// Bounds the threads that read: more than there are cores only get in each other's way.
    readers: Arc<Semaphore>,
    /// Held by whoever writes or flushes.
    writing: Arc<Mutex<()>>,
    /// Held by whoever optimises or flushes. Taken before `writing`.
    maintaining: Arc<Mutex<()>>,
    /// Whether segments may keep vectors otherwise than the settings say.
    outdated: Arc<AtomicBool>,
}

/// The engine on its locked folder.
struct Opened {
    /// `None` only while it is being dropped.
    shard: Option<EdgeShard>,
    folder: Folder,
    manifest: Manifest,
    tuning: Tuning,
}

/// Both locks: nothing else writes, optimises, flushes or closes.
struct Exclusive {
    _maintaining: OwnedMutexGuard<()>,
    _writing: OwnedMutexGuard<()>,
}

impl EdgeIndex {
    /// Opens the index in `folder`, creating it where there is none. Where it keeps vectors otherwise than `quantization` says, the next
    /// [`VectorIndex::optimize`] rebuilds it. Reads files: call it from where blocking is allowed.
    ///
    /// # Errors
    /// [`IndexError::Locked`] while another instance, in this process or another, has the folder open; [`IndexError::Mismatch`] when the
    /// index there was made with another schema, encoder or dimension (nothing is changed then); otherwise what the disk or engine says.
    pub fn open(folder: &Path, dimension: usize, model_fingerprint: &str, quantization: Quantization) -> Result<Self, IndexError> {
        Self::open_tuned(folder, dimension, model_fingerprint, Tuning::of(quantization))
    }

    fn open_tuned(folder: &Path, dimension: usize, model_fingerprint: &str, tuning: Tuning) -> Result<Self, IndexError> {
        let folder = Folder::lock(folder)?;
        let expected = Manifest::new(dimension, model_fingerprint, tuning.quantization);
        let opened = match folder.manifest()? {
            Some(found) if found.fits(&expected) => Opened::load(folder, found, tuning)?,
            Some(found) => return Err(IndexError::Mismatch { found: found.to_string(), expected: expected.to_string() }),
            None => Opened::create(folder, expected, tuning)?,
        };
        let outdated = opened.manifest.quantization != tuning.quantization;
        if outdated {
            tracing::info!(
                found = opened.manifest.quantization.as_str(),
                wanted = tuning.quantization.as_str(),
                "the index keeps vectors otherwise than index.quantization says and is rebuilt from itself; searches go on"
            );
        }
        let cores = std::thread::available_parallelism().map_or(1, NonZero::get);
        Ok(Self {
            dimension,
            state: Arc::new(RwLock::new(Some(opened))),
            readers: Arc::new(Semaphore::new(cores)),
            writing: Arc::default(),
            maintaining: Arc::default(),
            outdated: Arc::new(AtomicBool::new(outdated)),
        })
    }

    async fn exclusive(&self) -> Exclusive {
        let maintaining = Arc::clone(&self.maintaining).lock_owned().await;
        let writing = Arc::clone(&self.writing).lock_owned().await;
        Exclusive { _maintaining: maintaining, _writing: writing }
    }

    /// Waits for a turn to read.
    async fn reader(&self) -> Result<OwnedSemaphorePermit, IndexError> {
        Arc::clone(&self.readers).acquire_owned().await.map_err(|_closed| IndexError::Closed)
    }

    /// Runs `work` on a thread that may block. `guard` is released when the work is done, even if the caller has gone by then.
    async fn with_shard<G, T>(
        &self,
        guard: G,
        work: impl FnOnce(&EdgeShard) -> Result<T, IndexError> + Send + 'static,
    ) -> Result<T, IndexError>
    where
        G: Send + 'static,
        T: Send + 'static,
    {
        let state = Arc::clone(&self.state);
        blocking(move || {
            let _guard = guard;
            let state = state.read().unwrap_or_else(PoisonError::into_inner);
            work(state.as_ref().ok_or(IndexError::Closed)?.shard()?)
        })
        .await
    }

    async fn fetch_part(&self, desk: &DeskId, ids: &[Uuid]) -> Result<Vec<IndexPoint>, IndexError> {
        let (desk, ids): (DeskId, Vec<PointId>) = (desk.clone(), ids.iter().copied().map(PointId::Uuid).collect());
        let permit = self.reader().await?;
        self.with_shard(permit, move |shard| {
            let records =
                shard.retrieve(&ids, Some(WithPayloadInterface::Bool(true)), Some(WithVector::Bool(true))).map_err(engine_error)?;
            let points: Vec<IndexPoint> = records.into_iter().map(convert::point_from_engine).collect::<Result<_, _>>()?;
            Ok(points.into_iter().filter(|point| point.payload.desk == desk).collect())
        })
        .await
    }

    async fn write(&self, operations: Vec<UpdateOperation>) -> Result<(), IndexError> {
        if operations.is_empty() {
            return Ok(());
        }
        let guard = Arc::clone(&self.writing).lock_owned().await;
        self.with_shard(guard, |shard| apply(shard, operations)).await
    }
}

impl Opened {
    fn create(folder: Folder, manifest: Manifest, tuning: Tuning) -> Result<Self, IndexError> {
        let path = folder.reset_shard()?;
        let shard = EdgeShard::new(&path, convert::config(manifest.dimension(), tuning)).map_err(engine_error)?;
        apply(&shard, convert::field_indexes()?)?;
        let opened = Self { shard: Some(shard), folder, manifest, tuning };
        opened.flush()?;
        opened.folder.write_manifest(&opened.manifest)?;
        Ok(opened)
    }

    fn load(folder: Folder, manifest: Manifest, tuning: Tuning) -> Result<Self, IndexError> {
        let shard = load_shard(&folder, manifest.dimension(), tuning)?;
        Ok(Self { shard: Some(shard), folder, manifest, tuning })
    }

    fn shard(&self) -> Result<&EdgeShard, IndexError> {
        self.shard.as_ref().ok_or(IndexError::Closed)
    }

    /// Only under [`Exclusive`], or before anyone else knows of the index.
    fn flush(&self) -> Result<(), IndexError> {
        let shard = self.shard()?;
        // The engine answers a failing disk with a panic.
        guarded(|| shard.flush())
    }

    /// Notes that `optimize` has brought all segments into the form that the settings ask for.
    fn note_form(&self) -> Result<(), IndexError> {
        self.folder.write_manifest(&self.manifest.requantized(self.tuning.quantization))
    }

    /// Closes the shard and opens it again, which is the only way to shorten its log.
    fn reopen(&mut self) -> Result<(), IndexError> {
        self.flush()?;
        self.release();
        self.shard = Some(load_shard(&self.folder, self.manifest.dimension(), self.tuning)?);
        Ok(())
    }

    /// Drops the shard. The engine flushes while dropping and panics where that fails; that must not take the process with it.
    fn release(&mut self) {
        if let Some(shard) = self.shard.take()
            && let Err(error) = guarded(|| drop(shard))
        {
            tracing::error!(error = &error as &dyn std::error::Error, "index not flushed on closing");
        }
    }
}

impl Drop for Opened {
    fn drop(&mut self) {
        self.release();
    }
}

fn load_shard(folder: &Folder, dimension: usize, tuning: Tuning) -> Result<EdgeShard, IndexError> {
    folder.tidy_shard()?;
    let shard = EdgeShard::load(&folder.shard(), Some(convert::config(dimension, tuning))).map_err(engine_error)?;
    // Loading may have made a fresh segment, which the engine leaves without payload indexes.
    apply(&shard, convert::field_indexes()?)?;
    Ok(shard)
}

fn apply(shard: &EdgeShard, operations: Vec<UpdateOperation>) -> Result<(), IndexError> {
    operations.into_iter().try_for_each(|operation| shard.update(operation)).map_err(engine_error)
}

fn engine_error(error: OperationError) -> IndexError {
    IndexError::Engine(error.to_string())
}

/// Turns a panic of the engine into an error.
fn guarded(work: impl FnOnce()) -> Result<(), IndexError> {
    std::panic::catch_unwind(std::panic::AssertUnwindSafe(work))
        .map_err(|_panic| IndexError::Engine("the engine panicked while flushing".to_owned()))
}

async fn blocking<T: Send + 'static>(work: impl FnOnce() -> Result<T, IndexError> + Send + 'static) -> Result<T, IndexError> {
    let span = tracing::Span::current();
    // The callers hold a permit or a lock, which bounds the number of threads.
    match tokio::task::spawn_blocking(move || span.in_scope(work)).await {
        Ok(result) => result,
        Err(error) => Err(IndexError::Engine(error.to_string())),
    }
}

#[async_trait]
impl VectorIndex for EdgeIndex {
    async fn upsert(&self, points: Vec<IndexPoint>) -> Result<(), IndexError> {
        points.iter().try_for_each(|point| check_point(point, self.dimension))?;
        self.write(convert::upserts(points)).await
    }

    async fn delete_sources(&self, sources: &[Uuid]) -> Result<(), IndexError> {
        self.write(convert::deletes(sources)?).await
    }

    async fn search(&self, filter: &IndexFilter, probes: Vec<Probe>, limit: usize) -> Result<Vec<Vec<Hit>>, IndexError> {
        probes.iter().try_for_each(|probe| check_probe(probe, self.dimension))?;
        let filter = convert::filter(filter)?;
        let permit = self.reader().await?;
        self.with_shard(permit, move |shard| probes.into_iter().map(|probe| answer(shard, probe, &filter, limit)).collect()).await
    }

    async fn fetch(&self, desk: &DeskId, ids: &[Uuid]) -> Result<Vec<IndexPoint>, IndexError> {
        let parts = ids.chunks(ids.len().div_ceil(FETCH_THREADS).max(FETCHED_ALONE)).map(|part| self.fetch_part(desk, part));
        Ok(try_join_all(parts).await?.into_iter().flatten().collect())
    }

    async fn page(&self, filter: &IndexFilter, after: Option<Uuid>, limit: usize) -> Result<Vec<IndexPoint>, IndexError> {
        if limit == 0 {
            return Ok(Vec::new());
        }
        let request = ScrollRequest {
            // The engine starts *at* the offset: ask for one more and leave it out.
            offset: after.map(PointId::Uuid),
            limit: Some(limit.saturating_add(usize::from(after.is_some()))),
            filter: Some(convert::filter(filter)?),
            with_payload: Some(WithPayloadInterface::Bool(true)),
            with_vector: WithVector::Bool(true),
            order_by: None,
        };
        let permit = self.reader().await?;
        self.with_shard(permit, move |shard| {
            let (records, _next) = shard.scroll(request).map_err(engine_error)?;
            let rest = records.into_iter().filter(|record| after.is_none_or(|after| record.id != PointId::Uuid(after)));
            rest.take(limit).map(convert::point_from_engine).collect()
        })
        .await
    }

    async fn count(&self, filter: &IndexFilter) -> Result<usize, IndexError> {
        let request = CountRequest { filter: Some(convert::filter(filter)?), exact: true };
        let permit = self.reader().await?;
        self.with_shard(permit, move |shard| shard.count(request).map_err(engine_error)).await
    }

    async fn size(&self) -> Result<Option<u64>, IndexError> {
        self.with_shard((), |shard| Ok(Some(shard.info().points_count as u64))).await
    }

    fn outdated(&self) -> bool {
        self.outdated.load(Ordering::Acquire)
    }

    /// Merges segments and builds graphs, then flushes. Searches and writes go on meanwhile; flushes wait.
    async fn optimize(&self) -> Result<(), IndexError> {
        let maintaining = Arc::clone(&self.maintaining).lock_owned().await;
        let maintaining = self
            .with_shard((), move |shard| {
                shard.optimize().map_err(engine_error)?;
                Ok(maintaining)
            })
            .await?;
        let writing = Arc::clone(&self.writing).lock_owned().await;
        let guard = Exclusive { _maintaining: maintaining, _writing: writing };
        let (state, outdated) = (Arc::clone(&self.state), Arc::clone(&self.outdated));
        blocking(move || {
            let _guard = guard;
            let worn = {
                let state = state.read().unwrap_or_else(PoisonError::into_inner);
                let opened = state.as_ref().ok_or(IndexError::Closed)?;
                opened.flush()?;
                if outdated.load(Ordering::Acquire) {
                    opened.note_form()?;
                    outdated.store(false, Ordering::Release);
                }
                opened.folder.closed_log_files()?.len() > CLOSED_LOG_FILES
            };
            if worn {
                let mut state = state.write().unwrap_or_else(PoisonError::into_inner);
                state.as_mut().ok_or(IndexError::Closed)?.reopen()?;
            }
            Ok(())
        })
        .await
    }

    async fn close(&self) -> Result<(), IndexError> {
        let guard = self.exclusive().await;
        let state = Arc::clone(&self.state);
        blocking(move || {
            let _guard = guard;
            let closed = state.write().unwrap_or_else(PoisonError::into_inner).take();
            // A panic of the flush ends here as an error; `closed` is dropped, and with it the folder's lock.
            closed.map_or(Ok(()), |opened| opened.flush())
        })
        .await
    }

    async fn flush(&self) -> Result<(), IndexError> {
        let guard = self.exclusive().await;
        let state = Arc::clone(&self.state);
        blocking(move || {
            let _guard = guard;
            let state = state.read().unwrap_or_else(PoisonError::into_inner);
            state.as_ref().ok_or(IndexError::Closed)?.flush()
        })
        .await
    }
}

fn answer(shard: &EdgeShard, probe: Probe, filter: &qdrant_edge::Filter, limit: usize) -> Result<Vec<Hit>, IndexError> {
    let sparse = matches!(probe, Probe::Sparse(..));
    if limit == 0 {
        return Ok(Vec::new());
    }
    let ask = |probe, walk| shard.query(convert::query(probe, filter.clone(), limit, walk)).map_err(engine_error);
    let mut found = ask(probe.clone(), Walk::Graph)?;
    // The engine begins its walk at one of a dozen points; where the filter admits none of them it finds nothing at all. Where few points
    // are admitted comparing all of them costs little.
    if !sparse && found.len() < limit {
        found = ask(probe, Walk::Exact)?;
    }
    let mut hits = Vec::with_capacity(found.len());
    for point in found {
        // A shared term of no weight is no hit.
        if !sparse || point.score > 0.0 {
            hits.push(Hit { id: convert::uuid_of(point.id)?, score: point.score });
        }
    }
    hits.sort_by(|a, b| b.score.total_cmp(&a.score).then(a.id.cmp(&b.id)));
    Ok(hits)
}

#[cfg(test)]
mod tests;
