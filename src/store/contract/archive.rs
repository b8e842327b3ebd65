//! Conversations, pairs, entries and the outbox.

use serde_json::json;

use super::sample::{
    NOW, acknowledge_all, claim, conversation, desk, desk_id, draft, edit, job, merge, message, mine, minutes, named, pair, replica,
    short_talk,
};
use crate::domain::{
    ConversationDraft, ConversationId, EntryFilter, JobId, JobKind, JobLease, MessageDraft, MessageKind, PairKind, RejectedRow, Role,
};
use crate::store::{DeskCounts, ImportCheckpoint, IndexSubject, Store, StoreError};

pub(in crate::store) async fn a_new_conversation_is_stored_and_read_back(store: &dyn Store) {
    let desk = desk(store, "shop").await;
    let photo = MessageDraft {
        external_id: Some("m-2".to_owned()),
        role: Role::Agent,
        kind: MessageKind::Image,
        text: String::new(),
        media_ref: Some("oss://pictures/1.png".to_owned()),
        at: Some(minutes(2)),
        author: Some("小王".to_owned()),
    };
    let draft = ConversationDraft {
        channel: Some("wecom".to_owned()),
        customer_id: Some("c-81".to_owned()),
        customer_personal: vec!["李雷".to_owned(), "13800138000".to_owned()],
        agent_id: Some("a-7".to_owned()),
        started_at: Some(minutes(0)),
        tags: vec!["shipping".to_owned()],
        ..conversation("t-1", vec![named("m-1", message(Role::Customer, "你好 👋", Some(minutes(1)))), photo])
    };
    let merged = store.merge_conversations(&desk, &[draft], NOW, None).await.unwrap();
    assert_eq!(merged.len(), 1);
    assert!(merged[0].created);
    assert_eq!(merged[0].messages_added, 2);

    let found = store.conversation(&desk, merged[0].id).await.unwrap().unwrap();
    assert_eq!(found.id, ConversationId::derive(&["shop", "t-1"]));
    assert_eq!((found.desk.as_str(), found.external_id.as_str(), found.channel.as_deref()), ("shop", "t-1", Some("wecom")));
    assert_eq!((found.customer_id.as_deref(), found.agent_id.as_deref()), (Some("c-81"), Some("a-7")));
    assert_eq!(found.customer_personal, ["李雷", "13800138000"]);
    assert_eq!((found.started_at, found.tags.as_slice()), (Some(minutes(0)), ["shipping".to_owned()].as_slice()));
    assert_eq!(found.messages.iter().map(|message| message.position).collect::<Vec<_>>(), [0, 1]);
    assert_eq!((found.messages[0].text.as_str(), found.messages[0].external_key.as_str()), ("你好 👋", "m-1"));
    assert_eq!((found.messages[0].kind, found.messages[0].author.as_deref()), (MessageKind::Text, None));
    assert_eq!((found.messages[1].kind, found.messages[1].role), (MessageKind::Image, Role::Agent));
    assert_eq!(found.messages[1].media_ref.as_deref(), Some("oss://pictures/1.png"));
    assert_eq!((found.messages[1].author.as_deref(), found.messages[1].at), (Some("小王"), Some(minutes(2))));
    assert_eq!(store.conversation_by_external_id(&desk, "t-1").await.unwrap(), Some(found));
    assert_eq!(store.conversation_by_external_id(&desk, "t-2").await.unwrap(), None);
}

pub(in crate::store) async fn the_same_drafts_again_change_nothing(store: &dyn Store) {
    let desk = desk(store, "shop").await;
    let named_talk = conversation("t-2", vec![named("m-1", message(Role::Customer, "hi", None))]);
    let drafts = [short_talk("t-1"), named_talk, conversation("t-3", Vec::new())];
    let ids = merge(store, &desk, &drafts).await;
    for id in &ids {
        mine(store, &desk, *id, Vec::new()).await;
    }
    let before = store.conversation(&desk, ids[0]).await.unwrap();
    let again = store.merge_conversations(&desk, &drafts, minutes(9), None).await.unwrap();
    assert!(again.iter().all(|merged| !merged.created && merged.messages_added == 0));
    assert_eq!(store.conversation(&desk, ids[0]).await.unwrap(), before);
    assert!(store.unmined_conversations(&desk, 10).await.unwrap().is_empty());
    assert_eq!(store.counts(&desk).await.unwrap().messages, 3);
}

