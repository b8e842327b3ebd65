//! Cuts conversations into question/answer pairs. Pure: a masked conversation in, pairs out.
//!
//! For every customer turn that the company answers, one pair is made, in two steps, because judging replies needs their vectors: [`exchanges`] finds what
//! was asked and what was said to it, [`pairs`] makes pairs of that and of each reply's probability ([`super::relevance`]). The question comes from
//! [`Moment::of`] over everything said so far; replies are what humans said up to the customer's next turn, without bot or system text. While an agent
//! only asks to wait, the customer's "ok" does not end the search for the answer.
//!
//! The answer is made of the replies that probably answer, without canned openings, "please wait", transfers and closings; where none probably does, of all that
//! are none of these, and its low quality tells. What the pair is ([`PairKind`]) and how it went on ([`Outcome`]) is noted; nothing is thrown away silently.

use crate::domain::{Conversation, ConversationId, MessageId, MessageKind, Outcome, PairDraft, PairId, PairKind, Role, Timestamp};
use crate::retrieve::lexical::context_terms;
use crate::text::acts::{AgentAct, CustomerAct, agent_act, customer_act};
use crate::text::language::detect;
use crate::text::mask::mask_conversation;
use crate::text::moment::{Line, Moment, clip};
use crate::text::normalise::{answer_key, clean};

/// Longest answer kept, in characters; longer ones are letters, not replies, and are cut at the end.
pub const MAX_ANSWER_CHARS: usize = 2_000;

/// How much of one message is looked at, in characters. A pasted log of megabytes stays whole in the archive, its beginning is mined.
pub const MAX_MESSAGE_CHARS: usize = 8_000;

/// One message, cleaned and masked.
#[derive(Debug, Clone, PartialEq)]
pub struct MaskedLine {
    /// The message.
    pub id: MessageId,
    /// Who speaks.
    pub role: Role,
    /// Masked text; media show as `[image]` and the like.
    pub text: String,
    /// When.
    pub at: Option<Timestamp>,
    /// The speaker, if the source names one.
    pub author: Option<String>,
}

/// A conversation ready for mining.
#[derive(Debug, Clone, PartialEq)]
pub struct MaskedConversation {
    /// The conversation.
    pub id: ConversationId,
    /// The conversation's agent, for messages that name none.
    pub agent_id: Option<String>,
    /// Its messages.
    pub lines: Vec<MaskedLine>,
}

impl MaskedConversation {
    /// Cleans and masks every message.
    #[must_use]
    pub fn of(conversation: &Conversation) -> Self {
        let messages: Vec<_> = conversation.messages.iter().map(|message| (message.text.as_str(), message.kind)).collect();
        let texts = minable(&messages, &conversation.customer_personal);
        let lines = conversation.messages.iter().zip(texts).map(|(message, text)| MaskedLine {
            id: message.id,
            role: message.role,
            text,
            at: message.at,
            author: message.author.clone(),
        });
        Self { id: conversation.id, agent_id: conversation.agent_id.clone(), lines: lines.collect() }
    }
}

/// The messages of one conversation as mining reads them: cleaned, masked (names and numbers of `personal` always), media shown as `[image]` and the like.
#[must_use]
pub fn minable(messages: &[(&str, MessageKind)], personal: &[String]) -> Vec<String> {
    let cleaned: Vec<String> = messages.iter().map(|(text, _)| clean(&clip(text, MAX_MESSAGE_CHARS))).collect();
    let shown = |(&(_, kind), words): (&(&str, MessageKind), String)| match kind {
        MessageKind::Text => words,
        kind if words.is_empty() => format!("[{}]", kind.as_str()),
        kind => format!("[{}] {words}", kind.as_str()),
    };
    messages.iter().zip(mask_conversation(&cleaned, personal)).map(shown).collect()
}

/// A customer's question and where the agent's replies to it stand.
#[derive(Debug, Clone, PartialEq)]
pub struct MinedExchange {
    /// What is asked.
    pub moment: Moment,
    /// Places of the replies among the conversation's lines, ascending, at least one.
    pub replies: Vec<usize>,
}

