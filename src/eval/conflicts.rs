//! Planted conflicts: clusters of which somebody has said whether their answers contradict each other. Does the product mark them?

use std::collections::BTreeMap;
use std::path::Path;

use serde::Deserialize;

use super::systems::{RIPOSTE, SystemFigures};
use super::workbench::{EvalError, embed_all};
use crate::curation::describe::{Identity, Member, Question, Traffic, describe};
use crate::domain::{Cluster, ConversationId, DeskId, Language, Outcome, Pair, PairDraft, PairId, PairKind, Timestamp};
use crate::embed::{Embedder, TextKind};
use crate::insight::disagreement::{Disagreement, disagreement};
use crate::retrieve::encode::dot;

/// Days between two occurrences of an answer.
const EVERY_DAYS: i64 = 3;
const DAY_MICROS: i64 = 86_400_000_000;

/// What was planted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Kind {
    Conflict,
    Harmless,
}

/// One planted cluster.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PlantedCluster {
    id: String,
    language: Language,
    kind: Kind,
    /// In what way the answers differ; `date` when one has taken the other's place.
    how: String,
    question: String,
    variants: Vec<String>,
    answers: Vec<PlantedAnswer>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct PlantedAnswer {
    text: String,
    /// When it was first given.
    at: jiff::Timestamp,
    times: u32,
}

/// Reads planted clusters, one JSON object a line.
pub fn read_planted(path: &Path) -> Result<Vec<PlantedCluster>, EvalError> {
    let unusable = |detail: String| EvalError::Unusable(format!("{}: {detail}", path.display()));
    let text = fs_err::read_to_string(path).map_err(|error| unusable(error.to_string()))?;
    let lines = text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty());
    lines.map(|(number, line)| serde_json::from_str(line).map_err(|error| unusable(format!("line {}: {error}", number + 1)))).collect()
}

/// Describes every planted cluster as the product does, each answer given again every third day from its first time on.
///
/// `found`: share of the planted conflicts whose best answers are marked as contradicting; `false_conflicts`: share of the harmless clusters
/// that are marked; both by language and by kind of conflict, too. `superseded` and `at_once`: share of the found conflicts by date that are
/// told to be a newer practice, and of the others that are not. The second value lists every fault by its id, without words.
pub async fn conflicts(embedder: &dyn Embedder, planted: &[PlantedCluster]) -> Result<(SystemFigures, Vec<String>), EvalError> {
    let mut shares: BTreeMap<String, (u32, u32)> = BTreeMap::new();
    let mut faults = Vec::new();
    for cluster in planted {
        let (described, cosine) = describe_planted(embedder, cluster).await?;
        let found = described.conflicting();
        let mut count = |figure: &str, hit: bool| {
            let language = cluster.language.as_str();
            for name in [figure.to_owned(), format!("{language}/{figure}"), format!("{}/{figure}", cluster.how)] {
                let share = shares.entry(name).or_default();
                share.0 += u32::from(hit);
                share.1 += 1;
            }
        };
        match cluster.kind {
            Kind::Conflict => count("found", found),
            Kind::Harmless => count("false_conflicts", found),
        }
        if found != (cluster.kind == Kind::Conflict) {
            let what = if found { "marked, and harmless" } else { "not found" };
            faults.push(format!(
                "{} ({}, {}): {what}; cosine of the answers {cosine:.2}",
                cluster.id,
                cluster.language.as_str(),
                cluster.how
            ));
        }
        if found && cluster.kind == Kind::Conflict {
            let superseded = is_superseded(&described);
            let by_date = cluster.how == "date";
            let share = shares.entry(if by_date { "superseded" } else { "at_once" }.to_owned()).or_default();
            share.0 += u32::from(superseded == by_date);
            share.1 += 1;
            if superseded != by_date {
                faults.push(format!("{}: told to {}", cluster.id, if superseded { "replace one another" } else { "be given at once" }));
            }
        }
    }
    let of_riposte = shares.into_iter().map(|(name, (hits, of))| (name, f64::from(hits) / f64::from(of))).collect();
    Ok((SystemFigures::from([(RIPOSTE.to_owned(), of_riposte)]), faults))
}

/// Whether every contradiction among a cluster's answers is one of an older and a newer practice.
fn is_superseded(cluster: &Cluster) -> bool {
    let answers = &cluster.answers;
    let mut pairs =
        answers.iter().flat_map(|one| one.contradicts.iter().filter_map(move |other| Some((one, answers.get(*other as usize)?))));
    pairs.all(|(one, other)| disagreement(one.into(), other.into()) == Disagreement::Superseded)
}