pub(in crate::store) async fn an_extended_conversation_adds_only_its_tail(store: &dyn Store) {
    let desk = desk(store, "shop").await;
    let mut draft = short_talk("t-1");
    merge(store, &desk, &[draft.clone()]).await;
    draft.messages.push(message(Role::Customer, "谢谢", Some(minutes(2))));
    let merged = store.merge_conversations(&desk, &[draft.clone()], NOW, None).await.unwrap();
    assert_eq!((merged[0].created, merged[0].messages_added), (false, 1));
    // The shorter file again is no news either.
    let merged = store.merge_conversations(&desk, &[short_talk("t-1")], NOW, None).await.unwrap();
    assert_eq!(merged[0].messages_added, 0);
    // Nor is a part.
    draft.messages.drain(..2);
    let merged = store.merge_conversations(&desk, &[draft], NOW, None).await.unwrap();
    assert_eq!(merged[0].messages_added, 0);
    let found = store.conversation(&desk, merged[0].id).await.unwrap().unwrap();
    assert_eq!(texts(&found), ["几天能到?", "一般三天", "谢谢"]);
}

pub(in crate::store) async fn repeated_texts_are_told_apart_by_occurrence(store: &dyn Store) {
    let desk = desk(store, "shop").await;
    let ok = || message(Role::Customer, "好的", None);
    let mut draft = conversation("t-1", vec![ok(), message(Role::Agent, "好的", None), ok()]);
    let merged = store.merge_conversations(&desk, &[draft.clone()], NOW, None).await.unwrap();
    assert_eq!(merged[0].messages_added, 3);
    draft.messages.push(ok());
    let merged = store.merge_conversations(&desk, &[draft], NOW, None).await.unwrap();
    assert_eq!(merged[0].messages_added, 1);
}

pub(in crate::store) async fn one_conversation_in_two_drafts_of_a_batch_is_merged_once(store: &dyn Store) {
    let desk = desk(store, "shop").await;
    let mut longer = short_talk("t-1");
    longer.messages.push(message(Role::Customer, "谢谢", Some(minutes(2))));
    let drafts = [short_talk("t-1"), longer, short_talk("t-1")];
    let merged = store.merge_conversations(&desk, &drafts, NOW, None).await.unwrap();
    let outcomes: Vec<_> = merged.iter().map(|merged| (merged.created, merged.messages_added)).collect();
    assert_eq!(outcomes, [(true, 2), (false, 1), (false, 0)]);
    assert_eq!(store.counts(&desk).await.unwrap(), DeskCounts { conversations: 1, messages: 3, ..DeskCounts::default() });
    let merged = store.merge_conversations(&desk, &drafts, NOW, None).await.unwrap();
    assert!(merged.iter().all(|merged| !merged.created && merged.messages_added == 0));
}

pub(in crate::store) async fn a_late_message_marks_only_its_conversation(store: &dyn Store) {
    let desk = desk(store, "shop").await;
    let ids = merge(store, &desk, &[short_talk("t-1"), short_talk("t-2"), short_talk("t-3")]).await;
    let first_marks: Vec<i64> = store.unmined_conversations(&desk, 10).await.unwrap().iter().map(|(_, mark)| *mark).collect();
    for id in &ids {
        mine(store, &desk, *id, Vec::new()).await;
    }
    let late = conversation("t-2", vec![message(Role::Customer, "还没收到", Some(minutes(30)))]);
    merge(store, &desk, &[short_talk("t-1"), late, short_talk("t-3")]).await;
    let unmined = store.unmined_conversations(&desk, 10).await.unwrap();
    assert_eq!(unmined.len(), 1);
    assert_eq!(unmined[0].0.id, ids[1]);
    assert_eq!(unmined[0].0.messages.len(), 3);
    assert!(first_marks.iter().all(|mark| *mark < unmined[0].1), "marks only grow");
}

