//! Lessons for the ranker: moments whose right answer is known, with everything the ranker looks at. No human judges any of them.
//!
//! [`of_archive`] asks every sampled pair as if it were live, its own conversation left out; the answer really given, tags or labels say how
//! good each candidate is. [`of_entries`] asks the wordings of entries, each without itself. [`of_trades`] archives half of the wordings of authored questions with their answers, as entries, in conversations
//! or both, and asks the other half. [`of_feedback`] asks again what agents have answered with a suggestion. [`kept`] keeps lessons in a file, since several encoders can't be asked in one run. Deterministic: same
//! input, same lessons.

mod entries;
pub mod kept;
mod trades;

use std::collections::{BTreeMap, BTreeSet};

use uuid::Uuid;

use super::workbench::{Archive, EvalError, Workbench};
use crate::domain::random::SplitMix64;
use crate::domain::{DeskId, Pair, PairId, PairKind, Pool, Role, SuggestionSetId};
use crate::embed::{Lane, TextKind};
use crate::index::IndexFilter;
use crate::retrieve::encode::dot;
use crate::retrieve::{Candidate, QueryText, encode_query};
use crate::suggest::features::{FEATURE_COUNT, Gates, Wanted};
use crate::suggest::group::figures;
use crate::suggest::ranking::{Gathered, gather, wanted};
use crate::text::chrf::chrf;
use crate::text::language::detect;
use crate::text::moment::{Line, Moment};
use crate::text::normalise::answer_key;

pub use crate::adapt::{Judge, by_tags};
pub use entries::of_entries;
pub use trades::of_trades;

/// Suggestions read from the store at a time.
const PAGE: u32 = 500;
/// Cosine from which on an answer counts as right where nothing else tells.
const RIGHT_COSINE: f32 = 0.8;

/// One moment with everything the fit looks at.
#[derive(Debug, Clone, PartialEq)]
pub struct Lesson {
    /// Whence it comes: lessons of one fold are never parted by cross-validation (a conversation, a trade).
    pub fold: String,
    /// Features of every candidate, consensus still 0.
    pub rows: Vec<[f32; FEATURE_COUNT]>,
    /// Dense vectors of the candidates' answers.
    pub answers: Vec<Vec<f32>>,
    /// The candidate's words.
    pub texts: Vec<String>,
    /// Pair or entry each candidate comes from: variants of an entry have one.
    pub sources: Vec<Uuid>,
    /// How much of the answer really given each candidate's answer saves (chrF, 0–1).
    pub overlap: Vec<f32>,
    /// Cosine of each candidate's answer and the answer really given.
    pub likeness: Vec<f32>,
    /// Which candidates are right.
    pub right: Vec<bool>,
    /// Whether it is known which answers are right; otherwise `right` was guessed by their likeness to the one really given.
    pub judged: bool,
    /// What of the query decides how likeness is weighed.
    pub gates: Gates,
    /// The kind of pair that fits the customer's turn. Nothing archived is shown to small talk.
    pub kind: PairKind,
}

/// What is said of one candidate.
struct Verdict {
    right: bool,
    /// Whether anything but its words told.
    known: bool,
}

/// Nothing but the answers' words tells which are right.
#[must_use]
pub fn by_words(_: &Pair, _: &Candidate) -> Option<bool> {
    None
}

/// What the set's makers say about the messages tells: the same labels are right. Entries bear none.
#[must_use]
pub fn by_labels(archive: &Archive, pair: &Pair, candidate: &Candidate) -> Option<bool> {
    let given = archive.labels_of(pair.content.id).filter(|labels| !labels.is_empty())?;
    let found = (candidate.payload.pool == Pool::Archive).then(|| archive.labels_of(PairId::from_uuid(candidate.payload.source))).flatten();
    Some(found == Some(given))
}

/// Lessons of an archive: of the pairs that `asked` takes, `sample` at most, drawn evenly.
pub async fn of_archive(
    bench: &Workbench,
    desk: &DeskId,
    sample: usize,
    asked: &(dyn Fn(&Pair) -> bool + Sync),
    judge: &Judge<'_>,
) -> Result<Vec<Lesson>, EvalError> {
    let mut pairs = bench.all_pairs(desk).await?;
    pairs.retain(|pair| pair.content.kind != PairKind::Unanswered && asked(pair));
    // Sorted by what was said, since ids may differ between installations; the draw must not.
    pairs.sort_by(|a, b| (&a.content.question, &a.content.answer).cmp(&(&b.content.question, &b.content.answer)));
    SplitMix64::new(7).shuffle(&mut pairs);
    pairs.truncate(sample);
    let mut lessons = Vec::with_capacity(pairs.len());
    for (asked, pair) in pairs.iter().enumerate() {
        (bench.watch)("asking", asked, pairs.len());
        lessons.extend(of_pair(bench, desk, pair, judge).await?);
    }
    Ok(lessons)
}

