//! Channels: where owners want to be told.

mod fields;

pub use fields::{ChannelFields, InstalledPlugins};
pub(crate) use fields::{MAX_SETTINGS, MAX_VALUE_CHARS};

use std::{sync::Arc, time::Duration};

use secrecy::{ExposeSecret as _, SecretString};
use synmon_core::{
    ChannelId, Clock, NoticeId, OwnerId, RunId, Timestamp,
    channel::{Channel, ChannelStatus, ChannelTarget, SigningSecret},
    egress::EgressPolicy,
    engine::Signals,
    invalid::Invalid,
    notice::{Notice, NoticeBody},
    secret::{Keyring, Place, SecretValue},
    store::{
        Account, AccountStore, ChannelStore, DeliveryRecord, DeliveryState, Metered, NoticeStore,
        Page, PageRequest, StoreError,
    },
    usecase::{Meter, UseCaseError},
};
use synmon_notify::webhook::WebhookSecret;

use crate::accounts::Secret;

/// How many channels an owner may have.
pub const MAX_CHANNELS: u32 = 50;
/// How long a webhook is signed with its old secret, too, once it has a new one.
const ROTATION: Duration = Duration::from_hours(24);
/// With how many secrets a webhook is signed at most.
const MAX_SECRETS: usize = 3;
/// How often a change is tried again that met another one.
const MAX_COLLISIONS: usize = 8;

const NO_CHANNEL: UseCaseError = UseCaseError::NotFound("channel");
const UNCONFIRMED: &str = "the channel's address is not confirmed: open the link that was mailed \
                           to it, or POST to /resend-confirmation of the channel for a new one";

/// What owners do with their channels.
#[derive(Clone)]
pub struct Channels {
    store: Arc<dyn ChannelStore>,
    outbox: Arc<dyn NoticeStore>,
    accounts: Arc<dyn AccountStore>,
    plugins: Arc<dyn InstalledPlugins>,
    egress: EgressPolicy,
    keyring: Arc<Keyring>,
    clock: Arc<dyn Clock>,
    signals: Arc<Signals>,
    meter: Meter,
}

/// The store roles that channels need.
pub struct ChannelStores {
    /// The channels themselves.
    pub channels: Arc<dyn ChannelStore>,
    /// What goes to them.
    pub outbox: Arc<dyn NoticeStore>,
    /// Whose they are.
    pub accounts: Arc<dyn AccountStore>,
}

impl ChannelStores {
    /// One store that has all of them.
    pub fn of<S: ChannelStore + NoticeStore + AccountStore + 'static>(store: &Arc<S>) -> Self {
        let (channels, outbox) = (Arc::clone(store) as _, Arc::clone(store) as _);
        Self { channels, outbox, accounts: Arc::clone(store) as _ }
    }
}

/// A new channel, and what only its maker is shown, once.
#[derive(Debug)]
pub struct NewChannel {
    /// The channel.
    pub channel: Channel,
    /// What a webhook is signed with.
    pub secret: Option<SecretString>,
}

impl Channels {
    /// Over a store; `egress` is where webhooks may go, `keyring` seals what they are signed with.
    #[must_use]
    pub fn new(
        stores: ChannelStores,
        plugins: Arc<dyn InstalledPlugins>,
        egress: EgressPolicy,
        keyring: Arc<Keyring>,
        clock: Arc<dyn Clock>,
        signals: Arc<Signals>,
        meter: Meter,
    ) -> Self {
        let ChannelStores { channels, outbox, accounts } = stores;
        Self { store: channels, outbox, accounts, plugins, egress, keyring, clock, signals, meter }
    }

    /// Makes a channel. An e-mail address other than the owner's own is asked first. If there is one
    /// with the id that it is to have, that one is it.
    pub async fn create(
        &self,
        owner: OwnerId,
        kind: &str,
        fields: ChannelFields,
        id: Option<ChannelId>,
    ) -> Result<NewChannel, UseCaseError> {
        if let Some(id) = id
            && let Some(channel) = self.store.channel(owner, id).await?
        {
            let secret = self.newest_secret(&channel);
            return Ok(NewChannel { channel, secret });
        }
        let checked = fields.checked_as_new(kind, &*self.plugins, &self.egress).await?;
        let now = self.clock.now();
        let mut channel = Channel {
            id: id.unwrap_or_else(|| ChannelId::new(now)),
            owner,
            name: checked.name,
            target: checked.target,
            status: ChannelStatus::Active,
            status_reason: None,
            last_delivered_at: None,
            last_error: None,
            version: 1,
            created_at: now,
            updated_at: now,
        };
        let mut secret = None;
        let place = channel.place();
        if let ChannelTarget::Webhook { secrets, .. } = &mut channel.target {
            secret = Some(add_secret(secrets, &self.keyring, place, now));
        }
        let confirmation = self.confirmation_for(&mut channel).await?;
        let insert = async {
            Ok(self.store.insert_channel(&channel, confirmation.as_ref(), MAX_CHANNELS).await?)
        };
        if !self.counted(owner, confirmation.as_ref(), insert).await? {
            let message = format_args!("there may be {MAX_CHANNELS} at most: delete one first");
            return Err(Invalid::field("channels", message).into());
        }
        self.wake_for(confirmation.as_ref());
        Ok(NewChannel { channel, secret })
    }

