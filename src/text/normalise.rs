//! Brings texts into one form: what is stored and shown, what is compared, and what counts as the same answer.
//!
//! Owns [`clean`] (readers call it once on everything that comes in), [`fold`] (matching only, never shown) and
//! [`answer_key`]. Both `clean` and `fold` are idempotent: doing it again changes nothing, so nobody has to know whether a
//! text has already passed.

mod html;

use std::fmt::Write as _;

use sha2::{Digest, Sha256};
use unicode_normalization::{IsNormalized, UnicodeNormalization, is_nfkc_quick};

use super::language::is_chinese;
use super::script::to_simplified;

/// How often a step that is not idempotent by itself is repeated; two rounds are what real text needs.
const MAX_ROUNDS: usize = 6;

/// Cleans a raw message for storing and showing.
///
/// HTML becomes text (entities decoded, `<br>` and block tags to line breaks), control and zero-width characters go, CRLF
/// becomes LF, runs of blanks collapse to one, lines and the whole are trimmed, and at most one empty line is kept.
#[must_use]
pub fn clean(raw: &str) -> String {
    let mut text = clean_once(raw);
    for _ in 1..MAX_ROUNDS {
        let again = clean_once(&text);
        if again == text {
            break;
        }
        text = again;
    }
    text
}

fn clean_once(raw: &str) -> String {
    let text = html::to_text(raw);
    let mut out = String::with_capacity(text.len());
    let mut pending_blank = false;
    let mut pending_breaks = 0_usize;
    let mut previous = '\n';
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '\r' => {
                if chars.peek() != Some(&'\n') {
                    pending_breaks += 1;
                }
            }
            '\n' | '\u{2028}' | '\u{2029}' | '\u{0B}' | '\u{0C}' | '\u{85}' => pending_breaks += 1,
            _ if c.is_whitespace() => pending_blank = true,
            // A joiner inside an emoji sequence carries meaning; everywhere else it is noise.
            '\u{200D}' if !is_pictograph(previous) => {}
            _ if c != '\u{200D}' && is_invisible(c) => {}
            _ => {
                if pending_breaks > 0 {
                    if !out.is_empty() {
                        out.push_str(if pending_breaks == 1 { "\n" } else { "\n\n" });
                    }
                } else if pending_blank && !out.is_empty() {
                    out.push(' ');
                }
                pending_breaks = 0;
                pending_blank = false;
                out.push(c);
                previous = c;
            }
        }
    }
    out
}

/// Folds a text for matching: compatibility forms, case, script and white space no longer differ.
#[must_use]
pub fn fold(text: &str) -> String {
    let (mut folded, mut stable) = fold_once(text);
    for _ in 1..MAX_ROUNDS {
        if stable {
            break;
        }
        (folded, stable) = fold_once(&folded);
    }
    folded
}

/// Folds once; also tells whether folding again is known to change nothing.
fn fold_once(text: &str) -> (String, bool) {
    if text.is_ascii() {
        return (collapse(&text.to_ascii_lowercase()), true);
    }
    let composed =
        if is_nfkc_quick(text.chars()) == IsNormalized::Yes { text.to_lowercase() } else { text.nfkc().collect::<String>().to_lowercase() };
    let simplified = to_simplified(&composed);
    let out = collapse(&simplified);
    let stable = out == text;
    (out, stable)
}

fn collapse(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut pending_blank = false;
    for c in text.chars() {
        if c.is_whitespace() {
            pending_blank = true;
        } else if !is_invisible(c) {
            if pending_blank && !out.is_empty() {
                out.push(' ');
            }
            pending_blank = false;
            out.push(c);
        }
    }
    out
}

fn is_invisible(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{00AD}' | '\u{061C}' | '\u{180E}' | '\u{200B}'..='\u{200F}' | '\u{202A}'..='\u{202E}'
            | '\u{2060}'..='\u{206F}' | '\u{FEFF}' | '\u{FFF9}'..='\u{FFFB}')
}

fn is_pictograph(c: char) -> bool {
    matches!(c, '\u{1F000}'..='\u{1FAFF}' | '\u{2600}'..='\u{27BF}' | '\u{2B00}'..='\u{2BFF}' | '\u{FE0F}' | '\u{2300}'..='\u{23FF}')
}

