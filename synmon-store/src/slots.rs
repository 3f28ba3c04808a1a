//! Carrying out what the scheduler has planned: a fixed number of statements, whatever the number
//! of flows.

use std::{
    collections::{BTreeMap, HashSet},
    num::NonZeroU32,
};

use serde_json::{Value, json};
use synmon_core::{
    FlowId, OwnerId, Timestamp,
    run::{ErrorCode, QueuedRun, Run, RunError, RunStatus},
    store::{Metered, SlotPlan, StoreError},
};
use trait_gen::trait_gen;
use uuid::Uuid;

use crate::{
    PgStore, SqliteStore,
    dialect::Dialect,
    error::store_error,
    guard::Transaction,
    run_rows::{json_id, snapshot_json},
    wakeups::Wakeup,
};

#[trait_gen(Pool -> PgStore, SqliteStore)]
impl Pool {
    /// Carries out the plans that hold, and returns their flows.
    pub(crate) async fn carry_out(
        tx: &mut Transaction<'_, <Pool as Dialect>::Db>,
        plans: &[SlotPlan],
        now: Timestamp,
        runs_per_hour: NonZeroU32,
    ) -> Result<HashSet<FlowId>, StoreError> {
        let held = Pool::advance(tx, plans).await?;
        let plans: Vec<&SlotPlan> = plans.iter().filter(|plan| held.contains(&plan.flow)).collect();
        if plans.is_empty() {
            return Ok(held);
        }
        let busy = Pool::with_open_runs(tx, &held).await?;
        let is_free = |plan: &&SlotPlan| plan.skip.is_none() && !busy.contains(&plan.flow);
        let over =
            Pool::over_quota(tx, plans.iter().copied().filter(is_free), now, runs_per_hour).await?;
        let why_skipped = |plan: &SlotPlan| {
            let overlaps = || busy.contains(&plan.flow).then(overlap);
            let is_over = || over.contains(&plan.flow).then(|| quota(runs_per_hour));
            plan.skip.clone().or_else(overlaps).or_else(is_over)
        };
        let skipped: Vec<Run> = plans
            .iter()
            .filter_map(|plan| Some(plan.run.run.clone().skipped(why_skipped(plan)?, now)))
            .collect();
        let free: Vec<&SlotPlan> =
            plans.iter().copied().filter(|plan| why_skipped(plan).is_none()).collect();
        let missed = plans.iter().filter_map(|plan| plan.missed.as_ref());
        let queued = free.iter().map(|plan| &plan.run.run);
        let new = Pool::insert_runs(tx, missed.chain(&skipped).chain(queued)).await?;
        let queued: Vec<&QueuedRun> = free
            .iter()
            .map(|plan| &plan.run)
            .filter(|run| new.contains(&run.run.id.uuid()))
            .collect();
        if !queued.is_empty() {
            Pool::insert_snapshots(tx, &queued).await?;
            Pool::wake(tx, Wakeup::RunQueued).await?;
            // Last, because the turns of owners are what everybody needs.
            let mut waiting = BTreeMap::<OwnerId, Timestamp>::new();
            for QueuedRun { run, .. } in queued {
                let since = waiting.entry(run.owner).or_insert(run.queued_at);
                *since = run.queued_at.min(*since);
            }
            Pool::join_queue(tx, &waiting).await?;
        }
        Ok(held)
    }

