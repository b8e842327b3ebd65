//! Tasks over plain texts: retrieval folders, intents, sentence pairs, clusters. Every text is asked as a customer's only turn.

use std::collections::HashMap;

use uuid::Uuid;

use super::bm25::{Bm25, baseline_terms};
use super::dataset::{IntentSet, LabelledText, RetrievalSet, TextPair, is_out_of_scope};
use super::metrics::clusters::{accuracy, ari, cluster_count, grouping, nmi, outlier_share};
use super::metrics::correlation::spearman;
use super::metrics::ranking::{average_precision, first_judged, ndcg_at, rank_judged, reciprocal_rank, success_at};
use super::metrics::refusal::{Asked, auroc_refuse, false_refusals, refused_recall};
use super::systems::{BM25, DENSE, FigureMeans, RIPOSTE, SystemFigures, best};
use super::workbench::{EvalError, Workbench};
use crate::domain::{DeskId, Entry, EntryId, EntryStatus};
use crate::embed::{Lane, TextKind};
use crate::mining::cluster::{ClusterSettings, Neighbour, communities};
use crate::retrieve::encode::dot;
use crate::suggest::Ranking;
use crate::suggest::request::{LiveConversation, LiveMessage, SuggestFilters, SuggestRequest};
use crate::text::language::detect;
use crate::text::moment::{Line, Moment};

/// Documents ranked by every system.
const DEPTH: usize = 100;
/// Neighbours per text in the clustering graph.
const NEIGHBOURS: usize = 25;

/// Documents in the product's knowledge pool and in the baselines, asked alike.
struct TextArchive<'a> {
    bench: &'a Workbench,
    desk: DeskId,
    places: HashMap<Uuid, usize>,
    bm25: Bm25,
    vectors: Vec<Vec<f32>>,
}

/// One system's ranking: places of documents with their scores, best first.
type Ranked = Vec<(usize, f32)>;

impl<'a> TextArchive<'a> {
    /// Indexes every text as question and as answer.
    async fn new(bench: &'a Workbench, texts: &[String]) -> Result<Self, EvalError> {
        let desk: DeskId = "texts".parse().map_err(|error: crate::domain::desk::InvalidDeskId| EvalError::Unusable(error.to_string()))?;
        let now = bench.clock.now();
        bench.store.ensure_desk(&desk, now).await?;
        let mut places = HashMap::new();
        let entries: Vec<Entry> = texts
            .iter()
            .enumerate()
            .map(|(place, text)| {
                let external_id = place.to_string();
                let id = EntryId::derive(&[desk.as_str(), &external_id]);
                places.insert(id.as_uuid(), place);
                Entry {
                    id,
                    desk: desk.clone(),
                    external_id,
                    language: detect(text),
                    status: EntryStatus::Published,
                    tags: Vec::new(),
                    valid_from: None,
                    valid_to: None,
                    owner: None,
                    questions: vec![text.clone()],
                    answer: text.clone(),
                    updated_at: now,
                }
            })
            .collect();
        for chunk in entries.chunks(500) {
            bench.store.put_entries(&desk, chunk).await?;
        }
        bench.indexer.drain().await?;
        bench.index.optimize().await?;
        let terms: Vec<Vec<String>> = texts.iter().map(|text| baseline_terms(text)).collect();
        Ok(Self { bench, desk, places, bm25: Bm25::new(&terms), vectors: bench.embed(texts, TextKind::Passage).await? })
    }

    async fn by_vector(&self, text: &str) -> Result<Ranked, EvalError> {
        let query = self.bench.embed(&[text.to_owned()], TextKind::Query).await?;
        let scores: Vec<f32> = self.vectors.iter().map(|vector| dot(vector, &query[0])).collect();
        Ok(best(scores.iter().copied(), DEPTH).into_iter().map(|place| (place, scores[place])).collect())
    }

