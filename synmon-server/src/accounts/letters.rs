//! Who letters go to, and the tokens that they carry.

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use secrecy::SecretString;
use synmon_core::{
    BoxError, ChannelId, Clock, OwnerId,
    notice::{AccountLetter, Letter},
    store::{
        Account, AccountStore, ChannelStore, NewChannelToken, NewToken, TokenLimit, TokenPurpose,
    },
};
use synmon_notify::email::{AddressBook, LetterKind, PreparedLetter, Recipient};

use super::{Secret, password::password_mark};

const CONFIRM_LIFETIME: Duration = Duration::from_hours(24);
const RESET_LIFETIME: Duration = Duration::from_mins(30);
/// How many tokens of a kind are made for an account in [`FLOOD_WINDOW`], each try to deliver a
/// letter included. How often letters may be asked for is limited before they are queued.
pub(super) const FLOOD_LIMIT: u32 = 20;
pub(super) const FLOOD_WINDOW: Duration = Duration::from_hours(1);
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
        email: Option<&str>,
    ) -> Result<Option<SecretString>, BoxError> {
        let now = self.clock.now();
        let secret = Secret::random();
        let token = NewToken {
            hash: secret.hash(),
            account: account.id,
            purpose,
            created_at: now,
            expires_at: now + lifetime,
            email: email.map(str::to_owned),
        };
        let limit = TokenLimit { count: FLOOD_LIMIT, since: now.before(FLOOD_WINDOW) };
        let issued = self.store.issue_token(&token, limit).await?;
        if !issued {
            tracing::warn!(account.id = %account.id, "No more letters to this account for a while");
        }
        Ok(issued.then(|| secret.reveal().to_owned().into()))
    }

    /// To an address that an account wants to have, unless it has an account of its own.
    async fn change_letter(
        &self,
        id: OwnerId,
        password: &str,
        email: &str,
    ) -> Result<Option<PreparedLetter>, BoxError> {
        let asked = |account: &Account| password_mark(&account.password_hash) == password;
        let Some(account) = self.store.account(id).await?.filter(asked) else { return Ok(None) };
        let holder = self.store.account_by_email(email).await?;
        if holder.is_some_and(|holder| holder.id != account.id) {
            return Ok(None);
        }
        let purpose = TokenPurpose::ChangeEmail;
        let token = self.token(&account, purpose, CONFIRM_LIFETIME, Some(email)).await?;
        // A new password ends the tokens that there are: one that was made after that goes nowhere.
        let account = self.store.account(id).await?.filter(asked);
        let to = Recipient { name: String::new(), email: email.to_owned() };
        let token = token.filter(|_| account.is_some());
        Ok(token.map(|token| PreparedLetter { to, kind: LetterKind::ChangeEmail { token } }))
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
        if let Letter::ChangeEmail { account, password } = &letter.letter {
            return self.change_letter(*account, password, &letter.email).await;
        }
        let Some(account) = self.store.account_by_email(&letter.email).await? else {
            return Ok(None);
        };
        let confirmed = account.confirmed_at.is_some();
        let kind = match (&letter.letter, confirmed) {
            // Whoever has lost the password before confirming needs the confirmation first.
            (_, false) => self
                .token(&account, TokenPurpose::Confirm, CONFIRM_LIFETIME, None)
                .await?
                .map(|token| LetterKind::Confirm { token }),
            (Letter::ForgotPassword, true) => self
                .token(&account, TokenPurpose::Reset, RESET_LIFETIME, None)
                .await?
                .map(|token| LetterKind::ResetPassword { token }),
            (Letter::Registration, true) => Some(LetterKind::AlreadyRegistered),
            (Letter::EmailChanging, true) => Some(LetterKind::EmailChanging),
            (Letter::PasswordChanged, true) => Some(LetterKind::PasswordChanged),
            (Letter::ResendConfirmation | Letter::ChangeEmail { .. }, true) => None,
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

#[cfg(test)]
mod tests {
    use secrecy::ExposeSecret as _;
    use synmon_core::{Timestamp, store::TokenHash};
    use synmon_testkit::{
        ManualClock, MemoryStore,
        factory::{a_letter, a_registration, noon},
    };

    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    async fn token_of(store: &Arc<MemoryStore>, now: Timestamp, letter: Letter) -> TokenHash {
        let clock = ManualClock::at(now);
        let letters = Letters::new(Arc::clone(store) as _, Arc::clone(store) as _, clock);
        let letter = AccountLetter { letter, email: "ada@site.example".to_owned() };
        match letters.account_letter(&letter).await.unwrap().unwrap().kind {
            LetterKind::Confirm { token } | LetterKind::ResetPassword { token } => {
                assert!(token.expose_secret().len() >= 22, "128 bits at least");
                Secret::hash_of(token.expose_secret())
            }
            other => panic!("{other:?}"),
        }
    }

    #[tokio::test]
    async fn a_confirmation_is_good_for_a_day_and_a_new_password_for_half_an_hour() {
        let store = Arc::new(MemoryStore::new());
        store.register(&a_registration("ada@site.example"), &a_letter(noon())).await.unwrap();
        let day = Duration::from_hours(24);
        let confirm = token_of(&store, noon(), Letter::Registration).await;
        assert_eq!(store.confirm(confirm, noon() + day).await.unwrap(), None);
        let in_time = (noon() + day).before(SECOND);
        assert!(store.confirm(confirm, in_time).await.unwrap().is_some());
        let half = Duration::from_mins(30);
        let reset = token_of(&store, noon(), Letter::ForgotPassword).await;
        assert_eq!(store.reset_password(reset, "$x", noon() + half).await.unwrap(), None);
        let in_time = (noon() + half).before(SECOND);
        assert!(store.reset_password(reset, "$x", in_time).await.unwrap().is_some());
    }

    #[tokio::test]
    async fn a_wish_for_another_address_is_worth_nothing_once_the_password_is_another() {
        let store = Arc::new(MemoryStore::new());
        let ada = a_registration("ada@site.example");
        store.register(&ada, &a_letter(noon())).await.unwrap();
        let clock = ManualClock::at(noon());
        let letters = Letters::new(Arc::clone(&store) as _, Arc::clone(&store) as _, clock);
        let letter = AccountLetter {
            letter: Letter::ChangeEmail {
                account: ada.id,
                password: password_mark(&ada.password_hash),
            },
            email: "new@site.example".to_owned(),
        };
        let asked = letters.account_letter(&letter).await.unwrap().unwrap();
        let LetterKind::ChangeEmail { token } = asked.kind else { panic!("{:?}", asked.kind) };
        let hashes = (ada.password_hash.as_str(), "$new");
        let told = a_letter(noon());
        assert!(store.change_password(ada.id, hashes, &told, noon()).await.unwrap());
        // The letter may be tried again for days.
        assert!(letters.account_letter(&letter).await.unwrap().is_none());
        let token = Secret::hash_of(token.expose_secret());
        assert_eq!(store.confirm(token, noon()).await.unwrap(), None);
    }
}
