//! Channels, and what was delivered to them.

use async_trait::async_trait;
use synmon_core::{
    ChannelId, NoticeId, OwnerId, RunId, Timestamp,
    channel::{Channel, ChannelTarget},
    notice::Notice,
    store::{
        Account, ChannelStore, DeliveryRecord, Made, NewChannelToken, Page, PageRequest,
        StoreError, TokenHash,
    },
};
use trait_gen::trait_gen;
use uuid::Uuid;

use crate::{
    PgStore, SqliteStore,
    channel_rows::{ChannelRow, DeliveryRow, target_json},
    collision::despite_collisions,
    dialect::Dialect,
    error::store_error,
    flow_rows::{channel_ids, channels_json},
    guard::Transaction,
    sql,
    stamp::Stamp,
};

#[trait_gen(Pool -> PgStore, SqliteStore)]
#[async_trait]
impl ChannelStore for Pool {
    async fn insert_channel(
        &self,
        channel: &Channel,
        confirmation: Option<&Notice>,
        most: u32,
    ) -> Result<bool, StoreError> {
        let mut tx = self.write().await?;
        // Two at a time must not both find the last place free.
        sqlx::query(sql::LOCK_OWNER_OF_CHANNELS)
            .bind(channel.owner.uuid())
            .execute(&mut *tx)
            .await
            .map_err(store_error("account"))?;
        let count: i64 = sqlx::query_scalar(sql::COUNT_CHANNELS)
            .bind(channel.owner.uuid())
            .fetch_one(&mut *tx)
            .await
            .map_err(store_error("channel"))?;
        if count >= i64::from(most) {
            return Ok(false);
        }
        sqlx::query(sql::INSERT_CHANNEL)
            .bind(channel.id.uuid())
            .bind(channel.owner.uuid())
            .bind(channel.name.as_str())
            .bind(channel.target.kind().as_str())
            .bind(target_json(&channel.target)?)
            .bind(channel.status.as_str())
            .bind(channel.status_reason.as_deref())
            .bind(Stamp::maybe(channel.last_delivered_at))
            .bind(channel.last_error.as_deref())
            .bind(channel.version)
            .bind(Stamp(channel.created_at))
            .bind(Stamp(channel.updated_at))
            .execute(&mut *tx)
            .await
            .map_err(store_error("channel"))?;
        if let Some(confirmation) = confirmation {
            Pool::put_notice(&mut tx, confirmation, None).await?;
        }
        let made = Made::new("channel", channel.id.uuid());
        Pool::commit_deed(tx, "channel", channel.owner, Some(made)).await?;
        Ok(true)
    }

    async fn channel(&self, owner: OwnerId, id: ChannelId) -> Result<Option<Channel>, StoreError> {
        let row: Option<ChannelRow> = sqlx::query_as(sql::CHANNEL)
            .bind(id.uuid())
            .bind(owner.uuid())
            .fetch_optional(self.pool())
            .await
            .map_err(store_error("channel"))?;
        row.map(Channel::try_from).transpose()
    }

    async fn list_channels(
        &self,
        owner: OwnerId,
        page: PageRequest<ChannelId>,
    ) -> Result<Page<Channel, ChannelId>, StoreError> {
        let rows: Vec<ChannelRow> = sqlx::query_as(sql::LIST_CHANNELS)
            .bind(owner.uuid())
            .bind(page.after.map(ChannelId::uuid))
            .bind(i64::from(page.limit) + 1)
            .fetch_all(self.pool())
            .await
            .map_err(store_error("channel"))?;
        let channels = rows.into_iter().map(Channel::try_from).collect::<Result<_, _>>()?;
        Ok(Page::from_one_more(channels, page.limit, |channel: &Channel| channel.id))
    }

    async fn owned_channels(
        &self,
        owner: OwnerId,
        ids: &[ChannelId],
    ) -> Result<Vec<ChannelId>, StoreError> {
        let all: Vec<Uuid> = sqlx::query_scalar(sql::CHANNEL_IDS)
            .bind(owner.uuid())
            .fetch_all(self.pool())
            .await
            .map_err(store_error("channel"))?;
        Ok(ids.iter().copied().filter(|id| all.contains(&id.uuid())).collect())
    }

