//! The present moment of a conversation: what the customer wants to know now, understood from the whole of it.
//!
//! One function, [`Moment::of`], serves pair mining and live suggestions, so that a live question is worded the way archived ones are.
//! Rules: consecutive messages of one role form a turn; greetings inside a longer turn are left out; a short or elliptical turn, or one that
//! only supplies what the agent asked for, takes the customer's earlier question along; nothing is taken from behind a closed episode
//! (a closing by the agent followed by a pause, or any pause longer than [`EPISODE_GAP_SECONDS`]).

use super::acts::{AgentAct, CustomerAct, agent_act, asks_openly, customer_act, weighted_length};
use super::normalise::fold;
use crate::domain::{Role, Timestamp};

/// A pause after which an earlier question is taken to be settled (8 hours): people come back to an open matter within a working day.
pub const EPISODE_GAP_SECONDS: f64 = 8.0 * 3600.0;

/// Longest standalone question, in characters; the encoder was trained on short texts and the beginning carries the matter.
pub const MAX_QUESTION_CHARS: usize = 300;

/// How many earlier customer turns an elliptical one may take along.
const MAX_CARRIED_TURNS: usize = 2;

/// One message as the rules see it.
#[derive(Debug, Clone, Copy)]
pub struct Line<'a> {
    /// Who speaks.
    pub role: Role,
    /// What is said, masked.
    pub text: &'a str,
    /// When.
    pub at: Option<Timestamp>,
}

/// The customer's side of a moment.
#[derive(Debug, Clone, PartialEq)]
pub struct Moment {
    /// The standalone question.
    pub question: String,
    /// The customer's turn as said.
    pub turn: String,
    /// What the agent or bot had said just before that turn; empty at the beginning.
    pub previous: String,
    /// What the turn does.
    pub act: CustomerAct,
    /// Whether the turn needed earlier ones to be understood.
    pub elliptical: bool,
    /// Positions of the lines that the question was made of, ascending.
    pub used: Vec<u32>,
}

/// A run of lines of one side.
#[derive(Debug, Clone, Copy)]
struct Turn {
    customer: bool,
    start: usize,
    end: usize,
}

