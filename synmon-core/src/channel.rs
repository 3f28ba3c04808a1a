//! Where notices go.

use std::{collections::BTreeMap, fmt};

use serde::{Deserialize, Serialize};

use crate::{
    ChannelId, Name, OwnerId, Timestamp,
    flow::choice,
    secret::{Keyring, OpenError, Place, SealedSecret, SecretValue},
};

choice! {
    /// The kinds of channels.
    ChannelKind {
        /// An e-mail address.
        Email = "email",
        /// A webhook, by Standard Webhooks.
        Webhook = "webhook",
        /// A program that the operator has installed.
        Plugin = "plugin",
    }
}

choice! {
    /// Whether a channel is used.
    ChannelStatus {
        /// Its address has not been confirmed yet: nothing but the confirmation goes there.
        Unconfirmed = "unconfirmed",
        /// It is.
        Active = "active",
        /// It failed for good, or its owner switched it off.
        Disabled = "disabled",
    }
}

/// A place that its owner wants notices to go to.
#[derive(Clone, Debug, PartialEq)]
pub struct Channel {
    /// Its id.
    pub id: ChannelId,
    /// Whom it belongs to.
    pub owner: OwnerId,
    /// Its name.
    pub name: Name,
    /// Where it leads.
    pub target: ChannelTarget,
    /// Whether it is used.
    pub status: ChannelStatus,
    /// Why it is not used, if it is not.
    pub status_reason: Option<String>,
    /// When something was last delivered to it.
    pub last_delivered_at: Option<Timestamp>,
    /// Why the last delivery to it failed, if it did.
    pub last_error: Option<String>,
    /// Counts the changes, so that two at a time can't undo each other unseen.
    pub version: i64,
    /// When it was made.
    pub created_at: Timestamp,
    /// When its owner last changed it.
    pub updated_at: Timestamp,
}

/// Where a channel leads. Stores keep it as JSON: its names are a promise.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum ChannelTarget {
    /// To an e-mail address.
    Email {
        /// The address.
        email: String,
    },
    /// To a webhook.
    Webhook {
        /// Where it listens.
        url: String,
        /// What is signed with, the newest first; each but the first only for a while.
        secrets: Vec<SigningSecret>,
    },
    /// To a plug-in.
    Plugin {
        /// Its name.
        plugin: String,
        /// What it is told besides.
        settings: BTreeMap<String, String>,
    },
}

/// What webhooks are signed with. It does not show in logs.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SigningSecret {
    /// The secret, sealed; what the first releases stored is in the form of its standard.
    pub secret: String,
    /// Until when it is used; the newest has no end.
    pub until: Option<Timestamp>,
}

impl SigningSecret {
    /// A secret without an end, sealed.
    #[must_use]
    pub fn sealed(keyring: &Keyring, place: Place<'_>, secret: &SecretValue) -> Self {
        Self { secret: keyring.seal(place, secret).as_str().to_owned(), until: None }
    }

    /// The secret in the form of its standard.
    ///
    /// # Errors
    /// It is sealed with another key, or damaged.
    pub fn open(&self, keyring: &Keyring, place: Place<'_>) -> Result<SecretValue, OpenError> {
        match SealedSecret::read(&self.secret) {
            Some(sealed) => keyring.open(place, &sealed),
            None => Ok(SecretValue::new(self.secret.clone())),
        }
    }

    /// The same, sealed with the newest key; none if it is so already.
    ///
    /// # Errors
    /// It can't be opened.
    pub fn renewed(&self, keyring: &Keyring, place: Place<'_>) -> Result<Option<Self>, OpenError> {
        let is_new = SealedSecret::read(&self.secret)
            .is_some_and(|sealed| sealed.key() == Some(&keyring.newest()));
        if is_new {
            return Ok(None);
        }
        let secret = self.open(keyring, place)?;
        Ok(Some(Self { until: self.until, ..Self::sealed(keyring, place, &secret) }))
    }
}

impl Channel {
    /// What the secrets that it is signed with are sealed for.
    #[must_use]
    pub fn place(&self) -> Place<'static> {
        Place::Signing { owner: self.owner, channel: self.id }
    }
}

impl ChannelTarget {
    /// Its kind.
    #[must_use]
    pub fn kind(&self) -> ChannelKind {
        match self {
            Self::Email { .. } => ChannelKind::Email,
            Self::Webhook { .. } => ChannelKind::Webhook,
            Self::Plugin { .. } => ChannelKind::Plugin,
        }
    }
}

/// Where one notice goes.
#[derive(Clone, Debug, PartialEq)]
#[expect(clippy::large_enum_variant, reason = "nearly all are of the large kind")]
pub enum Destination {
    /// To its owner's own address, or to the address that it names itself.
    Owner,
    /// To a channel.
    Channel(Channel),
}

impl fmt::Debug for SigningSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SigningSecret").field("until", &self.until).finish_non_exhaustive()
    }
}
