//! Watching a live conversation: messages and suggestions as they come, nothing stale, nothing lost.

use riposte::domain::AccessRole;
use serde_json::json;

use super::live::{say, start};
use crate::support::archive::{INVOICE_ZH, POSTAGE_ZH, RETURN_ZH};
use crate::support::client::{Client, text, texts};
use crate::support::events::EventReader;
use crate::support::with_app;

fn events(id: &str) -> String {
    format!("/v1/conversations/{id}/events?desk=shop")
}

async fn watch(client: &Client, id: &str) -> EventReader {
    let mut reader = client.watch(&events(id)).await;
    reader.expect("state").await;
    reader
}

#[tokio::test(flavor = "multi_thread")]
async fn a_watcher_gets_messages_and_the_sets_for_the_latest_turn() {
    with_app(async |app| {
        app.shop().await;
        let agent = app.key(AccessRole::Agent, &["shop"]).await;
        let id = start(&agent, json!({"desk": "shop", "external_id": "chat-1"})).await;
        let mut reader = client_state(&agent, &id).await;
        let said = say(&agent, &id, "customer", "买的外套不合适怎么退货").await;
        assert_eq!(reader.expect("message").await.data, said);
        let set = reader.expect("suggestions").await.data;
        assert_eq!((&set["turn"], &set["provisional"], texts(&set["set"])[0]), (&json!(0), &json!(false), RETURN_ZH));
        // The set is like any other: feedback can name its suggestions.
        let suggestion = text(&set["set"]["suggestions"][0]["id"]);
        agent.post(&format!("/v1/suggestions/{suggestion}/feedback"), &json!({"kind": "accepted"})).await.expect(204);

        // The customer goes on: the old set goes at once.
        say(&agent, &id, "customer", "还有，退货的运费谁出？").await;
        reader.expect("message").await;
        let withdrawn = reader.expect("withdrawn").await.data;
        assert_eq!(withdrawn, json!({"turn": 0, "reason": "newer_message"}));
        let set = reader.expect("suggestions").await.data;
        // Both of what was asked in the turn is served.
        assert_eq!(set["turn"], 1);
        assert!(texts(&set["set"]).contains(&POSTAGE_ZH), "{set}");
        assert_eq!(set["set"]["query"]["used_turns"], json!([0, 1]));
        say(&agent, &id, "agent", POSTAGE_ZH).await;
        reader.expect("message").await;
        assert_eq!(reader.expect("withdrawn").await.data, json!({"turn": 1, "reason": "answered"}));

        // Silence is said, too.
        say(&agent, &id, "customer", "好的，谢谢").await;
        reader.expect("message").await;
        let set = reader.expect("suggestions").await.data;
        assert_eq!((&set["turn"], &set["set"]["suggestions"]), (&json!(3), &json!([])));
        assert_eq!(set["set"]["abstained"]["reason"], "small_talk");
        agent.call("POST", &format!("/v1/conversations/{id}/close?desk=shop"), None).await.ok();
        assert_eq!(reader.expect("withdrawn").await.data["reason"], "closed");
        let state = reader.expect("state").await.data;
        assert_eq!((text(&state["state"]), &state["messages"]), ("closed", &json!(4)));
        start(&agent, json!({"desk": "shop", "external_id": "chat-1"})).await;
        assert_eq!(reader.expect("state").await.data, json!({"state": "live", "messages": 4, "turn": 3}));
        reader.expect("suggestions").await;
        app.app.answered.settle().await;
    })
    .await;
}