pub(in crate::store) async fn messages_are_ordered_by_time_where_all_have_one(store: &dyn Store) {
    let desk = desk(store, "shop").await;
    let at = |text: &str, minute: i64| message(Role::Customer, text, Some(minutes(minute)));
    let id = merge(store, &desk, &[conversation("t-1", vec![at("c", 3), at("b1", 2), at("b2", 2)])]).await[0];
    merge(store, &desk, &[conversation("t-1", vec![at("a", 1), at("b3", 2), at("d", 4)])]).await;
    let found = store.conversation(&desk, id).await.unwrap().unwrap();
    assert_eq!(texts(&found), ["a", "b1", "b2", "b3", "c", "d"]);
    assert_eq!(found.messages.iter().map(|message| message.position).collect::<Vec<_>>(), [0, 1, 2, 3, 4, 5]);
    // One message without a time, and nothing but the order of arrival can be trusted.
    merge(store, &desk, &[conversation("t-1", vec![message(Role::Customer, "?", None)])]).await;
    let found = store.conversation(&desk, id).await.unwrap().unwrap();
    assert_eq!(texts(&found), ["c", "b1", "b2", "a", "b3", "d", "?"]);
}

pub(in crate::store) async fn messages_without_time_stay_in_order_of_arrival(store: &dyn Store) {
    let desk = desk(store, "shop").await;
    let plain = |text: &str| message(Role::Customer, text, None);
    let id = merge(store, &desk, &[conversation("t-1", vec![plain("z"), plain("a")])]).await[0];
    merge(store, &desk, &[conversation("t-1", vec![plain("m")])]).await;
    assert_eq!(texts(&store.conversation(&desk, id).await.unwrap().unwrap()), ["z", "a", "m"]);
}

pub(in crate::store) async fn missing_fields_are_filled_and_lists_united(store: &dyn Store) {
    let desk = desk(store, "shop").await;
    let first = ConversationDraft { agent_id: Some("a-1".to_owned()), tags: vec!["x".to_owned()], ..short_talk("t-1") };
    let second = ConversationDraft {
        customer_id: Some("c-1".to_owned()),
        agent_id: Some("a-2".to_owned()),
        customer_personal: vec!["李雷".to_owned()],
        started_at: Some(minutes(-1)),
        tags: vec!["y".to_owned(), "x".to_owned()],
        ..short_talk("t-1")
    };
    let id = merge(store, &desk, std::slice::from_ref(&first)).await[0];
    mine(store, &desk, id, Vec::new()).await;
    merge(store, &desk, std::slice::from_ref(&second)).await;
    let found = store.conversation(&desk, id).await.unwrap().unwrap();
    assert_eq!((found.customer_id.as_deref(), found.agent_id.as_deref()), (Some("c-1"), Some("a-1")));
    assert!(found.customer_key.is_some());
    assert_eq!((found.tags.clone(), found.customer_personal.clone()), (vec!["x".to_owned(), "y".to_owned()], vec!["李雷".to_owned()]));
    assert_eq!(store.unmined_conversations(&desk, 10).await.unwrap().len(), 1, "other fields, other pairs");
    mine(store, &desk, id, Vec::new()).await;
    merge(store, &desk, &[first, second]).await;
    assert_eq!(store.conversation(&desk, id).await.unwrap(), Some(found));
    assert!(store.unmined_conversations(&desk, 10).await.unwrap().is_empty(), "merged in turns, both are known");
}

