//! Why an answer is as it is: the query that was built, everything that was found with what the ranker made of it, and what became of it.
//!
//! The ranker's stages are linear, so what a feature contributes to a candidate's relevance is its weight times its value, exactly; the
//! contributions, what boosted trees add and what an adapter adds sum up to the relevance. What comes behind it (answers that say the same counting together, feedback, points of
//! controls, calibration) belongs to groups and is told of these.

use std::collections::{BTreeMap, HashMap, HashSet};

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use super::features::{FEATURE_NAMES, Source};
use super::ranker::Ranker;
use super::ranking::{Gathered, Ranking, Scored, Scoring, wanted_kind};
use super::request::SuggestRequest;
use super::silence::{answers_small_talk, is_small_talk};
use crate::domain::{Abstention, Language, PairKind, Pool};
use crate::retrieve::Candidate;
use crate::text::acts::CustomerAct;
use crate::text::language::detect;
use crate::text::mask::mask;
use crate::text::moment::Moment;

/// What the index was asked, and what is known of the question.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ExplainedQuery {
    /// The standalone question, masked; where the customer asks several things at once, each of them behind it. What is searched for.
    pub questions: Vec<String>,
    /// The customer's turn as said, masked.
    pub turn: String,
    /// What the company had said just before it.
    pub previous: String,
    /// What was said before that, latest first, with who said it: `customer` or `agent`.
    pub earlier: Vec<ExplainedTurn>,
    /// Whether the turn needed earlier ones to be understood; `query.used_turns` says which.
    pub elliptical: bool,
    /// What the turn does.
    pub act: CustomerAct,
    /// The kind of archived exchange that fits it.
    pub wanted: PairKind,
    /// Language of the replies.
    pub language: Language,
    /// Best cosine (0–1) with any question of the desk, as the encoder made it.
    pub best_question_cosine: f32,
    /// The share of the desk's own questions (0–1) that are at least as strange; `null` where that can't be told.
    pub familiar_share: Option<f64>,
    /// The share of the question's words (0–1) that the desk knows, rare ones weighing more.
    pub known_words: Option<f32>,
}

/// One turn of what led up to a moment.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ExplainedTurn {
    /// Whether the customer spoke; otherwise the company did.
    pub customer: bool,
    /// What was said, masked and cut.
    pub text: String,
}

/// One feature of a candidate.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ExplainedFeature {
    /// Its value.
    pub value: f32,
    /// The weight of the ranker's second stage.
    pub weight: f32,
    /// Weight times value: its part of the relevance.
    pub contribution: f32,
}

/// What became of a candidate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Fate {
    /// It is shown.
    Shown,
    /// It says the same as the one that `same_as` names, and counts for that one.
    SameAs,
    /// It is less likely than the threshold.
    BelowThreshold,
    /// It is likely enough, but more were not asked for.
    BeyondLimit,
    /// It is likely enough, but nothing is shown at all: `abstained` says why.
    Silent,
    /// It is likely enough, but small talk is only answered by entries written for it.
    SmallTalk,
    /// A control hides it.
    Blocked,
    /// It was reported outdated, or says the same as an answer that was.
    Outdated,
}

/// One candidate.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ExplainedCandidate {
    /// Which pool it is from.
    pub pool: Pool,
    /// Id of the pair or entry.
    pub source: String,
    /// Id of the pair's conversation.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub conversation: Option<String>,
    /// The question it was given to, masked.
    pub question: String,
    /// Its words, masked, slots open.
    pub answer: String,
    /// Which of `query.questions` it fits best (0: the whole one), and was scored for.
    pub asked: u32,
    /// Features by name, without those that are 0.
    pub features: BTreeMap<String, ExplainedFeature>,
    /// What boosted trees add to the relevance, where fitted weights have any: what features say together and beside the other candidates.
    pub boost: f32,
    /// What a desk's adapter adds to the relevance for the kind of reply that it expects.
    pub expected: f32,
    /// Score of the ranker's first stage, with what is expected: how much the answer counts as a vote for those like it. `null` when it was hidden.
    pub vote: Option<f32>,
    /// Score of both stages: the contributions, `boost` and `expected` together. `null` when it was hidden.
    pub relevance: Option<f32>,
    /// The relevance with feedback and points of controls, on the scale that probabilities are read from. `null` when it is not ranked.
    pub score: Option<f32>,
    /// Place of its group among all groups, from 1, whatever is shown.
    pub group: Option<u32>,
    /// Probability that an agent would use the group's answer (0–1).
    pub probability: Option<f64>,
    /// What became of it.
    pub fate: Fate,
    /// Rank among the suggestions, when it is shown.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub rank: Option<u32>,
    /// The `source` that stands for it.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub same_as: Option<String>,
}