    /// What a webhook is signed with now, if that can be opened.
    fn newest_secret(&self, channel: &Channel) -> Option<SecretString> {
        let ChannelTarget::Webhook { secrets, .. } = &channel.target else { return None };
        let opened = secrets.first()?.open(&self.keyring, channel.place()).ok()?;
        Some(SecretString::from(opened.expose().to_owned()))
    }

    /// One channel.
    pub async fn get(&self, owner: OwnerId, id: ChannelId) -> Result<Channel, UseCaseError> {
        self.store.channel(owner, id).await?.ok_or(NO_CHANNEL)
    }

    /// A page of an owner's channels.
    pub async fn list(
        &self,
        owner: OwnerId,
        page: PageRequest<ChannelId>,
    ) -> Result<Page<Channel, ChannelId>, UseCaseError> {
        Ok(self.store.list_channels(owner, page).await?)
    }

    /// Changes some of a channel's fields, and switches it on or off.
    pub async fn change(
        &self,
        owner: OwnerId,
        id: ChannelId,
        fields: &ChannelFields,
        enabled: Option<bool>,
    ) -> Result<Channel, UseCaseError> {
        for _ in 0..MAX_COLLISIONS {
            let mut channel = self.get(owner, id).await?;
            let before = channel.target.clone();
            fields.clone().apply(&mut channel, &*self.plugins, &self.egress).await?;
            let confirmation = match (&before, &channel.target) {
                (ChannelTarget::Email { email: old }, ChannelTarget::Email { email })
                    if old != email =>
                {
                    self.confirmation_for(&mut channel).await?
                }
                _ => None,
            };
            if let Some(enabled) = enabled {
                switch(&mut channel, enabled)?;
            }
            let write = self.write(&mut channel, confirmation.as_ref());
            if self.counted(owner, confirmation.as_ref(), write).await? {
                return Ok(channel);
            }
        }
        Err(collided())
    }

    /// Deletes a channel; flows forget it.
    pub async fn delete(&self, owner: OwnerId, id: ChannelId) -> Result<(), UseCaseError> {
        if self.store.delete_channel(owner, id).await? {
            // What waited for it goes to the owner now.
            self.signals.notice_queued();
            Ok(())
        } else {
            Err(NO_CHANNEL)
        }
    }

    /// Sends something to a channel that says that it is a test, even to one that is disabled.
    pub async fn test(
        &self,
        owner: OwnerId,
        id: ChannelId,
    ) -> Result<DeliveryRecord, UseCaseError> {
        let channel = self.get(owner, id).await?;
        if channel.status == ChannelStatus::Unconfirmed {
            return Err(UseCaseError::Conflict(UNCONFIRMED.to_owned()));
        }
        self.meter.take(owner, Metered::Messages).await?;
        let body = NoticeBody::ChannelTest { channel_name: channel.name.to_string() };
        let notice = self.put(&channel, body).await?;
        Ok(waiting(&notice))
    }

    /// Gives a webhook a new secret, and returns it. For a day it is signed with the old one, too.
    pub async fn rotate_secret(
        &self,
        owner: OwnerId,
        id: ChannelId,
    ) -> Result<SecretString, UseCaseError> {
        for _ in 0..MAX_COLLISIONS {
            let mut channel = self.get(owner, id).await?;
            let place = channel.place();
            let ChannelTarget::Webhook { secrets, .. } = &mut channel.target else {
                let why = "only a webhook has a secret";
                return Err(UseCaseError::Conflict(why.to_owned()));
            };
            let secret = add_secret(secrets, &self.keyring, place, self.clock.now());
            if self.write(&mut channel, None).await? {
                return Ok(secret);
            }
        }
        Err(collided())
    }

    /// Confirms an address by the token that was mailed to it.
    pub async fn confirm(&self, token: &str) -> Result<(), UseCaseError> {
        let hash = Secret::hash_of(token);
        if self.store.confirm_channel(hash, self.clock.now()).await? {
            return Ok(());
        }
        let message = "the link is not valid any more: have a new one sent";
        Err(Invalid::field("token", message).into())
    }