/// Finds every customer turn that the company answers.
#[must_use]
pub fn exchanges(conversation: &MaskedConversation) -> Vec<MinedExchange> {
    let lines: Vec<Line<'_>> = conversation.lines.iter().map(|line| Line { role: line.role, text: &line.text, at: line.at }).collect();
    let mut exchanges = Vec::new();
    let mut position = 0;
    while let Some(reply_start) = next_reply(&conversation.lines, position) {
        let Some(moment) = Moment::of(&lines[..reply_start]) else {
            position = reply_start + 1;
            continue;
        };
        let reply_end = reply_end(&conversation.lines, reply_start);
        let reach = if moment.act.is_small_talk() { reply_end } else { answer_reach(&conversation.lines, reply_start, reply_end) };
        let said = |place: &usize| conversation.lines[*place].role == Role::Agent && !conversation.lines[*place].text.trim().is_empty();
        let replies: Vec<usize> = (reply_start..reach).filter(said).collect();
        if !replies.is_empty() {
            exchanges.push(MinedExchange { moment, replies });
        }
        position = reply_end;
    }
    exchanges
}

/// Makes one pair of every exchange. `judged` holds, for each exchange, each reply's probability to answer (0–1); from `threshold` on a reply counts as an answer.
///
/// # Panics
/// When `judged` has another shape than `exchanges`.
#[must_use]
pub fn pairs(conversation: &MaskedConversation, exchanges: &[MinedExchange], judged: &[Vec<f32>], threshold: f32) -> Vec<PairDraft> {
    assert_eq!(exchanges.len(), judged.len(), "every exchange is judged");
    let mut pairs: Vec<PairDraft> =
        exchanges.iter().zip(judged).filter_map(|(exchange, judged)| pair_of(conversation, exchange, judged, threshold)).collect();
    note_outcomes(&mut pairs, conversation);
    pairs
}

/// The next human agent message behind a customer message, from `from` on.
fn next_reply(lines: &[MaskedLine], from: usize) -> Option<usize> {
    let customer = (from..lines.len()).find(|&position| lines[position].role == Role::Customer)?;
    (customer..lines.len()).find(|&position| lines[position].role == Role::Agent)
}

/// The first customer message behind `start`, or the end.
fn reply_end(lines: &[MaskedLine], start: usize) -> usize {
    (start..lines.len()).find(|&position| lines[position].role == Role::Customer).unwrap_or(lines.len())
}

/// How far the answer may reach: over the customer's "ok" while the agent has only asked to wait.
fn answer_reach(lines: &[MaskedLine], start: usize, mut end: usize) -> usize {
    loop {
        let answered = lines[start..end]
            .iter()
            .any(|line| line.role == Role::Agent && matches!(agent_act(&line.text), AgentAct::Answer | AgentAct::AskBack));
        if answered || end >= lines.len() {
            return end;
        }
        let next_agent = (end..lines.len()).find(|&position| lines[position].role != Role::Customer);
        let interjection =
            next_agent.is_some_and(|next| lines[end..next].iter().all(|line| customer_act(&line.text) == CustomerAct::Acknowledgement));
        match next_agent {
            Some(next) if interjection => end = reply_end(lines, next),
            _ => return end,
        }
    }
}

fn pair_of(conversation: &MaskedConversation, exchange: &MinedExchange, judged: &[f32], threshold: f32) -> Option<PairDraft> {
    assert_eq!(exchange.replies.len(), judged.len(), "every reply is judged");
    let moment = &exchange.moment;
    let replies: Vec<(&MaskedLine, f32)> =
        exchange.replies.iter().zip(judged).map(|(&place, &probability)| (&conversation.lines[place], probability)).collect();
    let (kept, kind) = if moment.act.is_small_talk() && !carries_question(moment) {
        (replies, PairKind::SmallTalk)
    } else {
        let meaty: Vec<(&MaskedLine, f32)> =
            replies.iter().copied().filter(|(line, _)| matches!(agent_act(&line.text), AgentAct::Answer | AgentAct::AskBack)).collect();
        if meaty.is_empty() {
            let chatty = replies
                .iter()
                .all(|(line, _)| matches!(agent_act(&line.text), AgentAct::Closing | AgentAct::Opening | AgentAct::Acknowledgement));
            (replies, if chatty { PairKind::FollowUp } else { PairKind::Unanswered })
        } else {
            let kind =
                if moment.act == CustomerAct::Question || carries_question(moment) { PairKind::Question } else { PairKind::FollowUp };
            let answering: Vec<(&MaskedLine, f32)> = meaty.iter().copied().filter(|(_, probability)| *probability >= threshold).collect();
            (if answering.is_empty() { meaty } else { answering }, kind)
        }
    };
    let (first, _) = kept.first()?;
    let answer = clip(&kept.iter().map(|(line, _)| line.text.trim()).collect::<Vec<_>>().join("\n"), MAX_ANSWER_CHARS);
    Some(PairDraft {
        id: PairId::derive(&[&conversation.id.to_string(), &first.id.to_string()]),
        kind,
        question: moment.question.clone(),
        turn: clip(&moment.turn, MAX_ANSWER_CHARS),
        previous: moment.previous.clone(),
        context_terms: context_terms(moment),
        language: detect(&answer),
        answer,
        answer_quality: kept.iter().map(|(_, probability)| *probability).fold(0.0, f32::max),
        outcome: Outcome::default(),
        agent_id: first.author.clone().or_else(|| conversation.agent_id.clone()),
        position: conversation.lines.iter().position(|line| line.id == first.id).unwrap_or_default() as u32,
        answered_at: first.at,
        answer_messages: kept.iter().map(|(line, _)| line.id).collect(),
    })
}

