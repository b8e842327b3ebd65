//! Measuring: labelled sets, metrics, the BM25 floor, splits, judging of replayed conversations, reports.
//!
//! Everything but the readers in [`dataset`] is a pure function: the same input gives the same figures on every machine. Nothing here
//! knows how suggestions are made; whoever runs a task feeds in rankings and gets figures back.

pub mod bm25;
pub mod dataset;
pub mod judge;
pub mod metrics;
pub mod random;
pub mod report;
pub mod split;

/// What the makers of a set say about a message or a turn. Two of them agree when they are equal as sets.
pub type LabelSet = std::collections::BTreeSet<String>;
pub mod replay;
pub mod systems;
pub mod texts;
pub mod workbench;
pub mod fit;
pub mod pairing;
