//! Tasks over authored groups: does a wording find another one of its group, and the group's answer? And which weight of the words in the
//! sum of words and vectors finds most? One trade and language is one archive.
//!
//! Every wording is asked and left out of what it is asked against. The word statistics of BM25 count it, as an archive counts every text.

use super::bm25::{Bm25, baseline_terms};
use super::dataset::Trade;
use super::systems::{BM25, DENSE, FigureMeans, SUM, SUM_WEIGHT, SystemFigures, sum_scores};
use super::workbench::{EvalError, embed_all};
use crate::domain::Language;
use crate::embed::{Embedder, TextKind};
use crate::retrieve::encode::dot;

const LANGUAGES: [Language; 2] = [Language::Zh, Language::En];

/// Weights tried by [`weight_curve`]: 0 to 1.5 in steps of 0.05.
const GRID_STEPS: u16 = 30;

/// One trade's texts of one sort in one language, and which group each belongs to.
struct Texts {
    terms: Vec<Vec<String>>,
    vectors: Vec<Vec<f32>>,
    groups: Vec<usize>,
}

/// One question against its archive: the scores of every text that may be found, in order, and which of them are right.
struct Asked {
    cosines: Vec<f32>,
    words: Vec<f32>,
    right: Vec<bool>,
}

/// How often the first text found has the question's intent (`zh/acc@1`, `en/acc@1`), and how often the first answer found is an answer to
/// it (`zh/answer@1`, `en/answer@1`), over all wordings of all trades; asks `limit` wordings at most. Also tells how many were asked.
pub async fn authored(embedder: &dyn Embedder, trades: &[Trade], limit: Option<usize>) -> Result<(SystemFigures, usize), EvalError> {
    let mut means = FigureMeans::default();
    let mut asked = 0;
    for trade in trades {
        for language in LANGUAGES {
            let left = limit.map_or(usize::MAX, |limit| limit - asked);
            if left == 0 {
                return Ok((means.means(), asked));
            }
            let wordings = wordings(embedder, trade, language).await?;
            let answers = answers(embedder, trade, language).await?;
            let (by_wording, by_answer) =
                crate::rt::cpu(move || (ask_each_other(&wordings, left), ask_answers(&wordings, &answers, left))).await?;
            asked += by_wording.len();
            for (task, questions) in [("acc@1", by_wording), ("answer@1", by_answer)] {
                let figure = format!("{}/{task}", language.as_str());
                for question in questions {
                    means.add(BM25, &figure, f64::from(question.first_by_words()));
                    means.add(DENSE, &figure, f64::from(question.first_by_sum(0.0)));
                    means.add(SUM, &figure, f64::from(question.first_by_sum(SUM_WEIGHT)));
                }
            }
        }
    }
    Ok((means.means(), asked))
}

/// Finds the weight of BM25 beside the cosine with which most wordings find their like: `zh/acc@1`, `en/acc@1` and the mean of the two,
/// `acc@1`, as systems `w=0.00` to `w=1.50`, and as system `best` those of the best `weight` (of equally good ones the smallest). Asks
/// `limit` wordings at most; also tells how many were asked.
///
/// An encoder that has learnt these texts needs no words to find them: its best weight is too small for any other text.
pub async fn weight_curve(embedder: &dyn Embedder, trades: &[Trade], limit: Option<usize>) -> Result<(SystemFigures, usize), EvalError> {
    let grid: Vec<f32> = (0..=GRID_STEPS).map(|step| f32::from(step) * 0.05).collect();
    let mut means = FigureMeans::default();
    let mut asked = 0;
    for trade in trades {
        for language in LANGUAGES {
            let left = limit.map_or(usize::MAX, |limit| limit - asked);
            if left == 0 {
                continue;
            }
            let wordings = wordings(embedder, trade, language).await?;
            let weights = grid.clone();
            let found = crate::rt::cpu(move || {
                let questions = ask_each_other(&wordings, left);
                questions.iter().map(|question| weights.iter().map(|&weight| question.first_by_sum(weight)).collect()).collect()
            });
            let found: Vec<Vec<bool>> = found.await?;
            asked += found.len();
            let figure = format!("{}/acc@1", language.as_str());
            for question in found {
                for (weight, right) in grid.iter().zip(question) {
                    means.add(&format!("w={weight:.2}"), &figure, f64::from(right));
                }
            }
        }
    }
    let mut curve = means.means();
    for figures in curve.values_mut() {
        let mean = figures.values().sum::<f64>() / figures.len() as f64;
        figures.insert("acc@1".to_owned(), mean);
    }
    let mut best = None;
    for weight in &grid {
        let Some(figures) = curve.get(&format!("w={weight:.2}")) else { continue };
        if best.as_ref().is_none_or(|(_, before): &(f32, f64)| figures["acc@1"] > *before) {
            best = Some((*weight, figures["acc@1"]));
        }
    }
    if let Some((weight, _)) = best {
        let mut figures = curve[&format!("w={weight:.2}")].clone();
        // Rounded to what the rows say: 0.05 is no binary fraction.
        figures.insert("weight".to_owned(), (f64::from(weight) * 100.0).round() / 100.0);
        curve.insert("best".to_owned(), figures);
    }
    Ok((curve, asked))
}

