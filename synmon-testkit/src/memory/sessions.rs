//! Log-ins.

use std::time::Duration;

use std::net::IpAddr;

use async_trait::async_trait;
use synmon_core::{
    AccessId, OwnerId, SessionId, Timestamp,
    store::{
        Access, MAX_SESSIONS, NewSession, Page, PageRequest, Rotation, SeenFrom, Session,
        SessionStore, StoreError, TokenHash, TokenPair, USE_NOTED,
    },
};

use super::{MemoryStore, RefreshEntry, SessionEntry, State, conflict, page_of, up_to};

#[async_trait]
impl SessionStore for MemoryStore {
    async fn insert_session(&self, session: &NewSession) -> Result<(), StoreError> {
        let mut state = self.open()?;
        state.begin_session(session)?;
        state.end_oldest_sessions(session.account, session.created_at);
        state.tell(session.account, None);
        Ok(())
    }

    async fn rotate(
        &self,
        spent: TokenHash,
        next: TokenPair,
        seen: &SeenFrom,
        grace: Duration,
        now: Timestamp,
    ) -> Result<Rotation, StoreError> {
        Ok(self.open()?.rotate(spent, next, seen, grace, now))
    }

    async fn end_session(
        &self,
        token: TokenHash,
        now: Timestamp,
    ) -> Result<Option<OwnerId>, StoreError> {
        let mut state = self.open()?;
        let account = state.end_session_by(token, now);
        if let Some(account) = account {
            state.tell(account, None);
        }
        Ok(account)
    }

    async fn use_access(&self, access: &Access, now: Timestamp) -> Result<bool, StoreError> {
        let mut state = self.open()?;
        let is_live = state.live_account(access.session, now) == Some(access.account);
        let given = state.refresh.values_mut().find(|entry| {
            entry.session == access.session && entry.given.is_some_and(|(id, _)| id == access.id)
        });
        let Some(given) = given.filter(|_| is_live) else { return Ok(is_live) };
        given.used |= !given.replaced && given.issued > now.before(USE_NOTED);
        Ok(!given.replaced)
    }

    async fn list_sessions(
        &self,
        account: OwnerId,
        page: PageRequest<SessionId>,
        now: Timestamp,
    ) -> Result<Page<Session, SessionId>, StoreError> {
        let state = self.open()?;
        let live = state.sessions.values().rev().filter(|entry| entry.account == account);
        let live = live.filter(|entry| entry.is_live(now)).map(|entry| &entry.session);
        Ok(page_of(live, page, |session| session.id))
    }

    async fn end_session_of(
        &self,
        account: OwnerId,
        session: SessionId,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        let mut state = self.open()?;
        let entry = state.sessions.get_mut(&session);
        let entry = entry.filter(|entry| entry.account == account && entry.is_live(now));
        let Some(entry) = entry else { return Ok(false) };
        entry.ended = Some(now);
        state.tell(account, None);
        Ok(true)
    }

    async fn end_other_sessions(
        &self,
        account: OwnerId,
        kept: SessionId,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let mut state = self.open()?;
        let mut any = false;
        for (id, entry) in &mut state.sessions {
            if entry.account == account && *id != kept && entry.ended.is_none() {
                entry.ended = Some(now);
                any = true;
            }
        }
        if any {
            state.tell(account, None);
        }
        Ok(())
    }

    async fn addresses_of(&self, account: OwnerId) -> Result<Vec<IpAddr>, StoreError> {
        let state = self.open()?;
        let sessions = state.sessions.values().filter(|entry| entry.account == account);
        let seen = sessions.filter_map(|entry| entry.session.seen.as_ref());
        let mut addresses: Vec<IpAddr> = seen.map(|seen| seen.address).collect();
        addresses.sort_unstable();
        addresses.dedup();
        Ok(addresses)
    }

    async fn prune_sessions(&self, before: Timestamp, limit: u32) -> Result<u32, StoreError> {
        let mut state = self.open()?;
        state.tokens.retain(|_, entry| entry.token.expires_at >= before);
        let old = state.sessions.values().filter(|entry| {
            entry.session.expires_at < before || entry.ended.is_some_and(|ended| ended < before)
        });
        let old: Vec<SessionId> = old.map(|entry| entry.session.id).take(up_to(limit)).collect();
        for id in &old {
            state.sessions.remove(id);
        }
        state.drop_refresh_of_ended();
        Ok(u32::try_from(old.len()).unwrap_or(u32::MAX))
    }
}

