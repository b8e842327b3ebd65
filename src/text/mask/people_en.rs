//! English names that no list knows: introduced, related to the writer, paid or written to, beside contact data.
//!
//! Two capitalised words in the right place are a name unless one of them is an ordinary word, a place or an organisation;
//! a single one needs more.

use std::ops::Range;
use std::sync::LazyLock;

use regex::{Captures, Regex};

use super::names_en::{WORD, ends_phrase};
use super::view::{BLOT, Hit, View, char_after, char_before};
use super::{MaskKind, lexicon, scan};

fn regex(pattern: &str) -> Regex {
    Regex::new(pattern).expect("a constant pattern")
}

/// Relatives, companions and parties of a contract.
const PERSON: &str = concat!(
    "step-?son|step-?daughter|grandson|granddaughter|son|daughter|husband|wife|partner|spouse|mum|mom|mother|dad|father|brother|sister|best friend|friend|colleague|co-?worker|boss|manager|supervisor",
    "|assistant|secretary|neighbou?r|flatmate|roommate|housemate|child|kid|little boy|little girl|boy|girl|baby|nephew|niece|aunt|auntie|uncle|cousin|boyfriend|girlfriend|fianc[eé]e?|tutor|teacher",
    "|landlord|landlady|tenant|student|nanny|grandma|grandpa|grandmother|grandfather|gran|carer|caretaker|accountant|solicitor|lawyer|doctor|mate|in-law|buyer|seller|sender|payee|payer|beneficiary",
    "|account holder|patient|guest|passenger|driver|guardian|parent|emergency contact|next of kin|employee|customer|client|applicant|learner|pupil|cardholder|signatory|attendee"
);

static AM: LazyLock<Regex> = LazyLock::new(|| {
    regex(&format!(
        r"(?-u:\b)(?:(?P<am>[Ii]'m|I am|[Ii]m|i am)|(?P<this>(?:^|\n|[.!] |(?i:hi|hello|hey|morning|afternoon|evening)[,!.]? (?:there[,!.]? )?)(?i:this is|it's|it is)))[ ](?P<name>{WORD}(?:[ ](?:[A-Z]\.[ ]?)?{WORD}){{0,2}})"
    ))
});
static RELATED: LazyLock<Regex> = LazyLock::new(|| {
    regex(&format!(
        r"(?-u:\b)(?:(?i:my|our|his|her|their|your|the)[ ](?:(?i:late|older|elder|eldest|younger|youngest|little|old|new|former|ex|dear)[- ])?(?i:{PERSON})(?P<link>'s name is|,|:| is called| called| named| is)?|(?i:{PERSON})(?:'s name)?(?P<colon> ?:| name ?:| is called| called| named))[ ](?P<name>{WORD}(?:[ ](?:[A-Z]\.[ ]?)?{WORD}){{0,2}}(?:[ ]?\p{{Han}}{{1,2}})?)"
    ))
});
static SHOULD_BE: LazyLock<Regex> = LazyLock::new(|| {
    regex(&format!(
        r"(?-u:\b)(?i:name|names|surname|certificate|invoice|card|badge|passport|ticket|booking|account|label|spelling|receipt|it|that)(?:[ ][a-z']{{1,12}}){{0,5}}[ ](?P<verb>(?i:should (?:be|read|say)|must (?:be|read|say)|needs to (?:be|read|say)|has to (?:be|read)|reads?|is|was|to read|says?|said|spelled|spelt|shows?|changed to|to))[ :]{{1,2}}[\x22“']?(?P<name>{WORD}(?:[ ](?:[A-Z]\.[ ]?)?{WORD}){{0,2}})"
    ))
});
static GIVEN_TO: LazyLock<Regex> = LazyLock::new(|| {
    regex(&format!(
        r"(?-u:\b)(?i:transfer(?:red|ring)?|sen[dt]|sending|pay|paid|paying|ship(?:ped|ping)?|wired?|deliver(?:ed|y)?|forward(?:ed)?|address(?:ed)?|made out|payable|refund(?:ed)?|g[ia]ve|given|hand(?:ed)?|issued?|post(?:ed)?|belongs?|belonging|registered|leave|left|payment|parcel|package|money|changed?|updated?|switch(?:ed)?|amend(?:ed)?|recipient)(?-u:\b)[^.!?\n\x01]{{0,40}}?[ ](?P<to>to|is for|for|with)[ ](?P<name>{WORD}(?:[ ](?:[A-Z]\.[ ]?)?{WORD}){{1,2}})"
    ))
});
static NOT_SO: LazyLock<Regex> =
    LazyLock::new(|| regex(&format!(r"\x01,?[ ](?:and )?(?:not|instead of|rather than)[ ](?P<name>{WORD}(?:[ ]{WORD}){{0,2}})")));
