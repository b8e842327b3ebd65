//! Grows boosted trees that put right candidates first: LambdaMART (Burges 2010, "From RankNet to LambdaRank to LambdaMART").
//!
//! Each tree is grown leaf by leaf, the best split first, on the gradients of LambdaRank: for two candidates of a moment that should stand the
//! other way round, how much their exchange would gain in NDCG, times how wrong the scores still are. Inputs are sorted into at most
//! [`BINS`] bins first, so that a split is found in one pass over histograms (Ke et al. 2017, LightGBM). The trees start from nothing, not from the
//! linear score: that one they see among their inputs, and correct it when the two are added.
//!
//! The constants were chosen on archive sides of three sets, in folds by conversation; none of them matters much. Growing each tree on a sample of the
//! candidates and inputs, as is usual, gained nothing there.

use crate::suggest::trees::{INPUT_COUNT, Inputs, Split, Tree};

/// Trees.
const TREES: usize = 200;
/// Leaves of a tree.
const LEAVES: usize = 15;
/// Fewest candidates of a leaf.
const MIN_ROWS: u32 = 50;
/// Share of a tree's values that is taken.
const RATE: f64 = 0.05;
/// How much their sum counts beside the linear score.
const WEIGHT: f32 = 2.0;
/// Pull of leaf values towards 0, in units of the second derivative.
const PULL: f64 = 5.0;
/// Bins of an input.
const BINS: usize = 64;
/// First places at which an exchange counts.
const COUNTED: usize = 5;

/// The candidates of one moment.
pub(super) struct Query {
    /// What trees look at.
    pub(super) inputs: Vec<Inputs>,
    /// How much each is worth: the higher, the further to the front it belongs.
    pub(super) gains: Vec<f32>,
}

/// Grows trees on `queries`; deterministic. None where nothing could be told apart.
pub(super) fn grow(queries: &[Query]) -> Vec<Tree> {
    let rows: Vec<&Inputs> = queries.iter().flat_map(|query| &query.inputs).collect();
    let binned = Binned::new(&rows);
    let ideals: Vec<f64> = queries.iter().map(|query| ideal(&query.gains)).collect();
    let mut scores = vec![0.0f32; rows.len()];
    let mut slopes = vec![Slope::default(); rows.len()];
    let mut trees = Vec::with_capacity(TREES);
    for _ in 0..TREES {
        let mut start = 0;
        for (query, &ideal) in queries.iter().zip(&ideals) {
            let end = start + query.gains.len();
            lambdas(&scores[start..end], &query.gains, ideal, &mut slopes[start..end]);
            start = end;
        }
        let Some(tree) = (Growth { binned: &binned, slopes: &slopes }).tree() else { break };
        for (score, row) in scores.iter_mut().zip(&rows) {
            *score += tree.value(row);
        }
        trees.push(tree);
    }
    trees.iter_mut().flat_map(|tree| &mut tree.leaves).for_each(|value| *value *= WEIGHT);
    trees
}

/// First and second derivative of the loss by a candidate's score.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
struct Slope {
    first: f64,
    second: f64,
}

fn discount(place: usize) -> f64 {
    1.0 / ((place + 2) as f64).log2()
}

/// DCG of the best order, in the places that count.
fn ideal(gains: &[f32]) -> f64 {
    let mut gains = gains.to_vec();
    gains.sort_by(|a, b| b.total_cmp(a));
    gains.iter().take(COUNTED).enumerate().map(|(place, gain)| f64::from(*gain) * discount(place)).sum()
}

/// The derivatives for one moment. As LightGBM has it, an exchange counts less the further apart the two scores are, and a moment with many
/// exchanges no more than in proportion to their logarithm.
fn lambdas(scores: &[f32], gains: &[f32], ideal: f64, slopes: &mut [Slope]) {
    slopes.fill(Slope::default());
    if ideal <= 0.0 {
        return;
    }
    let mut order: Vec<usize> = (0..scores.len()).collect();
    order.sort_by(|&a, &b| scores[b].total_cmp(&scores[a]));
    let (Some(&best), Some(&worst)) = (order.first(), order.last()) else { return };
    let differ = scores[best] > scores[worst];
    let mut total = 0.0;
    for upper in 0..COUNTED.min(order.len()) {
        for lower in upper + 1..order.len() {
            let (a, b) = (order[upper], order[lower]);
            let (better, worse) = if gains[a] > gains[b] { (a, b) } else { (b, a) };
            let worth = f64::from(gains[better] - gains[worse]);
            if worth <= 0.0 {
                continue;
            }
            let apart = f64::from(scores[better] - scores[worse]);
            let mut exchange = worth * (discount(upper) - discount(lower)) / ideal;
            if differ {
                exchange /= 0.01 + apart.abs();
            }
            let wrong = 1.0 / (1.0 + apart.exp());
            let (first, second) = (wrong * exchange, wrong * (1.0 - wrong) * exchange);
            slopes[better].first -= first;
            slopes[worse].first += first;
            slopes[better].second += second;
            slopes[worse].second += second;
            total += 2.0 * first;
        }
    }
    if total > 0.0 {
        let share = (1.0 + total).log2() / total;
        for slope in slopes {
            slope.first *= share;
            slope.second *= share;
        }
    }
}

