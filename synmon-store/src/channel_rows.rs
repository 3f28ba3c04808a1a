//! Channels and deliveries as rows.

use sqlx::FromRow;
use synmon_core::{
    ChannelId, Name, NoticeId, OwnerId, RunId,
    channel::{Channel, ChannelTarget},
    store::{DeliveryRecord, DeliveryState, StoreError},
};
use uuid::Uuid;

use crate::{error::corrupt, run_rows::small, stamp::Stamp};

#[derive(FromRow)]
pub(crate) struct ChannelRow {
    id: Uuid,
    owner_id: Uuid,
    name: String,
    target: String,
    status: String,
    status_reason: Option<String>,
    last_delivered_at: Option<Stamp>,
    last_error: Option<String>,
    version: i64,
    created_at: Stamp,
    updated_at: Stamp,
}

impl TryFrom<ChannelRow> for Channel {
    type Error = StoreError;

    fn try_from(row: ChannelRow) -> Result<Self, StoreError> {
        Ok(Self {
            id: ChannelId::from_uuid(row.id),
            owner: OwnerId::from_uuid(row.owner_id),
            name: Name::parse(&row.name).map_err(|error| corrupt("channel", error))?,
            target: serde_json::from_str(&row.target).map_err(|error| corrupt("channel", error))?,
            status: row.status.parse().map_err(|error| corrupt("channel", error))?,
            status_reason: row.status_reason,
            last_delivered_at: row.last_delivered_at.map(|stamp| stamp.0),
            last_error: row.last_error,
            version: row.version,
            created_at: row.created_at.0,
            updated_at: row.updated_at.0,
        })
    }
}

/// Where a channel leads, as JSON.
pub(crate) fn target_json(target: &ChannelTarget) -> Result<String, StoreError> {
    serde_json::to_string(target).map_err(|error| StoreError::Internal(error.into()))
}

#[derive(FromRow)]
pub(crate) struct DeliveryRow {
    id: Uuid,
    channel_id: Option<Uuid>,
    /// Null in what the first release stored.
    event: Option<String>,
    run_id: Option<Uuid>,
    status: String,
    attempts: i64,
    last_error: Option<String>,
    created_at: Stamp,
    due_at: Stamp,
    settled_at: Option<Stamp>,
}

impl TryFrom<DeliveryRow> for DeliveryRecord {
    type Error = StoreError;

    fn try_from(row: DeliveryRow) -> Result<Self, StoreError> {
        let state = state_of(&row.status)?;
        let waits = matches!(state, DeliveryState::Pending | DeliveryState::Held);
        Ok(Self {
            id: NoticeId::from_uuid(row.id),
            channel: row.channel_id.map(ChannelId::from_uuid),
            event: row.event.unwrap_or_default(),
            run: row.run_id.map(RunId::from_uuid),
            state,
            attempts: small(row.attempts)?,
            last_error: row.last_error,
            created_at: row.created_at.0,
            due_at: waits.then_some(row.due_at.0),
            settled_at: row.settled_at.map(|stamp| stamp.0),
        })
    }
}

/// The columns' names are those of the first release.
fn state_of(status: &str) -> Result<DeliveryState, StoreError> {
    match status {
        "pending" => Ok(DeliveryState::Pending),
        "held" => Ok(DeliveryState::Held),
        "digested" => Ok(DeliveryState::Digested),
        "done" => Ok(DeliveryState::Delivered),
        "given_up" => Ok(DeliveryState::Failed),
        other => Err(corrupt("notice", format_args!("its status is {other}"))),
    }
}
