//! What feedback and controls do to one group of answers: its score, which member stands for it, in which wording, and whether it is shown
//! at all.
//!
//! An answer's acceptance has a Beta prior and the counts of the store as evidence. What enters the score is the change of the log odds from
//! prior to posterior, so an answer without feedback is left exactly where relevance puts it. The prior is the same for every answer of every
//! desk: feedback on an answer comes from other customers' questions, and the ranker's probability, which belongs to this question, must not
//! be overruled by what was popular elsewhere; it is added to instead.
//!
//! How often an answer could have been used is corrected for its position by the store ([`crate::domain::counted_showings`]). Members of a
//! group pool their evidence, because near-identical answers are one suggestion. Options and measurements: `docs/decisions/0009-feedback.md`.
//!
//! Controls come after feedback. Points belong to one answer as worded, so they change which member stands for the group; the group then
//! moves as far as its best member does: by just these points where the words stay the same, by less where other words of the group take
//! over from lowered ones, not at all where raised ones are still not the best. An edited wording has controls of its own.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use super::calibration::Signals;
use super::control::Effect;
use super::ranker::{AGREEING_ANSWERS, Ranker, together};
use super::ranking::{RankedGroup, RankedMember, TaughtWording};
use crate::domain::{FeedbackTally, Language, Pool, WordingTally};
use crate::retrieve::adapter::ScoreScale;
use crate::text::language::detect;

/// Beta(1, 1): the evidence of one use and one refusal, with neither for or against.
const PRIOR_USED: f64 = 1.0;
const PRIOR_REFUSED: f64 = 1.0;

/// What an edit counts of a use: right in substance, not in words.
const EDIT: f64 = 0.5;

/// What being looked at and passed by counts of a refusal. The agent may have written a reply of their own, or the customer went on. With a
/// quarter, an answer gains once it is used more than every fifth time it is looked at.
const PASSED_BY: f64 = 0.25;

/// Conversations in which an edited wording must have been used before it is offered: one could be about one customer only.
const TAUGHT_CONVERSATIONS: u32 = 2;

/// What is known of the answers at hand, by answer key.
#[derive(Debug, Clone, Default)]
pub(super) struct Known {
    /// Verdicts and showings, of edited wordings' keys, too.
    pub(super) tallies: HashMap<String, FeedbackTally>,
    /// Edited wordings.
    pub(super) wordings: HashMap<String, Vec<WordingTally>>,
    /// The answers' own keys: a wording among them is no wording but another answer's own words.
    pub(super) own_words: HashSet<String>,
    /// The language that is wanted; `None`: any.
    pub(super) language: Option<Language>,
    /// What editors have decided, of edited wordings' keys, too.
    pub(super) effects: HashMap<String, Effect>,
}

/// The log odds of acceptance after feedback less those before; 0 without feedback.
pub(super) fn log_odds(tally: &FeedbackTally) -> f32 {
    let used = tally.accepted + EDIT * tally.edited;
    // A report as outdated counts twice: once among the refusals, once for itself.
    let refused = tally.rejected + tally.outdated;
    let passed_by = (tally.examined - tally.accepted - tally.edited - tally.rejected).max(0.0);
    let posterior = (PRIOR_USED + used) / (PRIOR_REFUSED + refused + PASSED_BY * passed_by);
    (posterior / (PRIOR_USED / PRIOR_REFUSED)).ln() as f32
}

/// The evidence of several answers together.
fn pooled<'a>(tallies: impl Iterator<Item = &'a FeedbackTally>) -> FeedbackTally {
    tallies.fold(FeedbackTally::default(), |sum, tally| FeedbackTally {
        accepted: sum.accepted + tally.accepted,
        edited: sum.edited + tally.edited,
        rejected: sum.rejected + tally.rejected,
        outdated: sum.outdated + tally.outdated,
        examined: sum.examined + tally.examined,
        retired: sum.retired || tally.retired,
        retired_as_like: sum.retired_as_like || tally.retired_as_like,
    })
}

