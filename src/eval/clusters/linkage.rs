//! Average linkage over all pairs: a reference of `riposte eval clusters`, quadratic in memory and not for the product.

use rayon::prelude::*;

/// The order in which all texts become one group.
pub(super) struct Dendrogram {
    texts: usize,
    /// Joined groups, each named by one of its texts, and how far apart they were on average; nearest first.
    merges: Vec<(f32, usize, usize)>,
}

impl Dendrogram {
    /// Joins the two groups that are nearest on average, again and again (UPGMA), by nearest-neighbour chains (Murtagh 1983), which give the same tree.
    pub(super) fn new(texts: usize, distance: impl Fn(usize, usize) -> f32 + Sync) -> Self {
        let mut distances: Vec<f32> = vec![0.0; texts * texts];
        distances.par_chunks_mut(texts.max(1)).enumerate().for_each(|(row, distances)| {
            for (column, value) in distances.iter_mut().enumerate() {
                *value = distance(row, column);
            }
        });
        let mut sizes: Vec<f32> = vec![1.0; texts];
        let mut merges = Vec::with_capacity(texts.saturating_sub(1));
        let mut chain: Vec<usize> = Vec::new();
        for _ in 1..texts {
            loop {
                if chain.is_empty() {
                    chain.extend((0..texts).find(|&text| sizes[text] > 0.0));
                }
                let Some(&last) = chain.last() else { break };
                let before = chain.len().checked_sub(2).map(|place| chain[place]);
                let row = &distances[last * texts..(last + 1) * texts];
                // Among equals the one before, so that a chain ends.
                let nearest = (0..texts)
                    .filter(|&other| other != last && sizes[other] > 0.0)
                    .min_by(|&a, &b| row[a].total_cmp(&row[b]).then((Some(b) == before).cmp(&(Some(a) == before))).then(a.cmp(&b)));
                let Some(nearest) = nearest else { break };
                if Some(nearest) != before {
                    chain.push(nearest);
                    continue;
                }
                merges.push((row[nearest], last, nearest));
                chain.truncate(chain.len() - 2);
                let (weight, other_weight) = (sizes[nearest], sizes[last]);
                for text in 0..texts {
                    let joined = (distances[nearest * texts + text] * weight + distances[last * texts + text] * other_weight)
                        / (weight + other_weight);
                    distances[nearest * texts + text] = joined;
                    distances[text * texts + nearest] = joined;
                }
                sizes[nearest] += sizes[last];
                sizes[last] = 0.0;
                break;
            }
        }
        merges.sort_by(|a, b| a.0.total_cmp(&b.0));
        Self { texts, merges }
    }

    /// The groups when `count` of them are left.
    pub(super) fn cut(&self, count: usize) -> Vec<Option<usize>> {
        let mut group: Vec<usize> = (0..self.texts).collect();
        let find = |group: &mut Vec<usize>, mut text: usize| {
            while group[text] != text {
                group[text] = group[group[text]];
                text = group[text];
            }
            text
        };
        for &(_, a, b) in &self.merges[..self.texts.saturating_sub(count).min(self.merges.len())] {
            let (a, b) = (find(&mut group, a), find(&mut group, b));
            group[a] = b;
        }
        (0..self.texts).map(|text| Some(find(&mut group, text))).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn joins_by_the_average_distance() {
        // 0 and 1 join at 1; {0, 1} is 4.5 from 5 and 4 from 9 is 5: the next is 5 with 9 at 4.
        let places = [0.0_f32, 1.0, 5.0, 9.0];
        let tree = Dendrogram::new(4, |a, b| (places[a] - places[b]).abs());
        let heights: Vec<f32> = tree.merges.iter().map(|(height, _, _)| *height).collect();
        assert_eq!(heights, [1.0, 4.0, 6.5]);
        let cut = tree.cut(2);
        assert!(cut[0] == cut[1] && cut[2] == cut[3] && cut[0] != cut[2]);
        assert_eq!(tree.cut(4).iter().collect::<std::collections::BTreeSet<_>>().len(), 4);
    }
}
