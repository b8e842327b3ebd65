//! Agreement figures against hand-computed values and the properties they must have.

use proptest::prelude::*;

use super::*;
use crate::domain::random::SplitMix64;

fn some(numbers: &[usize]) -> Vec<Option<usize>> {
    numbers.iter().copied().map(Some).collect()
}

fn close(got: Option<f64>, expected: f64) -> bool {
    got.is_some_and(|got| (got - expected).abs() < 1e-9)
}

#[test]
fn hand_computed_values() {
    // Groups 0 0 0 1 1 1, clusters 0 0 1 1 2 2; cells 2 1 | 1 2.
    let groups = some(&[0, 0, 0, 1, 1, 1]);
    let found = some(&[0, 0, 1, 1, 2, 2]);
    // Cluster 0 → group 0, cluster 2 → group 1: four of six.
    assert!(close(accuracy(&found, &groups), 4.0 / 6.0));
    // Together 1 + 1, in clusters 3, in groups 6, all 15: (2 − 1.2) / (4.5 − 1.2).
    assert!(close(ari(&found, &groups), 0.8 / 3.3));
    // Information: 2 · (1/3) ln 2 + 2 · (1/6) ln 1; entropies ln 3 and ln 2.
    let expected = 2.0 / 3.0 * 2.0_f64.ln() / f64::midpoint(3.0_f64.ln(), 2.0_f64.ln());
    assert!(close(nmi(&found, &groups), expected));
    assert_eq!(cluster_count(&found), 3);
}

#[test]
fn every_outlier_is_a_cluster_of_its_own() {
    let groups = some(&[0, 0, 0, 1]);
    let with_outliers = [Some(7), None, None, None];
    let spelled_out = some(&[0, 1, 2, 3]);
    assert_eq!(accuracy(&with_outliers, &groups), accuracy(&spelled_out, &groups));
    assert_eq!(nmi(&with_outliers, &groups), nmi(&spelled_out, &groups));
    assert_eq!(ari(&with_outliers, &groups), ari(&spelled_out, &groups));
    assert!(close(accuracy(&with_outliers, &groups), 0.5));
    assert!(close(ari(&with_outliers, &groups), 0.0));
    assert_eq!(outlier_share(&with_outliers), Some(0.75));
    assert_eq!(cluster_count(&with_outliers), 1);
}

#[test]
fn trivial_groupings() {
    let one = some(&[3, 3, 3]);
    assert!(close(accuracy(&one, &one), 1.0) && close(nmi(&one, &one), 1.0) && close(ari(&one, &one), 1.0));
    let apart = vec![None, None, None];
    assert!(close(accuracy(&apart, &apart), 1.0) && close(nmi(&apart, &apart), 1.0) && close(ari(&apart, &apart), 1.0));
    assert!(close(nmi(&one, &apart), 0.0) && close(ari(&one, &apart), 0.0));
    let single = some(&[0]);
    assert!(close(ari(&single, &single), 1.0));
    assert_eq!(accuracy(&[], &[]), None);
    assert_eq!(nmi(&one, &single), None);
    assert_eq!(outlier_share(&[]), None);
}

#[test]
fn judged_pairs_only_are_scored() {
    let found = [Some(0), Some(0), Some(0), Some(1), None, None];
    let pair = |a, b, same| JudgedPair { a, b, same };
    let judged = [pair(0, 1, true), pair(1, 2, false), pair(2, 3, true), pair(4, 5, true), pair(3, 4, false)];
    let scores = pair_scores(&found, &judged);
    assert!((scores.precision - 0.5).abs() < 1e-12);
    assert!((scores.recall - 1.0 / 3.0).abs() < 1e-12);
    assert!((scores.f1 - 0.4).abs() < 1e-12);
    let nothing = pair_scores(&[None, None], &[pair(0, 1, true)]);
    assert_eq!(nothing, PairScores { precision: 0.0, recall: 0.0, f1: 0.0 });
    assert!((pair_scores(&[None], &[pair(0, 0, true)]).f1 - 1.0).abs() < 1e-12);
}

#[test]
fn labels_become_numbers() {
    assert_eq!(grouping(["b", "none", "a", "b"], |label| label == "none"), [Some(0), None, Some(1), Some(0)]);
}

#[test]
fn a_random_grouping_has_no_adjusted_agreement() {
    let mut random = SplitMix64::new(7);
    let mut draw = |upto: u64| -> Vec<Option<usize>> { (0..4000).map(|_| Some((random.next_u64() % upto) as usize)).collect() };
    let value = ari(&draw(12), &draw(9)).unwrap();
    assert!(value.abs() < 0.01, "{value}");
}

#[test]
fn many_outliers_are_matched_quickly_and_exactly() {
    // 3,000 outliers over 30 groups: each group can own one of them.
    let groups: Vec<Option<usize>> = (0..3000).map(|text| Some(text % 30)).collect();
    assert!(close(accuracy(&vec![None; 3000], &groups), 30.0 / 3000.0));
    assert!(close(accuracy(&groups, &vec![None; 3000]), 30.0 / 3000.0));
}

fn any_grouping() -> impl Strategy<Value = (Vec<Option<usize>>, Vec<Option<usize>>)> {
    prop::collection::vec((prop::option::weighted(0.8, 0_usize..5), prop::option::weighted(0.9, 0_usize..5)), 1..40)
        .prop_map(|texts| texts.into_iter().unzip())
}

proptest! {
    #[test]
    fn range_symmetry_and_renaming((found, groups) in any_grouping()) {
        let renamed: Vec<Option<usize>> = found.iter().map(|cluster| cluster.map(|number| 100 - number)).collect();
        let (found_back, groups_back): (Vec<_>, Vec<_>) = found.iter().copied().zip(groups.iter().copied()).rev().unzip();
        for figure in [accuracy, nmi, ari] {
            let value = figure(&found, &groups).unwrap();
            prop_assert!((-1.0..=1.0 + 1e-9).contains(&value));
            prop_assert!(close(figure(&groups, &found), value));
            prop_assert!(close(figure(&renamed, &groups), value));
            prop_assert!(close(figure(&found_back, &groups_back), value));
            prop_assert!(close(figure(&found, &found), 1.0));
        }
        prop_assert!(accuracy(&found, &groups).unwrap() > 0.0);
    }

    #[test]
    fn leaving_out_repeated_lone_clusters_changes_nothing((found, groups) in any_grouping()) {
        let table = Contingency::new(&found, &groups).unwrap();
        let mut weights = vec![vec![0_i64; table.groups.len()]; table.clusters.len()];
        for (&(cluster, group), &count) in &table.cells {
            weights[cluster][group] = count as i64;
        }
        let matched: i64 = best_assignment(&weights).iter().enumerate().filter_map(|(row, c)| c.map(|c| weights[row][c])).sum();
        prop_assert!(close(accuracy(&found, &groups), matched as f64 / found.len() as f64));
    }
}
