//! From a moment to ranked groups of answers: search, features, two-stage ranking, grouping. No threshold is applied here.

use std::collections::{HashMap, HashSet};
use std::time::{Duration, Instant};

use uuid::Uuid;

use super::features::{FEATURE_COUNT, Source, Wanted, features};
use super::group::{Answer, group_answers};
use super::learning::Known;
use super::ranker::Ranker;
use super::service::SuggestError;
use crate::domain::{DeskId, EntryId, Outcome, PairId, PairKind, Pool, SuggestionId, Timestamp};
use crate::index::{IndexFilter, VectorIndex};
use crate::retrieve::adapter::ScoreScale;
use crate::retrieve::{Candidate, CandidateSearch, EncodedQuery, retrieve};
use crate::store::{FeedbackStore, KnowledgeStore, PairStore, RecordedSuggestion};
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
    /// What feedback is counted under.
    pub answer_key: String,
    /// Score by both stages.
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
    /// Members, the one whose words fared best with agents first, then by relevance.
    pub members: Vec<RankedMember>,
    /// Probability that an agent would use it.
    pub probability: f64,
    /// The wording that agents prefer to the representative's own.
    pub wording: Option<TaughtWording>,
}

impl RankedGroup {
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

/// Searches for everything that may answer an encoded moment and reads what is known of it.
pub async fn gather<S: SourceStore + ?Sized>(
    store: &S,
    index: &dyn VectorIndex,
    filter: &IndexFilter,
    query: &EncodedQuery,
    wanted: Wanted,
) -> Result<Gathered, SuggestError> {
    let mut search = retrieve(index, filter, query, PER_PROBE).await?;
    let best_question_cosine = search.candidates.iter().map(|candidate| candidate.plain_question_cosine).fold(0.0, f32::max);
    shortlist(&mut search);
    let sources = read_sources(store, &filter.desk, &search.candidates).await?;
    // A point whose pair or entry has just been deleted is about to leave the index.
    search.candidates.retain(|candidate| sources.contains_key(&candidate.point));
    let keys: HashMap<Uuid, String> = sources.iter().map(|(id, source)| (*id, answer_key(&source.answer))).collect();
    let mut asked_keys: Vec<String> = keys.values().cloned().collect();
    asked_keys.sort_unstable();
    asked_keys.dedup();
    let known = Known {
        tallies: store.tallies(&filter.desk, &asked_keys, wanted.now).await?,
        wordings: store.wordings(&filter.desk, &asked_keys, wanted.now).await?,
    };
    Ok(Gathered { search, sources, keys, known, best_question_cosine, wanted, scale: query.scale })
}

/// Ranks everything that may answer an encoded moment.
pub async fn rank_moment<S: SourceStore + ?Sized>(
    store: &S,
    index: &dyn VectorIndex,
    ranker: &Ranker,
    filter: &IndexFilter,
    query: &EncodedQuery,
    wanted: Wanted,
) -> Result<Ranking, SuggestError> {
    let started = Instant::now();
    let gathered = gather(store, index, filter, query, wanted).await?;
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

/// Ranks and groups what was gathered. Relevance finds the groups; feedback then moves each as a whole (see `learning`), and leaves out
/// what is withheld as outdated.
#[must_use]
pub fn rank(ranker: &Ranker, gathered: Gathered) -> Vec<RankedGroup> {
    if gathered.search.candidates.is_empty() {
        return Vec::new();
    }
    let mut rows = gathered.features();
    let answers: Vec<&[f32]> = gathered.search.candidates.iter().map(|candidate| candidate.answer_vector.as_slice()).collect();
    ranker.add_consensus(&mut rows, &answers);
    let Gathered { search, sources, keys, known, scale, .. } = gathered;
    let mut members: Vec<RankedMember> = search
        .candidates
        .into_iter()
        .zip(&rows)
        .map(|(candidate, row)| RankedMember {
            source: sources[&candidate.point].clone(),
            score: ranker.score(row),
            answer_key: keys[&candidate.point].clone(),
            candidate,
        })
        .collect();
    members.sort_by(|a, b| b.score.total_cmp(&a.score).then(a.candidate.point.cmp(&b.candidate.point)));
    keep_one_variant_per_entry(&mut members);
    let groups = group_answers(
        &members.iter().map(|member| Answer { text: &member.source.answer, vector: &member.candidate.answer_vector }).collect::<Vec<_>>(),
    );
    let mut members: Vec<Option<RankedMember>> = members.into_iter().map(Some).collect();
    let mut ranked: Vec<(f32, RankedGroup)> = groups
        .into_iter()
        .filter_map(|group| known.apply(ranker, scale, group.into_iter().filter_map(|position| members[position].take()).collect()))
        .collect();
    // Stable: what feedback leaves equal stays in the order of relevance.
    ranked.sort_by(|(a, _), (b, _)| b.total_cmp(a));
    let mut groups: Vec<RankedGroup> = ranked.into_iter().map(|(_, group)| group).collect();
    offer_each_wording_once(&mut groups);
    groups
}

/// No two groups offer the same words: a wording that another group has of its own, or that a better one is offered in, is left to that group.
fn offer_each_wording_once(groups: &mut [RankedGroup]) {
    let mut taken: HashSet<String> = groups.iter().flat_map(|group| &group.members).map(|member| member.answer_key.clone()).collect();
    for group in groups {
        group.wording = group.wording.take().filter(|wording| taken.insert(wording.key.clone()));
    }
}

/// An entry has a point per question variant; its best one stands for it.
fn keep_one_variant_per_entry(members: &mut Vec<RankedMember>) {
    let mut seen = HashSet::new();
    members.retain(|member| seen.insert(member.candidate.payload.source));
}

/// What is wanted at `moment`.
#[must_use]
pub fn wanted(moment: &Moment, language: crate::domain::Language, now: Timestamp) -> Wanted {
    Wanted { kind: wanted_kind(moment), language, now }
}
