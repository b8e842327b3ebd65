//! From a moment to ranked groups of answers: search, features, two-stage ranking, grouping, feedback, controls, and a list that covers much.
//! No threshold is applied here.
//!
//! Controls are read by [`rank_moment`] only: what asks [`gather`] itself, learning and fitting, looks at what was said, not at what an editor
//! has decided about it.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::sync::Arc;
use std::time::{Duration, Instant};

use futures::future::try_join_all;
use tracing::Instrument as _;
use uuid::Uuid;

use super::calibration::Standing;
use super::control::{Effect, effects};
use super::cover::order_by_coverage;
use super::explain::Trace;
use super::features::{FEATURE_COUNT, Gates, Source, Wanted, features};
use super::group::{Answer, Weighed, weigh};
use super::learning::Known;
use super::questions::serve_each_question;
use super::ranker::Ranker;
use super::service::SuggestError;
use super::silence::{Strangeness, mean_of_best};
use crate::domain::{DeskId, EntryId, PairId, PairKind, PairWords, Pool, SuggestionId, Timestamp};
use crate::index::{IndexFilter, VectorIndex};
use crate::retrieve::adapter::ScoreScale;
use crate::retrieve::replies::Forecast;
use crate::retrieve::{Candidate, CandidateSearch, EncodedQuery, Probes, QueryTerms, WordHits, retrieve, search_words};
use crate::store::{ControlStore, FeedbackStore, KnowledgeStore, PairStore, RecordedSuggestion};
use crate::text::acts::CustomerAct;
use crate::text::moment::Moment;
use crate::text::normalise::answer_key;

/// Hits taken from each of the six probes.
pub(crate) const PER_PROBE: usize = 50;

/// Candidates whose words are read and which are ranked in full.
const RANKED: usize = 80;

/// One answer of a ranked group.
#[derive(Debug, Clone)]
pub struct RankedMember {
    /// The candidate.
    pub candidate: Candidate,
    /// Its words.
    pub source: Source,
    /// What feedback is counted and controls are kept under.
    pub answer_key: String,
    /// Score by both stages; in a group with its feedback and this answer's points.
    pub score: f32,
    /// Score of stage one with what an adapter expects: log of its vote for the answers like it, up to a constant.
    pub vote: f32,
}

/// The wording that agents have made of an answer by editing it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TaughtWording {
    /// The answer key of its text.
    pub key: String,
    /// Its text, masked.
    pub text: String,
}

/// Answers that say the same; the first is the representative.
#[derive(Debug, Clone)]
pub struct RankedGroup {
    /// Members: one that an editor has pinned first, then those whose words fared best, with agents and by points, then by relevance.
    pub members: Vec<RankedMember>,
    /// Probability that an agent would use it.
    pub probability: f64,
    /// Log of its members' votes together, with its feedback and points: how likely it is beside the other groups, up to a constant.
    pub mass: f32,
    /// The wording that agents prefer to the representative's own.
    pub wording: Option<TaughtWording>,
    /// Whether an editor has pinned the words that are shown.
    pub pinned: bool,
}

/// Share of the threshold that a pinned answer has to reach: an editor vouches for its words, not for whether they fit this question.
const PINNED_SHARE: f64 = 0.5;

impl RankedGroup {
    /// Whether it is likely enough to be shown.
    #[must_use]
    pub fn clears(&self, threshold: f64) -> bool {
        self.probability >= if self.pinned { PINNED_SHARE * threshold } else { threshold }
    }

    /// The member that is shown.
    ///
    /// # Panics
    /// Never: groups are made of at least one member.
    #[must_use]
    pub fn representative(&self) -> &RankedMember {
        self.members.first().expect("a group has a member")
    }

    /// The words that are shown, masked, slots open.
    #[must_use]
    pub fn text(&self) -> &str {
        self.wording.as_ref().map_or(&self.representative().source.answer, |wording| &wording.text)
    }

