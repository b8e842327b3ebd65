//! What people decide about clusters: approve, snooze, dismiss, rename, merge, split, move, and take back.
//!
//! Every decision names the versions it was made to; it is kept with who and when, with what is needed to take it back, and it fixes the questions
//! of the clusters it touches: a rebuild leaves them where people have put them.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use serde::{Deserialize, Serialize};
use serde_json::json;

use super::describe::{Described, Identity, Member, centre, describe};
use super::{CurationError, Curator, KEYWORDS, Surroundings};
use crate::domain::{
    Cluster, ClusterDecision, ClusterDecisionId, ClusterId, ClusterMember, ClusterState, DecisionKind, DeskId, PairId, Timestamp,
};
use crate::mining::cluster::{self, keywords};
use crate::retrieve::encode::dot;
use crate::retrieve::kmeans::spherical_k_means;
use crate::rt;
use crate::store::{ClusterChange, Placement, StoreError};

/// Longest name of a cluster, in characters.
const MAX_NAME: usize = 200;
/// Longest reason, in characters.
const MAX_REASON: usize = 500;
/// Clusters that are merged at once.
const MAX_MERGED: usize = 50;
/// How often a decision is tried again because another process has changed the desk's clusters meanwhile.
const ATTEMPTS: usize = 8;
/// Most parts a split is proposed into.
const MAX_PARTS: usize = 5;
/// Fewest questions of a proposed part.
const MIN_PART: usize = 2;
const SPLIT_ROUNDS: usize = 30;
const SPLIT_SEED: u64 = 1;

/// A cluster as somebody has seen it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Seen {
    /// The cluster.
    pub id: ClusterId,
    /// Its version then.
    pub version: u64,
}

/// A decision about one cluster; what is absent stays.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Review {
    /// The state it gets.
    pub state: Option<ClusterState>,
    /// When a snooze ends.
    pub snoozed_until: Option<Timestamp>,
    /// Why it is dismissed.
    pub dismissed_why: Option<String>,
    /// Its name; an empty one goes back to the one made of its questions.
    pub name: Option<String>,
}

/// A cluster as it will be: what it keeps, and its questions with whether people have put them there.
#[derive(Debug, Clone)]
pub(super) struct Scene {
    identity: Identity,
    members: Vec<(PairId, bool)>,
    /// The cluster as it was, where its questions stay the same.
    same: Option<(Cluster, Vec<ClusterMember>)>,
}

impl Scene {
    pub(super) fn of(cluster: &Cluster, members: &[ClusterMember]) -> Self {
        let members = members.iter().map(|member| (member.pair_id, member.fixed)).collect();
        Self { identity: Identity::of(cluster), members, same: None }
    }

    pub(super) fn add(&mut self, members: impl IntoIterator<Item = (PairId, bool)>) {
        self.members.extend(members);
    }

    pub(super) fn in_state(mut self, state: ClusterState) -> Self {
        self.identity.state = state;
        self.identity.snoozed_until = None;
        self.identity.dismissed_why = None;
        self
    }

    pub(super) fn decided(mut self) -> Self {
        self.identity.version += 1;
        for (_, fixed) in &mut self.members {
            *fixed = true;
        }
        self
    }
}

/// What a decision does.
pub(super) struct Plan {
    pub(super) kind: DecisionKind,
    pub(super) detail: serde_json::Value,
    pub(super) scenes: Vec<Scene>,
    /// Questions that belong to no cluster any more.
    pub(super) released: Vec<PairId>,
    pub(super) removed: Vec<ClusterId>,
}

/// A cluster before a decision, for taking it back.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Before {
    id: ClusterId,
    version: u64,
    state: ClusterState,
    snoozed_until: Option<Timestamp>,
    dismissed_why: Option<String>,
    given_name: Option<String>,
    members: Vec<(PairId, bool)>,
}

/// A cluster and its questions.
pub(super) type Loaded = (Cluster, Vec<ClusterMember>);

impl Before {
    fn of((cluster, members): &Loaded) -> Self {
        let Identity { id, version, state, snoozed_until, dismissed_why, given_name } = Identity::of(cluster);
        let members = members.iter().map(|member| (member.pair_id, member.fixed)).collect();
        Self { id, version, state, snoozed_until, dismissed_why, given_name, members }
    }
}

