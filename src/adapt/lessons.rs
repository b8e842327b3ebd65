//! Archived moments as lessons: what was found for each, and how much of the answer really given every found answer shares.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use futures::future::try_join_all;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::history::Histories;
use super::{AdaptError, MAX_LESSONS, MAX_REPLIES, MAX_TRIAL, Moment, Observer, Parts};
use crate::domain::{ConversationId, DeskId, Pair, PairId, Pool, Timestamp};
use crate::index::{IndexFilter, IndexPoint};
use crate::retrieve::{Candidate, EncodedQuery, QueryTerms, QueryText};
use crate::suggest::Ranker;
use crate::suggest::features::Wanted;
use crate::suggest::ranking::{Gathered, gather};
use crate::text::chrf::chrf;

/// Name of the journal in the adapter's folder: one gathered lesson a line, ids and numbers only.
pub(super) const JOURNAL: &str = "lessons.jsonl";
/// Share of the archive that teaches; the rest is the trial's.
const OLDER: f64 = 0.8;
/// Found answers a lesson keeps: the best by the unadapted ranking. The rest are hardly ever shown, whatever is learnt.
pub(super) const KEPT: usize = 40;
/// Moments worked on between two entries in the journal.
const BATCH: usize = 64;
/// Moments asked at a time: the index is synchronous, the store is not.
const AT_A_TIME: usize = 4;

/// The archive's moments in two parts, by whole conversations.
#[derive(Debug)]
pub(super) struct Division {
    /// Moments to learn from, oldest first.
    pub(super) older: Vec<Moment>,
    /// Moments to try on.
    pub(super) newer: Vec<Moment>,
    /// Moments of the older part whose replies are learnt: more than are asked, for they need no asking.
    pub(super) older_replies: Vec<Moment>,
    /// The same of the newer part.
    pub(super) newer_replies: Vec<Moment>,
    /// What led up to every moment.
    pub(super) histories: Arc<Histories>,
    /// Every moment of the older part, those not learnt from too: what may be found.
    pub(super) findable: HashSet<Uuid>,
    /// Whether time decided.
    pub(super) by_time: bool,
}

/// One archived moment with what was found for it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Lesson {
    /// The moment.
    pub(super) pair: PairId,
    /// Points found, at most [`KEPT`].
    pub(super) found: Vec<Uuid>,
    /// What the ranking says of each apart from the three cosines.
    pub(super) fixed: Vec<f32>,
    /// chrF of each one's answer against the answer really given (0–1).
    pub(super) overlap: Vec<f32>,
}

/// The lessons of both parts.
pub(super) struct Lessons {
    pub(super) older: Arc<[Lesson]>,
    pub(super) newer: Arc<[Lesson]>,
}

impl Division {
    /// Parts `moments` where the earliest conversations hold [`OLDER`] of them. An archive without times is parted by its conversations'
    /// ids, which are hashes: a draw that comes out the same every time.
    pub(super) fn of(moments: Vec<Moment>) -> Self {
        let by_time = moments.iter().all(|moment| moment.at.is_some());
        let mut conversations: BTreeMap<ConversationId, (Option<Timestamp>, Vec<Moment>)> = BTreeMap::new();
        for moment in &moments {
            let (began, members) = conversations.entry(moment.conversation).or_insert((moment.at, Vec::new()));
            *began = (*began).min(moment.at);
            members.push(*moment);
        }
        let mut in_order: Vec<(Option<Timestamp>, ConversationId, Vec<Moment>)> =
            conversations.into_iter().map(|(id, (began, members))| (began.filter(|_| by_time), id, members)).collect();
        in_order.sort_by_key(|(began, id, _)| (*began, *id));
        let target = (moments.len() as f64 * OLDER) as usize;
        let (mut older, mut newer) = (Vec::with_capacity(target), Vec::new());
        for (_, _, members) in in_order {
            let part = if older.len() < target { &mut older } else { &mut newer };
            part.extend(members);
        }
        let findable = older.iter().map(|moment| moment.pair.as_uuid()).collect();
        let (older_replies, newer_replies) = (drawn(older.clone(), MAX_REPLIES), drawn(newer.clone(), MAX_REPLIES / 4));
        let (older, newer) = (drawn(older, MAX_LESSONS), drawn(newer, MAX_TRIAL));
        Self { older, newer, older_replies, newer_replies, histories: Arc::new(Histories::of(&moments)), findable, by_time }
    }

