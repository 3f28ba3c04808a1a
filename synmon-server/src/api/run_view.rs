//! Runs on the wire.

use std::time::Duration;

use poem_openapi::Object;
use synmon_core::{
    RunId,
    run::{Run, RunAttempt, RunError, Screenshot, StepLog, StepTiming},
};
use uuid::Uuid;

use super::{BASE_PATH, evidence_view::EvidenceView, instant::Instant};

/// One execution of a flow.
#[derive(Object)]
#[oai(rename = "Run")]
pub(crate) struct RunView {
    pub(crate) id: Uuid,
    flow_id: Uuid,
    /// What the flow was called when the run was queued.
    flow_name: String,
    /// `schedule` or `manual`.
    trigger: String,
    /// `queued`, `running`, `passed`, `failed` (the site's doing), `errored` (ours), `cancelled` or
    /// `skipped` (its slot was not run).
    status: String,
    /// Which attempt this shows: a run whose browser broke is tried again, and so is one that
    /// failed if its flow wants failures confirmed (`confirm_retries`).
    attempt: u32,
    /// The slot that it is for; null for an instant run.
    scheduled_for: Option<Instant>,
    queued_at: Instant,
    started_at: Option<Instant>,
    finished_at: Option<Instant>,
    duration_ms: Option<u64>,
    /// `chrome` or `firefox`.
    browser: String,
    /// Which browser it really was, with its version.
    browser_version: Option<String>,
    /// Why it did not pass.
    error: Option<RunErrorView>,
    /// How many slots a `skipped` run stands for.
    missed_count: Option<u64>,
    /// The logs of its steps so far; null in lists.
    steps: Option<Vec<StepLogView>>,
    /// Its other attempts, by number; null in lists.
    attempts: Option<Vec<AttemptView>>,
}

/// One attempt of a run, besides the one that the run shows.
#[derive(Object)]
#[oai(rename = "RunAttempt")]
pub(crate) struct AttemptView {
    /// Its number, from 1 on.
    attempt: u32,
    /// `failed` (the site's doing) or `errored` (ours).
    status: String,
    /// Why.
    error: Option<RunErrorView>,
    finished_at: Instant,
    /// Which browser it was, if one was started.
    browser_version: Option<String>,
    /// The logs of its steps.
    steps: Vec<StepLogView>,
}

/// Why a run did not pass.
#[derive(Object)]
#[oai(rename = "RunError")]
pub(crate) struct RunErrorView {
    /// One of a closed set of codes.
    code: String,
    /// What happened, in words.
    message: String,
    /// The number of the step that it happened in; null if it was in none.
    step: Option<u32>,
}

/// What one step of a run did. Number 0 is the opening of the flow's url.
#[derive(Object)]
#[oai(rename = "StepLog")]
pub(crate) struct StepLogView {
    pub(crate) number: u32,
    /// What it did; `open` for number 0.
    action: String,
    /// What it is called.
    #[oai(skip_serializing_if_is_none)]
    name: Option<String>,
    #[oai(skip_serializing_if_is_none)]
    selector_xpath: Option<String>,
    #[oai(skip_serializing_if_is_none)]
    content: Option<String>,
    /// `passed`, `failed` or `skipped` (not tried).
    status: String,
    started_at: Option<Instant>,
    /// The step's own time: waiting and acting, without the picture.
    duration_ms: Option<u64>,
    /// Where the time went; null if it was not tried.
    timing: Option<TimingView>,
    /// How much of it went by until the page was ready.
    wait_ms: Option<u64>,
    /// How much of it the act itself took.
    act_ms: Option<u64>,
    /// How long the picture took after that.
    picture_ms: Option<u64>,
    /// The address of the page as the step left it.
    url: Option<String>,
    /// The title of the page as the step left it.
    title: Option<String>,
    /// Why it did not work.
    error: Option<StepErrorView>,
    /// Where the picture of the page is, as the step left it.
    screenshot_url: Option<String>,
    /// Why there is no picture of a step that was tried.
    screenshot_unavailable: Option<String>,
    /// Where the page of a step that has failed is as it should be: the picture of the last run that
    /// passed. Only in the answer to `GET /runs/{id}`.
    #[oai(skip_serializing_if_is_none)]
    last_good_screenshot_url: Option<String>,
    /// The texts of the dialogs that the page opened meanwhile.
    dialogs: Vec<String>,
    /// What else it leaves behind.
    evidence: EvidenceView,
}

/// Where a step's time went, in milliseconds.
#[derive(Object)]
#[oai(rename = "StepTiming")]
#[expect(clippy::struct_field_names, reason = "the unit is part of the wire's names")]
pub(crate) struct TimingView {
    /// Until the element was found and the page was ready for the step.
    find_ms: u64,
    /// The act itself.
    act_ms: u64,
    /// Until the page had settled after that.
    settle_ms: u64,
    /// Taking the picture, which is not part of the step's duration.
    picture_ms: u64,
}