/// One part of a proposed split.
#[derive(Debug, Clone, PartialEq, Serialize, utoipa::ToSchema)]
pub struct ProposedPart {
    /// The question nearest to the part's centre.
    pub representative: String,
    /// Its questions, most similar to its centre first.
    pub members: Vec<ClusterMember>,
}

impl Curator {
    /// Changes one cluster's state or name.
    ///
    /// # Errors
    /// When a field does not fit, or somebody was faster.
    pub async fn review(&self, desk: &DeskId, seen: Seen, review: &Review, actor: &str) -> Result<Cluster, CurationError> {
        let name = checked_name(review.name.as_deref())?;
        let now = self.clock.now();
        let why = checked_reason(review, now)?;
        let kind = match review.state {
            Some(ClusterState::Approved) => DecisionKind::Approve,
            Some(ClusterState::Snoozed) => DecisionKind::Snooze,
            Some(ClusterState::Dismissed) => DecisionKind::Dismiss,
            Some(ClusterState::Open) => DecisionKind::Reopen,
            None if review.name.is_some() => DecisionKind::Rename,
            None => return Err(invalid("", "say what is to change: `state` or `name`")),
        };
        let mut detail = serde_json::Map::new();
        if let Some(name) = &name {
            detail.insert("name".to_owned(), json!(name));
        }
        if let Some(until) = review.snoozed_until {
            detail.insert("snoozed_until".to_owned(), json!(until));
        }
        if let Some(why) = &why {
            detail.insert("why".to_owned(), json!(why));
        }
        let plan = |loaded: &[Loaded]| {
            let (cluster, members) = &loaded[0];
            let mut scene = Scene::of(cluster, members).decided();
            scene.same = Some((cluster.clone(), members.clone()));
            if let Some(state) = review.state {
                scene.identity.state = state;
                scene.identity.snoozed_until = review.snoozed_until.filter(|_| state == ClusterState::Snoozed);
                scene.identity.dismissed_why.clone_from(&why);
            }
            if let Some(name) = &name {
                scene.identity.given_name = (!name.is_empty()).then(|| name.clone());
            }
            let detail = serde_json::Value::Object(detail.clone());
            Ok(Plan { kind, detail, scenes: vec![scene], released: Vec::new(), removed: Vec::new() })
        };
        let changed = self.decide(desk, &[seen], actor, plan).await?;
        changed.into_iter().next().ok_or(CurationError::UnknownCluster(seen.id))
    }

    /// Puts the questions of `from` into `into`, which keeps its id, state and name; the others end.
    ///
    /// # Errors
    /// When a cluster is named twice, or somebody was faster.
    pub async fn merge(&self, desk: &DeskId, into: Seen, from: &[Seen], actor: &str) -> Result<Cluster, CurationError> {
        let all: Vec<Seen> = std::iter::once(into).chain(from.iter().copied()).collect();
        if from.is_empty() || from.len() > MAX_MERGED {
            return Err(invalid("/from", &format!("name 1 to {MAX_MERGED} clusters")));
        }
        if all.iter().map(|seen| seen.id).collect::<BTreeSet<_>>().len() < all.len() {
            return Err(invalid("/from", "name every cluster once"));
        }
        let plan = |loaded: &[Loaded]| {
            let (target, others) = loaded.split_first().ok_or(CurationError::UnknownCluster(into.id))?;
            let mut scene = Scene::of(&target.0, &target.1);
            for (_, members) in others {
                scene.add(members.iter().map(|member| (member.pair_id, true)));
            }
            let names: Vec<&str> = others.iter().map(|(cluster, _)| cluster.name.as_str()).collect();
            Ok(Plan {
                kind: DecisionKind::Merge,
                detail: json!({ "into": into.id, "merged": names }),
                scenes: vec![scene.decided()],
                released: Vec::new(),
                removed: others.iter().map(|(cluster, _)| cluster.id).collect(),
            })
        };
        let changed = self.decide(desk, &all, actor, plan).await?;
        changed.into_iter().next().ok_or(CurationError::UnknownCluster(into.id))
    }