    async fn by_product(&self, text: &str) -> Result<Option<(Moment, Ranking, Ranked)>, EvalError> {
        let request = SuggestRequest {
            desk: self.desk.clone(),
            conversation: LiveConversation {
                messages: vec![LiveMessage { role: crate::domain::Role::Customer, text: text.to_owned(), at: None, id: None }],
                ..LiveConversation::default()
            },
            limit: None,
            language: None,
            filters: SuggestFilters::default(),
        };
        let Some(moment) = Moment::of(&[Line { role: crate::domain::Role::Customer, text, at: None }]) else { return Ok(None) };
        let (ranking, _) = self.bench.suggester.rank(&request, &moment, true, Lane::Bulk).await?;
        let mut ranked: Ranked = Vec::new();
        // Groups one after the other, every member of a group before the next group: the order in which an agent would see them.
        for group in &ranking.groups {
            ranked.extend(
                group.members.iter().filter_map(|member| Some((*self.places.get(&member.candidate.payload.source)?, member.score))),
            );
        }
        Ok(Some((moment, ranking, ranked)))
    }
}

/// Scores a BEIR folder.
pub async fn retrieval(bench: &Workbench, set: &RetrievalSet, limit: Option<usize>) -> Result<(SystemFigures, usize), EvalError> {
    let texts: Vec<String> = set.documents.iter().map(|document| document.text.clone()).collect();
    let archive = TextArchive::new(bench, &texts).await?;
    let judged_only = set.has_judged_negatives();
    let mut means = FigureMeans::default();
    let queries = &set.queries[..limit.unwrap_or(set.queries.len()).min(set.queries.len())];
    for query in queries {
        let words: Ranked = archive.bm25.search(&baseline_terms(&query.text), usize::MAX);
        let vectors = if judged_only { all_vectors(&archive, &query.text).await? } else { archive.by_vector(&query.text).await? };
        let mut product = archive.by_product(&query.text).await?.map(|(_, _, ranked)| ranked).unwrap_or_default();
        if judged_only {
            // The product looks at its best candidates only. Judged documents beyond them follow in the order of its widest probe.
            let seen: std::collections::HashSet<usize> = product.iter().map(|&(place, _)| place).collect();
            let mut rest: Ranked = vectors.iter().copied().filter(|(place, _)| !seen.contains(place)).collect();
            rest.sort_by(|a, b| b.1.total_cmp(&a.1));
            product.extend(rest);
        }
        for (system, ranked) in [(BM25, words), (DENSE, vectors), (RIPOSTE, product)] {
            if judged_only {
                judged_figures(&mut means, system, &ranked, query);
            } else {
                open_figures(&mut means, system, &ranked, query);
            }
        }
    }
    Ok((means.means(), queries.len()))
}

async fn all_vectors(archive: &TextArchive<'_>, text: &str) -> Result<Ranked, EvalError> {
    let query = archive.bench.embed(&[text.to_owned()], TextKind::Query).await?;
    Ok(archive.vectors.iter().map(|vector| dot(vector, &query[0])).enumerate().collect())
}

fn open_figures(means: &mut FigureMeans, system: &str, ranked: &Ranked, query: &super::dataset::RetrievalQuery) {
    let gain = |place: usize| {
        query.judgements.iter().find(|judgement| judgement.document == place).map_or(0.0, |judgement| f64::from(judgement.score.max(0)))
    };
    let gains: Vec<f64> = ranked.iter().map(|&(place, _)| gain(place)).collect();
    let right: Vec<bool> = gains.iter().map(|gain| *gain > 0.0).collect();
    let judged: Vec<f64> = query.judgements.iter().map(|judgement| f64::from(judgement.score.max(0))).collect();
    means.add(system, "success@1", success_at(&right, 1));
    means.add(system, "success@5", success_at(&right, 5));
    means.add(system, "mrr@10", reciprocal_rank(&right, Some(10)));
    if let Some(ndcg) = ndcg_at(&gains, &judged, 10) {
        means.add(system, "ndcg@10", ndcg);
    }
}

