//! Flows.

use std::{collections::HashSet, num::NonZeroU32};

use async_trait::async_trait;
use synmon_core::{
    FlowId, OwnerId, Timestamp,
    alert::SiteHealth,
    artifact::ArtifactPrefix,
    flow::Flow,
    store::{
        DueFlow, FlowFilter, FlowStore, ListedFlow, Made, Page, PageRequest, SlotPlan, StoreError,
    },
};
use tracing::error;
use trait_gen::trait_gen;
use uuid::Uuid;

use crate::{
    PgStore, SqliteStore,
    dialect::Dialect,
    error::store_error,
    flow_rows::{
        FlowRow, alerts_json, channels_json, column, like_pattern, search_text, settings_json,
        steps_json,
    },
    guard::Transaction,
    run_rows::RunRow,
    sql,
    stamp::Stamp,
    wakeups::Wakeup,
};

#[trait_gen(Pool -> PgStore, SqliteStore)]
#[async_trait]
impl FlowStore for Pool {
    async fn insert_flow_within(&self, flow: &Flow, most: u32) -> Result<bool, StoreError> {
        let mut tx = self.write().await?;
        if most < u32::MAX && Pool::has_flows(&mut tx, flow.owner, most).await? {
            return Ok(false);
        }
        sqlx::query(sql::INSERT_FLOW)
            .bind(flow.id.uuid())
            .bind(flow.owner.uuid())
            .bind(flow.name.as_str())
            .bind(flow.url.as_str())
            .bind(search_text(flow))
            .bind(flow.browser.as_str())
            .bind(flow.schedule.line())
            .bind(flow.schedule.timezone_name())
            .bind(column(flow.spread_limit.as_secs().into()))
            .bind(flow.active)
            .bind(flow.alerts.policy.as_str())
            .bind(flow.dialogs.as_str())
            .bind(column(flow.run_timeout.as_millis()))
            .bind(steps_json(flow)?)
            .bind(Stamp::maybe(flow.next_run_at))
            .bind(SiteHealth::Unknown.as_str())
            .bind(flow.version)
            .bind(Stamp(flow.created_at))
            .bind(Stamp(flow.updated_at))
            .bind(alerts_json(flow)?)
            .bind(channels_json(&flow.channels)?)
            .bind(settings_json(flow)?)
            .execute(&mut *tx)
            .await
            .map_err(store_error("flow"))?;
        let made = Made::new("flow", flow.id.uuid());
        Pool::commit_deed(tx, "flow", flow.owner, Some(made)).await?;
        Ok(true)
    }

    async fn flow(&self, owner: OwnerId, id: FlowId) -> Result<Option<ListedFlow>, StoreError> {
        let row: Option<FlowRow> = sqlx::query_as(sql::FLOW)
            .bind(id.uuid())
            .bind(owner.uuid())
            .fetch_optional(self.pool())
            .await
            .map_err(store_error("flow"))?;
        let mut listed = self.with_last_runs(owner, row.into_iter().collect()).await?;
        Ok(listed.pop())
    }

    async fn list_flows(
        &self,
        owner: OwnerId,
        filter: &FlowFilter,
        page: PageRequest<FlowId>,
    ) -> Result<Page<ListedFlow, FlowId>, StoreError> {
        let rows: Vec<FlowRow> = sqlx::query_as(sql::LIST_FLOWS)
            .bind(owner.uuid())
            .bind(filter.active)
            .bind(filter.text.as_deref().map(like_pattern))
            .bind(page.after.map(FlowId::uuid))
            .bind(i64::from(page.limit) + 1)
            .fetch_all(self.pool())
            .await
            .map_err(store_error("flow"))?;
        let listed = self.with_last_runs(owner, rows).await?;
        Ok(Page::from_one_more(listed, page.limit, |listed| listed.flow.id))
    }

    async fn update_flow(&self, flow: &Flow, reschedule: bool) -> Result<(), StoreError> {
        let mut tx = self.write().await?;
        let updated = sqlx::query(sql::UPDATE_FLOW)
            .bind(flow.id.uuid())
            .bind(flow.version)
            .bind(flow.name.as_str())
            .bind(flow.url.as_str())
            .bind(search_text(flow))
            .bind(flow.browser.as_str())
            .bind(flow.schedule.line())
            .bind(flow.schedule.timezone_name())
            .bind(column(flow.spread_limit.as_secs().into()))
            .bind(flow.active)
            .bind(flow.alerts.policy.as_str())
            .bind(flow.dialogs.as_str())
            .bind(column(flow.run_timeout.as_millis()))
            .bind(steps_json(flow)?)
            .bind(Stamp(flow.updated_at))
            .bind(reschedule)
            .bind(Stamp::maybe(flow.next_run_at))
            .bind(alerts_json(flow)?)
            .bind(channels_json(&flow.channels)?)
            .bind(settings_json(flow)?)
            .execute(&mut *tx)
            .await
            .map_err(store_error("flow"))?;
        if updated.rows_affected() == 0 {
            return Err(StoreError::Conflict { entity: "flow" });
        }
        Pool::commit_deed(tx, "flow", flow.owner, None).await
    }

