//! Controls: what editors decide about single answers, taken in here and turned into what the ranking does.

use std::collections::HashMap;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use super::service::{SuggestError, Suggester};
use crate::domain::control::MAX_NOTE_CHARS;
use crate::domain::{Control, ControlId, ControlKind, ControlRule, DeskId, EntryId, InvalidControl, PairId, Pool, SuggestionId, Timestamp};
use crate::store::StoreError;
use crate::text::mask::mask;
use crate::text::moment::Moment;
use crate::text::normalise::{answer_key, clean};
use crate::text::phrase::holds_phrase;

/// Decides something about an answer. The answer is named by the entry, pair or suggestion that holds it: give exactly one of the three.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ControlCreate {
    /// A knowledge entry.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = Uuid)]
    pub entry_id: Option<EntryId>,
    /// An archived pair, as evidence names it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = Uuid)]
    pub pair_id: Option<PairId>,
    /// A suggestion that was shown.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = Uuid)]
    pub suggestion_id: Option<SuggestionId>,
    /// What is decided.
    pub kind: ControlKind,
    /// Added to the answer's log odds, −3 to 3; needed for `boost`, and only there. 1 turns odds of 1 : 1 into 2.7 : 1, −1 back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub points: Option<f64>,
    /// Phrases that the question must not hold; needed for `must_not_match`, and only there. At most 50 of 100 characters.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub phrases: Vec<String>,
    /// Why, for colleagues; at most 500 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
    /// First moment at which it no longer holds; for good when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub expires_at: Option<Timestamp>,
}

impl From<InvalidControl> for SuggestError {
    fn from(error: InvalidControl) -> Self {
        Self::Invalid { pointer: format!("/{}", error.field), detail: error.detail }
    }
}

/// An answer that something is decided about.
struct Named {
    words: String,
    pool: Pool,
    source: Uuid,
}

impl Suggester {
    /// Decides something about an answer, in place of an earlier decision of the same kind; tells whether there was none. It holds from the
    /// next request on. `actor` is the account or key that decides.
    pub async fn set_control(&self, desk: &DeskId, new: &ControlCreate, actor: &str) -> Result<(Control, bool), SuggestError> {
        let now = self.clock.now();
        // Masked as the live question is, so that they meet it in the same form, and so that nothing personal is kept.
        let masked = |text: &String| mask(&clean(text), &[]).text;
        let rule = ControlRule::new(new.kind, new.points, new.phrases.iter().map(masked).collect())?;
        if new.note.as_ref().is_some_and(|note| note.chars().count() > MAX_NOTE_CHARS) {
            return Err(InvalidControl::new("note", format!("keep the note within {MAX_NOTE_CHARS} characters")).into());
        }
        if new.expires_at.is_some_and(|expires_at| expires_at <= now) {
            return Err(InvalidControl::new("expires_at", "give a moment in the future, or leave it out to decide for good").into());
        }
        let Named { words, pool, source } = self.named_answer(desk, new).await?;
        let answer_key = answer_key(&words);
        let control = Control {
            id: Control::id_of(desk, &answer_key, new.kind),
            desk: desk.clone(),
            rule,
            answer_key,
            // An entry's answer is the company's own and not masked where it is kept.
            answer: masked(&words),
            pool,
            source_id: source,
            note: new.note.as_ref().map(masked).filter(|note| !note.is_empty()),
            actor: actor.to_owned(),
            created_at: now,
            expires_at: new.expires_at,
        };
        match self.store.put_control(&control).await {
            Ok(created) => Ok((control, created)),
            Err(StoreError::NotFound(_)) => Err(SuggestError::UnknownDesk(desk.clone())),
            Err(error) => Err(error.into()),
        }
    }

    /// Controls by time, newest first, behind `after` (time and id of the last one seen); those that have expired, too.
    pub async fn controls(&self, desk: &DeskId, after: Option<(Timestamp, ControlId)>, limit: u32) -> Result<Vec<Control>, SuggestError> {
        Ok(self.store.controls_page(desk, after, limit).await?)
    }

    /// Takes a decision back, from the next request on.
    pub async fn remove_control(&self, desk: &DeskId, id: ControlId) -> Result<(), SuggestError> {
        match self.store.remove_control(desk, id).await {
            Err(StoreError::NotFound(_)) => Err(SuggestError::UnknownControl(id)),
            other => Ok(other?),
        }
    }

