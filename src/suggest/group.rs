//! Near-identical answers become one suggestion, with the evidence of all.
//!
//! One function ([`group_answers`]) for the product, for clusters and for every system in `riposte eval`, so that grouping alone wins nothing there.

use std::borrow::Cow;
use std::cell::OnceCell;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

use regex::Regex;
use uuid::Uuid;

use super::contradiction::Claims;
use super::ranker::{AGREEING_ANSWERS, ENTRY_WORDINGS, together};
use crate::retrieve::encode::dot;
use crate::text::normalise::{answer_key, fold};

/// Cosine from which on two answers with the same figures say the same.
pub const SAME_ANSWER_COSINE: f32 = 0.93;

/// Cosine from which on two answers are about the same thing: 19 in 20 of the contradicting pairs in `tests/cases/contradiction` reach it.
const CONTRADICTION_COSINE: f32 = 0.6;

/// The same for two answers to what is known to be one question: less likeness is needed where the subject is given.
const SAME_QUESTION_COSINE: f32 = 0.35;

/// Cosine of two questions from which on an answer to one is taken for an answer to the other: between what a cluster's neighbours have at
/// least (0.5) and what the same question in other words usually has.
pub(crate) const SAME_QUESTION: f32 = 0.7;

/// What grouping needs to know of an answer. What its words say is read when it is first asked for, which for most it never is.
#[derive(Debug, Clone)]
pub struct Answer<'a> {
    text: &'a str,
    vector: &'a [f32],
    key: OnceCell<Cow<'a, str>>,
    figures: OnceCell<BTreeSet<String>>,
    claims: OnceCell<Claims>,
}

impl<'a> Answer<'a> {
    /// An answer by its words and its normalised dense vector.
    #[must_use]
    pub fn new(text: &'a str, vector: &'a [f32]) -> Self {
        Self { text, vector, key: OnceCell::new(), figures: OnceCell::new(), claims: OnceCell::new() }
    }

    /// The same with its answer key, where that is at hand.
    #[must_use]
    pub fn keyed(text: &'a str, vector: &'a [f32], key: &'a str) -> Self {
        Self { key: OnceCell::from(Cow::Borrowed(key)), ..Self::new(text, vector) }
    }

    fn key(&self) -> &str {
        self.key.get_or_init(|| Cow::Owned(answer_key(self.text)))
    }

    fn figures(&self) -> &BTreeSet<String> {
        self.figures.get_or_init(|| figures(self.text))
    }

    fn claims(&self) -> &Claims {
        self.claims.get_or_init(|| Claims::of(self.text))
    }

    fn opposes(&self, other: &Answer<'_>) -> bool {
        self.claims().oppose(other.claims())
    }

    fn says_the_same(&self, other: &Answer<'_>) -> bool {
        self.key() == other.key()
            || (dot(self.vector, other.vector) >= SAME_ANSWER_COSINE && self.figures() == other.figures() && !self.opposes(other))
    }
}

/// Groups answers given in order of preference, those that differ in a figure or contradict each other apart; every group's first member is its best, groups are in order of their best member.
#[must_use]
pub fn group_answers(answers: &[Answer<'_>]) -> Vec<Vec<usize>> {
    let mut groups: Vec<Vec<usize>> = Vec::new();
    for (position, answer) in answers.iter().enumerate() {
        match groups.iter_mut().find(|group| answers[group[0]].says_the_same(answer)) {
            Some(home) => home.push(position),
            None => groups.push(vec![position]),
        }
    }
    groups
}

/// A ranked answer.
#[derive(Debug, Clone)]
pub struct Weighed<'a> {
    /// Where it lies in the index; decides between equal scores.
    pub point: Uuid,
    /// The pair or entry it comes from.
    pub source: Uuid,
    /// Its relevance.
    pub score: f32,
    /// The answer.
    pub answer: Answer<'a>,
}

/// Groups ranked answers, in any order, and weighs their evidence ([`together`]): of the wordings of an entry the best stands for all. Gives
/// the groups, strongest first, each with its members' places in `answers` and their scores, best first.
#[must_use]
pub fn weigh(answers: &[Weighed<'_>]) -> Vec<Vec<(usize, f32)>> {
    let mut wordings: BTreeMap<Uuid, Vec<f32>> = BTreeMap::new();
    for answer in answers {
        wordings.entry(answer.source).or_default().push(answer.score);
    }
    let mut order: Vec<usize> = (0..answers.len()).collect();
    order.sort_by(|&a, &b| answers[b].score.total_cmp(&answers[a].score).then(answers[a].point.cmp(&answers[b].point)));
    let mut members: Vec<(usize, f32)> = order
        .into_iter()
        .filter_map(|at| Some((at, together(wordings.remove(&answers[at].source)?.into_iter(), ENTRY_WORDINGS)?)))
        .collect();
    members.sort_by(|(_, a), (_, b)| b.total_cmp(a));
    let in_order: Vec<Answer<'_>> = members.iter().map(|&(at, _)| answers[at].answer.clone()).collect();
    let mut groups: Vec<Vec<(usize, f32)>> =
        group_answers(&in_order).into_iter().map(|group| group.into_iter().map(|place| members[place]).collect()).collect();
    let evidence = |group: &[(usize, f32)]| together(group.iter().map(|(_, score)| *score), AGREEING_ANSWERS).unwrap_or(f32::MIN);
    groups.sort_by(|a, b| evidence(b).total_cmp(&evidence(a)));
    groups
}

static FIGURE: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"[0-9]+(?:[.:][0-9]+)*|[一二三四五六七八九十两]+(?:[天日月年元块折次小个]|工作日)").expect("a constant pattern compiles")
});

