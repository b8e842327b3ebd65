//! What is made of feedback: showings, edited wordings, answers withheld as outdated.

use super::sample::{NOW, control, desk, feedback, suggestion_set};
use crate::domain::{
    ControlRule, DeskId, FeedbackEvent, FeedbackKind, FeedbackTally, RejectReason, RetirementState, SuggestionId, Timestamp, WordingTally,
};
use crate::store::{LiveValue, MAX_WORDINGS, RecordedSet, RecordedSuggestion, Store, StoreError};

const DAY: i64 = 86_400;

async fn tally(store: &dyn Store, desk: &DeskId, key: &str, now: Timestamp) -> FeedbackTally {
    store.tallies(desk, &[key.to_owned()], now).await.unwrap().get(key).copied().unwrap_or_default()
}

async fn tell(store: &dyn Store, desk: &DeskId, suggestion: SuggestionId, kind: FeedbackKind, reason: Option<RejectReason>) {
    store.add_feedback(desk, &feedback(suggestion, kind, reason, NOW)).await.unwrap();
}

fn close(left: f64, right: f64) -> bool {
    (left - right).abs() < 1e-9
}

pub(in crate::store) async fn showings_count_by_rank_and_only_where_somebody_looked(store: &dyn Store) {
    let desk = desk(store, "shop").await;
    let asked = suggestion_set(&["never shown"]);
    store.record_set(&desk, &asked).await.unwrap();
    assert!(store.tallies(&desk, &["never shown".to_owned()], NOW).await.unwrap().is_empty(), "asking alone counts nothing");

    let set = suggestion_set(&["first", "second", "third", "fourth"]);
    store.record_set(&desk, &set).await.unwrap();
    for suggestion in &set.suggestions[..2] {
        for _ in 0..3 {
            tell(store, &desk, suggestion.id, FeedbackKind::Shown, None).await;
        }
    }
    assert!(close(tally(store, &desk, "first", NOW).await.examined, 1.0), "the same showing counts once");
    assert!(close(tally(store, &desk, "second", NOW).await.examined, 0.5));
    assert!(close(tally(store, &desk, "third", NOW).await.examined, 0.0));
    // Whoever uses the fourth had the third before the eyes, reported or not.
    tell(store, &desk, set.suggestions[3].id, FeedbackKind::Accepted, None).await;
    assert!(close(tally(store, &desk, "third", NOW).await.examined, 1.0 / 3.0));
    let used = tally(store, &desk, "fourth", NOW).await;
    assert!(close(used.examined, 0.25) && close(used.accepted, 1.0));
}

pub(in crate::store) async fn a_showing_is_taken_back_when_a_better_one_is_used(store: &dyn Store) {
    let desk = desk(store, "shop").await;
    let set = suggestion_set(&["used", "below", "refused"]);
    store.record_set(&desk, &set).await.unwrap();
    for suggestion in &set.suggestions {
        tell(store, &desk, suggestion.id, FeedbackKind::Shown, None).await;
    }
    assert!(close(tally(store, &desk, "below", NOW).await.examined, 0.5));
    tell(store, &desk, set.suggestions[2].id, FeedbackKind::Rejected, Some(RejectReason::Wrong)).await;
    tell(store, &desk, set.suggestions[0].id, FeedbackKind::Sent, None).await;
    assert!(close(tally(store, &desk, "used", NOW).await.examined, 1.0));
    assert!(close(tally(store, &desk, "below", NOW).await.examined, 0.0));
    assert!(close(tally(store, &desk, "refused", NOW).await.examined, 1.0 / 3.0), "who refuses has looked");
}

