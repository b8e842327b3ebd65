//! What the tests of whole parts share: a complete installation in a temporary folder, its clients, and an archive to put into it.
//!
//! [`with_app`] opens the real thing (SQLite, the embedded index, the shipped encoder) behind its real router; only the clock is ours.
//! After a test it checks that no job is left unfinished and that the installation closes.

pub(crate) mod archive;
pub(crate) mod client;
pub(crate) mod events;

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use axum::Router;
use riposte::app::{App, OnNewEncoder};
use riposte::config::{Config, Flags};
use riposte::domain::{AccessRole, Clock, DeskScope, Timestamp};
use riposte::http::{Readiness, ReadinessState};
use serde_json::Value;

use client::{Client, Upload};

/// The present of every test: 2026-06-01T00:00:00Z.
const NOW: i64 = 1_780_272_000_000_000;

/// A clock that stands until it is moved.
pub(crate) struct TestClock(AtomicI64);

impl TestClock {
    pub(crate) fn advance(&self, seconds: i64) {
        self.0.fetch_add(seconds * 1_000_000, Ordering::SeqCst);
    }
}

impl Clock for TestClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_micros(self.0.load(Ordering::SeqCst))
    }
}

/// Folder of the encoder that is shipped.
pub(crate) fn encoder_folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("models/riposte-zh-en")
}

/// Settings for a data folder, independent of the environment.
pub(crate) fn config(data_dir: &Path, settings: &[&str]) -> Config {
    let mut assignments = vec![format!("encoder.folder={}", encoder_folder().display())];
    assignments.extend(settings.iter().map(|setting| (*setting).to_owned()));
    let flags = Flags { data_dir: Some(data_dir.to_owned()), assignments, ..Flags::default() };
    Config::from_sources(&flags, &HashMap::new()).unwrap()
}

/// One installation.
pub(crate) struct TestApp {
    pub(crate) app: App,
    pub(crate) clock: Arc<TestClock>,
    router: Router,
    folder: tempfile::TempDir,
}

/// Runs a test on an installation of its own.
pub(crate) async fn with_app(test: impl AsyncFnOnce(&TestApp)) {
    with_settings(&[], test).await;
}

/// Runs a test on an installation with some settings of its own (`key=value`).
pub(crate) async fn with_settings(settings: &[&str], test: impl AsyncFnOnce(&TestApp)) {
    let app = TestApp::open(settings).await;
    test(&app).await;
    app.close().await;
}

impl TestApp {
    async fn open(settings: &[&str]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let clock = Arc::new(TestClock(AtomicI64::new(NOW)));
        let app = App::open(config(folder.path(), settings), Arc::clone(&clock) as Arc<dyn Clock>, OnNewEncoder::Refuse).await.unwrap();
        let readiness = Arc::new(Readiness::default());
        readiness.set(ReadinessState::Ready);
        let router = app.router(readiness);
        Self { app, clock, router, folder }
    }

    async fn close(self) {
        let jobs = self.app.jobs.jobs(None, None, 1000).await.unwrap();
        let unfinished: Vec<_> = jobs.iter().filter(|job| !job.state.is_final()).collect();
        assert!(unfinished.is_empty(), "jobs are left: {unfinished:?}");
        drop(self.router);
        self.app.close().await.unwrap();
    }

    /// Somebody without credentials.
    pub(crate) fn anonymous(&self) -> Client {
        Client::new(self.router.clone())
    }

    /// Prometheus.
    pub(crate) fn metrics(&self) -> Client {
        Client::new(self.app.metrics_router())
    }

    /// The holder of a new API key; no desks: every desk.
    pub(crate) async fn key(&self, role: AccessRole, desks: &[&str]) -> Client {
        let scope =
            if desks.is_empty() { DeskScope::All } else { DeskScope::Only(desks.iter().map(|desk| desk.parse().unwrap()).collect()) };
        let (_, key) = self.app.auth.add_api_key("test", role, scope).await.unwrap();
        self.anonymous().with("authorization", &format!("Bearer {key}"))
    }

    /// The holder of an administrator's key.
    pub(crate) async fn admin(&self) -> Client {
        self.key(AccessRole::Admin, &[]).await
    }

    /// Imports JSON lines into a desk and waits for the end; the job as it then is.
    pub(crate) async fn import_jsonl(&self, desk: &str, jsonl: &str) -> Value {
        let job = self.admin().await.import(&Upload::jsonl(desk, jsonl)).await;
        assert_eq!(job["state"], "succeeded", "{job}");
        job
    }

    /// A desk with the archive of [`archive::shop`].
    pub(crate) async fn shop(&self) {
        self.import_jsonl("shop", &archive::shop()).await;
    }

    /// Has a desk show everything that was found, however unlikely.
    pub(crate) async fn show_everything(&self, desk: &str) {
        let settings = serde_json::json!({"threshold": 0.0});
        self.admin().await.patch(&format!("/v1/desks/{desk}/settings"), &settings).await.ok();
    }

    /// Files waiting in the folder for uploads.
    pub(crate) fn uploads(&self) -> usize {
        fs_err::read_dir(self.folder.path().join("uploads")).unwrap().count()
    }
}
