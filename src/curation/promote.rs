//! From a cluster to a knowledge entry: what the entry should say, and the cluster afterwards.

use std::collections::HashSet;

use serde_json::json;

use super::review::{Loaded, Plan, Scene, Seen};
use super::{CurationError, Curator};
use crate::domain::{Cluster, ClusterMember, ClusterState, DecisionKind, DeskId, EntryId, PairId};
use crate::mining::cluster::messages;
use crate::text::acts::weighted_length;
use crate::text::moment::matters;
use crate::text::normalise::fold;

/// Question variants taken over.
const VARIANTS: usize = 8;
/// Longest variant, in Chinese characters (a Latin word counts two).
const LONGEST_VARIANT: usize = 40;
/// From this length on two questions of which one begins like the other are the same, told once more with another turn behind it.
const TELLING_BEGINNING: usize = 8;
/// Pairs named as the source.
const SOURCES: usize = 50;

/// What an entry made of a cluster should say, before an editor has touched it.
#[derive(Debug, Clone, PartialEq)]
pub struct Proposal {
    /// Ways customers ask: the representative question, then the most central others that differ and are about what it or the answer names.
    pub questions: Vec<String>,
    /// The answer given most; empty where there is none.
    pub answer: String,
    /// The pairs behind it: first the one whose answer it is.
    pub pairs: Vec<PairId>,
}

/// Proposes an entry. `members` come most similar first; `answer` picks one of the cluster's answers by its pair, the first when absent.
#[must_use]
pub fn proposal(cluster: &Cluster, members: &[ClusterMember], answer: Option<PairId>) -> Option<Proposal> {
    let chosen = match answer {
        Some(pair) => Some(cluster.answers.iter().find(|answer| answer.pair_id == pair)?),
        None => cluster.answers.first(),
    };
    let mut seen: Vec<String> = Vec::new();
    let mut named = matters(&cluster.representative);
    named.extend(matters(chosen.map_or("", |answer| answer.text.as_str())));
    let variants = std::iter::once(cluster.representative.as_str()).chain(members.iter().map(|member| member.question.as_str()));
    let questions = variants
        .enumerate()
        .filter(|(place, question)| *place == 0 || is_variant(question, &named))
        .filter(|(_, question)| {
            let folded = fold(question);
            let is_new = !seen.iter().any(|known| same_beginning(known, &folded));
            if is_new {
                seen.push(folded);
            }
            is_new
        })
        .map(|(_, question)| question.to_owned())
        .take(VARIANTS)
        .collect();
    let source = chosen.map(|answer| answer.pair_id);
    let others = members.iter().map(|member| member.pair_id).filter(|pair| Some(*pair) != source);
    Some(Proposal {
        questions,
        answer: chosen.map(|answer| answer.text.clone()).unwrap_or_default(),
        pairs: source.into_iter().chain(others).take(SOURCES).collect(),
    })
}

/// Whether a customer's question may stand in an entry: one question, short, of nobody's own values, and about what the entry names. A cluster
/// is a topic; what it asks beside that would get an answer that is not meant for it.
fn is_variant(question: &str, named: &HashSet<String>) -> bool {
    weighted_length(question) <= LONGEST_VARIANT
        && !question.contains('[')
        && messages(question) == 1
        && matters(question).iter().any(|word| named.contains(word))
}

/// Whether two folded questions are one, or one goes on where the other ends.
fn same_beginning(one: &str, other: &str) -> bool {
    let (shorter, longer) = if one.len() <= other.len() { (one, other) } else { (other, one) };
    one == other || (longer.starts_with(shorter) && weighted_length(shorter) >= TELLING_BEGINNING)
}

impl Curator {
    /// Approves a cluster that has become an entry, and looks up anew what covers it.
    ///
    /// # Errors
    /// When somebody was faster.
    pub async fn promoted(&self, desk: &DeskId, seen: Seen, entry: EntryId, actor: &str) -> Result<Cluster, CurationError> {
        let plan = |loaded: &[Loaded]| {
            let (cluster, members) = loaded.first().ok_or(CurationError::UnknownCluster(seen.id))?;
            let scene = Scene::of(cluster, members).decided().in_state(ClusterState::Approved);
            Ok(Plan {
                kind: DecisionKind::Approve,
                detail: json!({ "entry": entry }),
                scenes: vec![scene],
                released: Vec::new(),
                removed: Vec::new(),
            })
        };
        let changed = self.decide(desk, &[seen], actor, plan).await?;
        changed.into_iter().next().ok_or(CurationError::UnknownCluster(seen.id))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_variant_is_one_question_about_what_the_entry_names() {
        let named = matters("羽绒被可以水洗吗 羽绒被要送干洗店");
        assert!(is_variant("羽绒被能不能机洗", &named));
        assert!(!is_variant("亚麻窗帘能机洗吗", &named), "another thing");
        assert!(!is_variant("羽绒被沾了牛奶咋整 找真人", &named), "two messages");
        assert!(!is_variant("羽绒被订单[ORDER_NO]", &named), "somebody's own");
    }

    #[test]
    fn a_question_that_goes_on_is_no_other_one() {
        assert!(same_beginning("我8号买的地垫今天便宜了50", "我8号买的地垫今天便宜了50 能补差价吗"));
        assert!(same_beginning("can i return it and who pays", "can i return it"));
        assert!(!same_beginning("退货", "退货运费谁出"), "too short to tell");
        assert!(!same_beginning("我8号买的地垫今天便宜了50", "我8号买的沙发今天便宜了50"));
    }
}
