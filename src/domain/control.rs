//! Controls: what an editor has decided about single answers of a desk, over the head of the ranking.
//!
//! A control is kept under the answer as worded (its [answer key](crate::text::normalise::answer_key), which feedback is counted under,
//! too), so it holds for the same words from another conversation or entry, and no longer for an entry whose answer has been rewritten.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use super::{ControlId, DeskId, Pool, Timestamp};

/// Most that a boost may add to, or take from, the log odds of an answer: 3 turns odds of 1 : 1 into 20 : 1, or back.
pub const MAX_BOOST_POINTS: f64 = 3.0;
/// Most phrases of one control.
pub const MAX_PHRASES: usize = 50;
/// Longest phrase, in characters.
pub const MAX_PHRASE_CHARS: usize = 100;
/// Longest note, in characters.
pub const MAX_NOTE_CHARS: usize = 500;

/// What a control does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ControlKind {
    /// The answer goes in front of all that are not pinned, and needs only half the desk's threshold.
    Pin,
    /// The answer is raised or lowered by some points.
    Boost,
    /// The answer is never shown.
    Block,
    /// The answer is not shown when the question holds one of some phrases.
    MustNotMatch,
}

impl ControlKind {
    /// Every kind, in the order they are documented.
    pub const ALL: [Self; 4] = [Self::Pin, Self::Boost, Self::Block, Self::MustNotMatch];

    /// The code used on the command line, in the API and the store.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Pin => "pin",
            Self::Boost => "boost",
            Self::Block => "block",
            Self::MustNotMatch => "must_not_match",
        }
    }

    /// Reads the code back.
    #[must_use]
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == code)
    }
}

/// What a control does, with what it needs for that.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum ControlRule {
    /// The answer goes in front of all that are not pinned, and needs only half the desk's threshold.
    Pin,
    /// The answer is raised or lowered.
    Boost {
        /// Added to the log odds of the answer's probability; −3 to 3, not 0.
        points: f64,
    },
    /// The answer is never shown.
    Block,
    /// The answer is not shown when the question holds one of these phrases.
    MustNotMatch {
        /// The phrases; case, full-width forms and traditional characters do not matter.
        phrases: Vec<String>,
    },
}

/// Why something can't be decided like this.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{field}: {detail}")]
pub struct InvalidControl {
    /// The field at fault.
    pub field: &'static str,
    /// How to mend it.
    pub detail: String,
}

impl InvalidControl {
    /// A fault of one field.
    pub fn new(field: &'static str, detail: impl Into<String>) -> Self {
        Self { field, detail: detail.into() }
    }
}

impl ControlRule {
    /// Puts a rule together.
    ///
    /// # Errors
    /// When points or phrases are missing, out of range, or there without a use.
    pub fn new(kind: ControlKind, points: Option<f64>, phrases: Vec<String>) -> Result<Self, InvalidControl> {
        if kind != ControlKind::Boost && points.is_some() {
            return Err(InvalidControl::new("points", "points belong to `boost` only"));
        }
        if kind != ControlKind::MustNotMatch && !phrases.is_empty() {
            return Err(InvalidControl::new("phrases", "phrases belong to `must_not_match` only"));
        }
        match kind {
            ControlKind::Pin => Ok(Self::Pin),
            ControlKind::Block => Ok(Self::Block),
            ControlKind::Boost => Ok(Self::Boost { points: checked_points(points)? }),
            ControlKind::MustNotMatch => Ok(Self::MustNotMatch { phrases: checked_phrases(phrases)? }),
        }
    }

    /// Which kind it is.
    #[must_use]
    pub const fn kind(&self) -> ControlKind {
        match self {
            Self::Pin => ControlKind::Pin,
            Self::Boost { .. } => ControlKind::Boost,
            Self::Block => ControlKind::Block,
            Self::MustNotMatch { .. } => ControlKind::MustNotMatch,
        }
    }

    /// The points of a boost.
    #[must_use]
    pub const fn points(&self) -> Option<f64> {
        match self {
            Self::Boost { points } => Some(*points),
            Self::Pin | Self::Block | Self::MustNotMatch { .. } => None,
        }
    }

    /// The phrases that the question must not hold.
    #[must_use]
    pub fn phrases(&self) -> &[String] {
        match self {
            Self::MustNotMatch { phrases } => phrases,
            Self::Pin | Self::Boost { .. } | Self::Block => &[],
        }
    }
}

fn checked_points(points: Option<f64>) -> Result<f64, InvalidControl> {
    let invalid = || {
        let most = MAX_BOOST_POINTS;
        InvalidControl::new("points", format!("a boost needs points from -{most} (lower) to {most} (raise), and not 0"))
    };
    points.filter(|points| (-MAX_BOOST_POINTS..=MAX_BOOST_POINTS).contains(points) && *points != 0.0).ok_or_else(invalid)
}

