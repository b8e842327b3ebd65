//! Between the port's words and the server's messages: collections, points, filters, probes. Pure functions; nothing here sends anything.

use std::collections::HashMap;

use qdrant_client::qdrant::point_id::PointIdOptions;
use qdrant_client::qdrant::points_selector::PointsSelectorOneOf;
use qdrant_client::qdrant::{
    AcornSearchParams, Condition, CreateFieldIndexCollection, DeletePoints, DenseVector, Disabled, Distance, FieldType, Filter,
    HnswConfigDiff, IntegerIndexParams, KeywordIndexParams, ListValue, Modifier, NamedVectors, OptimizersConfigDiff, PayloadIndexParams,
    PointId, PointStruct, PointsSelector, QuantizationConfig, QuantizationConfigDiff, QuantizationSearchParams, QuantizationType, Query,
    QueryPoints, Range, RetrievedPoint, ScalarQuantization, SearchParams, SparseVectorConfig, SparseVectorParams, UpdateCollection,
    UpsertPoints, UuidIndexParams, Value, Vector, VectorInput, VectorOutput, VectorParams, VectorParamsDiff, VectorParamsDiffMap,
    VectorParamsMap, Vectors, VectorsConfig, VectorsConfigDiff, VectorsOutput, payload_index_params, quantization_config,
    quantization_config_diff, query, value, vector, vector_input, vector_output, vectors, vectors_config, vectors_config_diff,
    vectors_output,
};
use serde_json::{Map, Value as Json};
use uuid::Uuid;

use crate::domain::{Quantization, Timestamp};
use crate::index::schema::{self, FieldKind};
use crate::index::{DenseField, IndexError, IndexFilter, IndexPoint, LINKS, OVERSAMPLING, Probe, SparseField, SparseVector};

/// Points per request: about 2 MB of vectors with 384 dimensions.
const POINTS_PER_REQUEST: usize = 256;

/// Sources per request, so that a condition stays small.
const SOURCES_PER_REQUEST: usize = 1_000;

/// Kilobytes of one dense vector's data in a segment below which everything is compared, with a filter or without. As in the embedded index,
/// where it was measured.
const FULL_SCAN_KB: u64 = 16_000;

/// Candidates kept while walking the graph.
const BREADTH: u64 = 128;

/// Share of the points up to which a filtered walk also looks at neighbours of neighbours (ACORN-1), as in the embedded index.
const THROUGH_EXCLUDED: f64 = 0.7;

/// The dense vectors of a collection: held in memory, unless their codes are.
pub(super) fn dense_vectors(dimension: usize, quantization: Quantization) -> VectorsConfig {
    // Vectors come normalised, so the inner product is the cosine and what is stored is what was given.
    #[expect(deprecated, reason = "what took its place is not known to servers before 1.20")]
    let params = || VectorParams {
        size: dimension as u64,
        distance: Distance::Dot.into(),
        on_disk: Some(quantization != Quantization::None),
        ..VectorParams::default()
    };
    let map = DenseField::ALL.into_iter().map(|field| (field.vector_name().to_owned(), params())).collect();
    VectorsConfig { config: Some(vectors_config::Config::ParamsMap(VectorParamsMap { map })) }
}

/// The sparse vectors of a collection.
pub(super) fn sparse_vectors() -> SparseVectorConfig {
    let params = || SparseVectorParams { index: None, modifier: Some(Modifier::Idf.into()) };
    SparseVectorConfig { map: SparseField::ALL.into_iter().map(|field| (field.vector_name().to_owned(), params())).collect() }
}

/// When the server builds graphs and walks them.
pub(super) fn graphs() -> HnswConfigDiff {
    HnswConfigDiff { m: Some(LINKS as u64), full_scan_threshold: Some(FULL_SCAN_KB), ..HnswConfigDiff::default() }
}

/// When the server rebuilds segments.
pub(super) fn optimizers() -> OptimizersConfigDiff {
    OptimizersConfigDiff { indexing_threshold: Some(FULL_SCAN_KB), ..OptimizersConfigDiff::default() }
}