    /// Every moment that the classifier of replies is taught or asked.
    pub(super) fn all_replies(&self) -> impl Iterator<Item = &Moment> {
        self.older_replies.iter().chain(&self.newer_replies).chain(&self.older).chain(&self.newer)
    }

    /// Points that the classifier of replies is taught with: its moments and what led up to them.
    pub(super) fn reply_points(&self) -> impl Iterator<Item = Uuid> {
        self.all_replies().flat_map(|moment| {
            let steps = self.histories.steps(moment.pair).iter().map(|(point, _)| *point);
            steps.chain([moment.pair.as_uuid()])
        })
    }

    /// Whether a moment of either part may be answered with `candidate`: the newer part's answers lie in the future. Entries have no past.
    pub(super) fn may_find(&self, candidate: &Candidate) -> bool {
        candidate.payload.pool == Pool::Knowledge || self.findable.contains(&candidate.payload.source)
    }
}

/// At most `limit` of `moments`, spread evenly over the pairs' ids (hashes), in the order they had.
fn drawn(moments: Vec<Moment>, limit: usize) -> Vec<Moment> {
    if moments.len() <= limit {
        return moments;
    }
    let mut ids: Vec<PairId> = moments.iter().map(|moment| moment.pair).collect();
    ids.sort_unstable();
    let bound = ids[limit - 1];
    moments.into_iter().filter(|moment| moment.pair <= bound).collect()
}

/// Asks every moment of both parts, as far as the journal in `folder` does not hold it yet.
pub(super) async fn gather_lessons<O: Observer>(
    parts: &Parts,
    desk: &DeskId,
    division: &Division,
    folder: &Path,
    now: Timestamp,
    observer: &O,
) -> Result<Lessons, O::Stop> {
    let mut journal = Journal::open(folder)?;
    let asked: Vec<Moment> = division.older.iter().chain(&division.newer).copied().collect();
    let missing: Vec<Moment> = asked.iter().filter(|moment| !journal.known.contains_key(&moment.pair)).copied().collect();
    let total = asked.len() as u64;
    let mut done = total - missing.len() as u64;
    for batch in missing.chunks(BATCH) {
        observer.progress("asking the archive", done, total).await?;
        let lessons = lessons_of(parts, desk, division, batch, now).await?;
        journal.add(lessons)?;
        done += batch.len() as u64;
    }
    observer.progress("asking the archive", done, total).await?;
    // A moment that found fewer than two answers teaches no order.
    let of = |moments: &[Moment]| -> Arc<[Lesson]> {
        moments.iter().filter_map(|moment| journal.known.get(&moment.pair)).filter(|lesson| lesson.found.len() > 1).cloned().collect()
    };
    let lessons = Lessons { older: of(&division.older), newer: of(&division.newer) };
    if lessons.older.len() < 100 || lessons.newer.is_empty() {
        return Err(AdaptError::NoLessons(desk.clone()).into());
    }
    Ok(lessons)
}

async fn lessons_of(
    parts: &Parts,
    desk: &DeskId,
    division: &Division,
    batch: &[Moment],
    now: Timestamp,
) -> Result<Vec<Lesson>, AdaptError> {
    let asked = archived_moments(parts, desk, batch).await?;
    let mut lessons = Vec::with_capacity(asked.len());
    for few in asked.chunks(AT_A_TIME) {
        lessons.extend(try_join_all(few.iter().map(|(pair, point)| lesson_of(parts, division, pair, point, now))).await?);
    }
    Ok(lessons)
}

