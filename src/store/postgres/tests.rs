//! The contract on PostgreSQL, and what is PostgreSQL's own: the server, its locks, its schema.

use std::borrow::Cow;

use secrecy::SecretString;
use sqlx::migrate::{Migration, MigrationType, Migrator};
use sqlx::{AssertSqlSafe, Connection as _, SqlSafeStr as _};

use super::schema::MIGRATIONS;
use super::test_schema::Schema;
use super::{PostgresStore, schema};
use crate::domain::{ConversationDraft, Role};
use crate::store::cipher::{KeySource, MasterKey};
use crate::store::contract::contract_tests;
use crate::store::contract::sample::{NOW, conversation, desk, merge, message, minutes, short_talk, suggestion_set};
use crate::store::{ConversationStore as _, DeskStore as _, FeedbackStore as _, Sharing, Store as _, StoreError};

async fn open_empty() -> Option<(Schema, PostgresStore)> {
    let schema = Schema::new()?;
    let store = schema.open().await.unwrap();
    Some((schema, store))
}

mod contract {
    use super::open_empty;
    super::contract_tests!(optional super::open_empty);
}

#[tokio::test]
async fn what_was_written_is_there_after_opening_again() {
    let Some((schema, store)) = open_empty().await else { return };
    let desk = desk(&store, "shop").await;
    let id = merge(&store, &desk, &[short_talk("t-1")]).await[0];
    let before = store.conversation(&desk, id).await.unwrap();
    store.close().await;
    let store = schema.open().await.unwrap();
    assert_eq!(store.conversation(&desk, id).await.unwrap(), before);
    store.close().await;
}

#[tokio::test]
async fn a_second_process_is_refused_while_the_first_one_runs() {
    let Some((schema, first)) = open_empty().await else { return };
    let error = schema.open().await.unwrap_err();
    assert!(matches!(error, StoreError::InUse(_)), "{error:?}");
    first.close().await;
    schema.open().await.unwrap().close().await;
}

#[tokio::test]
async fn sessions_that_the_server_ends_are_opened_again_behind_the_lock() {
    let Some((schema, store)) = open_empty().await else { return };
    let desk = desk(&store, "shop").await;
    let name = &store.ownership.session_name();
    // As a restart of the server does: every session of this process is gone, the lock with them.
    schema.run(&format!("select pg_terminate_backend(pid, 5000) from pg_stat_activity where application_name = '{name}'")).await;
    // Sessions of a pool that were cut off are told from whole ones before they are lent.
    let id = merge(&store, &desk, &[short_talk("t-1")]).await[0];
    assert!(store.conversation(&desk, id).await.unwrap().is_some());
    let error = schema.open().await.unwrap_err();
    assert!(matches!(error, StoreError::InUse(_)), "the lock was taken again: {error:?}");
    store.close().await;
}

#[tokio::test]
async fn another_key_is_refused_when_opening() {
    let Some((schema, store)) = open_empty().await else { return };
    store.close().await;
    let other = KeySource::Text(MasterKey::generate().unwrap().to_text());
    let error = Box::pin(PostgresStore::open(&schema.url(), &other, Sharing::Alone, NOW)).await.unwrap_err();
    assert!(matches!(&error, StoreError::Key(text) if text.contains("does not fit")), "{error:?}");
    let file = tempfile::tempdir().unwrap().path().join("master.key");
    let error = Box::pin(PostgresStore::open(&schema.url(), &KeySource::File(file.clone()), Sharing::Alone, NOW)).await.unwrap_err();
    assert!(matches!(&error, StoreError::Key(text) if text.contains("backup")), "{error:?}");
    assert!(!file.exists());
}

#[tokio::test]
async fn keys_can_be_rotated() {
    let Some((mut schema, mut store)) = open_empty().await else { return };
    let desk = desk(&store, "shop").await;
    let of = |talk: &str| ConversationDraft { customer_id: Some("c-1".to_owned()), ..short_talk(talk) };
    merge(&store, &desk, &[of("t-1")]).await;
    store.rotate_data_key(minutes(1)).await.unwrap();
    merge(&store, &desk, &[of("t-2")]).await;
    let master = MasterKey::generate().unwrap();
    let text = master.to_text();
    store.replace_master_key(master).await.unwrap();
    store.close().await;
    assert!(matches!(schema.open().await.unwrap_err(), StoreError::Key(_)), "the old key no longer fits");
    schema.key = KeySource::Text(text);
    let store = schema.open().await.unwrap();
    let first = store.conversation_by_external_id(&desk, "t-1").await.unwrap().unwrap();
    let second = store.conversation_by_external_id(&desk, "t-2").await.unwrap().unwrap();
    assert_eq!((&first.messages[0].text, &first.customer_key), (&second.messages[0].text, &second.customer_key));
    store.close().await;
}

