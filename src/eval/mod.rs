//! Measuring: labelled sets, metrics, the baselines, splits, judging of replayed conversations, tasks, reports.
//!
//! [`metrics`], [`judge`], [`split`], [`fit`] and [`report`] are pure: the same input gives the same figures on every machine. The tasks ([`replay`],
//! [`ablation`], [`texts`], [`lessons`], [`latency`], [`feedback`], [`leaks`]) fill a throw-away installation ([`workbench`]) and ask it through the product's own use cases; [`encoders`] compares
//! loaded models without one, and [`clusters`] needs only an encoder.

pub mod ablation;
pub mod authored;
pub mod bm25;
pub mod clusters;
pub mod conflicts;
pub mod dataset;
pub mod encoders;
pub mod feedback;
pub mod fit;
pub mod index_growth;
pub mod judge;
pub mod latency;
pub mod leaks;
pub mod lessons;
pub mod masking;
pub mod metrics;
pub mod mining;
pub mod pairs;
pub mod replay;
pub mod report;
pub mod split;
pub mod systems;
pub mod texts;
pub mod workbench;

/// What the makers of a set say about a message or a turn. Two of them agree when they are equal as sets.
pub type LabelSet = std::collections::BTreeSet<String>;
