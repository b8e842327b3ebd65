//! Reaching the server: which of its addresses, for how long, how often, and what to do about it when that fails.
//!
//! Every address is a peer of one cluster; any of them answers for all. The one that answered last is asked first. Reads go once round the
//! addresses. Writes may be repeated freely (upserts and deletes say what is to be, not what is to change), so they are tried again, with
//! growing pauses, until [`WRITE_PATIENCE`] has passed.

use std::fmt;
use std::future::Future;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use qdrant_client::{Qdrant, QdrantError};
use secrecy::ExposeSecret as _;
use tokio::time::{Instant, sleep, timeout};
use tonic::Code;

use super::ServerSettings;
use crate::index::IndexError;

/// Oldest version that keeps notes on a collection and looks past excluded neighbours.
const OLDEST_VERSION: (u32, u32) = (1, 16);
/// Longest wait for one request that nobody waits for at a keyboard: writes, pages, counts, searches of jobs.
pub(super) const LONG: Duration = Duration::from_secs(30);
/// How long a write is tried. Whoever feeds the index goes on trying after that; what is bounded here is how long one call is silent.
const WRITE_PATIENCE: Duration = Duration::from_mins(1);
/// Pause before a write is tried again, at first and at most.
const FIRST_PAUSE: Duration = Duration::from_millis(200);
const LONGEST_PAUSE: Duration = Duration::from_secs(5);
/// Connections to each address.
const CONNECTIONS: usize = 3;

/// The addresses of a server or cluster. Displayed without the key.
pub(super) struct Cluster {
    peers: Vec<Peer>,
    /// The peer to ask first.
    preferred: AtomicUsize,
    /// Longest wait for an answer that somebody waits for.
    pub(super) patience: Duration,
}

struct Peer {
    client: Qdrant,
    address: String,
}

/// What a request came to.
enum Failure {
    /// It may go well at another peer, or later.
    Passing(Fault),
    /// It would fail again.
    Lasting(IndexError),
}

/// What a peer said, or that it said nothing.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(super) struct Fault(String);

impl fmt::Display for Cluster {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (place, peer) in self.peers.iter().enumerate() {
            if place > 0 {
                formatter.write_str(", ")?;
            }
            formatter.write_str(&peer.address)?;
        }
        Ok(())
    }
}

impl Cluster {
    /// Reads the addresses; nothing is sent yet.
    pub(super) fn new(settings: &ServerSettings) -> Result<Self, IndexError> {
        if let Some(key) = &settings.api_key
            && !key.expose_secret().bytes().all(|byte| byte.is_ascii_graphic())
        {
            // The client would repeat the key in its complaint.
            return Err(IndexError::Server(
                "setting `index.api_key`: a key has neither blanks nor other characters than ASCII; look for a line break or quotes"
                    .to_owned(),
            ));
        }
        let peers = settings.addresses.iter().map(|address| {
            let mut config = Qdrant::from_url(address).timeout(LONG).connect_timeout(settings.timeout.min(LONG)).skip_compatibility_check();
            config.api_key = settings.api_key.as_ref().map(|key| key.expose_secret().to_owned());
            config.set_pool_size(CONNECTIONS);
            // The cause could repeat what was written.
            let client = config.build().map_err(|_malformed| {
                IndexError::Server(format!("setting `index.url`: `{address}` can't be read; write it as http://HOST:6334"))
            })?;
            Ok(Peer { client, address: address.clone() })
        });
        Ok(Self { peers: peers.collect::<Result<_, IndexError>>()?, preferred: AtomicUsize::new(0), patience: settings.timeout })
    }

    /// Whether a peer answers, and is one that can be used.
    pub(super) async fn check(&self) -> Result<(), IndexError> {
        let version = self.read(self.patience, |client| async move { client.health_check().await }).await?.version;
        if version_of(&version).is_some_and(|found| found >= OLDEST_VERSION) {
            return Ok(());
        }
        let (major, minor) = OLDEST_VERSION;
        Err(IndexError::Server(format!("Qdrant at {self} is version {version}, {major}.{minor} or newer is needed")))
    }

