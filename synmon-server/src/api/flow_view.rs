//! Flows on the wire.

use poem_openapi::Object;
use synmon_core::{
    ChannelId,
    alert::{AlertChange, RawWindow},
    flow::{Flow, FlowChange, NewFlow, RawSettings},
    lint::Warning,
    store::ListedFlow,
};
use uuid::Uuid;

use super::{
    instant::Instant,
    lint_view::{WarningView, warnings},
    run_view::RunView,
    settings_view::SettingsView,
    step_view::StepView,
};

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
    /// From how many failures in a row on they are told.
    alert_after: u32,
    /// How often a failure is tried again on a fresh browser before it is believed.
    confirm_retries: u32,
    /// Whether it is told that the site works again.
    notify_recovery: bool,
    /// With `on_change`: after how many minutes a site that still fails is told again; 0 is never.
    remind_minutes: u64,
    /// When the site is worked on: nothing is run by schedule, and no failure is told.
    maintenance: Vec<WindowView>,
    /// The channels that its alerts go to; without any (in use), the owner's own e-mail address.
    channels: Vec<Uuid>,
    /// What becomes of the page's dialogs: `dismiss`, `accept` or `fail`.
    dialogs: String,
    /// How far runs may be moved off their slots, in seconds.
    spread_seconds: u64,
    /// How long a run may take, in milliseconds.
    run_timeout_ms: u64,
    /// How browser and steps are to be.
    settings: SettingsView,
    /// What is done after the url has been opened.
    steps: Vec<StepView>,
    /// When the next scheduled run is due.
    next_run_at: Option<Instant>,
    /// The run that was made last, without its steps; null if there is none, or none any more: old
    /// ones are removed.
    last_run: Option<RunView>,
    /// What you had better know of it; only in the answer to its activation. `POST
    /// /flows/{id}/lint` says the same at any time.
    #[oai(skip_serializing_if_is_none)]
    warnings: Option<Vec<WarningView>>,
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
    /// From how many failures in a row on they are told: 1 (default) to 10.
    alert_after: Option<i64>,
    /// How often a failure is tried again on a fresh browser before it is believed: 0 (default) to
    /// 3. What every attempt saw is kept.
    confirm_retries: Option<i64>,
    /// Whether you are told that the site works again; by default with `on_change` alone.
    notify_recovery: Option<bool>,
    /// With `on_change`: after how many minutes a site that still fails is told again: up to 10080;
    /// 0 (default) is never.
    remind_minutes: Option<i64>,
    /// When the site is worked on: nothing is run by schedule then, and no failure is told. At most
    /// 20 windows.
    maintenance: Option<Vec<WindowView>>,
    /// The channels that alerts go to: at most 10. Without any, they go to your own e-mail address.
    channels: Option<Vec<Uuid>>,
    /// What becomes of JavaScript dialogs: `dismiss` (default), `accept` or `fail`.
    dialogs: Option<String>,
    /// How far runs may be moved off their slots, to avoid the herd: 0 (default) to 300 seconds.
    spread_seconds: Option<i64>,
    /// How long a run may take: 1000 to 300000 milliseconds, 60000 by default.
    run_timeout_ms: Option<i64>,
    /// How browser and steps are to be.
    settings: Option<SettingsView>,
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
    pub(crate) active: Option<bool>,
    alert_policy: Option<String>,
    alert_after: Option<i64>,
    confirm_retries: Option<i64>,
    notify_recovery: Option<bool>,
    remind_minutes: Option<i64>,
    /// All windows: those that are not named are removed.
    maintenance: Option<Vec<WindowView>>,
    /// All channels: those that are not named are removed.
    channels: Option<Vec<Uuid>>,
    dialogs: Option<String>,
    spread_seconds: Option<i64>,
    run_timeout_ms: Option<i64>,
    /// All settings: those that are not named get their defaults, but for a password, which stays.
    settings: Option<SettingsView>,
}

