//! What a desk's own questions are like, so that a question can be told to be strange to it.
//!
//! How near a question's nearest neighbours are means something only beside how near those of the desk's own questions are: that differs with
//! the encoder, the language and how often an archive repeats itself. So a sample of the desk's questions is asked as live ones would be, each
//! without its own conversation, and a question is as strange as the share of them that are less familiar. Familiar is what has near
//! neighbours (Sun et al., "Out-of-distribution detection with deep nearest neighbors", ICML 2022) and known words, and is not nearer to
//! everyday talk; the share is a conformal p-value (Bates et al., "Testing for outliers with conformal p-values", Annals of Statistics 2023),
//! so whatever the encoder and the archive, a threshold on it is the share of the desk's own kind of questions that are called strange.
//!
//! Measured when first asked for and kept in memory; it costs some hundred searches. When the desk has changed by an eighth it is measured
//! again while requests go by the old one; when it has doubled, before the next request is answered.

use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::OnceCell;
use uuid::Uuid;

use super::{EVERYDAY, EVERYDAY_WEIGHT, KNOWN, SAME_WORDS, Strangeness};
use crate::domain::{DeskId, Language, PairKind};
use crate::embed::{Embedder, Lane, TextKind};
use crate::index::schema::inverse_document_frequency;
use crate::index::{DenseField, IndexFilter, IndexPoint, PointPayload, Probe, SparseField, SparseVector, VectorIndex};
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
/// What a desk's questions are like.
#[derive(Debug, Clone, PartialEq)]
struct DeskProfile {
    /// Points of the desk when it was measured.
    points: usize,
    vocabulary: Vocabulary,
    /// How familiar the desk's own questions are, by language, ascending.
    familiarity: HashMap<Language, Vec<f32>>,
}

/// The words of a desk, counted by conversation or entry.
#[derive(Debug, Clone, PartialEq, Default)]
struct Vocabulary {
    documents: usize,
    with_term: HashMap<u32, usize>,
}

impl Vocabulary {
    fn of(sample: &[IndexPoint]) -> Self {
        let mut documents: HashMap<Uuid, BTreeSet<u32>> = HashMap::new();
        for point in sample {
            let terms = point.sparse.iter().flat_map(|vector| vector.terms.iter().copied());
            documents.entry(document_of(&point.payload)).or_default().extend(terms);
        }
        let mut with_term: HashMap<u32, usize> = HashMap::new();
        for term in documents.values().flatten() {
            *with_term.entry(*term).or_default() += 1;
        }
        Self { documents: documents.len(), with_term }
    }

    /// The share of these words that the desk knows, rare ones weighing more (0–1); 1 without words. With `own`, as if one document that
    /// holds all of them were not there.
    fn known(&self, terms: &SparseVector, own: bool) -> f32 {
        let less = usize::from(own);
        let (mut known, mut all) = (0.0, 0.0);
        for term in &terms.terms {
            let with_term = self.with_term.get(term).copied().unwrap_or(0).saturating_sub(less);
            let weight = inverse_document_frequency(self.documents.saturating_sub(less), with_term);
            all += weight;
            if with_term > 0 {
                known += weight;
            }
        }
        if all > 0.0 { known / all } else { 1.0 }
    }
}

/// Talk of everyday life, as vectors.
struct Everyday(Vec<Vec<f32>>);

impl Everyday {
    /// The nearest one's cosine.
    fn nearest(&self, question: &[f32]) -> f32 {
        self.0.iter().map(|vector| dot(vector, question)).fold(0.0, f32::max)
    }
}

/// How familiar a question is: how near its neighbours are, in cosine, corrected by its words and by how near everyday talk is.
fn familiarity(nearest: f32, known: f32, everyday: f32) -> f32 {
    nearest + KNOWN * known - EVERYDAY_WEIGHT * everyday
}