/// The codes that are kept of a new collection's dense vectors.
pub(super) fn codes(quantization: Quantization) -> Option<QuantizationConfig> {
    match quantization {
        Quantization::None => None,
        Quantization::Int8 => {
            Some(QuantizationConfig { quantization: Some(quantization_config::Quantization::Scalar(bytes_per_component())) })
        }
    }
}

/// As the embedded index has them: the whole range of values, since a quantile would cut off just those components that carry most.
fn bytes_per_component() -> ScalarQuantization {
    #[expect(deprecated, reason = "what took its place is not known to servers before 1.20")]
    let codes = ScalarQuantization {
        r#type: QuantizationType::Int8.into(),
        quantile: None,
        always_ram: Some(true),
        ..ScalarQuantization::default()
    };
    codes
}

/// How a collection keeps dense vectors; `None` where it is a way that [`dense_vectors`] and [`codes`] don't make.
pub(super) fn quantization_of(dense: Option<&VectorsConfig>, codes: Option<&QuantizationConfig>) -> Option<Quantization> {
    let kept = match codes.and_then(|codes| codes.quantization.as_ref()) {
        None => Quantization::None,
        Some(quantization_config::Quantization::Scalar(codes)) if codes.quantile.is_none() => Quantization::Int8,
        Some(_another) => return None,
    };
    let Some(vectors_config::Config::ParamsMap(VectorParamsMap { map })) = dense?.config.as_ref() else { return None };
    #[expect(deprecated, reason = "what took its place is not known to servers before 1.20")]
    let placed = map.values().all(|params| params.on_disk.unwrap_or(false) == (kept != Quantization::None));
    placed.then_some(kept)
}

/// The request that has a collection keep its dense vectors another way; the server rebuilds its segments in the background.
pub(super) fn requantized(collection: &str, quantization: Quantization) -> UpdateCollection {
    let codes = match quantization {
        Quantization::None => quantization_config_diff::Quantization::Disabled(Disabled {}),
        Quantization::Int8 => quantization_config_diff::Quantization::Scalar(bytes_per_component()),
    };
    #[expect(deprecated, reason = "what took its place is not known to servers before 1.20")]
    let params = || VectorParamsDiff { on_disk: Some(quantization != Quantization::None), ..VectorParamsDiff::default() };
    let map = DenseField::ALL.into_iter().map(|field| (field.vector_name().to_owned(), params())).collect();
    UpdateCollection {
        collection_name: collection.to_owned(),
        vectors_config: Some(VectorsConfigDiff { config: Some(vectors_config_diff::Config::ParamsMap(VectorParamsDiffMap { map })) }),
        quantization_config: Some(QuantizationConfigDiff { quantization: Some(codes) }),
        ..UpdateCollection::default()
    }
}

/// The dimension of a collection's dense vectors; `None` where its vectors are not those that [`dense_vectors`] and [`sparse_vectors`] make.
pub(super) fn dimension_of(dense: Option<&VectorsConfig>, sparse: Option<&SparseVectorConfig>) -> Option<usize> {
    let Some(vectors_config::Config::ParamsMap(VectorParamsMap { map: dense })) = dense?.config.as_ref() else { return None };
    let sparse = &sparse?.map;
    if dense.len() != DenseField::ALL.len() || sparse.len() != SparseField::ALL.len() {
        return None;
    }
    for field in SparseField::ALL {
        if sparse.get(field.vector_name())?.modifier() != Modifier::Idf {
            return None;
        }
    }
    let mut sizes = DenseField::ALL.into_iter().map(|field| {
        let params = dense.get(field.vector_name())?;
        (params.distance() == Distance::Dot && params.multivector_config.is_none()).then_some(params.size)
    });
    let first = sizes.next()??;
    sizes.all(|size| size == Some(first)).then(|| usize::try_from(first).ok()).flatten()
}

