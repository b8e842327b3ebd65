//! One reply as numbers: named features, and hashed pairs of what is asked and what is said.
//!
//! Features look at the whole list of replies: a reply is judged beside the others of its turn. A new named feature is appended to the lists
//! here; weights files name features, so older files stay readable.

use std::collections::HashSet;
use std::sync::LazyLock;

use super::Exchange;
use super::cues::{ASKS, SAYS, asks, is_han, predicates, says};
use crate::text::acts::weighted_length;
use crate::text::normalise::fold;

/// Positions of the table of hashed pairs, as a power of two. With 2^16 the five-fold figure loses a point, with 2^20 it gains half a one
/// (`docs/decisions/0010-reply-relevance.md`).
const PAIR_BITS: u32 = 18;

/// Length of the table of hashed pairs.
pub const PAIR_COUNT: usize = 1 << PAIR_BITS;

/// Of a question and of a reply, so many tokens take part in pairs.
const PAIRED_TOKENS: [usize; 2] = [30, 40];

/// Weight of all pairs of a reply beside its named features.
const PAIR_SCALE: f32 = 8.0;

const GENERAL: [&str; 35] = [
    "always",
    "first",
    "second",
    "third",
    "fourth",
    "later",
    "few_replies",
    "many_replies",
    "cosine",
    "cosine_best",
    "cosine_lead",
    "cosine_best_before",
    "cosine_previous_reply",
    "shared",
    "shared_most",
    "shared_before",
    "shared_any",
    "length_1",
    "length_3",
    "length_6",
    "length_12",
    "length_25",
    "length_50",
    "short_to_yes_no",
    "short_to_other",
    "question_length",
    "asks_nothing_known",
    "repeats_predicate",
    "denies_predicate",
    "holds_predicate",
    "has_predicate",
    "denies_asked_word",
    "asked_characters",
    "no_words",
    "alone",
];

/// What is looked at in connection with what was asked, as positions in [`SAYS`].
const CROSSED: [usize; 19] = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 11, 12, 13, 17, 18, 19, 20, 21, 22];

/// What the reply just before held, as positions in [`SAYS`].
const BEFORE: [usize; 7] = [0, 1, 2, 8, 14, 16, 18];

/// Names of the named features, in their order.
pub static NAMES: LazyLock<Vec<String>> = LazyLock::new(|| {
    let mut names: Vec<String> = GENERAL.iter().map(|name| (*name).to_owned()).collect();
    names.extend(ASKS.iter().map(|asked| format!("asks_{asked}")));
    names.extend(SAYS.iter().map(|said| format!("says_{said}")));
    for asked in ASKS {
        names.extend(CROSSED.iter().map(|&said| format!("asks_{asked}*says_{}", SAYS[said])));
    }
    names.extend(BEFORE.iter().map(|&said| format!("before_{}", SAYS[said])));
    names
});

/// One reply as numbers.
#[derive(Debug, Clone, PartialEq)]
pub struct Row {
    /// Values of the features of [`NAMES`].
    pub named: Vec<f32>,
    /// Hashed pairs: position in the table (below [`PAIR_COUNT`]) and value; a position may occur twice.
    pub pairs: Vec<(u32, f32)>,
}

/// The replies of an exchange as numbers, one row each, in order.
#[must_use]
pub fn rows(exchange: &Exchange<'_>) -> Vec<Row> {
    let question = Question::of(exchange);
    let cosines: Vec<f32> = exchange.replies.iter().map(|reply| cosine(exchange.vector, reply.vector)).collect();
    let shared: Vec<f32> = exchange.replies.iter().map(|reply| question.shared(reply.text)).collect();
    let mut before = [false; SAYS.len()];
    let mut rows = Vec::with_capacity(exchange.replies.len());
    for (place, reply) in exchange.replies.iter().enumerate() {
        let folded = fold(reply.text);
        let said = says(&folded);
        let previous = place.checked_sub(1).map_or(0.0, |previous| cosine(reply.vector, exchange.replies[previous].vector));
        let mut named = general(&question, &folded, place, &cosines, previous, &shared).to_vec();
        named.extend(question.asked.iter().copied().map(number));
        named.extend(said.iter().copied().map(number));
        for asked in question.asked {
            named.extend(CROSSED.iter().map(|&kind| number(asked && said[kind])));
        }
        named.extend(BEFORE.iter().map(|&kind| number(before[kind])));
        rows.push(Row { named, pairs: pairs(&question.grams, &grams(&folded, PAIRED_TOKENS[1])) });
        before = said;
    }
    rows
}

