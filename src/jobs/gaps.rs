//! The job that computes a desk's gap ledger; the rest is [`crate::insight`]'s.

use super::runner::{JobContext, RunError};
use crate::domain::Job;
use crate::insight::InsightError;
use crate::insight::gaps::{EMBED_AT_ONCE, group};

/// Groups looked up between two progress reports.
const REPORT_EVERY: usize = 50;

impl From<InsightError> for RunError {
    fn from(error: InsightError) -> Self {
        match error {
            InsightError::Store(error) => Self::Store(error),
            InsightError::Index(error) => Self::Index(error),
            InsightError::Work(error) => Self::Work(error),
            InsightError::Embed(error) => Self::Retry(format!("questions can't be embedded: {error}")),
            other @ (InsightError::UnknownGap | InsightError::Invalid { .. }) => Self::Permanent(other.to_string()),
        }
    }
}

/// Groups what failed, says why, and writes the ledger; ids and decisions stay.
pub(super) async fn run(context: &JobContext, job: &Job) -> Result<serde_json::Value, RunError> {
    let desk = job.desk.clone().ok_or_else(|| RunError::Permanent("the gap ledger needs a desk".to_owned()))?;
    context.progress("reading failures", 0, None).await?;
    let asked = context.insight.failures(&desk).await?;
    let mut vectors = Vec::with_capacity(asked.len());
    for chunk in asked.chunks(EMBED_AT_ONCE) {
        vectors.extend(context.insight.embed_questions(chunk).await?);
        context.progress("embedding", vectors.len() as u64, Some(asked.len() as u64)).await?;
    }
    let (groups, asked) = crate::rt::cpu(move || (group(&asked, &vectors), asked)).await?;
    let total = groups.len();
    let mut found = Vec::with_capacity(total);
    for group in groups {
        let gap = context.insight.diagnose(&desk, &asked, &group).await?;
        found.push((gap, group));
        if found.len() % REPORT_EVERY == 0 {
            context.progress("looking for answers", found.len() as u64, Some(total as u64)).await?;
        }
    }
    let kept = context.insight.keep_gaps(&desk, &asked, found).await?;
    Ok(serde_json::json!({ "questions": asked.len(), "gaps": total, "kept": kept }))
}