/// Lessons of what agents used on a desk: what they took is right where it was offered, what else stood there was passed by. The query is asked as a
/// question that stands alone, since only its text is kept.
pub async fn of_feedback(bench: &Workbench, desk: &DeskId) -> Result<Vec<Lesson>, EvalError> {
    let mut sets: BTreeMap<SuggestionSetId, (String, BTreeSet<String>)> = BTreeMap::new();
    let mut after = None;
    loop {
        let page = bench.store.used_suggestions(desk, after, PAGE).await?;
        let Some(last) = page.last() else { break };
        after = Some(last.id);
        for used in page {
            sets.entry(used.set).or_insert((used.query, BTreeSet::new())).1.insert(used.answer_key);
        }
    }
    let mut lessons = Vec::new();
    for (set, (query, used)) in sets {
        let Some(moment) = Moment::of(&[Line { role: Role::Customer, text: &query, at: None }]) else { continue };
        let language = detect(&query);
        let text = QueryText { question: query.clone(), turn: query, ..QueryText::default() };
        let filter = IndexFilter { language: Some(language), ..IndexFilter::desk(desk.clone()) };
        let verdict = |_: &Candidate, answer: &str, _: f32| Verdict { right: used.contains(&answer_key(answer)), known: true };
        let wanted = wanted(&moment, language, bench.clock.now());
        lessons.extend(lesson(bench, set.to_string(), &filter, &text, wanted, None, verdict).await?);
    }
    // Where the archive has changed and nothing of what was used is found any more, there is nothing to learn.
    lessons.retain(|lesson| lesson.right.contains(&true));
    Ok(lessons)
}

async fn of_pair(bench: &Workbench, desk: &DeskId, pair: &Pair, judge: &Judge<'_>) -> Result<Option<Lesson>, EvalError> {
    let content = &pair.content;
    let text = QueryText::of_pair(content);
    let filter = IndexFilter {
        not_conversation: Some(pair.conversation.as_uuid()),
        language: Some(content.language),
        ..IndexFilter::desk(desk.clone())
    };
    let wanted = Wanted { kind: content.kind, language: content.language, now: bench.clock.now() };
    let alike = says_the_same(&content.answer);
    let verdict = |candidate: &Candidate, answer: &str, likeness: f32| {
        let told = judge(pair, candidate);
        Verdict { right: told.unwrap_or_else(|| alike(answer, likeness)), known: told.is_some() }
    };
    lesson(bench, pair.conversation.as_uuid().to_string(), &filter, &text, wanted, Some(&content.answer), verdict).await
}

/// Whether an answer, with its likeness to `given`, says the same by its words and figures.
fn says_the_same(given: &str) -> impl Fn(&str, f32) -> bool {
    let (key, stated) = (answer_key(given), figures(given));
    move |answer, likeness| {
        let same_figures = || stated.is_empty() || !stated.is_disjoint(&figures(answer));
        answer_key(answer) == key || (likeness >= RIGHT_COSINE && same_figures())
    }
}

async fn lesson(
    bench: &Workbench,
    fold: String,
    filter: &IndexFilter,
    text: &QueryText,
    wanted: Wanted,
    given: Option<&str>,
    verdict: impl Fn(&Candidate, &str, f32) -> Verdict,
) -> Result<Option<Lesson>, EvalError> {
    let query = encode_query(bench.embedder.as_ref(), None, text, Lane::Bulk).await?;
    let gathered = gather(bench.store.as_ref(), bench.index.as_ref(), filter, &query, wanted).await?;
    if gathered.candidates().len() < 2 {
        return Ok(None);
    }
    let vector = match given {
        Some(given) => bench.embed(&[given.to_owned()], TextKind::Passage).await?.pop(),
        None => None,
    };
    Ok(Some(noted(fold, &gathered, wanted.kind, given, vector.as_deref(), verdict)))
}

fn noted(
    fold: String,
    gathered: &Gathered,
    kind: PairKind,
    given: Option<&str>,
    vector: Option<&[f32]>,
    verdict: impl Fn(&Candidate, &str, f32) -> Verdict,
) -> Lesson {
    let candidates = gathered.candidates();
    let texts: Vec<String> = candidates.iter().map(|candidate| gathered.source(candidate).answer.clone()).collect();
    let likeness: Vec<f32> =
        candidates.iter().map(|candidate| vector.map_or(0.0, |vector| dot(vector, &candidate.answer_vector))).collect();
    let verdicts: Vec<Verdict> =
        candidates.iter().zip(&texts).zip(&likeness).map(|((candidate, text), like)| verdict(candidate, text, *like)).collect();
    Lesson {
        fold,
        rows: gathered.features(),
        gates: gathered.gates(),
        kind,
        judged: verdicts.iter().any(|verdict| verdict.known),
        answers: candidates.iter().map(|candidate| candidate.answer_vector.clone()).collect(),
        sources: candidates.iter().map(|candidate| candidate.payload.source).collect(),
        overlap: texts.iter().map(|text| given.map_or(0.0, |given| chrf(text, given) as f32)).collect(),
        right: verdicts.iter().map(|verdict| verdict.right).collect(),
        texts,
        likeness,
    }
}
