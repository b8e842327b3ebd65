//! A hub of our own on the loopback interface that gives a tiny encoder, and misbehaves on demand.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::{Mutex, PoisonError};

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{Path as UrlPath, State};
use axum::http::{HeaderMap, Method, Response, StatusCode};
use axum::response::IntoResponse;
use axum::routing::get;
use futures::{StreamExt as _, stream};
use sha1::Digest;
use tempfile::TempDir;

use super::*;
use crate::embed::EmbedModel;
use crate::embed::candle::CandleModel;
use crate::embed::manifest::{Architecture, Pooling, sha256_hex};

const COMMIT: &str = "0123456789abcdef0123456789abcdef01234567";

fn cases(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases/encoders").join(name)
}

/// What a request asked for: method, path, range.
type Request = (String, String, Option<String>);

#[derive(Default)]
struct Behaviour {
    files: BTreeMap<String, Vec<u8>>,
    /// Bytes of the weights after which the connection breaks, once.
    breaks_after: Option<usize>,
    /// What the weights are said to hash to, where that is not the truth.
    lie: Option<String>,
    /// Whether files are named without any hash.
    no_hash: bool,
    /// Whether ranges are ignored, as plain file servers may.
    whole_only: bool,
    requests: Vec<Request>,
}

#[derive(Clone, Default)]
struct TestHub(Arc<Mutex<Behaviour>>);

impl TestHub {
    fn giving(folder: &str, files: &[&str]) -> Self {
        let hub = Self::default();
        for file in files {
            hub.set(|hub| drop(hub.files.insert((*file).to_owned(), fs_err::read(cases(folder).join(file)).unwrap())));
        }
        hub
    }

