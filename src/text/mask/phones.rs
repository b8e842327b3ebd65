//! Telephone numbers: mainland mobiles and landlines, Hong Kong, Macau, Taiwan, E.164, British and American forms.
//!
//! Service hotlines (400, 800, 95xxx, 0800 …) are no personal data and stay.

use std::sync::LazyLock;

use regex::Regex;

use super::view::{Hit, View, char_after, char_before};
use super::{MaskKind, checksum, scan};

fn regex(pattern: &str) -> Regex {
    Regex::new(pattern).expect("a constant pattern")
}

static MOBILE: LazyLock<Regex> = LazyLock::new(|| {
    let apart = r"(?: ?[-._·/] ?| {1,3})";
    let prefix = r"(?:\(?(?:\+|00)? ?86\)?[ -]{0,3})?";
    regex(&format!(
        r"{prefix}\(?(?:1[3-9]\d\)?{apart}?\d{{4}}{apart}?\d{{4}}|1[3-9]\d{{2}}{apart}\d{{3}}{apart}\d{{4}}|1[3-9]\d{apart}\d{{3}}{apart}\d{{5}}|1[3-9]\d{{2}}{apart}\d{{4}}{apart}\d{{3}}|1[3-9]\d{{3}}{apart}\d{{6}}|1[3-9]\d{{4}}{apart}\d{{5}}|1[3-9]{apart}\d{{3}}{apart}\d{{3}}{apart}\d{{3}}|1[ .,-][3-9](?:[ .,-]\d){{9}})"
    ))
});

/// Finds mainland mobile numbers in any grouping.
pub(super) fn mobiles(view: &View) -> Vec<Hit> {
    let text = view.text();
    scan(&MOBILE, text, |captures| {
        let found = captures.get(0)?;
        let before = char_before(text, found.start());
        if before.is_ascii_digit() || char_after(text, found.end()).is_ascii_digit() {
            return None;
        }
        if before.is_ascii_alphabetic() && !follows_label(text, found.start()) {
            return None;
        }
        Some((found.range(), MaskKind::Phone))
    })
}

/// Whether the letters glued to a number are a word for "telephone" rather than the head of a code.
fn follows_label(text: &str, position: usize) -> bool {
    const LABELS: &[&str] = &[
        "tel",
        "telephone",
        "phone",
        "mobile",
        "mob",
        "cell",
        "ph",
        "call",
        "number",
        "no",
        "is",
        "at",
        "t",
        "m",
        "p",
        "wx",
        "vx",
        "v",
        "id",
        "zfb",
    ];
    let head = &text.as_bytes()[..position];
    let letters = head.iter().rev().take(12).take_while(|b| b.is_ascii_alphabetic()).count();
    let word = text[position - letters..position].to_ascii_lowercase();
    LABELS.contains(&word.as_str())
}

/// Most digits of a number with this country code, where a shorter bound than E.164's fifteen is known.
fn most_digits(number: &str) -> Option<usize> {
    const BY_CODE: &[(&str, usize)] = &[
        ("852", 11),
        ("853", 11),
        ("886", 12),
        ("86", 13),
        ("44", 12),
        ("1", 11),
        ("65", 10),
        ("61", 11),
        ("64", 12),
        ("81", 12),
        ("82", 12),
        ("60", 12),
        ("66", 11),
        ("84", 12),
        ("62", 14),
        ("63", 12),
        ("49", 14),
        ("33", 11),
        ("34", 11),
        ("39", 13),
        ("7", 11),
        ("91", 12),
        ("353", 12),
        ("31", 11),
        ("55", 13),
        ("52", 13),
        ("971", 12),
        ("966", 12),
    ];
    BY_CODE.iter().find(|(code, _)| number.starts_with(code)).map(|(_, most)| *most)
}

static INTERNATIONAL: LazyLock<Regex> = LazyLock::new(|| regex(r"\(?(?:\+|00)[1-9]"));

/// Finds numbers with a country code, after `+` or `00`.
pub(super) fn international(view: &View) -> Vec<Hit> {
    let text = view.text();
    scan(&INTERNATIONAL, text, |captures| {
        let found = captures.get(0)?;
        if char_before(text, found.start()).is_ascii_alphanumeric() {
            return None;
        }
        let plus = found.as_str().contains('+');
        let first_digit = found.end() - 1;
        let most = match most_digits(&text[first_digit..]) {
            Some(most) => most,
            None if plus => 15,
            None => return None,
        };
        let (end, digits) = dialled(text, first_digit, most)?;
        let enough = if plus { digits.len() >= 8 } else { digits.len() >= 10 };
        if !enough || char_after(text, end).is_ascii_digit() {
            return None;
        }
        Some((found.start()..with_extension(text, end), MaskKind::Phone))
    })
}

