//! What every [`VectorIndex`] must do: one suite, run against each adapter by [`contract_suite!`].
//!
//! The functions take a fresh, empty index of [`DIMENSION`] dimensions. Sparse scores are compared in value only where nothing has been
//! deleted or replaced: engines may count deleted points in term statistics for a while.

use uuid::Uuid;

use super::schema::inverse_document_frequency;
use super::{DenseField, Hit, IndexError, IndexFilter, IndexPoint, PointPayload, Probe, SparseField, SparseVector, VectorIndex};
use crate::domain::{DeskId, Language, PairKind, Pool, Timestamp};

/// Dimension of the indexes under test: a point's vector is one kilobyte, so that an engine's thresholds can be met by one point.
pub(crate) const DIMENSION: usize = 256;

/// Declares one test per rule; `$make` gives what must live as long as the index, and the index, or nothing where its engine is not at hand.
macro_rules! contract_suite {
    ($name:ident, $make:expr) => {
        mod $name {
            use super::*;
            crate::index::contract::contract_suite!(@tests $make,
                points_come_back_as_they_were_written, many_points_come_back_in_the_order_asked, an_id_written_again_is_replaced,
                sources_are_deleted, every_condition_filters,
                desks_do_not_see_each_other, dense_probes_rank_by_inner_product, sparse_probes_rank_by_weighted_terms,
                several_probes_are_answered_in_order, equal_scores_are_ordered_by_id, pages_are_complete, wrong_vectors_are_refused,
                nothing_is_a_valid_request,
            );
        }
    };
    (@tests $make:expr, $($rule:ident),+ $(,)?) => {$(
        #[tokio::test]
        async fn $rule() {
            if let Some((_keep, index)) = $make {
                crate::index::contract::$rule(&index).await;
            }
        }
    )+};
}
pub(crate) use contract_suite;

pub(crate) fn id(number: u128) -> Uuid {
    Uuid::from_u128(number)
}

pub(crate) fn desk(name: &str) -> DeskId {
    name.parse().unwrap()
}

/// A normalised vector between axis 0 (`angle` 0) and axis 1 (`angle` 90 degrees).
fn direction(angle: f32) -> Vec<f32> {
    let mut vector = vec![0.0; DIMENSION];
    vector[0] = angle.to_radians().cos();
    vector[1] = angle.to_radians().sin();
    vector
}

fn terms(weights: &[(u32, f32)]) -> SparseVector {
    let (terms, values) = weights.iter().copied().unzip();
    SparseVector { terms, values }
}

fn at(micros: i64) -> Timestamp {
    Timestamp::from_micros(1_700_000_000_000_000 + micros)
}

/// Point `number` of desk `a`, its own source, in directions that differ by field.
pub(crate) fn point(number: u128) -> IndexPoint {
    let angle = number as f32;
    IndexPoint {
        id: id(number),
        payload: PointPayload {
            desk: desk("a"),
            pool: Pool::Archive,
            kind: PairKind::Question,
            language: Language::En,
            source: id(1_000 + number),
            conversation: Some(id(2_000 + number)),
            answered_at: Some(at(number as i64)),
            valid_from: None,
            valid_to: None,
            tags: Vec::new(),
        },
        dense: [direction(angle), direction(angle + 20.0), direction(angle + 40.0)],
        sparse: [terms(&[(number as u32, 1.0)]), SparseVector::default(), SparseVector::default()],
    }
}

fn with_payload(number: u128, change: impl FnOnce(&mut PointPayload)) -> IndexPoint {
    let mut point = point(number);
    change(&mut point.payload);
    point
}

async fn found(index: &dyn VectorIndex, filter: &IndexFilter, probe: Probe) -> Vec<Hit> {
    index.search(filter, vec![probe], 10).await.unwrap().remove(0)
}

fn ids(hits: &[Hit]) -> Vec<Uuid> {
    hits.iter().map(|hit| hit.id).collect()
}

fn all(angle: f32) -> Probe {
    Probe::Dense(DenseField::Question, direction(angle))
}

