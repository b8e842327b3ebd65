//! Two contradicting answers: has one taken the other's place, or are both given at the same time?

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::domain::{ClusterAnswer, Timestamp};

/// Share of the whole time, first to last, in which both may have been given after a change: some agents hear of it later.
const OVERLAP: f64 = 0.1;
/// Least credible order: the chance that answers given in any order would lie so well apart.
const CHANCE: f64 = 0.1;

/// How two contradicting answers stand to each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Disagreement {
    /// One was given until some time and the other since: the older one is outdated.
    Superseded,
    /// Both are given at the same time, or nothing says when they were.
    Disagree,
}

/// When and how often an answer was given.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Use {
    /// How often.
    pub times: u32,
    /// First and last time, where times are known.
    pub span: Option<(Timestamp, Timestamp)>,
}

impl From<&ClusterAnswer> for Use {
    fn from(answer: &ClusterAnswer) -> Self {
        Self { times: answer.support, span: answer.first_answered_at.zip(answer.last_answered_at) }
    }
}

/// Tells which it is. Few answers prove nothing: where they could lie apart by chance (1 / (n + m over n)), they disagree.
#[must_use]
pub fn disagreement(one: Use, other: Use) -> Disagreement {
    let (Some(first), Some(second)) = (one.span, other.span) else { return Disagreement::Disagree };
    let (older, newer) = if (first.1, first.0) <= (second.1, second.0) { (first, second) } else { (second, first) };
    if newer.0 <= older.0 || chance_apart(one.times, other.times) > CHANCE {
        return Disagreement::Disagree;
    }
    let (shared, whole) = (older.1.seconds_since(newer.0), newer.1.seconds_since(older.0));
    if shared <= OVERLAP * whole { Disagreement::Superseded } else { Disagreement::Disagree }
}

/// The probability that all of `n` things come before all of `m` others, one way or the other chosen beforehand: n! m! / (n + m)!.
fn chance_apart(n: u32, m: u32) -> f64 {
    (1..=n.min(m)).map(|step| f64::from(step) / f64::from(n.max(m) + step)).product()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn given(times: u32, first: i64, last: i64) -> Use {
        let day = |day: i64| Timestamp::from_micros(day * 86_400_000_000);
        Use { times, span: Some((day(first), day(last))) }
    }

    #[test]
    fn a_newer_practice_is_no_disagreement() {
        let cases = [
            (given(5, 0, 100), given(4, 101, 200), Disagreement::Superseded),
            (given(5, 0, 110), given(4, 100, 200), Disagreement::Superseded),
            (given(5, 0, 150), given(4, 100, 200), Disagreement::Disagree),
            (given(5, 0, 200), given(4, 50, 150), Disagreement::Disagree),
            (given(5, 0, 100), given(4, 0, 100), Disagreement::Disagree),
            // One answer behind five says little, two behind three enough.
            (given(5, 0, 100), given(1, 120, 120), Disagreement::Disagree),
            (given(3, 0, 100), given(2, 120, 130), Disagreement::Superseded),
            (given(5, 0, 100), Use { times: 9, span: None }, Disagreement::Disagree),
        ];
        for (one, other, expected) in cases {
            assert_eq!(disagreement(one, other), expected, "{one:?} {other:?}");
            assert_eq!(disagreement(other, one), expected, "{other:?} {one:?}");
        }
    }

    #[test]
    fn chance_is_one_over_the_binomial() {
        for (n, m, over) in [(1, 1, 2.0), (2, 3, 10.0), (5, 4, 126.0), (0, 7, 1.0)] {
            assert!((chance_apart(n, m) - 1.0 / over).abs() < 1e-12, "{n} {m}");
            assert!((chance_apart(m, n) - 1.0 / over).abs() < 1e-12, "{m} {n}");
        }
    }
}
