//! Near-identical answers become one suggestion.
//!
//! One function for the product, for clusters and for every system in `riposte eval`, so that grouping alone wins nothing there.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use regex::Regex;

use super::contradiction::opposed;
use crate::retrieve::encode::dot;
use crate::text::normalise::{answer_key, fold};

/// Cosine from which on two answers with the same figures say the same.
pub const SAME_ANSWER_COSINE: f32 = 0.93;

/// Cosine from which on two answers are about the same thing: 19 in 20 of the contradicting pairs in `tests/cases/contradiction` reach it.
const CONTRADICTION_COSINE: f32 = 0.6;

/// What grouping needs to know of an answer.
#[derive(Debug, Clone)]
pub struct Answer<'a> {
    /// Its words.
    pub text: &'a str,
    /// Its normalised dense vector.
    pub vector: &'a [f32],
}

/// Groups answers given in order of preference; every group's first member is its best, groups are in order of their best member.
#[must_use]
pub fn group_answers(answers: &[Answer<'_>]) -> Vec<Vec<usize>> {
    struct Leader {
        key: String,
        figures: BTreeSet<String>,
        member: usize,
    }
    let mut leaders: Vec<Leader> = Vec::new();
    let mut groups: Vec<Vec<usize>> = Vec::new();
    for (position, answer) in answers.iter().enumerate() {
        let key = answer_key(answer.text);
        let figures = figures(answer.text);
        let home = leaders.iter().position(|leader| {
            leader.key == key || (leader.figures == figures && dot(answers[leader.member].vector, answer.vector) >= SAME_ANSWER_COSINE)
        });
        if let Some(home) = home {
            groups[home].push(position);
        } else {
            leaders.push(Leader { key, figures, member: position });
            groups.push(vec![position]);
        }
    }
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
    dot(a.vector, b.vector) >= CONTRADICTION_COSINE && opposed(a.text, b.text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn same_words_or_same_meaning_with_same_figures_fall_together() {
        let (x, y) = ([1.0, 0.0], [0.99, 0.141]);
        let answers = [
            Answer { text: "签收后7天内可以退货", vector: &x },
            Answer { text: "签收后七天内可以退货哦", vector: &y },
            Answer { text: "签收后15天内可以退货", vector: &x },
        ];
        assert_eq!(group_answers(&answers), vec![vec![0, 1], vec![2]]);
        assert!(contradict(&answers[0], &answers[2]));
        assert!(!contradict(&answers[0], &answers[1]));
    }

    #[test]
    fn chinese_numerals_count_as_figures() {
        assert_eq!(figures("十五天内，两次"), figures("15天内，2次"));
    }
}
