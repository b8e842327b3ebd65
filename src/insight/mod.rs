//! What a desk's answers lack or get wrong: questions without a good answer, answers that disagree, entries that have aged.
//!
//! `disagreement` tells a newer practice from two at the same time.

pub mod disagreement;
