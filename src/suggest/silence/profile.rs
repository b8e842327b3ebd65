//! What a desk's own questions are like, so that a question can be told to be strange to it.
//!
//! How near a question's nearest neighbours are means something only beside how near those of the desk's own questions are: that differs with
//! the encoder, the language and how often an archive repeats itself. So a sample of the desk's questions is asked as live ones would be, each
//! without its own conversation, and a low quantile of what comes back is the reference. This is the k-nearest-neighbour distance to known
//! data of Sun et al. ("Out-of-distribution detection with deep nearest neighbors", ICML 2022), with the threshold set from held-out known
//! data as in conformal outlier tests (Bates et al., "Testing for outliers with conformal p-values", Annals of Statistics 2023).
//!
//! Measured when first asked for, kept in memory, and measured again when the desk has changed by an eighth; it costs some hundred searches.

use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::OnceCell;
use uuid::Uuid;

use super::{EVERYDAY, Strangeness};
use crate::domain::{DeskId, Language, PairKind};
use crate::embed::{Embedder, Lane, TextKind};
use crate::index::schema::inverse_document_frequency;
use crate::index::{DenseField, IndexFilter, IndexPoint, PointPayload, Probe, SparseVector, VectorIndex};
use crate::retrieve::encode::dot;
use crate::suggest::SuggestError;

/// Points whose words make up the desk's vocabulary. Ids are hashes, so the first ones are a random sample.
const VOCABULARY_POINTS: usize = 2_048;
/// Points read at a time.
const PAGE: usize = 256;
/// Questions of one language that are asked.
const ASKED: usize = 128;
/// Hits looked at for each; those of the question's own conversation are among them.
const HITS: usize = 16;
/// Questions from which on a language has a reference of its own; with fewer the desk is too small to call anything strange to it.
const MIN_ASKED: usize = 24;
/// Neighbours whose mean cosine says how near a question is.
pub(in crate::suggest) const NEAREST: usize = 3;
/// Neighbours from this cosine on are the same words again: they say nothing about how near other wordings are.
const SAME_WORDS: f32 = 0.985;
/// The quantile of the desk's own questions that is the reference.
const QUANTILE: f64 = 0.1;

/// What a desk's questions are like.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct DeskProfile {
    /// Points of the desk when it was measured.
    points: usize,
    /// Points that the vocabulary is made of.
    documents: usize,
    /// In how many of them each term occurs.
    with_term: HashMap<u32, usize>,
    /// How near the neighbours of the desk's own questions are, by language, ascending.
    nearness: HashMap<Language, Vec<f32>>,
}

impl DeskProfile {
    /// Reads a sample of the desk and asks its questions.
    async fn measure(index: &dyn VectorIndex, desk: &DeskId) -> Result<Self, SuggestError> {
        let filter = IndexFilter::desk(desk.clone());
        let points = index.count(&filter).await?;
        let mut sample: Vec<IndexPoint> = Vec::new();
        while sample.len() < VOCABULARY_POINTS {
            let page = index.page(&filter, sample.last().map(|point| point.id), PAGE).await?;
            let read = page.len();
            sample.extend(page);
            if read < PAGE {
                break;
            }
        }
        let mut with_term: HashMap<u32, usize> = HashMap::new();
        for point in &sample {
            let terms: BTreeSet<u32> = point.sparse.iter().flat_map(|vector| vector.terms.iter().copied()).collect();
            for term in terms {
                *with_term.entry(term).or_default() += 1;
            }
        }
        let mut nearness = HashMap::new();
        for language in [Language::Zh, Language::En] {
            let asked: Vec<&IndexPoint> = sample
                .iter()
                .filter(|point| point.payload.language == language && point.payload.kind == PairKind::Question)
                .take(ASKED)
                .collect();
            if asked.len() >= MIN_ASKED {
                nearness.insert(language, nearness_of(index, desk, language, &asked).await?);
            }
        }
        Ok(Self { points, documents: sample.len(), with_term, nearness })
    }

    /// How near the neighbours of a question usually are at least; `None` where too few questions are known.
    pub(super) fn reference(&self, language: Language) -> Option<f32> {
        let nearness = self.nearness.get(&language).filter(|nearness| nearness.len() >= MIN_ASKED)?;
        nearness.get((nearness.len() as f64 * QUANTILE) as usize).copied()
    }

    /// The share of the question's words, weighed by how rare they are, that the desk knows (0–1); 1 for a question without words.
    pub(super) fn known(&self, terms: &SparseVector) -> f32 {
        let (mut known, mut all) = (0.0, 0.0);
        for term in &terms.terms {
            let with_term = self.with_term.get(term).copied().unwrap_or(0);
            let weight = inverse_document_frequency(self.documents, with_term);
            all += weight;
            if with_term > 0 {
                known += weight;
            }
        }
        if all > 0.0 { known / all } else { 1.0 }
    }
}

