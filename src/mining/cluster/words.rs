//! What a cluster is called: its keywords and its name.

use std::collections::BTreeMap;

use super::Question;
use crate::domain::Language;
use crate::retrieve::encode::{dot, normalise};
use crate::text::acts::{customer_act, weighted_length};
use crate::text::language::is_chinese;
use crate::text::segment::terms;

/// Length of a name, in Chinese characters.
const NAME_LENGTH: usize = 16;
/// Length of an English name, in the same measure: a Latin word counts two and says less.
const ENGLISH_NAME_LENGTH: usize = 24;
/// What each character beyond that costs a representative question, in cosine.
const SURPLUS_PENALTY: f32 = 0.005;
/// What each message or sentence beyond the first costs it: a chain of them is about several things.
const CHAIN_PENALTY: f32 = 0.03;
/// Words, or Chinese characters, that a shortened name keeps before its first keyword.
const LEAD: usize = 2;
/// Keywords that make a name where no words of a customer's do.
const NAME_KEYWORDS: usize = 3;

/// What opens a question without being a part of it, the longest first.
const OPENINGS: &[&str] = &[
    "good afternoon",
    "good morning",
    "good evening",
    "excuse me",
    "please",
    "hello",
    "yeah",
    "well",
    "mhm",
    "yes",
    "hey",
    "and",
    "but",
    "hi",
    "so",
    "ok",
    "oh",
    "um",
    "uh",
    "我想问一下",
    "想问一下",
    "麻烦问下",
    "问一下",
    "我想问",
    "请问",
    "您好",
    "你好",
];

/// Words that say nothing about what a cluster is about, beyond those that a search leaves out: fillers of spoken talk, bare question words.
const FILLERS: &[&str] = &[
    "all",
    "almost",
    "also",
    "any",
    "another",
    "definitely",
    "don't",
    "down",
    "get",
    "go",
    "going",
    "good",
    "got",
    "great",
    "how",
    "know",
    "let",
    "like",
    "lot",
    "make",
    "more",
    "much",
    "need",
    "no",
    "not",
    "now",
    "off",
    "ok",
    "okay",
    "one",
    "other",
    "out",
    "really",
    "right",
    "see",
    "seem",
    "sound",
    "sure",
    "thing",
    "think",
    "two",
    "up",
    "wanna",
    "want",
    "way",
    "well",
    "what",
    "when",
    "where",
    "which",
    "who",
    "why",
    "yeah",
    "yes",
    "不是",
    "什么",
    "就是",
    "已经",
    "怎么",
    "时候",
    "没有",
    "现在",
    "知道",
    "还是",
    "这样",
];

/// Messages or sentences that a text is made of; what only greets does not count.
#[must_use]
pub fn messages(text: &str) -> usize {
    parts(text, ends_sentence, true).len()
}

/// The question that stands for a cluster, by its place: near the centre of all and short; a chain of turns makes a poor heading. `None` of nothing.
#[must_use]
pub fn representative(members: &[Question<'_>]) -> Option<usize> {
    let mut centre = vec![0.0; members.first()?.vector.len()];
    for member in members {
        for (sum, value) in centre.iter_mut().zip(member.vector) {
            *sum += value;
        }
    }
    normalise(&mut centre);
    let fitness = |member: &Question<'_>| {
        let surplus = weighted_length(member.text).saturating_sub(NAME_LENGTH);
        let links = messages(member.text).saturating_sub(1);
        dot(&centre, member.vector) - SURPLUS_PENALTY * surplus as f32 - CHAIN_PENALTY * links as f32
    };
    // Reading a text takes longer than comparing: once for each.
    let fitness: Vec<f32> = members.iter().map(fitness).collect();
    (0..members.len()).max_by(|&a, &b| fitness[a].total_cmp(&fitness[b]).then(b.cmp(&a)))
}

/// A short, readable name for a cluster: the part of its representative question that holds most of its keywords, without greeting and
/// politeness; of a part that is too long, the stretch around its keywords; where no part says what the cluster is about, its keywords.
#[must_use]
pub fn name(representative: &str, keywords: &[String], language: Language) -> String {
    let lower: Vec<String> = keywords.iter().map(|keyword| keyword.to_lowercase()).collect();
    let told = |part: &str| {
        let part = part.to_lowercase();
        lower.iter().filter(|keyword| part.contains(keyword.as_str())).count()
    };
    let length = if language == Language::En { ENGLISH_NAME_LENGTH } else { NAME_LENGTH };
    let sentences = parts(representative, ends_sentence, false);
    let clauses = sentences.iter().flat_map(|sentence| parts(sentence, |c| matches!(c, '，' | ',' | '：' | ':'), true));
    // Whole sentences first: a clause is taken only where it tells as much in less room, or the sentence is too long.
    let candidates = sentences.iter().copied().chain(clauses);
    let fits = |part: &str| weighted_length(part) <= length;
    let mut best: Option<(&str, (bool, usize))> = None;
    for part in candidates {
        let worth = (fits(part), told(part));
        if best.is_none_or(|(_, most)| worth > most) {
            best = Some((part, worth));
        }
    }
    match best {
        Some((part, (true, _))) => capitalised(part),
        Some((part, (false, told))) if told > 0 || keywords.is_empty() => capitalised(&shortened(part, &lower, length)),
        _ => {
            let separator = if language == Language::Zh { "、" } else { ", " };
            capitalised(&keywords.iter().take(NAME_KEYWORDS).map(String::as_str).collect::<Vec<_>>().join(separator))
        }
    }
}

