//! The present moment of a conversation: what the customer wants to know now, understood from the whole of it.
//!
//! One function, [`Moment::of`], serves pair mining and live suggestions, so that a live question is worded the way archived ones are.
//! Rules:
//!
//! - Consecutive messages of one side form a turn. Of each message its own words count (`said`): no quoted message, no marker of a picture or
//!   file, no greeting or "ok" before the matter, no thanks behind it. Of a long text the beginning and the sentences that ask are kept.
//! - A number chosen from a bot's menu stands for the item's words (`menu`); menus are not what was said just before.
//! - A short or elliptical turn takes the customer's earlier question along, as does one that only supplies what the agent asked for, and a
//!   greeting or "ok" while that question still waits for its answer.
//! - Nothing is taken from behind a closed episode: any pause longer than [`EPISODE_GAP_SECONDS`], a closing by the agent followed by a
//!   shorter one, a farewell, or thanks that the agent has answered with a closing — unless, after thanks, the turn says that it goes on ("那…呢").
//! - A turn that clearly asks several things is also parted into its single questions (`several`).

mod menu;
mod said;
mod several;
#[cfg(test)]
mod tests;

use std::collections::HashSet;
use std::sync::LazyLock;

use regex::Regex;

use super::acts::{AgentAct, CustomerAct, agent_act, asks_openly, customer_act, weighted_length};
use super::normalise::fold;
use crate::domain::{Role, Timestamp};
use said::{matter, regex, said};
use several::{content, questions};

/// A pause after which an earlier question is taken to be settled (8 hours): people come back to an open matter within a working day.
pub const EPISODE_GAP_SECONDS: f64 = 8.0 * 3600.0;

/// Longest standalone question, in characters: what the encoder reads of a Chinese text.
pub const MAX_QUESTION_CHARS: usize = 300;

/// How much of the beginning of a longer text is kept beside the sentences that ask: it says what the text is about.
const KEPT_BEGINNING: usize = MAX_QUESTION_CHARS / 3;

/// How many earlier customer turns an elliptical one may take along.
const MAX_CARRIED_TURNS: usize = 2;

/// Turns before the one just before the customer's that a moment tells of.
const MAX_EARLIER_TURNS: usize = 8;

/// How many customer turns are looked back over for the question that supplied details belong to.
const MAX_LOOKED_BACK: usize = 8;

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

/// One turn of what led up to a moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EarlierTurn {
    /// Whether the customer spoke; otherwise the company did.
    pub customer: bool,
    /// What was said, cut like a question or a previous turn.
    pub text: String,
}

