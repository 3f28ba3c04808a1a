//! What a flow does, step by step.

mod action;
mod parse;
mod raw;
mod selector;
#[cfg(test)]
mod tests;

pub use action::{Action, ActionName, Expected, Gesture, Match};
pub use parse::{
    DEFAULT_STEP_TIMEOUT, MAX_CONTENT_CHARS, MAX_STEP_TIMEOUT, MAX_STEPS, MIN_STEP_TIMEOUT,
    parse_steps,
};
pub use raw::RawStep;
pub use selector::{MAX_SELECTOR_CHARS, Selector, SelectorError};

use std::time::Duration;

/// One step of a flow, checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// Its place in the flow, from 1 on.
    pub number: u32,
    /// What it is called in logs and mails, if it has a name.
    pub name: Option<String>,
    /// What it does.
    pub action: Action,
    /// How long it may take, waiting included; the default where it does not say.
    pub timeout: Option<Duration>,
}

impl Step {
    /// How long the step may take.
    #[must_use]
    pub fn time_limit(&self) -> Duration {
        self.timeout.unwrap_or(DEFAULT_STEP_TIMEOUT)
    }
}
