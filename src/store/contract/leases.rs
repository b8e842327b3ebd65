//! Work that is lent to one of several processes: taken over when its time has run out, and refused to whoever has lost it.

use serde_json::json;

use super::sample::{NOW, desk, draft, edit, job, merge, mine, minutes, pair, replica, short_talk};
use crate::domain::{EntryId, JobKind, JobLease, JobProgress, JobState};
use crate::store::{ImportCheckpoint, IndexSubject, IndexTask, Store, StoreError};

const IMPORT: [JobKind; 1] = [JobKind::Import];

pub(in crate::store) async fn a_job_is_taken_over_when_its_lease_has_run_out(store: &dyn Store) {
    let work = job(JobKind::Import, None, NOW);
    store.add_job(&work).await.unwrap();
    let (_, first) = store.claim_job(&IMPORT, replica("a"), NOW, minutes(1)).await.unwrap().unwrap();
    assert_eq!(store.claim_job(&IMPORT, replica("b"), NOW.plus_seconds(59), minutes(2)).await.unwrap(), None);
    assert!(!store.renew_lease(&first, minutes(3)).await.unwrap());
    assert_eq!(store.claim_job(&IMPORT, replica("b"), minutes(2), minutes(4)).await.unwrap(), None, "it was moved on");
    let (taken, second) = store.claim_job(&IMPORT, replica("b"), minutes(3), minutes(4)).await.unwrap().unwrap();
    assert_eq!((taken.id, taken.state), (work.id, JobState::Running));
    assert_eq!(second, JobLease { job: work.id, owner: replica("b"), generation: 2 });
    assert_eq!(store.claim_job(&IMPORT, replica("a"), minutes(3), minutes(4)).await.unwrap(), None);
}

pub(in crate::store) async fn a_job_that_is_taken_over_goes_on_at_its_checkpoint(store: &dyn Store) {
    let desk = desk(store, "shop").await;
    store.add_job(&job(JobKind::Import, Some(&desk), NOW)).await.unwrap();
    let (_, lease) = store.claim_job(&IMPORT, replica("a"), NOW, minutes(1)).await.unwrap().unwrap();
    let checkpoint = ImportCheckpoint { lease, cursor: &json!(7), result: &json!({ "rejected": 1 }), rejected: &[] };
    store.merge_conversations(&desk, &[short_talk("t-1")], NOW, Some(checkpoint)).await.unwrap();
    let (taken, _) = store.claim_job(&IMPORT, replica("b"), minutes(2), minutes(3)).await.unwrap().unwrap();
    assert_eq!((taken.cursor, taken.result), (Some(json!(7)), Some(json!({ "rejected": 1 }))));
}

pub(in crate::store) async fn whoever_has_lost_a_job_writes_nothing_about_it(store: &dyn Store) {
    let desk = desk(store, "shop").await;
    let work = job(JobKind::Import, Some(&desk), NOW);
    store.add_job(&work).await.unwrap();
    let (_, lost) = store.claim_job(&IMPORT, replica("a"), NOW, minutes(1)).await.unwrap().unwrap();
    // Lent to the same process again, it is another lease all the same.
    for next in ["b", "a"] {
        let (_, _) = store.claim_job(&IMPORT, replica(next), minutes(9), minutes(9)).await.unwrap().unwrap();
        let before = store.job(work.id).await.unwrap().unwrap();
        let progress = JobProgress { stage: "reading".to_owned(), done: 7, total: None };
        assert!(matches!(store.report_progress(&lost, &progress, minutes(10)).await.unwrap_err(), StoreError::LeaseLost));
        assert!(matches!(store.renew_lease(&lost, minutes(20)).await.unwrap_err(), StoreError::LeaseLost));
        for state in [JobState::Queued, JobState::Succeeded] {
            let refused = store.finish_job(&lost, state, Some(&json!({})), None, minutes(10)).await.unwrap_err();
            assert!(matches!(refused, StoreError::LeaseLost), "{refused:?}");
        }
        let checkpoint = ImportCheckpoint { lease: lost, cursor: &json!(7), result: &json!({}), rejected: &[] };
        let refused = store.merge_conversations(&desk, &[short_talk("t-1")], minutes(10), Some(checkpoint)).await.unwrap_err();
        assert!(matches!(refused, StoreError::LeaseLost), "{refused:?}");
        assert_eq!(store.counts(&desk).await.unwrap().conversations, 0, "nor the conversations of that checkpoint");
        assert_eq!(store.job(work.id).await.unwrap().unwrap(), before);
    }
}

pub(in crate::store) async fn an_ended_job_is_lent_to_nobody(store: &dyn Store) {
    let work = job(JobKind::Import, None, NOW);
    store.add_job(&work).await.unwrap();
    let (_, lease) = store.claim_job(&IMPORT, replica("a"), NOW, minutes(1)).await.unwrap().unwrap();
    store.finish_job(&lease, JobState::Succeeded, None, None, NOW).await.unwrap();
    assert_eq!(store.claim_job(&IMPORT, replica("b"), minutes(9), minutes(10)).await.unwrap(), None);
    assert!(matches!(store.renew_lease(&lease, minutes(9)).await.unwrap_err(), StoreError::LeaseLost));
    let again = store.finish_job(&lease, JobState::Failed, None, None, NOW).await.unwrap_err();
    assert!(matches!(again, StoreError::LeaseLost), "{again:?}");
    assert_eq!(store.job(work.id).await.unwrap().unwrap().state, JobState::Succeeded);
}

