//! Suggestion sets, feedback and clusters.

use super::sample::{NOW, cluster, desk, feedback, suggestion_set};
use crate::domain::{FeedbackKind, FeedbackTally, RejectReason, SuggestionId, Timestamp};
use crate::store::{RecordedSet, Store, StoreError};

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

pub(in crate::store) async fn clusters_are_replaced_and_paged_by_size(store: &dyn Store) {
    let desk = desk(store, "shop").await;
    store.replace_clusters(&desk, &[cluster(&desk, "old", 9)]).await.unwrap();
    let mut groups: Vec<_> = [("a", 5), ("b", 3), ("c", 3), ("d", 3), ("e", 1)].map(|(name, size)| cluster(&desk, name, size)).to_vec();
    store.replace_clusters(&desk, &groups).await.unwrap();
    groups.sort_by_key(|(cluster, _)| (std::cmp::Reverse(cluster.size), cluster.id));
    let expected: Vec<_> = groups.iter().map(|(cluster, _)| cluster.clone()).collect();
    assert_eq!(store.clusters_page(&desk, 0, None, 10).await.unwrap(), expected);
    assert_eq!(store.clusters_page(&desk, 3, None, 10).await.unwrap(), expected[..4]);
    let (mut found, mut after) = (Vec::new(), None);
    loop {
        let page = store.clusters_page(&desk, 0, after, 2).await.unwrap();
        let Some(last) = page.last() else { break };
        after = Some((last.size, last.id));
        found.extend(page);
    }
    assert_eq!(found, expected);
}

pub(in crate::store) async fn cluster_members_come_most_similar_first(store: &dyn Store) {
    let desk = desk(store, "shop").await;
    let (group, members) = cluster(&desk, "a", 120);
    store.replace_clusters(&desk, &[(group.clone(), members.clone())]).await.unwrap();
    let (found, found_members) = store.cluster(&desk, group.id).await.unwrap().unwrap();
    assert_eq!(found, group);
    let expected: Vec<_> = members.into_iter().rev().collect();
    assert_eq!(found_members, expected);
    store.replace_clusters(&desk, &[]).await.unwrap();
    assert_eq!(store.cluster(&desk, group.id).await.unwrap(), None);
}
