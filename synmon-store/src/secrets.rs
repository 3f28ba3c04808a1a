//! Secrets of owners, sealed.

use async_trait::async_trait;
use sqlx::FromRow;
use synmon_core::{
    ChannelId, OwnerId,
    channel::Channel,
    secret::{SealedSecret, SecretName, StoredSecret},
    store::{Made, SecretStore, StoreError},
};
use trait_gen::trait_gen;
use uuid::Uuid;

use crate::{
    PgStore, SqliteStore,
    channel_rows::{ChannelRow, target_json},
    error::{corrupt, store_error},
    sql,
    stamp::Stamp,
};

#[derive(FromRow)]
struct SecretRow {
    owner_id: Uuid,
    name: String,
    sealed: String,
    created_at: Stamp,
    updated_at: Stamp,
}

impl TryFrom<SecretRow> for StoredSecret {
    type Error = StoreError;

    fn try_from(row: SecretRow) -> Result<Self, StoreError> {
        let sealed = SealedSecret::read(&row.sealed);
        Ok(Self {
            owner: OwnerId::from_uuid(row.owner_id),
            name: row.name.parse().map_err(|error: String| corrupt("secret", error))?,
            sealed: sealed.ok_or_else(|| corrupt("secret", "it is not sealed"))?,
            created_at: row.created_at.0,
            updated_at: row.updated_at.0,
        })
    }
}

#[trait_gen(Pool -> PgStore, SqliteStore)]
#[async_trait]
impl SecretStore for Pool {
    async fn put_secret(&self, secret: &StoredSecret, most: u32) -> Result<bool, StoreError> {
        let mut tx = self.write().await?;
        // Two at a time must not both find the last place free.
        sqlx::query(sql::LOCK_ACCOUNT)
            .bind(secret.owner.uuid())
            .execute(&mut *tx)
            .await
            .map_err(store_error("account"))?;
        let others: i64 = sqlx::query_scalar(sql::COUNT_OTHER_SECRETS)
            .bind(secret.owner.uuid())
            .bind(secret.name.as_str())
            .fetch_one(&mut *tx)
            .await
            .map_err(store_error("secret"))?;
        let there: i64 = sqlx::query_scalar(sql::HAS_SECRET)
            .bind(secret.owner.uuid())
            .bind(secret.name.as_str())
            .fetch_one(&mut *tx)
            .await
            .map_err(store_error("secret"))?;
        if there == 0 && others >= i64::from(most) {
            return Ok(false);
        }
        sqlx::query(sql::PUT_SECRET)
            .bind(secret.owner.uuid())
            .bind(secret.name.as_str())
            .bind(secret.sealed.key().unwrap_or_default())
            .bind(secret.sealed.as_str())
            .bind(Stamp(secret.created_at))
            .bind(Stamp(secret.updated_at))
            .execute(&mut *tx)
            .await
            .map_err(store_error("secret"))?;
        let made = (there == 0).then_some(Made { kind: "secret", id: None });
        Pool::commit_deed(tx, "secret", secret.owner, made).await?;
        Ok(true)
    }

    async fn secret(
        &self,
        owner: OwnerId,
        name: &SecretName,
    ) -> Result<Option<StoredSecret>, StoreError> {
        let row: Option<SecretRow> = sqlx::query_as(sql::SECRET)
            .bind(owner.uuid())
            .bind(name.as_str())
            .fetch_optional(self.pool())
            .await
            .map_err(store_error("secret"))?;
        row.map(StoredSecret::try_from).transpose()
    }

    async fn secrets(&self, owner: OwnerId) -> Result<Vec<StoredSecret>, StoreError> {
        let rows: Vec<SecretRow> = sqlx::query_as(sql::SECRETS)
            .bind(owner.uuid())
            .fetch_all(self.pool())
            .await
            .map_err(store_error("secret"))?;
        let secrets = rows.into_iter().map(StoredSecret::try_from);
        let mut secrets: Vec<_> = secrets.collect::<Result<_, _>>()?;
        // Databases order texts each in their own way.
        secrets.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(secrets)
    }

    async fn delete_secret(&self, owner: OwnerId, name: &SecretName) -> Result<bool, StoreError> {
        let mut tx = self.write().await?;
        let deleted = sqlx::query(sql::DELETE_SECRET)
            .bind(owner.uuid())
            .bind(name.as_str())
            .execute(&mut *tx)
            .await
            .map_err(store_error("secret"))?;
        if deleted.rows_affected() == 0 {
            return Ok(false);
        }
        Pool::commit_deed(tx, "secret", owner, None).await?;
        Ok(true)
    }

    async fn secrets_sealed_otherwise(
        &self,
        key: &str,
        after: Option<(OwnerId, &SecretName)>,
        limit: u32,
    ) -> Result<Vec<StoredSecret>, StoreError> {
        let rows: Vec<SecretRow> = sqlx::query_as(sql::SECRETS_SEALED_OTHERWISE)
            .bind(key)
            .bind(after.map(|(owner, _)| owner.uuid()))
            .bind(after.map(|(_, name)| name.as_str()))
            .bind(i64::from(limit))
            .fetch_all(self.pool())
            .await
            .map_err(store_error("secret"))?;
        rows.into_iter().map(StoredSecret::try_from).collect()
    }

    async fn reseal_secret(
        &self,
        secret: &StoredSecret,
        sealed: &SealedSecret,
    ) -> Result<bool, StoreError> {
        let resealed = sqlx::query(sql::RESEAL_SECRET)
            .bind(secret.owner.uuid())
            .bind(secret.name.as_str())
            .bind(secret.sealed.as_str())
            .bind(sealed.key().unwrap_or_default())
            .bind(sealed.as_str())
            .execute(self.pool())
            .await
            .map_err(store_error("secret"))?;
        Ok(resealed.rows_affected() > 0)
    }

    async fn webhooks(
        &self,
        after: Option<ChannelId>,
        limit: u32,
    ) -> Result<Vec<Channel>, StoreError> {
        let rows: Vec<ChannelRow> = sqlx::query_as(sql::WEBHOOKS)
            .bind(after.map(ChannelId::uuid))
            .bind(i64::from(limit))
            .fetch_all(self.pool())
            .await
            .map_err(store_error("channel"))?;
        rows.into_iter().map(Channel::try_from).collect()
    }

    async fn reseal_webhook(&self, channel: &Channel) -> Result<bool, StoreError> {
        let resealed = sqlx::query(sql::RESEAL_WEBHOOK)
            .bind(channel.id.uuid())
            .bind(channel.version)
            .bind(target_json(&channel.target)?)
            .execute(self.pool())
            .await
            .map_err(store_error("channel"))?;
        Ok(resealed.rows_affected() > 0)
    }
}