/// The figures of an answer: two answers that differ in an amount, a date or a period never say the same.
#[must_use]
pub fn figures(text: &str) -> BTreeSet<String> {
    FIGURE.find_iter(&fold(text)).map(|found| western(found.as_str())).collect()
}

/// Writes the small Chinese numerals of everyday periods in digits ("七天" → "7"), so that both spellings are the same figure.
fn western(figure: &str) -> String {
    if figure.starts_with(|c: char| c.is_ascii_digit()) {
        return figure.to_owned();
    }
    let digit = |c: char| "零一二三四五六七八九".chars().position(|numeral| numeral == c).or_else(|| (c == '两').then_some(2));
    let (mut total, mut last) = (0, None);
    for c in figure.chars() {
        if c == '十' {
            total += last.take().unwrap_or(1) * 10;
        } else if let Some(value) = digit(c) {
            last = Some(value);
        } else {
            break;
        }
    }
    (total + last.unwrap_or(0)).to_string()
}

/// Whether two answers contradict each other: they are about the same thing, and what they say of it cannot both be right.
#[must_use]
pub fn contradict(a: &Answer<'_>, b: &Answer<'_>) -> bool {
    dot(a.vector, b.vector) >= CONTRADICTION_COSINE && a.opposes(b)
}

/// Whether two answers to the same question contradict each other.
#[must_use]
pub fn contradict_on_one_question(a: &Answer<'_>, b: &Answer<'_>) -> bool {
    dot(a.vector, b.vector) >= SAME_QUESTION_COSINE && a.opposes(b)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn same_words_or_same_meaning_with_same_figures_fall_together() {
        let (x, y) = ([1.0, 0.0], [0.99, 0.141]);
        let answers =
            [Answer::new("签收后7天内可以退货", &x), Answer::new("签收后七天内可以退货哦", &y), Answer::new("签收后15天内可以退货", &x)];
        assert_eq!(group_answers(&answers), vec![vec![0, 1], vec![2]]);
        assert!(contradict(&answers[0], &answers[2]));
        assert!(!contradict(&answers[0], &answers[1]));
    }

    #[test]
    fn what_several_said_outweighs_a_little_better_match_and_wordings_of_an_entry_count_by_nearness() {
        let (x, y) = ([1.0, 0.0], [0.0, 1.0]);
        let scored = |number: u128, source: u128, score: f32, text, vector| Weighed {
            point: Uuid::from_u128(number),
            source: Uuid::from_u128(source),
            score,
            answer: Answer::new(text, vector),
        };
        let said = [scored(1, 1, 5.0, "请到门店办理", &y), scored(2, 2, 4.8, "在订单页申请", &x), scored(3, 3, 4.5, "在订单页申请哦", &x)];
        let groups = weigh(&said);
        assert_eq!(groups, [vec![(1, 4.8), (2, 4.5)], vec![(0, 5.0)]]);
        // The same two as wordings of one entry: only the best counts, and a trace of the other.
        let wordings =
            [scored(1, 1, 5.0, "请到门店办理", &y), scored(2, 2, 4.8, "在订单页申请", &x), scored(3, 2, 4.0, "在订单页申请", &x)];
        let groups = weigh(&wordings);
        assert_eq!(groups.iter().map(|group| group[0].0).collect::<Vec<_>>(), [0, 1]);
        assert!(groups[1].len() == 1 && (groups[1][0].1 - 4.8 - 1.0907f32.ln() / 3.0).abs() < 1e-4, "{groups:?}");
        assert!(weigh(&[]).is_empty());
    }

    #[test]
    fn yes_and_no_are_never_one_answer() {
        let same = [1.0, 0.0];
        let answer = |text| Answer::new(text, &same);
        let answers =
            [answer("Yes, teachers can be changed."), answer("No, teachers cannot be changed."), answer("Sure, teachers can be changed.")];
        assert_eq!(group_answers(&answers), [vec![0, 2], vec![1]]);
    }

    #[test]
    fn chinese_numerals_count_as_figures() {
        assert_eq!(figures("十五天内，两次"), figures("15天内，2次"));
    }
}
