//! Frequent-question clusters: average linkage along the neighbour graph of smoothed questions.
//!
//! Nothing here is quadratic: the caller brings each question's nearest neighbours (from the index). [`group`] then
//!
//! 1. describes each question by its vector, less the mean of all (what every question of a desk shares tells nothing), and by its words
//!    (latent semantic analysis), `features`;
//! 2. moves each question towards its nearest neighbours, a few times (`diffusion`): wordings of one question come together, and the more
//!    questions there are, the wider it reaches;
//! 3. joins the two groups that are most alike on average, again and again, along the graph, until the best pair is no longer alike enough
//!    (`linkage`).
//!
//! What is small talk, or lies among small talk, belongs to no cluster (`chatter`).
//!
//! The number of clusters follows from the questions. Same input, same result. How this was chosen, and beside what:
//! `docs/decisions/0013-clusters-by-linkage-on-the-graph.md`.

mod chatter;
mod communities;
mod diffusion;
mod features;
mod linkage;
mod words;

use std::collections::{HashMap, HashSet};

pub use communities::{ClusterSettings, communities};
pub use words::{keywords, messages, name, representative};

/// One question's neighbour.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Neighbour {
    /// Position of the other question.
    pub other: usize,
    /// Cosine of the two.
    pub similarity: f32,
}

/// What people have decided about clusters and every grouping has to respect.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Constraints {
    /// Groups of questions, by position, that people have put together: each stays in one cluster, no two of them share a cluster, and none
    /// is too small to be one. Positions that are not there are passed over; a question in two groups belongs to the first.
    pub together: Vec<Vec<usize>>,
}

/// One question as [`group`] sees it.
#[derive(Debug, Clone, Copy)]
pub struct Question<'a> {
    /// Its words.
    pub text: &'a str,
    /// Its vector, of length 1.
    pub vector: &'a [f32],
}

/// How [`group`] cuts.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct GroupSettings {
    /// Weight of the words beside the vector, whose weight is 1.
    pub words: f32,
    /// Average similarity, after smoothing, that two groups need to be joined.
    pub cut: f32,
    /// Questions a cluster needs; smaller ones are outliers.
    pub min_size: usize,
}

impl Default for GroupSettings {
    /// Chosen on authored questions of three trades that the encoder had not learnt, never on a set that figures are reported for
    /// (`docs/decisions/0013-clusters-by-linkage-on-the-graph.md`).
    fn default() -> Self {
        Self { words: 0.5, cut: 0.6, min_size: 3 }
    }
}

/// Neighbours [`group`] makes use of; more are ignored. Ask the index for as many.
pub const NEIGHBOURS: usize = 40;