impl DeskProfile {
    /// Reads a sample of the desk and asks its questions.
    async fn measure(profiles: &DeskProfiles, desk: &DeskId) -> Result<Self, SuggestError> {
        let index = profiles.index.as_ref();
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
        let vocabulary = Vocabulary::of(&sample);
        let mut of_language = HashMap::new();
        for language in [Language::Zh, Language::En] {
            let is_asked = |point: &&IndexPoint| point.payload.language == language && point.payload.kind == PairKind::Question;
            let asked: Vec<&IndexPoint> = sample.iter().filter(is_asked).take(ASKED).collect();
            if asked.len() < MIN_ASKED {
                continue;
            }
            let everyday = profiles.everyday().await?;
            let mut own: Vec<f32> = Vec::with_capacity(asked.len());
            for (point, nearest) in asked.iter().zip(nearest_others(index, desk, language, &asked).await?) {
                // Comparing with all everyday talk takes a while; requests of others go on between.
                tokio::task::yield_now().await;
                let known = vocabulary.known(&point.sparse[SparseField::Question as usize], true);
                let everyday = everyday.nearest(&point.dense[DenseField::Question as usize]);
                own.extend(nearest.map(|nearest| familiarity(nearest, known, everyday)));
            }
            own.sort_unstable_by(f32::total_cmp);
            of_language.insert(language, own);
        }
        Ok(Self { points, vocabulary, familiarity: of_language })
    }

    /// The share of the desk's own questions that are no more familiar than this, the question itself counted among them; `None` where too
    /// few are known.
    fn share_below(&self, language: Language, familiarity: f32) -> Option<f64> {
        let own = self.familiarity.get(&language).filter(|own| own.len() >= MIN_ASKED)?;
        let below = own.partition_point(|of_own| *of_own <= familiarity);
        Some((below + 1) as f64 / (own.len() + 1) as f64)
    }
}

/// How near each question's nearest others are; `None` for one without others.
async fn nearest_others(
    index: &dyn VectorIndex,
    desk: &DeskId,
    language: Language,
    asked: &[&IndexPoint],
) -> Result<Vec<Option<f32>>, SuggestError> {
    let filter = IndexFilter { language: Some(language), ..IndexFilter::desk(desk.clone()) };
    let mut found = Vec::with_capacity(asked.len());
    for point in asked {
        let probe = Probe::Dense(DenseField::Question, point.dense[DenseField::Question as usize].clone());
        found.push(index.search(&filter, vec![probe], HITS).await?.into_iter().next().unwrap_or_default());
    }
    let ids: BTreeSet<Uuid> = found.iter().flatten().map(|hit| hit.id).collect();
    let ids: Vec<Uuid> = ids.into_iter().collect();
    let mut documents: HashMap<Uuid, Uuid> = HashMap::new();
    for chunk in ids.chunks(PAGE) {
        documents.extend(index.fetch(desk, chunk).await?.into_iter().map(|point| (point.id, document_of(&point.payload))));
    }
    let nearest = asked.iter().zip(found).map(|(point, hits)| {
        let own = document_of(&point.payload);
        let of_another = |id: &Uuid| documents.get(id).is_some_and(|document| *document != own);
        mean_of_best(hits.iter().filter(|hit| hit.score < SAME_WORDS && of_another(&hit.id)).map(|hit| hit.score))
    });
    Ok(nearest.collect())
}

/// The conversation or entry a point comes from.
fn document_of(payload: &PointPayload) -> Uuid {
    payload.conversation.unwrap_or(payload.source)
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
    /// Whether it is being measured again.
    renewing: bool,
}

