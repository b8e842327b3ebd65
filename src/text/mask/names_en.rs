//! English personal names: introductions, titles, salutations and signatures.
//!
//! Capital letters are evidence, but ordinary words are capitalised too, so each rule asks for a context that calls for a name.

use std::sync::LazyLock;

use regex::{Captures, Regex};

use super::view::{Hit, View, char_after, char_before};
use super::{MaskKind, lexicon, scan};

fn regex(pattern: &str) -> Regex {
    Regex::new(pattern).expect("a constant pattern")
}

/// A capitalised word that may be a name.
pub(super) const WORD: &str = r"[A-Z][a-z'\u{C0}-\u{24F}]{0,20}(?:-[A-Z][a-z]{1,20})?(?:[A-Z][a-z]{1,20})?";

static TITLE: LazyLock<Regex> = LazyLock::new(|| {
    regex(&format!(
        r"(?-u:\b)(?:Mr|Mrs|Ms|Miss|Dr|Prof|Professor|Sir|Madam|MR|MRS|MS|DR|mr|mrs|ms)\.?[ ](?P<name>{WORD}(?:[ ](?:[A-Z]\.[ ]?)?{WORD}){{0,2}}|[A-Z]{{2,20}})"
    ))
});
static SALUTATION: LazyLock<Regex> = LazyLock::new(|| {
    regex(&format!(
        r"(?-u:\b)(?:Dear|Hi|Hello|Hey|dear|hi|hello|hey|Hiya|Good morning|Good afternoon|Good evening|Thanks|Thank you|thanks|thank you)(?P<comma>,?)[ ](?P<name>{WORD}(?:[ ]{WORD}){{0,2}})"
    ))
});
static INTRODUCED: LazyLock<Regex> = LazyLock::new(|| {
    regex(&format!(
        r"(?-u:\b)(?P<sure>(?i:my (?:full )?name is|my name's|name'?s|(?:his|her|customer'?s?|recipient'?s?|guest'?s?|passenger'?s?|cardholder'?s?|account holder'?s?|full|first|last|the) name is|under the name(?: of)?|in the name of|name on the (?:order|booking|account|card) is|(?:full |first |last |your |customer |guest |passenger )?name ?:|recipient ?:|contact(?: person)? ?:|attn\.?:?|attention ?:|c/o|deliver to|addressed to|signed by|cardholder ?:|surname(?: is| ?:)|sincerely,|call me))[ ](?P<name>(?:{WORD}|[A-Z]\.)(?:[ ](?:[A-Z]\.|{WORD})){{0,2}}|[A-Z]{{2,20}}[ ][A-Z]{{2,20}})"
    ))
});
static INTRODUCED_LOWER: LazyLock<Regex> =
    LazyLock::new(|| regex(r"(?-u:\b)(?i:my (?:full )?name is|my name's)[ ](?P<name>[a-z]{2,15}(?:[ ][a-z]{2,15})?)"));
static AM: LazyLock<Regex> = LazyLock::new(|| {
    regex(&format!(
        r"(?-u:\b)(?:(?i:i'm|i am|im|this is|it's|speaking with|speak to|speak with|spoke to|spoke with|talking to|chatting with|assisted by|agent|ask for|ask|call|tell|email|contact|from|for|to|with|customer))[ ](?P<name>{WORD}(?:[ ](?:[A-Z]\.[ ])?{WORD}){{0,2}})"
    ))
});
static SIGNATURE: LazyLock<Regex> = LazyLock::new(|| {
    regex(&format!(
        r"(?i:(?:best|kind|warm|many|with)?[ ]?(?:regards|wishes|thanks|thank you|cheers|sincerely|yours sincerely|yours faithfully|yours truly|yours|best|respectfully|love))[ ]?[,.!，-]{{0,2}}[ ]?(?P<break>\n[ \n]{{0,3}})?(?:-[ ]?)?(?P<name>{WORD}(?:[ ](?:[A-Z]\.[ ]?)?{WORD}){{0,2}})"
    ))
});
static DASH_SIGNATURE: LazyLock<Regex> =
    LazyLock::new(|| regex(&format!(r"(?:^|[\n.!?] ?)[-~]{{1,3}}[ ]?(?P<name>{WORD}(?:[ ]{WORD})?)[ ]?(?:$|\n)")));
static PAIR: LazyLock<Regex> =
    LazyLock::new(|| regex(&format!(r"(?-u:\b)(?P<name>(?P<first>[A-Z][a-z]{{2,15}})[ ](?:[A-Z]\.?[ ])?(?P<last>(?:O'|Mc)?{WORD}))")));
static HERE: LazyLock<Regex> = LazyLock::new(|| regex(&format!(r"(?:^|\n|[,.!?] )(?P<name>{WORD})[ ](?:here|speaking)(?-u:\b)")));