/// What is read from a question once, for all its replies.
struct Question {
    asked: [bool; ASKS.len()],
    predicates: Vec<String>,
    terms: HashSet<String>,
    characters: HashSet<char>,
    length: usize,
    grams: Vec<u64>,
}

impl Question {
    fn of(exchange: &Exchange<'_>) -> Self {
        let folded = fold(exchange.question);
        Self {
            asked: asks(&folded),
            predicates: predicates(&folded),
            terms: terms(&folded),
            characters: folded.chars().filter(|c| c.is_alphanumeric() && !FUNCTION_CHARS.contains(*c)).collect(),
            length: weighted_length(&folded),
            grams: grams(&folded, PAIRED_TOKENS[0]),
        }
    }

    /// Share of the question's terms that the reply takes up (0–1).
    fn shared(&self, reply: &str) -> f32 {
        if self.terms.is_empty() {
            return 0.0;
        }
        let said = terms(&fold(reply));
        self.terms.iter().filter(|term| said.contains(*term)).count() as f32 / self.terms.len() as f32
    }
}

fn general(question: &Question, reply: &str, place: usize, cosines: &[f32], previous: f32, shared: &[f32]) -> [f32; GENERAL.len()] {
    let count = cosines.len();
    let length = weighted_length(reply);
    let yes_no = question.asked[0];
    let best = |values: &[f32]| values.iter().copied().fold(0.0, f32::max);
    let others = cosines.iter().enumerate().filter(|(other, _)| *other != place).map(|(_, &cosine)| cosine).fold(f32::MIN, f32::max);
    // Alone, a reply is compared with what an unrelated one would reach.
    let others = if count > 1 { others } else { 0.3 };
    let opening = without_opening(reply);
    let negations = ["不", "没", "无", "不太", "没有"];
    let starts_with = |prefix: &str, word: &str| opening.strip_prefix(prefix).is_some_and(|rest| rest.starts_with(word));
    let repeats = question.predicates.iter().any(|word| opening.starts_with(word.as_str()));
    let denies = question.predicates.iter().any(|word| negations.iter().any(|negation| starts_with(negation, word)));
    let holds = question.predicates.iter().any(|word| reply.contains(word.as_str()));
    let denied_word = |c: &char| ["不", "没", "无"].iter().any(|negation| reply.contains(&format!("{negation}{c}")));
    let taken_up = question.characters.iter().filter(|c| reply.contains(**c)).count() as f32 / question.characters.len().max(1) as f32;
    [
        1.0,
        number(place == 0),
        number(place == 1),
        number(place == 2),
        number(place == 3),
        number(place >= 4),
        number(count <= 2),
        number(count >= 5),
        3.0 * cosines[place],
        number(cosines[place] >= best(cosines)),
        3.0 * (cosines[place] - others),
        3.0 * best(&cosines[..place]),
        previous,
        2.0 * shared[place],
        number(shared[place] > 0.0 && shared[place] >= best(shared)),
        2.0 * best(&shared[..place]),
        number(shared[place] > 0.0),
        number(length >= 1),
        number(length >= 3),
        number(length >= 6),
        number(length >= 12),
        number(length >= 25),
        number(length >= 50),
        number(yes_no && length <= 4),
        number(!yes_no && length <= 4),
        question.length.min(40) as f32 / 20.0,
        number(question.asked.iter().all(|asked| !asked)),
        number(repeats),
        number(denies),
        number(holds),
        number(!question.predicates.is_empty()),
        number(question.characters.iter().any(denied_word)),
        taken_up,
        number(!reply.chars().any(char::is_alphanumeric)),
        number(count == 1),
    ]
}

