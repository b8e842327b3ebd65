//! The neighbour graph of a desk's questions, asked of the index in batches.

use std::collections::{BTreeMap, HashMap};
use std::hash::BuildHasher;

use futures::future::try_join_all;
use uuid::Uuid;

use crate::domain::Language;
use crate::index::{DenseField, IndexError, IndexFilter, Probe, VectorIndex};
use crate::mining::cluster::{NEIGHBOURS, Neighbour};

/// Questions in one call of the index: enough that the call's own cost does not count, few enough that others get their turn.
const PROBES: usize = 32;

/// One question whose neighbours are wanted.
#[derive(Debug, Clone, Copy)]
pub struct Asked<'a> {
    /// Its pair, which is its point.
    pub id: Uuid,
    /// Its language: a cluster has one, because an editor reads and answers it in one.
    pub language: Language,
    /// Its vector.
    pub vector: &'a [f32],
}

/// The nearest of each of `asked` among the points of `filter`, as places in `places`, nearest first; points without a place are left out.
///
/// # Errors
/// When the index fails.
pub async fn neighbours_of<S: BuildHasher + Sync>(
    index: &dyn VectorIndex,
    filter: &IndexFilter,
    asked: &[Asked<'_>],
    places: &HashMap<Uuid, usize, S>,
) -> Result<Vec<Vec<Neighbour>>, IndexError> {
    let mut by_language: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
    for (at, question) in asked.iter().enumerate() {
        by_language.entry(question.language.as_str()).or_default().push(at);
    }
    let calls = by_language.values().flat_map(|of_language| of_language.chunks(PROBES)).map(|batch| async move {
        let filter = IndexFilter { language: batch.first().map(|&at| asked[at].language), ..filter.clone() };
        let probes = batch.iter().map(|&at| Probe::Dense(DenseField::Question, asked[at].vector.to_vec())).collect();
        let found = index.search(&filter, probes, NEIGHBOURS + 1).await?;
        Ok::<_, IndexError>(batch.iter().copied().zip(found).collect::<Vec<_>>())
    });
    let mut neighbours = vec![Vec::new(); asked.len()];
    // The index bounds how many of the calls run at a time.
    for (at, hits) in try_join_all(calls).await?.into_iter().flatten() {
        let others = hits.into_iter().filter(|hit| hit.id != asked[at].id);
        let placed = others.filter_map(|hit| Some(Neighbour { other: *places.get(&hit.id)?, similarity: hit.score }));
        neighbours[at] = placed.take(NEIGHBOURS).collect();
    }
    Ok(neighbours)
}
