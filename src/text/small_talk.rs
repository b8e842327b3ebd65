//! Small talk: whether greeting, thanking, acknowledging, laughing or taking leave is all that a text does.
//!
//! A text is small talk when it is made of nothing but the phrases of `small_talk.txt`. One word that is not listed makes it content, so that
//! "ok but where is my refund" is never lost; a phrase that is missing there only costs a search that finds nothing. Phrases are in the form
//! of [`fold`](super::normalise::fold): lower case, simplified script. Measured on the cases of `tests/cases/acts`.

use std::sync::LazyLock;

use regex::Regex;

use super::segment::placeholder_length;

/// What a text that carries no matter does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum SmallTalk {
    /// Takes leave, or wishes well.
    Farewell,
    /// Thanks or praises.
    Thanks,
    /// Greets, checks that somebody is there, or announces a question without asking it.
    Greeting,
    /// Agrees, acknowledges, declines, asks to wait, laughs or hesitates.
    Acknowledgement,
    /// Only pictures and punctuation.
    Wordless,
}

/// Longest small talk, in characters behind [`core()`]: what is longer tells something.
const MAX_CHARS: usize = 60;

/// Laughter and the like, in any length, after runs of one letter have become one letter.
const LAUGHS: &str = r"(?-u:\b)(?:a?(?:ha)+h?|(?:he)+h?|(?:hi){2,}|(?:hue)+|(?:ja){2,}|lo+l(?:ol)*|h|w)(?-u:\b)|(?-u:\b)(?:6{3,}|23{3,}|8{2,3}6?|3q|3x|3ks)(?-u:\b)";

/// What is small talk only when nothing else is said.
const ALONE: &[&str] = &["不", "没", "在", "中", "1", "2333"];

/// Names of the stickers that messengers write behind a slash.
const SLASHED: &str = "微笑|撇嘴|发呆|得意|流泪|害羞|闭嘴|睡|大哭|尴尬|发怒|调皮|呲牙|惊讶|难过|冷汗|抓狂|偷笑|可爱|白眼|傲慢|困|惊恐|流汗|憨笑|奋斗|疑问|嘘|晕|衰|再见|擦汗|鼓掌|坏笑|哈欠|鄙视|委屈|快哭了|阴险|亲亲|可怜|玫瑰|抱拳|强|弱|握手|胜利|拥抱|爱心|捂脸|奸笑|机智|笑哭|ok";

static STICKER: LazyLock<Regex> = LazyLock::new(|| compiled(&format!(r"\[[^\[\]\s\d]{{1,8}}\]|【[^【】\s\d]{{1,4}}】|/(?:{SLASHED})|<3")));

/// The phrases, below a heading for each list.
const PHRASES: &str = include_str!("small_talk.txt");
const GREETINGS: &str = "greetings";
const THANKS: &str = "thanks";
/// What may follow thanks and means nothing alone.
const AFTER_THANKS: &str = "after thanks";
const FAREWELLS: &str = "farewells";
const ACKNOWLEDGEMENTS: &str = "acknowledgements";
/// Words that mean nothing beside small talk, and are no small talk alone.
const PARTICLES: &str = "particles";

static ANY: LazyLock<Regex> = LazyLock::new(|| whole(&[GREETINGS, THANKS, FAREWELLS, ACKNOWLEDGEMENTS, PARTICLES]));
static ANY_THANKING: LazyLock<Regex> = LazyLock::new(|| whole(&[GREETINGS, THANKS, AFTER_THANKS, FAREWELLS, ACKNOWLEDGEMENTS, PARTICLES]));
static GREETING: LazyLock<Regex> = LazyLock::new(|| compiled(&any_of(&[GREETINGS])));
static THANKING: LazyLock<Regex> = LazyLock::new(|| compiled(&format!(r"{}|(?-u:\b)3(?:q|x|ks)(?-u:\b)", any_of(&[THANKS]))));
static FAREWELL: LazyLock<Regex> = LazyLock::new(|| compiled(&format!(r"{}|(?-u:\b)8{{2,3}}6?(?-u:\b)", any_of(&[FAREWELLS]))));
static ACKNOWLEDGEMENT: LazyLock<Regex> = LazyLock::new(|| compiled(&format!("{}|{LAUGHS}", any_of(&[ACKNOWLEDGEMENTS]))));

