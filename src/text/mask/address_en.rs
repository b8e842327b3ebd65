//! British and American addresses: house number and street, postcodes, state with ZIP.

use std::sync::LazyLock;

use regex::Regex;

use super::view::{Hit, View, char_after, char_before};
use super::{MaskKind, lexicon, scan};

fn regex(pattern: &str) -> Regex {
    Regex::new(pattern).expect("a constant pattern")
}

const DOOR: &str = r"(?:(?i:flat|apartment|apt\.?|unit|suite|ste\.?|room|rm\.?|floor|building|bldg\.?|block)[ ]?#?[A-Za-z0-9-]{1,6}|#[ ]?\d{1,5}[A-Za-z]?|\d{1,3}(?:st|nd|rd|th) (?i:floor))";
const POSTCODE: &str = r"[A-Z]{1,2}\d[A-Z\d]? ?\d[ABD-HJLNP-UW-Z]{2}";
const STATE: &str = "(?:A[KLRZ]|C[AOT]|D[CE]|FL|GA|HI|I[ADLN]|K[SY]|LA|M[ADEINOST]|N[CDEHJMVY]|O[HKR]|PA|RI|S[CD]|T[NX]|UT|V[AT]|W[AIVY])";

static STREET: LazyLock<Regex> = LazyLock::new(|| {
    let kinds = "Street|St|Road|Rd|Avenue|Ave|Lane|Ln|Drive|Dr|Boulevard|Blvd|Court|Ct|Close|Crescent|Cres|Place|Pl|Square|Sq|Terrace|Way|Gardens|Gdns|Grove|Parkway|Pkwy|Highway|Hwy|Row|Mews|Hill|Quay|Walk|Circle|Cir|Park|Alley|Trail|House|Estate";
    let lower = "street|road|avenue|lane|boulevard|crescent|drive|st|rd|ave";
    regex(&format!(
        r"(?:{DOOR},?[ ])?(?:(?:No\.?|Number)[ ]?)?\d{{1,5}}[A-Za-z]?(?:[-/]\d{{1,5}}[A-Za-z]?)?,?[ ](?:(?:[A-Z][A-Za-z'.-]{{0,20}}|\d{{1,3}}(?:st|nd|rd|th))[ ]){{1,4}}(?:{kinds})(?-u:\b)\.?|(?:{DOOR},?[ ])?\d{{1,5}}[a-z]?[ ](?:[A-Za-z'.-]{{2,20}}[ ]){{1,3}}(?:{lower})(?-u:\b)\.?|(?i:p\.?o\.? box)[ ]\d{{1,6}}|(?:{DOOR},?[ ])?\d{{1,5}}[ ]Broadway(?-u:\b)"
    ))
});

static REST: LazyLock<Regex> = LazyLock::new(|| {
    regex(&format!(
        r"^(?:,?[ ]?(?:{DOOR}))?(?:,?[ \n](?:[A-Z][A-Za-z.'-]{{1,20}}[ ]?){{1,3}}){{0,3}},?[ \n](?:{STATE}[ ,]{{1,2}}\d{{5}}(?:-\d{{4}})?|{POSTCODE}|\d{{5}})(?-u:\b)"
    ))
});
static DOOR_BEHIND: LazyLock<Regex> = LazyLock::new(|| regex(&format!(r"^,?[ ](?:{DOOR})(?-u:\b)")));
static CITY_BEHIND: LazyLock<Regex> = LazyLock::new(|| regex(r"^,[ ]((?:[A-Z][A-Za-z.'-]{1,20})(?:[ ][A-Z][A-Za-z.'-]{1,20})?)"));

/// Words that never stand inside a street name; they show that a number was a quantity.
const NOT_IN_STREETS: &[&str] = &[
    "of", "the", "on", "in", "and", "or", "to", "for", "a", "an", "is", "are", "my", "your", "days", "day", "hours", "hour", "minutes",
    "weeks", "items", "pieces", "from", "at", "with", "hard", "flash", "usb", "external", "disk", "pen", "test", "by", "per", "gb", "tb",
    "km", "miles", "times", "per", "Hard", "Flash", "USB", "External", "Test", "GB", "TB", "Day", "Days", "Hour", "working", "business",
    "Working", "Business", "one", "way", "off", "i", "you", "we", "it", "this", "that", "was", "went", "star", "Star", "car", "orders",
    "order", "more",
];

