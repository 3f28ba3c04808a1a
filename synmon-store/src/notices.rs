//! The outbox.

use async_trait::async_trait;
use sqlx::{FromRow, Transaction};
use synmon_core::{
    NoticeId, OwnerId, Timestamp,
    notice::Notice,
    store::{ClaimedNotice, NoticeStore, Settlement, StoreError},
};
use tracing::error;
use trait_gen::trait_gen;
use uuid::Uuid;

use crate::{
    PgStore, SqliteStore,
    dialect::Dialect,
    error::{corrupt, store_error},
    run_rows::small,
    sql,
    stamp::Stamp,
    wakeups::Wakeup,
};

#[derive(FromRow)]
struct NoticeRow {
    id: Uuid,
    owner_id: Option<Uuid>,
    created_at: Stamp,
    body: String,
    attempts: i64,
}

impl TryFrom<NoticeRow> for ClaimedNotice {
    type Error = StoreError;

    fn try_from(row: NoticeRow) -> Result<Self, StoreError> {
        Ok(Self {
            notice: Notice {
                id: NoticeId::from_uuid(row.id),
                owner: row.owner_id.map(OwnerId::from_uuid),
                created_at: row.created_at.0,
                body: serde_json::from_str(&row.body).map_err(|error| corrupt("notice", error))?,
            },
            attempt: small(row.attempts)?,
        })
    }
}

#[trait_gen(Pool -> PgStore, SqliteStore)]
#[async_trait]
impl NoticeStore for Pool {
    async fn insert_notice(&self, notice: &Notice) -> Result<(), StoreError> {
        let mut tx = self.write().await?;
        Pool::put_notice(&mut tx, notice).await?;
        tx.commit().await.map_err(store_error("notice"))
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
            .fetch_all(self.pool())
            .await
            .map_err(store_error("notice"))?;
        // RETURNING promises no order.
        rows.sort_by_key(|row| row.id);
        let claimed = rows.into_iter().filter_map(|row| {
            let id = row.id;
            // One that can't be read must not keep the others from their receivers.
            ClaimedNotice::try_from(row)
                .inspect_err(|error| error!(notice.id = %id, "Notice {id} can't be sent: {error}"))
                .ok()
        });
        Ok(claimed.collect())
    }

    async fn settle(
        &self,
        notice: &ClaimedNotice,
        settlement: &Settlement,
    ) -> Result<(), StoreError> {
        let (status, due, error, settled) = match settlement {
            Settlement::Done { at } => ("done", at, None, Some(*at)),
            Settlement::Again { at, error } => ("pending", at, Some(error.as_str()), None),
            Settlement::GivenUp { at, error } => ("given_up", at, Some(error.as_str()), Some(*at)),
        };
        let settled = sqlx::query(sql::SETTLE_NOTICE)
            .bind(notice.notice.id.uuid())
            .bind(i64::from(notice.attempt))
            .bind(status)
            .bind(Stamp(*due))
            .bind(error)
            .bind(Stamp::maybe(settled))
            .execute(self.pool())
            .await
            .map_err(store_error("notice"))?;
        if settled.rows_affected() == 1 {
            Ok(())
        } else {
            Err(StoreError::Conflict { entity: "notice" })
        }
    }
}

#[trait_gen(Pool -> PgStore, SqliteStore)]
impl Pool {
    pub(crate) async fn put_notice(
        tx: &mut Transaction<'_, <Pool as Dialect>::Db>,
        notice: &Notice,
    ) -> Result<(), StoreError> {
        let body = serde_json::to_string(&notice.body)
            .map_err(|error| StoreError::Internal(error.into()))?;
        sqlx::query(sql::INSERT_NOTICE)
            .bind(notice.id.uuid())
            .bind(notice.owner.map(OwnerId::uuid))
            .bind(Stamp(notice.created_at))
            .bind(body)
            .execute(&mut **tx)
            .await
            .map_err(store_error("notice"))?;
        Pool::wake(tx, Wakeup::NoticeQueued).await
    }
}
