//! Runs: the queue, the leases, the verdicts.

use std::{collections::BTreeMap, num::NonZeroU32};

use async_trait::async_trait;
use synmon_core::{
    OwnerId, RunId, Timestamp,
    alert::AlertDecision,
    run::{ErrorCode, QueuedRun, Run, RunAttempt, RunStatus, StepLog},
    store::{
        CancelOutcome, ClaimedRun, Lease, Page, PageRequest, RecoveredRun, Renewal, RunFilter,
        RunReport, RunStore, StoreError, WorkerId,
    },
};
use trait_gen::trait_gen;
use uuid::Uuid;

use crate::{
    PgStore, SqliteStore,
    attempt_rows::AttemptRow,
    collision::despite_collisions,
    dialect::Dialect,
    error::{corrupt, store_error},
    flow_rows::column,
    guard::Transaction,
    log_rows::{StepLogRow, evidence},
    run_rows::RunRow,
    sql,
    stamp::Stamp,
    storage::stored_column,
    wakeups::Wakeup,
};

const LEASE: StoreError = StoreError::Conflict { entity: "lease" };

#[trait_gen(Pool -> PgStore, SqliteStore)]
#[async_trait]
impl RunStore for Pool {
    async fn insert_run(&self, run: &QueuedRun) -> Result<(), StoreError> {
        let mut tx = self.write().await?;
        if !Pool::queue(&mut tx, run).await? {
            return Err(StoreError::Conflict { entity: "run" });
        }
        Pool::commit_deed(tx, "run", run.run.owner, None).await
    }

