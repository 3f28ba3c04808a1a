//! Flows as users describe and change them, not checked yet.

use std::time::Duration;

use super::{
    BrowserKind, DEFAULT_RUN_TIMEOUT, DialogPolicy, Flow, FlowSettings, FlowUrl, MAX_RUN_TIMEOUT,
    MAX_SPREAD, MIN_RUN_TIMEOUT, RawSettings,
};
use crate::{
    ChannelId, FlowId, Name, OwnerId, Timestamp,
    alert::{AlertChange, AlertSettings},
    invalid::Invalid,
    schedule::{Schedule, ScheduleError},
};

/// How many channels a flow may have.
const MAX_CHANNELS_OF_FLOW: usize = 10;

/// A flow as it is described at first.
#[derive(Clone, Debug, Default)]
pub struct NewFlow {
    /// Its name.
    pub name: String,
    /// The address that each run opens first.
    pub url: String,
    /// A name of [`BrowserKind`].
    pub browser: String,
    /// A crontab line.
    pub scheduling: String,
    /// The other settings; what is left out gets its default.
    pub rest: FlowChange,
}

/// A change of some of a flow's fields; `None` leaves a field as it is.
#[derive(Clone, Debug, Default)]
pub struct FlowChange {
    /// Its name.
    pub name: Option<String>,
    /// The address that each run opens first.
    pub url: Option<String>,
    /// A name of [`BrowserKind`].
    pub browser: Option<String>,
    /// A crontab line.
    pub scheduling: Option<String>,
    /// An IANA time zone.
    pub timezone: Option<String>,
    /// Whether the schedule is followed.
    pub active: Option<bool>,
    /// Which verdicts are told.
    pub alerts: AlertChange,
    /// Where they are told.
    pub channels: Option<Vec<ChannelId>>,
    /// A name of [`DialogPolicy`].
    pub dialogs: Option<String>,
    /// How far runs may be moved off their slots, in seconds.
    pub spread_seconds: Option<i64>,
    /// How long a run may take, in milliseconds.
    pub run_timeout_ms: Option<i64>,
    /// How steps and browser are to be; they take the place of all that were there.
    pub settings: Option<RawSettings>,
}

impl NewFlow {
    /// Checks the description and makes a flow of it, inactive and without steps.
    pub fn into_flow(
        self,
        owner: OwnerId,
        minimum_interval: Duration,
        now: Timestamp,
    ) -> Result<Flow, Invalid> {
        let Self { name, url, browser, scheduling, rest } = self;
        let timezone = rest.timezone.clone().unwrap_or_else(|| "UTC".to_owned());
        let (name, url) = (parse_name(&name), parse_url(&url));
        let browser = parse_choice::<BrowserKind>("browser", &browser);
        let schedule = parse_schedule(&scheduling, &timezone, minimum_interval, now);
        Invalid::all([checked(&name), checked(&url), checked(&browser), checked(&schedule)])?;
        let mut flow = Flow {
            id: FlowId::new(now),
            owner,
            name: name?,
            url: url?,
            browser: browser?,
            schedule: schedule?,
            spread_limit: Duration::ZERO,
            active: false,
            alerts: AlertSettings::default(),
            channels: Vec::new(),
            dialogs: DialogPolicy::Dismiss,
            run_timeout: DEFAULT_RUN_TIMEOUT,
            settings: FlowSettings::default(),
            steps: Vec::new(),
            next_run_at: None,
            version: 1,
            created_at: now,
            updated_at: now,
        };
        FlowChange { timezone: None, ..rest }.apply(&mut flow, minimum_interval, now)?;
        Ok(flow)
    }
}