pub(crate) async fn points_come_back_as_they_were_written(index: &dyn VectorIndex) {
    let rich = IndexPoint {
        sparse: [terms(&[(0, 0.5), (7, 1.5), (u32::MAX, 2.0)]), SparseVector::default(), terms(&[(3, 1.0)])],
        ..with_payload(1, |payload| {
            payload.pool = Pool::Knowledge;
            payload.kind = PairKind::SmallTalk;
            payload.language = Language::Zh;
            payload.valid_from = Some(at(-1));
            payload.valid_to = Some(at(1));
            payload.tags = vec!["退款".to_owned(), "vip".to_owned()];
        })
    };
    let bare = IndexPoint {
        sparse: Default::default(),
        ..with_payload(2, |payload| {
            payload.conversation = None;
            payload.answered_at = None;
        })
    };
    index.upsert(vec![rich.clone(), bare.clone()]).await.unwrap();
    index.flush().await.unwrap();
    assert_eq!(index.fetch(&desk("a"), &[id(2), id(9), id(1)]).await.unwrap(), [bare, rich]);
}

pub(crate) async fn many_points_come_back_in_the_order_asked(index: &dyn VectorIndex) {
    const POINTS: u128 = 150;
    let foreign = with_payload(POINTS, |payload| payload.desk = desk("b"));
    index.upsert((1..POINTS).map(point).chain([foreign]).collect()).await.unwrap();
    index.flush().await.unwrap();
    // 7 and 151 have no common divisor: every number below 151 once, and the first one unknown.
    let asked: Vec<Uuid> = (0..=POINTS).map(|place| id(place * 7 % (POINTS + 1))).collect();
    let expected: Vec<Uuid> = asked.iter().copied().filter(|&asked| asked != id(0) && asked != id(POINTS)).collect();
    let fetched = index.fetch(&desk("a"), &asked).await.unwrap();
    assert_eq!(fetched.iter().map(|point| point.id).collect::<Vec<_>>(), expected);
}

pub(crate) async fn an_id_written_again_is_replaced(index: &dyn VectorIndex) {
    let first = IndexPoint {
        sparse: [terms(&[(1, 1.0)]), terms(&[(2, 1.0)]), terms(&[(3, 1.0)])],
        ..with_payload(1, |payload| {
            payload.tags = vec!["old".to_owned()];
            payload.valid_to = Some(at(5));
        })
    };
    index.upsert(vec![first, point(2)]).await.unwrap();
    let outvoted = with_payload(1, |payload| payload.kind = PairKind::Unanswered);
    let mut second = point(1);
    second.dense = [direction(90.0), direction(90.0), direction(90.0)];
    second.sparse = [terms(&[(5, 1.0)]), SparseVector::default(), terms(&[(6, 1.0)])];
    second.payload.source = id(77);
    index.upsert(vec![outvoted, second.clone()]).await.unwrap();

    let everything = IndexFilter::desk(desk("a"));
    assert_eq!(index.count(&everything).await.unwrap(), 2);
    assert_eq!(index.fetch(&desk("a"), &[id(1)]).await.unwrap(), [second]);
    assert_eq!(ids(&found(index, &everything, all(90.0)).await), [id(1), id(2)]);
    for (field, old_term) in [(SparseField::Question, 1), (SparseField::Situation, 2), (SparseField::Answer, 3)] {
        let old = Probe::Sparse(field, terms(&[(old_term, 1.0)]));
        assert_eq!(found(index, &everything, old).await, [], "the old terms of {field:?} are gone");
    }
    assert_eq!(ids(&found(index, &everything, Probe::Sparse(SparseField::Answer, terms(&[(6, 1.0)]))).await), [id(1)]);
    let old_tag = IndexFilter { any_tag: vec!["old".to_owned()], ..everything.clone() };
    assert_eq!(index.count(&old_tag).await.unwrap(), 0);

    index.delete_sources(&[id(1_001)]).await.unwrap();
    assert_eq!(index.count(&everything).await.unwrap(), 2, "the point no longer belongs to its first source");
}

