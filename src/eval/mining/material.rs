//! What reply relevance is learnt from, and the learning itself.
//!
//! Three kinds of material, each optional: conversations whose replies are judged; archives, where a reply of the customer's own turn counts as an
//! answer unless it is a canned phrase or a question, and what was said to later turns as none; authored groups, of which exchanges are made up.
//! Everything drawn is drawn with a fixed seed.

use std::collections::HashMap;

use super::Cut;
use crate::domain::random::SplitMix64;
use crate::domain::{Language, Role};
use crate::embed::{Embedder, TextKind};
use crate::eval::dataset::{LabelledConversation, Trade};
use crate::eval::metrics::mean;
use crate::eval::workbench::{EvalError, embed_all};
pub use crate::mining::relevance::learn::KEPT_PAIRS;

use crate::mining::relevance::features::rows;
use crate::mining::relevance::learn::{Lesson, best_threshold, cross_judged, learn};
use crate::mining::relevance::{Exchange, RelevanceWeights, Reply};
use crate::rt;
use crate::text::acts::{AgentAct, agent_act};
use crate::text::language::detect;

/// Replies of an exchange at most; later ones are left out.
const MAX_REPLIES: usize = 6;

/// Where several kinds of material are given, each counts as so many lessons at most, so that the largest does not decide.
const BALANCED: f32 = 750.0;

/// Authored groups count half: their answers are longer and cleaner than what agents type.
const AUTHORED_SHARE: f32 = 0.5;

/// Folds of the figure that is told with the weights.
const FOLDS: usize = 5;

/// What is learnt from.
#[derive(Debug, Default)]
pub struct Material {
    /// Conversations whose replies bear `answer` or another label.
    pub labelled: Vec<LabelledConversation>,
    /// Conversations without such labels.
    pub archive: Vec<LabelledConversation>,
    /// Authored groups.
    pub authored: Vec<Trade>,
}

/// What learning gave.
#[derive(Debug, Clone)]
pub struct FittedRelevance {
    /// The weights, learnt from everything.
    pub weights: RelevanceWeights,
    /// Replies learnt from.
    pub lessons: usize,
    /// F1 of `answer` on the labelled conversations (on the archives where there are none), judged by weights that had not seen the conversation.
    pub f1: f64,
}

/// A question and judged replies to it.
#[derive(Debug, Clone, PartialEq)]
struct Scene {
    question: String,
    /// Text, and whether it answers; `None` for what is only there.
    replies: Vec<(String, Option<bool>)>,
    group: usize,
    kind: Kind,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Labelled,
    /// A labelled exchange with what was said to later turns behind it.
    RunOn,
    Archive,
    Authored,
}

/// Learns weights from `material`; of hashed pairs the `kept_pairs` largest.
///
/// # Errors
/// When there is nothing to learn from, or no vector.
pub async fn fit_mining(
    embedder: &dyn Embedder,
    material: &Material,
    fitted_on: &str,
    kept_pairs: usize,
) -> Result<FittedRelevance, EvalError> {
    let scenes = scenes(material);
    let lessons = lessons(embedder, &scenes).await?;
    let both = lessons.iter().any(|(lesson, _)| lesson.answers) && lessons.iter().any(|(lesson, _)| !lesson.answers);
    if !both {
        return Err(EvalError::Unusable(
            "there is nothing to learn from: give conversations with replies that bear `answer` and replies that bear another label"
                .to_owned(),
        ));
    }
    let name = fitted_on.to_owned();
    let (weights, lessons, f1) = rt::cpu(move || {
        let (lessons, kinds): (Vec<Lesson>, Vec<Kind>) = lessons.into_iter().unzip();
        let measured = if kinds.contains(&Kind::Labelled) { Kind::Labelled } else { Kind::Archive };
        let f1 = held_out_f1(&lessons, &kinds, measured);
        (learn(&lessons, &name, kept_pairs), lessons.len(), f1)
    })
    .await?;
    Ok(FittedRelevance { weights, lessons, f1 })
}

