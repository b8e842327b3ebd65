//! A turn that asks several things at once: every question gets a place among the first suggestions.

use std::collections::HashMap;

use uuid::Uuid;

use super::ranking::RankedGroup;

/// Moves the group that answers each question best behind the best one of all, so that the first suggestions serve every question. `fits` holds
/// for each question the scores of its candidates.
pub(super) fn serve_each_question(groups: &mut [RankedGroup], fits: &[HashMap<Uuid, f32>]) {
    let fit = |group: &RankedGroup, scores: &HashMap<Uuid, f32>| {
        group.members.iter().filter_map(|member| scores.get(&member.candidate.point).copied()).max_by(f32::total_cmp)
    };
    let mut first: Vec<usize> = fits
        .iter()
        .filter_map(|scores| {
            let of_question = groups.iter().enumerate().filter_map(|(place, group)| Some((place, fit(group, scores)?)));
            // Of equals the one that stands further ahead.
            of_question.max_by(|a, b| a.1.total_cmp(&b.1).then(b.0.cmp(&a.0))).map(|(place, _)| place)
        })
        .collect();
    first.sort_unstable();
    first.dedup();
    for (to, from) in (usize::from(!first.contains(&0))..).zip(first) {
        groups[to..=from].rotate_right(1);
    }
}
