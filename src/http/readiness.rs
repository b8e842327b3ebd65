//! Whether the service can answer yet. The composition root tells, `/readyz` and the API's doorkeeper ask.

use std::sync::{PoisonError, RwLock};

/// Where the service is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ReadinessState {
    /// It is starting; the stage says with what, such as `loading the encoder`.
    Starting {
        /// What it is doing.
        stage: &'static str,
    },
    /// It answers.
    Ready,
    /// A part has stopped; what still works is answered, but no new traffic should be sent.
    Failing {
        /// Which part, in words without customer data.
        reason: &'static str,
    },
}

/// The present state, shared.
#[derive(Debug)]
pub struct Readiness(RwLock<ReadinessState>);

impl Default for Readiness {
    fn default() -> Self {
        Self(RwLock::new(ReadinessState::Starting { stage: "opening the data folder" }))
    }
}

impl Readiness {
    /// The present state.
    #[must_use]
    pub fn state(&self) -> ReadinessState {
        // The value is replaced in one go, so a panic elsewhere can't leave it half written.
        self.0.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Goes over to another state.
    pub fn set(&self, state: ReadinessState) {
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = state;
    }
}
