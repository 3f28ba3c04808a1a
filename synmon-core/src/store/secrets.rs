//! Secrets of owners, sealed.

use async_trait::async_trait;

use super::StoreError;
use crate::{
    ChannelId, OwnerId,
    channel::Channel,
    secret::{SealedSecret, SecretName, StoredSecret},
};

/// Secrets of owners. A store never sees what is sealed.
#[async_trait]
pub trait SecretStore: Send + Sync {
    /// Keeps a secret, in place of one of the same name, whose `created_at` stays. `false`, and
    /// nothing is done, if it would be a new one and the owner has `most` already.
    async fn put_secret(&self, secret: &StoredSecret, most: u32) -> Result<bool, StoreError>;

    /// A secret of this owner.
    async fn secret(
        &self,
        owner: OwnerId,
        name: &SecretName,
    ) -> Result<Option<StoredSecret>, StoreError>;

    /// The secrets of an owner, by name.
    async fn secrets(&self, owner: OwnerId) -> Result<Vec<StoredSecret>, StoreError>;

    /// Deletes a secret. Whether there was one.
    async fn delete_secret(&self, owner: OwnerId, name: &SecretName) -> Result<bool, StoreError>;

    /// Some secrets of all owners that are not sealed with the key of this name, of those that
    /// come after `after` by owner and name.
    async fn secrets_sealed_otherwise(
        &self,
        key: &str,
        after: Option<(OwnerId, &SecretName)>,
        limit: u32,
    ) -> Result<Vec<StoredSecret>, StoreError>;

    /// Puts another sealing of the same value in the place of `secret`'s, which nobody notices.
    /// `false` if another value was put, or it was deleted, meanwhile.
    async fn reseal_secret(
        &self,
        secret: &StoredSecret,
        sealed: &SealedSecret,
    ) -> Result<bool, StoreError>;

    /// Some webhooks of all owners, by id, of those after `after`: their secrets are sealed, too.
    async fn webhooks(
        &self,
        after: Option<ChannelId>,
        limit: u32,
    ) -> Result<Vec<Channel>, StoreError>;

    /// Puts the target of a webhook in the place of the one before, in which the same secrets are
    /// sealed otherwise; nobody notices. `false` if its version is another meanwhile.
    async fn reseal_webhook(&self, channel: &Channel) -> Result<bool, StoreError>;
}