pub(crate) async fn sources_are_deleted(index: &dyn VectorIndex) {
    let of_one_source = |number| with_payload(number, |payload| payload.source = id(500));
    index.upsert(vec![of_one_source(1), of_one_source(2), point(3), point(4)]).await.unwrap();
    index.delete_sources(&[id(500), id(999), id(1_004)]).await.unwrap();

    let everything = IndexFilter::desk(desk("a"));
    assert_eq!(index.count(&everything).await.unwrap(), 1);
    assert!(matches!(index.size().await.unwrap(), None | Some(1)), "deleted points are none");
    assert_eq!(ids(&found(index, &everything, all(1.0)).await), [id(3)]);
    assert_eq!(found(index, &everything, Probe::Sparse(SparseField::Question, terms(&[(1, 1.0), (3, 1.0)]))).await.len(), 1);
    assert_eq!(index.fetch(&desk("a"), &[id(1), id(2), id(4)]).await.unwrap(), []);

    index.delete_sources(&[id(500)]).await.unwrap();
    index.upsert(vec![of_one_source(1)]).await.unwrap();
    assert_eq!(ids(&found(index, &everything, all(1.0)).await), [id(1), id(3)], "a deleted id can be written again");
}

pub(crate) async fn every_condition_filters(index: &dyn VectorIndex) {
    let points = vec![
        with_payload(1, |payload| payload.pool = Pool::Knowledge),
        with_payload(2, |payload| payload.kind = PairKind::FollowUp),
        with_payload(3, |payload| payload.language = Language::Zh),
        with_payload(4, |payload| payload.conversation = None),
        with_payload(5, |payload| payload.tags = vec!["vip".to_owned(), "退款".to_owned()]),
        with_payload(6, |payload| payload.tags = vec!["vip2".to_owned()]),
        with_payload(7, |payload| payload.answered_at = None),
        with_payload(8, |payload| {
            payload.valid_from = Some(at(100));
            payload.valid_to = Some(at(200));
        }),
    ];
    index.upsert(points).await.unwrap();

    let base = IndexFilter::desk(desk("a"));
    let tags = |tags: &[&str]| tags.iter().map(|tag| (*tag).to_owned()).collect::<Vec<_>>();
    let cases = [
        (IndexFilter { pools: vec![Pool::Knowledge], ..base.clone() }, vec![1]),
        (IndexFilter { pools: vec![Pool::Knowledge, Pool::Archive], ..base.clone() }, vec![1, 2, 3, 4, 5, 6, 7, 8]),
        (IndexFilter { kinds: vec![PairKind::FollowUp, PairKind::SmallTalk], ..base.clone() }, vec![2]),
        (IndexFilter { language: Some(Language::Zh), ..base.clone() }, vec![3]),
        (IndexFilter { not_conversation: Some(id(2_005)), ..base.clone() }, vec![1, 2, 3, 4, 6, 7, 8]),
        (IndexFilter { not_conversation: Some(id(9_999)), ..base.clone() }, vec![1, 2, 3, 4, 5, 6, 7, 8]),
        (IndexFilter { not_point: Some(id(5)), ..base.clone() }, vec![1, 2, 3, 4, 6, 7, 8]),
        (IndexFilter { not_point: Some(id(9_999)), ..base.clone() }, vec![1, 2, 3, 4, 5, 6, 7, 8]),
        (IndexFilter { not_point: Some(id(1)), not_conversation: Some(id(2_005)), ..base.clone() }, vec![2, 3, 4, 6, 7, 8]),
        (IndexFilter { any_tag: tags(&["vip"]), ..base.clone() }, vec![5]),
        (IndexFilter { any_tag: tags(&["退款", "vip2"]), ..base.clone() }, vec![5, 6]),
        (IndexFilter { any_tag: tags(&["vi"]), ..base.clone() }, vec![]),
        (IndexFilter { answered_from: Some(at(5)), ..base.clone() }, vec![5, 6, 8]),
        (IndexFilter { answered_from: Some(at(9)), ..base.clone() }, vec![]),
        (IndexFilter { valid_at: Some(at(99)), ..base.clone() }, vec![1, 2, 3, 4, 5, 6, 7]),
        (IndexFilter { valid_at: Some(at(100)), ..base.clone() }, vec![1, 2, 3, 4, 5, 6, 7, 8]),
        (IndexFilter { valid_at: Some(at(199)), ..base.clone() }, vec![1, 2, 3, 4, 5, 6, 7, 8]),
        (IndexFilter { valid_at: Some(at(200)), ..base.clone() }, vec![1, 2, 3, 4, 5, 6, 7]),
        (
            IndexFilter { language: Some(Language::En), valid_at: Some(at(150)), not_conversation: Some(id(2_006)), ..base.clone() },
            vec![1, 2, 4, 5, 7, 8],
        ),
    ];
    let any_term = terms(&(1..=8).map(|term| (term, 1.0)).collect::<Vec<_>>());
    for (filter, expected) in cases {
        let expected: Vec<Uuid> = expected.into_iter().map(id).collect();
        let mut dense = ids(&found(index, &filter, all(0.0)).await);
        dense.sort();
        assert_eq!(dense, expected, "dense probe under {filter:?}");
        let mut sparse = ids(&found(index, &filter, Probe::Sparse(SparseField::Question, any_term.clone())).await);
        sparse.sort();
        assert_eq!(sparse, expected, "sparse probe under {filter:?}");
        let page: Vec<Uuid> = index.page(&filter, None, 10).await.unwrap().iter().map(|point| point.id).collect();
        assert_eq!(page, expected, "page under {filter:?}");
        assert_eq!(index.count(&filter).await.unwrap(), expected.len(), "count under {filter:?}");
    }
}