    /// The words that are shown, to be compared with those of other groups.
    #[must_use]
    pub(super) fn answer(&self) -> Answer<'_> {
        Answer::new(self.text(), &self.representative().candidate.answer_vector)
    }

    /// Keys of the archived answers that say the same in other words.
    fn like(&self) -> Vec<String> {
        let own = &self.representative().answer_key;
        let archived = self.members.iter().filter(|member| member.candidate.payload.pool == Pool::Archive);
        distinct(archived.map(|member| &member.answer_key).filter(|key| *key != own))
    }

    /// What is kept of the group when it is offered under `id` at `rank` (from 1).
    #[must_use]
    pub fn record(&self, id: SuggestionId, rank: u32) -> RecordedSuggestion {
        let best = self.representative();
        RecordedSuggestion {
            id,
            rank,
            pool: best.candidate.payload.pool,
            source: best.candidate.payload.source,
            answer_key: best.answer_key.clone(),
            wording: self.wording.as_ref().map(|wording| wording.key.clone()),
            like: self.like(),
            text: self.text().to_owned(),
            score: self.probability,
        }
    }
}

/// What came out of one search.
#[derive(Debug, Clone, Default)]
pub struct Ranking {
    /// Groups, best first.
    pub groups: Vec<RankedGroup>,
    /// Best cosine of any archived question with the query's.
    pub best_question_cosine: f32,
    /// Best cosine of any question of an entry with the query's; of entries that controls or reports withhold, too.
    pub best_entry_cosine: f32,
    /// Mean cosine of the nearest archived questions.
    pub nearest_questions: f32,
    /// How strange the question is to the desk, where that has been asked for and can be told.
    pub strangeness: Option<Strangeness>,
    /// What the ranker looked at, where that has been asked for.
    pub trace: Option<Trace>,
    /// Time spent searching and reading.
    pub search_time: Duration,
    /// Time spent ranking.
    pub rank_time: Duration,
}

/// How candidates are found and scored. The product's way is its [`Ranker`]; evaluation puts others in its place to show what each part is worth.
pub trait Scoring: Send + Sync {
    /// Whose calibration turns scores into probabilities, and says what feedback and controls are worth.
    fn ranker(&self) -> &Ranker;

    /// The probes that find candidates.
    fn probes(&self) -> Probes {
        Probes::ALL
    }

    /// Whether what the ranker looks at is kept with the ranking.
    fn traces(&self) -> bool {
        false
    }

    /// A score for every candidate, in their order.
    fn scores(&self, gathered: &Gathered) -> Vec<Scored> {
        gathered.scores(self.ranker(), &[])
    }
}

/// What one candidate is worth.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Scored {
    /// Orders and, calibrated, becomes the probability.
    pub score: f32,
    /// What boosted trees have added to the score.
    pub boost: f32,
    /// What an adapter has added to score and vote for the kind of reply that it expects.
    pub expected: f32,
    /// Log of its vote for the answers like it, up to a constant.
    pub vote: f32,
    /// Its features, with consensus.
    pub row: [f32; FEATURE_COUNT],
}

impl Scoring for Ranker {
    fn ranker(&self) -> &Ranker {
        self
    }
}

/// Where the words and the feedback come from.
pub trait SourceStore: PairStore + KnowledgeStore + FeedbackStore {}
impl<T: PairStore + KnowledgeStore + FeedbackStore + ?Sized> SourceStore for T {}

/// The kind of pair that fits a moment.
#[must_use]
pub fn wanted_kind(moment: &Moment) -> PairKind {
    match moment.act {
        CustomerAct::Question => PairKind::Question,
        CustomerAct::Statement => PairKind::FollowUp,
        CustomerAct::Greeting | CustomerAct::Thanks | CustomerAct::Acknowledgement | CustomerAct::Farewell | CustomerAct::Empty => {
            if moment.elliptical { PairKind::Question } else { PairKind::SmallTalk }
        }
    }
}

/// Everything ranking looks at, gathered for one moment.
#[derive(Debug, Clone)]
pub struct Gathered {
    search: CandidateSearch,
    sources: HashMap<Uuid, Source>,
    keys: HashMap<Uuid, String>,
    known: Known,
    /// Keys of all that could be shown, answers as well as edited wordings, each once.
    answer_keys: Vec<String>,
    best_question_cosine: f32,
    best_entry_cosine: f32,
    nearest_questions: f32,
    wanted: Wanted,
    scale: ScoreScale,
    /// What an adapter expects the reply to be like.
    forecast: Option<Arc<Forecast>>,
}

impl Gathered {
    /// The candidates, in the order of [`Self::features`].
    #[must_use]
    pub fn candidates(&self) -> &[Candidate] {
        &self.search.candidates
    }

    /// What the store knows of a candidate.
    #[must_use]
    pub fn source(&self, candidate: &Candidate) -> &Source {
        &self.sources[&candidate.point]
    }