/// Whether a small-talk turn stands for a question asked before it.
fn carries_question(moment: &Moment) -> bool {
    moment.elliptical && !customer_act(&moment.question).is_small_talk()
}

/// Reads from what follows each pair how well its answer served.
fn note_outcomes(pairs: &mut [PairDraft], conversation: &MaskedConversation) {
    for current in 0..pairs.len() {
        let last_answer = pairs[current].answer_messages.last().copied();
        let answered_at = conversation.lines.iter().position(|line| Some(line.id) == last_answer).unwrap_or(conversation.lines.len());
        let next_turn = conversation.lines[answered_at..].iter().find(|line| line.role == Role::Customer).map(|line| line.text.as_str());
        let key = answer_key(&pairs[current].question);
        let later = &pairs[current + 1..];
        let outcome = Outcome {
            thanked: next_turn.is_some_and(|text| matches!(customer_act(text), CustomerAct::Thanks | CustomerAct::Acknowledgement)),
            repeated: later.iter().any(|pair| answer_key(&pair.question) == key),
            corrected: conversation.lines[answered_at..].iter().skip(1).any(|line| line.role == Role::Agent && takes_back(&line.text)),
        };
        pairs[current].outcome = outcome;
    }
}

/// Whether an agent takes back what was said before.
fn takes_back(text: &str) -> bool {
    const CUES: [&str; 14] = [
        "说错了",
        "我刚才说错",
        "更正一下",
        "更正",
        "刚才说的不对",
        "刚刚说错",
        "纠正一下",
        "记错了",
        "看错了",
        "i was wrong",
        "i made a mistake",
        "let me correct",
        "correction",
        "i misspoke",
    ];
    let lower = text.to_lowercase();
    CUES.iter().any(|cue| lower.contains(cue))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn masked(lines: &[(Role, &str)]) -> MaskedConversation {
        let id = ConversationId::derive(&["desk", "c1"]);
        let lines = lines.iter().enumerate().map(|(position, &(role, text))| MaskedLine {
            id: MessageId::derive(&["c1", &position.to_string()]),
            role,
            text: text.to_owned(),
            at: None,
            author: None,
        });
        MaskedConversation { id, agent_id: Some("agent-1".into()), lines: lines.collect() }
    }

    /// Pairs when every reply has the probability that `judge` gives its text; 0.5 and more counts as an answer.
    fn mined_by(lines: &[(Role, &str)], judge: impl Fn(&str) -> f32) -> Vec<PairDraft> {
        let conversation = masked(lines);
        let exchanges = exchanges(&conversation);
        let judged: Vec<Vec<f32>> = exchanges
            .iter()
            .map(|exchange| exchange.replies.iter().map(|&place| judge(&conversation.lines[place].text)).collect())
            .collect();
        pairs(&conversation, &exchanges, &judged, 0.5)
    }

    fn mined(lines: &[(Role, &str)]) -> Vec<PairDraft> {
        mined_by(lines, |_| 1.0)
    }

    const CHATTY: [(Role, &str); 4] = [
        (Role::Customer, "这张茶几多少钱"),
        (Role::Agent, "我们是十年老店，品质都有保证"),
        (Role::Agent, "三百八十元，送货上门"),
        (Role::Agent, "您家客厅大概多大呢？"),
    ];

    #[test]
    fn only_replies_that_probably_answer_make_the_answer() {
        let pairs = mined_by(&CHATTY, |text| if text.starts_with("三百") { 0.8 } else { 0.2 });
        assert_eq!(pairs[0].answer, "三百八十元，送货上门");
        assert_eq!(pairs[0].answer_quality, 0.8);
        assert_eq!(pairs[0].answer_messages.len(), 1);
    }

    #[test]
    fn where_nothing_probably_answers_all_is_kept_and_the_quality_tells() {
        let pairs = mined_by(&CHATTY, |text| if text.starts_with("三百") { 0.3 } else { 0.2 });
        assert_eq!(pairs[0].answer.lines().count(), 3);
        assert_eq!(pairs[0].answer_quality, 0.3);
        assert_eq!(pairs[0].kind, PairKind::Question);
    }

    #[test]
    fn canned_openings_and_waiting_are_dropped_from_the_answer() {
        let pairs = mined(&[
            (Role::Customer, "退货的运费谁出"),
            (Role::Agent, "您好，请问有什么可以帮您？"),
            (Role::Agent, "请稍等，帮您看一下"),
            (Role::Agent, "质量问题我们承担运费，无理由退货由您承担，有运费险的话会赔付。"),
            (Role::Customer, "好的谢谢"),
            (Role::Agent, "不客气，麻烦给个好评哦"),
        ]);
        assert_eq!(pairs.len(), 2);
        assert_eq!(pairs[0].kind, PairKind::Question);
        assert_eq!(pairs[0].answer, "质量问题我们承担运费，无理由退货由您承担，有运费险的话会赔付。");
        assert!(pairs[0].outcome.thanked);
        assert_eq!(pairs[1].kind, PairKind::SmallTalk);
    }

    #[test]
    fn the_answer_is_found_behind_a_pause() {
        let pairs = mined(&[
            (Role::Customer, "我的包裹到哪了，一直没有更新"),
            (Role::Agent, "请稍等，正在为您查询"),
            (Role::Customer, "好的"),
            (Role::Agent, "包裹昨天到了中转站，受天气影响延误，预计明天送到。"),
        ]);
        assert_eq!(pairs[0].question, "我的包裹到哪了，一直没有更新");
        assert_eq!(pairs[0].answer, "包裹昨天到了中转站，受天气影响延误，预计明天送到。");
    }

    #[test]
    fn bot_text_is_context_and_never_an_answer() {
        let pairs = mined(&[
            (Role::Customer, "怎么开发票"),
            (Role::Bot, "请选择：1 订单 2 售后"),
            (Role::Agent, "订单详情页点开票，填抬头和税号就行。"),
        ]);
        assert_eq!(pairs.len(), 1);
        assert_eq!(pairs[0].answer, "订单详情页点开票，填抬头和税号就行。");
    }

    #[test]
    fn supplied_details_make_a_follow_up_with_the_question_before_them() {
        let pairs = mined(&[
            (Role::Customer, "I need a ride to the airport"),
            (Role::Agent, "Sure, where shall we pick you up?"),
            (Role::Customer, "Central Station"),
            (Role::Agent, "A car will be there in ten minutes, the fare is 30 credits."),
        ]);
        assert_eq!(pairs[1].question, "I need a ride to the airport Central Station");
        assert_eq!(pairs[1].previous, "Sure, where shall we pick you up?");
        let about = |pair: &PairDraft, word: &str| pair.context_terms.contains(&crate::retrieve::lexical::term_id(word));
        assert!(about(&pairs[0], "airport") && about(&pairs[1], "airport") && about(&pairs[1], "station"));
        assert!(!about(&pairs[0], "station") && !about(&pairs[1], "fare"), "nothing of the answer, nor of what comes after it");
    }

    #[test]
    fn an_answer_taken_back_is_marked() {
        let pairs = mined(&[
            (Role::Customer, "价保是几天"),
            (Role::Agent, "价保是七天内有效的。"),
            (Role::Customer, "可是页面写十五天"),
            (Role::Agent, "不好意思我刚才说错了，现在是十五天。"),
        ]);
        assert!(pairs[0].outcome.corrected);
        assert!(!pairs[1].outcome.corrected);
    }

    #[test]
    fn mining_again_gives_the_same_ids() {
        let lines = [(Role::Customer, "怎么退货"), (Role::Agent, "在我的订单里点申请售后，选退货退款提交。")];
        assert_eq!(mined(&lines)[0].id, mined(&lines)[0].id);
    }
}
