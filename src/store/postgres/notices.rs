//! What processes on one database tell each other: PostgreSQL's notifications, sent by triggers when a change is committed.
//!
//! A session of its own listens. When it is lost, or has been silent and does not answer, it is opened again, and whoever receives notices is
//! told that some may be missing ([`Notice::Missed`]), after the new session listens: what happens from then on arrives, what happened before is
//! read again.

use std::time::Duration;

use sqlx::PgPool;
use sqlx::postgres::{PgListener, PgPoolOptions};
use tokio::sync::broadcast;
use tokio_util::sync::{CancellationToken, DropGuard};

use super::connect::Server;
use crate::store::{Notice, Notices, Result};

/// Longest silence after which the session is asked whether it is still there.
const SILENCE: Duration = Duration::from_secs(30);
/// Longest wait for its answer.
const PATIENCE: Duration = Duration::from_secs(5);
/// Pause before a lost session is opened again.
const AGAIN: Duration = Duration::from_secs(1);

/// Listens while it lives.
#[derive(Debug)]
pub(super) struct Listening {
    channel: String,
    name: String,
    notices: broadcast::Sender<Notice>,
    stop: CancellationToken,
    _guard: DropGuard,
}

impl Listening {
    /// Begins to listen to what the other processes on the schema say; it does by the time this returns.
    pub(super) async fn begin(server: &Server) -> Result<Self> {
        let pool = pool(server);
        // As the triggers name it.
        let channel: String = sqlx::query_scalar("select 'riposte ' || md5(current_schema())").fetch_one(&pool).await?;
        let listener = listen(&pool, &channel).await?;
        let (notices, stop) = (Notices::channel(), CancellationToken::new());
        let hearing = Hearing { server: server.clone(), channel: channel.clone(), notices: notices.clone() };
        let (stopped, name) = (stop.clone(), server.session_name.clone());
        tokio::spawn(async move { stopped.run_until_cancelled(Box::pin(hearing.hear(listener))).await });
        Ok(Self { channel, name, notices, stop: stop.clone(), _guard: stop.drop_guard() })
    }

    /// Notices from now on.
    pub(super) fn notices(&self) -> Notices {
        Notices::of(&self.notices)
    }

    /// Tells the others.
    pub(super) async fn tell(&self, connections: &PgPool, notice: &str) -> Result<()> {
        sqlx::query("select pg_notify($1, $2)")
            .bind(self.channel.as_str())
            .bind(format!("{}|{notice}", self.name))
            .execute(connections)
            .await?;
        Ok(())
    }

    /// Ends the listening.
    pub(super) fn end(&self) {
        self.stop.cancel();
    }
}

/// What the listening task needs.
struct Hearing {
    server: Server,
    channel: String,
    notices: broadcast::Sender<Notice>,
}

impl Hearing {
    async fn hear(self, first: PgListener) {
        let mut next = Some(first);
        loop {
            if let Some(listener) = next.take() {
                let error = self.hear_until_lost(listener).await;
                tracing::warn!(server = %self.server, error = &error as &dyn std::error::Error, "the session that listens to other processes is lost; opening another");
            }
            tokio::time::sleep(AGAIN).await;
            match listen(&pool(&self.server), &self.channel).await {
                Ok(listener) => {
                    self.pass(Notice::Missed);
                    next = Some(listener);
                }
                Err(error) => tracing::debug!(error = &error as &dyn std::error::Error, "no session to listen with yet"),
            }
        }
    }

    async fn hear_until_lost(&self, mut listener: PgListener) -> sqlx::Error {
        loop {
            match tokio::time::timeout(SILENCE, listener.try_recv()).await {
                Ok(Ok(Some(notification))) => self.take(notification.payload()),
                // Lost, and listening again already.
                Ok(Ok(None)) => self.pass(Notice::Missed),
                Ok(Err(error)) => return error,
                Err(_silent) => match tokio::time::timeout(PATIENCE, sqlx::query("select 1").execute(&mut listener)).await {
                    Ok(Ok(_there)) => {}
                    Ok(Err(error)) => return error,
                    Err(_elapsed) => return sqlx::Error::PoolTimedOut,
                },
            }
        }
    }

    fn take(&self, payload: &str) {
        let Some((from, notice)) = payload.split_once('|') else { return };
        if from == self.server.session_name {
            return;
        }
        if let Some(notice) = Notice::parse(notice) {
            self.pass(notice);
        } else {
            tracing::debug!("another process tells what this one does not understand");
        }
    }

    fn pass(&self, notice: Notice) {
        // Nobody receiving is no error.
        let _ = self.notices.send(notice);
    }
}

fn pool(server: &Server) -> PgPool {
    let pool = PgPoolOptions::new().max_connections(1).max_lifetime(None).idle_timeout(None).acquire_timeout(PATIENCE);
    pool.connect_lazy_with(server.options.clone())
}

async fn listen(pool: &PgPool, channel: &str) -> std::result::Result<PgListener, sqlx::Error> {
    let mut listener = PgListener::connect_with(pool).await?;
    listener.ignore_pool_close_event(true);
    listener.listen(channel).await?;
    Ok(listener)
}