pub(in crate::store) async fn showings_decay_like_verdicts(store: &dyn Store) {
    let desk = desk(store, "shop").await;
    for days in [180, 90, 0] {
        let set = suggestion_set(&["a"]);
        store.record_set(&desk, &set).await.unwrap();
        let event = feedback(set.suggestions[0].id, FeedbackKind::Shown, None, NOW.plus_seconds(-days * DAY));
        store.add_feedback(&desk, &event).await.unwrap();
    }
    assert!(close(tally(store, &desk, "a", NOW).await.examined, 1.75));
    assert!(close(tally(store, &desk, "a", NOW.plus_seconds(90 * DAY)).await.examined, 0.875));
    let late = suggestion_set(&["b", "a"]);
    store.record_set(&desk, &late).await.unwrap();
    // Taken back in full, though half of it has faded meanwhile.
    let shown = feedback(late.suggestions[1].id, FeedbackKind::Shown, None, NOW);
    let used = feedback(late.suggestions[0].id, FeedbackKind::Accepted, None, NOW.plus_seconds(90 * DAY));
    store.add_feedback(&desk, &shown).await.unwrap();
    store.add_feedback(&desk, &used).await.unwrap();
    assert!(close(tally(store, &desk, "a", NOW.plus_seconds(90 * DAY)).await.examined, 0.875));
}

/// A set offering answer `a`, perhaps in an edited wording, in a conversation.
async fn offered(store: &dyn Store, desk: &DeskId, conversation: Option<&str>, wording: Option<&str>) -> SuggestionId {
    let set = suggestion_set(&["a"]);
    let suggestions: Vec<RecordedSuggestion> =
        set.suggestions.iter().map(|one| RecordedSuggestion { wording: wording.map(str::to_owned), ..one.clone() }).collect();
    let id = suggestions[0].id;
    store.record_set(desk, &RecordedSet { suggestions, conversation: conversation.map(str::to_owned), ..set }).await.unwrap();
    id
}

async fn told(store: &dyn Store, desk: &DeskId, suggestion: SuggestionId, kind: FeedbackKind, wording: Option<(&str, Option<&str>)>) {
    let reason = (kind == FeedbackKind::Rejected).then_some(RejectReason::Tone);
    let (key, text) = wording.unzip();
    let event = FeedbackEvent {
        wording: key.map(str::to_owned),
        final_text: text.flatten().map(str::to_owned),
        ..feedback(suggestion, kind, reason, NOW)
    };
    store.add_feedback(desk, &event).await.unwrap();
}

async fn wordings(store: &dyn Store, desk: &DeskId) -> Vec<WordingTally> {
    store.wordings(desk, &["a".to_owned(), "b".to_owned()], NOW).await.unwrap().remove("a").unwrap_or_default()
}

pub(in crate::store) async fn edited_wordings_are_counted_by_conversation(store: &dyn Store) {
    let desk = desk(store, "shop").await;
    let plain = offered(store, &desk, Some("c-0"), None).await;
    told(store, &desk, plain, FeedbackKind::Accepted, None).await;
    assert!(wordings(store, &desk).await.is_empty(), "the answer's own words are no wording");
    for (conversation, text) in [("c-1", "Within 15 days."), ("c-1", "within 15 days"), ("c-2", "Within 15 days!")] {
        let id = offered(store, &desk, Some(conversation), None).await;
        told(store, &desk, id, FeedbackKind::Edited, Some(("fifteen", Some(text)))).await;
        told(store, &desk, id, FeedbackKind::Sent, Some(("fifteen", Some(text)))).await;
    }
    let id = offered(store, &desk, None, None).await;
    told(store, &desk, id, FeedbackKind::Edited, Some(("other", Some("Ask us.")))).await;
    let found = wordings(store, &desk).await;
    assert_eq!(found.iter().map(|one| (one.key.as_str(), one.conversations)).collect::<Vec<_>>(), [("fifteen", 2), ("other", 1)]);
    assert_eq!(found[0].text, "Within 15 days!", "the latest text");
    assert!(close(found[0].weight, 3.0), "edited and sent is one use: {}", found[0].weight);
    assert!(close(found[0].accepted, 0.0));
    let later = store.wordings(&desk, &["a".to_owned()], NOW.plus_seconds(90 * DAY)).await.unwrap();
    assert!(close(later["a"][0].weight, 1.5));
    assert!(store.wordings(&self::desk(store, "other").await, &["a".to_owned()], NOW).await.unwrap().is_empty());
}

