//! Answers that can't both be right, side by side: within a cluster, and between an entry and what agents have answered lately.

use std::collections::{BTreeSet, HashMap};

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use super::disagreement::{Disagreement, Use, disagreement};
use super::{Insight, InsightError, PAGE};
use crate::domain::{ClusterState, DeskId, Entry, EntryId, Pair, PairId, PairKind, Pool, Timestamp};
use crate::index::{DenseField, IndexFilter, Probe};
use crate::store::{ClusterQuery, ClusterSort};
use crate::suggest::group::SAME_QUESTION;
use crate::suggest::group::{Answer, contradict, group_answers};

/// How far back recent practice reaches from the archive's latest answer.
const RECENT_MICROS: i64 = 90 * 86_400_000_000;
/// Archived questions looked at per wording of an entry.
const LOOKED_AT: usize = 50;
/// Conversations that must have contradicted an entry: one may be a slip.
const LEAST_CONVERSATIONS: u32 = 2;
/// Evidence named per side.
const EVIDENCE: usize = 10;

/// Where a conflict was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum ConflictKind {
    /// Between the best answers of a cluster.
    Cluster,
    /// Between a published entry and what agents have answered lately.
    Entry,
}

/// One of two answers.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Side {
    /// Its words, masked.
    pub text: String,
    /// How many answers say it; 0 for an entry.
    pub support: u32,
    /// When it was first given; of an entry, when it last changed.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub first_answered_at: Option<Timestamp>,
    /// When it was last given.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub last_answered_at: Option<Timestamp>,
    /// The entry, where it is one.
    #[schema(value_type = Option<String>, format = Uuid)]
    pub entry_id: Option<EntryId>,
    /// Archived pairs that say it, at most ten.
    #[schema(value_type = Vec<String>)]
    pub pair_ids: Vec<PairId>,
}

/// Two answers to one question that can't both be right.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Conflict {
    /// Where it was found.
    pub kind: ConflictKind,
    /// The cluster or entry.
    #[schema(value_type = String, format = Uuid)]
    pub id: Uuid,
    /// The question, masked.
    pub question: String,
    /// The answer given longer; the entry's.
    pub one: Side,
    /// The other one.
    pub other: Side,
    /// Whether one has taken the other's place.
    pub disagreement: Disagreement,
    /// Distinct customers who asked.
    pub customers: u32,
    /// Customers × answers on the weaker side (of an entry: answers against it): what the list is ordered by.
    pub impact: u64,
}

impl Insight {
    /// Conflicts of at least so many customers, heaviest first. Dismissed clusters are left out.
    ///
    /// Computed when asked for: one search of the index per wording of a published entry.
    ///
    /// # Errors
    /// When store or index fail.
    pub async fn conflicts(&self, desk: &DeskId, least_customers: u32) -> Result<Vec<Conflict>, InsightError> {
        let mut conflicts = self.of_clusters(desk, least_customers).await?;
        conflicts.extend(self.of_entries(desk, least_customers).await?);
        conflicts.sort_by(|a, b| b.impact.cmp(&a.impact).then(a.id.cmp(&b.id)).then_with(|| a.other.text.cmp(&b.other.text)));
        Ok(conflicts)
    }

    async fn of_clusters(&self, desk: &DeskId, least_customers: u32) -> Result<Vec<Conflict>, InsightError> {
        let mut conflicts = Vec::new();
        let mut query = ClusterQuery { min_customers: least_customers, conflicting: Some(true), limit: PAGE, ..ClusterQuery::default() };
        loop {
            let page = self.store.clusters_page(desk, &query, self.clock.now()).await?;
            let Some(last) = page.last() else { return Ok(conflicts) };
            query.after = Some((ClusterSort::default().value(last), last.id));
            for cluster in page.iter().filter(|cluster| cluster.state != ClusterState::Dismissed) {
                for (place, answer) in cluster.answers.iter().enumerate() {
                    let behind = answer.contradicts.iter().map(|other| *other as usize).filter(|other| *other > place);
                    for other in behind.filter_map(|other| cluster.answers.get(other)) {
                        let side = |answer: &crate::domain::ClusterAnswer| Side {
                            text: answer.text.clone(),
                            support: answer.support,
                            first_answered_at: answer.first_answered_at,
                            last_answered_at: answer.last_answered_at,
                            entry_id: None,
                            pair_ids: vec![answer.pair_id],
                        };
                        let (older, newer) =
                            if answer.last_answered_at <= other.last_answered_at { (answer, other) } else { (other, answer) };
                        conflicts.push(Conflict {
                            kind: ConflictKind::Cluster,
                            id: cluster.id.as_uuid(),
                            question: cluster.name.clone(),
                            one: side(older),
                            other: side(newer),
                            disagreement: disagreement(older.into(), newer.into()),
                            customers: cluster.customers,
                            impact: u64::from(cluster.customers) * u64::from(answer.support.min(other.support)),
                        });
                    }
                }
            }
        }
    }

