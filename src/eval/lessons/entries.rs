//! Lessons of the knowledge pool, for desks without conversations.

use super::{Lesson, Verdict, lesson, says_the_same};
use crate::domain::random::SplitMix64;
use crate::domain::{DeskId, Entry, EntryFilter, Pool, Role, Timestamp};
use crate::eval::workbench::{EvalError, Workbench};
use crate::index::IndexFilter;
use crate::retrieve::{Candidate, QueryText};
use crate::suggest::ranking::wanted;
use crate::text::moment::{Line, Moment};
use crate::text::normalise::answer_key;

/// Entries read from the store at a time.
const PAGE: u32 = 500;

/// Lessons of a desk's published and valid entries: of their wordings, `sample` at most, drawn evenly. Each is asked as a customer's only turn while its
/// own point can't be found; the other wordings of its entry are right. An entry with one wording asks nothing, since nothing would be left to find,
/// nor does a wording that is the answer, too, which the other wordings would give away.
pub async fn of_entries(bench: &Workbench, desk: &DeskId, sample: usize) -> Result<Vec<Lesson>, EvalError> {
    let now = bench.clock.now();
    let entries = live(bench, desk, now).await?;
    let several = entries.iter().filter(|entry| entry.content.questions.len() > 1);
    let mut wordings: Vec<(&Entry, usize)> =
        several.flat_map(|entry| (0..entry.content.questions.len()).map(move |at| (entry, at))).collect();
    wordings.retain(|(entry, at)| answer_key(&entry.content.questions[*at]) != answer_key(&entry.content.answer));
    SplitMix64::new(7).shuffle(&mut wordings);
    wordings.truncate(sample);
    let mut lessons = Vec::with_capacity(wordings.len());
    let total = wordings.len();
    for (asked, (entry, variant)) in wordings.into_iter().enumerate() {
        (bench.watch)("asking", asked, total);
        lessons.extend(of_wording(bench, desk, entry, variant, now).await?);
    }
    Ok(lessons)
}

/// Every entry of a desk that may be suggested, in the order of ids.
async fn live(bench: &Workbench, desk: &DeskId, now: Timestamp) -> Result<Vec<Entry>, EvalError> {
    let (mut entries, mut after) = (Vec::new(), None);
    loop {
        let page = bench.store.entries_page(desk, &EntryFilter::default(), after, PAGE).await?;
        let Some(last) = page.last() else { return Ok(entries) };
        after = Some(last.id);
        entries.extend(page.into_iter().filter(|entry| entry.content.is_live(now)));
    }
}

async fn of_wording(bench: &Workbench, desk: &DeskId, entry: &Entry, variant: usize, now: Timestamp) -> Result<Option<Lesson>, EvalError> {
    let content = &entry.content;
    let asked = Line { role: Role::Customer, text: &content.questions[variant], at: None };
    let Some(moment) = Moment::of(&[asked]) else { return Ok(None) };
    let filter = IndexFilter {
        not_point: Some(entry.variant_point(variant)),
        language: Some(content.language),
        valid_at: Some(now),
        ..IndexFilter::desk(desk.clone())
    };
    let same = says_the_same(&content.answer);
    let verdict = |candidate: &Candidate, answer: &str, likeness: f32| {
        let own = candidate.payload.pool == Pool::Knowledge && candidate.payload.source == entry.id.as_uuid();
        Verdict { right: own || same(answer, likeness), known: true }
    };
    let wanted = wanted(&moment, content.language, now);
    lesson(bench, entry.id.to_string(), &filter, &QueryText::of(&moment), wanted, Some(&content.answer), verdict).await
}
