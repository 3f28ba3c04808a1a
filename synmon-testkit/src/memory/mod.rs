//! A store in memory, held to the same conformance suite as the real ones.

mod accounts;
mod flows;
mod notices;
mod runs;
mod sessions;

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    sync::{Mutex, MutexGuard, PoisonError},
};

use async_trait::async_trait;
use synmon_core::{
    FlowId, NoticeId, OwnerId, RunId, SessionId, Timestamp,
    alert::SiteHealth,
    artifact::ArtifactPrefix,
    flow::{Flow, FlowSnapshot},
    notice::Notice,
    run::{Run, StepLog},
    store::{Account, NewToken, StoreError, TokenHash, TrashStore},
};

/// Every store role over plain maps under one lock.
#[derive(Debug, Default)]
pub struct MemoryStore {
    state: Mutex<State>,
    /// How many calls still meet a database that is out of reach.
    outage: Mutex<u32>,
}

#[derive(Debug, Default)]
struct State {
    flows: BTreeMap<FlowId, FlowEntry>,
    runs: BTreeMap<RunId, RunEntry>,
    logs: BTreeMap<(RunId, u32, u32), StepLog>,
    turns: HashMap<OwnerId, Timestamp>,
    notices: BTreeMap<NoticeId, NoticeEntry>,
    trash: BTreeSet<String>,
    accounts: BTreeMap<OwnerId, Account>,
    tokens: HashMap<TokenHash, TokenEntry>,
    sessions: BTreeMap<SessionId, SessionEntry>,
    refresh: HashMap<TokenHash, RefreshEntry>,
}

#[derive(Debug)]
struct FlowEntry {
    flow: Flow,
    health: SiteHealth,
}

#[derive(Debug)]
struct RunEntry {
    run: Run,
    snapshot: Option<FlowSnapshot>,
    losses: u32,
    cancel_requested: bool,
    fencing: i64,
    lease_until: Option<Timestamp>,
}

#[derive(Debug)]
struct NoticeEntry {
    notice: Notice,
    state: NoticeState,
    attempts: u32,
    due: Timestamp,
}

#[derive(Debug)]
struct TokenEntry {
    token: NewToken,
    ended: Option<Timestamp>,
}

#[derive(Debug)]
struct SessionEntry {
    account: OwnerId,
    expires_at: Timestamp,
    ended: Option<Timestamp>,
}

#[derive(Debug)]
struct RefreshEntry {
    session: SessionId,
    spent: bool,
}

/// What became of a notice.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NoticeState {
    /// It waits for its next attempt, which is due then.
    Pending(Timestamp),
    /// It is delivered, or nobody needs it.
    Done,
    /// It is given up, for this reason.
    GivenUp(String),
}

impl MemoryStore {
    /// An empty store.
    pub fn new() -> Self {
        Self::default()
    }

    /// The next `calls` calls fail, because the database is out of reach.
    pub fn fail_next(&self, calls: u32) {
        *self.outage.lock().unwrap_or_else(PoisonError::into_inner) = calls;
    }

    /// All notices that were ever put into the outbox, and what became of them.
    pub fn notices(&self) -> Vec<(Notice, NoticeState)> {
        let state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state
            .notices
            .values()
            .map(|entry| {
                let state = match &entry.state {
                    NoticeState::Pending(_) => NoticeState::Pending(entry.due),
                    settled => settled.clone(),
                };
                (entry.notice.clone(), state)
            })
            .collect()
    }

    /// All runs, the oldest first.
    pub fn runs(&self) -> Vec<Run> {
        let state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.runs.values().map(|entry| entry.run.clone()).collect()
    }

    fn open(&self) -> Result<MutexGuard<'_, State>, StoreError> {
        let mut outage = self.outage.lock().unwrap_or_else(PoisonError::into_inner);
        if *outage > 0 {
            *outage -= 1;
            return Err(StoreError::Unavailable("the test cut the connection".into()));
        }
        Ok(self.state.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl State {
    /// Removes a flow with all that belongs to it but its files.
    fn drop_flow(&mut self, id: FlowId) {
        self.flows.remove(&id);
        self.runs.retain(|_, entry| entry.run.flow != id);
        let runs = &self.runs;
        self.logs.retain(|(run, ..), _| runs.contains_key(run));
    }

    fn put_notice(&mut self, notice: Notice) {
        let due = notice.created_at;
        let state = NoticeState::Pending(due);
        self.notices.insert(notice.id, NoticeEntry { notice, state, attempts: 0, due });
    }
}

fn conflict<T>(entity: &'static str) -> Result<T, StoreError> {
    Err(StoreError::Conflict { entity })
}

fn up_to(limit: u32) -> usize {
    usize::try_from(limit).unwrap_or(usize::MAX)
}

#[async_trait]
impl TrashStore for MemoryStore {
    async fn trash(&self, limit: u32) -> Result<Vec<ArtifactPrefix>, StoreError> {
        let state = self.open()?;
        let some = state.trash.iter().take(up_to(limit)).cloned();
        Ok(some.map(ArtifactPrefix::from_stored).collect())
    }

    async fn forget_trash(&self, prefix: &ArtifactPrefix) -> Result<(), StoreError> {
        self.open()?.trash.remove(prefix.as_str());
        Ok(())
    }
}
