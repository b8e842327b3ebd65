//! Clusters, where questions lie, and decisions.

use std::collections::BTreeSet;

use super::sample::{NOW, cluster, desk, merge, mine, minutes, pair, short_talk};
use crate::domain::{
    Cluster, ClusterDecision, ClusterDecisionId, ClusterId, ClusterState, Coverage, DecisionKind, DeskId, EntryId, Language, PairId,
    PairKind,
};
use crate::store::{ClusterChange, ClusterQuery, ClusterSort, Placement, Store, StoreError};

/// A desk with one conversation and these pairs.
async fn questions(store: &dyn Store, name: &str, pairs: &[&str]) -> DeskId {
    let desk = desk(store, name).await;
    let id = merge(store, &desk, &[short_talk("t-1")]).await[0];
    mine(store, &desk, id, pairs.iter().map(|name| pair(name)).collect()).await;
    desk
}

fn placed(name: &str, cluster: Option<ClusterId>, similarity: f32) -> Placement {
    Placement { pair: pair(name).id, cluster, similarity, fixed: false }
}

async fn change(store: &dyn Store, desk: &DeskId, change: ClusterChange) {
    let revision = store.cluster_revision(desk).await.unwrap();
    store.change_clusters(desk, &ClusterChange { revision, ..change }).await.unwrap();
}

fn decision(kind: DecisionKind, clusters: &[ClusterId]) -> ClusterDecision {
    ClusterDecision {
        id: ClusterDecisionId::new(),
        kind,
        clusters: clusters.to_vec(),
        detail: serde_json::json!({ "name": "x" }),
        actor: "editor-1".to_owned(),
        at: NOW,
        undone_by: None,
    }
}

fn all(limit: u32) -> ClusterQuery {
    ClusterQuery { limit, ..ClusterQuery::default() }
}

pub(in crate::store) async fn clusters_are_read_back_with_their_questions(store: &dyn Store) {
    let desk = questions(store, "shop", &["a", "b", "c"]).await;
    let group = Cluster {
        state: ClusterState::Snoozed,
        snoozed_until: Some(minutes(9)),
        dismissed_why: Some("over".to_owned()),
        coverage: Some(Coverage { entry_id: EntryId::derive(&["e"]), similarity: 0.5, covered: true }),
        ..cluster(&desk, "delivery", 2)
    };
    let placements = vec![
        placed("a", Some(group.id), 0.5),
        Placement { fixed: true, ..placed("b", Some(group.id), 0.75) },
        placed("c", None, 0.0),
        placed("gone", Some(group.id), 0.25),
    ];
    change(store, &desk, ClusterChange { clusters: vec![group.clone()], placements, ..ClusterChange::default() }).await;
    let (found, members) = store.cluster(&desk, group.id).await.unwrap().unwrap();
    assert_eq!(store.central_questions(&desk).await.unwrap(), [(group.id, pair("b").id)]);
    assert_eq!(found, group);
    let seen: Vec<_> = members.iter().map(|member| (member.pair_id, member.question.as_str(), member.similarity, member.fixed)).collect();
    assert_eq!(seen, [(pair("b").id, "question b", 0.75, true), (pair("a").id, "question a", 0.5, false)]);
    let outliers = store.outliers_page(&desk, None, 10).await.unwrap();
    assert_eq!(outliers.iter().map(|member| member.question.as_str()).collect::<Vec<_>>(), ["question c"]);
    let memory = store.cluster_memory(&desk).await.unwrap();
    assert_eq!((memory.clusters, memory.placements.len(), memory.revision), (vec![group.clone()], 3, 1));
    let lies = store.placements(&desk, &[pair("a").id, pair("unknown").id]).await.unwrap();
    assert_eq!(lies, [placed("a", Some(group.id), 0.5)]);
    // Gone clusters take their questions' places along, moved ones keep theirs.
    let heir = cluster(&desk, "heir", 1);
    let moved = ClusterChange {
        clusters: vec![heir.clone()],
        removed: vec![group.id],
        placements: vec![placed("b", Some(heir.id), 0.5)],
        ..ClusterChange::default()
    };
    change(store, &desk, moved).await;
    assert_eq!(store.cluster(&desk, group.id).await.unwrap(), None);
    assert_eq!(store.cluster(&desk, heir.id).await.unwrap().unwrap().1.len(), 1);
    assert_eq!(store.unplaced_questions(&desk, None, 10).await.unwrap(), [pair("a").id]);
}

pub(in crate::store) async fn what_was_computed_from_an_older_state_is_not_written(store: &dyn Store) {
    let desk = questions(store, "shop", &["a"]).await;
    let group = cluster(&desk, "a", 1);
    let first = ClusterChange { clusters: vec![group.clone()], ..ClusterChange::default() };
    store.change_clusters(&desk, &first).await.unwrap();
    let late = ClusterChange {
        clusters: vec![Cluster { name: "late".to_owned(), ..group.clone() }],
        placements: vec![placed("a", Some(group.id), 1.0)],
        ..ClusterChange::default()
    };
    assert!(matches!(store.change_clusters(&desk, &late).await, Err(StoreError::Overtaken(_))));
    assert_eq!(store.cluster(&desk, group.id).await.unwrap(), Some((group, Vec::new())));
    assert_eq!(store.cluster_revision(&desk).await.unwrap(), 1);
}