/// Judgements are incomplete where wrong ones are listed: only judged documents are ranked, those a system has not found last.
fn judged_figures(means: &mut FigureMeans, system: &str, ranked: &Ranked, query: &super::dataset::RetrievalQuery) {
    // Position decides, not score: a system may have grouped.
    let place_in_ranking: HashMap<usize, usize> = ranked.iter().enumerate().map(|(position, &(place, _))| (place, position)).collect();
    let by_score: HashMap<usize, f32> = ranked.iter().copied().collect();
    let judged: Vec<(f32, bool)> = query
        .judgements
        .iter()
        .map(|judgement| {
            let score = match system {
                RIPOSTE => place_in_ranking.get(&judgement.document).map_or(f32::MIN, |&position| -(position as f32)),
                _ => by_score.get(&judgement.document).copied().unwrap_or(0.0),
            };
            (score, judgement.is_right())
        })
        .collect();
    let right = rank_judged(&judged);
    let relevant = query.judgements.iter().filter(|judgement| judgement.is_right()).count();
    if let Some(precision) = average_precision(&right, relevant) {
        means.add(system, "map_judged", precision);
        means.add(system, "first_judged", first_judged(&right));
    }
}

/// Scores an intent set: the nearest archived text has the same label; out-of-scope texts should be refused.
pub async fn intents(bench: &Workbench, set: &IntentSet, limit: Option<usize>) -> Result<(SystemFigures, usize), EvalError> {
    let archived: Vec<&LabelledText> = set.archive.iter().filter(|text| !is_out_of_scope(&text.label)).collect();
    let texts: Vec<String> = archived.iter().map(|text| text.text.clone()).collect();
    let archive = TextArchive::new(bench, &texts).await?;
    let threshold = bench.suggester.threshold(&crate::domain::DeskSettings::default());
    let mut means = FigureMeans::default();
    let mut asked: HashMap<&str, Vec<Asked>> = HashMap::new();
    let questions = &set.asked[..limit.unwrap_or(set.asked.len()).min(set.asked.len())];
    for question in questions {
        let out_of_scope = is_out_of_scope(&question.label);
        let words = archive.bm25.search(&baseline_terms(&question.text), DEPTH);
        let vectors = archive.by_vector(&question.text).await?;
        for (system, ranked) in [(BM25, &words), (DENSE, &vectors)] {
            let confidence = f64::from(ranked.first().map_or(0.0, |(_, score)| *score));
            asked.entry(system).or_default().push(Asked { confidence, refused: false, out_of_scope });
            label_figures(&mut means, system, ranked, &archived, question);
        }
        if let Some((moment, ranking, ranked)) = archive.by_product(&question.text).await? {
            let confidence = ranking.groups.first().map_or(0.0, |group| group.probability);
            let refused = bench.suggester.silence(&moment, &ranking, threshold).is_some();
            asked.entry(RIPOSTE).or_default().push(Asked { confidence, refused, out_of_scope });
            label_figures(&mut means, RIPOSTE, &ranked, &archived, question);
        }
    }
    let mut figures = means.means();
    for (system, asked) in asked {
        let of_system = figures.entry(system.to_owned()).or_default();
        if let Some(area) = auroc_refuse(&asked) {
            of_system.insert("auroc_refuse".to_owned(), area);
        }
        if system == RIPOSTE {
            for (name, figure) in [("refused_recall", refused_recall(&asked)), ("false_refusals", false_refusals(&asked))] {
                if let Some(value) = figure {
                    of_system.insert(name.to_owned(), value);
                }
            }
        }
    }
    Ok((figures, questions.len()))
}

