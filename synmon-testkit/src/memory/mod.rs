//! A store in memory, held to the same conformance suite as the real ones.

mod access;
mod accounts;
mod browser_sessions;
mod channels;
mod flows;
mod keyed_requests;
mod notices;
mod quotas;
mod retention;
mod runs;
mod secrets;
mod sessions;
mod storage;

use std::{
    collections::{BTreeMap, HashMap},
    sync::{Condvar, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use browser_sessions::LedgerEntry;
use keyed_requests::KeyedEntry;
use synmon_core::{
    AccessId, ApiKeyId, AuditId, ChannelId, FlowId, NoticeId, OwnerId, RunId, SessionId, Timestamp,
    alert::{AlertDecision, AlertState},
    artifact::ArtifactPrefix,
    channel::Channel,
    flow::{Flow, FlowSnapshot},
    notice::Notice,
    run::{Run, RunAttempt, StepLog},
    secret::{SecretName, StoredSecret},
    store::{
        Account, ApiKey, AuditEntry, Made, Metered, NewChannelToken, NewToken, Page, PageRequest,
        RateKey, Session, StoreError, TokenHash, deed,
    },
};

/// Every store role over plain maps under one lock.
#[derive(Debug, Default)]
pub struct MemoryStore {
    state: Mutex<State>,
    /// How many calls still meet a database that is out of reach.
    outage: Mutex<u32>,
    /// How often leases were prolonged.
    renewals: Mutex<u32>,
    renewed: Condvar,
}

#[derive(Debug, Default)]
struct State {
    flows: BTreeMap<FlowId, FlowEntry>,
    runs: BTreeMap<RunId, RunEntry>,
    logs: BTreeMap<(RunId, u32, u32), StepLog>,
    attempts: BTreeMap<(RunId, u32), RunAttempt>,
    channels: BTreeMap<ChannelId, Channel>,
    channel_tokens: HashMap<TokenHash, ChannelTokenEntry>,
    turns: HashMap<OwnerId, Timestamp>,
    notices: BTreeMap<NoticeId, NoticeEntry>,
    /// Each with the time from which on it may be taken.
    trash: BTreeMap<String, Timestamp>,
    /// The ledger of browser sessions, by tag.
    ledger: BTreeMap<String, LedgerEntry>,
    secrets: BTreeMap<(OwnerId, SecretName), StoredSecret>,
    accounts: BTreeMap<OwnerId, Account>,
    tokens: HashMap<TokenHash, TokenEntry>,
    sessions: BTreeMap<SessionId, SessionEntry>,
    refresh: HashMap<TokenHash, RefreshEntry>,
    /// In which period how much was used up.
    quotas: HashMap<(OwnerId, Metered), (i64, u32)>,
    /// By whose they are, and the hash of their key.
    keyed: HashMap<(OwnerId, [u8; 32]), KeyedEntry>,
    /// What the runs of owners keep, in bytes.
    stored: HashMap<OwnerId, u64>,
    /// When all of a rate is there again, in microseconds.
    rates: HashMap<RateKey, i64>,
    api_keys: BTreeMap<ApiKeyId, (ApiKey, TokenHash)>,
    audit: BTreeMap<AuditId, AuditEntry>,
}

#[derive(Debug)]
struct FlowEntry {
    flow: Flow,
    watched: AlertState,
}

#[derive(Debug)]
struct RunEntry {
    run: Run,
    snapshot: Option<FlowSnapshot>,
    losses: u32,
    cancel_requested: bool,
    fencing: i64,
    lease_until: Option<Timestamp>,
    decision: Option<AlertDecision>,
    pictures_removed: bool,
    stored_bytes: u64,
}

#[derive(Debug)]
struct NoticeEntry {
    notice: Notice,
    state: NoticeState,
    attempts: u32,
    tries: u32,
    due: Timestamp,
    claimed_until: Option<Timestamp>,
    last_error: Option<String>,
    settled_at: Option<Timestamp>,
}

#[derive(Debug)]
struct ChannelTokenEntry {
    token: NewChannelToken,
    ended: bool,
}

#[derive(Debug)]
struct TokenEntry {
    token: NewToken,
    ended: Option<Timestamp>,
}

#[derive(Debug)]
struct SessionEntry {
    account: OwnerId,
    session: Session,
    ended: Option<Timestamp>,
}

#[derive(Debug)]
struct RefreshEntry {
    session: SessionId,
    issued: Timestamp,
    spent: Option<Timestamp>,
    /// The access token that was given with it, and the refresh token that both were given for.
    given: Option<(AccessId, TokenHash)>,
    /// Whether the access token was used.
    used: bool,
    replaced: bool,
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
    /// It waits to be told with others.
    Held,
    /// It was told as a part of a digest.
    Digested,
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

    /// Blocks this thread, with all that is to be done on it, until leases were prolonged as many
    /// times. Whether they were, within the limit.
    pub fn block_until_renewed(&self, times: u32, limit: Duration) -> bool {
        let renewals = self.renewals.lock().unwrap_or_else(PoisonError::into_inner);
        let waited = self.renewed.wait_timeout_while(renewals, limit, |count| *count < times);
        !waited.unwrap_or_else(PoisonError::into_inner).1.timed_out()
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
        let of_flow = self.runs.values().filter(|entry| entry.run.flow == id);
        for run in of_flow.map(|entry| entry.run.id).collect::<Vec<_>>() {
            self.free(run);
            self.runs.remove(&run);
        }
        let runs = &self.runs;
        self.attempts.retain(|(run, _), _| runs.contains_key(run));
        self.logs.retain(|(run, ..), _| runs.contains_key(run));
    }

    /// Writes down what was changed for an account by whoever has called.
    fn tell(&mut self, account: OwnerId, made: Option<Made>) {
        if let Some(deed) = deed()
            && let Some(entry) = deed.entry(account, made)
        {
            self.audit.insert(entry.id, entry);
            deed.is_written();
        }
    }

    fn throw_away(&mut self, folder: &ArtifactPrefix) {
        self.trash.insert(folder.to_string(), Timestamp::UNIX_EPOCH);
    }

    fn put_notice(&mut self, notice: Notice) {
        self.put_notice_held(notice, None);
    }

    fn put_notice_held(&mut self, notice: Notice, held_until: Option<Timestamp>) {
        let due = held_until.unwrap_or(notice.created_at);
        let state =
            if held_until.is_some() { NoticeState::Held } else { NoticeState::Pending(due) };
        let entry = NoticeEntry {
            state,
            attempts: 0,
            tries: 0,
            due,
            claimed_until: None,
            last_error: None,
            settled_at: None,
            notice,
        };
        self.notices.insert(entry.notice.id, entry);
    }
}

fn conflict<T>(entity: &'static str) -> Result<T, StoreError> {
    Err(StoreError::Conflict { entity })
}

fn up_to(limit: u32) -> usize {
    usize::try_from(limit).unwrap_or(usize::MAX)
}

/// A page of what comes newest first.
fn page_of<'a, T: Clone + 'a, Id: Ord + Copy>(
    things: impl Iterator<Item = &'a T>,
    page: PageRequest<Id>,
    id: impl Fn(&T) -> Id,
) -> Page<T, Id> {
    let wanted = things.filter(|thing| page.after.is_none_or(|after| id(thing) < after));
    let found = wanted.take(up_to(page.limit) + 1).cloned().collect();
    Page::from_one_more(found, page.limit, id)
}