    async fn update_channel(
        &self,
        channel: &Channel,
        confirmation: Option<&Notice>,
    ) -> Result<(), StoreError> {
        let mut tx = self.write().await?;
        let updated = sqlx::query(sql::UPDATE_CHANNEL)
            .bind(channel.id.uuid())
            .bind(channel.version)
            .bind(channel.name.as_str())
            .bind(channel.target.kind().as_str())
            .bind(target_json(&channel.target)?)
            .bind(channel.status.as_str())
            .bind(channel.status_reason.as_deref())
            .bind(Stamp(channel.updated_at))
            .execute(&mut *tx)
            .await
            .map_err(store_error("channel"))?;
        if updated.rows_affected() == 0 {
            return Err(StoreError::Conflict { entity: "channel" });
        }
        if let Some(confirmation) = confirmation {
            Pool::put_notice(&mut tx, confirmation, None).await?;
        }
        Pool::commit_deed(tx, "channel", channel.owner, None).await
    }

    async fn delete_channel(&self, owner: OwnerId, id: ChannelId) -> Result<bool, StoreError> {
        despite_collisions(|| self.delete_channel_once(owner, id)).await
    }

    async fn issue_channel_token(
        &self,
        token: &NewChannelToken,
        since: Timestamp,
        most: u32,
    ) -> Result<bool, StoreError> {
        let mut tx = self.write().await?;
        let Some(channel) = Pool::unconfirmed(&mut tx, token.channel).await? else {
            return Ok(false);
        };
        if address(&channel) != Some(token.email.as_str()) {
            return Ok(false);
        }
        let key = Account::email_key(&token.email);
        // Two letters that are written at a time must not both count before either adds.
        sqlx::query(Pool::LOCK_TEXT)
            .bind(key.as_str())
            .execute(&mut *tx)
            .await
            .map_err(store_error("token"))?;
        let issued: i64 = sqlx::query_scalar(sql::COUNT_CHANNEL_TOKENS)
            .bind(key.as_str())
            .bind(Stamp(since))
            .fetch_one(&mut *tx)
            .await
            .map_err(store_error("token"))?;
        if issued >= i64::from(most) {
            return Ok(false);
        }
        sqlx::query(sql::END_CHANNEL_TOKENS)
            .bind(token.channel.uuid())
            .bind(Stamp(token.created_at))
            .execute(&mut *tx)
            .await
            .map_err(store_error("token"))?;
        sqlx::query(sql::INSERT_CHANNEL_TOKEN)
            .bind(&token.hash.0[..])
            .bind(token.channel.uuid())
            .bind(token.email.as_str())
            .bind(key.as_str())
            .bind(Stamp(token.created_at))
            .bind(Stamp(token.expires_at))
            .execute(&mut *tx)
            .await
            .map_err(store_error("token"))?;
        tx.commit().await.map_err(store_error("token"))?;
        Ok(true)
    }

    async fn confirm_channel(&self, token: TokenHash, now: Timestamp) -> Result<bool, StoreError> {
        let mut tx = self.write().await?;
        let hash = &token.0[..];
        let row: Option<ChannelRow> = sqlx::query_as(sql::LOCK_CHANNEL_OF_TOKEN)
            .bind(hash)
            .fetch_optional(&mut *tx)
            .await
            .map_err(store_error("channel"))?;
        let Some(channel) = row.map(Channel::try_from).transpose()? else {
            return Ok(false);
        };
        let Some(email) = address(&channel) else { return Ok(false) };
        let spent: Option<Uuid> = sqlx::query_scalar(sql::SPEND_CHANNEL_TOKEN)
            .bind(hash)
            .bind(email)
            .bind(Stamp(now))
            .fetch_optional(&mut *tx)
            .await
            .map_err(store_error("token"))?;
        if spent.is_none() {
            return Ok(false);
        }
        sqlx::query(sql::CONFIRM_CHANNEL)
            .bind(channel.id.uuid())
            .bind(Stamp(now))
            .execute(&mut *tx)
            .await
            .map_err(store_error("channel"))?;
        Pool::commit_deed(tx, "channel", channel.owner, None).await?;
        Ok(true)
    }

    async fn deliveries(
        &self,
        owner: OwnerId,
        channel: ChannelId,
        page: PageRequest<NoticeId>,
    ) -> Result<Page<DeliveryRecord, NoticeId>, StoreError> {
        let rows: Vec<DeliveryRow> = sqlx::query_as(sql::DELIVERIES)
            .bind(owner.uuid())
            .bind(channel.uuid())
            .bind(page.after.map(NoticeId::uuid))
            .bind(i64::from(page.limit) + 1)
            .fetch_all(self.pool())
            .await
            .map_err(store_error("notice"))?;
        let records = rows.into_iter().map(DeliveryRecord::try_from).collect::<Result<_, _>>()?;
        Ok(Page::from_one_more(records, page.limit, |record: &DeliveryRecord| record.id))
    }

