//! The audit log.

use async_trait::async_trait;
use sqlx::{Executor, FromRow};
use synmon_core::{
    ApiKeyId, AuditId, OwnerId, SessionId, Timestamp,
    store::{Actor, AuditEntry, AuditStore, Made, Page, PageRequest, StoreError, deed},
};
use trait_gen::trait_gen;
use uuid::Uuid;

use crate::{
    PgStore, SqliteStore, dialect::Dialect, error::store_error, guard::Transaction, pruning, sql,
    stamp::Stamp,
};

#[derive(FromRow)]
struct AuditRow {
    id: Uuid,
    account_id: Uuid,
    at: Stamp,
    actor_kind: String,
    actor_id: Option<Uuid>,
    operation: String,
    thing_kind: Option<String>,
    thing_id: Option<String>,
    fields: String,
    address: Option<String>,
    status: i64,
}

impl From<AuditRow> for AuditEntry {
    fn from(row: AuditRow) -> Self {
        let actor = match (row.actor_kind.as_str(), row.actor_id) {
            ("session", Some(id)) => Actor::Session(SessionId::from_uuid(id)),
            ("api_key", Some(id)) => Actor::ApiKey(ApiKeyId::from_uuid(id)),
            _ => Actor::Nobody,
        };
        let fields = row.fields.split(',').filter(|field| !field.is_empty());
        Self {
            id: AuditId::from_uuid(row.id),
            account: OwnerId::from_uuid(row.account_id),
            at: row.at.0,
            actor,
            operation: row.operation,
            thing: row.thing_kind.zip(row.thing_id),
            fields: fields.map(str::to_owned).collect(),
            address: row.address,
            status: u16::try_from(row.status).unwrap_or_default(),
        }
    }
}

fn columns_of(actor: Actor) -> (&'static str, Option<Uuid>) {
    match actor {
        Actor::Session(id) => ("session", Some(id.uuid())),
        Actor::ApiKey(id) => ("api_key", Some(id.uuid())),
        Actor::Nobody => ("nobody", None),
    }
}

#[trait_gen(Pool -> PgStore, SqliteStore)]
#[async_trait]
impl AuditStore for Pool {
    async fn record(&self, entry: &AuditEntry) -> Result<(), StoreError> {
        Pool::insert_entry(self.pool(), entry).await
    }

    async fn audit(
        &self,
        account: OwnerId,
        page: PageRequest<AuditId>,
    ) -> Result<Page<AuditEntry, AuditId>, StoreError> {
        let rows: Vec<AuditRow> = sqlx::query_as(sql::LIST_AUDIT)
            .bind(account.uuid())
            .bind(page.after.map(AuditId::uuid))
            .bind(i64::from(page.limit) + 1)
            .fetch_all(self.pool())
            .await
            .map_err(store_error("audit entry"))?;
        let entries = rows.into_iter().map(AuditEntry::from).collect();
        Ok(Page::from_one_more(entries, page.limit, |entry: &AuditEntry| entry.id))
    }

    async fn prune_audit(&self, before: Timestamp, limit: u32) -> Result<u32, StoreError> {
        self.prune(pruning::PRUNE_AUDIT, before, limit).await
    }

    async fn audits_above(&self, most: u32) -> Result<Vec<OwnerId>, StoreError> {
        let accounts: Vec<Uuid> = sqlx::query_scalar(pruning::AUDITS_ABOVE)
            .bind(i64::from(most))
            .fetch_all(self.pool())
            .await
            .map_err(store_error("audit entry"))?;
        Ok(accounts.into_iter().map(OwnerId::from_uuid).collect())
    }

    async fn shorten_audit(
        &self,
        account: OwnerId,
        most: u32,
        limit: u32,
    ) -> Result<u32, StoreError> {
        sqlx::query(pruning::SHORTEN_AUDIT)
            .bind(account.uuid())
            .bind(i64::from(most))
            .bind(i64::from(limit))
            .execute(self.pool())
            .await
            .map(|removed| u32::try_from(removed.rows_affected()).unwrap_or(u32::MAX))
            .map_err(store_error("audit entry"))
    }
}

#[trait_gen(Pool -> PgStore, SqliteStore)]
impl Pool {
    /// Commits what was changed for an account, with the entry that tells of it.
    pub(crate) async fn commit_deed(
        mut tx: Transaction<'_, <Pool as Dialect>::Db>,
        entity: &'static str,
        account: OwnerId,
        made: Option<Made>,
    ) -> Result<(), StoreError> {
        let deed = deed();
        let entry = deed.as_ref().and_then(|deed| deed.entry(account, made));
        if let Some(entry) = &entry {
            Pool::insert_entry(&mut *tx, entry).await?;
        }
        tx.commit().await.map_err(store_error(entity))?;
        if let (Some(deed), Some(_)) = (deed, entry) {
            deed.is_written();
        }
        Ok(())
    }

    async fn insert_entry<'e, E>(executor: E, entry: &'e AuditEntry) -> Result<(), StoreError>
    where
        E: Executor<'e, Database = <Pool as Dialect>::Db>,
    {
        let (actor_kind, actor_id) = columns_of(entry.actor);
        let thing = entry.thing.as_ref();
        sqlx::query(sql::INSERT_AUDIT)
            .bind(entry.id.uuid())
            .bind(entry.account.uuid())
            .bind(Stamp(entry.at))
            .bind(actor_kind)
            .bind(actor_id)
            .bind(entry.operation.as_str())
            .bind(thing.map(|(kind, _)| kind.as_str()))
            .bind(thing.map(|(_, id)| id.as_str()))
            .bind(entry.fields.join(","))
            .bind(entry.address.as_deref())
            .bind(i64::from(entry.status))
            .execute(executor)
            .await
            .map(|_| ())
            .map_err(store_error("account"))
    }
}
