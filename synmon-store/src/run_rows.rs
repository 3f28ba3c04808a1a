//! Runs as rows.

use std::{collections::HashSet, time::Duration};

use serde_json::{Value, json};
use sqlx::FromRow;
use synmon_core::{
    FlowId, OwnerId, RunId, Timestamp,
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
    guard::Transaction,
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

    pub(crate) fn queued_at(&self) -> Timestamp {
        self.queued_at.0
    }

    pub(crate) fn flow_id(&self) -> Uuid {
        self.flow_id
    }

    pub(crate) fn attempt(&self) -> Result<u32, StoreError> {
        small(self.attempt)
    }
}

impl TryFrom<RunRow> for Run {
    type Error = StoreError;

    fn try_from(row: RunRow) -> Result<Self, StoreError> {
        let error = run_error(row.error_code, row.error_message, row.error_step)?;
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

/// An error of a run, from its three columns.
pub(crate) fn run_error(
    code: Option<String>,
    message: Option<String>,
    step: Option<i64>,
) -> Result<Option<RunError>, StoreError> {
    let Some(code) = code else { return Ok(None) };
    Ok(Some(RunError {
        code: code.parse().map_err(|error| corrupt("run", error))?,
        message: message.unwrap_or_default(),
        step: step.map(small).transpose()?,
    }))
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

/// An id in a statement's JSON, in a form that both databases read.
pub(crate) fn json_id(id: Uuid) -> Value {
    id.simple().to_string().into()
}

#[trait_gen(Pool -> PgStore, SqliteStore)]
impl Pool {
    /// Stores runs but those whose slot has one already; the ids of those that were stored.
    pub(crate) async fn insert_runs<'a>(
        tx: &mut Transaction<'_, <Pool as Dialect>::Db>,
        runs: impl Iterator<Item = &'a Run> + Send,
    ) -> Result<HashSet<Uuid>, StoreError> {
        let rows: Value = runs.map(Pool::json_run).collect();
        let new: Vec<Uuid> = sqlx::query_scalar(Pool::INSERT_RUNS)
            .bind(rows.to_string())
            .fetch_all(&mut **tx)
            .await
            .map_err(store_error("run"))?;
        Ok(new.into_iter().collect())
    }

    fn json_run(run: &Run) -> Value {
        let (error, instant) = (run.error.as_ref(), Pool::json_instant);
        json!({
            "id": json_id(run.id.uuid()),
            "owner_id": json_id(run.owner.uuid()),
            "flow_id": json_id(run.flow.uuid()),
            "flow_name": run.flow_name,
            "triggered_by": run.trigger.as_str(),
            "status": run.status.as_str(),
            "attempt": run.attempt,
            "scheduled_for": run.scheduled_for.map(instant),
            "queued_at": instant(run.queued_at),
            "finished_at": run.finished_at.map(instant),
            "browser": run.browser.as_str(),
            "error_code": error.map(|error| error.code.as_str()),
            "error_message": error.map(|error| error.message.as_str()),
            "error_step": error.and_then(|error| error.step),
            "missed_count": run.missed_count.map(|count| i64::try_from(count).unwrap_or(i64::MAX)),
        })
    }
}
