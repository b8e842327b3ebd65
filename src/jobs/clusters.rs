//! The clustering job: reads a desk's questions and their neighbours from the index; the rest is [`crate::curation`]'s.

use std::collections::HashMap;

use super::runner::{JobContext, RunError};
use crate::curation::describe::Question;
use crate::curation::rebuild::Questions;
use crate::curation::{CurationError, NEIGHBOURS};
use crate::domain::{DeskId, Job, Pair, PairId, PairKind, Pool};
use crate::index::{DenseField, IndexFilter, Probe};
use crate::mining::cluster::Neighbour;

/// Points read from the index at a time.
const PAGE: usize = 500;
/// Questions asked of the index between two progress reports.
const REPORT_EVERY: usize = 250;

impl From<CurationError> for RunError {
    fn from(error: CurationError) -> Self {
        match error {
            CurationError::Store(error) => Self::Store(error),
            CurationError::Index(error) => Self::Index(error),
            CurationError::Work(error) => Self::Work(error),
            busy @ CurationError::Busy => Self::Retry(format!("{busy}; start it again in a moment")),
            other => Self::Permanent(other.to_string()),
        }
    }
}

/// Groups the desk's questions anew; ids and decisions stay.
pub(super) async fn run(context: &JobContext, job: &Job) -> Result<serde_json::Value, RunError> {
    let desk = job.desk.clone().ok_or_else(|| RunError::Permanent("clustering needs a desk".to_owned()))?;
    let filter = IndexFilter { pools: vec![Pool::Archive], kinds: vec![PairKind::Question], ..IndexFilter::desk(desk.clone()) };
    let questions = read_questions(context, &filter).await?;
    let neighbours = find_neighbours(context, &filter, &questions).await?;
    let pairs = read_pairs(context, &desk, &questions).await?;
    let total = questions.len() as u64;
    context.progress("grouping", total, Some(total)).await?;
    let report = context.curator.rebuild(&desk, Questions { questions, neighbours, pairs }).await?;
    Ok(serde_json::to_value(report)?)
}

async fn read_questions(context: &JobContext, filter: &IndexFilter) -> Result<Vec<Question>, RunError> {
    let mut questions: Vec<Question> = Vec::new();
    let total = context.index.count(filter).await? as u64;
    let mut after = None;
    loop {
        let page = context.index.page(filter, after, PAGE).await?;
        let Some(last) = page.last() else { return Ok(questions) };
        after = Some(last.id);
        questions.extend(page.into_iter().map(Question::from));
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
    let mut pairs = HashMap::with_capacity(questions.len());
    for chunk in questions.chunks(PAGE) {
        let ids: Vec<PairId> = chunk.iter().map(|question| question.pair).collect();
        pairs.extend(context.store.pairs(desk, &ids).await?.into_iter().map(|pair| (pair.content.id, pair)));
    }
    Ok(pairs)
}
