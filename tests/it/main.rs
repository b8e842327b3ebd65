//! The one integration test binary: everything that goes through the public interface of the crate.

mod api;
