//! What owners have used up. A row is locked after flows and runs, and before the turns of owners.

use std::{collections::BTreeMap, num::NonZeroU32};

use async_trait::async_trait;
use serde_json::{Value, json};
use synmon_core::{
    OwnerId, Timestamp,
    store::{Metered, QuotaStore, QuotaUse, StorageStore, StoreError},
};
use trait_gen::trait_gen;
use uuid::Uuid;

use crate::{
    PgStore, SqliteStore, dialect::Dialect, error::store_error, guard::Transaction,
    run_rows::json_id, sql,
};

#[trait_gen(Pool -> PgStore, SqliteStore)]
#[async_trait]
impl QuotaStore for Pool {
    async fn take(
        &self,
        owner: OwnerId,
        what: Metered,
        most: NonZeroU32,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        let used: Option<i64> = sqlx::query_scalar(sql::TAKE_ONE)
            .bind(owner.uuid())
            .bind(what.as_str())
            .bind(what.period_at(now))
            .bind(i64::from(most.get()))
            .fetch_optional(self.pool())
            .await
            .map_err(store_error("quota"))?;
        Ok(used.is_some())
    }

    async fn put_back(
        &self,
        owner: OwnerId,
        what: Metered,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        sqlx::query(sql::PUT_ONE_BACK)
            .bind(owner.uuid())
            .bind(what.as_str())
            .bind(what.period_at(now))
            .execute(self.pool())
            .await
            .map(|_| ())
            .map_err(store_error("quota"))
    }

    async fn used(&self, owner: OwnerId, now: Timestamp) -> Result<QuotaUse, StoreError> {
        let flows: i64 = sqlx::query_scalar(sql::COUNT_FLOWS)
            .bind(owner.uuid())
            .bind(i64::from(u32::MAX))
            .fetch_one(self.pool())
            .await
            .map_err(store_error("flow"))?;
        let used: Vec<(String, i64, i64)> = sqlx::query_as(sql::USED)
            .bind(owner.uuid())
            .fetch_all(self.pool())
            .await
            .map_err(store_error("quota"))?;
        let of = |what: Metered| {
            let row = used.iter().find(|(quota, period, _)| {
                quota == what.as_str() && *period == what.period_at(now)
            });
            row.map_or(0, |(.., used)| u64::try_from(*used).unwrap_or_default())
        };
        Ok(QuotaUse {
            flows: u64::try_from(flows).unwrap_or_default(),
            runs: of(Metered::Runs),
            messages: of(Metered::Messages),
            letters: of(Metered::Letters),
            storage: self.stored(owner).await?,
        })
    }
}

#[trait_gen(Pool -> PgStore, SqliteStore)]
impl Pool {
    /// Takes what several owners want, and returns how much each of them gets. In the order of
    /// their ids, so that two who do this don't wait for each other.
    pub(crate) async fn take_all(
        tx: &mut Transaction<'_, <Pool as Dialect>::Db>,
        what: Metered,
        wanted: &BTreeMap<OwnerId, u32>,
        most: NonZeroU32,
        now: Timestamp,
    ) -> Result<BTreeMap<OwnerId, u32>, StoreError> {
        let rows = wanted
            .iter()
            .map(|(owner, wanted)| json!({ "owner_id": json_id(owner.uuid()), "wanted": wanted }));
        let used: Vec<(Uuid, i64)> = sqlx::query_as(Pool::TAKE_ALL)
            .bind(rows.collect::<Value>().to_string())
            .bind(what.as_str())
            .bind(what.period_at(now))
            .fetch_all(&mut **tx)
            .await
            .map_err(store_error("quota"))?;
        let granted = used.into_iter().map(|(owner, used)| {
            let owner = OwnerId::from_uuid(owner);
            let wanted = wanted.get(&owner).copied().unwrap_or_default();
            // What is refused is counted, too: there is none left anyway.
            let left = i64::from(most.get()) - (used - i64::from(wanted));
            let granted = left.clamp(0, i64::from(wanted));
            (owner, u32::try_from(granted).unwrap_or_default())
        });
        Ok(granted.collect())
    }
}