pub(crate) async fn desks_do_not_see_each_other(index: &dyn VectorIndex) {
    let of_desk = |number, name| with_payload(number, |payload| payload.desk = desk(name));
    index.upsert(vec![of_desk(1, "a"), of_desk(2, "b"), of_desk(3, "a"), of_desk(4, "店铺")]).await.unwrap();
    for (name, expected) in [("a", vec![id(1), id(3)]), ("b", vec![id(2)]), ("店铺", vec![id(4)]), ("A", vec![])] {
        let filter = IndexFilter::desk(desk(name));
        assert_eq!(ids(&found(index, &filter, all(0.0)).await), expected);
        let any_term = Probe::Sparse(SparseField::Question, terms(&[(1, 1.0), (2, 1.0), (3, 1.0), (4, 1.0)]));
        assert_eq!(found(index, &filter, any_term).await.len(), expected.len());
        assert_eq!(index.count(&filter).await.unwrap(), expected.len());
        assert_eq!(index.page(&filter, None, 10).await.unwrap().len(), expected.len());
        let fetched = index.fetch(&desk(name), &[id(1), id(2), id(3), id(4)]).await.unwrap();
        assert_eq!(fetched.iter().map(|point| point.id).collect::<Vec<_>>(), expected);
    }
}

pub(crate) async fn dense_probes_rank_by_inner_product(index: &dyn VectorIndex) {
    index.upsert(vec![point(10), point(30), point(50)]).await.unwrap();
    let everything = IndexFilter::desk(desk("a"));
    // The fields are turned by 0, 20 and 40 degrees, so that one direction finds another order in each.
    let cases = [
        (DenseField::Question, 50.0, [50, 30, 10], 0.0f32),
        (DenseField::Situation, 52.0, [30, 50, 10], 2.0),
        (DenseField::Answer, 48.0, [10, 30, 50], 2.0),
    ];
    for (field, angle, order, distance) in cases {
        let hits = found(index, &everything, Probe::Dense(field, direction(angle))).await;
        assert_eq!(ids(&hits), order.map(id), "{field:?}");
        assert!((hits[0].score - distance.to_radians().cos()).abs() < 1e-5, "{field:?}: {}", hits[0].score);
    }
    let nearest = index.search(&everything, vec![all(28.0)], 1).await.unwrap();
    assert_eq!(ids(&nearest[0]), [id(30)]);
}