/// What is said of an answer by an edit of it into the words of another one: it was not what was needed.
fn edited_away(tally: &mut FeedbackTally, wording: &WordingTally) {
    tally.edited = (tally.edited - wording.edited).max(0.0);
    tally.rejected += wording.edited;
    // Offered in the other one's words, and taken: nothing was said of its own.
    tally.accepted = (tally.accepted - wording.accepted).max(0.0);
}

impl Known {
    /// Adds what is known of further answers of the same desk.
    pub(super) fn extend(&mut self, other: Self) {
        self.tallies.extend(other.tallies);
        self.wordings.extend(other.wordings);
        self.own_words.extend(other.own_words);
        self.language = self.language.or(other.language);
        self.effects.extend(other.effects);
    }

    /// What editors have decided about an answer or wording.
    pub(super) fn effect(&self, answer_key: &str) -> Effect {
        self.effects.get(answer_key).copied().unwrap_or_default()
    }

    /// What the points of an answer or wording add to a score on the scale that probabilities are read from.
    pub(super) fn points(&self, ranker: &Ranker, answer_key: &str) -> f32 {
        ranker.score_of_points(self.effect(answer_key).points)
    }

    /// Whether an answer was reported outdated and not restored since.
    pub(super) fn is_retired(&self, answer_key: &str) -> bool {
        self.tallies.get(answer_key).is_some_and(|tally| tally.retired)
    }

    /// Whether an archived answer of these words is withheld as outdated: it was reported, or it said the same as one that was.
    pub(super) fn is_withheld(&self, answer_key: &str) -> bool {
        self.tallies.get(answer_key).is_some_and(|tally| tally.retired || tally.retired_as_like)
    }

    /// What agents said of one answer's own words: edits of other answers into them count for them, edits of them into other answers' words
    /// count against them.
    fn own_tally(&self, answer_key: &str) -> FeedbackTally {
        let mut tally = self.tallies.get(answer_key).copied().unwrap_or_default();
        for (edited, wording) in self.edits_into_answers() {
            if edited == answer_key {
                edited_away(&mut tally, wording);
            }
            if wording.key == answer_key {
                tally.accepted += wording.weight.max(0.0);
            }
        }
        tally
    }

    /// What agents said of a group. An edit of one member into the words of another stays within it and counts as an edit; one that leads out
    /// of it counts against it, and one that leads into it counts for it.
    fn group_tally(&self, keys: &BTreeSet<String>) -> FeedbackTally {
        let mut tally = pooled(keys.iter().filter_map(|key| self.tallies.get(key)));
        for (edited, wording) in self.edits_into_answers() {
            match (keys.contains(edited), keys.contains(&wording.key)) {
                (true, false) => edited_away(&mut tally, wording),
                (false, true) => tally.accepted += wording.weight.max(0.0),
                (true, true) | (false, false) => {}
            }
        }
        tally
    }

    /// Edits of an answer (its key) into the words of another one at hand.
    fn edits_into_answers(&self) -> impl Iterator<Item = (&str, &WordingTally)> {
        self.wordings
            .iter()
            .flat_map(|(key, wordings)| wordings.iter().map(move |wording| (key.as_str(), wording)))
            .filter(|(key, wording)| wording.key != *key && self.own_words.contains(&wording.key))
    }

    /// The members that may be shown. One answer reported outdated takes those that say the same along, but not an entry: entries have an
    /// owner who keeps them current, and whoever corrects one must not be silenced by what it replaces.
    fn without_retired(&self, mut members: Vec<RankedMember>) -> Vec<RankedMember> {
        let withheld = |member: &RankedMember| match member.candidate.payload.pool {
            Pool::Archive => self.is_withheld(&member.answer_key),
            Pool::Knowledge => self.is_retired(&member.answer_key),
        };
        if members.iter().any(withheld) {
            members.retain(|member| member.candidate.payload.pool == Pool::Knowledge && !withheld(member));
        }
        members
    }

