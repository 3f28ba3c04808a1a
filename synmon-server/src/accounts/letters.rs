//! Who letters go to, and the tokens that they carry.

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use secrecy::SecretString;
use synmon_core::{
    BoxError, ChannelId, Clock, OwnerId,
    notice::{AccountLetter, Letter},
    store::{Account, AccountStore, ChannelStore, NewChannelToken, NewToken, TokenPurpose},
};
use synmon_notify::email::{AddressBook, LetterKind, PreparedLetter, Recipient};

use super::Secret;

const CONFIRM_LIFETIME: Duration = Duration::from_hours(24);
const RESET_LIFETIME: Duration = Duration::from_mins(30);
/// How many letters of a kind an account gets in [`FLOOD_WINDOW`], whoever asks for them.
const FLOOD_LIMIT: u32 = 5;
const FLOOD_WINDOW: Duration = Duration::from_hours(1);
/// How many letters that ask for the confirmation of a channel an address gets in
/// [`FLOOD_WINDOW`], whoever asks for them. Fewer: the address may be anybody's.
const CHANNEL_FLOOD_LIMIT: u32 = 3;

/// The address book of the accounts. A letter's token is made here, when the letter is written.
pub struct Letters {
    store: Arc<dyn AccountStore>,
    channels: Arc<dyn ChannelStore>,
    clock: Arc<dyn Clock>,
}

impl Letters {
    /// Over a store.
    #[must_use]
    pub fn new(
        store: Arc<dyn AccountStore>,
        channels: Arc<dyn ChannelStore>,
        clock: Arc<dyn Clock>,
    ) -> Self {
        Self { store, channels, clock }
    }

    /// A token for a letter, unless the account got too many of late.
    async fn token(
        &self,
        account: &Account,
        purpose: TokenPurpose,
        lifetime: Duration,
    ) -> Result<Option<SecretString>, BoxError> {
        let now = self.clock.now();
        let secret = Secret::random();
        let token = NewToken {
            hash: secret.hash(),
            account: account.id,
            purpose,
            created_at: now,
            expires_at: now + lifetime,
        };
        let issued = self.store.issue_token(&token, now.before(FLOOD_WINDOW), FLOOD_LIMIT).await?;
        if !issued {
            tracing::warn!(account.id = %account.id, "No more letters to this account for a while");
        }
        Ok(issued.then(|| secret.reveal().to_owned().into()))
    }
}

#[async_trait]
impl AddressBook for Letters {
    /// Nobody whose address is not confirmed gets anything but the confirmation itself.
    async fn recipient(&self, owner: OwnerId) -> Result<Option<Recipient>, BoxError> {
        let account = self.store.account(owner).await?;
        Ok(account.filter(|account| account.confirmed_at.is_some()).map(recipient))
    }

    async fn account_letter(
        &self,
        letter: &AccountLetter,
    ) -> Result<Option<PreparedLetter>, BoxError> {
        let Some(account) = self.store.account_by_email(&letter.email).await? else {
            return Ok(None);
        };
        let confirmed = account.confirmed_at.is_some();
        let kind = match (letter.letter, confirmed) {
            // Whoever has lost the password before confirming needs the confirmation first.
            (_, false) => self
                .token(&account, TokenPurpose::Confirm, CONFIRM_LIFETIME)
                .await?
                .map(|token| LetterKind::Confirm { token }),
            (Letter::ForgotPassword, true) => self
                .token(&account, TokenPurpose::Reset, RESET_LIFETIME)
                .await?
                .map(|token| LetterKind::ResetPassword { token }),
            (Letter::Registration, true) => Some(LetterKind::AlreadyRegistered),
            (Letter::ResendConfirmation, true) => None,
        };
        Ok(kind.map(|kind| PreparedLetter { to: recipient(account), kind }))
    }

    async fn channel_letter(
        &self,
        channel: ChannelId,
        email: &str,
    ) -> Result<Option<PreparedLetter>, BoxError> {
        let now = self.clock.now();
        let secret = Secret::random();
        let token = NewChannelToken {
            hash: secret.hash(),
            channel,
            email: email.to_owned(),
            created_at: now,
            expires_at: now + CONFIRM_LIFETIME,
        };
        let since = now.before(FLOOD_WINDOW);
        if !self.channels.issue_channel_token(&token, since, CHANNEL_FLOOD_LIMIT).await? {
            tracing::warn!(channel.id = %channel, "No (more) letters for this channel for a while");
            return Ok(None);
        }
        // The address may be a stranger's: nothing that its owner typed goes there.
        let kind = LetterKind::ConfirmChannel {
            token: secret.reveal().to_owned().into(),
            channel_name: String::new(),
        };
        let to = Recipient { name: String::new(), email: email.to_owned() };
        Ok(Some(PreparedLetter { to, kind }))
    }
}

fn recipient(account: Account) -> Recipient {
    Recipient { name: account.name, email: account.email }
}