async fn wordings(embedder: &dyn Embedder, trade: &Trade, language: Language) -> Result<Texts, EvalError> {
    let texts = trade.intents.iter().map(|intent| intent.in_language(language).wordings.as_slice());
    // Both sides of the search are questions.
    gather(embedder, texts, TextKind::Query).await
}

async fn answers(embedder: &dyn Embedder, trade: &Trade, language: Language) -> Result<Texts, EvalError> {
    let texts = trade.intents.iter().map(|intent| intent.in_language(language).answers.as_slice());
    gather(embedder, texts, TextKind::Passage).await
}

async fn gather(embedder: &dyn Embedder, groups: impl Iterator<Item = &[String]>, kind: TextKind) -> Result<Texts, EvalError> {
    let (mut texts, mut places) = (Vec::new(), Vec::new());
    for (group, members) in groups.enumerate() {
        texts.extend_from_slice(members);
        places.resize(texts.len(), group);
    }
    let terms = texts.iter().map(|text| baseline_terms(text)).collect();
    Ok(Texts { terms, vectors: embed_all(embedder, &texts, kind).await?, groups: places })
}

/// The first `limit` texts, each asked against all others.
fn ask_each_other(texts: &Texts, limit: usize) -> Vec<Asked> {
    let mut asked = ask_answers(texts, texts, limit);
    for (place, question) in asked.iter_mut().enumerate() {
        question.cosines.remove(place);
        question.words.remove(place);
        question.right.remove(place);
    }
    asked
}

/// The first `limit` questions, each asked against every answer.
fn ask_answers(questions: &Texts, answers: &Texts, limit: usize) -> Vec<Asked> {
    let bm25 = Bm25::new(&answers.terms);
    let places = 0..questions.groups.len().min(limit);
    let ask = |place: usize| Asked {
        cosines: answers.vectors.iter().map(|vector| dot(vector, &questions.vectors[place])).collect(),
        words: bm25.scores(&questions.terms[place]),
        right: answers.groups.iter().map(|group| *group == questions.groups[place]).collect(),
    };
    places.map(ask).collect()
}

impl Asked {
    /// Whether the first text by BM25 is right; nothing is found where no text shares a word with the question.
    fn first_by_words(&self) -> bool {
        first(&self.words).is_some_and(|place| self.words[place] > 0.0 && self.right[place])
    }

    /// Whether the first text by the sum is right; by cosine alone, with weight 0.
    fn first_by_sum(&self, weight: f32) -> bool {
        first(&sum_scores(&self.cosines, &self.words, weight)).is_some_and(|place| self.right[place])
    }
}

