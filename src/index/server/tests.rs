//! The contract on a Qdrant server, and what only a server has: being away, being someone else's, several shards.
//!
//! `TEST_QDRANT_URL` names the server's gRPC address (`http://127.0.0.1:6334`), or several of one cluster, divided by commas; without it the tests
//! that need one say so and pass. Each works in collections of its own and deletes them. What a server does when it is away is tested
//! without one.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use qdrant_client::Qdrant;
use qdrant_client::qdrant::{
    CollectionStatus, CreateCollectionBuilder, Distance, OptimizersConfigDiff, UpdateCollection, VectorParamsBuilder,
};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, copy_bidirectional};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::{AbortHandle, JoinSet};
use uuid::Uuid;

use super::*;
use crate::domain::random::SplitMix64;
use crate::domain::{Language, PairKind, Pool, Timestamp};
use crate::index::contract::{DIMENSION, contract_suite, desk, id, point};
use crate::index::exact::ExactIndex;
use crate::index::{DenseField, PointPayload, SparseField, SparseVector};

const ENCODER: &str = "model-a";
const STORE: &str = "store-a";

/// Collections that go with the test.
struct Site {
    settings: ServerSettings,
}

/// Runs a future on a runtime of its own: tests that fail unwind through `drop`, where nothing can be awaited.
fn wait_for<T: Send + 'static>(work: impl Future<Output = T> + Send + 'static) -> T {
    let runtime = || tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    std::thread::spawn(move || runtime().block_on(work)).join().unwrap()
}

fn settings(addresses: Vec<String>) -> ServerSettings {
    ServerSettings {
        addresses,
        api_key: std::env::var_os("TEST_QDRANT_API_KEY").and_then(|key| key.into_string().ok()).map(SecretString::from),
        collection_prefix: format!("riposte_test_{}", Uuid::new_v4().simple()),
        timeout: Duration::from_secs(10),
        shard_number: 1,
        replication_factor: 1,
        write_consistency_factor: 1,
        quantization: Quantization::None,
    }
}

impl Site {
    /// `None` where there is no server.
    fn new() -> Option<Self> {
        let Some(url) = std::env::var_os("TEST_QDRANT_URL").and_then(|url| url.into_string().ok()) else {
            eprintln!("SKIPPED: TEST_QDRANT_URL names no Qdrant server");
            return None;
        };
        Some(Self { settings: settings(url.split(',').map(str::to_owned).collect()) })
    }

    async fn collections(&self) -> Collections {
        Collections::connect(self.settings.clone(), STORE).await.unwrap()
    }

    async fn index(&self) -> ServerIndex {
        let collections = self.collections().await;
        collections.create(DIMENSION, ENCODER).await.unwrap();
        collections.open(DIMENSION, ENCODER).await.unwrap()
    }

    fn client(&self) -> Qdrant {
        client(&self.settings)
    }
}

fn client(settings: &ServerSettings) -> Qdrant {
    use secrecy::ExposeSecret as _;
    let key = settings.api_key.as_ref().map(|key| key.expose_secret().to_owned());
    Qdrant::from_url(&settings.addresses[0]).api_key(key).timeout(Duration::from_secs(30)).skip_compatibility_check().build().unwrap()
}

impl Drop for Site {
    fn drop(&mut self) {
        let settings = self.settings.clone();
        wait_for(async move {
            let client = client(&settings);
            for collection in client.list_collections().await.unwrap().collections {
                if collection.name.starts_with(&settings.collection_prefix) {
                    client.delete_collection(collection.name).await.unwrap();
                }
            }
        });
    }
}

async fn fresh() -> Option<(Site, ServerIndex)> {
    let site = Site::new()?;
    let index = site.index().await;
    Some((site, index))
}

/// Reads by an index of its own, opened anew, after every write.
struct Reopened(Site);

#[async_trait]
impl VectorIndex for Reopened {
    async fn upsert(&self, points: Vec<IndexPoint>) -> Result<(), IndexError> {
        self.open().await.upsert(points).await
    }

    async fn delete_sources(&self, sources: &[Uuid]) -> Result<(), IndexError> {
        self.open().await.delete_sources(sources).await
    }