/// Why an answer is as it is.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Explanation {
    /// What was asked.
    pub query: ExplainedQuery,
    /// Probability below which nothing is shown.
    pub threshold: f64,
    /// Everything that was ranked, in the order of groups and, in a group, of preference; what was not ranked comes last.
    pub candidates: Vec<ExplainedCandidate>,
}

/// A ranker that keeps what it looks at.
pub(super) struct Explaining<'a>(pub(super) &'a Ranker);

impl Scoring for Explaining<'_> {
    fn ranker(&self) -> &Ranker {
        self.0
    }

    fn traces(&self) -> bool {
        true
    }
}

/// One candidate as the ranker looked at it.
#[derive(Debug, Clone)]
pub(super) struct Looked {
    point: Uuid,
    candidate: Shown,
    asked: u32,
    scored: Scored,
}

/// What an explanation shows of a candidate.
#[derive(Debug, Clone)]
struct Shown {
    pool: Pool,
    source: Uuid,
    conversation: Option<Uuid>,
    question: String,
    answer: String,
}

impl Shown {
    fn of(candidate: &Candidate, source: &Source) -> Self {
        Self {
            pool: candidate.payload.pool,
            source: candidate.payload.source,
            conversation: candidate.payload.conversation,
            question: source.question.clone(),
            answer: source.answer.clone(),
        }
    }

    fn explained(self, fate: Fate) -> ExplainedCandidate {
        // Once more, as in `render`: masking may have become stricter since this was mined.
        let masked = |text: &str| mask(text, &[]).text;
        ExplainedCandidate {
            pool: self.pool,
            source: self.source.to_string(),
            conversation: self.conversation.map(|id| id.to_string()),
            question: masked(&self.question),
            answer: masked(&self.answer),
            asked: 0,
            features: BTreeMap::new(),
            boost: 0.0,
            expected: 0.0,
            vote: None,
            relevance: None,
            score: None,
            group: None,
            probability: None,
            fate,
            rank: None,
            same_as: None,
        }
    }
}

/// What the ranker looked at on the way to a ranking.
#[derive(Debug, Clone, Default)]
pub struct Trace {
    looked: Vec<Looked>,
    hidden: HashMap<Uuid, Shown>,
}

impl Trace {
    /// Notes what controls hide from a query's candidates.
    pub(super) fn hide(&mut self, candidate: &Candidate, source: &Source) {
        self.hidden.insert(candidate.point, Shown::of(candidate, source));
    }

    /// Notes a query's candidates with their scores.
    pub(super) fn look(&mut self, asked: u32, gathered: &Gathered, scores: &[Scored]) {
        for (candidate, scored) in gathered.candidates().iter().zip(scores) {
            let shown = Shown::of(candidate, gathered.source(candidate));
            self.looked.push(Looked { point: candidate.point, candidate: shown, asked, scored: *scored });
        }
    }
}

/// What decided about the groups.
pub(super) struct Verdict<'a> {
    pub(super) threshold: f64,
    pub(super) abstained: Option<&'a Abstention>,
    pub(super) limit: u32,
}

/// What becomes of every group of a ranking, with the rank of those that are shown.
fn fates(ranking: &Ranking, moment: &Moment, verdict: &Verdict<'_>) -> Vec<(Fate, Option<u32>)> {
    let mut fates = vec![(Fate::BelowThreshold, None); ranking.groups.len()];
    let mut cleared: Vec<usize> = (0..ranking.groups.len()).filter(|&at| ranking.groups[at].clears(verdict.threshold)).collect();
    cleared.sort_by_key(|&at| !ranking.groups[at].pinned);
    let mut rank = 0;
    for at in cleared {
        fates[at] = if verdict.abstained.is_some() {
            (Fate::Silent, None)
        } else if is_small_talk(moment) && !answers_small_talk(ranking.groups[at].representative()) {
            (Fate::SmallTalk, None)
        } else if rank == verdict.limit {
            (Fate::BeyondLimit, None)
        } else {
            rank += 1;
            (Fate::Shown, Some(rank))
        };
    }
    fates
}

