//! What a cluster looks like: representative question, keywords, counts, weeks, answers. From members to [`Cluster`], without I/O.

use std::collections::{BTreeMap, BTreeSet};

use crate::domain::{Cluster, ClusterAnswer, ClusterId, ClusterState, DeskId, Language, Pair, PairId, Timestamp, WeekCount};
use crate::index::IndexPoint;
use crate::mining::cluster;
use crate::retrieve::encode::{dot, normalise};
use crate::store::Placement;
use crate::suggest::group::{Answer, SAME_QUESTION, contradict_on_one_question, group_answers};

/// Answers kept per cluster.
const BEST_ANSWERS: usize = 5;
/// Answers of a cluster that are compared with each other: the best by quality and age. Comparing all of a cluster of thousands would be quadratic.
const ANSWERS_READ: usize = 400;
/// Weeks kept: a year and the week it began in.
const WEEKS: usize = 53;
/// Weeks on either side of a trend.
const TREND_WEEKS: i64 = 4;

const WEEK_MICROS: i64 = 7 * 24 * 60 * 60 * 1_000_000;
/// The epoch was a Thursday: three days after a Monday.
const MONDAY_MICROS: i64 = 3 * 24 * 60 * 60 * 1_000_000;

/// One question with what clustering needs of it.
#[derive(Debug, Clone)]
pub struct Question {
    /// The pair whose question it is.
    pub pair: PairId,
    /// Language of the pair.
    pub language: Language,
    /// The question's unit vector.
    pub vector: Vec<f32>,
    /// The answer's unit vector.
    pub answer_vector: Vec<f32>,
}

impl From<IndexPoint> for Question {
    fn from(point: IndexPoint) -> Self {
        let [vector, _, answer_vector] = point.dense;
        Self { pair: PairId::from_uuid(point.payload.source), language: point.payload.language, vector, answer_vector }
    }
}

/// What a desk was asked over time: the whole of which a cluster is a share.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Traffic {
    /// Questions, with or without a time.
    pub questions: u64,
    /// Questions per week, by the week's Monday.
    pub weeks: BTreeMap<Timestamp, u64>,
}

impl Traffic {
    /// Counts questions by the times of their answers.
    #[must_use]
    pub fn of(times: impl IntoIterator<Item = Option<Timestamp>>) -> Self {
        let mut traffic = Self::default();
        for time in times {
            traffic.questions += 1;
            if let Some(time) = time {
                *traffic.weeks.entry(week_of(time)).or_insert(0) += 1;
            }
        }
        traffic
    }

    /// Share of the last [`TREND_WEEKS`] weeks less the share of as many before; weeks count back from the desk's latest.
    fn trend(&self, weeks: &BTreeMap<Timestamp, u32>) -> f64 {
        let Some((&latest, _)) = self.weeks.last_key_value() else { return 0.0 };
        let share = |from: i64, to: i64| {
            let within = |week: &Timestamp| (from..to).contains(&((latest.as_micros() - week.as_micros()) / WEEK_MICROS));
            let all: u64 = self.weeks.iter().filter(|(week, _)| within(week)).map(|(_, count)| count).sum();
            let ours: u32 = weeks.iter().filter(|(week, _)| within(week)).map(|(_, count)| count).sum();
            (all > 0).then(|| f64::from(ours) / all as f64)
        };
        match (share(0, TREND_WEEKS), share(TREND_WEEKS, 2 * TREND_WEEKS)) {
            (Some(now), Some(before)) => now - before,
            // An archive of less than a month has no trend.
            _ => 0.0,
        }
    }
}

/// The Monday, 00:00 UTC, of the week of `time`.
#[must_use]
pub fn week_of(time: Timestamp) -> Timestamp {
    let since_monday = (time.as_micros() + MONDAY_MICROS).rem_euclid(WEEK_MICROS);
    Timestamp::from_micros(time.as_micros() - since_monday)
}

/// What a cluster keeps whatever its questions are.
#[derive(Debug, Clone)]
pub struct Identity {
    /// Its id.
    pub id: ClusterId,
    /// Its version after this.
    pub version: u64,
    /// Its review state.
    pub state: ClusterState,
    /// When a snooze ends.
    pub snoozed_until: Option<Timestamp>,
    /// Why it was dismissed.
    pub dismissed_why: Option<String>,
    /// The name that people gave it.
    pub given_name: Option<String>,
}

impl Identity {
    /// A cluster that nobody has seen yet.
    #[must_use]
    pub fn fresh() -> Self {
        Self { id: ClusterId::new(), version: 1, state: ClusterState::Open, snoozed_until: None, dismissed_why: None, given_name: None }
    }