    async fn delete_flow(&self, owner: OwnerId, id: FlowId) -> Result<bool, StoreError> {
        if self.flow(owner, id).await?.is_none() {
            return Ok(false);
        }
        self.clear_runs(sql::CLEAR_RUNS_OF_FLOW, id.uuid()).await?;
        let mut tx = self.write().await?;
        // What ends a run locks its flow first.
        sqlx::query(sql::LOCK_FLOW)
            .bind(id.uuid())
            .bind(owner.uuid())
            .execute(&mut *tx)
            .await
            .map_err(store_error("flow"))?;
        let left: Vec<(Uuid, i64)> = sqlx::query_as(sql::DELETE_RUNS_OF_FLOW)
            .bind(id.uuid())
            .fetch_all(&mut *tx)
            .await
            .map_err(store_error("run"))?;
        let deleted = sqlx::query(sql::DELETE_FLOW)
            .bind(id.uuid())
            .bind(owner.uuid())
            .execute(&mut *tx)
            .await
            .map_err(store_error("flow"))?
            .rows_affected();
        if deleted == 0 {
            return Ok(false);
        }
        sqlx::query(sql::ADD_TRASH)
            .bind(ArtifactPrefix::flow(owner, id).as_str())
            .execute(&mut *tx)
            .await
            .map_err(store_error("trash"))?;
        // Whoever runs it notices at once that it is gone.
        Pool::wake(&mut tx, Wakeup::CancelRequested).await?;
        Pool::count_freed(&mut tx, left.into_iter()).await?;
        Pool::commit_deed(tx, "flow", owner, None).await?;
        Ok(true)
    }

    async fn due_flows(&self, now: Timestamp, limit: u32) -> Result<Vec<DueFlow>, StoreError> {
        let limit = usize::try_from(limit).unwrap_or(usize::MAX);
        let (mut due, mut unreadable) = (Vec::new(), Unreadable::default());
        let mut after = (Timestamp::UNIX_EPOCH, Uuid::nil());
        // Those that can't be read, because their time zone is no more, say, must not keep the
        // others from running, however many they are: more are read in their place.
        loop {
            let rows: Vec<FlowRow> = sqlx::query_as(Pool::DUE_FLOWS)
                .bind(Stamp(now))
                .bind(Stamp(after.0))
                .bind(after.1)
                .bind(column(limit as u128))
                .fetch_all(self.pool())
                .await
                .map_err(store_error("flow"))?;
            let full = rows.len() == limit;
            for row in rows {
                let Some(place) = row.due().map(|due| (due, row.id())) else { continue };
                after = place;
                match row.try_into() {
                    Ok(flow) => due.push(DueFlow { flow, due: place.0 }),
                    Err(error) => unreadable.note(place.1, error),
                }
            }
            if !full || due.len() >= limit {
                break;
            }
        }
        unreadable.report();
        due.truncate(limit);
        Ok(due)
    }

    async fn commit_slots(
        &self,
        plans: &[SlotPlan],
        now: Timestamp,
        runs_per_hour: NonZeroU32,
    ) -> Result<HashSet<FlowId>, StoreError> {
        let mut tx = self.write().await?;
        let held = Pool::carry_out(&mut tx, plans, now, runs_per_hour).await?;
        tx.commit().await.map_err(store_error("slot"))?;
        Ok(held)
    }

    async fn next_due(&self) -> Result<Option<Timestamp>, StoreError> {
        let due: Option<Stamp> = sqlx::query_scalar(sql::NEXT_DUE)
            .fetch_optional(self.pool())
            .await
            .map_err(store_error("flow"))?;
        Ok(due.map(|stamp| stamp.0))
    }
}

#[trait_gen(Pool -> PgStore, SqliteStore)]
impl Pool {
    /// Whether an owner has so many flows. Until the transaction ends, nobody adds another: two at
    /// a time must not both find the last place free.
    async fn has_flows(
        tx: &mut Transaction<'_, <Pool as Dialect>::Db>,
        owner: OwnerId,
        count: u32,
    ) -> Result<bool, StoreError> {
        // The owner's account is no row to lock: an embedder may have none.
        sqlx::query(Pool::LOCK_TEXT)
            .bind(format!("flows of {owner}"))
            .execute(&mut **tx)
            .await
            .map_err(store_error("flow"))?;
        let there: i64 = sqlx::query_scalar(sql::COUNT_FLOWS)
            .bind(owner.uuid())
            .bind(i64::from(count))
            .fetch_one(&mut **tx)
            .await
            .map_err(store_error("flow"))?;
        Ok(there >= i64::from(count))
    }
}

/// Flows that are due but can't be read: told in one line, for they are met again at each tick.
#[derive(Default)]
struct Unreadable {
    count: usize,
    first: Option<(Uuid, StoreError)>,
}

impl Unreadable {
    fn note(&mut self, flow: Uuid, why: StoreError) {
        self.count += 1;
        self.first.get_or_insert((flow, why));
    }

    fn report(&self) {
        if let Some((id, why)) = &self.first {
            let count = self.count;
            error!(flow.id = %id, count, "{count} flows are due but can't be scheduled, flow {id} among them: {why}");
        }
    }
}

#[trait_gen(Pool -> PgStore, SqliteStore)]
impl Pool {
    /// Adds to flows, sorted by id, the run of each that was made last.
    async fn with_last_runs(
        &self,
        owner: OwnerId,
        flows: Vec<FlowRow>,
    ) -> Result<Vec<ListedFlow>, StoreError> {
        let ids = || flows.iter().map(FlowRow::id);
        let (Some(first), Some(last)) = (ids().min(), ids().max()) else {
            return Ok(Vec::new());
        };
        let mut runs: Vec<RunRow> = sqlx::query_as(sql::LAST_RUNS)
            .bind(owner.uuid())
            .bind(first)
            .bind(last)
            .fetch_all(self.pool())
            .await
            .map_err(store_error("run"))?;
        let mut run_of = |flow: Uuid| {
            let place = runs.iter().position(|run| run.flow_id() == flow)?;
            Some(runs.swap_remove(place).try_into())
        };
        flows
            .into_iter()
            .map(|row| {
                let last_run = run_of(row.id()).transpose()?;
                Ok(ListedFlow { flow: row.try_into()?, last_run })
            })
            .collect()
    }
}