pub(in crate::store) async fn a_wording_offered_and_taken_or_refused_is_counted(store: &dyn Store) {
    let desk = desk(store, "shop").await;
    let first = offered(store, &desk, Some("c1"), None).await;
    told(store, &desk, first, FeedbackKind::Edited, Some(("w", Some("Fifteen days.")))).await;
    let taken = offered(store, &desk, Some("c2"), Some("w")).await;
    assert_eq!(store.recorded_suggestion(taken).await.unwrap().unwrap().1.wording.as_deref(), Some("w"));
    told(store, &desk, taken, FeedbackKind::Accepted, Some(("w", None))).await;
    told(store, &desk, taken, FeedbackKind::Sent, Some(("w", None))).await;
    let found = wordings(store, &desk).await;
    assert!(close(found[0].weight, 2.0) && close(found[0].accepted, 1.0));
    assert_eq!((found[0].text.as_str(), found[0].conversations), ("Fifteen days.", 2));
    let refused = offered(store, &desk, None, Some("w")).await;
    told(store, &desk, refused, FeedbackKind::Rejected, Some(("w", None))).await;
    assert!(close(wordings(store, &desk).await[0].weight, 1.0));
}

pub(in crate::store) async fn sets_without_a_conversation_may_all_be_of_one(store: &dyn Store) {
    let desk = desk(store, "shop").await;
    for _ in 0..3 {
        let edited = offered(store, &desk, None, None).await;
        told(store, &desk, edited, FeedbackKind::Edited, Some(("w", Some("Fifteen days.")))).await;
    }
    let found = wordings(store, &desk).await;
    assert!(close(found[0].weight, 3.0) && found[0].conversations == 1, "{found:?}");
}

async fn report(store: &dyn Store, desk: &DeskId, key: &str, at: Timestamp) -> SuggestionId {
    let set = suggestion_set(&[key]);
    store.record_set(desk, &set).await.unwrap();
    let event = feedback(set.suggestions[0].id, FeedbackKind::Rejected, Some(RejectReason::Outdated), at);
    store.add_feedback(desk, &event).await.unwrap();
    set.suggestions[0].id
}

pub(in crate::store) async fn an_answer_reported_outdated_is_withheld_until_restored(store: &dyn Store) {
    let desk = desk(store, "shop").await;
    let error = store.review_retired(&desk, "a", true, "editor", NOW).await.unwrap_err();
    assert!(matches!(error, StoreError::NotFound("reported answer")), "{error:?}");
    let suggestion = report(store, &desk, "a", NOW).await;
    tell(store, &desk, suggestion, FeedbackKind::Rejected, Some(RejectReason::Outdated)).await;
    let found = tally(store, &desk, "a", NOW).await;
    assert!(found.retired && close(found.outdated, 1.0) && close(found.rejected, 1.0));
    let listed = store.retired_answers(&desk, None, 10).await.unwrap();
    assert_eq!(listed.len(), 1);
    let listed = &listed[0];
    assert_eq!((listed.id.as_str(), listed.state, listed.reports), ("a", RetirementState::Reported, 1), "one suggestion, one report");
    assert_eq!((listed.text.as_str(), listed.reported_by.as_str(), listed.reported_at), ("text of a", "agent-1", NOW));
    assert_eq!((listed.reviewed_by.as_deref(), listed.reviewed_at), (None, None));
    let elsewhere = self::desk(store, "other").await;
    assert!(store.retired_answers(&elsewhere, None, 10).await.unwrap().is_empty());
    assert!(store.review_retired(&elsewhere, "a", true, "editor", NOW).await.is_err());

    let restored = store.review_retired(&desk, "a", true, "editor", NOW.plus_seconds(60)).await.unwrap();
    assert_eq!((restored.state, restored.reviewed_by.as_deref()), (RetirementState::Restored, Some("editor")));
    let found = tally(store, &desk, "a", NOW.plus_seconds(60)).await;
    assert!(
        !found.retired && close(found.outdated, 0.0) && close(found.rejected, 0.0),
        "a report that was wrong counts no longer: {found:?}"
    );
    assert!(store.retired_answers(&desk, None, 10).await.unwrap().is_empty());
}