impl SessionEntry {
    fn is_live(&self, now: Timestamp) -> bool {
        self.ended.is_none() && self.session.expires_at > now
    }
}

impl RefreshEntry {
    fn new(session: SessionId, issued: Timestamp, given: Option<(AccessId, TokenHash)>) -> Self {
        Self { session, issued, spent: None, given, used: false, replaced: false }
    }
}

impl State {
    fn begin_session(&mut self, session: &NewSession) -> Result<(), StoreError> {
        let NewSession { id, account, password_hash, refresh, created_at, expires_at, seen } =
            session.clone();
        let known = self.accounts.get(&account).map(|account| &account.password_hash);
        if self.sessions.contains_key(&id) || known != Some(&password_hash) {
            return conflict("account");
        }
        let session =
            Session { id, created_at, last_used_at: created_at, expires_at, seen: Some(seen) };
        self.sessions.insert(id, SessionEntry { account, session, ended: None });
        self.refresh.insert(refresh, RefreshEntry::new(id, created_at, None));
        Ok(())
    }

    fn rotate(
        &mut self,
        spent: TokenHash,
        next: TokenPair,
        seen: &SeenFrom,
        grace: Duration,
        now: Timestamp,
    ) -> Rotation {
        let Some(entry) = self.refresh.get(&spent) else {
            return Rotation::Unknown;
        };
        let session = entry.session;
        if entry.spent.is_some() && !self.replace(spent, grace, now) {
            return match self.end_session_by(spent, now) {
                Some(account) => Rotation::Reused { account },
                None => Rotation::Unknown,
            };
        }
        let Some(account) = self.live_account(session, now) else {
            return Rotation::Unknown;
        };
        if let Some(entry) = self.refresh.get_mut(&spent) {
            entry.spent = entry.spent.or(Some(now));
        }
        let given = Some((next.access, spent));
        self.refresh.insert(next.refresh, RefreshEntry::new(session, now, given));
        if let Some(entry) = self.sessions.get_mut(&session) {
            entry.session.last_used_at = now;
            entry.session.seen = Some(seen.clone());
        }
        Rotation::Rotated { account, session }
    }

    /// Makes worthless what was given for a spent token, if all of that may be lost.
    fn replace(&mut self, spent: TokenHash, grace: Duration, now: Timestamp) -> bool {
        let at = self.refresh.get(&spent).and_then(|entry| entry.spent);
        // Whoever comes at the same time may have looked at the clock before.
        let in_time = !grace.is_zero() && at.is_some_and(|at| at > now.before(grace));
        let lost = self.refresh.values_mut().find(|entry| {
            let is_given = entry.given.is_some_and(|(_, parent)| parent == spent);
            is_given && entry.spent.is_none() && !entry.used
        });
        let Some(lost) = lost.filter(|_| in_time) else { return false };
        lost.spent = Some(now);
        lost.replaced = true;
        true
    }

    fn end_session_by(&mut self, token: TokenHash, now: Timestamp) -> Option<OwnerId> {
        let session = self.refresh.get(&token).map(|entry| entry.session)?;
        let entry = self.sessions.get_mut(&session)?;
        entry.ended = entry.ended.or(Some(now));
        Some(entry.account)
    }

    fn end_oldest_sessions(&mut self, account: OwnerId, now: Timestamp) {
        let live = self.sessions.values().filter(|it| it.account == account && it.is_live(now));
        let mut live: Vec<_> =
            live.map(|entry| (entry.session.last_used_at, entry.session.id)).collect();
        live.sort_unstable_by(|one, other| other.cmp(one));
        for (_, id) in live.into_iter().skip(up_to(MAX_SESSIONS)) {
            if let Some(entry) = self.sessions.get_mut(&id) {
                entry.ended = Some(now);
            }
        }
    }

    pub(super) fn end_sessions(&mut self, account: OwnerId, now: Timestamp) {
        for entry in self.sessions.values_mut().filter(|entry| entry.account == account) {
            entry.ended = entry.ended.or(Some(now));
        }
    }

    fn live_account(&self, session: SessionId, now: Timestamp) -> Option<OwnerId> {
        let entry = self.sessions.get(&session)?;
        entry.is_live(now).then_some(entry.account)
    }

    /// Removes the refresh tokens of sessions that are not kept any more.
    pub(super) fn drop_refresh_of_ended(&mut self) {
        let sessions = &self.sessions;
        self.refresh.retain(|_, entry| sessions.contains_key(&entry.session));
    }
}
