//! The gap ledger: failures grouped by meaning, each group with its cause, its weight, and the identity it had before.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use uuid::Uuid;

use super::{Insight, InsightError, PAGE};
use crate::domain::{DeskId, EntryId, Gap, GapCause, GapDecision, GapId, GapState, Language, Nearest, PairId, PairKind, Pool, Timestamp};
use crate::embed::{Lane, TextKind};
use crate::index::{DenseField, IndexFilter, Probe};
use crate::mining::cluster::{ClusterSettings, Constraints, Neighbour, communities};
use crate::retrieve::encode::{dot, normalise};
use crate::store::StoreError;
use crate::suggest::group::SAME_QUESTION;
use crate::text::language::detect;
use crate::text::normalise::answer_key;

/// Distinct questions grouped, the latest: comparing them is quadratic in time (not in memory), and older ones have been seen by editors.
const MOST_QUESTIONS: usize = 20_000;
/// Neighbours kept per question.
const NEIGHBOURS: usize = 25;
/// Questions shown with a gap.
const EXAMPLES: usize = 5;
/// Characters of a reason at most.
const MAX_WHY_CHARS: usize = 500;
/// Texts embedded between two progress reports.
pub(crate) const EMBED_AT_ONCE: usize = 256;

/// How a question failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum How {
    Abstained { off_topic: bool },
    Rejected,
    Unanswered,
}

/// One failure.
#[derive(Debug, Clone)]
struct Failure {
    source: Uuid,
    customer: String,
    how: How,
    at: Option<Timestamp>,
}

/// The failures that asked one thing in the same words.
#[derive(Debug, Clone)]
pub(crate) struct Asked {
    /// The words, masked.
    pub(crate) text: String,
    language: Language,
    failures: Vec<Failure>,
}

impl Asked {
    fn last_at(&self) -> Option<Timestamp> {
        self.failures.iter().filter_map(|failure| failure.at).max()
    }
}

/// Questions in one gap: their places, and the normalised mean of their vectors.
#[derive(Debug, Clone)]
pub(crate) struct Group {
    members: Vec<usize>,
    centre: Vec<f32>,
}

impl Insight {
    /// What failed on a desk, by what was asked; the latest first.
    pub(crate) async fn failures(&self, desk: &DeskId) -> Result<Vec<Asked>, InsightError> {
        let mut asked: HashMap<String, Asked> = HashMap::new();
        let mut seen: HashSet<(String, String)> = HashSet::new();
        let mut add = |text: String, failure: Failure| {
            let key = answer_key(&text);
            // An agent's screen asks again with every message: in one conversation the same words fail once.
            if text.trim().is_empty() || !seen.insert((key.clone(), failure.customer.clone())) {
                return;
            }
            let language = detect(&text);
            asked.entry(key).or_insert_with(|| Asked { text, language, failures: Vec::new() }).failures.push(failure);
        };
        let mut after = None;
        loop {
            let page = self.store.failed_sets(desk, after, PAGE).await?;
            let Some(last) = page.last() else { break };
            after = Some(last.id);
            for set in page {
                let how = match set.abstained.as_deref() {
                    // There was nothing to answer.
                    Some("moved_on" | "small_talk") => continue,
                    Some(reason) => How::Abstained { off_topic: reason == "out_of_domain" },
                    None => How::Rejected,
                };
                let customer = set.conversation.map_or_else(|| format!("set {}", set.id), |conversation| format!("live {conversation}"));
                add(set.query, Failure { source: set.id.as_uuid(), customer, how, at: Some(set.at) });
            }
        }
        let mut after: Option<PairId> = None;
        loop {
            let page = self.store.pairs_page(desk, Some(PairKind::Unanswered), after, PAGE).await?;
            let Some(last) = page.last() else { break };
            after = Some(last.content.id);
            for pair in page {
                let customer = pair.customer_key.unwrap_or_else(|| pair.conversation.to_string());
                let (source, at) = (pair.content.id.as_uuid(), pair.content.answered_at);
                add(pair.content.question, Failure { source, customer, how: How::Unanswered, at });
            }
        }
        let mut asked: Vec<Asked> = asked.into_values().collect();
        asked.sort_by(|a, b| b.last_at().cmp(&a.last_at()).then_with(|| a.text.cmp(&b.text)));
        asked.truncate(MOST_QUESTIONS);
        Ok(asked)
    }

