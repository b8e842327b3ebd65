//! What agents did with suggestions, what a showing counts, and answers withheld because they were reported outdated.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use super::{FeedbackId, Pool, SuggestionId, Timestamp};

/// What happened to one suggestion.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum FeedbackKind {
    /// It was on the agent's screen.
    Shown,
    /// The agent took it as it is.
    Accepted,
    /// The agent took it and changed it; the final text comes along.
    Edited,
    /// The agent refused it; a reason comes along.
    Rejected,
    /// It was sent to the customer.
    Sent,
}

impl FeedbackKind {
    /// The code used in the API and the store.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Shown => "shown",
            Self::Accepted => "accepted",
            Self::Edited => "edited",
            Self::Rejected => "rejected",
            Self::Sent => "sent",
        }
    }
}

/// Why an agent refused a suggestion.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
#[expect(missing_docs, reason = "the names say it")]
pub enum RejectReason {
    Wrong,
    Incomplete,
    Outdated,
    Tone,
    Other,
}

impl RejectReason {
    /// The code used in the API and the store.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Wrong => "wrong",
            Self::Incomplete => "incomplete",
            Self::Outdated => "outdated",
            Self::Tone => "tone",
            Self::Other => "other",
        }
    }
}

/// One event to store.
#[derive(Debug, Clone, PartialEq)]
pub struct FeedbackEvent {
    /// Its id.
    pub id: FeedbackId,
    /// The suggestion it is about.
    pub suggestion: SuggestionId,
    /// What happened.
    pub kind: FeedbackKind,
    /// Why it was refused.
    pub reason: Option<RejectReason>,
    /// The text finally sent, masked.
    pub final_text: Option<String>,
    /// Key of the edited wording that was used or refused; absent where the answer's own wording was, and for `shown`.
    pub wording: Option<String>,
    /// Who says so (account or key name).
    pub actor: String,
    /// When.
    pub at: Timestamp,
}

/// Feedback on one answer (all suggestions that offered it), summed with exponential decay.
///
/// Weights are "events now": an event `t` days old counts `0.5^(t / 90)`.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct FeedbackTally {
    /// Accepted or sent unchanged.
    pub accepted: f64,
    /// Taken with changes.
    pub edited: f64,
    /// Refused; a report as outdated counts until a reviewer has restored the answer.
    pub rejected: f64,
    /// Refused as outdated (contained in `rejected`).
    pub outdated: f64,
    /// How often it was looked at, as far as can be told: showings, each weighted by [`examination`] (see [`counted_showings`]).
    pub examined: f64,
    /// Whether it is withheld: reported outdated, and not restored by a reviewer since.
    pub retired: bool,
    /// Whether it is withheld as an archived answer because one that said the same when it was offered is `retired`.
    pub retired_as_like: bool,
}

/// Probability that an agent looks at the suggestion of this rank (from 1), unless one above it has already been used: `1 / rank`.
///
/// The examination part of the position-based click model (Craswell, Zoeter, Taylor and Ramsey, "An experimental comparison of click
/// position-bias models", WSDM 2008), in the form `(1 / rank)^η` with η = 1 of Joachims, Swaminathan and Schnabel ("Unbiased
/// learning-to-rank with biased feedback", WSDM 2017). Two or three replies beside a conversation are read sooner than ten search hits, so
/// the curve may fall too fast for some desks; that favours what stands below, never what stands first.
#[must_use]
pub fn examination(rank: u32) -> f64 {
    1.0 / f64::from(rank.max(1))
}

/// What is known of one suggestion of a set.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Showing {
    /// Its place in the set, from 1.
    pub rank: u32,
    /// Reported as `shown`.
    pub shown: bool,
    /// Accepted, edited or sent.
    pub used: bool,
    /// Refused.
    pub refused: bool,
}

/// Which suggestions of one set count as shown; one result per suggestion, in order.
///
/// A suggestion counts when it was reported `shown`, was used or refused itself, or stands above a used one. It does not count when a
/// better-ranked one was used and nobody said anything about it: people read from the top and stop at the first that serves (the cascade
/// model, which explains the early ranks best in Craswell et al. 2008).
#[must_use]
pub fn counted_showings(set: &[Showing]) -> Vec<bool> {
    let used_ranks = || set.iter().filter(|other| other.used).map(|other| other.rank);
    let (first_used, last_used) = (used_ranks().min(), used_ranks().max());
    let counted = |showing: &Showing| {
        if showing.used || showing.refused {
            return true;
        }
        let passed_by = first_used.is_some_and(|used| used < showing.rank);
        let above_used = last_used.is_some_and(|used| used > showing.rank);
        !passed_by && (showing.shown || above_used)
    };
    set.iter().map(counted).collect()
}