pub(in crate::store) async fn clusters_are_filtered_sorted_and_paged(store: &dyn Store) {
    let desk = questions(store, "shop", &[]).await;
    let mut groups: Vec<Cluster> =
        [("a", 5), ("b", 3), ("c", 3), ("d", 3), ("e", 1)].map(|(name, size)| cluster(&desk, name, size)).to_vec();
    groups[0].trend = -0.5;
    groups[1].state = ClusterState::Dismissed;
    groups[2].state = ClusterState::Snoozed;
    groups[2].snoozed_until = Some(minutes(5));
    groups[3].name = "Rückgabe 退货".to_owned();
    groups[3].language = Language::Zh;
    groups[3].answers[0].contradicts = vec![1];
    groups[4].trend = 0.25;
    groups[4].last_asked_at = Some(minutes(3));
    groups[4].coverage = Some(Coverage { entry_id: EntryId::derive(&["e"]), similarity: 0.9, covered: true });
    change(store, &desk, ClusterChange { clusters: groups.clone(), ..ClusterChange::default() }).await;
    let ids = async |query: ClusterQuery, now| {
        let found = store.clusters_page(&desk, &query, now).await.unwrap();
        found.iter().map(|found| groups.iter().position(|group| group.id == found.id).unwrap()).collect::<Vec<_>>()
    };
    let mut by_size = groups.clone();
    by_size.sort_by_key(|cluster| (std::cmp::Reverse(cluster.size), cluster.id));
    assert_eq!(store.clusters_page(&desk, &all(10), NOW).await.unwrap(), by_size);
    assert_eq!(ids(ClusterQuery { min_customers: 5, ..all(10) }, NOW).await, [0]);
    assert_eq!(ids(ClusterQuery { state: Some(ClusterState::Dismissed), ..all(10) }, NOW).await, [1]);
    assert_eq!(ids(ClusterQuery { state: Some(ClusterState::Snoozed), ..all(10) }, NOW).await, [2]);
    assert!(ids(ClusterQuery { state: Some(ClusterState::Snoozed), ..all(10) }, minutes(5)).await.is_empty());
    assert!(ids(ClusterQuery { state: Some(ClusterState::Open), ..all(10) }, minutes(5)).await.contains(&2));
    assert_eq!(ids(ClusterQuery { language: Some(Language::Zh), ..all(10) }, NOW).await, [3]);
    for text in ["退货", "REPRESENTATIVE OF D", "gabe"] {
        assert_eq!(ids(ClusterQuery { text: Some(text.to_owned()), ..all(10) }, NOW).await, [3], "{text}");
    }
    assert!(ids(ClusterQuery { text: Some("%".to_owned()), ..all(10) }, NOW).await.is_empty(), "no wildcards");
    assert_eq!(ids(ClusterQuery { conflicting: Some(true), ..all(10) }, NOW).await, [3]);
    assert_eq!(ids(ClusterQuery { covered: Some(true), ..all(10) }, NOW).await, [4]);
    assert_eq!(ids(ClusterQuery { covered: Some(false), ..all(10) }, NOW).await.len(), 4);
    let by_trend = ids(ClusterQuery { sort: ClusterSort::Trend, ..all(10) }, NOW).await;
    assert_eq!((by_trend.first(), by_trend.last()), (Some(&4), Some(&0)));
    assert_eq!(ids(ClusterQuery { sort: ClusterSort::Recent, ..all(1) }, NOW).await, [4]);
    let by_impact = ids(ClusterQuery { sort: ClusterSort::Impact, ..all(10) }, NOW).await;
    assert_eq!(by_impact.first(), Some(&0));
    assert_eq!(BTreeSet::from_iter(&by_impact[3..]), BTreeSet::from([&1, &4]), "dismissed and covered ones last");
    for sort in [ClusterSort::Size, ClusterSort::Customers, ClusterSort::Trend, ClusterSort::Recent, ClusterSort::Impact] {
        let (mut found, mut after) = (Vec::new(), None);
        loop {
            let page = store.clusters_page(&desk, &ClusterQuery { sort, after, ..all(2) }, NOW).await.unwrap();
            let Some(last) = page.last() else { break };
            after = Some((sort.value(last), last.id));
            found.extend(page);
        }
        assert_eq!(found, store.clusters_page(&desk, &ClusterQuery { sort, ..all(10) }, NOW).await.unwrap(), "{sort:?}");
    }
}

