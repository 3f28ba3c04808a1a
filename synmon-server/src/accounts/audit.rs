//! The audit log of an account.

use std::{sync::Arc, time::Duration};

use synmon_core::{
    AuditId, Clock, OwnerId,
    store::{Actor, AuditEntry, AuditStore, Page, PageRequest, StoreError},
    usecase::UseCaseError,
};
use tracing::error;

use super::BATCH;

/// How many entries of an account are kept, however young they are.
const MAX_ENTRIES: u32 = 20_000;

/// Who did what to accounts and to what belongs to them.
#[derive(Clone)]
pub struct AuditLog {
    store: Arc<dyn AuditStore>,
    clock: Arc<dyn Clock>,
    kept: Duration,
}

impl AuditLog {
    /// Over a store; entries are kept for so long.
    #[must_use]
    pub fn new(store: Arc<dyn AuditStore>, clock: Arc<dyn Clock>, kept: Duration) -> Self {
        Self { store, clock, kept }
    }

    /// An entry about this moment, about nothing in particular.
    #[must_use]
    pub fn entry(&self, account: OwnerId, actor: Actor, operation: &str) -> AuditEntry {
        let at = self.clock.now();
        AuditEntry {
            id: AuditId::new(at),
            account,
            at,
            actor,
            operation: operation.to_owned(),
            thing: None,
            fields: Vec::new(),
            address: None,
            status: 0,
        }
    }

    /// Adds an entry. What it tells of has happened: a log that can't be written undoes nothing.
    pub async fn record(&self, entry: &AuditEntry) {
        match self.store.record(entry).await {
            // The account is gone, and its log with it.
            Ok(()) | Err(StoreError::Conflict { .. }) => {}
            Err(why) => error!(
                account.id = %entry.account, operation = entry.operation, status = entry.status,
                "The audit log could not be written: {why}"
            ),
        }
    }

    /// A page of an account's entries.
    pub async fn list(
        &self,
        owner: OwnerId,
        page: PageRequest<AuditId>,
    ) -> Result<Page<AuditEntry, AuditId>, UseCaseError> {
        Ok(self.store.audit(owner, page).await?)
    }

    /// Removes what is too old, or too much.
    pub async fn prune(&self) -> Result<(), StoreError> {
        let before = self.clock.now().before(self.kept);
        while self.store.prune_audit(before, BATCH).await? >= BATCH {}
        for account in self.store.audits_above(MAX_ENTRIES).await? {
            while self.store.shorten_audit(account, MAX_ENTRIES, BATCH).await? >= BATCH {}
        }
        Ok(())
    }
}
