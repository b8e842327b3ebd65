//! Two stores on one schema, as two processes have them: who may be there, what they tell each other, what they count together.

use std::collections::HashSet;

use super::PostgresStore;
use super::test_schema::Schema;
use crate::domain::{ConversationState, JobId, JobKind, JobState, Role};
use crate::store::contract::sample::{NOW, conversation, desk, draft, edit, job, merge, message, minutes, named, replica, short_talk};
use crate::store::{
    ConversationStore as _, JobStore as _, KnowledgeStore as _, Notice, Notices, OutboxStore as _, SharedStore as _, Sharing, Store as _,
    StoreError,
};

/// Two processes on one schema.
async fn open_two() -> Option<(Schema, PostgresStore, PostgresStore)> {
    let schema = Schema::new()?;
    let first = schema.open_as(Sharing::Replicas).await.unwrap();
    let second = schema.open_as(Sharing::Replicas).await.unwrap();
    Some((schema, first, second))
}

#[tokio::test]
async fn replicas_let_each_other_in_and_nobody_who_wants_to_be_alone() {
    let Some((schema, first, second)) = open_two().await else { return };
    assert_eq!(first.sharing(), Sharing::Replicas);
    let refused = schema.open().await.unwrap_err();
    assert!(matches!(&refused, StoreError::InUse(_)) && refused.to_string().contains("embedded index"), "{refused:?}");
    first.close().await;
    assert!(matches!(schema.open().await.unwrap_err(), StoreError::InUse(_)));
    second.close().await;
    let alone = schema.open().await.unwrap();
    assert!(alone.notices().is_none() && alone.counts_with_others().is_none());
    assert!(matches!(schema.open_as(Sharing::Replicas).await.unwrap_err(), StoreError::InUse(_)));
    alone.close().await;
}

#[tokio::test]
async fn replicas_that_start_at_once_make_the_tables_once() {
    let Some(schema) = Schema::new() else { return };
    let stores = futures::future::try_join_all((0..4).map(|_| schema.open_as(Sharing::Replicas))).await.unwrap();
    let shop = desk(&stores[0], "shop").await;
    let id = merge(&stores[1], &shop, &[short_talk("t-1")]).await[0];
    // Of one key, too: what one has sealed another one opens.
    assert!(stores[3].conversation(&shop, id).await.unwrap().is_some());
    for store in stores {
        store.close().await;
    }
}

#[tokio::test]
async fn two_replicas_never_get_the_same_job() {
    let Some((_schema, first, second)) = open_two().await else { return };
    for minute in 0..12 {
        first.add_job(&job(JobKind::Import, None, minutes(minute))).await.unwrap();
    }
    let claims = (0..16).map(|number| {
        let (store, name) = if number % 2 == 0 { (&first, "first") } else { (&second, "second") };
        store.claim_job(&[JobKind::Import], replica(name), NOW, minutes(1))
    });
    let claimed: Vec<JobId> = futures::future::try_join_all(claims).await.unwrap().into_iter().flatten().map(|(job, _)| job.id).collect();
    let distinct: HashSet<JobId> = claimed.iter().copied().collect();
    assert_eq!(distinct.len(), claimed.len(), "none twice");
    // Whoever finds the oldest one locked takes the next one.
    assert_eq!(claimed.len(), 12);
    first.close().await;
    second.close().await;
}

#[tokio::test]
async fn whoever_was_replaced_is_refused_through_its_own_store() {
    let Some((_schema, first, second)) = open_two().await else { return };
    let work = job(JobKind::Import, None, NOW);
    first.add_job(&work).await.unwrap();
    let (_, lost) = first.claim_job(&[JobKind::Import], replica("first"), NOW, minutes(1)).await.unwrap().unwrap();
    let (_, lease) = second.claim_job(&[JobKind::Import], replica("second"), minutes(1), minutes(2)).await.unwrap().unwrap();
    let refused = first.finish_job(&lost, JobState::Failed, None, Some("late"), minutes(1)).await.unwrap_err();
    assert!(matches!(refused, StoreError::LeaseLost), "{refused:?}");
    // Asked of the one, known to the other.
    first.request_cancel(work.id, minutes(1)).await.unwrap();
    assert!(second.renew_lease(&lease, minutes(3)).await.unwrap());
    first.close().await;
    second.close().await;
}

/// The next notice that is not about the index queue, which hears of everything that is written.
async fn next(notices: &mut Notices) -> Notice {
    loop {
        match notices.next().await.unwrap() {
            Notice::IndexQueued => {}
            notice => return notice,
        }
    }
}

