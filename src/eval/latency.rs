//! How long a suggestion takes, as a multiple of the encoder's forward pass for the same texts in the same run: what machines differ in, and
//! what else runs on one, falls on both alike.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use super::dataset::LabelledConversation;
use super::judge::{Query, Selection, Yardstick, select_queries};
use super::replay::{LiveMoment, request_of};
use super::systems::{RIPOSTE, SystemFigures};
use super::workbench::{EvalError, Workbench};
use crate::domain::DeskId;
use crate::embed::{EmbedModel, Lane, TextKind};

/// Requests made before the first that counts.
const WARM_UP: usize = 10;

/// Times of one request, milliseconds.
#[derive(Debug, Clone, Copy, Default)]
struct Timed {
    forward: f64,
    total: f64,
    embed: f64,
    search: f64,
    rank: f64,
}

/// Asks for suggestions as a live desk does, one after the other, `limit` of the moments of `queries` against `archive` (places in
/// `conversations`). Before each, `model`, a copy of the encoder of its own, encodes the same texts: the question, the turn and what was said before
/// it, each once. Nothing of them is cached.
pub async fn latency(
    bench: &Workbench,
    model: &mut dyn EmbedModel,
    conversations: &[LabelledConversation],
    archive: &[usize],
    queries: &[usize],
    limit: usize,
) -> Result<(SystemFigures, usize), EvalError> {
    let desk: DeskId = "archive".parse().map_err(|error: crate::domain::desk::InvalidDeskId| EvalError::Unusable(error.to_string()))?;
    let archived: Vec<&LabelledConversation> = archive.iter().map(|&place| &conversations[place]).collect();
    bench.ingest(&desk, &archived).await?;
    let selection = Selection { limit: Some(limit.saturating_add(WARM_UP)), ..Selection::all(Yardstick::Words) };
    let mut timed = Vec::new();
    for query in select_queries(conversations, queries, &selection) {
        timed.extend(one(bench, model, &desk, &query).await?);
    }
    let counted = timed.get(WARM_UP..).unwrap_or_default();
    if counted.is_empty() {
        return Err(EvalError::Unusable(format!("only {} moments to ask; more than {WARM_UP} are needed", timed.len())));
    }
    Ok((SystemFigures::from([(RIPOSTE.to_owned(), figures(counted))]), counted.len()))
}

async fn one(bench: &Workbench, model: &mut dyn EmbedModel, desk: &DeskId, query: &Query<'_>) -> Result<Option<Timed>, EvalError> {
    let Some(LiveMoment { moment, .. }) = LiveMoment::of(desk, query) else { return Ok(None) };
    let texts: BTreeSet<&str> =
        [&moment.question, &moment.turn, &moment.previous].into_iter().map(String::as_str).filter(|text| !text.trim().is_empty()).collect();
    let started = Instant::now();
    let rows = texts.into_iter().map(|text| Ok(model.tokenize(text, TextKind::Query)?.0)).collect::<Result<Vec<_>, EvalError>>()?;
    model.forward(&rows)?;
    let forward = milliseconds(started.elapsed());
    let request = request_of(desk, query);
    let started = Instant::now();
    let response = bench.suggester.suggest(&request, "evaluation", Lane::Interactive).await?;
    let total = milliseconds(started.elapsed());
    let timings = response.timings_ms;
    Ok(Some(Timed { forward, total, embed: timings.embed, search: timings.search, rank: timings.rank }))
}

fn figures(timed: &[Timed]) -> std::collections::BTreeMap<String, f64> {
    let percentile = |of: fn(&Timed) -> f64, share: f64| {
        let mut values: Vec<f64> = timed.iter().map(of).collect();
        values.sort_by(f64::total_cmp);
        values[((values.len() as f64 * share) as usize).min(values.len() - 1)]
    };
    let median = |of| percentile(of, 0.5);
    let forward = median(|timed| timed.forward);
    let named = [
        ("times_forward", median(|timed| timed.total) / forward),
        ("forward_ms", forward),
        ("total_ms", median(|timed| timed.total)),
        ("total_p95_ms", percentile(|timed| timed.total, 0.95)),
        ("embed_ms", median(|timed| timed.embed)),
        ("search_ms", median(|timed| timed.search)),
        ("rank_ms", median(|timed| timed.rank)),
    ];
    named.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
}

fn milliseconds(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1000.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn medians_are_compared_not_sums() {
        let timed: Vec<Timed> =
            [(1.0, 2.0), (2.0, 3.0), (90.0, 400.0)].map(|(forward, total)| Timed { forward, total, ..Timed::default() }).to_vec();
        let figures = figures(&timed);
        assert!((figures["times_forward"] - 1.5).abs() < 1e-9);
        assert!((figures["total_p95_ms"] - 400.0).abs() < 1e-9);
    }
}
