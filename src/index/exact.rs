//! The index by brute force, in memory: the oracle of the contract tests and the baseline of `riposte eval`.
//!
//! Compares every point with every probe, so its answers are right by construction and its cost grows with the archive. Keeps nothing
//! on disk. Term statistics count living points only; an engine that counts deleted points until it rebuilds a segment may score sparse
//! probes slightly differently after deletions.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::ops::Bound;
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use async_trait::async_trait;
use uuid::Uuid;

use super::schema::{check_point, check_probe, inverse_document_frequency};
use super::{Hit, IndexError, IndexFilter, IndexPoint, Probe, SparseVector, VectorIndex};
use crate::domain::DeskId;

/// A [`VectorIndex`] that compares everything with everything.
#[derive(Debug)]
pub struct ExactIndex {
    dimension: usize,
    points: Arc<RwLock<Points>>,
    /// How often it was told to optimise.
    #[cfg(test)]
    pub(crate) optimized: std::sync::atomic::AtomicUsize,
}

/// What one sparse field's vectors have in common.
#[derive(Debug, Default)]
struct TermStatistics {
    /// Vectors with at least one term.
    vectors: usize,
    /// Vectors with the term.
    with_term: HashMap<u32, usize>,
}

#[derive(Debug, Default)]
struct Points {
    by_id: BTreeMap<Uuid, IndexPoint>,
    terms: [TermStatistics; 3],
}

impl ExactIndex {
    /// Makes an empty index for dense vectors of `dimension` components.
    #[must_use]
    pub fn new(dimension: usize) -> Self {
        Self {
            dimension,
            points: Arc::default(),
            #[cfg(test)]
            optimized: std::sync::atomic::AtomicUsize::default(),
        }
    }

    fn read(&self) -> RwLockReadGuard<'_, Points> {
        self.points.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, Points> {
        self.points.write().unwrap_or_else(PoisonError::into_inner)
    }
}

impl TermStatistics {
    fn add(&mut self, vector: &SparseVector) {
        self.vectors += usize::from(!vector.terms.is_empty());
        for term in &vector.terms {
            *self.with_term.entry(*term).or_default() += 1;
        }
    }

    fn remove(&mut self, vector: &SparseVector) {
        self.vectors -= usize::from(!vector.terms.is_empty());
        for term in &vector.terms {
            if let Some(count) = self.with_term.get_mut(term) {
                *count -= 1;
                if *count == 0 {
                    self.with_term.remove(term);
                }
            }
        }
    }

    fn weigh(&self, query: &SparseVector) -> Vec<(u32, f32)> {
        let idf = |term: &u32| inverse_document_frequency(self.vectors, self.with_term.get(term).copied().unwrap_or(0));
        query.terms.iter().zip(&query.values).map(|(term, value)| (*term, value * idf(term))).collect()
    }
}

impl Points {
    fn insert(&mut self, point: IndexPoint) {
        self.remove(point.id);
        for (statistics, vector) in self.terms.iter_mut().zip(&point.sparse) {
            statistics.add(vector);
        }
        self.by_id.insert(point.id, point);
    }

    fn remove(&mut self, id: Uuid) {
        if let Some(point) = self.by_id.remove(&id) {
            for (statistics, vector) in self.terms.iter_mut().zip(&point.sparse) {
                statistics.remove(vector);
            }
        }
    }

    fn answer(&self, filter: &IndexFilter, probe: &Probe, limit: usize) -> Vec<Hit> {
        let passing = self.by_id.values().filter(|point| passes(filter, point));
        let mut hits: Vec<Hit> = match probe {
            Probe::Dense(field, query) => {
                passing.map(|point| Hit { id: point.id, score: inner_product(query, &point.dense[*field as usize]) }).collect()
            }
            Probe::Sparse(field, query) => {
                let query = self.terms[*field as usize].weigh(query);
                let score = |point: &IndexPoint| shared_weight(&query, &point.sparse[*field as usize]);
                passing.filter_map(|point| score(point).map(|score| Hit { id: point.id, score })).collect()
            }
        };
        hits.sort_by(|a, b| b.score.total_cmp(&a.score).then(a.id.cmp(&b.id)));
        hits.truncate(limit);
        hits
    }
}