/// The request that makes the index of one payload field; making it again changes nothing.
pub(super) fn field_index(collection: &str, name: &str, kind: FieldKind) -> CreateFieldIndexCollection {
    use payload_index_params::IndexParams;
    // Graph links within each value of a field are built only where searches stay within values that cover many points.
    let unlinked = Some(false);
    let (field_type, params) = match kind {
        FieldKind::Tenant => (
            FieldType::Keyword,
            IndexParams::KeywordIndexParams(KeywordIndexParams { is_tenant: Some(true), ..KeywordIndexParams::default() }),
        ),
        FieldKind::Category => (FieldType::Keyword, IndexParams::KeywordIndexParams(KeywordIndexParams::default())),
        FieldKind::Keyword => (
            FieldType::Keyword,
            IndexParams::KeywordIndexParams(KeywordIndexParams { enable_hnsw: unlinked, ..KeywordIndexParams::default() }),
        ),
        FieldKind::Uuid => {
            (FieldType::Uuid, IndexParams::UuidIndexParams(UuidIndexParams { enable_hnsw: unlinked, ..UuidIndexParams::default() }))
        }
        FieldKind::Integer => (
            FieldType::Integer,
            IndexParams::IntegerIndexParams(IntegerIndexParams {
                lookup: Some(false),
                range: Some(true),
                enable_hnsw: unlinked,
                ..IntegerIndexParams::default()
            }),
        ),
    };
    CreateFieldIndexCollection {
        collection_name: collection.to_owned(),
        wait: Some(true),
        field_name: name.to_owned(),
        field_type: Some(field_type.into()),
        field_index_params: Some(PayloadIndexParams { index_params: Some(params) }),
        ..CreateFieldIndexCollection::default()
    }
}

/// The requests that upsert `points`, answered when they are applied. Of points with the same id the last one counts.
pub(super) fn upserts(collection: &str, points: Vec<IndexPoint>) -> Vec<UpsertPoints> {
    let points: Vec<PointStruct> = last_of_each(points).into_iter().map(point_to_server).collect();
    let request = |points: &[PointStruct]| UpsertPoints {
        collection_name: collection.to_owned(),
        wait: Some(true),
        points: points.to_vec(),
        ..UpsertPoints::default()
    };
    points.chunks(POINTS_PER_REQUEST).map(request).collect()
}

/// Points are spread over shards before they are applied; which of two with one id comes last must not depend on that.
fn last_of_each(points: Vec<IndexPoint>) -> Vec<IndexPoint> {
    let mut last: HashMap<Uuid, usize> = HashMap::new();
    for (place, point) in points.iter().enumerate() {
        last.insert(point.id, place);
    }
    points.into_iter().enumerate().filter(|(place, point)| last.get(&point.id) == Some(place)).map(|(_, point)| point).collect()
}

/// The requests that delete every point of `sources`, answered when they are applied.
pub(super) fn deletes(collection: &str, sources: &[Uuid]) -> Vec<DeletePoints> {
    let request = |sources: &[Uuid]| DeletePoints {
        collection_name: collection.to_owned(),
        wait: Some(true),
        points: Some(PointsSelector {
            points_selector_one_of: Some(PointsSelectorOneOf::Filter(Filter::must([any_of(
                schema::SOURCE,
                sources.iter().map(Uuid::to_string),
            )]))),
        }),
        ..DeletePoints::default()
    };
    sources.chunks(SOURCES_PER_REQUEST).map(request).collect()
}

/// All six vectors are always written, empty ones too, so that none of a replaced point's lives on.
fn point_to_server(point: IndexPoint) -> PointStruct {
    let payload = schema::payload_to_json(&point.payload).into_iter().map(|(name, json)| (name, value_to_server(json))).collect();
    let dense = DenseField::ALL.into_iter().zip(point.dense).map(|(field, data)| (field.vector_name(), dense_to_server(data)));
    let sparse = SparseField::ALL.into_iter().zip(point.sparse).map(|(field, terms)| (field.vector_name(), sparse_to_server(terms)));
    let vectors = dense.chain(sparse).map(|(name, vector)| (name.to_owned(), vector)).collect();
    PointStruct {
        id: Some(point_id(point.id)),
        payload,
        vectors: Some(Vectors { vectors_options: Some(vectors::VectorsOptions::Vectors(NamedVectors { vectors })) }),
    }
}