    async fn search(&self, filter: &IndexFilter, probes: Vec<Probe>, limit: usize) -> Result<Vec<Vec<Hit>>, IndexError> {
        self.open().await.search(filter, probes, limit).await
    }

    async fn fetch(&self, desk: &DeskId, ids: &[Uuid]) -> Result<Vec<IndexPoint>, IndexError> {
        self.open().await.fetch(desk, ids).await
    }

    async fn page(&self, filter: &IndexFilter, after: Option<Uuid>, limit: usize) -> Result<Vec<IndexPoint>, IndexError> {
        self.open().await.page(filter, after, limit).await
    }

    async fn count(&self, filter: &IndexFilter) -> Result<usize, IndexError> {
        self.open().await.count(filter).await
    }

    async fn optimize(&self) -> Result<(), IndexError> {
        self.open().await.optimize().await
    }

    async fn flush(&self) -> Result<(), IndexError> {
        self.open().await.flush().await
    }

    async fn close(&self) -> Result<(), IndexError> {
        Ok(())
    }
}

impl Reopened {
    async fn open(&self) -> ServerIndex {
        self.0.collections().await.open(DIMENSION, ENCODER).await.unwrap()
    }
}

contract_suite!(on_a_server, fresh().await);
contract_suite!(quantized, {
    let site = Site::new().map(|mut site| {
        site.settings.quantization = Quantization::Int8;
        site
    });
    match site {
        Some(site) => {
            let index = site.index().await;
            Some((site, index))
        }
        None => None,
    }
});
contract_suite!(opened_for_every_call, fresh().await.map(|(site, _index)| ((), Reopened(site))));

fn everything() -> IndexFilter {
    IndexFilter::desk(desk("a"))
}

async fn ids_of(index: &ServerIndex) -> Vec<u128> {
    index.page(&everything(), None, 10_000).await.unwrap().iter().map(|point| point.id.as_u128()).collect()
}

fn said<T>(result: Result<T, IndexError>) -> String {
    match result {
        Err(IndexError::Server(text)) => text,
        Err(other) => panic!("{other}"),
        Ok(_) => panic!("no error"),
    }
}

#[tokio::test]
async fn a_collection_is_found_again_by_its_mark() {
    let Some(site) = Site::new() else { return };
    let collections = site.collections().await;
    assert_eq!(collections.mark(ENCODER).await.unwrap(), None);
    let mark = collections.create(DIMENSION, ENCODER).await.unwrap();
    collections.open(DIMENSION, ENCODER).await.unwrap().upsert((1..=20).map(point).collect()).await.unwrap();
    let again = site.collections().await;
    assert_eq!(again.mark(ENCODER).await.unwrap(), Some(mark.clone()));
    assert_eq!(ids_of(&again.open(DIMENSION, ENCODER).await.unwrap()).await, (1..=20).collect::<Vec<_>>());

    again.remove(ENCODER).await.unwrap();
    assert_eq!(again.mark(ENCODER).await.unwrap(), None);
    assert_ne!(again.create(DIMENSION, ENCODER).await.unwrap(), mark, "a collection made anew is another copy");
    assert_eq!(ids_of(&again.open(DIMENSION, ENCODER).await.unwrap()).await, [] as [u128; 0]);
}

#[tokio::test]
async fn a_collection_is_made_as_the_settings_say_with_every_field_indexed() {
    let Some(mut site) = Site::new() else { return };
    site.settings.shard_number = 2;
    site.index().await;
    let name = format!("{}-{ENCODER}", site.settings.collection_prefix);
    let info = site.client().collection_info(name).await.unwrap().result.unwrap();
    let params = info.config.unwrap().params.unwrap();
    assert_eq!((params.shard_number, params.replication_factor, params.write_consistency_factor), (2, Some(1), Some(1)));
    for (field, kind) in super::super::schema::FIELDS {
        let index = &info.payload_schema[field];
        let params = index.params.as_ref().and_then(|params| params.index_params.as_ref());
        let tenant = match params {
            Some(qdrant_client::qdrant::payload_index_params::IndexParams::KeywordIndexParams(params)) => params.is_tenant == Some(true),
            _ => false,
        };
        assert_eq!(tenant, kind == super::super::schema::FieldKind::Tenant, "{field}");
    }
}

