//! Files that nothing refers to any more.

use async_trait::async_trait;
use synmon_core::{
    Timestamp,
    artifact::ArtifactPrefix,
    store::{StoreError, TrashStore},
};
use trait_gen::trait_gen;

use crate::{PgStore, SqliteStore, dialect::Dialect, error::store_error, sql, stamp::Stamp};

#[trait_gen(Pool -> PgStore, SqliteStore)]
#[async_trait]
impl TrashStore for Pool {
    async fn take_trash(
        &self,
        now: Timestamp,
        until: Timestamp,
        limit: u32,
    ) -> Result<Vec<ArtifactPrefix>, StoreError> {
        let prefixes: Vec<String> = sqlx::query_scalar(Pool::TAKE_TRASH)
            .bind(Stamp(now))
            .bind(Stamp(until))
            .bind(i64::from(limit))
            .fetch_all(self.pool())
            .await
            .map_err(store_error("trash"))?;
        Ok(prefixes.into_iter().map(ArtifactPrefix::from_stored).collect())
    }

    async fn forget_trash(&self, prefix: &ArtifactPrefix) -> Result<(), StoreError> {
        sqlx::query(sql::FORGET_TRASH)
            .bind(prefix.as_str())
            .execute(self.pool())
            .await
            .map(|_| ())
            .map_err(store_error("trash"))
    }
}
