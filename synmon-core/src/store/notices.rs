//! The outbox.

use async_trait::async_trait;

use super::StoreError;
use crate::{Timestamp, channel::Destination, notice::Notice};

/// The outbox: notices until they are delivered.
#[async_trait]
pub trait NoticeStore: Send + Sync {
    /// Puts a notice into the outbox that no run calls for. [`StoreError::Conflict`] if its channel
    /// is gone.
    async fn insert_notice(&self, notice: &Notice) -> Result<(), StoreError>;

    /// Takes notices that are due, the oldest first, each until `until`. No receiver (a channel, or
    /// an owner's own address) has more than [`MAX_IN_FLIGHT`] at a time, so that one that hangs does
    /// not hold up the others.
    async fn claim_notices(
        &self,
        now: Timestamp,
        until: Timestamp,
        limit: u32,
    ) -> Result<Vec<ClaimedNotice>, StoreError>;

    /// Says what came of a notice, and notes it at its channel. [`StoreError::Conflict`] if somebody
    /// else has taken it since.
    async fn settle(
        &self,
        notice: &ClaimedNotice,
        settlement: &Settlement,
    ) -> Result<(), StoreError>;

    /// Makes one digest, for each receiver, of the notices that were held back until `now`; a
    /// single one goes out as it is. Returns how many notices were released in one way or the other.
    async fn release_held(&self, now: Timestamp) -> Result<u32, StoreError>;
}

/// How many notices go to one receiver at a time.
pub const MAX_IN_FLIGHT: u32 = 2;

/// A notice that a dispatcher has taken.
#[derive(Clone, Debug, PartialEq)]
pub struct ClaimedNotice {
    /// The notice.
    pub notice: Notice,
    /// Where it goes; a channel as it is now.
    pub to: Destination,
    /// Counts the claims: it tells one from the next.
    pub claim: u32,
    /// How often delivery was tried since it was last asked for, this time included.
    pub attempt: u32,
}

/// What came of a notice.
#[derive(Clone, Debug, PartialEq)]
#[expect(clippy::large_enum_variant, reason = "there is one at a time")]
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
        /// What tells its owner the same by another way.
        instead: Option<Notice>,
        /// What tells its owner that the channel is not used any more. It disables the channel, and
        /// goes out only if that was still in use and as it was when the notice was claimed.
        disable: Option<Notice>,
    },
}
