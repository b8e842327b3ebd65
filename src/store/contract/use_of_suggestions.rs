//! Suggestion sets, feedback and controls.

use super::sample::{NOW, control, desk, desk_id, feedback, minutes, suggestion_set};
use crate::domain::{Control, ControlId, ControlRule, FeedbackKind, FeedbackTally, RejectReason, SuggestionId, Timestamp};
use crate::store::{RecordedSet, Store, StoreError, UsedSuggestion};

const DAY: i64 = 86_400;

fn keys(keys: &[&str]) -> Vec<String> {
    keys.iter().map(|key| (*key).to_owned()).collect()
}

fn assert_tally(found: Option<&FeedbackTally>, accepted: f64, edited: f64, rejected: f64, outdated: f64) {
    let found = found.expect("there is feedback");
    for (name, got, expected) in [
        ("accepted", found.accepted, accepted),
        ("edited", found.edited, edited),
        ("rejected", found.rejected, rejected),
        ("outdated", found.outdated, outdated),
    ] {
        assert!((got - expected).abs() < 1e-9, "{name}: {got}, expected {expected}");
    }
}

pub(in crate::store) async fn a_recorded_suggestion_is_found_with_its_desk(store: &dyn Store) {
    let desk = desk(store, "shop").await;
    let set = suggestion_set(&["a", "b"]);
    store.record_set(&desk, &set).await.unwrap();
    let silence = RecordedSet { abstained: Some("small_talk".to_owned()), conversation: None, ..suggestion_set(&[]) };
    store.record_set(&desk, &silence).await.unwrap();
    assert_eq!(store.recorded_suggestion(set.suggestions[1].id).await.unwrap(), Some((desk, set.suggestions[1].clone())));
    assert_eq!(store.recorded_suggestion(SuggestionId::new()).await.unwrap(), None);
}

pub(in crate::store) async fn used_suggestions_come_page_by_page_with_what_was_asked(store: &dyn Store) {
    let (desk, other) = (desk(store, "shop").await, desk(store, "bank").await);
    let (first, second) = (suggestion_set(&["a", "b", "c"]), suggestion_set(&["d", "e"]));
    let foreign = suggestion_set(&["a"]);
    for (desk, set) in [(&desk, &first), (&desk, &second), (&other, &foreign)] {
        store.record_set(desk, set).await.unwrap();
    }
    for (suggestion, kind) in [
        (first.suggestions[0].id, FeedbackKind::Accepted),
        (first.suggestions[0].id, FeedbackKind::Sent),
        (first.suggestions[1].id, FeedbackKind::Shown),
        (first.suggestions[2].id, FeedbackKind::Edited),
        (second.suggestions[0].id, FeedbackKind::Rejected),
        (second.suggestions[1].id, FeedbackKind::Sent),
    ] {
        let reason = (kind == FeedbackKind::Rejected).then_some(RejectReason::Wrong);
        store.add_feedback(&desk, &feedback(suggestion, kind, reason, NOW)).await.unwrap();
    }
    store.add_feedback(&other, &feedback(foreign.suggestions[0].id, FeedbackKind::Sent, None, NOW)).await.unwrap();
    let mut used = Vec::new();
    loop {
        let page = store.used_suggestions(&desk, used.last().map(|last: &UsedSuggestion| last.id), 2).await.unwrap();
        if page.is_empty() {
            break;
        }
        used.extend(page);
    }
    assert!(used.is_sorted_by_key(|one| one.id));
    let mut found: Vec<(&str, bool, &str)> =
        used.iter().map(|one| (one.answer_key.as_str(), one.set == first.id, one.query.as_str())).collect();
    found.sort_unstable();
    assert_eq!(found, [("a", true, first.query.as_str()), ("c", true, &first.query), ("e", false, &second.query)]);
}

pub(in crate::store) async fn feedback_decays_by_half_in_ninety_days(store: &dyn Store) {
    let desk = desk(store, "shop").await;
    let (first, second) = (suggestion_set(&["a", "b", "unused"]), suggestion_set(&["a"]));
    store.record_set(&desk, &first).await.unwrap();
    store.record_set(&desk, &second).await.unwrap();
    let ago = |days: i64| NOW.plus_seconds(-days * DAY);
    for event in [
        feedback(first.suggestions[0].id, FeedbackKind::Accepted, None, ago(90)),
        feedback(second.suggestions[0].id, FeedbackKind::Sent, None, ago(0)),
        feedback(first.suggestions[1].id, FeedbackKind::Rejected, Some(RejectReason::Outdated), ago(180)),
        feedback(first.suggestions[2].id, FeedbackKind::Shown, None, ago(0)),
    ] {
        store.add_feedback(&desk, &event).await.unwrap();
    }
    let tallies = store.tallies(&desk, &keys(&["a", "b", "unused", "unknown", "a"]), NOW).await.unwrap();
    assert_eq!(tallies.len(), 2, "shown is no feedback on the answer");
    assert_tally(tallies.get("a"), 1.5, 0.0, 0.0, 0.0);
    assert_tally(tallies.get("b"), 0.0, 0.0, 0.25, 0.25);
    let later = store.tallies(&desk, &keys(&["a"]), NOW.plus_seconds(90 * DAY)).await.unwrap();
    assert_tally(later.get("a"), 0.75, 0.0, 0.0, 0.0);
    assert!(store.tallies(&desk, &[], NOW).await.unwrap().is_empty());
}