    /// Takes questions out of a cluster into one of their own. Gives what remains, and the new one.
    ///
    /// # Errors
    /// When a question is not in the cluster, none would remain, or somebody was faster.
    pub async fn split(
        &self,
        desk: &DeskId,
        seen: Seen,
        pairs: &[PairId],
        name: Option<&str>,
        actor: &str,
    ) -> Result<(Cluster, Cluster), CurationError> {
        let chosen: BTreeSet<PairId> = pairs.iter().copied().collect();
        let given = checked_name(name)?.filter(|name| !name.is_empty());
        let plan = |loaded: &[Loaded]| {
            let (cluster, members) = &loaded[0];
            let (out, rest) = divided(members, &chosen)?;
            if rest.is_empty() {
                return Err(invalid("/members", "leave at least one question in the cluster"));
            }
            let detail = json!({ "from": cluster.id, "questions": out.len() });
            let mut remaining = Scene::of(cluster, &[]);
            remaining.add(rest);
            let mut part = Scene {
                identity: Identity { version: 0, given_name: given.clone(), ..Identity::fresh() },
                members: Vec::new(),
                same: None,
            };
            part.add(out);
            let scenes = vec![remaining.decided(), part.decided()];
            Ok(Plan { kind: DecisionKind::Split, detail, scenes, released: Vec::new(), removed: Vec::new() })
        };
        let mut changed = self.decide(desk, &[seen], actor, plan).await?.into_iter();
        match (changed.next(), changed.next()) {
            (Some(rest), Some(part)) => Ok((rest, part)),
            _ => Err(CurationError::UnknownCluster(seen.id)),
        }
    }

    /// Moves questions from one cluster into another, or out of all. Gives the clusters that changed and are still there.
    ///
    /// # Errors
    /// When a question is not in the cluster, or somebody was faster.
    pub async fn move_questions(
        &self,
        desk: &DeskId,
        from: Seen,
        pairs: &[PairId],
        to: Option<Seen>,
        actor: &str,
    ) -> Result<Vec<Cluster>, CurationError> {
        let chosen: BTreeSet<PairId> = pairs.iter().copied().collect();
        if to.is_some_and(|to| to.id == from.id) {
            return Err(invalid("/to", "name another cluster than the one they are in"));
        }
        let seen: Vec<Seen> = std::iter::once(from).chain(to).collect();
        let plan = |loaded: &[Loaded]| {
            let (cluster, members) = &loaded[0];
            let (out, rest) = divided(members, &chosen)?;
            let detail = json!({ "from": from.id, "to": to.map(|to| to.id), "questions": out.len() });
            let mut scenes = Vec::new();
            let mut removed = Vec::new();
            if rest.is_empty() {
                removed.push(cluster.id);
            } else {
                let mut remaining = Scene::of(cluster, &[]);
                remaining.add(rest);
                scenes.push(remaining.decided());
            }
            let mut released = Vec::new();
            if let Some((target, members)) = loaded.get(1) {
                let mut target = Scene::of(target, members);
                target.add(out);
                scenes.push(target.decided());
            } else {
                released = out.into_iter().map(|(pair, _)| pair).collect();
            }
            Ok(Plan { kind: DecisionKind::Move, detail, scenes, released, removed })
        };
        self.decide(desk, &seen, actor, plan).await
    }

    /// Takes a decision back: its clusters are again what they were, with what has joined them since. Gives them.
    ///
    /// # Errors
    /// [`CurationError::NotLatest`] when a later decision about one of its clusters stands: that one first.
    pub async fn undo(&self, desk: &DeskId, id: ClusterDecisionId, actor: &str) -> Result<Vec<Cluster>, CurationError> {
        let _turn = self.turn.lock().await;
        for _ in 0..ATTEMPTS {
            let revision = self.store.cluster_revision(desk).await?;
            let (decision, before, later) = self.store.cluster_decision(desk, id).await?.ok_or(CurationError::UnknownDecision(id))?;
            if decision.kind == DecisionKind::Undo || decision.undone_by.is_some() {
                return Err(CurationError::NotUndoable(id));
            }
            if let Some(later) = later {
                return Err(CurationError::NotLatest { later });
            }
            let before: Vec<Before> = serde_json::from_value(before).map_err(|_| StoreError::Corrupt("cluster_decision.before"))?;
            let mut present: BTreeMap<ClusterId, Loaded> = BTreeMap::new();
            for cluster in &decision.clusters {
                if let Some(loaded) = self.store.cluster(desk, *cluster).await? {
                    present.insert(*cluster, loaded);
                }
            }
            let scenes = restored(&before, &present);
            let now: Vec<Before> = present.values().map(Before::of).collect();
            let restored: BTreeSet<ClusterId> = before.iter().map(|cluster| cluster.id).collect();
            let plan = Plan {
                kind: DecisionKind::Undo,
                detail: json!({ "decision": id, "kind": decision.kind }),
                scenes,
                released: Vec::new(),
                removed: present.keys().filter(|cluster| !restored.contains(cluster)).copied().collect(),
            };
            match self.write(desk, revision, plan, &decision.clusters, &now, actor, Some(id)).await {
                Err(CurationError::Store(StoreError::Overtaken(_))) => {}
                other => return other,
            }
        }
        Err(CurationError::Busy)
    }

