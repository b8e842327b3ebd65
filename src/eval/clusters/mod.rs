//! Frequent-question clusters against labels, judged pairs and small talk, every system in the same run.

pub mod growth;
mod hdbscan;
mod linkage;

use std::collections::{BTreeMap, HashMap};

use rayon::prelude::*;

use self::hdbscan::hdbscan;
use self::linkage::Dendrogram;
use super::bm25::{Bm25, baseline_terms};
use super::dataset::{LabelledText, TextPair, is_out_of_scope};
use super::metrics::clusters::{JudgedPair, accuracy, ari, cluster_count, grouping, nmi, outlier_share, pair_scores};
use super::systems::{BM25, DENSE, RIPOSTE, SystemFigures, best};
use super::workbench::{EvalError, embed_all};
use crate::embed::{Embedder, TextKind};
use crate::mining::cluster::{
    ClusterSettings, Constraints, GroupSettings, NEIGHBOURS, Neighbour, Question, communities, group, keywords, name, representative,
};
use crate::retrieve::encode::dot;
use crate::retrieve::kmeans::{spherical_k_means, usual_count};
use crate::text::language::detect;

/// Communities of the encoder's neighbour graph under the constant Potts model.
const COMMUNITIES: &str = "communities";
/// Average linkage over the encoder's vectors, cut into as many clusters as Riposte finds.
const LINKAGE: &str = "average-linkage";
/// Average linkage over BM25 vectors, cut where its F1 is greatest: the most it could reach.
const BM25_LINKAGE: &str = "bm25-average-linkage";
/// HDBSCAN over the encoder's vectors.
const HDBSCAN: &str = "hdbscan";
/// Neighbours per text in the graphs of the communities.
const COMMUNITY_NEIGHBOURS: usize = 25;
/// Smallest cluster of HDBSCAN, the default of the usual implementations.
const HDBSCAN_SMALLEST: usize = 5;
/// Where the k-means baseline starts.
const KMEANS_SEED: u64 = 1;
/// Most rounds of the k-means baseline.
const KMEANS_ROUNDS: usize = 50;
/// Cuts tried for the linkage over BM25 vectors.
const CUTS: usize = 60;

/// The cluster of each text; `None` is an outlier.
type Grouping = Vec<Option<usize>>;

/// Texts in every form a system needs.
struct Texts {
    words: Vec<String>,
    vectors: Vec<Vec<f32>>,
    terms: Vec<Vec<String>>,
}

impl Texts {
    async fn new(embedder: &dyn Embedder, words: Vec<String>) -> Result<Self, EvalError> {
        let vectors = embed_all(embedder, &words, TextKind::Query).await?;
        let terms = words.iter().map(|text| baseline_terms(text)).collect();
        Ok(Self { words, vectors, terms })
    }

    /// The nearest of each by comparing all.
    fn neighbours(&self) -> Vec<Vec<Neighbour>> {
        (0..self.words.len())
            .into_par_iter()
            .map(|at| {
                let scores: Vec<f32> = self.vectors.iter().map(|vector| dot(vector, &self.vectors[at])).collect();
                let near = best(scores.iter().copied(), NEIGHBOURS + 1).into_iter().filter(|&other| other != at);
                near.map(|other| Neighbour { other, similarity: scores[other] }).collect()
            })
            .collect()
    }

    fn riposte(&self, neighbours: &[Vec<Neighbour>]) -> Grouping {
        let questions: Vec<Question<'_>> = self.words.iter().zip(&self.vectors).map(|(text, vector)| Question { text, vector }).collect();
        group(&questions, neighbours, &Constraints::default(), GroupSettings::default())
    }

    fn bm25_neighbours(&self) -> Vec<Vec<Neighbour>> {
        let bm25 = Bm25::new(&self.terms);
        let near = |(at, query): (usize, &Vec<String>)| {
            let hits = bm25.search(query, COMMUNITY_NEIGHBOURS + 1);
            // A text's own score is the most a text can reach: the share of it is a similarity in 0–1.
            let own = hits.iter().find(|(other, _)| *other == at).map_or(1.0, |(_, score)| *score).max(f32::EPSILON);
            let others = hits.into_iter().filter(|(other, _)| *other != at);
            others.map(|(other, score)| Neighbour { other, similarity: (score / own).min(1.0) }).collect()
        };
        self.terms.iter().enumerate().map(near).collect()
    }

