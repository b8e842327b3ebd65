//! Measures pair mining on replies judged by hand: does a reply answer the customer's question? And learns to tell from such replies.
//!
//! Conversations go through the functions that imports use: masking, [`exchanges`], the encoder, [`Relevance`]. Only what becomes of the probabilities
//! differs: here they are counted, there they make pairs.

pub mod material;

use std::collections::HashSet;

use super::dataset::LabelledConversation;
use super::systems::{RIPOSTE, SystemFigures};
use super::workbench::EvalError;
use crate::domain::{ConversationId, MessageDraft, MessageId, Role};
use crate::embed::Embedder;
use crate::jobs::mining::Vectors;
use crate::mining::pairing::{MaskedConversation, MaskedLine, MinedExchange, exchanges, minable};
use crate::mining::relevance::Relevance;
use crate::mining::relevance::features::rows;
use crate::mining::relevance::learn::{KEPT_PAIRS, Lesson, learn};
use crate::rt;

/// Label of a reply that answers.
const ANSWER: &str = "answer";

/// The model of the product, learnt from the other folds of the set itself instead of from the shipped material.
pub const RIPOSTE_FITTED: &str = "riposte-fitted";

/// Conversations whose replies are embedded at a time.
const BATCH: usize = 500;

/// A conversation as mining sees it.
#[derive(Debug, Clone)]
struct Cut {
    conversation: MaskedConversation,
    exchanges: Vec<MinedExchange>,
    /// For each exchange what was judged of each reply; `None` where a message bears no label.
    answers: Vec<Vec<Option<bool>>>,
}

impl Cut {
    fn of(labelled: &LabelledConversation) -> Self {
        let draft = &labelled.draft;
        let messages: Vec<_> = draft.messages.iter().map(|message| (message.text.as_str(), message.kind)).collect();
        let texts = minable(&messages, &draft.customer_personal);
        let line = |(position, (message, text)): (usize, (&MessageDraft, String))| MaskedLine {
            id: MessageId::derive(&[&draft.external_id, &position.to_string()]),
            role: message.role,
            text,
            at: message.at,
            author: message.author.clone(),
        };
        let conversation = MaskedConversation {
            id: ConversationId::derive(&["mining", &draft.external_id]),
            agent_id: draft.agent_id.clone(),
            lines: draft.messages.iter().zip(texts).enumerate().map(line).collect(),
        };
        let exchanges = exchanges(&conversation);
        let judged = |&place: &usize| {
            let labels = labelled.label_set(place);
            (!labels.is_empty()).then(|| labels.contains(ANSWER))
        };
        let answers = exchanges.iter().map(|exchange| exchange.replies.iter().map(judged).collect()).collect();
        Self { conversation, exchanges, answers }
    }
}

/// One judged reply and what was said of it.
#[derive(Debug, Clone, Copy)]
struct Judged {
    answers: bool,
    shipped: bool,
    fitted: Option<bool>,
    first: bool,
}

/// Precision, recall and F1 of `answer` over judged agent messages, and how many there are. With `folds`, also for the same model learnt on the set
/// itself: conversation number n is judged by weights (and a threshold) learnt from those whose number leaves another remainder. `first_reply` and
/// `every_reply` are what taking the first message of a turn, or all of them, would give.
///
/// A message that bears labels and is no reply to anything (it stands before the customer's first) counts as one that no system takes.
pub async fn mining(
    embedder: &dyn Embedder,
    conversations: &[LabelledConversation],
    relevance: Relevance,
    folds: Option<usize>,
) -> Result<(SystemFigures, usize), EvalError> {
    let labelled = |conversation: &LabelledConversation| conversation.labels.iter().any(|labels| !labels.is_empty());
    if !conversations.iter().any(labelled) {
        return Err(EvalError::Unusable("no agent message bears a label; this task needs `answer` and `other`".to_owned()));
    }
    let mut judged = Vec::new();
    let mut lessons = Vec::new();
    for (number, chunk) in conversations.chunks(BATCH).enumerate() {
        let cuts: Vec<Cut> = chunk.iter().map(Cut::of).collect();
        let vectors = Vectors::of(embedder, cuts.iter().map(|cut| (&cut.conversation, &cut.exchanges[..]))).await?;
        for (place, (cut, conversation)) in cuts.iter().zip(chunk).enumerate() {
            judge(cut, &vectors, &relevance, number * BATCH + place, &mut judged, &mut lessons);
            judged.extend(unreached(cut, conversation));
        }
    }
    if let Some(folds) = folds {
        let fitted = rt::cpu(move || judge_in_folds(lessons, folds)).await?;
        for (judged, fitted) in judged.iter_mut().filter(|reply| reply.fitted.is_none()).zip(fitted) {
            judged.fitted = Some(fitted);
        }
    }
    let n = judged.len();
    Ok((figures(&judged, folds.is_some()), n))
}

/// Judged messages that are no reply of any exchange.
fn unreached(cut: &Cut, conversation: &LabelledConversation) -> Vec<Judged> {
    let reached: HashSet<usize> = cut.exchanges.iter().flat_map(|exchange| exchange.replies.iter().copied()).collect();
    let outside = |place: usize| {
        let labels = conversation.label_set(place);
        let judged = !labels.is_empty() && conversation.draft.messages[place].role == Role::Agent && !reached.contains(&place);
        judged.then(|| Judged { answers: labels.contains(ANSWER), shipped: false, fitted: Some(false), first: false })
    };
    (0..conversation.draft.messages.len()).filter_map(outside).collect()
}