/// Reads digits with single separators from `start`; gives the end after the last digit and the digits.
fn dialled(text: &str, start: usize, most: usize) -> Option<(usize, String)> {
    let mut digits = String::new();
    let mut end = start;
    let mut gap = 0;
    for (offset, byte) in text.as_bytes()[start..].iter().enumerate().take(40) {
        if byte.is_ascii_digit() {
            if digits.len() == most {
                break;
            }
            digits.push(char::from(*byte));
            end = start + offset + 1;
            gap = 0;
        } else if matches!(byte, b' ' | b'-' | b'.' | b'(' | b')') && gap < 2 {
            gap += 1;
        } else {
            break;
        }
    }
    (!digits.is_empty()).then_some((end, digits))
}

static EXTENSION: LazyLock<Regex> = LazyLock::new(|| regex(r"^(?i:[ ,]{0,2}(?:转|分机号?|ext(?:ension)?\.?|x)[ :]{0,2}\d{1,6}|-\d{1,5})"));

fn with_extension(text: &str, end: usize) -> usize {
    let Some(found) = EXTENSION.find(&text[end..]) else { return end };
    let after = end + found.end();
    if char_after(text, after).is_ascii_digit() { end } else { after }
}

/// National forms, each with its own grouping.
static NATIONAL: LazyLock<Vec<Regex>> = LazyLock::new(|| {
    vec![
        // Mainland landlines with area code.
        regex(r"\(?0(?:10|2\d|[3-9]\d{2})\)?[ -]{0,3}[1-9]\d{3}[ -]?\d{3,4}"),
        // Britain: (020) 7946 0958, 0161 496 0000, 01632 960001, 07911 123456; Taiwan and Australia share shapes.
        regex(r"\(?0\d{2}\)?[ -]{1,2}\d{4}[ -]?\d{4}"),
        regex(r"\(?0\d{3}\)?[ -]{1,2}\d{3}[ -]?\d{3,4}"),
        regex(r"\(?0\d{4}\)?[ -]{1,2}\d{3}[ -]?\d{2,3}"),
        regex(r"\(?0\d\)?[ -]{1,2}\d{3,4}[ -]\d{4}"),
        regex(r"0[1-9]\d{8,10}"),
        // North America: 3-3-4.
        regex(r"(?:1[ .-]?)?\(?[2-9]\d{2}\)?[ .-]{1,2}[2-9]\d{2}[ .-]\d{4}"),
    ]
});

/// Finds numbers without country code that show by their grouping or leading zero what they are.
pub(super) fn national(view: &View) -> Vec<Hit> {
    let text = view.text();
    let mut hits = Vec::new();
    for pattern in NATIONAL.iter() {
        hits.extend(scan(pattern, text, |captures| {
            let found = captures.get(0)?;
            let before = char_before(text, found.start());
            let bordered = !before.is_ascii_alphanumeric() || (before.is_ascii_alphabetic() && follows_label(text, found.start()));
            let inside_number =
                matches!(before, '.' | '-' | '/') && text[..found.start() - 1].ends_with(|c: char| c.is_ascii_alphanumeric());
            if !bordered || inside_number || char_after(text, found.end()).is_ascii_digit() {
                return None;
            }
            if is_hotline(&digits_of(found.as_str())) {
                return None;
            }
            Some((found.range().start..with_extension(text, found.end()), MaskKind::Phone))
        }));
    }
    hits
}

fn digits_of(text: &str) -> String {
    text.chars().filter(char::is_ascii_digit).collect()
}

/// Whether the digits are a service number of a company or the public, not of a person.
pub(super) fn is_hotline(digits: &str) -> bool {
    let toll_free = |rest: &str| ["800", "833", "844", "855", "866", "877", "888"].iter().any(|code| rest.starts_with(code));
    match digits.len() {
        10 => digits.starts_with("400") || digits.starts_with("0800") || toll_free(digits),
        11 => digits.strip_prefix('1').is_some_and(toll_free) || digits.starts_with("0800") || digits.starts_with("0808"),
        7 | 8 => digits.starts_with("95") || digits.starts_with("1010") || digits.starts_with("96"),
        _ => digits.len() < 7,
    }
}

static LABELLED: LazyLock<Regex> = LazyLock::new(|| {
    regex(concat!(
        r"(?i)(?:电话|手机|座机|固话|手提|联系方式|联络方式|致电|拨打|回电|回拨|打到|打给我|(?-u:\b)(?:tel(?:ephone)?|phone|mobile|cell|whatsapp|call me|reach me|contact me|ring me|text me|call back|contact number))",
        r"(?: ?(?:number|no\.?|号码|号|on|at|back))*[ ]{0,2}(?:是|为|改成|改为|换成|:|=|is|-|#)?[ ]{0,2}",
        r"(?P<value>\(?\+?\d[\d ()./-]{5,18}\d)"
    ))
});