    /// What every task compares, without what only one of them does.
    fn systems(&self) -> Vec<(&'static str, Grouping)> {
        let neighbours = self.neighbours();
        let found = self.riposte(&neighbours);
        let nearest: Vec<Vec<Neighbour>> =
            neighbours.iter().map(|near| near.iter().take(COMMUNITY_NEIGHBOURS).copied().collect()).collect();
        let grouped = |neighbours: &[Vec<Neighbour>]| communities(neighbours, &Constraints::default(), ClusterSettings::default());
        let k_means = spherical_k_means(&self.vectors, usual_count(self.words.len()), KMEANS_ROUNDS, KMEANS_SEED);
        let tree = Dendrogram::new(self.words.len(), |a, b| 1.0 - dot(&self.vectors[a], &self.vectors[b]));
        vec![
            (BM25, grouped(&self.bm25_neighbours())),
            (DENSE, k_means.assigned.into_iter().map(Some).collect()),
            (COMMUNITIES, grouped(&nearest)),
            (LINKAGE, tree.cut(cluster_count(&found))),
            (HDBSCAN, hdbscan(&self.vectors, HDBSCAN_SMALLEST)),
            (RIPOSTE, found),
        ]
    }

    /// A cluster in a line or two per cluster, the largest first, to be read.
    fn listing(&self, found: &[Option<usize>]) -> Vec<String> {
        let mut members: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
        for (text, cluster) in found.iter().enumerate().filter_map(|(text, cluster)| Some((text, (*cluster)?))) {
            members.entry(cluster).or_default().push(text);
        }
        let mut clusters: Vec<Vec<usize>> = members.into_values().collect();
        clusters.sort_by_key(|members| std::cmp::Reverse(members.len()));
        let words: Vec<Vec<&str>> =
            clusters.iter().map(|members| members.iter().map(|&text| self.words[text].as_str()).collect()).collect();
        let lines = clusters.iter().zip(keywords(&words, 6)).map(|(members, keywords)| {
            let questions: Vec<Question<'_>> =
                members.iter().map(|&text| Question { text: &self.words[text], vector: &self.vectors[text] }).collect();
            let shown = representative(&questions).map_or("", |place| questions[place].text);
            let others: Vec<String> = questions.iter().map(|question| question.text.replace('\n', " / ")).collect();
            let named = name(shown, &keywords, detect(shown));
            format!("{} · {named}\n  {}\n  {}\n  {}", members.len(), keywords.join(", "), shown.replace('\n', " / "), others.join(" | "))
        });
        lines.collect()
    }
}

/// Groups labelled texts and compares with the labels; and Riposte's clusters, to be read.
///
/// # Errors
/// When the encoder fails.
pub async fn labelled(embedder: &dyn Embedder, labelled: &[LabelledText]) -> Result<(SystemFigures, Vec<String>), EvalError> {
    let texts = Texts::new(embedder, labelled.iter().map(|text| text.text.clone()).collect()).await?;
    let truth = grouping(labelled.iter().map(|text| text.label.as_str()), is_out_of_scope);
    let (systems, listing) = crate::rt::cpu(move || {
        let systems = texts.systems();
        let listing = systems.iter().find(|(system, _)| *system == RIPOSTE).map(|(_, found)| texts.listing(found));
        (systems, listing.unwrap_or_default())
    })
    .await?;
    let mut figures = SystemFigures::new();
    for (system, found) in systems {
        note(&mut figures, system, "k", Some(cluster_count(&found) as f64));
        note(&mut figures, system, "acc", accuracy(&found, &truth));
        note(&mut figures, system, "nmi", nmi(&found, &truth));
        note(&mut figures, system, "ari", ari(&found, &truth));
        note(&mut figures, system, "outliers", outlier_share(&found));
    }
    Ok((figures, listing))
}

