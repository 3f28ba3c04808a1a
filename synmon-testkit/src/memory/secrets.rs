//! Secrets of owners, sealed.

use async_trait::async_trait;
use synmon_core::{
    ChannelId, OwnerId,
    channel::{Channel, ChannelKind},
    secret::{SealedSecret, SecretName, StoredSecret},
    store::{Made, SecretStore, StoreError},
};

use super::{MemoryStore, up_to};

#[async_trait]
impl SecretStore for MemoryStore {
    async fn put_secret(&self, secret: &StoredSecret, most: u32) -> Result<bool, StoreError> {
        let mut state = self.open()?;
        let key = (secret.owner, secret.name.clone());
        let known = state.secrets.get(&key).map(|known| known.created_at);
        let count = state.secrets.keys().filter(|(owner, _)| *owner == secret.owner).count();
        if known.is_none() && count >= up_to(most) {
            return Ok(false);
        }
        let created_at = known.unwrap_or(secret.created_at);
        state.secrets.insert(key, StoredSecret { created_at, ..secret.clone() });
        let made = known.is_none().then_some(Made { kind: "secret", id: None });
        state.tell(secret.owner, made);
        Ok(true)
    }

    async fn secret(
        &self,
        owner: OwnerId,
        name: &SecretName,
    ) -> Result<Option<StoredSecret>, StoreError> {
        Ok(self.open()?.secrets.get(&(owner, name.clone())).cloned())
    }

    async fn secrets(&self, owner: OwnerId) -> Result<Vec<StoredSecret>, StoreError> {
        let state = self.open()?;
        Ok(state.secrets.values().filter(|secret| secret.owner == owner).cloned().collect())
    }

    async fn delete_secret(&self, owner: OwnerId, name: &SecretName) -> Result<bool, StoreError> {
        let mut state = self.open()?;
        let was_there = state.secrets.remove(&(owner, name.clone())).is_some();
        if was_there {
            state.tell(owner, None);
        }
        Ok(was_there)
    }

    async fn secrets_sealed_otherwise(
        &self,
        key: &str,
        after: Option<(OwnerId, &SecretName)>,
        limit: u32,
    ) -> Result<Vec<StoredSecret>, StoreError> {
        let state = self.open()?;
        let found = state
            .secrets
            .values()
            .filter(|secret| secret.sealed.key() != Some(key))
            .filter(|secret| after.is_none_or(|after| (secret.owner, &secret.name) > after))
            .take(up_to(limit));
        Ok(found.cloned().collect())
    }

    async fn reseal_secret(
        &self,
        secret: &StoredSecret,
        sealed: &SealedSecret,
    ) -> Result<bool, StoreError> {
        let mut state = self.open()?;
        let known = state.secrets.get_mut(&(secret.owner, secret.name.clone()));
        let Some(known) = known.filter(|known| known.sealed == secret.sealed) else {
            return Ok(false);
        };
        known.sealed = sealed.clone();
        Ok(true)
    }

    async fn webhooks(
        &self,
        after: Option<ChannelId>,
        limit: u32,
    ) -> Result<Vec<Channel>, StoreError> {
        let state = self.open()?;
        let found = state
            .channels
            .values()
            .filter(|channel| channel.target.kind() == ChannelKind::Webhook)
            .filter(|channel| after.is_none_or(|after| channel.id > after))
            .take(up_to(limit));
        Ok(found.cloned().collect())
    }

    async fn reseal_webhook(&self, channel: &Channel) -> Result<bool, StoreError> {
        let mut state = self.open()?;
        let known = state.channels.get_mut(&channel.id);
        let Some(known) = known.filter(|known| known.version == channel.version) else {
            return Ok(false);
        };
        known.target = channel.target.clone();
        Ok(true)
    }
}
