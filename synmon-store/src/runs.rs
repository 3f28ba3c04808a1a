//! Runs: the queue, the leases, the verdicts.

use async_trait::async_trait;
use sqlx::Transaction;
use synmon_core::{
    NoticeId, OwnerId, RunId, Timestamp,
    alert::{SiteHealth, health_after},
    notice::{Notice, NoticeBody},
    run::{ErrorCode, QueuedRun, Run, RunStatus, StepLog},
    store::{
        CancelOutcome, ClaimedRun, Lease, Page, PageRequest, RecoveredRun, Renewal, RunFilter,
        RunReport, RunStore, StoreError, WorkerId,
    },
};
use trait_gen::trait_gen;
use uuid::Uuid;

use crate::{
    PgStore, SqliteStore,
    dialect::Dialect,
    error::{corrupt, store_error},
    flow_rows::column,
    log_rows::StepLogRow,
    run_rows::RunRow,
    sql,
    stamp::Stamp,
    wakeups::Wakeup,
};

const LEASE: StoreError = StoreError::Conflict { entity: "lease" };

#[trait_gen(Pool -> PgStore, SqliteStore)]
#[async_trait]
impl RunStore for Pool {
    async fn insert_run(&self, run: &QueuedRun) -> Result<(), StoreError> {
        let mut tx = self.write().await?;
        Pool::queue(&mut tx, run).await?;
        tx.commit().await.map_err(store_error("run"))
    }

    async fn claim_run(
        &self,
        worker: WorkerId,
        now: Timestamp,
        until: Timestamp,
    ) -> Result<Option<ClaimedRun>, StoreError> {
        let mut tx = self.write().await?;
        let row: Option<RunRow> = sqlx::query_as(Pool::CLAIM_RUN)
            .bind(worker.uuid())
            .bind(Stamp(now))
            .bind(Stamp(until))
            .fetch_optional(&mut *tx)
            .await
            .map_err(store_error("run"))?;
        let Some(row) = row else { return Ok(None) };
        sqlx::query(sql::TAKE_TURN)
            .bind(row.owner().uuid())
            .bind(Stamp(now))
            .execute(&mut *tx)
            .await
            .map_err(store_error("run"))?;
        let body: String = sqlx::query_scalar(sql::SNAPSHOT)
            .bind(row.id().uuid())
            .fetch_one(&mut *tx)
            .await
            .map_err(store_error("run"))?;
        tx.commit().await.map_err(store_error("run"))?;
        let snapshot = serde_json::from_str(&body).map_err(|error| corrupt("run", error))?;
        let lease = Lease { run: row.id(), fencing: row.fencing };
        Ok(Some(ClaimedRun { lease, run: row.try_into()?, snapshot }))
    }

    async fn renew(&self, lease: &Lease, until: Timestamp) -> Result<Renewal, StoreError> {
        let renewed: Option<bool> = sqlx::query_scalar(sql::RENEW)
            .bind(lease.run.uuid())
            .bind(lease.fencing)
            .bind(Stamp(until))
            .fetch_optional(self.pool())
            .await
            .map_err(store_error("lease"))?;
        renewed.map(|cancel_requested| Renewal { cancel_requested }).ok_or(LEASE)
    }

    async fn begin_attempt(&self, lease: &Lease, attempt: u32) -> Result<(), StoreError> {
        let begun = sqlx::query(sql::BEGIN_ATTEMPT)
            .bind(lease.run.uuid())
            .bind(lease.fencing)
            .bind(i64::from(attempt))
            .execute(self.pool())
            .await
            .map_err(store_error("run"))?;
        if begun.rows_affected() == 1 { Ok(()) } else { Err(LEASE) }
    }

    async fn record_step(
        &self,
        lease: &Lease,
        attempt: u32,
        log: &StepLog,
    ) -> Result<(), StoreError> {
        let mut tx = self.write().await?;
        let held = sqlx::query(sql::LOCK_LEASE)
            .bind(lease.run.uuid())
            .bind(lease.fencing)
            .execute(&mut *tx)
            .await
            .map_err(store_error("lease"))?;
        if held.rows_affected() == 0 {
            return Err(LEASE);
        }
        Pool::put_log(&mut tx, lease.run, attempt, log).await?;
        tx.commit().await.map_err(store_error("step log"))
    }