    /// What of the query decides how likeness is weighed.
    #[must_use]
    pub fn gates(&self) -> Gates {
        Gates::of(&self.search)
    }

    /// Every candidate's score by stage one.
    #[must_use]
    pub fn base_scores(&self, ranker: &Ranker) -> Vec<f32> {
        self.features().iter().map(|row| ranker.base_score(row)).collect()
    }

    /// What the second stage says of every candidate apart from the three cosines and consensus; what all have in common does not matter. Trees
    /// have no say: they were grown on the archive that is asked here.
    #[must_use]
    pub fn scores_without_cosines(&self, ranker: &Ranker) -> Vec<f32> {
        let [question, situation, answer] = ranker.cosine_weights();
        let rows = self.features();
        let scores = rows.iter().zip(self.candidates()).map(|(row, candidate)| {
            ranker.score(row)
                - question * candidate.question_cosine
                - situation * candidate.situation_cosine
                - answer * candidate.answer_cosine
        });
        scores.collect()
    }

    /// Puts controls in force; hidden answers are left out as if nobody had ever given them. Not those reported outdated: they are never
    /// shown either, and hiding one must not bring back the others that say the same.
    fn control(&mut self, effects: HashMap<String, Effect>, mut trace: Option<&mut Trace>) {
        self.known.effects = effects;
        let (keys, known, sources) = (&self.keys, &self.known, &self.sources);
        let left_out = |answer_key: &str| known.effect(answer_key).hidden && !known.is_withheld(answer_key);
        self.search.candidates.retain(|candidate| {
            let hidden = left_out(&keys[&candidate.point]);
            if let (true, Some(trace)) = (hidden, &mut trace) {
                trace.hide(candidate, &sources[&candidate.point]);
            }
            !hidden
        });
    }

    /// Leaves out candidates that `keep` refuses.
    pub fn retain(&mut self, keep: impl Fn(&Candidate) -> bool) {
        self.search.candidates.retain(keep);
    }

    /// The features of every candidate, consensus still 0.
    #[must_use]
    pub fn features(&self) -> Vec<[f32; FEATURE_COUNT]> {
        let in_order: Vec<&Source> = self.search.candidates.iter().map(|candidate| self.source(candidate)).collect();
        features(&self.search, &in_order, self.wanted)
    }

    /// Every candidate's score by both stages, with the features at the places `left_out` taken as 0.
    #[must_use]
    pub fn scores(&self, ranker: &Ranker, left_out: &[usize]) -> Vec<Scored> {
        let (rows, expected) = self.rows(ranker, left_out);
        let boosts = ranker.boosts(&rows, self.gates());
        let scored = |((row, expected), boost): (([f32; FEATURE_COUNT], f32), f32)| {
            let (score, vote) = (ranker.score(&row) + boost + expected, ranker.base_score(&row) + expected);
            Scored { score, boost, expected, vote, row }
        };
        rows.into_iter().zip(expected).zip(boosts).map(scored).collect()
    }

    /// Every candidate's features with consensus, those at the places `left_out` taken as 0, and what an adapter expects of its answer.
    fn rows(&self, ranker: &Ranker, left_out: &[usize]) -> (Vec<[f32; FEATURE_COUNT]>, Vec<f32>) {
        let leave_out = |rows: &mut [[f32; FEATURE_COUNT]]| {
            for row in rows {
                for &place in left_out {
                    row[place] = 0.0;
                }
            }
        };
        let mut rows = self.features();
        leave_out(&mut rows);
        let answers: Vec<&[f32]> = self.candidates().iter().map(|candidate| candidate.answer_vector.as_slice()).collect();
        let expected: Vec<f32> = answers.iter().map(|answer| self.forecast.as_ref().map_or(0.0, |forecast| forecast.of(answer))).collect();
        ranker.add_consensus(&mut rows, &expected, &answers);
        leave_out(&mut rows);
        (rows, expected)
    }
}

/// Searches for everything that shares words with a moment: what [`rank_moment`] begins with.
pub async fn find_words(
    index: &dyn VectorIndex,
    filter: &IndexFilter,
    terms: &QueryTerms,
    probes: Probes,
) -> Result<WordHits, SuggestError> {
    Ok(search_words(index, filter, terms, probes, PER_PROBE).await?)
}

