//! From a moment to ranked groups of answers: search, features, two-stage ranking, grouping, feedback, controls. No threshold is applied here.
//!
//! Controls are read by [`rank_moment`] only: what asks [`gather`] itself, learning and fitting, looks at what was said, not at what an editor
//! has decided about it.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::time::{Duration, Instant};

use uuid::Uuid;

use super::calibration::{Signals, Standing};
use super::control::{Effect, effects};
use super::features::{CONSENSUS, FEATURE_COUNT, Gates, QUESTION_WORDS, Source, Wanted, features};
use super::group::{Answer, Scored, weigh};
use super::learning::Known;
use super::ranker::Ranker;
use super::service::SuggestError;
use crate::domain::{DeskId, EntryId, Outcome, PairId, PairKind, Pool, SuggestionId, Timestamp};
use crate::index::{IndexFilter, VectorIndex};
use crate::retrieve::adapter::ScoreScale;
use crate::retrieve::{Candidate, CandidateSearch, EncodedQuery, QueryTerms, WordHits, retrieve, search_words};
use crate::store::{ControlStore, FeedbackStore, KnowledgeStore, PairStore, RecordedSuggestion};
use crate::text::acts::CustomerAct;
use crate::text::moment::Moment;
use crate::text::normalise::answer_key;

/// Hits taken from each of the six probes.
const PER_PROBE: usize = 50;

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
    /// Score that it stands at, feedback and points included.
    pub score: f32,
    /// What the whole set says of its first suggestion; with the score it gives the probability.
    pub signals: Signals,
    /// Probability that an agent would use it.
    pub probability: f64,
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
    /// Time spent searching and reading.
    pub search_time: Duration,
    /// Time spent ranking.
    pub rank_time: Duration,
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
    wanted: Wanted,
    scale: ScoreScale,
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

    /// What the second stage says of every candidate apart from the three cosines and consensus; what all have in common does not matter.
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
    fn control(&mut self, effects: HashMap<String, Effect>) {
        self.known.effects = effects;
        let (keys, known) = (&self.keys, &self.known);
        let left_out = |answer_key: &str| known.effect(answer_key).hidden && !known.is_retired(answer_key);
        self.search.candidates.retain(|candidate| !left_out(&keys[&candidate.point]));
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
}

/// Searches for everything that shares words with a moment: what [`rank_moment`] begins with.
pub async fn find_words(index: &dyn VectorIndex, filter: &IndexFilter, terms: &QueryTerms) -> Result<WordHits, SuggestError> {
    Ok(search_words(index, filter, terms, PER_PROBE).await?)
}

/// Searches for everything that may answer an encoded moment and reads what is known of it.
pub async fn gather<S: SourceStore + ?Sized>(
    store: &S,
    index: &dyn VectorIndex,
    filter: &IndexFilter,
    query: &EncodedQuery,
    wanted: Wanted,
) -> Result<Gathered, SuggestError> {
    let words = find_words(index, filter, &query.terms).await?;
    gather_with(store, index, filter, query, &words, wanted).await
}

async fn gather_with<S: SourceStore + ?Sized>(
    store: &S,
    index: &dyn VectorIndex,
    filter: &IndexFilter,
    query: &EncodedQuery,
    words: &WordHits,
    wanted: Wanted,
) -> Result<Gathered, SuggestError> {
    let mut search = retrieve(index, filter, query, words, PER_PROBE).await?;
    let best_question_cosine = search.candidates.iter().map(|candidate| candidate.plain_question_cosine).fold(0.0, f32::max);
    shortlist(&mut search);
    let sources = read_sources(store, &filter.desk, &search.candidates).await?;
    // A point whose pair or entry has just been deleted is about to leave the index.
    search.candidates.retain(|candidate| sources.contains_key(&candidate.point));
    let keys: HashMap<Uuid, String> = sources.iter().map(|(id, source)| (*id, answer_key(&source.answer))).collect();
    let wordings = store.wordings(&filter.desk, &distinct(keys.values()), wanted.now).await?;
    let answer_keys = distinct(keys.values().chain(wordings.values().flatten().map(|wording| &wording.key)));
    let tallies = store.tallies(&filter.desk, &answer_keys, wanted.now).await?;
    let known = Known { tallies, wordings, effects: HashMap::new() };
    Ok(Gathered { search, sources, keys, known, answer_keys, best_question_cosine, wanted, scale: query.scale })
}

