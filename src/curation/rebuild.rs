//! A desk's questions into clusters, with what the past says about them.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap, HashSet};

use super::describe::{Described, Identity, Member, Question, Traffic, centre, describe};
use super::memory::{Past, absorb_dismissed, keep_ids};
use super::{CurationError, Curator, KEYWORDS};
use crate::domain::{Cluster, ClusterId, ClusterState, DeskId, Pair, PairId, Timestamp};
use crate::mining::cluster::{self, GroupSettings, Neighbour, keywords};
use crate::retrieve::encode::dot;
use crate::rt;
use crate::store::{ClusterChange, ClusterMemory, Placement, StoreError};

/// How often a rebuild begins again because somebody has decided something meanwhile.
const ATTEMPTS: usize = 8;

/// The questions of a desk as the index holds them, with their nearest neighbours.
#[derive(Debug, Clone)]
pub struct Questions {
    /// The questions, in the index's order.
    pub questions: Vec<Question>,
    /// Each one's nearest neighbours.
    pub neighbours: Vec<Vec<Neighbour>>,
    /// The pair of each question; those that are gone meanwhile are missing.
    pub pairs: HashMap<PairId, Pair>,
}

/// What a rebuild did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
pub struct RebuildReport {
    /// Clusters there are now.
    pub clusters: usize,
    /// Of them, those that were there before.
    pub kept: usize,
    /// Clusters that were there before and are no more.
    pub gone: usize,
    /// Questions that belong to none.
    pub outliers: usize,
}

impl Curator {
    /// Groups questions anew and writes the result; begins again while people decide something at the same time.
    ///
    /// # Errors
    /// [`CurationError::Busy`] when they never pause.
    pub async fn rebuild(&self, desk: &DeskId, questions: Questions) -> Result<RebuildReport, CurationError> {
        let questions = std::sync::Arc::new(questions);
        let _turn = self.turn.lock().await;
        for _ in 0..ATTEMPTS {
            let memory = self.store.cluster_memory(desk).await?;
            let (revision, before) = (memory.revision, memory.clusters.len());
            let (shared, now, of_desk) = (std::sync::Arc::clone(&questions), self.clock.now(), desk.clone());
            let (mut assembled, memory) = rt::cpu(move || (assemble(&of_desk, &shared, &memory, now), memory)).await?;
            for described in &mut assembled.described {
                self.look_up_coverage(described).await?;
            }
            let present: HashSet<ClusterId> = assembled.described.iter().map(|described| described.cluster.id).collect();
            let decided = decided(&memory);
            let gone = |id: &ClusterId| !present.contains(id) && !decided.contains(id);
            let removed: Vec<ClusterId> = memory.clusters.iter().map(|cluster| cluster.id).filter(gone).collect();
            let kept = memory.clusters.iter().filter(|cluster| present.contains(&cluster.id)).count();
            let report = RebuildReport {
                clusters: present.len() + before - kept - removed.len(),
                kept,
                gone: removed.len(),
                outliers: assembled.outliers.len(),
            };
            let mut placements = assembled.outliers;
            let mut clusters = Vec::with_capacity(assembled.described.len());
            for described in assembled.described {
                placements.extend(described.placements);
                clusters.push(described.cluster);
            }
            let change = ClusterChange { revision, clusters, removed, placements, ..ClusterChange::default() };
            match self.store.change_clusters(desk, &change).await {
                Err(StoreError::Overtaken(_)) => {}
                Err(error) => return Err(error.into()),
                Ok(()) => return Ok(report),
            }
        }
        Err(CurationError::Busy)
    }
}

/// The clusters that people have decided something about: they stay even while none of their questions is in the index.
fn decided(memory: &ClusterMemory) -> HashSet<ClusterId> {
    let marked = memory.clusters.iter().filter(|cluster| cluster.state != ClusterState::Open || cluster.renamed).map(|cluster| cluster.id);
    let fixed = memory.placements.iter().filter(|placement| placement.fixed).filter_map(|placement| placement.cluster);
    marked.chain(fixed).collect()
}