pub(in crate::store) async fn one_suggestion_has_one_verdict(store: &dyn Store) {
    let desk = desk(store, "shop").await;
    let set = suggestion_set(&["sent", "edited", "rejected", "mind changed"]);
    store.record_set(&desk, &set).await.unwrap();
    let [sent, edited, rejected, changed] = [0, 1, 2, 3].map(|at| set.suggestions[at].id);
    for (suggestion, kind, reason) in [
        (sent, FeedbackKind::Shown, None),
        (sent, FeedbackKind::Accepted, None),
        (sent, FeedbackKind::Sent, None),
        (sent, FeedbackKind::Sent, None),
        (edited, FeedbackKind::Edited, None),
        (edited, FeedbackKind::Sent, None),
        (rejected, FeedbackKind::Rejected, Some(RejectReason::Wrong)),
        (rejected, FeedbackKind::Rejected, Some(RejectReason::Wrong)),
        (changed, FeedbackKind::Accepted, None),
        (changed, FeedbackKind::Rejected, Some(RejectReason::Tone)),
    ] {
        store.add_feedback(&desk, &feedback(suggestion, kind, reason, NOW)).await.unwrap();
    }
    let tallies = store.tallies(&desk, &keys(&["sent", "edited", "rejected", "mind changed"]), NOW).await.unwrap();
    assert_tally(tallies.get("sent"), 1.0, 0.0, 0.0, 0.0);
    assert_tally(tallies.get("edited"), 0.0, 1.0, 0.0, 0.0);
    assert_tally(tallies.get("rejected"), 0.0, 0.0, 1.0, 0.0);
    assert_tally(tallies.get("mind changed"), 1.0, 0.0, 1.0, 0.0);
}

pub(in crate::store) async fn feedback_for_another_desk_is_refused(store: &dyn Store) {
    let (shop, other) = (desk(store, "shop").await, desk(store, "other").await);
    let set = suggestion_set(&["a"]);
    store.record_set(&shop, &set).await.unwrap();
    let event = feedback(set.suggestions[0].id, FeedbackKind::Accepted, None, NOW);
    let error = store.add_feedback(&other, &event).await.unwrap_err();
    assert!(matches!(error, StoreError::NotFound("suggestion")), "{error:?}");
    store.add_feedback(&shop, &event).await.unwrap();
    assert!(store.tallies(&other, &keys(&["a"]), NOW).await.unwrap().is_empty());
    let future = Timestamp::from_micros(NOW.as_micros() - 1);
    assert_tally(store.tallies(&shop, &keys(&["a"]), future).await.unwrap().get("a"), 1.0, 0.0, 0.0, 0.0);
}

pub(in crate::store) async fn controls_are_kept_and_replaced(store: &dyn Store) {
    let desk = desk(store, "shop").await;
    let phrases = vec!["预售".to_owned(), "gift card".to_owned()];
    let all = [
        control(&desk, "a", ControlRule::Pin),
        Control { note: None, ..control(&desk, "b", ControlRule::Boost { points: -1.5 }) },
        Control { expires_at: Some(minutes(9)), ..control(&desk, "c", ControlRule::Block) },
        control(&desk, "a", ControlRule::MustNotMatch { phrases }),
    ];
    for control in &all {
        assert!(store.put_control(control).await.unwrap(), "new");
    }
    let page = store.controls_page(&desk, None, 10).await.unwrap();
    assert_eq!(page.len(), 4);
    for control in &all {
        assert_eq!(page.iter().find(|found| found.id == control.id), Some(control));
    }
    let changed = Control {
        rule: ControlRule::Boost { points: 2.0 },
        answer: "worded a little differently".to_owned(),
        note: Some("after all".to_owned()),
        actor: "editor-2".to_owned(),
        created_at: minutes(5),
        expires_at: Some(minutes(90)),
        ..all[1].clone()
    };
    assert!(!store.put_control(&changed).await.unwrap(), "replaced");
    let found = store.controls_of(&desk, &keys(&["b"]), NOW).await.unwrap();
    assert_eq!(found, [changed]);
    let nowhere = control(&desk_id("nowhere"), "a", ControlRule::Pin);
    let error = store.put_control(&nowhere).await.unwrap_err();
    assert!(matches!(error, StoreError::NotFound("desk")), "{error:?}");
    store.remove_control(&desk, all[0].id).await.unwrap();
    let left = store.controls_of(&desk, &keys(&["a"]), NOW).await.unwrap();
    assert_eq!(left, [all[3].clone()]);
    for unknown in [all[0].id, ControlId::new()] {
        assert!(matches!(store.remove_control(&desk, unknown).await.unwrap_err(), StoreError::NotFound("control")));
    }
}

