//! Another password, another address.

use synmon_core::{OwnerId, invalid::Invalid, notice::Letter, store::Account};

use super::{
    AccountError, Accounts, EmailAddress, Limited, Tokens,
    password::{check_password, password_mark},
};
use crate::visit::Visit;

impl Accounts {
    /// Changes the password, if the present one is known. All log-ins of the account end; whoever
    /// has changed it is logged in anew.
    pub async fn change_password(
        &self,
        visit: &Visit,
        owner: OwnerId,
        current: &str,
        password: &str,
    ) -> Result<Tokens, AccountError> {
        check_password(password)?;
        let account = self.checked(owner, "current_password", current).await?;
        let hash = self.passwords.hash(owner.uuid().as_bytes(), password).await?;
        let letter = self.letter(Letter::PasswordChanged, account.email.clone());
        let hashes = (account.password_hash.as_str(), hash.as_str());
        if !self.store.change_password(owner, hashes, &letter, self.clock.now()).await? {
            // Somebody else has just changed it.
            return Err(wrong("current_password"));
        }
        self.signals.notice_queued();
        self.begin_session(visit, owner, &hash).await
    }

    /// Asks a new address whether it wants to be the account's, and tells the old one.
    pub async fn change_email(
        &self,
        owner: OwnerId,
        email: &str,
        password: &str,
    ) -> Result<(), AccountError> {
        let address = EmailAddress::parse(email).map_err(|error| Invalid::field("email", error))?;
        let account = self.checked(owner, "password", password).await?;
        // Each may go to another stranger.
        self.limits.admit(Limited::Letters, owner.uuid().as_bytes()).await?;
        let password = password_mark(&account.password_hash);
        let change = Letter::ChangeEmail { account: owner, password };
        let new = address.into_string();
        for (letter, email) in [(change, new), (Letter::EmailChanging, account.email)] {
            if self.may_mail(&letter, &email, None).await? {
                self.outbox.insert_notice(&self.letter(letter, email)).await?;
            }
        }
        self.signals.notice_queued();
        Ok(())
    }

    /// The account, if this is its password. Whoever has got hold of an access token can't try one
    /// password after the other, and nobody has one hash after the other made of the right one.
    async fn checked(
        &self,
        owner: OwnerId,
        field: &str,
        password: &str,
    ) -> Result<Account, AccountError> {
        let owner_id = owner.uuid();
        let who = owner_id.as_bytes();
        self.limits.admit(Limited::Password, who).await?;
        let account = self.get(owner).await?;
        let known = Some(account.password_hash.clone());
        if !self.passwords.verify(who, password, known).await? {
            return Err(wrong(field));
        }
        Ok(account)
    }
}

fn wrong(field: &str) -> AccountError {
    Invalid::field(field, "is not the account's password").into()
}
