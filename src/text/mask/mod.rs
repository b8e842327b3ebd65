//! Replaces personal data by typed placeholders such as `[PHONE]`, before anything is paired, embedded, indexed or shown.
//!
//! Owns what counts as personal data in Chinese and English customer talk. Works on the text alone, plus the values a channel's
//! profile fields already name. Invariants: everything outside the found stretches stays byte for byte; masking a masked text
//! changes nothing; the time is linear in the length (no backtracking, bounded patterns).
//!
//! How it works: a [`view::View`] normalises full-width forms, dashes and traditional characters while remembering where each
//! byte came from. Detectors run over it from the surest to the vaguest, each blotting out what it found; the masked text is then
//! looked at anew, until a whole round finds nothing. Numbers lean towards masking (a long number always identifies something), names and addresses towards
//! evidence (labels, surnames, street parts).

mod address;
mod address_en;
mod address_foreign;
mod amounts;
mod checksum;
mod known;
mod labels;
mod lexicon;
mod names;
mod names_en;
mod patterns;
mod people;
mod people_en;
mod phones;
mod view;

use std::ops::Range;
use std::sync::LazyLock;

use regex::Regex;

use view::{Hit, View};

/// What a masked value was.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum MaskKind {
    /// A telephone number of a person.
    Phone,
    /// A national identity number.
    IdCard,
    /// A passport or travel permit number.
    Passport,
    /// A bank or credit card number.
    BankCard,
    /// An e-mail address.
    Email,
    /// An order, tracking or case number, or another long number.
    OrderNo,
    /// A vehicle's number plate.
    Plate,
    /// A street address, or the part of one that leads to a door.
    Address,
    /// A person's name.
    Name,
    /// A link.
    Url,
    /// A name or number by which a service knows a person (WeChat, QQ, membership).
    Account,
    /// An amount of money that tells about one person, such as a balance; prices, fees and round sums stay.
    Amount,
}

impl MaskKind {
    /// Every kind there is.
    pub const ALL: [Self; 12] = [
        Self::Phone,
        Self::IdCard,
        Self::Passport,
        Self::BankCard,
        Self::Email,
        Self::OrderNo,
        Self::Plate,
        Self::Address,
        Self::Name,
        Self::Url,
        Self::Account,
        Self::Amount,
    ];

    /// What stands in the text instead of the value.
    #[must_use]
    pub const fn placeholder(self) -> &'static str {
        match self {
            Self::Phone => "[PHONE]",
            Self::IdCard => "[ID_CARD]",
            Self::Passport => "[PASSPORT]",
            Self::BankCard => "[BANK_CARD]",
            Self::Email => "[EMAIL]",
            Self::OrderNo => "[ORDER_NO]",
            Self::Plate => "[PLATE]",
            Self::Address => "[ADDRESS]",
            Self::Name => "[NAME]",
            Self::Url => "[URL]",
            Self::Account => "[ACCOUNT]",
            Self::Amount => "[AMOUNT]",
        }
    }

    /// The placeholder without its brackets.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Phone => "PHONE",
            Self::IdCard => "ID_CARD",
            Self::Passport => "PASSPORT",
            Self::BankCard => "BANK_CARD",
            Self::Email => "EMAIL",
            Self::OrderNo => "ORDER_NO",
            Self::Plate => "PLATE",
            Self::Address => "ADDRESS",
            Self::Name => "NAME",
            Self::Url => "URL",
            Self::Account => "ACCOUNT",
            Self::Amount => "AMOUNT",
        }
    }
}

/// A masked text and what was taken out of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Masked {
    /// The text with placeholders.
    pub text: String,
    /// What this masking replaced, in the order of the text; placeholders that were there before are not listed.
    pub found: Vec<Found>,
}

/// One value taken out of a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// What it was.
    pub kind: MaskKind,
    /// The value as written.
    pub value: String,
    /// Where its placeholder starts in the masked text, in characters.
    pub start: usize,
}

/// Detectors after the known values, from the surest to the vaguest: what one takes, the next cannot see.
const DETECTORS: &[fn(&View) -> Vec<Hit>] = &[
    patterns::urls,
    patterns::emails,
    amounts::personal,
    labels::strict,
    patterns::id_cards,
    phones::mobiles,
    phones::international,
    phones::national,
    phones::labelled,
    phones::in_chinese_numerals,
    patterns::grouped_numbers,
    labels::loose,
    patterns::long_tokens,
    patterns::plates,
    address::labelled,
    address::chinese,
    address_foreign::foreign,
    address_en::english,
    names::labelled,
    names::with_honorific,
    names::beside_contact_data,
    people::in_talk,
    names_en::names,
    people_en::in_talk,
];

/// A text needs two rounds, one that finds and one that finds nothing; the bound only guards against contrived input.
const MAX_ROUNDS: usize = 24;

/// Masks personal data in a text.
///
/// `known` are values of the customer's profile (name, telephone number, …): they are masked wherever they occur, values
/// shorter than two characters (or three digits and fewer) are ignored because they would hit everywhere.
#[must_use]
pub fn mask(text: &str, known: &[String]) -> Masked {
    let known = known::Known::new(known);
    let mut masked = Masked { text: text.to_owned(), found: Vec::new() };
    for _ in 0..MAX_ROUNDS {
        // Every round looks at the text as the one before has left it, never at what is left of a view: only then is the last round, which
        // finds nothing, the same as masking the masked text.
        let round = one_round(&masked.text, &known);
        if round.found.is_empty() {
            break;
        }
        masked = masked.followed_by(round);
    }
    masked
}