fn dense_to_server(data: Vec<f32>) -> Vector {
    Vector { vector: Some(vector::Vector::Dense(DenseVector { data })), ..Vector::default() }
}

fn sparse_to_server(vector: SparseVector) -> Vector {
    Vector { vector: Some(vector::Vector::Sparse(sparse_terms(vector))), ..Vector::default() }
}

fn sparse_terms(vector: SparseVector) -> qdrant_client::qdrant::SparseVector {
    qdrant_client::qdrant::SparseVector { values: vector.values, indices: vector.terms }
}

/// An id as the server writes it.
pub(super) fn point_id(id: Uuid) -> PointId {
    PointId { point_id_options: Some(PointIdOptions::Uuid(id.to_string())) }
}

/// An id as the port knows it.
pub(super) fn uuid_of(id: Option<PointId>) -> Result<Uuid, IndexError> {
    let foreign = |what: &str| IndexError::Engine(format!("point {what} was not written by this program"));
    match id.and_then(|id| id.point_id_options) {
        Some(PointIdOptions::Uuid(text)) => text.parse().map_err(|_malformed| foreign(&text)),
        Some(PointIdOptions::Num(number)) => Err(foreign(&number.to_string())),
        None => Err(foreign("without an id")),
    }
}

/// Reads a point back.
pub(super) fn point_from_server(point: RetrievedPoint) -> Result<IndexPoint, IndexError> {
    let id = uuid_of(point.id)?;
    let mut json = Map::new();
    for (name, value) in point.payload {
        json.insert(name, value_from_server(value));
    }
    let payload = schema::payload_from_json(&json).map_err(|error| broken(id, &error.to_string()))?;
    let Some(VectorsOutput { vectors_options: Some(vectors_output::VectorsOptions::Vectors(named)) }) = point.vectors else {
        return Err(broken(id, "no named vectors"));
    };
    let mut vectors = named.vectors;
    let mut dense: [Vec<f32>; 3] = Default::default();
    for field in DenseField::ALL {
        let Some(vector_output::Vector::Dense(vector)) = vectors.remove(field.vector_name()).map(VectorOutput::into_vector) else {
            return Err(broken(id, "a dense vector is missing"));
        };
        dense[field as usize] = vector.data;
    }
    let mut sparse: [SparseVector; 3] = Default::default();
    for field in SparseField::ALL {
        // An empty vector may come back as none at all.
        if let Some(vector_output::Vector::Sparse(vector)) = vectors.remove(field.vector_name()).map(VectorOutput::into_vector) {
            sparse[field as usize] = SparseVector { terms: vector.indices, values: vector.values };
        }
    }
    Ok(IndexPoint { id, payload, dense, sparse })
}

fn broken(id: Uuid, reason: &str) -> IndexError {
    IndexError::Engine(format!("point {id} can't be read back: {reason}"))
}

/// A JSON value in the server's form.
pub(super) fn value_to_server(json: Json) -> Value {
    let kind = match json {
        Json::Null => value::Kind::NullValue(0),
        Json::Bool(flag) => value::Kind::BoolValue(flag),
        Json::Number(number) => match number.as_i64() {
            Some(integer) => value::Kind::IntegerValue(integer),
            None => value::Kind::DoubleValue(number.as_f64().unwrap_or(f64::NAN)),
        },
        Json::String(text) => value::Kind::StringValue(text),
        Json::Array(values) => value::Kind::ListValue(ListValue { values: values.into_iter().map(value_to_server).collect() }),
        Json::Object(fields) => value::Kind::StructValue(qdrant_client::qdrant::Struct {
            fields: fields.into_iter().map(|(name, json)| (name, value_to_server(json))).collect(),
        }),
    };
    Value { kind: Some(kind) }
}

