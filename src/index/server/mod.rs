//! The index on a Qdrant server or cluster, over gRPC: for installations with several replicas, or more points than one machine holds.
//!
//! Stores the same points and answers the same probes as the embedded index. [`Collections`] makes, checks and removes collections,
//! [`ServerIndex`] is one of them. Must not be asked for texts, nor decide what is relevant; texts never leave for the server.
//!
//! What the server (1.16) does and does not do:
//!
//! - **A write is acknowledged when it is applied** (`wait`) and stands in the server's log, on as many replicas as the collection's write
//!   consistency factor asks for. A killed server reads the log again, so [`VectorIndex::flush`] has nothing left to do.
//! - **It optimises by itself**, in the background; before that, and for what was written since, searches compare everything.
//! - **Term statistics are a shard's own.** With several shards, inverse document frequencies differ a little between them, and so do scores
//!   of sparse probes; the more points, the less. Deleted points count until their segment is rebuilt.
//! - **Each call goes to one peer**, which asks the others. A peer that is down is passed over ([`connect`] has the rules); its
//!   shards are answered by their replicas, or not at all where there are none.

mod collection;
mod connect;
mod convert;
#[cfg(test)]
mod tests;

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use qdrant_client::qdrant::{CountPoints, Filter, GetPoints, QueryBatchPoints, QueryPoints, ScoredPoint, ScrollPoints};
use secrecy::SecretString;
use tokio::sync::Semaphore;
use uuid::Uuid;

pub use self::collection::Collections;
use self::connect::{Cluster, LONG};
use self::convert::Walk;
use super::schema::{check_point, check_probe};
use super::{Hit, IndexError, IndexFilter, IndexPoint, Probe, VectorIndex};
use crate::domain::{DeskId, Quantization};

/// Probes in one request.
const PROBES_PER_REQUEST: usize = 32;
/// Probes from which a search is a job's: a suggestion asks six, jobs ask many at once.
const BULK_PROBES: usize = 16;
/// Searches of jobs at a time: they must not keep those waiting who type.
const BULK_SEARCHES: usize = 4;
/// Other searches at a time.
const SEARCHES: usize = 64;

/// Where the server is and how collections are made there.
#[derive(Debug, Clone)]
pub struct ServerSettings {
    /// Addresses of the gRPC interface (`http://HOST:6334`), several for the peers of one cluster. At least one.
    pub addresses: Vec<String>,
    /// Key or token.
    pub api_key: Option<SecretString>,
    /// What names of collections begin with.
    pub collection_prefix: String,
    /// Longest wait for a search at one address.
    pub timeout: Duration,
    /// Parts that a new collection is divided into.
    pub shard_number: u32,
    /// Copies of each part.
    pub replication_factor: u32,
    /// Copies that must have a write before it is acknowledged.
    pub write_consistency_factor: u32,
    /// How exactly vectors are kept.
    pub quantization: Quantization,
}

/// A [`VectorIndex`] in a collection on a server; opened by [`Collections::open`].
pub struct ServerIndex {
    cluster: Arc<Cluster>,
    collection: String,
    dimension: usize,
    searches: Semaphore,
    bulk_searches: Semaphore,
    closed: AtomicBool,
}

impl ServerIndex {
    fn new(cluster: Arc<Cluster>, collection: String, dimension: usize) -> Self {
        let (searches, bulk_searches) = (Semaphore::new(SEARCHES), Semaphore::new(BULK_SEARCHES));
        Self { cluster, collection, dimension, searches, bulk_searches, closed: AtomicBool::new(false) }
    }

    fn open(&self) -> Result<(), IndexError> {
        if self.closed.load(Ordering::Acquire) { Err(IndexError::Closed) } else { Ok(()) }
    }

    /// One request with several queries; a list of hits for each.
    async fn query(&self, queries: Vec<QueryPoints>, patience: Duration) -> Result<Vec<Vec<ScoredPoint>>, IndexError> {
        let asked = queries.len();
        let request = QueryBatchPoints {
            collection_name: self.collection.clone(),
            query_points: queries,
            // So that the server, too, gives up what nobody waits for any more.
            timeout: Some(patience.as_secs().max(1)),
            ..QueryBatchPoints::default()
        };
        let answer = self
            .cluster
            .read(patience, |client| {
                let request = request.clone();
                async move { client.query_batch(request).await }
            })
            .await?;
        if answer.result.len() != asked {
            return Err(IndexError::Engine(format!("{} answers to {asked} queries", answer.result.len())));
        }
        Ok(answer.result.into_iter().map(|list| list.result).collect())
    }

    async fn answer(&self, probes: Vec<Probe>, filter: &Filter, limit: usize, patience: Duration) -> Result<Vec<Vec<Hit>>, IndexError> {
        let query = |probe: &Probe, walk| convert::query(&self.collection, probe.clone(), filter.clone(), limit, walk);
        let mut found = self.query(probes.iter().map(|probe| query(probe, Walk::Graph)).collect(), patience).await?;
        // A walk may miss what the filter admits, as in the embedded index. Where few points are admitted comparing all of them costs little.
        let short: Vec<usize> = (0..probes.len()).filter(|&at| matches!(probes[at], Probe::Dense(..)) && found[at].len() < limit).collect();
        if !short.is_empty() {
            let again = self.query(short.iter().map(|&at| query(&probes[at], Walk::Exact)).collect(), patience).await?;
            for (at, list) in short.into_iter().zip(again) {
                found[at] = list;
            }
        }
        probes.iter().zip(found).map(|(probe, list)| hits(probe, list)).collect()
    }
}

