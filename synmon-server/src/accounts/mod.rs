//! Accounts: who may log in, and as whom.

mod access;
mod audit;
mod change;
mod email;
mod keys;
mod letters;
mod limits;
mod log_in;
mod password;
mod secret;
mod token_keys;
mod tries;
mod turns;

pub use access::{AccessError, Caller, Credential};
pub use audit::AuditLog;
pub use email::{EmailAddress, EmailError};
pub use keys::{ApiKeys, KEY_PREFIX, MAX_API_KEYS, NewApiKey};
pub use letters::Letters;
pub use limits::{LimitError, Limited, Limits, Rates};
pub use log_in::Tokens;
pub use password::{Busy, Passwords, check_password};
pub(crate) use password::{MAX_PASSWORD_CHARS, MIN_PASSWORD_CHARS};
pub use secret::Secret;
pub use token_keys::TokenKeys;

use std::{sync::Arc, time::Duration};

use synmon_core::{
    Clock, NoticeId, OwnerId,
    engine::Signals,
    invalid::{Invalid, check_text},
    notice::{AccountLetter, Letter, Notice, NoticeBody},
    store::{Account, AccountStore, NewAccount, NoticeStore, SessionStore, StoreError, TokenLimit},
};

use crate::visit::{Masked, Visit, network_of};

/// How long an access token is good for.
pub const ACCESS_LIFETIME: Duration = Duration::from_mins(15);
/// How long a log-in lasts at most, however often it is refreshed.
const SESSION_LIFETIME: Duration = Duration::from_hours(30 * 24);
/// How long an account is kept whose address nobody confirms, from the last letter on.
const UNCONFIRMED_LIFETIME: Duration = Duration::from_hours(30 * 24);
/// How many rows are removed at once.
const BATCH: u32 = 1_000;
const MAX_NAME_CHARS: usize = 100;

/// What people do with their accounts.
#[derive(Clone)]
pub struct Accounts {
    store: Arc<dyn AccountStore>,
    sessions: Arc<dyn SessionStore>,
    outbox: Arc<dyn NoticeStore>,
    limits: Arc<Limits>,
    clock: Arc<dyn Clock>,
    signals: Arc<Signals>,
    passwords: Passwords,
    keys: Arc<TokenKeys>,
    refresh_grace: Duration,
}

/// The store roles that accounts need.
pub struct AccountStores {
    /// The accounts themselves.
    pub accounts: Arc<dyn AccountStore>,
    /// Who is logged in.
    pub sessions: Arc<dyn SessionStore>,
    /// What is mailed to them.
    pub outbox: Arc<dyn NoticeStore>,
}

