//! The outbox.

use async_trait::async_trait;
use sqlx::FromRow;
use synmon_core::{
    ChannelId, NoticeId, OwnerId, Timestamp,
    channel::{Channel, Destination},
    notice::{Digest, Notice, NoticeBody},
    store::{ClaimedNotice, MAX_IN_FLIGHT, NoticeStore, Settlement, StoreError},
};
use tracing::error;
use trait_gen::trait_gen;
use uuid::Uuid;

use crate::{
    PgStore, SqliteStore,
    channel_rows::ChannelRow,
    collision::despite_collisions,
    dialect::Dialect,
    error::{corrupt, store_error},
    guard::Transaction,
    run_rows::small,
    sql,
    stamp::Stamp,
    wakeups::Wakeup,
};

#[derive(FromRow)]
struct NoticeRow {
    id: Uuid,
    owner_id: Option<Uuid>,
    channel_id: Option<Uuid>,
    created_at: Stamp,
    body: String,
    attempts: i64,
    tries: i64,
}

impl TryFrom<&NoticeRow> for Notice {
    type Error = StoreError;

    fn try_from(row: &NoticeRow) -> Result<Self, StoreError> {
        Ok(Self {
            id: NoticeId::from_uuid(row.id),
            owner: row.owner_id.map(OwnerId::from_uuid),
            channel: row.channel_id.map(ChannelId::from_uuid),
            created_at: row.created_at.0,
            body: serde_json::from_str(&row.body).map_err(|error| corrupt("notice", error))?,
        })
    }
}

#[trait_gen(Pool -> PgStore, SqliteStore)]
#[async_trait]
impl NoticeStore for Pool {
    async fn insert_notice(&self, notice: &Notice) -> Result<(), StoreError> {
        let mut tx = self.write().await?;
        if let Some(channel) = notice.channel {
            let held: i64 = sqlx::query_scalar(sql::HOLDS_CHANNEL)
                .bind(channel.uuid())
                .bind(notice.owner.map(OwnerId::uuid))
                .fetch_one(&mut *tx)
                .await
                .map_err(store_error("channel"))?;
            if held == 0 {
                return Err(StoreError::Conflict { entity: "channel" });
            }
        }
        Pool::put_notice(&mut tx, notice, None).await?;
        match notice.owner {
            Some(owner) => Pool::commit_deed(tx, "notice", owner, None).await,
            None => tx.commit().await.map_err(store_error("notice")),
        }
    }

    async fn claim_notices(
        &self,
        now: Timestamp,
        until: Timestamp,
        limit: u32,
    ) -> Result<Vec<ClaimedNotice>, StoreError> {
        let mut rows: Vec<NoticeRow> = sqlx::query_as(Pool::CLAIM_NOTICES)
            .bind(Stamp(now))
            .bind(Stamp(until))
            .bind(i64::from(limit))
            .bind(i64::from(MAX_IN_FLIGHT))
            .fetch_all(self.pool())
            .await
            .map_err(store_error("notice"))?;
        // RETURNING promises no order.
        rows.sort_by_key(|row| row.id);
        let mut claimed = Vec::new();
        for row in rows {
            match self.claimed(&row).await {
                Ok(notice) => claimed.push(notice),
                // One that can't be read must not keep the others from their receivers.
                Err(error) => {
                    error!(notice.id = %row.id, "Notice {} can't be sent: {error}", row.id);
                }
            }
        }
        Ok(claimed)
    }

    async fn settle(
        &self,
        notice: &ClaimedNotice,
        settlement: &Settlement,
    ) -> Result<(), StoreError> {
        let (status, due, error, settled) = match settlement {
            Settlement::Done { at } => ("done", at, None, Some(*at)),
            Settlement::Again { at, error } => ("pending", at, Some(error.as_str()), None),
            Settlement::GivenUp { at, error, .. } => {
                ("given_up", at, Some(error.as_str()), Some(*at))
            }
        };
        let mut tx = self.write().await?;
        let settled = sqlx::query(sql::SETTLE_NOTICE)
            .bind(notice.notice.id.uuid())
            .bind(i64::from(notice.claim))
            .bind(status)
            .bind(Stamp(*due))
            .bind(error)
            .bind(Stamp::maybe(settled))
            .execute(&mut *tx)
            .await
            .map_err(store_error("notice"))?;
        if settled.rows_affected() == 0 {
            return Err(StoreError::Conflict { entity: "notice" });
        }
        if let Destination::Channel(channel) = &notice.to {
            Pool::note(&mut tx, channel, settlement).await?;
        }
        if let Settlement::GivenUp { instead: Some(instead), .. } = settlement {
            Pool::put_notice(&mut tx, instead, None).await?;
        }
        tx.commit().await.map_err(store_error("notice"))
    }

    async fn release_held(&self, now: Timestamp) -> Result<u32, StoreError> {
        let receivers: Vec<(Uuid, Option<Uuid>)> = sqlx::query_as(sql::HELD)
            .bind(Stamp(now))
            .fetch_all(self.pool())
            .await
            .map_err(store_error("notice"))?;
        let mut released = 0;
        for (owner, channel) in receivers {
            released += despite_collisions(|| self.release_held_of(owner, channel, now)).await?;
        }
        Ok(released)
    }
}

