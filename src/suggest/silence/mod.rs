//! Whether to say nothing, and why.
//!
//! In this order: the turn asks nothing (`small_talk`); the question is strange to the desk and no entry asks it in the same words
//! (`out_of_domain`), however sure the ranking is of its best answer, because a ranking only compares what it has found; nothing is likely
//! enough, and then answers that contradict each other (`conflicting`), a question that the desk hardly knows (`out_of_domain`), or else
//! `no_match`.

mod profile;

pub use profile::DeskProfiles;
pub(super) use profile::mean_of_best;

use super::group::{Answer, contradict};
use super::ranking::{RankedGroup, RankedMember, Ranking};
use crate::domain::{AbstainReason, Abstention, Pool};
use crate::text::acts::customer_act;
use crate::text::moment::{Moment, clip};

/// Talk of everyday life, one text a line: the other side to which a question may be nearer than to the desk.
const EVERYDAY: &str = include_str!("everyday.txt");

/// Weight of the words that the desk knows, in cosine. This and the next are fitted on `tests/cases/silence/tuned.txt`.
const KNOWN: f32 = 0.15;
/// Weight of how near everyday talk is.
const EVERYDAY_WEIGHT: f32 = 0.6;
/// A question is taken for strange, whatever has been found, when fewer than this share of the desk's own questions are stranger.
const STRANGE: f64 = 0.06;
/// The same when nothing likely enough has been found.
const HARDLY_KNOWN: f64 = 0.2;
/// The same when the desk knows none of the question's words. What the encoder cannot read either ("龘靐齉爩") lies near its middle and so looks
/// almost familiar.
const HARDLY_READ: f64 = 0.4;
/// Share of known words below which none is known that says anything.
const UNKNOWN_WORDS: f32 = 0.05;

/// Two questions with this cosine are the same words again.
const SAME_WORDS: f32 = 0.985;

/// Share of the threshold that each of two contradicting answers has to reach to count as a reason for silence.
const STRONG: f64 = 0.4;
/// How many of the best groups are looked at for contradictions.
const COMPARED: usize = 5;
/// Longest quotation in a detail, in characters.
const QUOTED: usize = 60;

/// How strange a question is to a desk.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Strangeness {
    /// The share of the desk's own questions (0–1) that are at least as strange.
    pub share: f64,
    /// The share of the question's words (0–1) that the desk knows, rare ones weighing more.
    pub known: f32,
}

impl Strangeness {
    /// Whether nothing that was found should be shown.
    fn is_strange(self) -> bool {
        self.share < STRANGE || (self.share < HARDLY_READ && self.known < UNKNOWN_WORDS)
    }
}

/// The reason to show nothing, if there is one. `out_of_domain_cosine` decides on desks too small to have a profile.
pub(super) fn silence(moment: &Moment, ranking: &Ranking, threshold: f64, out_of_domain_cosine: f32) -> Option<Abstention> {
    let cleared = ranking.groups.iter().any(|group| group.clears(threshold));
    let because = |reason, detail: &str| Some(Abstention { reason, detail: detail.to_owned() });
    if is_small_talk(moment) {
        // A desk may keep entries for greetings and thanks; they are the only answers to small talk.
        let own_entry = ranking.groups.iter().any(|group| group.clears(threshold) && answers_small_talk(group.representative()));
        return if own_entry { None } else { because(AbstainReason::SmallTalk, "the customer asks nothing here") };
    }
    if threshold > 0.0 && is_noise(&moment.question) {
        return because(AbstainReason::NoMatch, "there are no words in this to look for");
    }
    // What an editor has written an answer to is the desk's matter, however unlike its other questions.
    let unwritten = ranking.best_entry_cosine < SAME_WORDS;
    let out_of_domain = || because(AbstainReason::OutOfDomain, "nothing in this desk's archive or knowledge is about this");
    // A desk with the threshold 0 wants to see whatever has been found.
    let far_off = ranking.best_question_cosine < out_of_domain_cosine;
    if threshold > 0.0 && unwritten && ranking.strangeness.map_or(far_off, Strangeness::is_strange) {
        return out_of_domain();
    }
    if cleared {
        return None;
    }
    if let Some((one, other)) = undecided(&ranking.groups, threshold) {
        let detail = format!(
            "two answers contradict each other and neither is sure enough: “{}” (given {}) and “{}” (given {})",
            quoted(one.text()),
            times(one.members.len()),
            quoted(other.text()),
            times(other.members.len())
        );
        return Some(Abstention { reason: AbstainReason::Conflicting, detail });
    }
    let hardly_known = match ranking.strangeness {
        Some(strangeness) => strangeness.share < HARDLY_KNOWN,
        None => far_off,
    };
    if hardly_known && unwritten {
        out_of_domain()
    } else {
        because(AbstainReason::NoMatch, "no archived answer or entry fits well enough")
    }
}