    /// Takes the runs of plans from their owners' quotas, and returns the flows that get none.
    async fn over_quota<'a>(
        tx: &mut Transaction<'_, <Pool as Dialect>::Db>,
        plans: impl Iterator<Item = &'a SlotPlan>,
        now: Timestamp,
        most: NonZeroU32,
    ) -> Result<HashSet<FlowId>, StoreError> {
        let mut by_owner = BTreeMap::<OwnerId, Vec<FlowId>>::new();
        for plan in plans {
            by_owner.entry(plan.run.run.owner).or_default().push(plan.flow);
        }
        if by_owner.is_empty() {
            return Ok(HashSet::new());
        }
        let count = |flows: &Vec<FlowId>| u32::try_from(flows.len()).unwrap_or(u32::MAX);
        let wanted = by_owner.iter().map(|(owner, flows)| (*owner, count(flows))).collect();
        let granted = Pool::take_all(tx, Metered::Runs, &wanted, most, now).await?;
        let over = by_owner.into_iter().flat_map(|(owner, flows)| {
            let granted = granted.get(&owner).copied().unwrap_or_default();
            flows.into_iter().skip(usize::try_from(granted).unwrap_or(usize::MAX))
        });
        Ok(over.collect())
    }

    /// Stores a queued run and what it is to do; `false` if there is such a run already.
    pub(crate) async fn queue(
        tx: &mut Transaction<'_, <Pool as Dialect>::Db>,
        queued: &QueuedRun,
    ) -> Result<bool, StoreError> {
        let run = &queued.run;
        debug_assert_eq!(run.status, RunStatus::Queued);
        if Pool::insert_runs(tx, std::iter::once(run)).await?.is_empty() {
            return Ok(false);
        }
        Pool::insert_snapshots(tx, &[queued]).await?;
        Pool::wake(tx, Wakeup::RunQueued).await?;
        Pool::join_queue(tx, &BTreeMap::from([(run.owner, run.queued_at)])).await?;
        Ok(true)
    }

    async fn advance(
        tx: &mut Transaction<'_, <Pool as Dialect>::Db>,
        plans: &[SlotPlan],
    ) -> Result<HashSet<FlowId>, StoreError> {
        let instant = Pool::json_instant;
        let rows = plans.iter().map(|plan| {
            json!({
                "flow_id": json_id(plan.flow.uuid()),
                "due": instant(plan.due),
                "next_due": plan.next.map(instant),
            })
        });
        let held: Vec<Uuid> = sqlx::query_scalar(Pool::ADVANCE_FLOWS)
            .bind(rows.collect::<Value>().to_string())
            .fetch_all(&mut **tx)
            .await
            .map_err(store_error("flow"))?;
        Ok(held.into_iter().map(FlowId::from_uuid).collect())
    }

    async fn with_open_runs(
        tx: &mut Transaction<'_, <Pool as Dialect>::Db>,
        flows: &HashSet<FlowId>,
    ) -> Result<HashSet<FlowId>, StoreError> {
        let ids: Value = flows.iter().map(|flow| json_id(flow.uuid())).collect();
        let busy: Vec<Uuid> = sqlx::query_scalar(Pool::FLOWS_WITH_OPEN_RUNS)
            .bind(ids.to_string())
            .fetch_all(&mut **tx)
            .await
            .map_err(store_error("run"))?;
        Ok(busy.into_iter().map(FlowId::from_uuid).collect())
    }

    async fn insert_snapshots(
        tx: &mut Transaction<'_, <Pool as Dialect>::Db>,
        queued: &[&QueuedRun],
    ) -> Result<(), StoreError> {
        let rows = queued.iter().map(|queued| {
            let body = snapshot_json(&queued.snapshot)?;
            Ok(json!({ "run_id": json_id(queued.run.id.uuid()), "body": body }))
        });
        let rows: Value = rows.collect::<Result<Vec<_>, StoreError>>()?.into();
        sqlx::query(Pool::INSERT_SNAPSHOTS)
            .bind(rows.to_string())
            .execute(&mut **tx)
            .await
            .map(|_| ())
            .map_err(store_error("run"))
    }
}

fn quota(most: NonZeroU32) -> RunError {
    let message = format!("all {most} runs that you may have in an hour were used up");
    RunError { code: ErrorCode::Quota, message, step: None }
}

fn overlap() -> RunError {
    let message = "the flow's run before this one was still going on".to_owned();
    RunError { code: ErrorCode::Overlap, message, step: None }
}