    async fn finish(&self, lease: &Lease, report: &RunReport) -> Result<(), StoreError> {
        let mut tx = self.write().await?;
        let before = Pool::lock_flow_of(&mut tx, lease.run).await?.ok_or(LEASE)?;
        let error = report.error.as_ref();
        let place: Option<(Uuid, Uuid)> = sqlx::query_as(sql::FINISH)
            .bind(lease.run.uuid())
            .bind(lease.fencing)
            .bind(report.status.as_str())
            .bind(i64::from(report.attempt))
            .bind(error.map(|error| error.code.as_str()))
            .bind(error.map(|error| error.message.as_str()))
            .bind(error.and_then(|error| error.step).map(i64::from))
            .bind(Stamp(report.finished_at))
            .bind(column(report.duration.as_micros()))
            .bind(report.browser_version.as_deref())
            .fetch_optional(&mut *tx)
            .await
            .map_err(store_error("run"))?;
        let (owner, flow) = place.ok_or(LEASE)?;
        for log in &report.untried {
            Pool::put_log(&mut tx, lease.run, report.attempt, log).await?;
        }
        Pool::drop_snapshot(&mut tx, lease.run).await?;
        Pool::settle_health(&mut tx, flow, before, report.status).await?;
        if let Some(notice) = report.notice_after(OwnerId::from_uuid(owner), before) {
            Pool::put_notice(&mut tx, &notice).await?;
        }
        tx.commit().await.map_err(store_error("run"))
    }

    async fn release(&self, lease: &Lease) -> Result<(), StoreError> {
        let mut tx = self.write().await?;
        let attempt: Option<i64> = sqlx::query_scalar(sql::RELEASE)
            .bind(lease.run.uuid())
            .bind(lease.fencing)
            .fetch_optional(&mut *tx)
            .await
            .map_err(store_error("run"))?;
        sqlx::query(sql::DELETE_ATTEMPT)
            .bind(lease.run.uuid())
            .bind(attempt.ok_or(LEASE)?)
            .execute(&mut *tx)
            .await
            .map_err(store_error("step log"))?;
        tx.commit().await.map_err(store_error("run"))
    }

    async fn recover_lost(
        &self,
        now: Timestamp,
        max_losses: u32,
    ) -> Result<Vec<RecoveredRun>, StoreError> {
        let lost: Vec<RunRow> = sqlx::query_as(sql::LOST_RUNS)
            .bind(Stamp(now))
            .fetch_all(self.pool())
            .await
            .map_err(store_error("run"))?;
        let mut recovered = Vec::new();
        for row in lost {
            let mut tx = self.write().await?;
            let run = row.id();
            let queued_again = row.losses + 1 < i64::from(max_losses) && !row.cancel_requested;
            let dealt_with = if queued_again {
                Pool::requeue(&mut tx, &row, now).await?
            } else {
                Pool::end_lost(&mut tx, row, now).await?
            };
            tx.commit().await.map_err(store_error("run"))?;
            if dealt_with {
                recovered.push(RecoveredRun { run, queued_again });
            }
        }
        Ok(recovered)
    }

    async fn run(&self, owner: OwnerId, id: RunId) -> Result<Option<Run>, StoreError> {
        let row: Option<RunRow> = sqlx::query_as(sql::RUN)
            .bind(id.uuid())
            .bind(owner.uuid())
            .fetch_optional(self.pool())
            .await
            .map_err(store_error("run"))?;
        row.map(Run::try_from).transpose()
    }

    async fn step_logs(&self, run: RunId) -> Result<Vec<StepLog>, StoreError> {
        let rows: Vec<StepLogRow> = sqlx::query_as(sql::LOGS)
            .bind(run.uuid())
            .fetch_all(self.pool())
            .await
            .map_err(store_error("step log"))?;
        rows.into_iter().map(StepLog::try_from).collect()
    }

    async fn list_runs(
        &self,
        owner: OwnerId,
        filter: &RunFilter,
        page: PageRequest<RunId>,
    ) -> Result<Page<Run, RunId>, StoreError> {
        let statement = if filter.flow.is_some() { sql::LIST_RUNS_OF_FLOW } else { sql::LIST_RUNS };
        let mut query = sqlx::query_as::<_, RunRow>(statement)
            .bind(owner.uuid())
            .bind(filter.status.map(RunStatus::as_str))
            .bind(Stamp::maybe(filter.from))
            .bind(Stamp::maybe(filter.to))
            .bind(page.after.map(RunId::uuid))
            .bind(i64::from(page.limit) + 1);
        if let Some(flow) = filter.flow {
            query = query.bind(flow.uuid());
        }
        let rows = query.fetch_all(self.pool()).await.map_err(store_error("run"))?;
        let runs = rows.into_iter().map(Run::try_from).collect::<Result<_, _>>()?;
        Ok(Page::from_one_more(runs, page.limit, |run: &Run| run.id))
    }