struct Assembled {
    described: Vec<Described>,
    outliers: Vec<Placement>,
}

fn assemble(desk: &DeskId, all: &Questions, memory: &ClusterMemory, now: Timestamp) -> Assembled {
    let ids: Vec<PairId> = all.questions.iter().map(|question| question.pair).collect();
    let past = Past::of(memory, &ids);
    // Copied only where somebody has put a question outside: the graph is the largest thing in memory.
    let mut neighbours = Cow::Borrowed(all.neighbours.as_slice());
    if past.holds_outsiders() {
        past.isolate(neighbours.to_mut());
    }
    let texts: Vec<cluster::Question<'_>> = all
        .questions
        .iter()
        .map(|question| cluster::Question {
            text: all.pairs.get(&question.pair).map_or("", |pair| pair.content.question.as_str()),
            vector: &question.vector,
        })
        .collect();
    let found = cluster::group(&texts, &neighbours, &past.constraints(), GroupSettings::default());
    let labels: Vec<Option<usize>> =
        found.into_iter().zip(&ids).map(|(label, pair)| label.filter(|_| all.pairs.contains_key(pair))).collect();
    let kept = keep_ids(&labels, &past);
    let (centres, similarities) = centres(&labels, kept.len(), &all.questions);
    let labels = absorb_dismissed(&labels, &kept, &centres, &similarities, &memory.clusters);

    let mut groups: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
    for (position, label) in labels.iter().enumerate() {
        if let Some(label) = label {
            groups.entry(*label).or_default().push(position);
        }
    }
    let member =
        |position: usize| Member { question: &all.questions[position], pair: &all.pairs[&ids[position]], fixed: past.fixed[position] };
    let texts: Vec<Vec<&str>> =
        groups.values().map(|group| group.iter().map(|&position| member(position).pair.content.question.as_str()).collect()).collect();
    let words = keywords(&texts, KEYWORDS);
    let traffic = Traffic::of(all.pairs.values().map(|pair| pair.content.answered_at));
    let known: HashMap<ClusterId, &Cluster> = memory.clusters.iter().map(|cluster| (cluster.id, cluster)).collect();
    let described = groups
        .iter()
        .zip(words)
        .map(|((&label, group), keywords)| {
            let members: Vec<Member<'_>> = group.iter().map(|&position| member(position)).collect();
            let identity = kept[label].and_then(|id| known.get(&id)).map_or_else(Identity::fresh, |cluster| Identity::of(cluster));
            describe(desk, identity, &members, keywords, &traffic, now)
        })
        .collect();
    let outliers = labels
        .iter()
        .zip(&ids)
        .zip(&past.fixed)
        .filter(|((label, pair), _)| label.is_none() && all.pairs.contains_key(pair))
        .map(|((_, pair), fixed)| Placement { pair: *pair, cluster: None, similarity: 0.0, fixed: *fixed })
        .collect();
    Assembled { described, outliers }
}

