//! Menus of bots: "please reply 1 to track a parcel, 2 for a refund". A customer's "2" means what stands behind the number.

use std::sync::LazyLock;

use regex::Regex;

use super::said::regex;
use crate::domain::Role;
use crate::text::acts::weighted_length;
use crate::text::normalise::fold;

/// Longest text of an item, weighted: what is longer is a step of an instruction, not a choice.
const MAX_ITEM_LENGTH: usize = 16;

/// One choice.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Item {
    /// What to reply: a number, or a letter in lower case.
    pub(super) key: String,
    /// What it stands for.
    pub(super) words: String,
}

/// A number or letter that begins an item.
static MARK: LazyLock<Regex> = LazyLock::new(|| {
    regex(
        r"(?xi)(?P<verb>(?:回复|回覆|输入|輸入|发送|选择?|按|press|reply(?:\ with)?|enter|type|text|dial|send)\s*)?
        (?:[\[【(（<「“]\s*(?P<braced>\d{1,2}|[a-h]|\#)\s*[\]】)）>」”]\s*[.．、:：-]?
        |(?P<circled>[①②③④⑤⑥⑦⑧⑨⑩])
        |(?P<bare>\d{1,2}|[a-h]|\#)\s*(?P<sign>[.．、:：)）]|\s[-–—=]\s|\s(?:for|to|if)\s|[-–—]))\s*",
    )
});

/// "回复1查物流", "press 1 …": a verb makes the number a mark though no sign follows.
static VERB_MARK: LazyLock<Regex> = LazyLock::new(|| {
    regex(
        r"(?i)(?:回复|回覆|输入|輸入|发送|选择|选|按|press|reply(?: with)?|enter|type|text|dial|send)\s*(?P<key>\d{1,2}|#)(?:键|号键)?\s*(?:for|to|if)?\s*",
    )
});

/// The choices that a text offers, in its order; empty where it is no menu. Items count from 1 or a; 0, 9 and # may follow.
pub(super) fn items(text: &str) -> Vec<Item> {
    let signed = in_order(
        text,
        MARK.captures_iter(text).filter_map(|found| {
            let all = found.get(0)?;
            let key = found.name("braced").or_else(|| found.name("bare")).or_else(|| found.name("circled"))?;
            // "1.5", "iPhone 12.", "3-5 days": figures, no marks.
            let joined_before =
                text[..all.start()].ends_with(|c: char| c.is_ascii_alphanumeric() || c == '.') && found.name("bare").is_some();
            let joined_behind = text[all.end()..].starts_with(|c: char| c.is_ascii_digit()) && found.name("sign").is_some();
            (!joined_before && !joined_behind).then(|| (plain_key(key.as_str()), all.range()))
        }),
    );
    if signed.len() >= 2 {
        return signed;
    }
    in_order(text, VERB_MARK.captures_iter(text).filter_map(|found| Some((plain_key(found.name("key")?.as_str()), found.get(0)?.range()))))
}

fn in_order(text: &str, marks: impl Iterator<Item = (String, std::ops::Range<usize>)>) -> Vec<Item> {
    let mut chosen: Vec<(String, std::ops::Range<usize>)> = Vec::new();
    for (key, range) in marks {
        let follows = match chosen.last() {
            None => key == "1" || key == "a",
            Some((last, _)) => next_key(last) == key || ["0", "9", "#"].contains(&key.as_str()),
        };
        if follows {
            chosen.push((key, range));
        }
    }
    if chosen.len() < 2 {
        return Vec::new();
    }
    let ends = chosen.iter().skip(1).map(|(_, range)| range.start).chain([text.len()]).collect::<Vec<_>>();
    let items = chosen.iter().zip(ends).filter_map(|((key, range), end)| {
        let words = text.get(range.end..end)?;
        let words = words.split(['\n', '。', ';', '；', '!', '！']).next().unwrap_or_default();
        // The request to choose may stand behind the last item.
        let words = words.split(['，', ',']).next().unwrap_or_default();
        let words = words.trim_matches(|c: char| c.is_whitespace() || "，,、.．|/：:-\"“”「」'".contains(c));
        (!words.is_empty()).then(|| Item { key: key.clone(), words: words.to_owned() })
    });
    items.collect()
}

fn plain_key(key: &str) -> String {
    let circled = "①②③④⑤⑥⑦⑧⑨⑩".chars().position(|c| key.starts_with(c));
    circled.map_or_else(|| key.to_ascii_lowercase(), |place| (place + 1).to_string())
}

fn next_key(key: &str) -> String {
    match (key.parse::<u32>(), key.chars().next()) {
        (Ok(number), _) => (number + 1).to_string(),
        (Err(_), Some(letter)) if letter.is_ascii_lowercase() => char::from(letter as u8 + 1).to_string(),
        _ => String::new(),
    }
}

static ASKS_TO_CHOOSE: LazyLock<Regex> = LazyLock::new(|| {
    regex(
        r"(?i)回复|回覆|数字|序号|编号|请选择|请您选择|选择以下|以下选项|哪一?[个项种类]|请输入|按键|press\b|reply\b|\benter\b|choose|select|pick|option|number|which\b",
    )
});

/// Whether a company's message is a menu, not a numbered instruction.
pub(super) fn is_menu(role: Role, text: &str) -> bool {
    let items = items(text);
    if items.is_empty() {
        return false;
    }
    let short = items.iter().all(|item| weighted_length(&fold(&item.words)) <= MAX_ITEM_LENGTH);
    short && (role == Role::Bot || ASKS_TO_CHOOSE.is_match(text))
}

static CHOICE: LazyLock<Regex> = LazyLock::new(|| {
    regex(
        r"(?x)^(?:我?(?:想|要)?(?:选择?|按|回复|输入)|option|number|no\.?|choice|i'll\ (?:take|go\ with)|the)?\s*(?:第)?\s*[\[【(（]?
        (?P<key>\d{1,2}|[一二三四五六七八九十]|[①②③④⑤⑥⑦⑧⑨⑩]|[a-h]|\#|first|second|third|fourth|fifth|one|two|three|four|five)
        [\]】)）]?\s*(?:个|項|项|条|种|号|one|option)?\s*[.。、)）!！]?\s*(?:吧|谢谢|please|pls|thanks)?\s*[.。!！]?$",
    )
});

/// The words that a customer has chosen from the menu; `None` where `text` is no choice of it.
pub(super) fn chosen(menu: &str, text: &str) -> Option<String> {
    let folded = fold(text);
    let found = CHOICE.captures(folded.trim())?;
    let key = found.name("key")?.as_str();
    let numeral = |place: usize| (place + 1).to_string();
    let key = "一二三四五六七八九十".chars().position(|c| key.starts_with(c)).map_or_else(
        || {
            let ordinal = ["first", "second", "third", "fourth", "fifth"].iter().position(|word| *word == key);
            let cardinal = ["one", "two", "three", "four", "five"].iter().position(|word| *word == key);
            ordinal.or(cardinal).map_or_else(|| plain_key(key), numeral)
        },
        numeral,
    );
    items(menu).into_iter().find(|item| item.key == key).map(|item| item.words)
}
