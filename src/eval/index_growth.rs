//! What searching costs as an index grows, and what its approximation loses: points grown from real questions, asked as a suggestion asks.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Instant;

use uuid::Uuid;

use super::clusters::growth::{Grown, payload, perturbed, resident_mb};
use super::systems::{RIPOSTE, SystemFigures};
use super::workbench::EvalError;
use crate::domain::DeskId;
use crate::domain::desk::InvalidDeskId;
use crate::domain::random::SplitMix64;
use crate::index::{DenseField, IndexFilter, IndexPoint, Probe, VectorIndex};
use crate::retrieve::encode::{EncodedQuery, QueryTerms, QueryText, dot};
use crate::retrieve::lexical::{ANSWER_TERMS, QUESTION_TERMS, SITUATION_TERMS, document_vector};
use crate::retrieve::search::{Probes, RetrieveError, retrieve, search_words};
use crate::suggest::ranking::PER_PROBE;
use crate::text::language::detect;

/// Where the drawing of questions to ask starts; copies in the index are drawn from another place.
const SEED: u64 = 2;
/// Points written at a time.
const WRITTEN: usize = 1_000;
/// Hits that recall is told of.
const RECALLED: usize = 10;
/// Questions asked before the first that counts: those behind them find what a server that has been asked for a while has in memory.
const WARM_UP: usize = 200;
/// Which question's text and vector stand for the answer of a point: another one's, so that the three vectors of a point differ.
const ANSWER_BEHIND: usize = 7_919;

/// What filling took.
pub struct Filled {
    fill_seconds: f64,
    optimize_seconds: f64,
    /// Memory of the process before, megabytes.
    before_mb: f64,
}

/// Fills the index with `grown` and builds its graphs.
///
/// # Errors
/// When the index fails.
pub async fn fill(index: &dyn VectorIndex, grown: &Grown) -> Result<Filled, EvalError> {
    let (desk, count) = (desk()?, grown.count());
    let before_mb = resident_mb();
    let started = Instant::now();
    for from in (0..count).step_by(WRITTEN) {
        index.upsert((from..(from + WRITTEN).min(count)).map(|place| point(grown, place, &desk)).collect()).await?;
    }
    let fill_seconds = started.elapsed().as_secs_f64();
    let started = Instant::now();
    index.optimize().await?;
    Ok(Filled { fill_seconds, optimize_seconds: started.elapsed().as_secs_f64(), before_mb })
}

/// Asks the index, which lies in `folder` and holds `grown`, `asked` questions, copies of its own that it does not hold.
///
/// `fill_seconds`, `optimize_seconds`; `search_p50_ms`, `search_p95_ms`: all six probes, union and reading back, one request after the
/// other; `recall_at_10`: of the question probe beside comparing everything; `memory_bytes_per_point`, `disk_bytes_per_point`. The index should have
/// been opened anew after it was filled: memory is then what a server that was started has come to with these questions, pages of files
/// that it reads included, and not what building took.
///
/// # Errors
/// When the index fails.
pub async fn ask(index: &dyn VectorIndex, folder: &Path, grown: &Grown, asked: usize, filled: &Filled) -> Result<SystemFigures, EvalError> {
    let count = grown.count();
    let filter = IndexFilter::desk(desk()?);
    let mut random = SplitMix64::new(SEED);
    let (mut times, mut recalled) = (Vec::new(), 0);
    for number in 0..asked + WARM_UP {
        let place = (random.next_unit() * count as f64) as usize;
        let (vector, text) = (perturbed(grown.vector(place), &mut random), grown.text(place));
        let text = QueryText { question: text.to_owned(), turn: text.to_owned(), ..QueryText::default() };
        let query = EncodedQuery::plain(vector.clone(), vector.clone(), &text, QueryTerms::of(&text));
        let started = Instant::now();
        let words = search_words(index, &filter, &query.terms, Probes::ALL, PER_PROBE).await.map_err(unusable)?;
        let found = retrieve(index, &filter, &query, &words, Probes::ALL, PER_PROBE).await.map_err(unusable)?;
        let took = started.elapsed().as_secs_f64() * 1000.0;
        if number >= WARM_UP {
            times.push(if found.candidates.is_empty() { f64::NAN } else { took });
            let hits = index.search(&filter, vec![Probe::Dense(DenseField::Question, vector.clone())], RECALLED).await?;
            let nearest = nearest(grown, &vector);
            recalled += hits.iter().flatten().filter(|hit| nearest.contains(&hit.id)).count();
        }
    }
    times.sort_by(f64::total_cmp);
    let at = |share: f64| times[((times.len() as f64 * share) as usize).min(times.len() - 1)];
    let figures: BTreeMap<String, f64> = [
        ("fill_seconds", filled.fill_seconds),
        ("optimize_seconds", filled.optimize_seconds),
        ("search_p50_ms", at(0.5)),
        ("search_p95_ms", at(0.95)),
        ("recall_at_10", recalled as f64 / (RECALLED * asked) as f64),
        ("memory_bytes_per_point", (resident_mb() - filled.before_mb) * 1024.0 * 1024.0 / count as f64),
        ("disk_bytes_per_point", bytes_below(folder)? as f64 / count as f64),
    ]
    .into_iter()
    .filter(|(_, value)| value.is_finite())
    .map(|(name, value)| (name.to_owned(), value))
    .collect();
    Ok(SystemFigures::from([(RIPOSTE.to_owned(), figures)]))
}

