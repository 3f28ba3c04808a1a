//! What a run needs to know of its flow, as the flow was when the run was queued.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::{BrowserKind, DialogPolicy, Flow, FlowSettings, FlowUrl, RawSettings};
use crate::{
    alert::AlertSettings,
    step::{RawStep, Step, read_steps},
};

/// A flow at one moment. A run works on this copy: a change or a pause of the flow while it runs
/// does not touch it.
#[derive(Clone, Debug, PartialEq)]
pub struct FlowSnapshot {
    /// The flow's name.
    pub name: String,
    /// The address that is opened first.
    pub url: FlowUrl,
    /// The browser that it runs in.
    pub browser: BrowserKind,
    /// Which verdicts the owner is told.
    pub alerts: AlertSettings,
    /// What becomes of the page's dialogs.
    pub dialogs: DialogPolicy,
    /// How long the run may take in all.
    pub run_timeout: Duration,
    /// How steps and browser are to be.
    pub settings: FlowSettings,
    /// What is done, by number.
    pub steps: Vec<Step>,
}

impl From<&Flow> for FlowSnapshot {
    fn from(flow: &Flow) -> Self {
        Self {
            name: flow.name.as_str().to_owned(),
            url: flow.url.clone(),
            browser: flow.browser,
            alerts: flow.alerts.clone(),
            dialogs: flow.dialogs,
            run_timeout: flow.run_timeout,
            settings: flow.settings.clone(),
            steps: flow.steps.clone(),
        }
    }
}

/// The form in which stores keep a snapshot, as JSON: its names are a promise.
#[derive(Serialize, Deserialize)]
struct StoredSnapshot {
    name: String,
    url: String,
    browser: String,
    alert_policy: String,
    /// Not there in what the first release stored.
    alerts: Option<AlertSettings>,
    dialogs: String,
    run_timeout_ms: u64,
    /// Not there in what release 0.1 stored.
    #[serde(default, skip_serializing_if = "RawSettings::is_default")]
    settings: RawSettings,
    steps: Vec<RawStep>,
}

impl Serialize for FlowSnapshot {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        StoredSnapshot {
            name: self.name.clone(),
            url: self.url.as_str().to_owned(),
            browser: self.browser.as_str().to_owned(),
            alert_policy: self.alerts.policy.as_str().to_owned(),
            alerts: Some(self.alerts.clone()),
            dialogs: self.dialogs.as_str().to_owned(),
            run_timeout_ms: u64::try_from(self.run_timeout.as_millis()).unwrap_or(u64::MAX),
            settings: self.settings.written().clone(),
            steps: self.steps.iter().map(RawStep::from).collect(),
        }
        .serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for FlowSnapshot {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        use serde::de::Error;
        let stored = StoredSnapshot::deserialize(deserializer)?;
        Ok(Self {
            name: stored.name,
            url: FlowUrl::parse(&stored.url).map_err(D::Error::custom)?,
            browser: stored.browser.parse().map_err(D::Error::custom)?,
            alerts: match stored.alerts {
                Some(alerts) => alerts,
                None => AlertSettings {
                    policy: stored.alert_policy.parse().map_err(D::Error::custom)?,
                    ..AlertSettings::default()
                },
            },
            dialogs: stored.dialogs.parse().map_err(D::Error::custom)?,
            run_timeout: Duration::from_millis(stored.run_timeout_ms),
            settings: stored.settings.parse().map_err(D::Error::custom)?,
            steps: read_steps(&stored.steps).map_err(D::Error::custom)?,
        })
    }
}