    /// The edited wording that an editor has pinned or, without one, that agents prefer to the words of the answers with these keys, if there
    /// is one. Words that are hidden or withheld do not come back this way, and without an editor's word nor do those of another language than
    /// is wanted.
    fn taught(&self, keys: &BTreeSet<String>) -> Option<TaughtWording> {
        let mut of_group: HashMap<&str, WordingTally> = HashMap::new();
        let mut own_words = 0.0f64;
        for key in keys {
            let wordings = self.wordings.get(key).map_or(&[][..], Vec::as_slice);
            let accepted = self.tallies.get(key).map_or(0.0, |tally| tally.accepted);
            // What was taken as offered, less what was offered in an edited wording.
            own_words = own_words.max(accepted - wordings.iter().map(|wording| wording.accepted).sum::<f64>());
            for wording in wordings {
                // Another answer may say so already; then it is no wording but that answer's own words.
                let owned = keys.contains(&wording.key) || self.own_words.contains(&wording.key);
                let foreign = self.language.is_some_and(|wanted| detect(&wording.text) != wanted) && !self.effect(&wording.key).pinned;
                if owned || foreign || self.effect(&wording.key).hidden || self.is_withheld(&wording.key) {
                    continue;
                }
                of_group
                    .entry(&wording.key)
                    .and_modify(|known| {
                        known.conversations += wording.conversations;
                        known.weight += wording.weight;
                        if wording.last_used_at > known.last_used_at {
                            known.last_used_at = wording.last_used_at;
                            known.text.clone_from(&wording.text);
                        }
                    })
                    .or_insert_with(|| wording.clone());
            }
        }
        let pinned = |wording: &WordingTally| self.effect(&wording.key).pinned;
        let preferred = of_group
            .into_values()
            .filter(|wording| pinned(wording) || (wording.conversations >= TAUGHT_CONVERSATIONS && wording.weight > own_words));
        let best = preferred.max_by(|a, b| {
            let by_use = a.weight.total_cmp(&b.weight).then(a.last_used_at.cmp(&b.last_used_at));
            pinned(a).cmp(&pinned(b)).then(by_use).then_with(|| a.key.cmp(&b.key))
        })?;
        Some(TaughtWording { key: best.key, text: best.text })
    }