#[tokio::test]
async fn a_changed_quantization_is_applied_by_the_server() {
    let Some(site) = Site::new() else { return };
    site.index().await.upsert((1..=60).map(point).collect()).await.unwrap();
    let name = format!("{}-{ENCODER}", site.settings.collection_prefix);
    let kept = async || {
        let config = site.client().collection_info(&name).await.unwrap().result.unwrap().config.unwrap();
        convert::quantization_of(config.params.unwrap().vectors_config.as_ref(), config.quantization_config.as_ref())
    };
    assert_eq!(kept().await, Some(Quantization::None));
    for quantization in [Quantization::Int8, Quantization::Int8, Quantization::None] {
        let settings = ServerSettings { quantization, ..site.settings.clone() };
        let index = Collections::connect(settings, STORE).await.unwrap().open(DIMENSION, ENCODER).await.unwrap();
        assert_eq!(kept().await, Some(quantization));
        assert_eq!(ids_of(&index).await, (1..=60).collect::<Vec<_>>());
        let hits = index.search(&everything(), vec![Probe::Dense(DenseField::Question, point(30).dense[0].clone())], 3).await.unwrap();
        assert!(hits[0][0].id == id(30) && (hits[0][0].score - 1.0).abs() < 1e-5, "{hits:?}");
    }
}

/// On a collection that is told to make codes of less than it would by itself.
#[tokio::test]
async fn codes_on_the_server_find_what_brute_force_finds() {
    const LIMIT: usize = 10;
    const POINTS: u128 = 4_000;
    let Some(mut site) = Site::new() else { return };
    site.settings.quantization = Quantization::Int8;
    let index = site.index().await;
    let name = format!("{}-{ENCODER}", site.settings.collection_prefix);
    let eager = OptimizersConfigDiff { indexing_threshold: Some(500), ..OptimizersConfigDiff::default() };
    let eager = UpdateCollection { collection_name: name.clone(), optimizers_config: Some(eager), ..UpdateCollection::default() };
    site.client().update_collection(eager).await.unwrap();
    let exact = ExactIndex::new(DIMENSION);
    let points: Vec<IndexPoint> = (0..POINTS).map(scattered).collect();
    for part in points.chunks(2_000) {
        index.upsert(part.to_vec()).await.unwrap();
        exact.upsert(part.to_vec()).await.unwrap();
    }
    let coded = async {
        loop {
            let info = site.client().collection_info(&name).await.unwrap().result.unwrap();
            if info.status == i32::from(CollectionStatus::Green) && info.indexed_vectors_count.unwrap_or(0) > 0 {
                return;
            }
        }
    };
    tokio::time::timeout(Duration::from_mins(2), coded).await.expect("the server builds segments with codes");
    let (mut wanted, mut hit) = (0, 0);
    for number in 0..40 {
        let probe = vec![Probe::Dense(DenseField::Question, scattered(POINTS + number).dense[0].clone())];
        let found = index.search(&everything(), probe.clone(), LIMIT).await.unwrap().remove(0);
        let oracle = exact.search(&everything(), probe, LIMIT).await.unwrap().remove(0);
        assert_eq!(found.len(), LIMIT);
        wanted += LIMIT;
        for hit_there in &found {
            if let Some(known) = oracle.iter().find(|known| known.id == hit_there.id) {
                assert!((known.score - hit_there.score).abs() < 1e-5, "{hit_there:?} is {known:?}: a score of the vectors");
                hit += 1;
            }
        }
    }
    assert!(hit * 100 >= wanted * 95, "{hit} of {wanted}");
}

#[tokio::test]
async fn encoders_have_collections_of_their_own_until_one_is_adopted() {
    let Some(site) = Site::new() else { return };
    let collections = site.collections().await;
    let other_store = Collections::connect(site.settings.clone(), "store-b").await.unwrap();
    let mut indexes = Vec::new();
    for (encoder, dimension) in [(ENCODER, DIMENSION), ("model-b", DIMENSION), ("model-c", 8)] {
        collections.create(dimension, encoder).await.unwrap();
        indexes.push(collections.open(dimension, encoder).await.unwrap());
    }
    other_store.create(DIMENSION, "model-d").await.unwrap();
    indexes[0].upsert(vec![point(1)]).await.unwrap();
    indexes[1].upsert(vec![point(2)]).await.unwrap();
    assert_eq!((ids_of(&indexes[0]).await, ids_of(&indexes[1]).await), (vec![1], vec![2]));

    collections.remove_others("model-b").await.unwrap();
    assert_eq!(ids_of(&indexes[1]).await, [2]);
    for (encoder, there) in [(ENCODER, false), ("model-b", true), ("model-c", false)] {
        assert_eq!(collections.mark(encoder).await.unwrap().is_some(), there, "{encoder}");
    }
    assert!(other_store.mark("model-d").await.unwrap().is_some(), "another store's is left alone");
    assert!(said(indexes[0].upsert(vec![point(1)]).await).contains("filled anew"));
}