    async fn of_entries(&self, desk: &DeskId, least_customers: u32) -> Result<Vec<Conflict>, InsightError> {
        let latest = self.store.answer_times(desk, PairKind::Question).await?.into_iter().flatten().max();
        let Some(latest) = latest else { return Ok(Vec::new()) };
        let recent = IndexFilter {
            pools: vec![Pool::Archive],
            kinds: vec![PairKind::Question],
            answered_from: Some(Timestamp::from_micros(latest.as_micros() - RECENT_MICROS)),
            ..IndexFilter::desk(desk.clone())
        };
        let now = self.clock.now();
        let mut conflicts = Vec::new();
        for entry in self.all_entries(desk).await?.into_iter().filter(|entry| entry.content.is_live(now)) {
            if let Some(conflict) = self.against(desk, &entry, &recent, least_customers).await? {
                conflicts.push(conflict);
            }
        }
        Ok(conflicts)
    }

    /// What most agents have lately answered otherwise than an entry.
    async fn against(
        &self,
        desk: &DeskId,
        entry: &Entry,
        recent: &IndexFilter,
        least_customers: u32,
    ) -> Result<Option<Conflict>, InsightError> {
        let points: Vec<Uuid> = (0..entry.content.questions.len()).map(|variant| entry.variant_point(variant)).collect();
        let variants = self.index.fetch(desk, &points).await?;
        let Some(own) = variants.first().map(|point| point.dense[2].clone()) else { return Ok(None) };
        let filter = IndexFilter { language: Some(entry.content.language), ..recent.clone() };
        let probes = variants.into_iter().map(|point| {
            let [question, _, _] = point.dense;
            Probe::Dense(DenseField::Question, question)
        });
        let hits = self.index.search(&filter, probes.collect(), LOOKED_AT).await?;
        let near: BTreeSet<Uuid> = hits.into_iter().flatten().filter(|hit| hit.score >= SAME_QUESTION).map(|hit| hit.id).collect();
        let near: Vec<Uuid> = near.into_iter().collect();
        let vectors: HashMap<Uuid, Vec<f32>> = self
            .index
            .fetch(desk, &near)
            .await?
            .into_iter()
            .map(|point| {
                let [_, _, answer] = point.dense;
                (point.id, answer)
            })
            .collect();
        let ids: Vec<PairId> = near.iter().map(|id| PairId::from_uuid(*id)).collect();
        let mut pairs: Vec<Pair> = self.store.pairs(desk, &ids).await?;
        pairs.retain(|pair| !pair.content.outcome.corrected && vectors.contains_key(&pair.content.id.as_uuid()));
        pairs.sort_by(|a, b| b.content.answered_at.cmp(&a.content.answered_at).then(a.content.id.cmp(&b.content.id)));
        let answers: Vec<Answer<'_>> =
            pairs.iter().map(|pair| Answer::new(&pair.content.answer, &vectors[&pair.content.id.as_uuid()])).collect();
        let said = Answer::new(&entry.content.answer, &own);
        let groups = group_answers(&answers).into_iter().filter(|group| contradict(&said, &answers[group[0]]));
        let strongest = groups.max_by_key(|group| (group.len(), std::cmp::Reverse(group[0])));
        let Some(group) = strongest else { return Ok(None) };
        let members: Vec<&Pair> = group.iter().map(|&place| &pairs[place]).collect();
        let conversations = members.iter().map(|pair| pair.conversation).collect::<BTreeSet<_>>().len() as u32;
        let customers = members
            .iter()
            .map(|pair| pair.customer_key.clone().unwrap_or_else(|| pair.conversation.to_string()))
            .collect::<BTreeSet<_>>()
            .len() as u32;
        if conversations < LEAST_CONVERSATIONS || customers < least_customers {
            return Ok(None);
        }
        let times = || members.iter().filter_map(|pair| pair.content.answered_at);
        let practice = Side {
            text: members[0].content.answer.clone(),
            support: members.len() as u32,
            first_answered_at: times().min(),
            last_answered_at: times().max(),
            entry_id: None,
            pair_ids: members.iter().take(EVIDENCE).map(|pair| pair.content.id).collect(),
        };
        // An entry that changed after all these answers were given is the newer practice, one that changed before them the older.
        let stated = Use { times: practice.support, span: Some((entry.updated_at, entry.updated_at)) };
        let given = Use { times: practice.support, span: practice.first_answered_at.zip(practice.last_answered_at) };
        Ok(Some(Conflict {
            kind: ConflictKind::Entry,
            id: entry.id.as_uuid(),
            question: entry.content.questions.first().cloned().unwrap_or_default(),
            one: Side {
                text: entry.content.answer.clone(),
                support: 0,
                first_answered_at: Some(entry.updated_at),
                last_answered_at: None,
                entry_id: Some(entry.id),
                pair_ids: Vec::new(),
            },
            disagreement: disagreement(stated, given),
            customers,
            impact: u64::from(customers) * u64::from(practice.support),
            other: practice,
        }))
    }
}