/// A value of the server as JSON.
pub(super) fn value_from_server(value: Value) -> Json {
    match value.kind {
        None | Some(value::Kind::NullValue(_)) => Json::Null,
        Some(value::Kind::BoolValue(flag)) => flag.into(),
        Some(value::Kind::IntegerValue(integer)) => integer.into(),
        Some(value::Kind::DoubleValue(number)) => number.into(),
        Some(value::Kind::StringValue(text)) => text.into(),
        Some(value::Kind::ListValue(list)) => list.values.into_iter().map(value_from_server).collect(),
        Some(value::Kind::StructValue(fields)) => {
            Json::Object(fields.fields.into_iter().map(|(name, value)| (name, value_from_server(value))).collect())
        }
    }
}

/// How dense vectors are looked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Walk {
    /// Over the graph where there is one.
    Graph,
    /// Comparing every admitted vector.
    Exact,
}

/// One probe as the server's query.
pub(super) fn query(collection: &str, probe: Probe, filter: Filter, limit: usize, walk: Walk) -> QueryPoints {
    let (name, vector) = match probe {
        Probe::Dense(field, data) => (field.vector_name(), vector_input::Variant::Dense(DenseVector { data })),
        Probe::Sparse(field, vector) => (field.vector_name(), vector_input::Variant::Sparse(sparse_terms(vector))),
    };
    QueryPoints {
        collection_name: collection.to_owned(),
        query: Some(Query { variant: Some(query::Variant::Nearest(VectorInput { variant: Some(vector) })) }),
        using: Some(name.to_owned()),
        filter: Some(filter),
        limit: Some(limit as u64),
        params: Some(SearchParams {
            hnsw_ef: Some(BREADTH),
            exact: Some(walk == Walk::Exact),
            // Without a meaning where vectors are kept as they are.
            quantization: Some(QuantizationSearchParams { ignore: Some(false), rescore: Some(true), oversampling: Some(OVERSAMPLING) }),
            acorn: Some(AcornSearchParams { enable: Some(true), max_selectivity: Some(THROUGH_EXCLUDED) }),
            ..SearchParams::default()
        }),
        with_payload: Some(false.into()),
        with_vectors: Some(false.into()),
        ..QueryPoints::default()
    }
}

/// The filter as the server's.
pub(super) fn filter(filter: &IndexFilter) -> Filter {
    let IndexFilter { desk, pools, kinds, language, not_conversation, not_point, any_tag, answered_from, valid_at } = filter;
    let mut must = vec![equal(schema::DESK, desk.as_str())];
    if !pools.is_empty() {
        must.push(any_of(schema::POOL, pools.iter().map(|pool| pool.as_str().to_owned())));
    }
    if !kinds.is_empty() {
        must.push(any_of(schema::KIND, kinds.iter().map(|kind| kind.as_str().to_owned())));
    }
    if let Some(language) = language {
        must.push(equal(schema::LANGUAGE, language.as_str()));
    }
    if !any_tag.is_empty() {
        must.push(any_of(schema::TAGS, any_tag.iter().cloned()));
    }
    if let Some(from) = answered_from {
        must.push(Condition::range(schema::ANSWERED_AT, Range { gte: Some(number(*from)), ..Range::default() }));
    }
    if let Some(at) = valid_at {
        must.push(absent_or(schema::VALID_FROM, Range { lte: Some(number(*at)), ..Range::default() }));
        must.push(absent_or(schema::VALID_TO, Range { gt: Some(number(*at)), ..Range::default() }));
    }
    let conversation = not_conversation.iter().map(|conversation| equal(schema::CONVERSATION, &conversation.to_string()));
    let must_not = conversation.chain(not_point.iter().map(|point| Condition::has_id([point_id(*point)]))).collect();
    Filter { must, must_not, ..Filter::default() }
}

fn equal(name: &str, value: &str) -> Condition {
    Condition::matches(name, value.to_owned())
}

