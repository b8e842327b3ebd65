//! Ablation: replay with parts of the product left out or replaced, to show what each is worth.
//!
//! The archive is ingested once; every variant is asked the same moments through [`crate::suggest::Suggester::rank_by`], the product's own path,
//! with another reading of the conversation or another [`Scoring`]. Figures named `diff_…` are the variant's less the product's on the same
//! moments. Weights are not fitted anew for a variant: the tables show what the product in use owes to a part, not what it could do without.

use super::dataset::LabelledConversation;
use super::replay::{LiveMoment, ReplayOptions, prepare};
use super::systems::{FigureMeans, RIPOSTE, SystemFigures};
use super::workbench::{EvalError, Workbench, any_language};
use crate::domain::Role;
use crate::embed::Lane;
use crate::retrieve::{Candidate, Probes};
use crate::suggest::features::{FEATURE_COUNT, FEATURE_NAMES};
use crate::suggest::ranking::{Gathered, Scored};
use crate::suggest::{Ranker, Scoring};
use crate::text::acts::customer_act;
use crate::text::moment::{Line, MAX_QUESTION_CHARS, Moment};

/// Which table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// Ways to make a query of a conversation.
    Context,
    /// Probes, fusion and the ranker's features.
    Retrieval,
}

/// Names of the probes, dense ones first, in the order of [`Probes`].
const PROBES: [&str; 6] = ["dense question", "dense situation", "dense answer", "sparse question", "sparse situation", "sparse answer"];

/// Hits of a probe that count in reciprocal-rank fusion: as many as the product takes from each.
const FUSED_DEPTH: usize = 50;

/// The constant of reciprocal-rank fusion (Cormack, Clarke & Büttcher 2009).
const FUSION_OFFSET: f32 = 60.0;

/// What is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Reading {
    /// As the product does.
    Moment,
    /// The customer's last turn, for every probe.
    LastTurn,
    /// The customer's last two turns, for every probe.
    LastTwoTurns,
    /// Everything that was said, its end, for every probe.
    Everything,
    /// As the product does, but no earlier turn is taken along; what was said just before still is.
    NothingCarried,
    /// As the product does, but what was said just before is left out.
    NoPrevious,
    /// As the product does, but a turn is one question however many it asks.
    OneQuestion,
}

impl Reading {
    fn of(self, lines: &[Line<'_>]) -> Option<Moment> {
        let whole = Moment::of(lines)?;
        Some(match self {
            Self::Moment => whole,
            Self::LastTurn => plain(&turns(lines, true, 1)),
            Self::LastTwoTurns => plain(&turns(lines, true, 2)),
            Self::Everything => plain(&turns(lines, false, usize::MAX)),
            Self::NothingCarried => {
                let last = lines.iter().rposition(|line| line.role == Role::Customer)?;
                let turn = lines[..last].iter().rposition(|line| is_company(line.role));
                let before = turn.and_then(|turn| lines[..turn].iter().rposition(|line| line.role == Role::Customer));
                Moment::of(&lines[before.map_or(0, |before| before + 1)..])?
            }
            Self::NoPrevious => Moment { previous: String::new(), ..whole },
            Self::OneQuestion => Moment { questions: Vec::new(), ..whole },
        })
    }
}

fn is_company(role: Role) -> bool {
    matches!(role, Role::Agent | Role::Bot)
}

/// The words of the last `count` turns up to the customer's last word, the customer's own or all.
fn turns(lines: &[Line<'_>], customer_only: bool, count: usize) -> String {
    let end = lines.iter().rposition(|line| line.role == Role::Customer).map_or(0, |last| last + 1);
    let (mut kept, mut seen, mut in_turn) = (Vec::new(), 0, false);
    for line in lines[..end].iter().rev().filter(|line| line.role != Role::System) {
        let counts = !customer_only || line.role == Role::Customer;
        if counts && !in_turn {
            seen += 1;
            if seen > count {
                break;
            }
        }
        in_turn = counts;
        if counts {
            kept.push(line.text.trim());
        }
    }
    kept.reverse();
    kept.join(" ")
}

/// A moment that is nothing but words.
fn plain(text: &str) -> Moment {
    let length = text.chars().count();
    let text: String = text.chars().skip(length.saturating_sub(MAX_QUESTION_CHARS)).collect();
    let act = customer_act(&text);
    Moment {
        turn: text.clone(),
        question: text,
        questions: Vec::new(),
        previous: String::new(),
        earlier: Vec::new(),
        act,
        elliptical: false,
        used: Vec::new(),
    }
}

/// The product's ranker without some of its probes and features.
struct Without {
    ranker: Ranker,
    probes: Probes,
    features: Vec<usize>,
}

impl Scoring for Without {
    fn ranker(&self) -> &Ranker {
        &self.ranker
    }

    fn probes(&self) -> Probes {
        self.probes
    }

    fn scores(&self, gathered: &Gathered) -> Vec<Scored> {
        gathered.scores(&self.ranker, &self.features)
    }
}

/// How the probes' scores become one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fusion {
    /// Sum of 1 ÷ (60 + rank) over the probes.
    ReciprocalRank,
    /// Sum of the scores, each brought to 0–1 over the candidates.
    Sum,
}

/// The probes' scores fused by rule, nothing else.
struct Fused {
    ranker: Ranker,
    probes: Probes,
    by: Fusion,
}

impl Scoring for Fused {
    fn ranker(&self) -> &Ranker {
        &self.ranker
    }

