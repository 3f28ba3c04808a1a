//! Step logs as rows.

use sqlx::FromRow;
use synmon_core::{
    RunId,
    artifact::ArtifactKey,
    run::{Evidence, Screenshot, StepError, StepLog, StepTiming},
    store::StoreError,
};
use trait_gen::trait_gen;

use crate::{
    PgStore, SqliteStore,
    dialect::Dialect,
    error::{corrupt, store_error},
    flow_rows::column,
    guard::Transaction,
    run_rows::{small, span},
    sql,
    stamp::Stamp,
};

#[derive(FromRow)]
pub(crate) struct StepLogRow {
    number: i64,
    action: String,
    name: Option<String>,
    selector_xpath: Option<String>,
    content: Option<String>,
    status: String,
    started_at: Option<Stamp>,
    duration_us: Option<i64>,
    wait_us: i64,
    act_us: i64,
    picture_us: i64,
    url: Option<String>,
    title: Option<String>,
    error_code: Option<String>,
    error_message: Option<String>,
    error_expected: Option<String>,
    error_found: Option<String>,
    screenshot_key: Option<String>,
    screenshot_missing: Option<String>,
    dialogs: String,
    evidence: Option<String>,
}

impl TryFrom<StepLogRow> for StepLog {
    type Error = StoreError;

    fn try_from(row: StepLogRow) -> Result<Self, StoreError> {
        let error = match row.error_code {
            None => None,
            Some(code) => Some(StepError {
                code: code.parse().map_err(|error| corrupt("step log", error))?,
                message: row.error_message.unwrap_or_default(),
                expected: row.error_expected,
                found: row.error_found,
            }),
        };
        let screenshot = match (row.screenshot_key, row.screenshot_missing) {
            (Some(key), _) => Screenshot::Captured(ArtifactKey::from_stored(key)),
            (None, Some(why)) => Screenshot::Unavailable { why },
            (None, None) => Screenshot::Disabled,
        };
        Ok(Self {
            number: small(row.number)?,
            action: row.action,
            name: row.name,
            selector_xpath: row.selector_xpath,
            content: row.content,
            status: row.status.parse().map_err(|error| corrupt("step log", error))?,
            started_at: row.started_at.map(|stamp| stamp.0),
            duration: row.duration_us.map(span).transpose()?,
            timing: StepTiming {
                wait: span(row.wait_us)?,
                act: span(row.act_us)?,
                picture: span(row.picture_us)?,
            },
            url: row.url,
            title: row.title,
            error,
            screenshot,
            dialogs: serde_json::from_str(&row.dialogs)
                .map_err(|error| corrupt("step log", error))?,
            evidence: evidence(row.evidence.as_deref())?,
        })
    }
}

/// Evidence from JSON; earlier releases stored none.
pub(crate) fn evidence(json: Option<&str>) -> Result<Evidence, StoreError> {
    let stored = json.map(serde_json::from_str).transpose();
    Ok(stored.map_err(|error| corrupt("step log", error))?.unwrap_or_default())
}

#[trait_gen(Pool -> PgStore, SqliteStore)]
impl Pool {
    /// Stores a log; one that is there already stays, so that a write of unknown outcome can be
    /// tried again. Whether it was new.
    pub(crate) async fn put_log(
        tx: &mut Transaction<'_, <Pool as Dialect>::Db>,
        run: RunId,
        attempt: u32,
        log: &StepLog,
    ) -> Result<bool, StoreError> {
        let error = log.error.as_ref();
        let (key, missing) = match &log.screenshot {
            Screenshot::Captured(key) => (Some(key.as_str()), None),
            Screenshot::Unavailable { why } => (None, Some(why.as_str())),
            Screenshot::Disabled => (None, None),
        };
        let dialogs = serde_json::to_string(&log.dialogs)
            .map_err(|error| StoreError::Internal(error.into()))?;
        let evidence = (log.evidence != Evidence::default())
            .then(|| serde_json::to_string(&log.evidence))
            .transpose()
            .map_err(|error| StoreError::Internal(error.into()))?;
        sqlx::query(sql::PUT_LOG)
            .bind(run.uuid())
            .bind(i64::from(attempt))
            .bind(i64::from(log.number))
            .bind(log.action.as_str())
            .bind(log.name.as_deref())
            .bind(log.selector_xpath.as_deref())
            .bind(log.content.as_deref())
            .bind(log.status.as_str())
            .bind(Stamp::maybe(log.started_at))
            .bind(log.duration.map(|span| column(span.as_micros())))
            .bind(column(log.timing.wait.as_micros()))
            .bind(column(log.timing.act.as_micros()))
            .bind(column(log.timing.picture.as_micros()))
            .bind(log.url.as_deref())
            .bind(log.title.as_deref())
            .bind(error.map(|error| error.code.as_str()))
            .bind(error.map(|error| error.message.as_str()))
            .bind(error.and_then(|error| error.expected.as_deref()))
            .bind(error.and_then(|error| error.found.as_deref()))
            .bind(key)
            .bind(missing)
            .bind(dialogs)
            .bind(evidence)
            .execute(&mut **tx)
            .await
            .map(|stored| stored.rows_affected() > 0)
            .map_err(store_error("step log"))
    }
}
