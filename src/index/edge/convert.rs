//! Between the port's words and the engine's: settings, points, filters, records. Pure functions; nothing here calls the engine.

use qdrant_edge::external::ordered_float::OrderedFloat;
use qdrant_edge::{
    AcornSearchParams, AnyVariants, Condition, CreateIndex, Distance, EdgeConfig, EdgeOptimizersConfig, EdgeSparseVectorParams,
    EdgeVectorParams, FieldCondition, FieldIndexOperations, Filter, HasIdCondition, HnswIndexConfig, IntegerIndexParams, IsEmptyCondition,
    JsonPath, KeywordIndexParams, Match, MatchAny, MatchValue, Modifier, NamedQuery, Payload, PayloadFieldSchema, PayloadSchemaParams,
    PointId, PointInsertOperations, PointOperations, PointStructPersisted, QuantizationConfig, QuantizationSearchParams, QueryEnum,
    QueryRequest, Range, Record, ScalarQuantizationConfig, ScalarType, ScoringQuery, SearchParams, UpdateOperation, UuidIndexParams,
    ValueVariants, VectorInternal, VectorPersisted, VectorStructInternal, VectorStructPersisted, WalOptions, WithPayloadInterface,
    WithVector,
};
use uuid::Uuid;

use crate::domain::{Quantization, Timestamp};
use crate::index::schema::{self, FieldKind};
use crate::index::{DenseField, IndexError, IndexFilter, IndexPoint, LINKS, OVERSAMPLING, Probe, SparseField, SparseVector};

/// Points per write: keeps one record of the write-ahead log (about 8 kB per point of 384 dimensions) well below its file size.
const POINTS_PER_WRITE: usize = 256;

/// Sources per delete, so that a condition stays small.
const SOURCES_PER_DELETE: usize = 1_000;

/// How the engine keeps vectors, and when it goes from comparing everything to walking a graph.
#[derive(Debug, Clone, Copy)]
pub(super) struct Tuning {
    /// How exactly vectors are held in memory, in segments that `optimize` has built a graph for.
    pub(super) quantization: Quantization,
    /// Kilobytes of one dense vector's data from which `optimize` builds a graph for a segment.
    pub(super) indexing_threshold_kb: usize,
    /// Kilobytes of matching vectors below which a filtered search compares them all, although there is a graph.
    pub(super) full_scan_threshold_kb: usize,
    /// Threads that build graphs; 0 for the engine's choice (all cores).
    pub(super) indexing_threads: usize,
    /// Size of one file of the write-ahead log. Each is allocated in full when it is begun.
    pub(super) log_file_bytes: usize,
}

impl Tuning {
    /// What an installation works with.
    pub(super) fn of(quantization: Quantization) -> Self {
        // One core stays free for those who type while the graph is built.
        let indexing_threads = std::thread::available_parallelism().map_or(1, std::num::NonZero::get).saturating_sub(1).max(1);
        // 16 MB are some 10,000 vectors of 384 dimensions, compared in about 2 ms. Below that a graph is not worth its misses: it does not
        // walk through points that the filter excludes, and on 20,000 clustered points a fifth of them (a small desk, or several
        // conditions at once) got a recall@50 of only 0.55 from it.
        let threshold_kb = 16_000;
        Self {
            quantization,
            indexing_threshold_kb: threshold_kb,
            full_scan_threshold_kb: threshold_kb,
            indexing_threads,
            log_file_bytes: 32 << 20,
        }
    }
}

