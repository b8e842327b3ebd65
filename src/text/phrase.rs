//! Whether a text holds a phrase, the way people mean it.

use super::language::is_chinese;
use super::normalise::fold;

/// Whether `text` holds `phrase`.
///
/// Both are folded, so case, full-width forms, traditional characters and the kind of white space do not matter. A phrase is found as a whole
/// where it begins or ends with a Latin word or a number: "art" is not in "cart" and "7天" not in "17天", while Chinese, which has no
/// gaps between words, is found anywhere. An empty phrase is in no text.
#[must_use]
pub fn holds_phrase(text: &str, phrase: &str) -> bool {
    let (text, phrase) = (fold(text), fold(phrase));
    let (Some(first), Some(last)) = (phrase.chars().next(), phrase.chars().next_back()) else { return false };
    text.char_indices().any(|(at, _)| {
        let Some(after) = text[at..].strip_prefix(phrase.as_str()) else { return false };
        let glued_before = text[..at].chars().next_back().is_some_and(|before| are_one_word(before, first));
        let glued_after = after.chars().next().is_some_and(|after| are_one_word(last, after));
        !glued_before && !glued_after
    })
}

/// Whether no word can end between two characters: both letters of an alphabet, or both digits.
fn are_one_word(left: char, right: char) -> bool {
    let letter = |c: char| c.is_alphabetic() && !is_chinese(c);
    (letter(left) && letter(right)) || (left.is_numeric() && right.is_numeric())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn case_width_script_and_blanks_do_not_matter() {
        for (text, phrase) in [
            ("请问預售商品什么时候发", "预售"),
            ("请问预售商品什么时候发", "預售"),
            ("can I get a REFUND, please", "refund"),
            ("ｒｅｆｕｎｄ到哪里", "Refund"),
            ("gift   card balance", "Gift\u{3000}Card"),
            ("我的iPhone15坏了", "iphone"),
            ("七天无理由", "天无"),
        ] {
            assert!(holds_phrase(text, phrase), "{phrase} in {text}");
        }
    }

    #[test]
    fn words_and_numbers_are_found_as_a_whole() {
        for (text, phrase) in [
            ("where is my cart", "art"),
            ("can I get a partial refund", "part"),
            ("17天能退吗", "7天"),
            ("买了70件", "7"),
            ("怎么退货", "预售"),
            ("怎么退货", ""),
            ("", "退货"),
        ] {
            assert!(!holds_phrase(text, phrase), "{phrase} in {text}");
        }
        // The first place is inside a word, the second one is not.
        assert!(holds_phrase("a cart of art", "art"));
        assert!(holds_phrase("17天还是7天", "7天"));
    }

    proptest! {
        #[test]
        fn a_text_holds_itself_and_nothing_panics(text in "\\PC{0,40}", phrase in "\\PC{0,10}") {
            prop_assert_eq!(holds_phrase(&text, &text), !fold(&text).is_empty());
            let _ = holds_phrase(&text, &phrase);
        }
    }
}
