//! How well found clusters agree with labelled groups.
//!
//! A grouping is one `Option<usize>` per text: the number of its cluster or group, `None` for "in none". Every `None` counts as a
//! cluster of its own, on both sides: leaving texts out is no way to look tidy. Numbers carry no meaning beyond being equal or not.

mod assignment;

use std::collections::{BTreeMap, BTreeSet};

pub use assignment::best_assignment;

/// Numbers the distinct labels in order of first occurrence, so that they can be compared as a grouping; labels for which `is_none`
/// holds belong to no group.
#[must_use]
pub fn grouping<'a>(labels: impl IntoIterator<Item = &'a str>, is_none: impl Fn(&str) -> bool) -> Vec<Option<usize>> {
    let mut numbers: BTreeMap<&str, usize> = BTreeMap::new();
    let mut grouping = Vec::new();
    for label in labels {
        let next = numbers.len();
        grouping.push(if is_none(label) { None } else { Some(*numbers.entry(label).or_insert(next)) });
    }
    grouping
}

/// How many clusters there are, outliers not counted.
#[must_use]
pub fn cluster_count(found: &[Option<usize>]) -> usize {
    found.iter().flatten().collect::<BTreeSet<_>>().len()
}

/// Share of texts left out of every cluster; `None` without texts.
#[must_use]
pub fn outlier_share(found: &[Option<usize>]) -> Option<f64> {
    super::mean(found.iter().map(|cluster| f64::from(u8::from(cluster.is_none()))))
}

/// Share of texts that lie in the cluster assigned to their group, under the best one-to-one assignment of clusters to groups. `None`
/// when the lengths differ or there are no texts.
///
/// Yang et al., "Image clustering using local discriminant models and global integration", TIP 2010 (ACC).
#[must_use]
pub fn accuracy(found: &[Option<usize>], groups: &[Option<usize>]) -> Option<f64> {
    let table = Contingency::new(found, groups)?;
    // A text alone in its cluster competes for its group with the other such texts of that group only, and all are worth 1: one of them
    // stands for all (the same the other way round). Keeps the table small when there are thousands of outliers.
    let mut lone_cluster_seen = BTreeSet::new();
    let mut lone_group_seen = BTreeSet::new();
    let mut rows = BTreeMap::new();
    let mut columns = BTreeMap::new();
    let mut kept = Vec::new();
    for (&(cluster, group), &count) in &table.cells {
        let repeats_cluster = table.clusters[cluster] == 1 && !lone_cluster_seen.insert(group);
        let repeats_group = table.groups[group] == 1 && !lone_group_seen.insert(cluster);
        if repeats_cluster || repeats_group {
            continue;
        }
        let (next_row, next_column) = (rows.len(), columns.len());
        kept.push((*rows.entry(cluster).or_insert(next_row), *columns.entry(group).or_insert(next_column), count));
    }
    let mut weights = vec![vec![0_i64; columns.len()]; rows.len()];
    for (row, column, count) in kept {
        weights[row][column] = count as i64;
    }
    let matched: i64 =
        best_assignment(&weights).iter().enumerate().filter_map(|(row, column)| column.map(|column| weights[row][column])).sum();
    Some(matched as f64 / table.texts as f64)
}

/// Normalised mutual information, normalised by the arithmetic mean of the two entropies; 1 when both sides are one single cluster.
/// `None` when the lengths differ or there are no texts.
///
/// Strehl and Ghosh, "Cluster ensembles", JMLR 2002, with the mean of `sklearn.metrics.normalized_mutual_info_score`'s default.
#[must_use]
pub fn nmi(found: &[Option<usize>], groups: &[Option<usize>]) -> Option<f64> {
    let table = Contingency::new(found, groups)?;
    let n = table.texts as f64;
    let mean_entropy = f64::midpoint(entropy(&table.clusters, n), entropy(&table.groups, n));
    if mean_entropy <= 0.0 {
        return Some(1.0);
    }
    let information: f64 = table
        .cells
        .iter()
        .map(|(&(cluster, group), &count)| {
            let count = count as f64;
            count / n * (count * n / (table.clusters[cluster] as f64 * table.groups[group] as f64)).ln()
        })
        .sum();
    Some((information / mean_entropy).clamp(0.0, 1.0))
}

