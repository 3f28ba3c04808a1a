//! How much the pictures of owners take.

use async_trait::async_trait;

use super::{Lease, StoreError};
use crate::OwnerId;

/// What owners' runs keep in the artifact store, in bytes. It is counted as it comes and goes, in the
/// transactions that keep logs and remove runs, so that to know it costs no look at the runs:
/// [`RunStore::record_step`](super::RunStore::record_step) counts the picture of a step.
#[async_trait]
pub trait StorageStore: Send + Sync {
    /// How much the runs of an owner keep.
    async fn stored(&self, owner: OwnerId) -> Result<u64, StoreError>;

    /// Counts a file of a run that is no picture of a step, before it is stored.
    async fn count_file(&self, lease: &Lease, bytes: u64) -> Result<(), StoreError>;

    /// Some of the owners whose runs keep more than that, and how much they keep.
    async fn owners_above(&self, bytes: u64, limit: u32)
    -> Result<Vec<(OwnerId, u64)>, StoreError>;

    /// Puts pictures of an owner's runs into the trash until so much is free, or `limit` runs have
    /// lost theirs: first those of runs that passed, then those of the others, the oldest of each
    /// first. The logs say [`REMOVED_FOR_ROOM`](crate::run::REMOVED_FOR_ROOM) in the pictures' place.
    /// Returns how many runs have lost their pictures; less than `limit` means that enough is free,
    /// or that no run that has ended keeps any: then what is counted is what the open ones keep.
    async fn make_room(&self, owner: OwnerId, bytes: u64, limit: u32) -> Result<u32, StoreError>;
}
