//! Tells whether a text is Chinese or English.
//!
//! Owns one rule: Han characters are counted against Latin words, because a Chinese sentence naming an English product is
//! still Chinese. Must not guess beyond the two languages of the product.

use std::sync::LazyLock;

use regex::Regex;

use crate::domain::Language;

/// Placeholders, links and addresses: Latin letters that say nothing about the language around them.
static NOT_WORDS: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"\[[A-Z]+(?:_[A-Z]+)*\]|https?://[^\s\p{Han}]+|[A-Za-z0-9._%+-]+@[A-Za-z0-9.-]+").expect("a constant pattern")
});

/// Detects the language of a text.
///
/// English wins only where Latin words outnumber Han characters; text without letters (empty, digits, emoji) counts as
/// Chinese. Codes that mix letters and digits (`XR-200`, `iphone15`) are not words.
#[must_use]
pub fn detect(text: &str) -> Language {
    let words_only = NOT_WORDS.replace_all(text, " ");
    let mut han = 0_usize;
    let mut latin_words = 0_usize;
    let mut in_token = false;
    let mut token_letters = 0_usize;
    let mut token_has_digit = false;
    let mut chars = words_only.chars().chain(std::iter::once(' ')).peekable();
    while let Some(c) = chars.next() {
        if is_chinese(c) {
            han += 1;
        }
        let inside = |c: char| c.is_alphanumeric() && !is_chinese(c);
        // The dash of a model code or of "check-in" does not end the word.
        let joins = inside(c) || (in_token && c == '-' && chars.peek().is_some_and(|next| inside(*next)));
        if joins {
            in_token = true;
            if c.is_numeric() {
                token_has_digit = true;
            } else if c != '-' {
                token_letters += 1;
            }
        } else if in_token {
            if token_letters > 0 && !token_has_digit {
                latin_words += 1;
            }
            in_token = false;
            token_letters = 0;
            token_has_digit = false;
        }
    }
    if latin_words > han { Language::En } else { Language::Zh }
}

/// Whether a character belongs to the Chinese script (Han with its extensions, or bopomofo).
pub fn is_chinese(c: char) -> bool {
    matches!(c,
        '\u{3400}'..='\u{4DBF}' | '\u{4E00}'..='\u{9FFF}' | '\u{F900}'..='\u{FAFF}' | '\u{20000}'..='\u{323AF}'
        | '\u{3105}'..='\u{312F}' | '\u{3005}' | '\u{3007}')
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn plain_texts() {
        assert_eq!(detect("什么时候发货"), Language::Zh);
        assert_eq!(detect("甚麼時候發貨"), Language::Zh);
        assert_eq!(detect("When will it ship?"), Language::En);
        assert_eq!(detect("ok"), Language::En);
    }

    #[test]
    fn text_without_letters_is_chinese() {
        for text in ["", "  ", "13800138000", "👍👍", "2026-08-15", "[PHONE]", "XR-200"] {
            assert_eq!(detect(text), Language::Zh, "{text}");
        }
    }

    #[test]
    fn a_product_name_does_not_make_a_sentence_english() {
        assert_eq!(detect("我的 iPhone 15 Pro Max 怎么 reset"), Language::Zh);
        assert_eq!(detect("请问 Apple Watch Series 9 有货吗"), Language::Zh);
        assert_eq!(detect("wifi密码"), Language::Zh);
        assert_eq!(detect("OK的"), Language::Zh);
    }

    #[test]
    fn a_chinese_name_does_not_make_a_sentence_chinese() {
        assert_eq!(detect("How do I pay with 支付宝 in your shop?"), Language::En);
        assert_eq!(detect("Is 微信 pay accepted for my order?"), Language::En);
    }

    #[test]
    fn placeholders_and_links_do_not_count() {
        assert_eq!(detect("电话 [PHONE] [NAME] [ADDRESS]"), Language::Zh);
        assert_eq!(detect("看下 https://shop.example.com/a/b/c?x=some-long-english-words"), Language::Zh);
    }

    proptest! {
        #[test]
        fn never_panics(text in "\\PC*") {
            let _ = detect(&text);
        }
    }
}
