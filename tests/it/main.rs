//! The one binary of integration tests; each module below is one level or subject.

mod architecture;
mod demo;