    /// The vectors of questions.
    pub(crate) async fn embed_questions(&self, asked: &[Asked]) -> Result<Vec<Vec<f32>>, InsightError> {
        let texts = asked.iter().map(|asked| asked.text.clone()).collect();
        let embedded = self.embedder.embed(texts, TextKind::Query, Lane::Bulk).await?;
        Ok(embedded.into_iter().map(|embedding| embedding.vector.to_vec()).collect())
    }

    /// Says of one group why it failed, and what lies nearest.
    pub(crate) async fn diagnose(&self, desk: &DeskId, asked: &[Asked], group: &Group) -> Result<Gap, InsightError> {
        let now = self.clock.now();
        let members: Vec<&Asked> = group.members.iter().map(|&member| &asked[member]).collect();
        let failures: Vec<&Failure> = members.iter().flat_map(|asked| &asked.failures).collect();
        let knowledge = IndexFilter { pools: vec![Pool::Knowledge], valid_at: Some(now), ..IndexFilter::desk(desk.clone()) };
        let archive = IndexFilter { pools: vec![Pool::Archive], kinds: vec![PairKind::Question], ..IndexFilter::desk(desk.clone()) };
        let entry = self.nearest(&knowledge, group).await?;
        let pair = self.nearest(&archive, group).await?;
        let cluster = match pair {
            None => None,
            Some((pair, similarity)) => {
                let placed = self.store.placements(desk, &[PairId::from_uuid(pair)]).await?.pop();
                placed.and_then(|placed| placed.cluster).map(|cluster| Nearest { id: cluster.as_uuid(), similarity })
            }
        };
        let count = |wanted: fn(How) -> bool| failures.iter().filter(|failure| wanted(failure.how)).count() as u32;
        let off_topic = count(|how| matches!(how, How::Abstained { off_topic: true })) as usize;
        let best = entry.iter().chain(&pair).map(|(_, similarity)| *similarity).fold(0.0, f32::max);
        let cause = if best >= SAME_QUESTION {
            GapCause::NotFound
        } else if off_topic * 2 > failures.len() {
            GapCause::NotOurTopic
        } else {
            GapCause::NoKnowledge
        };
        let customers = failures.iter().map(|failure| failure.customer.as_str()).collect::<BTreeSet<_>>().len() as u32;
        let times = || failures.iter().filter_map(|failure| failure.at);
        let english = members.iter().filter(|asked| asked.language == Language::En).count();
        Ok(Gap {
            id: GapId::new(),
            desk: desk.clone(),
            cause,
            // Members are ordered by nearness to the centre.
            question: members[0].text.clone(),
            examples: newest(&members),
            language: if english * 2 > members.len() { Language::En } else { Language::Zh },
            failures: failures.len() as u32,
            abstained: count(|how| matches!(how, How::Abstained { .. })),
            rejected: count(|how| how == How::Rejected),
            unanswered: count(|how| how == How::Unanswered),
            customers,
            impact: u64::from(customers) * failures.len() as u64,
            first_at: times().min(),
            last_at: times().max(),
            nearest_entry: entry.map(|(id, similarity)| Nearest { id, similarity }),
            nearest_cluster: cluster,
            decision: None,
            updated_at: now,
        })
    }

    /// The pair or entry whose question lies nearest to a group's centre, and its cosine.
    async fn nearest(&self, filter: &IndexFilter, group: &Group) -> Result<Option<(Uuid, f32)>, InsightError> {
        let probe = Probe::Dense(DenseField::Question, group.centre.clone());
        let Some(hit) = self.index.search(filter, vec![probe], 1).await?.into_iter().flatten().next() else { return Ok(None) };
        Ok(self.index.fetch(&filter.desk, &[hit.id]).await?.pop().map(|point| (point.payload.source, hit.score)))
    }