#[tokio::test]
async fn what_one_changes_the_other_is_told() {
    let Some((_schema, first, second)) = open_two().await else { return };
    let mut heard = second.notices().unwrap();
    let mut own = first.notices().unwrap();
    let shop = desk(&first, "店铺-1").await;
    let work = job(JobKind::Import, None, NOW);
    first.add_job(&work).await.unwrap();
    assert_eq!(next(&mut heard).await, Notice::Job(work.id, JobState::Queued));
    let (_, lease) = first.claim_job(&[JobKind::Import], replica("first"), NOW, minutes(1)).await.unwrap().unwrap();
    assert_eq!(next(&mut heard).await, Notice::Job(work.id, JobState::Running));
    // A lease that is moved on is no news.
    first.renew_lease(&lease, minutes(2)).await.unwrap();
    first.finish_job(&lease, JobState::Succeeded, None, None, NOW).await.unwrap();
    assert_eq!(next(&mut heard).await, Notice::Job(work.id, JobState::Succeeded));

    // An archive is no news either, a live conversation is.
    let id = merge(&first, &shop, &[short_talk("t-1")]).await[0];
    first.set_conversation_state(&shop, id, ConversationState::Live, NOW).await.unwrap();
    assert_eq!(next(&mut heard).await, Notice::Conversation(shop.clone(), id));
    merge(&first, &shop, &[conversation("t-1", vec![named("m-1", message(Role::Customer, "在吗", Some(minutes(5))))])]).await;
    assert_eq!(next(&mut heard).await, Notice::Conversation(shop.clone(), id));
    first.tell_typing(&shop, id, Role::Customer, true).await.unwrap();
    assert_eq!(next(&mut heard).await, Notice::Typing(shop.clone(), id, Role::Customer, true));

    first.set_meta(&format!("adapter/{shop}"), "off").await.unwrap();
    assert_eq!(next(&mut heard).await, Notice::Adapter(shop.clone()));
    first.put_entries(&shop, &[draft(&shop, "a"), draft(&shop, "b")], edit("kb")).await.unwrap();
    assert_eq!(heard.next().await.unwrap(), Notice::IndexQueued);
    let tasks = first.claim_index_tasks(replica("first"), NOW, minutes(1), 9).await.unwrap();
    first.acknowledge_index_tasks(replica("first"), &tasks).await.unwrap();
    assert_eq!(next(&mut heard).await, Notice::IndexWritten(shop, 2));

    // Nobody is told what it did itself: the first notice here is the other one's.
    let other = job(JobKind::Reindex, None, NOW);
    second.add_job(&other).await.unwrap();
    assert_eq!(own.next().await.unwrap(), Notice::Job(other.id, JobState::Queued));
    first.close().await;
    second.close().await;
}

#[tokio::test]
async fn after_a_lost_session_there_is_a_word_to_read_again_and_notices_go_on() {
    let Some((schema, first, second)) = open_two().await else { return };
    let mut heard = second.notices().unwrap();
    let name = second.ownership.session_name();
    schema
        .run(&format!(
            "select pg_terminate_backend(pid, 5000) from pg_stat_activity where application_name = '{name}' and query like 'LISTEN%'"
        ))
        .await;
    assert_eq!(heard.next().await.unwrap(), Notice::Missed);
    let work = job(JobKind::Import, None, NOW);
    first.add_job(&work).await.unwrap();
    assert_eq!(heard.next().await.unwrap(), Notice::Job(work.id, JobState::Queued));
    first.close().await;
    second.close().await;
}

#[tokio::test]
async fn requests_and_attempts_to_sign_in_are_counted_together() {
    let Some((_schema, first, second)) = open_two().await else { return };
    let (a, b) = (first.counts_with_others().unwrap(), second.counts_with_others().unwrap());
    let second_later = NOW.plus_seconds(1);
    // A burst of three, two a second after that; a clock that is behind neither gives nor takes.
    for (counts, now, is_taken) in [
        (a, NOW, true),
        (b, NOW, true),
        (a, NOW, true),
        (b, NOW, false),
        (a, second_later, true),
        (b, NOW, true),
        (b, second_later, false),
        (a, NOW, false),
    ] {
        assert_eq!(counts.take_token("key/desk-ui", 2.0, 3.0, now).await.unwrap().taken, is_taken);
    }
    assert!(b.take_token("key/other", 2.0, 3.0, NOW).await.unwrap().taken);

    for (counts, second) in [(a, 0), (b, 1), (a, 2)] {
        assert_eq!(counts.sign_in_attempts("li", 3, minutes(-5)).await.unwrap(), None);
        counts.count_sign_in_attempt("li", NOW.plus_seconds(second), minutes(-5)).await.unwrap();
    }
    assert_eq!(b.sign_in_attempts("li", 3, minutes(-5)).await.unwrap(), Some(NOW));
    assert_eq!(b.sign_in_attempts("li", 3, NOW).await.unwrap(), None, "the first one counts no more");
    assert_eq!(b.sign_in_attempts("wang", 1, minutes(-5)).await.unwrap(), None);
    b.count_sign_in_attempt("wang", minutes(5), NOW.plus_seconds(1)).await.unwrap();
    assert_eq!(a.sign_in_attempts("li", 2, minutes(-5)).await.unwrap(), None, "forgotten when another one was counted");
    a.forget_sign_in_attempts("wang").await.unwrap();
    assert_eq!(b.sign_in_attempts("wang", 1, minutes(-5)).await.unwrap(), None);
    first.close().await;
    second.close().await;
}