/// Why a step did not work.
#[derive(Object)]
#[oai(rename = "StepError")]
pub(crate) struct StepErrorView {
    /// One of a closed set of codes.
    code: String,
    /// What happened, in words.
    message: String,
    /// What was expected, where something was.
    expected: Option<String>,
    /// What was there instead.
    found: Option<String>,
}

impl RunView {
    /// A run as lists show it.
    pub(crate) fn without_steps(run: Run) -> Self {
        Self {
            id: run.id.uuid(),
            flow_id: run.flow.uuid(),
            flow_name: run.flow_name,
            trigger: run.trigger.to_string(),
            status: run.status.to_string(),
            attempt: run.attempt,
            scheduled_for: run.scheduled_for.map(Instant::from),
            queued_at: run.queued_at.into(),
            started_at: run.started_at.map(Instant::from),
            finished_at: run.finished_at.map(Instant::from),
            duration_ms: run.duration.map(millis),
            browser: run.browser.to_string(),
            browser_version: run.browser_version,
            error: run.error.map(RunErrorView::from),
            missed_count: run.missed_count,
            steps: None,
            attempts: None,
        }
    }

    /// A run with the logs of its steps, and with its other attempts.
    pub(crate) fn whole(
        run: Run,
        logs: Vec<StepLog>,
        others: Vec<(RunAttempt, Vec<StepLog>)>,
    ) -> Self {
        let id = run.id.uuid();
        let steps = logs.into_iter().map(|log| StepLogView::new(id, None, log)).collect();
        let attempts =
            others.into_iter().map(|(attempt, logs)| AttemptView::new(id, attempt, logs));
        let attempts = Some(attempts.collect());
        Self { steps: Some(steps), attempts, ..Self::without_steps(run) }
    }
}

impl RunView {
    /// The same with pictures of earlier runs beside steps that have failed.
    pub(crate) fn beside(mut self, good: &[(u32, RunId)]) -> Self {
        for step in self.steps.iter_mut().flatten() {
            let found = good.iter().find(|(number, _)| *number == step.number);
            step.last_good_screenshot_url =
                found.map(|(number, run)| screenshot_url(run.uuid(), *number));
        }
        self
    }
}

impl AttemptView {
    fn new(run: Uuid, attempt: RunAttempt, logs: Vec<StepLog>) -> Self {
        let number = Some(attempt.attempt);
        Self {
            attempt: attempt.attempt,
            status: attempt.status.to_string(),
            error: attempt.error.map(RunErrorView::from),
            finished_at: attempt.finished_at.into(),
            browser_version: attempt.browser_version,
            steps: logs.into_iter().map(|log| StepLogView::new(run, number, log)).collect(),
        }
    }
}

impl From<RunError> for RunErrorView {
    fn from(error: RunError) -> Self {
        Self { code: error.code.to_string(), message: error.message, step: error.step }
    }
}

impl StepLogView {
    /// `attempt` is none for the attempt that the run itself shows.
    pub(crate) fn new(run: Uuid, attempt: Option<u32>, log: StepLog) -> Self {
        let tried = log.started_at.is_some();
        let (screenshot_url, screenshot_unavailable) = match log.screenshot {
            Screenshot::Captured(_) => {
                let path = screenshot_url(run, log.number);
                let query = attempt.map(|attempt| format!("?attempt={attempt}"));
                (Some(format!("{path}{}", query.unwrap_or_default())), None)
            }
            Screenshot::Unavailable { why } => (None, Some(why)),
            Screenshot::Disabled => (None, None),
        };
        Self {
            number: log.number,
            action: log.action,
            name: log.name,
            selector_xpath: log.selector_xpath,
            content: log.content,
            status: log.status.to_string(),
            started_at: log.started_at.map(Instant::from),
            duration_ms: log.duration.map(millis),
            timing: tried.then(|| TimingView::new(log.timing, log.evidence.settle_ms)),
            wait_ms: tried.then(|| millis(log.timing.wait)),
            act_ms: tried.then(|| millis(log.timing.act)),
            picture_ms: tried.then(|| millis(log.timing.picture)),
            url: log.url,
            title: log.title,
            error: log.error.map(|error| StepErrorView {
                code: error.code.to_string(),
                message: error.message,
                expected: error.expected,
                found: error.found,
            }),
            screenshot_url,
            screenshot_unavailable,
            last_good_screenshot_url: None,
            dialogs: log.dialogs,
            evidence: log.evidence.into(),
        }
    }
}

impl TimingView {
    /// What is measured of an act goes on until the page has settled.
    fn new(timing: StepTiming, settle_ms: Option<u64>) -> Self {
        let settle_ms = settle_ms.unwrap_or(0).min(millis(timing.act));
        Self {
            find_ms: millis(timing.wait),
            act_ms: millis(timing.act) - settle_ms,
            settle_ms,
            picture_ms: millis(timing.picture),
        }
    }
}

fn screenshot_url(run: Uuid, step: u32) -> String {
    format!("{BASE_PATH}/runs/{run}/steps/{step}/screenshot")
}

/// Whole milliseconds, rounded.
fn millis(span: Duration) -> u64 {
    u64::try_from((span.as_micros() + 500) / 1_000).unwrap_or(u64::MAX)
}