    /// What `cluster` keeps.
    #[must_use]
    pub fn of(cluster: &Cluster) -> Self {
        Self {
            id: cluster.id,
            version: cluster.version,
            state: cluster.state,
            snoozed_until: cluster.snoozed_until,
            dismissed_why: cluster.dismissed_why.clone(),
            given_name: cluster.renamed.then(|| cluster.name.clone()),
        }
    }
}

/// One question in the cluster that is described.
#[derive(Debug, Clone, Copy)]
pub struct Member<'a> {
    /// Its vectors.
    pub question: &'a Question,
    /// Its words and what became of them.
    pub pair: &'a Pair,
    /// Whether people put it there.
    pub fixed: bool,
}

/// A described cluster.
#[derive(Debug, Clone)]
pub struct Described {
    /// The cluster; coverage is not looked up here.
    pub cluster: Cluster,
    /// Where its questions lie.
    pub placements: Vec<Placement>,
    /// The normalised mean of its questions' vectors.
    pub centre: Vec<f32>,
}

/// Describes a cluster of at least one member. `keywords` come from the caller, since they tell clusters apart.
#[must_use]
pub fn describe(
    desk: &DeskId,
    identity: Identity,
    members: &[Member<'_>],
    keywords: Vec<String>,
    traffic: &Traffic,
    now: Timestamp,
) -> Described {
    let centre = centre(members.iter().map(|member| member.question.vector.as_slice()));
    let mut placements: Vec<Placement> = members
        .iter()
        .map(|member| Placement {
            pair: member.question.pair,
            cluster: Some(identity.id),
            similarity: dot(&centre, &member.question.vector),
            fixed: member.fixed,
        })
        .collect();
    placements.sort_by(|a, b| b.similarity.total_cmp(&a.similarity).then(a.pair.cmp(&b.pair)));
    let texts: Vec<cluster::Question<'_>> =
        members.iter().map(|member| cluster::Question { text: &member.pair.content.question, vector: &member.question.vector }).collect();
    let typical = cluster::representative(&texts);
    let representative = typical.map(|at| texts[at].text.to_owned()).unwrap_or_default();
    let conversations: BTreeSet<_> = members.iter().map(|member| member.pair.conversation).collect();
    let customers: BTreeSet<String> =
        members.iter().map(|member| member.pair.customer_key.clone().unwrap_or_else(|| member.pair.conversation.to_string())).collect();
    let english = members.iter().filter(|member| member.pair.content.language == Language::En).count();
    let mut weeks: BTreeMap<Timestamp, u32> = BTreeMap::new();
    for time in members.iter().filter_map(|member| member.pair.content.answered_at) {
        *weeks.entry(week_of(time)).or_insert(0) += 1;
    }
    let language = if english * 2 > members.len() { Language::En } else { Language::Zh };
    let cluster = Cluster {
        id: identity.id,
        desk: desk.clone(),
        version: identity.version,
        state: identity.state,
        snoozed_until: identity.snoozed_until,
        dismissed_why: identity.dismissed_why,
        renamed: identity.given_name.is_some(),
        name: identity.given_name.unwrap_or_else(|| cluster::name(&representative, &keywords, language)),
        representative,
        keywords,
        language,
        size: members.len() as u32,
        conversations: conversations.len() as u32,
        customers: customers.len() as u32,
        share: members.len() as f64 / (traffic.questions.max(members.len() as u64)) as f64,
        trend: traffic.trend(&weeks),
        last_asked_at: members.iter().filter_map(|member| member.pair.content.answered_at).max(),
        weeks: weeks.into_iter().rev().take(WEEKS).rev().map(|(week, questions)| WeekCount { week, questions }).collect(),
        answers: best_answers(members, typical.map_or(&centre, |at| texts[at].vector)),
        coverage: None,
        updated_at: now,
    };
    Described { cluster, placements, centre }
}

/// The normalised mean of unit vectors; empty for none.
pub fn centre<'a>(vectors: impl IntoIterator<Item = &'a [f32]>) -> Vec<f32> {
    let mut centre: Vec<f32> = Vec::new();
    for vector in vectors {
        centre.resize(vector.len(), 0.0);
        for (sum, value) in centre.iter_mut().zip(vector) {
            *sum += value;
        }
    }
    normalise(&mut centre);
    centre
}