/// What ends a sentence, or a message of several.
fn ends_sentence(c: char) -> bool {
    matches!(c, '\n' | '。' | '！' | '？' | '!' | '?' | '；' | ';' | '.')
}

/// The parts of a text that say something, without what opens them. A dot or comma inside a figure or a name ("3.5", "a.b") does not part;
/// with `at_blanks` a blank between Chinese characters does: nobody writes one within a clause, but messages sent one by one are joined so.
fn parts(text: &str, separates: impl Fn(char) -> bool, at_blanks: bool) -> Vec<&str> {
    let mut parts = Vec::new();
    let mut start = 0;
    let mut before = ' ';
    for (at, c) in text.char_indices() {
        let after = at + c.len_utf8();
        let rest = &text[after..];
        let inside = matches!(c, '.' | ',' | ':') && rest.starts_with(|next: char| next.is_ascii_digit())
            || c == '.' && rest.starts_with(|next: char| next.is_ascii_alphabetic());
        let between = at_blanks && c == ' ' && is_chinese(before) && rest.starts_with(is_chinese);
        if separates(c) && !inside || between {
            parts.push(&text[start..at]);
            start = after;
        }
        before = c;
    }
    parts.push(&text[start..]);
    parts.into_iter().map(without_opening).filter(|part| !part.is_empty() && !customer_act(part).is_small_talk()).collect()
}

fn without_opening(part: &str) -> &str {
    let mut rest = part.trim_matches(|c: char| {
        c.is_whitespace() || c.is_ascii_punctuation() && !matches!(c, '[' | ']' | '%' | '$' | '#') || "，。！？、～…".contains(c)
    });
    'opened: loop {
        for opening in OPENINGS {
            if let Some(head) = rest.get(..opening.len())
                && head.eq_ignore_ascii_case(opening)
                && (!opening.is_ascii() || !rest[opening.len()..].starts_with(|next: char| next.is_alphanumeric()))
                && rest.len() > opening.len()
            {
                rest = rest[opening.len()..]
                    .trim_start_matches(|c: char| c.is_whitespace() || c.is_ascii_punctuation() && c != '[' || "，。！？、～…".contains(c));
                continue 'opened;
            }
        }
        return rest;
    }
}

/// The stretch of a long part that holds most keywords, from a little before the first of them, with an ellipsis where something is left out.
fn shortened(part: &str, keywords: &[String], length: usize) -> String {
    let units = units(part);
    let fitting = |from: usize| {
        let mut end = from;
        let mut kept = String::new();
        while end < units.len() && weighted_length(&format!("{kept}{}", units[end])) <= length {
            kept.push_str(units[end]);
            end += 1;
        }
        (kept, end)
    };
    let told = |stretch: &str| keywords.iter().filter(|keyword| stretch.to_lowercase().contains(keyword.as_str())).count();
    // The last start that holds the most begins with a keyword; a few words before it keep a "cannot".
    let start = (0..units.len()).max_by_key(|&from| (told(&fitting(from).0), from)).unwrap_or_default();
    let start = if told(part) == 0 { 0 } else { start.saturating_sub(LEAD) };
    let (kept, end) = fitting(start);
    let (before, after) = (if start > 0 { "…" } else { "" }, if end < units.len() { "…" } else { "" });
    format!("{before}{}{after}", kept.trim())
}

/// Latin words with the blank behind them, and other characters one by one.
fn units(part: &str) -> Vec<&str> {
    let mut units = Vec::new();
    let mut start = 0;
    let mut chars = part.char_indices().peekable();
    while let Some((at, c)) = chars.next() {
        let end = at + c.len_utf8();
        let goes_on = c.is_ascii() && !c.is_whitespace() && chars.peek().is_some_and(|(_, next)| next.is_ascii());
        if !goes_on {
            units.push(&part[start..end]);
            start = end;
        }
    }
    units
}

/// A text without the placeholders it ends with: whose order it was says nothing about what was asked.
fn without_value_at_end(text: &str) -> &str {
    let mut rest = text.trim_end();
    while let Some((before, inside)) = rest.strip_suffix(']').and_then(|open| open.rsplit_once('['))
        && !before.trim_end().is_empty()
        && inside.chars().all(|c| c.is_ascii_uppercase() || c == '_')
    {
        rest = before.trim_end();
    }
    rest
}

fn capitalised(text: &str) -> String {
    let mut chars = without_value_at_end(text).chars();
    chars.next().map_or_else(String::new, |first| first.to_uppercase().chain(chars).collect())
}

