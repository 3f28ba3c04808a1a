//! What owners have used up.

use std::num::NonZeroU32;

use async_trait::async_trait;
use synmon_core::{
    OwnerId, Timestamp,
    store::{Metered, QuotaStore, StoreError},
};

use super::{MemoryStore, State};

#[async_trait]
impl QuotaStore for MemoryStore {
    async fn take(
        &self,
        owner: OwnerId,
        what: Metered,
        most: NonZeroU32,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        Ok(self.open()?.take(owner, what, most, now))
    }
}

impl State {
    pub(super) fn take(
        &mut self,
        owner: OwnerId,
        what: Metered,
        most: NonZeroU32,
        now: Timestamp,
    ) -> bool {
        let period = what.period_at(now);
        let entry = self.quotas.entry((owner, what)).or_insert((period, 0));
        if entry.0 != period {
            *entry = (period, 0);
        }
        let may = entry.1 < most.get();
        entry.1 += u32::from(may);
        may
    }
}
