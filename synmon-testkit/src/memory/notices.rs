//! The outbox.

use async_trait::async_trait;
use synmon_core::{
    Timestamp,
    notice::Notice,
    store::{ClaimedNotice, NoticeStore, Settlement, StoreError},
};

use super::{MemoryStore, NoticeState, conflict, up_to};

#[async_trait]
impl NoticeStore for MemoryStore {
    async fn insert_notice(&self, notice: &Notice) -> Result<(), StoreError> {
        let mut state = self.open()?;
        if state.notices.contains_key(&notice.id) {
            return conflict("notice");
        }
        state.put_notice(notice.clone());
        Ok(())
    }

    async fn claim_notices(
        &self,
        now: Timestamp,
        until: Timestamp,
        limit: u32,
    ) -> Result<Vec<ClaimedNotice>, StoreError> {
        let mut state = self.open()?;
        let mut due: Vec<_> = state
            .notices
            .values_mut()
            .filter(|entry| matches!(entry.state, NoticeState::Pending(_)) && entry.due <= now)
            .collect();
        due.sort_by_key(|entry| (entry.due, entry.notice.id));
        due.truncate(up_to(limit));
        due.sort_by_key(|entry| entry.notice.id);
        let claim = |entry: &mut super::NoticeEntry| {
            entry.attempts += 1;
            entry.due = until;
            ClaimedNotice { notice: entry.notice.clone(), attempt: entry.attempts }
        };
        Ok(due.into_iter().map(claim).collect())
    }

    async fn settle(
        &self,
        notice: &ClaimedNotice,
        settlement: &Settlement,
    ) -> Result<(), StoreError> {
        let mut state = self.open()?;
        let entry = state.notices.get_mut(&notice.notice.id).filter(|entry| {
            entry.attempts == notice.attempt && matches!(entry.state, NoticeState::Pending(_))
        });
        let Some(entry) = entry else {
            return conflict("notice");
        };
        match settlement {
            Settlement::Done { .. } => entry.state = NoticeState::Done,
            Settlement::Again { at, .. } => entry.due = *at,
            Settlement::GivenUp { error, .. } => entry.state = NoticeState::GivenUp(error.clone()),
        }
        Ok(())
    }
}