#[trait_gen(Pool -> PgStore, SqliteStore)]
impl Pool {
    /// Puts a notice into the outbox, where it may be held for a digest.
    pub(crate) async fn put_notice(
        tx: &mut Transaction<'_, <Pool as Dialect>::Db>,
        notice: &Notice,
        held_until: Option<Timestamp>,
    ) -> Result<(), StoreError> {
        let body = serde_json::to_string(&notice.body)
            .map_err(|error| StoreError::Internal(error.into()))?;
        sqlx::query(sql::INSERT_NOTICE)
            .bind(notice.id.uuid())
            .bind(notice.owner.map(OwnerId::uuid))
            .bind(Stamp(notice.created_at))
            .bind(body)
            .bind(if held_until.is_some() { "held" } else { "pending" })
            .bind(Stamp(held_until.unwrap_or(notice.created_at)))
            .bind(notice.channel.map(ChannelId::uuid))
            .bind(notice.body.run().map(synmon_core::RunId::uuid))
            .bind(notice.body.event())
            .execute(&mut **tx)
            .await
            .map_err(store_error("notice"))?;
        Pool::wake(tx, Wakeup::NoticeQueued).await
    }

    async fn claimed(&self, row: &NoticeRow) -> Result<ClaimedNotice, StoreError> {
        let channel: Option<ChannelRow> = match row.channel_id {
            None => None,
            Some(id) => sqlx::query_as(sql::CHANNEL_OF_NOTICE)
                .bind(id)
                .fetch_optional(self.pool())
                .await
                .map_err(store_error("channel"))?,
        };
        Ok(ClaimedNotice {
            notice: row.try_into()?,
            to: match channel {
                Some(channel) => Destination::Channel(channel.try_into()?),
                None => Destination::Owner,
            },
            claim: small(row.attempts)?,
            attempt: small(row.tries)?,
        })
    }

    /// Notes at a channel what came of a delivery to it.
    async fn note(
        tx: &mut Transaction<'_, <Pool as Dialect>::Db>,
        channel: &Channel,
        settlement: &Settlement,
    ) -> Result<(), StoreError> {
        let id = channel.id.uuid();
        match settlement {
            Settlement::Done { at } => {
                let done = sqlx::query(sql::NOTE_DELIVERY).bind(id).bind(Stamp(*at));
                done.execute(&mut **tx).await.map_err(store_error("channel"))?;
            }
            Settlement::Again { error, .. } => Pool::note_failure(tx, id, error).await?,
            Settlement::GivenUp { at, error, instead: _, disable } => {
                Pool::note_failure(tx, id, error).await?;
                let Some(disable) = disable else { return Ok(()) };
                let disabled = sqlx::query(sql::DISABLE_CHANNEL)
                    .bind(id)
                    .bind(error.as_str())
                    .bind(Stamp(*at))
                    .bind(channel.version)
                    .execute(&mut **tx)
                    .await
                    .map_err(store_error("channel"))?;
                if disabled.rows_affected() == 1 {
                    Pool::put_notice(tx, disable, None).await?;
                }
            }
        }
        Ok(())
    }

    async fn note_failure(
        tx: &mut Transaction<'_, <Pool as Dialect>::Db>,
        channel: Uuid,
        error: &str,
    ) -> Result<(), StoreError> {
        sqlx::query(sql::NOTE_FAILURE)
            .bind(channel)
            .bind(error)
            .execute(&mut **tx)
            .await
            .map(|_| ())
            .map_err(store_error("channel"))
    }

    /// One that can't be read must not keep the others from being told.
    async fn give_up_unread(
        tx: &mut Transaction<'_, <Pool as Dialect>::Db>,
        id: Uuid,
        why: &StoreError,
    ) -> Result<(), StoreError> {
        error!(notice.id = %id, "Notice {id} can't be told in a digest: {why}");
        sqlx::query(sql::NOT_READ)
            .bind(id)
            .bind(why.to_string())
            .execute(&mut **tx)
            .await
            .map(|_| ())
            .map_err(store_error("notice"))
    }

    /// Makes a digest of what is held for one receiver. Of two that do so at a time, one finds
    /// nothing left.
    async fn release_held_of(
        &self,
        owner: Uuid,
        channel: Option<Uuid>,
        now: Timestamp,
    ) -> Result<u32, StoreError> {
        let mut tx = self.write().await?;
        let rows: Vec<NoticeRow> = sqlx::query_as(sql::TAKE_HELD)
            .bind(owner)
            .bind(channel)
            .bind(Stamp(now))
            .fetch_all(&mut *tx)
            .await
            .map_err(store_error("notice"))?;
        if let [only] = rows.as_slice() {
            sqlx::query(sql::LET_GO)
                .bind(only.id)
                .bind(Stamp(now))
                .execute(&mut *tx)
                .await
                .map_err(store_error("notice"))?;
        } else if !rows.is_empty() {
            let mut held = Vec::new();
            for row in &rows {
                match Notice::try_from(row) {
                    Ok(notice) => held.push(notice),
                    Err(error) => Pool::give_up_unread(&mut tx, row.id, &error).await?,
                }
            }
            let digest = Notice {
                id: NoticeId::new(now),
                owner: Some(OwnerId::from_uuid(owner)),
                channel: channel.map(ChannelId::from_uuid),
                created_at: now,
                body: NoticeBody::Digest(Digest::of(held.iter().map(|notice| &notice.body))),
            };
            Pool::put_notice(&mut tx, &digest, None).await?;
        }
        tx.commit().await.map_err(store_error("notice"))?;
        Ok(u32::try_from(rows.len()).unwrap_or(u32::MAX))
    }
}
