//! Log-ins.

use std::{net::IpAddr, time::Duration};

use async_trait::async_trait;

use super::{Page, PageRequest, StoreError, TokenHash};
use crate::{AccessId, OwnerId, SessionId, Timestamp};

/// For how long after an access token was issued its first use is noted: for longer than that may
/// matter, because the clocks of several processes differ.
pub const USE_NOTED: Duration = Duration::from_mins(1);

/// How many sessions of an account go on: more than anybody has devices.
pub const MAX_SESSIONS: u32 = 100;

/// Log-ins. Each lives as long as its refresh tokens are rotated.
#[async_trait]
pub trait SessionStore: Send + Sync {
    /// Begins a session. [`StoreError::Conflict`] if the account is gone, or its password is not
    /// any more the one that was checked: a new password ends log-ins that are under way, too. Of
    /// the sessions that go on, the [`MAX_SESSIONS`] that were used last are left.
    async fn insert_session(&self, session: &NewSession) -> Result<(), StoreError>;

    /// Spends a refresh token and stores the next one, with the access token that goes with it.
    ///
    /// The reuse of a spent one ends its session, unless the answer to its first use seems to be
    /// lost: it was spent less than `grace` ago, and nobody has used what was given for it,
    /// neither the refresh token nor the access token. Then `next` takes the place of that: of a
    /// session's tokens, one refresh token at most is good at any time. The tokens that were
    /// replaced are worth nothing: the refresh token counts as spent without any grace, and the
    /// access token opens nothing.
    async fn rotate(
        &self,
        spent: TokenHash,
        next: TokenPair,
        seen: &SeenFrom,
        grace: Duration,
        now: Timestamp,
    ) -> Result<Rotation, StoreError>;

    /// Ends the session of a refresh token, spent or not; none is fine too. Whose it was.
    async fn end_session(
        &self,
        token: TokenHash,
        now: Timestamp,
    ) -> Result<Option<OwnerId>, StoreError>;

    /// Whether an access token opens its account: its session goes on, and it was not replaced.
    /// Within [`USE_NOTED`] of a rotation it is noted that it was used.
    async fn use_access(&self, access: &Access, now: Timestamp) -> Result<bool, StoreError>;

    /// A page of an account's sessions that go on, newest first.
    async fn list_sessions(
        &self,
        account: OwnerId,
        page: PageRequest<SessionId>,
        now: Timestamp,
    ) -> Result<Page<Session, SessionId>, StoreError>;

    /// Ends one session of an account. Whether it went on.
    async fn end_session_of(
        &self,
        account: OwnerId,
        session: SessionId,
        now: Timestamp,
    ) -> Result<bool, StoreError>;

    /// Ends all sessions of an account but one.
    async fn end_other_sessions(
        &self,
        account: OwnerId,
        kept: SessionId,
        now: Timestamp,
    ) -> Result<(), StoreError>;

    /// Addresses from which somebody has logged in to an account of late: some of them, if there
    /// are very many.
    async fn addresses_of(&self, account: OwnerId) -> Result<Vec<IpAddr>, StoreError>;

    /// Removes up to `limit` sessions that ended before `before`, and as many of each kind of token,
    /// and returns how many there were of the kind that has most. Less than `limit` means that
    /// nothing is left to do.
    async fn prune_sessions(&self, before: Timestamp, limit: u32) -> Result<u32, StoreError>;
}

/// Where somebody was seen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SeenFrom {
    /// The address.
    pub address: IpAddr,
    /// What the program called itself.
    pub user_agent: String,
}

/// What a rotation gives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TokenPair {
    /// The hash of the refresh token.
    pub refresh: TokenHash,
    /// The access token.
    pub access: AccessId,
}

/// An access token, and what it says of itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Access {
    /// Which one it is. One that the store has not heard of is judged by its session alone.
    pub id: AccessId,
    /// The session.
    pub session: SessionId,
    /// The account.
    pub account: OwnerId,
}

/// A log-in that begins.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewSession {
    /// Its id.
    pub id: SessionId,
    /// The account.
    pub account: OwnerId,
    /// The hash of the account's password, as it was when that was checked.
    pub password_hash: String,
    /// The hash of its first refresh token.
    pub refresh: TokenHash,
    /// When it began.
    pub created_at: Timestamp,
    /// When it ends at the latest.
    pub expires_at: Timestamp,
    /// Where.
    pub seen: SeenFrom,
}

/// A log-in that goes on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Session {
    /// Its id.
    pub id: SessionId,
    /// When it began.
    pub created_at: Timestamp,
    /// When it was last refreshed.
    pub last_used_at: Timestamp,
    /// When it ends at the latest.
    pub expires_at: Timestamp,
    /// Where it was last refreshed, if that is known.
    pub seen: Option<SeenFrom>,
}

/// What came of a refresh token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rotation {
    /// It was good; the next one is stored.
    Rotated {
        /// The account.
        account: OwnerId,
        /// The session.
        session: SessionId,
    },
    /// It was spent before: its session has been ended (RFC 9700, section 4.14.2).
    Reused {
        /// The account.
        account: OwnerId,
    },
    /// There is no such token, or its session is over.
    Unknown,
}