#[tokio::test]
async fn another_store_or_a_foreign_collection_is_refused() {
    let Some(site) = Site::new() else { return };
    site.index().await.upsert(vec![point(1)]).await.unwrap();
    let other = Collections::connect(site.settings.clone(), "store-b").await.unwrap();
    assert!(said(other.mark(ENCODER).await).contains("another database"));

    let name = format!("{}-foreign", site.settings.collection_prefix);
    let vectors = VectorParamsBuilder::new(4, Distance::Cosine);
    site.client().create_collection(CreateCollectionBuilder::new(&name).vectors_config(vectors)).await.unwrap();
    let collections = site.collections().await;
    assert!(said(collections.mark("foreign").await).contains("not made by riposte"));
    assert!(matches!(collections.open(DIMENSION, "foreign").await, Err(IndexError::Mismatch { .. })));
    collections.remove_others(ENCODER).await.unwrap();
    assert!(site.client().collection_exists(name).await.unwrap(), "what is not ours is not removed");
}

#[tokio::test]
async fn another_dimension_is_a_mismatch() {
    let Some((site, index)) = fresh().await else { return };
    index.upsert(vec![point(1)]).await.unwrap();
    match site.collections().await.open(DIMENSION + 1, ENCODER).await {
        Err(IndexError::Mismatch { found, expected }) => {
            assert_eq!(found, "schema 1, encoder model-a, 256 dimensions");
            assert_eq!(expected, "schema 1, encoder model-a, 257 dimensions");
        }
        Err(other) => panic!("{other}"),
        Ok(_) => panic!("opened"),
    }
    assert_eq!(ids_of(&index).await, [1], "a refused opening changes nothing");
}

#[tokio::test]
async fn a_closed_index_says_so() {
    let Some((_site, index)) = fresh().await else { return };
    index.close().await.unwrap();
    index.close().await.unwrap();
    assert!(matches!(index.upsert(vec![point(1)]).await, Err(IndexError::Closed)));
    assert!(matches!(index.count(&everything()).await, Err(IndexError::Closed)));
    assert!(matches!(index.optimize().await, Err(IndexError::Closed)));
    assert!(matches!(index.flush().await, Err(IndexError::Closed)));
}

/// Several shards: everything but the scores of sparse probes is as brute force has it.
#[tokio::test]
async fn several_shards_answer_as_one() {
    const LIMIT: usize = 10;
    let Some(mut site) = Site::new() else { return };
    site.settings.shard_number = 3;
    let index = site.index().await;
    let exact = ExactIndex::new(DIMENSION);
    let points: Vec<IndexPoint> = (0..600).map(varied).collect();
    index.upsert(points.clone()).await.unwrap();
    exact.upsert(points).await.unwrap();
    let gone: Vec<Uuid> = (0..600).step_by(7).map(|number| id(1_000 + number)).collect();
    index.delete_sources(&gone).await.unwrap();
    exact.delete_sources(&gone).await.unwrap();

    let base = everything();
    let filters = [
        base.clone(),
        IndexFilter::desk(desk("b")),
        IndexFilter { pools: vec![Pool::Knowledge], ..base.clone() },
        IndexFilter { language: Some(Language::Zh), kinds: vec![PairKind::Question], ..base.clone() },
        IndexFilter { any_tag: vec!["退款".to_owned()], not_conversation: Some(id(2_011)), ..base.clone() },
        IndexFilter { valid_at: Some(Timestamp::from_micros(1_700_000_000_000_300)), ..base },
    ];
    for filter in &filters {
        assert_eq!(index.count(filter).await.unwrap(), exact.count(filter).await.unwrap(), "{filter:?}");
        let half = Some(id(300));
        assert_eq!(index.page(filter, half, 50).await.unwrap(), exact.page(filter, half, 50).await.unwrap(), "{filter:?}");
        let probes: Vec<Probe> =
            DenseField::ALL.into_iter().map(|field| Probe::Dense(field, varied(17).dense[field as usize].clone())).collect();
        let found = index.search(filter, probes.clone(), LIMIT).await.unwrap();
        let oracle = exact.search(filter, probes, LIMIT).await.unwrap();
        for (found, oracle) in found.iter().zip(&oracle) {
            assert_eq!(found.len(), oracle.len(), "{filter:?}");
            for (hit, best) in found.iter().zip(oracle) {
                assert!((hit.score - best.score).abs() < 1e-4, "{hit:?} instead of {best:?} under {filter:?}");
            }
        }
    }
    // More probes than go into one request, each with an answer of its own, in order.
    let many: Vec<Probe> = (1..=70).map(|number| Probe::Sparse(SparseField::Question, terms(number))).collect();
    for (number, hits) in (1..=70).zip(index.search(&everything(), many, 3).await.unwrap()) {
        let there = number % 7 != 0 && number % 5 != 0;
        assert_eq!(hits.first().map(|hit| hit.id), there.then(|| id(number)), "{number}");
    }
}

