//! Tasks over plain texts: retrieval folders, intents. Every text is asked as a customer's only turn.
//!
//! The product has each document of a retrieval folder as an entry with one wording; an intent is an entry with all its texts as wordings, as
//! a desk would keep it. The baselines look at single texts.

use std::collections::{BTreeMap, HashMap};

use uuid::Uuid;

use super::bm25::{Bm25, baseline_terms};
use super::dataset::{IntentSet, LabelledText, RetrievalSet, is_out_of_scope};
use super::fit::{Fitted, Fitting, fit};
use super::lessons::of_entries;
use super::metrics::ranking::{average_precision, first_judged, ndcg_at, rank_judged, reciprocal_rank, success_at};
use super::metrics::refusal::{Asked, auroc_refuse, false_refusals, refused_recall};
use super::replay::FITTED_TO;
use super::systems::{BM25, DENSE, FigureMeans, RIPOSTE, SUM, SUM_WEIGHT, SystemFigures, best, sum_scores};
use super::workbench::{EntryText, EvalError, Workbench, any_language};
use crate::domain::DeskId;
use crate::embed::TextKind;
use crate::retrieve::encode::dot;
use crate::suggest::Ranking;
use crate::text::moment::Moment;

/// Documents ranked by every system.
const DEPTH: usize = 100;

/// Documents in the product's knowledge pool and in the baselines, asked alike.
struct TextArchive<'a> {
    bench: &'a Workbench,
    desk: DeskId,
    places: HashMap<Uuid, usize>,
    bm25: Bm25,
    vectors: Vec<Vec<f32>>,
}

/// One system's ranking: places of documents (entries, for the product) with their scores, best first.
type Ranked = Vec<(usize, f32)>;

impl<'a> TextArchive<'a> {
    /// Indexes `texts` for the baselines; for the product, entries of these texts' places. The first text of an entry is its answer, too: what
    /// is answered is not what these sets ask about.
    async fn new(bench: &'a Workbench, texts: &[String], entries: &[Vec<usize>]) -> Result<Self, EvalError> {
        let entry = |(number, places): (usize, &Vec<usize>)| EntryText {
            external_id: number.to_string(),
            questions: places.iter().map(|&place| texts[place].clone()).collect(),
            answer: texts[places[0]].clone(),
        };
        let (desk, ids) = bench.publish("texts", entries.iter().enumerate().map(entry).collect()).await?;
        let places = ids.iter().enumerate().map(|(place, id)| (id.as_uuid(), place)).collect();
        let terms: Vec<Vec<String>> = texts.iter().map(|text| baseline_terms(text)).collect();
        Ok(Self { bench, desk, places, bm25: Bm25::new(&terms), vectors: bench.embed(texts, TextKind::Passage).await? })
    }

    /// The `depth` best by cosine, and by the sum of cosine and words.
    async fn by_vector_and_sum(&self, text: &str, depth: usize) -> Result<(Ranked, Ranked), EvalError> {
        let query = self.bench.embed(&[text.to_owned()], TextKind::Query).await?;
        let cosines: Vec<f32> = self.vectors.iter().map(|vector| dot(vector, &query[0])).collect();
        let sums = sum_scores(&cosines, &self.bm25.scores(&baseline_terms(text)), SUM_WEIGHT);
        let ranked = |scores: &[f32]| best(scores.iter().copied(), depth).into_iter().map(|place| (place, scores[place])).collect();
        Ok((ranked(&cosines), ranked(&sums)))
    }