/// Groups questions within `constraints`; `None` marks an outlier. Cluster numbers run from 0 in order of first appearance.
/// `neighbours[i]` are those of `questions[i]`, nearest first. A question without neighbours is an outlier, unless people have put it
/// somewhere.
#[must_use]
pub fn group(
    questions: &[Question<'_>],
    neighbours: &[Vec<Neighbour>],
    constraints: &Constraints,
    settings: GroupSettings,
) -> Vec<Option<usize>> {
    let candidates: Vec<Vec<u32>> = (0..questions.len())
        .map(|question| {
            let near = neighbours.get(question).into_iter().flatten();
            let others = near.map(|neighbour| neighbour.other).filter(|&other| other != question && other < questions.len());
            others.take(NEIGHBOURS).map(|other| other as u32).collect()
        })
        .collect();
    let described = features::features(questions, settings.words);
    let smoothed = diffusion::smooth(described, &candidates);
    let (start, held) = contraction(questions.len(), constraints);
    let (membership, held) = linkage::join(&smoothed, &candidates, start, held, settings.cut);
    let chatter = chatter::chatter(questions, &candidates);
    let placed: HashSet<usize> = constraints.together.iter().flatten().copied().collect();
    let stays = |question: &usize| !chatter[*question] || placed.contains(question);
    let membership: Vec<Option<usize>> =
        membership.into_iter().enumerate().map(|(question, cluster)| stays(&question).then_some(cluster)).collect();
    without_small(&membership, &held, settings.min_size)
}

/// The node each question starts in, numbered from 0: its group's, or one of its own; and which nodes are groups.
fn contraction(questions: usize, constraints: &Constraints) -> (Vec<usize>, Vec<bool>) {
    let mut group_of: Vec<Option<usize>> = vec![None; questions];
    for (group, members) in constraints.together.iter().enumerate() {
        for &member in members {
            if let Some(place) = group_of.get_mut(member) {
                place.get_or_insert(group);
            }
        }
    }
    let mut node_of_group: HashMap<usize, usize> = HashMap::new();
    let mut held = Vec::new();
    let mut add = |is_group: bool| {
        held.push(is_group);
        held.len() - 1
    };
    let nodes = group_of
        .into_iter()
        .map(|group| match group {
            Some(group) => *node_of_group.entry(group).or_insert_with(|| add(true)),
            None => add(false),
        })
        .collect();
    (nodes, held)
}

/// Clusters that are large enough or that people have made, numbered from 0; `held` is by number in `membership`.
fn without_small(membership: &[Option<usize>], held: &[bool], min_size: usize) -> Vec<Option<usize>> {
    let mut sizes: HashMap<usize, usize> = HashMap::new();
    for cluster in membership.iter().flatten() {
        *sizes.entry(*cluster).or_insert(0) += 1;
    }
    let mut numbers: HashMap<usize, usize> = HashMap::new();
    membership
        .iter()
        .map(|cluster| {
            let cluster = cluster.filter(|cluster| held[*cluster] || sizes[cluster] >= min_size)?;
            let next = numbers.len();
            Some(*numbers.entry(cluster).or_insert(next))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::random::SplitMix64;

    pub(super) fn neighbours(pairs: &[(usize, usize, f32)], count: usize) -> Vec<Vec<Neighbour>> {
        let mut lists = vec![Vec::new(); count];
        for &(a, b, similarity) in pairs {
            lists[a].push(Neighbour { other: b, similarity });
            lists[b].push(Neighbour { other: a, similarity });
        }
        lists
    }

    /// Questions of `topics` topics, `each` of them: unit vectors around a centre per topic, and every question's nearest by comparing all.
    fn desk(topics: usize, each: usize, seed: u64) -> (Vec<Vec<f32>>, Vec<Vec<Neighbour>>) {
        let mut random = SplitMix64::new(seed);
        let mut drawn = |spread: f32| (0..64).map(|_| (random.next_unit() as f32 - 0.5) * spread).collect::<Vec<f32>>();
        let centres: Vec<Vec<f32>> = (0..topics).map(|_| drawn(2.0)).collect();
        let vectors: Vec<Vec<f32>> = (0..topics * each)
            .map(|place| {
                let mut vector: Vec<f32> = centres[place % topics].iter().zip(drawn(1.2)).map(|(centre, noise)| centre + noise).collect();
                crate::retrieve::encode::normalise(&mut vector);
                vector
            })
            .collect();
        let nearest = |place: usize| {
            let mut near: Vec<Neighbour> = (0..vectors.len())
                .filter(|&other| other != place)
                .map(|other| Neighbour { other, similarity: crate::retrieve::encode::dot(&vectors[place], &vectors[other]) })
                .collect();
            near.sort_by(|a, b| b.similarity.total_cmp(&a.similarity));
            near.truncate(NEIGHBOURS);
            near
        };
        let neighbours = (0..vectors.len()).map(nearest).collect();
        (vectors, neighbours)
    }

    fn grouped(vectors: &[Vec<f32>], texts: &[&str], neighbours: &[Vec<Neighbour>], constraints: &Constraints) -> Vec<Option<usize>> {
        let questions: Vec<Question<'_>> =
            vectors.iter().enumerate().map(|(place, vector)| Question { text: texts[place % texts.len()], vector }).collect();
        group(&questions, neighbours, constraints, GroupSettings::default())
    }

    #[test]
    fn finds_how_many_topics_there_are() {
        for (topics, each) in [(3, 40), (12, 15)] {
            let (vectors, near) = desk(topics, each, 7);
            let found = grouped(&vectors, &["where is it"], &near, &Constraints::default());
            assert!((0..vectors.len()).all(|place| found[place] == Some(place % topics)), "{topics} topics: {found:?}");
        }
    }

    #[test]
    fn words_part_what_vectors_do_not() {
        // One topic by its vectors, two by its words.
        let (vectors, near) = desk(1, 60, 3);
        let texts = ["refund for the blue jacket", "password reset link broken"];
        let found = grouped(&vectors, &texts, &near, &Constraints::default());
        for place in 0..vectors.len() {
            for other in 0..place {
                assert!(place % 2 == other % 2 || found[place].is_none() || found[place] != found[other], "{place} and {other}");
            }
        }
    }

    #[test]
    fn the_same_questions_give_the_same_clusters_and_none_give_none() {
        let (vectors, near) = desk(5, 20, 11);
        let once = || grouped(&vectors, &["a refund", "an invoice", "a parcel"], &near, &Constraints::default());
        assert_eq!(once(), once());
        assert_eq!(group(&[], &[], &Constraints::default(), GroupSettings::default()), []);
    }

    #[test]
    fn people_decide() {
        let (vectors, near) = desk(3, 20, 5);
        // 0 and 3 are of one topic, and so are 1 and 4; people have parted the former and joined the latter with a question of another topic.
        let constraints = Constraints { together: vec![vec![0], vec![3, 6], vec![1, 2]] };
        let found = grouped(&vectors, &["where is it"], &near, &constraints);
        assert!(found[0].is_some() && found[0] != found[3]);
        assert_eq!(found[3], found[6]);
        assert_eq!(found[1], found[2]);
        assert_ne!(found[1], found[0]);
    }

    #[test]
    fn small_talk_is_in_no_cluster_unless_people_have_put_it_there() {
        let (vectors, near) = desk(2, 20, 13);
        let texts = ["where is my parcel", "thanks a lot"];
        let found = grouped(&vectors, &texts, &near, &Constraints::default());
        assert!((0..40).all(|place| found[place].is_some() == (place % 2 == 0)), "{found:?}");
        let found = grouped(&vectors, &texts, &near, &Constraints { together: vec![vec![1, 3]] });
        assert!(found[1].is_some() && found[1] == found[3]);
    }

    #[test]
    fn a_question_without_neighbours_is_an_outlier_unless_people_have_placed_it() {
        let (mut vectors, mut near) = desk(2, 20, 9);
        vectors.push(vectors[0].clone());
        near.push(Vec::new());
        let found = grouped(&vectors, &["where is it"], &near, &Constraints::default());
        assert_eq!(found[40], None);
        let found = grouped(&vectors, &["where is it"], &near, &Constraints { together: vec![vec![40, 1]] });
        assert_eq!(found[40], found[1]);
        assert!(found[40].is_some());
    }
}