/// Finds English names.
pub(super) fn names(view: &View) -> Vec<Hit> {
    let text = view.text();
    let mut hits = scan(&TITLE, text, |captures| name_hit(text, captures, true, |_| true));
    hits.extend(scan(&SALUTATION, text, |captures| salutation(text, captures)));
    hits.extend(scan(&INTRODUCED, text, |captures| {
        let label = captures.name("sure")?.as_str().to_ascii_lowercase();
        let about_a_thing = label == "the name is" || label.starts_with("name");
        let head = super::patterns::nearby_before(text, captures.get(0)?.start()).trim_end().to_ascii_lowercase();
        let thing = [
            "product", "brand", "shop", "store", "company", "file", "user", "model", "item", "wifi", "network", "domain", "business",
            "street", "plan", "app", "host",
        ];
        if about_a_thing && thing.iter().any(|word| head.ends_with(word)) {
            return None;
        }
        name_hit(text, captures, false, |_| true)
    }));
    hits.extend(scan(&INTRODUCED_LOWER, text, |captures| {
        let name = captures.name("name")?;
        let (first, second) = name.as_str().split_once(' ').unwrap_or((name.as_str(), ""));
        if lexicon::is_common_english(first) || char_after(text, name.end()).is_ascii_alphanumeric() {
            return None;
        }
        let end = if second.is_empty() || lexicon::is_common_english(second) { name.start() + first.len() } else { name.end() };
        Some((name.start()..end, MaskKind::Name))
    }));
    hits.extend(scan(&SIGNATURE, text, |captures| {
        let broken = captures.name("break").is_some();
        let name = captures.name("name")?;
        let ends = ends_phrase(text, name.end());
        name_hit(text, captures, false, |words| ends && (broken || words.iter().any(|word| lexicon::is_first_name(word))))
    }));
    hits.extend(scan(&DASH_SIGNATURE, text, |captures| name_hit(text, captures, false, |words| lexicon::is_first_name(words[0]))));
    hits.extend(scan(&AM, text, |captures| {
        name_hit(text, captures, false, |words| {
            lexicon::is_first_name(words[0]) && (words.len() == 1 || !lexicon::is_english_city(words[0]))
        })
    }));
    hits.extend(scan(&HERE, text, |captures| name_hit(text, captures, false, |words| lexicon::is_first_name(words[0]))));
    hits.extend(scan(&PAIR, text, |captures| {
        let both = lexicon::is_first_name(captures.name("first")?.as_str()) && lexicon::is_last_name(captures.name("last")?.as_str());
        if both { name_hit(text, captures, false, |_| true) } else { None }
    }));
    hits.sort_by_key(|(range, _)| (range.start, std::cmp::Reverse(range.end)));
    hits
}

/// Cuts ordinary words off the end of a run of capitalised words and asks `fits` about the rest.
fn name_hit(text: &str, captures: &Captures<'_>, titled: bool, fits: impl Fn(&[&str]) -> bool) -> Option<Hit> {
    let name = captures.name("name")?;
    if char_before(text, captures.get(0)?.start()).is_ascii_alphanumeric() || char_after(text, name.end()).is_ascii_alphanumeric() {
        return None;
    }
    let words: Vec<&str> = name.as_str().split(' ').collect();
    let kept = words.iter().take_while(|word| !lexicon::is_common_english(word.trim_end_matches("'s"))).count();
    if kept == 0 || (words[0].len() < 2 && !words[0].ends_with('.') && !titled) {
        return None;
    }
    let words = &words[..kept];
    let mut length: usize = words.iter().map(|word| word.len()).sum::<usize>() + kept - 1;
    if words[kept - 1].ends_with("'s") {
        length -= 2;
    }
    fits(words).then(|| (name.start()..name.start() + length, MaskKind::Name))
}

fn salutation(text: &str, captures: &Captures<'_>) -> Option<Hit> {
    let hit = name_hit(text, captures, false, |_| true)?;
    let words: Vec<&str> = text[hit.0.clone()].split(' ').collect();
    let ends = ends_phrase(text, hit.0.end);
    let label = captures.get(0)?.as_str();
    let thanked = label.starts_with(['T', 't']);
    let evidence = lexicon::is_first_name(words[0]) || words.last().is_some_and(|word| lexicon::is_last_name(word));
    if evidence {
        return Some(hit);
    }
    // "Hi Oksana," names someone; "Hi Problem with…" does not.
    (ends && !thanked && captures.name("comma").is_none_or(|comma| comma.is_empty())).then_some(hit)
}

/// Whether a phrase ends at a position.
pub(super) fn ends_phrase(text: &str, end: usize) -> bool {
    matches!(char_after(text, end), ',' | '，' | '.' | '!' | '！' | '\n' | ';' | ':' | '。' | '-' | '\u{1}')
        || text[end..].starts_with(" -")
        || text[end..].trim().is_empty()
}