/// Inputs sorted into bins, input by input.
struct Binned {
    /// The highest value of every bin but the last.
    cuts: Vec<Vec<f32>>,
    bins: Vec<Vec<u8>>,
}

impl Binned {
    fn new(rows: &[&Inputs]) -> Self {
        let (mut cuts, mut bins) = (Vec::with_capacity(INPUT_COUNT), Vec::with_capacity(INPUT_COUNT));
        for input in 0..INPUT_COUNT {
            let of_input = cuts_of(rows.iter().map(|row| row[input]).collect());
            bins.push(rows.iter().map(|row| of_input.partition_point(|cut| *cut < row[input]) as u8).collect());
            cuts.push(of_input);
        }
        Self { cuts, bins }
    }
}

/// Where the values of one input are cut, so that about as many lie in each bin; the highest value is no cut.
fn cuts_of(mut values: Vec<f32>) -> Vec<f32> {
    values.sort_by(f32::total_cmp);
    let Some(&highest) = values.last() else { return Vec::new() };
    let mut distinct = values.clone();
    distinct.dedup();
    let mut cuts = if distinct.len() <= BINS {
        distinct
    } else {
        let count = values.len();
        let mut cuts: Vec<f32> = (1..BINS).map(|bin| values[bin * count / BINS]).collect();
        cuts.dedup();
        cuts
    };
    cuts.retain(|cut| *cut < highest);
    cuts
}

/// What one tree is grown with.
struct Growth<'a> {
    binned: &'a Binned,
    slopes: &'a [Slope],
}

/// Sums over candidates.
#[derive(Debug, Clone, Copy, Default)]
struct Sums {
    first: f64,
    second: f64,
    rows: u32,
}

impl Sums {
    fn add(&mut self, slope: Slope) {
        self.first += slope.first;
        self.second += slope.second;
        self.rows += 1;
    }

    fn plus(self, other: Self) -> Self {
        Self { first: self.first + other.first, second: self.second + other.second, rows: self.rows + other.rows }
    }

    fn less(self, other: Self) -> Self {
        Self { first: self.first - other.first, second: self.second - other.second, rows: self.rows - other.rows }
    }

    /// How much the loss falls when these candidates get their best value (twice that).
    fn fall(self) -> f64 {
        self.first * self.first / (self.second + PULL)
    }

    fn value(self) -> f32 {
        let value = -self.first / (self.second + PULL) * RATE;
        ((value * 1e5).round() / 1e5) as f32
    }
}

/// The best split of a leaf.
#[derive(Debug, Clone, Copy)]
struct Best {
    fall: f64,
    input: usize,
    bin: u8,
}

/// A leaf that may still be split.
struct Open {
    rows: Vec<u32>,
    sums: Sums,
    best: Option<Best>,
    /// The split it hangs on, and whether to the left; none for the root.
    on: Option<(usize, bool)>,
}

impl Growth<'_> {
    fn tree(&self) -> Option<Tree> {
        let mut open = vec![self.open((0..self.slopes.len() as u32).collect(), None)];
        let mut splits: Vec<Split> = Vec::new();
        while open.len() < LEAVES {
            let fall = |leaf: &Open| leaf.best.map_or(0.0, |best| best.fall);
            let Some(at) = (0..open.len()).filter(|&at| open[at].best.is_some()).max_by(|&a, &b| fall(&open[a]).total_cmp(&fall(&open[b])))
            else {
                break;
            };
            let Open { rows, best: Some(best), on, .. } = open.swap_remove(at) else { break };
            let split = splits.len();
            hang(&mut splits, on, split as i16);
            splits.push(Split(best.input as u16, self.binned.cuts[best.input][usize::from(best.bin)], 0, 0));
            let bins = &self.binned.bins[best.input];
            let (left, right) = rows.into_iter().partition(|&row| bins[row as usize] <= best.bin);
            open.push(self.open(left, Some((split, true))));
            open.push(self.open(right, Some((split, false))));
        }
        if splits.is_empty() {
            return None;
        }
        for (number, leaf) in open.iter().enumerate() {
            hang(&mut splits, leaf.on, !(number as i16));
        }
        Some(Tree { splits, leaves: open.iter().map(|leaf| leaf.sums.value()).collect() })
    }

    fn open(&self, rows: Vec<u32>, on: Option<(usize, bool)>) -> Open {
        let mut sums = Sums::default();
        for &row in &rows {
            sums.add(self.slopes[row as usize]);
        }
        let best = (sums.rows >= 2 * MIN_ROWS).then(|| self.best_split(&rows, sums)).flatten();
        Open { rows, sums, best, on }
    }

    fn best_split(&self, rows: &[u32], all: Sums) -> Option<Best> {
        let mut best: Option<Best> = None;
        for (input, (bins, cuts)) in self.binned.bins.iter().zip(&self.binned.cuts).enumerate() {
            let mut histogram = [Sums::default(); BINS];
            for &row in rows {
                histogram[usize::from(bins[row as usize])].add(self.slopes[row as usize]);
            }
            let mut left = Sums::default();
            for (bin, sums) in (0u8..).zip(&histogram[..cuts.len()]) {
                left = left.plus(*sums);
                let right = all.less(left);
                if left.rows < MIN_ROWS || right.rows < MIN_ROWS {
                    continue;
                }
                let fall = left.fall() + right.fall() - all.fall();
                if fall > 1e-9 && best.is_none_or(|best| fall > best.fall) {
                    best = Some(Best { fall, input, bin });
                }
            }
        }
        best
    }
}