fn checked_phrases(phrases: Vec<String>) -> Result<Vec<String>, InvalidControl> {
    if phrases.is_empty() || phrases.len() > MAX_PHRASES {
        return Err(InvalidControl::new("phrases", format!("give 1 to {MAX_PHRASES} phrases")));
    }
    if !phrases.iter().all(|phrase| phrase.chars().any(char::is_alphanumeric)) {
        return Err(InvalidControl::new(
            "phrases",
            "every phrase needs a letter or a digit: a bare mark would be found in too many questions",
        ));
    }
    if phrases.iter().any(|phrase| phrase.chars().count() > MAX_PHRASE_CHARS) {
        return Err(InvalidControl::new("phrases", format!("keep every phrase within {MAX_PHRASE_CHARS} characters")));
    }
    Ok(phrases)
}

/// One control.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Control {
    /// Derived from desk, answer and kind: a desk has at most one control of a kind for an answer.
    #[schema(value_type = String, format = Uuid)]
    pub id: ControlId,
    /// The desk it holds on.
    pub desk: DeskId,
    /// What it does.
    #[serde(flatten)]
    pub rule: ControlRule,
    /// What the answer is known by: trivially different wordings have the same key.
    pub answer_key: String,
    /// The words of the answer when the control was set, masked.
    pub answer: String,
    /// The pool these were found in.
    pub pool: Pool,
    /// The pair or entry they were found in.
    #[schema(value_type = String, format = Uuid)]
    pub source_id: Uuid,
    /// Why, in the editor's words.
    pub note: Option<String>,
    /// Who decided it.
    pub actor: String,
    /// When it was decided, or last changed.
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Timestamp,
    /// First moment at which it no longer holds.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub expires_at: Option<Timestamp>,
}

impl Control {
    /// The id of the control of a kind for an answer.
    #[must_use]
    pub fn id_of(desk: &DeskId, answer_key: &str, kind: ControlKind) -> ControlId {
        ControlId::derive(&[desk.as_str(), answer_key, kind.as_str()])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn phrases(phrases: &[&str]) -> Vec<String> {
        phrases.iter().map(|phrase| (*phrase).to_owned()).collect()
    }

    #[test]
    fn rules_take_what_they_need_and_nothing_else() {
        for kind in ControlKind::ALL {
            assert_eq!(ControlKind::from_code(kind.as_str()), Some(kind));
            assert_eq!(serde_json::to_value(kind).unwrap(), kind.as_str());
            let needed = match kind {
                ControlKind::Boost => (Some(1.0), Vec::new()),
                ControlKind::MustNotMatch => (None, phrases(&["预售"])),
                ControlKind::Pin | ControlKind::Block => (None, Vec::new()),
            };
            let rule = ControlRule::new(kind, needed.0, needed.1.clone()).unwrap();
            assert_eq!((rule.kind(), rule.points(), rule.phrases()), (kind, needed.0, needed.1.as_slice()));
            assert_eq!(serde_json::to_value(&rule).unwrap()["kind"], kind.as_str());
            if kind != ControlKind::Boost {
                assert_eq!(ControlRule::new(kind, Some(1.0), needed.1).unwrap_err().field, "points");
            }
            if kind != ControlKind::MustNotMatch {
                assert_eq!(ControlRule::new(kind, needed.0, phrases(&["x"])).unwrap_err().field, "phrases");
            }
        }
        assert_eq!(ControlKind::from_code("hide"), None);
    }

    #[test]
    fn points_and_phrases_are_bounded() {
        let boost = |points: Option<f64>| ControlRule::new(ControlKind::Boost, points, Vec::new());
        for good in [-3.0, -0.1, 0.5, 3.0] {
            assert_eq!(boost(Some(good)), Ok(ControlRule::Boost { points: good }));
        }
        for bad in [None, Some(0.0), Some(3.01), Some(-4.0), Some(f64::NAN), Some(f64::INFINITY)] {
            assert_eq!(boost(bad).unwrap_err().field, "points", "{bad:?}");
        }
        let never = |phrases: Vec<String>| ControlRule::new(ControlKind::MustNotMatch, None, phrases);
        assert!(never(phrases(&["7天", "预售"])).is_ok());
        let (long, many) = ("长".repeat(MAX_PHRASE_CHARS + 1), vec!["x".to_owned(); MAX_PHRASES + 1]);
        for bad in [Vec::new(), phrases(&["ok", "  "]), phrases(&["？"]), vec![long], many] {
            assert_eq!(never(bad.clone()).unwrap_err().field, "phrases", "{bad:?}");
        }
    }

    #[test]
    fn a_desk_has_one_control_of_a_kind_for_an_answer() {
        let (shop, other): (DeskId, DeskId) = ("shop".parse().unwrap(), "other".parse().unwrap());
        let id = Control::id_of(&shop, "k", ControlKind::Pin);
        assert_eq!(id, Control::id_of(&shop, "k", ControlKind::Pin));
        for different in [
            Control::id_of(&other, "k", ControlKind::Pin),
            Control::id_of(&shop, "l", ControlKind::Pin),
            Control::id_of(&shop, "k", ControlKind::Block),
        ] {
            assert_ne!(id, different);
        }
    }
}