static SIGN_OFF: LazyLock<Regex> = LazyLock::new(|| {
    regex(&format!(
        r"(?i:thanks|thank you|thx|cheers|regards|ta|best|sincerely|yours|wishes|thanks again|many thanks)[ ]?(?P<stop>[,\n]|[.!]|-{{1,2}})[ \n]{{0,3}}(?P<dash>-{{1,2}}[ ]?)?(?P<name>{WORD}(?:[ ]{WORD})?)[ ]?(?:[.!]?[ ]?(?:$|\n|\x01)|-{{1,2}}[ ])"
    ))
});
static SPOKEN_TO: LazyLock<Regex> = LazyLock::new(|| {
    regex(&format!(
        r"(?-u:\b)(?i:of course|sure|certainly|absolutely|no problem|no worries|yes|okay|ok|alright|all right|great|perfect|thanks|thank you|sorry|apologies|welcome(?: back)?|you're welcome|congratulations|understood|got it|noted|good (?:morning|afternoon|evening|day)|hello|hi|hey|dear)(?:[ ](?:for|about)[ ][^.!?,\n\x01]{{1,40}})?,?[ ](?P<name>{WORD}[ ](?:[A-Z]\.[ ]?)?{WORD})[ ]?(?:[.!?,;:\n-]|$)"
    ))
});
static WHOSE: LazyLock<Regex> = LazyLock::new(|| {
    regex(&format!(
        r"(?-u:\b)(?i:number|address|e-?mail|details|account|balance|refund|order|parcel|passport|booking|birthday|plate)[ ](?i:of|for|belonging to)[ ](?P<name>{WORD}[ ](?:[A-Z]\.[ ]?)?{WORD})[ ]?(?:[.!?,;]|$)"
    ))
});
static VOCATIVE: LazyLock<Regex> =
    LazyLock::new(|| regex(&format!(r"[a-z0-9\])\x01],[ ](?P<name>{WORD}[ ](?:[A-Z]\.[ ]?)?{WORD})[.!?](?:[ \n]|$)")));
static LABEL: LazyLock<Regex> = LazyLock::new(|| {
    regex(&format!(
        r"(?-u:\b)(?i:signed(?: by)?|signature|payee|beneficiary|to|from|attn|participant|traveller|traveler|name of (?:the )?\w{{1,12}})[ ]?:[ ](?P<name>{WORD}(?:[ ](?:[A-Z]\.[ ]?)?{WORD}){{0,2}})"
    ))
});
static BEFORE_CONTACT: LazyLock<Regex> = LazyLock::new(|| {
    regex(&format!(
        r"(?:^|[\n,.;:(][ ]?|and |(?P<reach>(?i:text|reach|ring|phone|call|contact|email|message|ask|whatsapp) ))(?P<name>{WORD}(?:[ ](?:[A-Z]\.[ ]?)?{WORD}){{0,2}})(?:[ ]?[,(<:-]{{1,2}}[ ]?|[ ]|\n)(?:(?i:tel|phone|mobile|cell|email|e-mail|mail|number|on|at)\.?:?[ ])?\x01"
    ))
});
static BEHIND_CONTACT: LazyLock<Regex> =
    LazyLock::new(|| regex(&format!(r"\x01[ ]?[,(:-]{{1,2}}[ ]?(?P<name>{WORD}(?:[ ]{WORD}){{1,2}})[ ]?(?:$|[\n,.;)])")));
static PINYIN: LazyLock<Regex> = LazyLock::new(|| {
    regex(
        r"(?-u:\b)(?P<name>(?P<first>[A-Z][a-z]{1,5}(?:-?[A-Za-z]?[a-z]{1,6})?)[ ](?P<second>[A-Z][a-z]{1,5}(?:-?[A-Za-z]?[a-z]{1,6})?))(?-u:\b)",
    )
});
static PINYIN_WORD: LazyLock<Regex> = LazyLock::new(|| {
    let syllable = concat!(
        "(?:(?:zh|ch|sh|[bpmfdtnlgkhjqxzcsryw])(?:iang|iong|uang|ang|eng|ian|iao|ing|ong|uai|uan|ai|an|ao|ei|en|er|ia|ie|in|iu|ou|ua|ue|ui|un|uo|a|e|i|o|u)",
        "|ang|ai|an|ao|er|en|e|ou)"
    );
    regex(&format!(r"^(?i:{syllable}(?:-?{syllable})?)$"))
});