/// The customer's side of a moment.
#[derive(Debug, Clone, PartialEq)]
pub struct Moment {
    /// The standalone question.
    pub question: String,
    /// The single questions of a turn that asks several things at once, at least two; else empty.
    pub questions: Vec<String>,
    /// The customer's turn as said, quoted messages left out and choices from menus written out.
    pub turn: String,
    /// What the agent or bot had said just before that turn, or the message it quotes; empty at the beginning.
    pub previous: String,
    /// What was said before that in the same episode, latest first, at most [`MAX_EARLIER_TURNS`] turns.
    pub earlier: Vec<EarlierTurn>,
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

/// What a customer turn says for itself.
#[derive(Debug)]
struct Substance {
    /// The words of its messages, one a line.
    text: String,
    /// Positions of the messages.
    used: Vec<u32>,
    /// Nothing but pictures or files.
    only_media: bool,
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
        let mut turn = own_words(lines, turns[last]);
        let Substance { mut text, mut used, only_media } = substance(lines, turns[last]);
        if let Some(item) = chosen_item(lines, turns, last, &text) {
            turn.clone_from(&item);
            text = item;
        }
        let act = if only_media { CustomerAct::Statement } else { customer_act(&text) };
        let quoted = quoted(lines, turns, last);
        let (previous, known_up_to) = match quoted {
            Some((quote, place)) => (clip_end(quote, MAX_QUESTION_CHARS), place),
            None => (previous_words(lines, turns, last, &text, act), last),
        };
        let mut question = if text.chars().count() > MAX_QUESTION_CHARS { essence(&text) } else { text.replace('\n', " ") };
        let mut elliptical = false;
        if only_media || needs_context(&text, act, &Before::of(lines, turns, last)) {
            let carried = carried_turns(lines, turns, last, known_up_to, goes_on(&fold(&text)));
            elliptical = !carried.is_empty();
            for (place, earlier) in carried.into_iter().enumerate() {
                let Substance { text: before, used: positions, .. } = substance(lines, turns[earlier]);
                let before = before.replace('\n', " ");
                let alone = place == 0 && (act.is_small_talk() || only_media);
                question = if alone { before } else { format!("{before} {question}") };
                used.extend(positions);
            }
            used.sort_unstable();
        }
        let several = !elliptical && act == CustomerAct::Question && text.chars().count() <= MAX_QUESTION_CHARS;
        Self {
            question: clip(&question, MAX_QUESTION_CHARS),
            questions: if several { questions(&text) } else { Vec::new() },
            turn,
            previous,
            earlier: earlier_turns(lines, turns, last),
            act,
            elliptical,
            used,
        }
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

/// The lines of a turn, without notices of the system in between.
fn lines_of<'a, 'b>(lines: &'b [Line<'a>], turn: Turn) -> impl DoubleEndedIterator<Item = &'b Line<'a>> {
    lines[turn.start..turn.end].iter().filter(|line| line.role != Role::System)
}

/// A customer's turn as said, without what it quotes.
fn own_words(lines: &[Line<'_>], turn: Turn) -> String {
    lines_of(lines, turn).map(|line| said(line.text).own).collect::<Vec<_>>().join("\n")
}

/// What was said by the company just before a customer turn, greetings of a canned opening included: they tell where the dialogue stands.
/// Menus don't, nor does a closing that the customer answers with a new question.
fn previous_words(lines: &[Line<'_>], turns: &[Turn], turn: usize, text: &str, act: CustomerAct) -> String {
    let Some(before) = turn.checked_sub(1).map(|before| turns[before]) else { return String::new() };
    if is_new_episode(lines, before, turns[turn]) {
        return String::new();
    }
    if turn >= 2 && is_closed(lines, turns, turn - 2) && !act.is_small_talk() && !goes_on(&fold(text)) {
        return String::new();
    }
    let words: Vec<&str> =
        lines_of(lines, before).filter(|line| !menu::is_menu(line.role, line.text)).map(|line| line.text.trim()).collect();
    clip_end(&words.join("\n"), MAX_QUESTION_CHARS)
}

/// What led up to a customer turn before the words just before it, latest first.
fn earlier_turns(lines: &[Line<'_>], turns: &[Turn], last: usize) -> Vec<EarlierTurn> {
    let mut earlier = Vec::new();
    for place in (0..last).rev() {
        if earlier.len() == MAX_EARLIER_TURNS || is_new_episode(lines, turns[place], turns[place + 1]) {
            break;
        }
        let customer = turns[place].customer;
        if place + 1 == last && !customer {
            continue;
        }
        let text = if customer {
            clip(&substance(lines, turns[place]).text, MAX_QUESTION_CHARS)
        } else {
            let words: Vec<&str> = lines_of(lines, turns[place]).map(|line| line.text.trim()).collect();
            clip_end(&words.join("\n"), MAX_QUESTION_CHARS)
        };
        earlier.push(EarlierTurn { customer, text });
    }
    earlier
}

/// The item that a customer has chosen from a menu of the turn before.
fn chosen_item(lines: &[Line<'_>], turns: &[Turn], turn: usize, text: &str) -> Option<String> {
    let before = turns[turn.checked_sub(1)?];
    lines_of(lines, before).rev().find_map(|line| menu::chosen(line.text, text))
}

/// The message that a turn quotes, and the turn up to which earlier questions are then looked for.
fn quoted<'a>(lines: &[Line<'a>], turns: &[Turn], last: usize) -> Option<(&'a str, usize)> {
    let quote = lines[turns[last].start..turns[last].end]
        .iter()
        .filter(|line| line.role == Role::Customer)
        .find_map(|line| said(line.text).quote)?;
    let key = |text: &str| text.chars().filter(|c| c.is_alphanumeric()).collect::<String>();
    let wanted = key(quote);
    let is_it = |turn: &Turn| wanted.chars().count() >= 2 && lines_of(lines, *turn).any(|line| key(line.text).contains(&wanted));
    let place = turns[..last].iter().rposition(is_it);
    // A quoted question of the customer's own is taken along itself.
    let up_to = place.map_or(last, |place| if turns[place].customer { place + 1 } else { place });
    Some((quote, up_to))
}

/// The words of a customer turn that carry its matter: greetings, thanks and acknowledgements beside something else are left out, as is what
/// was sent twice.
fn substance(lines: &[Line<'_>], turn: Turn) -> Substance {
    let own: Vec<(usize, String)> = (turn.start..turn.end)
        .filter(|&position| lines[position].role == Role::Customer)
        .map(|position| (position, matter(lines[position].text)))
        .collect();
    let only_media = own.iter().all(|(_, text)| text.is_empty());
    let meaty = |text: &str| !text.is_empty() && !customer_act(text).is_small_talk();
    let any = own.iter().any(|(_, text)| meaty(text));
    let mut words: Vec<&str> = Vec::new();
    let mut used = Vec::new();
    for (position, text) in &own {
        let text = if only_media { lines[*position].text.trim() } else { text.as_str() };
        if (any && !meaty(text)) || text.is_empty() || words.contains(&text) {
            continue;
        }
        words.push(text);
        used.push(*position as u32);
    }
    Substance { text: words.join("\n"), used, only_media }
}

/// Of a long text its beginning and, in their order, the sentences that ask; the beginning alone where none does.
fn essence(text: &str) -> String {
    let mut sentences: Vec<(bool, &str)> = Vec::new();
    let mut rest = text;
    while !rest.is_empty() {
        let end = rest
            .find(['。', '？', '?', '！', '!', '\n', '；', ';'])
            .map_or(rest.len(), |stop| stop + rest[stop..].chars().next().map_or(0, char::len_utf8));
        sentences.push((asks_openly(&rest[..end]), rest[..end].trim()));
        rest = &rest[end..];
    }
    let length = |sentence: &str| sentence.chars().count() + 1;
    let asking: usize = sentences.iter().filter(|(asks, _)| *asks).map(|(_, sentence)| length(sentence)).sum();
    if asking == 0 {
        return clip(&text.replace('\n', " "), MAX_QUESTION_CHARS);
    }
    let room = MAX_QUESTION_CHARS.saturating_sub(asking).max(KEPT_BEGINNING);
    let mut kept: Vec<String> = Vec::new();
    let mut used = 0;
    for (asks, sentence) in sentences {
        if asks {
            kept.push(sentence.to_owned());
        } else if used + 1 < room && !sentence.is_empty() {
            kept.push(clip(sentence, room - used - 1));
            used += length(sentence);
        }
    }
    clip(&kept.join(" "), MAX_QUESTION_CHARS)
}

/// Where the dialogue stands before a customer turn.
struct Before {
    /// The company's last words ask the customer for something.
    asked_back: bool,
    /// The company's last words ask to wait.
    waiting: bool,
    /// The customer's last question has had no answer yet: only openings, menus, requests to wait, transfers.
    unanswered: bool,
}

impl Before {
    fn of(lines: &[Line<'_>], turns: &[Turn], turn: usize) -> Self {
        let before = turn.checked_sub(1).map(|before| turns[before]).filter(|before| !is_new_episode(lines, *before, turns[turn]));
        let last = before.and_then(|before| lines_of(lines, before).next_back()).map(|line| agent_act(line.text));
        Self {
            asked_back: last == Some(AgentAct::AskBack),
            waiting: last == Some(AgentAct::Wait),
            unanswered: before.is_some() && is_unanswered(lines, turns, turn),
        }
    }
}

fn is_unanswered(lines: &[Line<'_>], turns: &[Turn], turn: usize) -> bool {
    for earlier in turns[..turn].iter().rev() {
        if earlier.customer {
            match customer_act(&substance(lines, *earlier).text) {
                CustomerAct::Question => return true,
                act if act.is_small_talk() => {}
                _ => return false,
            }
        } else if !lines_of(lines, *earlier).all(says_nothing) {
            return false;
        }
    }
    false
}

/// Whether a company's message says nothing about the matter.
fn says_nothing(line: &Line<'_>) -> bool {
    matches!(agent_act(line.text), AgentAct::Wait | AgentAct::Transfer | AgentAct::Opening) || menu::is_menu(line.role, line.text)
}

/// Figures of speech in which "it", "this" and "that" point at nothing.
static POINTS_NOWHERE: LazyLock<Regex> = LazyLock::new(|| {
    regex(
        r"\b(?:is|was|would|will) it (?:be )?(?:possible|ok|okay|allowed|fine|necessary)\b|\bdoes it take (?:to|for)\b|\b(?:this|that) (?:morning|afternoon|evening|week|weekend|month|year)\b|\bthat (?:i|you|we)\b",
    )
});

const CONTINUATIONS: [&str; 13] =
    ["那", "还有", "另外", "然后", "所以", "也就是", "and ", "what about", "how about", "so ", "then ", "but ", "or "];

/// Whether a folded turn says in so many words that it goes on with what was talked about.
fn goes_on(folded: &str) -> bool {
    continues(folded) || points_back(folded)
}

fn continues(folded: &str) -> bool {
    let ends_so = folded.trim_end_matches(|c: char| !c.is_alphanumeric()).ends_with('呢') && !several::has_asking_word(folded);
    ends_so || CONTINUATIONS.iter().any(|start| folded.starts_with(start))
}

fn points_back(folded: &str) -> bool {
    const PRONOUNS: [&str; 10] = ["这个", "那个", "它", "这样", "那样", "这种", "那种", "上面", "刚才", "刚刚"];
    const ENGLISH_PRONOUNS: [&str; 8] = [" it", " that", " this", " one", " them", " those", " these", " same"];
    let padded = format!(" {}", POINTS_NOWHERE.replace_all(folded, ""));
    PRONOUNS.iter().any(|word| folded.contains(word)) || ENGLISH_PRONOUNS.iter().any(|word| padded.contains(word))
}

/// Whether a turn can't be understood alone.
fn needs_context(text: &str, act: CustomerAct, before: &Before) -> bool {
    match act {
        // "ok" after "please wait" keeps the question alive, "yes" after a question back does; after an answer they do not.
        CustomerAct::Acknowledgement => return before.waiting || before.asked_back || before.unanswered,
        CustomerAct::Greeting | CustomerAct::Thanks => return before.waiting || before.unanswered,
        CustomerAct::Farewell => return false,
        // "???" presses for an answer whatever was said.
        CustomerAct::Empty => return text.contains(['?', '？']),
        CustomerAct::Question | CustomerAct::Statement => {}
    }
    let folded = fold(text);
    let length = weighted_length(&folded);
    if act == CustomerAct::Statement {
        return length <= 24 || before.asked_back;
    }
    if (continues(&folded) && length <= 20) || (points_back(&folded) && length <= 14) {
        return true;
    }
    length <= 5 || (length <= 8 && !asks_openly(text)) || (length <= 14 && content(&folded).is_empty())
}

/// The nearest earlier customer turns with substance before the turn at `up_to`, oldest last, inside the same episode; of supplied details the
/// last one and the question they belong to.
fn carried_turns(lines: &[Line<'_>], turns: &[Turn], last: usize, up_to: usize, goes_on: bool) -> Vec<usize> {
    let mut carried: Vec<usize> = Vec::new();
    let (mut later, mut looked_back, mut question) = (last, 0, false);
    for earlier in (0..up_to).rev() {
        if is_new_episode(lines, turns[earlier], turns[later]) || looked_back == MAX_LOOKED_BACK {
            break;
        }
        later = earlier;
        if !turns[earlier].customer {
            continue;
        }
        looked_back += 1;
        let text = substance(lines, turns[earlier]).text;
        let act = customer_act(&text);
        if act == CustomerAct::Farewell || (!goes_on && is_closed(lines, turns, earlier)) {
            break;
        }
        // Numbers and names that were asked for say nothing about the matter.
        if act.is_small_talk() || (act == CustomerAct::Statement && content(&text).is_empty()) {
            continue;
        }
        let asks = act == CustomerAct::Question;
        if carried.len() < MAX_CARRIED_TURNS {
            carried.push(earlier);
        } else if asks {
            carried[MAX_CARRIED_TURNS - 1] = earlier;
        }
        question |= asks;
        // A full question ends the search: what came before it was another matter.
        if (asks && weighted_length(&fold(&text)) > 8) || (question && carried.len() == MAX_CARRIED_TURNS) {
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

/// Whether the matter was closed in words: the customer's turn at `place` thanks or takes leave, and the agent's answer to it is nothing but a
/// closing.
fn is_closed(lines: &[Line<'_>], turns: &[Turn], place: usize) -> bool {
    let (turn, Some(answer)) = (turns[place], turns.get(place + 1)) else { return false };
    let act = || customer_act(&substance(lines, turn).text);
    let closes = |line: &Line<'_>| matches!(agent_act(line.text), AgentAct::Closing | AgentAct::Acknowledgement);
    turn.customer
        && lines_of(lines, *answer).all(closes)
        && matches!(act(), CustomerAct::Thanks | CustomerAct::Acknowledgement | CustomerAct::Farewell)
}

/// The words of a text that name a matter, as search terms: no question words, no modal verbs, no figures, no placeholders.
#[must_use]
pub fn matters(text: &str) -> HashSet<String> {
    content(text).into_iter().collect()
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
