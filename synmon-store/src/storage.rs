//! How much the pictures of owners take. The row of an owner is locked after runs, and last of all.

use std::collections::BTreeMap;

use async_trait::async_trait;
use serde_json::Value;
use synmon_core::{
    OwnerId, RunId,
    run::REMOVED_FOR_ROOM,
    store::{Lease, StorageStore, StoreError},
};
use trait_gen::trait_gen;
use uuid::Uuid;

use crate::{
    PgStore, SqliteStore, dialect::Dialect, error::store_error, guard::Transaction,
    retention::OldRun, run_rows::json_id, sql,
};

const LEASE: StoreError = StoreError::Conflict { entity: "lease" };

#[trait_gen(Pool -> PgStore, SqliteStore)]
#[async_trait]
impl StorageStore for Pool {
    async fn stored(&self, owner: OwnerId) -> Result<u64, StoreError> {
        let stored: Option<i64> = sqlx::query_scalar(sql::STORED)
            .bind(owner.uuid())
            .fetch_optional(self.pool())
            .await
            .map_err(store_error("storage"))?;
        Ok(bytes_of(stored.unwrap_or_default()))
    }

    async fn count_file(&self, lease: &Lease, bytes: u64) -> Result<(), StoreError> {
        let mut tx = self.write().await?;
        let bytes = stored_column(bytes);
        let owner = Pool::hold(&mut tx, lease, bytes).await?.ok_or(LEASE)?;
        Pool::count_stored(&mut tx, owner, bytes).await?;
        tx.commit().await.map_err(store_error("storage"))
    }

    async fn owners_above(
        &self,
        bytes: u64,
        limit: u32,
    ) -> Result<Vec<(OwnerId, u64)>, StoreError> {
        let rows: Vec<(Uuid, i64)> = sqlx::query_as(sql::OWNERS_ABOVE)
            .bind(stored_column(bytes))
            .bind(i64::from(limit))
            .fetch_all(self.pool())
            .await
            .map_err(store_error("storage"))?;
        let of = |(owner, bytes)| (OwnerId::from_uuid(owner), bytes_of(bytes));
        Ok(rows.into_iter().map(of).collect())
    }

    async fn make_room(&self, owner: OwnerId, bytes: u64, limit: u32) -> Result<u32, StoreError> {
        let mut tx = self.write().await?;
        let mut chosen: Vec<OldRun> = sqlx::query_as(Pool::LEAST_WORTH)
            .bind(owner.uuid())
            .bind(i64::from(limit))
            .fetch_all(&mut *tx)
            .await
            .map_err(store_error("run"))?;
        let all_there_are = u32::try_from(chosen.len()).is_ok_and(|count| count < limit);
        let mut freed = 0;
        let enough = chosen.iter().position(|run| {
            let is_enough = freed >= bytes;
            freed += bytes_of(run.stored_bytes);
            is_enough
        });
        chosen.truncate(enough.unwrap_or(chosen.len()));
        let ids: Value = chosen.iter().map(|run| json_id(run.id)).collect();
        sqlx::query(Pool::MARK_CHOSEN)
            .bind(ids.to_string())
            .execute(&mut *tx)
            .await
            .map_err(store_error("run"))?;
        Pool::forget_pictures(&mut tx, &chosen, REMOVED_FOR_ROOM).await?;
        if all_there_are && enough.is_none() {
            // What was counted besides, by whatever mistake, must not keep the owner out for good.
            sqlx::query(sql::RECOUNT_STORED)
                .bind(owner.uuid())
                .execute(&mut *tx)
                .await
                .map_err(store_error("storage"))?;
        }
        tx.commit().await.map_err(store_error("run"))?;
        Ok(u32::try_from(chosen.len()).unwrap_or(u32::MAX))
    }
}

#[trait_gen(Pool -> PgStore, SqliteStore)]
impl Pool {
    /// Locks the run of a lease, if the lease still holds, and adds to what the run keeps. Returns
    /// the run's owner, for whom it is to be counted, too.
    pub(crate) async fn hold(
        tx: &mut Transaction<'_, <Pool as Dialect>::Db>,
        lease: &Lease,
        bytes: i64,
    ) -> Result<Option<OwnerId>, StoreError> {
        let owner: Option<Uuid> = sqlx::query_scalar(sql::LOCK_LEASE)
            .bind(lease.run.uuid())
            .bind(lease.fencing)
            .bind(bytes)
            .fetch_optional(&mut **tx)
            .await
            .map_err(store_error("lease"))?;
        Ok(owner.map(OwnerId::from_uuid))
    }

    /// Takes back what a run was said to keep.
    pub(crate) async fn keep_less(
        tx: &mut Transaction<'_, <Pool as Dialect>::Db>,
        run: RunId,
        bytes: i64,
    ) -> Result<(), StoreError> {
        sqlx::query(sql::KEEP_LESS)
            .bind(run.uuid())
            .bind(bytes)
            .execute(&mut **tx)
            .await
            .map(|_| ())
            .map_err(store_error("run"))
    }

    /// Counts what an owner's runs keep besides, and returns how much that is in all.
    pub(crate) async fn count_stored(
        tx: &mut Transaction<'_, <Pool as Dialect>::Db>,
        owner: OwnerId,
        bytes: i64,
    ) -> Result<u64, StoreError> {
        sqlx::query_scalar(sql::COUNT_STORED)
            .bind(owner.uuid())
            .bind(bytes)
            .fetch_one(&mut **tx)
            .await
            .map(bytes_of)
            .map_err(store_error("storage"))
    }

    /// Counts what owners' runs keep no more: in the order of their ids, so that two who do this
    /// don't wait for each other.
    pub(crate) async fn count_freed(
        tx: &mut Transaction<'_, <Pool as Dialect>::Db>,
        freed: impl Iterator<Item = (Uuid, i64)> + Send,
    ) -> Result<(), StoreError> {
        let mut of_owners: BTreeMap<Uuid, i64> = BTreeMap::new();
        for (owner, bytes) in freed.filter(|(_, bytes)| *bytes > 0) {
            let sum = of_owners.entry(owner).or_default();
            *sum = sum.saturating_add(bytes);
        }
        for (owner, bytes) in of_owners {
            sqlx::query(sql::COUNT_FREED)
                .bind(owner)
                .bind(bytes)
                .execute(&mut **tx)
                .await
                .map_err(store_error("storage"))?;
        }
        Ok(())
    }
}

/// Bytes as the databases count them.
pub(crate) fn stored_column(bytes: u64) -> i64 {
    i64::try_from(bytes).unwrap_or(i64::MAX)
}

fn bytes_of(column: i64) -> u64 {
    u64::try_from(column).unwrap_or_default()
}
