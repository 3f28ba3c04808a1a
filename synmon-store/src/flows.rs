//! Flows.

use async_trait::async_trait;
use synmon_core::{
    FlowId, OwnerId, Timestamp,
    alert::SiteHealth,
    artifact::ArtifactPrefix,
    flow::Flow,
    store::{DueFlow, FlowFilter, FlowStore, ListedFlow, Page, PageRequest, SlotPlan, StoreError},
};
use tracing::error;
use trait_gen::trait_gen;
use uuid::Uuid;

use crate::{
    PgStore, SqliteStore,
    error::store_error,
    flow_rows::{FlowRow, column, like_pattern, search_text, steps_json},
    run_rows::RunRow,
    sql,
    stamp::Stamp,
    wakeups::Wakeup,
};

#[trait_gen(Pool -> PgStore, SqliteStore)]
#[async_trait]
impl FlowStore for Pool {
    async fn insert_flow(&self, flow: &Flow) -> Result<(), StoreError> {
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
            .bind(flow.alert_policy.as_str())
            .bind(flow.dialogs.as_str())
            .bind(column(flow.run_timeout.as_millis()))
            .bind(steps_json(flow)?)
            .bind(Stamp::maybe(flow.next_run_at))
            .bind(SiteHealth::Unknown.as_str())
            .bind(flow.version)
            .bind(Stamp(flow.created_at))
            .bind(Stamp(flow.updated_at))
            .execute(self.pool())
            .await
            .map(|_| ())
            .map_err(store_error("flow"))
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
            .bind(flow.alert_policy.as_str())
            .bind(flow.dialogs.as_str())
            .bind(column(flow.run_timeout.as_millis()))
            .bind(steps_json(flow)?)
            .bind(Stamp(flow.updated_at))
            .bind(reschedule)
            .bind(Stamp::maybe(flow.next_run_at))
            .execute(self.pool())
            .await
            .map_err(store_error("flow"))?;
        if updated.rows_affected() == 1 {
            Ok(())
        } else {
            Err(StoreError::Conflict { entity: "flow" })
        }
    }

    async fn delete_flow(&self, owner: OwnerId, id: FlowId) -> Result<bool, StoreError> {
        let mut tx = self.write().await?;
        let deleted = sqlx::query(sql::DELETE_FLOW)
            .bind(id.uuid())
            .bind(owner.uuid())
            .execute(&mut *tx)
            .await
            .map_err(store_error("flow"))?
            .rows_affected();
        if deleted > 0 {
            sqlx::query(sql::ADD_TRASH)
                .bind(ArtifactPrefix::flow(owner, id).as_str())
                .execute(&mut *tx)
                .await
                .map_err(store_error("trash"))?;
            // Whoever runs it notices at once that it is gone.
            Pool::wake(&mut tx, Wakeup::CancelRequested).await?;
        }
        tx.commit().await.map_err(store_error("flow"))?;
        Ok(deleted > 0)
    }

    async fn due_flows(&self, now: Timestamp, limit: u32) -> Result<Vec<DueFlow>, StoreError> {
        let rows: Vec<FlowRow> = sqlx::query_as(sql::DUE_FLOWS)
            .bind(Stamp(now))
            .bind(i64::from(limit))
            .fetch_all(self.pool())
            .await
            .map_err(store_error("flow"))?;
        let due = rows.into_iter().filter_map(|row| {
            let (id, due) = (row.id(), row.due()?);
            match row.try_into() {
                Ok(flow) => Some(DueFlow { flow, due }),
                Err(error) => {
                    // One flow that can't be read, because its time zone is no more, say, must not
                    // keep all the others from running.
                    error!(flow.id = %id, "Flow {id} is due but can't be scheduled: {error}");
                    None
                }
            }
        });
        Ok(due.collect())
    }

    async fn commit_slots(&self, plans: &[SlotPlan], now: Timestamp) -> Result<u32, StoreError> {
        let mut tx = self.write().await?;
        let mut held = 0;
        for plan in plans {
            held += u32::from(Pool::commit_slot(&mut tx, plan, now).await?);
        }
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
