//! Small talk and what lies around it: "thanks", and "ok i will send it back" which no list of phrases knows.
//!
//! Texts that are recognised as small talk ([`customer_act`]) are the source, and how much of it reaches a text along the neighbour graph tells what
//! kind of text it is (label propagation with clamped sources, Zhou et al. 2004). Where an archive holds no small talk nothing is left out.

use super::Question;
use super::diffusion::reach;
use crate::text::acts::customer_act;

/// Rounds; each reaches one neighbour further.
const ROUNDS: usize = 8;
/// Neighbours that are looked at, as a multiple of those that smoothing follows: kinds of talk are wider than topics.
const REACH: usize = 2;
/// How much a text keeps of what it had, each round.
const KEPT: f32 = 0.5;
/// Share of small talk around a text from which it is left out. Chosen on the conversations of `knowledge/demo`: of the customers' opening
/// messages there one in twenty has more.
const MOST: f32 = 0.1;

/// Which of the questions are small talk, or like it.
pub(super) fn chatter(questions: &[Question<'_>], candidates: &[Vec<u32>]) -> Vec<bool> {
    let recognised: Vec<bool> = questions.iter().map(|question| customer_act(question.text).is_small_talk()).collect();
    spread(&recognised, candidates).into_iter().map(|share| share > MOST).collect()
}

/// How much of what is `recognised` reaches each text, in 0–1.
fn spread(recognised: &[bool], candidates: &[Vec<u32>]) -> Vec<f32> {
    let followed = REACH * reach(candidates.len());
    let mut shares: Vec<f32> = recognised.iter().map(|&recognised| f32::from(u8::from(recognised))).collect();
    for _ in 0..ROUNDS {
        let around = |near: &[u32]| {
            let near = &near[..near.len().min(followed)];
            let total: f32 = near.iter().map(|&other| shares[other as usize]).sum();
            if near.is_empty() { 0.0 } else { total / near.len() as f32 }
        };
        shares = candidates
            .iter()
            .enumerate()
            .map(|(place, near)| if recognised[place] { 1.0 } else { KEPT * shares[place] + (1.0 - KEPT) * around(near) })
            .collect();
    }
    shares
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn small_talk_reaches_its_neighbours_and_nothing_else() {
        // 0 and 1 are recognised; 2 lies beside them, 3 beside 2, 4 and 5 apart.
        let near = [vec![1, 2], vec![0, 2], vec![0, 1, 3], vec![2, 4, 5], vec![5], vec![4]];
        let shares = spread(&[true, true, false, false, false, false], &near);
        assert_eq!(shares[0], 1.0);
        assert!(shares[2] > 0.5 && shares[3] > 0.05 && shares[3] < shares[2]);
        assert_eq!(shares[4..], [0.0, 0.0]);
    }

    #[test]
    fn where_nobody_chats_nothing_is_left_out() {
        let vector = [1.0_f32];
        let questions = ["where is my parcel", "怎么退货"].map(|text| Question { text, vector: &vector });
        assert_eq!(chatter(&questions, &[vec![1], vec![0]]), [false, false]);
        let questions = ["thanks a lot", "谢谢"].map(|text| Question { text, vector: &vector });
        assert_eq!(chatter(&questions, &[vec![1], vec![0]]), [true, true]);
    }
}