/// Whether a text is one letter again and again ("的的的的", "zzzz"). Digits are left alone: "8888" ends a card number.
fn is_noise(text: &str) -> bool {
    let mut letters = text.chars().filter(|c| c.is_alphanumeric());
    let Some(first) = letters.next() else { return false };
    let mut repeated = 1;
    letters.all(|c| {
        repeated += 1;
        c == first
    }) && repeated >= 3
        && !first.is_ascii_digit()
}

/// Two of the best groups that contradict each other, each likely, neither enough, but one of them or the other would be: since not both can
/// be right, the probability that either is right is the sum of theirs.
fn undecided(groups: &[RankedGroup], threshold: f64) -> Option<(&RankedGroup, &RankedGroup)> {
    let likely = groups.iter().take(COMPARED).filter(|group| group.probability >= STRONG * threshold);
    let likely: Vec<(&RankedGroup, Answer<'_>)> = likely.map(|group| (group, group.answer())).collect();
    let mut pairs = likely.iter().enumerate().flat_map(|(place, one)| likely[place + 1..].iter().map(move |other| (one, other)));
    let (one, other) =
        pairs.find(|((one, said), (other, against))| one.probability + other.probability >= threshold && contradict(said, against))?;
    Some((one.0, other.0))
}

/// Whether the customer asks nothing at this moment, nor stands by a question asked before.
pub(super) fn is_small_talk(moment: &Moment) -> bool {
    moment.act.is_small_talk() && !moment.elliptical
}

/// Whether a reply is a knowledge entry that was written for greetings, thanks and the like.
pub(super) fn answers_small_talk(member: &RankedMember) -> bool {
    member.candidate.payload.pool == Pool::Knowledge && customer_act(&member.source.question).is_small_talk()
}

fn quoted(text: &str) -> String {
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let beginning = clip(&line, QUOTED);
    if beginning.len() < line.len() { format!("{beginning}…") } else { beginning }
}

fn times(count: usize) -> String {
    if count == 1 { "once".to_owned() } else { format!("{count} times") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_letter_again_and_again_is_noise() {
        for noise in ["的的的的", "zzzz", "a a a", "吗吗吗？"] {
            assert!(is_noise(noise), "{noise}");
        }
        for words in ["8888", "吗", "好好", "退货", "aab", ""] {
            assert!(!is_noise(words), "{words}");
        }
    }

    #[test]
    fn a_question_is_strange_by_its_share_or_by_unknown_words() {
        let strange = |share, known| Strangeness { share, known }.is_strange();
        assert!(strange(0.01, 1.0) && strange(0.3, 0.0));
        assert!(!strange(0.1, 0.5) && !strange(0.5, 0.0));
    }

    #[test]
    fn a_quotation_is_short_and_on_one_line() {
        assert_eq!(quoted("七天内\n可以退"), "七天内 可以退");
        assert_eq!(quoted(&"退".repeat(100)).chars().count(), QUOTED + 1);
        assert_eq!((times(1), times(3)), ("once".to_owned(), "3 times".to_owned()));
    }
}