/// The migrations of a program to come, whose last one is this statement.
fn with_one_more(sql: &'static str) -> Migrator {
    let mut all: Vec<Migration> = MIGRATIONS.iter().cloned().collect();
    let next = all.iter().map(|migration| migration.version).max().unwrap() + 1;
    all.push(Migration::new(next, Cow::Borrowed("create later"), MigrationType::Simple, sql.into_sql_str(), false));
    Migrator::with_migrations(all)
}

#[tokio::test]
async fn a_newer_schema_is_left_alone_and_refused_if_it_is_incompatible() {
    let known = MIGRATIONS.iter().map(|migration| migration.version).max().unwrap();
    for (sql, is_refused) in [
        ("create table later (id bigint primary key)", false),
        ("-- incompatible: it is named later\nalter table gap rename to later", true),
    ] {
        let Some((schema, store)) = open_empty().await else { return };
        store.close().await;
        let mut connection = super::connect::Server::named(&schema.url()).unwrap().connect().await.unwrap();
        schema::prepare(&mut connection, &with_one_more(sql), None).await.unwrap();
        for sharing in [Sharing::Alone, Sharing::Replicas] {
            match schema.open_as(sharing).await {
                Ok(store) if !is_refused => store.close().await,
                Err(StoreError::NewerSchema { found, known: newest }) if is_refused => assert_eq!((found, newest), (known + 1, known)),
                other => panic!("{sql}: {other:?}"),
            }
        }
        assert_eq!(schema::version(&mut connection).await.unwrap(), Some(known + 1));
        connection.close().await.unwrap();
    }
}

#[tokio::test]
async fn an_incompatible_migration_waits_until_every_replica_has_stopped() {
    let Some(schema) = Schema::new() else { return };
    let first = schema.open_as(Sharing::Replicas).await.unwrap();
    let server = super::connect::Server::named(&schema.url()).unwrap();
    let migrate = async |migrations: &Migrator| {
        let (ownership, _) = super::ownership::Ownership::take(&server, Sharing::Replicas).await.unwrap();
        let migrated = ownership.prepare(migrations).await;
        ownership.release().await;
        migrated
    };
    let incompatible = with_one_more("-- incompatible: it is gone\ncreate table later (id bigint primary key)");
    let refused = migrate(&incompatible).await.unwrap_err().to_string();
    assert!(refused.contains("stop every replica"), "{refused}");
    migrate(&MIGRATIONS).await.unwrap();
    first.close().await;
    migrate(&incompatible).await.unwrap();
    // Applied once, it asks for nothing any more.
    migrate(&incompatible).await.unwrap();
}

#[tokio::test]
async fn characters_that_postgresql_does_not_keep_do_not_stop_an_import() {
    let Some((_schema, store)) = open_empty().await else { return };
    let desk = desk(&store, "shop").await;
    let draft = ConversationDraft {
        channel: Some("we\0b".to_owned()),
        agent_id: Some("a\0".to_owned()),
        tags: vec!["t\0".to_owned()],
        ..conversation("t\0-1", vec![message(Role::Customer, "hel\0lo", None)])
    };
    let id = merge(&store, &desk, &[draft]).await[0];
    let found = store.conversation(&desk, id).await.unwrap().unwrap();
    assert_eq!((found.channel.as_deref(), found.tags), (Some("we\u{FFFD}b"), vec!["t\0".to_owned()]));
    assert_eq!(found.messages[0].text, "hel\0lo", "sealed texts are bytes");
    store.close().await;
}

#[tokio::test]
async fn what_is_wrong_at_the_start_is_told_with_what_to_do() {
    let Some(schema) = Schema::new() else { return };
    let open = async |url: String| {
        Box::pin(PostgresStore::open(&SecretString::from(url), &schema.key, Sharing::Alone, NOW)).await.unwrap_err().to_string()
    };
    let said = open("postgres://riposte:s3cret@127.0.0.1:1/answers".to_owned()).await;
    assert!(said.contains("127.0.0.1:1") && said.contains("is it running") && !said.contains("s3cret"), "{said}");
    let no_database = schema.server.replacen("/postgres?", "/nothing_here?", 1);
    let said = open(no_database).await;
    assert!(said.contains("createdb") && said.contains("nothing_here"), "{said}");
    let separator = if schema.server.contains('?') { '&' } else { '?' };
    let said = open(format!("{}{separator}options[search_path]=nowhere", schema.server)).await;
    assert!(said.contains("create schema"), "{said}");
    let role = format!("{}_guest", schema.name);
    schema.run(&format!("create role {role} login")).await;
    let said = open(format!("{}&user={role}&options[search_path]={}", schema.server, schema.name)).await;
    schema.run(&format!("drop role {role}")).await;
    assert!(said.contains("search_path") || said.contains("grant"), "{said}");
}