/// Finds English addresses and postcodes.
pub(super) fn english(view: &View) -> Vec<Hit> {
    let text = view.text();
    let mut hits = scan(&STREET, text, |captures| {
        let found = captures.get(0)?;
        let before = char_before(text, found.start());
        let quantity = found.as_str().split([' ', ',']).any(|word| NOT_IN_STREETS.contains(&word.trim_end_matches('.')));
        if before.is_ascii_alphanumeric() || matches!(before, '$' | '£' | '.' | '-' | ':') || quantity {
            return None;
        }
        Some((found.start()..right_end(text, found.end()), MaskKind::Address))
    });
    hits.extend(scan(&ZIP, text, |captures| {
        let found = captures.get(0)?;
        let alone = !char_before(text, found.start()).is_ascii_alphanumeric() && !char_after(text, found.end()).is_ascii_alphanumeric();
        alone.then(|| (found.range(), MaskKind::Address))
    }));
    hits.extend(scan(&BRITISH, text, |captures| {
        let found = captures.get(0)?;
        let area: String = found.as_str().chars().take_while(char::is_ascii_alphabetic).collect();
        let inward = &found.as_str()[found.len() - 2..];
        let alone = !char_before(text, found.start()).is_ascii_alphanumeric() && !char_after(text, found.end()).is_ascii_alphanumeric();
        let labelled = LABEL.is_match(super::patterns::nearby_before(text, found.start()));
        let spaced = found.as_str().contains(' ');
        let sound = UK_AREAS.contains(&area.to_ascii_uppercase().as_str());
        let a_size = matches!(
            inward.to_ascii_uppercase().as_str(),
            "TB" | "GB" | "WD" | "PS" | "PH" | "AH" | "ST" | "ND" | "RD" | "TH" | "SP" | "DB"
        );
        let upper = !found.as_str().bytes().any(|b| b.is_ascii_lowercase());
        if !alone || !sound || !(labelled || (spaced && upper && !a_size)) {
            return None;
        }
        Some((with_city(text, found.start())..found.end(), MaskKind::Address))
    }));
    hits.sort_by_key(|(range, _)| (range.start, std::cmp::Reverse(range.end)));
    hits
}

static ZIP: LazyLock<Regex> = LazyLock::new(|| {
    regex(&format!(r"(?:[A-Z][a-z]{{2,15}}[ ]?){{1,3}},[ ]?{STATE}[ ,]{{1,2}}\d{{5}}(?:-\d{{4}})?|{STATE}[ ]\d{{5}}(?:-\d{{4}})?"))
});
static BRITISH: LazyLock<Regex> = LazyLock::new(|| regex(&format!("(?i:{POSTCODE})")));
static LABEL: LazyLock<Regex> = LazyLock::new(|| regex(r"(?i)(?:post ?code|zip(?: code)?|postal code|address|邮编)[^\n]{0,12}$"));

const UK_AREAS: &[&str] = &[
    "AB", "AL", "B", "BA", "BB", "BD", "BH", "BL", "BN", "BR", "BS", "BT", "CA", "CB", "CF", "CH", "CM", "CO", "CR", "CT", "CV", "CW",
    "DA", "DD", "DE", "DG", "DH", "DL", "DN", "DT", "DY", "E", "EC", "EH", "EN", "EX", "FK", "FY", "G", "GL", "GU", "GY", "HA", "HD", "HG",
    "HP", "HR", "HS", "HU", "HX", "IG", "IM", "IP", "IV", "JE", "KA", "KT", "KW", "KY", "L", "LA", "LD", "LE", "LL", "LN", "LS", "LU", "M",
    "ME", "MK", "ML", "N", "NE", "NG", "NN", "NP", "NR", "NW", "OL", "OX", "PA", "PE", "PH", "PL", "PO", "PR", "RG", "RH", "RM", "S", "SA",
    "SE", "SG", "SK", "SL", "SM", "SN", "SO", "SP", "SR", "SS", "ST", "SW", "SY", "TA", "TD", "TF", "TN", "TQ", "TR", "TS", "TW", "UB",
    "W", "WA", "WC", "WD", "WF", "WN", "WR", "WS", "WV", "YO", "ZE",
];

/// Takes in the door, city and postcode behind a street.
fn right_end(text: &str, mut end: usize) -> usize {
    if let Some(rest) = REST.find(&text[end..]) {
        return end + rest.end();
    }
    if let Some(door) = DOOR_BEHIND.find(&text[end..]) {
        end += door.end();
    }
    while let Some(captures) = CITY_BEHIND.captures(&text[end..]) {
        let Some(city) = captures.get(1) else { break };
        let first_word_end = city.as_str().find(' ').unwrap_or(city.len());
        if lexicon::is_english_city(city.as_str()) {
            end += city.end();
        } else if lexicon::is_english_city(&city.as_str()[..first_word_end]) {
            end += city.start() + first_word_end;
        } else {
            break;
        }
    }
    end
}

/// Takes in a known city right before a postcode.
fn with_city(text: &str, start: usize) -> usize {
    let head = text[..start].trim_end_matches([' ', ',']);
    let word_start = head.rfind(|c: char| !c.is_ascii_alphabetic()).map_or(0, |at| at + char_after(head, at).len_utf8());
    if lexicon::is_english_city(&head[word_start..]) { word_start } else { start }
}