    /// Asks an address once more whether it wants to be told.
    pub async fn resend_confirmation(
        &self,
        owner: OwnerId,
        id: ChannelId,
    ) -> Result<(), UseCaseError> {
        let channel = self.get(owner, id).await?;
        if channel.status != ChannelStatus::Unconfirmed {
            return Err(UseCaseError::Conflict("the channel needs no confirmation".to_owned()));
        }
        self.meter.take(owner, Metered::Messages).await?;
        let body = NoticeBody::ConfirmChannel { channel_name: channel.name.to_string() };
        self.put(&channel, body).await.map(|_| ())
    }

    /// What was and is to be delivered to a channel, newest first.
    pub async fn deliveries(
        &self,
        owner: OwnerId,
        id: ChannelId,
        page: PageRequest<NoticeId>,
    ) -> Result<Page<DeliveryRecord, NoticeId>, UseCaseError> {
        self.get(owner, id).await?;
        Ok(self.store.deliveries(owner, id, page).await?)
    }

    /// What was and is to be delivered of a run, wherever it goes.
    pub async fn deliveries_of_run(
        &self,
        owner: OwnerId,
        run: RunId,
    ) -> Result<Vec<DeliveryRecord>, UseCaseError> {
        Ok(self.store.deliveries_of_run(owner, run).await?)
    }

    /// Has something delivered once more, with the same id.
    pub async fn resend(
        &self,
        owner: OwnerId,
        id: ChannelId,
        delivery: NoticeId,
    ) -> Result<DeliveryRecord, UseCaseError> {
        const NO_DELIVERY: UseCaseError = UseCaseError::NotFound("delivery");
        let channel = self.get(owner, id).await?;
        let resent = match channel.status {
            ChannelStatus::Active => {
                self.meter.take(owner, Metered::Messages).await?;
                self.store.resend(owner, id, delivery, self.clock.now()).await
            }
            ChannelStatus::Unconfirmed => {
                return Err(UseCaseError::Conflict(UNCONFIRMED.to_owned()));
            }
            ChannelStatus::Disabled => {
                let why = channel.status_reason.as_deref().unwrap_or("for an unknown reason");
                return Err(UseCaseError::Conflict(format!(
                    "the channel is disabled ({why}): switch it on first, by a PATCH of the \
                     channel with {{\"enabled\": true}}"
                )));
            }
        };
        match resent {
            Ok(record) => {
                self.signals.notice_queued();
                record.ok_or(NO_DELIVERY)
            }
            Err(StoreError::Conflict { .. }) => Err(UseCaseError::Conflict(
                "the delivery still waits, or was told with others in a digest".to_owned(),
            )),
            Err(failure) => Err(failure.into()),
        }
    }

    /// What asks a channel's address for its confirmation, and makes the channel wait for it; none
    /// for what needs no confirmation, as the owner's own address, which has been asked before.
    async fn confirmation_for(
        &self,
        channel: &mut Channel,
    ) -> Result<Option<Notice>, UseCaseError> {
        let ChannelTarget::Email { email } = &channel.target else { return Ok(None) };
        let account = self.accounts.account(channel.owner).await?;
        let is_own = account.is_some_and(|account| {
            account.confirmed_at.is_some()
                && Account::email_key(&account.email) == Account::email_key(email)
        });
        if is_own {
            channel.status = ChannelStatus::Active;
            channel.status_reason = None;
            return Ok(None);
        }
        channel.status = ChannelStatus::Unconfirmed;
        channel.status_reason = Some("its address has not been confirmed yet".to_owned());
        let body = NoticeBody::ConfirmChannel { channel_name: channel.name.to_string() };
        Ok(Some(self.notice(channel, body)))
    }

    /// Does what sends a confirmation, if it does, and counts that as a message that the owner has
    /// asked for. It is counted before, and no more if nothing came of it.
    async fn counted(
        &self,
        owner: OwnerId,
        confirmation: Option<&Notice>,
        work: impl Future<Output = Result<bool, UseCaseError>>,
    ) -> Result<bool, UseCaseError> {
        if confirmation.is_none() {
            return work.await;
        }
        self.meter.take(owner, Metered::Messages).await?;
        let done = work.await;
        if !matches!(done, Ok(true))
            && let Err(error) = self.meter.put_back(owner, Metered::Messages).await
        {
            tracing::debug!("A confirmation that was not sent stays counted: {error}");
        }
        done
    }

    /// Writes a changed channel back; `false` if somebody else has changed it meanwhile.
    async fn write(
        &self,
        channel: &mut Channel,
        confirmation: Option<&Notice>,
    ) -> Result<bool, UseCaseError> {
        channel.updated_at = self.clock.now();
        match self.store.update_channel(channel, confirmation).await {
            Ok(()) => {
                channel.version += 1;
                self.wake_for(confirmation);
                Ok(true)
            }
            Err(StoreError::Conflict { .. }) => Ok(false),
            Err(failure) => Err(failure.into()),
        }
    }

