//! The outbox.

use async_trait::async_trait;

use super::StoreError;
use crate::{Timestamp, notice::Notice};

/// The outbox: notices until they are delivered.
#[async_trait]
pub trait NoticeStore: Send + Sync {
    /// Puts a notice into the outbox that no run calls for.
    async fn insert_notice(&self, notice: &Notice) -> Result<(), StoreError>;

    /// Takes notices that are due, the oldest first, each until `until`.
    async fn claim_notices(
        &self,
        now: Timestamp,
        until: Timestamp,
        limit: u32,
    ) -> Result<Vec<ClaimedNotice>, StoreError>;

    /// Says what came of a notice. [`StoreError::Conflict`] if somebody else has taken it since.
    async fn settle(
        &self,
        notice: &ClaimedNotice,
        settlement: &Settlement,
    ) -> Result<(), StoreError>;
}

/// A notice that a dispatcher has taken.
#[derive(Clone, Debug, PartialEq)]
pub struct ClaimedNotice {
    /// The notice.
    pub notice: Notice,
    /// How often delivery was tried, this time included. It also tells one claim from the next.
    pub attempt: u32,
}

/// What came of a notice.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Settlement {
    /// It is delivered, or nobody needs it.
    Done {
        /// When.
        at: Timestamp,
    },
    /// It is tried again.
    Again {
        /// When.
        at: Timestamp,
        /// Why it failed.
        error: String,
    },
    /// It is given up.
    GivenUp {
        /// When.
        at: Timestamp,
        /// Why.
        error: String,
    },
}
