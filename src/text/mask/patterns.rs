//! Values that show by their own shape what they are: links, e-mail addresses, identity and card numbers, plates, long codes.

use std::sync::LazyLock;

use regex::Regex;

use super::view::{Hit, View, char_after, char_before};
use super::{MaskKind, checksum, phones, scan};

fn regex(pattern: &str) -> Regex {
    Regex::new(pattern).expect("a constant pattern")
}

static URL: LazyLock<Regex> = LazyLock::new(|| {
    let rest = r#"[^\s\x01\p{Han}<>"'，。；！、（）《》【】「」“”|\\^`{}]"#;
    let top = "com|cn|net|org|io|co|me|cc|tv|info|biz|top|xyz|shop|vip|app|dev|link|site|online|store|hk|tw|uk|us|eu|ly|gl|gg|im|ai";
    regex(&format!(r"(?i)(?:https?|ftp)://{rest}+|[a-z0-9](?:[a-z0-9-]{{0,62}}\.){{1,5}}(?:{top})(?::\d{{2,5}})?[/?]{rest}+"))
});

/// Finds links; a bare domain without a path says nothing about a person and stays.
pub(super) fn urls(view: &View) -> Vec<Hit> {
    let text = view.text();
    scan(&URL, text, |captures| {
        let found = captures.get(0)?;
        let before = char_before(text, found.start());
        let has_scheme = found.as_str().get(..10).unwrap_or(found.as_str()).contains("://");
        if !has_scheme && (before.is_ascii_alphanumeric() || matches!(before, '@' | '.' | '-')) {
            return None;
        }
        let mut value = found.as_str().trim_end_matches(['.', ',', ';', ':', '!', '?', '*', '…', '~']);
        let surplus = value.matches([')', ']']).count().saturating_sub(value.matches(['(', '[']).count());
        for _ in 0..surplus {
            let Some(shorter) = value.strip_suffix([')', ']']) else { break };
            value = shorter.trim_end_matches(['.', ',', ';', ':', '!', '?']);
        }
        let scheme = value.find("://").map_or(0, |at| at + 3);
        let bare = if has_scheme { value.len() <= scheme } else { value.ends_with('/') && value.matches('/').count() == 1 };
        (!bare && may_identify(&value[scheme..])).then(|| (found.start()..found.start() + value.len(), MaskKind::Url))
    })
}

/// Whether a link (without its scheme) may lead to one person's data. A public page, such as the help page an agent sends to everybody, has
/// neither query nor anchor nor user, and its path is made of words: a digit is allowed only as the number of a page (`sln3353.html`).
fn may_identify(link: &str) -> bool {
    static WORD: LazyLock<Regex> = LazyLock::new(|| regex(r"^(?:[a-z]+(?:[-_.][a-z]+)*|[a-z]{1,20}[0-9]{1,5}\.html?|v[0-9])?$"));
    const PERSONAL: [&str; 16] = [
        "u", "user", "users", "profile", "member", "members", "account", "accounts", "order", "orders", "invoice", "share", "invite",
        "track", "s", "p",
    ];
    let Some((host, path)) = link.split_once('/') else { return true };
    let lower = path.to_ascii_lowercase();
    host.contains('@') || lower.split('/').any(|segment| segment.len() > 60 || !WORD.is_match(segment) || PERSONAL.contains(&segment))
}

const LONGEST_LOCAL_PART: usize = 64;