fn any_of(name: &str, values: impl Iterator<Item = String>) -> Condition {
    Condition::matches(name, values.collect::<Vec<_>>())
}

fn absent_or(name: &str, within: Range) -> Condition {
    Condition::from(Filter::should([Condition::is_empty(name), Condition::range(name, within)]))
}

/// Ranges are asked for in double precision, which holds microseconds exactly until the year 2255.
fn number(moment: Timestamp) -> f64 {
    moment.as_micros() as f64
}

#[cfg(test)]
mod tests {
    use qdrant_client::qdrant::NamedVectorsOutput;

    use super::*;
    use crate::domain::{DeskId, Language, PairKind, Pool};
    use crate::index::PointPayload;
    use crate::index::contract::{DIMENSION, id, point};

    fn rich(number: u128) -> IndexPoint {
        let base = point(number);
        let moment = Timestamp::from_micros(1_700_000_000_123_456);
        let payload = PointPayload {
            pool: Pool::Knowledge,
            kind: PairKind::FollowUp,
            language: Language::Zh,
            valid_from: Some(moment),
            valid_to: Some(moment),
            tags: vec!["退款".to_owned(), "vip".to_owned()],
            ..base.payload
        };
        let terms = SparseVector { terms: vec![0, 7, u32::MAX], values: vec![0.5, 1.5, 2.0] };
        IndexPoint { payload, sparse: [terms.clone(), SparseVector::default(), terms], ..base }
    }

    /// What a server gives back of a point it was given.
    fn returned(point: PointStruct, forgets_empty: bool) -> RetrievedPoint {
        let Some(vectors::VectorsOptions::Vectors(named)) = point.vectors.and_then(|vectors| vectors.vectors_options) else {
            panic!("no named vectors");
        };
        let mut vectors = HashMap::new();
        for (name, vector) in named.vectors {
            let vector = match vector.vector.unwrap() {
                vector::Vector::Dense(dense) => vector_output::Vector::Dense(dense),
                vector::Vector::Sparse(sparse) if forgets_empty && sparse.indices.is_empty() => continue,
                vector::Vector::Sparse(sparse) => vector_output::Vector::Sparse(sparse),
                other => panic!("{other:?}"),
            };
            vectors.insert(name, VectorOutput { vector: Some(vector), ..VectorOutput::default() });
        }
        let vectors = VectorsOutput { vectors_options: Some(vectors_output::VectorsOptions::Vectors(NamedVectorsOutput { vectors })) };
        RetrievedPoint { id: point.id, payload: point.payload, vectors: Some(vectors), ..RetrievedPoint::default() }
    }

    #[test]
    fn points_come_back_as_they_were_sent() {
        for written in [rich(1), point(2)] {
            for forgets_empty in [false, true] {
                let read = point_from_server(returned(point_to_server(written.clone()), forgets_empty)).unwrap();
                assert_eq!(read, written);
            }
        }
    }

    #[test]
    fn what_this_program_has_not_written_is_told() {
        let of_number = RetrievedPoint { id: Some(PointId::from(7)), ..RetrievedPoint::default() };
        assert!(point_from_server(of_number).unwrap_err().to_string().contains("point 7"));
        let mut bare = returned(point_to_server(rich(1)), false);
        bare.vectors = None;
        assert!(point_from_server(bare).unwrap_err().to_string().contains("no named vectors"));
        let mut foreign = returned(point_to_server(rich(1)), false);
        foreign.payload.remove(schema::DESK);
        assert!(point_from_server(foreign).unwrap_err().to_string().contains("`desk`"));
    }

