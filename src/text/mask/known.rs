//! Values a profile already names: the customer's own name, telephone number, e-mail address.
//!
//! Builds one pattern per masking; figures are found in any grouping, Latin words only as whole words.

use std::sync::LazyLock;

use regex::Regex;

use super::view::{Hit, View, char_after, char_before};
use super::{MaskKind, checksum, lexicon, scan};

/// More values than any profile has; bounds the size of the pattern.
const MOST: usize = 64;

const LONGEST: usize = 200;

/// The known values of one customer, ready to be searched.
#[derive(Debug)]
pub(super) struct Known {
    pattern: Option<Regex>,
}

static DIGITS_APART: LazyLock<Regex> = LazyLock::new(|| Regex::new(r"[ ()+./-]").expect("a constant pattern"));

impl Known {
    /// Prepares the values; those too short to be told from ordinary text are left out.
    pub(super) fn new(values: &[String]) -> Self {
        let mut alternatives: Vec<String> = Vec::new();
        for value in values.iter().take(MOST) {
            let shown = View::new(value);
            let value = shown.text().trim();
            let length = value.chars().count();
            if !(2..=LONGEST).contains(&length) || value.contains(super::view::BLOT) {
                continue;
            }
            if let Some(digits) = as_digits(value) {
                if digits.len() > 3 {
                    let spread: Vec<String> = digits.chars().map(String::from).collect();
                    alternatives.push(spread.join("[ .-]?"));
                }
                continue;
            }
            alternatives.push(format!("(?i:{})", regex::escape(value)));
            for part in value.split(' ').filter(|part| is_name_part(part) && *part != value) {
                alternatives.push(regex::escape(part));
            }
        }
        // Longest first: the pattern takes the first alternative that fits.
        alternatives.sort_by_key(|alternative| std::cmp::Reverse(alternative.len()));
        let pattern = if alternatives.is_empty() { None } else { Regex::new(&alternatives.join("|")).ok() };
        Self { pattern }
    }

    /// Finds the values in a text.
    pub(super) fn find(&self, view: &View) -> Vec<Hit> {
        let Some(pattern) = &self.pattern else { return Vec::new() };
        let text = view.text();
        scan(pattern, text, |captures| {
            let found = captures.get(0)?;
            let value = found.as_str();
            let joins = |inner: char, outer: char| {
                (inner.is_ascii_alphabetic() && outer.is_ascii_alphabetic()) || (inner.is_ascii_digit() && outer.is_ascii_digit())
            };
            let whole = !joins(char_after(value, 0), char_before(text, found.start()))
                && !joins(char_before(value, value.len()), char_after(text, found.end()));
            whole.then(|| (found.range(), kind_of(value)))
        })
    }
}

fn as_digits(value: &str) -> Option<String> {
    let digits = DIGITS_APART.replace_all(value, "").into_owned();
    digits.bytes().all(|b| b.is_ascii_digit()).then_some(digits)
}

fn is_name_part(part: &str) -> bool {
    part.len() >= 3
        && part.starts_with(|c: char| c.is_ascii_uppercase())
        && part.bytes().all(|b| b.is_ascii_alphabetic())
        && !lexicon::is_common_english(part)
}

fn kind_of(value: &str) -> MaskKind {
    if value.contains('@') {
        return MaskKind::Email;
    }
    if checksum::id_card_plausible(value) {
        return MaskKind::IdCard;
    }
    match as_digits(value) {
        Some(digits) if matches!(digits.len(), 7..=13) && !checksum::is_date(&digits) => MaskKind::Phone,
        Some(digits) if digits.len() >= 16 && checksum::luhn(&digits) => MaskKind::BankCard,
        Some(_) => MaskKind::Account,
        None if value.bytes().any(|b| b.is_ascii_digit()) && value.is_ascii() => MaskKind::Account,
        None if value.chars().count() > 8 && value.contains(['路', '街', '号', '栋', '室']) => MaskKind::Address,
        None => MaskKind::Name,
    }
}