/// Masks the messages of one conversation. A name that one of them gives away ("my name is …") is masked in all of them, like `known`
/// values are: whoever has been introduced is spoken of without further ado.
#[must_use]
pub fn mask_conversation<T: AsRef<str>>(texts: &[T], known: &[String]) -> Vec<String> {
    let masked: Vec<Masked> = texts.iter().map(|text| mask(text.as_ref(), known)).collect();
    let mut names: Vec<String> = Vec::new();
    for found in masked.iter().flat_map(|masked| &masked.found) {
        if found.kind == MaskKind::Name && names_one_person(&found.value) && !known.contains(&found.value) && !names.contains(&found.value)
        {
            names.push(found.value.clone());
        }
    }
    if names.is_empty() {
        return masked.into_iter().map(|masked| masked.text).collect();
    }
    let known = [known, &names].concat();
    masked.into_iter().map(|masked| mask(&masked.text, &known).text).collect()
}

/// Whether a name is whole and hardly anything else, so that it may be looked for where nothing calls for one.
fn names_one_person(name: &str) -> bool {
    if name.chars().any(crate::text::language::is_chinese) {
        return lexicon::looks_like_full_name(name) && !people::starts_with_a_word(name);
    }
    let words: Vec<&str> = name.split(' ').collect();
    words.iter().all(|word| !lexicon::is_common_english(word)) && (words.len() >= 2 || lexicon::is_first_name(words[0]))
}

/// Lets every detector look at a text once.
fn one_round(text: &str, known: &known::Known) -> Masked {
    let mut view = View::new(text);
    let hits = known.find(&view);
    view.claim(hits);
    for detector in DETECTORS {
        let hits = detector(&view);
        view.claim(hits);
    }
    render(text, &view)
}

fn render(text: &str, view: &View) -> Masked {
    let mut masked = Masked { text: String::with_capacity(text.len()), found: Vec::new() };
    let mut at = 0;
    let mut chars = 0;
    for (kind, range) in view.fresh() {
        let between = &text[at..range.start];
        chars += between.chars().count();
        masked.text.push_str(between);
        masked.text.push_str(kind.placeholder());
        at = range.end;
        masked.found.push(Found { kind, value: text[range].to_owned(), start: chars });
        chars += kind.placeholder().len();
    }
    masked.text.push_str(&text[at..]);
    masked
}

impl Masked {
    /// This masking and then `next`, a round over its text, as one.
    fn followed_by(self, next: Self) -> Self {
        let mut found: Vec<Found> = Vec::with_capacity(self.found.len() + next.found.len());
        // What earlier values lie behind by in the new text: a placeholder is longer or shorter than the value it stands for.
        let mut shift = 0isize;
        let mut later = next.found.into_iter().peekable();
        for mut earlier in self.found {
            while let Some(one) = later.next_if(|one| one.start < earlier.start.saturating_add_signed(shift)) {
                shift += one.kind.placeholder().len() as isize - one.value.chars().count() as isize;
                found.push(one);
            }
            earlier.start = earlier.start.saturating_add_signed(shift);
            found.push(earlier);
        }
        found.extend(later);
        Self { text: next.text, found }.with_whole_addresses()
    }

    /// An address may be found in two parts that touch; a reader wants one placeholder.
    fn with_whole_addresses(self) -> Self {
        const LENGTH: usize = MaskKind::Address.placeholder().len();
        let touch = |a: &Found, b: &Found| a.kind == MaskKind::Address && b.kind == MaskKind::Address && a.start + LENGTH == b.start;
        if !self.found.windows(2).any(|two| touch(&two[0], &two[1])) {
            return self;
        }
        let mut chars = self.text.chars();
        let (mut at, mut dropped) = (0, 0);
        let mut whole = Self { text: String::with_capacity(self.text.len()), found: Vec::with_capacity(self.found.len()) };
        for mut next in self.found {
            whole.text.extend(chars.by_ref().take(next.start - at));
            at = next.start;
            next.start -= dropped;
            match whole.found.last_mut() {
                Some(last) if touch(last, &next) => {
                    last.value.push_str(&next.value);
                    at += LENGTH;
                    dropped += LENGTH;
                    chars.by_ref().take(LENGTH).for_each(drop);
                }
                _ => whole.found.push(next),
            }
        }
        whole.text.extend(chars);
        whole
    }
}

static PLACEHOLDER: LazyLock<Regex> = LazyLock::new(|| {
    let names = MaskKind::ALL.map(MaskKind::name).join("|");
    Regex::new(&format!(r"\[(?:{names})\]")).expect("a constant pattern")
});

/// Finds the placeholders in a text, with their byte ranges.
#[must_use]
pub fn placeholders(text: &str) -> Vec<(MaskKind, Range<usize>)> {
    PLACEHOLDER
        .find_iter(text)
        .filter_map(|found| {
            let kind = MaskKind::ALL.into_iter().find(|kind| kind.placeholder() == found.as_str())?;
            Some((kind, found.range()))
        })
        .collect()
}

/// Walks over the matches of a pattern; a match that `accept` refuses is searched again from its second character.
fn scan(pattern: &Regex, text: &str, mut accept: impl FnMut(&regex::Captures<'_>) -> Option<Hit>) -> Vec<Hit> {
    let mut hits = Vec::new();
    let mut at = 0;
    while at <= text.len() {
        // `find_at` is much cheaper than `captures_at` where nothing matches, which is nearly everywhere.
        let Some(found) = pattern.find_at(text, at) else { break };
        let accepted = pattern.captures_at(text, found.start()).and_then(|captures| accept(&captures));
        at = match accepted {
            Some(hit) => {
                let next = hit.0.end.max(found.start() + view::char_after(text, found.start()).len_utf8());
                hits.push(hit);
                next
            }
            None => found.start() + view::char_after(text, found.start()).len_utf8(),
        };
    }
    hits
}

#[cfg(test)]
mod tests;
