//! The contract on SQLite, and what is SQLite's own: the file, its key, its bytes.

use std::path::Path;

use secrecy::SecretString;

use super::SqliteStore;
use crate::domain::{ConversationDraft, MessageDraft, Role};
use crate::store::cipher::{KeySource, MasterKey};
use crate::store::contract::contract_tests;
use crate::store::contract::sample::{NOW, conversation, desk, merge, message, minutes, short_talk, suggestion_set};
use crate::store::{ConversationStore as _, FeedbackStore as _, LiveValue, RecordedSet, Store as _, StoreError};

async fn open(folder: &Path) -> crate::store::Result<SqliteStore> {
    SqliteStore::open(&folder.join("riposte.db"), &KeySource::File(folder.join("riposte.key")), NOW).await
}

async fn open_empty() -> (tempfile::TempDir, SqliteStore) {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path()).await.unwrap();
    (folder, store)
}

mod contract {
    super::contract_tests!(super::open_empty);
}

#[tokio::test]
async fn customers_words_are_not_in_the_files() {
    let (folder, store) = open_empty().await;
    let desk = desk(&store, "shop").await;
    let spoken = MessageDraft {
        media_ref: Some("oss://secret-bucket/voice.amr".to_owned()),
        author: Some("韩梅梅客服".to_owned()),
        ..message(Role::Customer, "my parcel went to the wrong street", None)
    };
    let draft = ConversationDraft {
        customer_id: Some("customer-90210".to_owned()),
        customer_personal: vec!["13800138000".to_owned(), "李雷先生".to_owned()],
        ..conversation("t-1", vec![spoken])
    };
    merge(&store, &desk, &[draft]).await;
    let live = LiveValue { slot: Some("NAME".to_owned()), value: "Hortensia Quill".to_owned() };
    store.record_set(&desk, &RecordedSet { live_values: vec![live], ..suggestion_set(&["a"]) }).await.unwrap();
    let needles = ["wrong street", "customer-90210", "13800138000", "李雷先生", "secret-bucket", "韩梅梅客服", "Hortensia Quill"];
    let assert_absent = |when: &str| {
        for file in fs_err::read_dir(folder.path()).unwrap() {
            let path = file.unwrap().path();
            let bytes = fs_err::read(&path).unwrap();
            for needle in needles {
                let found = bytes.windows(needle.len()).any(|window| window == needle.as_bytes());
                assert!(!found, "{needle} {when} in {}", path.display());
            }
        }
    };
    assert_absent("while open");
    store.close().await;
    assert_absent("after closing");
    let bytes = fs_err::read(folder.path().join("riposte.db")).unwrap();
    assert!(bytes.windows(4).any(|window| window == b"shop"), "the search itself works");
}

#[tokio::test]
async fn everything_is_in_the_one_file_after_closing() {
    let (folder, store) = open_empty().await;
    let desk = desk(&store, "shop").await;
    let id = merge(&store, &desk, &[short_talk("t-1")]).await[0];
    let before = store.conversation(&desk, id).await.unwrap();
    store.close().await;
    assert!(!folder.path().join("riposte.db-wal").exists());
    let store = open(folder.path()).await.unwrap();
    assert_eq!(store.conversation(&desk, id).await.unwrap(), before);
}

#[tokio::test]
async fn what_was_acknowledged_is_there_without_closing() {
    let (folder, store) = open_empty().await;
    let desk = desk(&store, "shop").await;
    merge(&store, &desk, &[short_talk("t-1")]).await;
    // The files as a killed process would leave them.
    let copied = tempfile::tempdir().unwrap();
    for file in fs_err::read_dir(folder.path()).unwrap() {
        let path = file.unwrap().path();
        fs_err::copy(&path, copied.path().join(path.file_name().unwrap())).unwrap();
    }
    let store = open(copied.path()).await.unwrap();
    assert!(store.conversation_by_external_id(&desk, "t-1").await.unwrap().is_some());
}

#[tokio::test]
async fn a_lost_key_is_told_and_not_replaced() {
    let (folder, store) = open_empty().await;
    store.close().await;
    fs_err::remove_file(folder.path().join("riposte.key")).unwrap();
    let error = open(folder.path()).await.unwrap_err();
    assert!(matches!(&error, StoreError::Key(text) if text.contains("backup")), "{error:?}");
    assert!(!folder.path().join("riposte.key").exists());
}

#[tokio::test]
async fn another_key_is_refused_when_opening() {
    let (folder, store) = open_empty().await;
    store.close().await;
    let other = KeySource::Text(MasterKey::generate().unwrap().to_text());
    let error = SqliteStore::open(&folder.path().join("riposte.db"), &other, NOW).await.unwrap_err();
    assert!(matches!(&error, StoreError::Key(text) if text.contains("does not fit")), "{error:?}");
}

#[tokio::test]
async fn keys_can_be_rotated() {
    let (folder, mut store) = open_empty().await;
    let desk = desk(&store, "shop").await;
    let of = |talk: &str| ConversationDraft { customer_id: Some("c-1".to_owned()), ..short_talk(talk) };
    merge(&store, &desk, &[of("t-1")]).await;
    store.rotate_data_key(minutes(1)).await.unwrap();
    merge(&store, &desk, &[of("t-1"), of("t-2")]).await;
    let master = MasterKey::generate().unwrap();
    let text: SecretString = master.to_text();
    store.replace_master_key(master).await.unwrap();
    store.close().await;

    let store = SqliteStore::open(&folder.path().join("riposte.db"), &KeySource::Text(text), NOW).await.unwrap();
    let first = store.conversation_by_external_id(&desk, "t-1").await.unwrap().unwrap();
    let second = store.conversation_by_external_id(&desk, "t-2").await.unwrap().unwrap();
    assert_eq!(first.messages.len(), 2, "known messages stay known over a rotation");
    assert_eq!(first.messages[0].text, second.messages[0].text);
    assert_eq!(first.customer_key, second.customer_key);
    assert!(matches!(open(folder.path()).await.unwrap_err(), StoreError::Key(_)), "the old key file no longer fits");
}

/// However many conversations a desk has: each list is read from the index that has its order.
#[tokio::test]
async fn lists_of_conversations_are_read_in_order_from_an_index() {
    use super::head::{BY_ACTIVITY, BY_CHANNEL, BY_CUSTOMER, LIVE};
    let (_folder, store) = open_empty().await;
    desk(&store, "shop").await;
    let many = "with recursive n(i) as (select 1 union all select i + 1 from n where i < 5000) \
                insert into conversation (id, desk, external_id, channel, customer_key, tags, message_count, draft_digest, created_at, \
                updated_at, last_at, live) select randomblob(16), 'shop', 'x-' || i, case when i % 50 = 0 then 'mail' else 'web' end, \
                'k-' || (i % 900), '[]', 1, x'00', 0, 0, i % 3000, i % 40 = 0 from n";
    sqlx::query(many).execute(&store.writer).await.unwrap();
    for (statement, index) in [
        (BY_ACTIVITY, "conversation_activity"),
        (LIVE, "conversation_live"),
        (BY_CHANNEL, "conversation_channel"),
        (BY_CUSTOMER, "conversation_customer"),
    ] {
        let explained = sqlx::AssertSqlSafe(format!("explain query plan {statement}"));
        let plan: Vec<(i64, i64, i64, String)> = sqlx::query_as(explained).fetch_all(&store.readers).await.unwrap();
        let steps: Vec<&str> = plan.iter().map(|(_, _, _, step)| step.as_str()).collect();
        assert!(steps.len() == 1 && steps[0].contains(&format!("USING INDEX {index} ")), "{steps:?}");
    }
}