/// F1 on lessons of one kind; each fold is judged with the threshold of the other folds.
fn held_out_f1(lessons: &[Lesson], kinds: &[Kind], measured: Kind) -> f64 {
    let judged = cross_judged(lessons, FOLDS);
    let of_fold = |fold: usize, inside: bool| -> Vec<(f32, bool)> {
        let wanted = |place: &usize| kinds[*place] == measured && (lessons[*place].group % FOLDS == fold) == inside;
        (0..lessons.len()).filter(wanted).map(|place| (judged[place], lessons[place].answers)).collect()
    };
    let f1 = |fold: usize| {
        let threshold = best_threshold(&of_fold(fold, false));
        let replies = of_fold(fold, true);
        let hits = replies.iter().filter(|(probability, answers)| *answers && *probability >= threshold).count() as f64;
        let taken = replies.iter().filter(|(probability, _)| *probability >= threshold).count() as f64;
        let answers = replies.iter().filter(|(_, answers)| *answers).count() as f64;
        (taken + answers > 0.0).then(|| 2.0 * hits / (taken + answers))
    };
    mean((0..FOLDS).filter_map(f1)).unwrap_or(0.0)
}

async fn lessons(embedder: &dyn Embedder, scenes: &[Scene]) -> Result<Vec<(Lesson, Kind)>, EvalError> {
    let questions: Vec<String> = scenes.iter().map(|scene| scene.question.clone()).collect();
    let question_vectors = embed_all(embedder, &questions, TextKind::Query).await?;
    let mut replies: Vec<String> = scenes.iter().flat_map(|scene| scene.replies.iter().map(|(text, _)| text.clone())).collect();
    replies.sort_unstable();
    replies.dedup();
    let vectors = embed_all(embedder, &replies, TextKind::Passage).await?;
    let vector_of: HashMap<&str, &Vec<f32>> = replies.iter().map(String::as_str).zip(&vectors).collect();
    let mut lessons = Vec::new();
    for (scene, vector) in scenes.iter().zip(&question_vectors) {
        let replies = scene.replies.iter().map(|(text, _)| Reply { text, vector: vector_of[text.as_str()] }).collect();
        let exchange = Exchange { question: &scene.question, vector, replies };
        for (row, (_, answers)) in rows(&exchange).into_iter().zip(&scene.replies) {
            let Some(answers) = *answers else { continue };
            let lesson = Lesson { row, answers, weight: 1.0, group: scene.group, natural: scene.kind != Kind::Authored };
            lessons.push((lesson, scene.kind));
        }
    }
    balance(&mut lessons);
    Ok(lessons)
}

fn balance(lessons: &mut [(Lesson, Kind)]) {
    let sources: [(&[Kind], f32); 3] =
        [(&[Kind::Labelled, Kind::RunOn], 1.0), (&[Kind::Archive], 1.0), (&[Kind::Authored], AUTHORED_SHARE)];
    let count = |kinds: &[Kind]| lessons.iter().filter(|(_, kind)| kinds.contains(kind)).count();
    let counts: Vec<usize> = sources.iter().map(|(kinds, _)| count(kinds)).collect();
    if counts.iter().filter(|count| **count > 0).count() < 2 {
        return;
    }
    for ((kinds, share), count) in sources.into_iter().zip(counts) {
        let weight = (share * BALANCED / count.max(1) as f32).min(1.0);
        for (lesson, _) in lessons.iter_mut().filter(|(_, kind)| kinds.contains(kind)) {
            lesson.weight = weight;
        }
    }
}

fn scenes(material: &Material) -> Vec<Scene> {
    let mut scenes = Vec::new();
    let mut group = 0;
    for conversation in &material.labelled {
        let exchanges = exchanges_of(&Cut::of(conversation), |_, judged| judged);
        for (place, (question, own)) in exchanges.iter().enumerate() {
            scenes.push(Scene { question: question.clone(), replies: own.clone(), group, kind: Kind::Labelled });
            if place + 1 < exchanges.len() {
                scenes.push(Scene { question: question.clone(), replies: run_on(&exchanges[place..]), group, kind: Kind::RunOn });
            }
        }
        group += 1;
    }
    for conversation in &material.archive {
        let exchanges = exchanges_of(&Cut::of(conversation), |text, _| Some(agent_act(text) == AgentAct::Answer));
        for place in 0..exchanges.len() {
            let replies = run_on(&exchanges[place..]);
            // A single reply with nothing beside it teaches nothing about telling replies apart.
            if replies.len() >= 2 {
                scenes.push(Scene { question: exchanges[place].0.clone(), replies, group, kind: Kind::Archive });
            }
        }
        group += 1;
    }
    let fillers = fillers(&material.labelled);
    let mut random = SplitMix64::new(1);
    for trade in &material.authored {
        for place in 0..trade.intents.len() {
            let language = if place % 3 == 2 { Language::En } else { Language::Zh };
            scenes.extend(authored_scene(trade, place, language, &fillers, &mut random).map(|scene| Scene { group, ..scene }));
            group += 1;
        }
    }
    scenes
}