/// A time at which a site is worked on: either once, with `starts_at` and `ends_at`, or again and
/// again, with `scheduling` and `minutes`.
#[derive(Object)]
#[oai(rename = "MaintenanceWindow", skip_serializing_if_is_none)]
pub(crate) struct WindowView {
    /// When it begins: RFC 3339, or a local time such as `2026-12-24T22:00` in `timezone`.
    starts_at: Option<String>,
    /// When it ends, likewise. Answers show both in UTC.
    ends_at: Option<String>,
    /// When it begins, again and again: a crontab line.
    scheduling: Option<String>,
    /// How long it lasts then: 1 to 10080.
    minutes: Option<i64>,
    /// The IANA time zone of the local times or of the crontab line; `UTC` by default.
    timezone: Option<String>,
}

/// The fields about alerts, which are the same in a new flow and in a change.
macro_rules! alert_change {
    ($body:ident) => {
        AlertChange {
            policy: $body.alert_policy,
            after: $body.alert_after,
            confirm_retries: $body.confirm_retries,
            recovery: $body.notify_recovery,
            remind_minutes: $body.remind_minutes,
            maintenance: $body
                .maintenance
                .map(|windows| windows.into_iter().map(RawWindow::from).collect()),
        }
    };
}

fn channel_ids(ids: Option<Vec<Uuid>>) -> Option<Vec<ChannelId>> {
    ids.map(|ids| ids.into_iter().map(ChannelId::from_uuid).collect())
}

impl From<WindowView> for RawWindow {
    fn from(view: WindowView) -> Self {
        let WindowView { starts_at, ends_at, scheduling, minutes, timezone } = view;
        Self { starts_at, ends_at, scheduling, minutes, timezone }
    }
}

impl From<RawWindow> for WindowView {
    fn from(raw: RawWindow) -> Self {
        let RawWindow { starts_at, ends_at, scheduling, minutes, timezone } = raw;
        Self { starts_at, ends_at, scheduling, minutes, timezone }
    }
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
                alerts: alert_change!(body),
                channels: channel_ids(body.channels),
                dialogs: body.dialogs,
                spread_seconds: body.spread_seconds,
                run_timeout_ms: body.run_timeout_ms,
                settings: body.settings.map(RawSettings::from),
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
            alerts: alert_change!(body),
            channels: channel_ids(body.channels),
            dialogs: body.dialogs,
            spread_seconds: body.spread_seconds,
            run_timeout_ms: body.run_timeout_ms,
            settings: body.settings.map(RawSettings::from),
        }
    }
}

impl FlowView {
    /// The same with what its owner had better know of it.
    pub(crate) fn warning_of(self, found: Vec<Warning>) -> Self {
        Self { warnings: Some(warnings(found)), ..self }
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
            alert_policy: flow.alerts.policy.to_string(),
            alert_after: flow.alerts.after,
            confirm_retries: flow.alerts.confirm_retries,
            notify_recovery: flow.alerts.tells_recovery(),
            remind_minutes: flow.alerts.remind_every.map_or(0, |every| every.as_secs() / 60),
            maintenance: flow
                .alerts
                .maintenance
                .iter()
                .map(|window| RawWindow::from(window).into())
                .collect(),
            channels: flow.channels.iter().map(|channel| channel.uuid()).collect(),
            dialogs: flow.dialogs.to_string(),
            spread_seconds: flow.spread_limit.as_secs(),
            run_timeout_ms: u64::try_from(flow.run_timeout.as_millis()).unwrap_or(u64::MAX),
            settings: flow.settings.written().clone().into(),
            steps: flow.steps.iter().map(StepView::from).collect(),
            next_run_at: flow.next_run_at.map(Instant::from),
            last_run: None,
            warnings: None,
            created_at: flow.created_at.into(),
            updated_at: flow.updated_at.into(),
        }
    }
}
