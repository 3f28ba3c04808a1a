//! Requests that are carried out once.

use async_trait::async_trait;
use synmon_core::{
    OwnerId, Timestamp,
    store::{KeyedClaim, KeyedRequest, KeyedRequestStore, StoreError},
};
use trait_gen::trait_gen;
use uuid::Uuid;

use crate::{PgStore, SqliteStore, error::store_error, pruning, sql, stamp::Stamp};

#[trait_gen(Pool -> PgStore, SqliteStore)]
#[async_trait]
impl KeyedRequestStore for Pool {
    async fn claim_request(
        &self,
        request: &KeyedRequest,
        now: Timestamp,
        until: Timestamp,
    ) -> Result<KeyedClaim, StoreError> {
        let claimed: Option<Uuid> = sqlx::query_scalar(sql::CLAIM_REQUEST)
            .bind(request.owner.uuid())
            .bind(&request.key[..])
            .bind(&request.request[..])
            .bind(request.thing)
            .bind(Stamp(now))
            .bind(Stamp(until))
            .fetch_optional(self.pool())
            .await
            .map_err(store_error("request"))?;
        if let Some(thing) = claimed {
            return Ok(KeyedClaim::Yours(thing));
        }
        let known: Option<(Vec<u8>, Option<String>)> = sqlx::query_as(sql::KEYED_REQUEST)
            .bind(request.owner.uuid())
            .bind(&request.key[..])
            .fetch_optional(self.pool())
            .await
            .map_err(store_error("request"))?;
        Ok(match known {
            Some((other, _)) if other != request.request => KeyedClaim::Other,
            Some((_, Some(answer))) => KeyedClaim::Answered(answer),
            // Where there is none any more, it was refused a moment ago.
            Some((_, None)) | None => KeyedClaim::UnderWay,
        })
    }

    async fn answer_request(&self, request: &KeyedRequest, answer: &str) -> Result<(), StoreError> {
        sqlx::query(sql::ANSWER_REQUEST)
            .bind(request.owner.uuid())
            .bind(&request.key[..])
            .bind(&request.request[..])
            .bind(answer)
            .execute(self.pool())
            .await
            .map(|_| ())
            .map_err(store_error("request"))
    }

    async fn let_go_of_request(
        &self,
        request: &KeyedRequest,
        until: Timestamp,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        sqlx::query(sql::LET_GO_OF_REQUEST)
            .bind(request.owner.uuid())
            .bind(&request.key[..])
            .bind(&request.request[..])
            .bind(Stamp(until))
            .bind(Stamp(now))
            .execute(self.pool())
            .await
            .map(|_| ())
            .map_err(store_error("request"))
    }

    async fn forget_request(
        &self,
        request: &KeyedRequest,
        until: Timestamp,
    ) -> Result<(), StoreError> {
        sqlx::query(sql::FORGET_REQUEST)
            .bind(request.owner.uuid())
            .bind(&request.key[..])
            .bind(&request.request[..])
            .bind(Stamp(until))
            .execute(self.pool())
            .await
            .map(|_| ())
            .map_err(store_error("request"))
    }

    async fn forget_oldest_requests(&self, owner: OwnerId, most: u32) -> Result<(), StoreError> {
        sqlx::query(pruning::FORGET_OLDEST_REQUESTS)
            .bind(owner.uuid())
            .bind(i64::from(most))
            .execute(self.pool())
            .await
            .map(|_| ())
            .map_err(store_error("request"))
    }
}