/// Each key once.
fn distinct<'a>(keys: impl Iterator<Item = &'a String>) -> Vec<String> {
    keys.collect::<BTreeSet<_>>().into_iter().cloned().collect()
}

/// Ranks everything that may answer an encoded moment, as the desk's controls have it. `words` is what was found by words.
#[expect(clippy::too_many_arguments, reason = "the parts of the use case and the parts of one moment")]
pub async fn rank_moment<S: SourceStore + ControlStore + ?Sized>(
    store: &S,
    index: &dyn VectorIndex,
    ranker: &Ranker,
    filter: &IndexFilter,
    query: &EncodedQuery,
    words: &WordHits,
    moment: &Moment,
    wanted: Wanted,
) -> Result<Ranking, SuggestError> {
    let started = Instant::now();
    let mut gathered = gather_with(store, index, filter, query, words, wanted).await?;
    let controls = store.controls_of(&filter.desk, &gathered.answer_keys, wanted.now).await?;
    gathered.control(effects(&controls, moment));
    let searched = Instant::now();
    let best_question_cosine = gathered.best_question_cosine;
    let groups = rank(ranker, gathered);
    Ok(Ranking { groups, best_question_cosine, search_time: searched - started, rank_time: searched.elapsed() })
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
    let mut sources = HashMap::new();
    for pair in store.pairs(desk, &pairs).await? {
        let content = pair.content;
        let source = Source {
            outcome: content.outcome,
            answer_quality: content.answer_quality,
            answer: content.answer,
            question: content.question,
            answered_by: content.agent_id,
        };
        sources.insert(content.id.as_uuid(), source);
    }
    for entry in store.entries(desk, &entries).await? {
        for (variant, question) in entry.questions.iter().enumerate() {
            let (question, answer, answered_by) = (question.clone(), entry.answer.clone(), entry.owner.clone());
            let source = Source { outcome: Outcome::default(), answer_quality: 1.0, answer, question, answered_by };
            sources.insert(entry.variant_point(variant), source);
        }
    }
    Ok(sources)
}

