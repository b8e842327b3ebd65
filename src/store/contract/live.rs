//! Conversations as a desk's list shows them.

use super::sample::{NOW, conversation, desk, merge, message, minutes, named, short_talk};
use crate::domain::{ConversationDraft, ConversationFilter, ConversationId, ConversationState, DeskId, MessageDraft, Role};
use crate::store::{Store, StoreError};

fn says(role: Role, minute: i64) -> MessageDraft {
    named(&format!("m-{minute}"), message(role, &format!("at {minute}"), Some(minutes(minute))))
}

fn talk(id: &str, minute: i64) -> ConversationDraft {
    conversation(id, vec![says(Role::Customer, minute)])
}

async fn listed(store: &dyn Store, desk: &DeskId, filter: &ConversationFilter) -> Vec<String> {
    let heads = store.conversation_heads(desk, filter, None, 100).await.unwrap();
    heads.into_iter().map(|head| head.external_id).collect()
}

pub(in crate::store) async fn conversations_are_live_until_they_are_closed(store: &dyn Store) {
    let desk = desk(store, "shop").await;
    let id = merge(store, &desk, &[ConversationDraft { channel: Some("web".to_owned()), ..short_talk("t-1") }]).await[0];
    let imported = store.conversation_head(&desk, id).await.unwrap().unwrap();
    assert_eq!((imported.state, imported.closed_at), (ConversationState::Closed, None));
    assert_eq!((imported.external_id.as_str(), imported.channel.as_deref(), imported.message_count), ("t-1", Some("web"), 2));
    assert_eq!((imported.last_at, imported.waiting_since), (minutes(1), None));
    let set = async |state, at| store.set_conversation_state(&desk, id, state, at).await;
    assert!(set(ConversationState::Live, minutes(5)).await.unwrap());
    assert!(!set(ConversationState::Live, minutes(6)).await.unwrap());
    assert_eq!(store.conversation_head(&desk, id).await.unwrap().unwrap().state, ConversationState::Live);
    assert!(set(ConversationState::Closed, minutes(7)).await.unwrap());
    let closed = store.conversation_head(&desk, id).await.unwrap().unwrap();
    assert_eq!((closed.state, closed.closed_at), (ConversationState::Closed, Some(minutes(7))));
    let unknown = store.set_conversation_state(&desk, ConversationId::new(), ConversationState::Live, NOW).await.unwrap_err();
    assert!(matches!(unknown, StoreError::NotFound("conversation")), "{unknown:?}");
    assert_eq!(store.conversation_head(&desk, ConversationId::new()).await.unwrap(), None);
}

pub(in crate::store) async fn who_waits_is_known_from_the_messages(store: &dyn Store) {
    let desk = desk(store, "shop").await;
    let mut heads = Vec::new();
    let mut messages = Vec::new();
    for (role, minute) in
        [(Role::Agent, 1), (Role::Customer, 2), (Role::Bot, 3), (Role::Customer, 4), (Role::Agent, 5), (Role::Customer, 6)]
    {
        // One at a time, as a live conversation grows.
        messages.push(says(role, minute));
        let id = merge(store, &desk, &[conversation("t-1", vec![says(role, minute)])]).await[0];
        let head = store.conversation_head(&desk, id).await.unwrap().unwrap();
        assert_eq!(head.last_at, minutes(minute));
        heads.push(head.waiting_since);
    }
    assert_eq!(heads, [None, Some(minutes(2)), Some(minutes(2)), Some(minutes(2)), None, Some(minutes(6))]);
    // All at once says the same.
    let id = merge(store, &desk, &[conversation("t-2", messages)]).await[0];
    assert_eq!(store.conversation_head(&desk, id).await.unwrap().unwrap().waiting_since, Some(minutes(6)));
    let id = merge(store, &desk, &[conversation("t-3", vec![message(Role::Customer, "no time", None)])]).await[0];
    let head = store.conversation_head(&desk, id).await.unwrap().unwrap();
    assert_eq!((head.last_at, head.waiting_since), (NOW, Some(NOW)));
}

pub(in crate::store) async fn conversations_are_paged_by_activity(store: &dyn Store) {
    let desk = desk(store, "shop").await;
    // Two at every time, so that the id decides.
    let drafts: Vec<ConversationDraft> = (0..20).map(|number| talk(&format!("t-{number}"), number / 2)).collect();
    merge(store, &desk, &drafts).await;
    let all = store.conversation_heads(&desk, &ConversationFilter::default(), None, 100).await.unwrap();
    assert_eq!(all.len(), 20);
    assert!(all.windows(2).all(|pair| (pair[0].last_at, pair[0].id) > (pair[1].last_at, pair[1].id)));
    let (mut paged, mut after) = (Vec::new(), None);
    loop {
        let page = store.conversation_heads(&desk, &ConversationFilter::default(), after, 3).await.unwrap();
        let Some(last) = page.last() else { break };
        after = Some((last.last_at, last.id));
        paged.extend(page);
    }
    assert_eq!(paged, all);
    // A new message brings its conversation to the top.
    merge(store, &desk, &[conversation("t-3", vec![says(Role::Agent, 50)])]).await;
    assert_eq!(listed(store, &desk, &ConversationFilter::default()).await[0], "t-3");
}

