//! Accounts and the tokens that letters carry. The engine needs none of this: an embedder with
//! accounts of its own leaves it out.

use async_trait::async_trait;

use url::Host;

use super::StoreError;
use crate::{OwnerId, Timestamp, name::composed, notice::Notice};

/// The longest address that there can be (RFC 5321, section 4.5.3.1), in bytes.
const MAX_EMAIL_BYTES: usize = 254;

/// The SHA-256 of a random token of at least 128 bits: only that is kept (OWASP ASVS 6.5.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct TokenHash(pub [u8; 32]);

/// Accounts.
#[async_trait]
pub trait AccountStore: Send + Sync {
    /// Stores a registration and puts `letter` into the outbox. An address that is confirmed
    /// already stays as it is; one that is not is registered anew, with the new name and password,
    /// and its older tokens die: whoever registered it before has not proved that it is theirs. Once it has got
    /// as many letters as the registration's limit allows, it stays as it is, too, for there
    /// would be no letter with a new token.
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

    /// Deletes up to `limit` accounts that were registered before `before`, that nobody has confirmed
    /// and to which no letter has gone since, and returns how many there were. They own nothing.
    async fn prune_unconfirmed(&self, before: Timestamp, limit: u32) -> Result<u32, StoreError>;

    /// Replaces the hash of the password of an account, if it is still the first of the two, by
    /// the second; ends all its sessions and tokens, and puts `letter` into the outbox. Whether it
    /// was.
    async fn change_password(
        &self,
        id: OwnerId,
        hashes: (&str, &str),
        letter: &Notice,
        now: Timestamp,
    ) -> Result<bool, StoreError>;

    /// Stores a token for a letter; older ones for the same purpose die. `false`, and nothing is
    /// stored, if the account has got as many as the limit allows, and the last of them is good
    /// still: whoever has used it up, or let it expire, is not left without.
    async fn issue_token(&self, token: &NewToken, limit: TokenLimit) -> Result<bool, StoreError>;

    /// Spends a confirmation token, or one for the change of an address; all others of the account
    /// die with the latter. The account, whose address is confirmed now; none if the token is no
    /// good, or the new address has an account of its own.
    async fn confirm(
        &self,
        token: TokenHash,
        now: Timestamp,
    ) -> Result<Option<OwnerId>, StoreError>;

    /// Spends a reset token, sets the password, ends all sessions of the account, and confirms its
    /// address (the token came by mail). The account.
    async fn reset_password(
        &self,
        token: TokenHash,
        password_hash: &str,
        now: Timestamp,
    ) -> Result<Option<OwnerId>, StoreError>;
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
    /// written. (RFC 5321 lets the local part depend on case; no mail service does.) Of a domain
    /// it is the one that letters go to (IDNA, UTS 46).
    #[must_use]
    pub fn email_key(email: &str) -> String {
        let email = email.trim();
        let composed = |text: &str| composed(text).to_lowercase();
        // What is longer is no address, and not worth the work.
        let parts = email.rsplit_once('@').filter(|_| email.len() <= MAX_EMAIL_BYTES);
        match parts.map(|(local, domain)| (local, Host::parse(domain))) {
            Some((local, Ok(Host::Domain(domain)))) => format!("{}@{domain}", composed(local)),
            _ => composed(email),
        }
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
    /// How many letters that ask for its confirmation an address gets.
    pub limit: TokenLimit,
}

/// How many tokens of a kind an account gets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TokenLimit {
    /// So many …
    pub count: u32,
    /// … since then.
    pub since: Timestamp,
}

/// What a mailed token is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TokenPurpose {
    /// To confirm an address.
    Confirm,
    /// To set a new password.
    Reset,
    /// To get another address.
    ChangeEmail,
}

impl TokenPurpose {
    /// Its name in stores.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Confirm => "confirm",
            Self::Reset => "reset",
            Self::ChangeEmail => "change_email",
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
    /// The new address, as it was typed; for [`TokenPurpose::ChangeEmail`].
    pub email: Option<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_mailbox_has_one_key() {
        for (one, other) in [
            (" Ann@Site.Example", "ann@site.example "),
            ("ann@ｓite.example", "ann@site.example"),
            ("ann@MÜNCHEN.example", "ann@xn--mnchen-3ya.example"),
            ("u\u{308}@site.example", "Ü@site.example"),
        ] {
            assert_eq!(Account::email_key(one), Account::email_key(other));
        }
        for (one, other) in [
            ("ann@a.example", "ann@b.example"),
            ("a@ann@b.example", "ann@b.example"),
            ("ann@", "ann"),
        ] {
            assert_ne!(Account::email_key(one), Account::email_key(other));
        }
    }
}