pub(in crate::store) async fn customer_keys_tell_customers_of_one_desk_apart(store: &dyn Store) {
    let (shop, other) = (desk(store, "shop").await, desk(store, "other").await);
    let of = |talk: &str, customer: &str| ConversationDraft { customer_id: Some(customer.to_owned()), ..short_talk(talk) };
    merge(store, &shop, &[of("t-1", "c-1"), of("t-2", "c-1"), of("t-3", "c-2"), short_talk("t-4")]).await;
    merge(store, &other, &[of("t-1", "c-1")]).await;
    let key = async |desk, talk| store.conversation_by_external_id(desk, talk).await.unwrap().unwrap().customer_key;
    let first = key(&shop, "t-1").await;
    assert!(first.is_some());
    assert_eq!(first, key(&shop, "t-2").await);
    assert_ne!(first, key(&shop, "t-3").await);
    assert_eq!(key(&shop, "t-4").await, None);
    assert_ne!(first, key(&other, "t-1").await);
}

pub(in crate::store) async fn an_unknown_desk_takes_no_conversation(store: &dyn Store) {
    let error = store.merge_conversations(&desk_id("nowhere"), &[short_talk("t-1")], NOW, None).await.unwrap_err();
    assert!(matches!(error, StoreError::NotFound("desk")), "{error:?}");
}

pub(in crate::store) async fn a_checkpoint_is_written_with_its_conversations(store: &dyn Store) {
    let desk = desk(store, "shop").await;
    let import = job(JobKind::Import, Some(&desk), NOW);
    store.add_job(&import).await.unwrap();
    let (_, lease) = claim(store, JobKind::Import).await.unwrap();
    let rejected =
        [RejectedRow { line: 3, field: Some("role".to_owned()), reason: "unknown role".to_owned(), remedy: "use agent".to_owned() }];
    let (cursor, result) = (json!({ "offset": 512 }), json!({ "messages_added": 2 }));
    let checkpoint = ImportCheckpoint { lease, cursor: &cursor, result: &result, rejected: &rejected };
    store.merge_conversations(&desk, &[short_talk("t-1")], minutes(1), Some(checkpoint)).await.unwrap();
    let found = store.job(import.id).await.unwrap().unwrap();
    assert_eq!((found.cursor, found.result, found.updated_at), (Some(cursor), Some(result), minutes(1)));
    assert_eq!(store.rejected_rows(import.id, 0, 10).await.unwrap(), rejected);
}

pub(in crate::store) async fn a_failed_checkpoint_leaves_no_conversations(store: &dyn Store) {
    let desk = desk(store, "shop").await;
    let lease = JobLease { job: JobId::new(), owner: replica("a"), generation: 1 };
    let checkpoint = ImportCheckpoint { lease, cursor: &json!(1), result: &json!({}), rejected: &[] };
    let error = store.merge_conversations(&desk, &[short_talk("t-1")], NOW, Some(checkpoint)).await.unwrap_err();
    assert!(matches!(error, StoreError::LeaseLost), "{error:?}");
    assert_eq!(store.counts(&desk).await.unwrap(), DeskCounts::default());
    assert_eq!(store.conversation_by_external_id(&desk, "t-1").await.unwrap(), None);
}

pub(in crate::store) async fn concurrent_merges_of_one_conversation_lose_nothing(store: &dyn Store) {
    let desk = desk(store, "shop").await;
    let drafts: Vec<_> =
        (0..8).map(|number| conversation("t-1", vec![message(Role::Customer, &number.to_string(), Some(minutes(number)))])).collect();
    let merges = drafts.iter().map(|draft| store.merge_conversations(&desk, std::slice::from_ref(draft), NOW, None));
    let outcomes = futures::future::try_join_all(merges).await.unwrap();
    assert_eq!(outcomes.iter().filter(|merged| merged[0].created).count(), 1);
    let found = store.conversation_by_external_id(&desk, "t-1").await.unwrap().unwrap();
    assert_eq!(texts(&found), ["0", "1", "2", "3", "4", "5", "6", "7"]);
}