    async fn deliveries_of_run(
        &self,
        owner: OwnerId,
        run: RunId,
    ) -> Result<Vec<DeliveryRecord>, StoreError> {
        let rows: Vec<DeliveryRow> = sqlx::query_as(sql::DELIVERIES_OF_RUN)
            .bind(owner.uuid())
            .bind(run.uuid())
            .fetch_all(self.pool())
            .await
            .map_err(store_error("notice"))?;
        rows.into_iter().map(DeliveryRecord::try_from).collect()
    }

    async fn resend(
        &self,
        owner: OwnerId,
        channel: ChannelId,
        id: NoticeId,
        now: Timestamp,
    ) -> Result<Option<DeliveryRecord>, StoreError> {
        let mut tx = self.write().await?;
        let row: Option<DeliveryRow> = sqlx::query_as(sql::RESEND)
            .bind(owner.uuid())
            .bind(channel.uuid())
            .bind(id.uuid())
            .bind(Stamp(now))
            .fetch_optional(&mut *tx)
            .await
            .map_err(store_error("notice"))?;
        let Some(row) = row else {
            let there: i64 = sqlx::query_scalar(sql::HAS_DELIVERY)
                .bind(owner.uuid())
                .bind(channel.uuid())
                .bind(id.uuid())
                .fetch_one(&mut *tx)
                .await
                .map_err(store_error("notice"))?;
            return if there == 0 {
                Ok(None)
            } else {
                Err(StoreError::Conflict { entity: "notice" })
            };
        };
        Pool::wake(&mut tx, crate::wakeups::Wakeup::NoticeQueued).await?;
        Pool::commit_deed(tx, "notice", owner, None).await?;
        row.try_into().map(Some)
    }
}

#[trait_gen(Pool -> PgStore, SqliteStore)]
impl Pool {
    async fn delete_channel_once(&self, owner: OwnerId, id: ChannelId) -> Result<bool, StoreError> {
        let mut tx = self.write().await?;
        // Flows, notices, the channel: in this order, as everything that locks several of them.
        let flows: Vec<(Uuid, String)> = sqlx::query_as(sql::LOCK_FLOWS_OF_CHANNEL)
            .bind(owner.uuid())
            .bind(format!("%{id}%"))
            .fetch_all(&mut *tx)
            .await
            .map_err(store_error("flow"))?;
        for (flow, channels) in flows {
            let mut channels = channel_ids(&channels)?;
            channels.retain(|channel| *channel != id);
            sqlx::query(sql::SET_CHANNELS)
                .bind(flow)
                .bind(channels_json(&channels)?)
                .execute(&mut *tx)
                .await
                .map_err(store_error("flow"))?;
        }
        sqlx::query(sql::REROUTE)
            .bind(id.uuid())
            .bind(owner.uuid())
            .execute(&mut *tx)
            .await
            .map_err(store_error("notice"))?;
        let deleted = sqlx::query(sql::DELETE_CHANNEL)
            .bind(id.uuid())
            .bind(owner.uuid())
            .execute(&mut *tx)
            .await
            .map_err(store_error("channel"))?;
        if deleted.rows_affected() == 0 {
            return Ok(false);
        }
        Pool::commit_deed(tx, "channel", owner, None).await?;
        Ok(true)
    }

    /// Locks a channel that is not confirmed yet.
    async fn unconfirmed(
        tx: &mut Transaction<'_, <Pool as Dialect>::Db>,
        id: ChannelId,
    ) -> Result<Option<Channel>, StoreError> {
        let row: Option<ChannelRow> = sqlx::query_as(sql::LOCK_CHANNEL)
            .bind(id.uuid())
            .fetch_optional(&mut **tx)
            .await
            .map_err(store_error("channel"))?;
        row.map(Channel::try_from).transpose()
    }
}

/// The address of a channel that has one.
fn address(channel: &Channel) -> Option<&str> {
    match &channel.target {
        ChannelTarget::Email { email } => Some(email),
        ChannelTarget::Webhook { .. } | ChannelTarget::Plugin { .. } => None,
    }
}
