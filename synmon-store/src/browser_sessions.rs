//! The ledger of browser sessions on shared machines.

use async_trait::async_trait;
use sqlx::FromRow;
use synmon_core::{
    Timestamp,
    store::{BrowserSessionStore, ForgottenSession, SessionEntry, SessionsDue, StoreError},
};
use trait_gen::trait_gen;

use crate::{
    PgStore, SqliteStore, dialect::Dialect, error::store_error, run_rows::small, sql, stamp::Stamp,
};

#[derive(FromRow)]
struct ForgottenRow {
    tag: String,
    session_id: Option<String>,
    entered_at: Stamp,
    tries: i64,
}

impl TryFrom<ForgottenRow> for ForgottenSession {
    type Error = StoreError;

    fn try_from(row: ForgottenRow) -> Result<Self, StoreError> {
        Ok(Self {
            tag: row.tag,
            id: row.session_id,
            entered_at: row.entered_at.0,
            tries: small(row.tries)?,
        })
    }
}

#[trait_gen(Pool -> PgStore, SqliteStore)]
#[async_trait]
impl BrowserSessionStore for Pool {
    async fn enter_session(&self, entry: &SessionEntry) -> Result<(), StoreError> {
        sqlx::query(sql::ENTER_SESSION)
            .bind(entry.tag.as_str())
            .bind(entry.lease.run.uuid())
            .bind(entry.lease.fencing)
            .bind(Stamp(entry.entered_at))
            .execute(self.pool())
            .await
            .map(|_| ())
            .map_err(store_error("browser session"))
    }

    async fn name_session(&self, tag: &str, id: &str) -> Result<(), StoreError> {
        sqlx::query(sql::NAME_SESSION)
            .bind(tag)
            .bind(id)
            .execute(self.pool())
            .await
            .map(|_| ())
            .map_err(store_error("browser session"))
    }

    async fn strike_out_session(&self, tag: &str) -> Result<(), StoreError> {
        sqlx::query(sql::STRIKE_OUT_SESSION)
            .bind(tag)
            .execute(self.pool())
            .await
            .map(|_| ())
            .map_err(store_error("browser session"))
    }

    async fn take_forgotten_sessions(
        &self,
        due: &SessionsDue,
    ) -> Result<Vec<ForgottenSession>, StoreError> {
        let rows: Vec<ForgottenRow> = sqlx::query_as(Pool::TAKE_FORGOTTEN_SESSIONS)
            .bind(Stamp(due.now))
            .bind(Stamp(due.ended_before))
            .bind(Stamp(due.entered_before))
            .bind(Stamp(due.until))
            .bind(i64::from(due.limit))
            .fetch_all(self.pool())
            .await
            .map_err(store_error("browser session"))?;
        let mut taken: Vec<ForgottenSession> =
            rows.into_iter().map(TryInto::try_into).collect::<Result<_, _>>()?;
        // A statement that changes rows promises no order.
        taken.sort_by(|a, b| (a.entered_at, &a.tag).cmp(&(b.entered_at, &b.tag)));
        Ok(taken)
    }

    async fn expect_session(&self, tag: &str) -> Result<(), StoreError> {
        sqlx::query(sql::EXPECT_SESSION)
            .bind(tag)
            .execute(self.pool())
            .await
            .map(|_| ())
            .map_err(store_error("browser session"))
    }

    async fn give_session_up(&self, tag: &str) -> Result<(), StoreError> {
        sqlx::query(sql::GIVE_SESSION_UP)
            .bind(tag)
            .bind(true)
            .execute(self.pool())
            .await
            .map(|_| ())
            .map_err(store_error("browser session"))
    }

    async fn leaked_sessions(&self, since: Timestamp) -> Result<u64, StoreError> {
        let failed = || store_error("browser session");
        sqlx::query(sql::FORGET_LEAKED_SESSIONS)
            .bind(Stamp(since))
            .execute(self.pool())
            .await
            .map_err(failed())?;
        let count: i64 = sqlx::query_scalar(sql::LEAKED_SESSIONS)
            .fetch_one(self.pool())
            .await
            .map_err(failed())?;
        Ok(u64::try_from(count).unwrap_or_default())
    }
}
