//! Knowledge entries: versions, no lost update, filters.

use super::sample::{NOW, acknowledge_all, desk, draft, edit, merge, mine, minutes, pair, short_talk};
use crate::domain::{EntryContent, EntryFilter, EntryId, EntryStatus, Language};
use crate::store::{DeskCounts, EntryEdit, IndexSubject, Store, StoreError};

fn answering(content: &EntryContent, answer: &str) -> EntryContent {
    EntryContent { answer: answer.to_owned(), ..content.clone() }
}

pub(in crate::store) async fn every_change_of_an_entry_keeps_a_version(store: &dyn Store) {
    let desk = desk(store, "shop").await;
    let first = draft(&desk, "returns");
    let made = store.create_entry(&first, EntryEdit { by: "li", at: NOW, note: Some("new") }).await.unwrap();
    assert_eq!((made.version, made.id, &made.content), (1, first.id(), &first.content));
    let later = EntryEdit { by: "mei", at: minutes(5), note: None };
    let changed = store.change_entry(&desk, made.id, 1, &answering(&first.content, "十五天"), later).await.unwrap();
    assert_eq!((changed.version, changed.created_by.as_str(), changed.updated_by.as_str()), (2, "li", "mei"));
    assert_eq!((changed.created_at, changed.updated_at), (NOW, minutes(5)));
    // Writing in bulk makes versions, too; writing the same does not.
    let mut third = draft(&desk, "returns");
    third.content.owner = None;
    assert_eq!(store.put_entries(&desk, std::slice::from_ref(&third), edit("kb")).await.unwrap(), [made.id]);
    assert!(store.put_entries(&desk, std::slice::from_ref(&third), edit("kb")).await.unwrap().is_empty());
    let same = store.change_entry(&desk, made.id, 3, &third.content, later).await.unwrap();
    assert_eq!((same.version, same.updated_by.as_str()), (3, "kb"));
    let versions = store.entry_versions(&desk, made.id, None, 10).await.unwrap();
    let told: Vec<_> = versions.iter().map(|version| (version.version, version.by.as_str(), version.content.answer.as_str())).collect();
    assert_eq!(told, [(3, "kb", "七天内可退"), (2, "mei", "十五天"), (1, "li", "七天内可退")]);
    assert_eq!(versions[2].note.as_deref(), Some("new"));
    assert_eq!(store.entry_versions(&desk, made.id, Some(3), 1).await.unwrap(), versions[1..2]);
    assert_eq!(store.entry_version(&desk, made.id, 2).await.unwrap().as_ref(), Some(&versions[1]));
    assert_eq!(store.entry_version(&desk, made.id, 4).await.unwrap(), None);
    assert_eq!(store.entry_version(&desk, made.id, u64::MAX).await.unwrap(), None);
}

pub(in crate::store) async fn a_change_to_an_older_version_is_refused(store: &dyn Store) {
    let (shop, other) = (desk(store, "shop").await, desk(store, "other").await);
    let made = store.create_entry(&draft(&shop, "returns"), edit("li")).await.unwrap();
    let duplicate = store.create_entry(&draft(&shop, "returns"), edit("mei")).await;
    assert!(matches!(duplicate, Err(StoreError::Duplicate(_))), "{duplicate:?}");
    acknowledge_all(store).await;
    let changed = store.change_entry(&shop, made.id, 1, &answering(&made.content, "a"), edit("li")).await.unwrap();
    let stale = store.change_entry(&shop, made.id, 1, &answering(&made.content, "b"), edit("mei")).await;
    assert!(matches!(stale, Err(StoreError::Stale { present: 2, .. })), "{stale:?}");
    assert_eq!(store.entries(&shop, &[made.id]).await.unwrap(), [changed]);
    for (desk, id) in [(&other, made.id), (&shop, EntryId::new())] {
        let missing = store.change_entry(desk, id, 2, &made.content, edit("li")).await;
        assert!(matches!(missing, Err(StoreError::NotFound(_))), "{missing:?}");
        assert!(store.entry_versions(desk, id, None, 10).await.unwrap().is_empty());
        assert_eq!(store.entry_version(desk, id, 1).await.unwrap(), None);
    }
}

pub(in crate::store) async fn changes_at_once_leave_one_winner_for_each_version(store: &dyn Store) {
    let desk = desk(store, "shop").await;
    let made = store.create_entry(&draft(&desk, "returns"), edit("li")).await.unwrap();
    let attempt = async |writer: usize| {
        let mut won = 0;
        for round in 0..20 {
            let entry = store.entries(&desk, &[made.id]).await.unwrap().remove(0);
            let content = answering(&entry.content, &format!("{} {writer}.{round}", entry.content.answer));
            match store.change_entry(&desk, made.id, entry.version, &content, edit("li")).await {
                Ok(_) => won += 1,
                Err(StoreError::Stale { .. }) => {}
                Err(error) => panic!("{error:?}"),
            }
        }
        won
    };
    let (a, b, c) = futures::join!(attempt(0), attempt(1), attempt(2));
    let entry = store.entries(&desk, &[made.id]).await.unwrap().remove(0);
    assert_eq!(entry.version, 1 + a + b + c);
    // Every change that was taken stands in the last version: none was overwritten.
    assert_eq!(entry.content.answer.split(' ').count() as u64, 1 + a + b + c, "{}", entry.content.answer);
}

