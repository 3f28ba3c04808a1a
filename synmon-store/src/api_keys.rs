//! Keys of programs.

use async_trait::async_trait;
use sqlx::FromRow;
use synmon_core::{
    ApiKeyId, OwnerId, Timestamp,
    store::{ApiKey, ApiKeyStore, Made, Page, PageRequest, Scope, StoreError, TokenHash},
};
use trait_gen::trait_gen;
use uuid::Uuid;

use crate::{
    PgStore, SqliteStore, collision::despite_collisions, error::store_error, sql, stamp::Stamp,
};

#[derive(FromRow)]
struct ApiKeyRow {
    id: Uuid,
    account_id: Uuid,
    name: String,
    scopes: String,
    created_at: Stamp,
    expires_at: Option<Stamp>,
    last_used_at: Option<Stamp>,
}

impl From<ApiKeyRow> for ApiKey {
    fn from(row: ApiKeyRow) -> Self {
        Self {
            id: ApiKeyId::from_uuid(row.id),
            account: OwnerId::from_uuid(row.account_id),
            name: row.name,
            // A scope of a later version opens nothing here.
            scopes: row.scopes.split(',').filter_map(Scope::parse).collect(),
            created_at: row.created_at.0,
            expires_at: row.expires_at.map(|stamp| stamp.0),
            last_used_at: row.last_used_at.map(|stamp| stamp.0),
        }
    }
}

#[trait_gen(Pool -> PgStore, SqliteStore)]
#[async_trait]
impl ApiKeyStore for Pool {
    async fn insert_api_key(
        &self,
        key: &ApiKey,
        hash: TokenHash,
        limit: u32,
    ) -> Result<bool, StoreError> {
        let mut tx = self.write().await?;
        // Two at a time must not both count before either adds.
        sqlx::query(sql::LOCK_ACCOUNT)
            .bind(key.account.uuid())
            .execute(&mut *tx)
            .await
            .map_err(store_error("account"))?;
        let count: i64 = sqlx::query_scalar(sql::COUNT_API_KEYS)
            .bind(key.account.uuid())
            .fetch_one(&mut *tx)
            .await
            .map_err(store_error("API key"))?;
        if count >= i64::from(limit) {
            return Ok(false);
        }
        let scopes: Vec<&str> = key.scopes.iter().map(|scope| scope.as_str()).collect();
        sqlx::query(sql::INSERT_API_KEY)
            .bind(key.id.uuid())
            .bind(key.account.uuid())
            .bind(&hash.0[..])
            .bind(key.name.as_str())
            .bind(scopes.join(","))
            .bind(Stamp(key.created_at))
            .bind(Stamp::maybe(key.expires_at))
            .execute(&mut *tx)
            .await
            .map_err(store_error("API key"))?;
        let made = Made::new("api_key", key.id.uuid());
        Pool::commit_deed(tx, "API key", key.account, Some(made)).await?;
        Ok(true)
    }

    async fn list_api_keys(
        &self,
        account: OwnerId,
        page: PageRequest<ApiKeyId>,
    ) -> Result<Page<ApiKey, ApiKeyId>, StoreError> {
        let rows: Vec<ApiKeyRow> = sqlx::query_as(sql::LIST_API_KEYS)
            .bind(account.uuid())
            .bind(page.after.map(ApiKeyId::uuid))
            .bind(i64::from(page.limit) + 1)
            .fetch_all(self.pool())
            .await
            .map_err(store_error("API key"))?;
        let keys = rows.into_iter().map(ApiKey::from).collect();
        Ok(Page::from_one_more(keys, page.limit, |key: &ApiKey| key.id))
    }

    async fn delete_api_key(&self, account: OwnerId, id: ApiKeyId) -> Result<bool, StoreError> {
        despite_collisions(|| self.delete_api_key_once(account, id)).await
    }

    async fn use_api_key(
        &self,
        hash: TokenHash,
        now: Timestamp,
        noted_since: Timestamp,
    ) -> Result<Option<ApiKey>, StoreError> {
        let row: Option<ApiKeyRow> = sqlx::query_as(sql::API_KEY_OF_HASH)
            .bind(&hash.0[..])
            .bind(Stamp(now))
            .fetch_optional(self.pool())
            .await
            .map_err(store_error("API key"))?;
        let key = row.map(ApiKey::from);
        if let Some(key) = &key
            && key.last_used_at.is_none_or(|noted| noted < noted_since)
        {
            sqlx::query(sql::NOTE_API_KEY_USE)
                .bind(key.id.uuid())
                .bind(Stamp(now))
                .bind(Stamp(noted_since))
                .execute(self.pool())
                .await
                .map_err(store_error("API key"))?;
        }
        Ok(key)
    }
}

#[trait_gen(Pool -> PgStore, SqliteStore)]
impl Pool {
    async fn delete_api_key_once(
        &self,
        account: OwnerId,
        id: ApiKeyId,
    ) -> Result<bool, StoreError> {
        let mut tx = self.write().await?;
        let deleted = sqlx::query(sql::DELETE_API_KEY)
            .bind(account.uuid())
            .bind(id.uuid())
            .execute(&mut *tx)
            .await
            .map_err(store_error("API key"))?;
        if deleted.rows_affected() == 0 {
            return Ok(false);
        }
        Pool::commit_deed(tx, "API key", account, None).await?;
        Ok(true)
    }
}
