//! Removing many rows, a batch at a time: one statement for all of them would hold its locks for
//! long, and might never get done within its limit.

use synmon_core::{Timestamp, store::StoreError};
use trait_gen::trait_gen;
use uuid::Uuid;

use crate::{PgStore, SqliteStore, error::store_error, sql::statements, stamp::Stamp};

/// How many rows of an owner are removed at once.
const CLEARED_AT_A_TIME: u32 = 1_000;

// The first value is a time or an owner, the last one how many.
statements! {
    PRUNE_TOKENS = "DELETE FROM account_tokens WHERE hash IN (SELECT hash FROM account_tokens \
        WHERE expires_at < $1 ORDER BY expires_at LIMIT $2)";
    PRUNE_CHANNEL_TOKENS = "DELETE FROM channel_tokens WHERE hash IN (SELECT hash \
        FROM channel_tokens WHERE expires_at < $1 ORDER BY expires_at LIMIT $2)";
    /// Before their sessions: one may have very many.
    PRUNE_REFRESH_TOKENS = "DELETE FROM refresh_tokens WHERE hash IN (SELECT t.hash \
        FROM sessions s JOIN refresh_tokens t ON t.session_id = s.id \
        WHERE s.expires_at < $1 OR s.ended_at < $1 LIMIT $2)";
    PRUNE_SESSIONS = "DELETE FROM sessions WHERE id IN (SELECT s.id FROM sessions s \
        WHERE (s.expires_at < $1 OR s.ended_at < $1) AND NOT EXISTS (SELECT 1 \
        FROM refresh_tokens t WHERE t.session_id = s.id) LIMIT $2)";
    /// Who confirms one this very moment keeps it.
    PRUNE_UNCONFIRMED = "DELETE FROM accounts WHERE confirmed_at IS NULL AND id IN \
        (SELECT a.id FROM accounts a WHERE a.confirmed_at IS NULL AND a.created_at < $1 \
        AND NOT EXISTS (SELECT 1 FROM account_tokens t WHERE t.account_id = a.id \
        AND t.created_at >= $1) ORDER BY a.created_at LIMIT $2)";
    PRUNE_AUDIT = "DELETE FROM audit WHERE id IN (SELECT id FROM audit WHERE at < $1 \
        ORDER BY at LIMIT $2)";
    AUDITS_ABOVE = "SELECT account_id FROM audit GROUP BY account_id HAVING COUNT(*) > $1";
    SHORTEN_AUDIT = "DELETE FROM audit WHERE id IN (SELECT id FROM audit WHERE account_id = $1 \
        AND id <= (SELECT id FROM audit WHERE account_id = $1 ORDER BY id DESC LIMIT 1 OFFSET $2) \
        ORDER BY id LIMIT $3)";
    FORGET_OLDEST_REQUESTS = "DELETE FROM keyed_requests WHERE owner_id = $1 AND hash IN \
        (SELECT hash FROM keyed_requests WHERE owner_id = $1 AND began_at <= \
        (SELECT began_at FROM keyed_requests WHERE owner_id = $1 \
        ORDER BY began_at DESC LIMIT 1 OFFSET $2) ORDER BY began_at LIMIT 100)";
    CLEAR_AUDIT_OF_OWNER = "DELETE FROM audit WHERE id IN (SELECT id FROM audit \
        WHERE account_id = $1 ORDER BY id LIMIT $2)";
    /// Those that are good go with their sessions, of which there are few.
    CLEAR_REFRESH_TOKENS_OF_OWNER = "DELETE FROM refresh_tokens WHERE hash IN (SELECT t.hash \
        FROM sessions s JOIN refresh_tokens t ON t.session_id = s.id \
        WHERE s.account_id = $1 AND (t.spent_at IS NOT NULL OR s.ended_at IS NOT NULL) LIMIT $2)";
    CLEAR_SESSIONS_OF_OWNER = "DELETE FROM sessions WHERE id IN (SELECT id FROM sessions \
        WHERE account_id = $1 AND ended_at IS NOT NULL LIMIT $2)";
    CLEAR_NOTICES_OF_OWNER = "DELETE FROM notices WHERE id IN (SELECT id FROM notices \
        WHERE owner_id = $1 AND settled_at IS NOT NULL LIMIT $2)";
    CLEAR_KEYED_REQUESTS_OF_OWNER = "DELETE FROM keyed_requests WHERE owner_id = $1 \
        AND hash IN (SELECT hash FROM keyed_requests WHERE owner_id = $1 LIMIT $2)";
}

/// What an owner may have very much of besides runs.
pub(crate) const CLEARED: [&str; 5] = [
    CLEAR_AUDIT_OF_OWNER,
    CLEAR_REFRESH_TOKENS_OF_OWNER,
    CLEAR_SESSIONS_OF_OWNER,
    CLEAR_NOTICES_OF_OWNER,
    CLEAR_KEYED_REQUESTS_OF_OWNER,
];

#[trait_gen(Pool -> PgStore, SqliteStore)]
impl Pool {
    /// Removes up to `limit` rows from before a time, and returns how many there were.
    pub(crate) async fn prune(
        &self,
        statement: &'static str,
        before: Timestamp,
        limit: u32,
    ) -> Result<u32, StoreError> {
        let removed = sqlx::query(statement)
            .bind(Stamp(before))
            .bind(i64::from(limit))
            .execute(self.pool())
            .await
            .map_err(store_error("row"))?;
        Ok(u32::try_from(removed.rows_affected()).unwrap_or(u32::MAX))
    }

    /// Removes all of an owner's rows, bit by bit.
    pub(crate) async fn clear(&self, statement: &'static str, of: Uuid) -> Result<(), StoreError> {
        loop {
            let removed = sqlx::query(statement)
                .bind(of)
                .bind(i64::from(CLEARED_AT_A_TIME))
                .execute(self.pool())
                .await
                .map_err(store_error("row"))?;
            if removed.rows_affected() < u64::from(CLEARED_AT_A_TIME) {
                return Ok(());
            }
        }
    }
}
