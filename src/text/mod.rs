//! What is done to words before anything else sees them: normalising, segmenting, telling languages apart, masking personal data.
//!
//! Pure functions; no I/O, no state but tables built once.

pub mod acts;
pub mod chrf;
pub mod language;
pub mod mask;
pub mod moment;
pub mod normalise;
pub mod phrase;
pub mod script;
pub mod segment;
mod small_talk;