    async fn put(&self, channel: &Channel, body: NoticeBody) -> Result<Notice, UseCaseError> {
        let notice = self.notice(channel, body);
        match self.outbox.insert_notice(&notice).await {
            Ok(()) => {}
            Err(StoreError::Conflict { .. }) => return Err(NO_CHANNEL),
            Err(failure) => return Err(failure.into()),
        }
        self.signals.notice_queued();
        Ok(notice)
    }

    fn notice(&self, channel: &Channel, body: NoticeBody) -> Notice {
        let now = self.clock.now();
        let (owner, id) = (Some(channel.owner), NoticeId::new(now));
        Notice { id, owner, channel: Some(channel.id), created_at: now, body }
    }

    fn wake_for(&self, notice: Option<&Notice>) {
        if notice.is_some() {
            self.signals.notice_queued();
        }
    }
}

fn collided() -> UseCaseError {
    UseCaseError::Conflict("the channel is being changed by others: try again".to_owned())
}

/// Switches a channel on or off. One that is not confirmed can be neither: it could come back in use
/// without having been confirmed.
fn switch(channel: &mut Channel, enabled: bool) -> Result<(), UseCaseError> {
    match (channel.status, enabled) {
        (ChannelStatus::Unconfirmed, _) => {
            return Err(UseCaseError::Conflict(UNCONFIRMED.to_owned()));
        }
        (ChannelStatus::Active, true) | (ChannelStatus::Disabled, false) => {}
        (ChannelStatus::Disabled, true) => {
            channel.status = ChannelStatus::Active;
            channel.status_reason = None;
        }
        (ChannelStatus::Active, false) => {
            channel.status = ChannelStatus::Disabled;
            channel.status_reason = Some("switched off by its owner".to_owned());
        }
    }
    Ok(())
}

/// Puts a new secret before the others, of which those that are still used stay for a while.
fn add_secret(
    secrets: &mut Vec<SigningSecret>,
    keyring: &Keyring,
    place: Place<'_>,
    now: Timestamp,
) -> SecretString {
    let secret = WebhookSecret::generate().reveal();
    secrets.retain(|old| old.until.is_none_or(|until| until > now));
    for old in secrets.iter_mut() {
        old.until.get_or_insert(now + ROTATION);
    }
    let value = SecretValue::new(secret.expose_secret().to_owned());
    secrets.insert(0, SigningSecret::sealed(keyring, place, &value));
    secrets.truncate(MAX_SECRETS);
    secret
}

/// A notice that has just come into the outbox, as its channel's deliveries show it.
fn waiting(notice: &Notice) -> DeliveryRecord {
    DeliveryRecord {
        id: notice.id,
        channel: notice.channel,
        event: notice.body.event().to_owned(),
        run: notice.body.run(),
        state: DeliveryState::Pending,
        attempts: 0,
        last_error: None,
        created_at: notice.created_at,
        due_at: Some(notice.created_at),
        settled_at: None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_old_secret_is_used_for_a_day_and_there_are_three_at_most() {
        let day = |number: u32| Timestamp::UNIX_EPOCH + ROTATION * number;
        let (owner, channel) =
            (OwnerId::new(Timestamp::UNIX_EPOCH), ChannelId::new(Timestamp::UNIX_EPOCH));
        let (ring, place) = (Keyring::random(), Place::Signing { owner, channel });
        let mut secrets = Vec::new();
        let first = add_secret(&mut secrets, &ring, place, day(1));
        let second = add_secret(&mut secrets, &ring, place, day(1));
        assert_ne!(first.expose_secret(), second.expose_secret());
        assert!(secrets.iter().all(|kept| !kept.secret.contains("whsec_")));
        let opened: Vec<_> = secrets.iter().map(|kept| kept.open(&ring, place).unwrap()).collect();
        let kept: Vec<_> =
            opened.iter().zip(&secrets).map(|(open, kept)| (open.expose(), kept.until)).collect();
        let expected = [(second.expose_secret(), None), (first.expose_secret(), Some(day(2)))];
        assert_eq!(kept, expected);
        add_secret(&mut secrets, &ring, place, day(1) + Duration::from_hours(1));
        add_secret(&mut secrets, &ring, place, day(1) + Duration::from_hours(2));
        assert_eq!(secrets.len(), MAX_SECRETS);
        let ends: Vec<_> = secrets.iter().map(|kept| kept.until).collect();
        let hours = |count| Some(day(2) + Duration::from_hours(count));
        assert_eq!(ends, [None, hours(2), hours(1)]);
        add_secret(&mut secrets, &ring, place, day(9));
        assert_eq!(secrets.len(), 2, "what was over is gone");
    }
}
