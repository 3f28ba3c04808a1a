//! What follows from a verdict: what is known of a site, and who is told.

use synmon_core::{
    ChannelId, OwnerId, RunId,
    store::{RunReport, StoreError},
};
use trait_gen::trait_gen;
use uuid::Uuid;

use crate::{
    PgStore, SqliteStore, attempt_rows::WatchedRow, dialect::Dialect, error::store_error,
    flow_rows::channel_ids, guard::Transaction, sql, stamp::Stamp,
};

#[trait_gen(Pool -> PgStore, SqliteStore)]
impl Pool {
    /// Locks the flow of a run, if the run is there, and returns what is known of its site.
    pub(crate) async fn lock_flow_of(
        tx: &mut Transaction<'_, <Pool as Dialect>::Db>,
        run: RunId,
    ) -> Result<Option<WatchedRow>, StoreError> {
        sqlx::query_as(sql::LOCK_FLOW_OF_RUN)
            .bind(run.uuid())
            .fetch_optional(&mut **tx)
            .await
            .map_err(store_error("flow"))
    }

    /// Does what follows from a verdict: keeps the decision and what is known of the site, and puts
    /// the notices into the outbox.
    pub(crate) async fn tell(
        tx: &mut Transaction<'_, <Pool as Dialect>::Db>,
        (owner, flow, run): (OwnerId, Uuid, RunId),
        watched: &WatchedRow,
        report: &RunReport,
    ) -> Result<(), StoreError> {
        let before = watched.alert_state()?;
        let channels = Pool::channels_in_use(tx, owner, &watched.channels).await?;
        let told_lately: i64 = sqlx::query_scalar(sql::TOLD_LATELY)
            .bind(owner.uuid())
            .bind(Stamp(report.finished_at.before(report.cap.window)))
            .fetch_one(&mut **tx)
            .await
            .map_err(store_error("notice"))?;
        let told_lately = u32::try_from(told_lately).unwrap_or(u32::MAX);
        let outcome = report.outcome(owner, &before, &channels, told_lately);
        if outcome.state != before {
            sqlx::query(sql::SET_ALERT_STATE)
                .bind(flow)
                .bind(outcome.state.health.as_str())
                .bind(i64::from(outcome.state.failures_in_row))
                .bind(Stamp::maybe(outcome.state.failing_since))
                .bind(Stamp::maybe(outcome.state.told_at))
                .execute(&mut **tx)
                .await
                .map_err(store_error("flow"))?;
        }
        let decision = serde_json::to_string(&outcome.decision)
            .map_err(|error| StoreError::Internal(error.into()))?;
        sqlx::query(sql::SET_DECISION)
            .bind(run.uuid())
            .bind(decision)
            .execute(&mut **tx)
            .await
            .map_err(store_error("run"))?;
        for notice in &outcome.notices {
            Pool::put_notice(tx, notice, outcome.held_until).await?;
        }
        Ok(())
    }

    /// Those of a flow's channels that are in use, in its order.
    async fn channels_in_use(
        tx: &mut Transaction<'_, <Pool as Dialect>::Db>,
        owner: OwnerId,
        channels: &str,
    ) -> Result<Vec<ChannelId>, StoreError> {
        let mut chosen = channel_ids(channels)?;
        if chosen.is_empty() {
            return Ok(chosen);
        }
        let active: Vec<Uuid> = sqlx::query_scalar(sql::ACTIVE_CHANNELS)
            .bind(owner.uuid())
            .fetch_all(&mut **tx)
            .await
            .map_err(store_error("channel"))?;
        chosen.retain(|id| active.contains(&id.uuid()));
        Ok(chosen)
    }
}
