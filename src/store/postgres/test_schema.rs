//! A schema for one test, in the database that `TEST_POSTGRES_URL` names; `.ci/unit.sh` starts one. Without it the tests say so and pass.

use std::future::Future;

use secrecy::SecretString;
use sqlx::{AssertSqlSafe, Connection as _, PgConnection};

use super::PostgresStore;
use crate::store::Sharing;
use crate::store::cipher::{KeySource, MasterKey};
use crate::store::contract::sample::NOW;

/// A schema that goes with the test.
pub(crate) struct Schema {
    pub(crate) server: String,
    pub(crate) name: String,
    pub(crate) key: KeySource,
}

/// Runs a future on a runtime of its own: tests that fail unwind through `drop`, where nothing can be awaited.
fn wait_for<T: Send + 'static>(work: impl Future<Output = T> + Send + 'static) -> T {
    let runtime = || tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    std::thread::spawn(move || runtime().block_on(work)).join().unwrap()
}

async fn run(server: String, statement: String) {
    let mut connection = PgConnection::connect(&server).await.unwrap();
    sqlx::raw_sql(AssertSqlSafe(statement)).execute(&mut connection).await.unwrap();
    connection.close().await.unwrap();
}

impl Schema {
    /// `None` where there is no server.
    pub(crate) fn new() -> Option<Self> {
        let Some(server) = std::env::var_os("TEST_POSTGRES_URL").and_then(|url| url.into_string().ok()) else {
            eprintln!("SKIPPED: TEST_POSTGRES_URL names no PostgreSQL server (scripts/postgres.sh starts one)");
            return None;
        };
        let name = format!("riposte_test_{}", uuid::Uuid::new_v4().simple());
        wait_for(run(server.clone(), format!("create schema {name}")));
        Some(Self { server, name, key: KeySource::Text(MasterKey::generate().unwrap().to_text()) })
    }

    pub(crate) fn url(&self) -> SecretString {
        let separator = if self.server.contains('?') { '&' } else { '?' };
        SecretString::from(format!("{}{separator}options[search_path]={}", self.server, self.name))
    }

    /// The store in this schema, for one process alone.
    pub(crate) async fn open(&self) -> crate::store::Result<PostgresStore> {
        self.open_as(Sharing::Alone).await
    }

    /// The store in this schema.
    pub(crate) async fn open_as(&self, sharing: Sharing) -> crate::store::Result<PostgresStore> {
        Box::pin(PostgresStore::open(&self.url(), &self.key, sharing, NOW)).await
    }

    pub(crate) async fn run(&self, statement: &str) {
        run(self.server.clone(), format!("set search_path to {}; {statement}", self.name)).await;
    }
}

impl Drop for Schema {
    fn drop(&mut self) {
        wait_for(run(self.server.clone(), format!("set lock_timeout = '20s'; drop schema {} cascade", self.name)));
    }
}