    async fn claim_run(
        &self,
        worker: WorkerId,
        owner_limit: NonZeroU32,
        now: Timestamp,
        until: Timestamp,
    ) -> Result<Option<ClaimedRun>, StoreError> {
        despite_collisions(|| self.claim_next(worker, owner_limit, now, until)).await
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

    async fn begin_attempt(
        &self,
        lease: &Lease,
        ended: &RunAttempt,
        untried: &[StepLog],
    ) -> Result<(), StoreError> {
        let mut tx = self.write().await?;
        let begun = sqlx::query(sql::BEGIN_ATTEMPT)
            .bind(lease.run.uuid())
            .bind(lease.fencing)
            .bind(i64::from(ended.attempt) + 1)
            .execute(&mut *tx)
            .await
            .map_err(store_error("run"))?;
        if begun.rows_affected() == 0 {
            return Err(LEASE);
        }
        for log in untried {
            Pool::put_log(&mut tx, lease.run, ended.attempt, log).await?;
        }
        Pool::put_attempt(&mut tx, lease.run, ended).await?;
        tx.commit().await.map_err(store_error("run"))
    }

    async fn record_step(
        &self,
        lease: &Lease,
        attempt: u32,
        log: &StepLog,
    ) -> Result<Option<u64>, StoreError> {
        let mut tx = self.write().await?;
        let bytes = stored_column(log.stored_bytes());
        let owner = Pool::hold(&mut tx, lease, bytes).await?.ok_or(LEASE)?;
        let is_new = Pool::put_log(&mut tx, lease.run, attempt, log).await?;
        let stored = match (bytes, is_new) {
            (0, _) => None,
            (_, true) => Some(Pool::count_stored(&mut tx, owner, bytes).await?),
            (_, false) => {
                Pool::keep_less(&mut tx, lease.run, bytes).await?;
                None
            }
        };
        tx.commit().await.map_err(store_error("step log"))?;
        Ok(stored)
    }

    async fn finish(&self, lease: &Lease, report: &RunReport) -> Result<(), StoreError> {
        let mut tx = self.write().await?;
        let watched = Pool::lock_flow_of(&mut tx, lease.run).await?.ok_or(LEASE)?;
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
        if let Some(also) = &report.also_tried {
            Pool::put_attempt(&mut tx, lease.run, also).await?;
        }
        Pool::drop_snapshot(&mut tx, lease.run).await?;
        let owner = OwnerId::from_uuid(owner);
        Pool::tell(&mut tx, (owner, flow, lease.run), &watched, report).await?;
        tx.commit().await.map_err(store_error("run"))
    }

    async fn release(&self, lease: &Lease) -> Result<(), StoreError> {
        let mut tx = self.write().await?;
        let released: Option<(i64, Uuid, Stamp)> = sqlx::query_as(sql::RELEASE)
            .bind(lease.run.uuid())
            .bind(lease.fencing)
            .fetch_optional(&mut *tx)
            .await
            .map_err(store_error("run"))?;
        let (attempt, owner, queued_at) = released.ok_or(LEASE)?;
        sqlx::query(sql::DELETE_ATTEMPT)
            .bind(lease.run.uuid())
            .bind(attempt)
            .execute(&mut *tx)
            .await
            .map_err(store_error("step log"))?;
        let waiting = BTreeMap::from([(OwnerId::from_uuid(owner), queued_at.0)]);
        Pool::join_queue(&mut tx, &waiting).await?;
        tx.commit().await.map_err(store_error("run"))
    }

    async fn recover_lost(
        &self,
        now: Timestamp,
        max_losses: u32,
    ) -> Result<Vec<RecoveredRun>, StoreError> {
        self.join_all_forgotten().await?;
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

    async fn step_logs_from(&self, run: RunId, first: u32) -> Result<Vec<StepLog>, StoreError> {
        let rows: Vec<StepLogRow> = sqlx::query_as(sql::LOGS)
            .bind(run.uuid())
            .bind(i64::from(first))
            .fetch_all(self.pool())
            .await
            .map_err(store_error("step log"))?;
        rows.into_iter().map(StepLog::try_from).collect()
    }

    async fn attempts(&self, run: RunId) -> Result<Vec<(RunAttempt, Vec<StepLog>)>, StoreError> {
        let rows: Vec<AttemptRow> = sqlx::query_as(sql::ATTEMPTS)
            .bind(run.uuid())
            .fetch_all(self.pool())
            .await
            .map_err(store_error("attempt"))?;
        let mut attempts = Vec::new();
        for row in rows {
            let logs: Vec<StepLogRow> = sqlx::query_as(sql::LOGS_OF_ATTEMPT)
                .bind(run.uuid())
                .bind(row.attempt)
                .fetch_all(self.pool())
                .await
                .map_err(store_error("step log"))?;
            let logs = logs.into_iter().map(StepLog::try_from).collect::<Result<_, _>>()?;
            attempts.push((row.try_into()?, logs));
        }
        Ok(attempts)
    }

    async fn last_good_picture(
        &self,
        run: &Run,
        step: &StepLog,
    ) -> Result<Option<RunId>, StoreError> {
        let candidates: Vec<(Uuid, Option<String>)> = sqlx::query_as(sql::GOOD_PICTURES)
            .bind(run.flow.uuid())
            .bind(run.id.uuid())
            .bind(i64::from(step.number))
            .bind(step.action.as_str())
            .bind(step.selector_xpath.as_deref())
            .fetch_all(self.pool())
            .await
            .map_err(store_error("step log"))?;
        for (run, json) in candidates {
            if evidence(json.as_deref())?.selectors == step.evidence.selectors {
                return Ok(Some(RunId::from_uuid(run)));
            }
        }
        Ok(None)
    }

    async fn alert_decision(&self, run: RunId) -> Result<Option<AlertDecision>, StoreError> {
        let decision: Option<String> = sqlx::query_scalar(sql::DECISION)
            .bind(run.uuid())
            .fetch_optional(self.pool())
            .await
            .map_err(store_error("run"))?;
        let read = |json: String| serde_json::from_str(&json);
        decision.map(read).transpose().map_err(|error| corrupt("alert decision", error))
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
            _ => return Ok(Some(CancelOutcome::HasEnded)),
        };
        Pool::commit_deed(tx, "run", owner, None).await?;
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
    pub(crate) async fn drop_snapshot(
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
}