pub(in crate::store) async fn decisions_are_kept_and_know_which_stand(store: &dyn Store) {
    let desk = questions(store, "shop", &[]).await;
    let (a, b) = (cluster(&desk, "a", 1), cluster(&desk, "b", 1));
    change(store, &desk, ClusterChange { clusters: vec![a.clone(), b.clone()], ..ClusterChange::default() }).await;
    let (first, second) = (decision(DecisionKind::Rename, &[a.id]), decision(DecisionKind::Merge, &[a.id, b.id]));
    for made in [&first, &second] {
        let before = serde_json::json!([made.kind]);
        change(store, &desk, ClusterChange { decision: Some((made.clone(), before)), ..ClusterChange::default() }).await;
    }
    assert_eq!(store.cluster_decisions(&desk, None, None, 10).await.unwrap(), [second.clone(), first.clone()]);
    assert_eq!(store.cluster_decisions(&desk, Some(b.id), None, 10).await.unwrap(), std::slice::from_ref(&second));
    assert_eq!(store.cluster_decisions(&desk, None, Some(second.id), 10).await.unwrap(), std::slice::from_ref(&first));
    let kept = store.cluster_decision(&desk, first.id).await.unwrap().unwrap();
    assert_eq!(kept, (first.clone(), serde_json::json!(["rename"]), Some(second.id)));
    // Taken back, the later one stands in nobody's way; taking it back twice is refused.
    let undo = decision(DecisionKind::Undo, &[a.id, b.id]);
    let undoing =
        ClusterChange { decision: Some((undo.clone(), serde_json::json!([]))), undone: Some(second.id), ..ClusterChange::default() };
    change(store, &desk, undoing.clone()).await;
    let taken_back = store.cluster_decision(&desk, second.id).await.unwrap().unwrap();
    assert_eq!((taken_back.0.undone_by, taken_back.2), (Some(undo.id), None));
    assert_eq!(store.cluster_decision(&desk, first.id).await.unwrap().unwrap().2, None);
    let revision = store.cluster_revision(&desk).await.unwrap();
    let again = ClusterChange { revision, decision: Some((decision(DecisionKind::Undo, &[a.id]), serde_json::json!([]))), ..undoing };
    assert!(matches!(store.change_clusters(&desk, &again).await, Err(StoreError::Overtaken(_))));
    assert_eq!(store.cluster_revision(&desk).await.unwrap(), revision);
}

pub(in crate::store) async fn a_pair_that_goes_takes_its_place_along(store: &dyn Store) {
    let desk = questions(store, "shop", &["a", "b"]).await;
    let group = cluster(&desk, "g", 2);
    let placements = vec![placed("a", Some(group.id), 0.5), placed("b", Some(group.id), 0.5)];
    change(store, &desk, ClusterChange { clusters: vec![group.clone()], placements, ..ClusterChange::default() }).await;
    assert!(store.unplaced_questions(&desk, None, 10).await.unwrap().is_empty());
    let conversation = store.pairs(&desk, &[pair("a").id]).await.unwrap()[0].conversation;
    let talk = crate::domain::PairDraft { kind: PairKind::SmallTalk, ..pair("d") };
    mine(store, &desk, conversation, vec![pair("b"), pair("c"), talk]).await;
    let members: Vec<PairId> = store.cluster(&desk, group.id).await.unwrap().unwrap().1.iter().map(|member| member.pair_id).collect();
    assert_eq!(members, [pair("b").id]);
    assert_eq!(store.unplaced_questions(&desk, None, 10).await.unwrap(), [pair("c").id], "small talk is no question");
    assert_eq!(store.unplaced_questions(&desk, Some(pair("c").id), 10).await.unwrap(), []);
}

pub(in crate::store) async fn clusters_are_confined_to_their_desk(store: &dyn Store) {
    let shop = questions(store, "shop", &["a"]).await;
    let other = desk(store, "other").await;
    let group = cluster(&shop, "g", 1);
    let made = decision(DecisionKind::Approve, &[group.id]);
    let first = ClusterChange {
        clusters: vec![group.clone()],
        placements: vec![placed("a", Some(group.id), 0.5)],
        decision: Some((made.clone(), serde_json::json!([]))),
        ..ClusterChange::default()
    };
    change(store, &shop, first).await;
    assert_eq!(store.cluster(&other, group.id).await.unwrap(), None);
    assert!(store.clusters_page(&other, &all(10), NOW).await.unwrap().is_empty());
    assert!(store.placements(&other, &[pair("a").id]).await.unwrap().is_empty());
    assert!(store.cluster_decisions(&other, None, None, 10).await.unwrap().is_empty());
    assert_eq!(store.cluster_decision(&other, made.id).await.unwrap(), None);
    assert_eq!(store.cluster_revision(&other).await.unwrap(), 0);
    // Nor can a change of one desk touch another's.
    let stolen = ClusterChange { clusters: vec![group.clone()], ..ClusterChange::default() };
    assert!(matches!(store.change_clusters(&other, &stolen).await, Err(StoreError::NotFound(_))));
    let away = ClusterChange { removed: vec![group.id], placements: vec![placed("a", None, 0.0)], ..ClusterChange::default() };
    change(store, &other, away).await;
    assert_eq!(store.cluster(&shop, group.id).await.unwrap().unwrap().1.len(), 1);
}