/// Finds e-mail addresses, outwards from each `@`.
pub(super) fn emails(view: &View) -> Vec<Hit> {
    let text = view.text();
    let bytes = text.as_bytes();
    let mut hits = Vec::new();
    for (at, _) in text.match_indices('@') {
        let is_local = |b: &u8| b.is_ascii_alphanumeric() || b"._%+-".contains(b);
        let mut start = at;
        let head = if bytes[..at].ends_with(b" ") && bytes[at + 1..].starts_with(b" ") { at - 1 } else { at };
        let local = bytes[..head].iter().rev().take(LONGEST_LOCAL_PART).take_while(|b| is_local(b)).count();
        start = start.min(head) - local;
        while start < head && matches!(bytes[start], b'.' | b'-' | b'%' | b'+') {
            start += 1;
        }
        let domain_start = if head < at { at + 2 } else { at + 1 };
        let domain = bytes[domain_start..].iter().take(253).take_while(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-')).count();
        let domain_text = text[domain_start..domain_start + domain].trim_end_matches(['.', '-']);
        let top = domain_text.rsplit('.').next().unwrap_or("");
        let sound =
            domain_text.contains('.') && top.len() >= 2 && top.bytes().all(|b| b.is_ascii_alphabetic()) && !domain_text.contains("..");
        if start < head && sound {
            hits.push((start..domain_start + domain_text.len(), MaskKind::Email));
        }
    }
    hits
}

static ID_CARD: LazyLock<Regex> = LazyLock::new(|| regex(r"[1-8]\d{5}[ -]?(?:19|20)\d{2}[ -]?\d{4}[ -]?\d{3}[ -]?[\dXx]"));
static OLD_ID_CARD: LazyLock<Regex> = LazyLock::new(|| regex(r"[1-8]\d{14}"));
static LETTERED_ID: LazyLock<Regex> = LazyLock::new(|| {
    regex(
        r"(?:[A-Z]{1,2}\d{6} ?\([0-9A]\)|[A-Z][1289]\d{8}|\d{3}-\d{2}-\d{4}|[A-CEGHJ-PR-TW-Z][A-CEGHJ-NPR-TW-Z] \d{2} \d{2} \d{2} ?[A-D])",
    )
});

/// Finds identity numbers: mainland (a wrong check character is a typo, not another number), Hong Kong, Taiwan, and the
/// grouped British and American ones.
pub(super) fn id_cards(view: &View) -> Vec<Hit> {
    let text = view.text();
    let mut hits = scan(&ID_CARD, text, |captures| {
        let found = captures.get(0)?;
        let compact: String = found.as_str().chars().filter(char::is_ascii_alphanumeric).collect();
        let known = checksum::id_card_valid(&compact) || checksum::id_card_plausible(&compact);
        (known && stands_alone(text, found.start(), found.end())).then(|| (found.range(), MaskKind::IdCard))
    });
    hits.extend(scan(&OLD_ID_CARD, text, |captures| {
        let found = captures.get(0)?;
        let plausible = checksum::old_id_card_plausible(found.as_str());
        (plausible && stands_alone(text, found.start(), found.end())).then(|| (found.range(), MaskKind::IdCard))
    }));
    hits.extend(scan(&LETTERED_ID, text, |captures| {
        let found = captures.get(0)?;
        let value = found.as_str();
        let plain = value.len() == 10 && value.bytes().all(|b| b.is_ascii_alphanumeric());
        let sound = !plain || checksum::taiwan_id_valid(value);
        (sound && stands_alone(text, found.start(), found.end())).then(|| (found.range(), MaskKind::IdCard))
    }));
    hits
}

/// Whether a stretch is not the inside of a longer code or figure.
fn stands_alone(text: &str, start: usize, end: usize) -> bool {
    !char_before(text, start).is_ascii_alphanumeric() && !char_after(text, end).is_ascii_alphanumeric()
}

static GROUPED: LazyLock<Regex> =
    LazyLock::new(|| regex(r"\d{4}(?:[ -]{1,2}\d{4}){2,4}(?:[ -]{1,2}\d{1,3})?|3[47]\d{2}[ -]\d{6}[ -]\d{5}|\d{6}[ -]\d{13}"));
static DASHED: LazyLock<Regex> = LazyLock::new(|| regex(r"\d{2,20}(?:-\d{2,20}){1,6}"));

/// Finds card numbers and other long numbers written in groups.
pub(super) fn grouped_numbers(view: &View) -> Vec<Hit> {
    let text = view.text();
    let mut hits = scan(&GROUPED, text, |captures| {
        let found = captures.get(0)?;
        if !stands_alone(text, found.start(), found.end()) {
            return None;
        }
        let groups: Vec<&str> = found.as_str().split([' ', '-']).filter(|group| !group.is_empty()).collect();
        let digits = groups.concat();
        let years = groups.iter().all(|group| matches!(group.get(..2), Some("19" | "20")));
        let round = groups.iter().all(|group| group.ends_with("00"));
        if years || round {
            return None;
        }
        let card = (15..=19).contains(&digits.len()) && checksum::luhn(&digits);
        Some((found.range(), if card { MaskKind::BankCard } else { MaskKind::Account }))
    });
    hits.extend(scan(&DASHED, text, |captures| {
        let found = captures.get(0)?;
        let groups: Vec<&str> = found.as_str().split('-').collect();
        let digits: usize = groups.iter().map(|group| group.len()).sum();
        let dates = groups.iter().all(|group| checksum::is_date(group)) || (groups.len() >= 3 && is_written_date(&groups));
        let long_group = groups.iter().any(|group| group.len() >= 5);
        let fits = digits >= 11 && long_group && !dates && stands_alone(text, found.start(), found.end());
        (fits && !phones::is_hotline(&groups.concat())).then(|| (found.range(), MaskKind::OrderNo))
    }));
    hits
}

/// Whether dash-separated groups start with a date such as 2026-08-15.
pub(super) fn is_written_date(groups: &[&str]) -> bool {
    groups[0].len() == 4
        && matches!(&groups[0][..2], "19" | "20")
        && groups[1].parse::<u8>().is_ok_and(|month| (1..=12).contains(&month))
        && groups.get(2).is_none_or(|day| day.parse::<u8>().is_ok_and(|day| (1..=31).contains(&day)))
}

/// Carriers' and shops' prefixes in front of a tracking number.
const CARRIERS: &[&str] = &[
    "SF", "YT", "ZTO", "STO", "YTO", "YD", "JD", "JDV", "JDX", "JT", "EMS", "DPK", "DB", "ZJS", "HTKY", "BEST", "TT", "UPS", "DHL", "FDX",
    "CN", "LP", "TB", "TM", "PDD", "DD", "ORD", "PO", "SO", "INV", "REF", "RMA", "INC", "TKT", "CASE", "CS", "BK", "TXN", "WO", "NO",
];

/// Finds long runs of figures and codes that hold many figures; the kinds of numbers that have a form of their own come first.
pub(super) fn long_tokens(view: &View) -> Vec<Hit> {
    let text = view.text();
    let bytes = text.as_bytes();
    let mut hits = scan(&DASHED_CODE, text, |captures| {
        let found = captures.get(0)?;
        let digits = found.as_str().bytes().filter(u8::is_ascii_digit).count();
        let prefix = found.as_str().split('-').next().unwrap_or("");
        let enough = if CARRIERS.contains(&prefix.to_ascii_uppercase().as_str()) { 4 } else { 8 };
        (digits >= enough && stands_alone(text, found.start(), found.end())).then(|| (found.range(), MaskKind::OrderNo))
    });
    let mut start = 0;
    while start < bytes.len() {
        if !bytes[start].is_ascii_alphanumeric() {
            start += 1;
            continue;
        }
        let end = start + bytes[start..].iter().take_while(|b| b.is_ascii_alphanumeric()).count();
        if end - start >= 8
            && let Some(kind) = token_kind(text, start, end)
        {
            hits.push((start..end, kind));
        }
        start = end;
    }
    hits.extend(scan(&HASH_NUMBER, text, |captures| {
        let number = captures.get(1)?;
        let alone =
            !char_before(text, number.start() - 1).is_ascii_alphanumeric() && !char_after(text, number.end()).is_ascii_alphanumeric();
        alone.then(|| (number.range(), MaskKind::OrderNo))
    }));
    hits
}

static DASHED_CODE: LazyLock<Regex> = LazyLock::new(|| {
    regex(
        r"[A-Za-z]{1,6}-?\d{2,20}(?:-[A-Za-z0-9]{2,20}){1,5}|[A-Za-z]{2,6}-[A-Z0-9]{0,6}\d{4,20}[A-Z0-9]{0,6}|[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}",
    )
});
static HASH_NUMBER: LazyLock<Regex> = LazyLock::new(|| regex(r"#([A-Z]{0,3}\d{5,20})"));

fn token_kind(text: &str, start: usize, end: usize) -> Option<MaskKind> {
    let token = &text[start..end];
    let digits = token.bytes().filter(u8::is_ascii_digit).count();
    if digits == token.len() {
        return number_kind(text, start, end);
    }
    let bytes = token.as_bytes();
    let letters_in_front = bytes.iter().take_while(|b| b.is_ascii_alphabetic()).count();
    if token.len() == 9 && passport_shape(token) {
        return Some(MaskKind::Passport);
    }
    if token.starts_with("0x") || token.starts_with("0X") {
        return None;
    }
    let digits_in_front = bytes.iter().take_while(|b| b.is_ascii_digit()).count();
    if digits_in_front > 0 && phones::followed_by_unit(text, start + digits_in_front) {
        return None;
    }
    if digits >= 9
        || (digits >= 8
            && letters_in_front + digits == token.len()
            && CARRIERS.contains(&token[..letters_in_front].to_ascii_uppercase().as_str()))
    {
        return Some(MaskKind::OrderNo);
    }
    None
}

fn passport_shape(token: &str) -> bool {
    let bytes = token.as_bytes();
    let one_letter = matches!(bytes[0], b'E' | b'G' | b'P' | b'S' | b'D' | b'e' | b'g' | b'p') && bytes[1..].iter().all(u8::is_ascii_digit);
    let two_letters = bytes[0] == b'E' && bytes[1].is_ascii_uppercase() && bytes[2..].iter().all(u8::is_ascii_digit);
    one_letter || two_letters
}

static PRODUCT_CODE: LazyLock<Regex> = LazyLock::new(|| {
    regex(
        r"(?i)(?:条形?码|商品码|货号|批号|批次|型号|料号|版本号?|isbn|ean|upc|barcode|sku|model|part (?:no|number)|version)[^\dA-Za-z]{0,6}$",
    )
});

/// What a plain run of figures is; `None` for amounts, times, hotlines and product codes.
fn number_kind(text: &str, start: usize, end: usize) -> Option<MaskKind> {
    let number = &text[start..end];
    if number.len() < 9 {
        return None;
    }
    let before = char_before(text, start);
    let fraction = matches!(before, '.' | ',') && text[..start - 1].ends_with(|c: char| c.is_ascii_digit());
    let grouped_amount = char_after(text, end) == ',' && text[end + 1..].starts_with(|c: char| c.is_ascii_digit()) && number.len() < 10;
    let money = matches!(before, '¥' | '￥' | '$' | '€' | '£') || (number.len() < 12 && phones::followed_by_unit(text, end));
    if fraction || grouped_amount || money || checksum::is_date_time(number) || phones::is_hotline(number) {
        return None;
    }
    let repeated = number.bytes().all(|b| b == number.as_bytes()[0]) && number.starts_with('0');
    if repeated || PRODUCT_CODE.is_match(nearby_before(text, start)) {
        return None;
    }
    if checksum::id_card_plausible(number) {
        return Some(MaskKind::IdCard);
    }
    let card_head = number.starts_with(['3', '4', '5', '6', '9']);
    if (15..=19).contains(&number.len()) && card_head && checksum::luhn(number) {
        return Some(MaskKind::BankCard);
    }
    Some(MaskKind::OrderNo)
}

/// A short stretch of text before a position, on a character border.
pub(super) fn nearby_before(text: &str, position: usize) -> &str {
    let mut floor = position.saturating_sub(40);
    while !text.is_char_boundary(floor) {
        floor += 1;
    }
    let nearby = &text[floor..position];
    nearby.rsplit(super::view::BLOT).next().unwrap_or(nearby)
}

static PLATE: LazyLock<Regex> = LazyLock::new(|| {
    regex(concat!(
        r"[京津沪渝冀豫云辽黑湘皖鲁新苏浙赣鄂桂甘晋蒙陕吉闽贵粤青藏川宁琼使领][A-HJ-NP-Za-hj-np-z][ ·•.-]?",
        r"(?:[A-HJ-NP-Za-hj-np-z0-9]{6}|[A-HJ-NP-Za-hj-np-z0-9]{4}[A-HJ-NP-Za-hj-np-z0-9挂学警港澳])"
    ))
});

/// Finds mainland number plates, new-energy ones included.
pub(super) fn plates(view: &View) -> Vec<Hit> {
    let text = view.text();
    scan(&PLATE, text, |captures| {
        let found = captures.get(0)?;
        let body: String = found.as_str().chars().skip(2).filter(char::is_ascii_alphanumeric).collect();
        let digits = body.bytes().filter(u8::is_ascii_digit).count();
        let bordered = !char_after(text, found.end()).is_ascii_alphanumeric();
        (bordered && digits >= 3).then(|| (found.range(), MaskKind::Plate))
    })
}
