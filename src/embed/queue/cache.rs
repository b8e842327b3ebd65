//! The vectors of texts that may come again.
//!
//! Two generations instead of a list in order of use: what is used moves into the young one, and when that holds half the capacity
//! the old one is forgotten. Never more than `capacity` vectors; the half used last is always there.

use std::collections::HashMap;

use super::state::Key;
use crate::embed::Embedding;

pub(super) struct Cache {
    half: usize,
    young: HashMap<Key, Embedding>,
    old: HashMap<Key, Embedding>,
}

impl Cache {
    /// A cache of at most `capacity` vectors; below 2 it keeps nothing.
    pub(super) fn new(capacity: usize) -> Self {
        Self { half: capacity / 2, young: HashMap::new(), old: HashMap::new() }
    }

    pub(super) fn get(&mut self, key: &Key) -> Option<Embedding> {
        if let Some(embedding) = self.young.get(key) {
            return Some(embedding.clone());
        }
        let embedding = self.old.remove(key)?;
        self.insert(*key, embedding.clone());
        Some(embedding)
    }

    pub(super) fn insert(&mut self, key: Key, embedding: Embedding) {
        if self.half == 0 {
            return;
        }
        if self.young.len() >= self.half {
            self.old = std::mem::take(&mut self.young);
        }
        self.young.insert(key, embedding);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(number: u8) -> Key {
        [number; 16]
    }

    fn embedding(number: u8) -> Embedding {
        Embedding { vector: [f32::from(number)].into(), truncated: false }
    }

    #[test]
    fn keeps_what_is_used_and_never_more_than_its_capacity() {
        let mut cache = Cache::new(8);
        for number in 0..=200 {
            cache.insert(key(number), embedding(number));
            assert_eq!(cache.get(&key(0)), Some(embedding(0)), "used every time");
            assert_eq!(cache.get(&key(number)), Some(embedding(number)));
            assert!(cache.young.len() + cache.old.len() <= 8);
        }
        assert_eq!(cache.get(&key(100)), None);
    }

    #[test]
    fn capacity_zero_keeps_nothing() {
        let mut cache = Cache::new(0);
        cache.insert(key(1), embedding(1));
        assert_eq!(cache.get(&key(1)), None);
    }
}