    /// Makes a ranked group of members that say the same, whose scores are those of relevance alone; with it its score, to order groups by,
    /// to which the points of its wording are still to be added. `None` when it is withheld as outdated.
    pub(super) fn apply(
        &self,
        ranker: &Ranker,
        scale: ScoreScale,
        signals: Signals,
        members: Vec<RankedMember>,
    ) -> Option<(f32, RankedGroup)> {
        let mut members = self.without_retired(members);
        let relevance = together(members.iter().map(|member| member.score), AGREEING_ANSWERS)?;
        let keys: BTreeSet<String> = members.iter().map(|member| member.answer_key.clone()).collect();
        let shift = ranker.feedback_shift(log_odds(&self.group_tally(&keys)));
        // Which member stands for the group is decided by what agents did with its own words, and by what editors made of them; the group
        // as a whole has the evidence of all its members.
        let shifts: BTreeMap<&str, f32> =
            keys.iter().map(|key| (key.as_str(), ranker.feedback_shift(log_odds(&self.own_tally(key))))).collect();
        let by_agents = |member: &RankedMember| scale.apply(member.score + shifts[member.answer_key.as_str()]);
        // Points are meant on the scale that probabilities are read from, so they come last.
        let by_editors = |member: &RankedMember| by_agents(member) + self.points(ranker, &member.answer_key);
        let best_before = members.iter().map(by_agents).max_by(f32::total_cmp)?;
        let best_after = members.iter().map(by_editors).max_by(f32::total_cmp)?;
        members.sort_by(|a, b| by_editors(b).total_cmp(&by_editors(a)).then(a.candidate.point.cmp(&b.candidate.point)));
        // The words that an editor has pinned are shown, not those of the best member that says the same, and not an edit of either.
        let pinned = members.iter().position(|member| self.effect(&member.answer_key).pinned);
        if let Some(position) = pinned {
            members[..=position].rotate_right(1);
        }
        let wording = if pinned.is_some() { None } else { self.taught(&keys) };
        let pinned = pinned.is_some() || wording.as_ref().is_some_and(|wording| self.effect(&wording.key).pinned);
        for member in &mut members {
            member.score = scale.apply(member.score + shift) + self.points(ranker, &member.answer_key);
        }
        let score = scale.apply(relevance + shift) + (best_after - best_before);
        let votes = together(members.iter().map(|member| member.vote), 1.0)?;
        let mass = votes + (score - scale.apply(relevance)) / scale.slope;
        let probability = ranker.probability(score, &signals);
        Some((score, RankedGroup { members, probability, mass, wording, pinned }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{Outcome, PairId, Timestamp};
    use crate::retrieve::Candidate;
    use crate::suggest::calibration::SIGNAL_COUNT;
    use crate::suggest::features::Source;

    const SIGNALS: Signals = [0.5; SIGNAL_COUNT];

    fn member(key: &str, score: f32) -> RankedMember {
        let point = PairId::derive(&[key]).as_uuid();
        RankedMember {
            candidate: Candidate {
                question_cosine: 1.0,
                situation_cosine: 1.0,
                answer_cosine: 1.0,
                plain_question_cosine: 1.0,
                answer_vector: vec![1.0],
                ..Candidate::unlike(point)
            },
            source: Source {
                outcome: Outcome::default(),
                answer_quality: 1.0,
                answer: format!("text of {key}"),
                question: "question".to_owned(),
                answered_by: None,
                context_terms: Vec::new(),
            },
            answer_key: key.to_owned(),
            score,
            vote: score,
        }
    }

    fn tally(accepted: f64, rejected: f64, examined: f64) -> FeedbackTally {
        FeedbackTally { accepted, rejected, examined, ..FeedbackTally::default() }
    }

    fn known(tallies: &[(&str, FeedbackTally)]) -> Known {
        let tallies = tallies.iter().map(|(key, tally)| ((*key).to_owned(), *tally)).collect();
        let own_words = ["a", "b", "c"].map(str::to_owned).into();
        Known { tallies, own_words, ..Known::default() }
    }

    fn wording(key: &str, conversations: u32, weight: f64, accepted: f64) -> WordingTally {
        let last_used_at = Timestamp::from_micros(0);
        let edited = (weight - accepted).max(0.0);
        WordingTally { key: key.to_owned(), text: format!("wording {key}"), conversations, weight, accepted, edited, last_used_at }
    }

    fn keys(group: &RankedGroup) -> Vec<&str> {
        group.members.iter().map(|member| member.answer_key.as_str()).collect()
    }

    #[test]
    fn without_feedback_nothing_changes() {
        assert_eq!(log_odds(&FeedbackTally::default()), 0.0);
        let ranker = Ranker::shipped();
        let members = vec![member("a", 3.0), member("b", 2.0)];
        let (score, group) = Known::default().apply(&ranker, ScoreScale::SAME, SIGNALS, members).unwrap();
        assert_eq!(score, together([3.0, 2.0].into_iter(), AGREEING_ANSWERS).unwrap());
        assert_eq!(group.probability, ranker.probability(score, &SIGNALS));
        assert_eq!(keys(&group), ["a", "b"]);
        assert_eq!(group.members.iter().map(|member| member.score).collect::<Vec<_>>(), [3.0, 2.0]);
        assert_eq!(group.text(), "text of a");
    }

    #[test]
    fn use_helps_and_refusal_being_passed_by_and_reports_harm() {
        let odds = |accepted, rejected, examined| log_odds(&tally(accepted, rejected, examined));
        assert!(odds(1.0, 0.0, 1.0) > 0.0 && odds(0.0, 1.0, 1.0) < 0.0);
        assert!(odds(0.0, 0.0, 1.0) < 0.0, "looked at and not used");
        assert!(odds(0.0, 1.0, 1.0) < odds(0.0, 0.0, 1.0), "a refusal says more than being passed by");
        assert!(odds(0.0, 0.0, 0.25) > odds(0.0, 0.0, 1.0), "fourth place was hardly looked at");
        // Verdicts from before showings were counted, or of hosts that never report them.
        assert_eq!(odds(2.0, 1.0, 0.0), odds(2.0, 1.0, 3.0));
        let edited = log_odds(&FeedbackTally { edited: 1.0, examined: 1.0, ..FeedbackTally::default() });
        assert!(edited > 0.0 && edited < odds(1.0, 0.0, 1.0));
        let outdated = log_odds(&FeedbackTally { rejected: 1.0, outdated: 1.0, ..FeedbackTally::default() });
        assert!(outdated < odds(0.0, 1.0, 0.0));
        // Used every fifth time it is looked at: neither gain nor loss, however often.
        assert!(odds(100.0, 0.0, 500.0).abs() < 1e-6);
    }

    #[test]
    fn what_was_seen_less_often_is_judged_by_how_often_it_was_seen() {
        // The better answer stood at rank 2 and was used as often as a worse one at rank 1 was, in half of the looks.
        let (worse_first, better_second) = (tally(30.0, 0.0, 100.0), tally(30.0, 0.0, 50.0));
        assert!(log_odds(&better_second) > log_odds(&worse_first));
    }

    #[test]
    fn members_of_a_group_profit_from_each_other() {
        let ranker = Ranker::shipped();
        let group = |known: &Known| known.apply(&ranker, ScoreScale::SAME, SIGNALS, vec![member("a", 3.0), member("b", 2.9)]).unwrap();
        let (before, _) = group(&Known::default());
        let accepted = known(&[("b", tally(4.0, 0.0, 4.0))]);
        let (after, shown) = group(&accepted);
        assert!((after - (before + ranker.feedback_shift(5f32.ln()))).abs() < 1e-4, "{before} {after}");
        assert_eq!(keys(&shown), ["b", "a"], "the wording that agents took is shown");
        assert_eq!(shown.probability, ranker.probability(after, &SIGNALS));
        let (both, _) = group(&known(&[("a", tally(4.0, 0.0, 4.0)), ("b", tally(4.0, 0.0, 4.0))]));
        assert!(both > after);
        let (refused, shown) = group(&known(&[("a", tally(0.0, 2.0, 2.0))]));
        assert!(refused < before);
        assert_eq!(keys(&shown), ["b", "a"], "other words are tried");
    }

    #[test]
    fn the_same_answer_twice_in_a_group_counts_once() {
        let ranker = Ranker::shipped();
        let known = known(&[("a", tally(4.0, 0.0, 4.0))]);
        let gain = |members: &[RankedMember]| {
            let score = |known: &Known| known.apply(&ranker, ScoreScale::SAME, SIGNALS, members.to_vec()).unwrap().0;
            score(&known) - score(&Known::default())
        };
        let (once, twice) = (gain(&[member("a", 3.0)]), gain(&[member("a", 3.0), member("a", 3.0)]));
        assert!((once - twice).abs() < 1e-5 && once > 0.0, "{once} {twice}");
    }

    #[test]
    fn a_retired_answer_takes_its_like_along_but_no_entry() {
        let ranker = Ranker::shipped();
        let retired = known(&[("a", FeedbackTally { retired: true, ..FeedbackTally::default() })]);
        let members = || vec![member("a", 3.0), member("b", 2.0)];
        assert!(retired.apply(&ranker, ScoreScale::SAME, SIGNALS, members()).is_none());
        let entry = |key: &str| {
            let mut entry = member(key, 1.0);
            entry.candidate.payload.pool = Pool::Knowledge;
            entry
        };
        let with_entry = [members(), vec![entry("c")]].concat();
        let (score, group) = retired.apply(&ranker, ScoreScale::SAME, SIGNALS, with_entry).unwrap();
        assert_eq!((score, keys(&group)), (1.0, vec!["c"]));
        assert!(retired.apply(&ranker, ScoreScale::SAME, SIGNALS, vec![entry("a")]).is_none(), "an entry is retired by its own reports");
    }

    #[test]
    fn an_archived_answer_withheld_with_another_takes_its_like_along_but_no_entry() {
        let ranker = Ranker::shipped();
        let withheld = known(&[("b", FeedbackTally { retired_as_like: true, ..FeedbackTally::default() })]);
        // The one that was reported is not among the candidates of this question.
        assert!(withheld.apply(&ranker, ScoreScale::SAME, SIGNALS, vec![member("b", 3.0), member("c", 2.0)]).is_none());
        let mut entry = member("b", 1.0);
        entry.candidate.payload.pool = Pool::Knowledge;
        let (_, group) = withheld.apply(&ranker, ScoreScale::SAME, SIGNALS, vec![member("c", 3.0), entry]).unwrap();
        assert_eq!(keys(&group), ["c", "b"], "an entry of the same words is retired by its own reports");
    }

    #[test]
    fn an_edit_into_the_words_of_another_answer_speaks_for_that_one() {
        let ranker = Ranker::shipped();
        let edited = FeedbackTally { edited: 2.0, examined: 2.0, ..FeedbackTally::default() };
        let mut known = known(&[("a", edited)]);
        let (as_an_edit, _) = known.apply(&ranker, ScoreScale::SAME, SIGNALS, vec![member("a", 3.0)]).unwrap();
        assert!(as_an_edit > 3.0, "an edit is half a use");
        known.wordings.insert("a".to_owned(), vec![wording("c", 2, 2.0, 0.0)]);
        let group = |key: &str| known.apply(&ranker, ScoreScale::SAME, SIGNALS, vec![member(key, 3.0)]).unwrap();
        let (away, shown) = group("a");
        assert!((away - (3.0 + ranker.feedback_shift((1f32 / 3.0).ln()))).abs() < 1e-4, "as if it had been refused twice: {away}");
        assert_eq!(shown.text(), "text of a", "the other answer's words are left to it");
        let (owner, _) = group("c");
        assert!((owner - (3.0 + ranker.feedback_shift(3f32.ln()))).abs() < 1e-4, "as if it had been taken twice: {owner}");
        // Within one group the answer was right in substance; only which words stand for it changes.
        let both = |known: &Known| known.apply(&ranker, ScoreScale::SAME, SIGNALS, vec![member("a", 3.0), member("c", 2.9)]).unwrap();
        let ((within, shown), without_wording) = (both(&known), Known { wordings: HashMap::new(), ..known.clone() });
        assert!((within - both(&without_wording).0).abs() < 1e-4);
        assert_eq!(keys(&shown), ["c", "a"]);
    }

    #[test]
    fn a_wording_in_another_language_waits_for_whoever_speaks_it() {
        let ranker = Ranker::shipped();
        let offered = |language: Language, pinned: bool| {
            let taught =
                WordingTally { text: "登录会员中心，在积分商城里兑换礼品。".to_owned(), ..wording("w", 2, 2.0, 0.0) };
            let wordings = HashMap::from([("a".to_owned(), vec![taught])]);
            let effects = HashMap::from([("w".to_owned(), Effect { pinned, ..Effect::default() })]);
            let known = Known { wordings, effects, language: Some(language), ..Known::default() };
            known.apply(&ranker, ScoreScale::SAME, SIGNALS, vec![member("a", 3.0)]).unwrap().1.wording.is_some()
        };
        assert!(offered(Language::Zh, false) && !offered(Language::En, false));
        assert!(offered(Language::En, true), "an editor's word");
    }

    #[test]
    fn a_wording_is_offered_when_it_is_used_in_two_conversations_and_more_than_the_original() {
        let ranker = Ranker::shipped();
        let offered = |accepted: f64, wordings: Vec<WordingTally>| {
            let mut known = known(&[("a", tally(accepted, 0.0, 0.0))]);
            known.wordings.insert("a".to_owned(), wordings);
            let (_, group) = known.apply(&ranker, ScoreScale::SAME, SIGNALS, vec![member("a", 3.0), member("b", 2.9)]).unwrap();
            group.text().to_owned()
        };
        assert_eq!(offered(0.0, vec![wording("w", 1, 5.0, 0.0)]), "text of a", "one conversation");
        assert_eq!(offered(0.0, vec![wording("w", 2, 2.0, 0.0)]), "wording w");
        assert_eq!(offered(2.0, vec![wording("w", 2, 2.0, 0.0)]), "text of a", "the original is as good");
        assert_eq!(offered(7.0, vec![wording("w", 5, 8.0, 6.0)]), "wording w", "what it was offered for is its own");
        assert_eq!(offered(0.0, vec![wording("v", 2, 2.0, 0.0), wording("w", 2, 3.0, 0.0)]), "wording w");
        assert_eq!(offered(0.0, vec![wording("w", 3, 0.0, 0.0)]), "text of a", "refused as often as used");
        assert_eq!(offered(0.0, vec![wording("b", 1, 1.0, 0.0)]), "text of b", "another member says so already");
        assert_eq!(offered(5.0, vec![wording("b", 1, 1.0, 0.0)]), "text of a");
    }

    #[test]
    fn points_move_a_group_as_far_as_its_best_member() {
        let ranker = Ranker::shipped();
        let scale = ScoreScale { slope: 0.5, intercept: 1.0 };
        let group = |given: &[(&str, f32)]| {
            // Agents prefer the words of the less relevant member.
            let mut known = known(&[("b", tally(4.0, 0.0, 4.0))]);
            known.effects =
                given.iter().map(|(key, points)| ((*key).to_owned(), Effect { points: *points, ..Effect::default() })).collect();
            let (score, group) = known.apply(&ranker, scale, SIGNALS, vec![member("a", 3.0), member("b", 2.9)]).unwrap();
            assert_eq!(group.probability, ranker.probability(score, &SIGNALS));
            (score, keys(&group).join(" "))
        };
        let one = ranker.score_of_points(1.0);
        let lead = scale.slope * (ranker.feedback_shift(5f32.ln()) - 0.1);
        let (before, order) = group(&[]);
        assert_eq!(order, "b a");
        for (what, given, moved, order) in [
            ("the words that are shown", vec![("b", 1.0)], one, "b a"),
            ("all words", vec![("a", -1.0), ("b", -1.0)], -one, "b a"),
            ("other words take over", vec![("b", -3.0)], -lead, "a b"),
            ("still not the best words", vec![("a", 0.5 * lead / one)], 0.0, "b a"),
        ] {
            let (after, now) = group(&given);
            assert!((after - before - moved).abs() < 1e-4, "{what}: {before} {after} {moved}");
            assert_eq!(now, order, "{what}");
        }
    }

    #[test]
    fn what_editors_decide_comes_before_the_wording_that_agents_prefer() {
        let ranker = Ranker::shipped();
        let pinned = Effect { pinned: true, ..Effect::default() };
        let hidden = Effect { hidden: true, ..Effect::default() };
        let retired = FeedbackTally { retired: true, ..FeedbackTally::default() };
        let offered = |decided: &[(&str, Effect)], tallies: &[(&str, FeedbackTally)]| {
            let mut known = known(tallies);
            known.wordings.insert("a".to_owned(), vec![wording("v", 1, 2.0, 0.0), wording("w", 2, 3.0, 0.0)]);
            known.effects = decided.iter().map(|(key, effect)| ((*key).to_owned(), *effect)).collect();
            let (_, group) = known.apply(&ranker, ScoreScale::SAME, SIGNALS, vec![member("a", 3.0), member("b", 2.9)]).unwrap();
            format!("{}{}", group.text(), if group.pinned { ", pinned" } else { "" })
        };
        assert_eq!(offered(&[], &[]), "wording w");
        assert_eq!(offered(&[("b", pinned)], &[]), "text of b, pinned");
        assert_eq!(offered(&[("w", hidden)], &[]), "text of a");
        assert_eq!(offered(&[], &[("w", retired)]), "text of a");
        assert_eq!(offered(&[("v", pinned)], &[]), "wording v, pinned", "however few have used it");
        assert_eq!(offered(&[("a", pinned), ("v", pinned)], &[]), "text of a, pinned");
        assert_eq!(offered(&[("v", Effect { hidden: true, ..pinned })], &[]), "wording w", "hiding beats pinning");
    }

    #[test]
    fn members_teach_a_wording_together() {
        let ranker = Ranker::shipped();
        let mut known = Known::default();
        known.wordings.insert("a".to_owned(), vec![wording("w", 1, 1.0, 0.0)]);
        known.wordings.insert("b".to_owned(), vec![wording("w", 1, 1.0, 0.0)]);
        let (_, group) = known.apply(&ranker, ScoreScale::SAME, SIGNALS, vec![member("a", 3.0), member("b", 2.9)]).unwrap();
        assert_eq!(group.wording, Some(TaughtWording { key: "w".to_owned(), text: "wording w".to_owned() }));
    }
}