/// Polite words in front of an answer; longest first, so that the whole greeting goes.
const LEADING: &[&str] = &[
    "亲爱的客户",
    "尊敬的客户",
    "尊敬的用户",
    "尊敬的顾客",
    "亲爱的",
    "尊敬的",
    "您好呀",
    "您好哦",
    "您好啊",
    "亲亲",
    "您好",
    "你好",
    "哈喽",
    "哈啰",
    "嗨",
    "亲",
    "嗯嗯",
    "嗯",
    "呃",
    "哦",
    "噢",
    "麻烦",
    "请",
];

/// Polite words and particles behind an answer.
const TRAILING: &[&str] = &[
    "谢谢您",
    "谢谢你",
    "谢谢亲",
    "谢谢",
    "感谢您",
    "感谢",
    "亲亲",
    "亲",
    "的哦",
    "的呢",
    "的呀",
    "哈哈",
    "哈",
    "哦",
    "噢",
    "喔",
    "呢",
    "啊",
    "呀",
    "啦",
    "哟",
    "呦",
    "嘞",
    "哒",
    "嘛",
];

const LEADING_EN: &[&str] = &["hi", "hello", "hey", "dear", "please", "there", "sir", "madam", "ok", "okay", "well", "kindly"];
const TRAILING_EN: &[&str] = &["please", "thanks", "thank", "you", "sir", "madam", "regards", "cheers"];

/// A key under which trivially different wordings of one answer fall together: 32 hex digits.
///
/// Case, script, punctuation, emoji, white space and polite words at the ends do not matter; figures and placeholders do.
#[must_use]
pub fn answer_key(text: &str) -> String {
    let folded = fold(text);
    let words = key_words(&folded);
    let mut core = strip_fillers(&words);
    if core.is_empty() {
        core = words;
    }
    let mut joined = String::with_capacity(folded.len());
    let mut previous_latin = false;
    for word in &core {
        let latin = !word.starts_with(is_chinese);
        if latin && previous_latin {
            joined.push(' ');
        }
        joined.push_str(word);
        previous_latin = latin;
    }
    if joined.is_empty() {
        // Nothing but punctuation or emoji: the folded text itself is all there is to tell such answers apart.
        joined = folded;
    }
    let digest = Sha256::digest(joined.as_bytes());
    let mut key = String::with_capacity(32);
    for byte in digest.iter().take(16) {
        write!(key, "{byte:02x}").expect("writing to a string cannot fail");
    }
    key
}

/// Cuts folded text into runs of Chinese, runs of other letters and figures, and placeholders; the rest is dropped.
fn key_words(folded: &str) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    let mut current = String::new();
    let mut current_chinese = false;
    let mut rest = folded;
    while let Some(c) = rest.chars().next() {
        if c == '['
            && let Some(length) = super::segment::placeholder_length(rest)
        {
            words.extend((!current.is_empty()).then(|| std::mem::take(&mut current)));
            words.push(rest[..length].to_owned());
            rest = &rest[length..];
            continue;
        }
        let after = &rest[c.len_utf8()..];
        let chinese = is_chinese(c);
        let between_digits = matches!(c, '.' | '-' | '/' | ':' | '+' | '%')
            && current.ends_with(|p: char| p.is_ascii_digit())
            && (c == '%' || c == '+' || after.starts_with(|n: char| n.is_ascii_digit()));
        if c.is_alphanumeric() || between_digits {
            if !current.is_empty() && chinese != current_chinese {
                words.push(std::mem::take(&mut current));
            }
            current_chinese = chinese;
            current.push(c);
        } else if c == '\'' || c == '’' {
            // "don't" and "dont" are one word.
        } else if !(current.is_empty() || chinese || current_chinese) {
            words.push(std::mem::take(&mut current));
        }
        rest = after;
    }
    words.extend((!current.is_empty()).then_some(current));
    words
}

