//! Being written.
/// Placeholder.
pub struct Manifest;
/// Placeholder.
pub struct ManifestError;
