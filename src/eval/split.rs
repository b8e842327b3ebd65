//! Parts a set of conversations into an archive and conversations to be asked, by whole conversations.

use super::dataset::LabelledConversation;
use crate::domain::Timestamp;
use crate::domain::random::SplitMix64;

/// Parts `conversations` into (archive, queries), given as ascending places. The archive gets `share` of them, rounded, but each side
/// gets at least one where there are two or more.
///
/// Seed 0 is the split that a desk lives through: the earliest conversations are the archive, the later ones ask; when not every
/// conversation has a time, the order of the file takes its place. Any other seed draws conversations at random, the same ones for
/// the same seed and number of conversations on every machine.
#[must_use]
pub fn split_conversations(conversations: &[LabelledConversation], share: f64, seed: u64) -> (Vec<usize>, Vec<usize>) {
    let count = conversations.len();
    let mut order: Vec<usize> = (0..count).collect();
    if seed == 0 {
        let times: Vec<Option<Timestamp>> = conversations.iter().map(started_at).collect();
        if times.iter().all(Option::is_some) {
            order.sort_by_key(|&conversation| times[conversation]);
        }
    } else {
        SplitMix64::new(seed).shuffle(&mut order);
    }
    let mut archived = (share.clamp(0.0, 1.0) * count as f64).round() as usize;
    if count >= 2 {
        archived = archived.clamp(1, count - 1);
    }
    let mut queries = order.split_off(archived.min(count));
    order.sort_unstable();
    queries.sort_unstable();
    (order, queries)
}

fn started_at(conversation: &LabelledConversation) -> Option<Timestamp> {
    conversation.draft.started_at.or_else(|| conversation.draft.messages.iter().find_map(|message| message.at))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::eval::dataset::tests::conversation;

    fn set(seconds: &[Option<i64>]) -> Vec<LabelledConversation> {
        seconds
            .iter()
            .map(|second| {
                let mut one = conversation(&[]);
                one.draft.started_at = second.map(|second| Timestamp::from_micros(second * 1_000_000));
                one
            })
            .collect()
    }

    #[test]
    fn seed_zero_splits_by_time() {
        let set = set(&[Some(50), Some(10), Some(40), Some(20), Some(30)]);
        assert_eq!(split_conversations(&set, 0.6, 0), (vec![1, 3, 4], vec![0, 2]));
    }

    #[test]
    fn without_times_the_order_of_the_file_counts() {
        let set = set(&[Some(50), None, Some(40), Some(20)]);
        assert_eq!(split_conversations(&set, 0.5, 0), (vec![0, 1], vec![2, 3]));
    }

    #[test]
    fn other_seeds_draw_at_random_but_repeatably() {
        let set = set(&[None; 100]);
        let first = split_conversations(&set, 0.8, 1);
        assert_eq!(first, split_conversations(&set, 0.8, 1));
        assert_ne!(first, split_conversations(&set, 0.8, 2));
        assert_ne!(first, split_conversations(&set, 0.8, 0));
        assert_eq!((first.0.len(), first.1.len()), (80, 20));
        let mut all = [first.0, first.1].concat();
        all.sort_unstable();
        assert_eq!(all, (0..100).collect::<Vec<_>>());
    }

    #[test]
    fn neither_side_stays_empty() {
        assert_eq!(split_conversations(&set(&[None, None]), 1.0, 0), (vec![0], vec![1]));
        assert_eq!(split_conversations(&set(&[None, None]), 0.0, 3).0.len(), 1);
        assert_eq!(split_conversations(&[], 0.8, 0), (vec![], vec![]));
        assert_eq!(split_conversations(&set(&[None]), 0.8, 0), (vec![0], vec![]));
    }
}
