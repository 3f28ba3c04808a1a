//! Accounts: who may log in, and as whom.

mod access;
mod email;
mod letters;
mod password;
mod secret;

pub use access::{AccessError, Caller, TokenKey};
pub use email::{EmailAddress, EmailError};
pub use letters::Letters;
pub use password::{Passwords, check_password};
pub use secret::Secret;

use std::{sync::Arc, time::Duration};

use synmon_core::{
    Clock, NoticeId, OwnerId, SessionId,
    engine::Signals,
    invalid::{Invalid, check_text},
    notice::{AccountLetter, Letter, Notice, NoticeBody},
    store::{Account, AccountStore, NewAccount, NewSession, NoticeStore, Rotation, StoreError},
};

/// How long an access token is good for.
pub const ACCESS_LIFETIME: Duration = Duration::from_mins(15);
/// How long a log-in lasts at most, however often it is refreshed.
const SESSION_LIFETIME: Duration = Duration::from_hours(30 * 24);
const MAX_NAME_CHARS: usize = 100;

/// What people do with their accounts.
#[derive(Clone)]
pub struct Accounts {
    store: Arc<dyn AccountStore>,
    outbox: Arc<dyn NoticeStore>,
    clock: Arc<dyn Clock>,
    signals: Arc<Signals>,
    passwords: Passwords,
    key: Arc<TokenKey>,
}

/// A pair of tokens, as a log-in gets it.
#[derive(Clone, Debug)]
pub struct Tokens {
    /// The access token: a JWT.
    pub access: String,
    /// The refresh token: good once.
    pub refresh: Secret,
}