fn judge(cut: &Cut, vectors: &Vectors, relevance: &Relevance, group: usize, judged: &mut Vec<Judged>, lessons: &mut Vec<Lesson>) {
    for (exchange, answers) in cut.exchanges.iter().zip(&cut.answers) {
        let rows = rows(&vectors.exchange(&cut.conversation, exchange));
        for (order, (row, answers)) in rows.into_iter().zip(answers).enumerate() {
            let Some(answers) = *answers else { continue };
            let shipped = relevance.probability(&row) >= relevance.threshold();
            judged.push(Judged { answers, shipped, fitted: None, first: order == 0 });
            lessons.push(Lesson { row, answers, weight: 1.0, group, natural: true });
        }
    }
}

/// Whether each lesson answers, by weights that were learnt without its fold.
fn judge_in_folds(lessons: Vec<Lesson>, folds: usize) -> Vec<bool> {
    let mut judged = vec![false; lessons.len()];
    for fold in 0..folds {
        let others: Vec<Lesson> = lessons.iter().filter(|lesson| lesson.group % folds != fold).cloned().collect();
        let Ok(relevance) = Relevance::new(&learn(&others, "the other folds", KEPT_PAIRS)) else { continue };
        for (judged, lesson) in judged.iter_mut().zip(&lessons).filter(|(_, lesson)| lesson.group % folds == fold) {
            *judged = relevance.probability(&lesson.row) >= relevance.threshold();
        }
    }
    judged
}

fn figures(judged: &[Judged], fitted: bool) -> SystemFigures {
    let mut figures = SystemFigures::new();
    let systems: [(&str, fn(&Judged) -> bool); 4] = [
        (RIPOSTE, |reply| reply.shipped),
        (RIPOSTE_FITTED, |reply| reply.fitted.unwrap_or(false)),
        ("first_reply", |reply| reply.first),
        ("every_reply", |_| true),
    ];
    let answers = judged.iter().filter(|reply| reply.answers).count() as f64;
    for (system, takes) in systems.into_iter().filter(|(system, _)| fitted || *system != RIPOSTE_FITTED) {
        let taken = judged.iter().filter(|reply| takes(reply)).count() as f64;
        let hits = judged.iter().filter(|reply| reply.answers && takes(reply)).count() as f64;
        let of_system = figures.entry(system.to_owned()).or_default();
        of_system.insert("precision".to_owned(), if taken > 0.0 { hits / taken } else { 0.0 });
        of_system.insert("recall".to_owned(), if answers > 0.0 { hits / answers } else { 0.0 });
        of_system.insert("f1".to_owned(), if taken + answers > 0.0 { 2.0 * hits / (taken + answers) } else { 0.0 });
    }
    figures
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::embed::fake::FakeEmbedder;
    use crate::eval::dataset::tests::conversation;

    /// A conversation of (role, text, label); an empty label is none.
    fn labelled(lines: &[(Role, &str, &str)]) -> LabelledConversation {
        let labels: Vec<Vec<&str>> = lines.iter().map(|(_, _, label)| label.split_whitespace().collect()).collect();
        let messages: Vec<(Role, &str, &[&str])> =
            lines.iter().zip(&labels).map(|(&(role, text, _), labels)| (role, text, &labels[..])).collect();
        conversation(&messages)
    }

    /// Sixty questions about one thing each; the reply that names a price answers, whatever stands beside it.
    fn priced() -> Vec<LabelledConversation> {
        (0..60)
            .map(|number| {
                labelled(&[
                    (Role::Customer, ["茶几多少钱", "沙发多少钱", "书桌多少钱"][number % 3], ""),
                    (Role::Agent, ["您贵姓", "我们是老店"][number % 2], "other"),
                    (Role::Agent, ["三百八十元", "一千二百元", "九十元"][number % 3], "answer"),
                    (Role::Agent, "送货上门", "other"),
                ])
            })
            .collect()
    }

    #[tokio::test]
    async fn what_tells_answers_apart_in_a_set_is_learnt_from_its_other_folds() {
        let (figures, n) = mining(&FakeEmbedder::new(8), &priced(), Relevance::shipped(), Some(5)).await.unwrap();
        assert_eq!(n, 180);
        assert!(figures[RIPOSTE_FITTED]["f1"] > 0.95, "{figures:?}");
        assert_eq!(figures["first_reply"]["recall"], 0.0);
        assert!((figures["every_reply"]["precision"] - 1.0 / 3.0).abs() < 1e-9);
    }

    #[tokio::test]
    async fn without_folds_nothing_is_learnt() {
        let (figures, _) = mining(&FakeEmbedder::new(8), &priced(), Relevance::shipped(), None).await.unwrap();
        assert!(!figures.contains_key(RIPOSTE_FITTED));
    }

    #[tokio::test]
    async fn an_answer_that_mining_never_reaches_is_missed() {
        let set =
            [labelled(&[(Role::Agent, "茶几三百八十元", "answer"), (Role::Customer, "茶几多少钱", ""), (Role::Agent, "您贵姓", "other")])];
        let (figures, n) = mining(&FakeEmbedder::new(8), &set, Relevance::shipped(), None).await.unwrap();
        assert_eq!(n, 2);
        assert_eq!(figures[RIPOSTE]["recall"], 0.0);
    }

    #[tokio::test]
    async fn a_set_without_labels_is_refused() {
        let set = [labelled(&[(Role::Customer, "茶几多少钱", ""), (Role::Agent, "三百八十元", "")])];
        assert!(matches!(mining(&FakeEmbedder::new(8), &set, Relevance::shipped(), None).await, Err(EvalError::Unusable(_))));
    }
}
