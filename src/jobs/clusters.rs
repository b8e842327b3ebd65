//! The clustering job: reads a desk's questions and their neighbours from the index; the rest is [`crate::curation`]'s.

use std::collections::HashMap;

use super::neighbours::{Asked, neighbours_of};
use super::runner::{JobContext, RunError};
use crate::curation::CurationError;
use crate::curation::describe::Question;
use crate::curation::rebuild::Questions;
use crate::domain::{DeskId, Job, Pair, PairId, PairKind, Pool};
use crate::index::IndexFilter;
use crate::mining::cluster::Neighbour;

/// Points read from the index at a time.
const PAGE: usize = 500;
/// Questions asked of the index between two progress reports.
const REPORT_EVERY: usize = 512;

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
    let places: HashMap<_, _> = questions.iter().enumerate().map(|(place, question)| (question.pair.as_uuid(), place)).collect();
    let mut neighbours = Vec::with_capacity(questions.len());
    for some in questions.chunks(REPORT_EVERY) {
        let asked: Vec<Asked<'_>> = some
            .iter()
            .map(|question| Asked { id: question.pair.as_uuid(), language: question.language, vector: &question.vector })
            .collect();
        neighbours.extend(neighbours_of(context.index.as_ref(), filter, &asked, &places).await?);
        context.progress("finding neighbours", neighbours.len() as u64, Some(questions.len() as u64)).await?;
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
