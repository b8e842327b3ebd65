//! Average linkage along a graph.
//!
//! The two groups with the greatest average similarity between their members are joined, again and again (UPGMA, Sokal & Michener 1958), but
//! only groups that an edge connects are compared, so that the work grows with the edges (hierarchical agglomerative graph clustering,
//! Dhulipala et al., ICML 2021). The average is exact, over all pairs and not only those with an edge: with rows summed up per group it is
//! one inner product.

use std::cmp::Ordering;
use std::collections::BinaryHeap;

use super::features::Rows;
use crate::retrieve::encode::dot;

/// Neighbours of a question that its group is compared with.
const EDGES: usize = 20;

/// Two groups that may be joined, as they were when it was written down.
#[derive(Debug, PartialEq)]
struct Link {
    similarity: f32,
    /// Group and how often it had been joined with another.
    a: (u32, u32),
    b: (u32, u32),
}

impl Eq for Link {}

impl Ord for Link {
    /// The most similar is the greatest, then the one with the lowest numbers.
    fn cmp(&self, other: &Self) -> Ordering {
        self.similarity.total_cmp(&other.similarity).then_with(|| (other.a, other.b).cmp(&(self.a, self.b)))
    }
}

impl PartialOrd for Link {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

struct Groups {
    /// Sum of the members' rows.
    sums: Rows,
    sizes: Vec<f32>,
    /// Groups that people have made: no two of them join.
    held: Vec<bool>,
    /// The group that a group has gone into; itself while it is there.
    into: Vec<u32>,
    joined: Vec<u32>,
    /// Groups that an edge leads to, as they were called when it was drawn.
    edges: Vec<Vec<u32>>,
    queue: BinaryHeap<Link>,
    cut: f32,
}

/// Joins groups until no two that an edge connects are similar by `cut` on average. `start` names the group each question begins in and `held` the
/// groups that must not join each other; both come back for the groups at the end, numbered from 0 in order of first appearance.
pub(super) fn join(rows: &Rows, candidates: &[Vec<u32>], start: Vec<usize>, held: Vec<bool>, cut: f32) -> (Vec<usize>, Vec<bool>) {
    let mut groups = Groups::new(rows, candidates, &start, held, cut);
    while let Some(link) = groups.queue.pop() {
        let ((a, a_joined), (b, b_joined)) = (link.a, link.b);
        let stands = |group: u32, joined: u32| groups.into[group as usize] == group && groups.joined[group as usize] == joined;
        if stands(a, a_joined) && stands(b, b_joined) {
            groups.merge(a, b);
        }
    }
    let mut number: Vec<Option<usize>> = vec![None; groups.into.len()];
    let mut held = Vec::new();
    let membership = start
        .into_iter()
        .map(|group| {
            let group = groups.find(group as u32) as usize;
            *number[group].get_or_insert_with(|| {
                held.push(groups.held[group]);
                held.len() - 1
            })
        })
        .collect();
    (membership, held)
}

impl Groups {
    fn new(rows: &Rows, candidates: &[Vec<u32>], start: &[usize], held: Vec<bool>, cut: f32) -> Self {
        let count = held.len();
        let mut sums = Rows::zeroed(count, rows.width);
        let mut sizes = vec![0.0; count];
        let mut edges: Vec<Vec<u32>> = vec![Vec::new(); count];
        for (question, &group) in start.iter().enumerate() {
            sizes[group] += 1.0;
            for (sum, value) in sums.row_mut(group).iter_mut().zip(rows.row(question)) {
                *sum += value;
            }
            for &other in candidates[question].iter().take(EDGES) {
                let other = start[other as usize];
                if other != group {
                    edges[group].push(other as u32);
                    edges[other].push(group as u32);
                }
            }
        }
        let mut groups =
            Self { sums, sizes, held, into: (0..count as u32).collect(), joined: vec![0; count], edges, queue: BinaryHeap::new(), cut };
        for group in 0..count as u32 {
            let mut edges = std::mem::take(&mut groups.edges[group as usize]);
            edges.sort_unstable();
            edges.dedup();
            for &other in edges.iter().filter(|&&other| other > group) {
                groups.link(group, other);
            }
            groups.edges[group as usize] = edges;
        }
        groups
    }

