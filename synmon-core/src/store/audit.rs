//! Who did what.

use async_trait::async_trait;

use super::{Page, PageRequest, StoreError};
use crate::{ApiKeyId, AuditId, OwnerId, SessionId, Timestamp};

/// Who did something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Actor {
    /// Somebody who was logged in.
    Session(SessionId),
    /// A program with a key.
    ApiKey(ApiKeyId),
    /// Somebody who had not proved to be anybody (yet).
    Nobody,
}

/// Something that was done to an account or to what belongs to it, or was tried.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuditEntry {
    /// Its id.
    pub id: AuditId,
    /// The account.
    pub account: OwnerId,
    /// When.
    pub at: Timestamp,
    /// Who did it.
    pub actor: Actor,
    /// What was done: the name of an operation.
    pub operation: String,
    /// The kind and the id of the thing that it was done to, if it was one.
    pub thing: Option<(String, String)>,
    /// The names of the fields that were sent; never what they hold.
    pub fields: Vec<String>,
    /// The client's address.
    pub address: Option<String>,
    /// The HTTP status of the answer.
    pub status: u16,
}

/// The audit log.
#[async_trait]
pub trait AuditStore: Send + Sync {
    /// Adds an entry. An account that is gone has no log: that is a conflict.
    async fn record(&self, entry: &AuditEntry) -> Result<(), StoreError>;

    /// A page of an account's entries, newest first.
    async fn audit(
        &self,
        account: OwnerId,
        page: PageRequest<AuditId>,
    ) -> Result<Page<AuditEntry, AuditId>, StoreError>;

    /// Removes up to `limit` entries from before a time, and returns how many there were.
    async fn prune_audit(&self, before: Timestamp, limit: u32) -> Result<u32, StoreError>;
}