    async fn by_product(&self, text: &str) -> Result<Option<(Moment, Ranking, Ranked)>, EvalError> {
        let Some((moment, ranking)) = self.bench.ask(&self.desk, text, &any_language()).await? else { return Ok(None) };
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
    let entries: Vec<Vec<usize>> = (0..texts.len()).map(|place| vec![place]).collect();
    let archive = TextArchive::new(bench, &texts, &entries).await?;
    let judged_only = set.has_judged_negatives();
    let mut means = FigureMeans::default();
    let queries = &set.queries[..limit.unwrap_or(set.queries.len()).min(set.queries.len())];
    for (number, query) in queries.iter().enumerate() {
        (bench.watch)("asking", number, queries.len());
        let words: Ranked = archive.bm25.search(&baseline_terms(&query.text), usize::MAX);
        let (vectors, sums) = archive.by_vector_and_sum(&query.text, if judged_only { usize::MAX } else { DEPTH }).await?;
        let mut product = archive.by_product(&query.text).await?.map(|(_, _, ranked)| ranked).unwrap_or_default();
        if judged_only {
            // The product looks at its best candidates only. Judged documents beyond them follow in the order of its widest probe.
            let seen: std::collections::HashSet<usize> = product.iter().map(|&(place, _)| place).collect();
            product.extend(vectors.iter().copied().filter(|(place, _)| !seen.contains(place)));
        }
        for (system, ranked) in [(BM25, words), (DENSE, vectors), (SUM, sums), (RIPOSTE, product)] {
            if judged_only {
                judged_figures(&mut means, system, &ranked, query);
            } else {
                open_figures(&mut means, system, &ranked, query);
            }
        }
    }
    Ok((means.means(), queries.len()))
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

/// What asking an intent set gave.
pub struct AskedIntents {
    /// Figures of every system.
    pub figures: SystemFigures,
    /// Questions asked.
    pub asked: usize,
    /// What the fit gave, where one was wanted.
    pub fitted: Option<Fitted>,
}

/// Scores an intent set: the nearest archived text has the same label; out-of-scope texts should be refused. `fits` the ranker to the archived
/// texts first, as `riposte eval fit` does for a desk that has entries only.
pub async fn intents(bench: &Workbench, set: &IntentSet, fits: bool, limit: Option<usize>) -> Result<AskedIntents, EvalError> {
    let archived: Vec<&LabelledText> = set.archive.iter().filter(|text| !is_out_of_scope(&text.label)).collect();
    let texts: Vec<String> = archived.iter().map(|text| text.text.clone()).collect();
    let mut of_label: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
    for (place, text) in archived.iter().enumerate() {
        of_label.entry(&text.label).or_default().push(place);
    }
    let (intents, entries): (Vec<&str>, Vec<Vec<usize>>) = of_label.into_iter().unzip();
    let with_fitted;
    let mut archive = TextArchive::new(bench, &texts, &entries).await?;
    let mut fitted = None;
    if fits {
        let lessons = of_entries(bench, &archive.desk, FITTED_TO).await?;
        let weights = bench.suggester.ranker().weights();
        let to_texts = fit(lessons, weights, Fitting::Weights(None), "the archived texts of an intent set").await?;
        with_fitted = bench.with_ranker(to_texts.ranker()?);
        archive.bench = &with_fitted;
        fitted = Some(to_texts);
    }
    let bench = archive.bench;
    let labels: Vec<&str> = archived.iter().map(|text| text.label.as_str()).collect();
    let threshold = bench.suggester.threshold(&crate::domain::DeskSettings::default());
    let mut means = FigureMeans::default();
    let mut asked: HashMap<&str, Vec<Asked>> = HashMap::new();
    let questions = &set.asked[..limit.unwrap_or(set.asked.len()).min(set.asked.len())];
    for (number, question) in questions.iter().enumerate() {
        (bench.watch)("asking", number, questions.len());
        let out_of_scope = is_out_of_scope(&question.label);
        let words = archive.bm25.search(&baseline_terms(&question.text), DEPTH);
        let (vectors, sums) = archive.by_vector_and_sum(&question.text, DEPTH).await?;
        for (system, ranked) in [(BM25, &words), (DENSE, &vectors), (SUM, &sums)] {
            let confidence = f64::from(ranked.first().map_or(0.0, |(_, score)| *score));
            asked.entry(system).or_default().push(Asked { confidence, refused: false, out_of_scope });
            label_figures(&mut means, system, ranked, &labels, question);
        }
        if let Some((moment, ranking, ranked)) = archive.by_product(&question.text).await? {
            let confidence = bench.suggester.confidence(&ranking);
            let refused = bench.suggester.silence(&moment, &ranking, threshold).is_some();
            asked.entry(RIPOSTE).or_default().push(Asked { confidence, refused, out_of_scope });
            means.add(RIPOSTE, "coverage", f64::from(!refused));
            if !refused {
                let first_is_right = ranked.first().is_some_and(|&(place, _)| intents[place] == question.label);
                means.add(RIPOSTE, "precision_shown", f64::from(first_is_right));
            }
            label_figures(&mut means, RIPOSTE, &ranked, &intents, question);
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
    Ok(AskedIntents { figures, asked: questions.len(), fitted })
}

fn label_figures(means: &mut FigureMeans, system: &str, ranked: &Ranked, labels: &[&str], question: &LabelledText) {
    if is_out_of_scope(&question.label) {
        return;
    }
    let right: Vec<bool> = ranked.iter().map(|&(place, _)| labels[place] == question.label).collect();
    means.add(system, "acc@1", success_at(&right, 1));
    means.add(system, "acc@5", success_at(&right, 5));
}
