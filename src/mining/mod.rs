//! Archived talk to knowledge: question/answer pairs, and frequent-question clusters made of them.

pub mod cluster;
pub mod pairing;
pub mod relevance;