pub(crate) async fn sparse_probes_rank_by_weighted_terms(index: &dyn VectorIndex) {
    let with_terms = |number, name: &str, weights: &[(u32, f32)]| {
        let mut point = with_payload(number, |payload| payload.desk = desk(name));
        point.sparse = [terms(weights), SparseVector::default(), terms(&[(9, 1.0)])];
        point
    };
    // Term 1 is on four of five points with terms, one of them on another desk; term 2 on one. Point 6 has no terms at all.
    let points = vec![
        with_terms(1, "a", &[(1, 1.0)]),
        with_terms(2, "a", &[(1, 2.0), (3, 1.0)]),
        with_terms(3, "a", &[(2, 1.0)]),
        with_terms(4, "a", &[(1, 0.5), (4, 1.0)]),
        with_terms(5, "b", &[(1, 1.0), (2_000_000_000, 1.0)]),
        with_terms(6, "a", &[]),
    ];
    index.upsert(points).await.unwrap();
    let (common, rare) = (inverse_document_frequency(5, 4), inverse_document_frequency(5, 1));
    let everything = IndexFilter::desk(desk("a"));

    let hits = found(index, &everything, Probe::Sparse(SparseField::Question, terms(&[(1, 1.0), (2, 1.0), (8, 5.0)]))).await;
    assert_eq!(ids(&hits), [id(3), id(2), id(1), id(4)], "one rare term outweighs a common one");
    for (hit, expected) in hits.iter().zip([rare, 2.0 * common, common, 0.5 * common]) {
        assert!((hit.score - expected).abs() < 1e-5, "{hit:?} instead of {expected}");
    }

    let weighted = found(index, &everything, Probe::Sparse(SparseField::Question, terms(&[(1, 3.0), (3, 2.0)]))).await;
    assert_eq!(ids(&weighted), [id(2), id(1), id(4)]);
    assert!((weighted[0].score - (6.0 * common + 2.0 * rare)).abs() < 1e-5, "{weighted:?}");

    let large_term = Probe::Sparse(SparseField::Question, terms(&[(2_000_000_000, 1.0)]));
    assert_eq!(ids(&found(index, &IndexFilter::desk(desk("b")), large_term).await), [id(5)]);
    assert_eq!(found(index, &everything, Probe::Sparse(SparseField::Situation, terms(&[(1, 1.0)]))).await, []);
    assert_eq!(found(index, &everything, Probe::Sparse(SparseField::Answer, terms(&[(9, 1.0)]))).await.len(), 5);
    assert_eq!(found(index, &everything, Probe::Sparse(SparseField::Question, terms(&[(77, 1.0)]))).await, []);
}

pub(crate) async fn several_probes_are_answered_in_order(index: &dyn VectorIndex) {
    index.upsert((1..=20).map(|number| point(number * 4)).collect()).await.unwrap();
    let everything = IndexFilter::desk(desk("a"));
    let probes = vec![
        Probe::Sparse(SparseField::Question, terms(&[(8, 1.0)])),
        Probe::Dense(DenseField::Answer, direction(60.0)),
        Probe::Sparse(SparseField::Answer, terms(&[(8, 1.0)])),
        Probe::Dense(DenseField::Question, direction(60.0)),
        Probe::Dense(DenseField::Question, direction(4.0)),
    ];
    let answers = index.search(&everything, probes, 2).await.unwrap();
    let first: Vec<Option<Uuid>> = answers.iter().map(|hits| hits.first().map(|hit| hit.id)).collect();
    assert_eq!(first, [Some(id(8)), Some(id(20)), None, Some(id(60)), Some(id(4))]);
    assert_eq!(answers.iter().map(Vec::len).collect::<Vec<_>>(), [1, 2, 0, 2, 2]);
}