/// The reply behind words that only lead in: "嗯，现在还有" begins with "有".
fn without_opening(reply: &str) -> &str {
    const LEADS: [&str; 21] = [
        "嗯", "恩", "您好", "你好", "亲", "哦", "啊", "那", "这个", "这款", "现在", "目前", "应该", "都", "还", "也", "肯定", "当然", ",",
        "。", " ",
    ];
    let mut rest = reply;
    while let Some(shorter) = LEADS.iter().find_map(|lead| rest.strip_prefix(lead)) {
        rest = shorter;
    }
    rest
}

/// Characters that say nothing about what a sentence is about.
const FUNCTION_CHARS: &str = "的了吗呢吧啊呀么是有不在这那个您你我们好请问一就都也要能可以会还多少什怎时候";

/// What two texts may share: Chinese characters and bigrams, Latin words.
fn terms(folded: &str) -> HashSet<String> {
    let mut terms = HashSet::new();
    let mut previous: Option<char> = None;
    let mut word = String::new();
    for c in folded.chars().chain(std::iter::once(' ')) {
        if c.is_ascii_alphabetic() {
            word.push(c);
        } else if !word.is_empty() {
            terms.insert(std::mem::take(&mut word));
        }
        if is_han(c) {
            if !FUNCTION_CHARS.contains(c) {
                terms.insert(c.to_string());
            }
            if let Some(before) = previous {
                terms.insert([before, c].iter().collect());
            }
            previous = Some(c);
        } else {
            previous = None;
        }
    }
    terms
}

/// Hashes of the distinct tokens and pairs of neighbouring tokens among the first `limit` tokens, ascending. A token is a Chinese character, a Latin
/// word, a punctuation mark, or any figure (all figures are one token).
fn grams(folded: &str, limit: usize) -> Vec<u64> {
    let mut tokens: Vec<u64> = Vec::new();
    let mut word = String::new();
    for c in folded.chars().chain(std::iter::once(' ')) {
        if c.is_ascii_alphanumeric() {
            word.push(c);
            continue;
        }
        if !word.is_empty() {
            let is_figure = word.bytes().all(|byte| byte.is_ascii_digit());
            tokens.push(hash(if is_figure { "#" } else { &word }));
            word.clear();
        }
        if !c.is_whitespace() {
            tokens.push(hash(c.encode_utf8(&mut [0; 4])));
        }
        if tokens.len() >= limit {
            break;
        }
    }
    tokens.truncate(limit);
    let neighbours: Vec<u64> = tokens.windows(2).map(|pair| mix(pair[0], pair[1])).collect();
    tokens.extend(neighbours);
    tokens.sort_unstable();
    tokens.dedup();
    tokens
}

/// Every gram of the question, and none at all, with every gram of the reply. The values make up a fixed length together, so that long texts do not
/// count more than short ones.
fn pairs(question: &[u64], reply: &[u64]) -> Vec<(u32, f32)> {
    let count = (question.len() + 1) * reply.len();
    let value = PAIR_SCALE / (count as f32 + 1.0).sqrt();
    let mut pairs = Vec::with_capacity(count);
    for &said in reply {
        for asked in std::iter::once(0).chain(question.iter().copied()) {
            pairs.push(((mix(asked, said) >> (64 - PAIR_BITS)) as u32, value));
        }
    }
    pairs
}

/// FNV-1a, 64 bits (Fowler, Noll, Vo): stable over versions and machines, which a weights file needs.
fn hash(text: &str) -> u64 {
    text.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
}

