//! Who did what.

use std::{fmt, sync::Arc};

use async_trait::async_trait;
use uuid::Uuid;

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

/// What somebody does who has called. A store writes it down in the transaction in which it makes the
/// change: there is no change without its entry, whatever ends the process in between.
///
/// It does not go from method to method, because it is about all that a call leads to, as the span
/// of a log is: it is there for the work that [`audited`] is given, and for nothing that is spawned.
pub trait Deed: fmt::Debug + Send + Sync {
    /// The entry, unless it is written already or nobody wants one. `made` is what the change has
    /// made, where it has made something new.
    fn entry(&self, account: OwnerId, made: Option<Made>) -> Option<AuditEntry>;

    /// The entry is written, and the change made.
    fn is_written(&self);
}

/// A new thing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Made {
    /// Its kind.
    pub kind: &'static str,
    /// Its id; none where the thing was named by whoever made it.
    pub id: Option<Uuid>,
}

impl Made {
    /// A thing of this kind and id.
    #[must_use]
    pub fn new(kind: &'static str, id: Uuid) -> Self {
        Self { kind, id: Some(id) }
    }
}

tokio::task_local! {
    static DEED: Arc<dyn Deed>;
}

/// Does some work, and has stores write a deed down with what is changed by it.
pub async fn audited<T>(deed: Arc<dyn Deed>, work: impl Future<Output = T>) -> T {
    DEED.scope(deed, work).await
}

/// What is being done, for stores; none where nobody has called.
#[must_use]
pub fn deed() -> Option<Arc<dyn Deed>> {
    DEED.try_with(Arc::clone).ok()
}

/// The audit log.
#[async_trait]
pub trait AuditStore: Send + Sync {
    /// Adds an entry about something that has changed nothing, such as what was refused. An account that is gone has no log: that is a conflict.
    async fn record(&self, entry: &AuditEntry) -> Result<(), StoreError>;

    /// A page of an account's entries, newest first.
    async fn audit(
        &self,
        account: OwnerId,
        page: PageRequest<AuditId>,
    ) -> Result<Page<AuditEntry, AuditId>, StoreError>;

    /// Removes up to `limit` entries from before a time, and returns how many there were.
    async fn prune_audit(&self, before: Timestamp, limit: u32) -> Result<u32, StoreError>;

    /// Accounts that have more than `most` entries.
    async fn audits_above(&self, most: u32) -> Result<Vec<OwnerId>, StoreError>;

    /// Removes up to `limit` of an account's oldest entries beyond its `most` newest, and returns
    /// how many there were.
    async fn shorten_audit(
        &self,
        account: OwnerId,
        most: u32,
        limit: u32,
    ) -> Result<u32, StoreError>;
}
