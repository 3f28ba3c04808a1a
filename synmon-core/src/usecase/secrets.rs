//! What owners do with secrets.

use std::sync::Arc;

use super::UseCaseError;
use crate::{
    Clock, OwnerId,
    invalid::Invalid,
    secret::{Keyring, MAX_SECRETS, Place, SecretName, SecretValue, StoredSecret},
    store::SecretStore,
};

const NO_SECRET: UseCaseError = UseCaseError::NotFound("secret");

/// The secrets of owners: put, listed, deleted, never read.
#[derive(Clone)]
pub struct Secrets {
    store: Arc<dyn SecretStore>,
    keyring: Arc<Keyring>,
    clock: Arc<dyn Clock>,
}

impl Secrets {
    /// Over a store.
    #[must_use]
    pub fn new(store: Arc<dyn SecretStore>, keyring: Arc<Keyring>, clock: Arc<dyn Clock>) -> Self {
        Self { store, keyring, clock }
    }

    /// Keeps a value under a name, in place of the one before. Whether the name is new.
    pub async fn put(
        &self,
        owner: OwnerId,
        name: &str,
        value: String,
    ) -> Result<(StoredSecret, bool), UseCaseError> {
        let value = SecretValue::parse("value", value)?;
        let name: SecretName = name.parse().map_err(|why: String| Invalid::field("name", why))?;
        let before = self.store.secret(owner, &name).await?;
        let sealed = self.keyring.seal(Place::Secret { owner, name: &name }, &value);
        let now = self.clock.now();
        let created_at = before.as_ref().map_or(now, |before| before.created_at);
        let secret = StoredSecret { owner, name, sealed, created_at, updated_at: now };
        if !self.store.put_secret(&secret, MAX_SECRETS).await? {
            let message = format_args!("there may be {MAX_SECRETS} at most: delete one first");
            return Err(Invalid::field("secrets", message).into());
        }
        Ok((secret, before.is_none()))
    }

    /// A secret, without its value.
    pub async fn get(&self, owner: OwnerId, name: &str) -> Result<StoredSecret, UseCaseError> {
        let name = name.parse().map_err(|_| NO_SECRET)?;
        self.store.secret(owner, &name).await?.ok_or(NO_SECRET)
    }

    /// An owner's secrets by name, without their values.
    pub async fn list(&self, owner: OwnerId) -> Result<Vec<StoredSecret>, UseCaseError> {
        Ok(self.store.secrets(owner).await?)
    }

    /// Deletes a secret. Runs of flows that name it end as `flow_invalid` from then on.
    pub async fn delete(&self, owner: OwnerId, name: &str) -> Result<(), UseCaseError> {
        let name = name.parse().map_err(|_| NO_SECRET)?;
        if self.store.delete_secret(owner, &name).await? { Ok(()) } else { Err(NO_SECRET) }
    }
}