/// The cluster as the product describes it, and the cosine of its first two answers.
async fn describe_planted(embedder: &dyn Embedder, planted: &PlantedCluster) -> Result<(Cluster, f32), EvalError> {
    let desk: DeskId = "planted".parse().map_err(|error: crate::domain::desk::InvalidDeskId| EvalError::Unusable(error.to_string()))?;
    let asked: Vec<String> = std::iter::once(&planted.question).chain(&planted.variants).cloned().collect();
    let texts: Vec<String> = planted.answers.iter().map(|answer| answer.text.clone()).collect();
    let asked_vectors = embed_all(embedder, &asked, TextKind::Query).await?;
    let vectors = embed_all(embedder, &texts, TextKind::Passage).await?;
    let (mut questions, mut pairs) = (Vec::new(), Vec::new());
    for (answer, vector) in planted.answers.iter().zip(&vectors) {
        for time in 0..answer.times {
            let place = pairs.len();
            let variant = place % asked.len();
            let name = [planted.id.as_str(), &place.to_string()].map(str::to_owned);
            let parts = [name[0].as_str(), name[1].as_str()];
            let id = PairId::derive(&parts);
            questions.push(Question {
                pair: id,
                language: planted.language,
                vector: asked_vectors[variant].clone(),
                answer_vector: vector.clone(),
            });
            pairs.push(Pair {
                desk: desk.clone(),
                conversation: ConversationId::derive(&parts),
                customer_key: Some(place.to_string()),
                tags: Vec::new(),
                content: PairDraft {
                    id,
                    kind: PairKind::Question,
                    question: asked[variant].clone(),
                    turn: asked[variant].clone(),
                    previous: String::new(),
                    context_terms: Vec::new(),
                    answer: answer.text.clone(),
                    answer_quality: 1.0,
                    language: planted.language,
                    outcome: Outcome::default(),
                    agent_id: None,
                    position: 1,
                    answered_at: Some(Timestamp::from_micros(answer.at.as_microsecond() + i64::from(time) * EVERY_DAYS * DAY_MICROS)),
                    answer_messages: Vec::new(),
                },
            });
        }
    }
    let members: Vec<Member<'_>> = questions.iter().zip(&pairs).map(|(question, pair)| Member { question, pair, fixed: false }).collect();
    let traffic = Traffic::of(pairs.iter().map(|pair| pair.content.answered_at));
    let described = describe(&desk, Identity::fresh(), &members, Vec::new(), &traffic, Timestamp::from_micros(0));
    let cosine = match vectors.as_slice() {
        [one, other, ..] => dot(one, other),
        _ => f32::NAN,
    };
    Ok((described.cluster, cosine))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::embed::fake::FakeEmbedder;

    fn planted(id: &str, kind: Kind, how: &str, texts: [&str; 2], at: [&str; 2]) -> PlantedCluster {
        let answers = texts.iter().zip(at).map(|(text, at)| PlantedAnswer { text: (*text).to_owned(), at: at.parse().unwrap(), times: 4 });
        PlantedCluster {
            id: id.to_owned(),
            language: Language::En,
            kind,
            how: how.to_owned(),
            question: "How long do I have to return it?".to_owned(),
            variants: vec!["return period".to_owned()],
            answers: answers.collect(),
        }
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn figures_count_what_is_marked() {
        let (may, october) = ("2026-05-01T08:00:00Z", "2026-10-01T08:00:00Z");
        let clusters = [
            planted("1", Kind::Conflict, "date", ["You can return it within 7 days.", "You can return it within 30 days."], [may, october]),
            planted("2", Kind::Conflict, "other", ["You can return it within 7 days.", "You can return it within 30 days."], [may, may]),
            planted("3", Kind::Harmless, "wording", ["You can return it within 7 days.", "You can return it within a week."], [may, may]),
            planted("4", Kind::Conflict, "other", ["You can return it.", "You can return it!"], [may, may]),
        ];
        let (figures, faults) = conflicts(&FakeEmbedder::default(), &clusters).await.unwrap();
        let figures = &figures[RIPOSTE];
        assert!((figures["found"] - 2.0 / 3.0).abs() < 1e-9, "{figures:?}");
        for (figure, value) in
            [("date/found", 1.0), ("other/found", 0.5), ("en/false_conflicts", 0.0), ("superseded", 1.0), ("at_once", 1.0)]
        {
            assert!((figures[figure] - value).abs() < 1e-9, "{figure}: {figures:?}");
        }
        assert!(faults.len() == 1 && faults[0].starts_with("4 "), "{faults:?}");
    }
}
