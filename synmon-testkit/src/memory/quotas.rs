//! What owners have used up.

use std::num::NonZeroU32;

use async_trait::async_trait;
use synmon_core::{
    OwnerId, Timestamp,
    store::{Metered, QuotaStore, QuotaUse, StoreError},
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

    async fn put_back(
        &self,
        owner: OwnerId,
        what: Metered,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        if let Some((period, used)) = self.open()?.quotas.get_mut(&(owner, what))
            && *period == what.period_at(now)
        {
            *used = used.saturating_sub(1);
        }
        Ok(())
    }

    async fn used(&self, owner: OwnerId, now: Timestamp) -> Result<QuotaUse, StoreError> {
        let state = self.open()?;
        let of = |what: Metered| {
            let used = state.quotas.get(&(owner, what));
            used.filter(|(period, _)| *period == what.period_at(now)).map_or(0, |(_, used)| *used)
        };
        Ok(QuotaUse {
            flows: state.flows.values().filter(|entry| entry.flow.owner == owner).map(|_| 1).sum(),
            runs: of(Metered::Runs).into(),
            messages: of(Metered::Messages).into(),
            letters: of(Metered::Letters).into(),
            storage: state.stored.get(&owner).copied().unwrap_or_default(),
        })
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
