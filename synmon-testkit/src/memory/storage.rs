//! How much the pictures of owners take.

use async_trait::async_trait;
use synmon_core::{
    OwnerId, RunId,
    run::{REMOVED_FOR_ROOM, RunStatus},
    store::{Lease, StorageStore, StoreError},
};

use super::{MemoryStore, State, up_to};

#[async_trait]
impl StorageStore for MemoryStore {
    async fn stored(&self, owner: OwnerId) -> Result<u64, StoreError> {
        Ok(self.open()?.stored.get(&owner).copied().unwrap_or_default())
    }

    async fn count_file(&self, lease: &Lease, bytes: u64) -> Result<(), StoreError> {
        self.open()?.count_stored(lease, bytes).map(|_| ())
    }

    async fn owners_above(
        &self,
        bytes: u64,
        limit: u32,
    ) -> Result<Vec<(OwnerId, u64)>, StoreError> {
        let state = self.open()?;
        let mut above: Vec<_> =
            state.stored.iter().map(|(owner, stored)| (*owner, *stored)).collect();
        above.retain(|(_, stored)| *stored > bytes);
        above.sort_by_key(|(_, stored)| std::cmp::Reverse(*stored));
        above.truncate(up_to(limit));
        Ok(above)
    }

    async fn make_room(&self, owner: OwnerId, bytes: u64, limit: u32) -> Result<u32, StoreError> {
        let mut state = self.open()?;
        let mut least_worth: Vec<_> = state
            .runs
            .values()
            .filter(|entry| entry.run.owner == owner && entry.run.status.is_terminal())
            .filter(|entry| entry.fencing > 0 && !entry.pictures_removed)
            .map(|entry| {
                let run = &entry.run;
                (run.status != RunStatus::Passed, run.finished_at, run.id, entry.stored_bytes)
            })
            .collect();
        least_worth.sort_unstable();
        let all_there_are = least_worth.len() < up_to(limit);
        least_worth.truncate(up_to(limit));
        let (mut freed, mut count) = (0, 0);
        for (_, _, run, stored) in least_worth {
            if freed >= bytes {
                return Ok(count);
            }
            state.forget_pictures(run, REMOVED_FOR_ROOM);
            freed += stored;
            count += 1;
        }
        if all_there_are {
            let open = state.runs.values().filter(|entry| entry.run.owner == owner);
            let open = open.filter(|entry| !entry.run.status.is_terminal());
            let stored = open.map(|entry| entry.stored_bytes).sum();
            state.stored.insert(owner, stored);
        }
        Ok(count)
    }
}

impl State {
    /// Counts what a run keeps besides, and returns what all of its owner's keep.
    pub(super) fn count_stored(&mut self, lease: &Lease, bytes: u64) -> Result<u64, StoreError> {
        let entry = self.held(lease)?;
        entry.stored_bytes += bytes;
        let owner = entry.run.owner;
        let stored = self.stored.entry(owner).or_default();
        *stored += bytes;
        Ok(*stored)
    }

    /// Counts what a run keeps no more.
    pub(super) fn free(&mut self, run: RunId) {
        let entry = &self.runs[&run];
        if entry.pictures_removed {
            return;
        }
        if let Some(stored) = self.stored.get_mut(&entry.run.owner) {
            *stored = stored.saturating_sub(entry.stored_bytes);
        }
    }
}
