//! The clustering job: a desk's questions into frequent-question clusters.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::runner::{JobContext, RunError};
use crate::domain::{
    Cluster, ClusterAnswer, ClusterId, ClusterMember, ClusterState, DeskId, Job, Language, Pair, PairId, PairKind, Pool, Timestamp,
};
use crate::index::{DenseField, IndexFilter, Probe};
use crate::mining::cluster::{ClusterSettings, Constraints, Neighbour, communities, keywords};
use crate::retrieve::encode::{dot, normalise};
use crate::rt;
use crate::suggest::group::{Answer, group_answers};
use crate::text::acts::weighted_length;

/// Neighbours looked at per question.
const NEIGHBOURS: usize = 25;
/// Points read from the index at a time.
const PAGE: usize = 500;
/// Questions asked of the index between two progress reports.
const REPORT_EVERY: usize = 250;
/// Answers kept per cluster.
const BEST_ANSWERS: usize = 5;
/// Length up to which a heading is as good as any, in Chinese characters (a Latin word counts two).
const HEADING_LENGTH: usize = 16;
/// What each further character costs, in cosine.
const HEADING_PENALTY: f32 = 0.005;
/// Keywords kept per cluster.
const KEYWORDS: usize = 6;

/// One question with what clustering needs of it.
struct Question {
    pair: PairId,
    language: Language,
    vector: Vec<f32>,
    answer_vector: Vec<f32>,
}

/// Groups the desk's questions anew.
pub(super) async fn run(context: &JobContext, job: &Job) -> Result<serde_json::Value, RunError> {
    let desk = job.desk.clone().ok_or_else(|| RunError::Permanent("clustering needs a desk".to_owned()))?;
    let filter = IndexFilter { pools: vec![Pool::Archive], kinds: vec![PairKind::Question], ..IndexFilter::desk(desk.clone()) };
    let questions = read_questions(context, &filter).await?;
    let neighbours = find_neighbours(context, &filter, &questions).await?;
    let labels = rt::cpu(move || communities(&neighbours, &Constraints::default(), ClusterSettings::default())).await?;
    let pairs = read_pairs(context, &desk, &questions).await?;
    let now = context.clock.now();
    let outliers = labels.iter().filter(|label| label.is_none()).count();
    let clusters = rt::cpu(move || assemble(&desk, &questions, &labels, &pairs, now)).await?;
    let desk = job.desk.clone().unwrap_or_else(|| filter.desk.clone());
    context.store.replace_clusters(&desk, &clusters).await?;
    Ok(serde_json::json!({ "clusters": clusters.len(), "outliers": outliers }))
}

async fn read_questions(context: &JobContext, filter: &IndexFilter) -> Result<Vec<Question>, RunError> {
    let mut questions: Vec<Question> = Vec::new();
    let total = context.index.count(filter).await? as u64;
    let mut after = None;
    loop {
        let page = context.index.page(filter, after, PAGE).await?;
        let Some(last) = page.last() else { return Ok(questions) };
        after = Some(last.id);
        for point in page {
            let [vector, _, answer_vector] = point.dense;
            questions.push(Question {
                pair: PairId::from_uuid(point.payload.source),
                language: point.payload.language,
                vector,
                answer_vector,
            });
        }
        context.progress("reading questions", questions.len() as u64, Some(total)).await?;
    }
}

async fn find_neighbours(context: &JobContext, filter: &IndexFilter, questions: &[Question]) -> Result<Vec<Vec<Neighbour>>, RunError> {
    let positions: HashMap<_, _> = questions.iter().enumerate().map(|(position, question)| (question.pair.as_uuid(), position)).collect();
    let mut neighbours = Vec::with_capacity(questions.len());
    for (done, question) in questions.iter().enumerate() {
        let probe = Probe::Dense(DenseField::Question, question.vector.clone());
        // One language a cluster: an editor reads and answers it in one.
        let same_language = IndexFilter { language: Some(question.language), ..filter.clone() };
        let hits = context.index.search(&same_language, vec![probe], NEIGHBOURS + 1).await?;
        let found = hits.into_iter().flatten().filter_map(|hit| Some(Neighbour { other: *positions.get(&hit.id)?, similarity: hit.score }));
        neighbours.push(found.filter(|neighbour| neighbour.other != done).collect());
        if done % REPORT_EVERY == 0 {
            context.progress("finding neighbours", done as u64, Some(questions.len() as u64)).await?;
        }
    }
    Ok(neighbours)
}

async fn read_pairs(context: &JobContext, desk: &DeskId, questions: &[Question]) -> Result<HashMap<PairId, Pair>, RunError> {
    let mut pairs = HashMap::new();
    for chunk in questions.chunks(PAGE) {
        let ids: Vec<PairId> = chunk.iter().map(|question| question.pair).collect();
        pairs.extend(context.store.pairs(desk, &ids).await?.into_iter().map(|pair| (pair.content.id, pair)));
    }
    Ok(pairs)
}