/// The place of the best score, the first of equal ones.
fn first(scores: &[f32]) -> Option<usize> {
    let mut best: Option<usize> = None;
    for (place, score) in scores.iter().enumerate() {
        if best.is_none_or(|before| *score > scores[before]) {
            best = Some(place);
        }
    }
    best
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::embed::fake::FakeEmbedder;
    use crate::eval::dataset::{AuthoredIntent, Phrasing};

    fn texts(rows: &[(&str, [f32; 2], usize)]) -> Texts {
        Texts {
            terms: rows.iter().map(|row| baseline_terms(row.0)).collect(),
            vectors: rows.iter().map(|row| row.1.to_vec()).collect(),
            groups: rows.iter().map(|row| row.2).collect(),
        }
    }

    /// By vectors the first two are alike, by words the first and the third.
    fn sample() -> Texts {
        texts(&[("refund fee", [1.0, 0.0], 0), ("delivery", [0.9, 0.4], 1), ("refund when", [0.6, 0.8], 0)])
    }

    #[test]
    fn a_question_never_finds_itself() {
        let asked = ask_each_other(&sample(), usize::MAX);
        assert_eq!(asked.len(), 3);
        assert_eq!(asked[0].cosines, [0.9, 0.6]);
        assert_eq!(asked[0].right, [false, true]);
        assert_eq!(asked[1].right, [false, false]);
        assert!(asked[2].words[0] > 0.0 && asked[2].words[1] == 0.0);
        assert_eq!(ask_each_other(&sample(), 1).len(), 1);
    }

    #[test]
    fn words_decide_when_they_weigh_enough() {
        let asked = ask_each_other(&sample(), usize::MAX);
        assert!(asked[0].first_by_words());
        // 0.9 against 0.6 + weight.
        assert!(!asked[0].first_by_sum(0.0) && !asked[0].first_by_sum(0.25) && asked[0].first_by_sum(0.35));
        assert!(!asked[1].first_by_words(), "no word in common finds nothing");
    }

    #[test]
    fn questions_look_for_their_answers() {
        let answers = texts(&[("delivery takes a day", [0.0, 1.0], 1), ("a refund takes a week", [1.0, 0.0], 0)]);
        let asked = ask_answers(&sample(), &answers, usize::MAX);
        assert_eq!(asked.iter().map(Asked::first_by_words).collect::<Vec<_>>(), [true, true, true]);
        assert_eq!(asked.iter().map(|question| question.first_by_sum(0.0)).collect::<Vec<_>>(), [true, false, false]);
        assert_eq!(first(&[0.5, 1.0, 1.0]), Some(1));
        assert_eq!(first(&[]), None);
    }

    fn phrasing(wordings: [&str; 2], answer: &str) -> Phrasing {
        Phrasing { wordings: wordings.map(str::to_owned).to_vec(), answers: vec![answer.to_owned()] }
    }

    fn trade() -> Trade {
        let intent = |id: &str, zh, en| AuthoredIntent { id: id.to_owned(), zh, en };
        Trade {
            name: "shop".to_owned(),
            intents: vec![
                intent(
                    "shop-1",
                    phrasing(["怎么申请退款", "退款怎么申请呢"], "在订单里申请退款"),
                    phrasing(["how do I get a refund", "get a refund please"], "Ask for a refund in your order."),
                ),
                intent(
                    "shop-2",
                    phrasing(["快递到哪了", "我的快递到哪里了"], "快递明天送到"),
                    phrasing(["where is my parcel", "where is the parcel now"], "Your parcel arrives tomorrow."),
                ),
            ],
        }
    }

    #[test]
    fn figures_of_a_trade() {
        let embedder = FakeEmbedder::default();
        let (figures, asked) = block_on_runtime(authored(&embedder, &[trade()], None));
        assert_eq!(asked, 8);
        assert_eq!(figures.keys().collect::<Vec<_>>(), ["bm25", "dense", "sum"]);
        for (system, figures) in &figures {
            assert_eq!(figures.keys().collect::<Vec<_>>(), ["en/acc@1", "en/answer@1", "zh/acc@1", "zh/answer@1"], "{system}");
            assert_eq!(figures["zh/acc@1"], 1.0, "{system}");
        }
        let (figures, asked) = block_on_runtime(authored(&embedder, &[trade()], Some(3)));
        assert_eq!(asked, 3);
        assert_eq!(figures["sum"].keys().collect::<Vec<_>>(), ["zh/acc@1", "zh/answer@1"], "Chinese is asked first");
    }

    #[test]
    fn the_curve_names_its_best_weight() {
        let embedder = FakeEmbedder::default();
        let (curve, asked) = block_on_runtime(weight_curve(&embedder, &[trade()], None));
        assert_eq!(asked, 8);
        assert_eq!(curve.len(), 32);
        let mean = f64::midpoint(curve["w=0.05"]["zh/acc@1"], curve["w=0.05"]["en/acc@1"]);
        assert!((curve["w=0.05"]["acc@1"] - mean).abs() < 1e-12);
        let best = curve.iter().filter(|row| row.0 != "best").map(|row| row.1["acc@1"]).fold(0.0, f64::max);
        assert_eq!(curve["best"]["acc@1"], best);
        let row = format!("w={:.2}", curve["best"]["weight"]);
        assert_eq!(curve[&row]["acc@1"], best);
        assert!(curve.range("w=".to_owned()..row).all(|smaller| smaller.1["acc@1"] < best));
    }

    fn block_on_runtime<T>(task: impl Future<Output = Result<T, EvalError>>) -> T {
        tokio::runtime::Builder::new_multi_thread().build().unwrap().block_on(task).unwrap()
    }
}