fn strip_fillers(words: &[String]) -> Vec<String> {
    let mut words: std::collections::VecDeque<String> = words.iter().cloned().collect();
    while let Some(first) = words.front_mut() {
        if LEADING_EN.contains(&first.as_str()) {
            words.pop_front();
        } else if let Some(prefix) = LEADING.iter().find(|prefix| first.starts_with(**prefix)) {
            first.drain(..prefix.len());
            if first.is_empty() {
                words.pop_front();
            }
        } else {
            break;
        }
    }
    while let Some(last) = words.back_mut() {
        if TRAILING_EN.contains(&last.as_str()) {
            words.pop_back();
        } else if let Some(suffix) = TRAILING.iter().find(|suffix| last.ends_with(**suffix)) {
            last.truncate(last.len() - suffix.len());
            if last.is_empty() {
                words.pop_back();
            }
        } else {
            break;
        }
    }
    words.into()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn html_becomes_text() {
        assert_eq!(clean("<p>您好</p><p>第二段&nbsp;&amp; more</p>"), "您好\n\n第二段 & more");
        assert_eq!(clean("a<br>b<BR/>c"), "a\nb\nc");
        assert_eq!(clean("<div class=\"x\">one</div><div>two</div>"), "one\n\ntwo");
        assert_eq!(clean("<a href='https://x.example/1'>点这里</a>"), "点这里");
        assert_eq!(clean("<style>p{color:red}</style>正文<script>alert(1)</script>"), "正文");
        assert_eq!(clean("&#20320;&#x597D; &quot;hi&quot;"), "你好 \"hi\"");
    }

    #[test]
    fn comparison_signs_are_not_tags() {
        assert_eq!(clean("a < b > c"), "a < b > c");
        assert_eq!(clean("价格<100 且 >50"), "价格<100 且 >50");
        assert_eq!(clean("<订单号>"), "<订单号>");
    }

    #[test]
    fn blanks_breaks_and_invisible_characters() {
        assert_eq!(clean("  a \t b\u{3000}\u{3000}c  "), "a b c");
        assert_eq!(clean("a\r\nb\rc\n\n\n\nd"), "a\nb\nc\n\nd");
        assert_eq!(clean("1\u{200B}3\u{FEFF}8\u{0007}"), "138");
        assert_eq!(clean("👨\u{200D}👩\u{200D}👧"), "👨\u{200D}👩\u{200D}👧");
    }

    #[test]
    fn folding_meets_in_one_form() {
        assert_eq!(fold("ＡＢＣ　１２３"), "abc 123");
        assert_eq!(fold("訂單 Order\n\n號"), "订单 order 号");
        assert_eq!(fold("①②"), "12");
    }

    #[test]
    fn small_talk_around_an_answer_does_not_change_its_key() {
        let key = answer_key("48小时内发货");
        for same in ["您好，48小时内发货哦~", "亲，48小时内发货呢", "48小时内发货。", "亲亲您好 48 小时内发货哈 😊", "48小時內發貨"]
        {
            assert_eq!(answer_key(same), key, "{same}");
        }
        assert_eq!(answer_key("Hi there, please restart the router. Thanks!"), answer_key("restart the router"));
        assert_eq!(key.len(), 32);
    }

    #[test]
    fn figures_and_placeholders_change_the_key() {
        assert_ne!(answer_key("48小时内发货"), answer_key("24小时内发货"));
        assert_ne!(answer_key("1.5折"), answer_key("15折"));
        assert_ne!(answer_key("请拨打[PHONE]"), answer_key("请拨打"));
        assert_ne!(answer_key("😊"), answer_key("👍"));
        assert_ne!(answer_key("您好"), answer_key("谢谢"));
        assert_ne!(answer_key("history"), answer_key("story"));
    }

    proptest! {
        #[test]
        fn clean_is_idempotent(text in "\\PC*|(<|>|&|;|amp|lt|br|p|/| |\r|\n|\u{200B}|i|#|39|好){0,40}") {
            let once = clean(&text);
            prop_assert_eq!(clean(&once), once);
        }

        #[test]
        fn fold_is_idempotent(text in "\\PC*|[a-zA-Z\u{3000}-\u{9FFF}\u{FF00}-\u{FFEF}İΣ ]{0,60}") {
            let once = fold(&text);
            prop_assert_eq!(fold(&once), once);
        }

        #[test]
        fn answer_key_never_panics(text in "\\PC*") {
            prop_assert_eq!(answer_key(&text).len(), 32);
        }
    }
}