/// How near each question's nearest others are, ascending.
async fn nearness_of(index: &dyn VectorIndex, desk: &DeskId, language: Language, asked: &[&IndexPoint]) -> Result<Vec<f32>, SuggestError> {
    let filter = IndexFilter { language: Some(language), ..IndexFilter::desk(desk.clone()) };
    let mut found = Vec::with_capacity(asked.len());
    for point in asked {
        let probe = Probe::Dense(DenseField::Question, point.dense[DenseField::Question as usize].clone());
        found.push(index.search(&filter, vec![probe], HITS).await?.into_iter().next().unwrap_or_default());
    }
    let ids: BTreeSet<Uuid> = found.iter().flatten().map(|hit| hit.id).collect();
    let ids: Vec<Uuid> = ids.into_iter().collect();
    let mut payloads: HashMap<Uuid, PointPayload> = HashMap::new();
    for chunk in ids.chunks(PAGE) {
        payloads.extend(index.fetch(desk, chunk).await?.into_iter().map(|point| (point.id, point.payload)));
    }
    let mut nearness: Vec<f32> = Vec::with_capacity(asked.len());
    for (point, hits) in asked.iter().zip(found) {
        let of_another = |id: &Uuid| payloads.get(id).is_some_and(|payload| !belong_together(payload, &point.payload));
        let cosines = hits.iter().filter(|hit| hit.score < SAME_WORDS && of_another(&hit.id)).map(|hit| hit.score);
        nearness.extend(mean_of_best(cosines));
    }
    nearness.sort_unstable_by(f32::total_cmp);
    Ok(nearness)
}

/// Whether two points come from one conversation or one entry.
fn belong_together(a: &PointPayload, b: &PointPayload) -> bool {
    a.source == b.source || (a.conversation.is_some() && a.conversation == b.conversation)
}

/// The mean of the [`NEAREST`] highest values, `None` of none.
pub(in crate::suggest) fn mean_of_best(values: impl Iterator<Item = f32>) -> Option<f32> {
    let mut best: Vec<f32> = values.collect();
    best.sort_unstable_by(|a, b| b.total_cmp(a));
    best.truncate(NEAREST);
    (!best.is_empty()).then(|| best.iter().sum::<f32>() / best.len() as f32)
}

/// A desk's profile as it is being measured or has been.
#[derive(Default)]
struct Kept {
    profile: Arc<OnceCell<DeskProfile>>,
    /// Points written or deleted since.
    changed: usize,
}

/// The profiles of all desks, measured when they are needed.
pub struct DeskProfiles {
    index: Arc<dyn VectorIndex>,
    embedder: Arc<dyn Embedder>,
    everyday: OnceCell<Vec<Vec<f32>>>,
    desks: Mutex<HashMap<DeskId, Kept>>,
}

impl DeskProfiles {
    /// Knows nothing yet.
    #[must_use]
    pub fn new(index: Arc<dyn VectorIndex>, embedder: Arc<dyn Embedder>) -> Self {
        Self { index, embedder, everyday: OnceCell::new(), desks: Mutex::default() }
    }

    /// Takes note that points of a desk were written or deleted; a profile that no longer holds is measured again when it is next needed.
    pub fn points_changed(&self, desk: &DeskId, points: usize) {
        let mut desks = self.desks.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(kept) = desks.get_mut(desk) else { return };
        kept.changed += points;
        if kept.profile.get().is_none_or(|profile| kept.changed * 8 > profile.points) {
            desks.remove(desk);
        }
    }

    /// How strange a question is to a desk; `None` where the desk is too small to tell. `nearest` is the mean cosine of its nearest archived
    /// questions, `question` its dense vector.
    ///
    /// # Errors
    /// When index or encoder do not answer.
    pub async fn strangeness(
        &self,
        desk: &DeskId,
        language: Language,
        nearest: f32,
        question: &[f32],
        terms: &SparseVector,
    ) -> Result<Option<Strangeness>, SuggestError> {
        let profile = {
            let mut desks = self.desks.lock().unwrap_or_else(PoisonError::into_inner);
            Arc::clone(&desks.entry(desk.clone()).or_default().profile)
        };
        let profile = profile.get_or_try_init(|| DeskProfile::measure(self.index.as_ref(), desk)).await?;
        let Some(reference) = profile.reference(language) else { return Ok(None) };
        let everyday = self.everyday.get_or_try_init(|| self.embed_everyday()).await?;
        let everyday = everyday.iter().map(|vector| dot(vector, question)).fold(f32::MIN, f32::max);
        let strangeness = Strangeness { nearest, reference, known: profile.known(terms), everyday };
        tracing::debug!(%desk, nearest, reference, known = strangeness.known, everyday, "how strange a question is");
        Ok(Some(strangeness))
    }

    async fn embed_everyday(&self) -> Result<Vec<Vec<f32>>, SuggestError> {
        let texts = EVERYDAY.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#')).map(str::to_owned).collect();
        let embedded = self.embedder.embed(texts, TextKind::Query, Lane::Bulk).await?;
        Ok(embedded.into_iter().map(|embedding| embedding.vector.to_vec()).collect())
    }
}
