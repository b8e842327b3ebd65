//! Cuts a text into the terms of the word search (BM25), Chinese and English alike.
//!
//! Owns the choice of terms; both sides of a search must use it. Must not be used for display. What becomes a term:
//!
//! - Chinese words as the dictionary cuts them (in its search mode, so no word is longer than three characters). Because the
//!   other side may be cut differently, three-character words also give their two bigrams, and neighbouring single
//!   characters (words the dictionary lacks: names, brands) also give the bigram they form.
//! - Latin words, lower case, with light stemming ([`stem`]).
//! - Figures and model codes as a whole: `iphone15`, `xr-200`, `1.8m`.
//! - Placeholders such as `[PHONE]`, as one term each.
//!
//! Function words are dropped unless nothing else is left.

use charabia::Segment;

use super::language::is_chinese;
use super::mask::MaskKind;
use super::normalise::fold;

/// Single characters that say nothing about what a sentence is about.
const FUNCTION_CHARS: &str = "的了吗呢吧啊呀哦噢嘛哈啦么是在和与及也都就还又很我你您他她它们这那有个之把被给让对为以于着过地得嗯亲请";

/// Words that say nothing about what a sentence is about.
const FUNCTION_WORDS: &[&str] = &["您好", "你好", "请问", "谢谢", "我们", "你们", "他们", "这个", "那个", "一下", "亲亲", "可以", "这边"];

const STOP_WORDS: &[&str] = &[
    "a", "about", "am", "an", "and", "are", "as", "at", "be", "been", "but", "by", "can", "could", "did", "do", "does", "for", "from",
    "had", "has", "have", "he", "hello", "her", "hi", "him", "his", "i", "i'd", "i'll", "i'm", "i've", "if", "in", "into", "is", "it",
    "it's", "its", "just", "me", "my", "of", "on", "or", "our", "please", "she", "should", "so", "some", "than", "thank", "thanks", "that",
    "the", "their", "them", "then", "there", "these", "they", "this", "those", "to", "us", "was", "we", "were", "will", "with", "would",
    "you", "your",
];

/// Cuts a text into search terms, in the order of the text, repeated as often as they occur.
#[must_use]
pub fn terms(text: &str) -> Vec<String> {
    let folded = fold(text);
    let mut content = Vec::new();
    let mut function = Vec::new();
    let mut rest = folded.as_str();
    while let Some(c) = rest.chars().next() {
        let taken = if let Some(length) = placeholder_length(rest) {
            content.push(rest[..length].to_ascii_uppercase());
            length
        } else if is_chinese(c) {
            let length = rest.find(|c: char| !is_chinese(c)).unwrap_or(rest.len());
            chinese_terms(&rest[..length], &mut content, &mut function);
            length
        } else if c.is_alphanumeric() {
            let length = token_length(rest);
            latin_term(&rest[..length], &mut content, &mut function);
            length
        } else {
            c.len_utf8()
        };
        rest = &rest[taken..];
    }
    if content.is_empty() { function } else { content }
}

fn chinese_terms(run: &str, content: &mut Vec<String>, function: &mut Vec<String>) {
    let mut previous_single: Option<&str> = None;
    for word in run.segment_str() {
        let length = word.chars().count();
        let is_function = if length == 1 { FUNCTION_CHARS.contains(word) } else { FUNCTION_WORDS.contains(&word) };
        if is_function {
            function.push(word.to_owned());
            previous_single = None;
            continue;
        }
        content.push(word.to_owned());
        if length == 1 {
            if let Some(before) = previous_single {
                content.push(format!("{before}{word}"));
            }
            previous_single = Some(word);
            continue;
        }
        previous_single = None;
        if length > 2 {
            let chars: Vec<char> = word.chars().collect();
            content.extend(chars.windows(2).map(|pair| pair.iter().collect::<String>()));
        }
    }
}

fn latin_term(token: &str, content: &mut Vec<String>, function: &mut Vec<String>) {
    if STOP_WORDS.contains(&token) {
        function.push(token.to_owned());
    } else {
        content.push(stem(token));
    }
}

/// Length of the word or code at the start of `rest`: letters and digits, with `-`, `.`, `_`, `'`, `/` inside where they join.
fn token_length(rest: &str) -> usize {
    let mut end = 0;
    let mut chars = rest.char_indices().peekable();
    let mut previous = ' ';
    let mut has_digit = false;
    while let Some((at, c)) = chars.next() {
        if c.is_alphanumeric() && !is_chinese(c) {
            has_digit |= c.is_numeric();
            end = at + c.len_utf8();
        } else {
            let next = chars.peek().map_or(' ', |(_, next)| *next);
            let next_joins = next.is_alphanumeric() && !is_chinese(next);
            let joins = match c {
                '\'' | '’' | '_' => next_joins,
                '.' => previous.is_ascii_digit() && next.is_ascii_digit(),
                // A model code has a digit on one side of its dash; "check-in" is two words.
                '-' => next_joins && (has_digit || next.is_ascii_digit()),
                _ => false,
            };
            if !joins {
                break;
            }
        }
        previous = c;
    }
    end.max(rest.chars().next().map_or(0, char::len_utf8))
}

/// Length of the placeholder at the start of `text`, in any case (folded text has lost the capitals).
pub(super) fn placeholder_length(text: &str) -> Option<usize> {
    if !text.starts_with('[') {
        return None;
    }
    MaskKind::ALL.iter().map(|kind| kind.placeholder()).find_map(|placeholder| {
        let head = text.get(..placeholder.len())?;
        head.eq_ignore_ascii_case(placeholder).then_some(placeholder.len())
    })
}