    fn set<T>(&self, change: impl FnOnce(&mut Behaviour) -> T) -> T {
        change(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Methods and paths of what was asked for, and forgets them.
    fn requests(&self) -> Vec<Request> {
        self.set(|hub| std::mem::take(&mut hub.requests))
    }

    /// Listens until the test's runtime ends.
    fn start(&self, runtime: &tokio::runtime::Runtime) -> SocketAddr {
        let router = Router::new()
            .route("/{owner}/{name}/resolve/{revision}/{file}", get(resolve))
            .route("/api/{file}", get(small))
            .route("/store/{file}", get(large))
            .with_state(self.clone());
        runtime.block_on(async {
            let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
            let address = listener.local_addr().unwrap();
            tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
            address
        })
    }
}

/// As Hugging Face: a large file is a redirection that says what it is, a small one a redirection that does not.
async fn resolve(
    State(hub): State<TestHub>,
    method: Method,
    UrlPath((owner, name, revision, file)): UrlPath<(String, String, String, String)>,
    headers: HeaderMap,
) -> Response<Body> {
    let range = headers.get("range").map(|range| range.to_str().unwrap().to_owned());
    hub.set(|hub| {
        hub.requests.push((method.to_string(), format!("{owner}/{name}/resolve/{revision}/{file}"), range));
        let Some(bytes) = hub.files.get(&file) else { return StatusCode::NOT_FOUND.into_response() };
        let answer = Response::builder().status(302).header("x-repo-commit", COMMIT);
        if matches!(file.as_str(), "config.json" | "tokenizer.json") {
            return answer.header("location", format!("/api/{file}")).body(Body::empty()).unwrap();
        }
        let hash = hub.lie.clone().unwrap_or_else(|| sha256_hex(bytes));
        let answer = answer.header("location", format!("/store/{file}")).header("x-linked-size", bytes.len());
        let answer = if hub.no_hash { answer } else { answer.header("x-linked-etag", format!("\"{hash}\"")) };
        answer.body(Body::empty()).unwrap()
    })
}

async fn small(State(hub): State<TestHub>, UrlPath(file): UrlPath<String>) -> Response<Body> {
    hub.set(|hub| {
        let bytes = hub.files[&file].clone();
        let mut hash = sha1::Sha1::new();
        hash.update(format!("blob {}\0", bytes.len()));
        hash.update(&bytes);
        let digits = hash.finalize().iter().fold(String::new(), |digits, byte| format!("{digits}{byte:02x}"));
        Response::builder().header("etag", format!("\"{digits}\"")).body(Body::from(bytes)).unwrap()
    })
}

async fn large(State(hub): State<TestHub>, UrlPath(file): UrlPath<String>, headers: HeaderMap) -> Response<Body> {
    hub.set(|hub| {
        let bytes = hub.files[&file].clone();
        let range = headers.get("range").map(|range| range.to_str().unwrap());
        let start: usize = range.map_or(0, |range| range.strip_prefix("bytes=").unwrap().strip_suffix('-').unwrap().parse().unwrap());
        // The hash of the place where it is kept: none that a client could use.
        let answer = Response::builder().header("etag", "\"d41d8cd98f00b204e9800998ecf8427e\"");
        if start > 0 && !hub.whole_only {
            let range = format!("bytes {start}-{}/{}", bytes.len() - 1, bytes.len());
            return answer.status(206).header("content-range", range).body(Body::from(bytes[start..].to_vec())).unwrap();
        }
        let Some(end) = hub.breaks_after.take() else { return answer.body(Body::from(bytes)).unwrap() };
        let length = bytes.len();
        let part = Bytes::copy_from_slice(&bytes[..end]);
        // Between the two the server's connection gets its turn to send what it has.
        let breaks = stream::once(async {
            tokio::task::yield_now().await;
            Err(std::io::Error::from(std::io::ErrorKind::ConnectionReset))
        });
        let part = stream::once(async { Ok(part) }).chain(breaks);
        answer.header("content-length", length).body(Body::from_stream(part)).unwrap()
    })
}

/// A hub, an encoder it has, and where that is to go.
struct Fixture {
    hub: TestHub,
    client: Hub,
    model: KnownModel,
    order: Order,
    /// For its life.
    _folder: TempDir,
    _runtime: tokio::runtime::Runtime,
}

fn fixture() -> Fixture {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let hub = TestHub::giving("bert-wordpiece", &["config.json", "tokenizer.json", "model.safetensors"]);
    let endpoint = format!("http://{}", hub.start(&runtime));
    let model = KnownModel {
        name: "tiny".to_owned(),
        repository: "owner/tiny-encoder".to_owned(),
        architecture: Architecture::Bert,
        pooling: Pooling::Cls,
        query_prefix: "query: ".to_owned(),
        passage_prefix: String::new(),
        dimension: 16,
        max_tokens: 32,
        weights: "model.safetensors".to_owned(),
        megabytes: 1,
        licence: "Apache-2.0".to_owned(),
        languages: "none".to_owned(),
    };
    let folder = tempfile::tempdir().unwrap();
    let order = Order { folder: folder.path().join("models/tiny"), revision: "main".to_owned(), max_tokens: Some(24) };
    Fixture { hub, client: Hub::new(&endpoint).unwrap(), model, order, _folder: folder, _runtime: runtime }
}

impl Fixture {
    fn pull(&self) -> Result<Pulled, HubError> {
        self.client.pull(&self.model, &self.order, &mut |_, _, _| ())
    }

    fn files(&self) -> Vec<String> {
        let mut names: Vec<String> =
            fs_err::read_dir(&self.order.folder).unwrap().map(|item| item.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }

    fn size(&self, file: &str) -> u64 {
        fs_err::metadata(self.order.folder.join(file)).unwrap().len()
    }
}

#[test]
fn a_pulled_folder_is_an_encoder() {
    let fixture = fixture();
    let mut seen = Vec::new();
    let pulled =
        fixture.client.pull(&fixture.model, &fixture.order, &mut |file, done, all| seen.push((file.to_owned(), done, all))).unwrap();
    assert_eq!(fixture.files(), ["config.json", "manifest.json", "model.safetensors", "tokenizer.json"]);
    let verified: Vec<&str> = pulled.files.iter().map(|file| file.verified.as_str()).collect();
    assert_eq!(verified, ["git hash of the hub", "git hash of the hub", "SHA-256 of the hub"]);
    let weights = fixture.size("model.safetensors");
    assert_eq!((pulled.files[2].bytes, pulled.files[2].fetched), (weights, weights));
    assert_eq!(seen.last(), Some(&("model.safetensors".to_owned(), weights, Some(weights))));

    let model = CandleModel::load(&fixture.order.folder).unwrap();
    assert_eq!(model.manifest(), &pulled.manifest);
    assert_eq!((model.info().max_tokens, model.manifest().query_prefix.as_str()), (24, "query: "));
    assert!(model.manifest().sources[0].name.contains(COMMIT), "{:?}", model.manifest().sources);

    // The first file settles the state of the repository that the others are from.
    let paths: Vec<String> = fixture.hub.requests().into_iter().map(|(_, path, _)| path).collect();
    let expected = |file: &str, revision: &str| format!("owner/tiny-encoder/resolve/{revision}/{file}");
    assert_eq!(paths[..3], [expected("config.json", "main"), expected("config.json", "main"), expected("tokenizer.json", COMMIT)]);
}

#[test]
fn what_is_there_is_not_fetched_again_and_what_was_changed_is() {
    let fixture = fixture();
    fixture.pull().unwrap();
    fixture.hub.requests();
    let again = fixture.pull().unwrap();
    assert!(again.files.iter().all(|file| file.fetched == 0) && fixture.hub.requests().is_empty());

    fs_err::write(fixture.order.folder.join("config.json"), "{}").unwrap();
    let repaired = fixture.pull().unwrap();
    let fetched: Vec<bool> = repaired.files.iter().map(|file| file.fetched > 0).collect();
    assert_eq!(fetched, [true, false, false]);
    CandleModel::load(&fixture.order.folder).unwrap();
}

#[test]
fn an_interrupted_file_goes_on_where_it_stopped() {
    let fixture = fixture();
    fixture.hub.set(|hub| hub.breaks_after = Some(20_000));
    let error = fixture.pull().unwrap_err();
    assert!(matches!(&error, HubError::Interrupted { file, .. } if file == "model.safetensors"), "{error}");
    assert!(error.to_string().contains("goes on"), "{error}");
    let left = fixture.size("model.safetensors.part");
    assert!(left <= 20_000);
    assert!(!fixture.files().contains(&"manifest.json".to_owned()) && !fixture.order.folder.join("model.safetensors").exists());
    // What arrives before a connection breaks is up to the machine; the second half is not.
    fs_err::write(
        fixture.order.folder.join("model.safetensors.part"),
        &fs_err::read(cases("bert-wordpiece/model.safetensors")).unwrap()[..20_000],
    )
    .unwrap();
    fixture.hub.requests();

    let pulled = fixture.pull().unwrap();
    assert_eq!(pulled.files[2].fetched, pulled.files[2].bytes - 20_000);
    let ranges: Vec<Option<String>> = fixture.hub.requests().into_iter().map(|(_, _, range)| range).collect();
    assert_eq!(ranges.iter().flatten().collect::<Vec<_>>(), ["bytes=20000-"]);
    CandleModel::load(&fixture.order.folder).unwrap();
}

#[test]
fn a_hub_without_ranges_gives_the_whole_file() {
    let fixture = fixture();
    fs_err::create_dir_all(&fixture.order.folder).unwrap();
    fs_err::write(fixture.order.folder.join("model.safetensors.part"), "something else").unwrap();
    fixture.hub.set(|hub| hub.whole_only = true);
    let pulled = fixture.pull().unwrap();
    assert_eq!(pulled.files[2].fetched, pulled.files[2].bytes);
    CandleModel::load(&fixture.order.folder).unwrap();
}

#[test]
fn a_wrong_hash_leaves_nothing_that_looks_complete() {
    let fixture = fixture();
    fixture.hub.set(|hub| hub.lie = Some("0".repeat(64)));
    let error = fixture.pull().unwrap_err();
    assert!(
        matches!(&error, HubError::WrongHash { file, expected, .. } if file == "model.safetensors" && *expected == "0".repeat(64)),
        "{error}"
    );
    assert_eq!(fixture.files(), ["config.json", "tokenizer.json"]);

    // A part of something else is told by the same comparison.
    fixture.hub.set(|hub| hub.lie = None);
    fs_err::write(fixture.order.folder.join("model.safetensors.part"), vec![7; 1000]).unwrap();
    assert!(matches!(fixture.pull().unwrap_err(), HubError::WrongHash { .. }));
    assert_eq!(fixture.files(), ["config.json", "tokenizer.json"]);
    fixture.pull().unwrap();
}

#[test]
fn a_file_that_cannot_be_verified_is_not_taken() {
    let fixture = fixture();
    fixture.hub.set(|hub| hub.no_hash = true);
    assert!(matches!(fixture.pull().unwrap_err(), HubError::NoHash { .. }));
    assert_eq!(fixture.files(), ["config.json", "tokenizer.json"]);
}

#[test]
fn a_repository_that_is_not_there_is_named() {
    let mut fixture = fixture();
    fixture.hub.set(|hub| hub.files.clear());
    fixture.order.revision = "v9".to_owned();
    let error = fixture.pull().unwrap_err();
    assert!(
        matches!(&error, HubError::Refused { url, status: 404 } if url.ends_with("/owner/tiny-encoder/resolve/v9/config.json")),
        "{error}"
    );
    assert_eq!(fixture.files(), Vec::<String>::new());
}

#[test]
fn another_encoder_under_the_name_is_refused() {
    let mut fixture = fixture();
    fixture.model.dimension = 512;
    assert!(matches!(fixture.pull().unwrap_err(), HubError::Another { dimension: 16, expected_dimension: 512, .. }));
    assert!(!fixture.files().contains(&"manifest.json".to_owned()));
}

#[test]
fn without_a_network_it_says_how_to_bring_the_folder_by_hand() {
    let mut fixture = fixture();
    // A port that was free a moment ago.
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    fixture.client = Hub::new(&format!("http://127.0.0.1:{port}/")).unwrap();
    let error = fixture.pull().unwrap_err();
    let text = error.to_string();
    let folder = fixture.order.folder.display();
    for part in
        ["HF_ENDPOINT", "encoder.hub", "config.json, tokenizer.json, model.safetensors", "https://huggingface.co/owner/tiny-encoder"]
    {
        assert!(text.contains(part), "{part}: {text}");
    }
    assert!(text.contains(&format!("riposte models pull tiny --to '{folder}' --local")), "{text}");

    // And that way works.
    assert!(matches!(adopt(&fixture.model, &fixture.order), Err(HubError::Missing { path, .. }) if path.ends_with("config.json")));
    for file in ["config.json", "tokenizer.json", "model.safetensors"] {
        fs_err::copy(cases("bert-wordpiece").join(file), fixture.order.folder.join(file)).unwrap();
    }
    let manifest = adopt(&fixture.model, &fixture.order).unwrap();
    assert_eq!(CandleModel::load(&fixture.order.folder).unwrap().manifest(), &manifest);
}

#[test]
fn weights_of_pytorch_are_rewritten() {
    let mut fixture = fixture();
    fixture.hub.set(|hub| {
        hub.files.remove("model.safetensors");
        hub.files.insert("pytorch_model.bin".to_owned(), fs_err::read(cases("pytorch_model.bin")).unwrap());
    });
    fixture.model.weights = "pytorch_model.bin".to_owned();
    fixture.pull().unwrap();
    assert_eq!(fixture.files(), ["config.json", "manifest.json", "model.safetensors", "tokenizer.json"]);
    let mut rewritten = CandleModel::load(&fixture.order.folder).unwrap();

    let other = self::fixture();
    other.pull().unwrap();
    let mut published = CandleModel::load(&other.order.folder).unwrap();
    let rows = [vec![2, 40, 50, 3], vec![2, 60, 3]];
    assert_eq!(rewritten.forward(&rows).unwrap(), published.forward(&rows).unwrap());
    // Nothing is left to be done.
    fixture.hub.requests();
    fixture.pull().unwrap();
    assert!(fixture.hub.requests().is_empty());
}

#[test]
fn weights_that_are_no_archive_of_pytorch_come_with_the_command_that_converts_them() {
    let mut fixture = fixture();
    fixture.hub.set(|hub| drop(hub.files.insert("pytorch_model.bin".to_owned(), b"no archive".to_vec())));
    fixture.model.weights = "pytorch_model.bin".to_owned();
    let error = fixture.pull().unwrap_err();
    assert!(matches!(&error, HubError::Convert { .. }) && error.to_string().contains("save_pretrained"), "{error}");
    assert_eq!(fixture.files(), ["config.json", "pytorch_model.bin", "tokenizer.json"]);
}

#[test]
fn the_known_encoders_are_found_by_name_and_by_repository() {
    let all = KnownModel::all();
    assert_eq!(all.len(), 5);
    for model in &all {
        assert_eq!(KnownModel::find(&model.name.to_uppercase()).unwrap(), *model);
        assert_eq!(KnownModel::find(&model.repository).unwrap(), *model);
        assert!(model.dimension > 0 && model.max_tokens >= 512 && model.megabytes > 0 && !model.licence.is_empty());
    }
    let error = KnownModel::find("bge-huge").unwrap_err().to_string();
    assert!(error.contains("bge-huge") && all.iter().all(|model| error.contains(&model.name)), "{error}");
}
