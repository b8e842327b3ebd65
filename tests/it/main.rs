//! The one binary of integration tests; each module below is one level or subject.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking, in its helper functions too")]

mod api;
mod architecture;
mod demo;
#[cfg(unix)]
mod process;
mod support;
