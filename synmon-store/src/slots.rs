//! Carrying out what the scheduler has planned.

use sqlx::Transaction;
use synmon_core::{
    Timestamp,
    run::{ErrorCode, QueuedRun, RunError, RunStatus},
    store::{SlotPlan, StoreError},
};
use trait_gen::trait_gen;

use crate::{
    PgStore, SqliteStore, dialect::Dialect, error::store_error, run_rows::snapshot_json, sql,
    stamp::Stamp, wakeups::Wakeup,
};

#[trait_gen(Pool -> PgStore, SqliteStore)]
impl Pool {
    /// Whether the plan held.
    pub(crate) async fn commit_slot(
        tx: &mut Transaction<'_, <Pool as Dialect>::Db>,
        plan: &SlotPlan,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        let advanced = sqlx::query(sql::ADVANCE_FLOW)
            .bind(plan.flow.uuid())
            .bind(Stamp(plan.due))
            .bind(Stamp::maybe(plan.next))
            .execute(&mut **tx)
            .await
            .map_err(store_error("flow"))?;
        if advanced.rows_affected() == 0 {
            return Ok(false);
        }
        if let Some(missed) = &plan.missed {
            Pool::insert_run_row(tx, missed).await?;
        }
        let open: i64 = sqlx::query_scalar(sql::OPEN_RUNS_OF_FLOW)
            .bind(plan.flow.uuid())
            .fetch_one(&mut **tx)
            .await
            .map_err(store_error("run"))?;
        if open == 0 {
            Pool::queue(tx, &plan.run).await?;
        } else {
            let message = "the flow's run before this one was still going on".to_owned();
            let error = RunError { code: ErrorCode::Overlap, message, step: None };
            Pool::insert_run_row(tx, &plan.run.run.clone().skipped(error, now)).await?;
        }
        Ok(true)
    }

    /// Stores a queued run and what it is to do, unless its slot has a run already.
    pub(crate) async fn queue(
        tx: &mut Transaction<'_, <Pool as Dialect>::Db>,
        queued: &QueuedRun,
    ) -> Result<(), StoreError> {
        debug_assert_eq!(queued.run.status, RunStatus::Queued);
        if !Pool::insert_run_row(tx, &queued.run).await? {
            return Ok(());
        }
        sqlx::query(sql::INSERT_SNAPSHOT)
            .bind(queued.run.id.uuid())
            .bind(snapshot_json(&queued.snapshot)?)
            .execute(&mut **tx)
            .await
            .map_err(store_error("run"))?;
        Pool::wake(tx, Wakeup::RunQueued).await
    }
}