    fn find(&mut self, group: u32) -> u32 {
        let mut root = group;
        while self.into[root as usize] != root {
            root = self.into[root as usize];
        }
        let mut step = group;
        while self.into[step as usize] != root {
            step = std::mem::replace(&mut self.into[step as usize], root);
        }
        root
    }

    /// Writes down that two groups may be joined, where they may.
    fn link(&mut self, a: u32, b: u32) {
        let (a, b) = (a.min(b), a.max(b));
        let (left, right) = (a as usize, b as usize);
        if self.held[left] && self.held[right] {
            return;
        }
        let similarity = dot(self.sums.row(left), self.sums.row(right)) / (self.sizes[left] * self.sizes[right]);
        if similarity >= self.cut {
            self.queue.push(Link { similarity, a: (a, self.joined[left]), b: (b, self.joined[right]) });
        }
    }

    /// Joins `b` into `a`.
    fn merge(&mut self, a: u32, b: u32) {
        let (kept, gone) = (a as usize, b as usize);
        let of_gone = self.sums.row(gone).to_vec();
        for (sum, value) in self.sums.row_mut(kept).iter_mut().zip(of_gone) {
            *sum += value;
        }
        self.sizes[kept] += self.sizes[gone];
        self.held[kept] |= self.held[gone];
        self.into[gone] = a;
        self.joined[kept] += 1;
        let stale: Vec<u32> = std::mem::take(&mut self.edges[kept]).into_iter().chain(std::mem::take(&mut self.edges[gone])).collect();
        let mut edges: Vec<u32> = stale.into_iter().map(|group| self.find(group)).filter(|&other| other != a).collect();
        edges.sort_unstable();
        edges.dedup();
        for &other in &edges {
            self.link(a, other);
        }
        self.edges[kept] = edges;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Points on a circle by their angles in degrees, every two connected.
    fn circle(angles: &[f32], held: &[bool], cut: f32) -> (Vec<usize>, Vec<bool>) {
        let rows =
            Rows { width: 2, values: angles.iter().flat_map(|angle| [angle.to_radians().cos(), angle.to_radians().sin()]).collect() };
        let all: Vec<Vec<u32>> =
            (0..angles.len()).map(|place| (0..angles.len() as u32).filter(|&other| other as usize != place).collect()).collect();
        join(&rows, &all, (0..angles.len()).collect(), held.to_vec(), cut)
    }

    #[test]
    fn the_average_over_all_pairs_decides() {
        // cos 50° = 0.643, cos 60° = 0.5, cos 10° = 0.985: 0° is alike by 0.57 on average to {50°, 60°}.
        assert_eq!(circle(&[0.0, 50.0, 60.0], &[false; 3], 0.6).0, [0, 1, 1]);
        assert_eq!(circle(&[0.0, 50.0, 60.0], &[false; 3], 0.55).0, [0, 0, 0]);
    }

    #[test]
    fn groups_of_people_never_join_but_others_join_them() {
        let (found, held) = circle(&[0.0, 2.0, 10.0, 90.0], &[true, true, false, false], 0.9);
        assert_eq!(found, [0, 1, 1, 2]);
        assert_eq!(held, [true, true, false]);
    }

    #[test]
    fn what_no_edge_connects_stays_apart() {
        let rows = Rows { width: 2, values: vec![1.0, 0.0, 1.0, 0.0, 1.0, 0.0] };
        let (found, _) = join(&rows, &[vec![1], vec![], vec![]], vec![0, 1, 2], vec![false; 3], 0.5);
        assert_eq!(found, [0, 0, 1]);
    }
}