    #[test]
    fn of_points_with_one_id_the_last_is_sent_and_requests_are_bounded() {
        let mut points: Vec<IndexPoint> = (0..600).map(point).collect();
        points.push(rich(3));
        let requests = upserts("c", points);
        assert_eq!(requests.iter().map(|request| request.points.len()).collect::<Vec<_>>(), [256, 256, 88]);
        assert!(requests.iter().all(|request| request.wait == Some(true) && request.collection_name == "c"));
        let last = requests[2].points.last().unwrap();
        assert_eq!(last.id, Some(point_id(id(3))));
        assert!(last.payload.contains_key(schema::TAGS));

        let sources: Vec<Uuid> = (0..2_001).map(id).collect();
        let requests = deletes("c", &sources);
        assert_eq!(requests.len(), 3);
        assert!(requests.iter().all(|request| request.wait == Some(true) && request.points.is_some()));
        assert!(upserts("c", Vec::new()).is_empty() && deletes("c", &[]).is_empty());
    }

    #[test]
    fn a_filter_always_names_the_desk() {
        let desk: DeskId = "a".parse().unwrap();
        let bare = filter(&IndexFilter::desk(desk.clone()));
        assert_eq!(bare.must, [equal(schema::DESK, "a")]);
        assert!(bare.must_not.is_empty() && bare.should.is_empty());
        let moment = Timestamp::from_micros(5);
        let full = filter(&IndexFilter {
            desk,
            pools: vec![Pool::Archive],
            kinds: vec![PairKind::Question],
            language: Some(Language::En),
            not_conversation: Some(id(1)),
            not_point: Some(id(2)),
            any_tag: vec!["vip".to_owned()],
            answered_from: Some(moment),
            valid_at: Some(moment),
        });
        assert_eq!((full.must.len(), full.must_not.len()), (8, 2));
        assert_eq!(full.must[7], absent_or(schema::VALID_TO, Range { gt: Some(5.0), ..Range::default() }));
    }

    #[test]
    fn json_values_round_trip() {
        let json = serde_json::json!({"a": [1, -2.5, "x", true, null], "b": {"c": i64::MAX}});
        assert_eq!(value_from_server(value_to_server(json.clone())), json);
    }

    #[test]
    fn what_a_collection_is_made_with_is_read_from_it() {
        for quantization in [Quantization::None, Quantization::Int8] {
            let dense = dense_vectors(DIMENSION, quantization);
            assert_eq!(quantization_of(Some(&dense), codes(quantization).as_ref()), Some(quantization));
        }
        let plain = dense_vectors(DIMENSION, Quantization::None);
        assert_eq!(quantization_of(Some(&plain), codes(Quantization::Int8).as_ref()), None, "codes, and vectors in memory");
        let other = QuantizationConfig {
            quantization: Some(quantization_config::Quantization::Binary(qdrant_client::qdrant::BinaryQuantization::default())),
        };
        assert_eq!(quantization_of(Some(&dense_vectors(DIMENSION, Quantization::Int8)), Some(&other)), None);
    }

    #[test]
    fn only_vectors_of_our_kind_have_a_dimension() {
        let (dense, sparse) = (dense_vectors(DIMENSION, Quantization::None), sparse_vectors());
        assert_eq!(dimension_of(Some(&dense), Some(&sparse)), Some(DIMENSION));
        assert_eq!(dimension_of(None, Some(&sparse)), None);
        assert_eq!(dimension_of(Some(&dense), None), None);

        let changed = |change: fn(&mut VectorParamsMap)| {
            let mut dense = dense.clone();
            let Some(vectors_config::Config::ParamsMap(map)) = dense.config.as_mut() else { panic!("no map") };
            change(map);
            dimension_of(Some(&dense), Some(&sparse))
        };
        assert_eq!(changed(|map| map.map.values_mut().for_each(|params| params.size = 8)), Some(8));
        assert_eq!(changed(|map| map.map.get_mut("question").unwrap().size = 8), None, "one of another size");
        assert_eq!(changed(|map| map.map.get_mut("answer").unwrap().distance = Distance::Cosine.into()), None);
        assert_eq!(changed(|map| map.map.retain(|name, _| name != "situation")), None);
        let mut plain = sparse.clone();
        plain.map.get_mut(SparseField::Answer.vector_name()).unwrap().modifier = None;
        assert_eq!(dimension_of(Some(&dense), Some(&plain)), None, "document frequencies are the server's to supply");
    }
}