/// Why an account can't be used so.
#[derive(Debug, thiserror::Error)]
pub enum AccountError {
    /// What was sent is not valid.
    #[error(transparent)]
    Invalid(#[from] Invalid),
    /// There is no such account, or it has another password: the two can't be told apart.
    #[error("the e-mail address or the password is wrong")]
    WrongCredentials,
    /// The right password, but the address is not confirmed yet.
    #[error("the e-mail address is not confirmed yet: open the link that was mailed to it")]
    NotConfirmed,
    /// A refresh token that is no good (any more).
    #[error("the refresh token is not valid: log in again")]
    BadRefreshToken,
    /// A mailed token that is no good (any more).
    #[error("the link is not valid any more: ask for a new one")]
    BadLetterToken,
    /// The account is gone.
    #[error("there is no such account")]
    Gone,
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Accounts {
    /// Over a store.
    #[must_use]
    pub fn new(
        store: Arc<dyn AccountStore>,
        outbox: Arc<dyn NoticeStore>,
        clock: Arc<dyn Clock>,
        signals: Arc<Signals>,
        passwords: Passwords,
        key: Arc<TokenKey>,
    ) -> Self {
        Self { store, outbox, clock, signals, passwords, key }
    }

    /// Takes a registration. The work and the answer are the same whether the address has an
    /// account or not; the letter that follows tells its holder.
    pub async fn register(
        &self,
        name: &str,
        email: &str,
        password: &str,
    ) -> Result<(), AccountError> {
        let name = name.trim();
        let address = EmailAddress::parse(email);
        Invalid::all([
            check_name(name),
            address.as_ref().map(|_| ()).map_err(|error| Invalid::field("email", error)),
            check_password(password),
        ])?;
        let email = address.map(EmailAddress::into_string).unwrap_or_default();
        let password_hash = self.passwords.hash(password).await;
        let now = self.clock.now();
        let account = NewAccount {
            id: OwnerId::new(now),
            name: name.to_owned(),
            email: email.clone(),
            password_hash,
            created_at: now,
        };
        let letter = self.letter(Letter::Registration, email);
        self.store.register(&account, &letter).await?;
        self.signals.notice_queued();
        Ok(())
    }

    /// Asks for a letter to an address, whoever's it may be.
    pub async fn send_letter(&self, letter: Letter, email: &str) -> Result<(), AccountError> {
        let address = EmailAddress::parse(email).map_err(|error| Invalid::field("email", error))?;
        let notice = self.letter(letter, address.into_string());
        self.outbox.insert_notice(&notice).await?;
        self.signals.notice_queued();
        Ok(())
    }

    /// Confirms an address by the token that was mailed to it.
    pub async fn confirm(&self, token: &str) -> Result<(), AccountError> {
        let hash = Secret::hash_of(token);
        let confirmed = self.store.confirm(hash, self.clock.now()).await?;
        if confirmed { Ok(()) } else { Err(AccountError::BadLetterToken) }
    }

    /// Sets a new password by the token that was mailed, and ends all sessions.
    pub async fn reset_password(&self, token: &str, password: &str) -> Result<(), AccountError> {
        check_password(password)?;
        let password_hash = self.passwords.hash(password).await;
        let hash = Secret::hash_of(token);
        let reset = self.store.reset_password(hash, &password_hash, self.clock.now()).await?;
        if reset { Ok(()) } else { Err(AccountError::BadLetterToken) }
    }

    /// Logs in. One password is checked in any case, so that the time tells nothing.
    pub async fn log_in(&self, email: &str, password: &str) -> Result<Tokens, AccountError> {
        let account = self.store.account_by_email(email).await?;
        let known = account.as_ref().map(|account| account.password_hash.clone());
        let right = self.passwords.verify(password, known).await;
        let account = account.filter(|_| right).ok_or(AccountError::WrongCredentials)?;
        if account.confirmed_at.is_none() {
            return Err(AccountError::NotConfirmed);
        }
        let now = self.clock.now();
        let refresh = Secret::random();
        let session = NewSession {
            id: SessionId::new(now),
            account: account.id,
            refresh: refresh.hash(),
            created_at: now,
            expires_at: now + SESSION_LIFETIME,
        };
        match self.store.insert_session(&session).await {
            Ok(()) => {}
            // The account was deleted this very moment.
            Err(StoreError::Conflict { .. }) => return Err(AccountError::WrongCredentials),
            Err(error) => return Err(error.into()),
        }
        let caller = Caller { owner: account.id, session: session.id };
        Ok(Tokens { access: self.key.issue(caller, now), refresh })
    }

    /// Spends a refresh token for a new pair. Using one twice ends its log-in.
    pub async fn refresh(&self, token: &str) -> Result<Tokens, AccountError> {
        let now = self.clock.now();
        let next = Secret::random();
        match self.store.rotate(Secret::hash_of(token), next.hash(), now).await? {
            Rotation::Rotated { account, session } => {
                let caller = Caller { owner: account, session };
                Ok(Tokens { access: self.key.issue(caller, now), refresh: next })
            }
            Rotation::Reused => {
                tracing::warn!("A refresh token was used twice; its session has been ended");
                Err(AccountError::BadRefreshToken)
            }
            Rotation::Unknown => Err(AccountError::BadRefreshToken),
        }
    }

    /// Ends the log-in of a refresh token; a token that is none is fine too.
    pub async fn log_out(&self, token: &str) -> Result<(), AccountError> {
        Ok(self.store.end_session(Secret::hash_of(token), self.clock.now()).await?)
    }

    /// Whose access token this is, if it is good and its log-in goes on.
    pub async fn caller(&self, access_token: &str) -> Result<Caller, AccessError> {
        let now = self.clock.now();
        let caller = self.key.read(access_token, now)?;
        if self.store.is_live(caller.session, caller.owner, now).await? {
            Ok(caller)
        } else {
            Err(AccessError::Invalid)
        }
    }

    /// The account itself.
    pub async fn get(&self, id: OwnerId) -> Result<Account, AccountError> {
        self.store.account(id).await?.ok_or(AccountError::Gone)
    }

    /// Changes its holder's name.
    pub async fn rename(&self, id: OwnerId, name: &str) -> Result<Account, AccountError> {
        let name = name.trim();
        check_name(name)?;
        self.store.rename_account(id, name).await?;
        self.get(id).await
    }

    /// Deletes it with all that it owns.
    pub async fn delete(&self, id: OwnerId) -> Result<(), AccountError> {
        if self.store.delete_account(id).await? {
            // Runs of its that go on here notice at once that they are gone.
            self.signals.cancel_requested();
            Ok(())
        } else {
            Err(AccountError::Gone)
        }
    }

    /// Forgets log-ins and tokens that have been over for a while.
    pub async fn prune(&self) -> Result<(), StoreError> {
        self.store.prune_sessions(self.clock.now().before(SESSION_LIFETIME)).await
    }

    fn letter(&self, letter: Letter, email: String) -> Notice {
        let now = self.clock.now();
        Notice {
            id: NoticeId::new(now),
            owner: None,
            channel: None,
            created_at: now,
            body: NoticeBody::Account(AccountLetter { letter, email }),
        }
    }
}

fn check_name(name: &str) -> Result<(), Invalid> {
    if name.is_empty() {
        return Err(Invalid::field("name", "must not be empty"));
    }
    if name.contains('\n') {
        return Err(Invalid::field("name", "must be one line"));
    }
    check_text("name", name, MAX_NAME_CHARS)
}