fn label_figures(means: &mut FigureMeans, system: &str, ranked: &Ranked, archived: &[&LabelledText], question: &LabelledText) {
    if is_out_of_scope(&question.label) {
        return;
    }
    let right: Vec<bool> = ranked.iter().map(|&(place, _)| archived[place].label == question.label).collect();
    means.add(system, "acc@1", success_at(&right, 1));
    means.add(system, "acc@5", success_at(&right, 5));
}

/// Correlates cosine and judgement of sentence pairs (Spearman, ×100).
pub async fn pairs(bench: &Workbench, pairs: &[TextPair]) -> Result<SystemFigures, EvalError> {
    let left = bench.embed(&pairs.iter().map(|pair| pair.a.clone()).collect::<Vec<_>>(), TextKind::Query).await?;
    let right = bench.embed(&pairs.iter().map(|pair| pair.b.clone()).collect::<Vec<_>>(), TextKind::Query).await?;
    let cosines: Vec<f64> = left.iter().zip(&right).map(|(a, b)| f64::from(dot(a, b))).collect();
    let judged: Vec<f64> = pairs.iter().map(|pair| pair.label).collect();
    let correlation = spearman(&cosines, &judged).ok_or_else(|| EvalError::Unusable("the pairs have no spread to correlate".to_owned()))?;
    let mut figures = SystemFigures::new();
    figures.entry(DENSE.to_owned()).or_default().insert("spearman".to_owned(), correlation * 100.0);
    Ok(figures)
}

/// Groups labelled texts and compares with the labels. The baselines cluster the same way over their own similarities.
pub async fn clusters(bench: &Workbench, texts: &[LabelledText]) -> Result<SystemFigures, EvalError> {
    let words: Vec<String> = texts.iter().map(|text| text.text.clone()).collect();
    let vectors = bench.embed(&words, TextKind::Query).await?;
    let terms: Vec<Vec<String>> = words.iter().map(|text| baseline_terms(text)).collect();
    let bm25 = Bm25::new(&terms);
    let labels: Vec<&str> = texts.iter().map(|text| text.label.as_str()).collect();
    let mut figures = SystemFigures::new();
    let by_vector = crate::rt::cpu(move || {
        let nearest = |at: usize| {
            let scores: Vec<f32> = vectors.iter().map(|vector| dot(vector, &vectors[at])).collect();
            best(scores.iter().copied(), NEIGHBOURS + 1)
                .into_iter()
                .filter(|&other| other != at)
                .map(|other| Neighbour { other, similarity: scores[other] })
                .collect::<Vec<_>>()
        };
        (0..vectors.len()).map(nearest).collect::<Vec<_>>()
    })
    .await?;
    let by_words: Vec<Vec<Neighbour>> = terms
        .iter()
        .enumerate()
        .map(|(at, query)| {
            let hits = bm25.search(query, NEIGHBOURS + 1);
            // A text's own score is the most a text can reach: the share of it is a similarity in 0–1.
            let own = hits.iter().find(|(other, _)| *other == at).map_or(1.0, |(_, score)| *score).max(f32::EPSILON);
            hits.into_iter()
                .filter(|(other, _)| *other != at)
                .map(|(other, score)| Neighbour { other, similarity: (score / own).min(1.0) })
                .collect()
        })
        .collect();
    for (system, neighbours) in [(BM25, by_words), (RIPOSTE, by_vector)] {
        let found = communities(&neighbours, ClusterSettings::default());
        let truth = grouping(labels.iter().copied(), is_out_of_scope);
        let of_system = figures.entry(system.to_owned()).or_default();
        of_system.insert("k".to_owned(), cluster_count(&found) as f64);
        for (name, figure) in [
            ("acc", accuracy(&found, &truth)),
            ("nmi", nmi(&found, &truth)),
            ("ari", ari(&found, &truth)),
            ("outliers", outlier_share(&found)),
        ] {
            if let Some(value) = figure {
                of_system.insert(name.to_owned(), value);
            }
        }
    }
    Ok(figures)
}
