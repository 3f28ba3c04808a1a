//! What the engine asks of a store: small roles, each a set of use cases.
//!
//! A method is a use case, all or nothing; no transaction leaves it. Absence is `Option`, and only
//! the caller makes it an error. What is done for somebody who has called is written into the audit
//! log with the change, see [`Deed`]. Each role has its cases in `synmon-testkit`'s conformance suite.

mod accounts;
mod api_keys;
mod audit;
mod browser_sessions;
mod channels;
mod flows;
mod keyed_requests;
mod notices;
mod page;
mod quotas;
mod rate_limits;
mod retention;
mod runs;
mod secrets;
mod sessions;
mod storage;

pub use accounts::{
    Account, AccountStore, NewAccount, NewToken, TokenHash, TokenLimit, TokenPurpose,
};
pub use api_keys::{ApiKey, ApiKeyStore, Scope};
pub use audit::{Actor, AuditEntry, AuditStore, Deed, Made, audited, deed};
pub use browser_sessions::{BrowserSessionStore, ForgottenSession, SessionEntry, SessionsDue};
pub use channels::{ChannelStore, DeliveryRecord, DeliveryState, NewChannelToken};
pub use flows::{DueFlow, FlowFilter, FlowStore, ListedFlow, SlotPlan};
pub use keyed_requests::{KeyedClaim, KeyedRequest, KeyedRequestStore};
pub use notices::{ClaimedNotice, MAX_IN_FLIGHT, NoticeStore, Settlement};
pub use page::{Page, PageRequest};
pub use quotas::{Metered, QuotaStore, QuotaUse, Quotas};
pub use rate_limits::{Admission, Rate, RateKey, RateLimitStore};
pub use retention::RetentionStore;
pub use runs::{
    AlertCap, CancelOutcome, ClaimedRun, Lease, Outcome, RecoveredRun, Renewal, RunFilter,
    RunReport, RunStore, WorkerId,
};
pub use secrets::SecretStore;
pub use sessions::{
    Access, MAX_SESSIONS, NewSession, Rotation, SeenFrom, Session, SessionStore, TokenPair,
    USE_NOTED,
};
pub use storage::StorageStore;

use async_trait::async_trait;

use crate::{BoxError, Timestamp, artifact::ArtifactPrefix};

/// All that the engine needs of a store.
pub trait Store:
    FlowStore
    + RunStore
    + BrowserSessionStore
    + NoticeStore
    + QuotaStore
    + RetentionStore
    + SecretStore
    + StorageStore
    + TrashStore
{
}

impl<T> Store for T where
    T: FlowStore
        + RunStore
        + BrowserSessionStore
        + NoticeStore
        + QuotaStore
        + RetentionStore
        + SecretStore
        + StorageStore
        + TrashStore
{
}

/// Files that nothing refers to any more. What deletes a flow, an account or an old run leaves a
/// note here in the same transaction, so that no file outlives its owner because a process died.
#[async_trait]
pub trait TrashStore: Send + Sync {
    /// Takes some folders of the artifact store that are to be removed, each until `until`, those
    /// first that nobody has tried to remove yet. Whoever takes one removes it and forgets it;
    /// otherwise it is taken again after that time.
    async fn take_trash(
        &self,
        now: Timestamp,
        until: Timestamp,
        limit: u32,
    ) -> Result<Vec<ArtifactPrefix>, StoreError>;

    /// Forgets a folder that has been removed.
    async fn forget_trash(&self, prefix: &ArtifactPrefix) -> Result<(), StoreError>;
}

/// Why a store could not do what it was asked, sorted by what the caller can do.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The present state forbids it: a newer version, a lease that was lost, a taken name.
    #[error("{entity} has changed meanwhile")]
    Conflict {
        /// What has changed.
        entity: &'static str,
    },
    /// The database can't be reached now; later it may work.
    #[error("the database is out of reach: {0}")]
    Unavailable(#[source] BoxError),
    /// The database holds or says what nobody foresaw.
    #[error("the database failed: {0}")]
    Internal(#[source] BoxError),
}

impl StoreError {
    /// Whether trying again may help.
    #[must_use]
    pub fn is_retryable(&self) -> bool {
        matches!(self, Self::Unavailable(_))
    }

    /// Whether the present state forbids it.
    #[must_use]
    pub fn is_conflict(&self) -> bool {
        matches!(self, Self::Conflict { .. })
    }
}
