//! Log-ins.

use std::net::IpAddr;

use async_trait::async_trait;
use sqlx::FromRow;
use synmon_core::{
    OwnerId, SessionId, Timestamp,
    store::{
        NewSession, Page, PageRequest, Rotation, SeenFrom, Session, SessionStore, StoreError,
        TokenHash,
    },
};
use trait_gen::trait_gen;
use uuid::Uuid;

use crate::{
    PgStore, SqliteStore, collision::despite_collisions, dialect::Dialect, error::store_error,
    guard::Transaction, sql, stamp::Stamp,
};

#[derive(FromRow)]
struct SessionRow {
    id: Uuid,
    created_at: Stamp,
    expires_at: Stamp,
    last_used_at: Option<Stamp>,
    address: Option<String>,
    user_agent: Option<String>,
}

impl From<SessionRow> for Session {
    fn from(row: SessionRow) -> Self {
        // A process of an earlier version notes nothing.
        let address = row.address.and_then(|address| address.parse().ok());
        Self {
            id: SessionId::from_uuid(row.id),
            created_at: row.created_at.0,
            last_used_at: row.last_used_at.unwrap_or(row.created_at).0,
            expires_at: row.expires_at.0,
            seen: address.map(|address| SeenFrom {
                address,
                user_agent: row.user_agent.unwrap_or_default(),
            }),
        }
    }
}

#[trait_gen(Pool -> PgStore, SqliteStore)]
#[async_trait]
impl SessionStore for Pool {
    async fn insert_session(&self, session: &NewSession) -> Result<(), StoreError> {
        let mut tx = self.write().await?;
        sqlx::query(sql::INSERT_SESSION)
            .bind(session.id.uuid())
            .bind(session.account.uuid())
            .bind(Stamp(session.created_at))
            .bind(Stamp(session.expires_at))
            .bind(session.seen.address.to_string())
            .bind(session.seen.user_agent.as_str())
            .execute(&mut *tx)
            .await
            .map_err(store_error("account"))?;
        Pool::put_refresh(&mut tx, session.refresh, session.id.uuid(), session.created_at).await?;
        tx.commit().await.map_err(store_error("session"))
    }

    async fn rotate(
        &self,
        spent: TokenHash,
        next: TokenHash,
        seen: &SeenFrom,
        now: Timestamp,
    ) -> Result<Rotation, StoreError> {
        despite_collisions(|| self.rotate_once(spent, next, seen, now)).await
    }

    async fn end_session(
        &self,
        token: TokenHash,
        now: Timestamp,
    ) -> Result<Option<OwnerId>, StoreError> {
        let mut tx = self.write().await?;
        let account = Pool::end_session_by(&mut tx, token, now).await?;
        tx.commit().await.map_err(store_error("session"))?;
        Ok(account)
    }

    async fn is_live(
        &self,
        session: SessionId,
        account: OwnerId,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        let holder: Option<Uuid> = sqlx::query_scalar(sql::LIVE_SESSION)
            .bind(session.uuid())
            .bind(Stamp(now))
            .fetch_optional(self.pool())
            .await
            .map_err(store_error("session"))?;
        Ok(holder == Some(account.uuid()))
    }

    async fn list_sessions(
        &self,
        account: OwnerId,
        page: PageRequest<SessionId>,
        now: Timestamp,
    ) -> Result<Page<Session, SessionId>, StoreError> {
        let rows: Vec<SessionRow> = sqlx::query_as(sql::LIST_SESSIONS)
            .bind(account.uuid())
            .bind(Stamp(now))
            .bind(page.after.map(SessionId::uuid))
            .bind(i64::from(page.limit) + 1)
            .fetch_all(self.pool())
            .await
            .map_err(store_error("session"))?;
        let sessions = rows.into_iter().map(Session::from).collect();
        Ok(Page::from_one_more(sessions, page.limit, |session: &Session| session.id))
    }

    async fn end_session_of(
        &self,
        account: OwnerId,
        session: SessionId,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        sqlx::query(sql::END_SESSION_OF)
            .bind(account.uuid())
            .bind(session.uuid())
            .bind(Stamp(now))
            .execute(self.pool())
            .await
            .map(|ended| ended.rows_affected() == 1)
            .map_err(store_error("session"))
    }