/// Finds English names by the words around them.
pub(super) fn in_talk(view: &View) -> Vec<Hit> {
    let text = view.text();
    let mut hits = scan(&AM, text, |captures| {
        let hit = person(text, captures)?;
        let words = words_of(text, &hit);
        let known = words.len() >= 2 || lexicon::is_first_name(words[0]);
        let ends = ends_phrase(text, hit.0.end) || goes_on_like_a_name(&text[hit.0.end..]);
        let fits = if captures.name("am").is_some() { known || ends && !is_origin(words[0]) } else { known && ends };
        fits.then_some(hit)
    });
    hits.extend(scan(&RELATED, text, |captures| {
        let hit = person(text, captures)?;
        let plain = captures.name("link").is_none_or(|link| link.as_str() != " is");
        let words = words_of(text, &hit);
        (plain || words.len() >= 2 || lexicon::is_first_name(words[0])).then_some(hit)
    }));
    hits.extend(scan(&SHOULD_BE, text, |captures| {
        let found = captures.get(0)?;
        let hit = person(text, captures)?;
        let words = words_of(text, &hit);
        let head = found.as_str()[..found.as_str().len() - (found.end() - hit.0.start)].to_ascii_lowercase();
        let about_a_name = head.contains("name") || head.contains("spel");
        let verb = captures.name("verb")?.as_str().to_ascii_lowercase();
        let insists =
            verb.contains("should") || verb.contains("must") || verb.contains("read") || verb.contains("has") || verb.contains("need");
        let thing =
            ["product", "brand", "shop", "store", "company", "file", "model", "item", "network", "domain", "street", "app", "course"];
        let before = super::patterns::nearby_before(text, found.start()).trim_end().to_ascii_lowercase();
        let things = thing.iter().any(|word| before.ends_with(word) || head.contains(word));
        let fits = !things && ((about_a_name && (insists || words.len() >= 2)) || (insists && words.len() >= 2));
        fits.then_some(hit)
    }));
    hits.extend(scan(&GIVEN_TO, text, |captures| {
        let hit = person(text, captures)?;
        let words = words_of(text, &hit);
        (words.len() >= 2 && matches!(captures.name("to")?.as_str(), "to" | "is for")
            || lexicon::is_first_name(words[0]) && words.len() >= 2)
            .then_some(hit)
    }));
    hits.extend(name_not_name(view));
    hits.extend(scan(&SIGN_OFF, text, |captures| {
        let hit = person(text, captures)?;
        // "Thanks. Goodbye": behind a full stop a sentence of one word may follow.
        let new_sentence = captures.name("dash").is_none() && matches!(captures.name("stop")?.as_str(), "." | "!");
        (!new_sentence || lexicon::is_first_name(words_of(text, &hit)[0])).then_some(hit)
    }));
    for pattern in [&SPOKEN_TO, &WHOSE] {
        hits.extend(scan(pattern, text, |captures| {
            let hit = person(text, captures)?;
            (words_of(text, &hit).len() >= 2).then_some(hit)
        }));
    }
    hits.extend(scan(&VOCATIVE, text, |captures| {
        let name = captures.name("name")?;
        let words: Vec<&str> = name.as_str().split(' ').collect();
        let known = lexicon::is_first_name(words[0]) || lexicon::is_last_name(words[words.len() - 1]);
        // `person` looks at what stands before the match, which here is the inside of a sentence.
        let whole = words.iter().all(|word| !lexicon::is_common_english(word) && !lexicon::is_no_person(word));
        (known && whole && !lexicon::is_english_city(name.as_str())).then(|| (name.range(), MaskKind::Name))
    }));
    hits.extend(scan(&LABEL, text, |captures| {
        let hit = person(text, captures)?;
        let words = words_of(text, &hit);
        (words.len() >= 2 || lexicon::is_first_name(words[0]) || captures.get(0)?.as_str().to_ascii_lowercase().starts_with("sign"))
            .then_some(hit)
    }));
    let contacts: Vec<Range<usize>> = view.claimed(&[MaskKind::Phone, MaskKind::Email, MaskKind::Address]).collect();
    for pattern in [&BEFORE_CONTACT, &BEHIND_CONTACT] {
        hits.extend(scan(pattern, text, |captures| {
            let hit = person(text, captures)?;
            let words = words_of(text, &hit);
            let beside = touches_contact(&contacts, captures);
            let reached = captures.name("reach").is_some();
            (beside && (reached || words.len() >= 2 || lexicon::is_first_name(words[0]))).then_some(hit)
        }));
    }
    hits.extend(scan(&PINYIN, text, |captures| {
        let (first, second) = (captures.name("first")?.as_str(), captures.name("second")?.as_str());
        let spelled = PINYIN_WORD.is_match(first) && PINYIN_WORD.is_match(second);
        let family = lexicon::is_pinyin_surname(second) || lexicon::is_pinyin_surname(first);
        let hit = person(text, captures)?;
        (spelled && family && words_of(text, &hit).len() == 2 && !followed_by_place_kind(text, hit.0.end)).then_some(hit)
    }));
    hits.sort_by_key(|(range, _)| (range.start, std::cmp::Reverse(range.end)));
    hits
}

