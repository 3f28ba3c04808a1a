//! What the owner of a flow had better know of it: it can be carried out, but may deceive.

mod secrets;
mod selectors;
#[cfg(test)]
mod tests;

use crate::{
    FlowId,
    flow::{Flow, choice},
    step::{Action, OnFailure, Step},
};

choice! {
    /// What a warning is about.
    WarningCode {
        /// Nothing is proved after the last action.
        NoAssertion = "no_assertion",
        /// An element is found by its place alone.
        PositionalXpath = "positional_xpath",
        /// A fixed time is waited.
        FixedWait = "fixed_wait",
        /// Something that should be kept secret is written in the flow.
        PlainSecret = "plain_secret",
        /// A secret goes to each server that pages ask for anything.
        SecretHeader = "secret_header",
        /// Steps follow one that may fail, and expect what it leads to.
        AfterContinue = "after_continue",
        /// A flow is used that does not exist (any more).
        UsedFlowMissing = "used_flow_missing",
        /// A flow is used that itself uses another one.
        UsedFlowNested = "used_flow_nested",
    }
}

impl WarningCode {
    /// What it means, in a sentence.
    #[must_use]
    pub fn meaning(self) -> &'static str {
        match self {
            Self::NoAssertion => {
                "Nothing is proved after the last action: the site may have failed to carry it out."
            }
            Self::PositionalXpath => {
                "An element is found by its place on the page alone: the next change of the layout \
                 breaks the step, or lets it find another element."
            }
            Self::FixedWait => {
                "A fixed time is waited: too long on most days, and too short on a bad one."
            }
            Self::PlainSecret => {
                "What looks like a password or a key stands in the flow; logs and letters show it."
            }
            Self::SecretHeader => {
                "A header with a secret goes along with every request of the pages, to other sites, too."
            }
            Self::AfterContinue => {
                "A step may fail and the ones after it go on, on a page that they do not expect."
            }
            Self::UsedFlowMissing => {
                "A flow is used that does not exist any more: runs end as `flow_invalid`."
            }
            Self::UsedFlowNested => {
                "A flow is used that itself uses another one: runs end as `flow_invalid`."
            }
        }
    }
}

/// Something that its owner had better know of a flow.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Warning {
    /// What it is about.
    pub code: WarningCode,
    /// The number of the step; none if it is about the flow as a whole.
    pub step: Option<u32>,
    /// The field, of the step or of the flow.
    pub field: Option<String>,
    /// What is the matter, and the remedy.
    pub message: String,
}

impl Warning {
    fn of_step(step: &Step, code: WarningCode, field: &str, message: impl Into<String>) -> Self {
        Self {
            code,
            step: Some(step.number),
            field: Some(field.to_owned()),
            message: message.into(),
        }
    }
}

/// All warnings of a flow, by the order of its steps. `used` are the flows that it uses, as far as
/// they exist.
#[must_use]
pub fn lint(flow: &Flow, used: &[Flow]) -> Vec<Warning> {
    let mut warnings = secrets::in_settings(flow.settings.written());
    for (place, step) in flow.steps.iter().enumerate() {
        warnings.extend(selectors::positional(step));
        warnings.extend(secrets::in_step(step));
        warnings.extend(secrets::in_header_of(step));
        warnings.extend(fixed_wait(step));
        warnings.extend(after_continue(step, &flow.steps[place + 1..]));
        warnings.extend(used_flow(step, used));
    }
    warnings.extend(no_assertion(&flow.steps, used));
    warnings
}

/// What a step does to the site or proves of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Acts,
    Proves,
    Neither,
}

fn kind(action: &Action) -> Kind {
    match action {
        Action::Act { .. }
        | Action::Press { .. }
        | Action::Navigate { .. }
        | Action::Back
        | Action::Forward
        | Action::Reload => Kind::Acts,
        // What is waited for must come true as well.
        Action::Assert(_) | Action::Wait(_) | Action::Extract { .. } => Kind::Proves,
        _ => Kind::Neither,
    }
}

/// What is done to clear up need not be proved.
fn no_assertion(steps: &[Step], used: &[Flow]) -> Option<Warning> {
    let found = |id: FlowId| used.iter().find(|flow| flow.id == id);
    let of_step = |step: &Step| match &step.action {
        Action::UseFlow(id) => found(*id).map_or(Kind::Neither, |flow| last_kind(&flow.steps)),
        action => kind(action),
    };
    let main = || steps.iter().rev().filter(|step| !step.always);
    let last = main().map(|step| (step, of_step(step))).find(|(_, kind)| *kind != Kind::Neither);
    let (step, message) = match last {
        Some((_, Kind::Proves)) => return None,
        Some((step, _)) => (
            Some(step.number),
            "nothing is proved after this: add an assertion of what the page says when it has \
             worked, such as assert_text",
        ),
        None => (None, "nothing is proved but that the page opens: add an assertion"),
    };
    let (code, message) = (WarningCode::NoAssertion, message.to_owned());
    Some(Warning { code, step, field: None, message })
}

fn last_kind(steps: &[Step]) -> Kind {
    let main = steps.iter().rev().filter(|step| !step.always);
    main.map(|step| kind(&step.action)).find(|kind| *kind != Kind::Neither).unwrap_or(Kind::Neither)
}

fn fixed_wait(step: &Step) -> Option<Warning> {
    let Action::WaitTime(time) = step.action else { return None };
    let message = format!(
        "each run waits {time:?} here, whether the page needs it or not: wait for what you are \
         waiting for, with wait_visible or wait_text"
    );
    Some(Warning::of_step(step, WarningCode::FixedWait, "action", message))
}

/// A failed proof changes nothing on the page; a failed act leaves it where nobody expects it.
fn after_continue(step: &Step, rest: &[Step]) -> Option<Warning> {
    let goes_on = step.on_failure == OnFailure::Continue && !step.always;
    let depend = rest.iter().any(|later| !later.always);
    (goes_on && depend && kind(&step.action) == Kind::Acts).then(|| {
        let message = "if this fails, the steps after it go on where it was: expect their failures, \
                       or let the run stop here and mark what clears up as always";
        Warning::of_step(step, WarningCode::AfterContinue, "on_failure", message)
    })
}

fn used_flow(step: &Step, used: &[Flow]) -> Option<Warning> {
    let Action::UseFlow(id) = step.action else { return None };
    let Some(flow) = used.iter().find(|flow| flow.id == id) else {
        let message = "there is no such flow any more: runs end as flow_invalid";
        return Some(Warning::of_step(step, WarningCode::UsedFlowMissing, "content", message));
    };
    flow.steps.iter().any(|step| matches!(step.action, Action::UseFlow(_))).then(|| {
        let message = format!(
            "the flow “{}” itself uses another one: runs end as flow_invalid until it does not",
            flow.name
        );
        Warning::of_step(step, WarningCode::UsedFlowNested, "content", message)
    })
}
