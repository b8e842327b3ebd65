//! Desks and jobs.

use serde_json::json;

use super::sample::{NOW, claim, desk, desk_id, job, minutes, replica};
use crate::domain::{DeskSettings, JobId, JobKind, JobLease, JobProgress, JobState, Pool, RejectedRow};
use crate::store::{ImportCheckpoint, Store, StoreError};

pub(in crate::store) async fn desks_are_created_once_and_keep_their_settings(store: &dyn Store) {
    let (shop, bank) = (desk_id("店铺-1"), desk_id("bank"));
    assert!(store.ensure_desk(&shop, NOW).await.unwrap());
    let settings = DeskSettings {
        threshold: Some(0.4),
        precision: Some(0.8),
        limit: Some(5),
        pools: vec![Pool::Knowledge],
        cross_language: true,
        min_cluster_customers: Some(3),
    };
    store.set_desk_settings(&shop, &settings).await.unwrap();
    assert!(!store.ensure_desk(&shop, minutes(1)).await.unwrap());
    assert!(store.ensure_desk(&bank, minutes(1)).await.unwrap());
    let found = store.desk(&shop).await.unwrap().unwrap();
    assert_eq!((found.created_at, found.settings), (NOW, settings.clone()));
    let names: Vec<_> = store.desks().await.unwrap().into_iter().map(|desk| desk.id).collect();
    assert_eq!(names, [bank, shop]);
    assert_eq!(store.desk(&desk_id("nowhere")).await.unwrap(), None);
    let error = store.set_desk_settings(&desk_id("nowhere"), &settings).await.unwrap_err();
    assert!(matches!(error, StoreError::NotFound("desk")), "{error:?}");
}

pub(in crate::store) async fn jobs_are_claimed_oldest_first_and_by_kind(store: &dyn Store) {
    let desk = desk(store, "shop").await;
    let newer = job(JobKind::Import, Some(&desk), minutes(2));
    let older = job(JobKind::Import, Some(&desk), minutes(1));
    let other = job(JobKind::Reindex, None, minutes(0));
    for job in [&newer, &older, &other] {
        store.add_job(job).await.unwrap();
    }
    assert_eq!(store.job(older.id).await.unwrap().as_ref(), Some(&older));
    assert!(matches!(store.add_job(&older).await.unwrap_err(), StoreError::Duplicate("job")));
    let counted = store.unfinished_jobs().await.unwrap();
    assert_eq!(counted, [(JobKind::Import, JobState::Queued, 2), (JobKind::Reindex, JobState::Queued, 1)]);
    let kinds = [JobKind::Import, JobKind::RebuildClusters];
    let (claimed, lease) = store.claim_job(&kinds, replica("a"), minutes(3), minutes(4)).await.unwrap().unwrap();
    assert_eq!(lease, JobLease { job: older.id, owner: replica("a"), generation: 1 });
    assert_eq!((claimed.id, claimed.state, claimed.updated_at), (older.id, JobState::Running, minutes(3)));
    assert_eq!(store.job(older.id).await.unwrap(), Some(claimed));
    let counted = store.unfinished_jobs().await.unwrap();
    let (queued, running) = ((JobKind::Import, JobState::Queued, 1), (JobKind::Import, JobState::Running, 1));
    assert_eq!(counted, [queued, running, (JobKind::Reindex, JobState::Queued, 1)]);
    store.finish_job(&lease, JobState::Succeeded, None, None, minutes(3)).await.unwrap();
    assert_eq!(store.unfinished_jobs().await.unwrap(), [queued, (JobKind::Reindex, JobState::Queued, 1)]);
    assert_eq!(claim(store, JobKind::Import).await.unwrap().0.id, newer.id);
    assert_eq!(claim(store, JobKind::Import).await, None);
    assert_eq!(store.claim_job(&[], replica("a"), NOW, minutes(1)).await.unwrap(), None);
    assert_eq!(claim(store, JobKind::Reindex).await.unwrap().0.id, other.id);
}

pub(in crate::store) async fn two_workers_never_get_the_same_job(store: &dyn Store) {
    for minute in 0..4 {
        store.add_job(&job(JobKind::Import, None, minutes(minute))).await.unwrap();
    }
    let claims = futures::future::join_all((0..6).map(|_| claim(store, JobKind::Import))).await;
    let claimed: Vec<JobId> = claims.into_iter().flatten().map(|(job, _)| job.id).collect();
    let distinct: std::collections::HashSet<JobId> = claimed.iter().copied().collect();
    assert_eq!((claimed.len(), distinct.len()), (4, 4));
}

pub(in crate::store) async fn progress_results_and_errors_are_kept(store: &dyn Store) {
    let work = job(JobKind::Import, None, NOW);
    store.add_job(&work).await.unwrap();
    let (_, lease) = claim(store, JobKind::Import).await.unwrap();
    let progress = JobProgress { stage: "reading".to_owned(), done: 7, total: Some(70) };
    assert!(!store.report_progress(&lease, &progress, minutes(1)).await.unwrap());
    store.set_job_params(work.id, &json!({ "path": "moved.jsonl" }), minutes(2)).await.unwrap();
    let result = json!({ "messages_added": 3 });
    store.finish_job(&lease, JobState::Queued, Some(&result), None, minutes(3)).await.unwrap();
    assert_eq!(store.job(work.id).await.unwrap().unwrap().state, JobState::Queued);
    let (_, lease) = claim(store, JobKind::Import).await.unwrap();
    store.finish_job(&lease, JobState::Failed, None, Some("the disk is full"), minutes(4)).await.unwrap();
    let found = store.job(work.id).await.unwrap().unwrap();
    assert_eq!((found.state, found.progress, found.updated_at), (JobState::Failed, progress, minutes(4)));
    assert_eq!((found.params, found.result), (json!({ "path": "moved.jsonl" }), Some(result)));
    assert_eq!(found.error.as_deref(), Some("the disk is full"));
    assert!(matches!(store.set_job_params(JobId::new(), &json!({}), NOW).await.unwrap_err(), StoreError::NotFound("job")));
}

