//! Riposte: reply suggestions and frequent-question clusters from archived customer conversations.
//!
//! The map of the modules and the rule who may import whom are in `docs/architecture.md`; `tests/it/architecture.rs` checks both.

pub mod auth;
pub mod domain;
pub mod embed;
pub mod http;
pub mod index;
pub mod jobs;
pub mod store;
pub mod suggest;
pub mod text;