/// Each list of conversations is read from its own index. Where that is cheaper, the few rows found are sorted instead of read in order.
#[tokio::test]
async fn lists_of_conversations_are_read_from_their_index() {
    use super::head::{BY_ACTIVITY, BY_CHANNEL, BY_CUSTOMER, LIVE};
    let Some((_schema, store)) = open_empty().await else { return };
    store.ensure_desk(&"shop".parse().unwrap(), NOW).await.unwrap();
    let many = "insert into conversation (id, desk, external_id, channel, customer_key, tags, message_count, draft_digest, created_at, \
                updated_at, last_at, live) select decode(md5(cast(i as text)), 'hex'), 'shop', 'x-' || i, \
                case when i % 50 = 0 then 'mail' else 'web' end, 'k-' || (i % 900), '[]', 1, '', 0, 0, i % 3000, i % 40 = 0 \
                from generate_series(1, 20000) as n (i)";
    sqlx::query(many).execute(&store.writer).await.unwrap();
    sqlx::query("analyze conversation").execute(&store.writer).await.unwrap();
    for (statement, index) in [
        (BY_ACTIVITY, "conversation_activity"),
        (LIVE, "conversation_live"),
        (BY_CHANNEL, "conversation_channel"),
        (BY_CUSTOMER, "conversation_customer"),
    ] {
        let explained = AssertSqlSafe(format!("explain {statement}"));
        let plan: Vec<String> = sqlx::query_scalar(explained)
            .bind("shop")
            .bind(i64::MAX)
            .bind(vec![u8::MAX; 16])
            .bind(i64::MIN)
            .bind(i64::MAX)
            .bind((index == "conversation_live").then_some(true))
            .bind((index == "conversation_channel").then_some("mail"))
            .bind((index == "conversation_customer").then_some("k-7"))
            .bind(50_i64)
            .fetch_all(&store.readers)
            .await
            .unwrap();
        let plan = plan.join("\n");
        assert!(plan.contains(index), "{index}: {plan}");
    }
    store.close().await;
}

#[tokio::test]
async fn who_gives_up_waiting_for_a_turn_leaves_no_transaction_behind() {
    let Some((schema, store)) = open_empty().await else { return };
    let mut connection = sqlx::PgConnection::connect(&schema.server).await.unwrap();
    for _ in 0..super::WRITERS {
        let first = store.begin().await.unwrap();
        let mut waiting = Box::pin(store.begin());
        let waits = async {
            loop {
                let waits: bool = sqlx::query_scalar(
                    "select exists (select 1 from pg_stat_activity where application_name = $1 and wait_event = 'advisory')",
                )
                .bind(store.ownership.session_name())
                .fetch_one(&mut connection)
                .await
                .unwrap();
                if waits {
                    return;
                }
            }
        };
        tokio::select! {
            begun = &mut waiting => panic!("two have the turn: {begun:?}"),
            () = waits => {}
        }
        drop(waiting);
        first.rollback().await.unwrap();
    }
    // Every connection of the pool, and all at once.
    let turns = (0..2 * super::WRITERS).map(|_| async { store.begin().await.unwrap().rollback().await.unwrap() });
    futures::future::join_all(turns).await;
    connection.close().await.unwrap();
    store.close().await;
}

#[tokio::test]
async fn suggestions_are_recorded_without_waiting_for_those_who_write() {
    let Some((_schema, store)) = open_empty().await else { return };
    let shop = desk(&store, "shop").await;
    let importing = store.begin().await.unwrap();
    let set = suggestion_set(&["a"]);
    // Were the turn needed, this would wait for ever.
    store.record_set(&shop, &set).await.unwrap();
    assert!(store.recorded_suggestion(set.suggestions[0].id).await.unwrap().is_some());
    importing.rollback().await.unwrap();
    assert!(store.recorded_suggestion(set.suggestions[0].id).await.unwrap().is_some());
    store.close().await;
}