fn terms(number: u128) -> SparseVector {
    SparseVector { terms: vec![number as u32], values: vec![1.0] }
}

/// Point `number` near one of 200 directions, as questions lie in groups.
fn scattered(number: u128) -> IndexPoint {
    let mut centre = SplitMix64::new(number as u64 % 200);
    let mut own = SplitMix64::new(1_000 + number as u64);
    let raw: Vec<f64> = (0..DIMENSION).map(|_| centre.next_unit() - 0.5 + 0.6 * (own.next_unit() - 0.5)).collect();
    let length = raw.iter().map(|x| x * x).sum::<f64>().sqrt();
    let direction: Vec<f32> = raw.into_iter().map(|x| (x / length) as f32).collect();
    IndexPoint { dense: [direction.clone(), direction.clone(), direction], ..point(number) }
}

/// Point `number` with a payload and directions that follow from it.
fn varied(number: u128) -> IndexPoint {
    let direction = |seed: u128| {
        let raw: Vec<f32> = (0..DIMENSION as u128).map(|axis| ((seed * 31 + axis * 17) as f32 * 0.37).sin()).collect();
        let length = raw.iter().map(|x| x * x).sum::<f32>().sqrt();
        raw.into_iter().map(|x| x / length).collect::<Vec<_>>()
    };
    let base = point(number);
    IndexPoint {
        payload: PointPayload {
            desk: desk(if number.is_multiple_of(5) { "b" } else { "a" }),
            pool: if number.is_multiple_of(3) { Pool::Knowledge } else { Pool::Archive },
            kind: if number.is_multiple_of(4) { PairKind::FollowUp } else { PairKind::Question },
            language: if number.is_multiple_of(2) { Language::Zh } else { Language::En },
            valid_to: number.is_multiple_of(6).then(|| Timestamp::from_micros(1_700_000_000_000_000 + number as i64)),
            tags: if number % 8 == 3 { vec!["退款".to_owned()] } else { Vec::new() },
            ..base.payload
        },
        dense: [direction(number), direction(number + 1), direction(number + 2)],
        sparse: [terms(number), SparseVector::default(), SparseVector::default()],
        ..base
    }
}

/// A door before the server that can be shut: connections through it break, and new ones are refused.
struct Door {
    address: String,
    listening: AbortHandle,
}

impl Door {
    async fn before(target: &str, at: Option<&str>) -> Self {
        let target = target.trim_start_matches("http://").to_owned();
        let listener = TcpListener::bind(at.map_or("127.0.0.1:0", |at| at.trim_start_matches("http://"))).await.unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let task = tokio::spawn(async move {
            // Ends with the task: all connections go with it.
            let mut connections = JoinSet::new();
            while let Ok((mut inner, _)) = listener.accept().await {
                let target = target.clone();
                connections.spawn(async move {
                    let mut outer = TcpStream::connect(target).await.unwrap();
                    let _ = copy_bidirectional(&mut inner, &mut outer).await;
                });
            }
        });
        Self { address, listening: task.abort_handle() }
    }

