//! The gap ledger, the moments that fail, and how entries fare.

use uuid::Uuid;

use super::sample::{NOW, desk, draft, edit, feedback, minutes, suggestion_set};
use crate::domain::{DeskId, FeedbackKind, Gap, GapCause, GapDecision, GapId, GapState, Language, Pool, RejectReason};
use crate::store::{RecordedSet, Store, StoreError};

fn gap(desk: &DeskId, name: &str) -> Gap {
    Gap {
        id: GapId::derive(&[desk.as_str(), name]),
        desk: desk.clone(),
        cause: GapCause::NoKnowledge,
        question: name.to_owned(),
        examples: vec![name.to_owned()],
        language: Language::Zh,
        failures: 4,
        abstained: 3,
        rejected: 1,
        unanswered: 0,
        customers: 3,
        impact: 12,
        first_at: Some(NOW),
        last_at: Some(minutes(5)),
        nearest_entry: None,
        nearest_cluster: None,
        decision: None,
        updated_at: NOW,
    }
}

fn decision(state: GapState) -> GapDecision {
    GapDecision { state, why: Some("as agreed".to_owned()), entry_id: None, actor: "editor-1".to_owned(), at: minutes(1) }
}

pub(in crate::store) async fn sets_that_held_nothing_of_use_are_found(store: &dyn Store) {
    let (desk, other) = (desk(store, "shop").await, desk(store, "bank").await);
    let silent = RecordedSet { abstained: Some("no_match".to_owned()), ..suggestion_set(&[]) };
    let (refused, half_refused, used, shown) =
        (suggestion_set(&["a", "b"]), suggestion_set(&["a", "b"]), suggestion_set(&["a", "b"]), suggestion_set(&["a"]));
    for set in [&silent, &refused, &half_refused, &used, &shown] {
        store.record_set(&desk, set).await.unwrap();
    }
    store.record_set(&other, &RecordedSet { abstained: Some("no_match".to_owned()), ..suggestion_set(&[]) }).await.unwrap();
    for (set, place, kind) in [
        (&refused, 0, FeedbackKind::Rejected),
        (&refused, 1, FeedbackKind::Rejected),
        (&half_refused, 0, FeedbackKind::Rejected),
        (&used, 0, FeedbackKind::Rejected),
        (&used, 1, FeedbackKind::Rejected),
        (&used, 1, FeedbackKind::Sent),
        (&shown, 0, FeedbackKind::Shown),
    ] {
        let reason = (kind == FeedbackKind::Rejected).then_some(RejectReason::Wrong);
        store.add_feedback(&desk, &feedback(set.suggestions[place].id, kind, reason, NOW)).await.unwrap();
    }
    let first = store.failed_sets(&desk, None, 1).await.unwrap();
    let rest = store.failed_sets(&desk, Some(first[0].id), 10).await.unwrap();
    let found: Vec<_> = first.iter().chain(&rest).map(|set| (set.id, set.abstained.as_deref())).collect();
    assert_eq!(found, [(silent.id, Some("no_match")), (refused.id, None)]);
}

pub(in crate::store) async fn decisions_about_gaps_outlive_the_ledger(store: &dyn Store) {
    let desk = desk(store, "shop").await;
    let sources = [Uuid::from_u128(1), Uuid::from_u128(2), Uuid::from_u128(3)];
    let (one, two, three) = (gap(&desk, "one"), gap(&desk, "two"), gap(&desk, "three"));
    let ledger = [(one.clone(), vec![sources[0]]), (two.clone(), vec![sources[1]]), (three.clone(), vec![sources[2]])];
    store.replace_gaps(&desk, &ledger).await.unwrap();
    store.decide_gap(&desk, one.id, &decision(GapState::Dismissed)).await.unwrap();
    store.decide_gap(&desk, two.id, &decision(GapState::Resolved)).await.unwrap();
    // The next computation has gap one with another failure and gap three no more.
    let grown = Gap { failures: 9, ..one.clone() };
    store.replace_gaps(&desk, &[(grown.clone(), vec![sources[0], sources[2]])]).await.unwrap();
    let mut gaps = store.gaps(&desk).await.unwrap();
    gaps.sort_by(|a, b| a.question.cmp(&b.question));
    assert_eq!(gaps.len(), 2, "{gaps:?}");
    assert_eq!(gaps[0], Gap { decision: Some(decision(GapState::Dismissed)), ..grown });
    assert_eq!(gaps[1].id, two.id, "what was decided about stays");
    let mut failures = store.gap_failures(&desk).await.unwrap();
    failures.sort_by_key(|(_, source)| *source);
    assert_eq!(failures, [(one.id, sources[0]), (two.id, sources[1]), (one.id, sources[2])]);
}

pub(in crate::store) async fn gaps_are_confined_to_their_desk(store: &dyn Store) {
    let (desk, other) = (desk(store, "shop").await, desk(store, "bank").await);
    let (mine, theirs) = (gap(&desk, "one"), gap(&other, "two"));
    store.replace_gaps(&desk, &[(mine.clone(), vec![Uuid::from_u128(1)])]).await.unwrap();
    store.replace_gaps(&other, &[(theirs.clone(), vec![Uuid::from_u128(1)])]).await.unwrap();
    let refused = store.decide_gap(&other, mine.id, &decision(GapState::Dismissed)).await;
    assert!(matches!(refused, Err(StoreError::NotFound("gap"))), "{refused:?}");
    store.replace_gaps(&other, &[]).await.unwrap();
    assert_eq!(store.gaps(&desk).await.unwrap(), std::slice::from_ref(&mine));
    assert_eq!(store.gap_failures(&desk).await.unwrap(), [(mine.id, Uuid::from_u128(1))]);
    assert!(store.gaps(&other).await.unwrap().is_empty());
}

pub(in crate::store) async fn what_agents_did_is_counted_by_entry_and_answer(store: &dyn Store) {
    let desk = desk(store, "shop").await;
    let entry = draft(&desk, "e");
    store.put_entries(&desk, std::slice::from_ref(&entry), edit("kb")).await.unwrap();
    let of_entry = |keys: &[&str]| {
        let mut set = suggestion_set(keys);
        for suggestion in &mut set.suggestions {
            suggestion.pool = Pool::Knowledge;
            suggestion.source = entry.id().as_uuid();
        }
        set
    };
    let (first, second) = (of_entry(&["now", "before"]), of_entry(&["now"]));
    let archived = suggestion_set(&["now"]);
    for set in [&first, &second, &archived] {
        store.record_set(&desk, set).await.unwrap();
    }
    for (id, kind, reason) in [
        (first.suggestions[0].id, FeedbackKind::Edited, None),
        (first.suggestions[1].id, FeedbackKind::Rejected, Some(RejectReason::Outdated)),
        (second.suggestions[0].id, FeedbackKind::Accepted, None),
        (second.suggestions[0].id, FeedbackKind::Shown, None),
        (archived.suggestions[0].id, FeedbackKind::Accepted, None),
    ] {
        store.add_feedback(&desk, &feedback(id, kind, reason, NOW)).await.unwrap();
    }
    let mut found = store.entry_use(&desk).await.unwrap();
    found.sort_by(|a, b| a.answer_key.cmp(&b.answer_key));
    let counts: Vec<_> =
        found.iter().map(|one| (one.entry, one.answer_key.as_str(), one.used, one.edited, one.rejected, one.outdated)).collect();
    assert_eq!(counts, [(entry.id(), "before", 0, 0, 1, 1), (entry.id(), "now", 2, 1, 0, 0)]);
}
