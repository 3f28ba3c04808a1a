//! Accounts, log-ins and the tokens that letters carry. The engine needs none of this: an
//! embedder with accounts of its own leaves it out.

use async_trait::async_trait;

use super::StoreError;
use crate::{OwnerId, SessionId, Timestamp, notice::Notice};

/// The SHA-256 of a random token of at least 128 bits: only that is kept (OWASP ASVS 6.5.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct TokenHash(pub [u8; 32]);

/// Accounts.
#[async_trait]
pub trait AccountStore: Send + Sync {
    /// Stores a registration and puts `letter` into the outbox. An address that is confirmed
    /// already stays as it is; one that is not gets the new name and password, and its older
    /// tokens die: whoever registered it before has not proved that it is theirs.
    async fn register(&self, account: &NewAccount, letter: &Notice) -> Result<(), StoreError>;

    /// An account.
    async fn account(&self, id: OwnerId) -> Result<Option<Account>, StoreError>;

    /// The account of an address, compared as [`Account::email_key`] does.
    async fn account_by_email(&self, email: &str) -> Result<Option<Account>, StoreError>;

    /// Changes the name. Whether there is such an account.
    async fn rename_account(&self, id: OwnerId, name: &str) -> Result<bool, StoreError>;

    /// Replaces the hash of the password of an account, if it is still `old`.
    async fn upgrade_password(&self, id: OwnerId, old: &str, new: &str) -> Result<(), StoreError>;

    /// Deletes an account with all that it owns, and puts its files into the trash.
    async fn delete_account(&self, id: OwnerId) -> Result<bool, StoreError>;

    /// Stores a token for a letter; older ones for the same purpose die. `false`, and nothing is
    /// stored, if the account got `limit` of them since `since` already.
    async fn issue_token(
        &self,
        token: &NewToken,
        since: Timestamp,
        limit: u32,
    ) -> Result<bool, StoreError>;

    /// Spends a confirmation token and confirms its account.
    async fn confirm(&self, token: TokenHash, now: Timestamp) -> Result<bool, StoreError>;

    /// Spends a reset token, sets the password, ends all sessions of the account, and confirms its
    /// address (the token came by mail).
    async fn reset_password(
        &self,
        token: TokenHash,
        password_hash: &str,
        now: Timestamp,
    ) -> Result<bool, StoreError>;

    /// Begins a session.
    async fn insert_session(&self, session: &NewSession) -> Result<(), StoreError>;

    /// Spends a refresh token and stores the next one. The reuse of a spent one ends its session.
    async fn rotate(
        &self,
        spent: TokenHash,
        next: TokenHash,
        now: Timestamp,
    ) -> Result<Rotation, StoreError>;

    /// Ends the session of a refresh token, spent or not; none is fine too.
    async fn end_session(&self, token: TokenHash, now: Timestamp) -> Result<(), StoreError>;

    /// Whether a session of this account goes on.
    async fn is_live(
        &self,
        session: SessionId,
        account: OwnerId,
        now: Timestamp,
    ) -> Result<bool, StoreError>;

    /// Removes sessions and tokens that ended before `before`.
    async fn prune_sessions(&self, before: Timestamp) -> Result<(), StoreError>;
}

/// An account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Account {
    /// Its id, which is the owner of all that belongs to it.
    pub id: OwnerId,
    /// The name of its holder.
    pub name: String,
    /// The address, as it was typed.
    pub email: String,
    /// The hash of the password (PHC string).
    pub password_hash: String,
    /// When the address was confirmed.
    pub confirmed_at: Option<Timestamp>,
    /// When it was registered.
    pub created_at: Timestamp,
}

impl Account {
    /// The form in which addresses are compared: one mailbox has one account, however it is
    /// written. (RFC 5321 lets the local part depend on case; no mail service does.)
    #[must_use]
    pub fn email_key(email: &str) -> String {
        email.trim().to_lowercase()
    }
}

/// A registration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewAccount {
    /// The id, if the address is new.
    pub id: OwnerId,
    /// The name of its holder.
    pub name: String,
    /// The address, as it was typed.
    pub email: String,
    /// The hash of the password (PHC string).
    pub password_hash: String,
    /// When.
    pub created_at: Timestamp,
}

/// What a mailed token is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TokenPurpose {
    /// To confirm an address.
    Confirm,
    /// To set a new password.
    Reset,
}

impl TokenPurpose {
    /// Its name in stores.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Confirm => "confirm",
            Self::Reset => "reset",
        }
    }
}

/// A token for a letter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewToken {
    /// Its hash.
    pub hash: TokenHash,
    /// The account that it is about.
    pub account: OwnerId,
    /// What it is for.
    pub purpose: TokenPurpose,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it is worth nothing any more.
    pub expires_at: Timestamp,
}

/// A log-in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewSession {
    /// Its id.
    pub id: SessionId,
    /// The account.
    pub account: OwnerId,
    /// The hash of its first refresh token.
    pub refresh: TokenHash,
    /// When it began.
    pub created_at: Timestamp,
    /// When it ends at the latest.
    pub expires_at: Timestamp,
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
    Reused,
    /// There is no such token, or its session is over.
    Unknown,
}