impl Moment {
    /// Reads the last customer turn of `lines` and what is needed to understand it; `None` when the customer has said nothing.
    #[must_use]
    pub fn of(lines: &[Line<'_>]) -> Option<Self> {
        let turns = turns(lines);
        let last = turns.iter().rposition(|turn| turn.customer)?;
        Some(Self::at(lines, &turns, last))
    }

    fn at(lines: &[Line<'_>], turns: &[Turn], last: usize) -> Self {
        let turn = joined(lines, turns[last], |_| true);
        let previous = previous_words(lines, turns, last);
        let (mut question, mut used) = substance(lines, turns[last]);
        let act = customer_act(&question);
        let mut elliptical = false;
        if needs_context(&question, act, &previous) {
            let carried = carried_turns(lines, turns, last);
            elliptical = !carried.is_empty();
            for earlier in carried {
                let (text, positions) = substance(lines, turns[earlier]);
                question = if act.is_small_talk() { text } else { format!("{text} {question}") };
                used.extend(positions);
            }
            used.sort_unstable();
        }
        Self { question: clip(&question, MAX_QUESTION_CHARS), turn, previous, act, elliptical, used }
    }
}

/// Splits lines into turns; system lines belong to no turn.
fn turns(lines: &[Line<'_>]) -> Vec<Turn> {
    let mut turns: Vec<Turn> = Vec::new();
    for (position, line) in lines.iter().enumerate() {
        let customer = match line.role {
            Role::System => continue,
            Role::Customer => true,
            Role::Agent | Role::Bot => false,
        };
        match turns.last_mut() {
            Some(turn) if turn.customer == customer => turn.end = position + 1,
            _ => turns.push(Turn { customer, start: position, end: position + 1 }),
        }
    }
    turns
}

/// What was said by the company just before a customer turn, greetings of a canned opening included: they tell where the dialogue stands.
fn previous_words(lines: &[Line<'_>], turns: &[Turn], turn: usize) -> String {
    match turn.checked_sub(1).map(|before| turns[before]) {
        Some(before) if !is_new_episode(lines, before, turns[turn]) => clip_end(&joined(lines, before, |_| true), MAX_QUESTION_CHARS),
        _ => String::new(),
    }
}

/// The words of a customer turn that carry its matter: greetings, thanks and acknowledgements beside something else are left out.
fn substance(lines: &[Line<'_>], turn: Turn) -> (String, Vec<u32>) {
    let meaty = |position: usize| !customer_act(lines[position].text).is_small_talk();
    let customer_lines = || (turn.start..turn.end).filter(|&position| lines[position].role == Role::Customer);
    let any = customer_lines().any(meaty);
    let kept: Vec<usize> = customer_lines().filter(|&position| !any || meaty(position)).collect();
    let text = kept.iter().map(|&position| lines[position].text.trim()).collect::<Vec<_>>().join(" ");
    (text, kept.into_iter().map(|position| position as u32).collect())
}

fn joined(lines: &[Line<'_>], turn: Turn, keep: impl Fn(&Line<'_>) -> bool) -> String {
    lines[turn.start..turn.end]
        .iter()
        .filter(|line| line.role != Role::System && keep(line))
        .map(|line| line.text.trim())
        .collect::<Vec<_>>()
        .join("\n")
}

/// Whether a turn can't be understood alone.
fn needs_context(text: &str, act: CustomerAct, previous: &str) -> bool {
    if act.is_small_talk() {
        // "ok" after "please wait" keeps the question alive; after an answer it does not. "???" presses for an answer whatever was said.
        let waiting = act == CustomerAct::Acknowledgement && previous.lines().last().is_some_and(|line| agent_act(line) == AgentAct::Wait);
        return waiting || (act == CustomerAct::Empty && text.contains(['?', '？']));
    }
    let folded = fold(text);
    let length = weighted_length(&folded);
    if act == CustomerAct::Statement {
        return length <= 24;
    }
    let starts = ["那", "还有", "另外", "然后", "所以", "也就是", "and ", "what about", "how about", "so ", "then ", "but ", "or "];
    let begins_as_continuation = starts.iter().any(|start| folded.starts_with(start));
    if begins_as_continuation && length <= 20 {
        return true;
    }
    let pronouns = ["这个", "那个", "它", "这样", "那样", "这种", "那种", "上面", "刚才", "刚刚"];
    let english_pronouns = [" it", " that", " this", " one", " them", " those", " these", " same"];
    let points_back =
        pronouns.iter().any(|word| folded.contains(word)) || english_pronouns.iter().any(|word| format!(" {folded}").contains(word));
    if points_back && length <= 14 {
        return true;
    }
    length <= 5 || (length <= 8 && !asks_openly(text))
}

/// The nearest earlier customer turns with substance, oldest last, inside the same episode.
fn carried_turns(lines: &[Line<'_>], turns: &[Turn], last: usize) -> Vec<usize> {
    let mut carried = Vec::new();
    let mut later = last;
    for earlier in (0..last).rev() {
        if is_new_episode(lines, turns[earlier], turns[later]) {
            break;
        }
        later = earlier;
        if !turns[earlier].customer {
            continue;
        }
        let (text, _) = substance(lines, turns[earlier]);
        let act = customer_act(&text);
        if act.is_small_talk() {
            continue;
        }
        carried.push(earlier);
        // A full question ends the search: what came before it was another matter.
        if (act == CustomerAct::Question && weighted_length(&fold(&text)) > 8) || carried.len() == MAX_CARRIED_TURNS {
            break;
        }
    }
    carried
}

fn is_new_episode(lines: &[Line<'_>], earlier: Turn, later: Turn) -> bool {
    let (Some(before), Some(after)) = (lines[earlier.end - 1].at, lines[later.start].at) else { return false };
    let pause = after.seconds_since(before);
    let closed = !earlier.customer && agent_act(lines[earlier.end - 1].text) == AgentAct::Closing;
    pause > EPISODE_GAP_SECONDS || (closed && pause > EPISODE_GAP_SECONDS / 16.0)
}

/// The first `limit` characters.
#[must_use]
pub fn clip(text: &str, limit: usize) -> String {
    text.chars().take(limit).collect()
}

/// The last `limit` characters: of what the agent said, the end is what the customer reacts to.
fn clip_end(text: &str, limit: usize) -> String {
    let count = text.chars().count();
    text.chars().skip(count.saturating_sub(limit)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn moment(lines: &[(Role, &str)]) -> Moment {
        let lines: Vec<Line<'_>> = lines.iter().map(|&(role, text)| Line { role, text, at: None }).collect();
        Moment::of(&lines).expect("a customer has spoken")
    }

    #[test]
    fn a_full_question_stands_alone() {
        let moment = moment(&[(Role::Customer, "在吗"), (Role::Agent, "您好，在的"), (Role::Customer, "签收五天了还能退货吗，吊牌还在")]);
        assert_eq!(moment.question, "签收五天了还能退货吗，吊牌还在");
        assert_eq!(moment.previous, "您好，在的");
        assert!(!moment.elliptical);
        assert_eq!(moment.used, [2]);
    }

    #[test]
    fn an_elliptical_turn_takes_the_question_before_it_along() {
        let moment =
            moment(&[(Role::Customer, "七天无理由退货怎么申请"), (Role::Agent, "在订单里点申请售后"), (Role::Customer, "那运费呢？")]);
        assert_eq!(moment.question, "七天无理由退货怎么申请 那运费呢？");
        assert_eq!(moment.turn, "那运费呢？");
        assert!(moment.elliptical);
        assert_eq!(moment.used, [0, 2]);
    }

    #[test]
    fn greetings_inside_a_turn_are_left_out_of_the_question() {
        let moment = moment(&[(Role::Customer, "在吗"), (Role::Customer, "什么时候发货")]);
        assert_eq!(moment.question, "什么时候发货");
        assert_eq!(moment.turn, "在吗\n什么时候发货");
    }

    #[test]
    fn an_acknowledgement_while_waiting_keeps_the_question_alive() {
        let waiting = moment(&[(Role::Customer, "我的退款怎么还没到账"), (Role::Agent, "请稍等，正在为您查询"), (Role::Customer, "好的")]);
        assert_eq!(waiting.question, "我的退款怎么还没到账");
        assert_eq!(waiting.act, CustomerAct::Acknowledgement);
        let answered = moment(&[
            (Role::Customer, "我的退款怎么还没到账"),
            (Role::Agent, "退款一到三个工作日到账，信用卡最长七天。"),
            (Role::Customer, "好的"),
        ]);
        assert_eq!(answered.question, "好的");
    }

    #[test]
    fn question_marks_alone_press_for_an_answer() {
        let pressing = moment(&[(Role::Customer, "我的退款怎么还没到账"), (Role::Agent, "退款要等审核。"), (Role::Customer, "？？？")]);
        assert_eq!((pressing.question.as_str(), pressing.elliptical), ("我的退款怎么还没到账", true));
        assert!(!moment(&[(Role::Customer, "？？？")]).elliptical);
    }

    #[test]
    fn a_closed_episode_is_not_carried_over() {
        let at = |hours: i64| Some(Timestamp::from_micros(0).plus_seconds(hours * 3600));
        let lines = [
            Line { role: Role::Customer, text: "发票怎么开", at: at(0) },
            Line { role: Role::Agent, text: "订单详情里申请即可", at: at(0) },
            Line { role: Role::Customer, text: "那运费呢？", at: at(30) },
        ];
        let moment = Moment::of(&lines).expect("a customer has spoken");
        assert_eq!(moment.question, "那运费呢？");
        assert_eq!(moment.previous, "");
    }

    #[test]
    fn a_conversation_without_a_customer_has_no_moment() {
        assert!(Moment::of(&[Line { role: Role::Agent, text: "您好", at: None }]).is_none());
    }

    proptest::proptest! {
        #[test]
        fn used_lines_are_ascending_customer_lines(texts in proptest::collection::vec((0u8..4, ".{0,30}"), 0..12)) {
            let roles = [Role::Customer, Role::Agent, Role::Bot, Role::System];
            let lines: Vec<Line<'_>> = texts.iter().map(|(role, text)| Line { role: roles[*role as usize], text, at: None }).collect();
            if let Some(moment) = Moment::of(&lines) {
                proptest::prop_assert!(moment.used.windows(2).all(|pair| pair[0] < pair[1]));
                proptest::prop_assert!(moment.used.iter().all(|&position| lines[position as usize].role == Role::Customer));
                proptest::prop_assert!(moment.question.chars().count() <= MAX_QUESTION_CHARS);
            }
        }
    }
}
