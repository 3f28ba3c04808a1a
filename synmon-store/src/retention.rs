//! Removing what is too old, in small batches.

use async_trait::async_trait;
use serde_json::Value;
use sqlx::FromRow;
use synmon_core::{
    FlowId, OwnerId, RunId, Timestamp,
    artifact::ArtifactPrefix,
    run::REMOVED_BY_AGE,
    store::{RetentionStore, StoreError},
};
use trait_gen::trait_gen;
use uuid::Uuid;

use crate::{
    PgStore, SqliteStore, dialect::Dialect, error::store_error, guard::Transaction,
    run_rows::json_id, sql, stamp::Stamp,
};

/// A run that is too old, or whose pictures are.
#[derive(FromRow)]
pub(crate) struct OldRun {
    pub(crate) id: Uuid,
    owner_id: Uuid,
    flow_id: Uuid,
    /// Whether there may be pictures: some worker had it, and they have not been removed before.
    has_pictures: bool,
    /// What they take.
    pub(crate) stored_bytes: i64,
}

impl OldRun {
    fn pictures(&self) -> Option<ArtifactPrefix> {
        let Self { id, owner_id, flow_id, .. } = *self;
        let place =
            (OwnerId::from_uuid(owner_id), FlowId::from_uuid(flow_id), RunId::from_uuid(id));
        self.has_pictures.then(|| ArtifactPrefix::run(place))
    }
}

#[trait_gen(Pool -> PgStore, SqliteStore)]
#[async_trait]
impl RetentionStore for Pool {
    async fn remove_runs(&self, ended_before: Timestamp, limit: u32) -> Result<u32, StoreError> {
        let mut tx = self.write().await?;
        let removed: Vec<OldRun> = sqlx::query_as(Pool::REMOVE_RUNS)
            .bind(Stamp(ended_before))
            .bind(i64::from(limit))
            .fetch_all(&mut *tx)
            .await
            .map_err(store_error("run"))?;
        Pool::throw_away_pictures(&mut tx, &removed).await?;
        tx.commit().await.map_err(store_error("run"))?;
        Ok(count(removed.len()))
    }

    async fn remove_pictures(
        &self,
        ended_before: Timestamp,
        limit: u32,
    ) -> Result<u32, StoreError> {
        let mut tx = self.write().await?;
        let old: Vec<OldRun> = sqlx::query_as(Pool::MARK_PICTURES_REMOVED)
            .bind(Stamp(ended_before))
            .bind(i64::from(limit))
            .fetch_all(&mut *tx)
            .await
            .map_err(store_error("run"))?;
        Pool::forget_pictures(&mut tx, &old, REMOVED_BY_AGE).await?;
        tx.commit().await.map_err(store_error("run"))?;
        Ok(count(old.len()))
    }

    async fn remove_keyed_requests(
        &self,
        began_before: Timestamp,
        limit: u32,
    ) -> Result<u32, StoreError> {
        let removed = sqlx::query(sql::REMOVE_KEYED_REQUESTS)
            .bind(Stamp(began_before))
            .bind(i64::from(limit))
            .execute(self.pool())
            .await
            .map_err(store_error("request"))?;
        Ok(u32::try_from(removed.rows_affected()).unwrap_or(u32::MAX))
    }

    async fn remove_notices(
        &self,
        settled_before: Timestamp,
        limit: u32,
    ) -> Result<u32, StoreError> {
        let removed = sqlx::query(Pool::REMOVE_NOTICES)
            .bind(Stamp(settled_before))
            .bind(i64::from(limit))
            .execute(self.pool())
            .await
            .map_err(store_error("notice"))?;
        Ok(u32::try_from(removed.rows_affected()).unwrap_or(u32::MAX))
    }
}

#[trait_gen(Pool -> PgStore, SqliteStore)]
impl Pool {
    /// Says in the logs of runs why their pictures are gone, and throws these away.
    pub(crate) async fn forget_pictures(
        tx: &mut Transaction<'_, <Pool as Dialect>::Db>,
        runs: &[OldRun],
        why: &str,
    ) -> Result<(), StoreError> {
        let ids: Value = runs.iter().map(|run| json_id(run.id)).collect();
        sqlx::query(Pool::FORGET_PICTURES)
            .bind(ids.to_string())
            .bind(why)
            .execute(&mut **tx)
            .await
            .map_err(store_error("step log"))?;
        Pool::throw_away_pictures(tx, runs).await
    }

    async fn throw_away_pictures(
        tx: &mut Transaction<'_, <Pool as Dialect>::Db>,
        runs: &[OldRun],
    ) -> Result<(), StoreError> {
        let folders: Value =
            runs.iter().filter_map(OldRun::pictures).map(|prefix| prefix.to_string()).collect();
        sqlx::query(Pool::ADD_ALL_TRASH)
            .bind(folders.to_string())
            .execute(&mut **tx)
            .await
            .map_err(store_error("trash"))?;
        Pool::count_freed(tx, runs.iter().map(|run| (run.owner_id, run.stored_bytes))).await
    }
}

fn count(rows: usize) -> u32 {
    u32::try_from(rows).unwrap_or(u32::MAX)
}
