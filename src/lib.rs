//! Riposte: reply suggestions and frequent-question clusters from archived customer conversations.
//!
//! The map of the modules and the rule who may import whom are in `docs/architecture.md`; `tests/it/architecture.rs` checks both.

pub mod adapt;
pub mod app;
pub mod auth;
pub mod cli;
pub mod config;
pub mod curation;
pub mod domain;
pub mod embed;
pub mod eval;
pub mod http;
pub mod index;
pub mod ingest;
pub mod insight;
pub mod jobs;
pub mod knowledge;
pub mod live;
pub mod mining;
pub mod retrieve;
pub mod rt;
pub mod store;
pub mod suggest;
pub mod telemetry;
pub mod text;