/// Searches for everything that may answer an encoded moment and reads what is known of it.
pub async fn gather<S: SourceStore + ?Sized>(
    store: &S,
    index: &dyn VectorIndex,
    filter: &IndexFilter,
    query: &EncodedQuery,
    wanted: Wanted,
) -> Result<Gathered, SuggestError> {
    let words = find_words(index, filter, &query.terms, Probes::ALL).await?;
    gather_by(store, index, filter, query, &words, wanted, Probes::ALL).await
}

async fn gather_by<S: SourceStore + ?Sized>(
    store: &S,
    index: &dyn VectorIndex,
    filter: &IndexFilter,
    query: &EncodedQuery,
    words: &WordHits,
    wanted: Wanted,
    probes: Probes,
) -> Result<Gathered, SuggestError> {
    let mut search = retrieve(index, filter, query, words, probes, PER_PROBE).await?;
    let best_question_cosine = search.candidates.iter().map(|candidate| candidate.plain_question_cosine).fold(0.0, f32::max);
    let of_entries = search.candidates.iter().filter(|candidate| candidate.payload.pool == Pool::Knowledge);
    let best_entry_cosine = of_entries.map(|candidate| candidate.plain_question_cosine).fold(0.0, f32::max);
    let nearest_questions = mean_of_best(search.candidates.iter().map(|candidate| candidate.plain_question_cosine)).unwrap_or(0.0);
    shortlist(&mut search);
    let sources = read_sources(store, &filter.desk, &search.candidates).await?;
    // A point whose pair or entry has just been deleted is about to leave the index.
    let is_offered = |candidate: &Candidate| {
        let archived = candidate.payload.pool == Pool::Archive;
        sources.get(&candidate.point).is_some_and(|source| !archived || says_something(&source.answer))
    };
    search.candidates.retain(is_offered);
    let keys: HashMap<Uuid, String> = sources.iter().map(|(id, source)| (*id, answer_key(&source.answer))).collect();
    // Side by side: each waits for the database rather than for the processor.
    let (own, desk, now) = (distinct(keys.values()), &filter.desk, wanted.now);
    let (wordings, mut tallies) = futures::try_join!(store.wordings(desk, &own, now), store.tallies(desk, &own, now))?;
    let answer_keys = distinct(own.iter().chain(wordings.values().flatten().map(|wording| &wording.key)));
    let edited: Vec<String> = answer_keys.iter().filter(|key| own.binary_search(key).is_err()).cloned().collect();
    if !edited.is_empty() {
        tallies.extend(store.tallies(desk, &edited, now).await?);
    }
    let own_words = keys.values().cloned().collect();
    let known = Known { tallies, wordings, own_words, language: Some(wanted.language), effects: HashMap::new() };
    Ok(Gathered {
        search,
        sources,
        keys,
        known,
        answer_keys,
        best_question_cosine,
        best_entry_cosine,
        nearest_questions,
        wanted,
        scale: query.scale,
        forecast: query.forecast.clone(),
    })
}

/// Whether an answer holds words beside placeholders and media: `[ADDRESS]` was an answer to one customer only.
fn says_something(answer: &str) -> bool {
    let mut inside = false;
    answer.chars().any(|c| {
        inside = match c {
            '[' => true,
            ']' => false,
            _ => inside,
        };
        !inside && c.is_alphanumeric()
    })
}

/// Each key once.
fn distinct<'a>(keys: impl Iterator<Item = &'a String>) -> Vec<String> {
    keys.collect::<BTreeSet<_>>().into_iter().cloned().collect()
}