async fn client_state(client: &Client, id: &str) -> EventReader {
    let mut reader = client.watch(&events(id)).await;
    assert_eq!(reader.expect("state").await.data, json!({"state": "live", "messages": 0, "turn": null}));
    reader
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_comes_later_gets_the_set_that_stands_and_it_is_computed_once() {
    with_app(async |app| {
        app.shop().await;
        let agent = app.key(AccessRole::Agent, &["shop"]).await;
        let id = start(&agent, json!({"desk": "shop"})).await;
        let sets = async || app.app.store.failed_sets(&"shop".parse().unwrap(), None, 100).await.unwrap().len();
        say(&agent, &id, "customer", "今天股市大盘涨了多少点").await;
        assert_eq!(sets().await, 0, "nobody watches, nothing is computed");
        let mut first = watch(&agent, &id).await;
        let mut second = watch(&agent, &id).await;
        let (one, other) = (first.expect("suggestions").await, second.expect("suggestions").await);
        assert_eq!((&one.data["turn"], &one.data["set"]["id"]), (&json!(0), &other.data["set"]["id"]));
        let mut third = watch(&agent, &id).await;
        assert_eq!(third.expect("suggestions").await.data, one.data);
        assert_eq!(sets().await, 1);
        // All leave; who comes back finds it.
        drop((first, second, third));
        let mut back = watch(&agent, &id).await;
        assert_eq!(back.expect("suggestions").await.data, one.data);
        assert_eq!(sets().await, 1);
        // Messages that are there already come first where they are asked for.
        let mut whole = agent.watch(&format!("{}&from=0", events(&id))).await;
        assert_eq!(whole.expect("message").await.data["position"], 0);
        whole.expect("state").await;
        whole.expect("suggestions").await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_interrupted_stream_goes_on_without_gap_or_repetition() {
    with_app(async |app| {
        app.shop().await;
        let agent = app.key(AccessRole::Agent, &["shop"]).await;
        let id = start(&agent, json!({"desk": "shop"})).await;
        let mut reader = watch(&agent, &id).await;
        // Somebody else keeps watching, so that the run of events goes on.
        let other = watch(&agent, &id).await;
        say(&agent, &id, "customer", "你好").await;
        let last = reader.expect("message").await.id;
        drop(reader);
        say(&agent, &id, "customer", "发票怎么开？").await;
        let mut reader = agent.with("last-event-id", &last).watch(&events(&id)).await;
        let mut seen = Vec::new();
        let last = loop {
            let event = reader.next().await.unwrap();
            seen.push(event.name.clone());
            if event.name == "suggestions" && event.data["turn"] == 1 {
                break event.id;
            }
        };
        assert_eq!(seen.iter().filter(|name| *name == "message").count(), 1, "{seen:?}");
        assert!(!seen.contains(&"state".to_owned()), "{seen:?}");
        drop((reader, other));
        // Nobody watches while the conversation goes on: what was missed is in the store.
        say(&agent, &id, "agent", INVOICE_ZH).await;
        say(&agent, &id, "customer", "退货的运费谁出？").await;
        let mut reader = agent.with("last-event-id", &last).watch(&events(&id)).await;
        assert_eq!(reader.expect("withdrawn").await.data["reason"], "resumed");
        let first = reader.expect("message").await;
        assert_eq!(first.data["position"], 2);
        drop(reader);
        // Interrupted again in the middle of that.
        let mut reader = agent.with("last-event-id", &first.id).watch(&events(&id)).await;
        reader.expect("withdrawn").await;
        assert_eq!(reader.expect("message").await.data["position"], 3);
        assert_eq!(reader.expect("state").await.data["turn"], 3);
        let set = reader.expect("suggestions").await;
        assert_eq!((&set.data["turn"], texts(&set.data["set"])[0]), (&json!(3), POSTAGE_ZH));
        app.app.answered.settle().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn suggestions_come_while_the_customer_writes_and_the_words_are_kept_nowhere() {
    with_app(async |app| {
        app.shop().await;
        let agent = app.key(AccessRole::Agent, &["shop"]).await;
        let id = start(&agent, json!({"desk": "shop"})).await;
        say(&agent, &id, "agent", "您好，请问有什么可以帮您？").await;
        let mut reader = watch(&agent, &id).await;
        let typing = format!("/v1/conversations/{id}/typing?desk=shop");
        let unsent = "买的外套不合适怎么退货，订单20260309112233";
        agent.post(&typing, &json!({"role": "customer", "text": unsent})).await.expect(204);
        assert_eq!(reader.expect("typing").await.data, json!({"role": "customer", "typing": true}));
        let set = reader.expect("suggestions").await.data;
        assert_eq!((&set["turn"], &set["provisional"], texts(&set["set"])[0]), (&json!(1), &json!(true), RETURN_ZH));
        // Nothing of it is kept: neither a message nor a set that feedback could name.
        assert_eq!(agent.get(&format!("/v1/conversations/{id}?desk=shop")).await.ok()["messages"].as_array().map(Vec::len), Some(1));
        let suggestion = text(&set["set"]["suggestions"][0]["id"]);
        agent.post(&format!("/v1/suggestions/{suggestion}/feedback"), &json!({"kind": "shown"})).await.refused(404, "unknown_suggestion");
        // The customer thinks better of it.
        agent.post(&typing, &json!({"role": "customer", "typing": false})).await.expect(204);
        assert_eq!(reader.expect("typing").await.data, json!({"role": "customer", "typing": false}));
        assert_eq!(reader.expect("withdrawn").await.data, json!({"turn": 1, "reason": "draft_dropped"}));
        agent.post(&typing, &json!({"role": "customer", "text": "退货的运费"})).await.expect(204);
        reader.expect("typing").await;
        assert_eq!(reader.expect("suggestions").await.data["provisional"], true);
        // Sent: the set for the message itself takes its place.
        say(&agent, &id, "customer", "退货的运费谁出？").await;
        reader.expect("message").await;
        assert_eq!(reader.expect("withdrawn").await.data["reason"], "newer_message");
        let set = reader.expect("suggestions").await.data;
        assert_eq!((&set["turn"], &set["provisional"], texts(&set["set"])[0]), (&json!(1), &json!(false), POSTAGE_ZH));
        agent.post(&typing, &json!({"role": "agent"})).await.expect(204);
        assert_eq!(reader.expect("typing").await.data, json!({"role": "agent", "typing": true}));
        assert_eq!(agent.post(&typing, &json!({"role": "agent", "text": "x"})).await.refused_field(), "/text");
        app.app.answered.settle().await;
    })
    .await;
}

/// What one watcher makes of a stream, until the set for the last turn has come.
async fn follow(mut reader: EventReader, last: u32) -> u32 {
    let (mut messages, mut sets) = (0, 0);
    let mut on_screen = None;
    loop {
        let event = reader.next().await.expect("the stream has ended");
        match event.name.as_str() {
            "message" => {
                assert_eq!(event.data["position"], messages, "no gap, no repetition");
                messages += 1;
            }
            "withdrawn" => on_screen = None,
            "suggestions" => {
                sets += 1;
                // Never for an older turn than the one that the watcher knows.
                assert_eq!(event.data["turn"], messages - 1, "{event:?}");
                on_screen = event.data["turn"].as_u64();
            }
            "state" => {}
            other => panic!("unexpected: {other}"),
        }
        if messages == last + 1 && on_screen == Some(u64::from(last)) {
            return sets;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn two_hundred_messages_quickly_leave_no_stale_set_on_any_screen() {
    const MESSAGES: u32 = 200;
    with_app(async |app| {
        app.shop().await;
        let agent = app.key(AccessRole::Agent, &["shop"]).await;
        let id = start(&agent, json!({"desk": "shop"})).await;
        let quick = tokio::spawn(follow(watch(&agent, &id).await, MESSAGES - 1));
        let mut now_and_then = watch(&agent, &id).await;
        // Read only when all is over: more has happened by then than is kept for readers that are behind.
        let slow = watch(&agent, &id).await;
        let questions = ["怎么退货？", "发票怎么开？", "什么时候发货？", "退货的运费谁出？"];
        for number in 0..MESSAGES {
            say(&agent, &id, "customer", questions[number as usize % questions.len()]).await;
            // Now and then there is time for a set.
            if number % 40 == 39 {
                loop {
                    let event = now_and_then.next().await.expect("the stream has ended");
                    if event.name == "suggestions" && event.data["turn"] == number {
                        break;
                    }
                }
            }
        }
        let sets = quick.await.unwrap();
        assert!((1..=MESSAGES).contains(&sets), "{sets} sets");
        assert_eq!(follow(slow, MESSAGES - 1).await, 1, "a slow reader gets every message and the set that stands");
    })
    .await;
}