    async fn end_other_sessions(
        &self,
        account: OwnerId,
        kept: SessionId,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        sqlx::query(sql::END_OTHER_SESSIONS)
            .bind(account.uuid())
            .bind(kept.uuid())
            .bind(Stamp(now))
            .execute(self.pool())
            .await
            .map(|_| ())
            .map_err(store_error("session"))
    }

    async fn addresses_of(&self, account: OwnerId) -> Result<Vec<IpAddr>, StoreError> {
        let addresses: Vec<String> = sqlx::query_scalar(sql::ADDRESSES_OF)
            .bind(account.uuid())
            .fetch_all(self.pool())
            .await
            .map_err(store_error("session"))?;
        Ok(addresses.iter().filter_map(|address| address.parse().ok()).collect())
    }

    async fn prune_sessions(&self, before: Timestamp) -> Result<(), StoreError> {
        for statement in [sql::PRUNE_TOKENS, sql::PRUNE_CHANNEL_TOKENS, sql::PRUNE_SESSIONS] {
            sqlx::query(statement)
                .bind(Stamp(before))
                .execute(self.pool())
                .await
                .map_err(store_error("session"))?;
        }
        Ok(())
    }
}

#[trait_gen(Pool -> PgStore, SqliteStore)]
impl Pool {
    async fn rotate_once(
        &self,
        spent: TokenHash,
        next: TokenHash,
        seen: &SeenFrom,
        now: Timestamp,
    ) -> Result<Rotation, StoreError> {
        let mut tx = self.write().await?;
        sqlx::query(sql::LOCK_SESSION_OF_REFRESH)
            .bind(&spent.0[..])
            .bind(Stamp(now))
            .bind(seen.address.to_string())
            .bind(seen.user_agent.as_str())
            .execute(&mut *tx)
            .await
            .map_err(store_error("session"))?;
        let session: Option<Uuid> = sqlx::query_scalar(sql::SPEND_REFRESH)
            .bind(&spent.0[..])
            .bind(Stamp(now))
            .fetch_optional(&mut *tx)
            .await
            .map_err(store_error("session"))?;
        let Some(session) = session else {
            let reused = Pool::end_session_by(&mut tx, spent, now).await?;
            tx.commit().await.map_err(store_error("session"))?;
            return Ok(match reused {
                Some(account) => Rotation::Reused { account },
                None => Rotation::Unknown,
            });
        };
        let account: Option<Uuid> = sqlx::query_scalar(sql::LIVE_SESSION)
            .bind(session)
            .bind(Stamp(now))
            .fetch_optional(&mut *tx)
            .await
            .map_err(store_error("session"))?;
        let Some(account) = account else {
            return Ok(Rotation::Unknown);
        };
        Pool::put_refresh(&mut tx, next, session, now).await?;
        tx.commit().await.map_err(store_error("session"))?;
        Ok(Rotation::Rotated {
            account: OwnerId::from_uuid(account),
            session: SessionId::from_uuid(session),
        })
    }

    async fn put_refresh(
        tx: &mut Transaction<'_, <Pool as Dialect>::Db>,
        token: TokenHash,
        session: Uuid,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        sqlx::query(sql::INSERT_REFRESH)
            .bind(&token.0[..])
            .bind(session)
            .bind(Stamp(now))
            .execute(&mut **tx)
            .await
            .map(|_| ())
            .map_err(store_error("session"))
    }

    /// Ends the session of this token, if there is one. Whose it was.
    async fn end_session_by(
        tx: &mut Transaction<'_, <Pool as Dialect>::Db>,
        token: TokenHash,
        now: Timestamp,
    ) -> Result<Option<OwnerId>, StoreError> {
        let session: Option<(Uuid, Uuid)> = sqlx::query_as(sql::SESSION_OF_REFRESH)
            .bind(&token.0[..])
            .fetch_optional(&mut **tx)
            .await
            .map_err(store_error("session"))?;
        let Some((session, account)) = session else {
            return Ok(None);
        };
        sqlx::query(sql::END_SESSION)
            .bind(session)
            .bind(Stamp(now))
            .execute(&mut **tx)
            .await
            .map_err(store_error("session"))?;
        Ok(Some(OwnerId::from_uuid(account)))
    }
}