    fn probes(&self) -> Probes {
        self.probes
    }

    fn scores(&self, gathered: &Gathered) -> Vec<Scored> {
        votes_of(&fused(gathered.candidates(), self.probes, self.by))
    }
}

/// Fused scores lie on scales of their own; brought to this spread they vote about as decidedly as the ranker's.
const VOTES_SPREAD: f32 = 2.0;

fn votes_of(scores: &[f32]) -> Vec<Scored> {
    let count = scores.len().max(1) as f32;
    let mean = scores.iter().sum::<f32>() / count;
    let deviation = (scores.iter().map(|score| (score - mean).powi(2)).sum::<f32>() / count).sqrt().max(1e-6);
    scores
        .iter()
        .map(|&score| Scored {
            score,
            boost: 0.0,
            expected: 0.0,
            vote: VOTES_SPREAD * (score - mean) / deviation,
            row: [0.0; FEATURE_COUNT],
        })
        .collect()
}

fn fused(candidates: &[Candidate], probes: Probes, by: Fusion) -> Vec<f32> {
    let asked = probes.dense.into_iter().chain(probes.sparse);
    let mut sums = vec![0.0; candidates.len()];
    for (probe, _) in asked.enumerate().filter(|(_, asked)| *asked) {
        let scores: Vec<f32> = candidates.iter().map(|candidate| probe_scores(candidate)[probe]).collect();
        match by {
            Fusion::ReciprocalRank => {
                // A sparse score of 0 means: not found by words.
                let found = |place: &usize| probe < 3 || scores[*place] > 0.0;
                let mut order: Vec<usize> = (0..scores.len()).filter(found).collect();
                order.sort_by(|&a, &b| scores[b].total_cmp(&scores[a]).then(a.cmp(&b)));
                for (rank, place) in (1u16..).zip(order.into_iter().take(FUSED_DEPTH)) {
                    sums[place] += 1.0 / (FUSION_OFFSET + f32::from(rank));
                }
            }
            Fusion::Sum => {
                let worst = scores.iter().copied().fold(f32::MAX, f32::min);
                let best = scores.iter().copied().fold(f32::MIN, f32::max);
                if best > worst {
                    for (sum, score) in sums.iter_mut().zip(&scores) {
                        *sum += (score - worst) / (best - worst);
                    }
                }
            }
        }
    }
    sums
}

fn probe_scores(candidate: &Candidate) -> [f32; 6] {
    [
        candidate.question_cosine,
        candidate.situation_cosine,
        candidate.answer_cosine,
        candidate.question_bm25,
        candidate.situation_bm25,
        candidate.answer_bm25,
    ]
}

/// One row of a table.
struct Variant {
    name: String,
    reading: Reading,
    scoring: Box<dyn Scoring>,
}

fn variants(part: Part, ranker: &Ranker) -> Vec<Variant> {
    let variant = |name: &str, reading, scoring| Variant { name: name.to_owned(), reading, scoring };
    let whole = || -> Box<dyn Scoring> { Box::new(ranker.clone()) };
    let mut variants = vec![variant(RIPOSTE, Reading::Moment, whole())];
    match part {
        Part::Context => {
            let readings = [
                ("last turn", Reading::LastTurn),
                ("last two turns", Reading::LastTwoTurns),
                ("everything", Reading::Everything),
                ("without earlier turns", Reading::NothingCarried),
                ("without previous", Reading::NoPrevious),
                ("without several questions", Reading::OneQuestion),
            ];
            variants.extend(readings.map(|(name, reading)| variant(name, reading, whole())));
        }
        Part::Retrieval => {
            let fused = |probes, by| -> Box<dyn Scoring> { Box::new(Fused { ranker: ranker.clone(), probes, by }) };
            let without = |probes, features| -> Box<dyn Scoring> { Box::new(Without { ranker: ranker.clone(), probes, features }) };
            for (place, name) in PROBES.iter().enumerate() {
                variants.push(variant(name, Reading::Moment, fused(probes(|probe| probe == place), Fusion::Sum)));
                let others = without(probes(|probe| probe != place), Vec::new());
                variants.push(variant(&format!("without {name}"), Reading::Moment, others));
            }
            variants.push(variant("without all dense", Reading::Moment, without(probes(|probe| probe >= 3), Vec::new())));
            variants.push(variant("without all sparse", Reading::Moment, without(probes(|probe| probe < 3), Vec::new())));
            variants.push(variant("reciprocal rank", Reading::Moment, fused(Probes::ALL, Fusion::ReciprocalRank)));
            variants.push(variant("sum", Reading::Moment, fused(Probes::ALL, Fusion::Sum)));
            variants.push(variant("without previous", Reading::NoPrevious, whole()));
            // Features of the probes' scores go with their probes.
            let own = |name: &str| !name.contains("cosine") && !name.contains("bm25");
            for (place, name) in FEATURE_NAMES.iter().enumerate().filter(|(_, name)| own(name)) {
                variants.push(variant(&format!("without {name}"), Reading::Moment, without(Probes::ALL, vec![place])));
            }
        }
    }
    variants
}

fn probes(asked: impl Fn(usize) -> bool) -> Probes {
    Probes { dense: std::array::from_fn(&asked), sparse: std::array::from_fn(|field| asked(field + 3)) }
}

/// Asks every selected moment of `queries` against `archive`, both places in `conversations`, in all variants; tells how many moments.
pub async fn ablation(
    bench: &Workbench,
    conversations: &[LabelledConversation],
    archive: &[usize],
    queries: &[usize],
    options: &ReplayOptions,
    part: Part,
) -> Result<(SystemFigures, usize), EvalError> {
    let prepared = prepare(bench, conversations, archive, queries, options).await?;
    let variants = variants(part, bench.suggester.ranker());
    let mut means = FigureMeans::default();
    for query in &prepared.asked {
        for Variant { name, reading, scoring } in &variants {
            let Some(live) = LiveMoment::read_by(&prepared.archive.desk, query, |lines| reading.of(lines)) else { continue };
            let (ranking, _) = bench.suggester.rank_by(scoring.as_ref(), &live.request, &live.moment, &any_language(), Lane::Bulk).await?;
            prepared.measure(bench, name, &live.moment, &ranking, query, &mut means);
        }
    }
    let mut figures = means.means();
    add_differences(&mut figures);
    Ok((figures, prepared.asked.len()))
}

/// What every variant's figures of accuracy lack or have more than the product's, moment by moment on the same split: over several splits its
/// error is far smaller than that of either figure.
fn add_differences(figures: &mut SystemFigures) {
    let Some(product) = figures.get(RIPOSTE).cloned() else { return };
    for (_, of_variant) in figures.iter_mut().filter(|(name, _)| name.as_str() != RIPOSTE) {
        let differences: Vec<(String, f64)> = of_variant
            .iter()
            .filter(|(figure, _)| ["hit@", "chrf@"].iter().any(|kind| figure.starts_with(kind)))
            .filter_map(|(figure, value)| Some((format!("diff_{figure}"), value - product.get(figure)?)))
            .collect();
        of_variant.extend(differences);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LINES: [(Role, &str); 6] = [
        (Role::Customer, "在吗"),
        (Role::Agent, "在的"),
        (Role::Customer, "七天无理由退货怎么申请"),
        (Role::Agent, "在订单里点申请售后"),
        (Role::Customer, "好的"),
        (Role::Customer, "那运费呢？"),
    ];

    fn read(reading: Reading) -> Moment {
        let lines: Vec<Line<'_>> = LINES.iter().map(|&(role, text)| Line { role, text, at: None }).collect();
        reading.of(&lines).unwrap()
    }

    #[test]
    fn readings_take_less_and_more_of_the_conversation() {
        for (reading, words) in [
            (Reading::LastTurn, "好的 那运费呢？"),
            (Reading::LastTwoTurns, "七天无理由退货怎么申请 好的 那运费呢？"),
            (Reading::Everything, "在吗 在的 七天无理由退货怎么申请 在订单里点申请售后 好的 那运费呢？"),
        ] {
            let moment = read(reading);
            assert_eq!((moment.question.as_str(), moment.turn.as_str(), moment.previous.as_str()), (words, words, ""));
        }
        let bare = read(Reading::NothingCarried);
        assert_eq!((bare.question.as_str(), bare.previous.as_str()), ("那运费呢？", "在订单里点申请售后"));
        let product = read(Reading::Moment);
        assert_eq!(read(Reading::NoPrevious), Moment { previous: String::new(), ..product });
    }

    #[test]
    fn the_end_of_everything_is_kept() {
        let long = plain(&format!("{}尾", "头".repeat(2 * MAX_QUESTION_CHARS)));
        assert_eq!(long.question.chars().count(), MAX_QUESTION_CHARS);
        assert!(long.question.ends_with('尾'));
    }

    fn candidate(scores: [f32; 6]) -> Candidate {
        let [question_cosine, situation_cosine, answer_cosine, question_bm25, situation_bm25, answer_bm25] = scores;
        Candidate {
            question_cosine,
            situation_cosine,
            answer_cosine,
            question_bm25,
            situation_bm25,
            answer_bm25,
            ..Candidate::unlike(uuid::Uuid::nil())
        }
    }

    #[test]
    fn fusion_follows_its_rule() {
        let candidates = [
            candidate([1.0, 0.2, 0.0, 0.0, 0.0, 0.0]),
            candidate([0.75, 0.4, 0.0, 8.0, 0.0, 0.0]),
            candidate([0.5, 0.1, 0.0, 2.0, 0.0, 0.0]),
        ];
        let only = |places: &'static [usize]| probes(|probe| places.contains(&probe));
        assert_eq!(fused(&candidates, only(&[0]), Fusion::Sum), [1.0, 0.5, 0.0]);
        assert_eq!(fused(&candidates, only(&[0, 3]), Fusion::Sum), [1.0, 1.5, 0.25]);
        let ranks = fused(&candidates, only(&[0, 3]), Fusion::ReciprocalRank);
        assert_eq!(ranks, [1.0 / 61.0, 1.0 / 62.0 + 1.0 / 61.0, 1.0 / 63.0 + 1.0 / 62.0]);
    }

    #[test]
    fn every_probe_and_feature_is_left_out_once() {
        let variants = variants(Part::Retrieval, &Ranker::shipped());
        let mut names: Vec<&str> = variants.iter().map(|variant| variant.name.as_str()).collect();
        let count = names.len();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), count, "no name twice");
        for name in PROBES.iter().chain(&["consensus", "previous", "answer_quality", "all dense", "all sparse"]) {
            assert!(names.contains(&format!("without {name}").as_str()), "{name}");
        }
        let single = variants.iter().find(|variant| variant.name == "sparse question").unwrap();
        assert_eq!(single.scoring.probes(), Probes { dense: [false; 3], sparse: [true, false, false] });
    }

    #[test]
    fn differences_are_taken_from_the_product() {
        let figures = |hit: f64| [("hit@1".to_owned(), hit), ("coverage".to_owned(), 0.5)].into();
        let mut systems = SystemFigures::from([(RIPOSTE.to_owned(), figures(0.5)), ("last turn".to_owned(), figures(0.375))]);
        add_differences(&mut systems);
        assert_eq!(systems["last turn"].get("diff_hit@1"), Some(&-0.125));
        assert_eq!(systems["last turn"].len(), 3);
        assert_eq!(systems[RIPOSTE].len(), 2);
    }
}
