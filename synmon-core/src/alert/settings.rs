//! What the owner of a flow wants to be told.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::maintenance::{MaintenanceWindow, RawWindow, parse_windows};
use crate::{Timestamp, flow::choice, invalid::Invalid};

/// The most failures in a row that may be waited for.
pub const MAX_ALERT_AFTER: u32 = 10;
/// How often a failure may be confirmed at most.
pub const MAX_CONFIRM_RETRIES: u32 = 3;
/// The longest time between two reminders.
pub const MAX_REMIND: Duration = Duration::from_hours(7 * 24);

choice! {
    /// Which verdicts the owner of a flow is told.
    AlertPolicy {
        /// Each failed run.
        EveryFailure = "every_failure",
        /// The first failed run, and the first that passes again.
        OnChange = "on_change",
    }
}

/// Which verdicts on a flow its owner is told, and when.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AlertSettings {
    /// Which failures are told.
    pub policy: AlertPolicy,
    /// Only the failure that is this many in a row, and those after it, counts: 1 is each.
    pub after: u32,
    /// How often a failure is tried again on a fresh browser before it is believed.
    pub confirm_retries: u32,
    /// Whether it is told that a site works again; by default with [`AlertPolicy::OnChange`] alone.
    pub recovery: Option<bool>,
    /// With [`AlertPolicy::OnChange`]: how long after the last word a site that still fails is
    /// told again; none is never.
    pub remind_every: Option<Duration>,
    /// When the site is worked on: nothing is run by schedule, and no failure is told.
    pub maintenance: Vec<MaintenanceWindow>,
}

impl Default for AlertSettings {
    /// Every failure, at once.
    fn default() -> Self {
        Self {
            policy: AlertPolicy::EveryFailure,
            after: 1,
            confirm_retries: 0,
            recovery: None,
            remind_every: None,
            maintenance: Vec::new(),
        }
    }
}

impl AlertSettings {
    /// Whether it is told that a site works again.
    #[must_use]
    pub fn tells_recovery(&self) -> bool {
        self.recovery.unwrap_or(self.policy == AlertPolicy::OnChange)
    }

    /// Until when the site is worked on, if it is at `at`.
    #[must_use]
    pub fn maintenance_at(&self, at: Timestamp) -> Option<Timestamp> {
        self.maintenance.iter().filter_map(|window| window.end_if_within(at)).max()
    }
}

/// The form in which stores keep the settings, as JSON: its names are a promise.
#[derive(Serialize, Deserialize)]
struct Stored {
    policy: String,
    after: u32,
    confirm_retries: u32,
    recovery: Option<bool>,
    remind_minutes: Option<u64>,
    maintenance: Vec<RawWindow>,
}

impl Serialize for AlertSettings {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        Stored {
            policy: self.policy.as_str().to_owned(),
            after: self.after,
            confirm_retries: self.confirm_retries,
            recovery: self.recovery,
            remind_minutes: self.remind_every.map(|every| every.as_secs() / 60),
            maintenance: self.maintenance.iter().map(RawWindow::from).collect(),
        }
        .serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for AlertSettings {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        use serde::de::Error;
        let stored = Stored::deserialize(deserializer)?;
        Ok(Self {
            policy: stored.policy.parse().map_err(D::Error::custom)?,
            after: stored.after,
            confirm_retries: stored.confirm_retries,
            recovery: stored.recovery,
            remind_every: stored.remind_minutes.map(|minutes| Duration::from_secs(minutes * 60)),
            maintenance: parse_windows(&stored.maintenance).map_err(D::Error::custom)?,
        })
    }
}

/// A change of some of the settings, as users write it; `None` leaves a setting as it is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AlertChange {
    /// A name of [`AlertPolicy`].
    pub policy: Option<String>,
    /// From how many failures in a row on they are told.
    pub after: Option<i64>,
    /// How often a failure is tried again first.
    pub confirm_retries: Option<i64>,
    /// Whether it is told that a site works again.
    pub recovery: Option<bool>,
    /// How many minutes lie between reminders; 0 is none.
    pub remind_minutes: Option<i64>,
    /// When the site is worked on.
    pub maintenance: Option<Vec<RawWindow>>,
}

impl AlertChange {
    /// Checks the change and makes it; what is wrong is named by the fields of a flow.
    pub fn applied_to(self, settings: &AlertSettings) -> Result<AlertSettings, Invalid> {
        let policy = self.policy.map(|text| {
            text.parse().map_err(|message: String| Invalid::field("alert_policy", message))
        });
        let after = self.after.map(|count| number("alert_after", count, 1, MAX_ALERT_AFTER));
        let retries = self
            .confirm_retries
            .map(|count| number("confirm_retries", count, 0, MAX_CONFIRM_RETRIES));
        let most = u32::try_from(MAX_REMIND.as_secs() / 60).unwrap_or(u32::MAX);
        let remind = self.remind_minutes.map(|count| number("remind_minutes", count, 0, most));
        let maintenance = self.maintenance.map(|raw| parse_windows(&raw));
        Invalid::all([
            problem(policy.as_ref()),
            problem(after.as_ref()),
            problem(retries.as_ref()),
            problem(remind.as_ref()),
            problem(maintenance.as_ref()),
        ])?;
        let remind = remind.transpose()?;
        Ok(AlertSettings {
            policy: policy.transpose()?.unwrap_or(settings.policy),
            after: after.transpose()?.unwrap_or(settings.after),
            confirm_retries: retries.transpose()?.unwrap_or(settings.confirm_retries),
            recovery: self.recovery.or(settings.recovery),
            remind_every: match remind {
                None => settings.remind_every,
                Some(0) => None,
                Some(minutes) => Some(Duration::from_mins(minutes.into())),
            },
            maintenance: match maintenance.transpose()? {
                Some(windows) => windows,
                None => settings.maintenance.clone(),
            },
        })
    }
}

fn problem<T>(setting: Option<&Result<T, Invalid>>) -> Result<(), Invalid> {
    match setting {
        Some(Err(invalid)) => Err(invalid.clone()),
        _ => Ok(()),
    }
}

fn number(field: &str, count: i64, least: u32, most: u32) -> Result<u32, Invalid> {
    u32::try_from(count)
        .ok()
        .filter(|count| (least..=most).contains(count))
        .ok_or_else(|| Invalid::field(field, format_args!("must be from {least} to {most}")))
}