    async fn shut(&self) {
        self.listening.abort();
        while !self.listening.is_finished() {
            tokio::task::yield_now().await;
        }
    }
}

#[tokio::test]
async fn a_server_that_was_away_is_used_again() {
    let Some(site) = Site::new() else { return };
    site.index().await;
    let door = Door::before(&site.settings.addresses[0], None).await;
    let through = ServerSettings { addresses: vec![door.address.clone()], ..site.settings.clone() };
    let collections = Collections::connect(through, STORE).await.unwrap();
    let index = collections.open(DIMENSION, ENCODER).await.unwrap();
    index.upsert(vec![point(1)]).await.unwrap();

    door.shut().await;
    for _ in 0..2 {
        let away = index.count(&everything()).await.unwrap_err();
        assert!(away.is_unreachable(), "{away}");
        assert!(collections.check().await.unwrap_err().is_unreachable());
    }
    // The write is under way while the server is away, and is done when it is back.
    let index = Arc::new(index);
    let writing = tokio::spawn({
        let index = Arc::clone(&index);
        async move { index.upsert(vec![point(2)]).await }
    });
    tokio::task::yield_now().await;
    let _back = Door::before(&site.settings.addresses[0], Some(&door.address)).await;
    writing.await.unwrap().unwrap();
    collections.check().await.unwrap();
    assert_eq!(ids_of(&index).await, [1, 2]);
}

#[tokio::test]
async fn an_address_that_is_away_is_passed_over() {
    let Some(site) = Site::new() else { return };
    let mut addresses = vec![closed_port().await];
    addresses.extend(site.settings.addresses.clone());
    let through = ServerSettings { addresses, ..site.settings.clone() };
    let collections = Collections::connect(through, STORE).await.unwrap();
    collections.create(DIMENSION, ENCODER).await.unwrap();
    let index = collections.open(DIMENSION, ENCODER).await.unwrap();
    index.upsert(vec![point(1)]).await.unwrap();
    assert_eq!(ids_of(&index).await, [1]);
}

/// An address where nobody listens.
async fn closed_port() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    format!("http://{}", listener.local_addr().unwrap())
}

fn impatient(address: String) -> ServerSettings {
    ServerSettings { timeout: Duration::from_millis(200), api_key: None, ..settings(vec![address]) }
}

async fn refused(settings: ServerSettings) -> IndexError {
    match Collections::connect(settings, STORE).await {
        Err(error) => error,
        Ok(_) => panic!("connected"),
    }
}

#[tokio::test]
async fn a_server_that_is_not_there_is_told_by_its_address() {
    let address = closed_port().await;
    let error = refused(impatient(address.clone())).await;
    assert!(error.is_unreachable() && error.to_string().contains(&address), "{error}");
}

#[tokio::test]
async fn a_server_that_says_nothing_is_given_up() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move {
        let mut kept = Vec::new();
        while let Ok((stream, _)) = listener.accept().await {
            kept.push(stream);
        }
    });
    let error = tokio::time::timeout(Duration::from_secs(10), refused(impatient(address))).await.unwrap();
    let source = std::error::Error::source(&error).map(ToString::to_string).unwrap_or_default();
    assert!(error.is_unreachable() && source.contains("within 200 ms"), "{error}: {source}");
}

#[tokio::test]
async fn what_is_no_qdrant_is_an_error() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let mut request = [0; 1024];
            let _ = stream.read(&mut request).await;
            let _ = stream.write_all(b"HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\n\r\n").await;
        }
    });
    let error = tokio::time::timeout(Duration::from_secs(10), refused(impatient(address.clone()))).await.unwrap();
    assert!(error.to_string().contains(&address), "{error}");
}

#[tokio::test]
async fn a_key_that_can_not_be_sent_is_not_shown() {
    let settings = ServerSettings { api_key: Some(SecretString::from("s3cret\n")), ..impatient("http://127.0.0.1:6334".to_owned()) };
    assert!(!format!("{settings:?}").contains("s3cret"));
    let text = refused(settings).await.to_string();
    assert!(text.contains("index.api_key") && !text.contains("s3cret"), "{text}");
}
