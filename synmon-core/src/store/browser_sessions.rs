//! The ledger of browser sessions on machines that others use, too.

use async_trait::async_trait;

use super::{Lease, StoreError};
use crate::Timestamp;

/// The ledger of browser sessions that outlive the process that asked for them. Each is entered
/// before it is asked for and struck out once it is closed; so whoever dies in between leaves a
/// note, and any process ends what it left.
#[async_trait]
pub trait BrowserSessionStore: Send + Sync {
    /// Enters a session that is about to be asked for.
    async fn enter_session(&self, entry: &SessionEntry) -> Result<(), StoreError>;

    /// Notes what the machine calls a session, if it is still entered.
    async fn name_session(&self, tag: &str, id: &str) -> Result<(), StoreError>;

    /// Strikes a session out that was closed. One that is not entered is fine.
    async fn strike_out_session(&self, tag: &str) -> Result<(), StoreError>;

    /// Takes sessions that nobody needs any more, the oldest first; whoever takes one tries to
    /// end it. Each try is counted, and the next one is due at [`SessionsDue::until`].
    async fn take_forgotten_sessions(
        &self,
        due: &SessionsDue,
    ) -> Result<Vec<ForgottenSession>, StoreError>;

    /// Does not count the tries of a session so far, which may still come to be.
    async fn expect_session(&self, tag: &str) -> Result<(), StoreError>;

    /// Gives a session up: it is kept, but never taken again.
    async fn give_session_up(&self, tag: &str) -> Result<(), StoreError>;

    /// How many sessions were given up. Those entered before `since` are forgotten.
    async fn leaked_sessions(&self, since: Timestamp) -> Result<u64, StoreError>;
}

/// A session that is about to be asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SessionEntry {
    /// What it is known by on the machine.
    pub tag: String,
    /// Which run it is for, and by which right.
    pub lease: Lease,
    /// When it is asked for.
    pub entered_at: Timestamp,
}

/// Which sessions nobody needs any more: those whose run has ended or is another worker's, or whose
/// lease is over; and those that are older than any run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SessionsDue {
    /// The present time: leases are compared with it.
    pub now: Timestamp,
    /// A run that ended later than this may still be closing its sessions.
    pub ended_before: Timestamp,
    /// A session that was entered before is older than any run.
    pub entered_before: Timestamp,
    /// When they are due for another try.
    pub until: Timestamp,
    /// How many are taken at most.
    pub limit: u32,
}

/// A session that nobody needs any more.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ForgottenSession {
    /// What it is known by on the machine.
    pub tag: String,
    /// What the machine calls it, if it has said.
    pub id: Option<String>,
    /// When it was asked for.
    pub entered_at: Timestamp,
    /// How often it was tried to end it, this time included.
    pub tries: u32,
}