    /// Writes the ledger; gaps that hold most of what a gap held before take its id. Tells how many have kept one.
    pub(crate) async fn keep_gaps(&self, desk: &DeskId, asked: &[Asked], found: Vec<(Gap, Group)>) -> Result<usize, InsightError> {
        let before: HashMap<Uuid, GapId> = self.store.gap_failures(desk).await?.into_iter().map(|(gap, source)| (source, gap)).collect();
        let sources = |group: &Group| -> Vec<Uuid> {
            group.members.iter().flat_map(|&member| asked[member].failures.iter().map(|failure| failure.source)).collect()
        };
        let mut gaps: Vec<(Gap, Vec<Uuid>)> = found.into_iter().map(|(gap, group)| (gap, sources(&group))).collect();
        let kept = keep_ids(&mut gaps, &before);
        self.store.replace_gaps(desk, &gaps).await?;
        Ok(kept)
    }

    /// The ledger as far as `least_customers` allows, heaviest first.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn gaps(
        &self,
        desk: &DeskId,
        cause: Option<GapCause>,
        state: Option<GapState>,
        least_customers: u32,
    ) -> Result<Vec<Gap>, InsightError> {
        let mut gaps = self.store.gaps(desk).await?;
        gaps.retain(|gap| {
            gap.customers >= least_customers
                && cause.is_none_or(|cause| gap.cause == cause)
                && state.is_none_or(|state| gap.state() == state)
        });
        gaps.sort_by(|a, b| b.impact.cmp(&a.impact).then(a.id.cmp(&b.id)));
        Ok(gaps)
    }

    /// Decides about a gap of at least so many customers.
    ///
    /// # Errors
    /// [`InsightError::UnknownGap`] for one that is not this desk's or of fewer customers, [`InsightError::Invalid`] when a dismissal has no
    /// reason or a resolution no entry of this desk.
    pub async fn decide_gap(&self, desk: &DeskId, id: GapId, least_customers: u32, decision: GapDecision) -> Result<Gap, InsightError> {
        let invalid = |field, detail: &str| Err(InsightError::Invalid { field, detail: detail.to_owned() });
        if decision.why.as_ref().is_some_and(|why| why.chars().count() > MAX_WHY_CHARS) {
            return invalid("/why", "use at most 500 characters");
        }
        let explained = decision.why.as_ref().is_some_and(|why| !why.trim().is_empty());
        match decision.state {
            GapState::Dismissed if !explained => return invalid("/why", "say why the gap is dismissed"),
            GapState::Resolved => {
                let Some(entry) = decision.entry_id else { return invalid("/entry_id", "name the entry that answers it") };
                if self.store.entries(desk, &[entry]).await?.is_empty() {
                    return invalid("/entry_id", "use the id of an entry of this desk");
                }
            }
            GapState::Open | GapState::Dismissed => {}
        }
        let mut gap =
            self.gaps(desk, None, None, least_customers).await?.into_iter().find(|gap| gap.id == id).ok_or(InsightError::UnknownGap)?;
        self.store.decide_gap(desk, id, &decision).await.map_err(|error| match error {
            StoreError::NotFound(_) => InsightError::UnknownGap,
            other => other.into(),
        })?;
        gap.decision = Some(decision);
        Ok(gap)
    }

    /// A decision by `actor`, now.
    #[must_use]
    pub fn decision(&self, state: GapState, why: Option<String>, entry_id: Option<EntryId>, actor: &str) -> GapDecision {
        GapDecision { state, why, entry_id, actor: actor.to_owned(), at: self.clock.now() }
    }
}

/// The newest questions among members, each once.
fn newest(members: &[&Asked]) -> Vec<String> {
    let mut members: Vec<&Asked> = members.to_vec();
    members.sort_by_key(|asked| std::cmp::Reverse(asked.last_at()));
    members.into_iter().take(EXAMPLES).map(|asked| asked.text.clone()).collect()
}

