//! Passes requests on to the installation that is open. While it is opened again, they wait; nobody is refused and no connection is cut.

use std::time::Duration;

use axum::Router;
use axum::body::{Body, HttpBody as _};
use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use futures::StreamExt as _;
use tokio::sync::watch;
use tokio_util::task::TaskTracker;
use tokio_util::task::task_tracker::TaskTrackerToken;
use tower::ServiceExt as _;

/// What stands between a listener and the router of an installation.
#[derive(Clone, Default)]
pub struct Relay(watch::Sender<Option<Open>>);

/// A router, and the requests it has not answered yet.
#[derive(Clone)]
struct Open {
    router: Router,
    requests: TaskTracker,
}

impl Relay {
    /// What a listener serves: this relay, whatever is asked for.
    pub fn router(&self) -> Router {
        Router::new().fallback(pass_on).with_state(self.clone())
    }

    /// Has requests answered by `router` from now on.
    pub fn open(&self, router: Router) {
        self.0.send_replace(Some(Open { router, requests: TaskTracker::new() }));
    }

    /// Has requests wait from now on, and waits for those under way, at most for `patience`; tells whether all were answered.
    pub async fn hold(&self, patience: Duration) -> bool {
        let Some(Open { requests, .. }) = self.0.send_replace(None) else { return true };
        requests.close();
        tokio::time::timeout(patience, requests.wait()).await.is_ok()
    }
}

async fn pass_on(State(relay): State<Relay>, request: Request) -> Response {
    let mut open = relay.0.subscribe();
    // Counted while the relay can't be shut: no request slips through uncounted.
    let taken =
        open.wait_for(Option::is_some).await.ok().and_then(|open| Some((open.as_ref()?.router.clone(), open.as_ref()?.requests.token())));
    let Some((router, token)) = taken else { return StatusCode::SERVICE_UNAVAILABLE.into_response() };
    let response = router.oneshot(request).await.unwrap_or_else(|never| match never {});
    until_sent(response, token)
}

/// Counts a response that is still being made as under way.
fn until_sent(response: Response, token: TaskTrackerToken) -> Response {
    if response.body().size_hint().exact().is_some() {
        return response;
    }
    response.map(|body| {
        Body::from_stream(body.into_data_stream().map(move |part| {
            let _under_way = &token;
            part
        }))
    })
}

#[cfg(test)]
mod tests {
    use axum::routing::get;
    use tokio::sync::oneshot;

    use super::*;

    async fn ask(relay: &Relay) -> String {
        let response = relay.router().oneshot(Request::new(Body::empty())).await.unwrap();
        String::from_utf8(axum::body::to_bytes(response.into_body(), 1_000).await.unwrap().to_vec()).unwrap()
    }

    fn says(text: &'static str) -> Router {
        Router::new().route("/", get(move || async move { text }))
    }

    #[tokio::test]
    async fn requests_wait_while_nothing_is_open() {
        let relay = Relay::default();
        let early = tokio::spawn({
            let relay = relay.clone();
            async move { ask(&relay).await }
        });
        tokio::task::yield_now().await;
        assert!(!early.is_finished());
        relay.open(says("one"));
        assert_eq!(early.await.unwrap(), "one");
        assert!(relay.hold(Duration::ZERO).await);
        let between = ask(&relay);
        let opened = async { relay.open(says("two")) };
        assert_eq!(tokio::join!(between, opened).0, "two");
    }

    #[tokio::test]
    async fn a_response_that_is_being_sent_is_waited_for() {
        let relay = Relay::default();
        let (end, ended) = oneshot::channel::<()>();
        let ended = std::sync::Mutex::new(Some(ended));
        let stream = move || {
            let ended = ended.lock().unwrap().take().unwrap();
            let parts = futures::stream::once(async move {
                ended.await.unwrap();
                Ok::<_, std::convert::Infallible>("all of it")
            });
            std::future::ready(Body::from_stream(parts).into_response())
        };
        let stream = std::sync::Arc::new(stream);
        relay.open(Router::new().route("/", get(move || stream())));
        let response = relay.router().oneshot(Request::new(Body::empty())).await.unwrap();
        assert!(!relay.hold(Duration::from_millis(20)).await, "patience has an end");
        end.send(()).unwrap();
        assert_eq!(axum::body::to_bytes(response.into_body(), 100).await.unwrap(), "all of it");
    }
}