pub(in crate::store) async fn somebody_asked_to_stop_reaches_whoever_takes_the_job_over(store: &dyn Store) {
    let work = job(JobKind::Import, None, NOW);
    store.add_job(&work).await.unwrap();
    store.claim_job(&IMPORT, replica("a"), NOW, minutes(1)).await.unwrap().unwrap();
    store.request_cancel(work.id, NOW).await.unwrap();
    let (_, lease) = store.claim_job(&IMPORT, replica("b"), minutes(2), minutes(3)).await.unwrap().unwrap();
    assert!(store.renew_lease(&lease, minutes(4)).await.unwrap());
}

/// Queues entries of these names; their tasks in order.
async fn queued(store: &dyn Store, names: &[&str]) -> Vec<IndexTask> {
    let desk = desk(store, "shop").await;
    for name in names {
        store.put_entries(&desk, &[draft(&desk, name)], edit("kb")).await.unwrap();
    }
    store.pending_index_tasks(None, 100).await.unwrap()
}

pub(in crate::store) async fn changes_of_the_index_are_claimed_by_one_at_a_time(store: &dyn Store) {
    let mut tasks = queued(store, &["a", "b", "c"]).await;
    let desk = desk(store, "shop").await;
    let id = merge(store, &desk, &[short_talk("t-1")]).await[0];
    mine(store, &desk, id, vec![pair("a"), pair("b")]).await;
    tasks = [tasks, store.pending_index_tasks(None, 100).await.unwrap().split_off(3)].concat();
    let claim = async |name: &str, now, until, limit| store.claim_index_tasks(replica(name), now, until, limit).await.unwrap();
    assert_eq!(claim("a", NOW, minutes(1), 2).await, tasks[..2]);
    assert_eq!(claim("b", NOW, minutes(5), 2).await, tasks[2..4], "entries first, then pairs");
    assert_eq!(claim("b", NOW, minutes(5), 9).await, tasks[4..]);
    assert_eq!(claim("b", NOW, minutes(5), 9).await, []);
    store.keep_index_claims(replica("a"), minutes(2)).await.unwrap();
    assert_eq!(claim("b", minutes(1), minutes(5), 9).await, []);
    assert_eq!(claim("b", minutes(2), minutes(5), 9).await, tasks[..2], "their time has run out");
    store.release_index_claims(Some(replica("a"))).await.unwrap();
    assert_eq!(claim("a", minutes(2), minutes(5), 9).await, [], "what another one has is not released");
    store.release_index_claims(None).await.unwrap();
    assert_eq!(claim("a", minutes(2), minutes(5), 9).await, tasks);
    store.acknowledge_index_tasks(replica("a"), &tasks).await.unwrap();
    assert_eq!(store.pending_index_count(None).await.unwrap(), 0);
}

pub(in crate::store) async fn claims_made_at_once_share_the_queue(store: &dyn Store) {
    queued(store, &["a", "b", "c", "d", "e", "f"]).await;
    let names: Vec<String> = (0..4).map(|number| number.to_string()).collect();
    let claims = names.iter().map(|name| store.claim_index_tasks(replica(name), NOW, minutes(1), 2));
    let claims = futures::future::try_join_all(claims).await.unwrap();
    let mut claimed: Vec<i64> = claims.into_iter().flatten().map(|task| task.sequence).collect();
    let count = claimed.len();
    claimed.sort_unstable();
    claimed.dedup();
    assert_eq!(claimed.len(), count, "nothing twice");
    // Whoever finds the first ones locked takes later ones or none; what is left comes with the next claim.
    let rest = store.claim_index_tasks(replica("z"), NOW, minutes(1), 9).await.unwrap();
    assert_eq!(count + rest.len(), 6);
}

pub(in crate::store) async fn what_was_written_late_is_written_again(store: &dyn Store) {
    let tasks = queued(store, &["a"]).await;
    let desk = desk(store, "shop").await;
    let subject = IndexSubject::Entry(draft(&desk, "a").id());
    let slow = store.claim_index_tasks(replica("slow"), NOW, minutes(1), 9).await.unwrap();
    assert_eq!(slow, tasks);
    // Taken over: the one who was slow may have written after the other one.
    let taken = store.claim_index_tasks(replica("b"), minutes(2), minutes(9), 9).await.unwrap();
    store.acknowledge_index_tasks(replica("slow"), &slow).await.unwrap();
    let again = store.pending_index_tasks(None, 9).await.unwrap();
    assert_eq!(again.iter().map(|task| task.subject).collect::<Vec<_>>(), [subject]);
    assert_ne!(again, taken);
    // The other one finds its task replaced by one that nobody has claimed: that is enough.
    store.acknowledge_index_tasks(replica("b"), &taken).await.unwrap();
    assert_eq!(store.pending_index_tasks(None, 9).await.unwrap(), again);
    // Nobody has it any more: it is queued again, too.
    let last = store.claim_index_tasks(replica("b"), minutes(2), minutes(9), 9).await.unwrap();
    store.acknowledge_index_tasks(replica("b"), &last).await.unwrap();
    assert_eq!(store.pending_index_count(None).await.unwrap(), 0);
    store.acknowledge_index_tasks(replica("slow"), &slow).await.unwrap();
    assert!(store.entries_wait_for_index(&[draft(&desk, "a").id(), EntryId::new()]).await.unwrap());
}
