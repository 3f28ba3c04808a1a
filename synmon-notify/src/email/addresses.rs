//! Whom a mail is for.

use std::fmt;

use async_trait::async_trait;
use lettre::{Address, message::Mailbox};
use secrecy::SecretString;
use synmon_core::{BoxError, ChannelId, OwnerId, notice::AccountLetter};

use super::{clean, errors::SendError};

/// What an e-mail notifier must know of accounts.
#[async_trait]
pub trait AddressBook: Send + Sync {
    /// Who gets the notices of an owner; none if there is no such account, or its address is not
    /// confirmed.
    async fn recipient(&self, owner: OwnerId) -> Result<Option<Recipient>, BoxError>;

    /// What a letter about an account says, and to whom; none if nothing is to be sent. It is
    /// asked again for each attempt, so that a token is made only when it is sent.
    async fn account_letter(
        &self,
        letter: &AccountLetter,
    ) -> Result<Option<PreparedLetter>, BoxError>;

    /// What asks for the confirmation of a channel's address, and to whom; none if that is not
    /// called for any more. It is asked again for each attempt, as above.
    async fn channel_letter(
        &self,
        channel: ChannelId,
        email: &str,
    ) -> Result<Option<PreparedLetter>, BoxError>;
}

/// Somebody who gets a mail.
#[derive(Clone, PartialEq, Eq)]
pub struct Recipient {
    /// The name, as its holder typed it.
    pub name: String,
    /// The address.
    pub email: String,
}

/// A letter with a purpose of its own, ready to be written.
#[derive(Clone, Debug)]
pub struct PreparedLetter {
    /// Whom it is for.
    pub to: Recipient,
    /// What it says.
    pub kind: LetterKind,
}

/// What a letter says.
#[derive(Clone, Debug)]
pub enum LetterKind {
    /// Confirm that this address is yours.
    Confirm {
        /// The token that the page behind the link posts.
        token: SecretString,
    },
    /// Somebody registered again with your address.
    AlreadyRegistered,
    /// Set a new password.
    ResetPassword {
        /// The token that the page behind the link posts.
        token: SecretString,
    },
    /// Confirm that this address is to be your account's. Nobody is named: the address may be a
    /// stranger's.
    ChangeEmail {
        /// The token that the page behind the link posts.
        token: SecretString,
    },
    /// Your account is to get another address.
    EmailChanging,
    /// Your account has got another password.
    PasswordChanged,
    /// Confirm that notices may come to this address. Nobody is named: neither whom it is for, who
    /// may be a stranger, nor who asks for it, who chose that name.
    ConfirmChannel {
        /// The token that the page behind the link posts.
        token: SecretString,
        /// The channel's name.
        channel_name: String,
    },
}

impl Recipient {
    /// The recipient as a header takes it. The address is never read out of a longer text: what
    /// else such a text holds would become a part of the envelope.
    pub(super) fn mailbox(&self) -> Result<Mailbox, SendError> {
        let name = clean::line(&self.name, clean::NAME);
        Ok(Mailbox::new((!name.is_empty()).then_some(name), address(&self.email)?))
    }
}

/// Does not show who it is: logs are no place for addresses.
impl fmt::Debug for Recipient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Recipient").finish_non_exhaustive()
    }
}

fn address(email: &str) -> Result<Address, SendError> {
    if email.chars().any(|c| c.is_control() || c.is_whitespace()) {
        return Err(SendError::NoAddress);
    }
    let (user, domain) = email.rsplit_once('@').ok_or(SendError::NoAddress)?;
    if domain.is_ascii() {
        return Address::new(user, domain).map_err(|_| SendError::NoAddress);
    }
    // Most servers do not speak SMTPUTF8, but a domain has a form in ASCII.
    match url::Host::parse(domain) {
        Ok(url::Host::Domain(ascii)) => Address::new(user, ascii).map_err(|_| SendError::NoAddress),
        _ => Err(SendError::NoAddress),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_single_address_is_refused() {
        for text in [
            "",
            "ada",
            "ada@",
            "@example.com",
            "ada@example.com\n",
            "ada@example.com\r\nBcc: eve@example.com",
            "ada@example.com, eve@example.com",
            "ada@example.com> RCPT TO:<eve@example.com",
            "Ada <ada@example.com>",
            "ada@ex ample.com",
            "ada@example.com@",
        ] {
            assert!(address(text).is_err(), "{text:?}");
        }
    }

    #[test]
    fn a_domain_that_is_not_ascii_is_written_in_ascii() {
        let address = address("ada@bücher.example").expect("an address");
        assert_eq!(address.to_string(), "ada@xn--bcher-kva.example");
    }

    #[test]
    fn debugging_a_letter_shows_neither_token_nor_address() {
        let letter = PreparedLetter {
            to: Recipient { name: "Ada".into(), email: "ada@example.com".into() },
            kind: LetterKind::Confirm { token: "tell-nobody".to_owned().into() },
        };
        let text = format!("{letter:?}");
        assert!(!text.contains("tell-nobody") && !text.contains("example.com"), "{text}");
    }
}