/// A set offering `a`, which stands for `like` as well.
async fn offered_with_like(store: &dyn Store, desk: &DeskId, like: &[&str]) -> SuggestionId {
    let set = suggestion_set(&["a"]);
    let like: Vec<String> = like.iter().map(|key| (*key).to_owned()).collect();
    let suggestions = set.suggestions.iter().map(|one| RecordedSuggestion { like: like.clone(), ..one.clone() }).collect();
    let set = RecordedSet { suggestions, ..set };
    let id = set.suggestions[0].id;
    store.record_set(desk, &set).await.unwrap();
    assert_eq!(store.recorded_suggestion(id).await.unwrap().unwrap().1.like, like);
    id
}

async fn withheld_as_like(store: &dyn Store, desk: &DeskId) -> Vec<String> {
    let keys = ["a", "b", "c", "d"].map(str::to_owned);
    let tallies = store.tallies(desk, &keys, NOW).await.unwrap();
    keys.into_iter().filter(|key| tallies.get(key).is_some_and(|tally| tally.retired_as_like)).collect()
}

pub(in crate::store) async fn an_answer_reported_outdated_takes_along_what_it_stood_for(store: &dyn Store) {
    let desk = desk(store, "shop").await;
    let first = offered_with_like(store, &desk, &["b", "c"]).await;
    tell(store, &desk, first, FeedbackKind::Rejected, Some(RejectReason::Wrong)).await;
    assert!(withheld_as_like(store, &desk).await.is_empty(), "only what is outdated is withheld");
    tell(store, &desk, first, FeedbackKind::Rejected, Some(RejectReason::Outdated)).await;
    assert_eq!(withheld_as_like(store, &desk).await, ["b", "c"]);
    assert!(withheld_as_like(store, &self::desk(store, "other").await).await.is_empty());
    let found = tally(store, &desk, "b", NOW).await;
    assert!(!found.retired && close(found.rejected, 0.0), "it was not reported itself: {found:?}");
    let listed = store.retired_answers(&desk, None, 10).await.unwrap();
    assert_eq!(listed.iter().map(|answer| (answer.id.as_str(), answer.like_answers)).collect::<Vec<_>>(), [("a", 2)]);

    let restored = store.review_retired(&desk, "a", true, "editor", NOW.plus_seconds(60)).await.unwrap();
    assert_eq!(restored.like_answers, 2);
    assert!(withheld_as_like(store, &desk).await.is_empty(), "a review restores all");
    let second = offered_with_like(store, &desk, &["c", "d"]).await;
    tell(store, &desk, second, FeedbackKind::Rejected, Some(RejectReason::Outdated)).await;
    assert_eq!(withheld_as_like(store, &desk).await, ["c", "d"], "what it stood for before the review stays restored");
    store.review_retired(&desk, "a", false, "editor", NOW.plus_seconds(120)).await.unwrap();
    assert_eq!(withheld_as_like(store, &desk).await, ["c", "d"]);
    let third = offered_with_like(store, &desk, &["b"]).await;
    tell(store, &desk, third, FeedbackKind::Rejected, Some(RejectReason::Outdated)).await;
    assert_eq!(withheld_as_like(store, &desk).await, ["b", "c", "d"]);
}

pub(in crate::store) async fn the_wordings_used_most_and_pinned_ones_are_looked_at(store: &dyn Store) {
    let desk = desk(store, "shop").await;
    let uses = |wording: usize| if wording < 3 { 3 - wording } else { 1 };
    for wording in 0..20 {
        for round in 0..uses(wording) {
            let id = offered(store, &desk, Some(&format!("c-{wording}-{round}")), None).await;
            let (key, words) = (format!("w{wording:02}"), format!("Wording {wording}."));
            told(store, &desk, id, FeedbackKind::Edited, Some((&key, Some(&words)))).await;
        }
    }
    let keys = async || wordings(store, &desk).await.into_iter().map(|one| one.key).collect::<Vec<_>>();
    let found = keys().await;
    assert_eq!(found.len(), MAX_WORDINGS as usize);
    assert!(found.starts_with(&["w00".to_owned(), "w01".to_owned()]), "{found:?}");
    assert!(close(wordings(store, &desk).await[0].edited, 3.0));
    assert!(!found.contains(&"w19".to_owned()), "as rare as others, and no pin: {found:?}");
    store.put_control(&control(&desk, "w19", ControlRule::Pin)).await.unwrap();
    assert!(keys().await.contains(&"w19".to_owned()), "pinned by an editor");
}

