//! Flows on the wire.

use poem_openapi::Object;
use synmon_core::{
    flow::{Flow, FlowChange, NewFlow},
    store::ListedFlow,
};
use uuid::Uuid;

use super::{instant::Instant, run_view::RunView, step_view::StepView};

/// What is watched, when, and in which browser.
#[derive(Object)]
#[oai(rename = "Flow")]
pub(crate) struct FlowView {
    pub(crate) id: Uuid,
    name: String,
    /// The address that each run opens first.
    url: String,
    /// `chrome` or `firefox`.
    browser: String,
    /// A crontab line.
    scheduling: String,
    /// The IANA time zone that the crontab line is read in.
    timezone: String,
    /// Whether the schedule is followed.
    active: bool,
    /// Which verdicts its owner is told: `every_failure` or `on_change`.
    alert_policy: String,
    /// What becomes of the page's dialogs: `dismiss`, `accept` or `fail`.
    dialogs: String,
    /// How far runs may be moved off their slots, in seconds.
    spread_seconds: u64,
    /// How long a run may take, in milliseconds.
    run_timeout_ms: u64,
    /// What is done after the url has been opened.
    steps: Vec<StepView>,
    /// When the next scheduled run is due.
    next_run_at: Option<Instant>,
    /// The run that was made last, without its steps.
    last_run: Option<RunView>,
    created_at: Instant,
    updated_at: Instant,
}

/// A new flow. It is inactive until it has steps and is activated.
#[derive(Object)]
#[oai(rename = "NewFlow")]
pub(crate) struct NewFlowBody {
    /// At most 200 characters, on one line.
    name: String,
    /// The address that each run opens first: http or https.
    url: String,
    /// `chrome` or `firefox`, as far as this server can run it.
    browser: String,
    /// A crontab line of five fields, or `@hourly`, `@daily` and the like.
    scheduling: String,
    /// The IANA time zone that the crontab line is read in; `UTC` by default.
    timezone: Option<String>,
    /// Which verdicts you are told: `every_failure` (default), or `on_change` for the first failure
    /// and the recovery.
    alert_policy: Option<String>,
    /// What becomes of JavaScript dialogs: `dismiss` (default), `accept` or `fail`.
    dialogs: Option<String>,
    /// How far runs may be moved off their slots, to avoid the herd: 0 (default) to 300 seconds.
    spread_seconds: Option<i64>,
    /// How long a run may take: 1000 to 300000 milliseconds, 60000 by default.
    run_timeout_ms: Option<i64>,
}

/// A change of some of a flow's fields; what is left out stays.
#[derive(Object)]
#[oai(rename = "FlowChange")]
pub(crate) struct FlowChangeBody {
    name: Option<String>,
    url: Option<String>,
    browser: Option<String>,
    scheduling: Option<String>,
    timezone: Option<String>,
    /// Whether the schedule is followed. A flow without steps can't be activated.
    active: Option<bool>,
    alert_policy: Option<String>,
    dialogs: Option<String>,
    spread_seconds: Option<i64>,
    run_timeout_ms: Option<i64>,
}

impl From<NewFlowBody> for NewFlow {
    fn from(body: NewFlowBody) -> Self {
        Self {
            name: body.name,
            url: body.url,
            browser: body.browser,
            scheduling: body.scheduling,
            rest: FlowChange {
                timezone: body.timezone,
                alert_policy: body.alert_policy,
                dialogs: body.dialogs,
                spread_seconds: body.spread_seconds,
                run_timeout_ms: body.run_timeout_ms,
                ..FlowChange::default()
            },
        }
    }
}

impl From<FlowChangeBody> for FlowChange {
    fn from(body: FlowChangeBody) -> Self {
        Self {
            name: body.name,
            url: body.url,
            browser: body.browser,
            scheduling: body.scheduling,
            timezone: body.timezone,
            active: body.active,
            alert_policy: body.alert_policy,
            dialogs: body.dialogs,
            spread_seconds: body.spread_seconds,
            run_timeout_ms: body.run_timeout_ms,
        }
    }
}

impl From<ListedFlow> for FlowView {
    fn from(listed: ListedFlow) -> Self {
        let ListedFlow { flow, last_run } = listed;
        Self { last_run: last_run.map(RunView::without_steps), ..Self::from(&flow) }
    }
}

impl From<&Flow> for FlowView {
    fn from(flow: &Flow) -> Self {
        Self {
            id: flow.id.uuid(),
            name: flow.name.to_string(),
            url: flow.url.to_string(),
            browser: flow.browser.to_string(),
            scheduling: flow.schedule.line().to_owned(),
            timezone: flow.schedule.timezone_name().to_owned(),
            active: flow.active,
            alert_policy: flow.alert_policy.to_string(),
            dialogs: flow.dialogs.to_string(),
            spread_seconds: flow.spread_limit.as_secs(),
            run_timeout_ms: u64::try_from(flow.run_timeout.as_millis()).unwrap_or(u64::MAX),
            steps: flow.steps.iter().map(StepView::from).collect(),
            next_run_at: flow.next_run_at.map(Instant::from),
            last_run: None,
            created_at: flow.created_at.into(),
            updated_at: flow.updated_at.into(),
        }
    }
}
