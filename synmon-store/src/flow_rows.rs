//! Flows as rows.

use std::time::Duration;

use sqlx::FromRow;
use synmon_core::{
    ChannelId, FlowId, Name, OwnerId, Timestamp,
    alert::AlertSettings,
    flow::{Flow, FlowUrl, RawSettings},
    schedule::Schedule,
    step::{RawStep, read_steps},
    store::StoreError,
};
use uuid::Uuid;

use crate::{error::corrupt, stamp::Stamp};

#[derive(FromRow)]
pub(crate) struct FlowRow {
    id: Uuid,
    owner_id: Uuid,
    name: String,
    url: String,
    browser: String,
    scheduling: String,
    timezone: String,
    spread_seconds: i64,
    active: bool,
    alert_policy: String,
    alerts: Option<String>,
    channels: String,
    dialogs: String,
    run_timeout_ms: i64,
    settings: String,
    steps: String,
    next_run_at: Option<Stamp>,
    version: i64,
    created_at: Stamp,
    updated_at: Stamp,
}

impl FlowRow {
    pub(crate) fn due(&self) -> Option<Timestamp> {
        self.next_run_at.map(|stamp| stamp.0)
    }

    pub(crate) fn id(&self) -> Uuid {
        self.id
    }
}

impl TryFrom<FlowRow> for Flow {
    type Error = StoreError;

    fn try_from(row: FlowRow) -> Result<Self, StoreError> {
        let raw: Vec<RawStep> =
            serde_json::from_str(&row.steps).map_err(|error| corrupt("flow", error))?;
        let settings: RawSettings =
            serde_json::from_str(&row.settings).map_err(|error| corrupt("flow", error))?;
        let millis = u64::try_from(row.run_timeout_ms).map_err(|error| corrupt("flow", error))?;
        let spread = u64::try_from(row.spread_seconds).map_err(|error| corrupt("flow", error))?;
        Ok(Self {
            id: FlowId::from_uuid(row.id),
            owner: OwnerId::from_uuid(row.owner_id),
            name: Name::parse(&row.name).map_err(|error| corrupt("flow", error))?,
            url: FlowUrl::parse(&row.url).map_err(|error| corrupt("flow", error))?,
            browser: row.browser.parse().map_err(|error| corrupt("flow", error))?,
            schedule: Schedule::parse(&row.scheduling, &row.timezone)
                .map_err(|error| corrupt("flow", error))?,
            spread_limit: Duration::from_secs(spread),
            active: row.active,
            alerts: alert_settings(row.alerts.as_deref(), &row.alert_policy)?,
            channels: channel_ids(&row.channels)?,
            dialogs: row.dialogs.parse().map_err(|error| corrupt("flow", error))?,
            run_timeout: Duration::from_millis(millis),
            settings: settings.parse().map_err(|error| corrupt("flow", error))?,
            steps: read_steps(&raw).map_err(|error| corrupt("flow", error))?,
            next_run_at: row.next_run_at.map(|stamp| stamp.0),
            version: row.version,
            created_at: row.created_at.0,
            updated_at: row.updated_at.0,
        })
    }
}

/// A process of the first release knows the policy alone, and may have changed it.
fn alert_settings(stored: Option<&str>, policy: &str) -> Result<AlertSettings, StoreError> {
    let stored = stored.map(serde_json::from_str).transpose();
    let settings: AlertSettings =
        stored.map_err(|error| corrupt("flow", error))?.unwrap_or_default();
    let policy = policy.parse().map_err(|error| corrupt("flow", error))?;
    Ok(AlertSettings { policy, ..settings })
}

/// The alert settings of a flow as JSON.
pub(crate) fn alerts_json(flow: &Flow) -> Result<String, StoreError> {
    serde_json::to_string(&flow.alerts).map_err(|error| StoreError::Internal(error.into()))
}

/// The channels of a flow, from JSON.
pub(crate) fn channel_ids(json: &str) -> Result<Vec<ChannelId>, StoreError> {
    serde_json::from_str(json).map_err(|error| corrupt("flow", error))
}

/// The channels of a flow as JSON.
pub(crate) fn channels_json(channels: &[ChannelId]) -> Result<String, StoreError> {
    serde_json::to_string(channels).map_err(|error| StoreError::Internal(error.into()))
}

/// The settings of a flow as JSON.
pub(crate) fn settings_json(flow: &Flow) -> Result<String, StoreError> {
    serde_json::to_string(flow.settings.written())
        .map_err(|error| StoreError::Internal(error.into()))
}

/// The steps of a flow as JSON.
pub(crate) fn steps_json(flow: &Flow) -> Result<String, StoreError> {
    let raw: Vec<RawStep> = flow.steps.iter().map(RawStep::from).collect();
    serde_json::to_string(&raw).map_err(|error| StoreError::Internal(error.into()))
}

/// What the search looks through.
pub(crate) fn search_text(flow: &Flow) -> String {
    folded(&format!("{}\n{}", flow.name, flow.url))
}

/// Texts that differ only in the case of their letters are equal in this form. Whether a sigma ends
/// a word is no difference: a part of a name does not show where its words end.
fn folded(text: &str) -> String {
    text.to_lowercase().replace('ς', "σ")
}

/// The pattern of `LIKE` that finds `text` anywhere.
pub(crate) fn like_pattern(text: &str) -> String {
    let mut pattern = String::from("%");
    for c in folded(text).chars() {
        if matches!(c, '%' | '_' | '\\') {
            pattern.push('\\');
        }
        pattern.push(c);
    }
    pattern.push('%');
    pattern
}

/// A length of time in whole units, for a column.
pub(crate) fn column(amount: u128) -> i64 {
    i64::try_from(amount).unwrap_or(i64::MAX)
}