/// The words that tell each cluster from the others: class-based TF-IDF (Grootendorst 2022) over the members' terms.
#[must_use]
pub fn keywords(clusters: &[Vec<&str>], count: usize) -> Vec<Vec<String>> {
    let frequencies: Vec<BTreeMap<String, f32>> = clusters
        .iter()
        .map(|questions| {
            let mut frequency = BTreeMap::new();
            for term in questions.iter().flat_map(|question| terms(question)).filter(|term| tells_something(term)) {
                *frequency.entry(term).or_insert(0.0) += 1.0;
            }
            frequency
        })
        .collect();
    let mut overall: BTreeMap<&str, f32> = BTreeMap::new();
    for (term, frequency) in frequencies.iter().flatten() {
        *overall.entry(term).or_insert(0.0) += frequency;
    }
    let average = overall.values().sum::<f32>() / clusters.len().max(1) as f32;
    frequencies
        .iter()
        .zip(clusters)
        .map(|(frequency, questions)| {
            let mut scored: Vec<(&String, f32)> =
                frequency.iter().map(|(term, count)| (term, count * (1.0 + average / overall[term.as_str()]).ln())).collect();
            scored.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(b.0)));
            scored.into_iter().take(count).map(|(term, _)| as_written(term, questions)).collect()
        })
        .collect()
}

/// Whether a term may be a keyword: no placeholder, no figure, no single character, no filler.
fn tells_something(term: &str) -> bool {
    term.chars().count() > 1
        && !term.starts_with('[')
        && !term.chars().all(|c| c.is_ascii_digit() || c.is_ascii_punctuation())
        && !FILLERS.contains(&term)
}

/// The commonest word of the questions that an English stem stands for ("invoic" → "invoice"); other terms stay.
fn as_written(term: &str, questions: &[&str]) -> String {
    if !term.is_ascii() {
        return term.to_owned();
    }
    let mut words: BTreeMap<String, usize> = BTreeMap::new();
    for word in questions.iter().flat_map(|question| question.split(|c: char| !c.is_ascii_alphanumeric() && c != '-')) {
        let word = word.to_ascii_lowercase();
        if word == term || terms(&word).first().is_some_and(|stem| stem == term) {
            *words.entry(word).or_insert(0) += 1;
        }
    }
    words.into_iter().max_by(|a, b| a.1.cmp(&b.1).then(b.0.cmp(&a.0))).map_or_else(|| term.to_owned(), |(word, _)| word)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keywords_are_whole_words_and_no_figures() {
        let words = keywords(&[vec!["where is my invoice 2026", "two invoices for 11", "invoice please"], vec!["parcel lost"]], 2);
        assert_eq!(words[0][0], "invoice");
        assert!(words[0].iter().all(|word| word != "11" && word != "2026"));
    }

    #[test]
    fn a_name_is_what_the_question_says_without_greeting() {
        let of = |representative: &str, keywords: &[&str], language| {
            name(representative, &keywords.iter().map(|&keyword| keyword.to_owned()).collect::<Vec<_>>(), language)
        };
        assert_eq!(of("你好，请问退货运费谁出？", &["运费", "退货"], Language::Zh), "退货运费谁出");
        assert_eq!(of("在吗\n我前天买的外套到现在物流都没有动静，什么时候发货啊", &["发货", "什么时候"], Language::Zh), "什么时候发货啊");
        assert_eq!(of("Hello, where is my parcel?", &["parcel"], Language::En), "Where is my parcel");
        assert_eq!(of("my order came to $3.50 more", &["order"], Language::En), "My order came to $3.50 more");
        assert_eq!(
            of(
                "um yeah I was wondering whether there is any way that I could reset the password I use online",
                &["password", "reset"],
                Language::En
            ),
            "…I could reset the password I use online"
        );
        assert_eq!(of("又是我 上次退衬衫那个 这次裤子 买大了一码想换", &["一码", "裤子", "想换"], Language::Zh), "买大了一码想换");
        assert_eq!(
            of("can i use points and the welcome coupon together", &["coupon", "points"], Language::En),
            "Can i use points and the welcome coupon together"
        );
        assert_eq!(of("", &["invoice", "tax", "title", "paper"], Language::En), "Invoice, tax, title");
        assert_eq!(of("物流三天没动了 [ORDER_NO]", &["物流"], Language::Zh), "物流三天没动了");
        assert_eq!(of("[ORDER_NO]", &["物流"], Language::Zh), "[ORDER_NO]");
        assert_eq!(of("谢谢", &["发票", "抬头"], Language::Zh), "发票、抬头");
        assert_eq!(of("", &[], Language::Zh), "");
    }

    #[test]
    fn keywords_tell_clusters_apart() {
        let words = keywords(&[vec!["退货 运费 谁出", "退货 运费 多少"], vec!["退货 怎么 申请", "退货 申请 入口"]], 1);
        assert_ne!(words[0], words[1]);
    }
}