/// Ranks and groups what was gathered. Relevance finds the groups; feedback then moves each as a whole, and leaves out what is withheld as
/// outdated; what editors have decided comes last (see `learning`).
#[must_use]
pub fn rank(ranker: &Ranker, gathered: Gathered) -> Vec<RankedGroup> {
    if gathered.search.candidates.is_empty() {
        return Vec::new();
    }
    let mut rows = gathered.features();
    let answers: Vec<&[f32]> = gathered.search.candidates.iter().map(|candidate| candidate.answer_vector.as_slice()).collect();
    ranker.add_consensus(&mut rows, &answers);
    let gates = gathered.gates();
    let Gathered { search, mut sources, mut keys, known, scale, .. } = gathered;
    let scored: Vec<Scored<'_>> = search
        .candidates
        .iter()
        .zip(&rows)
        .map(|(candidate, row)| Scored {
            point: candidate.point,
            source: candidate.payload.source,
            score: ranker.score(row),
            answer: Answer { text: &sources[&candidate.point].answer, vector: &candidate.answer_vector },
        })
        .collect();
    let groups = weigh(&scored);
    let in_groups: Vec<Vec<f32>> = groups.iter().map(|group| group.iter().map(|(_, score)| *score).collect()).collect();
    let best = rows[groups[0][0].0];
    let signals = Standing {
        scores: &in_groups,
        best_cosine: gates.best,
        consensus: best[CONSENSUS],
        words: best[QUESTION_WORDS],
        length: gates.length,
    }
    .signals();
    let mut candidates: Vec<Option<Candidate>> = search.candidates.into_iter().map(Some).collect();
    let mut member = |(at, score): (usize, f32)| {
        let candidate = candidates[at].take()?;
        let (source, answer_key) = (sources.remove(&candidate.point)?, keys.remove(&candidate.point)?);
        Some(RankedMember { candidate, source, answer_key, score })
    };
    let mut ranked: Vec<(f32, RankedGroup)> = groups
        .into_iter()
        .filter_map(|group| known.apply(ranker, scale, signals, group.into_iter().filter_map(&mut member).collect()))
        .collect();
    best_first(&mut ranked);
    offer_each_wording_once(&mut ranked);
    for (score, group) in &mut ranked {
        if let Some(wording) = &group.wording {
            *score += known.points(ranker, &wording.key);
            group.score = *score;
            group.probability = ranker.probability(*score, &signals);
        }
    }
    best_first(&mut ranked);
    ranked.into_iter().map(|(_, group)| group).collect()
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
mod tests {
    use super::*;
    use crate::domain::{FeedbackTally, Language, WordingTally};
    use crate::index::PointPayload;

    const NOW: Timestamp = Timestamp::from_micros(1_760_000_000_000_000);

    /// Archived answers with their question cosine and vector, as if they had been found.
    fn gathered(answers: &[(&str, f32, [f32; 2])]) -> Gathered {
        let (mut search, mut sources, mut keys) = (CandidateSearch::default(), HashMap::new(), HashMap::new());
        for (number, (answer, cosine, vector)) in (1..).zip(answers) {
            let point = Uuid::from_u128(number);
            let payload = PointPayload {
                desk: "shop".parse().unwrap(),
                pool: Pool::Archive,
                kind: PairKind::Question,
                language: Language::Zh,
                source: point,
                conversation: None,
                answered_at: None,
                valid_from: None,
                valid_to: None,
                tags: Vec::new(),
            };
            search.candidates.push(Candidate {
                point,
                payload,
                question_cosine: *cosine,
                situation_cosine: *cosine,
                answer_cosine: *cosine,
                plain_question_cosine: *cosine,
                question_bm25: 0.0,
                situation_bm25: 0.0,
                answer_bm25: 0.0,
                words: [0.0; 3],
                answer_vector: vector.to_vec(),
            });
            let (answer, question) = ((*answer).to_owned(), "问".to_owned());
            keys.insert(point, answer_key(&answer));
            sources.insert(point, Source { outcome: Outcome::default(), answer_quality: 1.0, answer, question, answered_by: None });
        }
        let wanted = Wanted { kind: PairKind::Question, language: Language::Zh, now: NOW };
        let (known, answer_keys) = (Known::default(), Vec::new());
        Gathered { search, sources, keys, known, answer_keys, best_question_cosine: 1.0, wanted, scale: ScoreScale::SAME }
    }

    /// The groups' answers when something has been decided about some of them.
    fn ranked(answers: &[(&str, f32, [f32; 2])], decided: &[(&str, Effect)]) -> (Vec<RankedGroup>, Vec<Vec<String>>) {
        let mut gathered = gathered(answers);
        gathered.control(decided.iter().map(|(answer, effect)| (answer_key(answer), *effect)).collect());
        let groups = rank(&Ranker::shipped(), gathered);
        let words = groups.iter().map(|group| group.members.iter().map(|member| member.source.answer.clone()).collect()).collect();
        (groups, words)
    }

    fn log_odds(group: &RankedGroup) -> f64 {
        (group.probability / (1.0 - group.probability)).ln()
    }

    const HIDDEN: Effect = Effect { hidden: true, pinned: false, points: 0.0 };
    const PINNED: Effect = Effect { hidden: false, pinned: true, points: 0.0 };
    const ONE_WAY: [f32; 2] = [1.0, 0.0];
    const OTHER_WAY: [f32; 2] = [0.0, 1.0];
    /// Two wordings of one answer, the better match in polite words too; and another answer.
    const ANSWERS: [(&str, f32, [f32; 2]); 4] = [
        ("在订单页申请退货", 0.9, ONE_WAY),
        ("您好，在订单页申请退货哦", 0.8, ONE_WAY),
        ("打开订单页申请退货即可", 0.7, ONE_WAY),
        ("请到门店办理", 0.6, OTHER_WAY),
    ];

    #[test]
    fn a_hidden_answer_takes_its_own_words_along_and_leaves_other_wordings() {
        let (_, before) = ranked(&ANSWERS, &[]);
        assert_eq!(before, [vec![ANSWERS[0].0, ANSWERS[1].0, ANSWERS[2].0], vec![ANSWERS[3].0]]);
        let (_, after) = ranked(&ANSWERS, &[(ANSWERS[0].0, HIDDEN)]);
        assert_eq!(after, [vec![ANSWERS[2].0], vec![ANSWERS[3].0]]);
        let everything = ANSWERS.map(|(answer, ..)| (answer, HIDDEN));
        assert!(ranked(&ANSWERS, &everything).0.is_empty());
    }

    #[test]
    fn pinned_words_stand_for_their_group_with_the_groups_probability() {
        let (before, _) = ranked(&ANSWERS, &[]);
        assert!(before.iter().all(|group| !group.pinned));
        let (after, words) = ranked(&ANSWERS, &[(ANSWERS[2].0, PINNED)]);
        assert_eq!(words, [vec![ANSWERS[2].0, ANSWERS[0].0, ANSWERS[1].0], vec![ANSWERS[3].0]]);
        assert_eq!(after.iter().map(|group| group.pinned).collect::<Vec<_>>(), [true, false]);
        assert_eq!(after[0].probability, before[0].probability);
        let [pinned, other] = [&after[0], &after[1]];
        assert!(pinned.clears(2.0 * pinned.probability) && !pinned.clears(2.1 * pinned.probability));
        assert!(other.clears(other.probability) && !other.clears(1.1 * other.probability));
    }

    #[test]
    fn points_move_an_answer_and_nothing_else() {
        let (before, _) = ranked(&ANSWERS, &[]);
        let points = |points: f32| Effect { points, ..Effect::default() };
        let (after, words) = ranked(&ANSWERS, &[(ANSWERS[3].0, points(3.0)), (ANSWERS[0].0, points(-3.0))]);
        let raised = after.iter().find(|group| group.representative().source.answer == ANSWERS[3].0).unwrap();
        assert!((log_odds(raised) - log_odds(&before[1]) - 3.0).abs() < 1e-3);
        // The wording that was lowered, in both its forms, no longer stands for its group.
        let lowered = words.iter().find(|group| group.contains(&ANSWERS[0].0.to_owned())).unwrap();
        assert_eq!(*lowered, [ANSWERS[2].0, ANSWERS[0].0, ANSWERS[1].0]);
    }

    #[test]
    fn hiding_an_answer_reported_outdated_does_not_bring_back_its_like() {
        let reported = answer_key(ANSWERS[0].0);
        let mut gathered = gathered(&ANSWERS);
        gathered.known.tallies.insert(reported.clone(), FeedbackTally { retired: true, ..FeedbackTally::default() });
        gathered.control(HashMap::from([(reported, HIDDEN)]));
        let groups = rank(&Ranker::shipped(), gathered);
        assert_eq!(groups.iter().map(RankedGroup::text).collect::<Vec<_>>(), [ANSWERS[3].0]);
    }

    #[test]
    fn an_edited_wording_has_controls_of_its_own() {
        let edited = "在订单页选择退货";
        let ranked = |decided: Effect| {
            let mut gathered = gathered(&ANSWERS);
            // Agents have edited both answers into the same words.
            for (answer, ..) in [ANSWERS[0], ANSWERS[3]] {
                let (key, text) = (answer_key(edited), edited.to_owned());
                let wording = WordingTally { key, text, conversations: 2, weight: 2.0, accepted: 0.0, last_used_at: NOW };
                gathered.known.wordings.insert(answer_key(answer), vec![wording]);
            }
            gathered.control(HashMap::from([(answer_key(edited), decided)]));
            rank(&Ranker::shipped(), gathered)
        };
        let texts = |groups: &[RankedGroup]| groups.iter().map(|group| group.text().to_owned()).collect::<Vec<_>>();
        let before = ranked(Effect::default());
        assert_eq!(texts(&before), [edited, ANSWERS[3].0], "the better group has it");
        assert_eq!(texts(&ranked(HIDDEN)), [ANSWERS[0].0, ANSWERS[3].0]);
        let pinned = ranked(PINNED);
        assert_eq!(texts(&pinned), [edited, ANSWERS[3].0]);
        assert_eq!(pinned.iter().map(|group| group.pinned).collect::<Vec<_>>(), [true, false]);
        assert_eq!(pinned[0].probability, before[0].probability);
        let raised = ranked(Effect { points: 1.0, ..Effect::default() });
        assert!((log_odds(&raised[0]) - log_odds(&before[0]) - 1.0).abs() < 1e-3);
        assert_eq!(raised[1].probability, before[1].probability, "where it is not offered it counts nothing");
        let lowered = ranked(Effect { points: -100.0, ..Effect::default() });
        assert_eq!(texts(&lowered), [ANSWERS[3].0, edited]);
    }
}