/// Adjusted Rand index: agreement on pairs of texts, 0 for what chance would give, 1 for equal groupings; may be a little below 0.
/// `None` when the lengths differ or there are no texts.
///
/// Hubert and Arabie, "Comparing partitions", Journal of Classification 1985.
#[must_use]
pub fn ari(found: &[Option<usize>], groups: &[Option<usize>]) -> Option<f64> {
    let table = Contingency::new(found, groups)?;
    let together: f64 = table.cells.values().copied().map(pairs).sum();
    let in_clusters: f64 = table.clusters.iter().copied().map(pairs).sum();
    let in_groups: f64 = table.groups.iter().copied().map(pairs).sum();
    let all = pairs(table.texts);
    let expected = if all > 0.0 { in_clusters * in_groups / all } else { 0.0 };
    let most = f64::midpoint(in_clusters, in_groups);
    // Only when both sides are all one cluster, or all single texts: equal groupings.
    if (most - expected).abs() < f64::EPSILON {
        return Some(1.0);
    }
    Some((together - expected) / (most - expected))
}

/// A judged pair of texts, by their places in the grouping.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct JudgedPair {
    /// One text.
    pub a: usize,
    /// The other.
    pub b: usize,
    /// Whether they belong together (must-link) or apart (cannot-link).
    pub same: bool,
}

/// How well "in the same cluster" predicts "belongs together".
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PairScores {
    /// Share of the judged pairs put together that belong together; 0 when none was put together.
    pub precision: f64,
    /// Share of the pairs that belong together that were put together; 0 when there are none.
    pub recall: f64,
    /// Harmonic mean of the two.
    pub f1: f64,
}

/// Scores a grouping by judged pairs only: for sets whose groups are known in pieces. A pair that names a text outside the grouping
/// counts as put apart.
#[must_use]
pub fn pair_scores(found: &[Option<usize>], judged: &[JudgedPair]) -> PairScores {
    let (mut right, mut put_together, mut belong_together) = (0_usize, 0_usize, 0_usize);
    for pair in judged {
        let cluster = |text: usize| found.get(text).copied().flatten();
        let together = pair.a == pair.b || cluster(pair.a).is_some_and(|number| cluster(pair.b) == Some(number));
        put_together += usize::from(together);
        belong_together += usize::from(pair.same);
        right += usize::from(together && pair.same);
    }
    let share = |of: usize| if of == 0 { 0.0 } else { right as f64 / of as f64 };
    PairScores { precision: share(put_together), recall: share(belong_together), f1: share(put_together + belong_together) * 2.0 }
}

/// How many texts each cluster and each group hold, and how many they share.
struct Contingency {
    texts: usize,
    clusters: Vec<usize>,
    groups: Vec<usize>,
    cells: BTreeMap<(usize, usize), usize>,
}

impl Contingency {
    fn new(found: &[Option<usize>], groups: &[Option<usize>]) -> Option<Self> {
        if found.is_empty() || found.len() != groups.len() {
            return None;
        }
        let (clusters, cluster_sizes) = numbered(found);
        let (groups, group_sizes) = numbered(groups);
        let mut cells = BTreeMap::new();
        for pair in clusters.into_iter().zip(groups) {
            *cells.entry(pair).or_insert(0) += 1;
        }
        Some(Self { texts: found.len(), clusters: cluster_sizes, groups: group_sizes, cells })
    }
}

/// Dense numbers from 0, a fresh one for every `None`, and how many texts each has.
fn numbered(grouping: &[Option<usize>]) -> (Vec<usize>, Vec<usize>) {
    let mut known = BTreeMap::new();
    let mut sizes: Vec<usize> = Vec::new();
    let numbers = grouping
        .iter()
        .map(|cluster| {
            let next = sizes.len();
            let number = cluster.map_or(next, |cluster| *known.entry(cluster).or_insert(next));
            if number == next {
                sizes.push(0);
            }
            sizes[number] += 1;
            number
        })
        .collect();
    (numbers, sizes)
}

fn entropy(sizes: &[usize], n: f64) -> f64 {
    sizes.iter().map(|&size| size as f64 / n).map(|share| -share * share.ln()).sum()
}

fn pairs(size: usize) -> f64 {
    size as f64 * (size as f64 - 1.0) / 2.0
}

#[cfg(test)]
mod tests;