/// Best first, equal ones by id.
fn hits(probe: &Probe, found: Vec<ScoredPoint>) -> Result<Vec<Hit>, IndexError> {
    let sparse = matches!(probe, Probe::Sparse(..));
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

#[async_trait]
impl VectorIndex for ServerIndex {
    async fn upsert(&self, points: Vec<IndexPoint>) -> Result<(), IndexError> {
        self.open()?;
        points.iter().try_for_each(|point| check_point(point, self.dimension))?;
        for request in convert::upserts(&self.collection, points) {
            self.cluster
                .write(|client| {
                    let request = request.clone();
                    async move { client.upsert_points(request).await }
                })
                .await?;
        }
        Ok(())
    }

    async fn delete_sources(&self, sources: &[Uuid]) -> Result<(), IndexError> {
        self.open()?;
        for request in convert::deletes(&self.collection, sources) {
            self.cluster
                .write(|client| {
                    let request = request.clone();
                    async move { client.delete_points(request).await }
                })
                .await?;
        }
        Ok(())
    }

    async fn search(&self, filter: &IndexFilter, probes: Vec<Probe>, limit: usize) -> Result<Vec<Vec<Hit>>, IndexError> {
        self.open()?;
        probes.iter().try_for_each(|probe| check_probe(probe, self.dimension))?;
        if limit == 0 || probes.is_empty() {
            return Ok(vec![Vec::new(); probes.len()]);
        }
        let filter = convert::filter(filter);
        let bulk = probes.len() >= BULK_PROBES;
        let (turn, patience) = if bulk { (&self.bulk_searches, LONG) } else { (&self.searches, self.cluster.patience) };
        let _permit = turn.acquire().await.map_err(|_closed| IndexError::Closed)?;
        let mut answers = Vec::with_capacity(probes.len());
        for part in probes.chunks(PROBES_PER_REQUEST) {
            answers.extend(self.answer(part.to_vec(), &filter, limit, patience).await?);
        }
        Ok(answers)
    }

    async fn fetch(&self, desk: &DeskId, ids: &[Uuid]) -> Result<Vec<IndexPoint>, IndexError> {
        self.open()?;
        if ids.is_empty() {
            return Ok(Vec::new());
        }
        let request = GetPoints {
            collection_name: self.collection.clone(),
            ids: ids.iter().copied().map(convert::point_id).collect(),
            with_payload: Some(true.into()),
            with_vectors: Some(true.into()),
            ..GetPoints::default()
        };
        let answer = self
            .cluster
            .read(self.cluster.patience, |client| {
                let request = request.clone();
                async move { client.get_points(request).await }
            })
            .await?;
        let mut points = HashMap::with_capacity(ids.len());
        for point in answer.result {
            let point = convert::point_from_server(point)?;
            if point.payload.desk == *desk {
                points.insert(point.id, point);
            }
        }
        // Shards answer in any order.
        Ok(ids.iter().filter_map(|id| points.remove(id)).collect())
    }

    async fn page(&self, filter: &IndexFilter, after: Option<Uuid>, limit: usize) -> Result<Vec<IndexPoint>, IndexError> {
        self.open()?;
        if limit == 0 {
            return Ok(Vec::new());
        }
        // The server starts *at* the offset: ask for one more and leave it out.
        let asked = limit.saturating_add(usize::from(after.is_some()));
        let request = ScrollPoints {
            collection_name: self.collection.clone(),
            filter: Some(convert::filter(filter)),
            offset: after.map(convert::point_id),
            limit: Some(u32::try_from(asked).unwrap_or(u32::MAX)),
            with_payload: Some(true.into()),
            with_vectors: Some(true.into()),
            ..ScrollPoints::default()
        };
        let answer = self
            .cluster
            .read(LONG, |client| {
                let request = request.clone();
                async move { client.scroll(request).await }
            })
            .await?;
        let points = answer.result.into_iter().map(convert::point_from_server).collect::<Result<Vec<_>, _>>()?;
        Ok(points.into_iter().filter(|point| Some(point.id) != after).take(limit).collect())
    }

    async fn count(&self, filter: &IndexFilter) -> Result<usize, IndexError> {
        self.open()?;
        let request = CountPoints {
            collection_name: self.collection.clone(),
            filter: Some(convert::filter(filter)),
            exact: Some(true),
            ..CountPoints::default()
        };
        let answer = self
            .cluster
            .read(LONG, |client| {
                let request = request.clone();
                async move { client.count(request).await }
            })
            .await?;
        let count = answer.result.ok_or_else(|| IndexError::Engine("the server did not count".to_owned()))?.count;
        usize::try_from(count).map_err(|_larger| IndexError::Engine(format!("{count} points are more than this machine counts")))
    }

    /// Nothing: the server optimises by itself.
    async fn optimize(&self) -> Result<(), IndexError> {
        self.open()
    }

    /// Nothing: what was acknowledged is in the server's log.
    async fn flush(&self) -> Result<(), IndexError> {
        self.open()
    }

    async fn close(&self) -> Result<(), IndexError> {
        self.closed.store(true, Ordering::Release);
        Ok(())
    }
}
