//! A map of clusters: where each lies in the plane, so that topics alike lie near each other.
//!
//! Principal components give the first places, forces along the graph of nearest clusters the final ones (T. Fruchterman, E. Reingold: Graph
//! drawing by force-directed placement, 1991). Same clusters, same map.

use std::collections::HashMap;

use serde::Serialize;
use utoipa::ToSchema;

use super::{CurationError, Curator};
use crate::domain::{Cluster, ClusterId, ClusterState, DeskId, Language};
use crate::retrieve::encode::{dot, normalise};
use crate::rt;
use crate::store::ClusterQuery;

/// Most clusters on a map, the largest: forces are compared pair by pair.
pub const MAX_ON_MAP: u32 = 1_000;
/// Nearest clusters that pull.
const NEAREST: usize = 4;
/// Steps of the forces; each is shorter than the one before.
const STEPS: usize = 150;
/// Rounds of power iteration for a component.
const ROUNDS: usize = 60;

/// One cluster on the map.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct MapPoint {
    /// The cluster.
    #[schema(value_type = String, format = Uuid)]
    pub id: ClusterId,
    /// What it is called.
    pub name: String,
    /// Review state.
    pub state: ClusterState,
    /// Language of most members.
    pub language: Language,
    /// Questions in it.
    pub size: u32,
    /// Distinct customers.
    pub customers: u32,
    /// Share of the desk's mined questions (0–1).
    pub share: f64,
    /// Place from left to right, −1 to 1. Only nearness means something, directions don't.
    pub x: f32,
    /// Place from below to above, −1 to 1.
    pub y: f32,
}

impl Curator {
    /// The largest clusters (at most [`MAX_ON_MAP`]) that `query` admits, and where they lie. Those whose questions wait for the index are left out.
    ///
    /// # Errors
    /// When store or index fail.
    pub async fn map(&self, desk: &DeskId, query: &ClusterQuery) -> Result<Vec<MapPoint>, CurationError> {
        let now = self.clock.now();
        let query = ClusterQuery { limit: MAX_ON_MAP, after: None, ..query.clone() };
        let clusters = self.store.clusters_page(desk, &query, now).await?;
        let central: HashMap<ClusterId, _> = self.store.central_questions(desk).await?.into_iter().collect();
        let pairs: Vec<_> = clusters.iter().filter_map(|cluster| central.get(&cluster.id).copied()).collect();
        let mut questions = self.questions(desk, &pairs).await?;
        let found: Vec<(Cluster, Vec<f32>)> = clusters
            .into_iter()
            .filter_map(|cluster| {
                let vector = questions.remove(central.get(&cluster.id)?)?.vector;
                Some((cluster.as_of(now), vector))
            })
            .collect();
        let points = rt::cpu(move || {
            let vectors: Vec<&[f32]> = found.iter().map(|(_, vector)| vector.as_slice()).collect();
            let places = layout(&vectors);
            found.iter().zip(places).map(|((cluster, _), place)| point(cluster, place)).collect()
        });
        Ok(points.await?)
    }
}

fn point(cluster: &Cluster, [x, y]: [f32; 2]) -> MapPoint {
    MapPoint {
        id: cluster.id,
        name: cluster.name.clone(),
        state: cluster.state,
        language: cluster.language,
        size: cluster.size,
        customers: cluster.customers,
        share: cluster.share,
        x,
        y,
    }
}

/// Places for unit vectors, each coordinate within −1 to 1.
fn layout(vectors: &[&[f32]]) -> Vec<[f32; 2]> {
    let mut places = components(vectors);
    let pulls = nearest(vectors);
    let count = vectors.len() as f32;
    // The distance that clusters would have if they filled the square evenly.
    let even = 2.0 / count.max(1.0).sqrt();
    for step in 0..STEPS {
        let mut moves = vec![[0.0_f32; 2]; places.len()];
        for a in 0..places.len() {
            for b in 0..a {
                let (direction, distance) = between(places[a], places[b], a + b);
                let push = even * even / distance.max(even / 10.0);
                for axis in 0..2 {
                    moves[a][axis] += direction[axis] * push;
                    moves[b][axis] -= direction[axis] * push;
                }
            }
        }
        for &(a, b, weight) in &pulls {
            let (direction, distance) = between(places[a], places[b], a + b);
            let pull = weight * distance * distance / even;
            for axis in 0..2 {
                moves[a][axis] -= direction[axis] * pull;
                moves[b][axis] += direction[axis] * pull;
            }
        }
        let longest = 0.2 * (1.0 - step as f32 / STEPS as f32);
        for (place, [x, y]) in places.iter_mut().zip(moves) {
            let length = x.hypot(y).max(f32::MIN_POSITIVE);
            let scale = length.min(longest) / length;
            *place = [(place[0] + x * scale).clamp(-3.0, 3.0), (place[1] + y * scale).clamp(-3.0, 3.0)];
        }
    }
    fit(places)
}

/// Unit direction from `b` to `a` and their distance; two at the same place are parted in a direction that `salt` decides.
fn between(a: [f32; 2], b: [f32; 2], salt: usize) -> ([f32; 2], f32) {
    let (x, y) = (a[0] - b[0], a[1] - b[1]);
    let distance = x.hypot(y);
    if distance > 1e-6 {
        return ([x / distance, y / distance], distance);
    }
    let angle = salt as f32;
    ([angle.cos(), angle.sin()], 1e-6)
}