async fn lesson_of(parts: &Parts, division: &Division, pair: &Pair, point: &IndexPoint, now: Timestamp) -> Result<Lesson, AdaptError> {
    let mut gathered = ask(parts, pair, plain(pair, point), now).await?;
    gathered.retain(|candidate| division.may_find(candidate));
    let (id, given, ranker) = (pair.content.id, pair.content.answer.clone(), Arc::clone(&parts.ranker));
    Ok(crate::rt::cpu(move || lesson(id, &gathered, &given, &ranker)).await?)
}

/// The pairs of moments with their points; what has left the store or the index meanwhile is left out.
pub(super) async fn archived_moments(parts: &Parts, desk: &DeskId, batch: &[Moment]) -> Result<Vec<(Pair, IndexPoint)>, AdaptError> {
    let ids: Vec<PairId> = batch.iter().map(|moment| moment.pair).collect();
    let points: Vec<Uuid> = ids.iter().map(|id| id.as_uuid()).collect();
    let mut points: HashMap<Uuid, IndexPoint> =
        parts.index.fetch(desk, &points).await?.into_iter().map(|point| (point.id, point)).collect();
    let mut pairs: HashMap<PairId, Pair> = parts.store.pairs(desk, &ids).await?.into_iter().map(|pair| (pair.content.id, pair)).collect();
    Ok(ids.iter().filter_map(|id| Some((pairs.remove(id)?, points.remove(&id.as_uuid())?))).collect())
}

/// An archived moment as it would be asked live, unadapted: questions are embedded as queries are, so its own vectors serve.
pub(super) fn plain(pair: &Pair, point: &IndexPoint) -> EncodedQuery {
    let text = QueryText::of_pair(&pair.content);
    let [question, situation, _] = &point.dense;
    EncodedQuery::plain(question.clone(), situation.clone(), &text, QueryTerms::of(&text))
}

/// What the product finds for an archived moment; its own conversation is left out.
pub(super) async fn ask(parts: &Parts, pair: &Pair, query: EncodedQuery, now: Timestamp) -> Result<Gathered, AdaptError> {
    let filter = IndexFilter {
        language: Some(pair.content.language),
        not_conversation: Some(pair.conversation.as_uuid()),
        ..IndexFilter::desk(pair.desk.clone())
    };
    let wanted = Wanted { kind: pair.content.kind, language: pair.content.language, now };
    Ok(gather(parts.store.as_ref(), parts.index.as_ref(), &filter, &query, wanted).await?)
}

fn lesson(pair: PairId, gathered: &Gathered, given: &str, ranker: &Ranker) -> Lesson {
    let fixed = gathered.scores_without_cosines(ranker);
    let base = gathered.base_scores(ranker);
    let mut order: Vec<usize> = (0..base.len()).collect();
    order.sort_by(|&a, &b| base[b].total_cmp(&base[a]).then(a.cmp(&b)));
    order.truncate(KEPT);
    let candidates = gathered.candidates();
    Lesson {
        pair,
        found: order.iter().map(|&at| candidates[at].point).collect(),
        fixed: order.iter().map(|&at| fixed[at]).collect(),
        overlap: order.iter().map(|&at| chrf(&gathered.source(&candidates[at]).answer, given) as f32).collect(),
    }
}

/// Lessons kept on disk, so that an interrupted job goes on where it stood.
struct Journal {
    path: PathBuf,
    file: fs_err::File,
    known: HashMap<PairId, Lesson>,
}

impl Journal {
    fn open(folder: &Path) -> Result<Self, AdaptError> {
        let path = folder.join(JOURNAL);
        let failed = |source| AdaptError::File { path: path.clone(), source };
        fs_err::create_dir_all(folder).map_err(failed)?;
        let text = if path.exists() { fs_err::read_to_string(&path).map_err(failed)? } else { String::new() };
        // A line cut off by a crash is none: everything up to the last line break counts.
        let whole = text.rfind('\n').map_or(0, |end| end + 1);
        let known: HashMap<PairId, Lesson> = text[..whole]
            .lines()
            .filter_map(|line| serde_json::from_str::<Lesson>(line).ok())
            .map(|lesson| (lesson.pair, lesson))
            .collect();
        let file = fs_err::OpenOptions::new().create(true).append(true).open(&path).map_err(failed)?;
        file.set_len(whole as u64).map_err(failed)?;
        Ok(Self { path, file, known })
    }

