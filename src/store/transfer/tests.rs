//! Moves between a file and a schema of the server that `TEST_POSTGRES_URL` names; without it these tests say so and pass.

use std::path::PathBuf;

use super::*;
use crate::domain::{DeskId, Pair};
use crate::store::cipher::{KeySource, MasterKey};
use crate::store::contract::sample::{NOW, desk, merge, short_talk};
use crate::store::postgres::PostgresStore;
use crate::store::postgres::test_schema::Schema;
use crate::store::sqlite::SqliteStore;
use crate::store::{ConversationStore as _, OutboxStore as _, Sharing, Store};

/// An embedded store with conversations and what hangs on them.
struct Embedded {
    _folder: tempfile::TempDir,
    path: PathBuf,
    key: KeySource,
}

impl Embedded {
    async fn with(conversations: usize) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("riposte.db");
        let key = KeySource::Text(MasterKey::generate().unwrap().to_text());
        let store = SqliteStore::open(&path, &key, NOW).await.unwrap();
        let shop = desk(&store, "shop").await;
        let drafts: Vec<_> = (0..conversations).map(|number| short_talk(&format!("c{number}"))).collect();
        merge(&store, &shop, &drafts).await;
        store.set_meta("with a NUL", "a\0b").await.unwrap();
        store.close().await;
        Self { _folder: folder, path, key }
    }

    async fn opened(&self, schema: &Schema) -> Result<PostgresStore> {
        Box::pin(PostgresStore::open(&schema.url(), &self.key, Sharing::Alone, NOW)).await
    }

    async fn moved(&self, schema: &Schema, afresh: bool) -> Result<Moved> {
        move_to_postgres(&self.path, &schema.url(), afresh, |_| {}).await.map(|moved| moved.expect("it was not there"))
    }
}

/// What both stores must agree about.
async fn told(store: &dyn Store, desk: &DeskId) -> (String, Vec<Pair>, u64, Vec<String>) {
    let unmined = store.unmined_conversations(desk, 1_000).await.unwrap();
    let texts = unmined.into_iter().flat_map(|(conversation, _)| conversation.messages.into_iter().map(|message| message.text)).collect();
    let pairs = store.pairs_page(desk, None, None, 500).await.unwrap();
    (format!("{:?}", store.counts(desk).await.unwrap()), pairs, store.pending_index_count(None).await.unwrap(), texts)
}

#[tokio::test]
async fn a_store_arrives_whole_and_is_opened_by_the_same_key() {
    let Some(schema) = Schema::new() else { return };
    // More than one batch of messages.
    let embedded = Embedded::with(2 * BATCH / 3).await;
    let moved = embedded.moved(&schema, false).await.unwrap();
    let rows = |name: &str| moved.tables.iter().find(|(table, _)| table == name).unwrap().1;
    assert_eq!(rows("conversation"), (2 * BATCH / 3) as u64);
    assert!(rows("message") > BATCH as u64);

    let before = SqliteStore::open(&embedded.path, &embedded.key, NOW).await.unwrap();
    let after = embedded.opened(&schema).await.unwrap();
    let shop: DeskId = "shop".parse().unwrap();
    let (one, other) = (told(&before, &shop).await, told(&after, &shop).await);
    assert_eq!(one, other);
    assert!(!one.3.is_empty(), "texts are read with the key");
    assert_eq!(after.meta("with a NUL").await.unwrap().as_deref(), Some("a\u{fffd}b"));
    // The database numbers on behind what came.
    merge(&after, &shop, &[short_talk("another")]).await;
    after.queue_everything().await.unwrap();
    after.close().await;
    before.close().await;
}

#[tokio::test]
async fn an_interrupted_move_is_refused_as_a_store_and_goes_on() {
    let Some(schema) = Schema::new() else { return };
    let embedded = Embedded::with(BATCH).await;
    let mut source = Source::open(&embedded.path).await.unwrap();
    let mut target = Target::open(&schema.url()).await.unwrap();
    let tables = target.tables().await.unwrap();
    target.begin(&tables, &source.fingerprint().await.unwrap(), false).await.unwrap();
    for table in &tables {
        // Half of what there is, as a kill leaves it.
        let half = source.count(table).await.unwrap().div_ceil(2);
        let rows = source.rows_behind(table, None, usize::try_from(half).unwrap()).await.unwrap();
        if !rows.is_empty() && table.name != "message" && table.name != "index_task" {
            target.insert(table, &rows).await.unwrap();
        }
        if table.name == "conversation" {
            break;
        }
    }
    source.close().await.unwrap();
    target.close().await;

    let refused = embedded.opened(&schema).await.unwrap_err();
    assert!(refused.to_string().contains("migrate-store"), "{refused}");
    let mut copied = 0;
    let moved = move_to_postgres(&embedded.path, &schema.url(), false, |moving| {
        copied = copied.max(if moving.table == "conversation" && moving.step == "copying" { moving.of - moving.done } else { 0 });
    })
    .await
    .unwrap()
    .unwrap();
    assert!(copied <= (BATCH as u64).div_ceil(2), "the half that had arrived was not sent again: {copied}");
    assert!(moved.rows() > 0);
    embedded.opened(&schema).await.unwrap().close().await;
}

#[tokio::test]
async fn an_installation_is_never_written_over() {
    let Some(schema) = Schema::new() else { return };
    let embedded = Embedded::with(1).await;
    schema.open().await.unwrap().close().await;
    for afresh in [false, true] {
        let refused = embedded.moved(&schema, afresh).await.unwrap_err();
        assert!(refused.to_string().contains("holds an installation"), "{refused}");
    }
}

