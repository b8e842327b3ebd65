//! Figures over time.

use super::sample::{NOW, conversation, desk, feedback, merge, message, minutes, short_talk, suggestion_set};
use crate::domain::{FeedbackKind, RejectReason, Role, Timestamp};
use crate::store::{RecordedSet, ReplyDelay, SetUse, Store};

const DAY_MICROS: i64 = 86_400_000_000;

pub(in crate::store) async fn sets_are_counted_by_day_and_by_how_they_ended(store: &dyn Store) {
    let (desk, other) = (desk(store, "shop").await, desk(store, "bank").await);
    let tomorrow = Timestamp::from_micros(NOW.as_micros() + DAY_MICROS);
    let sets: Vec<RecordedSet> = (0..4).map(|_| suggestion_set(&["a", "b"])).collect();
    let silent = RecordedSet { abstained: Some("no_match".to_owned()), at: tomorrow, ..suggestion_set(&[]) };
    for set in sets.iter().chain([&silent]) {
        store.record_set(&desk, set).await.unwrap();
    }
    store.record_set(&other, &suggestion_set(&["a"])).await.unwrap();
    let tells = [
        (0, 0, FeedbackKind::Shown),
        (0, 1, FeedbackKind::Rejected),
        (0, 0, FeedbackKind::Accepted),
        (0, 0, FeedbackKind::Sent),
        (1, 0, FeedbackKind::Edited),
        (1, 0, FeedbackKind::Accepted),
        (2, 0, FeedbackKind::Rejected),
        (2, 1, FeedbackKind::Rejected),
    ];
    for (set, place, kind) in tells {
        let reason = (kind == FeedbackKind::Rejected).then_some(RejectReason::Wrong);
        store.add_feedback(&desk, &feedback(sets[set].suggestions[place].id, kind, reason, minutes(1))).await.unwrap();
    }
    let midnight = |at: Timestamp| Timestamp::from_micros(at.as_micros() / DAY_MICROS * DAY_MICROS);
    let of_today = SetUse { day: midnight(NOW), abstained: None, sets: 4, shown: 3, accepted: 1, edited: 1, rejected: 1 };
    let of_tomorrow =
        SetUse { day: midnight(tomorrow), abstained: silent.abstained.clone(), sets: 1, shown: 0, accepted: 0, edited: 0, rejected: 0 };
    let from = midnight(NOW);
    let end = Timestamp::from_micros(from.as_micros() + 2 * DAY_MICROS);
    assert_eq!(store.set_use(&desk, from, end).await.unwrap(), [of_today.clone(), of_tomorrow]);
    assert_eq!(store.set_use(&desk, from, midnight(tomorrow)).await.unwrap(), [of_today], "the end is not included");
}

pub(in crate::store) async fn waits_are_measured_from_the_first_message_that_waited(store: &dyn Store) {
    let (desk, other) = (desk(store, "shop").await, desk(store, "bank").await);
    let said = |role, at: Option<i64>| message(role, &format!("{role:?} {at:?}"), at.map(minutes));
    let talk = [
        said(Role::Customer, Some(0)),
        said(Role::Bot, Some(1)),
        said(Role::Customer, Some(2)),
        said(Role::Agent, Some(5)),
        said(Role::Agent, Some(6)),
        said(Role::Customer, Some(10)),
        said(Role::Agent, Some(11)),
        said(Role::Customer, Some(20)),
    ];
    merge(store, &desk, &[conversation("live-1", talk.to_vec()), short_talk("archived")]).await;
    merge(store, &desk, &[conversation("timeless", vec![said(Role::Customer, None), said(Role::Agent, None)])]).await;
    merge(store, &other, &[short_talk("elsewhere")]).await;
    store.record_set(&desk, &suggestion_set(&["a"])).await.unwrap();
    let mut delays = store.reply_delays(&desk, minutes(-60), minutes(60)).await.unwrap();
    delays.sort_by_key(|delay| (delay.suggested, delay.micros));
    let minute = 60_000_000;
    let delay = |minutes: i64, suggested| ReplyDelay { micros: minutes * minute, suggested };
    assert_eq!(delays, [delay(1, false), delay(1, true), delay(5, true)]);
    assert_eq!(store.reply_delays(&desk, minutes(-60), minutes(0)).await.unwrap(), []);
}