fn unusable(error: RetrieveError) -> EvalError {
    match error {
        RetrieveError::Embed(error) => error.into(),
        RetrieveError::Index(error) => error.into(),
    }
}

fn desk() -> Result<DeskId, EvalError> {
    "growth".parse().map_err(|error: InvalidDeskId| EvalError::Unusable(error.to_string()))
}

fn id_of(place: usize) -> Uuid {
    Uuid::from_u128(place as u128 + 1)
}

fn point(grown: &Grown, place: usize, desk: &DeskId) -> IndexPoint {
    let answer = (place + ANSWER_BEHIND) % grown.count();
    let (question, answered) = (grown.text(place), grown.text(answer));
    IndexPoint {
        id: id_of(place),
        payload: payload(desk, id_of(place), detect(question)),
        dense: [grown.vector(place).to_vec(), grown.vector(place).to_vec(), grown.vector(answer).to_vec()],
        sparse: [
            document_vector(question, QUESTION_TERMS),
            document_vector(question, SITUATION_TERMS),
            document_vector(answered, ANSWER_TERMS),
        ],
    }
}

/// The points nearest to a vector, by comparing all.
fn nearest(grown: &Grown, vector: &[f32]) -> Vec<Uuid> {
    let mut scored: Vec<(f32, usize)> = (0..grown.count()).map(|place| (dot(vector, grown.vector(place)), place)).collect();
    let last = RECALLED.min(scored.len()) - 1;
    scored.select_nth_unstable_by(last, |a, b| b.0.total_cmp(&a.0));
    scored[..=last].iter().map(|&(_, place)| id_of(place)).collect()
}

fn bytes_below(folder: &Path) -> Result<u64, EvalError> {
    let unreadable = |error: std::io::Error| EvalError::Unusable(error.to_string());
    let mut bytes = 0;
    for entry in fs_err::read_dir(folder).map_err(unreadable)? {
        let entry = entry.map_err(unreadable)?;
        let data = entry.metadata().map_err(unreadable)?;
        // Allocated, not nominal: logs are files with holes.
        #[cfg(unix)]
        let size = std::os::unix::fs::MetadataExt::blocks(&data) * 512;
        #[cfg(not(unix))]
        let size = data.len();
        bytes += if data.is_dir() { bytes_below(&entry.path())? } else { size };
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::embed::fake::FakeEmbedder;
    use crate::index::exact::ExactIndex;

    #[tokio::test]
    async fn comparing_everything_recalls_everything() {
        let embedder = FakeEmbedder::new(32);
        let questions: Vec<String> = (0..30).map(|number| format!("question {number} about parcel {}", number * 7)).collect();
        let grown = Grown::new(&embedder, &questions, 200).await.unwrap();
        let index = ExactIndex::new(grown.dimension());
        let folder = tempfile::tempdir().unwrap();
        fs_err::write(folder.path().join("segment"), vec![1; 4096]).unwrap();
        let filled = fill(&index, &grown).await.unwrap();
        let figures = ask(&index, folder.path(), &grown, 12, &filled).await.unwrap();
        let figures = &figures[RIPOSTE];
        assert!((figures["recall_at_10"] - 1.0).abs() < 1e-9, "{figures:?}");
        assert!(figures["disk_bytes_per_point"] > 0.0);
        assert!(figures["search_p95_ms"] >= figures["search_p50_ms"]);
    }
}