    fn add(&mut self, lessons: Vec<Lesson>) -> Result<(), AdaptError> {
        let mut lines = String::new();
        for lesson in lessons {
            // Finite numbers and ids: this is always JSON.
            if let Ok(line) = serde_json::to_string(&lesson) {
                lines.push_str(&line);
                lines.push('\n');
            }
            self.known.insert(lesson.pair, lesson);
        }
        self.file.write_all(lines.as_bytes()).map_err(|source| AdaptError::File { path: self.path.clone(), source })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn moment(number: u128, conversation: u128, at: Option<i64>) -> Moment {
        Moment {
            pair: PairId::from_uuid(Uuid::from_u128(number)),
            conversation: ConversationId::from_uuid(Uuid::from_u128(conversation)),
            at: at.map(Timestamp::from_micros),
            position: number as u32,
            answer_end: 0,
            previous_end: 1,
        }
    }

    #[test]
    fn the_newest_conversations_are_the_trial() {
        // Conversation 9 is the oldest although its id is the last; conversation 1 ends last.
        let moments =
            vec![moment(1, 1, Some(50)), moment(2, 9, Some(1)), moment(3, 9, Some(60)), moment(4, 5, Some(20)), moment(5, 5, Some(21))];
        let division = Division::of(moments);
        assert!(division.by_time);
        let numbers = |part: &[Moment]| part.iter().map(|moment| moment.pair.as_uuid().as_u128()).collect::<Vec<_>>();
        assert_eq!((numbers(&division.older), numbers(&division.newer)), (vec![2, 3, 4, 5], vec![1]));
        assert!(!division.findable.contains(&Uuid::from_u128(1)));
    }

    #[test]
    fn without_times_conversations_are_still_kept_whole() {
        let moments: Vec<Moment> = (0..100).map(|number| moment(number, number / 5, (number != 7).then_some(number as i64))).collect();
        let division = Division::of(moments);
        assert!(!division.by_time);
        assert_eq!((division.older.len(), division.newer.len()), (80, 20));
        let of = |part: &[Moment]| part.iter().map(|moment| moment.conversation).collect::<HashSet<_>>();
        assert!(of(&division.older).is_disjoint(&of(&division.newer)));
    }

    #[test]
    fn large_archives_are_sampled_but_all_of_it_may_be_found() {
        let moments: Vec<Moment> = (0..20_000).map(|number| moment(number, number, Some(number as i64))).collect();
        let division = Division::of(moments);
        assert_eq!((division.older.len(), division.newer.len(), division.findable.len()), (MAX_LESSONS, MAX_TRIAL, 16_000));
        assert!(division.older.is_sorted_by_key(|moment| moment.at));
    }

    #[test]
    fn the_journal_goes_on_behind_a_torn_line() {
        let folder = tempfile::tempdir().unwrap();
        let lesson = |number: u128| Lesson {
            pair: PairId::from_uuid(Uuid::from_u128(number)),
            found: vec![Uuid::from_u128(7)],
            fixed: vec![0.5],
            overlap: vec![0.25],
        };
        Journal::open(folder.path()).unwrap().add(vec![lesson(1), lesson(2)]).unwrap();
        let path = folder.path().join(JOURNAL);
        let whole = fs_err::read_to_string(&path).unwrap();
        fs_err::write(&path, format!("{whole}{{\"pair\":\"0000")).unwrap();
        let mut journal = Journal::open(folder.path()).unwrap();
        assert_eq!(journal.known.len(), 2);
        journal.add(vec![lesson(3)]).unwrap();
        drop(journal);
        let known = Journal::open(folder.path()).unwrap().known;
        assert_eq!(known.len(), 3);
        assert_eq!(known[&lesson(3).pair], lesson(3));
    }
}
