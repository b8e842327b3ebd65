//! Traditional to simplified Chinese script, and back for tests of what came in as traditional.
//!
//! Encoders and word lists here know simplified script; both sides of a comparison go through [`to_simplified`] first. Script only:
//! regional vocabulary stays as it is. Simplified text and text without Chinese pass through unchanged; the function is idempotent.

use std::borrow::Cow;
use std::sync::LazyLock;

use ferrous_opencc::OpenCC;
use ferrous_opencc::config::BuiltinConfig;

/// Built on first use: the dictionaries are inside the binary, so this reads no file.
static TO_SIMPLIFIED: LazyLock<OpenCC> =
    LazyLock::new(|| OpenCC::from_config(BuiltinConfig::T2s).expect("the dictionaries are compiled into the binary"));

/// As [`TO_SIMPLIFIED`]; a process that never asks for traditional script never unpacks it.
static TO_TRADITIONAL: LazyLock<OpenCC> =
    LazyLock::new(|| OpenCC::from_config(BuiltinConfig::S2t).expect("the dictionaries are compiled into the binary"));

/// Characters that the dictionary converts in words only, never alone. Cargo.toml pins the version they were read from: in words of its
/// `TSPhrases.txt` none of whose characters `TSCharacters.txt` changes, those that the word changes.
const IN_WORDS_ONLY: &str = "瞭藉覆沈牴衹";

/// The ideographs that nearly all text is written in; others are always looked up.
const COMMON: std::ops::RangeInclusive<char> = '\u{3400}'..='\u{9fff}';

/// Whether a conversion to simplified script may change the character, by its place in [`COMMON`]: nearly all text is simplified already, and
/// looking each of its characters up in the dictionaries is felt in every suggestion.
static CONVERTED: LazyLock<Vec<bool>> = LazyLock::new(|| {
    // A line for each character, so that no two make a word.
    let each: String = COMMON.flat_map(|character| [character, '\n']).collect();
    let converted = TO_SIMPLIFIED.convert(&each);
    let changes = |(from, to): (&str, &str)| from != to || IN_WORDS_ONLY.contains(from);
    each.lines().zip(converted.lines()).map(changes).collect()
});

fn may_change(character: char) -> bool {
    let place = u32::from(character).checked_sub(u32::from(*COMMON.start()));
    let known = place.and_then(|place| CONVERTED.get(place as usize));
    known.copied().unwrap_or_else(|| is_han(character))
}

/// Returns `text` in simplified script, borrowed when nothing changes.
pub fn to_simplified(text: &str) -> Cow<'_, str> {
    if !text.chars().any(may_change) {
        return Cow::Borrowed(text);
    }
    match convert(&TO_SIMPLIFIED, text) {
        // A few rare characters come out as characters that are themselves converted.
        Cow::Owned(once) => Cow::Owned(convert(&TO_SIMPLIFIED, &once).into_owned()),
        unchanged @ Cow::Borrowed(_) => unchanged,
    }
}

/// Returns simplified `text` in traditional script, borrowed when nothing changes. Where one simplified character stands for several
/// traditional ones the longest known word decides (OpenCC's dictionary `s2t`), else the most usual character.
///
/// For measuring how traditional input fares; nothing that is stored or compared goes through it.
pub fn to_traditional(text: &str) -> Cow<'_, str> {
    convert(&TO_TRADITIONAL, text)
}

fn convert<'a>(converter: &OpenCC, text: &'a str) -> Cow<'a, str> {
    if !text.chars().any(is_han) {
        return Cow::Borrowed(text);
    }
    let converted = converter.convert(text);
    if converted == text { Cow::Borrowed(text) } else { Cow::Owned(converted) }
}

/// Whether the dictionaries may know the character: the ideograph blocks, from extension A upwards.
fn is_han(character: char) -> bool {
    COMMON.contains(&character) || matches!(character, '\u{f900}'..='\u{faff}' | '\u{20000}'..='\u{3ffff}')
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn traditional_script_becomes_simplified() {
        assert_eq!(to_simplified("請問這個訂單什麼時候發貨?"), "请问这个订单什么时候发货?");
        assert_eq!(to_simplified("帳號被鎖 help"), "帐号被锁 help");
    }

    #[test]
    fn words_decide_where_characters_are_ambiguous() {
        assert_eq!(to_simplified("乾隆"), "乾隆");
        assert_eq!(to_simplified("乾淨"), "干净");
    }

    #[test]
    fn characters_that_only_words_convert_are_looked_up() {
        for (traditional, simplified) in
            [("回覆", "回复"), ("瞭解", "了解"), ("藉口", "借口"), ("沈默", "沉默"), ("牴牾", "抵牾"), ("衹得", "只得")]
        {
            assert_eq!(to_simplified(traditional), simplified);
        }
        assert_eq!(to_simplified("覆盖"), "覆盖");
    }

    #[test]
    fn simplified_script_becomes_traditional() {
        assert_eq!(to_traditional("请问这个订单什么时候发货?"), "請問這個訂單什麼時候發貨?");
        assert_eq!(to_traditional("头发"), "頭髮", "words decide, not characters");
        for text in ["", "where is my parcel?", "[PHONE] 😀"] {
            assert!(matches!(to_traditional(text), Cow::Borrowed(same) if same == text), "{text}");
        }
        for text in ["我的快递到哪了", "干净的面条", "怎么开发票，运费谁出"] {
            assert_ne!(to_traditional(text), text);
            assert_eq!(to_simplified(&to_traditional(text)), text);
        }
    }

    #[test]
    fn what_needs_no_change_is_borrowed() {
        for text in ["", "where is my parcel?", "我的快递到哪了", "[PHONE] 😀 ￥25", "ひらがな"] {
            assert!(matches!(to_simplified(text), Cow::Borrowed(same) if same == text), "{text}");
        }
    }

    proptest! {
        #[test]
        fn converting_twice_is_converting_once(text in "[\u{4e00}-\u{9fff}a-z0-9 ,。]{0,40}") {
            let once = to_simplified(&text).into_owned();
            prop_assert_eq!(to_simplified(&once), once.as_str());
        }

        #[test]
        fn what_is_not_looked_up_would_not_change(text in "[请問订單覆盖沈默瞭解\u{4e00}-\u{9fa5}a-z]{0,12}") {
            prop_assert_eq!(to_simplified(&text), TO_SIMPLIFIED.convert(&TO_SIMPLIFIED.convert(&text)));
        }
    }
}
