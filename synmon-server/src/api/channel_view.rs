//! Channels on the wire.

use std::collections::BTreeMap;

use poem_openapi::Object;
use secrecy::ExposeSecret as _;
use synmon_core::{
    ChannelId, RunId,
    channel::{Channel, ChannelTarget},
    store::DeliveryRecord,
};
use uuid::Uuid;

use super::instant::Instant;
use crate::channels::{ChannelFields, NewChannel};

/// A place that alerts go to.
#[derive(Object)]
#[oai(rename = "Channel")]
pub(crate) struct ChannelView {
    pub(crate) id: Uuid,
    /// `email`, `webhook` or `plugin`.
    kind: String,
    name: String,
    /// `active`, `unconfirmed` (an e-mail address that has not said yet that it wants alerts) or
    /// `disabled` (it failed for good, or was switched off).
    status: String,
    /// Why it is not used; null if it is.
    status_reason: Option<String>,
    /// The address, of the kind `email`.
    #[oai(skip_serializing_if_is_none)]
    email: Option<String>,
    /// Where it listens, of the kind `webhook`.
    #[oai(skip_serializing_if_is_none)]
    url: Option<String>,
    /// What the webhook is signed with, by Standard Webhooks. Only in the answer to the request that
    /// made it: keep it.
    #[oai(skip_serializing_if_is_none)]
    secret: Option<String>,
    /// The name of the plug-in, of the kind `plugin`.
    #[oai(skip_serializing_if_is_none)]
    plugin: Option<String>,
    /// What the plug-in is told besides.
    #[oai(skip_serializing_if_is_none)]
    settings: Option<BTreeMap<String, String>>,
    /// When something was last delivered to it.
    last_delivered_at: Option<Instant>,
    /// Why the last delivery failed; null if it did not.
    last_error: Option<String>,
    created_at: Instant,
    updated_at: Instant,
}

/// A new channel. The fields of the other kinds must be left out.
#[derive(Object)]
#[oai(rename = "NewChannel")]
pub(crate) struct NewChannelBody {
    /// `email`, `webhook` or `plugin`.
    pub(crate) kind: String,
    /// At most 200 characters, on one line; by default what it leads to.
    name: Option<String>,
    /// `email`: the address. It is asked first, unless it is your own.
    email: Option<String>,
    /// `webhook`: where it listens; http or https, without a password in it.
    url: Option<String>,
    /// `plugin`: the name of one that the operator has installed.
    plugin: Option<String>,
    /// `plugin`: what it is told besides: at most 20 texts of at most 2000 characters, each on one
    /// line; their names have 1 to 50 of the characters a-z, 0-9 and _.
    settings: Option<BTreeMap<String, String>>,
}

/// A change of some of a channel's fields; what is left out stays. Its kind can't be changed.
#[derive(Object)]
#[oai(rename = "ChannelChange")]
pub(crate) struct ChannelChangeBody {
    name: Option<String>,
    /// Another address is asked first, unless it is your own.
    email: Option<String>,
    url: Option<String>,
    plugin: Option<String>,
    /// All settings: those that are not named are removed.
    settings: Option<BTreeMap<String, String>>,
    /// Switches it on or off.
    pub(crate) enabled: Option<bool>,
}

/// Something that was or is to be delivered.
#[derive(Object)]
#[oai(rename = "Delivery")]
pub(crate) struct DeliveryView {
    /// Its id, the same over all attempts: of a webhook the header `webhook-id`.
    id: Uuid,
    /// The channel; null for your own e-mail address.
    channel_id: Option<Uuid>,
    /// What it is about: `run.failed`, `run.still_failing`, `run.recovered`, `runs.digest`,
    /// `flow.paused`, `channel.test`, `channel.confirm` or `channel.disabled`.
    event: String,
    /// The run that it tells of.
    run_id: Option<Uuid>,
    /// `pending`, `delivered` or `failed` (given up); if you were told a lot of late also `held` (it
    /// waits for a digest) and `digested` (it was told in one).
    status: String,
    /// How often it was tried.
    attempts: u32,
    /// Why the last attempt failed.
    last_error: Option<String>,
    created_at: Instant,
    /// When it is tried next; null if it is not.
    next_attempt_at: Option<Instant>,
    /// When it was done with.
    settled_at: Option<Instant>,
}

impl From<NewChannelBody> for ChannelFields {
    fn from(body: NewChannelBody) -> Self {
        let NewChannelBody { kind: _, name, email, url, plugin, settings } = body;
        Self { name, email, url, plugin, settings }
    }
}

impl From<ChannelChangeBody> for ChannelFields {
    fn from(body: ChannelChangeBody) -> Self {
        let ChannelChangeBody { name, email, url, plugin, settings, enabled: _ } = body;
        Self { name, email, url, plugin, settings }
    }
}

impl From<NewChannel> for ChannelView {
    fn from(new: NewChannel) -> Self {
        let secret = new.secret.map(|secret| secret.expose_secret().to_owned());
        Self { secret, ..Self::from(new.channel) }
    }
}

impl From<Channel> for ChannelView {
    fn from(channel: Channel) -> Self {
        let kind = channel.target.kind().to_string();
        let (mut email, mut url, mut plugin, mut settings) = (None, None, None, None);
        match channel.target {
            ChannelTarget::Email { email: address } => email = Some(address),
            ChannelTarget::Webhook { url: place, secrets: _ } => url = Some(place),
            ChannelTarget::Plugin { plugin: name, settings: told } => {
                (plugin, settings) = (Some(name), Some(told));
            }
        }
        Self {
            id: channel.id.uuid(),
            kind,
            name: channel.name.to_string(),
            status: channel.status.to_string(),
            status_reason: channel.status_reason,
            email,
            url,
            secret: None,
            plugin,
            settings,
            last_delivered_at: channel.last_delivered_at.map(Instant::from),
            last_error: channel.last_error,
            created_at: channel.created_at.into(),
            updated_at: channel.updated_at.into(),
        }
    }
}

impl From<DeliveryRecord> for DeliveryView {
    fn from(record: DeliveryRecord) -> Self {
        Self {
            id: record.id.uuid(),
            channel_id: record.channel.map(ChannelId::uuid),
            event: record.event,
            run_id: record.run.map(RunId::uuid),
            status: record.state.to_string(),
            attempts: record.attempts,
            last_error: record.last_error,
            created_at: record.created_at.into(),
            next_attempt_at: record.due_at.map(Instant::from),
            settled_at: record.settled_at.map(Instant::from),
        }
    }
}