/// Has the branch that a split or leaf hangs on lead there.
fn hang(splits: &mut [Split], on: Option<(usize, bool)>, branch: i16) {
    if let Some((split, to_the_left)) = on {
        let Split(_, _, left, right) = &mut splits[split];
        *(if to_the_left { left } else { right }) = branch;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::random::SplitMix64;

    /// Ten candidates; the right one is that whose second input is high where the first is, and low where it is low: nothing linear.
    fn query(number: u64) -> Query {
        let mut random = SplitMix64::new(number);
        let high = number.is_multiple_of(2);
        let good = (random.next_u64() % 10) as usize;
        let input = |at: usize, random: &mut SplitMix64| {
            let mut inputs = [0.0; INPUT_COUNT];
            inputs[0] = if high { 1.0 } else { 0.0 };
            let value = 0.8 * random.next_unit() as f32;
            inputs[1] = if (at == good) == high { 0.2 + value } else { value };
            if at == good {
                inputs[1] = if high { 1.0 } else { 0.0 };
            }
            inputs[2] = random.next_unit() as f32;
            inputs
        };
        Query {
            inputs: (0..10).map(|at| input(at, &mut random)).collect(),
            gains: (0..10).map(|at| if at == good { 1.0 } else { 0.0 }).collect(),
        }
    }

    #[test]
    fn what_holds_under_conditions_is_learnt() {
        let queries: Vec<Query> = (0..120).map(query).collect();
        let trees = grow(&queries);
        assert!(trees.iter().all(|tree| tree.leaves.len() <= LEAVES && tree.splits.len() + 1 == tree.leaves.len()));
        let first_is_right = |query: &Query| {
            let score = |inputs: &Inputs| trees.iter().map(|tree| tree.value(inputs)).sum::<f32>();
            let best = (0..10).max_by(|&a, &b| score(&query.inputs[a]).total_cmp(&score(&query.inputs[b]))).unwrap();
            query.gains[best] > 0.5
        };
        let right = (1000..1100).map(query).filter(first_is_right).count();
        assert!(right > 85, "{right} of 100 moments that were not learnt from");
    }

    #[test]
    fn nothing_grows_where_nothing_can_be_told() {
        let same = Query { inputs: vec![[0.5; INPUT_COUNT]; 200], gains: (0..200).map(|at| if at < 20 { 1.0 } else { 0.0 }).collect() };
        assert!(grow(&[same]).is_empty());
        assert!(grow(&[]).is_empty());
        let few: Vec<Query> = (0..5).map(query).collect();
        assert!(grow(&few).is_empty(), "50 candidates make one leaf");
    }

    #[test]
    fn an_exchange_at_the_front_counts_most_and_right_ones_are_drawn_upwards() {
        let gains = [0.0, 1.0, 0.0, 0.0, 0.0, 0.0, 1.0];
        let scores = [3.0, 2.0, 1.5, 1.0, 0.5, 0.25, 0.0];
        let mut slopes = [Slope::default(); 7];
        lambdas(&scores, &gains, ideal(&gains), &mut slopes);
        assert!(slopes[1].first < 0.0 && slopes[6].first < 0.0, "{slopes:?}");
        assert!(slopes[0].first > slopes[2].first && slopes[2].first > 0.0, "{slopes:?}");
        assert!(slopes.iter().map(|slope| slope.first).sum::<f64>().abs() < 1e-9);
        lambdas(&scores, &[0.0; 7], 0.0, &mut slopes);
        assert_eq!(slopes, [Slope::default(); 7]);
    }

    #[test]
    fn cuts_part_the_values_evenly() {
        assert_eq!(cuts_of(vec![1.0, 0.0, 1.0, 0.0]), [0.0]);
        assert!(cuts_of(vec![2.0; 9]).is_empty());
        let many = cuts_of((0..6400).map(|number| number as f32).collect());
        assert_eq!((many.len(), many[0], many[1]), (BINS - 1, 100.0, 200.0));
    }
}