#[tokio::test]
async fn a_store_that_changed_between_two_attempts_is_noticed() {
    let Some(schema) = Schema::new() else { return };
    let embedded = Embedded::with(3).await;
    let mut source = Source::open(&embedded.path).await.unwrap();
    let mut target = Target::open(&schema.url()).await.unwrap();
    let tables = target.tables().await.unwrap();
    target.begin(&tables, &source.fingerprint().await.unwrap(), false).await.unwrap();
    for table in &tables {
        copy(&mut source, &mut target, table, &mut |_| {}).await.unwrap();
    }
    source.close().await.unwrap();
    target.close().await;
    // The server runs once more on the old store.
    let store = SqliteStore::open(&embedded.path, &embedded.key, NOW).await.unwrap();
    store.set_meta("with a NUL", "changed").await.unwrap();
    store.close().await;

    let refused = embedded.moved(&schema, false).await.unwrap_err();
    assert!(refused.to_string().contains("--afresh"), "{refused}");
    embedded.moved(&schema, true).await.unwrap();
    let after = embedded.opened(&schema).await.unwrap();
    assert_eq!(after.meta("with a NUL").await.unwrap().as_deref(), Some("changed"));
    after.close().await;
}

#[test]
fn a_sum_tells_rows_apart_and_their_order_not() {
    let row = |text: &str, number: Option<i64>| vec![Value::Text(Some(text.to_owned())), Value::Integer(number)];
    let content = |rows: &[Vec<Value>]| {
        let mut content = Content::default();
        for row in rows {
            content.add(row);
        }
        content
    };
    let (one, two) = (row("a", Some(1)), row("b", None));
    assert_eq!(content(&[one.clone(), two.clone()]), content(&[two.clone(), one.clone()]));
    assert_ne!(content(std::slice::from_ref(&one)), content(&[row("a", None)]));
    assert_ne!(content(std::slice::from_ref(&one)), content(&[row("a", Some(2))]));
    assert_ne!(content(&[one.clone(), one.clone()]), content(&[one]));
}

#[tokio::test]
async fn a_servers_store_is_copied_while_it_is_used_and_comes_back() {
    let (Some(schema), Some(other)) = (Schema::new(), Schema::new()) else { return };
    let embedded = Embedded::with(2 * BATCH / 3).await;
    embedded.moved(&schema, false).await.unwrap();
    let server = embedded.opened(&schema).await.unwrap();
    let shop: DeskId = "shop".parse().unwrap();
    let before = told(&server, &shop).await;
    // The copy is of one moment: what is written while it is made is in it whole or not at all.
    let copy = embedded.path.with_file_name("copy.db");
    let drafts: Vec<_> = (0..40).map(|number| short_talk(&format!("later{number}"))).collect();
    let url = schema.url();
    let (copied, ()) = tokio::join!(copy_to_sqlite(&url, &copy, |_| {}), async {
        for draft in &drafts {
            merge(&server, &shop, std::slice::from_ref(draft)).await;
        }
    });
    let copied = copied.unwrap();
    let of_copy = SqliteStore::open(&copy, &embedded.key, NOW).await.unwrap();
    let conversations = of_copy.counts(&shop).await.unwrap().conversations;
    let rows = copied.tables.iter().find(|(table, _)| table == "conversation").unwrap().1;
    assert_eq!(conversations, rows);
    assert!((2 * BATCH as u64 / 3..=2 * BATCH as u64 / 3 + 40).contains(&rows), "{rows}");
    assert_eq!(of_copy.meta("with a NUL").await.unwrap().as_deref(), Some("a\u{fffd}b"));
    of_copy.close().await;

    // Nothing written meanwhile: the copy says what the server says, and so does another server into which it is put.
    let quiet = embedded.path.with_file_name("quiet.db");
    let now = told(&server, &shop).await;
    assert_ne!(now, before);
    copy_to_sqlite(&url, &quiet, |_| {}).await.unwrap();
    server.close().await;
    let of_copy = SqliteStore::open(&quiet, &embedded.key, NOW).await.unwrap();
    assert_eq!(told(&of_copy, &shop).await, now);
    // The file numbers on behind what came.
    merge(&of_copy, &shop, &[short_talk("another")]).await;
    let added = told(&of_copy, &shop).await;
    of_copy.close().await;
    assert!(move_to_postgres(&quiet, &other.url(), false, |_| {}).await.unwrap().is_some());
    // Once more changes nothing.
    assert!(move_to_postgres(&quiet, &other.url(), true, |_| panic!("copied again")).await.unwrap().is_none());
    let back = embedded.opened(&other).await.unwrap();
    assert_eq!(told(&back, &shop).await, added);
    back.close().await;
}

#[tokio::test]
async fn what_holds_no_whole_installation_is_not_copied() {
    let Some(schema) = Schema::new() else { return };
    let folder = tempfile::tempdir().unwrap();
    let refused = async |name: &str| copy_to_sqlite(&schema.url(), &folder.path().join(name), |_| {}).await.unwrap_err().to_string();
    assert!(refused("nothing.db").await.contains("holds no installation"));
    let mut target = Target::open(&schema.url()).await.unwrap();
    let tables = target.tables().await.unwrap();
    assert!(refused("empty.db").await.contains("holds no installation"));
    target.begin(&tables, "a store", false).await.unwrap();
    target.close().await;
    assert!(refused("half.db").await.contains("migrate-store"));
}