/// Ranks everything that may answer a moment, as the desk's controls have it. The first query is the whole moment's; where the customer asks
/// several things at once, the others are those of the single questions, and every question's best answer goes to the front. Each comes with
/// what was found by its words.
pub async fn rank_moment<S: SourceStore + ControlStore + ?Sized>(
    store: &S,
    index: &dyn VectorIndex,
    scoring: &dyn Scoring,
    filter: &IndexFilter,
    queries: &[(EncodedQuery, WordHits)],
    moment: &Moment,
    wanted: Wanted,
) -> Result<Ranking, SuggestError> {
    let started = Instant::now();
    let probes = scoring.probes();
    let gathering = queries.iter().map(|(query, words)| gather_by(store, index, filter, query, words, wanted, probes));
    let search = tracing::debug_span!("search");
    let mut asked = try_join_all(gathering).instrument(search.clone()).await?;
    let answer_keys = distinct(asked.iter().flat_map(|gathered| &gathered.answer_keys));
    // Read once for all queries: what is hidden from one is hidden from the others.
    let controls = store.controls_of(&filter.desk, &answer_keys, wanted.now).instrument(search).await?;
    let effects = effects(&controls, moment);
    let mut trace = scoring.traces().then(Trace::default);
    for gathered in &mut asked {
        gathered.control(effects.clone(), trace.as_mut());
    }
    let searched = Instant::now();
    let _ranking = tracing::debug_span!("rank").entered();
    let highest = |of: fn(&Gathered) -> f32| asked.iter().map(of).fold(0.0, f32::max);
    let best_question_cosine = highest(|gathered| gathered.best_question_cosine);
    let best_entry_cosine = highest(|gathered| gathered.best_entry_cosine);
    let nearest_questions = highest(|gathered| gathered.nearest_questions);
    let scored: Vec<(Vec<Scored>, Gathered)> = asked.into_iter().map(|gathered| (scoring.scores(&gathered), gathered)).collect();
    if let Some(trace) = &mut trace {
        for (query, (scores, gathered)) in (0..).zip(&scored) {
            trace.look(query, gathered, scores);
        }
    }
    let groups = rank_scored(scoring.ranker(), scored);
    let (search_time, rank_time) = (searched - started, searched.elapsed());
    Ok(Ranking { groups, best_question_cosine, best_entry_cosine, nearest_questions, strangeness: None, trace, search_time, rank_time })
}

/// Keeps the candidates that look best at a glance, so that only these are read and ranked.
fn shortlist(search: &mut CandidateSearch) {
    if search.candidates.len() <= RANKED {
        return;
    }
    let share = |score: f32, best: f32| if best > 0.0 { score / best } else { 0.0 };
    let (question, situation, answer) = (search.best_question_bm25, search.best_situation_bm25, search.best_answer_bm25);
    let glance = |candidate: &Candidate| {
        candidate.question_cosine
            + candidate.situation_cosine
            + 0.5 * candidate.answer_cosine
            + 0.3 * share(candidate.question_bm25, question)
            + 0.3 * share(candidate.situation_bm25, situation)
            + 0.1 * share(candidate.answer_bm25, answer)
    };
    search.candidates.sort_by(|a, b| glance(b).total_cmp(&glance(a)).then(a.point.cmp(&b.point)));
    search.candidates.truncate(RANKED);
}

/// Reads the words behind candidates; the map is by point.
async fn read_sources<S: SourceStore + ?Sized>(
    store: &S,
    desk: &DeskId,
    candidates: &[Candidate],
) -> Result<HashMap<Uuid, Source>, SuggestError> {
    let of_pool =
        |pool: Pool| candidates.iter().filter(move |candidate| candidate.payload.pool == pool).map(|candidate| candidate.payload.source);
    let pairs: Vec<PairId> = of_pool(Pool::Archive).map(PairId::from_uuid).collect();
    let mut entries: Vec<EntryId> = of_pool(Pool::Knowledge).map(EntryId::from_uuid).collect();
    entries.sort_unstable();
    entries.dedup();
    let (pairs, entries) = futures::try_join!(store.pair_words(desk, &pairs), store.entries(desk, &entries))?;
    let mut sources = HashMap::new();
    for pair in pairs {
        let PairWords { id, question, answer, context_terms, answer_quality, outcome, agent_id: answered_by } = pair;
        sources.insert(id.as_uuid(), Source { outcome, answer_quality, answer, question, answered_by, context_terms });
    }
    for entry in entries {
        for (variant, question) in entry.content.questions.iter().enumerate() {
            sources.insert(entry.variant_point(variant), Source::of_entry(&entry.content, question));
        }
    }
    Ok(sources)
}

/// Ranks and groups what was gathered. Relevance finds the groups; feedback then moves each as a whole, and leaves out what is withheld as
/// outdated; what editors have decided comes last (see `learning`).
#[must_use]
pub fn rank(ranker: &Ranker, gathered: Gathered) -> Vec<RankedGroup> {
    rank_scored(ranker, vec![(gathered.scores(ranker, &[]), gathered)])
}

