//! Removing what is too old.

use async_trait::async_trait;

use super::StoreError;
use crate::Timestamp;

/// Removes things because of their age, the oldest first, a few at a time: each call is one short
/// transaction that no claim waits for. Several processes may do this at once; each passes over
/// what another one is at. The methods return how many they have dealt with; less than `limit` means
/// that nothing is left to do.
///
/// Nothing that is queued, running or waiting to be delivered is ever old. The newest run of a flow
/// is removed like any other: what is promised is an age.
#[async_trait]
pub trait RetentionStore: Send + Sync {
    /// Removes runs that ended before a time, with their logs, and puts their pictures into the
    /// trash.
    async fn remove_runs(&self, ended_before: Timestamp, limit: u32) -> Result<u32, StoreError>;

    /// Puts the pictures of runs that ended before a time into the trash. The logs stay, and say
    /// [`REMOVED_BY_AGE`](crate::run::REMOVED_BY_AGE) in the pictures' place.
    async fn remove_pictures(&self, ended_before: Timestamp, limit: u32)
    -> Result<u32, StoreError>;

    /// Forgets requests with keys that began before a time.
    async fn remove_keyed_requests(
        &self,
        began_before: Timestamp,
        limit: u32,
    ) -> Result<u32, StoreError>;

    /// Removes notices that were settled before a time.
    async fn remove_notices(
        &self,
        settled_before: Timestamp,
        limit: u32,
    ) -> Result<u32, StoreError>;
}