/// One hash out of two; the order counts. The finishing steps are those of SplitMix64 (Steele, Lea, Flood 2014).
fn mix(first: u64, second: u64) -> u64 {
    let mut mixed = first.rotate_left(23) ^ second.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ (mixed >> 31)
}

fn cosine(a: &[f32], b: &[f32]) -> f32 {
    let product = |a: &[f32], b: &[f32]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f32>();
    let lengths = (product(a, a) * product(b, b)).sqrt();
    if lengths > 0.0 { product(a, b) / lengths } else { 0.0 }
}

fn number(holds: bool) -> f32 {
    if holds { 1.0 } else { 0.0 }
}

#[cfg(test)]
mod tests {
    use super::super::Reply;
    use super::*;

    fn rows_of(question: &str, replies: &[&str]) -> Vec<Row> {
        let vector = [1.0, 0.0];
        rows(&Exchange { question, vector: &vector, replies: replies.iter().map(|text| Reply { text, vector: &vector }).collect() })
    }

    fn value(row: &Row, name: &str) -> f32 {
        row.named[NAMES.iter().position(|known| known == name).expect("a known feature")]
    }

    #[test]
    fn names_are_distinct_and_every_row_has_them_all() {
        let distinct: HashSet<&String> = NAMES.iter().collect();
        assert_eq!(distinct.len(), NAMES.len());
        assert_eq!(rows_of("多少钱", &["三十八"])[0].named.len(), NAMES.len());
    }

    #[test]
    fn values_stand_where_their_names_are() {
        let rows = rows_of("有电梯吗", &["您好", "有的，两部", "没有地下室"]);
        assert_eq!(value(&rows[0], "always"), 1.0);
        assert_eq!(value(&rows[0], "says_greeting"), 1.0);
        assert_eq!(value(&rows[1], "before_greeting"), 1.0);
        assert_eq!(value(&rows[1], "second"), 1.0);
        assert_eq!(value(&rows[1], "repeats_predicate"), 1.0);
        assert_eq!(value(&rows[1], "asks_yes_no*says_yes"), 1.0);
        assert_eq!(value(&rows[2], "denies_predicate"), 1.0);
        assert_eq!(value(&rows[2], "repeats_predicate"), 0.0);
        assert_eq!(value(&rows[0], "cosine"), 3.0);
        assert_eq!(value(&rows[0], "alone"), 0.0);
        assert_eq!(value(&rows_of("多少钱", &["?!"])[0], "no_words"), 1.0);
    }

    #[test]
    fn figures_are_one_token_and_script_does_not_matter() {
        assert_eq!(rows_of("多少钱", &["38元"])[0].pairs, rows_of("多少錢", &["2500元"])[0].pairs);
        assert_ne!(rows_of("多少钱", &["38元"])[0].pairs, rows_of("多少钱", &["38天"])[0].pairs);
    }

    #[test]
    fn pairs_of_long_texts_do_not_count_more() {
        let length = |row: &Row| row.pairs.iter().map(|(_, value)| value * value).sum::<f32>();
        let short = rows_of("贵吗", &["不贵"]);
        let long = rows_of("这一款和上次那一款比起来哪一款更适合两个人用", &["两个人用的话建议选大一号的那一款，放得下也不费电"]);
        assert!((length(&short[0]) - length(&long[0])).abs() < 8.0, "{} {}", length(&short[0]), length(&long[0]));
    }

    proptest::proptest! {
        #[test]
        fn never_panics(question in ".{0,60}", replies in proptest::collection::vec(".{0,60}", 0..5)) {
            let replies: Vec<&str> = replies.iter().map(String::as_str).collect();
            for row in rows_of(&question, &replies) {
                proptest::prop_assert!(row.named.iter().all(|value| value.is_finite()));
                proptest::prop_assert!(row.pairs.iter().all(|(position, _)| (*position as usize) < PAIR_COUNT));
            }
        }
    }
}
