//! Log-ins.

use std::time::Duration;

use std::net::IpAddr;

use async_trait::async_trait;
use sqlx::FromRow;
use synmon_core::{
    AccessId, OwnerId, SessionId, Timestamp,
    store::{
        Access, MAX_SESSIONS, NewSession, Page, PageRequest, Rotation, SeenFrom, Session,
        SessionStore, StoreError, TokenHash, TokenPair, USE_NOTED,
    },
};
use trait_gen::trait_gen;
use uuid::Uuid;

use crate::{
    PgStore, SqliteStore, collision::despite_collisions, dialect::Dialect, error::store_error,
    guard::Transaction, pruning, sql, stamp::Stamp,
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

/// A refresh token that is given, with the access token that goes with it, for another one. The
/// first one of a session is given for none.
struct NewRefresh {
    hash: TokenHash,
    access: Option<AccessId>,
    parent: Option<TokenHash>,
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
        despite_collisions(|| self.insert_session_once(session)).await
    }

    async fn rotate(
        &self,
        spent: TokenHash,
        next: TokenPair,
        seen: &SeenFrom,
        grace: Duration,
        now: Timestamp,
    ) -> Result<Rotation, StoreError> {
        despite_collisions(|| self.rotate_once(spent, next, seen, grace, now)).await
    }

    async fn end_session(
        &self,
        token: TokenHash,
        now: Timestamp,
    ) -> Result<Option<OwnerId>, StoreError> {
        despite_collisions(|| self.end_session_once(token, now)).await
    }

    async fn use_access(&self, access: &Access, now: Timestamp) -> Result<bool, StoreError> {
        let found: Option<(Uuid, bool)> = sqlx::query_as(sql::LIVE_ACCESS)
            .bind(access.session.uuid())
            .bind(access.id.uuid())
            .bind(Stamp(now))
            .bind(Stamp(now.before(USE_NOTED)))
            .fetch_optional(self.pool())
            .await
            .map_err(store_error("session"))?;
        match found {
            Some((account, _)) if account != access.account.uuid() => Ok(false),
            // It may be replaced this very moment: then it opens nothing.
            Some((_, true)) => sqlx::query(sql::NOTE_ACCESS_USE)
                .bind(access.id.uuid())
                .bind(Stamp(now))
                .execute(self.pool())
                .await
                .map(|noted| noted.rows_affected() == 1)
                .map_err(store_error("session")),
            found => Ok(found.is_some()),
        }
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
        let ended = || self.end_some(sql::END_SESSION_OF, account, session, now);
        despite_collisions(ended).await
    }

    async fn end_other_sessions(
        &self,
        account: OwnerId,
        kept: SessionId,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let ended = || self.end_some(sql::END_OTHER_SESSIONS, account, kept, now);
        despite_collisions(ended).await.map(|_| ())
    }

    async fn addresses_of(&self, account: OwnerId) -> Result<Vec<IpAddr>, StoreError> {
        let addresses: Vec<String> = sqlx::query_scalar(sql::ADDRESSES_OF)
            .bind(account.uuid())
            .fetch_all(self.pool())
            .await
            .map_err(store_error("session"))?;
        Ok(addresses.iter().filter_map(|address| address.parse().ok()).collect())
    }

    async fn prune_sessions(&self, before: Timestamp, limit: u32) -> Result<u32, StoreError> {
        let mut most = 0;
        for statement in [
            pruning::PRUNE_TOKENS,
            pruning::PRUNE_CHANNEL_TOKENS,
            pruning::PRUNE_REFRESH_TOKENS,
            pruning::PRUNE_SESSIONS,
        ] {
            most = most.max(self.prune(statement, before, limit).await?);
        }
        Ok(most)
    }
}

#[trait_gen(Pool -> PgStore, SqliteStore)]
impl Pool {
    async fn insert_session_once(&self, session: &NewSession) -> Result<(), StoreError> {
        let mut tx = self.write().await?;
        // Whoever changes the password now is waited for, or waits until this session is there to
        // be ended.
        let locked = sqlx::query(sql::LOCK_ACCOUNT_WITH_PASSWORD)
            .bind(session.account.uuid())
            .bind(session.password_hash.as_str())
            .execute(&mut *tx)
            .await
            .map_err(store_error("account"))?;
        if locked.rows_affected() == 0 {
            return Err(StoreError::Conflict { entity: "account" });
        }
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
        let first = NewRefresh { hash: session.refresh, access: None, parent: None };
        Pool::put_refresh(&mut tx, &first, session.id.uuid(), session.created_at).await?;
        sqlx::query(sql::END_OLDEST_SESSIONS)
            .bind(session.account.uuid())
            .bind(Stamp(session.created_at))
            .bind(i64::from(MAX_SESSIONS))
            .execute(&mut *tx)
            .await
            .map_err(store_error("session"))?;
        Pool::commit_deed(tx, "session", session.account, None).await
    }

    async fn rotate_once(
        &self,
        spent: TokenHash,
        next: TokenPair,
        seen: &SeenFrom,
        grace: Duration,
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
        let mut session: Option<Uuid> = sqlx::query_scalar(sql::SPEND_REFRESH)
            .bind(&spent.0[..])
            .bind(Stamp(now))
            .fetch_optional(&mut *tx)
            .await
            .map_err(store_error("session"))?;
        // Whoever comes at the same time may have looked at the clock before.
        if session.is_none() && !grace.is_zero() {
            session = sqlx::query_scalar(sql::REPLACE_REFRESH)
                .bind(&spent.0[..])
                .bind(Stamp(now))
                .bind(Stamp(now.before(grace)))
                .fetch_optional(&mut *tx)
                .await
                .map_err(store_error("session"))?;
        }
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
        let next =
            NewRefresh { hash: next.refresh, access: Some(next.access), parent: Some(spent) };
        Pool::put_refresh(&mut tx, &next, session, now).await?;
        tx.commit().await.map_err(store_error("session"))?;
        Ok(Rotation::Rotated {
            account: OwnerId::from_uuid(account),
            session: SessionId::from_uuid(session),
        })
    }

    async fn end_session_once(
        &self,
        token: TokenHash,
        now: Timestamp,
    ) -> Result<Option<OwnerId>, StoreError> {
        let mut tx = self.write().await?;
        let account = Pool::end_session_by(&mut tx, token, now).await?;
        if let Some(account) = account {
            Pool::commit_deed(tx, "session", account, None).await?;
        }
        Ok(account)
    }

    /// Ends sessions of an account by a statement that is about one of them. Whether there were any.
    async fn end_some(
        &self,
        statement: &'static str,
        account: OwnerId,
        session: SessionId,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        let mut tx = self.write().await?;
        let ended = sqlx::query(statement)
            .bind(account.uuid())
            .bind(session.uuid())
            .bind(Stamp(now))
            .execute(&mut *tx)
            .await
            .map_err(store_error("session"))?;
        if ended.rows_affected() == 0 {
            return Ok(false);
        }
        Pool::commit_deed(tx, "session", account, None).await?;
        Ok(true)
    }

    async fn put_refresh(
        tx: &mut Transaction<'_, <Pool as Dialect>::Db>,
        token: &NewRefresh,
        session: Uuid,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        sqlx::query(sql::INSERT_REFRESH)
            .bind(&token.hash.0[..])
            .bind(session)
            .bind(Stamp(now))
            .bind(token.access.map(AccessId::uuid))
            .bind(token.parent.as_ref().map(|parent| &parent.0[..]))
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