/// What a folded text does when it is small talk and nothing else.
pub(super) fn small_talk(folded: &str) -> Option<SmallTalk> {
    if holds_placeholder(folded) {
        return None;
    }
    let core = core(folded);
    if core.is_empty() {
        return Some(SmallTalk::Wordless);
    }
    if core.chars().count() > MAX_CHARS {
        return None;
    }
    if ALONE.contains(&core.as_str()) || core.chars().all(|c| c == '1') {
        return Some(if core == "在" { SmallTalk::Greeting } else { SmallTalk::Acknowledgement });
    }
    let thanking = THANKING.is_match(&core);
    if !(if thanking { &ANY_THANKING } else { &ANY }).is_match(&core) {
        return None;
    }
    // "可以？" asks what "可以" grants.
    if folded.trim_end().ends_with('?') && ["可以", "行", "好", "没问题", "对", "是", "真的"].contains(&core.as_str()) {
        return None;
    }
    if FAREWELL.is_match(&core) {
        Some(SmallTalk::Farewell)
    } else if thanking {
        Some(SmallTalk::Thanks)
    } else if GREETING.is_match(&core) {
        Some(SmallTalk::Greeting)
    } else {
        // Nothing but particles is no small talk: "的的的" is noise.
        ACKNOWLEDGEMENT.is_match(&core).then_some(SmallTalk::Acknowledgement)
    }
}

/// A masked value is something told.
fn holds_placeholder(folded: &str) -> bool {
    folded.match_indices('[').any(|(at, _)| placeholder_length(&folded[at..]).is_some())
}

/// The words alone: no stickers, pictures or punctuation, one blank between words, every run of one letter as one letter ("heyyy", "谢谢谢谢").
fn core(folded: &str) -> String {
    let mut core = String::with_capacity(folded.len());
    for c in STICKER.replace_all(folded, " ").chars() {
        let last = core.chars().next_back();
        if c.is_alphanumeric() {
            if last != Some(c) || c.is_numeric() {
                core.push(c);
            }
        } else if !matches!(c, '\'' | '’' | '`') && last.is_some_and(|last| last != ' ') {
            core.push(' ');
        }
    }
    core.trim_end().to_owned()
}

/// The phrases below one heading.
fn phrases(heading: &str) -> impl Iterator<Item = &'static str> {
    let mut below = "";
    let lines = PHRASES.lines().filter(move |line| {
        if let Some(name) = line.strip_prefix("## ") {
            below = name;
        }
        below == heading && !line.is_empty() && !line.starts_with('#')
    });
    lines.flat_map(|line| line.split(" | "))
}

fn any_of(headings: &[&str]) -> String {
    let phrases = headings.iter().flat_map(|heading| phrases(heading)).map(|phrase| {
        let phrase = core(phrase);
        // ASCII boundaries: a Chinese character beside a Latin word does not belong to it.
        if phrase.starts_with(|c: char| c.is_ascii()) { format!(r"(?-u:\b){phrase}(?-u:\b)") } else { phrase }
    });
    format!("(?:{})", phrases.collect::<Vec<_>>().join("|"))
}

fn whole(headings: &[&str]) -> Regex {
    compiled(&format!("^(?:{}|{LAUGHS}| )+$", any_of(headings)))
}

#[expect(clippy::expect_used, reason = "the patterns are made of constants and a file of this crate, and the tests use every one")]
fn compiled(pattern: &str) -> Regex {
    Regex::new(pattern).expect("a constant pattern compiles")
}