/// Each exchange's question and replies, with what `judge` makes of a reply's text and label.
fn exchanges_of(cut: &Cut, judge: impl Fn(&str, Option<bool>) -> Option<bool>) -> Vec<(String, Vec<(String, Option<bool>)>)> {
    let texts = |replies: &[usize], answers: &[Option<bool>]| -> Vec<(String, Option<bool>)> {
        let text = |place: usize| cut.conversation.lines[place].text.clone();
        replies.iter().zip(answers).map(|(&place, answers)| (text(place), judge(&cut.conversation.lines[place].text, *answers))).collect()
    };
    cut.exchanges
        .iter()
        .zip(&cut.answers)
        .map(|(exchange, answers)| (exchange.moment.question.clone(), texts(&exchange.replies, answers)))
        .collect()
}

/// The first exchange's replies, and those to later turns behind them, which answer something else: what a long turn of an agent looks like.
fn run_on(exchanges: &[(String, Vec<(String, Option<bool>)>)]) -> Vec<(String, Option<bool>)> {
    let later = exchanges[1..].iter().flat_map(|(_, replies)| replies.iter().map(|(text, _)| (text.clone(), Some(false))));
    exchanges[0].1.iter().cloned().chain(later).take(MAX_REPLIES).collect()
}

/// What agents say beside answers, by language.
fn fillers(labelled: &[LabelledConversation]) -> HashMap<Language, Vec<String>> {
    let mut fillers: HashMap<Language, Vec<String>> = HashMap::new();
    for conversation in labelled {
        for (place, message) in conversation.draft.messages.iter().enumerate() {
            let labels = conversation.label_set(place);
            if message.role == Role::Agent && !labels.is_empty() && !labels.contains(super::ANSWER) {
                fillers.entry(detect(&message.text)).or_default().push(message.text.clone());
            }
        }
    }
    fillers
}

fn authored_scene(
    trade: &Trade,
    place: usize,
    language: Language,
    fillers: &HashMap<Language, Vec<String>>,
    random: &mut SplitMix64,
) -> Option<Scene> {
    let asked = trade.intents[place].in_language(language);
    let question = draw(&asked.wordings, random)?.clone();
    let answer = draw(&asked.answers, random)?;
    let answering: Vec<String> =
        if random.next_unit() < 0.5 { sentences(answer).into_iter().take(3).collect() } else { vec![answer.clone()] };
    let mut others = Vec::new();
    for _ in 0..=(random.next_u64() % 3) {
        let other = draw(&trade.intents, random)?;
        let said = draw(&other.in_language(language).answers, random)?;
        if other.id != trade.intents[place].id {
            others.push(if random.next_unit() < 0.5 { draw(&sentences(said), random)?.clone() } else { said.clone() });
        }
    }
    for _ in 0..(random.next_u64() % 3) {
        others.extend(fillers.get(&language).and_then(|fillers| draw(fillers, random)).cloned());
    }
    random.shuffle(&mut others);
    let mut replies: Vec<(String, Option<bool>)> = others.into_iter().map(|text| (text, Some(false))).collect();
    // One exchange in four has no answer in it.
    if replies.is_empty() || random.next_unit() >= 0.25 {
        let behind = if random.next_unit() < 0.6 { random.next_u64() % 2 } else { random.next_u64() % (replies.len() as u64 + 1) };
        let at = replies.len().min(behind as usize);
        replies.splice(at..at, answering.into_iter().map(|text| (text, Some(true))));
    }
    replies.truncate(MAX_REPLIES);
    Some(Scene { question, replies, group: 0, kind: Kind::Authored })
}

fn draw<'a, T>(items: &'a [T], random: &mut SplitMix64) -> Option<&'a T> {
    if items.is_empty() { None } else { items.get((random.next_u64() % items.len() as u64) as usize) }
}