/// Scales places to the square, keeping proportions along each axis apart.
fn fit(mut places: Vec<[f32; 2]>) -> Vec<[f32; 2]> {
    for axis in 0..2 {
        let (low, high) = places.iter().fold((f32::MAX, f32::MIN), |(low, high), place| (low.min(place[axis]), high.max(place[axis])));
        let (middle, half) = (f32::midpoint(low, high), (high - low) / 2.0);
        for place in &mut places {
            place[axis] = if half > 1e-6 { (place[axis] - middle) / half } else { 0.0 };
        }
    }
    places
}

/// The first two principal components of centred vectors, by power iteration.
fn components(vectors: &[&[f32]]) -> Vec<[f32; 2]> {
    let Some(dimensions) = vectors.first().map(|vector| vector.len()) else { return Vec::new() };
    let mut mean = vec![0.0_f32; dimensions];
    for vector in vectors {
        mean.iter_mut().zip(*vector).for_each(|(sum, value)| *sum += value / vectors.len() as f32);
    }
    let mut centred: Vec<Vec<f32>> =
        vectors.iter().map(|vector| vector.iter().zip(&mean).map(|(value, mean)| value - mean).collect()).collect();
    let mut places = vec![[0.0_f32; 2]; vectors.len()];
    for axis in 0..2 {
        // Any start that no data is likely to be orthogonal to.
        let mut component: Vec<f32> = (0..dimensions).map(|place| 1.0 + (place as f32 * 0.7).sin()).collect();
        normalise(&mut component);
        for _ in 0..ROUNDS {
            let mut next = vec![0.0_f32; dimensions];
            for row in &centred {
                let along = dot(row, &component);
                next.iter_mut().zip(row).for_each(|(sum, value)| *sum += along * value);
            }
            normalise(&mut next);
            component = next;
        }
        for (row, place) in centred.iter_mut().zip(&mut places) {
            let along = dot(row, &component);
            place[axis] = along;
            row.iter_mut().zip(&component).for_each(|(value, part)| *value -= along * part);
        }
    }
    fit(places)
}

/// Pairs of near clusters with their cosine as weight, each once.
fn nearest(vectors: &[&[f32]]) -> Vec<(usize, usize, f32)> {
    let mut pulls: Vec<(usize, usize, f32)> = Vec::new();
    for (a, vector) in vectors.iter().enumerate() {
        let mut near: Vec<(usize, f32)> =
            vectors.iter().enumerate().filter(|&(b, _)| b != a).map(|(b, other)| (b, dot(vector, other))).collect();
        near.sort_by(|x, y| y.1.total_cmp(&x.1).then(x.0.cmp(&y.0)));
        pulls.extend(near.into_iter().take(NEAREST).filter(|(_, cosine)| *cosine > 0.0).map(|(b, cosine)| (a.min(b), a.max(b), cosine)));
    }
    pulls.sort_by_key(|pull| (pull.0, pull.1));
    pulls.dedup_by_key(|pull| (pull.0, pull.1));
    pulls
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::random::SplitMix64;

    #[test]
    fn topics_alike_lie_near_each_other() {
        let mut random = SplitMix64::new(5);
        let mut drawn = |spread: f32| (0..32).map(|_| (random.next_unit() as f32 - 0.5) * spread).collect::<Vec<f32>>();
        let centres: Vec<Vec<f32>> = (0..5).map(|_| drawn(2.0)).collect();
        let vectors: Vec<Vec<f32>> = (0..60)
            .map(|place| {
                let mut vector: Vec<f32> = centres[place % 5].iter().zip(drawn(0.8)).map(|(centre, noise)| centre + noise).collect();
                normalise(&mut vector);
                vector
            })
            .collect();
        let vectors: Vec<&[f32]> = vectors.iter().map(Vec::as_slice).collect();
        let places = layout(&vectors);
        assert_eq!(places, layout(&vectors));
        assert!(places.iter().flatten().all(|value| (-1.0..=1.0).contains(value)));
        let distance = |a: usize, b: usize| (places[a][0] - places[b][0]).hypot(places[a][1] - places[b][1]);
        let nearest_is_alike = (0..60)
            .filter(|&a| {
                let near = (0..60).filter(|&b| b != a).min_by(|&x, &y| distance(a, x).total_cmp(&distance(a, y)));
                near.is_some_and(|b| b % 5 == a % 5)
            })
            .count();
        assert!(nearest_is_alike >= 54, "{nearest_is_alike} of 60");
        let apart = (0..60).flat_map(|a| (0..a).map(move |b| (a, b))).map(|(a, b)| distance(a, b)).fold(f32::MAX, f32::min);
        assert!(apart > 1e-3, "no two lie on each other: {apart}");
    }

    #[test]
    fn few_clusters_have_a_place_as_well() {
        assert_eq!(layout(&[]), Vec::<[f32; 2]>::new());
        let one = [1.0, 0.0];
        assert_eq!(layout(&[&one]), [[0.0, 0.0]]);
        let places = layout(&[&one, &one, &[0.0, 1.0]]);
        assert!(places.iter().flatten().all(|value| value.is_finite()) && places[0] != places[1]);
    }
}