pub(crate) async fn equal_scores_are_ordered_by_id(index: &dyn VectorIndex) {
    let same = |number| IndexPoint { id: id(number), ..point(1) };
    index.upsert([5, 3, 9, 1].map(same).to_vec()).await.unwrap();
    let everything = IndexFilter::desk(desk("a"));
    for probe in [all(1.0), Probe::Sparse(SparseField::Question, terms(&[(1, 1.0)]))] {
        assert_eq!(ids(&found(index, &everything, probe).await), [1, 3, 5, 9].map(id));
    }
}

pub(crate) async fn pages_are_complete(index: &dyn VectorIndex) {
    let shuffled = (0..50).map(|number| {
        with_payload((number * 37) % 50 + 1, |payload| {
            payload.desk = desk(if number % 5 == 0 { "b" } else { "a" });
        })
    });
    index.upsert(shuffled.collect()).await.unwrap();
    for (name, expected) in [("a", 40), ("b", 10)] {
        let filter = IndexFilter::desk(desk(name));
        for limit in [1, 7, 40, 100] {
            let (mut seen, mut after) = (Vec::new(), None);
            loop {
                let page = index.page(&filter, after, limit).await.unwrap();
                assert!(page.len() <= limit);
                let Some(last) = page.last() else { break };
                after = Some(last.id);
                seen.extend(page.iter().map(|point| point.id));
            }
            assert_eq!(seen.len(), expected, "{name} by {limit}");
            assert!(seen.is_sorted_by(|a, b| a < b), "in order and without repetition: {name} by {limit}");
        }
    }
    let everything = IndexFilter::desk(desk("a"));
    let whole = index.page(&everything, None, 100).await.unwrap();
    let after_deleted = index.page(&everything, Some(id(0)), 100).await.unwrap();
    assert_eq!(whole, after_deleted, "an `after` that is no point is a place too");
}

pub(crate) async fn wrong_vectors_are_refused(index: &dyn VectorIndex) {
    let everything = IndexFilter::desk(desk("a"));
    let mut short = point(2);
    short.dense[2].pop();
    let refused = index.upsert(vec![point(1), short]).await;
    assert!(matches!(refused, Err(IndexError::Dimension { found: 255, expected: DIMENSION })), "{refused:?}");
    let mut unsorted = point(3);
    unsorted.sparse[1] = SparseVector { terms: vec![2, 1], values: vec![1.0, 1.0] };
    assert!(index.upsert(vec![point(1), unsorted.clone()]).await.is_err());
    assert_eq!(index.count(&everything).await.unwrap(), 0, "nothing of a refused call is written");

    let long = Probe::Dense(DenseField::Answer, vec![0.0; DIMENSION + 1]);
    let refused = index.search(&everything, vec![all(0.0), long], 5).await;
    assert!(matches!(refused, Err(IndexError::Dimension { found: 257, expected: DIMENSION })), "{refused:?}");
    assert!(index.search(&everything, vec![Probe::Sparse(SparseField::Answer, unsorted.sparse[1].clone())], 5).await.is_err());
}

pub(crate) async fn nothing_is_a_valid_request(index: &dyn VectorIndex) {
    let everything = IndexFilter::desk(desk("a"));
    index.optimize().await.unwrap();
    index.upsert(Vec::new()).await.unwrap();
    index.delete_sources(&[]).await.unwrap();
    assert_eq!(found(index, &everything, all(0.0)).await, []);
    index.upsert(vec![point(1)]).await.unwrap();
    index.delete_sources(&[]).await.unwrap();
    assert_eq!(index.count(&everything).await.unwrap(), 1);
    assert_eq!(index.search(&everything, Vec::new(), 5).await.unwrap(), Vec::<Vec<Hit>>::new());
    assert_eq!(index.search(&everything, vec![all(0.0)], 0).await.unwrap(), [vec![]]);
    assert_eq!(found(index, &everything, Probe::Sparse(SparseField::Question, SparseVector::default())).await, []);
    assert_eq!(index.page(&everything, None, 0).await.unwrap(), []);
    assert_eq!(index.fetch(&desk("a"), &[]).await.unwrap(), []);
    index.flush().await.unwrap();
    index.flush().await.unwrap();
}