pub(in crate::store) async fn entries_are_found_by_state_tag_owner_language_and_words(store: &dyn Store) {
    let desk = desk(store, "shop").await;
    let mut other = draft(&desk, "Invoice-1");
    other.content = EntryContent {
        status: EntryStatus::Draft,
        language: Language::En,
        tags: vec!["100%".to_owned(), "invoice".to_owned()],
        owner: None,
        questions: vec!["Can I get an \"invoice\"?".to_owned()],
        answer: "Yes, by mail.".to_owned(),
        ..other.content
    };
    store.put_entries(&desk, &[draft(&desk, "returns"), other], edit("kb")).await.unwrap();
    let find = async |filter: EntryFilter| {
        let found = store.entries_page(&desk, &filter, None, 10).await.unwrap();
        let mut ids: Vec<String> = found.into_iter().map(|entry| entry.external_id).collect();
        ids.sort();
        ids
    };
    let all = EntryFilter::default();
    let words = |words: &str| EntryFilter { words: Some(words.to_owned()), ..EntryFilter::default() };
    assert_eq!(find(all.clone()).await.len(), 2);
    assert_eq!(find(EntryFilter { status: Some(EntryStatus::Draft), ..all.clone() }).await, ["Invoice-1"]);
    assert_eq!(find(EntryFilter { language: Some(Language::Zh), ..all.clone() }).await, ["returns"]);
    assert_eq!(find(EntryFilter { tag: Some("100%".to_owned()), ..all.clone() }).await, ["Invoice-1"]);
    assert_eq!(find(EntryFilter { tag: Some("100".to_owned()), ..all.clone() }).await, [""; 0]);
    assert_eq!(find(EntryFilter { owner: Some("kb".to_owned()), ..all.clone() }).await, ["returns"]);
    assert_eq!(find(words("退货")).await, ["returns"]);
    assert_eq!(find(words("BY MAIL")).await, ["Invoice-1"]);
    assert_eq!(find(words("\"invoice\"")).await, ["Invoice-1"]);
    assert_eq!(find(words("invoice-")).await, ["Invoice-1"]);
    assert_eq!(find(words("%")).await, [""; 0]);
    assert_eq!(find(EntryFilter { status: Some(EntryStatus::Retired), ..words("退货") }).await, [""; 0]);
}

pub(in crate::store) async fn entries_go_to_the_index_before_pairs(store: &dyn Store) {
    let desk = desk(store, "shop").await;
    let id = merge(store, &desk, &[short_talk("t-1")]).await[0];
    mine(store, &desk, id, vec![pair("a"), pair("b")]).await;
    let written = store.put_entries(&desk, &[draft(&desk, "returns")], edit("kb")).await.unwrap();
    for of in [None, Some(&desk)] {
        let tasks = store.pending_index_tasks(of, 2).await.unwrap();
        assert_eq!(tasks[0].subject, IndexSubject::Entry(written[0]));
        assert!(matches!(tasks[1].subject, IndexSubject::Pair(_)));
        assert_eq!(store.pending_index_tasks(of, 1).await.unwrap(), tasks[..1]);
    }
    assert!(store.entries_wait_for_index(&[EntryId::new(), written[0]]).await.unwrap());
    assert!(!store.entries_wait_for_index(&[EntryId::new()]).await.unwrap());
    assert!(!store.entries_wait_for_index(&[]).await.unwrap());
    acknowledge_all(store).await;
    assert!(!store.entries_wait_for_index(&written).await.unwrap());
}

pub(in crate::store) async fn only_changed_entries_are_written_and_queued(store: &dyn Store) {
    let desk = desk(store, "shop").await;
    let (first, mut second) = (draft(&desk, "returns"), draft(&desk, "invoices"));
    assert_eq!(store.put_entries(&desk, &[first.clone(), second.clone()], edit("kb")).await.unwrap().len(), 2);
    acknowledge_all(store).await;
    second.content = EntryContent { owner: None, ..answering(&second.content, "电子发票") };
    let later = EntryEdit { by: "mei", at: minutes(9), note: None };
    assert_eq!(store.put_entries(&desk, &[first.clone(), second.clone()], later).await.unwrap(), [second.id()]);
    let tasks = store.pending_index_tasks(None, 10).await.unwrap();
    assert_eq!(tasks.iter().map(|task| task.subject).collect::<Vec<_>>(), [IndexSubject::Entry(second.id())]);
    let mut found = store.entries(&desk, &[first.id(), second.id(), EntryId::new()]).await.unwrap();
    found.sort_by_key(|entry| entry.external_id.clone());
    let told: Vec<_> = found.iter().map(|entry| (&entry.content, entry.updated_at, entry.version)).collect();
    assert_eq!(told, [(&second.content, minutes(9), 2), (&first.content, NOW, 1)], "unchanged ones keep their time");
    // Of several drafts with one id the last one counts, and entries that are not mentioned stay.
    let (third, mut again) = (draft(&desk, "third"), draft(&desk, "third"));
    again.content.answer = "again".to_owned();
    assert_eq!(store.put_entries(&desk, &[third, again.clone()], edit("kb")).await.unwrap(), [again.id()]);
    let all = store.entries_page(&desk, &EntryFilter::default(), None, 10).await.unwrap();
    assert_eq!(all.len(), 3);
    assert!(all.is_sorted_by_key(|entry| entry.id));
    assert!(all.iter().any(|entry| entry.content == again.content && entry.version == 1));
    assert_eq!(store.entries_page(&desk, &EntryFilter::default(), Some(all[0].id), 1).await.unwrap(), all[1..2]);
}

pub(in crate::store) async fn entries_of_another_desk_are_refused(store: &dyn Store) {
    let (shop, other) = (desk(store, "shop").await, desk(store, "other").await);
    let error = store.put_entries(&shop, &[draft(&other, "returns")], edit("kb")).await.unwrap_err();
    assert!(matches!(error, StoreError::NotFound("entry")), "{error:?}");
    assert_eq!(store.counts(&other).await.unwrap(), DeskCounts::default());
}