/// Ranks what was gathered for the queries of one moment, each with its candidates' scores. An answer is as good as it is for the query that it
/// fits best: a score is calibrated for one query, and whoever asks two things is served by an answer to either.
fn rank_scored(ranker: &Ranker, asked: Vec<(Vec<Scored>, Gathered)>) -> Vec<RankedGroup> {
    let questions = asked.len().saturating_sub(1);
    let of_moment = |(_, gathered): &(Vec<Scored>, Gathered)| (gathered.scale, gathered.gates(), gathered.wanted.kind);
    let Some((scale, gates, kind)) = asked.first().map(of_moment) else { return Vec::new() };
    let mut known = Known::default();
    let mut best: HashMap<Uuid, (RankedMember, Scored)> = HashMap::new();
    let mut fits: Vec<HashMap<Uuid, f32>> = Vec::with_capacity(questions);
    for (query, (scores, gathered)) in asked.into_iter().enumerate() {
        let Gathered { search, sources, keys, known: of_query, .. } = gathered;
        known.extend(of_query);
        if query > 0 {
            fits.push(search.candidates.iter().map(|candidate| candidate.point).zip(scores.iter().map(|scored| scored.score)).collect());
        }
        for (candidate, scored) in search.candidates.into_iter().zip(scores) {
            if best.get(&candidate.point).is_some_and(|(found, _)| found.score >= scored.score) {
                continue;
            }
            let Scored { score, vote, .. } = scored;
            let (source, answer_key) = (sources[&candidate.point].clone(), keys[&candidate.point].clone());
            best.insert(candidate.point, (RankedMember { candidate, source, answer_key, score, vote }, scored));
        }
    }
    let (members, scored): (Vec<RankedMember>, Vec<Scored>) = best.into_values().unzip();
    let weighed: Vec<Weighed<'_>> = members
        .iter()
        .map(|member| Weighed {
            point: member.candidate.point,
            source: member.candidate.payload.source,
            score: member.score,
            answer: Answer::keyed(&member.source.answer, &member.candidate.answer_vector, &member.answer_key),
        })
        .collect();
    let groups = weigh(&weighed);
    let Some(&(first, _)) = groups.first().and_then(|group| group.first()) else { return Vec::new() };
    let in_groups: Vec<Vec<f32>> = groups.iter().map(|group| group.iter().map(|(_, score)| scale.apply(*score)).collect()).collect();
    let signals = Standing { scores: &in_groups, first: &scored[first].row, gates, kind }.signals();
    let mut members: Vec<Option<RankedMember>> = members.into_iter().map(Some).collect();
    let mut member = |(at, score): (usize, f32)| Some(RankedMember { score, ..members[at].take()? });
    let mut ranked: Vec<(f32, RankedGroup)> = groups
        .into_iter()
        .filter_map(|group| known.apply(ranker, scale, signals, group.into_iter().filter_map(&mut member).collect()))
        .collect();
    best_first(&mut ranked);
    offer_each_wording_once(&mut ranked);
    for (score, group) in &mut ranked {
        if let Some(wording) = &group.wording {
            let points = known.points(ranker, &wording.key);
            *score += points;
            group.mass += points / scale.slope;
            group.probability = ranker.probability(*score, &signals);
        }
    }
    best_first(&mut ranked);
    order_by_coverage(&mut ranked);
    let mut groups: Vec<RankedGroup> = ranked.into_iter().map(|(_, group)| group).collect();
    serve_each_question(&mut groups, &fits);
    groups
}

/// Stable: what feedback and controls leave equal stays in the order of relevance.
fn best_first(ranked: &mut [(f32, RankedGroup)]) {
    ranked.sort_by(|(a, _), (b, _)| b.total_cmp(a));
}

/// No two groups offer the same words: a wording that another group has of its own, or that a better one is offered in, is left to that group.
fn offer_each_wording_once(ranked: &mut [(f32, RankedGroup)]) {
    let members = ranked.iter().flat_map(|(_, group)| &group.members);
    let mut taken: HashSet<String> = members.map(|member| member.answer_key.clone()).collect();
    for (_, group) in ranked {
        if group.wording.take_if(|wording| !taken.insert(wording.key.clone())).is_some() {
            // Its members were not pinned, or it would not have been offered in an edited wording.
            group.pinned = false;
        }
    }
}

/// What is wanted at `moment`.
#[must_use]
pub fn wanted(moment: &Moment, language: crate::domain::Language, now: Timestamp) -> Wanted {
    Wanted { kind: wanted_kind(moment), language, now }
}

#[cfg(test)]
mod tests;