/// Groups the texts of judged pairs: does "in the same cluster" predict "judged the same"?
///
/// # Errors
/// When the encoder fails.
pub async fn pairs(embedder: &dyn Embedder, pairs: &[TextPair]) -> Result<SystemFigures, EvalError> {
    let mut places: HashMap<&str, usize> = HashMap::new();
    let mut texts: Vec<String> = Vec::new();
    let mut judged = Vec::with_capacity(pairs.len());
    for pair in pairs {
        let [a, b] = [&pair.a, &pair.b].map(|text| {
            *places.entry(text.as_str()).or_insert_with(|| {
                texts.push(text.clone());
                texts.len() - 1
            })
        });
        judged.push(JudgedPair { a, b, same: pair.label >= 0.5 });
    }
    let texts = Texts::new(embedder, texts).await?;
    crate::rt::cpu(move || {
        let mut figures = SystemFigures::new();
        let mut systems = texts.systems();
        systems.push((BM25_LINKAGE, best_cut(&bm25_tree(&texts.terms), texts.words.len(), &judged)));
        for (system, found) in systems {
            let scores = pair_scores(&found, &judged);
            note(&mut figures, system, "k", Some(cluster_count(&found) as f64));
            note(&mut figures, system, "precision", Some(scores.precision));
            note(&mut figures, system, "recall", Some(scores.recall));
            note(&mut figures, system, "f1", Some(scores.f1));
            note(&mut figures, system, "outliers", outlier_share(&found));
        }
        figures
    })
    .await
    .map_err(EvalError::from)
}

/// Average linkage over BM25: texts are as alike as the mean of the two scores for each other, each as a share of the score for itself.
fn bm25_tree(terms: &[Vec<String>]) -> Dendrogram {
    let bm25 = Bm25::new(terms);
    let shares: Vec<Vec<f32>> = terms
        .par_iter()
        .enumerate()
        .map(|(at, query)| {
            let mut scores = bm25.scores(query);
            let own = scores[at].max(f32::EPSILON);
            for score in &mut scores {
                *score = (*score / own).min(1.0);
            }
            scores
        })
        .collect();
    Dendrogram::new(terms.len(), |a, b| 1.0 - f32::midpoint(shares[a][b], shares[b][a]))
}

fn best_cut(tree: &Dendrogram, texts: usize, judged: &[JudgedPair]) -> Grouping {
    let cuts = (1..=CUTS).map(|step| tree.cut((texts as f64).powf(step as f64 / CUTS as f64).round() as usize));
    let scored = cuts.map(|found| (pair_scores(&found, judged).f1, found));
    scored.max_by(|a, b| a.0.total_cmp(&b.0)).map_or_else(Vec::new, |(_, found)| found)
}

/// Groups task texts with small talk mixed in: how much small talk is kept out, and how many task texts with it.
///
/// # Errors
/// When the encoder fails.
pub async fn noise(
    embedder: &dyn Embedder,
    tasks: &[LabelledText],
    small_talk: &[String],
) -> Result<(SystemFigures, Vec<String>), EvalError> {
    let all = tasks.iter().map(|text| text.text.clone()).chain(small_talk.iter().cloned()).collect();
    let texts = Texts::new(embedder, all).await?;
    let count = tasks.len();
    let truth = grouping(tasks.iter().map(|text| text.label.as_str()), is_out_of_scope);
    crate::rt::cpu(move || {
        let mut figures = SystemFigures::new();
        let mut listing = Vec::new();
        for (system, found) in texts.systems() {
            let (of_tasks, of_noise) = found.split_at(count);
            note(&mut figures, system, "k", Some(cluster_count(&found) as f64));
            note(&mut figures, system, "noise_kept_out", outlier_share(of_noise));
            note(&mut figures, system, "tasks_left_out", outlier_share(of_tasks));
            note(&mut figures, system, "nmi_of_tasks", nmi(of_tasks, &truth));
            if system == RIPOSTE {
                listing = texts.listing(&found);
            }
        }
        (figures, listing)
    })
    .await
    .map_err(EvalError::from)
}

fn note(figures: &mut SystemFigures, system: &str, figure: &str, value: Option<f64>) {
    if let Some(value) = value {
        figures.entry(system.to_owned()).or_default().insert(figure.to_owned(), value);
    }
}