/// Words whose ending only looks like a suffix.
const UNSTEMMED: &[&str] = &[
    "always",
    "anything",
    "beijing",
    "business",
    "ceiling",
    "chongqing",
    "during",
    "evening",
    "everything",
    "morning",
    "nanjing",
    "news",
    "nothing",
    "something",
    "wedding",
    "series",
    "lens",
    "gps",
    "ios",
    "sms",
    "dns",
];

/// Takes plural, `-ing` and `-ed` endings and a silent `e` off an English word.
///
/// Only conflation counts, the result need not be a word: `charge`, `charges`, `charged`, `charging` all become `charg`.
fn stem(token: &str) -> String {
    let word = token.strip_suffix("'s").or_else(|| token.strip_suffix("’s")).unwrap_or(token);
    if word.len() < 4 || !word.bytes().all(|b| b.is_ascii_lowercase()) || UNSTEMMED.contains(&word) {
        return word.to_owned();
    }
    let singular = strip_plural(word);
    let base = strip_verb_ending(&singular);
    let silent = base.len() >= 4 && base.ends_with('e') && !base.ends_with("ee");
    if silent { base[..base.len() - 1].to_owned() } else { base }
}

fn strip_plural(word: &str) -> String {
    if word.len() > 4
        && let Some(root) = word.strip_suffix("ies")
    {
        return format!("{root}y");
    }
    if word.ends_with("ss") || word.ends_with("us") || word.ends_with("is") {
        return word.to_owned();
    }
    if let Some(root) = word.strip_suffix("es")
        && (root.ends_with(['x', 'z']) || root.ends_with("ch") || root.ends_with("sh") || root.ends_with("ss"))
    {
        return root.to_owned();
    }
    word.strip_suffix('s').unwrap_or(word).to_owned()
}

fn strip_verb_ending(word: &str) -> String {
    if word.len() > 4
        && let Some(root) = word.strip_suffix("ied")
    {
        return format!("{root}y");
    }
    let root = word.strip_suffix("ing").or_else(|| word.strip_suffix("ed").filter(|_| !word.ends_with("eed")));
    let Some(root) = root else { return word.to_owned() };
    let has_vowel = root.bytes().any(|b| b"aeiouy".contains(&b));
    if root.len() < 3 && !(root.len() == 2 && root.starts_with(['u', 'o'])) || !has_vowel {
        return word.to_owned();
    }
    let bytes = root.as_bytes();
    let last = bytes[bytes.len() - 1];
    let doubled = bytes.len() >= 4 && last == bytes[bytes.len() - 2];
    // "shipped" loses the doubled letter, "calling", "pressing" keep theirs.
    if doubled && !b"lszaeiou".contains(&last) { root[..root.len() - 1].to_owned() } else { root.to_owned() }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn has(text: &str, expected: &[&str]) {
        let found = terms(text);
        for term in expected {
            assert!(found.iter().any(|t| t == term), "{term} not in {found:?}");
        }
    }

    #[test]
    fn chinese_words_without_particles() {
        has("请问什么时候发货呢", &["什么", "时候", "发货"]);
        assert!(!terms("我的快递呢").iter().any(|t| t == "的" || t == "呢" || t == "我"));
        assert_eq!(terms("訂單"), terms("订单"));
    }

    #[test]
    fn unknown_words_meet_by_bigrams() {
        has("祎翀手环", &["祎翀", "手环"]);
        has("充电宝", &["充电"]);
    }

    #[test]
    fn codes_figures_and_placeholders_stay_whole() {
        has("iPhone15 和 XR-200 哪个好", &["iphone15", "xr-200"]);
        has("请拨打[PHONE]，价格1.5元", &["[PHONE]", "1.5"]);
        has("check-in at 220x240", &["check", "220x240"]);
        assert_eq!(terms("[ORDER_NO]"), ["[ORDER_NO]"]);
    }

    #[test]
    fn english_words_are_stemmed_and_stop_words_dropped() {
        assert_eq!(terms("When are the parcels being shipped?"), ["when", "parcel", "being", "ship"]);
        assert_eq!(terms("the"), ["the"]);
    }

    #[test]
    fn stems_conflate() {
        for group in [
            &["charge", "charges", "charged", "charging"][..],
            &["ship", "ships", "shipped", "shipping"],
            &["return", "returns", "returned", "returning"],
            &["delivery", "deliveries"],
            &["box", "boxes"],
            &["size", "sizes"],
            &["reply", "replies", "replied"],
            &["call", "calls", "called", "calling"],
            &["address", "addresses"],
            &["watch", "watches", "watched"],
            &["refund", "refunds", "refunded", "refunding"],
            &["exchange", "exchanged"],
            &["customer", "customers", "customer's"],
            &["use", "used", "using"],
        ] {
            let first = stem(group[0]);
            for word in group {
                if word.len() > 3 && first.len() > 3 {
                    assert_eq!(stem(word), first, "{word}");
                }
            }
        }
    }

    #[test]
    fn stems_leave_lookalikes() {
        for word in ["this", "thing", "string", "bring", "need", "speed", "status", "express", "news", "morning", "free", "red", "bus"] {
            assert_eq!(stem(word), word);
        }
    }

    #[test]
    fn nothing_but_function_words_still_gives_terms() {
        assert_eq!(terms("的"), ["的"]);
        assert!(terms("").is_empty());
        assert!(terms("？！😊").is_empty());
    }

    proptest! {
        #[test]
        fn never_panics(text in "\\PC*|[一-龥a-z0-9'._\\[\\]-]{0,80}") {
            let _ = terms(&text);
        }
    }
}