    /// Proposes how a cluster could be split: into the number of parts (2 to 5) whose questions lie best apart by the simplified silhouette
    /// (Hruschka, Campello & de Castro 2004) of spherical k-means.
    ///
    /// # Errors
    /// When there is no such cluster.
    pub async fn propose_split(&self, desk: &DeskId, id: ClusterId) -> Result<Vec<ProposedPart>, CurationError> {
        let (_, members) = self.store.cluster(desk, id).await?.ok_or(CurationError::UnknownCluster(id))?;
        let ids: Vec<PairId> = members.iter().map(|member| member.pair_id).collect();
        let vectors = self.questions(desk, &ids).await?;
        let (members, vectors): (Vec<ClusterMember>, Vec<Vec<f32>>) = members
            .into_iter()
            .filter_map(|member| Some((vectors.get(&member.pair_id)?.vector.clone(), member)))
            .map(|(v, m)| (m, v))
            .unzip();
        Ok(rt::cpu(move || parts(&members, &vectors)).await?)
    }

    /// Takes a decision about clusters as they were seen; `plan` says what becomes of them.
    pub(super) async fn decide(
        &self,
        desk: &DeskId,
        seen: &[Seen],
        actor: &str,
        plan: impl Fn(&[Loaded]) -> Result<Plan, CurationError>,
    ) -> Result<Vec<Cluster>, CurationError> {
        let _turn = self.turn.lock().await;
        for _ in 0..ATTEMPTS {
            // First the number of the state, then the state: whatever changes in between makes the write fail.
            let revision = self.store.cluster_revision(desk).await?;
            let mut loaded = Vec::with_capacity(seen.len());
            for cluster in seen {
                let found = self.store.cluster(desk, cluster.id).await?.ok_or(CurationError::UnknownCluster(cluster.id))?;
                if found.0.version != cluster.version {
                    return Err(CurationError::VersionMismatch { cluster: cluster.id, present: found.0.version });
                }
                loaded.push(found);
            }
            let before: Vec<Before> = loaded.iter().map(Before::of).collect();
            let touched: Vec<ClusterId> = seen.iter().map(|cluster| cluster.id).collect();
            match self.write(desk, revision, plan(&loaded)?, &touched, &before, actor, None).await {
                Err(CurationError::Store(StoreError::Overtaken(_))) => {}
                other => return other,
            }
        }
        Err(CurationError::Busy)
    }

    #[expect(clippy::too_many_arguments, reason = "one caller for decisions, one for taking them back")]
    async fn write(
        &self,
        desk: &DeskId,
        revision: u64,
        plan: Plan,
        touched: &[ClusterId],
        before: &[Before],
        actor: &str,
        undone: Option<ClusterDecisionId>,
    ) -> Result<Vec<Cluster>, CurationError> {
        let described_anew = plan.scenes.iter().any(|scene| scene.same.is_none());
        let surroundings = if described_anew { self.surroundings(desk).await? } else { Surroundings::default() };
        let mut about: Vec<ClusterId> = touched.to_vec();
        let mut clusters = Vec::new();
        let mut removed = plan.removed;
        let mut placements: Vec<Placement> =
            plan.released.iter().map(|&pair| Placement { pair, cluster: None, similarity: 0.0, fixed: true }).collect();
        for scene in plan.scenes {
            if !about.contains(&scene.identity.id) {
                about.push(scene.identity.id);
            }
            if scene.members.is_empty() {
                removed.push(scene.identity.id);
                continue;
            }
            let described = self.described(desk, scene, &surroundings).await?;
            placements.extend(described.placements);
            clusters.push(described.cluster);
        }
        let decision = ClusterDecision {
            id: ClusterDecisionId::new(),
            kind: plan.kind,
            clusters: about,
            detail: plan.detail,
            actor: actor.to_owned(),
            at: self.clock.now(),
            undone_by: None,
        };
        let before = serde_json::to_value(before).map_err(|_| StoreError::Corrupt("cluster_decision.before"))?;
        let change =
            ClusterChange { revision, clusters: clusters.clone(), removed, placements, decision: Some((decision, before)), undone };
        self.store.change_clusters(desk, &change).await?;
        Ok(clusters)
    }

