//! The use case: the present moment of a live conversation in, ranked and explained replies or a reasoned silence out; feedback intake.
//!
//! `request` is the wire form, `ranking` goes from a moment to ranked groups of answers (evaluation uses it too), `calibration` from a ranking to a
//! probability, `learning` says what feedback does to a group, `control` is what editors may decide over its head, `cover` chooses a list whose
//! members do not say the same, `questions` serves each of several questions asked at once, `silence` says when nothing is shown and why, `slots`
//! tells what a placeholder asks for, `service` adds what a caller sees: rendering, records, feedback.

pub mod calibration;
mod contradiction;
pub mod control;
pub mod cover;
pub mod explain;
pub mod features;
pub mod group;
mod learning;
mod quantity;
mod questions;
pub mod ranker;
pub mod ranking;
pub mod render;
pub mod request;
mod service;
mod silence;
mod slots;
mod stance;
pub mod trees;

pub use control::ControlCreate;
pub use ranker::{Ranker, RankerWeights};
pub use ranking::{RankedGroup, RankedMember, Ranking, Scoring, rank_moment};
pub use request::{FeedbackCreate, SuggestRequest, SuggestResponse};
pub use service::{SuggestError, Suggester};
pub use silence::{DeskProfiles, Strangeness};
