//! Runs as rows.

use std::time::Duration;

use sqlx::{FromRow, Transaction};
use synmon_core::{
    FlowId, OwnerId, RunId,
    flow::FlowSnapshot,
    run::{Run, RunError},
    store::StoreError,
};
use trait_gen::trait_gen;
use uuid::Uuid;

use crate::{
    PgStore, SqliteStore,
    dialect::Dialect,
    error::{corrupt, store_error},
    sql,
    stamp::Stamp,
};

#[derive(FromRow)]
pub(crate) struct RunRow {
    id: Uuid,
    owner_id: Uuid,
    flow_id: Uuid,
    flow_name: String,
    triggered_by: String,
    status: String,
    attempt: i64,
    pub(crate) losses: i64,
    scheduled_for: Option<Stamp>,
    queued_at: Stamp,
    started_at: Option<Stamp>,
    finished_at: Option<Stamp>,
    duration_us: Option<i64>,
    browser: String,
    browser_version: Option<String>,
    error_code: Option<String>,
    error_message: Option<String>,
    error_step: Option<i64>,
    missed_count: Option<i64>,
    pub(crate) cancel_requested: bool,
    pub(crate) fencing: i64,
}

impl RunRow {
    pub(crate) fn id(&self) -> RunId {
        RunId::from_uuid(self.id)
    }

    pub(crate) fn owner(&self) -> OwnerId {
        OwnerId::from_uuid(self.owner_id)
    }

    pub(crate) fn flow_id(&self) -> Uuid {
        self.flow_id
    }
}

impl TryFrom<RunRow> for Run {
    type Error = StoreError;

    fn try_from(row: RunRow) -> Result<Self, StoreError> {
        let error = match row.error_code {
            None => None,
            Some(code) => Some(RunError {
                code: code.parse().map_err(|error| corrupt("run", error))?,
                message: row.error_message.unwrap_or_default(),
                step: row.error_step.map(small).transpose()?,
            }),
        };
        Ok(Self {
            id: RunId::from_uuid(row.id),
            owner: OwnerId::from_uuid(row.owner_id),
            flow: FlowId::from_uuid(row.flow_id),
            flow_name: row.flow_name,
            trigger: row.triggered_by.parse().map_err(|error| corrupt("run", error))?,
            status: row.status.parse().map_err(|error| corrupt("run", error))?,
            attempt: small(row.attempt)?,
            scheduled_for: row.scheduled_for.map(|stamp| stamp.0),
            queued_at: row.queued_at.0,
            started_at: row.started_at.map(|stamp| stamp.0),
            finished_at: row.finished_at.map(|stamp| stamp.0),
            duration: row.duration_us.map(span).transpose()?,
            browser: row.browser.parse().map_err(|error| corrupt("run", error))?,
            browser_version: row.browser_version,
            error,
            missed_count: row
                .missed_count
                .map(|count| u64::try_from(count).map_err(|error| corrupt("run", error)))
                .transpose()?,
        })
    }
}

/// A number that is stored as BIGINT and is never large.
pub(crate) fn small(number: i64) -> Result<u32, StoreError> {
    u32::try_from(number).map_err(|error| corrupt("number", error))
}

/// A length of time that is stored in microseconds.
pub(crate) fn span(micros: i64) -> Result<Duration, StoreError> {
    u64::try_from(micros).map(Duration::from_micros).map_err(|error| corrupt("duration", error))
}

/// A snapshot as JSON.
pub(crate) fn snapshot_json(snapshot: &FlowSnapshot) -> Result<String, StoreError> {
    serde_json::to_string(snapshot).map_err(|error| StoreError::Internal(error.into()))
}

#[trait_gen(Pool -> PgStore, SqliteStore)]
impl Pool {
    /// Stores a run; `false` if its slot has one already.
    pub(crate) async fn insert_run_row(
        tx: &mut Transaction<'_, <Pool as Dialect>::Db>,
        run: &Run,
    ) -> Result<bool, StoreError> {
        let error = run.error.as_ref();
        sqlx::query(sql::INSERT_RUN)
            .bind(run.id.uuid())
            .bind(run.owner.uuid())
            .bind(run.flow.uuid())
            .bind(run.flow_name.as_str())
            .bind(run.trigger.as_str())
            .bind(run.status.as_str())
            .bind(i64::from(run.attempt))
            .bind(Stamp::maybe(run.scheduled_for))
            .bind(Stamp(run.queued_at))
            .bind(Stamp::maybe(run.finished_at))
            .bind(run.browser.as_str())
            .bind(error.map(|error| error.code.as_str()))
            .bind(error.map(|error| error.message.as_str()))
            .bind(error.and_then(|error| error.step).map(i64::from))
            .bind(run.missed_count.map(|count| i64::try_from(count).unwrap_or(i64::MAX)))
            .execute(&mut **tx)
            .await
            .map(|inserted| inserted.rows_affected() == 1)
            .map_err(store_error("run"))
    }
}