impl AccountStores {
    /// One store that has all of them.
    pub fn of<S: AccountStore + SessionStore + NoticeStore + 'static>(store: &Arc<S>) -> Self {
        let (accounts, sessions) = (Arc::clone(store) as _, Arc::clone(store) as _);
        Self { accounts, sessions, outbox: Arc::clone(store) as _ }
    }
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
    /// There is no such session, or it is another account's.
    #[error("there is no such session")]
    NoSession,
    /// It was tried too often.
    #[error(transparent)]
    Limit(#[from] LimitError),
    /// Too many passwords are to be checked at the moment.
    #[error(transparent)]
    Busy(#[from] Busy),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Accounts {
    /// Over a store.
    #[must_use]
    pub fn new(
        stores: AccountStores,
        limits: Arc<Limits>,
        clock: Arc<dyn Clock>,
        signals: Arc<Signals>,
        passwords: Passwords,
        keys: Arc<TokenKeys>,
    ) -> Self {
        let AccountStores { accounts, sessions, outbox } = stores;
        let refresh_grace = Duration::ZERO;
        Self {
            store: accounts,
            sessions,
            outbox,
            limits,
            clock,
            signals,
            passwords,
            keys,
            refresh_grace,
        }
    }

    /// The same, for whom a refresh token that comes again so soon may be one whose answer was
    /// lost, see [`SessionStore::rotate`]. As a rule any reuse ends the log-in.
    #[must_use]
    pub fn with_refresh_grace(self, refresh_grace: Duration) -> Self {
        Self { refresh_grace, ..self }
    }

    /// Takes a registration. The work and the answer are the same whether the address has an
    /// account or not; the letter that follows tells its holder.
    pub async fn register(
        &self,
        visit: &Visit,
        name: &str,
        email: &str,
        password: &str,
    ) -> Result<(), AccountError> {
        visit.names(email);
        let name = name.trim();
        let address = EmailAddress::parse(email);
        Invalid::all([
            check_name(name),
            address.as_ref().map(|_| ()).map_err(|error| Invalid::field("email", error)),
            check_password(password),
        ])?;
        let email = address.map(EmailAddress::into_string).unwrap_or_default();
        let password_hash = self.passwords.hash(&network_of(visit.address), password).await?;
        if !self.may_mail(&Letter::Registration, &email, Some(visit)).await? {
            return Ok(());
        }
        let now = self.clock.now();
        let account = NewAccount {
            id: OwnerId::new(now),
            name: name.to_owned(),
            email: email.clone(),
            password_hash,
            created_at: now,
            limit: TokenLimit {
                count: letters::FLOOD_LIMIT,
                since: now.before(letters::FLOOD_WINDOW),
            },
        };
        let letter = self.letter(Letter::Registration, email);
        self.store.register(&account, &letter).await?;
        self.signals.notice_queued();
        Ok(())
    }

    /// Asks for a letter to an address, whoever's it may be.
    pub async fn send_letter(
        &self,
        visit: &Visit,
        letter: Letter,
        email: &str,
    ) -> Result<(), AccountError> {
        visit.names(email);
        let address = EmailAddress::parse(email).map_err(|error| Invalid::field("email", error))?;
        let email = address.into_string();
        if !self.may_mail(&letter, &email, None).await? {
            return Ok(());
        }
        let notice = self.letter(letter, email);
        self.outbox.insert_notice(&notice).await?;
        self.signals.notice_queued();
        Ok(())
    }

    /// Confirms an address by the token that was mailed to it.
    pub async fn confirm(&self, visit: &Visit, token: &str) -> Result<(), AccountError> {
        let hash = Secret::hash_of(token);
        let confirmed = self.store.confirm(hash, self.clock.now()).await?;
        visit.is_about(confirmed.ok_or(AccountError::BadLetterToken)?);
        Ok(())
    }

    /// Sets a new password by the token that was mailed, and ends all sessions.
    pub async fn reset_password(
        &self,
        visit: &Visit,
        token: &str,
        password: &str,
    ) -> Result<(), AccountError> {
        check_password(password)?;
        let password_hash = self.passwords.hash(&network_of(visit.address), password).await?;
        let hash = Secret::hash_of(token);
        let reset = self.store.reset_password(hash, &password_hash, self.clock.now()).await?;
        visit.is_about(reset.ok_or(AccountError::BadLetterToken)?);
        Ok(())
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

    /// Forgets log-ins and tokens that have been over for a while, and accounts that nobody has
    /// confirmed.
    pub async fn prune(&self) -> Result<(), StoreError> {
        let now = self.clock.now();
        let ended = now.before(SESSION_LIFETIME);
        while self.sessions.prune_sessions(ended, BATCH).await? >= BATCH {}
        let registered = now.before(UNCONFIRMED_LIFETIME);
        while self.store.prune_unconfirmed(registered, BATCH).await? >= BATCH {}
        Ok(())
    }

    /// Whether an address may get one more letter of a kind, whoever asks for it. To be told that
    /// it may not would help those alone who want to keep others from being sent theirs; and the
    /// newest letter's link is good still.
    ///
    /// Registrations are counted by where they come `from`, too: what is not mailed is not stored,
    /// and nobody's registration must give way to somebody else's of the same address.
    async fn may_mail(
        &self,
        letter: &Letter,
        email: &str,
        from: Option<&Visit>,
    ) -> Result<bool, AccountError> {
        let kind = match letter {
            Letter::Registration | Letter::ResendConfirmation => "confirm ",
            Letter::ForgotPassword => "reset ",
            Letter::ChangeEmail { .. } => "change ",
            // Not counted with those that others can ask for.
            Letter::EmailChanging => "changing ",
            Letter::PasswordChanged => return Ok(true),
        };
        let mut who = format!("{kind}{}", Account::email_key(email)).into_bytes();
        if let Some(visit) = from {
            who.push(0);
            who.extend(network_of(visit.address));
        }
        match self.limits.admit(Limited::Mails, &who).await {
            Ok(()) => Ok(true),
            Err(LimitError::Exceeded { .. }) => {
                tracing::warn!("No more letters to {} for a while", Masked::of(email));
                Ok(false)
            }
            Err(LimitError::Store(error)) => Err(error.into()),
        }
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
