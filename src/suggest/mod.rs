//! The use case: the present moment of a live conversation in, ranked and explained replies or a reasoned silence out; feedback intake.
//!
//! `request` is the wire form, `ranking` goes from a moment to ranked groups of answers (evaluation uses it too), `calibration` from a ranking to a probability, `learning` says what feedback
//! does to a group, `control` is what editors may decide over its head, `service` adds what a caller sees: rendering, silence, records,
//! feedback.

pub mod calibration;
pub mod control;
pub mod features;
pub mod group;
mod learning;
pub mod ranker;
pub mod ranking;
pub mod render;
pub mod request;
mod service;

pub use control::ControlCreate;
pub use ranker::{Ranker, RankerWeights};
pub use ranking::{RankedGroup, RankedMember, Ranking, rank_moment};
pub use request::{FeedbackCreate, SuggestRequest, SuggestResponse};
pub use service::{SuggestError, Suggester};