    async fn request_cancel(
        &self,
        owner: OwnerId,
        id: RunId,
        now: Timestamp,
    ) -> Result<Option<CancelOutcome>, StoreError> {
        let mut tx = self.write().await?;
        // Locked, so that it is not claimed or given back between one look and the next.
        let status: Option<String> = sqlx::query_scalar(sql::LOCK_RUN)
            .bind(id.uuid())
            .bind(owner.uuid())
            .fetch_optional(&mut *tx)
            .await
            .map_err(store_error("run"))?;
        let Some(status) = status else {
            return Ok(None);
        };
        let outcome = match status.parse().map_err(|error| corrupt("run", error))? {
            RunStatus::Queued => {
                sqlx::query(sql::CANCEL_QUEUED)
                    .bind(id.uuid())
                    .bind(owner.uuid())
                    .bind(Stamp(now))
                    .bind(ErrorCode::Cancelled.as_str())
                    .bind("the run was cancelled before it started")
                    .execute(&mut *tx)
                    .await
                    .map_err(store_error("run"))?;
                Pool::drop_snapshot(&mut tx, id).await?;
                CancelOutcome::Cancelled
            }
            RunStatus::Running => {
                sqlx::query(sql::CANCEL_RUNNING)
                    .bind(id.uuid())
                    .bind(owner.uuid())
                    .bind(true)
                    .execute(&mut *tx)
                    .await
                    .map_err(store_error("run"))?;
                Pool::wake(&mut tx, Wakeup::CancelRequested).await?;
                CancelOutcome::Requested
            }
            _ => CancelOutcome::HasEnded,
        };
        tx.commit().await.map_err(store_error("run"))?;
        Ok(Some(outcome))
    }

    async fn queue_depth(&self) -> Result<u64, StoreError> {
        let depth: i64 = sqlx::query_scalar(sql::QUEUE_DEPTH)
            .fetch_one(self.pool())
            .await
            .map_err(store_error("run"))?;
        Ok(u64::try_from(depth).unwrap_or(0))
    }
}

#[trait_gen(Pool -> PgStore, SqliteStore)]
impl Pool {
    async fn requeue(
        tx: &mut Transaction<'_, <Pool as Dialect>::Db>,
        row: &RunRow,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        sqlx::query(sql::REQUEUE_LOST)
            .bind(row.id().uuid())
            .bind(row.fencing)
            .bind(Stamp(now))
            .execute(&mut **tx)
            .await
            .map(|done| done.rows_affected() == 1)
            .map_err(store_error("run"))
    }

    /// Ends a run that was lost too often, pauses its flow and tells its owner; or ends one that
    /// its owner wanted to stop, as that.
    async fn end_lost(
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
            created_at: now,
            body: NoticeBody::FlowPaused {
                flow: run.flow,
                flow_name: run.flow_name,
                run: run.id,
                reason: message,
            },
        };
        Pool::put_notice(tx, &notice).await?;
        Ok(true)
    }

    async fn drop_snapshot(
        tx: &mut Transaction<'_, <Pool as Dialect>::Db>,
        run: RunId,
    ) -> Result<(), StoreError> {
        sqlx::query(sql::DELETE_SNAPSHOT)
            .bind(run.uuid())
            .execute(&mut **tx)
            .await
            .map(|_| ())
            .map_err(store_error("run"))
    }

    /// Locks the flow of a run, if the run is there, and returns what its site is held to be.
    async fn lock_flow_of(
        tx: &mut Transaction<'_, <Pool as Dialect>::Db>,
        run: RunId,
    ) -> Result<Option<SiteHealth>, StoreError> {
        let health: Option<String> = sqlx::query_scalar(sql::LOCK_FLOW_OF_RUN)
            .bind(run.uuid())
            .fetch_optional(&mut **tx)
            .await
            .map_err(store_error("flow"))?;
        let health = health.map(|health| health.parse());
        health.transpose().map_err(|error| corrupt("flow", error))
    }

    /// Notes what a verdict says of the flow's site.
    async fn settle_health(
        tx: &mut Transaction<'_, <Pool as Dialect>::Db>,
        flow: Uuid,
        before: SiteHealth,
        verdict: RunStatus,
    ) -> Result<(), StoreError> {
        let after = health_after(before, verdict);
        if after != before {
            sqlx::query(sql::SET_HEALTH)
                .bind(flow)
                .bind(after.as_str())
                .execute(&mut **tx)
                .await
                .map_err(store_error("flow"))?;
        }
        Ok(())
    }
}