/// The engine's settings. Vectors stay in memory (4.5 kB per point of 384 dimensions), or their codes do and vectors are mapped from the disk;
/// payloads are on disk.
pub(super) fn config(dimension: usize, tuning: Tuning) -> EdgeConfig {
    // Vectors come normalised, so the inner product is the cosine and what is stored is what was given.
    let quantized = tuning.quantization != Quantization::None;
    let dense = || EdgeVectorParams::builder(dimension, Distance::Dot).on_disk(quantized).build();
    let sparse = || EdgeSparseVectorParams::builder().on_disk(false).modifier(Modifier::Idf).build();
    EdgeConfig {
        on_disk_payload: true,
        vectors: DenseField::ALL.into_iter().map(|field| (field.vector_name().to_owned(), dense())).collect(),
        sparse_vectors: SparseField::ALL.into_iter().map(|field| (field.vector_name().to_owned(), sparse())).collect(),
        hnsw_config: HnswIndexConfig {
            m: LINKS,
            full_scan_threshold: tuning.full_scan_threshold_kb,
            max_indexing_threads: tuning.indexing_threads,
            ..HnswIndexConfig::default()
        },
        // Few segments: each costs a search of its own.
        optimizers: EdgeOptimizersConfig {
            default_segment_number: Some(2),
            indexing_threshold: Some(tuning.indexing_threshold_kb),
            prevent_unoptimized: Some(false),
            ..EdgeOptimizersConfig::default()
        },
        quantization_config: codes(tuning.quantization),
        wal_options: Some(WalOptions { segment_capacity: tuning.log_file_bytes, ..WalOptions::default() }),
    }
}

