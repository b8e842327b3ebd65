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

#[cfg(test)]
mod tests {
    use super::super::features::Source;
    use super::super::ranking::RankedMember;
    use super::*;
    use crate::domain::Outcome;
    use crate::retrieve::Candidate;

    fn group(number: u128) -> RankedGroup {
        let point = Uuid::from_u128(number);
        let candidate = Candidate::unlike(point);
        let (answer, question) = (number.to_string(), String::new());
        let source =
            Source { outcome: Outcome::default(), answer_quality: 1.0, answer, question, answered_by: None, context_terms: Vec::new() };
        let member = RankedMember { candidate, source, answer_key: number.to_string(), score: 0.0, vote: 0.0 };
        RankedGroup { members: vec![member], probability: 0.5, mass: 0.0, wording: None, pinned: false }
    }

    /// The order of the groups 1 to 5 when each question has these scores for some of them.
    fn served(fits: &[&[(u128, f32)]]) -> Vec<String> {
        let mut groups: Vec<RankedGroup> = (1..=5).map(group).collect();
        let fits: Vec<HashMap<Uuid, f32>> =
            fits.iter().map(|scores| scores.iter().map(|&(number, score)| (Uuid::from_u128(number), score)).collect()).collect();
        serve_each_question(&mut groups, &fits);
        groups.iter().map(|group| group.text().to_owned()).collect()
    }

    #[test]
    fn the_best_of_all_stays_first_and_each_questions_best_follows() {
        assert_eq!(served(&[]), ["1", "2", "3", "4", "5"]);
        assert_eq!(served(&[&[(1, 3.0), (2, 2.0)], &[(4, 1.0), (3, 0.5)]]), ["1", "4", "2", "3", "5"]);
        assert_eq!(served(&[&[(5, 3.0)], &[(4, 1.0)], &[(1, 9.0)]]), ["1", "4", "5", "2", "3"]);
        // One answer serves both questions.
        assert_eq!(served(&[&[(2, 3.0), (3, 1.0)], &[(2, 1.0)]]), ["1", "2", "3", "4", "5"]);
        // The best of all is for the turn as a whole.
        assert_eq!(served(&[&[(3, 3.0)], &[(5, 1.0)]]), ["1", "3", "5", "2", "4"]);
        // Nothing was found for the second question; equals go by their order.
        assert_eq!(served(&[&[(4, 3.0), (3, 3.0)], &[]]), ["1", "3", "2", "4", "5"]);
    }
}
