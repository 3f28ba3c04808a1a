//! What befell one flow.

use serde::Serialize;
use synmon_core::{
    FlowId, RunId, Timestamp,
    notice::{FailedStep, RunNotice},
};

use super::{cut, pages::RunPages};

/// A run's verdict.
#[derive(Debug, Serialize)]
pub(super) struct VerdictData<'a> {
    alert: &'static str,
    flow: FlowView<'a>,
    run: RunView<'a>,
    failures_in_row: u32,
    failing_since: Option<Timestamp>,
    failed_step: Option<StepView<'a>>,
}

/// A flow was paused.
#[derive(Debug, Serialize)]
pub(super) struct PauseData<'a> {
    flow: PausedFlowView<'a>,
    run: LastRunView,
    reason: &'a str,
}

#[derive(Debug, Serialize)]
struct FlowView<'a> {
    id: FlowId,
    name: &'a str,
    url: &'a str,
}

#[derive(Debug, Serialize)]
struct RunView<'a> {
    id: RunId,
    url: String,
    trigger: &'a str,
    browser: &'a str,
    finished_at: Timestamp,
}

#[derive(Debug, Serialize)]
struct PausedFlowView<'a> {
    id: FlowId,
    name: &'a str,
}

#[derive(Debug, Serialize)]
struct LastRunView {
    id: RunId,
    url: String,
}

#[derive(Debug, Serialize)]
struct StepView<'a> {
    number: u32,
    of: u32,
    name: Option<&'a str>,
    action: &'a str,
    selector_xpath: Option<&'a str>,
    code: &'a str,
    message: &'a str,
    expected: Option<&'a str>,
    found: Option<&'a str>,
    page_url: Option<&'a str>,
    page_title: Option<&'a str>,
}

impl<'a> VerdictData<'a> {
    pub(super) fn of(run: &'a RunNotice, pages: &RunPages) -> Self {
        Self {
            alert: run.alert.as_str(),
            flow: FlowView { id: run.flow, name: cut(&run.flow_name), url: cut(&run.flow_url) },
            run: RunView {
                id: run.run,
                url: pages.of(run.run),
                trigger: &run.trigger,
                browser: &run.browser,
                finished_at: run.finished_at,
            },
            failures_in_row: run.failures_in_row,
            failing_since: run.failing_since,
            failed_step: run.failure.as_ref().map(step),
        }
    }
}

impl<'a> PauseData<'a> {
    pub(super) fn of(
        (flow, flow_name): (FlowId, &'a str),
        run: RunId,
        reason: &'a str,
        pages: &RunPages,
    ) -> Self {
        Self {
            flow: PausedFlowView { id: flow, name: cut(flow_name) },
            run: LastRunView { id: run, url: pages.of(run) },
            reason: cut(reason),
        }
    }
}

fn step(step: &FailedStep) -> StepView<'_> {
    StepView {
        number: step.number,
        of: step.of,
        name: step.name.as_deref().map(cut),
        action: &step.action,
        selector_xpath: step.selector_xpath.as_deref().map(cut),
        code: &step.code,
        message: cut(&step.message),
        expected: step.expected.as_deref().map(cut),
        found: step.found.as_deref().map(cut),
        page_url: step.page_url.as_deref().map(cut),
        page_title: step.page_title.as_deref().map(cut),
    }
}
