//! Entries that already answer a question: nearest questions by meaning, over every entry that is not retired.
//!
//! Published entries are asked of the index; drafts are not in it, so their questions are embedded and compared here (the encoder's queue keeps
//! the vectors). Only entries in the language of the answer count: the same in another language is a translation.

use std::collections::HashMap;

use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::{Knowledge, KnowledgeError};
use crate::domain::{DeskId, Entry, EntryFilter, EntryId, EntryStatus, Pool};
use crate::embed::{Embedding, Lane, TextKind};
use crate::index::{DenseField, IndexFilter, Probe};
use crate::retrieve::encode::dot;
use crate::suggest::group::{Answer, contradict_on_one_question, group_answers};
use crate::text::language::detect;

/// Cosine of two questions from which on they are shown to the editor as asking the same. See `docs/decisions/0014-knowledge.md` for what it
/// finds and what it lets pass.
pub const NEAR_DUPLICATE_COSINE: f32 = 0.65;

/// Most entries named.
const MAX_NAMED: usize = 10;
/// Points asked of the index for each question.
const NEIGHBOURS: usize = 20;
/// Drafts read at a time.
const PAGE: u32 = 200;

/// An entry that already answers the question, or nearly.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct NearDuplicate {
    /// The entry's id.
    #[schema(value_type = String, format = Uuid)]
    pub entry: EntryId,
    /// The id its keeper knows it by.
    pub external_id: String,
    /// Where it is in its life.
    pub status: EntryStatus,
    /// Its first question: the one it is listed under.
    pub title: String,
    /// Its answer.
    pub answer: String,
    /// Its question that is most like one of those asked.
    pub question: String,
    /// Position (from 0) of the one asked.
    pub asked: u32,
    /// Cosine of the two (at most 1).
    pub similarity: f32,
    /// Whether its answer says the same, too; false where no answer was given to compare.
    pub same_answer: bool,
    /// Whether its answer and the one given can't both be right, as far as their words show it.
    pub contradicts: bool,
}

/// What is looked for.
#[derive(Debug, Clone, Copy)]
pub struct Asked<'a> {
    /// Ways customers ask.
    pub questions: &'a [String],
    /// The answer; may be empty.
    pub answer: &'a str,
    /// An entry that is left out: the one being edited.
    pub except: Option<EntryId>,
}

/// The best match of an entry so far.
struct Match {
    entry: Entry,
    question: String,
    asked: u32,
    similarity: f32,
}