/// The codes that are kept of vectors.
fn codes(quantization: Quantization) -> Option<QuantizationConfig> {
    match quantization {
        Quantization::None => None,
        // The whole range of values, no quantile of them: where few components carry a vector, a quantile cuts off just these.
        Quantization::Int8 => {
            Some(QuantizationConfig::from(ScalarQuantizationConfig { r#type: ScalarType::Int8, quantile: None, always_ram: Some(true) }))
        }
    }
}

/// The writes that create the payload indexes; repeating them changes nothing.
pub(super) fn field_indexes() -> Result<Vec<UpdateOperation>, IndexError> {
    schema::FIELDS
        .into_iter()
        .map(|(name, kind)| {
            let field_schema = Some(PayloadFieldSchema::FieldParams(field_params(kind)));
            let create = CreateIndex { field_name: path(name)?, field_schema };
            Ok(UpdateOperation::FieldIndexOperation(FieldIndexOperations::CreateIndex(create)))
        })
        .collect()
}

/// Graph links within each value of a field (`enable_hnsw`) are built only where searches stay within values that cover many points.
fn field_params(kind: FieldKind) -> PayloadSchemaParams {
    let unlinked = Some(false);
    match kind {
        FieldKind::Tenant => PayloadSchemaParams::Keyword(KeywordIndexParams { is_tenant: Some(true), ..KeywordIndexParams::default() }),
        FieldKind::Category => PayloadSchemaParams::Keyword(KeywordIndexParams::default()),
        FieldKind::Keyword => PayloadSchemaParams::Keyword(KeywordIndexParams { enable_hnsw: unlinked, ..KeywordIndexParams::default() }),
        FieldKind::Uuid => PayloadSchemaParams::Uuid(UuidIndexParams { enable_hnsw: unlinked, ..UuidIndexParams::default() }),
        FieldKind::Integer => PayloadSchemaParams::Integer(IntegerIndexParams {
            lookup: Some(false),
            range: Some(true),
            enable_hnsw: unlinked,
            ..IntegerIndexParams::default()
        }),
    }
}

/// The writes that upsert `points`. Of points with the same id the last one counts.
pub(super) fn upserts(points: Vec<IndexPoint>) -> Vec<UpdateOperation> {
    let mut points: Vec<PointStructPersisted> = points.into_iter().map(point_to_engine).collect();
    let mut writes = Vec::with_capacity(points.len().div_ceil(POINTS_PER_WRITE));
    while !points.is_empty() {
        let rest = points.split_off(points.len().min(POINTS_PER_WRITE));
        let list = PointInsertOperations::PointsList(std::mem::replace(&mut points, rest));
        writes.push(UpdateOperation::PointOperation(PointOperations::UpsertPoints(list)));
    }
    writes
}

/// The writes that delete every point of `sources`.
pub(super) fn deletes(sources: &[Uuid]) -> Result<Vec<UpdateOperation>, IndexError> {
    sources
        .chunks(SOURCES_PER_DELETE)
        .map(|sources| {
            let condition = any_of(schema::SOURCE, sources.iter().map(Uuid::to_string))?;
            Ok(UpdateOperation::PointOperation(PointOperations::DeletePointsByFilter(Filter::new_must(condition))))
        })
        .collect()
}

/// All six vectors are always written, empty ones too: where a point leaves an optimised segment, the engine merges the new vectors into
/// the old ones by name, so that a vector left out would live on.
fn point_to_engine(point: IndexPoint) -> PointStructPersisted {
    let payload = schema::payload_to_json(&point.payload);
    let dense = DenseField::ALL.into_iter().zip(point.dense);
    let sparse = SparseField::ALL.into_iter().zip(point.sparse);
    let vectors = dense
        .map(|(field, vector)| (field.vector_name().to_owned(), VectorPersisted::Dense(vector)))
        .chain(sparse.map(|(field, vector)| (field.vector_name().to_owned(), VectorPersisted::Sparse(sparse_to_engine(vector)))))
        .collect();
    PointStructPersisted { id: PointId::Uuid(point.id), vector: VectorStructPersisted::Named(vectors), payload: Some(Payload(payload)) }
}

fn sparse_to_engine(vector: SparseVector) -> qdrant_edge::SparseVector {
    qdrant_edge::SparseVector { indices: vector.terms, values: vector.values }
}

/// Reads a point back.
pub(super) fn point_from_engine(record: Record) -> Result<IndexPoint, IndexError> {
    let id = uuid_of(record.id)?;
    let payload = record.payload.ok_or_else(|| broken(id, "no payload"))?;
    let payload = schema::payload_from_json(&payload.0).map_err(|error| broken(id, &error.to_string()))?;
    let Some(VectorStructInternal::Named(mut vectors)) = record.vector else {
        return Err(broken(id, "no named vectors"));
    };
    let mut dense: [Vec<f32>; 3] = Default::default();
    for field in DenseField::ALL {
        let Some(VectorInternal::Dense(vector)) = vectors.remove(field.vector_name()) else {
            return Err(broken(id, "a dense vector is missing"));
        };
        dense[field as usize] = vector;
    }
    let mut sparse: [SparseVector; 3] = Default::default();
    for field in SparseField::ALL {
        // An empty vector may come back as none at all.
        if let Some(VectorInternal::Sparse(vector)) = vectors.remove(field.vector_name()) {
            sparse[field as usize] = SparseVector { terms: vector.indices, values: vector.values };
        }
    }
    Ok(IndexPoint { id, payload, dense, sparse })
}

/// The id as the port knows it.
pub(super) fn uuid_of(id: PointId) -> Result<Uuid, IndexError> {
    match id {
        PointId::Uuid(id) => Ok(id),
        PointId::NumId(number) => Err(IndexError::Engine(format!("point {number} was not written by this program"))),
    }
}

fn broken(id: Uuid, reason: &str) -> IndexError {
    IndexError::Engine(format!("point {id} can't be read back: {reason}"))
}

/// Where a filter leaves at most this share of the points, the walk over the graph also looks at the neighbours of neighbours that the
/// filter excludes (ACORN-1: Patel et al. 2024), because those it admits may not be linked to each other.
const THROUGH_EXCLUDED: AcornSearchParams = AcornSearchParams { enable: true, max_selectivity: Some(OrderedFloat(0.7)) };

/// How dense vectors are looked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Walk {
    /// Over the graph where there is one.
    Graph,
    /// Comparing every admitted vector.
    Exact,
}

/// One probe as the engine's query. `hnsw_ef` is the number of candidates kept while walking the graph; where there is no graph the
/// engine compares all.
pub(super) fn query(probe: Probe, filter: Filter, limit: usize, walk: Walk) -> QueryRequest {
    let (vector, name) = match probe {
        Probe::Dense(field, vector) => (VectorInternal::Dense(vector), field.vector_name()),
        Probe::Sparse(field, vector) => (VectorInternal::Sparse(sparse_to_engine(vector)), field.vector_name()),
    };
    QueryRequest {
        prefetches: Vec::new(),
        query: Some(ScoringQuery::Vector(QueryEnum::Nearest(NamedQuery { query: vector, using: Some(name.to_owned()) }))),
        filter: Some(filter),
        score_threshold: None,
        limit,
        offset: 0,
        params: Some(SearchParams {
            hnsw_ef: Some(128),
            acorn: Some(THROUGH_EXCLUDED),
            exact: walk == Walk::Exact,
            // Without a meaning where vectors are kept as they are.
            quantization: Some(QuantizationSearchParams { ignore: false, rescore: Some(true), oversampling: Some(OVERSAMPLING) }),
            ..SearchParams::default()
        }),
        with_vector: WithVector::Bool(false),
        with_payload: WithPayloadInterface::Bool(false),
    }
}

/// The filter as the engine's.
pub(super) fn filter(filter: &IndexFilter) -> Result<Filter, IndexError> {
    let IndexFilter { desk, pools, kinds, language, not_conversation, not_point, any_tag, answered_from, valid_at } = filter;
    let mut must = vec![equal(schema::DESK, desk.as_str())?];
    if !pools.is_empty() {
        must.push(any_of(schema::POOL, pools.iter().map(|pool| pool.as_str().to_owned()))?);
    }
    if !kinds.is_empty() {
        must.push(any_of(schema::KIND, kinds.iter().map(|kind| kind.as_str().to_owned()))?);
    }
    if let Some(language) = language {
        must.push(equal(schema::LANGUAGE, language.as_str())?);
    }
    if !any_tag.is_empty() {
        must.push(any_of(schema::TAGS, any_tag.iter().cloned())?);
    }
    if let Some(from) = answered_from {
        must.push(range(schema::ANSWERED_AT, Range { gte: Some(number(*from)), ..Range::default() })?);
    }
    if let Some(at) = valid_at {
        must.push(absent_or(schema::VALID_FROM, Range { lte: Some(number(*at)), ..Range::default() })?);
        must.push(absent_or(schema::VALID_TO, Range { gt: Some(number(*at)), ..Range::default() })?);
    }
    let mut must_not = Vec::new();
    if let Some(conversation) = not_conversation {
        must_not.push(equal(schema::CONVERSATION, &conversation.to_string())?);
    }
    if let Some(point) = not_point {
        must_not.push(Condition::HasId(HasIdCondition::from_iter([PointId::Uuid(*point)])));
    }
    Ok(Filter { should: None, min_should: None, must: Some(must), must_not: (!must_not.is_empty()).then_some(must_not) })
}

fn path(name: &str) -> Result<JsonPath, IndexError> {
    name.parse().map_err(|()| IndexError::Engine(format!("`{name}` is no payload path")))
}

fn equal(name: &str, value: &str) -> Result<Condition, IndexError> {
    let value = Match::Value(MatchValue { value: ValueVariants::String(value.to_owned()) });
    Ok(Condition::Field(FieldCondition::new_match(path(name)?, value)))
}

fn any_of(name: &str, values: impl Iterator<Item = String>) -> Result<Condition, IndexError> {
    let any = Match::Any(MatchAny { any: AnyVariants::Strings(values.collect()) });
    Ok(Condition::Field(FieldCondition::new_match(path(name)?, any)))
}

fn range(name: &str, range: Range<OrderedFloat<f64>>) -> Result<Condition, IndexError> {
    Ok(Condition::Field(FieldCondition::new_range(path(name)?, range)))
}

fn absent_or(name: &str, within: Range<OrderedFloat<f64>>) -> Result<Condition, IndexError> {
    let absent = Condition::IsEmpty(IsEmptyCondition::from(path(name)?));
    let either = Filter { should: Some(vec![absent, range(name, within)?]), min_should: None, must: None, must_not: None };
    Ok(Condition::Filter(either))
}

/// Ranges are asked for in double precision, which holds microseconds exactly until the year 2255.
fn number(moment: Timestamp) -> OrderedFloat<f64> {
    OrderedFloat(moment.as_micros() as f64)
}
