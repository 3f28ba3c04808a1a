//! What is to be done, step by step, and how long it may take.

use std::time::Duration;

use super::{
    leavings::{PicturePlan, area},
    stepper::Task,
};
use crate::{
    browser::Shot,
    flow::FlowSnapshot,
    run::StepLog,
    step::{Action, Condition, DEFAULT_STEP_TIMEOUT, ScreenshotPolicy, Step},
};

/// How much longer than it is to wait a step may take.
const WAIT_GRACE: Duration = Duration::from_secs(1);

/// A step that is to be tried, and how.
pub(super) struct Planned<'a> {
    pub(super) task: Task<'a>,
    pub(super) time: Duration,
    pub(super) retries: u32,
    pub(super) picture: PicturePlan<'a>,
    /// Whether the step after it says which HTTP status is right.
    pub(super) status_is_judged: bool,
}

impl<'a> Planned<'a> {
    /// The opening of the flow's url.
    pub(super) fn opening(snapshot: &'a FlowSnapshot) -> Self {
        let format = snapshot.settings.browser.picture_format;
        Self {
            task: Task::Open(snapshot.url.as_url()),
            time: default_time(snapshot),
            retries: 0,
            picture: PicturePlan {
                when: ScreenshotPolicy::On,
                shot: Shot { format, ..Shot::PLAIN },
            },
            status_is_judged: judges_status(snapshot.steps.first()),
        }
    }

    /// The step at this place, which does this once its variables have their values.
    pub(super) fn step(snapshot: &'a FlowSnapshot, index: usize, action: &'a Action) -> Self {
        let step = &snapshot.steps[index];
        let default = match action {
            // What is told to wait gets the time for it.
            Action::WaitTime(wait) => default_time(snapshot).max(*wait + WAIT_GRACE),
            _ => default_time(snapshot),
        };
        let picture = PicturePlan::of_the_page(snapshot, step);
        Self {
            task: Task::Step(action),
            time: step.timeout.unwrap_or(default),
            retries: step.retries,
            picture: PicturePlan { shot: Shot { area: area(action), ..picture.shot }, ..picture },
            status_is_judged: judges_status(snapshot.steps.get(index + 1)),
        }
    }
}

impl<'a> PicturePlan<'a> {
    /// What a step shows of the page, whatever it does.
    pub(super) fn of_the_page(snapshot: &FlowSnapshot, step: &'a Step) -> Self {
        let format = snapshot.settings.browser.picture_format;
        let shot = Shot { mask: &step.mask, format, ..Shot::PLAIN };
        Self { when: step.screenshot, shot }
    }
}

fn default_time(snapshot: &FlowSnapshot) -> Duration {
    snapshot.settings.step_timeout.unwrap_or(DEFAULT_STEP_TIMEOUT)
}

/// The logs of the steps that come after those on record.
pub(super) fn untried(snapshot: &FlowSnapshot, logs: &[StepLog]) -> Vec<StepLog> {
    let opening = std::iter::once_with(|| StepLog::open(snapshot.url.as_str()));
    opening
        .chain(snapshot.steps.iter().map(|step: &Step| StepLog::step(step)))
        .filter(|log| logs.iter().all(|done| done.number != log.number))
        .map(StepLog::shortened)
        .collect()
}

/// Whether a step says which HTTP status the tab's document should have come with.
fn judges_status(step: Option<&Step>) -> bool {
    step.is_some_and(|step| {
        matches!(step.action, Action::Assert(Condition::ResponseStatus(_, None)))
    })
}