pub(in crate::store) async fn controls_are_paged_newest_first(store: &dyn Store) {
    let (shop, other) = (desk(store, "shop").await, desk(store, "other").await);
    let mut all = Vec::new();
    for (key, minute) in [("a", 1), ("b", 3), ("c", 2), ("d", 2), ("e", 2), ("f", 0)] {
        let control = Control { created_at: minutes(minute), ..control(&shop, key, ControlRule::Block) };
        store.put_control(&control).await.unwrap();
        store.put_control(&super::sample::control(&other, key, ControlRule::Block)).await.unwrap();
        all.push(control);
    }
    all.sort_by_key(|control| (std::cmp::Reverse(control.created_at), control.id));
    let (mut found, mut after) = (Vec::new(), None);
    loop {
        let page = store.controls_page(&shop, after, 2).await.unwrap();
        let Some(last) = page.last() else { break };
        after = Some((last.created_at, last.id));
        found.extend(page);
    }
    assert_eq!(found, all);
}

pub(in crate::store) async fn controls_hold_for_their_answer_until_they_expire(store: &dyn Store) {
    let desk = desk(store, "shop").await;
    let limited = Control { expires_at: Some(minutes(10)), ..control(&desk, "a", ControlRule::Pin) };
    let lasting = control(&desk, "b", ControlRule::Block);
    for control in [&limited, &lasting] {
        store.put_control(control).await.unwrap();
    }
    let ids = async |asked: Vec<String>, now: Timestamp| -> Vec<ControlId> {
        let mut ids: Vec<_> = store.controls_of(&desk, &asked, now).await.unwrap().iter().map(|control| control.id).collect();
        ids.sort_unstable();
        ids
    };
    let mut both = vec![limited.id, lasting.id];
    both.sort_unstable();
    assert_eq!(ids(keys(&["a", "b", "a", "unknown"]), minutes(9)).await, both);
    assert_eq!(ids(keys(&["a", "b"]), minutes(10)).await, [lasting.id], "the moment itself no longer counts");
    assert_eq!(ids(keys(&["a"]), minutes(9)).await, [limited.id]);
    assert!(ids(keys(&["unknown"]), NOW).await.is_empty() && ids(Vec::new(), NOW).await.is_empty());
    assert_eq!(store.controls_page(&desk, None, 10).await.unwrap().len(), 2, "the list tells of expired ones, too");
    // More answers than one statement takes.
    let many: Vec<String> = (0..1200).map(|number| format!("k{number}")).chain(["b".to_owned()]).collect();
    assert_eq!(store.controls_of(&desk, &many, NOW).await.unwrap(), [lasting]);
}

pub(in crate::store) async fn controls_are_confined_to_their_desk(store: &dyn Store) {
    let (shop, other) = (desk(store, "shop").await, desk(store, "other").await);
    let control = control(&shop, "a", ControlRule::Block);
    store.put_control(&control).await.unwrap();
    assert!(store.controls_page(&other, None, 10).await.unwrap().is_empty());
    assert!(store.controls_of(&other, &keys(&["a"]), NOW).await.unwrap().is_empty());
    assert!(matches!(store.remove_control(&other, control.id).await.unwrap_err(), StoreError::NotFound("control")));
    // An id of this desk does not open that one.
    let stolen = Control { desk: other.clone(), rule: ControlRule::Block, note: Some("stolen".to_owned()), ..control.clone() };
    assert!(matches!(store.put_control(&stolen).await.unwrap_err(), StoreError::NotFound("control")));
    assert_eq!(store.controls_of(&shop, &keys(&["a"]), NOW).await.unwrap(), [control]);
    assert!(store.controls_page(&other, None, 10).await.unwrap().is_empty());
}