impl FlowChange {
    /// Checks the change and makes it. The flow is untouched where anything is wrong with it.
    ///
    /// A flow that is activated, or whose schedule changes while it is active, is due at the next
    /// slot after `now`. Another spread moves the run of the slot that was next; any other change
    /// leaves `next_run_at` as it is.
    pub fn apply(
        self,
        flow: &mut Flow,
        minimum_interval: Duration,
        now: Timestamp,
    ) -> Result<(), Invalid> {
        let name = self.name.as_deref().map(parse_name).transpose();
        let url = self.url.as_deref().map(parse_url).transpose();
        let browser = self.browser.as_deref().map(|text| parse_choice("browser", text)).transpose();
        let alerts = self.alerts.applied_to(&flow.alerts);
        let channels = self.channels.map(distinct).transpose();
        let dialogs = self.dialogs.as_deref().map(|text| parse_choice("dialogs", text)).transpose();
        let spread = self.spread_seconds.map(parse_spread).transpose();
        let run_timeout = self.run_timeout_ms.map(parse_run_timeout).transpose();
        let settings = self
            .settings
            .map(|raw| raw.keeping_password_of(flow.settings.written()).parse())
            .transpose()
            .map_err(|invalid| invalid.under("settings"));
        let schedule = (self.scheduling.is_some() || self.timezone.is_some())
            .then(|| {
                let line = self.scheduling.as_deref().unwrap_or(flow.schedule.line());
                let zone = self.timezone.as_deref().unwrap_or(flow.schedule.timezone_name());
                parse_schedule(line, zone, minimum_interval, now)
            })
            .transpose();
        let activation = match self.active {
            Some(true) if flow.steps.is_empty() => {
                Err(Invalid::field("active", "a flow without steps can't be activated"))
            }
            _ => Ok(()),
        };
        Invalid::all([
            checked(&name),
            checked(&url),
            checked(&browser),
            checked(&schedule),
            checked(&alerts),
            checked(&channels),
            checked(&dialogs),
            checked(&spread),
            checked(&run_timeout),
            checked(&settings),
            activation,
        ])?;
        let (schedule, spread) = (schedule?, spread?);
        let was_active = flow.active;
        let rescheduled = schedule.as_ref().is_some_and(|schedule| *schedule != flow.schedule);
        let next_slot = flow.next_run_at.map(|due| due.before(flow.spread()));
        set(&mut flow.name, name?);
        set(&mut flow.url, url?);
        set(&mut flow.browser, browser?);
        set(&mut flow.schedule, schedule);
        flow.alerts = alerts?;
        set(&mut flow.channels, channels?);
        set(&mut flow.dialogs, dialogs?);
        set(&mut flow.spread_limit, spread);
        set(&mut flow.run_timeout, run_timeout?);
        set(&mut flow.settings, settings?);
        set(&mut flow.active, self.active);
        if !flow.active {
            flow.next_run_at = None;
        } else if !was_active || rescheduled {
            flow.next_run_at = flow.due_after(now);
        } else {
            // The slot whose run is to come stays that, however far it is moved off now.
            flow.next_run_at = next_slot.map(|slot| slot + flow.spread());
        }
        flow.updated_at = now;
        Ok(())
    }
}

fn set<T>(field: &mut T, value: Option<T>) {
    if let Some(value) = value {
        *field = value;
    }
}

fn checked<T>(result: &Result<T, Invalid>) -> Result<(), Invalid> {
    result.as_ref().map(|_| ()).map_err(Clone::clone)
}

fn parse_name(text: &str) -> Result<Name, Invalid> {
    Name::parse(text).map_err(Invalid::from)
}

fn parse_url(text: &str) -> Result<FlowUrl, Invalid> {
    FlowUrl::parse(text).map_err(|error| Invalid::field("url", error))
}

fn parse_choice<T: std::str::FromStr<Err = String>>(field: &str, text: &str) -> Result<T, Invalid> {
    text.parse().map_err(|message: String| Invalid::field(field, message))
}

fn parse_schedule(
    line: &str,
    timezone: &str,
    minimum_interval: Duration,
    now: Timestamp,
) -> Result<Schedule, Invalid> {
    Schedule::parse_with_minimum(line, timezone, minimum_interval, now.datetime())
        .map_err(|error: ScheduleError| Invalid::field(error.field(), error))
}

/// Each channel once, in the order in which they were named.
fn distinct(channels: Vec<ChannelId>) -> Result<Vec<ChannelId>, Invalid> {
    let mut distinct = Vec::new();
    for channel in channels {
        if !distinct.contains(&channel) {
            distinct.push(channel);
        }
    }
    if distinct.len() > MAX_CHANNELS_OF_FLOW {
        let message = format_args!("a flow has {MAX_CHANNELS_OF_FLOW} channels at most");
        return Err(Invalid::field("channels", message));
    }
    Ok(distinct)
}

fn parse_spread(seconds: i64) -> Result<Duration, Invalid> {
    u64::try_from(seconds)
        .ok()
        .map(Duration::from_secs)
        .filter(|spread| *spread <= MAX_SPREAD)
        .ok_or_else(|| {
            let max = MAX_SPREAD.as_secs();
            Invalid::field("spread_seconds", format_args!("must be from 0 to {max}"))
        })
}

fn parse_run_timeout(millis: i64) -> Result<Duration, Invalid> {
    u64::try_from(millis)
        .ok()
        .map(Duration::from_millis)
        .filter(|limit| (MIN_RUN_TIMEOUT..=MAX_RUN_TIMEOUT).contains(limit))
        .ok_or_else(|| {
            let (min, max) = (MIN_RUN_TIMEOUT.as_millis(), MAX_RUN_TIMEOUT.as_millis());
            Invalid::field("run_timeout_ms", format_args!("must be from {min} to {max}"))
        })
}