    /// Describes a cluster as it will be.
    pub(super) async fn described(&self, desk: &DeskId, scene: Scene, beside: &Surroundings) -> Result<Described, CurationError> {
        let now = self.clock.now();
        let Scene { identity, members, same } = scene;
        if let Some((cluster, before)) = same {
            return Ok(renewed(identity, &cluster, &before, now));
        }
        let ids: Vec<PairId> = members.iter().map(|(pair, _)| *pair).collect();
        let pairs = self.pairs(desk, &ids).await?;
        let questions = self.questions(desk, &ids).await?;
        let mut texts = vec![pairs.values().map(|pair| pair.content.question.as_str()).collect::<Vec<_>>()];
        texts.extend(beside.other_questions(identity.id));
        let words = keywords(&texts, KEYWORDS).into_iter().next().unwrap_or_default();
        let known: Vec<Member<'_>> = members
            .iter()
            .filter_map(|(id, fixed)| Some(Member { question: questions.get(id)?, pair: pairs.get(id)?, fixed: *fixed }))
            .collect();
        let id = identity.id;
        let mut described = describe(desk, identity, &known, words, &beside.traffic, now);
        // Questions that wait for the index belong to it as well.
        let waiting = members.iter().filter(|(pair, _)| pairs.contains_key(pair) && !questions.contains_key(pair));
        described.placements.extend(waiting.map(|&(pair, fixed)| Placement { pair, cluster: Some(id), similarity: 0.0, fixed }));
        described.cluster.size = described.placements.len() as u32;
        self.look_up_coverage(&mut described).await?;
        Ok(described)
    }
}

/// A cluster whose questions stay: only what it keeps has changed.
fn renewed(identity: Identity, cluster: &Cluster, members: &[ClusterMember], now: Timestamp) -> Described {
    let placements = members
        .iter()
        .map(|member| Placement { pair: member.pair_id, cluster: Some(identity.id), similarity: member.similarity, fixed: true })
        .collect();
    let cluster = Cluster {
        version: identity.version,
        state: identity.state,
        snoozed_until: identity.snoozed_until,
        dismissed_why: identity.dismissed_why,
        renamed: identity.given_name.is_some(),
        name: identity.given_name.unwrap_or_else(|| cluster::name(&cluster.representative, &cluster.keywords, cluster.language)),
        updated_at: now,
        ..cluster.clone()
    };
    Described { cluster, placements, centre: Vec::new() }
}

/// The clusters as they were, with what has joined them since; what joined a cluster that ends goes to the first.
fn restored(before: &[Before], present: &BTreeMap<ClusterId, Loaded>) -> Vec<Scene> {
    let old: HashMap<PairId, (ClusterId, bool)> =
        before.iter().flat_map(|cluster| cluster.members.iter().map(|&(pair, fixed)| (pair, (cluster.id, fixed)))).collect();
    let mut members: BTreeMap<ClusterId, Vec<(PairId, bool)>> = BTreeMap::new();
    for (pair, (cluster, fixed)) in &old {
        members.entry(*cluster).or_default().push((*pair, *fixed));
    }
    for (id, (_, now)) in present {
        let home = if before.iter().any(|cluster| cluster.id == *id) { Some(*id) } else { before.first().map(|cluster| cluster.id) };
        let joined = now.iter().filter(|member| !old.contains_key(&member.pair_id)).map(|member| (member.pair_id, member.fixed));
        if let Some(home) = home {
            members.entry(home).or_default().extend(joined);
        }
    }
    before
        .iter()
        .map(|cluster| {
            let version = present.get(&cluster.id).map_or(cluster.version, |(present, _)| present.version.max(cluster.version)) + 1;
            let mut members = members.remove(&cluster.id).unwrap_or_default();
            members.sort_unstable();
            Scene {
                identity: Identity {
                    id: cluster.id,
                    version,
                    state: cluster.state,
                    snoozed_until: cluster.snoozed_until,
                    dismissed_why: cluster.dismissed_why.clone(),
                    given_name: cluster.given_name.clone(),
                },
                members,
                same: None,
            }
        })
        .collect()
}

type Members = Vec<(PairId, bool)>;