pub(in crate::store) async fn large_batches_are_merged_and_paged(store: &dyn Store) {
    let desk = desk(store, "shop").await;
    let drafts: Vec<_> = (0..1203).map(|number| short_talk(&format!("t-{number}"))).collect();
    let ids = merge(store, &desk, &drafts).await;
    assert_eq!(store.counts(&desk).await.unwrap(), DeskCounts { conversations: 1203, messages: 2406, ..DeskCounts::default() });
    let again = store.merge_conversations(&desk, &drafts, NOW, None).await.unwrap();
    assert!(again.iter().all(|merged| merged.messages_added == 0));
    let unmined = store.unmined_conversations(&desk, 700).await.unwrap();
    assert_eq!(unmined.iter().map(|(found, _)| found.id).collect::<Vec<_>>(), ids[..700], "oldest mark first");
    assert!(unmined.iter().all(|(found, _)| texts(found) == ["几天能到?", "一般三天"]));
    let mined: Vec<_> = unmined.iter().map(|(found, mark)| (found.id, *mark, vec![pair(&found.external_id)])).collect();
    store.replace_pairs(&desk, &mined, NOW).await.unwrap();
    let wanted: Vec<_> = mined.iter().map(|(_, _, pairs)| pairs[0].id).collect();
    assert_eq!(store.pairs(&desk, &wanted).await.unwrap().len(), 700);
    assert_eq!(store.pending_index_count(None).await.unwrap(), 700);
    acknowledge_all(store).await;
    assert_eq!(store.pending_index_count(None).await.unwrap(), 0);
}

pub(in crate::store) async fn mined_pairs_are_read_back(store: &dyn Store) {
    let desk = desk(store, "shop").await;
    let draft = ConversationDraft { customer_id: Some("c-1".to_owned()), tags: vec!["x".to_owned()], ..short_talk("t-1") };
    let conversation = merge(store, &desk, &[draft]).await[0];
    let plain =
        crate::domain::PairDraft { agent_id: None, answered_at: None, answer_messages: Vec::new(), context_terms: Vec::new(), ..pair("b") };
    mine(store, &desk, conversation, vec![pair("a"), plain.clone()]).await;
    let found = store.pairs(&desk, &[pair("a").id, pair("b").id, pair("unknown").id]).await.unwrap();
    assert_eq!(found.len(), 2);
    let words = store.pair_words(&desk, &[pair("a").id, pair("b").id, pair("unknown").id]).await.unwrap();
    assert_eq!(words.len(), 2);
    for said in words {
        let crate::domain::PairWords { id, question, answer, context_terms, answer_quality, outcome, agent_id } = said;
        let whole = &found.iter().find(|pair| pair.content.id == id).unwrap().content;
        assert_eq!((&question, &answer, answer_quality), (&whole.question, &whole.answer, whole.answer_quality));
        assert_eq!((outcome, &agent_id, context_terms), (whole.outcome, &whole.agent_id, whole.context_terms.clone()));
    }
    let customer_key = store.conversation(&desk, conversation).await.unwrap().unwrap().customer_key;
    for pair in &found {
        assert_eq!((&pair.desk, pair.conversation, &pair.customer_key), (&desk, conversation, &customer_key));
        assert_eq!(pair.tags, ["x"]);
    }
    assert!(found.iter().any(|found| found.content == pair("a")));
    assert!(found.iter().any(|found| found.content == plain));
}