pub(in crate::store) async fn conversations_are_filtered(store: &dyn Store) {
    let desk = desk(store, "shop").await;
    let of = |id: &str, minute: i64, channel: &str, customer: &str| ConversationDraft {
        channel: Some(channel.to_owned()),
        customer_id: Some(customer.to_owned()),
        ..talk(id, minute)
    };
    let drafts = [of("a", 1, "web", "c-1"), of("b", 2, "web", "c-2"), of("c", 3, "mail", "c-1"), talk("d", 4)];
    let ids = merge(store, &desk, &drafts).await;
    for id in &ids[1..3] {
        store.set_conversation_state(&desk, *id, ConversationState::Live, NOW).await.unwrap();
    }
    let filter = ConversationFilter::default;
    let channel = |channel: &str| Some(channel.to_owned());
    assert_eq!(listed(store, &desk, &filter()).await, ["d", "c", "b", "a"]);
    assert_eq!(listed(store, &desk, &ConversationFilter { state: Some(ConversationState::Live), ..filter() }).await, ["c", "b"]);
    assert_eq!(listed(store, &desk, &ConversationFilter { state: Some(ConversationState::Closed), ..filter() }).await, ["d", "a"]);
    assert_eq!(listed(store, &desk, &ConversationFilter { channel: channel("web"), ..filter() }).await, ["b", "a"]);
    assert_eq!(listed(store, &desk, &ConversationFilter { customer_id: Some("c-1".to_owned()), ..filter() }).await, ["c", "a"]);
    let both = ConversationFilter { channel: channel("web"), customer_id: Some("c-1".to_owned()), ..filter() };
    assert_eq!(listed(store, &desk, &both).await, ["a"]);
    let live_on_web = ConversationFilter { channel: channel("web"), state: Some(ConversationState::Live), ..filter() };
    assert_eq!(listed(store, &desk, &live_on_web).await, ["b"]);
    let between = ConversationFilter { since: Some(minutes(2)), until: Some(minutes(4)), ..filter() };
    assert_eq!(listed(store, &desk, &between).await, ["c", "b"]);
    assert_eq!(listed(store, &desk, &ConversationFilter { channel: channel("phone"), ..filter() }).await, [""; 0]);
}

pub(in crate::store) async fn conversations_are_listed_within_their_desk(store: &dyn Store) {
    let (shop, bank) = (desk(store, "shop").await, desk(store, "bank").await);
    let draft = ConversationDraft { customer_id: Some("c-1".to_owned()), ..talk("t-1", 1) };
    let id = merge(store, &shop, &[draft]).await[0];
    store.set_conversation_state(&shop, id, ConversationState::Live, NOW).await.unwrap();
    for filter in [
        ConversationFilter::default(),
        ConversationFilter { state: Some(ConversationState::Live), ..ConversationFilter::default() },
        ConversationFilter { customer_id: Some("c-1".to_owned()), ..ConversationFilter::default() },
    ] {
        assert_eq!(listed(store, &shop, &filter).await, ["t-1"]);
        assert_eq!(listed(store, &bank, &filter).await, [""; 0]);
    }
    assert_eq!(store.conversation_head(&bank, id).await.unwrap(), None);
    assert_eq!(store.recent_messages(&bank, &[id], 10).await.unwrap(), []);
    let refused = store.set_conversation_state(&bank, id, ConversationState::Closed, NOW).await.unwrap_err();
    assert!(matches!(refused, StoreError::NotFound("conversation")));
}

pub(in crate::store) async fn recent_messages_are_the_last_ones(store: &dyn Store) {
    let desk = desk(store, "shop").await;
    let messages = (0..10).map(|minute| says(Role::Customer, minute)).collect();
    let ids = merge(store, &desk, &[conversation("t-1", messages), short_talk("t-2"), conversation("t-3", Vec::new())]).await;
    let mut found = store.recent_messages(&desk, &[ids[0], ids[1], ids[2], ConversationId::new()], 3).await.unwrap();
    found.sort_by(|a, b| a.external_id.cmp(&b.external_id));
    let positions: Vec<Vec<u32>> =
        found.iter().map(|conversation| conversation.messages.iter().map(|message| message.position).collect()).collect();
    assert_eq!(positions, [vec![7, 8, 9], vec![0, 1], vec![]]);
    assert_eq!(found[0].messages[2].text, "at 9");
}