/// Cuts a text behind sentence ends; never empty for a text that is not.
fn sentences(text: &str) -> Vec<String> {
    let parts = text.split_inclusive(['。', '！', '？', '；', ';', '!', '?']).flat_map(|part| part.split_inclusive(". "));
    parts.map(str::trim).filter(|part| !part.is_empty()).map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::embed::fake::FakeEmbedder;
    use crate::eval::dataset::tests::conversation;
    use crate::eval::dataset::{AuthoredIntent, Phrasing};
    use crate::mining::relevance::Relevance;

    /// A conversation of (role, text, label); an empty label is none.
    fn labelled(lines: &[(Role, &str, &str)]) -> LabelledConversation {
        let labels: Vec<Vec<&str>> = lines.iter().map(|(_, _, label)| label.split_whitespace().collect()).collect();
        let messages: Vec<(Role, &str, &[&str])> =
            lines.iter().zip(&labels).map(|(&(role, text, _), labels)| (role, text, &labels[..])).collect();
        conversation(&messages)
    }

    fn two_turns() -> LabelledConversation {
        labelled(&[
            (Role::Customer, "这张茶几多少钱", ""),
            (Role::Agent, "您好", "other"),
            (Role::Agent, "三百八十元", "answer"),
            (Role::Customer, "什么时候能送到", ""),
            (Role::Agent, "后天上午", "answer"),
            (Role::Agent, "您贵姓", ""),
        ])
    }

    #[test]
    fn what_answers_a_later_question_does_not_answer_this_one() {
        let scenes = scenes(&Material { labelled: vec![two_turns()], ..Material::default() });
        let run_on = scenes.iter().find(|scene| scene.kind == Kind::RunOn).expect("the first turn runs on");
        assert_eq!(run_on.question, "这张茶几多少钱");
        assert_eq!(run_on.replies[1], ("三百八十元".to_owned(), Some(true)));
        assert_eq!(run_on.replies[2], ("后天上午".to_owned(), Some(false)));
        assert_eq!(scenes.iter().filter(|scene| scene.kind == Kind::Labelled).count(), 2);
        // A reply without a label stands beside the others and teaches nothing itself.
        assert_eq!(scenes.last().expect("a scene").replies[1], ("您贵姓".to_owned(), None));
    }

    #[test]
    fn an_archive_teaches_by_what_messages_do() {
        let scenes = scenes(&Material { archive: vec![two_turns()], ..Material::default() });
        assert_eq!(scenes[0].replies[0], ("您好".to_owned(), Some(false)));
        assert_eq!(scenes[0].replies[1], ("三百八十元".to_owned(), Some(true)));
    }

    #[test]
    fn authored_answers_stand_beside_those_to_other_questions() {
        let intent = |name: &str| {
            let phrasing = Phrasing {
                wordings: vec![format!("{name}怎么办"), format!("想问{name}")],
                answers: vec![format!("{name}这样办。先看，再填。")],
            };
            AuthoredIntent { id: name.to_owned(), zh: phrasing.clone(), en: phrasing }
        };
        let trade = Trade { name: "a".to_owned(), intents: ["退货", "换货", "开票", "催单", "保修"].map(intent).to_vec() };
        let scenes = scenes(&Material { authored: vec![trade.clone()], ..Material::default() });
        assert_eq!(scenes.len(), 5);
        for (scene, intent) in scenes.iter().zip(&trade.intents) {
            assert!(scene.question.contains(&intent.id));
            for (text, answers) in &scene.replies {
                if *answers == Some(true) {
                    assert!(intent.zh.answers[0].contains(text), "{text} for {}", scene.question);
                } else {
                    assert!(!text.contains(&intent.id), "{text} for {}", scene.question);
                }
            }
        }
    }

    #[tokio::test]
    async fn weights_can_be_learnt_and_read_again() {
        let labelled: Vec<LabelledConversation> = (0..10).map(|_| two_turns()).collect();
        let fitted = fit_mining(&FakeEmbedder::new(8), &Material { labelled, ..Material::default() }, "a test", 100).await.unwrap();
        assert!(fitted.f1 > 0.9, "{}", fitted.f1);
        let json = serde_json::to_string(&fitted.weights).unwrap();
        assert!(Relevance::from_json(&json).is_ok());
        assert!(fit_mining(&FakeEmbedder::new(8), &Material::default(), "nothing", 100).await.is_err());
    }
}