fn passes(filter: &IndexFilter, point: &IndexPoint) -> bool {
    let IndexFilter { desk, pools, kinds, language, not_conversation, not_point, any_tag, answered_from, valid_at } = filter;
    let payload = &point.payload;
    payload.desk == *desk
        && (pools.is_empty() || pools.contains(&payload.pool))
        && (kinds.is_empty() || kinds.contains(&payload.kind))
        && language.is_none_or(|language| payload.language == language)
        && not_conversation.is_none_or(|conversation| payload.conversation != Some(conversation))
        && not_point.is_none_or(|left_out| point.id != left_out)
        && (any_tag.is_empty() || payload.tags.iter().any(|tag| any_tag.contains(tag)))
        && answered_from.is_none_or(|from| payload.answered_at.is_some_and(|at| at >= from))
        && valid_at.is_none_or(|at| payload.valid_from.is_none_or(|from| from <= at) && payload.valid_to.is_none_or(|to| to > at))
}

fn inner_product(a: &[f32], b: &[f32]) -> f32 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

/// The score over shared terms; `None` where there is none, or nothing of weight.
fn shared_weight(query: &[(u32, f32)], stored: &SparseVector) -> Option<f32> {
    let mut score = 0.0;
    let mut position = 0;
    for (term, weight) in query {
        while stored.terms.get(position).is_some_and(|stored_term| stored_term < term) {
            position += 1;
        }
        if stored.terms.get(position) == Some(term) {
            score += weight * stored.values[position];
        }
    }
    (score > 0.0).then_some(score)
}

#[async_trait]
impl VectorIndex for ExactIndex {
    async fn upsert(&self, points: Vec<IndexPoint>) -> Result<(), IndexError> {
        points.iter().try_for_each(|point| check_point(point, self.dimension))?;
        let mut all = self.write();
        for point in points {
            all.insert(point);
        }
        Ok(())
    }

    async fn delete_sources(&self, sources: &[Uuid]) -> Result<(), IndexError> {
        let sources: HashSet<&Uuid> = sources.iter().collect();
        let mut all = self.write();
        let deleted: Vec<Uuid> = all.by_id.values().filter(|point| sources.contains(&point.payload.source)).map(|point| point.id).collect();
        for id in deleted {
            all.remove(id);
        }
        Ok(())
    }

    async fn search(&self, filter: &IndexFilter, probes: Vec<Probe>, limit: usize) -> Result<Vec<Vec<Hit>>, IndexError> {
        probes.iter().try_for_each(|probe| check_probe(probe, self.dimension))?;
        let (points, filter) = (Arc::clone(&self.points), filter.clone());
        let answers = tokio::task::spawn_blocking(move || {
            let points = points.read().unwrap_or_else(PoisonError::into_inner);
            probes.iter().map(|probe| points.answer(&filter, probe, limit)).collect()
        });
        answers.await.map_err(|error| IndexError::Engine(error.to_string()))
    }

    async fn fetch(&self, desk: &DeskId, ids: &[Uuid]) -> Result<Vec<IndexPoint>, IndexError> {
        let all = self.read();
        Ok(ids.iter().filter_map(|id| all.by_id.get(id)).filter(|point| point.payload.desk == *desk).cloned().collect())
    }

    async fn page(&self, filter: &IndexFilter, after: Option<Uuid>, limit: usize) -> Result<Vec<IndexPoint>, IndexError> {
        let start = after.map_or(Bound::Unbounded, Bound::Excluded);
        let all = self.read();
        let rest = all.by_id.range((start, Bound::Unbounded)).map(|(_, point)| point);
        Ok(rest.filter(|point| passes(filter, point)).take(limit).cloned().collect())
    }

    async fn count(&self, filter: &IndexFilter) -> Result<usize, IndexError> {
        Ok(self.read().by_id.values().filter(|point| passes(filter, point)).count())
    }

    async fn size(&self) -> Result<Option<u64>, IndexError> {
        Ok(Some(self.read().by_id.len() as u64))
    }

    async fn optimize(&self) -> Result<(), IndexError> {
        #[cfg(test)]
        self.optimized.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        Ok(())
    }

    async fn flush(&self) -> Result<(), IndexError> {
        Ok(())
    }

    async fn close(&self) -> Result<(), IndexError> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::index::contract::{DIMENSION, contract_suite};

    contract_suite!(exact, Some(((), ExactIndex::new(DIMENSION))));
}
