//! Log-ins.

use synmon_core::{
    OwnerId, SessionId, Timestamp,
    store::{NewSession, Rotation, StoreError, TokenHash},
};

use super::{RefreshEntry, SessionEntry, State, conflict};

impl State {
    pub(super) fn begin_session(&mut self, session: &NewSession) -> Result<(), StoreError> {
        let is_taken = self.sessions.contains_key(&session.id);
        if is_taken || !self.accounts.contains_key(&session.account) {
            return conflict("account");
        }
        let entry =
            SessionEntry { account: session.account, expires_at: session.expires_at, ended: None };
        self.sessions.insert(session.id, entry);
        self.refresh.insert(session.refresh, RefreshEntry { session: session.id, spent: false });
        Ok(())
    }

    pub(super) fn rotate(&mut self, spent: TokenHash, next: TokenHash, now: Timestamp) -> Rotation {
        let Some(entry) = self.refresh.get(&spent) else {
            return Rotation::Unknown;
        };
        let session = entry.session;
        if entry.spent {
            self.end_session_of(spent, now);
            return Rotation::Reused;
        }
        let Some(account) = self.live_account(session, now) else {
            return Rotation::Unknown;
        };
        self.refresh.insert(spent, RefreshEntry { session, spent: true });
        self.refresh.insert(next, RefreshEntry { session, spent: false });
        Rotation::Rotated { account, session }
    }

    pub(super) fn end_session_of(&mut self, token: TokenHash, now: Timestamp) {
        let session = self.refresh.get(&token).map(|entry| entry.session);
        if let Some(entry) = session.and_then(|session| self.sessions.get_mut(&session)) {
            entry.ended = entry.ended.or(Some(now));
        }
    }

    pub(super) fn end_sessions(&mut self, account: OwnerId, now: Timestamp) {
        for entry in self.sessions.values_mut().filter(|entry| entry.account == account) {
            entry.ended = entry.ended.or(Some(now));
        }
    }

    pub(super) fn live_account(&self, session: SessionId, now: Timestamp) -> Option<OwnerId> {
        let entry = self.sessions.get(&session)?;
        (entry.ended.is_none() && entry.expires_at > now).then_some(entry.account)
    }

    /// Removes the refresh tokens of sessions that are not kept any more.
    pub(super) fn drop_refresh_of_ended(&mut self) {
        let sessions = &self.sessions;
        self.refresh.retain(|_, entry| sessions.contains_key(&entry.session));
    }
}