    /// Asks one peer after the other, each for at most `patience`.
    pub(super) async fn read<T, F>(&self, patience: Duration, request: impl Fn(Qdrant) -> F + Send + Sync) -> Result<T, IndexError>
    where
        T: Send,
        F: Future<Output = Result<T, QdrantError>> + Send,
    {
        match self.round(patience, &request).await {
            Ok(answer) => Ok(answer),
            Err(Failure::Lasting(error)) => Err(error),
            Err(Failure::Passing(fault)) => Err(self.unreachable(fault)),
        }
    }

    /// Has something written that may be written twice.
    pub(super) async fn write<T, F>(&self, request: impl Fn(Qdrant) -> F + Send + Sync) -> Result<T, IndexError>
    where
        T: Send,
        F: Future<Output = Result<T, QdrantError>> + Send,
    {
        let end = Instant::now() + WRITE_PATIENCE;
        let mut pause = FIRST_PAUSE;
        loop {
            let fault = match self.round(LONG, &request).await {
                Ok(answer) => return Ok(answer),
                Err(Failure::Lasting(error)) => return Err(error),
                Err(Failure::Passing(fault)) => fault,
            };
            if Instant::now() + pause >= end {
                return Err(self.unreachable(fault));
            }
            tracing::warn!(error = &fault as &dyn std::error::Error, "the index server did not take a write; it is tried again");
            sleep(pause).await;
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
    }

    /// Each address once, beginning with the one that answered last.
    async fn round<T, F>(&self, patience: Duration, request: &(impl Fn(Qdrant) -> F + Send + Sync)) -> Result<T, Failure>
    where
        T: Send,
        F: Future<Output = Result<T, QdrantError>> + Send,
    {
        let first = self.preferred.load(Ordering::Relaxed);
        let mut failure = Failure::Passing(Fault("no address is known".to_owned()));
        for place in (first..first + self.peers.len()).map(|place| place % self.peers.len()) {
            let peer = &self.peers[place];
            let answer = match timeout(patience, request(peer.client.clone())).await {
                Ok(Ok(answer)) => Ok(answer),
                Ok(Err(error)) => Err(judge(error, &peer.address)),
                Err(_elapsed) => {
                    Err(Failure::Passing(Fault(format!("{} did not answer within {} ms", peer.address, patience.as_millis()))))
                }
            };
            match answer {
                Ok(answer) => {
                    if place != first {
                        tracing::info!(address = %peer.address, "the index is reached at another address");
                        self.preferred.store(place, Ordering::Relaxed);
                    }
                    return Ok(answer);
                }
                Err(lasting @ Failure::Lasting(_)) => return Err(lasting),
                Err(passing @ Failure::Passing(_)) => failure = passing,
            }
        }
        Err(failure)
    }

    fn unreachable(&self, fault: Fault) -> IndexError {
        IndexError::Unreachable { server: self.to_string(), source: Box::new(fault) }
    }
}

/// Major and minor version; `None` for what is none.
fn version_of(text: &str) -> Option<(u32, u32)> {
    let mut parts = text.trim_start_matches('v').split('.');
    Some((parts.next()?.parse().ok()?, parts.next()?.parse().ok()?))
}

/// Tells what passes from what lasts, and says what to do about the latter.
fn judge(error: QdrantError, address: &str) -> Failure {
    let status = match error {
        QdrantError::ResponseError { status } | QdrantError::ResourceExhaustedError { status, .. } => status,
        // Their texts say what could not be converted or read; nothing was sent.
        other @ (QdrantError::ConversionError(_) | QdrantError::InvalidUri(_) | QdrantError::NoSnapshotFound(_) | QdrantError::Io(_)) => {
            return Failure::Lasting(IndexError::Engine(other.to_string()));
        }
    };
    let said = status.message();
    match status.code() {
        // The client reports a refused connection as `Internal`, the server a peer that it can't reach.
        Code::Unavailable
        | Code::DeadlineExceeded
        | Code::Cancelled
        | Code::Aborted
        | Code::ResourceExhausted
        | Code::Internal
        | Code::Unknown => Failure::Passing(Fault(format!("{address}: {said}"))),
        Code::Unauthenticated | Code::PermissionDenied => Failure::Lasting(IndexError::Server(format!(
            "Qdrant at {address} refuses the key ({said}): check index.api_key (or index.api_key_file); it must allow reading, writing and making \
             collections that begin with index.collection_prefix"
        ))),
        Code::NotFound => Failure::Lasting(IndexError::Server(format!(
            "Qdrant at {address} no longer has the collection of the index ({said}): start riposte again, the index is then filled anew"
        ))),
        Code::Unimplemented => Failure::Lasting(IndexError::Server(format!(
            "what answers at {address} does not understand the request ({said}): is index.url the address of Qdrant's gRPC interface (port 6334)?"
        ))),
        Code::Ok | Code::InvalidArgument | Code::AlreadyExists | Code::FailedPrecondition | Code::OutOfRange | Code::DataLoss => {
            Failure::Lasting(IndexError::Engine(format!("{}: {said}", status.code())))
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::VecDeque;
    use std::sync::{Arc, Mutex};

    use qdrant_client::qdrant::qdrant_server::{Qdrant as Health, QdrantServer};
    use qdrant_client::qdrant::{HealthCheckReply, HealthCheckRequest};
    use secrecy::SecretString;
    use tokio::net::TcpListener;
    use tonic::transport::Server;
    use tonic::transport::server::TcpIncoming;
    use tonic::{Request, Response, Status};

    use super::*;
    use crate::domain::Quantization;

    const KEY: &str = "s3cret";

    /// A server that knows one request, and answers it as it is told: with a version, or an error.
    struct Scripted {
        answers: Mutex<VecDeque<Result<&'static str, Code>>>,
        asked: Arc<AtomicUsize>,
    }

    #[tonic::async_trait]
    impl Health for Scripted {
        async fn health_check(&self, request: Request<HealthCheckRequest>) -> Result<Response<HealthCheckReply>, Status> {
            self.asked.fetch_add(1, Ordering::SeqCst);
            assert_eq!(request.metadata().get("api-key").and_then(|key| key.to_str().ok()), Some(KEY));
            let version = self.answers.lock().unwrap().pop_front().unwrap_or(Ok("1.16.3"));
            let reply = version.map_err(|code| Status::new(code, "as told"))?;
            Ok(Response::new(HealthCheckReply { version: reply.to_owned(), ..HealthCheckReply::default() }))
        }
    }

    /// Starts one; its address, and how often it has been asked.
    async fn scripted(answers: &[Result<&'static str, Code>]) -> (String, Arc<AtomicUsize>) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let asked = Arc::new(AtomicUsize::new(0));
        let service = Scripted { answers: Mutex::new(answers.iter().copied().collect()), asked: Arc::clone(&asked) };
        tokio::spawn(Server::builder().add_service(QdrantServer::new(service)).serve_with_incoming(TcpIncoming::from(listener)));
        (address, asked)
    }

    fn cluster(addresses: &[&str]) -> Cluster {
        Cluster::new(&ServerSettings {
            addresses: addresses.iter().map(|&address| address.to_owned()).collect(),
            api_key: Some(SecretString::from(KEY)),
            collection_prefix: "riposte".to_owned(),
            timeout: Duration::from_secs(10),
            shard_number: 1,
            replication_factor: 1,
            write_consistency_factor: 1,
            quantization: Quantization::None,
        })
        .unwrap()
    }

    async fn version(client: Qdrant) -> Result<String, QdrantError> {
        client.health_check().await.map(|reply| reply.version)
    }

    #[tokio::test]
    async fn a_write_is_tried_until_it_is_taken() {
        let away = Err(Code::Unavailable);
        let (address, asked) = scripted(&[away, away, Err(Code::DeadlineExceeded), away, Ok("1.17.0")]).await;
        assert_eq!(cluster(&[&address]).write(version).await.unwrap(), "1.17.0");
        assert_eq!(asked.load(Ordering::SeqCst), 5);
    }

    #[tokio::test]
    async fn what_lasts_is_asked_once() {
        for (answer, hint) in [(Code::Unauthenticated, "index.api_key"), (Code::NotFound, "filled anew")] {
            let (address, asked) = scripted(&[Err(answer)]).await;
            let said = cluster(&[&address]).write(version).await.unwrap_err().to_string();
            assert!(said.contains(hint) && said.contains(&address) && !said.contains(KEY), "{said}");
            assert_eq!(asked.load(Ordering::SeqCst), 1, "{answer:?}");
        }
    }

    #[tokio::test]
    async fn a_peer_that_fails_is_passed_over_until_the_next_one_does() {
        let (first, asked_first) = scripted(&[Err(Code::DeadlineExceeded)]).await;
        let (second, asked_second) = scripted(&[Ok("1.16.0"), Ok("1.16.1"), Err(Code::DeadlineExceeded)]).await;
        let cluster = cluster(&[&first, &second]);
        let asked = || (asked_first.load(Ordering::SeqCst), asked_second.load(Ordering::SeqCst));
        assert_eq!(cluster.read(LONG, version).await.unwrap(), "1.16.0");
        assert_eq!(asked(), (1, 1));
        assert_eq!(cluster.read(LONG, version).await.unwrap(), "1.16.1");
        assert_eq!(asked(), (1, 2), "the one that answered is asked first");
        assert_eq!(cluster.read(LONG, version).await.unwrap(), "1.16.3");
        assert_eq!(asked(), (2, 3));
    }

    #[tokio::test]
    async fn a_read_goes_once_round_and_says_what_it_heard() {
        let (first, _) = scripted(&[Err(Code::DeadlineExceeded)]).await;
        let (second, _) = scripted(&[Err(Code::ResourceExhausted)]).await;
        let cluster = cluster(&[&first, &second]);
        let error = cluster.read(LONG, version).await.unwrap_err();
        let heard = std::error::Error::source(&error).unwrap().to_string();
        assert!(error.is_unreachable() && error.to_string().contains(&first) && heard.contains("as told"), "{error}: {heard}");
        assert_eq!(cluster.read(LONG, version).await.unwrap(), "1.16.3", "the next one finds it again");
    }

    #[tokio::test]
    async fn an_older_server_is_refused() {
        let (address, _) = scripted(&[Ok("1.9.7"), Ok("1.16.0")]).await;
        let cluster = cluster(&[&address]);
        let said = cluster.check().await.unwrap_err().to_string();
        assert!(said.contains("1.9.7") && said.contains("1.16 or newer"), "{said}");
        cluster.check().await.unwrap();
    }

    fn status(code: Code) -> QdrantError {
        QdrantError::ResponseError { status: tonic::Status::new(code, "said") }
    }

    #[test]
    fn versions_are_compared_as_numbers() {
        assert_eq!(version_of("1.16.3"), Some((1, 16)));
        assert_eq!(version_of("v1.20.0-dev"), Some((1, 20)));
        assert!(version_of("1.9.7") < Some(OLDEST_VERSION));
        assert!(version_of("2.0.0") > Some(OLDEST_VERSION));
        assert_eq!(version_of("nightly"), None);
    }

    #[test]
    fn only_what_may_pass_is_tried_again() {
        for code in [Code::Unavailable, Code::DeadlineExceeded, Code::Internal, Code::ResourceExhausted] {
            assert!(matches!(judge(status(code), "a"), Failure::Passing(_)), "{code:?}");
        }
        for (code, hint) in [
            (Code::Unauthenticated, "index.api_key"),
            (Code::PermissionDenied, "index.api_key"),
            (Code::NotFound, "filled anew"),
            (Code::Unimplemented, "6334"),
        ] {
            match judge(status(code), "http://a:6334") {
                Failure::Lasting(IndexError::Server(text)) => assert!(text.contains(hint) && text.contains("http://a:6334"), "{text}"),
                Failure::Lasting(other) => panic!("{other}"),
                Failure::Passing(fault) => panic!("{fault}"),
            }
        }
        assert!(matches!(judge(status(Code::InvalidArgument), "a"), Failure::Lasting(IndexError::Engine(_))));
    }
}