impl Knowledge {
    /// Entries of a desk that ask the same as one of the questions, most alike first; ten at most.
    pub async fn near_duplicates(&self, desk: &DeskId, asked: Asked<'_>, lane: Lane) -> Result<Vec<NearDuplicate>, KnowledgeError> {
        if asked.questions.is_empty() {
            return Ok(Vec::new());
        }
        let language = if asked.answer.trim().is_empty() { detect(&asked.questions.join("\n")) } else { detect(asked.answer) };
        let vectors = self.embedder.embed(asked.questions.to_vec(), TextKind::Query, lane).await?;

        let filter = IndexFilter { pools: vec![Pool::Knowledge], language: Some(language), ..IndexFilter::desk(desk.clone()) };
        let probes = vectors.iter().map(|embedding| Probe::Dense(DenseField::Question, embedding.vector.to_vec())).collect();
        let mut near: HashMap<Uuid, (u32, f32)> = HashMap::new();
        for (position, hits) in (0..).zip(self.index.search(&filter, probes, NEIGHBOURS).await?) {
            for hit in hits.into_iter().filter(|hit| hit.score >= NEAR_DUPLICATE_COSINE) {
                let best = near.entry(hit.id).or_insert((position, hit.score));
                if hit.score > best.1 {
                    *best = (position, hit.score);
                }
            }
        }
        let points: Vec<Uuid> = near.keys().copied().collect();
        let mut sources: Vec<EntryId> =
            self.index.fetch(desk, &points).await?.into_iter().map(|point| EntryId::from_uuid(point.payload.source)).collect();
        sources.sort_unstable();
        sources.dedup();

        let mut found: Vec<Match> = Vec::new();
        for entry in self.store.entries(desk, &sources).await? {
            let best = entry.content.questions.iter().enumerate().filter_map(|(variant, question)| {
                let &(asked, similarity) = near.get(&entry.variant_point(variant))?;
                Some((question.clone(), asked, similarity))
            });
            if entry.content.status == EntryStatus::Published
                && let Some((question, asked, similarity)) = best.max_by(|a, b| a.2.total_cmp(&b.2))
            {
                found.push(Match { entry, question, asked, similarity });
            }
        }
        self.match_drafts(
            desk,
            &EntryFilter { status: Some(EntryStatus::Draft), language: Some(language), ..EntryFilter::default() },
            &vectors,
            lane,
            &mut found,
        )
        .await?;
        found.retain(|found| asked.except != Some(found.entry.id));
        found.sort_by(|a, b| b.similarity.total_cmp(&a.similarity).then(a.entry.id.cmp(&b.entry.id)));
        found.truncate(MAX_NAMED);
        let compared = self.compare_answers(asked.answer, &found, lane).await?;
        let named = found.into_iter().zip(compared).map(|(found, (same_answer, contradicts))| NearDuplicate {
            entry: found.entry.id,
            external_id: found.entry.external_id,
            status: found.entry.content.status,
            title: found.entry.content.questions.first().cloned().unwrap_or_default(),
            answer: found.entry.content.answer,
            question: found.question,
            asked: found.asked,
            similarity: found.similarity.min(1.0),
            same_answer,
            contradicts,
        });
        Ok(named.collect())
    }

    async fn match_drafts(
        &self,
        desk: &DeskId,
        drafts: &EntryFilter,
        asked: &[Embedding],
        lane: Lane,
        found: &mut Vec<Match>,
    ) -> Result<(), KnowledgeError> {
        let mut after = None;
        loop {
            let page = self.store.entries_page(desk, drafts, after, PAGE).await?;
            let Some(last) = page.last() else { return Ok(()) };
            after = Some(last.id);
            let texts = page.iter().flat_map(|entry| entry.content.questions.iter().cloned()).collect();
            let mut vectors = self.embedder.embed(texts, TextKind::Query, lane).await?.into_iter();
            for entry in page {
                let mut best: Option<(String, u32, f32)> = None;
                for (question, vector) in entry.content.questions.iter().zip(vectors.by_ref()) {
                    for (position, asked) in (0..).zip(asked) {
                        let similarity = dot(&asked.vector, &vector.vector);
                        if similarity >= NEAR_DUPLICATE_COSINE && best.as_ref().is_none_or(|best| similarity > best.2) {
                            best = Some((question.clone(), position, similarity));
                        }
                    }
                }
                if let Some((question, asked, similarity)) = best {
                    found.push(Match { entry, question, asked, similarity });
                }
            }
        }
    }

    /// Which of the entries found answer as `answer` does, and which against it, by the rules that group suggestions.
    async fn compare_answers(&self, answer: &str, found: &[Match], lane: Lane) -> Result<Vec<(bool, bool)>, KnowledgeError> {
        if answer.trim().is_empty() || found.is_empty() {
            return Ok(vec![(false, false); found.len()]);
        }
        let texts: Vec<String> =
            std::iter::once(answer.to_owned()).chain(found.iter().map(|found| found.entry.content.answer.clone())).collect();
        let vectors = self.embedder.embed(texts.clone(), TextKind::Passage, lane).await?;
        let written = |at: usize| Answer::new(&texts[at], &vectors[at].vector);
        let compare = |at: usize| {
            let is_written = !texts[at].trim().is_empty();
            let same = is_written && group_answers(&[written(0), written(at)]).len() == 1;
            (same, is_written && !same && contradict_on_one_question(&written(0), &written(at)))
        };
        Ok((1..texts.len()).map(compare).collect())
    }
}
