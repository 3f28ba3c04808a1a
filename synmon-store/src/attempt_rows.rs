//! Attempts of runs, and what is known of a flow's site, as rows.

use sqlx::FromRow;
use synmon_core::{RunId, alert::AlertState, run::RunAttempt, store::StoreError};
use trait_gen::trait_gen;

use crate::{
    PgStore, SqliteStore,
    dialect::Dialect,
    error::{corrupt, store_error},
    guard::Transaction,
    run_rows::{run_error, small},
    sql,
    stamp::Stamp,
};

#[derive(FromRow)]
pub(crate) struct AttemptRow {
    pub(crate) attempt: i64,
    status: String,
    error_code: Option<String>,
    error_message: Option<String>,
    error_step: Option<i64>,
    finished_at: Stamp,
    browser_version: Option<String>,
}

impl TryFrom<AttemptRow> for RunAttempt {
    type Error = StoreError;

    fn try_from(row: AttemptRow) -> Result<Self, StoreError> {
        Ok(Self {
            attempt: small(row.attempt)?,
            status: row.status.parse().map_err(|error| corrupt("attempt", error))?,
            error: run_error(row.error_code, row.error_message, row.error_step)?,
            finished_at: row.finished_at.0,
            browser_version: row.browser_version,
        })
    }
}

/// What is known of a flow's site, and who is told of it.
#[derive(FromRow)]
pub(crate) struct WatchedRow {
    site_health: String,
    failures_in_row: i64,
    failing_since: Option<Stamp>,
    told_at: Option<Stamp>,
    /// The ids of the channels, as JSON.
    pub(crate) channels: String,
}

impl WatchedRow {
    pub(crate) fn alert_state(&self) -> Result<AlertState, StoreError> {
        Ok(AlertState {
            health: self.site_health.parse().map_err(|error| corrupt("flow", error))?,
            failures_in_row: small(self.failures_in_row)?,
            failing_since: self.failing_since.map(|stamp| stamp.0),
            told_at: self.told_at.map(|stamp| stamp.0),
        })
    }
}

#[trait_gen(Pool -> PgStore, SqliteStore)]
impl Pool {
    /// Stores what came of an attempt; one that is there already stays, so that a write of unknown
    /// outcome can be tried again.
    pub(crate) async fn put_attempt(
        tx: &mut Transaction<'_, <Pool as Dialect>::Db>,
        run: RunId,
        ended: &RunAttempt,
    ) -> Result<(), StoreError> {
        let error = ended.error.as_ref();
        sqlx::query(sql::PUT_ATTEMPT)
            .bind(run.uuid())
            .bind(i64::from(ended.attempt))
            .bind(ended.status.as_str())
            .bind(error.map(|error| error.code.as_str()))
            .bind(error.map(|error| error.message.as_str()))
            .bind(error.and_then(|error| error.step).map(i64::from))
            .bind(Stamp(ended.finished_at))
            .bind(ended.browser_version.as_deref())
            .execute(&mut **tx)
            .await
            .map(|_| ())
            .map_err(store_error("attempt"))
    }
}
