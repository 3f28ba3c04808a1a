//! What a flow does, step by step.

mod action;
mod fields;
mod header;
mod operand;
mod options;
mod parse;
mod raw;
mod selector;
pub(crate) mod template;
#[cfg(test)]
mod tests;
mod values;
mod vocabulary;
mod written;

pub use action::{Action, Button, Click, Condition, Gesture, Source, TypingMode};
pub use fields::{MAX_ATTRIBUTE_BYTES, MAX_CLICKS, MAX_DISTANCE, MAX_METHOD_CHARS};
pub use header::{Cookie, Header, MAX_COOKIE_BYTES};
pub use operand::{
    Count, Distance, Expected, FrameTarget, Match, Pattern, Point, StatusTest, TabTarget, Viewport,
};
pub(crate) use options::parse_step_timeout;
pub use options::{MAX_MASKS, MAX_RETRIES};
pub(crate) use parse::check_variables;
pub use parse::{
    DEFAULT_STEP_TIMEOUT, MAX_CONTENT_CHARS, MAX_STEP_TIMEOUT, MAX_STEPS, MIN_STEP_TIMEOUT,
    parse_steps, parse_steps_given, read_steps,
};
pub use raw::RawStep;
pub use selector::{
    Candidate, MAX_CANDIDATES, MAX_SELECTOR_CHARS, Selector, SelectorError, Strategy,
};
pub(crate) use template::Reading;
pub use template::{Chance, MAX_VARIABLE_NAME_CHARS, Moment, Placeholder, is_variable_name};
pub use values::{Chances, Values, Variables};
pub use vocabulary::{ActionName, Need, PARTICULAR_FIELDS, Spec};

use std::time::Duration;

use crate::{FlowId, flow::choice, invalid::Invalid};

/// What is said of a secret in a field that shows, or goes where it is logged.
pub(crate) const NO_SECRET_HERE: &str = "a secret may only stand in what is given to the page: \
    the content of tapping, select, set_cookie and set_header, the text of dialog; not in \
    addresses, selectors or expectations, which logs and letters show";

/// One step of a flow, checked.
#[derive(Clone, Debug, PartialEq)]
pub struct Step {
    /// Its place in the flow, from 1 on.
    pub number: u32,
    /// What it is called in logs and mails, if it has a name.
    pub name: Option<String>,
    /// What it does. Where places are to be filled in, samples stand for their values: see
    /// [`Step::filled`].
    pub action: Action,
    /// How long it may take, waiting included; the default where it does not say.
    pub timeout: Option<Duration>,
    /// What follows when it fails.
    pub on_failure: OnFailure,
    /// Whether it is carried out even after a failure, to clear up.
    pub always: bool,
    /// When a picture is taken.
    pub screenshot: ScreenshotPolicy,
    /// What is painted over in its picture.
    pub mask: Vec<Selector>,
    /// How often it is tried again when it fails.
    pub retries: u32,
    /// The step of another flow that it is, if `use_flow` has brought it here.
    pub part_of: Option<PartOf>,
    /// The step as it is written down.
    written: RawStep,
}

choice! {
    /// What follows when a step fails. The run has failed in any case.
    #[derive(Default)]
    OnFailure {
        /// The steps after it are skipped.
        #[default]
        Stop = "stop",
        /// The steps after it are carried out all the same.
        Continue = "continue",
    }
}

choice! {
    /// When a picture of a step is taken.
    #[derive(Default)]
    ScreenshotPolicy {
        /// Always.
        #[default]
        On = "on",
        /// Never.
        Off = "off",
        /// When the step has failed.
        OnFailure = "on_failure",
    }
}

/// Where a step comes from that `use_flow` has brought into a run.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct PartOf {
    /// The flow whose step it is.
    pub flow_id: FlowId,
    /// What that flow is called.
    pub flow_name: String,
    /// Its number there.
    pub number: u32,
    /// The number of the step of the running flow that named it.
    pub used_by: u32,
}

impl Step {
    /// How long the step may take, if neither it nor its flow says.
    #[must_use]
    pub fn time_limit(&self) -> Duration {
        self.timeout.unwrap_or(DEFAULT_STEP_TIMEOUT)
    }

    /// The step as it is written down.
    #[must_use]
    pub fn written(&self) -> &RawStep {
        &self.written
    }

    /// What it does, with its places filled in.
    ///
    /// # Errors
    /// A place has no value, or one that the action can't be carried out with.
    pub fn filled(&self, values: &Values) -> Result<Action, Invalid> {
        if self.readings().is_empty() {
            return Ok(self.action.clone());
        }
        let action = self.action_name();
        let filled = written::with_values(&self.written, |field, text| {
            template::filled(text, |place| {
                if place.is_secret() && !action.is_some_and(|a| written::takes_secrets(a, field)) {
                    return Err(NO_SECRET_HERE.to_owned());
                }
                values.value(place)
            })
        })?;
        parse::parse_action(&filled)
    }

    /// The places that are filled in before it is carried out.
    #[must_use]
    pub fn places(&self) -> Vec<Placeholder> {
        let readings = self.readings().into_iter();
        readings
            .filter_map(|(_, reading)| match reading {
                Reading::Place(place) => Some(place),
                _ => None,
            })
            .collect()
    }

    /// The address that it opens, if its host is written down. One that is filled in is judged when
    /// a run gets there.
    pub(crate) fn known_target(&self) -> Option<&url::Url> {
        match &self.action {
            Action::Navigate { url }
                if !self.written.content.as_deref().is_some_and(template::leaves_the_host_open) =>
            {
                Some(url)
            }
            _ => None,
        }
    }

    /// What its fields hold between braces, and in which of them.
    pub(crate) fn readings(&self) -> Vec<(&'static str, Reading)> {
        written::readings(&self.written)
    }

    /// Whether a secret may stand in a field of it.
    pub(crate) fn takes_secrets(&self, field: &str) -> bool {
        self.action_name().is_some_and(|action| written::takes_secrets(action, field))
    }

    /// It was parsed by this name.
    fn action_name(&self) -> Option<ActionName> {
        self.written.action.parse().ok()
    }

    /// The same step at another place of a run.
    #[must_use]
    pub fn moved(mut self, number: u32, part_of: Option<PartOf>) -> Self {
        self.number = number;
        self.part_of = part_of;
        self
    }
}
