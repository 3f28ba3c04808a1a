//! Files that nothing refers to any more.

use async_trait::async_trait;
use synmon_core::{
    artifact::ArtifactPrefix,
    store::{StoreError, TrashStore},
};
use trait_gen::trait_gen;

use crate::{PgStore, SqliteStore, error::store_error, sql};

#[trait_gen(Pool -> PgStore, SqliteStore)]
#[async_trait]
impl TrashStore for Pool {
    async fn trash(&self, limit: u32) -> Result<Vec<ArtifactPrefix>, StoreError> {
        let prefixes: Vec<String> = sqlx::query_scalar(sql::TRASH)
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