/// Centre of each community, and the mean cosine of its questions to it.
fn centres(labels: &[Option<usize>], count: usize, questions: &[Question]) -> (Vec<Vec<f32>>, Vec<f32>) {
    let mut members: Vec<Vec<usize>> = vec![Vec::new(); count];
    for (position, label) in labels.iter().enumerate() {
        if let Some(label) = label {
            members[*label].push(position);
        }
    }
    members
        .iter()
        .map(|members| {
            let centre = centre(members.iter().map(|&position| questions[position].vector.as_slice()));
            let sum: f32 = members.iter().map(|&position| dot(&centre, &questions[position].vector)).sum();
            (centre, sum / members.len().max(1) as f32)
        })
        .unzip()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::domain::Language;
    use crate::domain::random::SplitMix64;

    /// Questions around `topics` centres, each as far from its centre as `spread` says.
    fn questions(topics: usize, count: usize, spread: f32, seed: u64) -> Vec<Question> {
        const DIMENSION: usize = 24;
        let mut random = SplitMix64::new(seed);
        let mut noise = || (0..DIMENSION).map(|_| random.next_unit() as f32 - 0.5).collect::<Vec<f32>>();
        let centres: Vec<Vec<f32>> = (0..topics).map(|_| noise()).collect();
        (0..count)
            .map(|number| {
                let mut vector: Vec<f32> =
                    centres[number % topics].iter().zip(noise()).map(|(centre, noise)| centre + spread * noise).collect();
                crate::retrieve::encode::normalise(&mut vector);
                Question {
                    pair: PairId::derive(&[&seed.to_string(), &number.to_string()]),
                    language: Language::Zh,
                    answer_vector: vector.clone(),
                    vector,
                }
            })
            .collect()
    }

    fn neighbours(questions: &[Question]) -> Vec<Vec<Neighbour>> {
        let nearest = |at: usize| {
            let others = (0..questions.len()).filter(|&other| other != at);
            let mut near: Vec<Neighbour> =
                others.map(|other| Neighbour { other, similarity: dot(&questions[at].vector, &questions[other].vector) }).collect();
            near.sort_by(|a, b| b.similarity.total_cmp(&a.similarity).then(a.other.cmp(&b.other)));
            near.truncate(cluster::NEIGHBOURS);
            near
        };
        (0..questions.len()).map(nearest).collect()
    }

    fn clustered(questions: &[Question], before: &HashMap<PairId, ClusterId>) -> HashMap<PairId, ClusterId> {
        let memory = ClusterMemory {
            revision: 0,
            clusters: Vec::new(),
            placements: before.iter().map(|(&pair, &id)| Placement { pair, cluster: Some(id), similarity: 1.0, fixed: false }).collect(),
        };
        let ids: Vec<PairId> = questions.iter().map(|question| question.pair).collect();
        let past = Past::of(&memory, &ids);
        let texts: Vec<cluster::Question<'_>> =
            questions.iter().map(|question| cluster::Question { text: "", vector: &question.vector }).collect();
        let labels = cluster::group(&texts, &neighbours(questions), &past.constraints(), GroupSettings::default());
        let kept: Vec<ClusterId> = keep_ids(&labels, &past).into_iter().map(Option::unwrap_or_default).collect();
        ids.into_iter().zip(labels).filter_map(|(pair, label)| Some((pair, kept[label?]))).collect()
    }

    /// Ids of clusters more than half of whose questions are together still.
    fn still_there(before: &HashMap<PairId, ClusterId>, after: &HashMap<PairId, ClusterId>) -> Vec<(ClusterId, bool)> {
        let mut members: BTreeMap<ClusterId, Vec<PairId>> = BTreeMap::new();
        for (pair, cluster) in before {
            members.entry(*cluster).or_default().push(*pair);
        }
        let fate = |(cluster, pairs): (ClusterId, Vec<PairId>)| {
            let mut homes: BTreeMap<ClusterId, usize> = BTreeMap::new();
            for pair in &pairs {
                if let Some(home) = after.get(pair) {
                    *homes.entry(*home).or_insert(0) += 1;
                }
            }
            let (home, count) = homes.into_iter().max_by_key(|(_, count)| *count)?;
            (count * 2 > pairs.len()).then_some((cluster, home == cluster))
        };
        members.into_iter().filter_map(fate).collect()
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(24))]

        #[test]
        fn ten_percent_more_data_keeps_nineteen_ids_in_twenty(
            topics in 4usize..24, each in 6usize..16, spread in 0.2f32..0.9, seed in any::<u64>(),
        ) {
            let all = questions(topics, topics * each, spread, seed);
            let first = clustered(&all[..all.len() * 10 / 11], &HashMap::new());
            let second = clustered(&all, &first);
            let fates = still_there(&first, &second);
            let kept = fates.iter().filter(|(_, kept)| *kept).count();
            prop_assert!(kept * 20 >= fates.len() * 19, "{kept} of {}", fates.len());
            // The same data once more changes nothing.
            prop_assert_eq!(clustered(&all, &second), second);
        }
    }
}