/// Finds numbers of any form right behind a word for telephone.
pub(super) fn labelled(view: &View) -> Vec<Hit> {
    let text = view.text();
    scan(&LABELLED, text, |captures| {
        let label = captures.get(0)?;
        if char_before(text, label.start()).is_ascii_alphabetic() && label.as_str().starts_with(|c: char| c.is_ascii_alphabetic()) {
            return None;
        }
        let value = captures.name("value")?;
        let digits = digits_of(value.as_str());
        let first_group = value.as_str().trim_start_matches(['(', '+']).bytes().take_while(u8::is_ascii_digit).count();
        let is_date = checksum::is_date(&digits) || checksum::is_date_time(&digits);
        let fits = (7..=15).contains(&digits.len()) && first_group >= 2 && !is_date && !is_hotline(&digits);
        if !fits || char_after(text, value.end()).is_ascii_digit() || followed_by_unit(text, value.end()) {
            return None;
        }
        Some((value.start()..with_extension(text, value.end()), MaskKind::Phone))
    })
}

/// Whether a number is an amount or a quantity, by what comes behind it.
pub(super) fn followed_by_unit(text: &str, end: usize) -> bool {
    const UNITS_ZH: &[&str] = &[
        "元", "块", "万", "亿", "件", "台", "个", "箱", "套", "份", "人", "天", "年", "月", "日", "克", "公斤", "千克", "毫安", "米",
        "厘米", "%", "折", "积分", "分钟", "小时", "美元", "美金",
    ];
    const UNITS_EN: &[&str] = &[
        "pieces",
        "piece",
        "pcs",
        "units",
        "items",
        "sets",
        "boxes",
        "dollars",
        "usd",
        "rmb",
        "cny",
        "yuan",
        "euros",
        "eur",
        "gbp",
        "pounds",
        "mah",
        "km",
        "kg",
        "gb",
        "mb",
        "tb",
        "kb",
        "points",
        "days",
        "hours",
        "minutes",
        "words",
        "people",
        "users",
        "customers",
        "orders",
        "hkd",
        "twd",
        "hz",
        "rpm",
        "lux",
        "lumens",
        "cm",
        "mm",
        "ml",
        "l",
        "g",
        "k",
        "w",
        "v",
        "copies",
        "pixels",
        "px",
    ];
    let rest = text[end..].trim_start_matches(' ');
    if UNITS_ZH.iter().any(|unit| rest.starts_with(unit)) {
        return true;
    }
    let letters = rest.bytes().take_while(u8::is_ascii_alphabetic).count();
    UNITS_EN.contains(&rest[..letters].to_ascii_lowercase().as_str())
}

static CHINESE_NUMERALS: LazyLock<Regex> = LazyLock::new(|| {
    regex(r"[0-9零〇洞幺一壹二贰两三叁四肆五伍六陆七柒拐八捌九玖](?:[ 、-]?[0-9零〇洞幺一壹二贰两三叁四肆五伍六陆七柒拐八捌九玖]){8,17}")
});

/// Finds numbers spelled out in Chinese numerals, also mixed with figures.
pub(super) fn in_chinese_numerals(view: &View) -> Vec<Hit> {
    scan(&CHINESE_NUMERALS, view.text(), |captures| {
        let found = captures.get(0)?;
        let digits: String = found.as_str().chars().filter_map(numeral).collect();
        let spelled = found.as_str().chars().filter(|c| !c.is_ascii() && numeral(*c).is_some()).count();
        if spelled == 0 {
            return None;
        }
        let mobile = digits.len() == 11 && digits.starts_with('1') && digits.as_bytes()[1] >= b'3';
        let kind = match digits.len() {
            18 => MaskKind::IdCard,
            16 | 17 => MaskKind::BankCard,
            _ if mobile || digits.starts_with('0') => MaskKind::Phone,
            // Counting aloud is no number; anything else that long is.
            _ if "0123456789012345".contains(&digits) => return None,
            _ => MaskKind::OrderNo,
        };
        Some((found.range(), kind))
    })
}

fn numeral(c: char) -> Option<char> {
    Some(match c {
        '0'..='9' => c,
        '零' | '〇' | '洞' => '0',
        '幺' | '一' | '壹' => '1',
        '二' | '贰' | '两' => '2',
        '三' | '叁' => '3',
        '四' | '肆' => '4',
        '五' | '伍' => '5',
        '六' | '陆' => '6',
        '七' | '柒' | '拐' => '7',
        '八' | '捌' => '8',
        '九' | '玖' => '9',
        _ => return None,
    })
}
