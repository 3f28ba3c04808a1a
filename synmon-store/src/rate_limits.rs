//! Rates.

use async_trait::async_trait;
use synmon_core::{
    Timestamp,
    store::{Admission, Rate, RateKey, RateLimitStore, StoreError},
};
use trait_gen::trait_gen;

use crate::{PgStore, SqliteStore, error::store_error, sql};

#[trait_gen(Pool -> PgStore, SqliteStore)]
#[async_trait]
impl RateLimitStore for Pool {
    async fn admit(
        &self,
        key: RateKey,
        rate: Rate,
        times: u32,
        now: Timestamp,
    ) -> Result<Admission, StoreError> {
        let (cost, now_micros) = (rate.cost(times), now.micros());
        let full_at: Option<i64> = if times > rate.burst {
            None
        } else {
            sqlx::query_scalar(sql::ADMIT)
                .bind(&key.0[..])
                .bind(now_micros)
                .bind(now_micros.saturating_add(cost))
                .bind(cost)
                .bind(now_micros.saturating_add(rate.limit() - cost))
                .fetch_optional(self.pool())
                .await
                .map_err(store_error("rate"))?
        };
        if full_at.is_some() {
            return Ok(Admission::Admitted);
        }
        let full_at: Option<i64> = sqlx::query_scalar(sql::FULL_AT)
            .bind(&key.0[..])
            .fetch_optional(self.pool())
            .await
            .map_err(store_error("rate"))?;
        let full_at = full_at.unwrap_or(now_micros);
        Ok(Admission::Refused { retry_after: rate.retry_after(full_at, times, now) })
    }

    async fn give_back(&self, key: RateKey, rate: Rate, times: u32) -> Result<(), StoreError> {
        sqlx::query(sql::GIVE_BACK)
            .bind(&key.0[..])
            .bind(rate.cost(times))
            .execute(self.pool())
            .await
            .map(|_| ())
            .map_err(store_error("rate"))
    }

    async fn prune_rates(&self, before: Timestamp, limit: u32) -> Result<u32, StoreError> {
        sqlx::query(sql::PRUNE_RATES)
            .bind(before.micros())
            .bind(i64::from(limit))
            .execute(self.pool())
            .await
            .map(|removed| u32::try_from(removed.rows_affected()).unwrap_or(u32::MAX))
            .map_err(store_error("rate"))
    }
}
