//! Runs whose worker was lost, and runs that are cleared away.

use std::collections::BTreeMap;

use synmon_core::{
    NoticeId, Timestamp,
    notice::{Notice, NoticeBody},
    run::{ErrorCode, Run, RunAttempt, RunError, RunStatus},
    store::StoreError,
};
use trait_gen::trait_gen;
use uuid::Uuid;

use crate::{
    PgStore, SqliteStore, dialect::Dialect, error::store_error, guard::Transaction,
    run_rows::RunRow, sql, stamp::Stamp,
};

/// How many runs, each with the logs of all its steps, one statement removes.
const CLEARED_AT_A_TIME: i64 = 500;

#[trait_gen(Pool -> PgStore, SqliteStore)]
impl Pool {
    pub(crate) async fn requeue(
        tx: &mut Transaction<'_, <Pool as Dialect>::Db>,
        row: &RunRow,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        let requeued = sqlx::query(sql::REQUEUE_LOST)
            .bind(row.id().uuid())
            .bind(row.fencing)
            .bind(Stamp(now))
            .execute(&mut **tx)
            .await
            .map_err(store_error("run"))?;
        if requeued.rows_affected() == 0 {
            return Ok(false);
        }
        let message = "the worker that had the run was lost".to_owned();
        let lost = RunAttempt {
            attempt: row.attempt()?,
            status: RunStatus::Errored,
            error: Some(RunError { code: ErrorCode::WorkerLost, message, step: None }),
            finished_at: now,
            browser_version: None,
        };
        Pool::put_attempt(tx, row.id(), &lost).await?;
        Pool::join_queue(tx, &BTreeMap::from([(row.owner(), row.queued_at())])).await?;
        Ok(true)
    }

    /// Ends a run that was lost too often, pauses its flow and tells its owner; or ends one that
    /// its owner wanted to stop, as that.
    pub(crate) async fn end_lost(
        tx: &mut Transaction<'_, <Pool as Dialect>::Db>,
        row: RunRow,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        let (code, message) = if row.cancel_requested {
            (ErrorCode::Cancelled, "the run was cancelled".to_owned())
        } else {
            let times = row.losses + 1;
            (ErrorCode::WorkerLost, format!("the worker that had the run was lost {times} times"))
        };
        Pool::lock_flow_of(tx, row.id()).await?;
        let ended = sqlx::query(sql::END_LOST)
            .bind(row.id().uuid())
            .bind(row.fencing)
            .bind(Stamp(now))
            .bind(code.status().as_str())
            .bind(code.as_str())
            .bind(message.as_str())
            .execute(&mut **tx)
            .await
            .map_err(store_error("run"))?;
        if ended.rows_affected() == 0 {
            return Ok(false);
        }
        Pool::drop_snapshot(tx, row.id()).await?;
        if code == ErrorCode::Cancelled {
            return Ok(true);
        }
        sqlx::query(sql::PAUSE_FLOW)
            .bind(row.flow_id())
            .bind(false)
            .execute(&mut **tx)
            .await
            .map_err(store_error("flow"))?;
        let run: Run = row.try_into()?;
        let notice = Notice {
            id: NoticeId::new(now),
            owner: Some(run.owner),
            channel: None,
            created_at: now,
            body: NoticeBody::FlowPaused {
                flow: run.flow,
                flow_name: run.flow_name,
                run: run.id,
                reason: message,
            },
        };
        Pool::put_notice(tx, &notice, None).await?;
        Ok(true)
    }

    /// Removes the ended runs of what is about to be deleted, bit by bit: those of years, all at
    /// once, would take longer than a statement may.
    pub(crate) async fn clear_runs(
        &self,
        statement: &'static str,
        of: Uuid,
    ) -> Result<(), StoreError> {
        loop {
            let mut tx = self.write().await?;
            let cleared: Vec<(Uuid, i64)> = sqlx::query_as(statement)
                .bind(of)
                .bind(CLEARED_AT_A_TIME)
                .fetch_all(&mut *tx)
                .await
                .map_err(store_error("run"))?;
            let count = i64::try_from(cleared.len()).unwrap_or(i64::MAX);
            Pool::count_freed(&mut tx, cleared.into_iter()).await?;
            tx.commit().await.map_err(store_error("run"))?;
            if count < CLEARED_AT_A_TIME {
                return Ok(());
            }
        }
    }
}