fn words_of<'t>(text: &'t str, hit: &Hit) -> Vec<&'t str> {
    text[hit.0.clone()].split(' ').collect()
}

/// "Yusuf Demir, not Yusuf Demyr": the other spelling of a name that is masked.
fn name_not_name(view: &View) -> Vec<Hit> {
    let text = view.text();
    let names: Vec<usize> = view.claimed(&[MaskKind::Name]).map(|range| range.end).collect();
    scan(&NOT_SO, text, |captures| {
        let behind = captures.get(0)?.start() + BLOT.len_utf8();
        names.binary_search(&behind).ok()?;
        person(text, captures)
    })
}

/// Whether the mask a match touches is one of these, which stand for telephone numbers, e-mail addresses and addresses.
fn touches_contact(contacts: &[Range<usize>], captures: &Captures<'_>) -> bool {
    let Some(found) = captures.get(0) else { return false };
    let starts_behind = contacts.binary_search_by_key(&(found.start() + 1), |range| range.end).is_ok();
    starts_behind || contacts.binary_search_by_key(&found.end(), |range| range.start + 1).is_ok()
}

/// The name of a match without the ordinary words at its end; nothing where it names a place or an organisation.
fn person(text: &str, captures: &Captures<'_>) -> Option<Hit> {
    let name = captures.name("name")?;
    if char_after(text, name.end()).is_alphanumeric() && char_after(text, name.end()).is_ascii() {
        return None;
    }
    let words: Vec<&str> = name.as_str().split(' ').collect();
    let ordinary = |word: &&str| {
        lexicon::is_common_english(word.trim_end_matches("'s"))
            || word.contains('\'') && lexicon::is_common_english(word.split('\'').next().unwrap_or(""))
    };
    let kept = words.iter().take_while(|word| !ordinary(word)).count();
    if kept == 0 || words[0].chars().count() < 2 {
        return None;
    }
    let kept_words = &words[..kept];
    let public = words.iter().any(|word| lexicon::is_no_person(word.trim_end_matches("'s")))
        || lexicon::is_english_city(&kept_words.join(" "))
        || lexicon::is_english_city(kept_words[0]) && !lexicon::is_first_name(kept_words[0])
        || kept < words.len() && kept == 1 && !lexicon::is_first_name(kept_words[0]);
    if public {
        return None;
    }
    let mut length = kept_words.iter().map(|word| word.len()).sum::<usize>() + kept - 1;
    if kept_words[kept - 1].ends_with("'s") {
        length -= 2;
    }
    let found = captures.get(0)?;
    let inside_a_word =
        found.as_str().starts_with(|c: char| c.is_ascii_alphanumeric()) && char_before(text, found.start()).is_ascii_alphanumeric();
    (!inside_a_word).then(|| (name.start()..name.start() + length, MaskKind::Name))
}

/// "I'm Nneka and", "I'm Oksana from": what follows a name and hardly an adjective.
fn goes_on_like_a_name(rest: &str) -> bool {
    [" and I", " and my", " again", " not ", " here", " calling", " writing", " (", " from ", ", "]
        .iter()
        .any(|next| rest.starts_with(next))
        || rest.starts_with(BLOT)
}

/// Adjectives of peoples and beliefs: "I'm Bulgarian".
fn is_origin(word: &str) -> bool {
    !lexicon::is_first_name(word)
        && ["ish", "ese", "ian", "can", "ean", "ist", "lim", "ing", "ed", "able", "ful"].iter().any(|end| word.ends_with(end))
}

fn followed_by_place_kind(text: &str, end: usize) -> bool {
    let next = text[end..].trim_start_matches(' ');
    let length = next.bytes().take_while(u8::is_ascii_alphabetic).count();
    let word = &next[..length];
    lexicon::is_no_person(word) || ["road", "street", "lu", "Lu", "district", "province", "city"].contains(&word)
}
