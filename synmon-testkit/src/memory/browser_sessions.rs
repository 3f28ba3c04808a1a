//! The ledger of browser sessions.

use std::sync::PoisonError;

use async_trait::async_trait;
use synmon_core::{
    Timestamp,
    run::RunStatus,
    store::{BrowserSessionStore, ForgottenSession, Lease, SessionEntry, SessionsDue, StoreError},
};

use super::{MemoryStore, State, up_to};

#[derive(Debug)]
pub(super) struct LedgerEntry {
    lease: Lease,
    id: Option<String>,
    entered_at: Timestamp,
    due: Timestamp,
    tries: u32,
    leaked: bool,
}

#[async_trait]
impl BrowserSessionStore for MemoryStore {
    async fn enter_session(&self, entry: &SessionEntry) -> Result<(), StoreError> {
        let SessionEntry { tag, lease, entered_at } = entry.clone();
        let due = entered_at;
        self.open()?.ledger.entry(tag).or_insert(LedgerEntry {
            lease,
            id: None,
            entered_at,
            due,
            tries: 0,
            leaked: false,
        });
        Ok(())
    }

    async fn name_session(&self, tag: &str, id: &str) -> Result<(), StoreError> {
        self.open()?.change_entry(tag, |entry| entry.id = Some(id.to_owned()));
        Ok(())
    }

    async fn strike_out_session(&self, tag: &str) -> Result<(), StoreError> {
        self.open()?.ledger.remove(tag);
        Ok(())
    }

    async fn take_forgotten_sessions(
        &self,
        due: &SessionsDue,
    ) -> Result<Vec<ForgottenSession>, StoreError> {
        let mut state = self.open()?;
        let State { runs, ledger, .. } = &mut *state;
        let is_needed = |entry: &LedgerEntry| {
            let run = runs.get(&entry.lease.run).filter(|run| run.fencing == entry.lease.fencing);
            entry.entered_at >= due.entered_before
                && run.is_some_and(|run| {
                    let is_held = run.lease_until.is_some_and(|until| until >= due.now);
                    (run.run.status == RunStatus::Running && is_held)
                        || run.run.finished_at.is_some_and(|end| end >= due.ended_before)
                })
        };
        let mut forgotten: Vec<_> = ledger
            .iter_mut()
            .filter(|(_, entry)| !entry.leaked && entry.due <= due.now && !is_needed(entry))
            .collect();
        forgotten.sort_by_key(|(_, entry)| entry.due);
        forgotten.truncate(up_to(due.limit));
        let mut taken: Vec<_> = forgotten
            .into_iter()
            .map(|(tag, entry)| {
                entry.due = due.until;
                entry.tries += 1;
                ForgottenSession {
                    tag: tag.clone(),
                    id: entry.id.clone(),
                    entered_at: entry.entered_at,
                    tries: entry.tries,
                }
            })
            .collect();
        taken.sort_by_key(|session| session.entered_at);
        Ok(taken)
    }

    async fn expect_session(&self, tag: &str) -> Result<(), StoreError> {
        self.open()?.change_entry(tag, |entry| entry.tries = 0);
        Ok(())
    }

    async fn give_session_up(&self, tag: &str) -> Result<(), StoreError> {
        self.open()?.change_entry(tag, |entry| entry.leaked = true);
        Ok(())
    }

    async fn leaked_sessions(&self, since: Timestamp) -> Result<u64, StoreError> {
        let mut state = self.open()?;
        state.ledger.retain(|_, entry| !entry.leaked || entry.entered_at >= since);
        let leaked = state.ledger.values().filter(|entry| entry.leaked).count();
        Ok(u64::try_from(leaked).unwrap_or(u64::MAX))
    }
}

impl State {
    fn change_entry(&mut self, tag: &str, change: impl FnOnce(&mut LedgerEntry)) {
        if let Some(entry) = self.ledger.get_mut(tag) {
            change(entry);
        }
    }
}

impl MemoryStore {
    /// The browser sessions in the ledger by tag, with what the machine calls them; those that
    /// were given up, too.
    pub fn entered_sessions(&self) -> Vec<(String, Option<String>)> {
        let state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.ledger.iter().map(|(tag, entry)| (tag.clone(), entry.id.clone())).collect()
    }
}
