//! Log-ins: beginning, going on, ending.

use synmon_core::{
    AccessId, OwnerId, SessionId,
    store::{
        Access, Account, NewSession, Page, PageRequest, Rotation, Session, StoreError, TokenPair,
    },
};

use super::{
    AccessError, AccountError, Accounts, Caller, Credential, SESSION_LIFETIME, Secret, password,
};
use crate::visit::{Visit, network_of};

/// A pair of tokens, as a log-in gets it.
#[derive(Clone, Debug)]
pub struct Tokens {
    /// The access token: a JWT.
    pub access: String,
    /// The refresh token: good once.
    pub refresh: Secret,
}

impl Accounts {
    /// Logs in. One password is checked in any case, so that the time tells nothing.
    pub async fn log_in(
        &self,
        visit: &Visit,
        email: &str,
        password: &str,
    ) -> Result<Tokens, AccountError> {
        visit.names(email);
        let account = self.store.account_by_email(email).await?;
        if let Some(account) = &account {
            visit.is_about(account.id);
        }
        let tries = self.admit_log_in(visit, email, account.as_ref()).await?;
        let settled = self.log_in_to(visit, account, password).await;
        self.settle_tries(visit, tries, &settled).await;
        settled
    }

    async fn log_in_to(
        &self,
        visit: &Visit,
        account: Option<Account>,
        password: &str,
    ) -> Result<Tokens, AccountError> {
        let known = account.as_ref().map(|account| account.password_hash.clone());
        let right = self.passwords.verify(&network_of(visit.address), password, known).await?;
        let account = account.filter(|_| right).ok_or(AccountError::WrongCredentials)?;
        if account.confirmed_at.is_none() {
            return Err(AccountError::NotConfirmed);
        }
        let tokens = self.begin_session(visit, account.id, &account.password_hash).await?;
        self.upgrade(visit, &account, password).await?;
        Ok(tokens)
    }

    /// Hashes a password anew whose hash was made with weaker parameters; if there is no time for
    /// that now, then at the next log-in.
    async fn upgrade(
        &self,
        visit: &Visit,
        account: &Account,
        password: &str,
    ) -> Result<(), AccountError> {
        if password::is_outdated(&account.password_hash)
            && let Ok(hash) = self.passwords.hash(&network_of(visit.address), password).await
        {
            self.store.upgrade_password(account.id, &account.password_hash, &hash).await?;
        }
        Ok(())
    }

    /// For whom this is the hash of the password still.
    pub(super) async fn begin_session(
        &self,
        visit: &Visit,
        account: OwnerId,
        password_hash: &str,
    ) -> Result<Tokens, AccountError> {
        let now = self.clock.now();
        let refresh = Secret::random();
        let session = NewSession {
            id: SessionId::new(now),
            account,
            password_hash: password_hash.to_owned(),
            refresh: refresh.hash(),
            created_at: now,
            expires_at: now + SESSION_LIFETIME,
            seen: visit.seen(),
        };
        match self.sessions.insert_session(&session).await {
            Ok(()) => {
                let access = Access { id: AccessId::new(now), session: session.id, account };
                Ok(Tokens { access: self.keys.issue(&access, now), refresh })
            }
            // It was deleted this very moment, or has got another password.
            Err(StoreError::Conflict { .. }) => Err(AccountError::WrongCredentials),
            Err(error) => Err(error.into()),
        }
    }

    /// Spends a refresh token for a new pair. Using one twice ends its log-in, unless the first
    /// answer was lost, see [`SessionStore::rotate`](synmon_core::store::SessionStore::rotate).
    pub async fn refresh(&self, visit: &Visit, token: &str) -> Result<Tokens, AccountError> {
        let now = self.clock.now();
        let (spent, next) = (Secret::hash_of(token), Secret::random());
        let pair = TokenPair { refresh: next.hash(), access: AccessId::new(now) };
        match self.sessions.rotate(spent, pair, &visit.seen(), self.refresh_grace, now).await? {
            Rotation::Rotated { account, session } => {
                visit.is_about(account);
                let access = Access { id: pair.access, session, account };
                Ok(Tokens { access: self.keys.issue(&access, now), refresh: next })
            }
            Rotation::Reused { account } => {
                visit.is_about(account);
                tracing::warn!(
                    account.id = %account,
                    "A refresh token was used twice; its session has been ended"
                );
                Err(AccountError::BadRefreshToken)
            }
            Rotation::Unknown => Err(AccountError::BadRefreshToken),
        }
    }

    /// Ends the log-in of a refresh token; a token that is none is fine too.
    pub async fn log_out(&self, visit: &Visit, token: &str) -> Result<(), AccountError> {
        let ended = self.sessions.end_session(Secret::hash_of(token), self.clock.now()).await?;
        if let Some(account) = ended {
            visit.is_about(account);
        }
        Ok(())
    }

    /// Whose access token this is, if it is good and its log-in goes on.
    pub async fn caller(&self, access_token: &str) -> Result<Caller, AccessError> {
        let now = self.clock.now();
        let access = self.keys.read(access_token, now)?;
        if self.sessions.use_access(&access, now).await? {
            let credential = Credential::Session(access.session);
            Ok(Caller { owner: access.account, credential })
        } else {
            Err(AccessError::Invalid)
        }
    }

    /// A page of an account's log-ins that go on.
    pub async fn sessions(
        &self,
        owner: OwnerId,
        page: PageRequest<SessionId>,
    ) -> Result<Page<Session, SessionId>, AccountError> {
        Ok(self.sessions.list_sessions(owner, page, self.clock.now()).await?)
    }

    /// Ends one log-in of an account.
    pub async fn end_session(&self, owner: OwnerId, id: SessionId) -> Result<(), AccountError> {
        let ended = self.sessions.end_session_of(owner, id, self.clock.now()).await?;
        if ended { Ok(()) } else { Err(AccountError::NoSession) }
    }

    /// Ends all log-ins of an account but this one.
    pub async fn end_other_sessions(
        &self,
        owner: OwnerId,
        kept: SessionId,
    ) -> Result<(), AccountError> {
        Ok(self.sessions.end_other_sessions(owner, kept, self.clock.now()).await?)
    }
}