/// The profiles of all desks, measured when they are needed.
pub struct DeskProfiles {
    index: Arc<dyn VectorIndex>,
    embedder: Arc<dyn Embedder>,
    everyday: OnceCell<Everyday>,
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
        let mut desks = self.lock();
        let Some(kept) = desks.get_mut(desk) else { return };
        kept.changed += points;
        if kept.profile.get().is_none_or(|profile| kept.changed > profile.points) {
            desks.remove(desk);
        }
    }

    /// Measures a desk that nobody has asked for yet, so that the first who does need not wait.
    ///
    /// # Errors
    /// When index or encoder do not answer.
    pub async fn prepare(&self, desk: &DeskId) -> Result<(), SuggestError> {
        let profile = Arc::clone(&self.lock().entry(desk.clone()).or_default().profile);
        profile.get_or_try_init(|| DeskProfile::measure(self, desk)).await?;
        Ok(())
    }

    /// How strange a question is to a desk; `None` where the desk is too small to tell. `nearest` is the mean cosine of its nearest archived
    /// questions, `question` its dense vector.
    ///
    /// # Errors
    /// When index or encoder do not answer.
    pub async fn strangeness(
        self: &Arc<Self>,
        desk: &DeskId,
        language: Language,
        nearest: f32,
        question: &[f32],
        terms: &SparseVector,
    ) -> Result<Option<Strangeness>, SuggestError> {
        let profile = self.kept(desk);
        let profile = profile.get_or_try_init(|| DeskProfile::measure(self, desk)).await?;
        if !profile.familiarity.contains_key(&language) {
            return Ok(None);
        }
        let everyday = self.everyday().await?;
        let (known, everyday) = (profile.vocabulary.known(terms, false), everyday.nearest(question));
        let share = profile.share_below(language, familiarity(nearest, known, everyday));
        tracing::debug!(%desk, nearest, known, everyday, share, "how strange a question is");
        Ok(share.map(|share| Strangeness { share, known }))
    }

    /// The profile of a desk, which may have to be measured yet; one that is worn is used once more while it is renewed.
    fn kept(self: &Arc<Self>, desk: &DeskId) -> Arc<OnceCell<DeskProfile>> {
        let mut desks = self.lock();
        let kept = desks.entry(desk.clone()).or_default();
        let worn = kept.profile.get().is_some_and(|profile| kept.changed * 8 > profile.points);
        if worn && !kept.renewing {
            kept.renewing = true;
            tokio::spawn(Arc::clone(self).renew(desk.clone(), Arc::clone(&kept.profile), kept.changed));
        }
        Arc::clone(&kept.profile)
    }

    /// Puts a new measurement in the place of `old`, unless that has gone meanwhile; it knows of the first `seen` changes.
    async fn renew(self: Arc<Self>, desk: DeskId, old: Arc<OnceCell<DeskProfile>>, seen: usize) {
        let measured = DeskProfile::measure(&self, &desk).await;
        let mut desks = self.lock();
        let Some(kept) = desks.get_mut(&desk).filter(|kept| Arc::ptr_eq(&kept.profile, &old)) else { return };
        kept.renewing = false;
        match measured {
            Ok(profile) => {
                kept.profile = Arc::new(OnceCell::new_with(Some(profile)));
                kept.changed -= seen;
            }
            // The next request tries again.
            Err(error) => tracing::debug!(%desk, error = &error as &dyn std::error::Error, "a desk's profile could not be measured again"),
        }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<DeskId, Kept>> {
        self.desks.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Everyday talk, embedded when it is first needed: a desk too small for a profile never needs it.
    async fn everyday(&self) -> Result<&Everyday, SuggestError> {
        self.everyday.get_or_try_init(|| self.embed_everyday()).await
    }

    async fn embed_everyday(&self) -> Result<Everyday, SuggestError> {
        let texts = EVERYDAY.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#')).map(str::to_owned).collect();
        let embedded = self.embedder.embed(texts, TextKind::Query, Lane::Bulk).await?;
        Ok(Everyday(embedded.into_iter().map(|embedding| embedding.vector.to_vec()).collect()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Pool;
    use crate::embed::fake::FakeEmbedder;
    use crate::index::exact::ExactIndex;
    use crate::retrieve::{DocumentText, encode_documents};

    const DIMENSION: usize = 64;

    fn desk() -> DeskId {
        "shop".parse().unwrap()
    }

    /// Questions about three matters, each worded alike and each of a conversation of its own.
    fn questions(count: usize) -> Vec<String> {
        let matters = ["how do i return parcel number", "when does my refund arrive for order", "can i change the address of delivery"];
        (0..count).map(|number| format!("{} {number}", matters[number % matters.len()])).collect()
    }

    async fn profiles(questions: &[String]) -> Arc<DeskProfiles> {
        let embedder = Arc::new(FakeEmbedder::new(DIMENSION));
        let profiles = Arc::new(DeskProfiles::new(Arc::new(ExactIndex::new(DIMENSION)), embedder));
        add(&profiles, questions, 0).await;
        profiles
    }

    async fn add(profiles: &DeskProfiles, questions: &[String], first: u128) {
        let document = |question: &String| DocumentText { question: question.clone(), turn: question.clone(), ..DocumentText::default() };
        let documents: Vec<DocumentText> = questions.iter().map(document).collect();
        let encoded = encode_documents(profiles.embedder.as_ref(), &documents, Lane::Bulk).await.unwrap();
        let points = (first + 1..).zip(encoded).map(|(number, vectors)| IndexPoint {
            id: Uuid::from_u128(number),
            payload: PointPayload {
                desk: desk(),
                pool: Pool::Archive,
                kind: PairKind::Question,
                language: Language::En,
                source: Uuid::from_u128(number),
                conversation: Some(Uuid::from_u128(1_000_000 + number)),
                answered_at: None,
                valid_from: None,
                valid_to: None,
                tags: Vec::new(),
            },
            dense: vectors.dense,
            sparse: vectors.sparse,
        });
        profiles.index.upsert(points.collect()).await.unwrap();
        profiles.points_changed(&desk(), questions.len());
    }

    async fn share(profiles: &Arc<DeskProfiles>, question: &str) -> Option<f64> {
        let vector = profiles.embedder.embed(vec![question.to_owned()], TextKind::Query, Lane::Bulk).await.unwrap()[0].vector.to_vec();
        let probe = Probe::Dense(DenseField::Question, vector.clone());
        let hits = profiles.index.search(&IndexFilter::desk(desk()), vec![probe], HITS).await.unwrap();
        let nearest = mean_of_best(hits[0].iter().map(|hit| hit.score)).unwrap_or(0.0);
        let terms = crate::retrieve::lexical::query_vector(question);
        let strangeness = profiles.strangeness(&desk(), Language::En, nearest, &vector, &terms).await.unwrap();
        strangeness.map(|strangeness| strangeness.share)
    }

    #[tokio::test]
    async fn what_a_desk_has_often_been_asked_is_not_strange_to_it() {
        let profiles = profiles(&questions(90)).await;
        let known = share(&profiles, "when does my refund arrive for order 777").await.unwrap();
        let strange = share(&profiles, "zebras quickly juggle xylophones").await.unwrap();
        assert!(known > 0.2 && strange < 0.05, "{known} {strange}");
    }

    #[tokio::test]
    async fn a_small_desk_calls_nothing_strange() {
        let profiles = profiles(&questions(MIN_ASKED - 1)).await;
        assert_eq!(share(&profiles, "zebras quickly juggle xylophones").await, None);
        assert!(profiles.everyday.get().is_none(), "nothing is embedded for it");
        // Questions of another language do not count.
        assert!(!profiles.desks.lock().unwrap()[&desk()].profile.get().unwrap().familiarity.contains_key(&Language::Zh));
    }

    #[tokio::test]
    async fn a_desk_that_has_grown_is_measured_again() {
        let profiles = profiles(&questions(MIN_ASKED - 1)).await;
        assert_eq!(share(&profiles, "where is it").await, None);
        add(&profiles, &questions(40), 5_000).await;
        assert!(share(&profiles, "where is it").await.is_some());
        let points = || profiles.lock()[&desk()].profile.get().unwrap().points;
        assert_eq!(points(), MIN_ASKED - 1 + 40);
        // A few points more change nothing.
        add(&profiles, &questions(2), 9_000).await;
        share(&profiles, "where is it").await.unwrap();
        assert!(!profiles.lock()[&desk()].renewing);
    }

    #[tokio::test]
    async fn a_desk_that_has_changed_by_an_eighth_is_measured_while_requests_go_by_the_old_profile() {
        let profiles = profiles(&questions(80)).await;
        profiles.prepare(&desk()).await.unwrap();
        add(&profiles, &questions(20), 5_000).await;
        share(&profiles, "where is it").await.unwrap();
        // What comes in while it is being measured counts towards the next time.
        profiles.points_changed(&desk(), 3);
        let kept = || {
            let desks = profiles.lock();
            let kept = &desks[&desk()];
            (kept.profile.get().unwrap().points, kept.changed, kept.renewing)
        };
        while kept().2 {
            tokio::task::yield_now().await;
        }
        assert_eq!(kept(), (100, 3, false));
    }

    #[test]
    fn known_words_are_counted_by_conversation() {
        let terms = |terms: &[u32]| SparseVector { terms: terms.to_vec(), values: vec![1.0; terms.len()] };
        let vocabulary = Vocabulary { documents: 10, with_term: HashMap::from([(1, 5), (2, 1)]) };
        assert!((vocabulary.known(&terms(&[1, 2]), false) - 1.0).abs() < 1e-6);
        let half = vocabulary.known(&terms(&[1, 3]), false);
        assert!(half > 0.0 && half < 0.5, "an unknown word weighs more than one that is common here: {half}");
        assert_eq!(vocabulary.known(&terms(&[2]), true), 0.0, "what only the question's own conversation says is not known");
        assert_eq!(vocabulary.known(&terms(&[]), false), 1.0);
    }
}
