//! Notices to wherever they are to go: to their owner by mail, or to a channel.

use std::{collections::BTreeMap, fmt, sync::Arc};

use async_trait::async_trait;
use synmon_core::{
    Clock,
    channel::{Channel, ChannelTarget, Destination, SigningSecret},
    notice::{Delivery, DeliveryError, Notice, Notifier},
    secret::{Keyring, OpenError, SecretValue},
};

use crate::{
    email::EmailNotifier,
    plugin::{PluginNameError, PluginSender},
    webhook::{WebhookSecretError, WebhookSender, WebhookTarget},
};

/// Delivers notices by mail, as webhooks and by way of plug-ins.
pub struct ChannelNotifier {
    email: EmailNotifier,
    webhooks: WebhookSender,
    plugins: Option<PluginSender>,
    keyring: Arc<Keyring>,
    clock: Arc<dyn Clock>,
}

/// A channel can't be used as it is kept. None of its texts holds the channel's url or secrets.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ChannelError {
    /// Its url is none.
    #[error("the channel's url can't be read: {0}")]
    Url(#[from] url::ParseError),
    /// One of its secrets is none.
    #[error("a secret of the channel can't be read ({0}): have it rotated")]
    Secret(#[from] WebhookSecretError),
    /// One of its secrets can't be opened.
    #[error("a secret of the channel can't be opened: {0}")]
    Sealed(#[from] OpenError),
    /// No plug-in can have this name.
    #[error(transparent)]
    Plugin(#[from] PluginNameError),
    /// This process runs no plug-ins.
    #[error("no folder of plug-ins is set up")]
    NoPlugins,
}

impl ChannelNotifier {
    /// A notifier of these parts; `plugins` is none where the operator has set up no folder of
    /// them. What webhooks are signed with is opened by `keyring`, and until when it is used is told
    /// by `clock`.
    #[must_use]
    pub fn new(
        email: EmailNotifier,
        webhooks: WebhookSender,
        plugins: Option<PluginSender>,
        keyring: Arc<Keyring>,
        clock: Arc<dyn Clock>,
    ) -> Self {
        Self { email, webhooks, plugins, keyring, clock }
    }

    async fn post(
        &self,
        channel: &Channel,
        url: &str,
        secrets: &[SigningSecret],
        notice: &Notice,
    ) -> Result<Delivery, DeliveryError> {
        let now = self.clock.now();
        let in_use = secrets.iter().filter(|secret| secret.until.is_none_or(|until| until > now));
        let opened = in_use.map(|secret| secret.open(&self.keyring, channel.place()));
        let opened: Vec<_> = opened.collect::<Result<_, _>>().map_err(ChannelError::Sealed)?;
        let target = webhook(url, &opened)?;
        Ok(self.webhooks.send(&target, notice).await?)
    }

    async fn run(
        &self,
        plugin: &str,
        settings: &BTreeMap<String, String>,
        notice: &Notice,
    ) -> Result<Delivery, DeliveryError> {
        let name = plugin.parse().map_err(ChannelError::Plugin)?;
        let plugins = self.plugins.as_ref().ok_or(ChannelError::NoPlugins)?;
        Ok(plugins.send(&name, settings, notice).await?)
    }
}

#[async_trait]
impl Notifier for ChannelNotifier {
    async fn deliver(&self, notice: &Notice, to: &Destination) -> Result<Delivery, DeliveryError> {
        let Destination::Channel(channel) = to else {
            return self.email.deliver(notice, to).await;
        };
        match &channel.target {
            ChannelTarget::Email { .. } => self.email.deliver(notice, to).await,
            ChannelTarget::Webhook { url, secrets } => {
                self.post(channel, url, secrets, notice).await
            }
            ChannelTarget::Plugin { plugin, settings } => self.run(plugin, settings, notice).await,
        }
    }
}

impl From<ChannelError> for DeliveryError {
    /// A plug-in may be installed with another worker, and a key known to it, which gets the next
    /// attempt, or later, as in the middle of an upgrade: to give up would disable the channel for
    /// good.
    fn from(error: ChannelError) -> Self {
        match error {
            ChannelError::NoPlugins | ChannelError::Sealed(_) => Self::retry(error),
            ChannelError::Url(_) | ChannelError::Secret(_) | ChannelError::Plugin(_) => {
                Self::give_up(error)
            }
        }
    }
}

impl fmt::Debug for ChannelNotifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ChannelNotifier")
            .field("email", &self.email)
            .field("webhooks", &self.webhooks)
            .field("plugins", &self.plugins)
            .finish_non_exhaustive()
    }
}

/// The receiver of a webhook, with the secrets that are in use now, the newest first.
fn webhook(url: &str, secrets: &[SecretValue]) -> Result<WebhookTarget, ChannelError> {
    let secrets = secrets.iter().map(|secret| secret.expose().parse());
    Ok(WebhookTarget { url: url.parse()?, secrets: secrets.collect::<Result<_, _>>()? })
}