/// Groups a cluster's answers: those that only ask back last, of the others the most supported first, among equals the one whose question
/// lies nearest to the `typical` one: a cluster is a topic, and what was said last may answer something beside it.
fn best_answers(members: &[Member<'_>], typical: &[f32]) -> Vec<ClusterAnswer> {
    let mut ordered: Vec<&Member<'_>> = members.iter().filter(|member| !member.pair.content.outcome.corrected).collect();
    ordered.sort_by(|a, b| {
        let (a, b) = (&a.pair.content, &b.pair.content);
        b.answer_quality.total_cmp(&a.answer_quality).then(b.answered_at.cmp(&a.answered_at)).then(a.id.cmp(&b.id))
    });
    ordered.truncate(ANSWERS_READ);
    let answers: Vec<Answer<'_>> =
        ordered.iter().map(|member| Answer::new(&member.pair.content.answer, &member.question.answer_vector)).collect();
    let groups = group_answers(&answers);
    let newest_in = |group: &[usize]| group.iter().filter_map(|&at| ordered[at].pair.content.answered_at).max();
    let nearness = |group: &[usize]| group.iter().map(|&at| dot(typical, &ordered[at].question.vector)).fold(f32::MIN, f32::max);
    let asks_back = |group: &[usize]| group.iter().all(|&at| ordered[at].pair.content.answer.trim_end().ends_with(['？', '?']));
    let mut ranked: Vec<_> = groups.into_iter().map(|group| (asks_back(&group), nearness(&group), newest_in(&group), group)).collect();
    ranked.sort_by(|(a_asks, a_near, a_newest, a), (b_asks, b_near, b_newest, b)| {
        a_asks.cmp(b_asks).then(b.len().cmp(&a.len())).then(b_near.total_cmp(a_near)).then(b_newest.cmp(a_newest))
    });
    let groups: Vec<_> = ranked.into_iter().take(BEST_ANSWERS).map(|(.., group)| group).collect();
    let newest = groups.iter().filter_map(|group| newest_in(group)).max();
    let contradicts = |group: usize| {
        let others = groups.iter().enumerate().filter(|&(other, _)| other != group);
        others
            .filter(|(_, members)| contradict_on_one_question(&answers[groups[group][0]], &answers[members[0]]))
            .filter(|(_, members)| answer_one_question(&ordered, &groups[group], members))
            .map(|(other, _)| other as u32)
            .collect()
    };
    groups
        .iter()
        .enumerate()
        .map(|(place, group)| {
            let shown = &ordered[group[0]].pair.content;
            let count = |happened: fn(&Pair) -> bool| group.iter().filter(|&&at| happened(ordered[at].pair)).count() as u32;
            let last = newest_in(group);
            ClusterAnswer {
                text: shown.answer.clone(),
                support: group.len() as u32,
                pair_id: shown.id,
                first_answered_at: group.iter().filter_map(|&at| ordered[at].pair.content.answered_at).min(),
                last_answered_at: last,
                thanked: count(|pair| pair.content.outcome.thanked),
                repeated: count(|pair| pair.content.outcome.repeated),
                newest: last.is_some() && last == newest,
                contradicts: contradicts(place),
            }
        })
        .collect()
}

/// Whether two groups of answers answer the same question: a cluster is a topic and may hold several. What one conversation was told at two
/// points of it answered two questions.
fn answer_one_question(members: &[&Member<'_>], one: &[usize], other: &[usize]) -> bool {
    one.iter().any(|&a| {
        other.iter().any(|&b| {
            let (a, b) = (members[a], members[b]);
            a.pair.conversation != b.pair.conversation && dot(&a.question.vector, &b.question.vector) >= SAME_QUESTION
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn time(text: &str) -> Timestamp {
        Timestamp::from_micros(text.parse::<jiff::Timestamp>().unwrap().as_microsecond())
    }

    #[test]
    fn weeks_begin_on_monday() {
        let monday = time("2026-11-16T00:00:00Z");
        for day in ["2026-11-16T00:00:00Z", "2026-11-18T12:00:00Z", "2026-11-22T23:59:59Z"] {
            assert_eq!(week_of(time(day)), monday, "{day}");
        }
        assert_eq!(week_of(time("2026-11-23T00:00:00Z")), time("2026-11-23T00:00:00Z"));
        assert_eq!(week_of(time("1969-12-31T00:00:00Z")), time("1969-12-29T00:00:00Z"));
    }

    #[test]
    fn a_trend_compares_shares_not_counts() {
        let day = |week: i64| Timestamp::from_micros(time("2026-11-16T10:00:00Z").as_micros() - week * WEEK_MICROS);
        // Twice as many questions lately, of which the same share is ours: no trend.
        let lately = (0..4).flat_map(|week| std::iter::repeat_n(Some(day(week)), 20));
        let before = (4..8).flat_map(|week| std::iter::repeat_n(Some(day(week)), 10));
        let traffic = Traffic::of(lately.chain(before));
        let steady: BTreeMap<Timestamp, u32> = (0..8).map(|week| (week_of(day(week)), if week < 4 { 4 } else { 2 })).collect();
        assert!(traffic.trend(&steady).abs() < 1e-9);
        let rising: BTreeMap<Timestamp, u32> = (0..4).map(|week| (week_of(day(week)), 4)).collect();
        assert!((traffic.trend(&rising) - 0.2).abs() < 1e-9);
        assert_eq!(Traffic::of([Some(day(0))]).trend(&rising), 0.0, "too short an archive");
    }
}