pub(in crate::store) async fn a_queued_job_is_cancelled_at_once_and_a_running_one_is_asked(store: &dyn Store) {
    let (queued, running) = (job(JobKind::Reindex, None, NOW), job(JobKind::Import, None, NOW));
    store.add_job(&queued).await.unwrap();
    store.add_job(&running).await.unwrap();
    let (_, lease) = claim(store, JobKind::Import).await.unwrap();
    for id in [queued.id, running.id] {
        store.request_cancel(id, minutes(1)).await.unwrap();
    }
    assert_eq!(store.job(queued.id).await.unwrap().unwrap().state, JobState::Cancelled);
    assert_eq!(claim(store, JobKind::Reindex).await, None);
    assert_eq!(store.job(running.id).await.unwrap().unwrap().state, JobState::Running);
    assert!(store.report_progress(&lease, &JobProgress::default(), NOW).await.unwrap());
    assert!(store.renew_lease(&lease, minutes(2)).await.unwrap());
    // Put back instead of stopped, it is not run again.
    store.finish_job(&lease, JobState::Queued, None, None, NOW).await.unwrap();
    assert_eq!(store.job(running.id).await.unwrap().unwrap().state, JobState::Cancelled);
    for id in [queued.id, running.id, JobId::new()] {
        assert!(matches!(store.request_cancel(id, NOW).await.unwrap_err(), StoreError::NotFound("job")));
    }
}

pub(in crate::store) async fn interrupted_jobs_are_queued_again_unless_cancelled(store: &dyn Store) {
    let jobs = [job(JobKind::Import, None, NOW), job(JobKind::Import, None, minutes(1)), job(JobKind::Import, None, minutes(2))];
    for job in &jobs {
        store.add_job(job).await.unwrap();
    }
    let (_, lost) = claim(store, JobKind::Import).await.unwrap();
    claim(store, JobKind::Import).await.unwrap();
    store.request_cancel(jobs[1].id, NOW).await.unwrap();
    assert_eq!(store.requeue_interrupted_jobs(minutes(5)).await.unwrap(), 1);
    let mut states = Vec::new();
    for job in &jobs {
        states.push(store.job(job.id).await.unwrap().unwrap().state);
    }
    assert_eq!(states, [JobState::Queued, JobState::Cancelled, JobState::Queued]);
    assert_eq!(store.requeue_interrupted_jobs(minutes(6)).await.unwrap(), 0);
    assert!(matches!(store.renew_lease(&lost, minutes(7)).await.unwrap_err(), StoreError::LeaseLost));
}

pub(in crate::store) async fn jobs_are_paged_newest_first(store: &dyn Store) {
    let (shop, other) = (desk(store, "shop").await, desk(store, "other").await);
    let mut all = Vec::new();
    for (desk, minute) in [(Some(&shop), 1), (Some(&other), 2), (None, 3), (Some(&shop), 3), (Some(&shop), 4)] {
        let job = job(JobKind::Import, desk, minutes(minute));
        store.add_job(&job).await.unwrap();
        all.push(job);
    }
    all.sort_by_key(|job| std::cmp::Reverse((job.created_at, job.id)));
    assert_eq!(store.jobs_page(None, None, 10).await.unwrap(), all);
    assert_eq!(store.jobs_page(None, None, 2).await.unwrap(), all[..2]);
    assert_eq!(store.jobs_page(None, Some(all[1].id), 2).await.unwrap(), all[2..4]);
    let of_shop: Vec<_> = all.iter().filter(|job| job.desk.as_ref() == Some(&shop)).cloned().collect();
    assert_eq!(store.jobs_page(Some(&shop), None, 10).await.unwrap(), of_shop);
    assert_eq!(store.jobs_page(Some(&shop), Some(of_shop[0].id), 10).await.unwrap(), of_shop[1..]);
    assert!(store.jobs_page(None, Some(all[4].id), 10).await.unwrap().is_empty());
}

pub(in crate::store) async fn rejected_rows_come_in_file_order(store: &dyn Store) {
    let desk = desk(store, "shop").await;
    let work = job(JobKind::Import, Some(&desk), NOW);
    store.add_job(&work).await.unwrap();
    let (_, lease) = claim(store, JobKind::Import).await.unwrap();
    let row = |line: u64, field: Option<&str>| RejectedRow {
        line,
        field: field.map(str::to_owned),
        reason: "no time zone".to_owned(),
        remedy: "add an offset".to_owned(),
    };
    for rejected in [vec![row(2, None), row(9, Some("/messages/0")), row(9, Some("/messages/1"))], vec![row(5, None), row(12, None)]] {
        let checkpoint = ImportCheckpoint { lease, cursor: &json!(0), result: &json!({}), rejected: &rejected };
        store.merge_conversations(&desk, &[], NOW, Some(checkpoint)).await.unwrap();
    }
    let all = store.rejected_rows(work.id, 0, 10).await.unwrap();
    assert_eq!(all.iter().map(|row| row.line).collect::<Vec<_>>(), [2, 5, 9, 9, 12]);
    assert_eq!(all[2..4], [row(9, Some("/messages/0")), row(9, Some("/messages/1"))]);
    assert_eq!(store.rejected_rows(work.id, 1, 2).await.unwrap(), all[1..3]);
    assert!(store.rejected_rows(JobId::new(), 0, 10).await.unwrap().is_empty());
}