/// Groups questions by the communities of their nearest neighbours, as clusters are; a question without company is a group of its own. Members are
/// ordered by nearness to the centre.
pub(crate) fn group(asked: &[Asked], vectors: &[Vec<f32>]) -> Vec<Group> {
    let settings = ClusterSettings { min_size: 1, ..ClusterSettings::default() };
    let nearest = |at: usize| {
        let mut near: Vec<Neighbour> = (0..vectors.len())
            .filter(|&other| other != at && asked[other].language == asked[at].language)
            .map(|other| Neighbour { other, similarity: dot(&vectors[at], &vectors[other]) })
            .filter(|neighbour| neighbour.similarity >= settings.min_similarity)
            .collect();
        near.sort_by(|a, b| b.similarity.total_cmp(&a.similarity).then(a.other.cmp(&b.other)));
        near.truncate(NEIGHBOURS);
        near
    };
    let neighbours: Vec<Vec<Neighbour>> = (0..vectors.len()).map(nearest).collect();
    let labels = communities(&neighbours, &Constraints::default(), settings);
    let mut together: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
    let mut groups: Vec<Vec<usize>> = Vec::new();
    for (member, label) in labels.into_iter().enumerate() {
        match label {
            Some(label) => together.entry(label).or_default().push(member),
            None => groups.push(vec![member]),
        }
    }
    groups.extend(together.into_values());
    groups
        .into_iter()
        .map(|mut members| {
            let mut centre = vec![0.0; vectors[members[0]].len()];
            for &member in &members {
                for (sum, value) in centre.iter_mut().zip(&vectors[member]) {
                    *sum += value;
                }
            }
            normalise(&mut centre);
            members.sort_by(|&a, &b| dot(&centre, &vectors[b]).total_cmp(&dot(&centre, &vectors[a])).then(a.cmp(&b)));
            Group { members, centre }
        })
        .collect()
}

/// Gives each gap the id of the earlier gap with which it shares most failures; every id once, the largest overlap first. Tells how many got one.
fn keep_ids(gaps: &mut [(Gap, Vec<Uuid>)], before: &HashMap<Uuid, GapId>) -> usize {
    let mut overlaps: BTreeMap<(usize, GapId), usize> = BTreeMap::new();
    for (place, (_, sources)) in gaps.iter().enumerate() {
        for gap in sources.iter().filter_map(|source| before.get(source)) {
            *overlaps.entry((place, *gap)).or_insert(0) += 1;
        }
    }
    let mut overlaps: Vec<((usize, GapId), usize)> = overlaps.into_iter().collect();
    overlaps.sort_by(|(a, shared_a), (b, shared_b)| shared_b.cmp(shared_a).then(a.cmp(b)));
    let (mut placed, mut taken) = (HashSet::new(), HashSet::new());
    for ((place, id), _) in overlaps {
        if !placed.contains(&place) && taken.insert(id) {
            placed.insert(place);
            gaps[place].0.id = id;
        }
    }
    placed.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(text: &str) -> Asked {
        Asked { text: text.to_owned(), language: detect(text), failures: Vec::new() }
    }

    #[test]
    fn questions_near_each_other_are_one_gap_and_lonely_ones_stay() {
        let questions = ["how do I insure my bike", "bike insurance", "insure a bicycle", "what about drones", "自行车怎么投保"].map(asked);
        let vectors = [vec![1.0, 0.0], vec![0.99, 0.141], vec![0.98, 0.199], vec![0.0, 1.0], vec![1.0, 0.0]];
        let groups = group(&questions, &vectors);
        let mut sizes: Vec<usize> = groups.iter().map(|group| group.members.len()).collect();
        sizes.sort_unstable();
        assert_eq!(sizes, [1, 1, 3], "languages are kept apart");
        let largest = groups.iter().find(|group| group.members.len() == 3).unwrap();
        assert_eq!(largest.members[0], 1, "the middle one stands for all");
        assert!(group(&[], &[]).is_empty());
    }
}