/// One edited wording of an answer, and how it has been received.
#[derive(Debug, Clone, PartialEq)]
pub struct WordingTally {
    /// What trivially different spellings of it have in common (the answer key of its text).
    pub key: String,
    /// The latest text, masked.
    pub text: String,
    /// Conversations in which it was used, without decay.
    pub conversations: u32,
    /// Uses less refusals, each decayed as in [`FeedbackTally`].
    pub weight: f64,
    /// The decayed uses of it that [`FeedbackTally::accepted`] holds, too: it was offered and taken as it was.
    pub accepted: f64,
    /// The decayed uses of it that [`FeedbackTally::edited`] holds, too: other words were offered and changed into these.
    pub edited: f64,
    /// When it was last used.
    pub last_used_at: Timestamp,
}

/// Where an answer that was reported outdated stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum RetirementState {
    /// Withheld since an agent reported it; nobody has reviewed it yet.
    Reported,
    /// Reviewed: it is outdated and stays withheld.
    Retired,
    /// Reviewed: it still holds and is suggested again.
    Restored,
}

impl RetirementState {
    /// The code used in the API and the store.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Reported => "reported",
            Self::Retired => "retired",
            Self::Restored => "restored",
        }
    }

    /// Reads the code back.
    #[must_use]
    pub fn from_code(code: &str) -> Option<Self> {
        [Self::Reported, Self::Retired, Self::Restored].into_iter().find(|state| state.as_str() == code)
    }

    /// Whether the answer is kept from agents.
    #[must_use]
    pub const fn is_withheld(self) -> bool {
        match self {
            Self::Reported | Self::Retired => true,
            Self::Restored => false,
        }
    }
}

/// One answer that was reported outdated.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct RetiredAnswer {
    /// Names it: the key its feedback is counted under.
    pub id: String,
    /// Where it stands.
    pub state: RetirementState,
    /// Its words as they were offered when it was reported, masked, slots open.
    pub text: String,
    /// Which pool it is from.
    pub pool: Pool,
    /// The pair or entry that was shown.
    #[schema(value_type = String, format = Uuid)]
    pub source: Uuid,
    /// Suggestions that were reported outdated, over all time.
    pub reports: u32,
    /// Archived answers that are withheld with it because they said the same when it was reported.
    pub like_answers: u32,
    /// Who reported it last (account or key name).
    pub reported_by: String,
    /// When it was last reported.
    #[schema(value_type = String, format = DateTime)]
    pub reported_at: Timestamp,
    /// Who reviewed it last.
    pub reviewed_by: Option<String>,
    /// When it was last reviewed.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub reviewed_at: Option<Timestamp>,
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `s` shown, `u` used, `r` refused, `-` nothing known; rank by position.
    fn counted(set: &str) -> String {
        let showings: Vec<Showing> =
            (1..).zip(set.chars()).map(|(rank, c)| Showing { rank, shown: c == 's', used: c == 'u', refused: c == 'r' }).collect();
        counted_showings(&showings).into_iter().map(|counts| if counts { 'x' } else { '.' }).collect()
    }

    #[test]
    fn a_showing_counts_unless_a_better_one_was_used() {
        for (set, expected) in
            [("---", "..."), ("sss", "xxx"), ("uss", "x.."), ("sus", "xx."), ("--u", "xxx"), ("usr", "x.x"), ("r--", "x.."), ("usu", "x.x")]
        {
            assert_eq!(counted(set), expected, "{set}");
        }
    }

    #[test]
    fn without_ranks_nothing_stands_above_anything() {
        let showing = |used| Showing { rank: 1, shown: true, used, refused: false };
        assert_eq!(counted_showings(&[showing(true), showing(false), showing(false)]), [true; 3]);
    }

    #[test]
    fn examination_falls_with_the_rank() {
        assert_eq!([1, 2, 4].map(examination), [1.0, 0.5, 0.25]);
        assert_eq!(examination(0), 1.0);
    }
}