pub(in crate::store) async fn mining_clears_the_mark_unless_marked_again(store: &dyn Store) {
    let desk = desk(store, "shop").await;
    let id = merge(store, &desk, &[short_talk("t-1")]).await[0];
    let (_, mark) = store.unmined_conversations(&desk, 1).await.unwrap().remove(0);
    merge(store, &desk, &[conversation("t-1", vec![message(Role::Customer, "在吗", Some(minutes(5)))])]).await;
    store.replace_pairs(&desk, &[(id, mark, vec![pair("a")])], NOW).await.unwrap();
    let unmined = store.unmined_conversations(&desk, 1).await.unwrap();
    assert_eq!(unmined.len(), 1, "marked again while it was being mined");
    assert_eq!(store.pairs(&desk, &[pair("a").id]).await.unwrap().len(), 1, "the pairs found meanwhile are kept");
    store.replace_pairs(&desk, &[(id, unmined[0].1, vec![pair("a")])], NOW).await.unwrap();
    assert!(store.unmined_conversations(&desk, 1).await.unwrap().is_empty());
    // Somebody who read it before it was mined, and less of it, comes too late.
    store.replace_pairs(&desk, &[(id, mark, Vec::new())], NOW).await.unwrap();
    assert_eq!(store.pairs(&desk, &[pair("a").id]).await.unwrap().len(), 1, "what was mined of the whole stays");
}

pub(in crate::store) async fn only_differing_pairs_are_queued(store: &dyn Store) {
    let desk = desk(store, "shop").await;
    let ids = merge(store, &desk, &[short_talk("t-1"), short_talk("t-2")]).await;
    mine(store, &desk, ids[1], vec![pair("elsewhere")]).await;
    mine(store, &desk, ids[0], vec![pair("same"), pair("differing"), pair("untold"), pair("vanishing")]).await;
    acknowledge_all(store).await;

    let differing = crate::domain::PairDraft { answer: "another answer".to_owned(), ..pair("differing") };
    let told = crate::domain::PairDraft { context_terms: vec![5], ..pair("untold") };
    mine(store, &desk, ids[0], vec![pair("same"), differing.clone(), told.clone(), pair("new")]).await;
    let mut queued: Vec<_> = store.pending_index_tasks(Some(&desk), 10).await.unwrap().into_iter().map(|task| task.subject).collect();
    let mut expected = ["differing", "new", "untold", "vanishing"].map(|name| IndexSubject::Pair(pair(name).id)).to_vec();
    let by_id = |subject: &IndexSubject| match subject {
        IndexSubject::Pair(id) => id.as_uuid(),
        IndexSubject::Entry(id) => id.as_uuid(),
    };
    queued.sort_by_key(by_id);
    expected.sort_by_key(by_id);
    assert_eq!(queued, expected);
    assert!(store.pairs(&desk, &[pair("vanishing").id]).await.unwrap().is_empty());
    assert_eq!(store.pairs(&desk, &[differing.id]).await.unwrap()[0].content, differing);
    assert_eq!(store.pairs(&desk, &[told.id]).await.unwrap()[0].content, told);
    assert_eq!(store.counts(&desk).await.unwrap().pairs, 5);
}

pub(in crate::store) async fn changed_tags_queue_the_pairs_again(store: &dyn Store) {
    let desk = desk(store, "shop").await;
    let id = merge(store, &desk, &[short_talk("t-1")]).await[0];
    mine(store, &desk, id, vec![pair("a")]).await;
    acknowledge_all(store).await;
    merge(store, &desk, &[ConversationDraft { tags: vec!["x".to_owned()], ..short_talk("t-1") }]).await;
    mine(store, &desk, id, vec![pair("a")]).await;
    assert_eq!(store.pending_index_count(Some(&desk)).await.unwrap(), 1);
    assert_eq!(store.pairs(&desk, &[pair("a").id]).await.unwrap()[0].tags, ["x"]);
}

pub(in crate::store) async fn pairs_are_paged_by_kind(store: &dyn Store) {
    let desk = desk(store, "shop").await;
    let id = merge(store, &desk, &[short_talk("t-1")]).await[0];
    let mut pairs: Vec<_> = (0..7).map(|number| pair(&number.to_string())).collect();
    pairs[2].kind = PairKind::SmallTalk;
    pairs[5].kind = PairKind::SmallTalk;
    mine(store, &desk, id, pairs.clone()).await;
    for kind in [None, Some(PairKind::Question), Some(PairKind::SmallTalk), Some(PairKind::Unanswered)] {
        let mut expected: Vec<_> = pairs.iter().filter(|pair| kind.is_none_or(|kind| pair.kind == kind)).map(|pair| pair.id).collect();
        expected.sort();
        let (mut found, mut after) = (Vec::new(), None);
        loop {
            let page = store.pairs_page(&desk, kind, after, 2).await.unwrap();
            let Some(last) = page.last() else { break };
            after = Some(last.content.id);
            found.extend(page.into_iter().map(|pair| pair.content.id));
        }
        assert_eq!(found, expected, "{kind:?}");
    }
}