fn assemble(
    desk: &DeskId,
    questions: &[Question],
    labels: &[Option<usize>],
    pairs: &HashMap<PairId, Pair>,
    now: Timestamp,
) -> Vec<(Cluster, Vec<ClusterMember>)> {
    let mut groups: BTreeMap<usize, Vec<&Question>> = BTreeMap::new();
    for (question, label) in questions.iter().zip(labels) {
        if let Some(label) = label
            && pairs.contains_key(&question.pair)
        {
            groups.entry(*label).or_default().push(question);
        }
    }
    let text = |question: &Question| pairs[&question.pair].content.question.as_str();
    let words = keywords(&groups.values().map(|group| group.iter().map(|question| text(question)).collect()).collect::<Vec<_>>(), KEYWORDS);
    let clusters = groups.values().zip(words).map(|(group, keywords)| {
        let centre = centre(group);
        let mut members: Vec<ClusterMember> = group
            .iter()
            .map(|question| ClusterMember {
                pair_id: question.pair,
                question: text(question).to_owned(),
                similarity: dot(&centre, &question.vector),
            })
            .collect();
        members.sort_by(|a, b| b.similarity.total_cmp(&a.similarity).then(a.pair_id.cmp(&b.pair_id)));
        let of_group: Vec<&Pair> = group.iter().map(|question| &pairs[&question.pair]).collect();
        let conversations: BTreeSet<_> = of_group.iter().map(|pair| pair.conversation).collect();
        let customers: BTreeSet<String> =
            of_group.iter().map(|pair| pair.customer_key.clone().unwrap_or_else(|| pair.conversation.to_string())).collect();
        let english = of_group.iter().filter(|pair| pair.content.language == Language::En).count();
        let cluster = Cluster {
            id: ClusterId::new(),
            desk: desk.clone(),
            state: ClusterState::Open,
            representative: representative(&members),
            keywords,
            language: if english * 2 > of_group.len() { Language::En } else { Language::Zh },
            size: group.len() as u32,
            conversations: conversations.len() as u32,
            customers: customers.len() as u32,
            share: group.len() as f64 / questions.len() as f64,
            answers: best_answers(group, pairs),
            updated_at: now,
        };
        (cluster, members)
    });
    clusters.collect()
}

/// The question that stands for a cluster: near the centre and short; a chain of turns makes a poor heading.
fn representative(members: &[ClusterMember]) -> String {
    let fitness = |member: &ClusterMember| {
        let surplus = weighted_length(&member.question).saturating_sub(HEADING_LENGTH);
        member.similarity - HEADING_PENALTY * surplus as f32
    };
    members
        .iter()
        .max_by(|a, b| fitness(a).total_cmp(&fitness(b)).then(b.pair_id.cmp(&a.pair_id)))
        .map(|member| member.question.clone())
        .unwrap_or_default()
}

fn centre(group: &[&Question]) -> Vec<f32> {
    let mut centre = vec![0.0; group.first().map_or(0, |question| question.vector.len())];
    for question in group {
        for (sum, value) in centre.iter_mut().zip(&question.vector) {
            *sum += value;
        }
    }
    normalise(&mut centre);
    centre
}

/// Groups a cluster's answers; the most supported first, the newest among equals.
fn best_answers(group: &[&Question], pairs: &HashMap<PairId, Pair>) -> Vec<ClusterAnswer> {
    let mut ordered: Vec<(&Question, &Pair)> =
        group.iter().map(|question| (*question, &pairs[&question.pair])).filter(|(_, pair)| !pair.content.outcome.corrected).collect();
    ordered.sort_by(|(_, a), (_, b)| {
        b.content
            .answer_quality
            .total_cmp(&a.content.answer_quality)
            .then(b.content.answered_at.cmp(&a.content.answered_at))
            .then(a.content.id.cmp(&b.content.id))
    });
    let answers: Vec<Answer<'_>> =
        ordered.iter().map(|(question, pair)| Answer { text: &pair.content.answer, vector: &question.answer_vector }).collect();
    let mut best: Vec<ClusterAnswer> = group_answers(&answers)
        .into_iter()
        .map(|members| {
            let shown = ordered[members[0]].1;
            let last = members.iter().filter_map(|&member| ordered[member].1.content.answered_at).max();
            ClusterAnswer {
                text: shown.content.answer.clone(),
                support: members.len() as u32,
                pair_id: shown.content.id,
                last_answered_at: last,
            }
        })
        .collect();
    best.sort_by(|a, b| b.support.cmp(&a.support).then(b.last_answered_at.cmp(&a.last_answered_at)));
    best.truncate(BEST_ANSWERS);
    best
}