/// Explains a ranking that was made with a trace.
pub(super) fn explain(request: &SuggestRequest, moment: &Moment, ranking: &Ranking, ranker: &Ranker, verdict: &Verdict<'_>) -> Explanation {
    let earlier = moment.earlier.iter().map(|turn| ExplainedTurn { customer: turn.customer, text: turn.text.clone() });
    let query = ExplainedQuery {
        questions: std::iter::once(&moment.question).chain(&moment.questions).cloned().collect(),
        turn: moment.turn.clone(),
        previous: moment.previous.clone(),
        earlier: earlier.collect(),
        elliptical: moment.elliptical,
        act: moment.act,
        wanted: wanted_kind(moment),
        language: request.language.unwrap_or_else(|| detect(&moment.turn)),
        best_question_cosine: ranking.best_question_cosine,
        familiar_share: ranking.strangeness.map(|strangeness| strangeness.share),
        known_words: ranking.strangeness.map(|strangeness| strangeness.known),
    };
    let Some(trace) = &ranking.trace else {
        return Explanation { query, threshold: verdict.threshold, candidates: Vec::new() };
    };
    // A candidate of several questions was ranked for the one that it fits best; of equal ones, for the first.
    let mut best: HashMap<Uuid, &Looked> = HashMap::new();
    for looked in &trace.looked {
        let known = best.entry(looked.point).or_insert(looked);
        if looked.scored.score > known.scored.score {
            *known = looked;
        }
    }
    let mut candidates = Vec::with_capacity(best.len() + trace.hidden.len());
    let mut ranked: HashSet<Uuid> = HashSet::new();
    for ((group, place), (fate, rank)) in ranking.groups.iter().zip(1..).zip(fates(ranking, moment, verdict)) {
        let first = group.representative().candidate.payload.source.to_string();
        for (position, member) in group.members.iter().enumerate() {
            let Some(looked) = best.get(&member.candidate.point) else { continue };
            ranked.insert(looked.point);
            let stands_for_itself = position == 0;
            candidates.push(ExplainedCandidate {
                score: Some(member.score),
                group: Some(place),
                probability: Some(group.probability),
                rank: rank.filter(|_| stands_for_itself),
                same_as: (!stands_for_itself).then(|| first.clone()),
                ..looked.explained(ranker, if stands_for_itself { fate } else { Fate::SameAs })
            });
        }
    }
    let mut left_out: Vec<&Looked> = best.into_values().filter(|looked| !ranked.contains(&looked.point)).collect();
    left_out.sort_by(|a, b| b.scored.score.total_cmp(&a.scored.score).then(a.point.cmp(&b.point)));
    candidates.extend(left_out.into_iter().map(|looked| looked.explained(ranker, Fate::Outdated)));
    let mut hidden: Vec<(&Uuid, &Shown)> = trace.hidden.iter().collect();
    hidden.sort_by_key(|(point, _)| **point);
    candidates.extend(hidden.into_iter().map(|(_, shown)| shown.clone().explained(Fate::Blocked)));
    Explanation { query, threshold: verdict.threshold, candidates }
}

impl Looked {
    fn explained(&self, ranker: &Ranker, fate: Fate) -> ExplainedCandidate {
        let rows = FEATURE_NAMES.iter().zip(self.scored.row).zip(ranker.full_weights());
        let features = rows
            .filter(|((_, value), _)| *value != 0.0)
            .map(|((name, value), &weight)| ((*name).to_owned(), ExplainedFeature { value, weight, contribution: weight * value }));
        ExplainedCandidate {
            asked: self.asked,
            features: features.collect(),
            boost: self.scored.boost,
            expected: self.scored.expected,
            vote: Some(self.scored.vote),
            relevance: Some(self.scored.score),
            ..self.candidate.clone().explained(fate)
        }
    }
}
