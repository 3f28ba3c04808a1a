//! The queue: owners take turns.
//!
//! Each owner has a row that says when he was served last and since when his oldest queued run
//! waits. Whoever queues a run writes to it, and whoever claims one locks it: so no more than the
//! owner's limit are ever running, and he is never taken out of the queue while a run comes in.
//! It is locked after flows and runs, and whoever holds it waits for nothing else but other turns.

use std::{collections::BTreeMap, num::NonZeroU32};

use serde_json::{Value, json};

use synmon_core::{
    OwnerId, Timestamp,
    store::{ClaimedRun, Lease, StoreError, WorkerId},
};
use trait_gen::trait_gen;
use uuid::Uuid;

use crate::{
    PgStore, SqliteStore,
    dialect::Dialect,
    error::{corrupt, store_error},
    guard::Transaction,
    run_rows::{RunRow, json_id},
    sql,
    stamp::Stamp,
};

/// When an owner was served who never was.
const NEVER: Timestamp = Timestamp::UNIX_EPOCH;

/// How many owners a claim looks at that turn out to have no run for it.
const OWNERS_TRIED: u32 = 100;

#[trait_gen(Pool -> PgStore, SqliteStore)]
impl Pool {
    /// Takes the next run of the owner who was served longest ago.
    pub(crate) async fn claim_next(
        &self,
        worker: WorkerId,
        owner_limit: NonZeroU32,
        now: Timestamp,
        until: Timestamp,
    ) -> Result<Option<ClaimedRun>, StoreError> {
        for _ in 0..OWNERS_TRIED {
            let mut tx = self.write().await?;
            let Some(owner) = Pool::choose_owner(&mut tx, owner_limit).await? else {
                return Ok(None);
            };
            // Under the lock, and by a statement of its own: it sees what others have claimed.
            let row: Option<RunRow> = sqlx::query_as(Pool::CLAIM_RUN)
                .bind(worker.uuid())
                .bind(Stamp(now))
                .bind(Stamp(until))
                .bind(owner)
                .bind(i64::from(owner_limit.get()))
                .fetch_optional(&mut *tx)
                .await
                .map_err(store_error("run"))?;
            sqlx::query(sql::END_TURN)
                .bind(owner)
                .bind(Stamp(now))
                .execute(&mut *tx)
                .await
                .map_err(store_error("run"))?;
            let Some(row) = row else {
                // His runs were cancelled or deleted, or another worker was faster.
                tx.commit().await.map_err(store_error("run"))?;
                continue;
            };
            let body: String = sqlx::query_scalar(sql::SNAPSHOT)
                .bind(row.id().uuid())
                .fetch_one(&mut *tx)
                .await
                .map_err(store_error("run"))?;
            tx.commit().await.map_err(store_error("run"))?;
            let snapshot = serde_json::from_str(&body).map_err(|error| corrupt("run", error))?;
            let lease = Lease { run: row.id(), fencing: row.fencing };
            return Ok(Some(ClaimedRun { lease, run: row.try_into()?, snapshot }));
        }
        Ok(None)
    }

    async fn choose_owner(
        tx: &mut Transaction<'_, <Pool as Dialect>::Db>,
        owner_limit: NonZeroU32,
    ) -> Result<Option<Uuid>, StoreError> {
        for statement in Pool::CHOOSE_OWNER {
            let owner = sqlx::query_scalar(*statement)
                .bind(i64::from(owner_limit.get()))
                .fetch_optional(&mut **tx)
                .await
                .map_err(store_error("run"))?;
            if owner.is_some() {
                return Ok(owner);
            }
        }
        Ok(None)
    }

    /// Lets owners wait for their turn, each since a time. In the order of their ids, so that two
    /// who do this don't wait for each other.
    pub(crate) async fn join_queue(
        tx: &mut Transaction<'_, <Pool as Dialect>::Db>,
        owners: &BTreeMap<OwnerId, Timestamp>,
    ) -> Result<(), StoreError> {
        let instant = Pool::json_instant;
        let rows = owners.iter().map(|(owner, since)| {
            json!({
                "owner_id": json_id(owner.uuid()),
                "waiting_since": instant(*since),
            })
        });
        sqlx::query(Pool::JOIN_QUEUE)
            .bind(rows.collect::<Value>().to_string())
            .bind(Stamp(NEVER))
            .execute(&mut **tx)
            .await
            .map(|_| ())
            .map_err(store_error("run"))
    }

    /// Lets those wait for their turn who were forgotten.
    pub(crate) async fn join_all_forgotten(&self) -> Result<(), StoreError> {
        sqlx::query(sql::JOIN_ALL_FORGOTTEN)
            .bind(Stamp(NEVER))
            .execute(self.pool())
            .await
            .map(|_| ())
            .map_err(store_error("run"))
    }
}