pub(in crate::store) async fn tasks_wait_until_acknowledged(store: &dyn Store) {
    let (shop, other) = (desk(store, "shop").await, desk(store, "other").await);
    store.put_entries(&shop, &[draft(&shop, "a"), draft(&shop, "b")], edit("kb")).await.unwrap();
    store.put_entries(&other, &[draft(&other, "c")], edit("kb")).await.unwrap();
    let tasks = store.pending_index_tasks(None, 10).await.unwrap();
    assert_eq!(tasks.len(), 3);
    assert!(tasks.is_sorted_by_key(|task| task.sequence));
    assert_eq!(store.pending_index_tasks(None, 10).await.unwrap(), tasks, "reading takes nothing away");
    assert_eq!(store.pending_index_tasks(None, 2).await.unwrap(), tasks[..2]);
    assert_eq!(store.pending_index_tasks(Some(&other), 10).await.unwrap(), tasks[2..]);
    let claimed = store.claim_index_tasks(replica("a"), NOW, minutes(1), 1).await.unwrap();
    assert_eq!(claimed, tasks[..1]);
    store.acknowledge_index_tasks(replica("a"), &claimed).await.unwrap();
    store.acknowledge_index_tasks(replica("a"), &[]).await.unwrap();
    assert_eq!(store.pending_index_tasks(None, 10).await.unwrap(), tasks[1..]);
    assert_eq!(store.pending_index_count(None).await.unwrap(), 2);
    assert_eq!(store.pending_index_count(Some(&shop)).await.unwrap(), 1);
}

pub(in crate::store) async fn a_subject_waits_once_and_a_newer_change_survives_an_old_acknowledgement(store: &dyn Store) {
    let desk = desk(store, "shop").await;
    let mut first = draft(&desk, "a");
    store.put_entries(&desk, std::slice::from_ref(&first), edit("kb")).await.unwrap();
    let old = store.claim_index_tasks(replica("a"), NOW, minutes(1), 10).await.unwrap();
    first.content.answer = "new".to_owned();
    store.put_entries(&desk, &[first], edit("kb")).await.unwrap();
    let new = store.pending_index_tasks(None, 10).await.unwrap();
    assert_eq!((old.len(), new.len()), (1, 1));
    store.acknowledge_index_tasks(replica("a"), &old).await.unwrap();
    assert_eq!(store.pending_index_tasks(None, 10).await.unwrap(), new);
    // Numbers are not used again, even when the queue has been empty.
    acknowledge_all(store).await;
    store.put_entries(&desk, &[draft(&desk, "b")], edit("kb")).await.unwrap();
    assert!(store.pending_index_tasks(None, 1).await.unwrap()[0].sequence > new[0].sequence);
}

pub(in crate::store) async fn everything_can_be_queued_for_a_new_index(store: &dyn Store) {
    let (shop, other) = (desk(store, "shop").await, desk(store, "other").await);
    let id = merge(store, &shop, &[short_talk("t-1")]).await[0];
    mine(store, &shop, id, vec![pair("a"), pair("b")]).await;
    store.put_entries(&other, &[draft(&other, "c")], edit("kb")).await.unwrap();
    mine(store, &shop, id, vec![pair("a")]).await;
    assert_eq!(store.queue_everything().await.unwrap(), 2);
    assert_eq!(store.pending_index_count(None).await.unwrap(), 3, "the pair that is gone still waits to be deleted");
    acknowledge_all(store).await;
    assert_eq!(store.queue_everything().await.unwrap(), 2);
    assert_eq!(store.pending_index_count(Some(&other)).await.unwrap(), 1);
}