    /// The answer that a request names. What is another desk's is refused like what there is not.
    async fn named_answer(&self, desk: &DeskId, new: &ControlCreate) -> Result<Named, SuggestError> {
        let unknown = |field, detail: &str| SuggestError::from(InvalidControl::new(field, detail));
        match (new.entry_id, new.pair_id, new.suggestion_id) {
            (Some(id), None, None) => {
                let entry = self.store.entries(desk, &[id]).await?.into_iter().next();
                let entry = entry.ok_or_else(|| unknown("entry_id", "the desk has no such entry; `GET /v1/entries` lists them"))?;
                Ok(Named { words: entry.content.answer, pool: Pool::Knowledge, source: id.as_uuid() })
            }
            (None, Some(id), None) => {
                let pair = self.store.pairs(desk, &[id]).await?.into_iter().next();
                let pair =
                    pair.ok_or_else(|| unknown("pair_id", "the desk has no such pair; use a `pair_id` of a suggestion's evidence"))?;
                Ok(Named { words: pair.content.answer, pool: Pool::Archive, source: id.as_uuid() })
            }
            (None, None, Some(id)) => {
                let found = self.store.recorded_suggestion(id).await?.filter(|(of, _)| of == desk);
                let hint = "the desk has shown no such suggestion; use the id of one suggestion, not that of the set";
                let (_, shown) = found.ok_or_else(|| unknown("suggestion_id", hint))?;
                Ok(Named { words: shown.text, pool: shown.pool, source: shown.source })
            }
            (None, None, None) => Err(unknown("entry_id", "name the answer by `entry_id`, `pair_id` or `suggestion_id`")),
            (_, Some(_), Some(_)) | (Some(_), None, Some(_)) => {
                Err(unknown("suggestion_id", "name the answer once: by `entry_id`, `pair_id` or `suggestion_id`"))
            }
            (Some(_), Some(_), None) => Err(unknown("pair_id", "name the answer once: by `entry_id`, `pair_id` or `suggestion_id`")),
        }
    }
}

/// What the controls of one answer come to at one moment.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub(super) struct Effect {
    /// It is not shown.
    pub(super) hidden: bool,
    /// It goes first.
    pub(super) pinned: bool,
    /// Added to its log odds.
    pub(super) points: f32,
}

/// What controls come to at a moment, by answer key. Hiding beats everything else: [`super::ranking`] drops the answer before it ranks.
pub(super) fn effects(controls: &[Control], moment: &Moment) -> HashMap<String, Effect> {
    let mut effects: HashMap<String, Effect> = HashMap::new();
    for control in controls {
        let effect = effects.entry(control.answer_key.clone()).or_default();
        match &control.rule {
            ControlRule::Pin => effect.pinned = true,
            ControlRule::Boost { points } => effect.points += *points as f32,
            ControlRule::Block => effect.hidden = true,
            // The turn as well as the question: greetings and what lies beyond the question's length are in the turn only, earlier turns
            // in the question only.
            ControlRule::MustNotMatch { phrases } => {
                effect.hidden |= phrases.iter().any(|phrase| holds_phrase(&moment.question, phrase) || holds_phrase(&moment.turn, phrase));
            }
        }
    }
    effects
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Role;
    use crate::text::moment::Line;

    fn moment(words: &[(Role, &str)]) -> Moment {
        let lines: Vec<Line<'_>> = words.iter().map(|(role, text)| Line { role: *role, text, at: None }).collect();
        Moment::of(&lines).unwrap()
    }

    fn control(answer_key: &str, rule: ControlRule) -> Control {
        let desk: DeskId = "shop".parse().unwrap();
        Control {
            id: Control::id_of(&desk, answer_key, rule.kind()),
            desk,
            rule,
            answer_key: answer_key.to_owned(),
            answer: "words".to_owned(),
            pool: Pool::Archive,
            source_id: Uuid::nil(),
            note: None,
            actor: "li".to_owned(),
            created_at: Timestamp::from_micros(0),
            expires_at: None,
        }
    }

    fn never(phrases: &[&str]) -> ControlRule {
        ControlRule::MustNotMatch { phrases: phrases.iter().map(|phrase| (*phrase).to_owned()).collect() }
    }

    #[test]
    fn controls_of_one_answer_add_up_and_leave_others_alone() {
        let controls = [
            control("a", ControlRule::Pin),
            control("a", ControlRule::Boost { points: 1.5 }),
            control("a", never(&["预售"])),
            control("b", ControlRule::Block),
        ];
        let effects = effects(&controls, &moment(&[(Role::Customer, "怎么退货？")]));
        assert_eq!(effects["a"], Effect { hidden: false, pinned: true, points: 1.5 });
        assert_eq!(effects["b"], Effect { hidden: true, ..Effect::default() });
        assert_eq!(effects.get("c"), None);
    }

    #[test]
    fn a_phrase_hides_the_answer_wherever_the_customer_said_it() {
        let hidden =
            |phrase: &str, words: &[(Role, &str)]| effects(&[control("a", never(&["不沾边", phrase]))], &moment(words))["a"].hidden;
        let plain = [(Role::Customer, "我买的预售外套怎么退货？")];
        assert!(hidden("预售", &plain) && hidden("預售", &plain));
        assert!(!hidden("现货", &plain));
        // Said earlier, and taken along because the last turn alone says too little.
        let carried = [(Role::Customer, "预售的外套怎么退货？"), (Role::Agent, "七天内可以退"), (Role::Customer, "那运费呢？")];
        assert!(hidden("预售", &carried) && hidden("运费", &carried));
        // What only the agent has said is no question.
        let agent = [(Role::Agent, "是预售商品吗"), (Role::Customer, "外套不合适，请问应该怎么办理退货手续呢？")];
        assert!(!hidden("预售", &agent));
    }
}
