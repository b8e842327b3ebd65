//! Measures pair mining on replies judged by hand: does a reply answer the customer's question?

use super::dataset::LabelledConversation;
use super::systems::{RIPOSTE, SystemFigures};
use super::workbench::EvalError;
use crate::domain::Role;
use crate::mining::reply::{ANSWER_THRESHOLD, answer_probability};

/// Label of a reply that answers.
const ANSWER: &str = "answer";

/// One judged reply.
struct Judged {
    answers: bool,
    predicted: bool,
    first: bool,
}

/// Precision, recall and F1 of `answer` over judged agent messages; `first_reply` and `every_reply` are what taking the first message of a
/// turn, or all of them, would give.
pub fn pairing(conversations: &[LabelledConversation]) -> Result<(SystemFigures, usize), EvalError> {
    let mut judged: Vec<Judged> = Vec::new();
    for conversation in conversations {
        let mut question = String::new();
        let mut order = 0;
        for (position, message) in conversation.draft.messages.iter().enumerate() {
            if message.role == Role::Customer {
                if order > 0 {
                    question.clear();
                }
                question.push_str(&message.text);
                question.push('\n');
                order = 0;
            } else if message.role == Role::Agent {
                let labels = conversation.label_set(position);
                if !labels.is_empty() {
                    let predicted = answer_probability(question.trim(), &message.text, order) >= ANSWER_THRESHOLD;
                    judged.push(Judged { answers: labels.contains(ANSWER), predicted, first: order == 0 });
                }
                order += 1;
            }
        }
    }
    if judged.is_empty() {
        return Err(EvalError::Unusable("no agent message bears a label; this task needs `answer` and `other`".to_owned()));
    }
    let mut figures = SystemFigures::new();
    for system in [RIPOSTE, "first_reply", "every_reply"] {
        let predicted = |row: &Judged| match system {
            RIPOSTE => row.predicted,
            "first_reply" => row.first,
            _ => true,
        };
        let hits = judged.iter().filter(|row| row.answers && predicted(row)).count() as f64;
        let said = judged.iter().filter(|row| predicted(row)).count() as f64;
        let true_answers = judged.iter().filter(|row| row.answers).count() as f64;
        let of_system = figures.entry(system.to_owned()).or_default();
        of_system.insert("precision".to_owned(), if said > 0.0 { hits / said } else { 0.0 });
        of_system.insert("recall".to_owned(), if true_answers > 0.0 { hits / true_answers } else { 0.0 });
        of_system.insert("f1".to_owned(), if said + true_answers > 0.0 { 2.0 * hits / (said + true_answers) } else { 0.0 });
    }
    Ok((figures, judged.len()))
}