pub(in crate::store) async fn settings_of_the_installation_are_kept(store: &dyn Store) {
    assert_eq!(store.meta("fingerprint").await.unwrap(), None);
    store.set_meta("fingerprint", "a").await.unwrap();
    store.set_meta("fingerprint", "b").await.unwrap();
    assert_eq!(store.meta("fingerprint").await.unwrap().as_deref(), Some("b"));
}

pub(in crate::store) async fn every_read_is_confined_to_its_desk(store: &dyn Store) {
    let (mine_desk, other) = (desk(store, "mine").await, desk(store, "other").await);
    let id = merge(store, &mine_desk, &[short_talk("t-1")]).await[0];
    mine(store, &mine_desk, id, vec![pair("a")]).await;
    merge(store, &mine_desk, &[short_talk("t-2")]).await;
    let known = draft(&mine_desk, "returns");
    store.put_entries(&mine_desk, std::slice::from_ref(&known), edit("kb")).await.unwrap();
    store.add_job(&job(JobKind::Import, Some(&mine_desk), NOW)).await.unwrap();

    assert_eq!(store.conversation(&other, id).await.unwrap(), None);
    assert_eq!(store.conversation_by_external_id(&other, "t-1").await.unwrap(), None);
    assert!(store.unmined_conversations(&other, 10).await.unwrap().is_empty());
    assert!(store.pairs(&other, &[pair("a").id]).await.unwrap().is_empty());
    assert!(store.pair_words(&other, &[pair("a").id]).await.unwrap().is_empty());
    assert!(store.pairs_page(&other, None, None, 10).await.unwrap().is_empty());
    assert!(store.pairs_page(&other, Some(PairKind::Question), None, 10).await.unwrap().is_empty());
    assert!(store.entries(&other, &[known.id()]).await.unwrap().is_empty());
    assert!(store.entries_page(&other, &EntryFilter::default(), None, 10).await.unwrap().is_empty());
    assert!(store.pending_index_tasks(Some(&other), 10).await.unwrap().is_empty());
    assert_eq!(store.pending_index_count(Some(&other)).await.unwrap(), 0);
    assert!(store.jobs_page(Some(&other), None, 10).await.unwrap().is_empty());
    assert_eq!(store.counts(&other).await.unwrap(), DeskCounts::default());

    assert!(store.answer_times(&other, PairKind::Question).await.unwrap().is_empty());

    // Nor can one desk's mining touch another's conversation.
    let unmined = store.unmined_conversations(&mine_desk, 10).await.unwrap();
    store.replace_pairs(&other, &[(id, 0, vec![pair("b")]), (unmined[0].0.id, unmined[0].1, Vec::new())], NOW).await.unwrap();
    assert_eq!(store.pairs_page(&mine_desk, None, None, 10).await.unwrap().len(), 1);
    assert_eq!(store.unmined_conversations(&mine_desk, 10).await.unwrap(), unmined);
}

pub(in crate::store) async fn counts_cover_one_desk(store: &dyn Store) {
    let (shop, other) = (desk(store, "shop").await, desk(store, "other").await);
    let id = merge(store, &shop, &[short_talk("t-1"), short_talk("t-2")]).await[0];
    merge(store, &other, &[short_talk("t-1")]).await;
    let small_talk = crate::domain::PairDraft { kind: PairKind::SmallTalk, ..pair("b") };
    mine(store, &shop, id, vec![pair("a"), small_talk]).await;
    store.put_entries(&shop, &[draft(&shop, "c")], edit("kb")).await.unwrap();
    let expected = DeskCounts { conversations: 2, messages: 4, pairs: 2, questions: 1, entries: 1, index_pending: 3 };
    assert_eq!(store.counts(&shop).await.unwrap(), expected);
}

fn texts(conversation: &crate::domain::Conversation) -> Vec<&str> {
    conversation.messages.iter().map(|message| message.text.as_str()).collect()
}