/// The chosen questions of a cluster and the others.
fn divided(members: &[ClusterMember], chosen: &BTreeSet<PairId>) -> Result<(Members, Members), CurationError> {
    let all: Members = members.iter().map(|member| (member.pair_id, member.fixed)).collect();
    let (out, rest): (Members, Members) = all.into_iter().partition(|(pair, _)| chosen.contains(pair));
    if out.is_empty() || out.len() < chosen.len() {
        return Err(invalid("/members", "name questions that are in the cluster, by their `pair_id`; at least one"));
    }
    Ok((out, rest))
}

fn parts(members: &[ClusterMember], vectors: &[Vec<f32>]) -> Vec<ProposedPart> {
    let groups = (2..=MAX_PARTS)
        .filter(|count| count * MIN_PART <= vectors.len())
        .filter_map(|count| apart(vectors, count))
        .max_by(|a, b| a.0.total_cmp(&b.0).then(b.1.len().cmp(&a.1.len())))
        .map_or_else(|| vec![(0..members.len()).collect()], |(_, groups)| groups);
    groups
        .into_iter()
        .map(|group: Vec<usize>| {
            let centre = centre(group.iter().map(|&at| vectors[at].as_slice()));
            let mut members: Vec<ClusterMember> =
                group.iter().map(|&at| ClusterMember { similarity: dot(&centre, &vectors[at]), ..members[at].clone() }).collect();
            members.sort_by(|a, b| b.similarity.total_cmp(&a.similarity).then(a.pair_id.cmp(&b.pair_id)));
            ProposedPart { representative: members.first().map(|member| member.question.clone()).unwrap_or_default(), members }
        })
        .collect()
}

/// `count` groups, largest first, with how well they lie apart (−1 to 1); `None` where one would be too small.
fn apart(vectors: &[Vec<f32>], count: usize) -> Option<(f32, Vec<Vec<usize>>)> {
    let found = spherical_k_means(vectors, count, SPLIT_ROUNDS, SPLIT_SEED);
    let dimension = vectors.first()?.len();
    let centres: Vec<&[f32]> = found.centres.chunks_exact(dimension).collect();
    let mut groups: Vec<Vec<usize>> = vec![Vec::new(); centres.len()];
    let mut silhouette = 0.0;
    for (at, (vector, &own)) in vectors.iter().zip(&found.assigned).enumerate() {
        groups[own].push(at);
        let distance = |centre: usize| 1.0 - dot(vector, centres[centre]);
        let other = (0..centres.len()).filter(|&centre| centre != own).map(distance).fold(f32::MAX, f32::min);
        silhouette += (other - distance(own)) / other.max(distance(own)).max(f32::EPSILON);
    }
    groups.sort_by_key(|group| std::cmp::Reverse(group.len()));
    groups.iter().all(|group| group.len() >= MIN_PART).then(|| (silhouette / vectors.len() as f32, groups))
}

fn checked_name(name: Option<&str>) -> Result<Option<String>, CurationError> {
    let name = name.map(|name| name.trim().to_owned());
    if name.as_ref().is_some_and(|name| name.chars().count() > MAX_NAME) {
        return Err(invalid("/name", &format!("use at most {MAX_NAME} characters")));
    }
    Ok(name)
}

fn checked_reason(review: &Review, now: Timestamp) -> Result<Option<String>, CurationError> {
    let why = review.dismissed_why.as_deref().map(str::trim).filter(|why| !why.is_empty()).map(str::to_owned);
    match review.state {
        Some(ClusterState::Dismissed) if why.is_none() => Err(invalid("/dismissed_why", "say why, so that others need not ask")),
        Some(ClusterState::Dismissed) if why.as_ref().is_some_and(|why| why.chars().count() > MAX_REASON) => {
            Err(invalid("/dismissed_why", &format!("use at most {MAX_REASON} characters")))
        }
        Some(ClusterState::Snoozed) if review.snoozed_until.is_none_or(|until| until <= now) => {
            Err(invalid("/snoozed_until", "name a moment to come, such as 2030-01-31T08:00:00Z"))
        }
        state => {
            if why.is_some() && state != Some(ClusterState::Dismissed) {
                return Err(invalid("/dismissed_why", "goes with `\"state\": \"dismissed\"` only"));
            }
            if review.snoozed_until.is_some() && state != Some(ClusterState::Snoozed) {
                return Err(invalid("/snoozed_until", "goes with `\"state\": \"snoozed\"` only"));
            }
            Ok(why)
        }
    }
}

fn invalid(field: &'static str, detail: &str) -> CurationError {
    CurationError::Invalid { field, detail: detail.to_owned() }
}