pub(in crate::store) async fn what_is_sent_in_other_words_was_edited(store: &dyn Store) {
    let desk = desk(store, "shop").await;
    let reworded = offered(store, &desk, Some("c1"), None).await;
    told(store, &desk, reworded, FeedbackKind::Sent, Some(("w", Some("Fifteen days.")))).await;
    let as_offered = offered(store, &desk, Some("c2"), Some("w")).await;
    told(store, &desk, as_offered, FeedbackKind::Sent, Some(("w", Some("Fifteen days.")))).await;
    let found = tally(store, &desk, "a", NOW).await;
    assert!(close(found.edited, 1.0) && close(found.accepted, 1.0), "{found:?}");
    let found = wordings(store, &desk).await;
    assert!(close(found[0].edited, 1.0) && close(found[0].accepted, 1.0) && close(found[0].weight, 2.0), "{found:?}");
}

pub(in crate::store) async fn a_report_after_a_review_withholds_again_unless_kept_retired(store: &dyn Store) {
    let desk = desk(store, "shop").await;
    for (key, restore, expected) in [("a", true, RetirementState::Reported), ("b", false, RetirementState::Retired)] {
        report(store, &desk, key, NOW).await;
        store.review_retired(&desk, key, restore, "editor", NOW.plus_seconds(60)).await.unwrap();
        report(store, &desk, key, NOW.plus_seconds(120)).await;
        let found = tally(store, &desk, key, NOW.plus_seconds(120)).await;
        assert!(found.retired, "{key}");
        let listed = store.retired_answers(&desk, None, 10).await.unwrap();
        let listed = listed.iter().find(|answer| answer.id == key).unwrap();
        assert_eq!((listed.state, listed.reports), (expected, 2), "{key}");
    }
}

pub(in crate::store) async fn retired_answers_are_paged_latest_first(store: &dyn Store) {
    let desk = desk(store, "shop").await;
    for (key, seconds) in [("a", 0), ("b", 60), ("c", 60), ("d", 30)] {
        report(store, &desk, key, NOW.plus_seconds(seconds)).await;
    }
    let (mut found, mut after) = (Vec::new(), None);
    loop {
        let page = store.retired_answers(&desk, after, 1).await.unwrap();
        let Some(last) = page.last() else { break };
        after = Some((last.reported_at, last.id.clone()));
        found.extend(page.into_iter().map(|answer| answer.id));
    }
    assert_eq!(found, ["b", "c", "d", "a"]);
}

pub(in crate::store) async fn live_values_come_back_to_their_desk_only(store: &dyn Store) {
    let (shop, other) = (desk(store, "shop").await, desk(store, "other").await);
    let values = vec![
        LiveValue { slot: Some("ORDER_NO".to_owned()), value: "20260601123456".to_owned() },
        LiveValue { slot: None, value: "欧阳慧".to_owned() },
    ];
    let set = RecordedSet { live_values: values.clone(), ..suggestion_set(&["a", "b"]) };
    store.record_set(&shop, &set).await.unwrap();
    assert_eq!(store.live_values(&shop, set.suggestions[1].id).await.unwrap(), values);
    assert!(store.live_values(&other, set.suggestions[1].id).await.unwrap().is_empty());
    let without = suggestion_set(&["a"]);
    store.record_set(&shop, &without).await.unwrap();
    assert!(store.live_values(&shop, without.suggestions[0].id).await.unwrap().is_empty());
}
